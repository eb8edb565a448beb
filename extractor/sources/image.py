"""Photographs and scans of paper, in any image format."""

from extractor.errors import InputError

from .scans import Pace, Scans, available
from .text import Assembly, Converted


def read(data: bytes, name: str, pace: Pace) -> Converted:
    """Read an image, page by page where it holds several.

    Raises:
        InputError: It is broken or too large, or the extra isn't installed.
    """
    if not available():
        raise InputError(f"{name}: this is an image, and reading it needs an extra: pip install 'extractor[ocr]'.")
    from .page_image import decoded  # noqa: PLC0415 - comes with the extra

    out = Assembly()
    try:
        pages = decoded(data)
        with Scans(out, name, len(pages), pace) as scans:
            for number, page in enumerate(pages, 1):
                scans.picture(number, page, 1.0)
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: this image can't be read ({error}). Save it as PNG.") from None
    return out.done()
