"""The scoring does what the facts contract says."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from extractor.evaluation.score import BUDGET_TABLES, Fact, load_facts, score, show

GOLD = Path(__file__).parent.parent / "eval" / "gold"


def fact(row: str, column: str, value: str, **more: object) -> Fact:
    """Make a number fact of the expenditure table."""
    base = {"table": "expenditure", "row": row, "column": column, "kind": "number", "value": value}
    return {**base, "unit": "万元", "line": 7, **more}


def label(row: str, value: str, **more: object) -> Fact:
    """Make a text fact of the expenditure table."""
    return fact(row, "名称", value, kind="text", unit="", **more)


@pytest.mark.parametrize("path", sorted(GOLD.glob("*.jsonl")), ids=lambda path: path.stem)
def test_gold_against_itself_is_perfect(path: Path) -> None:
    """Every gold file scores 1.0 against itself, lines included."""
    gold = load_facts(path)
    result = score(gold, gold)
    assert gold
    assert result.number.f1 == result.text.f1 == result.text_similarity == result.line_accuracy == 1.0
    assert not result.missing
    assert not result.wrong
    assert result.number.gold + result.text.gold == len(gold)


def test_tables_restrict_both_sides() -> None:
    """Facts of other tables count neither as gold nor as predicted."""
    other = {**fact("201", "合计", "1.00"), "table": "n_overall"}
    result = score([fact("201", "合计", "1.00"), other], [other], tables=BUDGET_TABLES)
    assert (result.number.gold, result.number.predicted) == (1, 0)
    assert len(BUDGET_TABLES) == 11


@pytest.mark.parametrize(
    ("more", "silent"),
    [
        ({"state": "proven"}, 1),
        ({"state": "grounded"}, 1),
        ({}, 1),
        ({"state": "contradicted"}, 0),
        ({"state": "ambiguous"}, 0),
        ({"state": "ungrounded"}, 0),
    ],
)
def test_changed_digit_is_silent_only_without_a_warning(more: dict[str, str], silent: int) -> None:
    """A wrong digit is a silent error when its state carries no warning."""
    result = score([fact("201", "合计", "411.28")], [fact("201", "合计", "411.29", **more)])
    assert result.silent_errors == silent
    assert result.silent_error_rate == float(silent)
    assert result.number.right == 0
    assert len(result.missing) == len(result.wrong) == 1
    count = result.states[more.get("state", "")]
    assert (count.predicted, count.right) == (1, 0)


def test_invented_fact_is_wrong_and_missing_fact_is_not_silent() -> None:
    """An invented number costs precision, one left out costs recall only."""
    gold = [fact("201", "合计", "1.00"), fact("202", "合计", "2.00")]
    predicted = [fact("201", "合计", "1.00", state="proven"), fact("299", "合计", "9.00", state="grounded")]
    result = score(gold, predicted)
    assert (result.number.precision, result.number.recall, result.number.f1) == (0.5, 0.5, 0.5)
    assert result.silent_errors == 1
    assert [f["row"] for f in result.missing] == ["202"]
    assert [f["row"] for f in result.wrong] == ["299"]


def test_numbers_are_compared_as_decimals() -> None:
    """Trailing zeros do not matter, unreadable numbers are wrong and not an error."""
    gold = [fact("201", "合计", "10.00"), fact("202", "合计", "1.00")]
    result = score(gold, [fact("201", "合计", "10"), fact("202", "合计", "1,0.0,0")])
    assert result.number.right == 1


def test_labels_are_compared_after_normalisation() -> None:
    """Full-width brackets and white space do not make another row."""
    gold = [fact("因公出国(境)费", "合计", "0.50"), label("20103", "政府办公厅(室)及相关机构事务")]
    predicted = [
        fact("因公出国（境） 费", "合 计", "0.50"),
        label("20103", "政府办公厅（室）及相关机构 事务"),
    ]
    result = score(gold, predicted)
    assert result.number.f1 == result.text.f1 == 1.0


def test_each_gold_fact_matches_at_most_one_prediction() -> None:
    """The same prediction made twice is right once."""
    one = fact("201", "合计", "1.00")
    result = score([one], [one, one])
    assert (result.number.right, result.number.predicted) == (1, 2)
    assert len(result.wrong) == 1


def test_column_options_are_accepted() -> None:
    """Any of the gold options is right, any other column is wrong."""
    gold = [fact("201", "丙", "5.00", column_options=["甲", "乙"])]
    assert score(gold, [fact("201", "乙", "5.00")]).number.f1 == 1.0
    assert score(gold, [fact("201", "丙", "5.00")]).number.f1 == 1.0
    assert score(gold, [fact("201", "丁", "5.00")]).number.f1 == 0.0
    assert score(gold, [fact("201", "乙", "5.01")]).number.f1 == 0.0


def test_options_never_take_the_prediction_of_an_exact_column() -> None:
    """A fact with options leaves a prediction to the fact whose own column it is."""
    gold = [fact("201", "甲", "5.00", column_options=["乙", "丙"]), fact("201", "乙", "5.00")]
    result = score(gold, [fact("201", "乙", "5.00"), fact("201", "丙", "5.00")])
    assert result.number.right == 2


def test_overlapping_options_are_matched_as_well_as_possible() -> None:
    """Two facts with overlapping options both find a prediction where one exists for each."""
    gold = [
        fact("201", "a", "5.00", column_options=["b", "c"]),
        fact("201", "d", "5.00", column_options=["b"]),
    ]
    predicted = [fact("201", "b", "5.00"), fact("201", "c", "5.00")]
    assert score(gold, predicted).number.right == 2


def test_options_of_a_prediction_do_not_help_it() -> None:
    """A prediction is judged by its own column, whatever else it thinks possible."""
    predicted = [fact("201", "乙", "5.00", state="ambiguous", column_options=["甲", "乙"])]
    assert score([fact("201", "甲", "5.00")], predicted).number.right == 0


def test_text_similarity_is_partial_where_text_differs() -> None:
    """A text that is nearly right is wrong, but similar; one left out has similarity 0."""
    result = score([label("201", "一般公共服务支出")], [label("201", "一般公共服务支岀")])
    assert result.text.right == 0
    assert result.text_similarity is not None
    assert 0.8 < result.text_similarity < 1.0
    assert score([label("201", "一般公共服务支出")], []).text_similarity == 0.0


def test_line_accuracy_counts_right_facts_with_a_gold_line() -> None:
    """Lines are judged for right facts only, and only where gold names one."""
    gold = [fact("1", "合计", "1.00"), fact("2", "合计", "2.00"), fact("3", "合计", "3.00", line=None)]
    predicted = [fact("1", "合计", "1.00"), fact("2", "合计", "2.00", line=8), fact("3", "合计", "3.00")]
    result = score(gold, predicted)
    assert (result.lined, result.line_right, result.line_accuracy) == (2, 1, 0.5)


def test_empty_denominators_print_not_available() -> None:
    """Nothing out of nothing is no number."""
    result = score([], [])
    for ratio in (result.number.precision, result.number.recall, result.number.f1, result.text_similarity):
        assert ratio is None
        assert show(ratio) == "n/a"
    assert result.silent_error_rate is None
    assert result.line_accuracy is None
    assert show(0.5) == "0.5000"


def test_by_table_adds_up_to_overall() -> None:
    """The tallies of the tables add up to the overall tally."""
    gold = [fact("1", "合计", "1.00"), {**fact("1", "合计", "1.00"), "table": "revenue"}]
    result = score(gold, gold[:1])
    assert sorted(result.number_by_table) == ["expenditure", "revenue"]
    assert sum(tally.gold for tally in result.number_by_table.values()) == result.number.gold == 2
    assert result.number_by_table["revenue"].precision is None
    assert result.number_by_table["revenue"].recall == 0.0


def test_load_facts_skips_blank_lines(tmp_path: Path) -> None:
    """A facts file is JSONL in UTF-8, and blank lines mean nothing."""
    path = tmp_path / "facts.jsonl"
    one = fact("201", "合计", str(Decimal("1.00")))
    path.write_text(json.dumps(one, ensure_ascii=False) + "\n\n", encoding="utf-8")
    assert load_facts(path) == [one]
    assert load_facts(str(path)) == [one]
