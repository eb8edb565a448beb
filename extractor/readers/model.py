"""The language-model reader: asks for a table's rows, finds every value in the source, and lets the checks judge.

No number of a model is believed: what isn't printed is ``ungrounded``, and the identities see what stands in the
wrong place. An answer that leaves out printed numbers is incomplete: the lines concerned are asked for again, half by
half. A table that violates its identities is asked for again with what is violated, and a new answer is taken only if
it violates less. Every attempt is kept.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from extractor import prompts
from extractor.answers import Reply, Request
from extractor.budget import NOT_ASKED, Budget
from extractor.chunks import Chunk
from extractor.config import ModelConfig
from extractor.normalize import Line
from extractor.specs import Catalogue, TableSpec
from extractor.tokens import transcript

from . import asked_columns, parts, wide
from .body import Body
from .draft import Draft
from .fitting import fitting
from .labels import Labels, labels_of
from .parts import Part
from .purchases import in_levels
from .transcript import (
    Printed,
    draft_of,
    first_lines,
    in_words,
    incomplete,
    lacking,
    made_up,
    ungrounded,
    words_for_numbers,
)
from .tries import OUTCOMES, Asked, Try, attempt, failure

T = TypeVar("T")
_SHOWN = 12  # faults named in a second question


class Asker(Protocol):
    """What this reader needs of a model: an answer to each request, whatever comes of it."""

    async def ask(self, request: Request[Any]) -> Reply[Any]:
        """Ask, or answer from a cache."""


Also = Callable[[Asker], Awaitable[None]]
Connect = Callable[[ModelConfig, Budget], AbstractAsyncContextManager[Asker]]


@dataclass(frozen=True, slots=True)
class Account:
    """Which model, on whose account, how often it is asked again, and how it is reached."""

    config: ModelConfig
    budget: Budget
    max_repairs: int = 2
    connect: Connect | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part with the rows that it has by now, and the answer that they come from."""

    part: Part
    rows: tuple[Printed, ...]
    tried: Try


def read(
    account: Account, lines: Sequence[Line], chunks: Sequence[Chunk], catalogue: Catalogue,
    known: Mapping[int, Draft], also: Also | None = None,
) -> list[Asked]:  # fmt: skip
    """Ask for every chunk that has a spec; connects for that, and books on the given account.

    ``known`` are the drafts of another reader by first line: where it saw rows begin a long table may be cut.
    ``also`` puts further questions at the same time.
    """

    async def run(asker: Asker) -> list[Asked]:
        labels = labels_of(catalogue)
        wanted = [(c, known.get(c.first)) for c in chunks if c.spec]
        tables = [_read(asker, account, lines, c, labels, draft) for c, draft in wanted]
        read, _ = await asyncio.gather(asyncio.gather(*tables), also(asker) if also else _nothing())
        return list(read)

    return connected(account, run)


def connected(account: Account, questions: Callable[[Asker], Coroutine[Any, Any, T]]) -> T:
    """Connect to the model, ask, and close the connection; also inside a running event loop."""

    async def run() -> T:
        async with _connect(account) as asker:
            return await questions(asker)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(run())
    with ThreadPoolExecutor(1) as pool:  # a notebook has a loop of its own, which can't wait for another
        return pool.submit(asyncio.run, run()).result()


def _connect(account: Account) -> AbstractAsyncContextManager[Asker]:
    if account.connect is not None:
        return account.connect(account.config, account.budget)
    from extractor.client import ModelClient  # noqa: PLC0415 - its packages are loaded when a model is asked

    return ModelClient(account.config, budget=account.budget)


async def _read(
    asker: Asker, account: Account, lines: Sequence[Line], chunk: Chunk, labels: Labels, known: Draft | None
) -> Asked:
    if account.config.form == "choices" and known is not None and asked_columns.fits(known):
        return await asked_columns.ask(asker, chunk, lines, known, account.config.model or "")
    return await _Table(asker, account, lines, chunk, labels, known).read()


