"""Numbers of sentences that two readers put into different cells: both readings, until identities settle which."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .records import Cell, Row, Table

DISPUTE = "a model reads it otherwise: "  # how the doubt of a disputed cell begins

Name = tuple[str, str, str]
"""A cell of a disclosure's prose: table, row key, column."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """What a model reads otherwise: the cells that its reading empties, and the one that it fills.

    Attributes:
        part: Which disclosure of the file.
        drop: Cells of the grammar that a model's reading has no place for.
        put: The model's cell.
        cell: What stands there by the model's reading.
        columns: Columns of its table in the order of the contract.
    """

    part: int
    drop: tuple[Name, ...]
    put: Name
    cell: Cell
    columns: tuple[str, ...]


def placed(table: Table, key: str, cell: Cell, columns: Sequence[str]) -> Table:
    """Return a table of prose with a cell more, in the order of its text and its columns."""
    order = {c: n for n, c in enumerate(columns)}
    rows = list(table.rows)
    at = next((n for n, r in enumerate(rows) if r.key == key), None)
    if at is None:
        line = cell.spans[0].line
        at = next((n for n, r in enumerate(rows) if r.line > line), len(rows))
        rows.insert(at, Row(key=key, role=key, kind="label", parent=None, line=line))
    cells = sorted((*rows[at].cells, cell), key=lambda c: order.get(c.column, 99))
    rows[at] = rows[at].model_copy(update={"cells": tuple(cells)})
    named = tuple(sorted({*table.columns, cell.column}, key=lambda c: order.get(c, 99)))
    unit = table.unit or (cell.unit if cell.unit.endswith("元") else "")
    return table.model_copy(update={"rows": tuple(rows), "columns": named, "unit": unit})


def doubted(table: Table, key: str, column: str, doubt: str) -> Table:
    """Return a table with a doubt on one number."""
    rows = tuple(
        row.model_copy(update={"cells": tuple(_doubted(c, doubt) if c.column == column else c for c in row.cells)})
        if row.key == key
        else row
        for row in table.rows
    )
    return table.model_copy(update={"rows": rows})


def _doubted(cell: Cell, doubt: str) -> Cell:
    return cell.model_copy(update={"doubt": doubt}) if cell.kind == "number" and not cell.doubt else cell


def turned(tables: Sequence[Table], disputes: Iterable[Dispute]) -> list[Table]:
    """Return the tables of a disclosure as the model reads what is disputed."""
    out = list(tables)
    known = {t.id: n for n, t in enumerate(out)}
    open_ = list(disputes)
    for dispute in open_:
        for name in (*dispute.drop, dispute.put):
            if name[0] in known:
                out[known[name[0]]] = _without(out[known[name[0]]], name)
    for dispute in open_:
        table_id, key, _ = dispute.put
        if table_id in known:
            out[known[table_id]] = placed(out[known[table_id]], key, dispute.cell, dispute.columns)
    return out


def _without(table: Table, name: Name) -> Table:
    _, key, column = name
    rows = [
        row.model_copy(update={"cells": tuple(c for c in row.cells if c.kind == "text" or c.column != column)})
        if row.key == key
        else row
        for row in table.rows
    ]
    return table.model_copy(update={"rows": tuple(row for row in rows if row.cells)})
