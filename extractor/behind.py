"""The lines of a table in order, where a tool writes merged cells behind all others: its title, groups, some labels.

Programs that make PDFs of spreadsheets do, and tools that go through a page as it was written print them so. What is
merged then stands below the amounts: names of columns over several lines, groups over several columns, labels of
totals, the office. They are put where they belong; a reader sees the page as it is printed.
"""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise, takewhile

from .heading_words import AMOUNT, OFFICE_NAME, UNIT
from .normalize import Line, squeeze
from .sections import Heading, is_marker
from .specs import catalogue

_TOTAL = re.compile(r"(?:总计|合计|收入总计|收入合计)")
# The last words of headers, and those that stand in merged cells of any.
_LAST = frozenset({
    "金额", "预算数", "决算数", "合计", "小计", "项目", "项目名称", "结转下年资金", "项目支出", "基本支出",
    "机关运行经费支出",
})  # fmt: skip
_MERGED = frozenset({"金额", "项目", "项目名称", "支出用途", "功能分类", "收入", "支出"})
_HEADER = re.compile(
    r"(?:科目|分类).{0,4}(?:编码|代码|名称)|(?:本年|财政拨款)?(?:收入|支出)|.{0,12}(?:收入|支出|经费)?[预决]算数?"
)
_NAMELESS = re.compile(r"(?:编制|填报)?(?:部门|单位)(?:名称)?[:：]")
_FEW = 3  # codes that may be numbers of pages
_CODE = re.compile(r"\d{1,7}")
_NUMBER = re.compile(r"-?\d[\d,]*\.?\d*")


def of_page(lines: Sequence[Line], heading: Heading, end: int) -> tuple[range, ...]:
    """Return the lines of a table whose title stands below it on its page, and those behind the page up to ``end``.

    Names of columns come in front of those that stand first, labels of rows in front of the first row, labels of totals
    on the right side in front of the second amount of the line, and the total's in front of what no row has.
    """
    page = heading.page or range(0)
    begin = next((i for i in page if not is_marker(lines[i])), page.start)
    amounts = [i for i in range(begin, heading.index) if AMOUNT.search(lines[i].text)]
    first, last = (amounts[0], amounts[-1]) if amounts else (begin, begin)
    rows, labelled = _first_row(lines, begin, first)
    # Rows without codes may be called like columns.
    coded = sum(_CODE.fullmatch(squeeze(lines[i].text)) is not None for i in range(begin, heading.index)) > _FEW
    columns = _columns(heading.spec or "")
    told = columns | _MERGED if coded else _MERGED
    header = frozenset(i for i in page if _HEADER.fullmatch(text := squeeze(lines[i].text)) or text in told)
    behind = next((i for i in range(last + 1, heading.index) if i in header), heading.index)
    merged = [*range(behind, heading.index), *range(heading.index + heading.count, page.stop)]
    there = any(_TOTAL.fullmatch(squeeze(lines[i].text)) for i in range(begin, rows))  # the columns; some names wrap
    header = _of_header(lines, merged, header if not there else frozenset(), columns, labelled=labelled)
    groups, labels = ([range(i, i + 1) for i in merged if (i in header) is above] for above in (True, False))
    labels.sort(key=lambda piece: _TOTAL.fullmatch(squeeze(lines[piece.start].text)) is not None)  # the first row's
    places = _totals(lines, labels, range(rows, behind)) | _office(lines, labels, range(begin, rows))
    first_rows = [piece for piece in labels if piece.start not in places.values()]
    head, body = (_with(range(first, last), places) for first, last in ((begin, rows), (rows, behind)))
    rest = range(page.stop, max(end, page.stop))
    return *groups, *head, *first_rows, *body, *_with(rest, _last_total(lines, rest))


