"""Spelling: which characters of a name may be misread, by the document, the names known everywhere and the language.

A name is doubted where another spelling of it is known or stands elsewhere in the document, and where a character makes
no words with its neighbours but looks like one that does. No name is ever corrected.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from operator import add, ne

from .characters import NUMERALS, beside_of, inner, is_chinese, is_uncommon, one_more, sides_of
from .lexicon import Lexicon, lookalikes, resembling, words

_CHINESE = re.compile(r"[\u4e00-\u9fff]{4,}")
_YEAR = re.compile(r"(?<!\d)\d{4}(?=年)")
_SEVERAL, _FAR, _NEVER = 2, 3, 80  # times that a year, or another spelling, stands; years from that of the document
SHORT = 6
"""Characters of a name of which one may be misread."""
_FOUR, _LONG = 4, 10  # the same of one that makes no word, and of two
ODD = 2
"""Characters of a name that may be misread."""
_OFTEN = 8  # times that one pair of characters is more frequent than another that is a misreading of it
_MORE = 4  # the same, for one that makes no word of the language
_FEW = 3  # times that a pair of characters of a misread name may stand in a document
_PAIRS = ("()", "“”", "《》", "[]")


@lru_cache(maxsize=4096)
def _others(char: str) -> tuple[str, ...]:
    """Return the look-alikes of a character that aren't of numbers or places, in order."""
    return tuple(sorted(lookalikes().get(char, frozenset()) - NUMERALS))


@lru_cache(maxsize=8192)
def _wordless(known: Lexicon, left: str, char: str, right: str = "") -> Sequence[str]:
    """Return the pairs that a character makes with its neighbours, where none is a word: the same in every document."""
    pairs = [a + char + b for a, b in sides_of(left + char + right, len(left))]
    return () if any(pair in words() or pair in known.pairs for pair in pairs) else pairs


