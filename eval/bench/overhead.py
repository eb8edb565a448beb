"""What the reader costs over bare openai calls: the same prompts, a server with a fixed latency, one run.

    .venv/bin/python eval/bench/overhead.py [--latency 0.2] [--concurrency 4] [--rounds 5] [--json]

Each side reads or sends the prompts of one sample, in turn, round after round; the figures are medians of the rounds.
The server is a process of its own, so that CPU is this process's alone.

- bare: ``AsyncOpenAI`` with a semaphore, the requests as the reader sent them, answers parsed as JSON
- client: the same prompts through ``ModelClient``: instructor, cache, budget, limiter, retries
- reader: the file through ``Extractor(engine="llm")``: headings, chunks, both readers, solver and checks too
- cached: the same once more, every answer from the cache
- deterministic: the file without a model

All but the last make a client of their own each round, as the reader does for a document.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai  # noqa: TID251 - what the reader is measured against
from gold import BUDGETS, asked_for, catalogue, report, sample
from stub import Stub

from extractor import Extractor
from extractor.answers import Request
from extractor.client import ModelClient
from extractor.config import ModelConfig
from extractor.prompts import FormAnswer, ProseAnswer, answer_model


async def bare(bodies: list[dict[str, Any]], config: ModelConfig) -> None:
    """Send the requests as they are."""
    turn = asyncio.Semaphore(config.concurrency)
    async with openai.AsyncOpenAI(base_url=config.base_url, api_key="none", max_retries=0) as client:

        async def one(body: dict[str, Any]) -> Any:
            async with turn:
                answer = await client.chat.completions.create(**body)
            return json.loads(answer.choices[0].message.tool_calls[0].function.arguments)

        await asyncio.gather(*(one(body) for body in bodies))


async def client(bodies: list[dict[str, Any]], config: ModelConfig) -> None:
    """Send the same prompts through the package's own client."""
    async with ModelClient(config) as model:

        async def one(body: dict[str, Any]) -> None:
            system, user = (m["content"] for m in body["messages"])
            table = asked_for(user)
            other = FormAnswer if "Copy the form: " in user else ProseAnswer
            form = answer_model(catalogue().table(table)) if table else other
            reply = await model.ask(Request(system, user, form, table or "prose", 0))
            if reply.outcome != "ok":
                raise RuntimeError(reply.message)

        await asyncio.gather(*(one(body) for body in bodies))


def measure(run: Callable[[], Any]) -> tuple[float, float]:
    """Return wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def rounds(stub: Stub, name: str, concurrency: int, count: int) -> tuple[int, dict[str, list[tuple[float, float]]]]:
    """Return the number of calls for the file, and wall and CPU seconds of each side, round by round."""
    document = sample(name)
    out: dict[str, list[tuple[float, float]]] = {}
    calls = 0
    for number in range(count + 1):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            config = ModelConfig(base_url=stub.url, model="scripted", mode="tools", concurrency=concurrency)
            mine, other = (config.model_copy(update={"cache_dir": Path(folder)}) for folder in (one, two))
            reader = Extractor(engine="llm", model=mine)
            before = stub.calls()
            figures = {"reader": measure(lambda: reader.extract(document))}  # noqa: B023 - called at once
            bodies = stub.bodies()[before:]
            figures["cached"] = measure(lambda: reader.extract(document))  # noqa: B023
            figures["bare"] = measure(lambda: asyncio.run(bare(bodies, config)))  # noqa: B023
            figures["client"] = measure(lambda: asyncio.run(client(bodies, other)))  # noqa: B023
            figures["deterministic"] = measure(lambda: Extractor(engine="deterministic").extract(document))
            calls = len(bodies)
        if number:  # the first round imports and compiles
            for side, figure in figures.items():
                out.setdefault(side, []).append(figure)
    return calls, out


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds for an answer")
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object per row")
    arguments = parser.parse_args()
    name = BUDGETS[-1]
    with Stub(name, arguments.latency) as stub:
        calls, sides = rounds(stub, name, arguments.concurrency, arguments.rounds)
    base_wall, base_cpu = (statistics.median(f[i] for f in sides["bare"]) for i in (0, 1))
    body = []
    for side in ("bare", "client", "reader", "cached", "deterministic"):
        wall, cpu = (statistics.median(f[i] for f in sides[side]) for i in (0, 1))
        more = (wall - base_wall, cpu - base_cpu)
        body.append([side, *(f"{x * 1000:.0f}" for x in (wall, cpu)), f"{cpu / calls * 1000:.1f}",
                     *(f"{x / calls * 1000:+.1f}" for x in more), f"{wall / base_wall - 1:+.1%}"])  # fmt: skip
    head = ["side", "wall ms", "CPU ms", "CPU ms / call", "wall over bare ms / call", "CPU over bare ms / call", "wall"]
    title = f"{calls} calls of {arguments.latency * 1000:g} ms each, {arguments.concurrency} at a time"
    report(title, head, body, as_json=arguments.json)


if __name__ == "__main__":
    main()
