"""Hostile text: no crash, and no input of a few kilobytes that takes long."""

import random
import signal
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor import Document, Extractor, InputError
from extractor.config import ModelConfig
from extractor.decode import decode
from extractor.evaluation.babble import Babbler
from extractor.evaluation.hostile import UNITS, WORDS, shuffled, torn
from extractor.evaluation.offices import generate
from extractor.evaluation.render import Noise, render
from extractor.export import to_csv
from extractor.facts import facts

from .conftest import SAMPLES

READER = Extractor()
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(SAMPLES.glob("*.txt"))]


def read(text: str) -> None:
    """Read a text, and check what every result must keep to."""
    document = Document.from_text(text)
    result = READER.extract(document)
    for table in result.tables:
        to_csv(table)
        for _, cell in table.numbers():
            assert cell.state == "ungrounded" or cell.spans
            assert all(0 <= s.start < s.end <= len(text) for s in cell.spans)
    facts(result)


@settings(max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    """Bytes give a text or a clear error."""
    try:
        decode(data, "file")
    except InputError:
        return


@settings(max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=4)), max_size=120).map("".join))
def test_any_text_is_read(text: str) -> None:
    """Text made of what tables and prose are made of, in any order."""
    read(text)


@pytest.mark.parametrize("seed", range(6))
def test_samples_with_their_lines_and_pieces_moved_are_read(seed: int) -> None:
    """Real lines in another order, cut, doubled and joined."""
    dice = random.Random(seed)
    read(shuffled(dice.choice(TEXTS), dice)[:6000])


@pytest.mark.parametrize("seed", range(4))
def test_grids_with_their_cells_moved_and_lost_are_read(seed: int) -> None:
    """Tables of other offices as a conversion tears them."""
    dice = random.Random(seed)
    style = dice.choice(sorted((SAMPLES.parent / "offices").glob("*.txt")))
    budget = generate(style, seed)
    text, _ = render(budget, dice.choice(("tsv", "pipes")), Noise(), seed, ((budget.name, ""), ("",)))
    read(torn(text[:5000], dice))


_TORN = """收支总体情况表
| 项  目 | 2019年预算 | 项  目 | 2019年预算 |
| 一、财政拨款 | 2367.23 | 3279.46 | 一、基本支出 | 2367.23 |
| 政府性基金预算 | 商品和服务支出 || 商品和服务支出 | 492.43 |
|| 44.73 |||"""
_NAMELESS = "# 部门支出总表\n\n| 备注 | 备注 |\n|---|---|\n| 1.00 | 2.00 |\n| 3.00 | 4.00 |\n"
_BEHIND = """2025年一般公共预算基本支出表
表3	表3
部门预算支出经济分类科目 政府预算支出经济分类科目 合计 人员经费 公用经费
合计 2122.65 1776.62 346.03"""
_LONG = """部门支出总体情况表
单位：万元
科目编码 科目名称 合计 基本支出 项目支出
合计 99999999999999999.05 3.00 5.00
201 一般公共服务支出 99999999999999999.05 5.00
20103 政府办公厅 99999999999999999.05 5.00"""
_RUN_ON = _LONG.replace("99999999999999999.05", "1" * 5000 + ".05")
_ENDED = {
    "undecided part": _TORN, "header of remarks": _NAMELESS, "group behind": _BEHIND, "more than 64 bits": _LONG,
    "digits without end": _RUN_ON,
}  # fmt: skip


@pytest.mark.parametrize("text", _ENDED.values(), ids=list(_ENDED))
def test_a_table_that_ended_its_document_is_read(text: str) -> None:
    """Grids that fuzzing and a photographed page have shown to end a document."""
    read(text)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_a_model_answers_a_document_is_read(seed: int) -> None:
    """Nonsense in the form that is asked for, about every table, sentence and form; no number without its place."""
    dice = random.Random(seed)
    model = ModelConfig(model="babbler", form=("rows", "choices")[seed % 2])
    reader = Extractor(engine="llm", model=model, connect=lambda *_: Babbler(dice))
    result = reader.extract(Document.from_text(TEXTS[seed % len(TEXTS)]))
    assert result.tables
    assert all(c.state == "ungrounded" or c.spans for t in result.tables for _, c in t.numbers())


