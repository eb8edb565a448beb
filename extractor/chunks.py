"""Cuts a document into table chunks, and lists what no chunk covers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .behind import of_page
from .normalize import Line, squeeze
from .sections import Heading

_TOTAL_ROW = re.compile(r"^[|※]*(?:总计|合计|收入总计|收入合计)[|]*-?\d")
_TOTAL_LABEL = re.compile(r"^[|※]*(?:总计|合计|收入总计|收入合计)[|]*$")
_NUMBER = re.compile(r"-?[\d,]+\.?\d*")


@dataclass(frozen=True, slots=True)
class Chunk:
    """The lines of one table.

    Attributes:
        spec: Table id, or None for a table that no spec describes.
        part: Which disclosure of the file it belongs to, from 0.
        title: The heading.
        first: Index of the title line.
        pieces: Ranges of line indexes of the body (several where the title is repeated after a page break).
    """

    spec: str | None
    part: int
    title: str
    first: int
    pieces: tuple[range, ...]

    @property
    def last(self) -> int:
        """Index of the last line."""
        ends = [piece[-1] for piece in self.pieces if piece]
        return max([self.first, *ends])


def cut(lines: Sequence[Line], found: Sequence[Heading]) -> list[Chunk]:
    """Cut the document at its headings into one chunk per table.

    A title with nothing below it is a mention or a contents entry and yields no chunk. A title that comes back
    before the table is finished continues it. An id that comes back after that begins the next part: files may
    hold several disclosures.
    """
    raw = [c for c in _raw(lines, found) if _has_content(lines, c)]
    joined: list[Chunk] = []
    for chunk in raw:
        previous = joined[-1] if joined else None
        if previous and chunk.spec and chunk.spec == previous.spec and not _both_whole(lines, previous, chunk):
            pieces = (*previous.pieces, *chunk.pieces)
            joined[-1] = Chunk(previous.spec, 0, previous.title, previous.first, pieces)
        else:
            joined.append(chunk)
    part, seen, out = 0, set[str](), []
    for chunk in joined:
        if chunk.spec and chunk.spec in seen:
            part, seen = part + 1, set()
        if chunk.spec:
            seen.add(chunk.spec)
        out.append(Chunk(chunk.spec, part, chunk.title, chunk.first, chunk.pieces))
    return out


def _raw(lines: Sequence[Line], found: Sequence[Heading]) -> list[Chunk]:
    chunks = []
    body = [h for h in found if not h.contents]
    for position, heading in enumerate(body):
        if heading.kind not in ("table", "other-table"):
            continue
        end = next((h.begins for h in body[position + 1 :] if h.kind != "subsection"), len(lines))
        pieces = of_page(lines, heading, end) if heading.page else (range(heading.index + heading.count, end),)
        chunks.append(Chunk(heading.spec, 0, heading.title, heading.index, pieces))
    return chunks


def _has_content(lines: Sequence[Line], chunk: Chunk) -> bool:
    texts = [lines[i].text for piece in chunk.pieces for i in piece]
    return any(re.search(r"\d\.\d|空表|无数据|无此|合\s*计|总\s*计|单位\s*[:：]", text) for text in texts)


def _both_whole(lines: Sequence[Line], first: Chunk, second: Chunk) -> bool:
    return _has_total(lines, first) and _has_total(lines, second)


def _has_total(lines: Sequence[Line], chunk: Chunk) -> bool:
    indexes = [i for piece in chunk.pieces for i in piece]
    for here, index in enumerate(indexes):
        key = squeeze(lines[index].text)
        if _TOTAL_ROW.match(key):
            return True
        if _TOTAL_LABEL.match(key) and here + 1 < len(indexes):
            following = squeeze(lines[indexes[here + 1]].text)
            if _NUMBER.fullmatch(following) and "." in following:
                return True
    return False


def uncovered(lines: Sequence[Line], chunks: Sequence[Chunk]) -> list[range]:
    """Return the runs of lines that belong to no chunk, as ranges of line indexes."""
    covered = bytearray(len(lines))
    for chunk in chunks:
        covered[chunk.first] = 1
        for piece in chunk.pieces:
            covered[piece.start : piece.stop] = b"\x01" * len(piece)
    runs, start = [], None
    for index in range(len(lines) + 1):
        inside = index < len(lines) and not covered[index]
        if inside and start is None:
            start = index
        elif not inside and start is not None:
            runs.append(range(start, index))
            start = None
    return runs
