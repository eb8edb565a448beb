"""Shares, growth rates and scores: rounding, its limits, and what a quotient can prove."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from extractor.arithmetic import evaluate, percentage, pinned
from extractor.instance import Frame, FrameRow, Instance, Outcome, Quotient, Ref, Relation
from extractor.wording import names, quantity, reached

CENT = Decimal("0.01")
AMOUNT = st.decimals(Decimal("0.01"), 10**5, places=2)
CELLS = tuple(Ref(0, row, "c") for row in range(4))


def frame(texts: Sequence[str] = ()) -> Frame:
    """Make a table of prose with these texts in its rows."""
    rows = tuple(FrameRow(str(n), None, "left", str(n), None, "", (("c", t),)) for n, t in enumerate(texts or [""] * 4))
    return Frame("n_x", 0, ("c",), rows, scale=Decimal(1), decimals=2, gaps=True)


def growth(current: Decimal, change: Decimal, rate: Decimal) -> tuple[Outcome, set[Ref]]:
    """Judge a growth rate; return the cells it proves too."""
    now, delta, printed = CELLS[:3]
    quotient = Quotient(((1, delta),), ((1, now), (-1, delta)))
    instance = Instance("G", "rate", (printed,), (delta, now), "", quotient=quotient)
    values = {now: current, delta: change, printed: rate}
    outcome = evaluate(instance, [frame()], values)
    return outcome, set(pinned(instance, outcome, [frame()], values))


def share(part: Decimal, whole: Decimal, rate: Decimal, *, plugged: bool = False) -> Outcome:
    """Judge a share."""
    one, all_of_it, printed = CELLS[:3]
    quotient = Quotient(((1, one),), ((1, all_of_it),))
    instance = Instance("S", "rate", (printed,), (one, all_of_it), "", quotient=quotient, plugged=plugged)
    return evaluate(instance, [frame()], {one: part, all_of_it: whole, printed: rate})


def rounded(value: Decimal) -> Decimal:
    """Two decimals, half up."""
    return value.quantize(CENT, ROUND_HALF_UP)


@given(AMOUNT, AMOUNT, st.sampled_from([-1, 1]))
def test_a_rate_of_the_printed_amounts_holds(before: Decimal, change: Decimal, sign: int) -> None:
    """The quotient of the printed amounts, rounded half up, holds exactly, up or down."""
    delta = sign * change
    current = before + delta
    outcome, _ = growth(current, delta, rounded(percentage(delta, before)))
    assert (outcome.verdict, outcome.exact) == ("held", True)


@given(st.decimals(1, 10**6, places=6), st.decimals(1, 10**6, places=6))
def test_a_rate_of_the_true_amounts_is_never_violated(now: Decimal, before: Decimal) -> None:
    """An office that computes before it rounds isn't wrong."""
    rate = rounded((now - before) / before * 100)
    outcome, _ = growth(rounded(now), rounded(now - before), rate)
    assert outcome.verdict == "held"


@given(AMOUNT, AMOUNT, st.integers(1, 500))
def test_a_rate_beyond_rounding_is_violated(before: Decimal, change: Decimal, steps: int) -> None:
    """A rate further off than the rounding of the amounts explains is found."""
    assume(before > 1)
    exact = percentage(change, before)
    room = (Decimal("0.005") + exact / 100 * CENT) / (before - CENT) * 100 + Decimal("0.005")
    wrong = rounded(exact + room + steps * CENT)
    assert growth(before + change, change, wrong)[0].verdict == "violated"


@given(AMOUNT, AMOUNT, st.sampled_from([-1, 1]))
def test_what_a_rate_proves_can_have_no_other_last_digit(before: Decimal, change: Decimal, step: int) -> None:
    """A cell counts as proven only where one unit more or less would give another rate."""
    cells = {CELLS[0]: before + change, CELLS[1]: change, CELLS[2]: rounded(percentage(change, before))}
    outcome, proven = growth(*cells.values())
    assert outcome.verdict == "held"
    for ref in proven:
        other, _ = growth(*{**cells, ref: cells[ref] + step * CENT}.values())
        assert not (other.verdict == "held" and other.exact)


def test_a_rate_says_little_of_large_amounts() -> None:
    """A rate of two decimals proves itself, a small change, but not the last digit of an amount in the hundreds."""
    outcome, proven = growth(Decimal("447.76"), Decimal("29.40"), Decimal("7.03"))
    assert outcome.exact
    assert proven == {CELLS[2]}
    assert growth(Decimal("0.20"), Decimal("0.04"), Decimal("25.00"))[1] == set(CELLS[:3])


