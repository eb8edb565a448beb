"""What is certain of an indicator read from running text; the rest is marked or left out."""

import re
from collections.abc import Sequence
from itertools import pairwise

from extractor.forms import NUMBERS, Kind, Words

from .form_fit import NEVER, fit, is_rule
from .form_head import Header
from .form_lost import lost, seams
from .form_names import around, spill
from .form_reading import FREE, LEVELS, Reading, printed
from .form_tokens import Token

_INNER_UNIT = re.compile(r"\(([^()]{1,6})\)(?=[^)\]])")


def settle(reads: list[Reading], header: Header, words: Words) -> None:
    """Put names together, mark rows whose names aren't certain, and leave out texts that can't be told apart."""
    wrapped = spill(reads, header)
    around(reads)
    seams(reads)
    lost(reads, header, words)
    kinds = [c.kind for c in header.columns if c.kind not in (*LEVELS, "name", "ignored")]
    for before, read in zip((None, *reads), reads, strict=False):
        _name(before, read, words, wrapped=wrapped)
    if reads:
        _whole_rules(reads, words)
    for read in reads:
        if read.noise:
            _unsettled(read, words)
        _number(read, header, words)
        _hanging(read)
        for kind in _movable(read, kinds, words) | _fused(read, kinds, words):
            read.drop(kind)


def _hanging(read: Reading) -> None:
    """Mark a name where the text below a row with full marks may be the rest of it: nothing was missed for a reason."""
    deviation, name, score = (read.cells.get(kind) for kind in ("deviation", "name", "score"))
    full = score and printed(score) == printed(read.cells.get("weight", []))
    if not (deviation and name and score and full) or deviation[0].tail:
        return
    last = score[-1].line
    beside = [t for kind, cell in read.cells.items() if kind not in ("score", "deviation") for t in cell]
    if name[-1].line == last and deviation[0].line > last and any(t.line == last for t in beside):
        read.doubt(f"the text doesn't tell whether {printed(deviation)!r} belongs to this name")
        read.drop("deviation")


def _name(before: Reading | None, read: Reading, words: Words, *, wrapped: bool) -> None:
    """Mark a name whose first or last line may belong to its neighbour."""
    name = read.cells.get("name", [])
    if name and before is not None and not read.levelled:
        last = _last(before)
        if last is not None and last[0] != "name" and _open(*last) and (wrapped or last[1][-1].line == name[0].line):
            read.doubt(f"the text doesn't tell where {printed(last[1])!r} ends and this name begins")
            _drop_end(before, words)
    value = read.cells.get("value", [])
    if name and value and value[0].shape in FREE and not _apart(name, value, read, words, wrapped=wrapped):
        read.doubt("the text doesn't tell where this name ends and its target begins")
        read.drop("value")
    text, odd = printed(name), ""
    inside = _INNER_UNIT.search(text)
    if any(text.count(a) != text.count(b) for a, b in ("()", "“”", "《》", "[]")):
        odd = "a bracket in this name has no partner"
    elif inside and inside[1] in words.units and len(name) > 1:
        odd = "a unit stands inside this name, so it may be two"
    if odd:
        read.doubt(odd)
        if before is not None and not read.levelled:
            before.doubt("the end of this name may stand in front of the next one")


def _sure(read: Reading, kind: Kind, words: Words) -> bool:
    """Whether a text can only stand in its column: a phrase of it, or a target with its operator."""
    cell = read.cells[kind]
    text = printed(cell)
    if kind == "value":
        return cell[0].shape == "target" or words.is_value(text)
    return cell[0].shape == kind or (kind == "last" and cell[0].shape == "slash")


def _movable(read: Reading, kinds: Sequence[Kind], words: Words) -> set[Kind]:
    """Return the texts that fit an empty column beside their own as well, nothing certain standing between."""
    found: set[Kind] = set()
    grown = True
    while grown:
        grown = False
        for at, kind in enumerate(kinds):
            if kind in NUMBERS or kind in found or kind not in read.cells or _sure(read, kind, words):
                continue
            text = printed(read.cells[kind])
            for way in (kinds[:at][::-1], kinds[at + 1 :]):
                if _moves(read, text, way, found):
                    found.add(kind)
                    grown = True
    return found


