"""Prose: what sentences say, whatever their breaks, and nothing where they don't say it with certainty."""

import re
import time
from collections import Counter
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random

import pytest

import extractor.statements as module
from extractor import Document, Extractor, Result
from extractor.errors import SpecError
from extractor.evaluation.score import score
from extractor.facts import facts
from extractor.normalize import plain, squeeze
from extractor.recheck import recheck
from extractor.statements import prose

from .conftest import BUDGETS, OTHER_OFFICES, gold, sample

NAMES = (*BUDGETS, "karamay_fao_2024_final")
OFFICES = ("js_court_2018", "sh_putuo_office_2025_budget", "sh_putuo_planning_2024_final", "cq_swu_2023_final")
SCORED = frozenset(prose().ids - {"duties", "glossary"})  # gold has none of these two

Told = Counter[tuple[str, ...]]


@cache
def result_of(text: str) -> Result:
    """Read a text once."""
    return Extractor().extract(Document.from_text(text))


def told(text: str) -> Told:
    """Return the number facts of prose without their places."""
    found = [f for f in facts(result_of(text)) if f["table"] in prose().ids and f["kind"] == "number"]
    return Counter((f["table"], f["row"], f["column"], f["value"], f["unit"], str(f["part"])) for f in found)


def rows(text: str, table: str) -> dict[str, str]:
    """Return the facts of one table as ``row.column: value unit``."""
    return {f"{f['row']}.{f['column']}": f["value"] + f["unit"] for f in facts(result_of(text)) if f["table"] == table}


def office(name: str) -> str:
    """Return the text of another office's disclosure."""
    path = OTHER_OFFICES / f"{name}.txt"
    if not path.exists():
        pytest.skip("the other offices' files are not here")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_prose_of_the_samples_is_read(extractor: Extractor, name: str) -> None:
    """Every number is right and at its line, none is wrong, and the texts are those of gold."""
    result = score(gold(name), facts(extractor.extract(sample(name))), tables=SCORED)
    assert (result.number.f1, result.silent_errors, result.line_accuracy) == (1, 0, 1)
    assert result.text.recall is not None
    assert result.text.recall >= 0.97
    assert result.text.precision == result.text.recall


@pytest.mark.parametrize("name", [*NAMES, *OFFICES])
def test_numbers_stand_where_their_spans_say(name: str) -> None:
    """The original at the spans of a number is its text, and its value is that text, with the sign of the verb."""
    text = sample(name).text if name in NAMES else office(name)
    result = result_of(text)
    cells = [cell for t in result.tables if t.id in prose().ids for _, cell in t.numbers()]
    assert len(cells) > 40
    for cell in cells:
        assert squeeze("".join(plain(text[s.start : s.end]) for s in cell.spans)) == cell.text
        assert cell.value is not None
        assert abs(cell.value) == abs(Decimal(cell.text.replace(",", "")))
    again = recheck(result, Document.from_text(text))
    assert not any(c.state == "ungrounded" for t in again.tables for _, c in t.numbers())


COUNTS = {
    "js_court_2018": (104, 1),
    "sh_putuo_office_2025_budget": (62, 0),
    "sh_putuo_planning_2024_final": (133, 0),
    "cq_swu_2023_final": (57, 0),
}


@pytest.mark.parametrize("name", OFFICES)
def test_other_offices_are_read(name: str) -> None:
    """Numbers of each file, all compared with the text by eye; what is said twice is a finding."""
    result = result_of(office(name))
    count = sum(told(office(name)).values())
    assert (count, sum(f.code in ("section-twice", "stated-twice") for f in result.findings)) == COUNTS[name]


@pytest.mark.parametrize("form", ["cells", "md"])
def test_conversions_of_one_document_say_the_same(form: str) -> None:
    """The same disclosure as PDF text, as Markdown and with a cell on each line gives the same facts."""
    assert told(office(f"sh_putuo_planning_2024_final.{form}")) == told(office("sh_putuo_planning_2024_final"))


