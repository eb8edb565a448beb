"""A list of what doesn't agree in documents, with who erred: one that an auditor can send."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from .errors import InputError, ResultError
from .evidence import evidence
from .export import load
from .findings import roundings
from .proposals import Cause, CellRef, Finding
from .recheck import recheck
from .records import Result
from .spreadsheet import neutral
from .tidy import scrub
from .tidy_files import results

FORMS = ("md", "csv", "xlsx")
HEADS = (
    "document", "disclosure", "line", "table", "code", "cause", "what doesn't agree", "found", "expected", "difference",
    "numbers as printed", "evidence",
)  # fmt: skip
_WIDTHS = (28, 10, 8, 28, 8, 11, 70, 13, 13, 13, 60, 60)
_SHOWN = 12
_MARKS = re.compile(r"([\\`*_{}\[\]<>|#])")


@dataclass(frozen=True, slots=True)
class Entry:
    """One difference in one document."""

    document: str
    title: str
    finding: Finding
    numbers: str

    def row(self) -> tuple[str | int | Decimal | None, ...]:
        """Return its cells, in the order of :data:`HEADS`."""
        f = self.finding
        off = f.found - f.expected if f.found is not None and f.expected is not None else None
        part = f.cells[0].part + 1 if f.cells else 1
        return (
            self.document, part, f.line, self.title, f.code, f.cause, f.message, f.found, f.expected, off, self.numbers,
            f.evidence,
        )  # fmt: skip


def differences(result: Result) -> list[Finding]:
    """Return every violated identity with who erred, and those that hold within rounding only, in order of line.

    The result is checked again, so that what is said is true of the numbers as they stand now.
    """
    again = recheck(result)
    known = evidence(again.tables)
    reported = {(f.code, f.cells) for f in again.findings}
    close = [f for f in roundings(known.outcomes, again.tables, known.frames) if (f.code, f.cells) not in reported]
    return sorted([*(f for f in again.findings if f.cause), *close], key=lambda f: (f.line or 0, f.code))


def collect(run: Path, causes: Iterable[Cause]) -> tuple[list[Entry], list[str]]:
    """Return the differences of all documents of a run with these causes, and why some could not be looked at.

    Raises:
        InputError: There are no results.
    """
    wanted, found, errors = set(causes), list[Entry](), list[str]()
    for path in results(run):
        try:
            result = load(path)
            found.extend(_entry(result, f) for f in differences(result) if f.cause in wanted)
        except ResultError as error:
            errors.append(str(error))
    return found, errors


def _entry(result: Result, finding: Finding) -> Entry:
    titles = {(t.id, t.part): t.title for t in result.tables}
    part = finding.cells[0].part if finding.cells else 0
    numbers = [_number(result, ref) for ref in finding.cells[:_SHOWN]]
    more = [f"and {len(finding.cells) - _SHOWN} more"] if len(finding.cells) > _SHOWN else []
    title = titles.get((finding.table or "", part), finding.table or "")
    return Entry(scrub(result.document), scrub(title), finding, scrub("; ".join([*numbers, *more])))


def _number(result: Result, ref: CellRef) -> str:
    printed = next(
        (
            f"{cell.text}{cell.unit}"
            for table in result.tables
            if (table.id, table.part) == (ref.table, ref.part)
            for row in table.rows
            if row.key == ref.row
            for cell in row.cells
            if cell.column == ref.column and cell.spans and cell.spans[0].line == ref.line
        ),
        "",
    )
    return f"line {ref.line}: {ref.row}, {ref.printed} {printed}".strip()


def write(entries: Sequence[Entry], form: str) -> bytes:
    """Return the list as a file: Markdown, CSV for spreadsheets, or a workbook."""
    if form == "xlsx":
        return _xlsx(entries)
    if form == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(HEADS)
        writer.writerows([neutral(c) if isinstance(c, str) else _plain(c) for c in entry.row()] for entry in entries)
        return ("\ufeff" + out.getvalue()).encode()
    return "".join(f"{line}\n" for line in _markdown(entries)).encode()


def save(entries: Sequence[Entry], form: str, file: Path) -> None:
    """Write the list into a file.

    Raises:
        InputError: It can't be written.
    """
    try:
        file.write_bytes(write(entries, form))
    except OSError as error:
        raise InputError(f"{file}: can't be written ({error.strerror}). Choose another --out.") from None


def _markdown(entries: Sequence[Entry]) -> Iterator[str]:
    document = None
    for entry in entries:
        if entry.document != document:
            yield from ([] if document is None else [""])
            yield f"## {_escaped(entry.document)}\n"
            document = entry.document
        f = entry.finding
        yield f"- **{_escaped(f.cause or '')}**, line {f.line or '?'}, {_escaped(entry.title)}: {_escaped(f.message)}"
        yield f"  - Printed: {_escaped(entry.numbers)}"
        yield f"  - {_escaped(f.evidence)}"


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def _plain(value: Any) -> str:
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def _xlsx(entries: Sequence[Entry]) -> bytes:
    import xlsxwriter  # noqa: PLC0415 - it takes a while to load

    from .workbook_pen import HEAD, WRAP, Pen  # noqa: PLC0415

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet, pen = book.add_worksheet("Findings"), Pen(book)
        for column, (head, width) in enumerate(zip(HEADS, _WIDTHS, strict=True)):
            pen.text(sheet, 0, column, head, HEAD)
            sheet.set_column(column, column, width)
        for at, entry in enumerate(entries, 1):
            for column, value in enumerate(entry.row()):
                if isinstance(value, str):
                    pen.text(sheet, at, column, value, WRAP)
                elif value is not None:
                    pen.amount(sheet, at, column, Decimal(value), WRAP)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(len(entries), 1), len(HEADS) - 1)
    return out.getvalue()
