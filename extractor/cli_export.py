"""Commands about saved results that ask no model: export, findings and explain."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_base import EXIT_OK, EXIT_UNREADABLE, EXIT_USAGE, AsJson, fail, print_json, terminal


class Form(StrEnum):
    """What an export is written as."""

    parquet = "parquet"
    csv = "csv"
    xlsx = "xlsx"


def export(
    run: Annotated[Path, typer.Argument(help="Folder of results (the --out of run), or one result.", readable=False)],
    to: Annotated[Form, typer.Option("--to", help="What to write.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the files; default: RUN.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write all documents of a run as one tidy table: a value a row, with place, state and proof.

    \b
    Examples:
      extractor export results --to csv            results/cells.csv and dictionary.csv
      extractor export results --to parquet        exact decimals; needs extractor[parquet]
      extractor export results --to xlsx --out .   one workbook, the dictionary on a sheet of its own
    """
    from . import tidy_files
    from .errors import ExtractorError

    try:
        done = tidy_files.export(run, to.value, out)
    except ExtractorError as error:
        raise fail(str(error)) from None
    for message in done.errors:
        fail(message)
    if as_json:
        files = [str(file) for file in done.files]
        print_json({"files": files, "documents": done.documents, "rows": done.rows, "errors": list(done.errors)})
    else:
        from .console import safe

        where = ", ".join(str(file) for file in done.files)
        said = f"{done.documents} document{'s' * (done.documents != 1)}, {done.rows} values in {where}"
        terminal().print(safe(said), soft_wrap=True)
    raise typer.Exit(EXIT_UNREADABLE if done.errors else EXIT_OK)


class ListForm(StrEnum):
    """What a list of findings is written as."""

    md = "md"
    csv = "csv"
    xlsx = "xlsx"


class Who(StrEnum):
    """Who erred."""

    source = "source"
    misread = "misread"
    rounding = "rounding"
    undecided = "undecided"


def findings(
    run: Annotated[Path, typer.Argument(help="Folder of results (the --out of run), or one result.", readable=False)],
    cause: Annotated[list[Who] | None, typer.Option(help="Who erred; repeat for several. Default: all.")] = None,
    to: Annotated[ListForm, typer.Option("--to", help="What to write.")] = ListForm.md,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File; default: stdout.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what doesn't agree in the documents of a run, with the evidence for who erred.

    \b
    Causes: source (the office), misread, rounding (within what rounding makes), undecided.

    Examples:
      extractor findings results --cause source                            the offices' own mistakes, as Markdown
      extractor findings results --cause source --to xlsx --out letter.xlsx
    """
    from . import audit
    from .errors import ExtractorError

    if to is ListForm.xlsx and out is None and not as_json:
        raise fail("Name a file for the workbook with --out.", EXIT_USAGE)
    try:
        entries, errors = audit.collect(run, [c.value for c in cause or list(Who)])
        for message in errors:
            fail(message)
        if as_json:
            print_json([{"document": e.document, **e.finding.model_dump(mode="json")} for e in entries])
        elif out is None:
            sys.stdout.write(audit.write(entries, to.value).decode("utf-8"))
        else:
            audit.save(entries, to.value, out)
    except ExtractorError as error:
        raise fail(str(error)) from None
    count = "1 difference" if len(entries) == 1 else f"{len(entries)} differences"
    more = "" if entries else "; what is ambiguous or not read stands in findings.jsonl, and in `extractor report`"
    terminal().print(f"{count}{more}", style="dim", soft_wrap=True)
    raise typer.Exit(EXIT_UNREADABLE if errors else EXIT_OK)


def explain(
    result: Annotated[Path, typer.Argument(help="A result.json, or the folder that holds it.", readable=False)],
    table: Annotated[str, typer.Argument(help="Table id, or title.")],
    row: Annotated[str, typer.Argument(help="Row key, the name beside a code, or line:N.")],
    column: Annotated[str, typer.Argument(help="Column, as in facts.jsonl.")],
    source: Annotated[
        Path | None, typer.Option(help="The text it was read from; default: where it was.", readable=False)
    ] = None,
    as_json: AsJson = False,
    crop: Annotated[
        Path | None, typer.Option(help="Write what is printed there to this PNG file, with its surroundings.")
    ] = None,
) -> None:
    """Say why a number is believed, or isn't: where it stands, who read it, and every identity it takes part in.

    \b
    Examples:
      extractor explain results/budget expenditure 总计 合计
      extractor explain results/budget revenue 2010301 总计 --json
      extractor explain results/budget n_revenue 单位资金 占比 --source budget.txt
      extractor explain results/scan revenue 2010301 总计 --crop place.png
    """
    from .console_explain import show
    from .errors import ExtractorError
    from .explain import explain as explained
    from .export import load, source_of

    try:
        saved = load(result)
        document = source_of(saved, result, source)
        found = explained(saved, table, row, column, source=document)
        if crop is not None:
            _crop(saved, found[0], crop)
    except ExtractorError as error:
        raise fail(str(error)) from None
    if document is None:
        terminal().print("source not found: its lines are not shown; name it with --source", style="yellow")
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
    else:
        for one in found:
            show(terminal(stdout=True), one)


def _crop(saved: Any, found: Any, file: Path) -> None:
    """Write the picture of where a value is printed."""
    from .console import safe
    from .errors import InputError
    from .sources.pictures import crop

    place = next((r for r in found.places if r.box is not None), None)
    source = next((f for f in saved.files if place and place.file in ("", f.name)), None)
    if place is None or source is None:
        raise InputError(f"{saved.document}: this value has no place on a page; only PDFs and images have pages.")
    picture = crop(source, place)
    try:
        file.write_bytes(picture)
    except OSError as error:
        raise InputError(f"{file}: can't be written ({error.strerror}).") from None
    terminal().print(safe(f"{file}: page {place.page} of {source.path}"), soft_wrap=True)
