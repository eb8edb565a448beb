"""The layout question: a model names a table's columns, the numbers are read without it."""

import json
from pathlib import Path

import pytest

from extractor import Document, Extractor, Result
from extractor.facts import facts

from .scripted import read, table_of
from .server import Answer, Received, Server, say

# A header misread beyond recognition, and one with words that no spec knows.
MISREAD = """
表 3
部门支出总体情况表
单位：万元
科目编码 科目名称 各计数额 甲乙丙丁戊己庚辛 壬癸子丑寅卯辰巳
201 一般公共服务支出 12.50 10.25 2.25
20103 政府办公厅(室)及相关机构事务 12.50 10.25 2.25
2010301 行政运行 7.25 7.25
2010350 事业运行 5.25 3.00 2.25
合计 12.50 10.25 2.25
"""
WORDY = MISREAD.replace(
    "各计数额 甲乙丙丁戊己庚辛 壬癸子丑寅卯辰巳", "合计金额及比重 基本支出安排 项目支出安排 甲乙丙丁"
)
UNKNOWN = """
表 12
国有资产占用情况表
单位：万元
资产类别 期末数 本年增加 年初数
车辆 30.00 10.00 20.00
房屋 90.00 40.00 50.00
设备 15.00 5.00 10.00
合计 135.00 55.00 80.00
"""


def layout(table: str, *columns: str, first_row: int = 0, skip: tuple[int, ...] = ()) -> Answer:
    """Answer the question about a layout."""
    answer = {"table": table, "columns": list(columns), "first_row": first_row, "skip": list(skip)}
    return say(json.dumps(answer, ensure_ascii=False))


def ask(text: str, answer: Answer, cache: Path) -> tuple[Result, Server, list[str]]:
    """Read a text with a model that answers each question about a layout so, and any other with nothing."""
    asked: list[str] = []

    def behave(received: Received) -> Answer:
        about = "first_row:" in received.prompt
        asked.append("layout" if about else f"rows of {table_of(received)}")
        return answer if about else say('{"rows": []}')

    result, server = read(Document.from_text(text), behave, cache, engine="auto")
    return result, server, asked


