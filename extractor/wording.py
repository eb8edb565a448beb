"""Evaluates identities between words: names, lists of names, targets that were reached."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rapidfuzz import fuzz

from .instance import Frame, FrameRow, Instance, Outcome, Ref
from .normalize import squeeze
from .remember import remembered

_QUANTITY = re.compile(
    r"(?P<sign>>=|<=|=|>|<|≥|≤)?(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<unit>[^\d]*)"
)
_SIGNS = {"≥": ">=", "≤": "<=", ">": ">=", "<": "<="}
_HUNDRED = Decimal(100)
_DENIALS = ("无", "没有", "未", "不")
_ALIKE = 85  # rapidfuzz ratio from which two names are one: 养老保险缴费 and 基本养老保险缴费


@remembered
def flat(text: str) -> str:
    """Text as it is compared: half-width, without white space."""
    return squeeze(unicodedata.normalize("NFKC", text))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in words: ``≥5 批次``, ``=9.7 万元``, ``100%``."""

    sign: str
    value: Decimal
    unit: str


@remembered
def quantity(text: str) -> Quantity | None:
    """Read a number with its operator and unit; None where the text is anything else.

    >>> quantity("> =150 个工作日")
    Quantity(sign='>=', value=Decimal('150'), unit='个工作日')
    """
    match = _QUANTITY.fullmatch(flat(text))
    if not match:
        return None
    sign = match["sign"] or ""
    return Quantity(_SIGNS.get(sign, sign), Decimal(match["number"].replace(",", "")), match["unit"])


def names(text: str) -> tuple[str, ...]:
    """Split a list of names; brackets may hold marks that don't separate.

    >>> names("综合科(人事科)、对外交流科")
    ('综合科(人事科)', '对外交流科')
    """
    plain, depth, out = flat(text), 0, [""]
    for part in re.split(r"([、,，;；()])", plain):
        depth += {"(": 1, ")": -1}.get(part, 0)
        if depth <= 0 and part in ("、", ",", "，", ";", "；"):
            out.append("")
        else:
            out[-1] += part
    return tuple(name for name in (n.removesuffix("等") for n in out) if name)


def reached(done: str, target: str) -> Decimal | None:
    """How far a target was reached, in percent; None where that is no matter of arithmetic.

    At least, and exactly, this much: the quotient. At most this much, and it wasn't more: 100. In words: 100 where
    they are the same.
    """
    if not flat(done) or not flat(target):
        return None
    actual, wanted = quantity(done), quantity(target)
    if actual is None or wanted is None:
        return _HUNDRED if flat(done) == flat(target) else None
    if actual.unit != wanted.unit:
        return None
    if wanted.sign == "<=":
        return _HUNDRED if actual.value <= wanted.value else None
    if wanted.value == 0:
        return _HUNDRED if actual.value == 0 else None
    return actual.value / wanted.value * _HUNDRED


def evaluate_words(instance: Instance, frames: Sequence[Frame], values: Mapping[Ref, Decimal]) -> Outcome:
    """Check an identity between words."""
    if instance.relation == "words":
        return _words(instance, frames)
    if instance.relation == "among":
        return _among(instance, frames)
    if instance.relation == "agrees":
        return _agrees(instance, frames)
    return _has(instance, frames) if instance.relation == "has" else _names(instance, frames, values)


def _words(instance: Instance, frames: Sequence[Frame]) -> Outcome:
    left = [_text(r, frames) for r in instance.left]
    right = [_text(r, frames) for r in instance.right]
    if not any(left) or not any(right):
        return Outcome("unchecked")
    if set(left) == set(right):
        return Outcome("held", exact=True)
    return Outcome("violated", note=f"{'、'.join(left)} and {'、'.join(right)}")


def _among(instance: Instance, frames: Sequence[Frame]) -> Outcome:
    """Look for a text among others; one that is cut off is unchecked, and so is one that goes on."""
    text = "".join(_text(r, frames) for r in instance.left)
    others = [other for r in instance.right if (other := _text(r, frames))]
    if not text or not others:
        return Outcome("unchecked")
    if text in others:
        return Outcome("held", exact=True)
    if any(o.startswith(text) or text.startswith(o) for o in others):
        return Outcome("unchecked")
    return Outcome("violated", note=f"{text} is none of {'、'.join(dict.fromkeys(others))}")


def _has(instance: Instance, frames: Sequence[Frame]) -> Outcome:
    left, right = ("".join(_text(r, frames) for r in side) for side in (instance.left, instance.right))
    if not left:
        return Outcome("unchecked")
    return Outcome("held", exact=True) if right else Outcome("violated", note=f"{left} is announced and not there")


def _agrees(instance: Instance, frames: Sequence[Frame]) -> Outcome:
    """Compare two statements: both say that there is none, or both that there is."""
    left, right = (_text(side[0], frames) for side in (instance.left, instance.right))
    if instance.left == instance.right or not left or not right:
        return Outcome("unchecked")
    if left.startswith(_DENIALS) == right.startswith(_DENIALS):
        return Outcome("held", exact=True)
    return Outcome("violated", note=f"{left} and {right}")


def _names(instance: Instance, frames: Sequence[Frame], values: Mapping[Ref, Decimal]) -> Outcome:
    """Compare a list of names, or the rows that hold an amount, with other rows that hold one.

    A row may be missing in neither. A list may name more than there is: offices copy them from year to year.
    """
    lists = [n for r in instance.left for n in names(_text(r, frames))]
    listed = lists or [_code(frames[r.frame].rows[r.row]) for r in instance.left if values.get(r)]
    spent = [frames[r.frame].rows[r.row] for r in instance.right if values.get(r)]
    named = {_called(row) if lists else _code(row): row for row in spent}
    if not listed or not named:
        return Outcome("unchecked")
    extra, lost = [n for n in listed if n not in named], [n for n in named if n not in listed]
    if lists:
        same = [(n, o) for n in lost for o in extra if any(fuzz.ratio(m, o) >= _ALIKE for m in (n, _spec(named[n])))]
        lost = [n for n in lost if n not in {name for name, _ in same}]
        extra = [n for n in extra if n not in {name for _, name in same}]
        if extra and not lost:
            return Outcome("unchecked")  # names in other words, or of what might have been paid
    if not extra and not lost:
        return Outcome("held", exact=listed == list(named))
    if not all(named[n].text("名称") or not _code(named[n]).isdigit() for n in lost):
        return Outcome("unchecked")  # a row without a name may be any of those in the list
    said = [f"only on the left: {'、'.join(extra)}"] if extra else []
    said += [f"only on the right: {'、'.join(_shown(named[n]) for n in lost)}"] if lost else []
    odd = () if lists else tuple(r for r in instance.left if _code(frames[r.frame].rows[r.row]) in extra)
    return Outcome("violated", note="; ".join(said), odd=odd)


def _shown(row: FrameRow) -> str:
    return f"{row.label} {row.text('名称')}".strip()


def _called(row: FrameRow) -> str:
    return flat(row.text("名称")) or flat(row.label).rpartition("/")[2]


def _spec(row: FrameRow) -> str:
    """Return the name that the spec has for a row."""
    return flat(row.role or "").rpartition("/")[2]


def _code(row: FrameRow) -> str:
    return row.code or row.role or flat(row.label)


def _text(ref: Ref, frames: Sequence[Frame]) -> str:
    return flat(frames[ref.frame].rows[ref.row].text(ref.column))
