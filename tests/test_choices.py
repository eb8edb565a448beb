"""Models that only choose: rows and numbers are listed, and the answer is where they belong."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from extractor import Document, Extractor, Result
from extractor.config import ModelConfig
from extractor.evaluation.score import BUDGET_TABLES, score
from extractor.facts import facts
from extractor.normalize import squeeze
from extractor.specs import catalogue

from .conftest import BUDGETS, SAMPLES, gold
from .scripted import accepted, read, run
from .server import Answer, Received, Server, say

NAMES = sorted(path.stem for path in SAMPLES.glob("*.txt"))
TEXT = """
第三部分 2024年部门预算情况说明
(一)政府采购情况
2024年，某局政府采购预算30.50万元，其中：政府采购货物预算10.50万元。
此外，花在请人办事上的钱
有20.00万元，办事用的车有3辆。
"""
SETTINGS: dict[str, Any] = {"form": "choices", "mode": "json_schema"}


def patterns(received: Received) -> dict[str, str]:
    """Return what may be answered, by name."""
    schema = received.body["response_format"]["json_schema"]["schema"]["properties"]["answers"]
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(schema["properties"])
    return {name: choice["pattern"] for name, choice in schema["properties"].items()}


def answers(chosen: dict[str, str]) -> Answer:
    """Answer with choices."""
    return say(json.dumps({"answers": chosen}, ensure_ascii=False))


def source(received: Received) -> str:
    """Return what stands between the fences."""
    return str(received.prompt.rsplit("<<<", 1)[1])


def from_gold(name: str) -> Callable[[Received], Answer]:
    """Return a model that chooses the columns of every row as gold has them, and says nothing of sentences."""

    def behave(received: Received) -> Answer:
        title = re.search(r"^Table: (.+)$", received.prompt, re.MULTILINE)
        if title is None:
            return answers(dict.fromkeys(patterns(received), "none"))
        table = next(s for s in catalogue().tables if s.title == title.group(1))
        rows: dict[str, list[tuple[str, str]]] = {}
        for fact in gold(name):
            if fact["table"] == table.id and fact["kind"] == "number":
                rows.setdefault(fact["row"], []).append((fact["column"], fact["value"]))
        chosen = {}
        for number, text in re.findall(r"^(\d+)\| (.*)$", source(received), re.MULTILINE):
            printed = text.rpartition(":")[2].split() if ":" in text else re.findall(r"\d[\d,]*\.\d+", text)
            columns = {c for c, _ in _row(rows, squeeze(text), [p.replace(",", "") for p in printed])}
            left = iter(printed)
            chosen[number] = "|".join(next(left) if c in columns else "-" for c in table.column_ids)
        return answers(chosen)

    return behave


def _row(rows: dict[str, list[tuple[str, str]]], text: str, values: list[str]) -> list[tuple[str, str]]:
    fits = [k for k, cells in rows.items() if sorted(v for _, v in cells) == sorted(values)]
    return rows[max(fits, key=lambda k: (squeeze(k.rpartition("/")[2]) in text, len(k)))]


@pytest.mark.parametrize("name", BUDGETS)
def test_a_model_that_chooses_right_gives_every_number(name: str, tmp_path: Path) -> None:
    """Every table whose rows leave a choice is asked about; the schema isn't in a prompt."""
    result, server = run(name, from_gold(name), tmp_path, **SETTINGS)
    scored = score(accepted(name, result), facts(result))
    assert (scored.number.f1, scored.silent_errors) == (1, 0), (scored.missing[:3], scored.wrong[:3])
    chosen = [a for a in result.attempts if a.step == "columns"]
    assert {t.reader for t in result.tables if t.id in {a.table for a in chosen}} == {"model"}
    assert all(re.fullmatch(r"columns of (\d+) of \1 rows", a.why) for a in chosen), [a.why for a in chosen]
    assert {a.table for a in chosen} <= BUDGET_TABLES
    assert not any("pattern" in r.prompt or "properties" in r.prompt for r in server.received)


