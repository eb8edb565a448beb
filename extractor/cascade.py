"""Who reads what: the deterministic reader alone, the model alone, or the model where arithmetic could not settle."""

from collections.abc import Sequence
from typing import Literal

from .budget import Budget
from .chunks import Chunk
from .config import ModelConfig
from .normalize import Line
from .readers import deterministic
from .readers.deterministic import Unknown
from .readers.draft import Draft
from .readers.settle import settle_choices
from .records import Finding
from .specs import Catalogue

Engine = Literal["auto", "deterministic", "llm"]


def read(
    lines: Sequence[Line],
    chunks: Sequence[Chunk],
    catalogue: Catalogue,
    engine: Engine,
    account: tuple[ModelConfig, Budget] | None,
    max_repairs: int,
) -> tuple[list[Draft], list[Unknown], list[Finding]]:
    """Read the chunks of one disclosure.

    Returns:
        Drafts in printed order, tables that nobody could read, and findings about the model's answers.
    """
    drafts, unknown = deterministic.read(lines, chunks, catalogue)
    if engine == "deterministic" or account is None:
        return drafts, unknown, []
    known = {d.chunk.first: d for d in drafts}
    wanted = [c for c in chunks if c.spec and (engine == "llm" or _open(known.get(c.first)))]
    if not wanted:
        return drafts, unknown, []
    from .readers import model  # noqa: PLC0415 - the model's packages are loaded when a model is asked

    findings: list[Finding] = []
    asked: dict[int, Draft] = {}
    for answer in model.read(account, lines, wanted, catalogue, max_repairs):
        findings.extend(answer.findings)
        old = known.get(answer.chunk.first)
        if answer.draft is not None and (engine == "llm" or _improves(answer.draft, old)):
            asked[answer.chunk.first] = answer.draft
    merged = {**known, **{first: model.weigh(draft, known.get(first)) for first, draft in asked.items()}}
    settled = settle_choices([merged[first] for first in sorted(merged)], catalogue)
    settled = [model.keep_choice(d, asked[d.chunk.first]) if d.chunk.first in asked else d for d in settled]
    return settled, [u for u in unknown if u.chunk.first not in asked], findings


def _open(draft: Draft | None) -> bool:
    """Whether a table is one for the model: not read, or read against its own sums."""
    return draft is None or bool(draft.violated()) or bool(draft.findings)


def _improves(new: Draft, old: Draft | None) -> bool:
    """Whether the model's answer is better: everything stands in the source, and less is violated."""
    grounded = all(t.spans for row in new.rows for t in row.items)
    return bool(new.rows) and grounded and (old is None or len(new.violated()) < len(old.violated()))
