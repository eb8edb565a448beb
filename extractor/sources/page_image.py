"""Images of pages: size, skew, clean-ups to choose from, and the ruled grids on them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import cv2
import numpy as np

from .text import Box

Image = Any
"""A grey picture: numpy array of rows of bytes, 0 black to 255 white."""

_GOOD = 2339  # pixels of the longer side of A4 at 200 dpi; below it rules and letters are hard to tell apart
_NEARLY = 0.9
_MAX_PIXELS = 60_000_000
_MOST = 5000  # pixels of the longer side, above which a page is made smaller
_TALL = 18  # pixels of most characters that are enough: 7.5 points at 200 dpi
_WORTH = 0.85  # of its size, to which a page is made smaller at least, or not at all
_DOTTED = 0.03  # of the ground
_SMALL = 9  # pixels that a character takes in height
_APART = 25  # pixels, two digits wide
_DOT = 4
_CLOSE = 14  # pixels from a character to its sign
_SPECK = 5  # pixels of a mark that is no dirt
_FAINT = 40  # between print and ground, below which nothing is printed
_LIGHT = 0.35  # of the contrast of a page, likewise
_STRENGTH = 10  # of the filter against noise
_AROUND = 7  # pixels in which it looks for the like, across; its time goes by the square
_WHITE = 0.85  # of the ground's light, from which a tone counts as ground
_SMALL_SIDE = 800  # pixels in which the outline of a sheet is sought
_SHEET = 0.35  # of a picture that a sheet takes at least
_DESK = 0.02  # of a picture that lies around the sheet at least
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
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what is wrong with a file is said here
    done, pages = cv2.imdecodemulti(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if not done or not pages:
        raise ImageError("it is broken or of an unknown kind")
    if any(p.shape[0] * p.shape[1] > _MAX_PIXELS for p in pages):
        raise ImageError(f"it has more than {_MAX_PIXELS // 1_000_000} million pixels")
    return list(pages)


class Page:
    """A page large enough and without skew, as it is and in clean-ups, each made when it is asked for.

    One whose characters are larger than need be is made smaller first: its time goes by its pixels. A sheet that is
    photographed from aside is laid flat.

    Attributes:
        matrix: 3 x 3, from the original's pixels to the page's.
        dotted: Whether it is strewn with dots, so that it can't be read as it is.
    """

    def __init__(self, picture: Image) -> None:
        scale = _enough(picture)
        if scale < 1:
            picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        lay, flat = _flat(picture)
        turn, self._size = _straight(flat)
        self._picture, self._seen_aside = picture, flat is not picture
        self._set = np.vstack([turn, [0, 0, 1]]) @ lay
        self.matrix = self._set @ _scaled(scale)
        self.dotted = _dots(picture) > _DOTTED
        self._made: dict[str, Image] = {}

    def __getitem__(self, name: str) -> Image:
        """Return it ``raw``, or ``even``, ``blur`` or ``smooth``: cleaned in its own pixels, before it is turned."""
        if name not in self._made:
            clean = _CLEAN[name](self._picture)
            if self._seen_aside:
                clean = cv2.warpPerspective(clean, self._set, self._size, flags=cv2.INTER_CUBIC, borderValue=255)
            elif not np.allclose(self._set, np.eye(3)):
                clean = cv2.warpAffine(clean, self._set[:2], self._size, flags=cv2.INTER_CUBIC, borderValue=255)
            self._made[name] = clean
        return self._made[name]


def _enough(page: Image) -> float:
    """Return how much smaller a page may be: its characters as tall as those of small print at 200 dpi, A4 not smaller.

    Dots count as characters, so that a page that is strewn with them seems to have smaller ones, and stays as it is.
    """
    longer = max(page.shape)
    if longer * _WORTH <= _GOOD:
        return 1.0
    dark = cv2.adaptiveThreshold(
        cv2.medianBlur(page, 3), 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 15
    )
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark)
    wide, high, area = (stats[1:, i] for i in (2, 3, 4))
    marks = high[(high >= 6) & (high <= 100) & (wide < 4 * high) & (high < 8 * wide) & (area >= 12)]  # no rules
    if not marks.size:
        return 1.0
    scale = max(_GOOD / longer, _TALL / float(np.percentile(marks, 75)))
    return scale if scale <= _WORTH else 1.0


def _scaled(scale: float) -> Any:
    """Return how pixels move (3 x 3): the centre of one is half a pixel from its edge."""
    return np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2], [0, 0, 1]])


def _flat(page: Image) -> tuple[Any, Image]:
    """Return how a sheet is laid flat (3 x 3), and the picture of it alone; as it is where no sheet stands out."""
    corners = _corners(page)
    if corners is None:
        return np.eye(3), page
    sides = np.linalg.norm(corners - np.roll(corners, -1, 0), axis=1)
    width, height = round(float(max(sides[0], sides[2]))), round(float(max(sides[1], sides[3])))
    ends = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    lay = cv2.getPerspectiveTransform(corners, ends)
    return lay, cv2.warpPerspective(page, lay, (width, height), flags=cv2.INTER_CUBIC, borderValue=255)


def _corners(page: Image) -> Any | None:
    """Return the corners of a light sheet on something darker, from the top left one around; None where none is seen.

    A scan fills its picture: its corners are the picture's, or nothing but print is darker.
    """
    scale = _SMALL_SIDE / max(page.shape)
    small = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = cv2.morphologyEx(cv2.medianBlur(small, 5), cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))  # without print
    _, light = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    found, _ = cv2.findContours(light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    outline = max(found, key=cv2.contourArea, default=None)
    if outline is None or cv2.contourArea(outline) < _SHEET * light.size:
        return None
    four = cv2.approxPolyDP(cv2.convexHull(outline), 0.02 * cv2.arcLength(outline, closed=True), closed=True)
    inside = np.zeros_like(small)
    cv2.fillPoly(inside, [four], 255)
    around = small[inside == 0]
    if len(four) != 4 or around.size < _DESK * small.size or np.median(small[inside > 0]) - np.median(around) < _FAINT:
        return None
    four = four.reshape(4, 2).astype(np.float32) / scale
    total, apart = four.sum(1), four[:, 0] - four[:, 1]
    order = [total.argmin(), apart.argmax(), total.argmax(), apart.argmin()]
    return four[order] if len(set(order)) == 4 else None


def _straight(page: Image) -> tuple[Any, tuple[int, int]]:
    longer = max(page.shape)
    scale = _GOOD / longer if longer < _NEARLY * _GOOD else min(1.0, _MOST / longer)
    height, width = round(page.shape[0] * scale), round(page.shape[1] * scale)
    angle = _skew(page)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle if abs(angle) > 0.05 else 0.0, 1)
    return turn @ _scaled(scale), (width, height)


def _dots(page: Image) -> float:
    """Return the share of the ground, away from print, that dots take."""
    dots, ground = _strewn(page, 5)
    return float(dots.sum() / max(1, ground.sum()))


def _strewn(page: Image, apart: int) -> tuple[Any, Any]:
    """Return where dots are on the ground, and the ground: all that is so many pixels from print."""
    middle = cv2.medianBlur(page, 3)
    low, high = np.percentile(page, (1, 60))
    ground = cv2.erode(middle, np.ones((apart, apart), np.uint8)) > high - 0.25 * (high - low)
    return (cv2.absdiff(page, middle) > 0.3 * (high - low)) & ground, ground


def _swept(page: Image) -> Image:
    """Take dots away that stand so far from print that they can't be a point of a number."""
    dots, _ = _strewn(page, _APART)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dots.astype(np.uint8))
    small = (stats[:, 2] <= _DOT) & (stats[:, 3] <= _DOT)  # a thin rule is long
    small[0] = False
    gone = cv2.dilate(small[labels].astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.where(gone, cv2.medianBlur(page, 5), page)


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


def _even(page: Image, white: float = 1.0) -> Image:
    """Take shade away, and spread the tones from print to the share of the ground's light that counts as white."""
    height, width = page.shape
    small = cv2.resize(page, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    ground = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8)), (0, 0), 7)
    ground = cv2.resize(ground, (width, height)).astype(np.float32)
    light = page.astype(np.float32) / np.maximum(ground, 1)
    dark = np.percentile(light, 1.0)
    return (np.clip((light - dark) / (1 - dark + 1e-6) / white, 0, 1) * 255).astype(np.uint8)


