"""What the scripts of this folder share: samples, gold, and an obedient model that answers our prompts from gold."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))  # a script's own folder is on the path, the checkout is not

from extractor import Document, Extractor  # noqa: E402
from extractor.evaluation.score import BUDGET_TABLES  # noqa: E402
from extractor.evaluation.scripted import write_names  # noqa: E402
from extractor.facts import facts  # noqa: E402
from extractor.normalize import squeeze  # noqa: E402
from extractor.prompts import LEAD  # noqa: E402
from extractor.specs import catalogue  # noqa: E402

BUDGETS = ("kizilsu_fao_2024_budget", "urumqi_fao_2024_budget")
_TABLE = re.compile(rf"\b({'|'.join(sorted(BUDGET_TABLES))})\b")

Fact = dict[str, Any]
Rows = list[list[str]]


@dataclass(frozen=True)
class Located:
    """A number fact of gold with its place in the text: ``text[start:end]`` is the number as printed."""

    table: str
    row: str
    column: str
    value: str
    start: int
    end: int

    @property
    def key(self) -> tuple[str, str, str]:
        """Table, row and column."""
        return self.table, self.row, self.column


def sample(name: str) -> Document:
    """Return a shipped sample."""
    return Document.from_path(ROOT / "eval" / "samples" / f"{name}.txt")


def table_facts(name: str) -> list[Fact]:
    """Return the gold facts of the eleven tables of a sample."""
    lines = (ROOT / "eval" / "gold" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [fact for fact in map(json.loads, lines) if fact["table"] in BUDGET_TABLES]


def numbers(name: str) -> list[Located]:
    """Return the number facts of the eleven tables in printed order, each with its place in the text.

    The places are those that the deterministic reader finds; it reads these samples without an error.
    """
    places: dict[tuple[str, ...], list[int]] = {}
    for fact in facts(Extractor(engine="deterministic").extract(sample(name))):
        for by in ("column", "value"):
            places.setdefault((fact["table"], squeeze(fact["row"]), by, fact[by]), fact["span"])
    found = []
    for fact in table_facts(name):
        if fact["kind"] == "number":
            here = fact["table"], squeeze(fact["row"])
            span = places.get((*here, "column", fact["column"])) or places[(*here, "value", fact["value"])]
            found.append(Located(*here, fact["column"], fact["value"], *span))
    return sorted(found, key=lambda f: f.start)


def rows(name: str) -> dict[str, Rows]:
    """Return the rows of each table as the prompt asks for them: lead cells, then all columns, empty cells as ""."""
    out: dict[str, dict[str, list[str]]] = {}
    for fact in table_facts(name):
        if fact["row"] == "*":
            continue
        spec = catalogue().table(fact["table"])
        lead = LEAD[spec.shape]
        row = out.setdefault(spec.id, {}).setdefault(fact["row"], [""] * (len(lead) + len(spec.columns)))
        if fact["kind"] == "text":
            row[lead.index("name")] = fact["value"]
        else:
            row[len(lead) + spec.column_ids.index(fact["column"])] = str(fact["value"])
            row[0] = row[0] or str(fact["line"])
    for table, found in out.items():
        for key, row in found.items():
            write_names(key, row, LEAD[catalogue().table(table).shape])
    return {table: list(found.values()) for table, found in out.items()}


def compact(value: Any) -> str:
    """Write JSON without blanks: how both sides' models answer."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def obedient(name: str) -> dict[str, str]:
    """Return the answer to the prompt for each table of a sample, by table id."""
    return {table: compact({"rows": found}) for table, found in rows(name).items()}


def asked_for(prompt: str) -> str | None:
    """Return the id of the table that a prompt of ours is about: the first one it names."""
    match = _TABLE.search(prompt)
    return match.group(1) if match else None


def markdown(head: list[str], body: list[list[Any]]) -> Iterator[str]:
    """Yield the lines of a Markdown table; the first column is text, the others are numbers."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "|".join(["---"] + ["---:"] * (len(head) - 1)) + "|"
    for row in body:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"


def report(title: str, head: list[str], body: list[list[Any]], *, as_json: bool) -> None:
    """Print a table, as Markdown or as one JSON object per row."""
    if as_json:
        for row in body:
            print(json.dumps({"bench": title, **dict(zip(head, row, strict=True))}, ensure_ascii=False))
    else:
        print(f"\n{title}\n", *markdown(head, body), sep="\n")
