"""Ray on this machine: one worker and two, and this machine's own processes, over the same files.

    python eval/bench/cluster.py [--files 60]          (an environment with extractor[ray])

Seconds from the first result to the last, so that starting Ray, which takes ten seconds or so, doesn't count; the bytes
of all results are compared. Exit code 1 if they differ.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from varied import write


def content(out: Path) -> dict[str, str]:
    """Return a hash of every file of the results."""
    files = (p for p in out.glob("*/*") if p.is_file())
    return {str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def main() -> int:
    """Run, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=60)
    arguments = parser.parse_args()
    seconds: dict[str, float] = {}
    written = []
    with tempfile.TemporaryDirectory() as name:
        folder = write(Path(name) / "in", arguments.files)
        for side, more in (
            ("own processes, 2", ["--jobs", "2"]),
            ("ray, 1 worker", ["--jobs", "1", "--ray", "local"]),
            ("ray, 2 workers", ["--jobs", "2", "--ray", "local"]),
        ):
            out = Path(name) / side.replace(" ", "-")
            begin = time.perf_counter()
            command = [sys.executable, "-m", "extractor", "run", str(folder), "--out", str(out), "--quiet", *more]
            subprocess.run(command, check=False, capture_output=True)
            whole = time.perf_counter() - begin
            when = sorted(p.stat().st_mtime for p in out.glob("*/result.json"))
            seconds[side] = when[-1] - when[0]
            written.append(content(out))
            rate = (len(when) - 1) / seconds[side]
            print(f"{side}: {seconds[side]:.1f} s ({rate:.2f} files a second), with start {whole:.1f} s")
    same = all(w == written[0] for w in written)
    print(f"two workers against one: {seconds['ray, 1 worker'] / seconds['ray, 2 workers']:.2f}; same bytes: {same}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
