"""Headers in text without cells that name every column in a row: as many names as the fullest rows have numbers.

Names that no spec knows are kept as printed, and two years of one name are told apart, as in grids.
"""

import re

from extractor.specs import TableSpec

from .body import Body
from .columns import Layout, columns_by_name, strangeness
from .fragments import whole_names
from .group_words import names_rows
from .heads import named
from .labelled import labelled_rows
from .labels import Labels
from .tokens import split_header

_MOST = 16  # columns
_SIDES = frozenset({"收入", "支出", "本年收入", "本年支出", "收", "支", "入", "出"})
_SIDES_MOST = 4
_WORDS = re.compile(r"备注$|原因$|说明$")  # columns of words


def in_a_row(body: Body, spec: TableSpec, labels: Labels, otherwise: Layout) -> Layout:
    """Take the columns as a header names them one after the other, where another reading passes over one of them."""
    names = flat(body)
    if not 1 < len(names) <= _MOST:
        return otherwise
    found = named(tuple((name,) for name in names), columns_by_name(spec))
    ids = tuple(found)
    same = otherwise.known and not body.fragments  # fragments name columns by parts of their names
    if not found or (same and len(ids) <= len(otherwise.columns) and set(ids) <= set(otherwise.columns)):
        return otherwise
    rows = [row for row in labelled_rows(body, spec, labels) if row.items]
    most = max((len(row.items) for row in rows), default=0)
    if most != len(names) or sum(row.role is not None for row in rows) * 4 < len(rows) * 3:
        return otherwise
    told = {i: n for i, n in found.items() if i != n}
    return Layout(known=True, columns=ids, printed=ids, short=ids, labels=told, strange=strangeness(ids, spec))


def one_side(body: Body) -> list[str]:
    """Return the names that a header prints for each of its two or more sides alike, or none."""
    for lines in (body.pieces, body.header_lines):  # as printed, then put together from fragments
        names = [p for line in lines for p in split_header(line.text)]
        names = [p for p in names if len(p) > 1 and not names_rows(p) and p not in _SIDES]
        for sides in range(2, _SIDES_MOST + 1):
            own = names[: len(names) // sides]
            if own and own * sides == names and len(set(own)) == len(own):
                return own
    return []


def flat(body: Body) -> list[str]:
    """Return the names of a header that stand on one line, or each on a line of its own; none where others are left."""
    header = (whole_names(body.pieces) or body.pieces) if body.fragments else body.pieces
    lines = [split_header(line.text) for line in header]
    if all(len(line) == 1 for line in lines):
        lines = [[p for line in lines for p in line]]
    told = [[p for p in line if not names_rows(p) and not _WORDS.search(p)] for line in lines]
    told = [line for line in told if line]
    return told[0] if len(told) == 1 else []
