"""Turns for calls: so many at a time, whichever document, thread, event loop and process they belong to."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

Give = Callable[[], None]
"""Called when a turn is given, in the thread of who gave one back."""


@dataclass(slots=True)
class Turns:
    """A semaphore; an async context manager in any event loop, and by callbacks for those who wait elsewhere.

    Attributes:
        free: How many calls may begin now.
    """

    free: int
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: deque[Give] = field(default_factory=deque)

    def ask(self, give: Give) -> bool:
        """Return whether there is a turn now; else ``give`` is called when it is given, to who has waited longest."""
        with self._lock:
            if not self.free:
                self._waiting.append(give)
                return False
            self.free -= 1
        return True

    def withdraw(self, give: Give) -> bool:
        """Wait no longer; returns False where the turn was given already."""
        with self._lock:
            if give not in self._waiting:
                return False
            self._waiting.remove(give)
        return True

    def back(self) -> None:
        """Give the turn to who has waited longest."""
        with self._lock:
            if not self._waiting:
                self.free += 1
                return
            give = self._waiting.popleft()
        give()

    async def __aenter__(self) -> None:
        """Wait for a turn."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()

        def give() -> None:
            try:
                loop.call_soon_threadsafe(self._set, turn)
            except RuntimeError:  # that loop is closed
                self.back()

        if self.ask(give):
            return
        try:
            await turn
        except asyncio.CancelledError:
            given = turn.done() and not turn.cancelled()
            if not self.withdraw(give) and given:  # just now: the next one has it
                self.back()
            raise

    async def __aexit__(self, *_: object) -> None:
        """Give the turn back."""
        self.back()

    def _set(self, turn: "asyncio.Future[None]") -> None:
        if turn.done():  # cancelled meanwhile
            self.back()
        else:
            turn.set_result(None)
