"""Text that tools make of the pages of PDFs, their grids above all: what stands where it isn't expected; invented."""

import pytest

from . import reading
from .reading import Cells, read

SURE = ("proven", "grounded")
ROWS = (
    ("合计", "", "312.40"), ("204", "公共安全支出", "250.10"), ("20404", "检察", "250.10"),
    ("2040401", "行政运行", "200.00"), ("2040410", "检察监督", "50.10"), ("221", "住房保障支出", "62.30"),
    ("22102", "住房改革支出", "62.30"), ("2210201", "住房公积金", "62.30"),
)  # fmt: skip
CODED = {("总计" if code == "合计" else code): amount for code, _, amount in ROWS}
OFFICE = "部门：河东市某某局"
UNIT = "单位：万元"


def numbers(text: str, table: str) -> Cells:
    """Return values and states of a table's numbers by row and column."""
    return reading.numbers(read(text), table)


def proven(text: str, table: str) -> dict[str, str]:
    """Return the proven numbers of a table's rows, and make sure that there are no others."""
    found = numbers(text, table)
    assert {state for _, state in found.values()} == {"proven"}
    return {row: value for (row, _), (value, _) in found.items()}


def pipes(*rows: tuple[str, ...]) -> str:
    """Return rows of a grid."""
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


@pytest.mark.parametrize(
    "behind", ["公开表五", f"{OFFICE} {UNIT}", f"公开表五{OFFICE}{UNIT}", f"（功能科目）{OFFICE} {UNIT}"]
)
def test_the_title_stands_in_one_cell_with_office_and_unit(behind: str) -> None:
    """The first row of a grid is one merged cell: title, number of the table, office, unit."""
    text = pipes((f"一般公共预算支出预算表{behind}", "", ""), ("科目编码", "科目名称", "金额"), *ROWS)
    assert proven(text, "general_expenditure") == CODED


def test_the_whole_page_stands_in_the_cell_of_the_title() -> None:
    """A frame around the page is a cell too, and holds all that is printed: it names the table all the same."""
    page = f"一般公共预算支出预算表{OFFICE} {UNIT}科目编码 科目名称 金额" + "".join(map("".join, ROWS))
    text = pipes((page, "", ""), ("科目编码", "科目名称", "金额"), *ROWS)
    assert proven(text, "general_expenditure") == CODED


def test_a_contents_list_ends_where_grids_begin() -> None:
    """The titles of a contents list come back in cells of grids: there it is over."""
    titles = ("收支预算总表", "支出预算总表", "一般公共预算支出预算表")
    contents = "目 录\n" + "\n".join(f"{n}、 {t}" for n, t in zip("一二三", titles, strict=True)) + "\n"
    grid = pipes((f"一般公共预算支出预算表{OFFICE}", "", ""), ("科目编码", "科目名称", "金额"), *ROWS)
    spent = pipes((f"支出预算总表{OFFICE}", "", ""), ("合计", "基本支出", "项目支出"), ("312.40", "300.00", "12.40"))
    text = contents + spent + "\n" + grid
    assert proven(text, "general_expenditure") == CODED
    assert {v for v, _ in numbers(text, "expenditure").values()} == {"312.40", "300.00", "12.40"}


def test_double_rulings_are_no_columns() -> None:
    """Cells of one column stand apart, its name beside them, and some cells are empty in every row."""
    total, *rows = ROWS
    spread = [
        ("", "科目编码", "", "", "科目名称", "", "", "金额", ""),
        ("", total[0], "", "", "", "", "", total[2], ""),
    ]
    spread += [
        (code, "", "", name, "", "", *(("", amount) if len(code) == 3 else (amount, "")), "")
        for code, name, amount in rows
    ]
    text = f"一般公共预算支出预算表\n{UNIT}\n" + pipes(*spread)
    assert proven(text, "general_expenditure") == CODED


def test_amounts_alone_on_a_line_of_such_a_grid() -> None:
    """A cell of two lines has its amount on a line of its own, below its name or above it."""
    total, *rows = ROWS
    spread = [("", "科目编码", "", "科目名称", "", "金额", ""), ("", "", "", "", "", total[2], "")]
    spread.append(("", total[0], "", "", "", "", ""))
    for code, name, amount in rows:
        alone = len(code) == 3
        spread.append((code, "", name, "", "" if alone else amount, "", ""))
        spread += [("", "", "", "", "", amount, ""), ("", "", "", "", "", "", "")] if alone else []
    text = f"一般公共预算支出预算表\n{UNIT}\n" + pipes(*spread)
    assert proven(text, "general_expenditure") == CODED


