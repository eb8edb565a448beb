"""Headings: where parts, tables, sections and contents lists begin.

The heading grammar of the genre: 第X部分, 表 N and table titles, 一、, （一）, 1. Markdown levels can't be trusted
and are ignored. Contents lists repeat every heading and are recognised and skipped.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from rapidfuzz import fuzz

from .contents import contents
from .heading_words import AMOUNT, FURNITURE, LEAD, LEADER, MARKER, OFFICE, SECTION, TITLE_PREFIX
from .lexicon import lookalikes, nearly
from .normalize import Line, readable, squeeze, unmarked
from .specs import TableSpec, split_label
from .titles import of_office, told_by_words, words_from

HeadingKind = Literal["part", "marker", "table", "other-table", "section", "subsection"]
LEVEL: dict[HeadingKind, int] = {
    "part": 1, "marker": 2, "table": 2, "other-table": 2, "section": 2, "subsection": 3,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading.

    Attributes:
        kind: What it heads; ``other-table`` is a table that no spec describes.
        index: Index of its first line in the list of normalised lines.
        count: How many lines it is printed on.
        title: The title for people.
        spec: The table's spec id.
        contents: It stands in a contents list.
        page: The lines of its page, as a range of indexes, where it stands below the table that it heads.
        lost: The table has no title; the list of contents and its place tell which it is.
    """

    kind: HeadingKind
    index: int
    count: int
    title: str
    spec: str | None = None
    contents: bool = False
    page: range | None = None
    lost: bool = False

    @property
    def begins(self) -> int:
        """Index of the first line that belongs to it."""
        return self.page.start if self.page else self.index


_PART = re.compile(r"第[一二三四五六七八九十]{1,3}(?:部分|章)")
_PART_BEGINS = re.compile(r"第[一二三四五六七八九十]{0,3}部?")
_SUBSECTION = re.compile(r"\([一二三四五六七八九十]{1,3}\)")
_NARRATIVE_END = re.compile(r"(?:说明|概况|解释|职能|职责|情况|设置)$")
# What heads prose without a number: 关于收入总表的说明 follows a table, and isn't its last row.
_UNNUMBERED = re.compile(r"(?:情况说明|编制说明|名词解释)$|^关于.{2,36}表的?说明$")
_TITLE_SUFFIX = re.compile(
    r"(?:\(按?[^()]{0,12}(?:科目|分类|类别|类款项)[^()]{0,4}\)|\((?:财决|财预|预决算|预算|决算)?(?:公开)?(?:附?表)?\d{1,2}(?:-\d{1,2})?表?\)|\((?:续表?|万元|元|空表|单位[:：][^()]{1,8})\)|\(?单位[:：].*|编制(?:单位|部门)[:：].*)$"
)
# Kinds of projects behind a title, as finance systems print them.
_KINDS = re.compile(r"(?<=表)\((?:(?:人员|运转|其他运转|特定目标|特定目标类)类?|公用经费|项目|[、,和及])+\)$")
_MENTION = re.compile(r"详见|参见|见附|编制了|如下|根据|按照|见[^0-9]")
_QUOTES = re.compile(r"[“”\"'‘’《》〈〉「」＂]")
# A title that has more than an office's name and a year before the words we know is another table.
_DISTINCT = re.compile(
    r"拨款|一般公共|政府性|基金|国有资本|社会保险|财政专户|债务|基本支出|基本$|项目|专项|分类|三公|结转|采购|绩效|说明|为空|关于|明细"
)
_OF_WHAT = re.compile(r"一般公共预算|政府性基金预算|国有资本经营预算|当年拨款|财政拨款|安排的?|\([^()]*\)")
_STOP = re.compile(r"[,。;!?、]|[:：](?!$)")
_ONCE = "公共财政预算"  # the name of 一般公共预算 up to 2014, and long after in titles
_MAX_TITLE = 60
_BLANK = 2  # lines of the text from the last one of a page to the first one of the next, at the least
_LINES = 15  # of a page, at the least
UNTITLED = " (no title)"
_SPARSE = 4  # lines of a page, on the average
_SEVERAL = 3  # titles
_TITLE_LINES = 4  # on which a title may stand
_WRAPPED = 12  # characters of a title that stand below its first line
_END = 3  # characters; no title is shorter
_LONG = 8  # characters of a title of which one may be misread
_EACH = 6  # characters for each that may be
_LIKE = 75  # rapidfuzz partial ratio from which a line after 表 N is taken for that table's title


