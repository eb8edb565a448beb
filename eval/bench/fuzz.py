"""Hostile input for as long as you like: bytes, soups, samples damaged, grown, torn; models that answer nonsense.

    nice -n 19 .venv/bin/python eval/bench/fuzz.py --minutes 20 [--seed 1]          (minutes of CPU)

Each case is read as a whole: decode, normalise, sections, readers, checks, export. A case fails if it raises anything
but a clear error, or takes more than a second of CPU per 100 KB (and a second at least), the second time too. A sample
is read beside such a case: where other work slows the machine, it takes longer likewise. Failing cases are kept in
--out, by seed.
"""

import argparse
import random
import re
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

from extractor import Document, Extractor, InputError
from extractor.config import ModelConfig
from extractor.data import data_folder
from extractor.decode import decode
from extractor.evaluation.babble import Babbler
from extractor.evaluation.hostile import UNITS, shuffled, soup, torn
from extractor.evaluation.offices import generate
from extractor.evaluation.render import FORMS, Noise, render
from extractor.export import to_csv
from extractor.facts import facts

DIGITS = (*"0123456789", "O", "l", ".", ",", " ", "", "\n")
KINDS = ("bytes", "flipped", "soup", "line", "shuffled", "digits", "lost", "grown", "grid", "answers")
HANG = 60  # seconds of CPU after which a case is given up


class Hang(BaseException):
    """A case takes too long; no handler of the program's catches it."""


def make(kind: str, texts: list[str], dice: random.Random) -> bytes:  # noqa: C901 - a list of kinds
    """Return a case."""
    if kind == "bytes":
        return dice.randbytes(dice.randint(0, 4000))
    if kind == "flipped":
        data = bytearray(dice.choice(texts).encode(dice.choice(("utf-8", "gb18030", "utf-16"))))
        for _ in range(dice.randint(1, 200)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        return bytes(data)
    if kind == "digits":
        text = list(dice.choice(texts))
        for at in dice.sample([i for i, c in enumerate(text) if c.isdigit()], dice.randint(1, 300)):
            text[at] = dice.choice(DIGITS)
        return "".join(text).encode()
    if kind == "lost":
        share, other = dice.uniform(0, 0.5), dice.choice(("", " ", "\t", "\n", "0.00", "-"))
        text = re.sub(r"[\d.,]+", lambda m: other if dice.random() < share else m[0], dice.choice(texts))
        return text.encode()
    if kind == "grown":
        lines = dice.choice(texts).split("\n")
        begin = dice.randrange(len(lines))
        block = lines[begin : begin + dice.randint(1, 60)]
        lines[begin:begin] = block * (dice.randint(1000, 60_000) // (len("\n".join(block).encode()) + 1))
        return "\n".join(lines).encode()
    if kind == "answers":
        return dice.choice((*texts, _office(dice))).encode()
    if kind == "grid":
        return torn(_office(dice), dice).encode()
    if kind == "soup":
        return soup(dice).encode("utf-8", "surrogatepass")
    if kind == "line":
        unit = dice.choice(UNITS) + (dice.choice(UNITS) if dice.random() < 0.5 else "")
        lines = dice.choice(texts).split("\n")
        lines.insert(dice.randrange(len(lines)), unit * (dice.randint(1000, 40_000) // len(unit)))
        return "\n".join(lines).encode()
    return shuffled(dice.choice(texts), dice).encode("utf-8", "surrogatepass")


def _office(dice: random.Random) -> str:
    style = dice.choice(sorted((data_folder("eval") / "offices").glob("*.txt")))
    budget = generate(style, dice.randrange(1000))
    return render(budget, dice.choice(FORMS), Noise(), dice.randrange(1000), ((budget.name, ""), ("",)))[0]


def read(data: bytes, reader: Extractor) -> None:
    """Read a case as the command does, without its files."""
    try:
        decoded = decode(data, "case")
    except InputError:
        return
    result = reader.extract(Document.from_text(decoded.text))
    for table in result.tables:
        to_csv(table)
        for _, cell in table.numbers():
            if cell.state != "ungrounded" and not cell.spans:
                raise AssertionError("a number without a place")
    facts(result)
    result.model_dump_json()


def _told(name: str) -> Extractor:
    """Return a reader that is told nonsense by a model."""
    dice = random.Random(name)
    model = ModelConfig(model="babbler", form=dice.choice(("rows", "choices")))
    return Extractor(engine=dice.choice(("auto", "llm")), model=model, connect=lambda *_: Babbler(dice))


def timed(data: bytes, reader: Extractor) -> float:
    """Return the seconds of CPU for a case."""
    start = time.process_time()
    read(data, reader)
    return time.process_time() - start


def late(*_: object) -> None:
    """Give a case up."""
    raise Hang


def main() -> int:
    """Fuzz, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20, help="of CPU: on a busy machine more by the clock")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, action="append", help="only these; repeat for several")
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"))
    arguments = parser.parse_args()
    texts = [p.read_text(encoding="utf-8") for p in sorted((data_folder("eval") / "samples").glob("*.txt"))]
    reader = Extractor()
    signal.signal(signal.SIGVTALRM, late)
    kinds, number, size = arguments.kind or KINDS, 0, 0
    counts: Counter[str] = Counter()
    slowest, bad, ratios = (0.0, ""), 0, [0.0]
    begin = time.process_time()
    while time.process_time() - begin < arguments.minutes * 60:
        name = f"{arguments.seed}-{number}"
        kind = kinds[number % len(kinds)]
        data = make(kind, texts, random.Random(name))
        told = _told(name) if kind == "answers" else reader
        size += len(data)
        start, why = time.process_time(), ""
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, HANG)
            read(data, told)
        except (Exception, Hang):  # noqa: BLE001 - this is what it looks for
            why = traceback.format_exc()
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        took = time.process_time() - start
        per = took / max(1.0, len(data) / 100_000)
        if not why and per > 1:
            first = took
            took, beside = min(took, timed(data, reader)), timed(texts[-1].encode(), reader)
            per = took / max(1.0, len(data) / 100_000)
            if per > 1:
                why = f"{first:.2f}, {took:.2f} s for {len(data)} bytes; a sample beside it {beside:.2f} s"
                ratios.append(took / beside)
        slowest = max(slowest, (per, f"{name} ({kind}, {len(data)} bytes)"))
        if why:
            bad += 1
            arguments.out.mkdir(parents=True, exist_ok=True)
            (arguments.out / f"{name}-{kind}.txt").write_bytes(data)
            print(f"{name} {kind}: {why.strip().splitlines()[-1]}", flush=True)
        counts[kind] += 1
        number += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{number} cases ({dict(counts)}), {size / 1e6:.1f} MB, {time.process_time() - begin:.0f} s CPU, {bad} bad, "
        f"slowest {slowest[0]:.2f} s per 100 KB: {slowest[1]}, at most "
        f"{max(ratios):.1f} times a sample beside it, peak memory {peak:.0f} MB"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
