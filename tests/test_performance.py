"""Performance forms: the samples against gold, the same forms in all kinds of text, and what is not certain."""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from extractor import Document, Extractor, Result
from extractor.errors import SpecError
from extractor.evaluation.score import score
from extractor.export import save
from extractor.facts import facts
from extractor.forms import forms
from extractor.normalize import plain, squeeze
from extractor.recheck import recheck

from .conftest import BUDGETS, gold, sample
from .performance_forms import KINDS, TABLES, Damage, Kind, damaged, printed, render

FINAL = "karamay_fao_2024_final"
SAMPLES = (*BUDGETS, FINAL)
GRIDS: tuple[Kind, ...] = ("tabs", "pipes")
FLOWS: tuple[Kind, ...] = ("cells", "spaces")


_MONEY = (
    "项目资金（万元） 年初预算数 全年预算数 全年执行数 分值 执行率 得分",
    "年度资金总额 20.00 25.00 25.00 10 100% 10", "其中：财政拨款 20.00 25.00 25.00", "其他资金 0.00 0.00 0.00",
)  # fmt: skip


def _read(extractor: Extractor, text: str) -> Result:
    """Read a text; what its prose says is another reader's."""
    result = extractor.extract(Document.from_text(text))
    return result.model_copy(update={"tables": tuple(t for t in result.tables if t.id in TABLES)})


def _rows(result: Result) -> dict[str, dict[str, str]]:
    return {r.key: {c.column: c.text for c in r.cells} for t in result.tables for r in t.rows if t.id in TABLES}


def _form(*rows: str, head: Iterable[str] = ()) -> str:
    """Write a form of a project in final accounts, its cells parted by blanks."""
    return "\n".join((
        "项目支出绩效自评表", "（2023年度）", "项目名称 外事经费", "主管部门 某某办公室 实施单位 某某办公室",
        *(head or _MONEY),
        "年度总体目标 预期目标 实际完成情况", "做好工作 12.34 万元",
        "一级指标 二级指标 三级指标 年度指标值 实际完成值 分值 得分 偏差原因分析及改进措施",
        *rows, "第四部分 名词解释", "",
    ))  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_the_forms_of_the_samples_are_read(extractor: Extractor, name: str) -> None:
    """Every number and text of the gold facts is there, on its line, and nothing else."""
    result = score(gold(name), facts(extractor.extract(sample(name))), tables=TABLES)
    assert (result.number.f1, result.text.f1, result.silent_errors, result.line_accuracy) == (1, 1, 0, 1)


@pytest.mark.parametrize("name", SAMPLES)
def test_spans_point_at_what_is_printed(extractor: Extractor, name: str) -> None:
    """The original text at a cell's spans is the cell's text, wrapped and merged cells included."""
    document = sample(name)
    for table in extractor.extract(document).tables:
        for cell in (c for row in table.rows for c in row.cells if table.id in TABLES):
            there = "".join(plain(document.text[s.start : s.end]) for s in cell.spans)
            assert squeeze(there) == squeeze(cell.text)


def test_no_name_of_a_person_and_no_phone_number_is_reported(extractor: Extractor) -> None:
    """The fields 项目负责人, 联系人 and 联系电话 are cut off, not read."""
    for name in BUDGETS:
        tables = [t.model_dump_json() for t in extractor.extract(sample(name)).tables if t.id in TABLES]
        for secret in ("王霞", "马佳佳", "4619863", "苟太阳", "刘婧", "17853322374"):
            assert secret not in "".join(tables)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "damage",
    [Damage(), Damage(merged=False, blank=True), Damage(page=3), Damage(shift=True)],
    ids=["clean", "unmerged", "pages", "shifted"],
)
def test_forms_come_back_from_every_kind_of_text(extractor: Extractor, name: str, kind: Kind, damage: Damage) -> None:
    """Tabs, pipes, one cell per line and blanks all give the same facts, with page breaks and shifted rows."""
    found = facts(_read(extractor, render(printed(name), kind, damage)))
    result = score(gold(name), found, tables=TABLES)
    assert (result.number.f1, result.text.f1) == (1, 1)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("kind", GRIDS)
