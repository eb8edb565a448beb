"""Typed rows: a pydantic model per table, built from its spec."""

from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from .records import Table
from .specs import Catalogue, Column, TableSpec, catalogue


@lru_cache(maxsize=64)
def row_model(spec: TableSpec) -> type[BaseModel]:
    """Build the model of one row: ``row``, ``name`` and one ``Decimal | None`` per column, aliased to its id."""
    fields: dict[str, Any] = {
        "row": (str, Field(description="row key: code, label path or project path")),
        "name": (str | None, Field(default=None, alias="名称", description="printed name of a coded row")),
    }
    for index, column in enumerate((*spec.columns, *spec.more)):
        hint = f"printed column {index + 1}"
        fields[f"c{index + 1}"] = (Decimal | None, Field(default=None, alias=column.id, description=hint))
    config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, title=f"{spec.id} row")
    return create_model(f"{spec.id}_row", __config__=config, **fields)


@lru_cache(maxsize=64)
def table_model(spec: TableSpec) -> type[BaseModel]:
    """Build the model of one table: its id and its rows."""
    row = row_model(spec)
    config = ConfigDict(frozen=True, extra="forbid", title=f"表{spec.number} {spec.title}")
    rows: Any = list[row]  # type: ignore[valid-type]
    fields: dict[str, Any] = {"table": (Literal[spec.id], spec.id), "rows": (rows, Field(default_factory=list))}
    return create_model(spec.id, __config__=config, **fields)


def rows_of(table: Table, specs: Catalogue | None = None) -> list[BaseModel]:
    """Return a table's rows as objects of its spec's model; a row without a printed number is left out.

    Args:
        table: A table of a result.
        specs: The catalogue it was read with; the packaged one by default.

    Raises:
        SpecError: No spec describes it, as with tables of prose and forms: ``table.records()`` gives its rows.
    """
    spec = (specs or catalogue()).layout(table.id, table.layout)
    known = {c.id for c in (*spec.columns, *spec.more)}
    unknown = tuple(Column(id=c) for c in table.columns if c not in known)
    model = row_model(spec.model_copy(update={"more": (*spec.more, *unknown)}) if unknown else spec)
    wanted = [record for row, record in zip(table.rows, table.records(), strict=True) if row.cells]
    return [model.model_validate(record) for record in wanted]
