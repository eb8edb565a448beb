"""Answers kept: pure functions of a short text are asked the same again and again, within and across documents."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

T = TypeVar("T")
_LONGEST, _MOST = (
    60,
    4096,
)  # characters of a text, and texts, that are kept: a few megabytes, however large documents are


def remembered(function: Callable[[str], T]) -> Callable[[str], T]:
    """Keep what a pure function of one text returned, where the text is short enough to be kept."""
    known = lru_cache(maxsize=_MOST)(function)

    @wraps(function)
    def ask(text: str) -> T:
        return known(text) if len(text) <= _LONGEST else function(text)

    return ask


__all__ = ["remembered"]
