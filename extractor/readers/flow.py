"""Rows of coded tables in free text: empty cells are gone, names are wrapped before, around or after numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from extractor.normalize import squeeze
from extractor.specs import TableSpec

from .body import Body
from .labels import TOTALS, Labels
from .rows import RawRow, before_words, is_total, lost_point
from .tokens import Token

_FUNCTIONAL = "2"
_CLASS = 3  # digits
_NO_CODE = "is no code of this classification"
_EITHER = "whether its digits are those of an item or of a group isn't told"


@dataclass(slots=True)
class _Flow:
    """State of the flow grammar."""

    rows: list[RawRow] = field(default_factory=list)
    pending: list[Token] = field(default_factory=list)

    @property
    def row(self) -> RawRow | None:
        return self.rows[-1] if self.rows else None


class _Code(NamedTuple):
    """A code, or None where digits stand like one that are none; how many tokens it takes, and what is unsure of it."""

    code: str | None
    length: int
    doubt: str


def flow_rows(body: Body, spec: TableSpec, labels: Labels, names: Mapping[str, str]) -> list[RawRow]:
    """Read rows from free text: empty cells are gone, names may be wrapped before, around or after numbers."""
    state = _Flow()
    stream = [(token, position == 0) for line in body.lines for position, token in enumerate(line)]
    index = 0
    while index < len(stream):
        token, _ = stream[index]
        taken = _take_code(stream, index, state, spec, labels, body)
        if taken:
            count = taken.length
            named = index + count < len(stream) and stream[index + count][0].kind == "text"
            row = RawRow(token.line, taken.code, doubt=taken.doubt)
            if state.pending:
                _share(state, row, names, own_name=named)
            state.rows.append(row)
            index += count
            continue
        _flow_token(token, state, spec, body, [t for t, _ in stream[index + 1 : index + 13]])
        index += 1
    if state.pending and state.row is not None and _is_label(state.pending[0], spec):
        state.rows.append(RawRow(state.pending[0].line, None, state.pending))  # its amount is an empty cell
    elif state.pending and state.row is not None and not is_total(state.row):
        state.row.label.extend(state.pending)
    rows = [r for r in state.rows if r.label or r.items]
    if spec.shape == "projects":
        for row in rows:
            if row.code:
                _split_project(row, names)
    return rows


def _take_code(
    stream: Sequence[tuple[Token, bool]],
    index: int,
    state: _Flow,
    spec: TableSpec,
    labels: Labels,
    body: Body,
) -> _Code | None:
    names = labels.catalogue.names
    token, first = stream[index]
    if not token.whole:
        return None
    before = stream[index - 1][0] if index else None
    long = before is not None and before.whole and len(before.text) >= 4 and not labels.is_code(before.text, spec)
    goes_on = long and body.decimals > 0  # where amounts have no point, what stands before a code is one
    after_amount = before is not None and before.kind in ("number", "dash", "junk")
    beside = body.blocks and token.text in names and before is not None and before.kind == "text"
    if goes_on or not (first or after_amount or beside):
        return None  # the digits of a name, or of a row
    digits, doubt = token.text, ""
    alone = "类款" in body.header and index + 1 < len(stream) and stream[index + 1][1]
    if first and len(digits) == 2 and (_followed_by_words(stream, index) or (alone and _words(stream[index + 1][0]))):
        previous = next((r.code for r in reversed(state.rows) if r.code), None)
        follows_ = next((squeeze(t.text) for t, _ in stream[index + 1 : index + 3] if t.kind == "text"), "")
        digits, doubt = _fill(previous, digits, follows_, names) if previous else (digits, "")
        doubt = doubt or _below_none(state.rows)
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
    if not first and follows.kind != "text" and not (body.blocks and _ends_row(stream, index + count, digits, names)):
        return None
    if not body.decimals and follows.kind != "text":
        return None
    return _Code(digits, count, doubt)


def _ends_row(stream: Sequence[tuple[Token, bool]], at: int, code: str, names: Mapping[str, Sequence[str]]) -> bool:
    """Whether one amount behind an item's code ends a line: the name of what stands beside a row is wrapped around it.

    ``301 12 其他社会保障缴费 7.17 302 12 0.00`` between ``因公出国（境）费`` and ``用``.
    """
    here = stream[at][0]
    ends = at + 1 == len(stream) or stream[at + 1][1]
    return ends and bool(here.decimals) and len(code) > _CLASS and code in names


def _words(token: Token) -> bool:
    return token.kind == "text"


def _no_code(stream: Sequence[tuple[Token, bool]], index: int, body: Body) -> _Code | None:
    """Take digits that stand where a code stands but are none: their row must not run into the one above."""
    count = 1
    while index + count < len(stream) and not stream[index + count][1] and stream[index + count][0].whole:
        count += 1
    digits = "".join(token.text for token, _ in stream[index : index + count])
    follows = stream[index + count] if index + count < len(stream) else None
    named = follows is not None and follows[0].kind == "text" and not follows[1]
    size_fits = len(stream[index][0].text) in (3, 5, 7) and len(digits) in (3, 5, 7)
    none = f"{digits} {_NO_CODE}"
    return _Code(None, count, none) if named and size_fits and body.decimals else None


def _below_none(rows: Sequence[RawRow]) -> str:
    """Say that digits which are no code stand between a row and the code above it."""
    since = takewhile(lambda r: not r.code, reversed(rows))
    return next((f"above it stands what is no code: {r.doubt}" for r in since if r.doubt.endswith(_NO_CODE)), "")


def _followed_by_words(stream: Sequence[tuple[Token, bool]], index: int) -> bool:
    for token, first in stream[index + 1 : index + 3]:
        if first:
            return False
        if token.kind == "text":
            return True
        if not (token.whole and len(token.text) == 2):
            return False
    return False


def _fill(previous: str, digits: str, name: str, names: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """Complete a code printed without what stands above it: ``03`` below 201, ``01`` below 201 03.

    Two digits below an item may be its neighbour or the next group: where no name tells, that is in doubt.
    """
    if previous[0] != _FUNCTIONAL:  # an economic class has items and nothing below
        return previous[:3] + digits, ""
    if len(previous) < 7:
        return previous + digits, ""
    item, group = previous[:5] + digits, previous[:3] + digits
    if digits <= previous[5:7]:
        return group, ""
    said = [code for code in (item, group) if any(squeeze(n).startswith(name[:4]) for n in names.get(code, ()) if name)]
    return (said[0], "") if len(said) == 1 else (item, _EITHER)


def _flow_token(token: Token, state: _Flow, spec: TableSpec, body: Body, following: Sequence[Token]) -> None:
    row = state.row
    if token.kind == "mark":
        return
    if token.kind == "text":
        if row is None or row.items or (row.label and _is_label(token, spec)):
            state.pending.append(token)
        else:
            row.label.append(token)
        return
    part_of_name = (
        token.whole
        and body.decimals > 0
        and spec.shape == "projects"
        and (before_words(token, following) or bool(state.pending) or (row is not None and not row.items))
        and not lost_point(token, following)
    )
    if part_of_name:
        (state.pending if state.pending or row is None or row.items else row.label).append(token)
        return
    if state.pending:
        label = _own_label(state)
        state.rows.append(RawRow(label[0].line, None, label))
        state.pending = []
        row = state.row
    if row is None:
        row = RawRow(token.line)  # numbers without a label: the one row of a table
        state.rows.append(row)
    row.items.append(token)


def _is_label(token: Token, spec: TableSpec) -> bool:
    """Whether words are a row's own label, and never a part of a name above."""
    word = squeeze(token.text)
    return word in TOTALS or any(word == squeeze(row.label) for row in spec.left)


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
    above = _beside(state.rows, squeeze(pending[0].text), names) or above
    if own_name and not _head_fits(pending, row, names, above):
        above.label.extend(pending)
        return
    lines = sorted({t.line for t in pending})
    cut = _best_cut(pending, lines, above, row, names)
    above.label.extend(t for t in pending if t.line in lines[:cut])
    row.label.extend(t for t in pending if t.line in lines[cut:])


def _beside(rows: Sequence[RawRow], tail: str, names: Mapping[str, str]) -> RawRow | None:
    """Return the row whose name a word completes, among those whose numbers stand on one line beside each other."""
    line = rows[-1].items[-1].line if rows[-1].items else None
    for row in rows[-3:-1]:
        name = names.get(row.code or "", "")
        goes_on = name[len(row.text) :][:2] if row.text and name.startswith(row.text) else ""
        if row.items and row.items[-1].line == line and len(goes_on) == 2 and tail.startswith(goes_on):
            return row
    return None


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
            row.doubt = row.doubt or "no other table names its code, so where the project's name begins is a guess"
