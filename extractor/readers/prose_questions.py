"""Questions about sentences: how sections are cut into them, how they are put, and what the answers are worth."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from extractor import prompts
from extractor.answers import Reply, Request
from extractor.budget import NOT_ASKED
from extractor.normalize import Line
from extractor.statements import Prose

from . import prose_choices
from .answered_prose import About, Judge, Verdict, units_in
from .model import Account, Asker
from .prose import Reading
from .prose_shape import shape_of
from .transcript import short

_MOST = 60  # lines of a section in one question
_AROUND = 2  # lines shown before and after them
_EACH = 40  # tokens of an answer for each number, about
_NAMED = 12  # faults named in a second question


@dataclass(slots=True)
class Answer:
    """One answer, and what it is worth."""

    number: int
    reply: Reply[Any]
    verdict: Verdict
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def asked(self) -> bool:
        """Whether it was asked at all: neither offline nor over a limit."""
        return self.reply.outcome not in NOT_ASKED

    @property
    def account(self) -> str:
        """What came of it, in words."""
        if self.reply.outcome != "ok":
            return f"no answer: {short(self.reply.message, 100)}"
        v = self.verdict
        same = f"{len(v.agreed)} numbers as the grammar reads them, {len(v.otherwise)} otherwise, "
        left = f", {len(v.left)} left out" if v.left else ""
        return f"{same if v.agreed or v.otherwise else ''}{len(v.fresh)} numbers taken, {len(v.refused)} refused{left}"


@dataclass(slots=True)
class Question:
    """A piece of a section, how many numbers it asks for, and what came of it."""

    about: About
    numbers: int
    tries: list[Answer] = field(default_factory=list)

    @property
    def tag(self) -> str:
        """Whose account it is on: the first statement that may stand there."""
        return next(iter(self.about.shapes))

    @property
    def where(self) -> tuple[int, int]:
        """First and last line shown."""
        return self.about.shown[0].number, self.about.shown[-1].number

    @property
    def best(self) -> Answer:
        """The answer with the fewest faults."""
        return min(self.tries, key=lambda t: (t.reply.outcome != "ok", len(t.verdict.faults), t.number))


def about_left(lines: Sequence[Line], told: Reading, prose: Prose, number: re.Pattern[str]) -> Iterator[Question]:
    """Cut sections into questions about the numbers that the grammar has left."""
    for about in _sections(told, prose):
        for first in range(0, len(about.body), _MOST):
            here = about.body[first : first + _MOST]
            own = {lines[i].number: count for i in here if (count := told.left(lines[i], number))}
            if own:
                shown = about.body[max(0, first - _AROUND) : first + _MOST + _AROUND]
                yield about.question(lines, shown, tuple(own), sum(own.values()), whole=False)


def about_all(account: Account, lines: Sequence[Line], told: Reading, prose: Prose) -> Iterator[Question]:
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
    ) -> Question:
        about = About(self.part, self.text, self.shapes, own, tuple(lines[i] for i in shown), whole)
        return Question(about, numbers)


def _sections(told: Reading, prose: Prose) -> Iterator[_Section]:
    statements = {s.spec.id: s for s in prose.statements}
    for section, text in told.texts:
        found = {i: shape_of(statements[i], prose, told.kinds[section.part]) for i in section.ids if i in statements}
        shapes = {i: shape for i, shape in found.items() if shape}
        if shapes and text.text:
            yield _Section(section.part, text, shapes, list(dict.fromkeys(i for i, _ in section.pieces)))


async def copied(asker: Asker, judge: Judge, question: Question, repairs: int) -> None:
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
        tried = Answer(number, reply, Verdict() if rows is None else judge.judge(about, rows), rows or ())
        same = bool(question.tries) and question.tries[-1].rows == tried.rows
        question.tries.append(tried)
        bad = [tried.reply.message] if tried.reply.outcome == "invalid" else []
        faults = bad or tried.verdict.faults
        if not faults or same or tried.reply.outcome not in ("ok", "invalid"):
            break


def _rows(reply: Reply[Any]) -> tuple[tuple[str, ...], ...] | None:
    answer = reply.parsed
    return tuple(tuple(row) for row in answer.rows) if isinstance(answer, prompts.TableAnswer) else None


async def chosen(asker: Asker, judge: Judge, lines: Sequence[Line], question: Question) -> None:
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
    question.tries.append(Answer(0, reply, verdict, rows))
