"""Headings: tables are found under every usual title, and contents lists, mentions and prose are none."""

from pathlib import Path

import pytest

from extractor import Document, Extractor
from extractor.evaluation.score import BUDGET_TABLES
from extractor.normalize import lines
from extractor.sections import Heading, headings
from extractor.specs import TableSpec, catalogue

SAMPLES = Path(__file__).parent.parent / "eval" / "samples"
FIRST = """收支总体情况表
项目 预算数 支出功能分类 预算数
一、本年收入 5.00 201 一般公共服务支出 5.00
收入总计 5.00 支出总计 5.00
"""
THIRD = """支出总体情况表
科目名称 合计 基本支出 项目支出
201 一般公共服务支出 5.00 3.00 2.00
合计 5.00 3.00 2.00
"""
BODY = f"{FIRST}{THIRD}"
READ = [("revenue_expenditure", 0, 4), ("expenditure", 0, 6)]


def found(text: str) -> list[Heading]:
    """Return all headings of a text."""
    return headings(lines(Document.from_text(text)), catalogue().tables)


def tables(text: str) -> list[str | None]:
    """Return the spec ids of the table titles that no contents list holds, None for unknown tables."""
    heads = [head for head in found(text) if not head.contents]
    return [head.spec for head in heads if head.kind in {"table", "other-table"}]


def read(text: str) -> list[tuple[str, int, int]]:
    """Return id, part and number of amounts of each table that is read."""
    result = Extractor().extract(Document.from_text(text))
    known = [table for table in result.tables if table.id in catalogue().by_id]
    return [(table.id, table.part, sum(1 for _ in table.numbers())) for table in known]


@pytest.mark.parametrize("name", ["kizilsu_fao_2024_budget", "urumqi_fao_2024_budget"])
def test_samples_have_eleven_tables_and_some_unknown_ones(name: str) -> None:
    """Each table is found once, in order, and what a contents list names isn't a second one."""
    result = tables((SAMPLES / f"{name}.txt").read_text(encoding="utf-8"))
    assert [spec for spec in result if spec] == [s.id for s in catalogue().tables if s.number]
    assert set(result) == {*BUDGET_TABLES, None}


def test_contents_of_a_sample_are_marked() -> None:
    """All headings of the contents list are marked, and none below it."""
    text = (SAMPLES / "urumqi_fao_2024_budget.txt").read_text(encoding="utf-8")
    body = next(i for i, line in enumerate(lines(Document.from_text(text))) if line.text.startswith("一、主要职能"))
    heads = [head for head in found(text) if head.kind in {"table", "part"}]
    inside = [head for head in heads if head.contents]
    assert len([head for head in inside if head.kind == "table"]) == 11
    assert len([head for head in inside if head.kind == "part"]) == 4
    assert all(head.index < body for head in inside)
    assert [head.title[:4] for head in heads if not head.contents and head.index < body] == ["第一部分"]


@pytest.mark.parametrize(
    "contents",
    [
        "目 录\n收支总体情况表\n收入总体情况表\n支出总体情况表\n",
        "# 目录\n\n- 一、收支总体情况表\n\n- 二、收入总体情况表\n\n- 三、支出总体情况表\n\n第一部分 概况\n",
        "目录\n收支总体情况表........3\n收入总体情况表........4\n支出总体情况表........5\n",
        "收支总体情况表……………3\n收入总体情况表……………4\n",
        "目录\n收支总体情况表 3\n收入总体情况表 4\n支出总体情况表 5\n",
        "目次\n表1 收支总体情况表\n表2 收入总体情况表\n表3 支出总体情况表\n",
        "目录\n收支总体情况表\n支出总体情况表\n",
        "目录\n表1\n收支总体情况表\n表2\n收入总体情况表\n表3\n支出总体情况表\n",
    ],
    ids=["bare", "markdown", "leaders", "no-word", "pages", "numbered", "two", "markers"],
)
def test_contents_lists_are_skipped(contents: str) -> None:
    """A contents list adds no table, hides none and begins no part."""
    assert read(contents + BODY) == READ


@pytest.mark.parametrize(
    "title",
    [
        *("支出总体情况表", "支 出 总 体 情 况 表", "部门支出总体情况表", "2024 年部门支出总体情况表"),
        *(
            "某州外事办公室 2024 年支出总体情况表",
            "表 3\n\n支出总体情况表",
            "表3 支出总体情况表",
            "表３：支出总体情况表",
        ),
        *("附表3：支出总体情况表", "附表三 支出总体情况表", "表三\n支出总体情况表", "（表3）支出总体情况表"),
        *("三、支出总体情况表", "（三）支出总体情况表", "3. 支出总体情况表", "公开03表\n支出决算表"),
        *("## 表 3 支出总体情况表", "**支出总体情况表**", "| 支出总体情况表 |", "<p>支出总体情况表</p>"),
        *(
            "支出总体情况表（续表）",
            "支出总体情况表 单位：万元",
            "支出总体情况表（万元）",
            "支出总体情况表（单位：万元）",
        ),
    ],
)
def test_titles_of_one_table(title: str) -> None:
    """The title of a table is found with and without its number, office, year, unit and markup."""
    assert tables(title) == ["expenditure"]


