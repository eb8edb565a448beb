"""Prose that is a list: numbered duties and terms, labelled fields of projects, and the facts of the cover."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from extractor.normalize import Line, squeeze
from extractor.records import Cell
from extractor.statement_specs import DocumentField, DocumentSpec, FieldSpec
from extractor.statements import MONEY, NUMBER, Compiled

from .prose_clauses import Place, text_cell
from .prose_match import Draft, label
from .prose_text import Flow, flow, line_of, printed, spans

_DIGITS = "一二三四五六七八九十"
_FORMS = (
    re.compile(rf"[(（](?P<n>[{_DIGITS}]{{1,3}})[)）][、.]?"),
    re.compile(rf"(?P<n>[{_DIGITS}]{{1,3}})[、.](?!\d)"),
    re.compile(r"(?P<n>\d{1,2})[.、](?!\d)"),
    re.compile(r"[(（](?P<n>\d{1,2})[)）][、.]?"),
)
_TERM = re.compile(r"(?P<term>[^,。;:]{2,40}?):")
_PART = re.compile(
    rf"(?:主要)?(?:用于|其中:?)?(?!每|人均|平均|共计|合计)(?P<name>[^,。;:、\d]{{2,25}}?)(?:为|:)?(?P<n>{NUMBER})(?P<u>{MONEY})"
    r"(?:\((?![一二三四五六七八九十\d]{1,3}\))[^()]{0,80}\))?"
)
_AMOUNT = re.compile(rf"(?P<n>{NUMBER})(?P<u>{MONEY})")
_WRAPPED = 2  # lines that an item of a list may go on over
_NAME = 80  # characters that the name of a project may have
_SEPARATOR = re.compile(r"[、,;。]")
_SIGNED = re.compile(r"(?<=。)[^。]{0,40}20\d\d年\d{1,2}月\d{1,2}日$")  # the sign-off below the last item
_DATE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")


def number_of(text: str) -> int:
    """Return the value of a small Chinese or Arabic numeral."""
    if text.isdigit():
        return int(text)
    tens, _, ones = text.rpartition("十")
    if "十" not in text:
        return _DIGITS.index(text[-1]) + 1
    return 10 * (_DIGITS.index(tens[-1]) + 1 if tens else 1) + (_DIGITS.index(ones) + 1 if ones else 0)


def read_list(place: Place, statement: Compiled) -> Draft:
    """Read a numbered list: one row for each item, keyed by its number, or by the term before its colon."""
    draft = Draft()
    text = place.flow.text
    column = statement.spec.columns[0]
    terms = statement.spec.list == "term"
    items = max((_items(place.flow, form, again=terms) for form in _FORMS), key=len)
    if len(items) < 2:
        return draft
    signed = _SIGNED.search(text)
    ends = [*(i[0] for i in items[1:]), signed.start() if signed else len(text)]
    for (_, first, number), end in zip(items, ends, strict=True):
        key, begin = str(number), first
        if terms:
            term = _TERM.match(text, first)
            if term is None or term.end() > end:
                continue
            key, begin = label(place, first, term.end() - 1), term.end()
        cell = text_cell(place, column, begin, end)
        if cell and key not in draft.rows:
            draft.add(key, cell)
    return draft


def _items(here: Flow, form: re.Pattern[str], *, again: bool) -> list[tuple[int, int, int]]:
    """Return where the items of one form of numbering begin: offset, offset of the text, number; without gaps."""
    out: list[tuple[int, int, int]] = []
    wanted = 1
    for start in here.order:
        match = form.match(here.text, start)
        if match is None:
            continue
        number = number_of(match["n"])
        if number == wanted or (again and number == 1):
            out.append((start, match.end(), number))
            wanted = number + 1
    return out


def items_from(here: Flow, first: int) -> list[tuple[int, int]]:
    """Return the texts of a numbered list that begins behind an offset: each goes on to the next item or line."""
    starts = here.order[bisect_left(here.order, first) :]
    for form in _FORMS:
        begins = form.match(here.text, starts[0]) if starts else None
        if begins is None or number_of(begins["n"]) != 1:
            continue
        found: list[tuple[int, int, int]] = []  # number of the line, where it begins, where the item's text does
        for line, start in enumerate(starts):
            match = form.match(here.text, start)
            if match is not None and number_of(match["n"]) == len(found) + 1:
                found.append((line, start, match.end()))
            elif line - found[-1][0] > _WRAPPED:
                break
        last = found[-1][0] + 1
        ends = [*(start for _, start, _ in found[1:]), starts[last] if last < len(starts) else len(here.text)]
        return [(begin, end) for (_, _, begin), end in zip(found, ends, strict=True)]
    return []


def read_records(place: Place, statement: Compiled) -> Draft:
    """Read labelled fields: a record begins at its key field and ends at the next one."""
    draft = Draft()
    text = place.flow.text
    found = _labels(place.flow, statement)
    marks = [m for n, m in enumerate(found) if n == 0 or m[0] >= found[n - 1][1]]
    if not marks:
        return draft
    key, seen = "", set[str]()
    for (_, first, spec), end in zip(marks, [*(m[0] for m in marks[1:]), len(text)], strict=True):
        if spec.value == "key":
            key = _record(place, statement, first, end)
            seen.clear()
        elif spec.label in seen:
            key = ""  # the next record, whose name is lost
        elif key and spec.value == "text" and spec.column:
            if cell := text_cell(place, spec.column, first, end):
                draft.add(key, cell)
        elif key and spec.value == "money":
            match = _AMOUNT.match(text, first)
            if match and match.end() <= end:
                draft.add(key, _money(place, spec.column, match))
        elif key and spec.value == "parts":
            _parts(place, spec.column, key, (first, end), draft)
        seen.add(spec.label)
    return draft


def _labels(here: Flow, statement: Compiled) -> list[tuple[int, int, FieldSpec]]:
    """Find the labels of fields; where a line begins, one is known without its colon.

    A label that begins on the line above, within its optional first word, takes that word from the name there.
    """
    found = [
        (m.start(), m.end(), spec)
        for spec, pattern, bare in statement.fields
        for m in (
            *(_at_line(here, pattern, m) for m in pattern.finditer(here.text)),
            *filter(None, (bare.match(here.text, s) for s in here.order)),
        )
    ]
    return sorted(found, key=lambda f: (f[0], -f[1]))


def _at_line(here: Flow, pattern: re.Pattern[str], match: re.Match[str]) -> re.Match[str]:
    inside = here.order[bisect_right(here.order, match.start()) : bisect_left(here.order, match.end())]
    shorter = (pattern.match(here.text, s) for s in inside)
    return next((m for m in shorter if m), match)


def _record(place: Place, statement: Compiled, first: int, end: int) -> str:
    """Return the name of a record; empty where another label, its colon lost, has run into it."""
    cell = text_cell(place, "", first, end)
    name = unicodedata.normalize("NFKC", squeeze(cell.text)) if cell and len(cell.text) <= _NAME else ""
    return "" if any(bare.search(name) for _, _, bare in statement.fields) else name


def _parts(place: Place, column: str, key: str, where: tuple[int, int], draft: Draft) -> None:
    position, end = where
    text = place.flow.text
    while position < end:
        match = _PART.match(text, position)
        if match and match.end() <= end and (match.end() == end or _SEPARATOR.match(text, match.end())):
            draft.add(f"{key}/{label(place, match.start('name'), match.end('name'))}", _money(place, column, match))
            position = match.end()
        following = _SEPARATOR.search(text, position, end)
        position = following.end() if following else end


def _money(place: Place, column: str, match: re.Match[str]) -> Cell:
    where = spans(place.lines, place.flow, match.start("n"), match.end("n"))
    value = Decimal(match["n"].replace(",", ""))
    return Cell(column=column, kind="number", text=match["n"], value=value, unit=match["u"], spans=where)


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the facts of a document are looked for: first line, end of the cover, end of the part."""

    first: int
    cover: int
    end: int


