"""The deterministic reader of prose: from the sections of a document to one table for each statement."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.chunks import Chunk
from extractor.normalize import Line
from extractor.records import Cell, CellRef, Finding, Row, Span, Table
from extractor.sections import Heading
from extractor.specs import split_label
from extractor.statement_specs import Kind
from extractor.statements import Compiled, Prose

from .prose_clauses import Place
from .prose_heads import Head, Section, heads, listed, parts, renumber, sections
from .prose_list import Extent, read_document, read_list, read_records
from .prose_match import Draft
from .prose_match import read as read_rows
from .prose_text import Flow, flow, running_heads, spans

_MONEY = re.compile(r"(?<![\d.])\d[\d,]{0,20}(?:\.\d{1,6})?(?=[万亿千]?元)")
_ZERO = re.compile(r"0+(?:\.0+)?")
_OF_BUDGET = re.compile(r"预算(?!财政拨款|拨款)(?!.*决算)")
_COVER_LINES = 30
_SUBSECTION = 3  # level of （一）
_TITLE = re.compile(r"20\d\d\s*年.{0,8}(?:预算|决算)(?:信息)?(?:公开)?(?:情况)?(?:说明|报告)?$")  # no part's heading


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from the prose of a document.

    Attributes:
        chunks: The table chunks, numbered by the parts of the whole document.
        tables: Tables of prose in printed order.
        findings: What is said twice, or differently.
        taken: Start and end of every piece of text that was understood, sorted.
        known: Indexes of the lines of sections that some statement is read from.
        titles: Headings of prose by the index of their line.
        texts: The sections that statements are read from, with their text.
        kinds: Of each part, whether it is a budget or a final account.
        begins: Index of the line at which each part begins.
        listed: Indexes of the lines of contents lists.
    """

    chunks: tuple[Chunk, ...]
    tables: tuple[Table, ...]
    findings: tuple[Finding, ...]
    taken: tuple[tuple[int, int], ...]
    known: frozenset[int]
    titles: dict[int, str]
    texts: tuple[tuple[Section, Flow], ...] = ()
    kinds: tuple[Kind, ...] = ()
    begins: tuple[int, ...] = ()
    listed: frozenset[int] = frozenset()

    def left(self, line: Line, number: re.Pattern[str]) -> int:
        """Count the numbers of a line that nobody took."""
        return sum(1 for m in number.finditer(line.text) if not self.took(line.span(*m.span()).start))

    def without(self, places: Sequence[Span]) -> "Reading":
        """Return the reading as if these places were not understood."""
        gone = {(s.start, s.end) for s in places}
        return replace(self, taken=tuple(t for t in self.taken if t not in gone)) if gone else self

    def took(self, offset: int) -> bool:
        """Whether the character at an offset of the original was understood."""
        before = bisect_right(self.taken, offset, key=lambda t: t[0]) - 1
        # Pieces may lie in one another; the nearest few that begin before are enough to tell.
        return any(self.taken[i][1] > offset for i in range(before, max(before - 8, -1), -1))


def read(lines: Sequence[Line], found: Sequence[Heading], cut: Sequence[Chunk], prose: Prose) -> Reading:
    """Read every statement of prose that can be read with certainty."""
    if not lines:
        return Reading(tuple(cut), (), (), (), frozenset(), {})
    skipped = listed(lines)
    running = running_heads(lines, skipped)
    named = heads(lines, found, cut, prose, skipped | running)
    begins = parts(lines, named, cut, skipped)
    numbered = renumber(cut, begins)
    covered = skipped | {i for c in numbered for piece in (range(c.first, c.first + 1), *c.pieces) for i in piece}
    texts = [
        (s, flow(lines, [p for p in s.pieces if p[0] not in running])) for s in sections(lines, named, numbered, begins)
    ]
    tables: list[Table] = []
    findings: list[Finding] = []
    taken: list[tuple[int, int]] = []
    kinds: list[Kind] = []
    for part, first in enumerate(begins):
        end = begins[part + 1] if part + 1 < len(begins) else len(lines)
        document, kind = _document(lines, prose, named, skipped, (part, first, end))
        tables.extend(document)
        kinds.append(kind)
        here = [(s, f) for s, f in texts if s.part == part and f.text]
        free: Flow | None = None
        for statement in prose.statements:
            best = _best(lines, prose, statement, here, kind)
            if best is None and statement.spec.anywhere:
                free = free or flow(lines, [(i, 0) for i in range(first, end) if i not in covered | running])
                best = _anywhere(lines, prose, statement, free, kind)
            if best is None:
                continue
            table, draft, others = best
            tables.append(table.model_copy(update={"part": part}))
            findings.extend(_findings(table, draft, others, part))
            taken.extend(draft.taken)
            for _, other in others:
                taken.extend(other.taken)
    tables.sort(key=lambda t: (t.part, t.lines))
    marks = sorted({*taken, *((s.start, s.end) for t in tables for s in _places(t))})
    titles = {h.index: h.title for h in named}
    known = frozenset(i for s, _ in texts for i, _ in s.pieces)
    return Reading(
        tuple(numbered),
        tuple(tables),
        tuple(findings),
        tuple(marks),
        known,
        titles,
        tuple(texts),
        tuple(kinds),
        tuple(begins),
        skipped,
    )


