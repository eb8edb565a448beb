"""Headers: does the printed header fit the spec, which columns does it have, and in which order?

Header cells come in fragments, fused, out of order, or displaced. So the characters are counted first, in any
order; whole names, where there are any, tell the order of the columns on each line.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from extractor.specs import TableSpec

from .blocks import sides
from .body import Body
from .columns import Layout, columns_by_name, counted, is_name, may_be, strangeness
from .cover import Cover, cover, in_blocks, in_their_groups
from .flat import one_side
from .grid_header import amounts_below_others, by_cell, doubted_beside, first_cell_of, with_unknown
from .group_words import names_rows
from .heads import CROWDED, LEAVES, bare, by_paths, named, paths, right_side, told_by_sums, width_used
from .labels import HEADER_WORDS, undated
from .tokens import cells, split_header
from .two_sides import in_cells

_SEVERAL = 2  # columns, years
_YEARS = re.compile(r"(?:19|20)\d\d")


def layout(body: Body, spec: TableSpec) -> Layout:
    """Compare a header with its spec: the first layout of the table, or one with other columns that it explains.

    Where some of its words may be misread, it may name no others.
    """
    found = _compared(body, spec)
    if not found.known or not body.grid or spec.shape == "wide":
        return found
    odd = [p for pieces in _pieces(body) for p in pieces if may_be(p)]
    if not odd or _accounted(body, spec, found, odd):
        by_id = {c.id: c.names[0] for c in (*spec.columns, *spec.more) if c.canonical and c.id in found.labels}
        return replace(found, labels={**found.labels, **by_id}) if by_id else found
    return Layout(known=False, reason=f"{odd[0]} in its header may be misread, and it names other columns")


def _accounted(body: Body, spec: TableSpec, found: Layout, odd: Sequence[str]) -> bool:
    """Whether the cells of a grid's header name no more columns than were found, and what it names is among them."""
    if body.blocks:
        return True
    by_name = columns_by_name(spec)
    said = {part for name in (*found.columns, *found.labels.values()) for part in (name, name.rsplit("/", 1)[-1])}
    meant = {name for piece in odd for name in may_be(piece) if name in by_name}
    both = sides(body.lines) if spec.shape == "two_sided" else ()
    above = paths(body, both[-1][1:] if both else None)[1]
    leaves = {p[-1] for p in above if is_name(p[-1]) and p[-1] not in LEAVES}
    missing = [n for n in (*meant, *leaves) if n not in said and said.isdisjoint(by_name.get(n, ()))]
    return not missing and len(set(above)) <= len(found.columns)


def _compared(body: Body, spec: TableSpec) -> Layout:
    spec = in_their_groups(body, _in_years(body, spec))
    found = _layout(body, spec)
    if body.grid and spec.shape in ("coded", "items", "labels", "projects") and not body.blocks:
        crowded = found.known and spec.shape != "projects" and width_used(body) > len(found.columns)
        if not found.known or found.strange or crowded:
            found = by_paths(body, spec, Layout(known=False, reason=CROWDED) if crowded else found)
        elif not set(found.columns) >= set(spec.column_ids):
            above = tuple(named(paths(body)[1], columns_by_name(spec))) if spec.layout else ()
            found = found if above == found.columns else by_paths(body, spec, found)
        if spec.layout and found.known:
            found = _as_told(body, spec, found)
    elif body.grid and spec.shape == "two_sided" and len(spec.columns) > 1:
        found = in_cells(body, spec, right_side(body, spec, found))
    elif body.grid and spec.shape == "two_sided":
        found = in_cells(body, spec, found)
    elif spec.shape == "coded" and not body.grid and not body.blocks and not body.fragments:
        told = named(told_by_sums(body), columns_by_name(spec))
        ids = tuple(told)
        if ids and set(ids) >= set(cover(body, spec).names):
            fresh = strangeness(ids, spec)
            found = Layout(known=True, columns=ids, printed=ids, short=ids, labels=told, strange=fresh)
    if not found.known or not body.grid or found.first_cell is not None:
        return found
    return doubted_beside(body, replace(found, first_cell=first_cell_of(body, spec, found.printed)))


