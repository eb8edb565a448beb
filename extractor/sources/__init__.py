"""Files that aren't text: recognised by content, turned into text that the readers read like any other.

Every piece of that text keeps the region it was printed in: page and box, or sheet and cell.
"""

from .sniff import Kind, sniff
from .text import Converted

__all__ = ["Converted", "Kind", "convert", "sniff"]


def convert(data: bytes, kind: Kind, name: str) -> Converted:
    """Turn the bytes of a file into text with regions.

    Args:
        data: The whole file.
        kind: What :func:`sniff` says it is; not ``text``.
        name: Its name, for messages.

    Raises:
        InputError: It is encrypted, broken or unreasonably large, or the extra that reads it isn't installed.
    """
    if kind == "pdf":
        from .pdf import read  # noqa: PLC0415 - each format loads what it needs
    elif kind in {"xlsx", "xls"}:
        from .sheets import read  # noqa: PLC0415
    elif kind in {"docx", "doc"}:
        from .word import read  # noqa: PLC0415
    else:
        from .image import read  # noqa: PLC0415
    return read(data, kind, name)
