"""The money rows of a form: labels with one amount each in budgets, with six columns in final accounts."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, combinations, product
from typing import Literal

from extractor.amount import parse_amount
from extractor.forms import FormSpec, MoneyColumn, MoneyRow, Words

from .form_pieces import Piece, part_of

_SEPARATOR = "\x1f"
# Possessive: no shorter run of digits is followed by one of these, so none is tried.
_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d++)(?:\.\d++)?(?=[\x1f%分万元,;。)]|$)")
_UNIT = re.compile(r"\x1f?(?:%|分|万元|元)(?=[\x1f,;。)]|$)")
_SILENT = re.compile(r"\((?:万\x1f?元|元|单位:万元)\)|[\x1f:,、;。()]|其\x1f?中\x1f?:?|当年|\d\.(?!\d)")
_AMOUNTS = 3  # columns of money before weight, rate and score
_MOST = 81  # placements tried

TokenKind = Literal["row", "column", "number", "nothing", "other"]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: TokenKind
    pieces: tuple[Piece, ...]
    text: str = ""
    unit: str = ""
    row: MoneyRow | None = None
    column: MoneyColumn | None = None


@dataclass(frozen=True, slots=True)
class MoneyCell:
    """An amount with its column; ``options`` where the text leaves several columns possible."""

    column: str
    unit: str
    text: str
    value: Decimal
    pieces: tuple[Piece, ...]
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """A money row as read."""

    row: MoneyRow
    label: tuple[Piece, ...]
    cells: tuple[MoneyCell, ...]


@dataclass(slots=True)
class _Raw:
    row: MoneyRow
    label: tuple[Piece, ...]
    entries: list[_Token] = field(default_factory=list)

    @property
    def numbers(self) -> list[_Token]:
        return [t for t in self.entries if t.kind == "number"]


def money(spec: FormSpec, found: Sequence[Piece], words: Words) -> tuple[list[MoneyLine], str]:
    """Read the money rows.

    Returns:
        The rows in printed order, and the unit of their amounts. A row that can't be settled is left out.
    """
    tokens = list(_tokens(spec, found, words))
    start = next((i for i, t in enumerate(tokens) if t.kind == "row"), len(tokens))
    header = [t for t in tokens[:start] if t.kind == "column"]
    ids = [t.column.id for t in header if t.column]
    raw = _rows(tokens[start:])
    names = [r.row.id for r in raw]
    raw = [r for r in raw if names.count(r.row.id) == 1]
    text = "".join(p.text for p in found)
    unit = "元" if "(元)" in text and "(万元)" not in text else "万元"
    if len(ids) < 2 or len(ids) != len(set(ids)):
        return ([] if ids else _single(spec, raw, unit)), unit
    return _many(header, raw, unit), unit


_Labels = Mapping[str, Sequence[tuple[re.Pattern[str], MoneyRow | None, MoneyColumn | None]]]


@lru_cache(maxsize=8)
def _labels(spec: FormSpec) -> _Labels:
    """Return the patterns of rows and columns by their first character, the longest first."""
    named: list[tuple[str, MoneyRow | None, MoneyColumn | None]] = []
    named += [(name, row, None) for row in spec.rows for name in row.names]
    named += [(name, None, c) for c in spec.columns for name in (c.id, *c.aliases)]
    named.sort(key=lambda n: -len(n[0]))
    end = r"(?=[\x1f:(,]|-?\d|$)"
    out: dict[str, list[tuple[re.Pattern[str], MoneyRow | None, MoneyColumn | None]]] = {}
    for name, row, col in named:
        out.setdefault(name[0], []).append((re.compile("\x1f?".join(map(re.escape, name)) + end), row, col))
    return out


def _tokens(spec: FormSpec, found: Sequence[Piece], words: Words) -> Iterator[_Token]:
    stream = "".join([p.text + _SEPARATOR for p in found])
    starts = [0, *accumulate(len(p.text) + 1 for p in found)]
    position, fresh, labels = 0, True, _labels(spec)
    while position < len(stream):
        step, token = _token(labels if fresh else {}, stream, position, words)
        if step:
            if token:
                yield _with_pieces(token, found, starts, (position, step))
            fresh = True
        else:
            step = (stream.find(_SEPARATOR, position) + 1 or len(stream)) - position
            yield _Token("other", ())
        position += step


def _token(labels: _Labels, stream: str, at: int, words: Words) -> tuple[int, _Token | None]:
    for pattern, row, column in labels.get(stream[at], ()):
        match = pattern.match(stream, at)
        if match:
            return match.end() - at, _Token("row" if row else "column", (), row=row, column=column)
    number = _NUMBER.match(stream, at)
    if number:
        unit = _UNIT.match(stream, number.end())
        mark = unit.group().strip(_SEPARATOR) if unit else ""
        step = (unit.end() if unit else number.end()) - at
        return step, _Token("number", (), text=number.group(), unit=mark)
    end = stream.find(_SEPARATOR, at)
    if stream[at:end] in words.nothing:
        return end - at, _Token("nothing", ())
    silent = _SILENT.match(stream, at)
    return (silent.end() - at, None) if silent else (0, None)


def _with_pieces(token: _Token, found: Sequence[Piece], starts: Sequence[int], where: tuple[int, int]) -> _Token:
    at, step = where
    stop = at + (len(token.text) if token.kind == "number" else step)
    parts: list[Piece] = []
    for number in range(bisect_right(starts, at) - 1, bisect_left(starts, stop)):
        piece, begin = found[number], starts[number]
        first, last = max(at - begin, 0), min(stop - begin, len(piece.text))
        if first < last:
            parts.append(part_of(piece, first, last))
    return _Token(token.kind, tuple(parts), token.text, token.unit, token.row, token.column)


def _rows(tokens: Sequence[_Token]) -> list[_Raw]:
    """Give each label the numbers and dashes that follow it directly; other text in between ends a row."""
    rows: list[_Raw] = []
    current: _Raw | None = None
    for token in tokens:
        if token.kind == "row" and token.row:
            if current is not None and not current.entries and current.row.id == token.row.id:
                current.label += token.pieces  # 其他资金, and 其他 in the cell beside it
                continue
            current = _Raw(token.row, token.pieces)
            rows.append(current)
        elif token.kind in ("number", "nothing"):
            if current is not None:
                current.entries.append(token)
        elif token.kind == "other":
            current = None
    return [r for r in rows if r.entries]


def _single(spec: FormSpec, raw: Sequence[_Raw], unit: str) -> list[MoneyLine]:
    """One amount behind each label."""
    lines = []
    for row in raw:
        token = row.numbers[0] if len(row.entries) == 1 and row.numbers else None
        cell = _cell(spec.single, unit, token) if token and token.unit in ("", "万元", "元") else None
        if cell:
            lines.append(MoneyLine(row.row, row.label, (cell,)))
    return lines


def _cell(column: str, unit: str, token: _Token, options: tuple[str, ...] = ()) -> MoneyCell | None:
    amount = parse_amount(token.text)
    if amount is None:
        return None
    return MoneyCell(column, unit, token.text, amount.value, token.pieces, options)


def _many(header: Sequence[_Token], raw: Sequence[_Raw], unit: str) -> list[MoneyLine]:
    """Several columns: by the cells where rows are whole, by shape and by the sums where cells are lost."""
    columns = [t.column for t in header if t.column]
    amounts = [i for i, c in enumerate(columns) if c.unit == "万元"]
    choices = [_choices(header, columns, amounts, row) for row in raw]
    settled = _sums(raw, choices, amounts)
    lines = []
    for row, possible in zip(raw, settled, strict=True):
        cells = []
        for number, token in enumerate(row.numbers if possible else ()):
            spots = sorted({places[number] for places in possible})
            names = tuple(columns[s].id for s in spots)
            mark = columns[spots[0]].unit
            cell = _cell(names[0], unit if mark == "万元" else mark, token, names if len(names) > 1 else ())
            if cell:
                cells.append(cell)
        if cells:
            lines.append(MoneyLine(row.row, row.label, tuple(cells)))
    return lines


_Places = tuple[int, ...]


def _choices(
    header: Sequence[_Token], columns: Sequence[MoneyColumn], amounts: Sequence[int], row: _Raw
) -> list[_Places]:
    """Return every placement of a row's numbers in the columns that their shapes allow."""
    numbers = row.numbers
    if len(row.entries) == len(columns):
        whole = tuple(i for i, t in enumerate(row.entries) if t.kind == "number")
        return [whole] if _fits(numbers, whole, columns) else []
    cells = [t.pieces[0].column for t in header]
    spots = [cells.index(t.pieces[0].column) for t in numbers if t.pieces and t.pieces[0].column in cells]
    grid = all(c is not None for c in cells)
    if grid and len(spots) == len(numbers) and spots == sorted(set(spots)) and _fits(numbers, spots, columns):
        return [tuple(spots)]
    if len(numbers) > len(columns):
        return []
    plain = not any(t.unit == "%" for t in numbers)
    parts = combinations(amounts if plain and not row.row.total else range(len(columns)), len(numbers))
    return [p for p in parts if _fits(numbers, p, columns)]


