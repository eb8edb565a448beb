"""The HTML report in a browser: both sides lead to each other, keyboard, filters, colours, and hostile documents."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from extractor import Document, Extractor, Result
from extractor.batch import Job, Report, report
from extractor.records import Attempt, CellRef, Edit, Finding, Proposal, Repair, Unread
from extractor.report.document import page
from extractor.report.index import index

from .browser import Page, chromium
from .conftest import SAMPLES, sample
from .printed import as_pdf
from .test_sources import TABLE

KIZILSU = "kizilsu_fao_2024_budget"
EVIL = (
    "<script>window.pwned=1</script>", '"><img src=x onerror="window.pwned=2">',
    "</script><script>window.pwned=3</script>", "{{7*7}}{% raw %}", '=HYPERLINK("http://evil.test")',
    "../../etc/passwd", "javascript:window.pwned=4", "<!--", "]]>", "&lt;b&gt;", "' onmouseover='window.pwned=5",
    "#c1\u202e\u0000",
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A result with its page."""

    result: Result
    file: Path

    def number(self, table: str, row: str, column: str) -> int:
        """Return the number of a cell in the page."""
        cells = [(t, r, c) for t in self.result.tables for r in t.rows for c in r.cells]
        return next(
            n for n, (t, r, c) in enumerate(cells) if (t.id, r.key, t.label(r, c.column)) == (table, row, column)
        )


@pytest.fixture(scope="session")
def browser() -> Iterator[Page]:
    """One browser for all tests."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def made(extractor: Extractor, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The page of a sample in which one total is wrong: findings of two kinds, and four states."""
    text = (SAMPLES / f"{KIZILSU}.txt").read_text(encoding="utf-8")
    wrong = text.replace("201 03 01 行政运行 305.44 275.77 275.77", "201 03 01 行政运行 305.41 275.77 275.77")
    assert wrong != text
    document = Document.from_text(wrong, "mine")
    result = extractor.extract(document)
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(page(result, document), encoding="utf-8")
    return Made(result, file)


@pytest.fixture
def opened(browser: Page, made: Made) -> Page:
    """The page, opened anew in a window of usual size."""
    browser.media()
    browser.size(1440, 900)
    return browser.open(made.file)


def picked(on: Page) -> list[str]:
    """Return the names of what is chosen."""
    return sorted(str(name) for name in on.run("return [...document.querySelectorAll('a.sel')].map(a => a.id)"))


def test_a_click_in_a_table_shows_the_source(opened: Page, made: Made) -> None:
    """The place in the source is brought into sight and marked, and below stands every identity with its numbers."""
    number = made.number("revenue", "20103", "财政拨款小计")
    opened.click("#tab-tables")
    opened.click(f"#c{number}")
    assert picked(opened) == [f"c{number}", f"s{number}"]
    assert opened.seen(f"s{number}")
    assert opened.seen(f"c{number}")
    said = opened.find("#why").text
    assert "B10 holds, and confirms this number" in said
    line = opened.run("return document.getElementById(arguments[0]).parentElement.id", f"s{number}")
    assert f"line {line}" in said
    assert opened.driver.current_url.endswith(f"#c{number}")
    assert not opened.complaints()


def test_a_click_in_the_source_shows_the_table(opened: Page, made: Made) -> None:
    """The view changes to the tables, and the cell is brought into sight."""
    number = made.number("expenditure", "总计", "合计")
    opened.run("document.getElementById(arguments[0]).scrollIntoView({block: 'center'})", f"s{number}")
    opened.click(f"#s{number}")
    assert picked(opened) == [f"c{number}", f"s{number}"]
    assert opened.seen(f"c{number}")
    assert opened.find("#tab-tables").get_attribute("aria-selected") == "true"


def test_pointing_at_a_number_says_why_without_choosing_it(opened: Page, made: Made) -> None:
    """Hover shows the identities that cover a cell; pointing at one of these outlines its other cells."""
    from selenium.webdriver import ActionChains

    opened.click("#tab-tables")
    number = made.number("revenue", "20103", "财政拨款小计")
    target = opened.find(f"#c{number}")
    opened.run("arguments[0].scrollIntoView({block: 'center'})", target)
    ActionChains(opened.driver, 0).move_to_element(target).perform()
    opened.wait("return document.getElementById('why').textContent.includes('B10')")
    assert picked(opened) == []
    law = opened.find("#why li[data-cells]")
    ActionChains(opened.driver, 0).move_to_element(law).perform()
    opened.wait("return document.querySelectorAll('a.peer').length > 2")
    assert "B10" in opened.find("#why").text


