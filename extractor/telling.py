"""Evaluates what running text says of a cell: the number, or the rise or fall, that stands behind the cell's name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .amount import UNIT_SCALE
from .instance import Frame, Instance, Outcome, Ref
from .wording import flat, quantity

_UP, _DOWN = "增加|增长|上升", "减少|下降"
_LINK = r"(?:(?:[比较](?:上年度?|20\d\d年)|与上年相比|同比)?,?)(?:为|是|:|共|数|达|达到)?"
_NUMBER = r"(?P<n>\d{1,9}(?:,\d{3})*(?:\.\d+)?)(?P<unit>[^\d,。;:、()]{0,4})"
_SAID = rf"{_LINK}(?:(?P<verb>{_UP}|{_DOWN})了?)?(?:{_NUMBER})?"
# Where a sentence may begin, and what may stand in front of a name there.
_CLAUSE = (
    r"(?:^|(?<=[,。;:、)]))(?:其中:?|该|本年度?|当年|今年|20\d\d年度?|[我本](?:单位|部门|办|局)|新增|一?是"
    r"|由于|因为?){0,6}"
)
_QUOTES = re.compile(r"[“”\"'‘’]")


@dataclass(frozen=True, slots=True)
class _Said:
    verb: str
    number: Decimal | None
    unit: str

    @property
    def sign(self) -> int:
        return -1 if self.verb and self.verb in _DOWN else 1

    def __str__(self) -> str:
        return f"{self.verb}{self.number if self.number is not None else ''}{self.unit}"


def evaluate_told(instance: Instance, frames: Sequence[Frame], values: Mapping[Ref, Decimal]) -> Outcome:
    """Compare a cell with what a text says of it; unchecked where the text says nothing, or several things."""
    if len(instance.left) != 1 or len(instance.right) != 1:
        return Outcome("unchecked")
    source, cell = instance.left[0], instance.right[0]
    text = _bare(frames[source.frame].rows[source.row].text(source.column))
    row = frames[cell.frame].rows[cell.row]
    printed = quantity(row.text(cell.column))
    value = values.get(cell)
    if not text or value is None:
        return Outcome("unchecked")
    scale = frames[cell.frame].scale_at(cell.row, cell.column)
    unit = printed.unit if printed else ""
    said = _told(text, instance.names or _names(row.label, unit), clause=bool(instance.names))
    said = [s for s in said if _comparable(s, unit, money=scale != 1)]
    if len({(s.sign, s.number) for s in said}) != 1 or (said[0].number is None and value == 0):
        return Outcome("unchecked")
    one = said[0]
    right = one.number is not None
    if one.number is None:
        held = (value > 0) == (one.sign > 0)
    else:
        held = value * scale == one.sign * one.number * UNIT_SCALE.get(_money(one.unit), Decimal(1))
    if held:
        return Outcome("held", evidence=right, exact=True)
    return Outcome("violated", note=f"the text says {one} and the cell {value:f}", odd=(cell,))


def _told(text: str, names: Sequence[str], *, clause: bool) -> list[_Said]:
    """Return what stands directly behind one of these names, the longest name first."""
    known = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    pattern = re.compile(rf"{_CLAUSE if clause else ''}(?:{known}){_SAID}")
    return [
        _Said(m["verb"] or "", Decimal(m["n"].replace(",", "")) if m["n"] else None, m["unit"] or "")
        for m in pattern.finditer(text)
        if m["verb"] or m["n"]
    ]


def _names(label: str, unit: str) -> tuple[str, ...]:
    """Return what a text may call an indicator: its name, which may end in the unit that the text puts behind."""
    name = _bare(label).rpartition("/")[2]
    short = name.removesuffix(unit) if unit else name
    return tuple(n for n in (name, short) if len(n) > 1)


def _comparable(said: _Said, unit: str, *, money: bool) -> bool:
    if said.number is None:
        return True
    return bool(_money(said.unit)) if money else said.unit.startswith(unit) and not _money(said.unit)


def _money(unit: str) -> str:
    return next((u for u in sorted(UNIT_SCALE, key=len, reverse=True) if unit.startswith(u)), "")


def _bare(text: str) -> str:
    return _QUOTES.sub("", flat(text))
