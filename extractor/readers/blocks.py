"""Blocks: tables that print code, name and amount two or three times beside each other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from extractor.normalize import Line, squeeze

from .tokens import Token, cells


def block_starts(header: Sequence[Line], lines: Sequence[Sequence[Token]]) -> list[int]:
    """Cells of a grid's header where a block begins: where a column of codes is named again, behind amounts."""
    for line in header:
        found = [i for i, (_, text) in enumerate(cells(line.text)) if squeeze(text).endswith(("科目编码", "科目代码"))]
        if len(found) > 1:
            amounts = any(t.cell < found[1] for row in lines for t in row if t.priced and t.cell is not None)
            return found if amounts else []
    return []


def split_blocks(lines: Sequence[list[Token]], starts: Sequence[int]) -> list[list[Token]]:
    """Cut the lines of a grid into blocks, so that each block is a line of its own with cells from 0.

    A label without an amount takes the amount without a label that follows it: a total over several blocks.
    """
    out = []
    for line in lines:
        here: list[list[Token]] = []
        for first, end in zip(starts, [*starts[1:], 10_000], strict=True):
            block = [replace(t, cell=t.cell - first) for t in line if t.cell is not None and first <= t.cell < end]
            if here and goes_over(here[-1], block):
                here[-1] = [*here[-1], *block]
            elif block:
                here.append(block)
        out.extend(here)
    return out


def goes_over(label: Sequence[Token], block: Sequence[Token]) -> bool:
    """Whether a label without an amount goes on over a block that holds an amount alone: its own, as of a total."""
    return all(t.kind == "text" for t in label) and len(block) == 1 and block[0].priced


def sides(lines: Sequence[Sequence[Token]]) -> list[tuple[int, int, int]]:
    """The sides of a grid: the cell at which each begins, that of its first amounts, and that of its last.

    A side begins with words behind cells with amounts.
    """
    words = Counter(t.cell for line in lines for t in line if t.kind == "text")
    amounts = Counter(t.cell for line in lines for t in line if t.priced or t.kind == "dash")
    found = [(0, 0, 0)]
    for cell in sorted(c for c in {*words, *amounts} if c is not None):
        first, begin, end = found[-1]
        if words[cell] <= amounts[cell]:
            found[-1] = (first, begin or cell, cell)
        elif end:
            found.append((cell, 0, 0))
    return found
