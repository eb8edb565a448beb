"""Synthetic budgets are consistent and follow the contract."""

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache

from extractor.evaluation.score import BUDGET_TABLES
from extractor.evaluation.synthetic import Budget
from extractor.evaluation.synthetic import generate as make

SEEDS = range(60)
generate = cache(make)

Cells = dict[tuple[str, str], Decimal]


def _child_of(code: str) -> Callable[[str], bool]:
    """Tell the codes one level below a code from all others."""
    return lambda key: len(key) == len(code) + 2 and key.startswith(code)


def _project_of(code: str) -> Callable[[str], bool]:
    """Tell the project rows that state money of a code: its projects, or its own rows."""
    if len(code) == 7:
        return lambda key: f"/{code}/" in f"/{key}"
    return lambda key: f"/{key}".endswith(f"/{code}")


class Book:
    """The numbers of one budget, by table, row and column; an empty cell is zero."""

    def __init__(self, budget: Budget) -> None:
        """Read the number facts of a budget."""
        self.cells: dict[str, Cells] = {table: {} for table in BUDGET_TABLES}
        for fact in budget.facts:
            if fact["kind"] == "number":
                self.cells[fact["table"]][fact["row"], fact["column"]] = Decimal(fact["value"])

    def get(self, table: str, row: str, column: str) -> Decimal:
        """Return one cell."""
        return self.cells[table].get((row, column), Decimal(0))

    def row(self, table: str, row: str, columns: Iterable[str]) -> Decimal:
        """Add several cells of one row."""
        return sum((self.get(table, row, column) for column in columns), Decimal(0))

    def rows(self, table: str) -> set[str]:
        """Return the keys of all rows of a table that have a number."""
        return {row for row, _ in self.cells[table]}

    def total(self, table: str, column: str, wanted: Callable[[str], bool]) -> Decimal:
        """Add one column over the rows whose key is wanted."""
        return sum(
            (value for (row, name), value in self.cells[table].items() if name == column and wanted(row)),
            Decimal(0),
        )

    def columns(self, table: str) -> set[str]:
        """Return the columns of a table that have a number."""
        return {column for _, column in self.cells[table]}

    def levels_add_up(self, table: str) -> bool:
        """Check the total against the classes, and every code against the codes one level below."""
        sizes = {len(row) for row in self.rows(table) if row.isdigit()}
        for column, row in itertools.product(self.columns(table), self.rows(table)):
            if row == "总计":
                below = self.total(table, column, lambda key: len(key) == 3 and key.isdigit())
            elif len(row) < max(sizes):
                below = self.total(table, column, _child_of(row))
            else:
                continue
            if self.get(table, row, column) != below:
                return False
        return True


@cache
def books() -> list[Book]:
    """Make the books of all seeds, once."""
    return [Book(generate(seed)) for seed in SEEDS]


R = "revenue"
T1 = "revenue_expenditure"
SIX = [
    "一般公共预算",
    "上级一般公共预算安排的转移支付",
    "政府性基金预算",
    "上级政府性基金安排的转移支付",
    "国有资本经营预算",
    "上级国有资本经营预算安排的转移支付",
]
LAST = ["财政专户", "单位资金", "财政拨款结转", "非财政拨款结转结余"]
CATEGORIES = [
    "工资福利支出",
    "商品和服务支出",
    "对个人和家庭的补助",
    "债务利息及费用支出",
    "资本性支出(基本建设)",
    "资本性支出",
    "对企业补助(基本建设)",
    "对企业补助",
    "对社会保障基金补助",
    "其他支出",
]


def below(book: Book, parent: str) -> Decimal:
    """Add the rows of the first table that stand directly under a label."""
    return book.total(T1, "预算数", lambda row: row.rpartition("/")[0] == parent)


