"""Files at other places: what fsspec reaches is read and written like files here, with and without Ray."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .cli import environment, extractor
from .conftest import SAMPLES
from .test_runs import ONE, command
from .test_runs import content as files

pytest.importorskip("fsspec", reason="the extra remote isn't installed")
FILES = 24


def inbox(folder: Path, count: int) -> Path:
    """Make a folder of small files, and a sample among them."""
    (folder / "in").mkdir()
    for number in range(count):
        (folder / "in" / f"t{number:02}.txt").write_text(ONE.format(number + 3))
    sample = SAMPLES / "karamay_fao_2024_final.txt"
    (folder / "in" / "sample.txt").write_bytes(sample.read_bytes())
    return folder / "in"


def content(out: Path) -> dict[str, bytes]:
    """Return every file of the results, without what is noted of a run."""
    return {name: data for name, data in files(out).items() if not name.endswith("/run.json")}


def test_an_address_is_read_and_written_like_a_folder(tmp_path: Path) -> None:
    """A folder, a pattern and a file behind an address give what the paths give, but for the name of the source."""
    here = inbox(tmp_path, 3)
    there = f"file://{here}"
    plain = command("run", here, "--out", tmp_path / "plain", "--jobs", 2, "--quiet")
    done = command("run", there, "--out", f"file://{tmp_path}/out", "--jobs", 2, "--quiet")
    assert (plain.exit_code, done.exit_code) == (1, 1), done.output
    found = {name: data.replace(there.encode(), bytes(here)) for name, data in content(tmp_path / "out").items()}
    assert found == content(tmp_path / "plain")

    again = command("run", f"{there}/t*.txt", f"{there}/sample.txt", "--out", tmp_path / "mixed", "--jobs", 1)
    assert again.exit_code == 1
    assert content(tmp_path / "mixed") == content(tmp_path / "out")
    more = command("run", there, "--out", tmp_path / "mixed", "--jobs", 1)
    assert "nothing is left to read" in more.output, "a folder here has a manifest, wherever the files come from"


def status(address: str) -> dict[str, object]:
    """Ask where the run stands."""
    return json.loads(command("status", address, "--json").stdout)


def test_a_run_at_an_address_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Only what is new, changed, gone or cut off is read; failed files are listed, and read alone; old tables go."""
    here, out = inbox(tmp_path, 3), tmp_path / "out"
    (here / "empty.txt").write_text("")
    given = ["run", here, "--out", f"file://{out}", "--jobs", 1, "--engine", "deterministic"]
    assert command(*given).exit_code == 3
    again = command(*given)
    assert "4 done already (--fresh reads all again); 1 failed before (--retry-failed" in again.output
    assert "nothing is left to read" in again.output
    assert again.exit_code == 3
    found = status(f"file://{out}")
    assert (found["done"], found["failed"], found["waiting"], found["gone"], found["at_work"]) == (4, 1, 0, 0, None)
    assert "the file is empty" in command("status", f"file://{out}").stdout
    assert status(f"file://{out}")["failures"] == [
        {"path": str(here / "empty.txt"), "attempts": 1, "error": f"{here / 'empty.txt'}: the file is empty. Check the "
         "conversion that made it."}
    ]  # fmt: skip

    (here / "t00.txt").write_text(ONE.format(77))
    (out / "t00" / "revenue.csv").write_text("of an earlier version")
    (out / "t01" / "facts.jsonl").unlink()
    record = out / "t02" / "run.json"
    record.write_text(record.read_text()[:100])
    assert status(f"file://{out}")["gone"] == 1
    (here / "new.txt").write_text(ONE.format(78))
    assert "reading 4 (1 changed, 2 new, 1 result gone)" in command(*given).output
    assert "77.00" in (out / "t00" / "facts.jsonl").read_text()
    assert not (out / "t00" / "revenue.csv").exists()

    (here / "empty.txt").write_text(ONE.format(9))
    assert "reading 1 (1 failed before)" in command(*given, "--retry-failed").output
    assert command(*given).exit_code == 1
    plain = [tmp_path / "plain" if a == f"file://{out}" else a for a in given]
    command(*plain)
    assert content(out) == content(tmp_path / "plain")
    assert command("status", f"file://{tmp_path}/none").exit_code == 3


def test_runs_at_one_address_at_once_keep_out_of_each_others_folders(tmp_path: Path) -> None:
    """Two machines with files of the same names: each has its folder, and both runs find all done afterwards."""
    for name, first in (("a", 3), ("b", 50)):
        (tmp_path / name).mkdir()
        inbox(tmp_path / name, 0)
        for number in range(6):
            (tmp_path / name / "in" / f"t{number}.txt").write_text(ONE.format(first + number))
    line = [sys.executable, "-m", "extractor", "run", "--out", f"file://{tmp_path}/out", "--quiet", "--jobs", "1"]
    both = [
        subprocess.Popen([*line, str(tmp_path / name / "in")], env=environment(), stderr=subprocess.DEVNULL)
        for name in "ab"
    ]
    assert [running.wait(120) for running in both] == [1, 1]
    read = sorted(json.loads(p.read_text())["path"] for p in tmp_path.glob("out/*/result.json"))
    assert read == sorted(str(p) for p in tmp_path.glob("?/in/*.txt"))
    for record in tmp_path.glob("out/*/run.json"):
        said = json.loads(record.read_text())
        assert said["path"] == json.loads((record.parent / "result.json").read_text())["path"]
        assert said["status"] == "done"
    last = command("run", tmp_path / "a", tmp_path / "b", "--out", f"file://{tmp_path}/out", "--jobs", 1)
    assert "14 done already" in last.output
    assert "nothing is left to read" in last.output


