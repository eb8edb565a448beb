"""The question about sentences for models that can only choose: each number is marked, and its cell is the answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor import choices
from extractor.choices import NONE, Choice, literal
from extractor.normalize import Line
from extractor.prompts import Prompt

from .answered_prose import About, Mark
from .prose_text import line_of

EACH = 14  # tokens of an answer for each number, about
_NAME = re.compile(r"\{[^{}]*\}")
_ANY = '[^ "]{2,30}'  # a name as the text prints it


@dataclass(frozen=True, slots=True)
class Marked:
    """A question, and what its answers mean."""

    prompt: Prompt
    marks: tuple[Mark, ...]
    choices: tuple[Choice, ...]

    def rows(self, answer: object) -> tuple[tuple[str, ...], ...]:
        """Write an answer as the rows that a model gives which copies."""
        said = choices.chosen(answer, self.choices)
        out = []
        for mark, choice in zip(self.marks, self.choices, strict=True):
            words = said.get(choice.name, NONE).split(" ")
            if words != [NONE]:
                table = words[0] if len(words) > 2 else next(iter(mark.columns))
                line, value, unit, verb = mark.row
                out.append((line, table, words[-2], words[-1], value, unit, verb))
        return tuple(out)


def marked(about: About, lines: Sequence[Line], marks: Sequence[Mark]) -> Marked:
    """Put a question together."""
    several = len(about.shapes) > 1
    asked = tuple(_choice(str(n), about, mark, several=several) for n, mark in enumerate(marks, 1))
    shown = {line.number for line in about.shown}
    places = {mark.at: n for n, mark in enumerate(marks, 1)}
    pieces = []
    for at, char in enumerate(about.text.text):
        if lines[line_of(about.text, at)].number in shown:
            pieces.append(f"[{places[at]}]{char}" if at in places else char)
    tables = [
        f"{f'Table {shape.id}, rows' if several else 'Rows'} ({shape.title}): {shape.rows_in_words()}"
        for shape in about.shapes.values()
    ]
    listed = [f"[{n}]: {_columns(mark)}" for n, mark in enumerate(marks, 1)]
    return Marked(choices.cells(tables, listed, "".join(pieces), asked), tuple(marks), asked)


def _columns(mark: Mark) -> str:
    return " | ".join(dict.fromkeys(c for columns in mark.columns.values() for c in columns))


def _choice(name: str, about: About, mark: Mark, *, several: bool) -> Choice:
    ways = []
    for table, columns in mark.columns.items():
        keys = about.shapes[table].keys
        rows = "|".join(_ANY.join(map(literal, _NAME.split(key))) for key in keys)
        ways.append(f"{f'{table} ' if several else ''}({rows}) ({'|'.join(map(literal, columns))})")
    return Choice(name, (NONE,), "|".join(ways))
