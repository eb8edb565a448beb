"""Worker processes: each has one file at a time, so that one that dies or hangs costs only its file.

The time limit is the kernel's alarm in the worker itself: it ends native code too, and also a worker whose parent was
killed. While a file waits for answers of a model it is put off; from the first question on, the time of the processor
is limited as well. A worker says that it has begun: the parent ends one that never does, as a fork of a program with
threads may hang before its first line. Workers are replaced after some hundred files, so that memory stays where it is.

Where they ask a model they share the account of the run, which this process keeps (:mod:`extractor.desk`).
"""

import asyncio
import contextlib
import faulthandler
import gc
import multiprocessing
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from .budget import Budget
from .desk import Clerk, Desk, Said

J = TypeVar("J")
R = TypeVar("R")
_FILES = 250  # after so many a worker is replaced
_GARBAGE = 1_000_000  # objects before the collector looks: most live as long as their document; it looks after each
_OFTEN = 50  # files after which it looks at everything once, and not just at what is young
_CLOCKS = signal.ITIMER_REAL, signal.ITIMER_PROF
_SILENT = 120.0  # seconds for a new worker to say that it has begun; loading everything takes it one
_STDERR = 2
_LATE = {-signal.SIGALRM, -signal.SIGPROF}


@dataclass(frozen=True, slots=True)
class Lost:
    """What is said of a job whose worker ended: ``late`` at the time limit, else by a crash or a kill."""

    late: bool
    code: int


@dataclass(slots=True, eq=False)
class _Worker(Generic[J]):
    process: BaseProcess
    line: Connection
    job: J
    clerk: Clerk | None = None
    done: int = 0
    begun: bool = False
    end: float = field(default_factory=lambda: time.monotonic() + _SILENT)

    @property
    def waits(self) -> bool:
        """Whether it waits for answers of a model."""
        return self.clerk is not None and self.clerk.asked

    @property
    def left(self) -> float:
        """Seconds in which it must say that it has begun."""
        return max(0, self.end - time.monotonic())

    def silent(self, wait: float) -> bool:
        """Whether it hasn't begun, as far as is known, and says nothing for so many seconds either."""
        return not self.begun and not self.line.poll(wait)

    def tell(self, message: object) -> None:
        """Send something; a worker that is dead says so when its line is waited for."""
        with contextlib.suppress(OSError):
            self.line.send(message)

    def hear(self, said: list[Said]) -> None:
        """Do what it wants of the account."""
        if self.clerk is not None:
            self.clerk.hear(said)


