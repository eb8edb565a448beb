"""Many files: found, read in processes, written one by one; one bad file never stops the others."""

import hashlib
import os
import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import accounts
from .accounts import Account
from .document import Document
from .errors import ExtractorError
from .export import save
from .pipeline import Extractor
from .records import Finding, Result, State, Unread

TEXT_FILES = frozenset({".txt", ".md", ".markdown", ".text", ".html", ".htm"})


@dataclass(frozen=True, slots=True)
class Job:
    """One file to read and the folder its result goes to."""

    path: Path
    folder: Path


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one file: counts for people, not the tables themselves.

    Attributes:
        job: The file and its folder.
        error: Why it could not be read, or None.
        tables: Id, title, number of rows and states of each table.
        states: Number cells by state.
        findings: All findings.
        unread: What was not read.
        files: Files written.
        account: What a model's part took, or None where no model is named.
    """

    job: Job
    error: str | None = None
    tables: tuple[tuple[str, str, int, Counter[State]], ...] = ()
    states: Counter[State] = field(default_factory=Counter)
    findings: tuple[Finding, ...] = ()
    unread: tuple[Unread, ...] = ()
    files: tuple[str, ...] = ()
    account: Account | None = None


def find(arguments: Iterable[str]) -> tuple[list[Path], list[str]]:
    """Return the files that paths, folders and globs name, each once and in a fixed order, and what gave none.

    Folders give the text files below them; a file named by itself is taken whatever its ending, and reported when
    it is read if it isn't there.
    """
    found: dict[Path, None] = {}
    errors: list[str] = []
    for argument in arguments:
        path = Path(argument)
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where the parent may not be entered
            inside, refused = _walk(path)
            errors.extend(refused)
            if not inside and not refused:
                endings = ", ".join(sorted(TEXT_FILES))
                errors.append(f"{path}: no text file in this folder. Looked for {endings}.")
            found.update(dict.fromkeys(inside))
        elif any(c in argument for c in "*?[") and not os.path.exists(path):  # noqa: PTH110 - likewise
            base = Path(path.anchor) if path.anchor else Path()
            matches = sorted(p for p in base.glob(str(path.relative_to(base))) if p.is_file())
            if not matches:
                errors.append(f"{argument}: no file matches. Check the pattern.")
            found.update(dict.fromkeys(matches))
        else:
            found[path] = None
    return list(found), errors


def _walk(folder: Path) -> tuple[list[Path], list[str]]:
    refused: list[str] = []

    def refuse(error: OSError) -> None:
        refused.append(f"{error.filename}: can't be read ({error.strerror}). Change its mode or owner.")

    found = sorted(
        Path(root) / name
        for root, _, names in os.walk(folder, onerror=refuse)
        for name in names
        if Path(name).suffix.lower() in TEXT_FILES
    )
    return found, refused


def plan(paths: Sequence[Path], out: Path) -> list[Job]:
    """Give each file a folder: its stem, with a hash of its path where stems repeat."""
    stems = Counter(path.stem for path in paths)
    jobs = []
    for path in paths:
        # A name that would lead elsewhere (``..`` is the stem of ``...txt``) is no name for a folder.
        name = path.stem if path.stem.strip(". ") else "file"
        if stems[path.stem] > 1:
            name += "-" + hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        jobs.append(Job(path, out / name))
    return jobs


def run(
    jobs: Sequence[Job], formats: Sequence[str], workers: int, extractor: Extractor | None = None
) -> Iterator[Report]:
    """Read and write every job; yields a report as each is done.

    With several workers the reports come in the order in which they finish. A worker that dies (out of memory)
    costs its file, which is reported, and no other. An ``extractor`` with a model stays in this process, whatever
    ``workers`` says: its calls share one account, so that limits hold for the whole run and not for each process.
    """
    if workers <= 1 or len(jobs) <= 1 or (extractor is not None and extractor.model is not None):
        extractor = extractor or Extractor()
        for job in jobs:
            yield _one(job, tuple(formats), extractor)
        return
    yield from _parallel(jobs, tuple(formats), min(workers, len(jobs)), extractor)


def _parallel(
    jobs: Sequence[Job], formats: tuple[str, ...], workers: int, extractor: Extractor | None
) -> Iterator[Report]:
    waiting = iter(jobs)
    pool = ProcessPoolExecutor(workers, initializer=_undisturbed)
    running: dict[Future[Report], Job] = {}
    try:
        # A bounded window: memory doesn't grow with the number of files.
        for job in waiting:
            running[pool.submit(_one, job, formats, extractor)] = job
            if len(running) >= workers * 4:
                yield from _done(running)
        while running:
            yield from _done(running)
    except KeyboardInterrupt:
        # What is being read is finished and counted; what waits is not begun.
        for future in [f for f in running if f.cancel()]:
            del running[future]
        while running:
            yield from _done(running)
        raise
    finally:
        _stop(pool)


def _undisturbed() -> None:
    """Leave Ctrl-C to the parent, so that a worker never stops between two files of a result."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the workers after what they are at; at once if the user insists."""
    workers = list((getattr(pool, "_processes", None) or {}).values())
    try:
        pool.shutdown(wait=True, cancel_futures=True)
    except KeyboardInterrupt:
        for worker in workers:
            worker.kill()
        raise


def _done(running: dict[Future[Report], Job]) -> Iterator[Report]:
    finished, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in finished:
        job = running.pop(future)
        try:
            yield future.result()
        except Exception as error:  # noqa: BLE001 - a dead worker must not take the run with it
            yield Report(
                job,
                error=f"{job.path}: the worker died ({type(error).__name__}). Try it alone with --jobs 1.",
            )


def _one(job: Job, formats: tuple[str, ...], extractor: Extractor | None = None) -> Report:
    try:
        reader = extractor or Extractor()
        booked = reader.budget.child() if reader.budget else None
        document = Document.from_path(job.path)
        result = reader.extract(document, account=booked)
        account = accounts.account(booked) if booked else None
        files = save(result, job.folder, formats, account=account, source=document)
    except ExtractorError as error:
        return Report(job, error=str(error))
    except MemoryError:
        return Report(job, error=f"{job.path}: not enough memory. Split the file into documents.")
    return replace(report(job, result, files), account=account)


def report(job: Job, result: Result, files: Sequence[Path] = ()) -> Report:
    """Summarise a result."""
    tables = tuple((t.id, t.title, sum(1 for r in t.rows if r.cells), t.states()) for t in result.tables)
    return Report(job, None, tables, result.states(), result.findings, result.unread, tuple(str(f) for f in files))
