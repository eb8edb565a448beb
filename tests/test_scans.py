"""Scans: pages that are laid flat, cells that are read again, names that a recogniser wasn't sure of."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from extractor import Document, Extractor, Result
from extractor.records import Region
from extractor.sources.numerals import amount_of, mended_in

cv2 = pytest.importorskip("cv2")
pytest.importorskip("rapidocr")

from extractor.sources.ocr import page_rows  # noqa: E402 - they need these packages
from extractor.sources.page_image import Page  # noqa: E402
from extractor.sources.recogniser import Reading  # noqa: E402

TABLE = """一般公共预算基本支出情况表
单位：万元
科目编码\t科目名称\t合计\t人员经费\t公用经费
302\t商品和服务支出\t15.05\t\t15.05
30201\t办公费\t12.00\t\t12.00
30216\t培训费\t3.05\t\t3.05
合计\t\t15.05\t\t15.05
"""


def recognised(text: str, scores: dict[str, float]) -> Result:
    """Extract a text as if every cell of it had been recognised, with these scores and otherwise 1."""
    regions = []
    start = 0
    for number, line in enumerate(text.splitlines()):
        for column, piece in enumerate(line.split("\t")):
            box = (100.0 * column, 20.0 * number, 100.0 * column + 80, 20.0 * number + 10)
            if piece:
                regions.append(
                    Region(start=start, end=start + len(piece), page=1, box=box, score=scores.get(piece, 1.0))
                )
            start += len(piece) + 1
    return Extractor().extract(Document("page", text, regions=tuple(regions)))


def states(result: Result, row: str) -> set[str]:
    """Return the states of a row's numbers."""
    return {c.state for t in result.tables for r, c in t.numbers() if r.key == row}


def test_a_code_beside_its_own_name_is_sure() -> None:
    """The classification confirms code and name; where another name stands beside it, the row is in doubt."""
    assert states(recognised(TABLE, {"30216": 0.97}), "30216") == {"proven"}
    assert states(recognised(TABLE.replace("培训费", "差旅费"), {"30216": 0.97}), "30216") == {"ambiguous"}


def test_a_header_that_is_a_name_of_its_column_is_sure() -> None:
    """However it is spelled and scored; what is no name of the column and hard to read leaves its numbers open."""
    usual = TABLE.replace("合计\t人员经费", "合计\t人员经费（小计）")
    assert states(recognised(TABLE, {"公用经费": 0.7}), "30216") == {"proven"}
    assert states(recognised(usual, {"人员经费（小计）": 0.7}), "302") == {"proven"}
    odd = recognised(TABLE.replace("公用经费\n", "公用经費\n"), {"公用经費": 0.7})
    assert "proven" not in {c.state for t in odd.tables for _, c in t.numbers() if c.column != "合计"}


def test_a_name_that_stands_nowhere_else_is_doubted_on_scans() -> None:
    """A recogniser may misread several characters of a name, and no other spelling near it would tell."""
    told = (
        "三、一般公共预算具体使用情况\n1.一般公共服务支出（类）政府办公厅（室）及相关机构事务（款）行政运行（项）："
        "2024年预算数为12.50万元，比上年预算增加2.50万元，增长25.00%。\n"
    )
    worse = told.replace("政府办公厅（室）及相关机构事务", "攻府力公丁（室）反相夫机沟事务")
    assert {c.state for t in recognised(told, {}).tables for _, c in t.numbers()} == {"proven"}
    assert {c.state for t in recognised(worse, {}).tables for _, c in t.numbers()} == {"ambiguous"}


