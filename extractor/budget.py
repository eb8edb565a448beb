"""What a run spends: calls, tokens, seconds and cost, and the limits that end it cleanly."""

import threading
import tomllib
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .config import ConfigError, ModelConfig
from .data import data_folder
from .turns import Turns

_MILLION = Decimal(1_000_000)
NOT_ASKED = frozenset({"offline", "budget", "waiting"})
"""Outcomes of questions that nobody was asked; an answer may come later."""
Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer or of many.

    Attributes:
        input: Tokens of the prompts, the provider's cached ones included.
        output: Tokens of the answers.
        cached: Of ``input``, those that the provider had cached.
        estimated: The endpoint named no count for some of them; a character counts as a token there.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    estimated: bool = False

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.estimated or other.estimated,
        )

    @property
    def total(self) -> int:
        """Tokens in and out."""
        return self.input + self.output


class Price(BaseModel):
    """One entry of the price table: amounts per million tokens of the models that fit a glob."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    input: Amount
    output: Amount
    cached: Amount | None = None

    def cost(self, usage: Usage) -> Decimal:
        """Return what the tokens cost, in the table's currency."""
        cached = self.input if self.cached is None else self.cached
        full = usage.input - usage.cached
        return (full * self.input + usage.cached * cached + usage.output * self.output) / _MILLION


class PriceTable(BaseModel):
    """A price table, see ``prompts/prices.toml``; ``batch`` is the share of each price that a batch's answers cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str = "USD"
    batch: Amount = Decimal("0.5")
    price: tuple[Price, ...] = ()

    @classmethod
    def load(cls, path: Path | None = None) -> "PriceTable":
        """Read a table; None reads the example that comes with the package.

        Raises:
            ConfigError: The file can't be read, or an entry is wrong.
        """
        file = path or data_folder("prompts") / "prices.toml"
        try:
            return cls.model_validate(tomllib.loads(file.read_text(encoding="utf-8-sig"), parse_float=Decimal))
        except OSError as error:
            raise ConfigError(f"{file}: the price table can't be read ({error.strerror}). Name another.") from None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise ConfigError(f"{file}: {where}: {first['msg']}. Mend the price table.") from None
        except ValueError as error:
            raise ConfigError(f"{file}: not TOML ({error}). Mend the price table.") from None

    def for_batches(self) -> "PriceTable":
        """Return the table for answers that come with a batch: a share of each price."""
        share = self.batch

        def part(price: Price) -> Price:
            cached = None if price.cached is None else price.cached * share
            return Price(model=price.model, input=price.input * share, output=price.output * share, cached=cached)

        return PriceTable(currency=self.currency, price=tuple(map(part, self.price)), batch=Decimal(1))

    def find(self, model: str) -> Price | None:
        """Return the first entry that fits a model's id."""
        return next((p for p in self.price if fnmatchcase(model, p.model)), None)


@dataclass(frozen=True, slots=True)
class Spent:
    """The account of a run, or of one tag.

    Attributes:
        calls: HTTP calls, retries and failures included.
        failed: Of these, the ones that gave no usable answer.
        hits: Answers from the cache; they spend nothing.
        usage: Tokens of all calls.
        wasted: Of these, the tokens of failed calls.
        seconds: Time that calls were open, summed; calls side by side count each.
    """

    calls: int = 0
    failed: int = 0
    hits: int = 0
    usage: Usage = field(default_factory=Usage)
    wasted: Usage = field(default_factory=Usage)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """One question that the reader had, and what became of it.

    Attributes:
        tag: Whose account it is on: a table's id.
        lines: First and last line that it is about, 1-based, or None.
        attempt: 0 for the first time.
        outcome: As in :class:`~extractor.answers.Reply`; those of :data:`NOT_ASKED` were not asked.
        cached: The answer comes from the cache.
        usage: What the answer took, now or when it was first given.
        expected: What it would take, where it was not asked: an estimate.
        message: Why there is no answer.
        status: The HTTP status of a failed call.
    """

    tag: str
    lines: tuple[int, int] | None
    attempt: int
    outcome: str
    cached: bool = False
    usage: Usage = field(default_factory=Usage)
    expected: Usage = field(default_factory=Usage)
    message: str = ""
    status: int | None = None

    @property
    def unanswered(self) -> bool:
        """Whether the endpoint gave no answer, and might give one another time: it doesn't object to the question."""
        return self.outcome == "error" and self.status not in {400, 413, 422}

    @property
    def not_asked(self) -> bool:
        """Whether it stayed open: offline and not in the cache, over a limit, or waiting for a batch."""
        return self.outcome in NOT_ASKED


class Ledger(Protocol):
    """What an account needs of the one that it is a part of, in this process or in another."""

    @property
    def turns(self) -> AbstractAsyncContextManager[None]:
        """Turns for calls."""

    async def admit(self, tag: str) -> str | None:
        """Count a call that is about to be made, or return why it must not be."""

    def take(self, tag: str, spent: Spent) -> None:
        """Book what was spent."""


