"""Rows of tables with fixed labels, one side or two: ``label number | code name number``."""

import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from extractor.lexicon import nearly
from extractor.normalize import squeeze
from extractor.specs import RowSpec, TableSpec, split_label, walk

from .blocks import goes_over, sides
from .body import Body
from .centred import centred
from .labels import TOTALS, Labels
from .parents import find_parents
from .rows import RawRow
from .tokens import Token
from .trees import beside_right, on_side, other_ways, singled_out, tops, trees

_NEAR = 6  # rows above, among which the other half of a label may stand
_COUNT = re.compile(r"(\(?)([一二三四五六七八九十]{1,3}|[0-9]{1,2})([)、.])")
_SUBTOTAL = "小计"  # of the heading above it, which names its parts


def labelled_rows(body: Body, spec: TableSpec, labels: Labels) -> list[RawRow]:
    """Read the rows of a ``two_sided`` or ``labels`` table and give each its role, key and parent."""
    rows = [row for row in _segments(body, spec, labels) if row.label or row.items]
    identify(rows, spec, labels)
    return rows


@dataclass(slots=True)
class _Segments:
    """State of the label grammar: the rows so far, the open one, and the words that wait for a number."""

    body: Body
    spec: TableSpec
    labels: Labels
    out: list[RawRow] = field(default_factory=list)
    row: RawRow | None = None
    words: list[Token] = field(default_factory=list)
    starts: list[tuple[int, int, int]] = field(default_factory=list)

    def flush(self) -> None:
        """Turn the waiting words into labels."""
        self.row = _flush(self.words, self.row, self.out, self.spec, self.labels, grid=self.body.grid)
        self.words = []

    def line(self, line: Sequence[Token]) -> None:
        """Read one line."""
        last = list(takewhile(lambda t: t.line == self.words[-1].line, reversed(self.words)))[::-1]
        beside = [] if self.body.grid else _beside(last, line, self.spec, self.labels)
        if beside:
            self.words = self.words[: -len(last)]
            self.flush()
            self.out.extend(RawRow(w[0].line, None, w, items=[n]) for w, n in zip(beside, line, strict=True))
            self.words, self.row = [], self.out[-1]
            return
        worded = {t.cell for t in line if t.kind == "text"} if self.body.grid else frozenset()
        for index, token in enumerate(line):
            if token.kind == "mark":
                continue
            if _is_row_code(token, line, index, self.spec, self.labels, self.body):
                self.flush()
                self.row = RawRow(token.line, token.text)
                self.out.append(self.row)
            elif token.kind == "text" or (token.whole and token.cell in worded):
                self.words.append(token)
            else:
                self.flush()
                if self.row is not None:
                    self.row.items.append(token)
        if self.body.grid:
            self.flush()
            self.row = None

    def sides(self, line: Sequence[Token]) -> None:
        """Read one line of a grid, side by side; a row knows its side."""
        for block, here in enumerate(self._blocks(line)):
            before = len(self.out)
            if here:
                self.line(here)
            for row in self.out[before:]:
                row.block = block

    def _blocks(self, line: Sequence[Token]) -> list[list[Token]]:
        """Cut a line at its sides. A known label over several of them has its amount at the end of the last."""
        _, zero, last = self.starts[0]
        ends = [*(start for start, _, _ in self.starts[1:]), None]
        out: list[list[Token]] = []
        for (first, begin, _), end in zip(self.starts, ends, strict=True):
            here = [t for t in line if first <= (t.cell or 0) and (end is None or (t.cell or 0) < end)]
            if last > zero and begin:  # both sides have the same columns
                here = [replace(t, cell=(t.cell or 0) - begin + zero) for t in here]
            before = out[-1] if out else []
            label = "".join(t.text for t in before)
            if label and goes_over(before, here) and self.labels.known(label, self.spec):
                before.append(here.pop())
            out.append(here)
        return out


def _segments(body: Body, spec: TableSpec, labels: Labels) -> list[RawRow]:
    state = _Segments(body, spec, labels, starts=sides(body.lines) if body.grid and spec.right else [])
    lines = centred(body.lines, spec, labels) if not body.grid else body.lines
    for line in lines:
        if state.starts:
            state.sides(line)
        else:
            state.line(line)
    state.flush()
    return state.out


def _beside(words: Sequence[Token], line: Sequence[Token], spec: TableSpec, labels: Labels) -> list[list[Token]]:
    """Return labels that stand side by side above their numbers: ``收入合计 支出合计`` / ``10.00 10.00``."""
    if len(line) < 2 or len(words) < 2 or any(t.kind not in ("number", "dash") for t in line):
        return []
    groups = [[words[i] for i in group] for group in labels.split([t.text for t in words], spec)]
    known = all(labels.known("".join(t.text for t in group), spec) for group in groups)
    return groups if known and len(groups) == len(line) else []