def rewrapped(text: str, seed: int, *, numbers: bool = False) -> str:
    """Break the lines of prose at random places, headings and tables left alone; page numbers between them."""
    rng = Random(seed)
    out: list[str] = []
    for line in text.split("\n"):
        sentence = re.search(r"[。，；]", line) or (len(line) > 15 and re.search(r"\d\s*万|[，、]$", line))
        if (
            "\t" in line
            or not sentence
            or re.match(r"[\s#*]*(?:[一二三四五六七八九十]+、|（.{1,2}）|\(.{1,2}\))", line)
        ):
            out.append(line)
            continue
        width = rng.randint(8, 40)
        for start in range(0, len(line), width):
            out.append(line[start : start + width])
            if numbers and start + width < len(line) and rng.random() < 0.15:
                out.append(rng.choice(["- 7 -", "7", "— 12 —", "第 3 页 共 9 页"]))
    return "\n".join(out)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("numbers", [False, True], ids=["wrapped", "page-numbers"])
def test_breaks_mean_nothing(name: str, *, numbers: bool) -> None:
    """Re-wrapped prose gives the same numbers: none is new, and only one cut in two beside a page is lost."""
    text = sample(name).text
    old = told(text)
    for seed in range(2):
        new = told(rewrapped(text, seed, numbers=numbers))
        assert not new - old
        assert sum((old - new).values()) <= len(old) * 0.06


WIDE = str.maketrans("(),:;%", "（），：；％")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.translate(WIDE),
        lambda text: text.translate({v: k for k, v in WIDE.items()}),
        lambda text: re.sub(r"(?<=[，。、；]) +(?=\d)|(?<=\d) +(?=[万元个人辆台%，。；])", "", text),
        lambda text: re.sub(r"(?<=[一-龥])(?=\d+\.\d)|(?<=\d)(?=[万元个人辆台%])", " ", text),
        lambda text: re.sub(r"(\d+\.\d\d)(?=\s?万)", r"**\1**", text),
        lambda text: text.replace("“", "").replace("”", ""),
    ],
    ids=["full-width", "half-width", "no-blanks", "blanks", "bold", "no-quotes"],
)
def test_spelling_means_nothing(name: str, change: object) -> None:
    """Width of punctuation, blanks beside numbers, bold type and quotation marks change no number of prose."""
    assert callable(change)
    text = sample(name).text
    assert told(change(text)) == told(text)


def test_two_disclosures_are_two_parts() -> None:
    """A final account behind a budget is read as the next part, its cover and all."""
    first, second = sample(NAMES[0]).text, sample(NAMES[2]).text
    both = told(f"{first}\n{second}")
    wanted = told(first) + Counter({(*k[:5], "1"): n for k, n in told(second).items()})
    assert both == wanted
    assert rows(f"{second}\n{first}", "document")["*.文种"] == "部门预算"


WORDINGS = """
n_overall
示例局2023年度部门决算
一、收入支出决算总体情况说明
2023年度收、支总计1,234.50万元。与2022年度相比，收、支总计各减少20.00万元，下降1.59%。主要原因是项目减少。
=> 收入总计.金额=1234.50万元 支出总计.金额=1234.50万元
=> 与上年相比.增减额=-20.00万元 与上年相比.增减率=-1.59% 与上年相比.原因=项目减少

n_general_structure
示例局2023年度部门决算
五、一般公共预算财政拨款支出决算情况说明
（二）结构情况。一般公共预算财政拨款支出9.00万元，主要用于以下方面：
一般公共服务（类）支出6.00万元，占66.67%；农林水支出（213类）3.00万元，占33.33%。
=> 一般公共服务支出.金额=6.00万元 一般公共服务支出.占比=66.67%
=> 农林水支出.金额=3.00万元 农林水支出.占比=33.33%

n_general_items
示例局2023年度部门决算
五、一般公共预算财政拨款支出决算情况说明
（三）支出决算具体情况
1.公共安全支出（类）法院（款）案件审判（项）。年初预算为8.00万元，支出决算为9.00万元，
完成年初预算的112.50%，决算数大于年初预算数的主要原因是案件增加。
=> 公共安全支出/法院/案件审判.金额=9.00万元 公共安全支出/法院/案件审判.年初预算数=8.00万元
=> 公共安全支出/法院/案件审判.原因=案件增加
=> 公共安全支出/法院/案件审判.完成率=112.50%

n_three_public
示例局2023年度部门决算
七、“三公”经费支出决算情况说明
“三公”经费财政拨款支出预算为5.00万元，支出决算为4.00万元，完成预算的80%，其中：
公务接待费支出决算为4.00万元，完成预算的80%。国内公务接待批次3个，国内公务接待人次25人。
=> 总计.全年预算数=5.00万元 总计.决算数=4.00万元 公务接待费.决算数=4.00万元
=> 总计.完成率=80% 公务接待费.完成率=80%
=> 国内公务接待批次.数量=3个 国内公务接待人次.数量=25人

n_projects
示例局2023年部门预算公开
七、2023年项目支出情况说明
（一）项目名称：“走出去”专项
预算安排规模：10.5万元
资金分配情况：会议费0.5万元，差旅费10万元
（二）项目名称：2022年续建
预算安排规模：3万元
=> “走出去”专项.金额=10.5万元 “走出去”专项/会议费.金额=0.5万元 “走出去”专项/差旅费.金额=10万元
=> 2022年续建.金额=3万元

staffing
一、部门机构设置
内设机构3个，分别为：办公室、一科、二科。
编制数10，实有9名，其中：在职人员6人，比上年减少1人；退休3人。
=> 内设机构.数量=3个 内设机构.名单=办公室、一科、二科 编制.人数=10人 实有.人数=9人
=> 在职.人数=6人 在职.变动=-1人 退休.人数=3人

n_assets
（三）国有资产占用情况
共有车辆3辆，其中：机要通信用车1辆、其他用车2辆；单价50万元以上通用设备4台（套）。
2023年预算安排购置车辆1辆，其中：机要通信用车1辆。
=> 车辆.数量=3辆 车辆/机要通信用车.数量=1辆 车辆/其他用车.数量=2辆 单价50万元以上设备.数量=4台
=> 拟购车辆.数量=1辆 拟购车辆/机要通信用车.数量=1辆
"""


