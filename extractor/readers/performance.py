"""Reads performance tables (绩效目标表, 绩效自评表): one :class:`~extractor.records.Table` per form.

A row's ``role`` is its key without the project. Forms of projects: ``资金/年度资金总额``, ``资金/财政拨款``,
``资金/其他资金``, ``指标/<三级指标>``, ``总分``. Forms of a department: ``年度总资金``, ``上级资金``, ``本级资金`` (in
budgets ``上级安排``, ``本级安排``), ``其他资金``, ``指标/<三级指标>``, ``总分``. Money parts have the total as
``parent`` where it is printed. Cells carry their own unit.

Names of persons and phone numbers are fields of a form, and are not read. What can't be settled is left out, or
marked: ``Cell.options`` where a number fits two columns, ``Row.doubt`` where a name may be another row's.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.amount import parse_amount
from extractor.chunks import Chunk
from extractor.forms import NUMBERS, Forms, Kind, forms
from extractor.normalize import Line, squeeze
from extractor.records import Cell, Row, State, Table
from extractor.sections import Heading

from .deterministic import Unknown
from .form_find import FormPlace, find
from .form_fit import points, shape_of
from .form_flow import flow_rows
from .form_grid import grid_rows
from .form_head import Header, fields, header, name_field, open_ended, torn, words_of
from .form_money import MoneyCell, MoneyLine, money
from .form_pieces import Piece, bare, bare_label, is_grid, joined, part_of, pieces, spans
from .form_rows import TEXTS, Indicator, fill_down, numbered, proper, tidy, weigh
from .form_tokens import without_pages

NUMBERING = re.compile(r"^(?:[一二三四五六七八九十]{1,3}、|\([一二三四五六七八九十]{1,3}\)|\d{1,2}[.、](?!\d))")
PRINTED = re.compile(r"(?<![\d.])\d[\d,]{0,20}(?:\.\d+|(?=\s?(?:万元|元|人|个|辆|台|%)))")
"""A number that should be in a cell: with a point, or with a unit."""
_AMOUNTS = re.compile(r"\d\.\d.*\d\.\d")
_LAST = 12  # pieces of the row with the total score
_BESIDE = 2  # places behind its label where its score may stand


@dataclass(frozen=True, slots=True)
class Form:
    """A form as read.

    Attributes:
        chunk: Its lines; ``chunk.spec`` is its table id.
        table: What was read; None where nothing could be.
        left: How many numbers stand in its lines that no cell took, in goals and names mostly.
        said: What its fields say in words that identities compare, with the row that it is about.
    """

    chunk: Chunk
    table: Table | None
    left: int
    said: tuple[str, dict[str, list[Piece]]] = ("", {})

    def of(self, part: int) -> "Form":
        """Return it as a form of another disclosure of the file."""
        table = self.table.model_copy(update={"part": part}) if self.table else None
        return replace(self, chunk=replace(self.chunk, part=part), table=table)

    def unread(self) -> Unknown:
        """Return it as a table that is not read."""
        return Unknown(self.chunk, "no cell of this form is known")


def insert(
    lines: Sequence[Line], heads: Sequence[Heading], chunks: Sequence[Chunk], known: Forms | None = None
) -> tuple[list[Chunk], dict[int, Form]]:
    """Read every form of a document and put its chunk among the others.

    Returns:
        All chunks in printed order, those of forms instead of what covered their lines before; and the forms by
        ``chunk.first``. A form belongs to the part of the chunk above it.
    """
    known = known or forms()
    places = find(lines, heads, known)
    out = [c for old in chunks for c in _without(old, places)]
    starts = [c.first for c in chunks]
    found: dict[int, Form] = {}
    for place in places:
        at = bisect_right(starts, place.first) - 1
        part = chunks[max(at, 0)].part if chunks else 0
        piece = range(place.first + place.titled, place.stop)
        chunk = Chunk(place.spec.id, part, place.title, place.first, (piece,))
        table, said = _table(lines, place, part, known)
        found[place.first] = Form(chunk, table, left(lines, chunk, table), said)
        out.append(chunk)
    return sorted(out, key=lambda c: c.first), found


def _without(chunk: Chunk, places: Sequence[FormPlace]) -> Iterator[Chunk]:
    """Cut a chunk off where a form begins in it; what stands below the form belongs to no table."""
    at = bisect_right(places, chunk.first, key=lambda p: p.stop)
    place = places[at] if at < len(places) else None
    if place is None or chunk.last < place.first:
        yield chunk
        return
    kept = tuple(range(p.start, min(p.stop, place.first)) for p in chunk.pieces if p.start < place.first)
    if chunk.first < place.first and kept:
        yield replace(chunk, pieces=kept)


def left(lines: Sequence[Line], chunk: Chunk, table: Table | None) -> int:
    """Count the numbers in the lines of a form that no cell took."""
    rows = table.rows if table else ()
    taken = sorted({(s.start, s.end) for row in rows for cell in row.cells for s in cell.spans})
    count = 0
    for index in range(chunk.first, chunk.last + 1):
        for match in PRINTED.finditer(lines[index].text):
            start = lines[index].span(match.start(), match.end()).start
            at = bisect_right(taken, start, key=lambda t: t[0]) - 1
            count += at < 0 or start >= taken[at][1]
    return count


_Said = tuple[str, dict[str, list[Piece]]]


def _table(lines: Sequence[Line], place: FormPlace, part: int, known: Forms) -> tuple[Table | None, _Said]:
    words = known.words
    found = without_pages(pieces(lines, place.body, words), words)
    head = header(found, 0, words)
    parts = fields(found[: head.first] if head else found, words)
    amounts, unit = money(place.spec, [p for f in parts if f.kind == "money" for p in (*f.label, *f.content)], words)
    named = name_field(parts, words)
    name = squeeze(bare(named))
    if place.spec.named and not _names(name, known):
        return None, ("", {})
    prefix = f"{name}/" if place.spec.named else ""
    rows = _money_rows(amounts, prefix, place, lines)
    columns = [c.column for m in amounts for c in m.cells]
    told = ""
    if head:
        body = _own(found[head.stop :], known)
        cut, score = _total(body, known)
        read = (grid_rows if is_grid(body) else flow_rows)(body[:cut], head, words)
        fill_down(read, words)
        read = proper([r for r in read if r.kept], words)
        tidy(read, words)
        weigh(read, head.kinds)
        rows += [_row(r, prefix, known, lines) for r in read]
        columns += [c.column for row in rows for c in row.cells if c.kind == "number"]
        if score:
            rows.append(_total_row(score, prefix, known, lines))
            columns.append(known.words.column("score").id)
        told = _why(read, head)
    said = (name if place.spec.named else "整体", words_of(parts))
    if not rows:
        return None, said
    if place.spec.named and (torn(parts, named) or open_ended(found, named, words)):
        why = f"the project's name may begin above {name}, or go on below"
        rows = [r.model_copy(update={"doubt": r.doubt or why}) for r in rows]
    table = Table(
        id=place.spec.id, title=place.title, part=part, unit=unit, columns=tuple(dict.fromkeys(columns)),
        rows=tuple(rows), lines=(lines[place.first].number, lines[place.stop - 1].number), why=told,
    )  # fmt: skip
    return table, said


def _names(name: str, known: Forms) -> bool:
    """Whether this can be a project's name: no bit of a label, and no row of amounts that slipped there."""
    labels = known.words.field_of
    return len(name) > 1 and bare_label(name) not in labels and not _AMOUNTS.search(name)


