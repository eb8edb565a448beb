"""Checks: every identity on every table that was read. Pure functions from tables to outcomes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .amount import scale_of, usual_places
from .identities import Frame, FrameRow, Instance, Outcome, Ref, evaluate, instances
from .records import Cell, CellRef, CheckCount, Finding, Row, State, Table
from .specs import Catalogue, is_final

ROW_UNCERTAIN = "row-uncertain"  # made by the checks, though of the kind that readers' findings have


@dataclass(frozen=True, slots=True)
class Checked:
    """Tables with the states of their cells, and what the identities say.

    Attributes:
        tables: The same tables, each number cell with its state and the identities that prove it.
        findings: One for each violated hard identity, each ambiguous table and each ungrounded cell.
        counts: Instances by identity.
        outcomes: Every instance with its outcome.
    """

    tables: tuple[Table, ...]
    findings: tuple[Finding, ...]
    counts: dict[str, CheckCount]
    outcomes: tuple[tuple[Instance, Outcome], ...]


def frame_of(table: Table) -> Frame:
    """Return a table's skeleton."""
    rows = tuple(FrameRow(r.role, r.parent, r.side, r.key) for r in table.rows)
    usual = usual_places(len(c.text.partition(".")[2]) for _, c in table.numbers())
    empty = table.empty_note is not None
    scale = scale_of(table.unit)
    return Frame(
        table.id, table.part, table.columns, rows, empty, scale, usual, table.layout, is_final(table.title)
    )  # fmt: skip


def check(tables: Sequence[Table], catalogue: Catalogue) -> Checked:
    """Evaluate every identity, set the state of every number cell, and report what is violated."""
    frames = [frame_of(t) for t in tables]
    values = {
        Ref(i, n, c.column): c.value
        for i, t in enumerate(tables)
        for n, r in enumerate(t.rows)
        for c in r.cells
        if c.kind == "number" and c.value is not None
    }
    found, missing = instances(frames, catalogue.by_id, catalogue.cross)
    outcomes = tuple((instance, evaluate(instance, frames, values)) for instance in found)
    proofs: dict[Ref, list[str]] = {}
    violated: set[Ref] = set()
    inexact: set[Ref] = set()
    loose = _unusually_loose(outcomes, values)
    for instance, outcome in outcomes:
        if instance.soft:
            continue
        printed = [ref for ref in instance.refs if ref in values]
        if outcome.verdict == "violated":
            violated.update(printed)
        elif instance in loose:
            inexact.update(printed)
        elif outcome.verdict == "held" and outcome.evidence:
            for ref in printed:
                known = proofs.setdefault(ref, [])
                if instance.id not in known:
                    known.append(instance.id)
    violated |= {ref for ref in inexact if ref not in proofs}
    violated |= _mislabelled(outcomes, frames, values)
    checked = tuple(_with_states(i, t, proofs, violated) for i, t in enumerate(tables))
    findings = [*_violations(outcomes, tables, loose), *_states(checked)]
    findings.sort(key=lambda f: (f.line or 0, f.code))
    return Checked(checked, tuple(findings), _counts(outcomes, missing), outcomes)


def _unusually_loose(
    outcomes: Sequence[tuple[Instance, Outcome]], values: Mapping[Ref, Decimal]
) -> frozenset[Instance]:
    """Return the sums that hold only within rounding, where a document's sums are else equal to the last digit.

    Offices round either everywhere or nowhere. Where nine sums in ten are exact, one that is off by a unit of the
    last place is no proof: that is just how a misread last digit looks. A sum of one part can't show rounding, and
    doesn't count.
    """
    held = [
        (i, o) for i, o in outcomes
        if o.evidence and o.verdict == "held" and not i.soft and sum(ref in values for ref in i.refs) > 2
    ]  # fmt: skip
    loose = [i for i, o in held if not o.exact]
    return frozenset(loose) if len(loose) * 10 <= len(held) else frozenset()


def _mislabelled(
    outcomes: Sequence[tuple[Instance, Outcome]], frames: Sequence[Frame], values: Mapping[Ref, Decimal]
) -> set[Ref]:
    """Return the cells of columns that add up but whose total another table contradicts.

    Such a column may stand under a wrong name: then every cell in it does.
    """
    broken = {
        (ref.frame, ref.column)
        for instance, outcome in outcomes
        if outcome.verdict == "violated" and not instance.soft and len({r.frame for r in instance.refs}) > 1
        for ref in instance.refs
        if frames[ref.frame].rows[ref.row].role == "总计"
    }
    summed = {
        (ref.frame, ref.column)
        for instance, outcome in outcomes
        if outcome.verdict == "held" and outcome.evidence and len({r.frame for r in instance.refs}) == 1
        for ref in instance.left
        if frames[ref.frame].rows[ref.row].role == "总计" and len({r.column for r in instance.refs}) == 1
    }
    doubtful = broken & summed
    return {ref for ref in values if (ref.frame, ref.column) in doubtful}


