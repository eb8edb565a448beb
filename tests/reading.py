"""Numbers that a text is read into, by row and column."""

from extractor import Document, Extractor, Result
from extractor.facts import facts

READER = Extractor(engine="deterministic")
Cells = dict[tuple[str, str], tuple[str, str]]


def read(text: str) -> Result:
    """Read a text."""
    return READER.extract(Document.from_text(text))


def numbers(result: Result, table: str) -> Cells:
    """Return values and states of a table's numbers by row and column."""
    found = [f for f in facts(result) if f["kind"] == "number" and f["table"] == table]
    return {(f["row"], f["column"]): (f["value"], f["state"]) for f in found}
