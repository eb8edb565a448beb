"""Generic identities: sums found from the numbers of a table that no spec describes.

A column that equals the sum of columns beside it in every row, often enough not to be chance, is their total; codes
make a tree, and rows of names the parts of a total. What is found this way is a rule of this one table.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Literal

from .amount import half_unit
from .records import Table
from .specs import Column, RowSum, TableSpec

PREFIX = "other_"
GENERIC = "GEN"
_ROWS = 3  # rows that have to agree on a sum, with two parts or more each


def is_generic(table: Table) -> bool:
    """Whether no spec describes a table."""
    return table.id.startswith(PREFIX)


def discover(table: Table) -> TableSpec:
    """Return a spec with the sums that hold along every row of a table, and its tree."""
    rows = [{c.column: c.value for c in row.cells if c.value is not None} for row in table.rows]
    shape: Literal["coded", "items"] = "coded" if any(r.kind == "code" for r in table.rows) else "items"
    return TableSpec(
        id=table.id,
        title=table.title,
        shape=shape,
        columns=tuple(Column(id=c) for c in table.columns),
        row_sums=tuple(_row_sums(table.columns, rows)),
        tree=GENERIC,
    )


def _row_sums(columns: Sequence[str], rows: Sequence[dict[str, Decimal]]) -> Iterator[RowSum]:
    """Yield a total with the longest run of columns behind (or before) it that it is the sum of."""
    for index, total in enumerate(columns):
        behind = [columns[index + 1 : end] for end in range(len(columns), index + 2, -1)]
        before = [columns[start:index] for start in range(max(0, index - 1))]
        for parts in (*behind, *before):
            if _adds_up(total, parts, rows):
                yield RowSum(id=GENERIC, total=total, parts=tuple(parts))
                break


def _adds_up(total: str, parts: Sequence[str], rows: Sequence[dict[str, Decimal]]) -> bool:
    telling = 0
    for row in rows:
        numbers = [row[p] for p in parts if p in row]
        if total not in row and not numbers:
            continue
        whole = row.get(total, Decimal(0))
        room = half_unit(whole) + sum((half_unit(n) for n in numbers), Decimal(0))
        if abs(whole - sum(numbers)) > room:
            return False
        telling += sum(n != 0 for n in numbers) > 1
    return telling >= _ROWS
