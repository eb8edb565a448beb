"""The second opinion: where two readers read a table they are compared number by number.

That they agree proves nothing: both may be wrong alike. Where they differ a number is at most ambiguous, unless the
identities that reach it hold under one reading and are violated under the other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from extractor.identities import Instance, Outcome, Ref, evaluate, instances
from extractor.records import CellRef, Finding
from extractor.specs import Catalogue

from .draft import Draft
from .tokens import Token
from .transcript import short

Verdict = Literal["kept", "other", "neither"]
Judged = tuple[Instance, Outcome]


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
    judged = _judged(drafts, catalogue)
    for index, draft in enumerate(drafts):
        other = others.get(draft.chunk.first)
        differences = list(_differences(draft, other)) if other else []
        if other is None or not differences:
            continue
        turned = _judged([*drafts[:index], other, *drafts[index + 1 :]], catalogue)
        doubts = dict(draft.doubts)
        for difference in differences:
            verdict = _verdict(difference, (index, draft, judged), (index, other, turned))
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
    """Yield what is read differently: numbers by where they are printed, others by the cell they are put in."""
    kept = list(_places(draft))
    there = {p.token.spans[0].start: p for p in _places(other) if p.token.spans}
    made_up = {(p.row, p.column): p for p in _places(other) if not p.token.spans}
    for place in kept:
        twin = there.pop(place.token.spans[0].start, None) if place.token.spans else None
        if twin is None:
            twin = made_up.pop((place.row, place.column), None)
        same = twin and (twin.row, twin.column, twin.token.text) == (place.row, place.column, place.token.text)
        if not same:
            yield _Difference(place, twin)
    for place in (*there.values(), *made_up.values()):
        yield _Difference(None, place)


def _judged(drafts: Sequence[Draft], catalogue: Catalogue) -> list[Judged]:
    frames = [d.frame() for d in drafts]
    values = {ref: value for number, draft in enumerate(drafts) for ref, value in draft.chosen(number).items()}
    found, _ = instances(frames, catalogue.by_id, catalogue.cross)
    return [(i, evaluate(i, frames, values)) for i in found if not i.soft]


def _verdict(
    difference: _Difference, kept: tuple[int, Draft, list[Judged]], other: tuple[int, Draft, list[Judged]]
) -> Verdict:
    """Say which reading the identities that reach the number prove."""
    places = [p for p in (difference.kept, difference.other) if p is not None]
    own, turned = _holds(places, *kept), _holds(places, *other)
    if difference.other is not None and not difference.other.token.spans:
        turned = False  # what doesn't stand in the source is never proven
    if own and turned is False:
        return "kept"
    return "other" if turned and own is False else "neither"


def _holds(places: Sequence[_Place], index: int, draft: Draft, judged: Sequence[Judged]) -> bool | None:
    """Whether the identities that reach these cells hold; None where none of them compares printed numbers."""
    wanted = {
        Ref(index, number, place.column)
        for place in places
        for number, row in enumerate(draft.rows)
        if row.key == place.row
    }
    reached = [o for i, o in judged if any(ref in wanted for ref in i.refs)]
    if any(o.verdict == "violated" for o in reached):
        return False
    return True if any(o.verdict == "held" and o.evidence for o in reached) else None


def _who(draft: Draft) -> str:
    return "the model" if draft.reader == "model" else "the deterministic reader"


def _reads(draft: Draft, place: _Place | None) -> str:
    who = _who(draft)
    if place is None:
        return f"{who} doesn't read it"
    where = f"row {short(place.row)}, column {place.column}"
    gone = "" if place.token.spans else ", which doesn't stand in the source"
    return f"{who} reads {short(place.token.text)!r} in {where}{gone}"


def _finding(difference: _Difference, verdict: Verdict, draft: Draft, other: Draft) -> Finding:
    places = [p for p in (difference.kept, difference.other) if p is not None]
    line = next((p.token.line for p in places if p.token.spans), None)
    decided = "The identities prove neither; look at the original."
    if verdict != "neither":
        decided = f"The identities hold as {_who(draft if verdict == 'kept' else other)} has it, and not the other way."
    cells = tuple(
        CellRef(table=draft.spec.id, part=draft.chunk.part, row=short(p.row), column=p.column, line=line)
        for p in places[:1]
    )
    return Finding(
        code="second-opinion", kind="ambiguous", table=draft.spec.id, line=line, cells=cells,
        message=f"{_reads(draft, difference.kept)}; {_reads(other, difference.other)}. {decided}",
    )  # fmt: skip
