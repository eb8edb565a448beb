"""Headers with misread words: what a piece of one may be a misreading of, where only one name is like it.

A header prints the same few dozen names everywhere. A piece that is none of them, and differs from just one by a
character, is taken for that one; what several are like, or none, stays as it is printed. Without cells a piece may be a
part of a name: there the character has to look like the one of the name.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from extractor.lexicon import lookalikes, resembling
from extractor.normalize import Line, squeeze

from .columns import may_be
from .labels import undated

_PIECES = re.compile(r"(?<![^\s|])[^\s|](?: [^\s|])+(?![^\s|])|[^\s|]+")  # words, those spaced out too: 项 目


def respelt(header: Iterable[Line]) -> list[Line]:
    """Return the lines of a header with the names that its misread pieces stand for; no line changes its length."""
    return [_respelt(line) for line in header]


def _respelt(line: Line) -> Line:
    whole = "\t" in line.text or "|" in line.text
    text = _PIECES.sub(lambda found: _as_known(found.group(), whole=whole), line.text)
    return line if text == line.text else replace(line, text=text)


def _as_known(piece: str, *, whole: bool) -> str:
    """Return a piece of a header as it was before characters were misread; the years in front of it stay."""
    plain = undated(piece)
    names = may_be(plain) if squeeze(piece).endswith(plain) else frozenset()
    if len(names) != 1 or not (whole or all(map(_alike, plain, *names))):
        return piece
    if " " in piece:
        return " ".join(*names) if len(piece) == 2 * len(plain) - 1 else piece
    return piece.removesuffix(plain) + "".join(names) if piece.endswith(plain) else piece


def _alike(char: str, other: str) -> bool:
    """Whether a character is another, or looks like it or a part of it."""
    return char == other or other in lookalikes().get(char, ()) or other in resembling().get(char, ())
