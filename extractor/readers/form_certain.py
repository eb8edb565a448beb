"""What is certain of an indicator read from running text; the rest is marked or left out."""

import re
from collections.abc import Sequence
from itertools import pairwise

from extractor.forms import Kind, Words

from .form_fit import is_rule
from .form_head import Header
from .form_names import around, spill
from .form_reading import FREE, Reading, printed
from .form_tokens import Token

_ORDER: tuple[Kind, ...] = ("value", "basis", "last", "rule", "evidence", "actual", "deviation")


def settle(reads: list[Reading], header: Header, words: Words) -> None:
    """Put names together, mark rows whose names aren't certain, and leave out texts that can't be told apart."""
    wrapped = spill(reads, header)
    around(reads)
    for before, read in zip((None, *reads), reads, strict=False):
        _certain(before, read, words, wrapped=wrapped)
    _whole_rules(reads, words)
    _numbers(reads, header)


def _certain(before: Reading | None, read: Reading, words: Words, *, wrapped: bool) -> None:
    """Mark a name whose first or last line may belong to its neighbour, and drop texts that can't be told apart."""
    name = read.cells.get("name", [])
    row = read.indicator
    if name and before is not None and "level2" not in read.cells and "level1" not in read.cells:
        last = _last(before)
        if last is not None and last[0] != "name" and _open(*last) and (wrapped or _one_line(last[1], name)):
            row.doubt = f"the text doesn't tell where {printed(last[1])!r} ends and this name begins"
            before.indicator.cells.pop(last[0], None)
    value = read.cells.get("value", [])
    if name and value and value[0].shape in FREE and not _apart(name, value, read, words, wrapped=wrapped):
        row.doubt = row.doubt or "the text doesn't tell where this name ends and its target begins"
        row.cells.pop("value")
    if _unbalanced("".join(t.text for t in name)):
        row.doubt = row.doubt or "a bracket in this name has no partner"
    inside = re.search(r"\(([^()]{1,6})\)(?=[^)\]])", "".join(t.text for t in name))
    if inside and inside[1] in words.units and len(name) > 1:
        row.doubt = row.doubt or "a unit stands inside this name, so it may be two"
    for left, right in zip(_ORDER, _ORDER[1:], strict=False):
        cells = read.cells.get(left, []), read.cells.get(right, [])
        if all(c and c[0].shape in FREE for c in cells) and len(cells[0]) + len(cells[1]) > 2:
            row.cells.pop(left, None)
            row.cells.pop(right, None)


def _whole_rules(reads: Sequence[Reading], words: Words) -> None:
    """Doubt a row whose rule breaks off, and the next one: what is missing has slipped into a name."""
    whole = {*words.rule.words, *(r.indicator.text("rule") for r in reads)}
    for read, after in zip(reads, (*reads[1:], None), strict=True):
        rule = read.indicator.text("rule")
        cut = bool(rule) and not is_rule(rule, words) and any(w.startswith(rule) for w in whole - {rule})
        spilt = any(end in read.indicator.text("name") for end in words.rule.ends)
        for row in (read, after) if cut else (read,) if spilt else ():
            if row is not None:
                row.indicator.doubt = row.indicator.doubt or "a cell beside this name is cut off; the rest may be in it"
        if cut:
            read.indicator.cells.pop("rule")


def _last(read: Reading) -> tuple[Kind, list[Token]] | None:
    """Return the cell that was printed last."""
    kinds = [k for k in read.cells if k not in ("level1", "level2")]
    ends = [(read.cells[k][-1].pieces[-1].place.start, k) for k in kinds if not read.cells[k][-1].tail]
    return (max(ends)[1], read.cells[max(ends)[1]]) if ends else None


def _open(kind: Kind, cell: Sequence[Token]) -> bool:
    """Whether more text could belong to a cell: it holds no number and no phrase of its column."""
    shape = cell[-1].shape
    return shape in FREE or (shape in ("rule", "basis", "evidence") and shape != kind)


def _one_line(last: Sequence[Token], name: Sequence[Token]) -> bool:
    """Whether no line break parts a text from the name behind it."""
    return last[-1].line == name[0].line


def _apart(name: Sequence[Token], value: Sequence[Token], read: Reading, words: Words, *, wrapped: bool) -> bool:
    """Whether a target in words is told from the name before it."""
    starts = words.value_starts
    if value[0].text.startswith(starts) and not any(t.text.startswith(starts) for t in (*name[1:], *value[1:])):
        return True
    if len(value) > 1:
        return False
    if not wrapped and name[-1].line != value[0].line:
        return True
    line = value[0].line
    beside = [t for k, cell in read.cells.items() if k not in ("name", "value", "level1", "level2") for t in cell]
    if not any(t.line == line for t in beside):
        return False
    return name[-1].line != line or len(name) == 1


def _unbalanced(text: str) -> bool:
    return any(text.count(a) != text.count(b) for a, b in ("()", "“”", "《》", "[]"))


def _unsettled(read: Reading) -> None:
    """Leave out free text beside what has no place, and doubt a row with a number or name beside it."""
    row = read.indicator
    starts = {t.pieces[0].place.start for t in read.noise}
    order = sorted(
        [(t.pieces[0].place.start, k, t) for k, cell in read.cells.items() for t in cell]
        + [(t.pieces[0].place.start, None, t) for t in read.noise],
        key=lambda o: o[0],
    )
    beside = {k for a, b in pairwise(order) for k, other in ((a[1], b), (b[1], a)) if k and other[0] in starts}
    for kind in beside & set(_ORDER):
        if any(t.shape in (*FREE, "evidence") for t in read.cells[kind]):
            row.cells.pop(kind, None)
    if "name" in beside or any(t.shape == "number" for t in read.noise):
        row.doubt = row.doubt or "something in this row has no place"


def _numbers(reads: Sequence[Reading], header: Header) -> None:
    """Doubt numbers that could stand in another column: a weight or score beside a number that has no place."""
    kinds = set(header.kinds)
    for read in reads:
        cells = read.cells
        if read.noise:
            _unsettled(read)
        if {"weight", "score"} <= kinds and ("weight" in cells) != ("score" in cells):
            between = {"rule", "evidence", "actual", "rate"} & cells.keys()
            if not between & {"rule", "rate"}:
                here: Kind = "weight" if "weight" in cells else "score"
                read.indicator.options[here] = ("weight", "score")
