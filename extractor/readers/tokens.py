"""Tokens of a table's lines: numbers, words, dashes, each with its place and, in a grid, its cell."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from extractor.amount import Amount, parse_amount
from extractor.normalize import Line, Place

TokenKind = Literal["number", "text", "dash", "mark"]


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        kind: ``dash`` stands for an empty cell, ``mark`` for ``※``.
        text: As printed, normalised; a split number is joined.
        spans: Its places in the original, one for each printed piece.
        cell: Index of the cell in a grid line; None in free text.
        last: It is the last token of its line.
    """

    kind: TokenKind
    text: str
    spans: tuple[Place, ...]
    cell: int | None = None
    last: bool = False

    @property
    def line(self) -> int:
        """1-based line where it starts."""
        return self.spans[0].line

    @property
    def amount(self) -> Amount | None:
        """The number, for number tokens."""
        return parse_amount(self.text) if self.kind == "number" else None

    @property
    def decimals(self) -> int:
        """Digits after the point; 0 for anything but a number."""
        return len(self.text.partition(".")[2]) if self.kind == "number" else 0

    @property
    def whole(self) -> bool:
        """A bare run of digits: perhaps a code, a page number, a name's number."""
        return self.kind == "number" and self.text.isdigit()


_NUMBER = r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_EXACT = re.compile(_NUMBER)
_WITH_POINT = r"-?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d{1,6}"
_MERGED = re.compile(r"(?:-?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d\d){2,}")
_TWO_PLACES = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d\d")
_NUMBER_THEN_TEXT = re.compile(rf"({_WITH_POINT})(?=[^\d.,%\x00-\x7f])(?![万亿元年月%个])(.+)")
_TEXT_THEN_NUMBER = re.compile(rf"(.*[^\d.,\-])({_WITH_POINT})")
_CODE_THEN_NAME = re.compile(r"([235]\d\d(?:\d\d){0,2})(?=[^\d.,%\x00-\x7f])(?![年月万亿元个号])(.+)")
_DASH = re.compile(r"[-—–/\\]{1,4}|──+")
_MARK = re.compile(r"[※*＊]+")
_PIECE = re.compile(r"\S+")


def tokenize(line: Line, *, grid: bool) -> list[Token]:
    """Split one line into tokens; in a grid, tabs or pipes separate cells and are kept as cell indexes."""
    found: list[tuple[TokenKind, str, int, int, int | None]] = []
    if not grid:
        for match in _PIECE.finditer(line.text.replace("|", " ")):
            found.extend((k, t, a, b, None) for k, t, a, b in _piece(match.group(), match.start()))
    else:
        for index, (start, text) in enumerate(cells(line.text)):
            for match in _PIECE.finditer(text):
                pieces = _piece(match.group(), start + match.start())
                found.extend((k, t, a, b, index) for k, t, a, b in pieces)
    return [
        Token(kind, text, (line.span(a, b),), cell, last=position == len(found) - 1)
        for position, (kind, text, a, b, cell) in enumerate(found)
    ]


def cells(text: str) -> list[tuple[int, str]]:
    """Split a grid line into its cells: offset in the line and text."""
    separator = "\t" if "\t" in text else "|"
    parts, position = [], 0
    for part in text.split(separator):
        parts.append((position, part))
        position += len(part) + 1
    if separator == "|":
        # A Markdown row opens and closes with a pipe that is no cell border.
        if parts and not parts[0][1].strip():
            parts = parts[1:]
        if parts and not parts[-1][1].strip():
            parts = parts[:-1]
    return parts


def _piece(text: str, start: int) -> Iterator[tuple[TokenKind, str, int, int]]:
    end = start + len(text)
    if _EXACT.fullmatch(text):
        yield "number", text, start, end
    elif _DASH.fullmatch(text):
        yield "dash", text, start, end
    elif _MARK.fullmatch(text):
        yield "mark", text, start, end
    elif _MERGED.fullmatch(text):
        for match in _TWO_PLACES.finditer(text):
            yield "number", match.group(), start + match.start(), start + match.end()
    elif front := _NUMBER_THEN_TEXT.fullmatch(text) or _CODE_THEN_NAME.fullmatch(text):
        yield "number", front.group(1), start, start + front.end(1)
        yield from _piece(front.group(2), start + front.start(2))
    elif back := _TEXT_THEN_NUMBER.fullmatch(text):
        yield "text", back.group(1), start, start + back.end(1)
        yield "number", back.group(2), start + back.start(2), end
    else:
        yield "text", text, start, end


def usual_decimals(lines: Sequence[Sequence[Token]]) -> int:
    """Digits after the point that the amounts of a table are printed with (0 where none has a point)."""
    counts = Counter(t.decimals for line in lines for t in line if t.decimals)
    return counts.most_common(1)[0][0] if counts else 0


def join_split_numbers(lines: Sequence[list[Token]], decimals: int) -> list[list[Token]]:
    """Join numbers that are split over lines: ``89.6`` / ``7``, ``46`` / ``6.14``.

    A number at the end of a line with fewer decimals than the table's, and a line that begins with just what is
    missing, are one number. Every other short number is left as printed.
    """
    if not decimals:
        return list(lines)
    out: list[list[Token]] = []
    for line in lines:
        previous = out[-1][-1] if out and out[-1] else None
        joined = _join(previous, line, decimals) if previous else None
        if joined is None:
            out.append(list(line))
        else:
            out[-1][-1] = joined
            if line[1:]:
                out[-1].extend(line[1:])
    return out


def _join(first: Token, line: Sequence[Token], decimals: int) -> Token | None:
    second = line[0]
    if first.kind != "number" or second.kind != "number" or first.cell is not None:
        return None
    lacking = decimals - first.decimals if first.decimals else 0
    if lacking <= 0 or not second.whole or len(second.text) != lacking:
        return None
    text = first.text + second.text
    return Token("number", text, (*first.spans, *second.spans), None, last=True)
