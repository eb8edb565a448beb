"""Scores of a run by table, document, reader and state: counts first, ratios from counts, nothing out of nothing.

Only documents that were read are scored. A crash, a refusal or a missing file is counted beside the scores, never as a
zero and never as a pass.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce

from pydantic import Field

from extractor.evaluation.cases import CaseRun, Saved
from extractor.evaluation.page import Grid, Page, Plot, Series
from extractor.evaluation.score import BUDGET_TABLES, Score, score
from extractor.evaluation.score import show as ratio
from extractor.records import STATES, Record


class Counts(Record):
    """What is added up: number facts, text facts, states (predicted and right), lines, and the sum of similarities."""

    gold: int = 0
    predicted: int = 0
    right: int = 0
    text_gold: int = 0
    text_predicted: int = 0
    text_right: int = 0
    similarity: float = 0.0
    silent: int = 0
    lined: int = 0
    line_right: int = 0
    states: dict[str, tuple[int, int]] = Field(default_factory=dict)

    def __add__(self, other: "Counts") -> "Counts":
        states = {
            s: (self.states.get(s, (0, 0))[0] + n, self.states.get(s, (0, 0))[1] + r)
            for s, (n, r) in other.states.items()
        }
        summed = {name: getattr(self, name) + getattr(other, name) for name in Counts.model_fields if name != "states"}
        return Counts(**summed, states={**self.states, **states})

    @classmethod
    def of(cls, found: Score) -> "Counts":
        """Take the counts of a score."""
        return cls(
            gold=found.number.gold, predicted=found.number.predicted, right=found.number.right,
            text_gold=found.text.gold, text_predicted=found.text.predicted, text_right=found.text.right,
            similarity=(found.text_similarity or 0.0) * found.text.gold,
            silent=found.silent_errors, lined=found.lined, line_right=found.line_right,
            states={s: (c.predicted, c.right) for s, c in found.states.items()},
        )  # fmt: skip

    @property
    def ratios(self) -> dict[str, float | None]:
        """The ratios that follow; None where the denominator is empty."""
        share = {
            "precision": (self.right, self.predicted),
            "recall": (self.right, self.gold),
            "f1": (2 * self.right, self.gold + self.predicted),
            "silent_error_rate": (self.silent, self.predicted),
            "text_f1": (2 * self.text_right, self.text_gold + self.text_predicted),
            "text_similarity": (self.similarity, self.text_gold),
            "line_accuracy": (self.line_right, self.lined),
        }
        return {name: part / whole if whole else None for name, (part, whole) in share.items()}

    def known(self) -> "Counts":
        """Return itself as it is kept: similarity to six digits, so that two runs give the same bytes."""
        return self.model_copy(update={"similarity": round(self.similarity, 6)})


class Scores(Record):
    """The scores of a run, as JSON has them.

    Attributes:
        engine: As in the run.
        model: As in the run.
        outcomes: Cases by outcome.
        refusals: Tables about which a model refused to answer.
        total: All documents that were read.
        groups: Counts ``by`` table, document and reader, by name; ``eleven`` is the eleven tables of a budget.
        cases: What became of each case.
    """

    engine: str
    model: str
    outcomes: dict[str, int]
    refusals: int
    total: Counts
    groups: dict[str, dict[str, Counts]]
    cases: tuple[CaseRun, ...]


def scores(saved: Saved) -> Scores:
    """Score a run: one score for each table of each document that was read, added up."""
    atoms: list[tuple[str, str, str, Counts]] = []
    for case in saved.run.cases:
        if case.outcome != "read":
            continue
        gold, found = saved.gold[case.name], saved.predicted[case.name]
        readers = {f["table"]: str(f.get("reader", "")) for f in found}
        for table in sorted({f["table"] for f in gold} | {f["table"] for f in found}):
            counts = Counts.of(score(gold, found, tables=frozenset({table})))
            atoms.append((table, case.name, readers.get(table, "(not read)"), counts))
    by: Mapping[str, Callable[[tuple[str, str, str, Counts]], str]] = {
        "table": lambda a: a[0],
        "document": lambda a: a[1],
        "reader": lambda a: a[2],
        "part": lambda a: "eleven tables" if a[0] in BUDGET_TABLES else "prose and forms",
    }
    groups = {
        name: {key: _sum(a[3] for a in atoms if pick(a) == key) for key in sorted({pick(a) for a in atoms})}
        for name, pick in by.items()
    }
    outcomes = {o: sum(c.outcome == o for c in saved.run.cases) for o in ("read", "crash", "refused", "missing")}
    return Scores(
        engine=saved.run.engine, model=saved.run.model, outcomes=outcomes,
        refusals=sum(c.refusals for c in saved.run.cases), total=_sum(a[3] for a in atoms),
        groups=groups, cases=saved.run.cases,
    )  # fmt: skip


def _sum(counts: Iterable[Counts]) -> Counts:
    return reduce(Counts.__add__, counts, Counts()).known()


HEAD = ("gold", "found", "right", "precision", "recall", "F1", "silent", "silent rate", "text F1", "similar", "lines")


def row(counts: Counts) -> tuple[str, ...]:
    """Write counts as the cells under :data:`HEAD`."""
    r = {name: ratio(value) for name, value in counts.ratios.items()}
    return (
        str(counts.gold), str(counts.predicted), str(counts.right), r["precision"], r["recall"], r["f1"],
        str(counts.silent), r["silent_error_rate"], r["text_f1"], r["text_similarity"], r["line_accuracy"],
    )  # fmt: skip


def page(found: Scores, saved: Saved, *, title: str = "Scores") -> Page:
    """Write the scores as a report."""
    who = f"engine {found.engine}" + (f", model {found.model}" if found.model else "")
    return Page(title, (*grids(found, who), *_plots(found), *_errors(saved)))


def grids(found: Scores, who: str) -> tuple[Grid, ...]:
    """Write the tables of the scores: overall, by document, state, reader and table, and what it took."""
    parts = [("all", found.total), *found.groups["part"].items()]
    documents = [(c.name, c.outcome, found.groups["document"].get(c.name, Counts())) for c in found.cases]
    return (
        Grid(f"Facts ({who})", ("", *HEAD), tuple((n, *row(c)) for n, c in parts), _outcomes(found)),
        Grid("By document", ("", "outcome", *HEAD), tuple((n, o, *row(c)) for n, o, c in documents)),
        states(found.total),
        Grid("By reader", ("", *HEAD), tuple((n, *row(c)) for n, c in found.groups["reader"].items())),
        Grid("By table", ("", *HEAD), tuple((n, *row(c)) for n, c in found.groups["table"].items())),
        _spent(found),
    )


def _outcomes(found: Scores) -> str:
    said = ", ".join(f"{count} {outcome}" for outcome, count in found.outcomes.items())
    return f"Documents: {said}; a model refused {found.refusals} tables. Only documents that were read are scored."


def states(total: Counts) -> Grid:
    """Write the calibration: of the number facts in each state, how many are right."""
    names = [*STATES, *sorted(set(total.states) - set(STATES))]
    every = sum(n for n, _ in total.states.values())
    rows = []
    for name in names:
        count, right = total.states.get(name, (0, 0))
        share = count / every if every else None
        rows.append((name or "(none)", str(count), ratio(share), str(right), ratio(right / count if count else None)))
    return Grid("Calibration: number facts by state", ("state", "facts", "share", "right", "share right"), tuple(rows))


def _spent(found: Scores) -> Grid:
    rows = []
    for case in found.cases:
        used = case.usage
        spent = ("n/a",) * 5
        if used:
            cost = "n/a" if used.cost is None else f"{used.cost:.4f}"
            spent = (str(used.calls), str(used.hits), str(used.input), str(used.output), cost)
        rows.append((case.name, case.outcome, f"{case.seconds:.2f}", *spent, str(case.refusals), case.message))
    head = ("", "outcome", "seconds", "calls", "cache hits", "tokens in", "tokens out", "cost", "refusals", "message")
    return Grid("What it took", head, tuple(rows))


def _plots(found: Scores) -> tuple[Plot, ...]:
    tables = list(found.groups["table"].items())
    ratios = [counts.ratios for _, counts in tables]
    if not tables:
        return ()
    ticks = tuple((float(n), str(n + 1)) for n in range(len(tables)))
    named = "; ".join(f"{n + 1} {name}" for n, (name, _) in enumerate(tables))
    measures = (("F1 of numbers", "f1"), ("F1 of texts", "text_f1"))
    series = tuple(Series(name, tuple((float(n), r[key]) for n, r in enumerate(ratios))) for name, key in measures)
    known = [(s, found.total.states[s]) for s in STATES if s in found.total.states]
    right = tuple((float(n), r / c if c else None) for n, (_, (c, r)) in enumerate(known))
    total = sum(c for _, (c, _) in known) or 1
    share = tuple((float(n), c / total) for n, (_, (c, _)) in enumerate(known))
    plots = [Plot("F1 by table", "bars", ticks, series, note=named)]
    if known:
        names = tuple((float(n), s) for n, (s, _) in enumerate(known))
        both = (Series("share of number facts", share), Series("of these right", right))
        plots.append(Plot("Calibration", "bars", names, both))
    return tuple(plots)


def _errors(saved: Saved, most: int = 200) -> tuple[Grid, ...]:
    """List what is missing and what is wrong, as far as a page can hold it."""
    lost, wrong = [], []
    for case in saved.run.cases:
        if case.outcome == "read":
            found = score(saved.gold[case.name], saved.predicted[case.name])
            lost += [(case.name, *_cells(f)) for f in found.missing]
            wrong += [(case.name, *_cells(f), str(f.get("state", ""))) for f in found.wrong]
    head = ("document", "table", "row", "column", "value", "line")
    note = f"The first {most} of {{}}."
    return (
        Grid("Not found", head, tuple(lost[:most]), note.format(len(lost)) if len(lost) > most else ""),
        Grid("Wrong", (*head, "state"), tuple(wrong[:most]), note.format(len(wrong)) if len(wrong) > most else ""),
    )


def _cells(fact: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(str(fact.get(name)) for name in ("table", "row", "column", "value", "line"))
