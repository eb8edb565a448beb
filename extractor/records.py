"""The records that leave the package: spans, cells, rows, tables, findings, results.

One frozen pydantic class each, so that the library's objects, ``result.json`` and its JSON Schema are the
same thing. Amounts are ``Decimal`` everywhere and strings in JSON.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import takewhile
from typing import Any, Literal

from pydantic import Field

from .proposals import Cause, CellRef, Edit, EditKind, Finding, FindingKind, Proposal, Record, Repair

__all__ = [
    "STATES", "Attempt", "AttemptOutcome", "Cause", "Cell", "CellRef", "CheckCount", "Edit", "EditKind", "Finding",
    "FindingKind", "ModelUsage", "Proposal", "Record", "Region", "Repair", "Result", "Row", "RowKind", "Span", "State",
    "Step", "Table", "Unread",
]  # fmt: skip

State = Literal["proven", "grounded", "ambiguous", "contradicted", "ungrounded"]
"""How far a cell can be trusted, best first.

``proven``: stands in the source and takes part in an identity that holds. ``grounded``: stands in the source,
no identity covers it. ``ambiguous``: the text doesn't tell which column, or which row, it belongs to. ``contradicted``:
an identity that covers it is violated. ``ungrounded``: not found in the source.
"""
STATES: tuple[State, ...] = ("proven", "grounded", "ambiguous", "contradicted", "ungrounded")

RowKind = Literal["total", "code", "label", "unit", "project"]


class Span(Record):
    r"""A place in the decoded original text: ``text[start:end]`` is what was printed.

    Attributes:
        start: Offset of the first character, in code points.
        end: Offset after the last character.
        line: 1-based line of ``start``; lines end at ``\n``, ``\r\n`` or ``\r``.
    """

    start: int
    end: int
    line: int


class Region(Record):
    """Where a piece of the text is printed, for files that weren't text: ``text[start:end]`` stands there.

    Attributes:
        start: Offset of the first character, as in :class:`Span`.
        end: Offset after the last character.
        page: 1-based page, or sheet of a workbook.
        box: Left, top, right, bottom on the page from its top left corner, in points of a PDF or pixels of an image;
            None where the format knows none.
        ref: Cell of a workbook (``Sheet1!B7``); empty elsewhere.
        score: How sure a recogniser of images was, from 0 to 1; None where nothing was recognised.
        others: What the recogniser thought nearly as likely, likeliest first.
        least: How sure it was of the character that it was least sure of, likewise; None where that isn't known.
        file: Name of the file, where several were read as one document; empty elsewhere.
    """

    start: int
    end: int
    page: int
    box: tuple[float, float, float, float] | None = None
    ref: str = ""
    score: float | None = None
    others: tuple[str, ...] = ()
    least: float | None = Field(default=None, exclude_if=lambda value: value is None)
    file: str = ""


class SourceFile(Record):
    """A file that a document was read from, where it wasn't text.

    Attributes:
        name: Its name, as regions have it where several files are one document.
        path: Where it was.
        kind: Its format.
        sha256: Hash of its bytes, so that boxes can be shown on the right pages.
    """

    name: str
    path: str
    kind: str
    sha256: str


class Cell(Record):
    """One printed value in its place.

    Attributes:
        column: Column id of the table's spec, or the printed header where the spec has none.
        kind: ``number`` or ``text``.
        text: What is printed, with white space and thousands separators as in the source, joined if split.
        value: The amount as printed; None for text.
        unit: ``万元``, ``元`` …; empty for text.
        spans: Where it stands; more than one where the text is printed in pieces.
        state: See :data:`State`.
        options: The columns possible for an ambiguous cell, ``column`` among them.
        doubt: Why another reading of it is as likely; it is then at most ambiguous.
        proof: Ids of the identities that hold and cover this cell.
        repaired: What should stand here if the one repair that is proposed is right; written only where asked for
            (``--apply-repairs``), never in place of ``value``, and no proof of anything.
    """

    column: str
    kind: Literal["number", "text"]
    text: str
    value: Decimal | None = None
    unit: str = ""
    spans: tuple[Span, ...] = ()
    state: State = "grounded"
    options: tuple[str, ...] = ()
    doubt: str = ""
    proof: tuple[str, ...] = ()
    repaired: Decimal | None = Field(default=None, exclude_if=lambda value: value is None)


class Row(Record):
    """One row of a table.

    Attributes:
        key: Row key of the facts contract (rules R1-R4).
        role: What the row is to the identities: a path of the spec, a code, or None.
        kind: Total, coded row, labelled row, unit row or project row.
        parent: Index of the row that this one is a part of, or None.
        line: 1-based line of the row's first token.
        cells: Printed cells only; an empty cell has no entry.
        doubt: Why it isn't certain which row this is; its cells are then at most ambiguous.
    """

    key: str
    role: str | None
    kind: RowKind
    parent: int | None
    line: int
    side: Literal["left", "right"] = "left"
    cells: tuple[Cell, ...] = ()
    doubt: str = ""

    def cell(self, column: str) -> Cell | None:
        """Return the number cell in ``column``, or None where it is empty."""
        return next((c for c in self.cells if c.column == column and c.kind == "number"), None)


class Table(Record):
    """One table as read.

    Attributes:
        id: Table id of the facts contract.
        title: The title as printed.
        part: Which disclosure of the file it belongs to, from 0 (files may hold several).
        unit: Money unit of its amounts.
        columns: Number columns in printed order; of prose its text columns too.
        rows: All rows read, in printed order.
        lines: First and last line, 1-based.
        empty_note: Where the document declares the table empty, or None.
        reader: Who read it: ``deterministic`` or ``model``.
        why: In words, how it was read and what decided it.
        layout: Which of the table's layouts it is printed in; empty for the first.
        labels: Column ids that this office prints under another name, with that name. A key ``left:ID`` is for the
            left side of a two-sided table alone.
        steps: Who tried to read it, in order: what came of each step, and why the next was taken.
    """

    id: str
    title: str
    part: int
    unit: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    lines: tuple[int, int]
    empty_note: Span | None = None
    reader: str = "deterministic"
    why: str = ""
    layout: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    steps: tuple[str, ...] = ()

    def label(self, row: Row, column: str) -> str:
        """Return the printed name of a column in a row, by which facts name it."""
        known = self.labels
        return known.get(f"{row.side}:{column}") or known.get(column, column) if known else column

    def numbers(self) -> Iterator[tuple[Row, Cell]]:
        """Yield every number cell with its row."""
        for row in self.rows:
            for cell in row.cells:
                if cell.kind == "number":
                    yield row, cell

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dicts: ``row``, ``名称`` where printed, then every column (None where empty)."""
        names = any(c.column == "名称" for row in self.rows for c in row.cells if c.kind == "text")
        out = []
        for row in self.rows:
            texts = {c.column: c.text for c in row.cells if c.kind == "text"}
            numbers = {c.column: c.value for c in row.cells if c.kind == "number"}
            name = {"名称": texts.get("名称")} if names else {}
            out.append({"row": row.key, **name, **{c: numbers.get(c, texts.get(c)) for c in self.columns}})
        return out

    def to_pandas(self) -> Any:
        """Return the rows as a pandas DataFrame; amounts stay ``Decimal``. Needs ``extractor[pandas]``."""
        import pandas as pd  # noqa: PLC0415 - optional

        return pd.DataFrame.from_records(self.records())

    def to_polars(self) -> Any:
        """Return the rows as a polars DataFrame. Needs ``extractor[polars]``."""
        import polars as pl  # noqa: PLC0415 - optional

        return pl.from_dicts(self.records(), infer_schema_length=None)

    def states(self) -> Counter[State]:
        """Count the number cells by state."""
        return Counter(cell.state for _, cell in self.numbers())


