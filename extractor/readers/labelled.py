"""Rows of tables with fixed labels, one side or two: ``label number | code name number``."""

from collections.abc import Iterator, Sequence

from extractor.normalize import squeeze
from extractor.specs import RowSpec, TableSpec, walk

from .body import Body
from .labels import TOTALS, Labels
from .rows import RawRow
from .tokens import Token


def labelled_rows(body: Body, spec: TableSpec, labels: Labels) -> list[RawRow]:
    """Read the rows of a ``two_sided`` or ``labels`` table and give each its role, key and parent."""
    rows = [row for row in _segments(body, spec, labels) if row.label or row.items]
    identify(rows, spec, labels)
    return rows


def _segments(body: Body, spec: TableSpec, labels: Labels) -> Iterator[RawRow]:
    row: RawRow | None = None
    words: list[Token] = []
    out: list[RawRow] = []
    for line in body.lines:
        for index, token in enumerate(line):
            if token.kind == "mark":
                continue
            if _is_row_code(token, line, index, spec, labels, body):
                _flush(words, row, out, spec, labels, grid=body.grid)
                words = []
                row = RawRow(token.line, token.text)
                out.append(row)
            elif token.kind == "text" or (body.grid and token.whole and _shares_cell(token, line)):
                words.append(token)
            else:
                if words:
                    row = _flush(words, row, out, spec, labels, grid=body.grid)
                    words = []
                if row is not None:
                    row.items.append(token)
        if body.grid and words:
            row = _flush(words, row, out, spec, labels, grid=True)
            words = []
        if body.grid:
            row = None
    _flush(words, row, out, spec, labels, grid=body.grid)
    return iter(out)


def _is_row_code(token: Token, line: Sequence[Token], index: int, spec: TableSpec, labels: Labels, body: Body) -> bool:
    if not spec.right or not token.whole or not labels.is_code(token.text, spec):
        return False
    if index + 1 < len(line):
        # ``208 71.29 71.29`` between two lines of its name: a class before amounts, where a line begins.
        return line[index + 1].kind == "text" or (index == 0 and bool(line[1].decimals) and len(token.text) == 3)
    return index == 0 and not body.grid  # one cell per line


def _shares_cell(token: Token, line: Sequence[Token]) -> bool:
    return any(t.kind == "text" and t.cell == token.cell for t in line)


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
        cells = sorted({t.cell for t in words if t.cell is not None})
        groups = [[i for i, t in enumerate(words) if t.cell == cell] for cell in cells]
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
        row = RawRow(tokens[0].line, None, tokens)
        out.append(row)
    return row


def _tail_of(row: RawRow, tokens: Sequence[Token], spec: TableSpec, labels: Labels) -> bool:
    """Whether words after a row's numbers complete its label: wrapped around the numbers."""
    text = squeeze("".join(t.text for t in tokens))
    return not labels.known(text, spec) and not labels.known(row.text, spec) and labels.known(row.text + text, spec)


def identify(rows: Sequence[RawRow], spec: TableSpec, labels: Labels) -> None:
    """Give labelled rows their role, side, key and parent by what their labels say."""
    order = {path: i for i, path in enumerate(walk(spec.left))}
    used: set[tuple[RowSpec, ...]] = set()
    paths: dict[int, tuple[RowSpec, ...]] = {}
    last = -1
    seen_total_on: set[int] = set()
    for index, row in enumerate(rows):
        bare = row.bare
        if row.code:
            row.side, row.kind, row.role, row.key = "right", "code", row.code, row.code
            continue
        if spec.right and (labels.right_total(bare, spec) or (bare in TOTALS and row.line in seen_total_on)):
            total = spec.right.total
            row.side, row.kind, row.role, row.key = "right", "total", total.label, total.label
            continue
        found = [p for p in labels.left_paths(row.text, spec) if p not in used]
        if found:
            path = min(found, key=lambda p: (order[p] < last, abs(order[p] - last)))
            used.add(path)
            paths[index] = path
            last = order[path]
            if bare in TOTALS or path[-1].top:
                seen_total_on.add(row.line)
            row.role, row.kind = "/".join(r.label for r in path), "total" if path[-1].top else "label"
        elif spec.right and bare in labels.by_name:
            row.side, row.kind, row.role, row.key = "right", "code", labels.by_name[bare], bare
        else:
            row.key, row.doubt = bare, "its label is none of the table's"
    _keys(rows, paths, labels, spec)
    _parents(rows, paths, spec)


def _keys(rows: Sequence[RawRow], paths: dict[int, tuple[RowSpec, ...]], labels: Labels, spec: TableSpec) -> None:
    printed = {path: labels.standard(rows[index].bare, spec) for index, path in paths.items()}
    for index, path in paths.items():
        parts = []
        for depth in range(1, len(path) + 1):
            step = path[:depth]
            if step[-1].top and depth < len(path):
                continue
            fixed = step[-1].canonical or step[-1].top
            parts.append(step[-1].label if fixed else printed.get(step, step[-1].label))
        rows[index].key = "/".join(parts)


def _parents(rows: Sequence[RawRow], paths: dict[int, tuple[RowSpec, ...]], spec: TableSpec) -> None:
    where = {path: index for index, path in paths.items()}
    for index, path in paths.items():
        rows[index].parent = where.get(path[:-1])
    if spec.right:
        total = next((i for i, r in enumerate(rows) if r.side == "right" and r.kind == "total"), None)
        for row in rows:
            if row.side == "right" and row.kind == "code" and row.role and len(row.role) == 3:
                row.parent = total
