"""The collector of garbage, which looks too often: nearly all that a reading makes lives as long as the reading."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS = 200_000  # made and not yet gone before it looks; a document makes a million
_lock = threading.Lock()
_before: list[tuple[int, int, int]] = []


@contextmanager
def seldom() -> Iterator[None]:
    """Have it look seldom until this ends, in all threads; where it looks more seldom or never, nothing changes."""
    with _lock:
        found = gc.get_threshold()
        _before.append(found)
        if 0 < found[0] < _OBJECTS:
            gc.set_threshold(_OBJECTS, *found[1:])
    try:
        yield
    finally:
        with _lock:
            found = _before.pop()
            if not _before:  # the last that ends finds what the first one found
                gc.set_threshold(*found)
