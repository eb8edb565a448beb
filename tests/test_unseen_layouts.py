"""Layouts that no spec has, and forms of print that every office may use: invented names and amounts."""

import pytest

from extractor import Document, Extractor, Result
from extractor.facts import facts


def read(text: str) -> Result:
    """Read a text without a model."""
    return Extractor(engine="deterministic").extract(Document.from_text(text))


def numbers(result: Result, table: str) -> set[tuple[str, str, str, str]]:
    """Row, column, value and state of the number facts of a table."""
    return {
        (f["row"], f["column"], f["value"], f["state"])
        for f in facts(result)
        if f["table"] == table and f["kind"] == "number"
    }


def lines(*rows: str) -> str:
    """Write cells that are separated by | as tab-separated lines, all of the same width."""
    width = max(row.count("|") for row in rows)
    return "\n".join(row.replace("|", "\t") + "\t" * (width - row.count("|")) for row in rows) + "\n"


SPENT = (
    ("合计|", "8.50|6.00|2.50|0|0|0"),
    ("206|科学技术支出", "8.50|6.00|2.50|0|0|0"),
    ("20603|应用研究", "8.50|6.00|2.50|0|0|0"),
    ("2060302|社会公益研究", "8.50|6.00|2.50|0|0|0"),
)
HEAD = (
    "项目||本年支出合计|基本支出|项目支出|上缴上级支出|经营支出|对附属单位补助支出",
    "科目编码|科目名称||||||",
    "栏次||1|2|3|4|5|6",
)


@pytest.mark.parametrize("form", ["cells", "tabs"])
def test_a_bare_zero_is_an_amount(form: str) -> None:
    """Also in a column that has nothing else, and on a line of its own."""
    rows = [*HEAD, *("|".join(row) for row in SPENT)]
    body = lines(*rows) if form == "tabs" else "\n".join(c for row in rows for c in row.split("|") if c) + "\n"
    found = numbers(read(f"支出决算表\n部门：某某院\n金额单位：万元\n{body}"), "expenditure")
    assert len(found) == 24
    assert ("2060302", "对附属单位补助支出", "0", "proven") in found


def test_rows_of_a_wide_table_may_be_budget_and_outturn() -> None:
    """They are its columns, and no offices."""
    text = "一般公共预算财政拨款“三公”经费及会议费、培训费支出决算表\n单位：万元\n" + lines(
        "项目|一般公共预算财政拨款安排的“三公”经费||||||会议费|培训费",
        "|小计|因公出国（境）费用|公务接待费|公务用车购置及运行维护费||||",
        "||||小计|公务用车购置费|公务用车运行维护费||",
        "预算数|9.00|2.00|3.00|4.00|1.00|3.00|5.00|6.00",
        "决算数|6.00|1.00|2.00|3.00|1.00|2.00|4.00|5.50",
    )
    found = {(row, column, value) for row, column, value, _ in numbers(read(text), "three_public")}
    assert ("总计", "预算数", "9.00") in found
    assert ("总计", "决算数", "6.00") in found
    assert ("公务接待费", "预算数", "3.00") in found
    assert len(found) == 16


def test_a_subtotal_is_that_of_the_group_above_it() -> None:
    """小计 below 本年支出 isn't that of 基本支出, which has only its parts."""
    text = "一般公共预算财政拨款支出决算表\n单位：元\n" + lines(
        "功能分类科目编码|功能分类科目名称|本年支出|||",
        "||小计|基本支出||项目支出",
        "|||人员经费|公用经费|",
        "合计||10.00|5.00|3.00|2.00",
        "206|科学技术支出|10.00|5.00|3.00|2.00",
        "20603|应用研究|10.00|5.00|3.00|2.00",
        "2060302|社会公益研究|10.00|5.00|3.00|2.00",
    )
    result = read(text)
    assert not [f for f in result.findings if f.kind == "contradiction"]
    assert {state for *_, state in numbers(result, "general_expenditure")} == {"proven"}


def test_a_list_of_tables_hides_none() -> None:
    """A contents list of tables, each with whether it is empty, ends where amounts begin."""
    listed = lines("表1|收入支出决算总表|否|", "表2|收入决算表|否|", "表8|政府性基金决算表|是|本单位无此项收支")
    text = f"目录\n第一部分 单位概况\n2022年部门决算公开报表目录\n{listed}\n收入支出决算总表\n单位：元\n" + lines(
        "收入||支出|", "项目|决算数|项目|决算数", "1.财政拨款|10.00|1.一般公共服务支出|0.00",
        "2.其他收入|2.00|21.国有资本经营预算支出|0.00", "|| 6.科学技术支出|12.00",
        "本年收入合计|12.00|本年支出合计|12.00", "收入总计|12.00|支出总计|12.00",
    )  # fmt: skip
    found = {(row, value) for row, _, value, _ in numbers(read(text), "revenue_expenditure")}
    assert ("科学技术支出", "12.00") in found
    assert ("国有资本经营预算支出", "0.00") in found  # a class, and no income misread


