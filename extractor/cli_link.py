"""The command ``extractor link``: documents checked against each other."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_base import EXIT_FINDINGS, EXIT_OK, EXIT_UNREADABLE, EXIT_USAGE, AsJson, fail, print_json, terminal


def link(
    paths: Annotated[
        list[str],
        typer.Argument(help="Results (folders of a run, or result.json) or text files to read.", metavar="PATH..."),
    ],
    department: Annotated[
        str | None,
        typer.Option(help="Which of the paths is the department; all others of its year and kind are its units."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check documents against each other: a budget and its final accounts, two years, a department and its units.

    \b
    Which belong together is found out from unit, year and kind, as the documents say them. What one document claims
    and nothing in the other holds against is listed as unchecked. Text files are read without a model.

    \b
    Examples:
      extractor link budget_2024.txt final_2024.txt
      extractor link results/                         everything that a run has written
      extractor link office.txt unit_a.txt unit_b.txt --department office.txt

    \b
    Exit codes: 0 consistent; 1 findings, or a document that belongs to no other, or nothing to compare;
    2 wrong usage; 3 some input could not be read.
    """
    from .console_link import show_links
    from .errors import ExtractorError
    from .link import link as check

    try:
        found, errors = _papers([*paths, *([department] if department and department not in paths else [])])
        chosen = None
        if department is not None:
            of_it = [p for path, p in found if path == department]
            if len(of_it) != 1:
                raise fail(f"--department {department}: {len(of_it)} disclosures are in it; name one.", EXIT_USAGE)
            chosen = of_it[0]
        if len(found) < 2 and not errors:
            raise fail("Give two documents or more, or a file that holds several.", EXIT_USAGE)
        report = check([p for _, p in found], chosen)
    except ExtractorError as error:
        raise fail(str(error)) from None
    for message in errors:
        fail(message)
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        show_links(terminal(stdout=True), report)
    if errors:
        raise typer.Exit(EXIT_UNREADABLE)
    raise typer.Exit(EXIT_OK if report.consistent else EXIT_FINDINGS)


def _papers(paths: list[str]) -> tuple[list[tuple[str, Any]], list[str]]:
    """Load or read every document; returns them with the path that named them, and what could not be read."""
    from .batch import find
    from .document import Document
    from .errors import ExtractorError
    from .export import load
    from .papers import papers
    from .pipeline import Extractor

    found: list[tuple[str, Any]] = []
    errors: list[str] = []
    extractor = Extractor(engine="deterministic")
    seen: set[Path] = set()
    for argument in paths:
        saved = _saved(Path(argument))
        files, refused = ([], []) if saved else find([argument])
        errors += refused
        for file in saved or files:
            if file.resolve() in seen:
                continue
            seen.add(file.resolve())
            try:
                result = load(file) if saved else extractor.extract(Document.from_path(file))
            except ExtractorError as error:
                errors.append(str(error))
                continue
            name = file.parent.name if saved and file.name == "result.json" else file.name
            found += [(argument, paper) for paper in papers(result, name)]
    return found, errors


def _saved(path: Path) -> list[Path]:
    """Return the saved results that a path names: itself, the one in it, or those of a whole run."""
    if path.suffix == ".json":
        return [path]
    if (path / "result.json").is_file():
        return [path / "result.json"]
    return sorted(path.glob("*/result.json")) if path.is_dir() else []
