"""Headers of grids: which columns the cells name that stand above the amounts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from extractor.specs import TableSpec

from .body import Body
from .columns import Layout, columns_by_name, is_name, misread_of
from .heads import bare
from .labels import HEADER_WORDS, TOTALS, undated
from .tokens import Token, cells

_OF_ROWS = frozenset(HEADER_WORDS) - frozenset(TOTALS)


def first_cell_of(body: Body, spec: TableSpec, columns: Sequence[str]) -> int | None:
    """Return the cell of a grid above which the header names its first column, if it names all of them in a row."""
    by_name = columns_by_name(spec)
    leaves = _leaves(body)
    for first in leaves:
        here = [by_name.get(leaves.get(first + i, ""), ()) for i in range(len(columns))]
        if len(columns) > 1 and all(c in names for c, names in zip(columns, here, strict=True)):
            return first
    return None


def _leaves(body: Body) -> dict[int, str]:
    """What the lowest line of a grid's header says in each cell."""
    leaves: dict[int, str] = {}
    for line in body.header_lines:
        for index, (_, text) in enumerate(cells(line.text)):
            name = undated(text)
            if name and not name.isdigit():
                leaves[index] = name
    return leaves


def by_cell(body: Body, spec: TableSpec) -> tuple[str, ...]:
    """Return the columns as the cells of a grid's header name them, if they name every one without a gap.

    A leaf stands below its group; where two lines name the same cell, the lower one counts.
    """
    by_name = columns_by_name(spec)
    leaves = _leaves(body)
    found = [index for index, text in sorted(leaves.items()) if text in by_name]
    if len(found) < 2 or any(leaves.get(i) not in by_name for i in range(found[0], found[-1] + 1)):
        return ()
    if any(leaves.get(t.cell or 0) not in HEADER_WORDS for line in body.lines for t in line if _beyond(t, found[-1])):
        return ()
    used: Counter[str] = Counter()
    out = []
    for index in found:
        names = by_name[leaves[index]]
        if used[leaves[index]] >= len(names):
            return ()
        out.append(names[used[leaves[index]]])
        used[leaves[index]] += 1
    return tuple(out) if len(set(out)) == len(out) else ()


def amounts_below_others(body: Body, spec: TableSpec) -> bool:
    """Whether amounts of a grid stand below a name that is none of the spec's columns."""
    leaves, by_name = _leaves(body), columns_by_name(spec)
    others = {cell for cell, name in leaves.items() if name not in by_name and name not in _OF_ROWS}
    return any(t.priced and t.cell in others for line in body.lines for t in line)


def _beyond(token: Token, last: int) -> bool:
    """Whether an amount stands to the right of the last column that is named."""
    return token.priced and token.cell is not None and token.cell > last


def with_unknown(body: Body, spec: TableSpec) -> tuple[str, ...]:
    """Return the columns of a grid cell by cell, where some have names that the spec doesn't know: these they keep."""
    by_name = columns_by_name(spec)
    leaves = _leaves(body)
    numbers = [cell for line in body.lines if (cell := [t.cell for t in line if t.priced and t.cell is not None])]
    if not numbers:
        return ()
    first = Counter(cell[0] for cell in numbers).most_common(1)[0][0]
    last = max(cell[-1] for cell in numbers)
    names = [leaves.get(i, "") for i in range(first, last + 1)]
    if set(names) - set(by_name) & set(HEADER_WORDS):
        return ()
    out = [by_name.get(n, [bare(n)])[0] for n in names]
    if any(misread_of(bare(n), spec, out) for n in names):
        return ()
    known = sum(n in by_name for n in names) * 2 >= len(out) or (len(out) > 1 and out[0] == spec.column_ids[0])
    return tuple(out) if all(out) and len(set(out)) == len(out) and known else ()


def doubted_beside(body: Body, found: Layout) -> Layout:
    """Put the columns in doubt where the first amounts of a grid stand under a name that is none of theirs."""
    firsts = Counter(next((t.cell for t in line if t.priced and t.cell is not None), None) for line in body.lines)
    usual = next((cell for cell, _ in firsts.most_common() if cell is not None), None)
    name = _leaves(body).get(usual, "") if usual is not None else ""
    if found.first_cell is None or usual is None or usual >= found.first_cell or is_name(name) or not name:
        return found
    return replace(found, doubtful=True, short=(name, *found.columns[:-1]))
