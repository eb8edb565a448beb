"""The question about columns: the grammar finds the rows and their numbers, a model chooses where these stand.

For models that can't copy a table (``form = "choices"``). A row whose numbers fill every column leaves no choice and is
not asked about. Which choice is right is, as ever, for the identities to say.
"""

import asyncio
import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb
from typing import TYPE_CHECKING, Any

from extractor.answers import Reply, Request
from extractor.budget import NOT_ASKED
from extractor.choices import BAR, EMPTY, Choice, chosen, columns, literal, named
from extractor.chunks import Chunk
from extractor.normalize import Line
from extractor.prompts import sums
from extractor.records import Attempt, Finding

from .draft import Draft
from .place import width_of
from .rows import RawRow
from .transcript import short
from .tries import OUTCOMES, Asked

if TYPE_CHECKING:
    from .model import Asker

_ROWS = 24  # in one question
_MANY = 600  # placements beyond which their order is looked at afterwards
_EACH = 24  # tokens of the answer for a row, about
_LONGEST = 120  # characters of a row's name


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some rows of a table, by their indexes, and what may be answered about each."""

    rows: tuple[int, ...]
    choices: tuple[Choice, ...]
    shown: dict[str, str]
    lines: tuple[int, int]


def fits(draft: Draft | None) -> bool:
    """Whether a table can be asked about in this way: the grammar has found its rows."""
    return draft is not None and bool(draft.rows) and len(draft.best) == len(draft.rows)


async def ask(asker: "Asker", chunk: Chunk, lines: Sequence[Line], draft: Draft, model: str) -> "Asked":
    """Ask for the columns of every row that leaves a choice; where there is none, nobody is asked."""
    batches = _batches(draft, lines)
    replies = await asyncio.gather(*(_put(asker, draft, batch) for batch in batches))
    tried = [(b, r) for b, r in zip(batches, replies, strict=True) if r.outcome not in NOT_ASKED]
    best = [list(row) for row in draft.best]
    attempts, findings = list[Attempt](), list[Finding]()
    for batch, reply in tried:
        said = chosen(reply.parsed, batch.choices)
        taken = 0
        for choice, row in zip(batch.choices, batch.rows, strict=True):
            placed = _places(said.get(choice.name, EMPTY), draft.rows[row])
            if placed:
                best[row] = placed
                taken += 1
        attempts.append(_attempt(draft, batch, reply, taken, model))
        findings.extend(_failures(draft, batch, reply, taken))
    if not any(a.taken for a in attempts):
        return Asked(chunk, None, tuple(findings), tuple(attempts))
    places = tuple(tuple(row) for row in best)
    new = replace(
        draft, rows=tuple(copy.copy(row) for row in draft.rows), best=places,
        domains=tuple(tuple((c,) for c in row) for row in places), reader="model", findings=(),
        why="rows as the grammar finds them, columns as the model chooses them",
    )  # fmt: skip
    return Asked(chunk, new, tuple(findings), tuple(attempts))


def _batches(draft: Draft, lines: Sequence[Line]) -> list[_Batch]:
    by_number = {line.number: line for line in lines}
    wanted: list[tuple[int, Choice, str]] = []
    grid = draft.body.grid and draft.spec.shape != "two_sided"  # whose lines hold two rows
    for index, row in enumerate(draft.rows):
        width, count = width_of(row, draft.spec, draft.columns, draft.sides), len(row.items)
        if 0 < count < width:
            name = str(len(wanted) + 1)
            wanted.append((index, _choice(name, _texts(row), width), _shown(row, by_number, grid=grid)))
    out = []
    for first in range(0, len(wanted), _ROWS):
        here = wanted[first : first + _ROWS]
        where = [draft.rows[i].line for i, _, _ in here]
        shown = {choice.name: text for _, choice, text in here}
        out.append(_Batch(tuple(i for i, _, _ in here), tuple(c for _, c, _ in here), shown, (min(where), max(where))))
    return out


def _texts(row: RawRow) -> list[str]:
    """Return the numbers of a row as an answer has them; a printed dash is no empty cell."""
    return ["—" if token.kind == "dash" else token.text for token in row.items]


def _choice(name: str, texts: Sequence[str], width: int) -> Choice:
    if comb(width, len(texts)) <= _MANY:
        return Choice(name, (), _placed(texts, width))
    one = f"({'|'.join(map(literal, (*dict.fromkeys(texts), EMPTY)))})"
    return Choice(name, (), literal(BAR).join([one] * width))


def _placed(texts: Sequence[str], width: int) -> str:
    """Return a pattern for numbers in so many columns, in their order: a tree, in which the decoder goes one way."""

    def more(rest: Sequence[str]) -> str:
        return literal(BAR) + _placed(rest, width - 1) if width > 1 else ""

    ways = [literal(texts[0]) + more(texts[1:])] if texts else []
    if len(texts) < width:
        ways.append(literal(EMPTY) + more(texts))
    return ways[0] if len(ways) == 1 else f"({'|'.join(ways)})"


def _shown(row: RawRow, lines: dict[int, Line], *, grid: bool) -> str:
    """Return what a row prints: in a grid the line, whose gaps tell the columns."""
    line = lines.get(row.line)
    if grid and line is not None:
        return line.text.strip()
    words = " ".join(t.text for t in (*row.label, *row.project))
    return f"{row.code or ''} {short(words, _LONGEST)}: {' '.join(t.text for t in row.items)}".strip()


def _places(said: str, row: RawRow) -> list[int]:
    """Return the columns of a row's numbers by an answer; none where it doesn't have them all in order."""
    cells = said.split(BAR)
    found = [i for i, cell in enumerate(cells) if cell != EMPTY]
    return found if [cells[i] for i in found] == _texts(row) else []


async def _put(asker: "Asker", draft: Draft, batch: _Batch) -> Reply[Any]:
    names = [named(draft.labels.get(c, c)) for c in draft.columns]
    told = [s for s in sums(draft.spec) if "one level below" not in s]
    prompt = columns(draft.spec.title, names, told, batch.shown, batch.choices)
    return await asker.ask(
        Request(
            prompt.system, prompt.user, prompt.answer, draft.spec.id, lines=batch.lines,
            expected=_EACH * len(batch.choices),
        )
    )  # fmt: skip


def _attempt(draft: Draft, batch: _Batch, reply: Reply[Any], taken: int, model: str) -> Attempt:
    said = getattr(reply.parsed, "answers", {})
    pairs = zip(batch.rows, batch.choices, strict=True)
    return Attempt(
        table=draft.spec.id, part=draft.chunk.part, lines=batch.lines, number=0, step="columns", model=model,
        outcome=OUTCOMES.get(reply.outcome, "failed"), taken=taken > 0,
        why=f"columns of {taken} of {len(batch.choices)} rows", tokens_in=reply.usage.input,
        tokens_out=reply.usage.output, cached=reply.cached,
        rows=tuple((str(draft.rows[i].line), said.get(c.name, "")) for i, c in pairs),
    )  # fmt: skip


def _failures(draft: Draft, batch: _Batch, reply: Reply[Any], taken: int) -> list[Finding]:
    if reply.outcome == "ok" and taken:
        return []
    said = reply.message or "it puts no row into its columns"
    where = f"{short(draft.chunk.title, 60)}, lines {batch.lines[0]}-{batch.lines[1]}"
    return [
        Finding(
            code="model-refused" if reply.outcome == "refusal" else "model-failed", kind="not-read",
            table=draft.spec.id, line=batch.lines[0],
            message=f"{where}: the model gave no usable answer: {short(said, 300)} "
            "The deterministic reading is kept; choose another --model.",
        )
    ]  # fmt: skip
