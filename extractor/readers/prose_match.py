"""The engine: from the patterns of a statement and the text of its section to rows and cells.

A row begins where one of its patterns matches. Clauses that may follow it (a share, a change, a reason) are taken one
after the other, directly behind; the first words that no pattern knows end the row. What isn't matched stays
unread: a wrong fact is worse than none.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from extractor.normalize import squeeze
from extractor.records import Cell, Row
from extractor.statement_specs import Kind, RowPattern
from extractor.statements import Compiled, Pattern

from .prose_clauses import Anchor, Place, attribute, number_cell, tail_end
from .prose_text import TORN, places, words

_LABEL = re.compile(
    r"^(?:[)）、,.;:。]+|\(?[一二三四五六七八九十\d]{1,3}[)、.]|其中:?|(?:主要)?(?:包括|包含|分为):?|以及|和)+(?=..)"
)
_OF_WHICH = re.compile(r"(?:其中|(?<=,)包括)[:,]?$")
_STOP = re.compile(r"[。;]")
_SUBHEADING = re.compile(r"\([一二三四五六七八九十]{1,3}\)")
_BRACKET = re.compile(r"[()]")
_WHOLE = re.compile("。(?:收入|支出)(?:预算|决算)?(?=[比较与同])")
_AMOUNTS = ("增减额", "增减率")
_PARTS = 300  # characters of a bracket with the parts of a row


@dataclass(slots=True)
class Draft:
    """Rows while they are read: cells by row and column, and what was matched without giving a cell."""

    rows: dict[str, dict[str, Cell]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    taken: list[tuple[int, int]] = field(default_factory=list)
    twice: list[tuple[str, str, Cell, Cell]] = field(default_factory=list)

    def add(self, key: str, cell: Cell) -> None:
        """Add a cell; a value that is printed again is the same fact, another value drops both."""
        self.taken.extend((s.start, s.end) for s in cell.spans)
        columns = self.rows.setdefault(key, {})
        self.lines.setdefault(key, cell.spans[0].line)
        known = columns.get(cell.column)
        if known is None:
            columns[cell.column] = cell
        elif cell.kind == "number" and (known.value, known.unit) != (cell.value, cell.unit):
            self.twice.append((key, cell.column, known, cell))

    def adopt(self, other: "Draft", keys: Sequence[str]) -> None:
        """Take rows of another section that are not here."""
        for key in keys:
            if key in other.rows and key not in self.rows:
                self.rows[key], self.lines[key] = other.rows[key], other.lines[key]
                self.twice += [t for t in other.twice if t[0] == key]
                self.taken += [(s.start, s.end) for cell in other.rows[key].values() for s in cell.spans]

    def only(self, keys: Sequence[str]) -> "Draft":
        """Return these rows alone."""
        kept = Draft()
        kept.adopt(self, keys)
        return kept

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


def read(place: Place, statement: Compiled) -> Draft:
    """Read the rows of one statement from the text of a section."""
    draft = Draft()
    anchors = _nested(place, _anchors(place, statement, _mask(place, statement)))
    ends = [*(a.match.start() for a in anchors[1:]), len(place.flow.text)]
    for number, anchor in enumerate(anchors):
        if anchor.row.key:
            _row(place, statement, anchor, ends[number:], draft)
    return _under(draft, statement, place.kind)


def _mask(place: Place, statement: Compiled) -> str:
    """Blank out reasons, purposes and what is compared with, so that amounts told in them begin no rows."""
    text = place.flow.text
    for pattern in (place.prose.compared, *statement.passed):
        text = _torn(pattern, text)
    out: list[str] = []
    position = 0
    for column, match in _cues(place, statement):
        if match.start() < position:
            continue
        end = tail_end(place, statement, column, match.end())
        out.append(text[position : match.start()])
        out.append("。" * (end - match.start()))
        position = end
    out.append(text[position:])
    return "".join(out)


@lru_cache(maxsize=128)
def _torn(pattern: re.Pattern[str], text: str) -> str:
    """Blank out what a pattern matches; a section is read by several statements, and this is the same for all."""
    return pattern.sub(lambda m: TORN * len(m.group()), text)


@lru_cache(maxsize=256)
def _matches(pattern: re.Pattern[str], text: str) -> tuple[re.Match[str], ...]:
    """Return what a pattern matches, once for all statements."""
    return tuple(pattern.finditer(text))


def _cues(place: Place, statement: Compiled) -> list[tuple[str, re.Match[str]]]:
    names = place.prose.vocabulary.masked if statement.spec.masked is None else statement.spec.masked
    found = [(column, m) for column in names for m in _matches(place.prose.tails[column], place.flow.text)]
    return sorted(found, key=lambda f: (f[1].start(), -f[1].end()))


def _anchors(place: Place, statement: Compiled, masked: str) -> list[Anchor]:
    found: list[tuple[int, int, int, RowPattern, Pattern, re.Match[str]]] = []
    for order, (row, patterns) in enumerate(statement.rows):
        if row.kind and row.kind != place.kind:
            continue
        for pattern in patterns:
            found.extend((m.start(), -m.end(), order, row, pattern, m) for m in pattern.regex.finditer(masked))
    found.sort(key=lambda f: f[:3])
    out: list[Anchor] = []
    names: dict[str, str] = {}
    end = 0
    for _, _, _, row, pattern, match in found:
        if match.start() < end:
            continue
        if names and _SUBHEADING.search(masked, end, match.start()):
            names = {}  # what it says of those below it isn't known
        end = match.end()
        for name in match.re.groupindex:
            if not name.startswith("v"):
                names[name] = label(place, *match.span(name)) if match[name] else ""
        out.append(Anchor(row, pattern, match, dict(names)))
    return out


def _nested(place: Place, anchors: Sequence[Anchor]) -> list[Anchor]:
    """Put the row above in front of those that 其中 says are parts of it, where they make it up, or may."""
    out = list(anchors)
    for number, anchor in enumerate(anchors[:-1]):
        if not anchor.row.nested or anchors[number + 1].row.nested is False:
            continue
        between = place.flow.text[anchor.match.end() : anchors[number + 1].match.start()]
        if not _OF_WHICH.search(between):
            continue
        last, parts = _parts(place, anchors, number)
        whole = _amount(place, anchor)
        if whole is None or None in parts:
            continue
        rest = whole - sum(p for p in parts if p is not None)
        if rest == 0 or (rest > 0 and not _STOP.search(between)):
            above = anchor.names["name"]
            for inner in range(number + 1, last + 1):
                out[inner] = replace(anchors[inner], names={"name": f"{above}/{anchors[inner].names['name']}"})
    return out


def _parts(place: Place, anchors: Sequence[Anchor], number: int) -> tuple[int, list[Decimal | None]]:
    """Return the last of the rows behind 其中 in one clause, and their amounts; of more clauses where those add up."""
    text, whole = place.flow.text, _amount(place, anchors[number])
    parts: list[Decimal | None] = []
    first: tuple[int, list[Decimal | None]] | None = None
    for last in range(number + 1, len(anchors)):
        if not anchors[last].row.nested:
            break
        stop = _STOP.search(text, anchors[last - 1].match.end(), anchors[last].match.start())
        if stop and last > number + 1:
            first = first or (last - 1, list(parts))
            if stop.group() == "。":
                break
        parts.append(_amount(place, anchors[last]))
        if first and None not in parts and sum(p for p in parts if p is not None) == whole:
            return last, parts
    return first or (number + len(parts), parts)


def _amount(place: Place, anchor: Anchor) -> Decimal | None:
    cell = number_cell(place, anchor.pattern.slots[0], anchor.match)
    return cell.value if cell else None


def label(place: Place, first: int, last: int) -> str:
    """Return a row's name as printed: NFKC, no white space, no numbering, quotation marks only in pairs."""
    text = words(place.lines, place.flow, first, last)
    text = unicodedata.normalize("NFKC", squeeze(text))
    if text.count("“") != text.count("”"):
        text = text.replace("“", "").replace("”", "")
    return _LABEL.sub("", text)