@pytest.mark.parametrize("spec", catalogue().tables, ids=lambda spec: spec.id)
def test_every_title_of_a_spec_is_its_own(spec: TableSpec) -> None:
    """No title or alias is taken for that of another table, office name in front or not."""
    for title in spec.titles:
        assert tables(title) == tables(f"某州外事办公室2024年{title}") == [spec.id], title


@pytest.mark.parametrize(
    ("title", "spec"),
    [
        ("财政拨款“三公”经费支出情况\n表", "three_public"),
        ("国有资本经营预算支出情况\n\n表", "state_capital"),
        ("一般公共预算基本\n支出情况表", "basic_expenditure"),
        ("一般公共预算项目支出\n情况表", "project_expenditure"),
        ("上年结转结余\n情况明细表", "carryover"),
        ("一般公共预算项目\n支出情\n况表", "project_expenditure"),
    ],
)
def test_wrapped_titles(title: str, spec: str) -> None:
    """A title on several lines is one title, though its end reads like another table's."""
    assert tables(f"{title}\n合计 5.00") == [spec]
    assert [head.count for head in found(title)] == [len(title.split())]


def test_a_part_may_be_headed_on_several_lines() -> None:
    """The next part's heading, broken inside its number, is none of the table's words."""
    assert [(head.kind, head.count) for head in found(f"{THIRD}第\n三\n部分 情况说明\n")][1:] == [("part", 3)]


@pytest.mark.parametrize(
    "sentence",
    [
        "政府性基金预算支出情况表为空表。",
        "具体见支出总体情况表。",
        "2024 年没有使用政府性基金预算拨款安排的支出，政府性基金预算支出情况表为空表",
        "注：本表与支出总体情况表一致",
        "收入总体情况表、支出总体情况表",
        "收支总预算详见支出总体情况表",
        "具体金额参见《部门支出总体情况表》",
    ],
)
def test_a_title_in_a_sentence_is_no_table(sentence: str) -> None:
    """A mention of a table in prose begins no table, at the end of a line neither."""
    assert tables(f"{sentence}\n其中基本支出 406.68 万元") == []


def test_a_longer_title_is_another_table() -> None:
    """Words that make another table of a known title aren't overlooked."""
    titles = "政府性基金支出总体情况表\n关于支出总体情况表\n社会保险基金预算支出表\n教育支出表"
    assert tables(titles) == ["government_fund", None, None, None]


def test_document_may_begin_with_a_table() -> None:
    """Neither title page nor part headings are needed."""
    assert read(THIRD) == [("expenditure", 0, 6)]
    assert read(f"表 3\n{THIRD}") == [("expenditure", 0, 6)]
    assert found(THIRD)[0].index == 0


def test_a_title_that_comes_back_continues_its_table_or_begins_a_part() -> None:
    """After a page break the same title goes on; below a whole table it begins the next disclosure."""
    page = "支出总体情况表\n208 社会保障和就业支出 2.00 1.00 1.00\n合计 7.00 4.00 3.00\n"
    assert read(THIRD.partition("合计 5")[0] + page) == [("expenditure", 0, 9)]
    other = BODY.replace("5.00", "6.00")
    assert read(BODY + other) == [*READ, *((table, 1, count) for table, _, count in READ)]


def test_unknown_tables_are_reported() -> None:
    """A table that no spec describes is a heading, ends the table above, and is listed as not read."""
    text = f"{THIRD}新增资产配置预算表\n项目 金额\n办公设备 12.50\n"
    head = found(text)[-1]
    assert (head.kind, head.spec, head.title) == ("other-table", None, "新增资产配置预算表")
    result = Extractor().extract(Document.from_text(text))
    assert [table.id for table in result.tables] == ["expenditure"]
    assert [(f.code, f.line) for f in result.findings] == [("table-not-read", 5)]
    assert [(u.title, u.lines, u.numbers) for u in result.unread] == [("新增资产配置预算表", (5, 7), 1)]


def test_text_without_tables_is_reported() -> None:
    """Prose alone gives no table, one finding that says so, and its numbers as not read."""
    result = Extractor().extract(Document.from_text("一、主要职能\n编制数 24，实有人数 28 人，预算 465.24 万元。"))
    assert not result.tables
    assert [finding.code for finding in result.findings] == ["no-known-table"]
    assert [unread.numbers for unread in result.unread] == [2]


def test_parts_and_sections_end_tables() -> None:
    """What follows a table under a heading of prose isn't its body."""
    text = f"{THIRD}第三部分 2024 年部门预算情况说明\n一、关于收支预算情况的总体说明\n收支总预算 9.99 万元。\n"
    assert read(text) == [("expenditure", 0, 6)]
    assert [head.kind for head in found(text)] == ["table", "part", "section"]


def test_an_old_name_that_is_misread_is_no_other_tables_title() -> None:
    """公共财政预算 was the name of 一般公共预算: with a misread character it isn't 支出预算表."""
    for title in ("公共财政预算拨款支出预算表", "公其财政预算拨款支出预算表"):
        text = f"{title}\n单位：万元\n科目编码 科目名称 合计 基本支出 项目支出\n合计 5.00 3.00 2.00\n"
        assert {t.id for t in Extractor().extract(Document.from_text(text)).tables} - {"document"} == {
            "general_expenditure"
        }
