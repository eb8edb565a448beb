"""The HTML report as a file: nothing lost, every value marked, nothing of a document that runs or loads."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from extractor import Document, Extractor, Result
from extractor.explain import explain
from extractor.export import InputError, save
from extractor.records import Cell, Row, Span, Table
from extractor.report.document import page
from extractor.report.source import visible

from .cli import extractor as command
from .conftest import OTHER_OFFICES, SAMPLES, sample

NAMES = ("kizilsu_fao_2024_budget", "urumqi_fao_2024_budget", "karamay_fao_2024_final")
LETTER = {"proven": "p", "grounded": "g", "ambiguous": "a", "contradicted": "c", "ungrounded": "u"}


class Parsed(HTMLParser):
    """What a browser makes of a page: lines of the source, links with their class and text, attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.lines: dict[str, str] = {}
        self.open_lines: set[int] = set()
        self.links: dict[str, tuple[str, str]] = {}
        self.addresses: list[str] = []
        self.names: list[str] = []
        self.data = ""
        self._line = self._link = self._script = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note lines, links and addresses."""
        found = {name: value or "" for name, value in attrs}
        assert not [name for name in found if name.startswith("on") or name == "style"], found
        self.addresses += [found[name] for name in ("href", "src", "action", "srcset") if name in found]
        if "id" in found:
            self.names.append(found["id"])
        if tag == "div" and found.get("id", "").isdigit():
            self._line = found["id"]
            self.lines[self._line] = ""
            if found.get("class") == "open":
                self.open_lines.add(int(self._line))
        if tag == "a" and re.fullmatch(r"[cs]\d+(\.\d+)?", found.get("id", "")):
            self._link = found["id"]
            self.links[self._link] = (found["class"], "")
        self._script = found.get("id", "script") if tag == "script" else ""

    def handle_endtag(self, tag: str) -> None:
        """Leave a line or a link."""
        self._line = "" if tag == "div" else self._line
        self._link = "" if tag == "a" else self._link
        self._script = "" if tag == "script" else self._script

    def handle_data(self, data: str) -> None:
        """Add text to where it stands."""
        if self._script == "data":
            self.data += data
        if self._line:
            self.lines[self._line] += data
        if self._link:
            look, text = self.links[self._link]
            self.links[self._link] = (look, text + data)


def made(extractor: Extractor, document: Document) -> tuple[Result, str, Parsed]:
    """Read a document and return the result with its page."""
    result = extractor.extract(document)
    text = page(result, document)
    return result, text, Parsed(text)


@pytest.mark.parametrize("name", NAMES)
def test_the_source_stands_there_as_it_is(extractor: Extractor, name: str) -> None:
    """Every line with its number, no character more or less."""
    document = sample(name)
    _, _, parsed = made(extractor, document)
    lines = [visible(line) for line in re.split(r"\r\n|\r|\n", document.text)]
    assert list(parsed.lines.values()) == lines[: len(parsed.lines)]
    assert not any(lines[len(parsed.lines) :])
    assert list(parsed.lines) == [str(n) for n in range(1, len(parsed.lines) + 1)]
    assert len(parsed.names) == len(set(parsed.names))


@pytest.mark.parametrize("name", NAMES)
def test_every_value_is_marked_on_both_sides_with_its_state(extractor: Extractor, name: str) -> None:
    """Each cell stands once in the tables; in the source its pieces are what is printed, in the colour of its state."""
    document = sample(name)
    result, _, parsed = made(extractor, document)
    data = json.loads(parsed.data)
    cells = [cell for table in result.tables for row in table.rows for cell in row.cells]
    assert sum(c.kind == "number" for c in cells) == sum(result.states().values())
    for number, cell in enumerate(cells):
        look = LETTER[cell.state] if cell.kind == "number" else "t"
        assert parsed.links[f"c{number}"][0] == look
        if str(number) in data["anchors"]:
            assert f"s{data['anchors'][str(number)]}" in parsed.links
            continue
        pieces = data["pieces"].get(str(number), 1)
        names = [f"s{number}", *(f"s{number}.{n}" for n in range(2, pieces + 1))]
        assert {parsed.links[n][0] for n in names} == {look}
        if cell.kind == "number":
            printed = "".join(document.text[s.start : s.end] for s in cell.spans)
            assert "".join(parsed.links[n][1] for n in names).split() == printed.split()


def test_what_was_not_read_is_marked(extractor: Extractor) -> None:
    """The lines of parts that were not read have a mark, and the list names them."""
    result, text, parsed = made(extractor, sample(NAMES[0]))
    assert parsed.open_lines == {n for part in result.unread for n in range(part.lines[0], part.lines[1] + 1)}
    for part in result.unread:
        assert f'href="#{part.lines[0]}">{part.lines[0]}–{part.lines[1]}<' in text
        assert part.reason in text


def test_a_page_gives_the_numbers_that_explain_gives(extractor: Extractor) -> None:
    """Every identity of a cell, with verdict, both sums, and whether it confirms the cell."""
    result, _, parsed = made(extractor, sample(NAMES[0]))
    data = json.loads(parsed.data)
    rows = [tuple(data["rows"][row][:2]) for row, *_ in data["cells"]]
    columns = [data["columns"][column] for _, column, *_ in data["cells"]]
    table = next(n for n, t in enumerate(data["tables"]) if t[1] == "revenue")
    number = next(n for n, row in enumerate(rows) if row == (table, "2010301") and columns[n] == "总计")
    here = [p for p in data["proofs"] if number in p[2] + p[3]]
    (one,) = explain(result, "revenue", "2010301", "总计")
    verdicts = {1: "held", 0: "violated", 2: "unchecked"}
    said = [
        (
            data["rules"][p[0]][0],
            verdicts[p[1]],
            p[1] != 2 and (p[5] == 1 or number in p[5]),
            p[6:8] if p[1] != 2 else [],
        )
        for p in here
    ]
    wanted = [
        (i.id, i.verdict, i.confirms, [f"{s.normalize():f}" for s in (i.left_sum, i.right_sum) if s is not None])
        for i in one.identities
    ]
    assert said == wanted


def test_nothing_but_our_own_script_may_run(extractor: Extractor) -> None:
    """The policy names the one script and the one style by their hash, and nothing is loaded from anywhere."""
    _, text, parsed = made(extractor, sample(NAMES[1]))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    policy = policy.replace("&#39;", "'")
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert {a[0] for a in parsed.addresses if a != "data:,"} == {"#"}
    assert "://" not in text


def test_the_same_result_gives_the_same_bytes(extractor: Extractor) -> None:
    """Nothing of time or chance is in a page."""
    document = sample(NAMES[2])
    result = extractor.extract(document)
    assert page(result, document) == page(result, document)


def test_characters_that_hide_or_turn_text_are_shown_by_their_code(extractor: Extractor) -> None:
    """A right-to-left override can't make 12 look like 21, and a null is no hole."""
    text = (SAMPLES / f"{NAMES[0]}.txt").read_text(encoding="utf-8")
    document = Document.from_text(text + "\n合计\u202e21.50\u202c\x00\u200b元\x0c尾", name="a\u202eb")
    _, page_text, parsed = made(extractor, document)
    assert list(parsed.lines.values())[-1] == "合计⟦202E⟧21.50⟦202C⟧␀⟦200B⟧元␌尾"
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00\ud800-\udfff]", page_text)


