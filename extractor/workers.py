"""Worker processes: each has one file at a time, so that one that dies or hangs costs only its file.

The time limit is the kernel's alarm in the worker itself: it ends native code too, and also a worker whose parent was
killed. Workers are replaced after some hundred files, so that memory stays where it is.
"""

import contextlib
import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

J = TypeVar("J")
R = TypeVar("R")
_FILES = 250  # after so many a worker is replaced
_GARBAGE = 1_000_000  # objects before the collector looks: most live as long as their document; it looks after each


@dataclass(frozen=True, slots=True)
class Lost:
    """What is said of a job whose worker ended: ``late`` at the time limit, else by a crash or a kill."""

    late: bool
    code: int


@dataclass(slots=True)
class _Worker(Generic[J]):
    process: BaseProcess
    line: Connection
    job: J
    done: int = 0


class Workers(Generic[J, R]):
    """Does jobs in processes; results come as they are ready.

    Args:
        task: What is done with a job; picklable, and a module's function, where processes aren't forked.
        count: How many processes.
        limit: Seconds for one job.
    """

    def __init__(self, task: Callable[[J], R], count: int, limit: float) -> None:
        self._task, self._count, self._limit = task, count, limit
        self._busy: dict[Connection, _Worker[J]] = {}

    def run(self, jobs: Iterable[J]) -> Iterator[tuple[J, R | Lost]]:
        """Yield each job with what came of it. An interrupt lets what is begun end, and is raised again then."""
        waiting = iter(jobs)
        try:
            for job in waiting:
                self._begin(job)
                if len(self._busy) >= self._count:
                    break
            while self._busy:
                yield from self._finished(waiting)
        except KeyboardInterrupt:
            while self._busy:
                yield from self._finished(iter(()))
            raise
        finally:
            self._stop()

    def _begin(self, job: J, worker: "_Worker[J] | None" = None) -> None:
        """Give a job to a worker that is free, or to a new one."""
        if worker is None or worker.done >= _FILES:
            if worker is not None:
                _end(worker)
            worker = self._new(job)
        worker.job = job
        with contextlib.suppress(OSError):  # it died between two jobs: its line says so when it is waited for
            worker.line.send(job)
        self._busy[worker.line] = worker

    def _new(self, job: J) -> "_Worker[J]":
        here, there = multiprocessing.Pipe()
        forked = multiprocessing.get_start_method() == "fork"
        others = [*self._busy, here] if forked else []
        process = multiprocessing.Process(target=_serve, args=(there, self._task, self._limit, others), daemon=True)
        process.start()
        there.close()
        return _Worker(process, here, job)

    def _finished(self, waiting: Iterator[J]) -> Iterator[tuple[J, R | Lost]]:
        for line in wait(list(self._busy)):
            worker = self._busy.pop(line)  # type: ignore[call-overload] # connections alone are waited for
            job, answer = worker.job, self._answer(worker)
            following = next(waiting, None)
            free = None if isinstance(answer, Lost) else worker
            if following is not None:
                self._begin(following, free)
            elif free is not None:
                _end(free)
            yield job, answer

    @staticmethod
    def _answer(worker: _Worker[J]) -> R | Lost:
        try:
            answer: R = worker.line.recv()
        except (EOFError, OSError):
            worker.line.close()
            worker.process.join()
            code = worker.process.exitcode or 0
            return Lost(late=code == -signal.SIGALRM, code=code)
        worker.done += 1
        return answer

    def _stop(self) -> None:
        """End the workers after what they are at; at once if the user insists."""
        left = list(self._busy.values())
        self._busy.clear()
        try:
            for worker in left:
                worker.line.close()
            for worker in left:
                worker.process.join()
        except KeyboardInterrupt:
            for worker in left:
                worker.process.kill()
            raise


def more_time(limit: float) -> None:
    """Give the job of this worker its time anew; does nothing where no time is limited."""
    if signal.getitimer(signal.ITIMER_REAL)[0] > 0:
        signal.setitimer(signal.ITIMER_REAL, limit)


def _end(worker: _Worker[J]) -> None:
    worker.line.close()
    worker.process.join()


def _serve(line: Connection, task: Callable[[J], R], limit: float, others: Sequence[Connection]) -> None:
    """Work off jobs until the line is closed. Ctrl-C is the parent's: a worker finishes what it is at."""
    for other in others:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    gc.freeze()  # what was loaded before stays shared with the parent
    gc.set_threshold(_GARBAGE, 20, 50)
    fresh = True
    try:
        while True:
            job: J = line.recv()
            signal.setitimer(signal.ITIMER_REAL, limit)
            answer = task(job)
            signal.setitimer(signal.ITIMER_REAL, 0)
            line.send(answer)
            del job, answer
            gc.collect()
            if fresh:  # what the first file loaded stays for all; it need not be looked at again and again
                gc.freeze()
                fresh = False
    except (EOFError, OSError):
        os._exit(0)
