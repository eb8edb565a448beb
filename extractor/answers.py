"""Questions to a model and what came of them: the records, and the verdict on each answer."""

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from .budget import NOT_ASKED, Question, Usage
from .stored import Stored
from .tokens import estimate

M = TypeVar("M", bound=BaseModel)
Outcome = Literal["ok", "invalid", "length", "refusal", "empty", "error", "budget", "offline", "waiting"]

_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FAULTS = 10
_SCHEMA_TEXT = "\n\nAnswer with one JSON object that fits this JSON Schema, and nothing else:\n"


@dataclass(frozen=True, slots=True)
class Request(Generic[M]):
    """One question.

    Attributes:
        system: Instructions.
        user: The question with its text.
        response_model: The form of the answer.
        tag: Whose account it goes to: a table's id, a chunk.
        attempt: 0 for the first time; another number makes the same question a new one for the cache.
        lines: First and last source line that it is about, for the account; not part of the question.
        expected: About how many tokens the answer takes, for estimates and to end one that runs on; 0 where nobody
            can tell.
    """

    system: str
    user: str
    response_model: type[M]
    tag: str
    attempt: int = 0
    lines: tuple[int, int] | None = None
    expected: int = 0


@dataclass(frozen=True, slots=True)
class Reply(Generic[M]):
    """What came of a request; nothing is ever raised for a bad answer.

    Attributes:
        outcome: ``ok``; ``invalid`` (not JSON, or not of the form asked for); ``length`` (cut off, or the prompt is
            too long); ``refusal``; ``empty``; ``error`` (no answer); ``budget``, ``offline`` and ``waiting`` (not
            asked: over a limit, not in the cache, or to be answered with a batch).
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


def question_of(request: Request[M], reply: Reply[M]) -> Question:
    """Return the note of a question for the account; what it would take is estimated only where it was not asked."""
    expected = Usage()
    if reply.outcome in NOT_ASKED:
        form = request.response_model
        told = getattr(form, "in_prompt", False)
        schema = "" if told else json.dumps(form.model_json_schema(), ensure_ascii=False, separators=(",", ":"))
        given = estimate(request.system + request.user + schema)
        expected = Usage(given, request.expected or given // 2, estimated=True)
    return Question(
        request.tag, request.lines, request.attempt, reply.outcome, reply.cached, reply.usage, expected, reply.message,
        reply.status,
    )  # fmt: skip


class Probe(BaseModel):
    """The label and the rows of a line of text."""

    model_config = ConfigDict(extra="forbid")

    label: str
    rows: list[str]


PROBE = Request(
    system="Copy the label and the rows exactly as they stand in the text.",
    user="label: 合计\nrows: first 201 | 12.50, then 203 | 0.40",
    response_model=Probe,
    tag="probe",
)
PROBE_ANSWER = Probe(label="合计", rows=["201 | 12.50", "203 | 0.40"])


@lru_cache(maxsize=256)
def named(model: type[M]) -> type[M]:
    """Return the model under a title that may be the name of a tool: ASCII letters, digits, ``_`` and ``-``.

    instructor takes the schema's title for it, and titles of ours may be Chinese.
    """
    title = model.model_config.get("title") or model.__name__
    if _TOOL_NAME.fullmatch(title):
        return model
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", model.__name__).strip("_")[:64] or "answer"
    body = {"__doc__": model.__doc__, "__module__": model.__module__, "model_config": ConfigDict(title=name)}
    metaclass: Any = type(model)
    shaped: type[M] = metaclass(name, (model,), body)
    return shaped


def messages(system: str, user: str, mode: str, model: type[BaseModel]) -> list[dict[str, str]]:
    """Return the chat messages; mode ``json_schema`` shows the model no schema unless the prompt does.

    A form with ``in_prompt`` is told in the prompt already, and may be long: the decoder has it.
    """
    if mode == "json_schema" and not getattr(model, "in_prompt", False):
        schema = json.dumps(model.model_json_schema(), ensure_ascii=False, separators=(",", ":"))
        system += _SCHEMA_TEXT + schema
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer is worth, its text, why it ended, and what is wrong with it."""

    outcome: Outcome
    text: str
    finish_reason: str | None
    message: str = ""


