"""Statements of prose, compiled: the patterns that :mod:`extractor.statement_specs` declares, as they are searched for.

Patterns are regular expressions over text without white space and quotation marks, half-width, with placeholders in
angle brackets (see :class:`Pattern`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from .data import data_folder
from .errors import SpecError
from .phrases import WORDS
from .statement_specs import DocumentSpec, FieldSpec, RowPattern, Statement, Vocabulary

_M = TypeVar("_M", bound=BaseModel)

NUMBER = (
    r"(?<![\d.])(?<!\d,)(?:(?<![\d)])-)?(?>[1-9]\d{0,2}(?:,\d{3})+|0|[1-9]\d{0,12})(?:\.\d{1,6})?"
    r"(?!\d)(?!\.\d|,\d{3})"
)
MONEY = r"(?:亿元|万元|千元|元)"
# How a unit is printed besides its own name.
_UNITS = {"人": "(?:人(?!次)|名)", "台": "[台套]", "平方米": "(?:平方米|平米|m2|㎡)"}
_GROUP = re.compile(r"\(\?P<\w+>")
_PLACEHOLDER = re.compile(
    r"(?<!\?P)<(?P<sign>±)?(?P<name>[\u4e00-\u9fff]{1,12})(?:@(?P<row>[^<>@:]{1,60}))?(?::(?P<unit>[^<>:]{1,8}))?>"
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A value of a pattern: its group, and the column, row and unit it goes to; ``bare`` where none need be printed."""

    group: str
    column: str
    value: str
    row: str | None
    unit: str | None
    verb: str | None
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern.

    Placeholders: ``<金额>`` a number with its unit in that column; ``<±增减额>`` the same behind a verb that gives
    the sign; ``<数量:个>`` a count with that unit (``<人数:人?>``: the unit may be missing); ``<数量@ROW:个>`` for
    another row; ``<比>`` one of a word list; ``<主语>`` what a clause is about.
    """

    regex: re.Pattern[str]
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class Compiled:
    """A statement with its patterns; each field of a record with its label, and with the colon of it lost.

    ``ahead`` matches wherever one of these attributes may: where it doesn't, none need be tried.
    """

    spec: Statement
    rows: tuple[tuple[RowPattern, tuple[Pattern, ...]], ...]
    attributes: Mapping[str, tuple[Pattern, ...]]
    headings: re.Pattern[str]
    numbered: re.Pattern[str]
    within: Mapping[str, re.Pattern[str]]
    passed: tuple[re.Pattern[str], ...]
    empty: tuple[re.Pattern[str], ...]
    fields: tuple[tuple[FieldSpec, re.Pattern[str], re.Pattern[str]], ...]
    ahead: Mapping[tuple[str, ...], re.Pattern[str]]


@dataclass(frozen=True)
class Prose:
    """Every statement, compiled, and the words around them."""

    statements: tuple[Compiled, ...]
    document: DocumentSpec
    vocabulary: Vocabulary
    down: frozenset[str]
    tails: Mapping[str, re.Pattern[str]]
    compared: re.Pattern[str]
    own_budget: re.Pattern[str]
    fillers: re.Pattern[str]
    other_headings: re.Pattern[str]
    any_heading: re.Pattern[str]
    numbered: re.Pattern[str]

    @property
    def ids(self) -> frozenset[str]:
        """Ids of all tables of prose."""
        return frozenset({self.document.id, *(s.spec.id for s in self.statements), *WORDS})


@lru_cache(maxsize=1)
def prose() -> Prose:
    """Load, validate and compile every statement.

    Raises:
        SpecError: A file is malformed; the message names file and field.
    """
    folder = data_folder("schemas") / "prose"
    words = _validate(Vocabulary, folder / "vocabulary.yaml")
    document = _validate(DocumentSpec, folder / "document.yaml")
    paths = [p for p in sorted(folder.glob("*.yaml")) if p.stem not in ("vocabulary", "document")]
    statements = [_compiled(_validate(Statement, path), words, path.name) for path in paths]
    within = [pattern for s in statements for found in s.spec.within.values() for pattern in found]
    known = (pattern for s in statements for pattern in (*s.spec.headings, *s.spec.numbered))
    titles = [*within, *known, *words.other_headings]
    return Prose(
        statements=tuple(sorted(statements, key=lambda s: s.spec.order)),
        document=document,
        vocabulary=words,
        down=frozenset(words.down),
        tails={column: re.compile(_fill(text, words)) for column, text in words.tails.items()},
        compared=re.compile(_fill(words.compared, words)),
        own_budget=re.compile(_fill(words.own_budget, words)),
        fillers=re.compile(words.fillers),
        other_headings=_either(words.other_headings),
        any_heading=_either(titles),
        numbered=_either(f"(?:{p})$" for s in statements for p in s.spec.numbered),
    )


def _validate(model: type[_M], path: Path) -> _M:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return model.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))  # noqa: S506 - safe
    except (yaml.YAMLError, OSError) as error:
        raise SpecError(f"prose/{path.name}: can't be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SpecError(f"prose/{path.name}: {where}: {first['msg']}") from None


def _compiled(spec: Statement, words: Vocabulary, name: str) -> Compiled:
    try:
        unknown = [
            a
            for row in spec.rows
            for a in row.attributes or spec.attributes
            if a not in {**words.attributes, **words.tails}
        ]
        if unknown:
            raise SpecError(f"prose/{name}: attributes: {unknown[0]!r} is none of the vocabulary's.")
        attributes = {
            a: tuple(_pattern(rf"[,。;:、]?(?:{p})", words) for p in words.attributes.get(a, ()))
            for a in {*spec.attributes, *(x for row in spec.rows for x in row.attributes or ())}
        }
        sets = {spec.attributes, *(row.attributes for row in spec.rows if row.attributes is not None)}
        return Compiled(
            spec=spec,
            rows=tuple((row, tuple(_pattern(p, words) for p in row.patterns)) for row in spec.rows),
            attributes=attributes,
            ahead={names: _ahead(names, attributes, words) for names in sets},
            headings=_either(spec.headings),
            numbered=_either(spec.numbered),
            within={parent: _either(found) for parent, found in spec.within.items()},
            passed=tuple(re.compile(_fill(p, words)) for p in spec.passed),
            empty=tuple(re.compile(_fill(e, words)) for e in spec.empty),
            fields=tuple(
                (f, re.compile(f.label), re.compile(f.label.removesuffix(":") + "[:;,.。]?")) for f in spec.records
            ),
        )
    except (re.error, KeyError) as error:
        raise SpecError(f"prose/{name}: a pattern is malformed: {error}") from None


def _either(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return one pattern for several; one that matches nothing for none."""
    return re.compile("|".join(f"(?:{p})" for p in dict.fromkeys(patterns)) or "(?!)")


