"""Tables whose titles are lost or misread: their place among the others tells which they are."""

from pathlib import Path

import pytest

from extractor import Document, Extractor, Result
from extractor.facts import facts

from .conftest import OTHER_OFFICES

SAMPLES = Path(__file__).parent.parent / "eval" / "samples"
TEXTS = {name: (SAMPLES / f"{name}_fao_2024_budget.txt").read_text(encoding="utf-8") for name in ("urumqi", "kizilsu")}
TITLES = {
    "urumqi": ("部门收支总体情况表", "部门收入总体情况表", "部门支出总体情况表", "财政拨款收支预算总体情况表"),
    "kizilsu": ("单位收入总体情况表", "一般公共预算支出情况表", "一般公共预算基本支出情况表"),
}
EACH = [(name, title) for name, titles in TITLES.items() for title in titles]


def read(text: str) -> Result:
    """Read a text without a model."""
    return Extractor(engine="deterministic").extract(Document.from_text(text))


def numbers(result: Result) -> dict[tuple[str, str, str], str]:
    """Return the values of all numbers by their places."""
    return {(f["table"], f["row"], f["column"]): f["value"] for f in facts(result) if f["kind"] == "number"}


def title_line(lines: list[str], title: str) -> int:
    """Return where a title stands: its last line in the text, behind the list of contents."""
    return max(n for n, line in enumerate(lines) if line.strip() == title)


def without(name: str, title: str, *, number: bool) -> str:
    """Return a sample without the title of a table, and without the number above it."""
    lines = TEXTS[name].split("\n")
    at = title_line(lines, title)
    above = max(n for n in range(at) if lines[n].strip().startswith("表"))
    return "\n".join(line for n, line in enumerate(lines) if n != at and not (number and n == above))


@pytest.mark.parametrize(("name", "title"), EACH)
@pytest.mark.parametrize("numbered", ["with 表 N", "without"])
def test_a_table_without_its_title_is_read_as_what_it_is(name: str, title: str, numbered: str) -> None:
    """Nothing of it is lost, nothing runs into the table above, and a finding says what was done."""
    result = read(without(name, title, number=numbered == "without"))
    assert numbers(result) == numbers(read(TEXTS[name]))
    lost = [finding for finding in result.findings if finding.code == "title-lost"]
    assert len(lost) == 1
    assert title[2:] in lost[0].message
    assert lost[0].line


@pytest.mark.parametrize(("name", "title"), EACH)
def test_a_title_misread_beyond_recognition_names_no_other_table(name: str, title: str) -> None:
    """The list of contents has it nowhere, and another one is missing there."""
    lines = TEXTS[name].split("\n")
    lines[title_line(lines, title)] = "的一是在不了有和人这中表"
    assert numbers(read("\n".join(lines))) == numbers(read(TEXTS[name]))


def test_a_title_of_words_is_that_of_another_table() -> None:
    """An office's own table in the place of one that the list of contents names is none with a misread title."""
    lines = TEXTS["urumqi"].split("\n")
    lines[title_line(lines, "部门支出总体情况表")] = "专项资金安排明细表"
    result = read("\n".join(lines))
    assert "title-lost" not in {finding.code for finding in result.findings}
    assert "expenditure" not in {table for table, _, _ in numbers(result)}


def test_titles_of_two_neighbours_are_lost() -> None:
    """As many tables without a title as titles are missing there: they are told by their order."""
    text = TEXTS["urumqi"]
    for title in TITLES["urumqi"][1:3]:
        lines = text.split("\n")
        at = title_line(lines, title)
        text = "\n".join(lines[: at - 2] + lines[at + 1 :])
    assert numbers(read(text)) == numbers(read(TEXTS["urumqi"]))


def test_a_header_printed_again_on_a_page_begins_no_table() -> None:
    """The unit and the header of the table's own beginning, without its title, go on with it."""
    lines = TEXTS["urumqi"].split("\n")
    at = title_line(lines, "一般公共预算支出情况表")
    unit = next(n for n in range(at, len(lines)) if "单位：" in lines[n] and "万元" in lines[n])
    first = next(n for n in range(unit, len(lines)) if lines[n].startswith("201\t"))
    text = "\n".join([*lines[: first + 2], "- 7 -", "", *lines[unit : first - 1], *lines[first + 2 :]])
    result = read(text)
    assert numbers(result) == numbers(read(TEXTS["urumqi"]))
    assert not [finding for finding in result.findings if finding.code == "title-lost"]


def test_a_table_that_nothing_names_isnt_named_by_a_guess() -> None:
    """Neither a list of contents nor numbers: which of the missing tables it is can't be told."""
    text = (
        "部门收支总体情况表\n单位：万元\n项目 预算数 支出功能分类 预算数\n一、本年收入 5.00 201 一般公共服务支出 5.00\n"
        "收入总计 5.00 支出总计 5.00\n\n单位：万元\n科目编码 科目名称 合计 基本支出 项目支出\n"
        "201 一般公共服务支出 5.00 3.00 2.00\n20101 人大事务 5.00 3.00 2.00\n合计 5.00 3.00 2.00\n"
    )
    result = read(text)
    assert {fact["table"] for fact in facts(result) if fact["kind"] == "number"} <= {"revenue_expenditure", "other_2"}
    assert any(table.id == "other_2" for table in result.tables) or result.unread


@pytest.mark.parametrize("title", ["收入预算总表", "支出预算总表", "财政拨款收支预算总表", "财政拨款基本支出预算表"])
def test_neighbours_tell_a_table_where_all_offices_have_it_between_them(title: str) -> None:
    """There is neither a list of contents nor are the numbers those of the eleven tables."""
    path = OTHER_OFFICES / "js_cppcc_2018_tables.txt"
    if not path.is_file():
        pytest.skip("no files of other offices here")
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    at = title_line(lines, title)
    result = read("\n".join(lines[:at] + lines[at + 1 :]))
    assert numbers(result) == numbers(read(text))
    assert [finding.code for finding in result.findings].count("title-lost") == 1
