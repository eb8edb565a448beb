"""Text that tools made of the pages of PDFs: block by block, torn by height, cells run together; invented, in small."""

from collections.abc import Sequence

import pytest

from extractor import Document
from extractor.normalize import lines as normalised

from . import reading
from .reading import READER, Cells, read

NAMES = ("教育支出", "普通教育", "学前教育", "小学教育", "住房保障支出", "住房改革支出", "住房公积金")
CODES = ("205", "20502", "2050201", "2050202", "221", "22102", "2210201")
LEVELS = ("205", "205 02", "205 02 01", "205 02 02", "221", "221 02", "221 02 01")
ROWS = (
    ("80.00", "50.00", "30.00"), ("80.00", "50.00", "30.00"), ("30.00", "20.00", "10.00"), ("50.00", "30.00", "20.00"),
    ("9.50", "9.50", ""), ("9.50", "9.50", ""), ("9.50", "9.50", ""),
)  # fmt: skip
TOTAL = ("89.50", "59.50", "30.00")
COLUMNS = ("合计", "基本支出", "项目支出")
TITLE = "一般公共预算财政拨款支出决算表\n单位：万元\n"
SURE = ("proven", "grounded")


def numbers(text: str, table: str) -> Cells:
    """Return values and states of a table's numbers by row and column."""
    return reading.numbers(read(text), table)


def expected() -> Cells:
    """Return the numbers of the table of these tests, all proven."""
    rows = {**dict(zip(CODES, ROWS, strict=True)), "总计": TOTAL}
    return {
        (key, column): (value, "proven")
        for key, row in rows.items()
        for column, value in zip(COLUMNS, row, strict=True)
        if value
    }


Parts = str | Sequence["Parts"]


def lines(*parts: Parts) -> str:
    """Return texts, and texts within lists of them, each on a line."""
    return "\n".join(p for part in parts if (p := part if isinstance(part, str) else lines(*part)))


@pytest.mark.parametrize("codes", [CODES, [level.split() for level in LEVELS]])
def test_codes_apart_from_their_names(codes: Parts) -> None:
    """All codes above all names, each name with its amounts: the classification tells them together again."""
    rows = [(name, *row) for name, row in zip(NAMES, ROWS, strict=True)]
    text = TITLE + lines("科目编码", "科目名称", COLUMNS, codes, rows, "合计", TOTAL)
    assert numbers(text, "general_expenditure") == expected()


def test_names_then_amounts_row_by_row() -> None:
    """All names, then the amounts in their rows, the total's label at the end: every sum tells which are whose."""
    text = TITLE + lines("项目", "科目编码", CODES, COLUMNS, "科目名称", NAMES, ROWS, TOTAL, "合计")
    assert numbers(text, "general_expenditure") == expected()


def test_names_then_amounts_column_by_column() -> None:
    """All sums, then each column of parts without its empty cells: no other way adds up."""
    columns = [[row[i] for row in (*ROWS, TOTAL)] for i in range(3)]
    text = TITLE + lines("科目编码", "科目名称", COLUMNS, CODES, NAMES, "合计", columns)
    assert numbers(text, "general_expenditure") == expected()


def test_a_column_that_adds_up_in_no_way_is_not_taken() -> None:
    """With one amount wrong no name is given one: what is read is in doubt or contradicted."""
    columns = [[row[i] for row in (*ROWS, TOTAL)] for i in range(3)]
    columns[0][2] = "30.01"
    text = TITLE + lines("科目编码", "科目名称", COLUMNS, CODES, NAMES, "合计", columns)
    assert not [cell for cell in numbers(text, "general_expenditure").values() if cell[1] in SURE]


def test_a_search_that_was_given_up_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A way that adds up is taken only if all others were tried."""
    columns = [[row[i] for row in (*ROWS, TOTAL)] for i in range(3)]
    text = TITLE + lines("科目编码", "科目名称", COLUMNS, CODES, NAMES, "合计", columns)
    monkeypatch.setattr("extractor.readers.shares._STEPS", 23)
    assert not [cell for cell in numbers(text, "general_expenditure").values() if cell[1] in SURE]


def test_digits_that_are_not_those_of_the_names_tell_nothing() -> None:
    """One code is another than its name's: the names aren't put to codes that aren't printed."""
    rows = [(name, *row) for name, row in zip(NAMES, ROWS, strict=True)]
    codes = [*CODES[:3], "2050399", *CODES[4:]]
    found = numbers(TITLE + lines("科目编码", "科目名称", COLUMNS, codes, rows, "合计", TOTAL), "general_expenditure")
    assert not [key for key, cell in found.items() if key[0] in CODES and cell[1] in SURE]


