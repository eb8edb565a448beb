"""Accounting identities: from specs to concrete instances over the rows that a document prints.

The same instances serve the reader (unknown columns), the checks (known ones) and later the repair: an
identity is written once, in ``schemas/``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from .amount import half_unit
from .errors import SpecError
from .specs import CrossSpec, TableSpec, walk

Relation = Literal["same", "sum", "at-most"]
Verdict = Literal["held", "violated", "unchecked"]


@dataclass(frozen=True, slots=True)
class FrameRow:
    """What an identity needs to know of a row.

    Attributes:
        role: Path of the spec, or code; None for a row no identity names.
        parent: Index of the row it is a part of.
        side: Side of a two-sided table.
        label: For messages.
    """

    role: str | None
    parent: int | None
    side: Literal["left", "right"]
    label: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The skeleton of a table: rows and columns without numbers.

    Attributes:
        table: Table id.
        part: Disclosure within the file.
        columns: Number columns.
        rows: Rows in printed order.
        empty: Declared empty by the document: every cell is exactly 0.
        scale: Yuan per money unit.
        decimals: Digits after the point that its amounts are printed with.
        layout: Which of the table's layouts it is in.
        final: It belongs to final accounts, not to a budget.
    """

    table: str
    part: int
    columns: tuple[str, ...]
    rows: tuple[FrameRow, ...]
    empty: bool = False
    scale: Decimal = Decimal(10_000)
    decimals: int = 0
    layout: str = ""
    final: bool = False

    @property
    def spec(self) -> str:
        """Name of its spec."""
        return f"{self.table}.{self.layout}" if self.layout else self.table


@dataclass(frozen=True, slots=True)
class Ref:
    """A cell: index of its frame, index of its row, column."""

    frame: int
    row: int
    column: str