def test_overall_table() -> None:
    """B1-B8: incomes add up along their labels, classes to the total, both sides are equal."""
    for book in books():
        top = [book.get(T1, row, "预算数") for row in ("本年收入", "上年结转结余")]
        assert book.get(T1, "收入总计", "预算数") == sum(top)
        assert book.get(T1, "支出总计", "预算数") == sum(top) > 0
        assert book.total(T1, "预算数", str.isdigit) == sum(top)
        parents = {"本年收入", "上年结转结余"} | {row.rpartition("/")[0] for row in book.rows(T1) if "/" in row}
        for parent in parents & book.rows(T1):
            assert book.get(T1, parent, "预算数") == below(book, parent), parent
        assert parents & book.rows(T1) == {row for row in parents if below(book, row)}


def test_revenue_table() -> None:
    """B9-B11: sources add up in every row, levels in every column."""
    for book in books():
        for row in book.rows(R):
            assert book.get(R, row, "总计") == book.row(R, row, ["财政拨款小计", *LAST])
            assert book.get(R, row, "财政拨款小计") == book.row(R, row, SIX)
        assert book.levels_add_up(R)


def test_expenditure_tables() -> None:
    """B12-B13, B17-B18: basic and project add up in every row, levels in every column."""
    for book, table in itertools.product(books(), ("expenditure", "general_expenditure")):
        for row in book.rows(table):
            assert book.get(table, row, "合计") == book.row(table, row, ["基本支出", "项目支出"])
        assert book.levels_add_up(table)


def test_fiscal_table() -> None:
    """B14-B16: budgets add up in every row, classes in every column, both sides are equal."""
    table, columns = "fiscal_appropriation", ["一般公共预算", "政府性基金预算", "国有资本经营预算"]
    for book in books():
        assert book.get(table, "财政拨款", "合计") == book.total(table, "合计", lambda row: row.startswith("财政拨款/"))
        assert book.get(table, "收入总计", "合计") == book.get(table, "财政拨款", "合计")
        assert book.get(table, "支出总计", "合计") == book.get(table, "收入总计", "合计")
        for row in filter(str.isdigit, book.rows(table)):
            assert book.get(table, row, "合计") == book.row(table, row, columns)
        for column in ["合计", *columns]:
            assert book.get(table, "支出总计", column) == book.total(table, column, str.isdigit)


def test_basic_table() -> None:
    """B19-B20: each economic class belongs to one side, and levels add up."""
    table = "basic_expenditure"
    for book in books():
        for row in book.rows(table):
            people, goods = (book.get(table, row, column) for column in ("人员经费", "公用经费"))
            assert book.get(table, row, "合计") == people + goods
            if row != "总计":
                assert (goods if row[:3] in {"301", "303"} else people) == 0
        assert book.levels_add_up(table)


def test_project_table() -> None:
    """B21-B22: categories add up in every row; projects, codes and units in every column."""
    table = "project_expenditure"
    for book in books():
        rows = book.rows(table) - {"总计"}
        units = {row for row in rows if not row[0].isdigit() and "/" not in row}
        assert not units or all(row.split("/")[0] in units for row in rows)
        for row, column in itertools.product(book.rows(table), ["合计", *CATEGORIES]):
            value = book.get(table, row, column)
            unit, code = ("", row) if row[0].isdigit() else [*row.split("/"), ""][:2]
            lead = f"{unit}/" if unit else ""
            if row == "总计":
                children = units or {r for r in rows if re.fullmatch(r"\d{3}", r)}
            elif row in units:
                children = {r for r in rows if re.fullmatch(rf"{unit}/\d{{3}}", r)}
            elif len(code) == 3:
                children = {r for r in rows if re.fullmatch(rf"{lead}{code}\d\d", r)}
            elif len(code) == 5:
                children = {r for r in rows if re.match(rf"{lead}{code}\d\d/.", r)}
            else:
                continue
            assert value == sum(book.get(table, child, column) for child in children), (row, column)
        for row in book.rows(table):
            assert book.get(table, row, "合计") == book.row(table, row, CATEGORIES)


