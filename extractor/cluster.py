"""Many machines: the files of a run read by the workers of a Ray cluster, through Ray Data.

Each worker reads and writes as a local run does, by the same function, so the bytes are the same; it keeps nothing
between two files. A worker that dies costs what it was reading, which Ray gives to another.
"""

import logging
import os
import pickle
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from . import batch
from .batch import Job, Report
from .budget import Spent, Usage
from .config import ModelConfig
from .errors import ExtractorError
from .pipeline import Extractor

_TOGETHER = 4  # files that a worker is given at once: what its death costs at most
_STORE = 200 * 1024 * 1024  # bytes of Ray's own memory on this machine: only names and reports pass through it


class ClusterError(ExtractorError):
    """There is no Ray here, or no cluster at the address."""


@dataclass(frozen=True, slots=True)
class Task:
    """What every worker is told: how to read, and from which folder relative names count."""

    engine: Any
    model: ModelConfig | None
    max_repairs: int
    second_opinion: bool
    apply_repairs: bool
    formats: tuple[str, ...]
    limit: float
    folder: str


def run(
    jobs: Sequence[Job], formats: Sequence[str], workers: int, extractor: Extractor, *, limit: float, address: str
) -> Iterator[Report]:
    """Read and write every job on a cluster; yields a report as each is done, in the order in which they end.

    Args:
        jobs: The files; every machine sees them, and the folders of their results, under these paths or addresses.
        formats: What is written.
        workers: How many read side by side.
        extractor: How to read. A model is asked by each worker for itself, with as many calls at a time as configured.
        limit: Seconds for one file, without those that a model takes.
        address: Of the cluster, or ``local`` for one on this machine, which ends with the run.

    Raises:
        ClusterError: Ray isn't installed, or there is no cluster at the address.
    """
    try:
        import ray  # noqa: PLC0415 - an extra
        import ray.data  # noqa: PLC0415 - likewise
    except ImportError:
        raise ClusterError("--ray needs Ray. Install it with: pip install 'extractor[ray]'.") from None
    model = extractor.model
    if model is not None and any((model.wake, *map(_is_set, (model.max_calls, model.max_tokens, model.max_cost)))):
        raise ClusterError(
            "--ray: limits and a model on this machine hold for one process, not for a cluster. Leave them out, or run "
            "without --ray."
        )
    task = Task(
        extractor.engine, model, extractor.max_repairs, extractor.second_opinion, extractor.apply_repairs,
        tuple(formats), limit, os.getcwd(),  # noqa: PTH109 - a text, for other machines
    )  # fmt: skip
    _connect(ray, address, workers)
    try:
        rows = ray.data.from_items(
            [{"job": pickle.dumps(job)} for job in jobs],
            override_num_blocks=max(min(workers, len(jobs)), len(jobs) // _TOGETHER),
        )
        done = rows.map_batches(
            _Worker, fn_constructor_kwargs={"task": task}, batch_size=_TOGETHER, zero_copy_batch=True,
            compute=ray.data.ActorPoolStrategy(size=min(workers, len(jobs))), num_cpus=1,
        )  # fmt: skip
        for row in done.iter_rows():
            report: Report = pickle.loads(row["report"])  # noqa: S301 - of our own workers
            _book(extractor, report)
            yield report
    finally:
        ray.shutdown()


def _book(extractor: Extractor, report: Report) -> None:
    """Put what a worker spent on a file on the account of the run."""
    if extractor.budget is None or report.account is None:
        return
    for tag, s in report.account.tables.items():
        used = Usage(s.input, s.output, s.cached, s.estimated)
        wasted = Usage(s.failed_input, s.failed_output)
        extractor.budget.take(tag, Spent(s.calls, s.failed, s.hits, used, wasted, s.seconds))


def _is_set(limit: object) -> bool:
    return limit is not None


def _connect(ray: Any, address: str, workers: int) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address == "local":
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the machine
            ray.init(address="local", num_cpus=workers, include_dashboard=False, object_store_memory=_STORE, **quiet)
        else:
            _reach(address)
            ray.init(address=address, **quiet)
    except (OSError, RuntimeError, ValueError) as error:
        raise ClusterError(f"{address}: no cluster to work on ({error}). Start one with `ray start`.") from None
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = False


def _reach(address: str) -> None:
    """See whether anybody listens there: Ray itself would try for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()


class _Worker:
    """Reads files on some machine; Ray makes one per actor, and calls it with a few files at a time."""

    def __init__(self, task: Task) -> None:
        self._task = task
        if os.path.isdir(task.folder):  # noqa: PTH112 - a text of another machine
            os.chdir(task.folder)
        self._reader = Extractor(
            engine=task.engine, model=task.model, max_repairs=task.max_repairs, second_opinion=task.second_opinion,
            apply_repairs=task.apply_repairs,
        )  # fmt: skip
        batch.load()

    def __call__(self, rows: dict[str, Any]) -> dict[str, list[bytes]]:
        """Read and write the files of a few rows; returns their reports."""
        jobs = [pickle.loads(job) for job in rows["job"]]  # noqa: S301 - of our own driver
        done = batch.run(jobs, self._task.formats, 1, self._reader, limit=self._task.limit)
        return {"report": [pickle.dumps(report) for report in done]}
