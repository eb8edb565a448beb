"""What a header may say of the columns of a table: by names that a spec has, by those it doesn't, by letters alone."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from extractor.lexicon import lookalikes, nearly, resembles
from extractor.normalize import squeeze
from extractor.specs import TableSpec, catalogue

from .labels import HEADER_WORDS, undated

_YEAR = re.compile(r"(?:19|20)\d\d年")
_LAST = "上年"  # how last year's columns are called
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


def whole(known: Layout, header: Sequence[Sequence[str]], by_name: Mapping[str, Sequence[str]]) -> Layout:
    """Return a layout whose names go on where they do on a line below, as those beside them do, or in pieces.

    ``政府性基金预算财 国有资本经营预算`` / ``政拨款 财政拨款``: the second is a name by itself, and isn't whole.
    """
    labels = dict(known.labels)
    for column, name in known.labels.items():
        at = next((i for i, line in enumerate(header) if name in line), len(header))
        below = [line for line in header[at + 1 : at + 3] if len(line) == len(header[at]) > 1]
        told = [name + line[header[at].index(name)] for line in below]
        pieces = Counter(p for line in header[at + 1 :] for p in line if len(p) == 1 or not is_name(p))
        told += [n for n in by_name if n.startswith(name) and n != name and _made_of(n[len(name) :], pieces)]
        labels[column] = max((n for n in told if column in by_name.get(n, ())), key=len, default=name)
    labels |= _of_last_year(labels, header)
    return known if labels == known.labels else replace(known, labels=labels)


def in_line_order(known: Layout, header: Sequence[Sequence[str]], by_name: Mapping[str, Sequence[str]]) -> Layout:
    """Return a layout whose columns come in the order in which a line of the header has the beginnings of their names.

    ``对个人和家庭 商品和服务支`` / ``的补助 出``: most offices have them the other way round.
    """
    if known.sums or known.printed != known.columns or known.short != known.columns:
        return known
    columns = list(known.columns)
    for line in header:
        if any(map(is_name, line)):
            continue
        told = [i for p in line if len(i := {c for n, ids in by_name.items() if n.startswith(p) for c in ids}) == 1]
        own = [c for (c,) in told if c in columns]
        if len(own) > 1 and len(set(own)) == len(own):
            places = sorted(columns.index(c) for c in own)
            for place, column in zip(places, own, strict=True):
                columns[place] = column
    order = tuple(columns)
    return known if order == known.columns else replace(known, columns=order, printed=order, short=order)


def adrift(known: Layout, header: Sequence[Sequence[str]], by_name: Mapping[str, Sequence[str]]) -> Layout:
    """Doubt where a column stands whose name is cut, above and below a line of others: its place in it isn't told.

    ``对个人和家庭的补`` / ``工资福利支出 商品和服务支出`` / ``助``
    """
    if known.sums or known.doubtful or known.printed != known.columns or known.short != known.columns:
        return known
    for above, line, below in zip(header, header[1:], header[2:], strict=False):
        if len(above) != 1 or len(below) != 1 or is_name(above[0]):
            continue
        own = by_name.get(above[0] + below[0], ())
        beside = [c for p in line for c in by_name.get(p, ()) if c in known.columns]
        if len(own) == 1 and own[0] in known.columns and _SUMS[0] in line and len(beside) > 1:
            rest = [c for c in known.columns if c != own[0]]
            at = min(rest.index(c) for c in beside if c in rest)
            other = (*rest[:at], own[0], *rest[at:])
            other = other if other != known.columns else (*rest[: at + 1], own[0], *rest[at + 1 :])
            return replace(known, short=other, doubtful=True)
    return known


def _of_last_year(labels: Mapping[str, str], header: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return the names of last year's columns where they are called by this year's: the earlier one is theirs.

    A cell that reaches over two lines comes below the name of a group beside it: ``2031年预算数`` / ``2030年预算数``.
    """
    pieces = [p for line in header for p in line if _YEAR.match(p)]
    told = {c: [p for p in pieces if undated(p) == undated(n) and p < n] for c, n in labels.items() if _YEAR.match(n)}
    last = {c: min(earlier) for c, earlier in told.items() if earlier and c.startswith(_LAST)}
    this = {earlier: labels[c] for c, earlier in last.items()}
    return last | {c: this[n] for c, n in labels.items() if n in this and c not in last}


def _made_of(text: str, pieces: Counter[str]) -> bool:
    """Whether a text is pieces of a header, one behind the other."""
    if not text:
        return True
    return any(text.startswith(p) and _made_of(text[len(p) :], pieces - Counter([p])) for p in pieces)


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
