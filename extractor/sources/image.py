"""Photographs and scans of paper, in any image format."""

from extractor.errors import InputError

from .scans import find_reader
from .text import Assembly, Converted


def read(data: bytes, kind: str, name: str) -> Converted:  # noqa: ARG001 - readers share a signature
    """Read an image, page by page where it holds several.

    Raises:
        InputError: It is broken or too large, or the extra isn't installed.
    """
    reader = find_reader()
    if reader is None:
        raise InputError(f"{name}: this is an image, and reading it needs an extra: pip install 'extractor[ocr]'.")
    out = Assembly()
    try:
        reader.image(out, data)
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: this image can't be read ({error}). Save it as PNG.") from None
    return out.done()
