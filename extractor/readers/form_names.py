"""Names of indicators in running text: broken over lines before, after or around their values."""

from collections.abc import Sequence
from itertools import pairwise

from .form_head import Header
from .form_reading import FREE, LEVELS, Reading, broken, printed
from .form_tokens import Token

_WHY = "lines of a name stand above and below its values, and the text doesn't tell which belong to this one"
_LONGEST = 40  # characters of the rest of a name
_SPILT = "the reason for a score stands between two names, without a mark between them"


def spill(reads: Sequence[Reading], header: Header) -> bool:
    """Part the reason for a low score from the name below it; return whether cells are broken over lines.

    Where points are missing, an office gives the reason in the last column, and text before the next target is more
    than a name. Without broken cells the line break tells; else the widths of the lines do, and the name is doubted.
    """
    spilt = [pair for pair in pairwise(reads) if "deviation" in header.kinds and _short(*pair)]
    apart = [id(r) for _, r in spilt]
    if "deviation" in header.kinds:
        for before, read in pairwise(reads):
            known = {"weight", "score"} <= before.indicator.cells.keys()
            if not known and not read.levelled and len(read.name_lines()) > 1:
                read.doubt(_SPILT)
    wrapped = broken(c for r in reads for k, c in r.cells.items() if k != "name" or id(r) not in apart)
    widths = [len(printed(line)) for r in reads if id(r) not in apart for line in r.name_lines()]
    for before, read in spilt:
        lines = read.name_lines()
        sure = not wrapped and len(lines) == 2
        cut = 1 if sure else _cut(lines, max(widths, default=0))
        if not sure:
            read.doubt(_SPILT)
            before.doubt(_SPILT)
        first = sum(len(line) for line in lines[:cut])
        name = read.take("name")
        for token in name[first:]:
            read.put("name", token)
        for token in name[:first] if sure else ():
            before.put("deviation", token)
    return wrapped


def _short(before: Reading, read: Reading) -> bool:
    weight, score = before.indicator.number("weight"), before.indicator.number("score")
    low = weight is not None and score is not None and score < weight and "deviation" not in before.cells
    return low and not read.levelled and len(read.name_lines()) > 1


def _cut(lines: Sequence[Sequence[Token]], width: int) -> int:
    """Return after how many lines the name begins: lines are full but for the last of a cell; 0 where that is open."""
    sizes = [len(printed(line)) for line in lines]
    good = []
    for cut in range(1, len(sizes)):
        above, name = sizes[:cut], sizes[cut:]
        full = all(s >= max(above) - 1 for s in above[:-1]) and all(s >= width - 1 for s in name[:-1])
        if full and max(name) <= width:
            good.append(cut)
    return good[0] if len(good) == 1 else 0


def around(reads: list[Reading]) -> None:
    """Give the lines of names below their values back to them.

    Text left over before a level, or at the end, shows that names are centred beside their values: as many lines
    stand below as above. Where that holds all through, it is how the form was printed; else names are doubted. Where
    nothing is left over, names stand before their values.
    """
    groups = _groups(reads)
    left = [_left_over(group) for group in groups]
    if left:
        _last_left_over(groups, left)
    if not any(left):
        _no_leftovers(groups)
        return
    plans = [_plan(group, len({t.line for t in rest})) for group, rest in zip(groups, left, strict=True)]
    for group, rest, plan in zip(groups, left, plans, strict=True):
        if plan is None:
            for read in group:
                read.doubt(_WHY)
            continue
        for (before, read), count in zip(pairwise(group), plan, strict=True):
            first = sum(len(line) for line in read.name_lines()[:count])
            name = read.take("name")
            for token in name[:first]:
                before.put("name", token)
            for token in name[first:]:
                read.put("name", token)
        for token in rest:
            group[-1].put("name", token)


