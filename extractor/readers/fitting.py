"""Which layout of its spec a table is in: the one that its header and row labels are known best in, or a hint's."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from extractor.chunks import Chunk
from extractor.errors import SpecError
from extractor.normalize import Line, squeeze
from extractor.specs import Catalogue, TableSpec, is_final

from .body import Body, Raw, prepare, tokens_of
from .columns import MORE, Layout, adrift, columns_by_name, in_line_order, told_apart, whole
from .flat import in_a_row
from .flow import flow_rows
from .group_columns import in_groups
from .group_words import names_rows
from .header import layout
from .hints import OTHER, Form, Hint, forms
from .labelled import labelled_rows
from .labels import HEADER_WORDS, TOTALS, Labels, undated
from .place import width_of
from .rows import RawRow
from .tokens import split_header
from .two_sides import without_cells
from .wide import names_items

_LABELLED = ("two_sided", "labels")  # shapes of tables whose rows are told by their labels
_UNFIT = 10_000
_SUBTOTAL = "小计"
_BEGIN = 3  # characters by which a column's name is told in a header
_WITH_NUMBERS = 10  # so many unknown labels without a number weigh as much as one with a number


def fitting(
    lines: Sequence[Line], chunk: Chunk, catalogue: Catalogue, labels: Labels
) -> tuple[TableSpec, Body, Layout, list[RawRow]]:
    """Choose among the layouts of a table: the first one whose header and row labels are known best.

    Returns:
        The spec, the lines, the columns; and the rows of a table with labels, which are read for that.

    Raises:
        SpecError: No spec describes the chunk.
    """
    raw = tokens_of(lines, chunk, labels)
    layouts = catalogue.layouts(chunk.spec or "")
    if layouts and (head := raw.head):
        endless = Layout(known=False, reason="its header has no end: hundreds of lines have no number")
        return layouts[0], prepare(head, layouts[0], labels), endless, []
    return _best(raw, chunk, catalogue, labels)


def _best(
    raw: Raw, chunk: Chunk, catalogue: Catalogue, labels: Labels
) -> tuple[TableSpec, Body, Layout, list[RawRow]]:  # fmt: skip
    best: tuple[TableSpec, Body, Layout] | None = None
    coded: tuple[TableSpec, Body, Layout] | None = None
    least, chosen = 0, list[RawRow]()
    for spec in catalogue.layouts(chunk.spec or ""):
        body = prepare(raw, spec, labels)
        verdict = _verdict(body, spec, catalogue, labels, chunk.title)
        known = verdict.known
        if (
            best is not None
            and best[2].known
            and spec.shape == "coded"
            and not set(verdict.columns) - set(best[2].columns)
        ):
            continue  # it names nothing that the layout before it doesn't name
        if coded is None and spec.shape == "coded":
            coded = (spec, body, verdict)
        if best is not None and known and verdict.strange >= least:
            continue  # it explains no more
        rows = _labelled(body, spec, labels) if known else []
        crowded = _crowded(body, spec, verdict, labels, rows) if known else 0
        strange = (
            _strange(body, spec, labels, rows) + verdict.strange + crowded + _overlooked(body, spec, verdict)
            if known
            else _UNFIT
        )
        if best is None or strange < least:
            best, least, chosen = (spec, body, verdict), strange, rows
        if not strange:
            break
    if best is None:
        raise SpecError(f"no layout of {chunk.spec}")
    if coded is not None and best[0].shape in ("labels", "items") and not raw.grid and _coded_rows(coded, labels):
        best, chosen = coded, []  # a table of codes is none of names
    grouped = in_groups(raw, best, catalogue, labels)
    if not grouped and not raw.grid and best[0].layout and best[2].known and _overlooked(best[1], best[0], best[2]):
        best = (best[0], best[1], Layout(known=False, reason="its header prints 小计 that none of its columns is"))
    spec, body, verdict = grouped or best
    return spec, body, told_apart(_as_printed(verdict, spec, body)), [] if grouped else chosen


def _as_printed(verdict: Layout, spec: TableSpec, body: Body) -> Layout:
    """Return a layout with the names of its columns as they are printed: 小计 for the sum of all, and whole ones."""
    if not spec.layout and verdict.known and _of_all(body, spec, verdict):
        return replace(verdict, labels={**verdict.labels, spec.column_ids[0]: _SUBTOTAL})
    if body.grid or not verdict.labels:
        return verdict
    pieces, by_name = [split_header(line.text) for line in body.pieces], columns_by_name(spec)
    if spec.shape == "coded" and not body.blocks:
        verdict = adrift(in_line_order(verdict, pieces, by_name), pieces, by_name)
    return whole(verdict, pieces, by_name)


def _labelled(body: Body, spec: TableSpec, labels: Labels) -> list[RawRow]:
    """Return the rows of a table with labels; of another one none."""
    return labelled_rows(body, spec, labels) if spec.shape in _LABELLED else []


def _verdict(body: Body, spec: TableSpec, catalogue: Catalogue, labels: Labels, title: str) -> Layout:
    """Compare a header with a spec; in text without cells it may also name all columns one after the other."""
    verdict = layout(body, spec)
    if body.grid:
        if any(names_rows(column) for column in verdict.columns if column not in spec.column_ids):
            return Layout(known=False, reason="its amounts stand below the name of a column of words")
        return _of_two_names(verdict, spec)
    if body.lines and not body.header and spec.shape == "coded" and len(spec.columns) > 1 and is_final(title):
        return Layout(known=False, reason="its header is missing")  # its columns may be those of several layouts
    if spec.shape == "labels" and body.lines:
        verdict = in_a_row(body, spec, labels, verdict)
    if spec.shape == "two_sided" and body.lines:
        verdict = without_cells(body, spec, labels, verdict)
        if verdict.known and verdict.sides is None and _unnamed(body, spec, labels, verdict):
            return Layout(known=False, reason=MORE)
    if verdict.known and spec.shape == "labels" and _of_rows(verdict, spec, catalogue, labels):
        return Layout(known=False, reason="its columns are named as its rows are, or those of other layouts")
    if verdict.known and _other_columns(body, spec, catalogue):
        return Layout(known=False, reason="its header names columns that only other layouts have")
    return _out_of_order(body, spec, labels, verdict) if verdict.known and body.astray else verdict


def _of_two_names(verdict: Layout, spec: TableSpec) -> Layout:
    """Take a column whose name is those of two in one cell for either of them: which, its amounts don't tell."""
    known, by_name = {c.id for c in (*spec.columns, *spec.more)}, columns_by_name(spec)
    both = {
        c: (by_name[c[:i]][0], by_name[c[i:]][0])
        for c in verdict.columns if c not in known
        for i in range(1, len(c)) if c[:i] in by_name and c[i:] in by_name
    }  # fmt: skip
    ways = [tuple(both[c][i] if c in both else c for c in verdict.columns) for i in (0, 1)]
    if not both or any(len({*way}) < len(way) for way in ways):
        return verdict
    return replace(verdict, columns=ways[0], printed=ways[0], short=ways[1], doubtful=True)


