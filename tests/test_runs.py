"""Runs: what is done stays done, what has changed is read again, and `status` says where a run stands."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from extractor import batch
from extractor.cli import app
from extractor.lock import held

from .cli import environment

ONE = (
    "表 3\n部门支出总体情况表\n单位：万元\n科目编码 科目名称 合计 基本支出 项目支出\n"
    "201 一般公共服务支出 {0}.00 {0}.00\n"
)


def inbox(folder: Path, count: int = 3) -> Path:
    """Make a folder of small files."""
    (folder / "in").mkdir()
    for number in range(count):
        (folder / "in" / f"f{number}.txt").write_text(ONE.format(5 + number))
    return folder / "in"


def command(*arguments: object) -> Result:
    """Run the command in this process: starting Python takes longer than what is tested."""
    return CliRunner().invoke(app, list(map(str, arguments)))


def run(folder: Path, *more: object, code: int | None = 1) -> str:
    """Run over the inbox; returns what it says."""
    done = command("run", folder / "in", "--out", folder / "out", "--jobs", "1", "--engine", "deterministic", *more)
    assert code is None or done.exit_code == code, done.output
    return done.stderr


def content(out: Path) -> dict[str, bytes]:
    """Return every file of the results: not the manifest and the lock, which say when and how often."""
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file() and p.parent != out}


def status(folder: Path) -> dict[str, object]:
    """Ask where the run stands."""
    return json.loads(command("status", folder / "out", "--json").stdout)


def written(out: Path) -> dict[str, int]:
    """Return when each result was written."""
    return {p.parent.name: p.stat().st_mtime_ns for p in out.glob("*/result.json")}


def test_only_what_is_new_changed_or_gone_is_read(tmp_path: Path) -> None:
    """The second run reads nothing; then one file changes, one comes, and one loses a file of its result."""
    source = inbox(tmp_path)
    run(tmp_path)
    first = written(tmp_path / "out")
    assert "nothing is left to read" in run(tmp_path)
    assert written(tmp_path / "out") == first
    (source / "f0.txt").write_text(ONE.format(77))
    (source / "new.txt").write_text(ONE.format(78))
    (tmp_path / "out" / "f1" / "facts.jsonl").unlink()
    said = run(tmp_path)
    assert "reading 3 (1 changed, 1 new, 1 result gone)" in said
    after = written(tmp_path / "out")
    assert after["f2"] == first["f2"]
    assert after["f0"] > first["f0"]
    assert "77.00" in (tmp_path / "out" / "f0" / "facts.jsonl").read_text()
    assert (tmp_path / "out" / "f1" / "facts.jsonl").exists()


def test_other_options_are_noticed(tmp_path: Path) -> None:
    """What was read with other options, or is to be written in other formats, is read again, and the reason is told."""
    inbox(tmp_path, 2)
    run(tmp_path)
    assert "2 other engine" in run(tmp_path, "--engine", "auto")
    assert "2 other engine, formats" in run(tmp_path, "--format", "json")
    assert "nothing is left" in run(tmp_path, "--format", "json")
    before = written(tmp_path / "out")
    run(tmp_path, "--format", "json", "--fresh")
    after = written(tmp_path / "out")
    assert all(after[name] > before[name] for name in before)


def test_another_version_of_the_package_is_noticed(tmp_path: Path) -> None:
    """A result that another state of the specs or the code made is made anew."""
    inbox(tmp_path, 1)
    run(tmp_path)
    with sqlite3.connect(tmp_path / "out" / "run.sqlite3") as base:
        name, said = base.execute("SELECT id, json FROM options").fetchone()
        base.execute("INSERT INTO options VALUES ('old', ?)", (said.replace(json.loads(said)["package"], "older"),))
        base.execute("UPDATE files SET options = 'old' WHERE options = ?", (name,))
    base.close()
    assert "reading 1 (1 other package)" in run(tmp_path)


def test_a_result_corrected_by_hand_stays(tmp_path: Path) -> None:
    """A result that was edited is not overwritten; one that a power loss cut off is read again."""
    inbox(tmp_path, 1)
    run(tmp_path)
    file = tmp_path / "out" / "f0" / "result.json"
    whole = file.read_text()
    file.write_text(whole.replace('"5.00"', '"55.00"'))
    run(tmp_path)
    assert '"55.00"' in file.read_text()
    for broken in ("", whole[: len(whole) // 2]):
        file.write_text(broken)
        run(tmp_path)
        assert file.read_text() == whole


def test_failed_files_are_listed_and_retried_alone(tmp_path: Path) -> None:
    """A file that can't be read doesn't stop the others, is not tried again while it stays as it is, but on demand."""
    source = inbox(tmp_path, 2)
    (source / "empty.txt").write_text("")
    run(tmp_path, code=3)
    found = status(tmp_path)
    assert (found["done"], found["failed"], found["waiting"], found["gone"]) == (2, 1, 0, 0)
    assert found["states"] == {"proven": 2, "ambiguous": 2}
    assert found["findings"] == {"ambiguous": 2}
    shown = command("status", tmp_path / "out")
    assert shown.exit_code == 3
    assert "the file is empty" in shown.stdout
    run(tmp_path, code=3)
    assert status(tmp_path)["failures"][0]["attempts"] == 1  # type: ignore[index]
    before = written(tmp_path / "out")
    assert "reading 1 (1 failed before)" in run(tmp_path, "--retry-failed", code=3)
    assert status(tmp_path)["failures"][0]["attempts"] == 2  # type: ignore[index]
    (source / "empty.txt").write_text(ONE.format(9))
    run(tmp_path, "--retry-failed")
    assert status(tmp_path)["failed"] == 0
    assert {name: written(tmp_path / "out")[name] for name in before} == before


def test_files_of_one_name_never_share_a_folder(tmp_path: Path) -> None:
    """A later run with another file of the same name leaves the result of the first where it is."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_text(ONE.format(3 if folder == "a" else 4))
        command("run", tmp_path / folder / "x.txt", "--out", tmp_path / "out", "--jobs", "1")
    facts = [p.read_text() for p in sorted((tmp_path / "out").glob("*/facts.jsonl"))]
    assert len(facts) == 2
    assert {("3.00" in f, "4.00" in f) for f in facts} == {(True, False), (False, True)}
    assert (tmp_path / "out" / "x" / "result.json").exists()


