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
    names = ("合计", "上年结转", "公共财政拨款收入", "政府性基金收入", "事业收入")
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


def test_a_line_that_ends_with_a_unit_is_whole() -> None:
    """元 and the first word of the next line are no word that a break parted; a class above its items is no name."""
    rows = ("经济分类科目\t金额", "工资福利支出\t", "30101 基本工资\t60.00万元", "30103 奖金\t20.00万元")
    rows = (*rows, "对个人和家庭的补助\t", "30302 退休费\t10.00万元", "合计\t90.00万元", "")
    text = "\n".join(("一般公共预算基本支出表", *rows))
    result = READER.extract(Document.from_text(text))
    told = {f["row"]: f["value"] for f in facts(result) if f["column"] == "金额"}
    names = {f["row"]: f["value"] for f in facts(result) if f["column"] == "名称"}
    assert told == {"30101": "60.00", "30103": "20.00", "30302": "10.00", "总计": "90.00"}
    assert names["30103"] == "奖金"


def test_what_a_project_is_for_is_no_part_of_its_name() -> None:
    """A grid tells which of two columns of words is the name."""
    rows = ("项目名称\t项目内容\t合计\t一般公共预算", "档案数字化\t用于业务工作\t9.00\t9.00", "合计\t\t9.00\t9.00", "")
    found = read("\n".join(("部门项目支出预算表", "单位：万元", *rows)))
    assert {row for row, _ in found} == {"档案数字化", "总计"}


@pytest.mark.parametrize("title", ["公开表一：{}", "公开表1：{}", "{}\n财决附03表"])
def test_more_ways_to_number_tables(title: str) -> None:
    """What stands in front of a title, or below it, is none of it."""
    rows = ("科目编码 科目名称 合计 基本支出 项目支出", "合计 9.00 8.00 1.00", "205 教育支出 9.00 8.00 1.00", "")
    found = read("\n".join((title.format("部门支出预算总表"), "编报单位：某某局 单位：万元", *rows)))
    assert found["205", "基本支出"][0] == "8.00"


def test_a_row_is_not_below_one_that_is_numbered_alike() -> None:
    """二、政府性基金拨款 stands beside 一、公共财政拨款, whatever else may be called so."""
    rows = (
        "一、公共财政拨款（补助）\t60.00\t一、教育支出\t85.00",
        "经费拨款（补助）\t60.00\t\t",
        "二、政府性基金拨款\t25.00\t\t",
    )
    rows = ("收入\t\t支出\t", "项目\t预算数\t项目\t预算数", *rows, "收入总计\t85.00\t支出总计\t85.00", "")
    found = read("\n".join(("部门收支总表", "单位：万元", *rows)))
    assert found["政府性基金拨款", "预算数"] == ("25.00", "proven")