def test_a_contradicted_number_shows_what_is_violated(opened: Page, made: Made) -> None:
    """The wrong total has its state, the sums that disagree, and a way to the finding."""
    number = made.number("revenue", "2010301", "总计")
    opened.open(made.file, f"#c{number}")
    assert opened.seen(f"c{number}")
    said = opened.find("#why").text
    assert "contradicted" in said
    assert "305.41 against 305.44" in said
    opened.click('#why a[href^="#f"]')
    assert opened.find("#tab-findings").get_attribute("aria-selected") == "true"
    assert opened.find(".finding").is_displayed()


def test_everything_goes_without_a_mouse(opened: Page, made: Made) -> None:
    """Skip links, one stop for each side, arrows from value to value, Enter to choose, Escape to leave, focus seen."""
    from selenium.webdriver.common.keys import Keys

    def focused() -> str:
        return str(opened.run("return document.activeElement.id"))

    opened.keys(Keys.TAB)
    assert opened.run("return document.activeElement.className") == "skip"
    opened.keys(Keys.ENTER)
    assert focused() == "source"
    opened.keys(Keys.TAB)
    first = focused()
    assert first.startswith("s")
    assert opened.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    opened.keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    assert focused() not in {first, ""}
    opened.keys(Keys.TAB)
    assert focused() == "tab-overview"
    opened.keys(Keys.ARROW_RIGHT)
    assert focused() == "tab-tables"
    opened.keys(Keys.TAB)
    while not focused().startswith("c"):
        opened.keys(Keys.TAB)
    total = made.number("revenue", "20103", "总计")
    opened.run("document.getElementById(arguments[0]).focus()", f"c{total}")
    opened.keys(Keys.ARROW_RIGHT)
    assert focused() == f"c{made.number('revenue', '20103', '财政拨款小计')}"
    opened.keys(Keys.ARROW_DOWN)
    assert focused() == f"c{made.number('revenue', '2010301', '财政拨款小计')}"
    opened.wait("return document.getElementById('why-title').textContent.includes('2010301')")
    assert picked(opened) == []
    opened.keys(Keys.ENTER)
    assert len(picked(opened)) == 2
    opened.keys(Keys.ESCAPE)
    assert picked(opened) == []
    assert opened.find("#why").get_attribute("hidden")
    stops = opened.run("return document.querySelectorAll('.text a:not([tabindex=\"-1\"])').length")
    assert stops == 1


def test_findings_can_be_filtered(opened: Page, made: Made) -> None:
    """By kind, state, table and cause; the count is said, and everything comes back."""
    from selenium.webdriver.support.select import Select

    kinds = [finding.kind for finding in made.result.findings]
    assert len(set(kinds)) > 1
    opened.click("#tab-findings")

    def shown() -> list[str]:
        return [str(one.get_attribute("data-kind")) for one in opened.all(".finding") if one.is_displayed()]

    assert shown() == kinds
    Select(opened.find("select[name=kind]")).select_by_value("ambiguous")
    assert shown() == ["ambiguous"]
    assert opened.find("#shown").text == f"1 of {len(kinds)} findings"
    opened.click("#filters button[type=reset]")
    opened.wait("return document.getElementById('shown').value.startsWith(arguments[0] + ' of')", str(len(kinds)))
    Select(opened.find("select[name=looks]")).select_by_value("c")
    assert set(shown()) == {"contradiction", "repair"}
    opened.click("#filters button[type=reset]")
    table = next(str(n) for n, t in enumerate(made.result.tables) if t.id == "project_expenditure")
    Select(opened.find("select[name=table]")).select_by_value(table)
    assert shown() == ["ambiguous"]


def test_a_state_leads_from_number_to_number(opened: Page) -> None:
    """The buttons at the top go through the cells of a state, one after the other."""
    opened.click('.jump[data-look="a"]')
    first = picked(opened)
    opened.click('.jump[data-look="a"]')
    assert first
    assert picked(opened) != first
    assert "ambiguous" in opened.find("#why-title").text


