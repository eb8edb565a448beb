"""The workbook: tables as printed, exact numbers, live formulas, text that stays text; read back with openpyxl."""

import io
import re
import shutil
import subprocess
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from extractor import Document, Extractor, Result
from extractor.export import save
from extractor.records import Cell, Row, Span, Table
from extractor.spreadsheet import neutral, number, sheet_names, total
from extractor.workbook import workbook
from extractor.workbook_pen import COLOURS

from .cli import extractor as command
from .conftest import BUDGETS, OTHER_OFFICES, SAMPLES, sample

ALL = (*BUDGETS, "karamay_fao_2024_final")
HOSTILE = (
    "=1+1",
    '=HYPERLINK("http://x.test","y")',
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "＝1+1",
    "<b>&amp;</b>",
    "_x003D_1",
)


def opened(data: bytes, *, values: bool = False) -> Any:
    """Read a workbook back."""
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def sheet_of(book: Any, table_id: str) -> Any:
    """Return the sheet of a table, which names its id in the second line."""
    return next(s for s in book.worksheets if str(s["A2"].value).split(" · ")[0] == table_id)


def numbers(sheet: Any) -> list[tuple[Decimal, str]]:
    """Return every number with a comment on where it stands, and the comment."""
    return [
        (Decimal(str(cell.value)), cell.comment.text)
        for line in sheet.iter_rows()
        for cell in line
        if cell.comment and cell.data_type == "n" and cell.comment.text.startswith("line ")
    ]


@pytest.fixture(scope="module", params=ALL)
def read(request: pytest.FixtureRequest, extractor: Extractor) -> tuple[Result, bytes]:
    """A sample, and its workbook."""
    result = extractor.extract(sample(request.param))
    return result, workbook(result)


def test_every_number_stands_there_exactly(read: tuple[Result, bytes]) -> None:
    """Each table's sheet holds its numbers, equal as decimals, with line and printed text in the comment."""
    result, data = read
    book = opened(data)
    assert len(book.sheetnames) == len(result.tables) + 3
    for table, sheet in zip(result.tables, book.worksheets[3:], strict=True):
        printed = sorted((c.value, c.text) for _, c in table.numbers() if c.value is not None)
        found = sorted((value, comment.splitlines()[0].partition(": ")[2]) for value, comment in numbers(sheet))
        assert found == printed, table.id


def test_cells_have_the_colour_of_their_state(read: tuple[Result, bytes]) -> None:
    """The state in the comment is the state of the fill, and the legend shows every state."""
    _, data = read
    book = opened(data)
    shades = {state: str(look["bg_color"])[1:] for state, look in COLOURS.items()}
    seen = 0
    for sheet in book.worksheets[3:]:
        for cell in (c for line in sheet.iter_rows() for c in line if c.comment and c.data_type == "n"):
            state = next(s for s in shades if re.search(rf"\n{s}\b", cell.comment.text))
            assert cell.fill.fgColor.rgb[2:] == shades[state]
            seen += 1
    assert seen > 200
    legend = {cell.value: cell.fill.fgColor.rgb[2:] for cell in book["Overview"]["A"] if cell.value in shades}
    assert legend == shades


def test_sums_are_formulas_beside_the_printed_values(extractor: Extractor) -> None:
    """Table 3: every row has 合计 as a sum across, every parent one of its parts, and the differences are 0."""
    data = workbook(extractor.extract(sample("kizilsu_fao_2024_budget")))
    formulas, values = (sheet_of(opened(data, values=v), "expenditure") for v in (False, True))
    heads = {c.value: c.column for line in formulas.iter_rows(max_row=5) for c in line if c.value}
    assert {"类", "款", "项", "名称", "合计", "基本支出", "项目支出", "Σ 合计", "Σ of parts: 合计"} <= heads.keys()
    row = next(r for r in range(1, 30) if formulas.cell(r, heads["名称"]).value == "一般公共服务支出")
    across, down = heads["Σ 合计"], heads["Σ of parts: 合计"]
    assert formulas.cell(row, across).value == f"=ROUND(SUM(F{row}:F{row},G{row}),2)".replace(
        f"F{row}:F{row}", f"F{row}"
    )
    assert formulas.cell(row, down).value.startswith("=ROUND(SUM(E")
    assert values.cell(row, across).value == values.cell(row, heads["合计"]).value == 466.14
    assert values.cell(row, across + 1).value == values.cell(row, down + 1).value == 0
    assert formulas.freeze_panes == formulas.cell(row, 5).coordinate