def _moves(read: Reading, text: str, way: Sequence[Kind], moving: set[Kind]) -> bool:
    for kind in way:
        if kind in read.cells and kind not in moving:
            return False
        if kind not in NUMBERS and kind != "deviation" and fit(kind, text) < NEVER:
            return True
    return False


def _fused(read: Reading, kinds: Sequence[Kind], words: Words) -> set[Kind]:
    """Return neighbouring texts of several tokens, of which nothing tells where one ends and the other begins."""
    filled = [k for k in kinds if k in read.cells]
    found: set[Kind] = set()
    for left, right in pairwise(filled):
        both = (read.cells[left], read.cells[right])
        free = all(c[0].shape in FREE and not _sure(read, k, words) for c, k in zip(both, (left, right), strict=True))
        if free and len(both[0]) + len(both[1]) > 2:
            found |= {left, right}
    return found


def _drop_end(read: Reading, words: Words) -> None:
    """Leave out the texts at the end of a row whose end isn't certain."""
    ends = sorted(
        ((cell[-1].pieces[-1].place.start, k) for k, cell in read.cells.items() if k not in LEVELS and k != "name"),
        reverse=True,
    )
    for _, kind in ends:
        if kind in NUMBERS or _sure(read, kind, words):
            return
        read.drop(kind)


def _whole_rules(reads: Sequence[Reading], words: Words) -> None:
    """Doubt a row whose rule breaks off, and the next one: what is missing has slipped into a name."""
    whole = {*words.rule.words, *(r.indicator.text("rule") for r in reads)}
    for read, after in zip(reads, (*reads[1:], None), strict=True):
        rule = read.indicator.text("rule")
        cut = bool(rule) and not is_rule(rule, words) and any(w.startswith(rule) for w in whole - {rule})
        spilt = any(end in read.indicator.text("name") for end in words.rule.ends)
        for row in (read, after) if cut else (read,) if spilt else ():
            if row is not None:
                row.doubt("a cell beside this name is cut off; the rest may be in it")
        if cut:
            read.drop("rule")


def _last(read: Reading) -> tuple[Kind, list[Token]] | None:
    """Return the cell that was printed last."""
    kinds = [k for k in read.cells if k not in ("level1", "level2")]
    ends = [(read.cells[k][-1].pieces[-1].place.start, k) for k in kinds if not read.cells[k][-1].tail]
    return (max(ends)[1], read.cells[max(ends)[1]]) if ends else None


def _open(kind: Kind, cell: Sequence[Token]) -> bool:
    """Whether more text could belong to a cell: it holds no number and no phrase of its column."""
    shape = cell[-1].shape
    return shape in FREE or (shape in ("rule", "basis", "evidence") and shape != kind)


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


def _unsettled(read: Reading, words: Words) -> None:
    """Leave out free text beside what has no place, and doubt a row with a number or name beside it."""
    starts = {t.pieces[0].place.start for t in read.noise}
    order = sorted(
        [(t.pieces[0].place.start, k) for k, cell in read.cells.items() for t in cell] + [(s, None) for s in starts],
        key=lambda o: o[0],
    )
    beside: set[Kind] = set()
    for left, right in pairwise(order):
        beside |= {k for k, other in ((left[1], right), (right[1], left)) if k and other[0] in starts}
    for kind in beside - NUMBERS - LEVELS - {"name"}:
        if not _sure(read, kind, words) and any(t.shape in (*FREE, "evidence") for t in read.cells[kind]):
            read.drop(kind)
    if "name" in beside or (NUMBERS & beside and any(t.shape == "number" for t in read.noise)):
        read.doubt("something in this row has no place")


def _number(read: Reading, header: Header, words: Words) -> None:
    """Mark a weight that could be the score, or a score the weight: one is missing, and nothing between tells."""
    kinds = header.kinds
    if not {"weight", "score"} <= set(kinds) or ("weight" in read.cells) == ("score" in read.cells):
        return
    between = kinds[kinds.index("weight") + 1 : kinds.index("score")]
    closed = [k for k in read.cells if k in between and k != "actual"]
    if not any(_sure(read, k, words) or (k == "rate" and read.cells[k][0].shape == "percent") for k in closed):
        here: Kind = "weight" if "weight" in read.cells else "score"
        read.indicator.options[here] = ("weight", "score")
