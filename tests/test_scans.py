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
    """A recogniser that finds no words, and reads the same cell in other ways every time."""

    def __init__(self, *told: Reading) -> None:
        """Take what it reads, one time after the other."""
        self.told = list(told)

    def boxes(self, image: Any, scale: float) -> list[Any]:
        """Find nothing."""
        assert image is not None
        assert scale > 0
        return []

    def read(self, pictures: Sequence[Any], least: int = 0) -> list[Reading]:
        """Read."""
        return [self.told.pop(0) if self.told and least >= 0 else Reading("", 0.0) for _ in pictures]


def test_a_doubtful_number_is_what_most_readings_say() -> None:
    """The surest single reading lost a digit; two others agree, and the lost one stays among what may stand there."""
    page = np.full((1654, 2339), 255, np.uint8)
    for at in (200, 500, 800):
        cv2.line(page, (200, at), (1400, at), 0, 2)
    for at in (200, 800, 1400):
        cv2.line(page, (at, 200), (at, 800), 0, 2)
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
