"""A checked document as a repair sees it: what every identity says if some cells held other numbers, and its weight.

Weights are in tenths of a power of ten, as the costs of edits are (:mod:`extractor.edits`). That an office leaves an
identity violated is as unlikely as :data:`VIOLATED`; how unlikely a sum is that holds only within rounding, or a soft
identity that doesn't hold, the document itself says.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from math import log10

from .arithmetic import evaluate
from .bounds import Bound
from .checks import Checked
from .framing import printed_numbers, quantities
from .instance import SUMS, WORDS, Frame, Instance, Outcome, Ref, Verdict
from .records import Cell, Table

VIOLATED = 50
"""Weight of a hard identity that doesn't hold."""
_LIMIT = 6_000  # evaluations for a disclosure, about a fifth of a second
_SMALL, _EACH = 1_000, 20  # those for one with hardly any number, and for each more: a file may hold many such
_LONG = 20  # numbers in an identity for which an evaluation counts once more
_LOOKS = 4  # times that an outcome known already may be looked up for each of them, about as long again
_QUICK = 8  # numbers that are told to be impossible in the time of an evaluation
_TELLING = 3  # digits of a number that isn't printed twice by chance
Values = tuple[tuple[Ref, Decimal | None], ...]
World = Mapping[Ref, Decimal | None]
"""Other numbers in some cells; None where nothing would stand."""


class LimitError(Exception):
    """More was looked at than a document may take; nothing depends on how busy the machine is."""


