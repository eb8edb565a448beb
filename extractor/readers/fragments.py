"""Header cells that come in fragments, one below the other: which of them make up one name?

Narrow columns give ``一般公`` / ``共预算`` / ``财政拨款`` / ``收入``: taken one by one, these name another column.
Fragments that follow each other are put together so that as few characters as possible stay unexplained, and in as
few names as possible: a name that is printed whole is never read shorter.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from extractor.data import data_folder
from extractor.normalize import Line, squeeze
from extractor.specs import Column, TableSpec, catalogue

from .header_lines import levels_apart, parted, stacked, with_ordinals, without_stages
from .labels import HEADER_WORDS, undated
from .tokens import split_header

_LONGEST = 12  # fragments of one name
_KEPT = 1_000  # characters of a header that is kept
_BETWEEN = 2  # lines from the beginnings of names to their ends
_LEAVES = ("小计",)
_TOTAL = "合计"
_SUMS = (*_LEAVES, _TOTAL)
_OF_YEAR = ("本年收入", "本年支出")  # with 小计 behind them they name a column
_ROWS = "项目"
_BESIDE = tuple(
    re.compile(kind)
    for kind in (
        r"^(?:一般公共|政府性基金|国有资本)(?!.*支出$)",
        r"收入$",
        r"^(?:人员|公用|日常公用)(?:经费|支出)$",
        r"^(?:基本|项目|经营|事业单位经营|上缴上级|对附属单位补助)支出$",
        r"(?:预算|决算|执行)数$|^金额$",
    )
)
"""What names that may stand beside each other have in common."""
_FIRST = ("合计", _ROWS)  # short names in front of others; behind them they may be the end of one
_KINDS = frozenset({"基本支出", "项目支出", "人员经费", "公用经费"})  # columns that any table may have
_NAME = 20  # characters of a column's name
_SHORT = 4  # characters of what is one name
_TWO = 2
_NUMBER = 2  # digits of a column's number


def joined(header: Sequence[Line], layouts: tuple[TableSpec, ...]) -> tuple[Line, ...]:
    """Return the lines of a header with the fragments of names put together; other lines stay as they are.

    ``layouts`` are all that the table may be in: a name that only another layout has isn't read as a shorter one.
    """
    words = _words(layouts)
    return _by_places(header, _joined([parted(line) for line in header], words), words)


def apart(header: Sequence[Line], layouts: tuple[TableSpec, ...]) -> list[Line]:
    """Return a header's lines with names parted that run into each other, as cells of narrow columns do.

    ``政府性基金预算国有资本经营预算`` is no name, and two columns' names together are all of it. The last of them may
    go on below: ``事业收入事业单位`` / ``经营收入其他收入``. Each has a line of its own where all other cells have.
    """
    header = with_ordinals(header)
    header = without_stages(header) if layouts[0].shape in ("coded", "items") else header
    header = _beside(levels_apart(header), _words(layouts))
    words, single = _words(layouts) | _KINDS, all(len(split_header(line.text)) == 1 for line in header)
    lines = [line.text.split() if len(line.text) <= _KEPT else [] for line in header]
    out: list[Line] = []
    for at, line in enumerate(header):
        pieces = lines[at]
        told = [part for piece in pieces for part in _names_in(piece, words)]
        if pieces and told[-1] == pieces[-1] and at + 1 < len(lines) and lines[at + 1]:
            whole, behind = pieces[-1] + lines[at + 1][0], lines[at + 1][1:]
            more = _names_in(whole, words)
            cut = (len(pieces) > 1 or behind) and whole in words and _begins(pieces[-1], words)  # 基本 / 支出 项目支出
            if cut or (len(more) > 1 and not _known(pieces[-1], words)):
                told, lines[at + 1] = [*told[:-1], *more], behind
        if told == pieces == line.text.split():
            out.append(line)
        elif told:
            texts = told if single else [" ".join(told)]
            out += [replace(line, text=text, offsets=None, ends=(), breaks=()) for text in texts]
    return out


def _beside(header: Sequence[Line], words: frozenset[str]) -> list[Line]:
    """Return a header's lines with names put together whose beginning, no name by itself, stands in front of the rest.

    ``事业单位 经营收入`` is what one cell has on two lines, in text that puts the lines of a cell beside each other.
    """
    out: list[Line] = []
    for line in header:
        pieces = line.text.split() if len(line.text) <= _KEPT else []
        told = list(pieces)
        for at in range(len(pieces) - 1, 0, -1):
            if _begins(told[at - 1], words) and told[at - 1] + told[at] in words:
                told[at - 1 : at + 1] = [told[at - 1] + told[at]]
        same = told == pieces
        out.append(line if same else replace(line, text=" ".join(told), offsets=None, ends=(), breaks=()))
    return out


def _begins(piece: str, words: frozenset[str]) -> bool:
    """Whether a piece is no name by itself, in no header: it may be the beginning of one."""
    return not _known(piece, words) and not _known(piece, _any_words(sides=False))


def _names_in(piece: str, words: frozenset[str]) -> tuple[str, ...]:
    """Return the names that run into each other in a piece, if they are all of it in one way alone; or the piece."""
    if len(piece) <= _SHORT or _known(piece, _any_words(sides=False)) or _known(piece, words):
        return (piece,)
    ways: dict[int, list[tuple[str, ...]]] = {0: [()]}
    for end in range(_TWO, len(piece) + 1):
        names = [(first, piece[first:end]) for first in range(max(0, end - _NAME), end - _TWO + 1) if first in ways]
        fit = [(f, name) for f, name in names if name in words and (len(name) > _TWO or (not f and name in _FIRST))]
        if found := [(*way, name) for first, name in fit for way in ways[first][:_TWO]]:
            ways[end] = found
    told = [way for way in ways.get(len(piece), []) if _alike(way)]
    return told[0] if len(told) == 1 else (piece,)


def _alike(names: Sequence[str]) -> bool:
    """Whether names are such as stand beside each other: 公用经费项目支出 is one name, and not two."""
    own = names[1:] if names[0] in _FIRST else names
    return any(all(map(kind.search, own)) for kind in _BESIDE)


def _by_places(header: Sequence[Line], plain: tuple[Line, ...], words: frozenset[str]) -> tuple[Line, ...]:
    """Return a header's lines with names put together from pieces below each other, where else some make no name."""
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


