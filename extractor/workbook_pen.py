"""Writes on a sheet: text that stays text, numbers that stay exact, formulas with their values, and styles."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .amount import decimals_of
from .records import State
from .spreadsheet import clean, dangerous, number

_UNIT = re.compile(r"[\u4e00-\u9fff%]{1,4}")

COLOURS: Mapping[State, dict[str, Any]] = {
    "proven": {"bg_color": "#D8F0DC", "font_color": "#0B3D17"},
    "grounded": {"bg_color": "#E3ECF8", "font_color": "#12305A"},
    "ambiguous": {"bg_color": "#FFF0B8", "font_color": "#5A4300", "italic": True},
    "contradicted": {"bg_color": "#F9CFCB", "font_color": "#7A0C04", "bold": True},
    "ungrounded": {"bg_color": "#E4D3F2", "font_color": "#45156B", "font_strikeout": True},
}
"""How a state looks; by the letters too, for those who don't see the colours."""
HEAD = {"bold": True, "bg_color": "#E8E8E8", "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True}
TITLE = {"bold": True, "font_size": 14}
QUIET = {"font_color": "#5F5F5F"}
LINK = {"font_color": "#0B57D0", "underline": 1}
WRAP = {"text_wrap": True, "valign": "top"}
FORMULA = {"font_color": "#303030", "num_format": "0"}
OFF = {"bg_color": "#F9CFCB", "font_color": "#7A0C04", "bold": True}


class Pen:
    """Writes on one sheet at a time; styles are shared by all."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self._styles: dict[str, Any] = {}

    def style(self, *parts: Mapping[str, Any]) -> Any:
        """Return the format that these properties give together."""
        properties = {key: value for part in parts for key, value in part.items()}
        name = repr(sorted(properties.items()))
        if name not in self._styles:
            self._styles[name] = self.book.add_format(properties)
        return self._styles[name]

    def text(self, sheet: Any, row: int, column: int, text: str, *parts: Mapping[str, Any]) -> None:
        """Write text as text, whatever it begins with; it stays text when somebody edits the cell."""
        mark = ({"quote_prefix": True},) if dangerous(text) else ()
        sheet.write_string(row, column, clean(text), self.style(*parts, *mark))

    def amount(
        self, sheet: Any, row: int, column: int, value: Decimal, *parts: Mapping[str, Any], unit: str = ""
    ) -> bool:
        """Write a number with its printed decimals; returns False where it had to be written as text to stay exact."""
        held = number(value)
        if held is None:
            self.text(sheet, row, column, str(value), *parts, {"align": "right"})
            return False
        sheet.write_number(row, column, held, self.style(*parts, {"num_format": pattern(decimals_of(value), unit)}))
        return True

    def formula(
        self, sheet: Any, row: int, column: int, text: str, value: Decimal | str, *parts: Mapping[str, Any]
    ) -> None:
        """Write a formula of ours with the value that it comes to, for programs that don't calculate."""
        shown = value if isinstance(value, str) else float(value)
        sheet.write_formula(row, column, f"={text}", self.style(*parts), shown)

    def link(self, sheet: Any, row: int, column: int, target: tuple[str, str], text: str) -> None:
        """Write a link to a cell of another sheet."""
        name, where = target
        sheet.write_url(row, column, f"internal:'{name}'!{where}", self.style(LINK), clean(text, 200))


def pattern(digits: int, unit: str = "") -> str:
    """Return the number format for so many decimals; a plain unit is shown behind the number."""
    shown = "#,##0" + ("." + "0" * digits if digits else "")
    return shown + f'"{unit}"' if _UNIT.fullmatch(unit) else shown
