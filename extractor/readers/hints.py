"""Hints: what somebody else says about a table's layout, for the deterministic reader to read its numbers with.

A hint holds no number of the table: which table it is, what its columns are from left to right, where its rows begin,
and which lines are none of it. A wrong hint makes sums fail, and is then not taken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from extractor.generic import GENERIC, PREFIX
from extractor.normalize import squeeze
from extractor.specs import Catalogue, Column, RowSum, TableSpec

OTHER = "other"  # a table that no spec describes
_TOTALS = frozenset({"合计", "总计", "小计", "合计金额", "总计金额"})


@dataclass(frozen=True, slots=True)
class Hint:
    """What a table looks like.

    Attributes:
        table: Table id, or ``other``.
        columns: Number columns from left to right, by id or by printed name.
        first_row: 1-based line of the first row; 0 where it isn't told.
        skip: Lines that are no part of the table: notes, page numbers.
        totals: Take columns named 合计 and the like for the sums of those behind them, where no spec tells.
    """

    table: str
    columns: tuple[str, ...]
    first_row: int = 0
    skip: frozenset[int] = frozenset()
    totals: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """A spec with the columns of a hint: ids in printed order, and printed names by id."""

    spec: TableSpec
    columns: tuple[str, ...]
    labels: dict[str, str]


def forms(hint: Hint, catalogue: Catalogue, number: int) -> list[Form]:
    """Return the specs that a hint may mean, with its columns; a column that a spec doesn't know keeps its name."""
    specs = catalogue.layouts(hint.table) or tuple(generic(hint, number, s) for s in ("coded", "items"))
    return [_form(spec, hint) for spec in specs]


def generic(hint: Hint, number: int, shape: Literal["coded", "items"]) -> TableSpec:
    """Build the spec of a table that no spec describes: its columns, and rows by code or by name."""
    names = _distinct(hint.columns)
    return TableSpec(
        id=f"{PREFIX}{number}", title="", shape=shape, columns=tuple(Column(id=name) for name in names), tree=GENERIC,
        row_sums=tuple(_totals(names)) if hint.totals else (),
    )  # fmt: skip


def _totals(names: Sequence[str]) -> Iterator[RowSum]:
    """Yield the sums that the names of columns promise: a total and its parts behind it, within its group.

    They place numbers where empty cells were lost; whether they hold often enough to prove any is asked of the numbers.
    """
    paths = [name.rpartition("/") for name in names]
    of_groups = {group for group, _, leaf in paths if group and leaf in _TOTALS}
    for index, (own, _, leaf) in enumerate(paths):
        behind = list(zip(names, paths, strict=True))[index + 1 :]
        if leaf not in _TOTALS:
            continue
        if own:
            parts = [name for name, (group, _, _) in behind if group == own]
        else:
            parts = [name for name, (group, _, part) in behind if group not in of_groups or part in _TOTALS]
        if len(parts) > 1:
            yield RowSum(id=GENERIC, total=names[index], parts=tuple(parts))


def _form(spec: TableSpec, hint: Hint) -> Form:
    known = {squeeze(n): c.id for c in reversed((*spec.columns, *spec.more)) for n in (*c.names, c.id)}
    columns: list[str] = []
    labels: dict[str, str] = {}
    unknown: list[Column] = []
    for name in _distinct(hint.columns):
        column = known.get(squeeze(name), "")
        if not column or column in columns:
            column = squeeze(name)
            unknown.append(Column(id=column))
        columns.append(column)
        labels[column] = squeeze(name).rsplit("/", 1)[-1]
    own = tuple(columns) == spec.column_ids and not spec.layout
    return Form(
        spec.model_copy(update={"more": (*spec.more, *unknown)}) if unknown else spec,
        tuple(columns),
        {} if own else labels,
    )


def _distinct(names: Sequence[str]) -> list[str]:
    """Return names with a number behind those that come again."""
    out: list[str] = []
    for name in names:
        plain, count = squeeze(name), 1
        while plain in out:
            count += 1
            plain = f"{squeeze(name)}_{count}"
        out.append(plain)
    return out
