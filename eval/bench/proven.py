"""How many of the numbers that are reported as proven are wrong, on printed and worn pages with amounts drawn anew.

Each document is invented (eleven tables of a budget, then the styles of ``eval/offices`` in turn), printed, worn, read
and compared with what it prints; the levels of ``paper.py`` take turns. Needs the extras and reportlab, as that does.

    nice -n 15 python eval/bench/proven.py --minutes 30 [--first 0] [--as 200.L2 --as 200.L3]

A line for each document, the sums so far in the last columns: proven numbers, and those of them that aren't in their
place with that value. The same ``--first`` always makes the same documents, so runs may be added up.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from paper import scanned

from extractor import Document, Extractor
from extractor.evaluation import offices, synthetic
from extractor.evaluation.places import judge
from extractor.evaluation.render import Noise, render
from extractor.evaluation.score import Fact
from extractor.facts import facts
from tests.printed import as_pdf

STYLES = sorted((Path(__file__).resolve().parents[1] / "offices").glob("*.txt"))


def documents(first: int) -> Iterator[tuple[str, str, tuple[Fact, ...]]]:
    """Yield name, text and facts of one document after the other."""
    number = first
    while True:
        style = STYLES[number // 2 % len(STYLES)]
        budget = offices.generate(style, number) if number % 2 else synthetic.generate(number)
        text, known = render(budget, "tsv", Noise(), number, ((budget.name, ""), ("",)))
        yield f"{number} {style.stem if number % 2 else 'eleven'}", text, known
        number += 1


def measure(text: str, known: tuple[Fact, ...], form: str, points: float) -> tuple[int, int, list[Fact], list[Fact]]:
    """Return how many numbers are printed and how many proven, and which of those that look right are wrong."""
    dpi, level = form.split(".")
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, "paper.pdf")
        file.write_bytes(scanned(as_pdf(text, points=points), int(dpi), level))
        result = Extractor(engine="deterministic").extract(Document.from_path(file))
    found = facts(result)
    tables = {f["table"] for f in known}
    proven = sum(f["kind"] == "number" and f["table"] in tables and f["state"] == "proven" for f in found)
    silent = judge(known, found).silent
    parts = [[f for f in silent if f["state"] == state] for state in ("proven", "grounded")]
    return sum(f["kind"] == "number" for f in known), proven, parts[0], parts[1]


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--as", dest="forms", action="append", default=[], help="DPI.LEVEL; repeat for several")
    parser.add_argument("--points", type=float, default=7.5, help="size of the characters in tables")
    args = parser.parse_args()
    forms = args.forms or ["200.L2", "200.L1", "150.L1", "200.FAX", "200.THIN", "200.L3"]
    end = time.monotonic() + 60 * args.minutes
    head = ["document", "as", "printed", "proven", "wrong", "wrong, grounded", "all proven", "wrong"]
    print("| " + " | ".join(head) + " |", "|" + "---|" * len(head), sep="\n", flush=True)
    every = wrong = 0
    for turn, (name, text, known) in enumerate(documents(args.first)):
        if time.monotonic() > end:
            return
        form = forms[turn % len(forms)]
        printed, proven, bad, plain = measure(text, known, form, args.points)
        every, wrong = every + proven, wrong + len(bad)
        row = [name, form, printed, proven, len(bad), len(plain), every, wrong]
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
        for fact in (*bad, *plain):
            print(f"wrong: {fact}", file=sys.stderr)


if __name__ == "__main__":
    main()
