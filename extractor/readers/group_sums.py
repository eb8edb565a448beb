"""The sums that the groups of a header promise, and where a row's numbers may stand for them to hold."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb

from .group_words import BEFORE, LEAVES, WHOLE, WITHIN, Path

Sums = tuple[tuple[int, tuple[int, ...]], ...]
"""Columns by their places: a total with its parts."""

PLACES = 7_000  # steps that placing one row may count
_MOST = 13_000  # ways of placing one row
_TWO = 2  # years
_AMOUNTS = re.compile(
    r"(?:[总合小]计|预算数|决算数|执行数|金额|预算|决算|收入|支出|结转|结余)$"
)  # what a table's first column is called
_BASIC = "基本支出"
_OF_BASIC = re.compile(r"^(?:人员|公用|日常公用|工资福利|商品和服务|对个人和家庭)")
_CHANGE = re.compile(r"增减(?!.*[%率幅比])")
_YEAR = re.compile(r"(?:19|20)\d\d")


def makes_sense(paths: Sequence[Path]) -> bool:
    """Whether each 小计 stands below a group, 合计 first or last, and what a column is made of stands below it."""
    every = set(paths)
    alone = [len(p) > 1 or p[-1] not in LEAVES for p in paths]
    basic = any(_BASIC in name for p in paths for name in p)  # of which staff and running cost are parts
    beside = basic and any(_OF_BASIC.search(p[-1]) and not any("基本" in name for name in p) for p in paths)
    first = (alone[0] or paths[0][-1] == "合计") and _AMOUNTS.search(paths[0][-1]) is not None
    first = first or _total_last(paths)
    sense = len(every) == len(paths) and first and all(alone[1:-1]) and (alone[-1] or _total_last(paths)) and not beside
    return sense and not any(a[: len(b)] == b for a, b in combinations(paths, 2))  # a group's sum behind its parts


def _total_last(paths: Sequence[Path]) -> bool:
    """Whether the sum of all columns stands behind them."""
    return len(paths[-1]) == 1 and WHOLE.search(paths[-1][-1]) is not None and not WHOLE.search(paths[0][0])


def sums_of(paths: tuple[Path, ...]) -> Sums:
    """Return the sums that the names promise: of each group, of all, and of two years with the change."""
    return _sums(paths)


def other_sums(paths: tuple[Path, ...]) -> Sums:
    """Return them if what stands behind 其中 are parts of the first column, and not of the one before it; or none."""
    behind = [i for i, p in enumerate(paths) if len(p) > 1 and BEFORE.search(p[0])]
    if (
        len(behind) < _TWO
        or len({paths[i][0] for i in behind}) > 1
        or behind[0] < _TWO
        or WHOLE.search(paths[0][-1]) is None
    ):
        return ()
    rest = tuple(p for i, p in enumerate(paths) if i not in behind)
    own = tuple(i for i in range(len(paths)) if i not in behind)
    sums = _sums(rest) if behind == list(range(behind[0], behind[-1] + 1)) else ()
    return (*((own[t], tuple(own[p] for p in parts)) for t, parts in sums), (0, tuple(behind))) if sums else ()


def _sums(paths: tuple[Path, ...]) -> Sums:
    found: list[tuple[int, tuple[int, ...]]] = []
    _group(paths, 0, range(len(paths)), found)
    own = [(i, p[0]) for i, p in enumerate(paths) if len(p) == 1 or p[-1] in LEAVES]
    years = [(match[0], i) for i, name in own if (match := _YEAR.match(name))]
    change = next((i for i, p in enumerate(paths) if _CHANGE.search(p[-1])), None)
    if change is not None and len(years) == _TWO and years[0][0] != years[1][0]:
        found.append((max(years)[1], (min(years)[1], change)))
    return tuple(found)


def _children(paths: Sequence[Path], depth: int, span: range) -> list[range]:
    """Part columns by the name that they have at some depth."""
    children: list[range] = []
    for i in span:
        last = children[-1] if children else None
        same = last is not None and paths[i][: depth + 1] == paths[last.start][: depth + 1]
        children[-1:] = [range(last.start, i + 1)] if last is not None and same else [*children[-1:], range(i, i + 1)]
    return children


def _group(paths: Sequence[Path], depth: int, span: range, found: list[tuple[int, tuple[int, ...]]]) -> tuple[int, ...]:
    """Find the sums within a group, and return the columns that add up to it."""
    children = _children(paths, depth, span)
    own: list[tuple[int, ...]] = []
    for number, child in enumerate(children):
        first, said = paths[child.start], paths[child.start][depth]
        if len(child) == 1 and len(first) == depth + 1:
            columns: tuple[int, ...] = tuple(child)
        elif len(first) == depth + 1:  # named as its sum
            parts = _group(paths, depth + 1, range(child.start + 1, child.stop), found)
            found.append((child.start, parts))
            columns = (child.start,)
        else:
            columns = _group(paths, depth + 1, child, found)
        if number and BEFORE.search(said) and len(own[-1]) == 1:
            found.append((own[-1][0], columns))
        elif not WITHIN.search(said):
            own.append(columns)
    return _total(paths, depth, (children, own), found)


def _total(
    paths: Sequence[Path], depth: int, told: tuple[Sequence[range], Sequence[tuple[int, ...]]],
    found: list[tuple[int, tuple[int, ...]]],
) -> tuple[int, ...]:  # fmt: skip
    """Return the column that is the sum of a group, in front of its parts or behind them; else all of its parts."""
    children, own = told
    single = [len(c) == 1 and len(paths[c.start]) == depth + 1 for c in children]
    whole = [alone and WHOLE.search(paths[c.start][-1]) is not None for c, alone in zip(children, single, strict=True)]
    rest = len(children) - 1
    if depth and whole[0] and (rest == 1 or (rest and WITHIN.search(paths[children[1].start][depth]))):
        return own[0]  # one part is not the whole, and what stands behind 其中 may be a part of it too
    if len(own) > 1 and whole[0]:
        found.append((own[0][0], tuple(c for columns in own[1:] for c in columns)))
        return own[0]
    if len(own) > 1 and whole[-1]:
        found.append((own[-1][0], tuple(c for columns in own[:-1] for c in columns)))
        return own[-1]
    return tuple(c for columns in own for c in columns)


def places(row: Sequence[int], width: int, sums: Sums) -> Iterator[tuple[int, ...]]:
    """Yield the places of a row's amounts, in their order, under which the sums hold; an empty cell is 0."""
    if comb(width, len(row)) > _MOST:
        return
    parts = {part for _, own in sums for part in own}
    wholes = {total for total, _ in sums} - parts
    # The sum of all is filled in every row; that of one group among several isn't.
    full = next(iter(wholes)) if len(wholes) == 1 and not wholes.isdisjoint((0, width - 1)) else None
    ends: list[list[tuple[int, Sequence[int]]]] = [[] for _ in range(width)]
    for total, own in sums:
        ends[max(total, *own)].append((total, own))
    yield from _placed(row, 0, {}, (full, ends))


def _placed(
    row: Sequence[int], column: int, so_far: dict[int, int],
    told: tuple[int | None, Sequence[Sequence[tuple[int, Sequence[int]]]]],
) -> Iterator[tuple[int, ...]]:  # fmt: skip
    """Yield the places of a row's amounts from a column on; a sum is looked at as soon as its last column is told."""
    full, ends = told
    if column == len(ends):
        yield tuple(so_far)
        return
    left = len(row) - len(so_far)
    choices = []
    if left:
        choices.append({**so_far, column: row[len(so_far)]})
    if left < len(ends) - column and column != full:
        choices.append(so_far)
    for choice in choices:
        if all(_holds(choice, total, parts) for total, parts in ends[column]):
            yield from _placed(row, column + 1, choice, told)


def _holds(by_place: dict[int, int], total: int, parts: Sequence[int]) -> bool:
    there = [by_place[p] for p in parts if p in by_place]
    return abs(by_place.get(total, 0) - sum(there)) * 2 <= (len(there) + 1 if len(there) > 1 else 0)
