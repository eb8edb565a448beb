"""Headers whose cells differ in height or run into each other, in text without cells; invented, in small."""

import pytest

from .reading import Cells, numbers, read

TITLE = "2031年预算单位财务收支预算总表\n编制单位：某某区林水局 单位：元\n"
ROWS = (
    ("一、财政拨款收入", "900.00", "一、农林水支出", "700.00", "300.00", "100.00", "300.00"),
    ("1、一般公共预算资金", "900.00", "二、卫生健康支出", "80.00", "80.00", "", ""),
    ("二、事业收入", "", "三、住房保障支出", "120.00", "60.00", "20.00", "40.00"),
    ("收入总计", "900.00", "支出总计", "900.00", "440.00", "120.00", "340.00"),
)
COLUMNS = ("合计", "人员经费", "公用经费", "项目支出")
CENTRED = "本年收入 本年支出\n预算数\n项目 预算数 项目 基本支出\n合计 项目支出\n人员经费 公用经费\n"
GLUED = "本年收入 本年支出\n项目 预算数 项目预算数\n合计基本支出\n项目支出\n人员经费公用经费\n"


def table(header: str, rows: tuple[tuple[str, ...], ...] = ROWS) -> str:
    """Return a table as text that keeps lines and loses cells."""
    return TITLE + header + "".join(" ".join(filter(None, row)) + "\n" for row in rows)


def spent(cells: Cells) -> dict[str, list[str]]:
    """Return the amounts of each kind of spending that are sure."""
    sure = {place: value for place, (value, state) in cells.items() if state in ("proven", "grounded")}
    names = [row[2].partition("、")[2] or row[2] for row in ROWS]
    return {name: [sure.get((name, column), "") for column in COLUMNS] for name in names}


@pytest.mark.parametrize("header", [CENTRED, GLUED])
def test_a_known_form_is_told_by_its_names_in_any_lines(header: str) -> None:
    """基本支出 stands a line above 合计 beside it, or cells run into each other: the rows add up under the form."""
    cells = numbers(read(table(header)), "revenue_expenditure")
    assert spent(cells) == {row[2].partition("、")[2] or row[2]: list(row[3:]) for row in ROWS}


def test_a_form_under_which_rows_don_t_add_up_is_not_taken() -> None:
    """One row with other sums is enough: its columns may be others."""
    wrong = (*ROWS[:2], ("二、事业收入", "三、住房保障支出", "120.00", "60.00", "20.00", "50.00"), ROWS[3])
    assert not any(map(any, spent(numbers(read(table(CENTRED, wrong)), "revenue_expenditure")).values()))


def test_names_on_a_line_in_another_order_are_of_no_known_form() -> None:
    """项目支出 in front of 合计 on one line: from left to right no form is so."""
    other = CENTRED.replace("合计 项目支出", "项目支出 合计")
    assert not any(map(any, spent(numbers(read(table(other)), "revenue_expenditure")).values()))


def test_rounded_amounts_beside_others_break_no_sum() -> None:
    """An export prints ``12.34`` for what is whole and 12 for its parts: other rows tell the columns."""
    rounded = ("一、财政拨款收入", "900.34", "一、农林水支出", "700.34", "300", "100", "300")
    total = ("收入总计", "900.34", "支出总计", "900.34", "440", "120", "340")
    text = table(CENTRED, (rounded, ROWS[1], ROWS[2], total)).replace("资金 900.00", "资金 900.34")
    assert spent(numbers(read(text), "revenue_expenditure"))["农林水支出"] == list(rounded[3:])


def test_names_of_columns_that_run_into_each_other() -> None:
    """Cells side by side without a blank between them, one cell on each line: two columns and not one."""
    header = "财政拨款收入\n财政拨款支出\n项目\n预算数\n项目\n合计\n一般公共预算\n政府性基金预算国有资本经营预算\n"
    rows = (
        "一、一般公共预算\n70.00\n一、教育支出\n70.00\n70.00",
        "二、政府性基金预算\n9.00\n二、城乡社区支出\n9.00\n9.00",
    )
    text = f"2031年预算单位财政拨款收支预算总表\n单位：元\n{header}" + "\n".join(rows)
    cells = numbers(read(text + "\n收入总计\n79.00\n支出总计\n79.00\n70.00\n9.00\n"), "fiscal_appropriation")
    assert cells["支出总计", "合计"] == ("79.00", "proven")
    assert cells["支出总计", "一般公共预算"][0] == "70.00"


def test_a_blank_between_two_numbers_is_no_separator_where_it_stands_once() -> None:
    """``7 386.02`` are two amounts: what vehicles cost, and what the office runs on."""
    text = "2031年“三公”经费和机关运行经费预算表\n单位：万元\n“三公”经费预算数\n机关运行经费预算\n数\n"
    text += "合计 因公出国(境)费 公务接待费 公务用车购置及运行费\n小计 购置费 运行费\n8.53 1.53 7 7 386.02\n"
    cells = numbers(read(text), "three_public")
    assert cells["机关运行经费", "预算数"][0] == "386.02"
    assert cells["总计", "预算数"] == ("8.53", "proven")


def test_a_name_that_runs_into_others_and_goes_on_below() -> None:
    """``事业收入事业单位`` / ``经营收入其他收入`` are three columns."""
    text = "2031年预算单位收入预算总表\n单位：元\n项目 收入预算\n功能分类科目编码\n"
    text += "功能分类科目名称 合计 财政拨款收入事业收入事业单位\n经营收入其他收入\n类款项\n"
    rows = ("205 教育支出", "20502 普通教育", "2050201学前教育", "合计")
    cells = numbers(read(text + "".join(f"{row} 100 40 30 20 10\n" for row in rows)), "revenue")
    columns = ("财政拨款收入", "事业收入", "事业单位经营收入", "其他收入")
    assert [cells["2050201", column][0] for column in columns] == ["40", "30", "20", "10"]


