"""Rows of tables of free names: words, then numbers."""

from collections.abc import Sequence

from .body import Body
from .rows import RawRow, before_words, lost_point
from .tokens import Token


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
    return (bool(pending) or before_words(token, following)) and not lost_point(token, following)
