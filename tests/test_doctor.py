"""``extractor doctor`` against endpoints of all kinds, as a user calls it."""

import json
import random
import socket
from pathlib import Path
from typing import Any

import pytest

from extractor.answers import PROBE_ANSWER
from extractor.endpoint import recall

from .cli import extractor, here
from .conftest import ROOT
from .server import Answer, Received, Server, say, status
from .test_choices import choose
from .test_local import FAKE, gguf, gone, starts

SECRET = "sk-this-is-a-secret"  # noqa: S105 - of nobody
MODES = ("tools", "json_schema", "json", "md_json")


def right(_received: Received) -> Answer:
    """Answer the toy question rightly in every mode."""
    return say(PROBE_ANSWER.model_dump())


def doctor(folder: Path, *options: object, **environ: str) -> tuple[int, dict[str, Any], str]:
    """Run it, by itself where modules are put in others' place; returns exit code, checks by name, and all output."""
    run = extractor if "PYTHONPATH" in environ else here
    done = run("doctor", "--json", "--cache-dir", folder / "cache", *options, cwd=folder, env=environ)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, {c["name"]: c for c in json.loads(done.stdout)}, done.stdout + done.stderr


def test_everything_is_well(tmp_path: Path) -> None:
    """Each mode is asked once, with time and tokens; the key is sent and not shown; the mode is remembered for runs."""
    with Server(right) as server:
        code, checks, text = doctor(
            tmp_path, "--model", "scripted", "--base-url", server.url, OPENAI_API_KEY=SECRET, EXTRACTOR_MODEL="other"
        )
        assert [r.mode for r in server.received] == list(MODES)
        assert {r.headers["authorization"] for r in server.received} == {f"Bearer {SECRET}"}
    assert code == 0
    assert {c["state"] for c in checks.values()} == {"ok"}
    assert {"python", "solver", "specs", "settings", "cache", "local", "endpoint", "mode"} <= checks.keys()
    assert "knows the model scripted" in checks["endpoint"]["said"]
    for mode in MODES:
        facts = checks[f"mode {mode}"]["facts"]
        assert facts["input"] > facts["output"] > 0
        assert facts["seconds"] > 0
    assert SECRET not in text
    assert "api_key set (OPENAI_API_KEY)" in checks["settings"]["said"]
    assert "model scripted (option)" in checks["settings"]["said"]
    known = json.loads((tmp_path / "cache" / "endpoints.json").read_text(encoding="utf-8"))
    assert [k["mode"] for k in known.values()] == ["tools"]
    assert checks["cache"]["facts"]["entries"] == 0
    again = doctor(tmp_path, "--offline")[1]
    assert again["cache"]["facts"]["entries"] == 0, "what the doctor wrote is taken out again"


def test_no_endpoint_is_fine(tmp_path: Path) -> None:
    """Without a model nothing is asked, and that is no problem; for people each line begins with its state."""
    done = extractor("doctor", "--cache-dir", tmp_path / "cache", cwd=tmp_path)
    assert done.returncode == 0
    assert "ok       endpoint: no model is named: tables are read by arithmetic alone" in done.stdout
    assert {line.split()[0] for line in done.stdout.splitlines()} == {"ok"}


def test_offline_makes_no_call(tmp_path: Path) -> None:
    """The endpoint is left out."""
    with Server(right) as server:
        code, checks, _ = doctor(tmp_path, "--model", "scripted", "--base-url", server.url, "--offline")
        assert server.calls == 0
    assert code == 0
    assert checks["endpoint"]["said"] == "not asked: offline"


