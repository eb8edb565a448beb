"""Digits on lines of their own that are no amounts: numbers of pages and of columns, and what only looks like them."""

import re
from collections.abc import Sequence
from itertools import pairwise

from extractor.normalize import Line, squeeze
from extractor.specs import Catalogue, TableSpec

from .labels import TOTALS, Labels
from .tokens import Token

YEAR_GOES_ON = re.compile(r"(?:[0-9]{2})?年")
"""How a line begins that goes on with a year, whose first digits the line above may end with."""
# What is printed above every page: an office, its year, and what is published.
_RUNNING = re.compile(
    r"(?=.{11,40}$)(?=.*(?:19|20)\d\d年)[^|\t]*(?:部门|单位)(?:预算|决算)(?:公开)?(?:编制|情况|信息)?(?:说明|报告|资料)?(?<!表)$"
)
_COVER = 12  # lines of a document, among which its name is
_PAGE_DIGITS = 2
_YEAR_DIGITS = 4
_BESIDE = 2  # lines from a cell to the next one that isn't empty
_MANY = 5  # long amounts for each short number on a line of its own


def without_heads(content: Sequence[Line], lines: Sequence[Line]) -> list[Line]:
    """Drop the lines among those of a table that print the document's name again, as above every page."""
    names = {text for line in lines[:_COVER] if _RUNNING.match(text := squeeze(line.text)) and "\t" not in line.text}
    return [line for line in content if not names or squeeze(line.text) not in names]


def in_one_row(lines: Sequence[Sequence[Token]]) -> bool:
    """Whether lines are the cells of one row: nothing but numbers below words, each below the one before.

    What is empty may have a line between them; the number of a page stands further away.
    """
    first = next((i for i, line in enumerate(lines) if line[0].kind == "number"), 0)
    lines = lines[first:]
    if any(len(line) > 1 or line[0].kind not in ("number", "dash") for line in lines):
        return False
    near = all(below[0].line - line[0].line <= _BESIDE for line, below in pairwise(lines))
    return near and sum(line[0].priced for line in lines) > 1


def without_page_numbers(
    lines: Sequence[list[Token]], decimals: int, *, leveled: Catalogue | None
) -> list[list[Token]]:
    """Drop lines that hold one bare small integer: page numbers between the rows, column numbers one per line.

    Where classes, groups and items have columns of their own (``leveled``), two digits before a name
    are a code's if the classification has one that ends so, or a row's amounts follow the name.
    """
    if not decimals and not _long_amounts(lines):
        return list(lines)
    numbering = _column_numbers(lines)
    out = []
    for position, line in enumerate(lines):
        alone = _alone(line) and len(line[0].text) <= 2 and not line[0].cell
        goes_on = position + 1 < len(lines) and bool(YEAR_GOES_ON.match(lines[position + 1][0].text))
        follows = lines[position + 1] if position + 1 < len(lines) else []
        two = alone and len(line[0].text) == _PAGE_DIGITS and len(follows) == 1 and follows[0].kind == "text"
        part = (
            two
            and leveled is not None
            and (_part_of_a_code(line[0], follows[0], leveled) or _begins_row(lines, position))
        )
        part = part or goes_on or _code_part(lines, position) or (decimals > 0 and _name_part(lines, position))
        if position in numbering or (alone and not part):
            continue
        out.append(line)
    return out


def _long_amounts(lines: Sequence[list[Token]]) -> bool:
    """Whether amounts without a point are too long to be taken for the number of a page, nearly all of them."""
    numbers = [t for line in lines for t in line if t.kind == "number" and t.text.strip("0")]
    alone = [i for i, line in enumerate(lines) if _alone(line) and len(line[0].text) <= _PAGE_DIGITS]
    short = sum(not _code_part(lines, i) for i in alone)
    return sum("," in t.text or len(t.text) > _YEAR_DIGITS for t in numbers) > _MANY * short


def stray_page(lines: Sequence[Sequence[Token]], position: int, spec: TableSpec, labels: Labels) -> bool:
    """Whether a line is a page number of three or four digits: bare digits after a row's numbers, and no code."""
    line = lines[position]
    digits = line[0].text
    named = spec.shape in ("items", "projects") and position > 0
    before_words = position + 1 < len(lines) and lines[position + 1][0].kind == "text"
    carried_on = before_words and bool(YEAR_GOES_ON.match(lines[position + 1][0].text))
    # Between the words of a name the digits may be its own.
    after_row = not carried_on and (not named or lines[position - 1][-1].priced or before_words)
    return after_row and _alone(line) and 3 <= len(digits) <= 4 and not labels.is_code(digits, spec)


def _part_of_a_code(part: Token, name: Token, catalogue: Catalogue) -> bool:
    """Whether the classification has a code that ends so, whose name begins so."""
    begins = squeeze(name.text)
    return any(
        code.endswith(part.text) and any(squeeze(n).startswith(begins) for n in names)
        for code, names in catalogue.names.items()
    )


def _begins_row(lines: Sequence[Sequence[Token]], position: int) -> bool:
    """Whether digits behind amounts stand before a name with amounts: no total, which has no code."""
    before, name = lines[position - 1] if position else (), lines[position + 1]
    behind = bool(before) and before[-1].kind in ("number", "dash") and not before[-1].whole
    follows = lines[position + 2] if position + 2 < len(lines) else ()
    row = bool(follows) and (follows[0].priced or follows[0].kind == "dash")
    return behind and row and squeeze(name[0].text) not in TOTALS


def _alone(line: Sequence[Token]) -> bool:
    return len(line) == 1 and line[0].whole


def _column_numbers(lines: Sequence[list[Token]]) -> set[int]:
    """Positions of runs 1, 2, 3 … that stand on lines of their own."""
    found: set[int] = set()
    for position, line in enumerate(lines):
        if _alone(line) and line[0].text == "1":
            end = position
            while end < len(lines) and _alone(lines[end]) and lines[end][0].text == str(end - position + 1):
                end += 1
            if end - position >= 3:
                found.update(range(position, end))
    return found


def _name_part(lines: Sequence[list[Token]], position: int) -> bool:
    """Digits that carry on a name's number from the line above: ``特定目标`` / ``071001`` / ``33``."""
    return position > 0 and lines[position - 1][-1].whole and len(lines[position - 1][-1].text) >= 4


def _code_part(lines: Sequence[list[Token]], position: int) -> bool:
    """Two digits on a line of their own right after a class code: one cell per line."""
    if len(lines[position][0].text) != 2 or position == 0:
        return False
    before = lines[position - 1]
    return len(before) == 1 and before[0].whole and len(before[0].text) in (2, 3)
