"""Pictures of pages for people: whole ones for the report, and the crop around a cell."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from extractor.errors import InputError
from extractor.records import Region, SourceFile

_POINTS = 72
_SIDE = 1600  # pixels of the longer side of a page in the report
_CROP_DPI = 200
_AROUND = (160, 40)  # units around a cell in its crop, to the sides and up and down
_QUALITY = 45


class Pages:
    """The pages of one file."""

    def __init__(self, kind: str, opened: Any) -> None:
        self._kind, self._opened = kind, opened

    def page(self, number: int, side: int = _SIDE) -> tuple[bytes, float, float]:
        """Return a page as WebP, no longer than ``side`` pixels, with its width and height in units of boxes."""
        picture, width, height = self._picture(number, side)
        out = io.BytesIO()
        picture.convert("L").save(out, "WEBP", quality=_QUALITY, method=2)
        return out.getvalue(), width, height

    def crop(self, number: int, box: tuple[float, float, float, float]) -> bytes:
        """Return what is printed around a box as PNG, the box framed."""
        from PIL import ImageDraw  # noqa: PLC0415 - comes with the extras

        picture, width, height = self._picture(number, 100_000 if self._kind == "image" else None)
        scale = picture.width / width
        left, top, right, bottom = box
        wide, high = _AROUND
        area = (max(0, left - wide), max(0, top - high), min(width, right + wide), min(height, bottom + high))
        part = picture.convert("RGB").crop(tuple(round(v * scale) for v in area))
        frame = [(v - area[i % 2]) * scale + (3 if i > 1 else -3) for i, v in enumerate(box)]
        ImageDraw.Draw(part).rectangle(frame, outline=(200, 30, 30), width=2)
        out = io.BytesIO()
        part.save(out, "PNG")
        return out.getvalue()

    def _picture(self, number: int, side: int | None) -> tuple[Any, float, float]:
        if self._kind == "pdf":
            page = self._opened[number - 1]
            width, height = page.get_size()
            scale = _CROP_DPI / _POINTS if side is None else side / max(width, height)
            return page.render(scale=scale, grayscale=True).to_pil(), width, height
        self._opened.seek(number - 1)
        picture = self._opened.convert("L")
        width, height = picture.size
        if side is not None and max(width, height) > side:
            picture.thumbnail((side, side))
        return picture, float(width), float(height)


@contextmanager
def opened(file: SourceFile) -> Iterator[Pages]:
    """Open a file for pictures of its pages.

    Raises:
        InputError: It isn't there, is another file than the one that was read, or has no pages to show.
    """
    path = Path(file.path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror}); its pages are not shown.") from None
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise InputError(f"{path}: is not the file that was read; its pages are not shown.")
    try:
        if file.kind == "pdf":
            import pypdfium2  # noqa: PLC0415 - comes with the extra

            document: Any = pypdfium2.PdfDocument(data)
        elif file.kind == "image":
            from PIL import Image  # noqa: PLC0415 - likewise

            document = Image.open(io.BytesIO(data))
        else:
            raise InputError(f"{path}: has no pages to show.")
    except ImportError:
        raise InputError(f"{path}: showing its pages needs an extra: pip install 'extractor[pdf]'.") from None
    with document:
        yield Pages(file.kind, document)


def crop(file: SourceFile, region: Region) -> bytes:
    """Return what is printed around a region as PNG.

    Raises:
        InputError: See :func:`opened`; or it has no box.
    """
    if region.box is None:
        raise InputError(f"{file.path}: this place has no box on a page.")
    with opened(file) as pages:
        return pages.crop(region.page, region.box)