def _as_told(body: Body, spec: TableSpec, found: Layout) -> Layout:
    """Take the names that stand above the cells of a grid: those of all columns, or of fewer than the spec has."""
    first, above = paths(body)
    told = named(above, columns_by_name(spec))
    ids = tuple(told)
    if ids == found.columns:
        return replace(found, labels=told)
    ends = range(first, first + len(ids))
    inside = all(t.cell in ends for line in body.lines for t in line if t.priced or t.kind == "dash")
    if len(ids) > 1 and set(ids) < set(found.columns) and inside:
        return replace(found, columns=ids, printed=ids, short=ids, labels=told, first_cell=first)
    return found


def _in_years(body: Body, spec: TableSpec) -> TableSpec:
    """Return a spec with this year's column before the last year's, where the header prints the later year first."""
    if [c.id.partition("/")[0] for c in spec.columns[:_SEVERAL]] != ["上年", "本年"]:
        return spec
    years = list(dict.fromkeys(_YEARS.findall(body.header)))
    if len(years) != _SEVERAL or years[0] < years[1]:
        return spec
    last, this, *rest = spec.columns
    return spec.model_copy(update={"columns": (this, last, *rest)})


def _layout(body: Body, spec: TableSpec) -> Layout:
    every = spec.column_ids
    if not body.lines or not body.header or spec.shape == "wide":
        return Layout(known=True, columns=every, printed=every, short=every)
    named = cover(body, spec)
    if spec.shape == "two_sided" and len(every) == 1:
        mirrored = _mirrored(body, spec)
        if mirrored is not None:
            return mirrored
        labels = named.labels if spec.layout else {}
        return Layout(known=True, columns=every, printed=every, short=every, labels=labels)
    if spec.shape == "coded" and named.blocks > 1:
        named = in_blocks(named, spec)
        every = tuple(named.names)
        return Layout(known=True, columns=every, printed=every, short=every, labels=named.labels)
    more = any(c.id in named.names for c in spec.more)
    beyond = with_unknown(body, spec) if body.grid else _told_in_a_row(body, spec)
    if set(beyond) > set(every):
        fresh = strangeness(beyond, spec)
        return Layout(known=True, columns=beyond, printed=beyond, short=beyond, labels=named.labels, strange=fresh)
    # Counting characters is for the layout that a table has first; another one has to be named.
    if not more and not (spec.layout and spec.shape == "coded"):
        first = _first_layout(body, spec)
        if first.known:
            strange = 0 if named.complete else named.left
            return replace(first, labels=named.labels if spec.layout else {}, strange=strange)
    return _named_layout(body, spec, named, beyond)


def _mirrored(body: Body, spec: TableSpec) -> Layout | None:
    """Return the columns of a table whose sides both have the same several ones: budget and outturn, or two years."""
    by_name = columns_by_name(spec)
    first, found = None, dict[str, str]()
    if body.grid:
        _, begin, end = sides(body.lines)[0]
        first, above = paths(body, (begin, end)) if end > begin else (None, ())
        found = named(above, by_name) if above else {}
    else:
        found = named(tuple((name,) for name in one_side(body)), by_name)
    ids = tuple(found)
    if len(ids) < _SEVERAL or spec.column_ids[0] not in found:
        return None
    strange = strangeness(ids, spec)
    return Layout(known=True, columns=ids, printed=ids, short=ids, labels=found, strange=strange, first_cell=first)


