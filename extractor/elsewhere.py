"""The manifest of a run whose results lie at an address: a record beside each result, ``run.json`` in its folder.

No lock holds over several machines there, and none is needed: a record is written by the run that read its file, after
the result, and says which files it is made of, with their sizes. A folder belongs to the file for which its record was
first made, which only one run can do; who comes second takes another folder. Two runs over the same file do its work
twice, with the same result.
"""

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from . import urls
from .batch import Job, hashed
from .errors import InputError
from .manifest import TABLES, Entry, Manifest, RunError, Status, options_id

RECORD = "run.json"
_CLAIMS = 16  # records made at a time: each takes a round trip
_TOGETHER = 500  # records read at a time
_MOMENT = 0.3  # seconds in which somebody else ends writing a record


class Record(BaseModel):
    """What ``run.json`` says of a file; the names are those of :class:`~extractor.manifest.Entry`."""

    model_config = ConfigDict(extra="ignore")

    path: str
    status: Status
    input: str | None = None
    options: dict[str, Any] = {}
    attempts: int = 0
    error: str | None = None
    seconds: float | None = None
    ended: float | None = None
    written: dict[str, int] = {}
    report: dict[str, Any] | None = None


class Elsewhere(Manifest):
    """A manifest that is read from its records when a run begins, and written record by record."""

    def __init__(self, out: urls.Url, base: sqlite3.Connection) -> None:
        """Read the records at an address.

        Raises:
            InputError: The place can't be reached.
        """
        super().__init__(out, base)  # type: ignore[arg-type]
        self._there: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for name, size in urls.listed(out).items():
            folder, _, file = name.rpartition("/")
            self._there[folder][file] = size
        folders = [folder for folder, files in self._there.items() if folder and RECORD in files]
        for start in range(0, len(folders), _TOGETHER):
            some = {f"{folder}/{RECORD}": folder for folder in folders[start : start + _TOGETHER]}
            for name, content in urls.read_all(out, list(some)).items():
                if record := _parsed(content):
                    self._take(some[name], record)

    def stands(self, entry: Entry) -> bool:
        """Whether every file of its result is there, as it was written: another size may be another run's."""
        there = self._there.get(entry.folder, {})
        return all(there.get(name) == size for name, size in entry.written.items())

    def claimed(self, jobs: list[Job]) -> list[Job]:
        """Make the records of files that have none; gives another folder to those whose own was taken meanwhile."""
        with ThreadPoolExecutor(_CLAIMS) as hands:
            return list(hands.map(self._claimed, jobs, [self.folder_of(job.path) is not None for job in jobs]))

    def record(self, entry: Entry, report: dict[str, Any] | None) -> None:
        """Note what came of a file, here and there."""
        super().record(entry, report)
        noted = next(self.entries([entry.path]))
        said = Record(
            path=str(noted.path), status=noted.status, input=noted.input, options=self.options(noted.options),
            attempts=noted.attempts, error=noted.error, seconds=noted.seconds, ended=noted.ended,
            written=noted.written, report=report,
        )  # fmt: skip
        try:
            urls.put(self._place(noted.folder), _encoded(said))
        except InputError as error:
            raise RunError(str(error)) from None

    def _claimed(self, job: Job, known: bool) -> Job:  # noqa: FBT001 - mapped over two lists
        if known:
            return job
        mine = Record(path=str(job.path.absolute()), status="waiting")
        place = self._place(job.folder.name)
        if urls.create(place, _encoded(mine)):
            return job
        theirs = _parsed(urls.read(place, urls.MOST))
        if theirs is None:
            time.sleep(_MOMENT)
            theirs = _parsed(urls.read(place, urls.MOST))
        if theirs is None:  # left behind by a run that was killed while it wrote
            urls.put(place, _encoded(mine))
        elif theirs.path != mine.path:
            return self._claimed(Job(job.path, job.folder.parent / hashed(job.path, job.folder.name), job.parts), known)
        return job

    def _place(self, folder: str) -> urls.Url:
        return urls.Url(f"{self.out}/{folder}/{RECORD}")

    def _take(self, folder: str, record: Record) -> None:
        """Put a record into the tables; of two about one file the later counts."""
        path = urls.path_of(record.path)
        before = next(self.entries([path]), None)
        if before is not None and (before.ended or 0) > (record.ended or 0):
            return
        name = options_id(record.options)
        entry = Entry(
            path, folder, record.status, record.input, name, record.attempts, record.error, record.seconds,
            record.ended, record.written,
        )  # fmt: skip
        self.restore(entry, record.options, record.report)


@contextmanager
def opened(out: urls.Url) -> Iterator[Elsewhere]:
    """Open the manifest of an address, for a run or to look at it; others may run there meanwhile.

    Raises:
        InputError: The place can't be reached.
    """
    with closing(sqlite3.connect("")) as base:  # on disk, and gone with the process
        base.executescript(TABLES)
        yield Elsewhere(out, base)


@contextmanager
def read(out: urls.Url) -> Iterator[Elsewhere]:
    """Open the manifest of an address to look at it.

    Raises:
        RunError: There is none.
        InputError: The place can't be reached.
    """
    with opened(out) as found:
        if next(found.entries(), None) is None:
            raise RunError(f"{out}: no run there (no folder with a {RECORD}). Give the --out of `extractor run`.")
        yield found


def _parsed(content: bytes) -> Record | None:
    try:
        return Record.model_validate_json(content)
    except ValidationError:
        return None


def _encoded(record: Record) -> bytes:
    return json.dumps(record.model_dump(), ensure_ascii=True, indent=1).encode() + b"\n"
