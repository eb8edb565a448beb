"""Specs of prose: what each statement of a disclosure looks like, as data.

``schemas/prose/<id>.yaml`` describes one statement for budgets and final accounts alike, ``vocabulary.yaml`` the words
and columns that all share. Patterns are regular expressions over text without white space and quotation marks,
half-width, with placeholders in angle brackets (see :class:`Pattern`). Adding a wording adds no Python.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from .data import data_folder
from .errors import SpecError
from .phrases import WORDS

Kind = Literal["budget", "final"]
_M = TypeVar("_M", bound=BaseModel)

NUMBER = (
    r"(?<![\d.])(?<!\d,)(?:(?<![\d)])-)?(?>[1-9]\d{0,2}(?:,\d{3})+|0|[1-9]\d{0,12})(?:\.\d{1,6})?"
    r"(?!\d)(?!\.\d|,\d{3})"
)
MONEY = r"(?:亿元|万元|千元|元)"
_UNITS = {"人": "(?:人(?!次)|名)", "平方米": "(?:平方米|平米|m2|㎡)"}  # how a unit is printed besides its own name
_GROUP = re.compile(r"\(\?P<\w+>")
_PLACEHOLDER = re.compile(
    r"(?<!\?P)<(?P<sign>±)?(?P<name>[\u4e00-\u9fff]{1,12})(?:@(?P<row>[^<>@:]{1,60}))?(?::(?P<unit>[^<>:]{1,8}))?>"
)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnSpec(_Strict):
    """A column: ``money``, ``percent``, ``count`` (its unit stands in the placeholder) or ``text``."""

    value: Literal["money", "percent", "count", "text"]


class Vocabulary(_Strict):
    """What all statements share.

    Attributes:
        words: Word lists by name: ``<name>`` in a pattern stands for one of them.
        up: Verbs of a rise.
        down: Verbs of a fall: the amount behind one is negative.
        columns: Columns by name.
        attributes: Clauses that may follow a row: patterns by name. One without a column is only skipped.
        tails: Patterns after which text runs on to the end of the sentence, by column.
        masked: Those of the tails whose text is no place for a row to begin.
        compared: What a row is compared with, which is no place for a row to begin either.
        own_budget: A comparison that in final accounts is one with the budget of the same year.
        fillers: Words that tell no heading from another.
        other_headings: Headings that end a section without opening one that is read.
    """

    words: dict[str, str]
    up: tuple[str, ...]
    down: tuple[str, ...]
    columns: dict[str, ColumnSpec]
    attributes: dict[str, tuple[str, ...]]
    tails: dict[str, str]
    masked: tuple[str, ...]
    compared: str
    own_budget: str
    fillers: str
    other_headings: tuple[str, ...]


class RowPattern(_Strict):
    """A row of a statement: how it begins, and what may follow.

    Attributes:
        key: Row key; ``{name}`` is the text of that group of the pattern. Empty: the text is passed over.
        final: The key in final accounts, where it is another.
        also: Further rows that the same amount belongs to.
        patterns: How the row begins; the first that matches at a place wins, the longest goes before.
        attributes: Clauses that may follow, by name; those of the statement if not given.
        changes: Row that the changes and reasons behind this one belong to, where it is another.
        nested: Behind 其中, rows ``{name}`` are parts of the row ``{name}`` before, and its key goes before theirs.
        under: Label that goes before the key where a row of that label is printed too.
        kind: Only in budgets, or only in final accounts.
        usual: Names that ``{name}`` usually is: another spelling of one is a misreading.
        elsewhere: Looked for outside of the statement's own section too, where the statement is.
    """

    key: str
    final: str | None = None
    also: tuple[str, ...] = ()
    patterns: tuple[str, ...]
    attributes: tuple[str, ...] | None = None
    changes: str | None = None
    nested: bool = False
    under: str | None = None
    kind: Kind | None = None
    usual: tuple[str, ...] = ()
    elsewhere: bool = True


class FieldSpec(_Strict):
    """A labelled field of a record, such as 预算安排规模：18.81万元."""

    label: str
    column: str
    value: Literal["key", "text", "money", "parts"]


class Statement(_Strict):
    """One table of prose.

    Attributes:
        id: Table id of the facts contract.
        title: What it is about.
        order: Place in the printed order, for lists of statements.
        columns: Columns in the order of the contract.
        headings: Headings of its section, without numbering, office, year and fillers.
        numbered: Headings that are one only with a number, as 三、; without it they are a title of the whole.
        within: Headings by the statement whose section they must stand in.
        attributes: Clauses that may follow a row, in the order in which they are tried.
        masked: Texts that are no place for a row to begin; those of the vocabulary if not given.
        passed: Further texts that are no place for a row to begin.
        rows: Rows.
        records: Labelled fields, one record after the other.
        list: The section is a numbered list with this text column; keys are numbers, or the term before a colon.
        empty: Patterns of the declaration that there is nothing.
        beside: Rows that are taken from the section of another statement where its own doesn't have them.
        otherwise: Statements whose sections it is read from where its own is missing or says nothing, and the rows
            that are taken from there; none for all.
        otherwise_in: Only in budgets, or only in final accounts, and where those statements say nothing themselves.
        anywhere: Looked for in all prose where the section is missing or says nothing.
    """

    id: str
    title: str
    order: int
    columns: tuple[str, ...]
    headings: tuple[str, ...]
    numbered: tuple[str, ...] = ()
    within: dict[str, tuple[str, ...]] = {}
    attributes: tuple[str, ...] = ()
    masked: tuple[str, ...] | None = None
    passed: tuple[str, ...] = ()
    rows: tuple[RowPattern, ...] = ()
    records: tuple[FieldSpec, ...] = ()
    list: Literal["number", "term"] | None = None
    empty: tuple[str, ...] = ()
    beside: dict[str, tuple[str, ...]] = {}
    otherwise: dict[str, tuple[str, ...]] = {}
    otherwise_in: Kind | None = None
    anywhere: bool = False


class DocumentField(_Strict):
    """A fact of the document as a whole, looked for line by line.

    Attributes:
        column: Column.
        zone: ``cover`` is what stands before the first heading, ``end`` the last lines, ``all`` every line.
        pattern: Over the line without white space; the group ``v`` is the value.
        constant: The value to report, whatever is printed.
        date: The value is a date, to be written in ISO form.
        has: A character without which no text matches, so that most lines need not be looked at.
    """

    column: str
    zone: Literal["cover", "all", "end"]
    pattern: str
    constant: str | None = None
    date: bool = False
    has: str = ""


class DocumentSpec(_Strict):
    """The cover, headers and sign-off."""

    id: str
    title: str
    order: int
    columns: tuple[str, ...]
    fields: tuple[DocumentField, ...]


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
        number = rf"(?P<{verb}>{verbs}){both}(?:了|约|数?为)?" + number.replace(r"(?<![\d)])-", r"(?<!\d)-")
    return Slot(group, name, value, match["row"], unit, verb, bare=optional), number


def titles() -> Iterator[tuple[str, str, int]]:
    """Yield id, title and number of columns of every statement, in printed order."""
    known = prose()
    yield known.document.id, known.document.title, len(known.document.columns)
    for statement in known.statements:
        yield statement.spec.id, statement.spec.title, len(statement.spec.columns)
