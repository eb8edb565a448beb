"""Items of basic spending with the department's and the government's codes beside each other; invented, in small."""

import pytest

from .reading import numbers, read

TITLE = "一般公共预算基本支出情况表\n单位：万元\n"
WHOLE = "| 部门预算经济分类 |  | 政府预算经济分类 |  | 基本支出 |  |  |"
HEADS = "| 科目编码 | 科目名称 | 科目编码 | 科目名称 | 合计 | 人员经费 | 公用经费 |"
LEVELS = "| 科目编码 |  | 科目名称 | 科目编码 |  | 科目名称 | 合计 | 人员经费 | 公用经费 |\n"
LEVELS += "| 类 | 款 |  | 类 | 款 |  |  |  |  |"
ROWS = (
    ("30101", "基本工资", "50101", "工资奖金津补贴", "9.00", "9.00", ""),
    ("30201", "办公费", "50201", "办公经费", "", "", ""),
    ("30302", "退休费", "50905", "离退休费", "4.00", "4.00", ""),
)
CODES = {"30101": "9.00", "30302": "4.00"}


@pytest.mark.parametrize("grid", [True, False])
@pytest.mark.parametrize("levels", [True, False])
def test_the_government_s_codes_are_none_of_the_rows(*, levels: bool, grid: bool) -> None:
    """In levels or whole, and where a row has no amounts the next one is not its own."""
    lines = [WHOLE, LEVELS if levels else HEADS]
    for department, name, government, other, *amounts in ROWS:
        codes = [[c[:3], c[3:]] if levels else [c] for c in (department, government)]
        lines.append("| " + " | ".join([*codes[0], name, *codes[1], other, *amounts]) + " |")
    total = ["", *([""] if levels else []), "合计", *([""] if levels else []), "", "", "13.00", "13.00", ""]
    text = TITLE + "\n".join([*lines, "| " + " | ".join(total[: 9 if levels else 7]) + " |"])
    if not grid:
        text = "\n".join(" ".join(line.replace("|", " ").split()) for line in text.splitlines())
    cells = numbers(read(text + "\n"), "basic_expenditure")
    assert {row: value for (row, column), (value, _) in cells.items() if column == "合计" and row != "总计"} == CODES
