"""Cells of a header that stand among the rows: tools that read a page block by block put them there.

``合计`` / ``9759.38`` … ``事业收入`` / ``经营收入``: a column whose name is overlooked gives its numbers to the columns
beside it. In a table of codes no row has such a name, so it is put back.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

from extractor.normalize import Line, squeeze
from extractor.specs import TableSpec, split_label, walk

from .columns import columns_by_name
from .fragments import joined
from .labels import HEADER_WORDS, TOTALS, Labels, undated
from .tokens import Token, split_header

Rows = Sequence[tuple[Line, list[Token]]]
SEVERAL = "several labels stand above its amount; whose it is isn't told"
"""Why a row is in doubt whose line is adrift."""
_LONGEST = 5  # lines that one name may stand on
_CODES = 3  # lines that begin with a code, in a table that has them
_LABELS = 2  # labels in front of an amount, or more
_COLUMN = 3  # labels one below the other, or more: a column of them
_CODE = 7  # digits that a code has at most
_SUMS = ("总计", "合计", "小计")
_SIDES = frozenset({"收入", "支出"})
_HEADINGS = frozenset({"项目", "决算数", "预算数", "金额"})
_LEADS = TOTALS | {"小计"}
_LEAST = 3  # characters; 合计 and 小计 are rows as well


def put_back(
    rows: Rows, first: int, layouts: tuple[TableSpec, ...], labels: Labels
) -> tuple[list[Line], list[Line], Rows]:
    """Return the header of a table without cells, those of its cells that stand among the rows, and the rows alone.

    ``first`` is the index of the first row.
    """
    header, data = _from_amounts(rows[:first], rows[first:], labels)
    coded = sum(tokens[0].whole and tokens[0].text[:3] in labels.classes for _, tokens in rows) >= _CODES
    words = _words(layouts, labels, coded=coded)
    known = {
        undated(piece) for line in joined([line for line, _ in header], layouts) for piece in split_header(line.text)
    }
    columns = {name for spec in layouts for name in columns_by_name(spec)}
    # 功能分类 below 功能分类科目 is of a header that is repeated.
    printed = "\n".join(known)
    fresh = frozenset(w for w in words - known if w in columns or w not in printed)
    out: list[tuple[Line, list[Token]]] = []
    runs: list[list[Line]] = []
    index = last = 0
    while index < len(data):
        count = _named(data, index, fresh) or int(_leads(data, index, fresh, known))
        if count:
            if not runs or index > last:
                runs.append([])
            runs[-1].extend(line for line, _ in data[index : index + count])
            last = index + count
        else:
            out.append(data[index])
            last += index == last and all(t.whole for t in data[index][1])  # digits of codes may stand between
        index += count or 1
    above = [line for line, _ in header]
    if not runs:
        return above, [], out
    main = max(runs, key=lambda run: _count(run, layouts, columns))
    if _count(main, layouts, columns) > _count(above, layouts, columns):
        return [*above, *main], [line for run in runs if run is not main for line in run], out
    return above, [line for run in runs for line in run], out


def _from_amounts(header: Rows, data: Rows, labels: Labels) -> tuple[Rows, Rows]:
    """Let the rows begin with the amounts in a header: those of the total, or of names in front of all codes."""
    amounts = [i for i, (_, tokens) in enumerate(header) if all(t.priced for t in tokens)]
    rest = [row for i, row in enumerate(header) if i not in amounts]
    if amounts and squeeze(header[-1][0].text) in TOTALS and amounts[-1] < len(header) - 1:
        return rest[:-1], [header[-1], *(header[i] for i in amounts), *data]
    if amounts and data and squeeze(data[0][0].text) in TOTALS:
        own = next((i for i, (_, tokens) in enumerate(data) if i and not all(t.priced for t in tokens)), len(data))
        return rest, [*data[:own], *(header[i] for i in amounts), *data[own:]]
    begins = next((i for i, (line, _) in enumerate(header) if squeeze(line.text) in labels.by_name), len(header))
    if any(i > begins for i in amounts):
        return header[:begins], [*header[begins:], *data]
    return header, data


def without_headings(rows: Rows) -> tuple[list[Line], Rows]:
    """Return the words above the sides of a table with two that stand among its rows, and the rows without them.

    收入 and 支出 may be the rest of a name above: they are headings only beside others.
    """
    words = [undated(line.text) for line, _ in rows]
    plain = [word in _HEADINGS for word in words]
    found = [
        here or (word in _SIDES and any(plain[max(0, i - 1) : i + 2]))
        for i, (here, word) in enumerate(zip(plain, words, strict=True))
    ]
    kept = [row for row, heading in zip(rows, found, strict=True) if not heading]
    return [row[0] for row, heading in zip(rows, found, strict=True) if heading], kept


def adrift(rows: Rows) -> frozenset[int]:
    """Lines of amounts that several labels stand above: whose they are isn't told.

    They stand below a heading, or the first of them before a label of the other side, on its line: a column of labels
    beside a column of amounts.
    """
    found = set[int]()
    for index, (line, here) in enumerate(rows):
        above = rows[max(0, index - _LABELS) : index]
        if len(above) < _LABELS or any(t.kind != "text" for row in above for t in row[1]):
            continue
        if undated(line.text) in _HEADINGS:
            for _, tokens in rows[index + 1 :]:
                if any(t.kind == "text" for t in tokens):
                    break
                found.update(t.line for t in tokens)
        elif _behind(here) and _stacked(rows[max(0, index - _COLUMN) : index]):
            below = list(takewhile(lambda row: row[1] and _is_amount(row[1][0]), rows[index + 1 :]))
            found.update(t.line for _, tokens in below for t in (*here, *tokens))
    return frozenset(found)


def _stacked(rows: Rows) -> bool:
    """Whether labels without amounts stand one below the other, and the last is none of a sum."""
    plain = len(rows) == _COLUMN and all(t.kind == "text" for row in rows for t in row[1])
    return plain and not undated(rows[-1][0].text).endswith(_SUMS)


def _behind(tokens: Sequence[Token]) -> bool:
    """Whether a line begins with an amount, and a label follows."""
    return bool(tokens) and _is_amount(tokens[0]) and tokens[-1].kind == "text"


def _is_amount(token: Token) -> bool:
    return token.priced or (token.kind == "number" and len(token.text) > _CODE)


def _count(lines: Sequence[Line], layouts: tuple[TableSpec, ...], columns: set[str]) -> int:
    """How many names of columns some lines of a header hold."""
    return sum(undated(p) in columns for line in joined(lines, layouts) for p in split_header(line.text))


@lru_cache(maxsize=256)
def _words(layouts: tuple[TableSpec, ...], labels: Labels, *, coded: bool) -> frozenset[str]:
    """Names of columns, and words of headers, that no row has: in layouts of coded tables only, where it is one."""
    columns = {name for spec in layouts for name in columns_by_name(spec)}
    named = [path[-1] for spec in layouts if spec.shape == "coded" or not coded for path in walk(spec.left)]
    rows = {split_label(name)[1] for row in named for name in (row.label, *row.aliases)} | set(labels.by_name)
    return frozenset(w for w in columns | set(HEADER_WORDS) if len(w) >= _LEAST and w not in rows)


def _named(rows: Rows, index: int, words: frozenset[str]) -> int:
    """On how many lines, each with nothing else, a name of a column stands; the most that there may be, or 0."""
    text, best = "", 0
    for count, (line, tokens) in enumerate(rows[index : index + _LONGEST], 1):
        if any(t.kind != "text" for t in tokens) or "\t" in line.text:
            break
        pieces = [undated(p) for p in split_header(line.text)]
        if count == 1 and len(pieces) > 1 and all(p in words or p in _LEADS for p in pieces):
            return 1
        text += undated(line.text)
        best = count if text in words else best
    return best


def _leads(rows: Rows, index: int, words: frozenset[str], known: set[str]) -> bool:
    """Whether a line is 合计 and names a column: others are named right below, and the header doesn't have it."""
    text = squeeze(rows[index][0].text)
    if text not in _LEADS or text in known:
        return False
    after = next((i for i in range(index + 1, len(rows)) if not all(t.whole for t in rows[i][1])), len(rows))
    return after < len(rows) and _named(rows, after, words) > 0