def test_fund_and_capital_tables() -> None:
    """The two parted tables add up, and agree with the revenue table."""
    parts = ["基本支出/人员经费", "基本支出/公用经费", "项目支出"]
    for book in books():
        for table, columns in (("government_fund", SIX[2:4]), ("state_capital", SIX[4:])):
            for row in book.rows(table):
                assert book.get(table, row, "合计") == book.row(table, row, parts)
            assert not book.rows(table) or book.levels_add_up(table)
            for row in book.rows(R):
                assert book.get(table, row, "合计") == book.row(R, row, columns)


def test_three_public_table() -> None:
    """B23-B25, X11: parts and budgets add up, and cover what basic expenditure has."""
    table, cars = "three_public", "公务用车购置及运行费"
    columns = ["一般公共预算", "政府性基金", "国有资本经营预算"]
    for book in books():
        for column in ["合计", *columns]:
            parts = [book.get(table, row, column) for row in ("因公出国(境)费", "公务接待费", cars)]
            assert book.get(table, "总计", column) == sum(parts)
            assert parts[2] == book.total(table, column, lambda row: row.startswith(f"{cars}/"))
        for row in book.rows(table):
            assert book.get(table, row, "合计") == book.row(table, row, columns)
        for code, row in (
            ("30212", "因公出国(境)费"),
            ("30217", "公务接待费"),
            ("30231", f"{cars}/公务用车运行费"),
        ):
            assert book.get("basic_expenditure", code, "合计") <= book.get(table, row, "合计")


def test_carryover_table() -> None:
    """B26-B27: sources and kinds add up in every row, items and units in every column."""
    table = "carryover"
    kinds = ["基本支出/人员经费", "基本支出/公用经费", "项目支出"]
    for book in books():
        rows = book.rows(table) - {"总计"}
        units = {row for row in rows if "/" not in row}
        for row in book.rows(table):
            assert book.get(table, row, "总计") == book.row(table, row, ["财政拨款/合计", "非财政拨款/合计"])
            for side in ("财政拨款", "非财政拨款"):
                parts = [f"{side}/{kind}" for kind in kinds]
                assert book.get(table, row, f"{side}/合计") == book.row(table, row, parts)
        for column in book.columns(table):
            assert book.get(table, "总计", column) == sum(book.get(table, unit, column) for unit in units)
            for unit in units:
                items = [row for row in rows if row.startswith(f"{unit}/")]
                assert book.get(table, unit, column) == sum(book.get(table, item, column) for item in items)


def test_revenue_agrees_with_other_tables() -> None:
    """X1-X5: the same money is the same in the first, second, third and fifth table."""
    for book in books():
        assert book.get(T1, "收入总计", "预算数") == book.get(R, "总计", "总计")
        assert book.get(T1, "支出总计", "预算数") == book.get("expenditure", "总计", "合计")
        for row in filter(str.isdigit, book.rows(T1) | {r for r in book.rows(R) if len(r) == 3}):
            assert book.get(T1, row, "预算数") == book.get(R, row, "总计")
        assert book.rows(R) == book.rows("expenditure")
        for row in book.rows(R):
            assert book.get(R, row, "总计") == book.get("expenditure", row, "合计")
            assert book.row(R, row, SIX[:2]) == book.get("general_expenditure", row, "合计")
        general = "本年收入/一般公共预算拨款"
        assert book.get(T1, general, "预算数") == book.row(R, "总计", SIX[:2])
        assert book.get(T1, f"{general}/一般财力", "预算数") == book.get(R, "总计", SIX[0])
        assert book.get(T1, "本年收入/单位资金", "预算数") == book.get(R, "总计", "单位资金")
        assert book.get(T1, "上年结转结余/财政拨款结转", "预算数") == book.get(R, "总计", "财政拨款结转")
        assert book.get(T1, "上年结转结余", "预算数") == book.row(R, "总计", LAST[2:])


