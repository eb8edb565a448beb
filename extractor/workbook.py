"""A workbook for one document: its tables as printed, with the sums as live formulas beside the printed values.

Every table has a sheet of its own. ``Overview`` says what the colours mean, ``Findings`` what a person should look at,
``Checks`` holds every identity, within a table and across sheets.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .evidence import Evidence, evidence
from .instance import SUMS, Instance, Outcome, Ref
from .records import Cell, Result, Row, Table
from .specs import Catalogue, catalogue, split_label
from .spreadsheet import address, clean, number, sheet_names
from .statements import titles
from .workbook_formulas import Book, sides
from .workbook_layout import Layout, Placed, layout
from .workbook_pages import CHECKS, FINDINGS, OVERVIEW, checks, findings, overview
from .workbook_pen import COLOURS, FORMULA, HEAD, OFF, QUIET, TITLE, WRAP, Pen, pattern

MAX_TABLES = 500
MAX_ROWS = 100_000
MAX_COLUMNS = 1_000
_COMMENTS = 20_000  # beyond so many cells only those that aren't proven have a comment
_MADE = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # the same bytes whenever it is made
_NOT_EXACT = "Written as text: it has more digits than a spreadsheet program keeps in a number."
_LONG_TITLE = 31


@dataclass(frozen=True, slots=True)
class _Slot:
    """A pair of columns beside a table: sums across its rows, or down one of its columns."""

    kind: str
    what: str
    number: int


def workbook(result: Result, specs: Catalogue | None = None) -> bytes:
    """Return an ``.xlsx`` file of a result; the same result gives the same bytes.

    Amounts are numbers where a spreadsheet program keeps every digit, else text with a note. Text of the document
    never becomes a formula, a link or the name of anything but a sheet, and of that only what is allowed in one.
    A document of more than :data:`MAX_TABLES` tables, or a table of more than :data:`MAX_ROWS` rows or
    :data:`MAX_COLUMNS` columns, is cut, and the overview says so.
    """
    import xlsxwriter  # noqa: PLC0415 - only who wants a workbook waits for it

    known = evidence(result.tables, specs)
    shown = [_cut(table) for table in result.tables[:MAX_TABLES]]
    names = sheet_names(_titles(shown), (OVERVIEW, FINDINGS, CHECKS))
    layouts = [layout(table) for table in shown]
    held = _held(layouts)
    places = {Ref(i, n, c): where for i, at in enumerate(layouts) for (n, c), where in at.places.items()}
    book = Book(tuple(names), places, held)
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, options) as made:
        made.set_properties({"title": clean(result.document, 200), "created": _MADE})
        made.set_calc_mode("auto")
        pen = Pen(made)
        sheets = {name: made.add_worksheet(name) for name in (OVERVIEW, FINDINGS, CHECKS, *names)}
        left_out = [t.title for t, kept in zip(result.tables, shown, strict=False) if t is not kept]
        left_out += [t.title for t in result.tables[MAX_TABLES:]]
        overview(pen, sheets[OVERVIEW], result, names, left_out)
        findings(pen, sheets[FINDINGS], result, _addresses(shown, layouts, names))
        checks(pen, sheets[CHECKS], known, book)
        brief = sum(len(at.placed) for at in layouts) > _COMMENTS
        for index, (table, at) in enumerate(zip(shown, layouts, strict=True)):
            _table(pen, sheets[names[index]], table, at, known.frames[index].name, brief=brief)
            _beside(pen, sheets[names[index]], index, at, known, book)
    return file.getvalue()


def _cut(table: Table) -> Table:
    """Return as much of a table as a sheet is to hold."""
    if len(table.rows) <= MAX_ROWS and len(table.columns) <= MAX_COLUMNS:
        return table
    columns = table.columns[:MAX_COLUMNS]
    dropped = set(table.columns[MAX_COLUMNS:])
    rows = tuple(
        row.model_copy(update={"cells": tuple(c for c in row.cells if c.column not in dropped)})
        for row in table.rows[:MAX_ROWS]
    )
    return table.model_copy(update={"columns": columns, "rows": rows})


def _held(layouts: Sequence[Layout]) -> frozenset[Ref]:
    """Return the cells that are written as numbers."""
    return frozenset(
        Ref(i, p.index, p.cell.column)
        for i, at in enumerate(layouts)
        for p in at.placed
        if p.cell.kind == "number" and p.cell.value is not None and number(p.cell.value) is not None
    )


def _titles(tables: Iterable[Table]) -> Iterator[str]:
    """Yield what to call each sheet: the printed title without its number, or the spec's where it is too long."""
    plain = {spec.id: spec.title for spec in reversed(catalogue().tables)}
    plain |= {name: title for name, title, _ in titles()}
    for table in tables:
        title = split_label(table.title)[1]
        short = title if 0 < len(title) <= _LONG_TITLE else plain.get(table.id, table.id)
        yield f"{short} {table.part + 1}" if table.part else short


