"""Which words are whose in a table of purchases: the lines around amounts put together into the cells of rows.

A row has one amount and two cells of words in front of it, each on one line or several. They are printed in one of
four orders: by the height of their lines, each cell centred on the amount, so that as much follows below as was above;
by height too, but with each cell's first line on the amount's, or its last one; or one cell after the other. What
stands between two amounts is shared out so that each row has cells that can be its own: a way of buying, an item of the
classification, a kind of purchase, a total. A cell goes on below only where its next word had no room in the column,
which is as wide as the widest line that is surely in it. Where several ways are left, the rows that differ are in
doubt.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import groupby, pairwise, product
from math import prod
from typing import Literal

from extractor.normalize import Place, squeeze

from .labels import TOTALS
from .tokens import Token

Words = tuple[Token, ...]
Order = Literal["centred", "from the top", "to the bottom", "in turn"]
Group = tuple[int, ...]
"""The cells that have a piece on a line: 0 the first, 1 the second."""
Pattern = tuple[Group, ...]
"""The groups of a row's lines, from the first to the last."""
Shape = tuple[int, bool, int]
"""Lines above an amount, whether words stand on its own, and lines below."""

TOTAL, KIND, PROJECT, PURCHASE = range(4)
BOUGHT = re.compile(r"(?:政府|部门|单位)?集中采购|政府统一采购|分散(?:采购|自行组织|自行采购)|自行(?:采购|组织)")
_KIND = re.compile(r"[一二三四五六七八九十]、")
_LINES = (6, 3)  # that the two cells have at most
_MOST = sum(_LINES)
# Costs: an item that no list has, words for one cell only, none, and each line of words that no row has.
_STRANGE, _ALONE, _NAMELESS, _SKIPPED = range(1, 5)
_EFFORT = 40_000  # ways of sharing lines out that are tried
_CUTS = 64  # ways of cutting the lines of a row into cells
_CLEARLY = 4  # times the cost of the best order, which any other has where it is the order for sure
_NEVER = 10**6
_SLACK, _INDENT = 1, 4  # room on account of fonts, or indents
_WORD = re.compile(r"(?:[0-9A-Za-z.]+|.)[)、，。；：》”]*", re.DOTALL)  # what stays together on one line


@dataclass(frozen=True, slots=True)
class Entry:
    """An amount, the words of its line, and the lines of words between the amount above and it."""

    amount: Token
    words: Words
    above: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What an amount is of.

    Attributes:
        level: Total, kind of purchase, project with its economic item, or purchase.
        name: Words of the first cell: the project, or what is bought.
        beside: Words of the second: the economic item, or how it is bought.
        cost: 0 where lists know the words that they should.
        sure: No other way is as good.
    """

    level: int
    name: Words
    beside: Words = ()
    cost: int = 0
    sure: bool = True

    @property
    def told(self) -> tuple[int, str, str]:
        """The reading as text."""
        return self.level, text_of(self.name), text_of(self.beside)


def text_of(words: Sequence[Token]) -> str:
    """Return words without white space."""
    return squeeze("".join(t.text for t in words))


def ways_of(entries: Sequence[Entry], rest: Sequence[Words], items: frozenset[str]) -> Iterator[tuple[Reading, ...]]:
    """Yield the best ways of reading a table, one for each order that its words may be printed in.

    None where there are too many lines between amounts.

    Args:
        entries: The amounts in printed order.
        rest: Lines of words below the last one.
        items: Names of economic items.
    """
    if sum((min(len(entry.above), _MOST) + 1) ** 3 for entry in entries) > _EFFORT:
        return
    apart = not any(entry.words for entry in entries)
    orders: tuple[Order, ...] = ("centred", "from the top", "to the bottom")
    orders = ("centred", "in turn", "from the top") if apart else orders
    found = [way for order in orders if (way := _settled(entries, rest, _Layout(order, apart, items)))]
    costs = sorted(map(_cost, found))
    told = not apart or not costs[1:] or costs[1] > _CLEARLY * (costs[0] + 1)
    for way in found:
        if _cost(way) == costs[0]:  # lines apart may be in another order than in that which reads them best
            doubted = not told and any(reading.cost > _STRANGE for reading in way)
            yield tuple(replace(r, sure=r.sure and not (doubted and _wraps(r))) for r in way)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the words of a table are printed; ``apart`` where each piece, or nearly each, has a line of its own."""

    order: Order
    apart: bool
    items: frozenset[str]
    widths: Mapping[tuple[int, int], int] = field(default_factory=dict)  # of columns, by level and cell