def _unnamed(body: Body, spec: TableSpec, labels: Labels, verdict: Layout) -> bool:
    """Whether rows fill more columns than a header names: one of them has another name, which isn't the spec's."""
    named = len(verdict.short) if len(verdict.short) < len(verdict.columns) else 0
    return bool(named) and any(len(row.items) > named for row in labelled_rows(body, spec, labels))


def _out_of_order(body: Body, spec: TableSpec, labels: Labels, verdict: Layout) -> Layout:
    """Doubt the order of columns some of whose names stand among the rows, where the others are too few for a row."""
    by_name = columns_by_name(spec)
    astray = {i for line in body.astray for i in by_name.get(undated(line.text), ())}
    if verdict.printed != verdict.columns:
        return replace(verdict, printed=verdict.columns, short=verdict.printed, doubtful=True)
    rows = flow_rows(body, spec, labels, {}) if spec.shape == "coded" else labelled_rows(body, spec, labels)
    if max((len(row.items) for row in rows), default=0) <= sum(c not in astray for c in verdict.columns):
        return verdict
    first, *rest = verdict.columns
    other = (first, *reversed(rest)) if first not in astray and len(rest) > 1 else (*rest, first)
    return replace(verdict, short=other, doubtful=True)


def _coded_rows(told: tuple[TableSpec, Body, Layout], labels: Labels) -> bool:
    """Whether most rows of a table in text without cells have a code."""
    rows = flow_rows(told[1], told[0], labels, {})
    return sum(bool(row.code) for row in rows) * 2 > len(rows)


