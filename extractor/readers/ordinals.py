"""Digits that are no amounts: row numbers (行次) beside amounts, codes of offices, codes of a second classification."""

import re
from collections.abc import Callable, Container, Sequence

from extractor.normalize import Line, squeeze

from .tokens import Token, cells

_UNIT_CODE = re.compile(r"(?:单位|部门\(单位\)|部门)(?:代码|编码)")
_UNIT_NAME = re.compile(r"(?:预算)?(?:单位|部门\(单位\)|部门)名称")
_CODES = re.compile(r".*科目(?:编码|代码)")
_OF_GOVERNMENT = re.compile(r"政府(?:预算)?(?:支出)?经济(?:分类)?")
_OF_DEPARTMENT = re.compile(r"经济(?:分类)?")
_ECONOMIC = re.compile(r"[35][0-9]{2}(?:[0-9]{2})?")
_SEVERAL = 3  # rows
_DEPARTMENT = "3"  # how the department's economic classes begin
_SERIALS = 4  # so many rows that are counted
_HEADER = 60  # lines that a header may take where its cells come in fragments
_OFFICE_DIGITS = (6, 8, 9, 12)
_CLASS_DIGITS, _ITEM_DIGITS = 3, 2
_GAP = 40  # rows that may be missing between two numbers


def without_ordinals(lines: Sequence[list[Token]], header: Sequence[Line], *, grid: bool) -> list[list[Token]]:
    """Drop the row numbers of a table whose header names them; amounts, which don't count up, stay."""
    if not any("行次" in squeeze(line.text) for line in header):
        return list(lines)
    if grid:
        numbered = {i for line in header for i, (_, text) in enumerate(cells(line.text)) if squeeze(text) == "行次"}
        if numbered:
            return [kept for line in lines if (kept := [t for t in line if t.cell not in numbered])]
    counted: list[int] = []  # the last number of each side
    sides = sum(squeeze(line.text).count("行次") for line in header)
    out: list[list[Token]] = []
    before: Token | None = None
    for line in lines:
        kept = []
        for token in line:
            # Behind an amount stands the number of the other side's row, or another amount: 46 批次 is none.
            named = before is None or before.kind == "text"
            if not (named or sides > 1) or not _counts_up(token, counted, sides, named=named):
                kept.append(token)
            before = token
        out += [kept] if kept else []
    return out


def without_serials(rows: Sequence[tuple[Line, list[Token]]]) -> list[tuple[Line, list[Token]]]:
    """Drop the digits that count the rows of text without cells, where the header says 序号 and many rows have them."""
    if "序号" not in "".join(squeeze(line.text) for line, _ in rows[:_HEADER]):
        return list(rows)
    out, count = [], 0
    for (line, tokens), following in zip(rows, [*(t for _, t in rows[1:]), []], strict=True):
        counted = tokens[0].whole and tokens[0].text == str(count + 1)
        # Numbers of columns stand below each other, one a line.
        counted = counted and not (len(tokens) == 1 and [t.text for t in following] == [str(count + 2)])
        count += counted
        out.append((line, tokens[1:] if counted else tokens))
    return [row for row in out if row[1]] if count > _SERIALS else list(rows)


def _counts_up(token: Token, counted: list[int], sides: int, *, named: bool) -> bool:
    """Whether digits are a row's number: behind its name they go on with a side's, elsewhere they are the next one."""
    if not token.whole or len(token.text) > 3:
        return False
    value = int(token.text)
    nearest = max((last for last in counted if 0 <= value - last <= (_GAP if named else 1)), default=None)
    if nearest is not None and value - nearest <= (_GAP if len(counted) == sides else 2):
        counted[counted.index(nearest)] = value
        return named or value > nearest
    if named and len(counted) < sides:
        counted.append(value)
        return True
    return False


