"""Indicators in tab and pipe tables: cells by their place, shifted and cut rows put right by their shape."""

from collections.abc import Iterable, Sequence
from itertools import accumulate, groupby

from extractor.forms import IndicatorColumn, Kind, Words

from .form_fit import NEVER, fit, is_first, is_level, is_rule, is_second, shape_of
from .form_head import Header
from .form_pieces import Piece, bare
from .form_reading import FREE
from .form_rows import Indicator

_OFFSET = 0.3  # cost of each cell that a value stands beside its column
_OFFSET_MOST = 1.5
_LOST = 6.0  # cost of leaving a cell out
_SKIP: dict[str, float] = {"name": 5, "value": 2, "weight": 4, "score": 2, "rate": 1}
Cells = list[tuple[int, list[Piece]]]
_Path = tuple["int | None", "_Path"] | None


def grid_rows(found: Sequence[Piece], header: Header, words: Words) -> list[Indicator]:
    """Read the rows below a header, one per line; a line without a weight goes on with the row above or below it."""
    rows: list[Indicator] = []
    loose: list[tuple[int, Cells]] = []  # lines that are no row, with the number of rows above them
    open_end = False  # whether the line above ends with words that may go on
    for _, group in groupby(found, key=lambda p: p.line):
        cells = _cells(group)
        if not cells or sum(bare(c) in words.column_of for _, c in cells) >= min(3, len(header.columns)):
            continue
        cells = [c for c in cells if bare(c[1]) not in words.margin]
        placed = align(cells, header)
        if _is_row(placed, header, words):
            row = Indicator(placed, options=_lone(placed, header))
            if open_end and cells[0][0] == 0 and placed.get("name") is cells[0][1] and _shifted(row, header):
                row.doubt = f"{bare(cells[0][1])!r} may be the rest of what stands at the end of the line above"
            rows.append(row)
        elif cells:
            loose.append((len(rows), cells))
        open_end = shape_of(bare(cells[-1][1])) in FREE and "weight" not in placed
    _attach(rows, loose, header, words)
    for row in rows:
        row.kept = "name" in row.cells
    return rows


def _is_row(placed: dict[Kind, list[Piece]], header: Header, words: Words) -> bool:
    """Whether a line holds an indicator: its weight, or a name with a target or a phrase that goes on with nothing."""
    if "weight" in placed:
        return True
    if "name" not in placed:
        return False
    texts = {kind: bare(cell) for kind, cell in placed.items()}
    numbers = [shape_of(texts.get(kind, "")) for kind in ("value", "actual", "last")]
    return (
        any(shape in ("target", "percent", "measure", "slash") for shape in numbers)
        or texts.get("basis") in words.basis
        or texts.get("rule") in words.rule.words
        or texts.get("evidence") in words.evidence.words
        or ("value" in texts and "weight" not in header.kinds)
    )


def _cells(group: Iterable[Piece]) -> Cells:
    cells: dict[int, list[Piece]] = {}
    for piece in group:
        if piece.column is not None:
            cells.setdefault(piece.column, []).append(piece)
    return sorted(cells.items())


def align(cells: Cells, header: Header) -> dict[Kind, list[Piece]]:
    """Put the cells of one line into columns, in their order, at the least cost of shape and place."""
    columns = header.columns
    places = [p if p is not None else i for i, p in enumerate(header.places)]
    home = dict(zip(places, columns, strict=True))
    if all(place in home and _fits(home[place].kind, bare(c)) for place, c in cells):
        return {home[place].kind: c for place, c in cells if home[place].kind != "ignored"}
    # best[j]: cost and placement of the cells so far in the columns before j, the last cell first
    skips = [_SKIP.get(column.kind, 0.0) for column in columns]
    best: list[tuple[float, _Path]] = [(cost, None) for cost in accumulate(skips, initial=0.0)]
    for place, found in cells:
        text = bare(found)
        lost = _LOST if shape_of(text) not in ("nothing", "slash") else 1.0
        new: list[tuple[float, _Path]] = [(best[0][0] + lost, (None, best[0][1]))]
        for j, column in enumerate(columns):
            cost = fit(column.kind, text)
            offset = _OFFSET * abs(place - places[j])
            offset = min(_OFFSET_MOST, offset)
            if column.kind in ("level1", "level2") and 0 < cost < NEVER and place == places[j]:
                cost = 0.5
            least: tuple[float, _Path] = (best[j + 1][0] + lost, (None, best[j + 1][1]))
            if cost < NEVER and best[j][0] + cost + offset <= least[0]:
                least = (best[j][0] + cost + offset, (j, best[j][1]))
            passed = new[j][0] + skips[j]
            new.append(least if least[0] <= passed else (passed, new[j][1]))
        best = new
    placed = {}
    for (_, found), spot in zip(cells, _spots(best[-1][1]), strict=True):
        if spot is not None and columns[spot].kind != "ignored":
            placed[columns[spot].kind] = found
    return placed


def _spots(path: _Path) -> list[int | None]:
    spots = []
    while path is not None:
        spot, path = path
        spots.append(spot)
    return spots[::-1]


