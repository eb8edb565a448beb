"""One tidy table of a whole run: CSV, Parquet, workbook and data frame, all with the same values."""

import csv
import json
import shutil
import tracemalloc
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from pyarrow import parquet

from extractor import Document, Extractor, Result, ResultError
from extractor.export import load, save
from extractor.facts import table_facts
from extractor.tidy import COLUMNS, NAMES, fits, rows
from extractor.tidy_files import export, results

from .cli import extractor as command
from .conftest import BUDGETS, sample
from .test_workbook import HOSTILE, _result, _table


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, extractor: Extractor) -> Path:
    """The folder of a run over both budgets."""
    folder = tmp_path_factory.mktemp("run")
    for name in BUDGETS:
        save(extractor.extract(sample(name)), folder / name, ("json",))
    return folder


def test_the_tidy_table_is_the_facts(extractor: Extractor) -> None:
    """Every fact is a row with the same value and place, running text included, and nothing else is."""
    result = extractor.extract(sample("kizilsu_fao_2024_budget"))
    keys = ("part", "table", "row", "column", "kind", "value", "unit", "state", "line")
    found = [(*(row[k] for k in keys), row["start"], row["end"]) for row in rows(result)]
    assert found == [(*(fact[k] for k in keys), *fact["span"]) for t in result.tables for fact in table_facts(t)]
    for row in rows(result):
        assert tuple(row) == NAMES
        assert row["number"] is None or str(row["number"]) == row["value"]
    proven = [row for row in rows(result) if row["state"] == "proven"]
    assert proven
    assert all(row["proof"] for row in proven)


def test_an_ungrounded_value_keeps_its_mark() -> None:
    """What isn't in the source is there with its state, and without a place."""
    table = _table("t", ("a", "b", "1.00"))
    cell = table.rows[0].cells[1].model_copy(update={"state": "ungrounded", "spans": ()})
    row = table.rows[0].model_copy(update={"cells": (cell,)})
    (found,) = rows(_result(table.model_copy(update={"rows": (row,)})))
    assert (found["state"], found["line"], found["start"]) == ("ungrounded", None, None)


def test_csv_opens_in_a_spreadsheet(run: Path, tmp_path: Path) -> None:
    """A byte order mark, every row, a minus that stays a number, and a dictionary of all columns."""
    done = export(run, "csv", tmp_path)
    assert [f.name for f in done.files] == ["cells.csv", "dictionary.csv"]
    assert done.files[0].read_bytes().startswith(b"\xef\xbb\xbf")
    with done.files[0].open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    expected = [row for name in sorted(BUDGETS) for row in rows(_load(run / name))]
    assert len(lines) == len(expected) == done.rows
    for line, row in zip(lines, expected, strict=True):
        assert line["value"].removeprefix("'") == row["value"]
        assert line["number"] == ("" if row["number"] is None else str(row["number"]))
    with done.files[1].open(encoding="utf-8-sig", newline="") as file:
        assert [line["column"] for line in csv.DictReader(file)] == list(NAMES)


def _load(folder: Path) -> Result:
    return Result.model_validate_json((folder / "result.json").read_bytes())


