"""Tokens of a table's lines: numbers, words, dashes, each with its place and, in a grid, its cell."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from extractor.amount import Amount, parse_amount, usual_places
from extractor.normalize import Line, Place, squeeze
from extractor.remember import remembered

TokenKind = Literal["number", "text", "dash", "mark", "junk"]


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        kind: ``dash`` stands for an empty cell, ``mark`` for ``※`` and percentages, ``junk`` for a damaged number.
        text: As printed, normalised; a split number is joined.
        spans: Its places in the original, one for each printed piece.
        cell: Index of the cell in a grid line; None in free text.
        last: It is the last token of its line.
        money: Its unit stands behind it, so its digits are no code and count nothing else.
        piece: It stands in front of every amount, in the header: a zero there is a piece of a year or a number.
    """

    kind: TokenKind
    text: str
    spans: tuple[Place, ...]
    cell: int | None = None
    last: bool = False
    money: bool = False
    piece: bool = False

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
    def priced(self) -> bool:
        """An amount for sure: by its point, its thousands set apart or its unit behind it; or nothing but a zero."""
        if self.kind != "number" or self.money:
            return self.money
        return "." in self.text[:-1] or "," in self.text or (self.text == "0" and not self.piece)

    @property
    def whole(self) -> bool:
        """A bare run of digits, and more than a zero: perhaps a code, a page number, a name's number."""
        return self.kind == "number" and (self.text != "0" or self.piece) and self.text.isdigit() and not self.money

    @property
    def digits(self) -> bool:
        """A bare run of digits: what is whole, or a zero, or the end of a number that is split."""
        return self.kind == "number" and self.text.isdigit() and not self.money


_NUMBER = r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_EXACT = re.compile(_NUMBER)
_WITH_POINT = r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)\.[0-9]{1,6}"
_TWO_PLACES = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)\.[0-9][0-9]")
_MERGED = re.compile(rf"(?:{_TWO_PLACES.pattern}){{2,}}")
_WITH_UNIT = re.compile(rf"({_NUMBER})(?:万元|元)")
_PERCENT = re.compile(rf"{_NUMBER}%")
_NUMBER_THEN_TEXT = re.compile(rf"({_WITH_POINT})(?=[^0-9.,%\x00-\x7f])(?!年(?!初|末|度|结)|[万亿元月%个])(.+)")
# ``9,767,551一、教育支出``: thousands set apart, and the label of the other side.
_THOUSANDS_THEN_LABEL = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+)(?=[一二三四五六七八九十]{1,3}、)(.+)")
_TEXT_THEN_NUMBER = re.compile(rf"(.*[^0-9.,\-])({_WITH_POINT})")
_CODE_THEN_NAME = re.compile(r"([235][0-9][0-9](?:[0-9][0-9]){0,2})(?=[^0-9.,%\x00-\x7f])(.+)")
# ``[2010301]行政运行``, ``2010301-行政运行``: a code and its name with signs between, as finance systems export them.
_CODE_AND_NAME = re.compile(
    r"[\[(【]?([235][0-9][0-9](?:[0-9][0-9]){0,2})(?:[\])】][-—–_:、]?|[-—–_:、])(?=[^0-9.,%\x00-\x7f])(.+)"
)
# What is nearly a number: a comma for the point, a letter for a digit, a point too many.
_JUNK = re.compile(r"-?(?=[^0-9]*[0-9][^0-9]*[0-9])[0-9OoQDIl|SsBZzqgb.,·:;'’。]{2,24}")
CATALOGUED = re.compile(r"[ABC](?:[0-9]{2}){1,5}")  # a code of what is bought
_NUMBERED = re.compile(r"[0-9]{1,2}[.,。]")
_DATE = re.compile(r"(?:19|20)[0-9][0-9][.][01]?[0-9](?:[.][0-3]?[0-9])?")
_DASH = re.compile(r"[-—–/\\]{1,4}|──+")
_MARK = re.compile(r"[※*＊]+")
_PIECE = re.compile(r"\S+")
# Words that are printed wide.
_SPACED = re.compile(r"(?<!\S)(?:([总合小])[^\S\t]+(计)|([科项])[^\S\t]+(目)|(金)[^\S\t]+(额))(?!\S)")
_ITEM = 7  # digits of an item's code
_CLASS = 3  # digits of a class; offices have codes as short, so its name has to follow
Found = tuple[TokenKind, str, int, int]


