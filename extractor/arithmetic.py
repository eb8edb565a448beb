"""Evaluates identities: pure functions from printed numbers to outcomes, in ``Decimal`` throughout.

A number printed with d decimals stands for ±½·10⁻ᵈ (XBRL Calculations 1.1), an empty cell of a table for exactly 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from .amount import WIDE, unit_of
from .instance import QUOTIENTS, SUMS, WORDS, Frame, Instance, Outcome, Ref, Relation
from .telling import evaluate_told
from .wording import evaluate_words, reached

Values = Mapping[Ref, Decimal]
_HUNDRED = Decimal(100)
_NOTHING = Decimal(0)
_UNCHECKED = Outcome("unchecked")
ADDED: frozenset[Relation] = SUMS | {"at-most"}
"""Relations that only compare what numbers add up to."""


def evaluate(instance: Instance, frames: Sequence[Frame], values: Values) -> Outcome:
    """Check one instance."""
    if instance.where and any(not _alike(one, two, frames, values) for one, two in instance.where):
        return _UNCHECKED
    outcome = _evaluate(instance, frames, values)
    unsure = instance.if_equal and not outcome.sure
    return _UNCHECKED if unsure and outcome.verdict == "violated" else outcome


def _alike(one: Sequence[Ref], two: Sequence[Ref], frames: Sequence[Frame], values: Values) -> bool:
    """Whether two sums of printed numbers are equal to the last digit; two of nothing tell nothing."""
    if any(ref not in values for ref in (*one, *two)):
        return False
    left, right = (sum(values[r] * frames[r.frame].scale_at(r.row, r.column) for r in side) for side in (one, two))
    return left == right != 0


def _evaluate(instance: Instance, frames: Sequence[Frame], values: Values) -> Outcome:
    if instance.relation in ADDED:
        return _sums(instance, frames, values)
    if instance.relation == "says":
        return evaluate_told(instance, frames, values)
    if instance.relation in WORDS:
        return evaluate_words(instance, frames, values)
    if instance.relation == "score" and len(instance.right) == 2:
        return _score(instance, values)
    if instance.relation in ("score", "reach"):
        return _reach(instance, frames, values)
    if _unsaid(instance, frames, values):
        return _UNCHECKED
    if instance.relation == "rate":
        return _rate(instance, frames, values)
    if instance.relation == "none":
        return _none(instance, values)
    return _signs(instance, values)


def _unsaid(instance: Instance, frames: Sequence[Frame], values: Values) -> bool:
    """Whether prose doesn't say some number: it is unknown, not 0. Of the wholes of a rate some may be left out."""
    quotient = instance.quotient
    asked = instance.right
    if quotient and instance.optional == "right":
        asked = tuple([ref for _, ref in quotient.above])
    for side in (instance.left, asked):
        for ref in side:
            if ref not in values:
                frame = frames[ref.frame]
                if frame.gaps and not frame.empty:
                    return True
    return False


def _none(instance: Instance, values: Values) -> Outcome:
    """Where there is none of the right-hand side, there is nothing on the left."""
    if any(values.get(ref) != 0 for ref in instance.right) or any(ref not in values for ref in instance.left):
        return _UNCHECKED
    left = sum((values[ref] for ref in instance.left), Decimal(0))
    return Outcome("held" if left == 0 else "violated", left, evidence=True, exact=left == 0)


class _Side(NamedTuple):
    """One side of a sum: total and room for rounding in yuan, how many numbers are printed, how many aren't 0."""

    total: Decimal
    room: Decimal
    printed: int
    nonzero: int
    coarsest: Decimal
    prose: bool


