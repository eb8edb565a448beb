"""The tables for a page, laid out as printed: what stands in each cell of the grid."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from extractor.records import STATES, Cell, State, Table
from extractor.workbook_layout import Heading, Label, Layout, layout

from .numbering import LETTERS, Numbered
from .source import visible

_DEEPEST = 6
_TALLEST = 12
_NAME = "名称"
_SIGNED = re.compile(r"[-－−(（]")
_Known = Mapping[tuple[int, int], Numbered]


@dataclass(frozen=True, slots=True)
class Head:
    """A header cell."""

    text: str
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed value: number of its cell, what is shown, letter of its state, and what a repair wrote beside it."""

    cell: int
    text: str
    look: str
    unit: str = ""
    linked: bool = True
    repaired: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A cell of the grid; ``kind`` is ``label``, ``number``, ``text``, ``line`` or ``empty``."""

    kind: str
    text: str = ""
    indent: int = 0
    printed: tuple[Printed, ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """A state with its count, and where its part of a bar of 100 begins and how wide it is."""

    state: State
    look: str
    count: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class View:
    """A table of the page.

    Attributes:
        index: Its place in the result; names it in the page.
        table: The table.
        title: What is printed, as a page shows it; likewise ``unit``, ``why``, ``steps``.
        rows: Rows with something printed.
        heads: Lines of the header.
        body: Lines of the table.
        loose: Values that have no place in the grid.
        bars: Number cells by state.
        size: How tall it may be, as a power of two of lines: what isn't drawn yet needs a height.
    """

    index: int
    table: Table
    title: str
    unit: str
    why: str
    steps: tuple[str, ...]
    rows: int
    heads: tuple[tuple[Head, ...], ...]
    body: tuple[tuple[Box, ...], ...]
    loose: tuple[Printed, ...]
    bars: tuple[Bar, ...]
    size: int


def bars(counts: Mapping[State, int]) -> tuple[Bar, ...]:
    """Return the parts of a bar; a state that is there is never too thin to be seen."""
    there = [(state, counts[state]) for state in STATES if counts.get(state)]
    total = sum(max(count, sum(n for _, n in there) / 100) for _, count in there)
    out: list[Bar] = []
    at = 0.0
    for state, count in there:
        width = max(count, sum(n for _, n in there) / 100) / total * 100
        out.append(Bar(state, LETTERS[state], count, round(at, 2), round(width, 2)))
        at += width
    return tuple(out)


def view(index: int, table: Table, cells: Iterable[Numbered]) -> View:
    """Lay a table out for a page."""
    at = layout(table)
    known = {(one.row, id(one.cell)): one for one in cells}
    body = _body(at, table, known)
    loose = tuple(_printed(known[p.index, id(p.cell)], table) for p in at.extra if p.row < 0)
    heads = _heads(at)
    return View(
        index=index,
        table=table,
        title=visible(table.title),
        unit=visible(table.unit),
        why=visible(table.why),
        steps=tuple(visible(step) for step in table.steps),
        rows=sum(1 for row in table.rows if row.cells),
        heads=heads,
        body=body,
        loose=loose,
        bars=bars(table.states()),
        size=min((len(heads) + len(body)).bit_length(), _TALLEST),
    )


def _keys(at: Layout) -> set[int]:
    """Columns behind the table that a page does without.

    It shows the row's key with the cell; and one line is enough where both sides of a table stand on the same.
    """
    keys = {label.column for label in at.labels if label.role == "key"} or {at.width - 2}
    lines: dict[int, dict[int, str]] = {}
    for label in at.labels:
        if label.role == "line":
            lines.setdefault(label.column, {})[label.row] = label.text
    if len(lines) > 1:
        left, right = (lines[column] for column in sorted(lines))
        if all(left.get(row) == text for row, text in right.items()):
            keys.add(max(lines))
    return keys


def _heads(at: Layout) -> tuple[tuple[Head, ...], ...]:
    keys = _keys(at)
    top = min((head.top for head in at.headings), default=at.first)
    lines: list[list[Heading]] = [[] for _ in range(at.first - top)]
    for head in sorted(at.headings, key=lambda h: h.left):
        if head.left not in keys:
            lines[head.top - top].append(head)
    return tuple(
        tuple(Head(visible(h.text), h.bottom - h.top + 1, h.right - h.left + 1) for h in line) for line in lines
    )


def _body(at: Layout, table: Table, known: _Known) -> tuple[tuple[Box, ...], ...]:
    keys = _keys(at)
    grid = [[Box("empty") for _ in range(at.width)] for _ in range(at.height - at.first)]
    for label in at.labels:
        if label.role != "key":
            kind = "line" if label.role == "line" else "label"
            names = [c for c in table.rows[label.index].cells if _is_name(c, label)]
            said = tuple(_printed(known[label.index, id(c)], table) for c in names[:1])
            box = Box(kind, visible(label.text), min(label.indent, _DEEPEST), said)
            grid[label.row - at.first][label.column] = box
    for place in (*at.placed, *at.extra):
        if place.row >= at.first:
            here = grid[place.row - at.first]
            one = _printed(known[place.index, id(place.cell)], table)
            box = here[place.column]
            kind = place.cell.kind if box.kind == "empty" else box.kind
            here[place.column] = replace(box, kind=kind, printed=(*box.printed, one))
    return tuple(tuple(box for column, box in enumerate(line) if column not in keys) for line in grid)


def _is_name(cell: Cell, label: Label) -> bool:
    return label.role == "label" and cell.kind == "text" and cell.column == _NAME and cell.text == label.text


def _printed(one: Numbered, table: Table) -> Printed:
    """Return a value as printed; with its sign where prose says that in a word."""
    cell = one.cell
    text = cell.text
    if cell.value is not None and cell.value < 0 and not _SIGNED.search(text):
        text = f"-{text}"
    unit = cell.unit if cell.unit != table.unit or table.id.startswith("n_") else ""
    repaired = "" if cell.repaired is None else f"{cell.repaired:f}"
    return Printed(one.number, visible(text), one.look, visible(unit), bool(cell.spans), repaired)
