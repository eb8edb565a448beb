"""Headers of several lines in text without cells: sums settle which columns stand below which group, or nothing."""

from extractor import Document, Extractor
from extractor.facts import facts

ROWS = """合计 465.24 406.68 356.92 49.76 58.56
201 一般公共服务支出 411.28 356.92 307.16 49.76 54.36
20103 政府办公厅（室）及相关机构事务 411.28 356.92 307.16 49.76 54.36
2010301 行政运行 356.92 356.92 307.16 49.76
2010302 一般行政管理事务 54.36 54.36
206 科学技术支出 4.20 4.20
20699 其他科学技术支出 4.20 4.20
2069999 其他科学技术支出 4.20 4.20
208 社会保障和就业支出 49.76 49.76 49.76
20805 行政事业单位养老支出 49.76 49.76 49.76
2080505 机关事业单位基本养老保险缴费支出 49.76 49.76 49.76
"""
KINDS = """合计 900.10 600.10 500.07 100.03 300.00 90.00 210.00
201 一般公共服务支出 900.10 600.10 500.07 100.03 300.00 90.00 210.00
20103 政府办公厅（室）及相关机构事务 900.10 600.10 500.07 100.03 300.00 90.00 210.00
2010301 行政运行 600.10 600.10 500.07 100.03
2010302 一般行政管理事务 300.00 300.00 90.00 210.00
"""
TITLE = "支出预算总表\n单位：万元\n"


def read(text: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return values and states of the numbers by row and column."""
    result = Extractor(engine="deterministic").extract(Document.from_text(text))
    return {(f["row"], f["column"]): (f["value"], f["state"]) for f in facts(result) if f["kind"] == "number"}


def test_parts_below_a_group_come_behind_it() -> None:
    """小计, 人员经费 and 公用经费 stand between 合计 and 项目支出, though the text prints them last."""
    found = read(f"{TITLE}科目编码 科目名称 合计 基本支出 项目支出\n小计 人员经费 公用经费\n{ROWS}")
    assert found["总计", "项目支出"] == ("58.56", "proven")
    assert found["2010301", "人员经费"] == ("307.16", "proven")
    assert found["2080505", "人员经费"] == ("49.76", "proven")
    assert found["2010302", "项目支出"] == ("54.36", "proven")
    assert {state for _, state in found.values()} == {"proven"}


def test_kinds_that_no_spec_knows_keep_their_names() -> None:
    """Two groups with a 小计 each: the sums say where the second one begins."""
    names = "小计 人员支出 公用支出 小计 运转类 特定目标类"
    found = read(f"{TITLE}科目编码 科目名称 总计 基本支出 项目支出 结转下年\n{names}\n{KINDS}")
    assert found["2010302", "运转类"][0] == "90.00"
    assert found["2010302", "特定目标类"][0] == "210.00"
    assert found["2010301", "公用支出"][0] == "100.03"


def test_sums_that_do_not_hold_settle_nothing() -> None:
    """Parts that add up to no group are under no name that counts as sure."""
    rows = ROWS.replace("406.68", "306.99").replace("356.92 307.16", "211.11 307.16")
    found = read(f"{TITLE}科目编码 科目名称 总计 甲类支出 乙类支出\n小计 丙类 丁类\n{rows}")
    assert not any(state in ("proven", "grounded") for _, state in found.values())


def test_codes_torn_by_height_are_whole() -> None:
    """The class at the end of a line belongs to the rest of a code before the name that the classification has."""
    text = """一般公共预算财政拨款基本支出决算表
单位：万元
经济分类 经济分类
科目编码 科目编码
科目名称 决算数 科目名称 决算数
类 款 类 款
301 302
工资福利支出 30.00 商品和服务支出 12.00
301 01 302
基本工资 20.00 01 办公费 7.00
301 02 302
津贴补贴 10.00 02 印刷费 5.00
人员经费合计 30.00 公用经费合计 12.00
"""
    found = read(text)
    values = {row: value for (row, _), (value, _) in found.items()}
    assert (values["30201"], values["30202"], values["302"]) == ("7.00", "5.00", "12.00")
