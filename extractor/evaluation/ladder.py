"""The noise ladder: gold documents damaged class by class and step by step, read, and scored.

Two families. *Damage* is done to the text of a sample at a rate: misread digits and labels, lost points, merged cells,
wraps, page breaks. *Layouts* set the eleven tables of a sample's gold facts anew, in each form and with what goes wrong
on a page: displaced or fragmented headers, wrapped names, split numbers, page breaks, other characters. Text that an
OCR engine wrote, where there is any, is a case like these.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

from extractor.document import Document
from extractor.evaluation import processes
from extractor.evaluation.cases import Case, facts_of, gold_of
from extractor.evaluation.corrupt import DAMAGES, MOVES_LINES, damage
from extractor.evaluation.page import Grid, Page, Plot, Series
from extractor.evaluation.regrid import budget
from extractor.evaluation.render import FORMS, Form, Noise, render
from extractor.evaluation.score import WARNED_STATES, Fact, normalise, score
from extractor.evaluation.score import show as ratio
from extractor.evaluation.tally import Counts
from extractor.pipeline import Extractor
from extractor.records import Record

NO_SUCH = "(no such fact)"
RATES = (0.001, 0.005, 0.01, 0.02, 0.05)
LAYOUTS: Mapping[str, Noise] = {
    "clean": Noise(),
    "wraps": Noise(wrap_names=True, blank_lines=True),
    "page breaks": Noise(page_breaks=6, repeat_headers=True, contents_list=True),
    "displaced headers": Noise(displaced_headers=True),
    "fragmented headers": Noise(fragment_headers=True, wrap_names=True),
    "split numbers": Noise(split_numbers=0.2),
    "characters": Noise(full_width=True, letter_spaced=True, thousands=True),
    "no titles": Noise(titles=False, contents_list=True),
    "all at once": Noise(
        blank_lines=True, wrap_names=True, split_numbers=0.2, page_breaks=7, repeat_headers=True, fragment_headers=True,
        displaced_headers=True, full_width=True, letter_spaced=True, contents_list=True, shuffle_rows=True,
    ),
}  # fmt: skip


class Wrong(Record):
    """A number that came out wrong without a warning: how to make it again."""

    case: str
    family: str
    noise: str
    rate: float
    seed: int
    table: str
    row: str
    column: str
    value: str
    state: str
    true: str


class Step(Record):
    """One damaged document, read: counts over all its facts, what is proven, and what is silently wrong.

    Attributes:
        case: Name of the document.
        family: ``damage``, ``layout`` or ``ocr``.
        noise: Class of the noise; of a layout, with its form.
        rate: How much of it; 0 for layouts.
        seed: Seed of the dice.
        counts: Counts over all facts.
        silent: Numbers that are wrong without a warning.
        crash: What went wrong in reading; the counts are then empty.
    """

    case: str
    family: str
    noise: str
    rate: float
    seed: int
    counts: Counts = Counts()
    silent: tuple[Wrong, ...] = ()
    crash: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One damaged document to make and read."""

    case: Case
    family: str
    noise: str
    rate: float = 0.0
    seed: int = 1
    form: Form = "tsv"


def tasks(cases: Sequence[Case], *, seeds: int = 2, digit_seeds: int = 4, ocr: Path | None = None) -> list[Task]:
    """List what there is to read: each class at each rate, each layout in each form, and OCR output."""
    found: list[Task] = []
    for case in cases:
        found.append(Task(case, "damage", "none"))
        for name in DAMAGES:
            count = digit_seeds if name == "OCR digits" else seeds
            found += [Task(case, "damage", name, rate, seed) for rate in RATES for seed in range(1, count + 1)]
        if any(f["table"] == "revenue" for f in gold_of(case.gold)):  # the forms are those of budgets
            found += [Task(case, "layout", name, form=form) for name in LAYOUTS for form in FORMS]
    return [*found, *_ocr(cases, ocr)]


