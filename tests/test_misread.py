"""Labels, columns, titles and codes that a recogniser misread: the numbers under them are right, or never look so."""

import re
from collections.abc import Mapping

import pytest

from extractor import Document, Extractor, Result
from extractor.evaluation.corrupt import damage
from extractor.evaluation.offices import generate
from extractor.evaluation.render import Noise, render
from extractor.facts import facts
from extractor.lexicon import nearly, words

from .conftest import ROOT, sample

URUMQI, KARAMAY, KIZILSU = "urumqi_fao_2024_budget", "karamay_fao_2024_final", "kizilsu_fao_2024_budget"
SAFE = {"ambiguous", "contradicted", "ungrounded"}
Cell = tuple[str, str, str]


def numbers(result: Result) -> dict[Cell, tuple[str, str]]:
    """Return value and state of each number by table, row and column."""
    found = [f for f in facts(result) if f["kind"] == "number"]
    return {(f["table"], f["row"], f["column"]): (str(f["value"]), str(f["state"])) for f in found}


@pytest.fixture(scope="module")
def whole() -> Mapping[str, dict[Cell, tuple[str, str]]]:
    """Return the numbers of each sample as it is."""
    return {name: numbers(Extractor().extract(sample(name))) for name in (URUMQI, KARAMAY, KIZILSU)}


@pytest.mark.parametrize(
    ("name", "printed", "read_as"),
    [
        (URUMQI, "经费支出内容\t合计", "经费支出内容\t台计"),  # the first column
        (URUMQI, "项目支出 合计\t", "项目支出 合汁\t"),
        (URUMQI, "上级一般公共预算安排的转移支付\t", "上级一般厶共预箅安排的转移支付\t"),
        (URUMQI, "财政拨款收支预算总体情况表\n\n编制", "财攻拔款收支预算总体情况表\n\n编制"),  # a title
        (URUMQI, "一、本年收入\t", "一、木年收入\t"),  # its number tells what it is
        (URUMQI, "人员经费\t公用经费\n", "人员经费\t公用\n经费\n"),
        (URUMQI, "支出功能分类\t预算数\n", "支出功能分类\t预算\n数\n"),
        (URUMQI, "总计\t428.70\t406.68\t22.02\n201", "总计\t428.70406.6822.02201"),  # is no header
        (KIZILSU, "其他资金账户项\n\n目", "其他资金账户项\n\n- 66 -\n目"),
    ],
)
def test_no_number_moves(
    whole: Mapping[str, dict[Cell, tuple[str, str]]], name: str, printed: str, read_as: str
) -> None:
    """What is misread costs a few numbers at most their proof; no number stands elsewhere and looks right."""
    text = sample(name).text
    assert printed in text
    found = numbers(Extractor().extract(Document.from_text(text.replace(printed, read_as, 1), name=name)))
    moved = {cell: f for cell, f in found.items() if whole[name].get(cell, ("",))[0] != f[0]}
    assert {state for _, state in moved.values()} <= SAFE
    proven = [sum(state == "proven" for _, state in f.values()) for f in (found, whole[name])]
    assert proven[0] > proven[1] - 25


@pytest.mark.parametrize(
    ("printed", "read_as", "row"),
    [
        ("5. 单位资金\t", "5. 车公资金\t", "其他收入"),  # nobody knows the row, its part may be another's
        ("一、本年收入\t", "本\n年收入\t", "一般公共预算拨款/一般财力"),
    ],
)
def test_parts_of_an_unknown_row_are_in_doubt(printed: str, read_as: str, row: str) -> None:
    """A part goes with the row above it; where that one isn't known, neither is what the part belongs to."""
    text = sample(URUMQI).text
    assert printed in text
    found = numbers(Extractor().extract(Document.from_text(text.replace(printed, read_as, 1))))
    here = [s for (t, r, _), (_, s) in found.items() if t == "revenue_expenditure" and r.endswith(row)]
    assert here
    assert set(here) <= SAFE


