"""The command line: commands parse, call and print; nothing else happens here."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from . import cli_files, cli_local
from .cli_base import (
    EXIT_FINDINGS,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_UNREADABLE,
    EXIT_USAGE,
    AsJson,
    fail,
    print_json,
    terminal,
)

HELP = """Read the tables of Chinese public-finance disclosures from messy text, and prove the numbers.

\b
Typical use:
  extractor run budget.txt --out results      read one file
  extractor run inbox/ --out results --jobs 8 read every text file below a folder
  extractor sections budget.txt               see the headings it finds
  extractor check results/budget              check a result again, after a correction by hand
  extractor schemas                           which tables are known

\b
Exit codes:
  0    everything that was read is consistent
  1    there are findings
  2    wrong usage
  3    some input could not be read
  130  interrupted; the results written so far are complete
"""

app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


class Engine(StrEnum):
    """Who reads."""

    auto = "auto"
    deterministic = "deterministic"
    llm = "llm"


class Format(StrEnum):
    """What is written."""

    json = "json"
    facts = "facts"
    findings = "findings"
    csv = "csv"


@app.command()
def run(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or globs.", metavar="PATH...")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results; one folder per file inside.")],
    engine: Annotated[
        Engine, typer.Option(help="auto: by arithmetic, a model where it can't; deterministic: no model.")
    ] = Engine.auto,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes.")] = os.cpu_count() or 1,
    formats: Annotated[
        list[Format] | None,
        typer.Option("--format", "-f", help="What to write; repeat for several. Default: all."),
    ] = None,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors and the total.")] = False,
    model: Annotated[str | None, typer.Option(help="Model to ask, or local; also EXTRACTOR_MODEL.")] = None,
    base_url: Annotated[str | None, typer.Option(help="OpenAI-compatible endpoint; also OPENAI_BASE_URL.")] = None,
    gguf: Annotated[Path | None, typer.Option(help="Model file for --model local; also EXTRACTOR_GGUF.")] = None,
    mode: Annotated[
        str | None, typer.Option(help="tools, json_schema, json, md_json, or auto: found out once.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with these settings in a table [model].")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Calls at a time.")] = None,
    max_repairs: Annotated[int, typer.Option(min=0, help="How often a table is asked for again.")] = 2,
    max_calls: Annotated[int | None, typer.Option(min=0, help="Stop asking after so many calls.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=0, help="Stop asking after so many tokens.")] = None,
    max_cost: Annotated[str | None, typer.Option(help="Stop asking at this cost, by the price table.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Answer from the cache only.")] = False,
) -> None:
    """Read files into tables; writes result.json, facts.jsonl, findings.jsonl and a CSV per table for each.

    \b
    Examples:
      extractor run budget.txt --out results
      extractor run 'inbox/**/*.txt' --out results --jobs 4 --format facts
    """
    from . import batch
    from .errors import ExtractorError

    options = {
        "model": model, "base_url": base_url, "gguf": gguf, "mode": mode, "concurrency": concurrency,
        "max_calls": max_calls, "max_tokens": max_tokens, "max_cost": max_cost, "offline": offline or None,
    }  # fmt: skip
    try:
        extractor = _extractor(engine, options, config, max_repairs)
    except ExtractorError as error:
        raise fail(str(error), EXIT_USAGE) from None
    try:
        found, errors = batch.find(paths)
        planned = batch.plan(found, out)
    except ExtractorError as error:
        raise fail(str(error)) from None
    for message in errors:
        fail(message)
    chosen = [f.value for f in formats or list(Format)]
    reports = _run(planned, chosen, jobs, extractor, quiet=quiet or as_json)
    if as_json:
        order = {job: number for number, job in enumerate(planned)}
        print_json([_summary(r) for r in sorted(reports, key=lambda r: order[r.job])])
    if not as_json and len(planned) > 1:
        from .console import show_total

        show_total(terminal(), reports, out)
    elif not as_json and reports and not reports[0].error:
        from .console import safe

        terminal().print(safe(f"  results in {planned[0].folder}"), soft_wrap=True)
    if errors or any(r.error for r in reports):
        raise typer.Exit(EXIT_UNREADABLE)
    raise typer.Exit(EXIT_FINDINGS if any(r.findings for r in reports) else EXIT_OK)


def _extractor(engine: Engine, options: dict[str, Any], config: Path | None, max_repairs: int) -> Any:
    """Settle who reads; a model only where one is named."""
    from .config import load
    from .pipeline import Extractor

    if engine is Engine.deterministic:
        return Extractor(engine="deterministic")
    settled = cli_local.attach(load(options, os.environ, config))
    return Extractor(
        engine="llm" if engine is Engine.llm else "auto",
        model=settled if settled.model else None,
        max_repairs=max_repairs,
    )


def _run(planned: list[Any], chosen: list[str], jobs: int, extractor: Any, *, quiet: bool) -> list[Any]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from . import batch
    from .console import show_report

    console = terminal()
    reports: list[Any] = []
    columns = (
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[cells]} cells proven"),
    )
    try:
        with Progress(*columns, console=console, transient=True, disable=len(planned) < 2) as progress:
            task = progress.add_task("", total=len(planned), cells=0)
            proven = 0
            for report in batch.run(planned, chosen, jobs, extractor):
                reports.append(report)
                proven += report.states["proven"]
                if report.error or not quiet:
                    show_report(console, report, details=len(planned) == 1)
                progress.update(task, advance=1, cells=proven)
        if extractor.budget is not None:
            console.print(f"model: {extractor.budget.summary()}", soft_wrap=True)
    except KeyboardInterrupt:
        console.print(f"interrupted; {len(reports)} of {len(planned)} files are done and written", style="yellow")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    return reports


def _summary(report: Any) -> dict[str, Any]:
    return {
        "path": str(report.job.path),
        "out": str(report.job.folder),
        "error": report.error,
        "tables": [{"id": i, "title": t, "rows": n, "states": dict(s)} for i, t, n, s in report.tables],
        "states": dict(report.states),
        "findings": [f.model_dump(mode="json") for f in report.findings],
        "unread": [u.model_dump(mode="json") for u in report.unread],
    }


def _version(*, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        sys.stdout.write(f"extractor {version('extractor')}\n")
        raise typer.Exit


for command in (cli_files.sections, cli_files.check, cli_files.schemas):
    app.command()(command)
app.add_typer(cli_local.app, name="local")


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=lambda v: _version(asked=v))
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point; an interrupt before a command is at work ends quietly too."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