def _fits(kind: Kind, text: str) -> bool:
    """Whether a cell can stand in its own column; weights may be printed with a percent sign there."""
    return fit(kind, text) < NEVER or (kind == "weight" and shape_of(text) == "percent")


def _lone(placed: dict[Kind, list[Piece]], header: Header) -> dict[Kind, tuple[Kind, ...]]:
    """Doubt a lone number of points that stands in the column of the other one: a weight or a score."""
    home = {c.kind: p for c, p in zip(header.columns, header.places, strict=True)}
    pairs: tuple[tuple[Kind, Kind], ...] = (("weight", "score"), ("score", "weight"))
    return {
        kind: ("weight", "score")
        for kind, other in pairs
        if kind in placed and other not in placed and home.get(other) == placed[kind][0].column is not None
    }


def _attach(rows: list[Indicator], loose: Sequence[tuple[int, Cells]], header: Header, words: Words) -> None:
    """Give lines that are no rows to the row that they go on with: the one above, or one below that lacks a name."""
    for index, cells in reversed(loose):
        above = rows[index - 1] if index else None
        below = rows[index] if index < len(rows) else None
        named = any(shape_of(bare(c)) == "text" for _, c in cells)
        if above is None or (named and "name" in above.cells and below is not None and "name" not in below.cells):
            used = _join(below, cells, header, words, before=True) if below is not None else {}
        else:
            used = _join(above, cells, header, words, before=False)
            if used.keys() == {"name"} and below is not None and "name" in below.cells:
                text = bare(cells[0][1])
                above.doubt = above.doubt or f"the text doesn't tell whether {text!r} ends this name or begins the next"
                below.doubt = below.doubt or f"the text doesn't tell whether {text!r} begins this name"
        if cells[0][0] == 0 and used.keys().isdisjoint(("level1", "level2")):  # where what a line break parts goes on
            for row in (above, below):
                if row is not None and _shifted(row, header):
                    row.doubt = row.doubt or f"{bare(cells[0][1])!r} beside it may be its own; its cells are shifted"
        left = [c for _, c in cells if is_level(bare(c), words) and not any(c is u for u in used.values())]
        if left:  # a level without an indicator still ends the level above
            kind: Kind = "level1" if is_first(bare(left[0]), words) else "level2"
            rows.insert(index, Indicator({kind: left[0]}, kept=False))


def _shifted(row: Indicator, header: Header) -> bool:
    """Whether a cell of a row stands outside its column."""
    home = {c.kind: p for c, p in zip(header.columns, header.places, strict=True)}
    return any(home.get(kind) not in (None, p.column) for kind, found in row.cells.items() for p in found[:1])


def _join(row: Indicator, cells: Cells, header: Header, words: Words, *, before: bool) -> dict[Kind, list[Piece]]:
    """Append (or prepend) the cells of a line to those of a row, in order; return them by column."""
    used: dict[Kind, list[Piece]] = {}
    least = 0
    for place, found in cells:
        best: tuple[float, int] | None = None
        for j, column in enumerate(header.columns):
            if j < least:
                continue
            cost = _joint(row, column, bare(found), words, before=before)
            home = header.places[j]
            cost += _OFFSET * abs(place - (j if home is None else home))
            if cost < NEVER and (best is None or cost < best[0]):
                best = (cost, j)
        if best is None:
            continue
        kind = header.columns[best[1]].kind
        if kind == "name" and place == 0 and header.places[best[1]] not in (None, place):
            row.doubt = row.doubt or f"{bare(found)!r} stands outside the column of this name and may not belong to it"
        if kind == "name" and any(level.startswith(bare(found)) for level in words.whole_levels):
            row.doubt = row.doubt or f"{bare(found)!r} may be the beginning of a level, and no part of this name"
        old = row.cells.get(kind, [])
        row.cells[kind] = [*found, *old] if before else [*old, *found]
        used[kind] = found
        least = best[1] + 1
    return used


def _joint(row: Indicator, column: IndicatorColumn, text: str, words: Words, *, before: bool) -> float:
    """Return the cost of going on with a cell: nothing where a known word comes of it."""
    kind = column.kind
    old = row.text(kind)
    if kind in ("weight", "score", "ignored") or (not old and kind != "name"):
        return NEVER
    whole = text + old if before else old + text
    if kind in ("level1", "level2"):
        test = is_first if kind == "level1" else is_second
        return 0.0 if test(whole, words) else NEVER
    if kind == "rule":
        return 0.0 if is_rule(whole, words) and not is_rule(old, words) else 2.0
    if kind == "rate":
        return 0.0 if shape_of(whole) == "percent" else NEVER
    shapes = (shape_of(old), shape_of(whole))
    if shapes[0] in ("percent", "slash", "nothing", "basis"):
        return NEVER
    if shapes[0] in ("target", "measure", "number"):
        return 0.0 if whole.endswith(words.units) and shapes[1] in ("target", "measure", "percent") else NEVER
    return 0.3 if kind == "name" or shapes[1] != "text" else 0.4
