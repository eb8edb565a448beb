"""Wordings of many offices' disclosures, and sentences that invite a wrong fact."""

from pathlib import Path

import pytest

from .conftest import read

CASES = (Path(__file__).parent / "wordings.txt").read_text(encoding="utf-8").strip().split("\n\n")


def numbers(text: str) -> set[str]:
    """Return the number facts of a text as ``table row column value-unit``."""
    return {
        f"{f['table']} {f['row']} {f['column']} {f['value']}{f['unit']}" for f in read(text) if f["kind"] == "number"
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.splitlines()[2][:24])
def test_every_number_read_is_right(case: str) -> None:
    """Each case prints sentences and, behind ``=>``, all facts that may be read from them: no more and no fewer."""
    lines = case.splitlines()
    text = "\n".join(line for line in lines if not line.startswith("=>"))
    assert numbers(text) == {line.removeprefix("=> ") for line in lines if line.startswith("=>")}


def test_what_a_row_is_compared_with_is_no_row() -> None:
    """The amount of the other year, and the change against this year's own budget, are left out."""
    text = (
        "示例局2023年度部门决算\n九、财政拨款“三公”经费支出决算情况说明\n2023年度“三公”经费财政拨款支出决算数12.50万元，"
        "比2023年预算数20.00万元减少7.50万元，与2022年度“三公”经费支出决算数10.00万元相比，增加2.50万元。"
    )
    assert numbers(text) == {"n_three_public 总计 金额 12.50万元"}


def test_a_label_without_its_colon_does_not_run_into_the_name() -> None:
    """A lost colon, and a lost name, make no key of what stands behind and give no amounts to the record above."""
    head = "示例局2024年部门预算\n七、2024年一般公共预算项目支出情况说明\n"
    first = "（一）项目名称：宣传\n设立的政策依据 某文件\n预算安排规模 3.00万元\n"
    first += "资金分配情况：办公费1.00万元、印刷费2.00万元\n"
    lost = "预算安排规模：5.00万元\n资金分配情况：会议费5.00万元\n"
    assert numbers(head + first + lost) == {
        "n_projects 宣传 金额 3.00万元",
        "n_projects 宣传/办公费 金额 1.00万元",
        "n_projects 宣传/印刷费 金额 2.00万元",
    }


def test_rows_that_slipped_in_from_another_statement_are_left_out() -> None:
    """A source is no kind of expenditure, a kind of expenditure no source; a decimal point is no numbering."""
    expenditure = "示例局2024年部门预算\n三、支出预算情况说明\n支出预算9.00万元。\n单位资金9.00万元，占100.00%。"
    assert numbers(expenditure) == {"n_expenditure 总计 金额 9.00万元"}
    revenue = "示例局2024年部门预算\n二、收入预算情况说明\n收入预算9.00万元。\n基本支出9.00万元，占100.00%。"
    assert numbers(revenue) == {"n_revenue 总计 金额 9.00万元"}
    fiscal = "示例局2023年度部门决算\n四、财政拨款收支决算情况\n本年支出9.00万元，其中：基本支出9.00万元，占100.00%。"
    assert numbers(fiscal) == set()
    carried = "示例局2024年部门预算\n十一、上年结转结余预算情况说明\n接待费增加0.00\n示例局2024年上年结转结余5.34万元。"
    assert numbers(carried) == {"n_carryover 总计 金额 5.34万元"}


def test_a_reason_that_says_as_before_is_a_reason() -> None:
    """What is 与上年一致 behind 主要原因是 is the reason, and no clause of its own."""
    text = "示例局2024年部门预算\n三、支出预算情况说明\n"
    text += "项目支出3.00万元，占100.00%，比上年增加0.00万元，主要原因是与上年一致。"
    assert [f["value"] for f in read(text) if f["column"] == "原因"] == ["与上年一致"]


def test_a_damaged_class_is_no_part_of_a_group() -> None:
    """Where （类） is misread, the item isn't filed under the class before it."""
    head = "示例局2024年部门预算\n五、一般公共预算支出情况说明\n（三）一般公共预算支出具体情况\n"
    first = "1.教育支出（类）普通教育（款）小学教育（项）：2024年预算数为5.00万元。\n"
    second = "2.农林水支出（娄）水利（款）行政运行（项）：2024年预算数为6.00万元。\n"
    assert numbers(head + first + second) == {"n_general_items 教育支出/普通教育/小学教育 金额 5.00万元"}


def test_a_title_above_every_page_ends_no_sentence() -> None:
    """What is printed beside the page numbers is left out of sentences that go over the pages, amounts included."""
    page = "\n- {} -\n示例局2024年部门预算公开\n"
    text = (
        "示例局2024年部门预算公开\n二、收入预算情况说明\n示例局收入预算300.00万元，其中："
        + page.format(2)
        + "一般公共预算200."
        "00万元，占66.67%，比上年预算增加20"
        + page.format(3)
        + ".00万元，增长11.11%；单位资金100.00万元，占33.33%"
        + page.format(4)
        + "，比上年预算减少1.00万元，下降0.99%。\n"
    )
    assert {"n_revenue 一般公共预算 增减额 20.00万元", "n_revenue 单位资金 增减额 -1.00万元"} <= numbers(text)


def test_shares_of_their_amounts_need_not_add_up() -> None:
    """A list whose shares are each rounded by itself is no contradiction where they add up to 100.02."""
    amounts = {"一般公共预算": "60.63", "政府性基金预算": "18.84", "国有资本经营预算": "1.22", "单位资金": "4.21",
               "财政拨款结转": "8.23", "非财政拨款结转结余": "6.89"}  # fmt: skip
    money = ("5,986.40", "1,860.00", "120.00", "415.36", "812.50", "680.00")
    rows = "".join(
        f"{name}{amount}万元，占{share}%。\n" for (name, share), amount in zip(amounts.items(), money, strict=True)
    )
    text = f"示例局2024年部门预算\n二、收入预算情况说明\n示例局收入预算9,874.26万元，其中：\n{rows}"
    assert "contradicted" not in {f["state"] for f in read(text)}


def test_what_a_heading_said_ends_with_the_next_one() -> None:
    """An item below a heading that can't be read isn't filed under what the heading before it named."""
    head = "示例局2024年部门预算\n五、一般公共预算支出情况说明\n（三）一般公共预算支出具体情况\n"
    first = "（一）农林水支出（类）水利（款）：2024年预算支出合计5.00万元。其中：\n1.行政运行（项）支出5.00万元。\n"
    second = "（二）住房保障支出（娄）住房改革支出（款）：2024年预算支出合计6.00万元。其中：\n"
    second += "1.住房公积金（项）支出6.00万元。\n"
    found = numbers(head + first + second)
    assert found == {
        "n_general_items 农林水支出/水利 金额 5.00万元",
        "n_general_items 农林水支出/水利/行政运行 金额 5.00万元",
    }


def test_a_class_without_its_brackets_is_no_part_of_a_group() -> None:
    """Nor is the item filed under the class before it."""
    head = "示例局2024年部门预算\n五、一般公共预算支出情况说明\n（三）一般公共预算支出具体情况\n"
    first = "1.教育支出（类）普通教育（款）小学教育（项）：2024年预算数为5.00万元。\n"
    second = "2.农林水支出类水利（款）行政运行（项）：2024年预算数为6.00万元。\n"
    assert numbers(head + first + second) == {"n_general_items 教育支出/普通教育/小学教育 金额 5.00万元"}