def test_a_vanished_input_costs_no_result(tmp_path: Path) -> None:
    """A file that was read and is gone keeps its result; one that was never read is an error with its name."""
    source = inbox(tmp_path, 1)
    run(tmp_path)
    before = content(tmp_path / "out")
    (source / "f0.txt").unlink()
    both = ("run", source / "f0.txt", source / "never.txt", "--engine", "deterministic", "--jobs", "1")
    done = command(*both, "--out", tmp_path / "out")
    assert done.exit_code == 3
    assert "never.txt: no such file" in done.stderr
    assert content(tmp_path / "out") == before
    (source / "never.txt").write_text(ONE.format(8))
    done = command(*both, "--out", tmp_path / "out")
    assert "1 failed before" in done.stderr
    assert status(tmp_path)["failed"] == 0


def test_a_second_run_in_a_folder_stops_or_waits(tmp_path: Path) -> None:
    """While a run holds the folder another one ends with code 5 and says why; with --wait it waits."""
    inbox(tmp_path, 1)
    (tmp_path / "out").mkdir()
    with held(tmp_path / "out"):
        said = run(tmp_path, code=5)
        assert "another run is at work here (process " in said
        assert not (tmp_path / "out" / "f0").exists()
        waits = [sys.executable, "-m", "extractor", "run", "in", "--out", "out", "--jobs", "1", "--wait"]
        waiting = subprocess.Popen(
            waits, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(4)
    waiting.communicate(timeout=60)
    assert waiting.returncode == 1
    assert status(tmp_path)["done"] == 1


def test_a_worker_that_hangs_or_dies_costs_only_its_file(tmp_path: Path) -> None:
    """A file that nobody writes to blocks its worker: the time limit ends it, and the others are read."""
    source = inbox(tmp_path, 2)
    os.mkfifo(source / "a.txt")
    said = run(tmp_path, "--time-limit", "6", code=3)
    assert "a.txt: not read within 6 seconds" in said
    found = status(tmp_path)
    assert (found["done"], found["failed"]) == (2, 1)


NEVER_BEGINS = """
import os, signal, sys
from pathlib import Path
from extractor import workers

def fork():
    try:
        Path(sys.argv[1]).touch(exist_ok=False)
    except FileExistsError:
        return
    signal.pause()

os.register_at_fork(after_in_child=fork)
workers._SILENT = 1
print(list(workers.Workers(lambda job, _: job + 1, 1, 60).run([1, 2, 3])))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="where processes are forked")
def test_a_worker_that_never_begins_is_ended_by_the_run(tmp_path: Path) -> None:
    """The first child hangs within its fork, before its own time limit is set: one job is lost, and no more."""
    line = [sys.executable, "-c", NEVER_BEGINS, str(tmp_path / "hung")]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False, env=environment())
    assert done.stdout == "[(1, Lost(late=False, code=-9)), (2, 3), (3, 4)]\n", done.stderr


HANGS = """
import asyncio, signal
from extractor import workers
from extractor.budget import Budget
from extractor.config import ModelConfig

def task(job, desk):
    async def ask():
        async with desk.turns:
            await asyncio.sleep(3)
    asyncio.run(ask())
    if job == 1:
        signal.pause()
    return job

print(list(workers.Workers(task, 1, 2.0, Budget(ModelConfig(model="m"))).run([1, 2])))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="where processes are forked")
def test_a_worker_that_hangs_after_an_answer_is_ended_and_says_where() -> None:
    """Waiting for a model longer than the time limit costs nothing, hanging behind that the job; stacks on demand."""
    line = [sys.executable, "-X", "faulthandler", "-c", HANGS]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False, env=environment())
    assert done.stdout == "[(1, Lost(late=True, code=-14)), (2, 2)]\n", done.stderr
    assert "line 13 in task" in done.stderr
    line.remove("-X")
    line.remove("faulthandler")
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False, env=environment())
    assert not done.stderr


