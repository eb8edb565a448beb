"""What an identity is about: the skeletons of tables, the cells in them, one identity at one place, its outcome.

Those of which a document has thousands are named tuples, which are made in a third of the time of a frozen dataclass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

from .amount import half_unit

Relation = Literal[
    "same", "sum", "at-most", "none", "rate", "score", "reach", "sign",
    "words", "names", "among", "agrees", "has", "says",
]  # fmt: skip
"""How the sides of an identity stand to each other.

``same``: equal digit for digit. ``sum``: equal within printed precision. ``at-most``. ``none``: nothing where there is
none of the other. ``rate``: a percentage, the quotient of two sums rounded half up. ``score``: a weight times
a percentage. ``reach``: how far a target was reached. ``sign``: never one up and the other down. ``words``: the same
words. ``names``: the same names in the same order. ``among``: one of several texts. ``agrees``: both deny or both
affirm. ``has``: what is announced is there. ``says``: a text tells the number of a cell.
"""
Verdict = Literal["held", "violated", "unchecked"]
SUMS: frozenset[Relation] = frozenset({"same", "sum"})
WORDS: frozenset[Relation] = frozenset({"words", "names", "among", "agrees", "has", "says"})
QUOTIENTS: frozenset[Relation] = frozenset({"rate", "score"})


class FrameRow(NamedTuple):
    """What an identity needs to know of a row.

    Attributes:
        role: Path of the spec, or code; the key in prose; None for a row no identity names.
        parent: Index of the row it is a part of.
        side: Side of a two-sided table.
        label: For messages.
        code: Code that its name stands for, where prose prints the name only.
        name: Name of a project row.
        texts: Its text cells, column and text without white space.
    """

    role: str | None
    parent: int | None
    side: Literal["left", "right"]
    label: str
    code: str | None = None
    name: str = ""
    texts: tuple[tuple[str, str], ...] = ()

    def text(self, column: str) -> str:
        """Return what a text column says, or nothing."""
        return next((text for name, text in self.texts if name == column), "")


_HALF_A_YUAN = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Frame:
    """The skeleton of a table: rows and columns without numbers.

    Attributes:
        table: Table id.
        part: Disclosure within the file.
        columns: Number columns.
        rows: Rows in printed order.
        empty: Declared empty by the document: every cell is exactly 0.
        scale: Yuan per money unit.
        decimals: Digits after the point that its amounts are printed with.
        layout: Which of the table's layouts it is in.
        final: It belongs to final accounts, not to a budget.
        gaps: A cell that isn't printed is unknown (prose), not 0 (a table).
        name: Name of the project that a form is about.
        scales: Yuan per unit of the cells that have a unit of their own; 1 for what isn't money.
        labels: Printed names by column id, in front ``left:`` or ``right:`` where a side has its own; for messages.
        rates: Digits after the point that nearly all rates in the document's prose are printed with; 0 if they vary.
        reckoned: What its numbers come to, kept by :meth:`yuan`.
        cells: Its cells, kept by :meth:`column`.
    """

    table: str
    part: int
    columns: tuple[str, ...]
    rows: tuple[FrameRow, ...]
    empty: bool = False
    scale: Decimal = Decimal(10_000)
    decimals: int = 0
    layout: str = ""
    final: bool = False
    gaps: bool = False
    name: str = ""
    scales: Mapping[tuple[int, str], Decimal] = field(default_factory=dict)
    rates: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    reckoned: "dict[Ref, Reckoned]" = field(default_factory=dict, init=False, compare=False, repr=False)
    cells: "dict[tuple[int, str], Sequence[Ref]]" = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def spec(self) -> str:
        """Name of its spec."""
        return f"{self.table}.{self.layout}" if self.layout else self.table

    def said(self, column: str, side: str = "") -> str:
        """Return a column's name as printed."""
        return self.labels.get(f"{side}:{column}") or self.labels.get(column, column)

    def scale_at(self, row: int, column: str) -> Decimal:
        """Yuan per unit of a cell."""
        return self.scales.get((row, column), self.scale) if self.scales else self.scale

    def column(self, index: int, column: str) -> "Sequence[Ref]":
        """Return the cells of a column, row by row, where the frame has this index among others."""
        known = self.cells.get((index, column))
        if known is None:
            known = self.cells[index, column] = [Ref(index, number, column) for number in range(len(self.rows))]
        return known

    def yuan(self, ref: "Ref", value: Decimal) -> "Reckoned":
        """Return what a number in a cell comes to: itself, yuan, and half a unit of its last place in yuan.

        A table in yuan without any decimals may be rounded as others are: its amounts end in fen.
        """
        known = self.reckoned.get(ref)
        if known is None or known[0] is not value:
            scale = self.scales.get((ref.row, ref.column), self.scale)
            half = half_unit(value, self.decimals) * scale
            if not half and self.scale == 1 and not self.decimals and (ref.row, ref.column) not in self.scales:
                half = _HALF_A_YUAN
            known = self.reckoned[ref] = value, value * scale, half
        return known


