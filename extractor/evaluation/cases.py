"""Cases of an evaluation: a source with its gold facts; what a run makes of them, and how a run is kept.

A run is a folder: ``run.json`` (who read, and what became of each case) and ``facts/NAME.jsonl`` (what was read).
Scores are made from these alone, so that a saved run is scored again without reading anything again.
"""

import json
import time
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from extractor import accounts
from extractor.accounts import Spending
from extractor.document import Document
from extractor.errors import ExtractorError, InputError, ResultError
from extractor.evaluation import processes
from extractor.evaluation.score import Fact, load_facts
from extractor.facts import TEXTS, table_facts
from extractor.pipeline import Extractor
from extractor.records import Record, Result

Outcome = Literal["read", "crash", "refused", "missing"]


@dataclass(frozen=True, slots=True)
class Case:
    """A document to read and the file with its gold facts."""

    name: str
    source: Path
    gold: Path


class CaseRun(Record):
    """What became of one case.

    Attributes:
        name: Stem of the gold file.
        outcome: ``read``; ``crash`` (an exception, a bug of ours); ``refused`` (the file can't be read as text);
            ``missing`` (there is no source).
        message: Why it was not read.
        seconds: Time that reading took.
        usage: What the model's part took, if there is one.
        refusals: Tables about which the model refused to answer.
    """

    name: str
    outcome: Outcome
    message: str = ""
    seconds: float = 0.0
    usage: Spending | None = None
    refusals: int = 0


class Run(Record):
    """Who read, and what became of each case.

    Attributes:
        engine: As given to the extractor.
        model: The model's id; empty without one.
        gold: Folder of the gold facts.
        cases: In order of name.
    """

    engine: str
    model: str = ""
    gold: str
    cases: tuple[CaseRun, ...]


def find(gold: Path, samples: Path | None = None) -> list[Case]:
    """Return the cases of a folder of gold files; sources have the same stem, in ``samples`` beside it by default.

    Raises:
        InputError: There is no gold file.
    """
    folder = samples or gold.parent / "samples"
    files = sorted(gold.glob("*.jsonl"))
    if not files:
        raise InputError(f"{gold}: no gold file (*.jsonl) here. Name the folder that holds them with --gold.")
    return [Case(file.stem, folder / f"{file.stem}.txt", file) for file in files]


def facts_of(result: Result) -> list[Fact]:
    """Return the facts of a result that the contract knows, each with its reader."""
    return [
        {**fact, "reader": table.reader}
        for table in result.tables
        if table.id not in TEXTS
        for fact in table_facts(table)
    ]


def gold_of(path: Path) -> list[Fact]:
    """Load a gold file.

    Raises:
        InputError: A line is no fact, or the file can't be read.
    """
    try:
        found = load_facts(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no gold file ({error}). One fact a line, as the facts contract says.") from None
    if not all(isinstance(f, dict) and {"table", "row", "column", "kind", "value"} <= f.keys() for f in found):
        raise InputError(f"{path}: a line is no fact. One fact a line, as the facts contract says.")
    return found


def read(case: Case, extractor: Extractor) -> tuple[CaseRun, list[Fact]]:
    """Read one case; whatever happens, the others go on."""
    if not case.source.is_file():
        return CaseRun(name=case.name, outcome="missing", message=f"{case.source}: no such file"), []
    start = time.perf_counter()
    booked = extractor.budget.child() if extractor.budget else None
    try:
        result = extractor.extract(Document.from_path(case.source), account=booked)
    except ExtractorError as error:
        return CaseRun(name=case.name, outcome="refused", message=str(error)), []
    except Exception as error:  # noqa: BLE001 - a crash is what this looks for
        said = f"{type(error).__name__}: {error}"
        return CaseRun(name=case.name, outcome="crash", message=said, seconds=_since(start)), []
    refusals = sum(f.code == "model-refused" for f in result.findings)
    usage = accounts.account(booked).total if booked else None
    done = CaseRun(name=case.name, outcome="read", seconds=_since(start), usage=usage, refusals=refusals)
    return done, facts_of(result)


def _since(start: float) -> float:
    return round(time.perf_counter() - start, 3)


def run(cases: Sequence[Case], extractor: Extractor, out: Path, *, jobs: int = 1) -> Run:
    """Read all cases and keep the run in a folder.

    Raises:
        InputError: The folder can't be written.
    """
    done: list[tuple[CaseRun, list[Fact]]] = []
    if jobs > 1 and extractor.model is None and len(cases) > 1:
        with processes.pool(min(jobs, len(cases))) as pool:
            waiting = [(case, pool.submit(read, case, extractor)) for case in cases]
            for case, future in waiting:
                try:
                    done.append(future.result())
                except BrokenProcessPool as error:
                    done.append((CaseRun(name=case.name, outcome="crash", message=f"the process died: {error}"), []))
    else:
        done = [read(case, extractor) for case in cases]
    model = (extractor.model.model or "") if extractor.model else ""
    kept = Run(engine=extractor.engine, model=model, gold=str(cases[0].gold.parent), cases=tuple(c for c, _ in done))
    try:
        (out / "facts").mkdir(parents=True, exist_ok=True)
        for each, found in done:
            lines = "".join(json.dumps(f, ensure_ascii=False, sort_keys=True) + "\n" for f in found)
            (out / "facts" / f"{each.name}.jsonl").write_text(lines, encoding="utf-8")
        (out / "run.json").write_text(kept.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out}: can't be written ({error.strerror}). Choose another --out.") from None
    return kept


@dataclass(frozen=True, slots=True)
class Saved:
    """A run as loaded: its cases with what was read and what is true."""

    run: Run
    predicted: dict[str, list[Fact]]
    gold: dict[str, list[Fact]]


def load(folder: Path, gold: Path | None = None) -> Saved:
    """Load a saved run with its gold facts.

    Args:
        folder: Where ``run`` kept it.
        gold: Folder of gold facts, where it isn't where it was.

    Raises:
        ResultError: The folder holds no run.
        InputError: A gold file is missing or malformed.
    """
    try:
        kept = Run.model_validate_json((folder / "run.json").read_text(encoding="utf-8"))
        found = {c.name: load_facts(folder / "facts" / f"{c.name}.jsonl") for c in kept.cases}
    except OSError as error:
        raise ResultError(
            f"{folder}: no run of `extractor eval run` ({error.strerror}). Make one with --out."
        ) from None
    except (ValueError, ValidationError) as error:
        raise ResultError(f"{folder}: no run of `extractor eval run` ({error}). Run it again.") from None
    base = gold or Path(kept.gold)
    return Saved(kept, found, {c.name: gold_of(base / f"{c.name}.jsonl") for c in kept.cases})
