"""Findings, and what may have been printed where identities are violated.

They are part of :mod:`extractor.records`, which is where to import them from.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

FindingKind = Literal[
    "contradiction", "rounding", "repair", "ambiguous", "ungrounded", "not-read", "structure", "input",
]  # fmt: skip
Cause = Literal["misread", "source", "rounding", "undecided"]
"""Who erred where an identity is violated.

``misread``: another plausible reading of what is printed satisfies it. ``source``: the office; every number stands in
the source, and no plausible misreading explains the difference. ``rounding``: no more than rounding makes.
``undecided``: the evidence doesn't tell.
"""
EditKind = Literal[
    "digit", "lost", "extra", "point", "comma", "sign", "unit", "several", "column", "merged", "split", "swapped",
    "missing", "second",
]  # fmt: skip
"""What happened to a number on the way from print to text.

``digit``: one was read as another. ``lost``, ``extra``: a character too few or too many. ``point``: lost, added, or
moved. ``comma``: a thousands comma read as a point. ``sign``. ``unit``: 元 for 万元 or the reverse. ``several`` of
these. ``column``: it stands under another column. ``merged``, ``split``: two cells run together, or one cut in two.
``swapped``: two cells exchanged. ``missing``: nothing is read there, and a number should be. ``second``: another
reader reads it so.
"""


class Record(BaseModel):
    """Base of all records: frozen, and unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with other values, as pydantic's own does; a document has thousands, and this is faster."""
        if deep:
            return super().model_copy(update=update, deep=True)
        changes = update or {}
        made = object.__new__(type(self))
        object.__setattr__(made, "__dict__", {**self.__dict__, **changes})
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_fields_set__", self.__pydantic_fields_set__.union(changes))
        object.__setattr__(made, "__pydantic_private__", None)
        return made


class CellRef(Record):
    """Names a cell: table id, part, row key, column by its id, and its printed ``name`` where that is another."""

    table: str
    part: int
    row: str
    column: str
    line: int | None = None
    name: str = ""

    @property
    def printed(self) -> str:
        """The column's name as facts have it."""
        return self.name or self.column


class Finding(Record):
    """Something that a person should know about the document or the reading of it.

    Attributes:
        code: Stable code: an identity id (``B13``), or a word (``ambiguous-columns``, ``not-read`` …).
        kind: Family of the code.
        message: A sentence for people, with the remedy where there is one.
        table: Table id, where it concerns one.
        line: 1-based line in the source.
        cells: The cells concerned.
        expected: What the identity asks for, or what a second reader reads in the last of the cells.
        found: What is printed, or read by the first in the first of them.
        interval: Tolerance that was allowed, by the printed decimals.
        cause: Who erred; of a violated identity only.
        evidence: Why, in a sentence.
        proposal: Index of the repair in :attr:`extractor.records.Result.repairs` that is about it.
    """

    code: str
    kind: FindingKind
    message: str
    table: str | None = None
    line: int | None = None
    cells: tuple[CellRef, ...] = ()
    expected: Decimal | None = None
    found: Decimal | None = None
    interval: Decimal | None = None
    cause: Cause | None = None
    evidence: str = ""
    proposal: int | None = None


class Edit(Record):
    """Another reading of one cell.

    Attributes:
        cell: The cell.
        kind: What happened to it.
        printed: What is read there now; empty where nothing is.
        value: What would stand there; None where nothing would.
        words: The edit in words: ``5 read as 3``.
        cost: How unlikely it is, in tenths of a power of ten: 20 is one in a hundred, 30 one in a thousand. An edit
            of two cells (``column``, ``merged``, ``split``, ``swapped``) has it on the first, and 0 on the second.
    """

    cell: CellRef
    kind: EditKind
    printed: str
    value: Decimal | None
    words: str
    cost: int


class Repair(Record):
    """A set of edits under which violated identities hold.

    Attributes:
        edits: The edits.
        cost: Their cost together.
        restores: Ids of the identities that hold with them, once for each place.
        leaves: Ids of those that are violated with them nevertheless.
    """

    edits: tuple[Edit, ...]
    cost: int
    restores: tuple[str, ...]
    leaves: tuple[str, ...] = ()


class Proposal(Record):
    """What may have been printed where some identities are violated that hang together.

    Attributes:
        table: Table id of the first edit.
        line: Its line.
        repairs: The likeliest first; more than one are ties: none of them is clearly likelier than the first.
        complete: All readings were looked at; else the search ended at its limit, and there may be better ones.
    """

    table: str
    line: int | None
    repairs: tuple[Repair, ...]
    complete: bool = True
