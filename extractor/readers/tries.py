"""Questions to a model and their answers, as far as they are judged: records, and what to say of those that failed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from extractor.answers import Reply
from extractor.budget import Usage
from extractor.chunks import Chunk
from extractor.records import Attempt, AttemptOutcome, Finding
from extractor.specs import TableSpec

from .draft import Draft
from .parts import Part
from .transcript import Printed, short

OUTCOMES: Mapping[str, AttemptOutcome] = {
    "ok": "ok", "invalid": "invalid", "empty": "invalid", "refusal": "refused", "length": "truncated",
}  # fmt: skip
"""Outcomes of a reply, as an attempt has them; whatever else comes is ``failed``."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking for one table: a draft, or the reason why there is none, and every attempt."""

    chunk: Chunk
    draft: Draft | None
    findings: tuple[Finding, ...] = ()
    attempts: tuple[Attempt, ...] = ()


@dataclass(slots=True)
class Try:
    """One question and its answer, as far as it is judged; not ``asked``: over a limit, or offline."""

    part: Part
    number: int
    outcome: AttemptOutcome
    rows: tuple[Printed, ...] = ()
    usage: Usage = field(default_factory=Usage)
    cached: bool = False
    message: str = ""
    why: str = ""
    violated: tuple[str, ...] = ()
    ungrounded: int = 0
    asked: bool = True


def attempt(tried: Try, chunk: Chunk, spec: TableSpec, model: str, *, taken: bool) -> Attempt:
    """Return the record of an attempt; ``taken`` tells whether rows of it are in the table."""
    why = f"{len(tried.violated)} identities violated, {tried.ungrounded} numbers not in the source"
    if not taken:
        why = tried.why or short(tried.message, 300) or "a later answer is better"
    if tried.outcome in ("incomplete", "truncated"):
        why = ("rows of it are kept" if taken else "no row of it is kept") + "; what it lacks was asked for again"
    return Attempt(
        table=spec.id, part=chunk.part, lines=tried.part.numbers, number=tried.number, step="transcribe",
        model=model, outcome=tried.outcome, taken=taken, why=why, violated=tried.violated,
        ungrounded=tried.ungrounded, tokens_in=tried.usage.input, tokens_out=tried.usage.output,
        cached=tried.cached, rows=tried.rows,
    )  # fmt: skip


def failure(tried: Try, chunk: Chunk, spec: TableSpec) -> Finding:
    """Say that a part got no usable answer, why, and what to do next."""
    first, last = tried.part.numbers
    where = f"{short(chunk.title, 60)}, lines {first}-{last}"
    if tried.outcome == "refused":
        return Finding(
            code="model-refused", kind="not-read", table=spec.id, line=first,
            message=f"{where}: {short(tried.message, 200)} Choose another --model, or read these lines by hand.",
        )  # fmt: skip
    remedy = {
        "invalid": " Choose another --mode or --model.",
        "truncated": " Allow longer answers (max_output_tokens), or choose another --model.",
    }.get(tried.outcome, "")
    return Finding(
        code="model-failed", kind="not-read", table=spec.id, line=first,
        message=f"{where}: the model gave no usable answer: {short(tried.message, 300)}{remedy}",
    )  # fmt: skip


def unanswered(reply: Reply[Any], where: str, table: str, line: int) -> Finding:
    """Say that a question beside tables got no usable answer, and what to do next."""
    return Finding(
        code="model-refused" if reply.outcome == "refusal" else "model-failed", kind="not-read", table=table, line=line,
        message=f"{where}: the model gave no usable answer: {short(reply.message, 200)} Choose another --model, or "
        "read these lines by hand.",
    )  # fmt: skip
