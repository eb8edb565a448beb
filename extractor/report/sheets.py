"""The pages of a report: pictures of the paper with a box around every cell."""

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.errors import InputError
from extractor.records import Region, Result, SourceFile
from extractor.sources.pictures import Pages, opened

from .numbering import Numbered
from .source import visible

_MOST = 12_000_000  # bytes of pictures in one report
_MOST_PAGES = 200


@dataclass(frozen=True, slots=True)
class Frame:
    """The box of a cell: what it is called in the page, its cell, the letter of its state, and where it is."""

    name: str
    cell: int
    look: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page: its picture in base64, its size in units of the boxes, and the boxes."""

    title: str
    picture: str
    width: float
    height: float
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Sheets:
    """The pages that are shown; ``left`` says what is not, and why."""

    pages: tuple[Sheet, ...] = ()
    left: tuple[str, ...] = ()


def sheets(result: Result, cells: Sequence[Numbered]) -> Sheets:
    """Return the pages on which cells stand, as many as fit into a report."""
    found: dict[tuple[str, int], list[tuple[Numbered, Region]]] = {}
    for one in cells:
        for region in (r for span in one.cell.spans for r in result.where(span)):
            if region.box is not None:
                found.setdefault((region.file, region.page), []).append((one, region))
    left: list[str] = []
    pages: list[Sheet] = []
    room = _MOST
    for file in result.files:
        numbers = [n for name, n in found if name in ("", file.name)] if len(result.files) == 1 else None
        numbers = numbers if numbers is not None else [n for name, n in found if name == file.name]
        if not numbers:
            continue
        try:
            with opened(file) as shown:
                for number in sorted(numbers):
                    if room <= 0 or len(pages) >= _MOST_PAGES:
                        left.append(f"page {number} of {visible(file.name)} and those that follow it: no room")
                        break
                    boxes = found.get((file.name, number)) or found.get(("", number)) or []
                    sheet, size = _sheet(shown, file, number, boxes)
                    pages.append(sheet)
                    room -= size
        except InputError as error:
            left.append(visible(str(error)))
    return Sheets(tuple(_named(pages)), tuple(left))


def _sheet(
    shown: Pages, file: SourceFile, number: int, boxes: Sequence[tuple[Numbered, Region]]
) -> tuple[Sheet, int]:  # fmt: skip
    picture, width, height = shown.page(number)
    frames = tuple(
        Frame(
            "", one.number, one.look, r.box[0], r.box[1], round(r.box[2] - r.box[0], 1), round(r.box[3] - r.box[1], 1)
        )
        for one, r in boxes
        if r.box is not None
    )
    title = f"{visible(file.name)}, page {number}"
    return Sheet(title, base64.b64encode(picture).decode("ascii"), width, height, frames), len(picture)


def _named(pages: Sequence[Sheet]) -> list[Sheet]:
    """Give boxes names: ``b`` and the cell's number for a cell's first, with a second number for others."""
    count: Counter[int] = Counter()
    out = []
    for page in pages:
        frames = []
        for frame in page.frames:
            count[frame.cell] += 1
            again = f".{count[frame.cell]}" if count[frame.cell] > 1 else ""
            frames.append(
                Frame(f"b{frame.cell}{again}", frame.cell, frame.look, frame.x, frame.y, frame.width, frame.height)
            )
        out.append(Sheet(page.title, page.picture, page.width, page.height, tuple(frames)))
    return out
