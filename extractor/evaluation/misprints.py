"""Mistakes of character recognition in a number, drawn as often as counted (``schemas/confusions.json``)."""

import json
import random
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from extractor.amount import parse_amount
from extractor.data import data_folder


@lru_cache(maxsize=1)
def _counted() -> dict[str, Any]:
    counted: dict[str, Any] = json.loads((data_folder("schemas") / "confusions.json").read_text(encoding="utf-8"))
    return counted


def misprint(text: str, dice: random.Random) -> str:
    """Return a printed number with one character misread, lost or too many; always another number.

    Args:
        text: Digits with a point, a sign, commas of thousands.
        dice: Decides.
    """
    now = parse_amount(text)
    ways = [(other, weight) for other, weight in _ways(text) if _number(other) not in (None, now and now.value)]
    return dice.choices([other for other, _ in ways], [weight for _, weight in ways])[0]


def _number(text: str) -> Any:
    amount = parse_amount(text)
    digits = text.lstrip("-").replace(",", "")
    return None if amount is None or (digits[0] == "0" and digits[:2] not in ("0", "0.")) else amount.value


def _ways(text: str) -> Iterator[tuple[str, float]]:
    """Yield every text with one mistake, with how often it is made."""
    counted = _counted()
    seen = counted["characters"]
    gaps = sum(seen.values())
    for at, true in enumerate(text):
        before, after = text[:at], text[at + 1 :]
        for read in seen:
            if read != true:
                yield before + read + after, max(counted["read_as"].get(true, {}).get(read, 0), 0.5) / seen[true]
        yield before + after, counted["lost"].get(true, 0) / seen[true]
    for at in range(len(text) + 1):
        for read in seen:
            yield text[:at] + read + text[at:], counted["extra"].get(read, 0) / gaps
