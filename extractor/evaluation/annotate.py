"""Gold facts as a spreadsheet: a draft from what is read today, to be corrected by a person, and back again.

The draft is in the order of the source, a fact a line, with the printed line beside it and what to look at first. It
opens in a spreadsheet; text that one would run as a formula has an apostrophe in front, which is taken off again.
"""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from extractor.document import Document
from extractor.errors import InputError
from extractor.evaluation.cases import facts_of
from extractor.evaluation.score import Fact
from extractor.pipeline import Extractor

FIELDS = ("table", "row", "column", "kind", "value", "unit", "line")
_HEAD = ("look", *FIELDS, "column_options", "printed")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_NUMBERS = re.compile(r"\d+(?:\.\d+)?")
_QUANTITY = re.compile(r"(?P<sign>-?)(?P<number>\d+(?:\.\d+)?)(?P<share>%?)")
_FEW = 12  # lines over which the cells of a row of a form are told
_LOOK = {"proven": "", "grounded": "", "ambiguous": "which column?", "contradicted": "sums disagree"}


def draft(document: Document, extractor: Extractor | None = None) -> str:
    """Return the draft for a document as CSV."""
    result = (extractor or Extractor()).extract(document)
    found = sorted(facts_of(result), key=lambda f: (f["line"] or 0, (f["span"] or (0,))[0]))
    printed = source_lines(document)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_HEAD)
    for fact in found:
        options = "|".join(fact.get("column_options", ()))
        line = printed[fact["line"] - 1].strip() if fact["line"] else ""
        values = [fact[name] for name in FIELDS]
        writer.writerow([_safe(str(v)) for v in (_LOOK.get(fact["state"], fact["state"]), *values, options, line)])
    for unread in result.unread:
        said = f"{unread.title}: {unread.numbers} numbers not read ({unread.reason})"
        writer.writerow([_safe(f"not read, lines {unread.lines[0]}-{unread.lines[1]}"), *[""] * 8, _safe(said)])
    return "\ufeff" + out.getvalue()


def source_lines(document: Document) -> list[str]:
    """Return the lines of a document as its spans count them."""
    return re.split(r"\r\n|\r|\n", document.text)


def _safe(text: str) -> str:
    """Keep a spreadsheet from running a text; a number is none, whatever its sign."""
    return "'" + text if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def load(path: Path) -> list[Fact]:
    """Read gold facts from a corrected spreadsheet (CSV with commas, semicolons or tabs) or from JSON lines.

    Rows without a table and a value are left out: notes, and facts that were struck out.

    Raises:
        InputError: The file is neither.
    """
    text = Document.from_path(path).text
    if path.suffix.lower() != ".csv":
        if not text.lstrip("\ufeff \r\n").startswith("{"):
            raise InputError(f"{path}: neither JSON lines nor CSV. Save the spreadsheet as a CSV file (.csv).")
        return _json_lines(text, path)
    head = text.lstrip("\ufeff").splitlines()[0] if text.strip() else ""
    marks = [mark for mark in ",;\t" if set(FIELDS) <= {name.strip('" ') for name in head.split(mark)}]
    if not marks:
        raise InputError(f"{path}: the first line must name the columns {', '.join(FIELDS)}.")
    rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=marks[0])
    return [_fact(row, path, rows.line_num) for row in rows if row.get("table") and row.get("value")]


def _json_lines(text: str, path: Path) -> list[Fact]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                fact = json.loads(line)
            except ValueError as error:
                raise InputError(f"{path}: line {number} is no JSON ({error}).") from None
            if not isinstance(fact, dict) or not set(FIELDS) <= fact.keys():
                raise InputError(f"{path}: line {number} is no fact; it needs {', '.join(FIELDS)}.")
            found.append(fact)
    return found


def _fact(row: Mapping[str, Any], path: Path, number: int) -> Fact:
    values = {name: _bare(str(row.get(name) or "").strip()) for name in (*FIELDS, "column_options")}
    line, options = values.pop("line"), values.pop("column_options")
    if line and line != "None" and not line.isdigit():
        raise InputError(f"{path}: line {number}: {line!r} is no line number.")
    if values["column"] == "空表":
        values["value"] = values["value"].lower()  # TRUE, as spreadsheets write it
    values["kind"] = values["kind"] or ("number" if _NUMBER.fullmatch(values["value"]) else "text")
    fact: Fact = {**values, "line": int(line) if line.isdigit() else None}
    return {**fact, "column_options": options.split("|")} if options else fact


def _bare(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def as_printed(facts: Sequence[Fact], document: Document) -> list[Fact]:
    """Give numbers the digits that are printed at their lines: spreadsheets make 0 of 0.00, and 100.00% of 100%."""
    lines = [line.replace(",", "") for line in source_lines(document)]
    return [{**f, "value": _printed(f, lines)} for f in facts]


def _printed(fact: Fact, lines: Sequence[str]) -> str:
    value, line = str(fact["value"]), fact["line"]
    match = _QUANTITY.fullmatch(value)
    if not match or not line or line > len(lines):
        return value
    share = "%" if match["share"] else ""
    here = "".join(lines[line - 1 : line - 1 + _FEW]) if share else lines[line - 1]
    there = [m.group() for m in _NUMBERS.finditer(here) if _meant(here[m.end() :].lstrip(" "), share or fact["unit"])]
    same = [n for n in there if Decimal(n) == Decimal(match["number"])]
    return value if not same or match["number"] in same else f"{match['sign']}{same[0]}{share}"


def _meant(behind: str, unit: str) -> bool:
    """Whether a number with this behind it may have a unit: it, or in a table none."""
    return (bool(unit) and behind.startswith(unit)) or (unit != "%" and not behind[:1].isalpha())


def write(facts: Sequence[Fact], path: Path) -> None:
    """Write gold facts as JSON lines.

    Raises:
        InputError: The file can't be written.
    """
    kept = [{name: f[name] for name in (*FIELDS, "column_options") if name in f} for f in facts]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(f, ensure_ascii=False) + "\n" for f in kept), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: can't be written ({error.strerror}). Choose another file.") from None
