"""The question about sentences: a model says which cells their numbers belong to.

At ``auto`` only where the grammar has left numbers, at ``llm`` about every section. The model copies; what it copies is
looked up in the text (:mod:`.answered_prose`). What the grammar hasn't read is in doubt
(:data:`~extractor.confirm.DOUBT`) until an identity confirms it; what both read differently is so too
(:data:`~extractor.disputes.DISPUTE`), and both readings stay open. What the model leaves out the grammar still has.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from extractor import prompts
from extractor.answers import Reply, Request
from extractor.disputes import DISPUTE, Dispute, Name, doubted, placed
from extractor.normalize import Line
from extractor.records import Attempt, Cell, CellRef, Finding, Span, Table
from extractor.statements import Prose

from . import prose_choices
from .answered_prose import About, Judge, Otherwise, Verdict, units_in
from .model import Account, Asker, connected
from .prose import Reading
from .prose_shape import shape_of
from .transcript import short
from .tries import OUTCOMES

_MOST = 60  # lines of a section in one question
_AROUND = 2  # lines shown before and after them
_EACH = 40  # tokens of an answer for each number, about
_SHOWN = 5  # refused numbers named in a finding
_NAMED = 12  # faults named in a second question


@dataclass(frozen=True, slots=True)
class Answered:
    """What was read with a model's answers: the reading as it is now, findings, every attempt, what is disputed."""

    told: Reading
    findings: tuple[Finding, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    disputes: tuple[Dispute, ...] = ()


@dataclass(slots=True)
class _Try:
    """One answer, and what it is worth."""

    number: int
    reply: Reply[Any]
    verdict: Verdict
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def asked(self) -> bool:
        return self.reply.outcome not in ("offline", "budget")

    @property
    def account(self) -> str:
        if self.reply.outcome != "ok":
            return f"no answer: {short(self.reply.message, 100)}"
        v = self.verdict
        same = f"{len(v.agreed)} numbers as the grammar reads them, {len(v.otherwise)} otherwise, "
        left = f", {len(v.left)} left out" if v.left else ""
        return f"{same if v.agreed or v.otherwise else ''}{len(v.fresh)} numbers taken, {len(v.refused)} refused{left}"


@dataclass(slots=True)
class _Question:
    """A piece of a section, how many numbers it asks for, and what came of it."""

    about: About
    numbers: int
    tries: list[_Try] = field(default_factory=list)

    @property
    def tag(self) -> str:
        return next(iter(self.about.shapes))

    @property
    def where(self) -> tuple[int, int]:
        return self.about.shown[0].number, self.about.shown[-1].number

    @property
    def best(self) -> _Try:
        return min(self.tries, key=lambda t: (t.reply.outcome != "ok", len(t.verdict.faults), t.number))


class Sentences:
    """The questions about the sentences of a document: asked once, with others or by themselves, then taken."""

    def __init__(
        self, account: Account, lines: Sequence[Line], told: Reading, prose: Prose, *, whole: re.Pattern[str] | None
    ) -> None:
        """Prepare the questions; nothing is asked yet.

        Args:
            account: Which model, on whose account.
            lines: All lines of the document.
            told: What the grammar has read.
            prose: The specs of prose.
            whole: None asks about all numbers; else what a number is, where only those that the grammar left count.
        """
        self._account, self._lines, self._told, self._prose = account, lines, told, prose
        cut = _whole(account, lines, told, prose) if whole is None else _left(lines, told, prose, whole)
        self._wanted = list(cut)
        self._judge = Judge(lines, told, prose)
        self._put = not self._wanted

    async def put(self, asker: Asker) -> None:
        """Ask."""
        self._put = True
        if self._account.config.form == "choices":
            await asyncio.gather(*(_choose(asker, self._judge, self._lines, q) for q in self._wanted))
        else:
            repairs = self._account.max_repairs
            await asyncio.gather(*(_copy(asker, self._judge, q, repairs) for q in self._wanted))

    def answered(self) -> Answered:
        """Return what is read with the answers; asks where nobody has yet."""
        if not self._put:
            connected(self._account, self.put)
        asked = [q for q in self._wanted if any(t.asked for t in q.tries)]
        if not asked:
            return Answered(self._told)
        taker = _Taker(self._told, self._prose)
        for question in asked:
            taker.take(question)
        tables = _with_steps(taker.tables, asked)
        places = ((s.start, s.end) for s in taker.spans)
        now = replace(
            self._told,
            tables=tuple(sorted(tables.values(), key=lambda t: (t.part, t.lines))),
            taken=tuple(sorted({*self._told.taken, *places})),
        )
        failures = (f for q in asked for f in _failures(q))
        model = self._account.config.model or ""
        attempts = (_attempt(q, t, model) for q in asked for t in q.tries if t.asked)
        return Answered(now, (*taker.findings, *failures), tuple(attempts), tuple(taker.disputes))


def _left(lines: Sequence[Line], told: Reading, prose: Prose, number: re.Pattern[str]) -> Iterator[_Question]:
    """Cut sections into questions about the numbers that the grammar has left."""
    for about in _sections(told, prose):
        for first in range(0, len(about.body), _MOST):
            here = about.body[first : first + _MOST]
            own = {lines[i].number: count for i in here if (count := told.left(lines[i], number))}
            if own:
                shown = about.body[max(0, first - _AROUND) : first + _MOST + _AROUND]
                yield about.question(lines, shown, tuple(own), sum(own.values()), whole=False)


def _whole(account: Account, lines: Sequence[Line], told: Reading, prose: Prose) -> Iterator[_Question]:
    """Cut sections into questions about all their numbers, as many as an answer has room for."""
    room = max(1, account.config.answer_tokens // _EACH)
    for about in _sections(told, prose):
        counts = Counter(units_in(about.text, about.shapes))
        first = 0
        while first < len(about.body):
            stop, total = first + 1, counts[about.body[first]]
            while stop < min(len(about.body), first + _MOST) and total + counts[about.body[stop]] <= room:
                total += counts[about.body[stop]]
                stop += 1
            own = tuple(lines[i].number for i in about.body[first:stop] if counts[i])
            if own:
                shown = about.body[max(0, first - _AROUND) : stop + _AROUND]
                yield about.question(lines, shown, own, total, whole=True)
            first = stop


@dataclass(frozen=True, slots=True)
class _Section:
    """A section that statements may be read from."""

    part: int
    text: Any
    shapes: dict[str, Any]
    body: list[int]

    def question(
        self, lines: Sequence[Line], shown: Sequence[int], own: tuple[int, ...], numbers: int, *, whole: bool
    ) -> _Question:
        about = About(self.part, self.text, self.shapes, own, tuple(lines[i] for i in shown), whole)
        return _Question(about, numbers)


def _sections(told: Reading, prose: Prose) -> Iterator[_Section]:
    statements = {s.spec.id: s for s in prose.statements}
    for section, text in told.texts:
        found = {i: shape_of(statements[i], prose, told.kinds[section.part]) for i in section.ids if i in statements}
        shapes = {i: shape for i, shape in found.items() if shape}
        if shapes and text.text:
            yield _Section(section.part, text, shapes, list(dict.fromkeys(i for i, _ in section.pieces)))


async def _copy(asker: Asker, judge: Judge, question: _Question, repairs: int) -> None:
    """Ask, and again with what is wrong with the answer; who says the same twice isn't asked a third time."""
    about = question.about
    tables = [shape.in_words() for shape in about.shapes.values()]
    everything = about.whole and {*about.own} >= {n.number for n in about.shown if re.search(r"\d", n.text)}
    faults: list[str] = []
    for number in range(repairs + 1):
        prompt = prompts.sentences(tables, about.shown, () if everything else about.own, faults[:_NAMED])
        request = Request(
            prompt.system, prompt.user, prompt.answer, question.tag, number,
            lines=question.where, expected=question.numbers * _EACH,
        )  # fmt: skip
        reply = await asker.ask(request)
        rows = _rows(reply)
        tried = _Try(number, reply, Verdict() if rows is None else judge.judge(about, rows), rows or ())
        same = bool(question.tries) and question.tries[-1].rows == tried.rows
        question.tries.append(tried)
        bad = [tried.reply.message] if tried.reply.outcome == "invalid" else []
        faults = bad or tried.verdict.faults
        if not faults or same or tried.reply.outcome not in ("ok", "invalid"):
            break


def _rows(reply: Reply[Any]) -> tuple[tuple[str, ...], ...] | None:
    answer = reply.parsed
    return tuple(tuple(row) for row in answer.rows) if isinstance(answer, prompts.TableAnswer) else None


async def _choose(asker: Asker, judge: Judge, lines: Sequence[Line], question: _Question) -> None:
    """Ask a model that can only choose, once: it would choose the same again."""
    marks = judge.marks(question.about)
    if not marks:
        return
    asked = prose_choices.marked(question.about, lines, marks)
    request = Request(
        asked.prompt.system, asked.prompt.user, asked.prompt.answer, question.tag,
        lines=question.where, expected=len(marks) * prose_choices.EACH,
    )  # fmt: skip
    reply = await asker.ask(request)
    rows = asked.rows(reply.parsed)
    verdict = judge.judge(question.about, rows) if reply.outcome == "ok" else Verdict()
    question.tries.append(_Try(0, reply, verdict, rows))


class _Taker:
    """Puts the answers into tables; holds what was read so far."""

    def __init__(self, told: Reading, prose: Prose) -> None:
        self.tables = {(t.part, t.id, n): t for n, t in enumerate(told.tables)}
        self.findings: list[Finding] = []
        self.spans: list[Span] = []
        self.disputes: list[Dispute] = []
        self._names = {(t.part, t.id): key for key, t in self.tables.items()}
        self._columns = {s.spec.id: s.spec.columns for s in prose.statements}

    def take(self, question: _Question) -> None:
        """Take what stands in the text of the best answer."""
        verdict = question.best.verdict
        for cell in verdict.agreed.values():
            self.spans.extend(cell.spans)
        for name, cell in list(verdict.fresh.items()):
            self._add(question, name, cell, verdict)
        for other in verdict.otherwise:
            self._dispute(question.about, other)

    def _add(self, question: _Question, name: Name, cell: Cell, verdict: Verdict) -> None:
        table_id, key, column = name
        part = question.about.part
        place = self._names.setdefault((part, table_id), (part, table_id, len(self.tables)))
        table = self.tables.get(place) or _new(question, table_id)
        known = next((r.cell(column) for r in table.rows if r.key == key), None)
        if known is not None:  # of another question
            del verdict.fresh[name]
            if (known.value, known.unit) != (cell.value, cell.unit):
                verdict.refused.append(f"{short(' '.join(name), 60)!r}: another answer gives {known.text}")
            return
        self.tables[place] = placed(table, key, cell, self._columns[table_id])
        self.spans.extend(cell.spans)

    def _dispute(self, about: About, other: Otherwise) -> None:
        """Tell what the model reads otherwise; where it was asked for, both readings are open."""
        table_id, key, column = other.name
        line = other.cell.spans[0].line
        said = f"{other.cell.text}{other.cell.unit} (line {line}) in row {short(key)}, column {column}"
        for name in other.known:
            place = self._names[about.part, name[0]]
            known = next(c for r in self.tables[place].rows if r.key == name[1] if (c := r.cell(name[2])))
            if about.whole:
                self.tables[place] = doubted(self.tables[place], name[1], name[2], f"{DISPUTE}{said}")
            ref = CellRef(table=name[0], part=about.part, row=name[1], column=name[2], line=known.spans[0].line)
            kept = "in doubt until an identity settles it" if about.whole else "kept"
            message = (
                f"row {short(name[1])}, column {name[2]}: the grammar reads {known.value}{known.unit}, a model {said}. "
                f"The first is {kept}; look at the original."
            )
            self.findings.append(
                Finding(
                    code="second-opinion", kind="ambiguous", message=message, table=name[0],
                    line=known.spans[0].line, cells=(ref,),
                )
            )  # fmt: skip
        if about.whole:
            dispute = Dispute(about.part, other.known, other.name, other.cell, self._columns[table_id])
            self.disputes.append(dispute)


def _new(question: _Question, table_id: str) -> Table:
    return Table(
        id=table_id, title=question.about.shapes[table_id].title, part=question.about.part, unit="", columns=(),
        rows=(), lines=question.where, reader="model", why="numbers of sentences as a model names their cells",
    )  # fmt: skip


def _with_steps(
    tables: dict[tuple[int, str, int], Table], asked: Sequence[_Question]
) -> dict[tuple[int, str, int], Table]:
    """Tell in the tables that a model was asked, and what came of it."""
    out = dict(tables)
    for key, table in tables.items():
        said = [
            f"model, prose: {q.best.account}"
            for q in asked
            if q.about.part == table.part and table.id in q.about.shapes
        ]
        if said:
            first = table.steps or (
                "deterministic: no pattern reads it" if table.reader == "model" else f"deterministic: {table.why}",
            )
            out[key] = table.model_copy(update={"steps": (*first, *said)})
    return out


def _failures(question: _Question) -> Iterator[Finding]:
    first, last = question.where
    where = f"{question.about.shapes[question.tag].title}, lines {first}-{last}"
    reply, refused = question.best.reply, question.best.verdict.refused
    if reply.outcome != "ok":
        yield Finding(
            code="model-refused" if reply.outcome == "refusal" else "model-failed", kind="not-read",
            table=question.tag, line=first,
            message=f"{where}: the model gave no usable answer: {short(reply.message, 200)} Choose another "
            "--model, or read these lines by hand.",
        )  # fmt: skip
    if refused:
        more = f" and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
        yield Finding(
            code="prose-refused", kind="not-read", table=question.tag, line=first,
            message=f"{where}: {len(refused)} numbers of a model's answer are not taken: "
            f"{'; '.join(refused[:_SHOWN])}{more}.",
        )  # fmt: skip


def _attempt(question: _Question, tried: _Try, model: str) -> Attempt:
    reply, verdict = tried.reply, tried.verdict
    outcome = OUTCOMES.get(reply.outcome, "failed")
    best = tried is question.best
    return Attempt(
        table=question.tag, part=question.about.part, lines=question.where, number=tried.number, step="prose",
        model=model, outcome="incomplete" if outcome == "ok" and verdict.left else outcome,
        taken=best and bool(verdict.fresh or verdict.agreed or verdict.otherwise),
        why=tried.account if best else f"another answer is better: {tried.account}",
        ungrounded=verdict.invented, tokens_in=reply.usage.input, tokens_out=reply.usage.output, cached=reply.cached,
        rows=tried.rows,
    )  # fmt: skip
