"""Parts of a chunk: what one question to a model is about, and how a long table is cut at its row borders.

A part owns some lines: the rows whose first number stands there are its own. It shows a few lines around them too, and
the table's title, unit and header, so that a border in the wrong place costs nothing: a name or number that goes over
it is seen whole from both sides, and the row belongs to one.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.normalize import Line
from extractor.specs import TableSpec

from .body import Body

_AROUND = 4  # lines shown on each side of a part's own
_FEW = 4  # row borders below which a part isn't cut any more
_HEADER = 60  # lines of title and header at most that are shown with each part
_CJK = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_SPACE = re.compile(r"\s+")
_CODE = re.compile(r"^[\s|]*[235][0-9]{2}(?![0-9.,])")
_AMOUNT_LAST = re.compile(r"[0-9]\.[0-9]+\s*$")
_AMOUNT = re.compile(r"[0-9]\.[0-9]")


def tokens_of(text: str) -> int:
    """Estimate a text's tokens, rather too many: three for two Chinese characters, one for any other that is seen."""
    chinese = len(_CJK.findall(text))
    return (3 * chinese + 1) // 2 + len(_SPACE.sub("", text)) - chinese


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of a chunk.

    Attributes:
        lines: All lines of the chunk, the title first.
        head: How many of them are title, unit and header.
        starts: Indexes of the lines where rows seem to begin.
        first: Index of the first line of its own; 0 in the first part.
        stop: Index after the last one.
    """

    lines: tuple[Line, ...]
    head: int
    starts: tuple[int, ...]
    first: int
    stop: int

    @property
    def whole(self) -> bool:
        """Whether it is all of the chunk."""
        return self.first == 0 and self.stop == len(self.lines)

    @property
    def shown(self) -> list[Line]:
        """The lines that the model sees."""
        if self.whole:
            return list(self.lines)
        begin = max(self.head, self.first - _AROUND)
        return [*self.lines[: self.head], *self.lines[begin : self.stop + _AROUND]]

    @property
    def numbers(self) -> tuple[int, int]:
        """First and last line of its own, 1-based."""
        return self.lines[self.first].number, self.lines[self.stop - 1].number

    def owns(self, number: int) -> bool:
        """Whether a 1-based line is its own; what is beyond the chunk belongs to its first or last part."""
        first, last = self.numbers
        return (first <= number or self.first == 0) and (number <= last or self.stop == len(self.lines))

    def halves(self) -> "tuple[Part, Part] | None":
        """Cut it at the row border nearest to its middle; None where it is too short."""
        inside = [i for i in self.starts if max(self.first, self.head) < i < self.stop]
        if len(inside) < _FEW:
            return None
        sizes = [tokens_of(line.text) for line in self.lines[self.first : self.stop]]
        half, total, middle = sum(sizes) / 2, 0, self.first
        while total < half:
            total += sizes[middle - self.first]
            middle += 1
        cut = min(inside, key=lambda i: abs(i - middle))
        return replace(self, stop=cut), replace(self, first=cut)

    def expected(self, spec: TableSpec, lead: int) -> int:
        """Estimate the tokens of the answer, rather too many."""
        own = self.lines[max(self.first, self.head) : self.stop]
        rows = sum(self.first <= i < self.stop for i in self.starts)
        return sum(tokens_of(line.text) for line in own) + rows * (2 * (lead + len(spec.columns)) + 6)


def whole(lines: Sequence[Line], body: Body, rows: Sequence[int]) -> Part:
    """Return a chunk as one part.

    Args:
        lines: Its lines, the title first.
        body: What the grammar makes of it.
        rows: 1-based lines where another reader saw rows begin; none where nobody has read it.
    """
    data = [line[0].line for line in body.lines if line]
    seen = data or [line.number for line in lines if _AMOUNT.search(line.text)]
    begin = min([*seen[:1], *sorted(rows)[:1]], default=lines[0].number)
    head = max(1, bisect_left([line.number for line in lines], begin)) if len(lines) > 1 else 1
    begins = frozenset(rows)
    starts = tuple(
        i
        for i in range(min(head, _HEADER), len(lines))
        if (lines[i].number in begins if begins else _starts(lines, i, grid=body.grid))
    )
    return Part(tuple(lines), min(head, _HEADER), starts, 0, len(lines))


def _starts(lines: Sequence[Line], index: int, *, grid: bool) -> bool:
    """Guess whether a row begins here: a row of a grid, a code, or words after a line that ends with an amount."""
    text = lines[index].text
    if grid:
        return bool(_AMOUNT.search(text))
    words = bool(_CJK.search(text))
    return bool(_CODE.match(text)) or (words and bool(_AMOUNT_LAST.search(lines[index - 1].text)))


def plan(part: Part, spec: TableSpec, *, lead: int, limit: int) -> list[Part]:
    """Cut a part until the answer to each piece should stay below ``limit`` tokens, or nothing can be cut."""
    halves = part.halves() if part.expected(spec, lead) > limit else None
    if halves is None:
        return [part]
    return [piece for half in halves for piece in plan(half, spec, lead=lead, limit=limit)]
