"""What spreadsheet programs make of text and numbers, and how to give them text and numbers that survive it."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # full width: Chinese and Japanese editions
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\'\"’‘“”\s\x00-\x1f]+")
_RESERVED = "history"  # a name that Excel keeps for itself
_DIGITS = 15  # significant digits that Excel keeps
_CELL_LIMIT, _NAME_LIMIT, _FORMULA_LIMIT, _ARGUMENTS = 32_000, 31, 8_000, 200


def dangerous(text: str) -> bool:
    """Whether a spreadsheet program may take the text for a formula."""
    return text.startswith(_DANGEROUS)


def neutral(text: str) -> str:
    """Return text for a CSV file: with an apostrophe in front where it could be taken for a formula."""
    return "'" + text if dangerous(text) else text


def clean(text: str, limit: int = _CELL_LIMIT) -> str:
    """Return text for a workbook: what XML can't hold is replaced, and what is longer than a cell can hold is cut."""
    text = _NOT_XML.sub("\ufffd", text)
    if len(text) > limit // 2 and not text.isascii() and max(text) > "\uffff":
        limit //= 2  # such characters count twice
    return text if len(text) <= limit else text[:limit] + " … (cut)"


def number(value: Decimal) -> float | None:
    """Return the float that a spreadsheet program keeps for this amount, or None if digits would be lost.

    >>> number(Decimal("356.92"))
    356.92
    >>> number(Decimal("12345678901234567.89")) is None
    True
    """
    if not value.is_finite() or len(value.normalize().as_tuple().digits) > _DIGITS or abs(value.adjusted()) > _DIGITS:
        return None
    held = float(value)
    return held if Decimal(repr(held)) == value else None


def sheet_names(titles: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return a name for each sheet: allowed, at most 31 characters, none twice whatever the case."""
    used = {name.casefold() for name in taken} | {_RESERVED}
    names = []
    for title in titles:
        base = _NOT_IN_NAMES.sub(" ", clean(title)).replace("\ufffd", " ").strip() or "table"
        name, count = _short(base, _NAME_LIMIT), 1
        while name.casefold() in used:
            count += 1
            tail = f" ({count})"
            name = _short(base, _NAME_LIMIT - len(tail)) + tail
        used.add(name.casefold())
        names.append(name)
    return names


def _short(text: str, limit: int) -> str:
    """Cut to so many UTF-16 units, in which Excel counts."""
    while len(text.encode("utf-16-le", "replace")) > 2 * limit:
        text = text[:-1]
    return text.strip()


def address(row: int, column: int) -> str:
    """Return a cell's name from zero-based row and column.

    >>> address(4, 27)
    'AB5'
    """
    letters, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return f"{letters}{row + 1}"


def total(cells: Sequence[tuple[str, int, int]], here: str) -> str | None:
    """Return the formula of a sum of cells (sheet, row, column), seen from the sheet ``here``; None if it is too long.

    Neighbours below each other become ranges. An empty cell counts as 0, and so does text.
    """
    runs: list[list[tuple[str, int, int]]] = []
    for cell in cells:
        last = runs[-1][-1] if runs else None
        if last is not None and cell == (last[0], last[1] + 1, last[2]):
            runs[-1].append(cell)
        else:
            runs.append([cell])
    terms = []
    for run in runs:
        sheet = "" if run[0][0] == here else f"'{run[0][0]}'!"
        ends = dict.fromkeys(address(row, column) for _, row, column in (run[0], run[-1]))
        terms.append(sheet + ":".join(ends))
    groups = [terms[i : i + _ARGUMENTS] for i in range(0, len(terms), _ARGUMENTS)]
    sums = [f"SUM({','.join(group)})" for group in groups] or ["0"]
    text = sums[0] if len(sums) == 1 else f"SUM({','.join(sums)})"
    return text if len(text) <= _FORMULA_LIMIT and len(groups) <= _ARGUMENTS else None
