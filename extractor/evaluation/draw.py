"""Draws the leaf amounts of a random budget; nothing is added up here.

Draws happen in a fixed order, so that a seed means the same budget for ever.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from extractor.evaluation.forms import (
    BRANCHES,
    CAPITAL,
    FUNDS,
    LINKS,
    MAIN,
    NAMES,
    OFFICES,
    PROJECTS,
    REGIONS,
    WORK,
    ZERO,
    Path,
    Vector,
)


def _empty_money() -> defaultdict[str, defaultdict[str, Decimal]]:
    """Make the ledger of a plan: amounts by item code and source, zero unless drawn."""
    return defaultdict(lambda: defaultdict(Decimal))


@dataclass
class Plan:
    """Everything that is drawn at random; the tables only add it up."""

    rng: Random
    year: int
    office: str
    units: Path
    unit_rows: bool
    total_last: bool
    money: defaultdict[str, defaultdict[str, Decimal]] = field(default_factory=_empty_money)
    basic: dict[str, Decimal] = field(default_factory=dict)
    projects: dict[Path, Vector] = field(default_factory=dict)
    carried: dict[Path, Vector] = field(default_factory=dict)

    def chance(self, share: float) -> bool:
        """Toss a coin that falls on true with the given probability."""
        return self.rng.random() < share

    def amount(self) -> Decimal:
        """Draw an amount above zero, of a few orders of magnitude."""
        return Decimal(self.rng.randint(1, self.rng.choice((900, 9000, 9000, 300000)))).scaleb(-2)

    def part(self, whole: Decimal) -> Decimal:
        """Draw a part of an amount, from nothing to all of it."""
        return Decimal(self.rng.randint(0, int(whole.scaleb(2)))).scaleb(-2)

    def names(self, count: int) -> list[str]:
        """Draw different project names, some of them with digits."""
        low, high = self.rng.randint(1, 4999999), self.rng.randint(50000000, 99999999)
        dated = [f"{self.year}年市委专项", f"{self.year} 年自治区补助资金", f"特定目标 {low:08d}"]
        return self.rng.sample([*PROJECTS, *dated, f"特定目标{high}"], count)


def draw(rng: Random) -> Plan:
    """Draw the office and all leaf amounts."""
    region = rng.choice(REGIONS)
    name = region + rng.choice(OFFICES)
    units = (name, *(region + branch for branch in rng.sample(BRANCHES, rng.randint(0, 2))))
    rows = len(units) > 1 or rng.random() < 0.5
    plan = Plan(rng, rng.randint(2021, 2026), rng.choice(("部门", "单位")), units, rows, rng.random() < 0.5)
    _draw_basic(plan)
    if plan.chance(0.9):
        _draw_projects(plan)
    _draw_sources(plan)
    if plan.chance(0.65):
        _draw_carried(plan)
    return plan


def _draw_basic(plan: Plan) -> None:
    """Draw the economic items, and put each under the functional item that pays for it."""
    codes = [code for code in NAMES if len(code) == 5 and code > "3"]
    mains = plan.rng.sample(MAIN, plan.rng.randint(1, 2))
    for code in sorted({"30101", "30201", *plan.rng.sample(codes, plan.rng.randint(6, len(codes)))}):
        plan.basic[code] = plan.amount()
        main = plan.rng.choice(mains)
        target = LINKS.get(code, main) if plan.chance(0.7) else main
        plan.money[target]["基本"] += plan.basic[code]


def _draw_projects(plan: Plan) -> None:
    """Draw the projects of each unit, with one to three economic categories each."""
    upper = plan.chance(0.3)
    for unit in plan.units:
        for code in sorted(plan.rng.sample(WORK, plan.rng.randint(1, 3))):
            for name in plan.names(plan.rng.randint(1, 4)):
                values = [ZERO] * 10
                for _ in range(plan.rng.choice((1, 1, 2, 3))):
                    values[plan.rng.choice((1, 1, plan.rng.randrange(10)))] = plan.amount()
                path = (unit, code[:3], code[:5], f"{code}/{name}")[not plan.unit_rows :]
                plan.projects[path] = (sum(values, ZERO), *values)
                plan.money[code]["项目"] += plan.projects[path][0]
    for money in list(plan.money.values()) if upper else []:
        money["c4"] = plan.part(money["项目"])


def _draw_sources(plan: Plan) -> None:
    """Draw the money that is not general budget: units' own, funds, state capital."""
    codes = sorted(plan.money)
    for code in plan.rng.sample(codes, plan.rng.choice((0, 1, 1, min(3, len(codes))))):
        amount = plan.amount()
        plan.money[code][plan.rng.choice(("c9", "c10", "c10", "c10"))] += amount
        plan.money[code]["其他基本"] += plan.part(amount) if plan.chance(0.2) else ZERO
    for code in plan.rng.sample(FUNDS, plan.rng.choice((0, 0, 1, 2))):
        money = plan.money[code]
        money["c5"] = plan.amount()
        money["c6"] = plan.amount() if plan.chance(0.3) else ZERO
        money["人员"] = plan.part(money["c5"]) if plan.chance(0.3) else ZERO
        money["公用"] = plan.part(money["c5"] - money["人员"]) if plan.chance(0.3) else ZERO
    if plan.chance(0.15):
        plan.money[CAPITAL]["c7"] = plan.amount()


def _draw_carried(plan: Plan) -> None:
    """Draw what was carried over, for items that have other money and for some that have none."""
    mixed = plan.chance(0.4)
    for unit in plan.units[: plan.rng.randint(1, len(plan.units))]:
        for name in plan.names(plan.rng.randint(1, 3)):
            money = plan.money[plan.rng.choice([*sorted(plan.money), "2069999"])]
            source, slot = int(mixed and plan.chance(0.5)), plan.rng.choice((0, 1, 2, 2, 2, 2))
            amount = plan.amount()
            spots = {0, 1 + 4 * source, 2 + 4 * source + slot}
            plan.carried[unit, name] = tuple(amount if spot in spots else ZERO for spot in range(9))
            money[f"c{11 + source}"] += amount
            money["其他基本"] += amount if slot < 2 else ZERO
