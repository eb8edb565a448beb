"""Headers of tables whose two sides have other columns each: budget and outturn left, kinds of money right.

In a grid the cells tell them. In text without cells the right side begins where what a row is called is named again:
``项目 预算数 项目 合计 基本支出 项目支出``. Lines below name parts of the right side's columns; which of them, its sums
tell, and where they don't, nothing is taken.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations

from extractor.normalize import Line, squeeze
from extractor.specs import TableSpec

from .blocks import sides
from .body import Body
from .columns import MORE, Layout, columns_by_name, looks_misread, strangeness
from .fragments import whole_names
from .group_words import LEAVES, names_rows
from .groups import Grouped, of_form, settled
from .heads import REMARK, Paths, bare, named, paths
from .labelled import labelled_rows
from .labels import TOTALS, Labels, undated
from .rows import RawRow
from .tokens import cells, split_header

_SIDES = frozenset({"收入", "支出", "本年收入", "本年支出", "收", "支", "入", "出", "财政拨款收入", "财政拨款支出"})
_ROWS = re.compile(r"^\(?按.*(?:分类|性质|科目)\)?$|^(?:收入|支出)项目$|^功能分类$|^(?:收入|支出)科目$")
_WHOLE = re.compile(r"(?:[总合小]计|预算数|决算数|执行数|金额|预算|决算)$")
_OUTTURN = re.compile(r"决算|执行|本年")
_YEAR = re.compile(r"(?:19|20)\d\d年度?")
_MOST = 12  # columns of a side
_FEW = 6  # names of a side on its first two lines
_YEARS = ("上年预算数", "预算数")
_CHANGE = "增减额"
_RATE = re.compile(r"[%率比]\)?$|备注$|比重|幅度")
_ROOM = Decimal("0.02")
_TWO = 2
_SPACED = frozenset("项收支科栏行序")  # how words begin that are printed with a blank inside


@dataclass(frozen=True, slots=True)
class _Sides:
    """A header taken apart: the names of each side on one line, and the lines of names above it and below.

    ``apart`` where each line of the text is one cell.
    """

    above: list[list[str]]
    left: list[str]
    right: list[str]
    below: list[list[str]]
    apart: bool


def in_cells(body: Body, spec: TableSpec, otherwise: Layout) -> Layout:
    """Take the columns of both sides of a grid as they stand above them, where these are others on either side."""
    both = sides(body.lines)
    if len(both) != _TWO or not all(end for _, _, end in both):
        return otherwise
    width = max((len(cells(line.text)) for line in body.header_lines), default=0)
    left = _named_in(body, both[0][1], both[1][0] - 1)
    right = _named_in(body, both[1][1], width - 1)
    if not left or not right or left == right:
        return otherwise
    found = _layout((left, right), spec)
    if found is not None and len(left) == 1 and found.columns == otherwise.columns:
        return replace(otherwise, labels=found.labels)
    if otherwise.known and len(left) == 1 and len(spec.columns) > 1:
        return otherwise
    first = both[0][1] if len(left) > 1 else both[1][1]
    return otherwise if found is None else _in_cell(found, first)


def _in_cell(found: Layout, first: int) -> Layout:
    return Layout(
        known=True, columns=found.columns, printed=found.columns, short=found.columns, labels=found.labels,
        first_cell=first, strange=found.strange, sides=found.sides,
    )  # fmt: skip


def _named_in(body: Body, first: int, last: int) -> Paths:
    """Return what stands above the cells of a side; those at its end that say nothing of amounts are none of it."""
    rows = [[squeeze(text) for _, text in cells(line.text)] for line in body.header_lines]

    def blank(cell: int) -> bool:
        told = [row[cell] for row in rows if cell < len(row) and row[cell]]
        return not told or told[-1] == REMARK or told[-1] == "行次"

    while last > first and blank(last):
        last -= 1
    return paths(body, (first, last))[1] if last - first < _MOST else ()


def without_cells(body: Body, spec: TableSpec, labels: Labels, otherwise: Layout) -> Layout:
    """Take the columns of both sides from the words of a header, if its rows agree."""
    header = body.pieces if not body.fragments else whole_names(body.pieces, sides=True)
    told = _in_sides(header)
    if told is None:
        return otherwise
    left, right, lower = told.left, told.right, told.below
    if told.above:
        rows = labelled_rows(body, spec, labels)
        return _of_known_form(told, spec, rows) or _centred(told, spec, rows) or otherwise
    if (left == right and not lower) or not 0 < len(left) <= _MOST or not 0 < len(right) <= _MOST:
        return otherwise
    if len(left) == 1 and not lower and otherwise.known:
        same = tuple(named(tuple((name,) for name in right), columns_by_name(spec)))
        if same == otherwise.columns:
            return otherwise
    rows = labelled_rows(body, spec, labels)
    most = {side: max((len(r.items) for r in rows if r.side == side), default=0) for side in ("left", "right")}
    if most["left"] > len(left):
        return otherwise if len(left) <= max(1, len(otherwise.columns)) else Layout(known=False, reason=MORE)
    if most["right"] < len(right) and not lower and all(map(_RATE.search, right[most["right"] :])):
        right = right[: most["right"]]  # a column of rates that no row fills
    above = tuple((name,) for name in left)
    if not lower and len(right) in (1, most["right"]):
        flat = _layout((above, tuple((name,) for name in right)), spec)
        return otherwise if flat is None or not _changes(flat, rows) else flat
    if not lower and any(len(_words(line.text)) > 1 for line in header):
        return otherwise
    return _in_groups(told, spec, rows, _named_below(otherwise, right, lower))


def _in_groups(told: _Sides, spec: TableSpec, rows: Sequence[RawRow], otherwise: Layout) -> Layout:
    """Take the right side's columns below its groups, as the sums tell them."""
    found = settled([told.right, *told.below], [row for row in rows if row.side == "right"])
    if found is None or len(found.columns) > _MOST:
        names = [*told.right, *(n for line in told.below for n in line)]
        return _of_known_form(told, spec, rows) or _unless_strange(names, spec, otherwise)
    return _layout((tuple((name,) for name in told.left), found.columns), spec, found) or otherwise


