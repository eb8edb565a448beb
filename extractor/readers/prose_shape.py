"""What a statement of prose may hold, for a reader that has no patterns: its rows, number columns and units."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.normalize import squeeze
from extractor.records import Table
from extractor.statement_specs import Kind
from extractor.statements import MONEY, Compiled, Prose

_NAME = re.compile(r"\{[^{}]*\}")
_LONGEST = 80  # characters of a row's key
_RECORDS = ("{项目}", "{项目}/{部分}")


@dataclass(frozen=True, slots=True)
class Shape:
    """The cells that a statement may have.

    Attributes:
        id: Table id.
        title: What it is about.
        columns: Number columns: the units of each; none for money.
        signed: Columns of changes, whose sign a verb gives.
        keys: Row keys; ``{name}`` stands for what the text calls it.
        changes: Row that the changes of another row belong to.
        under: Row above, for those that stand under it where it is printed.
        bare: Columns whose unit, the only one, need not be printed.
    """

    id: str
    title: str
    columns: dict[str, frozenset[str]]
    signed: frozenset[str]
    keys: tuple[str, ...]
    changes: dict[str, str]
    under: dict[str, str]
    bare: frozenset[str]

    def in_words(self) -> str:
        """Return it as the question names it."""
        columns = ", ".join(
            f"{'±' if c in self.signed else ''}{c} ({'/'.join(sorted(units)) or '元/万元'})"
            for c, units in self.columns.items()
        )
        return f'table "{self.id}" ({self.title})\n  rows: {self.rows_in_words()}\n  columns: {columns}'

    def rows_in_words(self) -> str:
        """Return its rows as a question names them."""
        return " | ".join(_NAME.sub(lambda m: f"<{m.group()[1:-1]}>", key) for key in self.keys)

    def unit(self, column: str, behind: str) -> str:
        """Return the unit of a number by the text behind it; nothing where it has none of the column's."""
        units = self.columns[column]
        if not units:
            match = re.match(MONEY, behind)
            return match.group() if match else ""
        if "人" in units and behind.startswith("名"):
            return "人"
        if column in self.bare and (not behind or behind[0] in ",。;、)"):
            return next(iter(units))
        return max((u for u in units if behind.startswith(u)), key=len, default="")

    def key(self, row: str, column: str, text: str, table: Table | None) -> str:
        """Return the key of a row that a model names; nothing where there is no such row.

        Args:
            row: What it names.
            column: The cell's column.
            text: The section's text, in which a name has to stand.
            table: What is read of the statement so far.
        """
        named = unicodedata.normalize("NFKC", squeeze(row))
        there = {r.key for r in table.rows} if table else set()
        last = named.rpartition("/")[2]
        if last in self.under and named in (last, f"{self.under[last]}/{last}"):
            above = f"{self.under[last]}/{last}"
            return above if {above, self.under[last]} & there and last not in there else last
        if named not in self.keys and named not in there and not self._free(named, text):
            return ""
        return self.changes.get(named, named) if column in self.signed else named

    def _free(self, named: str, text: str) -> bool:
        if len(named) > _LONGEST or not named.isprintable():
            return False
        for key in self.keys:
            if "{" not in key:
                continue
            regex = "(.+)".join(re.escape(piece) for piece in _NAME.split(key))
            match = re.fullmatch(regex, named)
            if match and all(len(part) > 1 and part in text for group in match.groups() for part in group.split("/")):
                return True
        return False


def shape_of(statement: Compiled, prose: Prose, kind: Kind) -> Shape | None:
    """Return the shape of a statement in a budget or a final account; None where it has no numbers."""
    spec = statement.spec
    values = {c: prose.vocabulary.columns[c].value for c in spec.columns if c in prose.vocabulary.columns}
    mine = [(row, patterns) for row, patterns in statement.rows if row.kind in (None, kind)]
    slots = [s for _, patterns in mine for p in patterns for s in p.slots]
    slots += [s for patterns in statement.attributes.values() for p in patterns for s in p.slots]
    columns = {
        c: frozenset() if value == "money" else frozenset(s.unit for s in slots if s.column == c and s.unit)
        for c, value in values.items()
        if value != "text"
    }
    if not columns or spec.list:
        return None
    keys: list[str] = list(_RECORDS) if spec.records else []
    changes: dict[str, str] = {}
    for row, _ in mine:
        key = row.final if row.final and kind == "final" else row.key
        if key:
            keys += [key, *row.also, *([row.changes] if row.changes else [])]
            changes.update({key: row.changes} if row.changes else {})
    keys += [s.row for s in slots if s.row]
    under = {row.key: row.under for row, _ in mine if row.under and kind == "budget"}
    signed = frozenset(s.column for s in slots if s.verb)
    bare = frozenset(s.column for s in slots if s.bare and len(columns.get(s.column, ())) == 1)
    return Shape(spec.id, spec.title, columns, signed, _once(keys), changes, under, bare)


def _once(keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys))