def tokenize(line: Line, names: Mapping[str, Sequence[str]], *, grid: bool) -> list[Token]:
    """Split one line into tokens; in a grid, tabs or pipes separate cells and are kept as cell indexes.

    ``names`` are the classification's names by code: they tell ``201一般公共服务支出`` from ``201项目``.
    """
    found: list[tuple[Found, int | None]] = []
    parts = cells(line.text) if grid else [(0, line.text.replace("|", " "))]
    for index, (start, text) in enumerate(parts):
        for match in _PIECE.finditer(text):
            word, first = match.group(), start + match.start()
            broken = grid and word == "0" and any(map(str.isalpha, text))  # it is of a name
            if broken or word.isalpha():
                found.append((("text", word, first, first + len(word)), index if grid else None))
                continue
            pieces = _piece(word, first, names)
            found.extend((piece, index if grid else None) for piece in pieces)
    return [
        Token(kind, text, (line.span(a, b),), cell, last=position == len(found) - 1, money=_priced(line.text, kind, b))
        for position, ((kind, text, a, b), cell) in enumerate(found)
    ]


def _priced(text: str, kind: TokenKind, end: int) -> bool:
    return kind == "number" and text.startswith(("元", "万元"), end)


def split_header(text: str) -> list[str]:
    """Split a line of a header at blanks and at the borders of its cells; a word with a blank inside is one.

    >>> split_header("类 款 项 总 计")
    ['类', '款', '项', '总计']
    """
    return _together(text).split()


@remembered
def _together(text: str) -> str:
    return _SPACED.sub(r"\1\2\3\4\5\6", text.replace("|", " "))


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


def _piece(text: str, start: int, names: Mapping[str, Sequence[str]]) -> Iterator[Found]:
    end = start + len(text)
    if _EXACT.fullmatch(text):
        yield "number", text, start, end
    elif _DASH.fullmatch(text):
        yield "dash", text, start, end
    elif _MARK.fullmatch(text) or _PERCENT.fullmatch(text):
        yield "mark", text, start, end
    elif unit := _WITH_UNIT.fullmatch(text):
        yield "number", unit.group(1), start, start + unit.end(1)
    elif _MERGED.fullmatch(text):
        for match in _TWO_PLACES.finditer(text):
            yield "number", match.group(), start + match.start(), start + match.end()
    elif _JUNK.fullmatch(text) and not any(p.fullmatch(text) for p in (_NUMBERED, _DATE, CATALOGUED)):
        yield "junk", text, start, end
    elif front := (
        _NUMBER_THEN_TEXT.fullmatch(text) or _THOUSANDS_THEN_LABEL.fullmatch(text) or _code_then_name(text, names)
    ):
        yield "number", front.group(1), start + front.start(1), start + front.end(1)
        yield from _piece(front.group(2), start + front.start(2), names)
    elif back := _TEXT_THEN_NUMBER.fullmatch(text):
        yield "text", back.group(1), start, start + back.end(1)
        yield "number", back.group(2), start + back.start(2), end
    else:
        yield "text", text, start, end


def _code_then_name(text: str, names: Mapping[str, Sequence[str]]) -> re.Match[str] | None:
    signed = _CODE_AND_NAME.fullmatch(text)
    if signed is not None and len(signed.group(1)) > _CLASS and signed.group(1)[:_CLASS] in names:
        return signed
    match = signed or _CODE_THEN_NAME.fullmatch(text)
    if match is None:
        return None
    begins = squeeze(match.group(2))[:3]
    if len(match.group(1)) == _ITEM and match.group(1)[:_CLASS] in names and match.group(2)[0] not in "年月日":
        return match  # seven digits of a known class: the classification doesn't have every item
    return match if any(squeeze(name).startswith(begins) for name in names.get(match.group(1), ())) else None


