"""``extractor batch`` against a server of that API on loopback: what comes out is what calls would have given."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from extractor.answers import PROBE, PROBE_ANSWER

from .batch_server import BatchServer
from .cli import environment
from .conftest import BUDGETS, SAMPLES
from .scripted import model
from .server import Answer, Received, say
from .test_runs import command, content

NAME = BUDGETS[1]
PRICES = 'currency = "CNY"\n[[price]]\nmodel = "scripted"\ninput = 1000\noutput = 2000\n'


def polite(behave: Callable[[Received], Answer]) -> Callable[[Received], Answer]:
    """Answer the toy question too."""
    return lambda received: say(PROBE_ANSWER.model_dump()) if PROBE.user in received.prompt else behave(received)


@pytest.fixture
def server() -> Iterator[BatchServer]:
    """A model that copies every table of the sample correctly, also in batches."""
    with BatchServer(polite(model(NAME))) as running:
        yield running


def beginning(folder: Path, name: str, lines: int) -> str:
    """Write the first tables of a sample as the file that is read."""
    text = "\n".join((SAMPLES / f"{name}.txt").read_text(encoding="utf-8").split("\n")[:lines]) + "\n"
    (folder / "in.txt").write_text(text, encoding="utf-8")
    return text


@pytest.fixture
def options(server: BatchServer, tmp_path: Path) -> list[object]:
    """The file, the first tables of the sample, and how to reach the model."""
    beginning(tmp_path, NAME, 410)
    (tmp_path / "prices.toml").write_text(PRICES)
    named = ["--model", "scripted", "--base-url", server.url, "--cache-dir", tmp_path / "cache", "--engine", "llm"]
    return [tmp_path / "in.txt", *named, "--prices", tmp_path / "prices.toml"]


def by_calls(folder: Path, options: list[object]) -> dict[str, bytes]:
    """Return what `extractor run` with a cache of its own writes, without the account."""
    given = [folder / "own" if o == folder / "cache" else o for o in options]
    command("run", *given, "--out", folder / "calls", "--quiet")
    return results(folder / "calls")


def results(out: Path) -> dict[str, bytes]:
    """Return the files of the results, without the accounts of single runs and the batches."""
    return {n: d for n, d in content(out).items() if not n.endswith("usage.json") and not n.startswith(".batch")}


def status(out: Path) -> Any:
    """Ask how far the batches are."""
    return json.loads(command("batch", "status", out, "--json").stdout)


def test_answers_of_a_batch_give_what_calls_give_at_half_the_price(
    server: BatchServer, options: list[object], tmp_path: Path
) -> None:
    """The same bytes; every question once, whoever asks how often; afterwards the cache answers a run."""
    out = tmp_path / "out"
    sent = command("batch", "submit", *options, "--out", out)
    assert sent.exit_code == 0, sent.output
    again = command("batch", "submit", *options, "--out", out)
    assert "nothing new to ask" in again.output
    early = command("batch", "collect", out, "--quiet")
    assert early.exit_code == 4
    assert len(server.batches) == 1
    shown = command("status", out)
    assert "4 questions sent, 4 not collected" in shown.stdout
    calls = server.calls
    server.end()
    done = command("batch", "collect", out, "--quiet")
    assert done.exit_code == 0, done.output
    first = results(out)
    assert command("batch", "collect", out, "--quiet").exit_code == 0
    assert results(out) == first
    questions = server.questions()
    assert len(questions) == len(set(questions)) == 4

    command("run", *options, "--out", tmp_path / "again", "--quiet")
    assert server.calls == calls, "the cache answers"
    assert results(tmp_path / "again") == first == by_calls(tmp_path, options)
    spent, full = (json.loads((tmp_path / o / "in" / "usage.json").read_text())["total"] for o in ("out", "calls"))
    assert (spent["calls"], spent["failed"], spent["output"]) == (4, 0, full["output"] - 54), "without the toy question"
    run = json.loads(command("status", out, "--json").stdout)
    assert (run["model"]["calls"], run["model"]["cost"]) == (4, spent["cost"])
    assert run["seconds_left"] is None
    total = status(out)["total"]
    assert total["cost"] == spent["cost"] == f"{(spent['input'] * 500 + spent['output'] * 1000) / 1e6:.6f}".rstrip("0")


def test_what_a_batch_leaves_out_is_asked_again(server: BatchServer, options: list[object], tmp_path: Path) -> None:
    """Expired: some lines missing, some failed, one broken, one a stranger's; the next batch holds the open ones."""

    def outcome(number: int, record: dict[str, Any]) -> dict[str, Any] | None:
        if number % 4 == 1:
            return None
        if number % 4 == 2:
            return {**record, "response": None, "error": {"code": "batch_expired", "message": "too late"}}
        if number % 4 == 3:
            body = {"error": {"message": "overloaded"}}
            return {**record, "response": {"status_code": 503, "body": body}}
        return {**record, "custom_id": "f" * 64} if number == 4 else record

    out = tmp_path / "out"
    command("batch", "submit", *options, "--out", out)
    server.end("expired", outcome)
    answers = server.batches["batch_1"]["output_file_id"]
    server.files[answers] += b'{"custom_id": "' + b"e" * 64 + b'", "respon\n[]\n'
    done = command("batch", "collect", out, "--quiet")
    assert done.exit_code == 4
    assert "are open" in done.output
    command("batch", "submit", *options, "--out", out)
    first = server.batches["batch_1"]["input_file_id"]
    asked = server.files[first].count(b"\n")
    assert len(server.questions()) - asked == asked - len(range(0, asked, 4)) + (asked > 4)
    server.end()
    assert command("batch", "collect", out, "--quiet").exit_code == 0
    assert results(out) == by_calls(tmp_path, options)
    assert status(out)["total"]["waiting"] == 0


