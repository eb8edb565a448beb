"""What may follow the beginning of a row: clauses with numbers, and tails, which run on to the end of a sentence."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from extractor.normalize import Line
from extractor.records import Cell
from extractor.statement_specs import Kind, RowPattern
from extractor.statements import Compiled, Pattern, Prose, Slot

from .prose_text import TORN, Flow, printed, spans

_MORE = re.compile(r"(?:其)?[二三四五六七八九十]是|第?[二三四五六七八九十][,、]")
_STOP = re.compile("[。;]")
_COMMA = re.compile(",")
_ITEM = re.compile(r"(?:\d{1,2}[.、](?!\d)|[(（]?[一二三四五六七八九十]{1,3}[)）、])")
_NUMBER = re.compile(r"\d{1,2}(?=[一-龥])")  # of an item of a list, whose point is lost
_NEUTRAL = re.compile(
    r"收入|支出|收|支|、|总数|总计|总体|合计|总额|金额|总预算|预算|决算|各|数|均|本年|年度|本部门|本单位|财政|拨款|经费|情况"
)
_BOTH = re.compile(r"收.{0,3}支")  # income and expenditure together
_LARGEST = {"万元": 8, "亿元": 5}  # digits before the point that an office's amount can have
_LABEL = 120  # characters of a row's label, with its number
_CERTAIN = 3  # numbers behind a label that begin a row of a list for certain
_LIKELY = 2  # the same behind 其中
_LISTED = re.compile("其中[:,]?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where patterns are looked for."""

    lines: Sequence[Line]
    flow: Flow
    prose: Prose
    kind: Kind


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a row begins."""

    row: RowPattern
    pattern: Pattern
    match: re.Match[str]
    names: dict[str, str]


def text_end(flow: Flow, first: int) -> int:
    """Return where a text that begins at ``first`` ends: before the stop of its sentence."""
    text = flow.text
    stops = (m.start() for m in _STOP.finditer(text, first) if not _MORE.match(text, m.end()))
    stop = next(stops, len(text))
    for position in flow.order[bisect_right(flow.order, first) : bisect_left(flow.order, stop)]:
        if text[position - 1] not in "、," and _item(text, position):
            return position
    return stop


def _item(text: str, position: int) -> bool:
    match = _ITEM.match(text, position)
    return match is not None and not text[match.end() : match.end() + 1].isdigit()


def _clause(
    place: Place, statement: Compiled, name: str, position: int, anchor: Anchor
) -> tuple[int, int, list[tuple[str, Cell]]] | None:
    """Match one clause with numbers at a position; returns as :func:`attribute` does."""
    text = place.flow.text
    for pattern in statement.attributes[name]:
        match = pattern.regex.match(text, position)
        if match is None or not _about(match, anchor):
            continue
        change = not pattern.slots or any(s.verb for s in pattern.slots)
        if change and place.kind == "final" and place.prose.own_budget.search(match.group()):
            continue
        cells = [(s.column, c) for s in pattern.slots if (c := number_cell(place, s, match))]
        if len(cells) < sum(1 for s in pattern.slots if match[s.group] is not None):
            return None
        return match.end(), match.start(), cells
    return None


def attribute(
    place: Place, statement: Compiled, name: str, position: int, anchor: Anchor
) -> tuple[int, int, list[tuple[str, Cell]]] | None:
    """Match a clause or a tail at a position; returns where it ends, where it must end at the latest, and its cells."""
    found = _clause(place, statement, name, position, anchor)
    match = None if found else _cue(place, name, position)
    if match is None:
        return found
    end = tail_end(place, statement, name, match.end())
    cell = text_cell(place, name, match.end(), end)
    return (end, match.start(), [(name, cell)]) if cell else None


def _cue(place: Place, name: str, position: int) -> re.Match[str] | None:
    text, cue = place.flow.text, place.prose.tails.get(name)
    if cue is None or position >= len(text):
        return None
    return cue.match(text, position + (text[position] in ",。;:、"))


def tail_end(place: Place, statement: Compiled, column: str, first: int) -> int:
    """Return where a tail ends: before the stop of its sentence, or where the next row of a list begins.

    Where only commas or lines divide the rows, the next one is known by its numbers and a tail of the same column.
    """
    text, order = place.flow.text, place.flow.order
    end = text_end(place.flow, first)
    commas = {m.end() for m in _COMMA.finditer(text, first, end - 1)} if end > first else set()
    for position in sorted(commas.union(order[bisect_right(order, first) : bisect_left(order, end)])):
        comma = position in commas
        number = _NUMBER.match(text, position)
        begins = (position, number.end()) if number else (position,)
        if any(_goes_on(place, statement, column, (begin, end)) for begin in begins):
            return position - comma
        listed = _LISTED.match(text, position)
        if listed and _goes_on(place, statement, column, (listed.end(), end), certain=_LIKELY):
            return position - comma
    return end


def _goes_on(place: Place, statement: Compiled, column: str, where: tuple[int, int], certain: int = _CERTAIN) -> bool:
    """Whether a row with a tail of a column begins at a place, and goes on behind its label with numbers."""
    first, end = where
    ahead = place.flow.text[first : min(first + _LABEL, end)]
    for row, patterns in statement.rows:
        if not row.key or (row.kind and row.kind != place.kind):
            continue
        for pattern in patterns:
            match = pattern.regex.match(ahead)
            if match is None or TORN in match.group():
                continue
            behind = (first + match.end(), end)
            position, numbers = _clauses(place, statement, Anchor(row, pattern, match, {}), behind)
            named = all(group.startswith("v") for group in pattern.regex.groupindex)  # no name that the text gives
            if (numbers and _cue(place, column, position)) or (named and numbers >= certain):
                return True
    return False


def _clauses(place: Place, statement: Compiled, anchor: Anchor, where: tuple[int, int]) -> tuple[int, int]:
    """Return where the clauses behind a row's label end, and how many numbers there are."""
    position, end = where
    names = list(statement.spec.attributes if anchor.row.attributes is None else anchor.row.attributes)
    numbers = len(anchor.pattern.slots)
    while position < end:
        for name in names:
            step = _clause(place, statement, name, position, anchor)
            if step and position < step[0] <= end:
                position, numbers = step[0], numbers + max(len(step[2]), name == "持平")
                names.remove(name)
                break
        else:
            break
    return position, numbers


def _about(match: re.Match[str], anchor: Anchor) -> bool:
    """Whether a clause names nothing else than the row it follows; what names nothing at all is of a total."""
    if "主语" not in match.re.groupindex or not match["主语"]:
        return True
    if _BOTH.search(match["主语"]) and not _BOTH.search(anchor.match.group()):
        return False
    rest = _NEUTRAL.sub("", match["主语"])
    if not rest:
        return "总" in anchor.row.key or anchor.match.group().startswith(match["主语"])
    return rest in _NEUTRAL.sub("", anchor.match.group())


def number_cell(place: Place, slot: Slot, match: re.Match[str]) -> Cell | None:
    """Return the cell of a placeholder, or None where it isn't there or not certain."""
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
