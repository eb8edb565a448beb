"""Headers: does the printed header fit the columns of the spec?"""

from collections import Counter
from dataclasses import dataclass

from extractor.specs import TableSpec

from .body import Body
from .labels import HEADER_WORDS


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a header fits a spec; ``reason`` says what doesn't."""

    known: bool
    reason: str = ""


def fit(body: Body, spec: TableSpec) -> Fit:
    """Compare the characters of the header with those of the spec's columns, in any order.

    Header cells come in fragments and out of order, so only the characters are counted: each column's must be
    there, and little may be left over that no column and no usual header word explains.
    """
    if not body.lines or not body.header:
        return Fit(known=True)
    bag = Counter(c for c in body.header if c.isalpha())
    size = sum(bag.values())
    missing = []
    for column in sorted(spec.columns, key=lambda c: -len(c.id)):
        names = [Counter(c for c in name if c.isalpha()) for name in column.names]
        best = min(names, key=lambda n: sum((n - bag).values()) / max(1, sum(n.values())))
        lack = sum((best - bag).values())
        if lack * 3 > sum(best.values()):
            missing.append(column.id)
        bag -= best
    left = _unexplained(bag, body.header)
    if spec.shape == "two_sided" and len(spec.columns) == 1:
        return Fit(known=True)
    if len(missing) * 4 > len(spec.columns):
        return Fit(known=False, reason=f"its header lacks {', '.join(missing)}: another layout than the spec's")
    if left * 3 > size and left > 6:
        return Fit(known=False, reason="its header has columns that the spec doesn't know")
    return Fit(known=True)


def _unexplained(bag: Counter[str], header: str) -> int:
    for word in HEADER_WORDS:
        if word in header:
            bag = bag - Counter(c for c in word if c.isalpha())
    return sum(bag.values())
