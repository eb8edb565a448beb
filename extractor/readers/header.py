"""Headers: does the printed header fit the spec, which columns does it have, and in which order?

Header cells come in fragments, fused, out of order, or displaced. So the characters are counted first, in any
order; whole names, where there are any, tell the order of the columns on each line.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from extractor.names import lookalikes
from extractor.normalize import squeeze
from extractor.specs import TableSpec, catalogue

from .blocks import sides
from .body import Body
from .cover import Cover, cover, in_blocks, in_their_groups
from .heads import named, paths, told_by_sums
from .labels import HEADER_WORDS, undated
from .tokens import Token, cells

_SEVERAL = 2  # columns, years, sides
_YEARS = re.compile(r"(?:19|20)\d\d")
_LIKE = 2  # times that it weighs more if its name looks misread
_WEIGHT = 10  # of a column that a spec doesn't know, against characters left over
_OFTEN = 5  # rows of a column are no fewer than one in so many of the fullest's
_CROWDED = "its rows print amounts in more cells than its header names"


@dataclass(frozen=True, slots=True)
class Layout:
    """What a header says.

    Attributes:
        known: It fits the spec.
        reason: What doesn't fit.
        columns: The spec's columns that are there, in the spec's order.
        printed: The same in another order, where the header prints them so.
        short: The spec's columns without those whose name the header doesn't hold, where that differs.
        labels: Printed names by column id, where the table isn't in its first layout.
        doubtful: The order is somebody's word, and ``short`` is another order that no sum may tell from it.
        first_cell: The cell of a grid above which the first column is named, where every column is named in its order.
        strange: Columns whose names the spec doesn't know, or characters that nothing explains.
    """

    known: bool
    reason: str = ""
    columns: tuple[str, ...] = ()
    printed: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    doubtful: bool = False
    first_cell: int | None = None
    strange: int = 0


def layout(body: Body, spec: TableSpec) -> Layout:
    """Compare a header with its spec: the first layout of the table, or one with other columns that it explains."""
    spec = in_their_groups(body, _in_years(body, spec))
    found = _layout(body, spec)
    if body.grid and spec.shape in ("coded", "items", "labels") and not body.blocks:
        crowded = found.known and spec.shape == "coded" and _cells(body) > len(found.columns)
        if not found.known or found.strange or crowded:
            found = _by_paths(body, spec, Layout(known=False, reason=_CROWDED) if crowded else found)
        elif spec.layout and tuple(told := named(paths(body)[1], _by_name(spec))) == found.columns:
            found = replace(found, labels=told)
    elif body.grid and spec.shape == "two_sided" and len(spec.columns) > 1:
        found = _right_side(body, spec, found)
    elif spec.shape == "coded" and not body.grid and not body.blocks and not body.fragments:
        told = named(told_by_sums(body), _by_name(spec))
        ids = tuple(told)
        if ids and set(ids) >= set(cover(body, spec).names):
            fresh = _fresh(ids, spec)
            found = Layout(known=True, columns=ids, printed=ids, short=ids, labels=told, strange=fresh)
    if not found.known or not body.grid or found.first_cell is not None:
        return found
    return replace(found, first_cell=_first_cell(body, spec, found.printed))


def _in_years(body: Body, spec: TableSpec) -> TableSpec:
    """Return a spec with this year's column before the last year's, where the header prints the later year first."""
    if [c.id.partition("/")[0] for c in spec.columns[:_SEVERAL]] != ["上年", "本年"]:
        return spec
    years = list(dict.fromkeys(_YEARS.findall(body.header)))
    if len(years) != _SEVERAL or years[0] < years[1]:
        return spec
    last, this, *rest = spec.columns
    return spec.model_copy(update={"columns": (this, last, *rest)})


def _right_side(body: Body, spec: TableSpec, otherwise: Layout) -> Layout:
    """Take the columns of the right side by what stands above them, where it prints more than are known."""
    both = sides(body.lines)
    if len(both) != _SEVERAL or not otherwise.known or both[1][2] - both[1][1] < len(otherwise.columns):
        return otherwise
    found = named(paths(body, both[1][1:])[1], _by_name(spec))
    ids = tuple(found)
    if not found or ids[0] != spec.column_ids[0]:
        return Layout(known=False, reason=_CROWDED)
    _, left = paths(body, (both[0][1], both[0][1]))
    labels = found | ({f"left:{ids[0]}": left[0][-1]} if left else {})
    return Layout(known=True, columns=ids, printed=ids, short=ids, labels=labels, strange=_fresh(ids, spec))


def _cells(body: Body) -> int:
    """How many cells, from the first to the last, print amounts in several rows; lines put in don't count."""
    count = Counter(t.cell for line in body.lines for t in line if t.decimals and t.cell is not None)
    most = max(count.values(), default=0)
    often = [cell for cell, rows in count.items() if rows > 1 and rows * _OFTEN > most]
    return max(often) - min(often) + 1 if often else 0


