"""In which order the header of a wide table prints its items: where it tells, and the usual ones where it doesn't."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.normalize import squeeze
from extractor.specs import RowSpec

from .body import Body
from .fragments import whole_names
from .labels import undated
from .tokens import cells, split_header

CARS = "公务用车购置及运行费"
GRAND = "三公经费会议费培训费合计"
"""Over all items."""
_PART = "小计"
_TOTAL = re.compile(r"三公”?经费(?:支出|预算)?(?:合计|总计|小计|总额|预算数|决算数)?$")
Path = tuple[RowSpec, ...]
Order = tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """A header: all that it says in one, and its names with their places: line and number, in a grid cell and line."""

    text: str
    names: tuple[tuple[tuple[int, int], str], ...]
    grid: bool

    @property
    def flat(self) -> bool:
        """Whether no name has another one beside it."""
        return not self.grid and all(place == 0 for (_, place), _ in self.names)


def placed_names(body: Body) -> tuple[tuple[tuple[int, int], str], ...]:
    """Return the names of a header with their places, put together where they come in fragments."""
    if body.grid:
        lines = [[squeeze(text) for _, text in cells(line.text)] for line in body.header_lines]
    else:
        header = whole_names(body.pieces) if body.fragments else body.pieces
        lines = [split_header(line.text) for line in header]
    told = [(n, i, undated(piece)) for n, line in enumerate(lines) for i, piece in enumerate(line) if piece]
    return tuple(((i, n) if body.grid else (n, i), piece) for n, i, piece in told)


def orders(items: Sequence[Path], header: Head) -> list[Order]:
    """The orders in which a header may print the items; usual ones where it doesn't tell, or is one cell a line."""
    printed = _orders_printed(items, header)
    if printed and not header.flat:
        return printed
    usual = _usual(items)
    bare = [] if _PART in header.text or header.grid else [_without_cars(order) for order in usual]
    return list(dict.fromkeys((*printed, *usual, *bare)))


def _without_cars(order: Order) -> Order:
    """Return an order in which the vehicles have no column, but what is bought and what is run."""
    parts = any(len(i) > 1 and i[-2].label == CARS for i in order)
    return tuple(i for i in order if not parts or i[-1].label != CARS)


def _usual(items: Sequence[Path]) -> list[Order]:
    """Return the order of the spec, and that with receptions before vehicles."""
    hosting = [i for i in items if i[-1].label == "公务接待费"]
    cars = [n for n, i in enumerate(items) if CARS in [r.label for r in i]]
    if not hosting or not cars:
        return [tuple(items)]
    rest = [i for i in items if i not in hosting]
    first = rest.index(items[cars[0]])
    return [tuple(items), (*rest[:first], *hosting, *rest[first:])]


def _orders_printed(items: Sequence[Path], header: Head) -> list[Order]:
    """Return the orders that a header allows if it prints the name of each item: parts stand where their group does.

    A total may stand behind what it is the sum of. A group that prints no 小计 may have no column.
    """
    where: dict[Path, tuple[int, int]] = {}
    for item in items:
        names = {squeeze(n) for n in (item[-1].label, *item[-1].aliases)} - {_PART}
        told = [at for at, piece in header.names if piece in names or (item[-1].top and _TOTAL.search(piece))]
        if not told or item[-1].label == GRAND:
            return []
        where[item] = min(told) if header.grid else told[0]
    parts = sorted((i for i in items if len(i) > 1 and i[-2].label == CARS), key=where.__getitem__)
    rest = sorted((i for i in items if i not in parts), key=where.__getitem__)
    if not header.grid and not header.flat and len({where[i][0] for i in rest}) > 1:
        return []  # what stands below what isn't told
    cars = next((i for i in rest if i[-1].label == CARS), None)
    if cars is None or not parts:
        return [tuple(rest)]
    sums = [at for at, piece in header.names if piece == _PART and at >= where[cars]]
    last = where[parts[-1]]
    if where[cars] > last or (sums and min(sums) > last):
        groups = [[*parts, cars]]
    else:
        groups = [[cars, *parts], *([] if sums else [parts])]
    at = rest.index(cars)
    return [(*rest[:at], *group, *rest[at + 1 :]) for group in groups]
