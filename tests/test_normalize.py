"""Normalised lines map back to the original text, whatever noise it holds."""

import html
import re
import unicodedata
from dataclasses import fields

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from extractor import Cell, Document, Extractor
from extractor.evaluation.render import FORMS, Form, Noise, render
from extractor.evaluation.synthetic import generate
from extractor.normalize import Line, lines, plain, squeeze

PIECES = (
    *("预算数", "（补助）", "：", "１２", "Ａ", "．", "合 计", "\uf9b4", "⼀", "①", "²", "1,350.00", "-3.25", "−", "—"),
    *("\t", "|", "※", "\u3000", "\u00a0", "\u2009", "\u202f", "\u2028", "\x85", "\f", "\v", "\x00", "\x1c", " "),
    *("<p>", "</p>", "<td>", "</td>", "<td colspan=2>", "<tr>", "</tr>", "<br/>", "<BR>", "<x>", "<", "<p", ">"),
    *("**", "*", "&nbsp;", "&amp;", "&lt;", "&#12288;", "&#x4e00;", "&#10;", "&#1;", "&foo;", "&", ";", "＜p＞"),
    *("\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\n", "\r", "\r\n", "\n\n"),
)
NOISY = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join)
_RESIDUE = re.compile(r"</?[a-z][^<>]*>|\*\*|~~|[\u200b-\u200f\u2060\ufeff\u00ad]|\s", re.IGNORECASE)


def only(text: str) -> Line:
    """Return the one line of a text."""
    (line,) = lines(Document.from_text(text))
    return line


@given(NOISY)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_characters_map_into_the_original_in_order(text: str) -> None:
    """Every character stands at a place of its own inside the original, on the line that its span names."""
    document = Document.from_text(text)
    position = number = 0
    for line in lines(document):
        assert line.text.strip()
        assert line.number >= number
        number = line.number
        for index in range(len(line.text)):
            span = line.span(index, index + 1)
            assert position <= span.start < span.end <= len(text)
            assert document.line_of(span.start) == document.line_of(span.end - 1) == span.line == line.number
            position = span.end


@given(NOISY, st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_a_span_holds_what_the_line_shows(text: str, data: st.DataObject) -> None:
    """The original text of a span, normalised by itself, is the piece of the line that was asked for."""
    for line in lines(Document.from_text(text)):
        first = data.draw(st.integers(0, len(line.text) - 1))
        last = data.draw(st.integers(first + 1, len(line.text)))
        span, piece = line.span(first, last), line.text[first:last]
        # A piece of nothing but white space is no line by itself.
        assert plain(text[span.start : span.end]) == ("" if piece.isspace() else piece)


@given(NOISY)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_nothing_but_residue_is_lost(text: str) -> None:
    """What no character of any line stands for is markup, white space or invisible."""
    kept = bytearray(len(text))
    for line in lines(Document.from_text(text)):
        for index in range(len(line.text)):
            span = line.span(index, index + 1)
            kept[span.start : span.end] = b"\x01" * (span.end - span.start)
    for gap in re.finditer(rb"\x00+", kept):
        lost = unicodedata.normalize("NFKC", text[gap.start() : gap.end()])
        assert _RESIDUE.sub("", html.unescape(_RESIDUE.sub("", lost))) == ""


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("合计（万元）：１，３５０．００", "合计(万元):1,350.00"),
        ("−3.25\u3000人员", "-3.25 人员"),
        ("①²⼀\uf9b4", "①²一領"),
        ("**总计**", "总计"),
        ("合\u200b计\ufeff", "合计"),
        ("A&amp;B&nbsp;C&#x4e00;", "A&B C一"),
        ("<x>5 < 6</x>", "<x>5 < 6</x>"),
    ],
)
def test_characters_become(raw: str, shown: str) -> None:
    """Full-width forms and markup go; what NFKC would turn into digits stays."""
    line = only(raw)
    assert line.text == shown
    assert (line.number, line.span(0, 1).line) == (1, 1)


