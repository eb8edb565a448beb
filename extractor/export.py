"""Files: a result written as JSON, JSON lines, CSV, a workbook and a page to read, put in place whole."""

import csv
import errno
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from . import urls
from .accounts import Account
from .document import Document
from .errors import InputError, ResultError
from .facts import facts
from .forms import forms
from .generic import PREFIX
from .placing import LAST, FullError, place
from .records import Cell, Result, Table
from .specs import catalogue
from .spreadsheet import neutral
from .statements import prose

_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
FORMATS = ("json", "facts", "findings", "csv")
"""What a run writes unless told otherwise."""
WORKBOOK, PAGE, SOURCE = "tables.xlsx", "report.html", "source.txt"
FILES = {"facts": "facts.jsonl", "findings": "findings.jsonl", "csv": "*.csv", "xlsx": WORKBOOK, "html": PAGE}
"""What shows that a format was written into a folder."""


def save(
    result: Result,
    folder: Path,
    formats: Iterable[str] = FORMATS,
    *,
    account: Account | None = None,
    source: Document | None = None,
) -> list[Path]:
    """Write a result into ``folder`` and return the files.

    Args:
        result: What was read.
        folder: Made if it isn't there. Names inside it come from table ids, never from the document.
        formats: Some of :data:`FORMATS`, ``xlsx`` for a workbook with live formulas, ``html`` for a page to read.
        account: What a model's part took; written as ``usage.json``. Without it, one of an earlier run is removed.
        source: The document that was read. The page shows its text; where that was made of another kind of file, it is
            written as ``source.txt``, in which lines and offsets count.

    Raises:
        InputError: The folder can't be written, or a page is wanted without its text.
    """
    chosen = set(formats)
    files = _files(result, chosen, source)
    if account is not None:
        files["usage.json"] = account.model_dump_json(indent=1) + "\n"
    if source is not None and source.regions:
        files[SOURCE] = source.text

    def lost(names: Iterable[str]) -> Iterator[str]:  # tables that an earlier run found and this one doesn't
        tables = (name for name in names if name.endswith(".csv") and name not in files)
        yield from (name for name in tables if "csv" in chosen and _ours(name))

    if urls.is_url(folder):
        return [urls.path_of(str(file)) for file in urls.write(urls.path_of(str(folder)), files, LAST, lost)]

    def outdated(there: Path) -> Iterator[Path]:
        yield from (there / name for name in lost([old.name for old in there.glob("*.csv")]))
        if account is None and _is_account(there / "usage.json"):
            yield there / "usage.json"

    try:
        return place(folder, files, outdated)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
        kind, remedy = (FullError, "Make room there, or choose") if full else (InputError, "Choose")
        raise kind(f"{folder}: can't be written ({error.strerror}). {remedy} another --out.") from None


def _remedy(folder: Path) -> str:
    """Say what to give in place of a folder without a result."""
    below = sorted(folder.glob("*/result.json"))
    if below:
        return f"Give {'one of the results' if len(below) > 1 else 'the result'} below it: {below[0].parent}."
    if any(any(folder.glob(pattern)) for pattern in FILES.values()):
        return "It was written without: give the command of the run again with --format json too."
    return "Give a result.json or its folder."


def _files(result: Result, chosen: set[str], source: Document | None) -> dict[str, str | bytes]:
    """Return the content of every file that is wanted, by name."""
    files: dict[str, str | bytes] = {}
    if "json" in chosen:
        files["result.json"] = result.model_dump_json(indent=1) + "\n"
    if "facts" in chosen:
        files["facts.jsonl"] = _lines(facts(result))
    if "findings" in chosen:
        files["findings.jsonl"] = _lines(f.model_dump(mode="json") for f in result.findings)
    if "csv" in chosen:
        for table in _together(result.tables):
            suffix = f"-{table.part + 1}" if table.part else ""
            files[f"{table.id}{suffix}.csv"] = to_csv(table)
    if "xlsx" in chosen:
        from .workbook import workbook  # noqa: PLC0415 - it takes a while to load

        files[WORKBOOK] = workbook(result)
    if "html" in chosen:
        from .report.document import page  # noqa: PLC0415 - likewise

        if source is None:
            raise InputError(f"{result.document}: a page needs the text that was read.")
        files[PAGE] = page(result, source)
    return files


