"""Prompts: templates from ``prompts/`` filled from a table's spec; the document's text goes in last."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import Template

from pydantic import BaseModel, ConfigDict, create_model

from .data import data_folder
from .normalize import Line
from .specs import Catalogue, TableSpec, walk

# What stands before the number columns in a row's array, by shape of the table.
LEAD: dict[str, tuple[str, ...]] = {
    "coded": ("line", "code", "name"),
    "projects": ("line", "code", "name", "project"),
    "two_sided": ("line", "code", "name"),
    "labels": ("line", "name"),
    "items": ("line", "name"),
    "wide": ("line", "name"),
}
_NOTES = {
    "two_sided": "A line may hold two rows, left and right, each with a code or a label: give both. A number on the "
    "left goes into column (1).\n",
    "wide": "The items stand in the header, side by side: give one row for each item that has a number. Their names: "
    "$items\n",
    "projects": 'project is the printed name of the project; "" in rows of a unit, a code or the total. A unit (an '
    "office) stands in name, without a code.\n",
}
_EXAMPLES = {
    "coded": (
        ["12", "205", "教育支出", "70.50", "50.25", "20.25"],
        ["15", "20502", "普通教育", "50.25", "50.25", ""],
        ["18", "", "合计", "70.50", "50.25", "20.25"],
    ),
    "projects": (
        ["12", "", "某市图书馆", "", "9.00", "", "9.00"],
        ["14", "20701", "文化和旅游", "", "9.00", "", "9.00"],
        ["17", "2070104", "图书馆", "图书购置费", "9.00", "", "9.00"],
    ),
    "two_sided": (
        ["12", "", "一、本年收入", "88.10", "", ""],
        ["12", "205", "教育支出", "70.50", "70.50", ""],
        ["40", "", "支出总计", "88.10", "88.10", ""],
    ),
    "labels": (["12", "合计", "3.10", "3.10", ""], ["13", "公务接待费", "0.60", "0.60", ""]),
    "wide": (["12", "总计", "3.10", "3.10", ""], ["12", "公务接待费", "0.60", "0.60", ""]),
    "items": (["12", "总计", "5.00", "5.00", ""], ["14", "设备更新项目", "5.00", "5.00", ""]),
}


_OWN = (
    "\nThese lines are a part of a longer table. Give only the rows whose first amount stands in lines {} to {}; "
    "the other lines are there to read them by.\n"
)
_DIGIT = re.compile(r"[0-9]")
_KIND = re.compile("[预决]算")  # forms of budgets and of final accounts share a spec, whose title names only one
_FRAGMENT = 24  # characters of a piece of a header cell, at most
_MANY_FRAGMENTS = 6
_FENCE = 6  # characters


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent: system text, user text, and the form of the answer."""

    system: str
    user: str
    answer: type[BaseModel]


class TableAnswer(BaseModel):
    """Rows of a table, each as long as its prompt says."""

    model_config = ConfigDict(extra="forbid")

    rows: list[list[str]]


class LayoutAnswer(BaseModel):
    """Layout."""

    model_config = ConfigDict(extra="forbid")

    table: str
    columns: list[str]
    first_row: int
    skip: list[int]


class ProseAnswer(TableAnswer):
    """Numbers of sentences: line, table, row, column, value, unit, word; seven strings each."""


class FormAnswer(TableAnswer):
    """Rows of a form, each an array of strings as the question describes it."""


@lru_cache(maxsize=16)
def template(name: str) -> Template:
    """Return a template of ``prompts/``."""
    return Template((data_folder("prompts") / f"{name}.md").read_text(encoding="utf-8"))


@lru_cache(maxsize=64)
def answer_model(spec: TableSpec) -> type[TableAnswer]:
    """Build the form of an answer, named after its table.

    It is sent with every question, so it says only what the prompt doesn't. Its docstring becomes the tool's
    description, for which the client library would otherwise send a sentence of its own.
    """
    return create_model(f"{spec.id}_rows", __base__=TableAnswer, __doc__="Rows.")


