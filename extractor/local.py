"""A model on this machine: any GGUF file behind llama.cpp's own server, in a process of its own.

``attach`` turns a configuration with ``model = "local"`` into one that any client can use. Nothing is loaded until the
first question that the cache can't answer; then the server starts once, for all documents, and ends with this process
(see :mod:`extractor.local_server`), also where that is killed.
"""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import queue
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from pydantic import SecretStr

from .config import LOCAL, ModelConfig
from .errors import ExtractorError
from .weights import QWEN, default_path

CONTEXT = 8192  # tokens for prompt and answer; with the model of `local get` 2.1 GB of memory in all
ANSWER = 3072  # of these, for the answer
_PLACE = "http://127.0.0.1/v1"  # until the server runs and has a port
_PATIENCE = 1800.0  # seconds for one call: a small machine writes a few tokens a second
_EDGE = 1 << 20
_KILLED = -9  # by the system, where memory runs out
_SCRIPT = Path(__file__).with_name("local_server.py")
_MEMORY = re.compile(r"(?i)failed to allocate|out of memory|bad_alloc|cannot allocate|can't allocate")
_PORT = re.compile(r"(?i)couldn't bind|failed to bind|address already in use")
_FAULT = re.compile(r"^[\d.]+ E +(?:\S+ +)?\S+: (.+)$")

Say = Callable[[str], None]


class LocalError(ExtractorError):
    """The local model can't run: a package, the file, memory or a port is missing; the message says what to do."""


