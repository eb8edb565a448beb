"""Names misread on pages that are otherwise read for certain: is a number ever proven under a wrong one?

Nothing is recognised: an invented document's text gets the regions and scores of a page, in which one name, code,
title, unit or year is put as it may be misread (``everywhere``: one character of all, ``many``: one name in forty).

    python eval/bench/misnamed.py --first 100 --documents 12 --each 6 [--kind unit --kind year]

A line for each mistake that goes unnoticed, then for each kind: tried, unnoticed, numbers no longer proven in the mean.
Two names of one column or row are no mistake.
"""

import argparse
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import groupby

from proven import documents

from extractor import Document, Extractor
from extractor.evaluation.places import judge
from extractor.evaluation.score import Fact
from extractor.facts import facts
from extractor.lexicon import lookalikes
from extractor.records import Region
from extractor.specs import catalogue, split_label, walk

Rows = list[list[str]]
Place = tuple[int, int]
_WORD = re.compile(r"[\u4e00-\u9fff]")
_NUMBER = re.compile(r"-?[\d,]+\.\d\d%?")
_CODE = re.compile(r"\d{3,9}(?=$|\s*[\u4e00-\u9fff])")
_POINT = re.compile(r"^([\d一二三四五六七八九]+)[.、]\s*")
_ALIKE = {"0": "86", "1": "74", "2": "7", "3": "85", "4": "19", "5": "63", "6": "580", "7": "12", "8": "360", "9": "40"}
_OTHERS = "中业人目大上下内外一二三本年"


def page(rows: Rows, scores: dict[Place, float]) -> Document:
    """Return a document as if each cell had been recognised in a ruled table, with these scores and otherwise 1."""
    regions, start, number = [], 0, 0
    for _, block in groupby(rows, key=lambda row: len(row) > 1):
        table = list(block)
        width = 1000 / max(map(len, table))
        for row in table:
            for column, text in enumerate(row):
                left, top = width * column, 20.0 * number
                if text.strip():
                    box = (left, top, left + 0.8 * width, top + 10)
                    score = scores.get((number, column), 1.0)
                    regions.append(Region(start=start, end=start + len(text), page=1, box=box, score=score))
                start += len(text) + 1
            number += 1
    return Document("page", "\n".join(map("\t".join, rows)), encoding="pdf", regions=tuple(regions))


@cache
def known() -> frozenset[str]:
    """Return the names that specs and classification know."""
    specs = catalogue()
    columns = {name for s in specs.tables for c in (*s.columns, *s.more) for name in c.names}
    labels = {name for s in specs.tables for p in walk(s.left) for name in (p[-1].label, *p[-1].aliases)}
    return frozenset(columns | labels | {name for names in specs.names.values() for name in names})


def _near(name: str) -> list[str]:
    """Return known names that are a part of this one or hold it, or differ in a character or two."""
    bare = split_label(name)[1]
    found = []
    for other in sorted(known() - {bare}):
        within = abs(len(other) - len(bare)) <= 6 and len(other) > 1 and (other in bare or bare in other)
        differ = len(other) == len(bare) > 1 and sum(map(str.__ne__, other, bare)) <= 1 + (len(bare) > 5)
        if within or differ:
            found.append(name.replace(bare, other))
    return found


def _char(instead: Callable[[str], Sequence[str]]) -> Callable[[str, random.Random], str]:
    """Return a mistake in one character: what it is read as instead."""

    def misread(text: str, dice: random.Random) -> str:
        at = dice.choice([i for i, c in enumerate(text) if _WORD.match(c)] or [0])
        other = instead(text[at]) or [text[at]]
        return text[:at] + dice.choice(other) + text[at + 1 :]

    return misread


def _digit(pattern: str) -> Callable[[str, random.Random], str]:
    """Return a mistake in one digit of what a pattern finds."""

    def misread(text: str, dice: random.Random) -> str:
        at = dice.choice([i for m in re.finditer(pattern, text) for i in range(*m.span())])
        return text[:at] + dice.choice(_ALIKE.get(text[at], text[at])) + text[at + 1 :]

    return misread


def _cut(text: str, dice: random.Random) -> str:
    at = dice.randrange(1, max(2, len(text) - 1))
    return dice.choice([text[:at], text[at:]])


def _unit(text: str, dice: random.Random) -> str:
    return text.replace("万元", dice.choice(["元", "方元", ""]))


Misread = Callable[[str, random.Random], str]
KINDS: dict[str, tuple[Misread, Callable[[Sequence[str], str], bool]]] = {
    "alike": (_char(lambda c: sorted(lookalikes().get(c, ()))), lambda _, c: bool(_WORD.search(c))),
    "other": (_char(lambda _: _OTHERS), lambda _, c: bool(_WORD.search(c))),
    "lost": (_char(lambda _: [""]), lambda _, c: bool(_WORD.search(c))),
    "header": (_cut, lambda row, c: len(row) > 1 and len(c) > 3 and not any(map(_NUMBER.fullmatch, row))),
    "known": (lambda c, dice: dice.choice(_near(c) or [c]), lambda row, c: len(row) > 1 and bool(_WORD.search(c))),
    "code": (_digit(r"\d{3,9}"), lambda row, c: len(row) > 1 and bool(_CODE.match(c))),
    "split code": (_digit(r"\d\d"), lambda row, c: len(row) > 4 and bool(re.fullmatch(r"\d\d", c))),
    "unit": (_unit, lambda _, c: bool(re.search(r"单位[:：]\s*万元", c))),
    "year": (
        _digit(r"(?<=20)\d\d(?=\s?年)"),
        lambda _, c: bool(re.search(r"20\d\d年|20\d\d 年", c)) and not _NUMBER.search(c),
    ),
    "title": (_cut, lambda row, c: len(row) == 1 and c.strip().endswith("表") and len(c) > 4),
    "point": (
        lambda c, _: _POINT.sub(r"\1", c),
        lambda row, c: len(row) > 1 and bool(_POINT.match(c) and _WORD.search(c)),
    ),
}


