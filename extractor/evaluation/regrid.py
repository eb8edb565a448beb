"""Rebuilds the printed grids of the eleven tables from gold facts, so that real budgets can be set in every layout."""

from collections.abc import Sequence

from extractor.evaluation.forms import FISCAL, LEFT, NAMES, THREE_PUBLIC, TWO_SIDED, Layout, layouts
from extractor.evaluation.score import BUDGET_TABLES, Fact, normalise
from extractor.evaluation.synthetic import Budget, Sheet, left_keys

_Grid = dict[tuple[int, int], str]
_TOTALS = ("收入总计", "支出总计")


def budget(gold: Sequence[Fact], name: str) -> Budget:
    """Return the eleven tables of gold facts as a budget that can be rendered.

    Raises:
        ValueError: A fact has no place in the layouts, or the facts are not those of a budget's eleven tables.
    """
    facts = [{**f, "line": None} for f in gold if f["table"] in BUDGET_TABLES]
    told = {f["column"]: str(f["value"]) for f in gold if f["table"] == "document"}
    year = int(told.get("年度") or 2024)
    sheets: list[Sheet] = []
    ordered: list[Fact] = []
    for number, layout in enumerate(layouts("部门"), start=1):
        here = [f for f in facts if f["table"] == layout.table_id]
        sheets.append(_sheet(layout, here, number, f"{told.get('单位名称', name)} {year} 年"))
        ordered += here
    if not any(f["kind"] == "number" for f in ordered):
        raise ValueError(f"{name}: no number in the eleven tables of a budget")
    return Budget(told.get("单位名称", name), year, tuple(sheets), tuple(ordered))


def _sheet(layout: Layout, facts: Sequence[Fact], number: int, who: str) -> Sheet:
    if any(f["row"] == "*" for f in facts) or not facts:
        note = f"{who}没有使用{layout.title.removesuffix('情况表')}安排的支出，{layout.title}为空表。"
        return Sheet(layout.table_id, number, layout.title, layout.header, (), note, ((-1, -1),) * len(facts))
    spots = _two_sided(layout, facts) if layout.table_id in TWO_SIDED else _listed(layout, facts)
    labels, places = spots
    cells = dict(labels)
    for fact, place in zip(facts, places, strict=True):
        if fact["kind"] == "number":
            cells[place] = str(fact["value"])
    width = len(layout.header[0])
    rows = tuple(tuple(cells.get((row, at), "") for at in range(width)) for row in range(max(r for r, _ in cells) + 1))
    return Sheet(layout.table_id, number, layout.title, layout.header, rows, None, tuple(places))


def _listed(layout: Layout, facts: Sequence[Fact]) -> tuple[_Grid, list[tuple[int, int]]]:
    """Lay out a table with one row per key, in the order of the facts."""
    width = len(layout.header[0]) - len(layout.columns)
    names = {f["row"]: str(f["value"]) for f in facts if f["kind"] == "text"}
    order = {key: number for number, key in enumerate(dict.fromkeys(f["row"] for f in facts))}
    label = _labels_of(layout)
    cells: _Grid = {}
    for key, row in order.items():
        lead = label.get(normalise(key)) or _lead(key, names.get(key, ""), width)
        cells.update({(row, at): text for at, text in enumerate(lead) if text})
    # A name stands behind its codes: third of three label cells, fourth of more.
    spots = (min(width, 4) - 1 if f["kind"] == "text" else width + layout.columns.index(f["column"]) for f in facts)
    return cells, [(order[f["row"]], at) for f, at in zip(facts, spots, strict=True)]


def _labels_of(layout: Layout) -> dict[str, tuple[str, ...]]:
    if layout.table_id != "three_public":
        return {}
    keys = ("总计", "因公出国(境)费", "公务接待费", "公务用车购置及运行费")
    cars = (f"{keys[3]}/公务用车购置费", f"{keys[3]}/公务用车运行费")
    return {key: (label,) for key, label in zip((*keys, *cars), THREE_PUBLIC, strict=True)}


def _lead(key: str, name: str, width: int) -> tuple[str, ...]:
    """Print a row key into the label cells of a row."""
    *above, last = key.split("/")
    if width == 1:
        return (last,)
    code = next((p for p in (last, *reversed(above)) if p.isdigit()), "")
    project = last if code and code != last else ""
    codes = (code[:3], code[3:5], code[5:7])[: min(width, 4) - 1]
    return (*codes, name if code else last, *((project,) if width == 5 else ()))


def _two_sided(layout: Layout, facts: Sequence[Fact]) -> tuple[_Grid, list[tuple[int, int]]]:
    """Lay out income on the left, every class of expenditure on the right, and the totals below."""
    if layout.table_id == "revenue_expenditure":
        labels = LEFT.split("|")
        keys = [normalise(key) for key in left_keys(labels)]
    else:
        labels, keys = list(FISCAL), ["财政拨款", *(f"财政拨款/{label}" for label in FISCAL[1:])]
    classes = [code for code in NAMES if len(code) == 3 and code < "3"]
    names = {f["row"]: str(f["value"]) for f in facts if f["kind"] == "text"}
    last = max(len(labels), len(classes))
    cells: _Grid = {(row, 0): label for row, label in enumerate(labels)}
    cells |= {(row, 2): f"{code} {names.get(code, NAMES[code])}" for row, code in enumerate(classes)}
    cells |= {(last, 0): _TOTALS[0], (last, 2): _TOTALS[1]}
    places: list[tuple[int, int]] = []
    for fact in facts:
        key = normalise(fact["row"])
        if key in classes:
            row, at = classes.index(key), 3 + layout.columns.index(fact["column"]) if fact["kind"] == "number" else 2
        elif key in _TOTALS:
            row, at = last, 1 if key == _TOTALS[0] else 3 + layout.columns.index(fact["column"])
        else:
            row, at = _left_row(key, keys, labels, cells), 1
        places.append((row, at))
    return cells, places


def _left_row(key: str, keys: list[str], labels: list[str], cells: _Grid) -> int:
    """Find the row of a left-hand key; offices word some of them otherwise than the form does."""
    if key in keys:
        return keys.index(key)
    path = key.split("/")
    options = [n for n, k in enumerate(keys) if k.count("/") == len(path) - 1 and k.split("/")[:1] == path[:1]]
    alike = [n for n in options if set(keys[n].rsplit("/", 1)[-1]) >= set(path[-1]) - set("政府性预算余收入情况")]
    if not alike:
        raise ValueError(f"row {key} has no place in the form")
    row = alike[0]
    head = labels[row][: len(labels[row]) - len(keys[row].rsplit("/", 1)[-1])]
    cells[row, 0] = head + path[-1]
    return row
