"""The question about a form (绩效目标表, 绩效自评表): a model copies its rows.

At ``auto`` only about forms that the grammar could not read, or not whole, or reads against their own sums; at ``llm``
about all. What a model copies is looked up in the form (:mod:`.answered_form`) and put beside the grammar's reading
(:mod:`.merged_form`). A model that can only choose is not asked: it has nothing to choose from.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any, Literal

from extractor import prompts
from extractor.answers import Reply, Request
from extractor.budget import NOT_ASKED
from extractor.checks import check
from extractor.forms import forms
from extractor.normalize import Line
from extractor.records import Attempt, Finding, Table
from extractor.specs import Catalogue
from extractor.tokens import transcript

from . import performance
from .answered_form import Copied, Sheet, copied
from .merged_form import Merged, left_out, merged
from .model import Account, Asker, connected
from .performance import Form
from .transcript import short
from .tries import OUTCOMES, unanswered

Kind = Literal["ambiguous", "not-read"]
_NAMED = 12  # faults named in a second question
_SHOWN = 5  # of them in a finding
_SHORT = 8  # lines that are not parted any more


@dataclass(slots=True)
class _Try:
    """One answer about some lines of a form, and what is wrong with it."""

    number: int
    reply: Reply[Any]
    rows: tuple[tuple[str, ...], ...]
    copied: Copied
    faults: list[str]

    @property
    def asked(self) -> bool:
        return self.reply.outcome not in NOT_ASKED


@dataclass(slots=True)
class _Question:
    """Some lines of a form, and the answers about them."""

    sheet: Sheet
    own: tuple[int, int]
    tries: list[_Try] = field(default_factory=list)

    def halves(self) -> Iterator["_Question"]:
        """Yield questions about either half of the lines, where there are enough of them."""
        numbers = [line.number for line in self.sheet.lines if self.own[0] <= line.number <= self.own[1]]
        if len(numbers) >= _SHORT:
            middle = len(numbers) // 2
            yield _Question(self.sheet, (numbers[0], numbers[middle - 1]))
            yield _Question(self.sheet, (numbers[middle], numbers[-1]))

    @property
    def best(self) -> _Try:
        return min(self.tries, key=lambda t: (t.reply.outcome != "ok", len(t.faults), t.number))


@dataclass(frozen=True, slots=True)
class Answered:
    """What was read with a model's answers: the forms as they are now, findings, every attempt."""

    forms: dict[int, Form]
    findings: tuple[Finding, ...] = ()
    attempts: tuple[Attempt, ...] = ()


