"""One run at a time in a folder: a lock that the kernel frees when the process that holds it ends, however it does."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import ExtractorError, InputError

try:
    import fcntl
except ImportError:  # a system without flock: two runs at once aren't told apart there
    fcntl = None  # type: ignore[assignment]

NAME = ".run.lock"
_PAUSE = 0.2


class BusyError(ExtractorError):
    """Another run is at work in the folder."""


@contextmanager
def held(folder: Path, patience: float = 0.0) -> Iterator[None]:
    """Hold the folder's lock; worker processes hold it with their parent, until the last of them has ended.

    Args:
        folder: Where the run writes.
        patience: Seconds to wait for another run to end.

    Raises:
        BusyError: Another run is still at work.
        InputError: The lock file can't be made.
    """
    try:
        handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise InputError(f"{folder}: can't be written ({error.strerror}). Choose another --out.") from None
    try:
        end = time.monotonic() + patience
        while not _taken(handle):
            if time.monotonic() >= end:
                raise BusyError(
                    f"{folder}: another run is at work here{_who(handle)}. Wait for it (`extractor run --wait` does), "
                    "end it, or choose another --out."
                )
            time.sleep(_PAUSE)
        with suppress(OSError):  # a full disk: the number is for people
            os.truncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def busy(folder: Path) -> bool:
    """Whether a run is at work in a folder."""
    try:
        handle = os.open(folder / NAME, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _taken(handle)
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
            return True  # a file system without locks
        raise
    return True


def _who(handle: int) -> str:
    number = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
    return f" (process {number})" if number.isdigit() else ""