def test_no_server(tmp_path: Path) -> None:
    """Nobody listens: one problem, at once, and what to look at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code, checks, _ = doctor(tmp_path, "--model", "m", "--base-url", f"http://127.0.0.1:{port}/v1")
    assert code == 1
    assert checks["endpoint"]["state"] == "problem"
    assert "can't be reached" in checks["endpoint"]["said"]
    assert "Look at --base-url" in checks["endpoint"]["todo"]
    assert not [name for name in checks if name.startswith("mode")]


@pytest.mark.parametrize("unlisted", [True, False])
def test_a_key_that_is_refused(tmp_path: Path, *, unlisted: bool) -> None:
    """401 for the list, or for the first question where there is no list: one problem, nothing asked after it."""
    listing = status(404) if unlisted else status(401, f"no such key: {SECRET}")
    with Server(lambda _: status(401, f"no such key: {SECRET}"), listing) as server:
        code, checks, text = doctor(
            tmp_path, "--model", "scripted", "--base-url", server.url, OPENAI_API_KEY=SECRET
        )  # fmt: skip
        assert server.calls == int(unlisted)
    assert code == 1
    problem = checks["mode tools" if unlisted else "endpoint"]
    assert problem["state"] == "problem"
    assert "refuses the key" in problem["said"]
    assert "Set OPENAI_API_KEY" in problem["todo"]
    assert SECRET not in text


def test_a_model_that_the_endpoint_does_not_know(tmp_path: Path) -> None:
    """The list says so, with the models that there are; the question then fails with 404, and only one is asked."""
    with Server(lambda _: status(404, "model not found")) as server:
        code, checks, _ = doctor(tmp_path, "--model", "typo", "--base-url", server.url)
        assert server.calls == 1
    assert code == 1
    assert checks["endpoint"]["state"] == "warning"
    assert "typo is not among the 1 that it lists: scripted" in checks["endpoint"]["said"]
    assert "knows no model 'typo'" in checks["mode tools"]["said"]
    assert "Choose another --model" in checks["mode tools"]["todo"]


def test_a_server_whose_tools_mode_fails(tmp_path: Path) -> None:
    """llama.cpp without templates answers 500 to tools: a warning, and the next mode is remembered and used."""
    with Server(lambda r: status(500, "tools need --jinja") if r.mode == "tools" else right(r)) as server:
        code, checks, _ = doctor(tmp_path, "--model", "scripted", "--base-url", server.url)
        assert server.calls == 4, "a failing mode is not repeated"
    assert code == 0
    assert checks["mode tools"]["state"] == "warning"
    assert "tools need --jinja" in checks["mode tools"]["said"] + checks["mode tools"]["todo"]
    assert "json_schema is used, and remembered" in checks["mode"]["said"]


def test_a_model_that_answers_in_no_mode(tmp_path: Path) -> None:
    """Chatter in every mode: a warning each, one problem in the end."""
    with Server(lambda _: say("Certainly! Here is your table.")) as server:
        code, checks, _ = doctor(tmp_path, "--model", "scripted", "--base-url", server.url)
    assert code == 1
    assert checks["mode"]["state"] == "problem"
    assert "Choose another --model" in checks["mode"]["todo"]
    assert not (tmp_path / "cache" / "endpoints.json").exists()
    assert recall(tmp_path / "cache", "any") == {}


def test_an_inexact_copy_is_a_warning(tmp_path: Path) -> None:
    """A model that changes a digit of the toy text can be used, and is not to be trusted."""
    wrong = {"label": "合计", "rows": ["201 | 12.5", "203 | 0.40"]}
    with Server(lambda _: say(wrong)) as server:
        code, checks, _ = doctor(tmp_path, "--model", "scripted", "--base-url", server.url, "--mode", "json")
        assert server.calls == 1, "only the mode that is chosen"
    assert code == 0
    assert checks["mode json"]["state"] == checks["mode"]["state"] == "warning"
    assert "don't stand in the source" in checks["mode"]["todo"]


def test_settings_that_do_not_work(tmp_path: Path) -> None:
    """A wrong setting, a key without a model, a limit on cost without a price, a missing model file: what to do."""
    (tmp_path / "extractor.toml").write_text("[model]\nconcurency = 2\n", encoding="utf-8")
    code, checks, _ = doctor(tmp_path)
    assert (code, checks["settings"]["state"]) == (1, "problem")
    assert "concurency" in checks["settings"]["said"]
    (tmp_path / "extractor.toml").write_text('[model]\nmodel = "m"\nmax_cost = 1.5\n', encoding="utf-8")
    code, checks, _ = doctor(tmp_path, "--offline")
    assert (code, checks["settings"]["state"]) == (1, "problem")
    assert "model m (extractor.toml)" in checks["settings"]["said"]
    assert "prices.toml" in checks["settings"]["todo"]
    (tmp_path / "extractor.toml").unlink()
    code, checks, _ = doctor(tmp_path, OPENAI_API_KEY=SECRET, EXTRACTOR_GGUF="nowhere.gguf")
    assert (code, checks["settings"]["state"], checks["local"]["state"]) == (0, "warning", "warning")
    assert "Name a model" in checks["settings"]["todo"]
    code, checks, _ = doctor(tmp_path, "--model", "gpt-4o-mini")
    assert (code, checks["endpoint"]["said"]) == (1, "there is no key for api.openai.com")


def _choose(received: Received) -> Answer:
    choices = received.body["response_format"]["json_schema"]["schema"]["properties"]["answers"]["properties"]
    some = {name: choose(random.Random(3), choice["pattern"]) for name, choice in choices.items()}
    return say(json.dumps({"answers": some}, ensure_ascii=False))


def test_a_model_on_this_machine(tmp_path: Path) -> None:
    """Without its file a problem; with a stand-in for llama.cpp it is started and asked, and its process ends."""
    missing = tmp_path / "none.gguf"
    code, checks, _ = doctor(tmp_path, "--model", "local", "--gguf", missing)
    assert (code, checks["local"]["state"]) == (1, "problem")
    assert "no such file" in checks["local"]["said"]
    assert "endpoint" not in checks
    site = tmp_path / "site"
    site.mkdir()
    (site / "xllamacpp.py").write_text(FAKE, encoding="utf-8")
    with Server(_choose) as server:
        environ = {
            "PYTHONPATH": f"{site}:{ROOT}",
            "FAKE_LOG": str(tmp_path / "log"),
            "FAKE_ADDRESS": server.url.removesuffix("/v1"),
        }
        code, checks, _ = doctor(tmp_path, "--model", "local", "--gguf", gguf(tmp_path), **environ)
        assert [r.mode for r in server.received] == ["json_schema"]
    assert code == 0, checks
    assert "is up after" in checks["endpoint"]["said"]
    assert "base_url this machine" in checks["settings"]["said"]
    assert checks["mode json_schema"]["state"] == "ok"
    assert "chooses among what is printed" in checks["mode json_schema"]["said"]
    assert gone(int(starts(tmp_path / "log")[0].split()[0]))


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    """A file in its place: a problem, since every run would pay again."""
    (tmp_path / "cache").write_text("x", encoding="utf-8")
    code, checks, _ = doctor(tmp_path)
    assert code == 1
    assert checks["cache"]["state"] == "problem"
    assert "--cache-dir" in checks["cache"]["todo"]


def test_a_broken_installation_is_named(tmp_path: Path) -> None:
    """A solver that can't be loaded is one problem, and everything else is checked all the same."""
    fake = tmp_path / "fake" / "ortools"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("raise ImportError('wrong platform')", encoding="utf-8")
    code, checks, _ = doctor(tmp_path, PYTHONPATH=f"{fake.parent}:{ROOT}")
    assert code == 1
    assert checks["solver"]["state"] == "problem"
    assert "wrong platform" in checks["solver"]["said"]
    assert checks["cache"]["state"] == "ok"
