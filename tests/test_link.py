"""Two documents together: what one says about the other, and nothing passed that was not compared."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from extractor import Document, Extractor
from extractor.errors import SpecError
from extractor.export import save
from extractor.link import link
from extractor.link_records import LinkReport
from extractor.link_rules import load_links
from extractor.papers import Paper, papers

from .cli import extractor as run
from .conftest import BUDGETS, sample

UNIT = "某某市人民政府外事办公室"
CLUB, HALL = "某某市对外友好协会", "某某市翻译服务中心"

FINAL = """{unit}
{year} 年度部门决算公开说明

第二部分 部门决算情况说明

一、收入支出决算总体情况说明

{year}年度收入总计{total}万元，其中：本年收入合计{own}万元，使用非财政拨款结余0.00万元，年初结转和结余{opening}万元。

{year}年度支出总计{total}万元，其中：本年支出合计{spent}万元，结余分配0.00万元，年末结转和结余{closing}万元。

收入支出总体与上年相比，{change}，主要原因是：工作安排。

四、财政拨款收入支出决算总体情况说明

{year}年度财政拨款收入总计{own}万元，其中：年初财政拨款结转和结余0.00万元，本年财政拨款收入{own}万元。\
财政拨款支出总计{own}万元，其中：年末财政拨款结转和结余0.00万元，本年财政拨款支出{own}万元。

与年初预算相比，年初预算数{planned}，决算数{own}万元，预决算差异率0.00%，主要原因是：严格执行预算。
"""
LAST = {
    "unit": UNIT, "year": 2023, "total": "478.68", "own": "470.00", "opening": "8.68", "spent": "466.68",
    "closing": "12.00", "change": "增加10.00万元，增长2.13%", "planned": "470.00万元",
}  # fmt: skip
NEXT = {
    "unit": UNIT, "year": 2024, "total": "454.25", "own": "442.25", "opening": "12.00", "spent": "454.25",
    "closing": "0.00", "change": "减少24.43万元，下降5.10%", "planned": "442.25万元",
}  # fmt: skip


def _table(rows: dict[str, tuple[str, str]], unit: str) -> str:
    names = {"201": "一般公共服务支出", "20103": "政府办公厅（室）及相关机构事务", "2010301": "行政运行",
             "2010302": "一般行政管理事务", "总计": "总计"}  # fmt: skip
    lines = ["表 3", "", "部门支出总体情况表", "", f"编制部门：{unit}", "", "单位：万元", ""]
    lines += ["科目\t\t\t支出预算\t\t\t", "功能分类科目编码\t\t\t功能分类科目名称\t合计\t基本支出\t项目支出"]
    lines += ["类\t款\t项\t\t\t\t", "※\t※\t※\t※\t1\t2\t3"]
    for code, (basic, project) in rows.items():
        place = (code[:3], code[3:5], code[5:]) if code.isdigit() else ("", "", "")
        whole = sum((Decimal(x) for x in (basic, project) if x), Decimal(0))
        lines.append("\t".join((*place, names[code], str(whole), basic, project)))
    return "\n".join([*lines, ""])


def _projects(amounts: dict[str, str]) -> str:
    lines = ["表 7", "", "一般公共预算项目支出情况表", "", f"编制部门：{UNIT}", "", "单位：万元", ""]
    lines += ["科目编码\t\t\t功能分类科目名称\t项目名称\t项目支出 合计\t工资福利 支出\t商品服务 支出"]
    lines += ["类\t款\t项\t\t\t\t\t", "※\t※\t※\t※\t※\t1\t2\t3"]
    total = str(sum(map(Decimal, amounts.values())))
    lines.append(f"\t\t\t总计\t\t{total}\t\t{total}")
    for unit, amount in amounts.items():
        lines.append(f"\t\t\t{unit}\t\t{amount}\t\t{amount}")
        lines.append(f"201\t\t\t一般公共服务支出\t\t{amount}\t\t{amount}")
        lines.append(f"201\t03\t\t政府办公厅（室）及相关机构事务\t\t{amount}\t\t{amount}")
        lines.append(f"201\t03\t02\t一般行政管理事务\t业务费\t{amount}\t\t{amount}")
    return "\n".join([*lines, ""])


def _budget(unit: str, basic: str, project: str, *, projects: str = "", prose: str = "") -> str:
    rows = {"总计": (basic, project), "201": (basic, project), "20103": (basic, project)}
    rows |= {"2010301": (basic, ""), "2010302": ("", project)}
    said = f"第三部分 2024年部门预算情况说明\n\n{prose}\n" if prose else ""
    return f"{unit}\n\n2024 年部门预算公开\n\n第二部分 2024年部门预算公开表\n\n{_table(rows, unit)}\n{projects}\n{said}"


def _fiscal(amount: str) -> str:
    return (
        f"四、关于{UNIT}2024年财政拨款收支预算情况的总体说明\n\n2024年财政拨款收支总预算{amount}。\n\n"
        f"收入预算包括：一般公共预算拨款{amount}。"
    )


def _papers(extractor: Extractor, **texts: str) -> list[Paper]:
    return [
        paper
        for name, text in texts.items()
        for paper in papers(extractor.extract(Document.from_text(text, name=name)))
    ]


def _years(extractor: Extractor, last: dict[str, Any], following: dict[str, Any]) -> LinkReport:
    return link(_papers(extractor, last=FINAL.format(**last), next=FINAL.format(**following)))


def test_two_years_that_agree_are_consistent(extractor: Extractor) -> None:
    """Last year's total and the change make this year's, and the year opens with what the last one closed with."""
    report = _years(extractor, LAST, NEXT)
    (years,) = report.links
    assert (years.kind, [d.year for d in years.documents]) == ("years", [2023, 2024])
    assert not years.findings
    assert report.consistent
    assert {code: years.checks[code].held for code in ("LY1", "LY2")} == {"LY1": 1, "LY2": 1}
    assert years.checks["LY3"].held == 2
    assert [d.year for d in link(_papers(extractor, b=FINAL.format(**NEXT), a=FINAL.format(**LAST))).documents] == [
        2024, 2023,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "code", "difference"),
    [
        ({"total": "478.86"}, "LY1", "0.18"),
        ({"total": "479.08"}, "LY2", "0.08"),
        ({"closing": "21.00"}, "LY3", "-9.00"),
    ],
)
def test_another_number_last_year_is_a_finding(
    extractor: Extractor, changed: dict[str, str], code: str, difference: str
) -> None:
    """A digit changed in last year's document is found, with both documents, their lines and the difference."""
    report = _years(extractor, {**LAST, **changed}, NEXT)
    finding = next(f for f in report.links[0].findings if f.code == code)
    assert {c.document for c in finding.cells} == {"last", "next"}
    assert all(c.line for c in finding.cells)
    assert finding.difference == Decimal(difference)
    assert str(finding.cells[0].value) in finding.message
    assert not report.consistent


