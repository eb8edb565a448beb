"""Headers and rows of departments' tables that hold more, or less, than their form says: invented ones."""

from collections.abc import Sequence

import pytest

from .reading import Cells, numbers, read

UNIT = "单位：万元\n"
SURE = ("proven", "grounded")
REVENUE = (
    "收入决算表\n" + UNIT + "项目\n附属单位上缴\n"
    "功能分 本年收入合计 财政拨款收入 上级补助收入 事业收入 经营收入 其他收入\n收入\n类科目 科目名称\n"
)
AMOUNTS = (
    ("204", "公共安全支出", "250.10", "200.10", "0.00", "50.00", "0.00", "0.00", "0.00"),
    ("20404", "检察", "250.10", "200.10", "0.00", "50.00", "0.00", "0.00", "0.00"),
    ("2040401", "行政运行", "250.10", "200.10", "0.00", "50.00", "0.00", "0.00", "0.00"),
)
TOTAL = ("250.10", "200.10", "0.00", "50.00", "0.00", "0.00", "0.00")
NAMES = ("附属单位上缴收入", "本年收入合计", "财政拨款收入", "上级补助收入", "事业收入", "经营收入", "其他收入")


def values(text: str, table: str) -> Cells:
    """Return values and states of a table's numbers by row and column."""
    return numbers(read(text), table)


def lines(*rows: Sequence[str]) -> str:
    """Return rows as lines of text."""
    return "".join(" ".join(row) + "\n" for row in rows)


def test_what_all_amounts_are_stands_below_the_name_of_every_column() -> None:
    """决算数 seven times is no seven columns, and the columns above it are known."""
    text = REVENUE + "编码 " + " ".join(["决算数"] * 7) + "\n类 款 项 合计 " + " ".join(TOTAL) + "\n" + lines(*AMOUNTS)
    found = values(text, "revenue")
    assert {state for _, state in found.values()} == {"proven"}
    assert len(found) == len(TOTAL) * 4
    assert {row for (row, column), (value, _) in found.items() if value == "50.00"} == {
        "总计", "204", "20404", "2040401",
    }  # fmt: skip


def test_what_all_amounts_are_stands_below_every_column_cell_by_cell() -> None:
    """The same, each cell on a line of its own."""
    head = ("项目", *NAMES[1:6], "附属单位上缴收入", "其他收入", "功能分类科目编码", "科目名称", *["决算数"] * 7)
    cells = (*head, "类", "款", "项", "合计", *TOTAL, *(cell for row in AMOUNTS for cell in row))
    found = values("收入决算表\n" + UNIT + "\n".join(cells) + "\n", "revenue")
    assert {state for _, state in found.values()} == {"proven"}
    assert len(found) == len(TOTAL) * 4


SPENT = "功能分类科目编码\n事业单位\n功能分类科目名称 合计 财政拨款收入 事业收入 其他收入\n经营收入\n类 款 项\n"


@pytest.mark.parametrize("times", [1, 2])
def test_a_header_that_is_printed_twice_names_its_columns_once(times: int) -> None:
    """A page ends right below the header, and the next one begins with it."""
    rows = (
        ("204", "公共安全支出", "250.10", "200.10", "50.00", "0.00", "0.00"),
        ("204", "04", "检察", "250.10", "200.10", "50.00", "0.00", "0.00"),
        ("204", "04", "01", "行政运行", "250.10", "200.10", "50.00", "0.00", "0.00"),
        ("合计", "250.10", "200.10", "50.00", "0.00", "0.00"),
    )
    found = values("2031年部门收入预算总表\n" + UNIT + "项目 收入预算\n" + SPENT * times + lines(*rows), "revenue")
    assert {state for _, state in found.values()} == {"proven"}
    assert {column for (_, column), (value, _) in found.items() if value == "50.00"} == {"事业收入"}
    assert len(found) == 20


FISCAL = (
    "2031年部门财政拨款收支预算总表\n" + UNIT + "财政拨款收入 财政拨款支出\n"
    "项目 预算数 项目 合计 一般公共预算 政府性基金预算 国有资本经营预算\n"
)


def test_labels_of_both_sides_wrapped_around_amounts_of_several_columns() -> None:
    """The right side's columns are full: the first of its line's amounts is the left side's."""
    text = FISCAL + (
        "一、社会保障和就业\n一、一般公共预算 320.50 120.50 120.50 0.00 0.00\n支出\n"
        "三、国有资本经营预\n二、卫生健康支出 200.00 200.00 0.00 0.00\n算\n"
        "收入总计 320.50 支出总计 320.50 320.50 0.00 0.00\n"
    )
    found = values(text, "fiscal_appropriation")
    assert found[("一般公共预算", "预算数")] == ("320.50", "proven")
    assert found[("社会保障和就业支出", "合计")] == ("120.50", "proven")
    assert found[("社会保障和就业支出", "一般公共预算")] == ("120.50", "proven")
    assert found[("卫生健康支出", "一般公共预算")] == ("200.00", "proven")


