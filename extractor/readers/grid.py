"""Rows of coded tables whose cells were kept by tabs or pipes: one line, one row."""

from collections import Counter
from collections.abc import Sequence

from extractor.specs import TableSpec

from .body import Body
from .labels import Labels
from .rows import RawRow, is_total
from .tokens import Token

_OFFICE = (6, 8, 9, 12)


def grid_rows(body: Body, spec: TableSpec, labels: Labels) -> list[RawRow]:
    """Read one row per line; a line of words alone carries on the name above."""
    rows: list[RawRow] = []
    offset = _name_offset(body)
    last_code, code_cell, broken = "", 0, ""
    for whole_line in body.lines:
        line = _without_office(whole_line)
        lead = _leading_codes(line)
        digits = "".join(t.text for t in lead)
        code = None
        if lead and labels.is_code(digits, spec):
            code, code_cell, broken = digits, lead[0].cell or 0, ""
        elif lead and last_code and len(lead[0].text) == 2:
            # Merged cells are printed once: what stands to the left is the code above.
            depth = max(0, (lead[0].cell or 0) - code_cell - 1)
            filled = last_code[: 3 + 2 * depth] + digits
            code = filled if labels.is_code(filled, spec) else None
        damaged = bool(lead) and code is None and len(lead[0].text) >= 3
        rest = list(line[len(lead) if code or damaged else 0 :])
        row = RawRow(line[0].line, code)
        if damaged:
            row.doubt, broken = f"{digits} is no code of this classification", digits
        elif broken and code:
            row.doubt = f"{broken} above it is no code of this classification"
        whole = bool(lead) and len(lead[0].text) >= 3
        name_cell = (lead[0].cell or 0) + offset if whole and offset is not None else None
        _grid_cells(row, rest, spec, name_cell)
        if code:
            last_code = code
        own = is_total(row) or labels.is_class(row.text, spec) or (bool(spec.left) and labels.known(row.text, spec))
        words = code is None and not row.items and not own
        if words and rows and not is_total(rows[-1]):
            _continue(rows[-1], row)
        elif row.label or row.items:
            rows.append(row)
    return rows


def _without_office(line: Sequence[Token]) -> Sequence[Token]:
    """Drop the code of an office in front of its name: more digits than a code of a class has, or 6 of them."""
    office = len(line) > 1 and line[0].whole and len(line[0].text) in _OFFICE and line[1].kind == "text"
    return line[1:] if office and line[1].cell != line[0].cell else line


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


def _name_offset(body: Body) -> int | None:
    """How many cells behind its code most rows print their name: a row may leave it empty and name its project."""
    offsets: Counter[int] = Counter()
    for line in body.lines:
        lead = _leading_codes(line)
        name = next((t.cell for t in line if t.kind == "text"), None)
        if lead and len(lead[0].text) >= 3 and name is not None:
            offsets[name - (lead[0].cell or 0)] += 1
    return offsets.most_common(1)[0][0] if offsets else None


def _grid_cells(row: RawRow, tokens: Sequence[Token], spec: TableSpec, name_cell: int | None) -> None:
    """Share a grid line's tokens: cells with words are names (the second one a project), the others numbers."""
    first = next((t.cell for t in tokens if t.priced and t.cell is not None), None)
    named = list(dict.fromkeys(t.cell for t in tokens if t.kind == "text"))
    for token in tokens:
        if token.kind == "text" and first is not None and token.cell is not None and token.cell > first:
            continue  # a remark behind the numbers
        if token.kind == "text" or (token.cell in named and not token.priced and token.kind != "mark"):
            at_name = token.cell == named[0] and (name_cell is None or (token.cell or 0) <= name_cell)
            project = spec.shape == "projects" and row.code is not None and not at_name
            (row.project if project else row.label).append(token)
        elif token.kind in ("number", "dash", "junk"):
            row.items.append(token)


def _continue(row: RawRow, more: RawRow) -> None:
    """A grid line of words alone carries on the name, or the project, of the row above."""
    (row.project or row.label).extend(more.label)
