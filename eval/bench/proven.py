"""How many of the numbers that are reported as proven are wrong, on printed and worn pages with amounts drawn anew.

Each document is invented (eleven tables of a budget, then the styles of ``eval/offices`` in turn), printed, worn, read
and compared with what it prints; the levels of ``paper.py`` take turns. Needs the extras and reportlab, as that does.

    nice -n 15 python eval/bench/proven.py --minutes 30 [--first 0] [--as 200.L2 --as 200.L3]

A line for each document, the sums so far in the last columns: proven numbers, and those that aren't in their
place with that value. The same ``--first`` always makes the same documents, so runs may be added up. With ``--keep``
what was recognised, text and places, stays in a folder, so that a change of what is made of it is measured in
seconds; a change of ``extractor/sources`` or of the wear has them read anew.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from paper import scanned

from extractor import Document, Extractor
from extractor.evaluation import offices, synthetic
from extractor.evaluation.places import judge
from extractor.evaluation.render import Noise, render
from extractor.evaluation.score import Fact
from extractor.facts import facts
from extractor.records import Finding, Region
from tests.printed import as_pdf

BENCH = Path(__file__).resolve().parent
STYLES = sorted((BENCH.parent / "offices").glob("*.txt"))


def documents(first: int, step: int = 1) -> Iterator[tuple[str, str, tuple[Fact, ...]]]:
    """Yield name, text and facts of one document after the other."""
    number = first
    while True:
        style = STYLES[number // 2 % len(STYLES)]
        budget = offices.generate(style, number) if number % 2 else synthetic.generate(number)
        text, known = render(budget, "tsv", Noise(), number, ((budget.name, ""), ("",)))
        yield f"{number} {style.stem if number % 2 else 'eleven'}", text, known
        number += step


def read(text: str, form: str, points: float, keep: Path | None) -> Document:
    """Print a text, wear the paper and recognise it, or take what was kept of that."""
    dpi, level = form.split(".")
    code = sorted([*(BENCH.parents[1] / "extractor" / "sources").glob("*.py"), BENCH / "paper.py"])
    mark = hashlib.sha256(b"".join([text.encode(), f"{form} {points}".encode(), *(c.read_bytes() for c in code)]))
    kept = keep / f"{mark.hexdigest()[:24]}.json" if keep else None
    if kept and kept.exists():
        told = json.loads(kept.read_text(encoding="utf-8"))
        regions = tuple(Region.model_validate(r) for r in told["regions"])
        findings = tuple(Finding.model_validate(f) for f in told["findings"])
        return Document("paper", told["text"], encoding="pdf", regions=regions, findings=findings)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, "paper.pdf")
        file.write_bytes(scanned(as_pdf(text, points=points), int(dpi), level))
        document = replace(Document.from_path(file), path=None, files=())
    if kept:
        parts = {
            k: [r.model_dump(mode="json") for r in v]
            for k, v in (("regions", document.regions), ("findings", document.findings))
        }
        kept.write_text(json.dumps({"text": document.text, **parts}, ensure_ascii=False), encoding="utf-8")
    return document


def measure(document: Document, known: tuple[Fact, ...]) -> tuple[int, int, list[Fact], list[Fact]]:
    """Return how many numbers are printed and how many proven, and which of those that look right are wrong."""
    found = facts(Extractor(engine="deterministic").extract(document))
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
    parser.add_argument("--step", type=int, default=1, help="2: the eleven tables alone, or other styles alone")
    parser.add_argument("--documents", type=int, default=10_000, help="at most so many")
    parser.add_argument("--as", dest="forms", action="append", default=[], help="DPI.LEVEL; repeat for several")
    parser.add_argument("--points", type=float, default=7.5, help="size of the characters in tables")
    parser.add_argument("--keep", type=Path, help="folder for what was recognised")
    args = parser.parse_args()
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)
    forms = args.forms or ["200.L2", "200.L1", "150.L1", "200.FAX", "200.THIN", "200.L3"]
    end = time.monotonic() + 60 * args.minutes
    head = ["document", "as", "printed", "proven", "wrong", "wrong, grounded", "all proven", "wrong"]
    print("| " + " | ".join(head) + " |", "|" + "---|" * len(head), sep="\n", flush=True)
    every = wrong = 0
    for turn, (name, text, known) in enumerate(documents(args.first, args.step)):
        if time.monotonic() > end or turn == args.documents:
            return
        form = forms[turn % len(forms)]
        printed, proven, bad, plain = measure(read(text, form, args.points, args.keep), known)
        every, wrong = every + proven, wrong + len(bad)
        row = [name, form, printed, proven, len(bad), len(plain), every, wrong]
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
        for fact in (*bad, *plain):
            print(f"wrong: {fact}", file=sys.stderr)


if __name__ == "__main__":
    main()
