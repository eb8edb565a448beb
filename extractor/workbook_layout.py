"""Where everything of a table stands on its sheet: the printed header, labels as printed, and every cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .records import Cell, Row, Table

_LEVELS = ((0, 3), (3, 5), (5, 7))  # 类 款 项, the three levels of a functional code; economic codes have two
_LEVEL_NAMES = ("类", "款", "项")
_TOP = 3  # lines above the header: title, what it is, a gap
_NAME = "名称"

Role = Literal["label", "key", "line"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A header cell, which may span rows and columns; all zero-based and inclusive."""

    top: int
    left: int
    bottom: int
    right: int
    text: str


@dataclass(frozen=True, slots=True)
class Label:
    """A text of the row's own: its label, its code, its key or its line; ``index`` names the row in the table."""

    row: int
    column: int
    text: str
    index: int
    role: Role = "label"
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A printed cell in its place; ``index`` and ``cell.column`` name it within the table."""

    row: int
    column: int
    index: int
    cell: Cell


@dataclass(frozen=True, slots=True)
class Layout:
    """A table on a sheet.

    Attributes:
        headings: The header.
        labels: Labels, codes, keys and lines of the rows.
        placed: Printed cells.
        extra: Cells printed in a place that is taken: several values of one row and column.
        places: Row and column of the sheet for a row and column of the table, empty ones included.
        first: First row below the header.
        frozen: Columns that stay in sight.
        width: Columns used.
        height: First free row below.
        wide: Columns that hold long texts.
    """

    headings: tuple[Heading, ...]
    labels: tuple[Label, ...]
    placed: tuple[Placed, ...]
    extra: tuple[Placed, ...]
    places: Mapping[tuple[int, str], tuple[int, int]]
    first: int
    frozen: int
    width: int
    height: int
    wide: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Block:
    """One side of a table: its rows, where its columns begin, and what they are."""

    side: Literal["left", "right"]
    start: int
    codes: bool
    projects: bool
    columns: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def heads(self) -> tuple[str, ...]:
        """What stands above the labels."""
        if not self.codes:
            return ("项目",)
        return (*_LEVEL_NAMES, _NAME, *(("项目名称",) if self.projects else ()))

    @property
    def end(self) -> int:
        return self.start + len(self.heads) + len(self.columns)


def layout(table: Table) -> Layout:
    """Lay a table out as printed: two-sided tables side by side, codes by level, headers with their common parts."""
    two_sided = len({row.side for row in table.rows}) > 1
    left = _block(table, "left", 0, two_sided=two_sided)
    blocks = [left, _block(table, "right", left.end, two_sided=True)] if two_sided else [left]
    depth = max(len(name.split("/")) for block in blocks for name in (*block.names, ""))
    first = _TOP + depth
    lines = _lines(table.rows, first, two_sided=two_sided)
    labels: list[Label] = []
    places: dict[tuple[int, str], tuple[int, int]] = {}
    end = blocks[-1].end
    for index, row in enumerate(table.rows):
        block = blocks[-1] if row.side == "right" else blocks[0]
        here = lines[index]
        labels.extend(_labels(row, index, here, block))
        begin = block.start + len(block.heads)
        places.update({(index, c): (here, begin + n) for n, c in enumerate(block.columns)})
        offset = 2 if two_sided and row.side == "right" else 0
        labels.append(Label(here, end + offset, row.key, index, "key"))
        labels.append(Label(here, end + offset + 1, str(row.line), index, "line"))
    headings = [h for block in blocks for h in _header(block, depth)]
    tails = ("row key", "line") * (2 if two_sided else 1)
    headings += [Heading(_TOP, end + n, first - 1, end + n, text) for n, text in enumerate(tails)]
    placed, extra = _cells(table, blocks, places)
    height = max(lines, default=first - 1) + 1
    wide = frozenset(p.column for p in placed if p.cell.kind == "text" and len(p.cell.text) > 16)
    frozen = len(blocks[0].heads) if not two_sided else 0
    width = end + len(tails)
    return Layout(
        tuple(headings), tuple(labels), placed, extra, places, first, frozen, width, height, wide
    )  # fmt: skip


def _block(table: Table, side: Literal["left", "right"], start: int, *, two_sided: bool) -> _Block:
    rows = [row for row in table.rows if row.side == side or not two_sided]
    codes = any(row.role and row.role.isdigit() for row in rows)
    projects = codes and any(row.kind == "project" for row in rows)
    texts = dict.fromkeys(
        c.column for row in rows for c in row.cells if c.kind == "text" and (c.column != _NAME or not codes)
    )
    before = tuple(c for c in texts if c not in table.columns)
    columns = (*before, *table.columns)
    if two_sided:  # the left side of many tables has one column, the right side several
        used = {c.column for row in rows for c in row.cells} or {table.columns[0]} if table.columns else set()
        columns = tuple(c for c in columns if c in used or (side == "right" and c in table.columns))
    sample = rows[0] if rows else Row(key="", role=None, kind="label", parent=None, line=0, side=side)
    return _Block(side, start, codes, projects, columns, tuple(table.label(sample, c) for c in columns))


def _lines(rows: Sequence[Row], first: int, *, two_sided: bool) -> list[int]:
    """Return the sheet row of each row; a right-hand row stands beside the left-hand row printed on its line."""
    if not two_sided:
        return [first + n for n in range(len(rows))]
    lefts = {row.line for row in rows if row.side == "left"}
    by_line = any(row.line in lefts for row in rows if row.side == "right")
    out: list[int] = []
    here, left_line, right_taken = first - 1, None, True
    for row in rows:
        beside = row.side == "right" and not right_taken and (row.line == left_line or not by_line)
        if not beside:
            here += 1
        out.append(here)
        right_taken = row.side == "right"
        left_line = row.line if row.side == "left" else None
    return out


def _labels(row: Row, index: int, here: int, block: _Block) -> list[Label]:
    *above, last = row.key.split("/")
    if not block.codes:
        return [Label(here, block.start, last, index, indent=len(above))]
    out = []
    code = row.role if row.role and row.role.isdigit() else ""
    for n, (begin, end) in enumerate(_LEVELS):
        text = code[begin:end] if end < _LEVELS[-1][1] else code[begin:]
        if text:
            out.append(Label(here, block.start + n, text, index))
    name = next((c.text for c in row.cells if c.kind == "text" and c.column == _NAME), "")
    project = row.kind == "project" and block.projects
    out.append(Label(here, block.start + 3, name or ("" if project or code else last), index))
    if project:
        out.append(Label(here, block.start + 4, last, index))
    return out


def _header(block: _Block, depth: int) -> list[Heading]:
    """Return the header of a block; names that begin alike stand under their common part."""
    bottom = _TOP + depth - 1
    out = [Heading(_TOP, block.start + n, bottom, block.start + n, text) for n, text in enumerate(block.heads)]
    begin = block.start + len(block.heads)
    paths = [name.split("/") for name in block.names]
    for level in range(depth):
        n = 0
        while n < len(paths):
            path, last = paths[n], n
            if len(path) <= level:
                n += 1
                continue
            leaf = level == len(path) - 1
            while not leaf and last + 1 < len(paths) and _alike(path, paths[last + 1], level):
                last += 1
            lower = bottom if leaf else _TOP + level
            out.append(Heading(_TOP + level, begin + n, lower, begin + last, path[level]))
            n = last + 1
    return out


def _alike(one: list[str], two: list[str], level: int) -> bool:
    return len(two) > level + 1 and one[: level + 1] == two[: level + 1]


def _cells(
    table: Table, blocks: Sequence[_Block], places: Mapping[tuple[int, str], tuple[int, int]]
) -> tuple[tuple[Placed, ...], tuple[Placed, ...]]:
    placed: dict[tuple[int, int], Placed] = {}
    extra: list[Placed] = []
    for index, row in enumerate(table.rows):
        block = blocks[-1] if row.side == "right" else blocks[0]
        # Numbers first: identities are about them.
        for cell in sorted(row.cells, key=lambda c: c.kind != "number"):
            if cell.kind == "text" and cell.column == _NAME and block.codes:
                continue
            where = places.get((index, cell.column))
            if where is None or where in placed:
                extra.append(Placed(*(where or (-1, -1)), index, cell))
            else:
                placed[where] = Placed(*where, index, cell)
    return tuple(placed.values()), tuple(extra)