def choose(dice: random.Random, pattern: str) -> str:
    """Return one of the answers that a pattern allows, by walking it."""
    out, at = _alternatives(dice, pattern, 0)
    assert at == len(pattern), pattern
    return out


def _alternatives(dice: random.Random, pattern: str, at: int) -> tuple[str, int]:
    ways, text = [], ""
    while at < len(pattern) and pattern[at] != ")":
        char = pattern[at]
        at += 1
        if char == "|":
            ways.append(text)
            text = ""
        elif char == "(":
            inner, at = _alternatives(dice, pattern, at)
            at += 1
            text += inner
        elif char == "[":
            at = pattern.index("}", at) + 1
            text += "某某"
        elif char == "\\":
            text += pattern[at]
            at += 1
        elif char not in "^$":
            text += char
    return dice.choice([*ways, text]), at


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_chooses_blindly_does_no_harm(name: str, tmp_path: Path) -> None:
    """Dice in place of a model: nothing wrong is exported without a mark, and no number is lost."""
    dice = random.Random(7)
    allowed: list[bool] = []

    def behave(received: Received) -> Answer:
        chosen = {key: choose(dice, pattern) for key, pattern in patterns(received).items()}
        allowed.extend(bool(re.fullmatch(pattern, chosen[key])) for key, pattern in patterns(received).items())
        return answers(chosen)

    result, _ = run(name, behave, tmp_path, **SETTINGS)
    scored = score(accepted(name, result), facts(result))
    assert scored.silent_errors == 0, scored.wrong[:3]
    assert len(allowed) > 100
    assert all(allowed)
    assert scored.number.recall > 0.9


def ask(cache: Path, *said: str, **settings: Any) -> tuple[Result, Server]:
    """Read the text of this file with a model that gives these answers to its marks."""

    def behave(received: Received) -> Answer:
        return answers(dict(zip(patterns(received), said, strict=True)))

    return read(Document.from_text(TEXT), behave, cache, **{**SETTINGS, **settings})


def found(result: Result) -> dict[tuple[str, str], tuple[str, str]]:
    """Return value and state of the facts of prose."""
    return {(f["row"], f["column"]): (f["value"], f["state"]) for f in facts(result) if f["table"].startswith("n_")}


def test_numbers_of_sentences_are_chosen_a_cell_for(tmp_path: Path) -> None:
    """Each number that some column may hold has a mark in the text; what no pattern reads is taken, in doubt."""
    result, server = ask(tmp_path, "总计 金额", "货物 金额", "服务 金额")
    assert "有[3]20.00万元,办事用的车有3辆" in source(server.received[0])
    assert found(result)["服务", "金额"] == ("20.00", "ambiguous")
    assert found(result)["货物", "金额"] == ("10.50", "grounded")
    assert [a.why for a in result.attempts] == [
        "2 numbers as the grammar reads them, 0 otherwise, 1 numbers taken, 0 refused"
    ]


def test_an_answer_that_may_not_be_given_is_not_taken(tmp_path: Path) -> None:
    """Not every endpoint keeps to a schema: another row, another column or a number are no answers."""
    result, _ = ask(tmp_path, "总计 面积", "合同 金额", "99.99")
    assert ("服务", "金额") not in found(result)
    assert set(found(result)) == {("总计", "金额"), ("货物", "金额")}
    assert {f["value"] for f in facts(result) if f["kind"] == "number"} == {"30.50", "10.50"}


def test_an_answer_of_a_model_on_this_machine_cannot_run_on(tmp_path: Path) -> None:
    """Its longest length follows from how many numbers are asked about; other models may think before they answer."""
    _, server = ask(tmp_path / "a", "none", "none", "none")
    assert server.received[0].body["max_tokens"] == ModelConfig().max_output_tokens
    with Server(lambda _: answers({})) as server:
        there = {"base_url": server.url, "wake": lambda: server.url, "cache_dir": tmp_path / "b"}
        config = ModelConfig(model="scripted", **there, **SETTINGS)
        Extractor(engine="llm", model=config).extract(Document.from_text(TEXT))
    assert server.received[0].body["max_tokens"] < 300
