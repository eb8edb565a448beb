"""Specs of forms: what the performance tables (绩效目标表, 绩效自评表) look like, as data.

A form is no grid: fields with a label, a small table of money, and a list of indicators in three levels (一级指标,
二级指标, 三级指标), each with a target, a weight and, in final accounts, what was reached and scored.
``schemas/performance/<form>.yaml`` describes one form, ``words.yaml`` the words that all of them share.
"""

import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from .data import data_folder
from .errors import SpecError

_M = TypeVar("_M", bound=BaseModel)
Kind = Literal[
    "level1", "level2", "name", "value", "basis", "last", "weight", "rule", "evidence", "actual", "rate", "score",
    "deviation", "ignored",
]  # fmt: skip
FieldKind = Literal["name", "goal", "money", "other"]
NUMBERS: frozenset[Kind] = frozenset({"weight", "score"})
"""Kinds of indicator columns that hold numbers; all others are text, whatever is printed."""
_SUM = re.compile(r"\(\d{1,3}分?\)$")
MONEY = "资金"  # what the roles of money begin with in forms of projects


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MoneyColumn(_Strict):
    """A number column of the money rows, with its unit."""

    id: str
    unit: str
    aliases: tuple[str, ...] = ()


class MoneyRow(_Strict):
    """A money row; ``single`` is its key where the form has one column of money instead of several.

    ``total`` marks the row that the others are parts of.
    """

    id: str
    single: str = ""
    total: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every printed form."""
        return (self.id, *((self.single,) if self.single else ()), *self.aliases)


class FormSpec(_Strict):
    """One kind of form.

    Attributes:
        id: Table id of the facts contract.
        words: Words that its title holds.
        ends: Words that its title ends with.
        named: There is one form per project, and row keys start with the project's name.
        single: Column of the money where the form prints no columns, as in budgets.
        columns: Columns of the money rows in final accounts, in the usual order.
        rows: Money rows.
    """

    id: str
    words: tuple[str, ...]
    ends: tuple[str, ...]
    named: bool
    single: str
    columns: tuple[MoneyColumn, ...]
    rows: tuple[MoneyRow, ...]

    def role(self, row: MoneyRow, *, single: bool) -> str:
        """Return the role of a money row; ``single``: the form has one column of money."""
        label = row.single if single and row.single else row.id
        return f"{MONEY}/{label}" if self.named else label


class Level(_Strict):
    """A first-level indicator (一级指标) with the second-level ones (二级指标) that stand under it."""

    name: str
    aliases: tuple[str, ...] = ()
    second: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every printed form."""
        return (self.name, *self.aliases)


class Closed(_Strict):
    """What stands in a column of nearly closed vocabulary: whole words, and how others end."""

    words: tuple[str, ...]
    ends: tuple[str, ...]


class IndicatorColumn(_Strict):
    """A column of the indicators; an empty id marks one that is not read."""

    id: str
    kind: Kind
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every printed form."""
        return ((self.id,) if self.id else ()) + self.aliases


IGNORED = IndicatorColumn(id="", kind="ignored")
"""A column of another name than we know."""


class Words(_Strict):
    """Words that the forms share; see the comments in ``words.yaml``."""

    levels: tuple[Level, ...]
    basis: tuple[str, ...]
    rule: Closed
    evidence: Closed
    value_starts: tuple[str, ...]
    value_words: tuple[str, ...]
    units: tuple[str, ...]
    fields: dict[FieldKind, tuple[str, ...]]
    total: tuple[str, ...]
    score: tuple[str, ...]
    margin: tuple[str, ...]
    nothing: tuple[str, ...]
    indicators: tuple[IndicatorColumn, ...]

    @cached_property
    def first(self) -> dict[str, Level]:
        """First-level indicators by every printed form."""
        return {name: level for level in self.levels for name in level.names}

    @cached_property
    def second(self) -> frozenset[str]:
        """Every printed form of a second-level indicator."""
        return frozenset(name for level in self.levels for name in level.second)

    def is_value(self, text: str) -> bool:
        """Whether this is a target in words: 有效提高, 按时完成."""
        return text in self.value_words or text.startswith(self.value_starts)

    @cached_property
    def whole_levels(self) -> frozenset[str]:
        """Level names that can't be the beginning or the end of anything else, as the short forms can."""
        return frozenset(n for n in (*self.first, *self.second) if n.endswith("指标") or n.startswith("履职"))

    @cached_property
    def field_of(self) -> dict[str, FieldKind]:
        """Kind of field by label."""
        return {label: kind for kind, labels in self.fields.items() for label in labels}

    @cached_property
    def column_of(self) -> dict[str, IndicatorColumn]:
        """Indicator column by printed form."""
        return {name: column for column in self.indicators for name in column.names}

    def named(self, text: str) -> IndicatorColumn | None:
        """Return the column of this name, whatever sum of its points is printed behind it: 分值权重(90)."""
        return self.column_of.get(text) or (self.column_of.get(_SUM.sub("", text)) if text.endswith(")") else None)

    def column(self, kind: Kind) -> IndicatorColumn:
        """Return the column of this kind."""
        return next(c for c in self.indicators if c.kind == kind)


class Forms(_Strict):
    """All forms and their words."""

    specs: tuple[FormSpec, ...]
    words: Words

    @cached_property
    def ids(self) -> frozenset[str]:
        """Table ids of all forms."""
        return frozenset(spec.id for spec in self.specs)


@lru_cache(maxsize=1)
def forms() -> Forms:
    """Load and validate the specs of forms.

    Raises:
        SpecError: A file is malformed; the message names file and field.
    """
    folder = data_folder("schemas") / "performance"
    specs = [_read(FormSpec, path) for path in sorted(folder.glob("*.yaml")) if path.stem != "words"]
    return Forms(specs=tuple(specs), words=_read(Words, folder / "words.yaml"))


def _read(model: type[_M], path: Path) -> _M:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader
        return model.model_validate(data)
    except yaml.YAMLError as error:
        raise SpecError(f"{path.name}: not valid YAML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise SpecError(f"{path.name}: {where}: {first['msg']}") from None