@pytest.mark.parametrize(
    ("name", "printed", "read_as"),
    [
        (URUMQI, "外交部专项资金支持项目\t", "外交部专项资金支恃项目\t"),  # 支恃 is no word
        (KARAMAY, "住房改革支出(款)住房公积金", "住房改革支出(款)位房公积金"),  # known, but for one character
        (KIZILSU, "办理因公出国\n", "办埋因公出国\n"),
        (KIZILSU, "2024 年预计拨入其他资金账户项", "2074 年预计拨入其他资金账户项"),  # a year of no other line
    ],
)
def test_a_name_that_is_no_word_is_in_doubt(name: str, printed: str, read_as: str) -> None:
    """A character that makes no word of the language, where one that looks like it makes one, is named."""
    text = sample(name).text
    assert printed in text
    result = Extractor().extract(Document.from_text(text.replace(printed, read_as, 1)))
    names = ("支恃", "位房", "办埋", "2074年")
    states = {c.state for t in result.tables for row, c in t.numbers() if any(n in row.key for n in names)}
    assert states
    assert states <= SAFE


def test_a_code_of_another_class_than_its_name_is_in_doubt() -> None:
    """``307 08`` with the name that only 301 08 has: the sums don't tell, the name does."""
    text = sample(KIZILSU).text
    assert "301 08 机关事业单位" in text
    result = Extractor().extract(Document.from_text(text.replace("301 08 机关事业单位", "307 08 机关事业单位", 1)))
    table = result.table("basic_expenditure")
    assert table is not None
    assert {c.state for row, c in table.numbers() if row.key == "30708"} <= SAFE


def test_a_rate_proves_no_amounts_that_all_lost_their_points() -> None:
    """8967 and 735 instead of 89.67 and 7.35 make the same rate."""
    text = sample(KIZILSU).text
    assert "单位资金 89.67 万元" in text
    assert "减少 7.35" in text
    damaged = text.replace("单位资金 89.67 万元", "单位资金 8967 万元").replace("减少 7.35", "减少 735")
    found = numbers(Extractor().extract(Document.from_text(damaged)))
    assert found["n_revenue", "单位资金", "增减额"][0] == "-735"
    assert found["n_revenue", "单位资金", "增减额"][1] != "proven"


def test_what_tells_names_apart_is_not_misread() -> None:
    """预算 is not 决算 misread, nor one year another."""
    assert nearly("财攻拨款收入", "财政拨款收入", 1)
    assert not nearly("收入预算表", "收入决算表", 1)
    assert not nearly("2021年预算数", "2022年预算数", 1)
    assert not nearly("财政拨款收入", "财政拨款收入", 1)
    assert not nearly("政府性债务预算支出情况表", "政府性基金预算支出情况表", 2)  # 债务 is another word


@pytest.mark.parametrize(
    "title", ["政府性债务预算支出情况表", "一般公共预算债务支出预算表", "财政专户管理债务支出预算表"]
)
def test_a_table_of_an_office_s_own_is_none_with_another_word_in_its_title(title: str) -> None:
    """A title in which one word is another is no misread title of a table that a spec has."""
    rows = "合计\t\t30.00\t20.00\t10.00\n205\t教育支出\t30.00\t20.00\t10.00\n"
    text = f"{title}\n单位：万元\n科目编码\t科目名称\t合计\t基本支出\t项目支出\n{rows}"
    tables = {t for t, _, _ in numbers(Extractor().extract(Document.from_text(text)))}
    assert not tables & {"government_fund", "general_expenditure", "project_expenditure", "expenditure"}


def test_words_of_the_language() -> None:
    """Pairs of characters within words, and characters that are words themselves."""
    assert [p for p in ("资金", "采购", "政府", "姿金", "采沟", "攻府") if p in words()] == ["资金", "采购", "政府"]
    assert {"的", "年", "和"} <= words().alone


