"""The command line, as a user calls it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from extractor import Document, Extractor, Result
from extractor.cli import app
from extractor.evaluation.score import BUDGET_TABLES
from extractor.export import save

from .cli import environment, extractor, here
from .conftest import SAMPLES

URUMQI = SAMPLES / "urumqi_fao_2024_budget.txt"
CONSISTENT = """表 3
部门支出总体情况表
单位：万元
科目编码 功能分类科目名称 合计 基本支出 项目支出
201 一般公共服务支出 466.14 316.47 149.67
201 03 政府办公厅（室）及相关机构事务 466.14 316.47 149.67
201 03 01 行政运行 305.44 275.77 29.67
201 03 50 事业运行 160.70 40.70 120.00
合 计 466.14 316.47 149.67
"""


def test_run_writes_every_file_and_exits_1_on_findings(tmp_path: Path) -> None:
    """A sample gives result.json, facts, findings and one CSV per table; a table without a spec is a finding."""
    file = tmp_path / "sample.txt"
    file.write_text(
        URUMQI.read_text(encoding="utf-8") + "\n表 12\n某某情况表\n单位：万元\n1.00 2.00\n", encoding="utf-8"
    )
    done = extractor("run", file, "--out", tmp_path)
    assert done.returncode == 1
    folder = tmp_path / file.stem
    names = {p.name for p in folder.iterdir()}
    assert {"result.json", "facts.jsonl", "findings.jsonl", "revenue.csv", "carryover.csv"} <= names
    assert {f"{table}.csv" for table in BUDGET_TABLES} | {"n_revenue.csv", "document.csv"} <= names
    fact = json.loads((folder / "facts.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert {"table", "row", "column", "kind", "value", "unit", "line", "state", "span"} <= fact.keys()
    assert done.stdout == ""
    assert "372" in done.stderr
    assert "not read" in done.stderr


def test_run_exits_0_where_everything_is_consistent(tmp_path: Path) -> None:
    """One table that adds up, and nothing else with numbers: no finding."""
    file = tmp_path / "one.txt"
    file.write_text(CONSISTENT, encoding="utf-8")
    done = extractor("run", file, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr


def test_json_goes_to_stdout_and_nothing_else(tmp_path: Path) -> None:
    """With --json stdout is one JSON value, whatever happens."""
    done = extractor("run", URUMQI, tmp_path / "missing.txt", "--out", tmp_path / "out", "--json")
    assert done.returncode == 3
    good, bad = json.loads(done.stdout)["documents"]
    assert good["states"]["proven"] >= 196
    assert good["states"]["contradicted"] == 2  # the office's own mistake, see eval/known_findings.toml
    assert "no such file" in bad["error"]
    assert "no such file" in done.stderr


def test_an_empty_path_is_no_folder(tmp_path: Path) -> None:
    """A variable without a value doesn't have the folder read that one stands in; what else is named is read."""
    file = tmp_path / "one.txt"
    file.write_text(CONSISTENT, encoding="utf-8")
    done = extractor("run", "", file, "--out", tmp_path / "out")
    assert done.returncode == 3
    assert "is empty" in done.stderr
    assert [p.parent.name for p in (tmp_path / "out").glob("*/result.json")] == ["one"]


