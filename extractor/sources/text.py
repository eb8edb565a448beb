"""Text under assembly: lines and table rows one after the other, each piece with the region it was printed in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.records import Finding, Region

_CELL = re.compile(r"[\t\r\n\f\v\x1c-\x1e\x85\u2028\u2029]+")
_NUMBER = re.compile(r"[-+−]?[\d,，]*\d(?:[.．]\d+)?%?")
_LATIN = re.compile(r"[A-Za-z]")

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in points of a PDF or pixels of an image, from the top left corner."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A text and where it is printed: the box on its page, or the cell of its sheet; with a recogniser's score.

    ``others`` is what a recogniser thought nearly as likely, ``least`` how sure it was of the least sure character.
    """

    text: str
    box: Box | None = None
    ref: str = ""
    score: float | None = None
    others: tuple[str, ...] = ()
    least: float | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """A file as text.

    Attributes:
        text: Lines; the cells of a table row are separated by tabs, empty ones kept; pages by a form feed.
        regions: Where each piece of it is printed, in the order of the text.
        findings: What could not be read.
    """

    text: str
    regions: tuple[Region, ...] = ()
    findings: tuple[Finding, ...] = ()


class Assembly:
    """Collects text page by page."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._regions: list[Region] = []
        self._length = 0
        self._page = 0
        self.findings: list[Finding] = []

    @property
    def line(self) -> int:
        """The 1-based line that comes next."""
        return 1 + sum(part.count("\n") for part in self._parts)

    def page(self, number: int) -> None:
        """Begin a page, or a sheet; its number counts from 1."""
        if self._page:
            self._add("\f\n")
        self._page = number

    def row(self, pieces: Sequence[Piece]) -> None:
        """Add a line; several pieces are the cells of a table row, empty ones included."""
        if not any(p.text.strip() for p in pieces):
            return
        for index, piece in enumerate(pieces):
            if index:
                self._add("\t")
            text = _CELL.sub(" ", piece.text).strip()
            if text:
                start = self._length
                self._add(text)
                self._regions.append(
                    Region(start=start, end=self._length, page=self._page, box=piece.box, ref=piece.ref,
                           score=_rounded(piece.score), others=piece.others, least=_rounded(piece.least))
                )  # fmt: skip
        self._add("\n")

    def done(self) -> Converted:
        """Return all of it."""
        return Converted("".join(self._parts), tuple(self._regions), tuple(self.findings))

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 3)


def joined(lines: Sequence[str]) -> str:
    """Join the lines of one cell: words wrap anywhere in Chinese, and so do numbers, but whole numbers stay apart."""
    parts = [line.strip() for line in lines if line.strip()]
    out = ""
    for part in parts:
        words = bool(out) and _LATIN.match(out[-1]) and _LATIN.match(part[0])
        numbers = _whole(out.rsplit(" ", maxsplit=1)[-1]) and _whole(part)
        out += f" {part}" if words or numbers else part
    return out


def _whole(text: str) -> bool:
    """Whether a text is a number that needs no further digits: with decimals, or a percentage."""
    return bool(_NUMBER.fullmatch(text)) and ("." in text or "．" in text or text.endswith("%"))
