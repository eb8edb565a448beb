"""Several files of which a model is asked: side by side, within the limit on calls, and ended by one Ctrl-C."""

import threading
from pathlib import Path

from extractor import Document, Extractor
from extractor.batch import plan, run
from extractor.config import ModelConfig

from .cli import extractor, interrupted
from .server import Answer, Received, Server, status

FILES = 5
TEXT = "表3\n支出总体情况表\n单位：万元\n科目编码 科目名称 合计 基本支出 项目支出\n201 一般公共服务支出 {n}.00 {n}.00\n"
TEXT += "20103 政府办公厅（室）及相关机构事务 {n}.00 {n}.00\n2010301 行政运行 {n}.00 {n}.00\n合计 {n}.00 {n}.00\n"


def command(server: Server, folder: Path) -> list[str]:
    """Write the files and return the arguments of a run that asks about each of them."""
    inbox = folder / "in"
    inbox.mkdir(exist_ok=True)
    for number in range(FILES):
        (inbox / f"file{number}.txt").write_text(TEXT.format(n=number + 11), encoding="utf-8")
    options = ["--engine", "llm", "--model", "m", "--mode", "tools", "--base-url", server.url, "--concurrency", "2"]
    where = ["--cache-dir", str(folder / "cache"), "--out", str(folder / "out")]
    return ["run", str(inbox), *options, *where]


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
        ran = extractor(*command(server, tmp_path))
        assert "Traceback" not in ran.stderr
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
        interrupted(command(server, tmp_path), lambda: server.open >= 2)
        assert (tmp_path / "out" / "file0" / "result.json").exists()
        hurry = True
        again = extractor(*command(server, tmp_path))
        assert again.returncode in (0, 1), again.stderr
    assert all((tmp_path / "out" / f"file{n}" / "result.json").exists() for n in range(FILES))


def test_a_reader_goes_on_after_a_run_that_was_broken_off(tmp_path: Path) -> None:
    """A caller that takes two of the reports and no more gets answers from the same reader all the same."""
    with Server(lambda _: status(400)) as server:
        command(server, tmp_path)
        config = ModelConfig(model="m", mode="tools", base_url=server.url, concurrency=2, cache_dir=tmp_path / "cache")
        reader = Extractor(engine="llm", model=config)
        reports = run(plan(sorted((tmp_path / "in").iterdir()), tmp_path / "out"), ["json"], 1, reader)
        assert [next(reports).error, next(reports).error] == [None, None]
        reports.close()  # type: ignore[attr-defined] # a generator
        before = server.calls
        reader.extract(Document.from_text(TEXT.format(n=99), name="more"))
        assert server.calls > before
