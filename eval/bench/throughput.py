"""Documents a second over varied copies of the samples, and memory at file 100 and at the last.

    .venv/bin/python eval/bench/throughput.py [--files 1000] [--jobs 2]

`extractor run` as a user calls it, results written. Per second by the clock, and per second of CPU of all processes: on
a machine with other work on it only the latter says something. Memory is the resident size of parent and workers,
summed (pages they share count for each), as /proc tells it while the run is at work.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from varied import write


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


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = write(Path(name) / "in", arguments.files)
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
        begin = time.perf_counter()
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        memory: dict[int, float] = {}
        while running.poll() is None:
            done = sum(1 for _ in out.glob("*/result.json")) if out.exists() else 0
            size, processes = resident(running.pid)
            if processes > arguments.jobs:
                memory[done] = max(memory.get(done, 0), size)
            time.sleep(0.5)
        seconds = time.perf_counter() - begin
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = sum(1 for _ in out.glob("*/result.json"))
    cpu = used.ru_utime + used.ru_stime
    figures = {
        "files": done, "jobs": arguments.jobs, "seconds": round(seconds, 1), "per_second": round(done / seconds, 2),
        "cpu_seconds": round(cpu, 1), "per_cpu_second": round(done / cpu, 2), "load": os.getloadavg()[0],
        "mb_at_100": round(around(memory, 100)), "mb_at_end": round(around(memory, done)),
    }  # fmt: skip
    if arguments.json:
        print(json.dumps(figures))
        return
    for key, value in figures.items():
        print(f"{key:>16} {value}")


def around(memory: dict[int, float], at: int) -> float:
    """Return the mean of what was measured in the hundred files before one, and the fifty after."""
    near = [size for done, size in memory.items() if at - 100 <= done <= at + 50]
    return sum(near) / len(near) if near else float("nan")


if __name__ == "__main__":
    main()
