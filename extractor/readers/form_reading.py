"""An indicator read from running text: its tokens by column, and what of them is certain."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from extractor.forms import Kind

from .form_rows import Indicator
from .form_tokens import Token

FREE = ("text",)
"""Shapes that more text can go on with."""
LEVELS: frozenset[Kind] = frozenset({"level1", "level2"})


@dataclass(slots=True)
class Reading:
    """An indicator with its tokens.

    Attributes:
        indicator: What will become of it.
        cells: Tokens by column; a text that is left out of the indicator stays here.
        noise: Tokens behind its first one that fit no column.
    """

    indicator: Indicator = field(default_factory=Indicator)
    cells: dict[Kind, list[Token]] = field(default_factory=dict)
    noise: list[Token] = field(default_factory=list)

    def put(self, kind: Kind, token: Token) -> None:
        """Add a token to a column."""
        self.cells.setdefault(kind, []).append(token)
        self.indicator.cells.setdefault(kind, []).extend(token.pieces)

    def take(self, kind: Kind) -> list[Token]:
        """Remove a column and return its tokens."""
        self.indicator.cells.pop(kind, None)
        return self.cells.pop(kind, [])

    def drop(self, kind: Kind) -> None:
        """Leave a text out of the indicator."""
        self.indicator.cells.pop(kind, None)

    def doubt(self, why: str) -> None:
        """Mark the row; the first reason stays."""
        self.indicator.doubt = self.indicator.doubt or why

    @property
    def levelled(self) -> bool:
        """Whether it begins with a level, so that nothing above can be part of its name."""
        return bool(LEVELS & self.cells.keys())

    @property
    def value_line(self) -> int | None:
        """Index of the line on which its values begin."""
        own = [t.line for k, cell in self.cells.items() if k not in LEVELS and k != "name" for t in cell[:1]]
        return min(own) if own else None

    def name_lines(self) -> list[list[Token]]:
        """Return the tokens of the name by line."""
        return [list(g) for _, g in groupby(self.cells.get("name", ()), key=lambda t: t.line)]


def printed(found: Iterable[Token]) -> str:
    """Return the text of these tokens."""
    return "".join(t.text for t in found)


def broken(cells: Iterable[Sequence[Token]]) -> bool:
    """Whether cells are broken over lines in this form; then a line break doesn't part two texts."""
    return any(len({p.line for t in cell for p in t.pieces}) > 1 for cell in cells)
