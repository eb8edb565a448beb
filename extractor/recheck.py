"""Checks a saved result again: its identities, and its numbers against the source."""

from collections.abc import Sequence

from .amount import parse_amount
from .checks import check
from .document import Document
from .errors import ResultError
from .normalize import plain, squeeze
from .records import Cell, Finding, Result, Table
from .specs import Catalogue, catalogue


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
    if source is not None and len(source.text) != result.characters:
        raise ResultError(
            f"{source.name}: has {len(source.text)} characters, the result was read from {result.characters}. "
            "Give the file it was read from."
        )
    tables = [_reground(t, source) for t in result.tables]
    checked = check(tables, specs or catalogue())
    kept = [f for f in result.findings if f.kind in ("not-read", "structure", "input")]
    findings = sorted([*kept, *checked.findings], key=lambda f: (f.line or 0, f.code))
    return result.model_copy(update={"tables": checked.tables, "findings": tuple(findings), "checks": checked.counts})


def _reground(table: Table, source: Document | None) -> Table:
    rows = tuple(row.model_copy(update={"cells": tuple(_cell(c, source) for c in row.cells)}) for row in table.rows)
    return table.model_copy(update={"rows": rows})


def _cell(cell: Cell, source: Document | None) -> Cell:
    if cell.kind != "number":
        return cell
    amount = parse_amount(squeeze(cell.text))
    stands = amount is not None and amount.value == cell.value
    if stands and source is not None and cell.spans:
        printed = "".join(source.text[s.start : s.end] for s in cell.spans)
        stands = squeeze(plain(printed)) == squeeze(cell.text)
    return cell if stands else cell.model_copy(update={"spans": ()})


def changed(before: Result, after: Result) -> Sequence[Finding]:
    """Return the findings that the second result has and the first has not."""
    known = {(f.code, f.message) for f in before.findings}
    return [f for f in after.findings if (f.code, f.message) not in known]
