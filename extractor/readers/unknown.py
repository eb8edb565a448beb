"""Tables that no spec describes: read as they are printed, and taken only if their own sums hold.

Cells say which column a number stands in, the header what it is called, and codes or names which row it is. That a
total is the sum of its rows, or of its columns, says that they were told right; where no sum says so, nothing is read.
In text without cells a row has to fill every column that the header names (:mod:`.full_rows`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from extractor.amount import half_unit
from extractor.chunks import Chunk
from extractor.normalize import Line, squeeze
from extractor.specs import TableSpec, split_label

from .body import Body, Raw, prepare, tokens_of
from .columns import Layout
from .full_rows import full_rows
from .heads import LEAVES, bare, paths
from .hints import OTHER, Hint, generic
from .labels import TOTALS, Labels
from .row_names import naming_cell
from .structure import codes_of
from .tokens import Token, cells

_COUNTS = re.compile(
    r"数量|台数|套数|辆数|人数|人次|批次|个数|面积|单位$|^(?:单价|均价)(?:\(|$)|标准$"
)  # what no total is the sum of
_RATES = re.compile(r"[%率]|幅度|比例|占比|比重|增减|年度?$")
_SUBTOTAL = "小计"
Path = tuple[str, ...]
_CODES = (3, 5, 7)  # digits
_TWO = 2  # parts that make a sum
_FILLED = 3  # columns in which a single row has numbers that add up


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the table: what it is called, and its amounts by column."""

    code: str
    name: tuple[Token, ...]
    total: bool
    amounts: dict[int, Token]
    printed: bool = True  # its code

    @property
    def values(self) -> dict[int, Decimal]:
        """Its amounts as numbers."""
        return {c: t.amount.value for c, t in self.amounts.items() if t.amount}


def as_printed(
    lines: Sequence[Line], chunk: Chunk, labels: Labels, number: int
) -> tuple[TableSpec, Body, Layout] | None:
    """Read a table that no spec describes; returns None where its rows aren't told apart, or nothing in it adds up."""
    raw = tokens_of(lines, chunk, labels)
    first = next((line.number for line, tokens in raw.rows if any(t.priced for t in tokens)), None)
    if raw.empty or first is None:
        return None
    hint = Hint(OTHER, ("合计",), first)
    body = prepare(raw, generic(hint, number, "items"), labels, hint)
    if not raw.grid:
        return _in_full_rows(raw, body, hint, number)
    money = min((t.cell for line in body.lines for t in line if t.priced and t.cell is not None), default=None)
    if money is None or not body.header_lines:
        return None
    columns = _columns(body, money)
    rows = _rows(body, money, columns, labels) if columns else []
    if not rows or not _adds_up(rows, columns):
        return None
    names = _names(columns)
    shape: Literal["coded", "items"] = "coded" if any(r.code for r in rows) else "items"
    spec = generic(replace(hint, columns=names, totals=False), number, shape)
    lay = Layout(known=True, columns=names, printed=names, short=names, first_cell=1)
    return spec, _rewritten(body, rows, columns), lay


def _in_full_rows(raw: Raw, body: Body, hint: Hint, number: int) -> tuple[TableSpec, Body, Layout] | None:
    """Read a table in text without cells each of whose rows has a number in every column."""
    told = full_rows(raw)
    if told is None:
        return None
    names, lines = told
    columns = {place: (name,) for place, name in enumerate(names, 1)}
    rows = [
        _Row("", tuple(name), squeeze("".join(t.text for t in name)) in TOTALS, dict(enumerate(amounts, 1)))
        for name, amounts in lines
    ]
    named = [squeeze("".join(t.text for t in row.name)) for row in rows]
    odd = any(_COUNTS.search(name) or _RATES.search(name) for name in names)
    whole = all(_down(rows, cell) for cell in columns)
    if odd or not whole or not _adds_up(rows, columns) or len(set(named)) < len(named):
        return None
    spec = generic(replace(hint, columns=names, totals=False), number, "items")
    # Without cells nothing but the header's words tells their order, and a word may have slipped to its end.
    first, *rest = names
    turned = (first, *reversed(rest)) if len(rest) > 1 else (*rest, first)
    lay = Layout(known=True, columns=names, printed=names, short=turned, first_cell=1, doubtful=len(names) > 1)
    return spec, replace(_rewritten(body, rows, columns), grid=True), lay


