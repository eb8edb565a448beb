"""Questions whose answers can only be chosen: the form for small models, which copy numbers and count cells badly.

Every number, or row of numbers, is listed with what may be said of it. The answer is an object with an entry for each,
and the endpoint's decoder lets nothing else through: of a row its own numbers, each once and in order, so that none can
be invented, changed or left out, and no answer runs on.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, WithJsonSchema, create_model

from .answers import Request
from .normalize import squeeze
from .prompts import Prompt, fence_for, template

NONE = "none"
EMPTY = "-"  # an empty cell
BAR = "|"  # between two cells
_SPECIAL = re.compile(r"[\^$.\[\]()|{}*+?\\]")


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be answered about one thing.

    Attributes:
        name: Its name in the answer.
        options: The answers, word by word.
        pattern: Further answers, as a regular expression for the whole; empty for none.
    """

    name: str
    options: tuple[str, ...]
    pattern: str = ""

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the answer."""
        ways = [*map(literal, self.options), *([self.pattern] if self.pattern else [])]
        return {"type": "string", "pattern": f"^({'|'.join(ways)})$"}

    def allows(self, said: str) -> bool:
        """Whether an answer is one of those; not every endpoint keeps to a schema."""
        return said in self.options or bool(self.pattern and re.fullmatch(self.pattern, said))


class ChoiceAnswer(BaseModel):
    """An answer for each name."""

    model_config = ConfigDict(extra="forbid")
    in_prompt: ClassVar[bool] = True  # the prompt says what the form is: the schema need not stand there too

    answers: dict[str, str]


def literal(text: str) -> str:
    """Escape a text for a pattern, in the way that llama.cpp's decoder knows."""
    return _SPECIAL.sub(lambda m: f"\\{m.group()}", text)


def answer_model(choices: Sequence[Choice]) -> type[ChoiceAnswer]:
    """Build the form of the answers."""
    schema = {
        "type": "object", "properties": {c.name: c.schema for c in choices}, "required": [c.name for c in choices],
        "additionalProperties": False,
    }  # fmt: skip
    answers: Any = (Annotated[dict[str, str], WithJsonSchema(schema)], ...)
    return create_model("choices", __base__=ChoiceAnswer, __doc__="Choices.", answers=answers)


def columns(
    title: str, names: Sequence[str], told: Sequence[str], rows: Mapping[str, str], choices: Sequence[Choice]
) -> Prompt:
    """Ask in which columns the numbers of rows stand.

    Args:
        title: The table's title.
        names: Its columns, from left to right.
        told: The sums within it, in words.
        rows: What each row prints, by the name of its choice.
        choices: What may be answered.
    """
    source = "\n".join(f"{name}| {text}" for name, text in rows.items())
    user = template("columns").substitute(
        title=title,
        columns=BAR.join(names),
        sums="".join(["Sums:\n", *(f"- {s}\n" for s in told)]) if told else "",
        fence=fence_for(source),
        source=source,
    )
    return Prompt(template("choices_system").substitute(), user, answer_model(choices))


def cells(tables: Sequence[str], listed: Sequence[str], source: str, choices: Sequence[Choice]) -> Prompt:
    """Ask which cells the numbers of sentences belong to; of several tables the answer names the one too.

    Args:
        tables: The tables in words.
        listed: The columns that each number may stand in.
        source: The sentences, with a mark such as [3] before each number.
        choices: What may be answered.
    """
    several = len(tables) > 1
    user = template("cells").substitute(
        what="table, row and column" if several else "the row and the column of the table",
        table="x " if several else "",
        tables="\n".join(tables),
        listed="\n".join(listed),
        fence=fence_for(source),
        source=source,
    )
    return Prompt(template("choices_system").substitute(), user, answer_model(choices))


def chosen(answer: object, choices: Sequence[Choice]) -> dict[str, str]:
    """Return the answers that were allowed, by name."""
    said = answer.answers if isinstance(answer, ChoiceAnswer) else {}
    return {c.name: said[c.name] for c in choices if c.allows(said.get(c.name, ""))}


def probe() -> tuple[Request[ChoiceAnswer], tuple[Choice, ...]]:
    """Return a toy question, and what may be answered: an endpoint that keeps to a schema answers nothing else."""
    names = ("合计", "基本支出", "项目支出")
    asked = (Choice("1", ("70.50|50.25|20.25",)), Choice("2", ("50.25|50.25|-", "50.25|-|50.25")))
    rows = {"1": "205 教育支出: 70.50 50.25 20.25", "2": "20502 普通教育: 50.25 50.25"}
    prompt = columns("支出总体情况表", names, (), rows, asked)
    return Request(prompt.system, prompt.user, answer_model(asked), "probe", expected=60), asked


def named(text: str) -> str:
    """Return a printed name for a choice: on one line, without white space."""
    return squeeze(text)
