"""Names that may be misread are doubted; the numbers under them then never look right."""

import pytest

from extractor import Document, Extractor, Result
from extractor.names import lookalikes

from .conftest import sample

URUMQI, KARAMAY, KIZILSU = "urumqi_fao_2024_budget", "karamay_fao_2024_final", "kizilsu_fao_2024_budget"


def read(name: str, printed: str, read_as: str) -> Result:
    """Extract a sample in which one printing of a name is misread."""
    text = sample(name).text
    assert printed in text
    return Extractor().extract(Document.from_text(text.replace(printed, read_as, 1)))


def states(result: Result, part: str) -> set[str]:
    """Return the states of the numbers in rows whose key holds a name."""
    found = {c.state for t in result.tables for row, c in t.numbers() if part in row.key}
    assert found
    return found


@pytest.mark.parametrize("name", [URUMQI, KARAMAY, KIZILSU])
def test_names_of_whole_documents_are_not_doubted(name: str) -> None:
    """An undamaged sample has no doubtful row."""
    result = Extractor().extract(sample(name))
    assert not [f.message for f in result.findings if f.code == "row-uncertain"]


@pytest.mark.parametrize(
    ("name", "printed", "read_as"),
    [
        (KIZILSU, "1、一般公共服务支出（类）", "1、一股公共服务支出（类）"),
        (KARAMAY, "其中：财政拨款收入454.25", "其中：财攻拨款收入454.25"),
        (URUMQI, "外交部专项资金支持项目\t", "外交部专项资金攴持项目\t"),
    ],
)
def test_a_misread_name_is_doubted(name: str, printed: str, read_as: str) -> None:
    """A spelling of the classification, of the specs or of other places is named in the doubt."""
    result = read(name, printed, read_as)
    wrong = next(w for w in ("一股公共服务支出", "财攻拨款收入", "外交部专项资金攴持项目") if w in read_as)
    assert states(result, wrong) <= {"ambiguous", "contradicted"}
    assert any(f.code == "row-uncertain" and wrong in f.message for f in result.findings)


def test_two_spellings_of_a_project_are_both_doubted() -> None:
    """The same amount under two names that differ in one digit: nobody knows which is right."""
    result = read(URUMQI, "特定目标 07100133", "特定目标 67100133")
    assert states(result, "特定目标67100133") == {"ambiguous"}
    assert states(result, "特定目标07100133") == {"ambiguous"}


def test_a_name_that_a_line_break_cuts_in_a_row_of_tabs_is_whole() -> None:
    """Two lines that together have a row's tabs are one row, and every span still points at its own line."""
    text = sample(URUMQI).text
    damaged = text.replace("采购设备合格率\t", "采购设\n备合格率\t", 1)
    assert damaged != text
    document = Document.from_text(damaged)
    result = Extractor().extract(document)
    assert states(result, "采购设备合格率") == {"proven"}
    for _, cell in (found for table in result.tables for found in table.numbers()):
        for span in cell.spans:
            assert span.line == document.line_of(span.start)


def test_a_project_whose_name_goes_on_below_is_doubted() -> None:
    """The end of a form's project name on a line of its own leaves every row of the form in doubt."""
    result = read(URUMQI, "外交部专项资金支持项目\t", "外交部专项资金支持项\n目\t")
    cut = [(r, c) for t in result.tables for r, c in t.numbers() if r.key.startswith("外交部专项资金支持项/")]
    assert {c.state for _, c in cut} <= {"ambiguous", "contradicted"}


def test_lookalikes_are_mutual() -> None:
    """If one character looks like another, the other looks like it."""
    table = lookalikes()
    assert {"末", "己", "间"} == {c for c in "末己间" if table[c] & set("未已问")}
    assert all(c in table[other] for c in list(table)[:200] for other in table[c])
