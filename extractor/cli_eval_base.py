"""What the commands of ``extractor eval`` share."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_base import fail

Gold = Annotated[
    Path | None, typer.Option(help="Folder of gold facts (*.jsonl); default: the samples'.", readable=False)
]
Samples = Annotated[
    Path | None, typer.Option(help="Folder of their sources (*.txt); default: samples beside it.", readable=False)
]
Html = Annotated[Path | None, typer.Option("--html", help="Write the report as one HTML file.")]


def page_out(page: Any, path: Path) -> None:
    """Write a report as HTML."""
    from .evaluation.page import html

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html(page), encoding="utf-8")
    except OSError as error:
        raise fail(f"{path}: can't be written ({error.strerror}). Choose another file.") from None
