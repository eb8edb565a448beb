"""Other offices' layouts: tables with other columns, other labels, and other shapes than the first layout."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from extractor import Document, Extractor, Result
from extractor.facts import facts
from extractor.models import rows_of
from tests.conftest import OTHER_OFFICES, sample

FORMAL = {
    "cq_swu_2023_final.txt": ["revenue_expenditure", "revenue", "expenditure", "fiscal_expenditure"],
    "js_court_2018.txt": [
        "revenue_expenditure", "revenue", "expenditure", "fiscal_appropriation", "fiscal_expenditure",
        "fiscal_basic_expenditure", "general_expenditure", "basic_expenditure", "three_public", "government_fund",
        "operating_expenditure", "procurement",
    ],
    "js_cppcc_2018_tables.txt": [
        "revenue_expenditure", "revenue", "expenditure", "fiscal_appropriation", "fiscal_expenditure",
        "fiscal_basic_expenditure", "general_expenditure", "basic_expenditure", "three_public", "government_fund",
        "operating_expenditure", "procurement",
    ],
    "sh_putuo_office_2025_budget.txt": [
        "revenue_expenditure", "revenue", "expenditure", "fiscal_appropriation", "general_expenditure",
        "government_fund", "state_capital", "basic_expenditure", "three_public",
    ],
    "sh_putuo_planning_2024_final.txt": [
        "revenue_expenditure", "revenue", "expenditure", "fiscal_appropriation", "general_expenditure",
        "basic_expenditure", "three_public", "government_fund", "state_capital",
    ],
}  # fmt: skip


def read(name: str) -> Result:
    """Read a file of another office without a model."""
    if not OTHER_OFFICES.is_dir():
        pytest.skip("no files of other offices here")
    return Extractor(engine="deterministic").extract(Document.from_path(OTHER_OFFICES / name))


def number_facts(result: Result) -> set[tuple[str, str, str, str]]:
    """Number facts of the tables, without their places."""
    return {(f["table"], f["row"], f["column"], f["value"]) for f in facts(result) if f["kind"] == "number"}


@pytest.mark.parametrize("name", FORMAL)
def test_every_formal_table_is_found_and_read(name: str) -> None:
    """Each table of the file has its id, in printed order, and none of them is listed as not read."""
    result = read(name)
    tables = [t.id for t in result.tables if not t.id.startswith(("n_", "performance", "document", "staffing"))]
    assert [t for t in tables if t in FORMAL[name]] == FORMAL[name]
    not_read = {f.table for f in result.findings if f.code == "table-not-read"}
    assert not not_read & set(FORMAL[name])


def test_prose_that_contradicts_a_table_is_found() -> None:
    """The office's own prose says 12.89 万元 more of basic expenditure than its tables: a mistake of the source."""
    result = read("sh_putuo_planning_2024_final.txt")
    found = [f for f in result.findings if f.code == "N10"]
    assert [(f.kind, f.cause) for f in found] == [("contradiction", "source")] * 2
    basic = result.table("n_basic")
    assert basic is not None
    assert basic.states()["proven"] == 1


def test_three_texts_of_one_document_give_the_same_facts() -> None:
    """Markdown with all empty cells, text without them, and one cell per line: the same 308 numbers and columns."""
    stem = "sh_putuo_planning_2024_final"
    markdown, text, cells = (number_facts(read(f"{stem}{form}.txt")) for form in (".md", "", ".cells"))
    assert len({f for f in markdown if not f[0].startswith("n_")}) == 308
    assert text == markdown
    assert cells == markdown


def test_columns_are_named_as_printed() -> None:
    """A column has its stable id in the table, and the office's own name among the facts."""
    result = read("sh_putuo_planning_2024_final.md.txt")
    table = result.table("revenue")
    assert table is not None
    assert table.columns[:2] == ("总计", "财政拨款小计")
    found = {f[2] for f in number_facts(result) if f[0] == "revenue"}
    assert found == {"本年收入合计", "财政拨款收入"}
    both_sides = {f[2] for f in number_facts(result) if f[0] == "fiscal_appropriation"}
    assert both_sides == {"决算数", "合计", "一般公共预算财政拨款"}


def test_sums_settle_columns_that_only_this_office_prints() -> None:
    """Five of eight columns are in most rows: 事业收入 and what is singled out of it are told apart by the sums."""
    table = read("cq_swu_2023_final.txt").table("revenue")
    assert table is not None
    rows = {row.key: row for row in table.rows}
    cells = {c.column: str(c.value) for c in rows["2050202"].cells if c.kind == "number"}
    assert cells == {"总计": "9447.71", "财政拨款小计": "8201.15", "事业收入": "4.70", "其他收入": "1241.86"}
    assert {c.column for c in rows["2050204"].cells} >= {"事业收入", "教育收费", "其他收入"}


def test_what_a_header_does_not_tell_is_told_by_the_text_and_by_other_tables() -> None:
    """The header names 购置费 and 运行费, one number is printed: the items of basic expenditure say whose it is."""
    table = read("js_court_2018.txt").table("three_public")
    assert table is not None
    cars = [row for row in table.rows if row.key.startswith("公务用车购置及运行费/") and row.cells]
    assert [(row.key.rpartition("/")[2], c.state) for row in cars for c in row.cells] == [("公务用车运行费", "proven")]


@pytest.mark.parametrize("path", sorted(OTHER_OFFICES.glob("*.txt")), ids=lambda p: p.stem)
def test_wrong_columns_are_never_called_proven(path: Path) -> None:
    """Every violated identity is one of the office's own roundings: off by a unit of the last place at most."""
    for finding in read(path.name).findings:
        if finding.table in FORMAL.get(path.name, ()) and finding.kind == "contradiction":
            assert finding.expected is not None
            assert finding.found is not None
            assert abs(finding.expected - finding.found) <= Decimal("0.01"), finding.message


