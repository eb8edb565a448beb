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


class Names:
    """Says of the rows, columns and units of a recognised document why they may be other ones."""

    def __init__(self, document: Document, result: Result, specs: Catalogue) -> None:
        self._document, self._result, self._specs = document, result, specs
        self._layouts = {table_id: specs.layouts(table_id) for table_id in {t.id for t in result.tables}}

    def unit(self, table: Table) -> str:
        """Say why the amounts of a table may be in another unit."""
        said = [(p, m[1] or m[2]) for p in self._head(table) for m in _UNIT.finditer(p.text)]
        odd = next((unit for _, unit in said if unit not in _UNITS), "")
        if odd and not any(unit in _UNITS for _, unit in said):
            return f"its unit is printed as {odd}: {_LOOK}"
        others = Counter(self._units.values())
        if others.total() > 1 and others[table.unit] == 1 and len(others) > 1:
            return f"no other table has the unit {table.unit}, which may be misread: {_LOOK}"
        poor = min((p.score for p, unit in said if unit in _UNITS), default=1.0)
        if poor < _SURE and others[table.unit] == 1:
            return f"its unit is hard to read (a score of {poor:.2f}): {_LOOK}"
        return ""

    def column(self, table: Table, column: str) -> str:
        """Say why a column of a table may be another one, by its name."""
        called = self._called(table)
        labels = {table.labels.get(column, column), table.labels.get(f"left:{column}", column)}
        for label in labels if called else ():
            if not any(part in called for part in map(half_width, (label, label.split("/")[-1]))):
                return f"no spec knows a column {label}, whose name may be misread: {_LOOK}"
        return ""

    def header(self, table: Table, cell: Cell) -> str:
        """Say why a number may stand under another column: what is printed above it names another, or none."""
        place = next((r for span in cell.spans for r in self._result.where(span) if r.box is not None), None)
        if place is None or cell.kind != "number":
            return ""
        above = [
            (abs(_middle(place) - _middle(p.region)), p)
            for p in self._head(table)
            if len(p.text) > 1 and p.word and p.region.box is not None and p.region.page == place.page
        ]
        called = self._called(table)
        if not above:
            return ""
        found = min(above, key=lambda one: one[0])[1]
        name = _DATED.sub("", found.text)
        if {cell.column} & (called.get(found.text, set()) | called.get(name, set())):
            return self._strange_year(found)
        if len(called.get(name, ())) == 1:
            return f"it is printed below {found.text}: {_LOOK}"
        if found.score < _ALONE and called:
            return f"the header above it is hard to read (a score of {found.score:.2f}): {_LOOK}"
        return ""

    def row(self, table: Table, row: Row) -> str:
        """Say why a row may be another one, by its code, its name or those of the rows that it is a part of."""
        line = self._lines.get(row.line, [])
        if table.id not in self._layouts or not self._layouts[table.id]:
            return next((_hard(p) for p in line if p.word and p.score < POOR), "")
        if row.kind == "total":
            return next((_hard(p) for p in line if p.word and p.score < POOR and p.core not in self._labels(table)), "")
        parts = [half_width(part) for part in row.key.split("/")]
        keys = {half_width(r.key) for r in table.rows}
        for number, part in enumerate(parts):
            whole = "/".join(parts[: number + 1])
            own = number == len(parts) - 1
            if not own and whole in keys:
                above = next(r for r in table.rows if half_width(r.key) == whole)
                why = self.row(table, above)
            elif part.isdigit():
                why = self._code(table, row, part, line)
            elif own or row.kind != "label" or not self._labels(table):
                why = self._name(table, part, line, fixed=row.kind == "label")
            else:
                above = (p for n in range(table.lines[0], row.line) for p in self._lines.get(n, ()))
                printed = any(p.core == part for p in above)
                why = "" if printed else f"no row {part}, which it would be a part of, is printed above it: {_LOOK}"
            if why:
                return why
        return ""

    def _code(self, table: Table, row: Row, code: str, line: Sequence[_Print]) -> str:
        digits = [p for p in line if re.match(r"\d+", p.text) and p.text.isdigit() and p.text in code]
        digits = digits or [p for p in line if p.text.startswith(code)]
        beside = [p.text.removeprefix(code) for p in digits if p.text != code and not p.text.isdigit()]
        name = half_width(next((c.text for c in row.cells if c.column == "名称"), "")) or next(iter(beside), "")
        bearers = {other for other in self._bearers.get(name, ()) if len(other) == len(code)}
        nested = len(code) <= _CLASS or any(k.endswith(code[:-_LEVEL]) for k in self._codes_of(table))
        if (code in bearers and (len(bearers) == 1 or nested)) or self._again(table, row, code, name):
            return ""
        if bearers and code not in bearers:
            return f"{name} is called {min(bearers)}, not {code}, which may be misread: {_LOOK}"
        other = any(len(o) == len(p.text) and o.isdigit() for p in digits for o in p.region.others)
        score = min((p.score for p in digits), default=0.0)
        if other or score < _SURE:
            return f"what names its row is hard to read (a score of {score:.2f}): {_LOOK}"
        return ""

    def _name(self, table: Table, name: str, line: Sequence[_Print], *, fixed: bool) -> str:
        known = self._labels(table)
        every = known.get(name, {name})
        here = [p for n in range(table.lines[0], table.lines[1] + 1) for p in self._lines.get(n, ())]
        found = (
            [p for p in line if p.core in every or p.text in every]
            or [p for p in line if name in p.text]
            or [p for p in line if p.word and len(p.core) > 1 and p.core in name]
            or [p for p in here if p.core in every or p.text in every or name in p.text]
        )
        if not found:
            return f"the name {name} isn't printed so: {_LOOK}"
        score = min(p.score for p in found)
        if name in known:
            near = next((o for o in known if o != name and o not in every and _near(name, o)), "")
            why = f"{name} may be {near}" if near and score < _SURE else ""
        elif (match := _POINTLESS.match(name)) and (fixed or match[0].isdigit()):
            return f"the number in front of {name} lost its point, and its name may not be whole: {_LOOK}"
        elif fixed and known and self._often[name] < 2:
            why = f"no spec knows a row {name}"
        else:
            least = _FAIR if self._whole.count(name) > 1 else _ALONE
            why = "what names its row is hard to read" if score < least else self._digits(name, found)
        return f"{why} (a score of {score:.2f}): {_LOOK}" if why else ""

    def _digits(self, name: str, found: Sequence[_Print]) -> str:
        """Say why the digits of a name may be others: no other word tells."""
        for piece in found:
            if re.sub(r"\D", "", piece.text) and any(
                re.sub(r"\D", "", half_width(o)) != re.sub(r"\D", "", piece.text) for o in piece.region.others
            ):
                return f"the digits in {name} may be others"
        return next((why for p in found if (why := self._strange_year(p))), "")

    def _strange_year(self, piece: _Print) -> str:
        year = next((y for y in _YEAR.findall(piece.text) if self._years[y] < 2), "")
        return f"the year {year} stands nowhere else, and may be misread: {_LOOK}" if year else ""

    def _again(self, table: Table, row: Row, code: str, name: str) -> bool:
        """Whether another table has the same code, with the same name or an amount that is the same."""
        values = {c.value for c in row.cells if c.value}
        return any(
            other is not table and ((name and called == name) or values & amounts)
            for other, called, amounts in self._rows.get(code, ())
        )

    @cached_property
    def _lines(self) -> Mapping[int, list[_Print]]:
        found: dict[int, list[_Print]] = {}
        for region in self._document.regions:
            if region.score is not None:
                text = half_width(self._document.text[region.start : region.end])
                line = self._document.line_of(region.start)
                found.setdefault(line, []).append(_Print(text, split_label(text)[1], region))
        return found

    @cached_property
    def _often(self) -> Counter[str]:
        return Counter(p.core for line in self._lines.values() for p in line)

    @cached_property
    def _whole(self) -> str:
        return "\n".join(p.text for line in self._lines.values() for p in line)

    @cached_property
    def _years(self) -> Counter[str]:
        return Counter(y for line in self._lines.values() for p in line for y in set(_YEAR.findall(p.text)))

    @cached_property
    def _units(self) -> Mapping[int, str]:
        return {t.lines[0]: t.unit for t in self._result.tables if self._layouts[t.id] and t.rows}

    @cached_property
    def _bearers(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = {}
        for code, names in self._specs.names.items():
            for name in names:
                found.setdefault(half_width(name), set()).add(code)
        return found

    @cached_property
    def _rows(self) -> Mapping[str, list[tuple[Table, str, set[Decimal]]]]:
        found: dict[str, list[tuple[Table, str, set[Decimal]]]] = {}
        for table in self._result.tables:
            for row in table.rows:
                name = half_width(next((c.text for c in row.cells if c.column == "名称"), ""))
                amounts = {c.value for c in row.cells if c.value}
                found.setdefault(row.key.rsplit("/", 1)[-1], []).append((table, name, amounts))
        return found

    def _codes_of(self, table: Table) -> Iterator[str]:
        return (part for r in table.rows for part in r.key.split("/") if part.isdigit())

    def _head(self, table: Table) -> Sequence[_Print]:
        first = min((r.line for r in table.rows), default=table.lines[0])
        return [p for n in range(table.lines[0], first) for p in self._lines.get(n, ())]

    def _called(self, table: Table) -> Mapping[str, set[str]]:
        """Return which columns of a table each name may be printed above."""
        spec = [column for spec in self._layouts[table.id] for column in (*spec.columns, *spec.more)]
        known = {column.id for column in spec}
        called = {half_width(column): {column} for column in table.columns if not spec or column in known}
        for column in spec:
            for name in column.plain:
                called.setdefault(half_width(name), set()).add(column.id)
        return called

    def _labels(self, table: Table) -> Mapping[str, set[str]]:
        """Return the labels that a table's specs know, each with those that mean the same row."""
        found: dict[str, set[str]] = {}
        for spec in self._layouts[table.id]:
            for row in _labelled(spec):
                for name in row:
                    found.setdefault(name, set()).update(row)
        return found


def _labelled(spec: TableSpec) -> Iterator[set[str]]:
    for path in (*walk(spec.left), *(walk((spec.right.total,)) if spec.right else ())):
        yield {half_width(name) for name in (path[-1].label, *path[-1].aliases)}


def _near(name: str, other: str) -> bool:
    """Whether a name may be another that was misread in one character, or lost some at an end."""
    if len(name) == len(other):
        return sum(a != b for a, b in zip(name, other, strict=True)) == 1
    return 0 < len(other) - len(name) <= _LOST and (other.startswith(name) or other.endswith(name))


def _hard(piece: _Print) -> str:
    return f"what names its row is hard to read (a score of {piece.score:.2f}): {_LOOK}"


def _middle(region: Region) -> float:
    return (region.box[0] + region.box[2]) / 2 if region.box else 0.0
