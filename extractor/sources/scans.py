"""Scanned pages on their way to the recogniser, where its extra is installed: several at once, in the file's order."""

import io
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from ctypes import CDLL
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self

from extractor.errors import InputError
from extractor.records import Finding

from .text import Assembly, Piece

if TYPE_CHECKING:
    from .recogniser import Recogniser

_DPI = 200
_POINTS = 72
_LONGEST = 10_000  # pixels of a side
_AHEAD = 2  # pages waiting for each thread


@dataclass(frozen=True, slots=True)
class Pace:
    """How pages are recognised.

    Attributes:
        threads: Pages at once. Nearly all of the work is done outside of Python, so threads share the models and still
            run side by side.
        tell: Called after every such page with the file's name, the page's number and how many pages there are.
    """

    threads: int = 1
    tell: Callable[[str, int, int], None] | None = None


def available() -> bool:
    """Whether the extra ``[ocr]`` is installed."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


@cache
def _recogniser() -> "Recogniser":
    from .recogniser import Recogniser  # noqa: PLC0415 - it loads a recogniser

    return Recogniser()


class Scans:
    """Pages of one file, some of which are pictures: text comes out in the order of the pages.

    A few pages are held at a time, whatever their number.
    """

    def __init__(self, out: Assembly, name: str, count: int, pace: Pace) -> None:
        self._out, self._name, self._count, self._pace = out, name, count, pace
        self._pool = ThreadPoolExecutor(max(1, pace.threads))
        self._waiting: deque[tuple[int, Future[tuple[list[list[Piece]], int]]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.settle()
        self._pool.shutdown(cancel_futures=True)

    def picture(self, number: int, picture: Any, scale: float) -> None:
        """Have a page recognised: its 1-based number, its grey picture, and the pixels to a unit of its boxes."""
        from .ocr import page_rows  # noqa: PLC0415 - likewise

        while len(self._waiting) >= self._pace.threads * _AHEAD:
            self._next()
        self._waiting.append((number, self._pool.submit(page_rows, _recogniser(), picture, scale)))

    def settle(self) -> None:
        """Add all pages that were begun to the text; what follows them in the file comes after."""
        while self._waiting:
            self._next()

    def _next(self) -> None:
        number, page = self._waiting.popleft()
        self._out.page(number)
        try:
            rows, unread = page.result()
        except InputError as error:
            self._missing(f"page {number} is not read: {error}")
        else:
            for row in rows:
                self._out.row(row)
            if unread:
                self._missing(f"page {number}: {unread} pieces of print, or dirt, can't be read. Look at the page.")
        _give_back()
        if self._pace.tell is not None:
            self._pace.tell(self._name, number, self._count)

    def _missing(self, why: str) -> None:
        self._out.findings.append(
            Finding(code="page-not-read", kind="not-read", line=max(1, self._out.line - 1), message=why)
        )


def _give_back() -> None:
    """Give memory that pages no longer need back to the system, where the C library keeps it in pieces."""
    trim = getattr(CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


@contextmanager
def rendered(data: bytes) -> Iterator[Callable[[int], tuple[Any, float]]]:
    """Open a PDF for pictures of its pages: by 1-based number, with the pixels to a point."""
    import pypdfium2  # noqa: PLC0415 - comes with the extra for PDFs

    document = pypdfium2.PdfDocument(io.BytesIO(data))

    def picture(number: int) -> tuple[Any, float]:
        page = document[number - 1]
        scale = min(_DPI / _POINTS, _LONGEST / max(1.0, *page.get_size()))
        pixels = page.render(scale=scale, grayscale=True).to_numpy()
        page.close()
        return pixels.reshape(pixels.shape[:2]).copy(), scale

    try:
        yield picture
    finally:
        document.close()
