"""Columns of a grid by the cells of its header: what stands above each number, from the group down to the leaf.

A merged cell is printed once, or again in every cell that it spans. A leaf such as 小计 says nothing by itself:
with the name of its group it does. A column whose name no spec knows keeps the name that is printed.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from extractor.lexicon import nearly
from extractor.normalize import squeeze
from extractor.specs import TableSpec

from .blocks import sides
from .body import Body
from .columns import Layout, columns_by_name, is_name, looks_misread, misread_of, strangeness
from .labels import HEADER_WORDS, undated
from .tokens import cells, split_header

LEAVES = frozenset(
    {"小计", "合计", "总计", "金额", "预算数", "决算数"}
)  # they name the sum of a group, or its only column
# Names of the columns that say what a row is.
_NAMES = frozenset(
    {"项目", "科目编码", "科目代码", "科目名称", "功能分类科目编码", "科目", "编码", "名称", "类", "款", "项", "类款项"}
)
REMARK = "备注"
_IN_WORDS = re.compile(r"(?:备注|原因|说明|理由|依据)$")  # what such a column holds is no amounts
_MOST = 60  # columns
_MISREAD = 5  # characters of a name for each that may be misread
_TWO = 2  # years that are compared, sides
_OFTEN = 5  # rows of a column are no fewer than one in so many of the fullest's
CROWDED = "its rows print amounts in more cells than its header names"
"""Why a layout doesn't fit."""
_AMOUNT = re.compile(r"[\d.,]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_OUTTURN = re.compile(r"决算|^本年支出|本年预算")
_BUDGET = re.compile(r"预算数?$")
_NONE = "*"
_CHANGE = re.compile(r"^(?!.*(?:原因|说明)$).*(?:增减|增加|增长|变动|变化)")
_RATE = re.compile(r"[%率]|幅度|比例")
Paths = tuple[tuple[str, ...], ...]


def paths(body: Body, within: tuple[int, int] | None = None) -> tuple[int, Paths]:
    """Return the first cell with amounts, and for each column from there to the last the words above it, top down.

    Nothing where a column has no words above it, or a row has amounts outside. ``within`` are the first and the last
    cell of one side of a table.
    """
    if within is not None:
        above = tuple(_path(_rows(body), place) for place in range(within[0], within[1] + 1))
        return (within[0], above) if all(above) else (0, ())
    places = [[t.cell for t in line if t.priced and t.cell is not None] for line in body.lines]
    found = [cells_ for cells_ in places if cells_]
    if not found or not body.header_lines:
        return 0, ()
    rows = _rows(body)
    first, last = min(line[0] for line in found), max(line[-1] for line in found)
    last = max([last, *(i for row in rows for i, text in enumerate(row) if text and not _IN_WORDS.search(text))])
    usual = Counter(line[0] for line in found).most_common(1)[0][0]
    if last - first >= _MOST:
        return 0, ()
    while first < usual and _of_labels(_path(rows, first)):
        first += 1  # a row that slipped to the left
    above = tuple(_path(rows, place) for place in range(first, last + 1))
    return (first, above) if all(above) else (0, ())


def _of_labels(path: Sequence[str]) -> bool:
    """Whether what stands above a cell names no amounts: nothing, or codes and names."""
    return not path or path[-1] in _NAMES or path[-1].endswith(("名称", "编码", "代码"))


def _rows(body: Body) -> list[list[str]]:
    rows = [[squeeze(text) for _, text in cells(line.text)] for line in body.header_lines]
    return [["" if _AMOUNT.fullmatch(text) or text in ("栏次", "行次") else text for text in row] for row in rows]


def _path(rows: Sequence[Sequence[str]], place: int) -> tuple[str, ...]:
    out: list[str] = []
    for depth, row in enumerate(rows):
        text = row[place] if place < len(row) else ""
        text = text or _spanning(rows, depth, place)
        if text and text not in out:
            out.append(text)
    leaf = undated(bare(out[-1])) if len(out) > 1 else ""
    if leaf and not is_name(leaf):  # a name may be cut into lines of its cell
        begin = next((i for i in range(len(out) - 1) if is_name(undated("".join(out[i:])))), None)
        out = out if begin is None else [*out[:begin], "".join(out[begin:])]
    return tuple(out)


def _spanning(rows: Sequence[Sequence[str]], depth: int, place: int) -> str:
    """What stands to the left of an empty cell, if it stands above both: something is printed below each of them."""
    row = rows[depth]
    left = next((i for i in range(min(place, len(row)) - 1, -1, -1) if row[i]), None)
    below = rows[depth + 1 :]
    if left is None or not all(any(i < len(r) and r[i] for r in below) for i in range(left, place + 1)):
        return ""
    return row[left]


def named(above: Paths, by_name: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the columns in printed order, by id where the spec knows one, each with its printed name.

    Nothing where two have the same name, or none is the spec's.
    """
    leaves = Counter(path[-1] for path in above)
    often = leaves | Counter(step[-1] for step in {path[:end] for path in above for end in range(1, len(path) + 1)})
    years = sorted({year for path in above for text in path for year in _YEAR.findall(text)})
    out: dict[str, str] = {}
    known = 0
    main = _main(above, leaves)
    done = _outturns(above, by_name)
    for path in above:
        printed = bare(path[-1])
        told = [] if _is_rest(path, above) else _candidates(path, leaves, years)
        if main and often[path[-1]] > 1 and path[0] != main and bare(path[-1]) not in LEAVES:
            told = told[:-1]  # its leaf alone is the name of the main group's
        kept = done if any(map(_BUDGET.search, path)) else frozenset()  # an outturn's, which is the table's
        ids = [i for name in told for i in by_name.get(name, ()) if i not in out and i not in kept]
        group = path[-2:-1] if bare(path[-1]) in LEAVES else ()
        whole = "/".join(p for p in path if p not in HEADER_WORDS or p == path[-1] or p in by_name or p in group)
        printed = whole if leaves[path[-1]] > 1 else printed
        key = whole if often[path[-1]] > 1 else printed
        own = ids[0] if ids else key if key not in {*out, *kept} else f"{key}/{key}"
        if own in out:
            return {}
        known += bool(ids) or undated(bare(path[-1])) in by_name
        out[own] = printed
    return out if known else {}


def _is_rest(path: Sequence[str], above: Paths) -> bool:
    """Whether 小计 stands below the name of a column: that one is called by the name."""
    return len(path) > 1 and bare(path[-1]) in LEAVES and any(p[-1] == path[-2] and p[:-1] == path[:-2] for p in above)


def _outturns(above: Paths, by_name: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the columns that an outturn beside a budget is called by: both may go by one name."""
    said = [undated(path[-1]) for path in above if "决算数" in path[-1]]
    return frozenset(i for name in said for i in by_name.get(name, ())[:1])


def _main(above: Paths, leaves: Mapping[str, int]) -> str:
    """Return the group that names of columns stand for where several groups have the same.

    That of the later of two years, else the outturn's, or none's.
    """
    groups = list(dict.fromkeys(path[0] for path in above if len(path) > 1 and leaves[path[-1]] > 1))
    done = [group for group in groups if _OUTTURN.search(group)]
    if len(groups) < _TWO:
        return ""
    years = [found[0] for group in groups if (found := _YEAR.findall(group))]
    if len(years) == len(groups):
        latest = [group for group, year in zip(groups, years, strict=True) if year == max(years)]
        return latest[0] if len(set(years)) > 1 and len(latest) == 1 else ""
    return done[0] if len(done) == 1 else _NONE


def told_by_sums(body: Body) -> Paths:
    """Return what stands above each column where a header's last line begins a group again with every 合计 or 小计.

    The line above it names the groups, as many: ``2023年预算数 2024年预算数`` / ``合计 合计 基本支出 项目支出``.
    """
    lines = [split_header(line.text) for line in body.header_lines]
    lines = [kept for line in lines if (kept := [p for p in line if not p.isdigit() and p not in _NAMES])]
    if all(len(line) == 1 for line in lines):  # one cell on each line
        flat = [p for line in lines for p in line]
        begin = next((i for i, p in enumerate(flat) if p in LEAVES), len(flat))
        lines = [flat[:begin], flat[begin:]]
    if len(lines) < _TWO:
        return ()
    groups, leaves = lines[-2:]
    starts = [i for i, leaf in enumerate(leaves) if leaf in LEAVES]
    if len(starts) < _TWO or len(starts) != len(groups) or starts[0]:
        return ()
    ends = [*starts[1:], len(leaves)]
    return tuple((g, leaf) for g, a, b in zip(groups, starts, ends, strict=True) for leaf in leaves[a:b])


def _candidates(path: Sequence[str], leaves: Mapping[str, int], years: Sequence[str]) -> list[str]:
    """The names a column may go by: of a sum the group's, which tells it from the sums of other groups."""
    leaf, above = path[-1], path[-2::-1]
    if bare(leaf) in LEAVES and above:
        return [
            f"{undated(above[0])}{leaf}",
            *_said(above[0], years, leaves),
            *(_said(leaf, years, leaves) if leaves[leaf] == 1 else []),
        ]
    group = ["/".join(map(undated, path[-2:]))] if above else []
    return [*group, *_said(leaf, years, leaves)]


def _said(text: str, years: Sequence[str], leaves: Mapping[str, int]) -> list[str]:
    """A name without its year, by which of two years it says, and what a change against the last year is called.

    Where both years have the same name it is that of the later one.
    """
    plain = undated(bare(text))
    own = _YEAR.findall(text)
    if len(years) == _TWO and own == years[:1] and text.replace(years[0], years[1]) in leaves:
        return [f"上年{plain}"]
    if _CHANGE.search(plain):
        return [plain, change_column(plain)]
    if len(years) == _TWO and len(own) == 1:
        return [("上年" if own[0] == years[0] else "本年") + plain, plain]
    return [plain]


def change_column(name: str) -> str:
    """Return the column of changes that a name stands for: of rates or of amounts."""
    return "增减%" if _RATE.search(name) else "增减额"


def bare(text: str) -> str:
    """Return a name without 其中 in front of it."""
    return text.removeprefix("其中").removeprefix(":")


def width_used(body: Body) -> int:
    """How many cells, from the first to the last, print amounts in several rows; lines put in don't count."""
    count = Counter(t.cell for line in body.lines for t in line if t.priced and t.cell is not None)
    most = max(count.values(), default=0)
    often = [cell for cell, rows in count.items() if rows > 1 and rows * _OFTEN > most]
    return max(often) - min(often) + 1 if often else 0


def by_paths(body: Body, spec: TableSpec, otherwise: Layout) -> Layout:
    """Take the columns by what stands above each cell; other names than the spec's are kept as they are printed."""
    first, above = paths(body)
    found = named(above, columns_by_name(spec))
    ids = tuple(found)
    fresh = strangeness(ids, spec)
    meant = _meant(found, spec) if otherwise.known else {}
    if meant and meant != found:
        if set(meant) <= set(otherwise.columns):
            return otherwise
        if set(otherwise.columns) < set(meant):
            plain = not spec.layout and set(meant) <= set(spec.column_ids)
            labels = {} if plain else {i: n for i, n in meant.items() if i != n}
            ids = tuple(meant)
            return Layout(known=True, columns=ids, printed=ids, short=ids, labels=labels, first_cell=first)
    if found and ids[0] != spec.column_ids[0] and strangers(found, spec) * 2 > len(ids):
        return otherwise  # most names are others
    if not found or (otherwise.known and (otherwise.strange <= fresh or set(ids) <= set(otherwise.columns))):
        return otherwise
    if otherwise.known and any(_nearly(name, columns_by_name(spec), found) for name in found.values()):
        return otherwise  # a name of the spec's, misread
    if any(looks_misread(name) or misread_of(undated(bare(name)), spec, found) for name in found.values()):
        return otherwise
    labels = {i: n for i, n in found.items() if i != n}
    return Layout(known=True, columns=ids, printed=ids, short=ids, labels=labels, strange=fresh, first_cell=first)


def strangers(found: Mapping[str, str], spec: TableSpec) -> int:
    """How many columns have names of which a spec knows nothing, not even the last part below a group's name."""
    by_name, own = columns_by_name(spec), {c.id for c in (*spec.columns, *spec.more)}
    leaves = {i: undated(bare(name.rsplit("/", 1)[-1])) for i, name in found.items() if i not in own}
    return sum(leaf not in by_name and leaf not in LEAVES for leaf in leaves.values())


def _nearly(name: str, by_name: Mapping[str, Sequence[str]], found: Mapping[str, str]) -> bool:
    """Whether a name is that of a column which isn't found, but for a character."""
    if name in by_name:
        return False
    missing = [known for known, ids in by_name.items() if len(known) == len(name) and found.keys().isdisjoint(ids)]
    return any(sum(a != b for a, b in zip(name, known, strict=True)) == 1 for known in missing)


def _meant(found: Mapping[str, str], spec: TableSpec) -> dict[str, str]:
    """Return the spec's columns, each with its printed name, where some are misread; nothing if one is unknown.

    A name is misread in one character, or in one of five.
    """
    by_name, known = columns_by_name(spec), {c.id for c in (*spec.columns, *spec.more)}
    out: dict[str, str] = {}
    for own, printed in found.items():
        name = undated(bare(printed))
        near = {
            i
            for other, ids in by_name.items()
            if nearly(name, other, max(1, len(name) // _MISREAD))
            for i in ids[:1]
            if i not in found
        }
        meant = own if own in known else near.pop() if len(near) == 1 else ""
        if not meant or meant in out:
            return {}
        out[meant] = printed
    return out


def right_side(body: Body, spec: TableSpec, otherwise: Layout) -> Layout:
    """Take the columns of the right side by what stands above them, where it prints more than are known."""
    both = sides(body.lines)
    if len(both) != _TWO or not otherwise.known or both[1][2] - both[1][1] < len(otherwise.columns):
        return otherwise
    found = named(paths(body, both[1][1:])[1], columns_by_name(spec))
    ids = tuple(found)
    if not found or ids[0] != spec.column_ids[0]:
        return Layout(known=False, reason=CROWDED)
    _, left = paths(body, (both[0][1], both[0][1]))
    labels = found | ({f"left:{ids[0]}": left[0][-1]} if left else {})
    return Layout(known=True, columns=ids, printed=ids, short=ids, labels=labels, strange=strangeness(ids, spec))
