"""Rows of indicators whose names aren't certain since lines are not full, or cells of the form are lost."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from extractor.forms import NUMBERS, Kind, Words

from .form_head import Header
from .form_reading import FREE, LEVELS, Reading, printed
from .form_tokens import Token

_SEAM = "a line in the middle of this name is not full, so it may be the end of the name above"
_LOST = "cells of this form are lost, and a text in this row may be the name of another"
_CUT = "the end of this name may stand in front of the next one"
_LEVEL = "a level that stands above this row has no place"
_WHOLE = (Decimal(90), Decimal(100))  # points of a form's indicators
_MAY_BE_EMPTY: frozenset[Kind] = LEVELS | {"last", "deviation", "ignored"}


def seams(reads: Sequence[Reading]) -> None:
    """Doubt names that may hold the end of the name above.

    A cell is broken where its line is full. A short line before the last one is the end of a cell: of the name above,
    whose other lines stand over its values. No level stands between.
    """
    width = max((len(printed(line)) for r in reads for line in r.name_lines()), default=0)
    for before, read in pairwise(reads):
        lines = [printed(line) for line in read.name_lines()]
        seam = any(_ends(line, after, width) for line, after in pairwise(lines))
        if not read.levelled and (seam or "".join(lines).startswith(("(", ")"))):
            read.doubt(_SEAM)
            before.doubt(_SEAM)


def _ends(line: str, after: str, width: int) -> bool:
    """Whether a cell ends with this line; a line is also broken before a bracket that doesn't fit, or inside one."""
    return len(line) < width - 1 and "(" not in (line[0], after[0])


def lost(reads: Sequence[Reading], header: Header, words: Words) -> None:
    """Where cells are missing, doubt every row with a text that isn't certain to stand in its column.

    The name of a row whose own values are lost then looks like a value of the row above, and a part of a name like
    the end of that row, or like a part of the name below.
    """
    if _is_whole(reads, header):
        return
    for read, after in zip(reads, (*reads[1:], None), strict=True):
        inside = [t for kind, cell in read.cells.items() if kind not in LEVELS and kind != "name" for t in cell]
        open_ = [t for t in (*inside, *read.noise) if t.shape in (*FREE, "evidence") and not _is_phrase(t, words)]
        name = read.cells.get("name", ())
        if open_ or any(t.shape not in FREE for t in name) or len(read.name_lines()) > 1:
            read.doubt(_LOST)
        if after is not None and not after.levelled:
            last = max((*inside, *read.noise), key=lambda t: t.pieces[0].place.start, default=None)
            if last in open_:
                after.doubt(_LOST)
    stray = False
    for read in reads:
        stray = stray and not read.levelled
        if stray:
            read.doubt(_LEVEL)
        stray = stray or any(t.shape == "level" for t in read.noise)
    for before, read in pairwise(reads):
        if not read.levelled and read.indicator.doubt:
            before.doubt(_CUT)


def _is_phrase(token: Token, words: Words) -> bool:
    return token.text in words.evidence.words or token.text in words.value_words


def _is_whole(reads: Sequence[Reading], header: Header) -> bool:
    """Whether every row has all its cells, and the weights add up."""
    needed = [k for k in header.kinds if k not in _MAY_BE_EMPTY]
    filled = [k for k in needed if any(k in r.cells for r in reads)]
    if any(r.noise or any(k not in r.cells for k in filled) for r in reads):
        return False
    weights = [r.indicator.number("weight") for r in reads]
    return "weight" not in NUMBERS.intersection(filled) or sum(w or 0 for w in weights) in _WHOLE
