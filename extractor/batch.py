"""Many files: found, read in processes, written one by one; one bad file never stops the others."""

import hashlib
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from . import accounts, urls
from .accounts import Account
from .budget import Ledger
from .document import MAX_BYTES, Document
from .errors import ExtractorError, InputError
from .export import save
from .forms import forms
from .pipeline import Extractor
from .placing import FullError
from .records import Finding, Result, State, Unread
from .sources import Pace
from .statements import prose as statements
from .workers import Lost, Workers, more_time

TEXT_FILES = frozenset({".txt", ".md", ".markdown", ".text", ".html", ".htm"})
FILES = TEXT_FILES | {".pdf", ".docx", ".doc", ".xlsx", ".xls", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"}
"""What a folder is searched for; what a file is, its content tells."""
LIMIT = 600.0
"""Seconds for one file, by the clock, or of the processor once a model is asked."""
_PAGES_TOLD = 10.0  # seconds between two lines about the pages of a file
_OPEN = 8  # files that are open at least, where they wait for a model's answers
_FEW = 8  # files for which loading what some of them need isn't worth the wait


@dataclass(frozen=True, slots=True)
class Job:
    """One file to read and the folder its result goes to; ``parts`` are the files that are read as one document."""

    path: Path
    folder: Path
    parts: tuple[Path, ...] = ()

    def digest(self) -> str | None:
        """Return the SHA-256 of what is read, or None where it can't be."""
        if not self.parts:
            return digest(self.path)
        each = [digest(part) for part in self.parts]
        told = [f"{part}\0{known}" for part, known in zip(self.parts, each, strict=True)]
        return None if None in each else hashlib.sha256("\n".join(told).encode("utf-8", "surrogateescape")).hexdigest()


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
        source: SHA-256 of the file, where what became of it depends on nothing else; None: worth another try.
        sizes: Size of each file written.
        seconds: How long it took.
        full: The results can't be written, and those of the next file couldn't either.
    """

    job: Job
    error: str | None = None
    tables: tuple[tuple[str, str, int, Counter[State]], ...] = ()
    states: Counter[State] = field(default_factory=Counter)
    findings: tuple[Finding, ...] = ()
    unread: tuple[Unread, ...] = ()
    files: tuple[str, ...] = ()
    account: Account | None = None
    source: str | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    full: bool = False


def find(arguments: Iterable[str]) -> tuple[list[Path], list[str]]:
    """Return the files that paths, folders and globs name, each once and in a fixed order, and what gave none.

    Folders give the documents below them; a file named by itself is taken whatever its ending, and reported when
    it is read if it isn't there.
    """
    found: dict[Path, None] = {}
    errors: list[str] = []
    for argument in arguments:
        path = Path(argument)
        if not argument.strip():  # else it is the folder that one stands in
            errors.append("one of the paths is empty: a variable without a value, perhaps. Name a file or a folder.")
        elif urls.is_url(argument):
            try:
                there = urls.find(argument, FILES)
            except InputError as error:
                errors.append(str(error))
                continue
            if not there:
                errors.append(f"{argument}: no document there. Check the address.")
            found.update(dict.fromkeys(map(urls.path_of, map(str, there))))
        elif os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where the parent may not be entered
            inside, refused = _walk(path)
            errors.extend(refused)
            if not inside and not refused:
                endings = ", ".join(sorted(FILES))
                errors.append(f"{path}: no document in this folder. Looked for {endings}.")
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


def together(arguments: Sequence[str]) -> tuple[dict[Path, tuple[Path, ...]], list[str]]:
    """Return the documents that paths name where files belong together, and what gave none.

    Every folder that holds documents, of those named and below them, is one document; so are the files that are named
    by themselves, all of them together. A document goes by the path of its folder, or of its first file.
    """
    found: dict[Path, tuple[Path, ...]] = {}
    errors: list[str] = []
    loose: list[Path] = []
    for argument in arguments:
        files, refused = find([argument])
        errors.extend(refused)
        if not Path(argument).is_dir():
            loose.extend(files)
            continue
        for file in files:
            found[file.parent] = (*found.get(file.parent, ()), file)
    if loose:
        found[loose[0]] = tuple(dict.fromkeys(loose))
    return found, errors


def _walk(folder: Path) -> tuple[list[Path], list[str]]:
    refused: list[str] = []

    def refuse(error: OSError) -> None:
        refused.append(f"{error.filename}: can't be read ({error.strerror}). Change its mode or owner.")

    found = sorted(
        Path(root) / name
        for root, _, names in os.walk(folder, onerror=refuse)
        for name in names
        if Path(name).suffix.lower() in FILES and not name.startswith("~$")
    )
    return found, refused


def plan(paths: Sequence[Path], out: Path, known: Callable[[Path], str | None] | None = None) -> list[Job]:
    """Give each file a folder: its stem, with a hash of its path where stems repeat.

    Args:
        paths: The files.
        out: Folder of the results.
        known: The folder that an earlier run gave to a file, if any.
    """
    stems = Counter(path.stem for path in paths)
    jobs = []
    for path in paths:
        if known is not None and (before := known(path)) is not None:
            jobs.append(Job(path, out / before))
            continue
        # A name that would lead elsewhere (``..`` is the stem of ``...txt``) is no name for a folder.
        name = path.stem if path.stem.strip(". ") else "file"
        jobs.append(Job(path, out / (hashed(path, name) if stems[path.stem] > 1 else name)))
    return jobs


def hashed(path: Path, name: str) -> str:
    """Return a folder's name with a hash of the file's path."""
    return name + "-" + hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:8]


def run(
    jobs: Sequence[Job], formats: Sequence[str], workers: int, extractor: Extractor | None = None,
    *, limit: float = LIMIT,
) -> Iterator[Report]:  # fmt: skip
    """Read and write every job; yields a report as each is done, in the order in which they end.

    Each worker process has one file at a time: one that dies (out of memory) or is not done within ``limit`` seconds
    costs its file, which is reported, and no other. A disk that is full ends the run after the files that are begun.

    With a model, too: calls share one account and its turns, so that limits hold for the whole run. Files that wait for
    answers don't count as ``workers``; while some do, others are begun. The first is read alone, as it may find out how
    the endpoint wants to be asked. One file by itself is read in this process; so are all, one after the other, where
    a model is started here (``wake``), one worker is to ask something else than an endpoint (``connect``), or results
    go into the memory of this process.
    """
    reader, full = extractor or Extractor(), False
    model = reader.model if reader.budget is not None else None
    count = min(workers, len(jobs))
    pace = Pace(max(1, workers // max(1, count)), PageByPage(limit))
    task = partial(_one, formats=tuple(formats), extractor=reader, pace=pace)
    alone = model is not None and (len(jobs) == 1 or model.wake or (reader.connect and workers == 1))
    if alone or (jobs and urls.fleeting(jobs[0].folder)):
        yield from _here(jobs, task)
        return
    if model is not None or len(jobs) > _FEW:
        load(asking=model is not None)
    budget, most = (None, 1) if model is None else (reader.budget, min(_OPEN, model.concurrency))
    pool = Workers[Job, Report](task, count, limit, budget, most)
    for job, answer in pool.run(job for job in jobs if not full):
        done = _lost(job, answer, limit) if isinstance(answer, Lost) else answer
        full = full or done.full
        yield done


def _here(jobs: Iterable[Job], task: Callable[[Job], Report]) -> Iterator[Report]:
    """Do jobs in this process."""
    for job in jobs:
        done = task(job)
        yield done
        if done.full:
            return


def load(*, asking: bool = False) -> None:
    """Load what every worker needs, before there are any: once, and shared."""
    if asking:
        from . import client  # noqa: PLC0415 - its packages are loaded when a model is asked
        from .readers import asked_beside, asked_layout, opinion, weighing  # noqa: F401, PLC0415 - likewise

        client.load()
    from ortools.sat.python import cp_model  # noqa: F401, PLC0415 - half a second

    statements()
    forms()


def _lost(job: Job, lost: Lost, limit: float) -> Report:
    if lost.late:
        return Report(
            job, error=f"{job.path}: not read within {limit:g} seconds. Give it more with --time-limit, or split it.",
            source=job.digest(),
        )  # fmt: skip
    return Report(
        job, error=f"{job.path}: the worker died (exit code {lost.code}; out of memory?). Try it alone with --jobs 1."
    )


def digest(path: Path) -> str | None:
    """Return the SHA-256 of a file's bytes, or None where it can't be read, or is a pipe that would block."""
    if urls.is_url(path):
        try:
            return hashlib.sha256(urls.read(urls.path_of(path), MAX_BYTES)).hexdigest()
        except InputError:
            return None
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


class PageByPage:
    """Tells now and then how far a file of scanned pages is, and gives it its time anew for every page."""

    def __init__(self, limit: float) -> None:
        self._limit, self._told = limit, time.monotonic()

    def __call__(self, name: str, number: int, count: int) -> None:
        """Say that a page is done."""
        more_time(self._limit)
        if time.monotonic() - self._told > _PAGES_TOLD and number < count:
            self._told = time.monotonic()
            sys.stderr.write(f"{name}: page {number} of {count}\n")


def _one(job: Job, desk: Ledger | None = None, *, formats: tuple[str, ...], extractor: Extractor, pace: Pace) -> Report:
    begin = time.monotonic()
    source = job.digest()  # before it is read: if it changes meanwhile, the next run sees that
    try:
        booked = extractor.budget.child(desk) if extractor.budget else None
        several = Document.from_paths(job.parts, name=job.path.stem, pace=pace) if job.parts else None
        document = several or Document.from_path(job.path, pace=pace)
        result = extractor.extract(document, account=booked)
        account = accounts.account(booked) if booked else None
        try:
            files = save(result, job.folder, formats, account=account, source=document)
        except InputError as error:
            return Report(job, error=str(error), full=isinstance(error, FullError))
    except ExtractorError as error:
        return Report(job, error=str(error), source=source)
    except MemoryError:
        return Report(job, error=f"{job.path}: not enough memory. Split the file into documents.")
    except Exception as error:  # noqa: BLE001 - a mistake of this program must not take the run with it
        trace = "".join(traceback.format_exception(error)[-2:]).strip().replace("\n", " ")
        return Report(job, error=f"{job.path}: a mistake of this program, please report it: {trace}", source=source)
    sizes = _sizes(job.folder, [file.name for file in files])
    done = replace(report(job, result, files), account=account, source=source, sizes=sizes)
    return replace(done, seconds=round(time.monotonic() - begin, 3))


def _sizes(folder: Path, names: Sequence[str]) -> dict[str, int]:
    """Return the sizes of files that were just written."""
    if not urls.is_url(folder):
        return {name: (folder / name).stat().st_size for name in names}
    there = urls.listed(urls.path_of(folder))
    return {name: there.get(name, -1) for name in names}


def report(job: Job, result: Result, files: Sequence[Path] = ()) -> Report:
    """Summarise a result."""
    tables = tuple((t.id, t.title, sum(1 for r in t.rows if r.cells), t.states()) for t in result.tables)
    return Report(job, None, tables, result.states(), result.findings, result.unread, tuple(str(f) for f in files))
