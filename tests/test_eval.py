"""The evaluation harness through its public doors: runs, comparisons, mistakes, noise, gold drafts, models."""

import csv
import io
import json
import random
import shutil
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from extractor import Document, Extractor
from extractor.cli import app
from extractor.errors import InputError, ResultError
from extractor.evaluation import annotate, bakeoff, cases, compare, corrupt, ladder, mutation_report, page, tally
from extractor.evaluation.figures import replace as put
from extractor.evaluation.goldcheck import gold_check, known_findings
from extractor.evaluation.mutations import KINDS, mutations
from extractor.evaluation.regrid import budget
from extractor.evaluation.render import FORMS, Noise, render
from extractor.evaluation.score import BUDGET_TABLES, load_facts, score
from extractor.evaluation.validators import Bench, Trial
from extractor.facts import facts

from .conftest import GOLD, ROOT, SAMPLES, gold, sample

NAMES = ("karamay_fao_2024_final", "kizilsu_fao_2024_budget", "urumqi_fao_2024_budget")
KARAMAY = NAMES[0]
LIMITS = compare.thresholds(ROOT / "eval" / "thresholds.toml")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over the three samples, kept in a folder."""
    out = tmp_path_factory.mktemp("run")
    cases.run(cases.find(GOLD), Extractor(engine="deterministic"), out)
    return out


@pytest.fixture(scope="module")
def benches() -> dict[str, Bench]:
    """The samples, read and checked."""
    return {name: Bench(SAMPLES / f"{name}.txt") for name in NAMES}


def call(*arguments: object) -> Any:
    """Call the command line in this process."""
    return CliRunner().invoke(app, ["eval", *map(str, arguments)])


def changed(run: Path, out: Path, *, value: str | None, state: str = "proven") -> Path:
    """Copy a run, and change or drop one number of it."""
    shutil.copytree(run, out)
    file = out / "facts" / f"{KARAMAY}.jsonl"
    found = load_facts(file)
    at = next(i for i, f in enumerate(found) if f["table"] == "n_overall" and f["kind"] == "number")
    if value is None:
        del found[at]
    else:
        found[at] |= {"value": value, "state": state}
    file.write_text("".join(json.dumps(f) + "\n" for f in found), encoding="utf-8")
    return out


def test_a_run_is_scored_without_reading_again(run: Path) -> None:
    """The samples are read without an error, and every state, document and table adds up to the total."""
    found = tally.scores(cases.load(run))
    assert found.outcomes == {"read": 3, "crash": 0, "refused": 0, "missing": 0}
    assert found.total.ratios["f1"] == 1
    assert found.total.silent == 0
    assert sum(n for n, _ in found.total.states.values()) == found.total.predicted
    for group in ("table", "document", "reader", "part"):
        assert sum(c.gold for c in found.groups[group].values()) == found.total.gold


def test_what_was_not_read_is_its_own_outcome(tmp_path: Path) -> None:
    """A missing source, a file that is no text and a crash are counted beside the scores, which stay as they are."""
    for name in ("gold", "samples"):
        (tmp_path / name).mkdir()
    for name in ("missing", "refused", KARAMAY):
        shutil.copy(GOLD / f"{KARAMAY}.jsonl", tmp_path / "gold" / f"{name}.jsonl")
    shutil.copy(SAMPLES / f"{KARAMAY}.txt", tmp_path / "samples")
    (tmp_path / "samples" / "refused.txt").write_bytes(bytes(range(256)) * 20)
    cases.run(cases.find(tmp_path / "gold"), Extractor(), tmp_path / "out")
    found = tally.scores(cases.load(tmp_path / "out"))
    assert found.outcomes == {"read": 1, "crash": 0, "refused": 1, "missing": 1}
    assert found.total.ratios["f1"] == 1
    assert {c.outcome for c in found.cases if c.message} == {"refused", "missing"}

    class Broken(Extractor):
        def extract(self, *_: Any, **__: Any) -> Any:
            raise ZeroDivisionError("boom")

    only = [c for c in cases.find(tmp_path / "gold") if c.name == KARAMAY]
    cases.run(only, Broken(), tmp_path / "crashed")
    crashed = tally.scores(cases.load(tmp_path / "crashed"))
    assert crashed.outcomes["crash"] == 1
    assert "boom" in crashed.cases[0].message
    assert set(crashed.total.ratios.values()) == {None}  # nothing was read: n/a, not 0


def test_a_run_against_itself_has_no_change(run: Path) -> None:
    """Nothing changed, nothing regressed, exit code 0."""
    saved = cases.load(run)
    found = compare.compare(saved, saved, LIMITS)
    assert (found.changes, found.regressions) == ((), ())
    assert call("compare", run, run).exit_code == 0


def test_a_lost_number_is_a_regression(run: Path, tmp_path: Path) -> None:
    """A fact that is no longer there is named, and passes the thresholds; the other way round it is a gain."""
    worse = changed(run, tmp_path / "worse", value=None)
    found = compare.compare(cases.load(run), cases.load(worse), LIMITS)
    assert [(c.kind, c.table, c.after) for c in found.changes] == [("lost", "n_overall", "(nothing)")]
    assert any(r.startswith("lost_facts: 1") for r in found.regressions)
    assert call("compare", run, worse).exit_code == 1
    back = compare.compare(cases.load(worse), cases.load(run), LIMITS)
    assert [c.kind for c in back.changes] == ["found"]
    assert back.regressions == ()


@pytest.mark.parametrize(("state", "kind"), [("proven", "silently wrong"), ("contradicted", "wrong")])
def test_a_wrong_number_is_a_regression(run: Path, tmp_path: Path, state: str, kind: str) -> None:
    """A wrong number is told apart by whether it carries a warning."""
    found = compare.compare(
        cases.load(run), cases.load(changed(run, tmp_path / "x", value="1.23", state=state)), LIMITS
    )
    assert [c.kind for c in found.changes] == ["lost", kind]
    assert any(r.startswith("silent_errors") for r in found.regressions) == (state == "proven")


def test_a_crash_is_a_regression(run: Path) -> None:
    """A document that is no longer read is one, although no score says so."""
    saved = cases.load(run)
    broken = [c.model_copy(update={"outcome": "crash"}) if c.name == KARAMAY else c for c in saved.run.cases]
    after = replace(saved, run=saved.run.model_copy(update={"cases": tuple(broken)}))
    found = compare.compare(saved, after, LIMITS)
    assert [(c.kind, c.after) for c in found.changes] == [("outcome", "crash")]
    assert found.regressions == ("unread: 1; 0 are allowed",)


def test_the_commands_write_json_and_html(run: Path, tmp_path: Path) -> None:
    """`eval score` prints the ratios as JSON, and writes one HTML file that loads nothing."""
    assert "…" not in call("score", run).output  # on a terminal of any width no figure is cut off
    found = call("score", run, "--json", "--html", tmp_path / "r.html")
    assert found.exit_code == 0
    assert json.loads(found.stdout)["ratios"]["total"]["f1"] == 1
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<svg" in text
    assert "//" not in text.replace("<!--", "")
    assert "<script" not in text
    assert call("score", tmp_path).exit_code == 3


def test_reports_escape_what_documents_say() -> None:
    """Markup, formulas of Markdown and control characters of a document stay text in every form."""
    evil = "<script>alert(1)</script>|*x*\x1b[2J"
    grid = page.Grid(evil, ("a", evil), (("b", evil),), evil)
    plot = page.Plot(evil, "lines", ((0.0, evil), (1.0, "b")), (page.Series(evil, ((0.0, 0.5), (1.0, None))),))
    written = page.html(page.Page(evil, (grid, plot)))
    assert "<script" not in written
    marked = page.markdown([grid])
    assert "\x1b" not in marked
    assert r"&lt;script&gt;alert(1)&lt;/script&gt;\|\*x\*" in marked


def test_a_saved_run_that_is_none_is_an_error(tmp_path: Path) -> None:
    """A folder without a run, and a folder without gold, say so."""
    with pytest.raises(ResultError):
        cases.load(tmp_path)
    with pytest.raises(InputError):
        cases.find(tmp_path)


def test_wrong_digits_are_seen_and_localised(benches: dict[str, Bench]) -> None:
    """A spread of single digits in the eleven tables: each is seen, and the likeliest repair is right."""
    for name in NAMES[1:]:
        bench = benches[name]
        every = [m for m in mutations(bench.tables, "digit", 7) if bench.tables[m.table].id in BUDGET_TABLES]
        for mutation in islice(every, 11, None, 97):
            trial = bench.attempt(mutation)
            assert trial.detected, trial
            assert trial.localised, trial
            assert trial.repaired, trial


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_mistake_changes_something(benches: dict[str, Bench], kind: Any) -> None:
    """A mistake is one: the tables differ from the right ones; and one from the middle of a budget is seen."""
    bench = benches[NAMES[2]]
    found = [m for m in mutations(bench.tables, kind, 3) if bench.tables[m.table].id == "revenue"]
    for mutation in found:
        assert tuple(mutation.apply(bench.tables)) != bench.tables
    assert bench.attempt(found[len(found) // 2]).detected


def test_an_unchanged_document_gives_no_alarm(benches: dict[str, Bench]) -> None:
    """What is violated is the office's own mistake, looked up in the text."""
    for name, bench in benches.items():
        own = known_findings(ROOT / "eval" / "known_findings.toml", name)
        assert {(f.code, f.line) for f in bench.alarms()} <= own


