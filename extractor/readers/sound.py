"""Readings in which every identity holds, found row by row: most tables have some, and then no solver is needed.

Each way in which the numbers of a row can stand adds a certain amount and room to every identity. A way is dropped
that some identity can't hold with, whatever stands in the other rows. Where several are left, one after another is
tried, those first that have a number in a column in which no reading has had it. The work is counted: what it doesn't
settle is the solver's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise, product
from math import prod
from operator import or_
from typing import NamedTuple

from .constraints import Choice, Linear

_WAYS, _ALL = 300, 10_000  # of a row, and of all rows, before their numbers keep their order
_TRIES, _LOOKS = 100, 50_000  # ways tried; effects looked at, some tens of milliseconds
_SOFT = 10_000  # what a soft identity is worth, in costs of columns

Way = tuple[int, ...]
"""The columns of a row's numbers."""


class _Effect(NamedTuple):
    """What some ways of a row add to the least and the most of an identity's sum, and whether they show its side.

    ``ways`` has a bit for each of them.
    """

    low: int
    high: int
    shows: bool
    ways: int


class _Row:
    """The ways of a row: those in which its numbers keep their order, and their home if they have one."""

    def __init__(self, choice: Choice) -> None:
        self.ways: list[Way] = [
            columns
            for columns in product(*choice.domains)
            if all(a < b for a, b in pairwise(columns)) and (choice.home or columns) == columns
        ]
        loose = [position for position, domain in enumerate(choice.domains) if len(domain) > 1]
        self.costs = [sum(choice.costs[way[position]] for position in loose) for way in self.ways]
        self.all = (1 << len(self.ways)) - 1
        self.at: dict[tuple[int, int], int] = {}
        """The ways by a number's position and its column."""
        for number, way in enumerate(self.ways):
            for place in enumerate(way):
                self.at[place] = self.at.get(place, 0) | 1 << number

    def effects(self, terms: Mapping[tuple[int, int], tuple[int, int, bool]]) -> list[_Effect]:
        """Return what the ways do to an identity, those together that do the same."""
        alike: dict[tuple[int, int, bool], int] = {(0, 0, False): self.all}
        for place, (amount, room, shows) in terms.items():
            here = self.at.get(place, 0)
            parted: dict[tuple[int, int, bool], int] = {}
            for (low, high, shown), ways in alike.items():
                for key, some in (
                    ((low + amount - room, high + amount + room, shown or shows), ways & here),
                    ((low, high, shown), ways & ~here),
                ):
                    if some:
                        parted[key] = parted.get(key, 0) | some
            alike = parted
        return [_Effect(*key, ways) for key, ways in alike.items()]


@dataclass(frozen=True, slots=True)
class Sound:
    """What all readings of some rows have in common in which every hard identity holds and every number is at home.

    Attributes:
        best: The one with the fewest soft identities violated, then in the columns that offices use most.
        seen: For each row and number, the columns that it has in any of them.
    """

    best: tuple[Way, ...]
    seen: tuple[tuple[frozenset[int], ...], ...]


def sound(choices: Sequence[Choice], identities: Sequence[Linear], *, brief: bool) -> Sound | None:
    """Find the readings in which every hard identity holds; None where there is none, or too much would be to try.

    Where it is ``brief``, only the best is sought, and ``seen`` is what was seen on the way.
    """
    ways = [prod(map(len, choice.domains)) for choice in choices]
    if max(ways) > _WAYS or sum(ways) > _ALL:
        return None
    rows = [_Row(choice) for choice in choices]
    if not all(row.ways for row in rows):
        return None
    search = _Search(rows, identities, brief=brief)
    search.descend([row.all for row in rows], search.hard)
    if not search.best or search.tries < 0:
        return None
    return Sound(search.best, tuple(tuple(map(frozenset, numbers)) for numbers in search.seen))


