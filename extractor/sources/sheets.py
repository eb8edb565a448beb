"""Workbooks: every visible sheet as a table, numbers as the sheet shows them and not as binary fractions."""

import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from extractor.amount import WIDE
from extractor.errors import InputError
from extractor.records import Finding

from .extras import needs
from .text import Assembly, Converted, Piece, joined

_MAX_CELLS = 5_000_000
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_PLACES = re.compile(r"[0#?](?:[0#?,]*)\.([0#?]+)|[0#?]")
_GENERAL = frozenset({"", "general", "@"})


def read(data: bytes, kind: str, name: str) -> Converted:
    """Read a workbook of either format.

    Raises:
        InputError: It is broken or has a password, or the extra isn't installed.
    """
    module = needs("openpyxl" if kind == "xlsx" else "xlrd", "office", name)
    out = Assembly()
    try:
        sheets = _modern(module, data) if kind == "xlsx" else _old(module, data)
        for number, (title, rows) in enumerate(sheets, 1):
            out.page(number)
            _sheet(out, title, rows)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - a broken file breaks the parser in any way
        why = "it has a password" if "ncrypt" in str(error) else f"it is broken ({type(error).__name__})"
        raise InputError(f"{name}: this workbook can't be read: {why}. Save it anew in Excel.") from None
    return out.done()


def shown(value: Any, style: str) -> str:
    """Return a value as a sheet shows it in a number format: rounded, with its decimals and its percent sign."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    if not isinstance(value, (int, float)):
        return value.isoformat() if hasattr(value, "isoformat") else str(value)
    number = Decimal(repr(value))
    plain = _QUOTED.sub("", style.split(";", maxsplit=1)[0]).strip().lower()
    if plain in _GENERAL:
        whole = number.to_integral_value()
        return format(whole if number == whole else number, "f")
    if "%" in plain:
        number *= 100
    match = _PLACES.search(plain)
    places = len(match.group(1) or "") if match else 0
    text = format(number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, WIDE), "f")
    return text + ("%" if "%" in plain else "")


_Rows = Iterator[list[Piece]]


def _sheet(out: Assembly, title: str, rows: _Rows) -> None:
    lost = 0
    for pieces in rows:
        lost += sum(1 for p in pieces if p.text == _LOST)
        out.row([Piece("", p.box, p.ref) if p.text == _LOST else p for p in pieces])
    if lost:
        text = f"{lost} formulas of the sheet {title} have no stored value. Open and save the file in Excel first."
        out.findings.append(Finding(code="formula-without-value", kind="not-read", line=out.line, message=text))


_LOST = "\x00formula"


def _modern(openpyxl: Any, data: bytes) -> Iterator[tuple[str, _Rows]]:
    values = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(data), data_only=False)
    for sheet in values.worksheets:
        if sheet.sheet_state == "visible":
            _bounded(sheet.title, sheet.max_row, sheet.max_column)
            yield sheet.title, _modern_rows(sheet, formulas[sheet.title])


def _modern_rows(sheet: Any, formulas: Any) -> _Rows:
    hidden = {i for i, d in sheet.row_dimensions.items() if d.hidden}
    for row in sheet.iter_rows():
        if row and row[0].row in hidden:
            continue
        pieces = []
        for cell in row:
            text = _one_line(shown(cell.value, cell.number_format if cell.has_style else ""))
            if cell.value is None and formulas[cell.coordinate].data_type == "f":
                text = _LOST
            pieces.append(Piece(text, ref=f"{sheet.title}!{cell.coordinate}"))
        yield _trimmed(pieces)


def _old(xlrd: Any, data: bytes) -> Iterator[tuple[str, _Rows]]:
    book = xlrd.open_workbook(file_contents=data, formatting_info=True)
    for sheet in book.sheets():
        if sheet.visibility == 0:
            _bounded(sheet.name, sheet.nrows, sheet.ncols)
            yield sheet.name, _old_rows(xlrd, book, sheet)


def _old_rows(xlrd: Any, book: Any, sheet: Any) -> _Rows:
    for number in range(sheet.nrows):
        pieces = []
        for column in range(sheet.ncols):
            cell = sheet.cell(number, column)
            style = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
            value = cell.value
            if cell.ctype == xlrd.XL_CELL_DATE:
                value = xlrd.xldate_as_datetime(value, book.datemode)
            elif cell.ctype in {xlrd.XL_CELL_ERROR, xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK}:
                value = None
            ref = f"{sheet.name}!{xlrd.colname(column)}{number + 1}"
            pieces.append(Piece(_one_line(shown(value, style)), ref=ref))
        yield _trimmed(pieces)


def _bounded(title: str, rows: int, columns: int) -> None:
    if rows * columns > _MAX_CELLS:
        raise InputError(f"sheet {title}: {rows} rows of {columns} columns are too many. Delete the empty ones.")


def _one_line(text: str) -> str:
    return joined(text.splitlines()) if "\n" in text or "\r" in text else text


def _trimmed(pieces: Sequence[Piece]) -> list[Piece]:
    last = max((i for i, p in enumerate(pieces) if p.text), default=-1)
    return list(pieces[: last + 1])