@dataclass(frozen=True)
class Spelling:
    """Judges the characters of names.

    Attributes:
        text: The text of the disclosure without white space.
        known: The names that are the same everywhere.
        free: The other names of the disclosure, the longest first.
    """

    text: str
    known: Lexicon
    free: Sequence[str]

    @cached_property
    def _pairs(self) -> Counter[str]:
        """How often two characters stand beside each other, in the disclosure and in the names known everywhere."""
        found = self.known.pairs.copy()
        found.update(map(add, self.text, self.text[1:]))
        return found

    def misread(self, name: str) -> str:
        """Say why the characters of a name may be misread, or return an empty string; each name is asked once."""
        if name not in self._told:
            self._told[name] = self._misread(name)
        return self._told[name]

    @cached_property
    def _told(self) -> dict[str, str]:
        return {}

    def _misread(self, name: str) -> str:
        for bracket in _PAIRS:
            if name.count(bracket[0]) != name.count(bracket[1]):
                return f"a bracket in the name {name} has no partner"
        if other := self._alike(name):
            return f"the name {name} may be a misreading of {other}"
        if why := self.strange_year(name):
            return why
        return next((why for i, char in enumerate(name) if is_chinese(char) and (why := self._character(name, i))), "")

    def _character(self, name: str, index: int) -> str:
        """Say why a character of a name may be misread, or return an empty string."""
        plain = name[index] not in NUMERALS
        before = name[index - 1] if index else ""
        worded, framed, likelier, rare = self._beside(before, *name[index : index + 2])
        doubted = f"{name[index]} in the name {name} may be misread:"
        if plain and (found := self._respelt(name, index)):
            return f"{doubted} elsewhere stands {found}"
        if worded:
            return f"{doubted} it makes no word there, as {worded} would"
        if found := framed or (plain and self._again(name, index)) or likelier:
            return f"{doubted} elsewhere stands {found}"
        return f"{doubted} it is rare, and makes no words that stand elsewhere" if rare else ""

    def _beside(self, left: str, char: str, right: str = "") -> tuple[str, str, str, bool]:
        """Say what its neighbours alone tell against a character; they stand in many names, and are asked once."""
        found = self._neighbours.get((left, char, right))
        if found is None:
            name, at, plain = left + char + right, len(left), char not in NUMERALS
            lonely = plain and all(
                self._count(a + char + b) <= max(_FEW, self._most.get((a, b), 0) // _OFTEN)
                for a, b in beside_of(name, at)
            )  # else none of what asks for that needs to be asked
            found = self._neighbours[left, char, right] = (
                self._worded(name, at),
                ((lonely and self._better(name, at)) or self._framed(name, at)) if plain else "",
                self._likelier(name, at) if plain else "",
                plain and is_uncommon(char) and ((lonely and self._lonely(name, at)) or self._few(name, at)),
            )
        return found

    @cached_property
    def _neighbours(self) -> dict[tuple[str, str, str], tuple[str, str, str, bool]]:
        return {}

    def strange_year(self, name: str, where: str = "") -> str:
        """Say which year in a name is far from the one that the document prints most; very far, if it stands twice."""
        years: list[str] = _YEAR.findall(name) if self._years else []
        odd = (y for y in years if abs(int(y) - self._year) > (_FAR if self._years[y] < _SEVERAL else _NEVER))
        found = next(odd, "")
        return f"the year {found} in {where or f'the name {name}'} is far from the others'" if found else ""

    @cached_property
    def _years(self) -> Counter[str]:
        return Counter(_YEAR.findall(self.text))

    @cached_property
    def _year(self) -> int:
        """The year that the document prints most."""
        return int(max(self._years, key=self._years.__getitem__, default="0"))

    def _alike(self, name: str) -> str:
        """Return the known name that a name may be a misreading of: by some characters, one too many or one lost."""
        found = [o for o in self.known.alike(name) if sum(map(ne, name, o)) <= ODD and self._confusable(name, o)]
        for length in (len(name) - 1, len(name) + 1) if len(name) >= SHORT else ():
            near = self.known.as_ended(name, length)
            found.extend(o for o in near if one_more(*((o, name) if length > len(name) else (name, o))))
        return found[0] if found else ""

    def _confusable(self, name: str, other: str) -> bool:
        """Whether a name differs from a known one of its length, in a few characters, just as a misread one does."""
        places = [i for i, (a, b) in enumerate(zip(name, other, strict=True)) if a != b]
        if any(NUMERALS & {name[i], other[i]} for i in places):
            return False
        if all(other[i] in lookalikes().get(name[i], ()) for i in places):
            return len(places) == 1 or len(name) >= SHORT
        if len(places) == 1 and self._wordless(name, places[0]):
            return len(name) >= _FOUR
        odd = all(self._lonely(name, i, other[i]) for i in places)
        return odd and len(name) >= (SHORT if len(places) == 1 else _LONG)

    def _wordless(self, name: str, index: int) -> Sequence[str]:
        """Return the pairs that a character makes with its neighbours, where none stands in a word or a known name."""
        left = name[index - 1] if index else ""
        return _wordless(self.known, left, *name[index : index + 2])

    def _is_word(self, pair: str) -> bool:
        return pair in words() or pair in self.known.pairs

    def _respelt(self, name: str, index: int) -> str:
        """Return the name with another character in this place, if the document prints that one more often."""
        char = name[index]
        beside = self._count_beside(name, index)
        if len(name) < SHORT or not (is_uncommon(char) or beside <= max(_FEW, self._usual(name, index) // _OFTEN)):
            return ""
        spelt = Counter(inner(name[:index], name[index + 1 :], self.text))
        best = max((c for c in spelt if c != char and c not in NUMERALS), key=lambda c: spelt[c], default="")
        if not best or spelt[best] < spelt[char]:
            return ""
        found = name[:index] + best + name[index + 1 :]
        if index in (0, len(name) - 1) and self._within(found):  # 便携式计算机 prints no 携式计算机
            return ""
        return found if is_uncommon(char) or self._lonely(name, index, best) else ""

    def _usual(self, name: str, index: int) -> int:
        """Return how often the neighbours of a character stand beside another, whichever it is."""
        return min(self._most.get((a, b), 0) for a, b in beside_of(name, index))

    @cached_property
    def _most(self) -> dict[tuple[str, str], int]:
        """How often the pair stands that is printed most behind a character, and in front of one; the frequent ones."""
        found: dict[tuple[str, str], int] = {}
        for pair, count in self._pairs.items():
            if count >= _OFTEN * (_FEW + 1):  # fewer allow no more than is allowed anyway
                for side in ((pair[0], ""), ("", pair[-1])):
                    found[side] = max(found.get(side, 0), count)
        return found

    def _within(self, found: str) -> bool:
        """Whether a spelling stands only where a longer free name does."""
        count = self.text.count(found)
        return any(found in n and found != n and self.text.count(n) == count for n in self.free)

    def _lonely(self, name: str, index: int, instead: str = "") -> bool:
        """Whether a character makes no pair with its neighbours that stands anywhere else.

        Where another character makes pairs with them that are far more frequent, a few may stand elsewhere.
        """
        return all(
            self._count(a + name[index] + b) <= max(1, self._count(a + instead + b) // _OFTEN)
            for a, b in beside_of(name, index)
        )

    def _better(self, name: str, index: int) -> str:
        """Return words of the document that a character makes if it is replaced by one that looks like it.

        As printed, it makes none with its neighbours that stands anywhere else.
        """
        beside, count = beside_of(name, index), self._pairs.get
        least = 0 if len(beside) > 1 else 1
        able = [c for c in lookalikes().get(name[index], ()) if all(count(a + c + b, 0) > least for a, b in beside)]
        for other in sorted(able):
            if self._lonely(name, index, other):
                found = name[max(index - 1, 0) : index] + other + name[index + 1 : index + 2]
                if found in self.text or len(beside) == 1:
                    return found
        return ""

    def _worded(self, name: str, index: int) -> str:
        """Return the pair that a character makes with a neighbour if it is replaced by one that looks like it.

        As printed, it makes none that stands within a word of the language or a name known everywhere.
        """
        printed = self._wordless(name, index)
        most = max(map(self._count, printed), default=0)
        for other in sorted(lookalikes().get(name[index], ())) if printed else ():
            for pair in (a + other + b for a, b in sides_of(name, index)):
                if most <= self._allowed(name[index], pair):
                    return pair
        return ""

    def _framed(self, name: str, index: int) -> str:
        """Return what stands several times in the place of a character that makes no word, and stands in few places.

        It is another character between the same two, whichever it is, or one that shares a part with this one and makes
        a word with a neighbour.
        """
        printed = self._wordless(name, index)
        if not printed:
            return ""
        least = max(_SEVERAL, (max(map(self._count, printed)) - _FEW + 2) * _OFTEN)
        if 0 < index < len(name) - 1 and is_chinese(name[index - 1]) and is_chinese(name[index + 1]):
            sides = name[index - 1], name[index + 1]
            for other, count in sorted(Counter(inner(*sides, self.text)).items()):
                if other != name[index] and is_chinese(other) and other not in NUMERALS and count >= least:
                    return other.join(sides)
        pairs = (a + o + b for o in resembling().get(name[index], "") for a, b in sides_of(name, index))
        return next((p for p in pairs if p in words() and self._count(p) >= least), "")

    def _again(self, name: str, index: int) -> str:
        """Return four characters that stand several times where a look-alike of one in a name stands once."""
        others, count = _others(name[index]), self._fours.get
        for first in range(max(0, index - _FOUR + 1), min(index, len(name) - _FOUR) + 1) if others else ():
            here, at = name[first : first + _FOUR], index - first
            if count(here) == 1:
                for other in others:
                    found = here[:at] + other + here[at + 1 :]
                    if count(found, 0) >= _SEVERAL:
                        return found
        return ""

    @cached_property
    def _fours(self) -> Counter[str]:
        """How often four Chinese characters stand one behind the other in the disclosure."""
        return Counter(chain.from_iterable(map(_fours_of, _CHINESE.findall(self.text))))

    def _likelier(self, name: str, index: int) -> str:
        """Return the pair that a look-alike of a character makes with a neighbour, where it is far likelier there.

        It is a word that stands often, where the pair as printed is none; or it stands at all, where the character
        makes no word and seldom is one.
        """
        odd = self._wordless(name, index) if name[index] not in words().alone else []
        lone = bool(odd) and max(map(self._count, odd)) <= 1
        for a, b in sides_of(name, index):
            printed = a + name[index] + b
            if not lone and self._is_word(printed):
                continue
            least, count = 1 if lone else _OFTEN * max(1, self._count(printed)), self._pairs.get
            for other in _others(name[index]):
                pair = a + other + b
                if count(pair, 0) >= least and (lone or pair in words()):
                    return pair
        return ""

    def _allowed(self, char: str, pair: str) -> int:
        """Return how often pairs with a character may stand in the document that is a misreading in another pair.

        More often where that stands more often. It is a word's, or stands there too; where it doesn't, the character
        is one that is rarely a word by itself.
        """
        often = self._count(pair)
        if not self._is_word(pair):
            return max(1, often // _MORE) if often > 1 else -1
        if is_uncommon(char):
            return max(_OFTEN, often)
        if often:
            return max(_FEW - 1, often // 2)
        return 1 if char not in words().alone else -1

    def _few(self, name: str, index: int) -> bool:
        """Whether a character makes no word, and stands in few places."""
        pairs = self._wordless(name, index)
        return bool(pairs) and max(map(self._count, pairs)) <= _FEW

    def _count_beside(self, name: str, index: int) -> int:
        return max(self._count(a + name[index] + b) for a, b in beside_of(name, index))

    def _count(self, pair: str) -> int:
        return self._pairs.get(pair, 0)


def _fours_of(run: str) -> Iterator[str]:
    """Yield every four characters that stand one behind the other."""
    twos = list(map(add, run, run[1:]))
    return map(add, twos, twos[2:])


__all__ = ["ODD", "SHORT", "Spelling"]
