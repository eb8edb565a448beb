"""PDFs, Word files, workbooks and images are read like text, and every cell knows where it is printed."""

import io
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from extractor import Document, Extractor, InputError, Result
from extractor.evaluation.retell import retell
from extractor.evaluation.score import score
from extractor.facts import facts
from extractor.recheck import recheck
from extractor.records import Region
from extractor.sources.numerals import mended
from extractor.sources.sheets import shown
from extractor.sources.text import joined

from .cli import extractor as command
from .conftest import BUDGETS, ROOT, gold, sample
from .printed import as_docx, as_pdf, as_xlsx

MAKERS = {"pdf": as_pdf, "docx": as_docx, "xlsx": as_xlsx}
PAGES = ROOT.parent / "shared" / "ocr"
TABLE = """支出总体情况表
单位：万元
科目编码\t科目名称\t合计\t基本支出\t项目支出
201\t一般公共服务支出\t1,205.00\t1,203.00\t2.00
合计\t\t1,205.00\t1,203.00\t2.00
"""


def read(folder: Path, data: bytes, name: str = "预算.bin") -> Document:
    """Write a file under a name that tells nothing, and read it."""
    path = folder / name
    path.write_bytes(data)
    return Document.from_path(path)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("name", BUDGETS)
def test_a_whole_disclosure_gives_the_same_facts_in_every_format(
    tmp_path: Path, extractor: Extractor, name: str, kind: str
) -> None:
    """Printed to PDF, Word or Excel, a budget gives every number and text of gold, and the same findings."""
    text = retell(gold(name), sample(name).text, "tsv")
    document = read(tmp_path, MAKERS[kind](text))
    result = extractor.extract(document)
    scored = score(gold(name), facts(result))
    assert document.encoding == kind
    assert (scored.number.f1, scored.text.f1, scored.silent_errors) == (1, 1, 0), (scored.missing[:3], scored.wrong[:3])
    assert {f.code for f in result.findings} == {f.code for f in extractor.extract(Document.from_text(text)).findings}


def test_a_white_sheet_behind_a_page_rules_nothing(tmp_path: Path) -> None:
    """Its edges are those of no cell: titles stay lines of their own, and cells are those of the table."""
    assert read(tmp_path, as_pdf(TABLE, sheet=True)).text == read(tmp_path, as_pdf(TABLE)).text


def _cell(result: Result, table: str, row: str, column: str) -> Any:
    found = result.table(table)
    assert found is not None
    cell = next(r for r in found.rows if r.key == row).cell(column)
    assert cell is not None
    return cell


@pytest.mark.parametrize("kind", MAKERS)
def test_cells_know_where_they_are_printed(tmp_path: Path, extractor: Extractor, kind: str) -> None:
    """A cell's region is its page and box in a PDF, its sheet and cell in a workbook; saved results keep it."""
    document = read(tmp_path, MAKERS[kind](TABLE))
    result = Result.model_validate_json(extractor.extract(document).model_dump_json())
    cell = _cell(result, "expenditure", "201", "项目支出")
    (region,) = [r for span in cell.spans for r in result.where(span)]
    assert document.text[region.start : region.end] == "2.00"
    assert region.page == 1
    assert (region.box is not None, region.ref) == {
        "pdf": (True, ""), "docx": (False, ""), "xlsx": (False, "Sheet!E4")
    }[kind]  # fmt: skip
    if region.box:
        left, top, right, bottom = region.box
        assert 600 < left < right < 842
        assert 0 < top < bottom < 595


def test_what_reads_a_format_is_asked_for_by_name(tmp_path: Path) -> None:
    """Without the packages of an extra, one sentence says what to install, and no other file is affected."""
    (tmp_path / "a.pdf").write_bytes(as_pdf(TABLE))
    (tmp_path / "b.xlsx").write_bytes(as_xlsx(TABLE))
    (tmp_path / "c.txt").write_text(TABLE, encoding="utf-8")
    code = (
        "import sys\n"
        "for name in ('pdfplumber', 'openpyxl', 'docx'): sys.modules[name] = None\n"
        "from extractor.cli import main\n"
        f"sys.argv = ['extractor', 'run', {str(tmp_path)!r}, '--out', {str(tmp_path / 'out')!r}, '--jobs', '1']\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    said = " ".join(done.stderr.split())
    assert "reading it needs an extra: pip install 'extractor[pdf]'" in said
    assert "reading it needs an extra: pip install 'extractor[office]'" in said
    assert (tmp_path / "out" / "c" / "result.json").exists()


def _drawn(**options: Any) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, **options)
    canvas.drawString(100, 700, "hello")
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(9):
            archive.writestr(f"word/document{number or ''}.xml", b"\x00" * (64 << 20))
    return out.getvalue()


