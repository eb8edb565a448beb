"""Kills one run again and again at random moments, resumes it each time, and compares with a calm run byte for byte.

    .venv/bin/python eval/bench/soak.py [--kills 20] [--files 60] [--seed 1]

SIGKILL to the parent, to a worker, or to all of them, by turns; the moment is drawn from the time that a calm run takes
for what is left. Exit code 1 if one byte differs or anything is left over. Results that are made again are those that
were written, but not yet noted, when the parent died.
"""

import argparse
import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from varied import write


def content(out: Path) -> dict[str, str]:
    """Return a hash of every file of the results."""
    return {
        str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in out.rglob("*")
        if p.is_file() and p.parent != out
    }


def start(folder: Path, out: Path) -> "subprocess.Popen[bytes]":
    """Start a run in a group of its own."""
    command = [sys.executable, "-m", "extractor", "run", str(folder), "-o", str(out), "-j", "2", "-q", "--wait"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def kill(running: "subprocess.Popen[bytes]", turn: int, dice: random.Random) -> str:
    """Kill the parent, a worker, or all; return who."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        if turn % 3 == 0:
            running.kill()
            return "parent"
        if turn % 3 == 1:
            os.killpg(running.pid, signal.SIGKILL)
            return "all"
        below = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        if below:
            os.kill(int(dice.choice(below)), signal.SIGKILL)
            return "worker"
    return "nobody"


def main() -> int:
    """Run, kill, resume, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = write(Path(name) / "in", arguments.files)
        calm, out = Path(name) / "calm", Path(name) / "out"
        begin = time.perf_counter()
        start(folder, calm).wait()
        whole = time.perf_counter() - begin
        wanted = content(calm)
        killed: dict[str, int] = {}
        again = turn = 0
        while sum(count for who, count in killed.items() if who != "nobody") < arguments.kills:
            done = {p: p.stat().st_mtime_ns for p in out.glob("[!.]*/result.json")}
            if len(done) == arguments.files:  # all is done: from the beginning
                if content(out) != wanted:
                    break
                subprocess.run(["rm", "-rf", str(out)], check=True)  # noqa: S607
                done = {}
            running = start(folder, out)
            time.sleep(dice.uniform(0.2, max(1.0, whole / 4)))
            who = "nobody"
            if running.poll() is None:
                who = kill(running, turn, dice)
                killed[who] = killed.get(who, 0) + 1
            if who == "worker":
                time.sleep(dice.uniform(0, 1))
                running.kill()
            running.wait()
            turn += 1
            again += sum(1 for p, when in done.items() if p.stat().st_mtime_ns != when)
        start(folder, out).wait()
        same, left = content(out) == wanted, [p.name for p in out.iterdir() if p.name.startswith(".part-")]
    print(f"calm run {whole:.1f} s; killed {killed}; {'same bytes' if same else 'DIFFERENT'}; left over {len(left)}; ")
    print(f"results that were there and were made again: {again}")
    return 0 if same and not left else 1


if __name__ == "__main__":
    sys.exit(main())
