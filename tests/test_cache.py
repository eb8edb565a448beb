"""The cache: what goes in comes out, whatever happens to the file, the folder or the process."""

import json
import os
import pickle
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from extractor.cache import Cache, CacheError
from extractor.endpoint import recall, remember
from extractor.stored import Stored, request_key
from extractor.transfer import export, import_

from .conftest import ROOT

ANSWER = Stored('{"a": "合计 \\u0000\\r\\n"}\r\n', "stop", 12, 3, 1, estimated=False, model="m")


def key(number: int) -> str:
    """Return a key."""
    return f"{number:064x}"


def test_what_is_put_is_got_in_another_process_too(tmp_path: Path) -> None:
    """Texts come back letter by letter, large ones too, and no file but the database is written."""
    large = replace(ANSWER, text="表\r\n" * 100_000)
    with Cache(tmp_path) as cache:
        cache.put(key(1), ANSWER)
        cache.put(key(2), large)
        assert cache.get(key(3)) is None
    with Cache(tmp_path) as cache:
        assert (cache.get(key(1)), cache.get(key(2))) == (ANSWER, large)
        stats = cache.stats()
        assert (stats.entries, stats.state, cache.warnings) == (2, "ok", [])
        assert stats.bytes > 100_000
    assert not list(tmp_path.rglob("*.val"))


def test_the_key_depends_on_everything_that_decides_an_answer() -> None:
    """Every part changes it; the order of mappings' names doesn't, except in the schema."""
    base: dict[str, Any] = {
        "model": "m",
        "parameters": {"temperature": 0.0, "max_output_tokens": 10},
        "mode": "tools",
        "messages": [{"role": "user", "content": "表 \ud800"}],
        "schema": {"a": 1, "b": 2},
        "attempt": 0,
    }
    first = request_key(**base)
    assert first == request_key(**{**base, "parameters": {"max_output_tokens": 10, "temperature": 0.0}})
    changes: list[dict[str, Any]] = [
        {"model": "n"},
        {"parameters": {"temperature": 0.1, "max_output_tokens": 10}},
        {"mode": "json"},
        {"messages": [{"role": "user", "content": "表"}]},
        {"schema": {"b": 2, "a": 1}},
        {"attempt": 1},
    ]
    keys = {request_key(**{**base, **change}) for change in changes}
    assert len(keys | {first}) == 7


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    """An entry that another program pickled into the database is as if it weren't there."""
    with Cache(tmp_path) as cache:
        cache.put(key(1), ANSWER)
    bomb = pickle.dumps(os.getcwd)
    with sqlite3.connect(tmp_path / "answers" / "cache.db") as database:
        database.execute("UPDATE Cache SET mode = 4, value = ?", (bomb,))
    database.close()
    with Cache(tmp_path) as cache:
        assert cache.get(key(1)) is None
        cache.put(key(1), ANSWER)
        assert cache.get(key(1)) == ANSWER


@pytest.mark.parametrize("relative", [False, True])
def test_no_row_of_a_database_removes_a_file(tmp_path: Path, *, relative: bool) -> None:
    """A row that names a file as its own: it stays when the answer comes anew, and when all are cleared."""
    precious = tmp_path / "home" / "precious.txt"
    precious.parent.mkdir()
    precious.write_text("mine")
    folder = tmp_path / "cache"
    named = os.path.relpath(precious, folder / "answers") if relative else str(precious)
    for done in (lambda c: c.put(key(1), ANSWER), lambda c: c.clear()):
        with Cache(folder) as cache:
            cache.put(key(1), ANSWER)
        with sqlite3.connect(folder / "answers" / "cache.db") as database:
            database.execute("UPDATE Cache SET mode = 2, value = NULL, filename = ?", (named,))
        database.close()
        with Cache(folder) as cache:
            assert cache.get(key(1)) is None
            done(cache)
        assert precious.read_text() == "mine"


@pytest.mark.parametrize(("name", "value"), [("disk_fetch", "os.system"), ("close", "x"), ("statistics", "yes")])
def test_settings_that_no_cache_has_are_damage(tmp_path: Path, name: str, value: str) -> None:
    """They would be set on what reads it."""
    with Cache(tmp_path) as cache:
        cache.put(key(1), ANSWER)
    with sqlite3.connect(tmp_path / "answers" / "cache.db") as database:
        database.execute("INSERT OR REPLACE INTO Settings VALUES (?, ?)", (name, value))
    database.close()
    with Cache(tmp_path) as cache:
        assert cache.get(key(1)) is None
        assert cache.put(key(1), ANSWER)
        assert ["its settings are not a cache's" in w for w in cache.warnings] == [True]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"text": "x"}', ANSWER.to_json().replace("12", '"12"')])
