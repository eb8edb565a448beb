"""The columns of a header with groups, in text without cells, as a table's spec has them."""

from collections.abc import Mapping
from dataclasses import replace

from extractor.identities import printed_parts
from extractor.normalize import squeeze
from extractor.specs import Catalogue, TableSpec

from .body import Body, Raw, prepare
from .columns import Layout, columns_by_name, is_name, looks_misread, may_be, strangeness
from .flow import flow_rows
from .fragments import whole_names
from .group_ways import repeated
from .groups import Grouped, grouped
from .heads import named, strangers
from .items import item_rows
from .labels import Labels

_LINES = 2  # of a header with groups


def in_groups(
    raw: Raw, best: tuple[TableSpec, Body, Layout], catalogue: Catalogue, labels: Labels
) -> tuple[TableSpec, Body, Layout] | None:
    """Take the columns of a header in several lines as its groups have them, where sums settle which those are."""
    spec, body, known = best
    if body.grid or len(body.pieces) < _LINES or (body.blocks and not repeated(body.pieces)):
        return None
    body = replace(body, blocks=False)
    if spec.shape not in ("coded", "items"):
        return None
    header = body.pieces if _is_whole(body) else whole_names(body.pieces)
    rows = flow_rows(body, spec, labels, {}) if spec.shape == "coded" else item_rows(body)
    found = grouped(header, rows) if header else None
    if found is None:
        return None
    told = [(s, named(found.columns, columns_by_name(s))) for s in catalogue.layouts(spec.id) if s.shape == spec.shape]
    told = [(s, names) for s, names in told if names and _fits(s, names)]
    told = [(s, names) for s, names in told if not any(_misread(name) for name in names.values())]
    told = [(s, names) for s, names in told if _agrees(s, tuple(names), found)]
    if not told:
        return None
    spec, names = min(told, key=lambda t: strangeness(tuple(t[1]), t[0]))
    ids = tuple(names)
    if known.known and (
        ids in (known.columns, known.printed)
        or (len(ids) < len(known.columns) and _lost(known, ids, found))
        or (len(ids) == len(known.columns) and strangeness(ids, spec) > known.strange)
    ):
        return None  # it has the same order, misses known names or has strange ones in their place
    verdict = Layout(known=True, columns=ids, printed=ids, short=ids, labels=names, sums=found.sums)
    return spec, replace(prepare(raw, spec, labels), blocks=False), verdict


def _misread(name: str) -> bool:
    """Whether the name of a column, or that of the group it stands in, may be misread."""
    return looks_misread(name) or any(map(may_be, name.split("/")))


def _lost(known: Layout, ids: tuple[str, ...], found: Grouped) -> list[str]:
    """Return the columns that were known and are none now, but for what is a group, or the sum of one."""
    groups = {part for path in found.columns for part in path}
    return [c for c in known.columns if c not in ids and c not in groups]


def _is_whole(body: Body) -> bool:
    """Whether the pieces of a header that may make up longer names are all names themselves."""
    lines = {squeeze(line.text) for line in body.header_lines}
    return not body.fragments or all(is_name(p) for line in body.pieces if (p := squeeze(line.text)) not in lines)


def _fits(spec: TableSpec, names: Mapping[str, str]) -> bool:
    """Whether a spec's first column is the first of a header, or it knows most of the others."""
    return next(iter(names)) == spec.column_ids[0] or strangers(names, spec) * 2 <= len(names)


def _agrees(spec: TableSpec, ids: tuple[str, ...], found: Grouped) -> bool:
    """Whether the sums of a spec are those of a header's groups: 小计 may be of more than they say."""
    if set(ids) - {c.id for c in (*spec.columns, *spec.more)}:
        return True  # of columns that a spec doesn't know it asks for no sum
    own = {ids[total]: {ids[p] for p in parts} for total, parts in found.sums}
    rules = [(rule.totals[0], set(printed_parts(rule, spec, ids))) for rule in spec.row_sums if len(rule.totals) == 1]
    return all(own.get(total) == parts for total, parts in rules if total in ids and parts)
