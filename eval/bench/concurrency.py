"""Calls side by side: a document of n chunks, a server that answers each call in 1 s, concurrency 1, 2, 4, 8.

    .venv/bin/python eval/bench/concurrency.py [--copies 1 2] [--delay 1.0] [--at 1 2 4 8] [--repeat 2] [--json]

The bound is 1.1 * ceil(n / c) * delay + start-up. Start-up is everything that isn't waiting: the same document with a
server that answers at once and a concurrency of n. The server is a process of its own. Both are the least of several
runs, for machines are noisy. With --copies 2 the file holds two disclosures, one after the other. Exits 1 where a bound
is passed.
"""

import argparse
import math
import sys
import tempfile
import time
from pathlib import Path

from gold import BUDGETS, report, sample
from stub import Stub

from extractor import Document, Extractor
from extractor.config import ModelConfig


def timed(url: str, document: Document, concurrency: int) -> float:
    """Return the seconds for reading a document with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        config = ModelConfig(
            base_url=url, model="scripted", mode="tools", concurrency=concurrency, cache_dir=Path(folder)
        )
        extractor = Extractor(engine="llm", model=config)
        start = time.perf_counter()
        extractor.extract(document)
        return time.perf_counter() - start


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, nargs="*", default=[1], help="disclosures in the file")
    parser.add_argument("--delay", type=float, default=1.0, help="seconds for an answer")
    parser.add_argument("--at", type=int, nargs="*", default=[1, 2, 4, 8], help="concurrency")
    parser.add_argument("--repeat", type=int, default=2, help="runs of which the least counts")
    parser.add_argument("--json", action="store_true", help="one JSON object per row")
    arguments = parser.parse_args()
    name = BUDGETS[-1]
    body = []
    for copies in arguments.copies:
        text = sample(name).text.rstrip("\n") + "\n"
        document, lines = Document.from_text(text * copies, name="bench"), text.count("\n")
        with Stub(name, 0, lines) as stub:
            timed(stub.url, document, 1)  # imports
            before = stub.calls()
            startup = min(timed(stub.url, document, 1000) for _ in range(3))
            n = (stub.calls() - before) // 3
        with Stub(name, arguments.delay, lines) as stub:
            for c in arguments.at:
                seconds = min(timed(stub.url, document, c) for _ in range(arguments.repeat))
                bound = 1.1 * math.ceil(n / c) * arguments.delay + startup
                verdict = "yes" if seconds <= bound else "NO"
                body.append([f"{copies}", n, c, f"{startup:.2f}", f"{seconds:.2f}", f"{bound:.2f}", verdict])
    head = ["disclosures", "chunks", "concurrency", "start-up s", "measured s", "bound s", "within"]
    report(f"A server that takes {arguments.delay:g} s for each call", head, body, as_json=arguments.json)
    return 0 if all(row[-1] == "yes" for row in body) else 1


if __name__ == "__main__":
    sys.exit(main())
