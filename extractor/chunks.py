"""Cuts a document into table chunks, and lists what no chunk covers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .heading_words import AMOUNT, OFFICE_NAME, UNIT
from .normalize import Line, squeeze
from .sections import Heading, is_marker

_TOTAL_ROW = re.compile(r"^[|※]*(?:总计|合计|收入总计|收入合计)[|]*-?\d")
_TOTAL_LABEL = re.compile(r"^[|※]*(?:总计|合计|收入总计|收入合计)[|]*$")
# The last words of headers, and those that stand in merged cells.
_LAST = frozenset({
    "金额", "预算数", "决算数", "合计", "小计", "项目", "项目名称", "结转下年资金", "项目支出", "基本支出",
    "机关运行经费支出",
})  # fmt: skip
_MERGED = frozenset({"金额", "项目", "项目名称", "支出用途", "功能分类", "收入", "支出"})
_NAMELESS = re.compile(r"(?:编制|填报)?(?:部门|单位)(?:名称)?[:：]")
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
        pieces = _of_page(lines, heading, end) if heading.page else (range(heading.index + heading.count, end),)
        chunks.append(Chunk(heading.spec, 0, heading.title, heading.index, pieces))
    return chunks


def _of_page(lines: Sequence[Line], heading: Heading, end: int) -> tuple[range, ...]:
    """Return the lines of a table whose title stands below it.

    Other merged cells do too: groups of columns come in front of their names, labels of rows in front of the first one,
    labels of totals on the right side in front of the second amount of the line.
    """
    page = heading.page or range(0)
    begin = next((i for i in page if not is_marker(lines[i])), page.start)
    amounts = [i for i in range(begin, heading.index) if AMOUNT.search(lines[i].text)]
    first, last = (amounts[0], amounts[-1]) if amounts else (begin, begin)
    label = squeeze(lines[first - 1].text) if first > begin else ""
    behind = next((i for i in range(last + 1, heading.index) if squeeze(lines[i].text) in _MERGED), heading.index)
    alone = _NUMBER.match(squeeze(lines[first].text)) is not None  # its label is on the line above
    rows = first - bool(alone and label and label not in _LAST and not UNIT.search(label))
    merged = [*range(behind, heading.index), *range(heading.index + heading.count, page.stop)]
    groups, labels = (
        [range(i, i + 1) for i in merged if (squeeze(lines[i].text) in _MERGED) is above] for above in (True, False)
    )
    labels.sort(key=lambda piece: _TOTAL_LABEL.match(squeeze(lines[piece.start].text)) is not None)  # the first row's
    places = _totals(lines, labels, range(rows, behind)) | _office(lines, labels, range(begin, rows))
    first_rows = [piece for piece in labels if piece.start not in places.values()]
    head, body = (_with(range(first, last), places) for first, last in ((begin, rows), (rows, behind)))
    return *groups, *head, *first_rows, *body, range(page.stop, max(end, page.stop))


def _with(rows: range, places: Mapping[int, int]) -> Iterator[range]:
    """Yield rows, with others in front of those where they belong."""
    for first, last in pairwise([rows.start, *sorted(i for i in places if i in rows), rows.stop]):
        if first in places:
            yield range(places[first], places[first] + 1)
        yield range(first, last)


def _office(lines: Sequence[Line], labels: Sequence[range], header: range) -> dict[int, int]:
    """Return in front of which line of a header the name of the office belongs, where the label for it has none."""
    empty = next((i for i in header if _NAMELESS.fullmatch(squeeze(lines[i].text))), None)
    names = [piece.start for piece in labels if OFFICE_NAME.search(squeeze(lines[piece.start].text))]
    return {empty + 1: names[0]} if empty is not None and len(names) == 1 and empty + 1 in header else {}


def _totals(lines: Sequence[Line], labels: Sequence[range], rows: range) -> dict[int, int]:
    """Return in front of which lines the labels of right totals belong: ``收入合计 1.00``, ``支出合计``, ``1.00``."""
    texts = {squeeze(lines[piece.start].text): piece.start for piece in labels}
    out = {}
    for index in rows[:-2]:
        label = squeeze(lines[index].text)
        other = texts.get(label.replace("收入", "支出")) if "收入" in label else None
        amounts = [_NUMBER.fullmatch(squeeze(lines[i].text)) for i in (index + 1, index + 2)]
        if other is not None and all(amounts):
            out[index + 2] = other
    return out


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