_Addresses = dict[tuple[str, int, str, str, int | None], tuple[str, str]]


def _addresses(tables: Sequence[Table], layouts: Sequence[Layout], names: Sequence[str]) -> _Addresses:
    """Return where a cell that a finding names stands, by its line first, then without."""
    found: _Addresses = {}
    for table, at, name in zip(tables, layouts, names, strict=True):
        lines = {(p.index, p.cell.column): p.cell.spans[0].line for p in at.placed if p.cell.spans}
        for (index, column), (row, place) in at.places.items():
            key = table.rows[index].key
            for line in (lines.get((index, column)), None):
                found.setdefault((table.id, table.part, key, column, line), (name, address(row, place)))
    return found


def _table(pen: Pen, sheet: Any, table: Table, at: Layout, project: str, *, brief: bool) -> None:
    """Write a table as printed."""
    pen.text(sheet, 0, 0, table.title, TITLE)
    lines = f"lines {table.lines[0]}-{table.lines[1]}"
    about = [
        table.id,
        project,
        f"part {table.part + 1}" if table.part else "",
        table.unit,
        lines,
        f"read by {table.reader}",
    ]
    about.append(f"declared empty in line {table.empty_note.line}" if table.empty_note else "")
    pen.text(sheet, 1, 0, " · ".join(filter(None, about)), QUIET)
    pen.text(sheet, 2, 0, table.why, QUIET)
    for head in at.headings:
        _heading(pen, sheet, (head.top, head.left, head.bottom, head.right), head.text)
    for label in at.labels:
        if label.role == "label":
            pen.text(sheet, label.row, label.column, label.text, {"indent": min(label.indent, 15)})
        elif label.role == "key":
            pen.text(sheet, label.row, label.column, label.text, QUIET)
        else:
            sheet.write_number(label.row, label.column, int(label.text), pen.style(QUIET))
    for place in at.placed:
        _cell(pen, sheet, table, place, brief=brief)
    for place in at.extra:
        if place.row >= 0:
            sheet.write_comment(
                place.row, place.column, clean(f"Printed here too: {place.cell.text}", 2000), {"x_scale": 2}
            )
    if at.height > at.first and at.width:
        sheet.ignore_errors({"number_stored_as_text": f"A1:{address(at.height, at.width)}"})
    sheet.freeze_panes(at.first, at.frozen)
    _widths(sheet, at)


def _heading(pen: Pen, sheet: Any, box: tuple[int, int, int, int], text: str) -> None:
    top, left, bottom, right = box
    if (top, left) == (bottom, right):
        pen.text(sheet, top, left, text, HEAD)
    else:
        sheet.merge_range(top, left, bottom, right, "", pen.style(HEAD))
        pen.text(sheet, top, left, text, HEAD)


def _widths(sheet: Any, at: Layout) -> None:
    sheet.set_column(0, at.width, 13)
    for head in at.headings:
        if head.text in ("类", "款", "项", "line"):
            sheet.set_column(head.left, head.right, 6)
        elif head.text in ("项目", "名称", "项目名称"):
            sheet.set_column(head.left, head.right, 34)
    for column in at.wide:
        sheet.set_column(column, column, 44)


def _cell(pen: Pen, sheet: Any, table: Table, place: Placed, *, brief: bool) -> None:
    cell, row = place.cell, table.rows[place.index]
    if cell.kind == "text" or cell.value is None:
        pen.text(sheet, place.row, place.column, cell.text, WRAP)
        return
    unit = cell.unit if cell.unit != table.unit or table.id.startswith("n_") else ""
    look: dict[str, Any] = {**COLOURS[cell.state], "valign": "top"}
    exact = pen.amount(sheet, place.row, place.column, cell.value, look, unit=unit)
    if not brief or cell.state != "proven" or not exact:
        note = _comment(table, row, cell) + ("" if exact else f"\n{_NOT_EXACT}")
        sheet.write_comment(place.row, place.column, clean(note, 2000), {"x_scale": 2})