@pytest.mark.parametrize("case", WORDINGS.strip().split("\n\n"), ids=lambda case: case.partition("\n")[0])
def test_usual_wordings(case: str) -> None:
    """Wordings of other offices' templates, numbered and nested in other ways."""
    table, *lines = case.splitlines()
    text = "\n".join(line for line in lines if not line.startswith("=> "))
    wanted = " ".join(line[3:] for line in lines if line.startswith("=> "))
    assert rows(text, table) == dict(pair.split("=") for pair in wanted.split())


UNCERTAIN = [
    "机关运行经费支出25.83万元，比上年 5.82 万元。",  # no verb
    "机关运行经费支出25.83万元，比上年减少（增加）5.82万元。",
    "机关运行经费支出25.83万元，比上年减少-5.82万元。",
    "机关运行经费支出25.83万元，与上年相比，公务接待费减少5.82万元。",  # of something else
    "机关运行经费支出25.83万元。收入总体比上年减少5.82万元。",
    "机关运行经费支出25.83万元，主要原因是比上年减少5.82万元。",
]


@pytest.mark.parametrize("sentence", UNCERTAIN)
def test_what_is_not_said_clearly_is_left_out(sentence: str) -> None:
    """No change is made up; the number that no cell or text took is listed as not read."""
    text = f"（一）机关运行经费情况\n{sentence}"
    read = rows(text, "n_operating")
    assert read.pop("机关运行经费.金额") == "25.83万元"
    assert set(read) <= {"机关运行经费.原因"}
    assert sum(u.numbers for u in result_of(text).unread) == (0 if read else 1)


@pytest.mark.parametrize(
    "sentence",
    [
        "机关运行经费支出25.8\n3\n万元。",
        "机关运行经费支出025.83万元。",
        "机关运行经费支出25.83.1万元。",
        "机关运行经费支出12,3456万元。",
    ],
)
def test_damaged_numbers_are_no_numbers(sentence: str) -> None:
    """A number that may be cut in two, or is malformed, gives no fact."""
    assert not rows(f"（一）机关运行经费情况\n{sentence}", "n_operating")


def test_contradictions_inside_a_section_drop_the_value() -> None:
    """Two amounts for one place: neither is taken, and a finding names both lines."""
    text = "（二）政府采购情况\n政府采购预算9.55万元，其中：货物采购6.00万元。\n政府采购预算9.65万元。"
    assert rows(text, "n_procurement") == {"货物.金额": "6.00万元"}
    found = [f for f in result_of(text).findings if f.code == "stated-twice"]
    assert [(f.line, "9.55" in f.message, "9.65" in f.message) for f in found] == [(3, True, True)]


