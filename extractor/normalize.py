"""Lines as the readers see them, with a map back to every original character.

Full-width forms become half-width and compatibility ideographs unified ones (one character for one, so offsets
stand still); markup and invisible characters vanish or become separators (then the line carries an offset
map). NFKC as a whole is not safe here: it would turn ``①`` and ``²`` into digits.
"""

import html
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain
from typing import NamedTuple

from . import piped, tabbed
from .breaks import BREAK, Char, parted, split
from .document import Document
from .gaps import gaps
from .remember import remembered
from .spans import Spans

# Radicals that text layers of PDFs hold in place of the characters they look like, and those characters (Unicode,
# EquivalentUnifiedIdeograph.txt). NFKC maps the Kangxi radicals, but not these of the supplement.
_RADICALS = (
    "⺁⺂⺃⺄⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺"
    "⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳"
)
_PLAIN_RADICALS = (
    "厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑𫜹忄心扌攵旡日月歺母民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀"
    "聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟"
)


def _one_to_one() -> dict[int, str]:
    table: dict[int, str] = {ord(radical): plain for radical, plain in zip(_RADICALS, _PLAIN_RADICALS, strict=True)}
    ranges = [(0xFF01, 0xFF5E), (0xF900, 0xFAD9), (0x2F00, 0x2FD5)]
    for first, last in ranges:
        for code in range(first, last + 1):
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1:
                table[code] = plain
    for code in (0x3000, 0x00A0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x000B, 0x000C):
        table[code] = " "
    for code in (0x00A5, 0xFFE5):
        table[code] = " "  # a currency sign is no part of a number
    for code in (0x2212, 0x2010, 0x2011, 0x2012, 0x2013, 0xFE63):
        table[code] = "-"
    return table


_PLAIN = _one_to_one()
# Markup that vanishes, markup that separates, and characters nobody sees. Bounded, so no input is slow.
_RESIDUE = re.compile(
    r"(?P<table></?(?:t[dhr]|table)(?:\s[^<>\n]{0,300})?>)|(?P<break><br\s*/?>)"
    r"|(?P<tag></?(?:p|b|i|u|em|strong|span|div|thead|tbody|tfoot|font|sup|sub|a|html|body|center|h[1-6])"
    r"(?:\s[^<>\n]{0,300})?>)"
    r"|(?P<bold>\*\*|(?<!\d)~~|~~(?!\d))|(?P<entity>&(?:nbsp|amp|lt|gt|quot|ensp|emsp|#\d{1,6}|#x[0-9a-fA-F]{1,5});)"
    r"|(?P<hidden>[\u200b-\u200f\u2060\ufeff\u00ad])"
)
_HINT = re.compile(r"[<&\u200b-\u200f\u2060\ufeff\u00ad]|\*\*|~~")
_ENDS = frozenset(("</p>", *(f"</h{n}>" for n in range(1, 7))))  # of paragraphs, where a page has them on one line
_ROW_TAG = re.compile(r"</?t[dhr]\b")
_BREAK = re.compile(r"\r\n|\r|\n")
# A table row of HTML, which may go on over several lines; its cells belong on one.
_ROW = re.compile(r"<tr(?:\s[^<>]{0,300})?>(?:(?!</?tr).){0,20000}?</tr>", re.DOTALL)


