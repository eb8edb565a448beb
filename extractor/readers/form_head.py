"""The fields of a form (name of the project, goal, money) and the header of its indicators."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile

from extractor.forms import IGNORED, FieldKind, IndicatorColumn, Words
from extractor.phrases import phrases

from .form_pieces import Piece, bare, bare_label

_UNIT = re.compile(r"(?:部门|单位)(?:\(单位\))?(?:名称)?$")
_LONGEST = 8  # pieces that a label may be printed in
_WIDEST = 100  # columns of a header
_LONGEST_NAME = 10  # pieces of a column's name


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its kind, and everything printed up to the next one, the label included in ``label``."""

    kind: FieldKind
    label: tuple[Piece, ...]
    content: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """The header of the indicators.

    Attributes:
        columns: Columns in printed order.
        places: Cell in which each stands, in tab and pipe tables.
        first: Index of its first piece.
        stop: Index after its last piece.
        text: Its text without blanks, by which it is known again on the next page.
    """

    columns: tuple[IndicatorColumn, ...]
    places: tuple[int | None, ...]
    first: int
    stop: int
    text: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of the columns."""
        return tuple(c.kind for c in self.columns)


def fields(found: Sequence[Piece], words: Words) -> list[Field]:
    """Cut the head of a form at its labels; a label may be broken over several lines."""
    cuts: list[tuple[int, int, FieldKind]] = []
    index = 0
    while index < len(found):
        stop, kind = _label(found, index, words)
        if kind:
            cuts.append((index, stop, kind))
        index = stop
    if not cuts:
        return []
    ends = [*(first for first, _, _ in cuts[1:]), len(found)]
    return [
        Field(kind, tuple(found[first:stop]), tuple(found[stop:end]))
        for (first, stop, kind), end in zip(cuts, ends, strict=True)
    ]


def _label(found: Sequence[Piece], index: int, words: Words) -> tuple[int, FieldKind | None]:
    best, kind = index + 1, None
    text = ""
    for stop in range(index, min(index + _LONGEST, len(found))):
        if found[stop].column is not None and found[stop].column != found[index].column:
            break
        text += found[stop].text
        here = words.field_of.get(bare_label(text))
        if here:
            best, kind = stop + 1, here
    return best, kind


def name_field(found: Sequence[Field], words: Words) -> tuple[Piece, ...]:
    """Return the pieces of the project's name: in a grid the cell behind the label, and what goes on below it.

    Elsewhere a label whose halves stand above and below the line of another one ends it: ``实施 某某学校`` above
    ``单位``.
    """
    field = next((f for f in found if f.kind == "name" and f.content), None)
    if field is None:
        return ()
    column = field.content[0].column
    if column is None:
        beyond = [p.text for f in found[found.index(field) + 1 :] for p in f.content]
        lines = [list(group) for _, group in groupby(field.content, key=lambda p: p.line)]
        end = next((i for i in range(1, len(lines)) if _half_label(lines[i], beyond, words)), len(lines))
        return tuple(piece for line in lines[:end] for piece in line)
    label = field.label[0].column
    ends = (p.line for p in field.content if p.column == label and p.line > field.content[0].line)  # a label, misread
    last = min(ends, default=None)
    return tuple(p for p in field.content if p.column == column and (last is None or p.line < last))


def _half_label(line: Sequence[Piece], beyond: Sequence[str], words: Words) -> bool:
    """Whether a line begins with the first half of a label, in front of its content, whose other half follows below."""
    half = line[0].text
    rests = {label[len(half) :] for label in words.field_of if label.startswith(half)} - {""}
    return len(line) > 1 and len(half) > 1 and not rests.isdisjoint(beyond)


def words_of(found: Sequence[Field]) -> dict[str, list[Piece]]:
    """Return the unit's name, what is to be reached and what was reached, as far as they can be told apart.

    In a grid, two labels beside each other have their texts below them; elsewhere such texts run together.
    """
    known = phrases()
    out: dict[str, list[Piece]] = {}
    both = [f for f in found if bare_label(bare(f.label)) in ("预期目标", "实际完成情况")]
    below = [p for f in both for p in f.content]
    for field in found:
        label = bare_label(bare(field.label))
        column = "目标" if label in known.goals else "实际完成情况" if label in known.done else ""
        if label in known.names:
            name = list(takewhile(lambda p: not p.text.startswith("("), field.content))
            if name and name[0].column is not None:
                name = [p for p in name if p.column == name[0].column]
            if name:
                out.setdefault("单位名称", name)
        elif column and len(both) < 2:
            out.setdefault(column, list(field.content))
        elif column and field in both and field.label[0].column is not None:
            out[column] = [p for p in below if p.column == field.label[0].column]
    return {column: text for column, text in out.items() if text}


def torn(found: Sequence[Field], name: Sequence[Piece]) -> bool:
    """Whether what stands behind the label of the project's name may not be it, or not all of it.

    In a grid, text stands below it in another cell, so that the name may go on there. Elsewhere, nothing stands behind
    the label of the unit beside it, whose name may be here.
    """
    at, field = next(((i, f) for i, f in enumerate(found) if f.kind == "name" and f.content), (0, None))
    if field is None or not name:
        return False
    if name[0].column is None:
        beside = [*found[max(at - 1, 0) : at], *found[at + 1 : at + 2]]
        return any(not f.content and _UNIT.search(bare_label(bare(f.label))) for f in beside)
    return any(p.line > name[0].line and p.column != name[0].column for p in field.content)


def open_ended(found: Sequence[Piece], name: Sequence[Piece], words: Words) -> bool:
    """Whether the line above or below a project's name, in running text, may belong to it.

    Where cells are centred, the lines of a long name stand above and below its label. A line that holds another label,
    or the year below a title, is none of them; nor is any where label and name don't stand on one line.
    """
    if not name or name[0].column is not None:
        return False
    lines: dict[int, list[Piece]] = {}
    for piece in found:
        lines.setdefault(piece.line, []).append(piece)
    order = sorted(lines)
    at = order.index(name[0].line)
    if lines[order[at]][0] is name[0]:
        return False
    beside = [lines[n] for n in (*order[max(at - 1, 0) : at], *order[at + 1 : at + 2])]
    return any(not line[0].text.startswith("(") and not _labelled(line, words) for line in beside)


def _labelled(line: Sequence[Piece], words: Words) -> bool:
    """Whether a label, or a part of one that is broken over lines, stands in a line."""
    labels = [label for label in words.field_of if len(label) > 1]
    texts = [bare_label(bare(line[i:j])) for i in range(len(line)) for j in range(i + 1, min(i + 4, len(line)) + 1)]
    return any(t in words.field_of or any(len(t) > 1 and t in label for label in labels) for t in texts)


def header(found: Sequence[Piece], start: int, words: Words) -> Header | None:
    """Find the header at or after ``start``: the names of columns one after the other, beginning with 一级指标."""
    for index in range(start, len(found)):
        if not found[index].text.startswith("一"):
            continue
        match = _grid_header(found, index, words) if found[index].column is not None else None
        match = match or _flow_header(found, index, words)
        if match and match.columns[0].kind == "level1" and {"name", "level2"} <= set(match.kinds):
            return match
    return None


def _flow_header(found: Sequence[Piece], index: int, words: Words) -> Header | None:
    columns: list[IndicatorColumn] = []
    places: list[int | None] = []
    first = index
    while index < len(found):
        best = 0
        text = ""
        for stop in range(index, min(index + _LONGEST_NAME, len(found))):
            text += found[stop].text
            column = words.named(text)
            if column and column.id not in (c.id for c in columns if c.id):
                best = stop + 1
        if not best:
            break
        columns.append(words.named(bare(found[index:best])) or IGNORED)
        places.append(found[index].column)
        index = best
    return Header(tuple(columns), tuple(places), first, index, bare(found[first:index])) if columns else None


def _grid_header(found: Sequence[Piece], index: int, words: Words) -> Header | None:
    """Read a header whose names go on in the next line of the same cell."""
    line = found[index].line
    stop = index
    cells: dict[int, str] = {}
    best: Header | None = None
    while stop < len(found) and found[stop].line - line <= 3:
        here = found[stop].line
        while stop < len(found) and found[stop].line == here:
            piece = found[stop]
            if piece.column is not None:
                cells[piece.column] = cells.get(piece.column, "") + piece.text
            if len(cells) > _WIDEST:
                return best
            stop += 1
        match = _named(cells, index, stop, words)
        if match and (best is None or _known(match) > _known(best)):
            best = match
    return best


def _known(match: Header) -> int:
    return sum(column is not IGNORED for column in match.columns)


def _named(cells: dict[int, str], first: int, stop: int, words: Words) -> Header | None:
    known = [(place, words.named(text)) for place, text in sorted(cells.items())]
    first_named = next((at for at, (_, column) in enumerate(known) if column), len(known))
    named = [(place, column or IGNORED) for place, column in known[first_named:]]
    ids = [column.id for _, column in named if column.id]
    if not named or len(ids) != len(set(ids)):
        return None
    return Header(tuple(c for _, c in named), tuple(p for p, _ in named), first, stop)
