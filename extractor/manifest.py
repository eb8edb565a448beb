"""The manifest of a run: what became of each file, so that a run that was stopped goes on where it stopped.

It is an SQLite file in the folder of the results: one transaction a file, readable while a run is at work, and a
question about a hundred thousand files takes no walk over as many folders. The results are the truth all the same: a
file counts as done only if its recorded files are there. The manifest says so after they are, so a kill between the two
costs the work on that file, never a result.
"""

import hashlib
import json
import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from .errors import ExtractorError, InputError
from .lock import held
from .placing import LAST, sweep
from .urls import path_of

NAME = "run.sqlite3"
Status = Literal["waiting", "done", "open", "failed"]
"""``open``: written, but a model was not asked about some of it, or gave no answer. ``waiting``: not yet ended."""
TABLES = """
CREATE TABLE IF NOT EXISTS options (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
  path BLOB PRIMARY KEY, folder BLOB NOT NULL UNIQUE, status TEXT NOT NULL, input TEXT, options TEXT, attempts INT NOT NULL,
  error TEXT, seconds REAL, ended REAL, written TEXT, report BLOB
) WITHOUT ROWID;
"""  # noqa: E501
_COLUMNS = "path, folder, status, input, options, attempts, error, seconds, ended, written"


class RunError(ExtractorError):
    """The manifest of a run can't be read or written, or another run is at work in its folder."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest says of a file.

    Attributes:
        path: Absolute path of the file.
        folder: Name of its folder of results.
        status: See :data:`Status`.
        input: SHA-256 of its bytes, where the outcome depends on nothing else; None: to be tried again.
        options: Id of the options and of the version that read it.
        attempts: How often it was begun and ended.
        error: Why it failed.
        seconds: What the last attempt took.
        ended: When that ended, in seconds since 1970.
        written: Size of each file of its result.
    """

    path: Path
    folder: str
    status: Status
    input: str | None
    options: str | None
    attempts: int
    error: str | None
    seconds: float | None
    ended: float | None
    written: dict[str, int]


def options_id(options: Mapping[str, Any]) -> str:
    """Return the name by which entries refer to options."""
    return hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()[:16]


def _whole(file: Path) -> bool:
    """Whether a file that has another size than it was written with was meant to be changed."""
    if file.name != LAST:
        return True
    try:
        return isinstance(json.loads(file.read_bytes()), dict)
    except (OSError, ValueError):
        return False


class Manifest:
    """An open manifest; use :func:`opened` for a run, and :func:`read` to look only."""

    def __init__(self, out: Path, base: sqlite3.Connection) -> None:
        self.out = out
        self._base = base

    def stands(self, entry: Entry) -> bool:
        """Whether every file of its result is there, and whole.

        A result that was corrected by hand has another size and counts; one that a power loss cut off doesn't.
        """
        for name, size in entry.written.items():
            try:
                found = (self.out / entry.folder / name).stat().st_size
            except OSError:
                return False
            if found != size and (found == 0 or not _whole(self.out / entry.folder / name)):
                return False
        return True

    def entries(self, paths: Iterable[Path] | None = None) -> Iterator[Entry]:
        """Yield what is known, of all files or of these, in their order."""
        if paths is None:
            for row in self._ask(f"SELECT {_COLUMNS} FROM files ORDER BY path"):  # noqa: S608 - constants
                yield _entry(row)
            return
        for path in paths:
            row = self._ask(f"SELECT {_COLUMNS} FROM files WHERE path = ?", _key(path)).fetchone()  # noqa: S608
            if row:
                yield _entry(row)

    def folder_of(self, path: Path) -> str | None:
        """Return the name of a file's folder, or None for a file that the manifest doesn't know."""
        row = self._ask("SELECT folder FROM files WHERE path = ?", _key(path)).fetchone()
        return os.fsdecode(row[0]) if row else None

    def owner(self, folder: str) -> Path | None:
        """Return the file that a folder belongs to."""
        row = self._ask("SELECT path FROM files WHERE folder = ?", os.fsencode(folder)).fetchone()
        return path_of(os.fsdecode(row[0])) if row else None

    def report(self, path: Path) -> dict[str, Any] | None:
        """Return the report of a file that was read."""
        row = self._ask("SELECT report FROM files WHERE path = ?", _key(path)).fetchone()
        return json.loads(zlib.decompress(row[0])) if row and row[0] else None

    def reports(self) -> Iterator[tuple[Entry, dict[str, Any]]]:
        """Yield every file that was read with its report."""
        for row in self._ask(f"SELECT {_COLUMNS}, report FROM files ORDER BY path"):  # noqa: S608
            yield _entry(row[:-1]), json.loads(zlib.decompress(row[-1])) if row[-1] else {}

    def options(self, name: str | None) -> dict[str, Any]:
        """Return the options with an id."""
        row = self._ask("SELECT json FROM options WHERE id = ?", name).fetchone()
        return json.loads(row[0]) if row else {}

    def claimed(self, jobs: list[Any]) -> list[Any]:
        """Make sure that the folders of jobs are theirs; here they are, since nobody else runs in the folder."""
        return jobs

    def expect(self, files: Sequence[tuple[Path, str]], options: dict[str, Any], name: str) -> None:
        """Note which files a run is about to read, into which folders, and with which options."""
        with self._changed() as base:
            base.execute("INSERT OR REPLACE INTO options VALUES (?, ?)", (name, json.dumps(options, sort_keys=True)))
            base.executemany(
                "INSERT INTO files (path, folder, status, attempts) VALUES (?, ?, 'waiting', 0) ON CONFLICT(path) "
                "DO UPDATE SET status = 'waiting', error = NULL, input = NULL",
                [(_key(path), os.fsencode(folder)) for path, folder in files],
            )

    def record(self, entry: Entry, report: dict[str, Any] | None) -> None:
        """Note what came of a file."""
        with self._changed() as base:
            base.execute(
                "UPDATE files SET status = ?, input = ?, options = ?, attempts = attempts + 1, error = ?, seconds = ?, "
                "ended = ?, written = ?, report = ? WHERE path = ?",
                (
                    entry.status, entry.input, entry.options, entry.error, entry.seconds, time.time(),
                    json.dumps(entry.written), _packed(report), _key(entry.path),
                ),
            )  # fmt: skip

    def restore(self, entry: Entry, options: dict[str, Any], report: dict[str, Any] | None) -> None:
        """Take over what was noted elsewhere, as it is."""
        with self._changed() as base:
            base.execute(
                "INSERT OR REPLACE INTO options VALUES (?, ?)", (entry.options, json.dumps(options, sort_keys=True))
            )
            base.execute(
                f"INSERT OR REPLACE INTO files ({_COLUMNS}, report) VALUES ({', '.join('?' * 11)})",  # noqa: S608
                (
                    _key(entry.path), os.fsencode(entry.folder), entry.status, entry.input, entry.options,
                    entry.attempts, entry.error, entry.seconds, entry.ended, json.dumps(entry.written),
                    _packed(report),
                ),
            )  # fmt: skip

    def _ask(self, question: str, *values: object) -> sqlite3.Cursor:
        try:
            return self._base.execute(question, values)
        except sqlite3.Error as error:
            raise _broken(self.out, error) from None

    def _changed(self) -> "_Change":
        return _Change(self.out, self._base)


