"""Labels, columns, titles and codes that a recogniser misread: the numbers under them are right, or never look so."""

from collections.abc import Mapping

import pytest

from extractor import Document, Extractor, Result
from extractor.facts import facts
from extractor.lexicon import nearly, words

from .conftest import sample

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
