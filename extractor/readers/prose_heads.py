"""Which lines are which section of prose: headings told by their words, whatever their number or level."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.chunks import Chunk
from extractor.contents import contents
from extractor.forms import forms
from extractor.normalize import WHITE, Line, readable, squeeze
from extractor.sections import Heading
from extractor.statements import Prose

_MARKUP = "#>*-+•"
_HASH = re.compile(r"^\s*#{1,6}\s")
LEADER = re.compile(r"(?:(?<!\.)\.{4,}|(?<!…)…{2,}|(?<!·)·{4,})\s*(?:\d{1,4}\s*)?$|(?:\s{3}|\t)\d{1,3}\s*$")
_NUMBERING = re.compile(
    r"(?P<part>第[一二三四五六七八九十]{1,3}(?:部分|章|节)[:、,]?)|(?P<section>[一二三四五六七八九十]{1,3}(?:[、.,]|(?=关于)))"
    r"|(?P<sub>[(（]?[一二三四五六七八九十]{1,3}[)）][、.]?)|(?P<item>\d{1,2}[.、](?!\d)|\(\d{1,2}\))"
)
_LEVELS = {"part": 1, "section": 2, "sub": 3, "item": 4}
_QUOTES = re.compile(r"[“”\"'‘’《》〈〉「」『』＂]")
_YEAR = re.compile(r"^.{0,60}?20\d\d年(?:度)?")
_OFFICE = re.compile(
    r"^.{2,40}?(?:办公室|委员会|人民政府|大学|学校|学院|中心|法院|检察院|局|厅|委|处|院|馆|队|所|校|会)(?:本级|机关)?"
)
_STOP = re.compile(r"[。:;]")
_SENTENCE = re.compile(r"[。:;!?)…]$")
_PUNCTUATION = re.compile(r"[,。;!?]")
_FIRST_PART = re.compile(r"^第一部分")
_COVER = re.compile(r"(?:预算|决算)(?:信息)?(?:公开)?(?:说明)?$|^20\d\d年度?$")
_TELLING = re.compile(r"(?:情况|说明|如下)$")
_SAYS = re.compile(r"\d\.\d|\([类款项]\)|\d[万元%个人辆台]|增加|减少|增长|下降|其中")  # a sentence, no title
_TITLE_END = re.compile(r"(?:情况|说明|设置|职能|职责|解释|事项|概况|构成)$")
_OF_TABLE = re.compile(
    r"(?<=[预决]算)总?表(?=的?(?:情况|说明))|(?<=[支收])总表(?=的?说明)|(?<=[收支][入出])总?表(?=的?说明)"
)  # prose about what the table shows
_DECIMAL = re.compile(r"\d\.\d")
_AMOUNT = re.compile(r"(?<!指)(?<!反映)\d[\d,]*(?:\.\d+)?[万亿千]?元")
_DATE = re.compile(r"20\d\d年\d{1,2}月\d{1,2}日")
_SECTION = 2  # level of 一、
_LONGEST = 90
_CONTENTS = frozenset({"目录", "目次"})
_DOTTED = 3  # entries of a list
_OPENS = 100  # lines within which a list that isn't called so begins
_OPENING = frozenset({"duties", "staffing"})


@dataclass(frozen=True, slots=True)
class Head:
    """A heading of prose.

    Attributes:
        index: Index of its first line.
        last: Index of its last line.
        column: Where its text ends on that line; more than the line's length for the whole line.
        level: 1 for 第X部分, 2 for 一、, 3 for （一）, 4 for 1.
        title: As printed.
        ids: The statements whose section it opens; none for one that only ends the section before.
    """

    index: int
    last: int
    column: int
    level: int
    title: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The text below a heading: pieces of lines as ``(index, first column)``."""

    head: Head
    part: int
    pieces: tuple[tuple[int, int], ...]
    ids: tuple[str, ...]


