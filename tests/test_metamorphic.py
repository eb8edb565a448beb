"""What doesn't change the meaning of a disclosure doesn't change its facts.

Each test rewrites the two real budgets in a way that keeps every printed amount in its row and its table, and
compares the facts of the eleven tables, states and options included, with those of the original.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from extractor import Document, Extractor, Result, Row, Table, facts
from extractor.evaluation.score import BUDGET_TABLES

SAMPLES = Path(__file__).parent.parent / "eval" / "samples"
BUDGETS = ("kizilsu_fao_2024_budget", "urumqi_fao_2024_budget")
FULL = str.maketrans("():", "（）：")
HALF = str.maketrans("（）：", "():")
NESTED = frozenset({"project_expenditure", "carryover"})

Places = Counter[tuple[object, ...]]
each_budget = pytest.mark.parametrize("name", BUDGETS)


def text_of(name: str) -> str:
    """Return the text of a sample."""
    return (SAMPLES / f"{name}.txt").read_text(encoding="utf-8")


@cache
def result_of(name: str) -> Result:
    """Read a sample once."""
    return Extractor().extract(Document.from_text(text_of(name)))


def places(result: Result) -> Places:
    """Return the facts of the eleven tables without line and span, whatever their order."""
    keys = ("table", "row", "column", "value", "unit", "state", "part")
    found = [fact for fact in facts(result) if fact["table"] in BUDGET_TABLES]
    return Counter((*(fact[key] for key in keys), *fact.get("column_options", ())) for fact in found)


def difference(name: str, text: str) -> str:
    """Say which facts of a sample a rewritten text loses and which it adds; empty where it is the same."""
    old, new = places(result_of(name)), places(Extractor().extract(Document.from_text(text)))
    lost, added = sorted((old - new).elements(), key=str), sorted((new - old).elements(), key=str)
    return f"{len(lost)} lost, {len(added)} added: {lost[:3]} {added[:3]}" if lost or added else ""


class Block:
    """The lines of one printed row (two rows in a two-sided table), as 1-based numbers."""

    def __init__(self, rows: list[Row]) -> None:
        """Take the rows that start in one line."""
        self.row = rows[0]
        self.first = self.row.line
        self.last = max([self.first, *(s.line for row in rows for cell in row.cells for s in cell.spans)])

    @property
    def unit(self) -> str:
        """Name of the unit that the row belongs to, empty where the table prints none."""
        return "" if self.row.key[0].isdigit() else self.row.key.split("/")[0]


def blocks(table: Table) -> list[Block]:
    """Return the printed rows of a table from top to bottom."""
    lines = sorted({row.line for row in table.rows})
    return [Block([row for row in table.rows if row.line == line]) for line in lines]


def with_numbers(name: str) -> list[Table]:
    """Return the tables of a sample that aren't empty."""
    tables = [table for table in result_of(name).tables if table.id in BUDGET_TABLES]
    return [table for table in tables if any(True for _ in table.numbers())]


@each_budget
def test_the_samples_are_read(name: str) -> None:
    """All eleven tables give facts, so that comparing facts means something."""
    found = places(result_of(name))
    assert {key[0] for key in found} == BUDGET_TABLES
    assert sum(found.values()) > 200


@each_budget
def test_blank_lines_mean_nothing(name: str) -> None:
    """Without blank lines, or with one after every line, the facts stay."""
    lines = text_of(name).splitlines()
    assert difference(name, "\n".join(line for line in lines if line.strip())) == ""
    assert difference(name, "\n\n".join(lines)) == ""


@each_budget
@pytest.mark.parametrize("end", ["\r\n", "\r"], ids=["crlf", "cr"])
def test_line_ends_mean_nothing(name: str, end: str) -> None:
    """The line ends of other systems give the same facts."""
    assert difference(name, text_of(name).replace("\n", end)) == ""


@each_budget
@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_encodings_mean_nothing(name: str, codec: str, tmp_path: Path) -> None:
    """The same text in another encoding gives the same facts at the same places."""
    path = tmp_path / "budget.txt"
    path.write_bytes(text_of(name).encode(codec))
    read = Extractor().extract(Document.from_path(path))
    assert facts(read) == facts(result_of(name))


@each_budget
@pytest.mark.parametrize("table", [FULL, HALF], ids=["full", "half"])
def test_width_of_brackets_means_nothing(name: str, table: dict[int, int]) -> None:
    """Full-width brackets and colons are the same as half-width ones."""
    assert text_of(name).translate(table) != text_of(name)
    assert difference(name, text_of(name).translate(table)) == ""


