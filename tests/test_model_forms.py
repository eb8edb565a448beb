"""Performance forms: a model copies their rows, beside the grammar or where the grammar can't."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from extractor import Document, Result
from extractor.evaluation.score import score
from extractor.facts import facts

from .conftest import gold, sample
from .scripted import Rows, answer, form_of, read
from .server import Answer, Received, Server, refuse, say

NAME = "karamay_fao_2024_final"
FIRST, LAST = 203, 243  # a form of the whole office and one of a project
TRIP = "因公出国(境)经费"
Lie = Callable[[Rows], Rows]


def forms(*changes: tuple[str, str]) -> Document:
    """Two forms of a sample, on their lines, with some words replaced."""
    lines = sample(NAME).text.split("\n")[FIRST - 1 : LAST]
    text = "\n" * (FIRST - 1) + "\n".join(lines)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return Document.from_text(text)


def ask(cache: Path, document: Document, lie: Lie | None = None, engine: str = "llm") -> tuple[Result, Server]:
    """Read with a model that copies the forms from gold, after a lie."""

    def behave(received: Received) -> Answer:
        rows = form_of(NAME, received) or []
        return answer(lie(rows) if lie else rows)

    return read(document, behave, cache, engine=engine)


def tally(result: Result) -> tuple[int, int, int]:
    """Numbers of the two forms that are right, their number in gold, and silent errors."""
    tables = ("performance_overall", "performance_project")
    true = [f for f in gold(NAME) if f["table"] in tables and FIRST <= f["line"] <= LAST]
    scored = score(true, [f for f in facts(result) if f["table"] in tables])
    return scored.number.right, scored.number.gold, scored.silent_errors


def doubts(result: Result) -> set[tuple[str, str]]:
    """Cells of forms that aren't proven: end of the row's key, and column."""
    return {
        (row.key.split("/")[-1], cell.column)
        for table in result.tables
        for row, cell in table.numbers()
        if cell.state != "proven"
    }


def changed(rows: Rows, key: str, place: int, text: str) -> Rows:
    """The rows with one string changed, in the row that holds ``key``."""
    return [[text if n == place else cell for n, cell in enumerate(row)] if key in row else row for row in rows]


def test_what_both_read_alike_stays_proven(tmp_path: Path) -> None:
    """A careful model changes nothing, and the table says that it was asked."""
    result, server = ask(tmp_path, forms())
    assert server.calls == 2, "one for each form"
    assert doubts(result) == set()
    right, wanted, silent = tally(result)
    assert (right, silent) == (wanted, 0)
    steps = [t.steps[-1] for t in result.tables if t.id.startswith("performance_") and t.steps]
    assert steps
    assert all("0 otherwise, 0 more, 0 refused" in step for step in steps)
    assert [a.step for a in result.attempts] == ["form", "form"]


LIES: dict[str, tuple[Lie, set[tuple[str, str]]]] = {
    "wrong digit": (lambda rows: changed(rows, "因公出访国家", 7, "6"), set()),
    "another's number": (lambda rows: changed(rows, "资金使用合规率", 7, "5"), set()),
    "exchanged columns": (
        lambda rows: [[*r[:3], r[4], r[3], *r[5:]] if r[1:3] == ["资金", "年度资金总额"] else r for r in rows],
        {("年度资金总额", "年初预算数"), ("年度资金总额", "全年预算数")},
    ),
    "dropped row": (lambda rows: [r for r in rows if "资金使用合规率" not in r], set()),
    "doubled row": (lambda rows: [r for row in rows for r in ([row, row] if "因公出访国家" in row else [row])], set()),
    "invented row": (lambda rows: [*rows, ["233", "产出指标", "", "会谈次数", *[""] * 3, "5", *[""] * 6]], set()),
    "invented project": (lambda rows: changed(rows, "项目名称", 2, "会谈经费"), set()),
    "unknown row": (lambda rows: changed(rows, "财政拨款", 2, "捐赠"), set()),
    "no array": (lambda _: [["1"], [], ["x", "y", "z"]], set()),
}


@pytest.mark.parametrize("kind", LIES)
def test_no_lie_about_a_form_is_silent(kind: str, tmp_path: Path) -> None:
    """What isn't printed is refused, what is printed elsewhere puts both cells in doubt, nothing right is lost."""
    lie, expected = LIES[kind]
    result, _ = ask(tmp_path, forms(), lie)
    right, wanted, silent = tally(result)
    assert (right, silent) == (wanted, 0)
    assert expected <= doubts(result) or "second-opinion" in {f.code for f in result.findings}
    said = {f.code for f in result.findings} & {"form-refused", "second-opinion"}
    assert said or kind == "dropped row", "a row left out is asked for again, and the grammar still has it"


