"""Drafts: tables with rows, and for each number the columns that are still possible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from extractor.amount import scale_of
from extractor.chunks import Chunk
from extractor.identities import Frame, FrameRow, Instance, Outcome, Ref, evaluate, within
from extractor.records import Finding
from extractor.specs import TableSpec, is_final

from .body import Body
from .columns import Layout
from .group_sums import places
from .groups import in_units
from .place import Sides, free, grid_base, narrowed, positional, room, width_of
from .rows import RawRow


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
        reader: Who read it.
        labels: Printed names by column id, where the table isn't in its first layout.
        steps: Who tried to read it, and what came of that.
        doubts: Why a number may belong elsewhere, by the offset at which it is printed.
        sides: The columns of each side, where they have others.
        ways: The table in each of the few ways that add up, where there are several.
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
    reader: str = "deterministic"
    labels: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    doubts: Mapping[int, str] = field(default_factory=dict)
    sides: Sides | None = None
    ways: tuple["Draft", ...] = ()

    def frame(self) -> Frame:
        """Return the skeleton for the identities."""
        rows = tuple(FrameRow(r.role, r.parent, "right" if r.side == "right" else "left", r.key) for r in self.rows)
        scale = scale_of(self.body.unit)
        return Frame(
            self.spec.id, self.chunk.part, self.columns, rows, self.body.empty, scale, self.body.decimals,
            self.spec.layout, is_final(self.chunk.title), labels=self.labels,
        )  # fmt: skip

    def values(self, row: int) -> tuple[Decimal | None, ...]:
        """Numbers of a row in printed order, None for dashes."""
        return tuple(t.amount.value if t.amount else None for t in self.rows[row].items)

    def chosen(self, number: int) -> dict[Ref, Decimal]:
        """Values in their preferred columns, as cells of frame ``number``."""
        return {
            Ref(number, row, self.columns[place]): value
            for row, places in enumerate(self.best)
            for place, value in zip(places, self.values(row), strict=True)
            if value is not None
        }

    def violated(self) -> list[tuple[Instance, Outcome]]:
        """Identities within the table that the preferred reading violates."""
        frame, values = self.frame(), self.chosen(0)
        outcomes = ((i, evaluate(i, [frame], values)) for i in within(0, frame, self.spec))
        return [(i, o) for i, o in outcomes if o.verdict == "violated"]

    def fixed(self, number: int, row: int) -> dict[Ref, Decimal]:
        """Values of the items of a row that have one possible column, as cells of frame ``number``."""
        ids = self.columns
        pairs = zip(self.values(row), self.domains[row], strict=True)
        return {Ref(number, row, ids[d[0]]): v for v, d in pairs if len(d) == 1 and v is not None}


def start(chunk: Chunk, spec: TableSpec, body: Body, rows: Sequence[RawRow], header: Layout) -> Draft:
    """Give the numbers of each row the columns where a grid prints them, or every column that order allows."""
    columns = header.columns
    wide = [row for row in rows if width_of(row, spec, columns, header.sides) > 1]
    base = grid_base(wide) if body.grid else None
    named = header.first_cell
    if (
        base is not None
        and named is not None
        and named < base
        and all(positional(r, named, len(columns)) for r in wide)
    ):
        base = named  # the first column is empty in most rows
    homes: list[tuple[int, ...] | None] = []
    domains: list[tuple[tuple[int, ...], ...]] = []
    findings: list[Finding] = []
    for row in rows:
        here = room(row, spec, columns, header.sides)
        width = len(here)
        if len(row.items) > width:
            findings.append(_too_many(row, spec, width))
            row.items = row.items[:0]
        home = positional(row, base, width) if base is not None and width > 1 else None
        home = tuple(here[c] for c in home) if home is not None else None
        homes.append(home)
        possible = tuple((c,) for c in home) if home is not None else _possible(row, here, header)
        domains.append(possible)
    # A header that lacks a name in a grid: the columns to its right may be one off.
    other = header.short if body.grid or header.doubtful else columns
    return Draft(
        chunk, spec, body, tuple(rows), columns, other, tuple(domains), tuple(homes), findings=tuple(findings),
        labels=header.labels, sides=header.sides,
    )  # fmt: skip


def _possible(row: RawRow, here: tuple[int, ...], header: Layout) -> tuple[tuple[int, ...], ...]:
    """Return the columns of a row's numbers that their order allows, and the sums of the header's groups, if any do.

    ``here`` are the columns that it may use. Where both sides have others, the sums are those of the right one.
    """
    found = _by_order(row, len(here), header)
    return tuple(tuple(here[c] for c in domain) for domain in found)


def _by_order(row: RawRow, width: int, header: Layout) -> tuple[tuple[int, ...], ...]:
    if not header.sums or (header.sides is not None and row.side != "right"):
        return free(len(row.items), width)
    decimals = max((t.amount.decimals for t in row.items if t.amount), default=0)
    amounts = in_units(row.items, decimals)
    found = list(places(amounts, width, header.sums)) if amounts else []
    if not found:
        return free(len(row.items), width)
    return tuple(tuple(sorted({place[i] for place in found})) for i in range(len(row.items)))


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


def narrow(draft: Draft) -> Draft:
    """Narrow the columns of each row by the identities along it, and where a grid breaks them, widen."""
    frame = draft.frame()
    inside = list(within(0, frame, draft.spec))
    why = "sums of the table"
    if draft.body.grid:
        draft, why = _widened(draft, frame, inside)
    along: dict[int, list[Instance]] = {}
    for instance in inside:
        rows = {r.row for r in instance.refs}
        if len(rows) == 1 and instance.relation != "at-most":
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
        _anywhere(draft, row) if i in suspects else d
        for i, (row, d) in enumerate(zip(draft.rows, draft.domains, strict=True))
    ]
    return replace(draft, domains=tuple(domains)), "printed cells and the sums of the table"


def _anywhere(draft: Draft, row: RawRow) -> tuple[tuple[int, ...], ...]:
    """Return the columns of a row's numbers that their order allows."""
    here = room(row, draft.spec, draft.columns, draft.sides)
    return tuple(tuple(here[c] for c in domain) for domain in free(len(row.items), len(here)))
