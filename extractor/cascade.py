"""Who reads what: the deterministic reader alone, the model alone, or the model where arithmetic could not settle.

The steps of ``auto``, each only where the one before did not settle a table:

1. ``deterministic``: the grammar and the identities; no model.
2. ``layout``: the model says what the table looks like, and the grammar reads its numbers with that; kept only if less
   is violated. Tables that no spec describes go this way too.
3. ``transcribe``: the model copies the rows; kept only if everything stands in the source and less is violated.

At ``llm`` the model transcribes every table that a spec describes; of others it says what they look like.

Every table says in ``steps`` which of them were gone through, and why.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from .amount import scale_of
from .chunks import Chunk
from .normalize import Line
from .readers import deterministic
from .readers.deterministic import Unknown
from .readers.draft import Draft
from .readers.hints import OTHER, Hint
from .readers.settle import settle_choices
from .records import Attempt, Finding
from .specs import Catalogue

if TYPE_CHECKING:  # the model's packages are loaded when a model is asked
    from .readers.asked_layout import Told
    from .readers.model import Account, Also
    from .readers.tries import Asked

Engine = Literal["auto", "deterministic", "llm"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is to read: the engine, the model's account if there is one, and whether both readers are compared.

    ``also`` are questions about something else, to be put at the same time.
    """

    engine: Engine = "auto"
    account: "Account | None" = None
    second_opinion: bool = False
    also: "Also | None" = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one disclosure.

    Attributes:
        drafts: Tables in printed order.
        unknown: Tables that nobody could read.
        findings: What there is to say about the model's answers.
        attempts: Every question to the model.
    """

    drafts: list[Draft]
    unknown: list[Unknown]
    findings: list[Finding]
    attempts: list[Attempt]

    def of(self, chunk: Chunk) -> Draft | None:
        """Return the draft of a chunk."""
        return next((d for d in self.drafts if d.chunk.first == chunk.first), None)


Part = Sequence[Chunk]
"""The chunks of one disclosure."""


def read(lines: Sequence[Line], parts: Sequence[Part], catalogue: Catalogue, plan: Plan) -> list[Reading]:
    """Read the disclosures of a file, each by itself; the model is asked about all of them side by side."""
    readings = [_alone(lines, part, catalogue) for part in parts]
    if plan.engine == "deterministic" or plan.account is None:
        return readings
    readings, waiting = _laid_out(lines, parts, catalogue, plan, readings)
    return _transcribed(lines, parts, catalogue, plan, readings, waiting)


def _alone(lines: Sequence[Line], part: Part, catalogue: Catalogue) -> Reading:
    drafts, unknown = deterministic.read(lines, part, catalogue)
    return Reading([replace(d, steps=(f"deterministic: {_account_of(d)}",)) for d in drafts], unknown, [], [])


def _laid_out(
    lines: Sequence[Line], parts: Sequence[Part], catalogue: Catalogue, plan: Plan, readings: list[Reading]
) -> tuple[list[Reading], set[int]]:
    """Ask for the layout of every table that is open; at ``llm``, where rows are asked for, of those without a spec.

    Returns the readings, and the first lines of tables of which the layout comes later, with a batch.
    """
    asked: list[tuple[Chunk, set[str]]] = []
    for part, reading in zip(parts, readings, strict=True):
        named = {d.spec.id for d in reading.drafts}
        asked.extend((c, named) for c in part if _open(reading.of(c)) and (plan.engine == "auto" or not c.spec))
    if not asked or plan.account is None:
        return readings, set()
    from .readers import asked_layout  # noqa: PLC0415 - loaded when a model is asked

    told = asked_layout.ask(plan.account, lines, asked, catalogue)
    out = []
    for part, reading in zip(parts, readings, strict=True):
        here = {c.first for c in part}
        out.append(_with_layouts(lines, part, catalogue, [t for t in told if t.chunk.first in here], reading))
    return out, {t.chunk.first for t in told if t.waiting}


def _with_layouts(
    lines: Sequence[Line], part: Part, catalogue: Catalogue, told: Sequence["Told"], sofar: Reading
) -> Reading:
    """Read a disclosure again with the hints that make less violated."""
    known = {d.chunk.first: d for d in sofar.drafts}
    hints = _without_clashes({t.chunk.first: t.hint for t in told if t.hint}, known)
    taken: dict[int, Hint] = {}
    for open_ in (hints, {f: replace(h, totals=False) for f, h in hints.items() if h.table == OTHER}):
        left = {f: h for f, h in open_.items() if f not in taken}
        trial = {d.chunk.first: d for d in deterministic.read(lines, part, catalogue, left)[0]} if left else {}
        taken |= {f: h for f, h in left.items() if f in trial and _improves(trial[f], known.get(f))}
    attempts = [
        t.attempt.model_copy(update={"taken": t.chunk.first in taken, "why": _layout_why(t.chunk.first, taken, hints)})
        if t.hint else t.attempt
        for t in told if t.attempt
    ]  # fmt: skip
    if not taken:
        return replace(sofar, attempts=[*sofar.attempts, *attempts])
    drafts, unknown = deterministic.read(lines, part, catalogue, taken)
    reasons = {u.chunk.first: u.reason for u in sofar.unknown}
    read = []
    for draft in drafts:
        old = known.get(draft.chunk.first)
        steps = old.steps if old else (f"deterministic: not read: {reasons.get(draft.chunk.first, 'no row fits')}",)
        if draft.chunk.first in taken:
            why = "columns as a model names them, numbers as the grammar reads them"
            steps = (*steps, f"model, layout: taken: {_account_of(draft)}")
            read.append(replace(draft, steps=steps, why=why))
        else:
            read.append(replace(draft, steps=steps))
    return Reading(read, unknown, sofar.findings, [*sofar.attempts, *attempts])


def _without_clashes(hints: Mapping[int, Hint], known: Mapping[int, Draft]) -> dict[int, Hint]:
    """Let each table be named once in a disclosure; who comes second is a table of its own."""
    named = {d.spec.id for first, d in known.items() if first not in hints}
    out = {}
    for first, hint in sorted(hints.items()):
        out[first] = replace(hint, table=OTHER) if hint.table in named else hint
        named.add(hint.table)
    named.discard(OTHER)
    return out


def _layout_why(first: int, taken: Mapping[int, Hint], hints: Mapping[int, Hint]) -> str:
    if first in taken:
        return "the numbers were read with these columns"
    return "no better than without" if first in hints else "of no use"


def _transcribed(
    lines: Sequence[Line], parts: Sequence[Part], catalogue: Catalogue, plan: Plan, readings: list[Reading],
    waiting: AbstractSet[int],
) -> list[Reading]:  # fmt: skip
    """Ask for the rows of every table that is still open, or of all of them."""
    known = {d.chunk.first: d for reading in readings for d in reading.drafts}
    wanted = [
        c for part in parts for c in part
        if c.spec and c.first not in waiting and (everything(plan) or _open(known.get(c.first)))
    ]  # fmt: skip
    if not wanted or plan.account is None:
        return readings
    from .readers import model  # noqa: PLC0415 - loaded when a model is asked

    answers = model.read(plan.account, lines, wanted, catalogue, known, plan.also)
    out = []
    for part, reading in zip(parts, readings, strict=True):
        here = {c.first for c in part}
        mine = [a for a in answers if a.chunk.first in here]
        out.append(_with_rows(lines, catalogue, plan, mine, reading) if mine else reading)
    return out


def _with_rows(
    lines: Sequence[Line], catalogue: Catalogue, plan: Plan, answers: Sequence["Asked"], sofar: Reading
) -> Reading:
    """Settle all tables of a disclosure again with the rows that are taken from a model."""
    from .readers import opinion, weighing  # noqa: PLC0415 - loaded when a model is asked

    known = {d.chunk.first: d for d in sofar.drafts}
    reasons = {u.chunk.first: u.reason for u in sofar.unknown}
    findings, attempts = list(sofar.findings), list(sofar.attempts)
    asked: dict[int, Draft] = {}
    others: dict[int, Draft] = {}
    for answer in answers:
        first, old = answer.chunk.first, known.get(answer.chunk.first)
        step, taken = _verdict(answer, old, plan.engine)
        before = old.steps if old else (f"deterministic: not read: {reasons.get(first, 'no row fits')}",)
        findings.extend(answer.findings)
        attempts.extend(answer.attempts if taken else _untaken(answer.attempts, step))
        if answer.draft is not None and taken:
            asked[first] = replace(answer.draft, steps=(*before, step))
        elif old is not None and answer.attempts:
            known[first] = replace(old, steps=(*before, step))
        if old is not None and answer.draft is not None:
            others[first] = old if taken else answer.draft
    merged = {**known, **{first: weighing.weigh(draft, known.get(first), lines) for first, draft in asked.items()}}
    settled = settle_choices([merged[first] for first in sorted(merged)], catalogue)
    settled = [weighing.keep_choice(d, asked[d.chunk.first]) if d.chunk.first in asked else d for d in settled]
    if plan.second_opinion:
        settled, said = opinion.compare(settled, others, catalogue)
        findings.extend(said)
    return Reading(settled, [u for u in sofar.unknown if u.chunk.first not in asked], findings, attempts)


def everything(plan: Plan) -> bool:
    """Whether the model is asked about every table and sentence, also where arithmetic has settled it."""
    return plan.engine == "llm" or plan.second_opinion


def _open(draft: Draft | None) -> bool:
    """Whether a table is one for the model: not read, or read against its own sums."""
    return draft is None or bool(draft.violated()) or bool(draft.findings)


def _verdict(answer: "Asked", old: Draft | None, engine: Engine) -> tuple[str, bool]:
    """Decide whether the model's rows become the table, and say why in words."""
    new = answer.draft
    if new is None:
        return f"model, transcribe: not taken: {answer.findings[0].code if answer.findings else 'no rows'}", False
    said = _account_of(new)
    if engine == "llm":
        return f"model, transcribe: taken as asked for: {said}", True
    taken = _improves(new, old)
    return f"model, transcribe: {'taken' if taken else 'not taken'}: {said}", taken


