"""Scanned pages: straightened, cleaned, read by a recogniser on this machine; ruled tables cell by cell."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import cv2
import numpy as np

from extractor.errors import InputError

from . import page_image
from .numerals import AMOUNT, amount_of, mended, mended_in, unpointed
from .page_image import Grid, GridCell, Image, Page
from .reading_order import around, text_lines
from .recogniser import Reading, Recogniser
from .text import Box, Piece, joined

_WHOLE = 0.25  # of a box's or cell's width, from which they share ground
_NO_TEXT = 0.5  # score below which a mark outside of tables is dirt
_HOPELESS = 0.35  # score of dirt that looks like a digit
_SURE = 0.7  # score below which words are read again
_SURE_NUMBER = 0.97  # likewise, of what holds digits
_CLEAN = 0.92  # mean score from which a page needs no clean-up
_SAMPLE = 24  # words that tell how well a page can be read
_CHANGED = 0.95  # score at most, of a line in which an amount was mended
_EXACT = 320  # pixels of width that the recogniser was trained with
_SEEN = (1170, 1754)  # pixels of the longer side in which text is sought: at least, at most
_MARGIN = 4  # pixels around print that help the recogniser
_NUMERAL = re.compile(r"(?=.*\d)[^\u4e00-\u9fff]{1,20}")  # a number, or what one is misread as
_CLOSE = 0.2  # of the height of a box, above and below the characters in it
_BEYOND = 1.0  # of the height of print, by which it reaches beyond the words that were found in a cell


@dataclass(frozen=True, slots=True)
class _Word:
    """A run of text as recognised, with its box in pixels, and all that its pictures were read as."""

    box: Box
    read: Reading
    said: tuple[Reading, ...]

    @classmethod
    def of(cls, box: Box, *said: Reading) -> Self:
        """Return a word that was read once or several times."""
        return cls(box, _agreed(said), said)


def page_rows(reader: Recogniser, picture: Image, scale: float) -> tuple[list[list[Piece]], int]:
    """Read a page: its lines, and the rows of its tables, from top to bottom; and how many runs of print are illegible.

    Args:
        reader: What recognises characters.
        picture: The page in grey.
        scale: Pixels to a unit of the boxes that are wanted.

    Raises:
        InputError: It can't be turned or cleaned.
    """
    try:
        page = _Reading(reader, Page(picture))
        return list(page.rows(scale)), page.unread
    except cv2.error as error:
        raise InputError(f"its picture can't be recognised ({error.code}). Scan it again.") from None


class _Reading:
    """The reading of one page."""

    def __init__(self, reader: Recogniser, page: Page) -> None:
        self._reader, self._page = reader, page
        self._best = "raw"
        self.unread = 0

    def rows(self, scale: float) -> Iterator[list[Piece]]:
        back = np.linalg.inv(self._page.matrix)
        words = self._again(self._words())
        found = page_image.grids(self._page["raw"])
        rest = [w for w in words if not any(_centre_in(w.box, g.box) for g in found)]
        self.unread += sum(w.read.score < _NO_TEXT for w in rest)
        rest = [w for w in rest if w.read.score >= _NO_TEXT]
        blocks: list[tuple[float, list[list[Piece]]]] = []
        for line in text_lines([_char(w) for w in rest]):
            own = [w for w in rest if _centre_in(w.box, line.box)]
            score = min((w.read.score for w in own), default=1.0)
            said = mended_in(line.text)
            sure = score if said == line.text else min(score, _CHANGED)
            least = min((w.read.least for w in own), default=1.0)
            place = around([w.box for w in own]) or line.box
            blocks.append((line.box[1], [[Piece(said, place, score=sure, least=least)]]))
        for grid in found:
            own = [w for w in words if _centre_in(w.box, grid.box)]
            blocks.append((grid.box[1], self._table(grid, own)))
        for _, rows in sorted(blocks, key=lambda block: block[0]):
            yield from ([_placed(p, back, scale) for p in row] for row in rows)

    def _words(self) -> list[_Word]:
        """Read the page in the clean-up in which some of its words are read best; a clean page stays as it is."""
        best: tuple[float, list[Box], dict[int, Reading]] = (-1.0, [], {})
        for name in ("even", "smooth") if self._page.dotted else ("raw", "even", "blur"):
            boxes = self._boxes(self._page[name])
            some = range(0, len(boxes), max(1, len(boxes) // _SAMPLE))
            read = dict(zip(some, self._read(self._page[name], [boxes[i] for i in some]), strict=True))
            mean = sum(r.score for r in read.values()) / max(1, len(read))
            if (mean - _NO_TEXT) * len(boxes) > best[0]:
                best, self._best = ((mean - _NO_TEXT) * len(boxes), boxes, read), name
            if mean >= _CLEAN:
                break
        _, boxes, read = best
        left = [i for i in range(len(boxes)) if i not in read]
        read |= dict(zip(left, self._read(self._page[self._best], [boxes[i] for i in left]), strict=True))
        return [_Word.of(box, read[i]) for i, box in enumerate(boxes)]

    def _boxes(self, image: Image) -> list[Box]:
        side = max(image.shape)
        return self._reader.boxes(image, min(max(side / 2, _SEEN[0]), _SEEN[1]) / side)

    def _read(self, image: Image, boxes: Sequence[Box], margin: int = 0, least: int | None = None) -> list[Reading]:
        cuts = [page_image.cut(image, box, margin) for box in boxes]
        pictures = [c for c in cuts if c is not None]
        read = iter(self._reader.read(pictures, least) if least else self._reader.read(pictures))
        return [Reading("", 0.0) if c is None else next(read) for c in cuts]

    def _again(self, words: Sequence[_Word], margin: int = 0) -> list[_Word]:
        """Read doubtful words again, with more care and in other clean-ups, until one reading is sure."""
        doubtful = [i for i, w in enumerate(words) if _doubtful(w.read)]
        out = list(words)
        others = ("even", "blur", "smooth") if self._page.dotted else ("raw", "blur", "even")
        for name in (self._best, *(n for n in others if n != self._best)):
            boxes = [words[i].box for i in doubtful]
            read = self._read(self._page[name], boxes, margin, _EXACT)
            for i, new in zip(doubtful, read, strict=True):
                out[i] = _Word.of(words[i].box, *out[i].said, new)
            doubtful = [i for i, new in zip(doubtful, read, strict=True) if _doubtful(new)]
        return out

    def _table(self, grid: Grid, words: Sequence[_Word]) -> list[list[Piece]]:
        """Return the rows of a ruled table; cells with shared or overlooked text are read one by one."""
        image = self._page[self._best]
        clear = image if self._best == "raw" else self._page["smooth"]  # on a worn page, dirt in empty cells is read
        least = page_image.contrast(clear)
        held, again = _shared_out(grid, words)
        alone: dict[int, list[Box]] = {}
        for index, cell in enumerate(grid.cells):
            printed = page_image.prints(clear, cell, least)
            own = held.get(index, [])
            if printed and (index in again or _overlooked(printed, [w.box for w in own]) or _unsure(own)):
                alone[index] = printed
        boxes = [box for printed in alone.values() for box in printed]
        first = self._read(image, boxes, _MARGIN)
        read = iter(self._again([_Word.of(b, r) for b, r in zip(boxes, first, strict=True)], _MARGIN))
        for index, printed in alone.items():
            new = [next(read) for _ in printed]
            old = held.get(index, [])
            if index not in again and len(old) == len(new) == 1:
                new = [_Word.of(new[0].box, old[0].read, *new[0].said)]
            sure = [w for w in new if w.read.text.strip() and max(r.score for r in w.said) >= _HOPELESS]
            lost = len(new) - len(sure)
            self.unread += lost
            held[index] = sure or held.get(index, [])
            if lost and held[index]:  # part of the cell is missing: what is left is not all that stands there
                word = held[index][0]
                held[index][0] = _Word.of(word.box, replace(word.read, score=min(word.read.score, _NO_TEXT)))
        rows = [[Piece("") for _ in range(grid.columns)] for _ in range(grid.rows)]
        for index, cell in enumerate(grid.cells):
            rows[cell.row][cell.column] = _piece(held.get(index, []), cell)
        _as_amounts(rows)
        return rows


def _unsure(words: Sequence[_Word]) -> bool:
    """Whether a cell holds one word, which isn't certain: its box may hold a part of a rule, or miss one of its own."""
    return len(words) == 1 and _doubtful(words[0].read)


