"""Several files of which a model is asked: side by side, within the limit on calls, and ended by one Ctrl-C."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from .conftest import ROOT
from .server import Answer, Received, Server, status

FILES = 5
TEXT = "表3\n支出总体情况表\n单位：万元\n科目编码 科目名称 合计 基本支出 项目支出\n201 一般公共服务支出 {n}.00 {n}.00\n"
TEXT += "20103 政府办公厅（室）及相关机构事务 {n}.00 {n}.00\n2010301 行政运行 {n}.00 {n}.00\n合计 {n}.00 {n}.00\n"


def command(server: Server, folder: Path) -> list[str]:
    """Write the files and return the command line of a run that asks about each of them."""
    inbox = folder / "in"
    inbox.mkdir(exist_ok=True)
    for number in range(FILES):
        (inbox / f"file{number}.txt").write_text(TEXT.format(n=number + 11), encoding="utf-8")
    options = ["--engine", "llm", "--model", "m", "--mode", "tools", "--base-url", server.url, "--concurrency", "2"]
    where = ["--cache-dir", str(folder / "cache"), "--out", str(folder / "out")]
    return [sys.executable, "-m", "extractor", "run", str(inbox), *options, *where]


def about(received: Received) -> int:
    """Return the number of the file that a question is about."""
    return next(n for n in range(FILES) if f"{n + 11}.00" in received.prompt)


def test_files_wait_for_answers_side_by_side(tmp_path: Path) -> None:
    """A question of a second file is open while one of the first isn't answered; never more than allowed are."""
    met = threading.Barrier(2)

    def behave(received: Received) -> Answer:
        if about(received) in (1, 2):  # neither is answered before the other is asked
            met.wait(timeout=60)
        return status(400)

    with Server(behave) as server:
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        run = subprocess.run(command(server, tmp_path), env=environ, capture_output=True, text=True, check=False)
        assert "Traceback" not in run.stderr
        assert {about(r) for r in server.received} == set(range(FILES))
        assert server.most_open == 2
    assert not met.broken
    assert all((tmp_path / "out" / f"file{n}" / "result.json").exists() for n in range(FILES))


def test_ctrl_c_ends_all_files_that_wait(tmp_path: Path) -> None:
    """A real SIGINT ends the run at once, though no answer comes; the next run does the rest."""
    hurry = False

    def behave(received: Received) -> Answer:
        return status(400) if hurry or about(received) == 0 else Answer(hang=True)

    with Server(behave) as server:
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        run = subprocess.Popen(
            command(server, tmp_path), env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        end = time.monotonic() + 60
        while server.open < 2 and time.monotonic() < end:
            time.sleep(0.05)
        begin = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=30)
        assert run.returncode == 130, errors
        assert time.monotonic() - begin < 10
        assert "Traceback" not in errors
        assert (tmp_path / "out" / "file0" / "result.json").exists()
        hurry = True
        again = subprocess.run(command(server, tmp_path), env=environ, capture_output=True, text=True, check=False)
        assert again.returncode in (0, 1), again.stderr
    assert all((tmp_path / "out" / f"file{n}" / "result.json").exists() for n in range(FILES))
