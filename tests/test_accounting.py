"""What a model costs: accounts, limits, the cache in a model's place, and plans, through the command line."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.tokens import estimate

from .cli import extractor
from .conftest import BUDGETS, SAMPLES
from .server import Server
from .test_model_reader import model

NAME = BUDGETS[0]
FILE = SAMPLES / f"{NAME}.txt"
PRICES = 'currency = "CNY"\n[[price]]\nmodel = "scripted"\ninput = 1000\noutput = 2000\n'


@pytest.fixture
def server() -> Iterator[Server]:
    """A model that copies every table of the sample correctly."""
    with Server(model(NAME)) as running:
        yield running


def settings(server: Server, folder: Path, *more: object) -> list[object]:
    """Return the options that name the model and a cache of the test's own."""
    named = ["--model", "scripted", "--base-url", server.url, "--mode", "tools", "--cache-dir", folder / "cache"]
    return [*named, "--engine", "llm", *more]


def load(path: Path) -> Any:
    """Read JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_account_stands_beside_the_result_and_reruns_give_the_same_bytes(server: Server, tmp_path: Path) -> None:
    """usage.json has calls, tokens, seconds and cost of the run; result.json only what a rerun repeats."""
    (tmp_path / "prices.toml").write_text(PRICES, encoding="utf-8")
    options = settings(server, tmp_path, "--prices", tmp_path / "prices.toml", "--json")
    first = extractor("run", FILE, "--out", tmp_path / "a", *options)
    calls = server.calls
    second = extractor("run", FILE, "--out", tmp_path / "b", *options)
    assert (first.returncode, second.returncode, server.calls) == (1, 1, calls)
    for name in ("result.json", "facts.jsonl", "findings.jsonl"):
        assert (tmp_path / "a" / NAME / name).read_bytes() == (tmp_path / "b" / NAME / name).read_bytes()

    spent = load(tmp_path / "a" / NAME / "usage.json")
    prompts = sum(len(r.prompt) for r in server.received)
    assert (spent["model"], spent["total"]["calls"], spent["total"]["hits"]) == ("scripted", calls, 0)
    assert spent["total"]["input"] == prompts
    assert float(spent["total"]["cost"]) == pytest.approx((prompts * 1000 + spent["total"]["output"] * 2000) / 1e6)
    assert spent["total"]["seconds"] > 0
    assert sum(t["calls"] for t in spent["tables"].values()) == calls
    again = load(tmp_path / "b" / NAME / "usage.json")
    assert (again["total"]["calls"], again["total"]["hits"], again["total"]["input"]) == (0, calls, 0)

    lasting = load(tmp_path / "a" / NAME / "result.json")["usage"]
    assert lasting["answers"] == calls
    assert (lasting["input"], lasting["output"]) == (prompts, spent["total"]["output"])
    said = json.loads(first.stdout)
    assert said["usage"]["total"] == said["documents"][0]["usage"]["total"] == spent["total"]
    assert f"{calls} calls (0 failed)" in first.stderr
    assert "CNY" in first.stderr
    assert f"0 calls (0 failed), {calls} answers from the cache" in second.stderr


def test_an_account_of_an_earlier_run_never_stands_beside_another_result(server: Server, tmp_path: Path) -> None:
    """A run without a model removes it; a file of that name that is not ours stays."""
    extractor("run", FILE, "--out", tmp_path, *settings(server, tmp_path))
    file = tmp_path / NAME / "usage.json"
    assert file.exists()
    extractor("run", FILE, "--out", tmp_path)
    assert not file.exists()
    file.write_text("{}", encoding="utf-8")
    extractor("run", FILE, "--out", tmp_path)
    assert file.read_text(encoding="utf-8") == "{}"


def test_limits_hold_for_the_whole_run_and_a_second_run_goes_on(server: Server, tmp_path: Path) -> None:
    """Several files and processes asked for: exactly so many calls; what was not asked is named; nothing is lost."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    text = FILE.read_text(encoding="utf-8")
    for name in "ab":  # texts that differ in each table and sentence, so that no answer serves both
        other = text.replace("单位：万元", f"{name} 单位：万元")
        for mark in "，。：、" if name == "b" else "":
            other = other.replace(mark, f" {mark}")
        (inbox / f"{name}.txt").write_text(other, encoding="utf-8")
    options = settings(server, tmp_path, "--jobs", 4)
    done = extractor("run", "inbox", "--out", "out", *options, "--max-calls", 5, "--json", cwd=tmp_path)
    assert server.calls == 5
    assert done.returncode == 4
    said = json.loads(done.stdout)
    left = said["usage"]["not_asked"]
    assert {n["why"] for n in left} == {"budget"}
    found = [f for d in said["documents"] for f in d["findings"] if f["code"] == "not-asked"]
    assert len(found) == len(left)
    assert "the limit of 5 calls is reached" in found[0]["message"]
    assert "Raise the limit" in found[0]["message"]
    assert all(f["line"] for f in found)
    assert not [f for d in said["documents"] for f in d["findings"] if f["code"] == "model-failed"]
    assert (tmp_path / "out" / "b" / "result.json").exists()

    done = extractor("run", "inbox", "--out", "out", *options, "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert server.calls == 5 + len(left)
    assert not [f for d in json.loads(done.stdout)["documents"] for f in d["findings"] if f["code"] == "not-asked"]


@pytest.mark.parametrize(("option", "limit"), [("--max-tokens", "4000"), ("--max-cost", "4")])
def test_a_limit_on_tokens_or_cost_stops_cleanly(server: Server, tmp_path: Path, option: str, limit: str) -> None:
    """With one call at a time the limit is passed by one call at most; exit code 4, and the reason in words."""
    (tmp_path / "prices.toml").write_text(PRICES, encoding="utf-8")
    options = settings(server, tmp_path, "--prices", tmp_path / "prices.toml", "--concurrency", 1, option, limit)
    done = extractor("run", FILE, "--out", tmp_path, *options)
    spent = load(tmp_path / NAME / "usage.json")
    assert done.returncode == 4
    assert 0 < server.calls < 8
    assert spent["total"]["calls"] == server.calls
    assert "a limit is reached" in done.stderr
    assert spent["not_asked"]


def test_offline_names_what_is_missing(server: Server, tmp_path: Path) -> None:
    """No call, exit code 4, and every table with its lines; the tables that the cache answers are read."""
    options = settings(server, tmp_path, "--max-calls", 2)
    extractor("run", FILE, "--out", tmp_path / "a", *options)
    done = extractor("run", FILE, "--out", tmp_path / "b", *options, "--offline")
    assert (server.calls, done.returncode) == (2, 4)
    missing = load(tmp_path / "b" / NAME / "usage.json")["not_asked"]
    result = load(tmp_path / "b" / NAME / "result.json")
    read = [t for t in result["tables"] if t["reader"] == "model"]
    assert len(read) == 2
    assert f"{len(missing)} questions, so {len(missing)} calls at least (offline and not in the cache)" in done.stderr
    for number, open_ in enumerate(missing):
        first, last = open_["lines"]
        named = [t["lines"] for t in result["tables"] if t["id"] == open_["table"]]
        assert any(first <= end and begin <= last for begin, end in named), "a table, or the section that tells it"
        assert number >= 12 or f"{FILE}: {open_['table']} lines {first}-{last}" in done.stderr


def test_a_dry_run_tells_the_calls_that_the_run_then_makes(server: Server, tmp_path: Path) -> None:
    """It makes no call and writes nothing; afterwards everything is in the cache."""
    (tmp_path / "prices.toml").write_text(PRICES, encoding="utf-8")
    options = settings(server, tmp_path, "--prices", tmp_path / "prices.toml", "--max-repairs", 1)
    shown = extractor("run", FILE, "--dry-run", *options, "--max-calls", 1)
    done = extractor("run", FILE, "--dry-run", *options, "--json")
    assert (shown.returncode, done.returncode, server.calls) == (0, 0, 0)
    planned = json.loads(done.stdout)
    assert "--max-calls 1 would stop the run" in shown.stdout
    assert f"{planned['total']['calls']}-{planned['total']['most']} calls, 0 answers in the cache" in shown.stdout
    extractor("run", FILE, "--out", tmp_path / "out", *options)
    total = planned["total"]
    assert (total["calls"], total["most"]) == (server.calls, 2 * server.calls)
    assert float(total["cost"]) == (total["input"] * 1000 + total["output"] * 2000) / 1e6
    asked = [s for s in planned["documents"][0]["steps"] if s["decision"] == "ask"]
    assert len(asked) == server.calls
    assert all(s["input"] > 0 < s["output"] and s["why"] for s in asked)
    again = json.loads(extractor("run", FILE, "--dry-run", *options, "--json").stdout)["total"]
    assert (again["calls"], again["cached"], again["input"]) == (0, server.calls, 0)


def test_a_dry_run_under_auto_lists_what_arithmetic_left(tmp_path: Path) -> None:
    """A sample whose sums hold needs no call; with one digit changed, the tables that print it do, and it says why."""
    shutil.copy(FILE, tmp_path / "good.txt")
    (tmp_path / "bad.txt").write_text(
        FILE.read_text(encoding="utf-8").replace("54.36\t22.02", "54.96\t22.02", 1), encoding="utf-8"
    )
    options = ("--dry-run", "--model", "scripted", "--cache-dir", "cache", "--json")
    done = extractor("run", "good.txt", "bad.txt", "missing.txt", *options, cwd=tmp_path)
    assert done.returncode == 3
    good, bad, missing = json.loads(done.stdout)["documents"]
    assert "no such file" in missing["error"]
    assert good["calls"] == 0
    assert any("arithmetic settles it" in s["why"] for s in good["steps"])
    assert any(s["why"] == "declared empty" for s in good["steps"])
    wrong = [s for s in bad["steps"] if s["decision"] == "ask"]
    assert wrong
    assert all("numbers contradict their sums" in s["why"] for s in wrong)
    assert bad["cost"] is None


def test_a_dry_run_without_a_model_says_what_to_name(tmp_path: Path) -> None:
    """The cache and the price depend on the model: wrong usage without one."""
    done = extractor("run", FILE, "--dry-run", cwd=tmp_path)
    assert done.returncode == 2
    assert "Name one with --model" in done.stderr


@given(st.text(), st.text())
def test_an_estimate_is_never_more_than_those_of_the_parts(one: str, two: str) -> None:
    """A text takes no more than its halves together and no less than either, and nothing for nothing."""
    assert estimate("") == 0
    assert max(estimate(one), estimate(two)) <= estimate(one + two) <= estimate(one) + estimate(two)


def test_the_estimate_is_near_what_tokenizers_count() -> None:
    """One line of a table, counted by three tokenizers: 20, 18 and 18 tokens."""
    assert 16 <= estimate("2010301 行政运行 305.44 275.77 29.67") <= 25