@pytest.mark.parametrize("wrap", [0, 3, 7])
def test_cells_of_grids_need_no_known_words(extractor: Extractor, name: str, kind: Kind, wrap: int) -> None:
    """Where cells have a place, odd words, blanks inside and empty cells change nothing."""
    damage = Damage(wrap=wrap, odd=True, drop=0.2, page=4)
    wanted, left = damaged(name, damage)
    result = score(left, facts(_read(extractor, render(wanted, kind, damage))), tables=TABLES)
    assert (result.number.f1, result.text.f1) == (1, 1)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("kind", FLOWS)
@pytest.mark.parametrize(
    ("damage", "least"),
    [
        (Damage(wrap=3), 0.9), (Damage(wrap=4, page=4), 0.95), (Damage(wrap=10, blank=True, page=2), 0.95),
        (Damage(page=3, numbered=True), 0.99), (Damage(drop=0.1), 0.95), (Damage(drop=0.1, wrap=5), 0.9),
        (Damage(odd=True), 0.95), (Damage(odd=True, wrap=5), 0.6), (Damage(odd=True, drop=0.15, wrap=8, page=3), 0.8),
        (Damage(around=1), 0.2), (Damage(around=2), 0.2), (Damage(around=3), 0.2), (Damage(around=2, wrap=5), 0.2),
        (Damage(around=1, drop=0.2), 0.2), (Damage(drop=0.3, odd=True), 0.3),
    ],
    ids=["wrap3", "wrap4", "wrap10", "page-numbers", "drop", "drop-wrap", "odd", "odd-wrap", "odd-drop", "around",
         "mixed2", "mixed3", "mixed-wrap", "around-drop", "third-lost"],
)  # fmt: skip
def test_what_running_text_cannot_tell_is_absent_or_marked(
    extractor: Extractor, name: str, kind: Kind, damage: Damage, least: float
) -> None:
    """No number and no text is wrong without a mark, whatever is wrapped, dropped or unknown."""
    wanted, left = damaged(name, damage)
    result = score(left, facts(_read(extractor, render(wanted, kind, damage))), tables=TABLES)
    assert result.silent_errors == 0
    assert [f for f in result.wrong if f["kind"] == "text" and f["state"] != "ambiguous"] == []
    assert (result.number.recall or 0) >= least


def test_names_centred_beside_their_values_are_put_together(extractor: Extractor) -> None:
    """Half a name above its values and half below: the line left over before the next level tells."""
    text = render(printed(FINAL), "spaces", Damage(around=3))
    result = score(gold(FINAL), facts(_read(extractor, text)), tables=TABLES)
    assert result.number.f1 == 1


def test_money_of_final_accounts_has_its_columns_parts_and_units(extractor: Extractor) -> None:
    """The total has six cells with their own units, the parts point at it, and 12.34 of the goal stays unread."""
    result = _read(extractor, _form("产出指标 数量指标 接待批次 ≥5批 5批 90 90", "总分 100 100分"))
    table = result.table("performance_project")
    assert table is not None
    total, part, other, indicator, score_row = table.rows
    assert [(c.column, c.text, c.unit) for c in total.cells] == [
        ("年初预算数", "20.00", "万元"), ("全年预算数", "25.00", "万元"), ("全年执行数", "25.00", "万元"),
        ("分值权重", "10", "分"), ("执行率", "100", "%"), ("得分", "10", "分"),
    ]  # fmt: skip
    assert (total.parent, part.parent, other.parent, indicator.parent) == (None, 0, 0, None)
    assert [r.role for r in table.rows] == [
        "资金/年度资金总额",
        "资金/财政拨款",
        "资金/其他资金",
        "指标/接待批次",
        "总分",
    ]
    assert score_row.key == "外事经费/总分"
    assert score_row.cells[0].value == Decimal(100)
    assert [(u.title, u.numbers) for u in result.unread] == [("项目支出绩效自评表", 1)]


