"""Results come into their folder whole: written beside it first, then moved into place.

A full disk, a kill or an error while they are written leaves what was there before; what is left over lies in folders
that :func:`sweep` removes. Where the folder isn't there yet, one rename makes it. Where it is, with files of the
user's in it perhaps, ``result.json`` goes first and comes last: where it stands, the other files do.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from .errors import InputError

LAST = "result.json"
_PART = ".part-"  # how the folders begin in which results are written


class FullError(InputError):
    """Nothing more can be written there: the disk is full, or read-only. The next file would fare no better."""


def place(
    folder: Path, files: Mapping[str, str | bytes], outdated: Callable[[Path], Iterable[Path]] = lambda _: ()
) -> list[Path]:
    """Put files into a folder, all of them or none, and return them.

    Args:
        folder: Made if it isn't there; files in it that are not named stay.
        files: Contents by name.
        outdated: Finds the files of an earlier run that go when these come.

    Raises:
        OSError: They can't be written; the folder is as it was.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = folder.parent / f"{_PART}{secrets.token_hex(8)}"
    staged.mkdir()
    try:
        for name, content in files.items():
            (staged / name).write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        if not _renamed(staged, folder):
            _merge(staged, folder, files, outdated)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return [folder / name for name in _in_order(files)]


def _renamed(staged: Path, folder: Path) -> bool:
    if os.path.lexists(folder):
        return False
    try:
        staged.rename(folder)
    except FileExistsError:
        return False  # somebody made it meanwhile
    except OSError:
        if folder.is_dir():
            return False
        raise
    return True


def _merge(
    staged: Path, folder: Path, files: Mapping[str, str | bytes], outdated: Callable[[Path], Iterable[Path]]
) -> None:
    if LAST in files:
        (folder / LAST).unlink(missing_ok=True)
    for old in outdated(folder):
        old.unlink(missing_ok=True)
    for name in _in_order(files):
        (staged / name).replace(folder / name)


def _in_order(files: Iterable[str]) -> list[str]:
    return sorted(files, key=lambda name: (name == LAST, name))


def sweep(out: Path) -> int:
    """Remove what killed runs left in a folder of results, and return how many leftovers there were."""
    count = 0
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(out)):
            if entry.name.startswith(_PART) and entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
                count += 1
    return count
