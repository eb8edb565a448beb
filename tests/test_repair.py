"""Repairs and who erred: what is proposed where identities are violated, and that nothing is ever corrected."""

import csv
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from extractor import Document, Extractor, Result, situation
from extractor.audit import collect, differences, write
from extractor.evaluation.corrupt import damage
from extractor.explain import explain
from extractor.export import load, save
from extractor.facts import facts
from extractor.recheck import recheck
from extractor.records import Cell, CellRef, Finding, Repair
from extractor.repair import apply
from extractor.report.document import page

from .cli import extractor as command
from .conftest import SAMPLES, sample

URUMQI, KARAMAY = "urumqi_fao_2024_budget", "karamay_fao_2024_final"
Place = tuple[str, str, str]
CELL: Place = ("revenue", "2010301", "总计")


@pytest.fixture(scope="module")
def right(extractor: Extractor) -> Result:
    """A sample as it should be read."""
    return extractor.extract(sample(URUMQI))


def cell(result: Result, place: Place) -> Cell:
    """Return a number cell."""
    table = result.table(place[0])
    assert table
    found = next(row for row in table.rows if row.key == place[1]).cell(place[2])
    assert found
    return found


def misread(right: Result, edits: Mapping[Place, str]) -> Document:
    """Return the sample with other text where these cells stand."""
    text = sample(URUMQI).text
    spans = {cell(right, place).spans[0]: new for place, new in edits.items()}
    for span in sorted(spans, key=lambda s: -s.start):
        text = text[: span.start] + spans[span] + text[span.end :]
    return Document.from_text(text, name=URUMQI)


def edited(right: Result, place: Place, cells: Mapping[str, str | None]) -> Result:
    """Return a result in which a row has other numbers: None for nothing."""
    table = right.table(place[0])
    assert table
    at = next(n for n, row in enumerate(table.rows) if row.key == place[1])
    row, source = table.rows[at], cell(right, place)
    kept = [c for c in row.cells if c.kind == "text" or c.column not in cells]
    made = [source.model_copy(update={"column": c, "text": t, "value": Decimal(t)}) for c, t in cells.items() if t]
    rows = (*table.rows[:at], row.model_copy(update={"cells": (*kept, *made)}), *table.rows[at + 1 :])
    tables = tuple(table.model_copy(update={"rows": rows}) if t is table else t for t in right.tables)
    return recheck(right.model_copy(update={"tables": tables}))


def only(result: Result) -> Repair:
    """Return the one repair of a result."""
    (proposal,) = result.repairs
    (repair,) = proposal.repairs
    assert proposal.complete
    return repair


def values(repair: Repair) -> dict[tuple[str, str], Decimal | None]:
    """Return what a repair would put where."""
    return {(e.cell.row, e.cell.column): e.value for e in repair.edits}


def contradictions(result: Result) -> list[Finding]:
    """Return what is violated beside the office's own two mistakes."""
    return [f for f in result.findings if f.kind in ("contradiction", "rounding") and f.code != "P3"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("336.92", "digit"),
        ("35692", "point"),
        ("35.92", "lost"),
        ("3556.92", "extra"),
        ("3569200", "unit"),
        ("3S6.92", "missing"),
    ],
)
def test_a_misread_number_is_proposed(extractor: Extractor, right: Result, text: str, kind: str) -> None:
    """The number that was printed, what happened to it, and which identities say so; the office isn't accused."""
    result = extractor.extract(misread(right, {CELL: text}))
    repair = only(result)
    assert values(repair) == {("2010301", "总计"): Decimal("356.92")}
    assert repair.edits[0].kind == kind
    assert sorted(repair.restores) == ["B11", "B9", "X4"]
    (finding,) = [f for f in result.findings if f.kind == "repair"]
    assert finding.expected == Decimal("356.92")
    assert "356.92" in finding.message
    assert {f.cause for f in contradictions(result)} == {"misread"}
    assert all(result.repairs[f.proposal or 0].repairs == (repair,) for f in contradictions(result))
    assert any(f.cause == "source" for f in result.findings)  # the office's own mistake stays one


@pytest.mark.parametrize("there", ["总计", "单位资金"])
def test_what_a_second_reader_reads_is_proposed(right: Result, there: str) -> None:
    """A number, or a place, that looks like no misreading is proposed all the same where another reader has it so."""
    place = CellRef(table="revenue", part=0, row="2010301", column="总计", line=128)
    other = place.model_copy(update={"column": there})
    wrong = {"总计": "7.77"} if there == "总计" else {"总计": None, "单位资金": None, there: "356.92"}
    result = edited(right, CELL, wrong)
    kept, read = (place, other) if there == "总计" else (other, place)
    said = Finding(
        code="second-opinion", kind="ambiguous", message="", cells=(kept, read), found=Decimal(wrong[there] or 0),
        expected=Decimal("356.92"),
    )  # fmt: skip
    repair = only(recheck(result.model_copy(update={"findings": (*result.findings, said)})))
    assert values(repair)["2010301", "总计"] == Decimal("356.92")
    assert {e.words for e in repair.edits} == {"as a second reader reads it"}
    assert not result.repairs or "as a second reader reads it" not in str(result.repairs)