def test_two_sided_tables_stand_side_by_side(extractor: Extractor) -> None:
    """Table 1: income on the left and expenditure on the right of the same rows, as printed."""
    result = extractor.extract(sample("kizilsu_fao_2024_budget"))
    sheet = sheet_of(opened(workbook(result)), "revenue_expenditure")
    heads = [(c.row, c.column) for line in sheet.iter_rows(max_row=5) for c in line if c.value == "预算数"]
    assert len(heads) == 2
    (top, left), (_, right) = heads
    assert (sheet.cell(top + 1, left).value, sheet.cell(top + 1, right).value) == (537.43, 466.14)


def test_the_office_s_mistakes_are_findings_with_links(extractor: Extractor) -> None:
    """Each finding has its numbers, their difference, and a link to a cell that holds what it names."""
    result = extractor.extract(sample("urumqi_fao_2024_budget"))
    book = opened(workbook(result))
    sheet = book["Findings"]
    heads = [c.value for c in sheet[1]]
    lines = [dict(zip(heads, line, strict=False)) for line in sheet.iter_rows(min_row=2)]
    assert [line["code"].value for line in lines] == [f.code for f in result.findings]
    finding = next(f for f in result.findings if f.kind == "contradiction")
    line = next(line for line in lines if line["code"].value == finding.code)
    assert finding.expected is not None
    assert finding.found is not None
    assert Decimal(str(line["difference"].value)) == finding.found - finding.expected
    target = line["cells"].hyperlink.location
    name, where = re.fullmatch(r"'(.+)'!([A-Z]+\d+)", target).groups()  # type: ignore[union-attr]
    assert f"line {finding.cells[0].line}:" in book[name][where].comment.text


def test_what_the_workbook_computes_is_what_was_read(read: tuple[Result, bytes]) -> None:
    """The verdicts shown beside the formulas are those of the checks, identity by identity."""
    result, data = read
    sheet = opened(data, values=True)["Checks"]
    lines = [[c.value for c in line] for line in sheet.iter_rows(min_row=2)]
    for name, count in result.checks.items():
        found = [line[7] for line in lines if line[0] == name]
        assert (found.count("held"), found.count("violated")) == (count.held, count.violated), name
    assert all(line[6] in (None, line[7]) for line in lines)
    assert sum(line[6] is not None for line in lines) > 100


def _table(title: str, *cells: tuple[str, str, str]) -> Table:
    span = (Span(start=0, end=1, line=1),)
    rows = tuple(
        Row(
            key=key, role=None, kind="label", parent=None, line=n + 1,
            cells=(
                Cell(column="备注", kind="text", text=text, spans=span),
                Cell(column="金额", kind="number", text=amount, value=Decimal(amount), unit="万元", spans=span),
            ),
        )
        for n, (key, text, amount) in enumerate(cells)
    )  # fmt: skip
    return Table(id="n_assets", title=title, part=0, unit="万元", columns=("金额",), rows=rows, lines=(1, 9), why=title)


def _result(*tables: Table) -> Result:
    return Result(
        document="=cmd", path=None, encoding="utf-8", characters=9, sha256="0", tables=tables, findings=(), checks={},
        unread=(),
    )  # fmt: skip


def test_text_never_becomes_a_formula() -> None:
    """Labels, texts, titles and headers that look like formulas are strings, marked so that an edit keeps them so."""
    table = _table("=1+1", *((text, text, "1.00") for text in HOSTILE))
    data = workbook(_result(table.model_copy(update={"labels": {"金额": "=A1"}})))
    book = opened(data)
    sheet = book.worksheets[3]
    for line in sheet.iter_rows():
        for cell in line:
            if cell.data_type == "f":
                assert str(cell.value).startswith(("=ROUND(", "=IF("))
    texts = {c.value: c for line in sheet.iter_rows(min_row=5) for c in line if isinstance(c.value, str)}
    for text in HOSTILE:
        assert text in {t.replace("_x005F_", "_") for t in texts}
    assert texts["=1+1"].data_type == "s"
    assert texts["=1+1"].quotePrefix
    assert sheet["A1"].data_type == "s"


