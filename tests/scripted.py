"""Models behind a server that answer the reader's questions: from gold, or with a lie."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from extractor import Document, Extractor, Result
from extractor.config import ModelConfig
from extractor.evaluation import scripted
from extractor.facts import facts
from extractor.normalize import squeeze
from extractor.specs import catalogue

from .conftest import gold, sample
from .server import Answer, Received, Server, say

Rows = list[list[str]]
Lie = Callable[[str, Rows], Rows]


def table_of(received: Received) -> str:
    """Return the id of the table that is asked for, or "" for the probe of the endpoint's mode."""
    match = re.search(r"\((\w+)\)\. Money unit", received.prompt)
    return match.group(1) if match else ""


def layout_of(received: Received) -> Answer | None:
    """Answer a question about a layout as a reader of the header would; None where rows are asked for."""
    if "first_row:" not in received.prompt:
        return None
    tables = re.findall(r"^- (\w+): ", received.prompt, re.MULTILINE)
    usual = re.search(r"Usual columns of this table: (.+?)\.$", received.prompt, re.MULTILINE)
    columns = usual.group(1).split("; ") if usual else []
    return say(json.dumps({"table": tables[0], "columns": columns, "first_row": 0, "skip": []}, ensure_ascii=False))


def shown(received: Received) -> set[int]:
    """Return the numbers of the source lines that the prompt shows."""
    source = received.prompt.split("<<<")[1]
    return {int(n) for n in re.findall(r"^(\d+)\|", source, re.MULTILINE)}


def rows_of(name: str, table: str) -> Rows:
    """Write the rows of a table as a careful reader of the source would, from gold."""
    return list(scripted.rows_of(gold(name), catalogue().table(table)).values())


def answer(rows: Rows) -> Answer:
    """Answer with rows."""
    return say(json.dumps({"rows": rows}, ensure_ascii=False))


def model(name: str, lie: Lie | None = None) -> Callable[[Received], Answer]:
    """Return a server's behaviour: answers each table from gold, after a lie where one is given."""

    def behave(received: Received) -> Answer:
        about = layout_of(received)
        if about is not None:
            return about
        table = table_of(received)
        rows = rows_of(name, table)
        return answer(lie(table, rows) if lie else rows)

    return behave


def read(
    document: Document, behave: Callable[[Received], Answer], cache: Path, *, engine: str = "llm",
    opinion: bool = False, **settings: Any,
) -> tuple[Result, Server]:  # fmt: skip
    """Extract a document with a model behind a server."""
    with Server(behave) as server:
        given = {"model": "scripted", "mode": "tools", "cache_dir": cache, "backoff": 0.01, **settings}
        config = ModelConfig(base_url=server.url, **given)
        extractor = Extractor(engine="llm" if engine == "llm" else "auto", model=config, second_opinion=opinion)
        return extractor.extract(document), server


def run(name: str, behave: Callable[[Received], Answer], cache: Path, **options: Any) -> tuple[Result, Server]:
    """Extract a sample with a model behind a server."""
    return read(sample(name), behave, cache, **options)


def accepted(name: str, result: Result) -> list[dict[str, Any]]:
    """Gold, with the columns that an ambiguous prediction leaves open where the true one is among them."""
    open_columns = {
        (f["table"], squeeze(f["row"]), f["value"]): f["column_options"] for f in facts(result) if "column_options" in f
    }
    out = []
    for fact in gold(name):
        options = open_columns.get((fact["table"], squeeze(fact["row"]), fact["value"]), [])
        out.append({**fact, "column_options": options} if fact["column"] in options else fact)
    return out
