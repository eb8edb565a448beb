"""How a document rounds: which sums and rates are no proof, as its others are equal to the last digit."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from math import log, sqrt
from statistics import NormalDist

from .amount import unit_of
from .instance import SUMS, Frame, Instance, Outcome, Ref

_Outcomes = Sequence[tuple[Instance, Outcome]]
_Values = Mapping[Ref, Decimal]
_MISREAD = 0.05  # of sums look as if they were rounded at the worst, as one of their digits is misread
_RARELY = 0.0025  # the same, where a sum that isn't exact is no proof anyway: only what is clear is worth a finding
_EQUAL = 2  # numbers that an equation has at least


def strict(outcomes: _Outcomes, frames: Sequence[Frame], values: _Values) -> tuple[tuple[Instance, Outcome], ...]:
    """Withdraw what was conceded to rates for the sake of offices that compute them otherwise.

    A share may be off by a unit for its list to add up to 100: not where the list doesn't. A rate may be that of
    amounts before rounding: not where eight in nine of a document's rates are those of the printed amounts, counting
    the ones where it makes a difference.
    """
    rates = [(i, o) for i, o in outcomes if i.relation == "rate" and o.verdict == "held" and not i.if_equal]
    crooked = {
        ref
        for i, o in outcomes
        if i.plugged and i.relation in SUMS and o.verdict != "unchecked" and not o.exact
        for ref in i.left
    }
    telling = [(i, o) for i, o in rates if not i.plugged and o.tolerance > unit_of(values[i.left[0]])]
    inexact = [i for i, o in rates if not i.plugged and not o.exact and not _short(i, frames, values)]
    withdrawn = {i for i, o in rates if i.plugged and not o.exact and crooked.intersection(i.left)}
    withdrawn.update(inexact if len(inexact) * 9 <= len(telling) else ())
    if not withdrawn:
        return tuple(outcomes)
    return tuple((i, o._replace(verdict="violated") if i in withdrawn else o) for i, o in outcomes)


def _short(rate: Instance, frames: Sequence[Frame], values: _Values) -> bool:
    """Whether a rate has fewer digits behind the point than nearly all others of the document."""
    return -unit_of(values[rate.left[0]]).adjusted() < frames[rate.left[0].frame].rates


def loose_sums(outcomes: _Outcomes, frames: Sequence[Frame], values: _Values) -> frozenset[Instance]:
    """Return the sums that hold only within rounding, in a document whose sums are else equal to the last digit.

    Offices round either everywhere or nowhere. Where they don't, a sum that is off by a unit of the last place is no
    proof: that is just how a misread last digit looks, and so does a rate look that lost one. Prose is counted apart
    from tables. A list of shares each of which is that of its amount, to the last digit, was not made to add up to 100.
    """
    shares = {i.left[0] for i, o in outcomes if i.relation == "rate" and o.verdict == "held" and o.exact}
    held = [(i, o) for i, o in outcomes if o.evidence and o.verdict == "held" and not i.soft and i.relation in SUMS]
    found = [
        i
        for i, o in outcomes
        if i.relation == "rate" and o.verdict == "held" and not o.exact and _short(i, frames, values)
    ]
    groups: dict[bool, list[tuple[Instance, Outcome]]] = {False: [], True: []}
    for i, o in held:
        groups[any(frames[r.frame].gaps for r in i.refs)].append((i, o))
    for group, share in ((groups[False], _MISREAD), (groups[True], _RARELY)):
        if not _rounds(group, values, share):
            found.extend(i for i, o in group if not o.exact and not (i.plugged and _by_themselves(i, shares, values)))
    return frozenset(found)


def _by_themselves(shares: Instance, known: set[Ref], values: _Values) -> bool:
    """Whether each of the printed shares of a list is one that its amount gives."""
    return all(ref in known for ref in shares.left if ref in values)


def _rounds(held: _Outcomes, values: _Values, share: float) -> bool:
    """Whether sums that hold are likelier those of an office that rounds each number than of one whose sums are exact.

    Sums of the same numbers count once. An office that rounds has n + 1 numbers add up exactly as often as n errors,
    each even between half a unit down and up, come to less than half a unit (Irwin-Hall; here its normal
    approximation); one number that equals another shows nothing. Of exact sums a ``share`` is off by a misread digit;
    where all that are off share a cell, one digit explains them.
    """
    sums: dict[tuple[tuple[Decimal, ...], ...], list[tuple[Instance, Outcome]]] = {}
    for instance, outcome in held:
        sides = (instance.left, instance.right)
        numbers = tuple([tuple(sorted([v for r in side if (v := values.get(r))])) for side in sides])
        if sum(map(len, numbers)) > _EQUAL:
            sums.setdefault(numbers, []).append((instance, outcome))
    off = [i for same in sums.values() for i, o in same if not o.exact]
    if not off:
        return False
    shared = frozenset.intersection(*(frozenset(i.refs) for i in off))
    likelier = log(share) if shared else 0.0
    for numbers, same in sums.items():
        chance = _even(sum(map(len, numbers)) - 1)
        exact = all(o.exact for _, o in same)
        likelier += -log(chance) if exact else -log(1 - chance) + (0.0 if shared else log(share))
    return likelier < 0


@lru_cache(maxsize=256)
def _even(errors: int) -> float:
    """Return how often so many rounding errors come to less than half a unit, as a share of 1."""
    return 2 * NormalDist(0, sqrt(errors / 12)).cdf(0.5) - 1