def test_hostile_titles_give_safe_sheets() -> None:
    """Whatever stands in titles and labels, the file is sound XML, and every name is allowed and there once."""
    titles = ("a/b[c]:*?\\'d'", "History", "x" * 99, "x" * 99, "X" * 99, "\x00\x07\x1b\ud800", "", "😀" * 40, "A1!'")
    tables = [_table(title, (title, title, "1.00")) for title in titles]
    data = workbook(_result(*tables))
    names = opened(data).sheetnames
    assert len({name.casefold() for name in names}) == len(titles) + 3
    assert not [n for n in names if re.search(r"[\[\]:*?/\\']", n) or len(n.encode("utf-16-le")) > 62]
    assert "history" not in {n.casefold() for n in names}
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        for name in file.namelist():
            text = file.read(name).decode("utf-8")
            assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text), name


def test_links_lead_to_sheets_of_any_name() -> None:
    """A title with signs that mean something in links still gives a link that names its sheet."""
    titles = ("50%20", "a#b", "A&B<c>", "x!y", "100%")
    book = opened(workbook(_result(*(_table(title, ("a", "b", "1.00")) for title in titles))))
    links = [c.hyperlink.location for line in book["Overview"].iter_rows() for c in line if c.hyperlink]
    assert links[: len(titles)] == [f"'{name}'!A1" for name in book.sheetnames[3:]]


def test_what_is_too_large_is_cut_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables, rows and columns beyond the limits are left out, and the overview names the tables."""
    monkeypatch.setattr("extractor.workbook.MAX_TABLES", 2)
    monkeypatch.setattr("extractor.workbook.MAX_ROWS", 1)
    tables = (_table("one", ("a", "b", "1.00"), ("c", "d", "2.00")), _table("two", ("a", "b", "1.00")), _table("three"))
    book = opened(workbook(_result(*tables)))
    assert book.sheetnames[3:] == ["one", "two"]
    assert [value for value, _ in numbers(book["one"])] == [1]
    overview = [[c.value for c in line[:2]] for line in book["Overview"].iter_rows()]
    assert [line[1] for line in overview if line[0] and "too large" in line[0]] == ["one", "three"]


def test_what_a_spreadsheet_can_not_hold_is_text_with_a_note() -> None:
    """Seventeen digits don't fit into a binary fraction: they are kept as text, and the comment says so."""
    data = workbook(_result(_table("t", ("a", "b", "12345678901234567.89"), ("c", "d", "0.10"))))
    sheet = opened(data).worksheets[3]
    held = {str(c.value): c for line in sheet.iter_rows(min_row=5) for c in line if c.comment}
    assert held["12345678901234567.89"].data_type == "s"
    assert "more digits" in held["12345678901234567.89"].comment.text
    assert held["0.1"].number_format.startswith("#,##0.00")


def test_the_same_result_gives_the_same_bytes(extractor: Extractor) -> None:
    """Nothing of the time or the machine goes in."""
    result = extractor.extract(sample("karamay_fao_2024_final"))
    assert workbook(result) == workbook(result)


def test_run_writes_the_workbook_only_where_it_is_asked_for(tmp_path: Path) -> None:
    """``--format xlsx`` gives ``tables.xlsx``; a run without it gives the files it always gave."""
    file = SAMPLES / "kizilsu_fao_2024_budget.txt"
    command("run", file, "--out", tmp_path / "a", "--format", "xlsx")
    command("run", file, "--out", tmp_path / "b")
    assert [p.name for p in (tmp_path / "a" / file.stem).iterdir()] == ["tables.xlsx"]
    assert not (tmp_path / "b" / file.stem / "tables.xlsx").exists()
    assert (tmp_path / "b" / file.stem / "result.json").exists()


