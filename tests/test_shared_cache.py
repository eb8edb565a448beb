"""The cache on a Redis server: a real one on loopback, shared by runs, damaged, gone in the middle, not there."""

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extractor.cache import CacheError
from extractor.shared_cache import SharedCache
from extractor.transfer import export, import_

from .conftest import BUDGETS, SAMPLES
from .scripted import model
from .server import Server
from .test_cache import ANSWER, key
from .test_runs import command

redis = pytest.importorskip("redis", reason="the extra redis isn't installed")
BINARY = shutil.which("redis-server") or shutil.which("valkey-server")
pytestmark = pytest.mark.skipif(BINARY is None, reason="no redis-server or valkey-server here: apt-get install one")
NAME = BUDGETS[1]


class Store:
    """A server of its own, with nothing in it, that can be stopped and asked past our code."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._folder = folder
        self.address = f"redis://:secret@127.0.0.1:{self.port}/3"
        self.direct: Any = redis.Redis.from_url(self.address)
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--requirepass", "secret"]
        self._process = subprocess.Popen(
            [str(BINARY), *options, "--dir", str(self._folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(500):
            with contextlib.suppress(redis.RedisError):
                self.direct.ping()
                return
            time.sleep(0.02)
        pytest.fail("the server doesn't start")

    def stop(self) -> None:
        """Stop it."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty server."""
    running = Store(tmp_path)
    yield running
    running.direct.close()
    running.stop()


def test_it_keeps_moves_and_forgets_answers_like_the_one_in_a_folder(store: Store, tmp_path: Path) -> None:
    """What is put is got by others, letter by letter; exports are those of a folder; what is not ours stays."""
    store.direct.set("mine", "x")
    with SharedCache(store.address) as one, SharedCache(store.address.replace("redis", "valkey")) as two:
        one.check()
        assert one.put(key(1), ANSWER)
        assert two.get(key(1)) == ANSWER
        assert two.get(key(2)) is None
        two.put(key(2), ANSWER)
        assert export(one, tmp_path / "a.jsonl") == 2
        assert two.forget([key(1), key(7)]) == 1
        assert one.get(key(1)) is None
        done = import_(two, tmp_path / "a.jsonl")
        assert (done.added, done.known) == (1, 1)
        stats = one.stats()
        assert (stats.entries, stats.state, stats.models) == (2, "ok", {"m": 2})
        assert stats.oldest is not None
        assert time.time() - stats.oldest < 60
        assert one.clear() == 2
        assert two.get(key(2)) is None
    assert store.direct.keys() == [b"mine"]


@pytest.mark.parametrize("rubbish", [b"{", b"\xff\xfe", b'{"text": "x"}'])
def test_a_damaged_entry_is_missing(store: Store, rubbish: bytes) -> None:
    """It is asked for again, and said once."""
    told: list[str] = []
    store.direct.set("extractor:answer:" + key(1), rubbish)
    store.direct.lpush("extractor:answer:" + key(2), "no text at all")
    with SharedCache(store.address, told.append) as cache:
        assert cache.get(key(1)) is None
        assert cache.get(key(2)) is None
        cache.put(key(1), ANSWER)
        assert cache.get(key(1)) == ANSWER
    assert len(told) == 2


def test_a_server_that_goes_away_costs_calls_not_the_run(store: Store) -> None:
    """New answers stay in memory; no password is ever shown."""
    told: list[str] = []
    with SharedCache(store.address, told.append) as cache:
        cache.put(key(1), ANSWER)
        store.stop()
        assert cache.get(key(1)) is None
        assert not cache.put(key(2), ANSWER)
        assert cache.get(key(2)) == ANSWER
        store.start()
        assert cache.put(key(3), ANSWER)
    assert len(told) == 2
    assert "secret" not in "".join(told)


def test_two_machines_share_what_was_paid(store: Store, tmp_path: Path) -> None:
    """Two runs with folders of their own: the second makes no call and gives the same bytes; `cache stats` counts."""
    text = (SAMPLES / f"{NAME}.txt").read_text(encoding="utf-8")
    (tmp_path / "in.txt").write_text("".join(text.splitlines(keepends=True)[:410]), encoding="utf-8")
    with Server(model(NAME)) as server:
        calls = []
        for name in "ab":
            folder = tmp_path / name
            options = ["--model", "scripted", "--base-url", server.url, "--mode", "tools", "--engine", "llm"]
            options += ["--cache", store.address, "--cache-dir", folder / "cache", "--quiet"]
            done = command("run", tmp_path / "in.txt", "--out", folder, *options)
            assert done.exit_code == 0, done.output
            calls.append(server.calls)
    assert calls[0] == calls[1] > 0
    files = [(tmp_path / name / "in" / "result.json").read_bytes() for name in "ab"]
    assert files[0] == files[1]
    assert not list(tmp_path.glob("?/cache/answers/*"))
    stats = json.loads(command("cache", "stats", "--cache", store.address, "--json").stdout)
    assert stats["entries"] == calls[0]
    assert "secret" not in stats["folder"]


def test_a_server_that_is_not_there_is_said_at_the_beginning(store: Store, tmp_path: Path) -> None:
    """No file is read, no call made; a wrong password and a wrong address are told apart from it."""
    with pytest.raises(CacheError, match="password"):
        SharedCache(store.address.replace("secret", "wrong")).check()
    store.stop()
    (tmp_path / "in.txt").write_text("x", encoding="utf-8")
    options = ["--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--cache", store.address]
    done = command("run", tmp_path / "in.txt", "--out", tmp_path / "out", *options)
    assert done.exit_code == 2
    assert "can't be used" in done.output
    assert "Is the server running" in done.output
    assert "secret" not in done.output
    assert not (tmp_path / "out").exists()
    assert "can't be used" in command("cache", "stats", "--cache", store.address).output
    doctor = command("doctor", "--cache", store.address, "--offline")
    assert "problem  cache" in doctor.output
    assert "secret" not in doctor.output
    assert "must be an address" in command("run", tmp_path, "-o", tmp_path / "out", "--cache", "http://x").output
    store.start()
