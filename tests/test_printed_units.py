"""Amounts with their unit behind them, rows without a name, and how many pieces are bought."""

import pytest

from extractor import Document, Extractor
from extractor.facts import facts

READER = Extractor(engine="deterministic")


def read(text: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return values and states of the numbers by row and column."""
    numbers = [f for f in facts(READER.extract(Document.from_text(text))) if f["kind"] == "number"]
    return {(f["row"], f["column"]): (f["value"], f["state"]) for f in numbers}


@pytest.mark.parametrize("separator", ["\t", " ", "\n"])
def test_whole_amounts_with_their_unit_are_amounts(separator: str) -> None:
    """2050201元 is no code of an item, and no number of a page."""
    rows = (
        ("科目编码", "科目名称", "合计", "基本支出", "项目支出"),
        ("205", "教育支出", "2060201元", "2050201元", "10000元"),
        ("20502", "普通教育", "2060201元", "2050201元", "10000元"),
        ("2050202", "小学教育", "2060201元", "2050201元", "10000元"),
        ("", "合计", "2060201元", "2050201元", "10000元"),
    )
    told = "\n".join(separator.join(c for c in row if c or separator == "\t") for row in rows)
    found = read(f"支出预算总表\n填报单位：某某局\n单位：元\n{told}\n")
    assert found["总计", "基本支出"] == ("2050201", "proven")
    assert found["2050202", "合计"] == ("2060201", "proven")
    assert {row for row, _ in found} == {"205", "20502", "2050202", "总计"}


@pytest.mark.parametrize("separator", ["\t", " "])
def test_one_row_without_a_name_is_the_total(separator: str) -> None:
    """Some offices print the columns of their income, and one line of amounts."""
    names = ("合计", "上年结转", "一般公共预算拨款收入", "政府性基金预算拨款收入", "事业收入")
    rows = "\n".join(separator.join(row) for row in (names, ("100.00", "10.00", "60.00", "25.00", "5.00")))
    found = read(f"部门收入总表\n单位：万元\n{rows}\n")
    assert {row for row, _ in found} == {"总计"}
    assert found["总计", "事业收入"] == ("5.00", "proven")


def test_how_many_pieces_are_bought_is_no_amount() -> None:
    """A count and its unit in front of the amounts belong to the row, and begin none."""
    rows = ("采购品目\t数量\t单位\t合计\t一般公共预算\t其他资金", "货物类\t12\t台\t9.00\t8.00\t1.00")
    found = read("\n".join(("政府采购预算表", "单位：万元", *rows, "合计\t\t\t9.00\t8.00\t1.00", "")))
    assert {row for row, _ in found} == {"货物类", "总计"}
    assert found["货物类", "合计"] == ("9.00", "proven")