def _last_left_over(groups: Sequence[Sequence[Reading]], left: list[list[Token]]) -> None:
    """Empty what is left over behind the last row where the document goes on with it, and doubt that row's name."""
    inner = [
        rest for group, rest in zip(groups[:-1], left, strict=False) if _above(group[-1]) and not _on_line(group[-1])
    ]
    last = groups[-1][-1]
    if (inner and not any(inner)) or not _name_like(left[-1], _above(last)):
        if left[-1] and len(printed(left[-1])) <= _LONGEST:
            last.doubt(_WHY)
        left[-1] = []


def _groups(reads: list[Reading]) -> list[list[Reading]]:
    """Cut the rows at levels; a row of nothing but a name is what is left over of the row above."""
    groups: list[list[Reading]] = []
    for index, read in enumerate(list(reads)):
        after = reads[index + 1] if index + 1 < len(reads) else None
        if read.cells.keys() == {"name"} and groups and (after is None or after.levelled):
            groups[-1][-1].noise += read.cells["name"]
            continue
        if read.levelled or not groups:
            groups.append([])
        groups[-1].append(read)
    reads[:] = [read for group in groups for read in group]
    return groups


def _left_over(group: Sequence[Reading]) -> list[Token]:
    """Take the text behind the last row of a group, where the row's cells are whole and its name stands above."""
    last = group[-1]
    if _on_line(last) or not _above(last):
        return []
    end = max(t.pieces[-1].place.start for k, cell in last.cells.items() if k not in LEVELS for t in cell if not t.tail)
    rest = [t for t in last.noise if t.pieces[0].place.start > end and t.shape in FREE]
    last.noise = [t for t in last.noise if not any(t is r for r in rest)]
    weight, score = last.indicator.number("weight"), last.indicator.number("score")
    full = weight is not None and weight == score
    if not rest and full and "deviation" in last.cells and last.cells["deviation"][0].line != last.value_line:
        lines = {t.line for t in last.cells["deviation"]}
        if len(lines) == _above(last) and all(t.shape in FREE for t in last.cells["deviation"]):
            rest = last.take("deviation")
    return rest


def _name_like(rest: Sequence[Token], above: int) -> bool:
    """Whether text behind the last row could be the rest of its name, and isn't what the document goes on with."""
    lines = {t.line for t in rest}
    return len(lines) <= above + 1 and len(printed(rest)) <= _LONGEST and not any(c in printed(rest) for c in "。;:")


def _above(read: Reading) -> int:
    """Count the lines of a name above the line of its values."""
    line = read.value_line
    return sum(line is None or tokens[0].line < line for tokens in read.name_lines())


def _beside(read: Reading) -> bool:
    """Whether several values stand side by side, so that lines are rows of the page and names can be centred."""
    line = read.value_line
    return sum(t.line == line for k, cell in read.cells.items() if k not in LEVELS and k != "name" for t in cell) > 1


def _on_line(read: Reading) -> bool:
    """Whether a part of the name stands on the line of the values."""
    line = read.value_line
    return any(tokens[0].line == line for tokens in read.name_lines())


def _plan(group: Sequence[Reading], left: int) -> list[int] | None:
    """Return how many lines of each name but the first belong to the row above; None where the centring fails."""
    if not all(_beside(read) for read in group):
        return None
    plan = []
    carry = _above(group[0])
    for read in group[1:]:
        own = _above(read) - carry
        if own < 0 or (own == 0 and not _on_line(read)):
            return None
        plan.append(carry)
        carry = own
    return plan if carry == left else None


def _no_leftovers(groups: Sequence[Sequence[Reading]]) -> None:
    """Doubt a name above its values before a name on the line of its values: a line between may be of either."""
    if any(_above(group[-1]) and not _on_line(group[-1]) for group in groups):
        return  # the last name of a group is whole above its values, so all are
    for group in groups:
        for before, read in pairwise(group):
            whole = not _above(before) and _on_line(before) and _beside(before)  # all on one line, for all one can tell
            if (whole or (_above(before) and not _on_line(before))) and _above(read) and _on_line(read):
                before.doubt(_WHY)
                read.doubt(_WHY)
