"""Printed amounts: from text to ``Decimal``, and how precisely they are printed."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal

from .remember import remembered

_AMOUNT = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
UNIT_SCALE = {
    "元": Decimal(1),
    "千元": Decimal(1000),
    "万元": Decimal(10_000),
    "百万元": Decimal(1_000_000),
    "亿元": Decimal(100_000_000),
}
"""Yuan per unit."""
WIDE = Context(prec=1_000_000)
"""For rounding: numbers that run together in a text may have more digits than a budget, and than Decimal's 28."""
_CENT = Decimal("0.01")
_ZERO = Decimal(0)
_HALVES = tuple(Decimal(5).scaleb(-places - 1) for places in range(16))  # half a unit, by digits after the point


def scale_of(unit: str) -> Decimal:
    """Yuan per ``unit``; amounts without a unit that we know are in 万元, as budgets are."""
    return UNIT_SCALE.get(unit, UNIT_SCALE["万元"])


def usual_places(decimals: Iterable[int]) -> int:
    """Return how many digits after the point most amounts have, among those that have any; 0 where none has."""
    counts = Counter(d for d in decimals if d)
    return counts.most_common(1)[0][0] if counts else 0


@dataclass(frozen=True, slots=True)
class Amount:
    """A printed number.

    Attributes:
        value: The number as printed; trailing zeros are kept.
        decimals: Digits after the point.
    """

    value: Decimal
    decimals: int


@remembered
def parse_amount(text: str) -> Amount | None:
    """Parse a printed number such as ``1,350.00``; None where the text is anything else."""
    if not _AMOUNT.fullmatch(text):
        return None
    plain = text.replace(",", "")
    return Amount(Decimal(plain), len(plain.partition(".")[2]))


def half_unit(value: Decimal, decimals: int = 0) -> Decimal:
    """Half a unit in the last printed place; 0 for a number printed without decimals, which is exact.

    In a table whose amounts have more ``decimals``, a shorter number lost its zeros or its last digit. It is taken
    as exactly as the others: a lost digit must not widen the interval that is to find it.
    """
    places = decimals_of(value)
    if not places:
        return _ZERO
    places = max(places, decimals)
    return _HALVES[places] if places < len(_HALVES) else Decimal(5).scaleb(-places - 1)


def unit_of(value: Decimal) -> Decimal:
    """One unit of the last printed place."""
    return Decimal(1).scaleb(-decimals_of(value))


def decimals_of(value: Decimal) -> int:
    """Return the digits after the point; ``as_tuple`` knows them too, but makes a tuple of all digits."""
    if value.same_quantum(_CENT):
        return 2  # nearly all
    text = str(value)
    if "E" in text:
        exponent = value.as_tuple().exponent
        return max(0, -exponent) if isinstance(exponent, int) else 0
    return len(text.partition(".")[2])
