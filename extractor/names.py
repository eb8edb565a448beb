"""Names that may be misread: what a row is called is compared with everything else that the document prints.

Sums tell whether a number is right, and nothing of the name it stands under. A free name (a project, a unit, an
indicator, an item of prose) is therefore doubted where another spelling of it stands in the classification, in the
specs or elsewhere in the document, where its characters make no words that stand anywhere else but look like ones
that do, and where a known name runs over its end. The doubt is a warning; no name is ever corrected.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from operator import add, ne

from .generic import is_generic
from .lexicon import Lexicon, lexicon, lookalikes, words
from .misread import COLUMN
from .normalize import Line, squeeze
from .records import Row, Table
from .specs import Catalogue
from .statements import prose

_UNENDED = re.compile(r"[\u4e00-\u9fff)]$")
_SLASH = re.compile(r"/(?![^\[(]{0,60}[\])])")  # between the parts of a key, not within brackets
_WORD = re.compile(r"[\u4e00-\u9fff]{2,}")
_DATED = re.compile(r"(?:19|20)\d\d年度?|其中:?|\(.*?元\)|\d+")
_YEAR = re.compile(r"(?<!\d)\d{4}(?=年)")
_SEVERAL, _FAR, _NEVER = 2, 3, 80  # times that a year stands, and years from that of the document
_NUMERALS = frozenset("〇零一二三四五六七八九十百千万上下左右前后东南西北中")
_UNIT = "万"
_FOUR, _SHORT, _LONG = 4, 6, 10  # characters of a name of which one, and two, may be misread; one that makes no word
_ODD = 2  # characters of a name that may be misread
_OFTEN = 8  # times that one pair of characters is more frequent than another that is a misreading of it
_MORE = 4  # the same, for one that makes no word of the language
_FEW = 3  # times that a pair of characters of a misread name may stand in a document
_LEAST = 2  # characters of a name that may stand within any other
_NEAR = 3  # lines around a row in which its name stands
_PAIRS = ("()", "“”", "《》", "[]")
_NAME = 40  # characters that a name has at most, where it stands among other texts


@dataclass(frozen=True)
class _Text:
    """The text of a disclosure without white space."""

    lines: Sequence[Line]

    @cached_property
    def whole(self) -> str:
        return "".join(self._squeezed)

    @cached_property
    def _squeezed(self) -> list[str]:
        return [squeeze(line.text) for line in self.lines]

    @cached_property
    def _numbers(self) -> list[int]:
        return [line.number for line in self.lines]

    def around(self, line: int) -> str:
        """Return the text near a line."""
        return "".join(self._squeezed[slice(*self._near(line))])

    def goes_on(self, name: str, line: int) -> bool:
        """Whether a name near a line stands only where a line begins that goes on with the words of the one above."""
        first, last = self._near(line)
        places = [i for i in range(first, last) if self._squeezed[i].startswith(name)]
        inner = any(text.find(name) > 0 for text in self._squeezed[first:last])
        return bool(places) and not inner and all(i and _UNENDED.search(self._squeezed[i - 1]) for i in places)

    def _near(self, line: int) -> tuple[int, int]:
        return bisect_right(self._numbers, line - _NEAR - 1), bisect_right(self._numbers, line + _NEAR)


def doubt(
    tables: Sequence[Table], lines: Sequence[Line], catalogue: Catalogue, *, recognised: bool = False
) -> list[Table]:
    """Return the tables of one disclosure with a doubt on each row whose name, or a part of it, may be misread.

    Args:
        tables: Tables of one disclosure.
        lines: Its lines.
        catalogue: For the names that are the same everywhere.
        recognised: They were recognised from images: a name in prose that stands nowhere else may be misread, and so
            may the short texts of cells.
    """
    known = lexicon(catalogue)
    parts = {row.key: _parts(row.key, known.names) for table in tables for row in table.rows}
    reader = _Reader(_Text(lines), known, _free(tables, parts))
    twins = dict(_twins(tables, parts))
    told = {statement.spec.id for statement in prose().statements}
    out = []
    for number, table in enumerate(tables):
        rows = [_respelt(row, known, reader) for row in table.rows] if recognised else list(table.rows)
        for index, row in enumerate(rows):
            if row.doubt or not any(c.kind == "number" for c in row.cells):
                continue
            names = parts[row.key]
            said = next((s for n in names if (s := reader.misread(n))), "")
            said = said or next((s for n in names if (s := reader.cut(n, row.line))), "")
            if table.id in told:
                said = said or next((s for n in names if (s := reader.torn(n, row.line))), "")
                said = said or next((s for n in names if recognised and (s := reader.alone(n))), "")
            said = said or twins.get((number, index), "")
            if said:
                rows[index] = row.model_copy(update={"doubt": said})
        if table.id in catalogue.by_id or is_generic(table):  # others have the columns of their specs
            rows = _columns_doubted(table, rows, known, reader)
        out.append(table if rows == list(table.rows) else table.model_copy(update={"rows": tuple(rows)}))
    return out


def _columns_doubted(table: Table, rows: list[Row], known: Lexicon, reader: "_Reader") -> list[Row]:
    """Return rows with a doubt on each number of a column whose name may be misread."""
    why: dict[str, str] = {}
    for column in table.columns:
        for label in {table.labels.get(column, column), table.labels.get(f"left:{column}", column)}:
            parts = [
                p for p in _SLASH.split(_DATED.sub("", squeeze(label))) if p not in known.names and _WORD.search(p)
            ]
            said = (reader.strange_year(squeeze(label)), *map(reader.misread, parts))
            why[column] = next(filter(None, said), why.get(column, ""))
    if not any(why.values()):
        return rows
    return [
        row.model_copy(update={"cells": tuple(
            c.model_copy(update={"doubt": f"{COLUMN}: {why[c.column]}"})
            if c.kind == "number" and not c.doubt and why.get(c.column) else c
            for c in row.cells
        )})
        for row in rows
    ]  # fmt: skip


def _respelt(row: Row, known: Lexicon, reader: "_Reader") -> Row:
    """Return a row in which short texts that may be misread say so."""
    cells = list(row.cells)
    for number, cell in enumerate(cells):
        text = squeeze(cell.text)
        short = cell.kind == "text" and cell.state == "grounded" and len(text) < _NAME
        if short and text not in known.names and (why := reader.misread(text)):
            cells[number] = cell.model_copy(update={"state": "ambiguous", "doubt": why})
    return row if cells == list(row.cells) else row.model_copy(update={"cells": tuple(cells)})


def _parts(key: str, known: frozenset[str]) -> list[str]:
    """Return the free names in a row's key."""
    return [p for p in _SLASH.split(squeeze(key)) if p not in known and _WORD.search(p)]


