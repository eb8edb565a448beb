"""The model on this machine: its server's life and death, with a stand-in for llama.cpp; no real model."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from extractor import Document, Extractor, local
from extractor.answers import Reply, Request
from extractor.client import ModelClient
from extractor.config import ConfigError, ModelConfig, load
from extractor.local import LocalError, LocalServer, attach
from extractor.prompts import TableAnswer

from .conftest import sample
from .server import Received, Server, say

# Stands in for llama.cpp: the file's text after the magic says how loading goes.
FAKE = """
import ctypes, os, signal, sys

POLICY = os.environ.get("OMP_WAIT_POLICY")

class Thing:
    pass

class CommonParams:
    def __init__(self):
        self.model = Thing()

class Server:
    def __init__(self, params):
        with open(os.environ["FAKE_LOG"], "a") as log:
            log.write(f"{os.getpid()} {POLICY} {params.n_ctx} {params.n_parallel} {params.hostnames} {params.port}\\n")
        print("noise of the library", flush=True)
        word = open(params.model.path, "rb").read()[4:].decode()
        if word == "broken":
            print("0.00.1 E llama_model_load: tensor data is out of bounds\\n0.00.2 E srv x: exiting", file=sys.stderr)
            raise RuntimeError("Failed to init server")
        if word == "memory":
            print("0.00.1 E llama_init: failed to allocate buffer for kv cache", file=sys.stderr)
            raise RuntimeError("Failed to init server")
        if word == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if word == "slow":
            ctypes.PyDLL(None).sleep(30)  # holds the interpreter, as the library does while it loads
        self.listening_address = os.environ["FAKE_ADDRESS"]
"""


@pytest.fixture(name="fake")
def _fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the stand-in where both this process and the server's find it; returns its log."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "xllamacpp.py").write_text(FAKE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("FAKE_ADDRESS", "http://127.0.0.1:9")
    monkeypatch.setattr(platformdirs, "user_data_path", lambda _: tmp_path / "data")
    return tmp_path / "log"


def gguf(folder: Path, word: str = "ok") -> Path:
    """Write a stand-in for a model file."""
    path = folder / f"{word}.gguf"
    path.write_bytes(b"GGUF" + word.encode())
    return path


def server_of(config: ModelConfig) -> LocalServer:
    """Return the server behind a configuration."""
    assert isinstance(config.wake, LocalServer)
    return config.wake


def gone(pid: int, within: float = 5.0) -> bool:
    """Wait for a process to end."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if _dead(pid):
            return True
        time.sleep(0.05)
    return False


def _dead(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has asked for its exit code yet."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] == "Z"
    except ProcessLookupError:
        return True
    except FileNotFoundError:  # it went between the two lines, or there is no /proc
        return Path("/proc/self").exists()


def starts(log: Path) -> list[str]:
    """Return the lines that the stand-in wrote, one per start."""
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def test_where_the_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option wins over EXTRACTOR_GGUF, which wins over the config file, whose paths start at its folder."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "extractor.toml"
    file.write_text('[model]\nmodel = "local"\ngguf = "m.gguf"\n', encoding="utf-8")
    assert load({}, {}, file).gguf == tmp_path / "m.gguf"
    assert load({}, {"EXTRACTOR_GGUF": "/e.gguf"}, file).gguf == Path("/e.gguf")
    assert load({"gguf": Path("/o.gguf")}, {"EXTRACTOR_GGUF": "/e.gguf"}, file).gguf == Path("/o.gguf")


def test_local_never_means_another_server(tmp_path: Path, fake: Path) -> None:
    """An address in the environment is for other models; one given with --model local is a contradiction."""
    environ = {"OPENAI_BASE_URL": "https://example.org/v1", "OPENAI_API_KEY": "sk-secret", "EXTRACTOR_MODEL": "local"}
    config = attach(load({"gguf": gguf(tmp_path)}, environ))
    assert config.loopback
    assert config.api_key is not None
    assert config.api_key.get_secret_value() != "sk-secret"
    with pytest.raises(ConfigError, match="--base-url"):
        load({"base_url": "http://127.0.0.1:8080/v1"}, environ)


def test_wake_is_no_setting(tmp_path: Path) -> None:
    """A config file can't name what is to be run."""
    file = tmp_path / "extractor.toml"
    file.write_text('[model]\nwake = "x"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="wake"):
        load({}, {}, file)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"", "not a GGUF"),
        (b"version https://git-lfs", "not a GGUF"),
        ("folder", "can't be read"),
    ],
)
def test_a_file_that_is_no_model_is_refused_at_once(
    tmp_path: Path, fake: Path, content: bytes | str | None, words: str
) -> None:
    """Before anything is read, and with the file's name."""
    path = tmp_path / "m.gguf"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.mkdir()
    with pytest.raises(LocalError, match=words) as caught:
        attach(ModelConfig(model="local", gguf=path))
    assert str(path) in str(caught.value)


