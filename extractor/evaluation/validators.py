"""Mutation test of the validators: how many mistakes do the identities see, where do they look for them?

Nothing is read again: a correct result is changed in one place and checked again. A mistake counts as detected where an
identity is violated, or holds suspiciously loosely, that did not before; a cell that merely loses its proof does not
count. It is localised where the likeliest repair (:mod:`extractor.repair`) edits the wrong cell, and repaired where it
gives back what was there. What is violated in the unchanged document is set aside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from extractor.checks import check, complaints
from extractor.document import Document
from extractor.evaluation import processes
from extractor.evaluation.goldcheck import known_findings
from extractor.evaluation.mutations import KINDS, Kind, Mutation, mutations
from extractor.evaluation.score import BUDGET_TABLES
from extractor.findings import cell_ref
from extractor.instance import Instance, Ref
from extractor.pipeline import Extractor
from extractor.records import Finding, Record, Table
from extractor.search import Hypothesis, solve
from extractor.situation import Situation
from extractor.specs import Catalogue, catalogue

_NUMBERS: frozenset[Kind] = frozenset({"digit", "sign", "point", "swap"})  # other numbers in the same cells


class Trial(Record):
    """One mistake and what came of it.

    Attributes:
        document: Name of the document.
        kind: What went wrong.
        table: Table id; likewise ``row``, ``column`` (of the first cell that is wrong).
        was: What is right.
        now: What stands there instead.
        eleven: It is in one of the eleven tables of a budget.
        caught: Identities that are newly violated.
        localised: The likeliest repair edits the cell; of a dropped row, one in the same table.
        repaired: It gives back what was there.
        place: Rank of the first repair that edits the cell; 0 where none does.
        tied: How many other repairs are as likely as that one.
        proven: The cell was proven before.
        after: State of the cell with the mistake in it, where that is not detected.
    """

    document: str
    kind: Kind
    table: str
    row: str
    column: str
    was: str
    now: str
    eleven: bool
    caught: tuple[str, ...]
    localised: bool = False
    repaired: bool = False
    place: int = 0
    tied: int = 0
    proven: bool = False
    after: str = ""

    @property
    def detected(self) -> bool:
        """Whether anything was newly violated."""
        return bool(self.caught)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to try: the documents, how many digits at each place, and every how many mistakes of the other kinds."""

    sources: tuple[Path, ...]
    each: int = 1
    digits_every: int = 1
    others_every: int = 3
    seed: int = 1
    kinds: tuple[Kind, ...] = KINDS


@dataclass(frozen=True, slots=True)
class Share:
    """One process's part of the work: every ``of``-th mistake from ``index`` on, in one document."""

    source: Path
    kind: Kind
    each: int
    every: int
    seed: int
    index: int
    of: int