def test_causes_and_repairs_are_shown(browser: Page, made: Made, tmp_path: Path) -> None:
    """Who erred with its evidence, what may have been printed, all ties, and a filter for causes."""
    from selenium.webdriver.support.select import Select

    text = (SAMPLES / f"{KIZILSU}.txt").read_text(encoding="utf-8")
    document = Document.from_text(text.replace("行政运行 305.44 275.77", "行政运行 305.41 275.77"), "mine")
    cell = CellRef(table="revenue", part=0, row="2010301", column="总计", line=232)
    edit = Edit(cell=cell, kind="digit", printed="305.41", value=Decimal("305.44"), words="1 read as 4", cost=17)
    gone = Edit(cell=cell, kind="column", printed="305.41", value=None, words="it stands elsewhere", cost=30)
    ties = (
        Repair(edits=(edit,), cost=17, restores=("B9", "B11")),
        Repair(edits=(gone,), cost=30, restores=("B9",), leaves=("B11",)),
    )
    proposal = Proposal(table="revenue", line=232, repairs=ties, complete=False)
    about = {"code": "B9", "kind": "contradiction", "message": "a sum", "cells": (cell,), "proposal": 0}
    findings = [
        Finding.model_validate({**about, "cause": cause, "evidence": f"since {cause}"})
        for cause in ("misread", "source", "rounding", "undecided")
    ]
    result = made.result.model_copy(update={"findings": tuple(findings), "repairs": (proposal,)})
    file = tmp_path / "report.html"
    file.write_text(page(result, document), encoding="utf-8")
    browser.size(1440, 900)
    browser.open(file)
    assert "The office’s own mistakes" in browser.find("#overview").text
    browser.click("#tab-findings")
    said = browser.find("#f0").text
    for part in (
        "since misread",
        "305.41 → 305.44",
        "1 read as 4",
        "2 readings",
        "→ nothing",
        "leaves B11 violated",
        "its limit",
    ):
        assert part in said
    Select(browser.find("select[name=cause]")).select_by_value("source")
    assert [one.get_attribute("id") for one in browser.all(".finding") if one.is_displayed()] == ["f1"]


def hostile(result: Result) -> Result:
    """Put hostile text into every text of a result that comes from a document or a model."""
    evil = "".join(EVIL)
    tables = tuple(
        t.model_copy(
            update={
                "title": evil, "why": evil, "steps": (evil,), "unit": evil,
                "labels": dict.fromkeys(t.columns, evil),
                "rows": tuple(
                    r.model_copy(
                        update={
                            "key": f"{r.key}{EVIL[n % len(EVIL)]}", "doubt": evil,
                            "cells": tuple(c.model_copy(update={"doubt": evil, "unit": evil}) for c in r.cells),
                        }
                    )
                    for n, r in enumerate(t.rows)
                ),
            }
        )
        for t in result.tables
    )  # fmt: skip
    found = tuple(Finding(code=e, kind="structure", message=e, evidence=e, line=n) for n, e in enumerate(EVIL, 1))
    unread = (Unread(title=evil, lines=(1, 5), numbers=3, reason=evil),)
    asked = Attempt(
        table="revenue", part=0, lines=(1, 2), number=0, step="layout", model=evil, outcome="ok", taken=True
    )
    more = {"document": evil, "path": evil, "findings": found, "unread": unread, "attempts": (asked,)}
    return result.model_copy(update={"tables": tables, **more})


def test_a_hostile_document_stays_text(browser: Page, extractor: Extractor, tmp_path: Path) -> None:
    """Markup, scripts, templates, formulas and paths in every field: nothing runs, loads, or is lost."""
    text = (
        "\n".join(EVIL) + "\n" + (SAMPLES / f"{KIZILSU}.txt").read_text(encoding="utf-8").replace("行政运行", EVIL[1])
    )
    document = Document.from_text(text, EVIL[0])
    plain = extractor.extract(document)
    file = tmp_path / "report.html"
    for result in (plain, hostile(plain)):
        file.write_text(page(result, document), encoding="utf-8")
        browser.open(file)
        for tab in ("tables", "findings", "unread", "overview"):
            browser.click(f"#tab-{tab}")
        browser.run("document.querySelector('.grid td.n a').click()")
        browser.run("for (const a of document.querySelectorAll('.grid a')) a.dispatchEvent(new Event('mouseover'))")
        assert browser.run("return window.pwned === undefined")
        assert browser.run("return document.querySelectorAll('script').length") == 2
        assert (
            browser.run("return document.querySelectorAll('img, iframe, object, embed, base, link + link').length") == 0
        )
        lines = browser.run(
            "return [...document.querySelectorAll('.block > div')].slice(0, 11).map(d => d.textContent)"
        )
        assert lines == list(EVIL[:11])
        assert not browser.complaints()
        assert not browser.requests()
    assert "{{7*7}}" in browser.run("return document.querySelector('h1').textContent")
    assert "49" not in browser.run("return document.querySelector('h1').textContent")


