"""Other offices' layouts: tables with other columns, other labels, and other shapes than the first layout."""

from decimal import Decimal
from pathlib import Path

import pytest

from extractor import Document, Extractor, Result
from extractor.facts import facts
from tests.conftest import OTHER_OFFICES

FORMAL = {
    "cq_swu_2023_final.txt": ["revenue_expenditure", "revenue", "expenditure", "fiscal_expenditure"],
    "js_court_2018.txt": [
        "revenue_expenditure", "revenue", "expenditure", "fiscal_appropriation", "fiscal_expenditure",
        "fiscal_basic_expenditure", "general_expenditure", "basic_expenditure", "three_public", "government_fund",
        "operating_expenditure",
    ],
    "js_cppcc_2018_tables.txt": [
        "revenue_expenditure", "revenue", "expenditure", "fiscal_appropriation", "fiscal_expenditure",
        "fiscal_basic_expenditure", "general_expenditure", "basic_expenditure", "three_public", "government_fund",
        "operating_expenditure",
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


def test_what_the_text_does_not_tell_is_ambiguous() -> None:
    """The header names 购置费 and 运行费, one number is printed: it may be either's, and the cell says so."""
    table = read("js_court_2018.txt").table("three_public")
    assert table is not None
    cars = [row for row in table.rows if row.key.startswith("公务用车购置及运行费/") and row.cells]
    assert [c.state for row in cars for c in row.cells] == ["ambiguous"]


@pytest.mark.parametrize("path", sorted(OTHER_OFFICES.glob("*.txt")), ids=lambda p: p.stem)
def test_wrong_columns_are_never_called_proven(path: Path) -> None:
    """Every violated identity is one of the office's own roundings: off by a unit of the last place at most."""
    for finding in read(path.name).findings:
        if finding.table in FORMAL.get(path.name, ()) and finding.kind == "contradiction":
            assert finding.expected is not None
            assert finding.found is not None
            assert abs(finding.expected - finding.found) <= Decimal("0.01"), finding.message
