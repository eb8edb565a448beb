"""A model that answers by a script, without a server: for tests and measurements of what a model can do to a result.

``rows_of`` writes a table as a careful reader of the source would, from gold. ``LIES`` change one thing in it: a seeded
choice of a cell, and what becomes of it.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from extractor.answers import Reply, Request
from extractor.budget import Usage
from extractor.prompts import LEAD, FormAnswer, ProseAnswer, TableAnswer
from extractor.records import Table
from extractor.specs import Catalogue, TableSpec

Row = list[str]
Rows = dict[str, Row]
"""Rows of a table by row key, in printed order."""
Place = tuple[str, str, str]
"""A cell: table, row key, column."""

_CODE = re.compile(r"[235]\d\d(?:\d\d){0,2}")


def rows_of(gold: Sequence[Mapping[str, Any]], spec: TableSpec) -> Rows:
    """Write the rows of a table from gold facts, in the form that the model is asked for."""
    lead = LEAD[spec.shape]
    found: Rows = {}
    for fact in gold:
        if fact["table"] != spec.id or fact["row"] == "*":
            continue
        row = found.setdefault(fact["row"], [""] * (len(lead) + len(spec.columns)))
        if fact["kind"] == "text":
            row[lead.index("name")] = fact["value"]
            continue
        row[len(lead) + spec.column_ids.index(fact["column"])] = str(fact["value"])
        row[0] = row[0] or str(fact["line"])
    for key, row in found.items():
        write_names(key, row, lead)
    return found


def rows_read(table: Table, spec: TableSpec) -> Rows:
    """Write the rows of a table as a reader has them, in the form that the model is asked for."""
    lead = LEAD[spec.shape]
    found: Rows = {}
    for row in table.rows:
        cells = {c.column: c for c in row.cells if c.kind == "number"}
        if not cells:
            continue
        texts = [c.text for c in row.cells if c.kind == "text"]
        *above, last = row.key.split("/")
        code = next((p for p in (*above, last) if _CODE.fullmatch(p)), "") if "code" in lead else ""
        named = {
            "line": str(min(span.line for c in cells.values() for span in c.spans)),
            "code": code,
            "name": texts[0] if texts and code else "" if last == code else last,
            "project": last if row.kind == "project" else "",
        }
        written = [named[name] for name in lead] + [cells[c].text if c in cells else "" for c in table.columns]
        found[f"{row.key} {len(found)}"] = written
    return found


def write_names(key: str, row: Row, lead: Sequence[str]) -> None:
    """Write code, name and project of a row key into the lead cells of a row."""
    parts = key.split("/")
    codes = [p for p in parts if _CODE.fullmatch(p)]
    if codes and "code" in lead:
        row[lead.index("code")] = codes[0]
        if "project" in lead and parts[-1] != codes[0]:
            row[lead.index("project")] = parts[-1]
    elif not row[lead.index("name")]:
        row[lead.index("name")] = parts[-1]


class ScriptedModel:
    """Answers each table with fixed rows; stands in for the client of a model.

    >>> ScriptedModel({"expenditure": [["12", "", "合计", "5.00", "5.00", ""]]})
    ScriptedModel(1 tables)
    """

    def __init__(self, tables: Mapping[str, Sequence[Row]]) -> None:
        """Take the rows of each table by its id; a table without an entry has no rows."""
        self._tables = tables
        self.asked: list[str] = []

    def __repr__(self) -> str:
        return f"ScriptedModel({len(self._tables)} tables)"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def ask(self, request: Request[Any]) -> Reply[Any]:
        """Answer with the rows of the table that the request is about, whichever part of it is asked for.

        It knows tables only: questions about sentences and forms stay open.
        """
        if issubclass(request.response_model, (FormAnswer, ProseAnswer)):
            return Reply("offline", message="a scripted model knows tables only")
        self.asked.append(request.user)
        rows = [list(row) for row in self._tables.get(request.tag, ())]
        return Reply("ok", TableAnswer(rows=rows), usage=Usage(len(request.user), 0))


@dataclass(frozen=True, slots=True)
class Target:
    """What a lie is about: the tables to change, the specs, the cell, and the dice."""

    tables: dict[str, Rows]
    catalogue: Catalogue
    place: Place
    dice: random.Random

    @property
    def spec(self) -> TableSpec:
        """The spec of the cell's table."""
        return self.catalogue.table(self.place[0])

    @property
    def lead(self) -> int:
        """How many strings stand before the numbers."""
        return len(LEAD[self.spec.shape])

    @property
    def rows(self) -> Rows:
        """The rows of the cell's table."""
        return self.tables[self.place[0]]

    @property
    def row(self) -> Row:
        """The cell's row."""
        return self.rows[self.place[1]]

    @property
    def at(self) -> int:
        """Index of the cell in its row."""
        return self.lead + self.spec.column_ids.index(self.place[2])

    def other_rows(self) -> list[str]:
        """Keys of the other rows, shuffled."""
        keys = [k for k in self.rows if k != self.place[1]]
        self.dice.shuffle(keys)
        return keys