class Slow(Exception):  # noqa: N818 - not an error of the program's
    """It took too long."""


def read_soon(text: str) -> None:
    """Read a text in five seconds of CPU at most."""

    def late(number: int, frame: object) -> None:
        raise Slow

    signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, 5)
    try:
        begin = time.process_time()
        read(text)
        assert time.process_time() - begin < 5
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


@pytest.mark.parametrize("unit", UNITS)
def test_no_line_takes_long(unit: str) -> None:
    """A line that repeats one thing, in a table and in prose: twenty thousand characters take no five seconds."""
    line = unit * (20_000 // len(unit))
    table = "表 3\n部门支出总体情况表\n科目编码 科目名称 合计 基本支出 项目支出\n201 一般公共服务支出 5.00 5.00\n"
    read_soon(f"{table}{line}x\n202 外交支出 1.00\n第二部分 情况说明\n一、收支总体情况\n{line}。\n")


def test_a_line_of_thousands_of_cells_in_a_form_takes_no_longer_than_its_length() -> None:
    """Each of its cells might begin the header of a form's indicators."""
    lines = next(text for text in TEXTS if "自评表" in text).split("\n")
    form = 1 + next(i for i, line in enumerate(lines) if line.startswith("项目支出绩效自评表"))
    read_soon("\n".join([*lines[:form], "\t一、" * 10_000, *lines[form:]]))


def test_a_header_that_comes_again_and_again_takes_no_longer_than_its_length() -> None:
    """Fragments of names that could be put together in millions of ways."""
    header = (
        "财政拨款收入 财政拨款支出\n项 目 合 计 功 能 分 类 合 计\n一般公\n共预算\n政府\n性基\n金预\n算\n国有\n资本\n"
    )
    table = "表 1\n部门收支总体情况表\n{}科目编码 科目名称 合计\n201 一般公共服务支出 5.00\n"
    for times in (60, 600):
        read_soon(table.format(header * times))


def test_words_in_pieces_and_rows_that_no_spec_knows_take_no_longer_than_their_number() -> None:
    """A line of thousands of pieces, a table of thousands of rows with names of its own, one clause that goes on."""
    table = "表 1\n部门收支总体情况表\n收 入 支 出\n项 目 预算数 项 目 预算数\n{}收入总计 9.00 支出总计 9.00\n"
    read_soon(table.format("一 般 " * 3000 + "\n"))
    read_soon(table.format("".join(f"{n % 9}. 其他来源{n} 5.00\n" for n in range(2000))))
    read_soon(table.format("一般公\n共预算\n政府\n" * 1500))


def test_names_that_may_stand_below_each_other_in_many_ways_take_no_longer() -> None:
    """A header of three lines, each name one that others may be parts of; a cell on each line of the text."""
    names = ("合计", "基本支出", "项目支出", "人员经费", "其中：", "一般公共预算", "政府性基金", "事业收入", "上年结转")
    dice = random.Random(3)
    header = "\n".join(" ".join(dice.choice(names) for _ in range(count)) for count in (14, 12, 10))
    rows = "\n".join(
        f"2{n} 某某支出 " + " ".join(f"{dice.randint(1, 9999) / 100:.2f}" for _ in range(n % 11 + 3))
        for n in range(10, 60)
    )
    table = f"表 3\n部门支出总体情况表\n单位：万元\n科目编码 科目名称 {header}\n{rows}\n"
    read_soon(table)
    read_soon(table.replace(" ", "\n"))


def test_a_section_that_says_twice_that_there_is_nothing_is_read() -> None:
    """The second time is a finding, at its line."""
    section = "{}、关于外事办2024年{}拨款情况说明\n外事办2024年没有使用{}拨款安排的支出，{}支出情况表为空表。\n"
    names = (("八", "政府性基金预算"), ("九", "国有资本经营预算"))
    text = "".join(section.format(number, name, name, name) for number, name in names)
    result = READER.extract(Document.from_text(f"第二部分 2024年部门预算情况说明\n{text}{text}"))
    assert [(f.code, f.line) for f in result.findings] == [("section-twice", 6), ("section-twice", 8)]
