"""The source text for a page: lines in blocks, cut into pieces at every cell that stands there."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from extractor.document import Document
from extractor.records import Unread

from .numbering import Numbered

_BLOCK_LINES, _BLOCK_CHARACTERS = 100, 8_000
_LINE_END = "\r\n"
_NUMBER = re.compile(r"(?<![\d.])\d[\d,]{0,20}(?:\.\d+)?")
_SHOWN = {n: chr(0x2400 + n) for n in range(32)} | {0x7F: "\u2421"}
_SHOWN |= dict.fromkeys([*range(0x80, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd")
_HIDDEN = (0x061C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
_SHOWN |= {n: f"⟦{n:04X}⟧" for n in _HIDDEN}
_SHOWN.update({0x09: "\t", 0x0A: "\n"})


def visible(text: str) -> str:
    """Show what would be hidden or reorder its neighbours: control characters, and marks of writing direction.

    >>> visible("1\u202e23")
    '1⟦202E⟧23'
    """
    return text.translate(_SHOWN)


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of one line that belongs to the same cells.

    Attributes:
        text: What is printed.
        cell: The cell that it is shown as, or None.
        look: Letter of its state.
        name: What the piece is called in the page: ``s`` and the cell's number for a cell's first piece.
    """

    text: str
    cell: int | None = None
    look: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its number; ``unread`` where numbers in it, or around it, were not read."""

    number: int
    pieces: tuple[Piece, ...]
    unread: bool = False


@dataclass(frozen=True)
class Source:
    """The text in blocks of lines.

    Attributes:
        blocks: The lines.
        anchors: The piece that a cell is shown by, for cells that have none of their own: several may stand in one
            place.
        pieces: How many pieces a cell has, where it has more than one.
    """

    blocks: tuple[tuple[Line, ...], ...]
    anchors: dict[int, int] = field(default_factory=dict)
    pieces: dict[int, int] = field(default_factory=dict)


def source(document: Document, cells: Sequence[Numbered], unread: Iterable[Unread]) -> Source:
    """Cut the text of a document into lines and pieces."""
    open_lines = {n for part in unread for n in range(part.lines[0], part.lines[1] + 1)}
    starts = [*document.line_starts, len(document.text)]
    runs = list(_runs(cells, len(document.text)))
    counts: dict[int, int] = {}
    lines: list[Line] = []
    at = 0
    for number, (start, end) in enumerate(pairwise(starts), 1):
        while at < len(runs) and runs[at][1] <= start:
            at += 1
        bare = document.text[start:end].rstrip(_LINE_END)
        cut = list(_pieces(bare, start, runs, at, counts))
        unclear = number in open_lines
        lines.append(Line(number, tuple(_unread(cut) if unclear else cut), unclear))
    if len(lines) > 1 and not lines[-1].pieces:
        lines.pop()
    more = {cell: count for cell, count in counts.items() if count > 1}
    return Source(tuple(_blocks(lines)), _anchors(cells, runs), more)


_Run = tuple[int, int, Numbered]


def _runs(cells: Sequence[Numbered], length: int) -> Iterator[_Run]:
    """Yield runs of text that are shown as the same cell, in order.

    Where several stand, a number is shown rather than the text that it is a part of, then the one that begins last.
    """
    spans = [(s.start, min(s.end, length), one) for one in cells for s in one.cell.spans if 0 <= s.start < s.end]
    bounds = sorted({place for start, end, _ in spans for place in (start, end) if place <= length})
    spans.sort(key=lambda s: s[0])
    active: list[_Run] = []
    after = 0
    for start, end in pairwise(bounds):
        while after < len(spans) and spans[after][0] <= start:
            active.append(spans[after])
            after += 1
        active = [span for span in active if span[1] > start]
        if active:
            yield start, end, max(active, key=_rank)[2]


def _rank(span: _Run) -> tuple[bool, int, int]:
    return span[2].cell.kind == "number", span[0], -span[2].number


def _anchors(cells: Sequence[Numbered], runs: Sequence[_Run]) -> dict[int, int]:
    """Return for each cell that no piece is shown as, which one stands in its place."""
    shown = {one.number for _, _, one in runs}
    starts = [start for start, _, _ in runs]
    anchors = {}
    for one in cells:
        if one.number not in shown and one.cell.spans:
            at = bisect_right(starts, one.cell.spans[0].start) - 1
            if at >= 0 and runs[at][1] > one.cell.spans[0].start:
                anchors[one.number] = runs[at][2].number
    return anchors


def _pieces(bare: str, start: int, runs: Sequence[_Run], at: int, counts: dict[int, int]) -> Iterator[Piece]:
    """Cut one line."""
    place, end = start, start + len(bare)
    while at < len(runs) and runs[at][0] < end:
        first, last, one = runs[at]
        first, last = max(first, start), min(last, end)
        if first > place:
            yield Piece(visible(bare[place - start : first - start]))
        if last > first:
            count = counts[one.number] = counts.get(one.number, 0) + 1
            name = f"s{one.number}" if count == 1 else f"s{one.number}.{count}"
            yield Piece(visible(bare[first - start : last - start]), one.number, one.look, name)
        place = max(place, last)
        at += 1
    if place < end:
        yield Piece(visible(bare[place - start :]))


def _unread(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Set numbers apart that belong to no cell."""
    for piece in pieces:
        if piece.cell is not None:
            yield piece
            continue
        place = 0
        for found in _NUMBER.finditer(piece.text):
            if found.start() > place:
                yield Piece(piece.text[place : found.start()])
            yield Piece(found.group(), look="n")
            place = found.end()
        if place < len(piece.text):
            yield Piece(piece.text[place:])


def _blocks(lines: Sequence[Line]) -> Iterator[tuple[Line, ...]]:
    block: list[Line] = []
    size = 0
    for line in lines:
        block.append(line)
        size += sum(len(piece.text) for piece in line.pieces)
        if len(block) >= _BLOCK_LINES or size >= _BLOCK_CHARACTERS:
            yield tuple(block)
            block, size = [], 0
    if block:
        yield tuple(block)