def _by_paths(body: Body, spec: TableSpec, otherwise: Layout) -> Layout:
    """Take the columns by what stands above each cell; other names than the spec's are kept as they are printed."""
    first, above = paths(body)
    found = named(above, _by_name(spec))
    ids = tuple(found)
    fresh = _fresh(ids, spec)
    if found and ids[0] != spec.column_ids[0] and fresh * 2 > _WEIGHT * len(ids):
        return otherwise  # most names are others
    if not found or (otherwise.known and (otherwise.strange <= fresh or set(ids) <= set(otherwise.columns))):
        return otherwise
    if otherwise.known and any(_nearly(name, _by_name(spec), found) for name in found.values()):
        return otherwise  # a name of the spec's, misread
    if any(_misread(name) for name in found.values()):
        return otherwise
    labels = {i: n for i, n in found.items() if i != n}
    return Layout(known=True, columns=ids, printed=ids, short=ids, labels=labels, strange=fresh, first_cell=first)


@lru_cache(maxsize=1024)
def _misread(name: str) -> bool:
    """Whether a name is that of a column of some table, but for one character that looks like the one there."""
    known = _every_name()
    return name not in known and any(
        name[:i] + other + name[i + 1 :] in known for i, char in enumerate(name) for other in lookalikes().get(char, ())
    )


@lru_cache(maxsize=1)
def _every_name() -> frozenset[str]:
    return frozenset(name for spec in catalogue().tables for c in (*spec.columns, *spec.more) for name in c.plain)


def _nearly(name: str, by_name: Mapping[str, Sequence[str]], found: Mapping[str, str]) -> bool:
    """Whether a name is that of a column which isn't found, but for a character."""
    if name in by_name:
        return False
    missing = [known for known, ids in by_name.items() if len(known) == len(name) and found.keys().isdisjoint(ids)]
    return any(sum(a != b for a, b in zip(name, known, strict=True)) == 1 for known in missing)


def _first_cell(body: Body, spec: TableSpec, columns: Sequence[str]) -> int | None:
    """Return the cell of a grid above which the header names its first column, if it names all of them in a row."""
    by_name = _by_name(spec)
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
    beyond = _with_unknown(body, spec) if body.grid else _told_in_a_row(body, spec)
    if set(beyond) > set(every):
        fresh = _fresh(beyond, spec)
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
    by_name = _by_name(spec)
    first, found = None, dict[str, str]()
    if body.grid:
        _, begin, end = sides(body.lines)[0]
        first, above = paths(body, (begin, end)) if end > begin else (None, ())
        found = named(above, by_name) if above else {}
    else:
        known = [(by_name[p][0], p) for line in _pieces(body) for p in line if p in by_name]
        half = len(known) // 2
        found = dict(known) if known[:half] == known[half:] and len(dict(known)) == half else {}
    ids = tuple(found)
    if len(ids) < _SEVERAL or spec.column_ids[0] not in found:
        return None
    strange = _fresh(ids, spec)
    return Layout(known=True, columns=ids, printed=ids, short=ids, labels=found, strange=strange, first_cell=first)


