"""Specs: what each table looks like and which identities hold in it, as data.

``schemas/<table>.yaml`` describes one table, ``schemas/identities.yaml`` the identities across tables,
``schemas/identities_*.yaml`` those of prose and performance tables, ``schemas/classification.yaml`` the codes of the
national classifications. Adding a table adds no Python.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from .data import data_folder
from .errors import SpecError
from .normalize import squeeze
from .remember import remembered

_M = TypeVar("_M", bound=BaseModel)


class _Strict(BaseModel):
    """Base of all specs. Those that are keys of tables hash by what names them, not by all that they hold: fast."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy, in which what was reckoned from other fields is reckoned again."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


class Column(_Strict):
    """A number column: its id in the facts contract and what else offices print above it.

    ``usual`` marks the columns to name first where the text can't tell which one it is.
    ``part_of`` names the column that this one singles out a part of (其中).
    ``rate`` marks percentages: they don't add up along the tree.
    ``canonical`` columns are called by their id, whatever is printed: 金额 below 事业收入 says nothing by itself.
    ``group`` columns are named by an alias below their id: 小计 below 基本支出, which stands above its parts too.
    ``under`` is the name of a group that stands above the column and those beside it.
    """

    id: str
    aliases: tuple[str, ...] = ()
    usual: bool = False
    part_of: str | None = None
    rate: bool = False
    canonical: bool = False
    group: bool = False
    under: str | None = None

    def __hash__(self) -> int:
        return hash(self.id)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every printed form, without the path in front of a leaf."""
        return self.aliases if self.group else (self.id.rsplit("/", 1)[-1], *self.aliases)

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """The same without white space."""
        return tuple(squeeze(name) for name in self.names)


class RowSpec(_Strict):
    """A labelled row: printed label, numbering, and the rows it is the sum of.

    Attributes:
        label: Printed label without numbering.
        number: Numbering in front of it, which tells rows of the same label apart.
        aliases: Other printed forms.
        canonical: Report the label above, whatever is printed.
        identity: Id of the identity "this row = sum of its children, in every column".
        optional: The breakdown may be left empty; it is then unchecked.
        top: The total of its side; it isn't part of the row keys of its children.
        after: Some offices print it below its parts: it is in their row keys only where it stands above them. Where it
            isn't printed, its parts are parts of what it is a part of.
        heading: Printed without an amount: its parts are parts of what it is a part of.
        of_which: A part that is singled out; the parts printed don't add up to the whole.
        classes: Coded rows are parts of it: all of the side's, or those of the classes named.
    """

    label: str
    number: str | None = None
    aliases: tuple[str, ...] = ()
    canonical: bool = False
    identity: str | None = None
    optional: bool = False
    top: bool = False
    after: bool = False
    heading: bool = False
    of_which: bool = False
    classes: bool | tuple[str, ...] = False
    children: tuple["RowSpec", ...] = ()

    def __hash__(self) -> int:
        return hash((self.label, self.number))


class RightSide(_Strict):
    """The right-hand side of a two-sided table: a total over coded rows, or over the child that has ``classes``.

    ``also`` are other ways to tell the same total: basic and project expenditure, economic classes. Some offices print
    them instead of the classes, others beside them, each with its own total. Their roots are never printed.
    """

    total: RowSpec
    classification: Literal["functional", "economic"]
    also: tuple[RowSpec, ...] = ()

    @cached_property
    def trees(self) -> tuple[RowSpec, ...]:
        """Every tree that the side may be told by."""
        return (self.total, *self.also)


class RowSum(_Strict):
    """In every row: ``total`` (a column, or several added up) = the sum of ``parts``.

    ``complete`` asks for every part: the sum means nothing in a table that lacks the column of one.
    """

    id: str
    total: str | tuple[str, ...]
    parts: tuple[str, ...]
    side: Literal["left", "right"] | None = None
    complete: bool = False

    @property
    def totals(self) -> tuple[str, ...]:
        """The columns of the left-hand side."""
        return (self.total,) if isinstance(self.total, str) else self.total


class Zero(_Strict):
    """In rows of these classes (first three digits) the column is empty."""

    id: str
    column: str
    classes: tuple[str, ...]


class TableSpec(_Strict):
    """One table: titles, shape of its rows, columns in printed order, identities within it.

    Shapes: ``coded`` (code, name, numbers), ``two_sided`` (labels left, codes right), ``projects`` (coded, with
    units above and projects below), ``labels`` (fixed labels), ``items`` (units and free project names), ``wide``
    (the labels stand in the header, and there is one row of numbers).

    ``more`` are columns that only some offices print, behind the others in their usual order. A table that has one of
    them is in another layout, and its columns are named as printed.

    ``never`` are the classes that no row of it has.

    ``left_column`` is what stands above the one column of a two-sided table's left side, where it isn't the first.

    Several specs may share an id: they are layouts of the same table, told apart by ``layout``. Columns of any but
    the first layout are named as printed.
    """

    id: str
    layout: str = ""
    number: int = 0
    title: str
    aliases: tuple[str, ...] = ()
    shape: Literal["coded", "two_sided", "projects", "labels", "items", "wide"]
    classification: Literal["functional", "economic"] | None = None
    columns: tuple[Column, ...]
    more: tuple[Column, ...] = ()
    left_column: Column | None = None
    left: tuple[RowSpec, ...] = ()
    right: RightSide | None = None
    row_sums: tuple[RowSum, ...] = ()
    zeros: tuple[Zero, ...] = ()
    tree: str | None = None
    never: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash((self.id, self.layout))

    @property
    def name(self) -> str:
        """Id and layout: what tells one spec from all others."""
        return f"{self.id}.{self.layout}" if self.layout else self.id

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """Every title it goes by."""
        return (self.title, *self.aliases)

    @property
    def identities(self) -> frozenset[str]:
        """Ids of the identities within the table."""
        found = {r.id for r in self.row_sums} | {z.id for z in self.zeros} | {self.tree}
        found |= {path[-1].identity for path in self.paths}
        return frozenset(i for i in found if i)

    @cached_property
    def paths(self) -> tuple[tuple[RowSpec, ...], ...]:
        """The path to each labelled row, those of the left side first."""
        return tuple(walk((*self.left, *(self.right.trees if self.right else ()))))

    @cached_property
    def column_ids(self) -> tuple[str, ...]:
        """Column ids in printed order."""
        return tuple(c.id for c in self.columns)


class CrossSpec(_Strict):
    """An identity across tables; see ``schemas/identities.yaml`` for the grammar of ``rule``.

    Attributes:
        id: Identity id.
        rule: The rule.
        soft: Evidence for reading and repair, never an error.
        unless_empty: Unchecked where that side is empty (a breakdown the office left out); of the wholes of a rate,
            those that aren't said are left out.
        plugged: Shares of a list that was made to add up to 100.
        if_equal: It holds for some offices only: equal amounts prove each other, others are unchecked.
        unless: Tables with which it doesn't hold as it stands.
        given: Tables that the document must have declared empty.
        kind: Holds in budgets alone, or in final accounts alone.
        layout: Holds between tables of these layouts alone (``first``, or a name).
        shared: For the codes that all of its tables print, not for those of any.
        where: Sums that must be equal for it to hold, each ``A == B``; it is unchecked where they aren't.
        bound: It can be violated, and proves nothing where it holds.
    """

    id: str
    rule: str
    soft: bool = False
    unless_empty: Literal["left", "right"] | None = None
    kind: Literal["budget", "final"] | None = None
    layout: str | None = None
    shared: bool = False
    plugged: bool = False
    if_equal: bool = False
    unless: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    bound: bool = False

    def __hash__(self) -> int:
        return hash((self.id, self.rule))


class _CrossFile(_Strict):
    identities: tuple[CrossSpec, ...]


class _ClassificationFile(_Strict):
    functional: dict[str, tuple[str, ...]]
    economic: dict[str, tuple[str, ...]]


class Catalogue(_Strict):
    """All specs together."""

    tables: tuple[TableSpec, ...]
    cross: tuple[CrossSpec, ...]
    """Identities across the tables of a budget; readers use them too."""
    narrative: tuple[CrossSpec, ...] = ()
    """Identities of prose, of performance tables and of words: against tables, and among themselves."""
    names: dict[str, tuple[str, ...]]
    """Names of a code, the standard one first; functional and economic codes don't overlap."""

    def __hash__(self) -> int:
        return hash((len(self.tables), len(self.names)))

    @cached_property
    def by_id(self) -> dict[str, TableSpec]:
        """Specs by name: the id, with the layout behind it where it isn't the first."""
        return {spec.name: spec for spec in self.tables}

    def with_tables(self, *files: str | Path) -> "Catalogue":
        """Return a catalogue that knows the tables of these YAML files too, each described as in ``schemas/``.

        Raises:
            SpecError: A file can't be read or is malformed, or its table is there already.
        """
        tables = list(self.tables)
        for file in map(Path, files):
            spec = _validate(TableSpec, file)
            if any(known.name == spec.name for known in tables):
                raise SpecError(f"{file.name}: there is a table {spec.name!r} already. Choose another id or layout.")
            tables.append(spec)
        return self.model_copy(update={"tables": tuple(tables)})

    def layout(self, table_id: str, layout: str) -> TableSpec:
        """Return the spec of one layout of a table."""
        return self.table(f"{table_id}.{layout}" if layout else table_id)

    def layouts(self, table_id: str) -> tuple[TableSpec, ...]:
        """Return every spec of a table, the first layout first."""
        found = [spec for spec in self.tables if spec.id == table_id]
        return tuple(sorted(found, key=lambda s: s.layout))

    def table(self, table_id: str) -> TableSpec:
        """Return the spec with this id.

        Raises:
            SpecError: There is none.
        """
        if table_id not in self.by_id:
            raise SpecError(f"no spec named {table_id!r}. Known: {', '.join(self.by_id)}.")
        return self.by_id[table_id]


