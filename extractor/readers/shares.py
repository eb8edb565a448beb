"""Amounts of a table of codes: which are whose, where names and amounts don't stand beside each other.

Taken is only what lets every sum of the tree hold: amounts row by row or column by column, with their empty cells or
without; where several ways do, none is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise, product
from math import prod

from extractor.amount import half_unit

from .group_ways import Work
from .tokens import Token

_Cells = list[Token | None]
_Tree = Sequence[tuple[int, Sequence[int]]]
_STEPS = 20_000  # of work on one table
_WAYS = 64  # in which rows may share amounts, each run of names by itself
_WIDEST = 6  # amounts of a row


@dataclass(slots=True)
class Row:
    """A name with its code, "" for the total, and the amounts that follow it."""

    words: list[Token]
    code: str = ""
    amounts: list[Token] = field(default_factory=list)
    digits: list[Token] = field(default_factory=list)


def share(rows: list[Row], early: Sequence[Token]) -> list[Row] | None:
    """Share the amounts between the rows, where not each row has its own behind it; ``early`` stand in front of all."""
    if not early and all(row.amounts for row in rows):
        return rows
    amounts = [*early, *(t for row in rows for t in row.amounts)]
    total = next((row for row in rows if not row.code), None)
    items = [row for row in rows if row.code]
    orders = [items] if total is None else [[*items, total], [total, *items]]
    work = Work(_STEPS)
    whole = (way for order in orders for way in _whole(amounts, order))
    torn = (way for order in orders for cut in (_split, _columns) for way in cut(amounts, order, work))
    for ways in (whole, _interleaved(rows, early, total), torn):
        found = list(ways)
        if not work.left:
            return None  # not every way was tried: another one may do as well
        if found:
            return found[0] if len({_places(way) for way in found}) == 1 else None
    return None


def _places(rows: Sequence[Row]) -> frozenset[tuple[str, tuple[int, ...]]]:
    """Return which amounts each row has, by where they are printed."""
    return frozenset((row.code, tuple(t.spans[0].start for t in row.amounts)) for row in rows)


def _whole(amounts: Sequence[Token], rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield the ways in which every row has as many amounts, none of its cells empty, that all add up."""
    width, rest = divmod(len(amounts), len(rows))
    tree = _tree(rows)
    for shares in _ways(amounts, len(rows), width) if width and not rest else ():
        if _adds_up(tree, shares, width):
            yield [replace(row, amounts=part) for row, part in zip(rows, shares, strict=True)]


def _split(amounts: Sequence[Token], rows: Sequence[Row], work: Work) -> Iterator[list[Row]]:
    """Yield the ways to cut amounts into rows, each with its sum in front of its parts, under which all sums hold."""
    values, tree = [_value(t) for t in amounts], _tree(rows)
    stack: list[tuple[int, ...]] = [(0,)]
    while stack and work.spend():
        cuts = stack.pop()
        start, left = cuts[-1], len(rows) + 1 - len(cuts)
        if not left:
            if start == len(amounts):
                shares = [list(amounts[a:b]) for a, b in pairwise(cuts)]
                if _adds_up(tree, shares, 1):
                    yield [replace(row, amounts=part) for row, part in zip(rows, shares, strict=True)]
            continue
        ends = range(start + 2, min(start + _WIDEST, len(amounts) - 2 * (left - 1)) + 1)
        stack.extend((*cuts, e) for e in ends if values[start] == sum(values[start + 1 : e], Decimal(0)))


def _columns(amounts: Sequence[Token], rows: Sequence[Row], work: Work) -> Iterator[list[Row]]:
    """Yield the ways to cut amounts into a column of sums and two of parts, with their empty cells, that all add up."""
    sums, parts = amounts[: len(rows)], amounts[len(rows) :]
    tree = _tree(rows)
    if len(sums) < len(rows) or sum(map(_value, sums), Decimal(0)) != sum(map(_value, parts), Decimal(0)):
        return
    if not _adds_up(tree, [[t] for t in sums], 1):
        return
    for cut in range(len(parts) + 1):
        for left, right in _beside(sums, parts[:cut], parts[cut:], work):
            columns = [[t] if t else [] for t in left], [[t] if t else [] for t in right]
            if all(_adds_up(tree, column, 1) for column in columns):
                yield [
                    replace(row, amounts=[t for t in (total, a, b) if t is not None])
                    for row, total, a, b in zip(rows, sums, left, right, strict=True)
                ]