def _improves(new: Draft, old: Draft | None) -> bool:
    """Whether another reading is better: everything stands in the source, and less is violated or wrong."""
    grounded = all(t.spans for row in new.rows for t in row.items)
    return bool(new.rows) and grounded and _faults(new) < (_faults(old) if old else (1, 0))


def _faults(draft: Draft) -> tuple[int, int]:
    return len(draft.violated()), len(draft.findings)


def _account_of(draft: Draft) -> str:
    """Say how a reading stands with the identities within its table."""
    parts: list[str] = []
    scale = scale_of(draft.body.unit)
    worst: dict[str, str] = {}
    for instance, outcome in draft.violated():
        worst.setdefault(instance.id, f"{instance.id} violated by {abs(outcome.left - outcome.right) / scale:f}")
    parts.extend(worst.values())
    lost = sum(not t.spans for row in draft.rows for t in row.items)
    if lost:
        parts.append(f"{lost} numbers not in the source")
    parts.extend(dict.fromkeys(finding.code for finding in draft.findings))
    return "; ".join(parts) or "0 violated"


def _untaken(attempts: Sequence[Attempt], step: str) -> list[Attempt]:
    """Mark the attempts of a table whose reading by the other reader is kept."""
    reason = f"the deterministic reading is kept ({step})"
    return [a.model_copy(update={"taken": False, "why": reason}) if a.taken else a for a in attempts]
