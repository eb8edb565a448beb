"""The command as a user calls it, from this checkout whatever else is installed, and without the user's settings."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

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
