"""Identities of prose, final accounts, changes and performance forms, on the samples' gold facts."""

import tomllib
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pytest

from extractor import Extractor, SpecError
from extractor.checks import Checked, check
from extractor.identities import parse
from extractor.phrases import WORDS, phrases
from extractor.records import Cell, Row, Span, Table
from extractor.specs import catalogue
from extractor.statements import prose as statements

from .conftest import ROOT, gold, sample
from .gold_tables import tables_of

SAMPLES = ("urumqi_fao_2024_budget", "kizilsu_fao_2024_budget", "karamay_fao_2024_final")
# Share of the cells in 元 or 万元 that identities prove. What is left: values of assets that nothing else mentions;
# in Karamay two sums that hold within rounding only and so prove nothing (three zeros, three amounts).
PROVEN = dict(zip(SAMPLES, ("0.98", "0.99", "0.95"), strict=True))


@lru_cache(maxsize=8)
def tables(name: str) -> tuple[Table, ...]:
    """Tables of a sample, made of its gold facts, and of the words that are no facts, which are read."""
    read = Extractor(engine="deterministic").extract(sample(name)).tables
    return (*tables_of(gold(name), sample(name)), *(t for t in read if t.id in WORDS))


@lru_cache(maxsize=8)
def checked(name: str) -> Checked:
    """The sample's tables, checked."""
    return check(tables(name), catalogue())


def known() -> list[dict[str, Any]]:
    """What is known not to hold."""
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "eval" / "known_findings.toml").read_text("utf-8"))["known"]
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_instances_of_each_identity(name: str) -> None:
    """Each identity has as many instances, held, violated and unchecked, as the table in the repository says."""
    wanted = tomllib.loads((ROOT / "eval" / "instances.toml").read_text("utf-8"))[name]
    counts = {code: [c.held, c.violated, c.unchecked] for code, c in checked(name).counts.items()}
    assert counts == wanted


@pytest.mark.parametrize("name", SAMPLES)
def test_what_does_not_hold_is_known(name: str) -> None:
    """Every violation is explained, and only the office's own mistakes are findings."""
    result = checked(name)
    wanted = {(k["code"], k["line"], k["kind"]) for k in known() if k["sample"] == name}
    found = set()
    for instance, outcome in result.outcomes:
        first = instance.refs[0] if instance.refs else None
        cells = result.tables[first.frame].rows[first.row].cells if first else ()
        cell = next((c for c in cells if first and c.column == first.column), None)
        where = cell.spans[0].line if cell else None
        if outcome.verdict == "violated":
            found.add((instance.id, where, "soft" if instance.soft else "office"))
        elif outcome.verdict == "held" and not outcome.exact and instance.relation in ("same", "sum", "rate"):
            found.add((instance.id, where, "rounding"))
    assert found == wanted
    findings = {(f.code, f.line) for f in result.findings}
    assert findings == {(code, line) for code, line, kind in wanted if kind == "office"}


@pytest.mark.parametrize("name", SAMPLES)
def test_money_is_proven(name: str) -> None:
    """Nearly every amount takes part in an identity that holds and would not hold with another last digit."""
    money = [c for t in checked(name).tables for _, c in t.numbers() if c.unit in ("元", "万元")]
    proven = sum(c.state == "proven" for c in money)
    assert Decimal(proven) / len(money) >= Decimal(PROVEN[name]), f"{proven} of {len(money)}"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_misread_last_digit_is_never_proven(name: str) -> None:
    """Whatever number of prose or forms has another last digit, no identity proves it."""
    every = [
        (t, r, c)
        for t, table in enumerate(tables(name))
        if table.id.startswith(("n_", "performance_", "staffing"))
        for r, row in enumerate(table.rows)
        for c, cell in enumerate(row.cells)
        if cell.kind == "number"
    ]
    for number, (t, r, c) in enumerate(every[::6]):
        cell = tables(name)[t].rows[r].cells[c]
        text = cell.text[:-1] + str((int(cell.text[-1]) + 1 + number % 9) % 10)
        wrong = cell.model_copy(update={"text": text, "value": Decimal(text)})
        state = check(_with(tables(name), (t, r, c), wrong), catalogue()).tables[t].rows[r].cells[c].state
        assert state != "proven", (tables(name)[t].id, tables(name)[t].rows[r].key, cell.text, text)


def _with(read: Sequence[Table], where: tuple[int, int, int], cell: Cell) -> list[Table]:
    t, r, c = where
    row = read[t].rows[r]
    new_row = row.model_copy(update={"cells": (*row.cells[:c], cell, *row.cells[c + 1 :])})
    rows = (*read[t].rows[:r], new_row, *read[t].rows[r + 1 :])
    return [*read[:t], read[t].model_copy(update={"rows": rows}), *read[t + 1 :]]