def _row(place: Place, statement: Compiled, anchor: Anchor, ends: Sequence[int], draft: Draft) -> None:
    """Read a row: what is in its label, and the clauses behind it, also behind a bracket with its parts.

    ``ends`` are where the rows behind it begin, and where the text ends.
    """
    row = anchor.row
    if TORN in anchor.match.group():
        return
    template = row.final if row.final and place.kind == "final" else row.key
    try:
        key = template.format(**anchor.names).replace("//", "/")  # a level that isn't named
    except KeyError:
        return  # a name that should have come before didn't
    cells = [(slot.row or key, c) for slot in anchor.pattern.slots if (c := number_cell(place, slot, anchor.match))]
    for name, cell in [*cells, *((k, c) for k in row.also for _, c in cells)]:
        draft.add(name, cell)
    if cells:  # a number in the label is understood too
        draft.taken.extend((p.start, p.end) for p in places(place.lines, place.flow, *anchor.match.span()))
    _behind(place, statement, anchor, key, ends, draft)


def _behind(place: Place, statement: Compiled, anchor: Anchor, key: str, ends: Sequence[int], draft: Draft) -> None:
    """Read the clauses behind a row's label."""
    row = anchor.row
    used: set[str] = set()
    position, end = anchor.match.end(), ends[0]
    names = statement.spec.attributes if row.attributes is None else row.attributes
    ahead = statement.ahead[names]
    moved = True
    while moved and position < end:
        behind = _behind_parts(place.flow.text, position, ends)
        if behind:
            position, end = behind
        if not ahead.match(place.flow.text, position):
            break
        moved = False
        for name in names:
            step = None if name in used else attribute(place, statement, name, position, anchor)
            if step is None or step[0] <= position or step[1] > end:
                continue
            changed = any(column in _AMOUNTS for column, _ in step[2])
            if changed and _of_all(place.flow.text, anchor, position):
                break
            position, moved = step[0], True
            used.add(name)
            for column, cell in step[2]:
                target = row.changes if row.changes and column in _CHANGES else key
                draft.add(target, cell)
            break


def _of_all(text: str, anchor: Anchor, position: int) -> bool:
    """Whether a clause behind one of the rows that 其中 lists may be about what they make up.

    That is a new sentence behind a later one, or one about 收入 or 支出 behind any; and what follows A、B.
    """
    first = anchor.match.start()
    _, listed, before = text[text.rfind("。", 0, first) + 1 : first].rpartition("其中")
    if not listed:
        return False
    later = any(c.isdigit() for c in before)
    return (later and (text[position] == "。" or text[first - 1] == "、")) or bool(_WHOLE.match(text, position))


def _behind_parts(text: str, first: int, ends: Sequence[int]) -> tuple[int, int] | None:
    """Return where a row goes on behind a bracket at ``first`` in which rows begin, and where it ends then."""
    if text[first] != "(":
        return None
    depth = 0
    for match in _BRACKET.finditer(text, first, first + _PARTS):
        depth += 1 if match.group() == "(" else -1
        if not depth:
            at = bisect_left(ends, match.end())
            return (match.end(), ends[at]) if at and match.end() < len(text) else None
    return None


_CHANGES = ("增减额", "增减率", "原因")


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