def _first_row(lines: Sequence[Line], begin: int, amount: int) -> tuple[int, bool]:
    """Return where the row of the first amount begins, and whether it has a label, on the line above it."""
    label = squeeze(lines[amount - 1].text) if amount > begin else ""
    alone = _NUMBER.match(squeeze(lines[amount].text)) is not None
    named = _LAST.intersection(lines[amount - 1].text.split()[-1:]) if label else frozenset[str]()
    if not (alone and label) or named or label in _LAST or UNIT.search(label):
        return amount, False
    rows = amount - 1
    while rows > begin and _CODE.fullmatch(squeeze(lines[rows - 1].text)):
        rows -= 1
    return rows, True


def _of_header(
    lines: Sequence[Line], merged: Sequence[int], named: Container[int], columns: Container[str], *, labelled: bool
) -> frozenset[int]:
    """Return which merged lines are of the header: those that name columns for sure, what is between them and behind.

    A word for the total is a column's where the first row has a label.
    """
    texts = {i: squeeze(lines[i].text) for i in merged}
    told = [i for i in merged if i in named and not _TOTAL.fullmatch(texts[i])]
    if all(texts[i] in _MERGED for i in told):
        return frozenset(i for i in merged if texts[i] in _MERGED)
    behind = takewhile(lambda i: texts[i] in columns, (i for i in merged if i > told[-1]))
    between = [*(i for i in merged if told[0] <= i <= told[-1] and not OFFICE_NAME.search(texts[i])), *behind]
    return frozenset(i for i in between if labelled or not _TOTAL.fullmatch(texts[i]))


@lru_cache(maxsize=64)
def _columns(spec: str) -> frozenset[str]:
    """Return the names that the columns of a table have, in all of its layouts."""
    columns = [c for layout in catalogue().layouts(spec) for c in (*layout.columns, *layout.more)]
    return frozenset(squeeze(name) for c in columns for name in (*c.names, *c.id.split("/"), c.under or "") if name)


def _with(rows: range, places: Mapping[int, int]) -> Iterator[range]:
    """Yield rows, with others in front of those where they belong, and only there."""
    moved = frozenset(places.values())
    for first, last in pairwise([rows.start, *sorted(i for i in places if i in rows), rows.stop]):
        if first in places:
            yield range(places[first], places[first] + 1)
        yield from (range(i, i + 1) for i in range(first, last) if i not in moved) if moved else (range(first, last),)


def _office(lines: Sequence[Line], labels: Sequence[range], header: range) -> dict[int, int]:
    """Return in front of which line of a header the name of the office belongs, where the label for it has none."""
    empty = next((i for i in header if _NAMELESS.fullmatch(squeeze(lines[i].text))), None)
    names = [piece.start for piece in labels if OFFICE_NAME.search(squeeze(lines[piece.start].text))]
    return {empty + 1: names[0]} if empty is not None and len(names) == 1 and empty + 1 in header else {}


def _totals(lines: Sequence[Line], labels: Sequence[range], rows: range) -> dict[int, int]:
    """Return in front of which lines the labels of right totals belong: ``收入合计 1.00``, ``支出合计``, ``1.00``."""
    texts = {squeeze(lines[piece.start].text): piece.start for piece in labels}
    out = {}
    for index in rows[:-2]:
        label = squeeze(lines[index].text)
        other = texts.get(label.replace("收入", "支出")) if "收入" in label else None
        amounts = [_NUMBER.fullmatch(squeeze(lines[i].text)) for i in (index + 1, index + 2)]
        if other is not None and all(amounts):
            out[index + 2] = other
    return out


def _last_total(lines: Sequence[Line], rows: range) -> dict[int, int]:
    """Return in front of which line the label of a total belongs that stands behind all amounts, its own too.

    They follow those of the last row; the first of them is the greatest.
    """
    last = next((i for i in reversed(rows) if AMOUNT.search(lines[i].text)), rows.stop)
    if last + 1 not in rows or not _TOTAL.fullmatch(squeeze(lines[last + 1].text)):
        return {}
    first = last + 1
    while first > rows.start and _NUMBER.fullmatch(squeeze(lines[first - 1].text)):
        first -= 1
    amounts = [float(squeeze(lines[i].text).replace(",", "")) for i in range(first, last + 1)]
    return {first + amounts.index(max(amounts)): last + 1} if len(amounts) > 1 else {}
