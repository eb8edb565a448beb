"""Headers of other offices: sums behind their parts, fragments of groups, and sides with other columns each."""

import pytest

from extractor import Document, Extractor, Result
from extractor.facts import facts

from .test_groups import KINDS

READER = Extractor(engine="deterministic")
Found = dict[tuple[str, str], tuple[str, str]]


def read(text: str) -> tuple[Found, Result]:
    """Return values and states of the numbers by row and column, and the result."""
    result = READER.extract(Document.from_text(text))
    numbers = [f for f in facts(result) if f["kind"] == "number"]
    return {(f["row"], f["column"]): (f["value"], f["state"]) for f in numbers}, result


def lines(text: str) -> str:
    """Return a text with one cell on each line."""
    return "\n".join(text.split())


BEHIND = """支出预算总表
单位：万元
科目编码 科目名称 基本支出 项目支出 合计
人员经费 公用经费 小计 本年项目 结转项目 小计
201 一般公共服务支出 307.16 49.76 356.92 40.00 14.36 54.36 411.28
20103 政府办公厅（室）及相关机构事务 307.16 49.76 356.92 40.00 14.36 54.36 411.28
2010301 行政运行 307.16 49.76 356.92 356.92
2010302 一般行政管理事务 40.00 14.36 54.36 54.36
208 社会保障和就业支出 49.76 49.76 49.76
20805 行政事业单位养老支出 49.76 49.76 49.76
2080505 机关事业单位基本养老保险缴费支出 49.76 49.76 49.76
合计 356.92 49.76 406.68 40.00 14.36 54.36 461.04
"""


def test_sums_behind_their_parts() -> None:
    """小计 may end a group, and 合计 the row: what stands in front of them are the parts."""
    for text in (BEHIND, lines(BEHIND)):
        found, _ = read(text)
        assert found["2010301", "人员经费"][0] == "307.16"
        assert found["2010302", "结转项目"][0] == "14.36"
        assert found["总计", "合计"] == ("461.04", "proven")


PIECES = "科目编 码 科 目名称 合计 基本 支出 项目支 出 小计 人员经 费 公 用经费 小 计 当年项 目 结转项目"


def test_fragments_of_a_header_with_groups() -> None:
    """Names that come in pieces of a few characters are put together before the sums are asked what is below what."""
    found, _ = read(f"支出预算总表\n单位：万元\n{lines(PIECES)}\n{KINDS}")
    assert found["2010302", "结转项目"][0] == "210.00"
    assert found["2010301", "公用经费"][0] == "100.03"


SIDES = """财政拨款收支预算总表
单位：万元
收入 支出
项目 2024年预算数 2025年预算数 项目 合计 一般公共预算 政府性基金预算
一、本年收入 300.00 420.00 一、一般公共服务支出 250.00 250.00 0.00
（一）一般公共预算拨款 300.00 350.00 二、卫生健康支出 100.00 100.00 0.00
（二）政府性基金预算拨款 0.00 70.00 三、城乡社区支出 70.00 0.00 70.00
收入总计 300.00 420.00 支出总计 420.00 350.00 70.00
"""


def test_two_years_on_one_side_and_kinds_of_money_on_the_other() -> None:
    """Each side has its own columns, with cells, without them, and with one cell on each line."""
    for text in (SIDES, lines(SIDES), SIDES.replace(" ", "\t").replace("收入\t支出", "收入\t\t\t支出\t\t\t")):
        found, _ = read(text)
        assert found["收入总计", "2024年预算数"][0] == "300.00"
        assert found["收入总计", "2025年预算数"] == ("420.00", "proven")
        assert found["城乡社区支出", "政府性基金预算"][0] == "70.00"
        assert ("城乡社区支出", "2024年预算数") not in found


def test_a_name_that_no_sum_places_is_not_read_as_another() -> None:
    """基本支出 and 项目支出 stand below one of two kinds of money; sums hold under either, so the table isn't read."""
    text = """财政拨款收入支出决算总表
单位：万元
收入 支出
项目 金额 项目 合计 一般公共预算财政拨款 政府性基金预算财政拨款
基本支出 项目支出
一、一般公共预算财政拨款 350.00 一、一般公共服务支出 250.00 200.00 50.00 0.00
二、政府性基金预算财政拨款 70.00 二、卫生健康支出 100.00 60.00 40.00 0.00
三、城乡社区支出 70.00 0.00 0.00 70.00
本年收入合计 420.00 本年支出合计 420.00 260.00 90.00 70.00
总计 420.00 总计 420.00 260.00 90.00 70.00
"""
    found, result = read(text)
    assert not [column for (_, column), (_, state) in found.items() if state == "proven" and "基金" in column]
    assert result.unread


