"""Layouts that offices of the country print, in small: every number in its place, or open, and none wrong."""

import re
from collections.abc import Mapping

import pytest

from extractor import Document, Extractor, Result
from extractor.facts import facts

FORMS = ("tabs", "pipes", "spaces", "cells", "html")
Cell = tuple[str, str, str]


def read(text: str, form: str = "tabs") -> Result:
    """Read a text whose cells are separated by tabs in one of the forms that conversions give."""
    if form == "pipes":
        text = re.sub(r"^(.*\t.*)$", lambda m: "| " + m[1].replace("\t", " | ") + " |", text, flags=re.MULTILINE)
    elif form == "spaces":
        text = re.sub(r"[\t ]+", " ", text)
    elif form == "cells":
        text = re.sub(r"\n+", "\n", text.replace("\t", "\n"))
    elif form == "html":
        text = re.sub(
            r"(?:^.*\t.*\n)+",
            lambda m: f"<table>{''.join(map(html_row, m[0].splitlines()))}</table>\n",
            text,
            flags=re.MULTILINE,
        )
    return Extractor(engine="deterministic").extract(Document.from_text(text, name=form))


def html_row(line: str) -> str:
    """Write a row as converters do: headers that span empty cells, long names broken in the middle."""
    header = not re.search(r"\d\.\d", line)
    cells = re.findall(r"[^\t]+\t*|\t" if header else r"[^\t]*(?:\t|$)", line)
    out = ""
    for cell in cells:
        name, span = cell.strip("\t"), max(cell.count("\t"), 1)
        half = len(name) // 2
        text = f"{name[:half]}<br>{name[half:]}" if re.fullmatch(r"[一-龥]{8,}", name) else name
        out += f'<td colspan="{span}">{text}</td>' if span > 1 else f"<td>{text}</td>"
    return f"<tr>{out}</tr>"


def numbers(result: Result) -> dict[Cell, tuple[str, str]]:
    """Return value and state of each number by table, row and column."""
    found = [f for f in facts(result) if f["kind"] == "number"]
    return {(f["table"], f["row"], f["column"]): (f["value"], f["state"]) for f in found}


def assert_holds(result: Result, expected: Mapping[Cell, str]) -> None:
    """Every number expected is there, and nothing contradicts anything or is left out."""
    found = numbers(result)
    assert {cell: found.get(cell, ("",))[0] for cell in expected} == dict(expected)
    assert not [f.message for f in result.findings if f.kind in ("contradiction", "not-read")]


FUND = """公开07表
政府性基金预算财政拨款收入支出决算表
部门：某某局\t\t\t\t\t\t\t金额单位：万元
项目\t\t年初结转和结余\t本年收入\t本年支出\t\t\t年末结转和结余
科目代码\t科目名称\t\t\t小计\t基本支出\t项目支出\t
合计\t\t\t291.57\t291.57\t\t291.57\t
212\t城乡社区支出\t\t291.57\t291.57\t\t291.57\t
21208\t国有土地使用权出让收入安排的支出\t\t291.57\t291.57\t\t291.57\t
2120803\t城市建设支出\t\t291.57\t291.57\t\t291.57\t
"""


@pytest.mark.parametrize("form", ["tabs", "pipes"])
def test_a_first_column_that_is_empty_in_every_row_is_still_the_first(form: str) -> None:
    """Where no row prints a number below the first name, the header's cells tell which column is which."""
    expected = {("government_fund", "212", c): "291.57" for c in ("本年收入", "小计", "项目支出")}
    assert_holds(read(FUND, form), expected)


BLOCKS = """公开06表
一般公共预算财政拨款基本支出决算表
金额单位：万元
人员经费\t\t\t公用经费
科目代码\t科目名称\t金额\t科目代码\t科目名称\t金额\t科目代码\t科目名称\t金额
301\t工资福利支出\t131.08\t302\t商品和服务支出\t268.26\t307\t债务利息及费用支出\t
30101\t基本工资\t28.17\t30201\t办公费\t183.86\t30701\t国内债务付息\t
30102\t津贴补贴\t102.91\t30202\t印刷费\t\t30702\t国外债务付息\t
30103\t奖金\t\t30211\t差旅费\t84.40\t310\t资本性支出\t
303\t对个人和家庭的补助\t414.42\t30213\t维修(护)费\t\t31002\t办公设备购置\t
30302\t退休费\t414.42\t30217\t公务接待费\t\t399\t其他支出\t
人员经费合计\t\t545.50\t公用经费合计\t\t\t\t\t268.26
"""


