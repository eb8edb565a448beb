"""The document: decoded text with its name and a line index."""

import hashlib
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from . import sources, urls
from .decode import decode
from .errors import InputError
from .records import Finding, Region, SourceFile

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
        regions: Where each piece of the text is printed, where the file isn't text; ``encoding`` is then its format.
        findings: What of the file could not be turned into text.
        files: The files, where they aren't text.
    """

    name: str
    text: str
    path: str | None = None
    encoding: str = "utf-8"
    replaced: int = 0
    first_replaced: int = field(default=-1, repr=False)
    regions: tuple[Region, ...] = field(default=(), repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)
    files: tuple[SourceFile, ...] = field(default=(), repr=False)

    @classmethod
    def from_path(cls, path: str | Path, *, pace: sources.Pace = sources.Pace()) -> "Document":  # noqa: B008 - it is frozen
        """Read a file: text in any usual encoding, PDF, Word, Excel or an image, told apart by content.

        Args:
            path: The file.
            pace: How many scanned pages are recognised at once, and who is told of each.

        Raises:
            InputError: It is missing, a folder, empty, broken, encrypted or too large, or may not be read; or what
                reads it isn't installed.
        """
        if urls.is_url(path):
            return cls._of(urls.read(urls.path_of(path), MAX_BYTES), urls.path_of(path), pace)
        file = Path(path)
        try:
            if file.is_dir():
                raise InputError(f"{file}: this is a folder. Give its files, or use `extractor run FOLDER`.")
            with file.open("rb") as opened:
                data = opened.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise InputError(f"{file}: no such file. Check the path.") from None
        except PermissionError:
            raise InputError(f"{file}: no permission to read it. Change its mode or owner.") from None
        except OSError as error:
            raise InputError(f"{file}: can't be read ({error.strerror}).") from None
        return cls._of(data, file, pace)

    @classmethod
    def _of(cls, data: bytes, file: Path, pace: sources.Pace) -> "Document":
        if len(data) > MAX_BYTES:
            raise InputError(f"{file}: larger than {MAX_BYTES >> 20} MB. Split it into documents first.")
        kind = sources.sniff(data, str(file))
        if kind != "text":
            read = sources.convert(data, kind, str(file), pace)
            known = SourceFile(name=file.name, path=str(file), kind=kind, sha256=hashlib.sha256(data).hexdigest())
            return cls(
                file.stem, read.text, str(file), kind, regions=read.regions, findings=read.findings, files=(known,)
            )
        decoded = decode(data, str(file))
        return cls(file.stem, decoded.text, str(file), decoded.encoding, decoded.replaced, decoded.first_replaced)

    @classmethod
    def from_paths(
        cls, paths: Sequence[str | Path], *, name: str | None = None, pace: sources.Pace = sources.Pace()  # noqa: B008
    ) -> "Document":  # fmt: skip
        """Read several files as one document, one after the other, of any kinds; regions say which file they are in.

        It is called after the first, unless a name is given.

        Raises:
            InputError: One of them can't be read; none is left out silently.
        """
        text, kinds = "", dict[str, None]()
        regions: list[Region] = []
        findings: list[Finding] = []
        files: list[SourceFile] = []
        replaced, first = 0, -1
        names = Counter(Path(path).name for path in paths)
        for path in paths:
            part = cls.from_path(path, pace=pace)
            file = Path(path).name if names[Path(path).name] == 1 else str(path)
            files += [f.model_copy(update={"name": file}) for f in part.files]
            at, lines = len(text), text.count("\n")
            whole = (Region(start=0, end=len(part.text), page=1),) if not part.regions else ()
            regions += [
                r.model_copy(update={"start": r.start + at, "end": r.end + at, "file": file})
                for r in (*part.regions, *whole)
            ]
            findings += [
                f.model_copy(update={"line": (f.line or 1) + lines, "message": f"{file}: {f.message}"})
                for f in part.findings
            ]
            if part.replaced and not replaced:
                first = part.first_replaced + at
            replaced += part.replaced
            kinds[part.encoding] = None
            text += part.text if part.text.endswith("\n") else part.text + "\n"
            text += "\f\n" if path is not paths[-1] else ""
        return cls(
            name or Path(paths[0]).stem, text, str(paths[0]), "+".join(kinds), replaced, first, regions=tuple(regions),
            findings=tuple(findings), files=tuple(files),
        )  # fmt: skip

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
