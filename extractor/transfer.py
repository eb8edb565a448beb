"""Carries answers from one cache to another: JSON Lines, an answer a line, no key and no address of an endpoint."""

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from .cache import Cache, CacheError
from .shared_cache import SharedCache
from .stored import KEY, Imported, Stored, canonical


def export(cache: Cache | SharedCache, path: Path) -> int:
    """Write every answer to a file, in order of keys; returns their number.

    Raises:
        CacheError: The file can't be written.
    """
    count = 0
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                for entry in cache.entries():
                    out.write(canonical({"key": entry.key, "value": asdict(entry.stored)}) + "\n")
                    count += 1
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CacheError(f"{path}: can't be written ({error.strerror}). Choose another file.") from None
    return count


def import_(cache: Cache | SharedCache, path: Path, *, skip_broken: bool = False) -> Imported:
    """Add the answers of an export, all or none; answers that are there already stay as they are.

    Args:
        cache: Where to.
        path: The export.
        skip_broken: Add the sound lines of a file with broken ones; by default such a file adds nothing.

    Raises:
        CacheError: The file can't be read, or the cache can't be written.
    """
    bad = tuple(number for number, entry in _lines(path) if entry is None)
    if bad and not skip_broken:
        return Imported(0, 0, bad)
    added = known = 0
    with cache.together():
        for _, entry in _lines(path):
            if entry is None:
                continue
            key, stored = entry
            if cache.get(key) is not None:
                known += 1
            elif cache.put(key, stored):
                added += 1
            else:
                raise CacheError(
                    f"{cache.folder}: can't be written. {' '.join(cache.warnings[-1:])} Nothing was added."
                )
    return Imported(added, known, bad)


def _lines(path: Path) -> Iterator[tuple[int, tuple[str, Stored] | None]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield number, _entry(line)
    except OSError as error:
        raise CacheError(f"{path}: can't be read ({error.strerror}). Give a file that `cache export` wrote.") from None


def _entry(line: bytes) -> tuple[str, Stored] | None:
    try:
        record = json.loads(line)
        key, stored = record["key"], Stored.from_json(canonical(record["value"]))
        return (key, stored) if record.keys() == {"key", "value"} and KEY.fullmatch(key) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
