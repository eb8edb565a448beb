"""Tells a budget again from its gold facts: its tables and forms in another kind of text, its prose as it stands.

Whatever a reader gets out of one kind of text it should get out of the others, so the facts to expect are the gold
facts themselves, whichever form the document is told in.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from extractor.evaluation.forms import FISCAL, LEFT, THREE_PUBLIC, Layout, Path, layouts
from extractor.evaluation.render import Form, Noise, grid, render
from extractor.evaluation.score import Fact, normalise
from extractor.evaluation.synthetic import Budget, Sheet, left_keys

_INDICATOR = "指标/"
_OVERALL = ("一级指标", "二级指标", "三级指标", "指标值", "设定依据", "分值权重")
_PROJECT = ("一级指标", "二级指标", "三级指标", "指标值", "设定依据", "上年完成值", "分值权重", "赋分规则", "佐证资料")
_PRINTED = {
    "设定依据": "指标值设定依据", "上年完成值": "上年完成情况", "分值权重": "指标分值权重", "赋分规则": "指标赋分规则",
}  # fmt: skip
_GOAL = "完成年度工作。"
_MONEY = ("年度资金总额", "财政拨款", "其他资金")

_Cells = Mapping[str, Mapping[str, Fact]]


@dataclass(frozen=True)
class _Row:
    """A printed row: cells, and for each the fact that starts in it."""

    cells: tuple[str, ...]
    facts: tuple[Fact | None, ...]


def retell(gold: Sequence[Fact], source: str, form: Form, noise: Noise | None = None) -> str:
    """Return the document again with its eleven tables and its performance forms in another form.

    Args:
        gold: All gold facts of the document.
        source: Its text: where the prose comes from, and the names of the classes without an amount.
        form: One of ``FORMS``.
        noise: What goes wrong in the tables; nothing if None.

    Raises:
        ValueError: The text isn't that of a budget with its tables, explanations and performance forms in that order.
    """
    before, _, told, _, rest = _sections(source)
    after = [*told, "", *_forms(gold, form), *rest]
    return render(_budget(gold, source), form, noise or Noise(), 0, (before, after))[0]


def _sections(source: str) -> tuple[list[str], ...]:
    """Cut a text into what is before its tables, tables, prose, performance forms and the rest."""
    lines = source.splitlines()
    plain = ["".join(line.split()) for line in lines]
    table = next((i for i, text in enumerate(plain) if text == "表1"), 0)
    first = max((i for i in range(table) if plain[i].startswith("第二部分")), default=0)
    prose = next((i for i in range(table, len(lines)) if plain[i].startswith("第三部分")), 0)
    forms = next((i for i in range(prose, len(lines)) if plain[i].endswith("整体绩效目标表")), 0)
    rest = next((i for i in range(forms, len(lines)) if re.match(r"[(（]五[)）]", plain[i])), 0)
    if not 0 < first < table < prose < forms < rest:
        raise ValueError("no budget with eleven tables, explanations and performance forms in this order")
    return lines[:first], lines[first:prose], lines[prose:forms], lines[forms:rest], lines[rest:]


def _budget(gold: Sequence[Fact], source: str) -> Budget:
    said = {fact["column"]: fact["value"] for fact in gold if fact["table"] == "document"}
    name, year = said["单位名称"], int(said["年度"])
    office = "单位" if "单位收支总体情况表" in source else "部门"
    classes = dict(re.findall(r"(?<!\d)(2\d\d) ([一-龥、]{2,20})", source))
    sheets: list[Sheet] = []
    facts: list[Fact] = []
    for number, layout in enumerate(layouts(office), start=1):
        own = [f for f in gold if f["table"] == layout.table_id]
        sheet, found = _sheet(number, layout, own, classes, (name, year))
        sheets.append(sheet)
        facts += found
    return Budget(name, year, tuple(sheets), tuple(facts))


def _sheet(
    number: int, layout: Layout, own: Sequence[Fact], classes: Mapping[str, str], about: tuple[str, int]
) -> tuple[Sheet, list[Fact]]:
    empty = [f for f in own if f["column"] == "空表"]
    if empty:
        name, year = about
        subject = layout.title.removesuffix("支出情况表").removesuffix("情况明细表")
        note = f"{name} {year} 年没有使用{subject}安排的支出，{layout.title}为空表。"
        return Sheet(layout.table_id, number, layout.title, layout.header, (), note, ((-1, -1),) * len(empty)), empty
    rows = list(_rows(layout, own, classes))
    placed = [((r, c), f) for r, row in enumerate(rows) for c, f in enumerate(row.facts) if f is not None]
    lost = len([f for f in own if f["kind"] == "number"]) - len([f for _, f in placed if f["kind"] == "number"])
    if lost:
        raise ValueError(f"{layout.table_id}: {lost} gold facts have no cell in its layout")
    places = tuple(place for place, _ in placed)
    grid_ = tuple(row.cells for row in rows)
    sheet = Sheet(layout.table_id, number, layout.title, layout.header, grid_, None, places)
    return sheet, [fact for _, fact in placed]


def _rows(layout: Layout, own: Sequence[Fact], classes: Mapping[str, str]) -> Iterator[_Row]:
    cells: dict[str, dict[str, Fact]] = {}
    for fact in own:
        cells.setdefault(fact["row"], {})[fact["column"]] = fact
    if layout.table_id in ("revenue_expenditure", "fiscal_appropriation"):
        yield from _two_sided(layout, cells, classes)
        return
    width = len(layout.header[0]) - len(layout.columns)
    if layout.table_id == "three_public":
        keys = [re.sub(r"^其中：|（小计）$", "", label) for label in THREE_PUBLIC]
        keys = ["总计", *keys[1:4], *(f"{keys[3]}/{key}" for key in keys[4:])]
        for key, label in zip(keys, THREE_PUBLIC, strict=True):
            yield _row((label,), cells.get(normalise(key), {}), layout.columns)
        return
    for key, here in cells.items():
        yield _row(_labels(key, width, here), here, layout.columns)


def _row(labels: Path, here: Mapping[str, Fact], columns: Path) -> _Row:
    values = [here.get(column) for column in columns]
    named = [here.get("名称") if "名称" in here and label == here["名称"]["value"] else None for label in labels]
    return _Row((*labels, *(f["value"] if f else "" for f in values)), (*named, *values))


def _labels(key: str, width: int, here: Mapping[str, Fact]) -> Path:
    """Print a row key into the label cells: code in its parts, name, project."""
    parts = key.split("/")
    if width == 1:
        return (parts[-1],)
    at = next((i for i, part in enumerate(parts) if part.isdigit()), None)
    code = parts[at] if at is not None else ""
    name = here["名称"]["value"] if "名称" in here else parts[-1] if at is None else ""
    project = "/".join(parts[at + 1 :]) if at is not None else ""
    digits = (code[:3], code[3:5], code[5:7])[: min(width, 4) - 1]
    return (*digits, name, *((project,) if width == 5 else ()))


def _two_sided(layout: Layout, cells: _Cells, classes: Mapping[str, str]) -> Iterator[_Row]:
    one = layout.columns[:1]
    if layout.table_id == "fiscal_appropriation":
        labels, keys = list(FISCAL), ["财政拨款", *(f"财政拨款/{label}" for label in FISCAL[1:])]
    else:
        labels = LEFT.split("|")
        keys = [normalise(key).replace("/基金预算拨款", "/政府性基金预算拨款") for key in left_keys(labels)]
    left = [_row((label,), cells.get(key, {}), one) for label, key in zip(labels, keys, strict=True)]
    right = [_row((f"{code} {name}",), cells.get(code, {}), layout.columns) for code, name in classes.items()]
    blank = _Row(("",) * 2, (None,) * 2)
    empty = _Row(("",) * (1 + len(layout.columns)), (None,) * (1 + len(layout.columns)))
    left += [blank] * (len(right) - len(left))
    right += [empty] * (len(left) - len(right))
    ends = (
        _row(("收入总计",), cells.get("收入总计", {}), one),
        _row(("支出总计",), cells.get("支出总计", {}), layout.columns),
    )
    for a, b in (*zip(left, right, strict=True), ends):
        yield _Row(a.cells + b.cells, a.facts + b.facts)


def _forms(gold: Sequence[Fact], form: Form) -> list[str]:
    """Write the performance forms: one of the department, one for each project."""
    own = [f for f in gold if f["table"] in ("performance_overall", "performance_project")]
    name = next(f["value"] for f in gold if f["column"] == "单位名称")
    lines: list[str] = []
    for project, group in groupby(own, key=_project):
        cells: dict[str, dict[str, str]] = {}
        for fact in group:
            row = fact["row"].removeprefix(f"{project}/") if project else fact["row"]
            cells.setdefault(row, {})[fact["column"]] = fact["value"]
        columns = _PROJECT if project else _OVERALL
        title = "项目支出绩效目标表" if project else "部门整体绩效目标表"
        rows = [*_head(name, project, cells), tuple(_PRINTED.get(c, c) for c in columns), *_indicators(cells, columns)]
        lines += [title, "（2024 年）", ""]
        lines += grid([(*row, *[""] * (len(columns) - len(row))) for row in rows], form)
        lines.append("")
    return lines


def _project(fact: Fact) -> str:
    return re.split(r"/(?:资金|指标)/", fact["row"])[0] if fact["table"] == "performance_project" else ""


def _head(name: str, project: str, cells: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, ...]]:
    if project:
        money = [cells.get(f"资金/{row}", {}).get("预算", "") for row in _MONEY]
        yield ("预算单位", name)
        yield ("项目名称", project, "项目负责人", "（略）")
        yield ("项目资金（万元）", "年度预算总额", money[0], "其中：财政拨款", money[1], "其他资金", money[2])
        yield ("项目总体目标", _GOAL)
        return
    yield ("部门名称（盖章）", name)
    yield ("年度绩效目标", _GOAL)
    yield ("年度预算（万元）", "资金来源", "资金总额（万元）")
    for label, row in (("财政资金（万元）", "上级安排"), ("", "本级安排"), ("其他资金（万元）", "其他资金")):
        if row in cells:
            yield (label, "其他" if row == "其他资金" else row, cells[row].get("资金总额", ""))


def _indicators(cells: Mapping[str, Mapping[str, str]], columns: Path) -> Iterator[tuple[str, ...]]:
    """Print indicators; levels that repeat are printed once, as merged cells are."""
    above: tuple[str, ...] = ("", "")
    for key, values in cells.items():
        if not key.startswith(_INDICATOR):
            continue
        row = [key.removeprefix(_INDICATOR) if c == "三级指标" else values.get(c, "") for c in columns]
        levels = (row[0], row[1])
        row[:2] = ["" if row[0] == above[0] else row[0], "" if levels == above else row[1]]
        above = levels
        yield tuple(row)
