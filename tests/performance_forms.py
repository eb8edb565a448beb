"""Prints the performance forms of the gold facts again, in the four kinds of text and with their usual damage."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from random import Random
from typing import Any, Literal

from extractor.normalize import squeeze

from .conftest import gold

Fact = dict[str, Any]
Kind = Literal["tabs", "pipes", "cells", "spaces"]
KINDS: tuple[Kind, ...] = ("tabs", "pipes", "cells", "spaces")
TABLES = frozenset({"performance_overall", "performance_project"})
_BUDGET = ("一级指标", "二级指标", "三级指标", "指标值", "设定依据", "上年完成值", "分值权重", "赋分规则", "佐证资料")
_FINAL = (*_BUDGET, "实际完成值", "完成率", "得分", "偏差原因")
_OVERALL = ("一级指标", "二级指标", "三级指标", "指标值", "设定依据", "分值权重")
_OVERALL_FINAL = ("一级指标", "二级指标", "三级指标", "指标值", "设定依据", "实际完成值", "分值权重", "得分")
_PRINTED = {
    "设定依据": "指标值设定依据", "上年完成值": "上年完成情况", "分值权重": "指标分值权重", "赋分规则": "指标赋分规则",
    "实际完成值": "指标实际完成值", "得分": "指标得分", "偏差原因": "偏差原因分析及改进措施",
}  # fmt: skip
_MONEY = ("年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分")
_GOAL = "完成全年工作 12 项，其中：财政拨款 7.77 万元，其他资金 8.88 万元，满意度达到 95%"


@dataclass(frozen=True)
class Damage:
    """What goes wrong in print; the default is a clean text.

    ``wrap``: characters on a line of a cell, 0 for no wrapping. ``page``: rows on a page, 0 for one page; the header
    is repeated on the next. ``merged``: levels are printed once. ``blank``: a blank line after every line.
    ``shift``: in tab and pipe tables, every third row begins one cell further left. ``around``: in texts without cells,
    the names of every so many rows are printed half above and half below their values. ``numbered``: pages end with a
    bare number. ``drop``: share of the cells that are not printed. ``odd``: words that no list knows.
    """

    wrap: int = 0
    page: int = 0
    merged: bool = True
    blank: bool = False
    shift: bool = False
    around: int = 0
    numbered: bool = False
    drop: float = 0.0
    odd: bool = False


@dataclass(frozen=True)
class Printed:
    """A form: title, rows above the indicators, header, indicators, rows below."""

    title: str
    project: str
    columns: tuple[str, ...]
    head: tuple[tuple[str, ...], ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    foot: tuple[tuple[str, ...], ...]


def printed(name: str) -> list[Printed]:
    """Return the forms of a sample, from its gold facts."""
    facts = [f for f in gold(name) if f["table"] in TABLES]
    out = []
    for _, group in groupby(facts, key=lambda f: (f["table"], _project(f))):
        out.append(_form(list(group)))
    return out


def damaged(name: str, damage: Damage, seed: int = 0) -> tuple[list[Printed], list[Fact]]:
    """Return the forms of a sample with odd words and without some cells, and the facts that are left."""
    rng = Random(seed)
    facts = [f for f in gold(name) if f["table"] in TABLES]
    forms = []
    for form in printed(name):
        rows = []
        for row in form.rows:
            cells = list(row)
            for number, column in enumerate(form.columns):
                odd = _ODD.get(cells[number]) if damage.odd else None
                if odd:
                    cells[number] = odd
                elif column not in _KEPT and cells[number] and rng.random() < damage.drop:
                    cells[number] = ""
            rows.append(tuple(cells))
        forms.append(replace(form, rows=tuple(rows)))
    values = {
        (f"{form.project}/指标/{row[2]}" if form.project else f"指标/{row[2]}", column): cell
        for form in forms
        for row in form.rows
        for column, cell in zip(form.columns, row, strict=True)
    }
    kept = [{**f, "value": values.get((f["row"], f["column"]), f["value"])} for f in facts]
    return forms, [f for f in kept if f["value"]]


_KEPT = ("一级指标", "二级指标", "三级指标")
_ODD = {
    "按照完成比例赋分": "视情况酌情给分", "说明材料": "业务明细", "工作资料": "业务明细", "履职效能": "职责履行情况",
    "计划标准": "年初计划", "有效促进": "两国更亲近", "预算支出标准": "财政核定",
}  # fmt: skip


def _project(fact: Fact) -> str:
    return re.split(r"/(?:资金|指标|总分)", fact["row"])[0] if fact["table"] == "performance_project" else ""


def _form(facts: Sequence[Fact]) -> Printed:
    project = _project(facts[0])
    final = any(f["column"] == "年初预算数" for f in facts)
    values: dict[str, dict[str, str]] = {}
    for fact in facts:
        row = fact["row"].removeprefix(f"{project}/") if project else fact["row"]
        values.setdefault(row, {})[fact["column"]] = fact["value"]
    columns = (_FINAL if final else _BUDGET) if project else (_OVERALL_FINAL if final else _OVERALL)
    header = tuple(_PRINTED.get(c, c) for c in columns)
    rows = tuple(
        tuple(key.removeprefix("指标/") if c == "三级指标" else cells.get(c, "") for c in columns)
        for key, cells in values.items()
        if key.startswith("指标/")
    )
    kind = "自评表" if final else "目标表"
    if not project:
        head = (("部门名称（盖章）", "某某办公室"), ("年度绩效目标", _GOAL), *_money(values, "", final=final))
        return Printed(f"部门整体支出绩效{kind}", "", columns, head, header, rows, ())
    head = (
        ("预算单位", "某某办公室"), ("项目名称", project, "项目负责人", "张三"),
        *_money(values, "资金/", final=final), ("项目总体目标", _GOAL),
    )  # fmt: skip
    foot = (("总分", "100", "得分", f"{values['总分']['得分']}分"),) if "总分" in values else ()
    return Printed(f"项目支出绩效{kind}", project, columns, head, header, rows, foot)


def _money(values: dict[str, dict[str, str]], prefix: str, *, final: bool) -> Iterator[tuple[str, ...]]:
    rows = {k.removeprefix(prefix): v for k, v in values.items() if k.startswith(prefix) and "指标/" not in k}
    rows = {k: v for k, v in rows.items() if k != "总分"}
    if not final and prefix:
        cells = [x for k, v in rows.items() for x in (k.replace("财政", "其中：财政"), v["预算"])]
        yield ("项目资金（万元）", *cells)
        return
    if not final:
        yield ("年度预算（万元）", "资金来源", "资金总额（万元）")
        for k, v in rows.items():
            yield ("", k, v["资金总额"])
        return
    yield ("项目资金（万元）", "", *_MONEY)
    for k, v in rows.items():
        rate = f"{v['执行率']}%" if "执行率" in v else "—"
        points = (v.get("分值权重", "—"), rate, v.get("得分", "—"))
        yield ("", k, v["年初预算数"], v["全年预算数"], v["全年执行数"], *points)


def render(forms: Sequence[Printed], kind: Kind, damage: Damage) -> str:
    """Print forms one below the other."""
    lines: list[str] = ["第三部分 说明", ""]
    for form in forms:
        lines += [form.title, "（2024 年）"]
        for row in form.head:
            lines += _row(row, kind, 0, len(form.header))
        lines += _row(form.header, kind, 0, len(form.header))
        if kind == "pipes":
            lines.append("|" + " --- |" * len(form.header))
        above: tuple[str, ...] = ("", "")
        for number, row in enumerate(form.rows):
            if damage.page and number and number % damage.page == 0:
                lines += ["", str(number) if damage.numbered else f"- {number} -", ""]
                lines += _row(form.header, kind, 0, len(form.header))
            cells = list(row)
            if damage.merged:
                cells[0] = "" if row[0] == above[0] else row[0]
                cells[1] = "" if row[:2] == above else row[1]
            above = row[:2]
            if damage.shift and number % 3 == 1 and not cells[0]:
                cells = [*cells[1:], ""]
            if damage.around and number % damage.around == 0 and kind in ("cells", "spaces") and len(row[2]) > 4:
                half = len(row[2]) // 2
                lines += _row([*cells[:2], row[2][:half]], kind, damage.wrap, 0)
                lines += [*_row(["", "", *cells[3:]], kind, damage.wrap, 0), row[2][half:]]
            else:
                lines += _row(cells, kind, damage.wrap, len(form.header))
        for row in form.foot:
            lines += _row(row, kind, 0, len(form.header))
        lines.append("")
    lines.append("第四部分 名词解释")
    return "\n".join(line + "\n" if damage.blank and line else line for line in lines) + "\n"


def _row(cells: Sequence[str], kind: Kind, wrap: int, width: int) -> list[str]:
    if kind in ("tabs", "pipes"):
        padded = [*cells, *[""] * (width - len(cells))]
        if wrap:
            padded = [" ".join(_cut(c, wrap)) for c in padded]
        return ["\t".join(padded) if kind == "tabs" else "| " + " | ".join(padded) + " |"]
    full = [c for c in cells if c]
    parts = [_cut(c, wrap) if wrap else [c] for c in full]
    if kind == "cells":
        return [part for cell in parts for part in cell]
    lines: list[str] = []
    side: list[str] = []
    for cell in parts:
        if len(cell) == 1:
            side.append(cell[0])
            continue
        lines += [" ".join(side)] if side else []
        lines += cell
        side = []
    return [*lines, " ".join(side)] if side else lines


def _cut(text: str, size: int) -> list[str]:
    """Break a text into lines of about ``size`` characters, numbers left whole."""
    if len(squeeze(text)) <= size or re.fullmatch(r"[<>=≥≤ ]*[\d.]+\D{0,5}", text):
        return [text]
    lines = [""]
    for part in re.findall(r"[<>=≥≤]*\s?[\d.]+%?|.", text):
        if len(lines[-1]) + len(part) > size and lines[-1]:
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines if line.strip()]
