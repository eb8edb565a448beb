"""The tidy table of many results in one file: CSV, Parquet or a workbook, written row by row.

Memory doesn't grow with the number of documents: one result at a time, and a batch of rows, is all that is held.
"""

import csv
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from . import urls
from .errors import ExtractorError, InputError, ResultError
from .export import load
from .spreadsheet import clean, dangerous, neutral, number
from .tidy import COLUMNS, NAMES, fits, rows

FORMS = ("parquet", "csv", "xlsx")
DICTIONARY = "dictionary.csv"
_BATCH = 20_000
_SHEET_ROWS = 1_000_000  # a sheet has 1,048,576
_DIGITS, _SCALE = 38, 10  # of the decimal column in Parquet


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of an export.

    Attributes:
        files: Files written.
        documents: Results that went in.
        rows: Values.
        errors: Results that could not be loaded, with the reason.
    """

    files: tuple[Path, ...]
    documents: int
    rows: int
    errors: tuple[str, ...]


@dataclass(slots=True)
class _Stream:
    """Reads results one by one and counts."""

    paths: Sequence[Path]
    documents: int = 0
    rows: int = 0
    errors: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for path in self.paths:
            try:
                result = load(path)
            except ResultError as error:
                self.errors = (*self.errors, str(error))
                continue
            self.documents += 1
            for row in rows(result):
                self.rows += 1
                yield row


def results(run: Path) -> list[Path]:
    """Return every result of a run's folder, or the one result that the path names.

    Raises:
        InputError: There is none.
    """
    if urls.here(run, "results that this command reads").is_file():
        return [run]
    if (run / "result.json").is_file():
        return [run / "result.json"]
    found = sorted(run.glob("*/result.json"))
    if not found:
        raise InputError(f"{run}: no result.json in this folder or one below. Give the --out of `extractor run`.")
    return found


def export(run: Path, form: str, out: Path | None = None) -> Exported:
    """Write all documents of a run as ``cells.<form>``, with a data dictionary beside it or on a sheet of its own.

    Args:
        run: Folder of a run, or one result.
        form: One of :data:`FORMS`.
        out: Folder for the files; that of the run by default.

    Raises:
        InputError: There are no results, or the folder can't be written.
        ExtractorError: Parquet without pyarrow.
    """
    paths = results(run)
    write = {"parquet": _parquet, "csv": _csv, "xlsx": _xlsx}[form]
    folder = out or (run if run.is_dir() else run.parent)
    stream = _Stream(paths)
    target = folder / f"cells.{form}"
    files = [target]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _replacing(target) as file:
            write(stream, file)
        if form != "xlsx":
            files.append(folder / DICTIONARY)
            with _replacing(files[-1]) as file:
                file.write_text(_dictionary(), encoding="utf-8-sig", newline="")
    except OSError as error:
        raise InputError(f"{folder}: can't be written ({error.strerror}). Choose another --out.") from None
    return Exported(tuple(files), stream.documents, stream.rows, stream.errors)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file that takes the place of ``path`` once it is complete."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _dictionary() -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["column", "type", "meaning"])
    writer.writerows([c.name, c.type, c.meaning] for c in COLUMNS)
    return out.getvalue()


def _csv(stream: Iterable[dict[str, Any]], file: Path) -> None:
    """Write CSV as spreadsheets open it: with a byte order mark, and no text that becomes a formula."""
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(NAMES)
        writer.writerows([_plain(row, name) for name in NAMES] for row in stream)


def _plain(row: dict[str, Any], name: str) -> str:
    value = row[name]
    if value is None:
        return ""
    # A number that begins with a minus is a number, not a formula.
    return neutral(value) if isinstance(value, str) and not _amount(row, name) else str(value)


def _amount(row: dict[str, Any], name: str) -> bool:
    return name == "value" and row["number"] is not None


def _parquet(stream: Iterable[dict[str, Any]], file: Path) -> None:
    try:
        import pyarrow as pa  # noqa: PLC0415 - optional
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise ExtractorError("Parquet needs pyarrow: pip install 'extractor[parquet]'.") from None
    types: dict[str, Callable[[], Any]] = {
        "text": pa.string, "integer": pa.int64, "decimal": lambda: pa.decimal128(_DIGITS, _SCALE),
    }  # fmt: skip
    schema = pa.schema([pa.field(c.name, types[c.type](), metadata={"meaning": c.meaning}) for c in COLUMNS])
    waiting = iter(stream)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := list(islice(waiting, _BATCH)):
            for row in batch:
                if not fits(row["number"], _DIGITS, _SCALE):
                    row["number"] = None  # the digits still stand in ``value``
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))
            batch.clear()  # before the next is read, not after


def _xlsx(stream: Iterable[dict[str, Any]], file: Path) -> None:
    """Write a workbook row by row; a sheet that is full is followed by another."""
    import xlsxwriter  # noqa: PLC0415 - only who wants a workbook waits for it

    from .workbook_pen import HEAD, Pen  # noqa: PLC0415

    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "tmpdir": str(file.parent),
    }  # fmt: skip
    with xlsxwriter.Workbook(str(file), options) as book:
        pen = Pen(book)
        words = book.add_worksheet("dictionary")
        words.set_column(0, 1, 12)
        words.set_column(2, 2, 110)
        for number_, texts in enumerate(
            [("column", "type", "meaning"), *((c.name, c.type, c.meaning) for c in COLUMNS)]
        ):
            for column, text in enumerate(texts):
                pen.text(words, number_, column, text, HEAD if number_ == 0 else {})
        quoted = pen.style({"quote_prefix": True})
        sheet, at, count = None, _SHEET_ROWS, 0
        for row in stream:
            if at >= _SHEET_ROWS:
                count += 1
                sheet, at = _sheet(pen, book, count), 0
            at += 1
            _line(sheet, at, row, quoted)
        if sheet is None:
            _sheet(pen, book, 1)


def _sheet(pen: Any, book: Any, count: int) -> Any:
    from .workbook_pen import HEAD  # noqa: PLC0415

    sheet = book.add_worksheet("cells" if count == 1 else f"cells {count}")
    for column, name in enumerate(NAMES):
        pen.text(sheet, 0, column, name, HEAD)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, _SHEET_ROWS, len(NAMES) - 1)
    return sheet


def _line(sheet: Any, at: int, row: dict[str, Any], quoted: Any) -> None:
    for column, (name, value) in enumerate(row.items()):
        if value is None or value == "":
            continue
        if isinstance(value, str):
            text = clean(value)
            sheet.write_string(at, column, text, quoted if dangerous(text) else None)
        elif name != "number":
            sheet.write_number(at, column, value)
        elif (held := number(value)) is not None:
            sheet.write_number(at, column, held)