def test_a_border_through_a_number_makes_no_two() -> None:
    """``48.5`` and ``0`` in cells beside each other, the right one without a name, are one number."""
    head = ("", "合计", "", "因公出国（境）费", "", "公务用车购置费", "", "公务用车运行维护费", "", "公务接待费")
    row = ("", "68.50", "", "12.00", "", "", "", "48.5", "0", "8.00")
    text = f"“三公”经费支出预算表\n{UNIT}\n" + pipes(head, row)
    found = numbers(text, "three_public")
    assert ("48.50", "proven") in found.values() or {s for _, s in found.values()}.isdisjoint(SURE)
    assert not any(value == "0" for value, _ in found.values())


def test_columns_of_a_plain_grid_stay_apart() -> None:
    """A column without amounts is a column, and so is one whose rows leave out what its neighbour's have."""
    rows = [("201", "甲", "10.00", "", ""), ("202", "乙", "", "5.00", "")]
    head = ("科目编码", "科目名称", "基本支出", "项目支出", "事业单位经营支出")
    text = f"支出决算表\n{UNIT}\n" + pipes(head, *rows)
    found = read(text).tables[0].columns
    assert "基本支出" in found
    assert "项目支出" in found


TOP = f"收支预算总表\n{UNIT}\n收入 支出\n功能分类 支出用途\n项目名称 金额\n功能科目名称 金额 项目名称 金额\n"
FIRST = (
    "一、财政拨款 241.70 一、一般公共服务支出 一、基本支出 158.44\n"
    "1.一般公共预算 241.70 二、外交支出 二、项目支出 43.36\n"
)
CENTRED = (
    "2.政府性基金预 三、单位预留机动经\n三、国防支出 39.90\n算 费\n二、财政专户管理资\n四、公共安全支出 165.93\n金\n"
)
REST = (
    "三、其他资金 五、教育支出\n十八、住房保障支出 75.77\n当年收入小计 241.70 当年支出小计 241.70\n"
    "上年结转资金 结转下年资金\n收入合计 241.70 支出合计 241.70\n"
)
SPENT = f"支出预算总表\n{UNIT}\n合计 基本支出 项目支出 单位预留机动经费 结转下年资金\n241.70 158.44 43.36 39.90\n"


def test_halves_of_labels_around_the_line_of_their_amounts() -> None:
    """Cells beside each other are centred: what takes two lines stands above and below what takes one."""
    found = proven(TOP + FIRST + CENTRED + REST, "revenue_expenditure")
    assert found["单位预留机动经费"] == "39.90"
    assert found["公共安全支出"] == "165.93"
    assert "国防支出" not in found


def test_a_number_between_halves_and_none_whole_is_not_given_away() -> None:
    """Two labels around one amount, and nothing else on its line: whose it is isn't told."""
    text = (
        TOP
        + FIRST.replace("241.70 二、外交支出", "241.70 二、外交支出")
        + ("2.政府性基金预 三、单位预留机动经\n39.90\n算 费\n四、公共安全支出 165.93\n" + REST)
    )
    found = numbers(text, "revenue_expenditure")
    kept = {row for (row, _), (value, state) in found.items() if value == "39.90" and state in SURE}
    assert kept <= {"单位预留机动经费"}


def test_an_empty_cell_of_a_table_whose_sums_are_broken_settles_nothing() -> None:
    """The amount that another table seems not to have isn't moved to the next column for that, and called proven."""
    broken = CENTRED.replace("2.政府性基金预 三、单位预留机动经\n", "2.政府性基金预 三、单位留动经\n")
    found = numbers(TOP + FIRST + broken + REST + SPENT, "expenditure")
    assert found[("总计", "合计")][0] == "241.70"
    assert found.get(("总计", "结转下年资金"), ("", ""))[1] not in SURE


