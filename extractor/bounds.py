"""Whether an identity can hold at all with other numbers in some cells: a bound, told without evaluating it.

A repair asks of hundreds of readings of a number whether one identity would hold; nearly none makes it. The sides of
a sum, and of the quotient of a rate, change by what the cells change, so the few that may do are found in a step each.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .amount import unit_of
from .instance import SUMS, Frame, Instance, Ref

Numbers = Collection[tuple[Ref, Decimal | None]]
_MOST = Decimal("0.05")  # half a unit of a number that is rounded at all
_HUNDRED = Decimal(100)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Line:
    """A signed sum of cells in yuan: what it comes to, the room for rounding in it, and the weight of each cell."""

    total: Decimal
    room: Decimal
    weights: Mapping[Ref, Decimal]

    def with_(self, numbers: Numbers, values: Mapping[Ref, Decimal]) -> tuple[Decimal, Decimal]:
        """Return what it comes to with other numbers in some cells, and the most room for rounding."""
        total, room = self.total, self.room
        for ref, value in numbers:
            weight = self.weights.get(ref)
            if weight is not None:
                total += weight * ((value or _ZERO) - values.get(ref, _ZERO))
                room += abs(weight) * _MOST
        return total, room


def _line(refs: Sequence[tuple[int, Ref]], frames: Sequence[Frame], values: Mapping[Ref, Decimal]) -> _Line:
    total = room = _ZERO
    weights: dict[Ref, Decimal] = {}
    for sign, ref in refs:
        frame = frames[ref.frame]
        weights[ref] = weights.get(ref, _ZERO) + sign * frame.scale_at(ref.row, ref.column)
        value = values.get(ref)
        if value is not None:
            _, amount, half = frame.yuan(ref, value)
            total += sign * amount
            room += half
    return _Line(total, room, weights)


class Bound:
    """The bound of one identity, around the numbers as read; without one, everything may hold."""

    def __init__(self, instance: Instance, frames: Sequence[Frame], values: Mapping[Ref, Decimal]) -> None:
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

    def allows(self, numbers: Numbers) -> bool:
        """Whether the identity may hold with these numbers; where it can't, it surely is violated or unchecked."""
        if self._sum is not None:
            total, room = self._sum.with_(numbers, self._values)
            return abs(total) <= room
        if self._rate is None:
            return True
        left, wholes = self._rate
        printed = next((value for ref, value in numbers if ref == left), self._values.get(left))
        if printed is None:
            return True
        unit = unit_of(printed)
        # Half a unit, a whole one where shares are made to add up, and what rounding to the places of other rates adds.
        room = unit * (2 if self._plugged else 1)
        return any(self._near(printed, room, pair, numbers) for pair in wholes)

    def _near(self, printed: Decimal, room: Decimal, pair: tuple[_Line, _Line], numbers: Numbers) -> bool:
        (above, above_room), (below, below_room) = (line.with_(numbers, self._values) for line in pair)
        least = abs(below) - below_room
        if least <= 0:
            return True
        quotient = above / below
        spread = (above_room + abs(quotient) * below_room) / least * _HUNDRED
        return abs(printed - quotient * _HUNDRED) <= room + spread
