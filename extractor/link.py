"""Checks documents against each other: a budget and its final accounts, two years, a department and its units.

The rules are those of ``schemas/links.yaml``, evaluated by the same arithmetic as the identities within a document.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from .across import Place, able, across
from .amount import half_unit
from .arithmetic import evaluate
from .framing import frames_of, quantities
from .instance import Frame, Instance, Outcome, Ref
from .link_records import Link, LinkCell, LinkFinding, LinkReport, Unchecked
from .link_rules import LinkSpec, link_specs
from .papers import Pairing, Paper, apart, pairings
from .records import Cell, CheckCount, Table
from .rules import FORM, LEVELS, Term, parse, selector
from .specs import Catalogue, catalogue

_UNSURE = ("ambiguous", "ungrounded")  # a cell in these states may be another number: it proves and refutes nothing


def link(papers: Sequence[Paper], department: Paper | None = None, specs: Catalogue | None = None) -> LinkReport:
    """Find out which documents belong together, and check them against each other.

    Args:
        papers: The documents, see :func:`extractor.papers.papers`.
        department: The one of which all others of its year and kind are units; found by its tables if None.
        specs: The catalogue; the packaged one by default.
    """
    known = specs or catalogue()
    together = pairings(papers, department)
    return LinkReport(
        documents=tuple(p.info for p in papers),
        links=tuple(compare(pairing, known) for pairing in together),
        apart=tuple(apart(papers, together)),
    )


@dataclass(frozen=True, slots=True)
class _Desk:
    """The documents of a link side by side: tables with a role in front of their ids, and all their numbers."""

    pairing: Pairing
    tables: tuple[Table, ...]
    owners: tuple[int, ...]
    frames: tuple[Frame, ...]
    here: Mapping[str, Sequence[Place]]
    values: Mapping[Ref, Decimal]
    cells: Mapping[Ref, Cell]

    @classmethod
    def of(cls, pairing: Pairing, specs: Catalogue) -> "_Desk":
        tables: list[Table] = []
        owners: list[int] = []
        frames: list[Frame] = []
        for number, (paper, role) in enumerate(zip(pairing.papers, pairing.roles, strict=True)):
            tables += paper.tables
            owners += [number] * len(paper.tables)
            frames += [replace(f, table=f"{role}_{f.table}") for f in frames_of(paper.tables, specs)]
        here: dict[str, list[Place]] = {}
        for index, frame in enumerate(frames):
            here.setdefault(frame.table, []).append(Place.of(index, frame))
        cells = {
            Ref(i, n, c.column): c
            for i, t in enumerate(tables)
            for n, r in enumerate(t.rows)
            for c in r.cells
            if c.kind == "number" and c.value is not None
        }
        values = {**quantities(frames), **{ref: c.value for ref, c in cells.items() if c.value is not None}}
        return cls(pairing, tuple(tables), tuple(owners), tuple(frames), here, values, cells)

    def named(self, ref: Ref) -> str:
        """Name a cell in words."""
        table = self.tables[ref.frame]
        row = table.rows[ref.row]
        return f"{table.id} {row.key} {table.label(row, ref.column)}".strip()

    def document(self, ref: Ref) -> str:
        """Name the document that a cell stands in."""
        return self.pairing.papers[self.owners[ref.frame]].info.name

    def line(self, ref: Ref) -> int | None:
        """Line of a printed cell."""
        cell = self.cells.get(ref)
        return cell.spans[0].line if cell and cell.spans else None

    def scale(self, ref: Ref) -> Decimal:
        """Yuan per unit of a cell."""
        return self.frames[ref.frame].scale_at(ref.row, ref.column)


def compare(pairing: Pairing, specs: Catalogue, rules: Sequence[LinkSpec] | None = None) -> Link:
    """Evaluate the rules of a link on its documents."""
    desk = _Desk.of(pairing, specs)
    counts: Counter[tuple[str, str]] = Counter()
    findings: list[LinkFinding] = []
    open_: dict[tuple[str, Ref | str], Unchecked] = {}
    settled: set[tuple[str, Ref | str]] = set()
    for rule in link_specs() if rules is None else rules:
        if rule.link != pairing.kind:
            continue
        claims = dict.fromkeys(_claims(rule, desk))
        lack = _lacking(rule, desk)
        possible, _ = able((rule.spec,), frozenset(desk.here))
        for instance in across(possible[0], desk.here) if possible and not lack else ():
            claim = instance.left[0] if instance.left else None
            if claim is not None and claim not in desk.values and desk.frames[claim.frame].gaps:
                continue
            outcome, reason = _outcome(instance, desk)
            key = (rule.spec.id, claim or instance.text)
            claims.pop(claim, None) if claim else None
            if outcome.verdict == "unchecked":
                open_.setdefault(key, _open(rule, desk, claim, reason or _missing(instance, desk), instance.text))
                continue
            if not outcome.evidence and not any(ref in desk.values for ref in instance.refs):
                continue  # nothing printed on either side
            settled.add(key)
            counts[rule.spec.id, outcome.verdict] += 1
            if outcome.verdict == "violated":
                findings.append(_finding(rule, instance, outcome, desk))
        for claim in claims:
            reason = lack or "the other document has no such row"
            open_.setdefault((rule.spec.id, claim), _open(rule, desk, claim, reason, rule.spec.rule))
        if lack and not claims and _every(rule):
            open_.setdefault((rule.spec.id, rule.spec.rule), _open(rule, desk, None, lack, rule.spec.rule))
    left = [u for key, u in open_.items() if key not in settled]
    counts.update((u.code, "unchecked") for u in left)
    return Link(
        kind=pairing.kind,
        documents=tuple(p.info for p in pairing.papers),
        checks={
            code: CheckCount(**{k: counts[code, k] for k in CheckCount.model_fields})
            for code in sorted({code for code, _ in counts})
        },
        findings=tuple(_merged(findings)),
        unchecked=tuple(sorted(left, key=lambda u: (u.code, u.line or 0, u.claim))),
    )


def _merged(findings: Sequence[LinkFinding]) -> list[LinkFinding]:
    """Tell a contradiction once: a claim against prose and table, which say the same, is one finding with all cells."""
    kept: dict[tuple[object, ...], LinkFinding] = {}
    for finding in findings:
        key = (finding.code, finding.cells[0], finding.expected, finding.found)
        before = kept.get(key)
        cells = dict.fromkeys((*(before.cells if before else ()), *finding.cells))
        kept[key] = (before or finding).model_copy(update={"cells": tuple(cells)})
    return list(kept.values())


def _every(rule: LinkSpec) -> bool:
    left, _, right = parse(rule.spec.rule)
    return any(t.every for t in left + right)


def _claims(rule: LinkSpec, desk: _Desk) -> Iterator[Ref]:
    """Yield the printed cells that a rule's first term names."""
    (term, *_), _, _ = parse(rule.spec.rule)
    for place in desk.here.get(term.table, ()):
        for number in _rows(term, place):
            ref = Ref(place.index, number, term.column)
            if ref in desk.values:
                yield ref


