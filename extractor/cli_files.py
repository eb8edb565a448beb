"""Commands about files and tables that ask no model: sections, check, schemas."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_base import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, AsJson, fail, print_json, terminal

ApplyRepairs = Annotated[
    bool,
    typer.Option(
        "--apply-repairs",
        help="Write repairs that have no rival beside what is printed, as `repaired`; proves nothing.",
    ),
]


def sections(
    file: Annotated[Path, typer.Argument(help="A text file.", readable=False)],
    as_json: AsJson = False,
    contents: Annotated[bool, typer.Option("--contents", help="Show the contents list's entries too.")] = False,
) -> None:
    """Print the heading tree of a file with line numbers, and which tables are known."""
    from .console import section_tree
    from .document import Document
    from .errors import ExtractorError
    from .normalize import lines
    from .specs import catalogue
    from .untitled import headings

    try:
        document = Document.from_path(file)
    except ExtractorError as error:
        raise fail(str(error)) from None
    text = lines(document)
    found = [h for h in headings(text, catalogue().tables) if contents or not h.contents]
    numbers = [text[h.index].number for h in found]
    if as_json:
        print_json(
            [
                {
                    "line": n,
                    "kind": h.kind,
                    "title": h.title,
                    "table": h.spec,
                    "contents": h.contents,
                    "lost": h.lost,
                }
                for h, n in zip(found, numbers, strict=True)
            ]
        )
    else:
        terminal(stdout=True).print(section_tree(file.name, found, numbers), soft_wrap=True)


def check(
    result: Annotated[Path, typer.Argument(help="A result.json, or the folder that holds it.", readable=False)],
    source: Annotated[
        Path | None, typer.Option(help="The text it was read from; default: where it was.", readable=False)
    ] = None,
    as_json: AsJson = False,
    apply_repairs: ApplyRepairs = False,
) -> None:
    """Check a saved result again: every identity, and every number against the source.

    Correct a value in result.json by hand, then see whether the sums agree and whether it stands in the source.
    With --apply-repairs the result is written again: result.json and what stands beside it.
    """
    from .batch import Job, report
    from .console import show_report
    from .errors import ExtractorError
    from .export import load, source_of
    from .recheck import recheck

    try:
        saved = load(result)
        document = source_of(saved, result, source)
        again = recheck(saved, document)
        if apply_repairs:
            again = _write(again, result)
    except ExtractorError as error:
        raise fail(str(error)) from None
    if document is None:
        terminal().print("source not found: the identities are checked, the numbers' places are not", style="yellow")
    if as_json:
        print_json(again.model_dump(mode="json"))
    else:
        show_report(terminal(), report(Job(result, result), again), details=True)
    raise typer.Exit(EXIT_FINDINGS if again.findings else EXIT_OK)


def _write(again: Any, path: Path) -> Any:
    """Write a checked result with its repairs over the one that was loaded, in every form that stands there."""
    from .export import FILES, save
    from .repair import apply

    folder = path if path.is_dir() else path.parent
    formats = ["json", *(form for form, pattern in FILES.items() if any(folder.glob(pattern)))]
    repaired = apply(again)
    save(repaired, folder, formats)
    return repaired


def schemas(
    table: Annotated[str | None, typer.Argument(help="A table id; prints its JSON Schema.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the tables that are known, or print one table's JSON Schema."""
    from .console import spec_table
    from .errors import SpecError
    from .models import table_model
    from .specs import catalogue

    known = catalogue()
    if table is not None:
        try:
            print_json(table_model(known.table(table)).model_json_schema())
        except SpecError as error:
            raise fail(str(error), EXIT_USAGE) from None
    elif as_json:
        print_json([t.model_dump(mode="json") for t in known.tables])
    else:
        terminal(stdout=True).print(spec_table(known))