def _fresh(columns: Sequence[str], spec: TableSpec) -> int:
    """How strange the columns are that the spec doesn't know: each weighs more than some characters left over.

    A name that looks like a known one is misread, and no column of an office's own.
    """
    unknown = set(columns) - {c.id for c in (*spec.columns, *spec.more)}
    return _WEIGHT * (len(unknown) + _LIKE * sum(map(_misread, unknown)))


def _named_layout(body: Body, spec: TableSpec, named: Cover, beyond: tuple[str, ...]) -> Layout:
    """Take the columns that a header names, where it names nothing else."""
    if spec.column_ids[0] not in named.names:
        return Layout(known=False, reason="its header doesn't name the spec's columns")
    exact = (_by_cell(body, spec) or beyond) if body.grid else ()
    if exact and set(exact) >= set(named.names):
        fresh = _fresh(exact, spec)
        return Layout(known=True, columns=exact, printed=exact, short=exact, labels=named.labels, strange=fresh)
    if not named.complete:
        if not body.grid and beyond and set(beyond) >= set(named.names):
            strange, other = _fresh(beyond, spec), {i: i for i in beyond}
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
    missing, left, size = _counted(undated(body.header), spec)
    if len(missing) * 4 > len(every):
        lacks = ", ".join(missing)
        return Layout(known=False, reason=f"its header lacks {lacks}: another layout than the spec's")
    if left * 3 > size and left > 6:
        return Layout(known=False, reason="its header has columns that the spec doesn't know")
    short = tuple(c for c in every if c not in missing)
    lines = [list(_named(pieces, spec)) for pieces in _pieces(body)]
    whole = {name for line in lines for name in line}
    exact = _by_cell(body, spec) if body.grid else ()
    # A header broken over two lines names some columns at cells that aren't theirs.
    broken = bool(exact) and not set(exact) >= set(cover(body, spec).names)
    if exact and len(exact) < len(every) and not broken:
        return Layout(known=True, columns=exact, printed=exact, short=exact)
    if exact and set(exact) == set(every):
        return Layout(known=True, columns=every, printed=exact, short=every)
    columns = short if missing and body.grid and whole >= set(short) else every
    return Layout(known=True, columns=columns, printed=_ordered(columns, lines), short=short)


def _by_cell(body: Body, spec: TableSpec) -> tuple[str, ...]:
    """Return the columns as the cells of a grid's header name them, if they name every one without a gap.

    A leaf stands below its group; where two lines name the same cell, the lower one counts.
    """
    by_name = _by_name(spec)
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


def _beyond(token: Token, last: int) -> bool:
    """Whether an amount stands to the right of the last column that is named."""
    return token.decimals > 0 and token.cell is not None and token.cell > last


def _with_unknown(body: Body, spec: TableSpec) -> tuple[str, ...]:
    """Return the columns of a grid cell by cell, where some have names that the spec doesn't know: these they keep."""
    by_name = _by_name(spec)
    leaves = _leaves(body)
    numbers = [cell for line in body.lines if (cell := [t.cell for t in line if t.decimals and t.cell is not None])]
    if not numbers:
        return ()
    first = Counter(cell[0] for cell in numbers).most_common(1)[0][0]
    last = max(cell[-1] for cell in numbers)
    names = [leaves.get(i, "") for i in range(first, last + 1)]
    if set(names) - set(by_name) & set(HEADER_WORDS):
        return ()
    out = [by_name.get(n, [n])[0] for n in names]
    known = sum(n in by_name for n in names) * 2 >= len(out) or (len(out) > 1 and out[0] == spec.column_ids[0])
    return tuple(out) if all(out) and len(set(out)) == len(out) and known else ()