Lie = Callable[[Target], bool]
"""Changes the tables; returns False where this cell gives no room for the lie."""


def wrong_digit(target: Target) -> bool:
    """Replace one digit by another."""
    text = target.row[target.at]
    position = target.dice.choice([i for i, c in enumerate(text) if c.isdigit()])
    digit = target.dice.choice([d for d in "0123456789" if d != text[position]])
    target.row[target.at] = text[:position] + digit + text[position + 1 :]
    return Decimal(text.replace(",", "")) != Decimal(target.row[target.at].replace(",", ""))


def moved_point(target: Target) -> bool:
    """Move the decimal point by one place."""
    value = Decimal(target.row[target.at].replace(",", ""))
    target.row[target.at] = f"{value.scaleb(target.dice.choice((-1, 1))):.2f}"
    return value != 0


def swapped_column(target: Target) -> bool:
    """Exchange the cell with another column of its row, empty or not."""
    others = [i for i in range(target.lead, len(target.row)) if target.row[i] != target.row[target.at]]
    if not others:
        return False
    other = target.dice.choice(others)
    target.row[target.at], target.row[other] = target.row[other], target.row[target.at]
    return True


def swapped_row(target: Target) -> bool:
    """Exchange the cell with the same column of another row."""
    for key in target.other_rows():
        other = target.rows[key]
        if other[target.at] and other[target.at] != target.row[target.at]:
            target.row[target.at], other[target.at] = other[target.at], target.row[target.at]
            return True
    return False


def swapped_names(target: Target) -> bool:
    """Give two rows each other's code and name, and leave the numbers where they are."""
    for key in target.other_rows():
        other = target.rows[key]
        if other[target.lead :] != target.row[target.lead :]:
            here = target.row[1 : target.lead]
            target.row[1 : target.lead], other[1 : target.lead] = other[1 : target.lead], here
            return True
    return False


def dropped_row(target: Target) -> bool:
    """Leave the row out."""
    del target.rows[target.place[1]]
    return True


def doubled_row(target: Target) -> bool:
    """Give the row twice."""
    items = list(target.rows.items())
    position = next(i for i, (key, _) in enumerate(items) if key == target.place[1])
    items.insert(position + 1, ("\0" + target.place[1], list(target.row)))
    target.rows.clear()
    target.rows.update(items)
    return True


def filled_cell(target: Target) -> bool:
    """Repeat a number in an empty cell of its row."""
    empty = [i for i in range(target.lead, len(target.row)) if not target.row[i]]
    if not empty:
        return False
    target.row[target.dice.choice(empty)] = target.row[target.at]
    return True


def zero(target: Target) -> bool:
    """Report 0.00 in place of the number."""
    target.row[target.at] = "0.00"
    return True


def words(target: Target) -> bool:
    """Write words in place of the number."""
    target.row[target.at] = "see above"
    return True


def neighbours_number(target: Target) -> bool:
    """Copy the number of another row."""
    for key in target.other_rows():
        text = target.rows[key][target.at]
        if text and text != target.row[target.at]:
            target.row[target.at] = text
            return True
    return False


def balancing_invention(target: Target) -> bool:
    """Add an amount to the cell and to everything that it is a part of, so that the table's sums still hold."""
    more = Decimal(target.dice.randint(1, 99999)).scaleb(-2)
    columns = {target.place[2]}
    for _ in target.spec.row_sums:
        columns |= {c for r in target.spec.row_sums if columns & set(r.parts) for c in r.totals}
    for key in _above(target.place[1], target.rows):
        row = target.rows[key]
        for column in columns:
            at = target.lead + target.spec.column_ids.index(column)
            if row[at]:
                row[at] = f"{Decimal(row[at].replace(',', '')) + more:.2f}"
    return True


def _above(key: str, rows: Rows) -> list[str]:
    unit, _, code = key.rpartition("/")
    above = [k for k in rows if key == k or key.startswith(f"{k}/")]
    if _CODE.fullmatch(code):
        prefix = f"{unit}/" if unit else ""
        above += [k for k in rows if k.startswith(prefix) and code.startswith(k[len(prefix) :]) and k != key]
    totals = ("总计", "支出总计") if _CODE.search(key) else ("总计", "收入总计")
    return list(dict.fromkeys([*above, *(k for k in totals if k in rows)]))


LIES: Mapping[str, Lie] = {
    "wrong digit": wrong_digit,
    "moved point": moved_point,
    "swapped column": swapped_column,
    "swapped row": swapped_row,
    "swapped names": swapped_names,
    "dropped row": dropped_row,
    "doubled row": doubled_row,
    "filled cell": filled_cell,
    "zero": zero,
    "words": words,
    "neighbour's number": neighbours_number,
    "balancing invention": balancing_invention,
}
