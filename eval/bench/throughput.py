"""Documents a second over varied copies of the samples, and memory at file 100 and at the last.

    .venv/bin/python eval/bench/throughput.py [--files 1000] [--jobs 2]
    .venv/bin/python eval/bench/throughput.py --files 60 --model auto|llm [--latency 0.2] [--concurrency 64]

`extractor run` as a user calls it, results written. Per second by the clock, and per second of CPU of all processes: on
a machine with other work on it only the latter says something. Memory is the resident size of parent and workers,
summed (pages they share count for each), as /proc tells it while the run is at work; ``pss_mb``, its largest value,
counts shared pages once. Looking at it takes time of the same cores (the kernel walks through all pages), so it is done
seldom. With ``--model`` a server in a process of its own answers from gold, each question after the same time: at
``llm`` about everything in copies of one sample, at ``auto`` about what arithmetic leaves open in the varied copies.
"""

import argparse
import contextlib
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from gold import BUDGETS, ROOT
from stub import Stub
from varied import write

LOOK, WALK = 2.0, 4  # seconds between two looks at the memory; of so many one counts shared pages once


def resident(root: int) -> tuple[float, int]:
    """Return megabytes of a process and all below it, and how many they are."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            below.setdefault(int(fields[1]), []).append(int(entry.name))
    todo, total, count = [root], 0, 0
    while todo:
        number = todo.pop()
        todo += below.get(number, [])
        try:
            total += int(Path(f"/proc/{number}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        count += 1
    return total * os.sysconf("SC_PAGE_SIZE") / 1e6, count


def proportional(root: int) -> float:
    """Return megabytes of a process and its children, where pages that several share count once."""
    children = Path(f"/proc/{root}/task/{root}/children")
    total = 0
    try:
        for number in [str(root), *children.read_text().split()]:
            told = Path(f"/proc/{number}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:"))
    except OSError:  # one has just ended
        return 0.0
    return total / 1000


def alike(folder: Path, count: int) -> Path:
    """Write copies of one sample that differ in the name of the office: few questions are those of another copy."""
    folder.mkdir(parents=True)
    text = (ROOT / "eval" / "samples" / f"{BUDGETS[-1]}.txt").read_text(encoding="utf-8")
    for number in range(count):
        told = text.replace("乌鲁木齐市", f"乌鲁木齐{chr(0x5000 + number)}市")
        (folder / f"copy{number:05d}.txt").write_text(told, encoding="utf-8")
    return folder


@contextlib.contextmanager
def asking(arguments: argparse.Namespace, cache: Path) -> Iterator[list[str]]:
    """Start what answers, if anything is asked, and give the options that name it."""
    if arguments.model is None:
        yield []
        return
    with Stub(BUDGETS[-1], arguments.latency) as stub:
        options = {"engine": arguments.model, "model": "scripted", "mode": "tools", "base-url": stub.url}
        options |= {"concurrency": arguments.concurrency, "cache-dir": cache}
        yield [f"--{name}={value}" for name, value in options.items()]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--model", choices=["auto", "llm"])
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, asking(arguments, Path(name) / "cache") as options:
        folder = (alike if arguments.model == "llm" else write)(Path(name) / "in", arguments.files)
        out = Path(name) / "out"
        command = [
            sys.executable,
            "-m",
            "extractor",
            "run",
            str(folder),
            "-o",
            str(out),
            "-j",
            str(arguments.jobs),
            "-q",
        ]
        said = Path(name) / "said"
        begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        with said.open("w") as messages:
            running = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=messages)
        memory: dict[int, float] = {}
        most = 0.0
        for look in itertools.count():
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(LOOK)
                break
            done = sum(1 for _ in out.glob("*/result.json")) if out.exists() else 0
            size, processes = resident(running.pid)
            if processes > arguments.jobs or arguments.model:
                memory[done] = max(memory.get(done, 0), size)
                most = max(most, 0 if look % WALK else proportional(running.pid))
        seconds = time.perf_counter() - begin
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = sum(1 for _ in out.glob("*/result.json"))
        account = next((line for line in said.read_text().splitlines() if line.startswith("model: ")), "")
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    figures = {
        "files": done, "jobs": arguments.jobs, "seconds": round(seconds, 1), "per_second": round(done / seconds, 2),
        "cpu_seconds": round(cpu, 1), "per_cpu_second": round(done / cpu, 2), "load": os.getloadavg()[0],
        "mb_at_100": round(around(memory, 100)), "mb_at_end": round(around(memory, done)), "pss_mb": round(most),
    }  # fmt: skip
    if account:
        figures["asked"] = account
    if arguments.json:
        print(json.dumps(figures))
        return
    for key, value in figures.items():
        print(f"{key:>16} {value}")


def around(memory: dict[int, float], at: int) -> float:
    """Return the mean of what was measured in the hundred files before one, and the fifty after."""
    near = [size for done, size in memory.items() if at - 100 <= done <= at + 50]
    return sum(near) / len(near) if near else 0.0


if __name__ == "__main__":
    main()
