"""Identities judge printed numbers as the intervals that they stand for."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor import Document, Extractor, SpecError
from extractor.identities import Frame, FrameRow, Instance, Outcome, Ref, Relation, evaluate, instances, parse
from extractor.specs import CrossSpec, catalogue, walk

YUAN, WAN = Decimal(1), Decimal(10_000)
TRUE = st.decimals(-(10**7), 10**7, places=6)
ROUNDINGS = st.sampled_from([ROUND_HALF_EVEN, ROUND_HALF_UP])

Printed = Sequence[str | Decimal | None]
Side = Literal["left", "right"]


def judge(
    left: Printed, right: Printed, relation: Relation = "sum", *,
    scales: tuple[Decimal, Decimal] = (WAN, WAN), decimals: int = 2, optional: Side | None = None,
) -> Outcome:  # fmt: skip
    """Evaluate one identity between the numbers of two tables; None is an empty cell."""
    frames, refs, values = [], [], {}
    for number, (printed, scale) in enumerate(zip((left, right), scales, strict=True)):
        rows = tuple(FrameRow(None, None, "left", str(row)) for row in range(len(printed)))
        frames.append(Frame(f"t{number}", 0, ("c",), rows, scale=scale, decimals=decimals))
        refs.append(tuple(Ref(number, row, "c") for row in range(len(printed))))
        found = zip(refs[-1], printed, strict=True)
        values.update({ref: Decimal(value) for ref, value in found if value is not None})
    instance = Instance("T1", relation, refs[0], refs[1], "a test", optional=optional)
    return evaluate(instance, frames, values)


def unit(decimals: int) -> Decimal:
    """One unit of the last printed place."""
    return Decimal(1).scaleb(-decimals)


@given(st.lists(TRUE, min_size=2, max_size=30), st.integers(1, 5), ROUNDINGS)
def test_a_true_sum_is_never_violated(addends: list[Decimal], decimals: int, rounding: str) -> None:
    """Addends and total of a true sum, each rounded for printing, never contradict each other."""
    printed = [addend.quantize(unit(decimals), rounding) for addend in addends]
    total = sum(addends).quantize(unit(decimals), rounding)
    assert judge([total], printed, decimals=decimals).verdict == "held"
    assert judge(printed, [total], decimals=decimals).verdict == "held"
    middle = len(printed) // 2
    negated = [-value for value in printed[middle:]]
    assert judge([total, *negated], printed[:middle], decimals=decimals).verdict == "held"


@given(st.lists(st.decimals(0, 10**6, places=2), min_size=2, max_size=12), st.data())
def test_a_wrong_digit_beyond_rounding_is_always_violated(addends: list[Decimal], data: st.DataObject) -> None:
    """Whatever printed digit changes by more than rounding explains, in an addend or the total, is found."""
    printed = [*addends, sum(addends)]
    where = data.draw(st.integers(0, len(printed) - 1))
    digits = list(str(printed[where]))
    place = data.draw(st.sampled_from([i for i, c in enumerate(digits) if c.isdigit()]))
    digits[place] = data.draw(st.sampled_from([d for d in "0123456789" if d != digits[place]]))
    change = abs(Decimal("".join(digits)) - printed[where])
    printed[where] = Decimal("".join(digits))
    # n addends and a total, each half a unit of the second place.
    expected = "violated" if change > (len(addends) + 1) * Decimal("0.005") else "held"
    assert judge(printed[-1:], printed[:-1]).verdict == expected


@given(st.decimals(-(10**6), 10**6, places=2), st.integers(1, 10**6), st.sampled_from(["same", "sum"]))
def test_restatements_agree_digit_for_digit(value: Decimal, steps: int, relation: Relation) -> None:
    """One printed number on each side is the same quantity: the last digit counts, trailing zeros don't."""
    assert judge([value], [value], relation).verdict == "held"
    assert judge([value], [f"{value}0"], relation).verdict == "held"
    other = value + steps * unit(2)
    assert judge([value], [other], relation).verdict == judge([other], [value], relation).verdict == "violated"
    assert judge([value], [None, other, None], relation).verdict == "violated"


@given(st.decimals(0, 10**6, places=2), st.integers(0, 10**6))
def test_at_most_is_exact_and_proves_only_nothing(value: Decimal, steps: int) -> None:
    """At most means not even the last digit more; as it holds for many numbers it is no evidence, but for 0 of 0."""
    more = value + steps * unit(2)
    held = judge([value], [more], "at-most")
    assert (held.verdict, held.evidence) == ("held", value == more == 0)
    assert judge([more], [value], "at-most").verdict == ("violated" if steps else "held")
    assert judge([None], [value], "at-most").verdict == "held"


