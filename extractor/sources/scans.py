"""The door to the recogniser of scanned pages, where its extra is installed."""

from importlib.util import find_spec
from typing import Protocol

from .text import Assembly


class Reader(Protocol):
    """Reads a page from its image."""

    def pdf_page(self, out: Assembly, data: bytes, number: int) -> None:
        """Add the text of a page of a PDF, by its 1-based number."""

    def image(self, out: Assembly, data: bytes) -> None:
        """Add the text of an image, page by page where it holds several."""


def find_reader() -> Reader | None:
    """Return a reader, or None where the extra ``[ocr]`` isn't installed."""
    if find_spec("rapidocr") is None or find_spec("onnxruntime") is None:
        return None
    from .ocr import Recogniser  # noqa: PLC0415 - it loads a recogniser

    return Recogniser()
