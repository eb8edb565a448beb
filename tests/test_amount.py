"""Printed amounts keep their value and their precision."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.amount import UNIT_SCALE, half_unit, parse_amount

AMOUNTS = st.decimals(-(10**12), 10**12, places=2) | st.decimals(-(10**6), 10**6, places=4)


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [
        ("0", "0", 0),
        ("0.00", "0.00", 2),
        ("-3.25", "-3.25", 2),
        ("1,350.00", "1350.00", 2),
        ("12,345,678", "12345678", 0),
        ("-1,350.5", "-1350.5", 1),
        ("2010301", "2010301", 0),
        ("007", "7", 0),
        ("123456789012345678901234567890.12", "123456789012345678901234567890.12", 2),
    ],
)
def test_printed_numbers(text: str, value: str, decimals: int) -> None:
    """Thousands separators go, and trailing zeros and every digit stay."""
    amount = parse_amount(text)
    assert amount is not None
    assert (str(amount.value), amount.decimals) == (value, decimals)


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "—", "/", ".", "1.", ".5", "1..2", "1.2.3", "+1.00", "--1", "1-", "1 350.00", " 1.00", "1.00 "),
        *("1,35.00", "1,3500.00", ",350.00", "1,,350", "1350,000", "1e5", "NaN", "Infinity", "0x10", "1_000"),
        *("1.00万元", "表1", "①", "²", "1,350.0,0", "1.00\n"),
    ],
)
def test_anything_else_is_no_number(text: str) -> None:
    """Text that is no printed amount is never read as one."""
    assert parse_amount(text) is None


@given(AMOUNTS, st.booleans())
def test_printing_and_parsing_agree(value: Decimal, separators: bool) -> None:  # noqa: FBT001 - drawn
    """Any amount that is printed, with separators or without, parses to itself with its decimals."""
    amount = parse_amount(f"{value:,f}" if separators else f"{value:f}")
    assert amount is not None
    assert str(amount.value) == f"{value:f}"
    assert -amount.decimals == value.as_tuple().exponent


@pytest.mark.parametrize(
    ("value", "decimals", "half"),
    [
        ("89.67", 0, "0.005"),
        ("89.6", 0, "0.05"),
        ("0.00", 0, "0.005"),
        ("-1.5", 0, "0.05"),
        ("466", 0, "0"),
        ("466", 2, "0"),
        ("89.6", 2, "0.005"),
        ("89.671", 2, "0.0005"),
    ],
)
def test_half_unit(value: str, decimals: int, half: str) -> None:
    """Half a unit of the last place; whole numbers are exact, and a lost digit widens nothing."""
    assert half_unit(Decimal(value), decimals) == Decimal(half)


@given(AMOUNTS, st.integers(0, 3))
def test_rounding_stays_within_half_a_unit(value: Decimal, places: int) -> None:
    """A number rounded to the printed places is at most half a unit away, unless no place is printed."""
    printed = round(value, places) if places else round(value, 1)
    assert abs(printed - value) <= half_unit(printed)


def test_units_are_yuan() -> None:
    """Scales are exact whole numbers of yuan."""
    assert UNIT_SCALE["万元"] == 10_000 * UNIT_SCALE["元"] == 10 * UNIT_SCALE["千元"] == 10_000
    assert UNIT_SCALE["亿元"] == 100 * UNIT_SCALE["百万元"] == 10**8