@pytest.mark.parametrize("relation", ["same", "sum", "at-most"])
@pytest.mark.parametrize("optional", [None, "left", "right"])
def test_nothing_printed_is_unchecked(relation: Relation, optional: Side | None) -> None:
    """Where no number is printed nothing is checked, and nothing passes."""
    for left, right in (([None], [None, None]), ([], [None]), ([], [])):
        assert judge(left, right, relation, optional=optional) == Outcome("unchecked")


def test_an_empty_side_is_zero_unless_it_is_optional() -> None:
    """An empty cell is exactly 0; a breakdown that an office may leave out is unchecked where it does."""
    assert judge(["5.00"], [None, None]).verdict == "violated"
    assert judge(["5.00"], [None, None], optional="left").verdict == "violated"
    assert judge(["5.00"], [None, None], optional="right").verdict == "unchecked"
    assert judge([None], ["5.00"], optional="left").verdict == "unchecked"
    assert judge([None], ["0.00"]).verdict == "held"


def test_only_amounts_above_zero_are_evidence() -> None:
    """That nothing equals nothing proves neither."""
    assert judge(["5.00"], ["2.00", "3.00"]).evidence
    assert not judge(["0.00"], ["0.00"]).evidence
    assert not judge([None], ["0.00"]).evidence
    assert not judge(["0.00"], ["2.00", "-2.00"]).evidence


@pytest.mark.parametrize(
    ("ten_thousands", "yuan", "verdict"),
    [
        ("1.23", "12300.00", "held"),
        ("1.23", "12345.67", "held"),
        ("1.23", "12350.00", "held"),
        ("1.23", "12350.01", "violated"),
        ("1.23", "12249.99", "violated"),
        ("1.23", "123.00", "violated"),
        ("1.23", "1.23", "violated"),
    ],
)
def test_units_are_converted(ten_thousands: str, yuan: str, verdict: str) -> None:
    """A number in 万元 and one in 元 agree as far as the coarser one is printed."""
    assert judge([ten_thousands], [yuan], "same", scales=(WAN, YUAN)).verdict == verdict
    assert judge([yuan], [ten_thousands], "same", scales=(YUAN, WAN)).verdict == verdict


@given(st.lists(st.decimals(0, 10**9, places=2), min_size=1, max_size=12), ROUNDINGS)
def test_a_sum_across_units_is_never_violated_by_rounding(yuan: list[Decimal], rounding: str) -> None:
    """A total in 万元 of amounts in 元 holds after rounding, and its sums are reported in yuan."""
    total = (sum(yuan) / WAN).quantize(unit(2), rounding)
    outcome = judge([total], yuan, scales=(WAN, YUAN))
    assert outcome.verdict == "held"
    assert (outcome.left, outcome.right) == (total * WAN, sum(yuan))


@given(st.decimals(1, 10**6, places=1), st.integers(2, 9))
def test_a_lost_last_digit_is_found(value: Decimal, digit: int) -> None:
    """A number that lost its last digit isn't taken as less precise than its neighbours."""
    total = value + digit * unit(2) + 1
    assert judge([total], [value, "1.00"], decimals=2).verdict == "violated"


@pytest.mark.parametrize(
    "rule",
    [
        *("", "revenue[总计].总计", "revenue[总计].总计 expenditure[总计].合计", "= expenditure[总计].合计"),
        *("revenue[总计].总计 = ", "revenue[总计].总计 ==", "revenue[总计].总计=expenditure[总计].合计"),
        *("revenue[总计].总计 >= expenditure[总计].合计", "revenue[总计].总计 < expenditure[总计].合计"),
        *("revenue[].总计 = expenditure[总计].合计", "revenue.总计 = expenditure.合计"),
        *("revenue[总计] = expenditure[总计]", "revenue[总计]. = expenditure[总计].合计"),
        *("Revenue 2[总计].总计 = expenditure[总计].合计", "revenue[总计].总 计 = expenditure[总计].合计"),
        *("revenue[总计].总计 = expenditure[总计].合计 +", "revenue[总计].总计 = 1 + expenditure[总计].合计"),
        "revenue[总计].总计 = expenditure[总计].基本支出 - expenditure[总计].项目支出",
        "revenue[总计].总计 = expenditure[总计].基本支出+expenditure[总计].项目支出",
        "revenue[总计].总计 = expenditure[总计].合计 = general_expenditure[总计].合计",
    ],
)
def test_malformed_rules_are_refused(rule: str) -> None:
    """A rule that doesn't follow the grammar is an error that quotes it, never a rule that checks nothing."""
    with pytest.raises(SpecError, match=r"identities\.yaml"):
        parse(rule)


