"""The deterministic reader: tokens, rows, structure, then the columns that make the identities hold.

No network and no model. A number is put into a column because it is printed there (grids), or because every
reading that breaks the fewest identities puts it there; else the cell is ambiguous and says so.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ..amount import UNIT_SCALE
from ..chunks import Chunk
from ..identities import Frame, FrameRow, Instance, Ref, evaluate, instances
from ..normalize import Line, squeeze
from ..records import Finding
from ..specs import Catalogue, TableSpec
from . import structure
from .body import Body, prepare
from .header import Fit, fit
from .labelled import labelled_rows
from .labels import Labels
from .place import Placement, grid_base, placements, positional, width_of
from .rows import RawRow, coded_rows, item_rows
from .solve import Choice, solve


@dataclass(frozen=True, slots=True)
class Draft:
    """A table on its way: rows, and for each row the placements that are still possible, best first.

    Attributes:
        chunk: Where it stands.
        spec: What it is.
        body: Its tokens.
        rows: Its rows.
        options: For each row, the placements of its items; the preferred one first.
        why: How the columns were decided.
        findings: What went wrong while reading.
    """

    chunk: Chunk
    spec: TableSpec
    body: Body
    rows: tuple[RawRow, ...]
    options: tuple[tuple[Placement, ...], ...]
    why: str = ""
    findings: tuple[Finding, ...] = ()

    def frame(self) -> Frame:
        """Return the skeleton for the identities."""
        rows = tuple(
            FrameRow(r.role, r.parent, "right" if r.side == "right" else "left", r.key) for r in self.rows
        )
        scale = UNIT_SCALE.get(self.body.unit, Decimal(10_000))
        return Frame(self.spec.id, self.chunk.part, self.spec.column_ids, rows, self.body.empty, scale)

    def placed(self, row: int, option: int) -> tuple[tuple[str, Decimal], ...]:
        """Values of a row under one of its placements, by column."""
        ids = self.spec.column_ids
        columns = self.options[row][option].columns
        pairs = zip(self.rows[row].items, columns, strict=True)
        return tuple((ids[c], t.amount.value) for t, c in pairs if t.amount)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A table whose layout the reader doesn't know; the numbers are listed as not read."""

    chunk: Chunk
    reason: str


def read(lines: Sequence[Line], chunks: Sequence[Chunk], catalogue: Catalogue) -> tuple[list[Draft], list[Unknown]]:
    """Read every chunk that has a spec."""
    labels = Labels(catalogue)
    bodies: list[tuple[Chunk, TableSpec, Body]] = []
    unknown: list[Unknown] = []
    for chunk in chunks:
        if chunk.spec is None:
            unknown.append(Unknown(chunk, "no spec describes this table"))
            continue
        spec = catalogue.table(chunk.spec)
        body = prepare(lines, chunk, spec, labels)
        verdict = fit(body, spec)
        if verdict.known:
            bodies.append((chunk, spec, body))
        else:
            unknown.append(Unknown(chunk, verdict.reason))
    drafts: list[Draft] = []
    for part in sorted({chunk.part for chunk, _, _ in bodies}):
        here = [b for b in bodies if b[0].part == part]
        known, odd = _part(here, labels)
        drafts.extend(known)
        unknown.extend(odd)
    return drafts, unknown


def _part(
    bodies: Sequence[tuple[Chunk, TableSpec, Body]], labels: Labels
) -> tuple[list[Draft], list[Unknown]]:
    """Read the tables of one disclosure together: names and columns settle each other."""
    names = {code: squeeze(forms[0]) for code, forms in labels.catalogue.names.items()}
    names.update(_printed_names(bodies, labels, names))
    offices = frozenset(body.office for _, _, body in bodies if body.office)
    drafts, unknown = [], []
    units: frozenset[str] = offices
    for chunk, spec, body in sorted(bodies, key=lambda b: b[1].shape == "items"):
        rows = _rows(body, spec, labels, names, units)
        if spec.shape == "projects":
            units |= {r.bare for r in rows if r.kind == "unit"}
        if not _recognised(rows, spec):
            unknown.append(Unknown(chunk, "most of its row labels are unknown"))
            continue
        drafts.append(_draft(chunk, spec, body, rows))
    drafts.sort(key=lambda d: d.chunk.first)
    return _across([_within(d) for d in drafts], labels.catalogue), unknown


def _rows(
    body: Body, spec: TableSpec, labels: Labels, names: Mapping[str, str], offices: frozenset[str]
) -> list[RawRow]:
    if spec.shape in ("coded", "projects"):
        rows = coded_rows(body, spec, labels, names)
        structure.projects(rows) if spec.shape == "projects" else structure.coded(rows)
    elif spec.shape == "items":
        rows = item_rows(body, spec)
        structure.items(rows, offices)
    else:
        rows = labelled_rows(body, spec, labels)
    return rows


def _printed_names(
    bodies: Sequence[tuple[Chunk, TableSpec, Body]], labels: Labels, names: Mapping[str, str]
) -> dict[str, str]:
    """Names by code as this document prints them: the form that most of its tables agree on."""
    votes: dict[str, Counter[str]] = {}
    for _, spec, body in bodies:
        if spec.shape == "coded":
            for row in coded_rows(body, spec, labels, names):
                if row.code and row.label:
                    votes.setdefault(row.code, Counter())[row.text] += 1
    out = {}
    for code, counter in votes.items():
        name, count = counter.most_common(1)[0]
        if count > 1 or code not in names:
            out[code] = name
    return out


def _recognised(rows: Sequence[RawRow], spec: TableSpec) -> bool:
    if spec.shape not in ("two_sided", "labels"):
        return True
    numbered = [r for r in rows if r.items]
    return not numbered or sum(1 for r in numbered if r.role is not None) * 2 > len(numbered)