def test_the_report_of_mistakes_counts_and_has_no_ratio_of_nothing() -> None:
    """Shares are counted by kind, families alone and together; where nothing is detected, localised is n/a."""
    base = Trial(
        document="d", kind="digit", table="revenue", row="r", column="c", was="1", now="2", eleven=True, caught=()
    )
    seen = base.model_copy(update={"caught": ("B9", "X1"), "localised": True, "repaired": True})
    alone = base.model_copy(update={"caught": ("B9",), "kind": "sign"})
    grids = mutation_report.grids([base, seen, alone])
    assert grids[0].rows[0][1:7] == ("2", "1", "0.5000", "1", "1.0000", "1")
    assert ("sign", "1 (1)", "0 (0)") in grids[1].rows
    assert mutation_report.grids([base])[0].rows[0][5] == "n/a"


@pytest.mark.parametrize("form", FORMS)
def test_gold_can_be_set_in_every_layout(extractor: Extractor, form: Any) -> None:
    """The eleven tables of real gold, rendered anew, are read without an error and with every line."""
    for name in NAMES[1:]:
        text, true = render(budget(gold(name), name), form, Noise(), 1)
        found = score(true, facts(extractor.extract(Document.from_text(text))), tables=BUDGET_TABLES)
        assert (found.number.f1, found.text.f1, found.line_accuracy) == (1, 1, 1)