def test_one_bad_file_never_stops_the_others(tmp_path: Path) -> None:
    """Files, a folder and a glob together, in two processes: the good ones are written, the bad one is named."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    shutil.copy(URUMQI, inbox / "a.txt")
    shutil.copy(URUMQI, inbox / "b.md")
    (inbox / "c.txt").write_bytes(b"%PDF-1.4\n%\xe2\xe3")
    (inbox / "ignored.bin").write_bytes(b"\x00\x01")
    done = extractor("run", "inbox", str(Path("inbox") / "*.md"), "--out", "out", "--jobs", "2", cwd=tmp_path)
    assert done.returncode == 3
    assert "c.txt: this PDF is broken" in done.stderr
    assert {p.name for p in (tmp_path / "out").iterdir() if p.is_dir()} == {"a", "b"}
    assert "2 documents read, 1 not readable" in done.stderr


def test_files_with_the_same_name_get_folders_of_their_own(tmp_path: Path) -> None:
    """Equal stems never overwrite each other."""
    for place in ("x", "y"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "same.txt").write_text(CONSISTENT, encoding="utf-8")
    extractor("run", "x", "y", "--out", "out", cwd=tmp_path)
    assert len([p for p in (tmp_path / "out").iterdir() if p.is_dir()]) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("run", "x.txt"), 2, "--out"),
        (("run", "*.nothing", "--out", "o"), 3, "no file matches"),
        (("run", "x.txt", "--out", "o", "--engine", "magic"), 2, "magic"),
        (("run", "x.txt", "--out", "o", "--engine", "llm"), 2, "Name one with --model"),
        (("schemas", "nonsense"), 2, "Known: revenue_expenditure"),
        (("check", "nowhere"), 3, "Give a result.json"),
        (("sections", "nowhere.txt"), 3, "no such file"),
        ((), 2, "Usage"),
        ((".",), 2, "extractor run FILE --out results"),
    ],
)
def test_wrong_usage_says_what_to_do(tmp_path: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    """Every wrong call has its exit code and a message with the next step, never a traceback."""
    done = extractor(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert says in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_sections_prints_the_tree_with_line_numbers() -> None:
    """Parts, tables and prose headings stand with their lines; the contents list is left out."""
    done = here("sections", URUMQI)
    assert done.returncode == 0
    assert "119  表 2 部门收入总体情况表  [revenue]" in done.stdout
    assert "部门收入总体情况表" in done.stdout
    assert done.stdout.count("部门收入总体情况表") == 1
    listed = json.loads(here("sections", URUMQI, "--json").stdout)
    assert {
        "line": 119,
        "kind": "table",
        "title": "部门收入总体情况表",
        "table": "revenue",
        "contents": False,
        "lost": False,
    } in listed


@pytest.fixture
def urumqi(tmp_path: Path) -> Path:
    """A run of one sample, to be changed."""
    save(result_of_urumqi(), tmp_path / URUMQI.stem)
    return tmp_path


@cache
def result_of_urumqi() -> Result:
    """Read the sample once."""
    return Extractor().extract(Document.from_path(URUMQI))


def test_check_finds_a_correction_by_hand_that_is_wrong(urumqi: Path) -> None:
    """A changed value no longer stands in the source, and its sums no longer hold."""
    file = urumqi / URUMQI.stem / "result.json"
    before = json.loads(here("check", file, "--json").stdout)
    assert {f["code"] for f in before["findings"] if f["kind"] in ("contradiction", "ungrounded")} == {"P3"}
    saved = json.loads(file.read_text(encoding="utf-8"))
    row = next(r for t in saved["tables"] if t["id"] == "revenue" for r in t["rows"] if r["key"] == "201")
    total = next(c for c in row["cells"] if c["column"] == "总计")
    total["text"] = total["value"] = "411.23"
    file.write_text(json.dumps(saved, ensure_ascii=False), encoding="utf-8")
    after = json.loads(here("check", file, "--json").stdout)
    codes = {f["code"] for f in after["findings"]}
    assert {"B9", "B11", "X2", "X4", "ungrounded"} <= codes


def test_check_gives_each_finding_once(tmp_path: Path) -> None:
    """What the run found, the check finds again, and no more."""
    file = tmp_path / "doubt.txt"
    file.write_text(CONSISTENT + "其中：上年结转 12.00 2.00 10.00\n", encoding="utf-8")
    extractor("run", file, "--out", tmp_path)
    saved = json.loads((tmp_path / "doubt" / "result.json").read_text(encoding="utf-8"))
    again = json.loads(here("check", tmp_path / "doubt", "--json").stdout)
    assert [f["code"] for f in saved["findings"]] == ["row-uncertain"]
    assert again["findings"] == saved["findings"]


def test_check_refuses_another_source(urumqi: Path) -> None:
    """Spans of one file mean nothing in another."""
    done = here("check", urumqi / URUMQI.stem, "--source", SAMPLES / "kizilsu_fao_2024_budget.txt")
    assert done.returncode == 3
    assert "Give the file it was read from" in done.stderr


def test_schemas_lists_specs_and_prints_json_schema() -> None:
    """Every table is listed; one table's JSON Schema names its columns."""
    assert "project_expenditure" in here("schemas").stdout
    schema = json.loads(here("schemas", "expenditure").stdout)
    assert "基本支出" in schema["$defs"]["expenditure_row"]["properties"]