BAD = {
    "password": (lambda: _drawn(encrypt=StandardEncryption("secret")), "has a password"),
    "broken pdf": (lambda: b"%PDF-1.7\n1 0 obj", "is broken"),
    "cut pdf": (lambda: _drawn()[:300], "is broken"),
    "cut docx": (lambda: as_docx(TABLE)[:2000], "is broken"),
    "no office file": (lambda: _zip("x.txt"), "no document of Word or Excel"),
    "broken docx": (lambda: _zip("word/document.xml"), "is broken"),
    "broken xlsx": (lambda: _zip("xl/workbook.xml"), "is broken"),
    "bomb": (_bomb, "unpacks to more than"),
    "office password": (lambda: b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "has a password"),
    "old office": (lambda: b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "old Office file"),
    "broken xls": (lambda: b"\xd0\xcf\x11\xe0" + b"\x00" * 600 + "Workbook".encode("utf-16-le"), "can't be read"),
    "gzip": (lambda: b"\x1f\x8b\x08\x00", "gzip"),
}


def _zip(member: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(member, "nothing")
    return out.getvalue()


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_read_says_why(tmp_path: Path, case: str) -> None:
    """Encrypted, broken and bomb-like files are refused in a sentence with the file's name, never a traceback."""
    make, said = BAD[case]
    with pytest.raises(InputError, match=said) as error:
        read(tmp_path, make(), "文件.dat")
    assert "文件.dat" in str(error.value)


def test_an_old_word_file_needs_libreoffice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where LibreOffice isn't installed, a .doc is refused with what to do."""
    monkeypatch.setattr("extractor.sources.word.shutil.which", lambda _: None)
    with pytest.raises(InputError, match=r"needs LibreOffice. Install it, or save the file as .docx"):
        read(tmp_path, b"\xd0\xcf\x11\xe0" + b"\x00" * 600 + "WordDocument".encode("utf-16-le"))


@pytest.mark.skipif(shutil.which("lowriter") is None, reason="needs LibreOffice Writer")
def test_an_old_word_file_is_read(tmp_path: Path, extractor: Extractor) -> None:
    """A real .doc, as LibreOffice writes one, gives the numbers that its .docx holds."""
    (tmp_path / "a.docx").write_bytes(as_docx(TABLE + "完。\n"))  # a table that nothing follows is lost there
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "doc", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tmp_path / "a.docx")], check=True, capture_output=True)
    document = read(tmp_path, (tmp_path / "a.doc").read_bytes())
    assert document.encoding == "doc"
    assert extractor.extract(document).states() == {"proven": 6}


def test_pages_without_text_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no recogniser is installed, a scanned page of a PDF is a finding, and the other pages are read."""
    monkeypatch.setattr("extractor.sources.scans.find_spec", lambda _: None)
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawInlineImage(_picture(), 0, 0, 595, 842)
    canvas.showPage()
    canvas.drawString(100, 700, "hello")
    canvas.save()
    document = read(tmp_path, out.getvalue())
    assert document.text.split() == ["hello"]
    (finding,) = document.findings
    assert (finding.code, finding.kind) == ("page-not-read", "not-read")
    assert "page 1 is not read: it is an image without text" in finding.message
    assert "extractor[ocr]" in finding.message
    assert finding in Extractor().extract(document).findings


def test_pages_beyond_the_limit_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a very long file the first pages are read; the others are a finding, and so is a page of endless lines."""
    monkeypatch.setattr("extractor.sources.pdf.MAX_PAGES", 3)
    monkeypatch.setattr("extractor.sources.pdf._MAX_OBJECTS", 50)
    out = io.BytesIO()
    canvas = Canvas(out)
    for number in range(200):
        canvas.drawString(100, 700, f"page {number + 1}" * (20 if number == 1 else 1))
        canvas.showPage()
    canvas.save()
    document = read(tmp_path, out.getvalue())
    assert document.text.split() == ["page", "1", "page", "3"]
    assert [f.code for f in document.findings] == ["page-not-read", "pages-not-read"]
    assert "pages 4 to 200 are not read: the limit is 3" in document.findings[1].message


