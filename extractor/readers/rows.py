"""Rows: the grammar that turns a table's tokens into rows with codes, names and numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from extractor.normalize import readable, squeeze
from extractor.records import RowKind
from extractor.specs import TableSpec, split_label

from .body import Body
from .labels import TOTALS, Labels
from .tokens import Token


@dataclass(slots=True)
class RawRow:
    """A row under construction.

    Attributes:
        code: Code digits, or None.
        label: Words of the functional name or of the label.
        project: Words of the project name.
        items: Numbers and dashes in printed order.
        line: 1-based line of its first token.
        kind: Set when the structure is known.
        side: Side of a two-sided table.
        role: Role for the identities.
        key: Row key of the facts contract.
        parent: Index of the row it is a part of.
        doubt: Why it isn't certain which row this is.
    """

    line: int
    code: str | None = None
    label: list[Token] = field(default_factory=list)
    project: list[Token] = field(default_factory=list)
    items: list[Token] = field(default_factory=list)
    kind: RowKind = "label"
    side: str = "left"
    role: str | None = None
    key: str = ""
    parent: int | None = None
    doubt: str = ""

    @property
    def text(self) -> str:
        """Label without white space."""
        return squeeze("".join(t.text for t in self.label))

    @property
    def bare(self) -> str:
        """Label without white space, numbering, 其中 and （小计）."""
        return split_label(self.text)[1]

    @property
    def name(self) -> str:
        """Label as a text of the facts contract."""
        return readable(" ".join(t.text for t in self.label))


def coded_rows(body: Body, spec: TableSpec, labels: Labels, names: Mapping[str, str]) -> list[RawRow]:
    """Read the rows of a coded or project table.

    Args:
        body: The table's tokens.
        spec: Its spec.
        labels: The catalogue's words.
        names: Functional name by code, from the tables read so far; settles wrapped names.
    """
    rows = _grid_rows(body, spec, labels) if body.grid else _flow_rows(body, spec, labels, names)
    if spec.shape == "projects" and not body.grid:
        for row in rows:
            if row.code:
                _split_project(row, names)
    return rows


def _grid_rows(body: Body, spec: TableSpec, labels: Labels) -> list[RawRow]:
    rows: list[RawRow] = []
    last_code, code_cell = "", 0
    for line in body.lines:
        lead = _leading_codes(line)
        digits = "".join(t.text for t in lead)
        code = None
        if lead and labels.is_code(digits, spec):
            code, code_cell = digits, lead[0].cell or 0
        elif lead and last_code and len(lead[0].text) == 2:
            # Merged cells are printed once: what stands to the left is the code above.
            depth = max(0, (lead[0].cell or 0) - code_cell - 1)
            filled = last_code[: 3 + 2 * depth] + digits
            code = filled if labels.is_code(filled, spec) else None
        damaged = bool(lead) and code is None and len(lead[0].text) >= 3
        rest = list(line[len(lead) if code or damaged else 0 :])
        row = RawRow(line[0].line, code)
        if damaged:
            row.doubt = f"{digits} is no code of this classification"
        _grid_cells(row, rest, spec)
        if code:
            last_code = code
        if code is None and not row.items and rows and not _is_total(row):
            _continue(rows[-1], row)
        elif row.label or row.items:
            rows.append(row)
    return rows


def _leading_codes(line: Sequence[Token]) -> list[Token]:
    lead: list[Token] = []
    for token in line:
        size = sum(len(t.text) for t in lead)
        if token.whole and len(token.text) in ((3, 5, 7, 2) if not lead else (2, 4)) and size + len(token.text) <= 7:
            lead.append(token)
        else:
            break
    # A whole number right before the amounts is an amount, unless words follow the codes.
    return lead if any(t.kind == "text" for t in line[len(lead) :]) or not lead else lead[:1]


def _grid_cells(row: RawRow, tokens: Sequence[Token], spec: TableSpec) -> None:
    """Share a grid line's tokens: cells with words are names (the second one a project), the others numbers."""
    first = next((t.cell for t in tokens if t.decimals and t.cell is not None), None)
    named = list(dict.fromkeys(t.cell for t in tokens if t.kind == "text"))
    for token in tokens:
        if token.kind == "text" and first is not None and token.cell is not None and token.cell > first:
            continue  # a remark behind the numbers
        if token.kind == "text" or (token.cell in named and not token.decimals and token.kind != "mark"):
            project = spec.shape == "projects" and row.code is not None and token.cell != named[0]
            (row.project if project else row.label).append(token)
        elif token.kind in ("number", "dash", "junk"):
            row.items.append(token)


def _is_total(row: RawRow) -> bool:
    return row.bare in TOTALS


def _continue(row: RawRow, more: RawRow) -> None:
    """A grid line of words alone carries on the name, or the project, of the row above."""
    (row.project or row.label).extend(more.label)


@dataclass(slots=True)
class _Flow:
    """State of the flow grammar."""

    rows: list[RawRow] = field(default_factory=list)
    pending: list[Token] = field(default_factory=list)

    @property
    def row(self) -> RawRow | None:
        return self.rows[-1] if self.rows else None


