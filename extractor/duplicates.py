"""Lines that repeat those right before them, word for word.

A table that stands there again with its title is a page that was converted twice: read again it would be a disclosure
of its own, with the same numbers. It is read once. Rows alone may well be alike, but not on and on: what goes on so is
a fault of whatever made the text, and is left out beyond a score of times. A finding says which lines repeat which.
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
_LONGEST = 100  # lines that are repeated without a title
_MOST = 20  # times that they are read
_LINES = 200  # of such repetitions, at the least
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Repeat:
    """Lines that repeat those before them, as indexes: where they begin and end, and how many they repeat."""

    first: int
    end: int
    size: int


def without(lines: Sequence[Line], found: Sequence[Heading]) -> tuple[Sequence[Line], list[Finding]]:
    """Leave out tables that repeat those right before them, and say which.

    Args:
        lines: All lines of a document.
        found: Its headings.
    """
    repeats = list(_repeats([line.text for line in lines], found))
    said = "a page that was converted twice? They are read once."
    return _left(lines, repeats), [_finding(lines, repeat, said) for repeat in repeats]


def without_end(lines: Sequence[Line]) -> tuple[Sequence[Line], list[Finding]]:
    """Leave out what is repeated on and on, beyond what any list has, and say where."""
    repeats = list(_endless([line.text for line in lines]))
    said = f"as no list does. They are not read; the {_MOST} repetitions before them are."
    return _left(lines, repeats), [_finding(lines, repeat, said) for repeat in repeats]


def _left(lines: Sequence[Line], repeats: Sequence[Repeat]) -> Sequence[Line]:
    if not repeats:
        return lines
    kept, begin = list[Line](), 0
    for repeat in repeats:
        kept.extend(lines[begin : repeat.first])
        begin = repeat.end
    return [*kept, *lines[begin:]]


def _endless(texts: Sequence[str]) -> Iterator[Repeat]:
    """Yield the lines behind so many repetitions of a few lines that they are those of no list."""
    last: dict[str, int] = {}
    ends: dict[int, int] = {}  # of the repetitions of so many lines that were looked at
    done = 0
    for here, text in enumerate(texts):
        size = here - last.get(text, here)
        last[text] = here
        if not 0 < size <= _LONGEST or here < max(done, ends.get(size, 0)):
            continue
        end = ends[size] = _end(texts, here, size)
        times = (end - here) // size
        if times > _MOST and end - here >= _LINES and any(map(_WORD.search, texts[here : here + size])):
            done = here + times * size
            yield Repeat(here + _MOST * size, done, size)


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
    first, end = here, _end(texts, here, size)
    while first > max(begin, size, here - size + 1) and texts[first - 1] == texts[first - 1 - size]:
        first -= 1
    times = (end - first) // size
    if not times or _numbers(texts[first - size : first]) < _LEAST:
        return None
    return Repeat(first, first + times * size, size)


def _end(texts: Sequence[str], here: int, size: int) -> int:
    """Return where the lines end that are the same, from one on, as so many lines before."""
    end = here
    while end < len(texts) and texts[end] == texts[end - size]:
        end += 1
    return end


def _numbers(texts: Sequence[str]) -> int:
    return sum(len(_AMOUNT.findall(text)) for text in texts)


def _finding(lines: Sequence[Line], repeat: Repeat, said: str) -> Finding:
    first, last = lines[repeat.first].number, lines[repeat.end - 1].number
    start, end = lines[repeat.first - repeat.size].number, lines[repeat.first - 1].number
    times = (repeat.end - repeat.first) // repeat.size
    often = f" {times} times" if times > 1 else ""
    return Finding(
        code="repeated", kind="structure", line=first,
        message=f"Lines {first}-{last} repeat lines {start}-{end}{often}, word for word: {said} Compare "
        "with the original.",
    )  # fmt: skip
