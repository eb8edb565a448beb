"""What a recogniser read of a document, piece by piece, and what of it is printed again elsewhere."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from .document import Document
from .lexicon import lexicon
from .normalize import half_width
from .records import Region, Result, Row, Table
from .specs import Catalogue, split_label

LOOK = "look at the page"
_NUMERAL = re.compile(r"^[-+\d.,%\s]+$")
_MONEY = re.compile(r"(\d[\d,]*\.\d+)\s?([百千万亿]{0,2}元)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


@dataclass(frozen=True, slots=True)
class Print:
    """A recognised piece: its text, the same without numbering, and its region."""

    text: str
    core: str
    region: Region

    @property
    def score(self) -> float:
        """How sure the recogniser was."""
        return self.region.score or 0.0

    @property
    def least(self) -> float:
        """How sure it was of the character that it was least sure of."""
        return self.score if self.region.least is None else self.region.least

    @property
    def word(self) -> bool:
        """Whether it is more than a number."""
        return not _NUMERAL.search(self.text)


@dataclass(frozen=True)
class Prints:
    """What a document's recognised pieces, and the specs, say of names."""

    document: Document
    result: Result
    specs: Catalogue

    def piece(self, region: Region) -> Print:
        """Return a region as a piece of print."""
        text = half_width(self.document.text[region.start : region.end])
        return Print(text, split_label(text)[1], region)

    def between(self, first: int, last: int) -> Iterator[Print]:
        """Yield the pieces of these lines, both included."""
        return (p for n in range(first, last + 1) for p in self.lines.get(n, ()))

    @cached_property
    def lines(self) -> Mapping[int, list[Print]]:
        """The recognised pieces of each line."""
        found: dict[int, list[Print]] = {}
        for region in self.document.regions:
            if region.score is not None:
                found.setdefault(self.document.line_of(region.start), []).append(self.piece(region))
        return found

    @cached_property
    def often(self) -> Counter[str]:
        """How often each label stands in a piece of its own."""
        return Counter(p.core for line in self.lines.values() for p in line)

    def read_well(self, name: str, always: float, once: float) -> bool:
        """Whether the pieces that hold a name were read so well; the same mistake twice is no second witness."""
        scores = [p.score for line in self.lines.values() for p in line if name in p.text]
        return min(scores, default=0.0) >= always and max(scores, default=0.0) >= once

    def confirmed(self, text: str, own: Sequence[Region], least: float) -> bool:
        """Whether a text is known, or stands in another piece too of which every character is so sure."""
        every = (p for line in self.lines.values() for p in line)
        known = text in self.known or text in self.bearers
        return known or any(text in p.text and p.least >= least and p.region not in own for p in every)

    @cached_property
    def years(self) -> Counter[str]:
        """In how many pieces each year stands."""
        return Counter(y for line in self.lines.values() for p in line for y in set(_YEAR.findall(p.text)))

    @cached_property
    def units(self) -> Counter[str]:
        """In how many tables each unit is that of the amounts."""
        return Counter(t.unit for t in self.result.tables if t.rows and self.specs.layouts(t.id))

    @cached_property
    def told(self) -> Mapping[tuple[Decimal, str], list[int]]:
        """In which lines each amount stands right before each unit."""
        found: dict[tuple[Decimal, str], list[int]] = {}
        for line, match in ((n, m) for n, here in self.lines.items() for p in here for m in _MONEY.finditer(p.text)):
            found.setdefault((Decimal(match[1].replace(",", "")), match[2]), []).append(line)
        return found

    @cached_property
    def bearers(self) -> Mapping[str, set[str]]:
        """The codes that the classification has under each name."""
        found: dict[str, set[str]] = {}
        for code, names in self.specs.names.items():
            for name in names:
                found.setdefault(half_width(name), set()).add(code)
        return found

    @cached_property
    def known(self) -> frozenset[str]:
        """Every name that is printed in the same words everywhere, those of forms too."""
        return lexicon(self.specs).names

    @cached_property
    def coded(self) -> Mapping[str, list[tuple[Table, str, set[Decimal]]]]:
        """Where each code is printed: table, name and amounts."""
        found: dict[str, list[tuple[Table, str, set[Decimal]]]] = {}
        for table, row in ((t, r) for t in self.result.tables for r in t.rows):
            found.setdefault(row.key.rsplit("/", 1)[-1], []).append((table, called(row), amounts(row)))
        return found

    def strange_year(self, piece: Print) -> str:
        """Say which year of a piece no other one has."""
        year = next((y for y in _YEAR.findall(piece.text) if self.years[y] == 1), "")
        return f"the year {year} stands nowhere else, and may be misread: {LOOK}" if year else ""


def called(row: Row) -> str:
    """Return the name that stands beside the code of a row."""
    return half_width(next((c.text for c in row.cells if c.column == "名称"), ""))


def amounts(row: Row) -> set[Decimal]:
    """Return the amounts of a row that aren't nothing."""
    return {c.value for c in row.cells if c.value}
