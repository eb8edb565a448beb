"""Checks: every identity on every table that was read. Pure functions from tables to outcomes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from .amount import unit_of
from .arithmetic import evaluate, pinned
from .findings import OWN, doubts, unconfirmed, violations
from .framing import frame_of, frames_of, is_prose, printed_numbers, quantities, reframed
from .generic import discover, is_generic
from .identities import instances
from .instance import SUMS, WORDS, Frame, Instance, Outcome, Ref
from .misread import (
    ASTRAY,
    EXCHANGED,
    FOREIGN,
    FUSED,
    OWN_DOUBTS,
    TWICE,
    UNCONFIRMED,
    astray,
    exchanged,
    foreign,
    fused,
    misread,
    odd,
    twice,
)
from .records import Cell, CheckCount, Finding, Row, State, Table
from .rounding import loose_sums, strict
from .specs import Catalogue

__all__ = ("OWN", "Checked", "check", "frame_of")

_Outcomes = Sequence[tuple[Instance, Outcome]]
_Values = Mapping[Ref, Decimal]
_NUMBERED = re.compile(r"[^\d]\d{5}|\d{5,}[^\d]")  # a name with a number in it, which nothing confirms
_SIZE = 100  # units that a number has at least which isn't near another by chance


@dataclass(frozen=True, slots=True)
class Checked:
    """Tables with the states of their cells, and what the identities say.

    Attributes:
        tables: The same tables, each number cell with its state and the identities that prove it.
        findings: One for each violated hard identity, each ambiguous table and each ungrounded cell.
        counts: Instances by identity.
        outcomes: Every instance with its outcome.
        complaints: The violated hard identities, and the sums that hold suspiciously loosely, each with its finding.
        frames: The skeletons of the tables.
    """

    tables: tuple[Table, ...]
    findings: tuple[Finding, ...]
    counts: dict[str, CheckCount]
    outcomes: tuple[tuple[Instance, Outcome], ...]
    complaints: tuple[tuple[Instance, Finding], ...] = ()
    frames: tuple[Frame, ...] = ()


def check(tables: Sequence[Table], catalogue: Catalogue) -> Checked:
    """Evaluate every identity, set the state of every number cell, and report what is violated."""
    frames = frames_of(tables, catalogue)
    printed = printed_numbers(tables)
    values = {**quantities(frames), **printed}
    rules = (*catalogue.cross, *catalogue.narrative) if any(f.gaps for f in frames) else catalogue.cross
    specs = {**catalogue.by_id, **{t.id: discover(t) for t in tables if is_generic(t)}}
    found, missing = instances(frames, specs, rules)
    plain = [(i, evaluate(i, frames, values)) for i in found if _stated(i, frames, values)]
    outcomes, loose = _weighed(plain, frames, values)
    proofs = _proofs(outcomes, loose, frames, values)
    violated = _blamed(outcomes, loose, frames, printed, proofs)
    violated |= _mislabelled(outcomes, frames, printed)
    near = _nearly(outcomes, frames, values)
    proofs = {ref: ids for ref, ids in proofs.items() if len(ids) > 1 or ref not in near}
    proofs = _believed(proofs, outcomes, violated, printed)
    wrong = misread(outcomes, frames, printed)
    doubted = UNCONFIRMED if len(wrong) > 1 else ""
    rows = {
        **dict.fromkeys(exchanged(outcomes, frames, printed), EXCHANGED),
        **dict.fromkeys(foreign(outcomes), FOREIGN),
    }
    weak = _Weak(astray(outcomes, printed), rows, odd(tables), doubted)
    checked = tuple(_with_states(i, t, proofs, violated, weak) for i, t in enumerate(tables))
    complaints = tuple(violations(outcomes, tables, frames, loose))
    findings = [*(finding for _, finding in complaints), *doubts(checked), *unconfirmed(checked, wrong)]
    findings.sort(key=lambda f: (f.line or 0, f.code))
    return Checked(checked, tuple(findings), _counts(outcomes, missing), outcomes, complaints, tuple(frames))


def complaints(checked: Checked, tables: Sequence[Table]) -> Checked:
    """Check tables in which some numbers are others, and nothing else is; quick, and without states of cells.

    Args:
        checked: What was said of the tables before.
        tables: The same tables with other numbers: rows, columns and texts as they were.
    """
    frames = reframed(checked.frames, checked.tables, tables)
    before, printed = printed_numbers(checked.tables), printed_numbers(tables)
    values = {**quantities(frames), **printed}
    other = {ref for ref in before.keys() | printed.keys() if before.get(ref) != printed.get(ref)}
    plain = [
        (i, o if other.isdisjoint(i.inputs) and i.relation != "rate" else evaluate(i, frames, values))
        for i, o in checked.outcomes
    ]
    outcomes, loose = _weighed(plain, frames, values)
    said = tuple(violations(outcomes, tables, frames, loose))
    return Checked(tuple(tables), tuple(finding for _, finding in said), {}, outcomes, said, tuple(frames))


def _weighed(
    plain: _Outcomes, frames: Sequence[Frame], values: _Values
) -> tuple[tuple[tuple[Instance, Outcome], ...], frozenset[Instance]]:
    """Look at all outcomes together: return them as far as they stand, and the sums that hold too loosely."""
    outcomes = strict(plain, frames, values)
    return outcomes, loose_sums(outcomes, frames, values)


def _stated(instance: Instance, frames: Sequence[Frame], values: _Values) -> bool:
    """Whether a document says anything that the identity is about: prose needn't print every column of a row."""
    prose = [ref for ref in instance.left if frames[ref.frame].gaps or instance.relation == "words"]
    return not prose or any(r in values or frames[r.frame].rows[r.row].text(r.column) for r in prose)


