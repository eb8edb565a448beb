"""The deterministic reader: tokens, rows, structure, then the columns that make the identities hold.

No network and no model. A number is put into a column because it is printed there (grids), or because every
reading that breaks the fewest identities puts it there; else the cell is ambiguous and says so.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.chunks import Chunk
from extractor.generic import GENERIC
from extractor.normalize import Line, squeeze
from extractor.specs import Catalogue, TableSpec

from . import structure
from .beside_blocks import sorted_out
from .body import Body
from .codes import doubt_codes, printed_names, rivals, siblings
from .columns import MORE, Layout, columns_by_name
from .cpsat import effort
from .disproved import kept
from .draft import Draft, narrow, start
from .fitting import fitting, hinted, overfull
from .flow import flow_rows
from .grid import grid_rows
from .hints import Hint
from .items import UNNAMED, item_rows, only_names
from .labelled import labelled_rows
from .labels import TOTALS, Labels, labels_of
from .purchases import purchases
from .rows import RawRow
from .settle import settle
from .unknown import as_printed, of_other_classes
from .wide import wide

_FEW = 4  # one row in so many may have more numbers than columns: one that lost its label
_FIRST = {"functional": "2", "economic": "3", "": "23"}  # digits of the codes
_CLASS = 3  # digits of a class
_BONDS = "98"  # the second level of what special treasury bonds (超长期特别国债) pay for, in every class
_STRANGE = "most of its row labels are unknown"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A table whose layout the reader doesn't know; the numbers are listed as not read."""

    chunk: Chunk
    reason: str


def read(
    lines: Sequence[Line], chunks: Sequence[Chunk], catalogue: Catalogue, hints: Mapping[int, Hint] | None = None
) -> tuple[list[Draft], list[Unknown]]:
    """Read the chunks of one disclosure; ``hints`` say what tables look like, by the chunk's first line."""
    labels = labels_of(catalogue)
    bodies: list[tuple[Chunk, TableSpec, Body]] = []
    labelled: dict[int, list[RawRow]] = {}
    layouts: dict[str, Layout] = {}
    unknown: list[Unknown] = []
    for number, chunk in enumerate(chunks, 1):
        hint = (hints or {}).get(chunk.first)
        if hint is not None:
            spec, body, verdict = hinted(lines, chunk, hint, labels, number)
            bodies.append((chunk, spec, body))
            layouts[spec.id] = verdict
            continue
        fitted = fitting(lines, chunk, catalogue, labels) if chunk.spec else None
        if fitted is None or (fitted[1].grid and of_other_classes(fitted[1], fitted[0])):
            told = as_printed(lines, chunk, labels, number)
            if told is not None:
                bodies.append((chunk, told[0], told[1]))
                layouts[told[0].id] = told[2]
                continue
        if fitted is None:
            unknown.append(Unknown(chunk, "no spec describes this table"))
            continue
        spec, body, verdict, labelled[chunk.first] = fitted
        if verdict.known:
            bodies.append((chunk, spec, body))
            layouts[spec.id] = verdict
        else:
            unknown.append(Unknown(chunk, verdict.reason))
    drafts, odd = _part(bodies, labels, layouts, labelled)
    length = sum(len(lines[i].text) for chunk in chunks for piece in chunk.pieces for i in piece)
    settled, refuted = kept(settle(drafts, layouts, catalogue, effort(length)))
    return settled, [*unknown, *odd, *(Unknown(draft.chunk, reason) for draft, reason in refuted)]


def _part(
    bodies: Sequence[tuple[Chunk, TableSpec, Body]], labels: Labels, layouts: Mapping[str, Layout],
    labelled: Mapping[int, list[RawRow]],
) -> tuple[list[Draft], list[Unknown]]:  # fmt: skip
    """Read the tables of one disclosure together: names and columns settle each other."""
    votes = _votes(bodies, labels, labels.names)
    names = {**labels.names, **printed_names(votes, labels.names)}
    others, beside = rivals(votes, labels), siblings(names)
    offices = frozenset(body.office for _, _, body in bodies if body.office)
    drafts, unknown = [], []
    units: frozenset[str] = offices
    for chunk, spec, body in sorted(bodies, key=lambda b: b[1].shape == "items"):
        if spec.shape == "wide" and not body.empty:
            placed = wide(chunk, spec, body)
            if isinstance(placed, str):
                unknown.append(Unknown(chunk, placed))
            else:
                drafts.append(placed)
            continue
        rows = labelled.get(chunk.first) or _rows(body, spec, labels, names, units)
        if spec.shape == "projects":
            units |= {r.bare for r in rows if r.kind == "unit"}
        doubt_codes(rows, names, others, beside, labels)
        for row in rows:
            if body.doubts:
                row.doubt = row.doubt or next((body.doubts[t.line] for t in row.items if t.line in body.doubts), "")
        if spec.shape == "coded" and not body.grid:
            _doubt_all(rows)
        misfit = _misfit(rows, spec, body, layouts[spec.id])
        if misfit:
            unknown.append(Unknown(chunk, misfit))
            continue
        drafts.append(start(chunk, spec, body, rows, layouts[spec.id]))
    _doubt_classes(drafts)
    drafts.sort(key=lambda d: d.chunk.first)
    return [d if d.best else narrow(d) for d in drafts], unknown


