"""Structure: which row is a part of which, and the row keys of the facts contract."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from extractor.amount import half_unit
from extractor.heading_words import OFFICE_NAME
from extractor.normalize import squeeze
from extractor.specs import Catalogue

from .labels import TOTALS
from .rows import RawRow

_CLASS = 3  # digits of a class
_UNCODED = "it carries no code and is no total; the table's sums don't reach it"


def coded(rows: Sequence[RawRow], labelled: frozenset[str] = frozenset()) -> None:
    """Link a coded table: item below group below class below total, by code and not by order.

    ``labelled`` are the rows without a code that the spec knows. A table of one row without a name has its total.
    """
    total = _total(rows)
    if total is None and len(rows) == 1 and not rows[0].code and not rows[0].label:
        rows[0].kind, rows[0].role, rows[0].key = "total", "总计", "总计"
    by_code: dict[str, int] = {}
    for index, row in enumerate(rows):
        if row.code:
            row.kind, row.role, row.key = "code", row.code, row.code
            first = by_code.setdefault(row.code, index)
            if first != index and row.text and rows[first].text and row.text != rows[first].text:
                row.doubt = row.doubt or f"its code stands above with another name, in line {rows[first].line}"
        elif row.bare in labelled:
            row.key = row.role = row.bare
        elif row.kind != "total":
            row.key, again = row.bare, total is not None and _of_the_one_office(row, rows[total])
            row.doubt = row.doubt or ("" if again else _UNCODED)
    for index, row in enumerate(rows):
        if row.code:
            row.parent = _ancestor(row.code, by_code, total)
            if row.parent == index:
                row.parent = total


def _of_the_one_office(row: RawRow, total: RawRow) -> bool:
    """Whether a row says the total again under the name of the only office that there is."""
    told = [[(t.text, t.cell) for t in r.items] for r in (row, total)]
    return bool(row.items) and told[0] == told[1] and OFFICE_NAME.search(row.bare) is not None


def by_names(rows: Sequence[RawRow], catalogue: Catalogue, first: str) -> bool:
    """Link a table of a classification that prints no codes, if each row is named like an item of the one above."""
    rest = [row for row in rows if row.bare not in TOTALS]
    found = [] if any(row.code for row in rows) else codes_of([row.bare for row in rest], catalogue, first)
    if not found:
        return False
    total = _total(rows)
    index = {code: i for i, row in enumerate(rows) for r, code in zip(rest, found, strict=True) if r is row}
    for code, i in index.items():
        steps = [step for length in (3, 5, 7) if (step := code[:length]) in index and length <= len(code)]
        rows[i].role, rows[i].key = code, "/".join(dict.fromkeys(rows[index[step]].bare for step in steps))
        rows[i].parent = index[steps[-2]] if len(steps) > 1 else total
    return True


def codes_of(labels: Sequence[str], catalogue: Catalogue, first: str) -> list[str]:
    """Return the codes of rows that have only names, each named like an item below the one before it, or beside it.

    ``first`` are the digits that codes of the classification begin with. Nothing where a row has no such name, or none
    is below another.
    """
    codes = _codes(catalogue, first)
    found: list[str] = []
    for label in labels:
        above = found[-1] if found else ""
        own = next((c for g in _below(above) for c in codes.get(label, ()) if _fits(c, g)), None)
        if own is None:
            return []
        found.append(own)
    return found if len(set(found)) == len(found) and any(len(code) > _CLASS for code in found) else []


@lru_cache(maxsize=8)
def _codes(catalogue: Catalogue, first: str) -> Mapping[str, Sequence[str]]:
    """Return the codes of a classification by their names."""
    codes: dict[str, list[str]] = {}
    for code, known in catalogue.names.items():
        if code[0] in first:
            for name in known:
                codes.setdefault(squeeze(name), []).append(code)
    return codes


def _below(above: str) -> Iterator[str]:
    """Yield what a row below another may belong to, the nearest first: it, what it is a part of, nothing."""
    while above:
        yield above
        above = above[: -2 if len(above) > _CLASS else 0]
    yield ""


def _fits(code: str, group: str) -> bool:
    """Whether a code is of the level below a group, or of the first."""
    return code.startswith(group) and len(code) == (len(group) + 2 if group else _CLASS)


def _ancestor(code: str, by_code: dict[str, int], total: int | None) -> int | None:
    for length in (5, 3):
        if length < len(code) and code[:length] in by_code:
            return by_code[code[:length]]
    return total


def _total(rows: Sequence[RawRow]) -> int | None:
    found = None
    for index, row in enumerate(rows):
        if row.code is None and row.bare in TOTALS:
            row.kind, row.role, row.key = "total", "总计", "总计"
            if found is None:
                found = index
            elif [t.text for t in row.items] == [t.text for t in rows[found].items]:
                row.role = None  # first and last row alike: the same total, and not to be counted twice
            else:
                row.doubt = f"the table has a total above, in line {rows[found].line}"
    return found


def projects(rows: Sequence[RawRow]) -> None:
    """Link a project table: project below group below class below unit below total.

    A unit row carries no code; the rows below it are its own until the next unit. Where the sums don't agree with
    that, the rows concerned are doubted.
    """
    total = _total(rows)
    _same_code(rows)
    units = [i for i, r in enumerate(rows) if r.code is None and r.kind != "total" and not r.doubt]
    for row in rows:
        if row.doubt:
            row.key = row.bare
    for index in units:
        rows[index].kind, rows[index].role = "unit", None
        rows[index].key, rows[index].parent = rows[index].bare, total
    owner: int | None = None
    owners: list[int | None] = []
    for index in range(len(rows)):
        owner = index if index in units else owner
        owners.append(owner)
    _link_projects(rows, owners, total)
    if len(units) > 1:
        _doubt_owners(rows, owners)
    _doubt_units(rows, units, owners, total)


def _same_code(rows: Sequence[RawRow]) -> None:
    """Take other names below an item, with its own code in front, for its projects: one column holds both names."""
    above: RawRow | None = None
    for row in rows:
        if row.code and above is not None and row.code == above.code and not row.project and not above.project:
            if row.label and row.text != above.text:
                row.label, row.project = [], row.label
        else:
            above = row if row.code else None


def _doubt_units(rows: Sequence[RawRow], units: Sequence[int], owners: Sequence[int | None], total: int | None) -> None:
    """Doubt rows below what may be no unit, and rows above every unit where a table has units."""
    strange = {i for i in units if not OFFICE_NAME.search(rows[i].bare)}
    if strange and total is not None and not _adds_up(rows, units, frozenset(), total):
        for row, owner in zip(rows, owners, strict=True):
            if owner in strange:
                row.doubt = row.doubt or f"the row {rows[owner].bare} above may be no unit: the units don't add up"
    for row, owner in zip(rows, owners, strict=True):
        if units and owner is None and row.code:
            row.doubt = "it stands above every unit although the table has units; a unit row may be lost"


def _link_projects(rows: Sequence[RawRow], owners: Sequence[int | None], total: int | None) -> None:
    groups: dict[int | None, dict[str, int]] = {}
    for index, row in enumerate(rows):
        if row.code and not row.project:
            groups.setdefault(owners[index], {}).setdefault(row.code, index)
    for index, row in enumerate(rows):
        if not row.code:
            continue
        owner = owners[index]
        own = groups.get(owner, {})
        base = total if owner is None else owner
        prefix = "" if owner is None else rows[owner].bare + "/"
        project = squeeze("".join(t.text for t in row.project))
        row.kind = "project" if project else "code"
        row.key = f"{prefix}{row.code}" + (f"/{project}" if project else "")
        covered = bool(project) and row.code in own  # the item has a row of its own above its projects
        row.role = None if covered else row.code
        row.parent = own[row.code] if covered else _ancestor(row.code, own, base)
        if row.parent == index:
            row.parent = base


def _doubt_owners(rows: Sequence[RawRow], owners: Sequence[int | None]) -> None:
    """Where a unit isn't the sum of the classes below it, some of its rows may be another unit's."""
    classes: dict[int | None, list[int]] = {}
    for index, row in enumerate(rows):
        classes.setdefault(row.parent, []).append(index)
    bad = {u for u in set(owners) if u in classes and u is not None and not _adds_up(rows, classes[u], frozenset(), u)}
    for row, owner in zip(rows, owners, strict=True):
        if owner in bad and row.code:
            row.doubt = row.doubt or f"the rows below {rows[owner].bare} don't add up to it"


def flat(rows: Sequence[RawRow]) -> None:
    """Link a table of free names none of which is a part of another: all below the total."""
    total = _total(rows)
    for row in rows:
        if row.kind != "total":
            row.kind, row.key, row.parent = "project", row.text, total


def items(rows: Sequence[RawRow], offices: frozenset[str]) -> None:
    """Link a table of free names: projects below units below the total.

    Which rows are units isn't printed. The first assumption under which the first numbers add up is taken: rows
    named like an office, the first row, none, or whatever row is the sum of those after it.
    """
    total = _total(rows)
    rest = [i for i in range(len(rows)) if rows[i].kind != "total"]
    guesses = list(dict.fromkeys(_unit_guesses(rows, rest, offices)))
    fitting = [(units, ends) for units, ends in guesses if _adds_up(rows, rest, units, total, ends)]
    guess, ends = (fitting or guesses)[0]
    named = frozenset(i for i in rest if rows[i].bare in offices or OFFICE_NAME.search(rows[i].bare))
    several = len(fitting) > 1 and not any(rows[i].bare in offices for i in guess)
    if several or (named and guess and not named & guess):
        for index in rest:
            rows[index].doubt = "which rows are units isn't printed, and the sums fit several ways"
    owner: int | None = None
    for index in rest:
        row = rows[index]
        if index in guess:
            owner = index
            row.kind, row.key, row.parent = "unit", row.bare, total
        else:
            owner = None if index in ends else owner
            office = row.unit or (rows[owner].bare if owner is not None else "")
            prefix = f"{office}/" if office else ""
            row.kind, row.key = "project", prefix + row.text
            if len(row.text) == 1:
                row.doubt = row.doubt or "its name is one character, perhaps the end of the header's last name"
            row.parent = owner if owner is not None else total


def _unit_guesses(
    rows: Sequence[RawRow], rest: Sequence[int], offices: frozenset[str]
) -> Iterator[tuple[frozenset[int], frozenset[int]]]:
    """Yield rows that may be units, each time with the rows that are below none again."""
    named = frozenset(i for i in rest if rows[i].bare in offices)
    ending = frozenset(i for i in rest if OFFICE_NAME.search(rows[i].bare))
    if named:
        yield named, frozenset()
    if ending:
        yield ending, frozenset()
    if rest:
        yield frozenset(rest[:1]), frozenset()
    yield frozenset(), frozenset()
    sums = _running_sums(rows, rest)
    yield frozenset(sums), frozenset()
    yield frozenset(sums), frozenset(sums.values())


def _running_sums(rows: Sequence[RawRow], rest: Sequence[int]) -> dict[int, int]:
    """Return the rows that are the sum of those after them, each with the first row that is no part of it any more."""
    found, index = dict[int, int](), 0
    while index < len(rest):
        target, total = _first(rows[rest[index]]), Decimal(0)
        for end in range(index + 1, len(rest)):
            total += _first(rows[rest[end]])
            if abs(total - target) <= half_unit(target) * (end - index + 1):
                found[rest[index]] = rest[end + 1] if end + 1 < len(rest) else -1
                index = end
                break
            if total > target:
                break
        index += 1
    return found


def _adds_up(
    rows: Sequence[RawRow],
    rest: Sequence[int],
    units: frozenset[int],
    total: int | None,
    ends: frozenset[int] = frozenset(),
) -> bool:
    sums: dict[int | None, list[Decimal]] = {}
    owner = total
    for index in rest:
        if index in units:
            owner = index
            sums.setdefault(total, []).append(_first(rows[index]))
        else:
            owner = total if index in ends else owner
            sums.setdefault(owner, []).append(_first(rows[index]))
    for parent, parts in sums.items():
        if parent is None:
            continue
        target = _first(rows[parent])
        if abs(sum(parts) - target) > half_unit(target) * (len(parts) + 1):
            return False
    return all(unit in sums for unit in units)


def _first(row: RawRow) -> Decimal:
    return next((t.amount.value for t in row.items if t.amount), Decimal(0))
