"""The deterministic reader: tokens, rows, structure, then the columns that make the identities hold.

No network and no model. A number is put into a column because it is printed there (grids), or because every
reading that breaks the fewest identities puts it there; else the cell is ambiguous and says so.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from extractor.amount import UNIT_SCALE
from extractor.chunks import Chunk
from extractor.identities import Frame, FrameRow, Instance, Ref, evaluate, instances
from extractor.normalize import Line, squeeze
from extractor.records import Finding
from extractor.specs import Catalogue, TableSpec

from . import structure
from .body import Body, prepare
from .header import Layout, layout, moved_to_the_end
from .labelled import labelled_rows
from .labels import Labels
from .place import free, grid_base, narrowed, positional, width_of
from .rows import RawRow, coded_rows, item_rows
from .solve import Choice, Solution, solve


@dataclass(frozen=True, slots=True)
class Draft:
    """A table on its way: rows, and for each number of each row the columns that are still possible.

    Attributes:
        chunk: Where it stands.
        spec: What it is.
        body: Its tokens.
        rows: Its rows.
        columns: Its number columns in printed order.
        other: The columns in another order that is just as likely; where both differ the cell is ambiguous.
        domains: For each row and each of its items, the possible columns, as ascending indexes.
        home: For each row, where a grid prints its items; None in free text.
        best: For each row and item, the preferred column among the possible ones.
        why: How the columns were decided.
        findings: What went wrong while reading.
    """

    chunk: Chunk
    spec: TableSpec
    body: Body
    rows: tuple[RawRow, ...]
    columns: tuple[str, ...]
    other: tuple[str, ...]
    domains: tuple[tuple[tuple[int, ...], ...], ...]
    home: tuple[tuple[int, ...] | None, ...]
    best: tuple[tuple[int, ...], ...] = ()
    why: str = ""
    findings: tuple[Finding, ...] = ()

    def frame(self) -> Frame:
        """Return the skeleton for the identities."""
        rows = tuple(FrameRow(r.role, r.parent, "right" if r.side == "right" else "left", r.key) for r in self.rows)
        scale = UNIT_SCALE.get(self.body.unit, Decimal(10_000))
        return Frame(
            self.spec.id,
            self.chunk.part,
            self.spec.column_ids,
            rows,
            self.body.empty,
            scale,
            self.body.decimals,
        )

    def values(self, row: int) -> tuple[Decimal | None, ...]:
        """Numbers of a row in printed order, None for dashes."""
        return tuple(t.amount.value if t.amount else None for t in self.rows[row].items)

    def fixed(self, number: int, row: int) -> dict[Ref, Decimal]:
        """Values of the items of a row that have one possible column, as cells of frame ``number``."""
        ids = self.columns
        pairs = zip(self.values(row), self.domains[row], strict=True)
        return {Ref(number, row, ids[d[0]]): v for v, d in pairs if len(d) == 1 and v is not None}


@dataclass(frozen=True, slots=True)
class Unknown:
    """A table whose layout the reader doesn't know; the numbers are listed as not read."""

    chunk: Chunk
    reason: str


def read(lines: Sequence[Line], chunks: Sequence[Chunk], catalogue: Catalogue) -> tuple[list[Draft], list[Unknown]]:
    """Read the chunks of one disclosure."""
    labels = Labels(catalogue)
    bodies: list[tuple[Chunk, TableSpec, Body]] = []
    layouts: dict[str, Layout] = {}
    unknown: list[Unknown] = []
    for chunk in chunks:
        if chunk.spec is None:
            unknown.append(Unknown(chunk, "no spec describes this table"))
            continue
        spec = catalogue.table(chunk.spec)
        body = prepare(lines, chunk, spec, labels)
        verdict = layout(body, spec)
        if verdict.known:
            bodies.append((chunk, spec, body))
            layouts[spec.id] = verdict
        else:
            unknown.append(Unknown(chunk, verdict.reason))
    drafts, odd = _part(bodies, labels, layouts)
    return _in_order(drafts, layouts, catalogue), [*unknown, *odd]