def _load(path: Path) -> object:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: can't be read ({error}). Give a YAML file in UTF-8.") from None
    except yaml.YAMLError as error:
        raise SpecError(f"{path.name}: not valid YAML: {error}") from None


_NOT_TABLES = (
    "identities",
    "classification",
    "links",
    "phrases",
)  # how the names of files begin that describe no table


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Load and validate every spec.

    Raises:
        SpecError: A file is malformed; the message names file and field.
    """
    folder = data_folder("schemas")
    tables = [
        _validate(TableSpec, path) for path in sorted(folder.glob("*.yaml")) if not path.stem.startswith(_NOT_TABLES)
    ]
    cross = _validate(_CrossFile, folder / "identities.yaml")
    narrative = [_validate(_CrossFile, path) for path in sorted(folder.glob("identities_*.yaml"))]
    codes = _validate(_ClassificationFile, folder / "classification.yaml")
    return Catalogue(
        tables=tuple(sorted(tables, key=lambda t: (t.layout != "", t.number or 99, t.id))),
        cross=cross.identities,
        narrative=tuple(rule for file in narrative for rule in file.identities),
        names={**codes.functional, **codes.economic},
    )


def _validate(model: type[_M], path: Path) -> _M:
    try:
        return model.model_validate(_load(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SpecError(f"{path.name}: {where}: {first['msg']}") from None


def walk(rows: tuple[RowSpec, ...], path: tuple[RowSpec, ...] = ()) -> Iterator[tuple[RowSpec, ...]]:
    """Yield the path from the root to each labelled row, parents first."""
    for row in rows:
        here = (*path, row)
        yield here
        yield from walk(row.children, here)


@remembered
def is_final(title: str) -> bool:
    """Whether a table is one of final accounts (决算), by its title."""
    return "决算" in squeeze(title)


_NUMBERING = re.compile(
    r"^(?:\(?(?P<cn>[一二三四五六七八九十]{1,3})[、).]|\((?P<paren>[一二三四五六七八九十\d]{1,3})\)|(?P<num>\d{1,2})[.、)])"
)
_PREFIX = re.compile(r"^其中[:：]?")
_SUFFIX = re.compile(r"\(小计\)$")


@remembered
def split_label(text: str) -> tuple[str | None, str]:
    """Split a printed label into its numbering and the bare label (rule R3).

    >>> split_label("1. 一般公共预算拨款")
    ('1', '一般公共预算拨款')
    >>> split_label("其中：公务用车购置费")
    (None, '公务用车购置费')
    """
    label = _PREFIX.sub("", squeeze(text))
    number = None
    match = _NUMBERING.match(label)
    if match:
        number = match.group("cn") or match.group("paren") or match.group("num")
        label = label[match.end() :]
    return number, _SUFFIX.sub("", _PREFIX.sub("", label))
