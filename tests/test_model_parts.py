"""Long tables are asked for in parts, and what an answer leaves out is asked for again; real client, real server."""

import asyncio
import re
from itertools import pairwise
from pathlib import Path

import pytest

from extractor import Document, Extractor, Result
from extractor.config import ModelConfig
from extractor.evaluation.score import BUDGET_TABLES, score
from extractor.evaluation.scripted import rows_read
from extractor.export import load, save
from extractor.facts import facts
from extractor.specs import catalogue

from .conftest import BUDGETS, OTHER_OFFICES, sample
from .scripted import Rows, accepted, answer, model, read, rows_of, run, shown, table_of, tables_asked
from .server import Answer, Received, Server, refuse, say

OFFICES = [p.name for p in sorted(OTHER_OFFICES.glob("*.txt")) if "cppcc" not in p.name]  # that one has tables twice


def own(received: Received) -> tuple[int, int] | None:
    """Return the lines that a part asks for, or None where the whole table is asked for."""
    match = re.search(r"stands in lines (\d+) to (\d+)", received.prompt)
    return (int(match.group(1)), int(match.group(2))) if match else None


def source(received: Received) -> str:
    """Return the source text of a prompt."""
    return received.prompt.split("<<<")[1]


@pytest.mark.parametrize("name", BUDGETS)
def test_a_long_table_is_asked_for_in_parts(name: str, tmp_path: Path) -> None:
    """Each part carries title, unit and header, line numbers stay, and all numbers come out right."""
    result, server = run(name, lambda r: model(name)(r).after(0.03), tmp_path, chunk_tokens=150)
    scored = score(accepted(name, result), facts(result), tables=BUDGET_TABLES)
    assert scored.number.f1 == 1, (scored.missing[:3], scored.wrong[:3])
    assert scored.silent_errors == 0
    parts = [r for r in server.received if table_of(r) == "expenditure"]
    assert len(parts) >= 3
    assert all("支出总体情况表" in source(r) and "万元" in source(r) and "项目支出" in source(r) for r in parts)
    assert server.most_open > 1
    lines = sorted(own(r) or (0, 0) for r in parts)
    assert all(one[1] < two[0] for one, two in pairwise(lines))
    table = result.table("expenditure")
    assert table is not None
    assert [row.line for row in table.rows] == sorted(row.line for row in table.rows)
    whole, _ = run(name, model(name), tmp_path)
    assert [t.rows for t in whole.tables] == [t.rows for t in result.tables]


def test_a_model_sees_no_more_than_its_part(tmp_path: Path) -> None:
    """A model that reads only what it is shown gives the same rows: nothing at a border is lost or doubled."""
    name = BUDGETS[1]

    def behave(received: Received) -> Answer:
        lines, rows = shown(received), rows_of(name, table_of(received))
        return answer([row for row in rows if int(row[0]) in lines])

    result, _ = run(name, behave, tmp_path, chunk_tokens=100)
    scored = score(accepted(name, result), facts(result), tables=BUDGET_TABLES)
    assert scored.number.f1 == 1, (scored.missing[:3], scored.wrong[:3])
    assert not [f for f in result.findings if f.kind in ("structure", "ungrounded")]


def test_an_answer_that_is_cut_off_is_asked_for_in_halves(tmp_path: Path) -> None:
    """A model that can't write more than five rows: the halves are asked for until each fits."""
    name = BUDGETS[0]

    def behave(received: Received) -> Answer:
        lines = own(received) or (0, 10_000)
        rows = [r for r in rows_of(name, table_of(received)) if lines[0] <= int(r[0]) <= lines[1]]
        whole = answer(rows)
        return whole if len(rows) <= 5 else say(whole.text[:200], finish_reason="length")

    result, _ = run(name, behave, tmp_path)
    table = result.table("expenditure")
    assert table is not None
    assert table.reader == "model"
    assert set(table.states()) == {"proven"}
    tried = [a for a in result.attempts if a.table == "expenditure"]
    assert {a.outcome for a in tried} == {"truncated", "ok"}
    assert not any(a.taken for a in tried if a.outcome == "truncated")


def test_rows_left_out_once_are_asked_for_again(tmp_path: Path) -> None:
    """Only the half that lacks numbers is asked for; the other rows are kept."""
    name = BUDGETS[0]

    def behave(received: Received) -> Answer:
        rows = rows_of(name, table_of(received))
        return answer(rows if own(received) else rows[:-2] if table_of(received) == "expenditure" else rows)

    result, server = run(name, behave, tmp_path)
    asked = [own(r) for r in server.received if table_of(r) == "expenditure"]
    assert len(asked) == 2
    assert asked[0] is None
    assert asked[1] is not None
    assert asked[1][0] > 143
    table = result.table("expenditure")
    assert table is not None
    assert len(table.rows) == 12
    assert set(table.states()) == {"proven"}
    assert not [f for f in result.findings if f.code in ("incomplete", "numbers-not-read")]