def _ocr(cases: Sequence[Case], folder: Path | None) -> Iterator[Task]:
    """Yield OCR output: ``GOLD--TABLE+TABLE--ENGINE.txt``, or ``GOLD--ENGINE.txt`` where it is the whole document."""
    known = {case.name: case for case in cases}
    for path in sorted(folder.glob("*.txt")) if folder else ():
        name, _, rest = path.stem.partition("--")
        if name in known:
            tables, _, engine = rest.rpartition("--")
            yield Task(replace(known[name], source=path, name=tables or name), "ocr", engine)


def attempt(task: Task) -> Step:
    """Make one damaged document, read it and score it; a crash is its own outcome."""
    about: dict[str, Any] = {
        "case": task.case.name, "family": task.family, "noise": _name(task), "rate": task.rate, "seed": task.seed,
    }  # fmt: skip
    text, gold = _made(task)
    try:
        found = facts_of(Extractor(engine="deterministic").extract(Document.from_text(text, name=task.case.name)))
    except Exception as error:  # noqa: BLE001 - a crash is what this looks for
        return Step(**about, crash=f"{type(error).__name__}: {error}")
    if task.family != "damage":
        tables = {g["table"] for g in gold}
        found = [f for f in found if f["table"] in tables]
    result = score(gold, found)
    true = {(g["table"], normalise(g["row"]), g["column"]): str(g["value"]) for g in gold}
    silent = tuple(
        Wrong(
            **about, table=f["table"], row=f["row"], column=f["column"], value=str(f["value"]), state=f["state"],
            true=true.get((f["table"], normalise(f["row"]), f["column"]), NO_SUCH),
        )
        for f in result.wrong
        if f["kind"] == "number" and f["state"] not in WARNED_STATES
    )  # fmt: skip
    return Step(**about, counts=Counts.of(result).known(), silent=silent)


def _name(task: Task) -> str:
    return f"{task.noise}, {task.form}" if task.family == "layout" else task.noise


def _made(task: Task) -> tuple[str, list[Fact]]:
    """Return the damaged text and what is true of it."""
    gold = gold_of(task.case.gold)
    if task.family == "layout":
        text, facts = render(budget(gold, task.case.name), task.form, LAYOUTS[task.noise], task.seed)
        return text, list(facts)
    text = Document.from_path(task.case.source).text
    if task.family == "ocr":
        tables = set(task.case.name.split("+"))
        known = [g for g in gold if g["table"] in tables] or gold
        return text, [{**g, "line": None} for g in known]
    if task.noise == "none":
        return text, gold
    moved = task.noise in MOVES_LINES
    return damage(text, task.noise, task.rate, task.seed), [{**g, "line": None} if moved else g for g in gold]


def run(found: Sequence[Task], *, jobs: int = 1) -> list[Step]:
    """Read every damaged document, in processes."""
    if jobs == 1:
        return [attempt(task) for task in found]
    with processes.pool(jobs) as pool:
        return list(pool.map(attempt, found, chunksize=4))


def total(steps: Iterable[Step]) -> Counts:
    """Add up the counts of some steps."""
    return reduce(Counts.__add__, (s.counts for s in steps), Counts())


def proven(counts: Counts) -> float | None:
    """Share of the number facts that are proven."""
    return counts.states.get("proven", (0, 0))[0] / counts.predicted if counts.predicted else None


def _wrongly_proven(counts: Counts) -> int:
    every, right = counts.states.get("proven", (0, 0))
    return every - right


_NOTE = (
    "Rate: of the places that can be damaged (digits, characters with a look-alike, points, seams between cells, "
    "characters inside words, lines). Silent: wrong without a warning; misnamed: of these, those in a place that gold "
    "doesn't know, since a name was misread or a column is wrong."
)
_HEAD = (
    "gold",
    "found",
    "recall",
    "precision",
    "F1",
    "silent",
    "silent rate",
    "misnamed",
    "proven",
    "proven but wrong",
    "crashes",
)


