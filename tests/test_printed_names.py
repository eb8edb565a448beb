"""Names of columns and rows as they are printed, in cells and without them; what tables beside each other tell."""

import pytest

from .reading import Cells, numbers, read

MARK = "| --- "


def table(title: str, lines: list[str], *, grid: bool) -> str:
    """Return a table with its cells, or as text that has lost them."""
    rows = lines if grid else [" ".join(line.replace("|", " ").split()) for line in lines]
    return title + "\n单位：万元\n" + "\n".join(rows) + "\n"


def states(cells: Cells) -> set[str]:
    """Return the states of some numbers."""
    return {state for _, state in cells.values()}


@pytest.mark.parametrize("grid", [True, False])
def test_the_sum_of_all_is_called_as_it_is_printed(*, grid: bool) -> None:
    """小计 below 本年支出, beside 基本支出 and 项目支出: one column, of the same name in both forms."""
    lines = [
        "| 项目 |  | 本年支出 |  |  |", "| 功能分类科目编码 | 科目名称 | 小计 | 基本支出 | 项目支出 |",
        "| 栏次 |  | 1 | 2 | 3 |", "| 合计 |  | 9.00 | 6.00 | 3.00 |", "| 205 | 教育支出 | 9.00 | 6.00 | 3.00 |",
        "| 20502 | 普通教育 | 9.00 | 6.00 | 3.00 |", "| 2050201 | 学前教育 | 9.00 | 6.00 | 3.00 |",
    ]  # fmt: skip
    cells = numbers(read(table("一般公共预算财政拨款支出决算表", lines, grid=grid)), "general_expenditure")
    assert cells["2050201", "小计"] == ("9.00", "proven")
    assert {column for _, column in cells} == {"小计", "基本支出", "项目支出"}


def test_a_name_that_goes_on_below_is_whole_though_its_beginning_is_a_name() -> None:
    """国有资本经营预算 / 财政拨款 beside names that are cut elsewhere."""
    text = "财政拨款收入支出决算总表\n单位：万元\n收入 支出\n一般公共预算财政 政府性基金预算财 国有资本经营预算\n"
    text += "项目 行次 金额 项目 行次 合计\n拨款 政拨款 财政拨款\n栏次 1 栏次 2 3 4 5\n"
    text += "一、一般公共预算财政拨款 1 9.00 一、教育支出 33 9.00 9.00 0.00 0.00\n"
    text += "二、政府性基金预算财政拨款 2 4.00 二、城乡社区支出 34 4.00 0.00 4.00 0.00\n"
    text += "三、国有资本经营预算财政拨款 3 1.00 三、其他支出 35 1.00 0.00 0.00 1.00\n"
    text += "本年收入合计 4 14.00 本年支出合计 36 14.00 9.00 4.00 1.00\n"
    text += "年初财政拨款结转和结余 5 年末财政拨款结转和结余 37\n总计 6 14.00 总计 38 14.00 9.00 4.00 1.00\n"
    cells = numbers(read(text), "fiscal_appropriation")
    names = ("一般公共预算财政拨款", "政府性基金预算财政拨款", "国有资本经营预算财政拨款")
    assert [cells["支出总计", name][0] for name in names] == ["9.00", "4.00", "1.00"]


@pytest.mark.parametrize("grid", [True, False])
def test_a_total_without_an_amount_beside_another(*, grid: bool) -> None:
    """公用经费合计 is a row of its own, though nothing is spent, and no part of the name in front of it."""
    lines = [
        "| 人员经费 |  |  | 公用经费 |  |  |", "| 科目编码 | 科目名称 | 决算数 | 科目编码 | 科目名称 | 决算数 |",
        "| 301 | 工资福利支出 | 20.00 | 302 | 商品和服务支出 |  |", "| 30101 | 基本工资 | 20.00 | 30201 | 办公费 |  |",
        "| 303 | 对个人和家庭的补助 | 4.00 |  |  |  |", "| 30302 | 退休费 | 4.00 |  |  |  |",
        "| 人员经费合计 |  | 24.00 | 公用经费合计 |  |  |",
    ]  # fmt: skip
    cells = numbers(read(table("一般公共预算财政拨款基本支出决算表", lines, grid=grid)), "basic_expenditure")
    assert [value for (row, _), value in cells.items() if row == "人员经费合计"] == [("24.00", "proven")]


@pytest.mark.parametrize("grid", [True, False])
def test_meetings_and_training_below_a_total_of_their_own(*, grid: bool) -> None:
    """总计 is that of all, 小计 that of the “三公” items."""
    lines = [
        "| 项目 | 总计 | 一般公共预算财政拨款安排的“三公”经费 |  |  |  |  |  | 会议费 | 培训费 |",
        "|  |  | 小计 | 因公出国（境）费用 | 公务接待费 | 公务用车购置及运行维护费 |  |  |  |  |",
        "|  |  |  |  |  | 小计 | 公务用车购置费 | 公务用车运行维护费 |  |  |",
        "| 预算数 | 19.00 | 12.00 | 1.00 | 2.00 | 9.00 | 4.00 | 5.00 | 3.00 | 4.00 |",
        "| 决算数 | 15.00 | 9.00 | 1.00 | 2.00 | 6.00 | 2.00 | 4.00 | 2.00 | 4.00 |",
    ]  # fmt: skip
    title = "财政拨款“三公”经费及会议费、培训费支出决算表"
    cells = numbers(read(table(title, lines, grid=grid)), "three_public")
    assert cells["总计", "决算数"] == ("9.00", "proven")
    assert cells["三公经费会议费培训费合计", "预算数"] == ("19.00", "proven")