def test_names_of_columns_among_the_rows_are_columns() -> None:
    """上缴上级支出 and 经营支出 stand below some rows, the total behind its amounts: all is read as in its place."""
    rows = [(code, name, *row) for code, name, row in zip(CODES, NAMES, ROWS, strict=True)]
    title, header = "支出决算表\n单位：万元\n", ("科目编码", "科目名称", "本年支出合计", *COLUMNS[1:])
    torn = lines(header[2:], TOTAL, header[:2], "合计", rows[:4], "上缴上级", "支出", "经营支出", rows[4:])
    found = numbers(title + torn, "expenditure")
    assert found == numbers(title + lines(header, "上缴上级支出", "经营支出", "合计", TOTAL, rows), "expenditure")
    assert found["总计", "本年支出合计"] == ("89.50", "proven")


def test_columns_whose_names_lost_their_order_are_open() -> None:
    """The names of most columns stand among the rows: which of two alike is which no sum tells."""
    rows = [(code, name, row[0], row[0]) for code, name, row in zip(CODES, NAMES, ROWS, strict=True)]
    text = "部门收入总表\n单位：万元\n" + lines(
        "科目编码",
        "科目名称",
        "合计",
        rows[:3],
        "事业收入",
        "上级补助收入",
        "其他收入",
        rows[3:],
        "合计",
        "89.50",
        "89.50",
    )
    found = numbers(text, "revenue")
    assert not [key for key, cell in found.items() if key[1] != "合计" and cell[1] in SURE]


def test_an_amount_below_a_heading_and_several_labels_is_open() -> None:
    """Three labels, then 决算数 and one amount: it may be that of any of them."""
    text = "收入支出决算总表\n收入\n项目\n" + lines(
        "一、一般公共预算财政拨款收入", "二、政府性基金预算财政拨款收入", "三、国有资本经营预算财政拨款收入",
        "决算数", "30.00", "四、上级补助收入", "单位：万元", "本年收入合计", "30.00",
        "本年支出合计", "30.00", "总计", "30.00", "总计", "30.00",
    )  # fmt: skip
    found = numbers(text, "revenue_expenditure")
    assert not [key for key, cell in found.items() if "预算财政拨款收入" in key[0] and cell[1] in SURE]


def test_numbers_below_their_sentence_go_back_into_its_gaps() -> None:
    """Digits set a little lower than the words come out on a line of their own; each has its place before a unit."""
    text = (
        "某某市某某局2024年度部门决算\n第三部分 部门决算情况说明\n二、收入决算情况说明\n"
        "本年收入合计 万元，其中：财政拨款收入 万元，占 ；\n100.00 80.00 80.00%\n其他收入 万元，占 。\n20.00 20.00%\n"
    )
    found = numbers(text, "n_revenue")
    assert {(*key, cell[0]) for key, cell in found.items()} == {
        ("总计", "金额", "100.00"), ("财政拨款收入", "金额", "80.00"), ("财政拨款收入", "占比", "80.00"),
        ("其他收入", "金额", "20.00"), ("其他收入", "占比", "20.00"),
    }  # fmt: skip
    document = Document.from_text(text)
    cells = [c for t in READER.extract(document).tables if t.id == "n_revenue" for r in t.rows for c in r.cells]
    spans = [(c.text, document.text[s.start : s.end]) for c in cells if c.kind == "number" for s in c.spans]
    assert spans
    assert all(printed.startswith(text.strip("%")) for text, printed in spans)


