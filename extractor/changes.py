"""Other readings of the cells around a violated identity, each of which makes it hold by itself.

A number may be another one that looks like it, the one that the identity asks for, if it looks enough like the one
that is read, or what a second reader reads. In a table it may stand under another column of its row, be run together
with the next number, be cut in two, be exchanged with a neighbour; or a number is missing where two identities ask for
the same one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from .amount import WIDE, parse_amount
from .edits import near, printed, reading
from .instance import SUMS, WORDS, Instance, Outcome, Ref
from .proposals import EditKind
from .situation import Situation, World

_COLUMN, _FARTHER, _OPEN = 30, 2, 10  # under the next column; each column more; a column that is possible anyway
_MISSING, _DAMAGED = 75, 40  # any number may be missing: that one identity asks for it says nothing yet
_MERGED, _SPLIT, _SWAPPED = 35, 40, 35
_ECHO, _ZERO, _LEAST = 8, 10, 5
_SECOND = 10  # what another reader reads, who has seen the same text
_HALF = Decimal("0.05")  # a number without decimals is exact, another reading of it may have some
_BOUND = 5  # so many readings satisfy a bound that only the one that just reaches it counts, and for less


@dataclass(frozen=True, slots=True)
class Change:
    """Another reading of one cell, or of two.

    Attributes:
        values: What would stand in which cell; None where nothing would.
        cost: How unlikely that is.
        kind: What happened.
        words: In words.
    """

    values: tuple[tuple[Ref, Decimal | None], ...]
    cost: int
    kind: EditKind
    words: str

    def on(self, world: World) -> dict[Ref, Decimal | None]:
        """Return the world with this change too."""
        return {**world, **dict(self.values)}


class Changes:
    """The changes around the identities of a document; what a table allows around a cell is found out once."""

    def __init__(self, known: Situation) -> None:
        """Take the document."""
        self._known = known
        self._places: dict[Ref, Sequence[Change]] = {}

    def of(self, number: int, world: World) -> list[Change]:
        """Return every change with which an identity would hold, in a world where some cells are changed already."""
        instance = self._known.instances[number]
        if instance.relation in WORDS:
            return []
        found: dict[tuple[tuple[Ref, Decimal | None], ...], Change] = {}
        for change in self._all(number, instance, world):
            before = found.get(change.values)
            if before is None or change.cost < before.cost:
                found[change.values] = change
        return list(found.values())

    def _all(self, number: int, instance: Instance, world: World) -> Iterator[Change]:
        known = self._known
        outcome = known.outcome(number, world)
        for ref in dict.fromkeys(instance.refs):
            if ref in world:
                continue
            for values in known.second.get(ref, ()):
                change = Change(
                    values, _SECOND, "column" if len(values) > 1 else "second", "as a second reader reads it"
                )
                if not any(r in world for r, _ in values) and known.holds(number, change.on(world)):
                    yield change
            if ref in known.cells:
                yield from _readings(known, number, ref, outcome, world)
            elif ref not in known.values:
                yield from _missing(known, number, ref, outcome, world)
            if not known.frames[ref.frame].gaps and instance.relation in SUMS:
                for change in self._beside(ref):
                    if not any(r in world for r, _ in change.values) and known.holds(number, change.on(world)):
                        yield change

    def _beside(self, ref: Ref) -> Sequence[Change]:
        found = self._places.get(ref)
        if found is None:
            found = self._places[ref] = tuple(_places(self._known, ref))
        return found


def _readings(known: Situation, number: int, ref: Ref, outcome: Outcome, world: World) -> Iterator[Change]:
    """Yield other numbers for one cell."""
    cell, frame = known.cells[ref], known.frames[ref.frame]
    now = known.values[ref]
    text = printed(cell.text, now)
    asked = _asked(known, number, ref, outcome)
    values = near(text)
    if asked is not None:
        least, most = asked[0] - asked[1], asked[0] + asked[1]
        values = (asked[0], *[v for v in values if least <= v <= most])
    # A number that is printed elsewhere too is hardly misread, and a zero mostly is one.
    prior = _ZERO if not now else _ECHO if known.echoes(ref, now, number) else 0
    different = [value for value in dict.fromkeys(values) if value != now]
    for value in known.possible(number, ref, different, world):
        if known.holds(number, {**world, ref: value}):
            read = reading(text, value, frame.decimals)
            if read is not None:
                more = _BOUND if known.instances[number].relation == "at-most" else 0
                more += prior - (_ECHO if known.echoes(ref, value, number) else 0)
                yield Change(((ref, value),), max(_LEAST, read.cost + more), read.kind, read.words)


def _missing(known: Situation, number: int, ref: Ref, outcome: Outcome, world: World) -> Iterator[Change]:
    """Yield the number that an identity asks for in an empty cell of a table; another one has to ask for it too."""
    frame = known.frames[ref.frame]
    instance = known.instances[number]
    times = instance.left.count(ref) - instance.right.count(ref)
    if frame.gaps or frame.empty or instance.relation not in SUMS or not times:
        return
    value = (outcome.right - outcome.left) / frame.scale / times
    whole = value.quantize(Decimal(1).scaleb(-frame.decimals), context=WIDE)
    if value == whole > 0 and known.holds(number, {**world, ref: value}):
        cost = _DAMAGED if (ref.frame, ref.row) in known.damaged else _MISSING
        yield Change(((ref, whole),), cost, "missing", "nothing is read there")


def _asked(known: Situation, number: int, ref: Ref, outcome: Outcome) -> tuple[Decimal, Decimal] | None:
    """Return what an identity asks for in a cell, and how far from it a number may be; None if that's no one number."""
    instance, now = known.instances[number], known.values[ref]
    if instance.relation in SUMS or instance.relation == "at-most":
        times = instance.left.count(ref) - instance.right.count(ref)
        if not times:
            return None
        scale = known.frames[ref.frame].scale_at(ref.row, ref.column) * abs(times)
        exact = now + (outcome.right - outcome.left) / scale * (1 if times > 0 else -1)
        return exact, outcome.tolerance / scale + (_HALF if instance.relation in SUMS else 0)
    if instance.relation in ("rate", "score") and instance.left == (ref,):
        return outcome.right, outcome.tolerance
    return None


