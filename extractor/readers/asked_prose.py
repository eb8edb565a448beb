"""The question about sentences: a model says which cells the numbers belong to that no declared pattern reads.

The model copies; what it copies is looked up in the text: the number on the line it names or a neighbouring one, the
unit behind it, for a change the verb in front of it, which gives the sign. A number that the grammar has understood
already goes nowhere else. What stays is in doubt (:data:`~extractor.confirm.DOUBT`) until an identity confirms it.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from extractor import prompts
from extractor.answers import Reply, Request
from extractor.confirm import DOUBT
from extractor.normalize import Line, plain, squeeze
from extractor.records import Attempt, Cell, CellRef, Finding, Row, Span, Table
from extractor.statements import NUMBER, Prose
from extractor.tokens import transcript

from .model import Account, connected
from .prose import Reading
from .prose_shape import Shape, shape_of
from .prose_text import Flow, spans
from .transcript import short
from .tries import OUTCOMES

_MOST = 60  # lines of a section in one question
_AROUND = 2  # lines shown before and after them
_FIELDS = 7
_SHOWN = 5  # refused numbers named in a finding
_BEHIND = re.compile(r"(?:了|约|数?为)?$")
_CLAUSE = re.compile(r"[,。;:\d]")


@dataclass(frozen=True, slots=True)
class Answered:
    """What was read with a model's answers: the reading as it is now, findings, and every attempt."""

    told: Reading
    findings: tuple[Finding, ...] = ()
    attempts: tuple[Attempt, ...] = ()


@dataclass(slots=True)
class _Question:
    """Some lines of a section, the statements that may stand there, and what became of the answer."""

    part: int
    text: Flow
    shapes: dict[str, Shape]
    own: tuple[int, ...]
    shown: tuple[Line, ...]
    reply: Reply[Any] | None = None
    refused: list[str] = field(default_factory=list)
    invented: int = 0
    taken: int = 0

    @property
    def tag(self) -> str:
        return next(iter(self.shapes))

    @property
    def where(self) -> tuple[int, int]:
        return self.shown[0].number, self.shown[-1].number

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        answer = self.reply.parsed if self.reply else None
        return tuple(tuple(row) for row in answer.rows) if isinstance(answer, prompts.TableAnswer) else ()


def ask(account: Account, lines: Sequence[Line], told: Reading, prose: Prose, number: re.Pattern[str]) -> Answered:
    """Ask about the sections in which numbers were left; ``number`` tells what a number is."""
    wanted = list(_questions(lines, told, prose, number))
    if not wanted:
        return Answered(told)

    async def run(asker: Any) -> None:
        await asyncio.gather(*(_put(asker, question) for question in wanted))

    connected(account, run)
    reader = _Reader(lines, told, prose)
    asked = [q for q in wanted if q.reply is not None and q.reply.outcome not in ("offline", "budget")]
    for question in asked:
        reader.read(question)
    tables = _with_steps(reader.tables, asked)
    places = ((s.start, s.end) for s in reader.spans)
    now = replace(
        told,
        tables=tuple(sorted(tables.values(), key=lambda t: (t.part, t.lines))),
        taken=tuple(sorted({*told.taken, *places})),
    )
    failures = (f for q in asked for f in _failures(q))
    return Answered(now, (*reader.findings, *failures), tuple(_attempt(q, account.config.model or "") for q in asked))


def _questions(lines: Sequence[Line], told: Reading, prose: Prose, number: re.Pattern[str]) -> Iterator[_Question]:
    statements = {s.spec.id: s for s in prose.statements}
    for section, text in told.texts:
        found = {i: shape_of(statements[i], prose, told.kinds[section.part]) for i in section.ids if i in statements}
        shapes = {i: shape for i, shape in found.items() if shape}
        body = list(dict.fromkeys(i for i, _ in section.pieces))
        for first in range(0, len(body), _MOST) if shapes and text.text else ():
            here = body[first : first + _MOST]
            left = tuple(lines[i].number for i in here if told.left(lines[i], number))
            if left:
                shown = body[max(0, first - _AROUND) : first + _MOST + _AROUND]
                yield _Question(section.part, text, shapes, left, tuple(lines[i] for i in shown))


