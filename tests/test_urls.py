"""Files at other places: what fsspec reaches is read and written like files here, with and without Ray."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .cli import environment, extractor
from .conftest import SAMPLES
from .test_runs import ONE, command, content

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