def test_lost_cells_of_money_rows_are_placed_by_the_sums(extractor: Extractor) -> None:
    """Two parts with two of three cells each: only one placement adds up to the total."""
    head = (
        "项目资金（万元） 年初预算数 全年预算数 全年执行数 分值 执行率 得分",
        "年度资金总额 20.00 25.00 24.00 10 96% 9.6", "财政拨款 20.00 19.00", "其他资金 25.00 5.00",
    )  # fmt: skip
    rows = _rows(_read(extractor, _form("产出指标 数量指标 接待批次 ≥5批 5批 90 90", head=head)))
    assert rows["外事经费/资金/财政拨款"] == {"年初预算数": "20.00", "全年执行数": "19.00"}
    assert rows["外事经费/资金/其他资金"] == {"全年预算数": "25.00", "全年执行数": "5.00"}


def test_a_lone_number_is_a_weight_or_a_score(extractor: Extractor) -> None:
    """Where one of two neighbouring columns is empty, the cell names both and is ambiguous."""
    result = _read(extractor, _form("产出指标 数量指标 接待批次 ≥5批 5批 20", "出访批次 ≥2批 2批 70 70"))
    table = result.table("performance_project")
    assert table is not None
    row = next(r for r in table.rows if r.role == "指标/接待批次")
    numbers = [c for c in row.cells if c.kind == "number"]
    assert [(c.text, c.options, c.state) for c in numbers] == [("20", ("分值权重", "得分"), "ambiguous")]


@pytest.mark.parametrize(
    ("after", "doubted"),
    [
        ("质量指标 出访批次 ≥2批 2批 70 70", ["指标/提升社会治"]),
        ("出访批次 ≥2批 2批 70 70", ["指标/提升社会治", "指标/安防控能力出访批次"]),
    ],
)
def test_a_line_below_full_marks_may_be_the_rest_of_a_name(
    extractor: Extractor, after: str, doubted: list[str]
) -> None:
    """Nothing was missed, so the line gives no reason; the names that it may belong to are in doubt."""
    result = _read(extractor, _form("产出指标 数量指标 提升社会治 ≥5批 5批 20 20", "安防控能力", after))
    assert [r.role for t in result.tables for r in t.rows if r.doubt] == doubted
    assert "偏差原因" not in _rows(result)["外事经费/指标/提升社会治"]


def test_a_reason_is_parted_from_the_next_name_only_by_its_line(extractor: Extractor) -> None:
    """A low score has its reason behind it; where lines are broken all over, the next name is in doubt."""
    plain_rows = ("产出指标 数量指标 接待批次 ≥5批 4批 20 16", "工程尾款未付", "出访批次 ≥2批 2批 70 70")
    rows = _rows(_read(extractor, _form(*plain_rows)))
    assert rows["外事经费/指标/接待批次"]["偏差原因"] == "工程尾款未付"
    assert rows["外事经费/指标/出访批次"]["得分"] == "70"
    result = _read(extractor, _form(*plain_rows[:1], "工程尾款", "未付", *plain_rows[2:]))
    doubted = [r for t in result.tables for r in t.rows if r.doubt]
    assert [(r.role, c.state) for r in doubted for c in r.cells if c.column == "得分"] == [
        ("指标/接待批次", "ambiguous"), ("指标/出访批次", "ambiguous"),
    ]  # fmt: skip


def test_forms_without_a_title_begin_with_their_first_row(extractor: Extractor) -> None:
    """A second project whose title is lost is a form of its own."""
    text = _form("产出指标 数量指标 接待批次 ≥5批 5批 90 90", "总分 100 100分")
    second = text.replace("项目支出绩效自评表\n（2023年度）\n", "").replace("外事经费", "会议经费")
    result = _read(extractor, text.replace("第四部分 名词解释\n", "") + second)
    assert [t.rows[0].key for t in result.tables] == ["外事经费/资金/年度资金总额", "会议经费/资金/年度资金总额"]


def test_a_title_repeated_on_the_next_page_goes_on_with_the_form(extractor: Extractor) -> None:
    """No field stands between title and header, so it is the same project; its rows aren't reported twice."""
    header = "一级指标 二级指标 三级指标 年度指标值 实际完成值 分值 得分 偏差原因分析及改进措施"
    rows = ("产出指标 数量指标 接待批次 ≥5批 5批 40 40", "项目支出绩效自评表", header, "出访批次 ≥2批 2批 50 50")
    result = _read(extractor, _form(*rows))
    assert len(result.tables) == 1
    assert _rows(result)["外事经费/指标/出访批次"]["一级指标"] == "产出指标"
    twice = _read(extractor, _form(rows[0]) + _form(rows[0].replace("5批", "6批")))
    assert len(twice.tables) == 2
    assert not [f for f in twice.findings if f.code == "row-twice"]


