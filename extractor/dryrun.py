"""What a run would ask a model, table by table, found out without a call.

The document is read twice: by arithmetic alone, which tells why a table would be asked about, and with the model's
cache in the model's place, which tells what is answered already. Every question that the cache can't answer is one
call at least; repairs may follow, as many as ``--max-repairs`` allows.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from .budget import Question, Usage
from .config import ConfigError
from .document import Document
from .pipeline import Extractor
from .records import Record, Result, Table


class Step(Record):
    """One table, and whether a model would be asked about it.

    Attributes:
        table: Table id; for a table that no spec describes, its title.
        lines: First and last line.
        decision: ``ask``, ``cached`` (the cache answers everything) or ``no``.
        why: In words.
        cached: Questions that the cache answers.
        calls: Calls at least.
        most: Calls if every repair is needed.
        input: Tokens in of ``calls``, estimated; likewise ``output``.
    """

    table: str
    lines: tuple[int, int]
    decision: Literal["ask", "cached", "no"]
    why: str
    cached: int = 0
    calls: int = 0
    most: int = 0
    input: int = 0
    output: int = 0


class Plan(Record):
    """What one document, or all of a run, would take; ``most_cost`` is for ``most`` calls of the same size."""

    path: str
    steps: tuple[Step, ...] = ()
    error: str | None = None
    cached: int = 0
    calls: int = 0
    most: int = 0
    input: int = 0
    output: int = 0
    cost: Decimal | None = None
    most_cost: Decimal | None = None


def asker(extractor: Extractor) -> Extractor:
    """Return the extractor with the cache in the model's place.

    Raises:
        ConfigError: No model is named: the cache and the price depend on it.
    """
    if extractor.model is None or extractor.budget is None:
        raise ConfigError("--dry-run plans a model's calls. Name one with --model or in EXTRACTOR_MODEL.")
    return replace(extractor, model=extractor.model.model_copy(update={"offline": True}))


def plan(document: Document, extractor: Extractor) -> Plan:
    """Plan one document; ``extractor`` comes from :func:`asker`."""
    if extractor.budget is None:
        raise ConfigError("no account is open")
    alone = Extractor(catalogue=extractor.catalogue, engine="deterministic").extract(document)
    account = extractor.budget.child()
    extractor.extract(document, account=account)
    places = [*((t.id, t.lines) for t in alone.tables), *(("", u.lines) for u in alone.unread)]
    questions: dict[tuple[int, int], list[Question]] = {}
    for question in account.questions:
        questions.setdefault(_home(question, places), []).append(question)
    read = {t.lines for t in alone.tables}
    steps = [
        *(_table(t, questions.get(t.lines, []), alone, extractor) for t in alone.tables),
        *(_unread(lines, asked, alone, extractor) for lines, asked in questions.items() if lines not in read),
        *_unasked(alone, {*read, *questions}),
    ]
    return total(str(document.path or document.name), sorted(steps, key=lambda s: s.lines), extractor)


def total(path: str, steps: Sequence[Step], extractor: Extractor) -> Plan:
    """Add up steps, and price them."""
    given, taken = sum(s.input for s in steps), sum(s.output for s in steps)
    most_in = sum(s.input * s.most // s.calls for s in steps if s.calls)
    most_out = sum(s.output * s.most // s.calls for s in steps if s.calls)
    price = extractor.budget.price if extractor.budget else None
    return Plan(
        path=path, steps=tuple(steps), cached=sum(s.cached for s in steps),
        calls=sum(s.calls for s in steps), most=sum(s.most for s in steps), input=given, output=taken,
        cost=price.cost(Usage(given, taken)) if price else None,
        most_cost=price.cost(Usage(most_in, most_out)) if price else None,
    )  # fmt: skip


def _table(table: Table, questions: Sequence[Question], alone: Result, extractor: Extractor) -> Step:
    if not questions:
        why = "declared empty" if table.empty_note else f"arithmetic settles it ({_states(table)})"
        return Step(table=table.id, lines=table.lines, decision="no", why=why)
    if extractor.engine == "llm":
        return _asked(table.id, table.lines, questions, "--engine llm asks for everything", extractor)
    if extractor.second_opinion and not table.states()["contradicted"]:
        return _asked(table.id, table.lines, questions, "--second-opinion asks for everything", extractor)
    wrong = table.states()["contradicted"]
    here = (f for f in alone.findings if f.table == table.id and table.lines[0] <= (f.line or 0) <= table.lines[1])
    codes = sorted({f.code for f in here})
    reasons = [f"{wrong} numbers contradict their sums"] if wrong else []
    reasons += [f"findings: {', '.join(codes)}"] if codes else []
    return _asked(table.id, table.lines, questions, "; ".join(reasons) or "arithmetic doesn't settle it", extractor)


def _home(question: Question, places: Sequence[tuple[str, tuple[int, int]]]) -> tuple[int, int]:
    """Return the lines of the table that a question is about: it may be about a part of it, or name no lines.

    One about sentences is about their section, which begins before the first number and ends after the last.
    """
    for name, (first, last) in places:
        asked = question.lines or (first, last if name else -1)
        inside = asked[0] <= last and first <= asked[1] if name else first <= asked[0] <= last
        if name in {question.tag, ""} and inside:
            return first, last
    return question.lines or (0, 0)


def _unread(lines: tuple[int, int], questions: Sequence[Question], alone: Result, extractor: Extractor) -> Step:
    reason = next((f"not read: {u.reason}" for u in alone.unread if u.lines == lines), "not read by arithmetic")
    why = "--engine llm asks for everything" if extractor.engine == "llm" else reason
    return _asked(questions[0].tag, lines, questions, why, extractor)


def _unasked(alone: Result, seen: set[tuple[int, int]]) -> list[Step]:
    """List the tables that neither arithmetic nor a model reads."""
    tables = {f.line for f in alone.findings if f.code == "table-not-read"}
    return [
        Step(table=u.title[:40], lines=u.lines, decision="no", why=u.reason)
        for u in alone.unread
        if u.lines[0] in tables and u.lines not in seen
    ]


def _asked(name: str, lines: tuple[int, int], asked: Sequence[Question], why: str, extractor: Extractor) -> Step:
    missing = [q for q in asked if q.not_asked]
    if missing and all(q.attempt for q in missing):
        why = "the answer in the cache violates sums: asked again"
    return Step(
        table=name, lines=lines, decision="ask" if missing else "cached", why=why,
        cached=sum(q.cached for q in asked if q.outcome == "ok"), calls=len(missing),
        most=sum(max(1, 1 + extractor.max_repairs - q.attempt) for q in missing),
        input=sum(q.expected.input for q in missing), output=sum(q.expected.output for q in missing),
    )  # fmt: skip


def _states(table: Table) -> str:
    return ", ".join(f"{n} {s}" for s, n in table.states().items()) or "no numbers"
