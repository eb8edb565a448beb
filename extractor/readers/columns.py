"""What a header may say of the columns of a table: by names that a spec has, by those it doesn't, by letters alone."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from extractor.lexicon import lookalikes, nearly, resembles
from extractor.normalize import squeeze
from extractor.specs import TableSpec, catalogue

from .labels import HEADER_WORDS

_LIKE = 2  # times that it weighs more if its name looks misread
_KEPT = 1_000  # characters of a header that is kept, as documents of an office, and the layouts of a table, share it
_OF = 5  # characters of a name of which one may be misread
_OF_KNOWN = 3  # the same, of one that isn't taken for a column of an office's own
MORE = "its rows print more numbers than its header names columns"
"""Why a table isn't read."""
_SUMS = ("小计", "合计")  # which, below the name of a group, are its own column
WEIGHT = 10
"""Of a column that a spec doesn't know, against characters left over."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a header says.

    Attributes:
        known: It fits the spec.
        reason: What doesn't fit.
        columns: The spec's columns that are there, in the spec's order.
        printed: The same in another order, where the header prints them so.
        short: The spec's columns without those whose name the header doesn't hold, where that differs.
        labels: Printed names by column id, where the table isn't in its first layout.
        doubtful: The order is somebody's word, and ``short`` is another order that no sum may tell from it.
        first_cell: The cell of a grid above which the first column is named, where every column is named in its order.
        strange: Columns whose names the spec doesn't know, or characters that nothing explains.
        sums: Totals with their parts, by the places of columns, that the header's groups promise and the rows keep; by
            the places among those of the right side, where both sides have other columns.
        sides: The columns of the left and of the right side by their places, where they have others.
    """

    known: bool
    reason: str = ""
    columns: tuple[str, ...] = ()
    printed: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    doubtful: bool = False
    first_cell: int | None = None
    strange: int = 0
    sums: tuple[tuple[int, tuple[int, ...]], ...] = ()
    sides: tuple[tuple[int, ...], tuple[int, ...]] | None = None


@lru_cache(maxsize=256)
def columns_by_name(spec: TableSpec) -> Mapping[str, Sequence[str]]:
    """Columns by printed name, several in their order; a name of a column's own beats another column's alias."""
    by_name: dict[str, list[str]] = {}
    for column in (*spec.columns, *spec.more):
        by_name.setdefault(squeeze(column.names[0]), []).append(column.id)
    aliases: dict[str, list[str]] = {}
    for column in (*spec.columns, *spec.more):
        for alias in map(squeeze, column.aliases):
            if column.id not in aliases.setdefault(alias, []):
                aliases[alias].append(column.id)
    for column in (*spec.columns, *spec.more):
        for leaf in _SUMS if column.group else ():
            aliases.setdefault(squeeze(column.id) + leaf, [column.id])
    return {**aliases, **by_name}


def strangeness(columns: Sequence[str], spec: TableSpec) -> int:
    """How strange the columns are that the spec doesn't know: each weighs more than some characters left over.

    A name that looks like a known one is misread, and no column of an office's own.
    """
    unknown = set(columns) - {c.id for c in (*spec.columns, *spec.more)}
    return WEIGHT * (len(unknown) + _LIKE * sum(map(looks_misread, unknown)))


@lru_cache(maxsize=1024)
def looks_misread(name: str) -> bool:
    """Whether a name is that of a column of some table, but for one character that looks like the one there."""
    known = _every_name()
    return name not in known and any(
        name[:i] + other + name[i + 1 :] in known for i, char in enumerate(name) for other in lookalikes().get(char, ())
    )


@lru_cache(maxsize=1024)
def may_be(piece: str) -> frozenset[str]:
    """Return the names and words of headers that a piece may be a misreading of: in a character, or one of five.

    None where it is one itself.
    """
    known = () if is_name(piece) else (*_every_name(), *HEADER_WORDS)
    return frozenset(other for other in known if len(other) == len(piece) and _looks_like(piece, other))


def _looks_like(piece: str, other: str) -> bool:
    """Whether two texts of one length differ in a character that looks like the other's, or in one of five."""
    odd = [(a, b) for a, b in zip(piece, other, strict=True) if a != b]
    return nearly(piece, other, len(piece) // _OF) or (len(odd) == 1 and odd[0][1] in lookalikes().get(odd[0][0], ()))


def misread_of(name: str, spec: TableSpec, found: Collection[str]) -> bool:
    """Whether a name that a spec doesn't know is that of a column which isn't found, but for a few characters.

    They make no words, or look like those of the name.
    """
    by_name = columns_by_name(spec)
    missing = [] if name in by_name else [k for k, ids in by_name.items() if len(k) == len(name)]
    return any(_resembles(name, k) for k in missing if set(found).isdisjoint(by_name[k]))


def _resembles(name: str, known: str) -> bool:
    odd = [(a, b) for a, b in zip(name, known, strict=True) if a != b]
    alike = all(resembles(a, b) for a, b in odd)
    return len(odd) <= len(known) // _OF_KNOWN and (alike or nearly(name, known, len(odd)))


def told_apart(known: Layout) -> Layout:
    """Return a layout in which columns of one printed name keep their ids, which have the names of their groups."""
    often = Counter(name for column, name in known.labels.items() if column in known.columns)
    labels = {i: i if often[n] > 1 and i.endswith(f"/{n}") else n for i, n in known.labels.items()}
    return known if labels == known.labels else replace(known, labels=labels)


def is_name(text: str) -> bool:
    """Whether a piece of a header is a word of headers, or names a column, or a group, of some table."""
    return text in _every_name() or text in HEADER_WORDS


@lru_cache(maxsize=1)
def _every_name() -> frozenset[str]:
    return frozenset(name for spec in catalogue().tables for c in (*spec.columns, *spec.more) for name in c.plain)


def counted(header: str, spec: TableSpec) -> tuple[Sequence[str], int, int]:
    """Return the columns whose characters are missing, the number of characters nothing explains, and of all."""
    return (_counted if len(header) <= _KEPT else _counted.__wrapped__)(header, spec)


@lru_cache(maxsize=1024)
def _counted(header: str, spec: TableSpec) -> tuple[Sequence[str], int, int]:
    bag = Counter(filter(str.isalpha, header))
    size = bag.total()
    missing = []
    for column, names in _letters(spec):
        best = min(names, key=lambda n: _lacking(n, bag) / max(1, n.total()))
        if _lacking(best, bag) * 3 > best.total():
            missing.append(column)
        bag -= best
    for word in HEADER_WORDS:
        if word in header:
            bag -= Counter(filter(str.isalpha, word))
    return tuple(missing), bag.total(), size


@lru_cache(maxsize=256)
def _letters(spec: TableSpec) -> Sequence[tuple[str, Sequence[Counter[str]]]]:
    """Columns, those of the longest id first, with the letters of each of their names."""
    columns = sorted(spec.columns, key=lambda c: -len(c.id))
    return [(c.id, [Counter(filter(str.isalpha, name)) for name in c.names]) for c in columns]


def _lacking(name: Counter[str], bag: Mapping[str, int]) -> int:
    """How many letters of a name aren't there."""
    return sum([max(0, count - bag.get(letter, 0)) for letter, count in name.items()])