def test_html_rows_become_lines_and_cells_tabs() -> None:
    """A table row is one line with a tab after each cell, though all rows share one line of the source."""
    text = "前\n<table><tr><td>合计</td><td colspan='2'>１.50</td></tr><tr><td>其他<br>支出</td></tr></table>"
    found = lines(Document.from_text(text))
    assert [line.text for line in found] == ["前", "合计\t1.50\t\t", "其他支出\t"]
    assert [line.number for line in found] == [1, 2, 2]
    span = found[1].span(3, 7)
    assert (text[span.start : span.end], span.line) == ("１.50", 2)


def test_cells_that_span_rows_and_columns_leave_empty_places() -> None:
    """Each row of an HTML table has a cell for each column, whichever rows and columns a cell covers."""
    text = (
        "<table><tr><td rowspan=\"2\">科目</td><td colspan=2>支出</td><td rowspan='2'>备注</td></tr>\n"
        "<tr><td>基本</td>\n<td>项目</td></tr><tr><td>外交</td><td>1.00</td><td>2.00</td><td></td></tr></table>"
        '<table><tr><td colspan="99999">合计</td></tr></table>'
    )
    found = lines(Document.from_text(text))
    shown = [line.text.replace(" ", "").rstrip() for line in found[:3]]
    assert shown == ["科目\t支出\t\t备注", "\t基本\t项目", "外交\t1.00\t2.00"]
    assert [line.text.count("\t") for line in found[:3]] == [4, 4, 4]
    assert found[3].text.count("\t") < 100


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ("| 20805 | 机关事业单位<br>养老支出 | 6.18 |", ["|20805|机关事业单位养老支出|6.18|"]),
        ("| 合计 | 2,940<br>.05 | 1.00 |", ["|合计|2,940.05|1.00|"]),
        ("| Items<br>total | 1.00 |", ["|Items total|1.00|"]),
        ("| 甲<br>乙 | 1.00<br>2.00 | <br>3.00 |", ["|甲|1.00||", "|乙|2.00|3.00|"]),
        ("| 21005<br>01 | 行政单位<br>医疗 | 2.22 |", ["|21005 01|行政单位医疗|2.22|"]),
        ("| 甲<br>乙 | 1.00<br>2.00 | 3.00 |", ["|甲乙|1.00 2.00|3.00|"]),
        ("甲<br>乙", ["甲", "乙"]),
    ],
)
def test_breaks_in_cells(row: str, shown: list[str]) -> None:
    """A name that wraps is one name, a number one number; rows that a converter put into one are parted."""
    found = lines(Document.from_text(row))
    assert [re.sub(r"\s*\|\s*", "|", line.text) for line in found] == shown
    assert {line.number for line in found} == {1}
    for line in found:
        for match in re.finditer(r"[\u4e00-\u9fff]|\d\.\d\d", line.text):
            span = line.span(match.start(), match.end())
            assert row[span.start : span.end].replace("<br>", "") == match[0]


def test_lines_are_counted_by_every_line_end() -> None:
    """CR, LF and CRLF each end one line; a form feed ends none; blank lines count but don't come back."""
    text = "一\r\n二\r三\n\n\x0c四\n \n五"
    found = lines(Document.from_text(text))
    assert [(line.number, line.text.strip()) for line in found] == [
        (1, "一"), (2, "二"), (3, "三"), (5, "四"), (7, "五"),
    ]  # fmt: skip


def test_markup_without_end_is_text_and_fast() -> None:
    """Tags that never close are kept as they are, and long runs of them take no time."""
    assert only("<td 合计").text == "<td 合计"
    assert len(only("<td " * 20_000).text) == 80_000


NOISES = st.builds(
    Noise,
    **{field.name: st.booleans() for field in fields(Noise) if isinstance(field.default, bool)},
    split_numbers=st.sampled_from([0.0, 0.3, 1.0]),
    page_breaks=st.sampled_from([0, 3, 7]),
)


