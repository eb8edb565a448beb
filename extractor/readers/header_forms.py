"""Headers with groups that the whole country prints alike, told in text without cells by their names in order.

Too many columns, or too few numbers in a row, keep sums from telling what stands below what
(:mod:`.groups`). A header whose names are, line after line, just those of a known form has that form; the rows must
still add up under it. Cells of different height are centred: 基本支出 then stands a line above 合计 and 项目支出, which
reach down beside its parts. So names on several lines may come in any order that is the form's from left to right.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from extractor.data import data_folder
from extractor.normalize import Line, squeeze

from .group_words import LEAVES, Path, names_rows
from .tokens import split_header

_NONE = "其中:"


def known_form(header: Sequence[Line]) -> tuple[Path, ...]:
    """Return the columns of a header that names just what a known form does, in its order; nothing for others."""
    lines = [[_plain(piece) for piece in split_header(line.text)] for line in header]
    return form_of([[p for p in line if p and not p.isdigit() and not names_rows(p)] for line in lines])


def form_of(names: Sequence[Sequence[str]], *, apart: bool = False) -> tuple[Path, ...]:
    """Return the columns of the known form that has just these names, line after line or centred; or nothing.

    Their order says nothing where a tool writes them ``apart``: cells one by one, merged ones by themselves.
    """
    names = [[_plain(name) for name in line] for line in names]
    every = tuple(name for line in names for name in line)
    if apart:
        return _centred().get(frozenset(every), ()) if len(every) == len(set(every)) else ()
    if every in _forms() or len(every) != len(set(every)) or all(len(line) <= 1 for line in names):
        return _forms().get(every, ())
    columns = _centred().get(frozenset(every), ())
    where = {name: at for at, path in reversed([*enumerate(columns)]) for name in map(_plain, path)}
    ordered = all(where[a] < where[b] for line in names for a, b in pairwise(line)) if columns else False
    return columns if ordered else ()


def _plain(piece: str) -> str:
    return "小计" if piece in LEAVES else squeeze(piece).removeprefix(_NONE)


@lru_cache(maxsize=1)
def _forms() -> Mapping[tuple[str, ...], tuple[Path, ...]]:
    """Return the columns of each form by its names, line by line."""
    lines = (data_folder("schemas") / "header_forms.txt").read_text(encoding="utf-8").splitlines()
    told = [tuple(tuple(name.split("/")) for name in line.split()) for line in lines if line and line[0] != "#"]
    return {_by_line(columns): columns for columns in told}


@lru_cache(maxsize=1)
def _centred() -> Mapping[frozenset[str], tuple[Path, ...]]:
    """Return the columns of each form by its names, where these are different ones, and those of no other form."""
    different = [(names, columns) for names, columns in _forms().items() if len(set(names)) == len(names)]
    sets = [frozenset(names) for names, _ in different]
    return {own: columns for own, (_, columns) in zip(sets, different, strict=True) if sets.count(own) == 1}


def _by_line(columns: Sequence[Path]) -> tuple[str, ...]:
    """Return the names of a form as they are printed: those of the first line, then those of the second."""
    deepest = max(map(len, columns))
    steps = [dict.fromkeys(path[:depth] for path in columns if len(path) >= depth) for depth in range(1, deepest + 1)]
    return tuple(_plain(step[-1]) for line in steps for step in line)
