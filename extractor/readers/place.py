"""Places: the columns in which the numbers of one row can stand."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, pairwise
from math import comb

from extractor.identities import Instance
from extractor.specs import TableSpec

from .rows import RawRow
from .tokens import Token

_MANY = 20_000


def free(count: int, width: int) -> tuple[tuple[int, ...], ...]:
    """Return the possible columns of each of ``count`` numbers in ``width`` columns, when only order is known."""
    return tuple(tuple(range(i, width - count + i + 1)) for i in range(count))


def narrowed(
    domains: tuple[tuple[int, ...], ...],
    items: Sequence[Token],
    ids: Sequence[str],
    rules: Sequence[Instance],
    usual: int,
) -> tuple[tuple[int, ...], ...]:
    """Keep the columns that occur in a placement under which the identities along the row hold.

    All of them if none does, or if there are too many placements to look at: the solver knows the identities too.
    Counts in whole numbers, steps of half a unit of the last place.
    """
    width = 1 + max((d[-1] for d in domains), default=0)
    damaged = any(t.kind == "junk" for t in items)
    if damaged or all(len(d) == 1 for d in domains) or not rules or comb(width, len(domains)) > _MANY:
        return domains
    amounts = [t.amount for t in items]
    decimals = max((a.decimals for a in amounts if a), default=0)
    decimals = max(decimals, usual)
    values = [int(a.value.scaleb(decimals)) * 2 if a else 0 for a in amounts]
    halves = [10 ** (decimals - max(a.decimals, usual)) if a and a.decimals else 0 for a in amounts]
    kinds = tuple(zip(*(_signs(rule, ids) for rule in rules), strict=True))
    return _placed(domains, kinds, tuple(values), tuple(halves))


@lru_cache(maxsize=2048)
def _placed(
    domains: tuple[tuple[int, ...], ...],
    kinds: tuple[tuple[int, ...], ...],
    values: tuple[int, ...],
    halves: tuple[int, ...],
) -> tuple[tuple[int, ...], ...]:
    """Keep the columns under which sums hold; kept, as many rows print the same amounts.

    Columns that all identities treat alike are as good as each other: what holds with one holds with the other.
    """
    width = 1 + max(d[-1] for d in domains)
    holds: dict[tuple[tuple[int, ...], ...], bool] = {}
    every = domains == free(len(domains), width)
    allowed = [set(d) for d in domains]
    kept: list[set[int]] = [set() for _ in domains]
    for columns in combinations(range(width), len(domains)):
        able = every or all(c in a for c, a in zip(columns, allowed, strict=True))
        if not able:
            continue
        kind = tuple([kinds[column] for column in columns])
        if kind not in holds:
            holds[kind] = _hold(kind, values, halves)
        if holds[kind]:
            for known, column in zip(kept, columns, strict=True):
                known.add(column)
    return tuple(tuple(sorted(k)) for k in kept) if all(kept) else domains


def _signs(rule: Instance, ids: Sequence[str]) -> list[int]:
    left, right = {r.column for r in rule.left}, {r.column for r in rule.right}
    return [1 if c in left else -1 if c in right else 0 for c in ids]


def _hold(kinds: Sequence[Sequence[int]], values: Sequence[int], halves: Sequence[int]) -> bool:
    """Whether all identities hold with numbers in columns of these kinds: which sign each identity gives them."""
    for signs in zip(*kinds, strict=True):
        total = sum(sign * value for sign, value in zip(signs, values, strict=True))
        if abs(total) > sum(half for sign, half in zip(signs, halves, strict=True) if sign):
            return False
    return True


Sides = tuple[tuple[int, ...], tuple[int, ...]]
"""The columns of the left and of the right side of a table, by their places among all."""


def room(row: RawRow, spec: TableSpec, columns: Sequence[str], sides: Sides | None) -> tuple[int, ...]:
    """Which columns a row may use: those of its side, if each has its own.

    Else the left side of a two-sided table has one, unless both sides have the same.
    """
    if sides is not None:
        return sides[row.side == "right"]
    one = spec.shape == "two_sided" and row.side == "left" and len(spec.columns) > 1
    return tuple(range(1 if one else len(columns)))


def width_of(row: RawRow, spec: TableSpec, columns: Sequence[str], sides: Sides | None) -> int:
    """How many columns a row may use."""
    return len(room(row, spec, columns, sides))


def grid_base(rows: Sequence[RawRow]) -> int | None:
    """Cell index of the first number column: where most rows have their first number, as totals are never empty.

    One row with a lost or added tab must not move the others.
    """
    firsts = Counter(row.items[0].cell for row in rows if row.items and row.items[0].cell is not None)
    return firsts.most_common(1)[0][0] if firsts else None


def positional(row: RawRow, base: int, width: int) -> tuple[int, ...] | None:
    """Return the columns of a grid row's items by their cells; None where they don't fit."""
    columns = tuple((t.cell or 0) - base for t in row.items)
    increasing = all(a < b for a, b in pairwise(columns))
    return columns if increasing and all(0 <= c < width for c in columns) else None
