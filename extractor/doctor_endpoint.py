"""Looks at a model's endpoint: is it there, does it take the key, know the model, and answer in which modes."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from .config import OPENAI_URL, ModelConfig, default_cache_dir
from .records import Record

State = Literal["ok", "warning", "problem"]
Fact = str | int | float | None
_LONGEST = 60.0  # seconds for one question
_LISTED = 8  # models named where the one asked for is not among them
_INEXACT = "It copies a toy text inexactly: expect cells that don't stand in the source, or choose another --model."

_LOOSE = "The endpoint doesn't keep to the schema of the answer: leave form out, or choose another endpoint."


class Check(Record):
    """One thing that was looked at.

    Attributes:
        name: What.
        state: ``ok``; ``warning``: it works, but look at it; ``problem``: something will not work.
        said: What was found.
        todo: What to do next, or empty.
        facts: Figures and names behind it.
    """

    name: str
    state: State
    said: str
    todo: str = ""
    facts: Mapping[str, Fact] = Field(default_factory=dict)


def endpoint(config: ModelConfig) -> Iterator[Check]:
    """Look at the endpoint; a call only where a model is named and the settings don't say offline."""
    if config.model is None:
        yield Check(name="endpoint", state="ok", said="no model is named: tables are read by arithmetic alone")
        return
    if config.offline:
        yield Check(name="endpoint", state="ok", said="not asked: offline")
        return
    if config.base_url == OPENAI_URL and config.api_key is None:
        todo = "Set OPENAI_API_KEY, or name another endpoint with --base-url."
        yield Check(name="endpoint", state="problem", said=f"there is no key for {config.host}", todo=todo)
        return
    patience = config.timeout if config.wake else min(config.timeout, _LONGEST)  # a small machine takes its time
    careful = {"attempts": 1, "timeout": patience, "max_calls": None, "max_tokens": None}
    brief = config.model_copy(update={**careful, "max_cost": None})
    with asyncio.Runner() as runner:  # one check at a time, so that each is printed as it is done
        checks = _asked(brief)
        try:
            while True:
                yield runner.run(_next(checks))
        except StopAsyncIteration:
            return


async def _next(checks: AsyncIterator[Check]) -> Check:
    return await anext(checks)


async def _asked(config: ModelConfig) -> AsyncIterator[Check]:
    """Ask for the list of models, then a toy question in each mode; remembers the first mode that answers exactly."""
    from .client import MODES, ModelClient  # noqa: PLC0415 - slow to load
    from .endpoint import CallError, StopError, endpoint_name, explain, remember  # noqa: PLC0415 - likewise

    async with ModelClient(config) as client:
        begin = time.monotonic()
        try:
            listed = await client.models()
        except (CallError, StopError) as error:
            words = explain(error, config, 1) if isinstance(error, CallError) else error.message
            said, _, todo = words.partition(". ")
            yield Check(name="endpoint", state="problem", said=said, todo=todo, facts={"status": error.status})
            return
        yield _listed(config, listed, time.monotonic() - begin)
        exact: list[str] = []
        usable: list[str] = []
        for mode in [config.mode] if config.mode != "auto" else MODES:
            check, worth, fatal = await _mode(client, mode)
            usable += [mode] if worth else []
            exact += [mode] if worth == "exact" else []
            yield check
            if fatal:
                return
        best = next(iter(exact or usable), None)
        if best is None:
            todo = "Choose another --model, or another --mode." if config.mode == "auto" else "Leave --mode out."
            yield Check(name="mode", state="problem", said="no structured answer came", todo=todo)
            return
        noted = remember(
            config.cache_dir or default_cache_dir(),
            endpoint_name(config),
            {"mode": best, "model": config.model},
        )
        said = f"{best} is used" + (", and remembered for this endpoint and model" if noted else "")
        yield Check(
            name="mode",
            state="ok" if exact else "warning",
            said=said,
            todo="" if exact else _INEXACT if config.form == "rows" else _LOOSE,
        )


def _listed(config: ModelConfig, listed: list[str] | None, seconds: float) -> Check:
    where = f"{config.host} answers in {seconds:.2f} s"
    if listed is None:
        return Check(name="endpoint", state="ok", said=f"{where}; it doesn't list its models")
    if config.wake is not None:
        return Check(name="endpoint", state="ok", said=f"the model on this machine is up after {seconds:.1f} s")
    if config.model in listed:
        return Check(name="endpoint", state="ok", said=f"{where}, accepts the key and knows the model {config.model}")
    some = ", ".join(sorted(listed)[:_LISTED]) + (" …" if len(listed) > _LISTED else "")
    said = f"{where}; the model {config.model} is not among the {len(listed)} that it lists: {some or 'none'}"
    return Check(
        name="endpoint", state="warning", said=said, todo="Choose one of them with --model, if it fails below."
    )


async def _probe(client: Any, mode: str) -> tuple[Any, str]:
    """Ask a toy question in the form that is chosen; returns the reply, and in words that it is exact, if it is."""
    from . import choices  # noqa: PLC0415 - slow to load
    from .answers import PROBE_ANSWER  # noqa: PLC0415 - likewise

    if client.config.form == "rows":
        reply = await client.probe(mode)
        return reply, "exact answer" if reply.parsed == PROBE_ANSWER else ""
    request, asked = choices.probe()
    reply = await client.try_out(request, mode)
    kept = len(choices.chosen(reply.parsed, asked)) == len(asked)
    return reply, "chooses among what is printed, as it is told to" if kept else ""


async def _mode(client: Any, mode: str) -> tuple[Check, Literal["", "usable", "exact"], bool]:
    """Ask the toy question in one mode; returns what came of it, and whether no other mode can fare better."""
    begin = time.monotonic()
    reply, exact = await _probe(client, mode)
    seconds = round(time.monotonic() - begin, 3)
    spent = f"{seconds:.2f} s, {reply.usage.input} tokens in, {reply.usage.output} out"
    facts: dict[str, Fact] = {
        "outcome": reply.outcome, "status": reply.status, "seconds": seconds,
        "input": reply.usage.input, "output": reply.usage.output,
    }  # fmt: skip
    name = f"mode {mode}"
    if exact:
        return Check(name=name, state="ok", said=f"{exact}; {spent}", facts=facts), "exact", False
    if reply.outcome == "ok":
        todo = _INEXACT if client.config.form == "rows" else _LOOSE
        check = Check(name=name, state="warning", said=f"inexact answer; {spent}", todo=todo, facts=facts)
        return check, "usable", False
    # A status such as 400 or 500 may be about the mode; these are about the key, the account or the model.
    fatal = client.endpoint.fatal is not None or reply.status in {401, 402, 403, 404, 429}
    said, _, todo = reply.message.partition(". ")
    state: State = "problem" if fatal or client.config.mode != "auto" else "warning"
    todo = todo if fatal else f"Another mode will do. {todo}".strip()
    return Check(name=name, state=state, said=f"{said}; {spent}", todo=todo, facts=facts), "", fatal