def _joined(header: Sequence[Line], words: frozenset[str], leaves: tuple[str, ...] = _LEAVES) -> tuple[Line, ...]:
    """Put the fragments of names together that stand on lines of their own; lines with several pieces stay."""
    out: list[Line] = []
    run: list[Line] = []
    for line in header:
        if len(split_header(line.text)) == 1:
            run.append(line)
        else:
            out += [*_whole(run, words, leaves), line]
            run = []
    return (*out, *_whole(run, words, leaves))


def names_of(header: Sequence[Line], layouts: tuple[TableSpec, ...]) -> tuple[Line, ...]:
    """Return a header's lines with the fragments of names put together: of its own table's, or else of any table's."""
    words = _words(layouts)
    own = _joined([parted(line) for line in header], words)
    if not _unknown(own, words):
        return own
    other = whole_names(header, sides=layouts[0].shape == "two_sided")
    names = [squeeze(line.text) for line in other]
    # Several 合计 say nothing without their groups.
    if len(set(names)) == len(names) and other:
        return other
    placed = _by_places(header, own, words)
    return placed if placed != own else _over_each_other(own, layouts, words)


def _over_each_other(
    header: tuple[Line, ...], layouts: tuple[TableSpec, ...], words: frozenset[str]
) -> tuple[Line, ...]:
    """Put lines together that hold the beginnings and the ends of the same names: ``物品 形``/``名称 式``.

    Between them stand the names that have one line. Not those of columns of amounts, as nothing then tells their order.
    """
    strange = [i for i, line in enumerate(header) if _unknown([line], words)]
    if len(strange) != 2 or strange[1] - strange[0] > _BETWEEN:
        return header
    above, below = (header[i] for i in strange)
    columns = {squeeze(name) for s in layouts for c in (*s.columns, *s.more) for name in (c.id, *c.names)}
    names = _zipped(squeeze(above.text), squeeze(below.text), words - columns)
    if not names:
        return header
    whole = replace(above, text=" ".join(names), offsets=None, ends=(), breaks=())
    return tuple(whole if line is above else line for line in header if line is not below)