class _Table:
    """One table being asked for."""

    def __init__(
        self, asker: Asker, account: Account, lines: Sequence[Line], chunk: Chunk, labels: Labels, known: Draft | None
    ) -> None:
        self.asker, self.account, self.chunk, self.labels = asker, account, chunk, labels
        self.spec, self.body, self.printed = _form(lines, chunk, labels, known)
        self.shown = (lines[chunk.first], *(lines[i] for piece in chunk.pieces for i in piece))
        self.known = known
        self.borders = sorted({r.line for r in known.rows}) if known else []
        self.tries: list[Try] = []
        self._model = account.config.model or ""

    async def read(self) -> Asked:
        if self.body.empty:
            return Asked(self.chunk, None)  # the note says it all, and no model can say more
        whole = parts.whole(self.shown, self.body, self.borders)
        lead = len(prompts.LEAD[self.spec.shape])
        planned = parts.plan(whole, self.spec, lead=lead, limit=self.account.config.answer_tokens)
        pieces = _flat(await asyncio.gather(*(self._complete(part) for part in planned)))
        best = self._draft(pieces)
        self._judge(self.tries, best)
        for number in range(1, self.account.max_repairs + 1):
            faults = self._faults(best, pieces)
            if not any(faults) or not all(tried.asked for tried in self.tries):
                break  # nothing is wrong, or what is wrong can't be told before every part is answered
            pieces, best = await self._repair(pieces, best, faults, number)
        return self._asked(pieces, best)

    async def _complete(self, part: Part, old: _Piece | None = None) -> list[_Piece]:
        """Ask for a part; where printed numbers are missing in the answer, ask for the halves that lack them."""
        faults: list[str] = []
        for number in range(self.account.max_repairs + 1):
            tried = await self._ask(part, faults, number)
            if tried.outcome != "invalid":
                break
            faults = [tried.message]
        piece = _Piece(part, self._own(tried.rows, part), tried)
        if old is not None and len(self._missing(old)) <= len(self._missing(piece)):
            tried.why = tried.message or "it has no more of the printed numbers than the answer before"
            piece = old
        if tried.outcome not in ("ok", "truncated"):
            return [piece]
        missing = self._missing(piece)
        if not missing:
            return [piece]
        tried.outcome = "incomplete" if tried.outcome == "ok" else tried.outcome
        may_ask = self.account.max_repairs > 0 or tried.outcome == "truncated"
        halves = part.halves() if may_ask else None
        if halves is None:
            return [piece]
        again = []
        for half in halves:
            kept = _Piece(half, self._own(piece.rows, half), piece.tried)
            lost = any(half.owns(line) for line in missing)
            again.append(self._complete(half, kept) if lost else _now(kept))
        return _flat(await asyncio.gather(*again))

    async def _ask(self, part: Part, faults: Sequence[str], number: int) -> Try:
        own = None if part.whole else part.numbers
        prompt = prompts.transcribe(self.spec, part.shown, self.body.unit, faults, own, self.printed)
        expected = transcript(line.text for line in part.shown)
        request = Request(
            prompt.system, prompt.user, prompt.answer, self.spec.id, number, lines=part.numbers, expected=expected
        )
        reply = await self.asker.ask(request)
        outcome = OUTCOMES.get(reply.outcome, "failed")
        rows: tuple[Printed, ...] = ()
        if isinstance(reply.parsed, prompts.TableAnswer):
            rows = tuple(tuple(row) for row in reply.parsed.rows)
        tried = Try(part, number, outcome, rows, reply.usage, reply.cached, reply.message)
        tried.asked = reply.outcome not in NOT_ASKED
        self.tries.append(tried)
        return tried

    async def _repair(
        self, pieces: list[_Piece], best: Draft, faults: Sequence[Sequence[str]], number: int
    ) -> tuple[list[_Piece], Draft]:
        """Ask again for the pieces with faults; take the new answers if fewer identities are violated."""
        wanted = [i for i, said in enumerate(faults) if said]
        tries = await asyncio.gather(*(self._ask(pieces[i].part, faults[i], number) for i in wanted))
        trial = list(pieces)
        for index, tried in zip(wanted, tries, strict=True):
            if tried.outcome == "ok":
                trial[index] = _Piece(pieces[index].part, self._own(tried.rows, pieces[index].part), tried)
            else:
                tried.why = tried.message or tried.outcome
        draft = self._draft(trial)
        self._judge(tries, draft)
        taken = _better(draft, best)
        for index, tried in zip(wanted, tries, strict=True):
            loser = pieces[index].tried if taken else tried
            loser.why = loser.why or f"not better than attempt {number if taken else pieces[index].tried.number}"
        return (trial, draft) if taken else (pieces, best)

    def _own(self, rows: Sequence[Printed], part: Part) -> tuple[Printed, ...]:
        """Return the rows whose first number stands on the part's own lines."""
        if part.whole:
            return tuple(rows)
        lines = first_lines(rows, self.spec, part.shown)
        return tuple(row for row, line in zip(rows, lines, strict=True) if part.owns(line))

    def _missing(self, piece: _Piece) -> list[int]:
        """Return the lines of the numbers that no row takes; none where as many are made up instead."""
        draft = self._draft([piece])
        left = [t.line for t in lacking(draft) if piece.part.owns(t.line)]
        return left if len(left) > len(ungrounded(draft)) else []

    def _draft(self, pieces: Sequence[_Piece]) -> Draft:
        rows = [row for piece in pieces for row in piece.rows]
        draft = draft_of(rows, self.chunk, self.spec, self.body, self.shown, self.labels)
        if self.known and self.spec.shape == "items":
            in_levels(draft.rows, self.known.rows)
        return replace(draft, labels=self.printed)

    def _judge(self, tries: Sequence[Try], draft: Draft) -> None:
        violated = tuple(dict.fromkeys(i.id for i, _ in draft.violated()))
        for tried in tries:
            if tried.rows:
                tried.violated = violated
                tried.ungrounded = len(ungrounded(self._draft([_Piece(tried.part, tried.rows, tried)])))

    def _faults(self, draft: Draft, pieces: Sequence[_Piece]) -> list[list[str]]:
        """Say for each piece what is wrong with its rows: made up, against the identities, left out."""
        lines = [next((t.line for t in row.items if t.spans), row.line) for row in draft.rows]
        said = [({lines[i]}, text) for i, text in made_up(draft)]
        for instance, outcome in draft.violated():
            concerned = {lines[ref.row] for ref in instance.refs}
            said.append((concerned, in_words(draft, instance, outcome)))
        said.extend(({t.line}, f"line {t.line} prints {t.text}, which is in no row") for t in lacking(draft))
        # Who refuses, or gives no answer, is not asked the same again.
        open_to = [piece.tried.outcome in ("ok", "incomplete") or bool(piece.rows) for piece in pieces]
        return [
            [text for where, text in said if may and any(piece.part.owns(n) for n in where)][:_SHOWN]
            for piece, may in zip(pieces, open_to, strict=True)
        ]

    def _asked(self, pieces: Sequence[_Piece], best: Draft) -> Asked:
        used = {id(piece.tried) for piece in pieces if piece.rows}
        attempts = tuple(
            attempt(tried, self.chunk, self.spec, self._model, taken=id(tried) in used)
            for tried in self.tries
            if tried.asked
        )
        empty = {id(p.tried) for p in pieces if not p.rows and p.tried.outcome not in ("ok", "incomplete")}
        failed = [t for t in self.tries if id(t) in empty or t.outcome == "refused"]
        # What was not asked is listed from the account, with its remedy.
        findings = tuple(failure(tried, self.chunk, self.spec) for tried in failed if tried.asked)
        missing = lacking(best)
        lost = [incomplete(best, missing)] if len(missing) > len(ungrounded(best)) else []
        if not best.rows and (failed or lost):
            return Asked(self.chunk, None, findings or tuple(lost), attempts)
        draft = replace(best, findings=(*lost, *words_for_numbers(best)))
        return Asked(self.chunk, draft, findings, attempts)