def test_other_tables_agree() -> None:
    """X6, X8-X10: appropriations, basic expenditure, projects and carry-over agree."""
    fiscal, general, project = "fiscal_appropriation", "general_expenditure", "project_expenditure"
    for book in books():
        assert book.get(fiscal, "财政拨款", "合计") == book.get(R, "总计", "财政拨款小计")
        own = book.get(T1, "本年收入/一般公共预算拨款", "预算数")
        assert book.get(fiscal, "财政拨款/一般公共预算", "合计") == own
        assert book.get(fiscal, "支出总计", "一般公共预算") == book.get(general, "总计", "合计")
        for row in filter(str.isdigit, book.rows(fiscal)):
            assert book.get(fiscal, row, "一般公共预算") == book.get(general, row, "合计")
        assert book.get(general, "总计", "基本支出") == book.get("basic_expenditure", "总计", "合计")
        assert book.get(general, "总计", "项目支出") == book.get(project, "总计", "合计")
        for row in book.rows(general) - {"总计"}:
            found = book.total(project, "合计", _project_of(row))
            assert book.get(general, row, "项目支出") == found
        carried = book.get("carryover", "总计", "总计")
        assert carried == book.get(T1, "上年结转结余", "预算数")
        fiscal_part = book.get("carryover", "总计", "财政拨款/合计")
        assert fiscal_part == book.get(R, "总计", "财政拨款结转")


def test_generator_varies() -> None:
    """Over the seeds every optional feature occurs, and is left out."""
    found = [Book(generate(seed)) for seed in SEEDS]
    for table in ("government_fund", "state_capital", "project_expenditure", "carryover"):
        assert len({bool(book.rows(table)) for book in found}) == 2, table
    for column in (*SIX[1:5], *LAST):
        assert len({column in book.columns(R) for book in found}) == 2, column
    assert any("政府性基金" in book.columns("three_public") for book in found)
    units = {sum("/" not in row for row in book.rows("carryover") - {"总计"}) for book in found}
    assert units == {0, 1, 2, 3}
    texts = "".join(str(generate(seed).sheets) for seed in SEEDS)
    assert re.search(r"特定目标\d{8}", texts)
    assert "年市委专项" in texts
    assert {generate(seed).sheets[4].rows[0][3] for seed in SEEDS} >= {"总计"}
    assert {generate(seed).sheets[4].rows[-1][3] for seed in SEEDS} >= {"合计"}


def test_facts_follow_the_contract() -> None:
    """Facts have unique places, the fields of the contract, names for codes, and notes for empty tables."""
    for budget in map(generate, SEEDS):
        places = Counter((fact["table"], fact["row"], fact["column"]) for fact in budget.facts)
        assert max(places.values()) == 1
        assert {fact["table"] for fact in budget.facts} == BUDGET_TABLES
        for fact in budget.facts:
            assert list(fact) == ["table", "row", "column", "kind", "value", "unit", "line"]
            assert fact["row"] == unicodedata.normalize("NFKC", "".join(fact["row"].split()))
            if fact["kind"] == "number":
                assert re.fullmatch(r"\d+\.\d\d", fact["value"])
                assert Decimal(fact["value"]) > 0
                if fact["row"].split("/")[0].isdigit():
                    assert (fact["table"], fact["row"], "名称") in places
        empty = {fact["table"] for fact in budget.facts if fact["column"] == "空表"}
        assert empty == {sheet.table_id for sheet in budget.sheets if sheet.note}
        printed = Counter(cell for sheet in budget.sheets for row in sheet.rows for cell in row)
        for value, count in Counter(f["value"] for f in budget.facts if f["kind"] == "number").items():
            assert printed[value] == count


def test_grids_are_rectangular_and_places_point_to_values() -> None:
    """Header and rows of a sheet have one width, and every fact stands where its place says."""
    for budget in map(generate, SEEDS):
        assert [sheet.number for sheet in budget.sheets] == list(range(1, 12))
        for sheet in budget.sheets:
            assert len({len(row) for row in (*sheet.header, *sheet.rows)}) == 1
            facts = [fact for fact in budget.facts if fact["table"] == sheet.table_id]
            for fact, (row, column) in zip(facts, sheet.places, strict=True):
                if row >= 0:
                    cell = unicodedata.normalize("NFKC", sheet.rows[row][column])
                    assert cell.endswith(fact["value"])