@pytest.mark.parametrize("form", FORMS)
def test_codes_without_amounts_beside_each_other(form: str) -> None:
    """A code is no amount of the name before it, and a total is no part of the last name."""
    result = read(BLOCKS, form)
    expected = {
        ("basic_expenditure", "30211", "金额"): "84.40",
        ("basic_expenditure", "30302", "金额"): "414.42",
        ("basic_expenditure", "人员经费合计", "金额"): "545.50",
        ("basic_expenditure", "公用经费合计", "金额"): "268.26",
    }
    assert_holds(result, expected)
    assert len(numbers(result)) == 10


BUDGET = """第二部分 2024年部门预算表

部门公开表3
部门支出总表
部门：某某部\t\t\t单位：万元
科目编码\t科目名称\t合计\t基本支出\t项目支出\t上缴上级支出\t事业单位经营支出\t对下级单位补助支出
201\t一般公共服务支出\t1,100.10\t600.05\t500.05\t\t\t
20103\t政府办公厅(室)及相关机构事务\t1,100.10\t600.05\t500.05\t\t\t
2010301\t行政运行\t600.05\t600.05\t\t\t\t
2010302\t一般行政管理事务\t500.05\t\t500.05\t\t\t
合计\t\t1,100.10\t600.05\t500.05\t\t\t

部门公开表4
财政拨款收支总表
部门：某某部\t\t\t单位：万元
收 入\t\t支 出\t
项 目\t预算数\t项 目\t预算数
一、本年收入\t1,000.10\t一、本年支出\t1,100.10
（一）一般公共预算拨款\t1,000.10\t（一）一般公共服务支出\t1,100.10
（二）政府性基金预算拨款\t\t二、结转下年\t
二、上年结转\t100.00\t\t
（一）一般公共预算拨款\t100.00\t\t
（二）政府性基金预算拨款\t\t\t
收 入 总 计\t1,100.10\t支 出 总 计\t1,100.10

部门公开表5
一般公共预算支出表
部门：某某部\t\t\t单位：万元
功能分类科目\t\t2023年执行数\t2024年预算数\t\t\t2024年预算数比2023年执行数
科目编码\t科目名称\t\t小计\t基本支出\t项目支出\t增减额
201\t一般公共服务支出\t900.00\t1,000.10\t600.05\t400.05\t100.10
20103\t政府办公厅(室)及相关机构事务\t900.00\t1,000.10\t600.05\t400.05\t100.10
2010301\t行政运行\t620.00\t600.05\t600.05\t\t-19.95
2010302\t一般行政管理事务\t280.00\t400.05\t\t400.05\t120.05
合计\t\t900.00\t1,000.10\t600.05\t400.05\t100.10

部门公开表7
一般公共预算“三公”经费支出表
部门：某某部\t\t\t单位：万元
2023年预算数\t\t\t\t\t\t2024年预算数\t\t\t\t\t
合计\t因公出国（境）费\t公务用车购置及运行费\t\t\t公务接待费\t合计\t因公出国（境）费\t公务用车购置及运行费\t\t\t公务接待费
\t\t小计\t公务用车购置费\t公务用车运行费\t\t\t\t小计\t公务用车购置费\t公务用车运行费\t
60.00\t30.00\t22.00\t10.00\t12.00\t8.00\t51.50\t33.00\t11.00\t\t11.00\t7.50
"""


@pytest.mark.parametrize("form", FORMS)
def test_budgets_of_the_country(form: str) -> None:
    """Totals below, two sides numbered alike, and two years beside each other, each called as printed."""
    expected = {
        ("expenditure", "总计", "合计"): "1100.10",
        ("expenditure", "2010302", "项目支出"): "500.05",
        ("fiscal_appropriation", "本年收入/一般公共预算拨款", "预算数"): "1000.10",
        ("fiscal_appropriation", "上年结转/一般公共预算拨款", "预算数"): "100.00",
        ("general_expenditure", "2010301", "2023年执行数"): "620.00",
        ("general_expenditure", "2010301", "增减额"): "-19.95",
        ("general_expenditure", "总计", "小计"): "1000.10",
        ("three_public", "总计", "2023年预算数"): "60.00",
        ("three_public", "公务接待费", "2024年预算数"): "7.50",
    }
    assert_holds(read(BUDGET, form), expected)


