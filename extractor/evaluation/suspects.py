"""Which cell is wrong, if some identities are violated: every cell in them, the most suspicious first.

Each cell of a violated identity is put to the test: is there another number, close to the printed one, with which the
violated identities hold and none that held before breaks? The order of suspicion, one criterion after the other:

1. how many identities would still be violated, or newly be;
2. how far the other number is from what is printed: one digit, a sign or a point, something else;
3. how many soft identities, and exact matches of rounded ones, speak against it;
4. how many identities that hold prove the printed number.

Cells that come out alike are tied: no place among them is first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from extractor.arithmetic import evaluate
from extractor.checks import Checked
from extractor.findings import cell_ref
from extractor.framing import frames_of, quantities
from extractor.instance import SUMS, WORDS, Frame, Instance, Outcome, Ref
from extractor.records import CellRef, Table
from extractor.specs import Catalogue

Mark = tuple[str, str]
"""Names a violated instance across runs of the checks: its identity, and its cells in words."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A cell under suspicion.

    Attributes:
        ref: The cell.
        rank: Lower is more suspicious; equal ranks are ties.
        repair: The number that would make the violated identities hold, or None where none does.
    """

    ref: Ref
    rank: tuple[int, ...]
    repair: Decimal | None


class Structure:
    """The skeleton of a document's tables and its identities, for many changes of numbers in them."""

    def __init__(self, tables: Sequence[Table], checked: Checked, catalogue: Catalogue) -> None:
        """Take the tables, and what the checks say about them."""
        self.frames: list[Frame] = frames_of(tables, catalogue)
        self.by_ref: dict[Ref, list[Instance]] = {}
        for instance, _ in checked.outcomes:
            for ref in dict.fromkeys(instance.refs):
                self.by_ref.setdefault(ref, []).append(instance)
        self.values: dict[Ref, Decimal] = {**quantities(self.frames), **printed(tables)}


def printed(tables: Sequence[Table]) -> dict[Ref, Decimal]:
    """Return the numbers of all cells."""
    return {
        Ref(i, n, c.column): c.value
        for i, t in enumerate(tables)
        for n, r in enumerate(t.rows)
        for c in r.cells
        if c.kind == "number" and c.value is not None
    }


def mark(instance: Instance, tables: Sequence[Table]) -> Mark:
    """Name an instance so that it is recognised when the tables are checked again."""
    cells = (cell_ref(ref, tables) for ref in instance.refs)
    return instance.id, "|".join(f"{c.table} {c.part} {c.row} {c.column}" for c in cells)


def violated(checked: Checked) -> dict[Mark, Instance]:
    """Return what the checks complain about: hard identities that don't hold, and sums that hold too loosely."""
    loose = {(f.code, f.cells) for f in checked.findings if f.kind == "rounding"}
    found: dict[Mark, Instance] = {}
    for instance, outcome in checked.outcomes:
        if instance.soft:
            continue
        bad = outcome.verdict == "violated"
        if not bad and loose and outcome.verdict == "held" and not outcome.exact and instance.relation in SUMS:
            bad = (instance.id, _printed_refs(instance, checked.tables)) in loose
        if bad:
            found[mark(instance, checked.tables)] = instance
    return found


def _printed_refs(instance: Instance, tables: Sequence[Table]) -> tuple[CellRef, ...]:
    return tuple(c for c in (cell_ref(ref, tables) for ref in instance.refs) if c.line)


def suspects(structure: Structure, values: Mapping[Ref, Decimal], bad: Sequence[Instance]) -> list[Suspect]:
    """Rank the printed cells of violated identities.

    Args:
        structure: The document's identities.
        values: The numbers as they stand.
        bad: The violated identities to explain; they are one mistake until shown otherwise.
    """
    inquiry = _Inquiry(structure, dict(values), bad)
    cells = dict.fromkeys(ref for i in bad if i.relation not in WORDS for ref in i.refs if ref in values)
    found = [inquiry.suspect(ref) for ref in cells]
    return sorted(found, key=lambda s: s.rank)


def first(ranked: Sequence[Suspect]) -> Suspect | None:
    """Return the most suspicious cell, or None where the first place is shared."""
    if not ranked or (len(ranked) > 1 and ranked[0].rank == ranked[1].rank):
        return None
    return ranked[0]


