"""Checks gold facts against their source and the identities, so that what everything is measured by can be trusted."""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal

from extractor.checks import check
from extractor.document import Document
from extractor.evaluation.annotate import source_lines
from extractor.evaluation.score import Fact, normalise
from extractor.forms import forms
from extractor.pipeline import Extractor
from extractor.records import Cell, Record, Table
from extractor.specs import catalogue
from extractor.statements import prose

_NEAR = 6  # lines over which a number, with its label, may be broken
_LONG = 60  # lines that a long text, or the list of a form, may take
_WORDS = frozenset({"空表", "文种", "落款日期", "年度"})  # read off a text that says it in other words
_SPLIT = re.compile(r"[、；;/]")


class Problem(Record):
    """What is wrong with a gold file.

    Attributes:
        kind: ``form`` (no fact of the contract), ``twice`` (two facts of one place), ``place`` (the value doesn't stand
            at its line), ``identity`` (the numbers contradict each other).
        message: A sentence for people.
        line: Line of the source.
    """

    kind: Literal["form", "twice", "place", "identity"]
    message: str
    line: int | None = None


class Checked(Record):
    """What became of a gold file.

    Attributes:
        facts: How many facts it holds.
        placed: How many stand at the line that they name.
        compared: Number facts that took part in the check of the identities.
        numbers: Number facts.
        held: Instances of identities that hold.
        problems: What to look at.
    """

    facts: int
    placed: int
    compared: int
    numbers: int
    held: int
    problems: tuple[Problem, ...]


def gold_check(facts: Sequence[Fact], document: Document, known: frozenset[tuple[str, int]] = frozenset()) -> Checked:
    """Check gold facts: form, places, identities.

    Args:
        facts: The gold facts.
        document: Their source.
        known: Findings that are the office's own mistakes, by identity and line; they are no problem of the gold.
    """
    problems = [*_form(facts), *_twice(facts)]
    text = [unicodedata.normalize("NFKC", line) for line in source_lines(document)]
    away = [f for f in facts if not _stands(f, text)]
    problems += [
        Problem(kind="place", line=f["line"], message=f"{_named(f)}: {str(f['value'])[:60]!r} doesn't stand there.")
        for f in away
    ]
    tables, compared = _tables(facts, document)
    checked = check(tables, catalogue())
    problems += [
        Problem(kind="identity", message=f.message, line=f.line)
        for f in checked.findings
        if f.kind in ("contradiction", "rounding") and (f.code, f.line or 0) not in known
    ]
    return Checked(
        facts=len(facts), placed=len(facts) - len(away), compared=compared,
        numbers=sum(f["kind"] == "number" for f in facts), held=sum(c.held for c in checked.counts.values()),
        problems=tuple(problems),
    )  # fmt: skip


def known_findings(path: Path, name: str) -> frozenset[tuple[str, int]]:
    """Return the office's own mistakes in a sample, from ``eval/known_findings.toml``."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("known", [])
    return frozenset((e["code"], e["line"]) for e in entries if e["sample"] == name and e["kind"] == "office")


def _named(fact: Fact) -> str:
    return f"{fact['table']}, {fact['row']}, {fact['column']}"


def _form(facts: Sequence[Fact]) -> Iterator[Problem]:
    ids = {spec.id for spec in catalogue().tables} | prose().ids | forms().ids
    for fact in facts:
        said = ""
        if fact["table"] not in ids:
            said = f"{fact['table']!r} is no table that a spec describes"
        elif fact["kind"] not in ("number", "text"):
            said = f"kind {fact['kind']!r} is neither number nor text"
        elif fact["kind"] == "number" and _decimal(str(fact["value"])) is None:
            said = f"{fact['value']!r} is no number"
        elif not str(fact["row"]).strip() or not str(fact["column"]).strip():
            said = "row or column is missing"
        if said:
            yield Problem(kind="form", message=f"{_named(fact)}: {said}.", line=fact["line"])


def _twice(facts: Sequence[Fact]) -> Iterator[Problem]:
    places = Counter((f["table"], normalise(str(f["row"])), f["column"], f["kind"]) for f in facts)
    for (table, row, column, kind), count in places.items():
        if count > 1:
            yield Problem(kind="twice", message=f"{table}, {row}, {column}: {count} {kind} facts of one place.")


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _stands(fact: Fact, text: Sequence[str]) -> bool:
    """Whether the value starts at its line; lines may be broken inside it."""
    line = fact["line"]
    if line is None:
        return True  # nothing is claimed
    if not isinstance(line, int) or not 1 <= line <= len(text):
        return False
    if fact["kind"] == "number":
        return _number_stands(str(fact["value"]), text[line - 1 : line - 1 + _NEAR])
    value = normalise(str(fact["value"]))
    if fact["column"] in _WORDS:
        return bool(text[line - 1].strip())
    here = normalise("".join(text[line - 1 : line - 1 + _LONG])).replace("**", "")
    return value in here or all(part in here for part in _SPLIT.split(value)) or _woven(value, text, line)


def _woven(value: str, text: Sequence[str], line: int) -> bool:
    """Whether a text is told near its line, character by character: cells side by side are broken into mixed lines."""
    around = iter(normalise("".join(text[max(0, line - 2) : line - 1 + _NEAR])))
    return all(c in around for c in value)


def _number_stands(value: str, lines: Sequence[str]) -> bool:
    """Whether a number starts in the first of these lines, whole or broken over lines, with zeros more or less."""
    wanted = _decimal(value)
    if wanted is None:
        return False
    first, *rest = (line.replace(",", "") for line in lines)
    whole = re.compile(rf"(?<![\d.]){re.escape(value.lstrip('-+'))}(?!\d|\.\d)")
    joined = ["".join((first, *rest[:count])) for count in range(len(rest) + 1)]  # broken over so many lines
    if any(m.start() < len(first) for some in joined for m in whole.finditer(some)):
        return True
    return any(abs(wanted) == Decimal(m.group()) for m in re.finditer(r"\d+(?:\.\d+)?", first))


def _tables(facts: Sequence[Fact], document: Document) -> tuple[list[Table], int]:
    """Put the gold numbers into the tables that are read today: rows and columns from there, numbers from gold."""
    gold: dict[tuple[str, str, str], list[Fact]] = {}
    for fact in facts:
        if fact["kind"] == "number" and _decimal(str(fact["value"])) is not None:
            gold.setdefault((fact["table"], normalise(str(fact["row"])), fact["column"]), []).append(fact)
    compared: set[tuple[str, str, str]] = set()
    out = []
    for table in Extractor(engine="deterministic").extract(document).tables:
        rows = []
        for row in table.rows:
            cells: list[Cell] = []
            for cell in row.cells:
                key = table.id, normalise(row.key), table.label(row, cell.column)
                if cell.kind == "text":
                    cells.append(cell)
                elif key in gold:
                    value = Decimal(str(gold[key][0]["value"]))
                    cells.append(cell.model_copy(update={"value": value}))
                    compared.add(key)
            rows.append(row.model_copy(update={"cells": tuple(cells)}))
        out.append(table.model_copy(update={"rows": tuple(rows)}))
    return out, len(compared)
