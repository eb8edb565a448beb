"""How likely one number was printed where another is read: the ways in which characters are misread, with their costs.

A cost is in tenths of a power of ten: 20 is one in a hundred, 30 one in a thousand. What characters are read as comes
from ``schemas/confusions.json``; what was never counted costs as much as one count in half.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from math import log10
from typing import Any

from .amount import parse_amount
from .data import data_folder
from .normalize import squeeze
from .proposals import EditKind

PLAUSIBLE = 60
"""The most that another reading of one number may cost: about two misread digits."""
MOVED_POINT, UNIT, SIGN_WORD, DOUBLED, RAREST = 35, 35, 35, 38, 46
_ODD_PLACES = 20  # more or fewer digits behind the point than the table's other amounts have
_NEGATIVE = 25  # numbers below zero are rare in tables
_LONGEST = 40  # characters of a number
_DIGITS = "0123456789"
_UNIT = 4  # 元 and 万元 are four places apart
_MANY = 1 << 20
_SHIFT = 2  # characters more or fewer that are worth a look
_WIDE = 4  # characters by which an alignment may be off on its way: what is lost or too many costs too much for more
_MOST_PLACES = 12


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that may have been printed, with how unlikely that is and what was misread."""

    value: Decimal
    cost: int
    kind: EditKind
    words: str


@dataclass(frozen=True, slots=True)
class _Channel:
    """Costs by character: what a printed one (first) is read as, that it is lost, or that one comes from nowhere."""

    read_as: dict[tuple[str, str], int]
    lost: dict[str, int]
    extra: dict[str, int]


@lru_cache(maxsize=1)
def _channel() -> _Channel:
    counted: dict[str, Any] = json.loads((data_folder("schemas") / "confusions.json").read_text(encoding="utf-8"))
    seen: dict[str, int] = counted["characters"]
    gaps = sum(seen.values())
    read_as = {
        (true, read): _cost(counted["read_as"].get(true, {}).get(read, 0), n)
        for true, n in seen.items()
        for read in seen
        if read != true
    }
    lost = {true: _cost(counted["lost"].get(true, 0), n) for true, n in seen.items()}
    extra = {read: _cost(counted["extra"].get(read, 0), gaps) for read in seen}
    return _Channel(read_as, lost, extra)


def _cost(count: int, of: int) -> int:
    return min(RAREST, round(-10 * log10(max(count, 0.5) / of)))


def printed(text: str, value: Decimal) -> str:
    """Return the digits of a cell as they are read, without separators of thousands, with the sign of its value."""
    amount = parse_amount(squeeze(text))
    same = amount is not None and abs(amount.value) == abs(value)
    digits = squeeze(text).replace(",", "").lstrip("-") if same else f"{abs(value):f}"
    return f"-{digits}" if value < 0 else digits


@lru_cache(maxsize=64)
def near(text: str) -> tuple[Decimal, ...]:
    """Return every number that one mistake turns into this one: a digit, the point, the sign, the unit.

    None for what is too long to be an amount.

    Args:
        text: The digits as read, with a sign if one is printed.
    """
    return tuple(_near(text)) if len(text) <= _LONGEST else ()


def _near(text: str) -> Iterator[Decimal]:
    digits = text.removeprefix("-")
    sign = -1 if text.startswith("-") else 1
    for other in dict.fromkeys(_others(digits)):
        if _sound(other):
            yield sign * Decimal(other)
    value = Decimal(digits)
    if value:
        yield -sign * value
        yield from (sign * value.scaleb(shift) for shift in (_UNIT, -_UNIT))


def _others(digits: str) -> Iterator[str]:
    for at, old in enumerate(digits):
        if old == ".":
            yield digits[:at] + digits[at + 1 :]  # an extra point, or a comma of thousands
            for to in (at - 1, at + 1):
                rest = digits[:at] + digits[at + 1 :]
                yield rest[:to] + "." + rest[to:]
            continue
        yield from (digits[:at] + new + digits[at + 1 :] for new in _DIGITS if new != old)
        yield digits[:at] + digits[at + 1 :]
        yield digits[:at] + "." + digits[at + 1 :]
    for at in range(len(digits) + 1):
        yield from (digits[:at] + new + digits[at:] for new in _DIGITS)
        if "." not in digits and 0 < at < len(digits):
            yield digits[:at] + "." + digits[at:]


def _sound(text: str) -> bool:
    """Whether a number is printed so: a digit on either side of the point, no zero in front of another digit."""
    head, point, tail = text.partition(".")
    return bool(head) and (not point or bool(tail)) and "." not in tail and (head == "0" or head[0] != "0")


@lru_cache(maxsize=10_000)
def reading(text: str, value: Decimal, decimals: int) -> Reading | None:
    """Price a number in place of the one that is read; None where no plausible mistake makes one of the other.

    Args:
        text: The digits as read, with a sign if one is printed.
        value: What may have been printed instead.
        decimals: Digits after the point that the table's amounts are printed with.
    """
    if value == Decimal(text):
        return None
    found = [
        replace(read, cost=read.cost + odd)
        for form, odd in _forms(text, value, decimals)
        if (read := _aligned(text, form, value)) is not None
    ]
    found.extend(_whole(text, value))
    best = min(found, key=lambda r: r.cost, default=None)
    return best if best is not None and best.cost <= PLAUSIBLE else None


