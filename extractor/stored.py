"""Answers of a model as they are kept, and the key under which they are found again."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol


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
class Stats:
    """What the cache holds; ``state`` is ``ok``, ``read-only`` or ``memory`` (nothing survives this process)."""

    folder: str
    entries: int
    bytes: int
    state: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: answers added, answers that were there already, and lines that are no answers."""

    added: int
    known: int
    bad_lines: tuple[int, ...]


class AnswerCache(Protocol):
    """What the client needs of a cache."""

    def get(self, key: str) -> Stored | None:
        """Return an answer or None."""

    def put(self, key: str, stored: Stored) -> None:
        """Keep an answer."""

    def stats(self) -> Stats:
        """Count entries and bytes."""

    def export(self, path: Path) -> int:
        """Write all answers to a JSON Lines file; returns their number."""

    def import_(self, path: Path) -> Imported:
        """Add the answers of an export."""

    def clear(self) -> int:
        """Forget all answers; returns their number."""

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