def _in_order(drafts: list[Draft], layouts: Mapping[str, Layout], catalogue: Catalogue) -> list[Draft]:
    """Settle the columns; where a header prints them in another order than the spec, find out which is right.

    The order under which fewer identities are violated is. Where both do as well, the printed one is preferred
    (unless one name just slipped to the end of its line, as happens on the way to text), and every cell on which
    they differ is ambiguous.
    """
    settled = _settle(drafts, catalogue)
    for number, draft in enumerate(drafts):
        printed = layouts[draft.spec.id].printed
        if printed == draft.columns:
            continue
        trial = [*drafts[:number], _within(replace(draft, columns=printed, other=printed)), *drafts[number + 1 :]]
        turned = _settle(trial, catalogue)
        spec_hard, spec_soft = _violations(settled, catalogue)
        hard, soft = _violations(turned, catalogue)
        sure = hard != spec_hard or abs(soft - spec_soft) > 1
        slipped = moved_to_the_end(draft.columns, printed)
        take = (hard, soft) < (spec_hard, spec_soft) if sure else not slipped
        drafts = trial if take else drafts
        settled = turned if take else settled
        if not sure:
            other = draft.columns if take else printed
            drafts = [*drafts[:number], replace(drafts[number], other=other), *drafts[number + 1 :]]
            settled = [*settled[:number], replace(settled[number], other=other), *settled[number + 1 :]]
    return settled


def _violations(drafts: Sequence[Draft], catalogue: Catalogue) -> tuple[int, int]:
    """Count the hard and the soft identities that the preferred reading violates."""
    frames = [d.frame() for d in drafts]
    values = {
        Ref(n, row, draft.columns[place]): value
        for n, draft in enumerate(drafts)
        for row, places in enumerate(draft.best)
        for place, value in zip(places, draft.values(row), strict=True)
        if value is not None
    }
    found, _ = instances(frames, {t.id: t for t in catalogue.tables}, catalogue.cross)
    broken = [i for i in found if evaluate(i, frames, values).verdict == "violated"]
    return sum(not i.soft for i in broken), sum(i.soft for i in broken)