def judge(completion: Any, mode: str, error: BaseException | None) -> Verdict:
    """Judge a chat completion that has a choice; ``error`` is what instructor made of it, None if it parsed."""
    choice = completion.choices[0]
    calls = getattr(choice.message, "tool_calls", None) or []
    text, reason = answer_text(completion, mode), getattr(choice, "finish_reason", None)
    refusal = getattr(choice.message, "refusal", None)
    if refusal or reason == "content_filter":
        return Verdict("refusal", text, reason, f"The model refuses: {refusal or 'its content filter stepped in'}.")
    if reason == "length":
        return Verdict("length", text, reason, "The answer is cut off at the longest length allowed.")
    if not text.strip():
        return Verdict("empty", text, reason, "The answer is empty.")
    if mode == "tools" and len(calls) > 1:  # instructor would take the first and drop the others
        return Verdict("invalid", text, reason, f"{len(calls)} tool calls came where one was asked for.")
    if error is not None:
        return Verdict("invalid", text, reason, _fault(error))
    twice = _repeated_name(text)
    if twice is not None:  # the parser would keep the last and drop the others
        return Verdict("invalid", text, reason, f"The name {twice!r} stands twice in one object.")
    return Verdict("ok", text, reason)


def answer_text(completion: Any, mode: str) -> str:
    """Return what the model wrote: a tool's arguments or the message."""
    message = completion.choices[0].message
    calls = getattr(message, "tool_calls", None) or []
    text: Any = getattr(message, "content", None)
    if calls and (mode == "tools" or not text):
        text = getattr(getattr(calls[0], "function", None), "arguments", None)
    if text is None:
        return ""
    return text if isinstance(text, str) else json.dumps(text, ensure_ascii=False, default=str)


def _fault(error: BaseException) -> str:
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {error}"
    faults = [f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in error.errors(include_url=False)]
    more = f"; and {len(faults) - _FAULTS} more" if len(faults) > _FAULTS else ""
    return "; ".join(faults[:_FAULTS]) + more


def _repeated_name(text: str) -> str | None:
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        found.extend(name for name in names if names.count(name) > 1)

    try:
        json.loads(text, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return None  # prose around it, which mode md_json allows
    return found[0] if found else None


def usage_of(completion: Any, prompt: str, text: str) -> Usage:
    """Return the tokens that the endpoint counted; where it counted none, a character stands for a token."""
    usage = getattr(completion, "usage", None)
    given, taken = getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None)
    if not isinstance(given, int) or not isinstance(taken, int):
        return Usage(len(prompt), len(text), 0, estimated=True)
    details = getattr(usage, "prompt_tokens_details", None)
    cached = getattr(details, "cached_tokens", None) or getattr(usage, "prompt_cache_hit_tokens", None)
    return Usage(given, taken, min(cached, given) if isinstance(cached, int) else 0)


def as_model(parsed: BaseModel, model: type[M]) -> M:
    """Return the answer as an object of the model asked for; instructor gives one of a subclass of its own."""
    values = {name: getattr(parsed, name) for name in model.model_fields}
    return model.model_construct(_fields_set=set(parsed.model_fields_set), **values)


def stored_of(verdict_text: str, finish_reason: str | None, usage: Usage, model: str) -> Stored:
    """Return what the cache keeps of an answer."""
    return Stored(verdict_text, finish_reason, usage.input, usage.output, usage.cached, usage.estimated, model)


def completion_of(stored: Stored, mode: str) -> dict[str, Any]:
    """Return a kept answer in the form in which it came."""
    message: dict[str, Any] = {"role": "assistant", "content": stored.text}
    if mode == "tools":
        function = {"name": "answer", "arguments": stored.text}
        calls = [{"id": "kept", "type": "function", "function": function}]
        message = {"role": "assistant", "content": None, "tool_calls": calls}
    usage = {
        "prompt_tokens": stored.input,
        "completion_tokens": stored.output,
        "total_tokens": stored.input + stored.output,
        "prompt_tokens_details": {"cached_tokens": stored.cached},
    }
    return {
        "id": "kept",
        "object": "chat.completion",
        "created": 0,
        "model": stored.model,
        "choices": [{"index": 0, "finish_reason": stored.finish_reason, "message": message}],
        "usage": None if stored.estimated else usage,
    }