def test_the_next_file_is_begun_before_one_is_looked_at(tmp_path: Path) -> None:
    """Whoever takes the reports may take their time: the one worker is at the next file meanwhile."""
    jobs = batch.plan(batch.find([str(inbox(tmp_path, 2))])[0], tmp_path / "out")
    reports = batch.run(jobs, ("json",), 1)
    first, end = next(reports), time.monotonic() + 30
    while not (jobs[1].folder / "result.json").exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert (jobs[1].folder / "result.json").exists()
    assert [(r.job, r.error) for r in (first, *reports)] == [(job, None) for job in jobs]


def test_leftovers_of_a_killed_run_go_and_files_of_the_user_stay(tmp_path: Path) -> None:
    """What a kill left half-written is removed at the next run; other files in the folder are nobody's business."""
    inbox(tmp_path, 1)
    run(tmp_path)
    (tmp_path / "out" / ".part-0123").mkdir()
    (tmp_path / "out" / ".part-0123" / "result.json").write_text("{")
    (tmp_path / "out" / "mine.txt").write_text("mine")
    (tmp_path / "out" / "f0" / "notes.txt").write_text("mine")
    run(tmp_path, "--fresh")
    assert not (tmp_path / "out" / ".part-0123").exists()
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"
    assert (tmp_path / "out" / "f0" / "notes.txt").read_text() == "mine"


def test_a_damaged_manifest_is_named_and_moved_away_nothing_is_lost(tmp_path: Path) -> None:
    """The error names the file and what to do; without it the run makes the same results in the same folders."""
    inbox(tmp_path, 1)
    run(tmp_path)
    before = content(tmp_path / "out")
    manifest = tmp_path / "out" / "run.sqlite3"
    manifest.write_bytes(b"no database at all, but long enough to be one" * 100)
    assert "Move it away" in run(tmp_path, code=3)
    assert content(tmp_path / "out") == before
    manifest.unlink()
    run(tmp_path)
    assert content(tmp_path / "out") == before


def test_status_of_a_folder_without_a_run(tmp_path: Path) -> None:
    """It says that there is none."""
    done = command("status", tmp_path)
    assert done.exit_code == 3
    assert "no run" in done.stderr