@cache
def _patterns(order: Order, apart: bool) -> Mapping[Shape, Sequence[Pattern]]:  # noqa: FBT001 - it is kept by both
    """Return how the lines of two cells may stand around an amount."""
    out: dict[Shape, list[Pattern]] = defaultdict(list)
    for first, second in product(range(_LINES[0] + 1), range(1, _LINES[1] + 1)):
        heights: dict[float, Group] = defaultdict(tuple)
        for cell, count in enumerate((first, second)):
            for line in range(count):
                middle = {"centred": (count - 1) / 2, "to the bottom": count - 1}.get(order, 0)
                heights[cell - 2 + line / 8 if order == "in turn" else line - middle] += (cell,)
        lines = sorted(heights.items())
        if not apart:
            shape = sum(h < 0 for h in heights), 0 in heights, sum(h > 0 for h in heights)
            out[shape].append(tuple(group for _, group in lines))
            continue
        pieces = [(height, cell) for height, group in lines for cell in group]
        # Tools go by height, or through what is above the amount and then through what is below it cell by cell.
        by_cell = sorted(pieces, key=lambda piece: (piece[0] > 0, piece[1], piece[0]))
        for printed in (pieces, by_cell) if by_cell != pieces else (pieces,):
            beside = [i for i in range(1, len(printed)) if printed[i - 1][1] < printed[i][1] and printed[i][0] <= 0]
            for glued in (None, *beside):  # cells that touch are printed on one line
                groups: list[Group] = [(cell,) for _, cell in printed]
                if glued:
                    groups[glued - 1 : glued + 1] = [(0, 1)]
                above = sum(height <= 0 for height, _ in printed) - bool(glued)
                out[above, False, len(groups) - above].append(tuple(groups))
    return out


def _settled(entries: Sequence[Entry], rest: Sequence[Words], layout: _Layout) -> tuple[Reading, ...]:
    """Read a table, and again with the widths of its columns if some rows may be read in several ways."""
    way = _shared_out(entries, rest, layout)
    if all(reading.sure for reading in way):
        return way
    widths: dict[tuple[int, int], int] = {}
    for reading in way:
        for cell, words in enumerate((reading.name, reading.beside) if reading.sure else ()):
            of_lines = [_width("".join(t.text for t in line)) for _, line in groupby(words, key=lambda t: t.line)]
            widths[reading.level, cell] = max(widths.get((reading.level, cell), 0), *of_lines, 0)
    again = _shared_out(entries, rest, replace(layout, widths=widths))
    return again if again and _cost(again) <= _cost(way) else way


def _cost(way: Sequence[Reading]) -> int:
    return sum(reading.cost for reading in way)


def _shared_out(entries: Sequence[Entry], rest: Sequence[Words], layout: _Layout) -> tuple[Reading, ...]:
    """Share the lines between amounts out among the rows above and below them, at the least cost in all."""
    gaps = [*(entry.above for entry in entries), tuple(rest)]
    options: list[dict[tuple[int, int], list[Reading]]] = []
    best: list[dict[int, int]] = [{0: 0}]  # by the lines of a gap that the row above it has: the cost until there
    for entry, above, below in zip(entries, gaps, gaps[1:], strict=False):
        here: dict[tuple[int, int], list[Reading]] = {}
        after: dict[int, int] = {}
        for taken, given in product(best[-1], range(min(len(below), _MOST) + 1)):
            if not options and not (above or entry.words) and not given:
                here[0, 0], after[0] = [Reading(TOTAL, ())], 0
                continue
            made = [
                replace(reading, cost=reading.cost + skipped * _SKIPPED) if skipped else reading
                for skipped in range(max(0, len(above) - taken - _MOST), len(above) - taken + 1)
                for reading in _readings(above[taken + skipped :], entry.words, below[:given], layout)
            ]
            if made:
                here[taken, given] = made
                after[given] = min(after.get(given, _NEVER), best[-1][taken] + min(r.cost for r in made))
        options.append(here)
        best.append(after)
    least = min(best[-1].values(), default=_NEVER)
    left = {given: 0 for given, cost in best[-1].items() if cost == least}  # the cost behind, on the best ways
    out: list[Reading] = []
    for here, before in zip(reversed(options), reversed(best[:-1]), strict=True):
        ends: dict[int, int] = {}
        chosen: list[Reading] = []
        for (taken, given), made in here.items():
            for reading in made:
                if given in left and before[taken] + reading.cost + left[given] == least:
                    ends[taken] = reading.cost + left[given]
                    chosen.append(reading)
        if not chosen:
            return ()
        sure = len({r.told for r in chosen}) == 1 and not chosen[0].cost
        out.append(replace(chosen[0], sure=sure))
        left = ends
    way = tuple(reversed(out))
    # A row that lacks words may have left those between it and the rows beside it to them.
    poor = [i for i, reading in enumerate(way) if reading.cost > _STRANGE]
    doubted = {*(i - 1 for i in poor if gaps[i]), *(i + 1 for i in poor if gaps[i + 1])}
    return tuple(replace(r, sure=r.sure and i not in doubted) for i, r in enumerate(way))


