"""Questions that are answered later, with a batch: what was asked, what has come, and what is to be asked next.

Each question goes under the key that the cache has for its answer. So an answer finds the question that it belongs to,
whoever puts it again, and the same question is never sent twice while one is under way.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from .budget import Usage
from .endpoint import CallError, StopError
from .stored import KEY

URL: Final = "/v1/chat/completions"
"""What the lines of a batch are for: part of their form, and no address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answered to one question.

    Attributes:
        status: The HTTP status that a call would have had.
        body: The completion, or the error.
        booked: It is on an account already: an earlier run's, or another document's.
    """

    status: int
    body: Mapping[str, Any]
    booked: bool = False

    @property
    def usage(self) -> Usage:
        """The tokens that the endpoint counted."""
        said = self.body.get("usage")
        known = said if isinstance(said, dict) else {}
        details = known.get("prompt_tokens_details")
        numbers = (known.get("prompt_tokens"), known.get("completion_tokens"))
        given, taken = (n if isinstance(n, int) else 0 for n in numbers)
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        return Usage(given, taken, min(cached, given) if isinstance(cached, int) else 0, None in numbers)


class Post(Protocol):
    """What the client needs of it.

    Attributes:
        mode: How the answer's form is asked for.
        dialect: The parameters that the model knows.
    """

    mode: str
    dialect: Mapping[str, Any]

    def ask(self, key: str, tag: str, body: Mapping[str, Any]) -> Answer:
        """Return the answer that has come, or take the question.

        Raises:
            StopError: There is no answer yet.
        """


class Bag:
    """The questions and answers of a run, as they lie in a folder: memory grows with their number, not their length.

    Worker processes have copies of it, which know the same answers; each writes the questions that it takes into a file
    of its own. An answer is booked by whoever takes it first. A limit counts in one process only.
    """

    def __init__(self, mode: str, dialect: Mapping[str, Any], new: Path, limit: int | None = None) -> None:
        """Begin with nothing known.

        Args:
            mode: How the answer's form is asked for.
            dialect: The parameters that the model knows.
            new: The folder where the questions go that were not asked before; it also says whose answers are booked.
            limit: How many of them are taken.
        """
        self.mode, self.dialect, self.limit = mode, dialect, limit
        self._new = new
        self._taken: set[str] = set()
        self._waiting: set[str] = set()
        self._known: dict[str, tuple[Path, int, bool]] = {}

    def under_way(self, asked: Path) -> None:
        """Take note of a batch that has not ended."""
        self._waiting |= keys(asked)

    def came(self, asked: Path, answers: Path, *, booked: bool) -> None:
        """Take note of answers to the questions of a batch; what isn't one, or answers another question, is nothing."""
        wanted = keys(asked)
        for place, key, answer in read(answers):
            if key in wanted and not _passing(answer):
                self._known[key] = (answers, place, booked)

    def taken(self) -> set[str]:
        """Return the keys of the questions that were taken, by whichever process."""
        return {key for file in self._new.glob("*.jsonl") for _, key in questions(file)}

    def ask(self, key: str, tag: str, body: Mapping[str, Any]) -> Answer:
        """Return the answer that has come, or take the question.

        Raises:
            StopError: There is no answer yet.
        """
        if key in self._known and key not in self._waiting:
            file, place, booked = self._known[key]
            with file.open("rb") as lines:
                lines.seek(place)
                found = _parsed(lines.readline())
            if found is not None and found[0] == key:
                return Answer(found[1].status, found[1].body, booked or not self._first(key))
        if key not in self._waiting and key not in self._taken:
            if self.limit is not None and len(self._taken) >= self.limit:
                raise StopError("budget", f"{tag}: not asked, the limit of {self.limit} calls is reached.")
            line = {"custom_id": key, "method": "POST", "url": URL, "body": dict(body)}
            with (self._new / f"{os.getpid()}.jsonl").open("ab") as out:
                out.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            self._taken.add(key)
        raise StopError("waiting", f"{tag}: waits for its batch.")

    def _first(self, key: str) -> bool:
        """Whether nobody has taken an answer yet since the run began: documents may have a question in common."""
        try:
            (self._new / f"{key}.booked").touch(exist_ok=False)
        except FileExistsError:
            return False
        except OSError:
            return True  # a full disk: rather booked twice than not at all
        return True


def keys(asked: Path) -> set[str]:
    """Return the keys of the questions in a file."""
    return {key for _, key in questions(asked)}


def questions(asked: Path) -> Iterator[tuple[int, str]]:
    """Yield where each question of a file begins, and its key; a line that a kill cut off is none."""
    with asked.open("rb") as lines:
        place = 0
        for line in lines:
            with contextlib.suppress(ValueError):
                yield place, json.loads(line)["custom_id"]
            place += len(line)


def read(answers: Path) -> Iterator[tuple[int, str, Answer]]:
    """Yield where each answer of a file begins, the key of its question, and the answer; broken lines are left out."""
    with answers.open("rb") as lines:
        place = 0
        for line in lines:
            found = _parsed(line)
            if found is not None:
                yield place, *found
            place += len(line)


def _parsed(line: bytes) -> tuple[str, Answer] | None:
    try:
        record = json.loads(line)
        key, response, error = record["custom_id"], record.get("response"), record.get("error")
        if not isinstance(key, str) or not KEY.fullmatch(key):
            return None
        if isinstance(response, dict) and isinstance(response.get("body"), dict):
            status = response.get("status_code", 200)
            return key, Answer(status if isinstance(status, int) else 500, response["body"])
        return key, Answer(500, {"error": error if isinstance(error, dict) else {}})  # expired, cancelled
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _passing(answer: Answer) -> bool:
    """Whether the same question may be answered in another batch."""
    return answer.status != 200 and CallError("status", answer.status, answer.body).passing