BUDGET = """2024年部门预算公开
表1
部门收支总体情况表
单位：万元
收入\t\t支出\t
项目\t预算数\t支出功能分类\t预算数
一、本年收入\t112.50\t201一般公共服务支出\t112.50
1.一般公共预算拨款\t100.00\t\t
其中：一般财力\t100.00\t\t
2.基金预算拨款\t12.50\t\t
其中：政府性基金收入\t12.50\t\t
收入总计\t112.50\t支出总计\t112.50

表3
部门支出总体情况表
单位：万元
科目编码\t科目名称\t合计\t基本支出\t项目支出
201\t一般公共服务支出\t112.50\t92.50\t20.00
20103\t政府办公厅（室）及相关机构事务\t40.00\t40.00\t
2010301\t行政运行\t40.00\t40.00\t
20108\t审计事务\t72.50\t52.50\t20.00
2010801\t行政运行\t52.50\t52.50\t
2010804\t审计业务\t20.00\t\t20.00
合计\t\t112.50\t92.50\t20.00

表7
项目支出情况表
单位：万元
科目编码\t科目名称\t项目名称\t合计\t商品和服务支出
2010804\t审计业务\t2024年专项审计\t20.00\t20.00
合计\t\t\t20.00\t20.00
"""


Place = tuple[str, str, str, str, str]


def proven(result: Result) -> set[Place]:
    """Return table, row, column, text and unit of the numbers that are proven."""
    return {
        (t.id, r.key, t.label(r, c.column), c.text, c.unit)
        for t in result.tables
        for r, c in t.numbers()
        if c.state == "proven"
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2.基金预算拨款", "2基金预算拨款"),
        ("一、本年收入", "一本年收入"),
        ("2010804\t审计业务\t20", "2010304\t审计业务\t20"),
        ("2010301", "2016301"),
        ("20108\t", "20106\t"),
        ("2010801", "2010601"),
        ("表3\n部门支出总体情况表\n单位：万元", "表3\n部门支出总体情况表\n单位：元"),
        ("表3\n部门支出总体情况表\n单位：万元", "表3\n部门支出总体情况表\n单位：方元"),
        ("2024年专项审计", "2029年专项审计"),
        ("2024年专项审计", "2024年专项审汁"),
        ("\t基本支出\t", "\t支出\t"),
        ("\t合计\t基本支出", "\t台计\t基本支出"),
    ],
)
def test_names_that_were_misread_prove_nothing(old: str, new: str) -> None:
    """However sure the recogniser was of them: where a number is right under a wrong name, no sum is broken."""
    text = BUDGET.replace(old, new, 1)
    same = {piece for line in BUDGET.splitlines() for piece in line.split("\t")}
    pieces = {piece for line in text.splitlines() for piece in line.split("\t")}
    right = proven(recognised(BUDGET, {}))
    assert len(right) > 25
    assert proven(recognised(text, dict.fromkeys(pieces - same, 0.99))) < right


THREE = """2025年部门预算公开，与2024年预算数比较
2024年预算数与2025年预算数
附表7
部门一般公共预算“三公”经费支出表
单位：元
2024年预算数\t\t\t2025年预算数\t\t
合计\t因公出国（境）费\t公务接待费\t合计\t因公出国（境）费\t公务接待费
68.05\t29.82\t38.23\t34.13\t13.02\t21.11
"""


def test_the_year_of_a_column_is_as_sure_as_its_reading() -> None:
    """Two years stand beside each other: the numbers of one are the other's if a digit is misread."""
    assert len(proven(recognised(THREE, {}))) == 6
    for wrong, score in (("2021年预算数", 1.0), ("2023年预算数", 0.99)):
        text = THREE.replace("2024年预算数\t", f"{wrong}\t")
        assert not [p for p in proven(recognised(text, {wrong: score})) if "202" + wrong[3] in p[2]]


def test_a_unit_is_sure_where_a_sentence_has_the_same_amount_with_it() -> None:
    """In another unit the sentence would say another amount; a sentence in another unit confirms nothing."""
    scores = {"单位：万元": 0.97}
    assert states(recognised(TABLE, scores), "30216") == {"ambiguous"}
    told = "六、一般公共预算基本支出情况说明\n2024年一般公共预算基本支出{}，其中：\n公用经费{}。\n"
    for amount, found in (("15.05万元", {"proven"}), ("150500.00元", {"ambiguous"})):
        text = told.format(amount, amount) + TABLE
        result = recognised(text, scores)
        table = result.table("basic_expenditure")
        assert table is not None
        assert {c.state for r, c in table.numbers() if r.key == "30216"} == found