def header_of(lines: list[str], table: Table) -> tuple[list[str], list[str]]:
    """Return a table's title, office and unit lines, and its header lines."""
    above = lines[table.lines[0] - 1 : blocks(table)[0].first - 1]
    last = max(number for number, line in enumerate(above) if re.search(r"单位[:：]|编制", line))
    return above[: last + 1], above[last + 1 :]


@each_budget
@pytest.mark.parametrize("above", ["header", "page", "title"])
def test_repeated_headers_mean_nothing(name: str, above: str) -> None:
    """A header printed again in the middle of its table, of every table, changes nothing, nor does its title."""
    lines = text_of(name).splitlines()
    text = list(lines)
    for table in sorted(with_numbers(name), key=lambda t: -t.lines[0]):  # from the end, so that lines keep their places
        title, header = header_of(lines, table)
        assert header
        rows = blocks(table)
        at = rows[len(rows) // 2].first - 1
        text[at:at] = {"header": header, "page": ["", "- 7 -", "", *header], "title": [*title, *header]}[above]
    assert difference(name, "\n".join(text)) == ""


def moves(name: str) -> Iterator[tuple[str, Block, Block]]:
    """Yield every row that may move with its table, and every row whose place it may take."""
    for table in with_numbers(name):
        rows = blocks(table)
        for row in rows:
            for other in rows:
                nested = table.id in NESTED
                heads = {row.row.kind, other.row.kind} & {"total", "unit"}
                if row is not other and not (nested and (heads or row.unit != other.unit)):
                    yield table.id, row, other


@each_budget
def test_order_of_rows_means_nothing(name: str) -> None:
    """A row that moved to another place in its table keeps its facts; where units are printed, in its unit."""
    lines = text_of(name).splitlines()
    by_row: dict[int, list[tuple[str, Block, Block]]] = {}
    for move in moves(name):
        by_row.setdefault(move[1].first, []).append(move)
    rng = Random(11)
    rounds: list[dict[str, tuple[Block, Block]]] = []  # in each, one row of a table moves
    for first in rng.sample(sorted(by_row), 24):
        table, row, other = rng.choice(by_row[first])
        free = next((r for r in rounds if table not in r), None)
        if free is None:
            rounds.append(free := {})
        free[table] = row, other
    failures = []
    for chosen in rounds:
        text = list(lines)
        for row, other in chosen.values():
            moved = text[row.first - 1 : row.last]
            if row.last < other.first:
                text[row.first - 1 : other.last] = [*text[row.last : other.last], *moved]
            else:
                text[other.first - 1 : row.last] = [*moved, *text[other.first - 1 : row.first - 1]]
        assert sorted(text) == sorted(lines)
        found = difference(name, "\n".join(text))
        said = [f"lines {row.first}-{row.last} to {other.first}" for row, other in chosen.values()]
        failures += [f"{said}: {found}"] if found else []
    assert not failures


def inside_numbers(result: Result) -> set[int]:
    """Return the lines after which a number that is split over lines goes on.

    A bare ``7`` after ``60.0`` can't be told from the second half of ``60.07``.
    """
    return {
        line
        for table in result.tables
        for _, cell in table.numbers()
        for one, other in pairwise(cell.spans)
        for line in range(one.line, other.line)
    }


@each_budget
@pytest.mark.parametrize("number", ["- 7 -", "7"])
def test_page_numbers_mean_nothing(name: str, number: str) -> None:
    """A page number between any two lines of a table is no amount and no code."""
    lines = text_of(name).splitlines()
    split = inside_numbers(result_of(name)) if number == "7" else set[int]()
    spots = [
        at
        for table in result_of(name).tables
        if table.id in BUDGET_TABLES
        for at in range(table.lines[0], table.lines[1])
        if lines[at - 1].strip() and at not in split
    ]
    failures = []
    chosen = Random(7).sample(spots, 20)
    for here in (sorted(chosen[at::5], reverse=True) for at in range(5)):  # four pages in each text
        text = list(lines)
        for at in here:
            text.insert(at, number)
        found = difference(name, "\n".join(text))
        failures += [f"after lines {here}: {found}"] if found else []
    assert not failures


@pytest.mark.parametrize(("one", "other"), [BUDGETS, BUDGETS[::-1]], ids=["forward", "backward"])
@pytest.mark.parametrize("between", ["\n", "\n\f\n"], ids=["line", "page"])
def test_two_disclosures_in_one_file(one: str, other: str, between: str) -> None:
    """Each of two disclosures in one file gives its own facts, as part 0 and part 1."""
    read = Extractor().extract(Document.from_text(text_of(one) + between + text_of(other)))
    expected = places(result_of(one))
    # The part is the last of the fixed fields; what follows it are the options.
    expected += Counter({(*key[:6], 1, *key[7:]): n for key, n in places(result_of(other)).items()})
    assert places(read) == expected
