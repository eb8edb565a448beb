"""Headers of two or three lines in text without cells: which columns stand below which group is settled by sums.

A group is printed above its columns, a column of its own beside it: ``合计 基本支出 项目支出`` / ``人员经费 公用经费``.
Without cells the text doesn't say which name has parts, nor in which order the lowest names stand. So every way is
tried, and the one under which the rows add up is taken: 小计 is the sum of its group, the first column that of all.
Where two ways do as well, none is.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, islice, pairwise
from math import comb

from extractor.normalize import Line

from .rows import RawRow
from .tokens import Token, split_header

Path = tuple[str, ...]
Sums = tuple[tuple[int, tuple[int, ...]], ...]
"""Columns by their places: a total with its parts."""

_AMOUNTS = re.compile(
    r"(?:[总合小]计|预算数|决算数|执行数|金额|预算|决算|收入|支出|结转|结余)$"
)  # what a table's first column is called
_LEAVES = frozenset({"小计", "合计"})
# No part of a sum, or of no other.
_ASIDE = re.compile(r"(?:计|数|金额|预算|决算|比例|比重|幅度|[%率]\)?)$|^其中|^(?:年初|年末).*结[转余]|^本年收入$")
_WHOLE = re.compile(r"(?:总计|合计|小计)$")
_RATE = re.compile(r"[%率]\)?$|比例$|比重$|幅度$")  # what is one number has no parts
_OF_LABELS = re.compile(
    r"(?:科目|编码|代码|名称|分类)(?:\([^()]*\))?$|^(?:类|款|项|项目|备注|序号|栏次|行次|类款项|单位|部门|类型|项目类[型别]|(?:项目|实施|预算)单位|主管部门)$|^项目\(按|^[\d※*]+$"
)
_NO_NAME = re.compile(r"[\d※*]+|(?:19|20)\d\d年度?|备注")
_WITHIN = re.compile(r"其中")  # parts that needn't be all
# What can't be part of what, by what the words mean: basic expenditure is staff and running cost, the treasury's money
# no income of the office's own.
_BASIC = "基本支出"
_OF_BASIC = re.compile(r"^(?:人员|公用|日常公用|工资福利|商品和服务|对个人和家庭)")
_NEVER = tuple(
    (re.compile(part), re.compile(group))
    for part, group in (
        (
            r"^(?:其中:)?(?:人员|公用|日常公用|工资福利|商品和服务|对个人和家庭)",
            r"^(?!.*基本).*(?:项目|结转|经营|上缴|附属)",
        ),
        (r"^(?:运转类|特定目标类|其他运转类|部门预算项目)", r"基本|结转|结余|上缴|经营"),
        (
            r"^(?:其中:)?(?:财政专户|单位资金|事业|经营收入|其他收入|上级补助|附属)",
            r"^财政拨款|一般公共|公共财政|政府性|国有资本|专户",
        ),
        (r"^(?:其中:)?(?:事业收入|经营收入)", r"^上年结[转余]"),
        (
            r"^(?:其中:)?(?:一般公共|政府性基金|国有资本)",
            r"专户|单位资金|事业|其他收入|上级补助|附属|经营收入|^(?:一般公共|政府性|国有资本)",
        ),
        (r"^(?:经费拨款|非税|公共财政|预算内)", r"政府性|国有资本|专户|单位资金|事业|其他收入"),
        (r"^(?:工资福利|商品和服务|对个人和家庭)", r"^(?:工资福利|商品和服务|对个人和家庭)"),
        (r"收入$", r"支出"),
        (r"^(?:其中:)?项目支出", r"^基本支出"),
        (r"^(?:其中:)?基本支出", r"^项目支出"),
        (r"^(?:上年|年初|年末|结转)(?!.*项目)", r"单位资金|专户|事业|其他收入|基本支出"),
        (r"^(?:其中:)?(?:教育收费|科研|医疗收入|非同级)", r"^(?!.*(?:事业收入|专户|单位资金|单位收入))"),
        (
            r"^(?:使用|下级|附属|上级补助|其他收入|事业单位经营|经营收入)",
            r"^(?:事业收入|事业单位经营|经营收入|上年结转|上级补助|附属|下级|使用)",
        ),
        (r"^(?:其中:)?[^()]*项目", r"^基本支出"),
    )
)
_BEFORE = re.compile(r"其中:?$|中:$")  # a group that holds the parts of the column in front of it
_CHANGE = re.compile(r"增减(?!.*[%率幅比])")
_YEAR = re.compile(r"(?:19|20)\d\d")
_TWO = 2  # years
_STEPS = 50_000  # of work on one header
_WAYS = 4_000  # of reading one header
_DEEP = 3  # lines of a header
_MOST = 16  # columns
_EMPTY = 3  # columns that no row has a number in
_EMPTIER = 8  # so many where no way has fewer
_PLACES = 7_000  # ways of placing one row
_FLAT = 2  # lines of a header at least, if one cell stands on each
_FEWEST = 3  # numbers in the fullest row
_TELLING = 2  # sums of several parts that have to hold, of different rows or groups


@dataclass(frozen=True, slots=True)
class Grouped:
    """A header that was settled: what stands above each column, top down, and the sums that hold along the rows."""

    columns: tuple[Path, ...]
    sums: Sums


@dataclass(slots=True)
class _Work:
    """Steps that are left for one header: hostile names would stand below each other in millions of ways."""

    left: int

    def spend(self, steps: int = 1) -> bool:
        """Take steps from what is left; whether there were as many."""
        self.left = max(0, self.left - steps)
        return self.left > 0


def grouped(lines: Sequence[Line], rows: Sequence[RawRow]) -> Grouped | None:
    """Return the columns of a header in text without cells, if one way of reading it alone makes the rows add up."""
    work = _Work(_STEPS)
    return _settled(_ways(lines, work), rows, work)


def settled(names: Sequence[Sequence[str]], rows: Sequence[RawRow]) -> Grouped | None:
    """Return the columns of lines of names, each below those above it, if one way alone makes the rows add up.

    Names on one line may be several lines of a header, one cell on each line of the text.
    """
    work = _Work(_STEPS)
    ways = _in_lines(names[0], (), work) if len(names) == 1 else _trees(names, work)
    return _settled(ways, rows, work)


def _settled(found: Iterator[tuple[Path, ...]], rows: Sequence[RawRow], work: _Work) -> Grouped | None:
    amounts = _amounts(rows)
    most = max(map(len, amounts), default=0)
    if most < _FEWEST:
        return None
    ways = list(islice(found, _WAYS))
    if len(ways) == _WAYS or not work.left:
        return None  # too many to tell which of them is right
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
    ways: Sequence[tuple[Path, ...]], amounts: Sequence[tuple[int, ...]], work: _Work
) -> list[tuple[int, Grouped]]:
    """Return the ways of reading a header that make the rows add up, each with how many sums tell, most first."""
    found = [Grouped(paths, _sums(paths)) for paths in ways if _makes_sense(paths)]
    told = [(_told(way, amounts, work), way) for way in found if _covers(way)]
    kept = [(count * _MOST - _lone(way.columns), way) for count, way in told if count >= _TELLING]
    return sorted(kept, key=lambda t: -t[0])


def _lone(paths: Sequence[Path]) -> int:
    """How many groups have 小计 and one part that isn't singled out: there may be such, but hardly ever are."""
    groups = Counter(path[:-1] for path in {p[:depth] for p in paths for depth in range(2, len(p) + 1)})
    sums = [p for p in paths if p[-1] in _LEAVES and groups[p[:-1]] == _TWO]
    parts = [p for p in paths for s in sums if p[:-1] == s[:-1] and p != s]
    return sum(not _WITHIN.search(p[-1]) for p in parts)


