"""Numbers that look misread: how many there are tells what the numbers are worth that no identity covers.

Where one digit is read as another, a sum is off by that digit and nothing else: by 0.4, 30 or 5000. A mistake of the
office seldom is. Several such sums in a document say that its text was misread; the numbers that no identity covers
were read from the same text, and nobody would notice.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from heapq import heapify, heappop, heappush

from .amount import WIDE, decimals_of, unit_of
from .forms import forms
from .framing import is_prose
from .instance import SUMS, WORDS, Frame, Instance, Outcome, Ref
from .records import Table

BARE = "it has no decimals, which amounts of this table have, zeros too: it may be no amount, or a misread one"
TOLD = "it has no decimals, which the amounts of this document's prose have: it may have lost its point"
UNIT = "its unit is another than that of all other amounts of this document's prose: 万 of 万元 may be lost"
_MONEY = frozenset({"亿元", "万元", "千元", "元"})
_SELDOM, _LONG = 16, 100  # amounts for each one without decimals; the least that may have lost its point
_NUMBERS, _MORE = 6, 3  # numbers of a table; decimals more than theirs, as many as the shortest code has digits
_MANY = 5  # amounts with decimals from which a table is known to print them
FUSED = (
    "it has far more decimals than the other numbers of its table: it may be run together with what stands beside it"
)
COLUMN = "the name of its column may be misread"
TWICE = "the code of its row stands in other rows of the table too, with other numbers: it may be another row's"
ASTRAY = "every other number of its row is contradicted by other rows: the row may be another's"
FOREIGN = "its sums lead up to a row that the total and another table contradict: the rows may be another table's"
EXCHANGED = "another table gives the amount of a row beside it for one of both: their amounts may be exchanged"
UNCONFIRMED = "other numbers of this document look misread, and nothing confirms this one"
OWN_DOUBTS = frozenset({ASTRAY, BARE, EXCHANGED, FOREIGN, FUSED, TOLD, TWICE, UNCONFIRMED, UNIT})
"""Doubts that the checks have themselves; others are the readers'."""


def misread(
    outcomes: Sequence[tuple[Instance, Outcome]], frames: Sequence[Frame], printed: Mapping[Ref, Decimal]
) -> list[Ref]:
    """Return about as many cells as are misread: the fewest that the sums which are off by a digit have in common."""
    sums = [
        tuple(dict.fromkeys(ref for ref in instance.refs if ref in printed))
        for instance, outcome in outcomes
        if outcome.verdict == "violated" and not instance.soft and instance.relation in SUMS
        and _by_a_digit(instance, outcome, frames, printed)
    ]  # fmt: skip
    holding: dict[Ref, set[int]] = {}
    for number, refs in enumerate(sums):
        for ref in refs:
            holding.setdefault(ref, set()).add(number)
    # Those with the most sums first, of as many the one that came first. What has fewer by now goes back.
    waiting = [(-len(numbers), place, ref) for place, (ref, numbers) in enumerate(holding.items())]
    heapify(waiting)
    found: list[Ref] = []
    while waiting:
        size, place, most = heappop(waiting)
        if len(holding.get(most, ())) != -size:
            if most in holding:
                heappush(waiting, (-len(holding[most]), place, most))
            continue
        found.append(most)
        for number in tuple(holding[most]):
            for ref in sums[number]:
                holding[ref].discard(number)
                if not holding[ref]:
                    del holding[ref]
    return found


def _by_a_digit(instance: Instance, outcome: Outcome, frames: Sequence[Frame], printed: Mapping[Ref, Decimal]) -> bool:
    """Whether the two sides differ by one digit, and by more than rounding would make."""
    units = [unit_of(printed[r]) * frames[r.frame].scale_at(r.row, r.column) for r in instance.refs if r in printed]
    return bool(units) and abs(outcome.left - outcome.right) > max(units) and off_by_a_digit(outcome)


def off_by_a_digit(outcome: Outcome) -> bool:
    """Whether the two sides of an identity differ by one digit, in whichever place."""
    return len(abs(outcome.left - outcome.right).normalize().as_tuple().digits) == 1


