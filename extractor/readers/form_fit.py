"""How well a text fits a column of the indicators: its shape against what the column holds."""

import re
from decimal import Decimal
from functools import lru_cache

from extractor.forms import Kind, Words, forms

NEVER = 99.0
_OPERATOR = r"(?:[<>=]\s*=?|[≥≤≧≦≈±]|大于等于|小于等于|大于|小于|不低于|不少于|不超过|不高于|等于)"
_AMOUNT = r"-?\d[\d,]*(?:\.\d+)?"
_TARGET = re.compile(rf"{_OPERATOR}{_AMOUNT}\D{{0,12}}")
_LONGEST = 200  # characters beyond which a text is no number, target or name of evidence
_BARE_OPERATOR = re.compile(_OPERATOR)
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,4})?")
_PLAIN = re.compile(_AMOUNT)
_POINTS = re.compile(r"\d{1,3}(?:\.\d{1,4})?分")
_PERCENT = re.compile(rf"{_AMOUNT}%")
_MEASURE = re.compile(rf"({_AMOUNT})(\D{{1,8}})")
_DATE = re.compile(
    r"\d{4}年(?:\d{1,2}月(?:\d{1,2}日)?)?(?:底|末|前|以前|之前|内)?|\d{1,2}月(?:\d{1,2}日)?(?:底|末|前|以前|之前|内)?"
)
_NOTE = re.compile(r"\(\d{1,3}(?:\.\d+)?(?:分|%)?\)$")
_FULL = 100

SHAPES = ("target", "number", "points", "percent", "measure", "nothing", "slash", "basis", "rule", "evidence", "text")

# Cost of a shape in a column, where it isn't that of the column's last entry.
_COSTS: dict[Kind, dict[str, float]] = {
    "name": {"text": 0, "basis": 4, "evidence": 2, "rule": 5, "measure": 5, "": NEVER},
    "value": {"target": 0, "percent": 1, "measure": 1, "number": 2, "text": 2.5, "slash": 4, "nothing": 4, "": 7},
    "basis": {"basis": 0, "text": 1.5, "slash": 2.5, "nothing": 2, "evidence": 2, "": NEVER},
    "last": {"slash": 0, "nothing": 0.3, "measure": 0.5, "percent": 0.5, "target": 1, "text": 2, "number": 3, "": 7},
    "weight": {"number": 0, "points": 0, "": NEVER},
    "rule": {"rule": 0, "text": 2, "slash": 2.5, "nothing": 2, "evidence": 4, "": NEVER},
    "evidence": {"evidence": 0, "text": 1.5, "slash": 2.5, "nothing": 2, "basis": 5, "rule": 6, "": NEVER},
    "actual": {"measure": 0.5, "percent": 0.5, "target": 1.5, "text": 2, "number": 2, "nothing": 2, "slash": 3, "": 7},
    "rate": {"percent": 0, "nothing": 2, "slash": 2, "number": 4, "": NEVER},
    "score": {"number": 0, "points": 0, "nothing": 2, "": NEVER},
    "deviation": {"text": 1, "nothing": 0.5, "slash": 0.5, "evidence": 2, "basis": 4, "": NEVER},
    "ignored": {"": 2.5},
}


@lru_cache(maxsize=20_000)
def shape_of(text: str) -> str:
    """Return the shape of a text without blanks."""
    words = forms().words
    if not text or text in words.nothing:
        return "nothing"
    if set(text) <= {"/", "\\"}:
        return "slash"
    return "text" if len(text) > _LONGEST else _short(text, words)


def _short(text: str, words: Words) -> str:
    for shape, pattern in (("number", _NUMBER), ("points", _POINTS), ("percent", _PERCENT), ("target", _TARGET)):
        if pattern.fullmatch(text):
            return shape
    if _DATE.fullmatch(text) or _is_measure(text, words):
        return "measure"
    if _PLAIN.fullmatch(text):
        return "measure"  # too large for points: a count without its unit
    if text in words.basis:
        return "basis"
    if is_rule(text, words):
        return "rule"
    if text in words.evidence.words or (len(text) <= 12 and text.endswith(words.evidence.ends)):
        return "evidence"
    return "text"


def is_operator(text: str) -> bool:
    """Whether this is the operator of a target, without its number."""
    return bool(_BARE_OPERATOR.fullmatch(text))


def is_rule(text: str, words: Words) -> bool:
    """Whether this says how points are given."""
    return text in words.rule.words or (4 <= len(text) <= 30 and text.endswith(words.rule.ends))


def _is_measure(text: str, words: Words) -> bool:
    match = _MEASURE.fullmatch(text)
    return bool(match and (match[2] in words.units or match[2].strip("()/") in words.units))


def points(text: str) -> Decimal | None:
    """Return the points of a weight or a score (0 to 100), or None."""
    plain = text.removesuffix("分")
    if not _NUMBER.fullmatch(plain):
        return None
    value = Decimal(plain)
    return value if value <= _FULL else None


def level_name(text: str) -> str:
    """Return a level without the points that some offices print behind it: 产出指标(50分)."""
    return _NOTE.sub("", text) if text.endswith(")") else text


def is_first(text: str, words: Words) -> bool:
    """Whether this is a 一级指标."""
    return level_name(text) in words.first


def is_second(text: str, words: Words) -> bool:
    """Whether this is a 二级指标."""
    return level_name(text) in words.second


def is_level(text: str, words: Words) -> bool:
    """Whether this is the whole name of a level, which an indicator's own name is not."""
    return level_name(text) in words.whole_levels


@lru_cache(maxsize=20_000)
def fit(kind: Kind, text: str) -> float:
    """Return the cost of this text (without blanks) in a column of this kind; :data:`NEVER` where it can't stand."""
    words = forms().words
    if kind in ("level1", "level2"):
        return _level_cost(kind, text, words)
    if is_level(text, words):
        return NEVER if kind != "name" else 8
    shape = shape_of(text)
    costs = _COSTS[kind]
    cost = costs.get(shape, costs[""])
    if kind in ("weight", "score") and cost < NEVER and points(text) is None:
        return NEVER
    if kind == "value" and shape == "text" and words.is_value(text):
        return 1
    return cost


def _level_cost(kind: Kind, text: str, words: Words) -> float:
    known = is_first(text, words) if kind == "level1" else is_second(text, words)
    if known:
        return 0
    if is_level(text, words) or shape_of(text) != "text":
        return NEVER
    names = words.first if kind == "level1" else words.second
    return 1.5 if any(name.startswith(text) for name in names) else 3
