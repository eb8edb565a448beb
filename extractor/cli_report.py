"""The command that makes pages of saved results, for people to read."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_base import EXIT_OK, EXIT_UNREADABLE, AsJson, fail, print_json, terminal


def report(
    run: Annotated[Path, typer.Argument(help="Folder of results (the --out of run), or one result.", readable=False)],
    source: Annotated[
        Path | None,
        typer.Option(help="The text it was read from, or a folder with the texts; default: where they were."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make pages to read in a browser: the source with every value marked, beside the tables, with all findings.

    \b
    Examples:
      extractor report results/budget              results/budget/report.html
      extractor report results                     a page for each document, and results/index.html
      extractor report results --source inbox/     where the texts have moved
    """
    from .errors import ExtractorError
    from .report.saved import pages

    try:
        done = pages(run, source)
    except ExtractorError as error:
        raise fail(str(error)) from None
    for message in done.errors:
        fail(message)
    if as_json:
        files = [str(file) for file in done.files]
        print_json({"files": files, "documents": done.documents, "errors": list(done.errors)})
    elif done.files:
        from .console import safe

        terminal().print(
            safe(f"{done.documents} page{'s' * (done.documents != 1)}; open {done.files[-1]} in a browser"),
            soft_wrap=True,
        )
    raise typer.Exit(EXIT_UNREADABLE if done.errors else EXIT_OK)


def write_index(reports: Iterable[Any], out: Path) -> None:
    """Write the page of a run."""
    from .placing import place
    from .report.index import INDEX, index

    try:
        place(out, {INDEX: index(reports, out)})
    except OSError as error:
        raise fail(f"{out / INDEX}: can't be written ({error.strerror}).") from None