def _with_states(index: int, table: Table, proofs: Mapping[Ref, list[str]], violated: set[Ref]) -> Table:
    rows = []
    for number, row in enumerate(table.rows):
        cells = tuple(
            c if c.kind == "text" else _with_state(c, row, Ref(index, number, c.column), proofs, violated)
            for c in row.cells
        )
        rows.append(row.model_copy(update={"cells": cells}))
    return table.model_copy(update={"rows": tuple(rows)})


def _with_state(cell: Cell, row: Row, ref: Ref, proofs: Mapping[Ref, list[str]], violated: set[Ref]) -> Cell:
    state: State
    if not cell.spans:
        state = "ungrounded"
    elif ref in violated:
        state = "contradicted"
    elif len(cell.options) > 1 or cell.doubt or row.doubt:
        state = "ambiguous"
    else:
        state = "proven" if ref in proofs else "grounded"
    return cell.model_copy(update={"state": state, "proof": tuple(proofs.get(ref, ()))})


def _violations(
    outcomes: Sequence[tuple[Instance, Outcome]], tables: Sequence[Table], loose: frozenset[Instance]
) -> Iterator[Finding]:
    for instance, outcome in outcomes:
        if (outcome.verdict != "violated" and instance not in loose) or instance.soft:
            continue
        scale = scale_of(tables[instance.refs[0].frame].unit)
        left, right, room = outcome.left / scale, outcome.right / scale, outcome.tolerance / scale
        sign = {"same": "should equal", "sum": "should be", "at-most": "should be at most"}[instance.relation]
        refs = tuple(cell_ref(ref, tables) for ref in instance.refs)
        first = refs[0]
        within = f" (± {_plain(room)})" if room else ""
        yield Finding(
            code=instance.id,
            kind="rounding" if instance in loose else "contradiction",
            message=(
                f"{instance.id}: {instance.text}: the left side is {_plain(left)}, "
                f"it {sign} {_plain(right)}{within}; difference {_plain(left - right)}. "
                + (
                    "It holds within rounding, but the other sums are exact: look at the last digits."
                    if instance in loose
                    else "Compare with the source."
                )
            ),
            table=first.table,
            line=next((r.line for r in refs if r.line), None),
            cells=tuple(r for r in refs if r.line),
            expected=right,
            found=left,
            interval=room,
        )


def _plain(value: Decimal) -> str:
    text = format(value.normalize(), "f")
    return "0" if text in ("-0", "0") else text


def cell_ref(ref: Ref, tables: Sequence[Table]) -> CellRef:
    """Name a cell for people; ``line`` is None where it is empty."""
    table = tables[ref.frame]
    row = table.rows[ref.row]
    return _named(table, row, ref.column, row.cell(ref.column))


def _states(tables: Sequence[Table]) -> Iterator[Finding]:
    for table in tables:
        unclear = [(r, c) for r, c in table.numbers() if len(c.options) > 1 and not c.doubt and c.state == "ambiguous"]
        if unclear:
            refs = tuple(_named(table, r, c.column, c) for r, c in unclear)
            example = unclear[0][1]
            yield Finding(
                code="ambiguous-columns",
                kind="ambiguous",
                message=(
                    f"{len(unclear)} numbers of {table.title} fit several columns, e.g. {example.text} in row "
                    f"{unclear[0][0].key}: {', '.join(example.options)}. The text doesn't tell; look at the original."
                ),
                table=table.id, line=refs[0].line, cells=refs,
            )  # fmt: skip
        for row in table.rows:
            numbers = [c for c in row.cells if c.kind == "number"]
            if row.doubt and numbers:
                yield Finding(
                    code=ROW_UNCERTAIN, kind="structure", table=table.id, line=row.line,
                    message=f"{table.title}, line {row.line}, row {row.key or '(no label)'}: {row.doubt}.",
                    cells=tuple(_named(table, row, c.column, c) for c in numbers),
                )  # fmt: skip
        for row, cell in table.numbers():
            if cell.state == "ungrounded":
                yield Finding(
                    code="ungrounded", kind="ungrounded", table=table.id, line=row.line,
                    message=f"{cell.text} in row {row.key}, column {cell.column} doesn't stand in the source.",
                    cells=(_named(table, row, cell.column, cell),),
                )  # fmt: skip


def _named(table: Table, row: Row, column: str, cell: Cell | None) -> CellRef:
    line = cell.spans[0].line if cell and cell.spans else None
    return CellRef(table=table.id, part=table.part, row=row.key, column=column, line=line)


def _counts(outcomes: Sequence[tuple[Instance, Outcome]], missing: Mapping[str, int]) -> dict[str, CheckCount]:
    held: dict[str, list[int]] = {}
    for instance, outcome in outcomes:
        row = held.setdefault(instance.id, [0, 0, 0])
        row[("held", "violated", "unchecked").index(outcome.verdict)] += 1
    for name, count in missing.items():
        held.setdefault(name, [0, 0, 0])[2] += count
    return {k: CheckCount(held=v[0], violated=v[1], unchecked=v[2]) for k, v in sorted(held.items())}
