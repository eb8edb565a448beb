"""Totals that stand in the last line of their header: the names of some columns stand in the row of the total.

``合计 0 1200.00 合计 基本支出 项目支出 0``: a form of final accounts whose sheet puts its total beside what is named
below 本年支出. What the total comes to in those columns isn't printed, so nothing of its row is read; the names are the
header's.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from extractor.normalize import Line, squeeze

from .labels import TOTALS
from .tokens import Token, cells

Rows = Sequence[tuple[Line, list[Token]]]
_LINES = 12  # on which one cell each stands
_MOST = 60  # lines of a header
_CODE = 3  # digits of a code, or more
_KINDS = {"基本支出": "B", "项目支出": "P"}
_ROW = re.compile(r"TA{1,3}T?BPA{0,2}$")


def without_total_in_header(rows: Rows) -> tuple[tuple[Line, list[Token]], ...]:
    """Return a table's rows; a total's row with names of columns that the header lacks is these names alone."""
    for at, (_, tokens) in enumerate(rows[:_MOST]):
        kinds = _kinds(rows[at : at + _LINES]) if tokens and _kind(tokens[0]) == "T" else ""
        if _ROW.match(kinds):
            return (*rows[:at], *_names(rows, at, len(kinds)), *_after(rows, at, len(kinds)))
        if any(t.text in _KINDS for t in tokens):
            break
    return tuple(rows)


def _kind(token: Token) -> str:
    """What a token is: a total's name, a column's, an amount, or "" for others."""
    word = squeeze(token.text)
    if token.kind == "text":
        return "T" if word in TOTALS or word == "小计" else _KINDS.get(word, "")
    amount = token.kind == "dash" or (token.kind == "number" and not (token.whole and len(token.text) >= _CODE))
    return "A" if amount else ""


def _kinds(rows: Rows) -> str:
    """Return what the tokens of some lines are, up to one that is none of a total's row."""
    out = ""
    for _, tokens in rows:
        here = "".join(_kind(t) or "?" for t in tokens)
        if "?" in here or ("P" in out and set(here) != {"A"}):
            break
        out += here
    return out


def _names(rows: Rows, at: int, count: int) -> list[tuple[Line, list[Token]]]:
    """Return the names of columns among a total's tokens, on their lines and in their cells."""
    out: list[tuple[Line, list[Token]]] = []
    first = True
    for line, tokens in rows[at:]:
        own = [t for i, t in enumerate(tokens[:count]) if t.kind == "text" and not (first and i == 0)]
        first, count = False, count - len(tokens)
        if own:
            out.append((_only(line, own), own))
        if count <= 0:
            break
    return out


def _only(line: Line, tokens: Sequence[Token]) -> Line:
    """Return a line with nothing but some words."""
    if "\t" in line.text:
        kept = {t.cell for t in tokens}
        text = "\t".join(part if i in kept else "" for i, (_, part) in enumerate(cells(line.text)))
    else:
        text = " ".join(t.text for t in tokens)
    return line if text == line.text else replace(line, text=text, offsets=None, ends=(), breaks=())


def _after(rows: Rows, at: int, count: int) -> Rows:
    for index, (_, tokens) in enumerate(rows[at:], at + 1):
        count -= len(tokens)
        if count <= 0:
            return rows[index:]
    return ()
