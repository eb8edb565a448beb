"""The model client, through the real openai client, against a server that misbehaves on demand."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from extractor.budget import Budget, Usage
from extractor.cache import Cache
from extractor.client import MODES, ModelClient, Reply, Request
from extractor.config import ModelConfig

from .server import Answer, Behaviour, Received, Server, refuse, say, status

KEY = "sk-very-secret-0123456789"


class Table(BaseModel):
    """A small table."""

    model_config = ConfigDict(extra="forbid", title="表3 部门支出")

    name: str
    rows: list[list[str]]


GOOD: dict[str, Any] = {"name": "支出 {{ x }}", "rows": [["201", "12.50"], ["合 计", ""]]}
QUESTION = Request("Copy the table.", "{{ ocr }} https://example.org/a.png 201 12.50", Table, "expenditure")
PROBED = {"label": "合计", "rows": ["201 | 12.50", "203 | 0.40"]}


def config(server: Server | None, folder: Path, **more: Any) -> ModelConfig:
    """Return a configuration for a server, with short waits."""
    settings: dict[str, Any] = {
        "base_url": server.url if server else "http://127.0.0.1:9/v1",
        "api_key": SecretStr(KEY),
        "model": "scripted",
        "mode": "json_schema",
        "backoff": 0.01,
        "timeout": 5,
        "time_limit": 10,
        "cache_dir": folder,
    }
    return ModelConfig(**{**settings, **more})


def ask(settings: ModelConfig, *requests: Request[Table]) -> tuple[list[Reply[Table]], Budget]:
    """Ask all at once with a new client."""

    async def run() -> tuple[list[Reply[Table]], Budget]:
        async with ModelClient(settings) as client:
            return list(await asyncio.gather(*(client.ask(r) for r in requests))), client.budget

    return asyncio.run(run())


def one(behave: Behaviour, folder: Path, **more: Any) -> tuple[Reply[Table], Budget, Server]:
    """Ask one question of a server that behaves so."""
    with Server(behave) as server:
        (reply,), budget = ask(config(server, folder, **more), QUESTION)
    return reply, budget, server


def script(answers: Sequence[Answer]) -> Behaviour:
    """Behave by a list; the last answer stays."""
    return lambda received: answers[min(received.number, len(answers)) - 1]


@pytest.mark.parametrize("mode", list(MODES))
def test_every_mode_asks_in_its_form_and_parses(tmp_path: Path, mode: str) -> None:
    """The request has the mode's form, shows the schema, and leaves the document's text as it is."""
    reply, budget, server = one(lambda _: say(GOOD, prompt_tokens=100, completion_tokens=20), tmp_path, mode=mode)
    (received,) = server.received
    assert (reply.outcome, reply.parsed, reply.message) == ("ok", Table(**GOOD), "")
    assert type(reply.parsed) is Table
    assert received.mode == mode
    assert QUESTION.user in received.messages[-1]["content"]
    shown = json.dumps(received.body.get("tools")) if mode == "tools" else received.messages[0]["content"]
    assert '"rows"' in shown
    assert (received.body["temperature"], received.body["max_tokens"]) == (0, 8192)
    assert received.headers["authorization"] == f"Bearer {KEY}"
    assert reply.usage == Usage(100, 20)
    assert (budget.spent.calls, budget.spent.failed) == (1, 0)
    if mode == "tools":
        assert received.body["tools"][0]["function"]["name"] == "Table"


def test_unusable_answers_are_told_apart(tmp_path: Path) -> None:
    """Prose, broken JSON, wrong forms, cut-off, empty and refused answers each have their outcome, none is kept."""
    whole = json.dumps(GOOD)
    cases: list[tuple[Answer, str, str, str]] = [
        (say("Here it is: " + whole + " Bye."), "json_schema", "invalid", "Invalid JSON"),
        (say('{"name": "x", "rows": ['), "json_schema", "invalid", "Invalid JSON"),
        (say({"name": "x"}), "json_schema", "invalid", "rows: Field required"),
        (say({"name": "x", "rows": [[12.5]]}), "json_schema", "invalid", "rows.0.0: Input should be a valid string"),
        (say({**GOOD, "note": "?"}), "tools", "invalid", "note: Extra inputs"),
        (say('{"name": "a", "rows": [], "rows": []}'), "tools", "invalid", "'rows' stands twice"),
        (say(whole, form="content"), "tools", "invalid", "No tool calls"),
        (replace(say(whole), calls=2), "tools", "invalid", "2 tool calls"),
        (say(whole[:20], finish_reason="length"), "json_schema", "length", "cut off"),
        (say(whole[:20], finish_reason="length"), "tools", "length", "cut off"),
        (say(whole, finish_reason="content_filter"), "json", "refusal", "content filter"),
        (say(""), "json", "empty", "empty"),
        (say("  \n"), "tools", "empty", "empty"),
        (Answer(form="none"), "tools", "empty", "empty"),
        (refuse("No."), "tools", "refusal", "No."),
        (refuse("No."), "json_schema", "refusal", "No."),
    ]
    for answer, mode, outcome, words in cases:
        reply, budget, server = one(lambda _, answer=answer: answer, tmp_path, mode=mode)  # type: ignore[misc]
        assert (reply.outcome, reply.parsed) == (outcome, None), (answer, reply)
        assert words in reply.message, (answer, reply.message)
        assert server.calls == 1, "nothing is kept, nothing is asked again by itself"
        assert (budget.spent.failed, budget.spent.wasted) == (1, reply.usage)
        assert reply.usage.input > 0


def test_prose_around_json_is_the_form_of_md_json(tmp_path: Path) -> None:
    """In mode md_json a fenced answer between sentences is read."""
    text = f"Here:\n```json\n{json.dumps(GOOD)}\n```\nDone."
    reply, _, _ = one(lambda _: say(text), tmp_path, mode="md_json")
    assert (reply.outcome, reply.parsed, reply.text) == ("ok", Table(**GOOD), text)


@pytest.mark.parametrize("mode", list(MODES))
def test_a_second_run_makes_no_call_and_gives_the_same(tmp_path: Path, mode: str) -> None:
    """The cache answers the second run, through another address too, with the same text, object and usage."""
    counts: dict[str, Any] = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}
    first, budget, _ = one(lambda _: say(GOOD, **counts), tmp_path, mode=mode)
    again, later, server = one(lambda _: status(500), tmp_path, mode=mode)
    assert (first.cached, again.cached, server.calls) == (False, True, 0)
    assert replace(first, cached=True) == again
    assert repr(first.parsed) == repr(again.parsed)
    assert again.usage == Usage(9, 3, 4)
    assert (budget.spent.hits, later.spent.hits, later.spent.usage) == (0, 1, Usage())


def test_another_attempt_or_parameter_is_another_question(tmp_path: Path) -> None:
    """The key holds attempt, model, temperature, mode and texts."""
    with Server(lambda _: say(GOOD)) as server:
        base = config(server, tmp_path)
        ask(base, QUESTION)
        ask(base, replace(QUESTION, attempt=1), replace(QUESTION, system="Copy."), replace(QUESTION, tag="other"))
        assert server.calls == 3, "the tag is for the account only"
        for change in ({"model": "other"}, {"temperature": 0.5}, {"mode": "json"}, {"max_output_tokens": 5}):
            ask(base.model_copy(update=change), QUESTION)
        assert server.calls == 7
        ask(base.model_copy(update={"timeout": 3.0, "api_key": None}), QUESTION)
        assert server.calls == 7


def test_an_entry_that_no_longer_fits_is_asked_for_again(tmp_path: Path) -> None:
    """A kept answer that was changed into another form is replaced."""
    one(lambda _: say(GOOD), tmp_path)
    with Cache(tmp_path) as cache:
        (key,) = cache._keys()
        stored = cache.get(key)
        assert stored is not None
        cache.put(key, replace(stored, text='{"name": 1}'))
    reply, _, server = one(lambda _: say(GOOD), tmp_path)
    assert (reply.outcome, reply.cached, server.calls) == ("ok", False, 1)
    assert one(lambda _: say(GOOD), tmp_path)[0].cached


def test_offline_answers_from_the_cache_and_names_what_is_missing(tmp_path: Path) -> None:
    """Offline makes no call, finds answers of any mode where the mode is unknown, and names the tag of a miss."""
    one(lambda _: say(GOOD), tmp_path, mode="json")
    (known, missing), _ = ask(config(None, tmp_path, offline=True, mode="auto"), QUESTION, replace(QUESTION, user="?"))
    assert (known.outcome, known.cached) == ("ok", True)
    assert missing.outcome == "offline"
    assert "expenditure" in missing.message


@pytest.mark.parametrize("works", ["tools", "json_schema", "json", "md_json"])
def test_auto_finds_a_mode_once_and_remembers_it(tmp_path: Path, works: str) -> None:
    """The modes are tried in order with a toy question; later clients of the same endpoint and model don't ask."""

    def behave(received: Received) -> Answer:
        if received.mode != works:
            return {
                "tools": status(500, "tools need a flag"),
                "json_schema": status(400, "unknown response_format"),
                "json": say("I'd rather talk."),
            }[received.mode]
        return say(PROBED if "0.40" in received.prompt else GOOD)

    with Server(behave) as server:
        settings = config(server, tmp_path, mode="auto", attempts=1, concurrency=3)
        replies, budget = ask(settings, QUESTION, replace(QUESTION, user="2"), replace(QUESTION, user="3"))
        assert [r.outcome for r in replies] == ["ok"] * 3
        tried = list(MODES).index(works) + 1
        assert server.calls == tried + 3
        assert budget.by_tag["probe"].calls == tried
        ask(settings, replace(QUESTION, user="4"))
        assert server.calls == tried + 4
        ask(settings.model_copy(update={"model": "other"}), QUESTION)
        assert server.calls == 2 * tried + 5
    remembered = (tmp_path / "endpoints.json").read_text(encoding="utf-8")
    assert f'"{works}"' in remembered
    assert server.url not in remembered


