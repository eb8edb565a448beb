"""Row numbers (行次): final accounts number the rows of each side, between a label and its amount."""

from collections.abc import Sequence

from extractor.normalize import Line, squeeze

from .tokens import Token, cells

_GAP = 40  # rows that may be missing between two numbers


def without_ordinals(lines: Sequence[list[Token]], header: Sequence[Line], *, grid: bool) -> list[list[Token]]:
    """Drop the row numbers of a table whose header names them; amounts, which don't count up, stay."""
    if not any("行次" in squeeze(line.text) for line in header):
        return list(lines)
    if grid:
        numbered = {i for line in header for i, (_, text) in enumerate(cells(line.text)) if squeeze(text) == "行次"}
        if numbered:
            return [kept for line in lines if (kept := [t for t in line if t.cell not in numbered])]
    counted: list[int] = []  # the last number of each side
    return [kept for line in lines if (kept := [t for t in line if not _counts_up(t, counted)])]


def _counts_up(token: Token, counted: list[int]) -> bool:
    if not token.whole or len(token.text) > 3:
        return False
    value = int(token.text)
    nearest = max((last for last in counted if value - last > 0), default=None)
    if nearest is not None and value - nearest <= (_GAP if len(counted) == 2 else 2):
        counted[counted.index(nearest)] = value
        return True
    if len(counted) < 2:
        counted.append(value)
        return True
    return False