PROVINCE = """表1-2
部门支出总表
金额单位：万元
科目编码\t\t\t单位代码\t单位名称（科目）\t合计\t基本支出\t项目支出
类\t款\t项\t\t\t\t\t
\t\t\t\t合 计\t300.00\t100.00\t200.00
201\t03\t01\t301601\t行政运行\t120.00\t100.00\t20.00
201\t03\t02\t301601\t一般行政管理事务\t180.00\t\t180.00

表3-2
一般公共预算项目支出预算表
金额单位：万元
科目编码\t\t\t单位代码\t单位名称（科目）\t金额
类\t款\t项\t\t\t
\t\t\t\t合 计\t200.00
201\t03\t01\t301601\t行政运行\t20.00
201\t03\t01\t301601\t公务用车运行维护\t20.00
201\t03\t02\t301601\t一般行政管理事务\t180.00
201\t03\t02\t301601\t专项工作经费\t150.00
201\t03\t02\t301601\t会议经费\t30.00

表7
“三公”经费支出预算表
单位：万元
项目\t2023年预算数\t2024年预算数
合计\t79.20\t28.60
1.因公出国（境）费用\t20.00\t10.00
2.公务接待费\t9.20\t8.60
3.公务用车购置及运行维护费\t50.00\t10.00
其中：公务用车购置费\t30.00\t
公务用车运行维护费\t20.00\t10.00
"""


@pytest.mark.parametrize("form", FORMS)
def test_provinces_print_codes_of_offices_and_projects_below_their_items(form: str) -> None:
    """The code of an office is no amount; a name below an item with the same code is its project."""
    cars = "公务用车购置及运行维护费"
    expected = {
        ("expenditure", "2010302", "项目支出"): "180.00",
        ("project_expenditure", "2010302", "金额"): "180.00",
        ("project_expenditure", "2010302/会议经费", "金额"): "30.00",
        ("three_public", cars, "2023年预算数"): "50.00",
        ("three_public", f"{cars}/公务用车运行维护费", "2024年预算数"): "10.00",
    }
    assert_holds(read(PROVINCE, form), expected)


STAFF = """表三
部门支出预算总表
单位：万元
科目编码\t科目名称\t合计\t基本支出\t\t项目支出\t事业单位经营支出
\t\t\t人员支出\t公用支出\t\t
合计\t\t93.00\t40.00\t15.00\t30.00\t8.00
205\t教育支出\t93.00\t40.00\t15.00\t30.00\t8.00
20502\t普通教育\t93.00\t40.00\t15.00\t30.00\t8.00
2050202\t小学教育\t63.00\t40.00\t15.00\t\t8.00
2050204\t高中教育\t30.00\t\t\t30.00\t
"""


@pytest.mark.parametrize("form", FORMS)
def test_basic_expenditure_by_kind(form: str) -> None:
    """The sum of basic expenditure isn't printed, and no column is missing or takes another's numbers."""
    expected = {("expenditure", "总计", c): v for c, v in {"人员支出": "40.00", "公用支出": "15.00"}.items()}
    assert_holds(read(STAFF, form), {**expected, ("expenditure", "2050204", "项目支出"): "30.00"})


BROKEN_HEADER = """财政拨款“三公”经费支出情况表
单位：万元
“三公”经费支出内容\t合计\t资金来源
一般公共预算\t政府性基金\t国有资本经营预算
合计\t6.18\t6.18
公务接待费\t0.20\t0.20
公务用车购置及运行费（小计）\t5.98\t5.98
公务用车运行费\t5.98\t5.98
"""


def test_a_header_broken_over_two_lines_moves_no_number() -> None:
    """The names of the second line stand at cells that aren't theirs; the total stands on the first."""
    result = Extractor(engine="deterministic").extract(Document.from_text(BROKEN_HEADER))
    found = {(f["row"], f["column"]) for f in facts(result) if f["kind"] == "number" and f["state"] == "proven"}
    assert ("总计", "合计") in found
    assert not {column for _, column in found} & {"政府性基金", "国有资本经营预算"}