BOUGHT = (
    "项目名称|采购品目|计量单位|数量|合计|一般公共预算拨款",
    "合计||||20.00|20.00",
    "设备更新|台式计算机|台|12|5.00|5.00",
    "|多功能一体机|台|3|7.00|7.00",
    "监测服务|B0302 检测服务|项|1|8.00|8.00",
)


def test_rows_below_a_merged_name_are_told_by_what_stands_beside_it() -> None:
    """The unit of counting is no part of a name, and a catalogue's code no damaged number."""
    result = read("政府采购预算表\n单位：万元\n" + lines(*BOUGHT))
    rows = {row for row, *_ in numbers(result, "procurement")}
    assert rows == {"总计", "设备更新/台式计算机", "设备更新/多功能一体机", "监测服务"}
    assert not [f for f in result.findings if f.code == "damaged-number"]


def test_the_cell_that_differs_in_every_row_names_it() -> None:
    """Levels of a directory in front of the name, and who takes the order behind it, are none."""
    text = "政府购买服务预算表\n单位：万元\n" + lines(
        "指导性目录||购买内容|承接主体类别|预算金额",
        "一级|二级|||",
        "B 履职服务|B02 法律服务|法律顾问服务|律师事务所|3.00",
        "B 履职服务|B11 评价服务|绩效评价|会计师事务所|4.00",
        "A 公共服务|A03 教育|心理健康教育|社会组织|5.00",
        "合计||||12.00",
    )
    rows = {row for row, *_ in numbers(read(text), "service_purchases")}
    assert rows == {"总计", "法律顾问服务", "绩效评价", "心理健康教育"}


def test_a_sum_among_names_ends_where_it_adds_up() -> None:
    """货物 is the sum of the two rows below it; 工程 and 服务 are none of its parts."""
    text = "政府采购预算明细表\n单位：万元\n" + lines(
        "采购类别|金额", "A货物|9.00", "A02 设备|4.00", "A05 家具|5.00", "B工程|6.00", "C服务|1.00", "合计|16.00"
    )
    found = numbers(read(text), "procurement")
    assert {state for *_, state in found} == {"proven"}
    assert {row for row, *_ in found} == {"总计", "A货物", "A货物/A02设备", "A货物/A05家具", "B工程", "C服务"}


ADDED = (
    "单位名称|资产类别|资产名称|计量单位|单价|数量|金额",
    "合计|||||5|29.00",
    "某某厅本级|通用设备|台式计算机|台|5.00|3|15.00",
    "某某厅本级|专用设备|检测仪|套|7.00|2|14.00",
)


def test_a_grid_that_no_spec_describes_is_read_where_it_adds_up() -> None:
    """By the name of each row; what is counted, and prices, are no amounts of it."""
    result = read("新增资产配置表\n单位：万元\n" + lines(*ADDED))
    (table,) = [t for t in result.tables if t.id.startswith("other_")]
    assert numbers(result, table.id) == {
        ("总计", "金额", "29.00", "proven"),
        ("台式计算机", "金额", "15.00", "proven"),
        ("检测仪", "金额", "14.00", "proven"),
    }
    wrong = read("新增资产配置表\n单位：万元\n" + lines(*ADDED[:-1], ADDED[-1].replace("14.00", "41.00")))
    assert not [t for t in wrong.tables if t.id.startswith("other_")]
    assert [u.title for u in wrong.unread] == ["新增资产配置表"]


def test_a_table_of_the_other_classification_is_none_of_its_title() -> None:
    """财政拨款支出 by economic items: its 小计 and codes are its own."""
    text = "财政拨款支出决算明细表\n单位：万元\n" + lines(
        "经济分类科目编码|科目名称|合计|一般公共预算财政拨款|||政府性基金预算财政拨款",
        "|||小计|基本支出|项目支出|",
        "合计||10.00|9.00|6.00|3.00|1.00",
        "301|工资福利支出|6.00|6.00|6.00||",
        "30101|基本工资|6.00|6.00|6.00||",
        "302|商品和服务支出|4.00|3.00||3.00|1.00",
        "30201|办公费|4.00|3.00||3.00|1.00",
    )
    result = read(text)
    (table,) = [t for t in result.tables if t.numbers() and t.id != "document"]
    assert table.id.startswith("other_")
    assert ("30201", "一般公共预算财政拨款/小计", "3.00", "proven") in numbers(result, table.id)
    assert {state for *_, state in numbers(result, table.id)} == {"proven"}


