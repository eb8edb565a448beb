"""Faults: kills, a full or read-only disk, two runs at once. What comes out in the end is what a calm run gives."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .cli import environment
from .conftest import SAMPLES
from .test_runs import ONE, command, content, run, status

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")


@pytest.fixture
def calm(tmp_path: Path) -> dict[str, bytes]:
    """Make an inbox of a sample and small files, and return what a calm run over it writes."""
    (tmp_path / "in").mkdir()
    sample = SAMPLES / "karamay_fao_2024_final.txt"
    for number in range(4):
        (tmp_path / "in" / f"s{number}.txt").write_bytes(sample.read_bytes())
        (tmp_path / "in" / f"t{number}.txt").write_text(ONE.format(number + 3))
    options = ("--out", tmp_path / "calm", "--jobs", "2", "--engine", "deterministic")
    command("run", tmp_path / "in", *options)
    return content(tmp_path / "calm")


def start(folder: Path) -> "subprocess.Popen[bytes]":
    """Start a run with two workers in a process group of its own; it waits for another one to end."""
    options = ["--jobs", "2", "--wait", "--engine", "deterministic"]
    run_ = [sys.executable, "-m", "extractor", "run", str(folder / "in"), "--out", "out", *options]
    null = subprocess.DEVNULL
    return subprocess.Popen(run_, cwd=folder, env=environment(), stdout=null, stderr=null, start_new_session=True)


def until_some_are_done(running: "subprocess.Popen[bytes]", out: Path, more: int) -> None:
    """Wait until so many more results are there, or the run has ended."""
    before = len(list(out.glob("*/result.json")))
    end = time.monotonic() + 90
    while running.poll() is None and len(list(out.glob("*/result.json"))) < before + more and time.monotonic() < end:
        time.sleep(0.01)


def test_kills_at_random_moments_change_no_byte(tmp_path: Path, calm: dict[str, bytes]) -> None:
    """A run whose parent is killed, then all its processes, then a worker: the last one ends as a calm run does."""
    dice = random.Random(7)
    for whom in ("parent", "all", "worker"):
        running = start(tmp_path)
        until_some_are_done(running, tmp_path / "out", 2)
        time.sleep(dice.uniform(0, 0.2))
        if whom == "parent":
            running.kill()
        elif whom == "all":
            with contextlib.suppress(ProcessLookupError):  # the run may have ended by itself
                os.killpg(running.pid, signal.SIGKILL)
        else:
            children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
            for number in children.read_text().split()[:1] if children.exists() else []:
                with contextlib.suppress(ProcessLookupError):  # or its worker
                    os.kill(int(number), signal.SIGKILL)
        running.wait(90)
    start(tmp_path).wait(90)
    assert content(tmp_path / "out") == calm
    found = status(tmp_path)
    assert (found["done"], found["failed"], found["waiting"], found["gone"]) == (8, 0, 0, 0)
    assert not list((tmp_path / "out").glob(".part-*"))


def test_two_runs_at_once_give_what_one_gives(tmp_path: Path, calm: dict[str, bytes]) -> None:
    """Both are told to wait: one reads everything, the other finds nothing left."""
    both = [start(tmp_path), start(tmp_path)]
    assert {running.wait(90) for running in both} == {1}
    assert content(tmp_path / "out") == calm


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 300 KB as the folder of the results."""
    out = tmp_path / "out"
    out.mkdir()
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=300k", "none", str(out)], check=False, capture_output=True
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("can't mount here")
    yield out
    subprocess.run(["/bin/umount", str(out)], check=True)


def remount(out: Path, options: str) -> None:
    """Change the options of the disk."""
    subprocess.run(["/bin/mount", "-o", f"remount,{options}", str(out)], check=True)


@as_root
def test_a_full_disk_stops_the_run_and_it_goes_on_with_room(tmp_path: Path, calm: dict[str, bytes], disk: Path) -> None:
    """The error says what to do, nothing is half-written, and with room the same command ends as a calm run does."""
    said = run(tmp_path, code=3)
    assert "No space left" in said or "full" in said
    assert "Traceback" not in said
    for name, data in content(disk).items():
        assert calm[name] == data
    assert not list(disk.glob(".part-*"))
    remount(disk, "size=50m")
    run(tmp_path)
    assert content(disk) == calm


@as_root
def test_a_read_only_disk_keeps_what_is_there(tmp_path: Path, calm: dict[str, bytes], disk: Path) -> None:
    """A run ends with an error and no traceback, status still answers, and nothing has changed."""
    remount(disk, "size=50m")
    run(tmp_path)
    remount(disk, "ro")
    said = run(tmp_path, "--fresh", code=3)
    assert "can't be written" in said
    assert "Traceback" not in said
    assert status(tmp_path)["done"] == 8
    assert content(disk) == calm
