"""Headers that come back after a page break, in the same words or with their pieces in another order."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from extractor.normalize import Line, squeeze

from .tokens import Token, cells

_BARE = re.compile(r"[\d\s※*|]+")
_HEADER_LINES = 80  # a header has fewer
_LONGEST_HEADER = 500  # characters; what is longer is no header that could come back


def without_repeats(rows: Sequence[tuple[Line, list[Token]]], header: Sequence[Line]) -> list[tuple[Line, list[Token]]]:
    """Drop headers that come back after a page break: runs of lines that spell the header once more."""
    whole = "".join(_flat(line) for line in header if not _digits(line))
    if not whole or len(whole) > _LONGEST_HEADER:
        return list(rows)
    kept = _kept(tuple([_said(line, tokens) for line, tokens in rows]), whole)
    return [row for row, keep in zip(rows, kept, strict=True) if keep]


def printed_once(header: Sequence[Line]) -> Sequence[Line]:
    """Return a header without its second copy, where a page breaks right below it.

    It has a line with several cells: of cells on lines of their own, those of two blocks may be the same.
    """
    end = header[-2 * _HEADER_LINES :]
    texts = [squeeze(line.text) for line in end]
    several = [sum(len(word) > 1 for word in line.text.split()) > 1 for line in end]  # 项 目 is one
    for size in range(len(end) // 2, 1, -1):
        if texts[-2 * size : -size] == texts[-size:] and any(several[-size:]):
            return header[:-size]
    return header


@lru_cache(maxsize=64)
def _kept(told: Sequence[str | None], whole: str) -> Sequence[bool]:
    """Say which lines are no header that comes back; the layouts of a table mostly have one header."""
    bag = Counter(whole)
    reach = _reach(told)
    out = [True] * len(told)
    index = 0
    known: dict[tuple[str | None, ...], int] = {}  # a text that repeats itself asks the same again and again
    while index < len(told):
        length = 0
        if reach[index] * 5 >= len(whole) * 3:
            ahead = tuple(told[index : index + _HEADER_LINES])
            if ahead not in known:
                known[ahead] = _repeat(ahead, whole, bag)
            length = known[ahead]
        out[index : index + length] = [False] * length
        index += length or 1
    return out


def _reach(told: Sequence[str | None]) -> list[int]:
    """Return for each line the characters from it to the next amount, of as many lines as a header may have."""
    sums = [0, *accumulate(len(text or "") for text in told)]
    amounts = [*(i for i, text in enumerate(told) if text is None), len(told)]
    at, out = 0, []
    for index in range(len(told)):
        at += amounts[at] < index
        out.append(sums[min(amounts[at], index + _HEADER_LINES)] - sums[index])
    return out


def _digits(line: Line) -> bool:
    """Whether a line holds column numbers or marks alone."""
    return bool(_BARE.fullmatch(line.text))


def _flat(line: Line) -> str:
    return (
        "".join(squeeze(text) for _, text in cells(line.text))
        if "\t" in line.text
        else squeeze(line.text).replace("|", "")
    )


def _said(line: Line, tokens: Sequence[Token]) -> str | None:
    """Return what a line says of a header: nothing if it holds column numbers alone, None if it holds an amount."""
    if any(t.kind == "number" and (not t.whole or len(t.text) >= 3) for t in tokens):
        return None
    return "" if _digits(line) else _flat(line)


def _repeat(ahead: Sequence[str | None], whole: str, bag: Counter[str]) -> int:
    """Return how many lines from the first one are a header that comes back."""
    length, best, same, left = 0, 0, True, dict(bag)
    for end, text in enumerate(ahead):
        if text is None or (not end and not text):
            break  # a header begins with words; digits here may be the rest of a split number
        if not text:
            continue
        same = same and whole.startswith(text, length)
        length += len(text)
        for c in text:
            left[c] = left.get(c, 0) - 1
        # The same characters in another order: fragments of header cells come out as they like.
        if length > len(whole) or (not same and any(left[c] < 0 for c in text)):
            break
        most = length * 5 >= len(whole) * 3 or length == len(whole)
        if most if same else length >= 8 and length * 5 >= len(whole) * 4:
            best = end + 1
    return best