def listed(lines: Sequence[Line]) -> frozenset[int]:
    """Return the lines of contents lists: a file of several disclosures has several.

    A list ends where its first entries come back. One that is not called 目录 begins with 第一部分, which comes back
    before any amount is printed.
    """
    first = contents(lines)
    out = set(first)
    known = len(first) > 1 and LEADER.search(lines[first[-1]].text) is not None  # dots and a page: its last entry
    for index, line in enumerate(lines):
        if (index >= _OPENS and "目" not in line.text) or (known and index in first):
            continue
        key = _bare(line.text)
        if key in _CONTENTS or (index < _OPENS and index not in out and _FIRST_PART.match(key)):
            end = _list_end(lines, index)
            out.update(range(index, end))
    return frozenset(out)


def _list_end(lines: Sequence[Line], first: int) -> int:
    """Return the index after a contents list that begins at ``first``; ``first`` where there is none."""
    named = not _FIRST_PART.match(_bare(lines[first].text))
    entries: list[str] = [] if named else [_bare(lines[first].text)]
    dotted: list[int] = []  # lines that end in dots and a page
    for index in range(first + 1, min(first + 150, len(lines))):
        text = lines[index].text
        if _DECIMAL.search(text):
            break
        key = _bare(LEADER.sub("", text)).rstrip("。")
        again = entries and _FIRST_PART.match(entries[0]) and _FIRST_PART.match(key)  # in other words, perhaps
        if (key in entries and index - first > 3) or (again and index - first > 2):
            return index
        if named and len(key) >= 4 and len(entries) < 3:
            entries.append(key)
        if LEADER.search(text):
            dotted.append(index)
    return dotted[-1] + 1 if len(dotted) > _DOTTED else first


def _bare(text: str) -> str:
    return squeeze(text).lstrip(_MARKUP).rstrip("*")


def _unmarked(text: str) -> str:
    """Return a line without markup and white space around it; stripped, since a pattern would be quadratic."""
    return text.lstrip(_MARKUP + WHITE).rstrip("*" + WHITE)


def heads(
    lines: Sequence[Line], found: Sequence[Heading], cut: Sequence[Chunk], prose: Prose, skipped: frozenset[int]
) -> list[Head]:
    """Find the headings of prose, outside of contents lists (``skipped``) and of tables that a spec describes."""
    tables = {h.index + n for h in found if h.kind in ("table", "other-table", "marker") for n in range(h.count)}
    inside = {i: bool(c.spec) for c in cut for piece in c.pieces for i in piece}
    known = {h.index: h for h in found if h.kind in ("part", "section") and not h.contents}
    out: list[Head] = []
    index = 0
    while index < len(lines):
        head = None
        if index not in skipped and index not in tables:
            head = _head(lines, index, out, prose, table=inside.get(index))
            if head is None and index in known and index not in inside:
                h = known[index]
                head = Head(index, index + h.count - 1, 10**6, 1 if h.kind == "part" else 2, h.title, ())
        if head and LEADER.search(lines[index].text):
            head = None
        if head:
            out.append(head)
        index = head.last + 1 if head else index + 1
    return out


def _head(
    lines: Sequence[Line], index: int, before: Sequence[Head], prose: Prose, *, table: bool | None
) -> Head | None:
    """Return the heading at a line; ``table`` tells whether it stands in a table, and one that a spec describes."""
    text = lines[index].text
    strict = table is not None
    key = _bare(text)
    if not key or "\t" in text or "|" in text:
        return None
    number = _NUMBERING.match(key)
    marked = number is not None or bool(_HASH.match(text))
    if not marked and (table or not _begins(lines, index, before)):
        return None
    level = _LEVELS[number.lastgroup or "section"] if number else 2
    best: Head | None = None
    for last, joined, stop in _joined(lines, index):
        if len(joined) > (_LONGEST if marked else 45) or _SAYS.search(joined):
            break
        if not marked and (stop or _PUNCTUATION.search(joined)):
            break
        whole = _TITLE_END.search(joined)
        ids = _ids(joined, level if number else 0, before, prose) if whole or (marked and not strict) else None
        if ids is None or (best and ids != best.ids):
            continue
        piece = _bare(lines[last].text)
        inline = bool(stop and stop.end() < len(piece))
        if inline and (strict or (stop and stop.group() != "。" and not _TELLING.search(joined))):
            told = piece[stop.end() if stop else 0 :] + "".join(_bare(line.text) for line in lines[last + 1 : last + 4])
            if strict or not (ids and level > _SECTION and _AMOUNT.search(told)):
                break  # a term and what it means
        column = _column(lines[last].text, stop.end(), piece) if stop else 10**6
        title = readable("".join(_unmarked(lines[i].text) for i in range(index, last + 1)))
        best = Head(index, last, column, level, title[:_LONGEST], ids)
        if whole:
            break
    return best


