"""The report of the mutation test: what is detected, where it is looked for, and which identities do it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from extractor.evaluation.page import Grid, Page, Plot, Series
from extractor.evaluation.score import show as ratio
from extractor.evaluation.validators import Trial

_FAMILY = re.compile(r"[A-Z]+(?=\d)")
_NOTE = (
    "Localised: the likeliest repair edits the wrong cell; of a dropped row, one in its table. Repaired: it gives back "
    "what was there. Still proven: not detected, and the state of the cell says proven."
)


def _numbers(trials: Sequence[Trial]) -> tuple[str, ...]:
    seen = [t for t in trials if t.detected]
    placed, mended = sum(t.localised for t in seen), sum(t.repaired for t in seen)
    lasting = sum(t.after == "proven" for t in trials if not t.detected)
    return (
        str(len(trials)), str(len(seen)), _share(len(seen), len(trials)), str(placed), _share(placed, len(seen)),
        str(mended), _share(mended, len(seen)), str(lasting),
    )  # fmt: skip


def _share(part: int, whole: int) -> str:
    return ratio(part / whole if whole else None)


_HEAD = ("mistakes", "detected", "share", "localised", "of detected", "repaired", "of detected", "still proven")


def grids(trials: Sequence[Trial], alarms: Sequence[tuple[str, int, int]] = ()) -> tuple[Grid, ...]:
    """Write the outcome: by kind, by family of identities, by table; and false alarms on the unchanged documents."""
    rows = []
    for kind in dict.fromkeys(t.kind for t in trials):
        here = [t for t in trials if t.kind == kind]
        rows.append((f"{kind}, eleven tables", *_numbers([t for t in here if t.eleven])))
        rows.append((f"{kind}, whole documents", *_numbers(here)))
    rows.append(("all", *_numbers(trials)))
    tables = sorted({t.table for t in trials})
    digits = [t for t in trials if t.kind == "digit"]
    parts = [
        Grid("Mistakes in a correct result", ("kind", *_HEAD), tuple(rows),
              _NOTE),
        Grid("By family of identities: mistakes caught, in brackets those that no other family catches",
             ("kind", *_families(trials)), tuple(_by_family(trials))),
        Grid("Single digits by table", ("table", *_HEAD),
             tuple((name, *_numbers([t for t in digits if t.table == name])) for name in tables)),
    ]  # fmt: skip
    if alarms:
        head = ("document", "violated", "of these the office's own mistakes", "false alarms")
        body = tuple((name, str(said), str(own), str(said - own)) for name, said, own in alarms)
        parts.insert(1, Grid("False alarms on the unchanged documents", head, body))
    return tuple(parts)


def family(identity: str) -> str:
    """Return the family of an identity: ``B`` of ``B13``."""
    match = _FAMILY.match(identity)
    return match.group() if match else "other"


def _families(trials: Sequence[Trial]) -> tuple[str, ...]:
    return tuple(sorted({family(i) for t in trials for i in t.caught}))


def _by_family(trials: Sequence[Trial]) -> Iterator[tuple[str, ...]]:
    names = _families(trials)
    for kind in dict.fromkeys(t.kind for t in trials):
        caught: Counter[str] = Counter()
        alone: Counter[str] = Counter()
        for trial in trials:
            here = {family(i) for i in trial.caught}
            if trial.kind == kind:
                caught.update(here)
                alone.update(here if len(here) == 1 else ())
        yield (kind, *(f"{caught[n]} ({alone[n]})" for n in names))


def page(trials: Sequence[Trial], alarms: Sequence[tuple[str, int, int]] = (), *, most: int = 300) -> Page:
    """Write the outcome as a report, with the mistakes that got through or were sought in the wrong place."""
    kinds = list(dict.fromkeys(t.kind for t in trials))
    by = {kind: [t for t in trials if t.kind == kind] for kind in kinds}
    seen = tuple((float(n), sum(t.detected for t in by[k]) / len(by[k])) for n, k in enumerate(kinds))
    found = tuple(
        (float(n), sum(t.localised for t in by[k]) / (sum(t.detected for t in by[k]) or 1)) for n, k in enumerate(kinds)
    )
    ticks = tuple((float(n), kind) for n, kind in enumerate(kinds))
    plot = Plot("Mistakes seen", "bars", ticks, (Series("detected", seen), Series("localised, of these", found)))
    head = ("document", "kind", "table", "row", "column", "was", "now", "state", "caught by", "place", "tied")
    lists = [
        Grid(f"{title} ({len(rows)})", head, tuple(_cells(t) for t in rows[:most]))
        for title, rows in (
            ("Not detected", [t for t in trials if not t.detected]),
            ("Detected, sought elsewhere", [t for t in trials if t.detected and not t.localised]),
        )
    ]
    return Page("Mutation test of the validators", (plot, *grids(trials, alarms), *lists))


def _cells(trial: Trial) -> tuple[str, ...]:
    return (
        trial.document, trial.kind, trial.table, trial.row, trial.column, trial.was, trial.now, trial.after,
        ", ".join(trial.caught), str(trial.place), str(trial.tied),
    )  # fmt: skip
