"""Breaks inside the cells of a table row, as converters to Markdown and HTML leave them: ``<br>``.

A break is one of three things. Where a cell wraps, it is a blank; between Chinese characters and in a number, nothing.
And where a converter has put several rows into one, each cell has as many pieces as there are rows: then it parts them.
"""

import re
from collections.abc import Iterator, Sequence

from .amount import parse_amount

BREAK = "\v"
"""Stands for ``<br>``; a vertical tab of the source is a blank before."""
Char = tuple[str, int, int]
"""A character with the offsets in the original before and after it."""
_WORD = re.compile(r"[^\x00-\x7f\s]{2}")
_BARS = 2  # of a row of a Markdown table


def parted(chars: list[Char]) -> Iterator[list[Char]]:
    """Yield the lines that a line with breaks stands for; one without is as it is."""
    text = "".join(c for c, _, _ in chars)
    if BREAK not in text:
        yield chars
        return
    mark = "\t" if "\t" in text.lstrip() else "|" if text.count("|") >= _BARS else ""
    if not mark:
        yield from split(chars, BREAK)
        return
    cells = [split(cell, BREAK) for cell in split(chars, mark)]
    marks = [c for c in chars if c[0] == mark]
    count = _rows(cells)
    for number in range(count):
        row: list[Char] = []
        for index, pieces in enumerate(cells):
            if count == 1:
                row.extend(_joined(pieces))
            elif number < len(pieces):
                row.extend(pieces[number])
            row.extend(marks[index : index + 1])
        yield row


def _rows(cells: Sequence[Sequence[Sequence[Char]]]) -> int:
    """How many rows a row is: as many as pieces in each cell of numbers, if those of words agree; mostly one."""
    said = [list(map(_text, pieces)) for pieces in cells]
    said = [texts for texts in said if any(texts)]
    numbers = [texts for texts in said if all(map(parse_amount, filter(None, texts)))]
    words = [len(texts) for texts in said if texts not in numbers]
    count = max(map(len, numbers), default=1)
    if any(len(texts) != count for texts in numbers) or not {1, count}.issuperset(words):
        return 1
    points = any("." in text for texts in numbers for text in texts)
    return count if len(numbers) > 1 or (points and count in words) else 1


def _joined(pieces: Sequence[Sequence[Char]]) -> Iterator[Char]:
    """Yield a cell whose text wraps as it would stand on one line."""
    for index, piece in enumerate(pieces):
        if index:
            before, after = _text(pieces[index - 1]), _text(piece)
            broken = parse_amount(before + after) and not (parse_amount(before) and parse_amount(after))
            if not broken and not _WORD.fullmatch(before[-1:] + after[:1]):
                end = pieces[index - 1][-1][2] if pieces[index - 1] else piece[0][1] if piece else 0
                yield " ", end, end
        yield from _stripped(piece) if len(pieces) > 1 else piece


def _stripped(piece: Sequence[Char]) -> Sequence[Char]:
    kept = [i for i, c in enumerate(piece) if not c[0].isspace()]
    return piece[kept[0] : kept[-1] + 1] if kept else ()


def _text(piece: Sequence[Char]) -> str:
    return "".join(c for c, _, _ in piece).strip()


def split(chars: Sequence[Char], mark: str) -> list[list[Char]]:
    """Return the pieces between the marks."""
    out: list[list[Char]] = [[]]
    for char in chars:
        if char[0] == mark:
            out.append([])
        else:
            out[-1].append(char)
    return out
