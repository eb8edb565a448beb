"""Cells of a header that stand among the rows: tools that read a page block by block put them there.

``合计`` / ``9759.38`` … ``事业收入`` / ``经营收入``: a column whose name is overlooked gives its numbers to the columns
beside it. In a table of codes no row has such a name, so it is put back.
"""

from collections.abc import Sequence

from extractor.normalize import Line, squeeze
from extractor.specs import TableSpec

from .columns import columns_by_name
from .fragments import joined
from .labels import HEADER_WORDS, TOTALS, Labels, undated
from .tokens import Token, split_header

Rows = Sequence[tuple[Line, list[Token]]]
_LONGEST = 5  # lines that one name may stand on
_LEAST = 3  # characters; 合计 and 小计 are rows as well


def put_back(
    rows: Rows, first: int, layouts: tuple[TableSpec, ...], labels: Labels
) -> tuple[list[Line], list[Line], Rows]:
    """Return the header of a table without cells, those of its cells that stand among the rows, and the rows alone.

    ``first`` is the index of the first row; the label of the total, last of the header behind amounts, goes in front
    of these.
    """
    header, data = list(rows[:first]), list(rows[first:])
    amounts = [i for i, (_, tokens) in enumerate(header) if all(t.decimals for t in tokens)]
    if amounts and squeeze(header[-1][0].text) in TOTALS and amounts[-1] < len(header) - 1:
        data = [header[-1], *(header[i] for i in amounts), *data]
        header = [row for i, row in enumerate(header[:-1]) if i not in amounts]
    words = _words(layouts, labels)
    known = {
        undated(piece) for line in joined([line for line, _ in header], layouts) for piece in split_header(line.text)
    }
    out: list[tuple[Line, list[Token]]] = []
    found: list[Line] = []
    index = 0
    while index < len(data):
        count = _named(data, index, words - known)
        if count:
            found.extend(line for line, _ in data[index : index + count])
        else:
            out.append(data[index])
        index += count or 1
    return [line for line, _ in header], found, out


def _words(layouts: Sequence[TableSpec], labels: Labels) -> frozenset[str]:
    """Names of columns, and words of headers, that no row of the table has."""
    columns = {name for spec in layouts for name in columns_by_name(spec)}
    rows = {squeeze(row.label) for spec in layouts for row in spec.left} | set(labels.by_name)
    return frozenset(w for w in columns | set(HEADER_WORDS) if len(w) >= _LEAST and w not in rows)


def _named(rows: Rows, index: int, words: frozenset[str]) -> int:
    """On how many lines, each with nothing else, a name of a column stands; the most that there may be, or 0."""
    text, best = "", 0
    for count, (line, tokens) in enumerate(rows[index : index + _LONGEST], 1):
        if any(t.kind != "text" for t in tokens) or "\t" in line.text:
            break
        text += undated(line.text)
        best = count if text in words else best
    return best
