"""The second opinion: where two readers read a table they are compared number by number.

That they agree proves nothing: both may be wrong alike. Where they differ a number is at most ambiguous, unless the
identities that reach it hold under one reading and are violated under the other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from extractor.identities import Instance, Outcome, Ref, evaluate, instances
from extractor.records import CellRef, Finding
from extractor.specs import Catalogue

from .draft import Draft
from .tokens import Token
from .transcript import short

Verdict = Literal["kept", "other", "neither"]
_Name = tuple[str, tuple[tuple[int, str, str], ...]]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a reader puts a number: row key, column, its text, and its token."""

    row: str
    column: str
    token: Token


@dataclass(frozen=True, slots=True)
class _Difference:
    """One number that two readers read differently; None where a reader doesn't take it."""

    kept: _Place | None
    other: _Place | None


def compare(
    drafts: Sequence[Draft], others: Mapping[int, Draft], catalogue: Catalogue
) -> tuple[list[Draft], list[Finding]]:
    """Compare each table with the other reader's, by the index of its first line.

    Returns:
        The tables, with a doubt on each number that the readers read differently and no identity decides; and a
        finding for each difference.
    """
    out, findings = list(drafts), list[Finding]()
    kept = _Judged.of(drafts, catalogue)
    for index, draft in enumerate(drafts):
        other = others.get(draft.chunk.first)
        differences = list(_differences(draft, other)) if other else []
        if other is None or not differences:
            continue
        turned = _Judged.of([*drafts[:index], other, *drafts[index + 1 :]], catalogue)
        doubts = dict(draft.doubts)
        for difference in differences:
            verdict = _verdict(difference, index, kept, turned)
            findings.append(_finding(difference, verdict, draft, other))
            if verdict != "kept" and difference.kept and difference.kept.token.spans:
                doubts[difference.kept.token.spans[0].start] = _reads(other, difference.other)
        out[index] = replace(draft, doubts=doubts)
    return out, findings


def _places(draft: Draft) -> Iterator[_Place]:
    for row, best in zip(draft.rows, draft.best, strict=True):
        for token, column in zip(row.items, best, strict=True):
            if token.kind != "dash":
                yield _Place(row.key, draft.columns[column], token)


def _differences(draft: Draft, other: Draft) -> Iterator[_Difference]:
    """Yield what is read differently: paired by where it is printed, else by the cell it is put in."""
    there: dict[tuple[str, str], list[_Place]] = {}
    for place in _places(other):
        there.setdefault((place.row, place.column), []).append(place)
    left: list[_Place] = []
    for place in _places(draft):
        twins = there.get((place.row, place.column), [])
        same = next((twin for twin in twins if twin.token.text == place.token.text), None)
        if same is not None:
            twins.remove(same)  # the same number in the same cell, whichever of its prints was found
        else:
            left.append(place)
    printed = {p.token.spans[0].start: p for places in there.values() for p in places if p.token.spans}
    for place in left:
        twin = printed.get(place.token.spans[0].start) if place.token.spans else None
        twin = twin or next(iter(there.get((place.row, place.column), [])), None)
        if twin is not None:
            there[twin.row, twin.column].remove(twin)
            if twin.token.spans:
                printed.pop(twin.token.spans[0].start, None)
        yield _Difference(place, twin)
    for places in there.values():
        for place in places:
            yield _Difference(None, place)


@dataclass(frozen=True, slots=True)
class _Judged:
    """The tables of a disclosure under one reading, with what became of each identity."""

    drafts: Sequence[Draft]
    outcomes: Sequence[tuple[Instance, Outcome]]

    @classmethod
    def of(cls, drafts: Sequence[Draft], catalogue: Catalogue) -> "_Judged":
        frames = [d.frame() for d in drafts]
        values = {ref: value for number, draft in enumerate(drafts) for ref, value in draft.chosen(number).items()}
        found, _ = instances(frames, catalogue.by_id, catalogue.cross)
        return cls(drafts, [(i, evaluate(i, frames, values)) for i in found if not i.soft])

    def reached(self, index: int, places: Sequence[_Place]) -> dict[_Name, Outcome]:
        """Return the identities that reach these cells of a table, by a name that other readings have too."""
        cells = {(index, place.row, place.column) for place in places}
        return {self.name(i): o for i, o in self.outcomes if cells & {self.cell(ref) for ref in i.refs}}

    def named(self, names: Iterable[_Name]) -> dict[_Name, Outcome]:
        """Return the identities of these names."""
        wanted = set(names)
        return {self.name(i): o for i, o in self.outcomes if self.name(i) in wanted}

    def cell(self, ref: Ref) -> tuple[int, str, str]:
        """Name a cell by its row's key."""
        return ref.frame, self.drafts[ref.frame].rows[ref.row].key, ref.column

    def name(self, instance: Instance) -> _Name:
        """Name an identity by its id and the cells on its left."""
        return instance.id, tuple(self.cell(ref) for ref in instance.left)


def _verdict(difference: _Difference, index: int, kept: _Judged, turned: _Judged) -> Verdict:
    """Say which reading the identities that reach the number prove: they hold under it, and not under the other."""
    places = [p for p in (difference.kept, difference.other) if p is not None]
    names = {**kept.reached(index, places), **turned.reached(index, places)}
    own, other = (_holds(reading.named(names).values()) for reading in (kept, turned))
    if own and other is False:
        return "kept"
    stands = difference.other is None or bool(difference.other.token.spans)
    return "other" if other and own is False and stands else "neither"


def _holds(outcomes: Iterable[Outcome]) -> bool | None:
    """Whether identities hold; None where none of them compares printed numbers."""
    found = list(outcomes)
    if any(o.verdict == "violated" for o in found):
        return False
    return True if any(o.verdict == "held" and o.evidence for o in found) else None


def _who(draft: Draft) -> str:
    return "the model" if draft.reader == "model" else "the deterministic reader"


def _reads(draft: Draft, place: _Place | None) -> str:
    who = _who(draft)
    if place is None:
        return f"{who} doesn't read it"
    where = f"row {short(place.row)}, column {place.column}"
    gone = "" if place.token.spans else ", which doesn't stand in the source"
    return f"{who} reads {short(place.token.text)!r} in {where}{gone}"


def _value(place: _Place | None) -> Decimal | None:
    """Return a number that a reader found in the source."""
    amount = place.token.amount if place and place.token.spans else None
    return amount.value if amount else None


def _finding(difference: _Difference, verdict: Verdict, draft: Draft, other: Draft) -> Finding:
    places = [p for p in (difference.kept, difference.other) if p is not None]
    line = next((p.token.line for p in places if p.token.spans), None)
    decided = "The identities prove neither; look at the original."
    if verdict != "neither":
        decided = f"The identities hold as {_who(draft if verdict == 'kept' else other)} has it, and not the other way."
    cells = (
        CellRef(table=draft.spec.id, part=draft.chunk.part, row=short(p.row), column=p.column, line=line)
        for p in places
    )
    kept, read = difference.kept, difference.other
    return Finding(
        code="second-opinion", kind="ambiguous", table=draft.spec.id, line=line, cells=tuple(dict.fromkeys(cells)),
        found=_value(kept), expected=_value(read),
        message=f"{_reads(draft, difference.kept)}; {_reads(other, difference.other)}. {decided}",
    )  # fmt: skip
