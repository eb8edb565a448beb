"""机构运行信息表: amounts and counts in one form, its headings rows of the table, in cells and without."""

import pytest

from extractor import Document, Extractor
from extractor.facts import facts

LEFT = (
    ("一、“三公”经费支出", "1", "—", "—"),
    ("（一）支出合计", "2", "9.00", "7.50"),
    ("1．因公出国（境）费", "3", "", ""),
    ("2．公务用车购置及运行维护费", "4", "6.00", "5.00"),
    ("（1）公务用车购置费", "5", "", ""),
    ("（2）公务用车运行维护费", "6", "6.00", "5.00"),
    ("3．公务接待费", "7", "3.00", "2.50"),
    ("（1）国内接待费", "8", "—", "2.50"),
    ("（二）相关统计数", "9", "—", "—"),
    ("4．公务用车保有量（辆）", "10", "—", "3"),
    ("5．国内公务接待批次（个）", "11", "—", "46"),
    ("6．国内公务接待人次（人）", "12", "—", "385"),
    ("四、机关运行经费", "13", "—", "30.20"),
    ("五、国有资产占用情况", "14", "—", "—"),
    ("（一）车辆数合计（辆）", "15", "—", "4"),
    ("1.机要通信用车", "16", "—", "1"),
    ("2.其他用车", "17", "—", "3"),
    ("六、政府采购支出信息", "18", "—", "—"),
    ("（一）政府采购支出合计", "19", "—", "12.40"),
    ("1.政府采购货物支出", "20", "—", "12.40"),
)
SPENT = "“三公”经费支出/支出合计"


def read(separator: str) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Value, unit and state by row and column of the form, its cells told apart by a separator."""
    head = separator.join(("项 目", "行次", "预算数", "决算数"))
    rows = "\n".join(separator.join(c for c in row if c or separator == "\t") for row in LEFT)
    text = f"2022年部门决算\n\n公开09表\n机构运行信息表\n单位：万元\n{head}\n{rows}\n"
    result = Extractor(engine="deterministic").extract(Document.from_text(text))
    found = [f for f in facts(result) if f["table"] == "operating_information"]
    return {(f["row"], f["column"]): (f["value"], f["unit"], f["state"]) for f in found}


@pytest.mark.parametrize("separator", ["\t", " "])
def test_amounts_are_proven_and_counts_have_their_own_unit(separator: str) -> None:
    """The number of a row is no count, and a count is in no money."""
    found = read(separator)
    assert found[SPENT, "预算数"] == ("9.00", "万元", "proven")
    assert found[f"{SPENT}/公务用车购置及运行维护费", "决算数"] == ("5.00", "万元", "proven")
    assert found["“三公”经费支出/相关统计数/公务用车保有量(辆)", "决算数"][:2] == ("3", "辆")
    assert found["“三公”经费支出/相关统计数/国内公务接待批次(个)", "决算数"][:2] == ("46", "个")
    assert found["“三公”经费支出/相关统计数/国内公务接待人次(人)", "决算数"][:2] == ("385", "人")
    assert found["国有资产占用情况/车辆数合计(辆)", "决算数"] == ("4", "辆", "proven")
    assert not [key for key in found if found[key][0] in {"10", "11", "12", "15", "16", "17", "18", "19", "20"}]


def test_a_heading_of_the_form_does_not_end_it_where_each_cell_has_a_line() -> None:
    """五、国有资产占用情况 reads as a section of the text, and is a row: what is below it is read."""
    found = read("\n")
    assert found["机关运行经费", "决算数"][0] == "30.20"
    assert found["政府采购支出信息/政府采购支出合计", "决算数"][0] == "12.40"


def test_counts_are_no_numbers_of_rows_in_two_sides_either() -> None:
    """18 批次 is neither the next row of its side nor that of the other one."""
    right = [("四、机关运行经费", "17", "30.20"), ("（一）行政单位", "18", "30.20"), ("（二）参公事业单位", "19", "")]
    rows = [" ".join(c for c in (*left, *other) if c) for left, other in zip(LEFT[:3], right, strict=True)]
    rest = [" ".join(c for c in row if c) for row in LEFT[3:12]]
    rest = [row.replace("46", "18") for row in rest]
    head = "项目 行次 预算数 决算数 项目 行次 决算数"
    text = "\n".join(("2022年部门决算", "", "机构运行信息表", "单位：万元", head, *rows, *rest, ""))
    result = Extractor(engine="deterministic").extract(Document.from_text(text))
    told = {f["row"]: f["value"] for f in facts(result) if f["table"] == "operating_information"}
    assert told["“三公”经费支出/相关统计数/国内公务接待批次(个)"] == "18"
    assert told["“三公”经费支出/相关统计数/国内公务接待人次(人)"] == "385"
