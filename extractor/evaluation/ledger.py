"""Books of an invented office: leaf amounts by item and source, from which every printed cell is added up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from extractor.evaluation.forms import FUNDS, LINKS, MAIN, NAMES, WORK, ZERO

_STAFF = ("301", "303")
_CENT = Decimal("0.01")
# What can be printed of an item, as sums of what is drawn.
_SUMS: Mapping[str, tuple[str, ...]] = {
    "basic": ("people", "goods"),
    "gen": ("people", "goods", "work"),
    "fiscal": ("people", "goods", "work", "fund"),
    "treasury": ("people", "goods", "work", "fund", "carry"),
    "project": ("work", "fund", "special", "biz", "upper", "other", "carry"),
    "genproject": ("work", "carry"),
    "genall": ("people", "goods", "work", "carry"),
    "income": ("people", "goods", "work", "fund", "special", "biz", "upper", "other"),
    "total": ("people", "goods", "work", "fund", "special", "biz", "upper", "other", "carry"),
    "three": ("abroad", "hosting", "buy", "run"),
    "cars": ("buy", "run"),
    "l_three": ("l_abroad", "l_hosting", "l_buy", "l_run"),
    "l_cars": ("l_buy", "l_run"),
}


@dataclass
class Ledger:
    """Leaf amounts: by functional item and source, by economic item, and of the “三公” items.

    Attributes:
        rng: Where chance comes from.
        scale: What an amount is multiplied by: 1 for 万元, 10000 and some more digits for 元.
        decimals: Digits after the point.
        rich: Whether funds, fees and other money are there.
    """

    rng: Random
    scale: int = 1
    rich: bool = True
    decimals: int = 2
    items: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    economic: dict[str, Decimal] = field(default_factory=dict)
    public: dict[str, Decimal] = field(default_factory=dict)
    projects: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    bought: dict[str, Decimal] = field(default_factory=dict)

    def amount(self, most: int = 90000) -> Decimal:
        """Draw an amount above zero."""
        cents = self.rng.randint(100, most) * self.scale
        amount = Decimal(cents + (self.rng.randrange(self.scale) if self.scale > 1 else 0))
        return self.rounded(amount.scaleb(-max(2, self.decimals)))

    def rounded(self, amount: Decimal) -> Decimal:
        """Return an amount with as many digits after the point as are printed."""
        return amount.quantize(Decimal(1).scaleb(-self.decimals))

    def chance(self, share: float) -> bool:
        """Toss a coin that falls on true with the given probability."""
        return self.rng.random() < share

    def value(self, name: str, code: str = "") -> Decimal:
        """Add up what is printed under a name: of all items, or of those whose code begins so."""
        if name in self.public or name in ("three", "cars", "l_three", "l_cars"):
            return sum((self.public.get(part, ZERO) for part in _SUMS.get(name, (name,))), ZERO)
        if name == "bought":
            return sum(self.bought.values(), ZERO)
        if name.endswith("_bought"):
            return self.bought[name.removesuffix("_bought")]
        if name == "diff":
            return self.value("gen", code) - self.value("last", code)
        if name == "rate":
            last = self.value("last", code)
            return (self.value("diff", code) / last * 100).quantize(_CENT) if last else ZERO
        if name == "trate":
            last = self.value("last", code)
            change = self.value("income", code) - last
            return (change / last * 100).quantize(_CENT) if last else ZERO
        parts = _SUMS.get(name, (name,))
        rows = [row for key, row in self.items.items() if key.startswith(code)]
        return sum((row.get(part, ZERO) for row in rows for part in parts), ZERO)

    def spent(self, name: str, code: str = "") -> Decimal:
        """Add up basic expenditure by economic class: all of it, staff (people) or running cost (goods)."""
        rows = {key: value for key, value in self.economic.items() if key.startswith(code)}
        staff = sum((value for key, value in rows.items() if key[:3] in _STAFF), ZERO)
        whole = sum(rows.values(), ZERO)
        return {"people": staff, "goods": whole - staff}.get(name, whole)


def keep(seed: int, *, scale: int = 1, rich: bool = True, names: tuple[str, ...] = (), decimals: int = 2) -> Ledger:
    """Draw the books of one office; the same seed always gives the same books."""
    books = Ledger(Random(seed), scale, rich, decimals)
    rng = books.rng
    mains = [rng.choice(MAIN), *sorted(set(LINKS.values()))[: rng.randint(3, 5)]]
    for code in dict.fromkeys(mains):
        books.items[code] = {"people": books.amount(), "goods": ZERO, "work": ZERO}
    head = books.items[mains[0]]
    head["goods"] = books.amount()
    for number, code in enumerate(sorted(rng.sample(WORK, rng.randint(2, 4)))):
        row = books.items.setdefault(code, {})
        row["work"] = row.get("work", ZERO)
        for name in rng.sample(names, min(len(names), rng.randint(1, 2))) or [""]:
            cost = books.amount(30000)
            books.projects[code, name] = books.projects.get((code, name), ZERO) + cost
            row["work"] += cost
        if rich and number == 0:
            row["carry"] = books.amount(9000)
            row["biz"] = books.amount(50000) + books.amount(900)
            row["fee"] = books.rounded(row["biz"] * rng.randint(20, 90) / 100)
        if rich and number == 1:
            row["other"] = books.amount(9000)
    if rich and books.chance(0.6):
        books.items.setdefault(rng.choice(FUNDS), {})["fund"] = books.amount()
    for row in books.items.values():
        general = sum((row.get(part, ZERO) for part in _SUMS["gen"]), ZERO)
        row["last"] = ZERO if not general or books.chance(0.1) else books.rounded(general * rng.randint(80, 115) / 100)
    _spend(books)
    _public(books)
    return books


def _spend(books: Ledger) -> None:
    """Share basic expenditure among economic items."""
    codes = [code for code in NAMES if len(code) == 5 and code > "3"]
    for name, classes in (("people", _STAFF), ("goods", ("302",))):
        pool = [code for code in codes if code[:3] in classes]
        rest = books.value(name)
        for code in sorted(books.rng.sample(pool, min(len(pool), books.rng.randint(4, 8)))):
            part = books.rounded(rest * books.rng.randint(5, 40) / 100)
            books.economic[code] = part
            rest -= part
        last = next(reversed(books.economic))
        books.economic[last] += rest
    books.economic = dict(sorted(books.economic.items()))


def _public(books: Ledger) -> None:
    """Draw the “三公” items of this year and of the last, and what is bought."""
    for when in ("", "l_"):
        for name, share in (("abroad", 0.4), ("hosting", 0.9), ("buy", 0.3), ("run", 0.9)):
            books.public[when + name] = books.amount(4000) if books.chance(share) else ZERO
    for name, code in (("abroad", "30212"), ("hosting", "30217"), ("run", "30231")):
        books.public[name] += books.economic.get(code, ZERO)
    for name in ("goods", "works", "services"):
        books.bought[name] = books.amount(20000) if books.chance(0.8) else ZERO
