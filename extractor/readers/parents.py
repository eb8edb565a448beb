"""Which row of a table with labels each row is a part of, where the spec knows one of the two, or none."""

import re
from collections.abc import Container, Mapping, Sequence
from decimal import Decimal

from extractor.amount import half_unit
from extractor.specs import RowSpec, TableSpec, split_label, walk

from .labels import Labels
from .rows import RawRow

_OF_WHICH = re.compile(r"其中")


def find_parents(
    rows: Sequence[RawRow], paths: Mapping[int, tuple[RowSpec, ...]], labels: Labels, spec: TableSpec
) -> None:
    """Tell each row which one it is a part of, and doubt those that may be parts of one that the spec doesn't know.

    ``paths`` are the rows' places in the spec by their numbers.
    """
    where = {path: index for index, path in paths.items()}
    for index, path in paths.items():
        rows[index].parent = None if path[-1].of_which else _printed_parent(path[:-1], where)
    _strangers(rows)
    _parts_of_known(rows)
    orphans = {i for i in paths if any(_lost(p, where) for p in labels.paths(rows[i].text, spec))}
    _below_strangers(rows, orphans, {i: where.get(p[:-1]) for i, p in paths.items()})
    _parts_of_lost(rows, paths, where)
    if spec.right:
        of_classes = next((p for p in walk((spec.right.total,)) if p[-1].classes), (spec.right.total,))
        parent = _printed_parent(of_classes, where)
        for row in rows:
            if row.side == "right" and row.kind == "code" and row.role and len(row.role) == 3:
                row.parent = parent


def _lost(path: tuple[RowSpec, ...], where: Container[tuple[RowSpec, ...]]) -> bool:
    """Whether what a row is a part of isn't printed."""
    return len(path) > 1 and not path[-2].top and path[:-1] not in where


def _strangers(rows: Sequence[RawRow]) -> None:
    """Make rows of the left side that the spec doesn't know parts of what the rows around them are parts of.

    Numbered rows go with those that are numbered alike (一、 二、), others where the rows above and
    below agree; and only if that makes the sum hold, which lacks them: what such a row is stays in doubt.
    """
    left = [row for row in rows if row.side == "left" and not row.code]
    above, below = _alike(left), _alike(left[::-1])[::-1]
    parts: dict[int, list[Decimal]] = {r.parent: [] for r in left if r.parent is not None}
    for row in rows:
        if row.parent in parts:
            parts[row.parent].append(_amount(row))
    sums = {parent: (sum(amounts, Decimal(0)), len(amounts)) for parent, amounts in parts.items()}
    for index, row in enumerate(left):
        if row.role is not None or not row.items or _OF_WHICH.match(row.text):
            continue
        alike = (above[index], below[index])
        parents = {r.parent for r in alike if r is not None}
        parent = parents.pop() if len(parents) == 1 and (_numbering(row) or None not in alike) else None
        asked = [parent] if parent is not None else sorted(sums)
        lacking = [p for p in asked if _lacks(_amount(rows[p]), sums[p], _amount(row))]
        if len(lacking) == 1:
            row.parent = lacking[0]
            total, count = sums[row.parent]
            sums[row.parent] = (total + _amount(row), count + 1)


def _alike(rows: Sequence[RawRow]) -> list[RawRow | None]:
    """Return for each row the last one up to it that the spec knows and that is numbered alike."""
    last: dict[str, RawRow] = {}
    out = []
    for row in rows:
        numbering = _numbering(row)
        if row.role is not None:
            last[numbering] = row
        out.append(last.get(numbering))
    return out


def _parts_of_known(rows: Sequence[RawRow]) -> None:
    """Put rows that the spec doesn't know, numbered otherwise, under the row above: sure where they add up to it."""
    left = [(index, row) for index, row in enumerate(rows) if row.side == "left" and not row.code]
    at = 0
    while at < len(left):
        index, above = left[at]
        end = at + 1
        if above.role is not None and _numbering(above):
            while end < len(left) and _is_below(left[end][1], above):
                end += 1
        parts = [row for _, row in left[at + 1 : end]]
        whole = _amount(above)
        sure = bool(parts) and whole and abs(sum(map(_amount, parts)) - whole) <= half_unit(whole) * (len(parts) + 1)
        for row in parts:
            row.key = f"{above.key}/{row.bare}"
            if sure:
                row.parent, row.doubt = index, ""
        at = end


def _is_below(row: RawRow, above: RawRow) -> bool:
    numbering = _numbering(row)
    return row.role is None and row.parent is None and bool(numbering) and numbering != _numbering(above)


def _below_strangers(rows: Sequence[RawRow], orphans: Container[int], over: Mapping[int, int | None]) -> None:
    """Doubt the rows that may stand under a row that the spec doesn't know, and their parts.

    It is numbered, and they otherwise; or not at all, and the row that the spec may have above them isn't printed.
    Below one without a number only the latter.
    """
    above, kind = "", ""
    doubted = set[int]()
    for index, row in enumerate(rows):
        if row.side != "left" or row.code:
            continue
        numbering = _numbering(row)
        if row.role is None:
            above, kind = (row.bare, numbering) if row.items else (above, kind)
        elif kind == numbering != "" or not ((kind and numbering) or index in orphans or over.get(index) in doubted):
            above = ""
        elif above:
            doubted.add(index)
            if row.items:
                row.doubt = row.doubt or f"{above} above it is none of the table's rows; it may be a part of that"


def _parts_of_lost(
    rows: Sequence[RawRow], paths: Mapping[int, tuple[RowSpec, ...]], where: Container[tuple[RowSpec, ...]]
) -> None:
    """Doubt rows whose keys lack what they are a part of, where its name stands in a row that has no place."""
    strange = {row.bare for row in rows if row.role is None and row.items}
    for index, path in paths.items() if strange else ():
        above = [path[depth - 1] for depth in range(1, len(path)) if path[:depth] not in where]
        names = {split_label(name)[1] for step in above for name in (step.label, *step.aliases)}
        if rows[index].items and not strange.isdisjoint(names):
            found = min(strange & names)
            rows[index].doubt = rows[index].doubt or f"{found} has no place in the table; it may be a part of that"


def _lacks(whole: Decimal, parts: tuple[Decimal, int], own: Decimal) -> bool:
    """Whether parts, told by their sum and number, add up to the whole with one amount more, and don't without it."""
    total, count = parts
    slack = half_unit(whole) * (count + 2)
    return abs(whole - total - own) <= slack < abs(whole - total)


def _amount(row: RawRow) -> Decimal:
    return next((t.amount.value for t in row.items if t.amount), Decimal(0))


def _numbering(row: RawRow) -> str:
    """What a row's number looks like: ``一、``, ``(一)``, ``1.``, or nothing."""
    number = split_label(row.text)[0]
    if number is None:
        return ""
    printed = row.text[: row.text.find(number) + len(number) + 1]
    return re.sub(r"[一二三四五六七八九十]+", "一", re.sub(r"\d+", "1", printed))


def _printed_parent(path: tuple[RowSpec, ...], where: Mapping[tuple[RowSpec, ...], int]) -> int | None:
    """Return the row of a path; where it prints no amount, what it is a part of takes its place."""
    while path and (path[-1].heading or path not in where):
        path = path[:-1]
    return where.get(path)
