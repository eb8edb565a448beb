"""Files that aren't text: recognised by content, turned into text that the readers read like any other.

Every piece of that text keeps the region it was printed in: page and box, or sheet and cell.
"""

from .scans import Pace
from .sniff import Kind, sniff
from .text import Converted

__all__ = ["Converted", "Kind", "Pace", "convert", "sniff"]


def convert(data: bytes, kind: Kind, name: str, pace: Pace = Pace()) -> Converted:  # noqa: B008 - it is frozen
    """Turn the bytes of a file into text with regions.

    Args:
        data: The whole file.
        kind: What :func:`sniff` says it is; not ``text``.
        name: Its name, for messages.
        pace: How many scanned pages are recognised at once, and who is told of each.

    Raises:
        InputError: It is encrypted, broken or unreasonably large, or the extra that reads it isn't installed.
    """
    if kind == "pdf":
        from . import pdf  # noqa: PLC0415 - each format loads what it needs

        return pdf.read(data, name, pace)
    if kind == "image":
        from . import image  # noqa: PLC0415

        return image.read(data, name, pace)
    if kind in {"xlsx", "xls"}:
        from .sheets import read  # noqa: PLC0415
    else:
        from .word import read  # noqa: PLC0415
    return read(data, kind, name)
