"""Findings of the checks: one sentence for people, with the numbers and where they stand."""

import re
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from .instance import Frame, Instance, Outcome, Ref, Relation
from .misread import BARE, COLUMN, FUSED, TOLD, UNCONFIRMED, UNIT
from .records import Cell, CellRef, Finding, FindingKind, Row, Table

ROW_UNCERTAIN, COLUMN_UNCERTAIN = "row-uncertain", "column-uncertain"
OWN = frozenset({ROW_UNCERTAIN, COLUMN_UNCERTAIN})
"""Findings made by the checks, though of the kind that readers' findings have."""
_SIGNS: dict[Relation, str] = {
    "same": "should equal", "sum": "should be", "at-most": "should be at most", "rate": "should be",
    "score": "should be", "reach": "should be", "sign": "should have the sign of", "none": "should be",
}  # fmt: skip
_TERM = re.compile(r"\b([a-z][a-z_]*\*?)\[([^\]]*)\](?:\.([^\W_]+))?")
_LONG = 40
_CODES = {BARE: "bare-number", FUSED: "fused-number", TOLD: "bare-number", UNIT: "odd-unit"}


def violations(
    outcomes: Sequence[tuple[Instance, Outcome]], tables: Sequence[Table], frames: Sequence[Frame],
    loose: Collection[Instance],
) -> Iterator[tuple[Instance, Finding]]:  # fmt: skip
    """Yield each violated hard identity, and each sum that holds suspiciously loosely, with a finding."""
    for instance, outcome in outcomes:
        rounding = bool(loose) and instance in loose
        if (outcome.verdict != "violated" and not rounding) or instance.soft:
            continue
        advice = "Compare with the source."
        if rounding:
            others = "rates have more digits" if instance.relation == "rate" else "sums are exact"
            advice = f"It holds within rounding, but the other {others}: look at the last digits."
        yield (
            instance,
            _difference(instance, outcome, tables, frames, "rounding" if rounding else "contradiction", advice),
        )


def roundings(
    outcomes: Sequence[tuple[Instance, Outcome]], tables: Sequence[Table], frames: Sequence[Frame]
) -> Iterator[Finding]:
    """Yield a finding for each hard identity that holds within rounding only: no complaint, but a difference."""
    for instance, outcome in outcomes:
        close = outcome.verdict == "held" and not outcome.exact and outcome.note == ""
        if close and not instance.soft and instance.relation in ("sum", "same", "rate", "score"):
            found = _difference(instance, outcome, tables, frames, "rounding", "It holds within rounding.")
            evidence = "The difference is no more than rounding each number by itself makes."
            yield found.model_copy(update={"cause": "rounding", "evidence": evidence})


def _difference(
    instance: Instance, outcome: Outcome, tables: Sequence[Table], frames: Sequence[Frame], kind: FindingKind,
    advice: str,
) -> Finding:  # fmt: skip
    refs = tuple(cell_ref(ref, tables) for ref in outcome.odd or instance.refs)
    numbers = outcome.note == ""
    first = instance.refs[0]
    scale = frames[first.frame].scale_at(first.row, first.column)
    left, right, room = outcome.left / scale, outcome.right / scale, _short(outcome.tolerance / scale)
    within = f" (± {_plain(room)})" if room else ""
    sign = _SIGNS.get(instance.relation, "should be")
    said = (
        f"the left side is {_plain(left)}, it {sign} {_plain(right)}{within}; difference {_plain(left - right)}. "
        if numbers
        else f"they differ, {outcome.note}. "
    )
    return Finding(
        code=instance.id,
        kind=kind,
        message=f"{instance.id}: {as_printed(instance, tables, frames)}: {said}{advice}",
        table=refs[0].table,
        line=next((r.line for r in refs if r.line), None),
        cells=tuple(r for r in refs if r.line),
        expected=right if numbers else None,
        found=left if numbers else None,
        interval=room if numbers else None,
    )


def as_printed(instance: Instance, tables: Sequence[Table], frames: Sequence[Frame]) -> str:
    """Return a rule with tables, rows and columns as the office prints them."""
    here = {tables[ref.frame].id: ref.frame for ref in reversed(instance.inputs)}
    rows = {(tables[ref.frame].id, frames[ref.frame].rows[ref.row].role): ref for ref in instance.inputs}

    def name(term: re.Match[str]) -> str:
        table, row, column = term[1].rstrip("*"), term[2], term[3]
        if table not in here:
            return term[0]
        ref = rows.get((table, row))
        number = here[table] if ref is None else ref.frame  # a disclosure has many forms of one id
        frame = frames[number]
        label = frame.rows[ref.row].label if ref and row.isdigit() else ""
        title = title_of(tables[number])
        side = frame.rows[ref.row].side if ref else ""
        said = row if label in ("", row) else f"{row} {label}"
        return f"{title}[{said}].{frame.said(column, side)}" if column else f"{title}[{said}]"

    return _TERM.sub(name, instance.text)


