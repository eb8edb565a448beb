"""Several files of which a model is asked: side by side in processes, within the limits of one account."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from extractor import Document, Extractor
from extractor.batch import plan, run
from extractor.config import ModelConfig

from .cli import environment, interrupted
from .server import Answer, Received, Server, say, status
from .test_runs import command, content

FILES = 5
TEXT = "表3\n支出总体情况表\n单位：万元\n科目编码 科目名称 合计 基本支出 项目支出\n201 一般公共服务支出 {n}.00 {n}.00\n"
TEXT += "20103 政府办公厅（室）及相关机构事务 {n}.00 {n}.00\n2010301 行政运行 {n}.00 {n}.00\n合计 {n}.00 {n}.00\n"


def arguments(server: Server, folder: Path, *more: object) -> list[str]:
    """Write the files and return the arguments of a run that asks about each of them."""
    inbox = folder / "in"
    inbox.mkdir(exist_ok=True)
    for number in range(FILES):
        (inbox / f"file{number}.txt").write_text(TEXT.format(n=number + 11), encoding="utf-8")
    options = ["--engine", "llm", "--model", "m", "--mode", "tools", "--base-url", server.url, "--concurrency", "2"]
    return list(map(str, ["run", inbox, *options, "--cache-dir", folder / "cache", "--out", folder / "out", *more]))


def about(received: Received) -> int:
    """Return the number of the file that a question is about."""
    return next(n for n in range(FILES) if f"{n + 11}.00" in received.prompt)


def workers(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the processes that a run has started."""
    return list(map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()))


def until(true: Callable[[], bool]) -> None:
    """Wait for something, a minute at most."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def results(out: Path) -> dict[str, bytes]:
    """Return what was written, without what differs from run to run: accounts say how long an answer took."""
    return {name: data for name, data in content(out).items() if not name.endswith("usage.json")}


def test_files_wait_for_answers_side_by_side(tmp_path: Path) -> None:
    """Also with --jobs 1 two files have questions open, if no more than that; waiting takes none of a file's time."""
    met = threading.Barrier(2)

    def behave(received: Received) -> Answer:
        if about(received) in (1, 2):  # neither is answered before the other is asked
            met.wait(timeout=60)
            return status(400).after(3.2)
        return status(400)

    with Server(behave) as server:
        told = arguments(server, tmp_path, "--jobs", 1, "--time-limit", 3)
        os.mkfifo(tmp_path / "in" / "hangs.txt")
        said = command(*told).stderr
        assert {about(r) for r in server.received} == set(range(FILES))
        assert server.most_open == 2
    assert not met.broken
    assert said.count("not read within 3 seconds") == 1
    assert "hangs.txt: not read within 3 seconds" in said
    assert all((tmp_path / "out" / f"file{n}" / "result.json").exists() for n in range(FILES))


def test_the_limit_on_calls_is_exact_over_all_processes(tmp_path: Path) -> None:
    """Three files ask at once and can't use what they get; just one has a second call, and the accounts add up."""
    met = threading.Barrier(3)

    def behave(received: Received) -> Answer:
        if 3 < received.number < 7:  # the first file has had its three
            met.wait(timeout=60)
        return say("nothing")

    with Server(behave) as server:
        done = command(*arguments(server, tmp_path, "--concurrency", 4, "--jobs", 4, "--max-calls", 7, "--json"))
        assert server.calls == 7
        assert len({about(r) for r in server.received[3:6]}) == 3
    told = json.loads(done.stdout)
    assert told["usage"]["total"]["calls"] == sum(d["usage"]["total"]["calls"] for d in told["documents"]) == 7
    assert told["usage"]["total"]["failed"] == 7
    found = [f["message"] for d in told["documents"] for f in d["findings"] if f["code"] == "not-asked"]
    assert found
    assert all("the limit of 7 calls is reached" in message for message in found)
    assert done.exit_code == 4


