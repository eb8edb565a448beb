"""The page of a document: its source with every value marked, its tables and findings, and why numbers are believed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from extractor.document import Document
from extractor.evidence import evidence
from extractor.proposals import Cause, Proposal
from extractor.records import STATES, CellRef, Finding, Result
from extractor.specs import Catalogue

from .numbering import LETTERS, Numbering
from .proof import data
from .sheets import sheets
from .source import source, visible
from .tables import View, bars, view
from .template import MEANINGS, render

CAUSES: tuple[tuple[Cause, str], ...] = (
    ("source", "The office’s own mistakes"),
    ("misread", "Misread: another reading of what is printed satisfies the identities"),
    ("undecided", "Undecided: misread, or the office’s own mistake"),
    ("rounding", "No more than rounding makes"),
)
"""Who erred, gravest first."""


@dataclass(frozen=True, slots=True)
class Place:
    """A cell that a finding names: its number, or None where nothing is printed; and how to show it."""

    cell: int | None
    text: str
    title: str = ""
    printed: str = ""
    look: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """An edit of a repair."""

    place: Place
    printed: str
    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Mend:
    """A repair: its edits, and the identities that hold with it, or don't nevertheless."""

    changes: tuple[Change, ...]
    cost: int
    restores: str
    leaves: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding as a page shows it; ``looks`` are the letters of the states of its cells."""

    index: int
    finding: Finding
    code: str
    message: str
    evidence: str
    table: int | None
    looks: str
    cells: tuple[Place, ...]
    difference: Decimal | None
    mends: tuple[Mend, ...]
    complete: bool = True


def page(result: Result, document: Document, specs: Catalogue | None = None) -> str:
    """Return the page of a result as HTML that needs nothing beside it.

    Everything from the document is text in it: no markup, no script, no address; characters that would hide or
    reorder others are shown by their code.

    Args:
        result: What was read from the document.
        document: The document itself; spans count in its text.
        specs: The catalogue; the packaged one by default.
    """
    numbering = Numbering.of(result)
    text = source(document, numbering.cells, result.unread)
    tables = _views(numbering)
    findings = [_seen(numbering, number, finding) for number, finding in enumerate(result.findings)]
    states = result.states()
    return render(
        "document",
        {
            "title": visible(result.document),
            "result": result,
            "bars": bars(states),
            "total": sum(states.values()),
            "counts": [(state, LETTERS[state], states[state], MEANINGS[state]) for state in STATES],
            "blocks": text.blocks,
            "sheets": sheets(result, numbering.cells),
            "tables": tables,
            "findings": findings,
            "causes": CAUSES,
            "choices": _choices(findings, tables),
            "unread": [(part, visible(part.title), visible(part.reason)) for part in result.unread],
            "missed": sum(part.numbers for part in result.unread),
            "path": visible(result.path or ""),
            "data": data(numbering, evidence(result.tables, specs), text),
        },
    )


def _views(numbering: Numbering) -> list[View]:
    cells: dict[int, list[int]] = {}
    for one in numbering.cells:
        cells.setdefault(one.table, []).append(one.number)
    return [
        view(index, table, [numbering.cells[n] for n in cells.get(index, ())])
        for index, table in enumerate(numbering.result.tables)
    ]


def _seen(numbering: Numbering, number: int, finding: Finding) -> Seen:
    result = numbering.result
    places = tuple(_place(numbering, ref) for ref in finding.cells)
    there = [place.cell for place in places if place.cell is not None]
    looks = dict.fromkeys(numbering.cells[cell].look for cell in there)
    difference = (
        finding.found - finding.expected if finding.found is not None and finding.expected is not None else None
    )
    asked = _proposal(result.repairs, finding.proposal)
    return Seen(
        index=number,
        finding=finding,
        code=visible(finding.code),
        message=visible(finding.message),
        evidence=visible(finding.evidence),
        table=numbering.cells[there[0]].table if there else _table(result, finding),
        looks=" ".join(looks),
        cells=places,
        difference=difference,
        mends=tuple(_mends(numbering, asked)) if asked else (),
        complete=asked is None or asked.complete,
    )


def _proposal(repairs: Sequence[Proposal], number: int | None) -> Proposal | None:
    return repairs[number] if number is not None and 0 <= number < len(repairs) else None


def _table(result: Result, finding: Finding) -> int | None:
    """Return the table that a finding without cells is about: the one on its line, else the first of its id."""
    named = [i for i, table in enumerate(result.tables) if table.id == finding.table]
    line = finding.line or 0
    there = [i for i in named if result.tables[i].lines[0] <= line <= result.tables[i].lines[1]]
    return next(iter(there or named), None)


def _place(numbering: Numbering, ref: CellRef) -> Place:
    cell = numbering.find(ref)
    if cell is None:
        return Place(None, visible(f"{ref.row} · {ref.printed}"))
    one, table, row = numbering.cells[cell], numbering.table(cell), numbering.row(cell)
    said = visible(f"{ref.row} · {table.label(row, ref.column)}")
    return Place(cell, said, visible(table.title), visible(one.cell.text), one.look)


def _mends(numbering: Numbering, proposal: Proposal) -> list[Mend]:
    return [
        Mend(
            tuple(
                Change(
                    _place(numbering, edit.cell),
                    visible(edit.printed),
                    "" if edit.value is None else str(edit.value),
                    visible(edit.words),
                )
                for edit in repair.edits
            ),
            repair.cost,
            ", ".join(dict.fromkeys(repair.restores)),
            ", ".join(dict.fromkeys(repair.leaves)),
        )
        for repair in proposal.repairs
    ]


def _choices(findings: Sequence[Seen], tables: Sequence[View]) -> list[tuple[str, str, list[tuple[str, str, int]]]]:
    """Return the filters: what each is called, and its values with their names and how often they occur."""
    kinds: Counter[str] = Counter(seen.finding.kind for seen in findings)
    causes: Counter[str] = Counter(seen.finding.cause for seen in findings if seen.finding.cause)
    looks = Counter(look for seen in findings for look in seen.looks.split())
    places = Counter(seen.table for seen in findings if seen.table is not None)
    names = {letter: state for state, letter in LETTERS.items()}
    filters: list[tuple[str, str, list[tuple[str, str, int]]]] = [
        ("kind", "Kind", [(kind, kind, n) for kind, n in sorted(kinds.items())]),
        ("looks", "State", [(look, names.get(look, "text"), n) for look, n in sorted(looks.items())]),
        ("table", "Table", [(str(t), tables[t].title, n) for t, n in sorted(places.items())]),
        ("cause", "Cause", [(cause, cause, n) for cause, n in sorted(causes.items())]),
    ]
    return [(name, label, values) for name, label, values in filters if values]
