"""Facts: a result flattened to one value per line, the contract on which accuracy is measured."""

import unicodedata
from collections.abc import Iterator
from typing import Any

from .phrases import WORDS
from .records import Cell, Result, Row, Table

TEXTS = frozenset({"duties", "glossary", *WORDS})
"""Tables of text that stand in the result and are no tables of the facts contract."""


def facts(result: Result) -> list[dict[str, Any]]:
    """Return every fact of a result, in printed order, with state and span."""
    return [fact for table in result.tables if table.id not in TEXTS for fact in table_facts(table)]


def table_facts(table: Table) -> Iterator[dict[str, Any]]:
    """Yield the facts of one table.

    ``column_options`` stands on ambiguous cells only: every column in which the value may belong. ``pieces``
    stands where a value is printed in several pieces; ``span`` then reaches from the first to the last.
    ``repaired`` stands where a repair was written beside the value (``--apply-repairs``).
    A total that is printed above its parts and again below them is one fact.
    """
    seen: set[tuple[str, str, str]] = set()
    for row in table.rows:
        for cell in row.cells:
            same = row.key, cell.column, cell.text
            if cell.state != "ungrounded" and not (row.kind == "total" and same in seen):
                yield _fact(table, row, cell)
            seen.add(same)
    if table.empty_note is not None:
        note = table.empty_note
        yield {
            "table": table.id, "row": "*", "column": "空表", "kind": "text", "value": "true", "unit": "",
            "line": note.line, "state": "grounded", "span": [note.start, note.end], "part": table.part,
        }  # fmt: skip


def _fact(table: Table, row: Row, cell: Cell) -> dict[str, Any]:
    spans = cell.spans
    extent = [min([s.start for s in spans]), max([s.end for s in spans])] if len(spans) > 1 else None
    fact: dict[str, Any] = {
        "table": table.id,
        "row": row.key,
        "column": table.label(row, cell.column),
        "kind": cell.kind,
        "value": str(cell.value) if cell.value is not None else unicodedata.normalize("NFKC", cell.text),
        "unit": cell.unit,
        "line": spans[0].line if spans else None,
        "state": cell.state,
        "span": extent or ([spans[0].start, spans[0].end] if spans else None),
        "part": table.part,
    }
    if cell.repaired is not None:
        fact["repaired"] = str(cell.repaired)
    if extent:
        fact["pieces"] = [[s.start, s.end] for s in spans]
    if len(cell.options) > 1:
        fact["column_options"] = [table.label(row, column) for column in cell.options]
    return fact
