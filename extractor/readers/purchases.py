"""Rows of a procurement table with three levels of words and one column of amounts, with cells or without.

一、货物A is a kind; what ends with how it is bought (政府集中采购) is a purchase; all else is a project with its
economic item, the sum of the purchases below it. Nothing but these words tells the levels apart, so a table is read
this way only if every sum holds to the last digit. A cell that wraps stands above and below the line with the amount,
alike: as many lines of its name as were above follow below.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from extractor.normalize import squeeze

from .body import Body
from .labels import TOTALS
from .rows import RawRow
from .tokens import Token

_BOUGHT = re.compile(r"(?:政府|部门|单位)?集中采购|政府统一采购|分散(?:采购|自行组织|自行采购)|自行(?:采购|组织)")
_HOW = re.compile(r"(?:政府)?采购(?:组织形式|组织方式|形式|方式)")
_PROJECT = 2  # level of a project with its economic item
_KIND = re.compile(r"^[一二三四五六七八九十]、")
_UNSURE = "which of the words around its amount are its name isn't told"


@dataclass(slots=True)
class _Entry:
    """An amount with the words of its line, and the lines of words above and below that belong to it."""

    amount: Token
    words: list[Token]
    above: list[list[Token]] = field(default_factory=list)
    below: list[list[Token]] = field(default_factory=list)

    @property
    def first(self) -> str:
        return squeeze(self.words[0].text) if self.words else squeeze("".join(t.text for w in self.above for t in w))

    @property
    def bought(self) -> bool:
        return bool(self.words) and bool(_BOUGHT.fullmatch(squeeze(self.words[-1].text)))

    @property
    def level(self) -> int:
        return 0 if self.first in TOTALS else 1 if _KIND.match(self.first) else 3 if self.bought else 2

    @property
    def value(self) -> Decimal:
        return self.amount.amount.value if self.amount.amount else Decimal(0)


def purchases(body: Body, names: Mapping[str, Sequence[str]]) -> list[RawRow] | None:
    """Return the rows; None where the table isn't one of these, or some sum fails.

    Args:
        body: The lines of the table.
        names: Names of the classification by code, by which economic items are known.
    """
    entries = _entries(body)
    if not any(e.bought for e in entries) or not _holds(entries):
        return None
    items = frozenset(squeeze(n) for code, known in names.items() if code.startswith("3") for n in known)
    rows: list[RawRow] = []
    at: dict[int, int] = {}
    project = ""
    for index, entry in enumerate(entries):
        level = entry.level
        row = RawRow((entry.words or [entry.amount])[0].line, items=[entry.amount])
        if entry.bought and (heading := _HOW.search(body.header)):
            row.texts[heading.group()] = [entry.words[-1]]
        row.label = [t for part in (*entry.above, entry.words, *entry.below) for t in part]
        if level == 0:
            row.kind, row.key = "total", "总计"
        else:
            row.parent = max((i for above, i in at.items() if above < level), default=None)
            above = rows[row.parent] if row.parent is not None else None
            own, row.doubt = _name(_once(entry, above), items, project)
            # A project that isn't printed again is the one above, unless its name went to the purchase in between.
            carried = level == _PROJECT and bool(project) and project not in row.text and own.startswith(f"{project}/")
            row.doubt = row.doubt or (_UNSURE if carried and rows and rows[-1].doubt else "")
            project = own.split("/", 1)[0] if level == _PROJECT else project
            row.key = f"{above.key}/{own}" if above is not None and above.kind != "total" else own
            # A cell that wraps has as many lines above as below; what is below a name in doubt has it in its own.
            odd = len(entry.above) != len(entry.below) or (level > _PROJECT and above is not None and bool(above.doubt))
            row.doubt = row.doubt or (_UNSURE if odd and level >= _PROJECT else "")
        rows.append(row)
        at = {**{k: i for k, i in at.items() if k < level}, level: index}
    return rows


def in_levels(rows: Sequence[RawRow], known: Sequence[RawRow]) -> None:
    """Put a model's rows under the levels in which the same amounts were read: it names rows, and not their levels.

    A row whose name isn't in the key that its amount was read under is doubted.
    """
    same = len(rows) == len(known) and all(
        a.items and b.items and a.items[0].spans == b.items[0].spans for a, b in zip(rows, known, strict=True)
    )
    if not same or not any(row.key.count("/") > 1 for row in known):
        return
    for row, other in zip(rows, known, strict=True):
        row.key, row.kind, row.parent, row.doubt = other.key, other.kind, other.parent, other.doubt
        if row.kind != "total" and row.bare not in row.key:
            row.doubt = row.doubt or f"a model names the row of this amount {row.bare}"


def _entries(body: Body) -> list[_Entry]:
    """Cut the lines at their amounts; nothing where a line has several."""
    out: list[_Entry] = []
    open_: list[list[Token]] = []
    for line in body.lines:
        amounts = [t for t in line if t.kind == "number" and t.priced]
        words = _in_cells([t for t in line if t.kind == "text"])
        if not amounts:
            open_ += [words] if words else []
        elif len(amounts) > 1:
            return []
        else:
            owed = min(len(out[-1].above), len(open_)) if out and out[-1].level else 0
            if out:
                out[-1].below = open_[:owed]
            out.append(_Entry(amounts[0], words, open_[owed:]))
            open_ = []
    if out:
        out[-1].below = open_[: len(out[-1].above)]
    return out


def _in_cells(words: Sequence[Token]) -> list[Token]:
    """Put the words of each cell of a grid together; without cells each stands for itself."""
    out: list[Token] = []
    for token in words:
        if out and token.cell is not None and token.cell == out[-1].cell:
            out[-1] = replace(out[-1], text=out[-1].text + token.text, spans=(*out[-1].spans, *token.spans))
        else:
            out.append(token)
    return out


def _holds(entries: Sequence[_Entry]) -> bool:
    """Whether every entry with some of the next level below it is their sum, and each of the upper levels has some."""
    for index, entry in enumerate(entries):
        if entry.level == 3:
            continue
        below = []
        for other in entries[index + 1 :]:
            if other.level <= entry.level:
                break
            if other.level == entry.level + 1:
                below.append(other.value)
        if sum(below) != entry.value:
            return False
    return bool(entries) and entries[0].level == 0


def _once(entry: _Entry, above: RawRow | None) -> _Entry:
    """Leave away what a purchase repeats of the row above it, as where a cell over several rows goes on overleaf."""
    again = squeeze("/".join(t.text for t in entry.words[:-2]))
    same = entry.bought and above is not None and again and above.key.endswith(f"/{again}")
    return replace(entry, words=entry.words[-2:]) if same else entry


def _name(entry: _Entry, items: Container[str], project: str) -> tuple[str, str]:
    """Return the name of an entry, and why it isn't certain."""
    words = [squeeze(t.text) for t in entry.words]
    around = [[squeeze(t.text) for t in line] for line in (*entry.above, *entry.below)]
    if entry.level < _PROJECT and len(words) == 1:  # a kind of purchase never wraps: the words around are the header's
        return _KIND.sub("", words[0]), ""
    if entry.level != _PROJECT:
        words = words[:-1] if entry.bought else words
        whole = [squeeze("".join(t.text for t in line)) for line in entry.above]
        rest = [squeeze("".join(t.text for t in line)) for line in entry.below]
        sure = len(words) <= 1 and all(len(line) == 1 for line in around)
        text = "".join([*whole, *words, *rest])
        return _KIND.sub("", text), "" if sure and text else _UNSURE
    for left, right in _columns(words, around, len(entry.above)):
        if right in items:
            name = left or project
            return f"{name}/{right}" if name else right, "" if name else _UNSURE
    return "/".join([*words, *("".join(line) for line in around)]), _UNSURE


def _columns(words: Sequence[str], around: Sequence[Sequence[str]], above: int) -> list[tuple[str, str]]:
    """Return the ways of putting words into two columns, project and economic item: pairs of their whole texts."""
    lines = [*around[:above], list(words), *around[above:]]
    out = []
    for alone in (0, 1):  # the column of the lines of words that hold one piece only
        for middle in (0, 1):  # and of the line of the amount
            columns: list[str] = ["", ""]
            for index, line in enumerate(lines):
                if len(line) == 1:
                    columns[middle if index == above else alone] += line[0]
                elif len(line) == 2:
                    columns = [columns[0] + line[0], columns[1] + line[1]]
                elif line:
                    return []
            out.append((columns[0], columns[1]))
    return out