def bare(table: Table) -> frozenset[tuple[int, str]]:
    """Return the places (row and column) of numbers without decimals in a table that prints them, zeros and all.

    Such a number may be that of a label which lost its mark (``4、``), a code, or an amount that lost its point. Where
    some amount ends in a zero behind the point, none is left out. Nothing may be printed as 0.
    """
    numbers = [
        (n, cell.column, cell.value)
        for n, row in enumerate(table.rows)
        for cell in row.cells
        if cell.kind == "number" and cell.value
    ]
    odd = [(n, column) for n, column, value in numbers if unit_of(value) == 1]
    sure = len(numbers) - len(odd) >= max(_MANY, len(odd)) and _prints_zeros([value for *_, value in numbers])
    return frozenset(odd) if sure else frozenset()


def _prints_zeros(values: Sequence[Decimal]) -> bool:
    """Whether those of some numbers that have decimals all have as many, and some end in a zero behind the point."""
    finer = [(value, unit) for value in values if (unit := unit_of(value)) < 1]
    return len({unit for _, unit in finer}) == 1 and any(not WIDE.remainder(value, 10 * unit) for value, unit in finer)


def fused(table: Table) -> frozenset[tuple[int, str]]:
    """Return the places (row and column) of numbers with far more decimals than nine of ten in their table.

    A sum that is known to its rounding doesn't tell: 481.23 and the code 30214 beside it are 481.2330214, which is
    as good an addend.
    """
    numbers = [
        (n, cell.column, decimals_of(cell.value))
        for n, row in enumerate(table.rows)
        for cell in row.cells
        if cell.kind == "number" and cell.value is not None
    ]
    if len(numbers) < _NUMBERS:
        return frozenset()
    usual = sorted(decimals for *_, decimals in numbers)[(len(numbers) - 1) * 9 // 10]
    return frozenset((n, column) for n, column, decimals in numbers if decimals >= usual + _MORE)


def odd(tables: Sequence[Table]) -> Mapping[Ref, str]:
    """Return why a number looks odd beside the others of its table, or of all prose, by its cell."""
    told = [(i, t) for i, t in enumerate(tables) if is_prose(t.id)]
    sentences = [(i, t) for i, t in told if t.id not in forms().ids]
    by_table = (Ref(i, n, c) for i, t in enumerate(tables) if not is_prose(t.id) for n, c in bare(t))
    return {
        **dict.fromkeys(by_table, BARE),
        **dict.fromkeys(_bare_told(told), TOLD),
        **dict.fromkeys(_odd_units(sentences), UNIT),
    }


def _bare_told(tables: Iterable[tuple[int, Table]]) -> frozenset[Ref]:
    """Return the cells of amounts and rates of prose without decimals, where hardly any other has none.

    Such a number, of three digits at least, may have lost its point: 10086 for 100.86. Offices that leave out zeros
    behind the point print many so; where some amount ends in such a zero, none is left out. 100 % is printed so by all.

    Args:
        tables: The tables of statements, by their numbers.
    """
    told: dict[str, list[tuple[Ref, Decimal]]] = {"万元": [], "%": []}
    for number, table in tables:
        for n, row in enumerate(table.rows):
            for cell in row.cells:
                if cell.kind == "number" and cell.value and cell.unit in told:
                    told[cell.unit].append((Ref(number, n, cell.column), cell.value))
    return frozenset(ref for numbers in told.values() for ref in _without_point(numbers))


def _odd_units(tables: Iterable[tuple[int, Table]]) -> frozenset[Ref]:
    """Return the amounts of prose in a unit that hardly any other has: 100.86 元 where all others are in 万元.

    Args:
        tables: The tables of statements, by their numbers.
    """
    found = [
        (Ref(number, n, cell.column), cell.unit)
        for number, table in tables
        for n, row in enumerate(table.rows)
        for cell in row.cells
        if cell.kind == "number" and cell.value and cell.unit in _MONEY
    ]
    units = Counter(unit for _, unit in found)
    usual = max(units, key=lambda unit: units[unit], default="")
    odd = [ref for ref, unit in found if unit != usual]
    return frozenset(odd if len(odd) * _SELDOM <= len(found) else ())


def _without_point(numbers: Sequence[tuple[Ref, Decimal]]) -> list[Ref]:
    odd = [(ref, value) for ref, value in numbers if unit_of(value) == 1 and abs(value) != _LONG]
    seldom = len(odd) * _SELDOM <= len(numbers) and _prints_zeros([value for _, value in numbers])
    return [ref for ref, value in odd if seldom and abs(value) >= _LONG]


def astray(outcomes: Sequence[tuple[Instance, Outcome]], printed: Mapping[Ref, Decimal]) -> frozenset[tuple[int, int]]:
    """Return the rows (table and row) of which other rows contradict every number but zeros.

    Where a code is misread, the sums are wrong that its numbers are put in; a zero changes none, wherever it stands.
    """
    wrong = {
        ref
        for instance, outcome in outcomes
        if outcome.verdict == "violated" and not instance.soft
        and len({(r.frame, r.row) for r in instance.refs if r in printed}) > 1
        for ref in (outcome.odd if instance.relation in WORDS else instance.refs)
    }  # fmt: skip
    rows: dict[tuple[int, int], list[bool]] = {}
    for ref, value in printed.items():
        if value:
            rows.setdefault((ref.frame, ref.row), []).append(ref in wrong)
    return frozenset(row for row, found in rows.items() if all(found))


def foreign(outcomes: Sequence[tuple[Instance, Outcome]]) -> frozenset[tuple[int, int]]:
    """Return the rows (table and row) below one that both the row above and another table contradict, but not its own.

    Where a page is missing, the rows of one table go on with those of another: these add up among themselves, to a row
    that is not that of this table. What another table confirms stays.
    """
    above: set[Ref] = set()
    beside: set[Ref] = set()
    confirmed: set[tuple[int, int]] = set()
    below: dict[Ref, set[Ref]] = {}
    for instance, outcome in outcomes:
        if instance.soft or outcome.verdict == "unchecked" or instance.relation in WORDS:
            continue
        inside = len({(r.frame, r.column) for r in instance.refs}) == 1
        across = len({r.frame for r in instance.refs}) > 1
        if outcome.verdict == "violated":
            above.update(instance.right if inside else ())
            beside.update(instance.refs if across else ())
        elif outcome.evidence and across:
            confirmed.update((r.frame, r.row) for r in instance.refs)
        elif outcome.evidence and inside and len(instance.left) == 1:
            below.setdefault(instance.left[0], set()).update(instance.right)
    found: set[Ref] = set()
    waiting = [ref for ref in above & beside if ref in below]
    while waiting:
        new = below.get(waiting.pop(), set()) - found
        found |= new
        waiting.extend(new)
    return frozenset((ref.frame, ref.row) for ref in found) - confirmed


def exchanged(
    outcomes: Sequence[tuple[Instance, Outcome]], frames: Sequence[Frame], printed: Mapping[Ref, Decimal]
) -> frozenset[tuple[int, int]]:
    """Return the rows (table and row) of one group that may have each other's amounts: no sum would notice.

    Two tables mostly give the same amount for an item (30231 in basic expenditure, and its vehicles' costs among the
    “三公”), and need not. Where they don't, and the other's amount stands in a row beside the item's, it is no chance.
    """
    beside: dict[tuple[int, int | None], list[int]] = {}
    for number, frame in enumerate(frames):
        for n, row in enumerate(frame.rows):
            beside.setdefault((number, row.parent), []).append(n)
    found: set[tuple[int, int]] = set()
    for instance, outcome in outcomes:
        if instance.soft and instance.relation in SUMS and outcome.verdict == "violated" and outcome.right:
            for ref in instance.left if len(instance.left) == 1 else ():
                frame = frames[ref.frame]
                others = [ref._replace(row=n) for n in beside[ref.frame, frame.rows[ref.row].parent] if n != ref.row]
                same = [r for r in others if r in printed and frame.yuan(r, printed[r])[1] == outcome.right]
                found.update((r.frame, r.row) for r in (ref, *same) if same)
    return frozenset(found)


def twice(table: Table) -> frozenset[int]:
    """Return the rows whose code stands in other rows too, with other numbers; a row is printed again as it was."""
    rows: dict[str, list[tuple[int, frozenset[tuple[str, Decimal | None]]]]] = {}
    for n, row in enumerate(table.rows):
        numbers = frozenset((c.column, c.value) for c in row.cells if c.kind == "number")
        if numbers and row.key.isdigit():
            rows.setdefault(row.key, []).append((n, numbers))
    return frozenset(n for same in rows.values() if len({told for _, told in same}) > 1 for n, _ in same)
