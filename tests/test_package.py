"""The package as a whole: its door, its imports, its README."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import extractor
from extractor.models import row_model, rows_of, table_model
from extractor.specs import catalogue

from .conftest import ROOT, sample

PACKAGE = ROOT / "extractor"


def test_the_door_is_sorted_and_complete() -> None:
    """``__all__`` is sorted, every name is there, and nothing else public is at the top."""
    assert extractor.__all__ == sorted(extractor.__all__)
    for name in extractor.__all__:
        assert hasattr(extractor, name)


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names.add(("." * node.level) + (node.module or ""))
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


def test_checks_and_arithmetic_know_nothing_of_readers_or_networks() -> None:
    """checks, identities and amount import neither readers nor clients nor the command line."""
    for module in ("checks", "identities", "amount"):
        bad = re.compile(r"readers|client|openai|instructor|cli|console|pipeline|batch")
        assert not [name for name in _imports(PACKAGE / f"{module}.py") if bad.search(name)]


def test_the_command_starts_without_heavy_imports() -> None:
    """``--help`` loads neither the solver nor the data frames nor a model client."""
    code = (
        "import sys, contextlib\n"
        "from extractor.cli import main\n"
        "sys.argv = ['extractor', '--help']\n"
        "with contextlib.suppress(SystemExit): main()\n"
        "print([m for m in ('ortools', 'pandas', 'openai', 'numpy') if m in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_the_readme_example_runs() -> None:
    """The library example of the README runs as printed, from the checkout."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    example, *_ = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(example.strip().splitlines()) <= 10
    done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "'ambiguous': 10, 'grounded': 9})" in done.stdout
    assert "20103 466.14 149.67" in done.stdout


def test_every_spec_gives_a_model() -> None:
    """Rows of a sample fit the pydantic models built from the specs, with amounts as Decimal."""
    result = extractor.Extractor().extract(sample("urumqi_fao_2024_budget"))
    for table in (t for t in result.tables if t.id in catalogue().by_id):
        rows = rows_of(table)
        assert len(rows) == sum(1 for r in table.rows if r.cells)
    for spec in catalogue().tables:
        schema = table_model(spec).model_json_schema()
        assert set(spec.column_ids) <= set(schema["$defs"][row_model(spec).__name__]["properties"])


def test_data_frames_hold_decimals() -> None:
    """A table becomes a pandas frame with a column for each of its columns."""
    result = extractor.Extractor().extract(sample("urumqi_fao_2024_budget"))
    table = result.table("expenditure")
    assert table is not None
    frame = table.to_pandas()
    assert list(frame.columns) == ["row", "名称", "合计", "基本支出", "项目支出"]
    assert str(frame["合计"][0]) == "465.24"


def test_nothing_names_this_machine() -> None:
    """No file of the package carries an absolute path or an address of a package index."""
    bad = re.compile(r"/(?:work|home|root|Users)/|--index|--find|://[^\s]*(?:simple|packages)/")
    for path in (*ROOT.glob("*.txt"), ROOT / "README.md", *PACKAGE.rglob("*.py")):
        assert not bad.search(path.read_text(encoding="utf-8")), path
