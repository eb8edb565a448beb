"""Answers kept: pure functions of a short text are asked the same again and again, within and across documents."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_LONGEST = 60  # characters of a text that is kept
_MOST = 4096  # texts that are kept: a few megabytes, however large documents are


class _Known(dict[str, T]):
    """What a function returned, by text; one that isn't there yet is asked for."""

    def __init__(self, function: Callable[[str], T]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, text: str) -> T:
        found = self._function(text)
        if len(text) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[text] = found
        return found


def remembered(function: Callable[[str], T]) -> Callable[[str], T]:
    """Keep what a pure function of one text returned, where the text is short enough to be kept.

    What is asked for is a look into a dictionary, without a call of Python's own.
    """
    return _Known(function).__getitem__


__all__ = ["remembered"]
