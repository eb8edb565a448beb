"""Two readers of one table are compared number by number; what they differ in is never silently one of the two."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from extractor import Document, Extractor, Result
from extractor.cli import app
from extractor.config import ConfigError
from extractor.evaluation.score import BUDGET_TABLES
from extractor.export import load
from extractor.recheck import recheck
from extractor.records import Cell, Finding

from .conftest import BUDGETS, sample
from .scripted import Rows, answer, model, read, run, table_of, tables_asked
from .server import Answer, Received, Server

# The sums along its rows hold, whichever row the numbers are in; there is no total to tell.
LONELY = """
表 3
部门支出总体情况表
单位：万元
科目编码\t\t\t科目名称\t合计\t基本支出\t项目支出
类\t款\t项\t\t\t\t
201\t03\t01\t行政运行\t12.50\t12.50\t
208\t05\t05\t养老保险\t7.25\t7.25\t
"""


def opinions(result: Result) -> list[Finding]:
    """Return the differences."""
    return [f for f in result.findings if f.code == "second-opinion"]


def cell(result: Result, table: str, row: str, column: str) -> Cell:
    """Return one number cell."""
    read_ = result.table(table)
    assert read_ is not None
    return next(c for r, c in read_.numbers() if r.key == row and c.column == column)


def test_agreement_proves_nothing(tmp_path: Path) -> None:
    """Both readers of a whole sample agree: no finding, and every state is what arithmetic alone made it."""
    name = BUDGETS[0]
    result, server = run(name, model(name), tmp_path, engine="auto", opinion=True)
    alone = Extractor(engine="deterministic").extract(sample(name))
    assert tables_asked(server) == len([t for t in alone.tables if t.empty_note is None and t.id in BUDGET_TABLES])
    assert opinions(result) == []
    assert [t.rows for t in result.tables] == [t.rows for t in alone.tables]
    assert {t.reader for t in result.tables} == {"deterministic"}


def test_identities_decide_between_two_readings(tmp_path: Path) -> None:
    """The model puts a number in another column: the finding names both readings and says which one holds."""
    name = BUDGETS[0]

    def lie(table: str, rows: Rows) -> Rows:
        if table == "expenditure":
            rows[3][3:] = ["356.92", "", "356.92"]
        return rows

    result, _ = run(name, model(name, lie), tmp_path, engine="auto", opinion=True)
    said = opinions(result)
    assert len(said) == 1
    assert "the deterministic reader reads '356.92' in row 2010301, column 基本支出" in said[0].message
    assert "the model reads '356.92' in row 2010301, column 项目支出" in said[0].message
    assert "hold as the deterministic reader has it" in said[0].message
    assert said[0].line == 156
    assert cell(result, "expenditure", "2010301", "基本支出").state == "proven"


@pytest.mark.parametrize("engine", ["auto", "llm"])
def test_a_difference_that_nothing_decides_is_ambiguous(engine: str, tmp_path: Path) -> None:
    """Where no identity reaches the number it is at most ambiguous, and says why, whoever's reading is kept."""

    def behave(received: Received) -> Answer:
        if table_of(received) != "expenditure":
            return answer([])
        return answer(
            [["7", "2010301", "行政运行", "7.25", "7.25", ""], ["8", "2080505", "养老保险", "12.50", "12.50", ""]]
        )

    document = Document.from_text(LONELY)
    result, _ = read(document, behave, tmp_path, engine=engine, opinion=True)
    said = opinions(result)
    assert [f.line for f in said] == [7, 7, 8, 8]
    assert all("The identities prove neither" in f.message for f in said)
    table = result.table("expenditure")
    assert table is not None
    assert {c.state for _, c in table.numbers()} == {"ambiguous"}
    assert all(" reader reads " in c.doubt or "the model reads " in c.doubt for _, c in table.numbers())
    again = recheck(result, document)
    assert opinions(again) == said
    assert again.tables == result.tables


def test_a_number_that_is_made_up_is_a_difference(tmp_path: Path) -> None:
    """A wrong digit of the model beside a proven number: the finding says that it doesn't stand in the source."""
    name = BUDGETS[0]

    def lie(table: str, rows: Rows) -> Rows:
        if table == "three_public":
            rows[0][2] = "99.99"
        return rows

    result, _ = run(name, model(name, lie), tmp_path, engine="auto", opinion=True)
    said = opinions(result)
    assert len(said) == 1
    assert "the model reads '99.99'" in said[0].message
    assert "doesn't stand in the source" in said[0].message
    assert result.states()["proven"] >= 196


def test_a_row_that_one_reader_lacks_is_a_difference(tmp_path: Path) -> None:
    """Each number of a row that the model leaves out is named, and stays proven where its sums prove it."""
    name = BUDGETS[0]

    def lie(table: str, rows: Rows) -> Rows:
        return [r for r in rows if r[1] != "2080505"] if table == "expenditure" else rows

    result, _ = run(name, model(name, lie), tmp_path, engine="auto", opinion=True)
    said = opinions(result)
    assert [f.line for f in said] == [164, 164]
    assert all("the model doesn't read it" in f.message for f in said)
    assert cell(result, "expenditure", "2080505", "合计").state == "proven"


def test_the_command_line_takes_the_option(tmp_path: Path) -> None:
    """`extractor run --second-opinion` asks about every table; without a model it says what is missing."""
    name = BUDGETS[0]
    path = tmp_path / "budget.txt"
    path.write_text(sample(name).text, encoding="utf-8")
    out = str(tmp_path / "out")
    environ = {"OPENAI_BASE_URL": "", "EXTRACTOR_MODEL": "", "OPENAI_API_KEY": ""}
    bare = CliRunner().invoke(app, ["run", str(path), "--out", out, "--second-opinion"], env=environ)
    assert bare.exit_code == 2

    def lie(table: str, rows: Rows) -> Rows:
        return [[*r[:-1], "1.23"] for r in rows] if table == "carryover" else rows

    with Server(model(name, lie)) as server:
        config = tmp_path / "extractor.toml"
        config.write_text(f'[model]\nmodel = "scripted"\nmode = "tools"\nbase_url = "{server.url}"\ncache_dir = "c"\n')
        args = ["run", str(path), "--out", out, "--second-opinion", "--config", str(config)]
        CliRunner().invoke(app, args, env=environ)
        assert server.calls >= 9
    assert opinions(load(tmp_path / "out" / "budget"))


def test_one_reader_alone_has_no_second_opinion() -> None:
    """The deterministic engine asks no model, so there is nothing to compare with."""
    with pytest.raises(ConfigError, match="two readers"):
        Extractor(engine="deterministic", second_opinion=True)
