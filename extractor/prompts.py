"""Prompts: templates from ``prompts/`` filled from a table's spec; the document's text goes in last."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import Template
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from .data import data_folder
from .normalize import Line
from .specs import TableSpec

# What stands before the number columns in a row's array, by shape of the table.
LEAD: dict[str, tuple[str, ...]] = {
    "coded": ("line", "code", "name"),
    "projects": ("line", "code", "name", "project"),
    "two_sided": ("line", "code", "name"),
    "labels": ("line", "name"),
    "items": ("line", "name"),
}
_SAYS = {
    "line": "the source line's number",
    "code": 'the code\'s digits run together (201, 20103, 2010301), "" where none is printed',
    "name": "the printed name or label, with its numbering (一、 1. 其中：)",
    "project": 'the project\'s name, "" where none is printed',
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
    "items": (["12", "总计", "5.00", "5.00", ""], ["14", "设备更新项目", "5.00", "5.00", ""]),
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent: system text, user text, and the form of the answer."""

    system: str
    user: str
    answer: type[BaseModel]


class TableAnswer(BaseModel):
    """What every transcription has; the spec's own model says how long each row is."""

    model_config = ConfigDict(extra="forbid")

    rows: list[list[str]]


@lru_cache(maxsize=8)
def _template(name: str) -> Template:
    return Template((data_folder("prompts") / f"{name}.md").read_text(encoding="utf-8"))


@lru_cache(maxsize=64)
def answer_model(spec: TableSpec) -> type[TableAnswer]:
    """Build the form of an answer: rows as arrays of strings of one length, empty cells as empty strings."""
    size = len(LEAD[spec.shape]) + len(spec.columns)
    row: Any = Field(description=f"rows in printed order, each an array of {size} strings")
    return create_model(f"{spec.id}_rows", __base__=TableAnswer, rows=(list[list[str]], row))


def transcribe(spec: TableSpec, lines: Sequence[Line], unit: str, problems: Sequence[str] = ()) -> Prompt:
    """Ask for the rows of one table.

    Args:
        spec: The table.
        lines: Its lines, header and title among them.
        unit: Money unit.
        problems: What was wrong with the last answer, in words; asked again with these.
    """
    lead = LEAD[spec.shape]
    source = "\n".join(f"{line.number}|{line.text}" for line in lines)
    fence = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    user = _template("table").substitute(
        title=spec.title,
        id=spec.id,
        unit=unit,
        shape="\n".join(f"- {name}: {_SAYS[name]}" for name in lead),
        count=len(spec.columns),
        columns="\n".join(f"- {c.id}" for c in spec.columns),
        sums="\n".join(f"- {s}" for s in sums(spec)) or "- none",
        example_columns="合计, 甲, 乙",
        example="\n".join(str(list(row)).replace("'", '"') for row in _EXAMPLES[spec.shape]),
        fence=fence,
        source=source,
    )
    if problems:
        said = "\n".join(f"- {p}" for p in problems)
        user += (
            "\nYour last answer for this table doesn't agree with itself:\n"
            f"{said}\nLook at these rows in the source once more and give the whole table again. Copy what is printed: "
            "if the source itself doesn't add up, say what it prints.\n"
        )
    return Prompt(_template("system").substitute(), user, answer_model(spec))


def sums(spec: TableSpec) -> list[str]:
    """Return the identities within a table in words."""
    out = [f"in every row: {r.total} = {' + '.join(r.parts)}" for r in spec.row_sums]
    if spec.tree:
        out.append("in every column: the total is the sum of its parts, each row the sum of the rows one level below")
    out.extend(f"{z.column} is empty in rows whose code begins with {' or '.join(z.classes)}" for z in spec.zeros)
    return out
