"""Models behind a server that answer the reader's questions: from gold, or with a lie."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from extractor import Document, Extractor, Result
from extractor.config import ModelConfig
from extractor.evaluation import scripted
from extractor.facts import facts
from extractor.normalize import squeeze
from extractor.specs import catalogue
from extractor.statements import prose

from .conftest import gold, sample
from .server import Answer, Received, Server, say

Rows = list[list[str]]
Lie = Callable[[str, Rows], Rows]


def table_of(received: Received) -> str:
    """Return the id of the table that is asked for, or "" for the probe of the endpoint's mode."""
    match = re.search(r"\((\w+)\)\. Money unit", received.prompt)
    return match.group(1) if match else ""


def tables_asked(server: Server) -> int:
    """Return how many questions were about the rows of a table."""
    return sum(bool(table_of(received)) for received in server.received)


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


def sentences_of(name: str, received: Received, past: int = 0) -> Rows | None:
    """Name the cells of a section's numbers as a careful reader would, from gold; None where that isn't asked.

    ``past`` lines stand before the sample in what is read.
    """
    if "Which cells do the numbers" not in received.prompt:
        return None
    question = received.messages[-1]["content"]
    source = {int(n) - past: t for n, t in re.findall(r"^(\d+)\|(.*)$", question.split("<<<")[1], re.MULTILINE)}
    own = re.search(r"numbers of these lines: ([\d, ]+)\.", question)
    wanted = {int(n) - past for n in own.group(1).split(", ")} if own else set(source)
    signed = {
        (table, column.strip())
        for table, columns in re.findall(r'^table "(\w+)".*\n.*\n  columns: (.*)$', question, re.MULTILINE)
        for column in re.findall(r"±(\S+)", columns)
    }
    tables = set(re.findall(r'^table "(\w+)"', question, re.MULTILINE))
    rows = []
    for fact in gold(name):
        if fact["table"] not in tables or fact["kind"] != "number" or fact["line"] not in wanted:
            continue
        change = (fact["table"], fact["column"]) in signed
        said = [str(fact["line"] + past), fact["table"], fact["row"], fact["column"]]
        rows.append([*said, *_printed(source, fact, change=change)])
    return rows


def form_of(name: str, received: Received, past: int = 0) -> Rows | None:
    """Copy the rows of a form as a careful reader would, from gold; None where that isn't asked.

    ``past`` lines stand before the sample in what is read.
    """
    if "Copy the form: " not in received.prompt:
        return None
    question = received.messages[-1]["content"]
    table = re.search(r"Copy the form: .* \((\w+)\)\. Arrays", question)
    here = {n - past for n in shown(received)}
    rows: dict[str, dict[str, str]] = {}
    lines: dict[str, int] = {}
    for fact in gold(name):
        if table and fact["table"] == table[1] and fact["line"] in here:
            rows.setdefault(fact["row"], {})[fact["column"]] = fact["value"]
            if fact["column"] not in ("一级指标", "二级指标"):
                lines[fact["row"]] = min(fact["line"], lines.get(fact["row"], fact["line"]))
    fields = {a[0]: a for a in (s.split(", ") for s in re.findall(r"^- .*: \[line, (.*)\]$", question, re.MULTILINE))}
    out: Rows = []
    for key, cells in rows.items():
        project, _, role = key.rpartition("资金/") if "资金/" in key and "指标/" not in key else key.rpartition("指标/")
        line = str(lines[key] + past)
        if key.endswith("总分"):
            out.append([line, "总分", cells["得分"]])
        elif "指标/" in key:
            named = {**cells, "三级指标": role}
            out.append([line, *(named.get(column, "") for column in fields["一级指标"])])
        else:
            out.append([line, "资金", role, *(cells.get(column, "") for column in fields["资金"][2:])])
        if project and not any(row[1] == "项目名称" for row in out):
            out.insert(0, [str(min(here) + past), "项目名称", project.rstrip("/")])
    return out


_WORDS = prose().vocabulary
_VERB = re.compile("|".join(sorted((*_WORDS.up, *_WORDS.down), key=len, reverse=True)))


def _printed(source: dict[int, str], fact: dict[str, Any], *, change: bool) -> list[str]:
    """Return a number of gold as it is printed on its line, its unit, and for a change the verb before it."""
    apart = {n: re.sub(r"(?<=\d)\s+(?=\d)", ";", text) for n, text in source.items()}
    before = squeeze("".join(apart.get(n, "") for n in range(fact["line"] - 3, fact["line"])))
    text = before + squeeze("".join(apart.get(n, "") for n in range(fact["line"], fact["line"] + 3)))
    value = str(fact["value"])
    plain = ""
    for match in re.finditer(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?", text[len(before) :]):
        printed = match.group().replace(",", "")
        clause = re.split(r"[，,。;：\d]", text[: len(before) + match.start()])[-1]
        verb = next(reversed(_VERB.findall(clause)), "")
        unit = text[len(before) + match.end() :].startswith(
            (fact["unit"], "名" if fact["unit"] == "人" else fact["unit"])
        )
        if not change and printed == value and unit:
            plain = match.group() if not plain or not verb else plain
        sign = printed == value if verb in _WORDS.up else f"-{printed}" == value or not Decimal(printed)
        if change and unit and verb and printed == value.removeprefix("-") and sign:
            return [match.group(), fact["unit"], verb]
    return [plain, fact["unit"], ""] if plain else [value, "", ""]  # counts of staff may have no unit


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
        spoken = sentences_of(name, received)
        copied = form_of(name, received) if spoken is None else spoken
        rows = rows_of(name, table) if copied is None else copied
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