class Unread(Record):
    """A part of the source that nothing was read from."""

    title: str
    lines: tuple[int, int]
    numbers: int
    reason: str


Step = Literal["layout", "transcribe", "columns", "prose", "form"]
AttemptOutcome = Literal["ok", "incomplete", "invalid", "refused", "truncated", "failed"]


class Attempt(Record):
    """One question to a model about one table, or a part of it, and what became of the answer.

    Attributes:
        table: Table id.
        part: Which disclosure of the file it belongs to, from 0.
        lines: First and last line that were asked for, 1-based.
        number: 0 for the first question about these lines.
        step: What was asked: the rows, the columns of rows, what the columns mean, which cells the numbers of
            sentences belong to, or the rows of a form.
        model: The model's id.
        outcome: ``ok``; ``incomplete`` (printed numbers are in no row); ``invalid`` (not of the form asked for);
            ``refused``; ``truncated`` (cut off at the longest length allowed); ``failed`` (no answer).
        taken: The table as reported has rows of this answer.
        why: Why it was taken or not.
        violated: Identities within the table that were violated with this answer in it, each once.
        ungrounded: Numbers of the answer that don't stand in the source.
        tokens_in: Tokens of the question.
        tokens_out: Tokens of the answer.
        cached: The answer came from the cache. Not saved, so that a second run gives the same bytes.
        rows: The rows as the model gave them, each in the order of the question: place, names, cells.
    """

    table: str
    part: int
    lines: tuple[int, int]
    number: int
    step: Step
    model: str
    outcome: AttemptOutcome
    taken: bool
    why: str = ""
    violated: tuple[str, ...] = ()
    ungrounded: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cached: bool = Field(default=False, exclude=True)
    rows: tuple[tuple[str, ...], ...] = ()


