"""Where cells are printed, for files that weren't text; and how far a recogniser's word for them goes."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from .amount import parse_amount
from .document import Document
from .naming import POOR, Names
from .normalize import half_width, squeeze
from .prints import LOOK, Prints
from .records import Cell, CellRef, Finding, Region, Result, Table
from .specs import Catalogue

SURE = 0.98
"""Score from which one number in five hundred was still wrong, and below which one in seven (8,843 numbers read)."""
_LEAST = 0.95
"""Of the character that is least sure: of words above it one in a hundred was wrong, below it two in five."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SHARE = 50  # one poor word in so many makes all of its page doubtful: minus signs and points are lost unnoticed there


def printed(document: Document, tables: Sequence[Table]) -> Iterator[Region]:
    """Yield the regions in which cells stand, in the order of the text."""
    if not document.regions:
        return
    spans = iter(sorted({(s.start, s.end) for t in tables for r in t.rows for c in r.cells for s in c.spans}))
    span = next(spans, None)
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

    A number that an identity proves stays proven: a misread one breaks it. That it belongs to its row, column and unit
    no sum tells, though, if what names them may be misread: see :mod:`extractor.naming`.
    """
    scored = [r for r in document.regions if r.score is not None]
    if not scored:
        return result
    words = Counter(r.page for r in scored)
    poor = Counter(r.page for r in scored if r.score is not None and r.score < POOR)
    pages = {page for page, count in poor.items() if count * _SHARE > words[page]}
    prints = Prints(document, result, specs)
    tables = []
    for table in result.tables:
        names = Names(prints, table, specs.layouts(table.id))
        odd = {column: names.column(column) for column in table.columns}
        whole = names.whole()
        rows = []
        for row in table.rows:
            why = whole or names.row(row)
            cells = tuple(
                _unnamed(_cell(c, result, pages), why or odd.get(c.column) or names.header(row, c))
                if c.kind == "number"
                else _words(c, prints, why or names.spelling(row, c))
                for c in row.cells
            )
            rows.append(row.model_copy(update={"cells": cells}) if cells != row.cells else row)
        tables.append(table.model_copy(update={"rows": tuple(rows)}))
    return result.model_copy(update={"tables": tuple(tables)})


def _unnamed(cell: Cell, why: str) -> Cell:
    if not why or cell.state not in {"proven", "grounded"}:
        return cell
    return cell.model_copy(update={"state": "ambiguous", "doubt": why})


def _cell(cell: Cell, result: Result, pages: set[int]) -> Cell:
    if cell.state != "grounded":
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


def _words(cell: Cell, prints: Prints, doubt: str) -> Cell:
    """Return a text in doubt if its place is, or if it may be another; a spec or a second print confirms it."""
    if cell.state != "grounded":
        return cell
    text = half_width(squeeze(cell.text))
    pieces = [prints.piece(r) for span in cell.spans for r in prints.result.where(span) if r.score is not None]
    least = min((p.least for p in pieces), default=1.0)
    others = list(dict.fromkeys(o for p in pieces for o in p.region.others))
    if doubt:
        why = doubt
    elif any(c.isdigit() for c in text) and (other := next((o for o in others if _numbers(o) != _numbers(text)), "")):
        why = f"its digits may be others, as in {other}: {LOOK}"
    elif least < _LEAST and not prints.confirmed(text, [p.region for p in pieces], _LEAST):
        why = f"one of its characters was recognised with a score of {least:.2f}: {LOOK}"
    else:
        return cell
    return cell.model_copy(update={"state": "ambiguous", "doubt": why})


def _numbers(text: str) -> list[str]:
    return _NUMBER.findall(half_width(text))