def _forms(text: str, value: Decimal, decimals: int) -> Iterator[tuple[str, int]]:
    """Yield the ways in which a number may be printed, each with what speaks against it.

    It has as many digits behind the point as are read, or as the table's others have; any other number is odd.
    """
    exponent = value.normalize().as_tuple().exponent
    least = max(0, -exponent) if isinstance(exponent, int) else 0
    here = len(text.partition(".")[2])
    for places in dict.fromkeys((here, decimals, least, here - 1)):
        if least <= places <= _MOST_PLACES:
            yield f"{value:.{places}f}", 0 if places in {here, decimals} else _ODD_PLACES


def _whole(text: str, value: Decimal) -> Iterator[Reading]:
    """Yield mistakes that concern the number as a whole."""
    now = Decimal(text)
    head, _, tail = text.partition(".")
    if value == -now:
        yield Reading(value, SIGN_WORD, "sign", "the sign")
    if value in (now.scaleb(_UNIT), now.scaleb(-_UNIT)):
        words = "万元 for 元" if value == now.scaleb(-_UNIT) else "元 for 万元"
        yield Reading(value, UNIT, "unit", words)
    if len(tail) == 3 and value == Decimal(head + tail):
        yield Reading(value, _channel().read_as[",", "."], "comma", "a comma of thousands read as a point")


_Step = tuple[int, int, int]  # cost, characters of the printed form, characters of what is read


def _aligned(text: str, form: str, value: Decimal) -> Reading | None:
    """Find the cheapest way in which a printed form was read as this text, character by character."""
    if abs(len(text) - len(form)) > _SHIFT:
        return None
    costs = _channel()
    rows, columns = len(form), len(text)
    best = [[_MANY] * (columns + 1) for _ in range(rows + 1)]
    steps: list[list[_Step]] = [[(0, 0, 0)] * (columns + 1) for _ in range(rows + 1)]
    best[0][0] = 0
    for i in range(rows + 1):
        for j in range(max(0, i - _WIDE), min(columns, i + _WIDE) + 1):
            for step in _steps(costs, form, text, i, j):
                total = best[i - step[1]][j - step[2]] + step[0]
                if total < best[i][j]:
                    best[i][j], steps[i][j] = total, step
    total = best[rows][columns] + (_NEGATIVE if value < 0 and form[0] != text[0] else 0)
    if total > PLAUSIBLE:
        return None
    done: list[tuple[EditKind, str]] = []
    i, j = rows, columns
    while i or j:
        _, di, dj = steps[i][j]
        if not (di == dj == 1 and form[i - 1] == text[j - 1]):
            done.append(_told(form, text, (i, j), (di, dj)))
        i, j = i - di, j - dj
    done.reverse()
    kinds: set[EditKind] = {kind for kind, _ in done}
    return Reading(value, total, kinds.pop() if len(done) == 1 else "several", ", ".join(words for _, words in done))


def _steps(costs: _Channel, form: str, text: str, i: int, j: int) -> Iterator[_Step]:
    """Yield what the last step of an alignment of ``form[:i]`` with ``text[:j]`` may be."""
    if i and j:
        true, read = form[i - 1], text[j - 1]
        yield (0 if true == read else costs.read_as[true, read]), 1, 1
    if i:
        yield costs.lost[form[i - 1]], 1, 0
    if j:
        extra = text[j - 1]
        yield (min(DOUBLED, costs.extra[extra]) if _doubled(text, j) else costs.extra[extra]), 0, 1
    if i > 1 and j > 1 and form[i - 1] == text[j - 2] and form[i - 2] == text[j - 1] and "." in form[i - 2 : i]:
        yield MOVED_POINT, 2, 2


def _told(form: str, text: str, ends: tuple[int, int], step: tuple[int, int]) -> tuple[EditKind, str]:
    """Say what happened in a step to the ends of a printed form and of what is read."""
    i, j = ends
    if step == (2, 2):
        return "point", "the point moved"
    if step == (1, 0):
        return _kind(form[i - 1], "lost"), f"{_named(form[i - 1])} lost"
    if step == (0, 1):
        extra = text[j - 1]
        return _kind(extra, "extra"), f"{_named(extra)} {'doubled' if _doubled(text, j) else 'too many'}"
    true, read = form[i - 1], text[j - 1]
    return "digit" if true.isdigit() and read.isdigit() else "several", f"{true} read as {read}"


def _doubled(text: str, end: int) -> bool:
    """Whether a digit stands behind one like it."""
    return end > 1 and text[end - 1] == text[end - 2] and text[end - 1].isdigit()


def _kind(character: str, other: EditKind) -> EditKind:
    return "point" if character == "." else "sign" if character == "-" else other


def _named(character: str) -> str:
    return {".": "the point", "-": "the sign"}.get(character, character)
