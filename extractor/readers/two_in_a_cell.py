"""Grids in which a tool put two columns into one: ``| 30101 | 基本工资 15.15 |``, ``| 收入 9.00 一、教育 | 9.00 |``.

Where no row of a page has an amount alone in a column, and several have one behind words there, or in front of them,
the column is two: a border comes between, and an empty cell where one of both is missing. Nothing else moves.
"""

import re
from collections.abc import Callable, Sequence

from extractor.normalize import Line

from .overleaf import pages
from .tokens import cells

_AMOUNT = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d+")
_WORD = re.compile(r"[\u4e00-\u9fff]{2}")
_NAMES = "金额|预算数|决算数|合计|支出数"
_BEHIND_NAME = re.compile(rf"\s*([^|\s]{{2,40}}?)(?:{_NAMES})\s*")
_FRONT_NAME = re.compile(rf"\s*({_NAMES})[^|\s]{{2,40}}\s*")
_LEAST = 3  # rows that show it
_TIMES = 4  # columns that are two

Where = Callable[[str], int]
"""Where the second column's part begins in a cell; 0 where the cell isn't two."""


def parted(content: Sequence[Line]) -> list[Line]:
    """Return the lines of a grid of pipes with a border in cells that are two."""
    out = list(content)
    for page in list(pages(content)):
        for _ in range(_TIMES):
            told = _told([[text for _, text in cells(out[i].text)] for i in page.lines])
            if told is None:
                break
            column, where, begin = told
            for number, index in enumerate(page.lines):
                out[index] = _with_border(out[index], column, where, header=number < begin)
    return out


def _behind(text: str) -> int:
    """An amount behind words."""
    first, _, last = text.rstrip().rpartition(" ")
    return len(first) + 1 if _AMOUNT.fullmatch(last) and _WORD.search(first) else 0


def _front(text: str) -> int:
    """Words behind an amount."""
    first, _, last = text.lstrip().partition(" ")
    return len(text) - len(last) if _AMOUNT.fullmatch(first) and _WORD.search(last) else 0


def _told(rows: Sequence[Sequence[str]]) -> tuple[int, Where, int] | None:
    """Return a column that is two, what finds the second one in its cells, and the first row that shows it."""
    for column in range(min(map(len, rows))):
        texts = [row[column] for row in rows]
        if any(_AMOUNT.fullmatch(text.strip()) for text in texts):
            continue
        for where in (_behind, _front):
            shown = [i for i, text in enumerate(texts) if where(text)]
            if len(shown) >= _LEAST:
                return column, where, shown[0]
    return None


def _with_border(line: Line, column: int, where: Where, *, header: bool) -> Line:
    """Put a border into a cell between what are two, or behind or in front of what is one."""
    start, text = cells(line.text)[column]
    names = (_BEHIND_NAME if where is _behind else _FRONT_NAME).fullmatch(text) if header else None
    alone = len(text) if where is _behind else 0
    return line.inserted(start + (names.end(1) if names else where(text) or alone), "|")
