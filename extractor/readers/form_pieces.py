"""Pieces of a form: text without white space, with its place and, in tab and pipe tables, its column."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from extractor.forms import Words
from extractor.normalize import Line, Place, readable
from extractor.records import Span
from extractor.remember import remembered

_ATOM = re.compile(r"[^\s|]+")
_RULE = re.compile(r":?-{2,}:?")
_LABELLED = re.compile(r"([^:]{2,14}:)(.+)")
_LINE = 10_000  # characters of a line of a form; what is longer is none, and its numbers are listed as not read
_GAP = 4  # blanks between two pieces that are reported as one span


class Piece(NamedTuple):
    """A bit of text.

    Attributes:
        text: Without white space.
        place: Where it stands in the original.
        line: Index of its line.
        column: Which cell of a tab or pipe table it stands in; None elsewhere.
    """

    text: str
    place: Place
    line: int
    column: int | None = None


def pieces(lines: Sequence[Line], indexes: Sequence[int], words: Words) -> list[Piece]:
    """Cut lines into pieces; rows of dashes are left out, and ``label:content`` is cut in two."""
    return [
        piece for index in indexes if len(lines[index].text) <= _LINE for piece in _line(lines[index], index, words)
    ]


def _line(line: Line, index: int, words: Words) -> Iterator[Piece]:
    text = line.text
    grid = "\t" in text or "|" in text
    shift = 1 if text.lstrip().startswith("|") else 0
    found = []
    cell, last = -shift, 0
    for match in _ATOM.finditer(text):
        start, end = match.span()
        if grid:
            cell += text.count("\t", last, start) + text.count("|", last, start)
            last = start
        found.append((start, end, cell if grid else None))
    if found and all(_RULE.fullmatch(text[a:b]) for a, b, _ in found) and (len(found) > 1 or len(text.strip()) > 2):
        return
    for start, end, column in found:
        atom = text[start:end]
        cut = _LABELLED.fullmatch(atom) if ":" in atom else None
        if cut and bare_label(cut[1]) in words.field_of:
            middle = start + len(cut[1])
            yield Piece(cut[1], line.span(start, middle), index, column)
            yield Piece(cut[2], line.span(middle, end), index, column)
        else:
            yield Piece(atom, line.span(start, end), index, column)


_IN_FRONT = re.compile(r"^(?:[一二三四五六七八九十]{1,2}、|\([一二三四五六七八九十]\))")
_BEHIND = re.compile(r"(?::|\((?:万元|元|盖章|公章|签章|预留|单位:万元)\)?){1,8}$")


@remembered
def bare_label(text: str) -> str:
    """Return a label without numbering in front and without unit, seal or colon behind."""
    return _BEHIND.sub("", _IN_FRONT.sub("", text))


def is_grid(found: Sequence[Piece]) -> bool:
    """Whether the pieces stand in the cells of a tab or pipe table."""
    return sum(p.column is not None for p in found) * 2 > len(found)


def joined(found: Sequence[Piece]) -> str:
    """Return the text of a value printed in these pieces: blanks of one line stay, line breaks vanish."""
    if len(found) == 1:
        return readable(found[0].text)
    out = ""
    for before, piece in zip((None, *found), found, strict=False):
        out += (" " if before is not None and before.line == piece.line else "") + piece.text
    return readable(out)


def bare(found: Sequence[Piece]) -> str:
    """Return the text of these pieces without any blank: the form in which labels are compared."""
    return found[0].text if len(found) == 1 else "".join([p.text for p in found])


def spans(found: Sequence[Piece]) -> tuple[Span, ...]:
    """Return the places of these pieces, neighbours on one line as one."""
    if len(found) == 1:
        return (Span(start=found[0].place.start, end=found[0].place.end, line=found[0].place.line),)
    out: list[Place] = []
    last: Piece | None = None
    for piece in found:
        place = piece.place
        same = last is not None and (last.line, last.column) == (piece.line, piece.column)
        if same and 0 <= place.start - out[-1].end <= _GAP:
            out[-1] = Place(out[-1].start, place.end, out[-1].line)
        else:
            out.append(place)
        last = piece
    return tuple(Span(start=p.start, end=p.end, line=p.line) for p in out)


def part_of(piece: Piece, start: int, end: int) -> Piece:
    """Return ``piece.text[start:end]`` as a piece of its own.

    Its place is exact where the original has one character for each of the text, which holds for numbers.
    """
    whole = piece.place
    if whole.end - whole.start != len(piece.text):
        return piece
    if end - start == len(piece.text):
        return piece
    place = Place(whole.start + start, whole.start + end, whole.line)
    return Piece(piece.text[start:end], place, piece.line, piece.column)