def _side(refs: Sequence[Ref], frames: Sequence[Frame], values: Values) -> _Side | None:
    """Add up one side; None where prose doesn't say some number: it is unknown, not 0."""
    total = room = coarsest = _NOTHING
    printed = nonzero = 0
    prose = False
    for ref in refs:
        frame, value = frames[ref[0]], values.get(ref)
        if frame.gaps:
            prose = True
            if value is None and not frame.empty:
                return None
        if value is None:
            continue
        known = frame.reckoned.get(ref)
        _, amount, half = known if known is not None and known[0] is value else frame.yuan(ref, value)
        total += amount
        printed += 1
        # A 0.00 that prose spells out is nothing, not something too small to print.
        if value:
            nonzero += 1
            room += half
        elif not frame.gaps:
            room += half
        if half is not coarsest and half > coarsest:
            coarsest = half
    return _Side(total, room, printed, nonzero, coarsest, prose)


def _sums(instance: Instance, frames: Sequence[Frame], values: Values) -> Outcome:
    """Compare two sums.

    A sum of n addends may differ by (n+1)·½ unit. Where each side is one printed number, both are the same quantity
    rounded alike, and must be equal digit for digit.
    """
    one, two = _side(instance.left, frames, values), _side(instance.right, frames, values)
    if one is None or two is None or not (one.printed or two.printed or instance.constant is not None):
        return _UNCHECKED
    if instance.optional and not (one if instance.optional == "left" else two).printed:
        return _UNCHECKED
    if instance.plugged and not one.nonzero:
        return _UNCHECKED  # shares of nothing don't add up to 100
    left, right = one.total, two.total
    if instance.constant is not None:
        right += min((instance.constant, *instance.others), key=lambda c: abs(left - right - c))
    prose = one.prose or two.prose
    tolerance = one.room + two.room
    if instance.relation == "at-most":
        similar = _one_scale(instance, frames)
        tolerance = Decimal(0) if similar else max(one.coarsest, two.coarsest)
        held = left <= right + tolerance
        # No amount or count is less than nothing, so at most nothing is nothing.
        nothing = similar and not one.nonzero and not two.nonzero and bool(one.printed and two.printed)
        nothing = nothing and not instance.bound
        return Outcome("held" if held else "violated", left, right, tolerance, nothing, left == right)
    if max((one.nonzero, two.nonzero) if prose else (one.printed, two.printed)) <= 1 and _one_scale(instance, frames):
        tolerance = _NOTHING
    off = abs(left - right)
    held = off <= tolerance
    if not held and prose and _told_whole(instance, frames, values, (left, right)):
        return Outcome("held", left, right, off)
    exact = not off or (off <= max(one.coarsest, two.coarsest) and not _one_scale(instance, frames))
    counted = instance.constant is not None and right == instance.constant + two.total and right != 0
    # Nothing equals nothing wherever cells are empty; a 0.00 that prose prints twice is a number like any other.
    spelt = prose and exact and not instance.if_equal
    some = one.printed and two.printed if spelt else one.nonzero and two.nonzero
    evidence = bool(some or (one.nonzero and counted))
    return Outcome("held" if held else "violated", left, right, tolerance, evidence, exact)


def _told_whole(instance: Instance, frames: Sequence[Frame], values: Values, totals: tuple[Decimal, Decimal]) -> bool:
    """Whether prose tells an amount rounded to a whole unit that is larger than the table's: 17,192 万元 of yuan.

    That much is no contradiction, and no proof: the digits below the unit are not compared.
    """
    for refs, told, other in ((instance.left, totals[0], totals[1]), (instance.right, totals[1], totals[0])):
        if len(refs) == 1 and frames[refs[0].frame].gaps and refs[0] in values:
            value, scale = values[refs[0]], frames[refs[0].frame].scale_at(refs[0].row, refs[0].column)
            finer = all(
                r.frame != refs[0].frame and frames[r.frame].scale_at(r.row, r.column) < scale
                for r in instance.refs
                if r != refs[0]
            )
            if finer and told and value == value.to_integral_value() and unit_of(value) == 1:
                return (other / scale).quantize(Decimal(1), ROUND_HALF_UP, WIDE) == value
    return False