class Sheets:
    """The questions about the forms of a document: asked once, with others or by themselves, then taken."""

    def __init__(
        self, account: Account, lines: Sequence[Line], read: Mapping[int, Form], catalogue: Catalogue, *, whole: bool
    ) -> None:
        """Prepare the questions; nothing is asked yet.

        Args:
            account: Which model, on whose account.
            lines: All lines of the document.
            read: What the grammar has read, by first line.
            catalogue: The specs.
            whole: Ask about all forms, not only about those that are open.
        """
        self._account, self._lines, self._read, self._catalogue = account, lines, dict(read), catalogue
        may = account.config.form != "choices"
        wanted = [f for f in read.values() if may and (whole or _open(f.table, catalogue))]
        self._wanted = [q for f in wanted for q in self._questions(f)]
        self._put = not self._wanted

    def _questions(self, form: Form) -> Iterator[_Question]:
        known = forms()
        spec = next(s for s in known.specs if s.id == form.chunk.spec)
        first = form.chunk.first
        body = [self._lines[i] for piece in form.chunk.pieces for i in piece]
        shown = body if body and body[0].number == self._lines[first].number else [self._lines[first], *body]
        final = _final(form, spec.single, shown)
        sheet = Sheet(form, spec, known.words, tuple(shown), final)
        count = ceil(transcript(line.text for line in shown) / self._account.config.answer_tokens)
        step = ceil(len(shown) / max(1, count))
        for at in range(0, len(shown), step):
            yield _Question(sheet, (shown[at].number, shown[min(at + step, len(shown)) - 1].number))

    async def put(self, asker: Asker) -> None:
        """Ask; where an answer was cut off, ask for the rows of either half of its lines."""
        self._put = True
        open_ = list(self._wanted)
        while open_:
            await asyncio.gather(*(self._ask(asker, q) for q in open_))
            open_ = [half for q in open_ if q.tries[-1].reply.outcome == "length" for half in q.halves()]
            self._wanted += open_

    async def _ask(self, asker: Asker, question: _Question) -> None:
        """Ask, and again with what is wrong with the answer; who says the same twice isn't asked a third time."""
        sheet, own = question.sheet, question.own
        shown = sheet.lines
        part = own if own != (shown[0].number, shown[-1].number) else None
        faults: list[str] = []
        for number in range(self._account.max_repairs + 1):
            title = sheet.spec.id, sheet.form.chunk.title
            prompt = prompts.form(title, sheet.arrays(), shown, part, faults[:_NAMED])
            expected = transcript(line.text for line in shown if own[0] <= line.number <= own[1])
            request = Request(
                prompt.system, prompt.user, prompt.answer, sheet.spec.id, number,
                lines=(shown[0].number, shown[-1].number), expected=expected,
            )  # fmt: skip
            reply = await asker.ask(request)
            answer = reply.parsed
            rows = tuple(tuple(r) for r in answer.rows) if isinstance(answer, prompts.TableAnswer) else ()
            tried = _Try(number, reply, rows, Copied(), [])
            if reply.outcome == "ok":
                tried.copied = copied(sheet, rows)
                tried.faults = self._faults(sheet, tried.copied, own, whole=part is None)
            elif reply.outcome == "invalid":
                tried.faults = [reply.message]
            same = bool(question.tries) and question.tries[-1].rows == rows
            question.tries.append(tried)
            faults = tried.faults
            if not faults or same or reply.outcome not in ("ok", "invalid"):
                break

    def _faults(self, sheet: Sheet, answer: Copied, own: tuple[int, int], *, whole: bool) -> list[str]:
        said = [*answer.refused, *left_out(sheet.form.table, answer.table, own)]
        if whole and answer.table is not None:
            said.extend(_violated(answer.table, self._catalogue))
        return said

    def answered(self) -> Answered:
        """Return what is read with the answers; asks where nobody has yet."""
        if not self._put:
            connected(self._account, self.put)
        now = dict(self._read)
        findings: list[Finding] = []
        attempts: list[Attempt] = []
        asked = [q for q in self._wanted if any(t.asked for t in q.tries)]
        for first in dict.fromkeys(q.sheet.form.chunk.first for q in asked):
            mine = [q for q in asked if q.sheet.form.chunk.first == first]
            now[first] = self._with(mine, findings)
            attempts.extend(self._attempt(q, t) for q in mine for t in q.tries if t.asked)
        return Answered(now, tuple(findings), tuple(attempts))

    def _with(self, questions: Sequence[_Question], findings: list[Finding]) -> Form:
        """Return a form with the best answers about its lines."""
        sheet = questions[0].sheet
        form = sheet.form
        rows = [row for q in questions for row in q.best.rows if q.best.reply.outcome == "ok"]
        answer = copied(sheet, rows)
        both = merged(form.table, answer.table) if answer.table else None
        findings.extend(_findings(questions, answer, both))
        if both is None:
            return form
        said = f"model, form: {_account(both, answer)}"
        before = form.table.steps if form.table else ()
        why = form.table.why if form.table else "no cell of this form is known"
        table = both.table.model_copy(update={"steps": (*(before or (f"deterministic: {why}",)), said)})
        return replace(form, table=table, left=performance.left(self._lines, form.chunk, table))

    def _attempt(self, question: _Question, tried: _Try) -> Attempt:
        reply, form = tried.reply, question.sheet.form
        best = tried is question.best
        why = "; ".join(tried.faults[:_SHOWN]) or "nothing is wrong with it"
        return Attempt(
            table=question.sheet.spec.id, part=form.chunk.part, lines=question.own, number=tried.number, step="form",
            model=self._account.config.model or "", outcome=OUTCOMES.get(reply.outcome, "failed"),
            taken=best and tried.copied.table is not None,
            why=short(reply.message, 300) if reply.outcome != "ok" else why if best else f"another is better: {why}",
            ungrounded=tried.copied.invented, tokens_in=reply.usage.input, tokens_out=reply.usage.output,
            cached=reply.cached, rows=tried.rows,
        )  # fmt: skip


def _final(form: Form, single: str, shown: Sequence[Line]) -> bool:
    """Whether a form is one of final accounts: it prints what was spent, or what was reached."""
    if form.table and form.table.columns:
        return single not in form.table.columns
    text = "".join("".join(line.text.split()) for line in shown)
    return any(word in text for word in ("执行数", "完成值", "自评"))


def _open(table: Table | None, catalogue: Catalogue) -> bool:
    """Whether a form is one for a model: not read, without its indicators, or read against its own sums."""
    return table is None or not any("指标/" in r.key for r in table.rows) or bool(_violated(table, catalogue))


def _violated(table: Table, catalogue: Catalogue) -> list[str]:
    """Say which identities a form violates by itself."""
    outcomes = check([table], catalogue).outcomes
    return [f"{i.id}: {i.text}: {o.left} and {o.right}" for i, o in outcomes if o.verdict == "violated" and not i.soft]


def _account(both: Merged, answer: Copied) -> str:
    return (
        f"{both.alike} numbers as the grammar reads them, {len(both.otherwise)} otherwise, {both.fresh} more, "
        f"{len(answer.refused)} refused"
    )


def _findings(questions: Sequence[_Question], answer: Copied, both: Merged | None) -> Iterator[Finding]:
    sheet = questions[0].sheet
    first = sheet.lines[0].number
    where = f"{short(sheet.form.chunk.title, 40)} (line {first})"
    for question in questions:
        reply = question.best.reply
        parted = reply.outcome == "length" and any(True for _ in question.halves())
        if reply.outcome != "ok" and not parted:
            yield unanswered(reply, where, sheet.spec.id, first)
    otherwise = both.otherwise if both else []
    complaints: tuple[tuple[str, Kind, Sequence[str], str], ...] = (
        ("form-refused", "not-read", answer.refused, "rows or cells of a model's answer are not taken"),
        ("second-opinion", "ambiguous", otherwise, "places are read otherwise by a model, and are in doubt"),
    )
    for code, kind, said, what in complaints:
        if said:
            more = f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
            yield Finding(
                code=code, kind=kind, table=sheet.spec.id, line=first,
                message=f"{where}: {len(said)} {what}: {'; '.join(said[:_SHOWN])}{more}. Look at the original.",
            )  # fmt: skip