@pytest.mark.parametrize("name", SAMPLES)
def test_checking_again_changes_nothing(name: str) -> None:
    """States, findings and counts come from the tables alone: a checked result checks to itself."""
    again = check(checked(name).tables, catalogue())
    assert (again.tables, again.findings, again.counts) == (
        checked(name).tables, checked(name).findings, checked(name).counts,
    )  # fmt: skip


def test_rules_name_cells_that_exist() -> None:
    """Every table and column in a rule is one of a spec or of the contract's facts: no rule is idle through a typo."""
    cells = {(f["table"], f["column"]) for name in SAMPLES for f in gold(name)}
    cells |= {("n_words", c) for p, pattern in phrases().patterns for c in (p.items, *pattern.groupindex)}
    cells |= {("n_words", "标题"), ("n_words", "正文")}
    cells |= {("performance_words", c) for c in ("单位名称", "目标", "实际完成情况")}
    cells |= {(spec.id, c.id) for spec in catalogue().tables for c in (*spec.columns, *spec.more)}
    cells |= {(s.spec.id, column) for s in statements().statements for column in s.spec.columns}
    ids = {table for table, _ in cells}
    for rule in catalogue().narrative:
        for term in (t for said in (rule.rule, *rule.where) for left, _, right in [parse(said)] for t in left + right):
            if not term.numbers:
                assert (term.table, term.column) in cells or (not term.column and term.table in ids), rule.rule
        assert ids.issuperset((*rule.unless, *rule.given)), rule.rule


def test_most_rules_hold_somewhere() -> None:
    """A rule that no sample has an instance of is one for other offices' tables; they are few."""
    counts = [checked(name).counts for name in SAMPLES]
    idle = {r.id for r in catalogue().narrative if not any(c.get(r.id) and c[r.id].held for c in counts)}
    assert idle == {"P7t", "V2"}


@pytest.mark.parametrize(
    "rule",
    [
        *("a[b].c %= d[e].f", "a[b].c %= d[e].f * g[h].i", "a[b].c = d[e].f / g[h].i", "a[b].c *= 1 * 2"),
        *("a[b].c = #d", "a[b].c = #d.e", "a[b] lists d[e].f", "a[b].c is nothing", "a[b].c = 90|", "a[b].c = (90)"),
        *("a[b].c %= (d[e].f - g[h].i / j[k].l", "a[b].c ~ -d[e].f", "a[b].c reaches d[e].f - g[h].i"),
    ],
)
def test_malformed_rules_are_refused(rule: str) -> None:
    """A rule that doesn't follow the grammar is an error, never a rule that checks nothing."""
    with pytest.raises(SpecError, match=r"identities\.yaml"):
        parse(rule)


def prose(table: str, *said: tuple[str, str, str, str], part: int = 0) -> Table:
    """Make a table of prose: row, column, number or text, unit."""
    keys = dict.fromkeys(row for row, _, _, _ in said)
    span = Span(start=0, end=1, line=1)
    rows = tuple(
        Row(
            key=key, role=key, kind="label", parent=None, line=1,
            cells=tuple(
                Cell(column=c, kind="number" if unit else "text", text=v, value=Decimal(v) if unit else None, unit=unit,
                     spans=(span,))
                for k, c, v, unit in said if k == key
            ),
        )
        for key in keys
    )  # fmt: skip
    columns = tuple(dict.fromkeys(c for _, c, _, unit in said if unit))
    return Table(id=table, title=table, part=part, unit="万元", columns=columns, rows=rows, lines=(1, 1))


def verdicts(code: str, *read: Table) -> list[str]:
    """Outcomes of an identity on these tables."""
    return [outcome.verdict for instance, outcome in check(read, catalogue()).outcomes if instance.id == code]


def staff(*people: tuple[str, str]) -> Table:
    """Make a table of staff."""
    return prose("staffing", *((row, "人数", count, "人") for row, count in people))


def test_what_prose_does_not_say_is_unknown() -> None:
    """A row or cell that prose doesn't print is no zero: nothing passes and nothing fails without it."""
    assert verdicts("N23", staff(("实有", "28"), ("在职", "17"), ("退休", "11"), ("离休", "0"))) == ["held"]
    assert verdicts("N23", staff(("实有", "27"), ("在职", "17"), ("退休", "11"), ("离休", "0"))) == ["violated"]
    assert verdicts("N23", staff(("实有", "27"), ("在职", "17"), ("退休", "11"))) == []
    changed = prose("staffing", ("实有", "人数", "5", "人"), ("在职", "人数", "5", "人"), ("退休", "人数", "1", "人"),
                    ("离休", "变动", "1", "人"))  # fmt: skip
    assert verdicts("N23", changed) == ["unchecked"]


