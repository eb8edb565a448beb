"""Wide tables: the items stand in the header, and one line of numbers below; read as one row per item.

Header cells of such tables come in fragments, and empty cells are lost. Which number is which item's is settled by
the items that the header names and by the sums among them: every way to place the numbers is looked at.
"""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations, zip_longest
from math import comb

from extractor.amount import half_unit
from extractor.chunks import Chunk
from extractor.normalize import squeeze
from extractor.specs import TableSpec, is_final, walk

from .body import Body
from .draft import Draft
from .labels import STAGE, TOTALS, undated
from .rows import RawRow
from .tokens import Token, cells
from .wide_orders import CARS, GRAND, Head, Path, orders, placed_names

_MANY = 50_000
_BESIDE = ("会议费", "培训费")  # meetings and training, in some offices' tables beside the “三公” items
_OWN_TOTAL = re.compile(r"三公”?经费(?:支出|预算)?(?:合计|总计|总额)")
_PARTS = "小计"
_ENDS = ("购置费", "小计")  # with which what stands in one cell below another begins
_TWO = 2  # totals, years
_YEAR = re.compile(r"(?:19|20)\d\d年度?")
_FEW = 12  # ways of placing the numbers of a row, each of which may be held against other tables
_WAYS = 64  # of placing the numbers of two rows
_BLOCK = re.compile(r"(?:(?:19|20)\d\d年度?|上年度?|本年度?|当年|全年|年初)?(?:预算数|决算数|执行数|预算执行数)")
_STAGES = re.compile(rf"(?:{_BLOCK.pattern}|(?:19|20)\d\d年|[上本]年|增减|变[动化]|比上年)")
_Way = dict[tuple[Path, int], Token]
_Ways = Sequence[_Way]
"""Ways to place the numbers of a row."""
_AMBIGUOUS = "the text doesn't tell which of the header's items its number belongs to"