def _own(body: Sequence[Piece], known: Forms) -> Sequence[Piece]:
    """Cut off where the head of another form begins whose title is lost: a project's name, or a total of money."""
    totals = {label for s in known.specs for row in s.rows if row.total for label in (row.id, *row.aliases)}
    for index, piece in enumerate(body):
        begins = index == 0 or body[index - 1].line != piece.line
        label = bare_label(piece.text)
        if begins and (label in totals or known.words.field_of.get(label) == "name"):
            return body[:index]
    return body


def _why(read: Sequence[Indicator], head: Header) -> str:
    total = sum(numbered(read, "weight"))
    return f"{len(read)} indicators under {len(head.columns)} printed columns; their weights add up to {total}"


def _money_rows(amounts: Sequence[MoneyLine], prefix: str, place: FormPlace, lines: Sequence[Line]) -> list[Row]:
    single = all(c.column == place.spec.single for m in amounts for c in m.cells)
    total = next((i for i, m in enumerate(amounts) if m.row.total), None)
    rows = []
    for index, line in enumerate(amounts):
        role = place.spec.role(line.row, single=single)
        cells = tuple(_amount(c) for c in line.cells)
        parent = None if index == total else total
        number = lines[line.label[0].line].number
        rows.append(Row(key=prefix + role, role=role, kind="label", parent=parent, line=number, cells=cells))
    return rows


