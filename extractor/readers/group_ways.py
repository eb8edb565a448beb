"""The ways in which the names of a header without cells may stand below each other."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from extractor.normalize import Line

from .group_words import BEFORE, LEAVES, WHOLE, WITHIN, Path, may_stand, names_rows
from .tokens import split_header

_RATE = re.compile(r"[%率]\)?$|比例$|比重$|幅度$")  # what is one number has no parts
_NO_NAME = re.compile(r"[\d※*]+|(?:19|20)\d\d年度?|备注")
_PLACES = "栏次"
_DEEP = 3  # lines of a header
_FLAT = 2  # lines of a header at least, if one cell stands on each


@dataclass(slots=True)
class Work:
    """Steps that are left for one header: hostile names would stand below each other in millions of ways."""

    left: int

    def spend(self, steps: int = 1) -> bool:
        """Take steps from what is left; whether there were as many."""
        self.left = max(0, self.left - steps)
        return self.left > 0


def ways(header: Sequence[str], work: Work) -> Iterator[tuple[Path, ...]]:
    """Yield the columns for every way in which the names of a header may stand below each other."""
    printed = [split_header(line) for line in header]
    printed = [kept for line in printed if (kept := [p for p in line if not _NO_NAME.fullmatch(p)])]
    if len(printed) > _FLAT and all(len(line) == 1 for line in printed):  # one cell on each line of the text
        flat = [name for line in printed for name in line]
        again = next((i for i in range(2, len(flat)) if flat[i] == flat[0]), 0)
        if again and len(flat) % again == 0:
            yield from _aligned([flat[i : i + again] for i in range(0, len(flat), again)])
        names = [name for name in flat if not names_rows(name)]
        # What says what a row is stands in front: behind other names it begins the next line.
        sure = {
            sum(not names_rows(n) for n in flat[:i])
            for i, (left, right) in enumerate(pairwise(flat), 1)
            if names_rows(right) and not names_rows(left)
        }
        if flat[-1] == _PLACES:  # behind all names it begins a line of numbers
            sure -= {len(names)}
        yield from in_lines(names, sure, work)
        return
    if len({len(line) for line in printed}) == 1:
        yield from _aligned(printed)
        if len({line[0] for line in printed}) == 1:
            return  # every line names every column
    lines = [kept for line in printed if (kept := _without_labels(line))]
    if 0 < len(lines) <= _DEEP:
        yield from trees(lines, work)


def in_lines(names: Sequence[str], sure: Collection[int], work: Work) -> Iterator[tuple[Path, ...]]:
    """Yield the columns for every way to part names into lines, ``sure`` being where lines begin."""
    for count in range(len(sure), _DEEP):
        for cut in combinations(range(1, len(names)), count):
            if set(sure) <= set(cut):
                yield from trees([names[a:b] for a, b in pairwise((0, *cut, len(names)))], work)


def repeated(lines: Sequence[Line]) -> bool:
    """Whether each line of a header begins anew with what names the rows, and has as many names."""
    printed = [split_header(line.text) for line in lines]
    return len(lines) > 1 and len({(line[0], len(line)) for line in printed if line}) == 1 and len(printed[0]) > 1


def _aligned(lines: Sequence[Sequence[str]]) -> Iterator[tuple[Path, ...]]:
    """Yield the columns of lines that name each of them: merged cells are printed again in every one."""
    paths = [tuple(dict.fromkeys(path)) for path in zip(*lines, strict=True)]
    kept = tuple(path for path in paths if not names_rows(path[-1]))
    if len(lines) > 1 and kept and paths[-len(kept) :] == list(kept) and len(kept) < len(paths):
        yield kept


def _without_labels(line: Sequence[str]) -> list[str]:
    """Return the names of a line without those in front that say what a row is."""
    first = next((i for i, name in enumerate(line) if not names_rows(name)), len(line))
    return list(line[first:])


def trees(lines: Sequence[Sequence[str]], work: Work) -> Iterator[tuple[Path, ...]]:
    """Yield the columns for every way in which the names of each line stand below those of the lines above."""
    if lines and all(lines):
        yield from _further(tuple((name,) for name in lines[0]), lines[1:], work, 1)


def _further(
    leaves: tuple[Path, ...], lines: Sequence[Sequence[str]], work: Work, depth: int
) -> Iterator[tuple[Path, ...]]:
    if not lines:
        yield leaves
        return
    for below in _below(leaves, lines[0], work, depth):
        yield from _further(below, lines[1:], work, depth + 1)


def _below(leaves: tuple[Path, ...], names: Sequence[str], work: Work, depth: int) -> Iterator[tuple[Path, ...]]:
    """Yield the columns if the names of a line stand below some of the line above, in their order."""
    if not names:
        yield leaves
        return
    if not leaves or not work.spend():
        return
    head, *rest = leaves
    for others in _below(tuple(rest), names, work, depth):
        yield (head, *others)
    if len(head) < depth or WHOLE.search(head[-1]) or _RATE.search(head[-1]):
        return  # a sum, or a rate, has no parts below it, and a group has its own on the next line
    for count in range(2, len(names) + 1):
        if WHOLE.search(names[0]) and names[count - 1] in LEAVES:
            break  # it begins the next group
        if any(name in LEAVES for name in names[1 : count - 1]):
            break  # a sum that stands behind its parts ends a group
        if not all(may_stand(name, head) for name in names[:count]):
            continue
        own = tuple((*head, name) for name in names[:count])
        for others in _below(tuple(rest), names[count:], work, depth):
            yield from ((*first, *own, *others) for first in _said(head, names[:count]))


def _said(head: Path, names: Sequence[str]) -> Iterator[tuple[Path, ...]]:
    """Yield what stands in front of the parts of a group: nothing, or the group's sum."""
    if not WITHIN.match(names[0]):  # which is said of what stands in front of it
        yield ()
    if LEAVES.isdisjoint((names[0], names[-1])) and not BEFORE.search(head[-1]):
        yield (head,)  # the group's name is that of its sum
