"""Text of pages as tools write it: cells' lines side by side, rows far apart, titles behind; invented tables."""

import pytest

from .reading import Cells, numbers, read

UNIT = "单位：万元\n"
ROWS = "".join(
    f"{row} {amount} {amount} 0 0 0 \n"
    for row, amount in (
        ("204 公共安全支出", "2,501,000"), ("204 04 检察", "438,300"), ("204 04 01 行政运行", "438,300"),
        ("204 99 其他公共安全支出", "2,062,700"), ("204 99 99 其他公共安全支出", "2,062,700"), ("合计", "2,501,000"),
    )
)  # fmt: skip


def values(text: str, table: str) -> Cells:
    """Return values and states of a table's numbers by row and column."""
    return numbers(read(text), table)


@pytest.mark.parametrize("levels", [" 类 款 项\n", "\n类 款 项\n"])
def test_the_lines_of_a_cell_stand_side_by_side_and_levels_behind_names(levels: str) -> None:
    """``事业单位 经营收入`` is one column; 类, 款 and 项 are none, wherever they stand."""
    head = "项目 收入预算\n功能分类科目编码\n功能分类科目名称 合计 财政拨款收入 事业收入 事业单位 经营收入 其他收入"
    found = values("部门收入预算总表\n" + "单位：元\n" + head + levels + ROWS, "revenue")
    assert {column for _, column in found} == {"合计", "财政拨款收入", "事业收入", "事业单位经营收入", "其他收入"}
    assert found[("2040401", "财政拨款收入")] == ("438300", "proven")


def test_rows_that_stand_far_apart_are_no_pages() -> None:
    """A title right below a row, and far above its own first one, heads what is below it."""
    first = ("2040401 行政运行 250.10", "合计 250.10")
    rows = ("科目编码 科目名称 金额", "204 公共安全支出 250.10", "20404 检察 250.10")
    tables = ("财政拨款支出预算表", "一般公共预算支出预算表", "支出预算表", "收入预算表")
    text = "\n".join(f"{name}\n{UNIT}" + "\n\n\n\n".join(("", *rows, *first)) for name in tables)
    found = values(text, "general_expenditure")
    assert {row for row, _ in found} == {"204", "20404", "2040401", "总计"}
    assert {state for _, state in found.values()} == {"proven"}


def test_titles_below_their_pages_that_have_the_numbers_of_tables_above() -> None:
    """公开表五 with a unit below it is no table without a title where the page's title stands at its end."""
    items = [f"20404{n:02} 检察事务之{n} 25.01" for n in range(1, 11)]
    rows = "\n".join(("科目编码 科目名称 金额", "250.10", "204 公共安全支出 250.10", "20404 检察 250.10", *items, ""))
    names = ("财政拨款支出预算表", "一般公共预算支出预算表", "一般公共预算机关运行经费支出预算表", "收入预算表")
    pages = [
        f"公开表{n}\n部门：河东市检察院 单位：万元\n{rows}{name}\n合计\n"
        for n, name in zip("一二三四", names, strict=True)
    ]
    found = values("\n".join(pages), "general_expenditure")
    assert {row for row, _ in found} == {"204", "20404", "总计", *(item[:7] for item in items)}
    assert {state for _, state in found.values()} == {"proven"}


def test_the_last_line_of_a_name_stands_on_the_line_of_its_amount() -> None:
    """Lines above an amount are the beginning of its name, and not the end of the name above."""
    text = (
        "政府采购预算表\n" + UNIT + "采购品目大类 专项名称 经济科目 采购物品名称 采购组织形式 总计\n"
        "合计 396.86\n一、货物A 286.86\n设备购置费 办公设备购置 276.86\n其他通用设备 部门集中采购 276.86\n"
        "人员分类管理改革\n经费 被装购置费 10.00\n纺织原料、毛皮、被服 装具 分散自行组织 10.00\n"
        "二、服务C 110.00\n网络通讯维护及专\n用线路租赁费 维修（护）费 110.00\n运行维护服务 分散自行组织 90.00\n"
        "计算机设备维修和保\n养服务 分散自行组织 20.00\n"
    )
    sure = {row for (row, _), (_, state) in values(text, "procurement").items() if state in ("proven", "grounded")}
    assert "货物A/人员分类管理改革经费/被装购置费" in sure
    assert "服务C/网络通讯维护及专用线路租赁费/维修(护)费/计算机设备维修和保养服务" in sure
    assert not any("其他通用设备人员" in row or "/用线路" in row or row.endswith("/养服务") for row in sure)
