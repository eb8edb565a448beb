"""Which documents belong together: by unit, year and kind, as their covers, headers and titles say."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Literal

from .link_rules import ROLES, LinkKind
from .normalize import half_width, squeeze
from .records import Record, Result, Table

Kind = Literal["budget", "final"]
_KINDS: dict[str, Kind] = {"部门预算": "budget", "部门决算": "final"}
_OWN = re.compile(r"(?:\(本级\)|本级|\(机关\)|\(本部\))$")
_YEAR = re.compile(r"20\d\d(?=年)")
_UNITS = 4  # names of other units in a message
_LISTING = ("project_expenditure", "carryover")  # tables with a row for each unit


class PaperInfo(Record):
    """What a disclosure is about.

    Attributes:
        name: Name of the document, with the number of the disclosure where the file holds several.
        unit: Who published it; empty where the document doesn't tell.
        year: Its year; None where the document doesn't tell.
        kind: Budget or final accounts; None where the document doesn't tell.
    """

    name: str
    unit: str
    year: int | None
    kind: Kind | None

    @property
    def unknown(self) -> tuple[str, ...]:
        """What the document doesn't tell."""
        missing = (("unit", not self.unit), ("year", self.year is None), ("kind", self.kind is None))
        return tuple(name for name, lacks in missing if lacks)

    def __str__(self) -> str:
        """Say it in a line."""
        kind = {"budget": "budget", "final": "final accounts"}.get(self.kind or "", "kind unknown")
        return f"{self.name} ({self.unit or 'unit unknown'}, {self.year or 'year unknown'}, {kind})"


@dataclass(frozen=True, slots=True)
class Paper:
    """One disclosure: a document, or one of several in a file.

    Attributes:
        info: What it is about.
        tables: Its tables.
        units: Units that its tables have rows for, without itself.
        incomplete: Tables of which the reader couldn't read every number.
    """

    info: PaperInfo
    tables: tuple[Table, ...]
    units: tuple[str, ...]
    incomplete: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pairing:
    """Documents that belong together, in the order of the link's roles; a department comes before all its units."""

    kind: LinkKind
    papers: tuple[Paper, ...]
    lacking: tuple[str, ...] = ()
    """Units that the department names and no document is about."""

    @property
    def roles(self) -> tuple[str, ...]:
        """What each document is in the link."""
        first, second = ROLES[self.kind]
        return (first, *[second] * (len(self.papers) - 1))


def papers(result: Result, name: str = "") -> list[Paper]:
    """Return the disclosures of a result, one for each part."""
    parts = sorted({t.part for t in result.tables}) or [0]
    lost = frozenset(f.table for f in result.findings if f.kind == "not-read" and f.table)
    out = []
    for part in parts:
        tables = tuple(t for t in result.tables if t.part == part)
        label = (name or result.document) + (f" #{part + 1}" if len(parts) > 1 else "")
        info = _info(label, tables)
        listed = {_plain(r.key) for t in tables if t.id in _LISTING for r in t.rows if r.kind == "unit"}
        out.append(Paper(info, tables, tuple(sorted(listed - {_plain(info.unit)})), lost))
    return out


def _info(label: str, tables: Sequence[Table]) -> PaperInfo:
    said = {c.column: c.text for t in tables if t.id == "document" for r in t.rows for c in r.cells}
    titles = [squeeze(t.title) for t in tables if t.id != "document"]
    years = {int(y) for y in re.findall(r"20\d\d", said.get("年度", ""))[:1]}
    years = years or {int(y) for title in titles for y in _YEAR.findall(title)}
    kinds = {_KINDS[said["文种"]]} if said.get("文种") in _KINDS else set(_by_titles(titles))
    return PaperInfo(
        name=label,
        unit=half_width(said.get("单位名称", "")),
        year=years.pop() if len(years) == 1 else None,
        kind=kinds.pop() if len(kinds) == 1 else None,
    )


def _by_titles(titles: Sequence[str]) -> Iterator[Kind]:
    for title in titles:
        if "决算" in title and "预决算" not in title:
            yield "final"
        elif "预算总" in title or "预算表" in title:
            yield "budget"


def _plain(unit: str) -> str:
    """Return a unit's name as others call it: 局(本级) is 局."""
    return _OWN.sub("", half_width(unit))


def pairings(found: Sequence[Paper], department: Paper | None = None) -> list[Pairing]:
    """Return which documents belong together.

    A department and its units are told by the unit rows in the department's tables, or by naming the department: all
    other documents of its year and kind are then its units.
    """
    out: list[Pairing] = []
    for one, other in permutations(found, 2):
        a, b = one.info, other.info
        if a.unknown or b.unknown or a.year is None or b.year is None or a.unit != b.unit:
            continue
        if a.year == b.year and (a.kind, b.kind) == ("budget", "final"):
            out.append(Pairing("budget-final", (one, other)))
        elif a.kind == b.kind and b.year == a.year + 1:
            out.append(Pairing("years", (one, other)))
    for paper in found if department is None else (department,):
        units = tuple(p for p in found if p is not paper and _is_unit(p, paper, named=department is not None))
        if units and not paper.info.unknown:
            there = {_plain(u.info.unit) for u in units}
            out.append(Pairing("units", (paper, *units), tuple(u for u in paper.units if u not in there)))
    return out


def _is_unit(paper: Paper, department: Paper, *, named: bool) -> bool:
    same = (paper.info.year, paper.info.kind) == (department.info.year, department.info.kind)
    own = paper.info.unit != department.info.unit and _plain(paper.info.unit) == _plain(department.info.unit)
    listed = _plain(paper.info.unit) in department.units
    return same and not paper.info.unknown and (named or listed or (own and bool(department.units)))


def apart(found: Sequence[Paper], linked: Sequence[Pairing]) -> list[str]:
    """Say of each document that no link holds why."""
    held = {id(p) for pairing in linked for p in pairing.papers}
    out = [
        f"{p.info}: it doesn't say its {' and '.join(p.info.unknown)}, so it belongs to no other document. "
        "Is its cover in the text?"
        for p in found
        if p.info.unknown
    ]
    known = [p for p in found if not p.info.unknown]
    alone = [p for p in known if id(p) not in held]
    for paper in alone:
        others = [q.info for q in known if q is not paper]
        if not any(_same(o, paper.info) for o in others):
            out.append(_alone(paper.info, others))
    twice = [(a.info, b.info) for a, b in combinations(known, 2) if _same(a.info, b.info)]
    out += [f"{a} and {b} are of one unit, year and kind: they are not compared with each other." for a, b in twice]
    return out


def _same(one: PaperInfo, other: PaperInfo) -> bool:
    return (one.unit, one.year, one.kind) == (other.unit, other.year, other.kind)


def _alone(info: PaperInfo, others: Sequence[PaperInfo]) -> str:
    namesakes = [o for o in others if o.unit == info.unit]
    if not namesakes:
        units = list(dict.fromkeys(o.unit for o in others))
        if not units:
            return f"{info}: there is no other document that could be read."
        more = f" and {len(units) - _UNITS} more" if len(units) > _UNITS else ""
        return (
            f"{info}: no other document is of this unit; the others are of {'、'.join(units[:_UNITS])}{more}. Where it "
            "is one of a department's units, name the department's document with --department."
        )
    years = ", ".join(f"{o.year} {'budget' if o.kind == 'budget' else 'final accounts'}" for o in namesakes)
    return (
        f"{info}: there is {years} of this unit, but a budget goes with the final accounts of its year, and a document "
        "with the same kind of the year before or after."
    )
