"""Indicators without cells: one cell per line, or blanks between them and the empty ones dropped.

The tokens are read in their order; each belongs to the column of the token before it, to one further right, or begins
the next indicator. The cheapest reading is taken (Viterbi): a token costs by its shape in a column, an empty column by
how seldom it is empty. What a line break can't tell for certain is marked or left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from extractor.forms import IndicatorColumn, Kind, Words, forms

from .form_fit import NEVER, fit, is_rule, is_second
from .form_head import Header
from .form_pieces import Piece
from .form_rows import Indicator
from .form_tokens import Token, tokens

_SKIP: dict[Kind, float] = {
    "name": 8, "value": 4, "basis": 2.5, "last": 1.2, "weight": 8, "rule": 3, "evidence": 3, "actual": 4, "rate": 3,
    "score": 4, "level1": 0, "level2": 0, "deviation": 0, "ignored": 0,
}  # fmt: skip
_GO_ON: dict[Kind, float] = {
    "name": 0.1, "value": 1, "basis": 0.6, "last": 0.6, "rule": 0.8, "evidence": 0.8, "actual": 0.8, "deviation": 0.1,
    "ignored": 1,
}  # fmt: skip
_SIDE_BY_SIDE = 0.5  # two tokens of one cell on one line
_NEW_ROW = 0.3
_NEW_ROW_INSIDE_LINE = 2.0
_NOISE = 5.0  # a token that belongs to no cell
_NOISE_NUMBER = 3.0
_FREE = ("text",)


@dataclass(slots=True)
class _Path:
    """Where the cheapest reading up to a token came from."""

    cost: float
    before: int  # state before; -1 at the start
    column: int | None  # None: the token belongs to no cell
    new: bool = False


@dataclass(slots=True)
class _Read:
    """An indicator with its tokens, for the checks of what is certain."""

    indicator: Indicator
    cells: dict[Kind, list[Token]] = field(default_factory=dict)
    noise: list[Token] = field(default_factory=list)


def flow_rows(found: Sequence[Piece], header: Header, words: Words) -> list[Indicator]:
    """Read the indicators below a header."""
    stream = tokens(found, header.text, words)
    usual = [t for t in stream if not t.tail]
    reads = _split(stream, _best(usual, header.columns, words), header.columns)
    wrapped = _spill(reads, header)
    for before, read in zip((None, *reads), reads, strict=False):
        _certain(before, read, wrapped=wrapped)
    _whole_rules(reads, words)
    _numbers(reads, header)
    return [r.indicator for r in reads if "name" in r.cells and ("weight" in r.cells or _hard_value(r))]


def _hard_value(read: _Read) -> bool:
    return any(t.shape in ("target", "percent", "measure") for t in read.cells.get("value", ()))


def _best(stream: Sequence[Token], columns: Sequence[IndicatorColumn], words: Words) -> list[tuple[int | None, bool]]:
    """Return column and "begins a row" for each token of the cheapest reading."""
    skip = [0.0]
    for column in columns:
        skip.append(skip[-1] + _SKIP[column.kind])
    states: dict[int, float] = {-1: 0.0}
    trail: list[dict[int, _Path]] = []
    for index, token in enumerate(stream):
        before = stream[index - 1] if index else None
        after = stream[index + 1] if index + 1 < len(stream) else None
        noise = _NOISE_NUMBER if token.shape in ("number", "nothing") else _NOISE
        here = {state: _Path(cost + noise, state, None) for state, cost in states.items()}
        for j, column in enumerate(columns):
            first = _emission(column, token, after, words)
            for state, cost in states.items():
                if state == j:
                    step, new = _going_on(column, before, token), False
                elif state < j:
                    step, new = first + skip[j] - skip[state + 1], state < 0
                else:
                    step, new = NEVER, False
                if step < NEVER and (j not in here or cost + step < here[j].cost):
                    here[j] = _Path(cost + step, state, j, new)
                if state >= 0 and first < NEVER and column.kind in ("level1", "level2", "name"):
                    step = first + skip[len(columns)] - skip[state + 1] + skip[j] + _row_cost(before, token)
                    if j not in here or cost + step < here[j].cost:
                        here[j] = _Path(cost + step, state, j, new=True)
        trail.append(here)
        states = {state: path.cost for state, path in here.items()}
    return _trace(trail, states, skip)


def _trace(
    trail: Sequence[dict[int, _Path]], states: dict[int, float], skip: Sequence[float]
) -> list[tuple[int | None, bool]]:
    state = min(states, key=lambda s: states[s] + (skip[-1] - skip[s + 1] if s >= 0 else 0))
    out: list[tuple[int | None, bool]] = []
    for here in reversed(trail):
        path = here[state]
        out.append((path.column, path.new))
        state = path.before
    return out[::-1]


def _row_cost(before: Token | None, token: Token) -> float:
    inside = before is not None and before.line == token.line and token.shape != "level"
    return _NEW_ROW_INSIDE_LINE if inside else _NEW_ROW


def _emission(column: IndicatorColumn, token: Token, after: Token | None, words: Words) -> float:
    cost = fit(column.kind, token.text, words)
    if column.kind == "level1":
        if cost and not (after and after.shape == "level" and is_second(after.text, words)):
            return NEVER
        return cost + (0.05 if is_second(token.text, words) else 0)
    return NEVER if column.kind == "level2" and cost else cost


def _going_on(column: IndicatorColumn, before: Token | None, token: Token) -> float:
    """Return the cost of a token that goes on with the cell of the token before."""
    if before is None or column.kind not in _GO_ON:
        return NEVER
    if column.kind == "name":
        dear = {"text": 0.0, "evidence": 1.5, "basis": 4.0, "measure": 4.0}.get(token.shape, NEVER)
        return dear + _GO_ON["name"] + (_SIDE_BY_SIDE if before.line == token.line else 0)
    if token.shape not in (*_FREE, "evidence") or before.shape not in _FREE:
        return NEVER
    return _GO_ON[column.kind] + (_SIDE_BY_SIDE if before.line == token.line else 0)


def _split(
    stream: Sequence[Token], path: Sequence[tuple[int | None, bool]], columns: Sequence[IndicatorColumn]
) -> list[_Read]:
    """Make the rows; the rest of a name that was wrapped around its values goes back to it."""
    reads: list[_Read] = []
    steps = iter(path)
    for token in stream:
        if token.tail:
            if reads:
                _put(reads[-1], "name", token)
            continue
        spot, new = next(steps)
        if new:
            reads.append(_Read(Indicator()))
        if not reads:
            continue
        if spot is None:
            reads[-1].noise.append(token)
        elif columns[spot].kind != "ignored":
            _put(reads[-1], columns[spot].kind, token)
    return reads


def _put(read: _Read, kind: Kind, token: Token) -> None:
    read.cells.setdefault(kind, []).append(token)
    read.indicator.cells.setdefault(kind, []).extend(token.pieces)


_ORDER: tuple[Kind, ...] = ("value", "basis", "last", "rule", "evidence", "actual", "deviation")


def _wrapped(cells: Iterable[Sequence[Token]]) -> bool:
    """Whether cells are broken over lines in this form; then a line break doesn't part two texts."""
    return any(len({p.line for t in cell for p in t.pieces}) > 1 for cell in cells)


