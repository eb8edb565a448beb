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
