"""The question about sentences: a model says which cells their numbers belong to.

At ``auto`` only where the grammar has left numbers, at ``llm`` about every section. The model copies; what it copies is
looked up in the text (:mod:`.answered_prose`). What the grammar hasn't read is in doubt
(:data:`~extractor.confirm.DOUBT`) until an identity confirms it; what both read differently is so too
(:data:`~extractor.disputes.DISPUTE`), and both readings stay open. What the model leaves out the grammar still has.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.disputes import DISPUTE, Dispute, Name, doubted, placed
from extractor.normalize import Line
from extractor.records import Attempt, Cell, CellRef, Finding, Span, Table
from extractor.statements import Prose

from .answered_prose import About, Judge, Otherwise, Verdict
from .model import Account, Asker, connected
from .prose import Reading
from .prose_questions import Answer, Question, about_all, about_left, chosen, copied
from .transcript import short
from .tries import OUTCOMES, unanswered

_SHOWN = 5  # refused numbers named in a finding


@dataclass(frozen=True, slots=True)
class Answered:
    """What was read with a model's answers: the reading as it is now, findings, every attempt, what is disputed."""

    told: Reading
    findings: tuple[Finding, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    disputes: tuple[Dispute, ...] = ()


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
        cut = about_all(account, lines, told, prose) if whole is None else about_left(lines, told, prose, whole)
        self._wanted = list(cut)
        self._judge = Judge(lines, told, prose)
        self._put = not self._wanted

    async def put(self, asker: Asker) -> None:
        """Ask."""
        self._put = True
        if self._account.config.form == "choices":
            await asyncio.gather(*(chosen(asker, self._judge, self._lines, q) for q in self._wanted))
        else:
            repairs = self._account.max_repairs
            await asyncio.gather(*(copied(asker, self._judge, q, repairs) for q in self._wanted))

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


class _Taker:
    """Puts the answers into tables; holds what was read so far."""

    def __init__(self, told: Reading, prose: Prose) -> None:
        self.tables = {(t.part, t.id, n): t for n, t in enumerate(told.tables)}
        self.findings: list[Finding] = []
        self.spans: list[Span] = []
        self.disputes: list[Dispute] = []
        self._names = {(t.part, t.id): key for key, t in self.tables.items()}
        self._columns = {s.spec.id: s.spec.columns for s in prose.statements}

    def take(self, question: Question) -> None:
        """Take what stands in the text of the best answer."""
        verdict = question.best.verdict
        for cell in verdict.agreed.values():
            self.spans.extend(cell.spans)
        for name, cell in list(verdict.fresh.items()):
            self._add(question, name, cell, verdict)
        for other in verdict.otherwise:
            self._dispute(question.about, other)

    def _add(self, question: Question, name: Name, cell: Cell, verdict: Verdict) -> None:
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
            there = CellRef(table=table_id, part=about.part, row=key, column=column, line=line)
            kept = "in doubt until an identity settles it" if about.whole else "kept"
            message = (
                f"row {short(name[1])}, column {name[2]}: the grammar reads {known.value}{known.unit}, a model {said}. "
                f"The first is {kept}; look at the original."
            )
            self.findings.append(
                Finding(
                    code="second-opinion", kind="ambiguous", message=message, table=name[0],
                    line=known.spans[0].line, cells=tuple(dict.fromkeys((ref, there))), found=known.value,
                    expected=other.cell.value,
                )
            )  # fmt: skip
        if about.whole:
            dispute = Dispute(about.part, other.known, other.name, other.cell, self._columns[table_id])
            self.disputes.append(dispute)


def _new(question: Question, table_id: str) -> Table:
    return Table(
        id=table_id, title=question.about.shapes[table_id].title, part=question.about.part, unit="", columns=(),
        rows=(), lines=question.where, reader="model", why="numbers of sentences as a model names their cells",
    )  # fmt: skip


def _with_steps(
    tables: dict[tuple[int, str, int], Table], asked: Sequence[Question]
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


def _failures(question: Question) -> Iterator[Finding]:
    first, last = question.where
    where = f"{question.about.shapes[question.tag].title}, lines {first}-{last}"
    reply, refused = question.best.reply, question.best.verdict.refused
    if reply.outcome != "ok":
        yield unanswered(reply, where, question.tag, first)
    if refused:
        more = f" and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
        yield Finding(
            code="prose-refused", kind="not-read", table=question.tag, line=first,
            message=f"{where}: {len(refused)} numbers of a model's answer are not taken: "
            f"{'; '.join(refused[:_SHOWN])}{more}.",
        )  # fmt: skip


def _attempt(question: Question, tried: Answer, model: str) -> Attempt:
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