def _zipped(above: str, below: str, words: frozenset[str]) -> tuple[str, ...]:
    """Return the names that two lines are the beginnings and the ends of; none if there is no way."""
    if not above and not below:
        return ()
    for name in sorted(words, key=len, reverse=True):
        for cut in range(1, len(name)):
            if above.startswith(name[:cut]) and below.startswith(name[cut:]):
                rest = above[cut:], below[len(name) - cut :]
                more = _zipped(*rest, words) if all(rest) else ()
                if more or not any(rest):
                    return (name, *more)
    return ()


def whole_names(header: Sequence[Line], *, sides: bool = False) -> tuple[Line, ...]:
    """Return a header's lines with the fragments of names put together by what headers of any table say.

    Nothing where a piece is left that is no name: what stands beside it could be another name than it looks like.
    In a table of ``sides`` 项目 begins one of them, and ends no name.
    """
    words = _any_words(sides=sides)
    out = _with_total(list(_joined(header, words, _SUMS)), words)
    pieces = [p for line in out for p in split_header(line.text)]
    return tuple(out) if all(_known(squeeze(p), words) for p in pieces) else ()


def _with_total(lines: list[Line], words: frozenset[str]) -> list[Line]:
    """Put 合计 back behind the word in front of it where both name the first column: the total of all."""
    at = next((i for i, line in enumerate(lines) if line.text == _TOTAL), 0)
    if not at or any(squeeze(line.text) not in HEADER_WORDS for line in lines[:at]):
        return lines
    name = squeeze(lines[at - 1].text) + _TOTAL
    whole = replace(lines[at - 1], text=name, offsets=None)
    return [*lines[: at - 1], whole, *lines[at + 1 :]] if name in words else lines


@lru_cache(maxsize=2)
def _any_words(*, sides: bool) -> frozenset[str]:
    """Every name that a header of some table, or of one of ``sides``, may have in a cell; also those no spec has."""
    lines = (data_folder("schemas") / "header_names.txt").read_text(encoding="utf-8").splitlines()
    more = {squeeze(line) for line in lines if line and not line.startswith("#")}
    words = _words(catalogue().tables) | {undated(name).removeprefix("其中:") for name in more}
    return frozenset(w for w in words if w == _ROWS or not w.endswith(_ROWS)) if sides else words


def _whole(run: Sequence[Line], words: frozenset[str], leaves: tuple[str, ...]) -> list[Line]:
    """Put a run of lines together, each with one piece; they stay as they are where each is a name."""
    pieces = [squeeze(line.text.replace("|", " ")) for line in run]
    if all(_known(piece, words) for piece in pieces):
        return list(run)
    out: list[Line] = []
    segmented = _segmented if sum(map(len, pieces)) <= _KEPT else _segmented.__wrapped__
    for first, end in segmented(tuple(pieces), words, leaves):
        line = run[first]
        out.append(line if end - first == 1 else replace(line, text="".join(pieces[first:end]), offsets=None))
    return out


@lru_cache(maxsize=512)
def _segmented(pieces: tuple[str, ...], words: frozenset[str], leaves: tuple[str, ...]) -> Sequence[tuple[int, int]]:
    """Return where each name among pieces begins and ends; kept, as documents share their headers."""
    # By how many pieces are behind: characters that nothing explains, names, and (below 0) where the last one begins.
    best: list[tuple[int, int, int]] = [(0, 0, 0)]
    for end in range(1, len(pieces) + 1):
        left, count, _ = best[end - 1]
        ways = [(left + (0 if _known(pieces[end - 1], words) else len(pieces[end - 1])), count + 1, 1 - end)]
        for first in range(max(0, end - _LONGEST), end - 1):
            name = "".join(pieces[first:end])
            if not name.isdigit() and _known(name, words):
                ways.append((best[first][0], best[first][1] + _names(name, words, leaves), -first))
        best.append(min(ways))
    out: list[tuple[int, int]] = []
    end = len(pieces)
    while end:
        out.append((-best[end][2], end))
        end = -best[end][2]
    return out[::-1]


def _names(name: str, words: frozenset[str], leaves: tuple[str, ...]) -> int:
    """How many names a name may be: 项目支出小计 is a group and the first column below it as well."""
    groups = [name.removesuffix(leaf) for leaf in leaves if name.endswith(leaf)]
    return 1 + any(group in words and (group not in _OF_YEAR or leaves != _LEAVES) for group in groups)


@lru_cache(maxsize=16_384)
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
