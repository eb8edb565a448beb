"""Several models on the same documents: one run each, one table of results.

``scripted:truthful``, ``scripted:weak``, ``scripted:lying`` and ``scripted:inventing`` are models without a server:
they answer from gold, after what their name says. So the table can be made without a hosted model, and shows what is
to be feared from a bad one.
"""

import copy
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.config import ModelConfig
from extractor.evaluation.cases import Case, CaseRun, Run, Saved, gold_of, read
from extractor.evaluation.page import Grid
from extractor.evaluation.score import Fact
from extractor.evaluation.score import show as ratio
from extractor.evaluation.scripted import LIES, Rows, ScriptedModel, Target, balancing_invention, rows_of, wrong_digit
from extractor.evaluation.tally import Counts, Scores, scores
from extractor.pipeline import Extractor
from extractor.specs import catalogue

PREFIX = "scripted:"
SCRIPTED = ("truthful", "weak", "lying", "inventing")
_WEAK_DROPS, _WEAK_DIGITS = 0.1, 0.03


@dataclass(frozen=True, slots=True)
class Entry:
    """A model with its scores."""

    model: str
    scores: Scores


def scripted(model: str, gold: Sequence[Fact], seed: int = 1) -> ScriptedModel:
    """Return a model without a server for one document.

    Raises:
        ValueError: There is no scripted model of that name.
    """
    name = model.removeprefix(PREFIX)
    if name not in SCRIPTED:
        raise ValueError(f"{model}: scripted models are {', '.join(PREFIX + n for n in SCRIPTED)}")
    dice = random.Random(f"{name}-{seed}")
    tables = {spec.id: rows_of(gold, spec) for spec in catalogue().tables if spec.number}
    tables = {name: rows for name, rows in tables.items() if rows}
    for table in list(tables) if name != "truthful" else []:
        if name == "weak":
            _weaken(tables, table, dice)
        else:
            _lie(tables, table, dice, invent=name == "inventing")
    return ScriptedModel({table: list(rows.values()) for table, rows in tables.items()})


def _cells(rows: Rows, table: str) -> list[tuple[str, str, str]]:
    spec = catalogue().table(table)
    return [
        (table, key, column)
        for key, row in rows.items()
        for column, text in zip(spec.column_ids, row[-len(spec.columns) :], strict=True)
        if text
    ]


def _weaken(tables: dict[str, Rows], table: str, dice: random.Random) -> None:
    """Leave out some rows, and misread some digits."""
    for key in list(tables[table]):
        if dice.random() < _WEAK_DROPS:
            del tables[table][key]
    for place in _cells(tables[table], table):
        if dice.random() < _WEAK_DIGITS:
            wrong_digit(Target(tables, catalogue(), place, dice))


def _lie(tables: dict[str, Rows], table: str, dice: random.Random, *, invent: bool) -> None:
    """Tell one lie about a table."""
    for _ in range(20):
        place = dice.choice(_cells(tables[table], table))
        lie = balancing_invention if invent else dice.choice(list(LIES.values()))
        before = copy.deepcopy(tables)
        if lie(Target(tables, catalogue(), place, dice)):
            return
        tables.clear()
        tables.update(before)


def run(cases: Sequence[Case], models: Sequence[tuple[str, Extractor | None]]) -> list[Entry]:
    """Read all documents with each model; None stands for a scripted one.

    Raises:
        ValueError: There is no scripted model of that name.
    """
    found = []
    for name, extractor in models:
        gold = {case.name: gold_of(case.gold) for case in cases}
        done: list[tuple[CaseRun, list[Fact]]] = []
        for case in cases:
            reader = extractor or _extractor(name, gold[case.name])
            done.append(read(case, reader))
        folder = str(cases[0].gold.parent if cases else Path())
        kept = Run(engine="llm", model=name, gold=folder, cases=tuple(c for c, _ in done))
        predicted = {c.name: facts for c, facts in done}
        found.append(Entry(name, scores(Saved(kept, predicted, gold))))
    return found


def _extractor(name: str, gold: Sequence[Fact]) -> Extractor:
    model = scripted(name, gold)
    return Extractor(engine="llm", model=ModelConfig(model=name), connect=lambda *_: model)


def grid(entries: Sequence[Entry]) -> Grid:
    """Write the results as one table: the eleven tables, which is what a model transcribes, and what it took."""
    head = (
        "model", "read", "not read", "recall", "precision", "F1", "silent", "silent rate", "proven", "all facts F1",
        "calls", "tokens", "seconds", "cost",
    )  # fmt: skip
    return Grid("Models: number facts of the eleven tables", head, tuple(_row(e) for e in entries))


def _row(entry: Entry) -> tuple[str, ...]:
    found = entry.scores
    counts = found.groups["part"].get("eleven tables", Counts())
    r = {name: ratio(value) for name, value in counts.ratios.items()}
    proven = counts.states.get("proven", (0, 0))[0] / counts.predicted if counts.predicted else None
    used = [c.usage for c in found.cases if c.usage]
    costs = [u.cost for u in used]
    known = [c for c in costs if c is not None]
    return (
        entry.model, str(found.outcomes["read"]), str(len(found.cases) - found.outcomes["read"]),
        r["recall"], r["precision"], r["f1"], str(counts.silent), r["silent_error_rate"], ratio(proven),
        ratio(found.total.ratios["f1"]), str(sum(u.calls for u in used)), str(sum(u.input + u.output for u in used)),
        f"{sum(c.seconds for c in found.cases):.2f}",
        f"{sum(known):.4f}" if known and len(known) == len(costs) else "n/a",
    )  # fmt: skip