def test_answers_are_found_where_the_mode_is_forgotten(tmp_path: Path) -> None:
    """Mode auto looks into the cache under every mode before it asks anything, the toy question included."""
    one(lambda _: say(GOOD), tmp_path, mode="json")
    reply, budget, server = one(lambda _: status(500), tmp_path, mode="auto")
    assert (reply.outcome, reply.cached, server.calls, budget.spent.hits) == ("ok", True, 0, 1)


def test_auto_prefers_a_mode_that_copies_faithfully(tmp_path: Path) -> None:
    """A mode in which the toy answer fits the form but not the text is taken only where no other does better."""
    wrong = {**PROBED, "label": "total"}
    for faithful, chosen in (("json", "json"), ("none", "tools")):
        behave: Behaviour = lambda r, f=faithful: say(PROBED if r.mode == f else wrong)  # type: ignore[misc]  # noqa: E731
        with Server(behave) as server:
            settings = config(server, tmp_path, mode="auto")

            async def run(settings: ModelConfig = settings) -> str:
                async with ModelClient(settings) as client:
                    return await client.mode(again=True)

            assert asyncio.run(run()) == chosen


@pytest.mark.parametrize(("answer", "calls"), [(status(401), 1), (say("no"), 4)])
def test_auto_that_finds_nothing_says_so_once(tmp_path: Path, answer: Answer, calls: int) -> None:
    """A wrong key ends the search; no mode at all is told with the last reason; later requests ask nothing."""
    with Server(lambda _: answer) as server:
        settings = config(server, tmp_path, mode="auto")
        replies, _ = ask(settings, QUESTION, replace(QUESTION, user="2"))
        assert server.calls == calls
    assert [r.outcome for r in replies] == ["error", "error"]
    assert "OPENAI_API_KEY" in replies[1].message or "--mode" in replies[1].message
    assert not (tmp_path / "endpoints.json").exists()


def test_the_key_shows_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not in repr, dumps, replies, logs or any file of the cache, even where the endpoint echoes it."""
    caplog.set_level(logging.DEBUG)
    settings = config(None, tmp_path)
    assert KEY not in repr(settings) + str(settings) + settings.model_dump_json() + str(settings.model_dump())
    for answer in (say(GOOD), say(KEY), refuse(KEY), status(400, KEY), Answer(raw=f'"{KEY}"'), status(500, KEY)):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        reply, _, _ = one(lambda _, answer=answer: answer, folder, attempts=1)  # type: ignore[misc]
        assert KEY not in reply.message
        for file in folder.rglob("*"):
            assert not file.is_file() or KEY.encode() not in file.read_bytes()
    assert "Bearer " + KEY not in caplog.text


def test_only_the_client_loads_the_model_packages() -> None:
    """The command line, the configuration, the cache and the budget load neither openai nor instructor."""
    code = (
        "import sys, extractor, extractor.cli, extractor.config, extractor.cache, extractor.budget\n"
        "import extractor.answers, extractor.endpoint\n"
        "print([m for m in ('openai', 'instructor') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