def _as_amounts(rows: list[list[Piece]]) -> None:
    """In columns of amounts, give a cell the likeliest of its readings that is one: with two decimals, as all are."""
    for column in range(len(rows[0])):
        cells = [row[column] for row in rows]
        odd = [(n, said) for n, c in enumerate(cells) if (said := amount_of(c.text, c.others))]
        if odd and sum(bool(AMOUNT.fullmatch(c.text)) for c in cells) >= len(odd):
            for n, said in odd:
                others = (cells[n].text, *(o for o in cells[n].others if o != said))
                score = min(cells[n].score or 0.0, _NO_TEXT)
                rows[n][column] = replace(cells[n], text=said, score=score, others=others)


def _doubtful(read: Reading) -> bool:
    if any(c.isdigit() for c in read.text):
        return _HOPELESS < read.score < _SURE_NUMBER
    return _NO_TEXT < read.score < _SURE


def _agreed(said: Sequence[Reading]) -> Reading:
    """Return the reading that most pictures of a word give, weighed by their scores, with the others among its others.

    The surest reading alone is a poor guide to a number on a worn page, where each clean-up has mistakes of its own.
    What the others say speaks against it. Words are too long for two readings to be the same, so the surest is taken.
    """
    best = max(said, key=lambda r: r.score)
    texts = [mended(r.text) for r in said]
    if _NUMERAL.fullmatch(best.text) and len(set(texts)) > 1:
        weights: dict[str, float] = {}
        for text, read in zip(texts, said, strict=True):  # a point is lost more often than made up
            weights[unpointed(text)] = weights.get(unpointed(text), 0.0) + read.score
        chosen = max(weights, key=lambda t: weights[t])
        same = [(t, r) for t, r in zip(texts, said, strict=True) if unpointed(t) == chosen]
        best = max(same, key=lambda one: (AMOUNT.fullmatch(one[0]) is not None, one[1].score))[1]
        best = replace(best, score=best.score * weights[chosen] / sum(weights.values()))
    rest = [r.text for t, r in zip(texts, said, strict=True) if t != mended(best.text) and r.score > _NO_TEXT]
    return replace(best, others=tuple(dict.fromkeys((*rest, *best.others))))