def _spill(reads: Sequence[_Read], header: Header) -> bool:
    """Part the reason for a low score from the name below it; return whether cells are broken over lines.

    Where points are missing, an office gives the reason in the last column, and text before the next target is more
    than a name. Without broken cells the line break tells; else the widths of the lines do, and the name is doubted.
    """
    spilt = []
    if "deviation" in header.kinds:
        for before, read in pairwise(reads):
            weight, score = before.indicator.number("weight"), before.indicator.number("score")
            short = weight is not None and score is not None and score < weight and "deviation" not in before.cells
            if short and not {"level1", "level2"} & read.cells.keys() and len(_by_line(read)) > 1:
                spilt.append((before, read))
    apart = [r for _, r in spilt]
    wrapped = _wrapped(c for r in reads for k, c in r.cells.items() if k != "name" or not any(r is a for a in apart))
    widths = [len(_printed(line)) for r in reads if not any(r is a for a in apart) for line in _by_line(r)]
    for before, read in spilt:
        lines = _by_line(read)
        cut = 1 if not wrapped and len(lines) == 2 else _cut(lines, max(widths, default=0))  # noqa: PLR2004
        if wrapped or len(lines) > 2:  # noqa: PLR2004
            read.indicator.doubt = "the reason for the score above stands before this name, without a mark between them"
        if cut:
            first = len([t for line in lines[:cut] for t in line])
            name = read.cells.pop("name")
            read.indicator.cells.pop("name")
            for token in name[first:]:
                _put(read, "name", token)
            if not read.indicator.doubt:
                for token in name[:first]:
                    _put(before, "deviation", token)
    return wrapped


