"""Amounts that are told by the name above their cell: a column whose amounts all are whole numbers, as 246 or 0."""

from collections.abc import Sequence
from dataclasses import replace

from extractor.normalize import Line
from extractor.specs import TableSpec

from .columns import columns_by_name
from .labels import undated
from .tokens import Token, cells

_SHAPES = frozenset({"labels", "two_sided"})  # no codes in front, which a shifted line could bring below a name


def priced_below(
    lines: Sequence[list[Token]], header: Sequence[Line], layouts: Sequence[TableSpec]
) -> list[list[Token]]:
    """Mark the whole numbers of a grid that stand below the name of an amount and have no point anywhere."""
    if layouts[0].shape not in _SHAPES:
        return list(lines)
    leaves = {i: name for line in header for i, (_, text) in enumerate(cells(line.text)) if (name := undated(text))}
    found = [t for line in lines for t in line if t.kind == "number"]
    pointed = {t.cell for t in found if t.priced}
    whole = {t.cell for t in found} - pointed
    named = {i for i in whole if i is not None and any(leaves.get(i, "") in columns_by_name(spec) for spec in layouts)}
    if not named:
        return list(lines)
    return [[replace(t, money=True) if t.whole and t.cell in named else t for t in line] for line in lines]