@pytest.mark.parametrize(
    ("current", "change", "rate", "verdict"),
    [
        ("5.34", "5.34", "100.00", "held"),
        ("0.00", "0.00", "0.00", "held"),
        ("0.00", "-2.48", "-100.00", "held"),
        ("5.34", "5.34", "0.00", "violated"),
        ("5.34", "0.00", "100.00", "violated"),
        ("5.34", "-1.00", "15.77", "violated"),
    ],
)
def test_nothing_before_and_no_change(current: str, change: str, rate: str, verdict: str) -> None:
    """Something where there was nothing is 100.00 %, no change 0.00 %, and a fall is negative."""
    assert growth(Decimal(current), Decimal(change), Decimal(rate))[0].verdict == verdict


def test_twice_as_much_proves_nothing() -> None:
    """100.00 % stands for twice as much and for something out of nothing: it can't tell 0.30 from 0.60."""
    assert growth(Decimal("0.60"), Decimal("0.30"), Decimal("100.00"))[1] == set()


@given(AMOUNT, AMOUNT, st.integers(-3, 3))
def test_only_a_plugged_share_may_be_off_by_one(part: Decimal, rest: Decimal, steps: int) -> None:
    """A share may be off by a unit only where a list was made to add up to 100, and then it proves nothing."""
    whole = part + rest
    assume(whole > 10**3)
    rate = rounded(part / whole * 100) + steps * CENT
    alone, plugged = share(part, whole, rate), share(part, whole, rate, plugged=True)
    assert alone.exact == plugged.exact == (steps == 0)
    if abs(steps) <= 1:
        assert plugged.verdict == "held"
    if steps == 0:
        assert alone.verdict == "held"
    if abs(steps) >= 2:
        assert alone.verdict == "violated"
    if abs(steps) >= 3:
        assert plugged.verdict == "violated"


def score(printed: str, weight: str, *rest: str, relation: Relation = "score") -> str:
    """Judge a score or a rate of completion; ``rest`` is a rate, or what was done and what was to be done."""
    texts = (printed, weight, *rest)
    refs = CELLS[: len(texts)]
    right = refs[1:]
    values = {ref: Decimal(t) for ref, t in zip(refs, texts, strict=True) if t.replace(".", "", 1).isdigit()}
    instance = Instance("P", relation, refs[:1], right, "")
    return evaluate(instance, [frame(texts)], values).verdict


def test_scores_are_weight_times_rate() -> None:
    """A score is its weight times the rate, no more than the weight, and unknown where a target was far exceeded."""
    assert score("2.5", "5", "50") == "held"
    assert score("1.82", "2", "91") == "held"
    assert score("5", "5", "120") == "held"
    assert score("4", "5", "120") == "unchecked"
    assert score("2.6", "5", "50") == "violated"
    assert score("10", "20", "2 批次", ">=4 批次") == "held"
    assert score("20", "20", "2 批次", ">=4 批次") == "violated"
    assert score("20", "20", "2 批次", "持续加深") == "unchecked"


@pytest.mark.parametrize(
    ("done", "target", "percent"),
    [
        ("2 批次", ">=4 批次", "50"),
        ("8.83 万元", "=9.7 万元", "91.03"),
        ("125 天", "≤305 天", "100"),
        ("400 天", "≤305 天", None),
        ("0件", "=0件", "100"),
        ("1件", "=0件", None),
        ("90%", "> =90%", "100"),
        ("有效促进", "有效促进", "100"),
        ("基本完成", "有效促进", None),
        ("5 个", ">=5 次", None),
        ("", ">=5 次", None),
    ],
)
def test_how_far_a_target_was_reached(done: str, target: str, percent: str | None) -> None:
    """At least and exactly are quotients, at most is reached or not, words are the same or can't be judged."""
    rate = reached(done, target)
    assert (None if rate is None else rounded(rate)) == (None if percent is None else rounded(Decimal(percent)))


def test_quantities_and_lists_in_words() -> None:
    """Numbers with operator and unit are read; dates and words aren't numbers; brackets hold no separators."""
    assert quantity("＞＝1,000 元") == quantity(">= 1000元")
    assert quantity("2024年12月") is quantity("有效促进") is quantity("") is None
    assert names("办公费、差旅费（国内、国外）、其他等") == ("办公费", "差旅费(国内、国外)", "其他")
    assert names("") == ()
