"""The command line: commands parse, call and print; nothing else happens here."""

import os
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from . import (
    cli_batch,
    cli_cache,
    cli_doctor,
    cli_eval,
    cli_export,
    cli_files,
    cli_link,
    cli_local,
    cli_report,
    cli_run,
    cli_status,
)
from .cli_base import (
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    AsJson,
    BaseUrl,
    CacheDir,
    ConfigFile,
    Gguf,
    Mode,
    Model,
    Prices,
    Shared,
    fail,
)

HELP = """Read the tables of Chinese public-finance disclosures from messy text, and prove the numbers.

\b
Typical use:
  extractor run budget.txt --out results      read one file
  extractor run inbox/ --out results --jobs 8 read every text file below a folder
  extractor report results                    pages to read: source and tables side by side
  extractor sections budget.txt               see the headings it finds
  extractor check results/budget              check a result again, after a correction by hand
  extractor link budget.txt final.txt         check documents against each other
  extractor explain results/budget expenditure 总计 合计   why is this number believed?
  extractor status results                    where a run stands, what failed and why
  extractor export results --to csv           all documents of a run in one table
  extractor findings results --cause source   what the offices got wrong, as a list to send
  extractor schemas                           which tables are known

\b
With a language model (optional; OPENAI_API_KEY, OPENAI_BASE_URL, EXTRACTOR_MODEL):
  extractor doctor                            is everything in place? what to do if not
  extractor run budget.txt --dry-run          what would be asked, and what would it cost
  extractor cache stats                       answers that are kept, and never paid twice

\b
Exit codes:
  0    everything that was read is consistent
  1    there are findings
  2    wrong usage
  3    some input could not be read
  4    a model was not asked: a limit was reached, or --offline and not in the cache
  5    another run is at work in the folder of the results
  130  interrupted; the results written so far are complete
"""


class _Commands(TyperGroup):
    """The commands; a file in the place of one is answered with the command that reads it."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, or None where there is none of that name."""
        found = super().get_command(ctx, cmd_name)
        if found is None and os.path.lexists(cmd_name):
            raise fail(f"{cmd_name}: a file, no command. To read it: extractor run FILE --out results", EXIT_USAGE)
        return found


app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None, cls=_Commands)


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
    xlsx = "xlsx"
    html = "html"


DEFAULT = tuple(f for f in Format if f not in (Format.xlsx, Format.html))