class CheckCount(Record):
    """How the instances of one identity came out."""

    held: int = 0
    violated: int = 0
    unchecked: int = 0

    def __add__(self, other: "CheckCount") -> "CheckCount":
        return CheckCount(
            held=self.held + other.held, violated=self.violated + other.violated,
            unchecked=self.unchecked + other.unchecked,
        )  # fmt: skip


class ModelUsage(Record):
    """What the answers behind a result took when they were given: the same on every rerun, cache or not.

    What one run did (calls, seconds, cost, failures) stands in ``usage.json``.

    Attributes:
        model: The model's id.
        answers: Usable answers, second questions included.
        input: Tokens of their prompts.
        output: Tokens of the answers themselves.
        estimated: The endpoint counted no tokens for some; a character counts as one there.
    """

    model: str
    answers: int
    input: int
    output: int
    estimated: bool = False


class Result(Record):
    """All that was read from one document.

    Attributes:
        document: Name of the document.
        path: Where it was read from, or None.
        encoding: Encoding it was decoded with.
        characters: Length of the decoded text; spans count in it.
        sha256: Hash of the decoded text (UTF-8), so that spans can be checked against the right source.
        tables: Tables in printed order.
        findings: Findings in order of line.
        checks: Instances by identity.
        unread: What was not read.
        attempts: Every question to a model with its answer, taken or not.
        usage: What a model's answers took, or None where no answer went in.
        repairs: What may have been printed where identities are violated.
        regions: Where the cells are printed on pages or sheets, in the order of the text; empty for text files.
        files: The files with these pages and sheets.
    """

    document: str
    path: str | None
    encoding: str
    characters: int
    sha256: str
    tables: tuple[Table, ...]
    findings: tuple[Finding, ...]
    checks: dict[str, CheckCount]
    unread: tuple[Unread, ...]
    attempts: tuple[Attempt, ...] = ()
    usage: ModelUsage | None = None
    repairs: tuple[Proposal, ...] = ()
    regions: tuple[Region, ...] = ()
    files: tuple[SourceFile, ...] = ()

    def where(self, span: Span) -> tuple[Region, ...]:
        """Return the regions in which a span is printed; none where the file was text."""
        first = bisect_right(self.regions, span.start, key=lambda r: r.end)
        return tuple(takewhile(lambda r: r.start < span.end, self.regions[first:]))

    def table(self, table_id: str, part: int = 0) -> Table | None:
        """Return the table with this id in the given part, or None."""
        return next((t for t in self.tables if t.id == table_id and t.part == part), None)

    def to_frame(self) -> Any:
        """Return every value of the result in one tidy pandas DataFrame: a row each, with place, state and proof.

        Its columns are :data:`extractor.tidy.COLUMNS`; ``number`` holds ``Decimal``. Needs ``extractor[pandas]``.
        """
        from .tidy import frame  # noqa: PLC0415 - it is about results

        return frame(self)

    def states(self) -> Counter[State]:
        """Count the number cells of all tables by state."""
        return Counter(cell.state for table in self.tables for _, cell in table.numbers())