def _proofs(
    outcomes: _Outcomes, loose: frozenset[Instance], frames: Sequence[Frame], values: _Values
) -> dict[Ref, list[str]]:
    """Return the identities that prove each cell."""
    proofs: dict[Ref, list[str]] = {}
    for instance, outcome in outcomes:
        if outcome.evidence and not instance.soft and not (loose and instance in loose):
            for ref in pinned(instance, outcome, frames, values):
                known = proofs.setdefault(ref, [])
                if instance.id not in known:
                    known.append(instance.id)
    return proofs


def _believed(
    proofs: Mapping[Ref, Sequence[str]], outcomes: _Outcomes, violated: set[Ref], printed: _Values
) -> dict[Ref, list[str]]:
    """Drop proofs by identities whose other cells are all in doubt: 1 = 1 says nothing where one of both is wrong."""
    sound: dict[Ref, set[str]] = {}
    for instance, outcome in outcomes:
        if outcome.verdict == "held":
            cells = [ref for ref in instance.refs if ref in printed]
            some = instance.constant is None and any(printed[ref] for ref in cells)
            good = {ref for ref in cells if ref not in violated and (printed[ref] or not some)}  # a 0 adds nothing
            if instance.relation == "rate":  # it holds without the points of all its amounts, too
                amounts = {ref for ref in instance.right if ref in printed}
                round_ = {r for r in amounts if printed[r] and unit_of(printed[r]) == 1 and len(amounts) > 1}
                cells = [ref for ref in cells if ref not in round_ or good & (amounts - {ref})]
            for ref in cells:
                if len(cells) == 1 or len(good) > (ref in good):
                    sound.setdefault(ref, set()).add(instance.id)
    kept = {ref: [i for i in ids if i in sound.get(ref, ())] for ref, ids in proofs.items()}
    return {ref: ids for ref, ids in kept.items() if ids}


def _nearly(outcomes: _Outcomes, frames: Sequence[Frame], values: _Values) -> set[Ref]:
    """Return the cells of identities of some offices that miss by one unit of the last place.

    What isn't the same is hardly ever that near: one may be misread, and needs two proofs. Or each is rounded.
    """
    found: set[Ref] = set()
    for instance, outcome in outcomes:
        if outcome.verdict == "unchecked" and instance.if_equal and instance.relation in SUMS:
            refs = [ref for ref in instance.refs if values.get(ref)]
            units = [unit_of(values[r]) * frames[r.frame].scale_at(r.row, r.column) for r in refs]
            off = evaluate(instance._replace(if_equal=False), frames, values)
            if units and off.verdict == "violated" and abs(off.left - off.right) <= max(units) < abs(off.left) / _SIZE:
                found.update(refs)
    return found


def _blamed(
    outcomes: _Outcomes, loose: frozenset[Instance], frames: Sequence[Frame], printed: _Values,
    proofs: Mapping[Ref, Sequence[str]],
) -> set[Ref]:  # fmt: skip
    """Return the cells of violated identities.

    Where prose contradicts tables, a cell that two other identities prove isn't the one in doubt, unless all are.
    """
    violated: set[Ref] = set()
    for instance, outcome in outcomes:
        if instance.soft or (outcome.verdict != "violated" and instance not in loose):
            continue
        cells = {ref for ref in instance.refs if ref in printed}
        if instance.relation in WORDS:
            cells = set(outcome.odd)
        elif instance in loose:
            cells = {ref for ref in cells if ref not in proofs}
        elif any(frames[ref.frame].gaps for ref in instance.refs):
            sure = {ref for ref in cells if len(proofs.get(ref, ())) > 1}
            cells = cells - sure or cells
        violated |= cells
    return violated


