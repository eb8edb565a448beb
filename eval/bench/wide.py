"""Many calls side by side: how near the model part comes to the ideal throughput, concurrency / latency.

    .venv/bin/python eval/bench/wide.py [--calls 1000] [--latency 0.2] [--concurrency 64] [--rounds 3]

Questions about a table, each another, put to a server in a process of its own that gives the same answer after a fixed
time: by bare ``AsyncOpenAI``, by the package's client with an empty cache (instructor, cache on disk, budget, limiter),
by the same from a full one, and by worker processes under one account, as a run has them. Processes are started before
the clock runs, and have asked a question each. CPU is that of this process and its workers, and the server's.
"""

import argparse
import asyncio
import functools
import json
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import openai  # noqa: TID251 - what the client is measured against
from gold import BUDGETS, catalogue, obedient, report

from extractor.answers import Request
from extractor.budget import Budget
from extractor.client import ModelClient
from extractor.config import ModelConfig
from extractor.desk import Desk
from extractor.prompts import answer_model
from extractor.workers import Lost, Workers

TABLE = "expenditure"


def serve(pipe: Connection, answer: str, latency: float) -> None:
    """Give one answer to every request, ``latency`` seconds later."""
    function = {"name": "answer", "arguments": answer}
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c", "type": "function", "function": function}],
    }
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    usage = {"prompt_tokens": 900, "completion_tokens": 300, "total_tokens": 1200}
    made = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
    body = json.dumps(made, ensure_ascii=False).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)

    class One(asyncio.Protocol):
        """A connection: whatever a request says, its end is waited for."""

        def connection_made(self, transport: Any) -> None:
            self.transport, self.left, self.got = transport, 0, b""

        def data_received(self, data: bytes) -> None:
            if not self.left:
                told, end, data = (self.got + data).partition(b"\r\n\r\n")
                self.got = told if not end else b""
                if not end:
                    return
                self.left = int(told.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            self.left -= len(data)
            if not self.left:
                asyncio.get_running_loop().call_later(latency, self.transport.write, head + body)

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(One, "127.0.0.1", 0, backlog=1000)
        pipe.send(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    asyncio.run(run())


async def bare(config: ModelConfig, prompts: list[str], body: dict[str, Any]) -> None:
    """Ask with ``AsyncOpenAI`` and a semaphore."""
    turn = asyncio.Semaphore(config.concurrency)
    async with openai.AsyncOpenAI(base_url=config.base_url, api_key="none", max_retries=0) as client:

        async def one(prompt: str) -> None:
            async with turn:
                messages: Any = [{"role": "system", "content": "s" * 2000}, {"role": "user", "content": prompt}]
                answer: Any = await client.chat.completions.create(messages=messages, **body)
            json.loads(answer.choices[0].message.tool_calls[0].function.arguments)

        await asyncio.gather(*map(one, prompts))


async def ours(config: ModelConfig, prompts: list[str], budget: Budget | None = None) -> None:
    """Ask with the package's client."""
    form = answer_model(catalogue().table(TABLE))
    async with ModelClient(config, budget=budget) as client:
        replies = await asyncio.gather(*(client.ask(Request("s" * 2000, p, form, TABLE)) for p in prompts))
    if any(reply.outcome != "ok" for reply in replies):
        raise SystemExit(f"no answer: {next(r.message for r in replies if r.outcome != 'ok')}")


def part(prompts: list[str], desk: Desk | None, *, config: ModelConfig, ready: Any) -> float:
    """Ask in a worker process, once all of them are ready; returns its seconds of CPU."""
    if not prompts:  # the first job, which is done alone
        return 0.0
    budget = Budget(config).child(desk)
    asyncio.run(ours(config, [f"{os.getpid()}"], budget))
    ready.wait()
    begin = time.process_time()
    asyncio.run(ours(config, prompts, budget))
    return time.process_time() - begin


def shared(config: ModelConfig, prompts: list[str], processes: int) -> tuple[float, float]:
    """Ask with several processes under one account; returns seconds by the clock, and of CPU of all processes."""
    begin: list[float] = []
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(processes + 1)

    def start() -> None:
        ready.wait()
        begin.extend((time.perf_counter(), time.process_time()))

    threading.Thread(target=start).start()
    task = functools.partial(part, config=config, ready=ready)
    pool = Workers[list[str], float](task, processes, 600, Budget(config), processes)
    cpu = 0.0
    for _, used in pool.run([[], *(prompts[number::processes] for number in range(processes))]):
        if isinstance(used, Lost):
            raise SystemExit(f"a worker died: {used.code}")
        cpu += used
        if used:
            wall, mine = time.perf_counter() - begin[0], time.process_time() - begin[1]
    return wall, cpu + mine


def timed(what: Callable[[], Awaitable[None] | tuple[float, float]], server: int) -> tuple[float, float, float]:
    """Return seconds by the clock, of CPU, and of the server's CPU."""
    wall, cpu, other = time.perf_counter(), time.process_time(), spent(server)
    done = what()
    if isinstance(done, tuple):
        return *done, spent(server) - other
    asyncio.run(done)  # type: ignore[arg-type]
    return time.perf_counter() - wall, time.process_time() - cpu, spent(server) - other


def spent(process: int) -> float:
    """Return the seconds of CPU that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON object per row")
    arguments = parser.parse_args()
    here, there = multiprocessing.Pipe()
    answer = obedient(BUDGETS[-1])[TABLE]
    server = multiprocessing.Process(target=serve, args=(there, answer, arguments.latency), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{here.recv()}/v1"
    schema = answer_model(catalogue().table(TABLE)).model_json_schema()
    function = {"name": "answer", "parameters": schema}
    body = {"model": "m", "temperature": 0, "tools": [{"type": "function", "function": function}]}
    prompts = [f"{number}|" + "201 一般公共服务支出 305.44 275.77 29.67\n" * 40 for number in range(arguments.calls)]
    found: dict[str, list[tuple[float, float, float]]] = {}
    for number in range(arguments.rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            config = ModelConfig(
                base_url=url, model="m", mode="tools", concurrency=arguments.concurrency, cache_dir=Path(folder)
            )
            some = prompts if number else prompts[:50]  # the first round imports and compiles

            def fresh(processes: int) -> ModelConfig:
                return config.model_copy(update={"cache_dir": Path(folder) / str(processes)})  # noqa: B023

            for side, what in (
                ("bare AsyncOpenAI", lambda: bare(config, some, body)),  # noqa: B023 - called at once
                ("our client", lambda: ours(config, some)),  # noqa: B023
                ("the same from the cache", lambda: ours(config, some)),  # noqa: B023
                *((f"{n} under one account", functools.partial(shared, fresh(n), some, n)) for n in (1, 2)),
            ):
                figure = timed(what, server.pid or 0)
                if number:
                    found.setdefault(side, []).append(figure)
    server.kill()
    ideal = arguments.concurrency / arguments.latency
    rows = []
    for side, figures in found.items():
        wall, *cpu = (statistics.median(f[i] for f in figures) for i in (0, 1, 2))
        rate = arguments.calls / wall
        each = (f"{seconds / arguments.calls * 1000:.2f}" for seconds in cpu)
        rows.append([side, f"{wall:.2f}", f"{rate:.0f}", f"{rate / ideal:.2f}", *each])
    title = (
        f"{arguments.calls} calls of {arguments.latency:g} s, {arguments.concurrency} at a time; ideal {ideal:.0f}/s"
    )
    report(title, ["side", "s", "calls/s", "of ideal", "CPU ms a call", "the server's"], rows, as_json=arguments.json)


if __name__ == "__main__":
    main()
