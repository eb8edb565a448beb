"""Faults while a model is asked, in one run and in a resumed one: in the end the files are those of a calm run."""

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .cli import environment
from .conftest import BUDGETS, SAMPLES
from .scripted import model
from .server import Answer, Received, Server, say, status
from .test_faults import as_root, disk, remount  # noqa: F401 - a fixture
from .test_runs import command, content

NAME = BUDGETS[1]
TABLES = 106  # lines of the sample with its first table
QUESTIONS = 7  # one about each file, and one about what all say
CALM = 0
TIME_LIMIT = 60  # seconds: a worker that hangs ends, and says where it was
PASSING = {
    "500": status(500, "overloaded"),
    "429": status(429, headers={"Retry-After": "0"}),
    "slow": say("{}").after(0.6),
    "reset": Answer("{}", reset=True),
    "cut off": Answer(raw='{"id": "x", "choices": [{"mess'),
    "error in 200": Answer(raw='{"error": {"code": 502}}'),
}
LASTING = {
    "401": status(401, "bad key"),
    "quota": status(429, code="insufficient_quota"),
    "a page": Answer(raw="<html>captive</html>"),
}


class Faulty:
    """A model that answers from gold, but for what ``fault`` says of a request; ``None`` is no fault."""

    def __init__(self) -> None:
        self.good = model(NAME)
        self.fault: Callable[[Received], Answer | None] = lambda _: None

    def __call__(self, received: Received) -> Answer:
        """Answer."""
        return self.fault(received) or self.good(received)


@pytest.fixture(scope="module")
def faulty() -> Faulty:
    """A model without faults so far."""
    return Faulty()


@pytest.fixture(scope="module")
def server(faulty: Faulty) -> Iterator[Server]:
    """The server of that model."""
    with Server(faulty) as running:
        yield running