def _named_layout(body: Body, spec: TableSpec, named: Cover, beyond: tuple[str, ...]) -> Layout:
    """Take the columns that a header names, where it names nothing else."""
    if spec.column_ids[0] not in named.names:
        return Layout(known=False, reason="its header doesn't name the spec's columns")
    exact = (by_cell(body, spec) or beyond) if body.grid else ()
    if exact and set(exact) >= set(named.names):
        fresh = strangeness(exact, spec)
        return Layout(known=True, columns=exact, printed=exact, short=exact, labels=named.labels, strange=fresh)
    if not named.complete:
        if not body.grid and beyond and set(beyond) >= set(named.names):
            strange, other = strangeness(beyond, spec), {i: i for i in beyond}
            return Layout(
                known=True, columns=beyond, printed=beyond, short=beyond, labels=other | named.labels, strange=strange
            )  # fmt: skip
        return Layout(known=False, reason="its header has columns that the spec doesn't know")
    lines = [list(_named(pieces, spec)) for pieces in _pieces(body)]
    columns = _ordered(tuple(named.names), lines)
    one_by_one = [line[0] for line in lines if len(line) == 1 and line[0] in named.names]
    if len(one_by_one) == len(columns) == len(set(one_by_one)):
        below = _below_groups(body, spec, one_by_one, lines)
        if below:
            return Layout(known=True, columns=below, printed=below, short=below, labels=named.labels)
        # One cell per line: in the order of their lines, unless groups stand above some of them.
        by_line, grouped = tuple(one_by_one), _grouped(lines)
        usual, likely = (by_line, columns) if grouped else (columns, by_line)
        return Layout(known=True, columns=usual, printed=likely, short=usual, labels=named.labels)
    return Layout(known=True, columns=columns, printed=columns, short=columns, labels=named.labels)


def _below_groups(
    body: Body, spec: TableSpec, one_by_one: Sequence[str], lines: Sequence[Sequence[str]]
) -> tuple[str, ...]:
    """Return the columns with those of a group in the place of its name; none where no group of the spec is printed.

    A header of two lines, one cell on each line of the text: first the groups and the columns that belong to none,
    then the columns of the groups.
    """
    under = {c.id: c.under or "" for c in (*spec.columns, *spec.more) if c.under and c.id in one_by_one}
    printed = [undated(line.text) for line in body.header_lines]
    said = {group: (group, f"{group}收入", f"{group}支出") for group in under.values()}
    first = {
        g: next(i for i, p in enumerate(printed) if p in names) for g, names in said.items() if {*names} & {*printed}
    }
    if not under or set(under.values()) - set(first):
        return ()
    out: list[str] = []
    for index, line in enumerate(lines):
        out += [c for group, at in first.items() if at == index for c in one_by_one if under.get(c) == group]
        out += [c for c in line if c in one_by_one and c not in under]
    return tuple(out)


def _grouped(lines: Sequence[Sequence[str]]) -> bool:
    """Whether some line between those that name columns names none."""
    named = [index for index, line in enumerate(lines) if line]
    return named[-1] - named[0] + 1 > len(named)


def _first_layout(body: Body, spec: TableSpec) -> Layout:
    """Compare a header with the columns of the first layout, in fragments and misread as it may be."""
    every = spec.column_ids
    missing, left, size = counted(undated(body.header), spec)
    if len(missing) * 4 > len(every):
        lacks = ", ".join(missing)
        return Layout(known=False, reason=f"its header lacks {lacks}: another layout than the spec's")
    if left * 3 > size and left > 6:
        return Layout(known=False, reason="its header has columns that the spec doesn't know")
    short = tuple(c for c in every if c not in missing)
    lines = [list(_named(pieces, spec)) for pieces in _pieces(body)]
    whole = {name for line in lines for name in line}
    exact = by_cell(body, spec) if body.grid else ()
    if body.grid and len(exact or short) < len(every) and amounts_below_others(body, spec):
        return Layout(known=False, reason="its header has columns that the spec doesn't know")
    # A header broken over two lines names some columns at cells that aren't theirs.
    broken = bool(exact) and not set(exact) >= set(cover(body, spec).names)
    if exact and len(exact) < len(every) and not broken:
        return Layout(known=True, columns=exact, printed=exact, short=exact)
    if exact and set(exact) == set(every):
        return Layout(known=True, columns=every, printed=exact, short=every)
    columns = short if missing and body.grid and whole >= set(short) else every
    return Layout(known=True, columns=columns, printed=_ordered(columns, lines), short=short)