def test_the_name_of_a_column_on_lines_of_its_cell() -> None:
    """``单位预留机动经`` above ``费`` is one name, and no column is called 费."""
    head = [
        ("", "", "", "单位预留机动经", ""),
        ("合计", "基本支出", "项目支出", "", "结转下年资金"),
        ("", "", "", "费", ""),
    ]
    text = f"支出预算总表\n{UNIT}\n" + pipes(*head, ("241.70", "158.44", "43.36", "39.90", ""))
    assert numbers(text, "expenditure")["总计", "单位预留机动经费"] == ("39.90", "proven")


@pytest.mark.parametrize("marker", ["公开0{}表\n", ""])
def test_titles_that_end_their_pages(marker: str) -> None:
    """Where merged cells are written last, the title of a table is, and the label of its total."""
    pages = []
    for number, (title, kind) in enumerate(
        [
            ("财政拨款支出预算表", "功能"),
            ("一般公共预算支出预算表", "功能"),
            ("一般公共预算机关运行经费支出预算表", ""),
        ],
        5,
    ):
        head = marker.format(number)
        rows = (
            ROWS[1:]
            if kind
            else (("302", "商品和服务支出", "9.00"), ("30201", "办公费", "4.00"), ("30202", "印刷费", "5.00"))
        )
        total = ROWS[0][2] if kind else "9.00"
        body = "\n".join("\n".join(row) for row in rows)
        name = "金额" if kind else "机关运行经费支出"
        pages.append(f"{head}{OFFICE}\n{UNIT}\n科目编码\n科目名称\n{name}\n{total}\n{body}\n{title}\n合计\n")
    text = "\n\n\n".join(pages)
    assert proven(text, "general_expenditure") == CODED
    assert proven(text, "operating_expenditure") == {"总计": "9.00", "302": "9.00", "30201": "4.00", "30202": "5.00"}


def test_merged_cells_behind_two_sides() -> None:
    """Labels over two columns, groups and the office are written behind the amounts of a page, each on its line."""
    middle = "2.政府性基金预算 三、国防支出 三、单位预留机动经费 39.90\n四、公共安全支出 165.93\n"
    cells = f"{FIRST}{middle}{REST}".replace(" ", "\n")
    behind = ("当年支出小计\n", "支出合计\n", "结转下年资金\n")
    for label in behind:
        cells = cells.replace(label, "")
    head = f"部门：\n{UNIT}\n功能科目名称\n金额\n项目名称\n金额\n"
    merged = f"收支预算总表\n河东市某某局\n收入\n支出\n功能分类\n支出用途\n项目名称\n金额\n{''.join(behind)}"
    pages = [f"公开01表\n{head}{cells}{merged}"]
    for number, title in enumerate(("财政拨款支出预算表", "一般公共预算支出预算表"), 2):
        rows = "\n".join(cell for row in ROWS[1:] for cell in row)
        start = f"公开0{number}表\n部门：\n{UNIT}\n科目编码\n科目名称\n金额\n"
        pages.append(f"{start}{ROWS[0][2]}\n{rows}\n{title}\n河东市某某局\n合计\n")
    found = proven("\n\n".join(pages), "revenue_expenditure")
    assert (found["当年收入小计"], found["当年支出小计"]) == ("241.70", "241.70")
    assert (found["收入总计"], found["支出总计"]) == ("241.70", "241.70")
    assert found["单位预留机动经费"] == "39.90"


def test_labels_that_wrap_cell_by_cell() -> None:
    """The first row's does, and a total's goes on behind its amount and the cells beside it."""
    text = (TOP + FIRST + "四、公共安全支出 165.93\n三、单位预留机动经费 39.90\n" + REST).replace(" ", "\n")
    text = text.replace("一、财政拨款\n", "一、财政\n拨款\n")
    text = text.replace(
        "当年收入小计\n241.70\n当年支出小计\n241.70\n", "当年收入\n241.70\n当年支出小计\n241.70\n小计\n"
    )
    found = proven(text, "revenue_expenditure")
    assert (found["财政拨款"], found["当年收入小计"], found["当年支出小计"]) == ("241.70", "241.70", "241.70")


