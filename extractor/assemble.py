"""From drafts to tables: cells with spans, and a list of every number that no cell took."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from .chunks import Chunk
from .normalize import Line, Place, readable
from .readers.body import title_of
from .readers.draft import Draft
from .readers.rows import RawRow
from .readers.tokens import Token
from .records import Cell, Finding, Row, Span, Table

# ``公务用车保有量（辆）``: a row that counts says what, whatever the table's money is in.
_COUNTED = re.compile(r"\((个|人|人次|批次|次|辆|台|套|平方米)(?:[,、/]?套)?\)$")
_PRINTED = re.compile(r"-?(?<!\d)(?:(?:\d{1,3}(?:,\d{3}){1,8}|\d+)\.\d+|\d{1,3}(?:,\d{3}){1,8}(?![\d,.]))")


def table(lines: Sequence[Line], draft: Draft) -> Table:
    """Turn a draft into a table; the states of its cells are set by the checks."""
    rows = tuple(_row(draft, index, row) for index, row in enumerate(draft.rows))
    chunk = draft.chunk
    return Table(
        id=draft.spec.id,
        title=title_of(lines, chunk),
        part=chunk.part,
        unit=draft.body.unit,
        columns=draft.columns,
        rows=rows,
        lines=(lines[chunk.first].number, lines[chunk.last].number),
        empty_note=_span(draft.body.note) if draft.body.empty and draft.body.note else None,
        reader=draft.reader,
        why=draft.why or "printed cells",
        layout=draft.spec.layout,
        labels=dict(draft.labels),
        steps=draft.steps,
    )


def _row(draft: Draft, index: int, row: RawRow) -> Row:
    cells = []
    numbers = list(_numbers(draft, index, row))
    if row.code and row.label and numbers:
        cells.append(Cell(column="名称", kind="text", text=row.name, spans=_spans(row.label), state="grounded"))
    for column, words in row.texts.items():
        text = readable(" ".join(t.text for t in words))
        cells.append(Cell(column=column, kind="text", text=text, spans=_spans(words), state="grounded"))
    return Row(
        key=row.key, role=row.role, kind=row.kind, parent=row.parent, line=row.line,
        side="right" if row.side == "right" else "left", cells=(*cells, *numbers), doubt=row.doubt,
    )  # fmt: skip


def _numbers(draft: Draft, index: int, row: RawRow) -> Iterator[Cell]:
    ids = draft.columns
    counted = _COUNTED.search(row.bare)
    unit = counted[1] if counted else draft.body.unit
    for token, place, possible in zip(row.items, draft.best[index], draft.domains[index], strict=True):
        amount = token.amount
        if amount is None:
            continue
        options = dict.fromkeys(ids[c] for c in possible)
        options.update(dict.fromkeys(draft.other[c] for c in possible if c < len(draft.other)))
        yield Cell(
            column=ids[place], kind="number", text=token.text, value=amount.value, unit=unit,
            spans=tuple(_span(p) for p in token.spans), options=tuple(options) if len(options) > 1 else (),
            doubt=draft.doubts.get(token.spans[0].start, "") if token.spans else "",
        )  # fmt: skip


def _span(place: Place) -> Span:
    return Span(start=place.start, end=place.end, line=place.line)


def _spans(tokens: Sequence[Token]) -> tuple[Span, ...]:
    """Merge the places of words that stand side by side on one line."""
    out: list[Place] = []
    for place in (p for t in tokens for p in t.spans):
        if out and out[-1].line == place.line and place.start - out[-1].end <= 4:
            out[-1] = Place(out[-1].start, place.end, place.line)
        else:
            out.append(place)
    return tuple(_span(p) for p in out)


def damaged(draft: Draft) -> Iterator[Finding]:
    """List what is nearly a number: it takes its place in the row, but no value."""
    for token in draft.body.junk:
        yield Finding(
            code="damaged-number", kind="not-read", table=draft.spec.id, line=token.line,
            message=f"line {token.line}: {token.text!r} looks like a damaged number. It is not read; compare it with "
            "the source.",
        )  # fmt: skip


def unread_numbers(lines: Sequence[Line], chunk: Chunk, tables: Sequence[Table]) -> list[Finding]:
    """List the numbers with a point in a chunk that no cell took: nothing is dropped silently."""
    taken = sorted(
        (span.start, span.end) for t in tables for row in t.rows for cell in row.cells for span in cell.spans
    )
    left: list[tuple[str, int]] = []
    for piece in chunk.pieces:
        for index in piece:
            line = lines[index]
            for match in _PRINTED.finditer(line.text):
                span = line.span(match.start(), match.end())
                before = bisect_right(taken, span.start, key=lambda t: t[0]) - 1
                if before < 0 or span.start >= taken[before][1]:
                    left.append((match.group(), line.number))
    if not left:
        return []
    shown = ", ".join(f"{text} (line {number})" for text, number in left[:6])
    more = f" and {len(left) - 6} more" if len(left) > 6 else ""
    title = readable(chunk.title)
    return [
        Finding(
            code="numbers-not-read",
            kind="not-read",
            table=chunk.spec,
            line=left[0][1],
            message=f"{title}: {len(left)} printed numbers are in no cell: {shown}{more}. Look at these lines.",
        )
    ]
