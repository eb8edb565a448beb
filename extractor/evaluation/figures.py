"""Figures in a Markdown page: each block between its markers is written anew, everything else stays as it is."""

import re
from pathlib import Path

from extractor.errors import InputError


def replace(page: str, blocks: dict[str, str]) -> str:
    """Put blocks of text between ``<!-- eval:NAME -->`` and ``<!-- /eval:NAME -->``.

    Raises:
        InputError: The page has no such markers, or has them twice.
    """
    for name, text in blocks.items():
        mark = re.compile(rf"(<!-- eval:{name} -->\n).*?(<!-- /eval:{name} -->)", re.DOTALL)
        if len(mark.findall(page)) != 1:
            raise InputError(f"The page needs the lines <!-- eval:{name} --> and <!-- /eval:{name} --> once each.")
        start, end = next((m.end(1), m.start(2)) for m in mark.finditer(page))
        page = f"{page[:start]}{text.strip()}\n{page[end:]}"
    return page


def write(path: Path, blocks: dict[str, str]) -> None:
    """Write the blocks into a page.

    Raises:
        InputError: The page can't be read or written, or lacks the markers.
    """
    try:
        page = path.read_text(encoding="utf-8")
        path.write_text(replace(page, blocks), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: can't be read or written ({error.strerror}).") from None