def _unless_strange(names: Sequence[str], spec: TableSpec, otherwise: Layout) -> Layout:
    """Take another reading only if it has a column for every name: sums down the rows would prove the wrong one."""
    by_name = columns_by_name(spec)
    told = [undated(bare(name)) for name in names if not _of_rows(name)]
    if any(name not in by_name and name not in LEAVES for name in told):
        return Layout(known=False, reason="which of its columns stand below which its sums don't tell")
    return otherwise


def _changes(found: Layout, rows: Sequence[RawRow]) -> bool:
    """Whether the changes that full rows print are those between the two years beside them."""
    held = failed = 0
    for row in rows:
        ids = [found.columns[i] for i in (found.sides or ((), ()))[row.side == "right"]]
        if len(row.items) != len(ids) or not {*_YEARS, _CHANGE} <= {*ids}:
            continue
        value = {i: t.amount.value if t.amount else Decimal(0) for i, t in zip(ids, row.items, strict=True)}
        holds = abs(value[_YEARS[0]] + value[_CHANGE] - value[_YEARS[1]]) <= _ROOM
        held, failed = held + holds, failed + (not holds)
    return failed <= held


def _named_below(known: Layout, right: Sequence[str], lower: Sequence[Sequence[str]]) -> Layout:
    """Call the right side's first column by the sum that stands below its group, not by the group's name."""
    main = known.columns[0] if known.columns else ""
    below = lower[0][0] if lower and len(right) == 1 else right[1] if len(right) > 1 else ""
    if not known.known or known.labels.get(main, main) != right[0] or below not in LEAVES:
        return known
    return replace(known, labels={**known.labels, main: below})


def _in_sides(header: Sequence[Line]) -> _Sides | None:
    """Return the names of a header by the line on which both sides begin to say what their rows are."""
    lines = [_words(line.text) for line in header]
    apart = all(len(line) == 1 for line in lines)
    lines = [kept for line in lines if (kept := [p for p in line if p != REMARK and p not in _SIDES])]
    if all(len(line) == 1 for line in lines):  # one cell on each line
        lines = [[p for line in lines for p in line]]
    for number, line in enumerate(lines):
        of_rows = [_of_rows(piece) for piece in line]
        begins = [i for i, own in enumerate(of_rows) if own and (not i or not of_rows[i - 1])]
        if len(begins) == _TWO and (not begins[0] or len(lines) == 1):
            parts = line[begins[0] : begins[1]], line[begins[1] :]
            left, right = ([p for p in part if not _of_rows(p)] for part in parts)
            # A tool that writes merged cells by themselves has groups in front of all, cell by cell.
            front = [[p] for p in line[: begins[0]]]
            above, below = (
                [kept for other in part if (kept := [p for p in other if not _of_rows(p)])]
                for part in ([*lines[:number], *front], lines[number + 1 :])
            )
            return _Sides(above, left, right, below, apart)
    return None


