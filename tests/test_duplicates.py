"""What is printed again right behind itself, word for word, is read once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor import Document, Extractor, Result
from extractor.facts import facts

from .conftest import BUDGETS, SAMPLES

READER = Extractor(engine="deterministic")
TEXT = (SAMPLES / f"{BUDGETS[0]}.txt").read_text(encoding="utf-8")
TABLE = """表3
支出总体情况表
编制部门：某局 单位：万元
科目编码 科目名称 合计 基本支出 项目支出
201 一般公共服务支出 70.00 50.00 20.00
20101 人大事务 30.00 20.00 10.00
20103 政府办公厅 40.00 30.00 10.00
合计 70.00 50.00 20.00
"""
NEXT = TABLE.replace("表3", "表6").replace("支出总体情况表", "一般公共预算支出情况表")


def read(text: str) -> Result:
    """Read a text."""
    return READER.extract(Document.from_text(text))


def numbers(result: Result) -> list[tuple[object, ...]]:
    """Return the facts without their places."""
    return [tuple(fact[name] for name in ("table", "row", "column", "value", "part")) for fact in facts(result)]


def repeated(result: Result) -> list[str]:
    """Return what is said of repeated lines."""
    return [finding.message for finding in result.findings if finding.code == "repeated"]


def test_a_file_that_holds_a_disclosure_twice_has_its_facts_once() -> None:
    """The finding names the lines; everything else is as with one."""
    one, two = read(TEXT), read(TEXT + TEXT)
    assert len(repeated(two)) == 1
    assert "word for word" in repeated(two)[0]
    assert not repeated(one)
    assert {f[:4] for f in numbers(two)} == {f[:4] for f in numbers(one)}
    assert len(facts(two)) < 1.1 * len(facts(one))


@given(st.integers(2, 6))
def test_a_page_printed_several_times_is_read_once(times: int) -> None:
    """However often: one table, with its first lines, and one finding."""
    once, result = read(TABLE + NEXT), read(TABLE * times + NEXT)
    assert numbers(result) == numbers(once)
    (said,) = repeated(result)
    often = f" {times - 1} times" if times > 2 else ""
    assert said.startswith(f"Lines 9-{8 * times} repeat lines 1-8{often}, word for word")
    assert [f.code for f in result.findings if f.code != "repeated"] == [f.code for f in once.findings]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(TABLE.replace("40.00", "40.01"), id="another number"),
        pytest.param(TABLE.replace("某局", "某委"), id="another office"),
        pytest.param(TABLE.replace("20103 政府办公厅", "20104 发展与改革事务"), id="another row"),
    ],
)
def test_what_differs_in_anything_is_read(second: str) -> None:
    """Two disclosures that are nearly the same are two."""
    result = read(TABLE + second + NEXT)
    assert not repeated(result)
    assert {table.part for table in result.tables if table.id == "expenditure"} == {0, 1}


def test_rows_and_empty_tables_may_repeat() -> None:
    """Only a table with numbers and its title is known to be printed again; rows of a list may be alike."""
    row = "20101 人大事务 30.00 20.00 10.00\n"
    result = read(TABLE.replace(row, row * 4) + NEXT)
    assert not repeated(result)
    assert any(finding.code == "row-twice" for finding in result.findings)
    empty = "表9\n政府性基金预算支出情况表\n编制部门：某局 单位：万元\n科目 合计\n本表无数据\n"
    assert not repeated(read(empty + empty))


def test_rows_that_go_on_and_on_are_cut_off() -> None:
    """No list repeats the same rows fifty times: the finding names the lines, and the rest of the table is read."""
    rows = "20101 人大事务 30.00 20.00 10.00\n20103 政府办公厅 40.00 30.00 10.00\n"
    result = read(TABLE.replace(rows, rows * 400) + NEXT)
    (said,) = repeated(result)
    assert said.startswith("Lines 48-805 repeat lines 46-47 379 times, word for word")
    assert "They are not read" in said
    (table, _) = (t for t in result.tables if t.id != "document")
    assert len(table.rows) == 2 + 2 * 21
    assert any(finding.kind == "contradiction" for finding in result.findings)
    few = read(TABLE.replace(rows, rows * 20) + NEXT)
    assert not repeated(few)