def test_cells_in_one_place_lead_to_one_another() -> None:
    """A number within a text, a text cut by a line end, two cells with the same span, and one that is nowhere."""
    text = "因公务接待减少 3.20 万元，\n故下降\n"
    there = (Span(start=8, end=12, line=1),)
    row = Row(
        key="总计", role=None, kind="total", parent=None, line=1,
        cells=(
            Cell(column="原因", kind="text", text=text.strip(), spans=(Span(start=0, end=len(text) - 1, line=1),)),
            Cell(column="金额", kind="number", text="3.20", value="-3.20", unit="万元", spans=there),
            Cell(column="增减额", kind="number", text="3.20", value="3.20", unit="万元", spans=there),
            Cell(column="占比", kind="number", text="9.99", value="9.99", unit="%", state="ungrounded"),
        ),
    )  # fmt: skip
    table = Table(
        id="n_overall", title="一", part=0, unit="万元", columns=("金额", "增减额", "占比"), rows=(row,), lines=(1, 2)
    )
    document = Document.from_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    result = Result(
        document="d", path=None, encoding="utf-8", characters=len(text), sha256=digest, tables=(table,), findings=(),
        checks={}, unread=(),
    )  # fmt: skip
    parsed = Parsed(page(result, document))
    data = json.loads(parsed.data)
    assert list(parsed.lines.values()) == ["因公务接待减少 3.20 万元，", "故下降"]
    assert [parsed.links[name][1] for name in ("s0", "s0.2", "s0.3")] == ["因公务接待减少 ", " 万元，", "故下降"]
    assert (data["pieces"], data["anchors"]) == ({"0": 3}, {"2": 1})
    assert parsed.links["s1"] == ("g", "3.20")
    assert parsed.links["c1"] == ("g", "-3.20")
    assert parsed.links["c3"] == ("u", "9.99")