class _Search:
    """Looks for readings. What is left of the ways of each row goes from try to try, as bits.

    ``tries`` falls below 0 where it gave up.
    """

    def __init__(self, rows: Sequence[_Row], identities: Sequence[Linear], *, brief: bool) -> None:
        self.best: tuple[Way, ...] = ()
        self.seen: list[list[set[int]]] = [[set() for _ in row.ways[0]] for row in rows]
        self.tries, self._looks, self._least, self._rows = _TRIES, _LOOKS, 0, rows
        self._fresh = [0 if brief else row.all for row in rows]  # ways with a column that isn't seen yet
        self._identities, self._effects = identities, [_effects(identity, rows) for identity in identities]
        self.hard = [i for i, identity in enumerate(identities) if not identity.instance.soft]
        self._of_row: list[list[int]] = [[] for _ in rows]
        for index in self.hard:
            for row, _ in self._effects[index]:
                self._of_row[row].append(index)

    def descend(self, left: list[int], changed: Iterable[int]) -> None:
        """Find the readings that are left; identities that ``changed`` are looked at again."""
        waiting = dict.fromkeys(changed)
        while waiting:
            index = next(iter(waiting))
            del waiting[index]
            fewer = self._narrowed(index, left)
            self._looks -= sum(len(effects) for _, effects in self._effects[index])
            if self._looks < 0:
                self.tries = -1
            if fewer is None or self.tries < 0:
                return
            for row, ways in fewer:
                left[row] = ways
                waiting.update(dict.fromkeys(self._of_row[row]))
        open_ = [row for row, ways in enumerate(left) if ways.bit_count() != 1]
        if not open_:
            self._take(left)
            return
        row = min(open_, key=lambda r: left[r].bit_count())
        while left[row]:
            fresh = [ways & new for ways, new in zip(left, self._fresh, strict=True)]
            if self.best and not any(fresh) and self._cheapest(left) >= self._least:
                return
            self.tries -= 1
            if self.tries < 0:
                return
            ways = fresh[row] or left[row]
            way = ways & -ways
            self.descend([*left[:row], way, *left[row + 1 :]], self._of_row[row])
            left[row] &= ~way

    def _take(self, left: Sequence[int]) -> None:
        """Take a reading: one way is left in each row."""
        numbers = [ways.bit_length() - 1 for ways in left]
        reading = tuple(row.ways[n] for row, n in zip(self._rows, numbers, strict=True))
        broken = sum(self._narrowed(i, left) is None for i, one in enumerate(self._identities) if one.instance.soft)
        cost = _SOFT * broken + self._cheapest(left)
        if not self.best or cost < self._least:
            self.best, self._least = reading, cost
        for row, way in enumerate(reading):
            for place in enumerate(way):
                self.seen[row][place[0]].add(place[1])
            fresh = [at for (n, column), at in self._rows[row].at.items() if column not in self.seen[row][n]]
            self._fresh[row] &= reduce(or_, fresh, 0)

    def _cheapest(self, left: Sequence[int]) -> int:
        """Return what the columns cost that are usual most, of those left."""
        return sum(
            min(cost for n, cost in enumerate(row.costs) if ways >> n & 1)
            for row, ways in zip(self._rows, left, strict=True)
        )

    def _narrowed(self, index: int, left: Sequence[int]) -> list[tuple[int, int]] | None:
        """Return the rows of which an identity rules ways out, with the others; None where it can't hold."""
        identity = self._identities[index]
        rows = [(row, [e for e in effects if e.ways & left[row]]) for row, effects in self._effects[index]]
        lows = [min([e.low for e in live]) for _, live in rows]
        highs = [max([e.high for e in live]) for _, live in rows]
        low, high = identity.amount - identity.room + sum(lows), identity.amount + identity.room + sum(highs)
        at_most, shown = identity.relation == "at-most", identity.shown
        if not rows:
            return [] if low <= 0 and (at_most or high >= 0) else None
        surely = [all(e.shows for e in live) for _, live in rows] if shown else []
        out = []
        for place, (row, live) in enumerate(rows):
            least, most = low - lows[place], high - highs[place]
            needed = not shown or sum(surely) > surely[place]
            ruled_out = 0
            for effect in live:
                if least + effect.low > 0 or (most + effect.high < 0 and not at_most):
                    ruled_out |= effect.ways if needed or effect.shows else 0
            if ruled_out & left[row]:
                fewer = left[row] & ~ruled_out
                if not fewer:
                    return None
                out.append((row, fewer))
        return out


def _effects(identity: Linear, rows: Sequence[_Row]) -> list[tuple[int, list[_Effect]]]:
    """Return the rows that an identity is about, with what their ways do to it."""
    found: dict[int, dict[tuple[int, int], tuple[int, int, bool]]] = {}
    for (row, position, column), amount, room, shows in identity.terms:
        found.setdefault(row, {})[position, column] = amount, room, shows
    return [(row, rows[row].effects(terms)) for row, terms in found.items()]
