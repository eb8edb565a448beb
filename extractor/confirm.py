"""What a model read in sentences, judged by the identities: taken back, confirmed, or left in doubt.

A number that an identity is violated with is taken back: a model's reading must not put what others have read into
doubt. A doubt is lifted where an identity holds that tells the cell's place too: the cell stands alone on its side, or
is part of a quotient, and no other cell of it is in doubt. Two addends of a sum could be exchanged, so a sum says
nothing of its parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .checks import Checked, check
from .disputes import DISPUTE, Dispute, Name, turned
from .findings import as_printed, cell_ref
from .instance import QUOTIENTS, SUMS, Instance, Outcome, Ref
from .records import Cell, Finding, Row, Span, Table
from .specs import Catalogue

DOUBT = "a model's reading of a sentence, which no identity confirms"


@dataclass(frozen=True, slots=True)
class Judged:
    """Checked tables, what is said of the numbers that were taken back, and where those stand."""

    checked: Checked
    findings: tuple[Finding, ...] = ()
    withdrawn: tuple[Span, ...] = ()


def judge(tables: Sequence[Table], catalogue: Catalogue, disputes: Sequence[Dispute] = ()) -> Judged:
    """Check tables; cells with :data:`DOUBT` are a model's, and are taken back or confirmed as far as can be.

    Args:
        tables: The tables of one disclosure.
        catalogue: The specs.
        disputes: What a model reads otherwise in its prose.
    """
    checked = check(tables, catalogue)
    for table in sorted({d.put[0] for d in disputes}):
        checked = _better(checked, [d for d in disputes if d.put[0] == table], catalogue)
    findings: list[Finding] = []
    withdrawn: list[Span] = []
    while wrong := _wrong(checked):
        for ref, said in wrong.items():
            cell = _cell(checked.tables, ref)
            withdrawn.extend(cell.spans)
            findings.append(_finding(checked.tables, ref, cell, said))
        checked = check(_without(checked.tables, set(wrong)), catalogue)
    if sure := _confirmed(checked):
        checked = check(_sure(checked.tables, sure), catalogue)
    return Judged(checked, tuple(findings), tuple(withdrawn))


def _better(checked: Checked, disputes: Sequence[Dispute], catalogue: Catalogue) -> Checked:
    """Take the model's reading where the grammar's is contradicted and less is violated without it."""
    contradicted = {
        (table.id, row.key, cell.column)
        for table in checked.tables
        for row, cell in table.numbers()
        if cell.state == "contradicted"
    }
    there = {t.id for t in checked.tables}
    mine = [d for d in disputes if d.put[0] in there and contradicted.intersection(d.drop)]
    if not mine:
        return checked
    trial = check(turned(checked.tables, mine), catalogue)
    put = {d.put for d in mine}
    wrong = any(_name(trial.tables, ref) in put for ref in _wrong(trial))
    return trial if not wrong and _violated(trial) < _violated(checked) else checked


def _violated(checked: Checked) -> int:
    return sum(o.verdict == "violated" and not i.soft for i, o in checked.outcomes)


def _name(tables: Sequence[Table], ref: Ref) -> Name:
    table = tables[ref.frame]
    return table.id, table.rows[ref.row].key, ref.column


def _doubted(tables: Sequence[Table], *, disputed: bool = False) -> set[Ref]:
    """Return a model's own cells, with the ones that are ``disputed`` if asked for."""
    return {
        Ref(i, n, c.column)
        for i, table in enumerate(tables)
        for n, row in enumerate(table.rows)
        for c in row.cells
        if c.doubt == DOUBT or (disputed and c.doubt.startswith(DISPUTE))
    }


def _cell(tables: Sequence[Table], ref: Ref) -> Cell:
    return next(c for c in tables[ref.frame].rows[ref.row].cells if c.column == ref.column and c.kind == "number")


def _wrong(checked: Checked) -> dict[Ref, str]:
    """Return the doubted cells of violated identities, each with what is violated."""
    doubted = _doubted(checked.tables)
    found = {ref: "" for ref in doubted if _cell(checked.tables, ref).state == "contradicted"}
    for instance, outcome in checked.outcomes:
        mine = doubted.intersection(instance.refs) if outcome.verdict == "violated" and not instance.soft else ()
        if mine:
            found.update(dict.fromkeys(mine, f"{instance.id}: {as_printed(instance, checked.tables, checked.frames)}"))
    return found


def _confirmed(checked: Checked) -> set[Ref]:
    """Return the doubted cells whose value and place some identity proves; what is proven proves others."""
    doubted = _doubted(checked.tables, disputed=True)
    sure: set[Ref] = set()
    while open_ := doubted - sure:
        new = {
            ref
            for instance, outcome in checked.outcomes
            for ref in open_.intersection(instance.refs)
            if instance.id in _cell(checked.tables, ref).proof
            and not open_.intersection(instance.refs) - {ref}
            and _tells(instance, outcome, ref)
        }
        if not new:
            break
        sure |= new
    return sure


def _tells(instance: Instance, outcome: Outcome, ref: Ref) -> bool:
    """Whether an identity tells where a cell belongs, beside how large it is."""
    if outcome.verdict != "held" or not outcome.evidence or not outcome.exact or instance.soft:
        return False
    if instance.relation in SUMS:
        return not instance.if_equal and (instance.left == (ref,) or instance.right == (ref,))
    return instance.relation in QUOTIENTS


def _without(tables: Sequence[Table], wrong: set[Ref]) -> list[Table]:
    """Return the tables without these cells, and without rows and tables that have no others."""
    out = []
    for i, table in enumerate(tables):
        rows: list[Row] = []
        for n, row in enumerate(table.rows):
            kept = tuple(c for c in row.cells if c.kind == "text" or Ref(i, n, c.column) not in wrong)
            if len(kept) == len(row.cells):
                rows.append(row)
            elif kept:
                rows.append(row.model_copy(update={"cells": kept}))
        if rows or not table.rows:
            out.append(table if rows == list(table.rows) else table.model_copy(update={"rows": tuple(rows)}))
    return out


def _sure(tables: Sequence[Table], sure: set[Ref]) -> list[Table]:
    out = []
    for i, table in enumerate(tables):
        rows = []
        for n, row in enumerate(table.rows):
            cells = tuple(
                c.model_copy(update={"doubt": ""}) if c.doubt and Ref(i, n, c.column) in sure else c for c in row.cells
            )
            rows.append(row.model_copy(update={"cells": cells}))
        out.append(table.model_copy(update={"rows": tuple(rows)}))
    return out


def _finding(tables: Sequence[Table], ref: Ref, cell: Cell, said: str) -> Finding:
    where = cell_ref(ref, tables)
    against = said or "another identity"
    return Finding(
        code="prose-withdrawn", kind="not-read", table=where.table, line=where.line, cells=(where,),
        message=f"A model reads {cell.text} in line {where.line} as row {where.row}, column {where.column}. With it "
        f"does not hold: {against}. It is not taken; look at the original.",
    )  # fmt: skip
