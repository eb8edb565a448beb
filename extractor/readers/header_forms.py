"""Headers with groups that the whole country prints alike, told in text without cells by their names in order.

Too many columns, or too few numbers in a row, keep sums from telling what stands below what
(:mod:`.groups`). A header whose names are, line after line, just those of a known form has that form; the rows must
still add up under it.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from extractor.data import data_folder
from extractor.normalize import Line, squeeze

from .group_words import LEAVES, Path, names_rows
from .tokens import split_header

_NONE = "其中:"


def known_form(header: Sequence[Line]) -> tuple[Path, ...]:
    """Return the columns of a header that names just what a known form does, in its order; nothing for others."""
    pieces = [_plain(piece) for line in header for piece in split_header(line.text)]
    return _forms().get(tuple(p for p in pieces if p and not p.isdigit() and not names_rows(p)), ())


def form_of(names: Sequence[str]) -> tuple[Path, ...]:
    """Return the columns of the known form that has just these names, in whichever order a tool prints them."""
    wanted = sorted(map(_plain, names))
    found = [columns for told, columns in _forms().items() if sorted(told) == wanted]
    return found[0] if len(found) == 1 else ()


def _plain(piece: str) -> str:
    return "小计" if piece in LEAVES else squeeze(piece).removeprefix(_NONE)


@lru_cache(maxsize=1)
def _forms() -> Mapping[tuple[str, ...], tuple[Path, ...]]:
    """Return the columns of each form by its names, line by line."""
    lines = (data_folder("schemas") / "header_forms.txt").read_text(encoding="utf-8").splitlines()
    told = [tuple(tuple(name.split("/")) for name in line.split()) for line in lines if line and line[0] != "#"]
    return {_by_line(columns): columns for columns in told}


def _by_line(columns: Sequence[Path]) -> tuple[str, ...]:
    """Return the names of a form as they are printed: those of the first line, then those of the second."""
    deepest = max(map(len, columns))
    steps = [dict.fromkeys(path[:depth] for path in columns if len(path) >= depth) for depth in range(1, deepest + 1)]
    return tuple(_plain(step[-1]) for line in steps for step in line)
