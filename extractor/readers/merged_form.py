"""A form as the grammar reads it and as a model copies it: one table, with what only one of them says in doubt."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from extractor.disputes import DISPUTE
from extractor.normalize import squeeze
from extractor.records import Cell, Row, Table

from .transcript import short

NAMED_BY_MODEL = "only a model reads this row, and no identity tells its name"
_NAMED = "指标/"


@dataclass(slots=True)
class Merged:
    """A form as both read it: the table, and how many numbers are alike, new or otherwise; the last in words."""

    table: Table
    alike: int = 0
    fresh: int = 0
    otherwise: list[str] = field(default_factory=list)


def merged(known: Table | None, said: Table) -> Merged:
    """Put what a model copies beside what the grammar reads."""
    if known is None:
        rows = tuple(_doubted(r, named=bool(_prefix(said))) for r in said.rows)
        return Merged(said.model_copy(update={"rows": rows}), fresh=sum(1 for _ in said.numbers()))
    return _Merger(known).merge(said)


class _Merger:
    """Merges rows by what they are, and by the numbers that they share where names differ."""

    def __init__(self, known: Table) -> None:
        self.rows = list(known.rows)
        self.out = Merged(known)
        self._by_role = {row.role: n for n, row in enumerate(self.rows)}
        self._at = {c.spans[0].start: n for n, row in enumerate(self.rows) for c in row.cells if c.spans}

    def merge(self, said: Table) -> Merged:
        known = self.out.table
        new = []
        before, after = (_prefix(t) for t in (known, said))
        if before != after:
            self.out.otherwise.append(f"the project is called {short(after, 40)} by a model, {short(before, 40)} here")
            self.rows = [r.model_copy(update={"doubt": r.doubt or f"{DISPUTE}project {after}"}) for r in self.rows]
        for row in said.rows:
            at = self._by_role.get(row.role)
            if at is None:
                at = self._shared(row)
                if at is not None:
                    self._renamed(at, row)
            if at is None:
                plain = row.model_copy(update={"key": before + (row.role or ""), "parent": None})
                new.append(_doubted(plain, named=False))
                self.out.fresh += sum(c.kind == "number" for c in row.cells)
            else:
                for cell in row.cells:
                    self._cell(at, cell)
        rows = (*self.rows, *new)
        columns = dict.fromkeys((*known.columns, *(c.column for r in rows for c in r.cells if c.kind == "number")))
        self.out.table = known.model_copy(update={"rows": rows, "columns": tuple(columns)})
        return self.out

    def _shared(self, row: Row) -> int | None:
        """Return the row of the grammar most of whose numbers this one has, if it has them."""
        places = [self._at[c.spans[0].start] for c in row.cells if c.kind == "number" and c.spans[0].start in self._at]
        return max(set(places), key=places.count) if places else None

    def _renamed(self, at: int, row: Row) -> None:
        here = self.rows[at]
        self.out.otherwise.append(f"row {short(here.role or '', 40)} (line {here.line}) is {short(row.role or '', 40)}")
        self.rows[at] = here.model_copy(update={"doubt": here.doubt or f"{DISPUTE}{row.role}"})

    def _cell(self, at: int, cell: Cell) -> None:
        row = self.rows[at]
        if cell.kind == "text":
            there = next((c for c in row.cells if c.kind == "text" and c.column == cell.column), None)
            if there is None:
                self._put(at, (*row.cells, cell))
            elif squeeze(there.text) != squeeze(cell.text):
                self._put(at, [c.model_copy(update={"state": "ambiguous"}) if c is there else c for c in row.cells])
            return
        known = row.cell(cell.column)
        taken = self._at.get(cell.spans[0].start)
        if known is not None and (known.value, known.unit) == (cell.value, cell.unit):
            self.out.alike += 1
        elif known is None and taken is None:
            self.out.fresh += 1
            self._put(at, (*row.cells, cell))
        else:
            self._dispute(at, cell)

    def _dispute(self, at: int, cell: Cell) -> None:
        """Put the grammar's number of this cell in doubt, and the cell that has the model's number."""
        start, said = cell.spans[0].start, f"{cell.text}{cell.unit} (line {cell.spans[0].line})"
        doubt = f"{DISPUTE}{said} in {cell.column}"
        for index in {at, self._at.get(start, at)}:
            row = self.rows[index]
            mine = [c for c in row.cells if c.kind == "number" and _disputed(c, cell, start, same=index == at)]
            where = f"row {short(row.role or '', 40)}"
            self.out.otherwise.extend(f"{where}, {c.column}: {c.text} here, {said} there" for c in mine)
            now = [c.model_copy(update={"doubt": c.doubt or doubt}) if c in mine else c for c in row.cells]
            self._put(index, now)

    def _put(self, at: int, cells: Sequence[Cell]) -> None:
        self.rows[at] = self.rows[at].model_copy(update={"cells": tuple(cells)})


def _disputed(known: Cell, said: Cell, start: int, *, same: bool) -> bool:
    return known.spans[0].start == start or (same and known.column == said.column)


def left_out(known: Table | None, said: Table | None, own: tuple[int, int]) -> Iterator[str]:
    """Yield the numbers that the grammar has read on these lines and the answer doesn't give, in words."""
    given = {c.spans[0].start for row in (said.rows if said else ()) for c in row.cells if c.spans}
    names = {(row.role, c.column) for row in (said.rows if said else ()) for c in row.cells}
    for row in known.rows if known else ():
        for cell in row.cells:
            if cell.kind != "number" or cell.spans[0].start in given or (row.role, cell.column) in names:
                continue
            if own[0] <= row.line <= own[1]:
                yield f"line {cell.spans[0].line} prints {cell.text}, which is in no array"


def _prefix(table: Table) -> str:
    return next((r.key.removesuffix(r.role or "") for r in table.rows), "")


def _doubted(row: Row, *, named: bool) -> Row:
    """Doubt a row whose name, or whose project's, nobody else has read; rows of money have names that are known."""
    doubtful = named or (row.role or "").startswith(_NAMED)
    return row.model_copy(update={"doubt": NAMED_BY_MODEL}) if doubtful else row