def _is_row_code(token: Token, line: Sequence[Token], index: int, spec: TableSpec, labels: Labels, body: Body) -> bool:
    if not spec.right or not token.whole or not labels.is_code(token.text, spec):
        return False
    if index + 1 < len(line):
        # ``208 71.29 71.29`` between two lines of its name: a class before amounts, where a line begins.
        return line[index + 1].kind == "text" or (index == 0 and line[1].priced and len(token.text) == 3)
    return index == 0 and not body.grid  # one cell per line


def _flush(
    words: Sequence[Token],
    row: RawRow | None,
    out: list[RawRow],
    spec: TableSpec,
    labels: Labels,
    *,
    grid: bool,
) -> RawRow | None:
    """Turn the words since the last number into labels; the first completes an open code."""
    if not words:
        return row
    if grid:
        cells: dict[int, list[int]] = {}
        for i, token in enumerate(words):
            if token.cell is not None:
                cells.setdefault(token.cell, []).append(i)
        groups = [cells[cell] for cell in sorted(cells)]
    else:
        groups = labels.split([t.text for t in words], spec)
    for group in groups:
        tokens = [words[i] for i in group]
        if row is not None and row.code and not row.label and not row.items:
            row.label.extend(tokens)
            continue
        if row is not None and row.items and _tail_of(row, tokens, spec, labels):
            row.label.extend(tokens)
            continue
        if _ends_above(tokens, out, spec, labels) if grid else _completes_another(row, tokens, out, spec, labels):
            continue
        row = RawRow(tokens[0].line, None, tokens)
        out.append(row)
    return row


def _tail_of(row: RawRow, tokens: Sequence[Token], spec: TableSpec, labels: Labels) -> bool:
    """Whether words complete a row's label, and one of the two is none by itself: it is wrapped, or cut."""
    text = squeeze("".join(t.text for t in tokens))
    return not (labels.known(text, spec) and labels.known(row.text, spec)) and labels.known(row.text + text, spec)


def _ends_above(tokens: Sequence[Token], out: Sequence[RawRow], spec: TableSpec, labels: Labels) -> bool:
    """Complete a label of a grid that is cut between two of its lines, as by the end of a page."""
    for row in reversed(out[-_NEAR:]):
        above = row.line < tokens[0].line and bool(row.label) and row.label[0].cell == tokens[0].cell
        if above and _tail_of(row, tokens, spec, labels):
            row.label.extend(tokens)
            return True
    return False


def _completes_another(
    last: RawRow | None, tokens: Sequence[Token], out: Sequence[RawRow], spec: TableSpec, labels: Labels
) -> bool:
    """Complete a label that was wrapped around a line of other labels; the number between its halves is its own.

    ``三、单位预留机动经`` / ``2.政府性基金预算 三、国防支出 3,258.06`` / ``费``: cells beside each other are centred.
    """
    for row in out[-_NEAR:]:  # its amount stands above, and the right side's label behind it
        near = bool(row.items) and tokens[0].line - 1 in (row.line, row.items[0].line)
        above = near or not labels.known(row.text, spec)
        if row.items and above and not row.code and _tail_of(row, tokens, spec, labels):
            row.label.extend(tokens)
            return True
    if last is None or len(last.items) != 1:
        return False
    for row in reversed(out[-_NEAR:]):
        if row is last or row.items or row.code or row.line >= last.items[0].line:
            continue
        if _tail_of(row, tokens, spec, labels):
            row.label.extend(tokens)
            row.items, last.items = last.items, []
            return True
    return False


