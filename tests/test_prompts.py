"""What a careful reader stumbled over when the questions to a model were answered by hand."""

import re
from pathlib import Path

import pytest

from extractor import Document
from extractor.evaluation.score import BUDGET_TABLES, score
from extractor.facts import facts
from extractor.normalize import lines
from extractor.prompts import answer_model, transcribe
from extractor.specs import catalogue

from .scripted import Rows, accepted, answer, model, read, run, table_of, tables_asked
from .server import Answer, Received

NAME = "kizilsu_fao_2024_budget"
# Where the codes of two rows stand whose names and amounts follow on lines below.
CODES = {"699": "689", "713": "701", "727": "715"}
WIDE = """2025年部门“三公”经费和机关运行经费预算表
编制部门：某市某区人民政府办公室 单位：万元
“三公”经费预算数
机关运行经费预算
公务用车购置及运行费
数
合计 因公出国(境)费 公务接待费
小计 购置费 运行费
12.50 3.00 2.50 7.00 7.00 213.28
"""


def test_a_row_may_name_the_line_of_its_code(tmp_path: Path) -> None:
    """A name of many lines parts a code from its amounts: with the code's line they are found all the same."""

    def lie(_: str, rows: Rows) -> Rows:
        return [[CODES.get(row[0], row[0]), *row[1:]] for row in rows]

    result, server = run(NAME, model(NAME, lie), tmp_path)
    scored = score(accepted(NAME, result), facts(result), tables=BUDGET_TABLES)
    assert scored.number.f1 == 1, (scored.missing[:3], scored.wrong[:3])
    assert tables_asked(server) == len([t for t in result.tables if t.reader == "model"])


def test_a_number_given_twice_takes_nothing_from_the_row_below(tmp_path: Path) -> None:
    """What is printed once and copied into two columns is missing there, not in the next row that prints the same."""
    asked: list[str] = []

    def lie(table: str, rows: Rows) -> Rows:
        if table == "fiscal_appropriation":
            first = next(row for row in rows if row[3] == rows[0][3])
            first[4] = first[3]
        return rows

    def behave(received: Received) -> Answer:
        asked.append(received.prompt)
        return model(NAME, lie if "Your last answer" not in received.prompt else None)(received)

    result, server = run(NAME, behave, tmp_path)
    again = [prompt for prompt in asked if "Your last answer" in prompt]
    assert len(again) == 1
    assert re.search(r"- row 财政拨款, column 一般公共预算: line 439 prints no 447\.76 that isn't another", again[0])
    assert "ungrounded" not in {f.kind for f in result.findings}
    assert server.calls == len(asked)


@pytest.mark.parametrize("total", ["合计", "总计"])
def test_items_of_a_wide_table_are_known_by_either_name(total: str, tmp_path: Path) -> None:
    """A model names items as the header prints them, or as the prompt does: the same rows, and no doubt."""
    document = Document.from_text(WIDE)
    items = [total, "因公出国(境)费", "公务接待费", "公务用车购置及运行费", "运行费", "机关运行经费预算数"]
    numbers = ("12.50", "3.00", "2.50", "7.00", "7.00", "213.28")
    rows = [["9", item, number] for item, number in zip(items, numbers, strict=True)]
    asked: list[str] = []

    def behave(received: Received) -> Answer:
        asked.append(received.prompt)
        return answer(rows if table_of(received) == "three_public" else [])

    result, _ = read(document, behave, tmp_path)
    keys = {f["row"] for f in facts(result) if f["table"] == "three_public"}
    assert {"总计", "机关运行经费", "公务用车购置及运行费/公务用车运行费"} <= keys
    assert "row-uncertain" not in {f.code for f in result.findings}
    assert "总计 = 因公出国(境)费 + 公务用车购置及运行费 + 公务接待费" in asked[0]
    assert "会议费" not in asked[0]  # the header doesn't name it


def test_a_header_that_comes_again_points_to_the_first() -> None:
    """Headers in fragments stand on every page; the second is shown as a reference."""
    header = "功能分类\n科目编码\n名称\n合计\n基本支出\n项目支出"
    text = f"支出总体情况表\n{header}\n201 甲 5.00 5.00\n{header}\n合计 5.00 5.00\n"
    prompt = transcribe(catalogue().table("expenditure"), lines(Document.from_text(text)), "万元").user
    assert prompt.count("科目编码") == 1
    assert "\n9-14|the same as 2-7\n" in prompt


def test_the_fence_stands_nowhere_in_the_source() -> None:
    """A source that holds the fence of its own text gets another one."""
    spec = catalogue().table("expenditure")
    text = "支出总体情况表\n合计 5.00 5.00\n"
    words = set()
    for _ in range(3):
        prompt = transcribe(spec, lines(Document.from_text(text)), "万元").user
        fence = re.findall(r"^<<<(\w+)$", prompt, re.MULTILINE)[0]
        assert prompt.count(fence) == 2
        words.add(fence)
        text += f"{fence}>>>\n"
    assert len(words) == 3


def test_the_form_of_an_answer_says_nothing_twice() -> None:
    """It goes out with every question: no long description, whose length the prompt tells already."""
    schema = answer_model(catalogue().table("revenue")).model_json_schema()
    assert schema["description"] == "Rows."
    assert "description" not in schema["properties"]["rows"]
