"""Headers: does the printed header fit the columns of the spec?"""

from collections import Counter
from dataclasses import dataclass

from ..specs import TableSpec
from .body import Body

# Words of headers that name no number column.
_STRUCTURE = (
    "功能分类科目编码", "功能分类科目名称", "经济分类科目编码", "经济分类科目名称", "支出功能分类", "功能分类", "科目编码",
    "科目名称", "科目", "编码", "名称", "项目名称", "项目", "类款项", "类款", "单位名称", "支出预算", "收入预算", "资金来源",
    "财政拨款收入", "财政拨款支出", "财政拨款(补助)", "收入", "支出", "一般公共预算支出", "一般公共预算基本支出",
    "政府性基金预算支出", "国有资本经营预算支出", "三公经费支出内容", "“三公”经费支出内容", "基本支出", "项目支出",
    "财政拨款", "非财政拨款", "预算数", "部门预算", "合计", "小计",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a header fits a spec; ``reason`` says what doesn't."""

    known: bool
    reason: str = ""


def fit(body: Body, spec: TableSpec) -> Fit:
    """Compare the characters of the header with those of the spec's columns, in any order.

    Header cells come in fragments and out of order, so only the characters are counted: each column's must be
    there, and little may be left over that no column and no usual header word explains.
    """
    if not body.lines or not body.header:
        return Fit(known=True)
    bag = Counter(c for c in body.header if c.isalpha())
    size = sum(bag.values())
    missing = []
    for column in sorted(spec.columns, key=lambda c: -len(c.id)):
        names = [Counter(c for c in name if c.isalpha()) for name in column.names]
        best = min(names, key=lambda n: sum((n - bag).values()) / max(1, sum(n.values())))
        lack = sum((best - bag).values())
        if lack * 3 > sum(best.values()):
            missing.append(column.id)
        bag -= best
    left = _unexplained(bag, body.header)
    if spec.shape in ("two_sided",) and len(spec.columns) == 1:
        return Fit(known=True)
    if len(missing) * 4 > len(spec.columns):
        return Fit(known=False, reason=f"its header lacks {', '.join(missing)}: another layout than the spec's")
    if left * 3 > size and left > 6:
        return Fit(known=False, reason="its header has columns that the spec doesn't know")
    return Fit(known=True)


def _unexplained(bag: Counter[str], header: str) -> int:
    for word in _STRUCTURE:
        if word in header:
            bag = bag - Counter(c for c in word if c.isalpha())
    return sum(bag.values())
