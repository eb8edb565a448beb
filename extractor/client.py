"""The only door to a language model: one adapter around ``openai``.

:mod:`extractor.modes` gives each request the form of the endpoint's mode, and parses the answer. What lies between is
done here: we look into the cache, ask the budget, wait for our turn and repeat what failed in passing.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Generic, Self

import httpx2
import openai  # noqa: TID251 - this is the one module that may
from openai.types.chat import ChatCompletion  # noqa: TID251 - likewise
from pydantic import BaseModel, ValidationError

from . import answers, modes
from .answers import M, Reply, Request
from .budget import Budget
from .config import ConfigError, ModelConfig, default_cache_dir
from .endpoint import Call, CallError, Endpoint, StopError, endpoint_name, recall, remember, retry_after, scrub, stopped
from .errors import ExtractorError
from .modes import MODES
from .post import Answer, Post
from .shared_cache import open_cache
from .stored import AnswerCache, request_key

__all__ = ["MODES", "ModelClient", "Reply", "Request", "load"]


class ModelClient:
    """Asks one model at one endpoint; use it as an async context manager, in one event loop."""

    def __init__(
        self,
        config: ModelConfig,
        *,
        cache: AnswerCache | None = None,
        budget: Budget | None = None,
        on_warning: Callable[[str], None] | None = None,
        post: Post | None = None,
    ) -> None:
        """Prepare; nothing is sent before the first question.

        Args:
            config: Where and how.
            cache: Answers known already; None opens the configured folder, and closes it in the end.
            budget: The account; None starts one with the configuration's limits.
            on_warning: Is told what doesn't stop the run, each thing once.
            post: Takes what the cache doesn't answer, in place of a call, and gives answers that came with a batch.

        Raises:
            ConfigError: No model is named, or the price table is wrong.
        """
        if not config.model:
            raise ConfigError("No model is chosen. Name one with --model or in EXTRACTOR_MODEL.")
        self.config = config
        self.budget = budget or Budget(config)
        self._folder = config.cache_dir or default_cache_dir()
        self._own_cache = cache is None
        self.cache: AnswerCache = cache if cache is not None else open_cache(config, on_warning)
        self._settling = asyncio.Lock()
        # A question is put together when its call can be made soon: of a thousand, the first would wait for the last.
        self._ready = asyncio.Semaphore(config.concurrency)
        self._mode = None if config.mode == "auto" else str(config.mode)
        self._openai = openai.AsyncOpenAI(
            base_url=config.base_url,
            api_key=config.api_key.get_secret_value() if config.api_key else "none",
            timeout=config.timeout,
            max_retries=0,
            # aiohttp below it takes less CPU for each call. A proxy for the internet is no way to this machine.
            http_client=openai.DefaultAioHttpClient(trust_env=not config.loopback, verify=_trusted()),
        )
        self.endpoint = Endpoint(config, self._send)
        self.post = post
        if post is not None:
            self._mode, self.endpoint.dialect = post.mode, dict(post.dialect)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, and the cache where it was opened here."""
        await self._openai.close()
        if self._own_cache:
            self.cache.close()

    async def ask(self, request: Request[M]) -> Reply[M]:
        """Ask, or answer from the cache; a bad answer, a failed call or an empty budget is a reply like others."""
        async with self._ready:
            reply = await self._reply(request)
        self.budget.note(answers.question_of(request, reply))
        return reply

    async def _reply(self, request: Request[M]) -> Reply[M]:
        if self._known_mode() is None:  # answers may be known all the same, under whichever mode
            for mode in MODES:
                reply = await _Exchange(self, request, mode, only_cache=True).run()
                if reply.outcome == "ok":
                    return reply
        try:
            mode = await self._settle()
        except StopError as stop:
            return Reply(stop.outcome, message=f"{request.tag}: {stop.message}", status=stop.status)
        reply = await _Exchange(self, request, mode).run()
        if reply.cached and reply.outcome != "ok":  # kept by another version, or changed since
            reply = await _Exchange(self, request, mode, fresh=True).run()
        return reply

    async def mode(self, *, again: bool = False) -> str:
        """Return the mode for this endpoint and model: chosen, remembered, or found out now with a toy question.

        Args:
            again: Find out even where one is chosen or remembered.

        Raises:
            ConfigError: There is no answer in any mode; the message says why.
        """
        if again:
            self._mode, self.endpoint.fatal = None, None
        elif (known := self._known_mode()) is not None:
            return known
        try:
            return await self._settle()
        except StopError as stop:
            raise ConfigError(stop.message) from None

    async def probe(self, mode: str) -> Reply[answers.Probe]:
        """Ask a toy question in one mode, past the cache; :data:`~extractor.answers.PROBE_ANSWER` is the answer."""
        return await self.try_out(answers.PROBE, mode)

    async def try_out(self, request: Request[M], mode: str) -> Reply[M]:
        """Ask in one mode, past the cache, and keep nothing."""
        return await _Exchange(self, request, mode, fresh=True, keep=False).run()

    async def models(self) -> list[str] | None:
        """Return the ids of the models that the endpoint lists, or None where it has no such list.

        Raises:
            CallError: It can't be reached, or refuses the key.
            StopError: It is to start on this machine, and doesn't.
        """
        await self._wake()
        try:
            async with asyncio.timeout(self.config.timeout):
                return [model.id for model in (await self._openai.models.list()).data]
        except openai.APIStatusError as error:
            if error.status_code in {401, 403}:
                raise CallError("status", error.status_code, error.body or error.message) from None
        except (openai.APIConnectionError, TimeoutError) as error:
            raise CallError("connection", body=str(error.__cause__ or error)) from None
        except (openai.OpenAIError, ValueError, AttributeError, TypeError):
            pass  # it answers, with something that is no list
        return None

    def _known_mode(self) -> str | None:
        if self._mode is None and not self._settling.locked():
            known = recall(self._folder, endpoint_name(self.config)).get("mode")
            self._mode = known if known in MODES else None
        return self._mode

    async def _settle(self) -> str:
        if self._mode is not None:
            return self._mode
        async with self._settling:
            if self._mode is not None:  # another request found it meanwhile
                return self._mode
            if self.config.offline:
                raise StopError("offline", "not in the cache, and the run is offline.")
            if self.endpoint.fatal is not None:
                raise self.endpoint.fatal
            try:
                self._mode = await self._probe()
            except StopError as stop:
                self.endpoint.fatal = stop  # every request would go the same way
                raise
            remember(self._folder, endpoint_name(self.config), {"mode": self._mode, "model": self.config.model})
            return self._mode

    async def _probe(self) -> str:
        usable, last = None, ""
        for mode in MODES:
            reply = await self.probe(mode)
            if reply.parsed == answers.PROBE_ANSWER:
                return mode
            if reply.outcome == "ok":
                usable = usable or mode
            # llama.cpp answers 500 where tools are asked for and its templates are off: that is about the mode.
            about_mode = reply.status is not None and reply.status not in {401, 402, 403, 404, 429}
            if reply.outcome in {"budget", "offline"} or (reply.outcome == "error" and not about_mode):
                raise StopError(reply.outcome, reply.message, reply.status)
            last = f"{mode}: {reply.outcome}. {reply.message}"
        if usable is None:
            raise StopError("error", f"The model answers a toy question in no mode. Choose --mode or --model. {last}")
        return usable

    async def _wake(self) -> None:
        """Bring up an endpoint that starts when it is first asked; look whether it is still up when asked again."""
        if self.config.wake is not None:
            try:
                self._openai.base_url = await asyncio.to_thread(self.config.wake)
            except ExtractorError as error:
                self.endpoint.fatal = StopError("error", str(error))
                raise self.endpoint.fatal from None

    async def _send(self, **kwargs: Any) -> ChatCompletion:
        """Make one call, with openai's errors put into ours."""
        await self._wake()
        try:
            # openai's own timeout is for the silence between two bytes, not for the whole call.
            async with asyncio.timeout(kwargs.pop("within")):
                # Not by ``create``: it walks through every part of the answer's form, which takes a fifth of a call,
                # and puts the completion together field by field, which takes a tenth.
                answer = await self._openai.post("/chat/completions", cast_to=httpx2.Response, body=kwargs)
        except openai.APIStatusError as error:
            wait = retry_after(error.response.headers)
            raise CallError("status", error.status_code, error.body or error.message, wait) from None
        except (openai.APITimeoutError, TimeoutError) as error:
            if isinstance(error.__cause__, httpx2.ConnectTimeout):  # aiohttp's name for nobody listening, too
                raise CallError("connection", body=str(error.__cause__)) from None
            raise CallError("timeout") from None
        except openai.APIConnectionError as error:
            raise CallError("connection", body=str(error.__cause__ or error)) from None
        return _checked(_completion(answer))