def test_what_stays_left_out_is_never_a_success(tmp_path: Path) -> None:
    """A model that never gives the row: the table says that it is incomplete, and which numbers are in no cell."""
    name = BUDGETS[0]

    def lie(table: str, rows: Rows) -> Rows:
        return [r for r in rows if r[1] != "2069999"] if table == "expenditure" else rows

    result, server = run(name, model(name, lie), tmp_path)
    codes = {f.code for f in result.findings if f.table == "expenditure"}
    assert {"incomplete", "numbers-not-read"} <= codes
    said = next(f.message for f in result.findings if f.code == "incomplete")
    assert "4.20 (line 160)" in said
    assert len([r for r in server.received if table_of(r) == "expenditure"]) <= 7


def test_a_model_that_gives_no_rows_leaves_the_other_reading(tmp_path: Path) -> None:
    """An empty list for a table full of numbers is incomplete, and no empty table takes its place."""
    result, _ = run(BUDGETS[0], lambda _: answer([]), tmp_path)
    assert {t.reader for t in result.tables} == {"deterministic"}
    assert result.states()["proven"] >= 196
    assert "incomplete" in {f.code for f in result.findings}


def test_a_refusal_has_its_own_finding(tmp_path: Path) -> None:
    """The model's words are cut and flattened, and the finding says what to do."""
    name = BUDGETS[0]

    def behave(received: Received) -> Answer:
        if table_of(received) == "revenue":
            return refuse("No.\n[red]\x1b[31m" + "so " * 300)
        return model(name)(received)

    result, _ = run(name, behave, tmp_path)
    refused = [f for f in result.findings if f.code == "model-refused"]
    assert len(refused) == 1
    assert refused[0].table == "revenue"
    assert "\x1b" not in refused[0].message
    assert "\n" not in refused[0].message
    assert len(refused[0].message) < 400
    assert "--model" in refused[0].message
    assert [a.outcome for a in result.attempts if a.table == "revenue"] == ["refused"]
    table = result.table("revenue")
    assert table is not None
    assert table.steps[-1] == "model, transcribe: not taken: model-refused"


def test_every_attempt_is_kept_and_saved(tmp_path: Path) -> None:
    """Rows as given, what was violated, tokens, and whether taken; an old result without attempts still loads."""
    name = BUDGETS[0]
    seen: list[str] = []

    def lie(table: str, rows: Rows) -> Rows:
        seen.append(table)
        if table == "expenditure" and seen.count(table) == 1:
            rows[3][3:] = ["356.92", "", "356.92"]
        return rows

    result, _ = run(name, model(name, lie), tmp_path / "cache")
    first, second = (a for a in result.attempts if a.table == "expenditure")
    assert (first.number, first.taken, first.violated) == (0, False, ("B13",))
    assert (second.number, second.taken, second.violated) == (1, True, ())
    assert first.rows[3] == ("156", "2010301", "行政运行", "356.92", "", "356.92")
    assert first.lines == (143, 164)
    assert first.tokens_in > 1000
    assert first.tokens_out > 100
    assert (first.model, first.step, first.cached) == ("scripted", "transcribe", False)
    save(result, tmp_path / "out")
    assert load(tmp_path / "out") == result
    old = result.model_dump(mode="json")
    del old["attempts"]
    assert Result.model_validate(old).attempts == ()


def test_auto_says_who_read_a_table_and_why(tmp_path: Path) -> None:
    """A table read against its sums goes to the model; its steps name both readings."""
    name = BUDGETS[0]
    text = Path(f"eval/samples/{name}.txt").read_text(encoding="utf-8")
    line = "201\t03\t02\t一般行政管理事务\t54.36\t\t54.36"
    assert line in text
    # A row told in words: the deterministic reader finds no cells in it.
    told = "201\t03\t02\t一般行政管理事务，合计为54.36万元，其中项目支出为54.36万元"
    document = Document.from_text(text.replace(line, told, 1))
    result, server = read(document, model(name), tmp_path, engine="auto")
    table = result.table("expenditure")
    assert table is not None
    assert {table_of(r) for r in server.received} == {"", "expenditure"}  # "": about the layout
    assert table.reader == "model"
    assert re.fullmatch(r"deterministic: B\d+ violated by 54\.36.*", table.steps[0])
    assert result.attempts[0].step == "layout"
    assert not result.attempts[0].taken
    assert table.steps[1] == "model, transcribe: taken: 0 violated"
    other = result.table("revenue")
    assert other is not None
    assert other.steps == ("deterministic: 0 violated",)