def test_yuan_and_ten_thousands_are_compared_at_the_right_precision(extractor: Extractor) -> None:
    """4,422,512.34 元 is 442.25 万元; 4,423,512.34 元 isn't, and neither is compared as a bare number."""
    prose = _budget(UNIT, "400.00", "42.25", prose=_fiscal("4422512.34元"))
    final = FINAL.format(**{**NEXT, "planned": "442.25万元"})
    assert not link(_papers(extractor, b=prose, f=final)).links[0].findings
    wrong = prose.replace("4422512.34", "4423512.34")
    (finding,) = link(_papers(extractor, b=wrong, f=final)).links[0].findings
    assert (finding.code, finding.cells[1].unit, finding.difference) == ("LB1", "元", Decimal("-0.101234"))


def test_fewer_decimals_are_no_contradiction(extractor: Extractor) -> None:
    """442.3 万元 in one document is 442.25 in the other, 442.4 is not."""
    budget = _budget(UNIT, "400.00", "42.25", prose=_fiscal("442.25万元"))
    for planned, findings in (("442.3万元", 0), ("442.4万元", 1), ("442.26万元", 1)):
        text = FINAL.format(**{**NEXT, "planned": planned}).replace("442.25万元", "442.3万元")
        report = link(_papers(extractor, b=budget, f=text))
        assert len(report.links[0].findings) == findings, planned


