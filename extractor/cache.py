"""Answers kept on disk: JSON text in one SQLite file, shared by processes, never a reason for a run to stop.

Values live inside the database only (no side files), so that a process killed at any moment leaves either the whole
answer or none. Nothing is pickled, on the way in or out, and no file is removed because a row names it: a cache from a
stranger can't run code, nor delete what is yours.
"""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import diskcache

from .errors import ExtractorError
from .stored import KEY, Entry, Stats, Stored

_LISTED = "SELECT key, store_time FROM Cache WHERE raw = 1"
_DATABASES = ("answers", "answers-2")
ENDPOINTS = "endpoints.json"
_SETTINGS = {**diskcache.DEFAULT_SETTINGS, **diskcache.core.METADATA}
_TROUBLE = (sqlite3.Error, diskcache.Timeout, OSError)
_WAIT = 20  # seconds for another process's write


class CacheError(ExtractorError):
    """Export, import or clearing failed; the message names file and cause."""


class _TextDisk(diskcache.Disk):  # type: ignore[misc]
    """Text in, text out; whatever else a database holds is as if it weren't there."""

    def put(self, key: Any) -> tuple[str, bool]:
        if not isinstance(key, str):
            raise TypeError("keys are text")
        return key, True

    def get(self, key: Any, raw: Any) -> str:
        return key if isinstance(key, str) and raw else ""

    def store(self, value: Any, read: Any, key: Any = None) -> tuple[int, int, None, str]:  # noqa: ARG002
        if not isinstance(value, str) or read:
            raise TypeError("values are text")
        return 0, diskcache.core.MODE_RAW, None, value

    def fetch(self, mode: Any, filename: Any, value: Any, read: Any) -> str:  # noqa: ARG002
        if mode != diskcache.core.MODE_RAW or not isinstance(value, str):
            raise OSError("not text")  # diskcache treats it as a missing entry
        return value

    def remove(self, file_path: str) -> None:
        """Leave alone what a row names as its side file: no answer has one."""