SIDES = """财政拨款收支预算总体情况表
单位：万元
财政拨款收入\t\t财政拨款支出\t
项目\t合计\t支出功能分类\t合计\t一般公共预算\t政府性基金预算\t国有资本经营预算
一、财政拨款（补助）\t112.50\t201一般公共服务支出\t100.00\t100.00\t\t
一般公共预算\t100.00\t229其他支出\t12.50\t\t12.50\t
政府性基金预算\t12.50\t\t\t\t\t
收入总计\t112.50\t支出总计\t112.50\t100.00\t12.50\t
"""


def test_a_header_is_no_row_that_others_are_a_part_of() -> None:
    """The row above two others was not read; the header of its side, which has its name, says nothing of it."""
    right = recognised(SIDES, {})
    assert states(right, "财政拨款/政府性基金预算") == {"proven"}
    wrong = recognised(SIDES.replace("一、财政拨款（补助）\t112.50\t201一", "一财政拨款（补助）\t112.50\t203.一"), {})
    assert "proven" not in {c.state for t in wrong.tables for r, c in t.numbers() if r.key.endswith("政府性基金预算")}


def words(result: Result, row: str, column: str) -> list[tuple[str, str]]:
    """Return the texts of a column with their states."""
    return [
        (c.text, c.state)
        for t in result.tables
        for r in t.rows
        for c in r.cells
        if c.kind == "text" and r.key == row and c.column == column
    ]


def test_a_text_is_as_sure_as_its_least_sure_character() -> None:
    """Unless a spec knows it; what is nearly the name that the classification has for a code may be that one."""
    free = TABLE.replace("30216\t培训费", "30299\t边境事务补贴")
    assert words(recognised(free, {}), "30299", "名称") == [("边境事务补贴", "grounded")]
    assert words(recognised(free, {"边境事务补贴": 0.93}), "30299", "名称") == [("边境事务补贴", "ambiguous")]
    assert words(recognised(TABLE, {"培训费": 0.93}), "30216", "名称") == [("培训费", "grounded")]
    assert words(recognised(TABLE.replace("培训费", "培圳费"), {}), "30216", "名称") == [("培圳费", "ambiguous")]
    assert words(recognised(TABLE.replace("培训费", "训费"), {}), "30216", "名称") == [("训费", "ambiguous")]


def test_a_free_name_that_is_printed_again_otherwise_is_doubted() -> None:
    """However sure the recogniser was of both: one of the two is misread."""
    text = TABLE.replace("30216\t培训费", "30299\t市政府办公听工作经费")
    assert words(recognised(text, {}), "30299", "名称") == [("市政府办公听工作经费", "grounded")]
    again = recognised(text + "\n市政府办公厅工作经费\n", {})
    assert words(again, "30299", "名称") == [("市政府办公听工作经费", "ambiguous")]


def test_agreement_is_worth_its_worst_reading() -> None:
    """The same mistake twice is no second witness: a name that stands twice is as sure as where it is read worst."""
    text = BUDGET.replace("2024年专项审计\t", "2024年专项审汁\t").replace("表7", "2024年专项审汁\n表7")
    found = proven(recognised(text, {"2024年专项审汁": 0.94}))
    assert not [place for place in found if "审汁" in place[1]]


