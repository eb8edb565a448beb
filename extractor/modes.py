"""Modes of asking for an answer in a certain form: what instructor makes of a question and of its answer in each.

Only the two functions are used that it registers for a mode. Its own ``create`` never is: its retries aren't wanted,
its templates would render the text of documents, and it walks through the answer's form half a dozen times a call.
"""

import logging
from functools import lru_cache
from typing import Any

import instructor  # noqa: TID251 - this is the one module that may
from instructor.v2 import Provider, mode_registry  # noqa: TID251 - likewise
from pydantic import BaseModel

from . import answers
from .answers import M

MODES = {
    "tools": instructor.Mode.TOOLS,
    "json_schema": instructor.Mode.JSON_SCHEMA,
    "json": instructor.Mode.JSON,
    "md_json": instructor.Mode.MD_JSON,
}
# instructor logs every failure as an error, with the answer's text; who wants that attaches a handler.
logging.getLogger("instructor").addHandler(logging.NullHandler())


def load() -> None:
    """Load what a question in any mode needs."""
    for mode in MODES:
        _handlers(mode)


def asked(shape: type[BaseModel], mode: str, messages: list[dict[str, str]]) -> dict[str, Any]:
    """Return a request, with the messages among it, that asks for an answer of a shape."""
    added = _added(shape, mode)
    return _request(shape, mode, messages) if added is None else {"messages": messages, **added}


def parsed(completion: object, shape: type[BaseModel], mode: str) -> BaseModel:
    """Return the answer in a completion; raises whatever there is to raise where it has none of that shape."""
    answer: BaseModel = _handlers(mode).response_parser(
        response=completion, response_model=shape, validation_context=None, strict=True, stream=False, is_async=True
    )
    return answer


@lru_cache(maxsize=256)
def shape_of(model: type[M]) -> type[M]:
    """Return the class that instructor parses answers of a form into: it would make it anew for every request."""
    return instructor.response_schema(answers.named(model))


@lru_cache(maxsize=256)
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a form."""
    return model.model_json_schema()


def _handlers(mode: str) -> Any:
    return mode_registry.get_handlers(Provider.OPENAI, MODES[mode])


def _request(shape: type[BaseModel], mode: str, messages: list[dict[str, str]]) -> dict[str, Any]:
    _, made = _handlers(mode).request_handler(response_model=shape, kwargs={"messages": messages})
    return dict(made)


@lru_cache(maxsize=256)
def _added(shape: type[BaseModel], mode: str) -> dict[str, Any] | None:
    """Return what is added to every request of a mode, or None where the messages themselves are changed."""
    messages = [{"role": "system", "content": ""}, {"role": "user", "content": ""}]
    made = _request(shape, mode, messages)
    return made if made.pop("messages") == messages else None