def _places(table: Table) -> Iterator[Span]:
    for row in table.rows:
        for cell in row.cells:
            yield from cell.spans
    if table.empty_note:
        yield table.empty_note


def _document(
    lines: Sequence[Line],
    prose: Prose,
    named: Sequence[Head],
    skipped: frozenset[int],
    where: tuple[int, int, int],
) -> tuple[list[Table], Kind]:
    part, first, end = where
    stop = min([h.index for h in named if first <= h.index < end and (h.ids or not _TITLE.search(h.title))] or [end])
    stop = next((i for i in range(first, stop) if i in skipped), stop)
    spec = prose.document
    found = read_document(lines, spec, Extent(first, min(stop, first + _COVER_LINES), end))
    sort = found.get("文种")
    kind = _kind(sort[0].text if sort else "", [h.title for h in named if h.ids and first <= h.index < end])
    if sort and sort[0].text.endswith("决算") != (kind == "final"):
        del found["文种"]  # the headings say otherwise
    if not found:
        return [], kind
    cells = tuple(cell for cell, _ in found.values())
    rows = (Row(key="*", role="*", kind="label", parent=None, line=min(c.spans[0].line for c in cells), cells=cells),)
    numbers = [c.spans[0].line for c in cells]
    table = Table(
        id=spec.id, title=spec.title, part=part, unit="", columns=tuple(c.column for c in cells), rows=rows,
        lines=(min(numbers), max(numbers)), why="cover, headers and sign-off",
    )  # fmt: skip
    return [table], kind


def _kind(told: str, titles: Sequence[str]) -> Kind:
    """Tell a budget from a final account: by the headings where they agree, else by the cover."""
    outturn = sum("决算" in title for title in titles)
    if outturn >= 3:
        return "final"
    if len(titles) >= 8 and not outturn:
        return "budget"
    if not told and outturn and not any(_OF_BUDGET.search(title) for title in titles):
        return "final"
    return "final" if told.endswith("决算") else "budget"


def _best(
    lines: Sequence[Line], prose: Prose, statement: Compiled, here: Sequence[tuple[Section, Flow]], kind: Kind
) -> tuple[Table, Draft, list[tuple[int, Draft]]] | None:
    """Read every section of a statement; keep the first with the most cells, and where the others begin."""
    full = _full(lines, prose, statement, [h for h in here if statement.spec.id in h[0].ids], kind)
    if not full and statement.spec.otherwise_in in (None, kind):
        full = _elsewhere(lines, prose, statement, here, kind)
    if not full:
        return None
    section, text, draft, note = max(full, key=lambda r: r[2].cells() + bool(r[3]))
    span = spans(lines, text, *note)[0] if note and not draft.cells() else None
    if statement.spec.beside and draft.cells():
        for other, words in here:
            if statement.spec.id not in other.ids and statement.spec.beside.keys() & set(other.ids):
                keys = [key for i in other.ids for key in statement.spec.beside.get(i, ())]
                draft.adopt(_one(Place(lines, words, prose, kind), statement), keys)
    others = [(s, d) for s, _, d, _ in full if d is not draft]
    for piece, told in tuple(others):
        if _siblings(section.head, piece.head) and not told.rows.keys() & draft.rows.keys():
            draft.adopt(told, list(told.rows))
            others.remove((piece, told))
    last = max(section.head.last, section.pieces[-1][0])
    where = (lines[section.head.index].number, lines[last].number)
    table = _table(statement, section.head.title, where, draft, span)
    again = [(min(d.lines.values(), default=lines[s.head.index].number), d) for s, d in others]
    return table, draft, again


def _siblings(one: Head, other: Head) -> bool:
    """Whether two sections are parts of one: a statement that is told in pieces, each with its own title."""
    return max(one.level, other.level) >= _SUBSECTION and split_label(one.title)[1] != split_label(other.title)[1]