def test_without_a_file_the_way_to_one_is_told(fake: Path) -> None:
    """Nothing named and nothing fetched: the message names the command that fetches."""
    with pytest.raises(LocalError, match="extractor local get"):
        Extractor(engine="llm", model=ModelConfig(model="local"))


def test_without_the_package_the_command_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One command, with the pinned version of the project's own metadata."""
    monkeypatch.setattr(local.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(local.importlib.metadata, "requires", lambda _: ["a>=1", "xllamacpp==1.2; extra == 'local'"])
    with pytest.raises(LocalError, match=r"-m pip install xllamacpp==1\.2$"):
        attach(ModelConfig(model="local", gguf=gguf(tmp_path)))


def test_what_is_left_open_suits_a_small_model(tmp_path: Path, fake: Path) -> None:
    """Mode, patience, one call at a time, room for the answer; what the user chose stays."""
    config = attach(ModelConfig(model="local", gguf=gguf(tmp_path)))
    assert (config.mode, config.form, config.concurrency, config.timeout) == ("json_schema", "choices", 1, 1800)
    assert config.max_input_tokens == 8192 - 3072
    chosen = ModelConfig(model="local", gguf=gguf(tmp_path), mode="json", form="rows", concurrency=2, context=2048)
    config = attach(chosen)
    assert (config.mode, config.form, config.concurrency) == ("json", "rows", 2)
    assert config.max_input_tokens == 1024
    assert attach(ModelConfig(model="gpt")).wake is None


def test_each_file_has_a_name_of_its_own(tmp_path: Path, fake: Path) -> None:
    """Else the cache would give one model's answers for another's."""
    first = attach(ModelConfig(model="local", gguf=gguf(tmp_path))).model
    assert attach(ModelConfig(model="local", gguf=gguf(tmp_path))).model == first
    (tmp_path / "ok.gguf").write_bytes(b"GGUFother")
    assert attach(ModelConfig(model="local", gguf=tmp_path / "ok.gguf")).model != first


def test_the_server_starts_once_and_is_told_what_matters(tmp_path: Path, fake: Path) -> None:
    """Waiting threads sleep (set before the library loads), loopback, any free port, room for each call."""
    said: list[str] = []
    config = attach(ModelConfig(model="local", gguf=gguf(tmp_path), concurrency=2), said.append)
    server = server_of(config)
    assert (server.pid, starts(fake)) == (None, [])
    assert server() == server() == "http://127.0.0.1:9/v1"
    assert starts(fake) == [f"{server.pid} PASSIVE 16384 2 ['127.0.0.1'] 0"]
    assert [text.split()[0] for text in said] == ["loading", "ok.gguf"]
    assert server.pid is not None
    os.kill(server.pid, signal.SIGINT)  # Ctrl-C reaches it too; what is being read still needs its answers
    assert not gone(server.pid, within=0.3)
    server.close()
    assert gone(server.pid)


@pytest.mark.parametrize(
    ("word", "words"),
    [("broken", "tensor data is out of bounds"), ("memory", "not enough memory"), ("killed", "not enough memory")],
)
def test_a_model_that_cannot_load_says_why_and_is_not_tried_again(
    tmp_path: Path, fake: Path, word: str, words: str
) -> None:
    """The library's own words, or memory; a second question doesn't load it a second time."""
    server = server_of(attach(ModelConfig(model="local", gguf=gguf(tmp_path, word))))
    for _ in range(2):
        with pytest.raises(LocalError, match=words):
            server()
    assert len(starts(fake)) == 1


def test_a_package_that_does_not_load_is_told(tmp_path: Path, fake: Path) -> None:
    """A broken library isn't a broken model."""
    (tmp_path / "site" / "xllamacpp.py").write_text('raise ImportError("libgomp.so.1")', encoding="utf-8")
    with pytest.raises(LocalError, match=r"libgomp.*pip install"):
        server_of(attach(ModelConfig(model="local", gguf=gguf(tmp_path))))()


PARENT = """
import sys, time
from pathlib import Path
from extractor.config import ModelConfig
from extractor.local import attach
config = attach(ModelConfig(model="local", gguf=Path(sys.argv[1])))
config.wake()
print("ready", flush=True)
if sys.argv[2] == "stay":
    time.sleep(60)
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="while the library loads, only Linux has a sign that needs no Python"
)
@pytest.mark.parametrize("word", ["ok", "slow"])
def test_the_server_dies_with_a_killed_parent(tmp_path: Path, fake: Path, word: str) -> None:
    """Ready or still loading: kill -9 of the parent leaves no gigabyte behind."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(gguf(tmp_path, word)), "stay"], stdout=subprocess.PIPE
    ) as parent:
        end = time.monotonic() + 20
        while not starts(fake) and time.monotonic() < end:
            time.sleep(0.05)
        pid = int(starts(fake)[0].split()[0])
        if word == "ok":
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"ready\n"
        parent.send_signal(signal.SIGKILL)
    assert gone(pid)