def usual_decimals(lines: Sequence[Sequence[Token]]) -> int:
    """Digits after the point that the amounts of a table are printed with (0 where none has a point).

    Where a narrow column breaks the last digit off most numbers, the rest of them is no shorter number: ``411.2`` is
    followed by a line with ``8`` each time, and no other line is a single digit.
    """
    usual = usual_places(t.decimals for line in lines for t in line)
    ends = [i for i, line in enumerate(lines) if line and line[-1].decimals == usual and line[-1].cell is None]
    single = {i for i, line in enumerate(lines) if len(line) == 1 and line[0].digits and len(line[0].text) == 1}
    broken = [i for i in ends if i + 1 in single]
    most = len(broken) * 10 >= len(ends) * 9 and len(single) * 4 <= len(broken) * 5 + 4
    if usual == 1 and len(broken) >= _BROKEN and most:
        return usual + 1
    return usual


_SEVERAL = 2  # numbers whose thousands blanks set apart
_BROKEN = 3  # numbers that lost their last digit to the next line; fewer may be chance


def join_split_numbers(lines: Sequence[list[Token]], decimals: int, *, across: bool) -> list[list[Token]]:
    """Join numbers that are split over lines or by a blank: ``89.6`` / ``7``, ``71.`` / ``29``, ``1 234.56``.

    A number with fewer decimals than the table's, and just the digits that it lacks behind it, are one number. The
    blank is a thousands separator only in a table that has several of them and no other long numbers, and none that
    count its rows (行次): a blank alone may stand between ``7`` and ``386.02``. Without ``across`` numbers are joined
    within their lines only.
    """
    if not decimals:
        return list(lines)
    grouped = sum(_by_blank(a, b, decimals) for line in lines for a, b in pairwise(line)) >= _SEVERAL and not any(
        len(t.text.partition(".")[0].lstrip("-")) > 3 if t.decimals else "行次" in t.text
        for line in lines
        for t in line
    )
    out: list[list[Token]] = []
    for line in lines:
        tokens: list[Token] = []
        for token in line:
            here = tokens[-1] if tokens else None
            above = out[-1][-1] if across and out and not tokens and token.cell is None else None
            first = here or above
            joined = _join(first, token, decimals, grouped=grouped and here is not None) if first else None
            if joined is None:
                tokens.append(token)
            elif here is not None:
                tokens[-1] = joined
            else:
                out[-1][-1] = joined
        if tokens:
            out.append(tokens)
    return out


_HEAD = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)\.")


def _join(first: Token, second: Token, decimals: int, *, grouped: bool) -> Token | None:
    """Join two tokens if together they are one number, else return None."""
    if first.cell != second.cell or len(second.text) > 12 or not (second.kind == "number" or "." in second.text):
        return None
    lacking = decimals - first.decimals if first.decimals else 0
    fits = (
        (lacking > 0 and second.digits and len(second.text) == lacking)
        or (bool(_HEAD.fullmatch(first.text)) and second.digits and len(second.text) == decimals)
        or (second.text.startswith(".") and first.whole and bool(re.fullmatch(rf"\.[0-9]{{{decimals}}}", second.text)))
    )
    if not fits and not (grouped and _by_blank(first, second, decimals)):
        return None
    return Token("number", first.text + second.text, (*first.spans, *second.spans), first.cell, last=True)


def _by_blank(first: Token, second: Token, decimals: int) -> bool:
    """Whether two tokens may be one number whose thousands a blank sets apart."""
    short = first.whole and len(first.text) <= 3 and not first.text.startswith("0")
    rest = second.decimals == decimals and second.text.find(".") == 3 and second.text[:3].isdigit()
    return short and rest and first.cell == second.cell