def test_a_photograph_is_laid_flat() -> None:
    """A sheet that is seen from aside, on a dark desk, becomes the page, and places lead back to the photograph."""
    sheet = np.full((1400, 1000), 250, np.uint8)
    cv2.rectangle(sheet, (480, 680), (520, 720), 0, -1)
    corners = np.array([[0, 0], [1000, 0], [1000, 1400], [0, 1400]], np.float32)
    seen = np.array([[90, 120], [1080, 60], [1130, 1480], [40, 1530]], np.float32)
    turn = cv2.getPerspectiveTransform(corners, seen)
    photo = cv2.warpPerspective(sheet, turn, (1200, 1600), borderValue=60)
    page = Page(photo)
    flat = page["raw"]
    assert (flat > 200).mean() > 0.98
    dark = np.argwhere(flat < 100).mean(0)[::-1]
    back = np.linalg.inv(page.matrix) @ [*dark, 1]
    true = turn @ [500, 700, 1]
    assert np.allclose(back[:2] / back[2], true[:2] / true[2], atol=3)
    assert np.allclose(Page(sheet).matrix[2], [0, 0, 1])  # a scan fills its picture


class Reader:
    """A recogniser that finds no words unless told, and reads the same cell in other ways every time."""

    def __init__(self, *told: Reading) -> None:
        """Take what it reads, one time after the other."""
        self.told = list(told)
        self.found: list[Any] = []

    def boxes(self, image: Any, scale: float) -> list[Any]:
        """Find what it was told, as a rule nothing."""
        assert image is not None
        assert scale > 0
        return self.found

    def read(self, pictures: Sequence[Any], least: int = 0) -> list[Reading]:
        """Read."""
        return [self.told.pop(0) if self.told and least >= 0 else Reading("", 0.0) for _ in pictures]


def ruled() -> Any:
    """Return a page with two rows of two cells."""
    page = np.full((1654, 2339), 255, np.uint8)
    for at in (200, 500, 800):
        cv2.line(page, (200, at), (1400, at), 0, 2)
    for at in (200, 800, 1400):
        cv2.line(page, (at, 200), (at, 800), 0, 2)
    return page


def test_a_doubtful_number_is_what_most_readings_say() -> None:
    """The surest single reading lost a digit; two others agree, and the lost one stays among what may stand there."""
    page = ruled()
    cv2.putText(page, "49.76", (900, 400), cv2.FONT_HERSHEY_SIMPLEX, 2, 0, 4)
    reader: Any = Reader(Reading("49.7", 0.94), Reading("49.76", 0.9), Reading("4976", 0.6), Reading("49.76", 0.9))
    rows, unread = page_rows(reader, page, 1.0)
    (piece,) = [p for row in rows for p in row if p.text]
    assert (piece.text, unread) == ("49.76", 0)
    assert "49.7" in piece.others
    assert piece.score is not None
    assert piece.score < 0.9


def test_amounts_among_words_and_in_columns() -> None:
    """A comma before two digits and a unit is a point; a lost point comes back where another reading has it."""
    assert (
        mended_in("购置费0,00万元，减少2:48万元，共1,234.56万元，3,000元")
        == "购置费0.00万元，减少2.48万元，共1,234.56万元，3,000元"
    )
    assert amount_of("114", ["1.14"]) == "1.14"
    assert amount_of("49.7", ["19.76", "497"]) == "19.76"
    assert amount_of("1.14", ["11.4"]) == ""
    assert amount_of("201", ["20"]) == ""


def test_close_lines_of_a_cell_are_read_in_their_order() -> None:
    """Boxes of lines that stand close reach into one another; the shorter second line doesn't come first."""
    page = ruled()
    cv2.putText(page, "AAAA", (900, 300), cv2.FONT_HERSHEY_SIMPLEX, 2, 0, 4)
    cv2.putText(page, "BB", (900, 350), cv2.FONT_HERSHEY_SIMPLEX, 2, 0, 4)
    reader: Any = Reader(Reading("行政单位离", 1.0), Reading("退休", 1.0))
    reader.found = [(902.0, 240.0, 1100.0, 320.0), (900.0, 275.0, 1000.0, 360.0)]
    rows, _ = page_rows(reader, page, 1.0)
    assert [p.text for row in rows for p in row if p.text] == ["行政单位离退休"]