def _beside(
    sums: Sequence[Token], first: Sequence[Token], second: Sequence[Token], work: Work
) -> Iterator[tuple[_Cells, _Cells]]:
    """Yield the ways in which each sum is the next of one column, of the other, or of both."""
    stack: list[tuple[_Cells, _Cells, int, int]] = [([], [], 0, 0)]
    while stack and work.spend():
        left, right, a, b = stack.pop()
        if len(left) == len(sums):
            if (a, b) == (len(first), len(second)):
                yield left, right
            continue
        total = _value(sums[len(left)])
        one, other = first[a] if a < len(first) else None, second[b] if b < len(second) else None
        for mine, yours in ((one, None), (None, other), (one, other)):
            cells = [t for t in (mine, yours) if t is not None]
            if cells and total == sum(map(_value, cells), Decimal(0)):
                stack.append(([*left, mine], [*right, yours], a + (mine is not None), b + (yours is not None)))


def _ways(amounts: Sequence[Token], count: int, width: int) -> Iterator[list[list[Token]]]:
    """Yield the amounts row by row, then column by column."""
    yield [list(amounts[i * width : (i + 1) * width]) for i in range(count)]
    yield [list(amounts[i::count]) for i in range(count)]


def _tree(rows: Sequence[Row]) -> list[tuple[int, list[int]]]:
    """Return the rows that have parts, with the places of these; the total has the classes."""
    codes = {row.code: index for index, row in enumerate(rows)}
    parts: dict[int, list[int]] = {}
    for index, row in enumerate(rows):
        above = next((row.code[:size] for size in (5, 3) if size < len(row.code) and row.code[:size] in codes), "")
        if row.code and above in codes:
            parts.setdefault(codes[above], []).append(index)
    return list(parts.items())


def _adds_up(tree: _Tree, shares: Sequence[Sequence[Token]], width: int) -> bool:
    """Whether every sum of the tree holds in every column, and there are some."""
    for index, parts in tree:
        for column in range(width):
            cells = [shares[i][column] if column < len(shares[i]) else None for i in (index, *parts)]
            whole, *values = [_value(t) if t is not None else Decimal(0) for t in cells]
            if abs(whole - sum(values, Decimal(0))) > half_unit(whole) * (len(parts) + 1):
                return False
    return bool(tree)


def _value(token: Token) -> Decimal:
    return token.amount.value if token.amount else Decimal(0)


def _interleaved(rows: list[Row], early: Sequence[Token], total: Row | None) -> Iterator[list[Row]]:
    """Yield the ways in which most rows have their own amounts behind them, that all add up.

    Several names in a row share those behind the last; the total takes those in front of all names, and what the row
    above it has too much.
    """
    if len(rows) > 1 and rows[-1] is total and not early:
        own, early = _own(rows[-2].amounts)
        rows = [*rows[:-2], replace(rows[-2], amounts=own), total]
    choices = [list(_locally(run)) for run in _runs(rows)]
    if not all(choices) or prod(map(len, choices)) > _WAYS:
        return
    for way in product(*choices):
        shared = [row for run in way for row in run]
        if total is not None:
            at = rows.index(total)
            both = sorted([*shared[at].amounts, *early], key=lambda t: -_value(t))
            rest = [t for t in [*early, *shared[at].amounts] if t is not both[0]] if both else []
            shared[at] = replace(shared[at], amounts=[*both[:1], *rest])
        if all(r.amounts for r in shared) and _adds_up(_tree(shared), [r.amounts for r in shared], 1):
            yield shared


def _runs(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield names that stand together in front of amounts."""
    run: list[Row] = []
    for row in rows:
        run.append(row)
        if row.amounts:
            yield run
            run = []
    if run:
        yield run


def _own(amounts: Sequence[Token]) -> tuple[list[Token], list[Token]]:
    """Part the amounts of a row, the first as much as the others together, from what follows them."""
    for end in range(2, len(amounts)):
        if _value(amounts[0]) == sum((_value(t) for t in amounts[1:end]), Decimal(0)):
            return list(amounts[:end]), list(amounts[end:])
    return list(amounts), []


def _locally(run: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield the ways in which names in a row share the amounts behind the last of them."""
    amounts = run[-1].amounts
    width, rest = divmod(len(amounts), len(run))
    if len(run) == 1:
        yield list(run)
    elif width and not rest:
        for shares in _ways(amounts, len(run), width):
            yield [replace(row, amounts=part) for row, part in zip(run, shares, strict=True)]
