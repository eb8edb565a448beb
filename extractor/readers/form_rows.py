"""Indicators as they are read: one row each, levels filled down, and the checks that say which cells can stand."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from extractor.forms import Kind, Words

from .form_fit import is_first, is_level, is_second, level_name, points, shape_of
from .form_pieces import Piece, bare

TEXTS: tuple[Kind, ...] = ("value", "basis", "last", "rule", "evidence", "actual", "rate", "deviation")


@dataclass(slots=True)
class Indicator:
    """One indicator while it is read.

    Attributes:
        cells: Pieces by kind of column. Lists of levels are shared by the rows that they are filled down to.
        doubt: Why it isn't certain that the name is whole, or whose it is.
        options: Columns possible for a number, where the text doesn't tell.
        kept: It is an indicator; else only its levels count, for the rows below it.
    """

    cells: dict[Kind, list[Piece]] = field(default_factory=dict)
    doubt: str = ""
    options: dict[Kind, tuple[Kind, ...]] = field(default_factory=dict)
    kept: bool = True

    def text(self, kind: Kind) -> str:
        """Return the text in a column without blanks, empty where nothing is printed."""
        return bare(self.cells.get(kind, ()))

    def number(self, kind: Kind) -> Decimal | None:
        """Return the points in a column."""
        return points(self.text(kind)) if kind in self.cells else None

    @property
    def line(self) -> int:
        """Index of its first line of its own."""
        own = [p for kind, found in self.cells.items() if kind not in ("level1", "level2") for p in found]
        return min(p.line for p in own)


def fill_down(rows: Sequence[Indicator], words: Words) -> None:
    """Give each row the levels that are printed once for several rows, and put the halves of broken ones together."""
    first: list[Piece] | None = None
    second: list[Piece] | None = None
    for row in rows:
        own = row.cells.get("level1")
        if own and first is not None and _completes(first, own, is_first, words):
            first.extend(own)
            row.cells["level1"] = own = first
        elif own:
            first, second = own, None
        below = row.cells.get("level2")
        if below and second is not None and own in (None, first) and _completes(second, below, is_second, words):
            second.extend(below)
            row.cells["level2"] = second
        elif below:
            second = below
        _one_level(row, first, words)
        if row.cells.get("level2") is not below and row.cells.get("level1") is below and below:
            first, second = below, None
        if first is not None:
            row.cells.setdefault("level1", first)
        if second is not None:
            row.cells.setdefault("level2", second)


def _completes(known: list[Piece], more: list[Piece], test: Callable[[str, Words], bool], words: Words) -> bool:
    return not test(bare(more), words) and test(bare(known) + bare(more), words)


def _one_level(row: Indicator, above: list[Piece] | None, words: Words) -> None:
    """Where only one level is printed, decide which it is: 成本指标 and 满意度指标 may be either."""
    second = row.cells.get("level2")
    if "level1" in row.cells or second is None:
        return
    text = level_name(bare(second))
    upper = words.first.get(level_name(bare(above))) if above else None
    if text in words.first and (upper is None or text not in upper.second):
        row.cells["level1"] = second
        del row.cells["level2"]


def proper(rows: Sequence[Indicator], words: Words) -> list[Indicator]:
    """Leave out rows whose name is none: a bare unit, or what other rows print in one of their closed columns."""
    kinds: tuple[Kind, ...] = ("basis", "rule", "evidence")
    printed = {id(row): {row.text(kind) for kind in kinds} for row in rows}
    out = []
    for row in rows:
        name = row.text("name")
        elsewhere = any(name in texts for key, texts in printed.items() if key != id(row))
        if len(name) < 2 or name.strip("()") in words.units or elsewhere:
            continue
        if name.endswith("指标") and any(name.endswith(level) for level in words.second):
            row.doubt = row.doubt or "the name runs into a level that is printed beside it"
        out.append(row)
    return out


def tidy(rows: Sequence[Indicator], words: Words) -> None:
    """Leave out what can't be right: broken levels, a second level under a first that never has it."""
    for row in rows:
        for kind in ("level1", "level2"):
            if kind in row.cells and not _whole(row.text(kind), words):
                del row.cells[kind]
        upper, lower = level_name(row.text("level1")), level_name(row.text("level2"))
        if upper in words.first and lower in words.second and lower not in words.first[upper].second:
            del row.cells["level1"]
        for kind in TEXTS:
            found = row.cells.get(kind, [])
            several = len(found) > 1 and all(shape_of(p.text) in ("number", "points") for p in found)
            if found and (several or shape_of(row.text(kind)) == "nothing"):  # several weights are no target
                del row.cells[kind]
        for kind in ("rule", "basis", "evidence"):
            if kind in row.cells and is_level(row.text(kind), words):
                del row.cells[kind]


def _whole(text: str, words: Words) -> bool:
    """Whether this is a whole level: a known one, or no beginning or end of a known one."""
    if not text:
        return False
    if is_first(text, words) or is_second(text, words):
        return True
    known = (*words.first, *words.second)
    return len(text) > 1 and not any(n.startswith(text) or n.endswith(text) for n in known)


def weigh(rows: Sequence[Indicator], kinds: Sequence[str]) -> None:
    """Doubt scores above their weights: no indicator has them, so one of the two is another number."""
    if not {"weight", "score"} <= set(kinds):
        return
    for row in rows:
        weight, score = row.number("weight"), row.number("score")
        if weight is not None and score is not None and score > weight:
            row.options["weight"] = row.options["score"] = ("weight", "score")


def numbered(rows: Sequence[Indicator], kind: Kind) -> Iterator[Decimal]:
    """Yield the points of a column."""
    for row in rows:
        value = row.number(kind)
        if value is not None:
            yield value
