"""Shared paths and small helpers of the tests."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from extractor import Document, Extractor
from extractor.facts import facts

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "eval" / "samples"
GOLD = ROOT / "eval" / "gold"
OTHER_OFFICES = ROOT.parent / "shared" / "samples" / "other_offices"
# Commands that tests start compile the package once, not each for itself, whatever is set around.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ["PYTHONPYCACHEPREFIX"] = str(ROOT / ".pytest_cache" / "compiled")
BUDGETS = ("urumqi_fao_2024_budget", "kizilsu_fao_2024_budget")


@pytest.fixture(scope="session")
def extractor() -> Extractor:
    """One extractor for all tests; it holds no state but the specs."""
    return Extractor()


def sample(name: str) -> Document:
    """Load a shipped sample."""
    return Document.from_path(SAMPLES / f"{name}.txt")


def gold(name: str) -> list[dict[str, Any]]:
    """Load the gold facts of a sample."""
    lines = (GOLD / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def read(text: str) -> list[dict[str, Any]]:
    """Extract a text and return its facts."""
    return facts(Extractor().extract(Document.from_text(text)))
