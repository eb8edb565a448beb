"""Images of pages: size, skew, clean-ups to choose from, and the ruled grids on them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import cv2
import numpy as np

Image = Any
"""A grey picture: numpy array of rows of bytes, 0 black to 255 white."""

_GOOD = 2339  # pixels of the longer side of A4 at 200 dpi; below it rules and letters are hard to tell apart
_NEARLY = 0.9
_MAX_PIXELS = 60_000_000
_SKEW = 3.0  # degrees looked at, to each side
_NEAR = 4  # pixels between two marks of one rule
_INKED = 0.9  # of a rule is dark; characters below each other leave gaps


class ImageError(ValueError):
    """The image can't be read."""


def decoded(data: bytes) -> list[Image]:
    """Return the pages of an image file in grey.

    Raises:
        ImageError: It is broken or too large.
    """
    done, pages = cv2.imdecodemulti(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if not done or not pages:
        raise ImageError("it is broken or of an unknown kind")
    if any(p.shape[0] * p.shape[1] > _MAX_PIXELS for p in pages):
        raise ImageError(f"it has more than {_MAX_PIXELS // 1_000_000} million pixels")
    return list(pages)


def upright(page: Image) -> tuple[Image, Any]:
    """Return a page large enough and without skew, and the matrix (2 x 3) from the original's pixels to its own."""
    scale = _GOOD / max(page.shape) if max(page.shape) < _NEARLY * _GOOD else 1.0
    if scale != 1.0:
        page = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    height, width = page.shape
    angle = _skew(page)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    if abs(angle) > 0.05:
        page = cv2.warpAffine(page, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=255)
    else:
        matrix = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    return page, matrix @ np.diag([scale, scale, 1.0])


def _skew(page: Image) -> float:
    """Return the turn, in degrees, under which dark and light rows differ most."""
    scale = 900 / max(page.shape)
    small = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = (255 - cv2.medianBlur(small, 3)).astype(np.float32)
    ink = np.clip(ink - cv2.blur(ink, (41, 41)), 0, None)
    height, width = ink.shape

    def contrast(angle: float) -> float:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
        rows = cv2.warpAffine(ink, turn, (width, height)).sum(1)
        return float((np.diff(rows) ** 2).sum())

    coarse = max(np.arange(-_SKEW, _SKEW + 0.01, 0.25), key=contrast)
    return float(max(np.arange(coarse - 0.25, coarse + 0.251, 0.05), key=contrast))


def cleaned(page: Image) -> Iterator[tuple[str, Image]]:
    """Yield clean-ups of a page, each with its name; which is best the recogniser's own score tells.

    Blur helps against dots, a median with an even background against shade and salt and pepper.
    """
    yield "raw", page
    yield "even", _even(cv2.medianBlur(page, 3))
    yield "blur", cv2.GaussianBlur(page, (0, 0), 0.8)


def _even(page: Image) -> Image:
    height, width = page.shape
    small = cv2.resize(page, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    ground = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8)), (0, 0), 7)
    ground = cv2.resize(ground, (width, height)).astype(np.float32)
    light = page.astype(np.float32) / np.maximum(ground, 1)
    dark = np.percentile(light, 1.0)
    return (np.clip((light - dark) / (1 - dark + 1e-6), 0, 1) * 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell of a ruled grid: first row and column, and its box in pixels."""

    row: int
    column: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table: its box, its size and its cells, merged ones once."""

    box: tuple[float, float, float, float]
    rows: int
    columns: int
    cells: tuple[GridCell, ...]


def grids(page: Image) -> list[Grid]:
    """Return the ruled tables of an upright page, from top to bottom."""
    across, down, dark = _rules(page)
    height, width = page.shape
    both = cv2.morphologyEx(cv2.bitwise_or(across, down), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(both)
    found = []
    for i in range(1, count):
        x, y, wide, high, _ = (int(v) for v in stats[i])
        if wide > width * 0.3 and high > height * 0.02:
            grid = _grid((x, y, x + wide, y + high), across, down, dark)
            if grid:
                found.append(grid)
    return sorted(found, key=lambda g: g.box[1])


def _rules(page: Image) -> tuple[Image, Image, Image]:
    """Return masks of what may be horizontal and vertical rules, and of all that is dark."""
    height, width = page.shape
    dark = cv2.adaptiveThreshold(
        cv2.GaussianBlur(page, (3, 3), 0), 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 10
    )
    flat, tall = np.ones((1, max(44, width // 24)), np.uint8), np.ones((max(36, height // 38), 1), np.uint8)
    across = cv2.morphologyEx(cv2.dilate(dark, np.ones((2, 5), np.uint8)), cv2.MORPH_OPEN, flat)
    down = cv2.morphologyEx(cv2.dilate(dark, np.ones((5, 2), np.uint8)), cv2.MORPH_OPEN, tall)
    return across, down, dark


def _grid(box: tuple[int, int, int, int], across: Image, down: Image, dark: Image) -> Grid | None:
    left, top, right, bottom = box
    ys = [top + y for y in _marks((across[top:bottom, left:right] > 0).sum(1), 0.25 * (right - left))]
    xs = [left + x for x in _marks((down[top:bottom, left:right] > 0).sum(0), 0.30 * (bottom - top))]
    xs = [x for x in xs if _ruled(dark, down, round(x), top, bottom)]
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < 2 or columns < 2:
        return None
    root = {place: place for place in product(range(rows), range(columns))}

    def of(place: tuple[int, int]) -> tuple[int, int]:
        while root[place] != place:
            place = root[place]
        return place

    for r, c in product(range(rows), range(columns)):  # cells without a rule between them are one
        if c + 1 < columns and _open(down, xs[c + 1], ys[r], ys[r + 1], vertical=True):
            root[of((r, c + 1))] = of((r, c))
        if r + 1 < rows and _open(across, ys[r + 1], xs[c], xs[c + 1], vertical=False):
            root[of((r + 1, c))] = of((r, c))
    groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for place in root:
        groups.setdefault(of(place), []).append(place)
    cells = []
    for places in groups.values():
        (r0, c0), (r1, c1) = (tuple(pick(p[i] for p in places) for i in (0, 1)) for pick in (min, max))
        cells.append(GridCell(r0, c0, (xs[c0], ys[r0], xs[c1 + 1], ys[r1 + 1])))
    return Grid((left, top, right, bottom), rows, columns, tuple(sorted(cells, key=lambda c: (c.row, c.column))))


def _ruled(dark: Image, down: Image, x: int, top: int, bottom: int) -> bool:
    """Whether a vertical mark is a rule, dark from end to end, and no column of characters."""
    low, high = max(0, x - _NEAR), x + _NEAR + 1
    long = down[top:bottom, low:high].max(1) > 0
    inked = dark[top:bottom, low:high].max(1) > 0
    return bool(inked[long].mean() >= _INKED) if long.any() else False


def _marks(sums: Any, least: float) -> list[float]:
    """Return the middles of the runs of rows (or columns) that are dark enough to be a rule."""
    runs: list[list[int]] = []
    for i in (int(i) for i in np.where(sums >= least)[0]):
        if runs and i - runs[-1][-1] <= _NEAR:
            runs[-1].append(i)
        else:
            runs.append([i])
    return [sum(run) / len(run) for run in runs]


def _open(mask: Image, at: float, start: float, end: float, *, vertical: bool) -> bool:
    """Whether no rule is drawn between two neighbours."""
    edge = 0.2 * (end - start)
    first, last = int(start + edge), max(int(start + edge) + 1, int(end - edge))
    low, high = max(0, round(at) - _NEAR), round(at) + _NEAR + 1
    band = mask[first:last, low:high].max(1) if vertical else mask[low:high, first:last].max(0)
    return bool(band.size and (band > 0).mean() < 0.35)


def inked(page: Image, cell: GridCell) -> bool:
    """Whether something is printed in a cell."""
    left, top, right, bottom = (int(v) for v in cell.box)
    inner = page[top + 5 : bottom - 4, left + 5 : right - 4].astype(int)
    if inner.size < 80:
        return False
    ground = np.percentile(inner, 50)
    return bool(ground - np.percentile(inner, 1) > 90 and ((ground - inner) > 70).mean() > 0.008)


def cut(page: Image, cell: GridCell) -> Image | None:
    """Return the picture of a cell, large enough to be read, or None where it is too small."""
    left, top, right, bottom = (int(v) for v in cell.box)
    inner = page[top + 3 : bottom - 2, left + 3 : right - 2]
    if min(inner.shape) < 8:
        return None
    scale = max(1.0, 48 / inner.shape[0])
    large = cv2.resize(inner, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return cv2.copyMakeBorder(large, 6, 6, 10, 10, cv2.BORDER_REPLICATE)


def strip(page: Image) -> tuple[int, int]:
    """Return the first and last row of the quarter of a page with the most ink."""
    height = page.shape[0]
    ink = (255 - page.astype(np.float32)).sum(1)
    quarter = max(1, height // 4)
    total = np.concatenate([[0.0], np.cumsum(ink)])
    first = max(range(0, height - quarter + 1, max(1, quarter // 8)), key=lambda y: total[y + quarter] - total[y])
    return first, first + quarter


def spacing(cells: tuple[GridCell, ...]) -> float:
    """Return the usual height of a row."""
    tops = sorted({c.box[1] for c in cells})
    return float(np.median([b - a for a, b in pairwise(tops)])) if len(tops) > 1 else float("inf")