def test_nothing_is_corrected(extractor: Extractor, right: Result, tmp_path: Path) -> None:
    """Printed numbers and states stay; what a repair would put there stands beside them only where asked for."""
    document = misread(right, {CELL: "336.92"})
    plain = extractor.extract(document)
    assert "repaired" not in {key for fact in facts(plain) for key in fact}
    result = Extractor(apply_repairs=True).extract(document)
    wrong = cell(result, CELL)
    assert (wrong.text, wrong.value, wrong.state) == ("336.92", Decimal("336.92"), "contradicted")
    assert wrong.repaired == Decimal("356.92")
    assert result.states() == plain.states()
    assert [c.repaired for t in result.tables for _, c in t.numbers() if c.repaired] == [Decimal("356.92")]
    (fact,) = [f for f in facts(result) if "repaired" in f]
    assert (fact["value"], fact["repaired"]) == ("336.92", "356.92")

    save(result, tmp_path, ("json", "csv", "xlsx"))
    assert load(tmp_path) == result
    line = next(r for r in csv.reader(io.StringIO((tmp_path / "revenue.csv").read_text("utf-8-sig"))) if "2010301" in r)
    assert "336.92" in line
    assert line[-1] == "总计: 356.92"
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    assert "misread" in {row[9].value for row in book["Findings"].iter_rows()}
    comments = [c.comment.text for s in book for row in s.iter_rows() for c in row if c.comment]
    assert sum("repaired: 356.92, which proves nothing" in text for text in comments) == 1
    assert page(result, document).count(">→ 356.92</ins>") == 1


def test_two_misread_numbers_in_one_table_are_both_found(extractor: Extractor, right: Result) -> None:
    """Also where they stand in one column, whose sum then says nothing of either."""
    edits = {CELL: "336.92", ("revenue", "2010302", "总计"): "54.86"}
    was = {place: cell(right, place).value for place in edits}
    result = extractor.extract(misread(right, edits))
    found = {key: value for p in result.repairs for key, value in values(p.repairs[0]).items()}
    assert found == {place[1:]: value for place, value in was.items()}


def test_a_number_in_a_wrong_column_is_moved_back(right: Result) -> None:
    """A repair may concern two cells; it is proposed, and has no place to be written into."""
    result = edited(right, CELL, {"总计": None, "财政专户": "356.92"})
    repair = only(result)
    assert {e.kind for e in repair.edits} == {"column"}
    assert values(repair) == {("2010301", "财政专户"): None, ("2010301", "总计"): Decimal("356.92")}
    assert not any(c.repaired for t in apply(result).tables for _, c in t.numbers())


def test_numbers_that_speak_for_several_readings_are_all_listed(extractor: Extractor, right: Result) -> None:
    """A sum that nothing else covers: every likely reading is a tie, nobody is accused, nothing is written."""
    place = ("n_assets", "车辆", "价值")
    result = Extractor(apply_repairs=True).extract(misread(right, {place: "227.80"}))
    (proposal,) = result.repairs
    assert len(proposal.repairs) > 1
    assert cell(right, place).value in [value for r in proposal.repairs for value in values(r).values()]
    assert [f.cause for f in contradictions(result)] == ["undecided"]
    assert not any(c.repaired for t in result.tables for _, c in t.numbers())


def test_the_offices_own_mistakes_and_rounding_are_told_apart(extractor: Extractor, right: Result) -> None:
    """In the samples: two mistakes of an office, three roundings that are known, and no misreading."""
    assert [(f.line, f.cause) for f in right.findings if f.cause] == [(523, "source"), (525, "source")]
    assert not right.repairs
    found = {(f.code, f.line): f.cause for f in differences(right)}
    assert found["S1", 366] == "rounding"
    final = {(f.code, f.line): f.cause for f in differences(extractor.extract(sample(KARAMAY)))}
    assert (final["N5", 103], final["N17", 189]) == ("rounding", "rounding")
    assert set(final.values()) == {"rounding"}