def _told_in_a_row(body: Body, spec: TableSpec) -> tuple[str, ...]:
    """Return the columns of a header without cells that names them in a row, those without a name in the spec too.

    They stand on one line, or each on a line of its own; what else the header holds are words that name no column.
    """
    if spec.shape not in ("coded", "items") or body.blocks:
        return ()
    by_name = columns_by_name(spec)
    lines = [[p for p in line if p and not p.isdigit() and p != "※"] for line in _pieces(body)]
    if all(len(line) <= 1 for line in lines):
        lines = [[p for line in lines for p in line]]
    at = next(
        (i for i, line in enumerate(lines) if by_name.get(_first_named(line, by_name), [""])[0] == spec.column_ids[0]),
        None,
    )
    words = [p for line in (*lines[:at], *lines[(at or 0) + 1 :]) for p in line]
    if at is None or not all(p in HEADER_WORDS or names_rows(p) for p in words):
        return ()
    start = next(i for i, p in enumerate(lines[at]) if p in by_name)
    names = [p for p in lines[at][start:] if p != "备注"]
    out = [by_name.get(n, [bare(n)])[0] for n in names]
    plain = not any(n in HEADER_WORDS and n not in by_name for n in names) and len(set(out)) == len(out)
    before = all(p in HEADER_WORDS or names_rows(p) for p in lines[at][:start]) and not (
        body.fragments and set(names) - set(by_name)
    )
    return tuple(out) if plain and before and len(out) > 1 else ()


def _first_named(line: Sequence[str], by_name: Mapping[str, Sequence[str]]) -> str:
    return next((p for p in line if p in by_name), "")


def _pieces(body: Body) -> Iterator[list[str]]:
    """Yield the words of each header line, cell by cell in a grid."""
    for line in body.header_lines:
        if body.grid:
            yield [undated(text) for _, text in cells(line.text)]
        else:
            yield [undated(piece) for piece in split_header(line.text)]


def _named(pieces: Sequence[str], spec: TableSpec) -> Iterator[str]:
    """Yield the columns named on one header line, from left to right; words side by side may make one name."""
    by_name = columns_by_name(spec)
    used: Counter[str] = Counter()
    index = 0
    while index < len(pieces):
        for end in range(min(len(pieces), index + 6), index, -1):
            name = "".join(pieces[index:end])
            if name in by_name:
                found = by_name[name]
                yield found[min(used[name], len(found) - 1)]
                used[name] += 1
                index = end
                break
        else:
            index += 1


def _ordered(columns: tuple[str, ...], lines: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Order the columns as each header line has them, and as the spec has them where no line tells."""
    rank = {c: i for i, c in enumerate(columns)}
    after: dict[str, set[str]] = {c: set() for c in columns}
    for line in lines:
        known = list(dict.fromkeys(c for c in line if c in rank))
        for left, right in pairwise(known):
            after[right].add(left)
    out: list[str] = []
    while len(out) < len(columns):
        ready = [c for c in columns if c not in out and after[c] <= set(out)]
        if not ready:
            return columns  # lines that contradict each other tell nothing
        out.append(min(ready, key=rank.__getitem__))
    return tuple(out)


def moved_to_the_end(columns: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether one name stands at the end instead of in its place: a header that lost its order, not a table."""
    for index in range(len(columns)):
        rest = [*columns[:index], *columns[index + 1 :]]
        if [c for c in printed if c != columns[index]] == rest:
            return True
    return False