def test_rows_that_refute_the_columns_are_not_read() -> None:
    """A header whose third column is lost names the others wrongly: most rows break the sum of what it names."""
    text = """财政拨款“三公”经费预算表
单位：万元
项目 2024年预
算数 2025年预
算数 增减
额 增
减%
合计 34.00 29.87 31.60 -2.40
1.因公出国（境）费 1.00 0.50 3.00 2.00
2.公务接待费 7.00 4.77 3.60 -3.40
3.公务用车购置及运行费 26.00 24.60 25.00 -1.00
其中：公务用车购置费 2.00 1.00 0.00 -2.00
公务用车运行费 24.00 23.60 25.00 1.00
"""
    found, result = read(text)
    assert not any(state in ("proven", "grounded") for _, state in found.values())
    assert result.unread


def test_vehicles_without_a_column_of_their_own() -> None:
    """What is bought and what is run stand below their group, which prints no 小计; the total may stand behind."""
    header = "因公出国（境）费\t公务用车购置及运行费\t\t公务接待费\t合计\n\t购置费\t运行费\t\t\n"
    found, _ = read(f"一般公共预算“三公”经费支出表\n单位：万元\n{header}1.50\t18.00\t24.00\t2.25\t45.75\n")
    assert found["总计", "合计"] == ("45.75", "proven")
    assert found["公务用车购置及运行费/公务用车运行费", "合计"] == ("24.00", "proven")
    plain = "总计 因公出国（境）费 公务接待费 公务用车购置及运行费\n购置费 运行费\n"
    found, _ = read(f"一般公共预算“三公”经费支出表\n单位：万元\n{plain}28.50 4.50 24.00\n")
    assert found["总计", "合计"] == ("28.50", "proven")
    assert {state for (row, _), (_, state) in found.items() if row != "总计"} == {"ambiguous"}


def test_a_number_in_brackets_behind_a_title() -> None:
    """收入决算表（公开02表） is the table's title, its number is none of it."""
    rows = "合计 30.00 20.00 10.00\n201 一般公共服务支出 30.00 20.00 10.00\n"
    text = f"2024年度支出决算表（公开03表）\n单位：万元\n科目编码 科目名称 本年支出合计 基本支出 项目支出\n{rows}"
    found, _ = read(text)
    assert found["总计", "合计"] == ("30.00", "proven")


def test_codes_of_two_levels_and_codes_torn_from_their_names() -> None:
    """An economic class has items and nothing below; a code may run into its name and be torn."""
    rows = "301 工资福利支出 30.00\n01 基本工资 10.00\n02 津贴补贴 20.00\n302 商品和服务支出 5.00\n01 办公费 5.00\n"
    found, _ = read(f"一般公共预算基本支出表\n单位：万元\n科目编码 科目名称 合计\n类 款\n{rows}合计 35.00\n")
    assert found["30102", "合计"] == ("20.00", "proven")
    assert found["30201", "合计"] == ("5.00", "proven")
    rows = "201一般公共服务支出 30.00\n20103政府办公厅（室）及相关机构事务 30.00\n"
    rows += "20103 97本地事务管理支出 30.00\n合计 30.00\n"
    found, _ = read(f"支出预算总表\n单位：万元\n科目 合计\n{rows}")
    assert found["2010397", "合计"][0] == "30.00"


CARRIED = """2021年部门决算

一般公共预算财政拨款收入支出决算表
单位：万元
科目编码 科目名称 年初结转和结余 本年收入 本年支出 年末结转和结余
合计 基本支出结转 项目支出结转 合计 基本支出 项目支出 合计 基本支出 项目支出 合计 基本支出结转 项目支出结转
小计 人员经费 公用经费
合计 461.04 406.68 54.36 461.04 406.68 356.92 49.76 54.36
201 一般公共服务支出 411.28 356.92 54.36 411.28 356.92 307.16 49.76 54.36
20103 政府办公厅（室）及相关机构事务 411.28 356.92 54.36 411.28 356.92 307.16 49.76 54.36
2010301 行政运行 356.92 356.92 356.92 356.92 307.16 49.76
2010302 一般行政管理事务 54.36 54.36 54.36 54.36
208 社会保障和就业支出 49.76 49.76 49.76 49.76 49.76
20805 行政事业单位养老支出 49.76 49.76 49.76 49.76 49.76
2080505 机关事业单位基本养老保险缴费支出 49.76 49.76 49.76 49.76 49.76
"""