def _flow_rows(body: Body, spec: TableSpec, labels: Labels, names: Mapping[str, str]) -> list[RawRow]:
    """Read rows from free text: empty cells are gone, names may be wrapped before, around or after numbers."""
    state = _Flow()
    stream = [(token, position == 0) for line in body.lines for position, token in enumerate(line)]
    index = 0
    while index < len(stream):
        token, _ = stream[index]
        taken = _take_code(stream, index, state, spec, labels, body)
        if taken:
            code, count = taken
            named = index + count < len(stream) and stream[index + count][0].kind == "text"
            row = RawRow(token.line, code)
            if code.startswith("?"):
                row.code, row.doubt = None, f"{code[1:]} is no code of this classification"
            if state.pending:
                _share(state, row, names, own_name=named)
            state.rows.append(row)
            index += count
            continue
        _flow_token(token, state, spec, body, [t for t, _ in stream[index + 1 : index + 13]])
        index += 1
    if state.pending and state.row is not None:
        state.row.label.extend(state.pending)
    return [r for r in state.rows if r.label or r.items]


def _take_code(
    stream: Sequence[tuple[Token, bool]],
    index: int,
    state: _Flow,
    spec: TableSpec,
    labels: Labels,
    body: Body,
) -> tuple[str, int] | None:
    token, first = stream[index]
    if not token.whole:
        return None
    after_amount = index > 0 and stream[index - 1][0].kind in ("number", "dash", "junk")
    if not first and not after_amount:
        return None
    previous = next((r.code for r in reversed(state.rows) if r.code), None)
    digits = token.text
    if first and len(digits) == 2 and previous and _followed_by_words(stream, index):
        digits = _fill(previous, digits)
    if not labels.is_code(digits, spec):
        return _no_code(stream, index, body) if first else None
    count = 1
    while len(digits) < 7 and index + count < len(stream):
        following, _ = stream[index + count]
        if not (following.whole and len(following.text) in (2, 4) and len(digits) + len(following.text) <= 7):
            break
        digits += following.text
        count += 1
    follows = stream[index + count][0] if index + count < len(stream) else None
    if follows is None:
        return None
    if not first and follows.kind != "text":
        return None
    if not body.decimals and follows.kind != "text":
        return None
    return digits, count


def _no_code(stream: Sequence[tuple[Token, bool]], index: int, body: Body) -> tuple[str, int] | None:
    """Take digits that stand where a code stands but are none: their row must not run into the one above."""
    count = 1
    while index + count < len(stream) and not stream[index + count][1] and stream[index + count][0].whole:
        count += 1
    digits = "".join(token.text for token, _ in stream[index : index + count])
    follows = stream[index + count] if index + count < len(stream) else None
    named = follows is not None and follows[0].kind == "text" and not follows[1]
    size_fits = len(stream[index][0].text) in (3, 5, 7) and len(digits) in (3, 5, 7)
    return ("?" + digits, count) if named and size_fits and body.decimals else None


def _followed_by_words(stream: Sequence[tuple[Token, bool]], index: int) -> bool:
    for token, first in stream[index + 1 : index + 3]:
        if first:
            return False
        if token.kind == "text":
            return True
        if not (token.whole and len(token.text) == 2):
            return False
    return False


def _fill(previous: str, digits: str) -> str:
    """Complete a code printed without what stands above it: ``03`` below 201, ``01`` below 201 03."""
    if len(previous) < 7:
        return previous + digits
    return (previous[:5] if digits > previous[5:7] else previous[:3]) + digits


def _flow_token(token: Token, state: _Flow, spec: TableSpec, body: Body, following: Sequence[Token]) -> None:
    row = state.row
    if token.kind == "mark":
        return
    if token.kind == "text":
        if row is None or row.items:
            state.pending.append(token)
        else:
            row.label.append(token)
        return
    part_of_name = (
        token.whole
        and body.decimals > 0
        and spec.shape == "projects"
        and (_before_words(token, following) or bool(state.pending) or (row is not None and not row.items))
        and not _lost_point(token, following)
    )
    if part_of_name:
        (state.pending if state.pending or row is None or row.items else row.label).append(token)
        return
    if state.pending:
        label = _own_label(state)
        state.rows.append(RawRow(label[0].line, None, label))
        state.pending = []
        row = state.row
    if row is not None:
        row.items.append(token)


def _own_label(state: _Flow) -> list[Token]:
    """Words before a number without a code: the label of a new row, less what still belongs to the row above."""
    pending, row = state.pending, state.row
    lines = sorted({t.line for t in pending})
    last = [t for t in pending if t.line == lines[-1]]
    if row is not None and len(lines) > 1 and squeeze("".join(t.text for t in last)) in TOTALS:
        row.label.extend(t for t in pending if t.line != lines[-1])
        return last
    return pending


