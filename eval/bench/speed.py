"""Time and memory of the deterministic path: per sample file, per megabyte, and of the command's start.

    make bench        or        .venv/bin/python eval/bench/speed.py [--megabytes 1 5 50]

CPU seconds of this process after start-up (imports done, one document read before). Machines are noisy: compare
figures of one run with each other.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

from extractor import Document, Extractor
from extractor.data import data_folder


def cpu(document: Document, extractor: Extractor, repeat: int) -> tuple[float, int]:
    """Return the least CPU seconds of several readings, and the number cells read."""
    best, cells = float("inf"), 0
    for _ in range(repeat):
        start = time.process_time()
        cells = sum(extractor.extract(document).states().values())
        best = min(best, time.process_time() - start)
    return best, cells


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, nargs="*", default=[1, 2, 4])
    arguments = parser.parse_args()

    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "extractor", "--help"], check=True, stdout=subprocess.DEVNULL)
    print(f"extractor --help: {time.perf_counter() - start:.2f} s")

    samples = sorted(Path(data_folder("eval") / "samples").glob("*.txt"))
    extractor = Extractor()
    for path in samples:
        extractor.extract(Document.from_path(path))
    for path in samples:
        seconds, cells = cpu(Document.from_path(path), extractor, 5)
        print(f"{path.name}: {seconds:.3f} s CPU, {cells} number cells")

    base = "\n".join(path.read_text(encoding="utf-8") for path in samples) + "\n"
    size = len(base.encode())
    for megabytes in arguments.megabytes:
        copies = max(1, round(megabytes * 1e6 / size))
        seconds, cells = cpu(Document.from_text(base * copies), extractor, 1)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{copies * size / 1e6:6.1f} MB ({copies} copies of the samples): {seconds:.1f} s CPU, "
            f"{seconds / copies * 1000:.0f} ms per copy, {cells} number cells, peak memory {peak:.0f} MB"
        )


if __name__ == "__main__":
    main()
