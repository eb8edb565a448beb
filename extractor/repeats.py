"""Tables that stand in a text again right behind themselves, word for word: a page that was converted twice.

Read again they would be a disclosure of their own, with the same numbers. They are read once, and a finding says which
lines repeat which.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

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
    repeats = list(_joined(_repeats([line.text for line in lines], found)))
    kept, begin = list[Line](), 0
    for repeat in repeats:
        kept.extend(lines[begin : repeat.first])
        begin = repeat.end
    return [*kept, *lines[begin:]], [_finding(lines, repeat) for repeat in repeats]


def _repeats(texts: Sequence[str], found: Sequence[Heading]) -> Iterator[Repeat]:
    """Yield the lines that repeat those from a title to the same one; each begins with a title, and has a table."""
    before: defaultdict[str, list[int]] = defaultdict(list)
    tables = [h.index for h in found if h.kind in ("table", "other-table") and h.count and not h.contents]
    end = 0
    for here in tables:
        known = before[squeeze(texts[here])]
        if here >= end:
            for start in known[: -_TITLES - 1 : -1]:
                size = here - start
                if texts[start:here] == texts[here : here + size] and _numbers(texts[start:here]) >= _LEAST:
                    end = here + size
                    yield Repeat(here, end, size)
                    break
        known.append(here)


def _joined(repeats: Iterator[Repeat]) -> Iterator[Repeat]:
    """Put together those that follow each other."""
    last: Repeat | None = None
    for repeat in repeats:
        if last is not None and (last.end, last.size) == (repeat.first, repeat.size):
            last = replace(last, end=repeat.end)
            continue
        if last is not None:
            yield last
        last = repeat
    if last is not None:
        yield last


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