def test_an_empty_group_in_front_is_not_filled() -> None:
    """What was carried over may be empty, and what came in is then no more there than here: no sum tells."""
    found, _ = read(CARRIED)
    carried = [state for (_, column), (_, state) in found.items() if column.startswith("年初")]
    assert "proven" not in carried
    assert "grounded" not in carried
    assert found["总计", "人员经费"] == ("356.92", "proven")
    assert found["2080505", "人员经费"][0] == "49.76"


def test_parts_behind_among_them_may_be_those_of_the_first_column() -> None:
    """其中 behind basic and project expenditure parts the whole by its source."""
    found, _ = read(
        "支出预算总表\n单位：万元\n科目编码 科目名称 合计 基本支出 项目支出 其中：\n一般公共预算拨款 其他资金\n"
        "合计 461.04 406.68 54.36 450.00 11.04\n201 一般公共服务支出 411.28 356.92 54.36 400.24 11.04\n"
        "20103 政府办公厅（室）及相关机构事务 411.28 356.92 54.36 400.24 11.04\n2010301 行政运行 356.92 356.92 356.92\n"
        "2010302 一般行政管理事务 54.36 54.36 43.32 11.04\n208 社会保障和就业支出 49.76 49.76 49.76\n"
        "20805 行政事业单位养老支出 49.76 49.76 49.76\n2080505 机关事业单位基本养老保险缴费支出 49.76 49.76 49.76\n"
    )
    assert found["2010302", "其他资金"] == ("11.04", "proven")
    assert found["总计", "一般公共预算拨款"] == ("450.00", "proven")
    assert found["总计", "项目支出"] == ("54.36", "proven")


YEARS = """2019年部门预算

部门支出预算总表
单位：万元
科目编码	科目名称	合计	基本支出	项目支出
合计		90.00	60.00	30.00
205	教育支出	90.00	60.00	30.00
20502	普通教育	90.00	60.00	30.00
2050202	小学教育	90.00	60.00	30.00

一般公共预算支出表
单位：万元
科目编码	科目名称	2018年预算数			2019年预算数			增减额
		合计	基本支出	项目支出	合计	基本支出	项目支出
合计		120.00	95.00	25.00	90.00	60.00	30.00	-30.00
205	教育支出	120.00	95.00	25.00	90.00	60.00	30.00	-30.00
20502	普通教育	120.00	95.00	25.00	90.00	60.00	30.00	-30.00
2050202	小学教育	120.00	95.00	25.00	90.00	60.00	30.00	-30.00
"""


@pytest.mark.parametrize("text", [YEARS, YEARS.replace("\t\t", "\t").replace("\t", " ")])
def test_names_in_the_groups_of_two_years_are_those_of_the_later_one(text: str) -> None:
    """Last year's 基本支出 isn't the one that other tables of this year have: it may be more than their total."""
    found, result = read(text)
    assert not [f.message for f in result.findings if f.kind == "contradiction"]
    assert found["2050202", "2018年预算数/基本支出"][0] == "95.00"
    assert found["2050202", "2019年预算数/基本支出"] == ("60.00", "proven")


def test_the_reasons_of_changes_are_no_amounts() -> None:
    """变化原因 is a column of words: the amounts before it keep their places, a single one too."""
    found, _ = read(
        "2019年一般公共预算“三公”经费支出表\n单位：万元\n项目\t2018年预算数\t2019年预算数\t变化率（%）\t变化原因\n"
        "合计\t77.47\t283.91\t\t\n公务接待费\t19.22\t34.36\t\t压缩接待规模\n公务用车购置及运行费\t58.25\t249.55\t\t\n"
        "其中：公务用车运行维护费\t24.57\t249.55\t\t车辆老化\n公务用车购置\t33.68\t\t\t\n"
    )
    assert found["公务用车购置及运行费/公务用车购置", "2018年预算数"] == ("33.68", "proven")
    assert found["总计", "2019年预算数"] == ("283.91", "proven")


def test_an_item_with_one_column_among_those_with_two() -> None:
    """Budget and outturn of each of the 三公 items, and the outturn alone of what it costs to run the office."""
    items = "合计||因公出国（境）费||公务接待费||公务用车购置及运行费||公务用车购置费||公务用车运行费||机关运行经费"
    stages = "|".join(["预算数|决算数"] * 6)
    numbers = "9.00|7.50|||3.00|2.50|6.00|5.00|||6.00|5.00|30.20"
    rows = "\n".join((items, f"{stages}|决算数", numbers)).replace("|", "\t")
    found, _ = read(f"2022年度财政拨款“三公”经费支出及机关运行经费决算表\n单位：万元\n{rows}\n")
    assert found["机关运行经费", "决算数"][0] == "30.20"
    assert found["公务接待费", "决算数"] == ("2.50", "proven")
