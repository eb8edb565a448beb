"""The grammar of identity rules; it is explained at the top of ``schemas/identities.yaml``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from .errors import SpecError
from .instance import FrameRow, Relation

_TERM = re.compile(r"(?P<count>#)?(?P<table>[a-z_]+)(?P<every>\*)?\[(?P<row>[^\]]+)\](?:\.(?P<column>[^\s+=<\[\]]+))?")
_VARIABLE = re.compile(r"\{[^{}]+\}")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:\|\d+(?:\.\d+)?)*")
_RULE = re.compile(
    r"^(?P<left>.+?)\s(?P<relation>==|=|<=|%=|\*=|~|is|lists|reaches|among|agrees|has|says|none with)\s(?P<right>.+)$"
)
_RELATIONS: dict[str, Relation] = {
    "==": "same", "=": "sum", "<=": "at-most", "%=": "rate", "*=": "score", "~": "sign",
    "is": "words", "lists": "names", "reaches": "reach", "among": "among", "agrees": "agrees", "has": "has",
    "says": "says", "none with": "none",
}  # fmt: skip
LEVELS = {"{class}": (3,), "{group}": (5,), "{item}": (7,), "{code}": (3, 5, 7)}
FORM = "{form}"
_TOTAL = "总计"
_LEVEL = re.compile(r"<(?P<level>class|group|item)(?::(?P<classes>[\d,]+))?>")


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a rule: cells, how many rows or names there are (``count``), or ``numbers``.

    Attributes:
        table: Table id.
        row: Which rows, as written.
        column: Column id; empty where rows are counted.
        every: All tables of that id together, not each by itself.
        count: How many, not how much.
        numbers: A literal, or several that may stand there.
        minus: Taken away.
        below: Below the line of a quotient, 1; below that of its second or third alternative, 2 or 3.
        names: What a text may call it.
        each: The variable in it, ``{…}``.
    """

    table: str
    row: str
    column: str
    every: bool = False
    count: bool = False
    numbers: tuple[Decimal, ...] = ()
    minus: bool = False
    below: int = 0
    names: tuple[str, ...] = ()
    each: str | None = None


@lru_cache(maxsize=1024)
def parse(rule: str) -> tuple[tuple[Term, ...], Relation, tuple[Term, ...]]:
    """Parse a rule of ``identities.yaml``.

    Raises:
        SpecError: It doesn't follow the grammar.
    """
    match = _RULE.match(rule)
    if not match:
        raise SpecError(f"identities.yaml: no relation ({', '.join(_RELATIONS)}) in {rule!r}")
    relation = _RELATIONS[match["relation"]]
    return tuple(_sum(match["left"], rule)), relation, tuple(_right(match["right"], relation, rule))


def _right(text: str, relation: Relation, rule: str) -> Iterator[Term]:
    if relation in ("score", "reach"):
        for part in re.split(r"\s[*/]\s", text):
            yield _term(part, rule)
    elif relation == "rate":
        above, line, below = text.partition(" / ")
        if not line:
            raise SpecError(f"identities.yaml: a rate is a quotient, A / B; there is none in {rule!r}")
        yield from _sum(above, rule, signed=True)
        for number, whole in enumerate(below.split(" | "), 1):
            yield from _sum(whole, rule, signed=True, below=number)
    elif relation == "says":
        cell, _, names = text.partition(" as ")
        yield replace(_term(cell, rule), names=tuple(filter(None, names.split("|"))))
    elif _NUMBER.fullmatch(text):
        yield Term("", "", "", numbers=tuple(map(Decimal, text.split("|"))))
    else:
        yield from _sum(text, rule)


def _sum(text: str, rule: str, *, signed: bool = False, below: int = 0) -> Iterator[Term]:
    inner = re.fullmatch(r"\((?P<sum>.+ [+-] .+)\)", text.strip()) if signed else None
    parts = re.split(r"\s([+-])\s" if signed else r"\s(\+)\s", inner["sum"] if inner else text)
    for sign, part in zip(["+", *parts[1::2]], parts[::2], strict=True):
        yield _term(part, rule, minus=sign == "-", below=below)


def _term(part: str, rule: str, *, minus: bool = False, below: int = 0) -> Term:
    text = part.strip()
    match = _TERM.fullmatch(text)
    if not match or not (match["column"] or match["count"]):
        raise SpecError(f"identities.yaml: {part!r} in {rule!r} is no TABLE[ROW].COLUMN")
    variable = _VARIABLE.search(match["row"])
    return Term(
        match["table"], match["row"], match["column"] or "", bool(match["every"]), bool(match["count"]), (),
        minus, below, each=variable.group() if variable else None,
    )  # fmt: skip


_WILD = re.compile(r"[*|<]")


@dataclass(frozen=True, slots=True)
class Selector:
    """Which rows a pattern such as ``指标/**?经济成本指标`` or ``*!财政拨款`` names.

    Attributes:
        path: Segments; ``*`` is any one but a total, ``其他*`` any that begins so, ``甲|乙`` either,
            ``**`` any rest. ``<class>``: every code of that level,
            ``<group:301,303>``: every one in these classes.
        without: What ``*`` isn't; ``<class>``: no row that is named after a class.
        saying: Words of which each stands in one of the row's texts.
        project: The name of a project row is meant, not the role.
        level: Lengths of the codes that are meant, where codes of a level are, and the classes they are in.
    """

    path: tuple[str, ...]
    without: frozenset[str]
    saying: tuple[str, ...]
    project: bool
    level: tuple[tuple[int, ...], tuple[str, ...]] | None = None

    @property
    def plain(self) -> bool:
        """Whether it is the role of a row, and nothing but that."""
        return not (self.without or self.saying or self.project or self.level or any(map(_WILD.search, self.path)))

    def fits(self, row: FrameRow) -> bool:
        """Whether a row is meant."""
        if self.level:
            code = row.code or row.role or ""
            lengths, classes = self.level
            return code.isdigit() and len(code) in lengths and code.startswith(classes)
        role = row.name if self.project else row.role
        if row.code and "<class>" in self.without:
            return False
        if not role or not all(any(word in text for _, text in row.texts) for word in self.saying):
            return False
        return self.role_fits(role)

    def role_fits(self, role: str) -> bool:
        """Whether a role is of this form."""
        if self.project and self.path == ("*",):
            return True
        parts = role.split("/")
        if self.path[-1] == "**":
            head = self.path[:-1]
            return len(parts) > len(head) and all(map(self._fits, head, parts))
        return len(parts) == len(self.path) and all(map(self._fits, self.path, parts))

    def _fits(self, pattern: str, part: str) -> bool:
        if "*" not in pattern:
            return part in pattern.split("|")
        return _glob(pattern, part) and part != _TOTAL and not any(_glob(other, part) for other in self.without)


def _glob(pattern: str, part: str) -> bool:
    return part.startswith(pattern[:-1]) if pattern.endswith("*") else part == pattern


@lru_cache(maxsize=1024)
def selector(pattern: str) -> Selector:
    """Parse the pattern of a row."""
    project = pattern.startswith("@")
    path, *saying = pattern.removeprefix("@").split("?")
    path, *without = path.split("!")
    parts = tuple(path.split("/"))
    match = _LEVEL.fullmatch(parts[0])
    level = (LEVELS[f"{{{match['level']}}}"], tuple((match["classes"] or "").split(","))) if match else None
    return Selector(parts, frozenset(without), tuple(saying), project, level)
