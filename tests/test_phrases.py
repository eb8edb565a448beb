"""Words that identities compare: names of the office, lists, contents, and numbers that running text tells again."""

from collections.abc import Sequence

import pytest

from extractor import Document, Extractor, Result
from extractor.facts import facts
from extractor.phrases import WORDS

from .conftest import sample

URUMQI, KIZILSU, KARAMAY = "urumqi_fao_2024_budget", "kizilsu_fao_2024_budget", "karamay_fao_2024_final"


def words(result: Result, table: str = "n_words") -> dict[str, dict[str, str]]:
    """Return the words that were read, by row and column."""
    found = result.table(table)
    return {r.key: {c.column: c.text for c in r.cells} for r in found.rows} if found else {}


def changed(extractor: Extractor, name: str, *pairs: tuple[str, str]) -> list[tuple[str, int | None]]:
    """Return what is found in a sample with some words changed, and not in the sample itself."""
    document = sample(name)
    text = document.text
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    before = {f.message for f in extractor.extract(document).findings}
    after = extractor.extract(Document.from_text(text)).findings
    return [(f.code, f.line) for f in after if f.message not in before and f.kind != "repair"]


def test_words_of_the_samples_are_read(extractor: Extractor) -> None:
    """Names in headers and sign-off, lists, units, staff changes, contents with their headings: looked up by hand."""
    urumqi, kizilsu, karamay = (words(extractor.extract(sample(n))) for n in (URUMQI, KIZILSU, KARAMAY))
    assert sum(k.startswith("表头/") for k in urumqi) == sum(k.startswith("表头/") for k in kizilsu) == 11
    assert urumqi["落款"] == {"名称": "乌鲁木齐市人民政府外事办公室"}
    assert urumqi["收入预算"] == {"名单": "一般公共预算、单位资金、财政拨款结转结余"}
    assert kizilsu["支出预算"] == {"名单": "一般公共服务支出、社会保障和就业支出"}
    assert urumqi["单位构成"] == {"行政单位": "2家", "事业单位": "0家"}
    assert [v["名称"] for k, v in urumqi.items() if k.startswith("成员/")] == [
        "乌鲁木齐市人民政府外事办公室本级", "乌鲁木齐市人民对外友好协会",
    ]  # fmt: skip
    assert kizilsu["下属/1"] == karamay["下属/1"] == {"说法": "无下属预算单位"}
    assert [v for k, v in karamay.items() if k.startswith("人员变动/")] == [
        {"在职": "在职人员减少"}, {"在职": "在职人员减少"}, {"退休": "退休人员增加"}, {"退休": "退休人员较上年增加"},
        {"在职": "在岗人员减少"},
    ]  # fmt: skip
    assert (sum("正文" in v for v in urumqi.values()), sum("正文" in v for v in karamay.values())) == (29, 33)
    assert all("正文" in v for w in (urumqi, karamay) for k, v in w.items() if k.startswith("目录/"))
    assert karamay["目录/25"]["正文"] == "一、《收入支出决算总表》"


@pytest.mark.parametrize("name", [URUMQI, KIZILSU, KARAMAY])
def test_words_are_no_facts(extractor: Extractor, name: str) -> None:
    """They stand in the result and are checked; the facts contract doesn't know them."""
    result = extractor.extract(sample(name))
    assert WORDS & {t.id for t in result.tables} == WORDS
    assert not WORDS & {f["table"] for f in facts(result)}
    assert not any(True for t in result.tables if t.id in WORDS for _ in t.numbers())