def load() -> None:
    """Load what the first question would: half a second, for processes that are about to be forked."""
    _trusted()
    modes.load()


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Load the authorities that are trusted once: each document has a client of its own."""
    return httpx2.create_ssl_context()


def _completion(answer: httpx2.Response) -> ChatCompletion:
    """Return what was answered; as far as it goes, where it isn't quite a completion. Raises CallError."""
    try:
        return ChatCompletion.model_validate_json(answer.content)
    except ValidationError:
        pass
    if "json" not in answer.headers.get("content-type", ""):  # a page, for one
        raise CallError("body", body=answer.text)
    try:
        return _built(answer.json())
    except ValueError as error:
        raise CallError("connection", body=f"the answer is cut off: {error}") from None


def _built(body: object) -> ChatCompletion:
    """Return what a body has of a completion; raises CallError where it is no object."""
    if not isinstance(body, dict):
        raise CallError("body", body=body)
    return ChatCompletion.construct(**body)


def _checked(answer: ChatCompletion) -> ChatCompletion:
    """Return a body if it is a completion; raises CallError if not."""
    if isinstance(answer.choices, list) and answer.choices and getattr(answer.choices[0], "message", None):
        return answer
    fault = (answer.model_extra or {}).get("error")  # some routers answer 200 with an error inside
    code = fault.get("code") if isinstance(fault, dict) else None
    raise CallError("body", code if isinstance(code, int) else None, {"error": fault} if fault else answer.id)


