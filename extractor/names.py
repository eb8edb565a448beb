"""Names that may be misread: what a row is called is compared with everything else that the document prints.

Sums tell whether a number is right, and nothing of the name it stands under. A free name (a project, a unit, an
indicator, an item of prose) is therefore doubted where another spelling of it stands in the classification, in the
specs or elsewhere in the document, where its characters make no words but look like ones that do
(:mod:`extractor.spelling`), and where a known name runs over its end. The doubt is a warning; no name is corrected.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import combinations, product
from operator import ne

from .generic import is_generic
from .lexicon import Lexicon, lexicon
from .misread import COLUMN
from .normalize import Line, squeeze
from .records import Row, Table
from .specs import Catalogue
from .spelling import ODD, SHORT, Spelling
from .statements import prose

_UNENDED = re.compile(r"[\u4e00-\u9fff)]$")
_SLASH = re.compile(r"/(?![^\[(]{0,60}[\])])")  # between the parts of a key, not within brackets
_WORD = re.compile(r"[\u4e00-\u9fff]{2,}")
_DATED = re.compile(r"(?:19|20)\d\d年度?|其中:?|\(.*?元\)|\d+")
_NO_NAME = re.compile(r"[,，。;；:：、\d]")
_LEAST = 2  # characters of a name that may stand within any other
_NEAR = 3  # lines around a row in which its name stands
_NAME = 40  # characters that a name has at most, where it stands among other texts


@dataclass(frozen=True)
class _Text:
    """The text of a disclosure without white space."""

    lines: Sequence[Line]

    @cached_property
    def whole(self) -> str:
        return "".join(self._squeezed)

    @cached_property
    def _squeezed(self) -> list[str]:
        return [squeeze(line.text) for line in self.lines]

    @cached_property
    def _numbers(self) -> list[int]:
        return [line.number for line in self.lines]

    def around(self, line: int) -> str:
        """Return the text near a line."""
        return "".join(self._squeezed[slice(*self._near(line))])

    def between(self, first: int, last: int) -> str:
        """Return the text from one line to another."""
        return "".join(self._squeezed[bisect_right(self._numbers, first - 1) : bisect_right(self._numbers, last)])

    def goes_on(self, name: str, line: int) -> bool:
        """Whether a name near a line stands only where a line begins that goes on with the words of the one above."""
        first, last = self._near(line)
        places = [i for i in range(first, last) if self._squeezed[i].startswith(name)]
        inner = any(text.find(name) > 0 for text in self._squeezed[first:last])
        return bool(places) and not inner and all(i and _UNENDED.search(self._squeezed[i - 1]) for i in places)

    def _near(self, line: int) -> tuple[int, int]:
        return bisect_right(self._numbers, line - _NEAR - 1), bisect_right(self._numbers, line + _NEAR)


def doubt(
    tables: Sequence[Table], lines: Sequence[Line], catalogue: Catalogue, *, recognised: bool = False
) -> list[Table]:
    """Return the tables of one disclosure with a doubt on each row whose name, or a part of it, may be misread.

    Args:
        tables: Tables of one disclosure.
        lines: Its lines.
        catalogue: For the names that are the same everywhere.
        recognised: They were recognised from images: a name in prose that stands nowhere else may be misread, and so
            may the short texts of cells.
    """
    known = lexicon(catalogue)
    parts = {row.key: _parts(row.key, known.names) for table in tables for row in table.rows}
    text, free = _Text(lines), _free(tables, parts)
    places, spelling = _Places(text, known, free), Spelling(text.whole, known, free)
    twins = dict(_twins(tables, parts))
    told = {statement.spec.id for statement in prose().statements}
    out = []
    for number, table in enumerate(tables):
        rows = [_respelt(row, known, spelling) for row in table.rows] if recognised else list(table.rows)
        for index, row in enumerate(rows):
            if row.doubt or not any(c.kind == "number" for c in row.cells):
                continue
            names = parts[row.key]
            said = next((s for n in names if (s := spelling.misread(n))), "")
            said = said or next((s for n in names if (s := places.cut(n, row.line))), "")
            if table.id in told:
                said = said or next((f"the name {n} holds a colon: it may have run on" for n in names if ":" in n), "")
                said = said or next((s for n in names if (s := places.torn(n, row.line))), "")
                said = said or next((s for n in names if recognised and (s := places.alone(n))), "")
            said = said or twins.get((number, index), "")
            if said:
                rows[index] = row.model_copy(update={"doubt": said})
        if table.id in catalogue.by_id or is_generic(table):  # others have the columns of their specs
            header = text.between(table.lines[0], min((row.line for row in table.rows), default=0) - 1)
            rows = _columns_doubted(table, rows, known, spelling, spelling.strange_year(header, "its header"))
        out.append(table if rows == list(table.rows) else table.model_copy(update={"rows": tuple(rows)}))
    return out


def _columns_doubted(table: Table, rows: list[Row], known: Lexicon, spelling: Spelling, year: str) -> list[Row]:
    """Return rows with a doubt on each number of a column whose name may be misread; ``year`` says so of every column.

    Which column has which name a year decides that is none of the names of others.
    """
    why: dict[str, str] = dict.fromkeys(table.columns, year)
    for column in table.columns:
        for label in {table.labels.get(column, column), table.labels.get(f"left:{column}", column)}:
            parts = [
                p for p in _SLASH.split(_DATED.sub("", squeeze(label))) if p not in known.names and _WORD.search(p)
            ]
            said = (spelling.strange_year(squeeze(label)), *map(spelling.misread, parts))
            why[column] = next(filter(None, said), why.get(column, ""))
    if not any(why.values()):
        return rows
    return [
        row.model_copy(update={"cells": tuple(
            c.model_copy(update={"doubt": f"{COLUMN}: {why[c.column]}"})
            if c.kind == "number" and not c.doubt and why.get(c.column) else c
            for c in row.cells
        )})
        for row in rows
    ]  # fmt: skip


def _respelt(row: Row, known: Lexicon, spelling: Spelling) -> Row:
    """Return a row in which short texts that may be misread say so."""
    cells = list(row.cells)
    for number, cell in enumerate(cells):
        text = squeeze(cell.text)
        short = cell.kind == "text" and cell.state == "grounded" and len(text) < _NAME
        if short and text not in known.names and (why := spelling.misread(text)):
            cells[number] = cell.model_copy(update={"state": "ambiguous", "doubt": why})
    return row if cells == list(row.cells) else row.model_copy(update={"cells": tuple(cells)})


def _parts(key: str, known: frozenset[str]) -> list[str]:
    """Return the free names in a row's key."""
    return [p for p in _SLASH.split(squeeze(key)) if p not in known and _WORD.search(p)]