Reckoned = tuple[Decimal, Decimal, Decimal]


class Ref(NamedTuple):
    """A cell: index of its frame, index of its row, column."""

    frame: int
    row: int
    column: str


@dataclass(frozen=True, slots=True)
class Quotient:
    """The right-hand side of a rate: cells that are added or taken away, above and below the line.

    ``others`` are other wholes that the rate may be a part of, as an office pleases.
    """

    above: tuple[tuple[int, Ref], ...]
    below: tuple[tuple[int, Ref], ...]
    others: tuple[tuple[tuple[int, Ref], ...], ...] = ()

    @property
    def wholes(self) -> tuple[tuple[tuple[int, Ref], ...], ...]:
        """What may stand below the line."""
        return (self.below, *self.others)

    @property
    def refs(self) -> tuple[Ref, ...]:
        """All cells of it."""
        return tuple(ref for side in (self.above, *self.wholes) for _, ref in side)


class Instance(NamedTuple):
    """One identity at one place: the sum of ``left`` stands in ``relation`` to the sum of ``right``.

    Attributes:
        id: Identity id (``B13``).
        relation: See :data:`Relation`.
        left: Cells of the left-hand side.
        right: Cells of the right-hand side.
        text: The rule in words.
        soft: Evidence for reading only; never an error.
        optional: Unchecked where this side is empty.
        constant: Added to the right-hand side: a number of the rule, or how many rows or names there are.
        others: Numbers that may stand there instead.
        quotient: The right-hand side of a rate.
        plugged: One of a list of shares that was made to add up to 100; it may be off by one unit.
        if_equal: It holds for some offices only: unchecked where it doesn't.
        names: What a text may call the cell.
        where: Pairs of sums that must be equal for it to hold at all; it is unchecked where they aren't.
        bound: It can be violated, and proves nothing where it holds.
    """

    id: str
    relation: Relation
    left: tuple[Ref, ...]
    right: tuple[Ref, ...]
    text: str
    soft: bool = False
    optional: Literal["left", "right"] | None = None
    constant: Decimal | None = None
    others: tuple[Decimal, ...] = ()
    quotient: Quotient | None = None
    plugged: bool = False
    if_equal: bool = False
    names: tuple[str, ...] = ()
    where: tuple[tuple[tuple[Ref, ...], tuple[Ref, ...]], ...] = ()
    bound: bool = False

    def __hash__(self) -> int:
        return hash((self.id, self.left))  # enough to tell nearly all apart

    @property
    def refs(self) -> tuple[Ref, ...]:
        """All cells of both sides."""
        return self.left + self.right

    @property
    def inputs(self) -> tuple[Ref, ...]:
        """All cells that its outcome depends on."""
        return self.refs + tuple(ref for pair in self.where for side in pair for ref in side)


class Outcome(NamedTuple):
    """What came of an instance: both sums and the tolerance in yuan, and whether anything was compared.

    ``evidence`` is True where both sides hold a printed number that isn't zero; only then it proves a cell.
    ``exact`` is True where the sums are equal to the last digit. ``note`` says what differs, where words do,
    and ``odd`` are the cells in rows whose names do. ``sure`` is True where it is violated however an office counts.
    """

    verdict: Verdict
    left: Decimal = Decimal(0)
    right: Decimal = Decimal(0)
    tolerance: Decimal = Decimal(0)
    evidence: bool = False
    exact: bool = False
    note: str = ""
    odd: tuple[Ref, ...] = ()
    sure: bool = False
