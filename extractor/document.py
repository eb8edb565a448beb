"""The document: decoded text with its name and a line index."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from .decode import decode
from .errors import InputError

_LINE_END = re.compile(r"\r\n|\r|\n")
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Document:
    """A text to read.

    Attributes:
        name: Shown to people; never used as a path.
        text: The decoded original; every span points into it.
        path: Where it came from, or None.
        encoding: What it was decoded with.
        replaced: How many undecodable places became U+FFFD.
    """

    name: str
    text: str
    path: str | None = None
    encoding: str = "utf-8"
    replaced: int = 0
    first_replaced: int = field(default=-1, repr=False)

    @classmethod
    def from_path(cls, path: str | Path) -> "Document":
        """Read and decode a file.

        Raises:
            InputError: It is missing, a folder, empty, not text, too large, or may not be read.
        """
        file = Path(path)
        try:
            if file.is_dir():
                raise InputError(f"{file}: this is a folder. Give its files, or use `extractor run FOLDER`.")
            if file.stat().st_size > MAX_BYTES:
                raise InputError(f"{file}: larger than {MAX_BYTES >> 20} MB. Split it into documents first.")
            data = file.read_bytes()
        except FileNotFoundError:
            raise InputError(f"{file}: no such file. Check the path.") from None
        except PermissionError:
            raise InputError(f"{file}: no permission to read it. Change its mode or owner.") from None
        except OSError as error:
            raise InputError(f"{file}: can't be read ({error.strerror}).") from None
        decoded = decode(data, str(file))
        return cls(file.stem, decoded.text, str(file), decoded.encoding, decoded.replaced, decoded.first_replaced)

    @classmethod
    def from_text(cls, text: str, name: str = "document") -> "Document":
        """Wrap a text that is already decoded."""
        return cls(name, text)

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of the first character of each line."""
        return [0, *(m.end() for m in _LINE_END.finditer(self.text))]

    def line_of(self, offset: int) -> int:
        """Return the 1-based line in which the character at ``offset`` stands."""
        return bisect_right(self.line_starts, offset)