_Parts = Mapping[str, Sequence[str]]  # free names by row key


def _free(tables: Sequence[Table], parts: _Parts) -> list[str]:
    """Return the free names of a disclosure, in keys and in short texts of cells; the longest first."""
    found = {part for names in parts.values() for part in names}
    for table in tables:
        for row in table.rows:
            texts = (squeeze(c.text) for c in row.cells if c.kind == "text" and len(c.text) < _NAME)
            found.update(t for t in texts if not _NO_NAME.search(t))
    return sorted((n for n in found if len(n) > 3), key=lambda n: (-len(n), n))


@dataclass(frozen=True)
class _Places:
    """Judges names by where they stand: whole, or cut by what stands beside them."""

    text: _Text
    known: Lexicon
    free: Sequence[str]

    def cut(self, name: str, line: int) -> str:
        """Say which known name runs over the end of a name at its place, or return an empty string."""
        here = self.text.around(line)
        places = _all(name, here)
        around = (*self.free, *self._longer(name))
        longer = [n for n in around if places and n in here and n not in name and not n.startswith(name + "(")]
        beside = [(other, [(a, a + len(other)) for a in _all(other, here)]) for other in longer]
        over = ""
        for first in places:
            last = first + len(name)
            over = next(
                (
                    other
                    for other, found in beside
                    if any(a < last and first < z for a, z in found)
                    and not all(first <= a and z <= last for a, z in found)
                ),
                "",
            )
            if not over:
                return ""
        return f"the name {name} may be cut: {over} stands there" if over else ""

    def torn(self, name: str, line: int) -> str:
        """Say of which longer name a name in prose may be the end only, its beginning lost at the end of a line."""
        if not self.text.goes_on(name, line):
            return ""
        whole = next((n for n in (*self.free, *self._longer(name)) if n != name and n.endswith(name)), "")
        return f"the name {name} may be only the end of one that begins on the line above: {whole}" if whole else ""

    def alone(self, name: str) -> str:
        """Say that a name stands nowhere else in the document, or return an empty string."""
        once = self.text.whole.count(name) < 2
        return f"the name {name} stands nowhere else, and may be misread: look at the page" if once else ""

    def _longer(self, name: str) -> Sequence[str]:
        """Return the names known everywhere that hold a name, the longest first; what is very short says nothing."""
        return self.known.holding(name) if len(name) > _LEAST else ()


def _all(part: str, text: str) -> list[int]:
    """Return where a part begins in a text, each after the end of the one before."""
    found, at = list[int](), text.find(part)
    while at >= 0:
        found.append(at)
        at = text.find(part, at + len(part))
    return found


def _twins(tables: Sequence[Table], names: _Parts) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield rows of different tables with the same amounts whose names differ in a character or two."""
    found: dict[int, list[tuple[int, int, str, frozenset[Decimal], int]]] = {}
    for number, table in enumerate(tables):
        for index, row in enumerate(table.rows):
            parts = names[row.key]
            values = frozenset(c.value for c in row.cells if c.value and c.unit in ("万元", "元"))
            if parts and values and len(parts[-1]) >= SHORT:
                found.setdefault(len(parts[-1]), []).append((number, index, parts[-1], values, row.line))
    for rows in found.values():
        named: dict[str, list[int]] = {}
        for at, one in enumerate(rows):
            named.setdefault(one[2], []).append(at)
        near = [(a, b) for a, b in combinations(named, 2) if sum(map(ne, a, b)) <= ODD]
        for at, below in sorted(tuple(sorted(pair)) for a, b in near for pair in product(named[a], named[b])):
            (where, index, name, values, line), (other, there, called, amounts, lower) = rows[at], rows[below]
            if other != where and values & amounts:
                yield (where, index), f"line {lower} has the same amount under the name {called}"
                yield (other, there), f"line {line} has the same amount under the name {name}"


__all__ = ["doubt"]
