"""Numbers that stand on a line of their own below the sentence that they belong to, which has a gap for each.

Some tools tear a line of a page by height where digits are set a little lower than the words around them:
``本年收入合计 万元，其中：财政拨款收入 万元，占 ；`` above ``2946.25 2940.05 99.79%``. Where there are as many gaps as
numbers, each in front of a unit or a mark, they go back in their order. One whole number alone, but for 0 and a year,
may be that of a page below a gap that nobody filled.
"""

import re

_NUMBERS = re.compile(r"\s*[-+]?[\d,.]+%?(?:\s+[-+]?[\d,.]+%?)*\s*")
_NUMBER = re.compile(r"\S+")
_GAP = re.compile(
    r"(?<=[^\s\d.]) +(?=万元|亿元|元|年|[月日%个人辆台次批](?![\u4e00-\u9fff])|平方米|[,，;；。、)）])"
    r"|(?<=[占为降长加少])\s+$"
)
_PAGE = re.compile(r"\s*(?!(?:19|20)\d\d\s*$)[1-9]\d{0,3}\s*")  # no year, and not 0
_UNIT = re.compile(r"[^,，;；。、)）]")  # what a percentage doesn't stand in front of
_BLANK = re.compile(r"(?<=\S)\s+(?=\S)")
_MOST = 400  # characters of a line of prose
_SENTENCE = re.compile(r"[\u4e00-\u9fff].*[,，;；。:：]|[,，;；。:：].*[\u4e00-\u9fff]")


def gaps(text: str, below: str) -> list[tuple[int, int, int, int]]:
    """Return for each gap of a line where it begins and ends, and the number of the line below that fills it.

    An empty list where they don't match.
    """
    if len(text) > _MOST or len(below) > _MOST or not _NUMBERS.fullmatch(below) or _PAGE.fullmatch(below):
        return []
    if "\t" in text or "|" in text:
        return []
    found = [(m.start(), m.end()) for m in _GAP.finditer(text)]
    numbers = [(m.start(), m.end()) for m in _NUMBER.finditer(below)]
    others = [m for m in _BLANK.finditer(text) if not any(a <= m.start() < b for a, b in found)]
    if len(found) != len(numbers) or others or not _SENTENCE.search(text):
        return []
    filled = [(*gap, *number) for gap, number in zip(found, numbers, strict=True)]
    odd = any(below[last - 1] == "%" and _UNIT.match(text, end) for _, end, _, last in filled)
    return [] if odd else filled
