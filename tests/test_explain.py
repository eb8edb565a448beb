"""``extractor explain``: where a number stands, what covers it, and help where there is no such cell."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from extractor import Document, Extractor, Result, ResultError
from extractor.explain import explain
from extractor.export import save
from extractor.records import Attempt

from .cli import extractor as command
from .conftest import SAMPLES, sample

KIZILSU = "kizilsu_fao_2024_budget"


@pytest.fixture(scope="module")
def result(extractor: Extractor) -> Result:
    """A sample's result."""
    return extractor.extract(sample(KIZILSU))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, result: Result) -> Path:
    """The same, saved."""
    folder = tmp_path_factory.mktemp("result")
    save(result.model_copy(update={"path": str(SAMPLES / f"{KIZILSU}.txt")}), folder, ("json",))
    return folder


def test_a_proven_number_names_its_identities_with_the_numbers(result: Result) -> None:
    """Along the row, down the tree and across tables: each with both sums, its cells and the outcome."""
    (one,) = explain(result, "revenue", "2010301", "总计")
    assert (one.printed, one.value, one.state, one.name) == ("305.44", Decimal("305.44"), "proven", "行政运行")
    by_id = {i.id: i for i in one.identities}
    assert {"B9", "B11", "X4"} <= by_id.keys()
    assert {i.id for i in one.identities if i.confirms} == set(
        next(c for r in result.table("revenue").rows if r.key == "2010301" for c in r.cells if c.column == "总计").proof  # type: ignore[union-attr]
    )
    across = by_id["B9"]
    assert (across.left_sum, across.right_sum, across.verdict) == (Decimal("305.44"), Decimal("305.44"), "held")
    assert [(o.column, o.value) for o in across.right if o.value is not None] == [
        ("财政拨款小计", Decimal("275.77")),
        ("单位资金", Decimal("29.67")),
    ]
    assert [o.this for o in across.left] == [True]
    assert {(o.table, o.line) for o in by_id["X4"].right} == {("expenditure", 387)}


def test_the_source_is_shown_with_the_value_marked(result: Result) -> None:
    """Five lines around it, and the marks point at what is printed."""
    document = sample(KIZILSU)
    (one,) = explain(result, "revenue", "行政运行", "总计", source=document)
    assert [line.number for line in one.source] == [230, 231, 232, 233, 234]
    (line,) = [line for line in one.source if line.marks]
    ((begin, end),) = line.marks
    assert line.text[begin:end] == "305.44"


def test_an_ambiguous_number_names_its_columns_and_finding(result: Result) -> None:
    """Other columns that it fits are named, nothing is said to confirm its column, and the finding stands there."""
    (one,) = explain(result, "project_expenditure", "201", "商品和服务支出")
    assert one.state == "ambiguous"
    assert "资本性支出" in one.options
    assert not any(i.confirms for i in one.identities)
    assert [f.code for f in one.findings] == ["ambiguous-columns"]


def test_a_violated_identity_is_shown_as_such(extractor: Extractor) -> None:
    """A wrong total: the difference and the finding are there."""
    text = (SAMPLES / f"{KIZILSU}.txt").read_text(encoding="utf-8")
    broken = extractor.extract(
        Document.from_text(
            text.replace("201 03 01 行政运行 305.44 275.77 275.77", "201 03 01 行政运行 305.41 275.77 275.77")
        )
    )
    (one,) = explain(broken, "revenue", "2010301", "总计")
    violated = {i.id: i for i in one.identities if i.verdict == "violated"}
    assert one.state == "contradicted"
    assert {"B9", "X4"} <= violated.keys()
    assert violated["B9"].left_sum == Decimal("305.41")
    assert {"B9", "X4"} <= {f.code for f in one.findings}


def test_an_empty_cell_is_explained_too(result: Result) -> None:
    """Nothing is printed there, and it takes part in sums as 0."""
    (one,) = explain(result, "revenue", "2010301", "财政专户")
    assert (one.kind, one.value, one.state) == ("empty", None, None)
    assert "B9" in {i.id for i in one.identities}