def test_empty_cells_between_wrapped_labels_are_told_by_the_total_of_their_row() -> None:
    """Where columns are empty, the left side has an amount if the next one is the sum of what follows it."""
    text = FISCAL + (
        "一、社会保障和就业\n一、一般公共预算 320.50 120.50 120.50\n支出\n"
        "二、卫生健康支出 200.00 200.00\n收入总计 320.50 支出总计 320.50 320.50\n"
    )
    found = values(text, "fiscal_appropriation")
    assert found[("一般公共预算", "预算数")] == ("320.50", "proven")
    assert found[("社会保障和就业支出", "合计")] == ("120.50", "proven")


def test_equal_amounts_between_wrapped_labels_are_nobodys() -> None:
    """Three equal amounts fit one side and both: none is given away for sure."""
    text = FISCAL + (
        "一、社会保障和就业\n一、一般公共预算 120.50 120.50\n支出\n收入总计 120.50 支出总计 120.50 120.50\n"
    )
    found = values(text, "fiscal_appropriation")
    kept = {row for (row, _), (_, state) in found.items() if state in SURE}
    assert kept.isdisjoint({"一般公共预算", "社会保障和就业支出"})


ITEMS = (
    "一般公共预算财政拨款基本支出决算表\n"
    + UNIT
    + "经济分类 经济分类\n科目编码 科目名称 决算数 科目编码 科目名称 决算数\n"
    "类 款 类 款\n"
)


def test_an_item_beside_another_whose_name_is_wrapped_around_its_line() -> None:
    """Its code and its amount stand behind the amount of the row beside it, without a word."""
    text = ITEMS + (
        "301 工资福利支出 90.00 302 商品和服务支出 40.00\n301 01 基本工资 60.00 302 01 办公费 10.00\n"
        "因公出国（境）费\n301 02 津贴补贴 20.00 302 12 25.00\n用\n"
        "301 12 其他社会保障缴费 10.00 302 13 维修（护）费 5.00\n"
        "人员经费合计 90.00 公用经费合计 40.00\n"
    )
    found = values(text, "basic_expenditure")
    assert found[("30212", "决算数")] == ("25.00", "proven")
    assert found[("30102", "决算数")] == ("20.00", "proven")
    assert {state for _, state in found.values()} == {"proven"}


FUND = "政府性基金预算财政拨款收入支出决算表\n" + UNIT


def test_names_of_columns_stand_in_the_row_of_the_total() -> None:
    """What the total comes to there isn't printed: its row isn't read, and the rows below have their columns."""
    grid = (
        ("项目", "", "年初结转和结余", "本年收入", "本年支出", "", "", "年末结转和结余"),
        ("功能分类科目编码", "科目名称", "", "", "", "", "", ""),
        ("合计", "", "3.00", "20.00", "合计", "基本支出", "项目支出", "1.00"),
        ("212", "城乡社区支出", "3.00", "20.00", "22.00", "", "22.00", "1.00"),
        ("21208", "国有土地使用权出让收入安排的支出", "3.00", "20.00", "22.00", "", "22.00", "1.00"),
    )
    found = values(FUND + "\n".join(f"| {' | '.join(row)} |" for row in grid), "government_fund")
    assert found[("212", "项目支出")] == ("22.00", "proven")
    assert found[("21208", "年末结转和结余")] == ("1.00", "proven")
    assert "总计" not in {row for row, _ in found}


@pytest.mark.parametrize("between", ["\n", " "])
def test_the_order_of_columns_below_a_group_is_the_groups(between: str) -> None:
    """``年末结转和结余`` is named above what stands below 本年支出, and its amounts stand behind theirs."""
    head = ("项目", "年初结转和结余", "本年收入", "本年支出", "年末结转和结余", "功能分类科目编码", "科目名称")
    rows = (
        ("212", "城乡社区支出", "0", "20.00", "20.00", "20.00", "0"),
        ("21208", "土地出让", "0", "20.00", "20.00", "20.00", "0"),
    )
    total = ("合计", "0", "20.00", "合计", "基本支出", "项目支出", "0")
    text = "\n".join([*head, *map(between.join, (total, *rows))])
    found = values(FUND + text + "\n", "government_fund")
    assert found[("212", "合计")] == ("20.00", "proven")
    sure = {column for (_, column), (value, state) in found.items() if value == "0" and state in SURE}
    assert sure <= {"年初结转和结余", "年末结转和结余"}