class Situation:
    """The identities of a document, for many changes of numbers in it.

    Attributes:
        tables: The tables as read; ``frames`` their skeletons.
        values: Every number that identities see.
        cells: Every number cell.
        columns: The columns of each table that hold no text, in printed order.
        instances: The identities; an identity is named by its index here.
        complaints: Those that are violated, or hold suspiciously loosely; ``loose`` are the latter.
        damaged: Rows in which something looks like a number and is not read: frame and row.
        unread: Tables in which there is such a thing: frames.
        second: What a second reader reads where, by each of its cells.
    """

    def __init__(self, checked: Checked, unread: Collection[int] = (), second: Iterable[Values] = ()) -> None:
        """Take over what the checks found, the lines in which numbers are not read, and what is read otherwise."""
        self.second: dict[Ref, list[Values]] = {}
        for values in second:
            for ref, _ in values:
                self.second.setdefault(ref, []).append(values)
        self.tables: Sequence[Table] = checked.tables
        self.frames: Sequence[Frame] = checked.frames
        self.values: dict[Ref, Decimal] = {**quantities(self.frames), **printed_numbers(checked.tables)}
        self.cells: dict[Ref, Cell] = _cells(checked.tables)
        self.columns = tuple(map(_number_columns, checked.tables))
        self.damaged = frozenset(_damaged(checked.tables, unread))
        self.unread = frozenset(
            i for i, table in enumerate(checked.tables) if any(table.lines[0] <= n <= table.lines[1] for n in unread)
        )
        self.instances: list[Instance] = [i for i, _ in checked.outcomes]
        self._prices = [1 + len(i.refs) // _LONG for i in self.instances]
        self.work = self.looks = 0
        least = min(_LIMIT, _SMALL + _EACH * len(self.cells))
        self._most = self._stop = least * len({frame.part for frame in self.frames})
        self._enough = self._most * _LOOKS
        self._plain: dict[int, int] = {}
        self._base: list[Outcome] = [o for _, o in checked.outcomes]
        numbers = {id(instance): n for n, instance in enumerate(self.instances)}
        self.complaints: list[int] = [numbers[id(i)] for i, _ in checked.complaints]
        self.loose = frozenset(numbers[id(i)] for i, f in checked.complaints if f.kind == "rounding")
        # Rates that are violated because they aren't exact, as the document's others are.
        self._withdrawn = frozenset(
            n
            for n in self.complaints
            if self.instances[n].relation == "rate"
            and evaluate(self.instances[n], self.frames, self.values).verdict == "held"
        )
        self._by_ref: dict[Ref, dict[int, None]] = {}
        for n, instance in enumerate(self.instances):
            for ref in instance.inputs:
                self._by_ref.setdefault(ref, {})[n] = None
        self._known: dict[tuple[int, frozenset[tuple[Ref, Decimal | None]]], Outcome] = {}
        self._bounds: dict[int, Bound] = {}
        self._balances: dict[frozenset[tuple[Ref, Decimal | None]], tuple[int, int]] = {}
        self._columns = Counter((ref.frame, ref.column, value) for ref, value in self.values.items())
        self._printed = Counter(self._size(ref, value) for ref, value in self.values.items())
        hard = [(i, o) for i, o in checked.outcomes if o.verdict == "held" and o.evidence and not i.soft]
        soft = [o for i, o in checked.outcomes if i.soft and o.verdict != "unchecked"]
        self._inexact_sum = _rarity(not o.exact for i, o in hard if i.relation in SUMS)
        self._inexact_rate = _rarity(not o.exact for i, o in hard if i.relation not in SUMS)
        self._soft = _rarity(o.verdict == "violated" for o in soft)

    def allow(self, work: int) -> None:
        """Allow so many evaluations from now on, within what the document may take."""
        self._stop = min(self.work + work, self._most)
        self._enough = min(self.looks + work * _LOOKS, self._most * _LOOKS)

    def touched(self, refs: Iterable[Ref]) -> list[int]:
        """Return the identities that some of these cells take part in."""
        return list(dict.fromkeys(n for ref in refs for n in self._by_ref.get(ref, ())))

    def outcome(self, number: int, world: World) -> Outcome:
        """Evaluate an identity with other numbers in some cells.

        Raises:
            LimitError: There was enough of that.
        """
        by_ref = self._by_ref
        here = frozenset([item for item in world.items() if number in by_ref.get(item[0], ())])
        if not here:
            return self._base[number]
        known = self._known.get((number, here))
        if known is None:
            self._count(self._prices[number])
            known = self._known[number, here] = self._evaluate(number, here)
        return known

    def _evaluate(self, number: int, here: Collection[tuple[Ref, Decimal | None]]) -> Outcome:
        old = {ref: self.values.get(ref) for ref, _ in here}
        self._put(here)
        try:
            return evaluate(self.instances[number], self.frames, self.values)
        finally:
            self._put(old.items())

    def _put(self, numbers: Iterable[tuple[Ref, Decimal | None]]) -> None:
        for ref, value in numbers:
            if value is None:
                self.values.pop(ref, None)
            else:
                self.values[ref] = value

    def echoes(self, ref: Ref, value: Decimal, number: int) -> bool:
        """Whether a number is printed in another cell too, where that is no chance.

        A number of some digits anywhere outside an identity; one of a few digits at least twice in its own column.
        """
        if len(value.normalize().as_tuple().digits) < _TELLING:
            mine = self.values.get(ref) == value
            return self._columns[ref.frame, ref.column, value] - mine > 1
        self.work += self._prices[number] - 1
        size = self._size(ref, value)
        inside = {r for r in self.instances[number].refs if r in self.values} | {ref}
        return self._printed[size] > sum(self._size(r, self.values[r]) == size for r in inside)

    def _size(self, ref: Ref, value: Decimal) -> Decimal:
        return abs(value) * self.frames[ref.frame].scale_at(ref.row, ref.column)

    def holds(self, number: int, world: World) -> bool:
        """Whether an identity of which there is a complaint would give none."""
        outcome = self.outcome(number, world)
        exacting = number in self.loose or number in self._withdrawn
        return outcome.verdict == "held" and (outcome.exact or not exacting)

    def possible(self, number: int, ref: Ref, candidates: Sequence[Decimal], world: World) -> Sequence[Decimal]:
        """Return the numbers for a cell with which an identity may hold; of the others that is told at once.

        Raises:
            LimitError: There was enough of that.
        """
        self._count(len(candidates) // _QUICK)
        bound = self._bounds.get(number)
        if bound is None:
            bound = self._bounds[number] = Bound(self.instances[number], self.frames, self.values)
        return bound.among(ref, candidates, [item for item in world.items() if number in self._by_ref.get(item[0], ())])

    def _count(self, work: int) -> None:
        self.work += work
        if self.work > self._stop:
            raise LimitError

    def violated(self, number: int, world: World) -> bool:
        """Whether there would be a complaint of an identity."""
        return self.weight(number, world) >= VIOLATED or (number in self.loose and not self.holds(number, world))

    def weight(self, number: int, world: World) -> int:
        """How unlikely what an identity says is, in a document without a misreading."""
        instance, outcome = self.instances[number], self.outcome(number, world)
        was = self._base[number]
        if instance.soft or (instance.if_equal and outcome.verdict != "violated" and was.verdict != "violated"):
            against: Verdict = "violated" if instance.soft else "unchecked"
            lost = outcome.verdict == against and (instance.soft or was.verdict != "unchecked")
            return self._soft if lost else 0
        if outcome.verdict == "violated":
            return VIOLATED
        if outcome.verdict == "unchecked":
            return VIOLATED if was.verdict == "violated" else 0
        if outcome.exact or instance.relation in ("at-most", "sign") or instance.relation in WORDS:
            return 0
        if number in self._withdrawn:
            return VIOLATED
        return self._inexact_sum if instance.relation in SUMS else self._inexact_rate

    def balance(self, world: World) -> int:
        """How much less likely the identities are with other numbers in some cells; negative where likelier.

        Raises:
            LimitError: There was enough of that.
        """
        key = frozenset(world.items())
        known = self._balances.get(key)
        numbers = self.touched(world) if known is None else ()
        looks = len(numbers) if known is None else known[0]
        self.looks += looks
        if self.looks > self._enough:
            raise LimitError
        if known is None:
            for n in numbers:
                if n not in self._plain:
                    self._plain[n] = self.weight(n, {})
            known = self._balances[key] = looks, sum([self.weight(n, world) - self._plain[n] for n in numbers])
        return known[1]


def _cells(tables: Sequence[Table]) -> dict[Ref, Cell]:
    return {
        Ref(i, n, cell.column): cell
        for i, table in enumerate(tables)
        for n, row in enumerate(table.rows)
        for cell in row.cells
        if cell.kind == "number" and cell.value is not None
    }


def _number_columns(table: Table) -> tuple[str, ...]:
    texts = {cell.column for row in table.rows for cell in row.cells if cell.kind == "text"}
    return tuple(column for column in table.columns if column not in texts)


def _damaged(tables: Sequence[Table], unread: Collection[int]) -> Iterator[tuple[int, int]]:
    """Yield the rows that these lines are in: from the row's first line to the next row's."""
    for i, table in enumerate(tables):
        lines = [*(row.line for row in table.rows), table.lines[1] + 1]
        for n, (first, after) in enumerate(pairwise(lines)):
            if any(first <= line < max(after, first + 1) for line in unread):
                yield i, n


def _rarity(cases: Iterable[bool]) -> int:
    """Weight of what happens in some of the cases of a document, seen or not: one in a thousand at the least."""
    found = list(cases)
    share = (sum(found) + 0.5) / (len(found) + 1)
    return min(30, round(-10 * log10(share)))
