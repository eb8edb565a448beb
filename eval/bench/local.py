"""What the model on this machine does with one file, as a Markdown table.

Needs the extra (``pip install 'extractor[local]'``) and a model file (``extractor local get``):

    python eval/bench/local.py eval/samples/kizilsu_fao_2024_budget.txt --gold eval/gold/kizilsu_fao_2024_budget.jsonl

Each engine starts with an empty cache and a server of its own; minutes are those of the clock, loading included. F1 and
silent errors count all number facts, against gold where there is some. What came of each question is told on stderr.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from extractor import Document, Extractor, Result, client
from extractor.answers import M, Reply, Request
from extractor.budget import Spent
from extractor.client import ModelClient
from extractor.config import ModelConfig
from extractor.evaluation.score import load_facts, score, show
from extractor.facts import facts
from extractor.local import attach

STATES = ("proven", "grounded", "ambiguous", "contradicted", "ungrounded")


class Watched(ModelClient):
    """A client that counts what came of its questions."""

    outcomes: ClassVar[Counter[str]] = Counter()

    async def ask(self, request: Request[M]) -> Reply[M]:
        """Ask, and count."""
        begin = time.monotonic()
        reply = await super().ask(request)
        type(self).outcomes.update([reply.outcome, *(["re-ask"] if request.attempt else [])])
        took = time.monotonic() - begin
        name = f"{request.tag} again ({request.attempt})" if request.attempt else request.tag
        tokens = f"{reply.usage.input} in, {reply.usage.output} out"
        print(f"  {name}: {reply.outcome}, {tokens}, {took:.0f} s", file=sys.stderr, flush=True)
        return reply


def measure(file: Path, gold: Path | None, engine: Any, gguf: Path | None, repairs: int) -> list[str]:
    """Read the file with one engine; returns the cells of a line of the table."""
    Watched.outcomes = Counter()
    print(f"{file.name}, --engine {engine}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as cache:
        config = attach(
            ModelConfig(model="local", gguf=gguf, cache_dir=Path(cache)),
            lambda text: print(f"  {text}", file=sys.stderr, flush=True),
        )
        extractor = Extractor(engine=engine, model=config, max_repairs=repairs)
        begin = time.monotonic()
        result = extractor.extract(Document.from_path(file))
        minutes = (time.monotonic() - begin) / 60
    tell(result, Extractor(engine="deterministic").extract(Document.from_path(file)))
    states = result.states()
    compared = score(load_facts(gold), facts(result)) if gold else None
    spent = extractor.budget.spent if extractor.budget else Spent()
    bad = ", ".join(f"{n} {o}" for o, n in sorted(Watched.outcomes.items()) if o not in {"ok", "re-ask"})
    return [
        file.stem,
        engine,
        f"{len(result.tables)}",
        " / ".join(str(states[s]) for s in STATES),
        show(compared.number.f1) if compared else "no gold",
        str(compared.silent_errors) if compared else "no gold",
        str(spent.calls),
        str(Watched.outcomes["re-ask"]),
        bad or "none",
        str(spent.usage.input),
        str(spent.usage.output),
        f"{minutes:.1f}",
    ]


def tell(result: Result, alone: Result) -> None:
    """Say what came of each question; of columns, how many are chosen as arithmetic has them."""
    known = {
        (t.id, row.line): "|".join(found.text if (found := row.cell(c)) else "-" for c in t.columns)
        for t in alone.tables
        for row in t.rows
    }
    for a in result.attempts:
        same = sum(known.get((a.table, int(line))) == said for line, said in a.rows) if a.step == "columns" else 0
        why = f"{a.why}, {same} as arithmetic has them" if a.step == "columns" else a.why
        print(f"  {a.table} {a.lines[0]}-{a.lines[1]}, {a.step}, {a.outcome}: {why}", file=sys.stderr)


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--gold", type=Path, help="facts to compare with")
    parser.add_argument("--gguf", type=Path, help="another model file")
    parser.add_argument("--engine", choices=["auto", "llm"], action="append", help="default: both, one after the other")
    parser.add_argument("--max-repairs", type=int, default=2)
    args = parser.parse_args()
    client.ModelClient = Watched  # type: ignore[misc]
    head = ["file", "engine", "tables", " / ".join(STATES), "F1", "silent errors", "calls", "re-asks",
            "unusable answers", "tokens in", "tokens out", "minutes"]  # fmt: skip
    print("| " + " | ".join(head) + " |", "|" + "---|" * len(head), sep="\n", flush=True)
    for engine in args.engine or ["auto", "llm"]:
        line = measure(args.file, args.gold, engine, args.gguf, args.max_repairs)
        print("| " + " | ".join(line) + " |", flush=True)


if __name__ == "__main__":
    main()
