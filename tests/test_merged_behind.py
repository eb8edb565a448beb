"""Pages whose merged cells are written behind all others: titles, names of columns, labels of totals; invented."""

from .reading import numbers, read

UNIT = "单位：元"
OFFICE = "编制单位：河东市某某局"
SIDES = """一、财政拨款收入
9,200,000 一、一般公共服务支出
7,000,000
4,100,000
1,400,000
1,500,000
1、一般公共预算资金
9,200,000 二、住房保障支出
2,200,000
2,200,000
2、政府性基金
二、事业收入
收入总计
9,200,000
支出总计
9,200,000
6,300,000
1,400,000
1,500,000
"""
ROWS = """201
一般公共服务支出
7,000,000
5,500,000
1,500,000
201
03
政府办公厅（室）及相关机构事务
7,000,000
5,500,000
1,500,000
201
03
01
行政运行
5,500,000
5,500,000
"""
MORE = """201
03
02
一般行政管理事务
1,500,000
1,500,000
221
住房保障支出
2,200,000
2,200,000
221
02
住房改革支出
2,200,000
2,200,000
221
02
01
住房公积金
2,200,000
2,200,000
9,200,000
7,700,000
1,500,000
合计
"""
COLUMNS = "功能分类科目编码\n功能分类科目名称\n合计\n基本支出\n项目支出\n"


def pages() -> str:
    """Return a budget whose first table has two sides, the others codes, two of them on two pages."""
    first = (
        f"{UNIT}\n人员经费\n公用经费\n{SIDES}2025年预算单位财务收支预算总表\n本年收入\n本年支出\n预算数\n基本支出\n"
        f"项目\n预算数\n项目\n合计\n项目支出\n{OFFICE}\n"
    )
    out = [first]
    for title, group in (
        ("2025年预算单位支出预算总表", "支出预算"),
        ("2025年预算单位一般公共预算支出功能分类预算表", "一般公共预算支出"),
    ):
        out.append(f"{UNIT}\n类\n款\n项\n{ROWS}{title}\n项目\n{group}\n{COLUMNS}{OFFICE}\n")
        out.append(f"类\n款\n项\n项目\n{group}\n{COLUMNS}{MORE}")
    return "\n\n".join(out)


def test_names_of_columns_behind_the_rows() -> None:
    """The lowest names are written first, the others behind; which order a known header has is no matter."""
    found = numbers(read(pages()), "revenue_expenditure")
    assert {state for _, state in found.values()} == {"proven"}
    told = {key: value for key, (value, _) in found.items()}
    assert told["一般公共服务支出", "人员经费"] == "4100000"
    assert told["一般公共服务支出", "公用经费"] == "1400000"
    assert told["支出总计", "项目支出"] == "1500000"
    assert told["财政拨款收入/一般公共预算资金", "预算数"] == "9200000"


def test_the_label_of_a_total_behind_its_amounts() -> None:
    """On the last page it comes after all of them; the greatest amount behind the last row is the total."""
    for table in ("expenditure", "general_expenditure"):
        found = numbers(read(pages()), table)
        assert {state for _, state in found.values()} == {"proven"}
        assert [found["总计", c][0] for c in ("合计", "基本支出", "项目支出")] == [
            "9200000",
            "7700000",
            "1500000",
        ]
        assert found["2210201", "基本支出"][0] == "2200000"


def test_a_header_of_both_sides_line_by_line() -> None:
    """The same header in running lines: what spans lines stands between those that do not."""
    header = "本年收入 本年支出\n预算数\n项目 预算数 项目 基本支出\n合计 项目支出\n人员经费 公用经费\n"
    lines = (
        "一、财政拨款收入 9,200,000 一、一般公共服务支出 7,000,000 4,100,000 1,400,000 1,500,000\n"
        "1、一般公共预算资金 9,200,000 二、住房保障支出 2,200,000 2,200,000\n2、政府性基金\n"
        "收入总计 9,200,000 支出总计 9,200,000 6,300,000 1,400,000 1,500,000\n"
    )
    found = numbers(read(f"2025年预算单位财务收支预算总表\n{OFFICE} {UNIT}\n{header}{lines}"), "revenue_expenditure")
    assert found["一般公共服务支出", "公用经费"] == ("1400000", "proven")
    assert found["住房保障支出", "人员经费"] == ("2200000", "proven")
    broken = lines.replace(" 4,100,000", " 4,200,000").replace(" 6,300,000", " 6,500,000")
    found = numbers(read(f"2025年预算单位财务收支预算总表\n{OFFICE} {UNIT}\n{header}{broken}"), "revenue_expenditure")
    assert not any(column != "预算数" and state == "proven" for (_, column), (_, state) in found.items())
