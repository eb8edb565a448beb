"""Tables of web pages that come out as text with a border behind each cell and a line for each, or nearly.

``合计 |`` / ``49.9 |`` / ``|`` / ``公务接待费 |``: what is empty has its border too, so the cells go back into rows as
soon as the number of columns is known. It is the one with which a line of names stands on top, names stand in front,
and nothing but amounts behind them. Where none is, or several are, the lines stay as they are. Rows between
borders that are wrapped are found by the number of these.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

Row = list[tuple[int, int]]
"""Of each cell, where it begins in the joined text and where it ends."""
_AMOUNT = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?%?|[-—–/]{1,4}")
_MOST = 14  # columns
_FEW = 6  # borders, fewer are no table
_CELL = 60  # characters
_ROWS = 3
_NUMERIC = frozenset("0123456789.,")
_ALIKE = 2  # rows with as many borders
_LINES = 6  # that one row may stand on


def wrapped(texts: Sequence[str]) -> Iterator[range]:
    """Yield the lines of each row between borders that is wrapped: together they have the borders of other rows.

    The first begins with a border and ends without one, the others don't begin with one, and the last ends with one.
    No number is put together.
    """
    plain = [text.strip() for text in texts]
    whole = Counter(text.count("|") for text in plain if text[:1] == text[-1:] == "|" and len(text) > 1)
    index = 0
    while index < len(plain):
        end = index + 1
        if plain[index].startswith("|") and not plain[index].endswith("|"):
            end = _end(plain, index)
            torn = any(a[-1] in _NUMERIC and b[0] in _NUMERIC for a, b in pairwise(plain[index:end]))
            together = sum(text.count("|") for text in plain[index:end])
            if not torn and plain[end - 1].endswith("|") and whole[together] >= _ALIKE:
                yield range(index, end)
            else:
                end = index + 1
        index = end


def _end(texts: Sequence[str], index: int) -> int:
    """The line behind a row that begins here: behind a border at a line's end, or in front of one at its beginning."""
    for end in range(index + 1, min(len(texts), index + _LINES)):
        if texts[end].startswith("|"):
            return end
        if texts[end].endswith("|"):
            return end + 1
    return min(len(texts), index + _LINES)


def runs(texts: Sequence[str]) -> Iterator[range]:
    """Yield the runs of lines with no more than one cell each and a border, or with one below them."""
    first = None
    for index in range(len(texts) + 1):
        if index < len(texts) and _piece(texts, index):
            first = index if first is None else first
        elif first is not None:
            if sum(text.count("|") for text in texts[first:index]) >= _FEW:
                yield range(first, index)
            first = None


def _piece(texts: Sequence[str], index: int) -> bool:
    text = texts[index]
    if "|" in text:
        return sum(1 for cell in text.split("|") if cell.strip()) <= 1
    below = index + 1 < len(texts) and texts[index + 1].lstrip().startswith("|")
    return below and len(text) <= _CELL and "\t" not in text


def rows(text: str) -> list[Row]:
    """Return the rows of a joined text's cells, without columns that are empty; none if it isn't clear."""
    cells = _cells(text)
    printed = [text[begin:end].strip() for begin, end in cells]
    able = range(2, min(_MOST, len(cells) // _ROWS) + 1)
    found = [made for count in able if (made := _in_rows(cells, printed, count))]
    return found[0] if len(found) == 1 else []


def _cells(text: str) -> Row:
    out, start = [], 0
    for end in (i for i, char in enumerate(text) if char == "|"):
        out.append((start, end))
        start = end + 1
    return [*out, (start, len(text))] if text[start:].strip() else out


def _in_rows(cells: Row, texts: Sequence[str], count: int) -> list[Row]:
    """Return rows of so many cells, if these are a table; ``texts`` are what is printed in them."""
    kept = [i for i in range(count) if any(texts[i::count])]
    if len(texts) // count < _ROWS or len(kept) < 2:
        return []
    made = [cells[i : i + count] for i in range(0, len(cells), count)]
    printed = [texts[i : i + count] for i in range(0, len(cells), count)]
    front, *behind = kept
    names = all(len(row) > front and row[front] and not _AMOUNT.fullmatch(row[front]) for row in printed)
    titled = all(printed[0][i] and not _AMOUNT.fullmatch(printed[0][i]) for i in kept)
    amounts = [row[i] for row in printed[1:] for i in behind if i < len(row) and row[i]]
    if not (names and titled and amounts and all(map(_AMOUNT.fullmatch, amounts))):
        return []
    return [[row[i] for i in kept if i < len(row)] for row in made]