class Bench:
    """One document, read once; mistakes are tried on its tables."""

    def __init__(self, source: Path) -> None:
        """Read and check the document."""
        self.name = source.stem
        self.specs: Catalogue = catalogue()
        self.result = Extractor(engine="deterministic").extract(Document.from_path(source))
        self.tables: tuple[Table, ...] = self.result.tables
        self.checked = check(self.tables, self.specs)
        self.known = {mark(i, self.checked.tables) for i, _ in self.checked.complaints}

    def alarms(self) -> list[Finding]:
        """Return what the checks say about the unchanged document."""
        return [f for f in self.checked.findings if f.kind in ("contradiction", "rounding")]

    def attempt(self, mutation: Mutation) -> Trial:
        """Make one mistake and check again."""
        tables = mutation.apply(self.checked.tables)
        numbers = mutation.kind in _NUMBERS
        checked = complaints(self.checked, tables) if numbers else check(tables, self.specs)
        marks = [mark(i, checked.tables) for i, _ in checked.complaints]
        new = [i.id for m, (i, _) in zip(marks, checked.complaints, strict=True) if m not in self.known]
        if not new:
            return self._named(mutation, (), check(tables, self.specs).tables)
        trial = self._named(mutation, tuple(dict.fromkeys(new)), tables)
        situation = Situation(checked)
        unknown = {n for n, m in zip(situation.complaints, marks, strict=True) if m not in self.known}
        found = [h for c in solve(situation) if unknown.intersection(c.complaints) for h in c.found]
        found.sort(key=lambda h: h.total)
        return trial.model_copy(update=_judged(mutation, found))

    def _named(self, mutation: Mutation, caught: tuple[str, ...], tables: Sequence[Table]) -> Trial:
        (index, at, column), now = next(iter(mutation.cells.items()))
        table = self.tables[index]
        cell = table.rows[at].cell(column)
        wrong = next((p for p, value in mutation.cells.items() if value is not None), None)
        again = tables[index].rows[wrong[1]].cell(wrong[2]) if wrong and mutation.row is None else None
        return Trial(
            document=self.name, kind=mutation.kind, table=table.id, row=table.rows[at].key, column=column,
            was=_plain(mutation.was[index, at, column]), now=_plain(now), caught=caught,
            eleven=table.id in BUDGET_TABLES, proven=cell is not None and cell.state == "proven",
            after=again.state if again and not caught else "",
        )  # fmt: skip


def mark(instance: Instance, tables: Sequence[Table]) -> tuple[str, str]:
    """Name an instance so that it is recognised when the tables are checked again."""
    cells = (cell_ref(ref, tables) for ref in instance.refs)
    return instance.id, "|".join(f"{c.table} {c.part} {c.row} {c.column}" for c in cells)


def _judged(mutation: Mutation, found: Sequence[Hypothesis]) -> dict[str, Any]:
    """Say whether repairs, the likeliest first, name the cell that is wrong and give back what was there."""
    worlds = [h.world for h in found]
    if mutation.row is not None:
        return {"localised": bool(worlds) and next(iter(worlds[0])).frame == mutation.table}
    was = {Ref(*place): value for place, value in mutation.was.items()}
    places = [n for n, world in enumerate(worlds) if was.keys() & world.keys()]
    if not places:
        return {}
    at = places[0]
    tied = sum(h.total == found[at].total for h in found) - 1
    alone = at == 0 and (tied == 0 or all(was.keys() & w.keys() for w in worlds[: tied + 1]))
    return {"localised": alone, "repaired": alone and worlds[0] == was, "place": at + 1, "tied": tied}


def _plain(value: Decimal | None) -> str:
    return "(none)" if value is None else f"{value:f}"


@lru_cache(maxsize=8)
def _bench(source: Path) -> Bench:
    """Read a document once in a process."""
    return Bench(source)


def _work(share: Share) -> list[Trial]:
    bench = _bench(share.source)
    found = mutations(bench.tables, share.kind, share.seed, each=share.each)
    mine = islice(islice(found, 0, None, share.every), share.index, None, share.of)
    return [bench.attempt(mutation) for mutation in mine]


def run(plan: Plan, *, jobs: int = 1) -> list[Trial]:
    """Try every mistake of a plan, in processes."""
    shares = [
        Share(
            source, kind, plan.each, plan.digits_every if kind == "digit" else plan.others_every, plan.seed, index,
            count,
        )
        for source in plan.sources
        for kind in plan.kinds
        for count in (jobs * 2 if kind == "digit" else 1,)
        for index in range(count)
    ]  # fmt: skip
    if jobs == 1:
        return [trial for share in shares for trial in _work(share)]
    with processes.pool(jobs) as pool:
        return [trial for done in pool.map(_work, shares) for trial in done]


def false_alarms(sources: Sequence[Path], known: Path) -> list[tuple[str, int, int]]:
    """Return for each unchanged document how much is violated, and how much of it is the office's own mistake."""
    out = []
    for source in sources:
        own = known_findings(known, source.stem)
        said = Bench(source).alarms()
        out.append((source.stem, len(said), sum((f.code, f.line or 0) in own for f in said)))
    return out