@app.command()
def run(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or globs.", metavar="PATH...")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the results; one folder per file inside. Needed to write."),
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(
            help="auto: by arithmetic, a model where it can't; deterministic: no model; llm: a model, prose too."
        ),
    ] = Engine.auto,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            help="Files read at a time, a process each; those that wait for a model don't count.",
        ),
    ] = os.cpu_count() or 1,
    formats: Annotated[
        list[Format] | None,
        typer.Option("--format", "-f", help="What to write; repeat for several. Default: all but xlsx and html."),
    ] = None,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors and the total.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Read every file, also those that an earlier run in --out has done.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Read the files that failed in an earlier run, and no others.")
    ] = False,
    as_one: Annotated[
        bool,
        typer.Option(
            "--as-one",
            help="Files belong together: those named are one document, in this order; each folder of files is one.",
        ),
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for another run in --out to end.")] = False,
    ray: Annotated[
        str | None,
        typer.Option(help="Read on a Ray cluster: its address, auto, or local. --jobs is the number of workers."),
    ] = None,
    time_limit: Annotated[
        float, typer.Option(min=1, help="Seconds for one file, and for every scanned page; not those a model takes.")
    ] = 600.0,
    model: Model = None,
    base_url: BaseUrl = None,
    gguf: Gguf = None,
    mode: Mode = None,
    config: ConfigFile = None,
    cache_dir: CacheDir = None,
    cache: Shared = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Calls at a time, over all files.")] = None,
    max_repairs: Annotated[int, typer.Option(min=0, help="How often a table is asked for again.")] = 2,
    second_opinion: Annotated[
        bool,
        typer.Option(
            "--second-opinion", help="Ask the model about every table and sentence, and compare both readings."
        ),
    ] = False,
    max_calls: Annotated[
        int | None, typer.Option(min=0, help="Stop asking after so many calls, for all files together.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=0, help="Stop asking after so many tokens, in and out; open calls are finished.")
    ] = None,
    max_cost: Annotated[
        str | None, typer.Option(help="Stop asking at this cost, by the price table; open calls are finished.")
    ] = None,
    prices: Prices = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Make no call: answer from the cache, name what is missing (exit code 4).")
    ] = False,
    apply_repairs: cli_files.ApplyRepairs = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make no call, write nothing: print what would be asked, and its cost.")
    ] = False,
) -> None:
    """Read files into tables; writes result.json, facts.jsonl, findings.jsonl and a CSV per table for each.

    \b
    Examples:
      extractor run budget.txt --out results
      extractor run 'inbox/**/*.txt' --out results --jobs 4 --format facts
      extractor run budget.txt --out results -f json -f xlsx        a workbook with live formulas
      extractor run budget.txt --out results -f json -f html        a page to read in a browser
      extractor run tables.pdf prose.docx --as-one --out results    two files of one disclosure
      extractor run inbox/ --as-one --out results                   each folder below it is a document
      extractor run budget.txt --dry-run --model gpt-4o-mini        what would it ask, what would it cost
      extractor run budget.txt --out results --model gpt-4o-mini --max-cost 0.50
      extractor run budget.txt --out results --model gpt-4o-mini --offline
      extractor run s3://inbox/2024 --out s3://results --ray auto --jobs 64      on a Ray cluster

    \b
    A run that was stopped, or that has new files to read, goes on where it stopped when the command is given again.

    \b
    With a model, usage.json beside each result says what was spent on it. Answers are kept in the cache: a run
    that stopped at a limit goes on where it stopped when it is called again with a higher one.
    """
    from . import batch
    from .errors import ExtractorError
    from .urls import path_of

    if out is None and not dry_run:
        raise fail("Name a folder for the results with --out, or see with --dry-run what would be asked.", EXIT_USAGE)
    options = {
        "model": model, "base_url": base_url, "gguf": gguf, "mode": mode, "cache_dir": cache_dir, "cache": cache,
        "concurrency": concurrency, "max_calls": max_calls, "max_tokens": max_tokens, "max_cost": max_cost,
        "prices": prices, "offline": offline or dry_run or None,
    }  # fmt: skip
    try:
        extractor = _extractor(engine, options, config, max_repairs, second_opinion=second_opinion)
        extractor = replace(extractor, apply_repairs=apply_repairs)
        found, errors = batch.together(paths) if as_one else batch.find(paths)
        if dry_run:
            for message in errors:
                fail(message)
            raise typer.Exit(cli_run.dry_run(found, extractor, errors, json=as_json))
    except ExtractorError as error:
        raise fail(str(error), EXIT_USAGE) from None
    for message in errors:
        fail(message)
    order = cli_run.Order(
        path_of(out) if out else Path(), tuple(f.value for f in formats or DEFAULT), jobs, time_limit,
        fresh=fresh, failed_only=retry_failed, wait=wait, quiet=quiet, as_json=as_json, ray=ray,
    )  # fmt: skip
    raise typer.Exit(cli_run.perform(found, errors, extractor, order))


def _extractor(
    engine: Engine, options: dict[str, Any], config: Path | None, max_repairs: int, *, second_opinion: bool = False
) -> Any:
    """Settle who reads; a model only where one is named."""
    from .config import load
    from .pipeline import Extractor

    if engine is Engine.deterministic:
        return Extractor(engine="deterministic", second_opinion=second_opinion)
    settled = cli_local.attach(load(options, os.environ, config))
    return Extractor(
        engine="llm" if engine is Engine.llm else "auto",
        model=settled if settled.model else None,
        max_repairs=max_repairs,
        second_opinion=second_opinion,
    )


def _version(*, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        sys.stdout.write(f"extractor {version('extractor')}\n")
        raise typer.Exit


for command in (
    cli_files.sections,
    cli_files.check,
    cli_link.link,
    cli_report.report,
    cli_export.explain,
    cli_export.export,
    cli_export.findings,
    cli_files.schemas,
    cli_status.status,
    cli_doctor.doctor,
):
    app.command()(command)
app.add_typer(cli_local.app, name="local")
app.add_typer(cli_batch.app, name="batch")
app.add_typer(cli_cache.app, name="cache")
app.add_typer(cli_eval.app, name="eval")


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