@pytest.mark.parametrize("form", ["lines", "cells"])
def test_full_rows_without_cells_are_read(form: str) -> None:
    """A name and a number for each column, in the order of the header; a row that lacks one leaves the table unread."""
    rows = ["项目 行次 年初数 年末数", "流动资产 1 5.00 6.00", "固定资产 2 7.00 4.00", "合计 3 12.00 10.00"]
    text = "资产情况表\n单位：万元\n" + "\n".join(rows if form == "lines" else " ".join(rows).split()) + "\n"
    result = read(text)
    (table,) = [t for t in result.tables if t.id.startswith("other_")]
    assert ("固定资产", "年末数", "4.00", "ambiguous") in numbers(result, table.id)  # no sum tells the columns apart
    assert len(numbers(result, table.id)) == 6
    assert not [t for t in read(text.replace("7.00", "")).tables if t.id.startswith("other_")]


@pytest.mark.parametrize("separator", ["\t", " "])
def test_items_without_codes_are_told_by_their_names(separator: str) -> None:
    """Economic items below their classes add up; a row that is none of them leaves all in doubt."""
    rows = [
        ("合计", "9.00", "6.00", "3.00"), ("一、工资福利支出", "6.00", "6.00", ""), ("基本工资", "4.00", "4.00", ""),
        ("津贴补贴", "2.00", "2.00", ""), ("二、商品和服务支出", "3.00", "", "3.00"), ("办公费", "3.00", "", "3.00"),
    ]  # fmt: skip
    table = [("支出经济分类科目名称", "合计", "人员经费", "公用经费"), *rows]
    body = "\n".join(separator.join(c for c in row if c or separator == "\t") for row in table)
    found = numbers(read(f"一般公共预算基本支出情况表\n单位：万元\n{body}\n"), "basic_expenditure")
    assert ("工资福利支出/基本工资", "人员经费", "4.00", "proven") in found
    assert {state for *_, state in found} == {"proven"}


def test_a_header_that_the_whole_country_prints_is_told_without_cells() -> None:
    """Sixteen columns of four groups, two or three of them filled."""
    head = (
        "项目 年初结转和结余 本年收入 本年支出 年末结转和结余\n科目编码 科目名称 合计 基本支出结转 项目支出结转和结余"
        " 合计 基本支出 项目支出 合计 基本支出 项目支出 合计 基本支出结转 项目支出结转和结余\n"
        "小计 人员经费 公用经费 小计 项目支出结转 项目支出结余\n栏次 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
    )
    sums = "19.00 12.00 7.00 19.00 12.00 8.00 4.00 7.00"
    text = (
        f"一般公共预算财政拨款收入支出决算表\n单位：万元\n{head}合计 {sums}\n206 科学技术支出 {sums}\n"
        f"20603 应用研究 {sums}\n2060301 机构运行 12.00 12.00 12.00 12.00 8.00 4.00\n"
        "2060302 社会公益研究 7.00 7.00 7.00 7.00\n"
    )
    found = {(row, column, value) for row, column, value, _ in numbers(read(text), "general_expenditure")}
    assert ("2060301", "人员经费", "8.00") in found
    assert ("总计", "公用经费", "4.00") in found


def test_two_classifications_are_told_by_their_codes() -> None:
    """The department's economic item is the row's, also where the header's words are misread."""
    rows = "\n".join(
        f"{code} {name} {other} {whole}\n{amount}"
        for code, name, other, whole, amount in (
            ("301", "工资福利支出", "501", "机关工资福利支出", "6.00"),
            ("30101", "基本工资", "50101", "工资奖金津补贴", "6.00"),
            ("302", "商品和服务支出", "502", "机关商品和服务支出", "3.00"),
            ("30201", "办公费", "50201", "办公经费", "3.00"),
        )
    )
    text = f"一般公共预算基本支出表\n单位：万元\n科目编码 科目名称 科目编码 科目名称 金额\n合计 9.00\n{rows}\n"
    assert {row for row, *_ in numbers(read(text), "basic_expenditure")} <= {"总计", "301", "30101", "302", "30201"}
