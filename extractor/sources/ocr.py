"""Scanned pages: straightened, cleaned, read by a recogniser on this machine; ruled tables cell by cell.

The recogniser's models lie in its package; nothing is fetched when it runs.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from extractor.errors import InputError

from . import page_image
from .numerals import mended
from .page_image import Grid, GridCell, Image
from .reading_order import around, text_lines
from .text import Assembly, Box, Piece, joined

_DPI = 200
_POINTS = 72
_WHOLE = 0.25  # of a box's or cell's width, from which they share ground
_SURE = 0.7  # score below which a cell is read again by itself
_CLEAN = 0.98  # of the highest score there is, from which a page needs no clean-up
_MAX_SIDE = 5000  # pixels: a page is not made smaller


@dataclass(frozen=True, slots=True)
class _Word:
    """A run of text as recognised, with its box in pixels and the recogniser's score from 0 to 1."""

    text: str
    box: Box
    score: float


class Recogniser:
    """Reads pages from their images, one after the other."""

    @cached_property
    def _engine(self) -> Any:
        from rapidocr import RapidOCR  # noqa: PLC0415 - it takes seconds to load

        # The classifier of directions turns numbers upside down, and the default side halves a page. Two threads take
        # twice the work of one, most of it waiting for each other: pages go side by side in processes instead.
        return RapidOCR(
            params={
                "Global.log_level": "error", "Global.use_cls": False, "Global.max_side_len": _MAX_SIDE,
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            }
        )  # fmt: skip

    def pdf_page(self, out: Assembly, data: bytes, number: int) -> None:
        """Add the text of a page of a PDF, by its 1-based number; boxes are in points."""
        import pypdfium2  # noqa: PLC0415 - comes with the extra for PDFs

        with pypdfium2.PdfDocument(io.BytesIO(data)) as document:
            page = document[number - 1]
            scale = min(_DPI / _POINTS, 2 * _MAX_SIDE / max(1.0, *page.get_size()))
            picture = page.render(scale=scale, grayscale=True).to_numpy()
        self._page(out, picture.reshape(picture.shape[:2]), scale)

    def image(self, out: Assembly, data: bytes) -> None:
        """Add the text of an image; its first page is begun, the others follow.

        Raises:
            ImageError: It can't be read.
        """
        for number, page in enumerate(page_image.decoded(data), 1):
            out.page(number)
            self._page(out, page, 1.0)

    def _page(self, out: Assembly, picture: Image, scale: float) -> None:
        try:
            page, matrix = page_image.upright(picture)
            back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
            best = self._best(page)
            words = self._words(best)
        except cv2.error as error:
            raise InputError(f"a page can't be recognised ({error.code}). Scan it again.") from None
        found = page_image.grids(page)
        rest = [w for w in words if not any(_centre_in(w.box, g.box) for g in found)]
        blocks: list[tuple[float, list[list[Piece]]]] = []
        for line in text_lines([_char(w) for w in rest]):
            score = min((w.score for w in rest if _centre_in(w.box, line.box)), default=1.0)
            blocks.append((line.box[1], [[Piece(line.text, _back(line.box, back, scale), score=score)]]))
        for grid in found:
            own = [w for w in words if _centre_in(w.box, grid.box)]
            rows = [[_placed(p, back, scale) for p in row] for row in self._rows(page, best, grid, own)]
            blocks.append((grid.box[1], rows))
        for _, rows in sorted(blocks, key=lambda block: block[0]):
            for row in rows:
                out.row(row)

    def _best(self, page: Image) -> Image:
        """Return the clean-up of a page in which a quarter of it is read best; a clean page stays as it is."""
        first, last = page_image.strip(page)
        best, most = page, float("-inf")
        for name, clean in page_image.cleaned(page):
            words = self._words(clean[first:last])
            score = _certainty(words)
            if name == "raw" and words and score >= _CLEAN * 0.5 * sum(len(w.text) for w in words):
                return page
            if score > most:
                best, most = clean, score
        return best

    def _words(self, page: Image) -> list[_Word]:
        read = self._engine(cv2.cvtColor(page, cv2.COLOR_GRAY2BGR))
        if read.boxes is None:
            return []
        corners = [np.asarray(box) for box in read.boxes]
        boxes = [(*map(float, c.min(0)), *map(float, c.max(0))) for c in corners]
        return [_Word(t, (b[0], b[1], b[2], b[3]), float(s))
                for t, b, s in zip(read.txts, boxes, read.scores, strict=True)]  # fmt: skip

    def _rows(self, page: Image, clean: Image, grid: Grid, words: Sequence[_Word]) -> Iterator[list[Piece]]:
        """Yield the rows of a ruled table; cells whose text runs into the next are read one by one."""
        held, again = _shared_out(grid, words)
        usual = page_image.spacing(grid.cells)
        rows = [[Piece("") for _ in range(grid.columns)] for _ in range(grid.rows)]
        for index, cell in enumerate(grid.cells):
            here = held.get(index, [])
            unsure = index in again or min((w.score for w in here), default=1.0) < _SURE
            if unsure or (not here and page_image.inked(page, cell)):
                read = self._alone(clean, cell, tall=cell.box[3] - cell.box[1] > 1.9 * usual)
                here = max(here, read, key=_certainty) if index not in again else read
            rows[cell.row][cell.column] = _piece(here, cell)
        yield from rows

    def _alone(self, page: Image, cell: GridCell, *, tall: bool) -> list[_Word]:
        picture = page_image.cut(page, cell)
        if picture is None:
            return []
        read = self._engine(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), use_det=tall, use_cls=False, use_rec=True)
        texts, scores = read.txts or (), read.scores or ()
        return [_Word(t, cell.box, float(s)) for t, s in zip(texts, scores, strict=True) if t.strip()]


