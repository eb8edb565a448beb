"""The language-model reader: asks for a table's rows, finds every value in the source, and lets the checks judge.

No number of a model is believed: what isn't printed is ``ungrounded``, and the identities see what stands in the
wrong place. The model is asked again with what is violated, and a new answer is taken only if it violates less.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractor import prompts
from extractor.amount import scale_of
from extractor.answers import Request
from extractor.budget import Budget
from extractor.chunks import Chunk
from extractor.client import ModelClient
from extractor.config import ModelConfig
from extractor.normalize import Line, squeeze
from extractor.records import Finding
from extractor.specs import Catalogue, TableSpec
from extractor.tokens import transcript

from . import structure
from .body import Body, prepare
from .draft import Draft
from .grounding import Source
from .labelled import identify
from .labels import Labels
from .place import free, width_of
from .rows import RawRow

_SHOWN = 12  # violated identities named in a second question


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking for one table: a draft, or the reason why there is none."""

    chunk: Chunk
    draft: Draft | None
    findings: tuple[Finding, ...]


def read(
    account: tuple[ModelConfig, Budget], lines: Sequence[Line], chunks: Sequence[Chunk], catalogue: Catalogue,
    max_repairs: int,
) -> list[Asked]:  # fmt: skip
    """Ask for every chunk that has a spec; opens and closes a client, and books on the given account."""
    config, budget = account

    async def run() -> list[Asked]:
        async with ModelClient(config, budget=budget) as client:
            return await ask(client, lines, chunks, catalogue, max_repairs=max_repairs)

    return asyncio.run(run())


async def ask(
    client: ModelClient, lines: Sequence[Line], chunks: Sequence[Chunk], catalogue: Catalogue, *, max_repairs: int
) -> list[Asked]:
    """Ask for every chunk that has a spec, as many at a time as the client allows."""
    labels = Labels(catalogue)
    wanted = [chunk for chunk in chunks if chunk.spec]
    return list(await asyncio.gather(*(_table(client, lines, c, labels, max_repairs) for c in wanted)))


async def _table(client: ModelClient, lines: Sequence[Line], chunk: Chunk, labels: Labels, max_repairs: int) -> Asked:
    spec = labels.catalogue.table(chunk.spec or "")
    body = prepare(lines, chunk, spec, labels)
    if body.empty:
        return Asked(chunk, None, ())  # the note says it all, and no model can say more
    shown = [lines[chunk.first], *(lines[i] for piece in chunk.pieces for i in piece)]
    where = lines[chunk.first].number, lines[chunk.last].number
    expected = transcript(line.text for line in shown)
    best: Draft | None = None
    faults: list[str] = []
    findings: list[Finding] = []
    for attempt in range(max_repairs + 1):
        prompt = prompts.transcribe(spec, shown, body.unit, faults)
        reply = await client.ask(
            Request(prompt.system, prompt.user, prompt.answer, spec.id, attempt, lines=where, expected=expected)
        )
        if not isinstance(reply.parsed, prompts.TableAnswer):
            if reply.outcome not in {"offline", "budget"}:  # what was not asked is listed from the account
                findings.append(_failed(chunk, spec, lines, reply.message or reply.outcome))
            if reply.outcome != "invalid":
                break
            faults = [reply.message]
            continue
        draft = _read(reply.parsed.rows, chunk, spec, body, shown, labels)
        if best is None or _better(draft, best):
            best = draft
        faults = _faults(best)
        if not faults:
            break
    return Asked(chunk, best, tuple(_words_for_numbers(best) if best else findings))


def _words_for_numbers(draft: Draft) -> Iterator[Finding]:
    """List what the model gave for a number and is none: no cell takes it."""
    for row in draft.rows:
        for token in row.items:
            if token.kind == "junk":
                yield Finding(
                    code="ungrounded", kind="ungrounded", table=draft.spec.id, line=row.line or None,
                    message=f"the model gives {token.text!r} for a number in row {row.key}. It is left out.",
                )  # fmt: skip


def _failed(chunk: Chunk, spec: TableSpec, lines: Sequence[Line], why: str) -> Finding:
    return Finding(
        code="model-failed", kind="not-read", table=spec.id, line=lines[chunk.first].number,
        message=f"{chunk.title[:60]}: the model gave no usable answer: {why}",
    )  # fmt: skip