def _elsewhere(
    lines: Sequence[Line], prose: Prose, statement: Compiled, here: Sequence[tuple[Section, Flow]], kind: Kind
) -> list[tuple[Section, Flow, Draft, tuple[int, int] | None]]:
    """Read a statement from the sections of others that it may stand in."""
    for parent, wanted in statement.spec.otherwise.items():
        told = [h for h in here if parent in h[0].ids]
        own = [s for s in prose.statements if s.spec.id == parent and statement.spec.otherwise_in]
        if any(_full(lines, prose, other, told, kind) for other in own):
            continue  # it says the same itself
        found = _full(lines, prose, statement, told, kind)
        full = [(s, f, kept, None) for s, f, d, _ in found if (kept := d.only(wanted) if wanted else d).cells()]
        if full:
            return [*full]
    return []


def _full(
    lines: Sequence[Line], prose: Prose, statement: Compiled, here: Sequence[tuple[Section, Flow]], kind: Kind
) -> list[tuple[Section, Flow, Draft, tuple[int, int] | None]]:
    """Read sections; keep those that say something."""
    read = (
        (section, text, _one(Place(lines, text, prose, kind), statement), _empty(text, statement))
        for section, text in here
    )
    return [r for r in read if r[2].cells() or r[3]]


def _anywhere(
    lines: Sequence[Line], prose: Prose, statement: Compiled, free: Flow, kind: Kind
) -> tuple[Table, Draft, list[tuple[int, Draft]]] | None:
    rows = tuple(row for row in statement.rows if row[0].elsewhere)
    draft = _one(Place(lines, free, prose, kind), replace(statement, rows=rows))
    if not draft.cells():
        return None
    numbers = sorted(draft.lines.values())
    return _table(statement, statement.spec.title, (numbers[0], numbers[-1]), draft, None), draft, []


def _one(place: Place, statement: Compiled) -> Draft:
    if not place.flow.text:
        return Draft()
    if statement.spec.list:
        return read_list(place, statement)
    return read_records(place, statement) if statement.fields else read_rows(place, statement)


def _empty(text: Flow, statement: Compiled) -> tuple[int, int] | None:
    """Return where a section says that there is nothing; a section with an amount says something else."""
    if any(not _ZERO.fullmatch(m.group().replace(",", "")) for m in _MONEY.finditer(text.text)):
        return None
    for pattern in statement.empty:
        if match := pattern.search(text.text):
            return max(text.text.rfind(stop, 0, match.start()) for stop in "。;") + 1, match.end()
    return None


def _table(statement: Compiled, title: str, where: tuple[int, int], draft: Draft, note: Span | None) -> Table:
    rows = draft.table_rows(statement.spec.columns)
    used = {c.column for row in rows for c in row.cells}
    units = Counter(c.unit for row in rows for c in row.cells if c.unit.endswith("元"))
    return Table(
        id=statement.spec.id, title=title, part=0, unit=units.most_common(1)[0][0] if units else "",
        columns=tuple(c for c in statement.spec.columns if c in used), rows=rows, lines=where, empty_note=note,
        why="declared empty" if note else "sentences matched with the declared patterns",
    )  # fmt: skip


def _findings(table: Table, draft: Draft, others: Sequence[tuple[int, Draft]], part: int) -> Iterator[Finding]:
    for key, column, first, second in draft.twice:
        yield Finding(
            code="stated-twice", kind="structure", table=table.id, line=second.spans[0].line,
            cells=(CellRef(table=table.id, part=part, row=key, column=column, line=first.spans[0].line),),
            message=f"{table.title}: {key} {column} is given as {first.text} in line {first.spans[0].line} and as "
            f"{second.text} in line {second.spans[0].line}. Neither is taken.",
        )  # fmt: skip
    for line, other in others:
        differs = [
            (key, a, b)
            for key, cells in other.rows.items()
            for column, b in cells.items()
            if (a := draft.rows.get(key, {}).get(column)) and _differ(a, b)
        ]
        words = "; ".join(f"{key} {a.text} ≠ {b.text}" for key, a, b in differs[:3])
        yield Finding(
            code="section-twice", kind="structure", table=table.id, line=line,
            message=f"{table.title}: the section comes again at line {line}; the one with more facts is kept."
            + (f" They differ: {words}." if words else ""),
        )  # fmt: skip


def _differ(a: Cell, b: Cell) -> bool:
    return a.kind == "number" and (a.value, a.unit) != (b.value, b.unit)