def _mislabelled(outcomes: _Outcomes, frames: Sequence[Frame], values: _Values) -> set[Ref]:
    """Return the cells of columns that add up but whose total another table contradicts.

    Such a column may stand under a wrong name: then every cell in it does.
    """
    broken = {
        (ref.frame, ref.column)
        for instance, outcome in outcomes
        if outcome.verdict == "violated" and not instance.soft and len({r.frame for r in instance.refs}) > 1
        and not any(frames[r.frame].gaps for r in instance.refs)
        for ref in instance.refs
        if frames[ref.frame].rows[ref.row].role == "总计"
    }  # fmt: skip
    summed = {
        (ref.frame, ref.column)
        for instance, outcome in outcomes
        if outcome.verdict == "held" and outcome.evidence and len({r.frame for r in instance.refs}) == 1
        for ref in instance.left
        if frames[ref.frame].rows[ref.row].role == "总计" and len({r.column for r in instance.refs}) == 1
    }
    doubtful = broken & summed
    return {ref for ref in values if (ref.frame, ref.column) in doubtful}


class _Weak(NamedTuple):
    """What tells against cells that nothing violates: misread codes, doubts by row and by cell, one about all."""

    lost: frozenset[tuple[int, int]]
    rows: Mapping[tuple[int, int], str]
    odd: Mapping[Ref, str]
    doubted: str


def _with_states(
    index: int, table: Table, proofs: Mapping[Ref, Sequence[str]], violated: set[Ref], weak: _Weak
) -> Table:
    rows = []
    again, long = (frozenset(), frozenset()) if is_prose(table.id) else (twice(table), fused(table))
    for number, row in enumerate(table.rows):
        cells = []
        for cell in row.cells:
            if cell.kind == "text":
                cells.append(cell)
                continue
            ref = Ref(index, number, cell.column)
            state, doubt = _state(cell, row, ref, proofs, violated), cell.doubt
            doubt = "" if doubt in OWN_DOUBTS else doubt
            if number in again and state in ("proven", "grounded"):
                state, doubt = "ambiguous", TWICE
            elif (number, cell.column) in long and state in ("proven", "grounded"):
                state, doubt = "ambiguous", FUSED
            elif (index, number) in weak.lost and row.kind == "code" and state in ("proven", "grounded"):
                state, doubt = "ambiguous", ASTRAY
            elif (index, number) in weak.rows and state in ("proven", "grounded"):
                state, doubt = "ambiguous", weak.rows[index, number]
            elif weak.doubted and state == "proven" and _NUMBERED.search(row.key.rsplit("/", 1)[-1]):
                state, doubt = "ambiguous", weak.doubted
            elif state == "grounded":
                doubt = weak.odd.get(ref, weak.doubted)
                state = "ambiguous" if doubt else state
            cells.append(cell.model_copy(update={"state": state, "doubt": doubt, "proof": tuple(proofs.get(ref, ()))}))
        rows.append(row.model_copy(update={"cells": tuple(cells)}))
    return table.model_copy(update={"rows": tuple(rows)})


def _state(cell: Cell, row: Row, ref: Ref, proofs: Mapping[Ref, Sequence[str]], violated: set[Ref]) -> State:
    if not cell.spans:
        return "ungrounded"
    if ref in violated:
        return "contradicted"
    if len(cell.options) > 1 or row.doubt or cell.doubt not in ("", *OWN_DOUBTS):
        return "ambiguous"
    return "proven" if ref in proofs else "grounded"


def _counts(outcomes: _Outcomes, missing: Mapping[str, int]) -> dict[str, CheckCount]:
    held: dict[str, list[int]] = {}
    for instance, outcome in outcomes:
        row = held.setdefault(instance.id, [0, 0, 0])
        row[("held", "violated", "unchecked").index(outcome.verdict)] += 1
    for name, count in missing.items():
        held.setdefault(name, [0, 0, 0])[2] += count
    return {k: CheckCount(held=v[0], violated=v[1], unchecked=v[2]) for k, v in sorted(held.items())}
