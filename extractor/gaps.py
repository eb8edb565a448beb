"""Numbers and quotes that stand on a line of their own below the sentence that they belong to, which has gaps for them.

Some tools tear a line of a page by height where digits or quotes are set a little lower than the words around them:
``本年收入合计 万元，其中：财政拨款收入 万元，占 ；`` above ``2946.25 2940.05 99.79%``. Where there are as many gaps
as pieces, each of a kind that may stand there, they go back in their order: numbers in front of a unit or a mark,
quotes beside words, the number of a paragraph in front of its ``、``. The gap may be where the line begins or ends.
One whole number alone, but for 0 and a year, may be that of a page below a gap that nobody filled.
"""

import re
from collections.abc import Sequence
from functools import partial
from itertools import combinations

_PIECES = re.compile(r"\s*(?:[-+]?[\d,.]+%?|[“”‘’]+)(?:\s+(?:[-+]?[\d,.]+%?|[“”‘’]+))*\s*")
_PIECE = re.compile(r"\S+")
_BLANK = re.compile(r"(?<=\S)\s+(?=\S)")
_UNIT = re.compile(r"万元|万$|亿元|元|年|[月日%个人辆台次批分家名项件户](?![\u4e00-\u9fff])|平方米|[,，;；。、)）]")
_MARK = re.compile(r"[,，;；。、)）]")
_GOES_ON = re.compile(r"[,，;；。]")  # how a line begins whose number is above
_BEFORE = re.compile(r"[占为降长加少的]$")
_NO_NUMBER = re.compile(r"[\s\d.]$")
_PAGE = re.compile(r"\s*(?!(?:19|20)\d\d\s*$)[1-9]\d{0,3}\s*")  # no year, and not 0
_COUNTS = "年月日个人辆台次批家名项件户"
_YEAR = re.compile(r"(?:19|20)\d\d")
_WHOLE = re.compile(r"\d[\d,]*")
_ORDINAL = re.compile(r"[1-9]\d?")
_QUOTES = "“”‘’"
_BLANKS = 8  # of a line, of which some are no gaps
_MOST = 400  # characters of a line of prose
_SENTENCE = re.compile(r"[\u4e00-\u9fff].*[,，;；。:：、]|[,，;；。:：、].*[\u4e00-\u9fff]")

Gap = tuple[int, int]


def gaps(text: str, below: str, above: str = "") -> list[tuple[int, int, int, int]]:
    """Return for each gap of a line where it begins and ends, and the piece of the line below that fills it.

    An empty list where they don't match. What begins a line has no number in front of it that ends the one ``above``.
    """
    if len(text) > _MOST or len(below) > _MOST or not _PIECES.fullmatch(below) or "\t" in text or "|" in text:
        return []
    pieces = [(m.start(), m.end()) for m in _PIECE.finditer(below)]
    told = [below[a:b] for a, b in pieces]
    numbers = any(piece[0] not in _QUOTES for piece in told)
    if numbers and not _SENTENCE.search(text) and not _GOES_ON.match(text.strip()):
        return []
    first, last = len(text) - len(text.lstrip()), len(text.rstrip())
    inside = [m.span() for m in _BLANK.finditer(text, first, last)]
    front, end = [(0, first)], [(last, len(text))]
    if numbers and (above[-1:].isdigit() or above.endswith("%")) and told[0][0] not in _QUOTES:
        front = end
    around = [front + inside, front + inside + end]
    if not text.startswith("、", first):  # no line begins so: its number is torn off
        around += [inside, inside + end]
    ways = [way for way in around if len(way) == len(told)]
    fitting = [way for way in ways if _fit(text, way, told)] or _fewer(text, inside, told)
    if len(fitting) != 1 or (_PAGE.fullmatch(below) and not text.startswith("、", first)):
        return []
    return [(*gap, *piece) for gap, piece in zip(fitting[0], pieces, strict=True)]


def _fewer(text: str, blanks: Sequence[Gap], told: Sequence[str]) -> list[Sequence[Gap]]:
    """Return the ways in which only some blanks are gaps: those in front of a unit, and of a mark for percentages."""
    if not len(told) < len(blanks) <= _BLANKS:
        return []
    able = [gap for gap in blanks if _UNIT.match(text, gap[1])]
    ways = combinations(able, len(told))
    return [way for way in ways if _fit(text, way, told) and not any(map(partial(_weak, text), way, told))]


def _weak(text: str, gap: Gap, piece: str) -> bool:
    return piece[-1] != "%" and _MARK.match(text, gap[1]) is not None


def _fit(text: str, way: Sequence[Gap], told: Sequence[str]) -> bool:
    return all(map(partial(_fits, text), way, told))


def _fits(text: str, gap: Gap, piece: str) -> bool:
    """Whether a piece may stand in a gap."""
    before, after = text[: gap[0]], text[gap[1] :]
    if piece[0] in _QUOTES:
        opens, closes = piece[-1] in "“‘", piece[0] in "”’"
        word, mark = bool(after) and not _UNIT.match(after), not after or bool(_MARK.match(after))
        return (word or (mark and not opens)) and (bool(before) or not closes)
    if not after:
        return bool(_BEFORE.search(before))
    if after[0] in _COUNTS and not (_YEAR if after[0] == "年" else _WHOLE).fullmatch(piece):
        return False
    if not before:
        begins = _UNIT.match(after) is not None and after[0] not in "）)"
        return begins and (after[0] != "、" or _ORDINAL.fullmatch(piece) is not None)
    unit = bool(_UNIT.match(after)) and not _NO_NUMBER.search(before)
    return unit and (piece[-1] != "%" or _MARK.match(after) is not None)
