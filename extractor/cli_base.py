"""What all commands share: exit codes, output, and how a command fails."""

import json
import sys
from typing import Annotated, Any

import typer

EXIT_OK, EXIT_FINDINGS, EXIT_USAGE, EXIT_UNREADABLE, EXIT_INTERRUPTED = 0, 1, 2, 3, 130

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout; messages stay on stderr.")]


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