def _part(
    bodies: Sequence[tuple[Chunk, TableSpec, Body]], labels: Labels, layouts: Mapping[str, Layout]
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
        _doubt_codes(rows, names, labels)
        misfit = _misfit(rows, spec, body)
        if misfit:
            unknown.append(Unknown(chunk, misfit))
            continue
        drafts.append(_draft(chunk, spec, body, rows, layouts[spec.id]))
    drafts.sort(key=lambda d: d.chunk.first)
    return [_within(d) for d in drafts], unknown


def _rows(
    body: Body, spec: TableSpec, labels: Labels, names: Mapping[str, str], offices: frozenset[str]
) -> list[RawRow]:
    if spec.shape in ("coded", "projects"):
        rows = coded_rows(body, spec, labels, names)
        structure.projects(rows) if spec.shape == "projects" else structure.coded(rows)
    elif spec.shape == "items":
        rows = item_rows(body)
        structure.items(rows, offices)
    else:
        rows = labelled_rows(body, spec, labels)
    return rows


def _doubt_codes(rows: Sequence[RawRow], names: Mapping[str, str], labels: Labels) -> None:
    """Doubt rows whose printed name belongs to a code beside theirs: the code, or the name, is misread."""
    siblings: dict[str, dict[str, str]] = {}
    for code, name in names.items():
        siblings.setdefault(code[:-2] if len(code) > 3 else code[:1], {}).setdefault(name, code)
    for row in rows:
        if not row.code or not row.label:
            continue
        known = labels.catalogue.names.get(row.code, ())
        own = {names[row.code], *(squeeze(n) for n in known)} if known else set()
        other = siblings.get(row.code[:-2] if len(row.code) > 3 else row.code[:1], {}).get(row.text)
        if other and other != row.code and row.text not in own:
            row.doubt = f"the printed name {row.name} belongs to code {other}, not {row.code}"


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


def _misfit(rows: Sequence[RawRow], spec: TableSpec, body: Body) -> str:
    """Say why rows don't fit a spec, or return an empty string: better no table than one under wrong names."""
    numbered = [r for r in rows if r.items]
    if not numbered and any(t.decimals for line in body.lines for t in line):
        return "its rows have another shape than the spec's"
    if not numbered and not body.lines and any(c.isdigit() for c in body.header) and "." in body.header:
        return "its rows have another shape than the spec's"
    labelled = [r for r in numbered if not r.code and r.side == "left"]
    if spec.shape in ("two_sided", "labels") and labelled:
        known = sum(1 for r in labelled if r.role is not None)
        if known * 4 < len(labelled) * 3:
            return "most of its row labels are unknown"
    return ""


def _draft(chunk: Chunk, spec: TableSpec, body: Body, rows: Sequence[RawRow], header: Layout) -> Draft:
    columns = header.columns
    wide = [row for row in rows if width_of(row, spec, columns) > 1]
    base = grid_base(wide) if body.grid else None
    homes: list[tuple[int, ...] | None] = []
    domains: list[tuple[tuple[int, ...], ...]] = []
    findings: list[Finding] = []
    for row in rows:
        width = width_of(row, spec, columns)
        if len(row.items) > width:
            findings.append(_too_many(row, spec, width))
            row.items = row.items[:0]
        home = positional(row, base, width) if base is not None and width > 1 else None
        homes.append(home)
        domains.append(tuple((c,) for c in home) if home is not None else free(len(row.items), width))
    # A header that lacks a name in a grid: the columns to its right may be one off.
    other = header.short if body.grid and header.short != columns else columns
    return Draft(chunk, spec, body, tuple(rows), columns, other, tuple(domains), tuple(homes), findings=tuple(findings))


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
    """Narrow the columns of each row by the identities along it, and where a grid breaks them, widen."""
    frame = draft.frame()
    inside, _ = instances([frame], {draft.spec.id: draft.spec}, ())
    why = "sums of the table"
    if draft.body.grid:
        draft, why = _widened(draft, frame, inside)
    along: dict[int, list[Instance]] = {}
    for instance in inside:
        rows = {r.row for r in instance.refs}
        if len(rows) == 1:
            along.setdefault(rows.pop(), []).append(instance)
    domains = tuple(
        narrowed(d, draft.rows[i].items, draft.columns, along.get(i, ()), draft.body.decimals)
        for i, d in enumerate(draft.domains)
    )
    best = tuple(tuple(d[0] for d in row) for row in domains)
    return replace(draft, domains=domains, best=best, why=why)


def _widened(draft: Draft, frame: Frame, inside: Sequence[Instance]) -> tuple[Draft, str]:
    """Where a grid's positions break identities, look for rows shifted by some columns.

    Positions are strong evidence: the solver takes another column only if that breaks fewer identities.
    """
    values: dict[Ref, Decimal] = {}
    for row in range(len(draft.rows)):
        values.update(draft.fixed(0, row))
    broken = [i for i in inside if evaluate(i, [frame], values).verdict == "violated"]
    if not broken and all(len(d) == 1 for row in draft.domains for d in row):
        return draft, "printed cells"
    suspects = {ref.row for instance in broken for ref in instance.refs}
    domains = [
        free(len(draft.rows[i].items), width_of(draft.rows[i], draft.spec, draft.columns)) if i in suspects else d
        for i, d in enumerate(draft.domains)
    ]
    return replace(draft, domains=tuple(domains)), "printed cells and the sums of the table"


def _settle(drafts: Sequence[Draft], catalogue: Catalogue) -> list[Draft]:
    """Settle every number that has several columns left: within the tables first, then across them."""
    choices: list[Choice] = []
    fixed: dict[Ref, Decimal] = {}
    for number, draft in enumerate(drafts):
        costs = _costs(draft)
        for row, domain in enumerate(draft.domains):
            if any(len(d) > 1 for d in domain):
                values, home = draft.values(row), draft.home[row]
                choices.append(Choice(number, row, values, domain, draft.columns, home, costs))
            else:
                fixed.update(draft.fixed(number, row))
    if not choices:
        return list(drafts)
    frames = [d.frame() for d in drafts]
    found, _ = instances(frames, {t.id: t for t in catalogue.tables}, catalogue.cross)
    solutions = solve(choices, fixed, found, frames)
    by_place = {(c.frame, c.row): s for c, s in zip(choices, solutions, strict=True)}
    return [_settled(number, draft, by_place) for number, draft in enumerate(drafts)]


def _settled(number: int, draft: Draft, solutions: Mapping[tuple[int, int], Solution]) -> Draft:
    here = {row: s for (frame, row), s in solutions.items() if frame == number}
    if not here:
        return draft
    domains = list(draft.domains)
    best = list(draft.best)
    for row, solution in here.items():
        possible, home = solution.possible, draft.home[row]
        best[row] = solution.best
        if home is not None and not solution.clean:
            # Something is wrong here whatever stands where: the printed place stays, the other is a possibility.
            best[row] = home
            possible = tuple(p | {h, b} for p, h, b in zip(possible, home, solution.best, strict=True))
        domains[row] = tuple(tuple(sorted(p)) for p in possible)
    return replace(draft, domains=tuple(domains), best=tuple(best), why=draft.why + ", then of the other tables")


def _costs(draft: Draft) -> tuple[int, ...]:
    """How unusual each column is: printed order, those that offices use most first."""
    usual = {c.id for c in draft.spec.columns if c.usual}
    return tuple(i + (100 if usual and c not in usual else 0) for i, c in enumerate(draft.columns))