def _one_scale(instance: Instance, frames: Sequence[Frame]) -> bool:
    first: Decimal | None = None
    for ref in instance.refs:
        scale = frames[ref.frame].scale_at(ref.row, ref.column)
        if first is None:
            first = scale
        elif scale is not first and scale != first:
            return False
    return first is not None


def _signs(instance: Instance, values: Values) -> Outcome:
    left, right = (
        sum((values.get(r, Decimal(0)) for r in side), Decimal(0)) for side in (instance.left, instance.right)
    )
    if not left or not right:
        return _UNCHECKED
    return Outcome("held" if (left > 0) == (right > 0) else "violated", left, right)


def percentage(above: Decimal, below: Decimal) -> Decimal:
    """Return a rate in percent as offices print it: nothing of nothing is 0, something of nothing 100.

    >>> percentage(Decimal("29.40"), Decimal("418.36")).quantize(Decimal("0.01"))
    Decimal('7.03')
    """
    if below == 0:
        return _HUNDRED.copy_sign(above) if above else Decimal(0)
    return above / below * _HUNDRED


def _rate(instance: Instance, frames: Sequence[Frame], values: Values) -> Outcome:
    """Compare a printed rate with the quotient of the printed amounts, rounded half up to as many decimals.

    It is exact where they are equal, and held where the true amounts, of which the printed ones are rounded, may
    have that quotient. A share may also be off by a unit, as lists of shares are made to add up to 100. Of several
    wholes that it may be a share of, the one counts that it is nearest to.
    """
    quotient = instance.quotient
    if quotient is None or len(instance.left) != 1:
        return _UNCHECKED
    wholes = quotient.wholes
    if instance.optional == "right":
        wholes = tuple([whole for whole in wholes if all(ref in values for _, ref in whole)])
        if not wholes:
            return _UNCHECKED
    found = [_quotient(instance, quotient.above, whole, frames, values) for whole in wholes]
    return min(found, key=lambda o: (not o.exact, o.verdict != "held", abs(o.left - o.right)))


Signed = Sequence[tuple[int, Ref]]


def _quotient(instance: Instance, parts: Signed, whole: Signed, frames: Sequence[Frame], values: Values) -> Outcome:
    printed = values[instance.left[0]]
    above, above_room = signed(parts, frames, values)
    below, below_room = signed(whole, frames, values)
    if below == 0 and instance.optional == "right":
        return _UNCHECKED
    unit = unit_of(printed)
    expected = percentage(above, below)
    # A rate with fewer digits than nearly all others lost its zeros, or a digit.
    usual = Decimal(1).scaleb(-frames[instance.left[0].frame].rates)
    rounded = expected.quantize(min(unit, usual), ROUND_HALF_UP, WIDE)
    room = unit / 2 + (unit if instance.plugged else 0) + spread(above, above_room, below, below_room)
    exact = printed == rounded
    held = exact or abs(printed - expected) <= room
    # Twice as much as last year, or nothing last year: 100.00 is printed for both.
    doubled = below == above and any(sign < 0 for sign, _ in whole)
    # No change is printed as 0.00 %; a share of nothing too.
    evidence = exact and ((printed == 0 and above == 0) or (printed != 0 and above != 0 and not doubled))
    return Outcome("held" if held else "violated", printed, rounded, room, evidence, exact)


def signed(refs: Signed, frames: Sequence[Frame], values: Values) -> tuple[Decimal, Decimal]:
    """Return a signed sum in yuan, and half the sum of its addends' last units."""
    total, room = Decimal(0), Decimal(0)
    for sign, ref in refs:
        value = values.get(ref)
        if value is not None:
            _, amount, half = frames[ref.frame].yuan(ref, value)
            total += sign * amount
            room += half
    return total, room


def spread(above: Decimal, above_room: Decimal, below: Decimal, below_room: Decimal) -> Decimal:
    """How far the quotient of the true amounts may be from that of the printed ones, in percent."""
    least = abs(below) - below_room
    if below == 0 or least <= 0:
        return Decimal(0)
    return (above_room + abs(above / below) * below_room) / least * _HUNDRED