def test_what_may_not_be_read_or_written_is_named() -> None:
    """A folder without permission is an error that names it, and no traceback."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o777)
        locked = place / "locked"
        locked.mkdir()
        file = place / "one.txt"
        file.write_text(CONSISTENT, encoding="utf-8")
        runner = CliRunner()
        assert runner.invoke(app, ["run", str(file), "--out", str(place / "out")]).exit_code == 0
        secret = locked / "secret.txt"
        secret.write_text(CONSISTENT, encoding="utf-8")
        locked.chmod(0)
        with _not_root():
            for arguments in (
                ["run", str(locked), "--out", str(place / "other")],
                ["run", str(secret), "--out", str(place / "other")],
                ["run", str(file), "--out", str(locked / "out")],
            ):
                done = runner.invoke(app, arguments)
                assert done.exit_code == 3
                assert "locked" in done.stderr
                assert isinstance(done.exception, SystemExit)
        locked.chmod(0o700)


@contextmanager
def _not_root() -> Iterator[None]:
    """Root reads everything, so become someone else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_name_never_leads_out_of_the_results(tmp_path: Path) -> None:
    """A name made of dots gives a folder of its own, and files that are not ours stay."""
    (tmp_path / "mine.csv").write_text("keep", encoding="utf-8")
    (tmp_path / "...txt").write_text(CONSISTENT, encoding="utf-8")
    folder = tmp_path / "out" / "file"
    folder.mkdir(parents=True)
    (folder / "analysis.csv").write_text("keep", encoding="utf-8")
    (folder / "revenue.csv").write_text("of an earlier run", encoding="utf-8")
    assert extractor("run", "...txt", "--out", "out", cwd=tmp_path).returncode == 0
    assert (tmp_path / "mine.csv").read_text(encoding="utf-8") == "keep"
    assert {p.name for p in folder.glob("*.csv")} == {"analysis.csv", "document.csv", "expenditure.csv"}


def test_an_empty_folder_or_glob_never_stops_the_files_beside_it(tmp_path: Path) -> None:
    """What gives no file is named, and the rest is read."""
    (tmp_path / "one.txt").write_text(CONSISTENT, encoding="utf-8")
    (tmp_path / "empty").mkdir()
    done = extractor("run", "one.txt", "empty", "*.nothing", "--out", "out", cwd=tmp_path)
    assert done.returncode == 3
    assert "no document in this folder" in done.stderr
    assert "no file matches" in done.stderr
    assert (tmp_path / "out" / "one" / "result.json").exists()


def test_an_interrupt_leaves_only_whole_results(tmp_path: Path) -> None:
    """Ctrl-C in the middle of many files: exit code 130 soon, every folder complete, no traceback, nobody left."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for number in range(200):
        shutil.copy(URUMQI, inbox / f"{number:03}.txt")
    command = [sys.executable, "-m", "extractor", "run", "inbox", "--out", "out", "--jobs", "2"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        out = tmp_path / "out"
        while len(list(out.glob("*/result.json"))) < 4 and process.poll() is None:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        _, messages = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in messages
    assert "Traceback" not in messages
    folders = [entry for entry in out.iterdir() if entry.is_dir()]
    assert 3 <= len(folders) < 200
    files = {folder: sorted(p.name for p in folder.iterdir() if not p.name.startswith(".")) for folder in folders}
    assert len({tuple(names) for names in files.values()}) == 1, files
    assert "result.json" in files[folders[0]]
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [(("rows", 0, "parent"), 999), (("id",), "nonsense"), (("rows", 0, "cells", 0, "column"), "nonsense")],
)
def test_a_correction_that_goes_too_far_is_refused(urumqi: Path, path: tuple[str | int, ...], value: object) -> None:
    """A hand-edited result that no reader writes is an error with the place, not a traceback."""
    file = urumqi / URUMQI.stem / "result.json"
    saved = json.loads(file.read_text(encoding="utf-8"))
    at = next(table for table in saved["tables"] if table["id"] == "revenue_expenditure")
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    file.write_text(json.dumps(saved), encoding="utf-8")
    done = here("check", file)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
