"""Texts of web pages: cells with a line and a border each, whole numbers, paragraphs on one line; invented."""

import pytest

from .reading import numbers, read

GUESTS = (
    ("项目", "预算数", "决算数"),
    ("合计", "49.9", "20"),
    ("因公出国（境）费", "", ""),
    ("公务接待费", "9.9", "5"),
    ("公务用车购置及运行费", "40", "15"),
    ("其中：公务用车购置费", "", ""),
    ("公务用车运行费", "40", "15"),
)
TITLE = "2019年“三公”经费支出决算表\n单位：万元\n"


@pytest.mark.parametrize(
    "printed",
    [
        "".join(f"{cell} |\n" for row in GUESTS for cell in row),
        "".join("| " + " |\n".join(row) + " |\n" for row in GUESTS),
        "".join(f"{cell}\n|\n" if cell else "|\n" for row in GUESTS for cell in row),
    ],
    ids=["behind", "around", "below"],
)
def test_cells_with_a_line_and_a_border_each_are_a_table(printed: str) -> None:
    """Empty cells have their border, so the number of columns tells the rows."""
    result = read(TITLE + printed)
    values = numbers(result, "three_public")
    assert values["总计", "预算数"] == ("49.9", "proven")
    assert values["总计", "决算数"] == ("20", "proven")
    assert values["公务接待费", "决算数"] == ("5", "proven")
    assert values["公务用车购置及运行费/公务用车运行费", "预算数"] == ("40", "proven")
    assert not [f for f in result.findings if f.kind in {"contradiction", "not-read"}]


def test_lines_with_borders_that_are_no_table_stay() -> None:
    """A menu has as many borders as a table, and nothing but words."""
    menu = "首页 |\n政务公开 |\n互动交流 |\n办事服务 |\n专题专栏 |\n联系我们 |\n网站地图 |\n"
    result = read(
        f"{menu}某局2019年部门决算\n一、收入决算情况说明\n2019年收入合计12.50万元，其中：财政拨款收入12.50万元。\n"
    )
    assert numbers(result, "n_revenue")["财政拨款收入", "金额"][0] == "12.50"


def test_a_column_of_whole_numbers_below_the_name_of_an_amount_is_read() -> None:
    """Beside amounts with decimals, whole numbers look like numbers of pages or of rows."""
    rows = "".join("\t".join(row) + "\n" for row in GUESTS)
    values = numbers(read(TITLE + rows), "three_public")
    assert values["总计", "决算数"] == ("20", "proven")
    assert values["公务用车购置及运行费/公务用车运行费", "决算数"] == ("15", "proven")


def test_paragraphs_on_one_line_are_lines() -> None:
    """What ends a paragraph or a heading ends a line, but in cells of tables."""
    prose = (
        "<h2>某局2019年部门决算</h2><p>一、收入决算情况说明</p><p>2019年收入合计12.50万元，其中：财政拨款收入12.00万元，"
        "占96.00%；其他收入0.50万元，占4.00%。</p><p>二、支出决算情况说明</p><p>2019年支出合计12.50万元，其中：基本支出10.00万元，"
        "占80.00%；项目支出2.50万元，占20.00%。</p>\n"
    )
    result = read(prose)
    assert numbers(result, "n_revenue")["其他收入", "金额"] == ("0.50", "proven")
    assert numbers(result, "n_expenditure")["项目支出", "占比"] == ("20.00", "proven")


def test_rows_behind_leading_tabs_are_rows() -> None:
    """White space in front of a table row is none of its cells."""
    rows = "".join("\t\t<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in GUESTS)
    values = numbers(
        read(f"<p>2019年“三公”经费支出决算表</p><p>单位：万元</p>\n<table>\n{rows}</table>\n"), "three_public"
    )
    assert values["总计", "预算数"] == ("49.9", "proven")


def test_the_words_in_the_headings_tell_a_final_account() -> None:
    """Where no title says it: a change against the year's budget is none against last year."""
    text = """某局
一、“三公”经费决算情况说明
2019年“三公”经费支出决算5.00万元，比预算减少3.00万元。
公务接待费支出决算5.00万元，比预算减少3.00万元，国内公务接待12批次、90人次。
"""
    values = numbers(read(text), "n_three_public")
    assert ("公务接待费", "增减额") not in values
    assert values["公务接待费", "金额"][0] == "5.00"
