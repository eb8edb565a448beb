"""Prose as one text: no line ends, white space, quotation marks, page numbers or markup, and a map back.

Sentences are hard-wrapped anywhere, inside words and between an amount and its unit; in this form a pattern needs
to know nothing of it.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from extractor.normalize import Line, Place, readable
from extractor.records import Span
from extractor.specs import split_label

_MARK = re.compile(r"^\s*(?:>\s*|#{1,6}\s*|[-+•●■◆]\s+|\*\s+)+")
_PAGE = re.compile(
    r"\s*(?:[-—–]\s*\d{1,4}\s*[-—–]|第\s*\d{1,4}\s*页(?:[,\s]*共\s*\d{1,4}\s*页)?|\d{1,4}\s*/\s*\d{1,4})\s*"
)
_BARE = re.compile(r"\s*\d{1,3}\s*")
_OPENING, _CLOSING = "“‘「『〝", "”’」』〞"
_QUOTES = _OPENING + _CLOSING
_KEPT = re.compile("[^\\s“”\"'‘’「」『』〝〞＂*`]+")
_SPACE = re.compile(r"\s")
_UNIT = re.compile(r"\s*(?:[万亿千]?元|%|[万亿]|[个人辆台套家名批次]|平方)")
_RULE = re.compile(r"[\s\-=_—*|:]{3,}")
_WHOLE = re.compile(r"\.\d\d$")
_CODE = re.compile(r"(?:^|[^\d.,])(?:0\d+|\d{6,})$")
_PIECE = re.compile(r"(?<!\.\d)\d$|\.$")  # what a number alone on the next line may go on
_TAIL = 14  # characters in front of a line that tell whether a number goes on in it
_STOPS = re.compile("[,。;!?]")
_SENTENCE = re.compile(r"(?:元|%)[,，。;；]")  # what a line between cells says that is no row: it may be torn off here
_VALUE = re.compile(r"\d(?:[万亿千]?元|%|[个人名辆台]|平方米)$|[)）](?=$)")
_WORD = re.compile("[一-龥]{2}")
_FEW = 4  # lines for each one with punctuation, from which a text has hardly any
_LONG = 4  # characters of words between which a blank is no slip
_WORDS = re.compile("[一-龥]{3}$")
_HEAD = range(6, 61)  # characters of a line that may be printed above every page
_SAYS = re.compile(r"\d\.\d|[。;:；：,，、]$|\t|\|")  # what no such line has
_COVER = 5  # lines of a cover, one of which is printed above the pages
_PAGES = 3
TORN = "¦"  # a number that is perhaps cut in two; no pattern reads over it
BREAK = " "  # between two numbers that white space keeps apart


@dataclass(frozen=True, slots=True)
class Flow:
    """A text without hard line ends, and where each of its pieces stands.

    Attributes:
        text: The text.
        pieces: Offset in the text at which each piece begins, and its length at last.
        places: Index of the line and column of each piece.
        order: Offsets at which a printed line begins, in order.
    """

    text: str
    pieces: tuple[int, ...]
    places: tuple[tuple[int, int], ...]
    order: tuple[int, ...]


def flow(lines: Sequence[Line], pieces: Iterable[tuple[int, int]], *, all_lines: bool = False) -> Flow:
    """Run lines together.

    Args:
        lines: All lines of the document.
        pieces: Index of each line and the column to begin at, in order.
        all_lines: Keep page numbers and rows of tables.
    """
    texts: list[str] = []
    begins: list[int] = []
    places: list[tuple[int, int]] = []
    starts: list[int] = []
    size, tail = 0, ""
    wanted = list(pieces)
    stops = [_STOPS.search(lines[i].text) is not None for i, _ in wanted]
    plain = sum(stops) * _FEW < len(wanted)
    for here, (index, column) in enumerate(wanted):
        text = lines[index].text
        if not all_lines and column == 0:
            following = lines[wanted[here + 1][0]].text if here + 1 < len(wanted) else ""
            if _noise(text, tail, following):
                if (_BARE.fullmatch(text) and _PIECE.search(tail)) or _SENTENCE.search(text):
                    texts.append(TORN)
                    begins.append(size)
                    places.append((index, len(text) - len(text.lstrip())))
                    size, tail = size + 1, tail[1 - _TAIL :] + TORN
                continue
        mark = _MARK.match(text) if column == 0 else None
        after = -1  # where the piece before ends
        for piece in _KEPT.finditer(text, mark.end() if mark else column):
            begin, end = piece.span()
            first = after < 0
            gap = first or _SPACE.search(text, after, begin)
            if size and gap and _apart(tail, text[begin], first=first):
                texts.append(BREAK)
                begins.append(size)
                places.append((index, begin))
                size, tail = size + 1, tail[1 - _TAIL :] + BREAK
            elif not (first or all_lines or stops[here]) and gap and _ends(tail, piece.group(), plain=plain):
                texts.append(",")
                begins.append(size)
                places.append((index, after))
                size, tail = size + 1, tail[1 - _TAIL :] + ","
            if first:
                starts.append(size)
            words = piece.group()
            texts.append(words)
            begins.append(size)
            places.append((index, begin))
            size += end - begin
            tail = (tail + words[-_TAIL:])[-_TAIL:]
            after = end
    return Flow("".join(texts), (*begins, size), tuple(places), tuple(starts))


def running_heads(lines: Sequence[Line], skipped: frozenset[int]) -> frozenset[int]:
    """Return the indexes of lines that are printed above or below every page, but for the first of each.

    They come back beside page numbers, or are a line of the cover. ``skipped`` are the lines of contents lists.
    """
    printed = [i for i, line in enumerate(lines) if line.text and not line.text.isspace() and i not in skipped]
    often = Counter(lines[i].text for i in printed)
    places: dict[str, list[int]] = defaultdict(list)
    for at, index in enumerate(printed):
        text = lines[index].text
        if (often[text] > 1 or at < _COVER) and len(text) in _HEAD and not _SAYS.search(text):
            places[_SPACE.sub("", text)].append(at)
    cover = "".join(_SPACE.sub("", lines[i].text) for i in printed[:_COVER])
    out: set[int] = set()
    for text, found in places.items():
        if _PAGE.fullmatch(text) or split_label(text)[0] is not None:
            continue
        again = found if text in cover and found[0] >= _COVER else found[1:]  # the first may be the title itself
        beside = sum(_beside_page(lines, printed, at) for at in again)
        many = len(found) >= _PAGES and (text in cover or beside >= len(again) - 1)
        if many or (text in cover and beside == len(again)):
            out.update(printed[at] for at in again)
    return frozenset(out)


def _beside_page(lines: Sequence[Line], printed: Sequence[int], at: int) -> bool:
    """Whether a page number stands above or below a line."""
    near = (lines[printed[i]].text for i in (at - 1, at + 1) if 0 <= i < len(printed))
    return any(_PAGE.fullmatch(text) or _BARE.fullmatch(text) for text in near)


def _noise(text: str, before: str, following: str) -> bool:
    """Whether a line is a page number, a rule, or a row of a table."""
    if "\t" in text or text.count("|") >= 2 or _PAGE.fullmatch(text) or _RULE.fullmatch(text):
        return True
    if not _BARE.fullmatch(text):
        return False
    # A number alone on its line is a page number, unless a unit follows and no number came before.
    return not _UNIT.match(following) or before[-1:].isdigit() or not before


def _apart(before: str, char: str, *, first: bool) -> bool:
    """Whether white space keeps two numbers apart, and isn't a line end inside one of them."""
    if not (before[-1].isascii() and before[-1].isalnum() and char.isascii() and char.isalnum()):
        return False
    return not first or not char.isdigit() or bool(_WHOLE.search(before) or _CODE.search(before))