def _overlooked(printed: Sequence[Box], words: Sequence[Box]) -> bool:
    """Whether print reaches beyond the words that were found."""
    if not words:
        return True
    x0, y0, x1, y1 = (pick(box[i] for box in words) for i, pick in enumerate((min, min, max, max)))
    least = _BEYOND * min(box[3] - box[1] for box in printed)
    return any(p[0] < x0 - least or p[2] > x1 + least or not y0 < (p[1] + p[3]) / 2 < y1 for p in printed)


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


def _piece(words: Sequence[_Word], cell: GridCell) -> Piece:
    if not words:
        return Piece("", cell.box)
    text = joined([line.text for line in text_lines([_char(w) for w in words])])
    score = min(w.read.score for w in words)
    said = mended(text)
    others = tuple(dict.fromkeys(mended(o) for o in words[0].read.others)) if len(words) == 1 else ()
    return Piece(
        said, around([w.box for w in words]), score=score if said == text else min(score, 0.5),
        others=tuple(o for o in others if o != said), least=min(w.read.least for w in words),
    )  # fmt: skip


def _char(word: _Word) -> dict[str, Any]:
    """Return a word for the order of reading, without its margins: those of close lines reach into one another."""
    left, top, right, bottom = word.box
    margin = _CLOSE * (bottom - top)
    return {"text": word.read.text, "x0": left, "x1": right, "top": top + margin, "bottom": bottom - margin}


def _centre_in(box: Box, outer: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def _placed(piece: Piece, back: Any, scale: float) -> Piece:
    return replace(piece, box=_back(piece.box, back, scale) if piece.box else None)


def _back(box: Box, back: Any, scale: float) -> Box | None:
    """Return a box in the units of the original: the smallest one around the turned box."""
    left, top, right, bottom = box
    corners = np.array([[left, top, 1], [right, top, 1], [left, bottom, 1], [right, bottom, 1]]) @ back.T
    corners = corners[:, :2] / corners[:, 2:] / scale
    low, high = corners.min(0), corners.max(0)
    return around([(float(low[0]), float(low[1]), float(high[0]), float(high[1]))])
