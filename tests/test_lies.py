"""Seeded lies of a model about covered cells: each is seen, none is exported without its mark."""

import random
import sys
from collections import Counter
from typing import Any

import pytest

from extractor.evaluation.scripted import LIES

from .conftest import ROOT

sys.path.insert(0, str(ROOT / "eval" / "bench"))
SEEDS = range(3)


@pytest.fixture(scope="module")
def benches() -> list[Any]:
    """The sample budgets with their truthful models."""
    import lies

    return [lies.Bench(name) for name in lies.DOCUMENTS]


@pytest.mark.parametrize("kind", LIES)
def test_no_lie_is_silent(kind: str, benches: list[Any]) -> None:
    """A few of the lies that `eval/bench/lies.py` measures many of: detected, or put right by the sums."""
    seen = Counter(bench.lie(LIES[kind], random.Random(f"{kind}{seed}")) for bench in benches for seed in SEEDS)
    assert seen["silent"] == 0
    assert seen["lost"] == 0
    assert seen["detected"] == len(SEEDS) * len(benches)


def test_a_truthful_model_is_not_accused(benches: list[Any]) -> None:
    """Without a lie there is nothing to find, and every covered cell is proven."""
    for bench in benches:
        assert {f.code for f in bench.baseline.findings} <= {"table-not-read", "ambiguous-columns", "P3"}
        assert len(bench.covered) > 150
