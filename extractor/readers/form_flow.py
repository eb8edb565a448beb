"""Indicators without cells: one cell per line, or blanks between them and the empty ones dropped.

The tokens are read in their order; each belongs to the column of the token before it, to one further right, or begins
the next indicator. The cheapest reading is taken (Viterbi): a token costs by its shape in a column, an empty column by
how seldom it is empty. What a line break can't tell for certain is marked or left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.forms import IndicatorColumn, Kind, Words

from .form_certain import settle
from .form_fit import NEVER, fit, is_second
from .form_head import Header
from .form_pieces import Piece
from .form_reading import FREE, Reading
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


@dataclass(slots=True)
class _Path:
    """Where the cheapest reading up to a token came from."""

    cost: float
    before: int  # state before; -1 at the start
    column: int | None  # None: the token belongs to no cell
    new: bool = False


def flow_rows(found: Sequence[Piece], header: Header, words: Words) -> list[Indicator]:
    """Read the indicators below a header."""
    stream = tokens(found, header.text, words)
    usual = [t for t in stream if not t.tail]
    reads = _split(stream, _best(usual, header.columns, words), header.columns)
    settle(reads, header, words)
    for read in reads:
        read.indicator.kept = "name" in read.indicator.cells and ("weight" in read.cells or _hard_value(read))
    return [r.indicator for r in reads]


def _hard_value(read: Reading) -> bool:
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
        row = _row_cost(before, token)
        for j, column in enumerate(columns):
            first = _emission(column, token, before, after, words)
            begins = column.kind in ("level1", "level2", "name")
            # A column in which the token can't stand can only be gone on with.
            for state, cost in states.items() if first < NEVER else [(j, states[j])] if j in states else ():
                if state == j:
                    step, new = _going_on(column, before, token), False
                elif state < j:
                    step, new = first + skip[j] - skip[state + 1], state < 0
                else:
                    step, new = NEVER, False
                if step < NEVER and (j not in here or cost + step < here[j].cost):
                    here[j] = _Path(cost + step, state, j, new)
                if state >= 0 and first < NEVER and begins:
                    step = first + skip[len(columns)] - skip[state + 1] + skip[j] + row
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


def _emission(column: IndicatorColumn, token: Token, before: Token | None, after: Token | None, words: Words) -> float:
    cost = fit(column.kind, token.text)
    if column.kind == "level1":
        second = after is not None and after.shape == "level" and is_second(after.text, words)
        # A first level that no list knows: at the very top, or on one line with the second level.
        if cost and not (second and after and (before is None or before.line < token.line == after.line)):
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
    if token.shape not in (*FREE, "evidence") or before.shape not in FREE:
        return NEVER
    return _GO_ON[column.kind] + (_SIDE_BY_SIDE if before.line == token.line else 0)


def _split(
    stream: Sequence[Token], path: Sequence[tuple[int | None, bool]], columns: Sequence[IndicatorColumn]
) -> list[Reading]:
    """Make the rows; the rest of a name that was wrapped around its values goes back to it."""
    reads: list[Reading] = []
    steps = iter(path)
    for token in stream:
        if token.tail:
            if reads:
                reads[-1].put("name", token)
            continue
        spot, new = next(steps)
        if new:
            reads.append(Reading())
        if not reads:
            continue
        if spot is None:
            reads[-1].noise.append(token)
        elif columns[spot].kind != "ignored":
            reads[-1].put(columns[spot].kind, token)
    return reads
