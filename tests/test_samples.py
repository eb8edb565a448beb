"""The two sample budgets against their gold facts."""

import tomllib

import pytest

from extractor import Extractor
from extractor.evaluation.score import BUDGET_TABLES, score
from extractor.facts import facts
from extractor.normalize import plain, squeeze

from .conftest import BUDGETS, ROOT, gold, sample


@pytest.mark.parametrize("name", BUDGETS)
def test_every_number_of_the_eleven_tables_is_right(extractor: Extractor, name: str) -> None:
    """F1 is 1 on numbers and on names, no silent error, and every line is the printed one."""
    result = score(gold(name), facts(extractor.extract(sample(name))), tables=BUDGET_TABLES)
    assert result.number.f1 == 1
    assert result.text.f1 == 1
    assert result.silent_errors == 0
    assert result.line_accuracy == 1


@pytest.mark.parametrize("name", BUDGETS)
def test_every_number_cell_is_proven_or_ambiguous(extractor: Extractor, name: str) -> None:
    """Where gold allows several columns the cell is ambiguous with just these, else it is proven."""
    wanted = {
        (g["table"], squeeze(g["row"]), g["value"], frozenset(g["column_options"]))
        for g in gold(name)
        if "column_options" in g
    }
    result = extractor.extract(sample(name))
    found = set()
    for table in (t for t in result.tables if t.id in BUDGET_TABLES):
        for row, cell in table.numbers():
            assert cell.state in ("proven", "ambiguous")
            if cell.state == "ambiguous":
                found.add((table.id, squeeze(row.key), str(cell.value), frozenset(cell.options)))
    assert found == wanted


@pytest.mark.parametrize("name", BUDGETS)
def test_no_identity_is_reported_as_violated(extractor: Extractor, name: str) -> None:
    """Every contradiction is one of the office's own, each looked up in the text; any other would be false."""
    result = extractor.extract(sample(name))
    known = tomllib.loads((ROOT / "eval" / "known_findings.toml").read_text(encoding="utf-8"))["known"]
    own = {(k["code"], k["line"]) for k in known if k["sample"] == name and k["kind"] == "office"}
    found = [f for f in result.findings if f.kind in ("contradiction", "rounding", "structure", "input")]
    assert {(f.code, f.line) for f in found} == own


@pytest.mark.parametrize("name", BUDGETS)
def test_spans_point_at_what_is_printed(extractor: Extractor, name: str) -> None:
    """The original text at a cell's spans is the cell's text, but for white space and full-width forms."""
    document = sample(name)
    for table in extractor.extract(document).tables:
        if table.id == "document":
            continue  # 2024-02-22 is printed 2024年2月22日
        for row in table.rows:
            for cell in row.cells:
                printed = "".join(plain(document.text[s.start : s.end]) for s in cell.spans)
                assert squeeze(printed) == squeeze(cell.text)
                assert cell.spans[0].line == document.line_of(cell.spans[0].start)


def test_every_identity_of_the_catalogue_is_at_work(extractor: Extractor) -> None:
    """Each of B1-B27 and X1-X12 holds somewhere in the two samples or waits for input that neither prints."""
    held: set[str] = set()
    known: set[str] = set()
    for name in BUDGETS:
        for identity, count in extractor.extract(sample(name)).checks.items():
            known.add(identity)
            if count.held:
                held.add(identity)
    catalogue = {f"B{n}" for n in range(1, 28)} | {f"X{n}" for n in range(1, 13)} | {"X7b", "X11e"}
    assert catalogue <= known
    assert catalogue <= held


def test_what_is_not_read_is_listed(extractor: Extractor) -> None:
    """Prose and tables without a spec are named with their lines and how many numbers they hold."""
    result = extractor.extract(sample("urumqi_fao_2024_budget"))
    titles = {u.title: u for u in result.unread}
    assert titles["项目支出绩效目标表"].lines == (531, 546)
    assert titles["项目支出绩效目标表"].numbers == 1
    assert not any("收入预算情况说明" in title for title in titles)
    assert not any(f.code == "table-not-read" for f in result.findings)


@pytest.mark.parametrize("name", [*BUDGETS, "karamay_fao_2024_final"])
def test_every_fact_of_the_samples_is_read(extractor: Extractor, name: str) -> None:
    """Tables, prose and performance forms of all three files: every number and every text, none wrong."""
    result = score(gold(name), facts(extractor.extract(sample(name))))
    assert result.number.f1 == 1, result.missing[:3]
    assert result.text.f1 == 1, result.missing[:3]
    assert result.silent_errors == 0