def test_a_page_asks_nothing_of_any_network(opened: Page) -> None:
    """Not a single request beside the file itself, and nothing to complain of on the console."""
    opened.click('.jump[data-look="p"]')
    opened.click("#theme")
    assert opened.requests() == []
    assert opened.complaints() == []


_CONTRAST = """
    const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
      const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (node) => {
      for (; node; node = node.parentElement) {
        const back = rgb(getComputedStyle(node).backgroundColor);
        if (back.length === 3 || back[3] === 1) return back;
      }
      return [255, 255, 255];
    };
    const worst = {}, seen = {};
    for (const node of document.querySelectorAll('body *')) {
      if (node.disabled || ![...node.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
      if (!node.checkVisibility()) continue;
      const kin = [node, node.parentElement, node.parentElement.parentElement];
      const kind = kin.map((n) => n.tagName + n.className).join(' ');
      if ((seen[kind] = (seen[kind] ?? 0) + 1) > 2) continue;
      const [a, b] = [light(rgb(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
      const ratio = (a + 0.05) / (b + 0.05);
      if (ratio < 4.5) worst[node.tagName + '.' + node.className] = ratio;
    }
    return worst;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast(browser: Page, made: Made, scheme: str) -> None:
    """4.5 to 1 at least for every text in every view, in both themes; the switch beats what the system says."""
    browser.size(1440, 900)
    browser.media(scheme=scheme)
    browser.open(made.file, f"#c{made.number('revenue', '2010301', '总计')}")
    for tab in ("overview", "tables", "findings", "unread"):
        browser.click(f"#tab-{tab}")
        assert browser.run(_CONTRAST) == {}
    ground = "return getComputedStyle(document.body).backgroundColor"
    before = browser.run(ground)
    for _ in range(2):
        browser.click("#theme")
    assert browser.find("#theme").text == "Theme: dark"
    dark = browser.run(ground)
    assert (dark == before) == (scheme == "dark")
    browser.click("#theme")
    assert browser.run(ground) == before


@pytest.mark.parametrize(("width", "height"), [(720, 450), (360, 640)])
def test_it_is_read_at_200_per_cent_and_in_a_narrow_window(browser: Page, made: Made, width: int, height: int) -> None:
    """The page itself never scrolls sideways, and a click still shows the other side."""
    browser.media()
    browser.size(width, height, 2)
    number = made.number("revenue", "20103", "财政拨款小计")
    browser.open(made.file, f"#c{number}")
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    browser.run("document.getElementById(arguments[0]).click()", f"c{number}")
    assert browser.seen(f"s{number}")
    browser.run("document.getElementById(arguments[0]).click()", f"s{number}")
    assert browser.seen(f"c{number}")


def test_it_prints_all_that_was_read_and_no_source(opened: Page) -> None:
    """On paper stand overview, tables, findings and what was not read, with the signs of the states; no buttons."""
    opened.media("print")
    shown = opened.run(
        "return ['source', 'overview', 'tables', 'findings', 'unread', 'why', 'tabs', 'theme']"
        ".filter((name) => document.getElementById(name).checkVisibility())"
    )
    assert shown == ["overview", "tables", "findings", "unread"]
    sign = opened.run("return getComputedStyle(document.querySelector('.grid a.c'), '::before').content")
    assert "✗" in sign
    opened.media()


def test_it_is_readable_without_its_script(browser: Page, made: Made) -> None:
    """With scripts off everything is on one page, and links lead from either side to the other."""
    browser.size(1440, 900)
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(made.file)
        assert all(browser.find(f"#{name}").is_displayed() for name in ("source", "tables", "findings", "unread"))
        number = made.number("expenditure", "总计", "合计")
        browser.find(f"#c{number}").send_keys("\n")
        browser.arrives(f"#s{number}")
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_page_of_a_run_is_filtered_and_sorted(browser: Page, extractor: Extractor, tmp_path: Path) -> None:
    """By name and by what there is to look at; a column's head sorts; hostile names stay text; links lead to pages."""
    from selenium.webdriver.support.select import Select

    names = (KIZILSU, "urumqi_fao_2024_budget", "karamay_fao_2024_final")
    reports = [report(Job(Path(f"{n}.txt"), tmp_path / n), extractor.extract(sample(n))) for n in names]
    odd = tmp_path / 'a"><img src=x>#?%'
    reports.append(report(Job(Path(EVIL[1]), odd), extractor.extract(sample(KIZILSU))))
    for one in reports:
        one.job.folder.mkdir()
        (one.job.folder / "report.html").write_text("<title>here</title>")
    (tmp_path / "index.html").write_text(index(reports, tmp_path), encoding="utf-8")
    browser.media()
    browser.size(1000, 700)
    browser.open(tmp_path / "index.html")

    def shown() -> list[str]:
        return [
            row.find_element("css selector", "th").text for row in browser.all("#list tbody tr") if row.is_displayed()
        ]

    assert shown() == [*(f"{n}.txt" for n in names), EVIL[1]]
    browser.find("input[name=name]").send_keys("URUMQI")
    assert shown() == ["urumqi_fao_2024_budget.txt"]
    browser.click("#filters button[type=reset]")
    browser.wait("return document.getElementById('shown').value.startsWith('4 of')")
    Select(browser.find("select[name=show]")).select_by_value("doubtful")
    browser.wait("return document.getElementById('shown').value.startsWith('3 of')")
    assert shown() == [f"{KIZILSU}.txt", "urumqi_fao_2024_budget.txt", EVIL[1]]
    browser.all("#list thead button")[2].click()
    assert shown()[-1] == "urumqi_fao_2024_budget.txt"
    assert browser.complaints() == []
    assert browser.requests() == []
    browser.click('#list a[href^="a%22"]')
    browser.wait("return document.title === 'here'")


