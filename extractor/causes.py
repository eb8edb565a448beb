"""Who erred where an identity is violated: a reader of the print, the office, or nobody but the rounding.

The evidence, strongest first: numbers that are printed the same elsewhere; another reading of the print under which
several identities hold; that no plausible misreading explains the difference.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .amount import unit_of
from .findings import cell_ref, title_of
from .instance import SUMS, WORDS, Outcome, Ref
from .proposals import Cause
from .search import MARGIN, Cluster, Hypothesis
from .situation import Situation

_SHOWN = 3
_BOUNDS = frozenset({"at-most", "sign"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """Who erred, and why, in a sentence."""

    cause: Cause
    evidence: str


def judge(known: Situation, cluster: Cluster, number: int) -> Judgement:
    """Say who erred in one identity of a cluster."""
    instance = known.instances[number]
    if instance.relation in WORDS:
        return Judgement("undecided", "Words differ, and no arithmetic tells which of them are right.")
    mending = [h for h in cluster.found if known.holds(number, h.world)]
    if mending and mending[0] is cluster.found[0]:
        if number in known.loose and mending[0].total > -MARGIN:
            return Judgement(
                "rounding", f"It holds within rounding; exactly, if {'; '.join(spoken(known, mending[0]))}."
            )
        return _misread(known, cluster, mending)
    if not cluster.complete:
        return Judgement("undecided", "Too much is violated around it to look at every reading.")
    return _no_misreading(known, number)


def _misread(known: Situation, cluster: Cluster, mending: Sequence[Hypothesis]) -> Judgement:
    best = mending[0]
    others = [n for n in cluster.complaints if known.holds(n, best.world)]
    said = "; ".join(spoken(known, best))
    ids = ", ".join(dict.fromkeys(known.instances[n].id for n in others))
    held = (
        f"{said}: then {len(others)} violated identities hold ({ids})" if len(others) > 1 else f"{said}: then it holds"
    )
    ties = len(cluster.found) - 1
    lost = [ref for c in best.changes if c.kind == "missing" for ref, _ in c.values]
    if any((ref.frame, ref.row) not in known.damaged for ref in lost):
        return Judgement("undecided", f"{held}. It may be lost, or the office left the cell empty.")
    if all(known.instances[n].relation in _BOUNDS for n in others):
        return Judgement("undecided", f"{held}, as it would with many others: it is a bound only.")
    if -best.total <= MARGIN:
        why = "but so rare a misreading is hardly likelier than a mistake of the office"
        return Judgement("undecided", f"{held}, {why}.")
    if ties and len(others) < 2:
        return Judgement("undecided", f"{held}, but {_count(ties, 'other reading does', 'other readings do')} as well.")
    more = f", and {_count(ties, 'other reading does', 'other readings do')} as well" if ties else ""
    return Judgement("misread", f"{held}, and no more is violated{more}.")


def _no_misreading(known: Situation, number: int) -> Judgement:
    instance, outcome = known.instances[number], known.outcome(number, {})
    refs = [ref for ref in dict.fromkeys(instance.refs) if ref in known.cells]
    off = abs(outcome.left - outcome.right)
    if number in known.loose or _within_a_unit(known, number, outcome):
        room = "what rounding makes" if number in known.loose else "a unit of the last place"
        return Judgement("rounding", f"The difference is within {room}, and no likely misreading explains it better.")
    if unsure := _unsure(known, number):
        return Judgement("undecided", unsure)
    again = {ref: _elsewhere(known, number, ref) for ref in refs if known.values[ref]}
    sure = [ref for ref, found in again.items() if found]
    said = "; ".join(_again(known, ref, again[ref]) for ref in sure[:_SHOWN])
    if instance.relation in _BOUNDS and len(sure) < len(again):
        return Judgement("undecided", "Many readings would satisfy a bound; no other identity speaks for one of them.")
    if not off:
        return Judgement("undecided", "Nothing tells which number is wrong.")
    misread = "No plausible misreading of its numbers makes it hold without another identity being violated"
    if sure and len(sure) == len(again):
        return Judgement("source", f"Each of its amounts is printed the same elsewhere: {said}.")
    return Judgement("source", f"{misread}. {said[:1].upper()}{said[1:]}." if said else f"{misread}.")


def _unsure(known: Situation, number: int) -> str:
    """Say why the reading itself is in doubt, so that it can't be said that the office erred; empty where it isn't."""
    refs = known.instances[number].refs
    if any(ref.frame in known.unread for ref in refs):
        return "Numbers of its tables are not read; one of them may be missing in it."
    instance = known.instances[number]
    if not (instance.left and instance.right) and instance.constant is None and instance.quotient is None:
        return "Nothing stands on its other side: a row may be missing, in the print or in the reading."
    rows = {(ref.frame, ref.row) for ref in refs if ref in known.values}
    for ref, cell in known.cells.items():
        if (ref.frame, ref.row) in rows and (not cell.spans or cell.doubt or len(cell.options) > 1):
            where = cell_ref(ref, known.tables)
            return f"It isn't certain that {where.row}, {where.printed} is read in its place."
    alike = [n for n in known.complaints if _rows(known, n) == _rows(known, number)]
    if len(alike) > 1 and len(_rows(known, number)) > 1:
        return "Several columns of the same rows don't add up: a row may be missing, in the print or in the reading."
    return ""


def _rows(known: Situation, number: int) -> list[tuple[int, int]]:
    return [(ref.frame, ref.row) for ref in known.instances[number].refs]


def _within_a_unit(known: Situation, number: int, outcome: Outcome) -> bool:
    """Whether a restatement or a rate differs by one unit of the last place, as when each is rounded by itself."""
    instance = known.instances[number]
    off = abs(outcome.left - outcome.right)
    if instance.relation == "rate":
        return off <= unit_of(known.values[instance.left[0]])
    if instance.relation not in SUMS:
        return False
    units = [unit_of(known.values[r]) * _scale(known, r) for r in instance.refs if known.values.get(r)]
    return len(units) == 2 and off <= max(units) < known_size(known, instance.refs)


def known_size(known: Situation, refs: Sequence[Ref]) -> Decimal:
    """Return the largest amount of some cells, in yuan."""
    return max((abs(known.values.get(r, Decimal(0))) * _scale(known, r) for r in refs), default=Decimal(0))


def _scale(known: Situation, ref: Ref) -> Decimal:
    return known.frames[ref.frame].scale_at(ref.row, ref.column)


def _elsewhere(known: Situation, number: int, ref: Ref) -> list[Ref]:
    """Return the cells that print the same number, as identities ask them to."""
    found: dict[Ref, None] = {}
    for other in known.touched([ref]):
        instance, outcome = known.instances[other], known.outcome(other, {})
        told = outcome.verdict == "held" and outcome.exact and outcome.evidence and not instance.soft
        if other == number or not told or instance.relation not in SUMS or instance.constant is not None:
            continue
        filled = [r for r in dict.fromkeys(instance.refs) if known.values.get(r)]
        if len(filled) == 2 and ref in filled:
            found.update(dict.fromkeys(r for r in filled if r != ref and r in known.cells))
    return list(found)


def _again(known: Situation, ref: Ref, found: Sequence[Ref]) -> str:
    lines = sorted({line for r in found if (line := cell_ref(r, known.tables).line)})
    shown = ", ".join(map(str, lines[:_SHOWN])) + (" …" if len(lines) > _SHOWN else "")
    return f"{known.cells[ref].text} (line {cell_ref(ref, known.tables).line}) is printed again in line {shown}"


def spoken(known: Situation, hypothesis: Hypothesis) -> Iterator[str]:
    """Say each edit of a set in words."""
    for change in hypothesis.changes:
        (ref, value), *more = change.values
        where = cell_ref(next((r for r, _ in change.values if r in known.cells), ref), known.tables)
        table = title_of(known.tables[ref.frame])
        place = f"{table} {where.row}, {where.printed} (line {where.line})"
        if ref not in known.cells and not more:
            line = known.tables[ref.frame].rows[ref.row].line
            place = f"{table} {where.row}, {where.printed} (row in line {line})"
            yield f"nothing is read in {place}: {value} is missing"
        elif more:
            texts = [known.cells[r].text for r, _ in change.values if r in known.cells]
            yield f"{' and '.join(texts)} in {place}: {change.words}"
        else:
            new = "nothing" if value is None else f"{value:f}"
            yield f"{known.cells[ref].text} in {place} may be {new} ({change.words})"


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
