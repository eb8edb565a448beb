"""Rows of text without cells that have a number in every column: name, then as many numbers as the header names.

Nothing is lost in such a row, so the first number is the first column's. A table with one row that has fewer or more
numbers, or a line of words that may be part of a name, is none.
"""

import re
from collections.abc import Sequence

from extractor.normalize import squeeze

from .body import Raw
from .group_words import names_rows
from .tokens import Token, split_header

_AMOUNT = re.compile(r"金额|[合总小]计|数$|收入|支出|资金|经费|结[转余]|预算|决算|拨款")
_NAME = re.compile(r"名称|项目|内容|事项|类[别型]|单位|部门|编码|代码|目录|品目|方式|依据")
_ORDINAL = "行次"
_NO_NAME = re.compile(r"[\d※*]+|栏次|序号|行次")
Row = tuple[list[Token], list[Token]]


def full_rows(raw: Raw) -> tuple[tuple[str, ...], list[Row]] | None:
    """Return the names of the columns, and each row's name and amounts; None where a row isn't full."""
    lines = [tokens for _, tokens in raw.rows]
    first = next((i for i, line in enumerate(lines) if any(t.priced for t in line)), 0)
    alone = bool(first) and all(len(line) == 1 for line in lines)  # one cell on each line
    numbered = any(squeeze(line.text) == _ORDINAL or _ORDINAL in line.text.split() for line, _ in raw.rows[:first])
    first -= alone + (alone and numbered)
    pieces = [squeeze(p) for line, _ in raw.rows[: max(first, 0)] for p in split_header(line.text)]
    names = _columns([p for p in pieces if not _NO_NAME.fullmatch(p)], alone=alone)
    if names is None:
        return None
    rows = _one_by_one(lines[first:]) if alone else _by_line(lines[first:])
    out: list[Row] = []
    for name, numbers in rows or ():
        amounts = numbers[1:] if numbered and len(numbers) == len(names[1]) + 1 and numbers[0].whole else numbers
        told = len(name) if not alone and len(names[0]) > 1 else 1
        total = told < len(names[0]) and len(name) == 1
        if len(amounts) != len(names[1]) or not name or any(t.whole or t.kind == "junk" for t in amounts):
            return None
        if told != len(names[0]) and not total:
            return None
        out.append((name if total or len(names[0]) == 1 else [name[_naming(names[0])]], amounts))
    return (tuple(names[1]), out) if len(out) > 1 else None


def _columns(pieces: Sequence[str], *, alone: bool) -> tuple[list[str], list[str]] | None:
    """Part the names of a header into those of what a row is called, and those of its amounts."""
    labels = next((i for i, p in enumerate(pieces) if not (names_rows(p) or _NAME.search(p))), len(pieces))
    rest = pieces[labels:]
    amounts = next((i for i, p in enumerate(rest) if not _AMOUNT.search(p)), len(rest))
    several = len(set(pieces)) < len(pieces) or (alone and (labels != 1 or amounts < len(rest)))
    return None if not labels or not amounts or several else (list(pieces[:labels]), list(rest[:amounts]))


def _naming(labels: Sequence[str]) -> int:
    """Which of several words in front of the amounts is the row's name."""
    return next((i for i, p in enumerate(labels) if p.endswith("名称") and "单位" not in p and "部门" not in p), 0)


def _by_line(lines: Sequence[Sequence[Token]]) -> list[Row] | None:
    """Return words and numbers of each line, words behind the numbers left out; None where a line has no numbers."""
    out: list[Row] = []
    for line in lines:
        begin = next((i for i, t in enumerate(line) if t.kind in ("number", "dash", "junk")), len(line))
        end = next((i for i, t in enumerate(line) if i > begin and t.kind == "text"), len(line))
        if begin == len(line) or any(t.kind != "text" for t in line[end:]):
            return None
        out.append((list(line[:begin]), list(line[begin:end])))
    return out


def _one_by_one(lines: Sequence[Sequence[Token]]) -> list[Row] | None:
    """Return words and numbers where each stands on its own line: one line of words in front of some numbers."""
    out: list[Row] = []
    for (token,) in lines:
        if token.kind == "text":
            if out and not out[-1][1]:
                return None  # two lines of words
            out.append(([token], []))
        elif not out:
            return None
        else:
            out[-1][1].append(token)
    return out