def test_a_cell_and_its_box_on_the_page_lead_to_each_other(browser: Page, extractor: Extractor, tmp_path: Path) -> None:
    """The page of a PDF is shown with a box around every value; the text is one click away; nothing else is loaded."""
    (tmp_path / "paper.pdf").write_bytes(as_pdf(TABLE))
    document = Document.from_path(tmp_path / "paper.pdf")
    result = extractor.extract(document)
    file = tmp_path / "report.html"
    file.write_text(page(result, document), encoding="utf-8")
    assert file.stat().st_size < 200_000
    number = Made(result, file).number("expenditure", "201", "项目支出")
    browser.media()
    browser.size(1440, 900)
    opened = browser.open(file)
    opened.click("#tab-tables")
    opened.click(f"#c{number}")
    assert picked(opened) == [f"b{number}", f"c{number}", f"s{number}"]
    other = Made(result, file).number("expenditure", "201", "合计")
    drawn = (
        "const e = document.querySelector('image'); return [e.getBBox().width, e.getBoundingClientRect().width > 300]"
    )
    assert opened.run(drawn) == [pytest.approx(841.9, abs=0.2), True]
    opened.run(f"document.getElementById('b{other}').dispatchEvent(new MouseEvent('click', {{bubbles: true}}))")
    assert picked(opened) == [f"b{other}", f"c{other}", f"s{other}"]
    assert not opened.run("return document.querySelector('.text').checkVisibility()")
    opened.click("#paper")
    assert opened.run("return document.querySelector('.text').checkVisibility()")
    assert opened.complaints() == []
    (tmp_path / "paper.pdf").write_bytes(as_pdf(TABLE.replace("2.00", "3.00")))
    assert "is not the file that was read; its pages are not shown" in page(result, document)


def test_a_run_of_many_documents_comes_in_pages(browser: Page, tmp_path: Path) -> None:
    """Two hundred rows at a time, of all or of those that are filtered; a print has them all."""
    reports = [Report(Job(Path(f"unit{n:03}.txt"), tmp_path / str(n)), error="broken") for n in range(450)]
    (tmp_path / "index.html").write_text(index(reports, tmp_path), encoding="utf-8")
    browser.open(tmp_path / "index.html")
    rows = "return document.querySelectorAll('#list tbody tr').length"
    assert browser.run(rows) == 200
    browser.click("#pages button:last-of-type")
    browser.click("#pages button:last-of-type")
    assert (browser.run(rows), browser.find("#pages output").text) == (50, "401–450 of 450")
    assert not browser.find("#pages button:last-of-type").is_enabled()
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run(rows) == 450
    browser.run("dispatchEvent(new Event('afterprint'))")
    browser.find("input[name=name]").send_keys("unit44")
    browser.wait("return document.getElementById('shown').value.startsWith('10 of')")
    assert not browser.find("#pages").is_displayed()
    assert browser.complaints() == []