class Cache:
    """The cache in a folder.

    A database that is damaged is left alone and a second one beside it is used; a folder that can't be written is
    read, and new answers stay in memory. Each such trouble is reported once, through ``on_warning``.
    """

    def __init__(self, folder: Path | None, on_warning: Callable[[str], None] | None = None) -> None:
        """Open or create it; None keeps answers in memory only."""
        self.folder = folder
        self.warnings: list[str] = []
        self._on_warning = on_warning
        self._memory: dict[str, str] = {}
        self._disk: Any = None
        self._reader: sqlite3.Connection | None = None
        self._next = 0
        if folder is not None:
            self._open(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        for connection in (self._disk, self._reader):
            if connection is not None:
                with contextlib.suppress(*_TROUBLE):
                    connection.close()

    def get(self, key: str) -> Stored | None:
        """Return an answer or None; an entry that isn't one counts as missing."""
        try:
            text = self._memory.get(key) or self._fetch(key)
            return None if text is None else Stored.from_json(text)
        except _TROUBLE as error:
            self._trouble(error)
        except ValueError:
            self._warn("an entry of the cache is damaged; it is asked for again.")
        return None

    def put(self, key: str, stored: Stored) -> bool:
        """Keep an answer: on disk where possible, in memory otherwise; returns whether it outlives this process."""
        text = stored.to_json()
        for _ in _DATABASES:
            if self._disk is not None:
                try:
                    self._disk.set(key, text)
                except _TROUBLE as error:
                    if self._trouble(error):
                        continue
                else:
                    return True
            break
        self._memory[key] = text
        return False

    def entries(self) -> Iterator[Entry]:
        """Yield every answer, in order of keys; what is none is left out."""
        found: dict[str, float | None] = dict.fromkeys(self._memory)
        found.update(self._keys())
        for key in sorted(found):
            stored = self.get(key)
            if stored is not None:
                yield Entry(key, stored, found[key])

    def stats(self) -> Stats:
        """Count entries, bytes and models."""
        state = "ok" if self._disk is not None else "read-only" if self._reader is not None else "memory"
        models: Counter[str] = Counter()
        times = []
        for entry in self.entries():
            models[entry.stored.model] += 1
            times += [entry.when] if entry.when is not None else []
        size = sum(p.stat().st_size for p in self._files() if p.exists())
        oldest, newest = (min(times), max(times)) if times else (None, None)
        return Stats(str(self.folder or ""), models.total(), size, state, dict(sorted(models.items())), oldest, newest)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Write all that is put inside, or nothing where an exception leaves the block.

        Raises:
            CacheError: The folder can't be written.
        """
        if self._disk is None:
            raise CacheError(f"{self.folder or 'memory'}: nothing can be kept there. Choose a folder with --cache-dir.")
        try:
            with self._disk.transact(retry=True):
                yield
        except _TROUBLE as error:
            raise CacheError(f"{self.folder}: can't be written ({error}). Nothing was added.") from None

    def forget(self, keys: Iterable[str]) -> int:
        """Forget these answers; returns how many there were.

        Raises:
            CacheError: The folder can't be written.
        """
        count = 0
        with self.together():
            for key in keys:
                count += bool(self._disk.delete(key))
        return count

    def clear(self) -> int:
        """Forget all answers and what was found out about endpoints; returns the number of answers.

        Raises:
            CacheError: The folder can't be written.
        """
        count = sum(1 for _ in {*self._memory, *self._keys()})
        self._memory.clear()
        if self.folder is None:
            return count
        try:
            if self._disk is not None:
                self._disk.clear()
            for name in _DATABASES:  # what is damaged, or was written beside it, goes as files
                if self._disk is None or self.folder / name != Path(self._disk.directory):
                    for suffix in ("", "-wal", "-shm"):
                        (self.folder / name / f"cache.db{suffix}").unlink(missing_ok=True)
            (self.folder / ENDPOINTS).unlink(missing_ok=True)
        except _TROUBLE as error:
            raise CacheError(f"{self.folder}: can't be cleared ({error}). Delete the folder by hand.") from None
        return count

    def _files(self) -> list[Path]:
        folder = self.folder
        return [] if folder is None else [folder / n / f"cache.db{s}" for n in _DATABASES for s in ("", "-wal")]

    def _fetch(self, key: str) -> str | None:
        if self._disk is not None:
            value = self._disk.get(key)
            return value if isinstance(value, str) else None
        if self._reader is not None:
            row = self._reader.execute("SELECT value FROM Cache WHERE key = ? AND raw = 1", (key,)).fetchone()
            return str(row[0]) if row else None
        return None

    def _keys(self) -> dict[str, float]:
        """Return the keys on disk, and when each was written."""
        found: list[tuple[Any, Any]] = []
        try:
            if self._disk is not None:
                with contextlib.closing(sqlite3.connect(Path(self._disk.directory) / "cache.db", timeout=_WAIT)) as own:
                    found = own.execute(_LISTED).fetchall()
            elif self._reader is not None:
                found = self._reader.execute(_LISTED).fetchall()
        except _TROUBLE as error:
            self._trouble(error)
        return {key: float(when or 0) for key, when in found if isinstance(key, str) and KEY.fullmatch(key)}

    def _open(self, parent: Path) -> None:
        """Open the first database that isn't damaged; else read; else remember."""
        while self._next < len(_DATABASES):
            folder = parent / _DATABASES[self._next]
            self._next += 1
            try:
                _check(folder / "cache.db")
                self._disk = diskcache.Cache(
                    str(folder), timeout=_WAIT, disk=_TextDisk, eviction_policy="none", cull_limit=0, sqlite_mmap_size=0
                )
            except _TROUBLE as error:
                if _damaged(error):
                    self._warn(f"{folder}: damaged ({error}); it is left alone. `extractor cache clear` removes it.")
                    continue
                self._read_only(folder, error)
            return
        self._warn(f"{parent}: no usable cache; answers are kept in memory for this run only.")

    def _read_only(self, folder: Path, error: Exception) -> None:
        self._disk = None
        with contextlib.suppress(*_TROUBLE):
            address = f"file:{quote(str(folder.resolve() / 'cache.db'))}?mode=ro&immutable=1"
            reader = sqlite3.connect(address, uri=True, check_same_thread=False)
            try:
                reader.execute("SELECT key FROM Cache LIMIT 1").fetchone()
                self._reader = reader
            except sqlite3.Error:
                reader.close()
        kept = "old answers are read, new ones are" if self._reader else "answers are"
        self._warn(f"{folder}: can't be written ({error}); {kept} kept in memory for this run only.")

    def _trouble(self, error: Exception) -> bool:
        """Report, and go to the next database where this one is damaged; returns whether there is one to try."""
        if not _damaged(error):
            self._warn(f"{self.folder}: an answer can't be read or written ({error}); the run goes on without it.")
            return False
        self._warn(f"{self.folder}: the cache is damaged ({error}). `extractor cache clear` removes it.")
        self.close()
        self._disk = self._reader = None
        if self.folder is not None:
            self._open(self.folder)
        return self._disk is not None

    def _warn(self, message: str) -> None:
        if message not in self.warnings:
            self.warnings.append(message)
            if self._on_warning is not None:
                self._on_warning(message)


def _damaged(error: Exception) -> bool:
    # SQLite's codes CORRUPT and NOTADB come as DatabaseError itself; its subclasses mean locks, disks, permissions.
    return type(error) is sqlite3.DatabaseError


def _check(database: Path) -> None:
    """Touch an existing database with a connection that is closed again whatever happens.

    Raises:
        sqlite3.DatabaseError: It is damaged, or holds settings that diskcache doesn't write, and would set.
    """
    if database.exists():
        with contextlib.closing(sqlite3.connect(database, timeout=_WAIT)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
            with contextlib.suppress(sqlite3.OperationalError):  # made this moment, by another process
                for name, value in connection.execute("SELECT key, value FROM Settings"):
                    if type(value) is not type(_SETTINGS.get(name)):
                        raise sqlite3.DatabaseError("its settings are not a cache's")
