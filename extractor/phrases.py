"""Specs of what a disclosure says in words that identities compare, and that is no fact of the contract.

``schemas/phrases.yaml``: names of the office, lists, statements. A named group of a pattern is a column.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from .data import data_folder
from .errors import SpecError

SAID, IN_FORMS = "n_words", "performance_words"
WORDS = frozenset({SAID, IN_FORMS})
"""Tables of such words: of prose, headers and contents; and of performance forms."""


class Phrase(BaseModel):
    """A thing to look for.

    Attributes:
        row: Row key; ``{n}`` counts the matches. Without it, the first one is taken.
        where: ``prose``: sections of statements. ``lines``: single lines. ``end``: the last lines.
        sections: Only in sections of these statements.
        pattern: Over text without white space, half-width. Named groups are columns.
        items: Below the match stands a numbered list: one row for each item, ``{kind}`` in its key is ``本级`` for
            the office itself and ``下属`` for another. The group's name is the column.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    row: str
    where: Literal["prose", "lines", "end"] = "prose"
    sections: tuple[str, ...] = ()
    pattern: str
    items: str = ""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str
    title_in_forms: str
    own: str
    names: tuple[str, ...]
    goals: tuple[str, ...]
    done: tuple[str, ...]
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True)
class Phrases:
    """All phrases with their patterns, and the labels of forms whose text is kept.

    Attributes:
        title: Title of the table of what prose, headers and contents say.
        title_in_forms: Title of the table of what forms say.
        own: How the name of a unit ends that is the office itself.
        names: Labels of the name of a unit.
        goals: Labels of what is to be reached.
        done: Labels of what was reached.
        patterns: Phrases, compiled.
    """

    title: str
    title_in_forms: str
    own: re.Pattern[str]
    names: frozenset[str]
    goals: frozenset[str]
    done: frozenset[str]
    patterns: tuple[tuple[Phrase, re.Pattern[str]], ...]


@lru_cache(maxsize=1)
def phrases() -> Phrases:
    """Load, validate and compile the phrases.

    Raises:
        SpecError: The file is malformed; the message names the field.
    """
    path = data_folder("schemas") / "phrases.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader
        file = _File.model_validate(data)
        found = tuple((p, re.compile(p.pattern)) for p in file.phrases)
        own = re.compile(file.own)
    except (yaml.YAMLError, re.error) as error:
        raise SpecError(f"{path.name}: can't be read: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise SpecError(f"{path.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return Phrases(
        file.title, file.title_in_forms, own, frozenset(file.names), frozenset(file.goals), frozenset(file.done), found
    )