def title_of(table: Table) -> str:
    """Return a table's title for a sentence."""
    return " ".join(table.title.split())[:_LONG]


def _short(room: Decimal) -> Decimal:
    """Two digits are enough for a tolerance."""
    return Decimal(f"{room:.2g}") if room else room


def _plain(value: Decimal) -> str:
    text = format(value.normalize(), "f")
    return "0" if text in ("-0", "0") else text


def cell_ref(ref: Ref, tables: Sequence[Table]) -> CellRef:
    """Name a cell for people; ``line`` is None where it is empty."""
    table = tables[ref.frame]
    row = table.rows[ref.row]
    return _named(table, row, ref.column, next((c for c in row.cells if c.column == ref.column), None))


def doubts(tables: Sequence[Table]) -> Iterator[Finding]:
    """Yield a finding for each table with ambiguous cells, each uncertain row and each cell not in the source."""
    for table in tables:
        unclear = [(r, c) for r, c in table.numbers() if len(c.options) > 1 and not c.doubt and c.state == "ambiguous"]
        if unclear:
            refs = tuple(_named(table, r, c.column, c) for r, c in unclear)
            owner, example = unclear[0]
            options = ", ".join(table.label(owner, option) for option in example.options)
            yield Finding(
                code="ambiguous-columns",
                kind="ambiguous",
                message=(
                    f"{len(unclear)} numbers of {table.title} fit several columns, e.g. {example.text} in row "
                    f"{owner.key}: {options}. The text doesn't tell; look at the original."
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
        yield from _columns(table)
        for row, cell in table.numbers():
            if cell.doubt in _CODES:
                yield Finding(
                    code=_CODES[cell.doubt], kind="ambiguous", table=table.id, line=row.line,
                    message=f"{cell.text} in row {row.key}, column {table.label(row, cell.column)}: {cell.doubt}. "
                    "Compare with the original.",
                    cells=(_named(table, row, cell.column, cell),),
                )  # fmt: skip
            if cell.state == "ungrounded":
                yield Finding(
                    code="ungrounded", kind="ungrounded", table=table.id, line=row.line,
                    message=f"{cell.text} in row {row.key}, column {table.label(row, cell.column)} doesn't stand in "
                    "the source.",
                    cells=(_named(table, row, cell.column, cell),),
                )  # fmt: skip


def _columns(table: Table) -> Iterator[Finding]:
    """Yield a finding for each column whose name may be misread."""
    found: dict[str, list[tuple[Row, Cell]]] = {}
    for row, cell in table.numbers():
        if cell.doubt.startswith(COLUMN):
            found.setdefault(cell.doubt, []).append((row, cell))
    for why, cells in found.items():
        refs = tuple(_named(table, row, cell.column, cell) for row, cell in cells)
        first, cell = cells[0]
        yield Finding(
            code=COLUMN_UNCERTAIN, kind="structure", table=table.id, line=table.lines[0], cells=refs,
            message=f"{table.title}, {table.label(first, cell.column)}: {why}.",
        )  # fmt: skip


def unconfirmed(tables: Sequence[Table], wrong: Sequence[Ref]) -> Iterator[Finding]:
    """Yield one finding for the numbers that nothing confirms in a document where others look misread."""
    refs = [_named(t, r, c.column, c) for t in tables for r, c in t.numbers() if c.doubt == UNCONFIRMED]
    if refs:
        lines = sorted({line for ref in wrong if (line := cell_ref(ref, tables).line)})
        yield Finding(
            code="numbers-unconfirmed", kind="ambiguous", table=refs[0].table, line=refs[0].line, cells=tuple(refs),
            message=f"Numbers look misread, as in lines {', '.join(map(str, lines[:6]))}. {len(refs)} others are "
            "covered by no identity and may be misread as well: compare them with the original.",
        )  # fmt: skip


def _named(table: Table, row: Row, column: str, cell: Cell | None) -> CellRef:
    line = cell.spans[0].line if cell and cell.spans else None
    printed = table.label(row, column)
    name = printed if printed != column else ""
    return CellRef(table=table.id, part=table.part, row=row.key, column=column, line=line, name=name)
