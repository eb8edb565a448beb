"""Turns for calls: so many at a time, whichever document, thread and event loop they belong to."""

import asyncio
import contextlib
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

_Loop = asyncio.AbstractEventLoop


@dataclass(slots=True)
class Turns:
    """A semaphore over threads with an event loop each; an async context manager.

    Attributes:
        free: How many calls may begin now.
    """

    free: int
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: "deque[tuple[_Loop, asyncio.Future[None]]]" = field(default_factory=deque)
    _open: "set[tuple[_Loop, asyncio.Task[Any]]]" = field(default_factory=set)
    _closed: bool = False

    async def __aenter__(self) -> None:
        """Wait for a turn."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        with self._lock:
            if self._closed:
                raise asyncio.CancelledError
            if task is not None:
                self._open.add((loop, task))
            if self.free:
                self.free -= 1
                return
            turn: asyncio.Future[None] = loop.create_future()
            self._waiting.append((loop, turn))
        try:
            await turn
        except asyncio.CancelledError:
            self._forget(loop, task)
            with self._lock:
                mine = (loop, turn) in self._waiting
                if mine:
                    self._waiting.remove((loop, turn))
            if not (mine or turn.cancelled()):  # it was given just now: the next one has it
                self._pass_on()
            raise

    async def __aexit__(self, *_: object) -> None:
        """Give the turn to who has waited longest."""
        self._forget(asyncio.get_running_loop(), asyncio.current_task())
        self._pass_on()

    def cancel(self) -> None:
        """End every call that is open or waits, and let none begin until :meth:`reopen`."""
        with self._lock:
            self._closed = True
            for loop, task in self._open:
                with contextlib.suppress(RuntimeError):  # that loop is closed
                    loop.call_soon_threadsafe(task.cancel)

    def reopen(self) -> None:
        """Let calls begin again, once all that were ended are gone."""
        with self._lock:
            self._closed = False

    def _forget(self, loop: _Loop, task: "asyncio.Task[Any] | None") -> None:
        if task is not None:
            with self._lock:
                self._open.discard((loop, task))

    def _pass_on(self) -> None:
        with self._lock:
            while self._waiting:
                loop, turn = self._waiting.popleft()
                try:
                    loop.call_soon_threadsafe(_give, turn, self)
                except RuntimeError:  # that loop is closed
                    continue
                return
            self.free += 1


def _give(turn: "asyncio.Future[None]", turns: Turns) -> None:
    if turn.done():  # cancelled meanwhile
        turns._pass_on()  # noqa: SLF001 - its own
    else:
        turn.set_result(None)
