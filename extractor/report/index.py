"""The page of a run: every document with its numbers by state, its findings, what was not read, and its own page."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from extractor.batch import Report
from extractor.export import PAGE
from extractor.records import STATES, State

from .numbering import LETTERS
from .source import visible
from .tables import Bar, bars
from .template import MEANINGS, render

INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of the run.

    Attributes:
        name: Its file.
        link: Address of its page within the run's folder; empty where there is none.
        error: Why it could not be read.
        bars: Number cells by state.
        kinds: Findings by kind.
        missed: Numbers that were not read; ``parts`` they stand in.
        doubtful: Cells that are contradicted, ambiguous or ungrounded; what the list is sorted by first.
    """

    name: str
    link: str
    error: str
    tables: int
    total: int
    proven: int
    bars: tuple[Bar, ...]
    kinds: tuple[tuple[str, int], ...]
    missed: int
    parts: int
    doubtful: int

    @property
    def findings(self) -> int:
        """How many findings there are."""
        return sum(count for _, count in self.kinds)


def index(reports: Iterable[Report], folder: Path) -> str:
    """Return the page of a run whose results stand in ``folder``, as HTML that needs nothing beside it."""
    entries = [_entry(report, folder) for report in reports]
    states: Counter[State] = Counter()
    for report in entries:
        states.update({bar.state: bar.count for bar in report.bars})
    return render(
        "index",
        {
            "title": visible(folder.resolve().name),
            "entries": entries,
            "total": sum(states.values()),
            "bars": bars(states),
            "counts": [(state, LETTERS[state], states[state], MEANINGS[state]) for state in STATES],
            "kinds": _kinds(entries),
            "failed": sum(1 for entry in entries if entry.error),
            "missed": sum(entry.missed for entry in entries),
        },
    )


def _entry(report: Report, folder: Path) -> Entry:
    states = report.states
    there = os.path.relpath(report.job.folder, folder)
    link = "/".join(quote(os.fsencode(part)) for part in (*Path(there).parts, PAGE))
    return Entry(
        name=visible(str(report.job.path)),
        link="" if report.error else link,
        error=visible(report.error or ""),
        tables=len(report.tables),
        total=sum(states.values()),
        proven=states["proven"],
        bars=bars(states),
        kinds=tuple(sorted(Counter(finding.kind for finding in report.findings).items())),
        missed=sum(part.numbers for part in report.unread),
        parts=len(report.unread),
        doubtful=sum(states[state] for state in ("ambiguous", "contradicted", "ungrounded")),
    )


def _kinds(entries: Sequence[Entry]) -> list[tuple[str, int]]:
    found: Counter[str] = Counter()
    for entry in entries:
        found.update(dict(entry.kinds))
    return sorted(found.items())