def _draft(chunk: Chunk, spec: TableSpec, body: Body, rows: Sequence[RawRow]) -> Draft:
    base = grid_base(rows, spec) if body.grid else None
    options: list[tuple[Placement, ...]] = []
    findings: list[Finding] = []
    for row in rows:
        width = width_of(row, spec)
        if len(row.items) > width:
            findings.append(_too_many(row, spec, width))
            row.items = row.items[:0]
        fixed = None
        if body.grid and width == 1:
            fixed = Placement((0,) * len(row.items))
        elif base is not None:
            fixed = positional(row, base, width)
        options.append((fixed,) if fixed else tuple(placements(len(row.items), width)))
    return Draft(chunk, spec, body, tuple(rows), tuple(options), findings=tuple(findings))


def _too_many(row: RawRow, spec: TableSpec, width: int) -> Finding:
    printed = " ".join(t.text for t in row.items)
    return Finding(
        code="too-many-numbers",
        kind="not-read",
        table=spec.id,
        line=row.line,
        message=f"row {row.key or row.name} prints {len(row.items)} numbers ({printed}) for {width} columns; "
        "they are not read. Look for a row that lost its label or code.",
    )


def _within(draft: Draft) -> Draft:
    """Settle the columns of one table by the identities within it."""
    frame = draft.frame()
    inside, _ = instances([frame], {draft.spec.id: draft.spec}, ())
    reduced = replace(draft, options=tuple(_by_row(draft, i, inside) for i in range(len(draft.rows))))
    if draft.body.grid:
        return _repair_grid(reduced, frame, inside)
    return _settle([reduced], inside, ["rows and column sums of the table"])[0]


def _by_row(draft: Draft, row: int, inside: Sequence[Instance]) -> tuple[Placement, ...]:
    """Keep the placements under which the identities along the row hold; all of them if none does."""
    options = draft.options[row]
    if len(options) <= 1:
        return options
    own = [i for i in inside if all(r.row == row for r in i.refs)]
    kept = []
    for index, option in enumerate(options):
        values = {Ref(0, row, c): v for c, v in draft.placed(row, index)}
        if all(evaluate(i, [draft.frame()], values).verdict != "violated" for i in own):
            kept.append(option)
    return tuple(kept) or options


def _repair_grid(draft: Draft, frame: Frame, inside: Sequence[Instance]) -> Draft:
    """Where a grid's positions break identities, look for rows shifted by some columns.

    Positions are strong evidence: another placement is taken only if it breaks fewer identities.
    """
    values = {Ref(0, r, c): v for r in range(len(draft.rows)) for c, v in draft.placed(r, 0)}
    broken = [i for i in inside if evaluate(i, [frame], values).verdict == "violated"]
    loose = {i for i, o in enumerate(draft.options) if len(o) > 1}
    if not broken and not loose:
        return replace(draft, why="printed cells")
    suspects = loose | {ref.row for instance in broken for ref in instance.refs}
    widened = []
    for index, options in enumerate(draft.options):
        row = draft.rows[index]
        if index in suspects and row.items and index not in loose:
            others = (p for p in placements(len(row.items), width_of(row, draft.spec)) if p not in options)
            widened.append((*options, *others))
        else:
            widened.append(options)
    return _settle([replace(draft, options=tuple(widened))], inside, ["printed cells and the sums of the table"], grid=True)[0]


def _settle(
    drafts: Sequence[Draft], found: Sequence[Instance], why: Sequence[str], *, grid: bool = False
) -> list[Draft]:
    """Run the solver over the rows that have several placements left, and keep those that may be right."""
    choices, owners = [], []
    fixed: dict[Ref, Decimal] = {}
    for number, draft in enumerate(drafts):
        for row, options in enumerate(draft.options):
            if len(options) > 1:
                choices.append(Choice(number, row, tuple(draft.placed(row, o) for o in range(len(options)))))
                owners.append((number, row))
            elif options:
                fixed.update({Ref(number, row, c): v for c, v in draft.placed(row, 0)})
    if not choices:
        return [replace(d, why=d.why or w) for d, w in zip(drafts, why, strict=True)]
    scales = [d.frame().scale for d in drafts]
    penalties = [[0 if not grid or o == 0 else 1 for o in range(len(c.options))] for c in choices]
    prefer = [[_unusual(drafts[c.frame].spec, option) for option in c.options] for c in choices]
    solution = solve(choices, fixed, found, scales, penalties=penalties, prefer=prefer)
    options = [list(d.options) for d in drafts]
    for (number, row), support, best in zip(owners, solution.supported, solution.best, strict=True):
        before = options[number][row]
        options[number][row] = (before[best], *(before[o] for o in support if o != best))
    return [replace(d, options=tuple(o), why=w) for d, o, w in zip(drafts, options, why, strict=True)]


def _unusual(spec: TableSpec, option: Sequence[tuple[str, Decimal]]) -> int:
    usual = {c.id for c in spec.columns if c.usual}
    order = {c.id: i for i, c in enumerate(spec.columns)}
    return sum(100 * (c not in usual) + order[c] for c, _ in option) if usual else sum(order[c] for c, _ in option)


def _across(drafts: list[Draft], catalogue: Catalogue) -> list[Draft]:
    """Settle what a table alone leaves open by the identities across tables."""
    if not any(len(o) > 1 for d in drafts for o in d.options):
        return drafts
    found, _ = instances([d.frame() for d in drafts], {t.id: t for t in catalogue.tables}, catalogue.cross)
    why = [
        d.why + (", then the other tables" if any(len(o) > 1 for o in d.options) else "") for d in drafts
    ]
    return _settle(drafts, found, why)


__all__ = ["Draft", "Fit", "Unknown", "read"]
