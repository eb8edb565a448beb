"""Word files: paragraphs as lines, tables as rows of cells; merged cells are printed once."""

import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from extractor.errors import InputError

from .extras import needs
from .text import Assembly, Converted, Piece, joined

_SECONDS = 120  # for LibreOffice to convert an old file


def read(data: bytes, kind: str, name: str) -> Converted:
    """Read a Word file; an old one (``.doc``) with the help of LibreOffice.

    Raises:
        InputError: It is broken, the extra isn't installed, or LibreOffice isn't there.
    """
    docx = needs("docx", "office", name)
    if kind == "doc":
        data = _modern(data, name)
    out = Assembly()
    out.page(1)
    try:
        document = docx.Document(io.BytesIO(data))
        for block in document.iter_inner_content():
            for pieces in _table(block) if hasattr(block, "rows") else _paragraph(block):
                out.row(pieces)
    except Exception as error:  # noqa: BLE001 - a broken file breaks the parser in any way
        raise InputError(
            f"{name}: this Word file is broken ({type(error).__name__}). Save it anew in Word, or as PDF."
        ) from None
    return out.done()


def _paragraph(paragraph: Any) -> Iterator[list[Piece]]:
    for line in paragraph.text.splitlines():
        # Tabs in running text are blanks; only rows of tables have cells.
        yield [Piece(" ".join(line.split()))]


def _table(table: Any) -> Iterator[list[Piece]]:
    seen: set[Any] = set()
    for row in table.rows:
        pieces = [Piece("")] * row.grid_cols_before
        inner: list[Any] = []
        for cell in row.cells:  # a merged cell comes once for every place that it takes
            new = cell._tc not in seen  # noqa: SLF001 - what identifies a cell
            seen.add(cell._tc)  # noqa: SLF001
            lines = [line for p in cell.paragraphs for line in p.text.splitlines()] if new else []
            pieces.append(Piece(joined(lines)))
            inner.extend(cell.tables if new else ())
        yield pieces
        for nested in inner:
            yield from _table(nested)


def _modern(data: bytes, name: str) -> bytes:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        raise InputError(f"{name}: an old Word file (.doc) needs LibreOffice. Install it, or save the file as .docx.")
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder, "old.doc"), Path(folder, "old.docx")
        old.write_bytes(data)
        profile = Path(folder, "profile").as_uri()
        command = [office, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "docx", "--outdir", folder]
        try:
            subprocess.run([*command, str(old)], check=True, capture_output=True, timeout=_SECONDS)  # noqa: S603 - no text of the document is an argument
            return new.read_bytes()
        except (subprocess.SubprocessError, OSError):
            raise InputError(f"{name}: LibreOffice can't convert this old Word file. Save it as .docx.") from None