def _smooth(page: Image) -> Image:
    middle = cv2.medianBlur(page, 3)
    dots = cv2.absdiff(page, middle) > 25
    return _even(cv2.fastNlMeansDenoising(np.where(dots, middle, page), None, _STRENGTH, 3, _AROUND), _WHITE)


_CLEAN: dict[str, Callable[[Image], Image]] = {
    "raw": _swept,
    "even": lambda page: _even(cv2.medianBlur(page, 3)),  # against shade, salt and pepper
    "blur": lambda page: cv2.GaussianBlur(page, (0, 0), 0.8),  # against dots
    "smooth": _smooth,  # against both: nothing is left on the ground, but thin strokes fade
}


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell of a ruled grid: first row and column, and its box in pixels."""

    row: int
    column: int
    box: Box


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table: its box, its size and its cells, merged ones once."""

    box: Box
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


def contrast(page: Image) -> float:
    """Return how much darker than its ground the print of a page must be at least."""
    low, high = np.percentile(page, (1, 60))
    return max(_FAINT, _LIGHT * float(high - low))


def prints(page: Image, cell: GridCell, least: float) -> list[Box]:
    """Return the boxes of the lines of print in a cell, from top to bottom; print is darker than ground by a least."""
    left, top, right, bottom = (int(v) for v in cell.box)
    inner = page[top + 3 : bottom - 2, left + 3 : right - 2]
    if min(inner.shape, default=0) < _SMALL:
        return []
    low, high = np.percentile(inner, (1, 60))
    if high - low < least:
        return []
    dark = (inner < high - 0.4 * (high - low)).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark)
    marks = [(x, y, x + w, y + h) for x, y, w, h, area in stats[1:].tolist() if area >= _SPECK]
    runs: list[list[tuple[int, int, int, int]]] = []
    for mark in sorted((m for m in marks if m[3] - m[1] >= _SMALL), key=lambda m: m[1]):
        if runs and mark[1] <= max(m[3] for m in runs[-1]):
            runs[-1].append(mark)
        else:
            runs.append([mark])
    return [_around(run, marks, (left + 3, top + 3)) for run in runs]


