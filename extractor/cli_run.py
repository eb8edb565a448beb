"""What ``extractor run`` does behind its options: read with progress, or plan; then the total and the exit code."""

import json
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import typer

from .cli_base import (
    EXIT_BUSY,
    EXIT_FINDINGS,
    EXIT_INTERRUPTED,
    EXIT_NOT_ASKED,
    EXIT_OK,
    EXIT_UNREADABLE,
    fail,
    print_json,
    terminal,
)

_PATIENCE = 2.0  # seconds in which a run that was just killed ends the files that it was at
_FOREVER = 10.0**9
_NOW_AND_THEN = 30.0  # seconds between two lines about progress, where there is no terminal


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is to do, and how it tells of it.

    Attributes:
        out: Folder of the results.
        formats: What is written.
        workers: Files read at a time, each by a process.
        limit: Seconds for one file, without those that a model takes.
        fresh: Read everything, whatever was done before.
        failed_only: Read what failed before, and nothing else.
        wait: Wait for another run in the folder to end.
        quiet: Tell of errors and the total only.
        as_json: Print the reports on stdout.
        ray: Address of a Ray cluster that reads, or None for this machine's own processes.
    """

    out: Path
    formats: tuple[str, ...]
    workers: int
    limit: float
    fresh: bool = False
    failed_only: bool = False
    wait: bool = False
    quiet: bool = False
    as_json: bool = False
    ray: str | None = None


@dataclass(slots=True)
class Tally:
    """What became of the files of a run, in numbers: its memory doesn't grow with them.

    ``open`` are the reports of files about which a model was not asked everything, without their tables; ``unanswered``
    counts the questions that it gave no answer to.
    """

    done: int = 0
    failed: int = 0
    states: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    open: list[Any] = field(default_factory=list)
    unanswered: int = 0

    def add(self, report: Any) -> None:
        """Count a report."""
        self.failed += report.error is not None
        self.done += report.error is None
        self.states.update(report.states)
        self.kinds.update(f.kind for f in report.findings)
        self.unanswered += report.account.unanswered if report.account else 0
        if report.account and report.account.not_asked:
            self.open.append(replace(report, tables=(), findings=(), unread=()))

    def exit_code(self, errors: Sequence[str]) -> int:
        """Return the exit code: the gravest of what happened."""
        if errors or self.failed:
            return EXIT_UNREADABLE
        if self.open:
            return EXIT_NOT_ASKED
        return EXIT_FINDINGS if self.kinds else EXIT_OK


def perform(found: list[Path] | dict[Path, tuple[Path, ...]], errors: list[str], extractor: Any, order: Order) -> int:
    """Read what is still to be read, tell of it, and return the exit code."""
    from . import runs
    from .errors import ExtractorError
    from .lock import BusyError
    from .urls import is_url

    tally = Tally()
    if not found and not order.as_json:
        return tally.exit_code(errors)
    try:
        with runs.opened(order.out, patience=_FOREVER if order.wait else _PATIENCE) as manifest:
            options = runs.settings(extractor, order.formats)
            agenda = runs.agenda(manifest, found, options, fresh=order.fresh, failed_only=order.failed_only)
            _work(manifest, agenda, extractor, order, tally)
            if "html" in order.formats and len(found) > 1 and not is_url(order.out):
                from .cli_report import write_index

                place = {path: number for number, path in enumerate(found)}
                jobs = sorted((*agenda.jobs, *agenda.kept), key=lambda job: place[job.path])
                write_index(runs.kept(manifest, jobs), order.out)
            if order.as_json:
                left = agenda.jobs if order.failed_only else (*agenda.jobs, *agenda.kept)
                as_json(_summaries(manifest, list(found), left), extractor, tally)
            elif len(found) > 1:
                from .console import show_total

                show_total(terminal(), tally.done, tally.failed, (tally.states, tally.kinds), order.out)
            elif tally.done:
                from .console import safe

                page = "; open report.html there in a browser" if "html" in order.formats else ""
                folder = (*agenda.jobs, *agenda.kept)[0].folder
                terminal().print(safe(f"  results in {folder}{page}"), soft_wrap=True)
    except BusyError as error:
        raise fail(str(error), EXIT_BUSY) from None
    except ExtractorError as error:
        raise fail(str(error), EXIT_UNREADABLE) from None
    return tally.exit_code(errors)


def _work(manifest: Any, agenda: Any, extractor: Any, order: Order, tally: Tally) -> None:
    """Read the files of the agenda; prints each as it is done, and the account at the end."""
    from . import runs
    from .console import show_kept, show_report

    console = terminal()
    quiet, alone = order.quiet or order.as_json, len(agenda.jobs) + len(agenda.kept) == 1
    if not order.failed_only:
        for report in runs.kept(manifest, agenda.kept):
            tally.add(report)
            if report.error or (alone and not quiet):
                show_report(console, report, details=alone)
    if (agenda.kept or set(agenda.why) - {"new"}) and not (quiet or order.fresh):
        kept = len(agenda.kept), tally.failed, len(agenda.jobs)
        show_kept(console, *kept, agenda.why, failed_only=order.failed_only)
    read = 0
    try:
        with _progress(console, len(agenda.jobs), extractor) as step:
            for report in _reports(agenda.jobs, extractor, order):
                manifest.record(runs.entry_of(report, agenda.options), None if report.error else runs.summary(report))
                tally.add(report)
                read += 1
                if report.error or not quiet:
                    show_report(console, report, details=alone)
                step(read, tally.states["proven"])
    except KeyboardInterrupt:
        _account(console, extractor, tally)
        console.print(f"interrupted; {read} of {len(agenda.jobs)} files are done and written", style="yellow")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    _account(console, extractor, tally)
    if read < len(agenda.jobs):
        console.print(
            f"stopped: nothing more can be written; {len(agenda.jobs) - read} files are left. Run the same command "
            "again when there is room: what is done stays.",
            style="red", soft_wrap=True,
        )  # fmt: skip


def _reports(jobs: Sequence[Any], extractor: Any, order: Order) -> Iterator[Any]:
    """Read the files: in processes of this machine, or on a cluster."""
    from . import batch

    if order.ray is None or not jobs:
        return batch.run(jobs, order.formats, order.workers, extractor, limit=order.limit)
    from . import cluster

    return cluster.run(jobs, order.formats, order.workers, extractor, limit=order.limit, address=order.ray)


@contextmanager
def _progress(console: Any, total: int, extractor: Any) -> Iterator[Any]:
    """Show how far a run is: a bar on a terminal, else a line now and then."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from .console_model import AskedColumn

    columns = (
        TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[cells]} cells proven"), AskedColumn(extractor.budget),
    )  # fmt: skip
    begin = told = time.monotonic()
    hidden = not console.is_terminal or (total < 2 and not extractor.budget)
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("", total=total, cells=0)

        def step(done: int, proven: int) -> None:
            nonlocal told
            progress.update(task, completed=done, cells=proven)
            now = time.monotonic()
            if not console.is_terminal and now - told > _NOW_AND_THEN and done < total:
                told = now
                left = (now - begin) / done * (total - done)
                asked = f", {extractor.budget.summary()}" if extractor.budget else ""
                console.print(
                    f"{done} of {total} files, {proven} cells proven{asked}, about {left / 60:.0f} min left",
                    soft_wrap=True,
                )

        yield step


