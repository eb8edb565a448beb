"""The layout question: a model says what a table looks like, and the deterministic reader reads its numbers.

No number of the table passes through the model: it names the table, its columns from left to right, and the line where
the rows begin, an answer of a few dozen tokens. What it says is a hint, judged by the sums that then hold.
"""

import asyncio
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from extractor import prompts
from extractor.answers import Reply, Request
from extractor.budget import NOT_ASKED
from extractor.chunks import Chunk
from extractor.normalize import Line, squeeze
from extractor.records import Attempt
from extractor.specs import Catalogue

from .hints import OTHER, Hint
from .model import Account, connected
from .tries import OUTCOMES

_FIRST, _LAST = 36, 6  # lines shown from the top and the end of a table
_LONGEST = 40  # characters of a column's name
_EXPECTED = 80  # tokens of an answer


@dataclass(frozen=True, slots=True)
class Told:
    """What came of the question about one table: a hint, or None where the answer is of no use, and the attempt.

    ``waiting``: the answer comes later, with a batch.
    """

    chunk: Chunk
    hint: Hint | None
    attempt: Attempt | None
    waiting: bool = False


def ask(
    account: Account, lines: Sequence[Line], chunks: Sequence[tuple[Chunk, Container[str]]], catalogue: Catalogue
) -> list[Told]:
    """Ask for the layout of every chunk; beside each stand the tables of its disclosure that were read already."""

    async def run(asker: Any) -> list[Told]:
        questions = []
        for chunk, named in chunks:
            free = [spec.id for spec in catalogue.tables if spec.id not in named]
            questions.append(_one(asker, account, lines, chunk, catalogue, free))
        return list(await asyncio.gather(*questions))

    return connected(account, run)


async def _one(
    asker: Any, account: Account, lines: Sequence[Line], chunk: Chunk, catalogue: Catalogue, free: Sequence[str]
) -> Told:
    body = [lines[i] for piece in chunk.pieces for i in piece]
    shown = [lines[chunk.first], *(body if len(body) <= _FIRST + _LAST else [*body[:_FIRST], *body[-_LAST:]])]
    known = [chunk.spec] if chunk.spec else list(dict.fromkeys(free))
    prompt = prompts.layout(catalogue, shown, known)
    where = lines[chunk.first].number, lines[chunk.last].number
    reply = await asker.ask(
        Request(prompt.system, prompt.user, prompt.answer, chunk.spec or OTHER, lines=where, expected=_EXPECTED)
    )
    if reply.outcome in NOT_ASKED:
        return Told(chunk, None, None, waiting=reply.outcome == "waiting")
    hint, why = _hint(reply, chunk, body, known, catalogue)
    answer = reply.parsed
    rows = ((answer.table, *answer.columns),) if isinstance(answer, prompts.LayoutAnswer) else ()
    return Told(
        chunk, hint,
        Attempt(
            table=chunk.spec or OTHER, part=chunk.part, lines=where, number=0, step="layout",
            model=account.config.model or "", outcome=OUTCOMES.get(reply.outcome, "failed"), taken=hint is not None,
            why=why, tokens_in=reply.usage.input, tokens_out=reply.usage.output, cached=reply.cached, rows=rows,
        ),
    )  # fmt: skip


def _hint(
    reply: Reply[Any], chunk: Chunk, body: Sequence[Line], known: Sequence[str], catalogue: Catalogue
) -> tuple[Hint | None, str]:
    """Turn an answer into a hint; names that aren't printed in the table are refused."""
    answer = reply.parsed
    if not isinstance(answer, prompts.LayoutAnswer):
        return None, reply.message[:200] or str(reply.outcome)
    columns = [squeeze(c)[:_LONGEST] for c in answer.columns if squeeze(c)]
    specs = [s for table in known for s in catalogue.layouts(table)]
    usual = {squeeze(n) for s in specs for c in (*s.columns, *s.more) for n in (c.id, *c.names)}
    printed = set(squeeze("".join(line.text for line in body)))
    strange = next((c for c in columns if c not in usual and any(x.isalpha() and x not in printed for x in c)), None)
    if not columns or strange:
        return None, f"the column {strange!r} is not printed in the table" if strange else "it names no column"
    table = answer.table if answer.table in known else (chunk.spec or OTHER)
    numbers = {line.number for line in body}
    first = answer.first_row if answer.first_row in numbers else 0
    skip = frozenset(n for n in answer.skip if n in numbers and n != first)
    return Hint(table, tuple(columns), first, skip), "its columns were tried"
