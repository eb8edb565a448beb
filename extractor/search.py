"""The search for the likeliest edits under which violated identities hold: branch and bound, exact where it ends.

Every set of edits has a price: what they cost, and the weight of the identities that are violated with them all the
same. Nothing changed is such a set too: then the office erred. Complaints that share an edit are searched together,
others apart. At each step one violated identity is chosen, and each change that makes it hold is tried, then none of
them. A branch ends where even the cheapest way to mend the rest would be dearer than the best set found by more than
:data:`WIDE`. An edit must be worth its cost at the moment it is made, and one that none of the chosen identities asks
for is never tried.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from .changes import Change, Changes
from .instance import Ref
from .situation import VIOLATED, LimitError, Situation

MARGIN, WIDE = 10, 20
"""Sets of edits whose prices differ by no more than this are ties: ten to one is no decision, and a hundred to one is
none where a single identity speaks for either.
"""
_SLACK = 5  # by how much an edit may cost more than what it mends is worth
_LOOSE = 30  # the same, for a sum that holds within rounding: what would make it exact is worth a look
_MOST = 6  # edits in one set
_LEAST = 5  # the cheapest edit there is
_EACH, _WHOLE = 1_500, 4_000  # evaluations for one identity's readings, and for a search
_Key = tuple[tuple[Ref, Decimal | None], ...]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A set of edits; ``total`` is its price against nothing changed, negative where it is likelier."""

    changes: tuple[Change, ...]
    total: int

    @property
    def cost(self) -> int:
        """Cost of the edits."""
        return sum(change.cost for change in self.changes)

    @property
    def world(self) -> dict[Ref, Decimal | None]:
        """What would stand where."""
        return {ref: value for change in self.changes for ref, value in change.values}


@dataclass(slots=True)
class Cluster:
    """Complaints that hang together, and what may have been printed.

    Attributes:
        complaints: Identities, as numbers of the situation.
        found: The best sets of edits, the likeliest first, and its ties; without any where none is worth it.
        complete: Everything was looked at.
    """

    complaints: list[int]
    found: list[Hypothesis] = field(default_factory=list)
    complete: bool = True


def solve(known: Situation) -> list[Cluster]:
    """Return what may have been printed, cluster by cluster; complaints that nothing explains come one by one."""
    changes = Changes(known)
    pool: dict[int, list[Change]] = {}
    alone: dict[tuple[int, _Key], list[Change]] = {}
    cut: set[int] = set()
    for number in known.complaints:
        known.allow(_EACH)
        pool[number] = []
        try:
            alone[number, ()] = changes.of(number, {})
            pool[number] = [
                c
                for c in alone[number, ()]
                if c.cost + known.balance(c.on({})) < (_LOOSE if number in known.loose else _SLACK)
            ]
        except LimitError:
            cut.add(number)
    clusters = _clusters(known, pool)
    for cluster in sorted(clusters, key=lambda c: len(c.complaints)):
        known.allow(_WHOLE)
        cluster.complete = not cut.intersection(cluster.complaints)
        near = {c.values: c for number in cluster.complaints for c in pool[number]}
        if near:
            search = _Search(known, changes, cluster.complaints, list(near.values()), alone)
            try:
                search.descend((), 0, frozenset())
            except LimitError:
                cluster.complete = False
            cluster.found = search.ties()
    return clusters


def _clusters(known: Situation, pool: Mapping[int, Sequence[Change]]) -> list[Cluster]:
    """Put complaints together that some change touches both of."""
    root = {number: number for number in pool}

    def top(number: int) -> int:
        while root[number] != number:
            number = root[number]
        return number

    for number, found in pool.items():
        for change in found:
            for other in known.touched(ref for ref, _ in change.values):
                if other in root:
                    root[max(top(number), top(other))] = min(top(number), top(other))
    groups: dict[int, Cluster] = {}
    for number in pool:
        groups.setdefault(top(number), Cluster([])).complaints.append(number)
    return list(groups.values())


