"""Rows of tables of free names: words, then numbers."""

import re
from collections.abc import Mapping, Sequence

from extractor.heading_words import OFFICE_NAME
from extractor.normalize import squeeze

from .body import Body
from .labels import TOTALS
from .row_names import below_merged, naming_cell
from .rows import RawRow, before_words, lost_point
from .tokens import CATALOGUED, Token, cells, split_header

_NAMES = (
    "项目名称",
    "采购项目名称",
    "采购项目",
    "采购物品名称",
    "采购品目名称",
    "采购内容",
    "单位名称",
    "单位(项目)名称",
    "名称",
)
_UNITS = ("单位名称", "预算单位", "预算单位名称", "部门名称", "部门(单位)名称", "单位")
UNNAMED = "which of the words in front of its numbers is a row's name isn't told in text without cells"
_ABOVE = "the row above it has no amounts, and its words may be the beginning of this name"
_BELOW = "the words below it may be the rest of its name, or a row without amounts"
_KIND = re.compile(r"(?:[ABC一二三][、.]?)?(?:货物|工程|服务)类?(?:采购)?")
_AMOUNTS = re.compile(r"(?:合计|总计|金额|预算数|资金)$")
_COUNTED = "数量"  # which text without cells loses where it looks like the number of a page
_GROUP = "资金来源"  # above amounts, and no column
_BESIDE = re.compile(
    r"类型|项目类[别型]|[项目实施]{2}单位|主管部门|品目|专项名称|(?:经济|功能)(?:分类)?科目|组织形式|采购方式|资金性质|采购物品|采购目录"
    r"|项目内容|购买内容|项目概况|用途|规格|依据"
)


def _several_names(body: Body) -> bool:
    """Whether the header names several columns of words: what stands before the numbers isn't one name."""
    if body.grid and len([i for i in _heads(body) if i < _first_amount(body)]) > 1:
        return True
    pieces = {p for line in body.header_lines for p in split_header(line.text)}
    return bool(_BESIDE.search(body.header)) or ("项目名称" in pieces and not pieces.isdisjoint(_UNITS))


def _name_cells(body: Body) -> tuple[int | None, int | None]:
    """Return the cells of a grid in which rows have their name and, in front of it, the office it belongs to."""
    if not body.grid or not _several_names(body):
        return None, None
    found = {name: i for i, name in _heads(body).items()}
    own = next((found[name] for name in _NAMES if name in found), None)
    own = naming_cell(body.lines, _heads(body), _first_amount(body)) if own is None else own
    unit = next((found[name] for name in _UNITS if name in found), None) if "项目名称" in found else None
    return own, unit if own is not None and unit is not None and unit < own else None


def _place_in_a_row(body: Body) -> tuple[int, range, int | None] | None:
    """Which of how many words in front of the numbers is the name, and which the office, if the header says so."""
    pieces = [squeeze(p) for line in body.header_lines for p in line.text.split()]
    pieces = [p for p in pieces if p != _GROUP]
    end = next((i for i, piece in enumerate(pieces) if _AMOUNTS.search(piece)), 0)
    at = next((pieces.index(name) for name in _NAMES if name in pieces[:end]), None)
    unit = next((pieces.index(name) for name in _UNITS if name in pieces[:end]), None)
    least = end - (pieces[end - 1] == _COUNTED) if end else 0
    return (at, range(least, end + 1), unit if unit is not None and unit < at else None) if at is not None else None


def only_names(body: Body, rows: Sequence[RawRow]) -> bool:
    """Whether the name of most rows is known among the words in front of their numbers; the others are doubted."""
    if body.grid or not _several_names(body):
        return True
    place = _place_in_a_row(body)
    if place is None:
        return False
    lost = 0
    parted = [(row, _cells_of(row.label)) for row in rows if row.bare not in TOTALS]
    size = place[1][-1] if any(len(told) == place[1][-1] for _, told in parted) else place[1][0]
    for row, told in parted:
        if len(told) == size:
            row.unit = squeeze("".join(t.text for t in told[place[2]])) if place[2] is not None else ""
            row.label = told[place[0]]
        else:
            row.doubt, lost = "which of the words in front of its numbers is its name isn't told", lost + 1
    return lost * 4 <= len(rows)


def _cells_of(words: Sequence[Token]) -> list[list[Token]]:
    """Part the words in front of a row's numbers into cells: lines, or words, a catalogue's code with its name."""
    lines = {t.line: [w for w in words if w.line == t.line] for t in words}
    if len(lines) > 1:
        return list(lines.values())
    out: list[list[Token]] = []
    for word in words:
        if out and len(out[-1]) == 1 and CATALOGUED.fullmatch(out[-1][0].text) and word.kind == "text":
            out[-1].append(word)
        else:
            out.append([word])
    return out


def _is_kind(pending: Sequence[Token], line: Sequence[Token]) -> bool:
    """Whether the words above a line that begins with words are a kind of purchase without amounts."""
    words = bool(line) and line[0].kind == "text"
    return words and _KIND.fullmatch(squeeze("".join(t.text for t in pending))) is not None


