"""What a model copies from a form (绩效目标表, 绩效自评表), looked up in its lines.

A number has to stand in a cell of its own near the line that the model names, words in whole pieces of it. What the
grammar has not read is in doubt until an identity confirms it; a row that only the model names is so for good, as no
identity tells names. What both read differently is in doubt too, and stays as the grammar reads it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from extractor.amount import parse_amount
from extractor.confirm import DOUBT
from extractor.forms import MONEY, NUMBERS, FormSpec, IndicatorColumn, Kind, MoneyColumn, MoneyRow, Words
from extractor.normalize import Line, plain, readable, squeeze
from extractor.records import Cell, Row, Span, Table

from .form_head import header
from .form_pieces import Piece, bare_label, pieces, spans
from .performance import NUMBERING, Form
from .transcript import short

NAME, TOTAL = "项目名称", "总分"
_ABOVE, _BELOW = 8, 16  # lines around the one that a row names
_POINTS = "分"
_UNIT_BEHIND = re.compile(r"(?:分|%|万元|元)$")
_FINAL_ONLY: frozenset[Kind] = frozenset({"actual", "rate", "score", "deviation"})
_EXAMPLES: Mapping[Kind, str] = {
    "level1": "产出指标", "level2": "数量指标", "name": "修补课桌数量", "value": ">=35 张", "basis": "计划标准",
    "last": "31 张", "weight": "15", "rule": "按比例赋分", "evidence": "验收单", "actual": "36 张", "rate": "102.86%",
    "score": "15", "deviation": "",
}  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """A form that is asked for.

    Attributes:
        form: What the grammar has read of it.
        spec: Its spec.
        words: Words of all forms.
        lines: Its title and its lines.
        final: It is one of final accounts.
    """

    form: Form
    spec: FormSpec
    words: Words
    lines: tuple[Line, ...]
    final: bool

    @cached_property
    def found(self) -> list[Piece]:
        """Its pieces."""
        return pieces(self.lines, range(len(self.lines)), self.words)

    @cached_property
    def money(self) -> tuple[MoneyColumn, ...]:
        """Columns of its money."""
        return self.spec.columns if self.final else (MoneyColumn(id=self.spec.single, unit="万元"),)

    @cached_property
    def columns(self) -> tuple[IndicatorColumn, ...]:
        """Columns of its indicators, as printed where the header is known."""
        head = header(self.found, 0, self.words)
        known = head.columns if head else self.words.indicators
        return tuple(c for c in known if c.id and (head or self.final or c.kind not in _FINAL_ONLY))

    def arrays(self) -> list[tuple[str, list[str], list[str]]]:
        """Say what is wanted, with the fields of each array and an example."""
        labels = " ".join(r.single if not self.final and r.single else r.id for r in self.spec.rows)
        amounts = [m.id for m in self.money]
        sums = ["7.35", "7.35", "7.20", "10", "97.96", "9.8"]
        out = []
        if self.spec.named:
            out.append(("the name of the project", ["line", NAME, "name"], ["11", NAME, "课桌修补"]))
        out.append(
            (
                f"each printed row of money; row is the one of {labels} that is meant, however it is printed",
                ["line", MONEY, "row", *amounts],
                ["12", MONEY, self.spec.rows[0].id, *sums[: len(amounts)]],
            )
        )
        fields, words = [c.id for c in self.columns], [_EXAMPLES[c.kind] for c in self.columns]
        out.append(("each indicator", ["line", *fields], ["16", *words]))
        if self.final and self.spec.named:
            out.append(("the total score, where a row prints it", ["line", TOTAL, "得分"], ["30", TOTAL, "96.5"]))
        return out


@dataclass(slots=True)
class Copied:
    """What of an answer stands in the form.

    Attributes:
        table: Its rows as a table; None where there are none.
        refused: What is not taken, and why.
        invented: How many numbers and words don't stand there.
    """

    table: Table | None = None
    refused: list[str] = field(default_factory=list)
    invented: int = 0


def copied(sheet: Sheet, rows: Sequence[Sequence[str]]) -> Copied:
    """Look up every row of an answer."""
    return _Reader(sheet).read(rows)


class _Reader:
    """Looks up the rows of one answer; each printed number is used once."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet, self.out = sheet, Copied()
        self._used: set[int] = set()
        self._numbers = [line.number for line in sheet.lines]
        known = sheet.form.table
        self._own = {
            c.spans[0].start: (row.role, c.column)
            for row in (known.rows if known else ())
            for c in row.cells
            if c.spans
        }

    def read(self, rows: Sequence[Sequence[str]]) -> Copied:
        given = [[squeeze(plain(text)) for text in row[:2]] + [plain(text).strip() for text in row[2:]] for row in rows]
        prefix = self._prefix(given)
        if prefix is None:
            return self.out
        found = [row for fields in given if (row := self._row(fields, prefix)) is not None]
        form = self.sheet.form
        once: dict[str, Row] = {}
        for row in found:
            if row.key in once:
                self.out.refused.append(f"row {short(row.key, 60)}: it is given twice")
            else:
                once[row.key] = row
        if once:
            number = self._numbers[0], self._numbers[-1]
            columns = dict.fromkeys(c.column for row in once.values() for c in row.cells if c.kind == "number")
            self.out.table = Table(
                id=form.chunk.spec or "", title=form.chunk.title, part=form.chunk.part,
                unit="万元", columns=tuple(columns), rows=_parents(list(once.values()), self.sheet.spec), lines=number,
                reader="model", why="rows as a model copies them; each number and name stands in the form",
            )  # fmt: skip
        return self.out

    def _prefix(self, rows: Sequence[Sequence[str]]) -> str | None:
        """Return what row keys begin with; None where the project's name doesn't stand there."""
        if not self.sheet.spec.named:
            return ""
        named = next((r for r in rows if len(r) == 3 and r[1] == NAME), None)
        if named is None:
            known = self.sheet.form.table
            if known and known.rows:
                return known.rows[0].key.removesuffix(known.rows[0].role or "")
            self.out.refused.append("the name of the project is missing")
            return None
        if not self._words(named[2], self._at(named[0])):
            self.out.refused.append(f"{short(named[2], 40)!r}: this name doesn't stand there")
            self.out.invented += 1
            return None
        return squeeze(named[2]) + "/"

    def _row(self, fields: Sequence[str], prefix: str) -> Row | None:
        sheet = self.sheet
        said = short(" ".join(fields), 60)
        at = self._at(fields[0]) if fields else None
        if at is None:
            self.out.refused.append(f"{said!r}: no such line")
            return None
        if len(fields) == 1:
            self.out.refused.append(f"{said!r}: nothing but a line")
            return None
        if fields[1] == NAME:
            return None
        if fields[1] == TOTAL and len(fields) == 3:
            cell = self._number(fields[2], at, (TOTAL, "得分"), _POINTS)
            return self._made(prefix, TOTAL, at, [cell])
        if fields[1] == MONEY and len(fields) == 3 + len(sheet.money):
            row = self._label(fields[2])
            if row is None:
                self.out.refused.append(f"{said!r}: no such row")
                return None
            role = sheet.spec.role(row, single=not sheet.final)
            pairs = zip(sheet.money, fields[3:], strict=True)
            return self._made(prefix, role, at, [self._number(t, at, (role, c.id), c.unit) for c, t in pairs])
        if len(fields) == 1 + len(sheet.columns):
            return self._indicator(fields, prefix, at)
        self.out.refused.append(f"{said!r}: it has {len(fields)} fields")
        return None

    def _indicator(self, fields: Sequence[str], prefix: str, at: int) -> Row | None:
        cells = dict(zip((c.kind for c in self.sheet.columns), fields[1:], strict=True))
        name = squeeze(cells.get("name", ""))
        # The line may be that of a level printed once, far above, or of many lines shown as one.
        there = self._words(name, at) or self._words(name, None)
        if not there:
            self.out.refused.append(f"{short(name, 40)!r}: this indicator doesn't stand there")
            self.out.invented += 1
            return None
        at = self._numbers.index(there[0].line)
        role = f"指标/{NUMBERING.sub('', name) or name}"
        made: list[Cell | None] = []
        for column in self.sheet.columns:
            text = cells[column.kind]
            if column.kind in NUMBERS:
                made.append(self._number(text, at, (role, column.id), _POINTS))
            elif text and column.kind != "name":
                place = self._words(text, at) or self._words(text, None)  # as levels, it may be printed once
                if place:
                    made.append(
                        Cell(column=column.id, kind="text", text=readable(text), spans=place, state="ambiguous")
                    )
                else:
                    self.out.refused.append(f"row {short(name, 40)}: {short(text, 40)!r} doesn't stand there")
                    self.out.invented += 1
        return self._made(prefix, role, at, made)

    def _made(self, prefix: str, role: str, at: int, cells: Sequence[Cell | None]) -> Row | None:
        there = tuple(c for c in cells if c is not None)
        line = self._numbers[at]
        return Row(key=prefix + role, role=role, kind="label", parent=None, line=line, cells=there) if there else None

    def _label(self, text: str) -> MoneyRow | None:
        label = squeeze(bare_label(squeeze(text)))
        return next((r for r in self.sheet.spec.rows if label in r.names), None)

    def _at(self, line: str) -> int | None:
        known = line.isascii() and line.isdigit() and len(line) < 10 and int(line) in self._numbers
        return self._numbers.index(int(line)) if known else None

    def _near(self, at: int | None) -> list[Piece]:
        """Return the pieces around a line, it and those below first; all where there is no line."""
        if at is None:
            return self.sheet.found
        here = [p for p in self.sheet.found if at - _ABOVE <= p.line <= at + _BELOW]
        return sorted(here, key=lambda p: (p.line < at, p.line))

    def _number(self, text: str, at: int, name: tuple[str, str], unit: str) -> Cell | None:
        wanted = _UNIT_BEHIND.sub("", squeeze(text))
        if not wanted:
            return None
        amount = parse_amount(wanted)
        free = (p for p in self._near(at) if p.place.start not in self._used)
        places = [p for p in free if _UNIT_BEHIND.sub("", p.text) == wanted]
        if amount is None or not places:
            self.out.refused.append(f"{' '.join(name)}: {short(text, 20)!r} doesn't stand there")
            self.out.invented += 1
            return None
        best = min(places, key=lambda p: self._rank(p, name))  # of equals, the first
        self._used.add(best.place.start)
        return Cell(
            column=name[1], kind="number", text=wanted, value=amount.value, unit=unit,
            spans=tuple(Span(start=s.start, end=s.start + len(wanted), line=s.line) for s in spans([best])),
            doubt=DOUBT,
        )  # fmt: skip

    def _rank(self, piece: Piece, name: tuple[str, str]) -> int:
        """Prefer the number that the grammar reads in this cell, then one that it reads nowhere."""
        owner = self._own.get(piece.place.start)
        return 0 if owner == name else 1 if owner is None else 2

    def _words(self, text: str, at: int | None) -> tuple[Span, ...]:
        """Find words in one piece, or in several whole pieces in their order; nothing where there are none."""
        wanted = squeeze(text)
        near = sorted(self._near(at), key=lambda p: p.place.start)
        inside = next((p for p in near if wanted and wanted in p.text), None)
        if inside or not wanted:
            return spans([inside]) if inside else ()
        return spans(_spelled(wanted, near))


def _spelled(wanted: str, near: Sequence[Piece]) -> list[Piece]:
    """Return the pieces that spell a text in their order, others between them left out; the first may begin earlier."""
    ways: dict[int, list[Piece]] = {0: []}  # by how many characters are spelled: the pieces, those that end first
    for piece in near:
        for position, way in list(ways.items()):
            size = len(piece.text) if wanted.startswith(piece.text, position) else 0
            if not position and not size:
                size = next((n for n in range(len(piece.text) - 1, 1, -1) if wanted.startswith(piece.text[-n:])), 0)
            if size and position + size not in ways:
                ways[position + size] = [*way, piece]
    return ways.get(len(wanted), [])


def _parents(rows: list[Row], spec: FormSpec) -> tuple[Row, ...]:
    """Give the rows of money their total."""
    roles = {spec.role(r, single=single): r.total for r in spec.rows for single in (False, True)}
    total = next((i for i, row in enumerate(rows) if roles.get(row.role or "")), None)
    parts = {role for role, whole in roles.items() if not whole}
    return tuple(row.model_copy(update={"parent": total}) if row.role in parts else row for row in rows)