def of_other_classes(body: Body, spec: TableSpec) -> bool:
    """Whether most rows have codes of the economic classification in a table that is by function, or the reverse."""
    if spec.shape != "coded" or spec.classification is None:
        return False
    own, other = ("2", "35") if spec.classification == "functional" else ("35", "2")
    codes = [line[0].text for line in body.lines if line and line[0].whole and len(line[0].text) in _CODES]
    return sum(c[0] in other for c in codes) > 2 * sum(c[0] in own for c in codes)


def _columns(body: Body, money: int) -> dict[int, Path]:
    """Return what stands above the amounts, by their cells; none where one has no name, or several have the same."""
    words = {t.cell for line in body.lines for t in line if t.kind == "text" and (t.cell or 0) > money}
    priced = {t.cell for line in body.lines for t in line if t.priced and t.cell is not None}
    heads = {i for line in body.header_lines for i, (_, text) in enumerate(cells(line.text)) if text.strip()}
    _, above = paths(body, (money, max(*priced, *heads)))
    counted = {cell for cell, path in enumerate(above, money) if _COUNTS.search(path[-1])}
    found = {cell: path for cell, path in enumerate(above, money) if cell not in words | counted}
    changes = any(_RATES.search(path[-1]) for path in found.values())
    return found if priced <= set(found) | counted and len(set(found.values())) == len(found) and not changes else {}


def _names(columns: Mapping[int, Path]) -> tuple[str, ...]:
    """Return the names of columns: what stands lowest, and all of it where that is a sum's or comes again."""
    leaves = [path[-1] for path in columns.values()]
    return tuple(
        bare(path[-1]) if leaves.count(path[-1]) == 1 and (path[-1] not in LEAVES or len(path) == 1) else "/".join(path)
        for path in columns.values()
    )


def _rows(body: Body, money: int, columns: Mapping[int, Path], labels: Labels) -> list[_Row]:
    """Return the rows; none where a row has no name of its own."""
    codes = [_code(line, money, labels) for line in body.lines]
    coded = sum(map(bool, codes)) * 2 > len(codes)
    heads = {
        i: squeeze(text) for line in body.header_lines for i, (_, text) in enumerate(cells(line.text)) if text.strip()
    }
    own = None if coded else _own(body, heads, money)
    out = []
    for line, code in zip(body.lines, codes, strict=True):
        amounts = {t.cell: t for t in line if t.cell in columns and t.kind in ("number", "dash") and t.cell is not None}
        if any(t.kind == "junk" and (t.cell or 0) >= money for t in line):
            return []
        if not any(t.priced for t in amounts.values()):
            continue
        words = [t for t in line if (t.cell or 0) < money and t.kind in ("text", "number")]
        total = [t for t in words if squeeze(t.text) in TOTALS]
        name = total or [t for t in words if (t.kind == "text" if coded else t.cell == own)]
        if not name:
            return []
        out.append(_Row(code if coded and not total else "", tuple(name), bool(total), amounts, printed=coded))
    return out if coded else _by_names(out, labels)


def _by_names(rows: list[_Row], labels: Labels) -> list[_Row]:
    """Give rows that are named like the items of a classification, class by class, their codes; none is printed."""
    rest = [row for row in rows if not row.total]
    bare = [split_label(squeeze("".join(t.text for t in row.name)))[1] for row in rest]
    codes = iter(codes_of(bare, labels.catalogue, "23"))
    return [row if row.total else replace(row, code=next(codes, "")) for row in rows]


def _own(body: Body, heads: Mapping[int, str], money: int) -> int | None:
    """Return the cell that names the rows: the only one with words, or that tells them apart."""
    said = {t.cell for line in body.lines for t in line if t.kind == "text" and (t.cell or 0) < money}
    return said.pop() if len(said) == 1 else naming_cell(body.lines, heads, money)