def test_basic_spending_is_told_by_the_table_of_its_items() -> None:
    """Rows with a sum and one more amount: only the other table says that running cost is nothing."""
    rows = "205 教育支出 9.00 9.00\n20502 普通教育 9.00 9.00\n2050201 学前教育 9.00 9.00\n"
    rows += "208 社会保障和就业支出 5.00 5.00\n20805 行政事业单位养老支出 5.00 5.00\n2080501 行政单位离退休 5.00 5.00\n"
    text = "一般公共预算支出表\n单位：万元\n科目编码 科目名称 合计 基本支出 项目支出\n人员支出 日常公用支出\n"
    text += (
        f"{rows}合计 14.00 5.00 9.00\n\n一般公共预算基本支出表\n单位：万元\n科目编码 科目名称 合计 人员经费 公用经费\n"
    )
    text += "303 对个人和家庭的补助 5.00 5.00\n30302 退休费 5.00 5.00\n合计 5.00 5.00\n"
    cells = numbers(read(text), "general_expenditure")
    assert cells["总计", "项目支出"] == ("9.00", "proven")
    assert states(cells) == {"proven"}


WIDE = "2031年“三公”经费预算表\n单位：万元\n合计 因公出国（境）费 公务接待费 公务用车购置及运行费\n小计 购置费 运行费\n"
SAID = "一、2031年“三公”经费预算情况说明\n2031年“三公”经费预算数为8.50万元。其中：\n（一）因公出国（境）费0万元。\n"
SAID += "（二）公务用车购置及运行费7.00万元，其中：公务用车购置费0万元；公务用车运行费7.00万元。\n"
SAID += "（三）公务接待费{guests}万元。\n"


@pytest.mark.parametrize(("said", "sure"), [("1.50", True), ("1.40", False), ("", False)])
def test_of_several_ways_that_add_up_the_text_may_allow_one(*, said: str, sure: bool) -> None:
    """1.50 is for guests, not for journeys, and 7.00 for running cars: the text says so, or contradicts every way."""
    text = WIDE + "8.50 1.50 7.00 7.00\n" + (SAID.format(guests=said) if said else "")
    cells = numbers(read(text), "three_public")
    guests = cells["公务接待费", "合计"]
    assert guests[0] == "1.50"
    assert (guests[1] in {"proven", "grounded"}) == sure


def test_items_of_basic_spending_tell_what_guests_cost() -> None:
    """What is spent on guests out of basic expenditure is no more than all that is spent on them."""
    text = (
        "一般公共预算基本支出表\n单位：万元\n科目编码 科目名称 合计\n302 商品和服务支出 8.50\n30217 公务接待费 1.50\n"
    )
    text += "30231 公务用车运行维护费 7.00\n合计 8.50\n\n" + WIDE + "8.50 1.50 7.00 7.00\n"
    cells = numbers(read(text), "three_public")
    assert cells["公务接待费", "合计"] == ("1.50", "proven")
    assert cells["公务用车购置及运行费/公务用车运行费", "合计"] == ("7.00", "proven")


def test_the_total_under_the_name_of_the_only_office() -> None:
    """A row of the office that says what 合计 says is no row without a code."""
    lines = [
        "| 科目编码 | 单位代码 | 单位名称（科目） | 合计 | 人员经费 | 公用经费 |",
        "|  |  | 合计 | 9.00 | 6.00 | 3.00 |", "|  | 135 | 某某县水利局 | 9.00 | 6.00 | 3.00 |",
        "| 301 | 135001 | 工资福利支出 | 6.00 | 6.00 |  |",
        "| 30101 | 135001 | 基本工资 | 6.00 | 6.00 |  |", "| 302 | 135001 | 商品和服务支出 | 3.00 |  | 3.00 |",
        "| 30201 | 135001 | 办公费 | 3.00 |  | 3.00 |",
    ]  # fmt: skip
    for office, sure in (("9.00 | 6.00 | 3.00", True), ("9.00 | 3.00 | 6.00", False)):
        told = [line.replace("9.00 | 6.00 | 3.00", office) if "水利局" in line else line for line in lines]
        cells = numbers(read(table("一般公共预算基本支出预算表", told, grid=True)), "basic_expenditure")
        assert ({cells["某某县水利局", c][1] for c in ("合计", "人员经费")} <= {"proven", "grounded"}) == sure


def test_last_year_is_the_earlier_of_two_years_wherever_they_are_printed() -> None:
    """The cell of last year reaches over two lines and comes below the group of this year."""
    text = "一般公共预算财政拨款支出预算表\n单位：万元\n功能分类科目 2031年预算数\n2030年预算数\n"
    text += "科目编码 科目名称 小计 基本支出 项目支出\n合计 7.00 9.00 6.00 3.00\n205 教育支出 7.00 9.00 6.00 3.00\n"
    text += "20502 普通教育 7.00 9.00 6.00 3.00\n2050201 学前教育 7.00 9.00 6.00 3.00\n"
    cells = numbers(read(text), "general_expenditure")
    assert cells["2050201", "2030年预算数"] == ("7.00", "proven")
    assert cells["2050201", "小计"] == ("9.00", "proven")
