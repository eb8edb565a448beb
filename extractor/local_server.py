"""The process around a local model: llama.cpp's own server for as long as whoever started it lives.

Started by :mod:`extractor.local` as a script, by its path: nothing of this package is imported, the project's other
modules have no business in a process that holds a gigabyte of weights. In: one line of JSON on stdin. Out: one line
of JSON on stdout, ``address`` or ``error``. Then stdin stays open and says nothing: its end is the end of the parent,
by whatever death, and of this process.
"""

import json
import os
import signal
import sys
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def main() -> None:
    """Load the model, say where it listens, and wait for the end of stdin."""
    wanted = json.loads(sys.stdin.buffer.readline())
    _die_with_stdin()
    said = _serve(os.dup(1), wanted)
    if not said:
        sys.exit(1)
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)  # the parent is gone: nobody waits for an answer, and the system takes the memory back


def _serve(answers: int, wanted: dict[str, Any]) -> Any:
    """Start the server and tell; returns it, or None where it doesn't start."""
    os.dup2(2, 1)  # what the library prints is no answer
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # read once, when the library loads; else idle threads burn a core each
    server, said = None, {}
    try:
        import xllamacpp  # noqa: PLC0415 - not before the line above

        server = xllamacpp.Server(_parameters(xllamacpp.CommonParams(), wanted))
        said = {"address": server.listening_address}
        # The library has put its own handlers there, which would end the server and leave the process.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends what it reads first, and needs answers for that
    except ImportError as error:
        said = {"error": f"import: {error}"}
    except RuntimeError as error:
        said = {"error": str(error)}
    with os.fdopen(answers, "w", encoding="utf-8") as out:
        out.write(json.dumps(said) + "\n")
    return server


def _parameters(parameters: Any, wanted: dict[str, Any]) -> Any:
    parameters.model.path = wanted["gguf"]
    parameters.n_parallel = wanted["parallel"]
    parameters.n_ctx = wanted["context"] * wanted["parallel"]
    parameters.api_keys = [wanted["key"]]
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0  # any free one
    # Nothing but completions, and for no page in a browser.
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.cors_origins = ""
    parameters.cors_credentials = False
    return parameters


def _die_with_stdin() -> None:
    """Let the end of stdin end this process even while the library loads and no Python runs (Linux only)."""
    if fcntl is not None and sys.platform == "linux":
        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)  # SIGIO, which kills


if __name__ == "__main__":
    main()