class Workers(Generic[J, R]):
    """Does jobs in processes; results come as they are ready.

    Args:
        task: What is done with a job, with the desk of its account if there is one; picklable, and a module's function,
            where processes aren't forked.
        count: How many jobs are worked at; those that wait for answers of a model don't count.
        limit: Seconds for one job, by the clock, or of the processor once a model is asked.
        budget: The account on which a model is asked. The first job is then done alone, as it may find out how.
        most: How many jobs are open at all, where that is more than ``count``.
    """

    def __init__(
        self, task: Callable[[J, Desk | None], R], count: int, limit: float, budget: Budget | None = None,
        most: int = 1,
    ) -> None:  # fmt: skip
        self._task, self._count, self._limit = task, count, limit
        self._budget, self._most = budget, max(count, most)
        self._lines = selectors.DefaultSelector()
        self._busy: set[_Worker[J]] = set()
        self._free: list[_Worker[J]] = []
        self._ended: deque[tuple[J, R | Lost]] = deque()
        self._met, self._over = budget is None, False

    def run(self, jobs: Iterable[J]) -> Iterator[tuple[J, R | Lost]]:
        """Yield each job with what came of it; its worker has its next one by then, and needn't wait.

        An interrupt lets what is begun end, but for what waits for a model, and is raised again then; at a second one
        all ends at once.
        """
        waiting = iter(jobs)
        try:
            while self._fill(waiting) or self._ended:
                yield from self._told()
        except KeyboardInterrupt:
            self._dismiss()
            try:
                while self._busy or self._ended:
                    yield from self._told()
            except KeyboardInterrupt:
                self._kill()
            raise
        finally:
            self._stop()

    def _fill(self, waiting: Iterator[J]) -> int:
        """Begin jobs while there is room; returns how many are under way."""
        most = self._most if self._met else 1
        while len(self._busy) < most and sum(not w.waits for w in self._busy) < self._count:
            try:
                job = next(waiting)
            except StopIteration:
                while self._free:
                    self._left(self._free.pop())
                break
            worker = self._free.pop() if self._free else self._new(job)
            worker.job = job
            worker.tell((True, job))
            self._busy.add(worker)
        return len(self._busy)

    def _new(self, job: J) -> "_Worker[J]":
        here, there = multiprocessing.Pipe()
        forked = multiprocessing.get_start_method() == "fork"
        others = [*(w.line for w in self._all()), here] if forked else []
        what = self._task, self._limit, None if self._budget is None else self._budget.limited
        process = multiprocessing.Process(target=_serve, args=(there, what, others), daemon=True)
        with _uninterrupted():
            process.start()
        there.close()
        worker = _Worker(process, here, job)
        if self._budget is not None:
            worker.clerk = Clerk(self._budget, lambda told: worker.tell((False, told)))
        self._lines.register(here, selectors.EVENT_READ, worker)
        return worker

    def _all(self) -> list[_Worker[J]]:
        return [*self._busy, *self._free]

    def _told(self) -> Iterator[tuple[J, R | Lost]]:
        """Yield the jobs that are done; where there are none, wait until something is said."""
        if not self._ended:
            self._listen()
            return
        while self._ended:
            yield self._ended.popleft()

    def _listen(self) -> None:
        """Wait until something is said, and note the jobs that are done."""
        heard = self._lines.select(self._patience())
        for worker in self._all():
            if not worker.left and worker.silent(0):
                worker.process.kill()  # its line ends then
        for key, _ in heard:
            worker = key.data
            try:
                done, said = worker.line.recv()
                worker.begun = True
            except (EOFError, OSError):
                code = self._left(worker)
                if worker in self._free:
                    self._free.remove(worker)
                    continue
                self._busy.remove(worker)
                self._met = True
                if code or not self._over:  # else it ended as it was told to
                    self._ended.append((worker.job, Lost(late=code in _LATE, code=code)))
                continue
            if not done:
                worker.hear(said)
                continue
            self._busy.remove(worker)
            self._met = True
            if worker.clerk is not None:
                worker.clerk.close()
            worker.done += 1
            if worker.done < _FILES:
                self._free.append(worker)
            else:
                self._left(worker)
            self._ended.append((worker.job, said))

    def _patience(self) -> float | None:
        """Seconds until a worker must have begun; None where all have."""
        left = [w.left for w in self._all() if not w.begun]
        return max(0.1, min(left)) if left else None

    def _left(self, worker: _Worker[J]) -> int:
        """See a worker go, which ends where its line does; returns its exit code."""
        self._lines.unregister(worker.line)
        worker.line.close()
        if worker.clerk is not None:
            worker.clerk.close()
        worker.process.join()
        return worker.process.exitcode or 0

    def _dismiss(self) -> None:
        """Tell all workers to end after what they are at, and not to wait for a model."""
        self._over = True
        for worker in self._all():
            worker.tell(None)

    def _kill(self) -> None:
        for worker in self._all():
            worker.process.kill()

    def _stop(self) -> None:
        """End the workers, and hear what they still have to say; at once if the user insists."""
        self._dismiss()
        try:
            for worker in self._all():
                if worker.silent(worker.left):
                    worker.process.kill()
                with contextlib.suppress(EOFError, OSError):
                    while True:
                        done, said = worker.line.recv()
                        if not done:
                            worker.hear(said)
                self._left(worker)
        except KeyboardInterrupt:
            self._kill()
            raise
        finally:
            self._busy.clear()
            self._free.clear()
            self._lines.close()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait: one that comes within what Python itself does at a fork would be lost."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def more_time(limit: float) -> None:
    """Give the job of this worker its time anew; does nothing where no time is limited."""
    for clock in _CLOCKS:
        if signal.getitimer(clock)[0] > 0:
            signal.setitimer(clock, limit)


def _answer_signals() -> None:
    """Leave Ctrl-C to the parent: a worker finishes what it is at. An alarm ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    for sign in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(sign, signal.SIG_DFL)
        if faulthandler.is_enabled():  # by ``python -X faulthandler``: then one that is ended says where it was
            faulthandler.register(sign, file=_STDERR, all_threads=True, chain=True)


def _serve(
    line: Connection, what: tuple[Callable[[Any, Desk | None], Any], float, bool | None], others: Sequence[Connection]
) -> None:
    """Work off jobs until the line ends."""
    for other in others:
        other.close()
    task, limit, limited = what
    clocks = _CLOCKS[:1] if limited is None else _CLOCKS
    _answer_signals()
    gc.freeze()  # what was loaded before stays shared with the parent
    gc.set_threshold(_GARBAGE, 20, 50)
    done = 0
    with contextlib.suppress(EOFError, OSError):
        line.send((False, []))
        while (heard := line.recv()) is not None:
            work, job = heard
            if not work:  # for the desk of the job before
                continue
            desk = None if limited is None else Desk(line, limited=limited, limit=limit)
            for clock in clocks:
                signal.setitimer(clock, limit)
            try:
                answer = task(job, desk)
            except asyncio.CancelledError:
                break
            finally:
                if desk is not None:
                    desk.flush()
            for clock in clocks:
                signal.setitimer(clock, 0)
            line.send((True, answer))
            del heard, job, answer, desk
            done += 1
            gc.collect(2 if done % _OFTEN == 1 else 1)
            if done == 1:  # what the first file loaded stays for all; it need not be looked at again and again
                gc.freeze()
    os._exit(0)