def _alone(told: Sequence[tuple[int, Grouped]]) -> bool:
    """Whether more sums tell of the first way than of any other."""
    return len(told) == 1 or (len(told) > 1 and told[0][0] > told[1][0])


def _with_evidence(
    told: Sequence[tuple[int, Grouped]], amounts: Sequence[tuple[int, ...]], work: _Work
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


def _never_filled(found: Grouped, amounts: Sequence[tuple[int, ...]], work: _Work) -> set[int]:
    """Return the sums beside their parts that have a number in no row, however its numbers are placed."""
    paths = found.columns
    open_ = {t for t, parts in found.sums if all(paths[p][: len(paths[t])] == paths[t] for p in parts)}
    for row in amounts:
        if not open_ or not work.spend(min(_PLACES, comb(len(paths), len(row)))):
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
    """Return the different rows of amounts, in units of their last place, those with most first."""
    items = [row.items for row in rows if row.items]
    decimals = max((t.amount.decimals for row in items for t in row if t.amount), default=0)
    kept = {told for row in items if (told := in_units(row, decimals))}
    return sorted(kept, key=lambda row: (-len(row), row))


def in_units(row: Sequence[Token], decimals: int) -> tuple[int, ...]:
    """Return the amounts of a row in units of their last place, a dash for none; nothing if one of them is damaged."""
    if not all(t.amount or t.kind == "dash" for t in row):
        return ()
    return tuple(int(t.amount.value.scaleb(decimals)) if t.amount else 0 for t in row)


def _ways(header: Sequence[Line], work: _Work) -> Iterator[tuple[Path, ...]]:
    """Yield the columns for every way in which the names of a header may stand below each other."""
    printed = [split_header(line.text) for line in header]
    printed = [kept for line in printed if (kept := [p for p in line if not _NO_NAME.fullmatch(p)])]
    if len(printed) > _FLAT and all(len(line) == 1 for line in printed):  # one cell on each line of the text
        flat = [name for line in printed for name in line]
        again = next((i for i in range(2, len(flat)) if flat[i] == flat[0]), 0)
        if again and len(flat) % again == 0:
            yield from _aligned([flat[i : i + again] for i in range(0, len(flat), again)])
        names = [name for name in flat if not _OF_LABELS.search(name)]
        # What says what a row is stands in front: behind other names it begins the next line.
        sure = {
            sum(not _OF_LABELS.search(n) for n in flat[:i])
            for i, (left, right) in enumerate(pairwise(flat), 1)
            if _OF_LABELS.search(right) and not _OF_LABELS.search(left)
        }
        yield from _in_lines(names, sure, work)
        return
    if len({len(line) for line in printed}) == 1:
        yield from _aligned(printed)
        if len({line[0] for line in printed}) == 1:
            return  # every line names every column
    lines = [kept for line in printed if (kept := _without_labels(line))]
    if 0 < len(lines) <= _DEEP:
        yield from _trees(lines, work)


def _in_lines(names: Sequence[str], sure: Collection[int], work: _Work) -> Iterator[tuple[Path, ...]]:
    """Yield the columns for every way to part names into lines, ``sure`` being where lines begin."""
    for count in range(len(sure), _DEEP):
        for cut in combinations(range(1, len(names)), count):
            if set(sure) <= set(cut):
                yield from _trees([names[a:b] for a, b in pairwise((0, *cut, len(names)))], work)


def names_rows(name: str) -> bool:
    """Whether a piece of a header says what rows are called, or counts columns, and names no amounts."""
    return _OF_LABELS.search(name) is not None


def repeated(lines: Sequence[Line]) -> bool:
    """Whether each line of a header begins anew with what names the rows, and has as many names."""
    printed = [split_header(line.text) for line in lines]
    return len(lines) > 1 and len({(line[0], len(line)) for line in printed if line}) == 1 and len(printed[0]) > 1


def _aligned(lines: Sequence[Sequence[str]]) -> Iterator[tuple[Path, ...]]:
    """Yield the columns of lines that name each of them: merged cells are printed again in every one."""
    paths = [tuple(dict.fromkeys(path)) for path in zip(*lines, strict=True)]
    kept = tuple(path for path in paths if not _OF_LABELS.search(path[-1]))
    if len(lines) > 1 and kept and paths[-len(kept) :] == list(kept) and len(kept) < len(paths):
        yield kept


def _without_labels(line: Sequence[str]) -> list[str]:
    """Return the names of a line without those in front that say what a row is."""
    first = next((i for i, name in enumerate(line) if not _OF_LABELS.search(name)), len(line))
    return list(line[first:])


def _trees(lines: Sequence[Sequence[str]], work: _Work) -> Iterator[tuple[Path, ...]]:
    """Yield the columns for every way in which the names of each line stand below those of the lines above."""
    if lines and all(lines):
        yield from _further(tuple((name,) for name in lines[0]), lines[1:], work, 1)


def _further(
    leaves: tuple[Path, ...], lines: Sequence[Sequence[str]], work: _Work, depth: int
) -> Iterator[tuple[Path, ...]]:
    if not lines:
        yield leaves
        return
    for below in _below(leaves, lines[0], work, depth):
        yield from _further(below, lines[1:], work, depth + 1)


def _below(leaves: tuple[Path, ...], names: Sequence[str], work: _Work, depth: int) -> Iterator[tuple[Path, ...]]:
    """Yield the columns if the names of a line stand below some of the line above, in their order."""
    if not names:
        yield leaves
        return
    if not leaves or not work.spend():
        return
    head, *rest = leaves
    for others in _below(tuple(rest), names, work, depth):
        yield (head, *others)
    if len(head) < depth or _WHOLE.search(head[-1]) or _RATE.search(head[-1]):
        return  # a sum, or a rate, has no parts below it, and a group has its own on the next line
    for count in range(2, len(names) + 1):
        if _WHOLE.search(names[0]) and names[count - 1] in _LEAVES:
            break  # it begins the next group
        if any(name in _LEAVES for name in names[1 : count - 1]):
            break  # a sum that stands behind its parts ends a group
        if not all(_may_stand(name, head) for name in names[:count]):
            continue
        own = tuple((*head, name) for name in names[:count])
        for others in _below(tuple(rest), names[count:], work, depth):
            yield from ((*first, *own, *others) for first in _said(head, names[:count]))


def _said(head: Path, names: Sequence[str]) -> Iterator[tuple[Path, ...]]:
    """Yield what stands in front of the parts of a group: nothing, or the group's sum."""
    if not _WITHIN.match(names[0]):  # which is said of what stands in front of it
        yield ()
    if _LEAVES.isdisjoint((names[0], names[-1])) and not _BEFORE.search(head[-1]):
        yield (head,)  # the group's name is that of its sum


@lru_cache(maxsize=4096)
def _may_stand(name: str, group: Path) -> bool:
    """Whether a name may be part of a group, by what the words mean."""
    return not any(part.search(name) and any(map(other.search, group)) for part, other in _NEVER)


def _makes_sense(paths: Sequence[Path]) -> bool:
    """Whether each 小计 stands below a group, 合计 first or last, and what a column is made of stands below it."""
    every = set(paths)
    alone = [len(p) > 1 or p[-1] not in _LEAVES for p in paths]
    basic = any(_BASIC in name for p in paths for name in p)  # of which staff and running cost are parts
    beside = basic and any(_OF_BASIC.search(p[-1]) and not any("基本" in name for name in p) for p in paths)
    first = (alone[0] or paths[0][-1] == "合计") and _AMOUNTS.search(paths[0][-1]) is not None
    first = first or _total_last(paths)
    sense = len(every) == len(paths) and first and all(alone[1:-1]) and (alone[-1] or _total_last(paths)) and not beside
    return sense and not any(a[: len(b)] == b for a, b in combinations(paths, 2))  # a group's sum behind its parts


def _total_last(paths: Sequence[Path]) -> bool:
    """Whether the sum of all columns stands behind them."""
    return len(paths[-1]) == 1 and _WHOLE.search(paths[-1][-1]) is not None and not _WHOLE.search(paths[0][0])


def _sums(paths: tuple[Path, ...]) -> Sums:
    """Return the sums that the names promise: of each group, of all, and of two years with the change."""
    found: list[tuple[int, tuple[int, ...]]] = []
    _group(paths, 0, range(len(paths)), found)
    own = [(i, p[0]) for i, p in enumerate(paths) if len(p) == 1 or p[-1] in _LEAVES]
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
        if number and _BEFORE.search(said) and len(own[-1]) == 1:
            found.append((own[-1][0], columns))
        elif not _WITHIN.search(said):
            own.append(columns)
    return _total(paths, depth, (children, own), found)


def _total(
    paths: Sequence[Path], depth: int, told: tuple[Sequence[range], Sequence[tuple[int, ...]]],
    found: list[tuple[int, tuple[int, ...]]],
) -> tuple[int, ...]:  # fmt: skip
    """Return the column that is the sum of a group, in front of its parts or behind them; else all of its parts."""
    children, own = told
    single = [len(c) == 1 and len(paths[c.start]) == depth + 1 for c in children]
    whole = [alone and _WHOLE.search(paths[c.start][-1]) is not None for c, alone in zip(children, single, strict=True)]
    rest = len(children) - 1
    if depth and whole[0] and (rest == 1 or (rest and _WITHIN.search(paths[children[1].start][depth]))):
        return own[0]  # one part is not the whole, and what stands behind 其中 may be a part of it too
    if len(own) > 1 and whole[0]:
        found.append((own[0][0], tuple(c for columns in own[1:] for c in columns)))
        return own[0]
    if len(own) > 1 and whole[-1]:
        found.append((own[-1][0], tuple(c for columns in own[:-1] for c in columns)))
        return own[-1]
    return tuple(c for columns in own for c in columns)


def _told(found: Grouped, amounts: Sequence[tuple[int, ...]], work: _Work) -> int:
    """How many rows with several parts the sums hold in; 0 where they fail in more than one row of many."""
    told = failed = 0
    for row in amounts:
        if not work.spend(min(_PLACES, comb(len(found.columns), len(row)))):
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


def places(row: Sequence[int], width: int, sums: Sums) -> Iterator[tuple[int, ...]]:
    """Yield the places of a row's amounts, in their order, under which the sums hold; an empty cell is 0."""
    if comb(width, len(row)) > _PLACES:
        return
    parts = {part for _, own in sums for part in own}
    wholes = {total for total, _ in sums} - parts
    # The sum of all is filled in every row.
    full = 0 if 0 in wholes else width - 1 if width - 1 in wholes else None
    free_ = [column for column in range(width) if column != full]
    for rest in combinations(free_, len(row) - (full is not None)):
        place = tuple(sorted((full, *rest))) if full is not None else rest
        by_place = dict(zip(place, row, strict=True))
        if all(_holds(by_place, total, parts) for total, parts in sums):
            yield place


def _holds(by_place: dict[int, int], total: int, parts: Sequence[int]) -> bool:
    there = [by_place[p] for p in parts if p in by_place]
    return abs(by_place.get(total, 0) - sum(there)) * 2 <= (len(there) + 1 if len(there) > 1 else 0)
