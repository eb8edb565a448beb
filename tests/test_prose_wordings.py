"""Wordings of offices all over the country: what a sentence says stands under the row that it is about."""

import pytest

from extractor import Document, Extractor
from extractor.facts import facts

READER = Extractor(engine="deterministic")


def told(text: str) -> tuple[dict[tuple[str, str, str], str], list[str]]:
    """Return what a disclosure's sentences say, and the identities that they violate."""
    result = READER.extract(Document.from_text(text))
    found = {(f["table"], f["row"], f["column"]): f["value"] for f in facts(result) if f["kind"] == "number"}
    return found, [f.code for f in result.findings if f.kind == "contradiction"]


def test_a_final_account_told_as_one_sum_of_both_sides() -> None:
    """收、支总决算 is income and expenditure, each; the treasury's total in its own section is the general budget's."""
    found, _ = told("""青河县人民法院2023年度部门决算
四、财政拨款收入支出决算总体情况说明
2023年度财政拨款收、支总决算4954.70万元。
五、一般公共预算财政拨款支出决算情况说明
（一）财政拨款支出决算总体情况
2023年度财政拨款支出4,896.98万元，占本年支出合计的99.6%，与上年相比，财政拨款支出减少325.40万元，减少6.23%。
七、“三公”经费财政拨款支出决算情况说明
公务用车购置费及运行维护费支出决算为12.76万元，其中：公务用车购置费0万元，公务用车运行维护费12.76万元。
公务接待费支出决算为0.86万元，全年共接待来访团组9个、来宾76人次。
""")
    assert found["n_fiscal", "收入总计", "金额"] == found["n_fiscal", "支出总计", "金额"] == "4954.70"
    assert found["n_general_scale", "总计", "增减额"] == "-325.40"
    assert found["n_three_public", "公务用车购置及运行维护费", "金额"] == "12.76"
    assert found["n_three_public", "国内公务接待批次", "数量"] == "9"


def test_income_and_expenditure_told_in_one_section_of_a_budget() -> None:
    """Where a budget has no section of income, that of both is read; parts behind 包括 are none beside their whole."""
    found, broken = told("""云溪县农业农村局2024年部门预算公开
一、收支预算总体情况
2024年收入总预算800.00万元，比上年预算增加50.00万元，增长6.67%。其中：一般公共预算拨款700.00万元，单位资金收入100.00万元。
2024年支出总预算800.00万元。其中：基本支出500.00万元，占62.50%，包括人员经费400.00万元、日常公用经费100.00万元；项目支出300.00万元，占37.50%。
二、财政拨款收支预算情况
2024年财政拨款收支总预算720.00万元。收入包括：一般公共预算当年拨款收入700.00万元、上年结转20.00万元。
""")
    assert found["n_revenue", "总计", "增减额"] == "50.00"
    assert found["n_revenue", "一般公共预算拨款", "金额"] == "700.00"
    assert found["n_expenditure", "基本支出/人员经费", "金额"] == "400.00"
    assert found["n_fiscal", "上年结转", "金额"] == "20.00"
    assert not broken


def test_what_is_to_be_bought_is_not_what_there_is() -> None:
    """Equipment named behind vehicles that a budget buys is to be bought too."""
    found, _ = told("""江州学院2025年部门预算
九、国有资产占有使用情况
截至2024年8月31日，共有车辆16辆；单位价值50万元以上的通用设备68台（套），单位价值100万元以上的专用设备23台（套）。
2025年部门预算安排购置车辆0辆，单位价值50万元以上的通用设备4台（套），单位价值100万元以上的专用设备2台（套）。
""")
    assert found["n_assets", "单价50万元以上设备", "数量"] == "68"
    assert found["n_assets", "拟购50万元以上设备", "数量"] == "4"
    assert found["n_assets", "拟购100万元以上设备", "数量"] == "2"


def test_parts_of_vehicles_in_a_bracket() -> None:
    """购置费 and 运行费 in a bracket behind the vehicles' sum are theirs; 运维费 is the running cost."""
    found, _ = told("""江州学院2025年部门预算
七、关于2025年“三公”经费预算情况的说明
2025年“三公”经费预算数为42.00万元，其中：因公出国（境）费12.00万元，公务用车购置及运维费18.00万元（购置费0万元、运行费18.00万元），公务接待费12.00万元。
""")
    row = "公务用车购置及运行费"
    assert found["n_three_public", row, "金额"] == "18.00"
    assert found["n_three_public", f"{row}/公务用车运行费", "金额"] == "18.00"
    assert found["n_three_public", f"{row}/公务用车购置费", "金额"] == "0"


