"""Wordings of offices all over the country: what a sentence says stands under the row that it is about."""

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
