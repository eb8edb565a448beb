"""Mutations of a correct result: one mistake that a reader could make, and nothing else changed.

A mutated cell keeps its span: the mistake looks like a misread character, so that only arithmetic can find it.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from extractor.records import Cell, Row, Table

Kind = Literal["digit", "sign", "point", "swap", "dropped row", "moved column"]
KINDS: tuple[Kind, ...] = ("digit", "sign", "point", "swap", "dropped row", "moved column")
Place = tuple[int, int, str]
"""A cell: index of its table, index of its row, column."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One mistake.

    Attributes:
        kind: See :data:`KINDS`.
        cells: The cells that are wrong now, with their new numbers; None where a number is gone.
        row: The row that is dropped; the cells are then what it held.
        was: The right numbers.
    """

    kind: Kind
    cells: Mapping[Place, Decimal | None]
    was: Mapping[Place, Decimal | None]
    row: tuple[int, int] | None = None

    @property
    def table(self) -> int:
        """Index of the table."""
        return next(iter(self.cells))[0]

    def apply(self, tables: Sequence[Table]) -> list[Table]:
        """Return the tables with the mistake in them."""
        out = list(tables)
        table = out[self.table]
        if self.row is not None:
            out[self.table] = _without(table, self.row[1])
            return out
        rows = list(table.rows)
        for number in {place[1] for place in self.cells}:
            rows[number] = self._changed(rows[number], number)
        out[self.table] = table.model_copy(update={"rows": tuple(rows)})
        return out

    def _changed(self, row: Row, number: int) -> Row:
        changes = {column: value for (_, at, column), value in self.cells.items() if at == number}
        cells: list[Cell] = []
        source = next(c for c in row.cells if c.kind == "number" and c.column in changes)
        for cell in row.cells:
            if cell.kind != "number" or cell.column not in changes:
                cells.append(cell)
                continue
            value = changes.pop(cell.column)
            if value is not None:
                cells.append(cell.model_copy(update={"value": value, "text": f"{value:f}"}))
        for column, value in changes.items():
            if value is not None:
                cells.append(source.model_copy(update={"column": column, "value": value, "text": f"{value:f}"}))
        return row.model_copy(update={"cells": tuple(cells)})


def _without(table: Table, gone: int) -> Table:
    """Leave a row out; what hung below it hangs below what it hung below."""
    above = table.rows[gone].parent
    rows = []
    for number, row in enumerate(table.rows):
        if number == gone:
            continue
        parent = above if row.parent == gone else row.parent
        moved = parent - (parent > gone) if parent is not None else None
        rows.append(row.model_copy(update={"parent": moved}))
    return table.model_copy(update={"rows": tuple(rows)})


def cells(tables: Sequence[Table]) -> Iterator[tuple[Place, Cell]]:
    """Yield every number cell that stands alone in its place."""
    for number, table in enumerate(tables):
        for at, row in enumerate(table.rows):
            here = [c for c in row.cells if c.kind == "number" and c.value is not None]
            columns = [c.column for c in here]
            for cell in here:
                if columns.count(cell.column) == 1:
                    yield (number, at, cell.column), cell


def mutations(tables: Sequence[Table], kind: Kind, seed: int, *, each: int = 1) -> Iterator[Mutation]:
    """Yield mistakes of one kind for every cell (or row) that gives room for one.

    Args:
        tables: A correct result.
        kind: What goes wrong.
        seed: Decides where there is a choice.
        each: For ``digit``: how many of the nine other digits are tried at each place.
    """
    dice = random.Random(f"{kind}-{seed}")
    if kind == "dropped row":
        yield from _dropped(tables)
        return
    known = dict(cells(tables))
    for place, cell in known.items():
        value = cell.value
        if value is None:
            continue
        if kind == "digit":
            yield from (_one(kind, place, value, new) for new in _digits(value, dice, each))
        elif kind == "sign" and value:
            yield _one(kind, place, value, -value)
        elif kind == "point" and value:
            yield _one(kind, place, value, value.scaleb(dice.choice((-1, 1))))
        elif kind == "swap":
            yield from _swapped(place, value, known)
        elif kind == "moved column":
            yield from _moved(tables[place[0]], place, value, dice)


def _one(kind: Kind, place: Place, was: Decimal, now: Decimal) -> Mutation:
    return Mutation(kind, {place: now}, {place: was})


def _digits(value: Decimal, dice: random.Random, each: int) -> Iterator[Decimal]:
    """Replace each digit by some of the others."""
    text = f"{value:f}"
    for at, old in enumerate(text):
        others = [d for d in "0123456789" if d != old] if old.isdigit() else []
        for digit in dice.sample(others, min(each, len(others))):
            yield Decimal(text[:at] + digit + text[at + 1 :])


def _swapped(place: Place, value: Decimal, known: Mapping[Place, Cell]) -> Iterator[Mutation]:
    """Exchange a number with the next one of its row, or else with the one below it."""
    table, at, column = place
    order = [p for p in known if p[0] == table]
    after = [p for p in order[order.index(place) + 1 :] if p[1] == at or p[2] == column]
    if after:
        other = known[after[0]].value
        if other is not None and other != value:
            yield Mutation("swap", {place: other, after[0]: value}, {place: value, after[0]: other})


def _moved(table: Table, place: Place, value: Decimal, dice: random.Random) -> Iterator[Mutation]:
    """Put a number under another column of its row that is empty."""
    number, at, _ = place
    taken = {c.column for c in table.rows[at].cells}
    texts = {c.column for row in table.rows for c in row.cells if c.kind == "text"}
    free = [c for c in table.columns if c not in taken and c not in texts]
    if free:
        other = (number, at, dice.choice(free))
        yield Mutation("moved column", {place: None, other: value}, {place: value, other: None})


def _dropped(tables: Sequence[Table]) -> Iterator[Mutation]:
    """Leave out each row that holds a number."""
    for number, table in enumerate(tables):
        for at, row in enumerate(table.rows):
            held = {(number, at, c.column): c.value for c in row.cells if c.kind == "number"}
            if held:
                yield Mutation("dropped row", dict.fromkeys(held), held, (number, at))
