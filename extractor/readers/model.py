"""The language-model reader: asks for a table's rows, finds every value in the source, and lets the checks judge.

No number of a model is believed: what isn't printed is ``ungrounded``, and the identities see what stands in the
wrong place. The model is asked again with what is violated, and a new answer is taken only if it violates less.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor import prompts
from extractor.answers import Request
from extractor.budget import Budget
from extractor.chunks import Chunk
from extractor.client import ModelClient
from extractor.config import ModelConfig
from extractor.identities import evaluate, instances
from extractor.normalize import Line, squeeze
from extractor.records import Finding
from extractor.specs import Catalogue, TableSpec

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
    best: Draft | None = None
    faults: list[str] = []
    findings: list[Finding] = []
    for attempt in range(max_repairs + 1):
        prompt = prompts.transcribe(spec, shown, body.unit, faults)
        reply = await client.ask(Request(prompt.system, prompt.user, prompt.answer, spec.id, attempt))
        if not isinstance(reply.parsed, prompts.TableAnswer):
            findings.append(_failed(chunk, spec, lines, reply.message or reply.outcome))
            if reply.outcome != "invalid":
                break
            faults = [reply.message]
            continue
        draft = _read(reply.parsed.rows, chunk, spec, body, shown, labels)
        if best is None or _better(draft, best, spec):
            best = draft
        faults = _faults(best, spec)
        if not faults:
            break
    return Asked(chunk, best, () if best else tuple(findings))


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
    chunk: Chunk, spec: TableSpec, body: Body, rows: list[RawRow], places: Sequence[Sequence[int]] = (),
    labels: Labels | None = None,
) -> Draft:  # fmt: skip
    if spec.shape == "projects":
        structure.projects(rows)
    elif spec.shape == "coded":
        structure.coded(rows)
    elif spec.shape == "items":
        structure.items(rows, frozenset({body.office}))
    elif labels is not None:
        identify(rows, spec, labels)
    best = tuple(tuple(p) for p in places)
    domains = tuple(tuple((c,) for c in row) for row in best)
    ids = spec.column_ids
    why = "copied by the model, each value looked up in the source"
    return Draft(
        chunk, spec, body, tuple(rows), ids, ids, domains, tuple(None for _ in rows), best, why, reader="model"
    )


def _outcomes(draft: Draft, spec: TableSpec) -> list[str]:
    frame = draft.frame()
    inside, _ = instances([frame], {spec.id: spec}, ())
    values = {r: v for row in range(len(draft.rows)) for r, v in draft.fixed(0, row).items()}
    said = []
    for instance in inside:
        outcome = evaluate(instance, [frame], values)
        if outcome.verdict == "violated":
            left, right = outcome.left / frame.scale, outcome.right / frame.scale
            where = frame.rows[instance.refs[0].row].label
            said.append(f"row {where}: {instance.text}: {left.normalize():f} is not {right.normalize():f}")
    return said


def weigh(draft: Draft, other: Draft | None) -> Draft:
    """Open the columns that the model's word alone doesn't settle.

    A number that the deterministic reader puts elsewhere has both columns; one that it hasn't read has every column
    that order allows. Which of them hold is for the identities to say.
    """
    places: dict[int, frozenset[int]] = {}
    if other is not None and other.columns == draft.columns:
        for row, domains in zip(other.rows, other.domains, strict=True):
            for token, domain in zip(row.items, domains, strict=True):
                if token.spans:
                    places[token.spans[0].start] = frozenset(domain)
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


def _better(draft: Draft, best: Draft, spec: TableSpec) -> bool:
    """Whether a new answer may replace the last: less is violated or made up, and nothing of both is more."""
    new = len(_ungrounded(draft)), len(_outcomes(draft, spec))
    old = len(_ungrounded(best)), len(_outcomes(best, spec))
    return new != old and new[0] <= old[0] and new[1] <= old[1]


def _faults(draft: Draft, spec: TableSpec) -> list[str]:
    return [*_ungrounded(draft), *_outcomes(draft, spec)][:_SHOWN]