def test_second_questions_go_into_the_next_batch(tmp_path: Path) -> None:
    """What isn't of the form asked for is asked again as by calls; what the endpoint refuses for good is not."""
    name = BUDGETS[0]

    beginning(tmp_path, name, 230)

    def behave(received: Received) -> Answer:
        if "(revenue). Money unit" in received.prompt and "JSON" not in received.messages[-1]["content"]:
            return say("{")
        if "(expenditure). Money unit" in received.prompt:
            return Answer(status=400, raw=json.dumps({"error": {"message": "not this one"}}))
        return model(name)(received)

    with BatchServer(polite(behave)) as server:
        named = ["--model", "scripted", "--base-url", server.url, "--cache-dir", tmp_path / "cache", "--engine", "llm"]
        options = [tmp_path / "in.txt", *named, "--mode", "json_schema", "--max-repairs", "1"]
        for _ in range(4):
            command("batch", "submit", *options, "--out", tmp_path / "out")
            server.end()
            if command("batch", "collect", tmp_path / "out", "--quiet").exit_code != 4:
                break
        assert len(server.batches) == 2
        assert len(server.questions()) == len(set(server.questions()))
        found = results(tmp_path / "out")
        assert found == by_calls(tmp_path, options)
        assert b"not this one" in found["in/findings.jsonl"]


def test_rows_are_asked_for_when_the_layout_did_not_help(tmp_path: Path) -> None:
    """With auto the questions about rows wait for the answers about layouts, so that no more is asked than by calls."""
    name = BUDGETS[0]
    text = beginning(tmp_path, name, 230)
    (tmp_path / "in.txt").write_text(text.replace("54.36\t22.02", "54.96\t22.02", 1), encoding="utf-8")
    with BatchServer(polite(model(name))) as server:
        named = ["--model", "scripted", "--base-url", server.url, "--cache-dir", tmp_path / "cache"]
        options = [tmp_path / "in.txt", *named, "--max-repairs", "0"]
        for _ in range(2):
            command("batch", "submit", *options, "--out", tmp_path / "out")
            server.end()
            command("batch", "collect", tmp_path / "out", "--quiet")
        asked, before = len(server.questions()), server.calls
        assert results(tmp_path / "out") == by_calls(tmp_path, options)
        assert len(server.batches) == 2
        assert server.calls - before == asked + 1, "and the toy question"


STEPS = [("submit", "POST /batches"), ("collect", "GET /files/file-2/content")]