class _Change:
    """One transaction; no generator, which Ctrl-C may leave behind open, to complain when everything is closed."""

    def __init__(self, out: Path, base: sqlite3.Connection) -> None:
        self._out, self._base = out, base

    def __enter__(self) -> sqlite3.Connection:
        return self._base.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._base.__exit__(kind, error, trace)
        except sqlite3.Error as failed:
            raise _broken(self._out, failed) from None
        if isinstance(error, sqlite3.Error):
            raise _broken(self._out, error) from None


@contextmanager
def opened(out: Path, *, patience: float = 0.0) -> Iterator[Manifest]:
    """Open the manifest of a folder for a run; nobody else runs there meanwhile. Leftovers of killed runs go.

    Args:
        out: The folder; made if it isn't there.
        patience: How many seconds to wait for another run to end.

    Raises:
        RunError: Another run is at work there, or the manifest is damaged.
        InputError: The folder can't be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: can't be written ({error.strerror}). Choose another --out.") from None
    with held(out, patience):
        sweep(out)
        try:
            base = sqlite3.connect(out / NAME)
        except sqlite3.Error as error:
            raise _broken(out, error) from None
        with closing(base):
            try:
                base.execute("PRAGMA journal_mode = WAL")
                base.execute("PRAGMA synchronous = NORMAL")
                base.executescript(TABLES)
            except sqlite3.Error as error:
                raise _broken(out, error) from None
            yield Manifest(out, base)


@contextmanager
def read(out: Path) -> Iterator[Manifest]:
    """Open the manifest of a folder to look at it, also while a run is at work.

    Raises:
        RunError: There is none, or it is damaged.
    """
    if not (out / NAME).is_file():
        raise RunError(f"{out}: no run ({NAME}) in this folder. Give the --out of `extractor run`.")
    # Where the folder can't be written, nobody else does either.
    how = "mode=ro" if os.access(out, os.W_OK) else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{(out / NAME).absolute().as_uri()}?{how}", uri=True, timeout=10)) as base:
            yield Manifest(out, base)
    except sqlite3.Error as error:
        raise _broken(out, error) from None


def _broken(out: Path, error: sqlite3.Error) -> RunError:
    said = str(error)
    if "full" in said or "readonly" in said or "I/O" in said:
        return RunError(f"{out}: the manifest can't be written ({said}). Make room there, or choose another --out.")
    return RunError(
        f"{out / NAME}: can't be used ({said}). Move it away: the run then reads all files anew, into the same folders."
    )


def _packed(report: dict[str, Any] | None) -> bytes | None:
    return zlib.compress(json.dumps(report, ensure_ascii=False).encode("utf-8", "surrogatepass")) if report else None


def _key(path: Path) -> bytes:
    return os.fsencode(path.absolute())


def _entry(row: Sequence[Any]) -> Entry:
    path, folder, status, source, options, attempts, error, seconds, ended, written = row
    return Entry(
        path_of(os.fsdecode(path)), os.fsdecode(folder), status, source, options, attempts, error, seconds, ended,
        json.loads(written or "{}"),
    )  # fmt: skip