def test_a_run_that_is_killed_at_an_address_loses_what_it_was_at(tmp_path: Path) -> None:
    """The files that it had begun or not reached are left, as the status says, and the same command reads these."""
    here = inbox(tmp_path, 12)
    given = ["run", str(here), "--out", f"file://{tmp_path}/out", "--jobs", "1", "--quiet"]
    running = subprocess.Popen([sys.executable, "-m", "extractor", *given], env=environment())
    end = time.monotonic() + 60
    while time.monotonic() < end and not list(tmp_path.glob("out/*/result.json")):
        time.sleep(0.01)
    running.kill()
    running.wait()
    end, found = time.monotonic() + 60, status(f"file://{tmp_path}/out")
    while time.monotonic() < end and found["files"] != 13:  # the worker ends what it is at
        time.sleep(0.5)
        found = status(f"file://{tmp_path}/out")
    assert found["files"] == 13
    assert int(str(found["waiting"])) > 0
    assert command(*given).exit_code == 1
    assert status(f"file://{tmp_path}/out")["done"] == 13
    command("run", here, "--out", tmp_path / "plain", "--jobs", 1)
    assert content(tmp_path / "out") == content(tmp_path / "plain")


def test_results_in_memory_are_there_for_this_process(tmp_path: Path) -> None:
    """What worker processes would write there, nobody could read."""
    here = inbox(tmp_path, 1)
    given = ["run", here, "--out", "memory://results", "--jobs", 2]
    assert command(*given).exit_code == 1
    assert "2 done already" in command(*given).output
    assert status("memory://results")["done"] == 2


def test_commands_that_need_a_folder_here_say_so(tmp_path: Path) -> None:
    """A sentence, and no folder named like an address."""
    there = f"file://{tmp_path}"
    for given in (("report", there), ("export", there, "--to", "csv"), ("check", there), ("findings", there)):
        done = command(*given)
        assert done.exit_code == 3, done.output
        assert "in a folder here" in done.output


def test_places_that_are_not_there_are_named(tmp_path: Path) -> None:
    """A missing file, an unknown kind of place, and an empty one."""
    (tmp_path / "empty").mkdir()
    for address, said in (
        (f"file://{tmp_path}/none.txt", "no such file"),
        ("nowhere://bucket/a.txt", "Protocol not known"),
        (f"file://{tmp_path}/empty", "no document there"),
    ):
        done = command("run", address, "--out", tmp_path / "out", "--jobs", 1)
        assert done.exit_code == 3, done.output
        assert said in done.output
        assert address in done.output


def test_without_ray_the_command_says_what_to_install(tmp_path: Path) -> None:
    """One sentence, and nothing is read."""
    try:
        import ray  # noqa: F401
    except ImportError:
        done = command("run", inbox(tmp_path, 1), "--out", tmp_path / "out", "--ray", "local")
        assert done.exit_code == 3
        assert "pip install 'extractor[ray]'" in done.output
        assert not (tmp_path / "out" / "t00").exists()
    else:
        pytest.skip("Ray is installed")


def below(root: int) -> list[int]:
    """Return the processes below one, and read files."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = [root]
    for number in found:
        found.extend(child for child, parent in parents.items() if parent == number)
    return found[1:]


def workers(root: int) -> list[int]:
    """Return Ray's workers that read."""
    out = []
    for number in below(root):
        try:
            if b"ray::MapWorker" in Path(f"/proc/{number}/cmdline").read_bytes():
                out.append(number)
        except OSError:
            continue
    return out


def test_a_cluster_writes_the_same_bytes_though_a_worker_is_killed(tmp_path: Path) -> None:
    """Ray on this machine, two workers, paths and addresses; the worker that is killed costs no file."""
    pytest.importorskip("ray", reason="the extra ray isn't installed")
    here = inbox(tmp_path, FILES)
    assert extractor("run", here, "--out", tmp_path / "plain", "--jobs", 2, "--quiet").returncode == 1
    running = subprocess.Popen(
        [sys.executable, "-m", "extractor", "run", "in", "--out", "out", "--jobs", "2", "--ray", "local"],
        cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.monotonic() + 120
    while time.monotonic() < end and running.poll() is None and not list(tmp_path.glob("out/t*/result.json")):
        time.sleep(0.02)
    killed = workers(running.pid)[:1]
    for number in killed:
        os.kill(number, signal.SIGKILL)
    _, said = running.communicate(timeout=240)
    assert running.returncode == 1, said
    assert killed
    assert f"{FILES + 1} documents read, 0 not readable" in said
    found = {n: d.replace(b'"in/', b'"' + bytes(here) + b"/") for n, d in content(tmp_path / "out").items()}
    assert found == content(tmp_path / "plain")
    assert "nothing is left to read" in extractor("run", "in", "--out", "out", cwd=tmp_path).stderr

    there = f"file://{here}"
    assert extractor("run", there, "--out", tmp_path / "one", "--quiet").returncode == 1
    done = extractor("run", there, "--out", f"file://{tmp_path}/two", "--ray", "local", "--jobs", 2, "--quiet")
    assert done.returncode == 1, done.stderr
    assert content(tmp_path / "two") == content(tmp_path / "one")