def test_units_of_cells_decide() -> None:
    """万元 in one sentence and 元 in another are the same money; people are no money."""
    bought = [("总计", "3.00", "万元"), ("货物", "20000", "元"), ("工程", "0", "元"), ("服务", "1.00", "万元")]
    assert verdicts("N17", prose("n_procurement", *((r, "金额", v, u) for r, v, u in bought))) == ["held"]
    bought[1] = ("货物", "2", "元")
    assert verdicts("N17", prose("n_procurement", *((r, "金额", v, u) for r, v, u in bought))) == ["violated"]


def test_parts_of_a_file_do_not_meet() -> None:
    """What one disclosure says is not held against another in the same file."""
    one = prose("n_performance", ("整体支出绩效自评", "全年预算数", "5.00", "万元"))
    other = prose("performance_overall", ("年度总资金", "全年预算数", "6.00", "万元"), part=1)
    assert verdicts("P3", one, other) == []
    here = prose("performance_overall", ("年度总资金", "全年预算数", "6.00", "万元"))
    assert verdicts("P3", one, here) == ["violated"]


def test_lists_are_counted_and_compared() -> None:
    """A number of departments is that of the names in the list, brackets and all."""
    rooms = ("内设机构", "名单", "综合科(人事、财务)、礼宾科、出国管理科", "")
    assert verdicts("N25", prose("staffing", ("内设机构", "数量", "3", "个"), rooms)) == ["held"]
    assert verdicts("N25", prose("staffing", ("内设机构", "数量", "4", "个"), rooms)) == ["violated"]
    some = ("内设机构", "名单", "综合科、礼宾科等", "")
    assert verdicts("N25", prose("staffing", ("内设机构", "数量", "4", "个"), some)) == []


def test_a_name_that_no_code_has_is_in_doubt() -> None:
    """An item whose name isn't that of a code in the table is contradicted, and its neighbours are not."""
    name = "urumqi_fao_2024_budget"
    read = list(tables(name))
    t, table = next((i, x) for i, x in enumerate(read) if x.id == "n_general_items")
    wrong = table.rows[1].model_copy(update={"key": table.rows[1].key + "务", "role": table.rows[1].key + "务"})
    read[t] = table.model_copy(update={"rows": (table.rows[0], wrong, *table.rows[2:])})
    result = check(read, catalogue())
    doubted = [r.key for r, c in result.tables[t].numbers() if c.state == "contradicted" and c.column == "金额"]
    assert doubted == [wrong.key]
    assert "L7" in {f.code for f in result.findings}


def test_a_list_may_name_more_but_not_less() -> None:
    """Offices copy such lists from year to year; but what is paid for has to be among them."""
    rows = tuple(
        Row(
            key=code, role=code, kind="code", parent=None, line=1,
            cells=(
                Cell(column="名称", kind="text", text=text, spans=(Span(start=0, end=1, line=1),)),
                Cell(column="合计", kind="number", text="1.00", value=Decimal("1.00"), unit="万元"),
            ),
        )
        for code, text in (("30101", "基本工资"), ("30108", "机关事业单位基本养老保险缴费"))
    )  # fmt: skip
    table = Table(id="basic_expenditure", title="", part=0, unit="万元", columns=("合计",), rows=rows, lines=(1, 1))
    for said, wanted in (
        ("基本工资、机关事业单位基本养老保险缴费", "held"),
        ("基本工资、机关事业单位养老保险缴费、奖金", "unchecked"),
        ("基本工资", "violated"),
        ("基本工资、奖金", "violated"),
    ):
        assert verdicts("L1", prose("n_basic", ("人员经费", "构成", said, "")), table) == [wanted]


def test_opposite_words_contradict() -> None:
    """More money can't be a fall: the signs of change and rate go together."""
    said = [("机关运行经费", "金额", "10.00", "万元"), ("机关运行经费", "增减额", "2.00", "万元")]
    assert verdicts("L2", prose("n_operating", *said, ("机关运行经费", "增减率", "25.00", "%"))) == ["held"]
    assert verdicts("L2", prose("n_operating", *said, ("机关运行经费", "增减率", "-25.00", "%"))) == ["violated"]


def test_prose_does_not_discredit_a_proven_table() -> None:
    """Where one sentence differs from amounts that several identities prove, the sentence is in doubt, not they."""
    name = "urumqi_fao_2024_budget"
    read = tables(name)
    t, table = next((i, x) for i, x in enumerate(read) if x.id == "n_overall")
    cell = table.rows[0].cells[0]
    wrong = cell.model_copy(update={"text": "465.34", "value": Decimal("465.34")})
    result = check(_with(read, (t, 0, 0), wrong), catalogue())
    assert result.tables[t].rows[0].cells[0].state == "contradicted"
    states = [(x.id, r.key, c.column) for x in result.tables for r, c in x.numbers() if c.state == "contradicted"]
    assert {table_id for table_id, _, _ in states} == {"n_overall", "performance_overall"}
    assert {f.code for f in result.findings} == {"N1", "P3"}
