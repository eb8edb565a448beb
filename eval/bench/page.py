"""The page of a large document: how big it is, and how long it takes to make, to open, and to click.

    .venv/bin/python eval/bench/page.py [--megabytes 2]          needs chromium and chromium-driver

CPU seconds: of this process for making it; of the browser's renderers for opening it and for a click, until two seconds
after. They hardly depend on other work on the machine; what a person waits does.
"""

import argparse
import os
import random
import tempfile
import time
from pathlib import Path

from extractor import Document, Extractor
from extractor.data import data_folder
from extractor.report.document import page
from tests.browser import Page, chromium

_REST = 2  # seconds in which a page comes to rest


def renderers(below: int) -> float:
    """Return the CPU seconds of all renderers that were started below a process."""
    above, spent = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            renders = b"--type=renderer" in (folder / "cmdline").read_bytes()
        except OSError:
            continue
        above[int(folder.name)] = int(fields[1])
        ticks = os.sysconf("SC_CLK_TCK")
        spent[int(folder.name)] = (int(fields[11]) + int(fields[12])) / ticks if renders else 0.0
    total = 0.0
    for process, seconds in spent.items():
        at = process
        while at in above and at != below:
            at = above[at]
        total += seconds if at == below else 0
    return total


def clicks(on: Page, count: int) -> list[tuple[float, float]]:
    """Return for random cells the CPU seconds of a click in the table, then of one in the source."""
    names = on.run("return [...document.querySelectorAll('.grid td.n a[id]')].map((a) => a.id.slice(1))")
    found = []
    for name in random.Random(1).sample(names, count):
        both = []
        for side in "cs":
            before = renderers(os.getpid())
            on.run("document.getElementById(arguments[0])?.click()", side + name)
            time.sleep(_REST)
            both.append(renderers(os.getpid()) - before)
        found.append((both[0], both[1]))
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=2)
    arguments = parser.parse_args()
    samples = sorted(Path(data_folder("eval") / "samples").glob("*.txt"))
    base = "\n".join(path.read_text(encoding="utf-8") for path in samples) + "\n"
    document = Document.from_text(base * max(1, round(arguments.megabytes * 1e6 / len(base.encode()))), "large")
    result = Extractor().extract(document)
    start = time.process_time()
    text = page(result, document)
    made = time.process_time() - start
    size = len(document.text.encode()) / 1e6
    print(f"{size:.1f} MB of source, {sum(result.states().values())} number cells in {len(result.tables)} tables")
    print(f"page: {len(text.encode()) / 1e6:.1f} MB, made in {made:.1f} s CPU")
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder) / "report.html"
        file.write_text(text, encoding="utf-8")
        before = renderers(os.getpid())
        browser.driver.set_page_load_timeout(600)
        browser.open(file)
        time.sleep(_REST)
        nodes = browser.run("return document.getElementsByTagName('*').length")
        print(f"opened in {renderers(os.getpid()) - before:.1f} s CPU, {nodes} elements")
        found = clicks(browser, 10)
        for side, seconds in zip(("table", "source"), zip(*found, strict=True), strict=True):
            ordered = sorted(seconds)
            print(f"click in the {side}: {ordered[len(ordered) // 2]:.2f} s CPU, at most {ordered[-1]:.2f}")


if __name__ == "__main__":
    main()