def _code(line: Sequence[Token], money: int, labels: Labels) -> str:
    """Return the code in front of a row, in one cell or in several for its levels."""
    digits = ""
    for token in line:
        if not token.whole or (token.cell or 0) >= money:
            break
        if digits and len(token.text) not in (2, 4):
            break
        digits += token.text
    words = any(t.kind == "text" and (t.cell or 0) < money for t in line)
    return digits if len(digits) in _CODES and digits[:3] in labels.classes and words else ""


def _adds_up(rows: Sequence[_Row], columns: Mapping[int, Path]) -> bool:
    """Whether a total is the sum of its rows, or a column that of others in every row; and no such sum fails."""
    down = [told for cell in columns if (told := _down(rows, cell)) is not None]
    along = list(_along(rows, columns))
    return bool(down or along) and all(down) and all(along)


def _down(rows: Sequence[_Row], cell: int) -> bool | None:
    """Whether the total of a column is the sum of its rows; None where no total is printed."""
    totals = {row.values[cell] for row in rows if row.total and cell in row.values}
    shortest = min((len(row.code) for row in rows if row.code), default=0)
    parts = [row.values[cell] for row in rows if not row.total and len(row.code) == shortest and cell in row.values]
    if not totals or len(totals) == sum(row.values.get(cell) is not None for row in rows):
        return None  # nothing but totals
    if len(totals) > 1:
        return False
    whole = totals.pop()
    return abs(whole - sum(parts)) <= half_unit(whole) + sum((half_unit(p) for p in parts), Decimal(0))


def _along(rows: Sequence[_Row], columns: Mapping[int, Path]) -> Iterator[bool]:
    """Yield for each sum of columns whether every row keeps it, where a row has enough parts to tell.

    Sums are promised by names (合计, 小计). That the first column is the sum of all others is no promise, but tells.
    """
    by_name = {"/".join(path): cell for cell, path in columns.items()}
    names = tuple(by_name)
    promised = [(str(s.total), s.parts) for s in generic(Hint(OTHER, names), 0, "items").row_sums]
    for total, parts in promised:
        kept = _kept(rows, by_name[total], [by_name[p] for p in parts])
        if kept is not None:
            yield kept
    subtotals = {name.rpartition("/")[0] for name in names if name.endswith(f"/{_SUBTOTAL}")}
    tops = [
        n for n in names[1:] if n.endswith(f"/{_SUBTOTAL}") or n.rpartition("/")[0] not in subtotals or "/" not in n
    ]
    if names[0] not in {total for total, _ in promised} and _kept(rows, by_name[names[0]], [by_name[n] for n in tops]):
        yield True


def _kept(rows: Sequence[_Row], total: int, parts: Sequence[int]) -> bool | None:
    """Whether every row keeps a sum; None where no row has enough parts to tell."""
    held, telling = [], 0
    for row in rows:
        values = row.values
        found = [values[p] for p in parts if p in values]
        whole = values.get(total, Decimal(0))
        held.append(abs(whole - sum(found)) <= half_unit(whole) + sum((half_unit(p) for p in found), Decimal(0)))
        telling += sum(p != 0 for p in found) >= (_TWO if len(rows) > 1 else _FILLED)
    return all(held) if telling else None


def _rewritten(body: Body, rows: Sequence[_Row], columns: Mapping[int, Path]) -> Body:
    """Return a body whose lines have nothing but code, name and amounts, each in the cell of its column."""
    place = {cell: index for index, cell in enumerate(columns, 1)}
    out = []
    for row in rows:
        at = row.name[0]
        lead = [replace(at, kind="number", text=row.code, cell=0)] if row.code and row.printed else []
        amounts = [replace(t, cell=place[c]) for c, t in sorted(row.amounts.items())]
        out.append((*lead, *(replace(t, cell=0) for t in row.name), *amounts))
    return replace(body, lines=tuple(out), header_lines=(), widths={}, blocks=False)