def test_a_damaged_entry_is_missing_and_reported_once(tmp_path: Path, text: str) -> None:
    """An entry that is no stored answer counts as missing."""
    told: list[str] = []
    with Cache(tmp_path, told.append) as cache:
        cache._disk.set(key(1), text)
        assert cache.get(key(1)) is None
        assert cache.get(key(1)) is None
    assert len(told) == 1


def test_export_and_import_carry_answers_over(tmp_path: Path) -> None:
    """Exports are the same byte for byte; an import adds what is new, keeps what is there and names bad lines."""
    with Cache(tmp_path / "a") as cache:
        for number in (3, 1, 2):
            cache.put(key(number), replace(ANSWER, text=str(number)))
        assert export(cache, tmp_path / "a.jsonl") == 3
    text = (tmp_path / "a.jsonl").read_text(encoding="utf-8")
    lines = text.splitlines()
    assert [json.loads(line)["key"] for line in lines] == [key(1), key(2), key(3)]
    bad = ["", "{", '{"key": 1, "value": {}}', lines[0].replace(key(1), "../x"), lines[0].replace('"model"', '"odel"')]
    (tmp_path / "b.jsonl").write_text("\n".join([*bad, *lines]) + "\n", encoding="utf-8")
    with Cache(tmp_path / "b") as cache:
        cache.put(key(2), replace(ANSWER, text="mine"))
        refused = import_(cache, tmp_path / "b.jsonl")
        assert (refused.added, refused.known, refused.bad_lines) == (0, 0, (1, 2, 3, 4, 5))
        assert cache.stats().entries == 1
        done = import_(cache, tmp_path / "b.jsonl", skip_broken=True)
        assert (done.added, done.known, done.bad_lines) == (2, 1, (1, 2, 3, 4, 5))
        kept = cache.get(key(2))
        assert kept is not None
        assert kept.text == "mine"
        assert import_(cache, tmp_path / "a.jsonl").added == 0
    with Cache(tmp_path / "c") as cache:
        import_(cache, tmp_path / "a.jsonl")
        export(cache, tmp_path / "c.jsonl")
        with pytest.raises(CacheError, match=r"none"):
            export(cache, tmp_path / "none" / "x.jsonl")
        with pytest.raises(CacheError, match=r"none"):
            import_(cache, tmp_path / "none.jsonl")
    assert (tmp_path / "c.jsonl").read_text(encoding="utf-8") == text


def test_clear_forgets_answers_and_endpoints(tmp_path: Path) -> None:
    """Nothing is left, and the cache works on."""
    assert remember(tmp_path, "e", {"mode": "json"})
    with Cache(tmp_path) as cache:
        cache.put(key(1), ANSWER)
        assert cache.clear() == 1
        assert cache.get(key(1)) is None
        cache.put(key(2), ANSWER)
        assert cache.stats().entries == 1
    assert recall(tmp_path, "e") == {}


def test_a_damaged_database_is_worked_around_and_kept(tmp_path: Path) -> None:
    """A file that is no database is left alone; answers go to a second one, this time and the next."""
    told: list[str] = []
    database = tmp_path / "answers" / "cache.db"
    database.parent.mkdir()
    database.write_bytes(b"this is not a database at all, " * 100)
    before = database.read_bytes()
    with Cache(tmp_path, told.append) as cache:
        cache.put(key(1), ANSWER)
        assert cache.get(key(1)) == ANSWER
        assert cache.stats().state == "ok"
    assert len(told) == 1
    assert "damaged" in told[0]
    assert database.read_bytes() == before
    with Cache(tmp_path) as cache:
        assert cache.get(key(1)) == ANSWER
        assert cache.clear() == 1
    with Cache(tmp_path) as cache:
        assert cache.warnings == []
        assert cache.stats().entries == 0


