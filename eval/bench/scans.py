"""How exactly scanned pages are read, as a Markdown table: numbers against those that the pages print.

Needs the extras (``pip install 'extractor[pdf,ocr]'``) and a folder of pages with what is printed on them:
``img/PAGE.DPI.LEVEL.png|jpg`` and ``clean/PAGE.tokens.json`` (a list of what is printed, each piece as ``t``).

    python eval/bench/scans.py FOLDER [--only 200.L2]
    python eval/bench/scans.py FOLDER --make 200.L3      (pages made anew of clean/PAGE.pdf, worn as by paper.py)

Exact: numbers with decimals that are read as printed, each as often, after the rules for shapes. Wrong: of the proven,
and of the grounded, those that the page doesn't print.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import cv2
from paper import pictures

from extractor import Document, Extractor

NUMBER = re.compile(r"-?\d[\d,]*\.\d+")


def printed(folder: Path, page: str) -> Counter[Decimal]:
    """Return the numbers that a page prints."""
    tokens = json.loads((folder / "clean" / f"{page}.tokens.json").read_text(encoding="utf-8"))
    return numbers(" ".join(token["t"] for token in tokens))


def numbers(text: str) -> Counter[Decimal]:
    """Return the numbers with decimals in a text."""
    return Counter(Decimal(m.group().replace(",", "")) for m in NUMBER.finditer(text))


def measure(extractor: Extractor, file: Path, folder: Path) -> list[str]:
    """Read one page; returns the cells of a line of the table."""
    page, dpi, level = file.stem.split(".")[:3]
    true = printed(folder, page)
    wall, cpu = time.monotonic(), time.process_time()
    document = Document.from_path(file)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    result = extractor.extract(document)
    read = numbers(document.text)
    cells = [c for t in result.tables for _, c in t.numbers() if c.value is not None and "." in c.text]
    proven = [c for c in cells if c.state == "proven"]
    plain = [c for c in cells if c.state == "grounded"]
    known = set(true) | {-value for value in true}
    return [
        page, dpi, level, f"{(read & true).total()} of {true.total()}", str(len(proven)),
        str(sum(c.value not in known for c in proven)), str(len(plain)), str(sum(c.value not in known for c in plain)),
        str(len(cells) - len(proven) - len(plain)), f"{cpu:.0f}", f"{wall:.0f}",
    ]  # fmt: skip


def made(pdf: Path, form: str, place: Path) -> Path:
    """Print the first page of a PDF as a worn picture."""
    dpi, level = form.split(".")
    file = place / f"{pdf.stem}.{form}.png"
    cv2.imwrite(str(file), pictures(pdf.read_bytes(), int(dpi), level)[0])
    return file


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", action="append", default=[], help="DPI.LEVEL, such as 200.L2; repeat for several")
    parser.add_argument("--make", action="append", default=[], help="DPI.LEVEL to make and read")
    args = parser.parse_args()
    files = sorted((args.folder / "img").glob("*.*.*.*"))
    chosen = [f for f in files if f.stem.partition(".")[2] in args.only or not (args.only or args.make)]
    place = tempfile.TemporaryDirectory()
    chosen += [
        made(pdf, form, Path(place.name)) for form in args.make for pdf in sorted(args.folder.glob("clean/*.pdf"))
    ]
    if not chosen:
        sys.exit(f"{args.folder}: no pages img/PAGE.DPI.LEVEL.png or .jpg there")
    head = ["page", "dpi", "level", "exact", "proven", "wrong", "grounded", "wrong", "other", "CPU s", "s"]
    print("| " + " | ".join(head) + " |", "|" + "---|" * len(head), sep="\n", flush=True)
    extractor = Extractor(engine="deterministic")
    for file in chosen:
        print("| " + " | ".join(measure(extractor, file, args.folder)) + " |", flush=True)


if __name__ == "__main__":
    main()