@pytest.mark.parametrize("label", ["项目名称\t", "三级指标"])
def test_what_the_grammar_cannot_read_a_model_reads_in_doubt(label: str, tmp_path: Path) -> None:
    """With a label of no list `auto` asks: every number is found, none that only its name vouches for is proven."""
    odd = forms((label, "称谓" + label[4:]))
    result, server = ask(tmp_path, odd, engine="auto")
    asked = 1 if label.startswith("项目") else 2
    assert server.calls == asked, "only the forms that are open"
    right, wanted, silent = tally(result)
    assert (right, silent) == (wanted, 0)
    fresh = [r for t in result.tables for r in t.rows if r.doubt]
    assert fresh
    assert all(c.state != "proven" for r in fresh for c in r.cells)


def test_a_form_read_well_is_not_asked_about_at_auto(tmp_path: Path) -> None:
    """Where the grammar reads everything and all sums hold, no call is made."""
    assert ask(tmp_path, forms(), engine="auto")[1].calls == 0


def test_a_cell_of_very_many_pieces_is_looked_up_too(tmp_path: Path) -> None:
    """A character each, as broken cells print them, however many: it is found, and nothing gives up on it."""
    long = "证" * 1200
    odd = forms(("市委外事工作委员会工作要点\t5 批次", " ".join(long) + "\t5 批次"))
    result, _ = ask(tmp_path, odd, lambda rows: changed(rows, "接待“请进来”团组批次", 5, long))
    right, wanted, silent = tally(result)
    assert (right, silent) == (wanted, 0)
    assert not any(long[:20] in f.message for f in result.findings if f.code == "form-refused")


def test_an_answer_that_is_cut_off_is_asked_for_by_halves(tmp_path: Path) -> None:
    """Cut off is never success: the rows of either half of the lines are asked for, and nothing is missing."""

    def behave(received: Received) -> Answer:
        own = re.search(r"begin on lines (\d+) to (\d+) are wanted", received.prompt)
        rows = form_of(NAME, received) or []
        if own is None:
            return say({"rows": rows[:2]}, finish_reason="length")
        first, last = map(int, own.groups())
        return answer([r for r in rows if r[1] == "项目名称" or first <= int(r[0]) <= last])

    result, server = read(forms(), behave, tmp_path)
    assert server.calls == 2 + 4
    assert [a.outcome for a in result.attempts].count("truncated") == 2
    assert not {f.code for f in result.findings} & {"model-failed", "form-refused", "second-opinion"}
    steps = [t.steps[-1] for t in result.tables if t.id.startswith("performance_") and t.steps]
    assert [int(step.split("form: ")[1].split()[0]) for step in steps] == [23, 27], "every number is in some answer"


def test_a_model_that_refuses_loses_nothing(tmp_path: Path) -> None:
    """The grammar's reading stays, and the refusal is told."""
    result, _ = read(forms(), lambda _: refuse("no"), tmp_path)
    right, wanted, silent = tally(result)
    assert (right, silent) == (wanted, 0)
    assert "model-refused" in {f.code for f in result.findings}