SPENT = (
    "某某县某某局\n\n第二部分 2023年决算公开表\n\n支出决算表\n公开03表\n部门：某某县某某局 单位：万元\n"
    "科目编码\t科目名称\t本年支出合计\t基本支出\t项目支出\t上缴上级支出\t经营支出\t对附属单位补助支出\n"
    "\t合计\t604.44\t344.25\t260.19\t0.00\t0.00\t0.00\n"
    "207\t文化旅游体育与传媒支出\t260.19\t0.00\t260.19\t0.00\t0.00\t0.00\n"
    "20701\t文化和旅游\t260.19\t0.00\t260.19\t0.00\t0.00\t0.00\n"
    "2070109\t群众文化\t160.19\t0.00\t160.19\t0.00\t0.00\t0.00\n"
    "2070199\t其他文化和旅游支出\t100.00\t0.00\t100.00\t0.00\t0.00\t0.00\n"
    "210\t卫生健康支出\t344.25\t344.25\t0.00\t0.00\t0.00\t0.00\n"
    "21011\t行政事业单位医疗\t344.25\t344.25\t0.00\t0.00\t0.00\t0.00\n"
    "2101101\t行政单位医疗\t344.25\t344.25\t0.00\t0.00\t0.00\t0.00\n"
    "\n一般公共预算财政拨款支出决算表\n公开05表\n部门：某某县某某局 单位：万元\n"
    "科目编码\t科目名称\t合计\t基本支出\t项目支出\n"
    "\t合计\t160.19\t0.00\t160.19\n"
    "207\t文化旅游体育与传媒支出\t160.19\t0.00\t160.19\n"
    "20701\t文化和旅游\t160.19\t0.00\t160.19\n"
    "2070109\t群众文化\t160.19\t0.00\t160.19\n"
)


@pytest.mark.parametrize("form", ["\t", " "])
@pytest.mark.parametrize(
    ("printed", "read_as", "row"),
    [
        ("2070109\t群众文化\t160.19\t0.00\t160.19\t0", "2070169\t群众文化\t160.19\t0.00\t160.19\t0", "2070169"),
        ("2070109\t群众文化\t160.19\t0.00\t160.19\t0", "2076109\t群众文化\t160.19\t0.00\t160.19\t0", "2076109"),
        ("2070199\t", "2070195\t", "2070195"),  # 其他…支出 is 99
        ("20701\t文化和旅游\t260", "20501\t文化和旅游\t260", "20501"),  # a code that others know by another name
        ("21011\t", "21211\t", "21211"),  # its zeros change no sum
    ],
)
def test_nothing_of_a_row_whose_code_is_misread_looks_right(form: str, printed: str, read_as: str, row: str) -> None:
    """The sums don't tell, or tell of some numbers only: the names do, and the zeros beside are worth no more."""
    assert printed in SPENT
    whole = numbers(Extractor().extract(Document.from_text(SPENT.replace("\t", form))))
    assert not SAFE & {state for (table, _, _), (_, state) in whole.items() if table == "expenditure"}
    found = numbers(Extractor().extract(Document.from_text(SPENT.replace(printed, read_as, 1).replace("\t", form))))
    states = {state for (table, key, _), (_, state) in found.items() if (table, key) == ("expenditure", row)}
    assert states
    assert states <= SAFE


@pytest.mark.parametrize("form", ["\t", " "])
def test_digits_below_a_code_that_is_none_are_in_doubt(form: str) -> None:
    """``11`` below 710, which was 210, isn't a group of the class before it."""
    text = (
        SPENT.split("\n一般公共预算财政拨款支出决算表", maxsplit=1)[0]
        .replace("科目编码\t", "类\t款\t项\t")
        .replace("\t合计", "\t\t\t合计")
    )
    text = re.sub(r"\n(\d{3})(\d\d)(\d\d)\t", r"\n\t\t\3\t", text)
    text = re.sub(r"\n(\d{3})(\d\d)\t", r"\n\t\2\t\t", text)
    text = re.sub(r"\n(\d{3})\t", r"\n\1\t\t\t", text)
    if form == " ":
        text = re.sub(r"\n +", "\n", re.sub(r"\t+", " ", text))
    assert numbers(Extractor().extract(Document.from_text(text)))["expenditure", "2101101", "基本支出"][1] == "proven"
    found = numbers(Extractor().extract(Document.from_text(text.replace("\n210", "\n710", 1))))
    states = {state for (_, key, _), (_, state) in found.items() if key.startswith("20711")}
    assert states
    assert states <= SAFE