def test_a_page_that_unpacks_to_megabytes_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What draws a page may be packed a thousandfold: it is not unpacked, and the other pages are read."""
    monkeypatch.setattr("extractor.sources.pdf._MAX_CONTENT", 100_000)
    out = io.BytesIO()
    canvas = Canvas(out, pageCompression=1)
    for number in range(20_000):
        canvas.rect(0, 0, 1, 1 + number % 2)
    canvas.showPage()
    canvas.drawString(100, 700, "hello")
    canvas.save()
    assert len(out.getvalue()) < 50_000
    document = read(tmp_path, out.getvalue())
    assert document.text.split() == ["hello"]
    assert ["page 1 is not read: what draws it unpacks" in f.message for f in document.findings] == [True]


def _picture() -> Any:
    from PIL import Image

    return Image.new("L", (60, 84), 200)


def test_images_need_the_recogniser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra an image is refused with the command that helps."""
    monkeypatch.setattr("extractor.sources.scans.find_spec", lambda _: None)
    out = io.BytesIO()
    _picture().save(out, "PNG")
    with pytest.raises(InputError, match=r"pip install 'extractor\[ocr\]'"):
        read(tmp_path, out.getvalue())


def test_hostile_cells_stay_text(tmp_path: Path, extractor: Extractor) -> None:
    """Tabs and line ends within a cell make no new cells, and a formula is what it shows, never its source."""
    text = TABLE.replace("一般公共服务支出", '=HYPERLINK("http://x","y")')
    for maker in MAKERS.values():
        result = extractor.extract(read(tmp_path, maker(text)))
        assert _cell(result, "expenditure", "201", "项目支出").text == "2.00"
    for maker in (as_docx, as_xlsx):
        document = read(tmp_path, maker(TABLE.replace("一般公共服务支出", "一般¶公共¶服务")))
        assert "一般公共服务\t1,205.00" in document.text.replace("1205.00", "1,205.00")


def test_a_run_reads_all_formats(tmp_path: Path) -> None:
    """A folder of PDF, Word and Excel files is read like one of text files."""
    for kind, maker in MAKERS.items():
        (tmp_path / f"{kind}.{kind}").write_bytes(maker(TABLE))
    done = command("run", tmp_path, "--out", tmp_path / "out", "--jobs", 1)
    assert done.returncode == 0, done.stderr
    for kind in MAKERS:
        told = (tmp_path / "out" / kind / "facts.jsonl").read_text(encoding="utf-8")
        assert told.count('"state": "proven"') == 6
    crop = tmp_path / "place.png"
    done = command("explain", tmp_path / "out" / "pdf", "expenditure", "201", "项目支出", "--crop", crop)
    assert done.returncode == 0, done.stderr
    assert "printed: page 1, box" in done.stdout
    assert crop.read_bytes().startswith(b"\x89PNG")
    (tmp_path / "pdf.pdf").unlink()  # the text that was made of it lies beside the result
    for words in (("check",), ("explain",), ("report",)):
        place = ("expenditure", "201", "项目支出") if words == ("explain",) else ()
        done = command(*words, tmp_path / "out" / "pdf", *place)
        assert done.returncode == 0, done.stderr
        assert "source not found" not in done.stderr
    assert "2.00" in (tmp_path / "out" / "pdf" / "report.html").read_text(encoding="utf-8")


def test_files_that_belong_together_are_one_document(tmp_path: Path) -> None:
    """With --as-one, tables in a PDF and prose in a text file prove each other, and places name their file."""
    prose = "二、支出情况说明\n本单位2024年支出预算1205.00万元，其中：基本支出1203.00万元，项目支出2.00万元。\n"
    inbox = tmp_path / "inbox" / "office"
    inbox.mkdir(parents=True)
    (inbox / "a.pdf").write_bytes(as_pdf(TABLE))
    (inbox / "b.txt").write_text(prose, encoding="utf-8")
    for given in ([inbox / "a.pdf", inbox / "b.txt"], [tmp_path / "inbox"]):
        out = tmp_path / f"out{len(given)}"
        done = command("run", *given, "--as-one", "--out", out, "--jobs", 1, "-f", "json", "-f", "facts")
        assert done.returncode in {0, 1}, done.stderr
        (folder,) = [path for path in out.iterdir() if path.is_dir()]
        assert folder.name == ("a" if len(given) == 2 else "office")
        result = Result.model_validate_json((folder / "result.json").read_text(encoding="utf-8"))
        assert {region.file for region in result.regions} == {"a.pdf", "b.txt"}
        told = (folder / "source.txt").read_text(encoding="utf-8")
        assert "2.00\n" in told
        assert prose in told
    again = command("run", tmp_path / "inbox", "--as-one", "--out", tmp_path / "out1", "-f", "json", "-f", "facts")
    assert "1 done already" in again.stderr, again.stderr
    (inbox / "b.txt").write_text(prose + "完。\n", encoding="utf-8")
    again = command("run", tmp_path / "inbox", "--as-one", "--out", tmp_path / "out1", "-f", "json", "-f", "facts")
    assert "changed" in again.stderr, again.stderr