def test_both_totals_of_a_budget_with_what_they_are_made_of() -> None:
    """Sources below 收入预算总计, and what the same expenditure is by another division behind 此外."""
    found, broken = told("""山阴省河务局2024年度部门预算公开
一、收支预算总体情况说明
山阴省河务局2024年度收入、支出预算总计900.00万元，与上年相比收、支预算总计各增加90.00万元，增长11.11%。其中：
（一）收入预算总计900.00万元。包括：
1．财政拨款收入预算总计850.00万元。
（1）一般公共预算收入预算850.00万元，与上年相比增加50.00万元，增长6.25%。主要原因是人员增加。
（2）政府性基金收入预算0万元，与上年相比增加（减少）0万元，增长（减少）0%。
2．其他资金收入预算总计30.00万元。
3．上年结转资金预算数为20.00万元。
（二）支出预算总计900.00万元。包括：
1．农林水（类）支出880.00万元，主要用于河道维护。与上年相比增加80.00万元，增长10%。
2．结转下年资金预算数为20.00万元。
此外，基本支出预算数为500.00万元。与上年相比增加20.00万元，增长4.17%。
项目支出预算数为400.00万元。与上年相比减少10.00万元，减少2.44%。
""")
    assert found["n_overall", "收入总计/财政拨款收入", "金额"] == "850.00"
    assert found["n_overall", "收入总计/财政拨款收入/一般公共预算", "增减额"] == "50.00"
    assert found["n_overall", "收入总计/上年结转资金", "金额"] == "20.00"
    assert found["n_overall", "支出总计/农林水支出", "增减额"] == "80.00"
    assert found["n_overall", "支出总计/年终结转结余", "金额"] == "20.00"
    assert found["n_overall", "项目支出", "增减额"] == "-10.00"
    assert not broken


def test_items_below_headings_that_name_their_groups() -> None:
    """An item whose heading names 类 and 款 is theirs; one below a 类 alone is that one's, and not the last 款's."""
    found, broken = told("""山阴省河务局2024年度部门预算公开
五、财政拨款支出预算情况说明
山阴省河务局2024年财政拨款预算支出900.00万元，占本年支出合计的100%。与上年相比，财政拨款支出增加90.00万元，增长11.11%。其中：
（一）农林水支出（类）水利（款）：2024年预算支出合计800.00万元。其中：
1．行政运行（项）支出500.00万元，与上年相比增加20.00万元，增长4.17%。
2．防汛、抗旱、排涝等支出（项）300.00万元。
（二）住房保障支出（类）
1．住房改革支出（类）住房公积金（项）70.00万元。
2．提租补贴（项）30.00万元。
""")
    table = "n_general_items"
    assert found[table, "总计", "增减额"] == "90.00"
    assert found[table, "农林水支出/水利", "金额"] == "800.00"
    assert found[table, "农林水支出/水利/行政运行", "增减率"] == "4.17"
    assert found[table, "农林水支出/水利/防汛、抗旱、排涝等支出", "金额"] == "300.00"
    assert found[table, "住房保障支出/住房改革支出/住房公积金", "金额"] == "70.00"
    assert not any(row.startswith("农林水支出") and value == "30.00" for (_, row, _), value in found.items())
    assert not broken


def test_items_with_what_was_spent_on_them_last_year() -> None:
    """The rate is that against last year's spending; an amount said again is the same, or neither is taken."""
    text = """山阴市城管局2024年部门预算

2024年部门预算编制说明
2024年，山阴市城管局收入预算200.00万元，其中：财政拨款收入200.00万元，比2023年预算增加20.00万元；事业收入0万元。
支出预算200.00万元，其中：财政拨款支出预算200.00万元，比2023年预算增加20.00万元。
财政拨款支出主要内容如下：
1. “城乡社区支出（类）城乡社区管理事务（款）城管执法（项）”科目150.00万元，主要用于城管执法。
2023年当年预算执行数为120.00万元，
2024年预算安排150.00万元，比2023年预算执行数增加25.00%。主要原因是：人员增加。
2. “住房保障支出（类）住房改革支出（款）住房公积金（项）”50.00万元，主要用于公积金。2023年当年预算执行数为60.00万元，
2024年预算安排50.00万元，比2023年预算执行数减少16.67%。
"""
    found, broken = told(text)
    item = "城乡社区支出/城乡社区管理事务/城管执法"
    assert found["n_general_items", item, "上年执行数"] == "120.00"
    assert found["n_general_items", "住房保障支出/住房改革支出/住房公积金", "增减率"] == "-16.67"
    assert found["n_revenue", "财政拨款收入", "增减额"] == "20.00"
    assert not broken
    other, broken = told(text.replace("2024年预算安排150.00", "2024年预算安排155.00"))
    assert ("n_general_items", item, "金额") not in other
    assert told(text.replace("增加25.00%", "增加52.00%"))[1] == ["G1"]


