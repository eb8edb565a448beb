"""What all commands share: exit codes, output, and how a command fails."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

EXIT_OK, EXIT_FINDINGS, EXIT_USAGE, EXIT_UNREADABLE, EXIT_NOT_ASKED = 0, 1, 2, 3, 4
EXIT_BUSY, EXIT_INTERRUPTED = 5, 130

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout; messages stay on stderr.")]
Model = Annotated[str | None, typer.Option(help="Model to ask, or local; also EXTRACTOR_MODEL.")]
BaseUrl = Annotated[str | None, typer.Option(help="OpenAI-compatible endpoint; also OPENAI_BASE_URL.")]
Gguf = Annotated[Path | None, typer.Option(help="Model file for --model local; also EXTRACTOR_GGUF.")]
Mode = Annotated[str | None, typer.Option(help="tools, json_schema, json, md_json, or auto: found out once.")]
ConfigFile = Annotated[
    Path | None, typer.Option(help="TOML file with these settings in a table [model]; default: ./extractor.toml.")
]
CacheDir = Annotated[Path | None, typer.Option(help="Folder of the cache of answers.")]
Shared = Annotated[
    str | None,
    typer.Option("--cache", help="Server that keeps the answers, as redis://HOST:PORT/0; also EXTRACTOR_CACHE."),
]
Prices = Annotated[Path | None, typer.Option(help="Price table, a copy of prompts/prices.toml with your prices.")]


def terminal(*, stdout: bool = False) -> Any:
    """Return the console for messages, or with ``stdout`` the one for answers."""
    from rich.console import Console

    return Console(stderr=not stdout, highlight=False)


def print_json(value: Any) -> None:
    """Print JSON on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def fail(message: str, code: int = EXIT_UNREADABLE) -> typer.Exit:
    """Print why a command ends, and return what to raise."""
    from .console import safe

    terminal().print(safe(message), style="red", soft_wrap=True)
    return typer.Exit(code)