def item_rows(body: Body) -> list[RawRow]:
    """Read the rows of a table of free names: words, then numbers."""
    rows = _nameless(body) or _named_rows(body)
    own = _name_cells(body)[0]
    if own is not None:
        below_merged(rows, body.lines, own, _heads(body), _first_amount(body))
    return rows


def _nameless(body: Body) -> list[RawRow]:
    """Return the row of a table that has one alone and doesn't name it: its total."""
    every = [t for line in body.lines for t in line]
    one = len({t.line for t in every}) in (1, len(every)) and all(t.kind in ("number", "dash") for t in every)
    return [RawRow(every[0].line, items=every, kind="total", key="总计")] if every and one else []


def _named_rows(body: Body) -> list[RawRow]:
    rows: list[RawRow] = []
    pending: list[Token] = []
    own, beside_it = _name_cells(body)
    doubt = unit = ""
    money = _first_amount(body)
    heads = {i: name for i, name in _heads(body).items() if own is not None and i not in (own, beside_it)}
    for whole in body.lines:
        if pending and _without_amounts(pending[-1], body):
            # A row whose amounts are empty, or the beginning of a name; not if another cell has words again.
            beside = own is not None and any(t.kind == "text" and t.cell not in (None, own) for t in whole)
            pending, doubt = ([], "") if beside else (pending, _ABOVE)
        line = [t for t in whole if t.kind != "text" or t.cell == own] if own is not None else whole
        line = line if any(t.kind == "text" for t in line) else whole
        pending = [] if _is_kind(pending, line) else pending
        fresh = True
        first = _first_number(line)
        for index, token in enumerate(line):
            remark = token.kind == "text" and first is not None and (token.cell or 0) > first
            if token.kind == "mark" or remark or _counts(token, line, money):
                continue
            if token.kind == "text" or _in_name(token, line, index, body, pending):
                pending.append(token)
                continue
            if pending:
                unit = _office(whole, beside_it) or unit
                office = unit if own is not None else ""
                rows.append(
                    RawRow(pending[0].line, None, pending, doubt=doubt, unit=office, texts=_others(whole, heads))
                )
                pending, fresh, doubt = [], False, ""
            if rows and (not fresh or token.kind == "number"):
                rows[-1].items.append(token)
    if pending and _without_amounts(pending[-1], body):
        pending = []
    if (
        pending
        and rows
        and not (OFFICE_NAME.search(rows[-1].bare) and OFFICE_NAME.search(squeeze("".join(t.text for t in pending))))
    ):
        rows[-1].label.extend(pending)
        rows[-1].doubt = rows[-1].doubt or _BELOW
    return [r for r in rows if r.items]


def _counts(token: Token, line: Sequence[Token], money: int) -> bool:
    """Whether digits in front of the amounts of a grid count pieces, or are a code: no words share their cell."""
    return token.whole and token.cell is not None and token.cell < money and not _shares(token, line)


def _shares(token: Token, line: Sequence[Token]) -> bool:
    return any(t.kind == "text" and t.cell == token.cell for t in line)


def _first_amount(body: Body) -> int:
    """Return the cell of a grid from which on its rows print amounts; how many pieces is in front of it."""
    firsts = [min(t.cell or 0 for t in line if t.priced) for line in body.lines if any(t.priced for t in line)]
    return min(firsts, default=0) if body.grid else 0


def _first_number(line: Sequence[Token]) -> int | None:
    """Return the cell of the first number of a grid's line behind its name: amounts, or how many pieces."""
    words = {t.cell for t in line if t.kind == "text"}
    first = min((cell for cell in words if cell is not None), default=0)
    behind = (t for t in line if t.priced or (t.kind == "number" and t.cell not in words and (t.cell or 0) > first))
    return next((t.cell for t in behind if t.cell is not None), None)


def _heads(body: Body) -> dict[int, str]:
    """Return the words above each cell of a grid, the lowest ones."""
    return {
        i: squeeze(text) for line in body.header_lines for i, (_, text) in enumerate(cells(line.text)) if text.strip()
    }


def _others(line: Sequence[Token], heads: Mapping[int, str]) -> dict[str, list[Token]]:
    """Return the words of a row in its other columns of words."""
    found: dict[str, list[Token]] = {}
    for token in line:
        column = heads.get(token.cell) if token.kind == "text" and token.cell is not None else None
        if column is not None and squeeze(token.text) not in TOTALS:
            found.setdefault(column, []).append(token)
    return found


def _office(line: Sequence[Token], cell: int | None) -> str:
    """Return the words in the cell of a row's office."""
    return squeeze("".join(t.text for t in line if t.kind == "text" and t.cell == cell)) if cell is not None else ""


def _without_amounts(word: Token, body: Body) -> bool:
    """Whether a line of a grid that ends in this word prints cells behind it, all of them empty."""
    return body.widths.get(word.line, 0) > (word.cell or 0) + 1


def _in_name(token: Token, line: Sequence[Token], index: int, body: Body, pending: Sequence[Token]) -> bool:
    """Whether digits belong to a name: ``特定目标 07100133 1.14``."""
    if not token.whole or not body.decimals:
        return False
    if body.grid:
        return any(t.kind == "text" and t.cell == token.cell for t in line)
    following = line[index + 1 :]
    return (bool(pending) or before_words(token, following)) and not lost_point(token, following)