def test_gaps_where_lines_begin_and_end_and_quotes() -> None:
    """A gap may be in front of the line's first unit, quotes are torn off too, and a blank may be none."""
    text = (
        "某某市某某局2024年度部门决算\n第三部分 部门决算情况说明\n五、一般公共预算财政拨款支出决算情况说明\n"
        "（三）一般公共预算财政拨款支出决算具体情况\n"
        "、卫生健康支出（类）行政事业单位医疗（款）行政单位医疗（项）。主要用于：\n9\n"
        "医疗保险费 。年初预算为 万元，支出决算为 万\n62.29 60.99\n元。决算数小于预算数。\n"
        "、住房保障支出（类）住房改革支出（款）住房公积金（项）。年初预算为\n10\n万元，支出决算为 万元。\n20.50 20.40\n"
        "七、财政拨款 三公 经费支出决算情况说明\n“ ”\n（一） 三公 经费财政拨款支出决算总体情况说明。\n“ ”\n"
        "三公 经费财政拨款支出年初预算为 万元，支出决算为 万元，完成预算的\n“ ” 0.95 0.38\n，比上年减少。\n40%\n"
    )
    items = {(row.rsplit("/", 1)[1], c): v for (row, c), (v, _) in numbers(text, "n_general_items").items()}
    assert items == {
        ("行政单位医疗", "年初预算数"): "62.29", ("行政单位医疗", "金额"): "60.99",
        ("住房公积金", "年初预算数"): "20.50", ("住房公积金", "金额"): "20.40",
    }  # fmt: skip
    told = {c: v for (_, c), (v, _) in numbers(text, "n_three_public").items()}
    assert told == {"年初预算数": "0.95", "决算数": "0.38", "完成率": "40"}


@pytest.mark.parametrize(
    "torn",
    [
        "本年收入合计 万元，比上年增加。\n12\n",  # nobody filled the gap, and a page ends
        "本年收入合计 万元，其中：财政拨款收入 万元，占 ；\n100.00 80.00% 80.00\n",  # no share is in 万元
    ],
)
def test_numbers_that_are_not_those_of_the_gaps_stay_where_they_are(torn: str) -> None:
    """The number of a page fills no gap, and a percentage none in front of a unit."""
    text = f"某某市某某局2024年度部门决算\n第三部分 部门决算情况说明\n二、收入决算情况说明\n{torn}"
    assert not numbers(text, "n_revenue")


def test_an_amount_is_no_year() -> None:
    """``年度资金总额：`` above its amount has no gap for a year in front."""
    text = "项目支出绩效目标表\n项目资金\n（万元）\n年度资金总额：\n120.00\n其中：财政拨款\n120.00\n"
    (line,) = [line for line in normalised(Document.from_text(text)) if "年度资金总额" in line.text]
    assert line.text == "年度资金总额:"


def test_the_end_of_a_name_has_no_gap() -> None:
    """``)及相关机构事务`` begins with a bracket, and no sentence goes on there."""
    text = "20103\n政府办公厅(室\n)及相关机构事务\n12.00\n"
    assert [line.text for line in normalised(Document.from_text(text))] == text.split()


def test_an_amount_above_its_unit_leaves_no_gap() -> None:
    """``100.00`` / ``万元，比`` / ``2023``: the year below isn't the amount."""
    text = "某某市某某局2024年度部门决算\n第三部分 部门决算情况说明\n二、收入决算情况说明\n"
    found = numbers(f"{text}本年收入合计100.00\n万元，比\n2023\n年增加。\n", "n_revenue")
    assert {value for value, _ in found.values()} == {"100.00"}


def test_header_words_that_run_together_are_parted() -> None:
    """``项目支出支出功能分类 科目名称科目编码``: cells of a header without a blank between them."""
    rows = [
        f"{level} {name} {' '.join(filter(None, row))}" for level, name, row in zip(LEVELS, NAMES, ROWS, strict=True)
    ]
    header = ["项目 本年支出合", "计", "基本支", "出", "项目支", "出功能分类 科目名称科目编码"]
    text = "支出决算表\n单位：万元\n" + lines(header, f"类 款 项 合计 {' '.join(TOTAL)}", rows)
    found = {(row, column.replace("本年支出", "")): c for (row, column), c in numbers(text, "expenditure").items()}
    assert found == expected()


