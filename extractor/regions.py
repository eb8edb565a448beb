"""Where cells are printed, for files that weren't text; and how far a recogniser's word for them goes."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from .amount import parse_amount
from .document import Document
from .normalize import half_width, squeeze
from .records import Cell, CellRef, Finding, Region, Result, Table
from .specs import Catalogue

SURE = 0.98
"""Score from which one number in five hundred was still wrong, and below which one in seven (8,843 numbers read)."""
_POOR = 0.9  # score of a word that speaks against its page
_POINTLESS = re.compile(r"\d{1,2}(?![\d年月])[\u4e00-\u9fff]")
_NUMERAL = re.compile(r"^[-+\d.,%\s]+$")
_SHARE = 50  # one poor word in so many makes all of its page doubtful: minus signs and points are lost unnoticed there


def printed(document: Document, tables: Sequence[Table]) -> Iterator[Region]:
    """Yield the regions in which cells stand, in the order of the text."""
    spans = iter(sorted({(s.start, s.end) for t in tables for r in t.rows for c in r.cells for s in c.spans}))
    span = next(spans, None) if document.regions else None
    for region in document.regions:
        while span is not None and span[1] <= region.start:
            span = next(spans, None)
        if span is None:
            return
        if span[0] < region.end:
            yield region


def others(tables: Sequence[Table], regions: Sequence[Region]) -> Iterator[Finding]:
    """Yield what a recogniser thought nearly as likely as the number that it read, as a second reader's opinion.

    It is evidence for repairs, no finding for people: what they are told is the repair.
    """
    known = {(r.start, r.end): r.others for r in regions if r.others}
    for table, row, cell in ((t, r, c) for t in tables for r in t.rows for c in r.cells if known):
        spans = [(s.start, s.end) for s in cell.spans]
        if cell.kind != "number" or cell.value is None or len(spans) != 1:
            continue
        place = CellRef(table=table.id, part=table.part, row=row.key, column=cell.column, line=cell.spans[0].line)
        for other in known.get(spans[0], ()):
            amount = parse_amount(squeeze(other))
            if amount is not None and amount.value != cell.value:
                yield Finding(
                    code="second-opinion", kind="ambiguous", message=other, table=table.id, cells=(place,),
                    found=cell.value, expected=amount.value,
                )  # fmt: skip


def weighed(document: Document, result: Result, specs: Catalogue) -> Result:
    """Return a result in which what only a recogniser vouches for is doubtful where it wasn't sure.

    A number that an identity proves stays proven: a misread one breaks it. That it belongs to its row and column no sum
    tells, though, if what names them is hard to read: a code that another table has too is sure, and so is one
    beside the name that the classification has for it, no other.
    """
    scored = [r for r in document.regions if r.score is not None]
    if not scored:
        return result
    words = Counter(r.page for r in scored)
    poor = Counter(r.page for r in scored if r.score is not None and r.score < _POOR)
    pages = {page for page, count in poor.items() if count * _SHARE > words[page]}
    lines: dict[int, list[tuple[str, Region]]] = {}
    for region in scored:
        lines.setdefault(document.line_of(region.start), []).append((document.text[region.start : region.end], region))
    names = {document.text[r.start : r.end]: r for r in scored}
    keys = Counter(key for t in result.tables for key in {r.key for r in t.rows})
    standard = {code: {half_width(name) for name in found} for code, found in specs.names.items()}
    tables = []
    for table in result.tables:
        called = _called(table, specs)
        odd = {
            column: f"no spec knows a column {label}, whose name may be misread: look at the page"
            for column, label in {**{c: c for c in table.columns}, **table.labels}.items()
            if called and not any(part in called for part in map(half_width, (label, label.split("/")[-1])))
        }
        first = min((r.line for r in table.rows), default=table.lines[0])
        head = [one for n in range(table.lines[0], first) for one in lines.get(n, ())]
        rows = []
        for row in table.rows:
            named = [(part, names[part]) for part in row.key.split("/") if part in names]
            named_so = any(half_width(c.text) in standard.get(row.key, ()) for c in row.cells if c.column == "名称")
            why = "" if keys[row.key] > 1 or named_so else _doubt_of_row([*lines.get(row.line, ()), *named])
            if not why and any(map(_POINTLESS.match, row.key.split("/"))):
                why = (
                    f"the number in front of {row.key} lost its point, and its name may not be whole: look at the page"
                )
            cells = tuple(
                _unnamed(_cell(c, result, pages), why or odd.get(c.column) or _doubt_of_column(called, c, result, head))
                for c in row.cells
            )
            rows.append(row.model_copy(update={"cells": cells}) if cells != row.cells else row)
        tables.append(table.model_copy(update={"rows": tuple(rows)}))
    return result.model_copy(update={"tables": tuple(tables)})


def _called(table: Table, specs: Catalogue) -> Mapping[str, set[str]]:
    """Return which columns of a table each name may be printed above."""
    spec = [column for spec in specs.tables if spec.id == table.id for column in (*spec.columns, *spec.more)]
    known = {column.id for column in spec}
    called = {half_width(column): {column} for column in table.columns if not spec or column in known}
    for column in spec:
        for name in column.plain:
            called.setdefault(half_width(name), set()).add(column.id)
    return called


def _doubt_of_column(
    called: Mapping[str, set[str]], cell: Cell, result: Result, head: Sequence[tuple[str, Region]]
) -> str:
    """Say why a number may stand under another column: what is printed above it names another, or is hard to read."""
    place = next((r for span in cell.spans for r in result.where(span) if r.box is not None), None)
    if place is None or cell.kind != "number":
        return ""
    above = [
        (abs(_middle(place) - _middle(r)), half_width(text), r)
        for text, r in head
        if len(text) > 1 and r.box is not None and r.page == place.page and not _NUMERAL.search(text)
    ]
    if not above:
        return ""
    _, text, region = min(above, key=lambda one: one[0])
    if cell.column in called.get(text, ()):
        return ""
    if len(called.get(text, ())) == 1:
        return f"it is printed below {text}: look at the page"
    if (region.score or 0) < _POOR:
        return f"the header above it is hard to read (a score of {region.score:.2f}): look at the page"
    return ""


def _middle(region: Region) -> float:
    return (region.box[0] + region.box[2]) / 2 if region.box else 0.0


def _doubt_of_row(line: Sequence[tuple[str, Region]]) -> str:
    """Say why the code or the name of a row may be another one."""
    for text, region in line:
        code = text.isdigit()
        other = code and any(len(o) == len(text) and o.isdigit() for o in region.others)
        if not (_NUMERAL.search(text) and not code) and (other or (region.score or 0) < (SURE if code else _POOR)):
            return f"what names its row is hard to read (a score of {region.score:.2f}): look at the page"
    return ""


def _unnamed(cell: Cell, why: str) -> Cell:
    if not why or cell.kind != "number" or cell.state not in {"proven", "grounded"}:
        return cell
    return cell.model_copy(update={"state": "ambiguous", "doubt": why})


def _cell(cell: Cell, result: Result, pages: set[int]) -> Cell:
    if cell.kind != "number" or cell.state != "grounded":
        return cell
    found = [r for span in cell.spans for r in result.where(span)]
    score = min((r.score for r in found if r.score is not None), default=1.0)
    if score < SURE:
        why = f"recognised from an image with a score of {score:.2f}, and no identity proves it: look at the page"
    elif any(r.page in pages for r in found):
        why = "recognised from an image of a page that is hard to read, and no identity proves it: look at the page"
    else:
        return cell
    return cell.model_copy(update={"state": "ambiguous", "doubt": why})