def test_the_bytes_are_those_of_one_process(tmp_path: Path) -> None:
    """Every file alone in this process, and all at once in others: the same files, and what was spent on each."""

    def behave(received: Received) -> Answer:
        rows = [["5", "201", "一般公共服务支出", f"{about(received) + 11}.00", "", f"{about(received) + 11}.00"]]
        return say({"rows": rows}).after(0.01)

    found = []
    with Server(behave) as server:
        arguments(server, tmp_path)
        for name in ("one", "all"):
            where = {"cache_dir": tmp_path / f"{name}.cache", "base_url": server.url}
            reader = Extractor(engine="llm", model=ModelConfig(model="m", mode="tools", concurrency=8, **where))
            jobs = plan(sorted((tmp_path / "in").iterdir()), tmp_path / name)
            groups = [[job] for job in jobs] if name == "one" else [jobs]
            reports = [report for group in groups for report in run(group, ["json", "facts"], 3, reader)]
            assert reader.budget is not None
            spent = {r.job.path.name: r.account.total.model_copy(update={"seconds": 0}) for r in reports if r.account}
            total = reader.budget.spent
            assert sum(s.calls for s in spent.values()) == total.calls
            assert sum(s.input for s in spent.values()) == total.usage.input
            found.append((results(tmp_path / name), spent))
    assert len(found[0][0]) == 2 * FILES
    assert found[0] == found[1]


def test_a_worker_that_is_killed_gives_back_its_turns_and_ends_with_its_parent(tmp_path: Path) -> None:
    """SIGKILL in a call costs one file, SIGKILL to the run ends the other workers, and the next run does all."""
    hurry = False

    def behave(received: Received) -> Answer:
        return status(400) if hurry or about(received) == 0 else Answer(hang=True)

    with Server(behave) as server:
        quiet = subprocess.DEVNULL
        told = [sys.executable, "-m", "extractor", *arguments(server, tmp_path)]
        running = subprocess.Popen(told, env=environment(), stdout=quiet, stderr=subprocess.PIPE)
        until(lambda: server.calls == 3)
        two = workers(running)
        assert len(two) == 2
        os.kill(two[0], signal.SIGKILL)
        until(lambda: server.calls == 4)  # another file has its turn
        assert {about(r) for r in server.received} == {0, 1, 2, 3}
        left = workers(running)
        running.kill()
        assert b"worker died" in running.communicate(timeout=60)[1]
        until(lambda: not any(Path(f"/proc/{number}").exists() for number in left))
        hurry = True
        done = command(*arguments(server, tmp_path))
        assert "reading 4 (1 failed before, 3 new)" in done.stderr
    assert all((tmp_path / "out" / f"file{n}" / "result.json").exists() for n in range(FILES))


def test_ctrl_c_ends_all_files_that_wait(tmp_path: Path) -> None:
    """A real SIGINT ends the run at once, though no answer comes; the account tells; the next run does the rest."""
    hurry = False

    def behave(received: Received) -> Answer:
        return status(400) if hurry or about(received) == 0 else Answer(hang=True)

    with Server(behave) as server:
        said = interrupted(arguments(server, tmp_path), lambda: server.open >= 2)
        assert f"model: {server.calls} calls ({server.calls} failed)" in said
        assert "interrupted; 1 of 5 files" in said
        assert (tmp_path / "out" / "file0" / "result.json").exists()
        hurry = True
        assert command(*arguments(server, tmp_path)).exit_code in (0, 1)
    assert all((tmp_path / "out" / f"file{n}" / "result.json").exists() for n in range(FILES))


def test_a_reader_goes_on_after_a_run_that_was_broken_off(tmp_path: Path) -> None:
    """A caller that takes two of the reports and no more gets answers from the same reader all the same."""
    with Server(lambda _: status(400)) as server:
        arguments(server, tmp_path)
        config = ModelConfig(model="m", mode="tools", base_url=server.url, concurrency=2, cache_dir=tmp_path / "cache")
        reader = Extractor(engine="llm", model=config)
        reports = run(plan(sorted((tmp_path / "in").iterdir()), tmp_path / "out"), ["json"], 1, reader)
        assert [next(reports).error, next(reports).error] == [None, None]
        reports.close()  # type: ignore[attr-defined] # a generator
        before = server.calls
        reader.extract(Document.from_text(TEXT.format(n=99), name="more"))
        assert server.calls > before
