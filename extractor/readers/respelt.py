"""Headers with misread words: what a piece of one may be a misreading of, where only one name is like it.

A header prints the same few dozen names everywhere. A cell that is none of them, and differs from just one by a
character in five, is taken for that one; what several are like, or none, stays as it is printed. Without cells a piece
may be a part of a name: there the characters have to look like those of the name.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from extractor.lexicon import resembles
from extractor.normalize import Line, squeeze

from .columns import may_be
from .labels import undated

_CELL = re.compile(r"[^\t|]+")
_PIECE = re.compile(r"(?<!\S)\S(?: \S)+(?!\S)|\S+")  # words, those spaced out too: 项 目


def respelt(header: Iterable[Line]) -> list[Line]:
    """Return the lines of a header with the names that its misread pieces stand for; no line changes its length."""
    return [_respelt(line) for line in header]


def _respelt(line: Line) -> Line:
    cells = "\t" in line.text or "|" in line.text
    text = (_CELL if cells else _PIECE).sub(lambda found: _as_known(found.group(), whole=cells), line.text)
    return line if text == line.text else replace(line, text=text)


def _as_known(piece: str, *, whole: bool) -> str:
    """Return a piece of a header as it was before characters were misread; years in front of it and blanks stay."""
    printed = squeeze(piece)
    plain = undated(printed)
    names = may_be(plain) if printed.endswith(plain) and len(plain) > 1 else frozenset()
    if len(names) != 1 or not (whole or all(a == b or resembles(a, b) for a, b in zip(plain, *names, strict=True))):
        return piece
    meant = printed.removesuffix(plain) + "".join(names)
    if sum(not char.isspace() for char in piece) != len(meant):
        return piece
    chars = iter(zip(printed, meant, strict=True))
    return "".join(char if char.isspace() else _changed(char, *next(chars)) for char in piece)


def _changed(char: str, printed: str, meant: str) -> str:
    """Return a character as it is printed where it isn't misread, be it half or full width."""
    return char if printed == meant else meant