def _by_line(read: _Read) -> list[list[Token]]:
    return [list(g) for _, g in groupby(read.cells.get("name", ()), key=lambda t: t.line)]


def _cut(lines: Sequence[Sequence[Token]], width: int) -> int:
    """Return after how many lines the name begins: its lines are full but for the last, as are those above; 0 if open."""
    sizes = [len(_printed(line)) for line in lines]
    good = []
    for cut in range(1, len(sizes)):
        above, name = sizes[:cut], sizes[cut:]
        full = all(s >= max(above) - 1 for s in above[:-1]) and all(s >= width - 1 for s in name[:-1])
        if full and max(name) <= width:
            good.append(cut)
    return good[0] if len(good) == 1 else 0


def _certain(before: _Read | None, read: _Read, *, wrapped: bool) -> None:
    """Mark a name whose first or last line may belong to its neighbour, and drop texts that can't be told apart."""
    name = read.cells.get("name", [])
    row = read.indicator
    if name and before is not None and "level2" not in read.cells and "level1" not in read.cells:
        last = _last(before)
        if last is not None and last[0] != "name" and _open(*last) and (wrapped or _one_line(last[1], name)):
            row.doubt = f"the text doesn't tell where {_printed(last[1])!r} ends and this name begins"
            before.indicator.cells.pop(last[0], None)
    value = read.cells.get("value", [])
    if name and value and value[0].shape in _FREE and not _apart(name, value, read, wrapped=wrapped):
        row.doubt = row.doubt or "the text doesn't tell where this name ends and its target begins"
        row.cells.pop("value")
    if _unbalanced("".join(t.text for t in name)):
        row.doubt = row.doubt or "a bracket in this name has no partner"
    for left, right in zip(_ORDER, _ORDER[1:], strict=False):
        cells = read.cells.get(left, []), read.cells.get(right, [])
        if all(c and c[0].shape in _FREE for c in cells) and len(cells[0]) + len(cells[1]) > 2:  # noqa: PLR2004
            row.cells.pop(left, None)
            row.cells.pop(right, None)


def _whole_rules(reads: Sequence[_Read], words: Words) -> None:
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


def _last(read: _Read) -> tuple[Kind, list[Token]] | None:
    """Return the cell that was printed last."""
    kinds = [k for k in read.cells if k not in ("level1", "level2")]
    ends = [(read.cells[k][-1].pieces[-1].place.start, k) for k in kinds if not read.cells[k][-1].tail]
    return (max(ends)[1], read.cells[max(ends)[1]]) if ends else None


def _open(kind: Kind, cell: Sequence[Token]) -> bool:
    """Whether more text could belong to a cell: it holds no number and no phrase of its column."""
    shape = cell[-1].shape
    return shape in _FREE or (shape in ("rule", "basis", "evidence") and shape != kind)


def _one_line(last: Sequence[Token], name: Sequence[Token]) -> bool:
    """Whether no line break parts a text from the name behind it."""
    return last[-1].line == name[0].line


def _apart(name: Sequence[Token], value: Sequence[Token], read: _Read, *, wrapped: bool) -> bool:
    """Whether a target in words is told from the name before it."""
    starts = forms().words.value_starts
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


def _printed(found: Sequence[Token]) -> str:
    return "".join(t.text for t in found)


def _unbalanced(text: str) -> bool:
    return any(text.count(a) != text.count(b) for a, b in ("()", "“”", "《》", "[]"))


def _unsettled(read: _Read) -> None:
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
        if any(t.shape in (*_FREE, "evidence") for t in read.cells[kind]):
            row.cells.pop(kind, None)
    if "name" in beside or any(t.shape == "number" for t in read.noise):
        row.doubt = row.doubt or "something in this row has no place"


def _numbers(reads: Sequence[_Read], header: Header) -> None:
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
