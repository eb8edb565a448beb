"""The command as a user calls it, from this checkout whatever else is installed, and without the user's settings."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from unittest import mock

from extractor.cli import main

from .conftest import ROOT

_SETTINGS = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "EXTRACTOR_MODEL", "EXTRACTOR_GGUF")


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a command: nothing of the user's configuration, and what the test adds."""
    kept = {name: value for name, value in os.environ.items() if name not in _SETTINGS}
    return {**kept, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": "/nonexistent", **(more or {})}


def extractor(
    *arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None, said: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the command; ``said`` is what the user types."""
    command = [sys.executable, "-m", "extractor", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=environment(env), input=said, check=False, timeout=120
    )


def interrupted(arguments: Sequence[str], ready: Callable[[], bool]) -> str:
    """Run the command, send it a real SIGINT once it is ready, and return what it says; it ends at once and quietly."""
    command = [sys.executable, "-m", "extractor", *arguments]
    run = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while not ready() and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.3)  # the last answer is on its way to the cache
    begin = time.monotonic()
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=30)
    assert run.returncode == 130, errors
    assert time.monotonic() - begin < 10
    assert "Traceback" not in errors
    return errors


def here(
    *arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None, said: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the command in this process: for what neither reads documents nor is about processes, and quicker."""
    command = ["extractor", *map(str, arguments)]
    streams = io.StringIO(), io.StringIO()
    code: object = 0
    with (
        mock.patch.dict(os.environ, environment(env), clear=True),
        mock.patch.object(sys, "argv", command),
        mock.patch.object(sys, "stdin", io.StringIO(said)),
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(streams[0]),
        contextlib.redirect_stderr(streams[1]),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    return subprocess.CompletedProcess(command, int(str(code or 0)), *(stream.getvalue() for stream in streams))
