"""Invented documents in the styles of many offices, in four kinds of text: each number in its place or listed."""

from functools import cache

import pytest

from extractor import Document, Extractor, Result
from extractor.evaluation.offices import generate
from extractor.evaluation.places import Places, judge
from extractor.evaluation.render import Form, Noise, render
from extractor.facts import facts
from extractor.phrases import WORDS

from .conftest import ROOT

STYLES = tuple(sorted(path.stem for path in (ROOT / "eval" / "offices").glob("*.txt")))
# Headers in groups that text without cells doesn't tell, or rows that it doesn't: those tables are listed, or in doubt.
IN_CELLS = {
    "county_final_full", "final_three_numbers", "guangxi_sources", "hebei_serial", "hefei_six", "jiangxi_budget",
    "neimeng_units", "ningxia_budget", "repeated_merged", "shanxi_compare",
}  # fmt: skip
# Those in cells, and text without cells for every other style, with one other form in turn.
TOLD = [
    (style, form)
    for number, style in enumerate(STYLES)
    for form in (
        (("tsv", "pipes")[number % 2],) if style in IN_CELLS else ("spaced", ("tsv", "pipes", "cells")[number % 3])
    )
]
PAGES = Noise(page_breaks=9, repeat_headers=True, thousands=True, wrap_names=True)
# Text without cells doesn't tell which of the columns of words is a row's name, or which numbers count the rows of
# a small table: such a table is listed, not read.
NAMELESS = {"units_budget": {"procurement"}, "school_budget": {"procurement"}, "fujian_final": {"three_public"}}


@cache
def read(style: str, form: Form, noise: Noise, seed: int) -> tuple[Result, Places]:
    """Make a document, tell it in one form, read it and compare."""
    budget = generate(ROOT / "eval" / "offices" / f"{style}.txt", seed)
    text, known = render(budget, form, noise, seed, ((budget.name, f"{budget.year}年部门预算", ""), ("",)))
    result = Extractor(engine="deterministic").extract(Document.from_text(text, name=style))
    return result, judge(known, facts(result))


def assert_in_place(style: str, form: Form, noise: Noise, seed: int) -> None:
    """Nothing is wrong without a warning, and whatever is missing stands in a table that is listed as not read."""
    result, places = read(style, form, noise, seed)
    assert not places.wrong
    lost = {fact["table"] for fact in places.missing}
    assert lost <= (NAMELESS.get(style, set()) if form in ("spaced", "cells") else set())
    assert sum(entry.numbers for entry in result.unread) >= len(places.missing)
    assert not [f.message for f in result.findings if f.kind == "contradiction" and f.code != "X11"]


@pytest.mark.parametrize(("style", "form"), TOLD)
def test_every_number_is_in_its_place(style: str, form: Form) -> None:
    """Clean text: names of columns as printed, keys as the contract has them."""
    assert_in_place(style, form, Noise(), 0)


@pytest.mark.parametrize("style", sorted(IN_CELLS))
def test_what_text_without_cells_does_not_tell_is_in_doubt_or_listed(style: str) -> None:
    """No number is sure in another place than its own."""
    assert not read(style, "spaced", Noise(), 0)[1].silent


@pytest.mark.parametrize("style", ["ministry_budget", "national_final", "sichuan_budget", "zhejiang_budget"])
def test_page_breaks_and_wrapped_names_move_nothing(style: str) -> None:
    """Repeated headers, thousands separators and names on several lines, in text without cells."""
    assert_in_place(style, "spaced", PAGES, 1)


def test_tables_declared_empty_are_empty() -> None:
    """The notes of several offices say so, each in its words."""
    found = [t for style in STYLES for t in read(style, "spaced", Noise(), 0)[0].tables if t.empty_note is not None]
    assert len(found) >= 4


def test_a_number_of_the_table_below_its_title_heads_nothing() -> None:
    """公开01表 between title and unit, as final accounts print it, belongs to the title above."""
    result, _ = read("national_final", "spaced", Noise(), 0)
    assert [t.title for t in result.tables if t.id not in {"document", *WORDS}][:2] == [
        "收入支出决算总表",
        "收入决算表",
    ]
    assert not [f for f in result.findings if f.code == "table-not-read"]


UNKNOWN = """2024年某某县某某局部门预算

公开20表
政府购买服务指导性目录表
单位：万元
序号\t名称\t金额
1\t物业管理\t12.50
2\t咨询服务\t7.25

公开21表
支出总表
单位：万元
科目编码\t科目名称\t合计\t基本支出\t项目支出
合计\t\t10.00\t6.00\t4.00
205\t教育支出\t10.00\t6.00\t4.00
"""


def test_an_unknown_table_is_listed_with_its_numbers() -> None:
    """A table that no spec describes stands among what wasn't read: title, lines, how many numbers."""
    result = Extractor(engine="deterministic").extract(Document.from_text(UNKNOWN, name="unknown"))
    [entry] = result.unread
    assert (entry.title, entry.numbers) == ("政府购买服务指导性目录表", 2)
    assert entry.lines[0] == 1 + UNKNOWN.splitlines().index("政府购买服务指导性目录表")
    assert [t.id for t in result.tables if t.id != "document"] == ["expenditure"]


def test_a_column_that_no_spec_knows_keeps_its_name_in_text_without_cells() -> None:
    """The header names its columns in a row; the numbers of the one unknown are in no other column."""
    text = (
        "支出总表\n单位：万元\n科目编码 科目名称 合计 基本支出 项目支出 专项债支出\n合计 90.00 50.00 30.00 10.00\n"
        "205 教育支出 90.00 50.00 30.00 10.00\n20502 普通教育 90.00 50.00 30.00 10.00\n"
        "2050202 小学教育 60.00 50.00 10.00\n2050204 高中教育 30.00 30.00\n"
    )
    result = Extractor(engine="deterministic").extract(Document.from_text(text, name="unknown"))
    last = {f["row"]: f["value"] for f in facts(result) if f["column"] == "专项债支出"}
    assert last["总计"] == last["205"] == "10.00"
    assert not [f for f in result.findings if f.kind == "contradiction"]


def test_rows_below_a_row_that_no_spec_knows_are_in_doubt() -> None:
    """一、 with an unknown name, and 1. below it: whether they are its parts isn't known, so their keys aren't."""
    text = (
        "部门收支总表\n单位：万元\n收入\t\t支出\t\n项目\t预算数\t项目\t预算数\n"
        "一、统筹安排资金\t90.00\t一、教育支出\t90.00\n1、事业收入\t60.00\t二、卫生健康支出\t\n2、其他收入\t30.00\t\t\n"
        "二、经营收入\t\t\t\n收入总计\t90.00\t支出总计\t90.00\n"
    )
    result = Extractor(engine="deterministic").extract(Document.from_text(text, name="unknown"))
    states = {f["row"]: f["state"] for f in facts(result) if f["value"] in ("60.00", "30.00")}
    assert set(states.values()) <= {"ambiguous", "contradicted"}
    assert len(states) == 2