def _comment(table: Table, row: Row, cell: Cell) -> str:
    """Return where a value stands, what is printed, and why it has its state."""
    lines = "、".join(dict.fromkeys(str(span.line) for span in cell.spans))
    said = [f"line {lines}: {cell.text}" if lines else f"not in the source: {cell.text}"]
    said.append(f"{cell.state}: {', '.join(cell.proof)}" if cell.proof else cell.state)
    if len(cell.options) > 1:
        said.append("may belong to: " + ", ".join(table.label(row, c) for c in cell.options))
    said.extend(filter(None, (cell.doubt, row.doubt)))
    if cell.repaired is not None:
        said.append(f"repaired: {cell.repaired}, which proves nothing")
    return "\n".join(said)


def _beside(pen: Pen, sheet: Any, index: int, at: Layout, known: Evidence, book: Book) -> None:
    """Write the sums within a table beside it: what the parts come to, and the difference from what is printed."""
    slots: dict[_Slot, list[tuple[int, Instance, Outcome]]] = {}
    taken: set[tuple[_Slot, int]] = set()
    for instance, outcome in known.outcomes:
        anchor = _anchor(instance, outcome, index)
        if anchor is None or instance.left[0] not in book.places:
            continue
        kind, what = anchor
        row = book.places[instance.left[0]][0]
        count = 0
        while (slot := _Slot(kind, what, count), row) in taken:
            count += 1
        taken.add((slot, row))
        slots.setdefault(slot, []).append((row, instance, outcome))
    start = at.width + 1
    if slots and not any(head.bottom > head.top for head in at.headings):
        sheet.set_row(at.first - 1, 30)  # two lines for the headings of the sums
    for order, slot in enumerate(sorted(slots, key=lambda s: (s.kind, s.number))):
        column = start + 2 * order
        said = f"Σ {slot.what}" if slot.kind == "across" else f"Σ of parts: {slot.what}"
        _heading(pen, sheet, (at.first - 1, column, at.first - 1, column), said)
        _heading(pen, sheet, (at.first - 1, column + 1, at.first - 1, column + 1), "printed - Σ")
        sheet.set_column(column, column + 1, 14)
        for row, instance, outcome in slots[slot]:
            _sum(pen, sheet, (row, column), (instance, outcome), known, book)


def _anchor(instance: Instance, outcome: Outcome, index: int) -> tuple[str, str] | None:
    """Return in which pair of columns an identity stands beside its table, or None where it doesn't."""
    inside = {ref.frame for ref in instance.refs} == {index}
    if not inside or instance.relation not in SUMS or outcome.verdict == "unchecked" or not instance.right:
        return None
    if instance.soft or not instance.left:
        return None
    if len({ref.row for ref in instance.refs}) == 1:
        return "across", " + ".join(dict.fromkeys(ref.column for ref in instance.left))
    columns = {ref.column for ref in instance.refs}
    return ("down", columns.pop()) if len(columns) == 1 else None


def _sum(
    pen: Pen, sheet: Any, at: tuple[int, int], case: tuple[Instance, Outcome], known: Evidence, book: Book
) -> None:
    row, column = at
    instance, outcome = case
    here = book.sheets[instance.left[0].frame]
    both = sides(instance, outcome, known, book, here)
    look = {**FORMULA, "num_format": pattern(both.digits)}
    off = OFF if outcome.verdict == "violated" else {}
    if both.left is not None and both.right is not None:
        pen.formula(sheet, row, column, both.right, both.right_value, look)
        text = f"ROUND({both.left}-{address(row, column)},{both.digits})"
        pen.formula(sheet, row, column + 1, text, both.difference, look, off)
    else:
        pen.text(sheet, row, column, str(both.right_value), QUIET)
        pen.text(sheet, row, column + 1, str(both.difference), QUIET, off)
    sheet.write_comment(row, column, clean(f"{instance.id}: {known.rule(instance)}", 2000), {"x_scale": 2})