class _Inquiry:
    def __init__(self, structure: Structure, values: dict[Ref, Decimal], bad: Sequence[Instance]) -> None:
        self._structure, self._values, self._bad = structure, values, bad
        self._set = set(bad)
        self._now: dict[int, Outcome] = {}

    def suspect(self, ref: Ref) -> Suspect:
        mine = [i for i in self._bad if ref in i.refs]
        others = [i for i in self._structure.by_ref.get(ref, ()) if i not in self._set]
        open_ = len(self._bad) - len(mine)
        # A cell with a second printing of itself, or with sums that hold around it, has an alibi.
        proofs = sum(self._outcome(i).verdict == "held" and self._outcome(i).evidence for i in others if not i.soft)
        best: tuple[int, ...] = (len(self._bad), 9, 0, proofs)
        repair: Decimal | None = None
        for value, cost in self._options(ref, mine):
            left, broken, doubts = self._with(ref, value, mine, others, best[0] - open_)
            rank = (open_ + left + broken, cost, doubts, proofs)
            if rank < best:
                best, repair = rank, value
        return Suspect(ref, best, repair if best[0] < len(self._bad) else None)

    def _outcome(self, instance: Instance) -> Outcome:
        known = self._now.get(id(instance))
        if known is None:
            known = self._now[id(instance)] = evaluate(instance, self._structure.frames, self._values)
        return known

    def _with(
        self, ref: Ref, value: Decimal, mine: Sequence[Instance], others: Sequence[Instance], most: int
    ) -> tuple[int, int, int]:
        """Count what would be violated with another number in a cell: still, newly, and softly."""
        old = self._values[ref]
        self._values[ref] = value
        left = broken = doubts = 0
        try:
            for instance in mine:
                outcome = evaluate(instance, self._structure.frames, self._values)
                was = self._outcome_of_bad(instance)
                held = outcome.verdict != "violated" and (outcome.exact or was.verdict == "violated")
                left += not held
                doubts += held and not outcome.exact
                if left > most:
                    return left, broken, doubts
            for instance in others:
                before = self._now.get(id(instance))
                outcome = evaluate(instance, self._structure.frames, self._values)
                if before is None:
                    self._values[ref] = old
                    before = self._outcome(instance)
                    self._values[ref] = value
                if before.verdict == "violated":
                    doubts -= outcome.verdict == "held"
                elif outcome.verdict == "violated":
                    broken += not instance.soft
                    doubts += instance.soft
                elif before.exact and outcome.verdict == "held" and not outcome.exact:
                    # A sum that was exact and would hold only within rounding: against it, though no violation.
                    broken += instance.relation in SUMS and before.evidence
                    doubts += 1
                elif before.verdict == "held" and outcome.verdict == "held" and outcome.exact and not before.exact:
                    doubts -= 1
        finally:
            self._values[ref] = old
        return left, broken, doubts

    def _outcome_of_bad(self, instance: Instance) -> Outcome:
        return self._now.setdefault(id(instance), Outcome("violated"))

    def _options(self, ref: Ref, mine: Sequence[Instance]) -> Iterator[tuple[Decimal, int]]:
        """Yield other numbers for a cell with how far they are from it: what sums ask for, then misreadings of it."""
        now = self._values[ref]
        near = dict(misreadings(now))
        for instance in mine:
            if instance.relation in SUMS:
                value = self._asked(ref, instance, now)
                if value is not None and value not in near:
                    near[value] = 3
            elif instance.relation == "rate" and instance.left == (ref,):
                near.setdefault(evaluate(instance, self._structure.frames, self._values).right, 3)
        yield from ((v, cost) for v, cost in near.items() if v != now)

    def _asked(self, ref: Ref, instance: Instance, now: Decimal) -> Decimal | None:
        outcome = evaluate(instance, self._structure.frames, self._values)
        times = instance.left.count(ref) - instance.right.count(ref)
        if not times:
            return None
        frame = self._structure.frames[ref.frame]
        return now + (outcome.right - outcome.left) / frame.scale_at(ref.row, ref.column) / times


def misreadings(value: Decimal) -> Iterator[tuple[Decimal, int]]:
    """Yield what may have been printed where this number was read: one digit, the sign, the point; with a cost."""
    text = f"{abs(value):f}"
    sign = -1 if value < 0 else 1
    for place, old in enumerate(text):
        for digit in "0123456789" if old.isdigit() else "":
            if digit != old:
                yield sign * Decimal(text[:place] + digit + text[place + 1 :]), 1
    if value:
        yield -value, 2
        yield from ((value.scaleb(shift), 2) for shift in (-1, 1, -2, 2))