def _fits(numbers: Sequence[_Token], places: Sequence[int], columns: Sequence[MoneyColumn]) -> bool:
    for token, place in zip(numbers, places, strict=True):
        unit = columns[place].unit
        allowed = {"万元": ("", "万元", "元"), "%": ("%", ""), "分": ("", "分")}[unit]
        if token.unit not in allowed:
            return False
        if unit == "分" and Decimal(token.text.replace(",", "")) > 100:
            return False
    return True


def _sums(raw: Sequence[_Raw], choices: Sequence[list[_Places]], amounts: Sequence[int]) -> list[list[_Places]]:
    """Keep the placements with which the parts add up to the total in every column of money."""
    total = next((i for i, r in enumerate(raw) if r.row.total and choices[i]), None)
    count = 1
    for possible in choices:
        count *= max(1, len(possible))
    if count == 1:
        return [list(c) for c in choices]
    if total is None or count > _MOST:
        return [list(c) if len(c) == 1 else [] for c in choices]
    good = [
        world
        for world in product(*(c or [()] for c in choices))
        if all(_adds_up(raw, world, total, column) for column in amounts)
    ]
    if not good:
        return [list(c) if len(c) == 1 else [] for c in choices]
    return [list(dict.fromkeys(w[i] for w in good if w[i])) for i in range(len(choices))]


def _adds_up(raw: Sequence[_Raw], world: Sequence[_Places], total: int, column: int) -> bool:
    def value(index: int) -> Decimal:
        for token, place in zip(raw[index].numbers, world[index], strict=False):
            if place == column:
                return Decimal(token.text.replace(",", ""))
        return Decimal(0)

    return value(total) == sum((value(i) for i in range(len(raw)) if i != total), Decimal(0))
