"""One account over many processes: a worker's desk asks, and the clerk of the run's own process answers.

What is said goes along the line on which the worker gets its jobs. The limit on calls stays exact, and never more calls
are open than there are turns, since one process decides. It also knows what each worker holds: when a file is done, or
its worker died, the turns come back; what was booked stays booked.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Literal, NamedTuple

from .budget import Budget, Spent

if TYPE_CHECKING:
    from .turns import Give

_BEATS = 4  # a time limit


class Said(NamedTuple):
    """What a worker says: it wants a turn or gives one back, is about to make a call, or books what was spent."""

    what: Literal["turn", "back", "admit", "book"]
    number: int = 0
    tag: str = ""
    spent: Spent | None = None


class Told(NamedTuple):
    """The answer to what was asked under a number: the turn is given, the call admitted, or why it isn't."""

    number: int
    refused: str | None = None


class Desk:
    """The account of a run as a worker sees it while it has one file: a :class:`~extractor.budget.Ledger`.

    Where the line ends, or the run does, every call that is open or waits is cancelled.
    """

    def __init__(self, line: Connection, *, limited: bool, limit: float) -> None:
        """Take the line, and whether the account has limits: where it has none, no call need wait for a word.

        ``limit`` are the seconds after which the kernel ends a worker that hangs.
        """
        self._line, self._limited, self._limit = line, limited, limit
        self._out: list[Said] = []
        self._asked: dict[int, tuple[Said, asyncio.Future[str | None]]] = {}
        self._number = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = False

    @property
    def turns(self) -> "Desk":
        """Turns for calls: ``async with``."""
        return self

    async def __aenter__(self) -> None:
        await self._ask("turn")

    async def __aexit__(self, *_: object) -> None:
        self._say(Said("back"))
        self.flush()  # at once: somebody may wait for it

    async def admit(self, tag: str) -> str | None:
        """Count a call that is about to be made, or return why it must not be."""
        if self._limited:
            return await self._ask("admit", tag)
        self.take(tag, Spent(calls=1))
        return None

    def take(self, tag: str, spent: Spent) -> None:
        """Book what was spent."""
        self._say(Said("book", 0, tag, spent))

    def flush(self) -> None:
        """Send what was said."""
        said, self._out = self._out, []
        if said:
            with contextlib.suppress(OSError):  # nobody is there any more: that is heard, too
                self._line.send((False, said))

    async def _ask(self, what: Literal["turn", "admit"], tag: str = "") -> str | None:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:  # each round of questions about a file has its own
            self.flush()
            self._loop = loop
            self._beat()
            loop.add_reader(self._line.fileno(), self._hear)
        if self._ended:
            raise asyncio.CancelledError
        self._number += 1
        answer: asyncio.Future[str | None] = loop.create_future()
        asked = Said(what, self._number, tag)
        self._asked[self._number] = asked, answer
        self._say(asked)
        try:
            return await answer
        except asyncio.CancelledError:
            if what == "turn" and answer.done() and not answer.cancelled():  # it was given just now
                self._say(Said("back"))
            raise

    def _say(self, said: Said) -> None:
        """Say something soon: what is said in one round of the loop goes together."""
        if not self._out and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon(self.flush)
        self._out.append(said)

    def _beat(self) -> None:
        """Waiting for answers takes none of the file's time: as long as the loop goes round, it has all of it."""
        if self._loop is not None:
            signal.setitimer(signal.ITIMER_REAL, self._limit)
            self._loop.call_later(self._limit / _BEATS, self._beat)

    def _hear(self) -> None:
        try:
            heard = self._line.recv()
        except (EOFError, OSError):
            heard = None
        if heard is None:
            self._end()
            return
        told: Told = heard[1]
        asked, answer = self._asked.pop(told.number)
        if not answer.done():
            answer.set_result(told.refused)
        elif asked.what == "turn":  # who wanted it was cancelled meanwhile
            self._say(Said("back"))

    def _end(self) -> None:
        self._ended = True
        if self._loop is not None:
            self._loop.remove_reader(self._line.fileno())
            for task in asyncio.all_tasks(self._loop):
                task.cancel()


class Clerk:
    """Serves the account of a run to one worker."""

    def __init__(self, budget: Budget, tell: Callable[[Told], None]) -> None:
        """Take the account, and what brings an answer to the worker; that may find nobody there."""
        self._budget, self._tell = budget, tell
        self._held = 0
        self._waiting: dict[int, Give] = {}

    @property
    def asked(self) -> bool:
        """Whether the worker has calls open, or waits for a turn to make one."""
        return bool(self._held or self._waiting)

    def hear(self, said: list[Said]) -> None:
        """Do what the worker says."""
        for one in said:
            if one.what == "turn":
                give = self._waiting[one.number] = partial(self._give, one.number)
                if self._budget.own_turns.ask(give):
                    give()
            elif one.what == "back":
                self._held -= 1
                self._budget.own_turns.back()
            elif one.what == "admit":
                self._tell(Told(one.number, self._budget.admitted(one.tag)))
            elif one.spent is not None:
                self._budget.take(one.tag, one.spent)

    def close(self) -> None:
        """Take back what the worker holds, and let it wait for nothing: its file is done, or it is gone."""
        for give in self._waiting.values():
            self._budget.own_turns.withdraw(give)
        self._waiting.clear()
        held, self._held = self._held, 0
        for _ in range(held):
            self._budget.own_turns.back()

    def _give(self, number: int) -> None:
        del self._waiting[number]
        self._held += 1
        self._tell(Told(number))