@dataclass(frozen=True, slots=True)
class Instance:
    """One identity at one place: the sum of ``left`` stands in ``relation`` to the sum of ``right``.

    Attributes:
        id: Identity id (``B13``).
        relation: ``same`` is equal digit for digit, ``sum`` equal within printed precision.
        left: Cells of the left-hand side.
        right: Cells of the right-hand side.
        text: The rule in words.
        soft: Evidence for reading only; never an error.
        optional: Unchecked where this side is empty.
    """

    id: str
    relation: Relation
    left: tuple[Ref, ...]
    right: tuple[Ref, ...]
    text: str
    soft: bool = False
    optional: Literal["left", "right"] | None = None

    @property
    def refs(self) -> tuple[Ref, ...]:
        """All cells of both sides."""
        return self.left + self.right


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an instance: both sums and the tolerance in yuan, and whether anything was compared.

    ``evidence`` is True where both sides hold a printed number that isn't zero; only then it proves a cell.
    ``exact`` is True where the sums are equal to the last digit.
    """

    verdict: Verdict
    left: Decimal = Decimal(0)
    right: Decimal = Decimal(0)
    tolerance: Decimal = Decimal(0)
    evidence: bool = False
    exact: bool = False


def evaluate(instance: Instance, frames: Sequence[Frame], values: Mapping[Ref, Decimal]) -> Outcome:
    """Check one instance; an empty cell is exactly 0, a printed one an interval (XBRL Calculations 1.1).

    A number printed with d decimals stands for ±½·10⁻ᵈ, so a sum of n addends may differ by (n+1)·½ unit. Where
    each side is one printed number, both are the same quantity rounded alike, and must be equal digit for digit.
    """
    sums, printed, tolerance, nonzero = [], [], Decimal(0), []
    for refs in (instance.left, instance.right):
        total, count, some = Decimal(0), 0, False
        for ref in refs:
            value = values.get(ref)
            if value is not None:
                frame = frames[ref.frame]
                total += value * frame.scale
                tolerance += half_unit(value, frame.decimals) * frame.scale
                count += 1
                some = some or value != 0
        sums.append(total)
        printed.append(count)
        nonzero.append(some)
    if not any(printed):
        return Outcome("unchecked")
    if instance.optional and not printed[0 if instance.optional == "left" else 1]:
        return Outcome("unchecked")
    left, right = sums
    if instance.relation == "at-most":
        tolerance = Decimal(0)
        held = left <= right
    else:
        if max(printed) <= 1 and _one_scale(instance, frames):
            tolerance = Decimal(0)
        held = abs(left - right) <= tolerance
    evidence = all(nonzero) and instance.relation != "at-most"
    return Outcome("held" if held else "violated", left, right, tolerance, evidence, left == right)


def _one_scale(instance: Instance, frames: Sequence[Frame]) -> bool:
    return len({frames[ref.frame].scale for ref in instance.refs}) == 1


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
    parts: dict[int, dict[str, _Place]] = {}
    for index, frame in enumerate(frames):
        parts.setdefault(frame.part, {})[frame.table] = _Place.of(index, frame)
    for here in parts.values():
        for spec in cross:
            made = list(_cross(spec, here))
            found.extend(made)
            if not made:
                missing[spec.id] = missing.get(spec.id, 0) + 1
    return found, missing


def within(index: int, frame: Frame, spec: TableSpec) -> Iterator[Instance]:
    """Yield the instances inside one table: sums along its rows, down its tree, and columns that stay empty."""
    columns = set(frame.columns)
    # What a column that the spec doesn't know adds to isn't known either: no sum along a row is asked for then.
    known = columns <= {c.id for c in (*spec.columns, *spec.more)}
    for number, row in enumerate(frame.rows):
        for rule in spec.row_sums if known else ():
            parts = [c for c in rule.parts if c in columns]
            if (rule.side and rule.side != row.side) or not columns.issuperset(rule.totals) or not parts:
                continue
            left = tuple(Ref(index, number, c) for c in rule.totals)
            right = tuple(Ref(index, number, c) for c in parts)
            yield Instance(rule.id, "sum", left, right, f"{' + '.join(rule.totals)} = {' + '.join(parts)}")
        for part in (*spec.columns, *spec.more):
            if part.part_of and {part.id, part.part_of} <= columns:
                left, right = (Ref(index, number, part.id),), (Ref(index, number, part.part_of),)
                yield Instance(spec.tree or spec.id, "at-most", left, right, f"{part.id} <= {part.part_of}")
        for zero in spec.zeros:
            if row.role and row.role[:3] in zero.classes and zero.column in columns:
                text = f"{zero.column} stays empty in class {row.role[:3]}"
                yield Instance(zero.id, "same", (Ref(index, number, zero.column),), (), text)
    yield from _tree(index, frame, spec)
    yield from _of_classes(index, frame, spec)


def _of_classes(index: int, frame: Frame, spec: TableSpec) -> Iterator[Instance]:
    """Yield the sums of labelled rows over the coded rows of some classes: 人员经费合计 = 301 + 303."""
    named = {row.label: row for row in spec.left if isinstance(row.classes, tuple)}
    for number, row in enumerate(frame.rows):
        label = named.get(row.role or "")
        if label is None or not isinstance(label.classes, tuple):
            continue
        parts = [n for n, r in enumerate(frame.rows) if r.role in label.classes]
        for column in frame.columns:
            right = tuple(Ref(index, part, column) for part in parts)
            text = f"{row.label} = {' + '.join(frame.rows[p].label for p in parts)} ({column})"
            yield Instance(label.identity or spec.id, "sum", (Ref(index, number, column),), right, text)


def _tree(index: int, frame: Frame, spec: TableSpec) -> Iterator[Instance]:
    children: dict[int, list[int]] = {}
    for number, row in enumerate(frame.rows):
        if row.parent is not None:
            children.setdefault(row.parent, []).append(number)
    for parent, parts in children.items():
        row = frame.rows[parent]
        identity, optional = _tree_id(row, spec)
        for column in frame.columns:
            right = tuple(Ref(index, part, column) for part in parts)
            text = f"{row.label} = {' + '.join(frame.rows[p].label for p in parts)} ({column})"
            yield Instance(
                identity, "sum", (Ref(index, parent, column),), right, text,
                optional="right" if optional else None,
            )  # fmt: skip


def _tree_id(row: FrameRow, spec: TableSpec) -> tuple[str, bool]:
    if row.role is not None and row.role in _rows_by_path(spec):
        identity, optional = _rows_by_path(spec)[row.role]
        return identity or spec.id, optional
    return spec.tree or spec.id, False


@lru_cache(maxsize=64)
def _rows_by_path(spec: TableSpec) -> dict[str, tuple[str | None, bool]]:
    right = walk((spec.right.total,)) if spec.right else ()
    return {
        "/".join(r.label for r in path): (path[-1].identity, path[-1].optional) for path in (*walk(spec.left), *right)
    }


_TERM = re.compile(r"(?P<table>[a-z_]+)\[(?P<row>[^\]]+)\]\.(?P<column>[^\s+=<\[\]]+)")
_RULE = re.compile(r"^(?P<left>.+?)\s(?P<relation>==|=|<=)\s(?P<right>.+)$")
_RELATIONS: dict[str, Relation] = {"==": "same", "=": "sum", "<=": "at-most"}
_LEVELS = {"{class}": (3,), "{group}": (5,), "{item}": (7,), "{code}": (3, 5, 7)}


@dataclass(frozen=True, slots=True)
class _Term:
    table: str
    row: str
    column: str


@lru_cache(maxsize=256)
def parse(rule: str) -> tuple[tuple[_Term, ...], Relation, tuple[_Term, ...]]:
    """Parse a rule of ``identities.yaml``.

    Raises:
        SpecError: It doesn't follow the grammar.
    """
    match = _RULE.match(rule)
    if not match:
        raise SpecError(f"identities.yaml: no relation (==, =, <=) in {rule!r}")
    return _side(match["left"], rule), _RELATIONS[match["relation"]], _side(match["right"], rule)


def _side(text: str, rule: str) -> tuple[_Term, ...]:
    terms = []
    for part in text.split(" + "):
        match = _TERM.fullmatch(part.strip())
        if not match:
            raise SpecError(f"identities.yaml: {part!r} in {rule!r} is no TABLE[ROW].COLUMN")
        terms.append(_Term(match["table"], match["row"], match["column"]))
    return tuple(terms)


@dataclass(frozen=True, slots=True)
class _Place:
    """A frame with its rows by role."""

    index: int
    frame: Frame
    roles: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, index: int, frame: Frame) -> "_Place":
        roles: dict[str, tuple[int, ...]] = {}
        for number, row in enumerate(frame.rows):
            if row.role is not None:
                roles[row.role] = (*roles.get(row.role, ()), number)
        return cls(index, frame, roles)

    def refs(self, role: str | None, column: str) -> Iterator[Ref]:
        for number in self.roles.get(role or "", ()):
            yield Ref(self.index, number, column)


def _cross(spec: CrossSpec, here: Mapping[str, _Place]) -> Iterator[Instance]:
    left, relation, right = parse(spec.rule)
    terms = left + right
    if any(term.table not in here for term in terms):
        return
    used = {term.table: here[term.table] for term in terms}
    if not _meant(spec, [place.frame for place in used.values()]):
        return
    if any(not used[t.table].frame.empty and t.column not in used[t.table].frame.columns for t in terms):
        return
    for term in terms:
        place = used[term.table]
        if term.row not in _LEVELS and not place.frame.empty and term.row not in place.roles:
            return  # a row that isn't printed is missing input, not 0
    variable = next((t.row for t in terms if t.row in _LEVELS), None)
    codes: Sequence[str | None] = _codes(variable, list(used.values()), shared=spec.shared) if variable else [None]
    for code in codes:
        sides = [
            tuple(r for t in side for r in used[t.table].refs(code if t.row in _LEVELS else t.row, t.column))
            for side in (left, right)
        ]
        if sides[0] or sides[1]:
            text = spec.rule.replace(variable, code) if variable and code else spec.rule
            yield Instance(spec.id, relation, sides[0], sides[1], text, spec.soft, spec.unless_empty)


def _meant(spec: CrossSpec, frames: Sequence[Frame]) -> bool:
    """Whether an identity is one of tables of this kind and layout."""
    if spec.kind and any(frame.final != (spec.kind == "final") for frame in frames):
        return False
    if spec.layout == "first":
        return not any(frame.layout for frame in frames)
    return spec.layout is None or any(frame.layout == spec.layout for frame in frames)


def _codes(variable: str, used: Sequence[_Place], *, shared: bool) -> list[str]:
    """Codes printed in any (or all) of the tables, on levels that each of the tables (unless empty) goes down to."""
    per_table = [{role for role in place.roles if role.isdigit()} for place in used if not place.frame.empty]
    levels = set(_LEVELS[variable])
    for codes in per_table:
        levels &= {len(code) for code in codes}
    codes = set.intersection(*per_table) if shared and per_table else set().union(*per_table)
    return sorted(code for code in codes if len(code) in levels)
