"""Budgets of central offices: prose behind tables, forms with other headers, amounts in whole yuan; invented."""

from extractor import Document, Extractor, Result
from extractor.facts import facts

READER = Extractor(engine="deterministic")
COMBINED = """某研究所2023年部门预算
一般公共预算“三公”经费支出表
单位：万元
项目\t2022年预算数\t2023年预算数
合计\t3.00\t2.50
公务接待费\t3.00\t2.50
部门收入总表
单位：万元
科目编码\t科目名称\t合计\t上年结转\t一般公共预算拨款收入\t其他收入
206\t科学技术支出\t90.00\t10.00\t60.00\t20.00
20602\t基础研究\t90.00\t10.00\t60.00\t20.00
2060201\t机构运行\t90.00\t10.00\t60.00\t20.00
\t合计\t90.00\t10.00\t60.00\t20.00
关于收支总表的说明
2023年收支总预算90.00万元。
关于收入总表的说明
2023年收入预算90.00万元，其中：上年结转10.00万元，占11.11%；一般公共预算拨款收入60.00万元，占66.67%；其他收入20.00万元，占22.22%。
关于一般公共预算“三公”经费支出表的说明
2023年“三公”经费预算数为2.50万元。
"""
CONTENTS = """某研究所2023年部门预算
目录
一、研究所主要职责 .................. 1
二、研究所机构设置 .................. 1
部门收入总表 ........................ 3
关于收入总表的说明 .................. 5
某研究所主要职责
开展研究。
二、研究所机构设置
设有三个研究室。
部门收入总表
单位：万元
科目编码\t科目名称\t合计\t其他收入
合计\t\t20.00\t20.00
206\t科学技术支出\t20.00\t20.00
关于收入总表的说明
2023年收入预算20.00万元，其中：其他收入20.00万元，占100.00%。
"""
FORM = """项目支出绩效目标表
（2023年度）
项目名称 望远镜改造
实施 某研究所
主管部门及代码 [173]某院
单位
项目资金
（万元）
年度资金总额： 90.00
其中：财政拨款 60.00
上年结转 10.00
其他资金 20.00
总体目标
完成改造
绩效指标
一级指标 二级指标 三级指标 指标值 分值权重（90）
产出指标 数量指标 改造望远镜 ≥2台 30
质量指标 验收合格率 100% 20
效益指标 社会效益指标 开放观测 ≥50天 30
满意度指标 服务对象满意度指标 用户满意度 ≥95% 10
"""
CELLS = """项目支出绩效目标表
（2023年度）
项目名称\t望远镜改造
年度资金总额（万元）\t90.00
一级指标\t二级指标\t三级指标\t某某性质\t指标值\t分值权重（90）
产出指标\t数量指标\t改造望远镜\t甲\t≥2台\t50
\t质量指标\t验收合格率\t甲\t100%\t20
效益指标\t社会效益指标\t开放观测\t甲\t≥50天\t20
"""
YUAN = """某局2019年部门预算公开
一、收入预算情况说明
2019年收入预算17,192万元，其中：财政拨款收入17,192万元。
部门收入预算总表
单位：元
科目编码\t科目名称\t合计\t一般公共预算拨款收入\t其他收入
合计\t\t171,916,001\t171,910,001\t{0}
201\t一般公共服务支出\t171,916,001\t171,910,001\t{0}
20104\t发展与改革事务\t171,916,001\t171,910,001\t{0}
2010401\t行政运行\t171,916,001\t171,910,001\t{0}
"""
ITEMS = """一般公共预算基本支出预算表
单位：元
科目编码\t科目名称\t合计\t人员经费\t公用经费
合计\t\t30,000,001\t20,000,000\t10,000,001
301\t工资福利支出\t20,000,000\t20,000,000\t
301 1\t基本工资\t15,000,000\t15,000,000\t
301 2\t津贴补贴\t5,000,000\t5,000,000\t
302\t商品和服务支出\t10,000,001\t\t10,000,001
302 1\t办公费\t4,000,001\t\t4,000,001
302 17\t公务接待费\t6,000,000\t\t6,000,000
"""
UNITS = """某局2024年部门预算
二、部门预算单位构成
从预算单位构成看，某局部门预算包括：行政单位1家，参公单位1家，事业单位1家，具体包括：
1.某局（本部）
2.某局执法队
3.某局信息中心
五、国有资产占有使用情况
截至2023年12月31日，某局共有车辆5辆（特种专业技术用车2辆、其他用车3辆），单位价值100万元以上设备4台。
2024年部门预算安排购置车辆2辆，其中：特种专业技术用车2辆；单位价值100万元以上设备3台。
"""
Cells = dict[tuple[str, str], tuple[str, str]]


