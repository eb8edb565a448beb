"""Commands about gold facts: a draft to correct, and the check of what came of it."""

from pathlib import Path
from typing import Annotated

import typer

from .cli_base import EXIT_FINDINGS, EXIT_OK, EXIT_UNREADABLE, AsJson, fail, print_json, terminal


def default(name: str) -> Path:
    """Return a file or folder of the shipped ``eval`` folder."""
    from .data import data_folder

    return data_folder("eval") / name


def annotate(
    file: Annotated[Path, typer.Argument(help="The source.", readable=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="The draft, a CSV file.")],
) -> None:
    """Write a draft of gold facts from what is read today, to be corrected in a spreadsheet.

    \b
    Each line is a fact in the order of the source, with the printed line beside it. Correct table, row, column, value,
    unit and line; empty the value of a fact that isn't one; add what is missing. Then:
      extractor eval gold-check DRAFT.csv SOURCE.txt --write GOLD.jsonl
    """
    from .document import Document
    from .errors import ExtractorError
    from .evaluation.annotate import draft

    try:
        text = draft(Document.from_path(file))
    except ExtractorError as error:
        raise fail(str(error)) from None
    try:
        out.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise fail(f"{out}: can't be written ({error.strerror}). Choose another file.") from None
    terminal().print(f"{text.count(chr(10)) - 1} lines in {out}", soft_wrap=True, markup=False)


def gold_check(
    gold: Annotated[Path, typer.Argument(help="Gold facts: JSON lines, or a corrected draft.", readable=False)],
    source: Annotated[Path, typer.Argument(help="The text that they are about.", readable=False)],
    write: Annotated[Path | None, typer.Option(help="Write the facts as JSON lines, if nothing is wrong.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check gold facts: does each value stand at its line, do the numbers agree with each other?"""
    from .document import Document
    from .errors import ExtractorError
    from .evaluation import annotate as drafts
    from .evaluation.goldcheck import gold_check as checked
    from .evaluation.goldcheck import known_findings
    from .evaluation.page import plain

    try:
        document = Document.from_path(source)
        facts = drafts.as_printed(drafts.load(gold), document)
        found = checked(facts, document, known_findings(default("known_findings.toml"), source.stem))
        if write and not found.problems:
            drafts.write(facts, write)
    except ExtractorError as error:
        raise fail(str(error), EXIT_UNREADABLE) from None
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        console = terminal(stdout=True)
        for problem in found.problems:
            where = f"line {problem.line}: " if problem.line else ""
            console.print(plain(f"{problem.kind}: {where}{problem.message}"), soft_wrap=True, markup=False)
        console.print(
            f"{found.facts} facts, {found.placed} at their lines; "
            f"{found.compared} of {found.numbers} numbers compared, "
            f"{found.held} identities hold; {len(found.problems)} problems",
            soft_wrap=True,
        )
    raise typer.Exit(EXIT_FINDINGS if found.problems else EXIT_OK)
