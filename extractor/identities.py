"""Accounting identities: from specs to concrete instances over the rows that a document prints.

The same instances serve the reader (unknown columns), the checks (known ones) and later the repair: an
identity is written once, in ``schemas/``.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from functools import lru_cache

from .across import Place, able, across
from .arithmetic import evaluate
from .instance import Frame, FrameRow, Instance, Outcome, Ref, Relation, Verdict
from .rules import parse
from .specs import CrossSpec, RowSum, TableSpec

__all__ = [
    "Frame", "FrameRow", "Instance", "Outcome", "Ref", "Relation", "Verdict",
    "evaluate", "instances", "parse", "within",
]  # fmt: skip
_SIDES = ("left", "right")


def instances(
    frames: Sequence[Frame], tables: Mapping[str, TableSpec], cross: Sequence[CrossSpec]
) -> tuple[list[Instance], dict[str, int]]:
    """Return every instance in these frames, and how often each identity lacked its input.

    Frames of different parts of a file don't meet: each part is checked by itself.
    """
    found: list[Instance] = []
    missing: dict[str, int] = {}
    for index, frame in enumerate(frames):
        if frame.spec in tables:
            found.extend(within(index, frame, tables[frame.spec]))
    parts: dict[int, dict[str, list[Place]]] = {}
    for index, frame in enumerate(frames):
        parts.setdefault(frame.part, {}).setdefault(frame.table, []).append(Place.of(index, frame))
    rules = tuple(cross)
    for here in parts.values():
        fit, absent = able(rules, frozenset(here))
        for name, count in absent.items():
            missing[name] = missing.get(name, 0) + count
        for rule in fit:
            made = list(across(rule, here))
            found.extend(made)
            if not made:
                missing[rule.spec.id] = missing.get(rule.spec.id, 0) + 1
    return found, missing


def within(index: int, frame: Frame, spec: TableSpec) -> Iterator[Instance]:
    """Yield the instances inside one table: sums along its rows, down its tree, and columns that stay empty."""
    columns = set(frame.columns)
    # What a column that the spec doesn't know adds to isn't known either: no sum along a row is asked for then.
    known = columns <= {c.id for c in (*spec.columns, *spec.more)}
    found = [(rule, list(printed_parts(rule, spec, columns))) for rule in spec.row_sums if known]
    sums = [
        (rule, parts, {side: _said(frame, rule.totals, parts, side) for side in _SIDES})
        for rule, parts in found
        if parts and columns.issuperset(rule.totals) and not (rule.complete and len(parts) < len(rule.parts))
    ]
    inner = [c for c in (*spec.columns, *spec.more) if c.part_of and {c.id, c.part_of} <= columns]
    zeros = [zero for zero in spec.zeros if zero.column in columns]
    cells = {c: frame.column(index, c) for c in frame.columns}
    for number, row in enumerate(frame.rows):
        for rule, parts, said in sums:
            if rule.side and rule.side != row.side:
                continue
            left, right = tuple([cells[c][number] for c in rule.totals]), tuple([cells[c][number] for c in parts])
            yield Instance(rule.id, "sum", left, right, said[row.side])
        for inside in inner:
            left, right = (cells[inside.id][number],), (cells[inside.part_of or ""][number],)
            text = f"{frame.said(inside.id)} <= {frame.said(inside.part_of or '')}"
            yield Instance(spec.tree or spec.id, "at-most", left, right, text)
        for zero in zeros:
            if row.role and row.role[:3] in zero.classes:
                text = f"{frame.said(zero.column)} stays empty in class {row.role[:3]}"
                yield Instance(zero.id, "same", (cells[zero.column][number],), (), text)
    yield from _tree(index, frame, spec)
    yield from _of_classes(index, frame, spec)


def _said(frame: Frame, totals: Sequence[str], parts: Sequence[str], side: str) -> str:
    return " = ".join(" + ".join([frame.said(column, side) for column in columns]) for columns in (totals, parts))


def printed_parts(rule: RowSum, spec: TableSpec, columns: Container[str]) -> Iterator[str]:
    """Yield the columns of a sum that are printed; in place of a subtotal that isn't, the parts of that."""
    for part in rule.parts:
        below = next((r for r in spec.row_sums if r.totals == (part,) and r.side == rule.side), None)
        if part in columns:
            yield part
        elif below is not None and not rule.complete:
            yield from printed_parts(below, spec, columns)


def _of_classes(index: int, frame: Frame, spec: TableSpec) -> Iterator[Instance]:
    """Yield the sums of labelled rows over the coded rows of some classes: 人员经费合计 = 301 + 303."""
    named = {row.label: row for row in spec.left if isinstance(row.classes, tuple)}
    for number, row in enumerate(frame.rows):
        label = named.get(row.role or "")
        if label is None or not isinstance(label.classes, tuple):
            continue
        parts = [n for n, r in enumerate(frame.rows) if r.role in label.classes]
        for column in frame.columns:
            cells = frame.column(index, column)
            right = tuple([cells[part] for part in parts])
            text = f"{row.label} = {' + '.join(frame.rows[p].label for p in parts)} ({frame.said(column)})"
            yield Instance(label.identity or spec.id, "sum", (cells[number],), right, text)


def _tree(index: int, frame: Frame, spec: TableSpec) -> Iterator[Instance]:
    children: dict[int, list[int]] = {}
    rates = {c.id for c in (*spec.columns, *spec.more) if c.rate}
    for number, row in enumerate(frame.rows):
        if row.parent is not None:
            children.setdefault(row.parent, []).append(number)
    for parent, parts in children.items():
        row = frame.rows[parent]
        identity, optional = _tree_id(row, spec)
        said = f"{row.label} = {' + '.join([frame.rows[p].label for p in parts])}"
        for column in frame.columns:
            if column in rates or column.rstrip(")").endswith("%"):
                continue
            cells = frame.column(index, column)
            right = tuple([cells[part] for part in parts])
            yield Instance(
                identity, "sum", (cells[parent],), right, f"{said} ({frame.said(column, row.side)})",
                optional="right" if optional else None,
            )  # fmt: skip


def _tree_id(row: FrameRow, spec: TableSpec) -> tuple[str, bool]:
    if row.role is not None and row.role in _rows_by_path(spec):
        identity, optional = _rows_by_path(spec)[row.role]
        return identity or spec.id, optional
    return spec.tree or spec.id, False


@lru_cache(maxsize=64)
def _rows_by_path(spec: TableSpec) -> dict[str, tuple[str | None, bool]]:
    return {"/".join(r.label for r in path): (path[-1].identity, path[-1].optional) for path in spec.paths}