def read(text: str) -> Result:
    """Read a text."""
    return READER.extract(Document.from_text(text))


def cells(result: Result, table: str) -> Cells:
    """Return values and states of a table's cells by row and column."""
    return {(f["row"], f["column"]): (f["value"], f["state"]) for f in facts(result) if f["table"] == table}


def wrong(result: Result) -> list[str]:
    """Return what is contradicted or not read."""
    return [f.message for f in result.findings if f.kind in {"contradiction", "not-read", "rounding"}]


def test_prose_about_a_table_is_not_its_last_row() -> None:
    """关于…表的说明 has no number, and begins prose; what it says is held against the tables."""
    result = read(COMBINED)
    assert cells(result, "n_overall")["收支总预算", "金额"] == ("90.00", "grounded")
    assert cells(result, "n_revenue")["其他收入", "占比"] == ("22.22", "proven")
    assert cells(result, "n_three_public")["总计", "金额"][0] == "2.50"
    assert set(cells(result, "revenue")) >= {("总计", "其他收入"), ("2060201", "上年结转")}
    assert not wrong(result)


def test_contents_end_where_the_body_begins_with_the_name_of_the_office() -> None:
    """Each line that ends with dots and a page is an entry, and the first of the body repeats the first of them."""
    words = next(t for t in read(CONTENTS).tables if t.id == "n_words")
    entries = [r.key for r in words.rows if r.key.startswith("目录/")]
    assert len(entries) == 4


def test_a_header_with_the_sum_of_its_points_and_halves_of_a_label() -> None:
    """分值权重(90) is 分值权重; 实施 and 单位 around another line are one label, and no part of a name."""
    result = read(FORM)
    found = cells(result, "performance_project")
    assert {row.split("/", 1)[0] for row, _ in found} == {"望远镜改造"}
    assert ("*", "单位名称") not in cells(result, "document")  # not 实施某研究所
    assert found["望远镜改造/指标/改造望远镜", "指标值"][0] == "≥2台"
    assert found["望远镜改造/指标/改造望远镜", "分值权重"] == ("30", "proven")
    assert found["望远镜改造/资金/上年结转资金", "预算"] == ("10.00", "proven")
    assert not wrong(result)


def test_a_column_of_another_name_keeps_its_place() -> None:
    """It isn't read, and the columns behind it are not shifted."""
    found = cells(read(CELLS), "performance_project")
    assert found["望远镜改造/指标/验收合格率", "指标值"][0] == "100%"
    assert found["望远镜改造/指标/验收合格率", "分值权重"] == ("20", "proven")


def test_whole_wan_yuan_in_prose_is_a_rounded_amount_of_a_table_in_yuan() -> None:
    """As far as its digits go they are the same; by a whole one they aren't."""
    result = read(YUAN.format("6,000"))
    assert cells(result, "n_revenue")["总计", "金额"][0] == "17192"
    assert cells(result, "revenue")["2010401", "其他收入"] == ("6000", "proven")
    assert not wrong(result)
    assert wrong(read(YUAN.format("6,000").replace("17,192", "17,193")))


def test_sums_of_whole_yuan_may_be_off_by_rounding() -> None:
    """Amounts end in fen: a yuan of two addends is no contradiction, more is one."""
    assert not [f for f in read(YUAN.format("6,001")).findings if f.kind == "contradiction"]
    assert [f for f in read(YUAN.format("6,002")).findings if f.kind == "contradiction"]


def test_codes_without_their_zeros_have_them_again() -> None:
    """Numbers in a spreadsheet: 301 2 is 30102 where that is the code of the name behind it."""
    found = cells(read(ITEMS), "basic_expenditure")
    assert found["30102", "名称"][0] == "津贴补贴"
    assert found["30201", "公用经费"] == ("4000001", "proven")
    assert found["30217", "公用经费"] == ("6000000", "proven")


def test_units_of_three_kinds_and_what_is_to_be_bought() -> None:
    """参公单位 are counted by themselves; vehicles in brackets, and equipment to be bought behind vehicles."""
    result = read(UNITS)
    words = {r.key: [c.text for c in r.cells] for t in result.tables if t.id == "n_words" for r in t.rows}
    assert words["单位分类"] == ["1家", "1家", "1家"]
    assert words["成员/本级/1"] == ["某局(本部)"]
    found = {row: value for (row, _), (value, _) in cells(result, "n_assets").items()}
    assert found["车辆/特种专业技术用车"] == "2"
    assert (found["单价100万元以上设备"], found["拟购100万元以上设备"]) == ("4", "3")
    assert not result.findings
    assert [f.code for f in read(UNITS.replace("事业单位1家", "事业单位2家")).findings] == ["N26"]
