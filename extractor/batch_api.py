"""The other door to an endpoint: files and batches, for questions that may wait a day and cost half.

Only :mod:`extractor.client` and this module talk to ``openai``. What can cost money twice is never repeated by itself.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import openai  # noqa: TID251 - see above
from openai.types import Batch  # noqa: TID251 - likewise

from .config import OPENAI_URL, ConfigError, ModelConfig
from .endpoint import CallError, explain, retry_after
from .errors import ExtractorError
from .post import URL

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
_MARK = "extractor_file"  # under which a batch says which file it is made of
_LOOKED_THROUGH = 500  # batches of an account among which one that was lost is looked for


class BatchError(ExtractorError):
    """An endpoint doesn't take, keep or give back a batch; the message says what to do.

    ``refused``: the endpoint said no, so that nothing was made.
    """

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class State:
    """What an endpoint says of a batch: how far it is, its files, and why it failed."""

    id: str
    status: str
    done: int = 0
    failed: int = 0
    total: int = 0
    answers: str | None = None
    errors: str | None = None
    why: str = ""

    @property
    def ended(self) -> bool:
        """Whether no more answers come."""
        return self.status in ENDED


class Batches:
    """The batches at one endpoint; a context manager."""

    def __init__(self, config: ModelConfig) -> None:
        """Prepare; nothing is sent yet.

        Raises:
            ConfigError: There is no key, or the model is on this machine.
        """
        if config.wake is not None:
            raise ConfigError("A model on this machine takes no batches. Use `extractor run`, or name another --model.")
        if config.base_url == OPENAI_URL and config.api_key is None:
            raise ConfigError(f"There is no key for {config.host}. Set OPENAI_API_KEY, or name --base-url.")
        self._config = config
        self._openai = openai.OpenAI(
            base_url=config.base_url,
            api_key=config.api_key.get_secret_value() if config.api_key else "none",
            timeout=config.timeout,
            max_retries=config.attempts - 1,
            http_client=openai.DefaultHttpxClient(trust_env=not config.loopback),
        )
        self._once = self._openai.with_options(max_retries=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._openai.close()

    def upload(self, file: Path) -> str:
        """Upload a file of questions; returns its id.

        Raises:
            BatchError: It isn't taken.
        """
        with self._explained("takes no file"), file.open("rb") as lines:
            return self._openai.files.create(file=(file.name, lines), purpose="batch").id

    def create(self, uploaded: str, file: Path) -> State:
        """Have the questions of a file answered. It is asked for once: a second batch would be paid too.

        Raises:
            BatchError: It isn't taken.
        """
        with self._explained("takes no batch"):
            return _state(
                self._once.batches.create(
                    input_file_id=uploaded, endpoint=URL, completion_window="24h", metadata={_MARK: fingerprint(file)}
                )
            )

    def lost(self, file: Path) -> State | None:
        """Return the batch that was made of a file, where its id was never heard of: the answer was lost on its way.

        Raises:
            BatchError: The endpoint doesn't list its batches.
        """
        mark = fingerprint(file)
        with self._explained("doesn't list its batches"):
            for number, batch in enumerate(self._openai.batches.list(limit=100)):
                if (batch.metadata or {}).get(_MARK) == mark:
                    return _state(batch)
                if number >= _LOOKED_THROUGH:
                    break
        return None

    def look(self, batch: str) -> State:
        """Ask how far a batch is.

        Raises:
            BatchError: The endpoint doesn't say.
        """
        with self._explained("doesn't tell of a batch"):
            return _state(self._openai.batches.retrieve(batch))

    def cancel(self, batch: str) -> State:
        """Ask for a batch to stop; what is answered already can be collected.

        Raises:
            BatchError: The endpoint doesn't do it.
        """
        with self._explained("doesn't cancel a batch"):
            return _state(self._openai.batches.cancel(batch))

    def fetch(self, uploaded: str, to: Path) -> None:
        """Fetch a file of answers, whole or not at all.

        Raises:
            BatchError: It can't be fetched, or not be written.
        """
        with self._explained("gives no answers"):
            write_whole(to, self._openai.files.content(uploaded).content)

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Put openai's errors into ours."""
        try:
            yield
        except openai.APIStatusError as error:
            wait = retry_after(error.response.headers)
            fault = CallError("status", error.status_code, error.body or error.message, wait)
        except openai.APITimeoutError:
            fault = CallError("timeout")
        except openai.APIConnectionError as error:
            fault = CallError("connection", body=str(error.__cause__ or error))
        except (openai.OpenAIError, ValueError, AttributeError, TypeError) as error:
            fault = CallError("body", body=str(error))
        except OSError as error:
            raise BatchError(f"{error.filename or 'a file'}: can't be read or written ({error.strerror}).") from None
        else:
            return
        refused = fault.status is not None and 400 <= fault.status < 500 and fault.status != 408
        raise BatchError(f"The endpoint {what}: {explain(fault, self._config, 1)}", refused=refused) from None


def fingerprint(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def write_whole(to: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=to.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        Path(name).replace(to)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _state(batch: Batch) -> State:
    if not isinstance(batch, Batch) or not isinstance(batch.id, str) or not isinstance(batch.status, str):
        raise TypeError(f"no batch: {batch!r}"[:200])
    counts = batch.request_counts
    said = [e.message or e.code or "" for e in (batch.errors.data or [] if batch.errors else [])]
    return State(
        batch.id, batch.status,
        *((counts.completed, counts.failed, counts.total) if counts else (0, 0, 0)),
        batch.output_file_id, batch.error_file_id, "; ".join(said)[:300],
    )  # fmt: skip