def read_document(lines: Sequence[Line], spec: DocumentSpec, extent: Extent) -> dict[str, tuple[Cell, int]]:
    """Return the facts of the cover, headers and sign-off, each with the index of its line."""
    zones = {
        "cover": range(extent.first, extent.cover),
        "all": range(extent.first, extent.end),
        "end": range(max(extent.first, extent.end - 8), extent.end),
    }
    found: dict[str, tuple[Cell, int]] = {}
    flows: dict[tuple[int, int], Flow] = {}
    groups: dict[tuple[str, str], list[tuple[DocumentField, re.Pattern[str]]]] = {}
    for one in spec.fields:
        groups.setdefault((one.column, one.zone), []).append((one, re.compile(one.pattern)))
    for (column, zone), patterns in groups.items():
        if column in found:
            continue
        for joined in (1, 2, 3) if zone == "cover" else (1,):
            cell = next(
                (c for i in zones[zone] if (c := _field(lines, (i, min(joined, extent.end - i)), patterns, flows))),
                None,
            )
            if cell:
                found[column] = cell
                break
    return {column: found[column] for column in spec.columns if column in found}


def _field(
    lines: Sequence[Line], where: tuple[int, int], patterns: Sequence[tuple[DocumentField, re.Pattern[str]]],
    flows: dict[tuple[int, int], Flow],
) -> tuple[Cell, int] | None:  # fmt: skip
    """Read a fact from a line and those joined to it, ``where``: its index, and how many."""
    index, joined = where
    texts = [line.text for line in lines[index : index + joined]]
    if len(texts[0]) > 200:
        return None
    patterns = [(spec, pattern) for spec, pattern in patterns if any(spec.has in text for text in texts)]
    if not patterns:
        return None
    if where not in flows:
        flows[where] = flow(lines, [(i, 0) for i in range(index, index + joined)], all_lines=True)
    here = flows[where]
    for spec, pattern in patterns:
        match = pattern.search(here.text)
        if match:
            text, places = printed(lines, here, *match.span("v"))
            if spec.date:
                parts = _DATE.fullmatch(squeeze(text))
                text = f"{int(parts[1]):04}-{int(parts[2]):02}-{int(parts[3]):02}" if parts else text
            cell = Cell(column=spec.column, kind="text", text=spec.constant or squeeze(text), spans=places)
            return cell, line_of(here, match.start("v"))
    return None
