"""How often the right number is proposed after mistakes of character recognition in the samples, and how fast.

    .venv/bin/python eval/bench/repair.py [--trials 1000] [--uniform 300] [--pairs 300] [--text 200]

One: a proven cell of a sample is misread, drawn as often as such mistakes were counted (schemas/confusions.json), or
one digit is any other; the tables are checked again. Two: the same in two cells of one table. In the text: the same in
the source, which is read again as a user would. Known: what the samples' own mistakes and rounding are taken for.
"""

import argparse
import random
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from gold import ROOT, report

from extractor import Document, Extractor
from extractor.amount import parse_amount
from extractor.audit import differences
from extractor.checks import check, complaints
from extractor.evaluation.misprints import misprint
from extractor.evaluation.mutations import Mutation, Place, cells
from extractor.findings import cell_ref
from extractor.instance import Ref
from extractor.normalize import squeeze
from extractor.proposals import CellRef, Proposal
from extractor.records import Cell, Result
from extractor.repair import diagnose
from extractor.specs import catalogue

Wanted = frozenset[tuple[str, int, str, str, Decimal]]


@dataclass
class Score:
    """What came of the trials."""

    trials: int = 0
    seen: int = 0
    first: int = 0
    among: int = 0
    wrong: int = 0
    slowest: float = 0.0
    causes: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)

    def row(self, name: str) -> list[Any]:
        """Return the figures."""
        shares = [f"{n / self.trials:.3f}" for n in (self.seen, self.first, self.among, self.wrong)]
        of_seen = [f"{n / max(self.seen, 1):.3f}" for n in (self.first, self.among)]
        causes = ", ".join(f"{n} {c}" for c, n in self.causes.most_common())
        return [name, self.trials, *shares, *of_seen, f"{self.slowest:.2f}", causes]


HEAD = [
    "mistakes", "trials", "seen", "right first", "right among ties", "wrong alone", "first, of seen", "ties, of seen",
    "slowest, CPU s", "labels of what is violated",
]  # fmt: skip


class Sample:
    """A sample, read once."""

    def __init__(self, path: Path) -> None:
        """Read it."""
        self.document = Document.from_path(path)
        self.result = Extractor(engine="deterministic").extract(self.document)
        self.name = path.stem
        self.checked = check(self.result.tables, catalogue())
        known = cells(self.result.tables)
        self.cells: list[tuple[Place, Cell]] = [(p, c) for p, c in known if c.state == "proven" and c.spans]
        self.own = {(f.code, f.line) for f in self.result.findings if f.cause}


def wanted(result: Result, places: Sequence[Place]) -> Wanted:
    """Name cells and what was printed in them."""
    out = set()
    for table, row, column in places:
        ref = cell_ref(Ref(table, row, column), result.tables)
        cell = result.tables[table].rows[row].cell(column)
        out.add((*_key(ref), cell.value if cell and cell.value is not None else Decimal(0)))
    return frozenset(out)


def proposed(proposal: Proposal) -> list[Wanted]:
    """Return what each repair would put where, in the same form."""
    return [frozenset((*_key(e.cell), e.value or Decimal(0)) for e in r.edits) for r in proposal.repairs]


def _key(ref: CellRef) -> tuple[str, int, str, str]:
    return ref.table, ref.part, ref.row, ref.column


def judge(score: Score, want: Wanted, proposals: Sequence[Proposal], findings: Sequence[Any], note: str) -> None:
    """Count one trial: the edits may be in one proposal, or in one for each of them."""
    found = [proposed(p) for p in proposals]
    firsts: set[Any] = set().union(*(f[0] for f in found)) if found else set()
    every: set[Any] = set().union(*(r for f in found for r in f)) if found else set()
    joint = any(want <= r for f in found for r in f)
    score.trials += 1
    score.seen += bool(findings)
    score.first += want <= firsts
    score.among += joint or (want <= every)
    wrong = any(len(f) == 1 and not f[0] <= want for f in found)
    score.wrong += wrong
    score.causes.update(f.cause for f in findings if f.cause)
    if wrong or not want <= firsts:
        how = "wrong alone" if wrong else "among ties" if joint or want <= every else "seen" if findings else "not seen"
        ids = ",".join(f.code for f in findings if f.cause)
        said = " | ".join(f"{sorted((w[0], w[2], w[3], str(w[4])) for w in r)}" for f in found for r in f[:3])
        score.misses.append(f"{how}: {note} [{ids}] {said}")


def misread(value: Decimal, text: str, dice: random.Random, *, uniform: bool) -> Decimal:
    """Draw a mistake in a number as printed; the sign of a number in prose is a word, which stays."""
    signed = text.startswith("-")
    digits = f"{value:f}" if signed else f"{abs(value):f}"
    if uniform:
        at = dice.choice([i for i, c in enumerate(digits) if c.isdigit()])
        other = dice.choice([d for d in "0123456789" if d != digits[at]])
        digits = digits[:at] + other + digits[at + 1 :]
    else:
        digits = misprint(digits, dice)
    now = Decimal(digits.replace(",", ""))
    return -now if value < 0 and not signed else now