@dataclass(frozen=True, slots=True)
class _Slots:
    """One way to lay out the cells: for each cell in printed order its item and its column."""

    cells: tuple[tuple[Path, int], ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """The numbers of one printed row, and the words in front of them: none, 合计, or an office."""

    label: str
    tokens: tuple[Token, ...]
    base: int


def wide(chunk: Chunk, spec: TableSpec, body: Body) -> Draft | str:
    """Read a wide table; returns the reason where its numbers can't be placed.

    Where offices have rows of their own, the row of their total is the table's, and theirs stand below their names.
    """
    lines = _lines(body)
    years = _years(lines, chunk)
    header = "".join(squeeze(line.text) for line in body.header_lines)
    if lines and _BLOCK.fullmatch(lines[0].label) and lines[0].label in header:
        header += lines[0].label  # the last name of the header, on a line of its own
        lines[0] = replace(lines[0], label="")
    head = Head(header, placed_names(body), body.grid)
    items = _as_printed(_items(header, spec), body)
    if not lines or len(items) < 3 or (not body.grid and any(_of_header(line.label, spec) for line in lines[1:])):
        return "its header doesn't name the spec's items in front of its numbers"
    named = years or _columns(header, chunk)
    if not named or (not years and len(lines) > 1 and any(_STAGES.match(line.label) for line in lines)):
        return "its header, or its rows, name more budgets and outturns than the spec's"
    total = next((line for line in lines if line.label in TOTALS), lines[0] if len(lines) == 1 else None)
    if years:
        return _by_years((chunk, spec, body), items, years, lines)
    found = _placed(items, head, named, lines, grid=body.grid)
    if any(item[-1].label == GRAND for item in items) and (not found or _totals(header) < _TWO):
        fewer = [item for item in items if item[-1].label != GRAND]  # the one total is that of the “三公” items
        own = _placed(fewer, head, named, lines, grid=body.grid)
        told = _OWN_TOTAL.search(header) is not None
        if found and own and not told:
            return "whether its one total is of the “三公” items alone isn't told"
        items, found = (fewer, own) if own or told else (items, found)
    if not found:
        return "its numbers fit its header's items in no way that adds up"
    every = (chunk, spec, body), items, named

    def drawn(ways: Sequence[_Ways]) -> Draft:
        told = zip(lines, ways, strict=True)
        return _together([_draft(*every, fits, "" if line is total else line.label) for line, fits in told])

    draft = drawn(found)
    of_total: _Ways = found[lines.index(total)] if total else []
    alike = [[_alike(fits, way) for fits in found] for way in of_total if 1 < len(of_total) <= _FEW]
    return replace(draft, ways=tuple(map(drawn, alike)))


def _alike(fits: _Ways, way: _Way) -> _Ways:
    """Return the one way of a row in which the same items have amounts as in another's; all, where none has."""
    filled = {cell for cell, token in way.items() if token.amount and token.amount.value}
    same = [fit for fit in fits if {cell for cell, t in fit.items() if t.amount and t.amount.value} == filled]
    return same if len(same) == 1 else fits


def _together(drafts: Sequence[Draft]) -> Draft:
    """Put the rows of offices and of their total into one table."""
    rows: list[RawRow] = []
    for draft in drafts:
        for row in draft.rows:
            row.parent = None if row.parent is None else row.parent + len(rows)
        rows += draft.rows
    return replace(
        drafts[0], rows=tuple(rows), domains=tuple(d for draft in drafts for d in draft.domains),
        home=tuple(None for _ in rows), best=tuple(b for draft in drafts for b in draft.best),
    )  # fmt: skip


def _in_two(token: Token) -> list[Token]:
    """Take a number apart that was put together at a blank: ``70 122.13`` may be two."""
    if len(token.spans) != _TWO or token.spans[0].line != token.spans[1].line:
        return [token]
    start, end, _ = token.spans[0]
    first, second = token.text[: end - start], token.text[end - start :]
    spans = token.spans
    return [replace(token, text=first, spans=spans[:1], last=False), replace(token, text=second, spans=spans[1:])]


def _of_header(label: str, spec: TableSpec) -> bool:
    """Whether the words in front of numbers are an item's, or its end: no row is named so."""
    names = {undated(name) for path in walk(spec.left) for name in (path[-1].label, *path[-1].aliases)}
    known = label == _PARTS or any(label in name for name in names)
    several = any(label.startswith(end) and any(label[len(end) :] in name for name in names) for end in _ENDS)
    return bool(label) and label not in TOTALS and not _YEAR.fullmatch(label) and (known or several)


def _totals(header: str) -> int:
    """How many totals a header names; where several are called 小计, one of them is that of the vehicles."""
    parts = header.count("小计")
    return header.count("合计") + header.count("总计") + parts - bool(parts)


def _lines(body: Body) -> list[_Line]:
    """Cut the tokens into rows: words after numbers begin the next."""
    rows: list[tuple[list[Token], list[Token]]] = []
    every = [t for line in body.lines for t in line]
    for token, following in zip_longest(every, every[1:]):
        code = token.whole and following is not None and following.kind == "text"
        if code or token.kind not in ("text", "number", "dash"):
            continue  # an office by its code and its name
        if not rows or (token.kind == "text" and rows[-1][1]):
            rows.append(([], []))
        rows[-1][token.kind != "text"].append(token)
    return [
        _Line(squeeze("".join(t.text for t in words)), tuple(numbers), 1 + (words[-1].cell or 0) if words else 0)
        for words, numbers in rows
        if any(t.amount for t in numbers)
    ]


def _years(lines: Sequence[_Line], chunk: Chunk) -> dict[int, str]:
    """Return the columns that rows stand for: budgets of two years, or a budget and its outturn."""
    told = [line.label for line in lines]
    if len(told) == _TWO and all(map(_BLOCK.fullmatch, told)) and len({t.endswith("预算数") for t in told}) == _TWO:
        return {0 if label.endswith("预算数") else 1: label for label in told}
    if len(told) == _TWO and all(map(_YEAR.fullmatch, told)) and "预算" in chunk.title and told[0] != told[1]:
        return {2: min(told), 0: max(told)}
    if len(told) != _TWO or len(set(told)) != _TWO or not all(map(STAGE.match, told)):
        return {}
    earlier = min(told) if all(label[:1].isdigit() for label in told) else next((t for t in told if t[0] == "上"), "")
    last, this = earlier, next(t for t in told if t != earlier)
    if "预算" not in last or not last:
        return {}
    return {2: last, 1 if "决算" in this else 0: this}


def _by_years(
    told: tuple[Chunk, TableSpec, Body], items: Sequence[Path], years: Mapping[int, str], lines: Sequence[_Line]
) -> Draft | str:
    """Read a table whose items stand in the header, and whose rows are the budgets of two years."""
    columns = {label: column for column, label in years.items()}
    fits: list[dict[tuple[Path, int], Token]] = [{}]
    head = Head("", placed_names(told[2]), told[2].grid)
    for line in lines:
        column = columns[line.label]
        own = _fits(items, head, {column: line.label}, line, grid=told[2].grid)
        fits = [fit | other for fit in fits for other in own]
    if not fits or len(fits) > _WAYS:
        return "its numbers fit its header's items in no way that adds up, or in too many"
    columns_ = dict(sorted(years.items()))
    alone = [_draft(told, items, columns_, [fit], "") for fit in fits if 1 < len(fits) <= _FEW]
    return replace(_draft(told, items, columns_, fits, ""), ways=tuple(alone))


def _placed(
    items: Sequence[Path], header: Head, named: Mapping[int, str], lines: Sequence[_Line], *, grid: bool
) -> list[list[dict[tuple[Path, int], Token]]]:
    """Return the ways to place the numbers of each row; nothing where one of them has none."""
    found = [_fits(items, header, named, line, grid=grid) for line in lines]
    if not all(found) and any(len(t.spans) > 1 for line in lines for t in line.tokens):
        apart = [replace(line, tokens=tuple(t for token in line.tokens for t in _in_two(token))) for line in lines]
        found = [_fits(items, header, named, line, grid=grid) for line in apart]
    return found if all(found) else []


def _fits(
    items: Sequence[Path], header: Head, named: Mapping[int, str], line: _Line, *, grid: bool
) -> list[dict[tuple[Path, int], Token]]:
    """Return every way to place the numbers under which the items add up."""
    columns, tokens = tuple(named), line.tokens
    told = _told(header, named)
    fits: dict[frozenset[tuple[Path, int, str]], dict[tuple[Path, int], Token]] = {}
    for slots in _layouts(items, header, columns, list(named.values())):
        if len(tokens) > len(slots.cells) or comb(len(slots.cells), len(tokens)) > _MANY:
            continue
        printed = tuple(t.cell - line.base for t in tokens if t.cell is not None)
        printed = tuple(p for p in printed if 0 <= p < len(slots.cells))
        in_place = grid and len(printed) == len(tokens)
        for places in [printed] if in_place else combinations(range(len(slots.cells)), len(tokens)):
            placed = {
                (slots.cells[p][0], told.get(t.cell or 0, slots.cells[p][1])): t
                for p, t in zip(places, tokens, strict=True)
            }
            if len(placed) < len(tokens):
                continue
            values = {cell: t.amount.value for cell, t in placed.items() if t.amount}
            if _adds_up(values, items, slots):
                key = frozenset((*c, t.text) for c, t in placed.items() if t.amount and t.amount.value)
                fits.setdefault(key, placed)
    return list(fits.values())


def _told(header: Head, named: Mapping[int, str]) -> dict[int, int]:
    """Return which column a cell of a grid stands in where the lowest name above it says so: budget or outturn."""
    lowest = {cell: piece for (cell, line), piece in sorted(header.names)} if header.grid else {}
    columns = {undated(name): column for column, name in named.items()}
    told = {cell: columns[piece] for cell, piece in lowest.items() if piece in columns}
    return told if len(columns) == len(named) == len(set(told.values())) > 1 else {}


def names_items(body: Body, spec: TableSpec) -> bool:
    """Whether a header names the items of a wide table."""
    return len(_items("".join(squeeze(line.text) for line in body.header_lines), spec)) >= 3


def narrowed(body: Body, spec: TableSpec) -> TableSpec:
    """Return the spec without the items beside the “三公” tree that the header doesn't name."""
    header = "".join(squeeze(line.text) for line in body.header_lines)
    named = {path[0].label for path in _items(header, spec)}
    return spec.model_copy(update={"left": tuple(r for r in spec.left if r.children or r.label in named)})


def _items(header: str, spec: TableSpec) -> list[Path]:
    """Items that the header names; a total over its items is named by 合计, whatever stands above it."""
    everything = list(walk(spec.left))
    named = [p for p in everything if any(_within(squeeze(n), header) for n in (p[-1].label, *p[-1].aliases))]
    several = any(p[-1].label in _BESIDE for p in named)
    return [p for p in named if several or p[-1].label != GRAND]


def _as_printed(items: list[Path], body: Body) -> list[Path]:
    """Order the parts of each item as the header has them, where it tells: by cells, or all of them on one line."""
    places: dict[str, tuple[int, int]] = {}
    for number, line in enumerate(body.header_lines):
        pieces = [text for _, text in cells(line.text)] if body.grid else re.split(r"[\s|]+", line.text)
        for place, piece in enumerate(pieces):
            places.setdefault(squeeze(piece), (0 if body.grid else number, place))
    names = {i: [squeeze(name) for name in (i[-1].label, *i[-1].aliases)] for i in items}
    where = {i: next((places[n] for n in names[i] if n in places), None) for i in items}

    def below(parent: Path) -> list[Path]:
        parts = [i for i in items if i[:-1] == parent]
        told = [place for part in parts if (place := where[part]) is not None]
        if parent and len(told) == len(parts) and len({line for line, _ in told}) == 1:
            parts = [part for _, part in sorted(zip(told, parts, strict=True), key=lambda pair: pair[0])]
        return [item for part in parts for item in (part, *below(part))]

    return below(())


def _within(name: str, header: str) -> bool:
    """Whether a name stands in a header, in one piece or cut into pieces that come in order."""
    position = 0
    for char in name:
        position = header.find(char, position) + 1
        if not position:
            break
    else:
        return True
    return all(header.count(c) >= name.count(c) for c in name) and len(name) > 2


def _columns(header: str, chunk: Chunk) -> dict[int, str]:
    """Indexes of the spec's columns that are there, in printed order, with their printed names.

    Budget, outturn, or both; or the budgets of two years. The name is empty where the header prints none.
    """
    blocks = list(dict.fromkeys(_BLOCK.findall(header)))
    budgets = sorted((b for b in blocks if b.endswith("预算数")), key=lambda b: (not b.startswith("上"), b))
    if len(budgets) > 2 or len(blocks) > 2:
        return {}
    if len(blocks) == 2:
        earlier = budgets[0] if len(budgets) == 2 else ""
        return {2 if b == earlier else 0 if b in budgets else 1: b for b in blocks}
    printed = blocks[0] if blocks else ""
    return {1 if "决算" in printed or (not printed and is_final(chunk.title)) else 0: printed}


def _layouts(items: Sequence[Path], header: Head, columns: tuple[int, ...], names: Sequence[str]) -> Iterator[_Slots]:
    for order in orders(items, header):
        if len(columns) == 1:
            yield _Slots(tuple((item, columns[0]) for item in order))
        elif all(header.text.count(kind) > 1 for kind in names):
            yield _Slots(tuple((item, column) for item in order for column in columns))
        else:
            yield _Slots(tuple((item, column) for column in columns for item in order))


def _adds_up(values: dict[tuple[Path, int], Decimal], items: Sequence[Path], slots: _Slots) -> bool:
    """Whether each item is the sum of its parts, and the grand total that of its groups; an empty cell is 0.

    A group without a column of its own stands for its parts.
    """
    grand = [p for p in items if p[-1].label == GRAND]
    shown = {item for item, _ in slots.cells}
    for column in {column for _, column in slots.cells}:
        for item in items:
            parts = _parts(item, items, shown)
            if item in grand:
                parts = [p for p in items if len(p) == 1 and p[-1].label in ("总计", *_BESIDE)]
            if not parts or item not in shown:
                continue
            numbers = [values.get((p, column), Decimal(0)) for p in parts]
            whole = values.get((item, column), Decimal(0))
            room = half_unit(whole) + sum((half_unit(n) for n in numbers), Decimal(0))
            if abs(whole - sum(numbers)) > room:
                return False
    return True


def _parts(item: Path, items: Sequence[Path], shown: Container[Path]) -> list[Path]:
    """Return the items that add up to another, those of a group in its place where it has no column."""
    own = [p for p in items if p[:-1] == item]
    return [part for p in own for part in ([p] if p in shown else _parts(p, items, shown))]


def _apart(item: Path, items: Sequence[Path], shown: Container[Path]) -> bool:
    """Whether parts of an item have numbers."""
    return any(i[:-1] == item and i in shown for i in items)


def _draft(
    told: tuple[Chunk, TableSpec, Body], items: Sequence[Path], named: Mapping[int, str], fits: _Ways, office: str
) -> Draft:
    chunk, spec, body = told
    # Cars are run more often than they are bought, and guests received more often than anybody travels abroad.
    usual = ("公务用车运行费", "公务接待费")
    some = [{cell for cell, t in fit.items() if t.amount and t.amount.value} for fit in fits]
    best = max(range(len(fits)), key=lambda n: sum(item[-1].label in usual for item, _ in some[n]))
    first = fits[best]
    unclear = {cell for fit in fits for cell in {*fit, *first} if fit.get(cell) is not first.get(cell)}
    unclear &= {cell for cells_ in some for cell in cells_}  # where a 0 or nothing stands is the same, but not for 6.40
    columns = tuple(named)
    rows, places = [], []
    shown = {item for fit in fits for item, _ in fit}
    items = [i for i in items if i[-1].label != CARS or i in shown or not _apart(i, items, shown)]
    where = {item: index for index, item in enumerate(items)}
    start = next(iter(first.values())).line
    for item in items:
        row = RawRow(start, kind="total" if item[-1].top else "label")
        row.role = "/".join(r.label for r in item) if not office else None
        row.key = "/".join(r.label for r in item if not r.top or r is item[-1])
        if office:
            row.kind = "label"
            row.key = office if item[-1].top else f"{office}/{row.key}"
        row.parent = where.get(item[:-1], where.get(item[:-2]))
        mine = [(c, first[item, c]) for c in columns if (item, c) in first]
        row.items = [t for _, t in mine]
        places.append(tuple(columns.index(c) for c, _ in mine))
        if any((item, c) in unclear and t.amount for c, t in mine):
            row.doubt = _AMBIGUOUS
        rows.append(row)
    ids = tuple(spec.column_ids[c] for c in columns)
    labels = {spec.column_ids[c]: name for c, name in named.items() if name}
    domains = tuple(tuple((c,) for c in row) for row in places)
    return Draft(
        chunk, spec, body, tuple(rows), ids, ids, domains, tuple(None for _ in rows), tuple(places),
        "the items of the header and their sums", labels=labels,
    )  # fmt: skip
