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

_INDICATORS = "指标"  # what keys of indicators begin with


@lru_cache(maxsize=1)
def lookalikes() -> Mapping[str, frozenset[str]]:
    """Return the characters that look like each character, by the shapes of two fonts (``schemas/lookalikes.txt``).

    Raises:
        SpecError: The file is missing.
    """
    path = data_folder("schemas") / "lookalikes.txt"
    try:
        found = path.read_text(encoding="utf-8").split()
    except OSError as error:
        raise SpecError(f"{path.name}: can't be read: {error}") from None
    out: dict[str, set[str]] = {}
    for line in found:
        for other in line[1:]:
            out.setdefault(line[0], set()).add(other)
            out.setdefault(other, set()).add(line[0])
    return {c: frozenset(others) for c, others in out.items()}


@dataclass(frozen=True)
class Lexicon:
    """Every name that is printed in the same words everywhere: codes' names, labels, columns, rows of prose."""

    names: frozenset[str]

    @cached_property
    def by_length(self) -> Mapping[int, Sequence[str]]:
        """The names by their number of characters."""
        out: dict[int, list[str]] = {}
        for name in sorted(self.names):
            out.setdefault(len(name), []).append(name)
        return out

    @cached_property
    def pairs(self) -> Counter[str]:
        """How often two characters stand side by side in them."""
        return Counter(a + b for name in self.names for a, b in pairwise(name))


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


__all__ = ["Lexicon", "lexicon", "lookalikes"]
