"""Grids with more cells than columns: where a page's rulings are drawn double, cells of one column stand apart.

``| 20405 |  |  | 法院 |  | 27,488.23 |  |`` / ``|  | 合计 |  |  |  |  | 37,188.34 |``: some columns are empty in every
row, and amounts of one column stand in two. They are put together by blanking the border between them: nothing moves.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.amount import parse_amount
from extractor.normalize import Line, squeeze

from .labels import TOTALS
from .tokens import Token, cells

_MOST = 400  # cells of a line
_CODE = (3, 5, 7)  # digits of a code
_TAIL = 2  # digits of a number that a border cut off
_Cells = Sequence[str]


def without_rulings(content: Sequence[Line]) -> list[Line]:
    """Return the lines of a grid of pipes with the cells of each column together.

    Lines with as many cells share their columns; those of a table's other pages may have others, without a header, and
    are changed only where they then have as many as the lines below the header.
    """
    rows = {i: [text.strip() for _, text in cells(line.text)] for i, line in enumerate(content) if _is_row(line.text)}
    widths = Counter(len(row) for row in rows.values())
    first = next((len(row) for row in rows.values()), 0)
    if not 1 < first <= _MOST or max(widths) > _MOST:
        return list(content)
    borders: dict[int, list[int]] = {}
    for width in sorted(widths, key=lambda w: w != first):
        same = [row for row in rows.values() if len(row) == width]
        found = _borders(same, headed=width == first)
        if width == first or width - len(found) == first - len(borders[first]):
            borders[width] = found
    if not any(borders.values()):
        return list(content)
    return [_blanked(line, borders.get(len(rows[i]), ())) if i in rows else line for i, line in enumerate(content)]


def whole_rows(rows: Sequence[tuple[Line, list[Token]]]) -> list[tuple[Line, list[Token]]]:
    """Put the amounts that stand alone on their line to the row beside it that has none: of a code, or a total."""
    out: list[tuple[Line, list[Token]]] = []
    waiting: list[Token] = []  # amounts of the row below
    for (line, tokens), following in zip(rows, [*(t for _, t in rows[1:]), []], strict=True):
        if all(t.kind == "number" and t.priced for t in tokens):
            if out and _lacks(out[-1][1], tokens):
                out[-1] = (out[-1][0], [*out[-1][1], *tokens])
                continue
            if _lacks(following, tokens):
                waiting = tokens
                continue
        out.append((line, [*tokens, *waiting]))
        waiting = []
    return out


def _lacks(row: Sequence[Token], amounts: Sequence[Token]) -> bool:
    """Whether a row has a code and a name, or is the total, and has no amount; these would stand behind its words."""
    words = [t for t in row if t.kind == "text"]
    label = squeeze("".join(t.text for t in words))
    first = bool(words) and len(words) + 1 == len(row) and row[0].whole and len(row[0].text) in _CODE
    named = first or (len(words) == len(row) and label in TOTALS)
    return named and max(t.cell or 0 for t in row) < min(t.cell or 0 for t in amounts)


def _is_row(text: str) -> bool:
    return "\t" not in text and text.lstrip().startswith("|") and text.rstrip().endswith("|")


@dataclass
class _Group:
    """Cells beside each other that are one column: the first and the last, its name, what stands there."""

    first: int
    last: int
    named: bool
    texts: list[str]

    def with_(self, other: "_Group") -> "_Group":
        texts = [f"{a}{b}" for a, b in zip(self.texts, other.texts, strict=True)]
        first, last = min(self.first, other.first), max(self.last, other.last)
        return _Group(first, last, self.named or other.named, texts)


def _borders(rows: Sequence[_Cells], *, headed: bool) -> list[int]:
    """Return the borders to be blanked, each by the index of the cell in front of it."""
    begin = next((i for i, row in enumerate(rows) if any(map(_is_amount, row))), len(rows))
    begin = begin if headed else 0
    columns = [[row[i] for row in rows] for i in range(len(rows[0]))]
    filled = [_Group(i, i, any(c[:begin]), c) for i, c in enumerate(columns) if any(c)]
    if begin == len(rows) or len(filled) == len(columns) or not filled:
        return []  # its rulings are those of its columns
    groups = _grouped(filled, begin)
    out = [i for group in groups for i in range(group.first, group.last)]
    out += range(groups[0].first)
    for group, following in zip(groups, [*groups[1:], None], strict=True):
        out += range(group.last, following.first - 1 if following else len(columns) - 1)
    return sorted(out)


def _grouped(filled: Sequence[_Group], begin: int) -> list[_Group]:
    """Put each column without a name to the one it is of, where only one may be that.

    The name of a column stands in one of its cells, what is below it in that one or one beside it: on the same side of
    it all over a table.
    """
    groups: list[_Group] = []
    rest = list(filled)
    right = left = False  # on which side names were found
    while rest:
        group = rest.pop(0)
        before, after = (groups[-1] if groups else None), (rest[0] if rest else None)
        if group.named:
            groups.append(group)
            continue
        is_tail = before is not None and _is_tail(before, group, begin)
        to_left = before is not None and (is_tail or (before.named and _of_one(before, group, begin)))
        to_right = not is_tail and after is not None and after.named and _of_one(group, after, begin)
        if to_left and to_right:
            to_left, to_right = left and not right, right and not left
        if before is not None and to_left:
            groups[-1] = before.with_(group)
            left = left or not is_tail
        elif after is not None and to_right:
            rest[0] = group.with_(after)
            right = True
        else:
            groups.append(group)
    return groups


def _of_one(left: _Group, right: _Group, begin: int) -> bool:
    """Whether the cells of two columns may be those of one: never both in a row, and of one kind."""
    if any(a and b for a, b in zip(left.texts, right.texts, strict=True)):
        return False
    kinds = [{_is_amount(c) for c in group.texts[begin:] if c} for group in (left, right)]
    return not kinds[0] or not kinds[1] or kinds[0] == kinds[1] or {True, False} in kinds


def _is_amount(text: str) -> bool:
    return "." in text and parse_amount(text) is not None


def _is_tail(left: _Group, right: _Group, begin: int) -> bool:
    """Whether what stands in a column is the ends of the numbers in the one before it, which a border cut."""
    both = [(a, b) for a, b in zip(left.texts[begin:], right.texts[begin:], strict=True) if b]
    return all("." in a and b.isdigit() and len(a.partition(".")[2] + b) <= _TAIL for a, b in both)


def _blanked(line: Line, borders: Sequence[int]) -> Line:
    """Return a line with blanks in place of some borders of its cells."""
    if not borders:
        return line
    starts = [start for start, _ in cells(line.text)]
    text = list(line.text)
    for index in borders:
        if index + 1 < len(starts):
            text[starts[index + 1] - 1] = " "
    return replace(line, text="".join(text))


__all__ = ["whole_rows", "without_rulings"]