def test_vehicles_that_are_to_be_bought_by_kind() -> None:
    """Kinds behind what is bought are parts of that, and none of the vehicles that there are."""
    found, broken = told("""山阴市城管局2024年部门预算
五、国有资产占有使用情况
截至2023年8月31日，山阴市城管局共有车辆9辆，其中：执法执勤用车8辆、其他用车1辆；单价100万元（含）以上设备（不含车辆）2套。
2024年部门预算安排购置车辆3辆，其中：部级领导干部用车0辆、执法执勤用车2辆、其他用车1辆；部门预算安排购置单价100万元（含）以上设备（不含车辆）0台（套）。
""")
    assert found["n_assets", "车辆/执法执勤用车", "数量"] == "8"
    assert found["n_assets", "拟购车辆/执法执勤用车", "数量"] == "2"
    assert found["n_assets", "拟购车辆", "数量"] == "3"
    assert found["n_assets", "单价100万元以上设备", "数量"] == "2"
    assert found["n_assets", "拟购100万元以上设备", "数量"] == "0"
    assert not broken
    text = "山阴市城管局2024年部门预算\n五、国有资产占有使用情况\n"
    text += "2024年部门预算安排购置车辆3辆，其中：执法执勤用车2辆、{}1辆。\n"
    found, broken = told(text.format("机要通信用车"))  # in another order
    assert found["n_assets", "拟购车辆/机要通信用车", "数量"] == "1"
    assert not broken
    found, broken = told(text.format("巡逻用车"))  # a kind that nobody knows: the total alone
    assert {row: value for (_, row, _), value in found.items()} == {"拟购车辆": "3"}
    assert not broken


def test_meetings_and_training_beside_the_three_public_expenses() -> None:
    """Where the section is about 会议费 and 培训费 too, what is said of them is theirs."""
    found, _ = told("""山阴省河务局2024年度部门预算公开
九、一般公共预算“三公”经费、会议费、培训费支出预算情况说明
3．公务接待费预算支出8.00万元，比上年预算减少2.00万元，主要原因是压缩接待，会议费等支出也减少1.00万元。
山阴省河务局2024年度一般公共预算拨款安排的会议费预算支出27.10万元，比上年预算增加4.30万元，主要原因是标准提高。
山阴省河务局2024年度一般公共预算拨款安排的培训费预算支出16.60万元，比上年预算减少3.50万元。
""")
    assert found["n_three_public", "会议费", "金额"] == "27.10"
    assert found["n_three_public", "会议费", "增减额"] == "4.30"
    assert found["n_three_public", "培训费", "增减额"] == "-3.50"


HEADINGS = (
    ("n_overall", "一、2024年度部门收支情况", "2024年度收入总计9.00万元，支出总计9.00万元。"),
    ("n_overall", "一、部门决算收支总体情况说明", "2024年度收入总计9.00万元，支出总计9.00万元。"),
    ("n_revenue", "二、收入构成情况", "本年度收入共计9.00万元，其中：财政拨款收入9.00万元（占100.00%）。"),
    ("n_expenditure", "三、支出决算结构情况", "本年支出9.00万元，其中：基本支出金额为6.00万元；项目支出共3.00万元。"),
    ("n_fiscal", "四、财政拨款决算收支情况", "2024年度财政拨款收入总计9.00万元，支出总计9.00万元。"),
    ("n_basic", "六、基本支出情况说明", "2024年度一般公共预算财政拨款基本支出6.00万元，其中：人员经费6.00万元。"),
    ("n_assets", "（三）固定资产占用情况", "房屋10.00平方米，价值6.00万元。"),
    ("n_performance", "十一、项目绩效评价情况", "整体支出绩效自评表1个，绩效评价项目2个。"),
)


@pytest.mark.parametrize(("table", "heading", "sentence"), HEADINGS, ids=[h[1] for h in HEADINGS])
def test_headings_in_other_words_open_their_sections(table: str, heading: str, sentence: str) -> None:
    """With a number in front, a few words are enough; what stands between a name and its amount is none of the name."""
    found, _ = told(f"示例局2024年度部门决算\n{heading}\n{sentence}\n")
    rows = {row for of, row, _ in found if of == table}
    assert rows
    assert not any(row.endswith(("共", "金额", "共计")) for row in rows)
