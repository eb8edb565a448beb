"""Header cells that come in fragments, one below the other: which of them make up one name?

Narrow columns give ``一般公`` / ``共预算`` / ``财政拨款`` / ``收入``: taken one by one, these name another column.
Fragments that follow each other are put together so that as few characters as possible stay unexplained, and in as
few names as possible: a name that is printed whole is never read shorter.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from extractor.normalize import Line, squeeze
from extractor.specs import Column, TableSpec

from .header_lines import parted, stacked
from .labels import HEADER_WORDS, undated
from .tokens import split_header

_LONGEST = 12  # fragments of one name
_LEAVES = ("小计",)
_SUMS = ("合计", "小计")
_NUMBER = 2  # digits of a column's number


def joined(header: Sequence[Line], layouts: tuple[TableSpec, ...]) -> tuple[Line, ...]:
    """Return the lines of a header with the fragments of names put together; other lines stay as they are.

    ``layouts`` are all that the table may be in: a name that only another layout has isn't read as a shorter one.
    """
    words = _words(layouts)
    plain = _joined([parted(line) for line in header], words)
    for width in (1, 2) if _unknown(plain, words) else ():
        pieces = [line for column in stacked(header, width) for line in column]
        below = _joined(pieces, words)
        # The name of a group makes none with 合计 or 小计 below it.
        leaves = [sum(line.text in _SUMS for line in lines) for lines in (pieces, below)]
        if below and not _unknown(below, words) and leaves[0] == leaves[1]:
            return below
    return plain


def _unknown(header: Sequence[Line], words: frozenset[str]) -> int:
    """How many characters of a header are in no name."""
    pieces = [p for line in header for p in split_header(line.text)]
    return sum(len(p) for p in pieces if not _known(p, words))


def _joined(header: Sequence[Line], words: frozenset[str]) -> tuple[Line, ...]:
    out: list[Line] = []
    run: list[Line] = []
    for line in header:
        if len(split_header(line.text)) == 1:
            run.append(line)
        else:
            out += [*_whole(run, words), line]
            run = []
    return (*out, *_whole(run, words))


def _whole(run: Sequence[Line], words: frozenset[str]) -> list[Line]:
    """Put a run of lines together, each with one piece; they stay as they are where each is a name."""
    pieces = [squeeze(line.text.replace("|", " ")) for line in run]
    if all(_known(piece, words) for piece in pieces):
        return list(run)
    # By how many pieces are behind: characters that nothing explains, names, and (below 0) where the last one begins.
    best: list[tuple[int, int, int]] = [(0, 0, 0)]
    for end in range(1, len(pieces) + 1):
        left, count, _ = best[end - 1]
        ways = [(left + (0 if _known(pieces[end - 1], words) else len(pieces[end - 1])), count + 1, 1 - end)]
        for first in range(max(0, end - _LONGEST), end - 1):
            name = "".join(pieces[first:end])
            if not name.isdigit() and _known(name, words):
                ways.append((best[first][0], best[first][1] + _names(name, words), -first))
        best.append(min(ways))
    out: list[Line] = []
    end = len(pieces)
    while end:
        first = -best[end][2]
        line = run[first]
        out.append(line if end - first == 1 else replace(line, text="".join(pieces[first:end]), offsets=None))
        end = first
    return out[::-1]


def _names(name: str, words: frozenset[str]) -> int:
    """How many names a name may be: 项目支出小计 is a group and the first column below it as well."""
    return 1 + any(name.endswith(leaf) and name.removesuffix(leaf) in words for leaf in _LEAVES)


def _known(piece: str, words: frozenset[str]) -> bool:
    """Whether a piece is a word of headers, with years or 其中 in front of its words, or the number of a column."""
    if piece == "※" or (piece.isdigit() and len(piece) <= _NUMBER):
        return True
    return not piece.endswith(("年", "年度")) and undated(piece).removeprefix("其中:") in words


@lru_cache(maxsize=256)
def _words(layouts: tuple[TableSpec, ...]) -> frozenset[str]:
    """Every name that a header of this table may have in a cell."""
    columns: list[Column] = [
        c for s in layouts for c in (*s.columns, *s.more, *((s.left_column,) if s.left_column else ()))
    ]
    names = {name for c in columns for name in (*c.names, *c.id.split("/"), c.under or "")}
    return frozenset({squeeze(name) for name in names if name} | set(HEADER_WORDS))
