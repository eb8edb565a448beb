"""What a file is, by its content: names lie."""

import io
import zipfile
from typing import Literal

from extractor.errors import InputError

Kind = Literal["text", "pdf", "docx", "doc", "xlsx", "xls", "image"]

_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"BM")
_MAX_UNPACKED = 512 * 1024 * 1024
_MAX_MEMBERS = 10_000
_HEAD = 1024  # a PDF may begin with some bytes of something else


def sniff(data: bytes, name: str) -> Kind:
    """Tell what the bytes of a file are.

    Raises:
        InputError: It is of a kind that can't be read, or unpacks to more than is reasonable.
    """
    if b"%PDF-" in data[:_HEAD]:
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return _zipped(data, name)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return _compound(data, name)
    if data.startswith(_IMAGES[:-1]) or (data.startswith(_IMAGES[-1]) and b"\x00" in data[:64]):
        return "image"
    if data.startswith(b"\x1f\x8b"):
        raise InputError(f"{name}: this is a gzip file. Unpack it first.")
    return "text"


def _zipped(data: bytes, name: str) -> Kind:
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise InputError(f"{name}: this Office or zip file is broken. Get it again, or save it as PDF.") from None
    if len(members) > _MAX_MEMBERS or sum(m.file_size for m in members) > _MAX_UNPACKED:
        raise InputError(f"{name}: unpacks to more than {_MAX_UNPACKED >> 20} MB. Save it as PDF or text first.")
    names = {m.filename for m in members}
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    if any(m.flag_bits & 1 for m in members):
        raise InputError(f"{name}: this zip file is encrypted. Unpack it first.")
    raise InputError(f"{name}: this is a zip file, but no document of Word or Excel. Unpack it first.")


def _compound(data: bytes, name: str) -> Kind:
    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    if has("EncryptedPackage"):
        raise InputError(f"{name}: this Office file has a password. Save it without one.")
    if has("WordDocument"):
        return "doc"
    if has("Workbook") or has("Book"):
        return "xls"
    raise InputError(f"{name}: this is an old Office file of an unknown kind. Save it as PDF or text first.")