def hinted(
    lines: Sequence[Line], chunk: Chunk, hint: Hint, labels: Labels, number: int
) -> tuple[TableSpec, Body, Layout]:
    """Take a table as a hint describes it: the layout of its spec that knows its row labels best."""
    tried = []
    raw = tokens_of(lines, chunk, labels, hint)
    for form in forms(hint, labels.catalogue, number):
        body = prepare(raw, form.spec, labels, hint)
        sure = _in_order(form, body)
        # Which of two parts of a sum is which no sum tells: then the word of whoever named them isn't enough.
        other = form.columns if sure else (form.columns[0], *reversed(form.columns[1:]))
        verdict = Layout(
            known=True, columns=form.columns, printed=form.columns, short=other, labels=form.labels, doubtful=not sure
        )
        tried.append((form.spec, body, verdict))
    if hint.table == OTHER:
        return tried[0] if _has_codes(tried[0][1], labels) else tried[1]
    return min(tried, key=lambda t: _strange(t[1], t[0], labels, _labelled(t[1], t[0], labels)))


def _in_order(form: Form, body: Body) -> bool:
    """Whether the header prints the columns' names in their order, at least where each begins."""
    position = 0
    for column in form.columns:
        name = form.labels.get(column, column).rsplit("/", 1)[-1]
        found = body.header.find(name[:_BEGIN], position)
        if found < 0:
            return False
        position = found + 1
    return True


def _has_codes(body: Body, labels: Labels) -> bool:
    """Whether most rows of a table begin with a code of a classification."""
    coded = sum(line[0].whole and line[0].text[:3] in labels.classes for line in body.lines if line)
    return coded * 2 > len(body.lines)


def _strange(body: Body, spec: TableSpec, labels: Labels, rows: Sequence[RawRow]) -> int:
    """How much of a table its layout doesn't explain: rows whose labels it doesn't have, above all with numbers."""
    if spec.shape == "wide":
        return 0 if body.empty or names_items(body, spec) else _UNFIT - 1
    if not body.lines:
        return 0 if body.empty or not any(c.isdigit() for c in body.header) else _UNFIT - 1
    if spec.shape in ("coded", "items"):
        return _WITH_NUMBERS * _of_another_kind(body, spec, labels)
    if spec.shape not in _LABELLED:
        return 0
    return sum(_WITH_NUMBERS if r.items else 1 for r in rows if not r.code and r.role is None)


def _of_another_kind(body: Body, spec: TableSpec, labels: Labels) -> int:
    """How many rows have codes in a table of names, or names where no row has one: income by item, or by office."""
    coded = sum(1 for line in body.lines if line and line[0].whole and line[0].text[:3] in labels.classes)
    named = sum(1 for line in body.lines if line and line[0].kind == "text" and squeeze(line[0].text) not in TOTALS)
    if spec.shape == "items":
        return coded
    return named if not coded and spec.id == "revenue" else 0


