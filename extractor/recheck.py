"""Checks a saved result again: its identities, and its numbers against the source."""

import hashlib

from .amount import parse_amount
from .checks import OWN, check
from .document import Document
from .errors import ResultError
from .forms import forms
from .generic import is_generic
from .normalize import plain, squeeze
from .records import Cell, Result, Table
from .regions import others
from .repair import diagnose
from .specs import Catalogue, catalogue
from .statements import prose

_DIGITS = 30


def recheck(result: Result, source: Document | None = None, specs: Catalogue | None = None) -> Result:
    """Evaluate every identity on a saved, perhaps hand-edited result.

    Args:
        result: A result as saved.
        source: The document it was read from. With it every cell is looked up at its span; a value that doesn't
            stand there, or doesn't equal its own text, becomes ``ungrounded``.
        specs: The catalogue; the packaged one by default.

    Raises:
        ResultError: The source isn't the one that the result was read from.
    """
    if source is not None and digest(source) != result.sha256:
        raise ResultError(f"{source.name}: not the text that the result was read from. Give the file it was read from.")
    known = specs or catalogue()
    for table in result.tables:
        _sane(table, known)
    tables = [_reground(t, source) for t in result.tables]
    checked = check(tables, known)
    lasting = ("not-read", "structure", "input")
    kept = [f for f in result.findings if (f.kind in lasting and f.code not in OWN) or f.code == "second-opinion"]
    diagnosis = diagnose(checked, beside=[*kept, *others(checked.tables, result.regions)])
    findings = sorted([*kept, *diagnosis.findings], key=lambda f: (f.line or 0, f.code))
    return result.model_copy(
        update={
            "tables": checked.tables, "findings": tuple(findings), "checks": checked.counts,
            "repairs": diagnosis.proposals,
        }
    )  # fmt: skip


def digest(source: Document) -> str:
    """Return the hash by which a result knows its text."""
    return hashlib.sha256(source.text.encode("utf-8", "surrogatepass")).hexdigest()


def _reground(table: Table, source: Document | None) -> Table:
    told = table.id in prose().ids  # a fall is negative, though its sign is a word
    rows = tuple(
        row.model_copy(update={"cells": tuple(_cell(c, source, told=told) for c in row.cells)}) for row in table.rows
    )
    return table.model_copy(update={"rows": rows})


def _cell(cell: Cell, source: Document | None, *, told: bool) -> Cell:
    if cell.kind != "number":
        return cell
    amount = parse_amount(squeeze(cell.text))
    stands = amount is not None and (amount.value == cell.value or (told and cell.value == -amount.value))
    if stands and source is not None and cell.spans:
        printed = "".join(source.text[s.start : s.end] for s in cell.spans)
        stands = squeeze(plain(printed)) == squeeze(cell.text)
    return cell if stands else cell.model_copy(update={"spans": ()})


def _sane(table: Table, specs: Catalogue) -> None:
    """Refuse what no reader writes: a correction by hand that went too far."""
    if table.id not in specs.by_id and table.id not in prose().ids | forms().ids and not is_generic(table):
        raise ResultError(f"table {table.id!r} is none that a spec describes. `extractor schemas` lists them.")
    for row in table.rows:
        if row.parent is not None and not 0 <= row.parent < len(table.rows):
            raise ResultError(f"{table.id}, row {row.key}: parent {row.parent} is no row of the table.")
        for cell in row.cells:
            if cell.kind == "number" and cell.column not in table.columns:
                raise ResultError(f"{table.id}, row {row.key}: {cell.column!r} is no column of the table.")
            if cell.value is not None and (not cell.value.is_finite() or abs(cell.value.adjusted()) > _DIGITS):
                raise ResultError(f"{table.id}, row {row.key}, column {cell.column}: {cell.value} is no amount.")
