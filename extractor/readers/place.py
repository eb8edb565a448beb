"""Placements: every way in which the numbers of one row can stand in the table's columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from ..specs import TableSpec
from .rows import RawRow

MAX_PLACEMENTS = 5000


@dataclass(frozen=True, slots=True)
class Placement:
    """One way to place a row's items: ``columns[i]`` is the column index of item i, in printed order."""

    columns: tuple[int, ...]


def placements(count: int, width: int) -> Iterator[Placement]:
    """Yield every strictly increasing assignment of ``count`` items to ``width`` columns.

    Nothing is yielded where there are more items than columns.
    """
    for number, columns in enumerate(combinations(range(width), count)):
        if number >= MAX_PLACEMENTS:
            return
        yield Placement(columns)


def width_of(row: RawRow, spec: TableSpec) -> int:
    """How many columns a row may use: the left side of a two-sided table has one."""
    if spec.shape == "two_sided" and row.side == "left":
        return 1
    return len(spec.columns)


def grid_base(rows: Sequence[RawRow], spec: TableSpec) -> int | None:
    """Cell index of the first number column, where one index makes every row fit; None where none does."""
    last_label = [
        max((t.cell for t in (*row.label, *row.project) if t.cell is not None), default=-1)
        for row in rows
        if row.items and width_of(row, spec) > 1
    ]
    cells = [t.cell for row in rows if width_of(row, spec) > 1 for t in row.items if t.cell is not None]
    if not cells:
        return None
    width = len(spec.columns)
    low, high = min(cells), max(cells)
    fits = [base for base in range(max(0, high - width + 1), low + 1)]
    if not fits:
        return None
    expected = max(last_label) + 1 if last_label else low
    return expected if expected in fits else low


def positional(row: RawRow, base: int, width: int) -> Placement | None:
    """Place a grid row's items by their cells; None where they don't fit the columns."""
    columns = tuple((t.cell or 0) - base for t in row.items)
    increasing = all(a < b for a, b in zip(columns, columns[1:], strict=False))
    return Placement(columns) if increasing and all(0 <= c < width for c in columns) else None