def _account(console: Any, extractor: Any, tally: Tally) -> None:
    from .console_model import show_not_asked

    if extractor.budget is not None:
        console.print(f"model: {extractor.budget.summary()}", soft_wrap=True)
        show_not_asked(console, tally.open)
    if tally.unanswered:
        console.print(
            f"no answer: {tally.unanswered} questions; the same command puts them again",
            style="yellow", soft_wrap=True,
        )  # fmt: skip


def _summaries(manifest: Any, found: Sequence[Path], jobs: Sequence[Any]) -> Iterator[dict[str, Any]]:
    from . import runs
    from .batch import Report

    by_path = {job.path: job for job in jobs}
    for path in found:
        if path in by_path:
            said = next(runs.kept(manifest, [by_path[path]]), None)
            yield runs.summary(said or Report(by_path[path], error=f"{path}: not read yet"))


def as_json(documents: Iterator[dict[str, Any]], extractor: Any, tally: Tally) -> None:
    """Print what became of every file, and the account of the run, one file at a time."""
    from .accounts import account

    total = account(extractor.budget) if extractor.budget is not None else None
    if total is not None:
        left = tuple(open_ for r in tally.open for open_ in r.account.not_asked)
        total = total.model_copy(update={"not_asked": left})
    sys.stdout.write('{\n "documents": [')
    comma = ""
    for document in documents:
        text = json.dumps(document, ensure_ascii=False, indent=1)
        sys.stdout.write(f"{comma}\n{textwrap.indent(text, '  ')}")
        comma = ","
    usage = json.dumps(total.model_dump(mode="json") if total else None, ensure_ascii=False, indent=1)
    sys.stdout.write(f'{chr(10) + " " if comma else ""}],\n "usage": {textwrap.indent(usage, " ").lstrip()}\n}}\n')


def dry_run(paths: list[Path] | dict[Path, tuple[Path, ...]], extractor: Any, errors: list[str], *, json: bool) -> int:
    """Print what a model would be asked about each file; makes no call and writes no result."""
    from . import dryrun
    from .console_model import show_plan, show_plans
    from .document import Document
    from .errors import ExtractorError

    asker = dryrun.asker(extractor)
    plans: list[Any] = []
    for path in paths:
        try:
            several = Document.from_paths(paths[path]) if isinstance(paths, dict) else None
            plans.append(dryrun.plan(several or Document.from_path(path), asker))
        except ExtractorError as error:
            plans.append(dryrun.Plan(path=str(path), error=str(error)))
        if not json:
            show_plan(terminal(stdout=True), plans[-1], extractor.budget.currency)
    total = dryrun.total("", [s for p in plans for s in p.steps], extractor)
    if json:
        run = total.model_dump(mode="json", exclude={"path", "steps", "error"})
        run |= {"model": extractor.model.model, "currency": extractor.budget.currency}
        print_json({"documents": [p.model_dump(mode="json") for p in plans], "total": run})
    else:
        show_plans(terminal(stdout=True), plans, total, extractor)
    return EXIT_UNREADABLE if errors or any(p.error for p in plans) else EXIT_OK
