"""Names that are printed in the same words everywhere, and the characters that look like others."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from .data import data_folder
from .errors import SpecError
from .forms import forms
from .normalize import squeeze
from .specs import Catalogue
from .statements import prose

TELLING = frozenset("预决收支出入上下本年月日前后总分级〇零一二三四五六七八九十0123456789")
"""Characters that tell names apart: one of them for another is another name, not a misread one."""
_INDICATORS = "指标"  # what keys of indicators begin with


@lru_cache(maxsize=1)
def lookalikes() -> Mapping[str, frozenset[str]]:
    """Return the characters that look like each character, by the shapes of two fonts (``schemas/lookalikes.txt``).

    Raises:
        SpecError: The file is missing.
    """
    return _mutual("lookalikes.txt")


@lru_cache(maxsize=1)
def resembling() -> Mapping[str, str]:
    """Return the characters that share a part with each character, or look a little like it (``resembling.txt``).

    Those of :func:`lookalikes` aren't among them. They are many: only other evidence makes one of them likely.

    Raises:
        SpecError: The file is missing.
    """
    return {char: "".join(sorted(others)) for char, others in _mutual("resembling.txt").items()}


def resembles(char: str, other: str) -> bool:
    """Whether a character looks like another, or like a part of it."""
    return other in lookalikes().get(char, ()) or other in resembling().get(char, "")


def _mutual(name: str) -> Mapping[str, frozenset[str]]:
    """Read pairs of characters: those of each line, its first one with every other."""
    out: dict[str, set[str]] = {}
    for line in _characters(name):
        for other in line[1:]:
            out.setdefault(line[0], set()).add(other)
            out.setdefault(other, set()).add(line[0])
    return {c: frozenset(others) for c, others in out.items()}


@dataclass(frozen=True, slots=True)
class Words:
    """Which characters make words of the language with which (``schemas/words.txt``).

    Attributes:
        alone: Those that often are a word by themselves.
        after: Those that stand behind each character within words.
    """

    alone: frozenset[str]
    after: Mapping[str, str]

    def __contains__(self, pair: str) -> bool:
        """Whether two characters stand side by side in a word."""
        return pair[1] in self.after.get(pair[0], "")

    def strays(self, text: str) -> int:
        """Count the characters that make a word with neither of those beside them."""
        joined = [False, *(one + other in self for one, other in pairwise(text)), False]
        return sum(not (before or after) for before, after in pairwise(joined))


@lru_cache(maxsize=1)
def words() -> Words:
    """Return the pairs of characters of the words of the language.

    Raises:
        SpecError: The file is missing.
    """
    alone, *lines = _characters("words.txt")
    return Words(frozenset(alone), {line[0]: line[1:] for line in lines})


def _characters(name: str) -> list[str]:
    """Read the lines of a file of characters."""
    try:
        return (data_folder("schemas") / name).read_text(encoding="utf-8").split()
    except OSError as error:
        raise SpecError(f"{name}: can't be read: {error}") from None


@dataclass(frozen=True)
class Lexicon:
    """Every name that is printed in the same words everywhere: codes' names, labels, columns, rows of prose."""

    names: frozenset[str]

    @cached_property
    def _joined(self) -> str:
        return "\n".join(["", *sorted(self.names, key=lambda n: (-len(n), n)), ""])

    @cached_property
    def _by_part(self) -> Mapping[tuple[int, int, str], Sequence[str]]:
        out: dict[tuple[int, int, str], list[str]] = {}
        for name in sorted(self.names):
            for part in _thirds(name):
                out.setdefault(part, []).append(name)
        return out

    @cached_property
    def _by_ends(self) -> Mapping[tuple[int, str, str], Sequence[str]]:
        out: dict[tuple[int, str, str], list[str]] = {}
        for name in sorted(self.names):
            out.setdefault((len(name), name[0], name[-1]), []).append(name)
        return out

    def holding(self, name: str) -> list[str]:
        """Return the names that hold one and more, the longest first."""
        found, at = [], self._joined.find(name)
        while at >= 0:
            end = self._joined.index("\n", at)
            whole = self._joined[self._joined.rindex("\n", 0, at) + 1 : end]
            if whole != name:
                found.append(whole)
            at = self._joined.find(name, end)
        return found

    def alike(self, name: str) -> list[str]:
        """Return the names as long as one that differ in two characters at most, some others among them."""
        return sorted({other for part in _thirds(name) for other in self._by_part.get(part, ())})

    def as_ended(self, name: str, length: int) -> Sequence[str]:
        """Return the names of some length that begin and end as one does."""
        return self._by_ends.get((length, name[0], name[-1]), ())

    @cached_property
    def pairs(self) -> Counter[str]:
        """How often two characters stand side by side in them."""
        return Counter(a + b for name in self.names for a, b in pairwise(name))


def nearly(name: str, known: str, most: int) -> bool:
    """Whether a name may be a known one of its length, misread in some characters: none that tells names apart.

    A character that makes a word with the one beside it is another word, unless it looks like the one that is known.
    """
    if len(name) != len(known):
        return False
    odd = [i for i, (a, b) in enumerate(zip(name, known, strict=True)) if a != b]
    if not 0 < len(odd) <= most or not all(TELLING.isdisjoint((name[i], known[i])) for i in odd):
        return False
    unlike = {i for i in odd if known[i] not in lookalikes().get(name[i], ())}
    pairs = [a + b for i, (a, b) in enumerate(pairwise(name)) if not unlike.isdisjoint((i, i + 1))]
    return not any(pair in words() for pair in pairs)


def _thirds(name: str) -> list[tuple[int, int, str]]:
    """Return three parts of a name with its length and their places: names that differ in two characters share one."""
    cuts = [0, (len(name) + 2) // 3, (2 * len(name) + 2) // 3, len(name)]
    return [(len(name), a, name[a:z]) for a, z in pairwise(cuts)]


@lru_cache(maxsize=8)
def lexicon(catalogue: Catalogue) -> Lexicon:
    """Return the names that are the same for every document; made once for each catalogue."""
    found = {squeeze(n) for names in catalogue.names.values() for n in names}
    for spec in catalogue.tables:
        for path in spec.paths:
            found.update(squeeze(n) for n in (path[-1].label, *path[-1].aliases))
        found.update(squeeze(n) for c in (*spec.columns, *spec.more) for n in (*c.names, *c.id.split("/")))
    for statement in prose().statements:
        for row in statement.spec.rows:
            keys = (row.key, row.final or "", row.changes or "", *row.also)
            found.update(part for key in keys for part in key.split("/") if "{" not in part)
            found.update(row.usual)
    for form in forms().specs:
        found.update(name for row in form.rows for name in (row.id, row.single or "", *row.aliases))
    return Lexicon(frozenset(n for n in (*found, _INDICATORS) if len(n) > 1))


__all__ = ["TELLING", "Lexicon", "Words", "lexicon", "lookalikes", "nearly", "resembles", "resembling", "words"]