def _shared_out(grid: Grid, words: Sequence[_Word]) -> tuple[dict[int, list[_Word]], set[int]]:
    """Give each word its cell; cells that share a word are to be read again."""
    held: dict[int, list[_Word]] = {}
    again: set[int] = set()
    for word in words:
        middle = (word.box[1] + word.box[3]) / 2
        hit = []
        for index, cell in enumerate(grid.cells):
            shared = min(word.box[2], cell.box[2]) - max(word.box[0], cell.box[0])
            least = _WHOLE * min(word.box[2] - word.box[0], cell.box[2] - cell.box[0])
            if cell.box[1] <= middle <= cell.box[3] and shared > least:
                hit.append(index)
        if len(hit) == 1:
            held.setdefault(hit[0], []).append(word)
        else:
            again.update(hit)
    return held, again


def _certainty(words: Sequence[_Word]) -> float:
    return sum(len(w.text) * (w.score - 0.5) for w in words)


def _piece(words: Sequence[_Word], cell: GridCell) -> Piece:
    if not words:
        return Piece("", cell.box)
    boxes = [w.box for w in words]
    if all(box == cell.box for box in boxes):
        text = joined([w.text for w in words])
    else:
        text = joined([line.text for line in text_lines([_char(w) for w in words])])
    score = min(w.score for w in words)
    said = mended(text)
    return Piece(said, around(boxes), score=score if said == text else min(score, 0.5))


def _char(word: _Word) -> dict[str, Any]:
    left, top, right, bottom = word.box
    return {"text": word.text, "x0": left, "x1": right, "top": top, "bottom": bottom}


def _centre_in(box: Box, outer: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def _placed(piece: Piece, back: Any, scale: float) -> Piece:
    return Piece(piece.text, _back(piece.box, back, scale) if piece.box else None, score=piece.score)


def _back(box: Box, back: Any, scale: float) -> Box | None:
    """Return a box in the units of the original: the smallest one around the turned box."""
    left, top, right, bottom = box
    corners = np.array([[left, top, 1], [right, top, 1], [left, bottom, 1], [right, bottom, 1]]) @ back.T / scale
    low, high = corners.min(0), corners.max(0)
    return around([(float(low[0]), float(low[1]), float(high[0]), float(high[1]))])