def _around(run: Sequence[tuple[int, ...]], marks: Sequence[tuple[int, ...]], corner: tuple[int, int]) -> Box:
    """Return the box of a line: its characters, and the points and signs that stand close by."""
    x0, y0, x1, y1 = (pick(m[i] for m in run) for i, pick in enumerate((min, min, max, max)))
    close = [m for m in marks if x0 - _CLOSE <= m[0] and m[2] <= x1 + _CLOSE and y0 <= (m[1] + m[3]) / 2 <= y1]
    first, last = min(m[0] for m in close), max(m[2] for m in close)
    return float(corner[0] + first), float(corner[1] + y0), float(corner[0] + last), float(corner[1] + y1)


def cut(page: Image, box: Box, margin: int = 0) -> Image | None:
    """Return the picture of a line, or None where nothing of it is on the page.

    A margin is what stands around the line; around one that is cut from a ruled cell, only the cell's ground is
    repeated, since a rule is easily taken for a character.
    """
    height, width = page.shape
    left, top, right, bottom = max(0, int(box[0])), max(0, int(box[1])), min(width, round(box[2])), round(box[3])
    line = page[top : min(height, bottom), left:right]
    if min(line.shape) <= 2:
        return None
    return cv2.copyMakeBorder(line, margin, margin, margin, margin, cv2.BORDER_REPLICATE) if margin else line