NATIONAL = """2023年度部门决算公开表

公开01表
收入支出决算总表
部门：某某市某某局 金额单位：万元
收入	支出
项目	行次	金额	项目	行次	金额
栏次		1	栏次		2
一、一般公共预算财政拨款收入	1	1,250.36	一、一般公共服务支出	32	980.11
二、政府性基金预算财政拨款收入	2	40.00	二、外交支出	33
三、国有资本经营预算财政拨款收入	3		三、国防支出	34
四、上级补助收入	4		四、公共安全支出	35
五、事业收入	5	15.20	五、教育支出	36
六、经营收入	6		六、科学技术支出	37
七、附属单位上缴收入	7		七、文化旅游体育与传媒支出	38
八、其他收入	8	3.44	八、社会保障和就业支出	39	200.25
	9		九、卫生健康支出	40	88.40
	10		十、节能环保支出	41
	11		十一、城乡社区支出	42	40.00
本年收入合计	27	1,309.00	本年支出合计	58	1,308.76
使用非财政拨款结余	28		结余分配	59
年初结转和结余	29	10.50	年末结转和结余	60	10.74
	30			61
总计	31	1,319.50	总计	62	1,319.50
注：本表反映部门本年度的总收支和年末结转结余情况。

公开06表
一般公共预算财政拨款基本支出决算表
部门：某某市某某局 金额单位：万元
人员经费	公用经费
科目编码	科目名称	金额	科目编码	科目名称	金额	科目编码	科目名称	金额
301	工资福利支出	700.10	302	商品和服务支出	90.20	307	债务利息及费用支出
30101	基本工资	400.10	30201	办公费	50.00	30701	国内债务付息
30102	津贴补贴	300.00	30202	印刷费	40.20	310	资本性支出	9.80
303	对个人和家庭的补助	20.00				31002	办公设备购置	9.80
30302	退休费	20.00
人员经费合计		720.10	公用经费合计					100.00

公开07表
一般公共预算财政拨款“三公”经费支出决算表
部门：某某市某某局 金额单位：万元
预算数	决算数
合计	因公出国费	公务用车购置及运行费			公务接待费	合计	因公出国费	公务用车购置及运行费			公务接待费
		小计	公务用车购置费	公务用车运行费				小计	公务用车购置费	公务用车运行费
1	2	3	4	5	6	7	8	9	10	11	12
9.00		7.00		7.00	2.00	8.11		6.61		6.61	1.50
"""  # noqa: E501


@pytest.mark.parametrize("form", ["tabs", "spaces", "cells"])
def test_final_accounts_as_most_of_the_country_prints_them(form: str) -> None:
    """Row numbers, three blocks of codes beside each other, and items in the header: every number in its place."""
    texts = {
        "tabs": NATIONAL,
        "spaces": re.sub(r"[\t ]+", " ", NATIONAL),
        "cells": re.sub(r"\n+", "\n", NATIONAL.replace("\t", "\n")),
    }
    result = Extractor(engine="deterministic").extract(Document.from_text(texts[form], name=form))
    found = {(f["table"], f["row"], f["column"]): f["value"] for f in facts(result) if f["kind"] == "number"}
    assert len(found) == 14 + 12 + 8
    assert found["revenue_expenditure", "年初结转和结余", "金额"] == "10.50"
    assert found["revenue_expenditure", "卫生健康支出", "金额"] == "88.40"
    assert found["revenue_expenditure", "支出总计", "金额"] == "1319.50"
    assert found["basic_expenditure", "公用经费合计", "金额"] == "100.00"
    assert found["three_public", "公务接待费", "决算数"] == "1.50"
    assert {f["state"] for f in facts(result) if f["table"] != "three_public"} <= {"proven", "grounded"}
    assert not [f for f in result.findings if f.kind == "contradiction"]


UNKNOWN_COLUMN = """支出预算总表
单位：万元
科目编码\t科目名称\t合计\t基本支出\t项目支出\t专项债支出
\t合计\t90.00\t50.00\t30.00\t10.00
205\t教育支出\t90.00\t50.00\t30.00\t10.00
20502\t普通教育\t90.00\t50.00\t30.00\t10.00
2050202\t小学教育\t60.00\t50.00\t\t10.00
2050204\t高中教育\t30.00\t\t30.00
"""


def test_an_unknown_column_keeps_its_printed_name() -> None:
    """No number moves into a column that is known, and no sum is asked for that may lack a part."""
    result = Extractor(engine="deterministic").extract(Document.from_text(UNKNOWN_COLUMN, name="unknown"))
    table = result.table("expenditure")
    assert table is not None
    assert table.columns == ("合计", "基本支出", "项目支出", "专项债支出")
    last = [c for c in facts(result) if c["column"] == "专项债支出"]
    assert [f["value"] for f in last] == ["10.00"] * 4
    assert {f["state"] for f in last} == {"proven"}  # by the tree
    assert not result.findings
    rows = rows_of(table)
    assert getattr(rows[0], "c9", None) == Decimal("10.00")


def test_two_disclosures_in_one_file_are_read_as_each_alone() -> None:
    """The second one has neither 第一部分 nor a table that came before: its list of contents begins it."""
    budget = "sh_putuo_office_2025_budget.txt"
    alone = number_facts(read(budget))
    first = sample("karamay_fao_2024_final").text
    both = f"{first}\n\n{(OTHER_OFFICES / budget).read_text(encoding='utf-8')}"
    reader = Extractor(engine="deterministic")
    of_first = number_facts(reader.extract(Document.from_text(first)))
    assert number_facts(reader.extract(Document.from_text(both))) == alone | of_first
