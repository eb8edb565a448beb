"""Rows: what the grammar makes of a table's tokens, and the ways of reading that all forms share."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from extractor.normalize import readable, squeeze
from extractor.records import RowKind
from extractor.specs import split_label

from .labels import TOTALS
from .tokens import Token


@dataclass(slots=True)
class RawRow:
    """A row under construction.

    Attributes:
        code: Code digits, or None.
        label: Words of the functional name or of the label.
        project: Words of the project name.
        items: Numbers and dashes in printed order.
        line: 1-based line of its first token.
        kind: Set when the structure is known.
        side: Side of a two-sided table.
        block: Which of a grid's blocks of labels and amounts it stands in, from the left; None in free text.
        role: Role for the identities.
        key: Row key of the facts contract.
        parent: Index of the row it is a part of.
        doubt: Why it isn't certain which row this is.
        unit: The office beside the name of a project.
        texts: Words of its other columns, by their printed names.
    """

    line: int
    code: str | None = None
    label: list[Token] = field(default_factory=list)
    project: list[Token] = field(default_factory=list)
    items: list[Token] = field(default_factory=list)
    kind: RowKind = "label"
    side: str = "left"
    block: int | None = None
    role: str | None = None
    key: str = ""
    parent: int | None = None
    doubt: str = ""
    unit: str = ""
    texts: dict[str, list[Token]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Label without white space."""
        return squeeze("".join(t.text for t in self.label))

    @property
    def bare(self) -> str:
        """Label without white space, numbering, 其中 and （小计）."""
        return split_label(self.text)[1]

    @property
    def name(self) -> str:
        """Label as a text of the facts contract."""
        return readable(" ".join(t.text for t in self.label))


def is_total(row: RawRow) -> bool:
    """Whether a row is labelled as a total."""
    return row.bare in TOTALS


def before_words(token: Token, following: Sequence[Token]) -> bool:
    """Whether digits begin a name: ``2021 年自治区补助资金``."""
    return bool(following) and following[0].kind == "text" and following[0].line == token.line


def lost_point(token: Token, following: Sequence[Token]) -> bool:
    """Whether digits are an amount that lost its point, or its zeros: the rest of its line says so.

    The same digits follow with a point, the same value follows, or the following numbers add up to it.
    """
    digits = token.text.lstrip("0")
    here = [t for t in following if t.line == token.line and t.amount]
    if any(t.decimals and re.sub(r"[^0-9]", "", t.text).lstrip("0") == digits for t in here):
        return True
    if token.text.startswith("0") or not here:
        return False
    value = Decimal(token.text)
    amounts = [t.amount.value for t in here if t.amount]
    return value in amounts or any(sum(amounts[:n]) == value for n in range(2, len(amounts) + 1))
