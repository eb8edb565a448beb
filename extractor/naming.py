"""What a number stands under, where only a recogniser vouches for it: the names of its row and column, and its unit.

A sum tells whether a number is right, and nothing of the name beside it. So a name counts as read where something else
confirms it: a spec that knows the label, the classification that has it for this code, another table or line that
prints it too. What nothing confirms has to be read almost without doubt; what contradicts the rest of the document is
in doubt however sure the recogniser was, as it says nothing of a character that it lost.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from .generic import is_generic
from .normalize import half_width, squeeze
from .prints import LOOK, Print, Prints, amounts, called
from .records import Cell, Region, Row, Table
from .specs import TableSpec

POOR = 0.9
"""Score of a word that speaks against its page."""
_FAIR = 0.95  # score of such a name where it was read worse than in another place
_SURE = 0.98  # score of a known name that another known one is near to, and of a unit
_ALONE = 0.995  # score of a name that nothing confirms: one in a thousand was still wrong, of those below one in twenty
_EACH = 0.99  # likewise of each of its letters and digits: one name in two hundred was wrong, most by a point
_POINTLESS = re.compile(r"[\d一二三四五六七八九十]{1,3}(?![\d年月])(?=[\u4e00-\u9fff])")
_DATED = re.compile(r"(?:19|20)\d\d年度?|\((?:单位:)?[万千亿]?元\)")
_UNIT = re.compile(r"单位[^\u4e00-\u9fff]{0,3}(?:人民币)?([\u4e00-\u9fff]{0,4}元)|单位[:：]([^:：]{1,2})$")
_UNITS = frozenset({"百万元", "万元", "千元", "亿元", "元"})
_TOP = re.compile(r"\(?[一二三四五六七八九十]{1,3}[、).]")
_WORD = re.compile(r"[\u4e00-\u9fff]")
_FORMS = "performance"
_CLASS = 3  # digits of a code that is part of no other
_LEVEL = 2  # digits by which a code is longer than the one it is a part of
_LOST = 4  # characters that a known name may have lost at an end to be another
_DIGITS = re.compile(r"\D")


@dataclass(frozen=True)
class Names:
    """Says of the rows, columns and unit of one table why they may be others."""

    prints: Prints
    table: Table
    layouts: Sequence[TableSpec]

    def whole(self) -> str:
        """Say why the table may be another one, or its amounts in another unit."""
        if other := self._better_titled():
            return f"its title may be that of another table, {other}: {LOOK}"
        said = [(p, m[1] or m[2]) for p in self._head for m in _UNIT.finditer(p.text)]
        odd = next((unit for _, unit in said if unit not in _UNITS), "")
        unit, others = self.table.unit, self.prints.units
        most = max((abs(a) for row in self.table.rows for a in amounts(row)), default=Decimal(0))
        if any(not self.table.lines[0] <= n <= self.table.lines[1] for n in self.prints.told.get((most, unit), ())):
            return ""  # a sentence says the same; in another unit it would be another amount
        if odd and not any(unit in _UNITS for _, unit in said):
            return f"its unit is printed as {odd}: {LOOK}"
        if self.layouts and others[unit] == 1 and len(others) > 1:
            return f"no other table has the unit {unit}, which may be misread: {LOOK}"
        poor = min((p.score for p, unit in said if unit in _UNITS), default=1.0)
        if poor < _SURE and others[unit] <= 1:
            return f"its unit is hard to read (a score of {poor:.2f}): {LOOK}"
        return ""

    def _better_titled(self) -> str:
        """Return a title of another table that the printed one has more of than of any title of its own."""
        printed = half_width(self.table.title)
        own = max((_shared_end(printed, half_width(t)) for s in self.layouts for t in s.titles), default=len(printed))
        every = [half_width(t) for s in self.prints.specs.tables if s.id != self.table.id for t in s.titles]
        better = next((t for t in every if _shared_end(printed, t) > own), "")
        here = [p.score for p in self.prints.lines.get(self.table.lines[0], ()) if printed in p.text]
        if better or min(here, default=1.0) >= _ALONE:
            return better
        return next((t for t in every if t.endswith(printed) and t != printed), "")  # its beginning may be lost

    def column(self, column: str) -> str:
        """Say why a column may be another one, by the name that it has."""
        labels = {self.table.labels.get(column, column), self.table.labels.get(f"left:{column}", column)}
        for label in map(half_width, labels if self._called else ()):
            printed = _DATED.sub("", label)
            if not {label, printed, printed.rsplit("/", 1)[-1]} & self._called.keys():
                return f"no spec knows a column {label}, whose name may be misread: {LOOK}"
            years = [p for p in self._head if any(part in p.text for part in label.split("/") if part != printed)]
            if printed != label and (why := next(filter(None, map(self._year, years)), "")):
                return why
        return ""

    def header(self, row: Row, cell: Cell) -> str:
        """Say why a number may stand under another column: what is printed above it names another, or none."""
        found = self._above(cell) if cell.kind == "number" else None
        if found is None or not (self.layouts or is_generic(self.table)):
            return ""
        if not self.layouts:  # any name may stand there
            hard = f"the header above it, {found.text}, is hard to read (a score of {found.score:.2f}): {LOOK}"
            return hard if found.score < _ALONE else self._year(found)
        columns = self._called.get(found.text, set()) | self._called.get(_DATED.sub("", found.text), set())
        label = half_width(self.table.labels.get(cell.column, cell.column)).rsplit("/", 1)[-1]
        name = half_width(row.key).rsplit("/", 1)[-1]  # it may be what the header names
        total = row.kind == "total" and found.core in self._labels
        if cell.column in columns or label == found.text or total or found.core in self._labels.get(name, {name}):
            return self._year(found)
        said = "it is printed below" if columns else "no name of its column is what is printed above it:"
        return f"{said} {found.text}: {LOOK}"

    def _year(self, piece: Print) -> str:
        """Say why the year in a header may be another one."""
        if piece.score < _ALONE and _DATED.search(piece.text) and any(map(str.isdigit, piece.text)):
            return f"the year in {piece.text} is hard to read (a score of {piece.score:.2f}): {LOOK}"
        return self._digits(piece.text, [piece])

    def _above(self, cell: Cell) -> Print | None:
        """Return what is printed above a number: in its cell of the grid, or else nearest to it across the page."""
        span = cell.spans[0] if cell.spans else None
        place = next((r for r in self.prints.result.where(span) if r.box is not None), None) if span else None
        if span is None or place is None:
            return None
        words = [p for p in self._head if p.word and _WORD.search(p.text)]
        here = self._cell(span.start)
        inside = [p for p in words if self._cell(p.region.start) == here]
        if here[1] > 1 and inside:
            return max(inside, key=lambda p: p.region.start)
        beside = [p for p in words if len(p.text) > 1 and p.region.box is not None and p.region.page == place.page]
        return min(beside, key=lambda p: abs(_middle(place) - _middle(p.region)), default=None)

    def _cell(self, offset: int) -> tuple[int, int]:
        """Return which cell of its line an offset is in, and how many the line has."""
        document = self.prints.document
        start = document.line_starts[document.line_of(offset) - 1]
        end = document.text.find("\n", offset)
        return document.text.count("\t", start, offset), 1 + document.text.count("\t", start, max(end, offset))

    def row(self, row: Row) -> str:
        """Say why a row may be another one, by its code, its name or those of the rows that it is a part of.

        Rows are asked about from top to bottom.
        """
        if id(row) not in self._said:
            self._said[id(row)] = self._doubt(row)
        return self._said[id(row)]

    def _doubt(self, row: Row) -> str:
        line = self.prints.lines.get(row.line, [])
        if not self.layouts and not is_generic(self.table):  # prose has judges of its own
            name = half_width(row.key.rsplit("/", 1)[-1])
            free = self.table.id.startswith(_FORMS) and name not in self.prints.known
            hard = next((_hard(p) for p in line if p.word and p.score < POOR), "")
            return hard or (self._name(name, line, row) if free and len(name) > 1 else "")
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
                why = ""  # the spec tells which rows have to be printed above it
            if why:
                return why
        return self._unprinted(row) or self._root(row, line) if row.kind == "label" and self._labels else ""

    def _unprinted(self, row: Row) -> str:
        """Say which row that a row is a part of is printed nowhere above it: its name may be another row's."""
        for part, names in self._parents.get(row.role or "", ()):
            told = any(r.role == part for r in self.table.rows)
            if not told and not any(p.core in names for p in self.prints.between(self._body, row.line - 1)):
                return f"no row {part.rsplit('/', 1)[-1]}, which it would be a part of, is printed above it: {LOOK}"
        return ""

    @cached_property
    def _parents(self) -> Mapping[str, Sequence[tuple[str, frozenset[str]]]]:
        """What each row of the specs is a part of, but totals and what stands below its parts, with its names."""
        found: dict[str, list[tuple[str, frozenset[str]]]] = {}
        for spec in self.layouts:
            for path in spec.paths:
                steps = [(i, step) for i, step in enumerate(path[:-1], 1) if not (step.top or step.after)]
                found["/".join(step.label for step in path)] = [
                    ("/".join(s.label for s in path[:i]), frozenset(map(half_width, (step.label, *step.aliases))))
                    for i, step in steps
                ]
        return found

    def _root(self, row: Row, line: Sequence[Print]) -> str:
        """Say of which row above it, that wasn't read for certain, a row without a number of its own may be a part."""
        if "/" in row.key or any(_TOP.match(p.text) for p in line if row.key in p.text):
            return ""
        above = self._above_it.get(id(row))
        unsure = above is not None and self.row(above)
        return f"it may be a part of {above.key}, the row above it: {LOOK}" if above and unsure else ""

    def _code(self, row: Row, code: str, line: Sequence[Print]) -> str:
        digits = [p for p in line if p.text.isdigit() and p.text in code]
        digits = digits or [p for p in line if p.text.startswith(code)]
        beside = [p.text.removeprefix(code) for p in digits if not p.text.isdigit()]
        name = called(row) or next(iter(beside), "")
        bearers = {other for other in self.prints.bearers.get(name, ()) if len(other) == len(code)}
        nested = len(code) <= _CLASS or code[:-_LEVEL] in self._codes
        if (code in bearers and (len(bearers) == 1 or nested)) or self._again(row, code, name):
            return ""
        if bearers and code not in bearers:
            return f"{name} is called {min(bearers)}, not {code}, which may be misread: {LOOK}"
        if not nested and any(len(c) == len(code) and c[:-_LEVEL] in self._codes for c in self._codes):
            return f"the code {code[:-_LEVEL]}, of which {code} is a part, stands nowhere in the table: {LOOK}"
        other = any(len(o) == len(p.text) and o.isdigit() for p in digits for o in p.region.others)
        score = min((p.score for p in digits), default=0.0)
        return (
            f"the code of its row is hard to read (a score of {score:.2f}): {LOOK}" if other or score < _ALONE else ""
        )

    def spelling(self, row: Row, cell: Cell) -> str:
        """Say which name the classification has for a row's code, where the printed one is nearly that."""
        code, name = row.key.rsplit("/", 1)[-1], half_width(squeeze(cell.text))
        names = [half_width(n) for n in self.prints.specs.names.get(code, ()) if cell.column == "名称"]
        near = next((n for n in names if name not in names and (_near(name, n) or _near(n, name))), "")
        return f"{code} is called {near}, not {name}, which may be misread: {LOOK}" if near else ""

    def _name(self, name: str, line: Sequence[Print], row: Row) -> str:
        known, fixed = self._labels, row.kind == "label"
        every = known.get(name, {name})
        found = (
            [p for p in line if p.core in every or p.text in every]
            or [p for p in line if name in p.text]
            or [p for p in self.prints.between(*self.table.lines) if p.core in every or name in p.text]
        )
        if not found:
            return f"the name {name} isn't printed so: {LOOK}"
        score = min(p.score for p in found)
        if name in known or name in self.prints.bearers:
            near = next((o for o in known if o not in every and _near(name, o)), "")
            why = f"{name} may be {near}" if near and score < _SURE else ""
        elif (match := _POINTLESS.match(name)) and (fixed or match[0].isdigit()):
            return f"the number in front of {name} lost its point, and its name may not be whole: {LOOK}"
        elif fixed and known and self.prints.often[name] == 1:
            why = f"no spec knows a row {name}"
        elif (code := self._unused(found[0], line)) and not any(c.isdigit() for c in row.key):
            return f"the code {code} stands before {name}, but isn't read as one: {LOOK}"
        else:
            sure = all(map(_certain, found)) or self.prints.read_well(name, _FAIR, _ALONE)
            why = self._digits(name, found) if sure else "what names its row is hard to read"
        return f"{why} (a score of {score:.2f}): {LOOK}" if why else ""

    def _unused(self, name: Print, line: Sequence[Print]) -> str:
        """Return a code that is printed before the name of a row in a table of codes."""
        codes = (p.text for p in line if p.text.isdigit() and p.region.start < name.region.start)
        return next((c for c in codes if c in self.prints.specs.names), "") if self.layouts else ""

    def _digits(self, name: str, found: Sequence[Print]) -> str:
        """Say why the digits of a name may be others: no word around them tells."""
        for piece in found:
            others = {_DIGITS.sub("", half_width(other)) for other in piece.region.others}
            if (digits := _DIGITS.sub("", piece.text)) and others - {digits}:
                return f"the digits in {name} may be others"
        return next((why for p in found if (why := self.prints.strange_year(p))), "")

    def _again(self, row: Row, code: str, name: str) -> bool:
        """Whether another table has the same code, with the same name or an amount that is the same."""
        own = amounts(row)
        return any(
            other is not self.table and ((name and known == name) or own & found)
            for other, known, found in self.prints.coded.get(code, ())
        )

    @cached_property
    def _said(self) -> dict[int, str]:
        return {}

    @cached_property
    def _above_it(self) -> Mapping[int, Row]:
        """The labelled row that is part of no other and stands above each such row, on its side."""
        last: dict[str, Row] = {}
        found: dict[int, Row] = {}
        for row in sorted(self.table.rows, key=lambda r: r.line):
            if row.kind == "label" and "/" not in row.key:
                if row.side in last:
                    found[id(row)] = last[row.side]
                last[row.side] = row
        return found

    @cached_property
    def _rows(self) -> Mapping[str, Row]:
        return {half_width(r.key): r for r in reversed(self.table.rows)}

    @cached_property
    def _codes(self) -> frozenset[str]:
        return frozenset(part for r in self.table.rows for part in r.key.split("/") if part.isdigit())

    @cached_property
    def _head(self) -> Sequence[Print]:
        first = min((r.line for r in self.table.rows), default=self.table.lines[0])
        return list(self.prints.between(self.table.lines[0], first - 1))

    @cached_property
    def _body(self) -> int:
        """The line below the names of columns: what stands above it names no row."""
        heads = [self.prints.document.line_of(p.region.start) for p in self._head if p.text in self._called]
        return max(heads, default=self.table.lines[0] - 1) + 1

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
            for path in spec.paths:
                names = {half_width(name) for name in (path[-1].label, *path[-1].aliases)}
                for name in names:
                    found.setdefault(name, set()).update(names)
        return found


def _near(name: str, other: str) -> bool:
    """Whether a name may be another that was misread in one character, or lost some at an end."""
    if len(name) == len(other):
        return sum(a != b for a, b in zip(name, other, strict=True)) == 1
    return 0 < len(other) - len(name) <= _LOST and (other.startswith(name) or other.endswith(name))


def _shared_end(text: str, title: str) -> int:
    """Return how many characters at the end of two texts are the same."""
    return next(
        (i for i, (a, b) in enumerate(zip(reversed(text), reversed(title), strict=False)) if a != b),
        min(len(text), len(title)),
    )


def _certain(piece: Print) -> bool:
    """Whether a name that nothing confirms was read without doubt: every letter and digit, and signs if it has any."""
    if piece.region.least is None:
        return piece.score >= _ALONE
    plain = all(c.isalnum() or c.isspace() for c in piece.text)
    return piece.least >= _EACH and (plain or piece.score >= _ALONE)


def _hard(piece: Print) -> str:
    return f"what names its row is hard to read (a score of {piece.score:.2f}): {LOOK}"


def _middle(region: Region) -> float:
    return (region.box[0] + region.box[2]) / 2 if region.box else 0.0