GROUPED = (
    "某某区某某局\n\n第二部分 2023年决算公开表\n\n支出决算表\n公开03表\n部门：某某区某某局 单位：万元\n"
    "科目编码\t科目名称\t本年支出合计\t基本支出\t\t\t项目支出\t上缴上级支出\t经营支出\t对附属单位补助支出\n"
    "\t\t\t合计\t人员经费\t公用经费\t\t\t\t\n"
    "\t合计\t604.44\t344.25\t300.00\t44.25\t260.19\t\t\t\n"
    "207\t文化旅游体育与传媒支出\t260.19\t\t\t\t260.19\t\t\t\n"
    "20701\t文化和旅游\t260.19\t\t\t\t260.19\t\t\t\n"
    "2070109\t群众文化\t260.19\t\t\t\t260.19\t\t\t\n"
    "210\t卫生健康支出\t344.25\t344.25\t300.00\t44.25\t\t\t\t\n"
    "21011\t行政事业单位医疗\t344.25\t344.25\t300.00\t44.25\t\t\t\t\n"
    "2101101\t行政单位医疗\t344.25\t344.25\t300.00\t44.25\t\t\t\t\n"
)


@pytest.mark.parametrize(
    ("printed", "read_as"),
    [("\t\t\t合计\t人员", "\t\t\t合汁\t人员"), ("\t项目支出\t", "\t项日支出\t"), ("单位：万元", "单住：万元")],
)
def test_a_misread_word_of_a_header_moves_no_number(printed: str, read_as: str) -> None:
    """A column whose name is misread isn't left out, and a line with the unit names no group."""
    assert printed in GROUPED
    whole = numbers(Extractor().extract(Document.from_text(GROUPED)))
    found = numbers(Extractor().extract(Document.from_text(GROUPED.replace(printed, read_as, 1))))
    assert "proven" in {state for _, state in whole.values()}
    moved = {cell: told for cell, told in found.items() if whole.get(cell, ("",))[0] != told[0]}
    assert {state for _, state in moved.values()} <= SAFE


@pytest.mark.parametrize("form", ["tsv", "spaced"])
@pytest.mark.parametrize("read_as", ["墓本支出", "项目攴出"])
def test_a_column_with_one_misread_character_is_read(form: str, read_as: str) -> None:
    """A word of a header that is like only one name is taken for it: the table is read as the whole one is."""
    printed = {"墓本支出": "基本支出", "项目攴出": "项目支出"}[read_as]
    budget = generate(ROOT / "eval" / "offices" / "final_three_numbers.txt", 0)
    text, _ = render(budget, form, Noise(), 0, ((budget.name, ""), ("",)))
    found = {}
    for name in (printed, read_as):
        header = re.sub(rf"(?<=[\t ]){printed}(?=[\t ])", name, text)
        found[name] = numbers(Extractor().extract(Document.from_text(header)))
    assert found[read_as] == found[printed]
    states = {state for (*_, column), (_, state) in found[read_as].items() if column == printed}
    assert "proven" in states if form == "tsv" else states


def test_a_year_that_is_far_from_the_others_in_a_header_leaves_no_column_sure() -> None:
    """Which of two columns is which its year decides: a misread one puts the other one in doubt as well."""
    text = (
        "某某市某某研究所\n\n2020年部门决算\n\n“三公”经费支出决算表\n单位：元\n2020年度预算数\t\t\t\t\t\t2020年度决算数\t\t\t\t\t\n"
        "合计\t因公出国（境）费\t公务用车购置及运行费\t\t\t公务接待费\t合计\t因公出国（境）费\t公务用车购置及运行费\t\t\t公务接待费\n"
        "\t\t小计\t公务用车购置费\t公务用车运行费\t\t\t\t小计\t公务用车购置费\t公务用车运行费\t\n"
        "388088.57\t\t388088.57\t\t388088.57\t\t413194.52\t\t325663.93\t278942.60\t46721.33\t87530.59\n"
    )
    whole = numbers(Extractor().extract(Document.from_text(text)))
    found = numbers(Extractor().extract(Document.from_text(text.replace("2020年度决", "2620年度决"))))
    assert {state for _, state in whole.values()} == {"proven"}
    assert found
    assert {state for _, state in found.values()} <= SAFE