async def _put(asker: Any, question: _Question) -> None:
    tables = [shape.in_words() for shape in question.shapes.values()]
    prompt = prompts.sentences(tables, question.shown, question.own)
    expected = transcript(line.text for line in question.shown if line.number in question.own)
    question.reply = await asker.ask(
        Request(prompt.system, prompt.user, prompt.answer, question.tag, lines=question.where, expected=expected)
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """A printed number: where it stands in the section's text and in the original."""

    first: int
    last: int
    spans: tuple[Span, ...]


class _Reader:
    """Puts the answers into tables; holds what was read so far."""

    def __init__(self, lines: Sequence[Line], told: Reading, prose: Prose) -> None:
        self.tables = {(t.part, t.id, n): t for n, t in enumerate(told.tables)}
        self.findings: list[Finding] = []
        self.spans: list[Span] = []
        self._lines, self._told, self._prose = lines, told, prose
        self._names = {(t.part, t.id): key for key, t in self.tables.items()}
        verbs = (*prose.vocabulary.up, *prose.vocabulary.down)
        self._verb = re.compile("|".join(sorted(map(re.escape, verbs), key=len, reverse=True)))

    def read(self, question: _Question) -> None:
        """Take the rows of one answer that stand in the text; note the others as refused."""
        printed = self._printed(question.text)
        given: dict[tuple[str, str, str], list[Cell]] = {}
        for row in question.rows:
            found = self._cell(question, row, printed)
            if isinstance(found, str):
                question.refused.append(f"{short(' '.join(row), 60)!r}: {found}")
            elif found is not None:
                given.setdefault(found[0], []).append(found[1])
        owners: dict[int, set[tuple[str, str, str]]] = {}
        for name, cells in given.items():
            for cell in cells:
                owners.setdefault(cell.spans[0].start, set()).add(name)
        for name, cells in given.items():
            cell = cells[0]
            if any((c.value, c.unit) != (cell.value, cell.unit) for c in cells):
                question.refused.append(f"{short(' '.join(name), 60)!r}: it is given twice, and differently")
            elif any(len(owners[c.spans[0].start]) > 1 for c in cells):
                question.refused.append(f"{short(' '.join(name), 60)!r}: {cell.text} is given for another cell too")
            else:
                self._add(question, name, cell)

    def _printed(self, text: Flow) -> list[_Place]:
        return [
            _Place(*m.span(), spans(self._lines, text, *m.span()))
            for m in re.finditer(NUMBER, text.text)
        ]  # fmt: skip

    def _cell(
        self, question: _Question, row: Sequence[str], printed: Sequence[_Place]
    ) -> tuple[tuple[str, str, str], Cell] | str | None:
        """Return the cell that a row of an answer names; why not in words; None where it says what is known."""
        if len(row) != _FIELDS:
            return f"it has {len(row)} fields and not {_FIELDS}"
        where, table_id, row_name, column, value, unit, word = (squeeze(plain(text)) for text in row)
        shape = question.shapes.get(table_id)
        column = column.removeprefix("±")
        if shape is None or column not in shape.columns:
            return f"{'no such column' if shape else 'no table that may stand here'}"
        table = self.tables.get(self._names.get((question.part, table_id), (-1, "", -1)))
        key = shape.key(row_name, column, question.text.text.replace(" ", ""), table)
        if not key:
            return "no such row"
        near = self._near(question, where)
        places = [p for p in printed if question.text.text[p.first : p.last] == value and _on(p, near)]
        if not places:
            question.invented += 1
            return "the number doesn't stand there"
        places.sort(key=lambda p: p.spans[0].line != int(where))
        cells = [self._read(question.text, shape, column, p, (unit, word)) for p in places]
        good = [c for c in cells if isinstance(c, Cell)]
        if not good:
            return next(c for c in cells if isinstance(c, str))
        known = next((r.cell(column) for r in table.rows if r.key == key), None) if table else None
        if known is not None and DOUBT not in known.doubt:
            self._compare(question, (table_id, key, column), known, good[0])
            return None
        free = [c for c in good if not self._told.took(c.spans[0].start)]
        return ((table_id, key, column), free[0]) if free else "the grammar has read this number otherwise"

    def _near(self, question: _Question, where: str) -> frozenset[int]:
        numbers = [line.number for line in question.shown]
        if not (where.isascii() and where.isdigit() and len(where) < 10 and int(where) in numbers):
            return frozenset()
        at = numbers.index(int(where))
        return frozenset(numbers[max(0, at - 1) : at + 2])

    def _read(self, text: Flow, shape: Shape, column: str, place: _Place, said: tuple[str, str]) -> Cell | str:
        """Read a printed number as one of a column: its unit must stand behind it, a change's verb before it."""
        unit = shape.unit(column, text.text[place.last : place.last + 8])
        if not unit or said[0] not in (unit, "名" if unit == "人" else unit):
            return f"the unit behind it is not {short(said[0], 10) or 'given'}"
        printed = text.text[place.first : place.last]
        value = Decimal(printed.replace(",", ""))
        before = _CLAUSE.split(text.text[max(0, place.first - 30) : place.first])[-1]
        verb = next(reversed(list(self._verb.finditer(before))), None)
        if column in shape.signed:
            if verb is None or said[1] != verb.group():
                return "the verb before it, which tells a rise from a fall, is another or none"
            if verb.group() in self._prose.down:
                if value < 0:
                    return "a fall by a negative number"
                value = -value
        elif shape.signed and verb and _BEHIND.fullmatch(before[verb.end() :]):
            return f"behind {verb.group()} stands a change"
        return Cell(
            column=column, kind="number", text=printed, value=value, unit=unit, spans=place.spans, doubt=DOUBT
        )  # fmt: skip

    def _compare(self, question: _Question, name: tuple[str, str, str], known: Cell, cell: Cell) -> None:
        """Compare with what the grammar has read in the same place: that stays."""
        if (known.value, known.unit) == (cell.value, cell.unit):
            self.spans.extend(cell.spans)
            return
        table, key, column = name
        line = known.spans[0].line if known.spans else None
        ref = CellRef(table=table, part=question.part, row=key, column=column, line=line)
        said = (
            f"row {short(key)}, column {column}: the grammar reads {known.value}{known.unit}, a model "
            f"{cell.value}{cell.unit} in line {cell.spans[0].line}. The first is kept; look at the original."
        )
        finding = Finding(code="second-opinion", kind="ambiguous", message=said, table=table, line=line, cells=(ref,))
        self.findings.append(finding)

    def _add(self, question: _Question, name: tuple[str, str, str], cell: Cell) -> None:
        table_id, key, column = name
        place = self._names.setdefault((question.part, table_id), (question.part, table_id, len(self.tables)))
        table = self.tables.get(place) or _new(question, table_id)
        known = next((r.cell(column) for r in table.rows if r.key == key), None)
        if known is not None:  # of another question
            if (known.value, known.unit) != (cell.value, cell.unit):
                question.refused.append(f"{short(' '.join(name), 60)!r}: another answer gives {known.text}")
            return
        order = {c: n for n, c in enumerate(self._columns(table_id))}
        rows = list(table.rows)
        at = next((n for n, r in enumerate(rows) if r.key == key), None)
        if at is None:
            line = cell.spans[0].line
            at = next((n for n, r in enumerate(rows) if r.line > line), len(rows))
            rows.insert(at, Row(key=key, role=key, kind="label", parent=None, line=line))
        cells = sorted((*rows[at].cells, cell), key=lambda c: order.get(c.column, 99))
        rows[at] = rows[at].model_copy(update={"cells": tuple(cells)})
        columns = tuple(sorted({*table.columns, column}, key=lambda c: order.get(c, 99)))
        unit = table.unit or (cell.unit if cell.unit.endswith("元") else "")
        self.tables[place] = table.model_copy(update={"rows": tuple(rows), "columns": columns, "unit": unit})
        self.spans.extend(cell.spans)
        question.taken += 1

    def _columns(self, table_id: str) -> Sequence[str]:
        return next(s.spec.columns for s in self._prose.statements if s.spec.id == table_id)


def _on(place: _Place, near: frozenset[int]) -> bool:
    return any(span.line in near for span in place.spans)


def _new(question: _Question, table_id: str) -> Table:
    return Table(
        id=table_id, title=question.shapes[table_id].title, part=question.part, unit="", columns=(), rows=(),
        lines=question.where, reader="model", why="numbers of sentences as a model names their cells",
    )  # fmt: skip


def _account_of(question: _Question) -> str:
    if question.reply is None or question.reply.outcome != "ok":
        return f"no answer: {short(question.reply.message, 100) if question.reply else ''}"
    return f"{question.taken} numbers taken, {len(question.refused)} refused"


def _with_steps(
    tables: dict[tuple[int, str, int], Table], asked: Sequence[_Question]
) -> dict[tuple[int, str, int], Table]:
    """Tell in the tables that a model was asked, and what came of it."""
    out = dict(tables)
    for key, table in tables.items():
        said = [f"model, prose: {_account_of(q)}" for q in asked if q.part == table.part and table.id in q.shapes]
        if said:
            first = table.steps or (
                "deterministic: no pattern reads it" if table.reader == "model" else f"deterministic: {table.why}",
            )
            out[key] = table.model_copy(update={"steps": (*first, *said)})
    return out


def _failures(question: _Question) -> Iterator[Finding]:
    first, last = question.where
    where = f"{question.shapes[question.tag].title}, lines {first}-{last}"
    if question.reply is not None and question.reply.outcome != "ok":
        refusal = question.reply.outcome == "refusal"
        yield Finding(
            code="model-refused" if refusal else "model-failed", kind="not-read", table=question.tag, line=first,
            message=f"{where}: the model gave no usable answer: {short(question.reply.message, 200)} Choose another "
            "--model, or read these lines by hand.",
        )  # fmt: skip
    if question.refused:
        more = f" and {len(question.refused) - _SHOWN} more" if len(question.refused) > _SHOWN else ""
        yield Finding(
            code="prose-refused", kind="not-read", table=question.tag, line=first,
            message=f"{where}: {len(question.refused)} numbers of a model's answer are not taken: "
            f"{'; '.join(question.refused[:_SHOWN])}{more}.",
        )  # fmt: skip


def _attempt(question: _Question, model: str) -> Attempt:
    reply = question.reply or Reply("error")
    return Attempt(
        table=question.tag, part=question.part, lines=question.where, number=0, step="prose", model=model,
        outcome=OUTCOMES.get(reply.outcome, "failed"), taken=question.taken > 0, why=_account_of(question),
        ungrounded=question.invented, tokens_in=reply.usage.input, tokens_out=reply.usage.output, cached=reply.cached,
        rows=question.rows,
    )  # fmt: skip