def test_whole_numbers_in_a_row_without_a_name() -> None:
    """Between amounts ``80`` on a line of its own is one, and no number of a page."""
    head = "合计\n“三公”经费\n会议费\n培训费\n小计\n因公出国（境）费\n公务用车购置及运行维护费\n公务接待费\n"
    head += "小计\n公务用车购置费\n公务用车运行维护费\n"
    row = "576.70\n418.26\n80\n237\n12\n225\n101.26\n58.44\n100\n"
    text = f"公开09表\n“三公”经费、会议费、培训费支出预算表\n{UNIT}\n{head}{row}"
    found = {row: (value, state) for (row, _), (value, state) in numbers(text, "three_public").items()}
    assert found["因公出国(境)费"] == ("80", "proven")
    assert found["培训费"] == ("100", "proven")


def test_numbers_that_a_blank_seems_to_part_into_thousands() -> None:
    """``70 122.13`` may be one number; where nothing adds up so, they are two."""
    head = "2022年预算数 2023年预算数\n公务用车购置及运行费 公务用车购置及运行费\n"
    head += "合计 因公出国（境）费 公务接待费 合计 因公出国（境）费 公务接待费\n公务用车 公务用车 公务用车 公务用车\n"
    head += "小计 小计\n购置费 运行费 购置费 运行费\n"
    row = "202.13 0.00 192.13 70 122.13 10 132.13 0.00 122.13 0.00 122.13 10.00\n"
    found = numbers(f"一般公共预算“三公”经费支出表\n{UNIT}\n{head}{row}", "three_public")
    assert found["公务用车购置及运行费/公务用车购置费", "2022年预算数"] == ("70", "proven")
    assert found["公务接待费", "2022年预算数"] == ("10", "proven")


def test_the_end_of_a_label_below_its_amount() -> None:
    """The amount stands between the halves of its label, and the label of the right side behind it."""
    text = "财政拨款收支预算总表\n单位：元\n项目 预算数 项目 合计 一般公共预算 政府性基金预算\n"
    text += "一、一般公共预算\n9,767,551一、一般公共服务支出 9,517,551 9,517,551\n资金\n"
    text += "二、政府性基金 二、教育支出 250,000 250,000\n"
    text += "收入总计 9,767,551 支出总计 9,767,551 9,767,551\n"
    found = numbers(text, "fiscal_appropriation")
    assert [value for (row, _), (value, _) in found.items() if row == "一般公共预算资金"] == ["9767551"]
    assert "一般公共预算" not in {row for row, _ in found}


def test_a_label_that_touches_the_amount_in_front_of_it() -> None:
    """Thousands set apart end where the number of the right side's label begins."""
    text = "财务收支预算总表\n单位：元\n项目 预算数 项目 预算数\n"
    text += "一、财政拨款收入 9,767,551一、一般公共服务支出 9,517,551\n"
    text += "1.一般公共预算资金 9,767,551二、教育支出 250,000\n收入总计 9,767,551 支出总计 9,767,551\n"
    found = proven(text, "revenue_expenditure")
    assert (found["财政拨款收入"], found["教育支出"]) == ("9767551", "250000")


def test_an_office_below_its_label() -> None:
    """``部门：``, the office and the unit on lines of their own are no columns."""
    body = "\n".join("\n".join(c for c in row if c) for row in ROWS)
    text = f"一般公共预算支出预算表\n部门：\n河东市某某局\n{UNIT}\n科目编码\n科目名称\n金额\n{body}\n"
    assert proven(text, "general_expenditure") == CODED


def test_a_row_without_a_label_cell_by_cell() -> None:
    """The only row of a table has no label, and each of its cells a line of its own."""
    text = SPENT.replace(" ", "\n").replace("39.90", "39.90\n0.00")
    found = numbers(text, "expenditure")
    assert found["总计", "合计"] == ("241.70", "proven")
    assert found["总计", "单位预留机动经费"] == ("39.90", "proven")


def test_a_line_longer_than_any_row_is_none() -> None:
    """What a table's line can't be is listed as not read, at once."""
    text = f"一般公共预算支出预算表\n{UNIT}\n科目编码 科目名称 金额\n" + "\n".join(map(" ".join, ROWS))
    text += "\n" + "中1.00 " * 4000 + "\n"
    result = read(text)
    assert any(f.code == "numbers-not-read" and "4000" in f.message for f in result.findings)
    table = next(t for t in result.tables if t.id == "general_expenditure")
    assert all(cell.text != "1.00" for _, cell in table.numbers())
