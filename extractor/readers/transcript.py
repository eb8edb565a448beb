"""A model's rows turned into a draft: words and numbers point into the source, or are marked as standing nowhere."""

import re
from collections.abc import Iterator, Sequence

from extractor.amount import scale_of
from extractor.chunks import Chunk
from extractor.identities import Instance, Outcome
from extractor.normalize import Line, squeeze
from extractor.prompts import LEAD
from extractor.records import Finding
from extractor.specs import TableSpec

from . import structure
from .body import Body
from .draft import Draft
from .grounding import Source
from .labelled import identify
from .labels import Labels
from .rows import RawRow
from .tokens import Token

Printed = tuple[str, ...]
_LONGEST = 40  # characters of a model's words in a message
_SHOWN = 6


def short(text: str, longest: int = _LONGEST) -> str:
    """Return words of a model or document for a message: on one line, nothing unprintable, cut."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def draft_of(
    answer: Sequence[Printed], chunk: Chunk, spec: TableSpec, body: Body, shown: Sequence[Line], labels: Labels
) -> Draft:
    """Turn rows as a model gave them into a draft; a row without any number is left out."""
    source = Source(shown)
    lead = LEAD[spec.shape]
    rows: list[RawRow] = []
    places: list[list[int]] = []
    amounts = source.numbers(_amounts(answer, spec))
    for printed, tokens in zip(answer, amounts, strict=True):
        row, columns = _row(printed, tokens, lead, spec, source, labels)
        if row.items:
            rows.append(row)
            places.append(columns)
    _link(rows, spec, body, labels)
    best = tuple(tuple(p) for p in places)
    domains = tuple(tuple((c,) for c in row) for row in best)
    ids = spec.column_ids
    why = "copied by the model, each value looked up in the source"
    homes = tuple(None for _ in rows)
    draft = Draft(chunk, spec, body, tuple(rows), ids, ids, domains, homes, best, why, reader="model")
    _doubt_gaps(draft)
    return draft


def _amounts(answer: Sequence[Printed], spec: TableSpec) -> list[tuple[int, tuple[str, ...]]]:
    """Return each row's line and its number cells, empty ones left out."""
    lead = len(LEAD[spec.shape])
    cells = slice(lead, lead + len(spec.columns))
    return [(_line(printed), tuple(text for text in printed[cells] if text.strip())) for printed in answer]


def _row(
    printed: Printed, numbers: Sequence[Token], lead: Sequence[str], spec: TableSpec, source: Source, labels: Labels
) -> tuple[RawRow, list[int]]:
    cells = [*printed, *[""] * (len(lead) + len(spec.columns))]
    named = dict(zip(lead, cells, strict=False))
    line = _line(printed)
    code = squeeze(named.get("code", ""))
    code = code if source.prints(code) else ""  # a model that knows the classification may add what isn't printed
    row = RawRow(line, code if labels.is_code(code, spec) else None)
    row.label = source.words(named["name"], line)
    row.project = source.words(named.get("project", ""), line)
    columns = [column for column in range(len(spec.columns)) if cells[len(lead) + column].strip()]
    row.items = list(numbers)
    if len(printed) > len(lead) + len(spec.columns) or (code and row.code is None):
        row.doubt = "the model's row doesn't fit the table's form"
    return row, columns


def _line(printed: Printed) -> int:
    text = printed[0].strip() if printed else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _link(rows: list[RawRow], spec: TableSpec, body: Body, labels: Labels) -> None:
    if spec.shape == "projects":
        structure.projects(rows)
    elif spec.shape == "coded":
        structure.coded(rows, frozenset(squeeze(r.label) for r in spec.left))
    elif spec.shape == "items":
        structure.items(rows, frozenset({body.office}))
    else:
        identify(rows, spec, labels)


def _doubt_gaps(draft: Draft) -> None:
    """Doubt rows that leave out a number which is printed between theirs: another may stand in its place."""
    for token in lacking(draft):
        for row in draft.rows:
            lines = [t.line for t in row.items if t.spans]
            if lines and min(lines) <= token.line <= max(lines):
                row.doubt = row.doubt or f"line {token.line} prints {token.text}, which no cell takes"