@pytest.fixture(scope="module")
def place(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an inbox of six files, and let a calm run read them."""
    folder = tmp_path_factory.mktemp("matrix")
    lines = (SAMPLES / f"{NAME}.txt").read_text(encoding="utf-8").splitlines(keepends=True)[:TABLES]
    (folder / "in").mkdir()
    for name in "abcdef":
        text = "".join(lines).replace("编制单位：", f"编制单位：{name} ")
        (folder / "in" / f"{name}.txt").write_text(text, encoding="utf-8")
    settings = {"base_url": f'"{server.url}"', "model": '"scripted"', "mode": '"tools"', "backoff": 0.01}
    settings |= {"concurrency": 2}
    for name, more in (("model", {"attempts": 5}), ("hasty", {"attempts": 2, "timeout": 0.2})):
        told = ["[model]", *(f"{key} = {value}" for key, value in {**settings, **more}.items())]
        (folder / f"{name}.toml").write_text("\n".join(told))
    assert run(folder, "calm") == CALM
    assert server.calls == QUESTIONS
    return folder


@pytest.fixture
def calm(faulty: Faulty, place: Path) -> dict[str, bytes]:
    """Begin without faults and without results; return what the calm run wrote."""
    faulty.fault = lambda _: None
    for name in ("out", "out.cache"):
        shutil.rmtree(place / name, ignore_errors=True)
    return results(place / "calm")


def arguments(folder: Path, out: str, *more: object) -> list[str]:
    """Return the command line of a run with a cache of its own."""
    options = ["--engine", "llm", "--config", folder / "model.toml", "--cache-dir", folder / f"{out}.cache", "--quiet"]
    options += ["--time-limit", TIME_LIMIT]
    return [*map(str, ("run", folder / "in", "--out", folder / out, *options, *more))]


def run(folder: Path, out: str = "out", *more: object) -> int:
    """Run in this process; returns the exit code."""
    done = command(*arguments(folder, out, *more))
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.exit_code


def results(out: Path) -> dict[str, bytes]:
    """Return the files of the results, without the accounts of single runs."""
    return {name: data for name, data in content(out).items() if not name.endswith("usage.json")}


def test_faults_that_pass_cost_calls_and_change_no_byte(
    faulty: Faulty, calm: dict[str, bytes], server: Server, place: Path
) -> None:
    """Each question meets one to three faults, of all kinds, before it is answered."""
    dice, kinds = random.Random(3), [fault for kind, fault in PASSING.items() if kind != "slow"]
    left: dict[str, list[Answer]] = {}

    def fault(received: Received) -> Answer | None:
        waiting = left.setdefault(received.prompt, [dice.choice(kinds) for _ in range(dice.randint(1, 3))])
        return waiting.pop() if waiting else None

    before = server.calls
    faulty.fault = fault
    assert run(place) == CALM
    assert results(place / "out") == calm
    assert server.calls - before > 2 * len(left)


@pytest.mark.parametrize("kind", ["500", "slow", "reset", "error in 200", *LASTING])
def test_an_outage_is_made_good_by_the_next_run(
    faulty: Faulty, calm: dict[str, bytes], server: Server, place: Path, kind: str
) -> None:
    """The endpoint is away from the third question on; the same command, when it is back, asks just what is open."""
    asked: Counter[str] = Counter()
    first = server.calls

    def outage(received: Received) -> Answer | None:
        if received.number <= first + 2:
            asked[received.prompt] += 1
            return None
        return ({**PASSING, **LASTING})[kind]

    faulty.fault = outage
    hasty = ["--config", place / "hasty.toml"] if kind == "slow" else []
    assert run(place, "out", *hasty) == 1
    assert results(place / "out") != calm
    before, faulty.fault = server.calls, lambda _: None
    assert run(place) == CALM
    assert results(place / "out") == calm
    assert not asked.keys() & {r.prompt for r in server.received[before:]}, "what was answered is not asked again"
    assert run(place) == CALM
    assert server.calls - before == len({r.prompt for r in server.received[before:]})


def test_a_kill_at_a_call_loses_no_answer(faulty: Faulty, calm: dict[str, bytes], server: Server, place: Path) -> None:
    """SIGKILL when the n-th question comes; the next run asks at most again what was open then."""
    begin = server.calls
    at = begin + random.Random(1).randint(2, QUESTIONS)
    running = subprocess.Popen(
        [sys.executable, "-m", "extractor", *arguments(place, "out")],
        env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def kill(received: Received) -> Answer | None:
        if received.number == at:
            running.send_signal(signal.SIGKILL)
        return None

    faulty.fault = kill
    assert running.wait(60) == -signal.SIGKILL
    before = server.calls
    assert run(place) == CALM
    assert results(place / "out") == calm
    asked = [r.body for r in server.received[begin:before]]
    again = [r.body for r in server.received[before:] if r.body in asked]
    assert len(again) <= 3, "two were under way, and an answer to its place in the cache"


def test_two_runs_at_once_pay_once(calm: dict[str, bytes], server: Server, place: Path) -> None:
    """One reads, the other waits and finds nothing left."""
    before = server.calls
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "extractor", *arguments(place, "out", "--wait")], env=environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]  # fmt: skip
    assert [running.wait(60) for running in both] == [CALM, CALM]
    assert results(place / "out") == calm
    assert server.calls - before == QUESTIONS


@pytest.mark.parametrize("damage", ["entries", "pages", "cut", "gone"])
def test_a_damaged_cache_costs_calls_and_changes_no_byte(
    calm: dict[str, bytes], server: Server, place: Path, damage: str
) -> None:
    """Damaged between two runs of which the first stopped at a limit, and read anew in full."""
    assert run(place, "out", "--max-calls", QUESTIONS - 2) == 4
    file = place / "out.cache" / "answers" / "cache.db"
    if damage == "entries":
        base = sqlite3.connect(file)
        with base:
            base.execute("UPDATE Cache SET value = substr(value, 1, length(value) / 2)")
        base.close()
    elif damage == "pages":
        data = bytearray(file.read_bytes())
        data[4096:] = random.Random(1).randbytes(len(data) - 4096)
        file.write_bytes(data)
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    else:
        file.unlink()
    before = server.calls
    assert run(place) == CALM
    assert results(place / "out") == calm
    assert 2 <= server.calls - before <= QUESTIONS
    assert run(place, "out", "--fresh") == CALM
    assert results(place / "out") == calm


def test_a_clock_that_jumps_changes_no_byte(
    calm: dict[str, bytes], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look at it is up to years before or after the last, in one run that stops at a limit and in the next."""
    dice, right = random.Random(5), time.time
    monkeypatch.setattr(time, "time", lambda: right() + dice.uniform(-1e8, 1e8))
    assert run(place, "out", "--max-calls", 3) == 4
    assert run(place) == CALM
    assert results(place / "out") == calm
    assert run(place) == CALM
    assert results(place / "out") == calm


@as_root
def test_a_full_disk_loses_no_answer(calm: dict[str, bytes], place: Path, disk: Path) -> None:  # noqa: F811
    """Results and cache on a disk with no room, then with room: nothing is half-written, in the end all is there."""
    remount(disk, "size=120k")
    (place / "out").symlink_to(disk / "out")
    (place / "out.cache").symlink_to(disk / "cache")
    for name in ("out", "cache"):
        (disk / name).mkdir()
    assert run(place) == 3
    for name, data in results(disk / "out").items():
        assert calm[name] == data
    remount(disk, "size=50m")
    assert run(place) == CALM
    assert results(disk / "out") == calm
    for name in ("out", "out.cache"):
        (place / name).unlink()
