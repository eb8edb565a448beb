"""Answers kept for short texts: asked for once, given again, and few enough."""

import gc
from concurrent.futures import ThreadPoolExecutor

import pytest

import extractor.remember
from extractor import Document, Extractor
from extractor.garbage import seldom
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


def test_the_collector_of_garbage_is_afterwards_as_it_was() -> None:
    """Documents are read in several threads at once, and the program that reads them has settings of its own."""
    before = gc.get_threshold()
    try:
        gc.set_threshold(600, 9, 8)
        reader = Extractor()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(reader.extract, [Document.from_text("收支总体情况表\n合计 5.00\n")] * 8))
        assert gc.get_threshold() == (600, 9, 8)
        with seldom():
            assert gc.get_threshold()[0] > 600
        gc.set_threshold(0, 9, 8)  # never
        with seldom():
            assert gc.get_threshold() == (0, 9, 8)
    finally:
        gc.set_threshold(*before)
