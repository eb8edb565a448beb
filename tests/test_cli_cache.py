"""``extractor cache``, as a user calls it."""

import json
import os
import sqlite3
import time
from pathlib import Path

from extractor.answers import PROBE, PROBE_ANSWER
from extractor.cache import Cache
from extractor.stored import Stored

from .cli import extractor, here
from .conftest import BUDGETS, SAMPLES
from .server import Answer, Received, Server, say
from .test_model_reader import model

NAME = BUDGETS[1]
FILE = SAMPLES / f"{NAME}.txt"
SECRET = "sk-this-is-a-secret"  # noqa: S105 - of nobody


def answer(received: Received) -> Answer:
    """Answer the question for the endpoint's mode, and every table rightly."""
    return say(PROBE_ANSWER.model_dump()) if PROBE.user in received.prompt else model(NAME)(received)


def fill(folder: Path, *models: str) -> None:
    """Keep an answer of each model."""
    with Cache(folder) as cache:
        for number, name in enumerate(models):
            cache.put(f"{number:064x}", Stored("{}", "stop", 1, 1, model=name))


def count(folder: Path) -> int:
    """Return the number of answers."""
    found = json.loads(here("cache", "stats", "--cache-dir", folder, "--json").stdout)
    return int(found["entries"])


def test_answers_travel_to_another_machine(tmp_path: Path) -> None:
    """Asked here, exported, imported there, read offline there: the same bytes, no call, no key in the file."""
    options = ("--engine", "llm", "--model", "scripted")
    with Server(answer) as server:
        online = (*options, "--base-url", server.url, "--cache-dir", tmp_path / "here")
        extractor("run", FILE, "--out", tmp_path / "a", *online, env={"OPENAI_API_KEY": SECRET})
        calls = server.calls
        assert server.received[-1].headers["authorization"] == f"Bearer {SECRET}"
    export = tmp_path / "answers.jsonl"
    done = here("cache", "export", export, "--cache-dir", tmp_path / "here")
    assert done.returncode == 0, done.stderr
    text = export.read_text(encoding="utf-8")
    entries = [json.loads(line) for line in text.splitlines()]
    assert SECRET not in text
    assert server.url not in text
    done = here("cache", "import", export, "--cache-dir", tmp_path / "there")
    assert f"{len(entries)} answers added, 0 were there already" in done.stderr
    offline = (*options, "--offline", "--cache-dir", tmp_path / "there")
    done = extractor("run", FILE, "--out", tmp_path / "b", *offline)
    assert done.returncode == 1, done.stderr
    assert f"0 calls (0 failed), {len(entries)} answers from the cache" in done.stderr
    assert len(entries) <= calls
    for name in ("result.json", "facts.jsonl", "findings.jsonl"):
        assert (tmp_path / "a" / NAME / name).read_bytes() == (tmp_path / "b" / NAME / name).read_bytes()


def test_stats_say_what_is_there(tmp_path: Path) -> None:
    """Folder, answers, size, models, oldest and newest; for people and as JSON."""
    fill(tmp_path, "a", "b", "a")
    found = json.loads(here("cache", "stats", "--cache-dir", tmp_path, "--json").stdout)
    assert (found["folder"], found["entries"], found["state"]) == (str(tmp_path), 3, "ok")
    assert found["models"] == {"a": 2, "b": 1}
    assert found["bytes"] > 0
    assert time.time() - 60 < found["oldest"] <= found["newest"] <= time.time()
    shown = here("cache", "stats", "--cache-dir", tmp_path).stdout
    assert "model    a: 2" in shown
    assert str(tmp_path) in shown


def test_the_config_file_names_the_cache(tmp_path: Path) -> None:
    """extractor.toml decides for cache as for run, and its folder counts from its own place."""
    fill(tmp_path / "kept", "a")
    (tmp_path / "extractor.toml").write_text('[model]\ncache_dir = "kept"\n', encoding="utf-8")
    done = here("cache", "stats", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["entries"] == 1


def test_a_broken_line_is_named_and_nothing_is_half_imported(tmp_path: Path) -> None:
    """Its number is printed, the exit code tells, the cache is as before; --skip-broken adds the others."""
    fill(tmp_path / "a", "m", "m", "m")
    export = tmp_path / "a.jsonl"
    here("cache", "export", export, "--cache-dir", tmp_path / "a")
    lines = export.read_text(encoding="utf-8").splitlines()
    export.write_text("\n".join([lines[0], lines[1][:40], lines[2]]) + "\n", encoding="utf-8")
    done = here("cache", "import", export, "--cache-dir", tmp_path / "b")
    assert done.returncode == 3
    assert "1 lines are no answers: 2. Nothing was added." in done.stderr
    assert count(tmp_path / "b") == 0
    done = here("cache", "import", export, "--cache-dir", tmp_path / "b", "--skip-broken")
    assert done.returncode == 3
    assert "2 answers added" in done.stderr
    assert count(tmp_path / "b") == 2
    done = here("cache", "import", tmp_path / "none.jsonl", "--cache-dir", tmp_path / "b")
    assert done.returncode == 3
    assert "none.jsonl: can't be read" in done.stderr


def test_an_import_where_nothing_can_be_kept_says_so(tmp_path: Path) -> None:
    """A file in the folder's place: exit code 3 and no claim that something was added."""
    fill(tmp_path / "a", "m")
    here("cache", "export", tmp_path / "a.jsonl", "--cache-dir", tmp_path / "a")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    done = here("cache", "import", tmp_path / "a.jsonl", "--cache-dir", tmp_path / "file")
    assert done.returncode == 3
    assert "nothing can be kept there" in done.stderr
    assert "added" not in done.stderr


def test_clear_asks_and_chooses(tmp_path: Path) -> None:
    """Without yes nothing goes; by model, by age, and all."""
    fill(tmp_path, "old", "a-1", "a-2", "b")
    clear = ("cache", "clear", "--cache-dir", tmp_path)
    with sqlite3.connect(tmp_path / "answers" / "cache.db") as database:
        database.execute("UPDATE Cache SET store_time = store_time - 86400 * 31 WHERE key = ?", (f"{0:064x}",))
    database.close()
    for said in ("n\n", ""):
        done = here(*clear, said=said)
        assert done.returncode == 1
        assert "Forget 4 answers" in done.stderr
        assert "Traceback" not in done.stderr
    assert count(tmp_path) == 4
    assert "1 answers forgotten" in here(*clear, "--older-than", "30d", said="y\n").stderr
    assert "0 answers forgotten" in here(*clear, "--older-than", "30d", "--yes").stderr
    assert "2 answers forgotten" in here(*clear, "--model", "a-*", "--yes").stderr
    done = here(*clear, "--older-than", "soon", "--yes")
    assert done.returncode == 2
    assert "such as 30d" in done.stderr
    assert count(tmp_path) == 1
    (tmp_path / "endpoints.json").write_text("{}", encoding="utf-8")
    assert "1 answers forgotten" in here(*clear, "--yes").stderr
    assert count(tmp_path) == 0
    assert not os.path.lexists(tmp_path / "endpoints.json")
