"""Calls to an endpoint: repeated where they fail in passing, and what to do, in words, where they fail for good."""

import hashlib
import json
import os
import random
import re
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, stop_before_delay

from .answers import Outcome, answer_text, usage_of
from .budget import Budget
from .cache import ENDPOINTS
from .config import OPENAI_URL, ModelConfig

_TOO_LONG = re.compile(r"context_length_exceeded|exceed_context_size|(?i:maximum context length|context window)")
_LONGEST_TEXT = 300
_LONGEST_WAIT = 30.0


class CallError(Exception):
    """One call failed: ``status`` by an HTTP status, ``body`` by a 200 that is no completion, or without an answer."""

    def __init__(
        self,
        kind: Literal["status", "body", "timeout", "connection"],
        status: int | None = None,
        body: object = None,
        wait: float | None = None,
    ) -> None:
        super().__init__(kind)
        self.kind, self.status, self.body, self.wait = kind, status, body, wait

    @property
    def passing(self) -> bool:
        """Whether the same call may succeed a little later."""
        if self.status is None:
            return self.kind != "body"
        again = self.status in {408, 409, 429} or (self.status >= 500 and self.status != 501)
        return again and not self.spent_up and not self.too_long

    @property
    def too_long(self) -> bool:
        """Whether the prompt was refused for its length."""
        return self.status == 413 or (
            self.status in {400, 422, 500} and bool(_TOO_LONG.search(" ".join(said(self.body))))
        )

    @property
    def spent_up(self) -> bool:
        """Whether a 429 means an empty account, which waiting doesn't fill."""
        return self.status == 429 and "insufficient_quota" in said(self.body)[1]


class StopError(Exception):
    """There is no completion: the outcome, the reason, and the status of the last call."""

    def __init__(self, outcome: Outcome, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.outcome, self.message, self.status = outcome, message, status


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it is to be made.

    Attributes:
        kwargs: What instructor has made of the question.
        tag: Whose account it is on.
        prompt: Stands in for the token count of endpoints that give none.
        expected: About how many tokens the answer takes; 0 where nobody can tell.
    """

    kwargs: Mapping[str, Any]
    tag: str
    prompt: str
    expected: int = 0


class Endpoint:
    """Repeats a call until it succeeds or there is no point; never more side by side than the account allows.

    Attributes:
        fatal: Why no request can succeed any more (a key or a model that the endpoint doesn't know), or None.
        dialect: The parameters that the model knows, under the names that it takes.
    """

    def __init__(self, config: ModelConfig, send: Callable[..., Awaitable[Any]]) -> None:
        """Take the function that makes one call: it gives a completion or raises CallError."""
        self.fatal: StopError | None = None
        self._config, self._send = config, send
        self.dialect: dict[str, Any] = {"temperature": config.temperature, "max_tokens": config.max_output_tokens}

    async def call(self, asked: Call, budget: Budget) -> Any:
        """Return a completion.

        Raises:
            StopError: There is none.
        """
        config = self._config
        if config.base_url == OPENAI_URL and config.api_key is None:
            raise StopError("error", f"There is no key for {config.host}. Set OPENAI_API_KEY, or name --base-url.")
        async with budget.turns:
            end = time.monotonic() + config.time_limit

            async def once() -> Any:
                return await self._once(asked, budget, end)

            repeat = AsyncRetrying(
                stop=stop_after_attempt(config.attempts) | stop_before_delay(config.time_limit),
                wait=self._wait,
                retry=retry_if_exception(lambda error: isinstance(error, CallError) and error.passing),
                reraise=True,
            )
            try:
                return await repeat(once)
            except CallError as error:
                stop = stopped(error, config, repeat.statistics["attempt_number"])
                if error.status in {401, 404}:  # no other request would fare better
                    self.fatal = stop
                raise stop from None

    async def _once(self, asked: Call, budget: Budget, end: float) -> Any:
        if self.fatal is not None:
            raise self.fatal
        refused = await budget.admit(asked.tag)
        if refused is not None:
            raise StopError("budget", f"{asked.tag}: not asked, {refused}.")
        begin, dialect = time.monotonic(), self.dialect
        within = max(0.01, min(self._config.timeout, end - begin))
        try:
            completion = await self._send(within=within, **self.body(asked))
        except BaseException as error:  # a call that Ctrl-C cuts off counts too
            budget.failed(asked.tag, seconds=time.monotonic() - begin)
            if isinstance(error, CallError) and self._learned(error, dialect):
                return await self._once(asked, budget, end)
            raise
        usage = usage_of(completion, asked.prompt, answer_text(completion, "tools"))
        budget.answered(asked.tag, usage, time.monotonic() - begin)
        return completion

    def body(self, asked: Call) -> dict[str, Any]:
        """Return a call as it is sent."""
        longest = {n: self._config.longest(asked.expected) for n in self.dialect if n.endswith("_tokens")}
        return {"model": str(self._config.model), **self.dialect, **longest, **asked.kwargs}

    def _learned(self, error: CallError, sent: dict[str, Any]) -> bool:
        """Take up what a 400 says about a parameter that the model doesn't know; returns whether to try again."""
        if error.status != 400:
            return False
        words = " ".join(said(error.body))
        if self.dialect is sent and "max_completion_tokens" in words and "max_tokens" in sent:
            kept = {name: value for name, value in sent.items() if name != "max_tokens"}
            self.dialect = {**kept, "max_completion_tokens": sent["max_tokens"]}
        elif self.dialect is sent and "temperature" in words and "support" in words:
            self.dialect = {name: value for name, value in sent.items() if name != "temperature"}
        return self.dialect != sent

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, CallError) else None
        usual = min(_LONGEST_WAIT, self._config.backoff * 2.0 ** (state.attempt_number - 1))
        return usual * random.uniform(0.5, 1.0) if asked is None else asked + usual * random.uniform(0.0, 0.5)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds that an endpoint asks to wait: ``Retry-After`` as seconds or as an HTTP date (RFC 9110)."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())


def said(body: object) -> tuple[str, str]:
    """Return the message and the codes of an error body, whatever its shape."""
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict):
            codes = " ".join(str(inner.get(k) or "") for k in ("code", "type", "param"))
            return str(inner.get("message") or ""), codes
        return str(inner), ""
    return str(body or ""), ""


