"""The only door to a language model: one adapter around ``openai`` and ``instructor``.

``instructor`` shapes each request for the endpoint's mode and parses the answer. Everything between the two is ours:
its ``create`` is a function of this module, which looks into the cache, asks the budget, waits for its turn and
repeats what failed in passing. instructor's own retries and templates are never used: ``max_retries`` is 0, and
``context`` is never passed (it would render the documents' text as a template).
"""

import asyncio
import json
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, Literal, Self, TypeVar

import instructor  # noqa: TID251 - this is the one module that may
import openai  # noqa: TID251 - likewise
from instructor.core.exceptions import InstructorError  # noqa: TID251 - likewise
from openai.types.chat import ChatCompletion  # noqa: TID251 - likewise
from pydantic import BaseModel, ConfigDict
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, stop_before_delay

from . import answers
from .budget import Budget, Usage
from .cache import Cache
from .config import OPENAI_URL, ConfigError, ModelConfig, default_cache_dir
from .endpoint import endpoint_name, explain, recall, remember, retry_after, said, scrub, spent_up, too_long
from .stored import AnswerCache, Stored, request_key

M = TypeVar("M", bound=BaseModel)
Outcome = Literal["ok", "invalid", "length", "refusal", "empty", "error", "budget", "offline"]

MODES = {
    "tools": instructor.Mode.TOOLS,
    "json_schema": instructor.Mode.JSON_SCHEMA,
    "json": instructor.Mode.JSON,
    "md_json": instructor.Mode.MD_JSON,
}
_PROBE = "probe"

# instructor logs every failure as an error, with the answer's text; who wants that attaches a handler.
logging.getLogger("instructor").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Request(Generic[M]):
    """One question.

    Attributes:
        system: Instructions.
        user: The question with its text.
        response_model: The form of the answer.
        tag: Whose account it goes to: a table's id, a chunk.
        attempt: 0 for the first time; another number makes the same question a new one for the cache.
    """

    system: str
    user: str
    response_model: type[M]
    tag: str
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Reply(Generic[M]):
    """What came of a request; nothing is ever raised for a bad answer.

    Attributes:
        outcome: ``ok``; ``invalid`` (not JSON, or not of the form asked for); ``length`` (cut off, or the prompt is
            too long); ``refusal``; ``empty``; ``error`` (no answer); ``budget`` and ``offline`` (not asked).
        parsed: The answer where ``ok``, else None.
        text: The answer as the model wrote it.
        usage: Tokens of this answer, also where it comes from the cache.
        cached: It comes from the cache.
        finish_reason: Why the model stopped, in the endpoint's words.
        message: Where not ``ok``: what is wrong, and what to do.
        status: The HTTP status of a failed call.
    """

    outcome: Outcome
    parsed: M | None = None
    text: str = ""
    usage: Usage = field(default_factory=Usage)
    cached: bool = False
    finish_reason: str | None = None
    message: str = ""
    status: int | None = None