@pytest.mark.parametrize(
    ("name", "pairs", "wanted"),
    [
        (URUMQI, [("编制部门：乌鲁木齐市人民政府外事办公室", "编制部门：乌鲁木齐市人民政府侨务办公室")], [("L4", 79)]),
        (URUMQI, [("一般公共预算、单位资金、财政拨款结转结余", "一般公共预算、财政拨款结转结余")], [("L8", 358)]),
        (KIZILSU, [("一般公共服务支出、社会保障和就业支\n", "一般公共服务支出、教育支\n")], [("L8", 875)]),
        (URUMQI, [("行政单位2家", "行政单位3家")], [("N26", 66)]),
        (URUMQI, [("下属1家", "下属2家")], [("N26", 62)]),
        (URUMQI, [("下属1家预算单位", "无下属预算单位")], [("L6", 66)]),
        (KIZILSU, [("本年在职人员减少", "本年在职人员增加")], [("N27", 31)]),
        (KIZILSU, [("本年在职人员减少", "本年在职人员减少3人")], [("N27", 31)]),
        (KIZILSU, [("其他资金 89.67 万元，根据", "其他资金 89.76 万元，根据")], [("P6", None)]),
        (KARAMAY, [("因公出国(境)团组2批次", "因公出国(境)团组3批次")], [("P13", None)]),
        (KARAMAY, [("### **（二）政府采购情况**\n", "")], [("L9", 29)]),
        (KARAMAY, [("车辆 0 辆，价值 0.00 万元", "车辆 0 辆，价值 3.00 万元")], [("N19b", 195)]),
        (KARAMAY, [("部门名称\t\t克拉玛依市人民政府外事", "部门名称\t\t克拉玛依市外事侨务")], [("L4", 204)]),
        (KARAMAY, [("退休人员 4 人，增加 3 人", "退休人员 4 人，增加 8 人")], [("N23b", 83)]),
        (KARAMAY, [("37.07%。", "33.07%。")], [("S1", 191)]),
        (KARAMAY, [("与上年相比，减少24.43万元", "与上年相比，减少24.41万元")], [("D5", 95)]),
        (URUMQI, [("下降 10.53%", "下降 10.5%")], [("G1", None)]),
        (KARAMAY, [("全年预算数 141.62 万元", "全年预算数 146.62 万元")], [("F17", 199)]),
        (KARAMAY, [("年初财政拨款结转和结余 0.00 万元", "年初财政拨款结转和结余 0.01 万元")], [("F4b", 107)]),
        (KARAMAY, [("\t20\t20\n\t\t因公", "\t20\t18\n\t\t因公")], [("P9", None)]),
    ],
)  # fmt: skip
def test_what_contradicts_is_found(
    extractor: Extractor, name: str, pairs: Sequence[tuple[str, str]], wanted: list[tuple[str, int | None]]
) -> None:
    """One word or number that is wrong is a finding at its place, and the only one."""
    found = changed(extractor, name, *pairs)
    assert [code for code, _ in found] == [code for code, _ in wanted]
    assert all(line == there for (_, line), (_, there) in zip(found, wanted, strict=True) if there)


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        (URUMQI, [("编制部门：乌鲁木齐市人民政府外事办公室", "编制部门：乌鲁木齐市人民政府外事办")]),
        (KIZILSU, [("本年在职人员减少", "本年事业在职人员增加")]),
        (KIZILSU, [("其他资金 89.67 万元，根据", "其他资金 89.67 万元，上年其他资金 5.00 万元，根据")]),
        (URUMQI, [("一、 关于乌鲁木齐市人民政府外事办公室 2024 年收支预算情况的总体", "一、 2024 年收支预算总体情况")]),
        (KARAMAY, [("维系友好城市数量5个", "维系友好城市数量若干")]),
        (KARAMAY, [("37.07%。", "100.00%。")]),
    ],
    ids=["cut", "other-staff", "two-amounts", "other-words", "no-number", "other-whole"],
)  # fmt: skip
def test_what_may_be_right_is_no_finding(extractor: Extractor, name: str, pairs: Sequence[tuple[str, str]]) -> None:
    """A name that is cut off, other people, several amounts, a heading in other words: nothing is known to be wrong."""
    assert changed(extractor, name, *pairs) == []


def test_contents_of_a_document_that_is_not_here_say_nothing(extractor: Extractor) -> None:
    """Of a file cut off behind its first part, the sections that follow are not announced in vain."""
    text = sample(URUMQI).text
    cut = extractor.extract(Document.from_text(text[: text.index("第二部分 2024 年部门预算公开表\n\n表 1")]))
    assert "L9" not in {f.code for f in cut.findings}
    assert not any(k.startswith("目录/") for k in words(cut))


def test_an_entry_of_the_contents_without_words_names_no_heading(extractor: Extractor) -> None:
    """A number alone in the list, and a line of marks below it: neither is the title of the other."""
    text = sample(KARAMAY).text
    cut = text.replace("十一、预算绩效的情况说明\n", "十一、\n", 1).replace("## 十一、预算绩效的情况说明\n", "##\n")
    found = words(extractor.extract(Document.from_text(cut)))
    assert found["目录/22"] == {"标题": "十二、其他需说明的事项", "正文": "十二、其他需说明的事项"}
    assert found["目录/21"] == {"标题": "十一、"}


def test_amounts_told_again_prove_each_other(extractor: Extractor) -> None:
    """The goal of a form repeats its money: the other print is evidence, and a misread digit is not."""
    result = extractor.extract(sample(KIZILSU))
    form = result.table("performance_project")
    assert form is not None
    other = next(c for r, c in form.numbers() if r.role == "资金/其他资金")
    assert "P6" in other.proof
    wrong = sample(KIZILSU).text.replace("其他\n\n资金：\n\n89.67", "其他\n\n资金：\n\n89.61")
    if wrong != sample(KIZILSU).text:
        states = [c.state for t in extractor.extract(Document.from_text(wrong)).tables for r, c in t.numbers()
                  if t.id == "performance_project" and r.role == "资金/其他资金"]  # fmt: skip
        assert states == ["contradicted"]


def test_zero_beside_zero_is_proven_and_the_zero_of_what_is_not(extractor: Extractor) -> None:
    """No change is 0.00 %, nothing is worth nothing; how many there are of it is told by others or by nobody."""
    result = extractor.extract(sample(KARAMAY))
    states = {(t.id, r.key, c.column): c.state for t in result.tables for r, c in t.numbers() if t.id.startswith("n_")}
    assert states["n_three_public", "公务接待费", "预决算差异率"] == "proven"
    assert states["n_assets", "房屋", "价值"] == "proven"
    assert states["n_assets", "房屋", "面积"] == "grounded"
    assert states["n_expenditure", "经营支出", "金额"] == "grounded"


def test_a_list_whose_first_number_is_misread_is_left_out(extractor: Extractor) -> None:
    """Where a list begins can't be told then; the rest of the document is read."""
    text = sample(URUMQI).text.replace("1、乌鲁木齐市人民政府外事办公室本级", "3、乌鲁木齐市人民政府外事办公室本级", 1)
    result = extractor.extract(Document.from_text(text))
    assert not any(key.startswith("成员/") for key in words(result))
    assert len(facts(result)) == len(facts(extractor.extract(sample(URUMQI))))
