"""Cells of HTML tables that span columns or rows: they stand where they begin, and the places they cover are empty.

A row then has as many cells as any other, and its numbers stand under their columns (WHATWG HTML, 4.9.12).
"""

import re

_SPAN = re.compile(r"\b(col|row)span\s*=\s*[\"']?\s*(\d{1,4})", re.IGNORECASE)
_WIDEST, _LONGEST = 64, 1000  # a wider or longer cell is no cell of a table of numbers


class Spans:
    """What the rows of a table so far cover in the next ones; told tag by tag."""

    def __init__(self) -> None:
        """Begin outside of a table."""
        self._below: dict[int, int] = {}  # rows that are covered from here on, by column
        self._at, self._wide = 0, 1

    def shown(self, tag: str) -> str:
        """Return what stands for a tag of a table: tabs after cells and for covered places, a line end after a row."""
        name = tag[:4].lower()
        if name in ("<tab", "</ta"):
            self._below.clear()
            return ""
        if name[:3] == "<tr":
            self._at = 0
            return "\n"
        if name == "</tr":
            return self._end()
        if name[:2] == "</":
            self._at += self._wide
            return "\t" * self._wide
        return self._begin(tag)

    def _begin(self, tag: str) -> str:
        covered = self._covered()
        said = {kind.lower(): int(number) for kind, number in _SPAN.findall(tag)}
        self._wide = min(max(said.get("col", 1), 1), _WIDEST)
        if (rows := min(said.get("row", 1), _LONGEST)) > 1:
            self._below.update(dict.fromkeys(range(self._at, self._at + self._wide), rows - 1))
        return covered

    def _end(self) -> str:
        covered = self._covered()
        for column in [c for c in self._below if c >= self._at]:
            self._pass(column)
        self._at = 0
        return covered + "\n"

    def _covered(self) -> str:
        first = self._at
        while self._at in self._below:
            self._pass(self._at)
            self._at += 1
        return "\t" * (self._at - first)

    def _pass(self, column: int) -> None:
        self._below[column] -= 1
        if not self._below[column]:
            del self._below[column]
