"""Commands that measure: how good is the extractor, did it get worse, what do noise and mistakes do to it."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from . import cli_eval_gold, cli_eval_stress
from .cli_base import (
    EXIT_FINDINGS,
    EXIT_OK,
    EXIT_UNREADABLE,
    EXIT_USAGE,
    AsJson,
    BaseUrl,
    CacheDir,
    ConfigFile,
    Gguf,
    Mode,
    Model,
    Prices,
    fail,
    print_json,
    terminal,
)
from .cli_eval_base import Gold, Html, Samples, page_out

HELP = """How good is the extractor, and did it get worse?

\b
Typical use:
  extractor eval run --out out/eval/now              read the samples, score them against gold
  extractor eval score out/eval/now                  score a saved run again, without reading
  extractor eval compare out/eval/old out/eval/now   what changed, fact by fact; exit code 1 if it got worse
  extractor eval mutate                              do the identities see a wrong digit, and where?
  extractor eval noise                               what misread characters and other layouts do
  extractor eval models --model A --model B          several models on the same documents
  extractor eval annotate FILE --out FILE.csv        a draft of gold facts, to correct in a spreadsheet
  extractor eval gold-check GOLD SOURCE              does each fact stand at its line?
"""

app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)


class Engine(StrEnum):
    """Who reads."""

    auto = "auto"
    deterministic = "deterministic"
    llm = "llm"


@app.command()
def run(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to keep the run in.")],
    gold: Gold = None,
    samples: Samples = None,
    engine: Annotated[Engine, typer.Option(help="Who reads, as in `extractor run`.")] = Engine.auto,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes; one with a model.")] = os.cpu_count()
    or 1,
    as_json: AsJson = False,
    html: Html = None,
    model: Model = None,
    base_url: BaseUrl = None,
    gguf: Gguf = None,
    mode: Mode = None,
    config: ConfigFile = None,
    cache_dir: CacheDir = None,
    max_calls: Annotated[int | None, typer.Option(min=0, help="Stop asking after so many calls.")] = None,
    prices: Prices = None,
    offline: Annotated[bool, typer.Option("--offline", help="Make no call: answer from the cache.")] = False,
) -> None:
    """Read every source that has gold facts, keep what was read, and score it.

    The exit code is 3 where a document was not read: a crash, a refusal or a missing file is never a score.
    """
    from .errors import ExtractorError
    from .evaluation import cases

    options = {
        "model": model, "base_url": base_url, "gguf": gguf, "mode": mode, "cache_dir": cache_dir,
        "max_calls": max_calls, "prices": prices, "offline": offline or None,
    }  # fmt: skip
    try:
        reader = extractor(engine, options, config)
        folder = gold or cli_eval_gold.default("gold")
        cases.run(cases.find(folder, samples), reader, out, jobs=jobs)
        saved = cases.load(out, folder)
    except ExtractorError as error:
        raise fail(str(error), EXIT_USAGE) from None
    raise typer.Exit(_scored(saved, out, as_json=as_json, html=html))


@app.command()
def score(
    folder: Annotated[Path, typer.Argument(help="A run that `eval run` kept.", readable=False)],
    gold: Gold = None,
    as_json: AsJson = False,
    html: Html = None,
) -> None:
    """Score a saved run again, without reading anything: after a correction of gold, or of the scorer."""
    from .errors import ExtractorError
    from .evaluation import cases

    try:
        saved = cases.load(folder, gold)
    except ExtractorError as error:
        raise fail(str(error)) from None
    raise typer.Exit(_scored(saved, folder, as_json=as_json, html=html))


def _scored(saved: Any, folder: Path, *, as_json: bool, html: Path | None) -> int:
    """Write the scores beside the run, and print them."""
    from .evaluation import tally

    found = tally.scores(saved)
    try:
        (folder / "scores.json").write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise fail(f"{folder}: can't be written ({error.strerror}).") from None
    page = tally.page(found, saved)
    page_out(page, html or folder / "report.html")
    if as_json:
        ratios = {name: {k: c.ratios for k, c in group.items()} for name, group in found.groups.items()}
        print_json({**found.model_dump(mode="json"), "ratios": {"total": found.total.ratios, **ratios}})
    else:
        from .evaluation.page import Page, show

        show(terminal(stdout=True), Page(page.title, page.parts[:6]))
        terminal().print(f"report in {html or folder / 'report.html'}", soft_wrap=True, markup=False)
    return EXIT_OK if found.outcomes["read"] == len(found.cases) else EXIT_UNREADABLE


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="The run to compare with.", readable=False)],
    after: Annotated[Path, typer.Argument(help="The run to judge.", readable=False)],
    thresholds: Annotated[Path | None, typer.Option(help="Default: eval/thresholds.toml.", readable=False)] = None,
    gold: Gold = None,
    as_json: AsJson = False,
    html: Html = None,
) -> None:
    """Show what changed between two runs, fact by fact; the exit code is 1 where it got worse than is allowed."""
    from .errors import ExtractorError
    from .evaluation import cases
    from .evaluation import compare as comparing

    try:
        limits = comparing.thresholds(thresholds or cli_eval_gold.default("thresholds.toml"))
        found = comparing.compare(cases.load(before, gold), cases.load(after, gold), limits)
    except ExtractorError as error:
        raise fail(str(error)) from None
    page = comparing.page(found)
    if html:
        page_out(page, html)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        from .evaluation.page import show

        show(terminal(stdout=True), page)
    raise typer.Exit(EXIT_FINDINGS if found.regressions else EXIT_OK)


def extractor(engine: Engine, options: dict[str, Any], config: Path | None) -> Any:
    """Settle who reads; a model only where one is named."""
    from .cli_local import attach
    from .config import load
    from .pipeline import Extractor

    if engine is Engine.deterministic:
        return Extractor(engine="deterministic")
    settled = attach(load(options, os.environ, config))
    return Extractor(engine="llm" if engine is Engine.llm else "auto", model=settled if settled.model else None)


for command in (cli_eval_stress.mutate, cli_eval_stress.noise, cli_eval_stress.figures, cli_eval_stress.models):
    app.command()(command)
app.command()(cli_eval_gold.annotate)
app.command("gold-check")(cli_eval_gold.gold_check)
