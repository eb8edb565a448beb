"""One tidy table: every value of a result in a row of its own, with where it stands and how far it can be trusted."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from .records import Cell, Result, Row, Table

Type = Literal["text", "integer", "decimal"]
_SURROGATES = dict.fromkeys(range(55296, 57344), "�")
SEPARATOR = "; "


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the tidy table, as the data dictionary describes it."""

    name: str
    type: Type
    meaning: str


COLUMNS = (
    Column("document", "text", "Name of the document, as a rule of its file."),
    Column("path", "text", "Where the document was read from; tells documents of the same name apart."),
    Column("part", "integer", "Which disclosure of the file, from 0: a file may hold several."),
    Column("table", "text", "Table id, the same for every office; see `extractor schemas`."),
    Column("title", "text", "Title of the table as printed."),
    Column("row", "text", "Row key: codes run together (2010301), 总计 for the total, else the label's path."),
    Column("name", "text", "Name that a coded row prints beside its code."),
    Column("column", "text", "Column: its id, or as this office prints it where its layout differs."),
    Column("kind", "text", "number or text."),
    Column("value", "text", "The value: digits as printed, without separators of thousands; text in NFKC form."),
    Column("number", "decimal", "The value as a number, exact; empty for text, and if it doesn't fit."),
    Column("printed", "text", "What is printed, character by character."),
    Column("unit", "text", "Unit: 万元, 元, %, 人 …; empty for text. Values are not converted."),
    Column("state", "text", "proven, grounded, ambiguous, contradicted or ungrounded: see the manual."),
    Column("line", "integer", "Line of the source where the value starts, from 1; empty if it isn't there."),
    Column("start", "integer", "Offset of its first character in the decoded source, in code points."),
    Column("end", "integer", "Offset behind its last character; printed in pieces, that of the last piece."),
    Column("proof", "text", f"Ids of the identities that hold and cover it, separated by {SEPARATOR!r}."),
    Column("options", "text", f"Ambiguous: every column that it may belong to, separated by {SEPARATOR!r}."),
    Column("doubt", "text", "Why another reading of the value or of its row is as likely."),
    Column("repaired", "text", "What may have been printed, where --apply-repairs wrote it; proves nothing."),
    Column("reader", "text", "Who read the table: deterministic or model."),
)
"""The columns in order."""

NAMES = tuple(column.name for column in COLUMNS)


def rows(result: Result) -> Iterator[dict[str, Any]]:
    """Yield a row for each value of a result, in printed order, with the columns :data:`COLUMNS`.

    Numbers are ``Decimal``. It holds the facts (:mod:`extractor.facts`) and, with their state, ungrounded values. A
    total that is printed above its parts and again below them is one row.
    """
    for table in result.tables:
        yield from _table(result, table)


def _table(result: Result, table: Table) -> Iterator[dict[str, Any]]:
    shared = {
        "document": scrub(result.document),
        "path": scrub(result.path) if result.path is not None else None,
        "part": table.part,
        "table": table.id,
        "title": scrub(table.title),
        "reader": table.reader,
    }
    seen: set[tuple[str, str, str]] = set()
    for row in table.rows:
        name = next((c.text for c in row.cells if c.kind == "text" and c.column == "名称"), None)
        for cell in row.cells:
            same = row.key, cell.column, cell.text
            if not (row.kind == "total" and same in seen):
                found = {**shared, "row": scrub(row.key), "name": scrub(name) if name else None}
                found |= _cell(table, row, cell)
                yield {column: found[column] for column in NAMES}
            seen.add(same)
    if table.empty_note is not None:
        note = table.empty_note
        empty = dict.fromkeys(NAMES) | shared
        yield empty | {
            "row": "*", "column": "空表", "kind": "text", "value": "true", "unit": "", "state": "grounded",
            "line": note.line, "start": note.start, "end": note.end, "printed": "",
        }  # fmt: skip


def _cell(table: Table, row: Row, cell: Cell) -> dict[str, Any]:
    value = str(cell.value) if cell.value is not None else unicodedata.normalize("NFKC", cell.text)
    options = [table.label(row, column) for column in cell.options] if len(cell.options) > 1 else []
    return {
        "column": scrub(table.label(row, cell.column)),
        "kind": cell.kind,
        "value": scrub(value),
        "number": cell.value,
        "printed": scrub(cell.text),
        "unit": cell.unit,
        "state": cell.state,
        "line": cell.spans[0].line if cell.spans else None,
        "start": min((s.start for s in cell.spans), default=None),
        "end": max((s.end for s in cell.spans), default=None),
        "proof": SEPARATOR.join(cell.proof) or None,
        "options": scrub(SEPARATOR.join(options)) or None,
        "repaired": str(cell.repaired) if cell.repaired is not None else None,
        "doubt": scrub(SEPARATOR.join(filter(None, (cell.doubt, row.doubt)))) or None,
    }


def scrub(text: str) -> str:
    """Replace what no encoding can hold: halves of characters that a broken file name or file left."""
    return text.translate(_SURROGATES)


def frame(result: Result) -> Any:
    """Return the tidy table of a result as a pandas DataFrame; ``number`` holds ``Decimal``. Needs pandas."""
    import pandas as pd  # noqa: PLC0415 - optional

    found = list(rows(result))
    made = pd.DataFrame({name: [row[name] for row in found] for name in NAMES}, columns=list(NAMES))
    for column in COLUMNS:
        if column.type == "integer":
            made[column.name] = made[column.name].astype("Int64")
        else:
            made[column.name] = pd.Series([row[column.name] for row in found], dtype=object)
    return made


def fits(value: Decimal | None, digits: int, scale: int) -> bool:
    """Whether a decimal column of so many digits, ``scale`` of them behind the point, holds the value exactly."""
    if value is None or not value.is_finite():
        return False
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= scale and value.adjusted() < digits - scale
