"""Grids that converters to Markdown make of pages: other cells on each page, two columns in one cell; invented."""

import pytest

from .reading import numbers, read

UNIT = "单位：万元"
RULE = "|---|---|---|---|\n"


def table(*rows: str) -> str:
    """Return a grid whose first line is ruled off, as each page's is."""
    first, *rest = rows
    return "\n".join([first, "|" + "---|" * (first.count("|") - 1), *rest])


def test_a_page_without_what_is_empty_on_it() -> None:
    """The first column has nothing overleaf: all cells are one column further left there."""
    first = table(
        "|采购品目大类|专项名称|经济科目|采购物品名称|采购组织形式|总计|",
        "|合计|||||20.00|", "|三、服务C|||||20.00|", "||业务经费|会议费|||12.00|",
        "||||会议服务|分散自行组织|12.00|",
    )  # fmt: skip
    second = table("||培训费|||8.00|", "|||住宿服务|分散自行组织|5.00|", "|||餐饮服务|分散自行组织|3.00|")
    found = numbers(read(f"2019年政府采购预算表\n{UNIT}\n{first}\n\n21 \n\n{second}\n"), "procurement")
    assert found["服务C/业务经费/培训费/住宿服务", "总计"] == ("5.00", "proven")
    assert {column for _, column in found} == {"总计"}


def test_a_page_whose_columns_nothing_tells_is_in_doubt() -> None:
    """Three cells of four: the amounts may be those of either column, and sums hold either way."""
    first = table(
        "|科目编码|科目名称|合计|基本支出|项目支出|", "|201|一般公共服务支出|30.00|20.00|10.00|",
        "|20101|人大事务|30.00|20.00|10.00|", "|2010101|行政运行|20.00|20.00||",
        "|2010102|一般行政管理事务|10.00||10.00|",
    )  # fmt: skip
    second = table("|204|公共安全支出|5.00|5.00|", "|20402|公安|5.00|5.00|", "|2040201|行政运行|5.00|5.00|")
    found = numbers(read(f"一般公共预算支出表\n{UNIT}\n{first}\n\n2\n\n{second}\n"), "general_expenditure")
    assert found["2010101", "基本支出"] == ("20.00", "proven")
    assert not [
        key for key, (_, state) in found.items() if key[0].startswith("204") and state in ("proven", "grounded")
    ]


def test_two_columns_in_one_cell() -> None:
    """The name and its amount stand in a cell, a break between them; so do the names of both columns."""
    grid = table(
        "|科目编码|科目名称<br>金额|", "||合计<br>30.00|", "|301|工资福利支出<br>25.00|", "|30101|基本工资<br>15.00|",
        "|30102|津贴补贴<br>10.00|", "|302|商品和服务支出<br>5.00|", "|30201|办公费<br>5.00|",
    )  # fmt: skip
    found = numbers(read(f"一般公共预算基本支出预算表\n{UNIT}\n{grid}\n"), "basic_expenditure")
    assert {(row, value, state) for (row, _), (value, state) in found.items()} == {
        ("总计", "30.00", "proven"), ("301", "25.00", "proven"), ("30101", "15.00", "proven"),
        ("30102", "10.00", "proven"), ("302", "5.00", "proven"), ("30201", "5.00", "proven"),
    }  # fmt: skip


def test_an_amount_in_one_cell_with_the_label_behind_it() -> None:
    """``9.00 一、教育支出``: the left side's amount and the label of the right."""
    grid = table(
        "|项目名称|金额<br>项目名称|金额|", "|一、财政拨款|30.00<br>一、基本支出|20.00|",
        "|二、财政专户管理资金|二、项目支出|10.00|", "|当年收入小计|30.00<br>当年支出小计|30.00|",
        "|收入合计|30.00<br>支出合计|30.00|",
    )  # fmt: skip
    found = numbers(read(f"收支预算总表\n{UNIT}\n{grid}\n"), "revenue_expenditure")
    assert {(row, value, state) for (row, _), (value, state) in found.items()} >= {
        ("财政拨款", "30.00", "proven"), ("基本支出", "20.00", "proven"), ("项目支出", "10.00", "proven"),
        ("收入总计", "30.00", "proven"), ("支出总计", "30.00", "proven"),
    }  # fmt: skip


@pytest.mark.parametrize(("name", "state"), [("财政拨款收入上级补助收入", "ambiguous"), ("财政拨款收入", "proven")])
def test_the_names_of_two_columns_in_one_cell(name: str, state: str) -> None:
    """Which of both its amounts are of isn't told, whatever adds up."""
    grid = table(
        f"|功能分类科目编码|科目名称|本年收入合计|{name}|事业收入|其他收入|",
        "|201|一般公共服务支出|30.00|28.00||2.00|", "|20101|人大事务|30.00|28.00||2.00|",
        "|2010101|行政运行|30.00|28.00||2.00|",
    )  # fmt: skip
    found = numbers(read(f"收入决算表\n{UNIT}\n{grid}\n"), "revenue")
    assert {s for (row, _), (value, s) in found.items() if value == "28.00"} == {state}


def test_amounts_below_the_name_of_a_column_of_words_are_not_read() -> None:
    """Codes in two cells in both halves, and a header that doesn't say so: 302 is no amount, nor one of 科目名称."""
    left = (
        ("301", "", "工资福利支出", "25.00"),
        ("301", "01", "基本工资", "15.00"),
        ("301", "02", "津贴补贴", "10.00"),
    )
    right = (("302", "", "商品和服务支出", "5.00"), ("302", "01", "办公费", "2.00"), ("302", "02", "印刷费", "3.00"))
    more = (("310", "", "资本性支出", "3.00"), ("310", "02", "办公设备购置", "3.00"))
    half = "经济<br>科目|分类<br>编码|科目名称|决算数"
    grid = table(
        f"|{half}|{half}|", "|类|款|||类|款|||", *(f"|{'|'.join((*a, *b))}|" for a, b in zip(left, right, strict=True)),
        *(f"|||||{'|'.join(row)}|" for row in more),
    )  # fmt: skip
    last = table("|||310|19|其他交通工具购置||", "|人员经费合计|25.00|||公用经费合计|8.00|")
    result = read(f"一般公共预算财政拨款基本支出决算表\n{UNIT}\n{grid}\n\n\n{last}\n")
    found = numbers(result, "basic_expenditure")
    assert not {"类", "款", "科目名称"} & {column for _, column in found}
    assert found or any("基本支出决算表" in part.title for part in result.unread)