def test_declared_empty_only_without_amounts() -> None:
    """No fund and no amount is an empty table; an amount beside the words is not."""
    head = "八、政府性基金预算拨款情况说明\n"
    assert rows(f"{head}本部门没有使用政府性基金预算拨款安排的支出。", "n_government_fund") == {"*.空表": "true"}
    assert not rows(f"{head}除彩票公益金5.00万元外没有政府性基金预算拨款。", "n_government_fund")


def test_a_contents_list_is_no_section() -> None:
    """Entries of a contents list open nothing, wrapped ones included."""
    listed = "目录\n第一部分 概况\n一、主要职能\n第二部分 情况说明\n一、收入决算情况说\n明\n\n"
    body = "第一部分 概况\n一、主要职能\n承办事项。\n第二部分 情况说明\n一、收入决算情况说明\n本年收入5.00万元。\n"
    text = listed + body
    assert rows(text, "n_revenue") == {"总计.金额": "5.00万元"}
    assert {t.part for t in result_of(text).tables} == {0}


def test_malformed_statements_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that isn't valid, or a pattern that isn't one, is an error that names the file."""
    source = module.data_folder("schemas") / "prose"
    for bad in ("rows: 5", "id: x\ntitle: x\norder: 1\ncolumns: []\nheadings: []\nrows: [{key: a, patterns: ['(']}]"):
        folder = tmp_path / str(len(bad)) / "prose"
        folder.mkdir(parents=True)
        for name in ("vocabulary.yaml", "document.yaml"):
            (folder / name).write_bytes((source / name).read_bytes())
        (folder / "n_bad.yaml").write_text(bad, encoding="utf-8")
        monkeypatch.setattr(module, "data_folder", lambda _, here=folder.parent: here)
        prose.cache_clear()
        with pytest.raises(SpecError, match=r"n_bad\.yaml"):
            prose()
    monkeypatch.undo()
    prose.cache_clear()


PIECES = "一般公共服务支出（类） 收支 三公经费支出 支出预算 1. 主要原因是 与上年相比， 辆、用车1 （一） 占 9 项目名称："
HEADS = """一、收支预算编制说明
二、“三公”经费情况说明
三、国有资产占用情况
四、一般公共预算支出具体情况
五、项目支出情况说明"""


@pytest.mark.parametrize("piece", PIECES.split())
def test_no_text_is_slow(piece: str) -> None:
    """Twenty thousand characters of what patterns begin with are read in about a second."""
    text = "".join(f"{head}\n{piece * (4000 // len(piece))}\n" for head in HEADS.splitlines())
    prose()
    start = time.process_time()
    result_of(text)
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    ("cover", "name"),
    [
        ("# 示例县自然资源局2024年度部门决算公开情况说明\n\n## 第一部分 部门概况\n", "示例县自然资源局"),
        ("示例县第九十八中学2024年单位预算公开\n第一部分 概况\n", "示例县第九十八中学"),
        ("示例县文化馆（图书馆）2023年度单位决算公开\n目录\n", "示例县文化馆(图书馆)"),
        ("**示例县幼儿园  \n2023年度部门决算公开说明**\n\n# 目 录\n", "示例县幼儿园"),
        ("2023年度\n示例县气象局部门决算\n", "示例县气象局"),
    ],
)
def test_covers_name_the_office(cover: str, name: str) -> None:
    """The title of a file, marked as a heading or not, names schools and stations as well as bureaus."""
    assert rows(cover, "document")["*.单位名称"] == name


@pytest.mark.parametrize(
    ("budgets", "rate", "state"),
    [
        ("年初预算为80.00万元，", "90.00%", "proven"),
        ("全年预算为80.00万元，", "90.00%", "proven"),
        ("年初预算为40.00万元，全年预算为80.00万元，", "90.00%", "proven"),
        ("年初预算为80.00万元，", "91.00%", "contradicted"),
        ("", "90.00%", "grounded"),
    ],
)
def test_what_was_done_of_a_budget_is_compared_with_the_budget_that_is_said(
    budgets: str, rate: str, state: str
) -> None:
    """A rate of completion is of the year's first budget or of the changed one; of none that isn't said."""
    text = (
        "示例局2023年度部门决算\n五、一般公共预算财政拨款支出决算情况说明\n（三）支出决算具体情况\n"
        f"1.公共安全支出（类）法院（款）案件审判（项）。{budgets}支出决算为72.00万元，完成预算的{rate}。\n"
    )
    table = result_of(text).table("n_general_items")
    assert table is not None
    assert [c.state for _, c in table.numbers() if c.column == "完成率"] == [state]
