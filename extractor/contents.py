"""Contents lists: where they begin and where the body does. They repeat every heading, and are skipped."""

import re
from collections.abc import Sequence

from .heading_words import LEAD, LEADER, MARKER, OFFICE, SECTION, TITLE_PREFIX, UNIT
from .normalize import Line, squeeze, unmarked

_FIRST = "第一部分"
_OF_WHOM = re.compile(r"^(?:本?(?:部门|单位)|\((?:部门|单位)\))+")
_OPENING = 4  # characters of it that tell it
_PRICED = re.compile(r"(?<![\d.])(?:\d{1,3}(?:,\d{3})+|\d+)\.\d\d(?![\d.])")


def contents(lines: Sequence[Line]) -> range:
    """Return the lines of the contents list, as a range of indexes (empty where there is none)."""
    for index, line in enumerate(lines[:400]):
        if _bare(line.text) in {"目录", "目次", "contents"}:
            return range(index, _contents_end(lines, index + 1))
    return range(0)


def _contents_end(lines: Sequence[Line], first: int) -> int:
    seen, titles = set[str](), set[str]()
    opening = ""  # what the first entry is about, which the body may begin with behind the office's name
    last_leader = first
    for index in range(first, min(first + 300, len(lines))):
        text = lines[index].text
        if LEADER.search(text):
            last_leader = index + 1
        key = _bare(LEADER.sub("", text))
        if _PRICED.search(text) and last_leader == first:
            begins = _title_above(lines, first, index)
            return begins if begins is not None else first
        # The body begins where a heading comes back; the longest run of entries decides, not the first word.
        again = key.startswith(_FIRST) and any(entry.startswith(_FIRST) for entry in seen)  # in other words, perhaps
        title = TITLE_PREFIX.sub("", OFFICE.sub("", key))
        again = again or (title in titles and ("|" in text or OFFICE.search(key) is not None))  # as a grid's first row
        numbered = SECTION.match(key)
        again = again or (len(opening) >= _OPENING and not numbered and key.endswith(opening))
        if len(seen) >= 2 and (again or (len(key) >= 4 and key in seen)):
            return index if last_leader == first else last_leader
        if numbered and not opening:
            opening = _OF_WHOM.sub("", key[numbered.end() :])
        if len(key) > 70 or (key.endswith("。") and len(key) > 20):
            return last_leader if last_leader > first else index
        seen.add(key)
        titles.add(title)
    return last_leader


def _title_above(lines: Sequence[Line], first: int, index: int) -> int | None:
    """Return where the table begins that has its first amounts on a line, by its unit and the title above that."""
    unit = next((i for i in range(index - 1, first - 1, -1) if UNIT.search(lines[i].text)), first)
    near = range(unit, max(first, unit - LEAD) - 1, -1)
    title = next((i for i in near if _bare(lines[i].text).endswith("表")), None)
    numbered = title is not None and title > first and MARKER.fullmatch(_bare(lines[title].text))
    return title - 1 if title is not None and numbered and _bare(lines[title - 1].text).endswith("表") else title


def _bare(text: str) -> str:
    return squeeze(unmarked(text)).lower()