class Place(NamedTuple):
    """A place in the original text: offsets of the first character and after the last, and the 1-based line."""

    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of normalised text.

    Attributes:
        number: 1-based line of the original.
        start: Offset in the original of the first character.
        text: Normalised text.
        offsets: Offset of each character, where they don't simply count up from ``start``.
        ends: Offset after each character, in the same case.
        breaks: Offsets of line ends inside it, where an HTML row goes over several lines.
    """

    number: int
    start: int
    text: str
    offsets: tuple[int, ...] | None = None
    ends: tuple[int, ...] = ()
    breaks: tuple[int, ...] = ()

    def span(self, first: int, last: int) -> Place:
        """Map ``text[first:last]`` (not empty) to its place in the original."""
        if self.offsets is None:
            return Place(self.start + first, self.start + last, self.number)
        start = self.offsets[first]
        return Place(start, self.ends[last - 1], self.number + bisect_left(self.breaks, start))

    def inserted(self, at: int, mark: str) -> "Line":
        """Return the line with a mark in front of a character, or at its end, that stands nowhere in the original."""
        starts, ends = _offsets(self), list(self.ends or (o + 1 for o in _offsets(self)))
        place = [starts[min(at, len(starts) - 1)]] * len(mark)
        text = f"{self.text[:at]}{mark}{self.text[at:]}"
        offsets = (*starts[:at], *place, *starts[at:])
        return replace(self, text=text, offsets=offsets, ends=(*ends[:at], *place, *ends[at:]))


def lines(document: Document) -> list[Line]:
    """Return the lines of a document that hold more than white space, with broken rows of tab tables whole again."""
    found = list(_lines(document.text))
    if "|" in document.text:
        found = _ruled(found)
        found = _whole(found, piped.wrapped([line.text for line in found]))
    found = _filled(found)
    return _whole(found, tabbed.wrapped([line.text for line in found], [line.number for line in found]))


def _whole(found: list[Line], rows: Iterable[range]) -> list[Line]:
    """Join the lines of each row that stands on several."""
    out: list[Line] = []
    done = 0
    for row in rows:
        out += [*found[done : row.start], reduce(_joined, found[row.start : row.stop])]
        done = row.stop
    return [*out, *found[done:]]


def _ruled(found: list[Line]) -> list[Line]:
    """Put the cells of tables that have a line each, with their borders, back into rows with tabs."""
    texts = [line.text for line in found]
    out: list[Line] = []
    done = 0
    for run in piped.runs(texts):
        starts = (run.start, run.start + 1) if "|" not in texts[run.start] else (run.start,)
        for start in starts:
            whole = _together(found[start : run.stop])
            made = piped.rows(whole.text)
            if made:
                out += found[done:start]
                out += [_row(whole, row) for row in made]
                done = run.stop
                break
    return [*out, *found[done:]]


def _row(whole: Line, row: Sequence[tuple[int, int]]) -> Line:
    """Return a row of cells of a longer line, with a tab between them."""
    starts, ends = whole.offsets or (), whole.ends
    chars: list[tuple[str, int]] = []
    for first, end in row:
        if chars:
            chars.append(("\t", chars[-1][1]))
        chars += [(whole.text[i], i) for i in range(first, end)]
    begin = starts[chars[0][1]]
    above = bisect_left(whole.breaks, begin)
    return Line(
        whole.number + above, begin, "".join(c for c, _ in chars), tuple(starts[i] for _, i in chars),
        tuple(ends[i] for _, i in chars), whole.breaks[above : bisect_left(whole.breaks, ends[chars[-1][1]])],
    )  # fmt: skip


def _filled(found: list[Line]) -> list[Line]:
    """Put numbers back into the gaps of the sentence above them, where a tool tore them off."""
    out: list[Line] = []
    index = 0
    while index < len(found):
        line = found[index]
        after = found[index + 1] if index + 1 < len(found) else None
        places = gaps(line.text, after.text, out[-1].text if out else "") if after is not None else []
        out.append(_with(line, after, places) if after is not None and places else line)
        index += 2 if places else 1
    return out


def _with(line: Line, after: Line, places: Sequence[tuple[int, int, int, int]]) -> Line:
    """Return a line with the numbers of another in its gaps."""
    both = _joined(line, after)
    shift, at, order = len(line.text), 0, list[int]()
    for start, end, first, last in places:
        order += [*range(at, start), *range(shift + first, shift + last)]
        at = end
    order += range(at, shift)
    starts, ends = both.offsets or (), both.ends
    text = "".join(both.text[i] for i in order)
    return Line(
        line.number, line.start, text, tuple(starts[i] for i in order), tuple(ends[i] for i in order), both.breaks
    )


def _lines(text: str) -> Iterator[Line]:
    start, number, spans = 0, 1, Spans()
    row = _ROW.search(text)
    for end in chain(_BREAK.finditer(text), (None,)):
        stop = end.start() if end else len(text)
        while row and row.end() <= start:
            row = _ROW.search(text, row.end())
        if row and row.start() < stop < row.end():
            number += 1  # an HTML row goes on over this line's end
            continue
        lost = len(_BREAK.findall(text[start:stop])) if row and row.start() < stop else 0
        yield from _line(text[start:stop], (start, number - lost), spans)
        if end:
            start, number = end.end(), number + 1


def _line(raw: str, at: tuple[int, int], spans: Spans) -> Iterator[Line]:
    start, number = at
    if not raw or raw.isspace():
        return
    plain = raw.translate(_PLAIN)
    if not _HINT.search(plain):
        if not plain.isspace():
            yield Line(number, start, plain)
        return
    chars: list[Char] = []
    position = 0
    paragraphs = plain.count("</p>") > 1 and _ROW_TAG.search(plain) is None
    for match in _RESIDUE.finditer(plain):
        chars.extend((plain[i], start + i, start + i + 1) for i in range(position, match.start()))
        kept = BREAK if paragraphs and match.group() in _ENDS else _replacement(match, spans)
        chars.extend((c, start + match.start(), start + match.end()) for c in kept)
        position = match.end()
    chars.extend((plain[i], start + i, start + i + 1) for i in range(position, len(plain)))
    breaks = tuple(start + m.start() for m in _BREAK.finditer(raw))
    yield from _split([(" " if c in "\r\n" and e - s == 1 else c, s, e) for c, s, e in chars], number, breaks)


def _replacement(match: re.Match[str], spans: Spans) -> str:
    kind = match.lastgroup
    if kind == "break":
        return BREAK
    if kind == "table":
        return spans.shown(match.group())
    if kind == "entity":
        plain = html.unescape(match.group()).translate(_PLAIN)
        return plain if len(plain) == 1 and plain not in "\r\n" else " "
    return ""


def _split(chars: list[Char], number: int, breaks: tuple[int, ...]) -> Iterator[Line]:
    for row in split(chars, "\n"):
        for piece in parted(row):
            text = "".join(c for c, _, _ in piece)
            if text and not text.isspace():
                starts = tuple(start for _, start, _ in piece)
                line = number + bisect_left(breaks, starts[0])
                inside = tuple(b for b in breaks if b >= starts[0])
                yield Line(line, starts[0], text, starts, tuple(end for _, _, end in piece), inside)


def _together(found: Sequence[Line]) -> Line:
    """Join many lines at once."""
    first = found[0]
    offsets: list[int] = []
    ends: list[int] = []
    breaks: list[int] = []
    for line in found:
        own = _offsets(line)
        breaks += [*[own[0] - 1] * (line.number - first.number - len(breaks)), *line.breaks]
        offsets += own
        ends += line.ends or [o + 1 for o in own]
    text = "".join(line.text for line in found)
    return Line(first.number, first.start, text, tuple(offsets), tuple(ends), tuple(breaks))


def _joined(line: Line, after: Line) -> Line:
    offsets = [*_offsets(line), *_offsets(after)]
    ends = (*(line.ends or [o + 1 for o in _offsets(line)]), *(after.ends or [o + 1 for o in _offsets(after)]))
    breaks = (
        *line.breaks,
        *[offsets[len(line.text)] - 1] * (after.number - line.number - len(line.breaks)),
        *after.breaks,
    )
    return Line(line.number, line.start, line.text + after.text, tuple(offsets), tuple(ends), breaks)


def _offsets(line: Line) -> list[int]:
    return list(line.offsets or range(line.start, line.start + len(line.text)))


_BETWEEN_CJK = re.compile(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])")


@remembered
def squeeze(text: str) -> str:
    """Remove all white space: the form in which labels and titles are compared."""
    return "".join(text.split())


def half_width(text: str) -> str:
    """Return a text without white space, full-width forms made half-width: the form of names from several readings."""
    return squeeze(unicodedata.normalize("NFKC", text))


WHITE = "".join(c for c in map(chr, range(0x3001)) if c.isspace())


def unmarked(text: str) -> str:
    """Remove Markdown marks and blanks around a line; a pattern would be slow where blanks are many."""
    return text.lstrip("#>|*-•" + WHITE).rstrip("|*" + WHITE)


@remembered
def readable(text: str) -> str:
    """Text of the facts contract (rule T): one blank for white space, none between Chinese characters."""
    joined = " ".join(text.split())
    return _BETWEEN_CJK.sub("", joined) if " " in joined else joined


def plain(text: str) -> str:
    """Return a piece of original text as the readers see it: half-width, without markup."""
    return (
        "".join(part.text for part in _line(text, (0, 1), Spans()))
        if "\n" not in text
        else "".join(part.text for piece in text.splitlines() for part in _line(piece, (0, 1), Spans()))
    )