def test_a_missing_row_is_no_mistake_of_the_office(right: Result) -> None:
    """Where a row isn't read, sums of several columns fail at once: who erred stays open."""
    table = right.table("expenditure")
    assert table
    at = next(n for n, row in enumerate(table.rows) if row.key == "2010302")
    rows = [
        r.model_copy(update={"parent": r.parent - 1 if r.parent is not None and r.parent > at else r.parent})
        for n, r in enumerate(table.rows)
        if n != at
    ]
    tables = tuple(t.model_copy(update={"rows": tuple(rows)}) if t is table else t for t in right.tables)
    again = recheck(right.model_copy(update={"tables": tables}))
    assert contradictions(again)
    assert "source" not in {f.cause for f in contradictions(again)}


def test_a_badly_damaged_document_ends_and_says_that_it_did_not_look_at_all(
    extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is counted work, not time: the same bytes every time, and what wasn't decided is called so."""
    text = damage(sample(URUMQI).text, "OCR digits", 0.01, 1)
    monkeypatch.setattr(situation, "_LIMIT", 500)
    result = extractor.extract(Document.from_text(text, name="x"))
    assert recheck(result).model_dump_json() == recheck(result).model_dump_json()
    assert len(contradictions(result)) > 10
    assert all(f.cause and f.evidence for f in contradictions(result))
    assert "undecided" in {f.cause for f in contradictions(result)}


def test_check_writes_repairs_on_request(right: Result, tmp_path: Path) -> None:
    """A saved result gets its repairs, in every form that stands there; without the option nothing is written."""
    wrong = edited(right, CELL, {"总计": "336.92"}).model_copy(update={"path": None, "repairs": (), "findings": ()})
    save(wrong, tmp_path / "r", ("json", "facts"))
    before = (tmp_path / "r" / "result.json").read_bytes()
    said = command("check", tmp_path / "r")
    assert said.returncode == 1
    assert "misread: " in said.stderr
    assert (tmp_path / "r" / "result.json").read_bytes() == before
    command("check", tmp_path / "r", "--apply-repairs")
    assert cell(load(tmp_path / "r"), CELL).repaired == Decimal("356.92")
    assert '"repaired": "356.92"' in (tmp_path / "r" / "facts.jsonl").read_text(encoding="utf-8")
    assert sorted(f.name for f in (tmp_path / "r").iterdir()) == ["facts.jsonl", "result.json"]
    (one,) = explain(load(tmp_path / "r"), *CELL)
    assert one.repaired == Decimal("356.92")
    assert all(f.cause == "misread" for f in one.findings if f.kind == "contradiction")


def test_results_without_causes_still_load(right: Result, tmp_path: Path) -> None:
    """A result of an older version has neither causes nor repairs."""
    old = json.loads(right.model_dump_json())
    del old["repairs"]
    for finding in old["findings"]:
        for name in ("cause", "evidence", "proposal"):
            del finding[name]
    (tmp_path / "result.json").write_text(json.dumps(old), encoding="utf-8")
    assert [f.cause for f in load(tmp_path).findings] == [None, None]
    assert [f.cause for f in differences(load(tmp_path)) if f.cause == "source"] == ["source", "source"]


def test_the_offices_mistakes_are_a_list_to_send(tmp_path: Path) -> None:
    """From the command: document, line, both numbers, where they stand, and the evidence."""
    command("run", SAMPLES / f"{URUMQI}.txt", "--out", tmp_path / "out", "-f", "json")
    said = command("findings", tmp_path / "out", "--cause", "source")
    assert said.returncode == 0
    assert said.stdout.startswith("## urumqi\\_fao\\_2024\\_budget\n")
    assert said.stdout.count("**source**") == 2
    assert "line 523" in said.stdout
    assert "465.24" in said.stdout
    command("findings", tmp_path / "out", "--to", "xlsx", "--out", tmp_path / "list.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx")["Findings"]
    rows = list(sheet.iter_rows(values_only=True))
    assert [row[5] for row in rows[1:]] == ["rounding", "source", "source"]
    assert command("findings", tmp_path / "out", "--to", "xlsx").returncode == 2
    listed = json.loads(command("findings", tmp_path / "out", "--cause", "misread", "--json").stdout)
    assert listed == []


def test_text_of_a_document_is_neither_formula_nor_markup_in_the_list(right: Result, tmp_path: Path) -> None:
    """A name that a spreadsheet would run, and one that Markdown would draw, stay text."""
    named = right.model_copy(update={"document": "=cmd|'x'!A1 <script>[a](b)"})
    save(named, tmp_path, ("json",))
    entries, errors = collect(tmp_path, ("source",))
    assert not errors
    listed = list(csv.reader(io.StringIO(write(entries, "csv").decode("utf-8-sig"))))
    assert listed[1][0].startswith("'=")
    assert "<script>" not in write(entries, "md").decode().replace("\\<script\\>", "")