def misread(rows: Rows, kind: str, dice: random.Random) -> tuple[Rows, dict[Place, float], str]:
    """Return rows with a mistake of a kind, the scores of what is misread, and what that is."""
    out = [list(row) for row in rows]
    names = [(i, j) for i, row in enumerate(rows) for j, c in enumerate(row) if _WORD.search(c) and len(c) < 30]
    if kind == "everywhere":
        char, other = dice.choice(
            [(c, o) for i, j in names for c in rows[i][j] for o in sorted(lookalikes().get(c, ()))]
        )
        places = [(i, j) for i, j in names if char in rows[i][j]]
        for i, j in places:
            out[i][j] = rows[i][j].replace(char, other)
        return out, {place: dice.choice([0.93, 0.97, 0.99]) for place in places}, f"{char} > {other}"
    scores: dict[Place, float] = {}
    said = []
    for _ in range(max(3, len(names) // 40) if kind == "many" else 1):
        how, fits = KINDS[dice.choice(list(KINDS)) if kind == "many" else kind]
        able = [(i, j) for i, row in enumerate(rows) for j, c in enumerate(row) if fits(row, c) and len(c) < 40]
        if able:
            i, j = dice.choice(able)
            out[i][j] = how(rows[i][j], dice)
            scores[i, j] = dice.choice([0.93, 0.99])
            said.append(f"{rows[i][j]} > {out[i][j]} ({scores[i, j]})")
    return out, scores, "; ".join(said)


def unnoticed(facts_: Sequence[Fact], printed: Sequence[Fact]) -> list[Fact]:
    """Return the numbers that are proven where the document doesn't print them, or in another unit."""
    units = {(f["table"], f["unit"]) for f in printed if f["kind"] == "number"}
    tables = {table for table, _ in units}
    proven = [f for f in facts_ if f["kind"] == "number" and f["state"] == "proven"]
    same = {(f["table"], f["row"], f["value"], c) for f in printed if f["kind"] == "number" for c in _meant(f)}
    silent = [f for f in judge(printed, facts_).silent if f["state"] == "proven"]
    wrong = [f for f in silent if not any((f["table"], f["row"], f["value"], c) in same for c in _meant(f))]
    money = ("元", "千元", "万元", "百万元", "亿元")
    return wrong + [
        f for f in proven if f["table"] in tables and f["unit"] in money and (f["table"], f["unit"]) not in units
    ]


def _meant(fact: Fact) -> set[str]:
    """Return the columns that a fact's name may mean: two names of one are no mistake."""
    name = fact["column"].rsplit("/", 1)[-1]
    layouts = catalogue().layouts(fact["table"])
    return {c.id for s in layouts for c in (*s.columns, *s.more) if name in c.names} | {fact["column"]}


def main() -> None:
    """Parse, try, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--documents", type=int, default=4)
    parser.add_argument("--each", type=int, default=4, help="mistakes of each kind in each document")
    parser.add_argument("--kind", dest="kinds", action="append", default=[])
    args = parser.parse_args()
    count: Counter[tuple[str, str]] = Counter()
    extractor = Extractor(engine="deterministic")
    kinds = args.kinds or [*KINDS, "everywhere", "many"]
    for _, (name, text, printed) in zip(range(args.documents), documents(args.first), strict=False):
        dice = random.Random(name)
        rows = [line.split("\t") for line in text.split("\n")]
        plain = facts(extractor.extract(page(rows, {})))
        before = unnoticed(plain, printed)
        every = sum(f["state"] == "proven" for f in plain)
        print(f"{name}: {every} proven, {len(before)} wrong", flush=True)
        for kind in kinds * args.each:
            new, scores, said = misread(rows, kind, dice)
            if new == rows:
                continue
            found = facts(extractor.extract(page(new, scores)))
            wrong = [f for f in unnoticed(found, printed) if f not in before]
            count[kind, "tried"] += 1
            count[kind, "unnoticed"] += bool(wrong)
            count[kind, "lost"] += every - sum(f["state"] == "proven" for f in found)
            if wrong:
                where = {k: wrong[0][k] for k in ("table", "row", "column", "value", "unit")}
                print(f"  {kind}: {said}: {len(wrong)} numbers, as {where}", flush=True)
    print("| kind | tried | unnoticed | proven numbers lost |\n|---|---:|---:|---:|")
    for kind in kinds:
        tried = count[kind, "tried"]
        print(f"| {kind} | {tried} | {count[kind, 'unnoticed']} | {count[kind, 'lost'] / max(1, tried):.1f} |")


if __name__ == "__main__":
    main()