class Budget:
    """Counts what is spent and says when to stop.

    A call is admitted while every limit has room. What a call will take is known only after it, so with c calls
    side by side the limits on tokens and cost may be passed by what c calls take; the limit on calls is exact.

    The account of a run opens one for each document (:meth:`child`): what is booked there is booked on both, and the
    limits are those of the run. So are the turns: calls are made side by side as the configuration says, in all
    documents together. A copy in another process begins with nothing booked; the run's own is reached from there
    through a :class:`~extractor.desk.Desk`.
    """

    def __init__(self, config: ModelConfig, prices: PriceTable | None = None, *, parent: Ledger | None = None) -> None:
        """Take limits, prices and the model's name from the configuration.

        Raises:
            ConfigError: There is a limit on cost and no price for the model: it could never be kept.
        """
        self._parent = parent
        self.own_turns = Turns(config.concurrency)
        self._lock = threading.Lock()
        self._questions: list[Question] = []
        table = prices or PriceTable.load(config.prices)
        self.currency = table.currency
        self.price = table.find(config.model or "")
        self._limits = config
        self._total = Spent()
        self._tags: defaultdict[str, Spent] = defaultdict(Spent)
        if config.max_cost is not None and self.price is None:
            raise ConfigError(
                f"A limit on cost needs a price for the model {config.model!r}. Add it to a copy of "
                f"{config.prices or 'prompts/prices.toml'} and name that copy, or limit tokens instead."
            )

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Budget, (self._limits, self._prices())

    def _prices(self) -> PriceTable:
        return PriceTable(currency=self.currency, price=(self.price,) if self.price else ())

    @property
    def turns(self) -> AbstractAsyncContextManager[None]:
        """Turns for calls: those of the run."""
        return self.own_turns if self._parent is None else self._parent.turns

    def child(self, parent: Ledger | None = None) -> "Budget":
        """Open an account for a part of the run, such as a document; ``parent`` in place of this one, elsewhere."""
        return Budget(self._limits, self._prices(), parent=parent or self)

    @property
    def model(self) -> str:
        """The model whose calls are booked here."""
        return self._limits.model or ""

    @property
    def limited(self) -> bool:
        """Whether there is a limit on calls, tokens or cost."""
        limits = self._limits
        return any(limit is not None for limit in (limits.max_calls, limits.max_tokens, limits.max_cost))

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions noted on this account itself."""
        return tuple(self._questions)

    def note(self, question: Question) -> None:
        """Keep what became of a question; tokens and calls are booked by the other methods."""
        self._questions.append(question)

    @property
    def spent(self) -> Spent:
        """The account so far."""
        return self._total

    @property
    def by_tag(self) -> dict[str, Spent]:
        """The account by tag, in order of first use."""
        return dict(self._tags)

    @property
    def cost(self) -> Decimal | None:
        """The cost so far, or None where the price or some call's tokens are unknown."""
        if self.price is None or self._total.usage.estimated:
            return None
        return self.price.cost(self._total.usage)

    async def admit(self, tag: str) -> str | None:
        """Count a call that is about to be made, or return why it must not be."""
        if self._parent is None:
            return self.admitted(tag)
        refused = await self._parent.admit(tag)
        if refused is None:
            self._book(tag, Spent(calls=1))
        return refused

    def admitted(self, tag: str) -> str | None:
        """Do as :meth:`admit`, on the account of the run itself."""
        with self._lock:
            refused = self._refused()
            if refused is None:
                self._book(tag, Spent(calls=1))
        return refused

    def _refused(self) -> str | None:
        limits, total = self._limits, self._total
        if limits.max_calls is not None and total.calls >= limits.max_calls:
            return f"the limit of {limits.max_calls} calls is reached"
        if limits.max_tokens is not None and total.usage.total >= limits.max_tokens:
            return f"the limit of {limits.max_tokens} tokens is reached ({total.usage.total} used)"
        if limits.max_cost is not None and self.price is not None:
            cost = self.price.cost(total.usage)
            if cost >= limits.max_cost:
                return f"the limit of {limits.max_cost} {self.currency} is reached ({cost:.4f} used)"
        return None

    def answered(self, tag: str, usage: Usage, seconds: float) -> None:
        """Count the tokens and the time of an admitted call that brought an answer."""
        self.take(tag, Spent(usage=usage, seconds=seconds))

    def failed(self, tag: str, usage: Usage | None = None, seconds: float = 0.0) -> None:
        """Count an admitted call as failed; ``usage`` marks tokens, already counted, of an unusable answer."""
        self.take(tag, Spent(failed=1, wasted=usage or Usage(), seconds=seconds))

    def hit(self, tag: str) -> None:
        """Count an answer from the cache."""
        self.take(tag, Spent(hits=1))

    def take(self, tag: str, spent: Spent) -> None:
        """Book what was spent, here and on the account that this one is a part of."""
        if self._parent is not None:
            self._parent.take(tag, spent)
        with self._lock:
            self._book(tag, spent)

    def _book(self, tag: str, more: Spent) -> None:
        self._total = _sum(self._total, more)
        self._tags[tag] = _sum(self._tags[tag], more)

    def summary(self) -> str:
        """Return the account as one line for people; an unknown cost reads n/a."""
        s = self._total
        about = "about " if s.usage.estimated else ""
        cost = "n/a" if self.cost is None else f"{self.cost:.4f} {self.currency}"
        return (
            f"{s.calls} calls ({s.failed} failed), {s.hits} answers from the cache, {about}{s.usage.input} tokens in "
            f"({s.usage.cached} cached), {s.usage.output} out, {s.wasted.total} in failed calls, "
            f"{s.seconds:.1f} s, cost {cost}"
        )


def _sum(one: Spent, two: Spent) -> Spent:
    return replace(
        one,
        calls=one.calls + two.calls,
        failed=one.failed + two.failed,
        hits=one.hits + two.hits,
        usage=one.usage + two.usage,
        wasted=one.wasted + two.wasted,
        seconds=one.seconds + two.seconds,
    )
