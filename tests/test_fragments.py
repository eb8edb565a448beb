"""Headers in fragments: a name is read whole or not at all, never as a shorter one."""

from collections.abc import Sequence
from typing import Any

import pytest

from extractor import Document, Extractor
from extractor.evaluation.offices import generate
from extractor.evaluation.places import judge
from extractor.evaluation.render import Noise, render
from extractor.facts import facts

from .conftest import BUDGETS, ROOT, SAMPLES

WORN = Noise(
    page_breaks=9, repeat_headers=True, fragment_headers=True, wrap_names=True, thousands=True, full_width=True
)


def numbers(text: str) -> Sequence[dict[str, Any]]:
    """Return the number facts of a text."""
    found = facts(Extractor(engine="deterministic").extract(Document.from_text(text, name="office")))
    return [f for f in found if f["kind"] == "number"]


@pytest.mark.parametrize("style", ["chongqing_budget", "guangdong_budget", "national_final", "university_final"])
def test_names_in_fragments_are_put_together(style: str) -> None:
    """Fragments of one to four characters, other ones on each page: every number stands under its whole name."""
    budget = generate(ROOT / "eval" / "offices" / f"{style}.txt", 1)
    text, known = render(budget, "spaced", WORN, 1, ((budget.name, ""), ("",)))
    found = judge(known, numbers(text))
    assert not found.silent
    assert found.right + found.open == sum(f["kind"] == "number" for f in known)


@pytest.mark.parametrize("pieces", [("预", "算"), ("预算", "安排", "数"), ("2024", "年预", "算安", "排数")])
def test_fragments_that_are_left_make_no_shorter_name(pieces: Sequence[str]) -> None:
    """预算 of 预算安排数, which no spec knows, is no name of the column, however the name is cut."""
    header = ["科目", "编码", "科目名", "称", *pieces, "基本", "支出", "项目支", "出"]
    rows = ["合计 90.00 50.00 40.00", "205 教育支出 90.00 50.00 40.00", "20502 普通教育 90.00 50.00 40.00"]
    found = numbers("\n".join(["部门支出总表", "单位：万元", *header, *rows, ""]))
    shorter = "预算" if len(pieces) > 2 else ""
    assert not [f for f in found if f["column"] == shorter]


@pytest.mark.parametrize("at", range(1, 4))
def test_a_name_cut_at_the_end_of_a_line_of_several_is_one(at: int) -> None:
    """基本支 / 出 behind other names and in front of others: no columns of their own, which the sums would prove."""
    text = (SAMPLES / f"{BUDGETS[1]}.txt").read_text(encoding="utf-8")
    header = "合 计 基本支出 项目支出"
    cut = text.replace(header, f"合 计 {'基本支出'[:at]}\n{'基本支出'[at:]} 项目支出")
    assert text.count(header) == 2
    columns = {f["column"] for f in numbers(cut) if f["table"] in ("expenditure", "general_expenditure")}
    assert columns == {"合计", "基本支出", "项目支出"}


def test_a_subtotal_that_is_not_printed_leaves_its_parts_in_the_sum() -> None:
    """Without 财政拨款小计 the treasury's money is part of the total itself, and in no other column."""
    text = (
        "部门收入总表\n单位：万元\n科目编码 科目名称 合计 一般公共预算 政府性基金预算 财政专户 单位资金\n"
        "合计 100.00 60.00 25.00 15.00\n205 教育支出 75.00 60.00 15.00\n20502 普通教育 75.00 60.00 15.00\n"
        "212 城乡社区支出 25.00 25.00\n21208 国有土地使用权出让收入安排的支出 25.00 25.00\n"
    )
    found = [f for f in numbers(text) if f["state"] in ("proven", "grounded") and f["value"] == "60.00"]
    assert all(f["column"] == "一般公共预算" for f in found)


def test_a_row_without_amounts_begins_no_name_for_certain() -> None:
    """An item without money above another one: their words are one name or two, which the cells don't tell."""
    text = (
        "项目支出表\n单位：万元\n项目名称\t合计\t一般公共预算\t政府性基金\n合计\t30.00\t30.00\t\n"
        "信息化运维\t\t\t\n办公楼维修\t10.00\t10.00\t\n课题研究\n经费\t20.00\t20.00\t\n"
    )
    states = {f["row"]: f["state"] for f in numbers(text)}
    assert states.pop("信息化运维办公楼维修") == "ambiguous"
    assert set(states.values()) == {"proven"}