@pytest.mark.parametrize(
    ("value", "style", "printed"),
    [
        (1234.5, "#,##0.00", "1234.50"), (0.1 + 0.2, "0.00", "0.30"), (2.675, "0.00", "2.68"), (5, "General", "5"),
        (5.0, "General", "5"), (0.0514, "0.00%", "5.14%"), (-3.25, '#,##0.00;[Red]"-"#,##0.00', "-3.25"),
        (12.5, "General", "12.5"), (None, "0.00", ""), ("一、本年收入", "@", "一、本年收入"), (7.0, '0.0_ "人"', "7.0"),
    ],
)  # fmt: skip
def test_numbers_of_a_sheet_are_what_it_shows(value: Any, style: str, printed: str) -> None:
    """A stored number is rounded to the decimals of its format, half up as Excel does."""
    assert shown(value, style) == printed


def test_lines_of_a_cell_join() -> None:
    """Chinese and digits wrap anywhere; whole numbers and Latin words stay apart."""
    assert joined(["一般公共", "服务支出"]) == "一般公共服务支出"
    assert joined(["1,234.", "56"]) == "1,234.56"
    assert joined(["89.6", "7"]) == "89.67"
    assert joined(["60.00", "40.00"]) == "60.00 40.00"
    assert joined(["annual", "budget"]) == "annual budget"


@pytest.mark.parametrize(
    ("read_as", "meant"),
    [
        ("1.234,56", "1,234.56"), ("12:50", "12.50"), ("~3.25", "-3.25"), ("428'70", "428.70"), ("4l.20", "41.20"),
        ("1,234", "1,234"), ("459,90", "459.90"), ("办公费", "办公费"), ("2024年", "2024年"), ("—", "—"),
        ("12. 50", "12.50"), ("3797", "3797"), ("=100%", "=100%"), ("89.67.", "89.67"), (".447.76", "447.76"),
        ("05.", "05"), ("i1", "11"),
    ],
)  # fmt: skip
def test_shapes_of_numbers(read_as: str, meant: str) -> None:
    """What a recogniser writes for a number becomes the number where only one is meant; no point is made up."""
    assert mended(read_as) == meant


def test_what_a_recogniser_thought_as_well_is_a_candidate(extractor: Extractor) -> None:
    """Another reading of a misread number is proposed, though no usual mistake explains it; nothing is changed."""
    text = TABLE.replace("一般公共服务支出\t1,205.00", "一般公共服务支出\t7,841.60")
    start = text.index("7,841.60")
    region = Region(start=start, end=start + 8, page=1, box=(1, 1, 2, 2), score=0.6, others=("1,205.0o", "1,205.00"))
    alone = extractor.extract(Document.from_text(text))
    assert not any(e.value == 1205 for p in alone.repairs for r in p.repairs for e in r.edits)
    result = extractor.extract(Document("page", text, regions=(region,)))
    edit = result.repairs[0].repairs[0].edits[0]
    assert (edit.printed, str(edit.value), edit.kind) == ("7,841.60", "1205.00", "second")
    assert recheck(result).repairs == result.repairs
    assert _cell(result, "expenditure", "201", "合计").state == "contradicted"


def test_unreasonable_images_are_refused(tmp_path: Path) -> None:
    """A picture of a gigapixel is refused before it is unpacked."""
    pytest.importorskip("rapidocr")
    size = struct.pack(">II", 60_000, 60_000)
    chunk = b"IHDR" + size + b"\x08\x00\x00\x00\x00"
    import zlib

    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(InputError, match="can't be read"):
        read(tmp_path, data)


@pytest.mark.skipif(not PAGES.exists(), reason="needs the pages of ../shared/ocr")
def test_a_scanned_page_is_read_and_proven(tmp_path: Path, extractor: Extractor) -> None:
    """A printed page at 150 dpi, turned and worn, gives both of its tables, every number proven."""
    pytest.importorskip("rapidocr")
    document = read(tmp_path, (PAGES / "img" / "page1.150.L1.jpg").read_bytes())
    result = extractor.extract(document)
    assert result.states() == {"proven": 21}
    cell = _cell(result, "revenue_expenditure", "收入总计", "预算数")
    (region,) = [r for span in cell.spans for r in result.where(span)]
    assert region.box is not None
    assert region.score is not None
    assert cell.text == "465.24"


def test_a_broken_image_is_told_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """In a sentence of ours, and not by the package that decodes it."""
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nxx")
    with pytest.raises(InputError, match="can't be read"):
        Document.from_path(tmp_path / "a.png")
    assert capfd.readouterr().err == ""