def _told_in_a_row(body: Body, spec: TableSpec) -> tuple[str, ...]:
    """Return the columns of a header without cells that names them in a row, those without a name in the spec too.

    They stand on one line, or each on a line of its own; what else the header holds are words that name no column.
    """
    if spec.shape != "coded" or body.blocks:
        return ()
    by_name = _by_name(spec)
    lines = [[p for p in line if p and not p.isdigit() and p != "※"] for line in _pieces(body)]
    if all(len(line) <= 1 for line in lines):
        lines = [[p for line in lines for p in line]]
    at = next(
        (i for i, line in enumerate(lines) if by_name.get(_first_named(line, by_name), [""])[0] == spec.column_ids[0]),
        None,
    )
    if at is None or any(p not in HEADER_WORDS for line in (*lines[:at], *lines[at + 1 :]) for p in line):
        return ()
    start = next(i for i, p in enumerate(lines[at]) if p in by_name)
    names = [p for p in lines[at][start:] if p != "备注"]
    out = [by_name.get(n, [n])[0] for n in names]
    plain = not any(n in HEADER_WORDS and n not in by_name for n in names) and len(set(out)) == len(out)
    before = all(p in HEADER_WORDS for p in lines[at][:start]) and not (body.fragments and set(names) - set(by_name))
    return tuple(out) if plain and before and len(out) > 1 else ()


def _first_named(line: Sequence[str], by_name: Mapping[str, Sequence[str]]) -> str:
    return next((p for p in line if p in by_name), "")


@lru_cache(maxsize=256)
def _by_name(spec: TableSpec) -> Mapping[str, Sequence[str]]:
    """Columns by printed name, several in their order; a name of a column's own beats another column's alias."""
    by_name: dict[str, list[str]] = {}
    for column in (*spec.columns, *spec.more):
        by_name.setdefault(squeeze(column.names[0]), []).append(column.id)
    aliases: dict[str, list[str]] = {}
    for column in (*spec.columns, *spec.more):
        for alias in map(squeeze, column.aliases):
            if column.id not in aliases.setdefault(alias, []):
                aliases[alias].append(column.id)
    return {**aliases, **by_name}


def _counted(header: str, spec: TableSpec) -> tuple[list[str], int, int]:
    """Return the columns whose characters are missing, the number of characters nothing explains, and of all."""
    bag = Counter(filter(str.isalpha, header))
    size = bag.total()
    missing = []
    for column, names in _letters(spec):
        best = min(names, key=lambda n: _lacking(n, bag) / max(1, n.total()))
        if _lacking(best, bag) * 3 > best.total():
            missing.append(column)
        bag -= best
    for word in HEADER_WORDS:
        if word in header:
            bag -= Counter(filter(str.isalpha, word))
    return missing, bag.total(), size


@lru_cache(maxsize=256)
def _letters(spec: TableSpec) -> Sequence[tuple[str, Sequence[Counter[str]]]]:
    """Columns, those of the longest id first, with the letters of each of their names."""
    columns = sorted(spec.columns, key=lambda c: -len(c.id))
    return [(c.id, [Counter(filter(str.isalpha, name)) for name in c.names]) for c in columns]


def _lacking(name: Counter[str], bag: Mapping[str, int]) -> int:
    """How many letters of a name aren't there."""
    return sum([max(0, count - bag.get(letter, 0)) for letter, count in name.items()])


def _pieces(body: Body) -> Iterator[list[str]]:
    """Yield the words of each header line, cell by cell in a grid."""
    for line in body.header_lines:
        if body.grid:
            yield [undated(text) for _, text in cells(line.text)]
        else:
            yield [undated(piece) for piece in line.text.replace("|", " ").split()]


def _named(pieces: Sequence[str], spec: TableSpec) -> Iterator[str]:
    """Yield the columns named on one header line, from left to right; words side by side may make one name."""
    by_name = _by_name(spec)
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
