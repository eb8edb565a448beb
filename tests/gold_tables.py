"""Turns gold facts into the tables that a reader would make of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from extractor.amount import parse_amount
from extractor.document import Document
from extractor.records import Cell, Row, RowKind, Span, Table
from extractor.specs import catalogue, walk

_UNITS = {"元", "万元"}
Fact = Mapping[str, Any]


def tables_of(facts: Sequence[Fact], document: Document) -> list[Table]:
    """Return a table for each id, and one for each project form; every cell stands at the start of its line."""
    groups: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        form = _form(fact["row"]) if fact["table"] == "performance_project" else ""
        groups.setdefault((fact["table"], form), []).append(fact)
    starts = _starts(document.text)
    return [_table(table, form, group, starts) for (table, form), group in groups.items()]


def _starts(text: str) -> list[int]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _form(key: str) -> str:
    return next(
        (key.split(mark, maxsplit=1)[0] for mark in ("/资金/", "/指标/") if mark in key), key.removesuffix("/总分")
    )


def _table(table_id: str, form: str, facts: Sequence[Fact], starts: Sequence[int]) -> Table:
    keys = list(dict.fromkeys(f["row"] for f in facts if f["column"] != "空表"))
    roles = {key: _role(table_id, form, key) for key in keys}
    kinds = {key: _kind(table_id, key) for key in keys}
    parents = _parents(table_id, keys)
    rows = tuple(
        Row(
            key=key, role=roles[key], kind=kinds[key], parent=parents[key], side=_side(table_id, key),
            line=next(f["line"] for f in facts if f["row"] == key) or 1,
            cells=tuple(_cell(f, starts) for f in facts if f["row"] == key),
        )
        for key in keys
    )  # fmt: skip
    rows += tuple(
        Row(key=role, role=role, kind="label", parent=None, line=1)
        for role in _empty_rows(table_id, set(roles.values()))
    )
    lines = [f["line"] for f in facts if f["line"]]
    note = next((_span(f, starts) for f in facts if f["column"] == "空表"), None)
    columns = tuple(dict.fromkeys(f["column"] for f in facts if f["kind"] == "number"))
    spec = catalogue().by_id.get(table_id)
    return Table(
        id=table_id, title=table_id, part=0, unit="万元", columns=spec.column_ids if spec else columns, rows=rows,
        lines=(min(lines), max(lines)), empty_note=note,
    )  # fmt: skip


def _cell(fact: Fact, starts: Sequence[int]) -> Cell:
    amount = parse_amount(fact["value"]) if fact["kind"] == "number" else None
    return Cell(
        column=fact["column"], kind=fact["kind"], text=fact["value"], value=amount.value if amount else None,
        unit=fact["unit"], spans=(_span(fact, starts),),
    )  # fmt: skip


def _span(fact: Fact, starts: Sequence[int]) -> Span:
    line = fact["line"] or 1
    return Span(start=starts[line - 1], end=starts[line - 1] + 1, line=line)


def _role(table_id: str, form: str, key: str) -> str | None:
    spec = catalogue().by_id.get(table_id)
    if form:
        return key.removeprefix(form + "/")
    if spec is None:
        return key
    for path in walk(spec.left):
        below = "/".join(r.label for r in path[1:])
        if key == "/".join(r.label for r in path) or (path[0].top and key == below):
            return "/".join(r.label for r in path)
    if _kind(table_id, key) == "unit" or spec.shape == "items":
        return "总计" if key == "总计" else None
    return next((part for part in key.split("/") if part.isdigit()), key)


def _empty_rows(table_id: str, printed: set[str | None]) -> list[str]:
    """Roles of the labelled rows that have no fact: they are printed all the same, with empty cells."""
    spec = catalogue().by_id.get(table_id)
    forms = spec.left if spec and spec.shape in ("two_sided", "labels") else ()
    every = ["/".join(r.label for r in path) for path in walk(forms)]
    return [role for role in every if role not in printed]


def _kind(table_id: str, key: str) -> RowKind:
    parts = key.split("/")
    if parts[-1] in ("总计", "收入总计", "支出总计"):
        return "total"
    if parts[-1].isdigit():
        return "code"
    if table_id == "project_expenditure":
        return "project" if any(p.isdigit() for p in parts) else "unit"
    if table_id == "carryover":
        return "project" if len(parts) > 1 else "unit"
    return "label"


def _side(table_id: str, key: str) -> Any:
    spec = catalogue().by_id.get(table_id)
    return "right" if spec and spec.right and (key.isdigit() or key == spec.right.total.label) else "left"


def _parents(table_id: str, keys: Sequence[str]) -> dict[str, int | None]:
    """Link each row to the one it is a part of, as the readers do."""
    spec = catalogue().by_id.get(table_id)
    if spec is None:
        return dict.fromkeys(keys)
    where = {key: number for number, key in enumerate(keys)}
    total = spec.right.total.label if spec.right else "总计"
    out: dict[str, int | None] = {}
    for key in keys:
        head, _, last = key.rpartition("/")
        unit = head.split("/")[0] if head and not head.split("/")[0].isdigit() else ""
        prefix = f"{unit}/" if unit and spec.shape == "projects" else ""
        code = next((p for p in key.split("/") if p.isdigit()), "")
        if code:
            longer = [code] if last != code else []
            above = [f"{prefix}{c}" for c in (*longer, code[:5], code[:3]) if c != code or last != code]
            found = next((a for a in above if a in where and a != key), prefix.rstrip("/") or total)
        elif head:
            found = head
        else:
            found = ("收入总计" if spec.right else "总计") if key not in ("收入总计", "支出总计", "总计") else ""
        out[key] = where.get(found)
    return out
