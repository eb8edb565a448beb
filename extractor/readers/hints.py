"""Hints: what somebody else says about a table's layout, for the deterministic reader to read its numbers with.

A hint holds no number of the table: which table it is, what its columns are from left to right, where its rows begin,
and which lines are none of it. A wrong hint makes sums fail, and is then not taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from extractor.generic import GENERIC, PREFIX
from extractor.normalize import squeeze
from extractor.specs import Catalogue, Column, TableSpec

OTHER = "other"  # a table that no spec describes


@dataclass(frozen=True, slots=True)
class Hint:
    """What a table looks like.

    Attributes:
        table: Table id, or ``other``.
        columns: Number columns from left to right, by id or by printed name.
        first_row: 1-based line of the first row; 0 where it isn't told.
        skip: Lines that are no part of the table: notes, page numbers.
    """

    table: str
    columns: tuple[str, ...]
    first_row: int = 0
    skip: frozenset[int] = frozenset()


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
    columns = tuple(Column(id=name) for name in _distinct(hint.columns))
    return TableSpec(id=f"{PREFIX}{number}", title="", shape=shape, columns=columns, tree=GENERIC)


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