def test_pages_of_other_offices(extractor: Extractor) -> None:
    """Files in other layouts become pages too, with nothing lost."""
    files = sorted(OTHER_OFFICES.glob("*.txt"))
    if not files:
        pytest.skip("the other offices' files are not here")
    for file in files:
        document = Document.from_path(file)
        result, _, parsed = made(extractor, document)
        lines = [visible(line) for line in re.split(r"\r\n|\r|\n", document.text)]
        assert list(parsed.lines.values()) == lines[: len(parsed.lines)]
        cells = [cell for table in result.tables for row in table.rows for cell in row.cells]
        assert {f"c{n}" for n in range(len(cells))} <= parsed.links.keys()
        assert len(parsed.names) == len(set(parsed.names))


def test_a_run_writes_pages_and_an_index(tmp_path: Path) -> None:
    """``--format html`` gives a page for each document and one for the run, which names files that can't be read."""
    odd = tmp_path / "a #1 100%.txt"
    odd.write_bytes((SAMPLES / f"{NAMES[1]}.txt").read_bytes())
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"\x00\x01\x02")
    done = command(
        "run", odd, bad, SAMPLES / f"{NAMES[2]}.txt", "--out", tmp_path / "out", "-f", "json", "-f", "html", "-j", 1
    )
    assert done.returncode == 3, done.stderr
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'href="([^"]+/report.html)"', index) == [
        "a%20%231%20100%25/report.html",
        f"{NAMES[2]}/report.html",
    ]
    assert "not text in any encoding" in index
    assert "2 documents read, <b>1 without a page" in index
    assert "2 contradiction" in index
    for folder in (odd.stem, NAMES[2]):
        assert (tmp_path / "out" / folder / "report.html").is_file()


def test_pages_of_saved_results_need_the_text_they_were_read_from(tmp_path: Path) -> None:
    """Moved texts are found with ``--source``; another text is refused by its hash, with exit code 3."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for name in NAMES[1:]:
        (inbox / f"{name}.txt").write_bytes((SAMPLES / f"{name}.txt").read_bytes())
    out = tmp_path / "out"
    assert command("run", inbox, "--out", out, "-f", "json", "-q", "-j", 1).returncode == 1
    moved = inbox.rename(tmp_path / "moved")
    lost = command("report", out)
    assert lost.returncode == 3
    assert "--source" in lost.stderr
    assert "0 documents read" in (out / "index.html").read_text(encoding="utf-8")
    found = command("report", out, "--source", moved, "--json")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["documents"] == 2
    one = command("report", out / NAMES[1], "--source", moved / f"{NAMES[2]}.txt")
    assert one.returncode == 3
    assert "is not the text that it was read from" in one.stderr
    fresh = page(*read_again(moved / f"{NAMES[1]}.txt", inbox / f"{NAMES[1]}.txt"))
    assert (out / NAMES[1] / "report.html").read_text(encoding="utf-8") == fresh


def read_again(file: Path, path: Path) -> tuple[Result, Document]:
    """Read a file as if it stood at ``path``."""
    document = Document.from_path(file)
    return Extractor().extract(document).model_copy(update={"path": str(path)}), document


def test_a_page_without_its_text_is_refused(extractor: Extractor, tmp_path: Path) -> None:
    """``save`` says what it needs, and writes nothing."""
    result = extractor.extract(sample(NAMES[2]))
    with pytest.raises(InputError, match="needs the text"):
        save(result, tmp_path / "out", ("json", "html"))
    assert not (tmp_path / "out").exists()