def numbers(result: Result, table: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Number facts of a table: value and state by row and column."""
    found = (f for f in facts(result) if f["table"] == table and f["kind"] == "number")
    return {(f["row"], f["column"]): (f["value"], f["state"]) for f in found}


def test_the_grammar_reads_the_numbers_with_the_columns_that_a_model_names(tmp_path: Path) -> None:
    """One question, an answer without a number; the sums then prove the cells, and the table says who did what."""
    result, _, asked = ask(WORDY, layout("expenditure", "合计", "基本支出", "项目支出", first_row=6), tmp_path)
    assert asked == ["layout"]
    table = result.table("expenditure")
    assert table is not None
    assert table.reader == "deterministic"
    assert table.steps[-1] == "model, layout: taken: 0 violated"
    found = numbers(result, "expenditure")
    assert found["2010350", "项目支出"] == ("2.25", "proven")
    assert found["2010301", "基本支出"] == ("7.25", "proven")
    assert len(found) == 14
    attempt = result.attempts[0]
    assert (attempt.step, attempt.taken, attempt.tokens_out > 0) == ("layout", True, True)


def test_the_order_of_columns_that_the_header_does_not_print_is_no_proof(tmp_path: Path) -> None:
    """Two parts of a sum can be told apart by nobody: the model's word leaves both columns open."""
    for columns in (("合计", "基本支出", "项目支出"), ("合计", "项目支出", "基本支出")):
        result, _, _ = ask(MISREAD, layout("expenditure", *columns, first_row=6), tmp_path / columns[1])
        found = numbers(result, "expenditure")
        assert {state for (_, column), (_, state) in found.items() if column != "合计"} == {"ambiguous"}
        assert found["201", "合计"] == ("12.50", "proven")


@pytest.mark.parametrize(
    "wrong",
    [
        layout("expenditure", "项目支出", "合计", "基本支出"),
        layout("expenditure", "合计", "凭空捏造的列"),
        layout("expenditure"),
        say("I would rather not."),
    ],
    ids=["order", "invented", "empty", "no answer"],
)
def test_a_wrong_layout_does_no_harm(wrong: Answer, tmp_path: Path) -> None:
    """Columns that make sums fail are not taken, names that aren't printed are refused; the rows are asked for next."""
    result, _, asked = ask(MISREAD, wrong, tmp_path)
    assert asked[0] == "layout"
    assert "rows of expenditure" in asked
    states = {state for _, state in numbers(result, "expenditure").values()}
    assert not states & {"proven", "grounded"}
    assert not any(a.taken for a in result.attempts if a.step == "layout" and "捏造" in str(a.rows))


def test_a_table_that_no_spec_describes_is_read_with_its_own_columns(tmp_path: Path) -> None:
    """Title, columns and rows as printed; its sums are found from its numbers, and prove them."""
    answer = layout("other", "期末数", "本年增加", "年初数", first_row=6)
    result, _, asked = ask(UNKNOWN, answer, tmp_path)
    assert asked == ["layout"]
    table = next(t for t in result.tables if t.id.startswith("other_"))
    assert table.title == "国有资产占用情况表"
    found = numbers(result, table.id)
    assert found["房屋", "本年增加"] == ("40.00", "proven")
    assert found["总计", "期末数"] == ("135.00", "proven")
    assert not [f for f in result.findings if f.kind == "contradiction"]
    spoilt, _, _ = ask(UNKNOWN.replace("40.00", "41.00"), answer, tmp_path)
    assert not numbers(spoilt, table.id)  # what doesn't add up may be misread: it stays listed as not read
    assert [u.numbers for u in spoilt.unread] == [12]


# Empty cells are lost, and only a column's name says what is the sum of what.
LOST = """
部门购买服务预算表
单位：万元
项目 合计 一般公共预算 政府性基金 财政专户资金 单位自有资金
1 2 3 4 5 6
合计 186.40 120.15 40.00 6.25 20.00
河道巡查保洁 96.40 76.40 20.00
水质监测 61.25 35.00 20.00 6.25
信息系统运维 28.75 8.75 20.00
"""


def test_the_names_of_columns_say_what_is_a_sum(tmp_path: Path) -> None:
    """A total places the numbers beside empty cells by its parts; where it is none, a table is read as before."""
    columns = ("合计", "一般公共预算", "政府性基金", "财政专户资金", "单位自有资金")
    result, _, asked = ask(LOST, layout("other", *columns, first_row=6), tmp_path)
    assert asked == ["layout"]
    table = next(t for t in result.tables if t.id.startswith("other_"))
    found = numbers(result, table.id)
    assert len(found) == 15
    assert found["水质监测", "财政专户资金"] == ("6.25", "proven")
    assert found["河道巡查保洁", "合计"] == ("96.40", "proven")
    assert not any(state == "contradicted" for _, state in found.values())
    unlike = UNKNOWN.replace("期末数 本年增加 年初数", "合计 本年增加 年初数").replace("30.00 10", "31.00 10")
    unlike = unlike.replace("135.00", "136.00")
    result, _, _ = ask(unlike, layout("other", "合计", "本年增加", "年初数", first_row=6), tmp_path / "unlike")
    table = next(t for t in result.tables if t.id.startswith("other_"))
    assert numbers(result, table.id)["车辆", "合计"] == ("31.00", "proven")


def test_without_a_model_it_is_listed() -> None:
    """What nobody can read is named with its lines and numbers."""
    result = Extractor(engine="deterministic").extract(Document.from_text(UNKNOWN))
    assert [(u.title, u.numbers) for u in result.unread] == [("国有资产占用情况表", 12)]