@pytest.mark.parametrize(("verb", "step"), STEPS)
def test_a_kill_at_any_step_is_made_good_by_the_same_command(
    server: BatchServer, options: list[object], tmp_path: Path, verb: str, step: str
) -> None:
    """SIGKILL while the endpoint answers: no second batch, and the results of calls in the end."""
    out = tmp_path / "out"
    steps = {"submit": ["submit", *map(str, options), "--out", str(out)], "collect": ["collect", str(out), "--quiet"]}
    if verb == "collect":
        command("batch", *steps["submit"])
        server.end()
    running = subprocess.Popen(
        [sys.executable, "-m", "extractor", "batch", *steps[verb]], env=environment(), stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip

    def kill(what: str) -> bool:
        if what == step:
            with contextlib.suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGKILL)
            return True
        return False

    server.lose = kill
    assert running.wait(60) == -signal.SIGKILL
    server.lose = lambda _: False
    assert command("batch", *steps[verb]).exit_code in (0, 1)
    server.end()
    command("batch", "collect", out, "--quiet")
    assert len(server.batches) == 1
    assert results(out) == by_calls(tmp_path, options)


def test_errors_of_the_endpoint_end_a_command_with_a_sentence(
    server: BatchServer, options: list[object], tmp_path: Path
) -> None:
    """No files, no batches, no answers for now: exit code 3, and the same command goes on; a refused file goes anew."""
    out = tmp_path / "out"
    for step, code in (("POST /files", 404), ("POST /batches", 429)):
        server.refuse = lambda what: code if what == step else None  # noqa: B023
        done = command("batch", "submit", *options, "--out", out)
        assert done.exit_code == 3, done.output
        assert "not today" in done.output
        assert "Traceback" not in done.output
    server.refuse = lambda _: None
    assert command("batch", "submit", *options, "--out", out).exit_code == 0
    server.end()
    server.refuse = lambda what: 400 if what.endswith("content") else None
    assert command("batch", "collect", out).exit_code == 3
    server.refuse = lambda _: None
    assert command("batch", "collect", out, "--quiet").exit_code == 0
    assert len(server.batches) == 1


def test_a_batch_that_is_cancelled_or_refused_leaves_its_questions_open(
    server: BatchServer, options: list[object], tmp_path: Path
) -> None:
    """Limits hold, cancelling is asked for, what a batch that failed says is shown, and all is asked in the end."""
    out = tmp_path / "out"
    assert command("batch", "submit", *options, "--out", out, "--max-calls", 3, "--per-batch", 2).exit_code == 4
    assert [b["status"] for b in server.batches.values()] == ["in_progress"] * 2
    assert "2 batches are asked to stop" in command("batch", "cancel", out).output
    server.end("cancelled", lambda number, record: record if number else None)
    command("batch", "collect", out, "--quiet")
    assert [s["status"] for s in status(out)["batches"]] == ["cancelled"] * 2
    command("batch", "submit", *options, "--out", out)
    assert len(server.questions()) == len(set(server.questions())) + 2
    server.end("failed", lambda _, __: None)
    server.batches["batch_3"]["errors"] = {"object": "list", "data": [{"code": "x", "message": "too many tokens"}]}
    assert "too many tokens" in command("batch", "collect", out, "--quiet").output
    command("batch", "submit", *options, "--out", out)
    server.end()
    assert command("batch", "collect", out, "--quiet", "--wait").exit_code == 0
    assert results(out) == by_calls(tmp_path, options)