def test_a_claim_against_prose_and_table_is_told_once(extractor: Extractor) -> None:
    """The final accounts' budget contradicts the budget's prose and its table: one finding, with both places."""
    budget = sample(BUDGETS[1]).text
    final = sample("karamay_fao_2024_final").text.replace("克拉玛依市人民", "克孜勒苏柯尔克孜自治州人民")
    (pair,) = link(_papers(extractor, b=budget, f=final)).links
    by_code = {f.code: f for f in pair.findings}
    assert len(by_code) == len(pair.findings) == 2
    assert [(c.document, c.table, str(c.value)) for c in by_code["LB1"].cells] == [
        ("f", "n_fiscal", "469.49"), ("b", "fiscal_appropriation", "447.76"), ("b", "n_fiscal", "447.76"),
    ]  # fmt: skip
    assert {u.code for u in pair.unchecked} == {"LB4", "LB5", "LB6"}


def test_items_named_in_prose_are_held_against_the_codes_of_last_year(extractor: Extractor) -> None:
    """The same budget a year later: every change it claims contradicts, but for the one that claims none."""
    text = sample(BUDGETS[1]).text
    following = text.replace("2024", "2025").replace("2023", "2024")
    (pair,) = link(_papers(extractor, last=text, next=following)).links
    items = [f for f in pair.findings if f.code == "LY1" and f.cells[0].table == "n_general_items"]
    assert [str(f.difference) for f in items] == [str(f.cells[0].value) for f in items]
    assert all("general_expenditure" in {c.table for c in f.cells} for f in items)
    assert len(items) == 5
    zero = [f for f in pair.findings if f.code == "LY1" and not f.cells[0].value]
    assert not zero


def test_a_claim_without_a_counterpart_is_unchecked(extractor: Extractor) -> None:
    """Where the other document has nothing to compare with, nothing is passed, and the claim is listed."""
    report = link(_papers(extractor, b=_budget(UNIT, "400.00", "42.25"), f=FINAL.format(**NEXT)))
    (pair,) = report.links
    assert pair.kind == "budget-final"
    assert [(u.code, u.claim) for u in pair.unchecked] == [("LB1", "n_fiscal 与年初预算相比 年初预算数")]
    assert "has no" in pair.unchecked[0].reason
    assert pair.unchecked[0].line
    assert not any(c.held for c in pair.checks.values())
    assert not report.consistent


def test_strangers_are_told_apart(extractor: Extractor) -> None:
    """Another unit, a year too far and a text without a cover are named with the reason, and not compared."""
    other = FINAL.format(**{**NEXT, "unit": "某某市教育局"})
    far = FINAL.format(**{**LAST, "year": 2021})
    bare = _table({"总计": ("1.00", "2.00")}, "")
    report = link(_papers(extractor, a=FINAL.format(**NEXT), other=other, far=far, bare=bare))
    assert not report.links
    said = {message.split(" ")[0]: message for message in report.apart}
    assert "no other document is of this unit" in said["other"]
    assert "of the year before or after" in said["far"]
    assert "doesn't say its unit" in said["bare"]
    assert not report.consistent


def test_many_strangers_are_not_all_named(extractor: Extractor) -> None:
    """Each says who else is there in one line, whether these are none or many."""
    own = FINAL.format(**NEXT)
    many = {f"d{n}": own.replace(UNIT, f"某市第{'一二三四五六七'[n]}局") for n in range(7)}
    said = link(_papers(extractor, **many)).apart
    assert len(said) == 7
    assert all("、" in line and " and 2 more" in line for line in said)
    (alone,) = link(_papers(extractor, a=own)).apart
    assert "no other document that could be read" in alone


def test_two_documents_of_one_unit_year_and_kind_are_not_compared(extractor: Extractor) -> None:
    """The same disclosure twice is no link; it is said once."""
    report = link(_papers(extractor, a=FINAL.format(**NEXT), b=FINAL.format(**NEXT)))
    (message,) = report.apart
    assert "are of one unit, year and kind" in message
    assert not report.consistent


def _family(extractor: Extractor, hall: str = "5.00") -> list[Paper]:
    department = _budget(UNIT, "100.00", "26.00", projects=_projects({UNIT: "18.00", CLUB: "3.00", HALL: "5.00"}))
    return _papers(
        extractor,
        department=department,
        own=_budget(UNIT + "（本级）", "60.00", "18.00"),
        club=_budget(CLUB, "30.00", "3.00"),
        hall=_budget(HALL, "10.00", hall),
    )


