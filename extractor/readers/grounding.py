"""Grounding: finds what a model copied in the source, or says that it isn't there."""

import re
from collections.abc import Sequence

from extractor.amount import parse_amount
from extractor.normalize import Line, Place, plain, squeeze

from .tokens import Token

_NUMBERING = re.compile(
    r"(?:其中[:：]\s*)?(?:[一二三四五六七八九十]{1,3}、|[0-9]{1,2}[.、]|\([一二三四五六七八九十0-9]{1,3}\))\s*$"
)
_AMOUNT = re.compile(r"[0-9]\.[0-9]")
_NEAR = 4  # lines around the one that the model names


class Source:
    """The lines of one chunk, each printed number to be used once."""

    def __init__(self, lines: Sequence[Line]) -> None:
        """Index the lines by number."""
        self._lines = list(lines)
        self._at: dict[int, int] = {}
        for index, line in enumerate(self._lines):
            self._at.setdefault(line.number, index)
        self._used: set[int] = set()
        self._text = "\n".join(line.text for line in self._lines)
        self._codes: dict[str, bool] = {}

    def numbers(self, rows: Sequence[tuple[int, Sequence[str]]]) -> list[list[Token]]:
        """Return the tokens of copied numbers, given with the line that each row names.

        A token is without a place where the source doesn't print it. Looks on the named line, through full-width forms
        and numbers that are split by a line's end; then, for what is left of all rows, on the lines around it. So a
        number made up in one row takes nothing from the rows beside it.
        """
        found = [
            [self._number(text, [here] if (here := self._at.get(line)) is not None else []) for text in texts]
            for line, texts in rows
        ]
        for (line, texts), tokens in zip(rows, found, strict=True):
            for position, text in enumerate(texts):
                if not tokens[position].spans:
                    tokens[position] = self._number(text, self._around(line))
        return found

    def _number(self, text: str, indexes: Sequence[int]) -> Token:
        wanted = squeeze(plain(text))
        if parse_amount(wanted) is None:
            return Token("junk", wanted or text, ())
        for index in indexes:
            places = self._find(wanted, index)
            if places:
                self._used.add(places[0].start)
                return Token("number", wanted, places)
        return Token("number", wanted, ())

    def prints(self, code: str) -> bool:
        """Whether a code stands anywhere in these lines, in one piece or in cells beside each other."""
        if code not in self._codes:
            digits = r"[\s|]*".join(map(re.escape, code))  # a model's code may be anything
            self._codes[code] = bool(re.search(rf"(?<![0-9.]){digits}(?![0-9.])", self._text))
        return self._codes[code]

    def words(self, text: str, line: int) -> list[Token]:
        """Return the tokens of copied words; one without a place where the source doesn't print them."""
        wanted = squeeze(plain(text))
        if not wanted:
            return []
        for index in self._around(line):
            for count in (1, 2, 3, 4):
                places = self._spell(wanted, index, count)
                if places:
                    return [*self._numbering(places[0]), Token("text", plain(text).strip(), places)]
        return [Token("text", plain(text).strip(), ())]

    def _numbering(self, place: Place) -> list[Token]:
        """Return the numbering printed right before a label: it tells labels of the same words apart."""
        index = self._at.get(place.line)
        if index is None:
            return []
        line = self._lines[index]
        position = next((i for i in range(len(line.text)) if line.span(i, i + 1).start == place.start), 0)
        match = _NUMBERING.search(line.text, 0, position)
        return [Token("text", match.group().strip(), (line.span(match.start(), match.end()),))] if match else []

    def _around(self, line: int) -> list[int]:
        here = self._at.get(line)
        if here is None:
            earlier = [i for n, i in self._at.items() if n <= line]
            here = max(earlier, default=0)
        order = [here, *(here + sign * step for step in range(1, _NEAR + 1) for sign in (1, -1))]
        amounts = next((i for i in range(here, len(self._lines)) if _AMOUNT.search(self._lines[i].text)), here)
        if amounts > here + _NEAR:  # the line of a code whose name takes many lines
            order.append(amounts)
        return [i for i in order if 0 <= i < len(self._lines)]

    def _find(self, wanted: str, index: int) -> tuple[Place, ...]:
        line = self._lines[index]
        for match in re.finditer(rf"(?<![0-9.,]){re.escape(wanted)}(?![0-9]|[.,][0-9])", line.text):
            place = line.span(match.start(), match.end())
            if place.start not in self._used:
                return (place,)
        return self._split(wanted, index)

    def _split(self, wanted: str, index: int) -> tuple[Place, ...]:
        """Find a number whose first digits end one line and whose last digits begin the next."""
        if index + 1 >= len(self._lines):
            return ()
        line, below = self._lines[index], self._lines[index + 1]
        text, rest = line.text.rstrip(), below.text.strip()
        start = below.text.find(rest)
        for cut in range(len(wanted) - 1, 0, -1):
            head, tail = wanted[:cut], wanted[cut:]
            if text.endswith(head) and rest == tail and not text[: -len(head)].endswith(tuple("0123456789.,")):
                first = line.span(len(text) - len(head), len(text))
                if first.start not in self._used:
                    return first, below.span(start, start + len(tail))
        return ()

    def _spell(self, wanted: str, index: int, count: int) -> tuple[Place, ...]:
        """Find words that go over ``count`` lines from this one on."""
        chars: list[tuple[str, Line, int]] = []
        for line in self._lines[index : index + count]:
            chars.extend((c, line, i) for i, c in enumerate(line.text) if not c.isspace() and c != "|")
        text = "".join(c for c, _, _ in chars)
        at = text.find(wanted)
        if at < 0:
            return ()
        places: list[Place] = []
        for _, line, i in chars[at : at + len(wanted)]:
            here = line.span(i, i + 1)
            if places and places[-1].line == here.line and here.start - places[-1].end <= 4:
                places[-1] = Place(places[-1].start, here.end, here.line)
            else:
                places.append(here)
        return tuple(places)
