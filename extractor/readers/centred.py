"""Rows of tables with two sides whose labels are wrapped, in text without cells: put together around their amounts.

Cells beside each other are centred. Where labels take two lines, their halves stand above and below the line of what
takes one: ``2.政府性基金 三、单位预留机动`` / ``三、国防支出 2,388.04`` / ``预算 经费``.
"""

from collections.abc import Sequence

from extractor.normalize import squeeze
from extractor.specs import TableSpec, split_label

from .labels import Labels
from .tokens import Token

_LINES = 3
_Line = Sequence[Token]
_Label = tuple[int, list[Token]]  # how far right it stands, and its tokens


def centred(lines: Sequence[_Line], spec: TableSpec, labels: Labels) -> list[_Line]:
    """Return the lines of a table with the halves of labels where the whole would stand."""
    out: list[_Line] = []
    index = 0
    while index < len(lines):
        whole = _whole(lines[index : index + _LINES], spec, labels)
        out.append(whole or lines[index])
        index += _LINES if whole else 1
    return out


def _whole(lines: Sequence[_Line], spec: TableSpec, labels: Labels) -> list[Token]:
    """Return one line for three of which the outer ones hold halves of labels; nothing if that isn't what they are."""
    if len(lines) < _LINES:
        return []
    above, line, below = lines
    if len(above) != len(below) or any(t.kind != "text" for t in (*above, *below)):
        return []
    halves = [(_place(a.text + b.text, spec, labels), [a, b]) for a, b in zip(above, below, strict=True)]
    places = [place for place, _ in halves]
    if not spec.right and all(t.kind != "text" for t in line):  # a group, and a part of it
        return [] if None in places else [t for _, tokens in halves for t in tokens] + list(line)
    if None in places or any(_place(t.text, spec, labels) is not None for t in below):
        return []
    wrapped = [(place, tokens) for place, tokens in halves if place is not None]
    parts = _parts(line, spec, labels)
    if parts is None or sorted({place for place, _ in wrapped}) != places:
        return []
    out: list[Token] = []
    for number, ((place, own), amounts) in enumerate(parts):
        end = parts[number + 1][0][0] if number + 1 < len(parts) else max(places[-1] or 0, place) + 1
        here: list[_Label] = [(place, own)] if own else []
        here += [(at, tokens) for at, tokens in wrapped if place < at < end]
        told = _told(here, amounts, spec, sure=bool(own))
        if told is None:
            return []
        out += told
    every = {p for (p, own), _ in parts if own}
    return out if every.isdisjoint(p for p, _ in wrapped) else []


def _told(here: Sequence[_Label], amounts: Sequence[Token], spec: TableSpec, *, sure: bool) -> list[Token] | None:
    """Return labels, each with its amount; the only amount of several is that of the last, whose halves are around it.

    Behind no whole label it may be that of any: None. Where the right side has several columns, a whole label alone has
    all amounts behind it; of two on both sides the left one has the first.
    """
    several = len(spec.columns) > 1
    if several and sure and len(here) == 1:
        return [*here[0][1], *amounts]
    if several and sure and [place for place, _ in here] == [0, 1] and _left_has_one(amounts, spec):
        (_, left), (_, right) = here
        return [*left, amounts[0], *right, *amounts[1:]]
    if several and len(here) > 1:
        return None if amounts else [t for _, tokens in here for t in tokens]
    if len(amounts) == len(here):
        return [t for (_, tokens), amount in zip(here, amounts, strict=True) for t in (*tokens, amount)]
    if len(amounts) > len(here) or (amounts and not (sure and len(amounts) == 1)):
        return None
    return [*(t for _, tokens in here for t in tokens), *amounts]


def _left_has_one(amounts: Sequence[Token], spec: TableSpec) -> bool:
    """Whether the first of some amounts is that of the left side: the right one's columns are full without it.

    Where some are empty, its total says so: it is the sum of what follows, and the first amount is no such sum.
    """
    if not spec.left_column or any(t.amount is None for t in amounts):
        return False
    if len(amounts) > len(spec.columns):
        return len(amounts) == len(spec.columns) + 1
    values = [t.amount.value for t in amounts if t.amount]
    return len(values) > _LINES - 1 and values[0] != sum(values[1:]) and values[1] == sum(values[2:])


def _parts(line: _Line, spec: TableSpec, labels: Labels) -> list[tuple[_Label, list[Token]]] | None:
    """Return the labels of a line, each with the amounts behind it, and first the amounts in front of them all."""
    parts: list[tuple[_Label, list[Token]]] = [((-1, []), [])]
    words: list[Token] = []
    for token in line:
        if token.kind == "text":
            words.append(token)
            place = _place("".join(t.text for t in words), spec, labels)
            if place is not None:
                parts.append(((place, words), []))
                words = []
        elif words:
            return None
        else:
            parts[-1][1].append(token)
    places = [place for (place, _), _ in parts]
    return None if words or places != sorted(set(places)) else parts


def _place(text: str, spec: TableSpec, labels: Labels) -> int | None:
    """Return how far right a label stands: on the left side, among the classes, or among other parts of the right."""
    label = squeeze(text)
    bare = split_label(label)[1]
    if not labels.known(label, spec):
        return None
    if bare in labels.by_name:
        return 1
    left = any(path[0] in spec.left for path in labels.paths(label, spec))
    return 0 if left and not labels.right_total(bare, spec) else 2


__all__ = ["centred"]
