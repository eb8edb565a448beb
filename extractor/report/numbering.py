"""One number for each cell of a result: it names the cell in the page, on both sides and in its data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from extractor.instance import Ref
from extractor.records import Cell, CellRef, Result, Row, State, Table

LETTERS: Mapping[State, str] = {
    "proven": "p", "grounded": "g", "ambiguous": "a", "contradicted": "c", "ungrounded": "u",
}  # fmt: skip
"""The class of a number cell in a page; a text cell has ``t``."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A cell with its number and its place."""

    number: int
    table: int
    row: int
    cell: Cell

    @property
    def look(self) -> str:
        """The letter that its state is shown by."""
        return LETTERS[self.cell.state] if self.cell.kind == "number" else "t"


@dataclass(frozen=True)
class Numbering:
    """All cells of a result, in printed order."""

    result: Result
    cells: tuple[Numbered, ...]
    places: Mapping[Ref, int] = field(repr=False)
    _named: Mapping[tuple[str, int, str, str, int | None], int] = field(repr=False)

    @classmethod
    def of(cls, result: Result) -> "Numbering":
        """Number the cells of a result."""
        cells = tuple(_numbered(result))
        places: dict[Ref, int] = {}
        named: dict[tuple[str, int, str, str, int | None], int] = {}
        # Numbers first: identities and findings are about them.
        for one in sorted(cells, key=lambda c: (c.cell.kind != "number", c.number)):
            table = result.tables[one.table]
            places.setdefault(Ref(one.table, one.row, one.cell.column), one.number)
            key = table.rows[one.row].key
            for line in (one.cell.spans[0].line if one.cell.spans else None, None):
                named.setdefault((table.id, table.part, key, one.cell.column, line), one.number)
        return cls(result, cells, places, named)

    def table(self, number: int) -> Table:
        """Return the table of a cell."""
        return self.result.tables[self.cells[number].table]

    def row(self, number: int) -> Row:
        """Return the row of a cell."""
        return self.table(number).rows[self.cells[number].row]

    def find(self, ref: CellRef) -> int | None:
        """Return the number of the cell that a finding names, or None where nothing is printed."""
        place = (ref.table, ref.part, ref.row, ref.column)
        found = self._named.get((*place, ref.line))
        return found if found is not None else self._named.get((*place, None))


def _numbered(result: Result) -> Iterator[Numbered]:
    number = 0
    for t, table in enumerate(result.tables):
        for r, row in enumerate(table.rows):
            for cell in row.cells:
                yield Numbered(number, t, r, cell)
                number += 1
