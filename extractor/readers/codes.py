"""Codes of rows that may be misread: what name stands beside them, here and in other tables and everywhere."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from extractor.normalize import squeeze

from .labels import Labels
from .rows import RawRow

_TELLING = 5  # characters of a name that few codes have
_BOTH = 2  # classifications by economic class
_TOLD = 4  # characters of a name that two codes hardly have
_CLASS = 3  # digits of a code that is part of no other
_ITEM = 7  # digits of a code of the lowest level
_REST = re.compile("其他.+支出")


def printed_names(votes: Mapping[str, Counter[str]], names: Mapping[str, str]) -> dict[str, str]:
    """Names by code as this document prints them: the form that most of its tables agree on."""
    out = {}
    for code, counter in votes.items():
        name, count = counter.most_common(1)[0]
        if count > 1 or code not in names:
            out[code] = name
    return out


def rivals(votes: Mapping[str, Counter[str]], labels: Labels) -> dict[tuple[str, str], str]:
    """Return another code by each code and name, where the name seems to be the other's and nobody knows the code.

    More tables print it beside the other; or as many, and both stand in one group, or the group isn't printed.
    """
    bearing: dict[str, list[str]] = {}
    for code, counter in votes.items():
        for name in counter:
            bearing.setdefault(name, []).append(code)
    several = {name: codes for name, codes in bearing.items() if len(codes) > 1}
    known = {squeeze(n) for names in labels.catalogue.names.values() for n in names} if several else set()
    out = {}
    for name, codes in several.items():
        for code in (c for c in codes if c not in labels.catalogue.names):
            for other in codes:
                more = votes[other][name] - votes[code][name]
                near = code != other and code[:-2] == other[:-2]
                nested = code.startswith(other) or other.startswith(code)
                apart = not nested and name not in known and len(name) >= _TOLD
                alone = code[:-2] not in votes and other[:-2] in votes
                if more >= 0 and (near or (apart and (more or alone))):
                    out[code, name] = other
    return out


def siblings(names: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Codes by their names, grouped by the code above them."""
    found: dict[str, dict[str, str]] = {}
    for code, name in names.items():
        found.setdefault(_group(code), {}).setdefault(name, code)
    return found


def _group(code: str) -> str:
    """Return the code above one; of a class the digit of its classification."""
    return code[:-2] if len(code) > _CLASS else code[:1]


def doubt_codes(
    rows: Sequence[RawRow], names: Mapping[str, str], rivals: Mapping[tuple[str, str], str],
    siblings: Mapping[str, Mapping[str, str]], labels: Labels,
) -> None:  # fmt: skip
    """Doubt rows whose printed name belongs to a code beside theirs: the code, or the name, is misread."""
    doubted: list[str] = []
    named = any(row.code and row.label for row in rows)
    for row in rows:
        if row.code and row.items and not row.label and named:
            row.doubt = row.doubt or "no name stands beside its code"
        if not row.code or not row.label:
            continue
        below = siblings.get(row.code, {}).get(squeeze("".join(t.text for t in row.project)))
        if below:
            row.doubt = row.doubt or f"its name is that of code {below}, whose last digits may be lost"
        known = labels.catalogue.names.get(row.code, ())
        own = {names[row.code], *(squeeze(n) for n in known)} if known else set()
        beside = siblings.get(_group(row.code), {}).get(row.text)
        bearers = (
            labels.bearers.get((len(row.code), row.text), frozenset()) if len(row.text) >= _TELLING else frozenset()
        )
        few = bearers if row.code not in bearers and len(bearers) <= (1 if known else _BOTH) else frozenset()
        other = rivals.get((row.code, row.text)) or beside
        other = other if other not in (None, row.code) else next(iter(sorted(few)), None)
        if other and row.text not in own:
            row.doubt = f"the printed name {row.name} belongs to code {other}, not {row.code}"
            doubted.append(row.code)
        elif not known and _rest_elsewhere(row.code, row.text):
            row.doubt = row.doubt or f"the code of {row.name} ends in 99 elsewhere, not as {row.code} does"
    for row in rows:
        above = next((code for code in doubted if row.code and row.code != code and row.code.startswith(code)), "")
        if above:
            row.doubt = row.doubt or f"the code {above} above it may be misread"


def _rest_elsewhere(code: str, name: str) -> bool:
    """Whether a code isn't one of those that what is left of a group has: 99, or 98 in a few."""
    return len(code) == _ITEM and "99" not in (code[3:5], code[5:]) and code[5:] != "98" and bool(_REST.fullmatch(name))
