"""The engine: from the patterns of a statement and the text of its section to rows and cells.

A row begins where one of its patterns matches. Clauses that may follow it (a share, a change, a reason) are taken one
after the other, directly behind; the first words that no pattern knows end the row. What isn't matched stays
unread: a wrong fact is worse than none.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from extractor.normalize import Line, squeeze
from extractor.records import Cell, Row, Span
from extractor.statements import Compiled, Kind, Pattern, Prose, RowPattern, Slot

from .prose_text import TORN, Flow, printed, spans

_MORE = re.compile(r"(?:其)?[二三四五六七八九十]是|第?[二三四五六七八九十][,、]")
_ITEM = re.compile(r"(?:\d{1,2}[.、](?!\d)|[(（]?[一二三四五六七八九十]{1,3}[)）、])")
_LABEL = re.compile(r"^(?:[)）、,.;:。]+|\(?[一二三四五六七八九十\d]{1,3}[)、.]|其中:?|以及|和)+(?=..)")
_NEUTRAL = re.compile(
    r"收入|支出|收|支|、|总计|总体|合计|总额|金额|总预算|预算|决算|各|数|均|本年|年度|本部门|本单位|财政|拨款|经费|情况"
)
_LARGEST = {"万元": 8, "亿元": 5}  # digits before the point that an office's amount can have


@dataclass(slots=True)
class Draft:
    """Rows while they are read: cells by row and column, and what was matched without giving a cell."""

    rows: dict[str, dict[str, Cell]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    taken: list[Span] = field(default_factory=list)
    twice: list[tuple[str, str, Cell, Cell]] = field(default_factory=list)

    def add(self, key: str, cell: Cell) -> None:
        """Add a cell; a value that is printed again is the same fact, another value drops both."""
        self.taken.extend(cell.spans)
        columns = self.rows.setdefault(key, {})
        self.lines.setdefault(key, cell.spans[0].line)
        known = columns.get(cell.column)
        if known is None:
            columns[cell.column] = cell
        elif cell.kind == "number" and (known.value, known.unit) != (cell.value, cell.unit):
            self.twice.append((key, cell.column, known, cell))

    def cells(self) -> int:
        """Count the cells."""
        return sum(len(columns) for columns in self.rows.values())

    def table_rows(self, columns: Sequence[str]) -> tuple[Row, ...]:
        """Return the rows in printed order, their cells in the order of the columns."""
        order = {c: n for n, c in enumerate(columns)}
        doubted = {(key, column) for key, column, _, _ in self.twice}
        out = []
        for key, found in self.rows.items():
            cells = tuple(found[c] for c in sorted(found, key=lambda c: order.get(c, 99)) if (key, c) not in doubted)
            if cells:
                out.append(Row(key=key, role=key, kind="label", parent=None, line=self.lines[key], cells=cells))
        return tuple(out)


@dataclass(frozen=True, slots=True)
class Place:
    """Where patterns are looked for."""

    lines: Sequence[Line]
    flow: Flow
    prose: Prose
    kind: Kind


@dataclass(frozen=True, slots=True)
class _Anchor:
    row: RowPattern
    pattern: Pattern
    match: re.Match[str]
    names: dict[str, str]


def read(place: Place, statement: Compiled) -> Draft:
    """Read the rows of one statement from the text of a section."""
    draft = Draft()
    anchors = _anchors(place, statement, _mask(place, statement))
    for number, anchor in enumerate(anchors):
        end = anchors[number + 1].match.start() if number + 1 < len(anchors) else len(place.flow.text)
        if anchor.row.key:
            _row(place, statement, anchor, end, draft)
    return _under(draft, statement, place.kind)


def _mask(place: Place, statement: Compiled) -> str:
    """Blank out reasons, purposes and what is compared with, so that amounts told in them begin no rows."""
    text = place.flow.text
    for pattern in (place.prose.compared, *statement.passed):
        text = pattern.sub(lambda m: TORN * len(m.group()), text)
    out: list[str] = []
    position = 0
    for match in _cues(place, statement):
        if match.start() < position:
            continue
        end = text_end(place.flow, match.end())
        out.append(text[position : match.start()])
        out.append("。" * (end - match.start()))
        position = end
    out.append(text[position:])
    return "".join(out)


def _cues(place: Place, statement: Compiled) -> list[re.Match[str]]:
    names = place.prose.vocabulary.masked if statement.spec.masked is None else statement.spec.masked
    cues = [place.prose.tails[column] for column in names]
    found = [m for cue in cues for m in cue.finditer(place.flow.text)]
    return sorted(found, key=lambda m: (m.start(), -m.end()))


def text_end(flow: Flow, first: int) -> int:
    """Return where a text that begins at ``first`` ends: before the stop of its sentence."""
    text, position = flow.text, first
    while position < len(text):
        if text[position] in "。;" and not _MORE.match(text, position + 1):
            return position
        if position in flow.starts and position > first and text[position - 1] not in "、," and _item(text, position):
            return position
        position += 1
    return len(text)


def _item(text: str, position: int) -> bool:
    match = _ITEM.match(text, position)
    return match is not None and not text[match.end() : match.end() + 1].isdigit()


def _anchors(place: Place, statement: Compiled, masked: str) -> list[_Anchor]:
    found: list[tuple[int, int, int, RowPattern, Pattern, re.Match[str]]] = []
    for order, (row, patterns) in enumerate(statement.rows):
        if row.kind and row.kind != place.kind:
            continue
        for pattern in patterns:
            found.extend((m.start(), -m.end(), order, row, pattern, m) for m in pattern.regex.finditer(masked))
    found.sort(key=lambda f: f[:3])
    out: list[_Anchor] = []
    names: dict[str, str] = {}
    for _, _, _, row, pattern, match in found:
        if out and match.start() < out[-1].match.end():
            continue
        for name in match.re.groupindex:
            if not name.startswith("v"):
                names[name] = label(place, *match.span(name)) if match[name] else ""
        out.append(_Anchor(row, pattern, match, dict(names)))
    return out


def label(place: Place, first: int, last: int) -> str:
    """Return a row's name as printed: NFKC, no white space, no numbering, quotation marks only in pairs."""
    text, _ = printed(place.lines, place.flow, first, last)
    text = unicodedata.normalize("NFKC", squeeze(text))
    if text.count("“") != text.count("”"):
        text = text.replace("“", "").replace("”", "")
    return _LABEL.sub("", text)


