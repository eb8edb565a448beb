"""Headers of two or three lines in text without cells: which columns stand below which group is settled by sums.

A group is printed above its columns, a column of its own beside it: ``合计 基本支出 项目支出`` / ``人员经费 公用经费``.
Without cells the text doesn't say which name has parts, nor in which order the lowest names stand. So every way is
tried, and the one under which the rows add up is taken: 小计 is the sum of its group, the first column that of all.
Where two ways do as well, none is.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import comb

from extractor.normalize import Line

from .group_sums import PLACES, Sums, makes_sense, other_sums, places, sums_of
from .group_ways import Work, in_lines, trees, ways
from .group_words import LEAVES, WITHIN, Path
from .header_forms import form_of, known_form
from .rows import RawRow
from .tokens import Token

# No part of a sum, or of no other.
_ASIDE = re.compile(r"(?:计|数|金额|预算|决算|比例|比重|幅度|[%率]\)?)$|^其中|^(?:年初|年末).*结[转余]|^本年收入$")
_TWO = 2  # columns of a group
_STEPS = 50_000  # of work on one header
_WAYS = 4_000  # of reading one header
_MOST = 16  # columns
_EMPTY = 3  # columns that no row has a number in
_EMPTIER = 8  # so many where no way has fewer
_FEWEST = 3  # numbers in the fullest row
_TELLING = 2  # sums of several parts that have to hold, of different rows or groups


@dataclass(frozen=True, slots=True)
class Grouped:
    """A header that was settled: what stands above each column, top down, and the sums that hold along the rows."""

    columns: tuple[Path, ...]
    sums: Sums


def grouped(lines: Sequence[Line], rows: Sequence[RawRow]) -> Grouped | None:
    """Return the columns of a header in text without cells, if one way of reading it alone makes the rows add up."""
    known = _known(lines, rows)
    if known or _most(rows) < _FEWEST:
        return known
    found, left = _every(tuple([line.text for line in lines]))
    return _settled(found, rows, Work(left))


@lru_cache(maxsize=8)
def _every(header: tuple[str, ...]) -> tuple[tuple[tuple[Path, ...], ...], int]:
    """Return every way of reading a header, and the work that is left; many tables of a document may have the same."""
    work = Work(_STEPS)
    return _listed(ways(header, work), work), work.left


def _listed(found: Iterator[tuple[Path, ...]], work: Work) -> tuple[tuple[Path, ...], ...]:
    """Return every way of reading a header, none if there are too many to tell which of them is right."""
    every = tuple(islice(found, _WAYS))
    return every if len(every) < _WAYS and work.left else ()


def _known(lines: Sequence[Line], rows: Sequence[RawRow]) -> Grouped | None:
    """Return the columns of a header that the whole country prints alike, if no row speaks against them."""
    return _fitting(known_form(lines), rows)


def of_form(names: Sequence[Sequence[str]], rows: Sequence[RawRow], *, apart: bool = False) -> Grouped | None:
    """Return the columns of the known form that has just these names, line by line, if no row speaks against them."""
    return _fitting(form_of(names, apart=apart), rows)


def _fitting(paths: tuple[Path, ...], rows: Sequence[RawRow]) -> Grouped | None:
    amounts = _amounts(rows) if paths else []
    sums = sums_of(paths) if paths else ()
    kept = [next(places(row, len(paths), sums), None) is not None for row in amounts]
    return Grouped(paths, sums) if kept and all(kept) else None


def settled(names: Sequence[Sequence[str]], rows: Sequence[RawRow]) -> Grouped | None:
    """Return the columns of lines of names, each below those above it, if one way alone makes the rows add up.

    Names on one line may be several lines of a header, one cell on each line of the text.
    """
    if _most(rows) < _FEWEST:
        return None
    work = Work(_STEPS)
    ways = in_lines(names[0], (), work) if len(names) == 1 else trees(names, work)
    return _settled(_listed(ways, work), rows, work)


def _most(rows: Sequence[RawRow]) -> int:
    """How many numbers the fullest row has."""
    return max(map(len, _amounts(rows)), default=0)


def _settled(ways: Sequence[tuple[Path, ...]], rows: Sequence[RawRow], work: Work) -> Grouped | None:
    amounts = _amounts(rows)
    most = max(map(len, amounts))
    best: list[tuple[int, Grouped]] = []
    for empty in (_EMPTY, _EMPTIER):
        able = [way for way in dict.fromkeys(ways) if most <= len(way) <= min(_MOST, most + empty)]
        best = best if _alone(best) else _told_by(able, amounts, work)
    if not _alone(best):
        best = _with_evidence(best, amounts, work) if best else best
    if not work.left or not _alone(best):
        return None
    return best[0][1] if any(len(path) > 1 for path in best[0][1].columns) else None


def _told_by(
    ways: Sequence[tuple[Path, ...]], amounts: Sequence[tuple[int, ...]], work: Work
) -> list[tuple[int, Grouped]]:
    """Return the ways of reading a header that make the rows add up, each with how many sums tell, most first."""
    able = [paths for paths in ways if makes_sense(paths)]
    found = [Grouped(paths, sums) for paths in able for sums in (sums_of(paths), other_sums(paths)) if sums]
    told = [(_told(way, amounts, work), way) for way in found if _covers(way)]
    kept = [(count * _MOST - _lone(way.columns), way) for count, way in told if count >= _TELLING]
    return sorted(kept, key=lambda t: -t[0])


def _lone(paths: Sequence[Path]) -> int:
    """How many groups have 小计 and one part that isn't singled out: there may be such, but hardly ever are."""
    groups = Counter(path[:-1] for path in {p[:depth] for p in paths for depth in range(2, len(p) + 1)})
    sums = [p for p in paths if p[-1] in LEAVES and groups[p[:-1]] == _TWO]
    parts = [p for p in paths for s in sums if p[:-1] == s[:-1] and p != s]
    return sum(not WITHIN.search(p[-1]) for p in parts)