def test_saving_from_the_library(tmp_path: Path, extractor: Extractor) -> None:
    """The library's door is ``save`` with the format named, and gives a file that opens."""
    (file,) = save(extractor.extract(Document.from_text("某单位\n")), tmp_path, ("xlsx",))
    assert opened(file.read_bytes()).sheetnames[:3] == ["Overview", "Findings", "Checks"]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**20), max_value=10**20))
def test_a_number_is_exact_or_none(value: Decimal) -> None:
    """A float is given only where it is the same number in fifteen digits, as spreadsheets show it."""
    held = number(value)
    if held is None:
        assert len(value.normalize().as_tuple().digits) > 15 or abs(value) >= 10**16
    else:
        assert Decimal(f"{held:.15g}") == value


@given(st.lists(st.text(), max_size=8))
def test_sheet_names_are_allowed_and_unique(titles: list[str]) -> None:
    """Any titles give names that Excel takes."""
    names = sheet_names(titles, ("Overview",))
    assert len({n.casefold() for n in (*names, "Overview")}) == len(titles) + 1
    for name in names:
        assert 0 < len(name.encode("utf-16-le")) <= 62
        assert not re.search(r"[\[\]:*?/\\']", name)


def test_sums_of_many_cells() -> None:
    """Neighbours become ranges, more arguments than a function takes are nested, and what is too long is refused."""
    assert total([("s", 1, 0), ("s", 2, 0), ("s", 5, 0), ("t", 1, 1)], "s") == "SUM(A2:A3,A6,'t'!B2)"
    nested = total([("s", 2 * n, 0) for n in range(500)], "s")
    assert nested is not None
    assert nested.count("SUM(") == 4
    assert total([("another sheet", 2 * n, 0) for n in range(500)], "s") is None
    assert total([], "s") == "0"


@pytest.mark.parametrize("text", HOSTILE[:7])
def test_neutral_text_begins_with_an_apostrophe(text: str) -> None:
    """Everything that a spreadsheet might take for a formula gets one."""
    assert neutral(text) == "'" + text


def _recalculated(books: dict[str, bytes], folder: Path) -> dict[str, bytes]:
    """Open workbooks in LibreOffice, calculate everything anew, and save them again."""
    settings = folder / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        '<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">'
        "<value>0</value></prop></item></oor:items>",
        encoding="utf-8",
    )
    (folder / "in").mkdir()
    for name, data in books.items():
        (folder / "in" / f"{name}.xlsx").write_bytes(data)
    command_line = [
        "soffice", "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--convert-to", "xlsx",
        "--outdir", str(folder / "out"), *(str(folder / "in" / f"{name}.xlsx") for name in books),
    ]  # fmt: skip
    subprocess.run(command_line, capture_output=True, check=True, timeout=300)
    return {name: (folder / "out" / f"{name}.xlsx").read_bytes() for name in books}


def _formulas(data: bytes) -> dict[tuple[str, str], Any]:
    """Return the value of every formula by sheet and cell."""
    values = opened(data, values=True)
    return {
        (sheet.title, cell.coordinate): values[sheet.title][cell.coordinate].value
        for sheet in opened(data).worksheets
        for line in sheet.iter_rows()
        for cell in line
        if cell.data_type == "f"
    }


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice isn't installed")
def test_libreoffice_comes_to_the_same_numbers(tmp_path: Path, extractor: Extractor) -> None:
    """Recalculated there, every formula of a sample, and of an office with other units, gives what we wrote."""
    wrong = io.BytesIO()
    with xlsxwriter.Workbook(wrong, {"in_memory": True}) as book:
        book.add_worksheet("s").write_formula("A1", "=1+1", None, 999)
    files = [SAMPLES / "karamay_fao_2024_final.txt", *sorted(OTHER_OFFICES.glob("cq_*.txt"))]
    ours = {file.stem: workbook(extractor.extract(Document.from_path(file))) for file in files}
    theirs = _recalculated({"wrong": wrong.getvalue(), **ours}, tmp_path)
    assert _formulas(theirs["wrong"]) == {("s", "A1"): 2}  # it does calculate
    for name, data in ours.items():
        assert opened(data).sheetnames == opened(theirs[name]).sheetnames
        expected, found = _formulas(data), _formulas(theirs[name])
        assert len(expected) > 500
        assert {place: found[place] for place in expected} == expected