@pytest.mark.parametrize(
    ("printed", "read_as"),
    [("一般公共预算基本支出情况表", "一般公共预算基木支出情况表"), ("部门支出总体情况表", "部门攴出总体情况表")],
)
def test_a_title_with_one_misread_character_is_that_of_its_table(
    whole: Mapping[str, dict[Cell, tuple[str, str]]], printed: str, read_as: str
) -> None:
    """A look-alike in a title makes it no other table's, and the table is read."""
    text = sample(URUMQI).text
    assert printed in text
    assert numbers(Extractor().extract(Document.from_text(text.replace(printed, read_as)))) == whole[URUMQI]


def test_what_is_no_rate_of_the_amounts_before_it_is_open() -> None:
    """Four amounts below five columns, some points lost: nothing stands in the column of rates and looks right."""
    budget = generate(ROOT / "eval" / "offices" / "final_three_numbers.txt", 0)
    text, _ = render(budget, "cells", Noise(), 0, ((budget.name, ""), ("",)))
    found = numbers(Extractor().extract(Document.from_text(damage(text, "lost points", 0.02, 7))))
    last = {f for (t, _, c), f in found.items() if t == "general_expenditure" and c in ("项目支出", "完成预算%")}
    assert last
    assert {state for _, state in last} <= SAFE


def test_rows_of_another_table_behind_a_missing_page_are_in_doubt(
    whole: Mapping[str, dict[Cell, tuple[str, str]]],
) -> None:
    """They add up among themselves, to a class that the total and another table contradict."""
    lines = sample(URUMQI).text.split("\n")
    first = max(n for n, line in enumerate(lines) if line.strip() == "部门支出总体情况表")
    own = [n for n in range(first, first + 25) if lines[n].startswith("208\t")]
    for n in own:
        lines[n] = lines[n].replace("49.76", "39.76").replace("40.48", "30.48")
    found = numbers(Extractor().extract(Document.from_text("\n".join(lines))))
    moved = {cell: f for cell, f in found.items() if whole[URUMQI].get(cell, ("",))[0] != f[0]}
    rows = {row for _, row, _ in moved}
    assert rows == {"208", "20805", "2080505"}
    assert {table for table, _, _ in moved} == {"expenditure"}
    assert {state for _, state in moved.values()} <= SAFE
    kept = {cell: f for cell, f in found.items() if cell[0] == "expenditure" and cell[1].startswith("20103")}
    assert {state for _, state in kept.values()} == {"proven"}


def test_amounts_of_two_items_that_are_exchanged_are_in_doubt_where_another_table_tells(
    whole: Mapping[str, dict[Cell, tuple[str, str]]],
) -> None:
    """Sums of their class hold; 三公 says what 30231 has, and it stands in the row above."""
    text = sample(URUMQI).text
    above, below = (
        next(line for line in text.split("\n") if line.startswith(start)) for start in ("302\t29", "302\t31")
    )
    one, other = (re.findall(r"\d+\.\d\d", line)[0] for line in (above, below))
    assert one != other
    text = text.replace(above, above.replace(one, other)).replace(below, below.replace(other, one))
    found = numbers(Extractor().extract(Document.from_text(text)))
    moved = {cell: f for cell, f in found.items() if whole[URUMQI].get(cell, ("",))[0] != f[0]}
    assert {row for _, row, _ in moved} == {"30229", "30231"}
    assert {state for _, state in moved.values()} <= SAFE
