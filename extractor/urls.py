"""Files that lie elsewhere: paths such as ``s3://bucket/in/a.txt``, read and written through fsspec."""

import errno
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from .errors import InputError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # a path has lost one of its two strokes
_HERE = frozenset({"file", "local"})  # their names begin with a stroke
MOST = 100_000_000
"""Bytes of a file that this program wrote, at most."""


class Url(PurePosixPath):
    """A path at another place, with name, stem and parents of paths; as text it is what fsspec takes."""

    def __str__(self) -> str:
        scheme, _, rest = super().__str__().partition(":")
        return f"{scheme}:{'///' if scheme in _HERE else '//'}{rest.lstrip('/')}"

    def absolute(self) -> "Url":
        """Return it as it is: it always begins at its root."""
        return self


def path_of(text: str | Path) -> Any:
    """Return a text as a path: a :class:`Url` where it names another place, else a ``Path``."""
    return Url(str(text)) if _URL.match(str(text)) else Path(text)


def is_url(text: str | Path | PurePosixPath) -> bool:
    """Whether a text or a path names another place."""
    return bool(_URL.match(str(text)))


def here(path: Path, what: str) -> Path:
    """Return a path that is on this machine; ``what`` names what can't be elsewhere.

    Raises:
        InputError: It names another place.
    """
    if is_url(path):
        raise InputError(f"{path_of(path)}: {what} must be in a folder here. Copy them, or name a folder.")
    return path


def find(pattern: str, endings: frozenset[str]) -> list[Url]:
    """Return the files that an address, a folder or a pattern names, in a fixed order.

    Raises:
        InputError: The place can't be reached, or the package for it isn't installed.
    """
    with _opened(pattern) as (files, root):
        if any(c in pattern for c in "*?["):
            found = [name for name in files.glob(root) if files.isfile(name)]
        elif files.isdir(root):
            found = [name for name in files.find(root) if PurePosixPath(name).suffix.lower() in endings]
        else:
            found = [root]
        return [Url(files.unstrip_protocol(name)) for name in sorted(found)]


def read(url: Url, most: int) -> bytes:
    """Return the bytes of a file, one more than ``most`` if there are as many.

    Raises:
        InputError: It isn't there or can't be read.
    """
    with _opened(str(url)) as (files, name), files.open(name, "rb") as data:
        content: bytes = data.read(most + 1)
        return content


def listed(folder: str | Url) -> dict[str, int]:
    """Return the size of every file below a folder, by its name from there; a folder that isn't there has none.

    Raises:
        InputError: The place can't be reached.
    """
    with _opened(str(folder)) as (files, root):
        files.invalidate_cache()
        found = files.find(root, detail=True) if files.exists(root) else {}
        return {name[len(root) + 1 :]: int(known["size"] or 0) for name, known in found.items()}


def read_all(folder: Url, names: Sequence[str]) -> dict[str, bytes]:
    """Return what files of a folder hold, side by side where the place can; those that can't be read are left out.

    Raises:
        InputError: The place can't be reached.
    """
    with _opened(str(folder)) as (files, root):
        found = files.cat([f"{root}/{name}" for name in names], on_error="omit")
        return {name[len(root) + 1 :]: content for name, content in found.items()}


def put(file: Url, content: bytes) -> None:
    """Write a file, in place of one that is there.

    Raises:
        InputError: It can't be written.
    """
    with _opened(str(file)) as (files, name):
        files.makedirs(name.rpartition("/")[0], exist_ok=True)
        files.pipe_file(name, content)


def create(file: Url, content: bytes) -> bool:
    """Write a file where there is none; of several that try at once, one does. Returns whether it was this one.

    Raises:
        InputError: It can't be written.
    """
    with _opened(str(file)) as (files, name):
        files.makedirs(name.rpartition("/")[0], exist_ok=True)
        try:
            if _HERE.intersection(_protocols(files)):
                with files.open(name, "xb") as out:
                    out.write(content)
            else:
                files.pipe_file(name, content, mode="create")
        except FileExistsError:
            return False
    return True


def fleeting(path: str | Path | PurePosixPath) -> bool:
    """Whether what is written there is seen by this process only, and gone with it."""
    return str(path).startswith("memory:")


def _protocols(files: Any) -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)


def write(
    folder: Url, files: Mapping[str, str | bytes], last: str,
    outdated: Callable[[Iterable[str]], Iterable[str]] = lambda _: (),
) -> list[Url]:  # fmt: skip
    """Put files into a folder, each whole; the file named ``last`` comes last, so where it stands, the others do.

    ``outdated`` chooses among the names of files that are there those of an earlier run that go when these come.

    Raises:
        InputError: They can't be written.
    """
    names = sorted(files, key=lambda name: (name == last, name))
    with _opened(str(folder)) as (there, root):
        there.makedirs(root, exist_ok=True)
        if last in files and there.exists(f"{root}/{last}"):
            there.rm_file(f"{root}/{last}")
        there.invalidate_cache(root)
        before = {str(name).rpartition("/")[2] for name in there.ls(root, detail=False)} if there.exists(root) else ()
        for name in outdated(before):
            there.rm_file(f"{root}/{name}")
        for name in names:
            content = files[name]
            there.pipe_file(f"{root}/{name}", content.encode("utf-8") if isinstance(content, str) else content)
    return [Url(f"{folder}/{name}") for name in names]


@contextmanager
def _opened(url: str) -> Iterator[tuple[Any, str]]:
    """Give fsspec's file system of a place and the name in it; its errors become ours."""
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - an extra
    except ImportError:
        raise InputError(f"{url}: needs the package fsspec. Install it: pip install 'extractor[remote]'.") from None
    try:
        files, name = url_to_fs(str(Url(url)))
        yield files, str(name).rstrip("/")
    except FileNotFoundError:
        raise InputError(f"{url}: no such file. Check the address.") from None
    except ImportError as error:
        raise InputError(f"{url}: {error}.") from None
    except (OSError, ValueError) as error:
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "Make room there, or choose another place." if full else "Check address and credentials."
        raise InputError(f"{url}: can't be read or written ({error}). {remedy}") from None
