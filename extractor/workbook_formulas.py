"""Identities as live formulas: both sides, their difference and whether it is small enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .amount import decimals_of
from .evidence import Evidence
from .instance import SUMS, Instance, Outcome, Quotient, Ref
from .spreadsheet import number, total

_LIVE = SUMS | {"at-most", "rate", "score"}


@dataclass(frozen=True, slots=True)
class Sides:
    """One identity in a workbook.

    Attributes:
        left: Formula of the left-hand side without ``=``, or None where none can be given.
        right: Likewise of the right-hand side.
        left_value: What it comes to, in the unit of the first cell.
        right_value: Likewise.
        allowed: How far they may differ.
        digits: Digits after the point, to which all is rounded: binary fractions never show.
    """

    left: str | None
    right: str | None
    left_value: Decimal
    right_value: Decimal
    allowed: Decimal
    digits: int

    @property
    def live(self) -> bool:
        """Whether both sides are formulas."""
        return self.left is not None and self.right is not None

    @property
    def difference(self) -> Decimal:
        """Left minus right."""
        return self.left_value - self.right_value


@dataclass(frozen=True, slots=True)
class Book:
    """Where cells stand: sheet name of each table, place of each cell; ``held`` are those written as numbers."""

    sheets: Sequence[str]
    places: Mapping[Ref, tuple[int, int]]
    held: frozenset[Ref]

    def at(self, ref: Ref) -> tuple[str, int, int]:
        """Return sheet, row and column."""
        row, column = self.places[ref]
        return self.sheets[ref.frame], row, column


def sides(instance: Instance, outcome: Outcome, known: Evidence, book: Book, here: str) -> Sides:
    """Return the formulas of an instance, as seen from the sheet ``here``."""
    base = known.base(instance)
    left, right = outcome.left / base, outcome.right / base
    allowed = Decimal(0) if _withdrawn(outcome) else outcome.tolerance / base
    digits = _digits(instance, known)
    one = two = None
    if instance.relation in _LIVE and all(_usable(ref, known, book) for ref in instance.refs):
        one = _sum([(1, ref) for ref in instance.left], base, known, book, here)
        if instance.relation == "score":
            two = _score(instance, book, here)
        elif instance.relation == "rate":
            two = _rates(instance.quotient, one, digits, known, book, here)
        else:
            constant = (outcome.right - _value(instance.right, known)) / base
            two = _sum([(1, ref) for ref in instance.right], base, known, book, here, constant)
    rounded = [f"ROUND({text},{digits})" if text is not None else None for text in (one, two)]
    return Sides(rounded[0], rounded[1], left, right, allowed, digits)


def _withdrawn(outcome: Outcome) -> bool:
    """Whether a difference that is small enough by itself was not let pass, as the document is exact elsewhere."""
    return outcome.verdict == "violated" and abs(outcome.left - outcome.right) <= outcome.tolerance


def _usable(ref: Ref, known: Evidence, book: Book) -> bool:
    """Whether a formula may name the cell, or leave it out: it holds its exact number, or is empty."""
    return ref in book.held or (ref not in known.values and known.cell(ref) is None)


def _value(refs: Sequence[Ref], known: Evidence) -> Decimal:
    return sum((known.values[r] * known.scale(r) for r in refs if r in known.values), Decimal(0))


def _digits(instance: Instance, known: Evidence) -> int:
    if instance.relation == "rate":
        return max((decimals_of(known.values[r]) for r in instance.left if r in known.values), default=0)
    if instance.relation == "score":
        return sum(decimals_of(known.values[r]) for r in instance.right if r in known.values) + 2
    base = known.base(instance)
    found = [0]
    for ref in instance.refs:
        if ref in known.values:
            shift = (base / known.scale(ref)).adjusted()
            found.append(decimals_of(known.values[ref]) + shift)
    return min(max(found), 12)


_Signed = Sequence[tuple[int, Ref]]


def _sum(
    refs: _Signed, base: Decimal, known: Evidence, book: Book, here: str,
    constant: Decimal = Decimal(0),
) -> str | None:  # fmt: skip
    groups: dict[tuple[int, Decimal], list[tuple[str, int, int]]] = {}
    for sign, ref in refs:
        if ref not in book.places:
            continue  # an empty cell of a column that this side of the table doesn't show
        groups.setdefault((sign, known.scale(ref)), []).append(book.at(ref))
    text = ""
    for (sign, scale), cells in groups.items():
        part = total(cells, here)
        if part is None:
            return None
        factor = scale / base
        if factor > 1:
            part += f"*{_plain(factor)}"
        elif factor < 1:
            part += f"/{_plain(base / scale)}"
        text += ("-" if sign < 0 else "+" if text else "") + part
    if constant:
        if number(constant) is None:
            return None
        text += f"{'+' if constant > 0 and text else ''}{_plain(constant)}"
    return text or "0"


def _rates(
    quotient: Quotient | None, printed: str | None, digits: int, known: Evidence, book: Book, here: str
) -> str | None:
    """Return the quotient; of several wholes that it may be of, the one that comes nearest to what is printed."""
    nearest = ""
    if quotient is None:
        return None
    for whole in quotient.wholes:
        rate = _rate(quotient.above, whole, digits, known, book, here)
        if rate is None or printed is None:
            return None
        nearest = f"IF(ABS({printed}-{nearest})<=ABS({printed}-{rate}),{nearest},{rate})" if nearest else rate
    return nearest


def _rate(parts: _Signed, whole: _Signed, digits: int, known: Evidence, book: Book, here: str) -> str | None:
    above = _sum(parts, Decimal(1), known, book, here)
    below = _sum(whole, Decimal(1), known, book, here)
    if above is None or below is None:
        return None
    # Nothing of nothing is 0, something of nothing 100; sums are rounded, so that nothing is 0 exactly.
    above, below = f"ROUND({above},6)", f"ROUND({below},6)"
    return f"IF({below}=0,100*SIGN({above}),ROUND({above}/{below}*100,{digits}))"


def _score(instance: Instance, book: Book, here: str) -> str | None:
    """Weight times rate; more than 100 % earns no more than the weight."""
    if len(instance.right) != 2 or any(ref not in book.places for ref in instance.right):
        return None
    weight, rate = (total([book.at(ref)], here) for ref in instance.right)
    return f"{weight}*MIN({rate},100)/100"


def _plain(value: Decimal) -> str:
    text = format(value.normalize(), "f")
    return "0" if text == "-0" else text
