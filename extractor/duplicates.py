"""Tables that stand in a text again right behind themselves, word for word: a page that was converted twice.

Read again they would be a disclosure of their own, with the same numbers. They are read once, and a finding says which
lines repeat which.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .normalize import Line, squeeze
from .records import Finding
from .sections import Heading

_AMOUNT = re.compile(r"[1-9][\d,]*\.\d|0\.0*[1-9]")
_TITLES = 4  # of one name, back to which it is looked for where the lines begin that are repeated
_LEAST = 3  # numbers among them


@dataclass(frozen=True, slots=True)
class Repeat:
    """Lines that repeat those before them, as indexes: where they begin and end, and how many they repeat."""

    first: int
    end: int
    size: int


def without(lines: Sequence[Line], found: Sequence[Heading]) -> tuple[list[Line], list[Finding]]:
    """Leave out the lines that repeat others, and say which.

    Args:
        lines: All lines of a document.
        found: Its headings.
    """
    repeats = list(_repeats([line.text for line in lines], found))
    kept, begin = list[Line](), 0
    for repeat in repeats:
        kept.extend(lines[begin : repeat.first])
        begin = repeat.end
    return [*kept, *lines[begin:]], [_finding(lines, repeat) for repeat in repeats]


def _repeats(texts: Sequence[str], found: Sequence[Heading]) -> Iterator[Repeat]:
    """Yield the lines that repeat as many right before them; a table stands among these, with its title."""
    before: defaultdict[str, list[int]] = defaultdict(list)
    end = 0
    for here in (h.index for h in found if h.kind in ("table", "other-table") and h.count and not h.contents):
        known = before[squeeze(texts[here])]
        if here >= end:
            each = (_repeat(texts, here, here - start, end) for start in known[: -_TITLES - 1 : -1])
            repeat = next((r for r in each if r is not None), None)
            if repeat is not None:
                end = repeat.end
                yield repeat
        known.append(here)


def _repeat(texts: Sequence[str], here: int, size: int, begin: int) -> Repeat | None:
    """Return the lines around one that are the same as so many lines before, from ``begin`` on, if all of these are."""
    first, end = here, here
    while first > max(begin, size, here - size + 1) and texts[first - 1] == texts[first - 1 - size]:
        first -= 1
    while end < len(texts) and texts[end] == texts[end - size]:
        end += 1
    times = (end - first) // size
    if not times or _numbers(texts[first - size : first]) < _LEAST:
        return None
    return Repeat(first, first + times * size, size)


def _numbers(texts: Sequence[str]) -> int:
    return sum(len(_AMOUNT.findall(text)) for text in texts)


def _finding(lines: Sequence[Line], repeat: Repeat) -> Finding:
    first, last = lines[repeat.first].number, lines[repeat.end - 1].number
    start, end = lines[repeat.first - repeat.size].number, lines[repeat.first - 1].number
    times = (repeat.end - repeat.first) // repeat.size
    often = f" {times} times" if times > 1 else ""
    return Finding(
        code="repeated", kind="structure", line=first,
        message=f"Lines {first}-{last} repeat lines {start}-{end}{often}, word for word: a page that was converted "
        "twice? They are read once. Compare with the original.",
    )  # fmt: skip
