"""``extractor cache``: what is kept, and how it moves, comes and goes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_base import EXIT_UNREADABLE, EXIT_USAGE, AsJson, CacheDir, ConfigFile, Shared, fail, print_json, terminal

HELP = """Answers of models that are kept, so that no question is paid twice.

\b
Carry answers to another machine, and read there without a network:
  extractor cache export answers.jsonl
  extractor cache import answers.jsonl
  extractor run budget.txt --out results --model MODEL --offline
"""
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}

app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)


@contextmanager
def _opened(cache_dir: Path | None, cache: str | None, config: Path | None) -> Iterator[Any]:
    """Open the cache that a run with these options would use; its errors end the command."""
    import os

    from .config import load
    from .console import safe
    from .errors import ExtractorError
    from .shared_cache import SharedCache, open_cache

    console = terminal()
    try:
        named = {"EXTRACTOR_CACHE": os.environ.get("EXTRACTOR_CACHE", "") if cache_dir is None else ""}
        settled = load({"cache_dir": cache_dir, "cache": cache}, named, config)
        with open_cache(
            settled, lambda message: console.print(safe(message), style="yellow", soft_wrap=True)
        ) as opened:
            if isinstance(opened, SharedCache):
                opened.check()
            yield opened
    except ExtractorError as error:
        raise fail(str(error)) from None


@app.command()
def stats(cache_dir: CacheDir = None, cache: Shared = None, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Print where the cache is and what it holds: answers, bytes, models, oldest and newest."""
    from .console_model import show_stats

    with _opened(cache_dir, cache, config) as kept:
        found = kept.stats()
    if as_json:
        print_json(asdict(found))
    else:
        show_stats(terminal(stdout=True), found)


@app.command("export")
def export_(
    file: Annotated[Path, typer.Argument(help="JSON Lines file to write; one that is there is replaced.")],
    cache_dir: CacheDir = None,
    cache: Shared = None,
    config: ConfigFile = None,
) -> None:
    """Write every answer to a file that another cache can import: an answer a line, no key, no address."""
    from .transfer import export

    with _opened(cache_dir, cache, config) as kept:
        count = export(kept, file)
    terminal().print(f"{count} answers written")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="What `extractor cache export` wrote.")],
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Add the sound lines of a file that has broken ones.")
    ] = False,
    cache_dir: CacheDir = None,
    cache: Shared = None,
    config: ConfigFile = None,
) -> None:
    """Add the answers of an export; those that are there already stay. A file with a broken line adds nothing."""
    from . import transfer

    with _opened(cache_dir, cache, config) as kept:
        done = transfer.import_(kept, file, skip_broken=skip_broken)
    if done.bad_lines:
        shown = ", ".join(map(str, done.bad_lines[:10])) + (" …" if len(done.bad_lines) > 10 else "")
        what = f"{file}: {len(done.bad_lines)} lines are no answers: {shown}."
        if not skip_broken:
            raise fail(f"{what} Nothing was added. Export again, or add the others with --skip-broken.")
        fail(what)
    terminal().print(f"{done.added} answers added, {done.known} were there already")
    if done.bad_lines:
        raise typer.Exit(EXIT_UNREADABLE)


@app.command()
def clear(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only answers that came longer ago: 90m, 12h, 30d, 4w.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only answers of this model, as `stats` names it; * fits any.")
    ] = None,
    cache_dir: CacheDir = None,
    cache: Shared = None,
    config: ConfigFile = None,
) -> None:
    """Forget answers: all of them (and what is known about endpoints), or those that the options choose."""
    import time
    from fnmatch import fnmatchcase

    age = _seconds(older_than)
    before = time.time() - age if age is not None else None
    everything = before is None and model is None
    with _opened(cache_dir, cache, config) as kept:
        chosen = [
            e.key
            for e in kept.entries()
            if (before is None or (e.when is not None and e.when < before))
            and (model is None or fnmatchcase(e.stored.model, model))
        ]
        if not yes:
            typer.confirm(f"Forget {len(chosen)} answers in {kept.folder}?", abort=True, err=True)
        count = kept.clear() if everything else kept.forget(chosen)
    terminal().print(f"{count} answers forgotten")


def _seconds(age: str | None) -> int | None:
    if age is None:
        return None
    match = re.fullmatch(r"(\d{1,6})([mhdw])", age)
    if match is None:
        raise fail(f"--older-than {age}: no age. Write a number and m, h, d or w, such as 30d.", EXIT_USAGE)
    return int(match[1]) * _UNITS[match[2]]