def _places(known: Situation, ref: Ref) -> Iterator[Change]:
    """Yield changes of two cells of a table, one of which is this one; they are the same in every world."""
    row = _row(known, ref)
    columns = list(row)
    if ref.column not in row:
        return
    here = {column: Ref(ref.frame, ref.row, column) for column in columns}
    filled, at = [c for c in columns if row[c] is not None], columns.index(ref.column)
    for column in columns:
        if (row[column] is None) != (row[ref.column] is None):
            there = (here[column], ref) if row[ref.column] is None else (ref, here[column])
            yield from _moved(known, *there, abs(columns.index(column) - at))
    for left, right in pairwise(filled):
        if ref.column in (left, right):
            yield from _swapped(known, here[left], here[right])
            yield from _split(known, here[left], here[right])
    for left, right in pairwise(columns):
        if ref.column in (left, right) and (row[left] is None) != (row[right] is None):
            yield from _merged(known, here[left], here[right])
    for one, two in ((ref.row - 1, ref.row), (ref.row, ref.row + 1)):
        yield from _swapped(known, Ref(ref.frame, one, ref.column), Ref(ref.frame, two, ref.column))


def _row(known: Situation, ref: Ref) -> Mapping[str, Decimal | None]:
    """Return the number columns of a row in printed order, with what stands there."""
    return {c: known.values.get(Ref(ref.frame, ref.row, c)) for c in known.columns[ref.frame]}


def _moved(known: Situation, here: Ref, there: Ref, distance: int) -> Iterator[Change]:
    cell, value = known.cells.get(here), known.values[here]
    if cell is None or not value:
        return
    cost = _OPEN if there.column in cell.options else _COLUMN + _FARTHER * (distance - 1)
    words = f"stands under {here.column}, belongs under {there.column}"
    yield Change(((here, None), (there, value)), cost, "column", words)


def _swapped(known: Situation, one: Ref, two: Ref) -> Iterator[Change]:
    if one in known.cells and two in known.cells and known.values[one] != known.values[two]:
        values = (one, known.values[two]), (two, known.values[one])
        yield Change(values, _SWAPPED, "swapped", "exchanged with its neighbour")


def _split(known: Situation, one: Ref, two: Ref) -> Iterator[Change]:
    """Two numbers that are one, cut in two."""
    if one not in known.cells or two not in known.cells:
        return
    texts = [printed(known.cells[r].text, known.values[r]) for r in (one, two)]
    joined = parse_amount("".join(texts))
    if joined is not None and "." not in texts[0] and not texts[1].startswith("-"):
        for keep, drop in ((one, two), (two, one)):
            words = f"{' and '.join(texts)} are one number"
            yield Change(((keep, joined.value), (drop, None)), _SPLIT, "split", words)


def _merged(known: Situation, one: Ref, two: Ref) -> Iterator[Change]:
    """One number that is two, run together; the other place is empty."""
    cell = known.cells.get(one) or known.cells.get(two)
    if cell is None or cell.value is None:
        return
    text = printed(cell.text, cell.value)
    for cut in range(1, len(text)):
        parts = parse_amount(text[:cut]), parse_amount(text[cut:])
        tail = text[cut:]
        if parts[0] is None or parts[1] is None or (len(tail) > 1 and tail[0] == "0" and tail[1] != "."):
            continue
        first = text[:cut]
        if "." in first and len(first.partition(".")[2]) != known.frames[one.frame].decimals:
            continue
        values = (one, parts[0].value), (two, parts[1].value)
        yield Change(values, _MERGED, "merged", f"{first} and {tail} run together")