def in_result(
    samples: Sequence[Sample], trials: int, seed: int, *, pairs: bool = False, uniform: bool = False
) -> Score:
    """Change one or two cells of a correct result, and check again."""
    dice, score = random.Random(f"{seed}-{pairs}-{uniform}"), Score()
    cases = [(sample, place, cell) for sample in samples for place, cell in sample.cells]
    for _ in range(trials):
        sample, place, cell = dice.choice(cases)
        places = [(place, cell)]
        if pairs:
            beside = [(p, c) for p, c in sample.cells if p[0] == place[0] and p != place]
            if not beside:
                continue
            places.append(dice.choice(beside))
        was = {p: c.value for p, c in places}
        now = {p: misread(c.value or Decimal(0), c.text, dice, uniform=uniform) for p, c in places}
        tables = Mutation("digit", now, was).apply(sample.checked.tables)
        checked = complaints(sample.checked, tables)
        start = time.process_time()
        diagnosis = diagnose(checked)
        score.slowest = max(score.slowest, time.process_time() - start)
        findings = [f for f in diagnosis.findings if f.cause and (f.code, f.line) not in sample.own]
        note = f"{sample.name} " + "; ".join(f"{tables[p[0]].id} {p[1:]}: {was[p]} -> {now[p]}" for p in was)
        judge(score, wanted(sample.result, list(was)), diagnosis.proposals, findings, note)
    return score


def in_text(samples: Sequence[Sample], trials: int, seed: int) -> tuple[Score, Counter[str]]:
    """Change the source, and read it again; also count what became of the cell."""
    dice, score, extractor = random.Random(f"{seed}-text"), Score(), Extractor(engine="deterministic")
    states: Counter[str] = Counter()
    cases = [(s, p, c) for s in samples for p, c in s.cells if len(c.spans) == 1 and parse_amount(squeeze(c.text))]
    for _ in range(trials):
        sample, place, cell = dice.choice(cases)
        span, text = cell.spans[0], sample.document.text
        printed = text[span.start : span.end]
        other = misprint(squeeze(printed), dice)
        changed = text[: span.start] + other + text[span.end :]
        start = time.process_time()
        result = extractor.extract(Document.from_text(changed, name=sample.name))
        score.slowest = max(score.slowest, time.process_time() - start)
        known = {(f.code, f.message) for f in sample.result.findings}
        findings = [f for f in result.findings if (f.code, f.message) not in known and f.kind != "repair"]
        want = wanted(sample.result, [place])
        judge(score, want, result.repairs, findings, f"{sample.name} line {span.line}: {printed} -> {other}")
        states[_became(result, want, parse_amount(other).value)] += 1  # type: ignore[union-attr]
    return score, states


def _became(result: Result, want: Wanted, value: Decimal) -> str:
    """Say how the misread number was reported."""
    ((table, part, row, column, right),) = want
    found = [
        c
        for t in result.tables
        if (t.id, t.part) == (table, part)
        for r in t.rows
        for c in r.cells
        if c.kind == "number" and (r.key, c.column) == (row, column)
    ]
    if not found:
        return "not read there"
    if found[0].value == right:
        return "right all the same"
    return f"{found[0].state}" if abs(found[0].value or 0) == value else f"{found[0].state}, another number"


def known(samples: Sequence[Sample]) -> list[list[Any]]:
    """Compare the labels of the samples' own mistakes, and of their rounding, with what is known of them."""
    entries = tomllib.loads((ROOT / "eval" / "known_findings.toml").read_text(encoding="utf-8"))["known"]
    out: list[list[Any]] = []
    for sample in samples:
        found = differences(sample.result)
        said = {(f.code, f.line): f.cause for f in found}
        for entry in entries:
            place = entry["code"], entry["line"]
            if entry["sample"] == sample.name and entry["kind"] != "soft":
                out.append([sample.name, *place, entry["kind"], said.get(place)])
        counts = Counter(f.cause for f in found)
        out.append([sample.name, "all", "", "", ", ".join(f"{n} {c}" for c, n in counts.most_common())])
    return out


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--uniform", type=int, default=300)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--text", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--misses", action="store_true", help="list what was not proposed first")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()

    samples = [Sample(path) for path in sorted((ROOT / "eval" / "samples").glob("*.txt"))]
    scores = {
        "one, as counted": in_result(samples, arguments.trials, arguments.seed),
        "one digit, any other": in_result(samples, arguments.uniform, arguments.seed, uniform=True),
        "two in one table, as counted": in_result(samples, arguments.pairs, arguments.seed, pairs=True),
    }
    states: Counter[str] = Counter()
    if arguments.text:
        scores["one in the text, read again"], states = in_text(samples, arguments.text, arguments.seed)
    rows = [score.row(name) for name, score in scores.items() if score.trials]
    report("Repairs", HEAD, rows, as_json=arguments.json)
    became = [[state, count] for state, count in states.most_common()]
    report("In the text: the misread number", ["reported as", "trials"], became, as_json=arguments.json)
    report("Known", ["sample", "code", "line", "kind", "label"], known(samples), as_json=arguments.json)
    if arguments.misses:
        for name, score in scores.items():
            sys.stdout.writelines(f"{name}: {miss}\n" for miss in score.misses)


if __name__ == "__main__":
    main()
