"""Ctrl-C while a model is asked: what is answered is kept, and the next run asks only for the rest."""

from pathlib import Path

from extractor.evaluation.score import BUDGET_TABLES
from extractor.export import load

from .cli import extractor, interrupted
from .conftest import BUDGETS, SAMPLES
from .scripted import model, table_of
from .server import Answer, Received, Server

SLOW = {"basic_expenditure", "carryover"}
ASKED = 30  # nine tables, sixteen sections of prose, five forms


def command(server: Server, folder: Path) -> list[str]:
    """Return the arguments of a run against a server."""
    config = folder / "extractor.toml"
    settings = {"model": "scripted", "mode": "tools", "base_url": server.url, "cache_dir": "cache"}
    config.write_text("\n".join(["[model]", *(f'{name} = "{value}"' for name, value in settings.items())]))
    sample = SAMPLES / f"{BUDGETS[0]}.txt"
    options = ["--engine", "llm", "--config", str(config), "--out", str(folder / "out")]
    return ["run", str(sample), *options]


def test_ctrl_c_keeps_what_is_answered(tmp_path: Path) -> None:
    """A real SIGINT ends the run with 130 and without a result; the second run asks for two tables only."""
    hurry = False

    def behave(received: Received) -> Answer:
        if table_of(received) in SLOW and not hurry:
            return Answer(hang=True)
        return model(BUDGETS[0])(received)

    with Server(behave) as server:
        errors = interrupted(command(server, tmp_path), lambda: server.calls >= ASKED and server.open <= 2)
        assert "interrupted" in errors
        assert not (tmp_path / "out" / BUDGETS[0] / "result.json").exists()
        before = server.calls
        hurry = True
        again = extractor(*command(server, tmp_path))
        assert again.returncode in (0, 1), again.stderr
        assert {table_of(r) for r in server.received[before:]} == SLOW
        assert server.calls - before == len(SLOW)
    result = load(tmp_path / "out" / BUDGETS[0])
    assert {t.reader for t in result.tables if t.empty_note is None and t.id in BUDGET_TABLES} == {"model"}
    assert result.states()["proven"] >= 196