def without_unit_names(lines: Sequence[list[Token]], header: Sequence[Line], *, grid: bool) -> list[list[Token]]:
    """Drop the names of offices that stand in a column of their own in front of an item's code."""
    named: int | None = None
    coded = -1
    for line in header if grid else ():
        for place, (_, text) in enumerate(cells(line.text)):
            if _UNIT_NAME.fullmatch(squeeze(text)):
                named = place if named is None else named
            elif _CODES.fullmatch(squeeze(text)):
                coded = max(coded, place)
    if named is None or coded < named:
        return list(lines)
    column = named

    def is_office(token: Token, line: Sequence[Token]) -> bool:
        return token.kind == "text" and token.cell == column and any(t.whole and (t.cell or 0) > column for t in line)

    return [[t for t in line if not is_office(t, line)] for line in lines]


def without_unit_codes(
    lines: Sequence[list[Token]], header: Sequence[Line], is_code: Callable[[str], bool]
) -> list[list[Token]]:
    """Drop the codes of offices: digits that stand right before words, and are no code of a classification."""
    words_above = squeeze("".join(line.text for line in header)).replace("|", "")
    if not _UNIT_CODE.search(words_above):
        return list(lines)
    of_items = is_code if "科目" in words_above else lambda _: False  # no item has a code there
    coded = {
        i for line in header for i, (_, text) in enumerate(cells(line.text)) if _UNIT_CODE.fullmatch(squeeze(text))
    }
    out = []
    for position, line in enumerate(lines):
        following = lines[position + 1][0] if position + 1 < len(lines) else None
        beside = [*line[1:], following]
        words = [after is not None and after.kind == "text" for after in beside]
        pairs = zip(line, words, strict=True)
        kept = [t for t, w in pairs if not (w and t.whole and _of_an_office(t, of_items, coded))]
        if kept:
            out.append(kept)
    return out


def _of_an_office(token: Token, is_code: Callable[[str], bool], coded: Container[int]) -> bool:
    """Whether digits may be an office's: of a length that no other code has, or as short as a class that isn't one."""
    own = token.cell in coded or len(token.text) == _CLASS_DIGITS
    return len(token.text) in _OFFICE_DIGITS or (own and not is_code(token.text))


def two_classifications(header: str) -> bool:
    """Whether a header names the department's and the government's economic classes beside each other."""
    return bool(_OF_GOVERNMENT.search(header)) and bool(_OF_DEPARTMENT.search(_OF_GOVERNMENT.sub("", header)))


def prints_two_codes(lines: Sequence[Sequence[Token]]) -> bool:
    """Whether most rows print a code of the department's and one of the government's before their amounts."""
    rows = both = 0
    kinds = set[str]()
    for token in (t for line in lines for t in line):
        if token.whole and _ECONOMIC.fullmatch(token.text):
            kinds.add(token.text[0])
        elif token.priced:
            rows, both, kinds = rows + bool(kinds), both + (len(kinds) > 1), set()
    return both >= _SEVERAL and both * 2 > rows


def _of_class(token: Token) -> bool:
    """Whether a token is the code of an economic class."""
    return token.whole and len(token.text) == _CLASS_DIGITS and bool(_ECONOMIC.fullmatch(token.text))


def without_second_codes(lines: Sequence[list[Token]]) -> list[list[Token]]:
    """Keep one code and name of each row: the other, up to its amounts, says the same in other classes.

    The first is kept, or the second where that is the department's: several of its items go by one government class.
    """
    out = []
    first, second = "", False
    kept: list[Token] = []
    row: list[list[Token]] = []  # lines of the row so far, without the second names
    above: Token | None = None
    for line in lines:
        kept = []
        for token in line:
            code = token.whole and bool(_ECONOMIC.fullmatch(token.text))
            # Its item in a column of its own: ``505`` / ``01``.
            level = token.whole and len(token.text) == _ITEM_DIGITS and above is not None and _of_class(above)
            above = token
            if not code and not level and token.kind != "text":
                first, second, row = "", False, []  # amounts: the row's names are behind us
            elif code and (not first or (second and token.text[0] == first)):  # a row without amounts is above it
                first, second, row = token.text[0], False, []
            elif code and token.text[0] != first:  # also where the first one's name stands above it
                if token.text[0] == _DEPARTMENT:
                    for part in (*row, kept):
                        part.clear()
                    first = _DEPARTMENT
                else:
                    second = True
            if not second:
                kept.append(token)
        row = [*row, kept] if first else []
        out.append(kept)
    return [kept for kept in out if kept]