def _row(steps: Sequence[Step]) -> tuple[str, ...]:
    counts = total(steps)
    r = {name: ratio(value) for name, value in counts.ratios.items()}
    crashes = sum(bool(s.crash) for s in steps)
    misnamed = sum(w.true == NO_SUCH for s in steps for w in s.silent)
    return (
        str(counts.gold), str(counts.predicted), r["recall"], r["precision"], r["f1"], str(counts.silent),
        r["silent_error_rate"], str(misnamed), ratio(proven(counts)), str(_wrongly_proven(counts)), str(crashes),
    )  # fmt: skip


def grids(steps: Sequence[Step]) -> tuple[Grid, ...]:
    """Write the ladder as tables: damage by class and rate, layouts by class, OCR output by engine."""
    hurt = [s for s in steps if s.family == "damage"]
    rows = [("none", "", *_row([s for s in hurt if s.noise == "none"]))]
    steps_of = {(n, r): [s for s in hurt if (s.noise, s.rate) == (n, r)] for n in DAMAGES for r in RATES}
    rows += [(name, f"{rate:.1%}", *_row(here)) for (name, rate), here in steps_of.items() if here]
    laid = [s for s in steps if s.family == "layout"]
    sets = [(n, *_row([s for s in laid if s.noise.startswith(f"{n}, ")])) for n in LAYOUTS if laid]
    scans = [s for s in steps if s.family == "ocr"]
    read = [(n, *_row([s for s in scans if s.noise == n])) for n in dict.fromkeys(s.noise for s in scans)]
    parts = [
        Grid("Damage to the text", ("noise", "rate", *_HEAD), tuple(rows), _NOTE),
        Grid("Layouts of the eleven tables, each in four forms", ("noise", *_HEAD), tuple(sets)),
    ]
    if read:
        parts.append(Grid("Pages as OCR engines read them", ("engine", *_HEAD), tuple(read)))
    return tuple(parts)


def page(steps: Sequence[Step], *, most: int = 300) -> Page:
    """Write the ladder as a report with curves."""
    hurt = [s for s in steps if s.family == "damage"]
    ticks = tuple((float(n), f"{rate:.1%}") for n, rate in enumerate((0.0, *RATES)))
    clean = total(s for s in hurt if s.noise == "none")
    measures: dict[str, tuple[Callable[[Counts], float | None], float]] = {
        "F1 of numbers": (lambda c: c.ratios["f1"], 1.0),
        "Share of numbers that are proven": (proven, 1.0),
        "Silent error rate": (lambda c: c.ratios["silent_error_rate"], 0.0),
    }
    plots = []
    for title, (measure, high) in measures.items():
        series = []
        for name in DAMAGES:
            sums = [total(s for s in hurt if (s.noise, s.rate) == (name, rate)) for rate in RATES]
            points = [(float(n), measure(counts)) for n, counts in enumerate((clean, *sums))]
            series.append(Series(name, tuple(points)))
        top = high or max([y or 0.0 for s in series for _, y in s.points], default=0.0) or 0.01
        plots.append(Plot(f"{title} against noise", "lines", ticks, tuple(series), 0.0, top))
    wrong = [w for s in steps for w in s.silent]
    head = ("case", "noise", "rate", "seed", "table", "row", "column", "read", "state", "true")
    rows = tuple(
        (w.case, w.noise, f"{w.rate:.1%}", str(w.seed), w.table, w.row, w.column, w.value, w.state, w.true)
        for w in wrong[:most]
    )
    laid = [s for s in steps if s.family == "layout"]
    each = tuple((n, *_row([s for s in laid if s.noise == n])) for n in dict.fromkeys(s.noise for s in laid))
    forms = Grid("Layouts, form by form", ("noise, form", *_HEAD), each)
    listed = Grid(f"Wrong without a warning ({len(wrong)})", head, rows)
    broken = Grid("Crashes", ("case", "noise", "seed", "error"), tuple(
        (s.case, s.noise, str(s.seed), s.crash) for s in steps if s.crash
    ))  # fmt: skip
    return Page("Noise ladder", (*plots, *grids(steps), forms, listed, broken))


__all__ = [
    "LAYOUTS", "RATES", "Step", "Task", "Wrong", "attempt", "grids", "page", "proven", "run", "tasks",
    "total",
]  # fmt: skip
