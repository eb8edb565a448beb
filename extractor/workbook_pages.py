"""The sheets of a workbook that aren't tables: overview with legend, findings, and every identity."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from .evidence import Evidence
from .instance import SUMS, WORDS, Instance, Outcome
from .records import STATES, CellRef, Finding, Result, State
from .spreadsheet import address
from .workbook_formulas import Book, Sides, sides
from .workbook_pen import COLOURS, FORMULA, HEAD, OFF, QUIET, TITLE, WRAP, Pen, pattern

OVERVIEW, FINDINGS, CHECKS = "Overview", "Findings", "Checks"
_LINKS = 24  # cells of a finding that have a link; the rest is counted
_MANY_LINKS = 60_000  # a sheet may have 65,530

_MEANING: Mapping[State, str] = {
    "proven": "stands in the source, and takes part in an identity that holds",
    "grounded": "stands in the source; no identity covers it",
    "ambiguous": "stands in the source, but the text doesn't tell which column or row it belongs to",
    "contradicted": "an identity that covers it is violated: a misreading, or the office's own mistake",
    "ungrounded": "doesn't stand in the source",
}


def overview(pen: Pen, sheet: Any, result: Result, names: Sequence[str], left_out: Sequence[str]) -> None:
    """Write what was read, the legend, a list of the tables with links, and what was not read."""
    pen.text(sheet, 0, 0, result.document, TITLE)
    pen.text(sheet, 1, 0, f"{result.characters} characters, {result.encoding}, sha256 {result.sha256}", QUIET)
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, 1, 72)
    sheet.set_column(2, 8, 13)
    row = _row(pen, sheet, 3, ("state", "what it means", "number cells"), HEAD)
    states = result.states()
    for state in STATES:
        pen.text(sheet, row, 0, state, COLOURS[state])
        pen.text(sheet, row, 1, _MEANING[state], WRAP)
        pen.amount(sheet, row, 2, Decimal(states[state]))
        row += 1
    row = _row(pen, sheet, row + 1, ("sheet", "title as printed", "rows", *STATES), HEAD)
    for table, name in zip(result.tables, names, strict=False):
        pen.link(sheet, row, 0, (name, "A1"), name)
        pen.text(sheet, row, 1, table.title, WRAP)
        pen.amount(sheet, row, 2, Decimal(sum(1 for r in table.rows if r.cells)))
        counts = table.states()
        for column, state in enumerate(STATES, 3):
            if counts[state]:
                pen.amount(sheet, row, column, Decimal(counts[state]), COLOURS[state])
        row += 1
    for title in left_out:
        pen.text(sheet, row, 0, "left out here, or cut: too large for a workbook", OFF)
        pen.text(sheet, row, 1, title, WRAP)
        row += 1
    pen.link(sheet, row + 1, 0, (FINDINGS, "A1"), f"{len(result.findings)} findings")
    pen.link(sheet, row + 2, 0, (CHECKS, "A1"), "every identity")
    if result.unread:
        row = _row(pen, sheet, row + 4, ("not read", "why", "lines", "numbers"), HEAD)
        for part in result.unread:
            pen.text(sheet, row, 0, part.title, WRAP)
            pen.text(sheet, row, 1, part.reason, WRAP)
            pen.text(sheet, row, 2, f"{part.lines[0]}-{part.lines[1]}")
            pen.amount(sheet, row, 3, Decimal(part.numbers))
            row += 1


def _row(pen: Pen, sheet: Any, row: int, texts: Sequence[str], look: Mapping[str, Any]) -> int:
    for column, text in enumerate(texts):
        pen.text(sheet, row, column, text, look)
    return row + 1


_Addresses = Mapping[tuple[str, int, str, str, int | None], tuple[str, str]]


def findings(pen: Pen, sheet: Any, result: Result, where: _Addresses) -> None:
    """Write a line for each finding, with a link to every cell that it concerns."""
    heads = ("code", "kind", "sentence", "table", "line", "expected", "found", "difference", "allowed",
             "who erred", "evidence", "cells")  # fmt: skip
    _row(pen, sheet, 0, heads, HEAD)
    for column, width in enumerate((16, 14, 80, 22, 8, 13, 13, 13, 11, 12, 60, 26)):
        sheet.set_column(column, column, width)
    sheet.set_column(len(heads), len(heads) + _LINKS, 26)
    links = 0
    for row, finding in enumerate(result.findings, 1):
        _finding(pen, sheet, row, finding)
        start = len(heads) - 1
        for column, ref in enumerate(finding.cells[:_LINKS], start):
            named = (ref.table, ref.part, ref.row, ref.column)
            target = where.get((*named, ref.line)) or where.get((*named, None))
            if target is not None and links < _MANY_LINKS:
                pen.link(sheet, row, column, target, _said(ref))
                links += 1
            else:
                pen.text(sheet, row, column, _said(ref))
        if len(finding.cells) > _LINKS:
            pen.text(sheet, row, start + _LINKS, f"and {len(finding.cells) - _LINKS} more in result.json", QUIET)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(len(result.findings), 1), len(heads) - 1)


def _finding(pen: Pen, sheet: Any, row: int, finding: Finding) -> None:
    texts = (finding.code, finding.kind, finding.message, finding.table or "")
    for column, text in enumerate(texts):
        pen.text(sheet, row, column, text, WRAP)
    if finding.line is not None:
        sheet.write_number(row, 4, finding.line)
    difference = finding.found - finding.expected if None not in (finding.found, finding.expected) else None  # type: ignore[operator]
    for column, value in enumerate((finding.expected, finding.found, difference, finding.interval), 5):
        if value is not None:
            pen.amount(sheet, row, column, value)
    pen.text(sheet, row, 9, finding.cause or "", WRAP)
    pen.text(sheet, row, 10, finding.evidence, WRAP)


def _said(ref: CellRef) -> str:
    return f"{ref.row} · {ref.column}"


def checks(pen: Pen, sheet: Any, known: Evidence, book: Book) -> None:
    """Write every identity that could be checked, both sides as formulas over the sheets of the tables."""
    heads = ("identity", "rule", "left", "right", "difference", "allowed", "here", "as read", "where", "note")
    _row(pen, sheet, 0, heads, HEAD)
    for column, width in enumerate((10, 70, 15, 15, 13, 11, 11, 11, 30, 40)):
        sheet.set_column(column, column, width)
    row = 1
    for instance, outcome in known.outcomes:
        if outcome.verdict == "unchecked" or any(ref.frame >= len(book.sheets) for ref in instance.refs):
            continue
        pen.text(sheet, row, 0, instance.id)
        pen.text(sheet, row, 1, known.rule(instance), WRAP)
        if instance.relation not in WORDS:
            _numbers(pen, sheet, row, (instance, outcome), sides(instance, outcome, known, book, CHECKS))
        pen.text(sheet, row, 7, outcome.verdict, OFF if outcome.verdict == "violated" and not instance.soft else {})
        first = next((ref for ref in instance.refs if ref in book.places), None)
        if first is not None and row < _MANY_LINKS:
            name, line, column = book.at(first)
            pen.link(sheet, row, 8, (name, address(line, column)), f"{name} {address(line, column)}")
        pen.text(sheet, row, 9, _note(instance, outcome), QUIET)
        row += 1
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(row - 1, 1), len(heads) - 1)


def _numbers(pen: Pen, sheet: Any, row: int, case: tuple[Instance, Outcome], both: Sides) -> None:
    instance, _ = case
    look = {**FORMULA, "num_format": pattern(both.digits)}
    if both.left is None or both.right is None:
        difference = () if instance.relation == "sign" else (both.difference,)
        for column, value in enumerate((both.left_value, both.right_value, *difference), 2):
            pen.text(sheet, row, column, format(value.normalize(), "f"), QUIET)
        return
    left, right, off = (address(row, column) for column in (2, 3, 4))
    pen.formula(sheet, row, 2, both.left, both.left_value, look)
    pen.formula(sheet, row, 3, both.right, both.right_value, look)
    pen.formula(sheet, row, 4, f"ROUND({left}-{right},{both.digits})", both.difference, look)
    room = Decimal(f"{both.allowed:.6g}") if both.allowed else Decimal(0)
    pen.amount(sheet, row, 5, room)
    size = off if instance.relation == "at-most" else f"ABS({off})"
    # Compared after rounding: a binary fraction never decides.
    test = f'IF(ROUND({size}-{address(row, 5)},{both.digits + 2})<=0,"held","violated")'
    amount = both.difference if instance.relation == "at-most" else abs(both.difference)
    pen.formula(sheet, row, 6, test, "held" if round(amount - room, both.digits + 2) <= 0 else "violated")


def _note(instance: Instance, outcome: Outcome) -> str:
    said = ["soft: evidence for reading, never an error"] if instance.soft else []
    if outcome.verdict == "held" and instance.relation in SUMS and not outcome.exact:
        said.append("within rounding")
    if outcome.note:
        said.append(outcome.note)
    return "; ".join(said)