def attach(config: ModelConfig, say: Say | None = None) -> ModelConfig:
    """Put a server behind ``model = "local"``; every other configuration comes back as it is.

    What the configuration leaves open is set for a small model on a small machine: mode ``json_schema``, choices in
    place of copies, one call at a time, long patience. The model's id becomes one of the file's own, so that the cache
    never takes one model's answer for another's.

    Args:
        config: The configuration.
        say: Is told what takes long.

    Raises:
        LocalError: The extra isn't installed, or there is no model file.
    """
    if config.model != LOCAL:
        return config
    gguf = model_file(config.gguf)
    if not config.offline and importlib.util.find_spec("xllamacpp") is None:
        raise LocalError(f"A local model needs one more package. Install it with: {install_command()}")
    chosen = config.model_fields_set
    context = config.context or CONTEXT
    settings: dict[str, Any] = {
        "model": f"{LOCAL}/{identity(gguf)}", "gguf": gguf, "base_url": _PLACE, "context": context,
        "api_key": SecretStr(secrets.token_urlsafe(24)),
    }  # fmt: skip
    usual = {
        "mode": "json_schema", "form": "choices", "concurrency": 1, "max_output_tokens": min(ANSWER, context // 2),
        "timeout": _PATIENCE, "time_limit": 2 * _PATIENCE, "attempts": 2,
    }  # fmt: skip
    settings.update({name: value for name, value in usual.items() if name not in chosen})
    attached = config.model_copy(update=settings)
    return attached.model_copy(update={"wake": LocalServer(attached, say)})


def model_file(named: Path | None) -> Path:
    """Return the file to load: the one that is named, else the one that ``extractor local get`` has fetched.

    Raises:
        LocalError: There is none, or it is no GGUF file.
    """
    path = named or default_path()
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except FileNotFoundError:
        if named is None:
            raise LocalError(
                f"There is no model file. `extractor local get` fetches one ({QWEN.size / 1e9:.1f} GB); any other "
                "GGUF file does too: name it with --gguf or in EXTRACTOR_GGUF."
            ) from None
        raise LocalError(f"{path}: no such file. Look at --gguf and EXTRACTOR_GGUF.") from None
    except OSError as error:
        raise LocalError(f"{path}: can't be read ({error.strerror}). Look at --gguf and EXTRACTOR_GGUF.") from None
    if start != b"GGUF":
        raise LocalError(f"{path}: not a GGUF file. Name a model in llama.cpp's format, its name ends in .gguf.")
    return path.absolute()


def identity(gguf: Path) -> str:
    """Return a name for a model file that another file doesn't have: its stem and a hash of its size and both ends."""
    digest = hashlib.sha256()
    with gguf.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        digest.update(str(size).encode())
        for start in (0, max(0, size - _EDGE)):
            file.seek(start)
            digest.update(file.read(_EDGE))
    return f"{gguf.stem}@{digest.hexdigest()[:12]}"


def install_command() -> str:
    """Return the command that installs what the extra ``local`` names, at its pinned version."""
    try:
        wanted = importlib.metadata.requires("extractor") or []
    except importlib.metadata.PackageNotFoundError:
        wanted = []
    of_extra = [r.partition(";")[0].strip() for r in wanted if re.search(r"extra\s*==\s*['\"]local['\"]", r)]
    return f"{sys.executable} -m pip install {' '.join(of_extra) or 'xllamacpp'}"


class LocalServer:
    """The server's process: started by the first call, ended by :meth:`close` or with this process."""

    def __init__(self, config: ModelConfig, say: Say | None = None, *, command: tuple[str, ...] | None = None) -> None:
        """Prepare; nothing runs yet.

        Args:
            config: Where the file is (``gguf``), its key, context and concurrency.
            say: Is told that the model loads, and when it has.
            command: What to run in place of the server.
        """
        self._config, self._say = config, say or (lambda _: None)
        # By path and without the script's folder in front: its neighbours are named like other packages.
        self._command = command or (sys.executable, "-P", str(_SCRIPT))
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._end: weakref.finalize[..., LocalServer] | None = None
        self._url, self._broken = "", ""

    def __call__(self) -> str:
        """Return the base URL, as soon as the server is ready.

        Raises:
            LocalError: It can't start, or has died; it isn't started twice.
        """
        with self._lock:
            if self._process is not None and not self._broken and self._process.poll() is not None:
                self._broken = self._why("stopped while it was at work")
            if self._broken:
                raise LocalError(self._broken)
            if self._process is None:
                self._start()
            return self._url

    def close(self) -> None:
        """End the server, if it runs."""
        if self._end is not None:
            self._end()

    @property
    def pid(self) -> int | None:
        """The server's process, or None before it was needed."""
        return self._process.pid if self._process else None

    def _start(self) -> None:
        config = self._config
        gguf = Path(str(config.gguf))
        begin = time.monotonic()
        self._say(f"loading {gguf.name} ({gguf.stat().st_size / 1e9:.1f} GB)")
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the server
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log
        )
        self._end = weakref.finalize(self, _stop, self._process, self._log)
        wanted = {
            "gguf": str(gguf), "model": config.model, "context": config.context or CONTEXT,
            "parallel": config.concurrency, "key": config.api_key.get_secret_value() if config.api_key else "",
        }  # fmt: skip
        with contextlib.suppress(OSError):  # it died at once; its silence says so below
            assert self._process.stdin is not None  # noqa: S101 - for the type checker
            self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
            self._process.stdin.flush()
        said = self._first_line(begin)
        self._url = f"{said['address']}/v1" if said.get("address") else ""
        if not self._url:
            self._broken = self._why(str(said.get("error") or "gives no sign"))
            self.close()
            raise LocalError(self._broken)
        self._say(f"{gguf.name} is ready after {time.monotonic() - begin:.0f} s")

    def _first_line(self, begin: float) -> dict[str, Any]:
        """Wait for the one line that the process says; it may take minutes, and ends with the process."""
        lines: queue.Queue[bytes] = queue.Queue()
        stdout = self._process.stdout if self._process else None
        assert stdout is not None  # noqa: S101 - for the type checker
        threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=10)
            except queue.Empty:
                self._say(f"still loading ({time.monotonic() - begin:.0f} s)")
                continue
            try:
                said = json.loads(line)
            except ValueError:
                return {}
            return said if isinstance(said, dict) else {}

    def _why(self, said: str) -> str:
        """Say why the server doesn't run, by its last words and its death."""
        code, text = 0, ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=5) if self._process else 0
        if self._log is not None and not self._log.closed:
            self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 20_000))
            text = self._log.read().decode("utf-8", "replace")
        name = self._config.gguf.name if self._config.gguf else LOCAL
        if _MEMORY.search(text + said) or code == _KILLED:
            return (
                f"{name}: not enough memory for the local model. Close other programs, take a smaller file, or set "
                f"context (now {self._config.context}) lower in the table [model] of extractor.toml."
            )
        if said.startswith("import: "):
            return f"The package xllamacpp doesn't load: {said[8:]}. Install it again with: {install_command()}"
        if _PORT.search(text):
            return f"{name}: the local model finds no free port on 127.0.0.1. Try again."
        faults = [m[1] for line in text.splitlines() if (m := _FAULT.match(line))]
        last = faults[0] if faults else (text.strip().splitlines() or [said])[-1]
        return (
            f"{name}: llama.cpp can't run this file (exit {code}): {last[:300]}. It may be cut off, damaged or of a "
            "kind that this version doesn't know; fetch it again, or try another."
        )


def _stop(process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    """End a server: the end of its stdin is its sign."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):  # it is dead already
            process.stdin.close()
    try:
        process.wait(timeout=3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
    log.close()
