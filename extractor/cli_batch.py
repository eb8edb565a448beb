"""``extractor batch``: the same questions as ``run`` puts, sent in batches: half the price, within a day."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_base import (
    EXIT_BUSY,
    EXIT_FINDINGS,
    EXIT_NOT_ASKED,
    EXIT_OK,
    EXIT_UNREADABLE,
    EXIT_USAGE,
    AsJson,
    BaseUrl,
    CacheDir,
    ConfigFile,
    Mode,
    Model,
    Prices,
    Shared,
    fail,
    print_json,
    terminal,
)

HELP = """Ask a model in batches: half the price, answers within a day (OpenAI's Batch API, and endpoints like it).

\b
  extractor batch submit inbox/ --out results --model gpt-4o-mini    read, and send what a model is to be asked
  extractor batch status results                                     how far it is
  extractor batch collect results                                    take the answers into the results
  extractor batch submit inbox/ --out results --model gpt-4o-mini    what is still open: second questions, failures

\b
The results are those of `extractor run` with the same options: `submit` writes what arithmetic reads, `collect` what
the answers add. Each command may be stopped and given again; nothing is asked twice.
"""
_FORMATS = ("json", "facts", "findings", "csv")

app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Files read at a time, a process each.")]
Run = Annotated[Path, typer.Argument(help="The --out of `extractor batch submit`.", metavar="DIR", readable=False)]


class Asks(StrEnum):
    """Who reads."""

    auto = "auto"
    llm = "llm"


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """End the command with a sentence and an exit code."""
    from .config import ConfigError
    from .errors import ExtractorError
    from .lock import BusyError

    try:
        yield
    except BusyError as error:
        raise fail(str(error), EXIT_BUSY) from None
    except ConfigError as error:
        raise fail(str(error), EXIT_USAGE) from None
    except ExtractorError as error:
        raise fail(str(error), EXIT_UNREADABLE) from None


@app.command()
def submit(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or globs.", metavar="PATH...")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results, as for `extractor run`.")],
    engine: Annotated[
        Asks, typer.Option(help="auto: ask where arithmetic can't tell; llm: ask about everything.")
    ] = Asks.auto,
    formats: Annotated[
        list[str] | None, typer.Option("--format", "-f", help="What to write, as for `extractor run`.")
    ] = None,
    model: Model = None,
    base_url: BaseUrl = None,
    mode: Mode = None,
    config: ConfigFile = None,
    cache_dir: CacheDir = None,
    cache: Shared = None,
    max_repairs: Annotated[int, typer.Option(min=0, help="How often a table is asked for again.")] = 2,
    jobs: Jobs = os.cpu_count() or 1,
    second_opinion: Annotated[
        bool, typer.Option("--second-opinion", help="Ask about every table and sentence, and compare both readings.")
    ] = False,
    max_calls: Annotated[
        int | None,
        typer.Option(min=0, help="Send at most so many questions this time; files are then read one by one."),
    ] = None,
    most: Annotated[
        int, typer.Option("--per-batch", min=1, max=50_000, help="Questions of one batch; accounts have limits.")
    ] = 50_000,
    prices: Prices = None,
) -> None:
    """Read the files, write what arithmetic reads, and send as batches what a model is to be asked.

    \b
    The first time one to four tiny questions are put at once, to see that key, model and form are right. What it costs
    is half of what `extractor run ... --dry-run` says. Exit code 0 where all is sent, 3 where a file can't be read.
    """
    from .batches import Settings, opened, saved
    from .config import load

    options = {
        "model": model, "base_url": base_url, "mode": mode, "cache_dir": cache_dir, "cache": cache, "prices": prices,
    }  # fmt: skip
    with _errors():
        settled = load(options, os.environ, config)
        settings = Settings(
            paths=paths, folder=str(Path.cwd()), engine=engine.value, config=saved(settled), max_repairs=max_repairs,
            second_opinion=second_opinion, formats=sorted(set(formats or _FORMATS)),
        )  # fmt: skip
        with _api(settled) as api, opened(out, settings) as folder:
            _greet(folder, settled)
            bag = folder.bag(max_calls)
            code = _run(folder, settled, bag, out, jobs=jobs, quiet=True)
            asked = len(bag.taken())
            folder.pack(most)
            for sent in folder.submit(api):
                terminal().print(f"sent: {sent.questions} questions as {sent.batch}", soft_wrap=True)
            if not asked:
                terminal().print("nothing new to ask")
            _show(folder, settled)
    raise typer.Exit(code if code not in (EXIT_FINDINGS, EXIT_NOT_ASKED) or _held_back(asked, max_calls) else 0)


def _held_back(asked: int, limit: int | None) -> bool:
    """Whether a limit has kept questions back."""
    return limit is not None and asked >= limit


@app.command()
def status(
    folder: Run, base_url: BaseUrl = None, config: ConfigFile = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Ask the endpoint how far the batches are. Exit code 0 where all have ended, 4 where answers are to come."""
    from .batches import opened

    with _errors(), opened(folder) as batches:
        settled = _settled(batches, base_url, config)
        with _api(settled) as api:
            batches.look(api)
        _show(batches, settled, as_json=as_json)
        left = any(not sent.fetched for sent in batches.sent)
    raise typer.Exit(EXIT_NOT_ASKED if left else EXIT_OK)


@app.command()
def collect(
    folder: Run,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until all batches have ended.")] = False,
    jobs: Jobs = os.cpu_count() or 1,
    every: Annotated[float, typer.Option(min=0.01, help="With --wait: seconds between two looks.")] = 60.0,
    base_url: BaseUrl = None,
    cache: Shared = None,
    config: ConfigFile = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors and the total.")] = False,
) -> None:
    """Fetch the answers of batches that have ended, and read the open files again with them.

    \b
    Answers pass the same checks as in `extractor run`, and go into the cache. What a batch left out (it expired, was
    cancelled, or failed in passing), and second questions, are sent by the next `submit`. May be stopped and repeated.
    Exit codes as of `extractor run`: 4 while questions are open.
    """
    from .batches import opened

    with _errors(), opened(folder) as batches:
        settled = _settled(batches, base_url, config, cache)
        with _api(settled) as api:
            count = batches.fetch(api)
            while wait and any(sent.batch and not sent.fetched for sent in batches.sent):
                time.sleep(every)
                count += batches.fetch(api)
        terminal().print(f"{count} batches have ended since the last time" if count != 1 else "a batch has ended")
        bag = batches.bag()
        code = _run(batches, settled, bag, folder, jobs=jobs, quiet=quiet)
        batches.book()
        _show(batches, settled)
        if asked := len(bag.taken()):
            terminal().print(
                f"{asked} questions are open: second questions, and what failed in passing. `extractor batch "
                "submit` with the same options sends them.",
                soft_wrap=True,
            )
    raise typer.Exit(code)


@app.command()
def cancel(folder: Run, base_url: BaseUrl = None, config: ConfigFile = None) -> None:
    """Ask for the batches that are under way to stop; what is answered by then can be collected."""
    from .batches import opened

    with _errors(), opened(folder) as batches, _api(_settled(batches, base_url, config)) as api:
        count = batches.cancel(api)
    terminal().print(f"{count} batches are asked to stop")


def _api(config: Any) -> Any:
    from .batch_api import Batches

    if not config.model:
        from .config import ConfigError

        raise ConfigError("No model is chosen. Name one with --model or in EXTRACTOR_MODEL.")
    return Batches(config)


def _settled(batches: Any, base_url: str | None, config: Path | None, cache: str | None = None) -> Any:
    """Return the configuration of batches that are there.

    The key of the environment goes only to a server that the user names, as in `extractor run`: the folder may come
    from somebody else.
    """
    from .config import ConfigError, load

    known = dict(batches.settings.config)
    at = known.pop("base_url", None)
    settled = load({**known, "base_url": base_url, "cache": cache}, os.environ, config)
    if at is None or settled.base_url == at:
        return settled
    other = settled.model_copy(update={"base_url": at})
    if other.loopback and base_url is None:
        return other
    raise ConfigError(
        f"The batches here are at {other.host}, and the key is not sent to a server that a folder names. Pass its "
        "address with --base-url, or set OPENAI_BASE_URL, to agree."
    )


def _greet(folder: Any, config: Any) -> None:
    """Find out how the model wants to be asked, once: a batch that asks wrongly takes a day to say so."""
    import asyncio

    from .budget import Budget
    from .client import ModelClient
    from .config import ConfigError

    if folder.settings.mode:
        return
    budget = Budget(config)

    async def ask() -> tuple[str, dict[str, Any]]:
        async with ModelClient(config, budget=budget) as client:
            mode = await client.mode()
            reply = await client.probe(mode)
            if reply.outcome in ("error", "budget", "offline"):
                raise ConfigError(reply.message)
            return mode, client.endpoint.dialect

    folder.learned(*asyncio.run(ask()))
    terminal().print(f"asked once, to see that it answers: {budget.summary()}", soft_wrap=True)


def _client(bag: Any, model: Any, budget: Any) -> Any:
    """Return what asks the bag in the place of the endpoint, in whichever process."""
    from .client import ModelClient

    return ModelClient(model, budget=budget, post=bag)


def _run(folder: Any, config: Any, bag: Any, out: Path, *, jobs: int, quiet: bool) -> int:
    """Do what `extractor run` does, with the bag in the place of calls."""
    from . import batch, cli_run
    from .budget import Budget, PriceTable
    from .pipeline import Extractor

    said = folder.settings
    extractor = Extractor(
        engine=said.engine, model=config, max_repairs=said.max_repairs, second_opinion=said.second_opinion,
        budget=Budget(config, PriceTable.load(config.prices).for_batches()),
        connect=partial(_client, bag),
    )  # fmt: skip
    count = jobs if bag.limit is None else 1
    order = cli_run.Order(out.absolute(), tuple(said.formats), count, batch.LIMIT, quiet=quiet)
    try:
        with contextlib.chdir(said.folder):
            found, errors = batch.find(said.paths)
            for message in errors:
                fail(message)
            return cli_run.perform(found, errors, extractor, order)
    except OSError as error:
        raise fail(
            f"{said.folder}: can't be entered ({error.strerror}); the documents were named from there."
        ) from None


def _show(folder: Any, config: Any, *, as_json: bool = False) -> None:
    from .budget import PriceTable
    from .console import safe

    table = PriceTable.load(config.prices).for_batches()
    summary, price = folder.summary(), table.find(config.model)
    cost = price.cost(summary.usage) if price and not summary.usage.estimated else None
    if as_json:
        sent = [s.model_dump(mode="json") for s in folder.sent]
        said = {**asdict(summary), "cost": None if cost is None else str(cost), "currency": table.currency}
        print_json({"folder": str(folder.path), "batches": sent, "total": said})
        return
    tell: Callable[..., None] = terminal(stdout=True).print
    for s in folder.sent:
        state = f"{s.status}{', collected' if s.fetched else ''}"
        why = f": {s.why}" if s.why else ""
        counts = f"{s.questions} questions, {s.done} answered, {s.failed} failed"
        tell(safe(f"  {s.batch or '(not sent yet)'}  {state}: {counts}{why}"), soft_wrap=True)
    spent = "n/a" if cost is None else f"{cost:.4f} {table.currency}"
    tell(
        f"  all: {summary.questions} questions, {summary.answered} answered, {summary.failed} failed, "
        f"{summary.waiting} under way; {summary.usage.input} tokens in, {summary.usage.output} out, cost {spent}",
        soft_wrap=True,
    )