def test_a_sum_over_forms_of_different_length_is_named_when_it_does_not_hold(extractor: Extractor) -> None:
    """The first form lost a cell and all rows below its header: the sum of all is named all the same."""
    title = "\n项目支出绩效目标表\n"
    before, first, *others = sample(BUDGETS[0]).text.split(title)
    head, header, _ = first.partition("一级指标\t")
    short = (
        head.replace("财政拨款\t0.00\t其他资金\t1.40", "财政拨款\t其他资金\t1.45")
        + header
        + "二级指标\t三级指标\t指标值\n"
    )
    result = extractor.extract(Document.from_text(title.join((before, short, *others))))
    assert min(len(t.rows) for t in result.tables if t.id == "performance_project") == 2
    (said,) = (f.message for f in result.findings if f.code == "P5" and "其他资金" in f.message)
    assert "项目支出绩效目标表[资金/其他资金].预算: the left side is 31.2, it should be 31.25" in said


def test_what_follows_a_form_is_not_part_of_it(extractor: Extractor) -> None:
    """Prose behind the last indicator changes no name, and a mention of a form is none."""
    rows = (
        "产出指标 数量指标 接待批次 ≥5批 5批 90 90",
        "（五）其他需说明的事项",
        "涉密项目 2 个，涉及预算金额 60.00 万元。",
    )
    result = _read(extractor, _form(*rows))
    assert "外事经费/指标/接待批次" in _rows(result)
    assert sum(u.numbers for u in result.unread) == 1  # the two of the sentence are prose, which is read
    assert not _read(extractor, "附：项目支出绩效自评表\n一级指标是什么，见说明。\n").tables


def test_targets_keep_operator_number_and_unit(extractor: Extractor) -> None:
    """``> =``, a unit on the next line and a date in two pieces are one value each."""
    rows = ("产出指标 数量指标 接待批次 > =5 批 5 批 30 30", "时效指标 完成时间 2023年12 月 2023年12月 30 30",
            "成本指标 成本控制 <=24.67", "万元 24 万元 30 30")  # fmt: skip
    found = _rows(_read(extractor, _form(*rows)))
    assert found["外事经费/指标/接待批次"]["指标值"] == "> =5 批"
    assert squeeze(found["外事经费/指标/完成时间"]["指标值"]) == "2023年12月"
    assert found["外事经费/指标/成本控制"]["指标值"] == "<=24.67万元"
    assert found["外事经费/指标/成本控制"]["一级指标"] == "产出指标"


def test_an_unread_form_is_listed(extractor: Extractor) -> None:
    """A form of a project without the project's name has no row keys, and is reported as not read."""
    result = _read(extractor, _form("产出指标 数量指标 接待批次 ≥5批 5批 90 90").replace("项目名称 外事经费\n", ""))
    assert not result.tables
    assert [f.code for f in result.findings if f.kind == "not-read"] == ["table-not-read"]
    assert result.unread[0].numbers > 9