# A layout that the deterministic reader doesn't know: columns that no spec lists.
FOREIGN = """
表 3
部门支出总体情况表
单位：万元
科目编码\t科目名称\t全部资金安排\t甲类资金安排\t人员和公用\t项目支出\t乙类资金安排\t丙类资金安排情况
201\t一般公共服务支出\t12.50\t\t12.50\t\t\t
20103\t政府办公厅(室)及相关机构事务\t12.50\t\t12.50\t\t\t
2010301\t行政运行\t7.25\t\t7.25\t\t\t
2010350\t事业运行\t5.25\t\t5.25\t\t\t
\t合计\t12.50\t\t12.50\t\t\t
"""


@pytest.mark.parametrize("swapped", [False, True])
def test_only_the_model_reads_a_table(swapped: bool, tmp_path: Path) -> None:  # noqa: FBT001 - pytest passes it by name
    """Names given to each other's numbers are doubted though all sums hold; the right ones are not."""
    names = [["2010301", "行政运行"], ["2010350", "事业运行"]]
    one, two = reversed(names) if swapped else names
    rows = [
        ["6", "201", "一般公共服务支出", "12.50", "12.50", ""],
        ["7", "20103", "政府办公厅(室)及相关机构事务", "12.50", "12.50", ""],
        ["8", *one, "7.25", "7.25", ""],
        ["9", *two, "5.25", "5.25", ""],
        ["10", "", "合计", "12.50", "12.50", ""],
    ]
    document = Document.from_text(FOREIGN)
    assert Extractor(engine="deterministic").extract(document).table("expenditure") is None
    result, _ = read(document, lambda _: answer(rows), tmp_path, engine="auto")
    table = result.table("expenditure")
    assert table is not None
    assert table.steps[0].startswith("deterministic: not read: ")
    doubted = {row.key: bool(row.doubt) for row in table.rows}
    assert doubted == {"201": False, "20103": False, "2010301": swapped, "2010350": swapped, "总计": False}
    # Which of two columns it is that holds all the money no sum can tell, and the model's word alone is no proof.
    assert {c.state for row in table.rows for c in row.cells if c.column == "基本支出"} == {"ambiguous"}
    assert {c.state for row in table.rows[:2] for c in row.cells if c.column == "合计"} == {"proven"}


def test_an_extractor_works_inside_a_running_loop(tmp_path: Path) -> None:
    """A notebook has an event loop of its own."""

    async def cell() -> Result:
        return run(BUDGETS[0], model(BUDGETS[0]), tmp_path)[0]

    assert asyncio.run(cell()).states()["proven"] >= 196


def test_no_repairs_means_one_question(tmp_path: Path) -> None:
    """With --max-repairs 0 what is left out is reported, not asked for again."""
    with Server(model(BUDGETS[0], lambda _, rows: rows[:-2])) as server:
        config = ModelConfig(base_url=server.url, model="scripted", mode="tools", cache_dir=tmp_path)
        result = Extractor(engine="llm", model=config, max_repairs=0).extract(sample(BUDGETS[0]))
        assert tables_asked(server) == 9
    assert "incomplete" in {f.code for f in result.findings}


def test_half_a_character_in_an_answer_is_no_crash(tmp_path: Path) -> None:
    """A lone surrogate can't be written as UTF-8; such an answer is unusable, the result can be saved."""
    result, _ = run(BUDGETS[0], lambda _: say('{"rows": [["12", "", "\\ud800", "5.00"]]}'), tmp_path / "c")
    save(result, tmp_path / "out")
    assert load(tmp_path / "out") == result


IDS = {spec.id for spec in catalogue().tables}


@pytest.mark.parametrize("name", OFFICES)
def test_other_layouts_are_asked_for_as_they_are_printed(name: str, tmp_path: Path) -> None:
    """A model that copies what arithmetic reads of another office's tables: the same cells, nothing new to report."""
    document = Document.from_path(OTHER_OFFICES / name)
    alone = Extractor(engine="deterministic").extract(document)
    tables = {
        t.id: list(rows_read(t, catalogue().layout(t.id, t.layout)).values()) for t in alone.tables if t.id in IDS
    }
    result, server = read(document, lambda r: answer(tables.get(table_of(r), [])), tmp_path)
    assert server.calls >= 4
    assert numbers(result) == numbers(alone)
    told = {t.id for t in alone.tables} | {None}  # of a table that arithmetic doesn't read the model copies nothing
    assert {f.code for f in result.findings if f.table in told} <= {f.code for f in alone.findings}


def numbers(result: Result) -> list[tuple[str, str, str, str]]:
    """Return the number facts of a result."""
    found = (f for f in facts(result) if f["kind"] == "number")
    return sorted((f["table"], f["row"], f["column"], f["value"]) for f in found)
