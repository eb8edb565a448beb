"""Cells over several others: labels over two sides, names cut by pages, levels told by columns; invented."""

import pytest

from .reading import numbers, read

OVERVIEW = """公开01表：收支预算总表
部门：某厅 单位：万元
收入		支出
项目名称	金额	功能分类		支出用途
		功能科目名称	金额	项目名称	金额
一、财政拨款	90.00	一、一般公共服务支出	60.00	一、基本支出	50.00
1.一般公共预算	90.00	八、社会保障和就	10.00	二、项目支出	30.00
		业支出
2.政府性基金预算		十八、住房保障支出	20.00	三、单位预留机动经费	10.00
当年收入小计	90.00	当年支出小计			90.00
上年结转资金		结转下年资金
收入合计	90.00	支出合计			90.00
"""
BASIC = """公开08表：一般公共预算基本支出预算表（经济科目）
部门：某厅 单位：万元
科目编码	科目名称	基本支出
合计		50.00
301	工资福利支出	40.00
30101	基本工资	40.00
302	商品和服务支出	10.00
30201	办公费	10.00
"""
RUNNING = """公开11表：一般公共预算机关运行经费支出预算表
部门：某厅 单位：万元
科目编码	科目名称	机关运行经费支出
合计		{0}.00
302	商品和服务支出	{0}.00
30201	办公费	{0}.00
"""
BOUGHT = """2019年政府采购预算表
部门：某厅 单位：万元
采购品目大类	专项名称	经济科目	采购物品名称	采购组织形式	总计
合计					21.00
一、货物A					12.00
	设备购置费	办公设备购置			12.00
			台式计算机（20万以下）	分散自行组织	7.00
	设备购置费	办公设备购置	复印机	政府集中采购	5.00
三、服务C					9.00
	某次会议 筹办经费	会议费			9.00
			会议服务	分散自行组织	9.00
"""


def test_a_label_over_two_sides_has_the_amount_at_the_end() -> None:
    """Totals of both groups of expenditure, parts of one total in two blocks, and a label that a page cuts."""
    result = read(OVERVIEW)
    values = numbers(result, "revenue_expenditure")
    assert {state for _, state in values.values()} == {"proven"}
    told = {row: value for (row, _), (value, _) in values.items()}
    assert (told["当年支出小计"], told["支出总计"]) == ("90.00", "90.00")
    assert (told["基本支出"], told["项目支出"], told["单位预留机动经费"]) == ("50.00", "30.00", "10.00")
    assert told["社会保障和就业支出"] == "10.00"
    assert result.findings == ()


def test_purchases_in_cells_stand_below_their_projects() -> None:
    """The words of a cell are one name, and what a page repeats of the cells above is no part of it."""
    values = numbers(read(f"{BASIC}{BOUGHT}"), "procurement")
    assert {(row, value) for (row, _), (value, state) in values.items() if state == "proven"} == {
        ("总计", "21.00"),
        ("货物A", "12.00"),
        ("货物A/设备购置费/办公设备购置", "12.00"),
        ("货物A/设备购置费/办公设备购置/台式计算机(20万以下)", "7.00"),
        ("货物A/设备购置费/办公设备购置/复印机", "5.00"),
        ("服务C", "9.00"),
        ("服务C/某次会议筹办经费/会议费", "9.00"),
        ("服务C/某次会议筹办经费/会议费/会议服务", "9.00"),
    }


@pytest.mark.parametrize(("running", "proofs"), [(10, True), (35, False)])
def test_running_costs_may_be_more_than_basic_expenditure(running: int, proofs: bool) -> None:  # noqa: FBT001
    """Where they are the same they confirm each other; where projects pay for some of them nothing is wrong."""
    result = read(BASIC + RUNNING.format(running))
    assert [f.code for f in result.findings] == []
    proven = {p for t in result.tables for _, c in t.numbers() for p in c.proof}
    assert ("N16" in proven) is proofs


def test_a_table_of_funds_has_no_class_that_funds_never_pay_for() -> None:
    """Tools print a title below its table, above the next: then the rows are another table's, however they add up."""
    title = "政府性基金预算支出预算表\n单位：万元\n功能科目代码\t功能科目名称\t金额\n"
    rows = "{0}\t某类\t9.00\n{0}01\t某款\t9.00\n{0}0101\t某项\t9.00\n合计\t\t9.00\n"
    states = {code: numbers(read(title + rows.format(code)), "government_fund") for code in ("201", "212")}
    assert {s for (row, _), (_, s) in states["201"].items() if row != "总计"} == {"ambiguous"}
    assert {s for _, s in states["212"].values()} == {"proven"}


@pytest.mark.parametrize(
    "body",
    [
        "合计\n基本支出\n项目支出\n单位预留机动经费\n结转下年资金\n90.00\n50.00\n30.00\n10.00\n",
        "合计\n\n基本支出\n\n90.00\n\n50.00\n\n项目支出\n30.00\n\n单位预留机动经费\n\n结转下年资金\n\n10.00\n",
    ],
)
def test_names_of_columns_are_no_rows(body: str) -> None:
    """A column's name that a tool puts in front of the amounts isn't the name of the row that has them."""
    values = numbers(read("支出预算总表\n部门：某厅\n单位：万元\n" + body), "expenditure")
    assert not {row for (row, _), (_, state) in values.items() if state in ("proven", "grounded")} - {"总计"}


def test_a_column_of_labels_beside_a_column_of_amounts() -> None:
    """Which of the labels above it the first amount belongs to isn't told, and any would add up."""
    labels = "一、财政拨款收入\n二、事业收入\n三、事业单位经营收入\n四、其他收入\n"
    amounts = "90.00 一、一般公共服务支出\n90.00 二、住房保障支出\n70.00\n20.00\n收入总计\n90.00\n支出总计\n90.00\n"
    values = numbers(
        read(f"收支预算总表\n单位：万元\n项目\n预算数\n项目\n预算数\n{labels}{amounts}"), "revenue_expenditure"
    )
    assert values.get(("其他收入", "预算数"), ("", "ambiguous"))[1] == "ambiguous"


def test_items_of_a_header_behind_the_first_amounts() -> None:
    """A header of which a part comes below the numbers doesn't tell whose they are, though some order adds up."""
    body = (
        "公务用车购置及运行费\n合计\n因公出国(境)费\n公务接待费\n小计\n867.50\n839.00\n28.50\n购置费\n运行费\n213.28\n"
    )
    result = read("2025年部门“三公”经费和机关运行经费预算表\n单位：万元\n“三公”经费预算数\n机关运行经费预算数\n" + body)
    assert numbers(result, "three_public") == {}
    assert [f.code for f in result.findings if f.kind == "not-read"] == ["table-not-read"]


def test_prose_that_names_other_items_puts_no_amount_in_doubt() -> None:
    """A list of names that differs says that a name is wrong, and nothing of the amounts that add up."""
    table = """一般公共预算支出预算表（功能科目）
单位：万元
功能科目编码\t功能科目名称\t金额
合计\t\t30.00
204\t公共安全支出\t30.00
20405\t法院\t30.00
2040501\t行政运行\t20.00
2040502\t一般行政管理事务\t10.00
"""
    said = "五、财政拨款支出预算情况说明\n（一）公共安全（类）\n1．法院（款）行政运行（项）支出20.00万元。\n"
    said += "2．法院（款）一般行政事务管理（项）支出10.00万元。\n"
    result = read(table + said)
    assert {f.code for f in result.findings if f.kind == "contradiction"} == {"L7"}
    assert {state for _, state in numbers(result, "general_expenditure").values()} == {"proven"}
