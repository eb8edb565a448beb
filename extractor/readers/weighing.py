"""Weighs a model's reading against the deterministic one: where its word alone doesn't settle a place, sums must."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from extractor.normalize import Line
from extractor.records import CellRef, Finding

from .draft import Draft
from .place import free, width_of
from .rows import RawRow
from .transcript import anchored, short

_PRINTED = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)\.[0-9]+")


def weigh(draft: Draft, other: Draft | None, lines: Sequence[Line]) -> Draft:
    """Open the columns that the model's word alone doesn't settle.

    A number that the deterministic reader puts elsewhere has both columns; one that it hasn't read has every column
    that order allows. Which of them hold is for the identities to say. A row in which the two readers disagree about
    whose numbers these are is doubted; one whose numbers only the model has read must have its name in front of them.
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
    shown = [lines[draft.chunk.first], *(lines[i] for piece in draft.chunk.pieces for i in piece)]
    ends = [line.span(m.start(), m.end()).end for line in shown for m in _PRINTED.finditer(line.text)]
    for row in draft.rows:
        row.doubt = row.doubt or _doubt(row, keys, shown, ends)
    opened: list[tuple[tuple[int, ...], ...]] = []
    for row, columns in zip(draft.rows, draft.best, strict=True):
        width = width_of(row, draft.spec, draft.columns, draft.sides)
        open_to = free(len(row.items), width) if len(row.items) <= width else tuple((c,) for c in columns)
        opened.append(
            tuple(
                tuple(sorted({c, *places.get(t.spans[0].start if t.spans else -1, anywhere)}))
                for t, c, anywhere in zip(row.items, columns, open_to, strict=True)
            )
        )
    return replace(draft, domains=tuple(opened))


def _doubt(row: RawRow, keys: dict[int, str], shown: Sequence[Line], ends: Sequence[int]) -> str:
    starts = [t.spans[0].start for t in row.items if t.spans]
    elsewhere = {keys.get(start, row.key) for start in starts} - {row.key}
    if elsewhere:
        return f"the deterministic reader reads its numbers in row {', '.join(sorted(elsewhere))}"
    if not any(start in keys for start in starts) and not anchored(row, shown, ends):
        return "its code or label isn't printed in front of its numbers"
    return ""


def keep_choice(settled: Draft, asked: Draft) -> Draft:
    """Prefer the model's column wherever it is one of those that are possible."""
    best = tuple(
        tuple(m if m in d else s for m, d, s in zip(model, domains, solved, strict=True))
        for model, domains, solved in zip(asked.best, settled.domains, settled.best, strict=True)
    )
    settled = replace(settled, best=best, why=asked.why)
    return replace(settled, findings=(*settled.findings, *_overruled(settled, asked)))


def _overruled(settled: Draft, asked: Draft) -> Iterator[Finding]:
    """Name the numbers that the model puts in one column and the sums in another: who errs once may err again."""
    moved = [
        (row, token, asked.columns[theirs], settled.columns[ours])
        for row, theirs_, ours_ in zip(asked.rows, asked.best, settled.best, strict=True)
        for token, theirs, ours in zip(row.items, theirs_, ours_, strict=True)
        if theirs != ours
    ]
    if moved:
        row, token, theirs, ours = moved[0]
        more = f" So it is with {len(moved) - 1} more." if len(moved) > 1 else ""
        yield Finding(
            code="model-overruled", kind="structure", table=asked.spec.id, line=row.line or None,
            cells=tuple(
                CellRef(table=asked.spec.id, part=asked.chunk.part, row=short(r.key), column=c, line=r.line or None)
                for r, _, _, c in moved
            ),
            message=f"the model puts {short(token.text)} of row {short(row.key)} in column {theirs}; the sums hold "
            f"only with it in {ours}, where it is reported.{more} Compare with the source.",
        )  # fmt: skip