def test_the_key_goes_to_no_server_that_a_folder_names(
    server: BatchServer, options: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder from a stranger: its address is refused until the user names it too; another model isn't mixed in."""
    out = tmp_path / "out"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    command("batch", "submit", *options, "--out", out)
    state = out / ".batch" / "batches.json"
    assert "sk-secret" not in state.read_text()
    other = ["other" if o == "scripted" else o for o in options]
    assert "another model" in command("batch", "submit", *other, "--out", out).output
    state.write_text(state.read_text().replace("127.0.0.1", "answers.example"))
    done = command("batch", "collect", out)
    assert done.exit_code == 2
    assert "--base-url" in done.output
    state.write_text("{")
    assert "damaged" in command("batch", "status", out).output
    assert "no batches" in command("batch", "collect", tmp_path / "none").output


def inbox(folder: Path, options: list[object], count: int) -> list[object]:
    """Make a folder of files in place of one; the last two put the same questions. Returns the options for it."""
    text = beginning(folder, NAME, 106)
    (folder / "in").mkdir()
    for number in range(count):
        said = f"编制单位：{min(number, count - 2)} "
        (folder / "in" / f"f{number}.txt").write_text(text.replace("编制单位：", said), encoding="utf-8")
    return [folder / "in", *options[1:]]


def asked(out: Path) -> dict[str, bytes]:
    """Return the files of questions."""
    return {p.name: p.read_bytes() for p in sorted((out / ".batch").glob("[0-9]*[0-9].jsonl"))}


def test_processes_change_no_byte_of_questions_or_results(
    server: BatchServer, options: list[object], tmp_path: Path
) -> None:
    """What one process reads and asks, two do: in the same batches, each question once, also when the answers come."""
    given = inbox(tmp_path, options, 5)
    for name, jobs in (("one", 1), ("two", 2)):
        out = tmp_path / name
        own = [out.with_suffix(".cache") if o == tmp_path / "cache" else o for o in given]
        sent = command("batch", "submit", *own, "--out", out, "--jobs", jobs, "--per-batch", 3)
        assert sent.exit_code == 0, sent.output
        again = command("batch", "submit", *own, "--out", out, "--jobs", jobs, "--per-batch", 3)
        assert "nothing new to ask" in again.output
        server.end()
        done = command("batch", "collect", out, "--jobs", jobs, "--quiet")
        assert done.exit_code == 0, done.output
    questions = asked(tmp_path / "one")
    assert asked(tmp_path / "two") == questions
    lines = b"".join(questions.values()).splitlines()
    assert len(lines) == len(set(lines)) == 5, "one about each file but the last, and one about what all say"
    assert [data.count(b"\n") for data in questions.values()] == [3, 2]
    assert results(tmp_path / "two") == results(tmp_path / "one") == by_calls(tmp_path, given)


def test_an_answer_that_two_documents_take_is_booked_once(
    server: BatchServer, options: list[object], tmp_path: Path
) -> None:
    """Also where no cache tells the second that the first had it: here each process has one of its own."""
    (tmp_path / "full").write_text("a file where the cache's folder should be made")
    given = [tmp_path / "full" / "cache" if o == tmp_path / "cache" else o for o in inbox(tmp_path, options, 3)]
    out = tmp_path / "out"
    command("batch", "submit", *given, "--out", out, "--jobs", 2)
    server.end()
    assert command("batch", "collect", out, "--jobs", 2, "--quiet").exit_code == 0
    spent = [json.loads(p.read_text())["total"] for p in sorted(out.glob("f*/usage.json"))]
    assert len(asked(out)["0001.jsonl"].splitlines()) == 3, "one of the first, one of the others, one of them all"
    assert (sum(s["calls"] for s in spent), sum(s["hits"] for s in spent)) == (3, 3)
    assert sum(s["output"] for s in spent) == status(out)["total"]["usage"]["output"]


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_stop_while_processes_read_sends_nothing_twice(
    server: BatchServer, options: list[object], tmp_path: Path, sign: signal.Signals
) -> None:
    """Stopped when the first file is read, with two processes at work: the same command asks all, each once."""
    given = inbox(tmp_path, options, 8)
    out = tmp_path / "out"
    line = [sys.executable, "-m", "extractor", "batch", "submit", *map(str, given), "--out", str(out), "--jobs", "2"]
    running = subprocess.Popen(line, env=environment(), stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while time.monotonic() < end and running.poll() is None and not list(out.glob("f*/result.json")):
        time.sleep(0.01)
    running.send_signal(sign)
    _, said = running.communicate(timeout=60)
    assert running.returncode == (130 if sign == signal.SIGINT else -sign), said
    assert "Traceback" not in said
    assert not server.batches
    sent = command("batch", "submit", *given, "--out", out, "--jobs", 2)
    assert sent.exit_code == 0, sent.output
    assert len(server.questions()) == len(set(server.questions())) == 8
    server.end()
    assert command("batch", "collect", out, "--quiet", "--jobs", 2).exit_code == 0
    assert results(out) == by_calls(tmp_path, given)
