"""Tokens per document: this package against LangExtract, the same numbers from the same file, one counting server.

    .venv/bin/python eval/bench/tokens.py [--all] [--mode tools] [--venv FOLDER] [--json]

The server answers everybody as an obedient model would, from gold, in the form that each asks for, as JSON without
blanks. Counted are the messages, the form of the answer sent along (tools or response_format, as JSON), and the
answers, by the tokenizer o200k_base for all; of ours those about the eleven tables, not about sentences. Exits 1
where someone doesn't get every number of the eleven tables, so that no saving is counted that is bought with a missing
number.

LangExtract runs in an environment of its own (made where it is missing, versions in requirements.txt) as its documents
say: few-shot examples, structured output by the OpenAI provider, chunks of 1,000 characters (its default), one pass,
its tokenizer for languages without blanks, exact text and context in attributes.

- "amount each" is its recommended way: each amount is an extraction and looked up in the source. "row each" is cheaper:
  the amounts of a row stand in its attributes, and only the first is looked up.
- "told as much": its prompt says what ours say (the columns of each table, a worked example for each kind of row; it
  can't know which table a chunk belongs to). "told the least": one example and the tables' ids. An obedient model
  answers this as well; a real one couldn't know the columns' names. It is a lower bound, not a way of use.
- "tables only" (--all): just the lines of the tables, which something else would have to cut out for it.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gold import BUDGETS, Located, asked_for, compact, numbers, obedient, report, sample
from meter import DEFAULT_VENV, HERE, Meter, Tokens, environment

from extractor import Extractor
from extractor.config import ModelConfig
from extractor.evaluation.score import BUDGET_TABLES
from extractor.facts import facts
from extractor.normalize import squeeze
from extractor.specs import TableSpec, catalogue
from tests.server import Received

_KEYS = (
    "row: the functional code with its digits run together, else the row's label under its parents joined with /, "
    "else 总计 for the total."
)
_NUMBER = "Use the exact text of the amount, do not paraphrase or calculate."
_OUTSIDE = "Leave out codes, page numbers and everything outside the tables."
_WHAT = {
    "amount": "Extract every amount printed in the eleven tables of a Chinese department budget, in order of "
    f"appearance. {_NUMBER} {_OUTSIDE}\nAttributes: table, row, column. {_KEYS}",
    "row": "Extract every row that prints an amount in the eleven tables of a Chinese department budget, in order of "
    f"appearance, by its first amount. {_NUMBER} {_OUTSIDE}\nAttributes: table, row, cells. {_KEYS} cells: for each "
    "amount the label of its column, a colon, and the amount.",
}
# Texts with invented numbers and what to take from them, one for each kind of row: table, row, column, value.
_EXAMPLES = (
    (
        "支出总体情况表\n科目编码 科目名称 合计 基本支出 项目支出\n205 教育 70.50 50.25 20.25\n20502 普教 50.25 50.25",
        "expenditure",
        "205 合计 70.50, 205 基本支出 50.25, 205 项目支出 20.25, 20502 合计 50.25, 20502 基本支出 50.25",
    ),
    (
        "收支总体情况表\n收入 预算数 功能分类 预算数\n本年收入 88.10 205 教育支出 70.50\n收入总计 88.10 支出总计 88.10",
        "revenue_expenditure",
        "本年收入 预算数 88.10, 205 预算数 70.50, 收入总计 预算数 88.10, 支出总计 预算数 88.10",
    ),
    (
        "一般公共预算项目支出情况表\n编码 名称 项目 合计 其他支出\n2070104 图书馆 购书费 9.00 9.00\n合计 9.00 9.00",
        "project_expenditure",
        "2070104/购书费 合计 9.00, 2070104/购书费 其他支出 9.00, 总计 合计 9.00, 总计 其他支出 9.00",
    ),
    (
        "“三公”经费情况表\n合计 一般公共预算\n合计 3.10 3.10\n公务接待费 0.60 0.60",
        "three_public",
        "总计 合计 3.10, 总计 一般公共预算 3.10, 公务接待费 合计 0.60, 公务接待费 一般公共预算 0.60",
    ),
    (
        "上年结转结余情况明细表\n项目名称 总计 财政拨款合计\n总计 5.00 5.00\n设备更新项目 5.00 5.00",
        "carryover",
        "总计 总计 5.00, 总计 财政拨款/合计 5.00, 设备更新项目 总计 5.00, 设备更新项目 财政拨款/合计 5.00",
    ),
)


@dataclass(frozen=True)
class Way:
    """A way of asking LangExtract.

    Attributes:
        word: Its class of all extractions: an ``amount`` each, or a ``row`` each.
        informed: It is told what our prompts tell (columns by table, an example for each kind of row), or hardly more
            than the names of the tables.
        buffer: The largest chunk, in characters.
        cut: It gets just the lines of the tables.
    """

    word: str
    informed: bool
    buffer: int
    cut: bool = False

    @property
    def name(self) -> str:
        """A name for the report."""
        told = "told as much" if self.informed else "told the least"
        return f"LangExtract, {told}, {self.word} each, {self.buffer:,} characters{', tables only' * self.cut}"

    @property
    def prompt(self) -> str:
        """The description of the task."""
        if not self.informed:
            return f"{_WHAT[self.word]}\nTables: {', '.join(s.id for s in _specs())}."
        columns = "\n".join(f"- {s.id} ({s.title}): {', '.join(s.column_ids)}" for s in _specs())
        return f"{_WHAT[self.word]}\nTables and their columns:\n{columns}"

    @property
    def examples(self) -> list[dict[str, Any]]:
        """The worked examples."""
        made = []
        for text, table, given in _EXAMPLES if self.informed else _EXAMPLES[:1]:
            cells = [cell.split() for cell in given.split(", ")]
            found = [Located(table, row, column, value, i, i) for i, (row, column, value) in enumerate(cells)]
            gives = [[self.word, *one] for one in self.extractions(found, lambda n: n.value)]
            made.append({"text": text, "gives": gives})
        return made

    def extractions(self, found: Sequence[Located], printed: Any) -> Iterable[tuple[str, dict[str, Any]]]:
        """Yield text and attributes of each extraction; ``printed`` gives the text of a number in the source."""
        if self.word == "amount":
            for n in found:
                yield printed(n), {"table": n.table, "row": n.row, "column": n.column}
            return
        rows: dict[tuple[str, str], list[Located]] = {}
        for n in found:
            rows.setdefault((n.table, n.row), []).append(n)
        for (table, row), cells in rows.items():
            values = [f"{n.column}:{n.value}" for n in cells]
            yield printed(cells[0]), {"table": table, "row": row, "cells": values}

    def numbers(self, extraction: dict[str, Any]) -> Iterable[tuple[str, str, str, str]]:
        """Yield table, row, column and value of the numbers of an extraction."""
        own = extraction["attributes"]
        if self.word == "row":
            for cell in own["cells"]:
                yield own["table"], own["row"], *cell.split(":")
        else:
            yield own["table"], own["row"], own["column"], extraction["text"]


@dataclass(frozen=True)
class Got:
    """What a reader took and got: tokens; numbers wanted, got right, and of those the ones with a place in the text."""

    who: str
    tokens: Tokens
    wanted: int
    right: int
    placed: int

    def __add__(self, other: "Got") -> "Got":
        return Got(
            self.who,
            self.tokens + other.tokens,
            self.wanted + other.wanted,
            self.right + other.right,
            self.placed + other.placed,
        )


def _specs() -> list[TableSpec]:
    return [spec for spec in catalogue().tables if spec.id in BUDGET_TABLES]


def plain(value: str) -> str:
    """Return a printed number without white space and thousands separators."""
    return squeeze(value).replace(",", "")


def langextract(name: str, source: tuple[str, list[Located]], way: Way, python: Path) -> Got:
    """Let LangExtract read a text, in which the numbers stand where ``source`` says."""
    text, found = source

    def behave(received: Received) -> str:
        chunk = received.prompt.rpartition("\nQ: ")[2].removesuffix("\nA: ")
        if text.count(chunk) != 1:
            raise ValueError(f"a chunk stands {text.count(chunk)} times in {name}: {chunk[:40]!r}")
        start = text.index(chunk)
        here = [n for n in found if start <= n.start < start + len(chunk)]
        made = way.extractions(here, lambda n: text[n.start : n.end])
        return compact({"extractions": [{way.word: t, f"{way.word}_attributes": a} for t, a in made]})

    with Meter(behave) as meter:
        job = {"url": meter.url, "text": text, "prompt": way.prompt, "examples": way.examples, "buffer": way.buffer}
        quiet = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
        run = [str(python), str(HERE / "langextract_run.py")]
        ended = subprocess.run(run, input=json.dumps(job), capture_output=True, text=True, check=False, env=quiet)
        if ended.returncode:
            raise RuntimeError(ended.stderr[-2000:])
    got = json.loads(ended.stdout)
    wanted = {(*n.key, plain(n.value)) for n in found}
    right = {(*squeeze_keys(x[:3]), plain(x[3])) for e in got for x in way.numbers(e)} & wanted
    return Got(way.name, meter.tokens(python), len(found), len(right), sum(1 for e in got if e["span"]))


def squeeze_keys(keys: Sequence[str]) -> tuple[str, ...]:
    """Return table, row and column with the row as gold is compared."""
    return keys[0], squeeze(keys[1]), keys[2]


def ours(name: str, found: Sequence[Located], engine: Any, mode: Any, python: Path) -> Got:
    """Let this package read a sample."""
    answers = obedient(name)

    def behave(received: Received) -> str | None:
        table = asked_for(received.prompt)  # sentences are asked about too, which is no part of the comparison
        return answers.get(table, '{"rows":[]}') if table else None

    with Meter(behave) as meter, tempfile.TemporaryDirectory() as folder:
        config = ModelConfig(base_url=meter.url, model="scripted", mode=mode, cache_dir=Path(folder))
        predicted = facts(Extractor(engine=engine, model=config).extract(sample(name)))
    got = {}
    for fact in predicted:
        for column in fact.get("column_options", [fact["column"]]):
            got[fact["table"], squeeze(fact["row"]), column, fact["value"]] = fact
    right = [got[*n.key, n.value] for n in found if (*n.key, n.value) in got]
    who = f"this package, --engine {engine}" + f", {mode}" * (engine == "llm")
    return Got(who, meter.tokens(python), len(found), len(right), sum(1 for fact in right if fact["span"]))


def tables_only(text: str, found: Sequence[Located], name: str) -> tuple[str, list[Located]]:
    """Return the lines of the tables, as this package cuts them out, and where the numbers stand in them."""
    tables = Extractor(engine="deterministic").extract(sample(name)).tables
    lines = re.findall(r".*\n|.+", text)
    kept = sorted({i for t in tables for i in range(t.lines[0] - 1, t.lines[1])})
    shift: dict[int, int] = {}
    at, starts = 0, [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for i in kept:
        shift[i] = at - starts[i]
        at += len(lines[i])
    moved = []
    for n in found:
        by = shift[next(i for i in kept if starts[i] <= n.start < starts[i + 1])]
        moved.append(Located(*n.key, n.value, n.start + by, n.end + by))
    return "".join(lines[i] for i in kept), moved


def measure(name: str, ways: Sequence[Way], mode: str, python: Path) -> list[Got]:
    """Let everybody read one sample; the first is this package at ``--engine llm``."""
    text, found = sample(name).text, numbers(name)
    short = tables_only(text, found, name)
    return [
        ours(name, found, "llm", mode, python),
        ours(name, found, "auto", mode, python),
        *(langextract(name, short if way.cut else (text, found), way, python) for way in ways),
    ]


def lines(name: str, sides: Sequence[Got]) -> list[list[Any]]:
    """Return the lines of the report for one document, or for several together."""
    own = sides[0].tokens.total
    return [
        [name, g.who, g.tokens.calls, g.tokens.prompt, g.tokens.form, g.tokens.answer, g.tokens.total,
         f"{g.right} of {g.wanted}", g.placed, f"{own / g.tokens.total:.3f}" if g.tokens.total else "n/a"]
        for g in sides
    ]  # fmt: skip


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", type=Path, default=DEFAULT_VENV, help="environment with LangExtract and rs-bpe")
    parser.add_argument("--mode", default="tools", choices=["tools", "json_schema", "json", "md_json"])
    parser.add_argument("--all", action="store_true", help="more ways of asking LangExtract")
    parser.add_argument("--json", action="store_true", help="one JSON object per row")
    arguments = parser.parse_args()
    python = environment(arguments.venv)
    chosen = [(cut, size) for cut in (False, True) for size in (1000, 4000)] if arguments.all else [(False, 1000)]
    ways = [Way(w, told, size, cut) for cut, size in chosen for told in (True, False) for w in ("amount", "row")]
    read = [measure(name, ways, arguments.mode, python) for name in BUDGETS]
    body = [line for name, sides in zip(BUDGETS, read, strict=True) for line in lines(name.split("_")[0], sides)]
    body += lines("both", [one + two for one, two in zip(*read, strict=True)])
    head = ["file", "side", "calls", "prompt", "form", "answer", "tokens", "numbers got", "grounded", "ours / this"]
    report("Tokens per document (o200k_base)", head, body, as_json=arguments.json)
    wrong = [g for sides in read for g in sides if g.right < g.wanted]
    for g in wrong:
        print(f"{g.who}: {g.right} of {g.wanted} numbers: its tokens prove nothing", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