def test_questions_to_a_model_about_the_line_are_shown(result: Result) -> None:
    """Of each attempt at these lines the rows of this code or name are kept, those of other tables are not."""
    asked = {
        "part": 0,
        "number": 0,
        "step": "transcribe",
        "model": "m",
        "outcome": "ok",
        "taken": False,
        "why": "worse",
    }
    rows = (("L232", "2010301", "行政运行", "305.41"), ("L237", "2010350", "事业运行", "40.70"))
    attempts = (
        Attempt(table="revenue", lines=(107, 369), rows=rows, **asked),  # type: ignore[arg-type]
        Attempt(table="expenditure", lines=(372, 409), rows=rows, **asked),  # type: ignore[arg-type]
    )
    (one,) = explain(result.model_copy(update={"attempts": attempts}), "revenue", "2010301", "总计")
    assert [(a.table, a.rows) for a in one.attempts] == [("revenue", rows[:1])]


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (("revenues", "201", "总计"), "no table 'revenues'. Do you mean revenue"),
        (("revenue", "20103001", "总计"), "2010301"),
        (("revenue", "行政营运", "总计"), "行政运行"),
        (("revenue", "201", "财政专户资金"), "财政专户"),
        (("revenue", "line:999999", "总计"), "no row"),
        (("government_fund", "总计", "合计"), "There is none at all"),
    ],
)
def test_a_cell_that_is_not_there_has_near_matches(result: Result, key: tuple[str, str, str], says: str) -> None:
    """The message says what is missing and what is most like it."""
    with pytest.raises(ResultError, match=r"no (table|row|column)") as caught:
        explain(result, *key)
    assert says in str(caught.value)


@pytest.mark.parametrize(("row", "column"), [("line:232", "总计"), ("行政运行", "总计"), ("２０１０３０１", "总　计")])
def test_a_row_goes_by_its_line_or_its_name(result: Result, row: str, column: str) -> None:
    """What a person reads off the page is enough."""
    assert [one.row for one in explain(result, "单位收入总体情况表", row, column)] == ["2010301"]


@pytest.mark.parametrize("title", ["单位支出总体情况表", "支出总体情况表", "支出总体"])
def test_a_table_goes_by_its_titles(result: Result, title: str) -> None:
    """As printed, as specs have it, and by a part that no other table has; a part that several have names them."""
    assert [one.table for one in explain(result, title, "总计", "合计")] == ["expenditure"]
    with pytest.raises(ResultError, match=r"no table '总体情况'.*expenditure \(单位支出总体情况表\)"):
        explain(result, "总体情况", "总计", "合计")


def test_every_identity_is_listed_once(extractor: Extractor) -> None:
    """The growth of final accounts' total, which two rules were about."""
    final = extractor.extract(sample("karamay_fao_2024_final"))
    (one,) = explain(final, "n_general_scale", "总计", "增减率")
    rules = [(i.id, i.rule) for i in one.identities]
    assert "G1" in dict(rules)
    assert len(rules) == len(set(rules))


def test_the_command_prints_for_people_and_for_programs(saved: Path) -> None:
    """In words with the source's lines, and as JSON with amounts as strings."""
    done = command("explain", saved, "revenue", "2010301", "总计")
    assert done.returncode == 0
    for said in ("305.44", "232 │", "B9 held, confirms it", "X4", "proven", "← this"):
        assert said in done.stdout
    (one,) = json.loads(command("explain", saved, "revenue", "2010301", "总计", "--json").stdout)
    assert one["value"] == "305.44"
    assert {i["id"] for i in one["identities"]} >= {"B9", "B11", "X4"}
    missing = command("explain", saved, "revenue", "20103001", "总计")
    assert (missing.returncode, missing.stdout) == (3, "")
    assert "Do you mean" in missing.stderr


def test_another_source_is_refused(saved: Path) -> None:
    """Lines of another file would be no explanation."""
    done = command("explain", saved, "revenue", "201", "总计", "--source", SAMPLES / "urumqi_fao_2024_budget.txt")
    assert done.returncode == 3
    assert "Give the file it was read from" in done.stderr


def test_terminal_codes_and_markup_of_a_document_are_shown_as_text(tmp_path: Path, result: Result) -> None:
    """Nothing of the document reaches the terminal as a command."""
    table = next(t for t in result.tables if t.id == "revenue")
    tables = (table.model_copy(update={"title": "[red]x[/red]\x1b[2J", "why": "\x1b]0;x\x07"}),)
    save(result.model_copy(update={"tables": tables, "path": None}), tmp_path, ("json",))
    done = command("explain", tmp_path, table.id, "201", "总计")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "[red]x[/red]" in done.stdout