def _rows(
    body: Body, spec: TableSpec, labels: Labels, names: Mapping[str, str], offices: frozenset[str]
) -> list[RawRow]:
    if spec.shape in ("coded", "projects"):
        rows = _coded(body, spec, labels, names)
        _of_other_tables(rows, spec)
        _of_columns(rows, spec)
        labelled = frozenset(squeeze(r.label) for r in spec.left)
        if spec.shape == "projects":
            structure.projects(rows)
        elif not structure.by_names(rows, labels.catalogue, _FIRST[spec.classification or ""]):
            structure.coded(rows, labelled)
    elif spec.shape == "items":
        rows = item_rows(body)
        if body.grid and not body.header_lines and spec.tree == GENERIC:
            structure.flat(rows)  # read as printed: its total is the sum of all
            return rows
        named = only_names(body, rows)
        bought = purchases(body, labels.catalogue.names) if body.grid or not named else None
        if bought or not named:
            return bought or [replace(row, doubt=UNNAMED) for row in rows]
        structure.items(rows, offices)
    else:
        rows = labelled_rows(body, spec, labels)
    return rows


def _coded(body: Body, spec: TableSpec, labels: Labels, names: Mapping[str, str]) -> list[RawRow]:
    """Read the rows of a coded or project table; ``names`` by code settle wrapped names."""
    if body.grid:
        return grid_rows(body, spec, labels)
    rows = flow_rows(body, spec, labels, names)
    return sorted_out(rows, labels.catalogue.names) if body.blocks else rows


def _of_other_tables(rows: Sequence[RawRow], spec: TableSpec) -> None:
    """Doubt the rows of classes that the table can't have; special treasury bonds (98) pay for any class."""
    codes = [row.code for row in rows if row.code and row.code.startswith(spec.never)]
    of_bonds = {code for code in codes if code[_CLASS : _CLASS + 2] == _BONDS}
    others = {code[:_CLASS] for code in codes if len(code) > _CLASS and code not in of_bonds}
    of_bonds |= {code[:_CLASS] for code in of_bonds} - others
    for row in rows:
        if row.code and row.code.startswith(spec.never) and row.code not in of_bonds:
            row.doubt = f"{row.code} is of a class that this table never has; its title may be another table's"


def _of_columns(rows: Sequence[RawRow], spec: TableSpec) -> None:
    """Tell the names of columns from those of rows in a table without codes."""
    if any(row.code for row in rows):
        return
    names = columns_by_name(spec)
    for row in rows:
        if row.bare in names and row.bare not in TOTALS:
            row.label, row.doubt = ([], "") if len(rows) == 1 else (row.label, "its name is that of a column")


def _doubt_all(rows: Sequence[RawRow]) -> None:
    """Doubt every row of a table of which most are in doubt: codes, names and amounts stand apart."""
    numbered = [row for row in rows if row.items]
    if sum(bool(row.doubt) for row in numbered) * 2 > len(numbered):
        for row in numbered:
            row.doubt = row.doubt or "most rows of its table are in doubt"


def _doubt_classes(drafts: Sequence[Draft]) -> None:
    """Doubt classes of two-sided tables in text without cells that no table of codes has: amounts may have slipped."""
    listed: dict[int, set[str]] = {}
    for draft in drafts:
        if draft.spec.shape == "coded" and draft.spec.classification == "functional":
            found = {row.code[:3] for row in draft.rows if row.code and row.items}
            listed.setdefault(draft.chunk.part, set()).update(found)
    for draft in drafts:
        known = listed.get(draft.chunk.part)
        if draft.spec.shape != "two_sided" or draft.body.grid or not known:
            continue
        for row in draft.rows:
            spent = any(t.amount is not None and t.amount.value for t in row.items)  # a zero of it is as it should be
            if spent and row.kind == "code" and row.role and row.role.isdigit() and row.role not in known:
                row.doubt = row.doubt or "no other table has an amount of this class"


def _votes(
    bodies: Sequence[tuple[Chunk, TableSpec, Body]], labels: Labels, names: Mapping[str, str]
) -> dict[str, Counter[str]]:
    """Count how often this document prints each name beside each code."""
    votes: dict[str, Counter[str]] = {}
    for _, spec, body in bodies:
        if spec.shape == "coded":
            for row in _coded(body, spec, labels, names):
                if row.code and row.label:
                    votes.setdefault(row.code, Counter())[row.text] += 1
    return votes


def _misfit(rows: Sequence[RawRow], spec: TableSpec, body: Body, header: Layout) -> str:
    """Say why rows don't fit a spec, or return an empty string: better no table than one under wrong names."""
    totals = [r for r in rows if r.kind == "total" and not body.grid and spec.shape == "coded"]
    if overfull(rows, spec, header) * _FEW > len(rows) or overfull(totals, spec, header):
        return MORE
    numbered = [r for r in rows if r.items]
    if not numbered and any(t.priced for line in body.lines for t in line):
        return "its rows have another shape than the spec's"
    if spec.shape == "items" and any(r.doubt == UNNAMED for r in rows):
        return UNNAMED
    if not numbered and not body.lines and any(c.isdigit() for c in body.header) and "." in body.header:
        return "its rows have another shape than the spec's"
    labelled = [r for r in numbered if not r.code and r.side == "left"]
    if spec.shape in ("two_sided", "labels") and labelled:
        known = sum(1 for r in labelled if r.role is not None)
        if known * 4 < len(labelled) * 3:
            if not body.grid:
                return _STRANGE
            for row in (r for r in rows if r.side == "left" and not r.code):
                row.role = row.parent = None  # its cells are sure, its place among others isn't
                row.doubt = _STRANGE
    return ""
