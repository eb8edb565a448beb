"""What ``extractor run`` does behind its options: read with progress, or plan; then the total and the exit code."""

from pathlib import Path
from typing import Any

import typer

from .cli_base import (
    EXIT_FINDINGS,
    EXIT_INTERRUPTED,
    EXIT_NOT_ASKED,
    EXIT_OK,
    EXIT_UNREADABLE,
    print_json,
    terminal,
)


def read(planned: list[Any], chosen: list[str], jobs: int, extractor: Any, *, quiet: bool) -> list[Any]:
    """Read and write every file; prints each as it is done, and the account at the end."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from . import batch
    from .console import show_report
    from .console_model import AskedColumn

    console = terminal()
    reports: list[Any] = []
    columns = (
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[cells]} cells proven"),
        AskedColumn(extractor.budget),
    )
    try:
        with Progress(
            *columns, console=console, transient=True, disable=len(planned) < 2 and not extractor.budget
        ) as progress:
            task = progress.add_task("", total=len(planned), cells=0)
            proven = 0
            for report in batch.run(planned, chosen, jobs, extractor):
                reports.append(report)
                proven += report.states["proven"]
                if report.error or not quiet:
                    show_report(console, report, details=len(planned) == 1)
                progress.update(task, advance=1, cells=proven)
    except KeyboardInterrupt:
        _account(console, extractor, reports)
        console.print(f"interrupted; {len(reports)} of {len(planned)} files are done and written", style="yellow")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    _account(console, extractor, reports)
    return reports


def _account(console: Any, extractor: Any, reports: list[Any]) -> None:
    from .console_model import show_not_asked

    if extractor.budget is not None:
        console.print(f"model: {extractor.budget.summary()}", soft_wrap=True)
        show_not_asked(console, reports)


def as_json(reports: list[Any], extractor: Any) -> None:
    """Print what became of every file, and the account of the run."""
    from .accounts import account

    total = account(extractor.budget) if extractor.budget is not None else None
    if total is not None:
        left = tuple(open_ for r in reports if r.account for open_ in r.account.not_asked)
        total = total.model_copy(update={"not_asked": left})
    documents = [_summary(r) for r in reports]
    print_json({"documents": documents, "usage": total.model_dump(mode="json") if total else None})


def exit_code(reports: list[Any], errors: list[str]) -> int:
    """Return the exit code: the gravest of what happened."""
    if errors or any(r.error for r in reports):
        return EXIT_UNREADABLE
    if any(r.account and r.account.not_asked for r in reports):
        return EXIT_NOT_ASKED
    return EXIT_FINDINGS if any(r.findings for r in reports) else EXIT_OK


def dry_run(paths: list[Path], extractor: Any, errors: list[str], *, json: bool) -> int:
    """Print what a model would be asked about each file; makes no call and writes no result."""
    from . import dryrun
    from .console_model import show_plan, show_plans
    from .document import Document
    from .errors import ExtractorError

    asker = dryrun.asker(extractor)
    plans: list[Any] = []
    for path in paths:
        try:
            plans.append(dryrun.plan(Document.from_path(path), asker))
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


def _summary(report: Any) -> dict[str, Any]:
    return {
        "path": str(report.job.path),
        "out": str(report.job.folder),
        "error": report.error,
        "tables": [{"id": i, "title": t, "rows": n, "states": dict(s)} for i, t, n, s in report.tables],
        "states": dict(report.states),
        "findings": [f.model_dump(mode="json") for f in report.findings],
        "unread": [u.model_dump(mode="json") for u in report.unread],
        "usage": report.account.model_dump(mode="json") if report.account else None,
    }