def _read(
    answer: Sequence[Sequence[str]], chunk: Chunk, spec: TableSpec, body: Body, shown: Sequence[Line], labels: Labels
) -> Draft:
    """Turn an answer into rows whose words and numbers point into the source."""
    source = Source(shown)
    lead = prompts.LEAD[spec.shape]
    rows: list[RawRow] = []
    places: list[list[int]] = []
    for printed in answer:
        cells = [*printed, *[""] * (len(lead) + len(spec.columns))]
        named = dict(zip(lead, cells, strict=False))
        line = int(named["line"]) if named["line"].strip().isdigit() else 0
        code = squeeze(named.get("code", ""))
        row = RawRow(line, code if labels.is_code(code, spec) else None)
        row.label = source.words(named["name"], line)
        row.project = source.words(named.get("project", ""), line)
        columns = []
        for column in range(len(spec.columns)):
            text = cells[len(lead) + column]
            if text.strip():
                row.items.append(source.number(text, line))
                columns.append(column)
        if len(printed) > len(lead) + len(spec.columns) or (code and row.code is None):
            row.doubt = "the model's row doesn't fit the table's form"
        if row.items:
            rows.append(row)
            places.append(columns)
    return _draft(chunk, spec, body, rows, places, labels)


def _draft(
    chunk: Chunk, spec: TableSpec, body: Body, rows: list[RawRow], places: Sequence[Sequence[int]], labels: Labels
) -> Draft:
    if spec.shape == "projects":
        structure.projects(rows)
    elif spec.shape == "coded":
        structure.coded(rows)
    elif spec.shape == "items":
        structure.items(rows, frozenset({body.office}))
    else:
        identify(rows, spec, labels)
    best = tuple(tuple(p) for p in places)
    domains = tuple(tuple((c,) for c in row) for row in best)
    ids = spec.column_ids
    why = "copied by the model, each value looked up in the source"
    return Draft(
        chunk, spec, body, tuple(rows), ids, ids, domains, tuple(None for _ in rows), best, why, reader="model"
    )


def _violated(draft: Draft) -> list[str]:
    """Say in words which identities the answer violates."""
    scale = scale_of(draft.body.unit)
    return [
        f"row {draft.rows[i.refs[0].row].key}: {i.text}: {(o.left / scale).normalize():f} is not "
        f"{(o.right / scale).normalize():f}"
        for i, o in draft.violated()
    ]


def weigh(draft: Draft, other: Draft | None) -> Draft:
    """Open the columns that the model's word alone doesn't settle.

    A number that the deterministic reader puts elsewhere has both columns; one that it hasn't read has every column
    that order allows. Which of them hold is for the identities to say. A row in which the two readers disagree about
    whose numbers these are is doubted.
    """
    places: dict[int, frozenset[int]] = {}
    keys: dict[int, str] = {}
    if other is not None:
        for row, domains in zip(other.rows, other.domains, strict=True):
            for token, domain in zip(row.items, domains, strict=True):
                if token.spans:
                    keys[token.spans[0].start] = row.key
                    if other.columns == draft.columns:
                        places[token.spans[0].start] = frozenset(domain)
    for row in draft.rows:
        elsewhere = {keys.get(t.spans[0].start, row.key) for t in row.items if t.spans} - {row.key}
        if elsewhere:
            row.doubt = row.doubt or f"the deterministic reader reads its numbers in row {', '.join(sorted(elsewhere))}"
    opened: list[tuple[tuple[int, ...], ...]] = []
    for row, columns in zip(draft.rows, draft.best, strict=True):
        width = width_of(row, draft.spec, draft.columns)
        open_to = free(len(row.items), width) if len(row.items) <= width else tuple((c,) for c in columns)
        opened.append(
            tuple(
                tuple(sorted({c, *places.get(t.spans[0].start if t.spans else -1, anywhere)}))
                for t, c, anywhere in zip(row.items, columns, open_to, strict=True)
            )
        )
    return replace(draft, domains=tuple(opened))


def keep_choice(settled: Draft, asked: Draft) -> Draft:
    """Prefer the model's column wherever it is one of those that are possible."""
    best = tuple(
        tuple(m if m in d else s for m, d, s in zip(model, domains, solved, strict=True))
        for model, domains, solved in zip(asked.best, settled.domains, settled.best, strict=True)
    )
    return replace(settled, best=best, why=asked.why)


def _ungrounded(draft: Draft) -> list[str]:
    return [f"row {r.key}: {t.text} doesn't stand in the source" for r in draft.rows for t in r.items if not t.spans]


def _better(draft: Draft, best: Draft) -> bool:
    """Whether a new answer may replace the last: less is violated or made up, and nothing of both is more."""
    new = len(_ungrounded(draft)), len(draft.violated())
    old = len(_ungrounded(best)), len(best.violated())
    return new != old and new[0] <= old[0] and new[1] <= old[1]


def _faults(draft: Draft) -> list[str]:
    return [*_ungrounded(draft), *_violated(draft)][:_SHOWN]