def table_title(text: str, specs: Sequence[TableSpec]) -> str | None:
    """Return the id of the table with this title, ``""`` for a table no spec knows, None for no title."""
    if "表" not in text or len(text) > _MAX_TITLE + 60:
        return None
    key = OFFICE.sub("", squeeze(unmarked(text)))
    key = _KINDS.sub("", _TITLE_SUFFIX.sub("", TITLE_PREFIX.sub("", key)))
    key = _QUOTES.sub("", key).replace(_ONCE, "一般公共预算")
    if not key.endswith("表") or not 3 <= len(key) <= _MAX_TITLE:
        return None
    bare = re.sub("因公出国\\(境\\)费、|、会议费|、培训费|(?<=三公经费)、", "", key)
    if _STOP.search(bare) or _MENTION.search(bare):
        return None
    return _titled(key, tuple(specs))


@lru_cache(maxsize=4096)
def _titled(key: str, specs: tuple[TableSpec, ...]) -> str:
    """Return the id of the table with a title; kept, as documents share their titles."""
    titles = _titles(specs).get(key[-_END:], ())
    if known := _listed(key, titles):
        alias, table = known
        return _misread(key, [t for t in titles if len(alias) < min(len(key), len(t[0]))]) or table
    return told_by_words(key) or _respelt(key, specs) or _misread(key, titles)