def transcribe(
    spec: TableSpec,
    lines: Sequence[Line],
    unit: str,
    problems: Sequence[str] = (),
    own: tuple[int, int] | None = None,
    printed: Mapping[str, str] | None = None,
) -> Prompt:
    """Ask for the rows of one table.

    Args:
        spec: The table.
        lines: Its lines, header and title among them.
        unit: Money unit.
        problems: What was wrong with the last answer, in words; asked again with these.
        own: First and last line of the rows wanted, where the lines are a part of a longer table.
        printed: Column ids that this office prints under another name, with that name.
    """
    lead = LEAD[spec.shape]
    source = source_text(lines)
    told = sums(spec, numbered=True)
    width = min(3, len(spec.columns))  # columns of the example
    cut = width < len(spec.columns)
    user = template("table").substitute(
        title=_KIND.sub("", spec.title),
        id=spec.id,
        unit=unit,
        size=len(lead) + len(spec.columns),
        form=", ".join([*lead, "(1)", *([f"... ({len(spec.columns)})"] if len(spec.columns) > 1 else [])]),
        columns="; ".join(f"({i}) {(printed or {}).get(c.id, c.id)}" for i, c in enumerate(spec.columns, 1)),
        sums="".join(["Sums:\n", *(f"- {s}\n" for s in told)]) if told else "",
        notes=Template(_NOTES.get(spec.shape, "")).substitute(items=_items(spec)),
        example_form=f", [{', '.join([*lead, *(f'({i})' for i in range(1, width + 1))])}]" if cut else "",
        example="\n".join(json.dumps(row[: len(lead) + width], ensure_ascii=False) for row in _EXAMPLES[spec.shape]),
        own=_OWN.format(*own) if own else "",
        fence=fence_for(source),
        source=source,
    )
    user += _again(problems, "rows")
    return Prompt(template("system").substitute(), user, answer_model(spec))


def _again(problems: Sequence[str], what: str) -> str:
    """Return what follows a question that is asked again; nothing the first time."""
    if not problems:
        return ""
    said = "\n".join(f"- {p}" for p in problems)
    return (
        "\nYour last answer for these lines is not right yet:\n"
        f"{said}\nLook at these {what} in the source once more and give all {what} again. Copy what is printed: "
        "if the source itself doesn't add up, say what it prints.\n"
    )


def layout(catalogue: Catalogue, lines: Sequence[Line], tables: Sequence[str]) -> Prompt:
    """Ask what a table looks like: which of ``tables`` it is, and what its columns are; none of its numbers.

    Args:
        catalogue: All specs.
        lines: Title, header and some rows.
        tables: Ids of the tables that it may be; where there is one, its usual columns are named.
    """
    source = source_text(lines)
    usual = ""
    if len(tables) == 1:
        usual = f" Usual columns of this table: {'; '.join(c.id for c in catalogue.table(tables[0]).columns)}."
    user = template("layout").substitute(
        tables="\n".join(f"- {t}: {catalogue.table(t).title}" for t in tables),
        usual=usual,
        fence=fence_for(source),
        source=source,
    )
    return Prompt(template("layout_system").substitute(), user, LayoutAnswer)


def fence_for(source: str) -> str:
    """Return a short word that doesn't stand in the source, always the same for the same source."""
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
    words = (digest[i : i + _FENCE] for i in range(len(digest) - _FENCE))
    return next((word for word in words if word not in source), digest)


def sentences(
    tables: Sequence[str], lines: Sequence[Line], own: tuple[int, ...], problems: Sequence[str] = ()
) -> Prompt:
    """Ask which cells the numbers of sentences belong to.

    Args:
        tables: The tables in words, one each.
        lines: The sentences.
        own: Numbers of the lines whose numbers are wanted; empty for all.
        problems: What was wrong with the last answer, in words; asked again with these.
    """
    source = source_text(lines)
    user = template("prose").substitute(
        tables="".join(f"{table}\n" for table in tables),
        own=f"\nOnly numbers that begin on these lines are wanted: {', '.join(map(str, own))}.\n" if own else "",
        fence=fence_for(source),
        source=source,
    )
    return Prompt(template("prose_system").substitute(), user + _again(problems, "numbers"), ProseAnswer)


