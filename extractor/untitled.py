"""Tables whose title is lost: where they begin, and which of a document's tables they are.

A title in another typeface is what optical character recognition loses first. What stands below it is left: the office
and the unit, then a header. Such a line further down in a table begins another one, unless its header is that of the
table again, as at the top of a page. Which table it is, its place tells: between the table before and the one after
it, the list of contents names one that stands nowhere else.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby, pairwise

from rapidfuzz import fuzz

from . import sections
from .contents import contents
from .data import data_folder
from .heading_words import AMOUNT, FURNITURE, LEADER, TITLE_PREFIX, UNIT
from .lexicon import words
from .normalize import Line, readable, squeeze, unmarked
from .sections import UNTITLED, Heading, number_of, table_title
from .specs import TableSpec

_TABLES = ("table", "other-table")
_PROSE = ("section", "subsection")
_AGAIN = 85  # rapidfuzz ratio from which a header is that of the table again
_HEADER = 60  # lines of a header, at most
_ENTRIES = 300  # of a list, at most
_NEAR = 6  # lines between a title and the unit: the number of a page, an office's name that is wrapped
_BUDGET = 11  # tables of a budget
_AGREED = 3  # tables with the numbers that they have in a budget; titles of a list
_STRAYS = 4  # characters of a title for each that makes no word
_CHINESE = re.compile("[一-龥]")
_OF_ALL = re.compile(r"(?:年度|部门|单位)[预决]算(?:公开)?报?表$")
_TOTAL = re.compile(r"[合总]\s*计[\s|]{0,8}\d")
_COLUMNS = re.compile(r"合计|总计|小计|金额|[预决]算数|基本支出|本年收入")


def headings(lines: Sequence[Line], specs: Sequence[TableSpec]) -> list[Heading]:
    """Find every heading, and one for each table that begins without, named where its place tells which it is."""
    found = _without_lists(sections.headings(lines, specs))
    every = sorted([*found, *_begun(found, lines)], key=lambda h: h.index)
    texts = {i: unmarked(LEADER.sub("", lines[i].text)) for i in contents(lines)}
    listed = _listed(every, texts, specs)
    named = _named(every, lines, listed, _entries(found, texts)) if listed else _by_neighbours(every, lines, specs)
    return [h for h, above in zip(named, _above(named), strict=True) if h.spec or h.count or above not in _PROSE]


def _above(found: Sequence[Heading]) -> Iterator[str]:
    """Yield what kind of heading each stands below, those left aside that are not printed."""
    kind = "part"
    for heading in found:
        yield kind
        if heading.count and not heading.contents:
            kind = heading.kind


def _followed(found: Sequence[Heading]) -> Iterator[tuple[Heading, Heading | None]]:
    """Yield each heading with the one after it."""
    for n, heading in enumerate(found, 1):
        yield heading, found[n] if n < len(found) else None


def _without_lists(found: Sequence[Heading]) -> list[Heading]:
    """Mark titles that follow each other without a line between as entries of a list of contents."""
    bare = [b is not None and not a.contents and a.index + a.count == b.index for a, b in _followed(found)]
    out: list[Heading] = []
    for listed, run in groupby(zip(found, bare, strict=True), key=lambda pair: pair[1]):
        titles = [heading for heading, _ in run]
        many = listed and sum(h.kind == "table" for h in titles) >= _AGREED
        out.extend(replace(h, contents=True) if many else h for h in titles)
    return out


def _begun(found: Sequence[Heading], lines: Sequence[Line]) -> Iterator[Heading]:
    """Yield a heading for each table that begins without one."""
    units = [i for i, line in enumerate(lines) if UNIT.search(line.text) and _is_furniture(line)]
    body = [h for h in found if not h.contents and h.kind != "subsection"]
    for heading, after in _followed(body):
        if heading.page or (after and after.page):
            continue
        end = after.begins if after else len(lines)
        first = heading.index + heading.count
        known, last = "", first
        for index in units[bisect_left(units, first) : bisect_left(units, end)]:
            begins = index
            while begins > last and _is_furniture(lines[begins - 1]):
                begins -= 1
            header = _header(lines, index, end)
            own = heading.kind in _TABLES and last == first and begins - first <= _NEAR
            if header and not own and not (known and fuzz.ratio(known, header) >= _AGAIN):
                yield Heading("other-table", begins, 0, f"{heading.title}{UNTITLED}")
            known, last = header or known, index + 1


def _is_furniture(line: Line) -> bool:
    return FURNITURE.fullmatch(squeeze(unmarked(line.text))) is not None


def _header(lines: Sequence[Line], first: int, end: int) -> str:
    """Return what stands between the unit and the first amounts, without white space; "" where there are none."""
    words: list[str] = []
    for line in lines[first : min(end, first + _HEADER)]:
        if AMOUNT.search(line.text) or _TOTAL.search(line.text):
            return "".join(words)
        if not _is_furniture(line):
            words.append(squeeze(unmarked(line.text)))
    return ""


def _listed(found: Sequence[Heading], texts: Mapping[int, str], specs: Sequence[TableSpec]) -> dict[str, str]:
    """Return the tables that a document has by its list of contents, or by its numbers if they are those of a budget.

    Args:
        found: All headings.
        texts: The lines of the list of contents by their indexes, without dots and pages.
        specs: The tables that are known.

    Returns:
        Their titles by their ids, in their order; nothing where neither tells.
    """
    entries = {h.index: (h.spec, h.title) for h in found if h.contents and h.spec}
    for index, text in texts.items():
        name = table_title(text, specs)
        if name:
            entries.setdefault(index, (name, readable(text)))
    if entries:
        return {name: title for _, (name, title) in sorted(entries.items())}
    budget = sorted((spec for spec in specs if 1 <= spec.number <= _BUDGET), key=lambda spec: spec.number)
    numbers = {spec.id: spec.number for spec in budget}
    agreed = [
        number_of(marker) == numbers[table.spec]
        for marker, table in pairwise(found)
        if marker.kind == "marker" and table.spec in numbers
    ]
    return {spec.id: spec.title for spec in budget} if len(agreed) >= _AGREED and all(agreed) else {}


def _entries(found: Sequence[Heading], texts: Mapping[int, str]) -> list[str]:
    """Return what the list of contents says, entry by entry, without numbers and white space."""
    titles = [h.title for h in found if h.contents]
    return list(dict.fromkeys(TITLE_PREFIX.sub("", squeeze(text)) for text in (*texts.values(), *titles)))[:_ENTRIES]


def _named(
    found: Sequence[Heading], lines: Sequence[Line], listed: dict[str, str], entries: Sequence[str]
) -> list[Heading]:
    """Name tables without a title by the list, where as many of it are missing in a place as there are tables."""
    out, order = list(found), list(listed)
    there = {h.spec for h in found if not h.contents and h.kind in _TABLES}
    open_: list[int] = []
    before = 0
    for n, heading in [*enumerate(found), (len(found), None)]:
        if heading is not None and (heading.contents or heading.kind not in _TABLES):
            continue
        if heading is None or heading.spec in listed:
            after = order.index(heading.spec) if heading is not None and heading.spec else len(order)
            missing = [name for name in order[before:after] if name not in there]
            bare = [place for place in open_ if _is_untitled(found[place])]
            for place, name in _pairs((bare, open_), missing):
                if _has_header(lines, found[place]):
                    out[place] = replace(found[place], kind="table", title=listed[name], spec=name, lost=True)
            open_, before = [], after + 1
        elif _is_untitled(heading) or (not heading.spec and _is_misread(found, n, entries)):
            open_.append(n)
    return out


def _by_neighbours(found: Sequence[Heading], lines: Sequence[Line], specs: Sequence[TableSpec]) -> list[Heading]:
    """Name a table without a title where the same one stands between its neighbours in all documents."""
    out = list(found)
    titles = {spec.id: spec.title for spec in reversed(specs)}
    tables = [n for n, h in enumerate(found) if not h.contents and h.kind in _TABLES]
    there = {found[n].spec for n in tables}
    for before, n, after in zip([None, *tables], tables, [*tables[1:], None], strict=False):
        around = tuple(found[m].spec if m is not None else "" for m in (before, after))
        name = _orders().get(around, "")
        if name and name not in there and _is_untitled(found[n]) and _has_header(lines, found[n]):
            out[n] = replace(found[n], kind="table", title=titles[name], spec=name, lost=True)
    return out


@lru_cache(maxsize=1)
def _orders() -> Mapping[tuple[str | None, ...], str]:
    """Return the table between two others, "" before the first one, where all orders have the same."""
    found: dict[tuple[str | None, ...], set[str]] = {}
    for line in (data_folder("schemas") / "table_orders.txt").read_text(encoding="utf-8").splitlines():
        order = [] if line.startswith("#") else ["", *line.split()]
        for before, table, after in zip(order, order[1:], order[2:], strict=False):
            found.setdefault((before, after), set()).add(table)
    return {around: next(iter(tables)) for around, tables in found.items() if len(tables) == 1}


def _pairs(places: Iterable[list[int]], missing: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Pair the first of some lists of places that has as many as are missing with these."""
    return zip(next((found for found in places if len(found) == len(missing)), ()), missing, strict=False)


def _is_untitled(heading: Heading) -> bool:
    """Whether a table has no title, or that of all tables."""
    return heading.title.endswith(UNTITLED) or (not heading.spec and _OF_ALL.search(heading.title) is not None)


def _is_misread(found: Sequence[Heading], place: int, entries: Sequence[str]) -> bool:
    """Whether a title isn't made of words, and not in the list of contents; where there is none, it has a number."""
    title = TITLE_PREFIX.sub("", squeeze(found[place].title))
    text = "".join(_CHINESE.findall(title))
    if words().strays(text) * _STRAYS <= len(text):
        return False
    if not entries:
        return place > 0 and found[place - 1].kind == "marker"
    return all(fuzz.ratio(title, entry) < _AGAIN for entry in entries)


def _has_header(lines: Sequence[Line], heading: Heading) -> bool:
    """Whether a header stands below: what its columns are is for the reader to say."""
    return _COLUMNS.search(_header(lines, heading.index + heading.count, len(lines))) is not None