def _wraps(reading: Reading) -> bool:
    return len({t.line for t in reading.name}) > 1 or len({t.line for t in reading.beside}) > 1


def _readings(above: Sequence[Words], own: Words, below: Sequence[Words], layout: _Layout) -> list[Reading]:
    """Return what a row can be that has these lines of words."""
    if not below and len(above) + bool(own) == 1:
        words = own or above[0]
        label = text_of(words)
        if label in TOTALS or _KIND.match(label):
            return [Reading(TOTAL if label in TOTALS else KIND, words)]
    if not (above or own or below):
        return [Reading(PROJECT, (), (), _NAMELESS)]
    patterns = _patterns(layout.order, layout.apart).get((len(above), bool(own), len(below)), ())
    lines = [*above, *([own] if own else []), *below] if patterns else []
    ways = (cells for pattern in patterns for cells in _in_cells(lines, pattern, layout))
    return [reading for cells in ways if (reading := _told(*cells, layout))]


def _in_cells(lines: Sequence[Words], pattern: Pattern, layout: _Layout) -> Iterator[tuple[list[Words], list[Words]]]:
    """Yield the ways of putting the words of lines into the two cells that a pattern has on each."""
    shares: list[list[tuple[Words, Words]]] = []
    for line, group in zip(lines, pattern, strict=True):
        if len(group) == 1:
            shares.append([(line, ()) if group == (0,) else ((), line)])
        elif layout.apart:
            shares.append(_unglued(line, layout.items))
        else:
            shares.append([(line[:end], line[end:]) for end in range(1, len(line))])
    for way in product(*shares) if prod(map(len, shares)) <= _CUTS else ():
        yield [first for first, _ in way if first], [second for _, second in way if second]


def _unglued(line: Words, items: frozenset[str]) -> list[tuple[Words, Words]]:
    """Part a line that ends with all of a second cell."""
    last = line[-1]
    at = next((i for i in range(len(last.text)) if BOUGHT.fullmatch(last.text, i) or last.text[i:] in items), 0)
    if not at:
        return [(line[:-1], (last,))] if len(line) > 1 and (BOUGHT.fullmatch(last.text) or last.text in items) else []
    start, end, number = last.spans[0]
    if end - start != len(last.text):
        return []
    front = replace(last, text=last.text[:at], spans=(Place(start, start + at, number),))
    return [((*line[:-1], front), (replace(last, text=last.text[at:], spans=(Place(start + at, end, number),)),))]


def _told(first: Sequence[Words], second: Sequence[Words], layout: _Layout) -> Reading | None:
    """Return what a row is whose cells have these lines; None where they can't be two cells of a row."""
    name, beside = (tuple(t for line in lines for t in line) for lines in (first, second))
    label, other = text_of(name), text_of(beside)
    # What stands apart on one line may be of two cells.
    several = not layout.apart and any(len(line) > 1 for line in (*first, *second))
    cost = _STRANGE if several or label.count("(") != label.count(")") else 0
    level = PURCHASE if BOUGHT.fullmatch(other) else PROJECT
    if level == PURCHASE:
        cost += 0 if name else _ALONE
    elif other not in layout.items:
        if len(second) > 1 or BOUGHT.fullmatch(label) or BOUGHT.fullmatch(label + other) or label in layout.items:
            return None
        cost += _STRANGE if name else _ALONE
    indent = 0 if layout.apart else _INDENT
    wraps = all(_may_wrap(cell, layout.widths.get((level, i), 0), indent) for i, cell in enumerate((first, second)))
    return Reading(level, name, beside, cost) if wraps else None


def _may_wrap(lines: Sequence[Words], width: int, indent: int) -> bool:
    """Whether lines may be those of one cell in a column as wide as that, or wider; the first with an indent."""
    texts = [text_of(line) for line in lines]
    width = max([width, *map(_width, texts)])
    room = [width - _width(text) - _width(_WORD.findall(below)[0]) for text, below in pairwise(texts)]
    return all(left < _SLACK + (0 if i else indent) for i, left in enumerate(room))


def _width(text: str) -> int:
    return sum(1 if c.isascii() and c.isalnum() else 2 for c in text)  # brackets are printed wide
