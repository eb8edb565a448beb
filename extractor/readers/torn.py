"""Codes that are torn from their names: the class stands at the end of one line, the rest in front of a name below.

Cells of one row that are centred at other heights come out as several lines: ``301 01 302`` above
``基本工资 262.33 01 办公费 21.21``. The classification's names tell which code it is; what they don't tell stays.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from extractor.normalize import squeeze

from .tokens import Token

_CLASS = 3  # digits
_PART = 2
_SIZES = (5, 7)  # digits of a group's and of an item's code
_REST = re.compile(r"(\d{2}|\d{4})([^\d.、年)]\D.*)$")
_WORDS = 4  # pieces of a name on one line


def whole_codes(lines: Sequence[list[Token]], names: Mapping[str, Sequence[str]]) -> list[list[Token]]:
    """Put the class at the end of a line before the name below that the classification has for it.

    Only where something stands in front of it, or it stands alone: a class with its name behind it is a row.
    """
    out = [list(line) for line in lines]
    for line, below in pairwise(out):
        code = line[-1]
        if not (code.whole and len(code.text) == _CLASS and code.text in names):
            continue
        for at in range(len(below)):
            found = _named(code, below, at, names)
            if found is not None:
                below[at : at + 1] = found
                del line[-1]
                break
    return [line for line in out if line]


def without_stray_dashes(lines: Sequence[list[Token]]) -> list[list[Token]]:
    """Drop dashes on lines of their own below rows that stand on one line each: an empty cell, but not which.

    Set a little lower than the amounts beside them, they come out behind all of these. Where most lines hold one cell,
    a dash is one.
    """
    alone = [line for line in lines if all(t.kind == "dash" for t in line)]
    if not alone:
        return list(lines)
    rows = sum(len(line) > _CLASS for line in lines)
    single = sum(len(line) == 1 for line in lines) - len(alone)
    return [line for line in lines if line not in alone] if rows > single else list(lines)


def without_tears(lines: Sequence[list[Token]], names: Mapping[str, Sequence[str]]) -> list[list[Token]]:
    """Put codes together that run into their names and are torn: ``20508 03培训支出``, on one line or on two."""
    out = [list(line) for line in lines]
    flat = [(line, i) for line in out for i in range(len(line))]
    for (line, i), (below, j) in pairwise(flat):
        code, name = line[i], below[j]
        rest = _REST.match(name.text) if name.kind == "text" and code.whole and code.text in names else None
        whole = code.text + (rest.group(1) if rest else "")
        if rest and len(whole) in _SIZES and (i == 0 or line[i - 1].cell != code.cell or code.cell is None):
            line[i] = replace(code, text=whole, spans=(*code.spans, *name.spans[:1]))
            below[j] = replace(name, text=rest.group(2))
    return out


def with_zeros(lines: Sequence[list[Token]], names: Mapping[str, Sequence[str]]) -> list[list[Token]]:
    """Put back the zeros that parts of codes lost, as a spreadsheet's numbers do: ``301 2 津贴补贴``.

    Only where the classification has the name behind them for the code that they then are.
    """
    out = []
    for line in lines:
        end = next((i for i, t in enumerate(line) if not t.whole or len(t.text) > (_PART if i else _CLASS)), len(line))
        parts = [t.text.zfill(_PART) for t in line[1:end]]
        code = "".join([line[0].text, *parts]) if end > 1 else ""
        lost = end > 1 and len(line[0].text) == _CLASS and any(len(t.text) < _PART for t in line[1:end])
        if lost and len(code) in _SIZES and _is_name(line[end:], names.get(code, ())):
            padded = [replace(t, text=part) for t, part in zip(line[1:end], parts, strict=True)]
            out.append([line[0], *padded, *line[end:]])
        else:
            out.append(line)
    return out


def _named(code: Token, line: Sequence[Token], at: int, names: Mapping[str, Sequence[str]]) -> list[Token] | None:
    """Return what takes a token's place if a code's name begins there: the whole code, or the class and the name."""
    token = line[at]
    if token.whole and len(token.text) == _PART and token.cell is None:
        whole = code.text + token.text
        joined = replace(token, text=whole, spans=(*code.spans, *token.spans))
        return [joined] if _is_name(line[at + 1 :], names.get(whole, ())) else None
    if token.kind == "text" and at and not line[at - 1].whole and _is_name(line[at:], names[code.text]):
        return [replace(code, last=False), token]
    return None


def _is_name(tokens: Sequence[Token], known: Sequence[str]) -> bool:
    """Whether the words in front make up a name of the classification, and nothing else."""
    text = ""
    for token in tokens[:_WORDS]:
        if token.kind != "text":
            break
        text += squeeze(token.text)
    return bool(text) and text in {squeeze(name) for name in known}
