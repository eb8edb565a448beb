"""Files are decoded without loss, or refused with their name and what to do."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor import Document, Extractor, InputError

SAMPLES = Path(__file__).parent.parent / "eval" / "samples"
BUDGET = (SAMPLES / "urumqi_fao_2024_budget.txt").read_text(encoding="utf-8")
SHORT = """支出总体情况表
单位：万元
科目名称 合计 基本支出 项目支出
201 一般公共服务支出 5.00 3.00 2.00
合计 5.00 3.00 2.00
"""
CODECS = {
    "utf-8": ("utf-8", b""),
    "utf-8-bom": ("utf-8", b"\xef\xbb\xbf"),
    "utf-16-le": ("utf-16-le", b""),
    "utf-16-le-bom": ("utf-16-le", b"\xff\xfe"),
    "utf-16-be": ("utf-16-be", b""),
    "utf-16-be-bom": ("utf-16-be", b"\xfe\xff"),
    "gb18030": ("gb18030", b""),
}
each_codec = pytest.mark.parametrize(("codec", "mark"), CODECS.values(), ids=CODECS)


def document(folder: Path, data: bytes) -> Document:
    """Write a file and read it as a document."""
    path = folder / "某州 预算.txt"
    path.write_bytes(data)
    return Document.from_path(path)


@each_codec
@pytest.mark.parametrize("text", [BUDGET, SHORT, BUDGET.replace("\n", "\r\n")], ids=["sample", "short", "crlf"])
def test_encodings_are_told_apart(codec: str, mark: bytes, text: str, tmp_path: Path) -> None:
    """Every encoding gives the same text, line ends included, without its byte-order mark."""
    read = document(tmp_path, mark + text.encode(codec))
    assert read.text == text
    assert (read.encoding, read.replaced) == (codec, 0)
    assert (read.name, read.path) == ("某州 预算", str(tmp_path / "某州 预算.txt"))


@given(st.integers(0, len(BUDGET) - 600), st.integers(300, 20_000), st.sampled_from(sorted(CODECS)))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_piece_of_a_disclosure_is_decoded(tmp_path: Path, start: int, size: int, name: str) -> None:
    """Where a text begins and how long it is doesn't change how it is decoded."""
    codec, mark = CODECS[name]
    text = BUDGET[start : start + size]
    assert document(tmp_path, mark + text.encode(codec)).text == text


def test_long_files_are_decoded_beyond_the_sample(tmp_path: Path) -> None:
    """Two megabytes in GB18030 decode to the last character, wherever a sample of them ends."""
    for shift in range(4):
        text = "a" * shift + BUDGET * 60
        read = document(tmp_path, text.encode("gb18030"))
        assert (read.text == text, read.encoding) == (True, "gb18030")


def test_characters_outside_gbk_survive(tmp_path: Path) -> None:
    """GB18030 is decoded in full, four-byte characters included."""
    text = BUDGET + "\U00020000㐂·€"
    assert document(tmp_path, text.encode("gb18030")).text == text


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_broken_bytes_are_counted(codec: str, tmp_path: Path) -> None:
    """Bytes that are no character become U+FFFD, are counted and reported, and take nothing else along."""
    lines = BUDGET.splitlines(keepends=True)
    ends = [b"\xff\n" if number in {90, 200} else b"" for number in range(len(lines))]
    data = b"".join(line.encode(codec) + end for line, end in zip(lines, ends, strict=True))
    read = document(tmp_path, data)
    assert (read.encoding, read.replaced, read.text.count("\ufffd")) == (codec, 2, 2)
    assert read.text.replace("\ufffd\n", "") == BUDGET
    findings = [f for f in Extractor().extract(read).findings if f.code == "undecodable"]
    assert [(f.kind, f.line) for f in findings] == [("input", 92)]


def test_a_cut_last_character_is_one_replacement(tmp_path: Path) -> None:
    """A file that ends in the middle of a character keeps all that stands before it."""
    read = document(tmp_path, BUDGET.encode() + "表".encode()[:2])
    assert read.text == BUDGET + "\ufffd"
    assert read.replaced == 1


@pytest.mark.parametrize(
    "data",
    [b"", b" \n\t\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xef\xbb\xbf \n", b"\x00" * 512, "\n \n".encode("utf-16")],
    ids=["nothing", "blank", "mark", "mark-16", "mark-blank", "zeros", "blank-16"],
)
def test_empty_files_are_refused(data: bytes, tmp_path: Path) -> None:
    """A file without any text is an error that names it."""
    with pytest.raises(InputError, match=r"某州 预算\.txt: the file is empty"):
        document(tmp_path, data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"%PDF-1.7\n1 0 obj", "this PDF is broken"),
        (b"PK\x03\x04\x14\x00\x06\x00", "this Office or zip file is broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "this is an old Office file"),
        (b"\x89PNG\r\n\x1a\n", "this (is an )?image"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "this (is an )?image"),
        (b"\x1f\x8b\x08\x00", "this is a gzip file"),
    ],
    ids=["pdf", "zip", "office", "png", "jpeg", "gzip"],
)
def test_other_formats_are_named(data: bytes, said: str, tmp_path: Path) -> None:
    """A broken file of a known other format is refused by its first bytes, with its name and what it is."""
    with pytest.raises(InputError, match=rf"某州 预算\.txt: {said}"):
        document(tmp_path, data + bytes(range(256)) * 8)


@pytest.mark.parametrize("seed", range(12))
def test_binary_is_refused(seed: int, tmp_path: Path) -> None:
    """Bytes that mean nothing are no document in any encoding."""
    with pytest.raises(InputError, match=r"某州 预算\.txt: this is not text"):
        document(tmp_path, b"\x01" + Random(seed).randbytes(200 * 2**seed))


def test_folders_and_missing_files_are_refused(tmp_path: Path) -> None:
    """What is no file is an error that names it and says what to do."""
    with pytest.raises(InputError, match=rf"{tmp_path.name}: this is a folder\. Give its files"):
        Document.from_path(tmp_path)
    with pytest.raises(InputError, match=r"no\.txt: no such file\. Check the path"):
        Document.from_path(tmp_path / "no.txt")
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(InputError, match=r"file.x\.txt: can't be read"):
        Document.from_path(tmp_path / "file" / "x.txt")


def test_text_needs_no_file() -> None:
    """A text that is already decoded is wrapped as it is."""
    read = Document.from_text("一\r\n二\r三\n", name="given")
    assert (read.name, read.path, read.text) == ("given", None, "一\r\n二\r三\n")
    assert [read.line_of(offset) for offset in range(7)] == [1, 1, 1, 2, 2, 3, 3]