def _alone(told: Sequence[tuple[int, Grouped]]) -> bool:
    """Whether more sums tell of the first way than of any other."""
    return len(told) == 1 or (len(told) > 1 and told[0][0] > told[1][0])


def _with_evidence(
    told: Sequence[tuple[int, Grouped]], amounts: Sequence[tuple[int, ...]], work: Work
) -> list[tuple[int, Grouped]]:
    """Leave out ways in which a group has a column for its sum that no row can fill, if the way without it is there.

    Without that column its parts have the same places, and no other one is lost.
    """
    best = [t for t in told if t[0] == told[0][0]]
    if len(best) <= 1:
        return list(told)
    every = {way.columns for _, way in best}
    kept = []
    for count, way in best:
        open_ = _never_filled(way, amounts, work)
        if not open_ or tuple(p for i, p in enumerate(way.columns) if i not in open_) not in every:
            kept.append((count, way))
    return kept


def _never_filled(found: Grouped, amounts: Sequence[tuple[int, ...]], work: Work) -> set[int]:
    """Return the sums beside their parts that have a number in no row, however its numbers are placed."""
    paths = found.columns
    open_ = {t for t, parts in found.sums if all(paths[p][: len(paths[t])] == paths[t] for p in parts)}
    for row in amounts:
        if not open_ or not work.spend(min(PLACES, comb(len(paths), len(row)))):
            break
        for place in places(row, len(paths), found.sums):
            open_ -= set(place)
    return open_


def _covers(found: Grouped) -> bool:
    """Whether sums tell of most parts: rows that add up say nothing of the other names."""
    told = {c for total, parts in found.sums for c in (total, *parts)}
    parts = [i for i, p in enumerate(found.columns) if not _ASIDE.search(p[-1])]
    return sum(i in told for i in parts) * 3 >= len(parts) * 2


def _amounts(rows: Sequence[RawRow]) -> list[tuple[int, ...]]:
    """Return the different rows of amounts, in units of their last place, those with most first.

    Where zeros are printed behind the point, an amount with fewer digits there is rounded, and its row says less.
    """
    items = [row.items for row in rows if row.items]
    decimals = max((t.amount.decimals for row in items for t in row if t.amount), default=0)
    if decimals and any(t.decimals == decimals and t.text.endswith("0") for row in items for t in row):
        items = [row for row in items if not any(t.amount and t.amount.value and t.decimals < decimals for t in row)]
    kept = {told for row in items if (told := in_units(row, decimals))}
    return sorted(kept, key=lambda row: (-len(row), row))


def in_units(row: Sequence[Token], decimals: int) -> tuple[int, ...]:
    """Return the amounts of a row in units of their last place, a dash for none; nothing if one of them is damaged."""
    if not all(t.amount or t.kind == "dash" for t in row):
        return ()
    return tuple(int(t.amount.value.scaleb(decimals)) if t.amount else 0 for t in row)


def _told(found: Grouped, amounts: Sequence[tuple[int, ...]], work: Work) -> int:
    """How many rows with several parts the sums hold in; 0 where they fail in more than one row of many."""
    told = failed = 0
    for row in amounts:
        if not work.spend(min(PLACES, comb(len(found.columns), len(row)))):
            return 0
        place = next(places(row, len(found.columns), found.sums), None)
        if place is None:
            failed += 1
            if failed * 12 > len(amounts):
                return 0
            continue
        filled = set(place)
        told += sum(total in filled and len(filled & set(parts)) > 1 for total, parts in found.sums)
    return told
