"""Lines of a header in text without cells, as they are to be read: words run together parted, columns put together.

Text that keeps the places of a page has the pieces of one name below each other, between those of its neighbours:
``财政拨款(   一般公共预`` above ``补助)小计  算``. Piece by piece from the left, each with what stands below it, they
are the fragments that names are put together from.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from extractor.normalize import Line, squeeze

from .labels import HEADER_WORDS

_GLUED = re.compile(
    r"(支出功能分类科目|支出经济分类科目|支出功能分类|支出经济分类|功能分类|经济分类|科目编码|科目代码|科目名称)"
)
_BEGINS = frozenset({"科", "部门", "政府", "支出", "部门预算", "政府预算", "编码", "名称", "代码", "科目", "项目"})
"""What other words of headers begin or end with."""
_PIECE = re.compile(r"\S+(?: \S+)*")
_WIDE = 2  # blanks between the cells of a line that keeps its places
_WIDE_CHARACTER = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]")
_MOST, _LONGEST = 80, 600  # lines of a header, and characters of each
_SEVERAL = 2  # lines, pieces
_ORDINAL, _ROWS = "行次", "项目"
_LEVELS = frozenset({"类", "款", "项"})
_STAGES = frozenset({"预算数", "决算数", "执行数", "金额"})
_ALL = 3  # columns, each with the same word below its name


def parted(line: Line) -> Line:
    """Return a line in which words of headers are parted from what runs into them: ``其他收入功能分类``."""
    pieces = line.text.split()
    apart = [part for piece in pieces for part in _parts(piece)]
    return line if apart == pieces else replace(line, text=" ".join(apart), offsets=None, ends=(), breaks=())


def _parts(piece: str) -> list[str]:
    parts = [part for part in _GLUED.split(piece) if part]
    whole = len(parts) == 1 or piece in HEADER_WORDS or not _BEGINS.isdisjoint(parts)
    return [piece] if whole else parts


def with_ordinals(header: Sequence[Line]) -> list[Line]:
    """Return a header's lines with 行次 put together whose halves stand below each other, beside other cells or not.

    In a line between them it goes behind each 项目, which it counts the rows of.
    """
    pieces = [line.text.split() for line in header]
    for at, line in enumerate(pieces):
        count = line.count(_ORDINAL[0])
        below = next((i for i in (at + 1, at + 2) if i < len(pieces) and _ORDINAL[1] in pieces[i]), 0)
        if not count or _ORDINAL[1] in line or pieces[below].count(_ORDINAL[1]) != count:
            continue
        between = pieces[at + 1] if below == at + 2 and pieces[at + 1].count(_ROWS) == count else None
        pieces[below] = [p for p in pieces[below] if p != _ORDINAL[1]]
        if between is None:
            pieces[at] = [_ORDINAL if p == _ORDINAL[0] else p for p in line]
        else:
            pieces[at] = [p for p in line if p != _ORDINAL[0]]
            pieces[at + 1] = [word for p in between for word in ((p, _ORDINAL) if p == _ROWS else (p,))]
    told = zip(header, pieces, strict=True)
    return [
        line if words == line.text.split() else replace(line, text=" ".join(words), offsets=None, ends=(), breaks=())
        for line, words in told
        if words or not line.text.strip()
    ]


def without_stages(header: Sequence[Line]) -> list[Line]:
    """Return a header's lines without what the amounts of all its columns are, where that stands below each of them.

    ``决算数 决算数 决算数``, in a line or each on one, is one word for the whole table, and names no column.
    """
    words = [(at, word) for at, line in enumerate(header) for word in line.text.split()]
    runs = [[*run] for word, run in groupby(range(len(words)), key=lambda i: words[i][1]) if word in _STAGES]
    said = {i for run in runs if len(run) >= _ALL for i in run}
    if not said:
        return [*header]
    left = [[word for i, (row, word) in enumerate(words) if row == at and i not in said] for at in range(len(header))]
    return [
        line if own == line.text.split() else replace(line, text=" ".join(own), offsets=None, ends=(), breaks=())
        for line, own in zip(header, left, strict=True)
        if own or not line.text.strip()
    ]


def levels_apart(header: Sequence[Line]) -> list[Line]:
    """Return a header's lines with 类 款 项 on a line of their own where they stand behind the names of columns."""
    out: list[Line] = []
    for line in header:
        words = line.text.split()
        names = [word for word in words if word not in _LEVELS]
        levels = words[len(names) :]
        if names and len(levels) > 1 and words[: len(names)] == names:
            out += [replace(line, text=" ".join(part), offsets=None, ends=(), breaks=()) for part in (names, levels)]
        else:
            out.append(line)
    return out


@dataclass(slots=True)
class _Stack:
    """Pieces below each other: from where to where they reach, and each with its line."""

    start: int
    end: int
    pieces: list[tuple[Line, str]]


def stacked(header: Sequence[Line], width: int) -> list[list[Line]]:
    """Return the pieces of a header by column, each on a line; none where its lines don't keep their places.

    A Chinese character is as wide as so many blanks: tools count it as one, or as two.
    """
    if len(header) > _MOST or any(len(line.text) > _LONGEST for line in header):
        return []
    lines = [list(_pieces(line.text, width)) for line in header]
    several = [line for line in lines if len(line) >= _SEVERAL]
    if len(several) < _SEVERAL or "\t" in "".join(line.text for line in header):
        return []
    gaps = [b[0] - a[1] for line in several for a, b in pairwise(line)]
    if min(gaps, default=0) < _WIDE:
        return []
    stacks: list[_Stack] = []
    for line, pieces in zip(reversed(header), reversed(lines), strict=True):
        fresh: list[_Stack] = []
        for start, end, text in pieces:
            over = [s for s in stacks if start < s.end and s.start < end]
            if len(over) == 1:
                over[0].pieces.insert(0, (line, text))
                over[0].start, over[0].end = min(start, over[0].start), max(end, over[0].end)
            else:  # above several, or none: the name of a group, or the end of a name
                fresh.append(_Stack(min([start, *(s.start for s in over)]), end if not over else start, [(line, text)]))
        stacks += fresh
    stacks.sort(key=lambda s: (s.start, s.end))
    return [[replace(line, text=text, offsets=None, ends=(), breaks=()) for line, text in s.pieces] for s in stacks]


def _pieces(text: str, width: int) -> Iterator[tuple[int, int, str]]:
    """Yield from where to where each piece of a line reaches, and the piece."""
    for match in _PIECE.finditer(text):
        before = len(_WIDE_CHARACTER.findall(text, 0, match.start())) * (width - 1)
        inside = len(_WIDE_CHARACTER.findall(match.group())) * (width - 1)
        yield match.start() + before, match.end() + before + inside, squeeze(match.group())
