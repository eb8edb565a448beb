"""Tables that a user describes: the file of the README is read, proven, and kept apart from the packaged ones."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from extractor import Document, Extractor, SpecError
from extractor.explain import explain
from extractor.models import rows_of
from extractor.specs import catalogue

from .conftest import ROOT

TEXT = """培训支出明细表
单位：万元
科目编码\t科目名称\t合计\t师资费\t场地费
201\t一般公共服务支出\t30.00\t20.00\t10.00
20101\t人大事务\t30.00\t20.00\t10.00
2010101\t行政运行\t18.00\t12.00\t6.00
2010102\t一般行政管理事务\t12.00\t8.00\t4.00
合计\t\t30.00\t20.00\t10.00
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The file that the README shows."""
    shown = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown
    (tmp_path / "training.yaml").write_text(shown[1], encoding="utf-8")
    return tmp_path / "training.yaml"


def test_a_table_of_ones_own_is_read_and_proven(spec: Path) -> None:
    """By its sums; a wrong digit breaks them; typed rows and explanations know it."""
    mine = catalogue().with_tables(spec)
    result = Extractor(catalogue=mine).extract(Document.from_text(TEXT))
    assert result.states() == {"proven": 15}
    table = result.table("training")
    assert table is not None
    assert [row["师资费"] for row in table.records()] == [*map(Decimal, ("20.00", "20.00", "12.00", "8.00", "20.00"))]
    assert rows_of(table, mine)[0].model_dump()["c1"] == Decimal("30.00")
    (one,) = explain(result, "培训支出明细表", "行政运行", "合计", specs=mine)
    assert {i.id for i in one.identities} == {"T1", "T2"}
    wrong = Extractor(catalogue=mine).extract(Document.from_text(TEXT.replace("12.00\t6.00", "12.00\t6.50")))
    assert {f.code for f in wrong.findings} >= {"T1"}
    assert Extractor().extract(Document.from_text(TEXT)).table("training") is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("shape: coded", "shape: plain", "training.yaml: shape: Input should be 'coded'"),
        ("id: training", "id: revenue", "there is a table 'revenue' already"),
        ("columns:", "columns: [", "not valid YAML"),
        ("title:", "titel:", "titel|title"),
    ],
)
def test_a_malformed_file_is_named(spec: Path, old: str, new: str, says: str) -> None:
    """With the field, where it is one; a file that isn't there too."""
    spec.write_text(spec.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SpecError, match=says):
        catalogue().with_tables(spec)
    with pytest.raises(SpecError, match="can't be read"):
        catalogue().with_tables(spec.with_name("none.yaml"))