class _Search:
    def __init__(
        self, known: Situation, allowed: Changes, complaints: Sequence[int], pool: Sequence[Change],
        alone: Mapping[tuple[int, _Key], list[Change]],
    ) -> None:  # fmt: skip
        self._known, self._allowed, self._complaints = known, allowed, complaints
        self._found: dict[frozenset[tuple[Ref, Decimal | None]], Hypothesis] = {}
        self._best = 0
        # What mending an identity costs at least: an edit's cost, shared among the complaints that it touches.
        self._shares: dict[int, list[tuple[int, _Key]]] = {}
        for change in pool:
            touched = [n for n in known.touched(ref for ref, _ in change.values) if n in complaints]
            for number in touched:
                self._shares.setdefault(number, []).append((change.cost // len(touched), change.values))
        self._changes = dict(alone)

    def descend(self, chosen: tuple[Change, ...], total: int, excluded: frozenset[_Key]) -> None:
        """Try every set of edits that begins with these."""
        world = {ref: value for change in chosen for ref, value in change.values}
        if chosen:
            self._note(Hypothesis(chosen, total))
        if len(chosen) >= _MOST:
            return
        open_ = self._open(world)
        gone = set(excluded)
        while self._bound(open_, total, gone) <= self._best + WIDE:
            ways = self._ways(open_, world, total, chosen, gone)
            if not ways:
                return
            for price, change in sorted(ways, key=lambda w: w[0]):
                self.descend((*chosen, change), price, frozenset(gone))
                gone.add(change.values)

    def _open(self, world: Mapping[Ref, Decimal | None]) -> list[int]:
        """Return the identities that are violated now, those among them that hold without the edits."""
        numbers = dict.fromkeys([*self._complaints, *self._known.touched(world)])
        return [n for n in numbers if self._known.violated(n, world) and not self._known.instances[n].soft]

    def _bound(self, open_: Iterable[int], total: int, gone: set[_Key]) -> int:
        """Return the least that a set of edits can come to from here."""
        rest = 0
        for number in open_:
            weight = VIOLATED if number not in self._known.loose else self._known.weight(number, {})
            known = [share for share, key in self._shares.get(number, ()) if key not in gone]
            least = min(known, default=_LEAST if number not in self._shares else weight)
            rest += max(0, weight - least)
        return total - rest

    def _ways(
        self, open_: Sequence[int], world: Mapping[Ref, Decimal | None], total: int, chosen: tuple[Change, ...],
        gone: set[_Key],
    ) -> list[tuple[int, Change]]:  # fmt: skip
        """Return the changes for one open identity, that with the fewest, each with the price of all edits then."""
        best: list[tuple[int, Change]] = []
        cost = sum(change.cost for change in chosen)
        for number in open_:
            ways = []
            for change in self._for(number, world):
                if change.values in gone:
                    continue
                price = cost + change.cost + self._known.balance(change.on(world))
                if price < total + (_LOOSE if number in self._known.loose else _SLACK):
                    ways.append((price, change))
            if ways and (not best or len(ways) < len(best)):
                best = ways
        return best

    def _for(self, number: int, world: Mapping[Ref, Decimal | None]) -> list[Change]:
        rows = {(ref.frame, ref.row) for ref in self._known.instances[number].refs}
        key = number, tuple((ref, v) for ref, v in world.items() if (ref.frame, ref.row) in rows)
        if key not in self._changes:
            self._changes[key] = self._allowed.of(number, world)
        return self._changes[key]

    def _note(self, found: Hypothesis) -> None:
        key = frozenset(found.world.items())
        known = self._found.get(key)
        if known is None or found.total < known.total:
            self._found[key] = found
            self._best = min(self._best, found.total)

    def ties(self) -> list[Hypothesis]:
        """Return the best set of edits and those that are about as likely, none of which has an edit to spare."""
        if not self._found:
            return []
        ranked = sorted(self._found.values(), key=lambda h: (h.total, h.cost, [_place(r) for r in h.world]))
        held = sum(self._known.holds(n, ranked[0].world) for n in self._complaints)
        most = ranked[0].total + (WIDE if held < 2 else MARGIN)
        near = [(frozenset(h.world.items()), h) for h in ranked if h.total <= most]
        return [h for key, h in near if not any(k < key and o.total <= h.total for k, o in near)]


def _place(ref: Ref) -> tuple[int, int, str]:
    return ref.frame, ref.row, ref.column