def _crowded(body: Body, spec: TableSpec, verdict: Layout, labels: Labels, rows: Sequence[RawRow]) -> int:
    """How many rows print more amounts than the layout has columns: all of them, where a column is missing."""
    if spec.shape == "two_sided":
        most = max((sum(t.priced for t in line) for line in body.lines), default=0)
        two = any(r.side == "right" for r in rows)
        if two and verdict.sides is None and 1 < most <= len(verdict.columns) + 1:
            return 0  # as many as both sides have columns
        return _WITH_NUMBERS * overfull(rows, spec, verdict)
    if spec.shape not in ("coded", "labels") or body.blocks:
        return 0
    lines = body.lines
    places = [t.cell for line in lines for t in line if t.priced and t.cell is not None] if body.grid else []
    if places and max(places) - min(places) >= len(verdict.columns):
        return len(lines)
    if not body.grid:
        rows = flow_rows(body, spec, labels, {}) if spec.shape == "coded" else rows
        lines = tuple(tuple(row.items) for row in rows)
    return sum(1 for line in lines if sum(t.priced for t in line) > len(verdict.columns))


def overfull(rows: Sequence[RawRow], spec: TableSpec, header: Layout) -> int:
    """How many rows have more numbers than they may use columns."""
    return sum(len(r.items) > width_of(r, spec, header.columns, header.sides) for r in rows)


def _of_rows(verdict: Layout, spec: TableSpec, catalogue: Catalogue, labels: Labels) -> bool:
    """Whether columns that a spec of labels doesn't know are rows of it, or columns of a table with other rows."""
    known = {c.id for c in (*spec.columns, *spec.more)}
    odd = {squeeze(c) for c in verdict.columns if c not in known}
    layouts = [s for s in catalogue.layouts(spec.id) if s.shape != spec.shape]
    others = {name for s in layouts for c in (*s.columns, *s.more) for name in c.plain}
    return any(labels.known(name, spec) for name in odd) or not odd.isdisjoint(others)


def _other_columns(body: Body, spec: TableSpec, catalogue: Catalogue) -> bool:
    """Whether a header prints the name of a column that only other layouts of the table have.

    Two numbers that add up to a third would be proven under the names of other two columns.
    """
    if spec.shape != "coded" or body.fragments:
        return False
    pieces = {undated(p) for line in body.header_lines for p in split_header(line.text)}
    return not pieces.isdisjoint(_elsewhere(spec, catalogue))


@lru_cache(maxsize=256)
def _elsewhere(spec: TableSpec, catalogue: Catalogue) -> frozenset[str]:
    """Names of columns that other layouts of a table have, and this one doesn't."""
    own = {name for c in (*spec.columns, *spec.more) for name in (*c.plain, squeeze(c.id))}
    layouts = [s for s in catalogue.layouts(spec.id) if s.shape == spec.shape]
    others = {name for s in layouts for c in (*s.columns, *s.more) for name in c.plain}
    return frozenset(others - own - {*HEADER_WORDS})


def _overlooked(body: Body, spec: TableSpec, verdict: Layout) -> int:
    """Whether a header prints 小计, and no column of the layout is named by it: 1, or 0."""
    printed = any(p == _SUBTOTAL for line in body.header_lines for p in split_header(line.text))
    overlooked = printed and spec.shape == "coded" and _SUBTOTAL not in verdict.labels.values()
    return int(overlooked and not _of_all(body, spec, verdict))


def _of_all(body: Body, spec: TableSpec, verdict: Layout) -> bool:
    """Whether the one 小计 that a header prints is the sum of all: 本年支出 stands above it and the others."""
    pieces = [p for line in body.header_lines for p in split_header(line.text)]
    first = spec.columns[0] if spec.columns else None
    alone = pieces.count(_SUBTOTAL) == 1 and TOTALS.isdisjoint(p for p in pieces if p != _SUBTOTAL)
    if first is None or spec.shape != "coded" or not alone or verdict.columns[:1] != (first.id,):
        return False
    return _SUBTOTAL in first.names and any(p in first.names for p in pieces if p != _SUBTOTAL)
