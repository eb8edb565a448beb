"""``extractor doctor``: is everything in place, and what to do if not."""

import os
from typing import Annotated

import typer

from .cli_base import (
    EXIT_OK,
    AsJson,
    BaseUrl,
    CacheDir,
    ConfigFile,
    Gguf,
    Mode,
    Model,
    Prices,
    Shared,
    print_json,
    terminal,
)

EXIT_PROBLEM = 1


def doctor(
    model: Model = None,
    base_url: BaseUrl = None,
    gguf: Gguf = None,
    mode: Mode = None,
    config: ConfigFile = None,
    cache_dir: CacheDir = None,
    cache: Shared = None,
    prices: Prices = None,
    offline: Annotated[bool, typer.Option("--offline", help="Make no call: leave the endpoint out.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check Python, solver, specs, settings, cache, local model and endpoint, and say what to do next.

    \b
    Examples:
      extractor doctor                                          no model: checks the rest
      extractor doctor --model gpt-4o-mini                      asks a tiny question in each mode
      extractor doctor --base-url http://127.0.0.1:8080/v1 --model m --json
      extractor doctor --model local                            starts the model on this machine, asks it

    \b
    Give the options that you give to run, in the folder where you run it. The endpoint gets its list of models asked
    for and up to four questions of some hundred tokens; the best mode is remembered. Exit code 1 if there is a problem.
    """
    from .console_model import show_check
    from .doctor import Patient, examine

    options = {
        "model": model, "base_url": base_url, "gguf": gguf, "mode": mode, "cache_dir": cache_dir, "cache": cache,
        "prices": prices, "offline": offline or None,
    }  # fmt: skip
    found = []
    console = terminal(stdout=True)
    for check in examine(Patient(options, os.environ, config)):
        found.append(check)
        if not as_json:
            show_check(console, check)
    if as_json:
        print_json([c.model_dump(mode="json") for c in found])
    raise typer.Exit(EXIT_PROBLEM if any(c.state == "problem" for c in found) else EXIT_OK)