def _share(state: _Flow, row: RawRow, names: Mapping[str, str], *, own_name: bool) -> None:
    """Share the words between two rows: the tail of the name above, and the head of the one below."""
    pending, state.pending = state.pending, []
    above = state.row
    if above is None:
        row.label.extend(pending)
        return
    if own_name and not _head_fits(pending, row, names, above):
        above.label.extend(pending)
        return
    lines = sorted({t.line for t in pending})
    cut = _best_cut(pending, lines, above, row, names)
    above.label.extend(t for t in pending if t.line in lines[:cut])
    row.label.extend(t for t in pending if t.line in lines[cut:])


def _head_fits(pending: Sequence[Token], row: RawRow, names: Mapping[str, str], above: RawRow) -> bool:
    """Whether the words before a code begin its name although more of the name follows the code."""
    name = names.get(row.code or "", "")
    text = squeeze(pending[-1].text)
    done = names.get(above.code or "", "") == above.text
    return bool(name) and name.startswith(text) and (done or len(text) >= 4)


def _best_cut(
    pending: Sequence[Token], lines: Sequence[int], above: RawRow, row: RawRow, names: Mapping[str, str]
) -> int:
    known_above, known_row = names.get(above.code or ""), names.get(row.code or "")
    best, best_score = 0, -1.0
    for cut in range(len(lines) + 1):
        tail = above.text + squeeze("".join(t.text for t in pending if t.line in lines[:cut]))
        head = squeeze("".join(t.text for t in pending if t.line in lines[cut:]))
        score = 0.0
        if known_above:
            score += 2.0 if tail == known_above else 0.0
        if known_row:
            score += 2.0 if known_row.startswith(head) and head else 0.0
        # A name in its place ends like one; a code without any name before it needs a head.
        score += 0.5 if re.search(r"(?:支出|事务|费|运行|缴费|补助|补贴|公积金|服务|离退休|医疗|管理)$", tail) else 0.0
        score += 0.5 if head else 0.0
        if score > best_score:
            best, best_score = cut, score
    return best


def _split_project(row: RawRow, names: Mapping[str, str]) -> None:
    """Split ``name project`` printed without a border: the functional name is known from other tables."""
    name = names.get(row.code or "")
    if not row.label:
        return
    texts = [squeeze(t.text) for t in row.label]
    for count in range(len(texts), 0, -1):
        joined = "".join(texts[:count])
        if joined == name:
            row.label, row.project = row.label[:count], row.label[count:]
            return
    if name is None and len(row.code or "") == 7:
        # Unknown name: the words on the line of the numbers are the project, those above the name.
        line = row.items[0].line if row.items else None
        own = [t for t in row.label if t.line == line]
        if own and len(own) < len(row.label):
            row.label, row.project = [t for t in row.label if t.line != line], own
        elif len(row.label) > 1:
            row.label, row.project = row.label[:-1], row.label[-1:]


def item_rows(body: Body) -> list[RawRow]:
    """Read the rows of a table of free names: words, then numbers."""
    rows: list[RawRow] = []
    pending: list[Token] = []
    for line in body.lines:
        fresh = True
        numbers = next((t.cell for t in line if t.decimals and t.cell is not None), None)
        for index, token in enumerate(line):
            remark = token.kind == "text" and numbers is not None and (token.cell or 0) > numbers
            if token.kind == "mark" or remark:
                continue
            if token.kind == "text" or _in_name(token, line, index, body, pending):
                pending.append(token)
                continue
            if pending:
                rows.append(RawRow(pending[0].line, None, pending))
                pending, fresh = [], False
            if rows and (not fresh or token.kind == "number"):
                rows[-1].items.append(token)
    if pending and rows:
        rows[-1].label.extend(pending)
    return [r for r in rows if r.items]


def _in_name(token: Token, line: Sequence[Token], index: int, body: Body, pending: Sequence[Token]) -> bool:
    """Whether digits belong to a name: ``特定目标 07100133 1.14``."""
    if not token.whole or not body.decimals:
        return False
    if body.grid:
        return any(t.kind == "text" and t.cell == token.cell for t in line)
    following = line[index + 1 :]
    return (bool(pending) or _before_words(token, following)) and not _lost_point(token, following)


def _before_words(token: Token, following: Sequence[Token]) -> bool:
    """Whether digits begin a name: ``2021 年自治区补助资金``."""
    return bool(following) and following[0].kind == "text" and following[0].line == token.line


def _lost_point(token: Token, following: Sequence[Token]) -> bool:
    """Whether digits are an amount that lost its point, or its zeros: the rest of its line says so.

    The same digits follow with a point, the same value follows, or the following numbers add up to it.
    """
    digits = token.text.lstrip("0")
    here = [t for t in following if t.line == token.line and t.amount]
    if any(t.decimals and re.sub(r"[^0-9]", "", t.text).lstrip("0") == digits for t in here):
        return True
    if token.text.startswith("0") or not here:
        return False
    value = Decimal(token.text)
    amounts = [t.amount.value for t in here if t.amount]
    return value in amounts or any(sum(amounts[:n]) == value for n in range(2, len(amounts) + 1))
