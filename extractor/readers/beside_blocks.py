"""Names in text of tables whose codes, names and amounts stand in blocks beside each other.

A name that wraps in one block stands on lines of its own, above and below its code, and runs into the names of the
other block: ``职工基本医疗保险缴`` / ``30110 245.68 30208 取暖费 419.21`` / ``费``. What the classification calls a
code tells whose the pieces are; a piece that completes no name stays where it was read.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import permutations

from extractor.normalize import squeeze

from .rows import RawRow
from .tokens import Token

_ITEM = 5  # digits of an item's code
_NEAR = 2  # lines
_PIECES = 4  # of a name
_Names = Mapping[str, Sequence[str]]
_Spare = defaultdict[int, list[tuple[Token, RawRow]]]


def sorted_out(rows: Sequence[RawRow], names: _Names) -> list[RawRow]:
    """Return the rows with their own names, and codes without a name before them as rows of their own."""
    out = [piece for row in rows for piece in _parted(row, names)]
    known = {row.code: frozenset(map(squeeze, names.get(row.code or "", ()))) for row in out}
    spare: _Spare = defaultdict(list)
    for row in out:
        own = _own(row, known[row.code])
        kept = set(map(id, own))
        for token in row.label:
            if id(token) not in kept:
                spare[token.line].append((token, row))
        if row.code:
            row.label = own
    for row in out:
        if row.code and row.text not in known[row.code]:
            _complete(row, spare, known[row.code])
    return out


def _own(row: RawRow, known: frozenset[str]) -> list[Token]:
    """Return what of a row's words is its name: all, if nothing tells of less."""
    if not row.code:
        return [t for t in row.label if not row.items or t.line == row.items[0].line] or row.label
    if row.text in known:
        return row.label
    pieces = [row.label[i:j] for i in range(len(row.label)) for j in range(i + 1, i + 1 + _PIECES)]
    return max((p for p in pieces if _text(p) in known), key=len, default=row.label)


def _parted(row: RawRow, names: _Names) -> list[RawRow]:
    """Cut a row at the code of the next block, whose name stands on other lines."""
    behind = row.items[1:]
    at = next((i for i, t in enumerate(row.items[:-1]) if (i or not behind[0].whole) and _is_item(t, row, names)), None)
    if at is None:
        return [row]
    after = RawRow(row.items[at].line, row.items[at].text, items=row.items[at + 1 :])
    row.items = row.items[:at]
    return [row, after]


def _is_item(token: Token, row: RawRow, names: _Names) -> bool:
    same = row.code is not None and token.text[:1] == row.code[:1] and token.text != row.code
    return same and token.whole and len(token.text) == _ITEM and token.text in names


def _complete(row: RawRow, spare: _Spare, known: frozenset[str]) -> None:
    """Put the one or two pieces beside a row to its name, if that is then its code's."""
    lines = range(row.line - _NEAR, row.line + _NEAR + 1)
    near = [piece for line in lines if line in spare for piece in spare[line][:_PIECES]]
    for count in (1, 2):
        for pieces in permutations(near, count):
            before = [t for t, _ in pieces if t.line < row.line]
            after = [t for t, _ in pieces if t.line > row.line]
            label = [*before, *row.label, *after]
            if [*before, *after] == [t for t, _ in pieces] and _text(label) in known:
                row.label = label
                for piece in pieces:
                    spare[piece[0].line].remove(piece)
                    piece[1].label = [t for t in piece[1].label if t is not piece[0]]
                return


def _text(tokens: Sequence[Token]) -> str:
    return squeeze("".join(t.text for t in tokens))