def _row(place: Place, statement: Compiled, anchor: _Anchor, end: int, draft: Draft) -> None:
    row = anchor.row
    if TORN in anchor.match.group():
        return
    template = row.final if row.final and place.kind == "final" else row.key
    try:
        key = template.format(**anchor.names)
    except KeyError:
        return  # a name that should have come before didn't
    cells = [(slot.row or key, c) for slot in anchor.pattern.slots if (c := _cell(place, slot, anchor.match))]
    for name, cell in [*cells, *((k, c) for k in row.also for _, c in cells)]:
        draft.add(name, cell)
    if cells:  # a number in the label is understood too
        draft.taken.extend(spans(place.lines, place.flow, *anchor.match.span()))
    used: set[str] = set()
    position = anchor.match.end()
    names = statement.spec.attributes if row.attributes is None else row.attributes
    moved = True
    while moved and position < end:
        moved = False
        for name in names:
            step = None if name in used else _attribute(place, statement, name, position, anchor)
            if step is None or step[0] <= position or step[1] > end:
                continue
            position, moved = step[0], True
            used.add(name)
            for column, cell in step[2]:
                target = row.changes if row.changes and column in _CHANGES else key
                draft.add(target, cell)
            break


_CHANGES = ("增减额", "增减率", "原因")


def _attribute(
    place: Place, statement: Compiled, name: str, position: int, anchor: _Anchor
) -> tuple[int, int, list[tuple[str, Cell]]] | None:
    """Match one clause at a position; returns where it ends, where it must end at the latest, and its cells."""
    text = place.flow.text
    for pattern in statement.attributes[name]:
        match = pattern.regex.match(text, position)
        if match is None or not _about(match, anchor):
            continue
        if place.kind == "final" and place.prose.own_budget.search(match.group()):
            continue
        cells = [(s.column, c) for s in pattern.slots if (c := _cell(place, s, match))]
        if len(cells) < sum(1 for s in pattern.slots if match[s.group] is not None):
            return None
        return match.end(), match.start(), cells
    cue = place.prose.tails.get(name)
    match = cue.match(text, position + (text[position] in ",。;:、")) if cue else None
    if match is None:
        return None
    end = text_end(place.flow, match.end())
    cell = text_cell(place, name, match.end(), end)
    return (end, match.start(), [(name, cell)]) if cell else None


def _about(match: re.Match[str], anchor: _Anchor) -> bool:
    """Whether a clause names nothing else than the row it follows; what names nothing at all is of a total."""
    if "主语" not in match.re.groupindex or not match["主语"]:
        return True
    rest = _NEUTRAL.sub("", match["主语"])
    if not rest:
        return "总" in anchor.row.key or anchor.match.group().startswith(match["主语"])
    return rest in _NEUTRAL.sub("", anchor.match.group())


def _cell(place: Place, slot: Slot, match: re.Match[str]) -> Cell | None:
    if match[slot.group] is None:
        return None
    first, last = match.span(slot.group)
    if slot.value == "text":
        return text_cell(place, slot.column, first, last)
    unit = slot.unit or match[f"{slot.group}u"]
    text = match[slot.group]
    value = Decimal(text.replace(",", ""))
    if len(text.partition(".")[0].replace(",", "")) > _LARGEST.get(unit, 13):
        return None
    if slot.verb and match[slot.verb] in place.prose.down:
        if value < 0:
            return None  # 下降-5.10%: is it a rise or a fall?
        value = -value
    where = spans(place.lines, place.flow, first, last)
    return Cell(column=slot.column, kind="number", text=text, value=value, unit=unit, spans=where)


def text_cell(place: Place, column: str, first: int, last: int) -> Cell | None:
    """Return a text cell, or None where there is no text."""
    text = place.flow.text
    while first < last and text[first] in ",。;:、. ":
        first += 1
    while last > first and text[last - 1] in ",。;:、 ":
        last -= 1
    if last - first < 2 or TORN in text[first:last]:
        return None
    words, where = printed(place.lines, place.flow, first, last)
    return Cell(column=column, kind="text", text=words, spans=where)


def _under(draft: Draft, statement: Compiled, kind: Kind) -> Draft:
    """Put the label of the row above in front, for rows that stand under it where it is printed."""
    owner = {row.key: row.under for row, _ in statement.rows if row.under}
    if kind == "budget":
        for key, above in owner.items():
            if key in draft.rows and above in draft.rows:
                draft.rows = {f"{above}/{k}" if k == key else k: v for k, v in draft.rows.items()}
                draft.lines[f"{above}/{key}"] = draft.lines[key]
                draft.twice = [(f"{above}/{k}" if k == key else k, c, a, b) for k, c, a, b in draft.twice]
    return draft