def test_damage_in_mid_file_does_not_stop_a_run(tmp_path: Path) -> None:
    """Pages overwritten with rubbish: reading fails softly, writing goes on, one report each."""
    with Cache(tmp_path) as cache:
        for number in range(300):
            cache.put(key(number), replace(ANSWER, text="x" * 500))
    database = tmp_path / "answers" / "cache.db"
    with database.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(os.urandom(database.stat().st_size - 4096 * 4))
    with Cache(tmp_path) as cache:
        for number in range(300):
            if cache.get(key(number)) is None:
                cache.put(key(number), ANSWER)
        assert all(cache.get(key(number)) is not None for number in range(300))
        assert 1 <= len(cache.warnings) <= 3
        cache.stats()


def test_a_folder_that_cannot_be_made_leaves_memory(tmp_path: Path) -> None:
    """A file in the folder's place: answers are kept for this run, with one report."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    told: list[str] = []
    with Cache(tmp_path / "file" / "cache", told.append) as cache:
        cache.put(key(1), ANSWER)
        assert cache.get(key(1)) == ANSWER
        assert cache.get(key(2)) is None
        assert cache.stats().state == "memory"
        assert cache.stats().entries == 1
    assert len(told) == 1
    assert not remember(tmp_path / "file" / "cache", "e", {})


READ_ONLY = """
import os, sys
from pathlib import Path
from extractor.cache import Cache
from tests.test_cache import ANSWER, key
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
told = []
with Cache(Path(sys.argv[1]), told.append) as cache:
    assert cache.get(key(1)) == ANSWER, told
    cache.put(key(2), ANSWER)
    assert cache.get(key(2)) == ANSWER
    assert cache.stats().state == "read-only", cache.stats()
    assert cache.stats().entries == 2
assert len(told) == 1, told
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_a_read_only_cache_is_read() -> None:
    """Old answers are found, new ones are kept in memory, and it is said once."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Cache(folder) as cache:
            cache.put(key(1), ANSWER)
        for path in (folder, *folder.rglob("*")):
            path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH | (0o111 if path.is_dir() else 0))
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, name], cwd=ROOT, capture_output=True, text=True, check=False
        )
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
    assert done.returncode == 0, done.stderr


WRITER = """
import sys
from pathlib import Path
from extractor.cache import Cache
from tests.test_cache import ANSWER, key
first, count = int(sys.argv[2]), int(sys.argv[3])
with Cache(Path(sys.argv[1])) as cache:
    for number in range(first, first + count):
        cache.put(key(number), ANSWER)
        assert cache.get(key(number)) == ANSWER
        print(number, flush=True)
    assert cache.warnings == [], cache.warnings
"""


def writer(folder: Path, first: int, count: int) -> "subprocess.Popen[str]":
    """Start a process that writes answers and prints each number after it is written."""
    command = [sys.executable, "-c", WRITER, str(folder), str(first), str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_share_a_cache_and_a_killed_one_leaves_it_whole(tmp_path: Path) -> None:
    """Three processes write at once, one is killed: every answer that was written is there, the file is sound."""
    victim = writer(tmp_path, 100_000, 100_000)
    others = [writer(tmp_path, 1000 * n, 150) for n in range(2)]
    assert victim.stdout is not None
    seen = [int(victim.stdout.readline()) for _ in range(40)]
    victim.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    # Not communicate(): it would leave out what is buffered here.
    seen += [int(line) for line in victim.stdout if line.endswith("\n")]
    victim.communicate(timeout=20)
    for process in others:
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 0, errors
    with Cache(tmp_path) as cache:
        wanted = [*seen, *range(150), *range(1000, 1150)]
        assert all(cache.get(key(number)) == ANSWER for number in wanted)
        assert cache.stats().entries - len(wanted) in {0, 1}, "one may be written and not yet printed"
        begin = time.monotonic()
        cache.put(key(7), ANSWER)
        assert time.monotonic() - begin < 5, "no lock is left behind"
        assert cache.warnings == []
    database = sqlite3.connect(tmp_path / "answers" / "cache.db")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def test_facts_about_endpoints_survive_rubbish(tmp_path: Path) -> None:
    """A file that isn't JSON is replaced; facts of several endpoints stand side by side."""
    (tmp_path / "endpoints.json").write_text("{", encoding="utf-8")
    assert recall(tmp_path, "a") == {}
    assert remember(tmp_path, "a", {"mode": "tools"})
    assert remember(tmp_path, "b", {"mode": "json"})
    assert (recall(tmp_path, "a"), recall(tmp_path, "b")) == ({"mode": "tools"}, {"mode": "json"})
    assert [p.name for p in tmp_path.iterdir()] == ["endpoints.json"]