def _rows(term: Term, place: Place) -> Iterator[int]:
    if term.each in LEVELS and term.each is not None:
        levels = LEVELS[term.each]
        yield from (n for code, rows in place.codes.items() if len(code) in levels for n in rows)
        return
    pattern = term.row.strip("{}") if term.each and term.each != FORM else term.row
    yield from place.roles.get(pattern, ())
    chosen = selector(pattern)
    yield from (n for n, row in enumerate(place.frame.rows) if row.role != pattern and chosen.fits(row))


def _lacking(rule: LinkSpec, desk: _Desk) -> str:
    """Say which table or column a rule needs and a document doesn't have; nothing where all is there."""
    left, _, right = parse(rule.spec.rule)
    roles = desk.pairing.roles
    for term in left + right:
        role, _, table = term.table.partition("_")
        for number, paper in enumerate(desk.pairing.papers):
            if roles[number] != role:
                continue
            places = [p for p in desk.here.get(term.table, ()) if desk.owners[p.index] == number]
            if not places:
                return f"{paper.info.name} has no {table}"
            if not any(p.has(term.column) for p in places):
                return f"{table} of {paper.info.name} has no column {term.column}"
    if desk.pairing.lacking and desk.pairing.kind == "units":
        return f"no document of {'、'.join(desk.pairing.lacking)}, which the department has rows for"
    return ""


