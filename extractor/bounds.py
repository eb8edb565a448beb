"""Whether an identity can hold at all with other numbers in some cells: a bound, told without evaluating it.

A repair asks of hundreds of readings of a number whether one identity would hold; nearly none makes it. The sides of
a sum, and of the quotient of a rate, change by what the cells change, so the few that may do are found in a step each.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .amount import unit_of
from .arithmetic import Signed, Values, percentage, signed, spread
from .instance import SUMS, Frame, Instance, Ref

Numbers = Collection[tuple[Ref, Decimal | None]]
_MOST = Decimal("0.05")  # half a unit of a number that is rounded at all
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Line:
    """A signed sum of cells in yuan: what it comes to, the room for rounding in it, and the weight of each cell."""

    total: Decimal
    room: Decimal
    weights: Mapping[Ref, Decimal]

    def with_(self, numbers: Numbers, values: Values, ref: Ref) -> tuple[Decimal, Decimal, Decimal]:
        """Return what it comes to with other numbers in some cells and 0 in one, the most room, and its weight."""
        total, room = self.total, self.room
        for other, value in (*numbers, (ref, None)):
            weight = self.weights.get(other)
            if weight is not None:
                total += weight * ((value or _ZERO) - values.get(other, _ZERO))
                room += abs(weight) * _MOST
        return total, room, self.weights.get(ref, _ZERO)


def _line(refs: Signed, frames: Sequence[Frame], values: Values) -> _Line:
    weights: dict[Ref, Decimal] = {}
    for sign, ref in refs:
        weights[ref] = weights.get(ref, _ZERO) + sign * frames[ref.frame].scale_at(ref.row, ref.column)
    return _Line(*signed(refs, frames, values), weights)


class Bound:
    """The bound of one identity, around the numbers as read; without one, everything may hold."""

    def __init__(self, instance: Instance, frames: Sequence[Frame], values: Values) -> None:
        """Add up what the identity is about."""
        self._values = values
        self._plugged = instance.plugged
        self._sum: _Line | None = None
        self._rate: tuple[Ref, list[tuple[_Line, _Line]]] | None = None
        if instance.relation in SUMS and not instance.others:
            signed = [*((1, ref) for ref in instance.left), *((-1, ref) for ref in instance.right)]
            line = _line(signed, frames, values)
            self._sum = _Line(line.total - (instance.constant or _ZERO), line.room, line.weights)
        elif instance.relation == "rate" and instance.quotient and len(instance.left) == 1:
            above = _line(instance.quotient.above, frames, values)
            wholes = [(above, _line(whole, frames, values)) for whole in instance.quotient.wholes]
            self._rate = instance.left[0], wholes

    def among(self, ref: Ref, candidates: Sequence[Decimal], numbers: Numbers) -> Sequence[Decimal]:
        """Return the candidates for a cell with which the identity may hold; with any other it surely doesn't.

        Args:
            ref: The cell.
            candidates: Numbers that may stand there.
            numbers: What stands in other cells instead of what is read.
        """
        if self._sum is not None:
            total, room, weight = self._sum.with_(numbers, self._values, ref)
            return [c for c in candidates if abs(total + weight * c) <= room]
        if self._rate is None:
            return candidates
        left, wholes = self._rate
        printed = next((value for other, value in numbers if other == left), self._values.get(left))
        if printed is None or left == ref:
            return candidates
        # Half a unit, a whole one where shares are made to add up, and what rounding to the places of other rates adds.
        room = unit_of(printed) * (2 if self._plugged else 1)
        lines = [[line.with_(numbers, self._values, ref) for line in pair] for pair in wholes]
        return [c for c in candidates if any(_near(printed, room, c, *pair) for pair in lines)]


_With = tuple[Decimal, Decimal, Decimal]


def _near(printed: Decimal, room: Decimal, candidate: Decimal, above: _With, below: _With) -> bool:
    """Whether a rate may be that of two sums with a candidate in one of their cells."""
    part, whole = above[0] + above[2] * candidate, below[0] + below[2] * candidate
    if abs(whole) <= below[1]:
        return True
    return abs(printed - percentage(part, whole)) <= room + spread(part, above[1], whole, below[1])