def test_a_department_is_the_sum_of_its_units(extractor: Extractor) -> None:
    """Units are found by their rows in the department's tables, and summed code by code."""
    report = link(_family(extractor))
    (units,) = report.links
    assert [d.name for d in units.documents] == ["department", "own", "club", "hall"]
    assert (units.checks["LU1"].held, units.findings) == (13, ())
    wrong = link(_family(extractor, hall="5.10"))
    found = wrong.links[0].findings
    assert {f.code for f in found} == {"LU1"}
    assert {f.difference for f in found} == {Decimal("-0.10")}
    assert {c.document for c in found[0].cells} == {"department", "own", "club", "hall"}


def test_a_unit_that_is_missing_leaves_sums_unchecked(extractor: Extractor) -> None:
    """Without the document of a unit there is no sum: neither held nor violated."""
    report = link(_family(extractor)[:-1])
    (units,) = report.links
    assert not units.findings
    assert not any(c.held for c in units.checks.values())
    assert any(HALL in u.reason for u in units.unchecked)
    assert not report.consistent


def test_the_department_can_be_named(extractor: Extractor) -> None:
    """Where its tables don't list the units, naming the department makes the others its units."""
    found = _papers(
        extractor,
        all=_budget(UNIT, "70.00", "8.00"),
        a=_budget(CLUB, "30.00", "3.00"),
        b=_budget(HALL, "40.00", "5.00"),
    )
    assert not link(found).links
    (units,) = link(found, found[0]).links
    assert (units.checks["LU1"].held, units.findings) == (13, ())


def test_uncertain_cells_prove_nothing(extractor: Extractor) -> None:
    """A number that may be another one is neither passed nor blamed."""
    found = _papers(extractor, a=FINAL.format(**LAST), b=FINAL.format(**NEXT))
    tables = tuple(
        t if t.id != "n_overall" else t.model_copy(update={"rows": tuple(
            r.model_copy(update={"cells": tuple(c.model_copy(update={"state": "ambiguous"}) for c in r.cells)})
            for r in t.rows
        )})
        for t in found[0].tables
    )  # fmt: skip
    doubtful = Paper(found[0].info, tables, found[0].units, found[0].incomplete)
    (years,) = link([doubtful, found[1]]).links
    assert not years.findings
    assert "LY1" in {u.code for u in years.unchecked if "is ambiguous" in u.reason}
    assert years.checks["LY1"].held == 0


def test_the_command_reads_results_and_texts(extractor: Extractor, tmp_path: Path) -> None:
    """A result folder and a text file together; exit codes 0, 1, 2 and 3; JSON with both documents."""
    saved = tmp_path / "out" / "last"
    save(extractor.extract(Document.from_text(FINAL.format(**LAST), name="last.txt")), saved)
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text(FINAL.format(**NEXT), encoding="utf-8")
    bad.write_text(FINAL.format(**{**NEXT, "opening": "13.00"}), encoding="utf-8")
    done = run("link", saved, good)
    assert (done.returncode, done.stderr) == (0, "")
    assert "a year and the next" in done.stdout
    done = run("link", tmp_path / "out", bad, "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert {f["code"] for f in report["links"][0]["findings"]} == {"LY3"}
    assert run("link", good).returncode == 2
    assert run("link", good, saved, tmp_path / "nothing.txt").returncode == 3
    assert run("link", good, saved, "--department", tmp_path / "nothing.txt").returncode == 2


def test_a_rule_that_names_no_document_is_refused(tmp_path: Path) -> None:
    """Every table of a rule says whose it is."""
    file = tmp_path / "links.yaml"
    file.write_text(
        'rules: [{id: LX1, link: years, says: x, rule: "next_a[总计].金额 == unit_a[总计].金额"}]', encoding="utf-8"
    )
    with pytest.raises(SpecError, match=r"unit_a.*last or next"):
        load_links(file)


def test_codes_are_no_codes_of_other_identities() -> None:
    """A finding's code tells a link from a check within a document."""
    from extractor.link_rules import link_specs
    from extractor.specs import catalogue

    known = catalogue()
    within = {s.id for s in (*known.cross, *known.narrative)} | {i for t in known.tables for i in t.identities}
    assert not within & {rule.spec.id for rule in link_specs()}
