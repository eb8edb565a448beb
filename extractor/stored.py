"""Answers of a model as they are kept, and the key under which they are found again."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it is kept: the model's text and its tokens; ``model`` is for people who read an export."""

    text: str
    finish_reason: str | None = None
    input: int = 0
    output: int = 0
    cached: int = 0
    estimated: bool = False
    model: str = ""

    @classmethod
    def from_json(cls, text: str) -> "Stored":
        """Read it back.

        Raises:
            ValueError: It is not such a record.
        """
        record = json.loads(text)
        if not isinstance(record, dict) or record.keys() != cls.__dataclass_fields__.keys():
            raise ValueError("not a stored answer")
        numbers = (record["input"], record["output"], record["cached"])
        words = (record["text"], record["model"], record["finish_reason"] or "")
        sound = all(type(n) is int and n >= 0 for n in numbers) and all(type(w) is str for w in words)
        if not sound or type(record["estimated"]) is not bool:
            raise ValueError("not a stored answer")
        return cls(**record)

    def to_json(self) -> str:
        """Return canonical JSON."""
        return canonical(asdict(self))


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer with its key, and when it came into this cache (seconds since 1970; None while in memory only)."""

    key: str
    stored: Stored
    when: float | None


@dataclass(frozen=True, slots=True)
class Stats:
    """What the cache holds.

    Attributes:
        folder: Where it is; empty for memory.
        entries: Answers.
        bytes: Size of its files.
        state: ``ok``, ``read-only`` or ``memory`` (nothing survives this process).
        models: Answers by model, as the endpoint named it.
        oldest: When the first of them came, in seconds since 1970; likewise ``newest``.
    """

    folder: str
    entries: int
    bytes: int
    state: str
    models: Mapping[str, int] = field(default_factory=dict)
    oldest: float | None = None
    newest: float | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: answers added, answers that were there already, and lines that are no answers.

    With ``bad_lines`` and nothing added or known, the file was left alone as a whole.
    """

    added: int
    known: int
    bad_lines: tuple[int, ...]


class AnswerCache(Protocol):
    """What the client needs of a cache."""

    def get(self, key: str) -> Stored | None:
        """Return an answer or None."""

    def put(self, key: str, stored: Stored) -> bool:
        """Keep an answer; returns whether it outlives this process."""

    def close(self) -> None:
        """Let go of files."""


def canonical(value: Any) -> str:
    """Return JSON with one spelling for each value, in ASCII."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


def request_key(
    *,
    model: str,
    parameters: Mapping[str, Any],
    mode: str,
    messages: Sequence[Mapping[str, Any]],
    schema: Mapping[str, Any],
    attempt: int,
) -> str:
    """Return the SHA-256 of everything that decides an answer; the endpoint's address is not part of it.

    The schema enters as text: the order of its fields shapes the answer too.
    """
    parts = {
        "version": 1,
        "model": model,
        "parameters": dict(parameters),
        "mode": mode,
        "messages": [dict(m) for m in messages],
        "schema": json.dumps(schema, ensure_ascii=True),
        "attempt": attempt,
    }
    return hashlib.sha256(canonical(parts).encode("ascii")).hexdigest()
