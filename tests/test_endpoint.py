"""Calls that fail, wait, queue up, cost and are broken off: the endpoint, through the real openai client."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from extractor.budget import Budget, Usage
from extractor.client import ModelClient
from extractor.config import ConfigError, ModelConfig
from extractor.endpoint import retry_after

from .conftest import ROOT
from .server import Answer, Received, Server, say, status
from .test_client import GOOD, KEY, QUESTION, ask, config, one, script


@contextmanager
def no_server() -> Iterator[str]:
    """Give an address where nothing listens."""
    with Server(lambda _: say(GOOD)) as server:
        url = server.url
    yield url


def test_passing_failures_are_repeated(tmp_path: Path) -> None:
    """500s, 429s, a reset in mid-body, a cut-off body, an error inside a 200: then the answer comes."""
    bad = [
        status(500),
        status(503, headers={"Retry-After": "0"}),
        replace(say(GOOD), reset=True),
        Answer(raw='{"id": "x", "choices": [{"ind'),
        Answer(raw='{"error": {"code": 502, "message": "upstream"}}'),
        status(429, headers={"Retry-After": "0.01"}),
    ]
    reply, budget, server = one(script([*bad, say(GOOD)]), tmp_path, attempts=7)
    assert (reply.outcome, server.calls) == ("ok", 7)
    assert (budget.spent.calls, budget.spent.failed) == (7, 6)
    reply, _, server = one(script(bad), tmp_path / "other", attempts=3)
    assert (reply.outcome, server.calls) == ("error", 3)
    assert "breaks off (3 calls)" in reply.message


def test_retry_after_is_honoured_as_seconds_and_as_a_date(tmp_path: Path) -> None:
    """The next call comes after the time asked for, not before."""
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    dated = {"Retry-After": format_datetime(soon, usegmt=True)}
    for header in (dated, {"Retry-After": "0.4"}, {"Retry-After-Ms": "400"}):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        reply, _, server = one(script([status(429, headers=header), say(GOOD)]), folder)
        assert reply.outcome == "ok"
        if header is dated:
            assert datetime.now(UTC) >= soon
        else:
            assert server.received[1].at - server.received[0].at >= 0.4
    now = datetime(2025, 1, 1, tzinfo=UTC)
    assert retry_after({"retry-after": "Wed, 01 Jan 2025 00:00:07 GMT"}, now) == 7
    assert retry_after({"retry-after": "Tue, 31 Dec 2024 00:00:00 GMT"}, now) == 0
    assert [retry_after({"retry-after": bad}, now) for bad in ("soon", "-1", "inf", "")] == [None] * 4


def test_a_wait_beyond_the_time_limit_ends_at_once(tmp_path: Path) -> None:
    """An endpoint that asks for an hour gets no second call, and the message says so."""
    reply, _, server = one(lambda _: status(429, headers={"Retry-After": "3600"}), tmp_path)
    assert (reply.outcome, reply.status, server.calls) == ("error", 429, 1)
    assert "asks to wait 3600 s" in reply.message


def test_a_hung_call_is_given_up_and_repeated(tmp_path: Path) -> None:
    """Silence ends with the timeout of a call; the time limit ends all of them."""
    reply, _, server = one(script([Answer(hang=True), say(GOOD)]), tmp_path, timeout=0.2)
    assert (reply.outcome, server.calls) == ("ok", 2)
    reply, budget, server = one(lambda _: Answer(hang=True), tmp_path / "b", timeout=0.2, time_limit=0.5, attempts=99)
    assert reply.outcome == "error"
    assert "no answer in time" in reply.message
    assert 2 <= server.calls <= 3
    assert budget.spent.failed == server.calls


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        (status(400, "bad tools"), "error", "--mode"),
        (status(401, f"wrong key {KEY}"), "error", "OPENAI_API_KEY"),
        (status(402), "error", "account is used up"),
        (status(403), "error", "may use"),
        (status(404), "error", "--model"),
        (status(429, "pay", code="insufficient_quota"), "error", "Add credit"),
        (status(400, "too long", code="context_length_exceeded"), "length", "Send less text"),
        (status(413), "length", "Send less text"),
        (Answer(raw="<html>hello</html>", headers={"Content-Type": "text/html"}), "error", "/v1"),
        (Answer(raw='{"hello": 1}'), "error", "/v1"),
        (Answer(raw="null"), "error", "/v1"),
        (Answer(raw='{"error": {"code": 400, "message": "inner"}}'), "error", "inner"),
    ],
)
def test_lasting_failures_end_at_once_and_say_what_to_do(
    tmp_path: Path, answer: Answer, outcome: str, words: str
) -> None:
    """One call, a message with the remedy, and never the key."""
    reply, _, server = one(lambda _: answer, tmp_path)
    assert (reply.outcome, server.calls) == (outcome, 1)
    assert words in reply.message
    assert KEY not in repr(reply)


def test_a_wrong_key_stops_the_other_requests(tmp_path: Path) -> None:
    """After a 401 nothing more is sent; what the cache knows is still answered."""
    one(lambda _: say(GOOD), tmp_path)
    many = [replace(QUESTION, user=str(n)) for n in range(20)]
    with Server(lambda _: status(401)) as server:
        replies, _ = ask(config(server, tmp_path, concurrency=2), *many, QUESTION)
    assert server.calls <= 2
    assert [r.outcome for r in replies] == ["error"] * 20 + ["ok"]


def test_nothing_listens(tmp_path: Path) -> None:
    """A refused connection is tried again, then explained."""
    with no_server() as url:
        (reply,), _ = ask(config(None, tmp_path, base_url=url, attempts=2), QUESTION)
    assert reply.outcome == "error"
    assert "can't be reached" in reply.message
    assert "(2 calls)" in reply.message


def test_parameters_that_a_model_refuses_are_left_out(tmp_path: Path) -> None:
    """max_tokens becomes max_completion_tokens, and temperature goes, where a 400 says so."""

    def behave(received: Received) -> Answer:
        if "max_tokens" in received.body:
            return status(400, "Unsupported parameter: use 'max_completion_tokens' instead.", param="max_tokens")
        if "temperature" in received.body:
            return status(400, "'temperature' does not support 0 with this model.", param="temperature")
        return say(GOOD)

    with Server(behave) as server:
        replies, _ = ask(config(server, tmp_path, concurrency=1), QUESTION, replace(QUESTION, user="2"))
    assert [r.outcome for r in replies] == ["ok", "ok"]
    assert server.calls == 4
    assert server.received[-1].body["max_completion_tokens"] == 8192


@pytest.mark.parametrize(("count", "side_by_side"), [(8, 4), (3, 8), (4, 1)])
def test_as_many_calls_are_open_as_allowed_and_no_more(tmp_path: Path, count: int, side_by_side: int) -> None:
    """N requests take ceil(n/c) rounds: each answer waits until as many requests as allowed stand open."""
    together = min(count, side_by_side)
    gate = threading.Barrier(together, timeout=5)

    def behave(_: Received) -> Answer:
        gate.wait()
        return say(GOOD).after(0.05)

    with Server(behave) as server:
        requests = [replace(QUESTION, user=str(n)) for n in range(count)]
        replies, _ = ask(config(server, tmp_path, concurrency=side_by_side), *requests)
    assert [r.outcome for r in replies] == ["ok"] * count
    assert (server.calls, server.most_open) == (count, together)


@pytest.mark.parametrize(
    ("limit", "asked"), [({"max_calls": 3}, 3), ({"max_tokens": 50}, 2), ({"max_cost": "0.0001"}, 2), ({}, 6)]
)
def test_a_limit_ends_the_run_cleanly(tmp_path: Path, limit: dict[str, Any], asked: int) -> None:
    """Requests beyond the limit are not sent and say why; those before it are answered and kept."""
    prices = tmp_path / "prices.toml"
    prices.write_text('[[price]]\nmodel = "scrip*"\ninput = 2\noutput = 4\n', encoding="utf-8")
    with Server(lambda _: say(GOOD, prompt_tokens=20, completion_tokens=10)) as server:
        settings = config(server, tmp_path, concurrency=1, prices=prices, **limit)
        requests = [replace(QUESTION, user=str(n)) for n in range(6)]
        replies, budget = ask(settings, *requests)
        assert [r.outcome for r in replies] == ["ok"] * asked + ["budget"] * (6 - asked)
        assert all("limit" in r.message and r.status is None for r in replies[asked:])
        assert server.calls == budget.spent.calls == asked
        again, later = ask(settings, *requests[:asked])
    assert all(r.cached for r in again)
    assert later.spent.calls == 0
    assert budget.cost == asked * Decimal(20 * 2 + 10 * 4) / 10**6


def test_the_account_counts_failures_and_never_makes_up_a_cost(tmp_path: Path) -> None:
    """Failed calls and their tokens are counted by tag; a model without a price costs n/a."""
    answers = [status(500), say("{", prompt_tokens=7, completion_tokens=1), say(GOOD)]
    with Server(script(answers)) as server:

        async def run() -> Budget:
            async with ModelClient(config(server, tmp_path)) as client:
                assert (await client.ask(QUESTION)).outcome == "invalid"
                assert (await client.ask(replace(QUESTION, tag="b"))).outcome == "ok"
                return client.budget

        budget = asyncio.run(run())
    spent = budget.by_tag["expenditure"]
    assert (spent.calls, spent.failed, spent.wasted, budget.spent.calls) == (2, 2, Usage(7, 1), 3)
    assert budget.cost is None
    assert "cost n/a" in budget.summary()
    with pytest.raises(ConfigError, match="needs a price"):
        ModelClient(config(None, tmp_path, max_cost="1"))


def test_an_endpoint_that_counts_no_tokens_is_estimated(tmp_path: Path) -> None:
    """Without usage a character counts as a token, marked as an estimate, now and from the cache."""
    first, budget, _ = one(lambda _: replace(say(GOOD), usage=False), tmp_path)
    assert first.usage.estimated
    assert first.usage.input == len(QUESTION.system + QUESTION.user)
    assert "about" in budget.summary()
    assert one(lambda _: status(500), tmp_path)[0].usage == first.usage


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    """Answers that came before a cancellation are in the cache; the others are asked again next time."""
    slow: Callable[[Received], Answer] = lambda r: say(GOOD) if "fast" in r.prompt else Answer(hang=True)  # noqa: E731
    requests = [replace(QUESTION, user=f"{'fast' if n < 3 else 'slow'} {n}") for n in range(6)]

    async def run(settings: ModelConfig) -> Budget:
        async with ModelClient(settings) as client:
            tasks = [asyncio.create_task(client.ask(r)) for r in requests]
            await asyncio.gather(*tasks[:3])
            await asyncio.sleep(0.05)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert [isinstance(r, asyncio.CancelledError) for r in results] == [False] * 3 + [True] * 3
            return client.budget

    with Server(slow) as server:
        budget = asyncio.run(run(config(server, tmp_path, concurrency=6)))
        assert server.calls == 6
    assert (budget.spent.calls, budget.spent.failed) == (6, 3)
    replies, _ = ask(config(None, tmp_path, offline=True), *requests)
    assert [r.outcome for r in replies] == ["ok"] * 3 + ["offline"] * 3


INTERRUPTED = """
import asyncio, sys
from pathlib import Path
from dataclasses import replace
from tests.test_endpoint import QUESTION, ModelClient, ModelConfig
async def main():
    async with ModelClient(ModelConfig.model_validate_json(sys.argv[1])) as client:
        await asyncio.gather(*(client.ask(replace(QUESTION, user=word)) for word in ("fast", "slow")))