def form(
    title: tuple[str, str],
    arrays: Sequence[tuple[str, Sequence[str], Sequence[str]]],
    lines: Sequence[Line],
    own: tuple[int, int] | None = None,
    problems: Sequence[str] = (),
) -> Prompt:
    """Ask for the rows of a form.

    Args:
        title: Id and printed title.
        arrays: What is wanted, each with the fields of its array and an example of it.
        lines: The form.
        own: First and last line on which the rows wanted begin, where not all of them are.
        problems: What was wrong with the last answer, in words; asked again with these.
    """
    source = source_text(lines)
    user = template("form").substitute(
        id=title[0],
        title=title[1],
        arrays="\n".join(f"- {what}: [{', '.join(fields)}]" for what, fields, _ in arrays),
        example="\n".join(json.dumps(row, ensure_ascii=False) for _, _, row in arrays),
        own=f"\nOnly arrays of rows that begin on lines {own[0]} to {own[1]} are wanted.\n" if own else "",
        fence=fence_for(source),
        source=source,
    )
    return Prompt(template("form_system").substitute(), user + _again(problems, "rows"), FormAnswer)


def source_text(lines: Sequence[Line]) -> str:
    """Return lines with their numbers; a long run without any digit, such as a header in fragments, as one line.

    Such a run that comes again, as headers do on every page, points to the first.
    """
    out: list[str] = []
    run: list[Line] = []
    seen: list[Sequence[Line]] = []
    for line in lines:
        if _DIGIT.search(line.text) or "\t" in line.text or len(line.text) > _FRAGMENT:
            out.extend(_run(run, seen))
            run = []
            out.append(f"{line.number}|{line.text}")
        else:
            run.append(line)
    return "\n".join([*out, *_run(run, seen)])


def _run(lines: Sequence[Line], seen: list[Sequence[Line]]) -> list[str]:
    if len(lines) < _MANY_FRAGMENTS:
        return [f"{line.number}|{line.text}" for line in lines]
    words = [line.text.strip() for line in lines]
    ends = (earlier[-len(lines) :] for earlier in seen)  # the first has the title in front
    same = next((end for end in ends if [line.text.strip() for line in end] == words), None)
    seen.append(lines)
    said = " / ".join(words) if same is None else f"the same as {same[0].number}-{same[-1].number}"
    return [f"{lines[0].number}-{lines[-1].number}|{said}"]


def _items(spec: TableSpec) -> str:
    return "; ".join(path[-1].label for path in walk(spec.left))


def sums(spec: TableSpec, *, numbered: bool = False) -> list[str]:
    """Return the identities within a table in words; ``numbered`` names columns by their numbers, which is shorter."""
    named = {c: f"({i})" if numbered else c for i, c in enumerate(spec.column_ids, 1)}
    out = []
    for rule in spec.row_sums:
        where = {None: "every row", "left": "rows on the left", "right": "rows on the right"}[rule.side]
        whole, part = ([named[c] for c in side if c in named] for side in (rule.totals, rule.parts))
        if whole and part:
            out.append(f"in {where}: {' + '.join(whole)} = {' + '.join(part)}")
    if spec.tree:
        out.append("in every column: each row is the sum of the rows one level below it")
    if spec.shape == "wide":
        wholes = (path[-1] for path in walk(spec.left) if path[-1].identity)
        out.extend(f"{row.label} = {' + '.join(part.label for part in row.children)}" for row in wholes)
    empty = ((named[z.column], z.classes) for z in spec.zeros if z.column in named)
    out.extend(f"{column} is empty in rows whose code begins {' or '.join(classes)}" for column, classes in empty)
    return out
