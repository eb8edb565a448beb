"""Answers kept for short texts: asked for once, given again, and few enough."""

import pytest

import extractor.remember
from extractor.remember import remembered


def test_a_short_text_is_asked_for_once_and_a_long_one_each_time() -> None:
    """What a function returns is kept by its text; a long text is not, as it hardly comes back."""
    asked: list[str] = []

    @remembered
    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    long = "预算" * 50
    assert [length(text) for text in ("收入", long, "收入", long)] == [2, 100, 2, 100]
    assert asked == ["收入", long, long]


def test_answers_never_grow_beyond_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many texts, all is forgotten and asked for anew, with the same answers."""
    monkeypatch.setattr(extractor.remember, "_MOST", 3)
    asked: list[str] = []

    @remembered
    def twice(text: str) -> str:
        asked.append(text)
        return text * 2

    assert [twice(text) for text in "甲乙丙甲丁甲"] == ["甲甲", "乙乙", "丙丙", "甲甲", "丁丁", "甲甲"]
    assert asked == list("甲乙丙丁甲")
