"""Why a number is believed, or isn't: where it stands, who read it, and every identity it takes part in."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from .document import Document
from .errors import ResultError
from .evidence import Evidence, evidence
from .findings import cell_ref
from .identities import Instance, Outcome
from .instance import WORDS, Ref
from .lookup import find_columns, find_rows, find_tables, hint, labels, row_name
from .normalize import squeeze
from .recheck import recheck
from .records import Attempt, Cell, Finding, Record, Region, Result, Row, Span, State, Table
from .specs import Catalogue, catalogue

_AROUND = 2  # lines of context above and below
_LINE = 200  # characters of a line that are shown
_LINE_ENDS = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


class Operand(Record):
    """A cell of an identity; ``value`` is None where nothing is printed, which counts as 0 in a table."""

    table: str
    row: str
    column: str
    value: Decimal | None
    unit: str
    state: State | None
    line: int | None
    this: bool


class Evaluated(Record):
    """An identity that the cell takes part in.

    Attributes:
        id: Identity id.
        rule: The rule in words.
        verdict: ``held``, ``violated`` or ``unchecked``.
        soft: Evidence for reading only.
        confirms: It holds, and would not if the last printed digit of this cell were another. Never where it is open
            which column the cell belongs to.
        left: Cells of the left-hand side; likewise ``right``.
        left_sum: What they come to, in the unit of the first cell; None where words are compared.
        right_sum: Likewise.
        allowed: How far these may differ.
        note: What differs, where words do.
    """

    id: str
    rule: str
    verdict: str
    soft: bool
    confirms: bool
    left: tuple[Operand, ...]
    right: tuple[Operand, ...]
    left_sum: Decimal | None = None
    right_sum: Decimal | None = None
    allowed: Decimal | None = None
    note: str = ""


class Line(Record):
    """A line of the source; ``marks`` are the places in ``text`` where the value stands."""

    number: int
    text: str
    marks: tuple[tuple[int, int], ...] = ()


class Explanation(Record):
    """All that is known of one cell.

    Attributes:
        document: Name of the document.
        table: Table id; ``title`` as printed.
        row: Row key; ``name`` is the name beside a code.
        column: Column id; ``label`` as the office prints it.
        kind: ``number``, ``text``, or ``empty``: the row and the column are there, and nothing is printed.
        printed: What is printed.
        value: The number.
        repaired: What a repair would put there, where one was written.
        state: See :data:`extractor.records.State`; None for an empty cell.
        spans: Where it stands.
        places: Where it is printed: page and box, or sheet and cell; none where the file was text.
        source: The lines around it; empty where the source isn't at hand.
        reader: Who read the table; ``why`` says what decided, ``steps`` who tried.
        options: Columns that it may belong to.
        doubts: Why another reading is as likely.
        identities: Every identity that it takes part in.
        attempts: Questions to a model about these lines. Of their rows those that stand on the cell's line or hold
            its key.
        findings: Findings that name the cell.
    """

    document: str
    table: str
    part: int
    title: str
    row: str
    name: str
    column: str
    label: str
    kind: str
    printed: str
    value: Decimal | None
    unit: str
    state: State | None
    spans: tuple[Span, ...]
    places: tuple[Region, ...] = ()
    source: tuple[Line, ...]
    reader: str
    why: str
    steps: tuple[str, ...]
    options: tuple[str, ...]
    doubts: tuple[str, ...]
    identities: tuple[Evaluated, ...]
    attempts: tuple[Attempt, ...]
    findings: tuple[Finding, ...]
    repaired: Decimal | None = None


def explain(
    result: Result, table: str, row: str, column: str, *, source: Document | None = None, specs: Catalogue | None = None
) -> list[Explanation]:
    """Explain every cell of that key: a total may be printed twice, and a file may hold several disclosures.

    Args:
        result: A result as saved. It is checked again, so that what is said of identities is true now.
        table: Table id, or a title: as printed, as specs have it, or a part of it that no other table has.
        row: Row key, the name beside a code, or ``line:N``.
        column: Column id or label.
        source: The document it was read from, for the lines around the value.
        specs: The catalogue; the packaged one by default.

    Raises:
        ResultError: There is no such cell; the message names near matches. Or the source is another.
    """
    used = specs or catalogue()
    again = recheck(result, source, used)
    known = evidence(again.tables, used)
    chosen = find_tables(again, table, used)
    rows = find_rows(again, chosen, row)
    cells = [Ref(i, n, c) for i, n in rows for c in find_columns(again.tables[i], n, column)]
    if not cells:
        every = [label for i, n in rows for label in labels(again.tables[i], again.tables[i].rows[n])]
        i, n = rows[0]
        raise ResultError(
            f"{again.tables[i].id}, row {again.tables[i].rows[n].key}: no column {column!r}. {hint(column, every)}"
        )
    lines = _LINE_ENDS.split(source.text) if source is not None else []
    return [_explanation(again, known, ref, lines) for ref in dict.fromkeys(cells)]


def _explanation(result: Result, known: Evidence, ref: Ref, lines: Sequence[str]) -> Explanation:
    table, row, cell = result.tables[ref.frame], known.row(ref), known.cell(ref)
    cell = next((c for c in table.rows[ref.row].cells if cell is not None and c == cell), cell)
    numbers = {span.line for span in cell.spans} if cell else {row.line}
    named = cell_ref(ref, result.tables)
    return Explanation(
        document=result.document,
        table=table.id,
        part=table.part,
        title=table.title,
        row=row.key,
        name=row_name(row),
        column=ref.column,
        label=table.label(row, ref.column),
        kind=cell.kind if cell else "empty",
        printed=cell.text if cell else "",
        value=cell.value if cell else None,
        unit=cell.unit if cell else "",
        state=cell.state if cell else None,
        spans=cell.spans if cell else (),
        places=tuple(r for span in cell.spans for r in result.where(span)) if cell else (),
        source=tuple(_context(lines, numbers, cell)),
        reader=table.reader,
        why=table.why,
        steps=table.steps,
        options=tuple(table.label(row, c) for c in cell.options) if cell and len(cell.options) > 1 else (),
        doubts=tuple(filter(None, (cell.doubt if cell else "", row.doubt))),
        identities=tuple(_evaluated(known, ref, i, o) for i, o in known.outcomes if ref in i.refs),
        attempts=tuple(_attempts(result, table, row, numbers)),
        findings=tuple(f for f in result.findings if named in f.cells),
        repaired=cell.repaired if cell else None,
    )


def _context(lines: Sequence[str], numbers: set[int], cell: Cell | None) -> Iterator[Line]:
    """Yield the lines around a value, with the places in them where it stands."""
    wanted = {n for number in numbers for n in range(number - _AROUND, number + _AROUND + 1) if 0 < n <= len(lines)}
    start = 0
    for number, line in enumerate(lines, 1):
        if number in wanted:
            text = line.rstrip("\r\n")
            marks = [
                (max(span.start - start, 0), min(span.end - start, len(text)))
                for span in (cell.spans if cell else ())
                if span.start < start + len(line) and span.end > start
            ]
            yield _cut(number, text, marks)
        start += len(line)


def _cut(number: int, text: str, marks: Sequence[tuple[int, int]]) -> Line:
    """Keep what is around the first mark of a long line: some files have a whole table in one."""
    begin = max(0, (marks[0][0] if marks else 0) - _LINE // 2) if len(text) > _LINE else 0
    shown = text[begin : begin + _LINE]
    kept = tuple((a - begin, min(b - begin, len(shown))) for a, b in marks if begin <= a < begin + len(shown))
    return Line(number=number, text=shown, marks=kept)


def _evaluated(known: Evidence, ref: Ref, instance: Instance, outcome: Outcome) -> Evaluated:
    base = known.base(instance)
    compared = instance.relation not in WORDS and outcome.verdict != "unchecked"
    return Evaluated(
        id=instance.id,
        rule=known.rule(instance),
        verdict=outcome.verdict,
        soft=instance.soft,
        confirms=ref in known.confirmed(instance, outcome),
        left=tuple(_operand(known, r, ref) for r in instance.left),
        right=tuple(_operand(known, r, ref) for r in instance.right),
        left_sum=outcome.left / base if compared else None,
        right_sum=outcome.right / base if compared else None,
        allowed=outcome.tolerance / base if compared else None,
        note=outcome.note,
    )


def _operand(known: Evidence, ref: Ref, this: Ref) -> Operand:
    table, row, cell = known.tables[ref.frame], known.row(ref), known.cell(ref)
    return Operand(
        table=table.id,
        row=row.key,
        column=table.label(row, ref.column),
        value=known.values.get(ref),
        unit=cell.unit if cell else "",
        state=cell.state if cell else None,
        line=cell.spans[0].line if cell and cell.spans else None,
        this=ref == this,
    )


def _attempts(result: Result, table: Table, row: Row, numbers: set[int]) -> Iterator[Attempt]:
    """Yield the questions to a model about these lines, with the rows of the answers that are about this row."""
    keys = {squeeze(text) for text in (row.key.rsplit("/", 1)[-1], row_name(row)) if text}
    for attempt in result.attempts:
        asked = any(attempt.lines[0] <= number <= attempt.lines[1] for number in numbers)
        if (attempt.table, attempt.part) == (table.id, table.part) and asked:
            about = [r for r in attempt.rows if keys & {squeeze(t) for t in r} or "".join(r[1:3]) == row.key]
            yield attempt.model_copy(update={"rows": tuple(about)})