def _ends(before: str, piece: str, *, plain: bool) -> bool:
    """Whether a blank stands for a comma, in a line without any: behind an amount, or between long words.

    Between words it does in a ``plain`` text, one with hardly any punctuation. Elsewhere it is a slip.
    """
    if not _WORD.match(piece):
        return False
    return bool(_VALUE.search(before)) or (plain and len(piece) >= _LONG and bool(_WORDS.search(before)))


def spans(lines: Sequence[Line], here: Flow, first: int, last: int) -> tuple[Span, ...]:
    """Return where ``here.text[first:last]`` stands, one span for each line it is printed on."""
    return tuple(_span(place) for place in places(lines, here, first, last))


def places(lines: Sequence[Line], here: Flow, first: int, last: int) -> list[Place]:
    """Return what :func:`spans` does, for what is only marked."""
    return [place for place, _ in _pieces(lines, here, first, last, quotes=False)]


def printed(lines: Sequence[Line], here: Flow, first: int, last: int) -> tuple[str, tuple[Span, ...]]:
    """Return a text as printed (rule T of the facts contract) with its spans; dropped characters are back in it."""
    found = _pieces(lines, here, first, last, quotes=True)
    return readable(_joined([text for _, text in found])), tuple(_span(place) for place, _ in found)


def words(lines: Sequence[Line], here: Flow, first: int, last: int) -> str:
    """Return a text as :func:`printed` does, without its spans."""
    return readable(_joined([text for _, text in _pieces(lines, here, first, last, quotes=True)]))


def _span(place: Place) -> Span:
    return Span(start=place.start, end=place.end, line=place.line)


def _joined(pieces: Sequence[str]) -> str:
    out = ""
    for piece in pieces:
        both = out[-1:].isascii() and out[-1:].isalpha() and piece[:1].isascii() and piece[:1].isalpha()
        out += (" " if both else "") + piece
    return out


def _pieces(lines: Sequence[Line], here: Flow, first: int, last: int, *, quotes: bool) -> list[tuple[Place, str]]:
    out: list[tuple[Place, str]] = []
    begins, places = here.pieces, here.places
    position = first
    at = bisect_right(begins, first) - 1
    while position < last:
        index, column = places[at]
        begin = column + position - begins[at]
        while begins[at + 1] < last and places[at + 1][0] == index:
            at += 1
        stop = min(begins[at + 1], last)
        end = places[at][1] + stop - begins[at]
        text = lines[index].text
        if quotes:
            before = _QUOTES if position > first else _OPENING
            begin, end = _widened(text, (begin, end), before, _QUOTES if stop < last else _CLOSING)
        out.append((lines[index].span(begin, end), text[begin:end]))
        position = stop
        at += 1
    return out


def _widened(text: str, where: tuple[int, int], before: str, after: str) -> tuple[int, int]:
    """Take the quotation marks around a text back into it."""
    begin, end = where
    while begin > 0 and text[begin - 1] in before:
        begin -= 1
    while end < len(text) and text[end] in after:
        end += 1
    return begin, end


def line_of(here: Flow, offset: int) -> int:
    """Return the index of the line on which a character stands."""
    return here.places[min(bisect_right(here.pieces, offset) - 1, len(here.places) - 1)][0]