def _joined(lines: Sequence[Line], index: int) -> Iterator[tuple[int, str, re.Match[str] | None]]:
    """Yield what may be a title: one line, two or three run together, up to a stop; with the stop."""
    joined = ""
    for last in range(index, min(index + 3, len(lines))):
        piece = _bare(lines[last].text)
        if last > index and (_NUMBERING.match(piece) or "\t" in lines[last].text):
            return
        stop = _STOP.search(piece)
        joined += piece[: stop.start()] if stop else piece
        yield last, joined, stop
        if stop:
            return


def _column(text: str, kept: int, piece: str) -> int:
    """Return the column after the first ``kept`` characters of a line that are no white space or markup."""
    start = len(text) - len(_unmarked(text)) if text.rstrip() else 0
    start = text.find(piece[0]) if piece else start
    for column in range(start, len(text)):
        if not text[column].isspace():
            kept -= 1
            if kept == 0:
                return column + 1
    return len(text)


def _begins(lines: Sequence[Line], index: int, before: Sequence[Head]) -> bool:
    """Whether a line without a number can begin a paragraph: the one above ends a sentence or is a heading.

    Or nothing is printed right above, and it is called what headings are.
    """
    if index == 0:
        return True
    above = lines[index - 1].text
    if lines[index].number - lines[index - 1].number > 1 and _TELLING.search(squeeze(lines[index].text)):
        return True
    if before and before[-1].last == index - 1:
        return True
    return bool(_SENTENCE.search(above.rstrip())) or "\t" in above or squeeze(above).isdigit()


def _ids(title: str, level: int, before: Sequence[Head], prose: Prose) -> tuple[str, ...] | None:
    """Return the statements that a title opens; None if it is no heading that we know.

    ``level`` is 0 for a title without a number.
    """
    # Nearly no line is a title: one pattern tells that of all.
    cores = [core for core in _cores(title, prose) if prose.any_heading.fullmatch(core)]
    if not cores:
        return None
    parent = next((h for h in reversed(before) if h.level < level and h.ids), None) if level > 2 else None
    if parent and not prose.numbered.search(parent.title):
        inner = tuple(
            s.spec.id
            for s in prose.statements
            for owner, pattern in s.within.items()
            if owner in parent.ids and any(pattern.fullmatch(c) for c in cores)
        )
        if inner:
            return tuple(dict.fromkeys(inner))
    ids = tuple(
        s.spec.id
        for s in prose.statements
        if any(s.headings.fullmatch(c) or (level >= _SECTION and s.numbered.fullmatch(c)) for c in cores)
    )
    if ids or any(prose.other_headings.fullmatch(c) for c in cores):
        return ids
    return None


def _cores(title: str, prose: Prose) -> list[str]:
    """Return what may be left of a title without numbering, office, year and words that say nothing."""
    key = _QUOTES.sub("", title)
    match = _NUMBERING.match(key)
    while match and match.end() < len(key):
        key = key[match.end() :]
        match = _NUMBERING.match(key)
    key = key.removeprefix("关于")
    found = list(dict.fromkeys([key, _OF_TABLE.sub("", key)]))
    year = _YEAR.match(key)
    if year:
        found.append(key[year.end() :])
    for text in tuple(found):
        office = _OFFICE.match(text)
        if office and office.end() < len(text):
            found.append(text[office.end() :])
    return list(dict.fromkeys([*(prose.fillers.sub("", text) for text in found), *found]))