def test_the_server_ends_with_the_program(tmp_path: Path, fake: Path) -> None:
    """Nobody has to close anything."""
    subprocess.run([sys.executable, "-c", PARENT, str(gguf(tmp_path)), "go"], check=True, timeout=60)
    assert gone(int(starts(fake)[0].split()[0]))


def _empty(received: Received) -> Any:
    form = received.body["response_format"]["json_schema"]["schema"]
    return say({name: {} if name == "answers" else [] for name in form["properties"]})


def test_one_server_for_all_documents_and_none_for_what_is_known(
    tmp_path: Path, fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two documents, one start; where arithmetic or the cache has the answer, none."""
    model = ModelConfig(model="local", gguf=gguf(tmp_path), cache_dir=tmp_path / "cache")
    with Server(_empty) as http:
        monkeypatch.setenv("FAKE_ADDRESS", http.url.removesuffix("/v1"))
        Extractor(engine="auto", model=model).extract(sample("urumqi_fao_2024_budget"))
        assert starts(fake) == []
        reader = Extractor(engine="llm", model=model, max_repairs=0)
        reader.extract(sample("urumqi_fao_2024_budget"))
        asked = http.calls
        reader.extract(Document.from_text("表 3\n部门支出总体情况表\n单位：万元\n合计 1.00 1.00\n"))
        assert len(starts(fake)) == 1
        assert http.calls > asked > 5
        assert {r.mode for r in http.received} == {"json_schema"}
        keys = {r.headers["authorization"] for r in http.received}
        assert len(keys) == 1
        calls = http.calls
        again = Extractor(engine="llm", model=model, max_repairs=0)
        again.extract(sample("urumqi_fao_2024_budget"))
        assert (http.calls, len(starts(fake))) == (calls, 1)


def test_a_server_that_dies_at_work_is_told_once(tmp_path: Path, fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed for want of memory between two questions: the next reply says so, and the run goes on without it."""
    config = attach(ModelConfig(model="local", gguf=gguf(tmp_path), cache_dir=tmp_path / "cache"))

    async def ask() -> tuple[Reply[TableAnswer], Reply[TableAnswer]]:
        async with ModelClient(config) as client:
            first = await client.ask(Request("s", "one", TableAnswer, "t"))
            os.kill(server_of(config).pid or 0, signal.SIGKILL)
            await asyncio.sleep(0.2)
            return first, await client.ask(Request("s", "two", TableAnswer, "t"))

    with Server(_empty) as http:
        monkeypatch.setenv("FAKE_ADDRESS", http.url.removesuffix("/v1"))
        first, second = asyncio.run(ask())
    assert first.outcome == "ok"
    assert second.outcome == "error"
    assert "not enough memory" in second.message


def test_the_command_line_runs_it(tmp_path: Path, fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--model local --gguf: loading is said on stderr, results are written, the server is gone."""
    file = tmp_path / "one.txt"
    file.write_text("表 3\n部门支出总体情况表\n单位：万元\n合计 1.00 1.00\n", encoding="utf-8")
    with Server(_empty) as http:
        monkeypatch.setenv("FAKE_ADDRESS", http.url.removesuffix("/v1"))
        command = [
            sys.executable,
            "-m",
            "extractor",
            "run",
            str(file),
            "--out",
            str(tmp_path / "out"),
            "--engine",
            "llm",
        ]
        more = ["--model", "local", "--gguf", str(gguf(tmp_path)), "--config", str(_no_cache(tmp_path))]
        done = subprocess.run([*command, *more], capture_output=True, text=True, timeout=60, check=False)
        calls = http.calls
    assert done.returncode in {0, 1}
    assert "loading ok.gguf" in done.stderr
    assert calls > 0
    assert (tmp_path / "out" / "one" / "result.json").exists()
    assert gone(int(starts(fake)[0].split()[0]))


def test_the_command_line_says_what_is_missing(tmp_path: Path, fake: Path) -> None:
    """Wrong usage, with the remedy; `local where` answers for scripts."""
    command = [sys.executable, "-m", "extractor"]
    ran = subprocess.run(
        [*command, "run", "x.txt", "--out", str(tmp_path / "o"), "--model", "local", "--gguf", "/nowhere.gguf"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "/nowhere.gguf: no such file" in ran.stderr
    where = [*command, "local", "where", "--json", "--gguf", str(gguf(tmp_path))]
    told = subprocess.run(where, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(told.stdout)["path"] == str(tmp_path / "ok.gguf")


def _no_cache(folder: Path) -> Path:
    path = folder / "extractor.toml"
    path.write_text('[model]\ncache_dir = "cache"\n', encoding="utf-8")
    return path