def first_lines(answer: Sequence[Printed], spec: TableSpec, shown: Sequence[Line]) -> list[int]:
    """Return the 1-based line of each row's first number: where it is printed, else where the model says."""
    rows = _amounts(answer, spec)
    found = Source(shown).numbers(rows)
    return [next((t.line for t in row if t.spans), line) for (line, _), row in zip(rows, found, strict=True)]


def lacking(draft: Draft) -> list[Token]:
    """Return the printed numbers of the table's body that are in no row, in printed order.

    In a table without decimals these are the numbers of three digits and more, codes aside.
    """
    taken = {p.start for row in draft.rows for t in (*row.items, *row.label, *row.project) for p in t.spans}
    codes = {row.code for row in draft.rows if row.code}
    point = draft.body.decimals > 0
    return [
        t
        for line in draft.body.lines
        for t in line
        if t.kind == "number"
        and (t.decimals > 0 if point else len(t.text) >= 3 and not any(c.startswith(t.text) for c in codes))
        and t.spans[0].start not in taken
    ]


def ungrounded(draft: Draft) -> list[tuple[int, Token]]:
    """Return the numbers that don't stand in the source, each with the index of its row."""
    return [(i, t) for i, row in enumerate(draft.rows) for t in row.items if not t.spans]


def made_up(draft: Draft) -> Iterator[tuple[int, str]]:
    """Say of each number that doesn't stand in the source where it was looked for; with the index of its row."""
    for index, (row, columns) in enumerate(zip(draft.rows, draft.best, strict=True)):
        for token, column in zip(row.items, columns, strict=True):
            if not token.spans:
                where = f"row {short(row.key)}, column {draft.columns[column]}"
                yield index, f"{where}: line {row.line} prints no {short(token.text)} that isn't another cell's already"


def in_words(draft: Draft, instance: Instance, outcome: Outcome) -> str:
    """Say which identity is violated, in which row, and by how much."""
    scale = scale_of(draft.body.unit)
    left, right = ((side / scale).normalize() for side in (outcome.left, outcome.right))
    return f"row {short(draft.rows[instance.refs[0].row].key)}: {instance.text}: {left:f} is not {right:f}"


def words_for_numbers(draft: Draft) -> Iterator[Finding]:
    """List what the model gave for a number and is none: no cell takes it."""
    for row in draft.rows:
        for token in row.items:
            if token.kind == "junk":
                yield Finding(
                    code="ungrounded", kind="ungrounded", table=draft.spec.id, line=row.line or None,
                    message=f"the model gives {short(token.text)!r} for a number in row {short(row.key)}. "
                    "It is left out.",
                )  # fmt: skip


def incomplete(draft: Draft, missing: Sequence[Token]) -> Finding:
    """Say that the model's rows are not all of the table's."""
    shown = ", ".join(f"{t.text} (line {t.line})" for t in missing[:_SHOWN])
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    return Finding(
        code="incomplete", kind="not-read", table=draft.spec.id, line=missing[0].line,
        message=f"{short(draft.chunk.title, 60)}: the model was asked again piece by piece and still leaves out "
        f"{len(missing)} printed numbers: {shown}{more}. Look at these lines, or choose another --model.",
    )  # fmt: skip


def anchored(row: RawRow, shown: Sequence[Line], ends: Sequence[int]) -> bool:
    """Whether a row's code or label is printed between the amount before its first number and that number.

    ``ends`` are the offsets after each printed amount. Without this a model could give the rows of a table each
    other's names, and every sum would still hold.
    """
    start = next((t.spans[0].start for t in row.items if t.spans), None)
    if start is None:
        return True  # nothing of it is exported without a mark
    before = max((end for end in ends if end <= start), default=0)
    if not row.code:
        return any(before <= p.start < start for t in row.label for p in t.spans)
    text = "".join(_between(shown, before, start))
    digits = r"[\s|]*".join(map(re.escape, row.code))
    return bool(re.search(rf"(?<![0-9.]){digits}(?![0-9.]|[\s|]+[0-9][0-9](?![0-9.]))", text))


def _between(shown: Sequence[Line], before: int, start: int) -> Iterator[str]:
    for line in shown:
        last = line.span(len(line.text) - 1, len(line.text)).end
        if last <= before or line.span(0, 1).start >= start:
            continue
        places = (line.span(i, i + 1).start for i in range(len(line.text)))
        yield "".join(c for c, place in zip(line.text, places, strict=True) if before <= place < start)
        yield "\n"
