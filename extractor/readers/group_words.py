"""What the names in a header may stand below, by what the words mean."""

import re
from functools import lru_cache

Path = tuple[str, ...]

LEAVES = frozenset({"小计", "合计"})
WHOLE = re.compile(r"(?:总计|合计|小计)$")
_OF_LABELS = re.compile(
    r"(?:科目|编码|代码|名称|分类)(?:\([^()]*\))?$|^(?:类|款|项|项目|备注|序号|栏次|行次|类款项|单位|部门|类型|项目类[型别]|(?:项目|实施|预算)单位|主管部门|单位\(科目名称\))$|^项目\(按|^[\d※*]+$"
)
WITHIN = re.compile(r"其中")  # parts that needn't be all
# What can't be part of what: basic expenditure is staff and running cost, the treasury's money is no income of the
# office's own.
_NEVER = tuple(
    (re.compile(part), re.compile(group))
    for part, group in (
        (
            r"^(?:其中:)?(?:人员|公用|日常公用|工资福利|商品和服务|对个人和家庭)",
            r"^(?!.*基本).*(?:项目|结转|经营|上缴|附属)",
        ),
        (r"^(?:人员|公用|日常公用)", r"^(?:本年|当年)收入"),  # money comes in for basic expenditure and for projects
        (
            r"^(?:运转类|特定目标类|其他运转类|部门预算项目|(?:基本建设|行政事业)类?项目)",
            r"基本|结转|结余|上缴|经营|附属",
        ),
        (
            r"^(?:其中:)?(?:财政专户|单位资金|事业|经营收入|其他收入|上级补助|附属)",
            r"^财政拨款|一般公共|公共财政|政府性|国有资本|专户",
        ),
        (r"^(?:其中:)?(?:事业收入|经营收入)", r"^上年结[转余]"),
        (
            r"^(?:其中:)?(?:一般公共|政府性基金|国有资本)",
            r"专户|单位资金|事业|其他收入|上级补助|附属|经营收入|^(?:一般公共|政府性|国有资本)",
        ),
        (r"^(?:经费拨款|非税|公共财政|预算内)", r"政府性|国有资本|专户|单位资金|事业|其他收入"),
        (r"^(?:工资福利|商品和服务|对个人和家庭)", r"^(?:工资福利|商品和服务|对个人和家庭)"),
        (r"收入$", r"支出"),
        (r"^(?:其中:)?项目支出", r"^基本支出"),
        (r"^(?:其中:)?基本支出", r"^项目支出"),
        (r"^(?:上年|年初|年末|结转)(?!.*项目)", r"单位资金|专户|事业|其他收入|基本支出"),
        (r"^(?:其中:)?(?:教育收费|科研|医疗收入|非同级)", r"^(?!.*(?:事业收入|专户|单位资金|单位收入))"),
        (
            r"^(?:使用|下级|附属|上级补助|其他收入|事业单位经营|经营收入)",
            r"^(?:事业收入|事业单位经营|经营收入|上年结转|上级补助|附属|下级|使用)",
        ),
        (r"^(?:其中:)?[^()]*项目", r"^基本支出"),
        (r"^增[减长].*[%率]\)?$", r"^(?!.*(?:增减|增长|比|变|差))"),
    )
)
BEFORE = re.compile(r"其中:?$|中:$")  # a group that holds the parts of the column in front of it


def names_rows(name: str) -> bool:
    """Whether a piece of a header says what rows are called, or counts columns, and names no amounts."""
    return _OF_LABELS.search(name) is not None


@lru_cache(maxsize=4096)
def may_stand(name: str, group: Path) -> bool:
    """Whether a name may be part of a group, by what the words mean."""
    return not any(part.search(name) and any(map(other.search, group)) for part, other in _NEVER)