def load(path: Path) -> Result:
    """Load a saved result from its file or its folder.

    Raises:
        ResultError: It isn't there, or isn't a result.
        InputError: It is at an address.
    """
    here = urls.here(path, "a result that this command reads")
    file = here / "result.json" if here.is_dir() else here
    try:
        return Result.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ResultError(f"{file}: can't be read ({error.strerror}). {_remedy(here)}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        remedy = "" if file.suffix == ".json" else " Give a result.json; `extractor run` reads texts."
        raise ResultError(f"{file}: not a result of this version: {where}: {first['msg']}.{remedy}") from None


def source_of(saved: Result, result: Path, given: Path | None = None) -> Document | None:
    """Return the text that a saved result was read from, or None where it isn't there any more.

    Args:
        saved: The result.
        result: Where it was loaded from; the text that was made of a PDF or the like lies beside it.
        given: The file to take instead of looking for one.

    Raises:
        InputError: The file can't be read.
    """
    kept = (result if result.is_dir() else result.parent) / SOURCE
    if given is None and saved.regions and kept.is_file():
        given = kept
    if given is None and saved.path and Path(saved.path).exists():
        given = Path(saved.path)
    return Document.from_path(given) if given else None


def to_csv(table: Table) -> str:
    """Return a table as CSV that spreadsheets open: a column per column, then what isn't proven.

    Where repairs were written (``--apply-repairs``), a last column has them.

    Text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    repaired = ["修复"] if any(cell.repaired is not None for _, cell in table.numbers()) else []
    printed = _printed(table)
    heads = [neutral("/".join(printed[column]) or table.labels.get(column, column)) for column in table.columns]
    told = (c.column for row in table.rows for c in row.cells if c.kind == "text")
    texts = [column for column in dict.fromkeys(told) if column not in ("名称", *table.columns)]
    writer.writerow(["行", "名称", *map(neutral, texts), *heads, "单位", "行号", "未证实", *repaired])
    for row in table.rows:
        cells = {c.column: c for c in row.cells}
        if not cells:
            continue
        doubts = [
            f"{table.label(row, c.column)}: {c.state}" for c in row.cells if c.kind == "number" and c.state != "proven"
        ]
        name = cells["名称"].text if "名称" in cells else ""
        shown = [_shown(cells[c]) if c in cells else "" for c in (*texts, *table.columns)]
        units = dict.fromkeys(c.unit for c in row.cells if c.kind == "number")
        unit = "、".join(units) if units else table.unit
        line = [neutral(row.key), neutral(name), *shown, unit, row.line, "; ".join(doubts)]
        if repaired:
            said = (f"{table.label(row, c.column)}: {c.repaired}" for c in row.cells if c.repaired is not None)
            line.append(neutral("; ".join(said)))
        writer.writerow(line)
    return "\ufeff" + out.getvalue()


def _printed(table: Table) -> Mapping[str, Iterable[str]]:
    """Return the names under which this office prints each column; left and right may differ."""
    found: dict[str, dict[str, None]] = {column: {} for column in table.columns}
    for row in table.rows:
        for cell in row.cells:
            if cell.column in found:
                found[cell.column][table.label(row, cell.column)] = None
    return found


def _is_account(file: Path) -> bool:
    """Whether a file is the account of an earlier run; one of that name that is something else stays."""
    try:
        Account.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return False
    return True


def _together(tables: Iterable[Table]) -> Iterator[Table]:
    """Yield tables, those of one id and part as one: a disclosure has a performance form for each project."""
    groups: dict[tuple[str, int], list[Table]] = {}
    for table in tables:
        groups.setdefault((table.id, table.part), []).append(table)
    for group in groups.values():
        columns = tuple(dict.fromkeys(c for table in group for c in table.columns))
        rows = tuple(row for table in group for row in table.rows)
        yield group[0] if len(group) == 1 else group[0].model_copy(update={"columns": columns, "rows": rows})


def _ours(name: str) -> bool:
    """Whether a CSV file's name is one that a run gives: a table's id, and a number for later parts."""
    stem = name.removesuffix(".csv")
    head, _, tail = stem.rpartition("-")
    known = {spec.id for spec in catalogue().tables} | prose().ids | forms().ids
    other = re.fullmatch(rf"{PREFIX}\d+(?:-\d+)?", stem)
    return stem in known or (head in known and tail.isdigit()) or other is not None


def _shown(cell: Cell) -> str:
    return neutral(cell.text) if cell.kind == "text" else str(cell.value)


def _lines(records: Iterable[Any]) -> str:
    return "".join([_ENCODE(r) + "\n" for r in records])
