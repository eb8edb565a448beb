"""What a model's part of the work took, for people and files: what every rerun repeats, and what one run did.

The first goes into the result itself (:class:`~extractor.records.ModelUsage`), the second into ``usage.json`` beside
it: calls, seconds and cost differ from run to run, and a result must not.
"""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from . import statements
from .budget import Budget, Question, Spent, Usage
from .records import Finding, ModelUsage, Record
from .specs import Catalogue

NOT_ASKED = "not-asked"
_PROBE = "probe"
_REMEDY = {
    "offline": "Run it again without --offline, or import a cache that holds it.",
    "waiting": "`extractor batch collect` brings the answer when the batch has ended.",
    "budget": "Raise the limit and run it again: what is answered already comes from the cache.",
}


class Spending(Record):
    """What was spent on one account in one run.

    Attributes:
        calls: HTTP calls, repeated and failed ones included.
        failed: Of these, the ones that gave no usable answer.
        hits: Answers from the cache; they spend nothing.
        input: Tokens in, of all calls.
        output: Tokens out.
        cached: Of ``input``, those that the provider had cached.
        failed_input: Of ``input``, those of failed calls.
        failed_output: Of ``output``, those of failed calls.
        estimated: The endpoint counted no tokens for some calls; a character counts as one there.
        seconds: Time that calls were open, summed: calls side by side count each.
        cost: By the price table; None where the model has no price, or tokens were estimated.
    """

    calls: int
    failed: int
    hits: int
    input: int
    output: int
    cached: int
    failed_input: int
    failed_output: int
    estimated: bool
    seconds: float
    cost: Decimal | None


class NotAsked(Record):
    """A question that stayed open.

    Attributes:
        table: Table id.
        lines: First and last line of the source.
        why: ``offline`` (and not in the cache), ``budget`` (a limit was reached) or ``waiting`` (for a batch).
        again: It is a second question, about what the first answer left violated.
        input: Tokens that it would take, estimated; likewise ``output``.
    """

    table: str
    lines: tuple[int, int] | None
    why: str
    again: bool
    input: int
    output: int


class Account(Record):
    """The account of a document or of a run, as ``usage.json`` and ``--json`` give it.

    ``unanswered`` counts questions that the endpoint gave no answer to, and might another time.
    """

    model: str
    currency: str
    total: Spending
    tables: dict[str, Spending]
    not_asked: tuple[NotAsked, ...] = ()
    unanswered: int = 0


def account(budget: Budget) -> Account:
    """Return the account as a record; ``tables`` has an entry per tag, the probe of the endpoint among them."""
    return Account(
        model=budget.model,
        currency=budget.currency,
        total=_spending(budget, budget.spent),
        tables={tag: _spending(budget, spent) for tag, spent in budget.by_tag.items()},
        not_asked=tuple(_open(q) for q in budget.questions if q.not_asked),
        unanswered=sum(q.unanswered for q in budget.questions),
    )


def lasting(budget: Budget) -> ModelUsage | None:
    """Return what the answers took when they were given, or None where there is no answer."""
    answered = [q for q in budget.questions if q.outcome == "ok" and q.tag != _PROBE]
    if not answered:
        return None
    used = sum((q.usage for q in answered), Usage())
    return ModelUsage(
        model=budget.model, answers=len(answered), input=used.input, output=used.output, estimated=used.estimated
    )


def findings(budget: Budget, specs: Catalogue) -> Iterator[Finding]:
    """List the tables about which the model was not asked, each once for each reason."""
    titles = {name: title for name, title, _ in statements.titles()}
    for table in specs.tables:  # of a table's layouts the first names it
        titles.setdefault(table.id, table.title)
    questions = [q for q in budget.questions if q.not_asked]
    for (tag, lines, outcome), count in Counter((q.tag, q.lines, q.outcome) for q in questions).items():
        same = [q for q in questions if (q.tag, q.lines, q.outcome) == (tag, lines, outcome)]
        why = same[0].message.removeprefix(f"{tag}: ").removeprefix("probe: ").removeprefix("not asked, ").rstrip(".")
        what = "not asked" if any(q.attempt == 0 for q in same) else "not asked again about what is wrong"
        where = f" (lines {lines[0]}-{lines[1]})" if lines else ""
        yield Finding(
            code=NOT_ASKED, kind="not-read", table=tag if tag in titles else None, line=lines[0] if lines else None,
            message=f"{titles.get(tag, tag)}{where}: the model was {what}{f' ({count} times)' if count > 1 else ''}: "
            f"{why}. {_REMEDY[outcome]}",
        )  # fmt: skip


def _open(question: Question) -> NotAsked:
    return NotAsked(
        table=question.tag, lines=question.lines, why=question.outcome, again=question.attempt > 0,
        input=question.expected.input, output=question.expected.output,
    )  # fmt: skip


def _spending(budget: Budget, spent: Spent) -> Spending:
    priced = budget.price is not None and not spent.usage.estimated
    return Spending(
        calls=spent.calls, failed=spent.failed, hits=spent.hits,
        input=spent.usage.input, output=spent.usage.output, cached=spent.usage.cached,
        failed_input=spent.wasted.input, failed_output=spent.wasted.output, estimated=spent.usage.estimated,
        seconds=round(spent.seconds, 3),
        cost=budget.price.cost(spent.usage) if priced and budget.price else None,
    )  # fmt: skip
