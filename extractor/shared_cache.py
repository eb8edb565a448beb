"""Answers kept by a Redis or Valkey server, for runs on many machines: the same interface as the cache in a folder.

An answer is one key, ``extractor:answer:<key>``, with the text that the folder's cache would keep; when it came stands
in a sorted set beside it. Nothing expires by itself; a server that forgets (``maxmemory``) costs a call, no answer.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from .cache import Cache, CacheError
from .config import ModelConfig, default_cache_dir, place
from .stored import KEY, Entry, Stats, Stored

_PREFIX = "extractor:answer:"
_WHEN = "extractor:when"
_PATIENCE = 5.0  # seconds for the server to answer


class SharedCache:
    """The cache behind an address such as ``redis://host:6379/0``.

    A server that isn't there is an error for :meth:`check`, with which a run begins. One that goes away later costs
    calls, as a folder that can't be written does: new answers stay in memory, and it is said once.
    """

    def __init__(self, address: str, on_warning: Callable[[str], None] | None = None) -> None:
        """Prepare; nothing is sent yet.

        Raises:
            CacheError: The package isn't installed, or the address is none.
        """
        try:
            import redis  # noqa: PLC0415 - an extra
        except ImportError:
            raise CacheError(
                "A shared cache needs the package redis. Install it with: pip install 'extractor[redis]'."
            ) from None
        self.folder = place(address)
        self.warnings: list[str] = []
        self._on_warning = on_warning
        self._memory = Cache(None)
        self._trouble = (redis.RedisError, OSError)
        try:
            self._server: Any = redis.Redis.from_url(
                address.replace("valkey", "redis", 1) if address.startswith("valkey") else address,
                socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE,
            )  # fmt: skip
        except ValueError as error:
            raise CacheError(f"{self.folder}: no address of a server ({error}). Mend --cache.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        with contextlib.suppress(*self._trouble):
            self._server.close()

    def check(self) -> None:
        """See whether the server is there and keeps what it is given.

        Raises:
            CacheError: It can't be reached, doesn't let us in, or can't be written.
        """
        try:
            self._server.set(_PREFIX + "check", b"", px=1)
        except self._trouble as error:
            raise CacheError(
                f"{self.folder}: the shared cache can't be used ({error}). Is the server running, and are address and "
                "password right? Without --cache answers are kept in a folder."
            ) from None

    def get(self, key: str) -> Stored | None:
        """Return an answer or None; an entry that isn't one counts as missing."""
        kept = self._memory.get(key)
        if kept is not None:
            return kept
        try:
            found = self._server.get(_PREFIX + key)
            return None if found is None else Stored.from_json(found.decode())
        except self._trouble as error:
            self._warn(f"{self.folder}: an answer can't be read ({error}); the run goes on without it.")
        except ValueError:
            self._warn("an entry of the cache is damaged; it is asked for again.")
        return None

    def put(self, key: str, stored: Stored) -> bool:
        """Keep an answer on the server, or in memory where that fails; returns whether it outlives this process."""
        try:
            with self._server.pipeline() as together:
                together.set(_PREFIX + key, stored.to_json().encode())
                together.zadd(_WHEN, {key: time.time()})
                together.execute()
        except self._trouble as error:
            self._warn(f"{self.folder}: an answer can't be kept ({error}); it stays in memory for this run only.")
            self._memory.put(key, stored)
            return False
        return True

    def entries(self) -> Iterator[Entry]:
        """Yield every answer, in order of keys; what is none is left out."""
        with self._explained():
            names = (name.decode("ascii", "replace") for name in self._server.scan_iter(_PREFIX + "*", count=1000))
            found = sorted(key for name in names if KEY.fullmatch(key := name.removeprefix(_PREFIX)))
            for key in found:
                stored, when = self.get(key), self._server.zscore(_WHEN, key)
                if stored is not None:
                    yield Entry(key, stored, when)

    def stats(self) -> Stats:
        """Count answers and models; bytes are those of the answers' texts."""
        models: Counter[str] = Counter()
        times, size = [], 0
        for entry in self.entries():
            models[entry.stored.model] += 1
            size += len(entry.stored.to_json())
            times += [entry.when] if entry.when is not None else []
        oldest, newest = (min(times), max(times)) if times else (None, None)
        return Stats(self.folder, models.total(), size, "ok", dict(sorted(models.items())), oldest, newest)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Write what is put inside; a server has no way to take back what was read meanwhile, so it may be a part.

        Raises:
            CacheError: The server went away.
        """
        with self._explained():
            yield

    def forget(self, keys: Iterable[str]) -> int:
        """Forget these answers; returns how many there were.

        Raises:
            CacheError: The server went away.
        """
        count = 0
        with self._explained():
            for key in keys:
                count += self._server.delete(_PREFIX + key)
                self._server.zrem(_WHEN, key)
        return count

    def clear(self) -> int:
        """Forget all answers; returns their number. Whatever else the server holds stays.

        Raises:
            CacheError: The server went away.
        """
        with self._explained():
            names = list(self._server.scan_iter(_PREFIX + "*", count=1000))
            count = sum(self._server.delete(*names[i : i + 1000]) for i in range(0, len(names), 1000))
            self._server.delete(_WHEN)
            return int(count)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except self._trouble as error:
            raise CacheError(f"{self.folder}: the shared cache can't be used ({error}). Try again.") from None

    def _warn(self, message: str) -> None:
        if message not in self.warnings:
            self.warnings.append(message)
            if self._on_warning is not None:
                self._on_warning(message)


def open_cache(config: ModelConfig, on_warning: Callable[[str], None] | None = None) -> Cache | SharedCache:
    """Open the cache that a configuration names: a server's, or the one in a folder.

    Raises:
        CacheError: The package for the server isn't installed.
    """
    if config.cache is not None:
        return SharedCache(config.cache, on_warning)
    return Cache(config.cache_dir or default_cache_dir(), on_warning)