def _listed(key: str, titles: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    """Return the longest of some titles that a key ends with, and its table, where nothing before it tells it apart."""
    for alias, table in titles:
        if key.endswith(alias):
            before = key[: -len(alias)]
            if not _DISTINCT.search(_OF_WHAT.sub("", before) if "三公" in alias else before):
                return alias, table
    return None


def _respelt(key: str, specs: tuple[TableSpec, ...]) -> str:
    """Return the table of the titles that a key is but for one character that looks like theirs, if it is one."""
    tables, titles = set[str](), _titles(specs)
    for index, char in enumerate(key):
        for other in lookalikes().get(char, ()):
            title = key[:index] + other + key[index + 1 :]
            listed = _listed(title, titles.get(title[-_END:], ()))
            begin = len(key) - len(listed[0]) if listed else 0
            if listed is not None and index >= begin and of_office(key[:begin]):
                tables.add(listed[1])
            elif listed is None and index >= words_from(title):
                tables.add(told_by_words(title))
    found = sorted(tables - {""})
    return found[0] if len(found) == 1 else ""


def _misread(key: str, titles: Sequence[tuple[str, str]]) -> str:
    """Return the table of the longest titles that a key ends with but for some characters, if they are all its."""
    near = [t for t in titles if len(t[0]) >= _LONG and nearly(key[-len(t[0]) :], t[0], max(1, len(t[0]) // _EACH))]
    tables = {table for title, table in near if len(title) == len(near[0][0])}
    return tables.pop() if len(tables) == 1 else ""


@lru_cache(maxsize=8)
def _titles(specs: tuple[TableSpec, ...]) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return every title with the id of its table, the longest first, by the characters that it ends with."""
    out: dict[str, list[tuple[str, str]]] = {}
    for spec in specs:
        for title in spec.titles:
            for name in dict.fromkeys((title, title.replace("一般公共预算", _ONCE))):  # the old name may be misread too
                out.setdefault(name[-_END:], []).append((name, spec.id))
    return {end: sorted(titles, key=lambda t: -len(t[0])) for end, titles in out.items()}


def headings(lines: Sequence[Line], specs: Sequence[TableSpec]) -> list[Heading]:
    """Find every heading, contents lists included (marked as such)."""
    found: list[Heading] = []
    region = contents(lines)
    index = 0
    while index < len(lines):
        heading = _heading(lines, index, specs)
        if heading is None or (heading.kind == "other-table" and not heading.spec):
            heading = _after_marker(lines, index, specs, found) or heading
        if heading is None or _is_row(heading, lines, specs, found):
            index += 1
            continue
        if _numbers_the_title_above(lines, heading, specs, found):
            found[-1] = replace(found[-1], count=heading.index + heading.count - found[-1].index)
            index += heading.count
            continue
        if index in region or LEADER.search(lines[index].text):
            heading = Heading(heading.kind, index, heading.count, heading.title, heading.spec, contents=True)
        found.append(heading)
        index += heading.count
    return _below(found, lines)


def _below(found: list[Heading], lines: Sequence[Line]) -> list[Heading]:
    """Give titles that stand at the end of their pages these pages, where nearly all of a document do.

    Some tools write merged cells behind all others, the title among them: its page holds amounts above it and none
    below. Pages are told by two blank lines between them, or by one where hardly any other is blank; where there are so
    many that a page would have a few lines, rows stand that far apart.
    """
    apart = [b.number - a.number for a, b in pairwise(lines)]
    wide, all_ = ([i + 1 for i, lost in enumerate(apart) if lost > least] for least in (_BLANK, 1))
    starts = [0, *(wide if len(wide) > 1 or len(all_) * _LINES > len(lines) else all_), len(lines)]
    spans = [range(a, b) for a, b in pairwise(starts)]
    if len(spans) < _SEVERAL or len(spans) * _SPARSE > len(lines):
        return found
    amounts = [i for i, line in enumerate(lines) if AMOUNT.search(line.text)]
    titles = [h for h in found if h.kind in ("table", "other-table") and not (h.contents or _untitled(h))]
    pages = {h.index: bisect_right(starts, h.index) - 1 for h in titles}
    counts = Counter(pages.values())
    # A page of many titles and no amount is a list of contents, with or without a title.
    listed = {
        p for p, count in counts.items() if count > _SEVERAL and not _between(amounts, spans[p].start, spans[p].stop)
    }
    out: dict[int, range] = {}
    for heading in titles:
        page = spans[pages[heading.index]]
        above = _between(amounts, page.start, heading.index)
        below = _between(amounts, heading.index + heading.count, page.stop)
        if counts[pages[heading.index]] == 1 and above and not below:
            out[heading.index] = page
    among = sum(pages[h.index] not in listed for h in titles)
    if len(out) < _SEVERAL or len(out) * 3 < among * 2:
        return found
    within = {i for page in out.values() for i in page}
    kept = (h for h in found if h.index not in within or not (h.kind == "marker" or _untitled(h)))
    return [replace(h, page=out.get(h.index), contents=h.contents or pages.get(h.index) in listed) for h in kept]


def _untitled(heading: Heading) -> bool:
    """Whether a table has a number above it, and no title below that."""
    return heading.title.endswith(UNTITLED)


def is_marker(line: Line) -> bool:
    """Whether a line is nothing but the number of a table, or of a page's."""
    return MARKER.fullmatch(squeeze(unmarked(line.text))) is not None


def _between(places: Sequence[int], first: int, last: int) -> int:
    """Count the places in a range."""
    return bisect_left(places, last) - bisect_left(places, first)


def _is_row(heading: Heading, lines: Sequence[Line], specs: Sequence[TableSpec], found: Sequence[Heading]) -> bool:
    """Whether what reads as a heading is a row of the table that it stands in: 五、国有资产占用情况."""
    table = found[-1].spec if found and not found[-1].contents else None
    if table is None or heading.kind not in ("section", "subsection") or heading.count > 1:
        return False
    label = split_label(squeeze(unmarked(lines[heading.index].text)))[1]
    rows = (path[-1] for spec in specs if spec.id == table for path in spec.paths)
    return any(label in map(squeeze, (row.label, *row.aliases)) for row in rows)


def _numbers_the_title_above(
    lines: Sequence[Line], heading: Heading, specs: Sequence[TableSpec], found: Sequence[Heading]
) -> bool:
    """Whether ``公开01表`` stands below its table's title, as many offices print it, and not above the next one's."""
    above = found[-1] if found else None
    if heading.kind != "marker" or above is None or above.contents or above.kind not in ("table", "other-table"):
        return False
    follows = heading.index + heading.count
    between = lines[above.index + above.count : heading.index]
    beside = len(between) <= LEAD and all(FURNITURE.fullmatch(squeeze(unmarked(line.text))) for line in between)
    return beside and (follows == len(lines) or _title(lines, follows, specs)[0] is None)


def number_of(marker: Heading) -> int | None:
    """Return the number of a table: 3 of 表3, none of 表3-1, which is another one."""
    found = re.search(r"(?<![\d-])\d{1,2}(?!\d|-)", squeeze(marker.title))
    return int(found.group()) if found else None


def _after_marker(
    lines: Sequence[Line], index: int, specs: Sequence[TableSpec], found: Sequence[Heading]
) -> Heading | None:
    """Take the line after ``表 N`` for a title that is misread, cut off, or lost.

    The number tells which table of a budget it is; what stands there must resemble that table's title, or be the
    line with the unit that follows a title. Anything else is a table that no spec knows.
    """
    marker = found[-1] if found else None
    if marker is None or marker.kind != "marker" or marker.index + marker.count != index or marker.contents:
        return None
    text = unmarked(lines[index].text)
    key = _QUOTES.sub("", squeeze(_TITLE_SUFFIX.sub("", squeeze(text))))
    number = number_of(marker)
    spec = next((s for s in specs if number and s.number == number), None)
    if spec and len(key) <= _MAX_TITLE:
        likeness = max(fuzz.partial_ratio(title, key) for title in spec.titles)
        if likeness >= _LIKE and len(key) >= 5:
            cut = any(key in title for title in spec.titles)
            nearer = cut or _nearest(key, specs) in ("", spec.id)  # an office may number its tables otherwise
            return Heading("table" if nearer else "other-table", index, 1, readable(text), spec.id if nearer else None)
    if re.search(r"单位\s*[:：]", text):
        return Heading("other-table", index, 1, f"{marker.title}{UNTITLED}")
    return None


def _nearest(key: str, specs: Sequence[TableSpec]) -> str:
    """Return the id of the table with the title that is most like a text, or "" where those of several are."""
    like = {spec.id: max(fuzz.ratio(title, key) for title in spec.titles) for spec in specs if spec.titles}
    most = max(like.values())
    best = [table for table, likeness in like.items() if likeness == most]
    return best[0] if len(best) == 1 else ""


def _heading(lines: Sequence[Line], index: int, specs: Sequence[TableSpec]) -> Heading | None:
    text = _alone(lines[index].text)
    if len(text) > 160:
        return None
    bare = unmarked(text)
    key = squeeze(bare)
    if not key or len(key) > 90:
        return None
    if _PART.match(key) and len(key) <= 60:
        return Heading("part", index, 1, readable(bare))
    if _PART_BEGINS.fullmatch(key):
        for count, line in enumerate(lines[index + 1 : index + _TITLE_LINES], 2):
            key += squeeze(unmarked(line.text))
            if _PART.match(key) and len(key) <= _MAX_TITLE:
                return Heading("part", index, count, readable(key))
        key = squeeze(bare)
    if MARKER.fullmatch(key):
        return Heading("marker", index, 1, readable(bare))
    spec, count = _title(lines, index, specs)
    if spec is not None:
        title = OFFICE.sub("", readable(" ".join(unmarked(line.text) for line in lines[index : index + count])))
        return Heading("table" if spec else "other-table", index, count, title, spec or None)
    return _prose_heading(lines, index, bare, key)


def _title(lines: Sequence[Line], index: int, specs: Sequence[TableSpec]) -> tuple[str | None, int]:
    text = _alone(lines[index].text)
    spec = table_title(text, specs)
    if spec is not None or text.rstrip().endswith("表"):
        return spec, 1
    if not any(line.text.rstrip().endswith("表") for line in lines[index + 1 : index + _TITLE_LINES]):
        return None, 1
    # A title wrapped onto more lines; only one that a spec knows, else prose would be caught.
    following = ""
    for count, line in enumerate(lines[index + 1 : index + _TITLE_LINES], 2):
        following += squeeze(line.text)
        if len(following) > _WRAPPED or "\t" in line.text:
            break
        if following.endswith("表"):
            joined = table_title(text + following, specs)
            known = bool(joined) and (not table_title(following, specs) or _spans(text, following, specs))
            return (joined, count) if known else (None, 1)
    return None, 1


def _spans(text: str, following: str, specs: Sequence[TableSpec]) -> bool:
    """Whether a title that a spec knows reaches from one line into the next, whose own words are a title as well."""
    key = _QUOTES.sub("", squeeze(unmarked(text)) + following)
    return any(key.endswith(t) and len(t) > len(following) for spec in specs for t in spec.titles)


def _alone(text: str) -> str:
    """Return a title without the page that a tool put into its cell behind it: the cell goes all around the page."""
    return OFFICE.sub("", text) if len(text) > _MAX_TITLE and "|" in text and "表" in text[:_MAX_TITLE] else text


def _prose_heading(lines: Sequence[Line], index: int, bare: str, key: str) -> Heading | None:
    if "\t" in bare or "|" in bare or "。" in key or len(key) > 60:
        return None
    if SECTION.match(key):
        if _NARRATIVE_END.search(key):
            return Heading("section", index, 1, readable(bare))
        following = squeeze(unmarked(lines[index + 1].text)) if index + 1 < len(lines) else ""
        if len(following) <= 40 and "。" not in following and re.search(r"(?:说明|情况)$", following):
            return Heading("section", index, 2, readable(bare + " " + following))
        return Heading("section", index, 1, readable(bare)) if "关于" in key else None
    if _SUBSECTION.match(key) and _NARRATIVE_END.search(key):
        return Heading("subsection", index, 1, readable(bare))
    if len(key) <= 40 and _UNNUMBERED.search(key) and not re.search(r"[,:：;]", key):
        return Heading("section", index, 1, readable(bare))
    return None