def parts(lines: Sequence[Line], found: Sequence[Head], cut: Sequence[Chunk], skipped: frozenset[int]) -> list[int]:
    """Return the index of the line at which each disclosure of the file begins.

    A file may hold several. The next one begins where a table comes back, or a section comes back behind a new list of
    contents, 第一部分, or statement of duties or staff; its cover and contents list belong to it.
    """
    events: list[tuple[int, frozenset[str], bool, bool]] = []
    for position, head in enumerate(found):
        end = found[position + 1].index if position + 1 < len(found) else len(lines)
        filled = end > head.last + 1 or head.column < 10**6
        first = bool(_FIRST_PART.match(squeeze(head.title)))
        events.append((head.index, frozenset(head.ids if filled else ()), False, first))
    # A disclosure has a performance form for each of its projects.
    events.extend((c.first, frozenset({c.spec}), True, False) for c in cut if c.spec and c.spec not in forms().ids)
    events.extend((i, frozenset(), False, True) for i in skipped if _bare(lines[i].text) in _CONTENTS)
    events.sort(key=lambda e: e[0])
    begins = [0]
    seen: set[str] = set()
    fresh: int | None = None
    for at, (index, ids, table, first) in enumerate(events):
        if fresh is None and ((first and seen) or (seen & ids & _OPENING and seen - _OPENING)):
            fresh = index
        if seen & ids and (table or fresh is not None):
            start = index if fresh is None else fresh
            start = _cover(lines, start, begins[-1], skipped)
            if start > begins[-1]:
                begins.append(start)
            seen = {i for other, these, _, _ in events[:at] if other >= start for i in these}
            fresh = None
        seen |= ids
    return begins


def _cover(lines: Sequence[Line], start: int, last: int, skipped: frozenset[int]) -> int:
    """Go back over a contents list and the lines of a cover."""
    first, above = start, -1
    for index in range(start - 1, max(last, start - 160, -1), -1):
        key = _bare(lines[index].text)
        if index in skipped or LEADER.search(lines[index].text):
            first = index
        elif _COVER.search(key):
            first, above = index, 0
        elif key.endswith("。") or len(key) > 60 or above >= 2 or (above >= 0 and _DATE.fullmatch(key)):
            break
        elif above >= 0:
            first, above = index, above + 1
        elif start - index > 20 and first == start:
            break
    return first


def renumber(cut: Sequence[Chunk], begins: Sequence[int]) -> list[Chunk]:
    """Number the tables' parts as the prose's."""
    return [replace(c, part=bisect_right(begins, c.first) - 1) for c in cut]


def sections(
    lines: Sequence[Line], found: Sequence[Head], cut: Sequence[Chunk], begins: Sequence[int]
) -> Iterator[Section]:
    """Yield the sections that some statement is read from; neighbours of the same statements are one."""
    owner: dict[int, int] = {}
    for number, chunk in enumerate(cut):
        owner[chunk.first] = number
        owner.update((i, number) for piece in chunk.pieces for i in piece)
    held: Section | None = None
    for position, head in enumerate(found):
        end = found[position + 1].index if position + 1 < len(found) else len(lines)
        part = bisect_right(begins, head.index) - 1
        if part + 1 < len(begins):
            end = min(end, max(begins[part + 1], head.last + 1))
        mine = owner.get(head.index)
        pieces = [(head.last, head.column)] if head.column < len(lines[head.last].text) else []
        for index in range(head.last + 1, end):
            if index in owner and owner[index] != mine:
                break
            pieces.append((index, 0))
        if held and held.part == part and held.ids == head.ids and held.ids:
            held = replace(held, pieces=(*held.pieces, *pieces))
            continue
        if held:
            yield held
        held = Section(head, part, tuple(pieces), head.ids) if head.ids else None
    if held:
        yield held