def printed(text: str, cell: Cell) -> str:
    """Return what stands at the places of a cell, normalised, without white space."""
    return "".join(squeeze(plain(text[span.start : span.end])) for span in cell.spans)


@given(st.integers(0, 10_000), st.sampled_from(FORMS), NOISES)
@settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate])
def test_cells_stand_where_their_spans_say(seed: int, form: Form, noise: Noise) -> None:
    """In documents with any mixture of noise, every cell is copied from the places that its spans name."""
    text, _ = render(generate(seed), form, noise, seed)
    document = Document.from_text(text)
    tables = [table for table in Extractor().extract(document).tables if table.id != "document"]  # says 部门 for 单位
    cells = [cell for table in tables for row in table.rows for cell in row.cells]
    assert cells
    for cell in cells:
        assert cell.spans
        assert printed(text, cell) == squeeze(cell.text)
        assert all(span.line == document.line_of(span.start) for span in cell.spans)


ROWS = """科目\t\t\t支出预算\t\t\t
功能分
类科目编码\t\t\t功能分类
科目名称\t合计\t基本支出\t项目支
出
类\t款\t项\t\t\t\t
\t\t\t总
计\t465.24\t406.68\t58.56
201\t\t\t一般公共服务支出\t411.28\t356.92\t54.36
201\t03\t02\t一
般行政
管理事务\t54.36\t\t54.36
208\t05\t01\t行政单位离退休\t53.96\t49.76\t4.20
"""


def test_rows_that_are_broken_inside_their_words_are_whole_again() -> None:
    """A row of a tab table may stand on several lines: together they have the tabs of the rows around."""
    found = lines(Document.from_text(ROWS))
    assert [line.text.split("\t") for line in found] == [
        ["科目", "", "", "支出预算", "", "", ""],
        ["功能分类科目编码", "", "", "功能分类科目名称", "合计", "基本支出", "项目支出"],
        ["类", "款", "项", "", "", "", ""],
        ["", "", "", "总计", "465.24", "406.68", "58.56"],
        ["201", "", "", "一般公共服务支出", "411.28", "356.92", "54.36"],
        ["201", "03", "02", "一般行政管理事务", "54.36", "", "54.36"],
        ["208", "05", "01", "行政单位离退休", "53.96", "49.76", "4.20"],
    ]
    whole = found[5]
    start, end, line = whole.span(whole.text.index("54.36"), whole.text.index("54.36") + 5)
    assert (ROWS[start:end], ROWS[:start].count("\n") + 1) == ("54.36", line)


@pytest.mark.parametrize("above", ["合计\t9.00\t", "单位\t金额\t备注"])
def test_words_between_rows_stay_apart(above: str) -> None:
    """A heading above a row, and a row that begins with its number, are no halves of a word."""
    text = f"{above}\n二、其他\n3、项目支出\t4.00\t\n水费\t5.00\t\n合计\t9.00\t\n说明文字\n"
    assert [line.text for line in lines(Document.from_text(text))] == text.splitlines()


def test_rows_between_borders_that_are_wrapped_are_whole_again() -> None:
    """With as many cells as others have, and never inside a number."""
    rows = [
        "| 科目编码 | 科目名称 | 合计 |",
        "| 201 | 一般公共服务支出 | 30.00 |",
        "| 203 | 国防支出 | 2.00 |",
        "| 合计 | | 32.00 |",
    ]
    text = "\n".join([rows[0].replace("科目名称", "科目名\n称"), rows[1].replace("服务", "服\n务"), *rows[2:]])
    assert [line.text for line in lines(Document.from_text(text))] == rows
    torn = "\n".join([*rows, "| 204 | 公共安全支出 | 1,09", "2.80 |", "| 205 | 教育", "支出 |"])
    assert [line.text for line in lines(Document.from_text(torn))][4:] == torn.split("\n")[4:]
