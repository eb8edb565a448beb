"""Rows of a procurement table with three levels of words and one column of amounts, with cells or without.

一、货物A is a kind; what ends with how it is bought (政府集中采购) is a purchase; all else is a project with its
economic item, the sum of the purchases below it. Nothing but these words tells the levels apart, so a table is read
this way only if every sum holds to the last digit.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product

from extractor.normalize import squeeze
from extractor.specs import split_label

from .body import Body
from .labels import TOTALS
from .purchase_lines import BOUGHT, KIND, PROJECT, PURCHASE, TOTAL, Entry, Reading, Words, text_of, ways_of
from .rows import RawRow
from .tokens import Token

_HOW = re.compile(r"(?:政府)?采购(?:组织形式|组织方式|形式|方式)")
_TOTAL_ABOVE = re.compile(r"(?:总计|合计|金额|预算数)(?:总计|合计)$")  # the total's label was taken for the header's
_NAMELESS = 6  # rows without words, at most
_UNSURE = "which of the words around its amount are its name isn't told"


def purchases(body: Body, names: Mapping[str, Sequence[str]]) -> list[RawRow] | None:
    """Return the rows; None where the table isn't one of these, or some sum fails.

    Args:
        body: The lines of the table.
        names: Names of the classification by code, by which economic items are known.
    """
    items = frozenset(squeeze(n) for code, known in names.items() if code.startswith("3") for n in known)
    entries, rest = _entries(body)
    ways = [held for way in ways_of(entries, rest, items) if (held := _held(entries, way))] if entries else []
    if not ways or not any(reading.level == PURCHASE for reading in ways[0]):
        return None
    alike = [len({way[i].told for way in ways}) == 1 for i in range(len(entries))]
    return _rows(entries, [replace(r, sure=r.sure and same) for r, same in zip(ways[0], alike, strict=True)], body)


def in_levels(rows: Sequence[RawRow], known: Sequence[RawRow]) -> None:
    """Put a model's rows under the levels in which the same amounts were read: it names rows, and not their levels.

    A row whose name isn't in the key that its amount was read under is doubted.
    """
    same = len(rows) == len(known) and all(
        a.items and b.items and a.items[0].spans == b.items[0].spans for a, b in zip(rows, known, strict=True)
    )
    if not same or not any(row.key.count("/") > 1 for row in known):
        return
    for row, other in zip(rows, known, strict=True):
        row.key, row.kind, row.parent, row.doubt = other.key, other.kind, other.parent, other.doubt
        if row.kind != "total" and row.bare not in row.key:
            row.doubt = row.doubt or f"a model names the row of this amount {row.bare}"


def _entries(body: Body) -> tuple[list[Entry], list[Words]]:
    """Cut the lines at their amounts, and return the words below the last one; nothing where a line has several."""
    out: list[Entry] = []
    words: list[Words] = []
    project: tuple[str, ...] = ()
    for line in body.lines:
        amounts = [t for t in line if t.kind == "number" and t.priced]
        own = _in_cells([t for t in line if t.kind != "dash" and not t.priced])
        own = [] if all(t.whole for t in own) else own  # the number of a page
        if len(amounts) > 1:
            return [], []
        if not amounts:
            words += [tuple(own)] if own else []
            continue
        # A cell over several rows is printed again where it goes on overleaf, or behind its first purchase.
        texts = tuple(squeeze(t.text) for t in own)
        again = texts[:-2]
        own = own[-2:] if again and project[-len(again) :] == again else own
        project = project if texts and BOUGHT.fullmatch(texts[-1]) else texts
        if not out:  # what stands in front of the total is the rest of the header
            label = [t for line in (*words, own) for t in line if squeeze(t.text) in TOTALS][-1:]
            own, words = ([t for t in label if t in own], [tuple(label)]) if label else (own, words)
            words = [] if own else words
            words, own = ([], []) if not label and _TOTAL_ABOVE.search(body.header) else (words, own)
        out.append(Entry(amounts[0], tuple(own), tuple(words)))
        words = []
    return out, words


def _in_cells(words: Sequence[Token]) -> list[Token]:
    """Put the words of each cell of a grid together; without cells each stands for itself."""
    out: list[Token] = []
    for token in words:
        if out and token.cell is not None and token.cell == out[-1].cell:
            out[-1] = replace(out[-1], text=out[-1].text + token.text, spans=(*out[-1].spans, *token.spans))
        else:
            out.append(token)
    return out


def _value(entry: Entry) -> Decimal:
    return entry.amount.amount.value if entry.amount.amount else Decimal(0)


def _held(entries: Sequence[Entry], way: Sequence[Reading]) -> Sequence[Reading]:
    """Return a way of reading in which every sum holds, rows without words being on either level; or nothing."""
    nameless = [i for i, reading in enumerate(way) if reading.level == PROJECT and not (reading.name or reading.beside)]
    for levels in product((PROJECT, PURCHASE), repeat=len(nameless)) if len(nameless) <= _NAMELESS else ():
        of = dict(zip(nameless, levels, strict=True))
        held = [replace(reading, level=of.get(i, reading.level)) for i, reading in enumerate(way)]
        if _holds(entries, held):
            return held
    return ()


def _holds(entries: Sequence[Entry], way: Sequence[Reading]) -> bool:
    """Whether each entry above purchases is the sum of those of the next level below it, and the first the total."""
    for index, reading in enumerate(way):
        if reading.level == PURCHASE:
            continue
        below = []
        for entry, other in zip(entries[index + 1 :], way[index + 1 :], strict=True):
            if other.level <= reading.level:
                break
            if other.level == reading.level + 1:
                below.append(_value(entry))
        if sum(below) != _value(entries[index]):
            return False
    return way[0].level == TOTAL


def _rows(entries: Sequence[Entry], way: Sequence[Reading], body: Body) -> list[RawRow]:
    """Return the rows under their keys."""
    how = _HOW.search(body.header)
    rows: list[RawRow] = []
    at: dict[int, int] = {}
    project = ""
    for index, (entry, reading) in enumerate(zip(entries, way, strict=True)):
        words = sorted((*reading.name, *reading.beside), key=lambda t: t.spans[0].start)
        row = RawRow((words or [entry.amount])[0].line, label=words, items=[entry.amount])
        broken = reading.level == PURCHASE and len(text_of(reading.name)) == 1
        row.doubt = _UNSURE if broken or not reading.sure else ""
        if broken and rows:  # the end of a name over several rows, whose beginning is above
            rows[-1].doubt = rows[-1].doubt or _UNSURE
        if reading.level == PURCHASE and how:
            row.texts[how.group()] = list(reading.beside)
        if reading.level == TOTAL:
            row.kind, row.key = "total", "总计"
        else:
            row.parent = max((i for above, i in at.items() if above < reading.level), default=None)
            above = rows[row.parent] if row.parent is not None else None
            own = text_of(reading.name)
            if reading.level == KIND:
                own = split_label(own)[1]
            elif reading.level == PROJECT:
                # A project that isn't printed again is the one above, unless its name went to the purchase in between.
                carried = not own
                project = own or project
                own = "/".join(filter(None, (project, text_of(reading.beside)))) if reading.beside else ""
                row.doubt = row.doubt or (_UNSURE if carried and (not project or rows[-1].doubt) else "")
            elif above is not None and above.doubt and way[row.parent or 0].level == PROJECT:
                row.doubt = row.doubt or _UNSURE  # what is below a name in doubt has it in its own
            row.key = f"{above.key}/{own}" if above is not None and above.kind != "total" else own
        rows.append(row)
        at = {**{k: i for k, i in at.items() if k < reading.level}, reading.level: index}
    return rows
