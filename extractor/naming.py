"""What a number stands under, where only a recogniser vouches for it: the names of its row and column, and its unit.

A sum tells whether a number is right, and nothing of the name beside it. So a name counts as read where something else
confirms it: a spec that knows the label, the classification that has it for this code, another table or line that
prints it too. What nothing confirms has to be read almost without doubt; what contradicts the rest of the document is
in doubt however sure the recogniser was, as it says nothing of a character that it lost.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from .document import Document
from .generic import is_generic
from .normalize import half_width
from .records import Cell, Region, Result, Row, Table
from .specs import Catalogue, TableSpec, split_label, walk

POOR = 0.9
"""Score of a word that speaks against its page."""
_FAIR = 0.95  # score of a name that stands twice
_SURE = 0.98  # score of a known name that another known one is near to, and of a unit
_ALONE = 0.995  # score of a name that nothing confirms: one in a thousand was still wrong, of those below one in twenty
_NUMERAL = re.compile(r"^[-+\d.,%\s]+$")
_POINTLESS = re.compile(r"[\d一二三四五六七八九十]{1,3}(?![\d年月])(?=[\u4e00-\u9fff])")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DATED = re.compile(r"(?:19|20)\d\d年度?|\((?:单位:)?[万千亿]?元\)")
_UNIT = re.compile(r"单位[^\u4e00-\u9fff]{0,3}(?:人民币)?([\u4e00-\u9fff]{0,4}元)|单位[:：]([^:：]{1,2})$")
_UNITS = frozenset({"百万元", "万元", "千元", "亿元", "元"})
_CLASS = 3  # digits of a code that is part of no other
_LEVEL = 2  # digits by which a code is longer than the one it is a part of
_LOST = 4  # characters that a known name may have lost at an end to be another
_DIGITS = re.compile(r"\D")
_LOOK = "look at the page"


@dataclass(frozen=True, slots=True)
class _Print:
    """A recognised piece: its text, the same without numbering, and its region."""

    text: str
    core: str
    region: Region

    @property
    def score(self) -> float:
        return self.region.score or 0.0

    @property
    def word(self) -> bool:
        return not _NUMERAL.search(self.text)


@dataclass(frozen=True)
class Names:
    """What a document's recognised pieces, and the specs, say of names."""

    document: Document
    result: Result
    specs: Catalogue

    def of(self, table: Table) -> "Judge":
        """Return who says of a table why its names may be others."""
        return Judge(self, table, self.specs.layouts(table.id))

    def piece(self, region: Region) -> _Print:
        """Return a region as a piece of print."""
        text = half_width(self.document.text[region.start : region.end])
        return _Print(text, split_label(text)[1], region)

    def between(self, first: int, last: int) -> Iterator[_Print]:
        """Yield the pieces of these lines, both included."""
        return (p for n in range(first, last + 1) for p in self.lines.get(n, ()))

    @cached_property
    def lines(self) -> Mapping[int, list[_Print]]:
        """The recognised pieces of each line."""
        found: dict[int, list[_Print]] = {}
        for region in self.document.regions:
            if region.score is not None:
                found.setdefault(self.document.line_of(region.start), []).append(self.piece(region))
        return found

    @cached_property
    def often(self) -> Counter[str]:
        """How often each label stands in a piece of its own."""
        return Counter(p.core for line in self.lines.values() for p in line)

    @cached_property
    def whole(self) -> str:
        """All that was recognised."""
        return "\n".join(p.text for line in self.lines.values() for p in line)

    @cached_property
    def years(self) -> Counter[str]:
        """In how many pieces each year stands."""
        return Counter(y for line in self.lines.values() for p in line for y in set(_YEAR.findall(p.text)))

    @cached_property
    def units(self) -> Counter[str]:
        """In how many tables each unit is that of the amounts."""
        return Counter(t.unit for t in self.result.tables if t.rows and self.specs.layouts(t.id))

    @cached_property
    def bearers(self) -> Mapping[str, set[str]]:
        """The codes that the classification has under each name."""
        found: dict[str, set[str]] = {}
        for code, names in self.specs.names.items():
            for name in names:
                found.setdefault(half_width(name), set()).add(code)
        return found

    @cached_property
    def coded(self) -> Mapping[str, list[tuple[Table, str, set[Decimal]]]]:
        """Where each code is printed: table, name and amounts."""
        found: dict[str, list[tuple[Table, str, set[Decimal]]]] = {}
        for table, row in ((t, r) for t in self.result.tables for r in t.rows):
            found.setdefault(row.key.rsplit("/", 1)[-1], []).append((table, _called(row), _amounts(row)))
        return found

    def strange_year(self, piece: _Print) -> str:
        """Say which year of a piece no other one has."""
        year = next((y for y in _YEAR.findall(piece.text) if self.years[y] == 1), "")
        return f"the year {year} stands nowhere else, and may be misread: {_LOOK}" if year else ""


