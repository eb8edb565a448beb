"""The same document in four kinds of text gives the same facts; what a text can't settle is open, never wrong."""

from typing import Any

import pytest

from extractor import Document, Extractor, Result
from extractor.evaluation.render import FORMS, Form, Noise
from extractor.evaluation.retell import retell
from extractor.evaluation.score import BUDGET_TABLES, score
from extractor.facts import facts
from extractor.normalize import squeeze

from .conftest import BUDGETS, gold, sample

NOISES = {
    "clean": Noise(),
    "broken": Noise(keep_blank_cells=True, wrap_names=True, split_numbers=1.0),
    "scan": Noise(
        blank_lines=True, wrap_names=True, split_numbers=0.2, page_breaks=7, repeat_headers=True, fragment_headers=True,
        full_width=True, letter_spaced=True, shuffle_rows=True,
    ),
}  # fmt: skip


def _told(extractor: Extractor, name: str, form: Form, noise: Noise) -> Result:
    return extractor.extract(Document.from_text(retell(gold(name), sample(name).text, form, noise)))


def _open(predicted: list[dict[str, Any]], known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the gold facts, with the columns that the text leaves open where the right one is among them."""
    options = {
        (f["table"], squeeze(f["row"]), f["value"]): f["column_options"] for f in predicted if "column_options" in f
    }
    return [
        {**f, "column_options": found}
        if f["column"] in (found := options.get((f["table"], squeeze(f["row"]), f["value"]), []))
        else f
        for f in known
    ]


@pytest.mark.parametrize("name", BUDGETS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("noise", NOISES)
def test_the_same_document_in_another_form_gives_the_same_facts(
    extractor: Extractor, name: str, form: Form, noise: str
) -> None:
    """Every number and every text of gold, nothing else, and no finding that the sample doesn't have."""
    result = _told(extractor, name, form, NOISES[noise])
    known = gold(name)
    predicted = [f for f in facts(result) if f["table"] in {g["table"] for g in known}]
    scored = score(_open(predicted, known), predicted)
    assert scored.number.f1 == 1, (scored.missing[:3], scored.wrong[:3])
    assert scored.text.f1 == 1, (scored.missing[:3], scored.wrong[:3])
    assert scored.silent_errors == 0
    own = {f.code for f in extractor.extract(sample(name)).findings}
    assert {f.code for f in result.findings} - {"ambiguous-columns"} <= own


@pytest.mark.parametrize("name", BUDGETS)
def test_grids_leave_nothing_open(extractor: Extractor, name: str) -> None:
    """With tabs or pipes the place of every cell is printed: no number of the eleven tables is ambiguous."""
    for form in ("tsv", "pipes"):
        result = _told(extractor, name, form, Noise())
        assert not [c for t in result.tables if t.id in BUDGET_TABLES for _, c in t.numbers() if c.state == "ambiguous"]


def test_a_text_that_is_no_budget_is_refused() -> None:
    """Prose and forms are taken from the source, so it has to be a budget."""
    with pytest.raises(ValueError, match="no budget"):
        retell(gold(BUDGETS[0]), sample("karamay_fao_2024_final").text, "tsv")


_BROKEN = """表 1

部门收支总体情况表
编制部门：某某市人民政府外事办公室 单位：万元

收入 支出
项目 预算数 支出功能分类 预算数
一、本年收入 459.9
0
201 一般公共服务支出 411.2
8
1. 一般公共预算拨款 459.9
0
208 社会保障和就业支出 48.6
2
收入总计 459.9
0
支出总计 459.9
0
"""


@pytest.mark.parametrize("page", ["", "7\n"])
def test_numbers_that_all_lost_their_last_digit_to_the_next_line_get_it_back(extractor: Extractor, page: str) -> None:
    """The sums of what is left would hold as well: 411.2 + 48.6 is nearly 459.9, and every cell looks proven."""
    text = _BROKEN.replace("1. 一般", page + "1. 一般")
    result = extractor.extract(Document.from_text(text))
    values = {f["row"]: f["value"] for f in facts(result) if f["kind"] == "number"}
    broken_off = {"201": "411.28", "208": "48.62", "本年收入": "459.90", "支出总计": "459.90"}
    assert {k: values.get(k) for k in broken_off} == broken_off


def test_numbers_of_one_decimal_keep_it(extractor: Extractor) -> None:
    """Where lines of a single digit don't follow every number, they are no lost digits."""
    text = _BROKEN.replace("\n0\n", "\n").replace("\n8\n", "\n").replace("\n2\n", "\n9\n")
    result = extractor.extract(Document.from_text(text))
    values = {f["row"]: f["value"] for f in facts(result) if f["kind"] == "number"}
    assert values["本年收入"] == "459.9"
    assert values["201"] == "411.2"


def test_a_note_broken_within_its_last_word_is_a_note(extractor: Extractor) -> None:
    """空 and 表 on two lines still say that the table is empty."""
    text = (
        "表 9\n国有资本经营预算支出情况表\n编制部门：某某办公室 单位：万元\n合计 基本支出 项目支出\n"
        "某某办公室 2024 年没有使用国有\n资本经营预算安排的支出，国有资本经营预算支出情况表为空\n表。\n"
    )
    table = extractor.extract(Document.from_text(text)).table("state_capital")
    assert table is not None
    assert table.empty_note is not None
