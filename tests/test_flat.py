"""Headers that name every column one after the other, for one side or several, and columns of one name told apart."""

from extractor import Document, Extractor
from extractor.facts import facts

READER = Extractor(engine="deterministic")


def read(text: str, table: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return values and states of a table's numbers by row and column."""
    found = [f for f in facts(READER.extract(Document.from_text(text))) if f["kind"] == "number"]
    return {(f["row"], f["column"]): (f["value"], f["state"]) for f in found if f["table"] == table}


def lines(text: str) -> str:
    """Return a text with one cell on each line."""
    return "\n".join(text.split())


def test_a_column_that_no_layout_knows_is_not_passed_over() -> None:
    """The outturn between two budgets keeps its place: what follows it isn't one name off."""
    text = """财政拨款“三公”经费预算表
单位：万元
项目 2024年预算数 2024年执行数 2025年预算数 增减额
合计 34.00 29.87 31.60 -2.40
1.因公出国（境）费 0.00 0.00 0.00 0.00
2.公务接待费 8.00 5.27 6.60 -1.40
3.公务用车购置及运行费 26.00 24.60 25.00 -1.00
其中：公务用车购置费 0.00 0.00 0.00 0.00
公务用车运行费 26.00 24.60 25.00 -1.00
"""
    for printed in (text, lines(text), text.replace(" ", "\t")):
        found = read(printed, "three_public")
        assert found["总计", "2024年执行数"][0] == "29.87"
        assert found["公务接待费", "2025年预算数"][0] == "6.60"
        assert found["公务接待费", "增减额"][0] == "-1.40"


def test_three_sides_with_two_years_each() -> None:
    """Sides that name the same columns have as many amounts in a row as columns; row numbers are none."""
    text = """收入支出决算总表
单位：万元
项目 行次 2020年决算 2021年决算 项目（按功能分类） 行次 2020年决算 2021年决算 项目（按性质） 行次 2020年决算 2021年决算
一、财政拨款收入 1 300.00 410.00 一、一般公共服务支出 6 280.00 390.00 一、基本支出 11 200.00 250.00
二、事业收入 2 20.00 30.00 二、卫生健康支出 7 40.00 50.00 二、项目支出 12 120.00 190.00
本年收入合计 3 320.00 440.00 本年支出合计 8 320.00 440.00 本年支出合计 13 320.00 440.00
年初结转和结余 4 10.00 5.00 年末结转和结余 9 10.00 5.00 年末结转和结余 14 10.00 5.00
收入总计 5 330.00 445.00 支出总计 10 330.00 445.00 支出总计 15 330.00 445.00
"""
    for printed in (text, lines(text)):
        found = read(printed, "revenue_expenditure")
        assert found["财政拨款收入", "2020年决算"][0] == "300.00"
        assert found["卫生健康支出", "2021年决算"] == ("50.00", "proven")
        assert found["项目支出", "2021年决算"][0] == "190.00"


def test_a_row_number_is_no_part_of_the_amount_behind_it() -> None:
    """``1 300.00`` is the first row with 300.00 where the header says 行次, not 1,300.00."""
    text = """收入支出决算总表
单位：万元
项目 行次 金额 项目 行次 金额
一、财政拨款收入 1 300.00 一、一般公共服务支出 4 280.00
二、事业收入 2 20.00 二、卫生健康支出 5 40.00
总计 3 320.00 总计 6 320.00
"""
    found = read(text, "revenue_expenditure")
    assert found["财政拨款收入", "金额"] == ("300.00", "proven")
    assert found["支出总计", "金额"] == ("320.00", "proven")


def test_classes_of_department_and_government_beside_each_other() -> None:
    """Rows go by the department's codes, on whichever side these stand, and keep all their amounts."""
    rows = [
        ("30101", "基本工资", "50101", "工资奖金津补贴", "100.00 100.00"),
        ("30102", "津贴补贴", "50101", "工资奖金津补贴", "60.00 60.00"),
        ("30201", "办公费", "50201", "办公经费", "30.00 30.00"),
    ]
    for own, other in ((0, 2), (2, 0)):
        names = ["部门预算支出经济分类科目", "", "政府预算支出经济分类科目"]
        header = f"{names[own]} {names[other]} 合计 人员经费 公用经费\n科目编码 科目名称 科目编码 科目名称\n"
        body = "\n".join(" ".join([*r[own : own + 2], *r[other : other + 2], r[4]]) for r in rows)
        found = read(
            f"一般公共预算基本支出表\n单位：万元\n{header}合计 190.00 160.00 30.00\n{body}\n", "basic_expenditure"
        )
        assert found["30102", "合计"][0] == "60.00"
        assert found["30201", "公用经费"] == ("30.00", "proven")
        assert ("50101", "合计") not in found


def test_columns_of_one_name_keep_the_names_of_their_groups() -> None:
    """Two columns 一般公共预算 in a row are two facts."""
    rows = [
        "项目名称\t合计\t本年拨款\t\t财政拨款结转结余\t单位资金",
        "\t\t一般公共预算\t政府性基金预算\t一般公共预算\t",
        "高标准农田管护\t2,643.00\t2,400.00\t\t243.00\t",
        "农产品检测\t214.15\t\t\t\t214.15",
        "合计\t2,857.15\t2,400.00\t\t243.00\t214.15",
    ]
    found = read("\n".join(["项目支出表", "单位：万元", *rows, ""]), "project_list")
    assert found["高标准农田管护", "本年拨款/一般公共预算"][0] == "2400.00"
    assert found["高标准农田管护", "财政拨款结转结余/一般公共预算"][0] == "243.00"


def test_stages_that_name_the_same_columns_are_told_apart() -> None:
    """基本支出 of the budget isn't that of the outturn; a rate without numbers is a column of its own."""
    grid = [
        "科目编码\t科目名称\t年初预算数\t\t\t决算数\t\t\t决算数占年初预算数比（%）",
        "\t\t小计\t基本支出\t项目支出\t小计\t基本支出\t项目支出\t",
        "\t合计\t90.00\t60.00\t30.00\t99.00\t64.00\t35.00\t",
        "201\t一般公共服务支出\t90.00\t60.00\t30.00\t99.00\t64.00\t35.00\t",
        "20103\t政府办公厅（室）及相关机构事务\t90.00\t60.00\t30.00\t99.00\t64.00\t35.00\t",
        "2010301\t行政运行\t60.00\t60.00\t0.00\t64.00\t64.00\t0.00\t",
        "2010302\t一般行政管理事务\t30.00\t0.00\t30.00\t35.00\t0.00\t35.00\t",
        "",
    ]
    title = "一般公共预算财政拨款支出决算表\n单位：万元\n"
    for text in ("\n".join(grid), "\n".join(" ".join(line.split("\t")).strip() for line in grid)):
        found = read(title + text, "general_expenditure")
        assert found["2010301", "年初预算数/基本支出"][0] == "60.00"
        assert found["2010301", "决算数/基本支出"][0] == "64.00"
        assert found["2010302", "决算数/项目支出"][0] == "35.00"


def test_rows_of_two_years_below_the_items() -> None:
    """A row that is labelled by its year is that year's budget, and none of an office."""
    text = """财政拨款“三公”经费支出表
单位：万元
年度 “三公”经费合计 因公出国（境）费 公务用车购置及运行维护费 公务接待费
小计 公务用车购置费 公务用车运行维护费
2024年预算 77.47 58.25 33.68 24.57 19.22
2025年预算 70.00 50.00 20.00 30.00 20.00
"""
    for printed in (text, lines(text)):
        found = read(printed, "three_public")
        assert found["总计", "2024年预算"][0] == "77.47"
        assert found["总计", "2025年预算"][0] == "70.00"
        assert found["公务接待费", "2025年预算"][0] == "20.00"


def test_the_total_of_three_items_is_not_that_of_meetings_too() -> None:
    """“三公”经费合计 is the sum of the “三公” items where meetings and training stand beside them without amounts."""
    text = """一般公共预算“三公”经费、会议费、培训费支出预算表
单位：万元
“三公”经费合计 “三公”经费 会议费 培训费
因公出国（境）费 公务用车购置及运行费 公务接待费
小计 公务用车购置费 公务用车运行费
283.91 249.55 249.55 34.36
"""
    found = read(text, "three_public")
    assert found.get(("总计", "合计"), ("283.91", ""))[0] == "283.91"
    assert ("会议费", "合计") not in found


def test_what_is_printed_above_every_page_is_no_part_of_a_header() -> None:
    """The document's name between a title and its header, and a unit that a line's end tore, are left out."""
    text = """青河县林业局2024年部门预算
支出预算总表
- 5 -
青河县林业局2024年部门预算
编制单位：青河县林业局 金额单
位：元
科目编码
科目名称
合计
基本支出
项目支出
合计
99.00
64.00
35.00
213
农林水支出
99.00
64.00
35.00
"""
    result = READER.extract(Document.from_text(text))
    found = {(f["row"], f["column"]): (f["value"], f["unit"]) for f in facts(result) if f["kind"] == "number"}
    assert found["213", "项目支出"] == ("35.00", "元")


def test_a_dash_on_a_line_of_its_own_is_an_empty_cell() -> None:
    """A row of dashes at a table's end is a row, and its name no part of the one above."""
    text = """政府采购预算表
单位：万元
采购类别
合计
一般公共预算
单位资金
合计
90.00
60.00
30.00
货物类
50.00
40.00
10.00
工程类
40.00
20.00
20.00
服务类
-
-
-
"""
    found = read(text, "procurement")
    assert found["工程类", "合计"][0] == "40.00"
    assert not any("服务类" in row and row != "服务类" for row, _ in found)