@dataclass(frozen=True)
class Judge:
    """Says of the rows, columns and unit of one table why they may be others."""

    names: Names
    table: Table
    layouts: Sequence[TableSpec]

    def whole(self) -> str:
        """Say why the table may be another one, or its amounts in another unit."""
        said = [(p, m[1] or m[2]) for p in self._head for m in _UNIT.finditer(p.text)]
        odd = next((unit for _, unit in said if unit not in _UNITS), "")
        unit, others = self.table.unit, self.names.units
        if odd and not any(unit in _UNITS for _, unit in said):
            return f"its unit is printed as {odd}: {_LOOK}"
        if self.layouts and others[unit] == 1 and len(others) > 1:
            return f"no other table has the unit {unit}, which may be misread: {_LOOK}"
        poor = min((p.score for p, unit in said if unit in _UNITS), default=1.0)
        if poor < _SURE and others[unit] <= 1:
            return f"its unit is hard to read (a score of {poor:.2f}): {_LOOK}"
        return ""

    def column(self, column: str) -> str:
        """Say why a column may be another one, by the name that it has."""
        labels = {self.table.labels.get(column, column), self.table.labels.get(f"left:{column}", column)}
        for label in labels if self._called else ():
            if not any(part in self._called for part in map(half_width, (label, label.split("/")[-1]))):
                return f"no spec knows a column {label}, whose name may be misread: {_LOOK}"
        return ""

    def header(self, cell: Cell) -> str:
        """Say why a number may stand under another column: what is printed above it names another, or none."""
        found = self._above(cell) if cell.kind == "number" else None
        if found is None or not self._called:
            return ""
        columns = self._called.get(found.text, set()) | self._called.get(_DATED.sub("", found.text), set())
        label = half_width(self.table.labels.get(cell.column, cell.column)).rsplit("/", 1)[-1]
        if cell.column in columns or label == found.text:
            return self.names.strange_year(found)
        if columns:
            return f"it is printed below {found.text}: {_LOOK}"
        if found.score < _ALONE:
            return f"the header above it is hard to read (a score of {found.score:.2f}): {_LOOK}"
        return ""

    def _above(self, cell: Cell) -> _Print | None:
        """Return what is printed above a number: in its cell of the grid, or else nearest to it across the page."""
        span = cell.spans[0] if cell.spans else None
        place = next((r for r in self.names.result.where(span) if r.box is not None), None) if span else None
        if span is None or place is None:
            return None
        words = [p for p in self._head if len(p.text) > 1 and p.word]
        here = self._cell(span.start)
        inside = [p for p in words if self._cell(p.region.start) == here]
        if here[1] > 1 and inside:
            return max(inside, key=lambda p: p.region.start)
        beside = [p for p in words if p.region.box is not None and p.region.page == place.page]
        return min(beside, key=lambda p: abs(_middle(place) - _middle(p.region)), default=None)

    def _cell(self, offset: int) -> tuple[int, int]:
        """Return which cell of its line an offset is in, and how many the line has."""
        document = self.names.document
        start = document.line_starts[document.line_of(offset) - 1]
        end = document.text.find("\n", offset)
        return document.text.count("\t", start, offset), 1 + document.text.count("\t", start, max(end, offset))

    def row(self, row: Row) -> str:
        """Say why a row may be another one, by its code, its name or those of the rows that it is a part of."""
        line = self.names.lines.get(row.line, [])
        if not self.layouts and not is_generic(self.table):  # prose and forms have judges of their own
            return next((_hard(p) for p in line if p.word and p.score < POOR), "")
        if row.kind == "total":
            return next((_hard(p) for p in line if p.word and p.score < POOR and p.core not in self._labels), "")
        parts = [half_width(part) for part in row.key.split("/")]
        for number, part in enumerate(parts):
            above = self._rows.get("/".join(parts[: number + 1])) if number < len(parts) - 1 else None
            if above is not None:
                why = self.row(above)
            elif part.isdigit():
                why = self._code(row, part, line)
            elif number == len(parts) - 1 or row.kind != "label" or not self._labels:
                why = self._name(part, line, row)
            else:
                printed = any(p.core == part for p in self.names.between(self.table.lines[0], row.line - 1))
                why = "" if printed else f"no row {part}, which it would be a part of, is printed above it: {_LOOK}"
            if why:
                return why
        return ""

    def _code(self, row: Row, code: str, line: Sequence[_Print]) -> str:
        digits = [p for p in line if p.text.isdigit() and p.text in code]
        digits = digits or [p for p in line if p.text.startswith(code)]
        beside = [p.text.removeprefix(code) for p in digits if not p.text.isdigit()]
        name = _called(row) or next(iter(beside), "")
        bearers = {other for other in self.names.bearers.get(name, ()) if len(other) == len(code)}
        nested = len(code) <= _CLASS or code[:-_LEVEL] in self._codes
        if (code in bearers and (len(bearers) == 1 or nested)) or self._again(row, code, name):
            return ""
        if bearers and code not in bearers:
            return f"{name} is called {min(bearers)}, not {code}, which may be misread: {_LOOK}"
        if not nested and any(len(c) == len(code) and c[:-_LEVEL] in self._codes for c in self._codes):
            return f"the code {code[:-_LEVEL]}, of which {code} is a part, stands nowhere in the table: {_LOOK}"
        other = any(len(o) == len(p.text) and o.isdigit() for p in digits for o in p.region.others)
        score = min((p.score for p in digits), default=0.0)
        return (
            f"the code of its row is hard to read (a score of {score:.2f}): {_LOOK}" if other or score < _ALONE else ""
        )

    def _name(self, name: str, line: Sequence[_Print], row: Row) -> str:
        known, fixed = self._labels, row.kind == "label"
        every = known.get(name, {name})
        found = (
            [p for p in line if p.core in every or p.text in every]
            or [p for p in line if name in p.text]
            or [p for p in self.names.between(*self.table.lines) if p.core in every or name in p.text]
        )
        if not found:
            return f"the name {name} isn't printed so: {_LOOK}"
        score = min(p.score for p in found)
        if name in known:
            near = next((o for o in known if o not in every and _near(name, o)), "")
            why = f"{name} may be {near}" if near and score < _SURE else ""
        elif (match := _POINTLESS.match(name)) and (fixed or match[0].isdigit()):
            return f"the number in front of {name} lost its point, and its name may not be whole: {_LOOK}"
        elif fixed and known and self.names.often[name] == 1:
            why = f"no spec knows a row {name}"
        elif row.kind == "project" and any(s.shape == "coded" for s in self.layouts if s.layout == self.table.layout):
            return f"no code is printed in the row {name}: {_LOOK}"
        else:
            least = _FAIR if self.names.whole.count(name) > 1 else _ALONE
            why = "what names its row is hard to read" if score < least else self._digits(name, found)
        return f"{why} (a score of {score:.2f}): {_LOOK}" if why else ""

    def _digits(self, name: str, found: Sequence[_Print]) -> str:
        """Say why the digits of a name may be others: no word around them tells."""
        for piece in found:
            others = {_DIGITS.sub("", half_width(other)) for other in piece.region.others}
            if (digits := _DIGITS.sub("", piece.text)) and others - {digits}:
                return f"the digits in {name} may be others"
        return next((why for p in found if (why := self.names.strange_year(p))), "")

    def _again(self, row: Row, code: str, name: str) -> bool:
        """Whether another table has the same code, with the same name or an amount that is the same."""
        amounts = _amounts(row)
        return any(
            other is not self.table and ((name and called == name) or amounts & found)
            for other, called, found in self.names.coded.get(code, ())
        )

    @cached_property
    def _rows(self) -> Mapping[str, Row]:
        return {half_width(r.key): r for r in reversed(self.table.rows)}

    @cached_property
    def _codes(self) -> frozenset[str]:
        return frozenset(part for r in self.table.rows for part in r.key.split("/") if part.isdigit())

    @cached_property
    def _head(self) -> Sequence[_Print]:
        first = min((r.line for r in self.table.rows), default=self.table.lines[0])
        return list(self.names.between(self.table.lines[0], first - 1))

    @cached_property
    def _called(self) -> Mapping[str, set[str]]:
        """Which columns each name may be printed above."""
        spec = [column for spec in self.layouts for column in (*spec.columns, *spec.more)]
        known = {column.id for column in spec}
        called = {half_width(column): {column} for column in self.table.columns if not spec or column in known}
        for column in spec:
            for name in column.plain:
                called.setdefault(half_width(name), set()).add(column.id)
        return called

    @cached_property
    def _labels(self) -> Mapping[str, set[str]]:
        """The labels that the table's specs know, each with those that mean the same row."""
        found: dict[str, set[str]] = {}
        for spec in self.layouts:
            for path in (*walk(spec.left), *(walk((spec.right.total,)) if spec.right else ())):
                names = {half_width(name) for name in (path[-1].label, *path[-1].aliases)}
                for name in names:
                    found.setdefault(name, set()).update(names)
        return found


def _called(row: Row) -> str:
    return half_width(next((c.text for c in row.cells if c.column == "名称"), ""))


def _amounts(row: Row) -> set[Decimal]:
    return {c.value for c in row.cells if c.value}


def _near(name: str, other: str) -> bool:
    """Whether a name may be another that was misread in one character, or lost some at an end."""
    if len(name) == len(other):
        return sum(a != b for a, b in zip(name, other, strict=True)) == 1
    return 0 < len(other) - len(name) <= _LOST and (other.startswith(name) or other.endswith(name))


def _hard(piece: _Print) -> str:
    return f"what names its row is hard to read (a score of {piece.score:.2f}): {_LOOK}"


def _middle(region: Region) -> float:
    return (region.box[0] + region.box[2]) / 2 if region.box else 0.0
