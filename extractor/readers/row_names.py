"""Which cell of a grid names its rows, where several hold words: by what its header says and what its rows print.

A name is printed in every row, and another one in each. A merged cell is printed once: the rows below it go by what
stands beside it, under its words.
"""

import re
from collections.abc import Mapping, Sequence

from extractor.normalize import squeeze

from .labels import TOTALS
from .rows import RawRow
from .tokens import Token

_NAME = re.compile(r"名称|内容|事项|品目|项目$|物品")
_OTHER = re.compile(
    r"单位|部门|主管|类[别型]|分类|编码|代码|编号|目录|方式|形式|主体|依据|用途|性质|备注|说明|规格|型号|要求|目标|指标|级$|功能科目"
)
_COUNTS = re.compile(r"计量单位|^单位$|数量|单价")
_FIRST = 1  # the least of two rows that tell anything of each other


def naming_cell(lines: Sequence[Sequence[Token]], heads: Mapping[int, str], money: int) -> int | None:
    """Return the cell in front of the amounts that has another name in every row, if the header tells which it is.

    Args:
        lines: The rows.
        heads: The words above each cell.
        money: The first cell with amounts.
    """
    rows = [line for line in lines if any(t.priced for t in line) and not _of_total(line, money)]
    said: dict[int, list[str]] = {}
    for line in rows:
        for token in line:
            if token.kind == "text" and token.cell is not None and token.cell < money:
                said.setdefault(token.cell, []).append(squeeze(token.text))
    able = [
        cell
        for cell, names in said.items()
        if len(names) >= len(rows)
        and len(set(_by_row(rows, cell))) == len(rows) > _FIRST
        and not _COUNTS.search(heads.get(cell, ""))
    ]
    if len(able) == 1:
        return able[0]
    named = [c for c in able if _NAME.search(heads.get(c, "")) and not _OTHER.search(heads.get(c, ""))]
    return max(named) if named else None


def _by_row(rows: Sequence[Sequence[Token]], cell: int) -> list[str]:
    return [squeeze("".join(t.text for t in line if t.cell == cell)) for line in rows]


def _of_total(line: Sequence[Token], money: int) -> bool:
    words = {squeeze(t.text) for t in line if t.kind == "text" and (t.cell or 0) < money}
    return not words.isdisjoint(TOTALS)


def below_merged(
    rows: Sequence[RawRow], lines: Sequence[Sequence[Token]], own: int, heads: Mapping[int, str], money: int
) -> None:
    """Name the rows of a merged cell by what stands beside it: ``办公设备购置/打印机``, below ``办公设备购置/电脑``."""
    by_line = {line[0].line: line for line in lines}
    first: RawRow | None = None
    for row in rows:
        line = by_line.get(row.line, ())
        if row.bare in TOTALS or not line:
            first = None
        elif any(t.kind == "text" and t.cell == own for t in line):
            first = row
        elif first is not None and row.items:
            name = first.unit if first.project else "/".join(filter(None, (first.unit, first.text)))
            told = _beside(line, own, heads, money)
            before = _beside(by_line[first.line], own, heads, money)
            if not told or not before:
                row.doubt = (
                    row.doubt or "its name is in a merged cell above, and nothing beside it tells it from others"
                )
                continue
            if not first.project:
                first.project, first.label, first.unit = first.label, before, name
            row.label, row.unit = told, name


def _beside(line: Sequence[Token], own: int, heads: Mapping[int, str], money: int) -> list[Token]:
    """Return the words of the next cell behind a merged one that names something."""
    words = [t for t in line if t.kind == "text" and t.cell is not None and own < t.cell < money]
    words = [t for t in words if not _COUNTS.search(heads.get(t.cell or 0, ""))]
    return [t for t in words if t.cell == words[0].cell]
