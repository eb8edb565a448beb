"""Random department budgets that are consistent by construction.

Only leaf amounts are drawn; every other cell is added up from them, so that each hard
identity of the eleven tables holds and the true reading of every cell is known. Measuring
on such budgets shows what a reader does with shapes that the few real samples do not have.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from extractor.evaluation.draw import Plan, draw
from extractor.evaluation.forms import (
    CAPITAL,
    FISCAL,
    FUNDS,
    LEFT,
    NAMES,
    THREE_PUBLIC,
    ZERO,
    Layout,
    Path,
    Vector,
    layouts,
)
from extractor.evaluation.score import Fact, normalise


@dataclass(frozen=True)
class Sheet:
    """One printed table; ``places`` gives row and column in ``rows`` of each of its facts.

    The facts meant are those of the budget with this ``table_id``, in their order. A fact
    that stands in the note has the place (-1, -1). ``lead`` are the lines above it; where there are none, ``表 N`` and
    the title are written.
    """

    table_id: str
    number: int
    title: str
    header: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[str, ...], ...]
    note: str | None
    places: tuple[tuple[int, int], ...] = ()
    lead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Budget:
    """A consistent budget: the printed grids and the facts that they state."""

    name: str
    year: int
    sheets: tuple[Sheet, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class _Side:
    """One side of a printed row: its labels, its amounts, and the columns they stand for."""

    key: str
    labels: Path
    values: Vector
    columns: Path
    name: str = ""


def _leaves(plan: Plan) -> dict[str, dict[Path, Vector]]:
    """Turn the ledger into the lowest rows of every table with one row per item."""
    tables: defaultdict[str, dict[Path, Vector]] = defaultdict(dict)
    for code, money in sorted(plan.money.items()):
        general = money["基本"] + money["项目"]
        sources = (general - money["c4"], *(money[f"c{number}"] for number in range(4, 13)))
        fiscal, total = sum(sources[:6], ZERO), sum(sources, ZERO)
        basic = money["基本"] + money["其他基本"] + money["人员"] + money["公用"]
        fund, people, goods = money["c5"] + money["c6"], money["人员"], money["公用"]
        capital = money["c7"] + money["c8"]
        for table, values in {
            "revenue": (total, fiscal, *sources),
            "expenditure": (total, basic, total - basic),
            "general_expenditure": (general, money["基本"], money["项目"]),
            "government_fund": (fund, people, goods, fund - people - goods),
            "state_capital": (capital, ZERO, ZERO, capital),
            "fiscal_appropriation": (fiscal, general, fund, capital),
        }.items():
            if any(values):
                tables[table][code[:3], code[:5], code] = values
    for code, amount in plan.basic.items():
        people = amount if code[:3] in {"301", "303"} else ZERO
        tables["basic_expenditure"][code[:3], code] = (amount, people, amount - people)
    return tables | {"project_expenditure": plan.projects, "carryover": plan.carried}


def _roll(leaves: Mapping[Path, Vector]) -> dict[Path, Vector]:
    """Add leaf rows up to every level above them, the total being the empty path."""
    rows: dict[Path, Vector] = {}
    for path, values in leaves.items():
        for size in range(len(path) + 1):
            above = rows.get(path[:size], (ZERO,) * len(values))
            rows[path[:size]] = tuple(a + b for a, b in zip(above, values, strict=True))
    return rows


def _labels(element: str, width: int) -> Path:
    """Print the last element of a path into the label cells of a row."""
    code, _, project = element.partition("/")
    if width == 1:
        return (element,)
    if code not in NAMES:
        code, name = "", code
    else:
        name = NAMES[code]
    parts = (code[:3], code[3:5], code[5:7])[: min(width, 4) - 1]
    return (*parts, name, *((project,) if width == 5 else ()))


def _listed(plan: Plan, layout: Layout, leaves: Mapping[Path, Vector]) -> list[tuple[_Side, ...]]:
    """Lay out a table that has one row per path, its total first or last."""
    width = len(layout.header[0]) - len(layout.columns)
    label = "合计" if plan.total_last else "总计"
    rolled = _roll(leaves)
    rows: list[tuple[_Side, ...]] = []
    for path, values in rolled.items():
        element = path[-1] if path else label
        key = "总计"
        if path:
            key = "/".join(dict.fromkeys((path[0], element))) if path[0] in plan.units else element
        name = NAMES.get(element.partition("/")[0], "")
        rows.append((_Side(key, _labels(element, width), values, layout.columns, name),))
    if not rows and plan.total_last:
        return [(_Side("总计", _labels(label, width), (ZERO,) * len(layout.columns), layout.columns),)]
    return [*rows[1:], rows[0]] if plan.total_last else rows


def left_keys(labels: Iterable[str]) -> list[str]:
    """Derive the row keys of the income side from the numbering of its labels."""
    keys: list[str] = []
    above = ["", ""]
    for label in labels:
        level = 0 if label[0] in "一二" else 1 if label[0].isdigit() else 2
        above = [*above[:level], re.sub(r"^(其中：|[一二]、|\d[.、] ?)", "", label)]
        keys.append("/".join(above))
    return keys


def _income(plan: Plan, totals: Vector) -> Vector:
    """List the amounts of the income side of the first table, label by label."""
    own, carried, other = totals[9], totals[10], totals[11]
    first = plan.part(own) if plan.chance(0.4) else own
    places = plan.rng.sample(range(5), 2)
    parts = [first if i == places[0] else own - first if i == places[1] else ZERO for i in range(5)]
    codes = plan.money.items()
    fund = sum((money["c11"] for code, money in codes if code in FUNDS), ZERO)
    capital = sum((money["c11"] for code, money in codes if code == CAPITAL), ZERO)
    special = plan.part(other) if plan.chance(0.3) else ZERO
    triples = (amount for i in (2, 4, 6) for amount in (totals[i] + totals[i + 1], *totals[i : i + 2]))
    year = totals[1] + totals[8] + own
    sources = (carried - fund - capital, fund, capital)
    left = (year, *triples, totals[8], own, *parts)
    return (*left, carried + other, carried, *sources, other, special, other - special)


def _two_sided(
    left: Sequence[_Side], totals: Sequence[_Side], classes: Mapping[str, Vector], columns: Path
) -> list[tuple[_Side, ...]]:
    """Lay out a table with income on the left and every class of expenditure on the right."""
    blank = _Side("", ("",), (ZERO,), columns[:1])
    rows: list[tuple[_Side, ...]] = []
    for code, name in NAMES.items():
        if len(code) == 3 and code < "3":
            side = left[len(rows)] if len(rows) < len(left) else blank
            values = classes.get(code, (ZERO,) * len(columns))
            rows.append((side, _Side(code, (f"{code} {name}",), values, columns, name)))
    return [*rows, tuple(totals)]


def _overall(plan: Plan, layout: Layout, revenue: Mapping[Path, Vector]) -> list[tuple[_Side, ...]]:
    """Lay out the first table from the column totals of the second."""
    columns = layout.columns
    totals = revenue[()]
    text = LEFT
    if plan.office == "单位":  # the wording of the other sample
        for old, new in (("、财", ".财"), ("、非财政拨款结转结余", ".非财政拨款结余"), (". ", ".")):
            text = text.replace(old, new)
        text = re.sub(r"(?<!性)基金预算拨款", "政府性基金预算拨款", text)
    labels = text.split("|")
    amounts = zip(left_keys(labels), labels, _income(plan, totals), strict=True)
    left = [_Side(key, (label,), (value,), columns) for key, label, value in amounts]
    ends = [_Side(label, (label,), totals[:1], columns) for label in ("收入总计", "支出总计")]
    classes = {path[0]: values[:1] for path, values in revenue.items() if len(path) == 1}
    return _two_sided(left, ends, classes, columns)


def _fiscal(layout: Layout, rolled: Mapping[Path, Vector]) -> list[tuple[_Side, ...]]:
    """Lay out the fourth table: the appropriations by budget and by class."""
    columns, totals = layout.columns, rolled[()]
    keys = ("财政拨款", *(f"财政拨款/{label}" for label in FISCAL[1:]))
    amounts = zip(keys, FISCAL, totals, strict=True)
    left = [_Side(key, (label,), (value,), columns[:1]) for key, label, value in amounts]
    ends = (
        _Side("收入总计", ("收入总计",), totals[:1], columns[:1]),
        _Side("支出总计", ("支出总计",), totals, columns),
    )
    return _two_sided(left, ends, {path[0]: row for path, row in rolled.items() if len(path) == 1}, columns)


def _three_public(plan: Plan, layout: Layout, fund: Decimal) -> list[tuple[_Side, ...]]:
    """Lay out the tenth table: what basic expenditure has, and some more inside projects."""
    parts: list[Vector] = []
    for code in ("30212", "30217", "", "30231"):
        general = plan.basic.get(code, ZERO)
        if plan.projects and plan.chance(0.4):
            general += plan.amount()
        other = plan.part(fund) if plan.chance(0.2) else ZERO
        fund -= other
        parts.append((general + other, general, other, ZERO))
    abroad, reception, purchase, running = parts
    cars = tuple(a + b for a, b in zip(purchase, running, strict=True))
    total = tuple(a + b + c for a, b, c in zip(abroad, reception, cars, strict=True))
    keys = [re.sub(r"^其中：|（小计）$", "", label) for label in THREE_PUBLIC]
    keys = ["总计", *keys[1:4], *(f"{keys[3]}/{key}" for key in keys[4:])]
    rows = zip(keys, THREE_PUBLIC, (total, abroad, reception, cars, purchase, running), strict=True)
    return [(_Side(key, (label,), values, layout.columns),) for key, label, values in rows if any(total)]


def _fact(table: str, side: _Side, column: str, value: str, *, unit: str = "") -> Fact:
    """Write one fact as the contract wants it; a unit makes it a number."""
    kind = "number" if unit else "text"
    place = {"table": table, "row": normalise(side.key), "column": column}
    return {**place, "kind": kind, "value": value, "unit": unit, "line": None}


def _sheet(plan: Plan, number: int, layout: Layout, rows: Iterable[tuple[_Side, ...]]) -> tuple[Sheet, list[Fact]]:
    """Print the rows of a table, and note each value as a fact together with its cell."""
    table = layout.table_id
    facts: list[Fact] = []
    places: list[tuple[int, int]] = []
    grid: list[Path] = []
    for sides in rows:
        cells: list[str] = []
        for side in sides:
            start = len(cells)
            cells += [*side.labels, *(f"{value:.2f}" if value else "" for value in side.values)]
            if side.name and any(side.values):
                spot = next(i for i, label in enumerate(side.labels) if label.endswith(side.name))
                facts.append(_fact(table, side, "名称", normalise(side.name)))
                places.append((len(grid), start + spot))
            start += len(side.labels)
            for spot, (column, value) in enumerate(zip(side.columns, side.values, strict=True)):
                if value:
                    facts.append(_fact(table, side, column, f"{value:.2f}", unit="万元"))
                    places.append((len(grid), start + spot))
        grid.append(tuple(cells))
    note = None
    if not facts:
        subject = layout.title.removesuffix("支出情况表").removesuffix("情况明细表")
        subject += "拨款" if subject.endswith("预算") else ""
        note = f"{plan.units[0]} {plan.year} 年没有使用{subject}安排的支出，{layout.title}为空表。"
        facts.append(_fact(table, _Side("*", (), (), ()), "空表", "true"))
        places.append((-1, -1))
    return Sheet(table, number, layout.title, layout.header, tuple(grid), note, tuple(places)), facts


def generate(seed: int) -> Budget:
    """Make one budget; the same seed always makes the same budget."""
    plan = draw(Random(seed))
    leaves = _leaves(plan)
    funds = sum((values[0] for values in leaves["government_fund"].values()), ZERO)
    sheets: list[Sheet] = []
    facts: list[Fact] = []
    for number, layout in enumerate(layouts(plan.office), start=1):
        if layout.table_id == "revenue_expenditure":
            rows = _overall(plan, layout, _roll(leaves["revenue"]))
        elif layout.table_id == "fiscal_appropriation":
            rows = _fiscal(layout, _roll(leaves["fiscal_appropriation"]))
        elif layout.table_id == "three_public":
            rows = _three_public(plan, layout, funds)
        else:
            rows = _listed(plan, layout, leaves[layout.table_id])
        sheet, found = _sheet(plan, number, layout, rows)
        sheets.append(sheet)
        facts += found
    return Budget(plan.units[0], plan.year, tuple(sheets), tuple(facts))
