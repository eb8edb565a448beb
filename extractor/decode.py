"""Bytes to text: UTF-8, UTF-16 and GB18030, told apart by a library, with nothing dropped silently."""

from dataclasses import dataclass

from .errors import InputError

_CANDIDATES = ["utf_8", "gb18030", "utf_16_le", "utf_16_be", "big5"]
_SAMPLE = 1 << 16


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decoded text, the encoding that was used, and where bytes had to be replaced."""

    text: str
    encoding: str
    replaced: int = 0
    first_replaced: int = -1


def decode(data: bytes, name: str) -> Decoded:
    """Decode the bytes of one file.

    Args:
        data: The whole file.
        name: Its name, for error messages.

    Returns:
        The text without byte-order mark. Bytes that are valid in no encoding become U+FFFD and are counted.

    Raises:
        InputError: The file is empty, or it is not text.
    """
    if not data.strip(b"\x00 \t\r\n\x0c\xef\xbb\xbf\xff\xfe"):
        raise InputError(f"{name}: the file is empty. Check the conversion that made it.")
    for bom, codec in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(bom):
            return _lossy(data[len(bom) :], codec)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if text and text.count("\x00") * 20 <= len(text):
        return Decoded(text, "utf-8")
    return _guess(data, name)


def _guess(data: bytes, name: str) -> Decoded:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only for files that are not plain UTF-8

    zeros = data[:_SAMPLE].count(0)
    if zeros * 20 > len(data[:_SAMPLE]):
        candidates = ["utf_16_le", "utf_16_be"]
    else:
        candidates = [c for c in _CANDIDATES if not c.startswith("utf_16")]
    sample = data[:_SAMPLE]
    # A cut inside a character must not rule out the right encoding: try to end the sample at a line.
    cut = sample.rfind(b"\n")
    if len(data) > _SAMPLE and cut > 0:
        sample = sample[:cut]
    best = from_bytes(sample, cp_isolation=candidates).best()
    if best is not None:
        decoded = _lossy(data, best.encoding)
        if decoded.replaced * 50 <= len(decoded.text):
            return decoded
    if not zeros:
        tries = [_lossy(data, codec) for codec in ("utf-8", "gb18030")]
        decoded = min(tries, key=lambda d: d.replaced)
        if decoded.replaced * 10 <= len(decoded.text) and _looks_like_text(decoded.text):
            return decoded
    raise InputError(f"{name}: this is not text in any encoding we know. Convert it to UTF-8 text first.")


def _looks_like_text(text: str) -> bool:
    sample = text[:_SAMPLE]
    odd = sum(1 for c in sample if ord(c) < 32 and c not in "\t\r\n\x0c")
    return odd * 50 <= len(sample)


def _lossy(data: bytes, codec: str) -> Decoded:
    text = data.decode(codec, errors="replace")
    replaced = text.count("\ufffd")
    return Decoded(text, codec.replace("_", "-"), replaced, text.find("\ufffd"))