def test_forms_are_saved_checked_again_and_put_into_one_csv(extractor: Extractor, tmp_path: Path) -> None:
    """All forms of projects share one CSV file; a saved result passes the checks against its source."""
    document = sample(FINAL)
    result = extractor.extract(document)
    save(result, tmp_path)
    lines = (tmp_path / "performance_project.csv").read_text(encoding="utf-8-sig").splitlines()
    assert sum("总分" in line for line in lines) == 2
    assert recheck(result, document).states() == result.states()
    saved = [json.loads(line) for line in (tmp_path / "facts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len([f for f in saved if f["table"] in TABLES]) == len([f for f in gold(FINAL) if f["table"] in TABLES])


def test_specs_of_forms_are_validated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A misspelt field is an error that names the file and the field."""
    folder = tmp_path / "performance"
    folder.mkdir()
    (folder / "broken.yaml").write_text("id: x\nwordz: []\n", encoding="utf-8")
    monkeypatch.setattr("extractor.forms.data_folder", lambda _: tmp_path)
    with pytest.raises(SpecError, match=r"broken\.yaml: words"):
        forms.__wrapped__()


def _self_rated(*rows: str, weight: str = "分值") -> str:
    head = "项目支出绩效自评表\n项目名称\t宣传\n\t\t年初预算数\t全年预算数\t全年执行数\n"
    head += "\t年度资金总额\t5.00\t5.00\t5.00\n"
    return f"{head}一级指标\t二级指标\t三级指标\t指标值\t实际完成值\t{weight}\t得分\n" + "\n".join(rows)


def _indicators(extractor: Extractor, text: str) -> set[str]:
    found = facts(_read(extractor, text))
    return {f"{f['row']} {f['column']} {f['value']}" for f in found if f["kind"] == "number" and "指标/" in f["row"]}


def test_weights_may_be_printed_in_percent(extractor: Extractor) -> None:
    """A percent sign keeps a weight in its column, and the score behind it out of there."""
    text = _self_rated("产出指标\t数量指标\t宣传次数\t≥3次\t3次\t90%\t89.5分", weight="权重(%)")
    assert _indicators(extractor, text) == {"宣传/指标/宣传次数 分值权重 90", "宣传/指标/宣传次数 得分 89.5"}


def test_numbers_cut_by_a_blank_and_several_in_a_cell_are_left_out(extractor: Extractor) -> None:
    """2 .5 is no score of 2, and two weights in a cell are none."""
    text = _self_rated(
        "产出指标\t数量指标\t宣传次数\t≥3次\t2次\t5\t2 .5",
        "\t质量指标\t1.合格率 2.达标率\t≥9% ≥8%\t9% 8%\t10 10\t10 10",
    )
    assert _indicators(extractor, text) == {"宣传/指标/宣传次数 分值权重 5"}


def test_a_form_ends_where_the_head_of_the_next_begins(extractor: Extractor) -> None:
    """Where title and name of the next form are lost, its money and its indicators are not those of this one."""
    lost = ("\t年度资金总额\t7.00\t7.00\t7.00", "产出指标\t数量指标\t出访次数\t≥1次\t1次\t50\t50")
    text = _self_rated("产出指标\t数量指标\t宣传次数\t≥3次\t3次\t90\t90", *lost)
    assert {f.split()[0] for f in _indicators(extractor, text)} == {"宣传/指标/宣传次数"}


def test_a_table_of_the_budget_is_no_form(extractor: Extractor) -> None:
    """项目名称 in a table far above a form whose title is lost gives that form no name."""
    table = "表11\n上年结转结余情况明细表\n项目名称\t总计\n总计\t5.34\n第三部分 情况说明\n"
    table += "一、收支总体情况\n收支总预算5.34万元。\n"
    form = "一级指标\t二级指标\t三级指标\t指标值\t分值权重\n产出指标\t数量指标\t宣传次数\t≥3次\t90\n"
    assert _indicators(extractor, table + form) == set()


@pytest.mark.parametrize(
    ("printed", "word"),
    [
        ("年初预算数", "预算数（年初）"),
        ("全年预算数", "预算调整数"),
        ("全年预算数", "预算数"),
        ("全年执行数", "实际支出数"),
        ("全年执行数", "决算数"),
        ("执行率", "预算执行进度"),
        ("得分", "自评分"),
    ],
)
def test_columns_of_funds_go_by_other_names(printed: str, word: str) -> None:
    """Offices call the columns of a form as they like; the numbers are the same."""
    text = sample("karamay_fao_2024_final").text
    lines = text.split("\n")
    other = [re.sub(rf"\b{printed}\b", word, x) if "\t" in x else x for x in lines]
    assert other != lines

    def numbers(text: str) -> dict[tuple[str, str, str], str]:
        found = facts(Extractor().extract(Document.from_text(text)))
        return {
            (f["table"], f["row"], f["column"]): f["value"]
            for f in found
            if f["kind"] == "number" and f["table"].startswith("performance")
        }

    assert numbers("\n".join(other)) == numbers(text)