def _taken(answer: Answer) -> ChatCompletion:
    """Return the completion of a batch's answer; raises CallError where it is none."""
    if answer.status != 200:
        raise CallError("status", answer.status, answer.body)
    return _checked(_built(answer.body))


class _Exchange(Generic[M]):
    """One request in one mode: from the cache or by calls."""

    def __init__(
        self,
        client: ModelClient,
        request: Request[M],
        mode: str,
        *,
        fresh: bool = False,
        keep: bool = True,
        only_cache: bool = False,
    ) -> None:
        self.client, self.request, self.mode = client, request, mode
        self.fresh, self.keep, self.only_cache = fresh, keep, only_cache
        self.key = ""
        self.cached = self.booked = False

    async def run(self) -> Reply[M]:
        """Ask and judge."""
        shape: type[BaseModel] = modes.shape_of(self.request.response_model)
        messages = answers.messages(self.request.system, self.request.user, self.mode, shape)
        asked = modes.asked(shape, self.mode, messages)
        try:
            completion = await self._complete(asked)
        except StopError as stop:
            return Reply(stop.outcome, message=stop.message, status=stop.status)
        parsed, error = None, None
        try:
            parsed = modes.parsed(completion, shape, self.mode)
        except Exception as fault:  # noqa: BLE001 - whatever an endpoint sends
            error = fault
        return self._judged(completion, parsed, error)

    def _judged(self, completion: ChatCompletion, parsed: BaseModel | None, error: BaseException | None) -> Reply[M]:
        verdict = answers.judge(completion, self.mode, error)
        usage = answers.usage_of(completion, self.request.system + self.request.user, verdict.text)
        message = scrub(verdict.message, self.client.config)
        reply: Reply[M] = Reply(
            verdict.outcome, None, verdict.text, usage, self.cached, verdict.finish_reason, message=message
        )
        if reply.outcome == "ok" and parsed is not None:
            reply = replace(reply, parsed=answers.as_model(parsed, self.request.response_model))
            if self.cached or self.booked:
                self.client.budget.hit(self.request.tag)
            if self.keep and not self.cached:
                kept = answers.stored_of(reply.text, reply.finish_reason, usage, completion.model)
                self.client.cache.put(self.key, kept)
        elif not (self.cached or self.booked):
            self.client.budget.failed(self.request.tag, usage)
        return reply

    async def _complete(self, kwargs: dict[str, Any]) -> ChatCompletion:
        """Return the completion for a request in its final form: kept, posted or called for."""
        config = self.client.config
        self.key = request_key(
            model=str(config.model),
            parameters={"temperature": config.temperature, "max_output_tokens": config.max_output_tokens},
            mode=self.mode,
            messages=kwargs["messages"],
            schema=modes.schema_of(self.request.response_model),
            attempt=self.request.attempt,
        )
        stored = None if self.fresh else self.client.cache.get(self.key)
        if stored is not None:
            self.cached = True
            return ChatCompletion.construct(**answers.completion_of(stored, self.mode))
        if config.offline or self.only_cache:
            raise StopError("offline", f"{self.request.tag}: not in the cache, and the run is offline.")
        asked = Call(kwargs, self.request.tag, self.request.system + self.request.user, self.request.expected)
        if self.client.post is not None:
            return await self._posted(self.client.post, asked)
        completion: ChatCompletion = await self.client.endpoint.call(asked, self.client.budget)
        return completion

    async def _posted(self, post: Post, asked: Call) -> ChatCompletion:
        """Take an answer that came with a batch: a call like others, but that its time and its price differ."""
        client, tag = self.client, asked.tag
        answer = post.ask(self.key, tag, client.endpoint.body(asked))
        self.booked = answer.booked
        if not self.booked:
            await client.budget.admit(tag)
        try:
            completion = _taken(answer)
        except CallError as error:
            if not self.booked:
                client.budget.failed(tag)
            raise stopped(error, client.config, 1) from None
        if not self.booked:
            text = answers.answer_text(completion, "tools")
            client.budget.answered(tag, answers.usage_of(completion, asked.prompt, text), 0.0)
        return completion
