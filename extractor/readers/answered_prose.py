"""What a model says of the numbers in a section, looked up in the text and held against what the grammar has read.

A number must stand on the line named or a neighbouring one, the unit behind it, for a change the verb in front of it,
which gives the sign. What the grammar reads in the same cell agrees; what it reads otherwise is disputed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from extractor.confirm import DOUBT
from extractor.disputes import Name
from extractor.normalize import Line, plain, squeeze
from extractor.records import Cell, Span
from extractor.statements import NUMBER, Prose

from .prose import Reading
from .prose_shape import Shape
from .prose_text import Flow, line_of, spans
from .transcript import short

_BRACKETS = re.compile(r"[(（].*")
_FIELDS = 7
_BEHIND = re.compile(r"(?:了|约|数?为)?$")
_CLAUSE = re.compile(r"[,。;:\d]")


@dataclass(frozen=True, slots=True)
class About:
    """A piece of a section that a question is about.

    Attributes:
        part: Which disclosure of the file.
        text: The whole section.
        shapes: The statements that may stand there.
        own: Numbers of the lines whose numbers are wanted.
        shown: The lines that the model sees.
        whole: Every number is wanted, not only those that the grammar has left.
    """

    part: int
    text: Flow
    shapes: Mapping[str, Shape]
    own: tuple[int, ...]
    shown: tuple[Line, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Otherwise:
    """A number that the model reads into another cell than the grammar: theirs, and what the grammar has."""

    name: Name
    cell: Cell
    known: tuple[Name, ...]


@dataclass(slots=True)
class Verdict:
    """What an answer is worth.

    Attributes:
        fresh: Numbers that the grammar has not read, by their cells.
        agreed: Cells that both read alike.
        otherwise: Numbers that they read differently.
        refused: What is not taken, and why.
        left: Numbers that the grammar has read and the answer leaves out, in words.
        invented: How many numbers don't stand there.
    """

    fresh: dict[Name, Cell] = field(default_factory=dict)
    agreed: dict[Name, Cell] = field(default_factory=dict)
    otherwise: list[Otherwise] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    invented: int = 0

    @property
    def faults(self) -> list[str]:
        """What to ask again about."""
        return [*self.refused, *self.left]


@dataclass(frozen=True, slots=True)
class _Place:
    """A printed number: where it stands in the section's text and in the original."""

    first: int
    last: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A printed number of a question, and what it can be by its unit and the verb before it.

    Attributes:
        at: Where it stands in the section's text.
        row: Line, value, unit and verb, as an answer would give them.
        columns: Its possible columns by table.
    """

    at: int
    row: tuple[str, str, str, str]
    columns: Mapping[str, tuple[str, ...]]


class Judge:
    """Judges answers by the text and by what the grammar has read."""

    def __init__(self, lines: Sequence[Line], told: Reading, prose: Prose) -> None:
        self._lines, self._told, self._prose = lines, told, prose
        self._tables = {(t.part, t.id): t for t in told.tables}
        self._at: dict[int, list[tuple[int, Name]]] = {}
        for table in told.tables:
            for row, cell in table.numbers():
                self._at.setdefault(cell.spans[0].start, []).append((table.part, (table.id, row.key, cell.column)))
        verbs = (*prose.vocabulary.up, *prose.vocabulary.down)
        self._verb = re.compile("|".join(sorted(map(re.escape, verbs), key=len, reverse=True)))

    def judge(self, about: About, rows: Sequence[Sequence[str]]) -> Verdict:
        """Look up every row of an answer."""
        verdict = Verdict()
        printed = self._printed(about)
        given: dict[Name, list[Cell]] = {}
        for row in rows:
            found = self._cell(about, row, printed, verdict)
            if isinstance(found, str):
                verdict.refused.append(f"{short(' '.join(row), 60)!r}: {found}")
            else:
                given.setdefault(found[0], []).append(found[1])
        once: dict[Name, Cell] = {}
        for name, cells in given.items():
            if any((c.value, c.unit) != (cells[0].value, cells[0].unit) for c in cells):
                verdict.refused.append(f"{_words(name)}: it is given twice, and differently")
            elif self._agrees(about.part, name, cells[0]):
                verdict.agreed[name] = cells[0]
            else:
                once[name] = cells[0]
        self._place(about, once, verdict)
        if about.whole:
            verdict.left.extend(self._left(about, verdict))
        return verdict

    def marks(self, about: About) -> list[Mark]:
        """Return the wanted numbers that some column may hold."""
        out = []
        text = about.text.text
        for place in self._printed(about):
            line = place.spans[0].line
            if line not in about.own:
                continue
            verb = self._verb_before(text, place)
            said = verb.group() if verb else ""
            found, unit = {}, ""
            for name, shape in about.shapes.items():
                here = {c: shape.unit(c, text[place.last : place.last + 8]) for c in shape.columns}
                good = [
                    c for c, u in here.items() if isinstance(self._read(about.text, shape, c, place, (u, said)), Cell)
                ]
                unit = unit or next((here[c] for c in good), "")
                found.update({name: tuple(good)} if good else {})
            if found:
                out.append(Mark(place.first, (str(line), text[place.first : place.last], unit, said), found))
        return out

    def _printed(self, about: About) -> list[_Place]:
        found = re.finditer(NUMBER, about.text.text)
        return [_Place(*m.span(), spans(self._lines, about.text, *m.span())) for m in found]

    def _verb_before(self, text: str, place: _Place) -> re.Match[str] | None:
        before = _CLAUSE.split(text[max(0, place.first - 30) : place.first])[-1]
        return next(reversed(list(self._verb.finditer(before))), None)

    def _place(self, about: About, once: Mapping[Name, Cell], verdict: Verdict) -> None:
        """Say of each number that the grammar doesn't read in this cell whether it is new, disputed or refused."""
        owners: dict[int, int] = {}
        for cell in once.values():
            owners[cell.spans[0].start] = owners.get(cell.spans[0].start, 0) + 1
        for name, cell in once.items():
            start = cell.spans[0].start
            here = [n for part, n in self._at.get(start, ()) if part == about.part]
            known = self._known(about.part, name)
            if owners[start] > 1 or any(n in verdict.agreed for n in here):
                verdict.refused.append(f"{_words(name)}: {cell.text} is given for another cell too")
            elif known is None and not self._told.took(start):
                verdict.fresh[name] = cell
            elif known is None and not (here and about.whole):
                verdict.refused.append(f"{_words(name)}: the grammar has read this number otherwise")
            else:
                verdict.otherwise.append(Otherwise(name, cell, (*([name] if known else []), *here)))

    def _left(self, about: About, verdict: Verdict) -> Iterator[str]:
        said = {*verdict.agreed, *(n for o in verdict.otherwise for n in o.known)}
        own = frozenset(about.own)
        for table in self._told.tables:
            shape = about.shapes.get(table.id) if table.part == about.part else None
            for row, cell in table.numbers() if shape else ():
                name = (table.id, row.key, cell.column)
                if cell.spans[0].line in own and shape and cell.column in shape.columns and name not in said:
                    yield f"line {cell.spans[0].line} prints {cell.text}{cell.unit}, which is in no array"

    def _known(self, part: int, name: Name) -> Cell | None:
        table = self._tables.get((part, name[0]))
        return next((r.cell(name[2]) for r in table.rows if r.key == name[1]), None) if table else None

    def _agrees(self, part: int, name: Name, cell: Cell) -> bool:
        known = self._known(part, name)
        return known is not None and (known.value, known.unit) == (cell.value, cell.unit)

    def _cell(
        self, about: About, row: Sequence[str], printed: Sequence[_Place], verdict: Verdict
    ) -> tuple[Name, Cell] | str:
        """Return the cell that a row of an answer names, or why it names none, in words."""
        if len(row) != _FIELDS:
            return f"it has {len(row)} fields and not {_FIELDS}"
        where, table_id, row_name, column, value, unit, word = (squeeze(plain(text)) for text in row)
        shape = about.shapes.get(table_id)
        column = column.removeprefix("±")
        if shape is None or column not in shape.columns:
            return f"{'no such column' if shape else 'no table that may stand here'}"
        table = self._tables.get((about.part, table_id))
        key = shape.key(row_name, column, about.text.text.replace(" ", ""), table)
        if not key:
            return "no such row"
        near = _near(about, where)
        places = [p for p in printed if about.text.text[p.first : p.last] == value and _on(p, near)]
        if not places:
            verdict.invented += 1
            return "the number doesn't stand there"
        places.sort(key=lambda p: p.spans[0].line != int(where))
        cells = [self._read(about.text, shape, column, p, (unit, word)) for p in places]
        good = [c for c in cells if isinstance(c, Cell)]
        if not good:
            return next(c for c in cells if isinstance(c, str))
        name = (table_id, key, column)
        known = self._known(about.part, name)
        good.sort(key=lambda c: c.value != known.value if known else self._told.took(c.spans[0].start))
        return name, good[0]

    def _read(self, text: Flow, shape: Shape, column: str, place: _Place, said: tuple[str, str]) -> Cell | str:
        """Read a printed number as one of a column: its unit must stand behind it, a change's verb before it."""
        unit = shape.unit(column, text.text[place.last : place.last + 8])
        alone = column in shape.bare and not said[0]
        bare = _BRACKETS.sub("", said[0])  # 0台(套) is counted in 台
        if not unit or not (alone or bare in (unit, "名" if unit == "人" else unit)):
            return f"the unit behind it is not {short(said[0], 10) or 'given'}"
        printed = text.text[place.first : place.last]
        value = Decimal(printed.replace(",", ""))
        verb = self._verb_before(text.text, place)
        if column in shape.signed:
            if verb is None or said[1] != verb.group():
                return "the verb before it, which tells a rise from a fall, is another or none"
            if verb.group() in self._prose.down:
                if value < 0:
                    return "a fall by a negative number"
                value = -value
        elif shape.signed and verb and _BEHIND.fullmatch(verb.string[verb.end() :]):
            return f"behind {verb.group()} stands a change"
        return Cell(
            column=column, kind="number", text=printed, value=value, unit=unit, spans=place.spans, doubt=DOUBT
        )  # fmt: skip


def units_in(text: Flow, shapes: Mapping[str, Shape]) -> Iterator[int]:
    """Yield the index of the line of every number that a unit of some column stands behind."""
    for match in re.finditer(NUMBER, text.text):
        behind = text.text[match.end() : match.end() + 8]
        if any(shape.unit(column, behind) for shape in shapes.values() for column in shape.columns):
            yield line_of(text, match.start())


def _near(about: About, where: str) -> frozenset[int]:
    numbers = [line.number for line in about.shown]
    if not (where.isascii() and where.isdigit() and len(where) < 10 and int(where) in numbers):
        return frozenset()
    at = numbers.index(int(where))
    return frozenset(numbers[max(0, at - 1) : at + 2])


def _on(place: _Place, near: frozenset[int]) -> bool:
    return any(span.line in near for span in place.spans)


def _words(name: Name) -> str:
    return f"{short(' '.join(name), 60)!r}"
