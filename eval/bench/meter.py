"""A loopback server that keeps what it is sent and what it answers, and the count of both in tokens.

The tokenizer is o200k_base, the one of GPT-4o and later: package rs-bpe carries its vocabulary, nothing is downloaded.
It is installed into the benchmark's own environment, with LangExtract, and counts there in a process of its own.
"""

import json
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from gold import ROOT, compact

from tests.server import Answer, Received, Server, say

HERE = Path(__file__).resolve().parent
DEFAULT_VENV = ROOT / "out" / "bench-venv"
_COUNT = "import json,sys; from rs_bpe.bpe import openai; t=openai.o200k_base(); json.dump([t.count(s) for s in json.load(sys.stdin)],sys.stdout)"  # noqa: E501 - one program


@dataclass(frozen=True)
class Tokens:
    """What a document took: calls, tokens of messages, of the answer's form sent along, and of the answers."""

    calls: int = 0
    prompt: int = 0
    form: int = 0
    answer: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.prompt + self.form + self.answer

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(
            self.calls + other.calls,
            self.prompt + other.prompt,
            self.form + other.form,
            self.answer + other.answer,
        )


class Meter:
    """A server that answers with what ``behave`` says and keeps all texts; None is a question that doesn't count."""

    def __init__(self, behave: Callable[[Received], str | None]) -> None:
        self.prompts: list[str] = []
        self.forms: list[str] = []
        self.answers: list[str] = []

        def answer(received: Received) -> Answer:
            text = behave(received)
            if text is None:
                return say('{"rows":[]}')
            self.prompts.extend(str(m["content"]) for m in received.messages)
            self.forms.extend(compact(received.body[k]) for k in ("tools", "response_format") if k in received.body)
            self.answers.append(text)
            return say(text)

        self._server = Server(answer)

    @property
    def url(self) -> str:
        """The base URL."""
        return self._server.url

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    def tokens(self, python: Path) -> Tokens:
        """Count, by the benchmark's own interpreter."""
        sizes = [sum(count(texts, python)) for texts in (self.prompts, self.forms, self.answers)]
        return Tokens(len(self.answers), *sizes)


def environment(folder: Path) -> Path:
    """Return the interpreter of the benchmark's own environment; makes and fills it where it is not there.

    A user's own environment, given by option, is taken as it is.
    """
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"making {folder} ...", file=sys.stderr)
        venv.create(folder, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]
        subprocess.run([*pip, str(HERE / "requirements.txt")], check=True)
    return python


def count(texts: Sequence[str], python: Path) -> list[int]:
    """Return the number of tokens of each text."""
    done = subprocess.run(
        [python, "-c", _COUNT], input=json.dumps(list(texts)), capture_output=True, text=True, check=True
    )
    sizes: Any = json.loads(done.stdout)
    return list(sizes)
