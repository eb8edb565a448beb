"""What a page knows of its cells beside what it shows: every identity with its numbers, doubts, findings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from extractor.evidence import Evidence
from extractor.identities import Instance, Outcome
from extractor.instance import WORDS, Ref
from extractor.lookup import row_name
from extractor.records import Finding

from .numbering import Numbering
from .source import Source, visible

_VERDICTS = {"held": 1, "violated": 0, "unchecked": 2}


class _Pool:
    """Values that are written once and named by their number."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, value: Any) -> int:
        if value not in self._numbers:
            self._numbers[value] = len(self.values)
            self.values.append(value)
        return self._numbers[value]


def data(numbering: Numbering, known: Evidence, text: Source) -> dict[str, Any]:
    """Return the data of a page, for its script.

    ``rows``: table, key and name of each row. ``columns``: labels. ``cells``: row and column of each cell; third, a
    number that is not what is shown. ``rules``: id, rule, soft, relation. ``proofs``: rule, verdict (1 held, 0
    violated, 2 unchecked), cells of the left and the right side, how many of each side are empty, cells that it
    confirms (1 for all), both sums, what may differ, a note. ``anchors`` and ``pieces``: see
    :class:`extractor.report.source.Source`.
    """
    rows, columns, rules = _Pool(), _Pool(), _Pool()
    cells = [_cell(numbering, number, rows, columns) for number in range(len(numbering.cells))]
    proofs = [_proof(numbering, known, case, rules) for case in known.outcomes]
    return {
        "tables": [
            [visible(t.title), t.id, t.part, visible(t.unit), t.reader, visible(t.why), [visible(s) for s in t.steps]]
            for t in numbering.result.tables
        ],
        "rows": rows.values,
        "columns": columns.values,
        "cells": cells,
        "rules": rules.values,
        "proofs": [proof for proof in proofs if proof[2] or proof[3]],
        "doubts": dict(_doubts(numbering)),
        "options": dict(_options(numbering)),
        "findings": _findings(numbering, numbering.result.findings),
        "anchors": text.anchors,
        "pieces": text.pieces,
    }


def _cell(numbering: Numbering, number: int, rows: _Pool, columns: _Pool) -> list[Any]:
    one, table, row = numbering.cells[number], numbering.table(number), numbering.row(number)
    place = rows.number((one.table, visible(row.key), visible(row_name(row)), one.row))
    out = [place, columns.number(visible(table.label(row, one.cell.column)))]
    value = one.cell.value
    return [*out, str(value)] if value is not None and str(value) != one.cell.text else out


def _proof(numbering: Numbering, known: Evidence, case: tuple[Instance, Outcome], rules: _Pool) -> list[Any]:
    instance, outcome = case
    rule = rules.number((instance.id, visible(known.rule(instance)), int(instance.soft), instance.relation))
    left, right = (_numbers(numbering, side) for side in (instance.left, instance.right))
    gone = [len(side) - len(there) for side, there in ((instance.left, left), (instance.right, right))]
    head = [rule, _VERDICTS[outcome.verdict], left, right, gone]
    if outcome.verdict == "unchecked":
        return head
    confirmed = _numbers(numbering, known.confirmed(instance, outcome))
    every = dict.fromkeys((*left, *right))
    sure = 1 if confirmed and set(confirmed) == set(every) else sorted(confirmed)
    if instance.relation in WORDS:
        return [*head, sure, "", "", "", visible(outcome.note)]
    base = known.base(instance)
    sums = [_plain(value / base) for value in (outcome.left, outcome.right)]
    room = _plain(outcome.tolerance / base) if outcome.tolerance else ""
    tail = [room, visible(outcome.note)] if outcome.note else [room] if room else []
    return [*head, sure, *sums, *tail]


def _numbers(numbering: Numbering, refs: Iterable[Ref]) -> list[int]:
    """Return the cells of a side that are printed."""
    return [numbering.places[ref] for ref in refs if ref in numbering.places]


def _plain(value: Decimal) -> str:
    text = format(value.normalize(), "f")
    if len(text) > 24:
        text = format(Decimal(f"{value:.12g}"), "f")
    return "0" if text in ("-0", "0") else text


def _doubts(numbering: Numbering) -> Iterator[tuple[int, list[str]]]:
    for one in numbering.cells:
        found = [visible(d) for d in (one.cell.doubt, numbering.row(one.number).doubt) if d]
        if found:
            yield one.number, found


def _options(numbering: Numbering) -> Iterator[tuple[int, list[str]]]:
    for one in numbering.cells:
        if len(one.cell.options) > 1:
            table, row = numbering.table(one.number), numbering.row(one.number)
            yield one.number, [visible(table.label(row, column)) for column in one.cell.options]


def _findings(numbering: Numbering, findings: Sequence[Finding]) -> Mapping[int, list[int]]:
    out: dict[int, list[int]] = {}
    for number, finding in enumerate(findings):
        for ref in finding.cells:
            cell = numbering.find(ref)
            if cell is not None:
                out.setdefault(cell, []).append(number)
    return out