def _pattern(text: str, words: Vocabulary) -> Pattern:
    filled = _words(text, words)
    slots: list[Slot] = []

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        if name == "主语":
            return r"(?P<主语>[^,。;:\d]{0,30}?)"
        slot, regex = _slot(match, words, f"v{len(slots)}")
        slots.append(slot)
        return regex

    return Pattern(re.compile(_PLACEHOLDER.sub(value, filled)), tuple(slots))


def _ahead(names: tuple[str, ...], known: Mapping[str, tuple[Pattern, ...]], words: Vocabulary) -> re.Pattern[str]:
    """Return a pattern that matches wherever an attribute of these names may."""
    found = [p.regex.pattern for name in names for p in known[name]]
    found += [rf"[,。;:、]?(?:{_fill(words.tails[name], words)})" for name in names if name in words.tails]
    return re.compile("|".join(_GROUP.sub("(?:", text) for text in found) or "(?!)")


def _words(text: str, words: Vocabulary) -> str:
    """Put word lists in place of their names; they may name other lists, two levels deep."""
    for _ in range(3):
        text = _PLACEHOLDER.sub(
            lambda m: f"(?:{words.words[m['name']]})" if m["name"] in words.words and not m["sign"] else m.group(),
            text,
        )
    return text


def _fill(text: str, words: Vocabulary) -> str:
    return _words(text, words)


def _slot(match: re.Match[str], words: Vocabulary, group: str) -> tuple[Slot, str]:
    name, unit = match["name"], match["unit"]
    value = words.columns[name].value
    optional = unit is not None and unit.endswith("?")
    unit = unit.removesuffix("?") if unit else None
    verb = f"{group}s" if match["sign"] else None
    number = rf"(?P<{group}>{NUMBER})"
    if value == "text":
        return Slot(group, name, value, match["row"], "", None), rf"(?P<{group}>[^。;]{{2,600}})"
    if value == "money":
        number += rf"(?P<{group}u>{MONEY})"
    elif value == "percent":
        number += "%"
        unit = "%"
    elif unit is None:
        raise KeyError(f"{name}: a count needs a unit")
    else:
        printed = _UNITS.get(unit or "", re.escape(unit or ""))
        printed = rf"(?:{printed}|\({printed}\))"
        number += rf"(?:{printed}|(?=[,。;、)]|$))" if optional else printed
    if verb:
        verbs = "|".join(sorted((*words.up, *words.down), key=len, reverse=True))
        # 增加（减少）-5.00: a form's words, and the amount has the sign itself.
        both = rf"(?:\((?:{verbs})\)(?=-|0(?:\.0+)?[^\d.]))?"
        number = rf"(?P<{verb}>{verbs}){both}(?:了|约|[数率]?为)?" + number.replace(r"(?<![\d)])-", r"(?<!\d)-")
    return Slot(group, name, value, match["row"], unit, verb, bare=optional), number


def titles() -> Iterator[tuple[str, str, int]]:
    """Yield id, title and number of columns of every statement, in printed order."""
    known = prose()
    yield known.document.id, known.document.title, len(known.document.columns)
    for statement in known.statements:
        yield statement.spec.id, statement.spec.title, len(statement.spec.columns)
