"""Tables in text without cells: items on one line, dashes, blocks beside each other, sums of both sides; invented."""

from extractor import Document, Extractor, Result
from extractor.facts import facts

READER = Extractor(engine="deterministic")
ITEMS = "合计 因公出国(境)费 公务接待费 公务用车购置及运行费 公务用车购置费 公务用车运行费"
GUESTS = f"某局2024年部门预算\n“三公”经费预算表\n单位：万元\n{ITEMS}\n"
BOTH = f"某局2024年部门决算\n财政拨款“三公”经费支出决算表\n单位：万元\n预算数 决算数\n{ITEMS} {ITEMS}\n"
DASHES = """一般公共预算支出预算表
单位：万元
科目编码 科目名称 合计 基本支出 项目支出
205 教育支出 80.00 50.00 30.00
20502 普通教育 80.00 50.00 30.00
2050201 学前教育 30.00 30.00
—
2050202 小学教育 50.00 20.00 30.00
221 住房保障支出 9.50 9.50
—
22102 住房改革支出 9.50 9.50
—
2210201 住房公积金 9.50 9.50
—
合计 89.50 59.50 30.00
"""
BLOCKS = """某局2024年部门决算
一般公共预算财政拨款基本支出决算表
单位：万元
人员经费 公用经费
科目编码 科目名称 决算数 科目编码 科目名称 决算数
301 工资福利支出 90.00 302 商品和服务支出 30.00
30101 基本工资 60.00 30201 办公费 10.00
机关事业单位基本
30108 20.00 30202 印刷费 5.00
养老保险缴费
职工基本医疗保险缴
30110 10.00 30208 取暖费 2.00
费
303 对个人和家庭的补助 10.00 30211 差旅费 3.00
30302 退休费 10.00 因公出国（境）费
30212 4.00
用
公务用车运行维护
30310 个人农业生产补贴 30231 6.00
费
人员经费合计 100.00 公用经费合计 30.00
"""
BOTH_SIDES = """某局2020年部门决算
一、收入决算情况说明
本部门2020年度收入总计120.00万元，其中年初结转和结余20.00万元，较上年减少5.00万元，下降20.00%；本年收入合计100.00万元，\
较上年增加25.00万元，增长33.33%。
本年收入的具体构成为：财政拨款收入90.00万元，占90.00%；其他收入10.00万元，占10.00%。
二、支出决算情况说明
本部门2020年度支出总计120.00万元，其中本年支出合计110.00万元，较上年增加10.00万元，增长10.00%；年末结转和结余10.00万元，\
较上年减少10.00万元，下降50.00%。
本年支出的具体构成为：基本支出80.00万元，占72.73%；项目支出30.00万元，占27.27%。
"""
NONE = """某中心2023年度部门决算公开说明
第一部分 单位概况
二、机构设置及人员情况
某中心2023年度，实有人数11人，其中：在职人员10人，退休人员1人。
单位无下属预算单位，下设0个处室，分别是：我单位无下设处室。
"""
Cells = dict[tuple[str, str], tuple[str, str]]


def read(text: str) -> Result:
    """Read a text."""
    return READER.extract(Document.from_text(text))


def cells(result: Result, table: str) -> Cells:
    """Return values and states of a table's cells by row and column."""
    return {(f["row"], f["column"]): (f["value"], f["state"]) for f in facts(result) if f["table"] == table}


def test_a_header_of_items_on_one_line_is_no_row() -> None:
    """合计 in front of it is a total's name, of the item: the numbers below are those of the items."""
    found = cells(read(f"{GUESTS}6.40 0.00 0.00 6.40 0.00 6.40\n"), "three_public")
    assert [value for value, _ in found.values()] == ["6.40", "0.00", "0.00", "6.40", "0.00", "6.40"]
    assert {state for _, state in found.values()} == {"proven"}
    found = cells(read(f"{BOTH}8.40 0.00 2.00 6.40 0.00 6.40 7.40 0.00 1.50 5.90 0.00 5.90\n"), "three_public")
    assert found["公务接待费", "预算数"] == ("2.00", "proven")
    assert found["公务用车购置及运行费/公务用车运行费", "决算数"] == ("5.90", "proven")


def test_of_two_parts_of_which_one_is_lost_neither_is_sure() -> None:
    """The vehicles' 6.40 is that of running them or of buying one; the 0 of the other part isn't said."""
    result = read(f"{GUESTS}6.40 0.00 0.00 6.40 6.40\n")
    found = cells(result, "three_public")
    parts = {row: state for (row, _), (_, state) in found.items() if "/" in row}
    assert set(parts.values()) == {"ambiguous"}
    assert found["公务用车购置及运行费", "合计"] == ("6.40", "proven")


def test_dashes_on_lines_of_their_own_are_empty_cells() -> None:
    """They stand a little lower than their row, and are no amounts of the next."""
    result = read(DASHES)
    found = cells(result, "general_expenditure")
    assert len([1 for _, state in found.values() if state == "proven"]) == 20
    assert found["2050202", "项目支出"] == ("30.00", "proven")
    assert ("2050201", "项目支出") not in found
    assert not [f for f in result.findings if f.kind in {"contradiction", "not-read"}]


def test_names_that_wrap_in_blocks_beside_each_other_are_put_together_again() -> None:
    """The classification tells whose the pieces are, and that a number behind a code without amount is a code."""
    result = read(BLOCKS)
    found = cells(result, "basic_expenditure")
    names = {row: value for (row, column), (value, _) in found.items() if column == "名称"}
    assert names["30108"] == "机关事业单位基本养老保险缴费"
    assert names["30110"] == "职工基本医疗保险缴费"
    assert names["30208"] == "取暖费"
    assert names["30212"] == "因公出国(境)费用"
    assert names["30231"] == "公务用车运行维护费"
    assert found["30231", "决算数"] == ("6.00", "proven")
    assert {state for (_, column), (_, state) in found.items() if column == "决算数"} == {"proven"}
    assert not result.findings


def test_the_total_of_the_year_has_its_own_change() -> None:
    """A total of everything in front, with what was carried over, is another: its change isn't that of the year."""
    result = read(BOTH_SIDES)
    income, spent = cells(result, "n_revenue"), cells(result, "n_expenditure")
    assert (income["总计", "金额"][0], income["总计", "增减额"][0]) == ("100.00", "25.00")
    assert (spent["总计", "金额"][0], spent["总计", "增减额"][0]) == ("110.00", "10.00")
    assert income["其他收入", "占比"] == ("10.00", "proven")
    assert not [f for f in result.findings if f.kind == "contradiction"]


def test_no_rooms_are_no_list_of_rooms() -> None:
    """0 of them, namely none: what stands behind is no name."""
    result = read(NONE)
    assert cells(result, "staffing")["内设机构", "数量"] == ("0", "grounded")
    assert not result.findings


def test_the_outturn_is_held_against_the_outturn() -> None:
    """In final accounts basic expenditure may be above what was budgeted for an item, not above what was spent."""
    guests = BOTH.split("\n", 1)[1]
    result = read(f"{BLOCKS}{guests}12.40 0.00 6.00 6.40 0.00 6.40 12.00 4.00 2.00 6.00 0.00 6.00\n")
    assert cells(result, "three_public")["因公出国(境)费", "预算数"] == ("0.00", "proven")
    assert not result.findings
    broken = read(f"{BLOCKS}{guests}12.40 0.00 6.00 6.40 0.00 6.40 11.90 4.00 2.00 5.90 0.00 5.90\n")
    assert [f.code for f in broken.findings if f.kind == "contradiction"] == ["X11"]
