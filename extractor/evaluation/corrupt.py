"""Damages text as optical character recognition and conversion do: seeded, at a rate, one class at a time."""

import random
import re
from collections.abc import Callable, Mapping

_DIGITS = {
    "0": "686", "1": "747", "2": "7", "3": "858", "4": "19", "5": "638", "6": "058", "7": "121", "8": "036", "9": "054",
}  # fmt: skip
_PAIRS = """
未末 己已 日目 入人 大太 土士 千干 贷货 算箅 拨拔 项顶 基墓 本木 金全 资姿 营菅 位住 行衍 般股 政攻 管菅 险俭 缴激
休体 离禽 用甩 团困 国因 购沟 置罝 运远 车东 合台 计汁 支攴 收牧 财时 公厶 务各 费贾 共其 理埋 机杌
"""
_ALIKE = {a: b for pair in _PAIRS.split() for a, b in ((pair[0], pair[1]), (pair[1], pair[0]))}
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_SEAM = re.compile(r"(?<=[\d%元])(?:[ \t]|\s*\|\s*|\n)(?=[\d-])")
_INSIDE = re.compile(r"(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])")

Damage = Callable[[str, float, random.Random], str]


def digits(text: str, rate: float, dice: random.Random) -> str:
    """Replace each digit, with the probability given, by one that looks like it."""
    return "".join(dice.choice(_DIGITS[c]) if c in _DIGITS and dice.random() < rate else c for c in text)


def labels(text: str, rate: float, dice: random.Random) -> str:
    """Replace each character that has a look-alike, with the probability given."""
    return "".join(_ALIKE[c] if c in _ALIKE and dice.random() < rate else c for c in text)


def points(text: str, rate: float, dice: random.Random) -> str:
    """Lose decimal points."""
    return _POINT.sub(lambda m: "" if dice.random() < rate else m.group(), text)


def merges(text: str, rate: float, dice: random.Random) -> str:
    """Run two cells together, the second of them a number."""
    return _SEAM.sub(lambda m: "" if dice.random() < rate else m.group(), text)


def wraps(text: str, rate: float, dice: random.Random) -> str:
    """Break lines inside Chinese words."""
    return _INSIDE.sub(lambda _: "\n" if dice.random() < rate else "", text)


def pages(text: str, rate: float, dice: random.Random) -> str:
    """Put a page number between two lines, with the probability given for each line."""
    out: list[str] = []
    page = 0
    for line in text.split("\n"):
        out.append(line)
        if dice.random() < rate:
            page += 1
            out.append(f"- {page} -")
    return "\n".join(out)


DAMAGES: Mapping[str, Damage] = {
    "OCR digits": digits,
    "OCR labels": labels,
    "lost points": points,
    "merged cells": merges,
    "wraps": wraps,
    "page breaks": pages,
}
MOVES_LINES = frozenset({"merged cells", "wraps", "page breaks"})
"""Classes after which a value no longer stands at its line of the gold facts."""


def damage(text: str, name: str, rate: float, seed: int) -> str:
    """Return a text with damage of one class; the same seed always does the same damage.

    Args:
        text: What is damaged.
        name: One of :data:`DAMAGES`.
        rate: Probability for each place where this damage can happen: a digit, a point, a line.
        seed: For the dice.
    """
    return DAMAGES[name](text, rate, random.Random(f"{name}-{rate}-{seed}"))