def test_rules_are_read() -> None:
    """Terms, their order and the relation come out as written; so do all packaged rules."""
    left, relation, right = parse("a[总计/甲].x/y <= b[{code}].z + c[201].z")
    assert relation == "at-most"
    assert [(t.table, t.row, t.column) for t in left] == [("a", "总计/甲", "x/y")]
    assert [(t.table, t.row, t.column) for t in right] == [("b", "{code}", "z"), ("c", "201", "z")]
    assert parse("a[b].c == d[e].f")[1] == "same"
    assert parse("a[b].c = d[e].f")[1] == "sum"
    # A rule may hold strictly in one kind or layout and loosely in another; none is there twice for the same.
    meant = {(parse(spec.rule), spec.kind, spec.layout) for spec in catalogue().cross}
    assert len(meant) == len(catalogue().cross) > 40


def test_packaged_rules_name_cells_that_exist() -> None:
    """Every table, column and labelled row in the rules is one of a spec: no rule is idle through a typo."""
    known: dict[str, tuple[set[str], set[str]]] = {}
    for spec in catalogue().tables:
        columns, rows = known.setdefault(spec.id, (set(), set()))
        columns |= {c.id for c in (*spec.columns, *spec.more)}
        rows |= {"/".join(row.label for row in path) for path in walk(spec.left)}
        rows |= {"/".join(row.label for row in path) for path in walk((spec.right.total,))} if spec.right else set()
        rows |= {"总计", "{class}", "{item}", "{code}", *catalogue().names} if spec.shape != "labels" else set()
    for rule in catalogue().cross:
        left, _, right = parse(rule.rule)
        for term in left + right:
            columns, rows = known[term.table]
            assert term.column in columns, rule.rule
            assert term.row in rows, rule.rule


def pair(rule: str, rows: tuple[str, ...], others: tuple[str, ...], parts: tuple[int, int] = (0, 0)) -> list[str]:
    """Return the texts of the instances of a rule over two tables with these row roles."""
    frames = [
        Frame(table, part, ("c",), tuple(FrameRow(role, None, "left", role) for role in roles))
        for table, part, roles in (("a", parts[0], rows), ("b", parts[1], others))
    ]
    found, missing = instances(frames, {}, [CrossSpec(id="X", rule=rule)])
    assert found or missing
    return [instance.text for instance in found]


def test_codes_are_compared_on_levels_that_both_tables_have() -> None:
    """A rule over codes holds for each code of either table, on the levels that both go down to."""
    rule = "a[{code}].c = b[{code}].c"
    assert pair(rule, ("201", "20103"), ("201", "202")) == ["a[201].c = b[201].c", "a[202].c = b[202].c"]
    assert pair(rule, ("201", "20103"), ("20103",)) == ["a[20103].c = b[20103].c"]
    assert pair("a[{item}].c = b[{item}].c", ("201",), ("201",)) == []


def test_missing_rows_and_other_parts_are_missing_input() -> None:
    """A row that isn't printed makes no instance, and the parts of a file never meet."""
    rule = "a[总计].c = b[总计].c"
    assert pair(rule, ("总计",), ("总计",)) == [rule]
    assert pair(rule, ("总计",), ("201",)) == []
    assert pair(rule, ("总计",), ("总计",), parts=(0, 1)) == []


SHORT = """一般公共预算支出情况表
功能分类科目名称 合计 基本支出 项目支出
{} 1.00 1.00
合计 1.00 1.00
一般公共预算项目支出情况表
功能分类科目名称 项目名称 项目支出合计 工资福利支出 商品和服务支出 对个人和家庭的补助 债务利息及费用支出 \
资本性支出（基本建设） 资本性支出 对企业补助（基本建设） 对企业补助 对社会保障基金补助 其他支出
{} 5.00 5.00
合计 5.00 5.00
"""


@pytest.mark.parametrize("codes", [("201 一般公共服务支出", "202 外交支出"), ("202 外交支出", "201 一般公共服务支出")])
def test_a_code_in_one_of_two_tables_is_a_contradiction(codes: tuple[str, str]) -> None:
    """Money for a code that the other table doesn't print is reported, whichever table it is."""
    result = Extractor().extract(Document.from_text(SHORT.format(*codes)))
    found = [finding for finding in result.findings if finding.code == "X9"]
    assert {(cell.table, cell.row) for finding in found for cell in finding.cells} >= {
        ("project_expenditure", codes[1][:3])
    }