def _outcome(instance: Instance, desk: _Desk) -> tuple[Outcome, str]:
    """Evaluate an instance across documents; returns why, where it can't be told."""
    for ref in instance.refs:
        cell = desk.cells.get(ref)
        if cell is not None and cell.state in _UNSURE:
            return Outcome("unchecked"), f"{desk.named(ref)} of {desk.document(ref)} is {cell.state}"
    outcome = evaluate(instance._replace(if_equal=False), desk.frames, desk.values)
    if outcome.verdict == "violated" and _alike(instance, desk):
        outcome = outcome._replace(verdict="held", exact=False)
    if outcome.verdict != "violated":
        return outcome, ""
    if instance.if_equal:
        return Outcome("unchecked"), "they differ, which a change within the year explains"
    for ref in instance.refs:
        paper = desk.pairing.papers[desk.owners[ref.frame]]
        if desk.tables[ref.frame].id in paper.incomplete:
            return Outcome("unchecked"), f"{desk.tables[ref.frame].id} of {paper.info.name} was not read as a whole"
    return outcome, ""


def _alike(instance: Instance, desk: _Desk) -> bool:
    """Whether two numbers are one, printed with fewer decimals in one document than in the other."""
    if instance.relation not in ("same", "sum") or len(instance.left) != 1 or len(instance.right) != 1:
        return False
    refs = (instance.left[0], instance.right[0])
    if any(ref not in desk.values for ref in refs):
        return False
    one, other = (desk.values[ref] * desk.scale(ref) for ref in refs)
    halves = [half_unit(desk.values[ref], desk.frames[ref.frame].decimals) * desk.scale(ref) for ref in refs]
    return halves[0] != halves[1] and abs(one - other) <= max(halves)


def _missing(instance: Instance, desk: _Desk) -> str:
    for ref in instance.refs:
        if ref not in desk.values and desk.frames[ref.frame].gaps:
            return f"{desk.document(ref)} doesn't print {desk.named(ref)}"
    return "nothing to compare"


def _open(rule: LinkSpec, desk: _Desk, claim: Ref | None, reason: str, text: str) -> Unchecked:
    if claim is None:
        return Unchecked(code=rule.spec.id, claim=text, reason=reason)
    return Unchecked(code=rule.spec.id, claim=desk.named(claim), reason=reason, line=desk.line(claim))


def _finding(rule: LinkSpec, instance: Instance, outcome: Outcome, desk: _Desk) -> LinkFinding:
    refs = [ref for ref in dict.fromkeys(instance.refs) if ref in desk.values]
    cells = tuple(_cell(ref, desk) for ref in refs)
    rate = instance.relation == "rate"
    scale = Decimal(1) if rate else desk.scale(refs[0])
    found, expected, room = (v / scale for v in (outcome.left, outcome.right, outcome.tolerance))
    unit = cells[0].unit
    numbers = "; ".join(
        f"{c.document}{f' line {c.line}' if c.line else ''}: {c.table} {c.row} {c.column} {c.value}{c.unit}"
        for c in cells
    )
    return LinkFinding(
        code=rule.spec.id,
        message=(
            f"{rule.spec.id}: {rule.says}, but {_plain(found)}{unit} stands against {_plain(expected)}{unit}, "
            f"difference {_plain(found - expected)}{unit}. {numbers}. Compare both with their sources."
        ),
        cells=cells, expected=expected, found=found, difference=found - expected, interval=room,
    )  # fmt: skip


def _cell(ref: Ref, desk: _Desk) -> LinkCell:
    table, row = desk.tables[ref.frame], desk.tables[ref.frame].rows[ref.row]
    cell = desk.cells.get(ref)
    return LinkCell(
        document=desk.document(ref), table=table.id, part=table.part, row=row.key,
        column=table.label(row, ref.column), line=desk.line(ref), value=desk.values[ref],
        unit=cell.unit if cell else table.unit,
    )  # fmt: skip


def _plain(value: Decimal) -> str:
    text = format(value.normalize(), "f")
    return "0" if text == "-0" else text
