"""Random consistent budgets in every form and with the noise of real files: nothing wrong, nothing lost."""

import pytest

from extractor import Document, Extractor
from extractor.evaluation.render import FORMS, Form, Noise, render
from extractor.evaluation.score import BUDGET_TABLES, score
from extractor.evaluation.synthetic import generate
from extractor.facts import facts
from extractor.normalize import squeeze

NOISES = {
    "clean": Noise(),
    "pages": Noise(blank_lines=True, page_breaks=6, repeat_headers=True, contents_list=True, displaced_headers=True),
    "scan": Noise(
        blank_lines=True, wrap_names=True, split_numbers=0.2, page_breaks=7, repeat_headers=True, fragment_headers=True,
        full_width=True, letter_spaced=True, contents_list=True, shuffle_rows=True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("noise", NOISES)
def test_every_number_of_a_random_budget_is_right_or_open(extractor: Extractor, form: Form, noise: str) -> None:
    """Each number is read right, or is ambiguous with the true column among the options; no false contradiction."""
    for seed in (1, 4, 7):
        text, gold = render(generate(seed), form, NOISES[noise], seed)
        result = extractor.extract(Document.from_text(text))
        predicted = facts(result)
        open_columns = {
            (f["table"], squeeze(f["row"]), f["value"]): f["column_options"] for f in predicted if "column_options" in f
        }
        accepted = []
        for fact in gold:
            options = open_columns.get((fact["table"], squeeze(fact["row"]), fact["value"]), [])
            accepted.append({**fact, "column_options": options} if fact["column"] in options else fact)
        scored = score(accepted, predicted, tables=BUDGET_TABLES)
        assert scored.number.f1 == 1, (seed, scored.missing[:2], scored.wrong[:2])
        assert scored.silent_errors == 0
        assert not [f for f in result.findings if f.kind in ("contradiction", "rounding")]


@pytest.mark.parametrize("seed", [123, 124, 127])
def test_a_year_broken_off_its_name_is_no_page_number(extractor: Extractor, seed: int) -> None:
    """``2023`` / ``年自治区补`` / ``助资金`` is one project's name."""
    text, gold = render(generate(seed), "cells", Noise(wrap_names=True, split_numbers=0.25), seed)
    scored = score(list(gold), facts(extractor.extract(Document.from_text(text))), tables=BUDGET_TABLES)
    assert scored.silent_errors == 0


def test_an_empty_name_cell_doesn_t_make_the_project_the_name(extractor: Extractor) -> None:
    """In a grid the project stays in its own cell, with or without a functional name beside it."""
    from .conftest import sample

    text = sample("urumqi_fao_2024_budget").text
    damaged = text.replace("201\t03\t02\t一般行政管理事务\t外事业务费", "201\t03\t02\t\t外事业务费", 1)
    assert damaged != text
    table = extractor.extract(Document.from_text(damaged)).table("project_expenditure")
    assert table is not None
    assert "乌鲁木齐市人民政府外事办公室/2010302/外事业务费" in {row.key for row in table.rows}
