"""Grids that go on overleaf with another number of cells: tools make a table of each page, without what is empty there.

``| 三、服务C |  | 会议费 |  | 10.00 |`` and on the next page ``|  | 印刷费 |  | 5.00 |``: the first column has nothing
there. Its amounts tell: they stand in columns of amounts if all cells are moved by what is missing, and only then.
Where that doesn't tell, or where cells are missing in between, nobody knows which column an amount is of.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractor.amount import parse_amount
from extractor.normalize import Line, squeeze

from .tokens import cells

OVERLEAF = "its page's grid has another number of cells than the first one's; which column is which isn't told"
"""Why such a row is in doubt."""
_NEAR = 2  # lines from a row to the next one of its page: a ruling may stand between them
_MOST = 400  # cells of a line


@dataclass(frozen=True, slots=True)
class Page:
    """Rows one below the other that have as many cells: the indexes of their lines, and their cells."""

    lines: list[int]
    rows: list[list[str]]

    @property
    def width(self) -> int:
        """How many cells its rows have."""
        return len(self.rows[0])

    @property
    def amounts(self) -> frozenset[int]:
        """The columns that hold amounts."""
        return frozenset(i for row in self.rows for i, text in enumerate(row) if "." in text and parse_amount(text))


def aligned(content: Sequence[Line]) -> tuple[list[Line], frozenset[int]]:
    """Return the lines of a grid of pipes with every page's cells in the columns of the first page.

    Returns:
        The lines, and the numbers of those whose columns aren't told.
    """
    every = list(pages(content))
    out, lost = list(content), set[int]()
    if not every or all(page.width == every[0].width for page in every):
        return out, frozenset()
    width = every[0].width
    first = frozenset[int]().union(*(page.amounts for page in every if page.width == width))
    for page in every[1:]:
        if page.width == width or not page.amounts or not first:
            continue
        step = width - page.width
        moved = frozenset(i + step for i in page.amounts) <= first
        if moved == (page.amounts <= first):
            lost.update(content[i].number for i in page.lines)
        elif moved and step > 0:
            for i in page.lines:
                out[i] = content[i].inserted(0, "|" * step)
        elif moved:
            lost.update(content[i].number for i in page.lines)
    return out, frozenset(lost)


def pages(content: Sequence[Line]) -> Iterator[Page]:
    """Yield the runs of rows that have as many cells, parted where lines are missing between them."""
    page: Page | None = None
    last = 0
    for index, line in enumerate(content):
        if "\t" in line.text or not (squeeze(line.text).startswith("|") and squeeze(line.text).endswith("|")):
            continue
        row = [text.strip() for _, text in cells(line.text)]
        if not 0 < len(row) <= _MOST:
            continue
        if page is not None and len(row) != page.width and line.number - last > _NEAR:
            yield page
            page = None
        if page is None:
            page = Page([], [])
        if not page.rows or len(row) == page.width:
            page.lines.append(index)
            page.rows.append(row)
        last = line.number
    if page is not None:
        yield page