def stopped(error: CallError, config: ModelConfig, calls: int) -> StopError:
    """Return what ends a request that failed for good; ``calls`` were made."""
    return StopError("length" if error.too_long else "error", explain(error, config, calls), error.status)


def explain(error: CallError, config: ModelConfig, calls: int) -> str:
    """Say what a failure means and what to do; ``calls`` were made."""
    tries = f" ({calls} calls)" if calls > 1 else ""
    words = " ".join(said(error.body)[0].split())[:_LONGEST_TEXT]
    if error.kind == "timeout":
        text = f"{config.host} gives no answer in time{tries}. Allow a longer timeout, or lower --concurrency."
    elif error.kind == "connection":
        text = f"{config.host} can't be reached, or breaks off{tries}: {words}. Is it running? Look at --base-url."
    elif error.status is None:
        text = f"{config.host} answers, but with no completion. Does --base-url end in /v1? It says: {words}"
    else:
        text = f"{config.host} ({error.status}{', ' + tries.strip(' ()') if tries else ''}) {_meaning(error, config)}"
        text += f" It asks to wait {error.wait:.0f} s." if error.wait else ""
        text += f" It says: {words}" if words else ""
    return scrub(text, config)


def _meaning(error: CallError, config: ModelConfig) -> str:
    if error.too_long:
        return f"finds the prompt too long for the model {config.model!r}. Send less text at once."
    if error.spent_up or error.status == 402:
        return "says that the account is used up. Add credit, or choose another endpoint."
    known = {
        401: "refuses the key. Set OPENAI_API_KEY to a key for this endpoint, or mend --base-url.",
        403: "doesn't allow this. Choose a --model that the key may use, or ask for access.",
        404: f"knows no model {config.model!r}, or nothing at this address. Choose another --model, or mend --base-url "
        "(it usually ends in /v1).",
        429: "allows no more requests for now. Lower --concurrency, or try later; what is done is kept.",
    }
    later = "fails. Try later; what is done is kept."
    usual = later if (error.status or 0) >= 500 else "refuses the request. Choose another --mode or --model."
    return known.get(error.status or 0, usual)


def scrub(text: str, config: ModelConfig) -> str:
    """Take the key out of a text that others wrote."""
    key = config.api_key.get_secret_value() if config.api_key else ""
    return text.replace(key, "***") if key else text


def endpoint_name(config: ModelConfig) -> str:
    """Return a name for an endpoint and model under which facts are kept; an address may hold secrets, this doesn't."""
    return hashlib.sha256(f"{config.base_url}\n{config.model}".encode()).hexdigest()[:16]


def recall(folder: Path, name: str) -> dict[str, Any]:
    """Return what was found out about an endpoint, or nothing."""
    known = _known(folder).get(name)
    return known if isinstance(known, dict) else {}


def remember(folder: Path, name: str, facts: Mapping[str, Any]) -> bool:
    """Note what was found out about an endpoint; returns whether it could be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**_known(folder), name: dict(facts)}, ensure_ascii=False, indent=1, sort_keys=True)
        handle, temporary = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text + "\n")
        Path(temporary).replace(folder / ENDPOINTS)
    except OSError:
        return False
    return True


def _known(folder: Path) -> dict[str, Any]:
    try:
        known = json.loads((folder / ENDPOINTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
