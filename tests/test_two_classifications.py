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


def test_a_name_that_wraps_leaves_its_code_beside_the_government_s() -> None:
    """``301 08 505 01``: the name of the first stands above and below, and no row is the government's."""
    text = (
        TITLE
        + "部门预算经济分类 政府预算经济分类 基本支出\n科目编码 科目编码\n科目名称 科目名称 合计 人员经费 公用经费\n"
    )
    text += "类 款 类 款\n合计 13.00 13.00 0.00\n301 01 基本工资 505 01 工资福利支出 9.00 9.00 0.00\n"
    text += "机关事业单位基本养老保险缴\n301 08 505 01 工资福利支出 4.00 4.00 0.00\n费\n"
    cells = numbers(read(text), "basic_expenditure")
    assert not [row for row, _ in cells if row.startswith("5")]


KINDS = "2031年部门支出总体情况表\n单位：万元\n科目编码 基本支出\n科目名称 合计 项目支出\n"
KINDS += "{}合计 9.00 6.00 3.00 2.00 1.00 3.00\n205 教育支出 9.00 6.00 3.00 2.00 1.00 3.00\n"
KINDS += "20502 普通教育 9.00 6.00 3.00 2.00 1.00 3.00\n"
KINDS += "2050201 学前教育 9.00 6.00 3.00 2.00 1.00 3.00\n"


def test_cut_names_on_one_line_tell_their_order() -> None:
    """对个人和家庭的补助 is printed before 商品和服务支出, which most offices print before it."""
    header = "对个人和家庭 商品和服务支\n类 款 项 小计 工资福利支出\n的补助 出\n"
    cells = numbers(read(KINDS.format(header)), "expenditure")
    assert cells.get(("总计", "对个人和家庭的补助"), ("2.00",))[0] == "2.00"


def test_where_a_cut_name_belongs_in_a_line_of_others_is_in_doubt() -> None:
    """Above and below the line: no sum tells it from the columns beside it."""
    header = "对个人和家庭的补\n类 款 项 小计 工资福利支出 商品和服务支出\n助\n"
    cells = numbers(read(KINDS.format(header)), "expenditure")
    sure = {column for (_, column), (_, state) in cells.items() if state in ("proven", "grounded")}
    assert sure.isdisjoint({"工资福利支出", "商品和服务支出", "对个人和家庭的补助"})
