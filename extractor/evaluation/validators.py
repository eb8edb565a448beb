"""Mutation test of the validators: how many mistakes do the identities see, where do they look for them?

Nothing is read again: a correct result is changed in one place and checked again. A mistake counts as detected where an
identity is violated, or holds suspiciously loosely, that did not before; a cell that merely loses its proof does not
count. It is localised where the wrong cell is first among the suspects, alone, and repaired where the first suspect's
repair is the right number. What is violated in the unchanged document is set aside.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path

from extractor.checks import check
from extractor.document import Document
from extractor.evaluation.goldcheck import known_findings
from extractor.evaluation.mutations import KINDS, Kind, Mutation, mutations
from extractor.evaluation.score import BUDGET_TABLES
from extractor.evaluation.suspects import Structure, first, printed, suspects, violated
from extractor.instance import Ref
from extractor.pipeline import Extractor
from extractor.records import Finding, Record, Table
from extractor.specs import Catalogue, catalogue


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
        localised: The first suspect is the cell; of a dropped row, it is in the same table.
        repaired: The repair of the first suspect is what was there.
        place: Rank of the cell among the suspects, 1 for the first; 0 where it is none of them.
        tied: How many other suspects share that rank.
        proven: The cell was proven before.
        after: State of the cell with the mistake in it.
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
        self.known = violated(self.checked)
        self.structure = Structure(self.tables, self.checked, self.specs)

    def alarms(self) -> list[Finding]:
        """Return what the checks say about the unchanged document."""
        return [f for f in self.checked.findings if f.kind in ("contradiction", "rounding")]

    def attempt(self, mutation: Mutation) -> Trial:
        """Make one mistake and check again."""
        tables = mutation.apply(self.tables)
        checked = check(tables, self.specs)
        new = {m: i for m, i in violated(checked).items() if m not in self.known}
        trial = self._named(mutation, tuple(dict.fromkeys(i.id for i in new.values())), checked.tables)
        if not new:
            return trial
        structure = self.structure if mutation.row is None else Structure(tables, checked, self.specs)
        ranked = suspects(structure, self._values(structure, tables, mutation), list(new.values()))
        best = first(ranked)
        if mutation.row is not None:
            return trial.model_copy(update={"localised": best is not None and best.ref.frame == mutation.table})
        wrong = {Ref(*place): was for place, was in mutation.was.items() if mutation.cells[place] is not None}
        ranks = [s.rank for s in ranked if s.ref in wrong]
        at = sum(s.rank < min(ranks) for s in ranked) + 1 if ranks else 0
        tied = sum(s.rank == min(ranks) for s in ranked) - 1 if ranks else 0
        found = best is not None and best.ref in wrong
        right = wrong[best.ref] if best is not None and best.ref in wrong else None
        repaired = best is not None and right is not None and best.repair == right and len(mutation.cells) == 1
        return trial.model_copy(update={"localised": found, "repaired": repaired, "place": at, "tied": tied})

    @staticmethod
    def _values(structure: Structure, tables: Sequence[Table], mutation: Mutation) -> dict[Ref, Decimal]:
        """Return the numbers as they stand with the mistake, those in texts among them."""
        gone = {Ref(*place) for place, value in mutation.cells.items() if value is None}
        kept = {ref: value for ref, value in structure.values.items() if ref not in gone or mutation.row is not None}
        return {**kept, **printed(tables)}

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
            after=again.state if again else "",
        )  # fmt: skip


def _plain(value: Decimal | None) -> str:
    return "(none)" if value is None else f"{value:f}"


def _work(share: Share) -> list[Trial]:
    bench = Bench(share.source)
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
    with ProcessPoolExecutor(jobs) as pool:
        return [trial for done in pool.map(_work, shares) for trial in done]


def false_alarms(sources: Sequence[Path], known: Path) -> list[tuple[str, int, int]]:
    """Return for each unchanged document how much is violated, and how much of it is the office's own mistake."""
    out = []
    for source in sources:
        own = known_findings(known, source.stem)
        said = Bench(source).alarms()
        out.append((source.stem, len(said), sum((f.code, f.line or 0) in own for f in said)))
    return out