def _amount(cell: MoneyCell) -> Cell:
    return Cell(
        column=cell.column, kind="number", text=cell.text, value=cell.value, unit=cell.unit, spans=spans(cell.pieces),
        options=cell.options,
    )  # fmt: skip


def _row(read: Indicator, prefix: str, known: Forms, lines: Sequence[Line]) -> Row:
    name = NUMBERING.sub("", read.text("name")) or read.text("name")
    cells = []
    for column in known.words.indicators:
        found = read.cells.get(column.kind)
        if not found or column.kind in ("name", "ignored"):
            continue
        if column.kind in NUMBERS:
            cell = _points(found, column.kind, read, known)
            if cell:
                cells.append(cell)
        elif column.kind in TEXTS or column.kind in ("level1", "level2"):
            state: State = "ambiguous" if read.doubt else "grounded"
            cells.append(Cell(column=column.id, kind="text", text=joined(found), spans=spans(found), state=state))
    role = f"指标/{name}"
    line = lines[read.line].number
    return Row(key=prefix + role, role=role, kind="label", parent=None, line=line, cells=tuple(cells), doubt=read.doubt)


def _points(found: Sequence[Piece], kind: Kind, read: Indicator, known: Forms) -> Cell | None:
    first = found[0]
    plain, whole = (text.removesuffix("分").removesuffix("%") for text in (first.text, bare(found)))
    amount = parse_amount(plain)
    if amount is None or points(whole) is None or whole != plain:
        return None  # 2 .5 is no 2
    options = tuple(known.words.column(k).id for k in read.options.get(kind, ()))
    return Cell(
        column=known.words.column(kind).id, kind="number", text=plain, value=amount.value, unit="分",
        spans=spans([part_of(first, 0, len(plain))]), options=options,
    )  # fmt: skip


def _total(found: Sequence[Piece], known: Forms) -> tuple[int, tuple[Piece, ...]]:
    """Find the row with the total score; return where it begins, and the score."""
    words = known.words
    for index in range(len(found) - 1, -1, -1):
        text = found[index].text.rstrip(":")
        if text not in words.total and not (index + 1 < len(found) and text + found[index + 1].text in words.total):
            continue
        row = found[index + 1 : index + 1 + _LAST]
        label = next((i for i, p in enumerate(row) if p.text.rstrip(":") in words.score), None)
        numbers = [p for p in row if shape_of(p.text) in ("number", "points")]
        if label is not None:
            behind = [p for p in row[label + 1 :] if shape_of(p.text) in ("number", "points")]
            return index, tuple(behind[:1]) if len(behind) == 1 else ()
        if len(numbers) >= 2:
            own = len(numbers) == 2 and row.index(numbers[1]) <= _BESIDE
            return index, (numbers[1],) if own else ()
        return index, ()
    return len(found), ()


def _total_row(score: tuple[Piece, ...], prefix: str, known: Forms, lines: Sequence[Line]) -> Row:
    cell = _points(score, "score", Indicator(), known)
    line = lines[score[0].line].number
    return Row(
        key=f"{prefix}总分", role="总分", kind="label", parent=None, line=line, cells=(cell,) if cell else ()
    )  # fmt: skip