class _StopError(Exception):
    """No completion: the outcome, the reason, and the status of the last call."""

    def __init__(self, outcome: Outcome, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.outcome, self.message, self.status = outcome, message, status


class _BadBodyError(Exception):
    """A 200 whose body is no completion."""

    def __init__(self, body: object, status: int | None = None) -> None:
        super().__init__("no completion")
        self.body, self.status = body, status


class _Probe(BaseModel):
    """The label and the rows of a line of text."""

    model_config = ConfigDict(extra="forbid")

    label: str
    rows: list[str]


_PROBE_REQUEST = Request(
    "Copy the label and the rows exactly as they stand in the text.", "label: 合计\nrows: 201 | 12.50, 203 | 0.40",
    _Probe, _PROBE,
)  # fmt: skip
_PROBE_ANSWER = _Probe(label="合计", rows=["201 | 12.50", "203 | 0.40"])


class ModelClient:
    """Asks one model at one endpoint; use it as an async context manager, in one event loop."""

    def __init__(
        self,
        config: ModelConfig,
        *,
        cache: AnswerCache | None = None,
        budget: Budget | None = None,
        on_warning: Callable[[str], None] | None = None,
    ) -> None:
        """Prepare; nothing is sent before the first question.

        Args:
            config: Where and how.
            cache: Answers known already; None opens the configured folder and closes it in the end.
            budget: The account; None starts one with the configuration's limits.
            on_warning: Is told what doesn't stop the run, each thing once.

        Raises:
            ConfigError: No model is named, or the price table is wrong.
        """
        if not config.model:
            raise ConfigError("No model is chosen. Name one with --model or in EXTRACTOR_MODEL.")
        self.config = config
        self.budget = budget or Budget(config)
        self._folder: Path = config.cache_dir or default_cache_dir()
        self._own_cache = Cache(self._folder, on_warning) if cache is None else None
        self.cache: AnswerCache = cache or self._own_cache or Cache(None)
        self._limiter = asyncio.Semaphore(config.concurrency)
        self._settling = asyncio.Lock()
        self._mode: str | None = None if config.mode == "auto" else config.mode
        self._fatal: _StopError | None = None
        self._dialect: dict[str, Any] = {
            "temperature": config.temperature,
            "max_tokens": config.max_output_tokens,
        }
        self._openai = openai.AsyncOpenAI(
            base_url=config.base_url,
            api_key=config.api_key.get_secret_value() if config.api_key else "none",
            timeout=config.timeout,
            max_retries=0,
            # A proxy for the internet is no way to a server on this machine.
            http_client=openai.DefaultAsyncHttpxClient(trust_env=not config.loopback),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close connections, and the cache where it was opened here."""
        await self._openai.close()
        if self._own_cache is not None:
            self._own_cache.close()

    async def ask(self, request: Request[M]) -> Reply[M]:
        """Ask, or answer from the cache; a bad answer, a failed call or an empty budget is a reply like others."""
        try:
            modes = await self._modes()
        except _StopError as stop:
            return Reply(stop.outcome, message=stop.message, status=stop.status)
        for mode in modes:
            reply = await self._ask(request, mode)
            if reply.outcome != "offline":
                break
        return reply

    async def _ask(self, request: Request[M], mode: str) -> Reply[M]:
        reply = await _Exchange(self, request, mode).run()
        if reply.cached and reply.outcome != "ok":  # kept by another version, or changed since
            reply = await _Exchange(self, request, mode, fresh=True).run()
        return reply

    async def mode(self, *, again: bool = False) -> str:
        """Return the mode for this endpoint and model: chosen, remembered, or found out now with a toy question.

        Args:
            again: Find out even where one is remembered.

        Raises:
            ConfigError: There is no answer in any mode; the message says why.
        """
        if again:
            self._mode, self._fatal = None, None
        try:
            return (await self._modes(again=again))[0]
        except _StopError as stop:
            raise ConfigError(stop.message) from None

    async def _modes(self, *, again: bool = False) -> tuple[str, ...]:
        async with self._settling:
            if self._mode is None and not again:
                known = recall(self._folder, endpoint_name(self.config)).get("mode")
                self._mode = known if known in MODES else None
            if self._mode is None and self.config.offline:
                return tuple(MODES)  # whichever the answers were kept under
            if self._fatal is not None and not self.config.offline:
                raise self._fatal
            if self._mode is None:
                try:
                    self._mode = await self._probe()
                except _StopError as stop:
                    self._fatal = stop
                    raise
                remember(self._folder, endpoint_name(self.config), {"mode": self._mode, "model": self.config.model})
            return (self._mode,)

    async def _probe(self) -> str:
        usable, last = None, ""
        for mode in MODES:
            reply = await _Exchange(self, _PROBE_REQUEST, mode, fresh=True).run()
            if reply.parsed == _PROBE_ANSWER:
                return mode
            if reply.outcome == "ok":
                usable = usable or mode
            if reply.outcome in {"budget", "offline"} or (reply.outcome == "error" and not _about_mode(reply.status)):
                raise _StopError(reply.outcome, reply.message, reply.status)
            last = f"{reply.outcome}: {reply.message}" if reply.message else reply.outcome
        if usable is None:
            raise _StopError("error", f"The model answers a toy question in no mode ({last}). Choose --mode or --model.")
        return usable


def _about_mode(status: int | None) -> bool:
    # llama.cpp answers 500 where tools are asked for and its templates are off.
    return status is not None and status not in {401, 402, 403, 404, 429}


class _Exchange(Generic[M]):
    """One request in one mode: from the cache or by calls."""

    def __init__(self, client: ModelClient, request: Request[M], mode: str, *, fresh: bool = False) -> None:
        self.client, self.request, self.mode, self.fresh = client, request, mode, fresh
        self.config = client.config
        self.key = ""
        self.cached = False
        self.completion: ChatCompletion | None = None
        self.started = time.monotonic()

    async def run(self) -> Reply[M]:
        """Ask and judge."""
        shape = answers.named(self.request.response_model)
        create: Any = instructor.patch(create=self._create, mode=MODES[self.mode])
        messages = answers.messages(self.request.system, self.request.user, self.mode, shape)
        parsed, error = None, None
        try:
            parsed = await create(response_model=shape, messages=messages, max_retries=0)
        except InstructorError as wrapped:
            error = wrapped.__cause__ or wrapped
        if isinstance(error, _StopError):
            return Reply(error.outcome, message=error.message, status=error.status)
        if self.completion is None:
            raise error or RuntimeError("no completion")  # a defect of this program, not of the endpoint
        return self._judge(self.completion, parsed, error)

    def _judge(self, completion: ChatCompletion, parsed: BaseModel | None, error: BaseException | None) -> Reply[M]:
        verdict = answers.judge(completion, self.mode, error)
        usage = answers.usage_of(completion, self.request.system + self.request.user, verdict.text)
        reply: Reply[M] = Reply(
            verdict.outcome,
            text=verdict.text,
            usage=usage,
            cached=self.cached,
            finish_reason=verdict.finish_reason,
            message=scrub(verdict.message, self.config),
        )
        budget, tag = self.client.budget, self.request.tag
        if reply.outcome == "ok" and parsed is not None:
            reply = replace(reply, parsed=answers.as_model(parsed, self.request.response_model))
            if self.cached:
                budget.hit(tag)
            elif tag != _PROBE:
                kept = Stored(reply.text, reply.finish_reason, usage.input, usage.output, usage.cached, completion.model)
                self.client.cache.put(self.key, kept)
        elif not self.cached:
            budget.failed(tag, usage)
        return reply

    async def _create(self, **kwargs: Any) -> ChatCompletion:
        """Stand in for openai's ``create``: instructor calls it with the request in its final form."""
        parameters = {"temperature": self.config.temperature, "max_output_tokens": self.config.max_output_tokens}
        self.key = request_key(
            model=str(self.config.model),
            parameters=parameters,
            mode=self.mode,
            messages=kwargs["messages"],
            schema=self.request.response_model.model_json_schema(),
            attempt=self.request.attempt,
        )
        stored = None if self.fresh else self.client.cache.get(self.key)
        if stored is not None:
            self.cached = True
            self.completion = answers.rebuild(stored, self.mode)
        elif self.config.offline:
            raise _StopError("offline", f"{self.request.tag}: not in the cache, and the run is offline.")
        elif self.config.base_url == OPENAI_URL and self.config.api_key is None:
            raise _StopError("error", "There is no key for api.openai.com. Set OPENAI_API_KEY, or name --base-url.")
        else:
            async with self.client._limiter:  # noqa: SLF001 - the exchange is a part of the client
                self.completion = await self._repeat(kwargs)
        return self.completion

    async def _repeat(self, kwargs: dict[str, Any]) -> ChatCompletion:
        self.started = time.monotonic()
        repeat = AsyncRetrying(
            stop=stop_after_attempt(self.config.attempts) | stop_before_delay(self.config.time_limit),
            wait=self._wait,
            retry=retry_if_exception(_passing),
            reraise=True,
        )
        try:
            return await repeat(self._call, kwargs)
        except (openai.APIError, _BadBodyError, TimeoutError) as error:
            calls = repeat.statistics["attempt_number"]
            stop = _explained(error, self.config, f" ({calls} calls)" if calls > 1 else "")
            if stop.status in {401, 404}:
                self.client._fatal = stop  # noqa: SLF001 - no other request would fare better
            raise stop from None