FUND = """2031年预算单位政府性基金预算支出功能分类预算表
单位：元
功能分类科目编码 功能分类科目名称 合计 基本支出 项目支出
212 城乡社区支出 50 50
21208 国有土地使用权出让收入安排的支出 50 50
2120803 城市建设支出 50 50
221 住房保障支出 30 30
221{level} 其他住房保障支出 30 30
221{level}99 其他住房保障支出 30 30
合计 80 80
"""


@pytest.mark.parametrize(("level", "state"), [("98", "proven"), ("02", "ambiguous")])
def test_special_treasury_bonds_pay_for_classes_that_no_other_fund_pays_for(level: str, state: str) -> None:
    """Their second level is 98 in every class; other items of 住房保障 stand in another table."""
    cells = numbers(read(FUND.format(level=level)), "government_fund")
    assert {cells["221", "合计"], cells[f"221{level}99", "合计"]} == {("30", state)}


def test_levels_of_an_item_parted_by_dashes() -> None:
    """``卫生健康支出(类）-行政事业单位医疗（款）-行政单位医疗（项）``: the dashes are no part of the names."""
    text = "2031年单位预算编制说明\n财政拨款支出主要内容如下：\n"
    text += "1. “卫生健康支出(类）-行政事业单位医疗（款）-行政单位医疗（项）”12.5万元，主要用于：在职人员医疗保险。\n"
    cells = numbers(read(text), "n_general_items")
    assert cells["卫生健康支出/行政事业单位医疗/行政单位医疗", "金额"][0] == "12.5"


BALANCE = "财政拨款收入支出决算总表\n单位：万元\n收入 支出\n"
HIGH = "政府性基金 国有资本经\n行 行 一般公共预\n项目 金额 项目 合计 预算财政拨 营预算财政\n次 次 算财政拨款\n款 拨款\n"
CELLS = (
    "项目\n行\n次\n金额\n项目\n行\n次\n合计\n一般公共预\n算财政拨款\n"
    "政府性基金\n预算财政拨\n款\n国有资本经\n营预算财政\n拨款\n"
)


@pytest.mark.parametrize("cells", [False, True])
def test_numbers_of_rows_in_cells_as_narrow_as_a_character(*, cells: bool) -> None:
    """行 above 次, and labels that wrap from the first row on."""
    rows = ["1 9.00 一、教育支出 33 9.00 9.00\n款\n", "2 4.00 二、城乡社区支出 34 4.00 4.00\n拨款\n"]
    if cells:
        rows = ["款\n1\n9.00 一、教育支出\n33\n9.00\n9.00\n", "拨款\n2\n4.00 二、城乡社区支出\n34\n4.00\n4.00\n"]
    text = f"{BALANCE}{CELLS if cells else HIGH}栏次 1 栏次 2 3 4 5\n一、一般公共预算财政拨\n{rows[0]}"
    text += f"二、政府性基金预算财政\n{rows[1]}本年收入合计 27 13.00 本年支出合计 59 13.00 9.00 4.00\n"
    found = numbers(read(text + "总计 32 13.00 总计 64 13.00 9.00 4.00\n"), "fiscal_appropriation")
    assert [value for (row, _), (value, _) in found.items() if row.startswith("一般公共预算财政拨")] == ["9.00"]
    assert [value for (row, _), (value, _) in found.items() if row == "支出总计"] == ["13.00", "9.00", "4.00"]
    assert ("支出总计", "政府性基金预算财政拨款") in found


KINDS = "收 入 支 出\n其中：\n项 目 金 额 项 目 合 计\n一般公共预算 上年结转结余\n"
OF_WHICH = (
    ("一、一般公共预算", "70.00", "一、基本支出", "40.00", "40.00", ""),
    ("其中：财政拨款", "60.00", "1、工资福利支出", "40.00", "40.00", ""),
    ("二、事业收入", "20.00", "二、项目支出", "59.00", "50.00", "9.00"),
    ("本年收入合计", "90.00", "本年支出合计", "99.00", "90.00", "9.00"),
    ("上年结转结余", "9.00", "年终结转结余", "", "", ""),
    ("收入总计", "99.00", "支出总计", "99.00", "90.00", "9.00"),
)


@pytest.mark.parametrize("grid", [True, False])
def test_kinds_of_money_behind_the_sum_of_a_side(*, grid: bool) -> None:
    """其中 stands a line above 合计; 财政拨款 is a part of what stands above it, and no income beside it."""
    head = "| 收入 |  | 支出 |  |  |  |\n| 项目 | 金额 | 项目 | 合计 | 其中： |  |\n"
    head += "|  |  |  |  | 一般公共预算 | 上年结转结余 |\n"
    rows = [" | ".join(row) if grid else " ".join(filter(None, row)) for row in OF_WHICH]
    text = "2031年部门收支总体情况表\n单位：万元\n" + (head if grid else KINDS)
    text += "".join(f"| {row} |\n" if grid else f"{row}\n" for row in rows)
    found = numbers(read(text), "revenue_expenditure")
    assert found["项目支出", "上年结转结余"] == ("9.00", "proven")
    assert found["项目支出", "一般公共预算"] == ("50.00", "proven")
    assert found["本年收入合计", "金额"] == ("90.00", "proven")
    assert found["一般公共预算/财政拨款", "金额"] == ("60.00", "grounded")
