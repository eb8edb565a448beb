"""A model that answers every question in the form that is asked for, and with nothing but nonsense, for fuzzing."""

import random
import re
from collections.abc import Mapping
from typing import Any, Self

from extractor.answers import Reply, Request
from extractor.budget import Usage

from .hostile import WORDS

_ODD = (
    "", "-1", "-0", "99999999999999999999.05", "1e400", "NaN", "12.5%", "1,2,3", "(5)", "[", "(?P<", "null", "../x",
    '=HYPERLINK("x")', "0.0000000000000001", "１２.３４",
)  # fmt: skip
_WIDTHS = (1, 2, 3, 4, 5, 6, 8)
_Schema = Mapping[str, Any]


class Babbler:
    """Stands in for the client of a model. Its words are those of the question, of tables and prose, and odd ones."""

    def __init__(self, dice: random.Random) -> None:
        """Take what decides."""
        self._dice, self._words = dice, [""]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def ask(self, request: Request[Any]) -> Reply[Any]:
        """Answer."""
        self._words = re.findall(r"[^\s|]+", request.user)
        schema = request.response_model.model_json_schema()
        try:
            parsed = request.response_model.model_validate(self._any(schema, schema.get("$defs", {})))
        except ValueError as error:
            return Reply("invalid", message=str(error), usage=Usage(1, 1))
        return Reply("ok", parsed, usage=Usage(1, 1))

    def _word(self) -> str:
        return self._dice.choice(self._dice.choice((self._words, self._words, WORDS, _ODD)))

    def _any(self, schema: _Schema, known: _Schema) -> Any:
        """Return something that has the form of a JSON schema, as far as our answers use it."""
        if "$ref" in schema:
            return self._any(known[schema["$ref"].rpartition("/")[2]], known)
        if "anyOf" in schema:
            return self._any(self._dice.choice(schema["anyOf"]), known)
        if "enum" in schema:
            return self._dice.choice(schema["enum"])
        match schema.get("type"):
            case "object":
                return {name: self._any(of, known) for name, of in schema.get("properties", {}).items()}
            case "array":
                return self._several(schema, known)
            case "integer":
                lines = [word for word in self._words if word.isascii() and word.isdigit()]
                return int(self._dice.choice((*lines[:40], "0", "-1", "1" + "0" * 20)))
            case "boolean":
                return self._dice.random() < 0.5
            case "null":
                return None
        return self._word()

    def _several(self, schema: _Schema, known: _Schema) -> list[Any]:
        items = schema.get("items", {})
        if items.get("type") != "array":
            return [self._any(items, known) for _ in range(self._dice.choice(_WIDTHS))]
        width = self._dice.choice(_WIDTHS)  # most rows of a table are as long as each other
        rows = (
            self._dice.choice((width, width, width, self._dice.choice(_WIDTHS)))
            for _ in range(self._dice.randrange(12))
        )
        return [[self._any(items.get("items", {}), known) for _ in range(count)] for count in rows]