def _score(instance: Instance, values: Values) -> Outcome:
    """Compare a score with weight times rate; more than 100 % earns no more than the weight."""
    if len(instance.left) != 1 or any(r not in values for r in instance.refs):
        return _UNCHECKED
    printed, (weight, rate) = values[instance.left[0]], (values[r] for r in instance.right)
    return _scored(printed, weight, rate)


def _scored(printed: Decimal, weight: Decimal, rate: Decimal) -> Outcome:
    expected = weight * min(rate, _HUNDRED) / _HUNDRED
    room = unit_of(printed) / 2
    exact = abs(printed - expected) <= room
    if not exact and rate > _HUNDRED:
        return _UNCHECKED  # some offices take points off for a target that was far exceeded
    return Outcome("held" if exact else "violated", printed, expected, room, exact and printed != 0, exact)


def _reach(instance: Instance, frames: Sequence[Frame], values: Values) -> Outcome:
    """Compare a rate of completion, or the score for it, with what was done and what was to be done."""
    ends = instance.right[-2:]
    if len(instance.left) != 1 or len(ends) != 2 or instance.left[0] not in values:
        return _UNCHECKED
    done, target = (frames[ref.frame].rows[ref.row].text(ref.column) for ref in ends)
    rate = reached(done, target)
    if rate is None:
        return _UNCHECKED
    printed = values[instance.left[0]]
    if instance.relation == "score":
        weight = values.get(instance.right[0])
        # Some offices give no points for half of a target, or fewer for far more than it; all do for just what it is.
        just = instance.right[1] in values and values[instance.right[1]] == values.get(instance.right[2])
        return _UNCHECKED if weight is None else _scored(printed, weight, rate)._replace(sure=just)
    unit = unit_of(printed)
    rounded = rate.quantize(unit, ROUND_HALF_UP, WIDE)
    # More than was asked for is printed as such, or as 100 %.
    held = printed == rounded or (rate > _HUNDRED and printed == _HUNDRED)
    return Outcome("held" if held else "violated", printed, rounded, unit / 2, evidence=False, exact=held)


def pinned(instance: Instance, outcome: Outcome, frames: Sequence[Frame], values: Values) -> Iterator[Ref]:
    """Yield the cells that a held instance with evidence proves.

    A sum or a restatement that is exact to the last digit proves all it compares. One that holds within rounding proves
    nothing in prose, where every addend is spelled out, and in a table the numbers that are larger than what it leaves
    open: 0.06 in place of 0.00 is nothing to a sum of thirty. A quotient proves a cell only if it would no longer be
    exact with one unit more or less in the last printed place: a rate of two decimals says little about the last digit
    of a large amount.
    """
    if outcome.verdict != "held" or not outcome.evidence:
        return
    printed = [ref for ref in instance.refs if ref in values]
    if instance.relation in ("at-most", "none"):
        yield from (ref for ref in instance.left if ref in values)  # what is nothing; of what, is told elsewhere
        return
    if instance.relation not in QUOTIENTS:
        if outcome.exact or instance.relation not in SUMS:
            yield from printed
        elif not any(frames[ref.frame].gaps for ref in instance.refs):
            yield from (r for r in printed if abs(frames[r.frame].yuan(r, values[r])[1]) > outcome.tolerance)
        return
    refs = (*instance.refs, *(instance.quotient.refs if instance.quotient else ()))
    here = {ref: values[ref] for ref in refs if ref in values}  # few: a document may hold tens of thousands
    for ref in dict.fromkeys(printed):
        changed = (evaluate(instance, frames, {**here, ref: here[ref] + step}) for step in _steps(here[ref]))
        if all(_breaks(instance, other) for other in changed):
            yield ref


def _breaks(instance: Instance, other: Outcome) -> bool:
    return other.verdict == "violated" if instance.plugged else not (other.verdict == "held" and other.exact)


def _steps(value: Decimal) -> tuple[Decimal, Decimal]:
    unit = unit_of(value)
    return unit, -unit
