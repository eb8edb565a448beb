"""Rendering a budget keeps every value, at the line that its fact names."""

import re
import unicodedata
from collections import Counter
from dataclasses import replace

import pytest

from extractor.evaluation.render import FORMS, Form, Noise, render
from extractor.evaluation.score import score
from extractor.evaluation.synthetic import generate

EVERYTHING = Noise(
    blank_lines=True,
    wrap_names=True,
    split_numbers=0.5,
    page_breaks=7,
    repeat_headers=True,
    fragment_headers=True,
    displaced_headers=True,
    full_width=True,
    letter_spaced=True,
    thousands=True,
    shuffle_rows=True,
    contents_list=True,
    titles=False,
)
NOISES = {
    "clean": Noise(),
    "kept": Noise(keep_blank_cells=True, wrap_names=True, split_numbers=1.0),
    "pages": Noise(page_breaks=3, repeat_headers=True, fragment_headers=True, contents_list=True),
    "everything": EVERYTHING,
}


def test_same_seed_same_bytes() -> None:
    """Everything that is drawn follows from the seeds."""
    assert generate(5) == generate(5)
    assert generate(5) != generate(6)
    for form in FORMS:
        first = render(generate(5), form, EVERYTHING, 9)
        assert first == render(generate(5), form, EVERYTHING, 9)
        assert first[0] != render(generate(5), form, EVERYTHING, 10)[0]


def squeezed(text: str) -> str:
    """Undo every noise that only changes how characters are written."""
    return re.sub(r"[\s,|]", "", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_render_keeps_every_number_at_its_line(form: Form, noise: Noise) -> None:
    """Every number of the grid starts in the line that its fact names."""
    for seed in range(8):
        budget = generate(seed)
        text, facts = render(budget, form, noise, seed)
        lines = text.splitlines()
        assert score(budget.facts, facts).number.f1 == 1.0
        for fact in facts:
            assert fact["line"] is not None
            after = squeezed("\n".join(lines[fact["line"] - 1 : fact["line"] + 6]))
            if fact["kind"] == "number":
                assert fact["value"] in after
                assert fact["value"][:-1] in squeezed(lines[fact["line"] - 1])
            elif fact["column"] == "名称":
                assert fact["value"] in after
        wanted = Counter(cell for sheet in budget.sheets for row in sheet.rows for cell in row if "." in cell)
        for value in (value for value in wanted if re.fullmatch(r"\d+\.\d\d", value)):
            assert squeezed(text).count(value) >= wanted[value]


def test_clean_tsv_is_the_grid() -> None:
    """Without noise the tab-separated form prints the rows as they are."""
    budget = generate(2)
    lines = render(budget, "tsv", Noise(), 0)[0].splitlines()
    for sheet in budget.sheets:
        for row in (*sheet.header, *sheet.rows):
            assert "\t".join(row) in lines


def test_noises_show() -> None:
    """Each noise leaves its mark on the text."""
    budget = generate(1)
    clean = render(budget, "spaced", Noise(), 0)[0]
    switches = {name: True for name in vars(Noise()) if name not in {"split_numbers", "page_breaks", "titles"}}
    marks = [replace(Noise(), **{name: True}) for name in switches if name != "repeat_headers"]
    marks += [Noise(split_numbers=1.0), Noise(page_breaks=5), Noise(titles=False)]
    for noise in marks:
        form: Form = "cells" if noise.keep_blank_cells else "spaced"
        assert render(budget, form, noise, 0)[0] != render(budget, form, Noise(), 0)[0], noise
    assert re.search(r"^表 11$", clean, re.MULTILINE)
    assert not re.search(r"^表 11$", render(budget, "spaced", Noise(titles=False), 0)[0], re.MULTILINE)
    assert re.search(r"\d\.\d\n\d$", render(budget, "spaced", Noise(split_numbers=1.0), 0)[0], re.MULTILINE)
    pages = render(budget, "spaced", Noise(page_breaks=5, repeat_headers=True), 0)[0]
    assert re.search(r"^(- 14 -|14)$", pages, re.MULTILINE)
    assert pages.count("支出功能分类") > clean.count("支出功能分类")
    assert "收 入 总 计" in render(budget, "spaced", Noise(letter_spaced=True), 0)[0]
    listed = render(budget, "tsv", Noise(contents_list=True), 0)[0]
    assert listed.count("上年结转结余情况明细表") > clean.count("上年结转结余情况明细表")


def test_moved_rows_stay_with_their_parent() -> None:
    """A moved row never leaves its unit, and totals and unit rows never move."""
    for seed in range(20):
        budget = generate(seed)
        lines = render(budget, "tsv", Noise(shuffle_rows=True), seed)[0].splitlines()
        units: dict[str, str] = {}
        for sheet in budget.sheets:
            if sheet.table_id == "carryover" and sheet.rows:
                facts = [fact for fact in budget.facts if fact["table"] == "carryover"]
                for fact, (row, _) in zip(facts, sheet.places, strict=True):
                    units["\t".join(sheet.rows[row])] = fact["row"]
        above = ""
        for line in lines[lines.index("上年结转结余情况明细表") :]:
            if line in units and "/" not in units[line]:
                above = units[line]
            elif line in units:
                assert units[line].startswith(f"{above}/")


def test_unknown_form_is_refused() -> None:
    """A form that does not exist is an error, not a default."""
    with pytest.raises(ValueError, match="form must be one of"):
        render(generate(0), "csv", Noise(), 0)  # type: ignore[arg-type]
