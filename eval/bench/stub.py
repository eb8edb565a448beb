"""A server in a process of its own, so that its work isn't counted as ours: canned answers after a fixed time."""

import functools
import json
import multiprocessing
import re
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any, Self

from gold import asked_for, compact, obedient

from tests.scripted import form_of, sentences_of
from tests.server import Answer, Received, Server, say


class Stub:
    """Answers each prompt of ours with the canned text for its table, or from gold, ``delay`` seconds later.

    ``name`` is the sample that is read; ``period`` is after how many lines its copies follow.
    """

    def __init__(self, name: str, delay: float, period: int = 0) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, name, delay, period), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self.url: str = self._pipe.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.send("stop")
        self._process.join()

    def calls(self) -> int:
        """Return how many requests came so far."""
        return len(self.bodies())

    def bodies(self) -> list[dict[str, Any]]:
        """Return the requests that came so far."""
        self._pipe.send("bodies")
        got: list[dict[str, Any]] = self._pipe.recv()
        return got


def _answer(name: str, answers: Mapping[str, str], delay: float, period: int, received: Received) -> Answer:
    first = re.search(r"^(\d+)\|", received.prompt, re.MULTILINE)
    past = int(first.group(1)) // period * period if period and first else 0
    spoken = sentences_of(name, received, past)
    copied = form_of(name, received, past) if spoken is None else spoken
    if copied is not None:
        return say(compact({"rows": copied})).after(delay)
    text = answers.get(asked_for(received.prompt) or "", '{"rows":[]}')
    if past:
        text = compact({"rows": [[str(int(row[0]) + past), *row[1:]] for row in json.loads(text)["rows"]]})
    return say(text).after(delay)


def _serve(pipe: Connection, name: str, delay: float, period: int) -> None:
    with Server(functools.partial(_answer, name, obedient(name), delay, period)) as server:
        pipe.send(server.url)
        while pipe.recv() != "stop":
            pipe.send([received.body for received in server.received])