def _form(
    lines: Sequence[Line], chunk: Chunk, labels: Labels, known: Draft | None
) -> tuple[TableSpec, Body, Mapping[str, str]]:
    """Return what is asked for: the table's spec with the columns that it prints, its body, their printed names."""
    if known is not None:
        spec, body, columns, printed = known.spec, known.body, known.columns, known.labels
    else:
        spec, body, verdict, _ = fitting(lines, chunk, labels.catalogue, labels)
        columns, printed = verdict.columns, verdict.labels
    there = {c.id: c for c in (*spec.columns, *spec.more)}
    if columns and columns != spec.column_ids and all(c in there for c in columns):
        spec = spec.model_copy(update={"columns": tuple(there[c] for c in columns)})
    return wide.narrowed(body, spec) if spec.shape == "wide" else spec, body, printed


async def _nothing() -> None:
    return None


async def _now(piece: _Piece) -> list[_Piece]:
    return [piece]


def _flat(lists: Sequence[list[_Piece]]) -> list[_Piece]:
    return [piece for pieces in lists for piece in pieces]


def _better(draft: Draft, best: Draft) -> bool:
    """Whether a new answer may replace the last: less is violated, made up or left out, and nothing of them more."""
    new, old = ((len(ungrounded(d)), len(d.violated()), len(lacking(d))) for d in (draft, best))
    return new != old and all(a <= b for a, b in zip(new, old, strict=True))
