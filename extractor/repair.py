"""Repairs: what may have been printed where identities are violated, as proposals; and who erred.

Nothing is corrected. A proposal is one more finding; a number that was read stays what it is, and what a repair would
put there is never proven.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .causes import judge, spoken
from .changes import Change
from .checks import Checked
from .findings import cell_ref
from .instance import Ref
from .proposals import CellRef, Edit, Finding, Proposal, Repair
from .records import Result, Row, Table
from .search import Cluster, Hypothesis, solve
from .situation import Situation, Values

_SHOWN = 4
_UNREAD = frozenset({"damaged-number", "numbers-not-read"})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The findings of a check with who erred, those of repairs among them, and the repairs."""

    findings: tuple[Finding, ...]
    proposals: tuple[Proposal, ...] = ()


def diagnose(checked: Checked, *, first: int = 0, beside: Iterable[Finding] = ()) -> Diagnosis:
    """Say of each violated identity who erred, and propose what may have been printed.

    Args:
        checked: Tables with what the identities say of them.
        first: How many proposals there are already, by which findings count.
        beside: Findings of the readers: where numbers are not read, or a second reader reads others.
    """
    if not checked.complaints:
        return Diagnosis(checked.findings)
    said_of = list(beside)
    unread = {f.line for f in said_of if f.code in _UNREAD and f.line}
    known = Situation(checked, unread, list(_second(said_of, checked.tables)))
    clusters = sorted(solve(known), key=lambda c: c.complaints)
    said: dict[int, Finding] = {}
    proposals: list[Proposal] = []
    repairs: list[Finding] = []
    numbered = dict(zip(known.complaints, (finding for _, finding in checked.complaints), strict=True))
    for cluster in clusters:
        index = None
        if cluster.found:
            index = first + len(proposals)
            proposals.append(_proposal(known, cluster))
            repairs.append(_finding(known, cluster, proposals[-1], index))
        for number in cluster.complaints:
            judged = judge(known, cluster, number)
            update = {"cause": judged.cause, "evidence": judged.evidence, "proposal": index}
            said[id(numbered[number])] = numbered[number].model_copy(update=update)
    findings = [*(said.get(id(f), f) for f in checked.findings), *repairs]
    findings.sort(key=lambda f: (f.line or 0, f.code))
    return Diagnosis(tuple(findings), tuple(proposals))


def _second(findings: Iterable[Finding], tables: Sequence[Table]) -> Iterator[Values]:
    """Yield what a second reader reads otherwise: another number in a cell, or the number in another cell."""
    for finding in findings:
        if finding.code != "second-opinion" or finding.expected is None or not finding.cells:
            continue
        refs = [_found(cell, tables) for cell in (finding.cells[0], finding.cells[-1])]
        here, there = refs
        if here is not None and there is not None:
            moved = here != there and finding.found is not None
            yield (*(((here, None),) if moved else ()), (there, finding.expected))


def _found(cell: CellRef, tables: Sequence[Table]) -> Ref | None:
    """Find a cell, or the empty place for it; None where several rows have its key."""
    rows = [
        Ref(i, n, cell.column)
        for i, table in enumerate(tables)
        if (table.id, table.part) == (cell.table, cell.part) and cell.column in table.columns
        for n, row in enumerate(table.rows)
        if row.key == cell.row
    ]
    return rows[0] if len(rows) == 1 else None


def _proposal(known: Situation, cluster: Cluster) -> Proposal:
    repairs = tuple(_repair(known, cluster, h) for h in cluster.found)
    cell = next((e.cell for e in repairs[0].edits if e.cell.line), repairs[0].edits[0].cell)
    return Proposal(table=cell.table, line=cell.line, repairs=repairs, complete=cluster.complete)


def _repair(known: Situation, cluster: Cluster, found: Hypothesis) -> Repair:
    world = found.world
    held = {number: known.holds(number, world) for number in cluster.complaints}
    broken = [n for n in known.touched(world) if n not in held and known.violated(n, world)]
    return Repair(
        edits=tuple(edit for change in found.changes for edit in _edits(known, change)),
        cost=found.cost,
        restores=tuple(known.instances[n].id for n, holds in held.items() if holds),
        leaves=tuple(known.instances[n].id for n in [*(n for n, holds in held.items() if not holds), *broken]),
    )


def _edits(known: Situation, change: Change) -> Iterator[Edit]:
    for at, (ref, value) in enumerate(change.values):
        cell = known.cells.get(ref)
        yield Edit(
            cell=cell_ref(ref, known.tables), kind=change.kind, printed=cell.text if cell else "", value=value,
            words=change.words, cost=0 if at else change.cost,
        )  # fmt: skip


def _finding(known: Situation, cluster: Cluster, proposal: Proposal, index: int) -> Finding:
    best = proposal.repairs[0]
    said = [f"{'; '.join(spoken(known, h))} [cost {h.cost}]" for h in cluster.found[:_SHOWN]]
    more = f", or {len(cluster.found) - _SHOWN} more" if len(cluster.found) > _SHOWN else ""
    held = ", ".join(dict.fromkeys(best.restores))
    left = f", not {', '.join(dict.fromkeys(best.leaves))}" if best.leaves else ""
    open_ = "" if proposal.complete else " The search ended at its limit; there may be better ones."
    alone = best.edits[0] if len(best.edits) == 1 else None
    now = next((known.values[r] for r in cluster.found[0].world if r in known.cells), None)
    return Finding(
        code="repair", kind="repair", table=proposal.table, line=proposal.line, proposal=index,
        cells=tuple(edit.cell for edit in best.edits),
        found=now if alone else None,
        expected=alone.value if alone else None,
        message=f"{', or '.join(said)}{more}. Then {held} would hold{left}.{open_} Compare with the original.",
    )  # fmt: skip


def apply(result: Result) -> Result:
    """Write repairs that have no rival beside what is printed, as ``repaired``; what was written before is dropped.

    Only numbers that are themselves misread: one that stands in a wrong column has no place of its own to write it in.
    """
    values: dict[_Named, Decimal] = {
        (e.cell.table, e.cell.part, e.cell.row, e.cell.column, e.cell.line): e.value
        for p in result.repairs
        if p.complete and len(p.repairs) == 1
        for e in p.repairs[0].edits
        if e.value is not None and e.cell.line is not None and e.kind not in ("column", "merged", "split", "swapped")
    }
    tables = tuple(
        t.model_copy(update={"rows": tuple(_written(t, row, values) for row in t.rows)}) for t in result.tables
    )
    return result.model_copy(update={"tables": tables})


_Named = tuple[str, int, str, str, int | None]


def _written(table: Table, row: Row, values: Mapping[_Named, Decimal]) -> Row:
    cells = []
    for cell in row.cells:
        named = table.id, table.part, row.key, cell.column, cell.spans[0].line if cell.spans else None
        value = values.get(named) if cell.kind == "number" else None
        cells.append(cell if cell.repaired == value else cell.model_copy(update={"repaired": value}))
    return row.model_copy(update={"cells": tuple(cells)})