_Parts = Mapping[str, Sequence[str]]  # free names by row key


def _free(tables: Sequence[Table], parts: _Parts) -> list[str]:
    """Return the free names of a disclosure, in keys and in short texts of cells; the longest first."""
    found = {part for names in parts.values() for part in names}
    for table in tables:
        for row in table.rows:
            texts = (squeeze(c.text) for c in row.cells if c.kind == "text" and len(c.text) < _NAME)
            found.update(t for t in texts if not re.search(r"[,，。;；:：、\d]", t))
    return sorted((n for n in found if len(n) > 3), key=lambda n: (-len(n), n))


@dataclass(frozen=True)
class _Reader:
    """Judges names by the text of the disclosure, the names known everywhere and the other free names."""

    text: _Text
    known: Lexicon
    free: Sequence[str]

    @cached_property
    def _pairs(self) -> Counter[str]:
        """How often two characters stand beside each other, in the disclosure and in the names known everywhere."""
        found = Counter(self.known.pairs)
        found.update(map(add, self.text.whole, self.text.whole[1:]))
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
        for index, char in enumerate(name):
            if not "\u4e00" <= char <= "\u9fff":
                continue
            plain = char not in _NUMERALS
            better = self._respelt(name, index) if plain else ""
            better = better or self._worded(name, index) or (self._better(name, index) if plain else "")
            if better:
                return f"{char} in the name {name} may be misread: elsewhere stands {better}"
            if plain and _uncommon(char) and (self._lonely(name, index) or self._few(name, index)):
                return f"{char} in the name {name} is rare, and makes no words that stand elsewhere; it may be misread"
        return ""

    def strange_year(self, name: str) -> str:
        """Say which year in a name is far from the one that the document prints most; very far, if it stands twice."""
        usual = max(self._years, key=self._years.__getitem__, default="0")
        years: list[str] = _YEAR.findall(name)
        odd = (y for y in years if abs(int(y) - int(usual)) > (_FAR if self._years[y] < _SEVERAL else _NEVER))
        found = next(odd, "")
        return f"the year {found} in the name {name} is far from the others'" if found else ""

    @cached_property
    def _years(self) -> Counter[str]:
        return Counter(_YEAR.findall(self.text.whole))

    def _alike(self, name: str) -> str:
        """Return the known name that a name may be a misreading of: by some characters, one too many or one lost."""
        found = [o for o in self.known.alike(name) if sum(map(ne, name, o)) <= _ODD and self._confusable(name, o)]
        for length in (len(name) - 1, len(name) + 1) if len(name) >= _SHORT else ():
            near = self.known.as_ended(name, length)
            found.extend(o for o in near if _one_more(*((o, name) if length > len(name) else (name, o))))
        return found[0] if found else ""

    def _confusable(self, name: str, other: str) -> bool:
        """Whether a name differs from a known one of its length, in a few characters, just as a misread one does."""
        places = [i for i, (a, b) in enumerate(zip(name, other, strict=True)) if a != b]
        if any(_NUMERALS & {name[i], other[i]} for i in places):
            return False
        if all(other[i] in lookalikes().get(name[i], ()) for i in places):
            return len(places) == 1 or len(name) >= _SHORT
        if len(places) == 1 and self._wordless(name, places[0]):
            return len(name) >= _FOUR
        odd = all(self._lonely(name, i, other[i]) for i in places)
        return odd and len(name) >= (_SHORT if len(places) == 1 else _LONG)

    def _wordless(self, name: str, index: int) -> list[str]:
        """Return the pairs that a character makes with its neighbours, where none stands in a word or a known name."""
        pairs = [a + name[index] + b for a, b in _sides(name, index)]
        known, language = self.known.pairs, words()
        for pair in pairs:
            if pair in language or pair in known:
                return []
        return pairs

    def _respelt(self, name: str, index: int) -> str:
        """Return the name with another character in this place, if the document prints that one more often."""
        char = name[index]
        beside = self._count_beside(name, index)
        if len(name) < _SHORT or not (_uncommon(char) or beside <= max(_FEW, self._usual(name, index) // _OFTEN)):
            return ""
        spelt = Counter(_between(name[:index], name[index + 1 :], self.text.whole))
        best = max((c for c in spelt if c != char and c not in _NUMERALS), key=lambda c: spelt[c], default="")
        if not best or spelt[best] < spelt[char]:
            return ""
        found = name[:index] + best + name[index + 1 :]
        if index in (0, len(name) - 1) and self._within(found):  # 便携式计算机 prints no 携式计算机
            return ""
        return found if _uncommon(char) or self._lonely(name, index, best) else ""

    def _usual(self, name: str, index: int) -> int:
        """Return how often the neighbours of a character stand beside another, whichever it is."""
        return min(self._most.get((a, b), 0) for a, b in _beside(name, index))

    @cached_property
    def _most(self) -> dict[tuple[str, str], int]:
        """How often the pair stands that is printed most behind a character, and in front of one."""
        found: dict[tuple[str, str], int] = {}
        for pair, count in self._pairs.items():
            for side in ((pair[0], ""), ("", pair[-1])):
                found[side] = max(found.get(side, 0), count)
        return found

    def _within(self, found: str) -> bool:
        """Whether a spelling stands only where a longer free name does."""
        count = self.text.whole.count(found)
        return any(found in n and found != n and self.text.whole.count(n) == count for n in self.free)

    def _lonely(self, name: str, index: int, instead: str = "") -> bool:
        """Whether a character makes no pair with its neighbours that stands anywhere else.

        Where another character makes pairs with them that are far more frequent, a few may stand elsewhere.
        """
        return all(
            self._count(a + name[index] + b) <= max(1, self._count(a + instead + b) // _OFTEN)
            for a, b in _beside(name, index)
        )

    def _better(self, name: str, index: int) -> str:
        """Return words of the document that a character makes if it is replaced by one that looks like it.

        As printed, it makes none with its neighbours that stands anywhere else.
        """
        beside, count = _beside(name, index), self._pairs.get
        least = 0 if len(beside) > 1 else 1
        able = [c for c in lookalikes().get(name[index], ()) if all(count(a + c + b, 0) > least for a, b in beside)]
        for other in sorted(able):
            if self._lonely(name, index, other):
                found = name[max(index - 1, 0) : index] + other + name[index + 1 : index + 2]
                if found in self.text.whole or len(beside) == 1:
                    return found
        return ""

    def _worded(self, name: str, index: int) -> str:
        """Return the pair that a character makes with a neighbour if it is replaced by one that looks like it.

        As printed, it makes none that stands within a word of the language or a name known everywhere.
        """
        printed = self._wordless(name, index)
        most = max(map(self._count, printed), default=0)
        for other in sorted(lookalikes().get(name[index], ())) if printed else ():
            for pair in (a + other + b for a, b in _sides(name, index)):
                if most <= self._allowed(name[index], pair):
                    return pair
        return ""

    def _allowed(self, char: str, pair: str) -> int:
        """Return how often pairs with a character may stand in the document that is a misreading in another pair.

        More often where that stands more often. It is a word's, or stands there too; where it doesn't, the character
        is one that is rarely a word by itself.
        """
        often = self._count(pair)
        if pair not in words() and pair not in self.known.pairs:
            return max(1, often // _MORE) if often > 1 else -1
        if _uncommon(char):
            return max(_OFTEN, often)
        if often:
            return max(_FEW - 1, often // 2)
        return 1 if char not in words().alone else -1

    def _few(self, name: str, index: int) -> bool:
        """Whether a character makes no word, and stands in few places."""
        pairs = self._wordless(name, index)
        return bool(pairs) and max(map(self._count, pairs)) <= _FEW

    def _count_beside(self, name: str, index: int) -> int:
        return max(self._count(a + name[index] + b) for a, b in _beside(name, index))

    def _count(self, pair: str) -> int:
        return self._pairs.get(pair, 0)

    def cut(self, name: str, line: int) -> str:
        """Say which known name runs over the end of a name at its place, or return an empty string."""
        here = self.text.around(line)
        places = _all(name, here)
        around = (*self.free, *self._longer(name))
        longer = [n for n in around if places and n in here and n not in name and not n.startswith(name + "(")]
        beside = [(other, [(a, a + len(other)) for a in _all(other, here)]) for other in longer]
        over = ""
        for first in places:
            last = first + len(name)
            over = next(
                (
                    other
                    for other, found in beside
                    if any(a < last and first < z for a, z in found)
                    and not all(first <= a and z <= last for a, z in found)
                ),
                "",
            )
            if not over:
                return ""
        return f"the name {name} may be cut: {over} stands there" if over else ""

    def torn(self, name: str, line: int) -> str:
        """Say of which longer name a name in prose may be the end only, its beginning lost at the end of a line."""
        if not self.text.goes_on(name, line):
            return ""
        whole = next((n for n in (*self.free, *self._longer(name)) if n != name and n.endswith(name)), "")
        return f"the name {name} may be only the end of one that begins on the line above: {whole}" if whole else ""

    def alone(self, name: str) -> str:
        """Say that a name stands nowhere else in the document, or return an empty string."""
        once = self.text.whole.count(name) < 2
        return f"the name {name} stands nowhere else, and may be misread: look at the page" if once else ""

    def _longer(self, name: str) -> Sequence[str]:
        """Return the names known everywhere that hold a name, the longest first; what is very short says nothing."""
        return self.known.holding(name) if len(name) > _LEAST else ()


def _one_more(longer: str, shorter: str) -> bool:
    """Whether one text is another with a character more within; one at an end makes another word."""
    same = next((i for i, (a, b) in enumerate(zip(longer, shorter, strict=False)) if a != b), len(shorter))
    odd = longer[same : same + 1]
    able = odd == _UNIT or (odd.isalnum() and odd not in _NUMERALS)  # 万 of an amount beside it
    return 0 < same < len(shorter) and longer[same + 1 :] == shorter[same:] and able


def _beside(name: str, index: int) -> list[tuple[str, str]]:
    """Return the neighbours of a character of a name: each on its own side, with nothing on the other."""
    left, right = name[index - 1 : index] if index else "", name[index + 1 : index + 2]
    return [(left, ""), ("", right)] if left and right else [(left, right)]


def _sides(name: str, index: int) -> list[tuple[str, str]]:
    """Return the Chinese neighbours of a character of a name, each on its own side."""
    left, right = name[index - 1 : index] if index else "", name[index + 1 : index + 2]
    return [(a, b) for a, b in ((left, ""), ("", right)) if "\u4e00" <= a + b <= "\u9fff"]


def _all(part: str, text: str) -> list[int]:
    """Return where a part begins in a text, each after the end of the one before."""
    found, at = list[int](), text.find(part)
    while at >= 0:
        found.append(at)
        at = text.find(part, at + len(part))
    return found


def _between(before: str, after: str, text: str) -> Iterator[str]:
    """Yield each character that stands between two pieces of a name; the longer piece is looked for."""
    piece, lead = (before, 0) if len(before) >= len(after) else (after, len(before) + 1)
    at = text.find(piece, lead)
    while at >= 0:
        char = at - lead + len(before)
        if text.startswith(before, at - lead) and char < len(text) and text.startswith(after, char + 1):
            yield text[char]
            at = text.find(piece, char + 1 + len(after) + lead)
        else:
            at = text.find(piece, at + 1)


def _uncommon(char: str) -> bool:
    """Whether a Chinese character is none of the 3,755 most used (level 1 of GB 2312)."""
    if not "\u4e00" <= char <= "\u9fff":
        return False
    try:
        return char.encode("gb2312")[0] >= 0xD8
    except UnicodeEncodeError:
        return True


def _twins(tables: Sequence[Table], names: _Parts) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield rows of different tables with the same amounts whose names differ in a character or two."""
    found: dict[int, list[tuple[int, int, str, frozenset[Decimal], int]]] = {}
    for number, table in enumerate(tables):
        for index, row in enumerate(table.rows):
            parts = names[row.key]
            values = frozenset(c.value for c in row.cells if c.value and c.unit in ("万元", "元"))
            if parts and values and len(parts[-1]) >= _SHORT:
                found.setdefault(len(parts[-1]), []).append((number, index, parts[-1], values, row.line))
    for rows in found.values():
        for at, (where, index, name, values, line) in enumerate(rows):
            for other, there, called, amounts, below in rows[at + 1 :]:
                differ = sum(a != b for a, b in zip(name, called, strict=True))
                if other != where and 0 < differ <= 2 and values & amounts:
                    yield (where, index), f"line {below} has the same amount under the name {called}"
                    yield (other, there), f"line {line} has the same amount under the name {name}"


__all__ = ["doubt"]
