"""Rows of tables with tabs that are broken inside words: on which lines each stands.

The rows around tell how many cells a row has. Each piece has fewer, and Chinese characters stand on both sides of each
break, so that no number is ever put together.
"""

import re
from collections.abc import Iterator, Sequence

# Two halves of a word, one at the end of a line and one at the beginning of the next.
_WORDS = re.compile(r"[\u4e00-\u9fff]{2}")
_PRICED = re.compile(r"[\t|] *-?[0-9][0-9,.]*万?元$")  # a cell
_BEGINS = re.compile(r"\s*(?:[一二三四五六七八九十]{1,3}、|\([一二三四五六七八九十\d]{1,3}\)|\d{1,2}[.、])")  # a row
_NO_CELL = re.compile(r"表\s*$|[:：]|^\s*[附表]")  # titles and units
_AMOUNT = re.compile(r"\d\.\d")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_ROWS = 8  # rows above and below that tell how many cells a row has
_PIECES = 6  # lines that one row may stand on
_SEVERAL = 2  # rows that have as many cells, or it is none's width


def wrapped(texts: Sequence[str], numbers: Sequence[int]) -> Iterator[range]:
    """Yield the lines of each row that stands on several.

    Args:
        texts: The lines.
        numbers: Their numbers in the document, which tell where lines were left out.
    """
    tabs = [text.count("\t") for text in texts]
    above = range(0)  # the row, or the line, before
    while above.stop < len(texts):
        index = above.stop
        above = range(index, index + _pieces(texts, numbers, tabs, above))
        if len(above) > 1:
            yield above


def _pieces(texts: Sequence[str], numbers: Sequence[int], tabs: Sequence[int], above: range) -> int:
    """On how many lines the row below stands: as many as it takes to have the tabs of most rows around."""
    index = above.stop
    if index + 1 == len(texts) or not any(tabs[index : index + _PIECES]) or not _goes_on(texts, index):
        return 1
    around = range(max(0, index - _ROWS), min(len(texts), index + _PIECES + _ROWS))
    width = _width(texts, tabs, around)
    row = next(i for i in range(index, len(texts)) if tabs[i])
    beside = bool(above) and sum(tabs[i] for i in above) == width
    apart = bool(above) and numbers[above.start] < numbers[index] - 1
    apart = apart and numbers[row] - numbers[index] == row - index
    if row > index and (not (apart or beside) or any(_NO_CELL.search(texts[i]) for i in range(index, row))):
        return 1  # a title or a unit may stand above a broken header
    if row > index and tabs[row] == width and not _AMOUNT.search(texts[row]):
        return 1
    if row > index and tabs[row] == width:  # where empty cells at a line's end are kept, a heading has them
        kept = any(tabs[i] == width and texts[i].endswith("\t") for i in around)
        begins = _BEGINS.match(texts[index]) or (bool(above) and not _CHINESE.search(texts[index - 1][-1]))
        whole = all(_goes_on(texts, i) for i in range(index, row))
        return row - index + 1 if kept and beside and begins and whole else 1
    end = _end(texts, tabs, index, width)
    end += _trailing(texts, tabs, end - 1, width) if end > index + 1 else 0
    # Without a whole row above or below, the lines may be rows of a narrower table; if all are alike, they are.
    below = _end(texts, tabs, end, width)
    others = below > end and len(set(tabs[index:below])) > 1
    return end - index if end > index + 1 and (beside or others) else 1


def _width(texts: Sequence[str], tabs: Sequence[int], around: range) -> int:
    """The tabs of a row, as most lines around have them, whole or together; 0 where they don't agree."""
    best, most = 0, 0
    for width in {tabs[i] for i in around if tabs[i] > 1}:
        index, covered, rows = around.start, 0, 0
        while index < around.stop:
            end = _end(texts, tabs, index, width)
            covered += sum(tabs[i] > 0 for i in range(index, end))
            rows += end > index
            index = max(end, index + 1)
        if rows >= _SEVERAL and (covered, width) > (most, best):
            best, most = width, covered
    return best if most * 2 > sum(tabs[i] > 0 for i in around) else 0


def _end(texts: Sequence[str], tabs: Sequence[int], index: int, width: int) -> int:
    """The line behind a row that begins here, whole or broken inside words; the same line if none does."""
    total = 0
    for end in range(index, min(index + _PIECES, len(texts))):
        if end > index and (tabs[end] == width or not _goes_on(texts, end - 1)):
            return index
        total += tabs[end]
        if total >= width:
            return end + 1 if total == width else index
    return index


def _trailing(texts: Sequence[str], tabs: Sequence[int], end: int, width: int) -> int:
    """How many lines below a row are the rest of its last cell: words alone, and then the next row."""
    for count, after in enumerate(range(end + 1, min(end + _PIECES, len(texts)))):
        if tabs[after]:
            return count if tabs[after] == width else 0
        if not _goes_on(texts, after - 1) or _BEGINS.match(texts[after]):
            return 0
    return 0


def _goes_on(texts: Sequence[str], index: int) -> bool:
    """Whether a line may break off inside a word that the next one goes on with; an amount with its unit is whole."""
    text = texts[index]
    priced = text.endswith("元") and _PRICED.search(text) is not None
    return not priced and _WORDS.search(text[-1] + texts[index + 1][0]) is not None