def test_csv_neutralises_formulas(tmp_path: Path) -> None:
    """Text that looks like a formula gets an apostrophe in every column; a negative amount doesn't."""
    table = _table("=1+1", *((text, text, "-1.00") for text in HOSTILE))
    save(_result(table), tmp_path / "doc", ("json",))
    export(tmp_path, "csv")
    with (tmp_path / "cells.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    for line in lines:
        for name, text in line.items():
            amount = name in ("value", "number", "printed") and line["kind"] == "number"
            assert amount or not text.startswith(("=", "+", "-", "@", "\t", "＝")), (name, text)
    assert {line["value"] for line in lines if line["kind"] == "number"} == {"-1.00"}


def test_parquet_holds_exact_decimals(run: Path, tmp_path: Path) -> None:
    """Numbers are decimals, equal to what is printed; the dictionary goes with the columns too."""
    done = export(run, "parquet", tmp_path)
    table = parquet.read_table(done.files[0])
    assert table.column_names == list(NAMES)
    assert table.schema.field("number").metadata[b"meaning"].decode() == COLUMNS[NAMES.index("number")].meaning
    found = [(r["document"], r["table"], r["row"], r["column"], r["number"], r["line"]) for r in table.to_pylist()]
    expected = [
        (r["document"], r["table"], r["row"], r["column"], r["number"], r["line"])
        for name in sorted(BUDGETS)
        for r in rows(_load(run / name))
    ]
    assert found == expected
    assert all(r[4] is None or isinstance(r[4], Decimal) for r in found)


def test_what_a_decimal_column_can_not_hold_is_left_empty(tmp_path: Path) -> None:
    """Forty digits stay in ``value``; ``number`` is empty instead of rounded."""
    long = "1" * 40 + ".5"
    save(_result(_table("t", ("a", "b", long), ("c", "d", "0.12345678901"))), tmp_path / "d", ("json",))
    export(tmp_path, "parquet")
    found = [r for r in parquet.read_table(tmp_path / "cells.parquet").to_pylist() if r["kind"] == "number"]
    assert [(r["value"], r["number"]) for r in found] == [(long, None), ("0.12345678901", None)]
    assert fits(Decimal("9" * 28), 38, 10)
    assert not fits(Decimal("1" + "0" * 28), 38, 10)


def test_the_workbook_of_a_run(run: Path, tmp_path: Path) -> None:
    """All values on one sheet, numbers as numbers, the dictionary on another."""
    done = export(run, "xlsx", tmp_path)
    book = openpyxl.load_workbook(done.files[0], read_only=True)
    assert book.sheetnames == ["dictionary", "cells"]
    lines = list(book["cells"].iter_rows(values_only=True))
    assert lines[0] == NAMES
    assert len(lines) == done.rows + 1
    at = NAMES.index("number")
    for line, row in zip(lines[1:], (r for n in sorted(BUDGETS) for r in rows(_load(run / n))), strict=True):
        assert (None if line[at] is None else Decimal(str(line[at]))) == row["number"]


def test_the_frame_keeps_decimals(extractor: Extractor) -> None:
    """``Result.to_frame()`` has a row a value, ``Decimal`` in ``number`` and whole numbers with gaps in ``line``."""
    result = extractor.extract(sample("urumqi_fao_2024_budget"))
    frame = result.to_frame()
    assert list(frame.columns) == list(NAMES)
    total = frame[(frame.table == "expenditure") & (frame.row == "总计") & (frame.column == "合计")]
    assert [str(n) for n in total.number] == ["465.24"]
    assert str(frame.line.dtype) == "Int64"
    assert Extractor().extract(Document.from_text("无\n")).to_frame().columns.tolist() == list(NAMES)


def test_one_bad_result_never_stops_the_others(run: Path, tmp_path: Path) -> None:
    """What can't be loaded is named, the rest is written, and the exit code says so."""
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    (folder / "broken").mkdir()
    (folder / "broken" / "result.json").write_text("{", encoding="utf-8")
    done = command("export", folder, "--to", "csv", "--json")
    assert done.returncode == 3
    assert "broken" in done.stderr
    said = json.loads(done.stdout)
    assert said["documents"] == 2
    assert [Path(f).name for f in said["files"]] == ["cells.csv", "dictionary.csv"]
    assert not list(folder.glob(".*"))


def test_a_folder_without_results_says_what_to_do(tmp_path: Path) -> None:
    """The message names the folder and what belongs there."""
    done = command("export", tmp_path, "--to", "parquet")
    assert done.returncode == 3
    assert "Give the --out" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_result_that_is_not_there_says_where_one_is(run: Path, tmp_path: Path) -> None:
    """The folder of a run holds results; a folder written in other formats was written without."""
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "tables.xlsx").write_bytes(b"")
    with pytest.raises(ResultError, match=f"below it: {run}/"):
        load(run)
    with pytest.raises(ResultError, match="with --format json too"):
        load(tmp_path / "bare")


def test_nothing_that_differs_is_not_nothing_to_look_at(tmp_path: Path) -> None:
    """The list of differences says where the rest stands."""
    save(Extractor().extract(sample(BUDGETS[1])), tmp_path, ("json",))
    said = command("findings", tmp_path).stderr
    assert said.startswith("0 differences; what is ambiguous")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_memory_does_not_grow_with_the_run(
    run: Path, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five times the documents take hardly more memory."""
    monkeypatch.setattr("extractor.tidy_files._BATCH", 500)
    peaks = []
    for count in (2, 10):
        folder = tmp_path / str(count)
        for number in range(count):
            shutil.copytree(run / BUDGETS[0], folder / str(number))
        assert len(results(folder)) == count
        if count == 2:
            export(folder, form)  # what is loaded once doesn't count
        tracemalloc.start()
        export(folder, form)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5
