"""Columns of rows that print fewer numbers than there are columns."""

import random
from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations, product

import pytest

from extractor.identities import Frame, FrameRow, Instance, Ref, evaluate
from extractor.readers.constraints import Choice
from extractor.readers.solve import solve

_COLUMNS = ("合计", "甲", "乙", "丙")


def _identities() -> Iterator[Instance]:
    for row in range(3):
        yield Instance("R", "sum", (Ref(0, row, "合计"),), tuple(Ref(0, row, c) for c in _COLUMNS[1:]), "")
    for column in _COLUMNS:
        yield Instance("T", "sum", (Ref(0, 0, column),), (Ref(0, 1, column), Ref(0, 2, column)), "")


def _printed(rng: random.Random) -> list[list[Decimal]]:
    """Return the cells of a total and its two parts, some of them empty."""
    parts = [[Decimal(rng.choice((0, 0, 5, 10, 15))) / 10 for _ in _COLUMNS[1:]] for _ in range(2)]
    parts = [row if any(row) else [Decimal("0.5"), *row[1:]] for row in parts]
    rows = [[sum(column, Decimal(0)) for column in zip(*parts, strict=True)], *parts]
    return [[sum(row, Decimal(0)), *row] for row in rows]


@pytest.mark.parametrize("seed", range(12))
def test_numbers_have_every_column_under_which_all_sums_hold_and_no_other(seed: int) -> None:
    """The columns of a number are those that it has in any way to place all numbers under which no sum is violated."""
    rows = [tuple(v for v in row if v) for row in _printed(random.Random(seed))]
    frame = Frame(
        "t", 0, _COLUMNS, (FrameRow("总计", None, "left", "总计"), *(FrameRow(n, 0, "left", n) for n in "12"))
    )
    ways = [list(combinations(range(len(_COLUMNS)), len(row))) for row in rows]
    domains = [tuple(tuple(sorted({w[i] for w in way})) for i in range(len(way[0]))) for way in ways]
    choices = [
        Choice(0, n, row, d, _COLUMNS, None, (0, 1, 2, 3)) for n, (row, d) in enumerate(zip(rows, domains, strict=True))
    ]
    holding = []
    for reading in product(*ways):
        cells = {Ref(0, n, _COLUMNS[c]): v for n, row in enumerate(rows) for c, v in zip(reading[n], row, strict=True)}
        if all(evaluate(i, [frame], cells).verdict != "violated" for i in _identities()):
            holding.append(reading)

    found = solve(choices, {}, list(_identities()), [frame])

    assert [list(s.possible) for s in found] == [
        [frozenset(r[n][i] for r in holding) for i in range(len(row))] for n, row in enumerate(rows)
    ]
    assert sum(sum(s.best) for s in found) == min(sum(map(sum, r)) for r in holding)