@pytest.mark.parametrize("name", corrupt.DAMAGES)
def test_damage_is_seeded_and_grows(name: str) -> None:
    """The same seed does the same damage, another seed other damage; rate 0 does none, a higher rate does more."""
    text = sample(KARAMAY).text
    damaged = corrupt.damage(text, name, 0.05, 1)
    assert damaged == corrupt.damage(text, name, 0.05, 1)
    assert damaged != corrupt.damage(text, name, 0.05, 2)
    assert corrupt.damage(text, name, 0.0, 1) == text
    if name in ("OCR digits", "OCR labels"):
        counts = [
            sum(a != b for a, b in zip(text, corrupt.damage(text, name, rate, 1), strict=True)) for rate in (0.01, 0.2)
        ]
        assert 0 < counts[0] < counts[1]


def test_the_ladder_reads_and_counts(tmp_path: Path) -> None:
    """An undamaged step is right, a damaged one is counted with every silent error named, OCR output is a case."""
    case = next(c for c in cases.find(GOLD) if c.name == KARAMAY)
    shutil.copy(case.source, tmp_path / f"{KARAMAY}--engine.txt")
    (tmp_path / "other--engine.txt").write_text("x", encoding="utf-8")
    planned = ladder.tasks([case], seeds=1, digit_seeds=1, ocr=tmp_path)
    assert sum(t.family == "ocr" for t in planned) == 1
    chosen = [t for t in planned if t.noise in ("none", "engine") or (t.noise, t.rate) == ("OCR digits", 0.05)]
    steps = ladder.run(chosen)
    clean, hurt, scan = steps
    assert clean.counts.ratios["f1"] == scan.counts.ratios["f1"] == 1
    assert hurt.counts.right < hurt.counts.gold
    assert len(hurt.silent) == hurt.counts.silent
    written = page.html(ladder.page(steps))
    assert written.count("<polyline") > 0
    assert not any(s.crash for s in steps)


def test_a_draft_becomes_gold(tmp_path: Path) -> None:
    """The draft of a sample comes back from a spreadsheet with what that does to numbers, and is gold as printed."""
    draft = tmp_path / "draft.csv"
    assert call("annotate", SAMPLES / f"{KARAMAY}.txt", "--out", draft).exit_code == 0
    text = draft.read_text(encoding="utf-8")
    for was, now in ((",0.00,", ",0,"), (",100%,", ",100.00%,"), (",true,", ",TRUE,"), (".60,", ".6,")):
        assert was in text
        text = text.replace(was, now)
    draft.write_text(text, encoding="utf-8")
    kept = tmp_path / "gold" / "own.jsonl"
    assert call("gold-check", draft, SAMPLES / f"{KARAMAY}.txt", "--write", kept).exit_code == 0
    found = load_facts(kept)
    assert score(gold(KARAMAY), found).number.f1 == score(gold(KARAMAY), found).text.f1 == 1
    digits = [
        sorted(str(f["value"]) for f in fs if str(f["value"])[0] in "-0123456789") for fs in (found, gold(KARAMAY))
    ]
    assert digits[0] == digits[1]
    draft.rename(tmp_path / "draft.xlsx")
    assert "CSV" in call("gold-check", tmp_path / "draft.xlsx", SAMPLES / f"{KARAMAY}.txt").output


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_spreadsheet_may_save_with_its_own_separator(tmp_path: Path, mark: str) -> None:
    """Commas, semicolons and tabs are told by the first line; emptied values are left out."""
    file = tmp_path / "a.csv"
    head = ["look", *annotate.FIELDS, "column_options", "printed"]
    rows = [
        head,
        ["", "revenue", "201", "总计", "number", "1.00", "万元", "3", "总计|单位资金", ""],
        ["", "revenue", "202"],
    ]
    text = "\n".join(mark.join(row) for row in rows)
    file.write_text("\ufeff" + text, encoding="utf-8")
    assert [(f["value"], f["line"], f["column_options"]) for f in annotate.load(file)] == [
        ("1.00", 3, ["总计", "单位资金"])
    ]
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError):
        annotate.load(file)