def identify(rows: Sequence[RawRow], spec: TableSpec, labels: Labels) -> None:
    """Give labelled rows their role, side, key and parent by what their labels say; by rows that the spec has."""
    told = trees(rows, spec, labels)
    order = {path: i for i, path in enumerate((*walk(spec.left), *walk(told)))}
    used: dict[tuple[RowSpec, ...], str] = {}  # with how their labels are numbered
    paths: dict[int, tuple[RowSpec, ...]] = {}
    reached: dict[RowSpec, int] = {}  # how far each side has come in the spec's order
    seen_total_on: set[int] = set()
    coded = any(row.code for row in rows)
    beside = beside_right(rows, told, labels, spec)
    totals = tops(told, spec)  # a total of this side is the second of its line
    main = spec.right.total if spec.right else None
    beside_classes = other_ways(rows, told, labels, spec)
    classes = _block_of_classes(rows, labels)
    for index, row in enumerate(rows):
        bare = row.bare
        if row.code:
            row.side, row.kind, row.role, row.key = "right", "code", row.code, row.code
            continue
        named = [p for p in labels.paths(row.text, spec) if p in order and on_side(p, row, spec, beside)]
        named = [p for p in named if p not in totals and not (beside_classes and singled_out(p, told))]
        if bare in labels.by_name and row.block is None and main in told:
            named = [p for p in named if p[0] not in told]  # 其他支出 is a class where classes are printed
        found = [p for p in named if p not in used]
        second = bare in TOTALS and (row.line in seen_total_on or (bool(named) and not found) or bool(row.block))
        if spec.right and (labels.right_total(bare, spec) or second):
            here = [top for top in totals if on_side(top, row, spec, beside)]
            top = next((top for top in here if top not in used), here[0] if here else (spec.right.total,))
            used[top] = ""
            row.side, row.kind, row.role = "right", "total", "/".join(r.label for r in top)
            paths[index] = top
            continue
        style = _style(row.text)
        found = [p for p in found if not style or used.get(p[:-1]) != style] or found  # 二、 isn't below 一、
        if found:
            path = min(found, key=lambda p: (_unprinted(p, used), *_beyond(order[p], reached.get(p[0]))))
            used[path] = style
            paths[index] = path
            reached[path[0]] = order[path]
            if bare in TOTALS or path[-1].top:
                seen_total_on.add(row.line)
            row.role, row.kind = "/".join(r.label for r in path), "total" if path[-1].top else "label"
            row.side = "right" if path[0] in told else "left"
        elif spec.right and bare in labels.by_name and (not row.block or row.block == classes):
            row.side, row.kind, row.role, row.key = "right", "code", labels.by_name[bare], bare
            if coded:
                row.doubt = row.doubt or "it has no code although the rows beside it have; a code may be misread"
        else:
            row.key, row.doubt = bare, "its label is none of the table's"
            row.side = "right" if row.block else "left"
    _keys(rows, paths, labels, spec)
    find_parents(rows, paths, labels, spec)


def _block_of_classes(rows: Sequence[RawRow], labels: Labels) -> int:
    """Which block of a grid prints the classes: the second, unless another has more of them."""
    count = Counter(row.block for row in rows if row.block and row.bare in labels.by_name)
    most = count.most_common(1)
    return most[0][0] or 1 if most and most[0][1] > count[1] else 1


def _style(text: str) -> str:
    """How a label is numbered, every number of it alike; "" where it isn't."""
    found = _COUNT.match(text)
    return f"{found[1]}{'1' if found[2].isdigit() else '一'}{found[3]}" if found else ""


def _beyond(place: int, last: int | None) -> tuple[bool, bool, int]:
    """How far a place is behind the last one of its tree: none that was begun before, none in front of it."""
    last_ = -1 if last is None else last
    return last is None, place < last_, abs(place - last_)


def _unprinted(path: tuple[RowSpec, ...], used: Container[tuple[RowSpec, ...]]) -> int:
    """How many rows above a label aren't printed above it, among those that print an amount there."""
    above = (path[:depth] for depth in range(1, len(path)))
    return sum(not (step[-1].top or step[-1].after or step[-1].heading or step in used) for step in above)


def _keys(rows: Sequence[RawRow], paths: dict[int, tuple[RowSpec, ...]], labels: Labels, spec: TableSpec) -> None:
    printed = {path: _spelled(rows[index].bare, path[-1], labels, spec) for index, path in paths.items()}
    where = {path: index for index, path in paths.items()}
    for index, path in paths.items():
        parts = []
        if _is_cut(printed[path], path[-1]):
            rows[index].doubt = rows[index].doubt or "its label is the beginning of one: the rest isn't there"
        for depth in range(1, len(path) + 1):
            step = path[:depth]
            # A total names no part of it; a subtotal does where it stands above.
            stands = where.get(step, len(rows))
            below = (step not in where and not step[-1].heading) or (
                step[-1].after and (stands > index or _has_parts_above(step, stands, where))
            )
            if depth < len(path) and (step[-1].top or below or step[-1].label == _SUBTOTAL):
                continue
            fixed = step[-1].canonical or step[-1].top
            parts.append(step[-1].label if fixed else printed.get(step, step[-1].label))
        rows[index].key = "/".join(parts)


def _spelled(bare: str, row: RowSpec, labels: Labels, spec: TableSpec) -> str:
    """Return a label as the spec has it where a character is misread; one that is longer or shorter is another name."""
    standard = labels.standard(bare, spec)
    names = [split_label(name)[1] for name in (row.label, *row.aliases)]
    near = [n for n in names if nearly(bare, n, 1)]
    if standard == bare and bare not in names and near:
        return near[0]
    return standard if len(standard) == len(bare) else bare


def _is_cut(printed: str, row: RowSpec) -> bool:
    """Whether what is printed is only how a row's label begins."""
    names = [split_label(name)[1] for name in (row.label, *row.aliases)]
    return printed not in names and any(name.startswith(printed) for name in names)


def _has_parts_above(path: tuple[RowSpec, ...], stands: int, where: Mapping[tuple[RowSpec, ...], int]) -> bool:
    """Whether a row stands below some of its parts, as a total does; what follows it isn't printed under it."""
    return any(p[: len(path)] == path and len(p) > len(path) and index < stands for p, index in where.items())