try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_a_real_ctrl_c_ends_at_once_and_keeps_what_is_done(tmp_path: Path) -> None:
    """SIGINT during an open call: the process ends, quietly, and the answer that had come is in the cache."""
    arrived = threading.Event()

    def behave(received: Received) -> Answer:
        if "slow" in received.prompt:
            arrived.set()
        return Answer(hang=True) if "slow" in received.prompt else say(GOOD)

    with Server(behave) as server:
        settings = config(server, tmp_path, concurrency=1)
        command = [sys.executable, "-c", INTERRUPTED, settings.model_dump_json()]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert arrived.wait(20)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=5)
    assert (out, errors) == ("interrupted\n", "")
    (kept,), _ = ask(config(None, tmp_path, offline=True), replace(QUESTION, user="fast"))
    assert kept.outcome == "ok"


def test_no_key_and_no_model_are_said_before_any_call(tmp_path: Path) -> None:
    """OpenAI's own address needs a key, every address needs a model."""
    settings = config(None, tmp_path, base_url="https://api.openai.com/v1/", api_key=None)
    (reply,), budget = ask(settings, QUESTION)
    assert reply.outcome == "error"
    assert "OPENAI_API_KEY" in reply.message
    assert budget.spent.calls == 0
    with pytest.raises(ConfigError, match="--model"):
        ModelClient(config(None, tmp_path, model=None))