def test_a_draft_runs_no_formula(tmp_path: Path) -> None:
    """Text of a document that a spreadsheet would run has an apostrophe in front; negative amounts don't."""
    text = (SAMPLES / f"{KARAMAY}.txt").read_text(encoding="utf-8").replace("外事专项", "=CMD()外事专项")
    rows = list(csv.reader(io.StringIO(annotate.draft(Document.from_text(text)).lstrip("\ufeff"))))
    cells = [cell for row in rows[1:] for cell in row]
    assert any("CMD" in cell for cell in cells)
    assert any(cell == "-2" for cell in cells)
    for cell in cells:
        assert not cell.startswith(("=", "+", "@", "\t")), cell


def test_gold_that_is_wrong_is_found() -> None:
    """A value that isn't at its line, one that breaks a sum, a fact twice, and what is no fact at all."""
    true, source = gold(KARAMAY), sample(KARAMAY)
    assert gold_check(true, source).problems == ()
    at = next(i for i, f in enumerate(true) if (f["table"], f["row"], f["kind"]) == ("n_expenditure", "总计", "number"))
    wrong = [*true[:at], {**true[at], "value": "999.99"}, *true[at + 1 :]]
    assert {p.kind for p in gold_check(wrong, source).problems} == {"place", "identity"}
    moved = [*true[:at], {**true[at], "line": 3}, *true[at + 1 :]]
    assert [p.kind for p in gold_check(moved, source).problems] == ["place"]
    assert [p.kind for p in gold_check([*true, true[at]], source).problems] == ["twice"]
    assert [p.kind for p in gold_check([*true, {**true[at], "table": "nowhere"}], source).problems] == ["form"]


def test_scripted_models_are_ranked() -> None:
    """The truthful one is right, a weak one is worse, an inventing one is caught; an unknown name is refused."""
    case = next(c for c in cases.find(GOLD) if c.name == NAMES[1])
    names = [bakeoff.PREFIX + n for n in ("truthful", "weak", "inventing")]
    entries = bakeoff.run([case], [(n, None) for n in names])
    counts = [e.scores.groups["part"]["eleven tables"] for e in entries]
    assert counts[0].ratios["f1"] == 1
    assert counts[1].right < counts[0].right
    assert [c.silent for c in counts] == [0, 0, 0]
    assert len(bakeoff.grid(entries).rows) == 3
    assert call("models", "--model", "scripted:nobody").exit_code == 2


def test_figures_replace_their_block_only() -> None:
    """What stands around the markers stays; a page without them is an error."""
    text = "a\n<!-- eval:x -->\nold\n<!-- /eval:x -->\nb\n"
    assert put(text, {"x": r"new \1"}) == "a\n<!-- eval:x -->\nnew \\1\n<!-- /eval:x -->\nb\n"
    with pytest.raises(InputError):
        put("nothing", {"x": ""})


def test_swapping_and_moving_leave_the_rest(benches: dict[str, Bench]) -> None:
    """Each mistake changes the cells that it names, and no other."""
    bench = benches[NAMES[1]]
    dice = random.Random(1)
    for kind in ("swap", "moved column"):
        mutation = dice.choice(list(mutations(bench.tables, kind, 1)))
        after = mutation.apply(bench.tables)
        cells = {
            (i, n, c.column): c.value
            for tables in (after,)
            for i, t in enumerate(tables)
            for n, r in enumerate(t.rows)
            for c in r.cells
            if c.kind == "number"
        }
        before = {
            (i, n, c.column): c.value
            for i, t in enumerate(bench.tables)
            for n, r in enumerate(t.rows)
            for c in r.cells
            if c.kind == "number"
        }
        differ = {p for p in cells.keys() | before.keys() if cells.get(p) != before.get(p)}
        assert differ == set(mutation.cells)