def test_names_of_a_header_stand_below_each_other() -> None:
    """A header that keeps its places has the pieces of a name below each other, between those of its neighbours."""
    text = (
        "单位收入总体情况表\n单位：万元\n"
        "科目编      科目名      总计    财政拨款(    一般公共     上级一般公      政府性基\n"
        "码          称                  补助)小计    预算         共预算安排      金预算\n"
        "                                                         的转移支付\n"
        "205         教育支出    70.00   70.00        30.00        25.00           15.00\n"
        "20502       普通教育    70.00   70.00        30.00        25.00           15.00\n"
        "            合计        70.00   70.00        30.00        25.00           15.00\n"
    )
    columns = ("总计", "财政拨款(补助)小计", "一般公共预算", "上级一般公共预算安排的转移支付", "政府性基金预算")
    amounts = ("70.00", "70.00", "30.00", "25.00", "15.00")
    found = numbers(text, "revenue")
    assert {column: found["20502", column] for column in columns} == {
        column: (amount, "proven") for column, amount in zip(columns, amounts, strict=True)
    }


@pytest.mark.parametrize(
    ("label", "state"), [("预算单位\n项目名称\n某某局", "ambiguous"), ("预算单位\n某某局\n项目名称", "proven")]
)
def test_the_name_of_a_project_behind_two_labels_is_in_doubt(label: str, state: str) -> None:
    """The unit's name stands behind the project's label where nothing stands behind its own."""
    text = lines(
        "项目支出绩效目标表", "（2024年度）", label, "公园养护", "项目负责人", "（略）", "项目资金（万元）",
        "年度预算总额", "20.00", "其中：财政拨款", "15.00", "其他资金", "5.00",
        "一级指标", "二级指标", "三级指标", "指标值",

        "产出指标", "数量指标", "养护公园数量", ">=3个",
    )  # fmt: skip
    assert {cell[1] for cell in numbers(text, "performance_project").values()} == {state}


def test_a_rate_alone_is_open() -> None:
    """One number of a row that fits only a column of rates: there is no amount that it could be a rate of."""
    text = "一般公共预算“三公”经费支出表\n单位：万元\n" + lines(
        "项目", "2021年预算数", "2022年预算数", "增减额", "增减%", "合计", "20.00", "30.00", "10.00", "50.00",
        "2.公务接待费", "8.00", "9.00", "1.00", "12.50", "3.公务用车购置及运行费", "12.00", "21.00", "9.00", "75.00",
        "其中:公务用车购置", "8.00", "公务用车运行维护费", "4.00",
    )  # fmt: skip
    found = numbers(text, "three_public")
    assert not [key for key, cell in found.items() if key[0].endswith(("购置", "维护费")) and cell[1] in SURE]


def test_a_label_that_runs_into_an_amount_is_parted() -> None:
    """``49.14年末结转和结余``: the amount of one side and the label of the other, without a blank between them."""
    text = (
        "收入支出决算总表\n单位：万元\n收入 支出\n项目 决算数 项目 决算数\n"
        "一、一般公共预算财政拨款收入 30.00 一、教育支出 35.00\n"
        "本年收入合计 30.00 本年支出合计 35.00\n年初结转和结余 49.14年末结转和结余 44.14\n总计 79.14 总计 79.14\n"
    )
    found = numbers(text, "revenue_expenditure")
    assert found["年初结转和结余", "决算数"] == ("49.14", "proven")
    assert found["年末结转和结余", "决算数"] == ("44.14", "proven")


def test_a_class_that_no_other_table_has_is_in_doubt() -> None:
    """The amount of 208 slipped to 202, and the sum of its table holds all the same."""
    text = (
        "财政拨款收支预算总体情况表\n单位：万元\n项目 合计 支出功能分类 合计 一般公共预算\n"
        "一、财政拨款（补助） 50.00 201 一般公共服务支出 40.00 40.00\n一般公共预算 50.00 202 外交支出 10.00 10.00\n"
        "收入总计 50.00 支出总计 50.00 50.00\n"
        "一般公共预算支出情况表\n单位：万元\n科目编码 科目名称 合计 基本支出 项目支出\n"
        "201 一般公共服务支出 40.00 40.00\n"
        "20103 政府办公厅（室）及相关机构事务 40.00 40.00\n208 社会保障和就业支出 10.00 10.00\n"
        "20805 行政事业单位养老支出 10.00 10.00\n合计 50.00 50.00\n"
    )
    found = numbers(text, "fiscal_appropriation")
    assert found["202", "合计"][1] not in SURE
    assert found["201", "合计"][1] == "proven"
