"""Finds a cell of a result by what a person calls it; where there is none, names what is most like it."""

from collections.abc import Callable, Iterable, Sequence

from rapidfuzz import fuzz, process

from .errors import ResultError
from .normalize import half_width
from .records import Result, Row, Table
from .specs import Catalogue

_NEAR = 5
_ALIKE = 45
_MANY = 30
_TITLE = 20  # characters of a title in a hint


def find_tables(result: Result, wanted: str, specs: Catalogue) -> list[int]:
    """Return the indexes of the tables of that id, printed under that title, or that specs know under it.

    A part of a title does where only one table has it.

    Raises:
        ResultError: There is none.
    """
    same = half_width(wanted)
    known = {spec.id for spec in specs.tables if same in map(half_width, spec.titles)}
    tests: tuple[Callable[[Table], bool], ...] = (
        lambda table: table.id == wanted,
        lambda table: half_width(table.title) == same,
        lambda table: table.id in known,
        lambda table: bool(same) and same in half_width(table.title),
    )
    for test in tests:
        found = [i for i, t in enumerate(result.tables) if test(t)]
        if found and (test is not tests[-1] or len({result.tables[i].id for i in found}) == 1):
            return found
    names = [f"{t.id} ({t.title[:_TITLE]})" for t in result.tables]
    raise ResultError(f"{result.document}: no table {wanted!r}. {hint(wanted, names)}")


def find_rows(result: Result, chosen: Sequence[int], wanted: str) -> list[tuple[int, int]]:
    """Return table and row of every row of that key or name, or with a value on that line (``line:N``).

    Raises:
        ResultError: There is none.
    """
    every = [(i, n, row) for i in chosen for n, row in enumerate(result.tables[i].rows)]
    line = wanted.removeprefix("line:")
    tests: tuple[Callable[[Row], bool], ...] = (
        lambda row: row.key == wanted,
        lambda row: half_width(row.key) == half_width(wanted) or half_width(row_name(row)) == half_width(wanted),
        lambda row: wanted.startswith("line:") and line.isdecimal() and _stands_on(row, int(line)),
    )
    for test in tests:
        if found := [(i, n) for i, n, row in every if test(row)]:
            return found
    keys = [text for _, _, row in every for text in (row.key, row_name(row)) if text]
    raise ResultError(f"{result.tables[chosen[0]].id}: no row {wanted!r}. {hint(wanted, keys)}")


def _stands_on(row: Row, line: int) -> bool:
    return row.line == line or any(span.line == line for cell in row.cells for span in cell.spans)


def row_name(row: Row) -> str:
    """Return the name beside a code."""
    return next((c.text for c in row.cells if c.kind == "text" and c.column == "名称"), "")


def find_columns(table: Table, number: int, wanted: str) -> list[str]:
    """Return the ids of the columns that go by this name in a row; several sides of a table may."""
    row = table.rows[number]
    columns = list(dict.fromkeys((*table.columns, *(c.column for c in row.cells))))
    same = half_width(wanted)
    return [c for c in columns if c == wanted] or [
        c for c in columns if same in (half_width(table.label(row, c)), half_width(c))
    ]


def labels(table: Table, row: Row) -> list[str]:
    """Return the columns of a row as printed."""
    return [table.label(row, column) for column in dict.fromkeys((*table.columns, *(c.column for c in row.cells)))]


def hint(wanted: str, known: Iterable[str]) -> str:
    """Name what is most like what was asked for."""
    names = list(dict.fromkeys(known))
    if not names:
        return "There is none at all."
    near = process.extract(half_width(wanted), names, scorer=fuzz.WRatio, limit=_NEAR, score_cutoff=_ALIKE)
    if near:
        return f"Do you mean {', '.join(name for name, _, _ in near)}?"
    return f"There are {', '.join(names[:_MANY])}{' …' if len(names) > _MANY else ''}."