def _of_known_form(told: _Sides, spec: TableSpec, rows: Sequence[RawRow]) -> Layout | None:
    """Take the right side's columns of a header whose cells are centred: a name of all of them, then a known form."""
    if len(told.left) != 1:
        return None
    lines = [*told.above, told.right, *told.below]
    of_all = next((line for line in (*told.above, told.right) if len(line) == 1 and _WHOLE.search(line[0])), None)
    names = [line for line in lines if line is not of_all]
    found = of_form(names, [row for row in rows if row.side == "right"], apart=bool(told.above) and told.apart)
    return _layout((((told.left[0],),), found.columns), spec, found) if found else None


def _centred(told: _Sides, spec: TableSpec, rows: Sequence[RawRow]) -> Layout | None:
    """Take the columns of a header whose right side has names of groups a line above its other names.

    Where in the line below they belong isn't told; of all places the sums have to allow one alone.
    """
    if len(told.above) != 1 or not told.below or len(told.above[0]) + len(told.right) > _FEW:
        return None
    (groups,), right = told.above, told.right
    mine = [row for row in rows if row.side == "right"]
    count = len(groups) + len(right)
    found = {}
    for places in combinations(range(count), len(groups)):
        inside, others = iter(groups), iter(right)
        line = [next(inside if place in places else others) for place in range(count)]
        if way := settled([line, *told.below], mine):
            found[way.columns] = way
    way = next(iter(found.values())) if len(found) == 1 else None
    return _layout((tuple((name,) for name in told.left), way.columns), spec, way) if way else None


def _words(text: str) -> list[str]:
    """Split a line of a header at blanks; single characters beside each other are a word that is spaced out."""
    out: list[str] = []
    spaced = False
    for piece in split_header(text):
        if spaced and len(piece) == 1 and out[-1] in _SPACED:
            out[-1] += piece
        else:
            out.append(piece)
        spaced = len(piece) == 1
    return out


def _of_rows(piece: str) -> bool:
    return names_rows(piece) or _ROWS.search(piece) is not None


def _layout(both: tuple[Paths, Paths], spec: TableSpec, found: Grouped | None = None) -> Layout | None:
    """Put the columns of both sides together; those of one name are one column."""
    by_name = columns_by_name(spec)
    main = spec.column_ids[0]
    left, right = (_with_main(named(side, by_name) or _as_printed(side), side, main) for side in both)
    if not left or not right or any(map(looks_misread, (*left.values(), *right.values()))):
        return None
    columns = _merged(tuple(left), tuple(right))
    if columns is None or main not in left or main not in right:
        return None
    labels = {**left, **right} | {f"left:{i}": name for i, name in left.items() if right.get(i, name) != name}
    labels = {i: name for i, name in labels.items() if i != name}
    where = (tuple(columns.index(i) for i in left), tuple(columns.index(i) for i in right))
    return Layout(
        known=True, columns=columns, printed=columns, short=columns, labels=labels,
        strange=strangeness(columns, spec), sums=found.sums if found else (), sides=where,
    )  # fmt: skip


def _as_printed(side: Paths) -> dict[str, str]:
    """Return the columns of a side by their printed names alone; nothing where two are the same."""
    names = [path[-1] for path in side]
    names = [name if names.count(name) == 1 else "/".join(path) for name, path in zip(names, side, strict=True)]
    return dict(zip(names, names, strict=True)) if len(set(names)) == len(names) else {}


def _with_main(found: Mapping[str, str], side: Paths, main: str) -> dict[str, str]:
    """Call the column that holds the side's amounts as the spec does: the one of all, of the outturn among several."""
    if main in found or not found:
        return dict(found)
    ids = list(found)
    wholes = [i for i, path in zip(ids, side, strict=True) if _WHOLE.search(path[-1])]
    if all(_YEAR.fullmatch(path[-1]) for path in side):  # the later of two years
        wholes = [i for i, path in zip(ids, side, strict=True) if path == max(side)]
    sums = [i for i, path in zip(ids, side, strict=True) if path[-1] in TOTALS]
    if len(wholes) > 1 and len(sums) == 1:
        wholes = sums  # 一般公共预算 is a kind of money
    if len(wholes) > 1:
        done = [i for i, path in zip(ids, side, strict=True) if i in wholes and any(map(_OUTTURN.search, path))]
        wholes = done if len(done) == 1 else []
    if len(wholes) != 1:
        return {}
    return {main if i == wholes[0] else i: name for i, name in found.items()}


def _merged(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...] | None:
    """Put two orders of columns together; nothing where they contradict each other."""
    shared = [i for i in right if i in left]
    if [i for i in left if i in right] != shared:
        return None
    out: list[str] = []
    rest = list(left)
    for column in right:
        if column in shared:
            at = rest.index(column)
            out += rest[:at]
            rest = rest[at + 1 :]
        out.append(column)
    return (*out, *rest)
