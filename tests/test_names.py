"""Names that may be misread are doubted; the numbers under them then never look right."""

import pytest

from extractor import Document, Extractor, Result
from extractor.evaluation.retell import retell
from extractor.lexicon import lookalikes

from .conftest import gold, sample

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


@pytest.mark.parametrize(
    ("name", "printed", "read_as"),
    [
        (URUMQI, "政府采购率", "攻府采购率"),
        (URUMQI, "完成翻译任务次数", "完成翻译任各次数"),
        (URUMQI, "电子宣传大屏采购（上年结转资金）", "电子宣传大屏采购（上年结转姿金）"),
    ],
)
def test_a_character_that_makes_no_word_is_doubted(name: str, printed: str, read_as: str) -> None:
    """Another character stands between its neighbours elsewhere, or one that shares a part with it makes a word."""
    wrong = read_as.replace("（", "(").replace("）", ")")
    assert states(read(name, printed, read_as), wrong) <= {"ambiguous", "contradicted"}


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


def test_an_item_whose_number_lost_its_point_begins_its_row() -> None:
    """The sentence before ends without its stop, and the number of the next item without its point: nothing is cut."""
    text = sample(KIZILSU).text
    damaged = text.replace("人员经费增加。\n 3.一般公共服务支出（类）", "人员经费增加\n 3一般公共服务支出（类）")
    assert damaged != text
    whole, read_so = (Extractor().extract(Document.from_text(t)).table("n_general_items") for t in (text, damaged))
    assert whole is not None
    assert read_so is not None
    here, there = ([(r.key, c.text, c.state) for r, c in t.numbers()] for t in (read_so, whole))
    assert here == there


def test_the_end_of_a_name_is_doubted_where_a_line_break_cuts_it() -> None:
    """What is left of a name whose beginning was misread stands under no name that looks right."""
    printed = "3.一般公共服务支出（类）政府办公厅（室）及相关机\n\n构事务（款）"
    for read_as in ("（类）政府办公厅（室）及相关\n\n", "（类）\n\n"):
        result = read(KIZILSU, printed, f"3.一般公共服务支出{read_as}构事务（款）")
        assert states(result, "构事务/其他") <= {"ambiguous", "contradicted"}


def test_a_project_whose_name_begins_above_its_label_is_doubted() -> None:
    """In running text the lines of a centred cell stand above and below their label: a name beside it may be cut."""
    name = "2024年预计拨入其他资金账户项目"
    text = retell(gold(KIZILSU), sample(KIZILSU).text, "spaced")
    where = next(line for line in text.splitlines() if line.startswith(f"项目名称 {name}"))
    cut = text.replace(where, where.replace(name, name[9:]).replace("项目名称", f"{name[:9]}\n项目名称", 1))
    before, after = (Extractor().extract(Document.from_text(t)) for t in (text, cut))
    assert "ambiguous" not in states(before, f"{name}/资金")
    assert states(after, f"{name[9:]}/资金") == {"ambiguous"}


def test_lookalikes_are_mutual() -> None:
    """If one character looks like another, the other looks like it."""
    table = lookalikes()
    assert {"末", "己", "间"} == {c for c in "末己间" if table[c] & set("未已问")}
    assert all(c in table[other] for c in list(table)[:200] for other in table[c])
