"""Random department budgets that are consistent by construction.

Only leaf amounts are drawn; every other cell is added up from them, so that each hard
identity of the eleven tables holds and the true reading of every cell is known. Measuring
on such budgets shows what a reader does with shapes that the few real samples do not have.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from types import MappingProxyType

from extractor.evaluation.score import Fact, normalise

Vector = tuple[Decimal, ...]
Path = tuple[str, ...]

_ZERO = Decimal("0.00")
_CODES = """
201 一般公共服务支出 202 外交支出 203 国防支出 204 公共安全支出 205 教育支出 206 科学技术支出
207 文化旅游体育与传媒支出 208 社会保障和就业支出 209 社会保险基金支出 210 卫生健康支出 211 节能环保支出
212 城乡社区支出 213 农林水支出 214 交通运输支出 215 资源勘探工业信息等支出 216 商业服务业等支出
217 金融支出 219 援助其他地区支出 220 自然资源海洋气象等支出 221 住房保障支出 222 粮油物资储备支出
223 国有资本经营预算支出 224 灾害防治及应急管理支出 227 预备费 229 其他支出 230 转移性支出 231 债务还本支出
232 债务付息支出 233 债务发行费用支出 234 抗疫特别国债安排的支出 20103 政府办公厅（室）及相关机构事务
2010301 行政运行 2010302 一般行政管理事务 2010303 机关服务 2010350 事业运行
2010399 其他政府办公厅（室）及相关机构事务支出 20111 纪检监察事务 2011101 行政运行 2011102 一般行政管理事务
20131 党委办公厅（室）及相关机构事务 2013101 行政运行 2013105 专项业务
2013199 其他党委办公厅（室）及相关机构事务支出 20132 组织事务 2013201 行政运行 2013299 其他组织事务支出
20502 普通教育 2050201 学前教育 2050202 小学教育 2050204 高中教育 20508 进修及培训 2050803 培训支出
20604 技术研究与开发 2060499 其他技术研究与开发支出 20699 其他科学技术支出 2069999 其他科学技术支出
20701 文化和旅游 2070109 群众文化 2070199 其他文化和旅游支出 20801 人力资源和社会保障管理事务
2080101 行政运行 20805 行政事业单位养老支出 2080501 行政单位离退休 2080505 机关事业单位基本养老保险缴费支出
2080506 机关事业单位职业年金缴费支出 20811 残疾人事业 2081104 残疾人康复 21004 公共卫生
2100408 基本公共卫生服务 21011 行政事业单位医疗 2101101 行政单位医疗 2101103 公务员医疗补助 21103 污染防治
2110301 大气 21201 城乡社区管理事务 2120101 行政运行 21208 国有土地使用权出让收入安排的支出
2120803 城市建设支出 21301 农业农村 2130108 病虫害控制 21305 巩固脱贫攻坚成果衔接乡村振兴
2130599 其他巩固脱贫攻坚成果衔接乡村振兴支出 22102 住房改革支出 2210201 住房公积金 2210203 购房补贴
22301 解决历史遗留问题及改革成本支出 2230105 国有企业退休人员社会化管理补助支出 22960 彩票公益金安排的支出
2296002 用于社会福利的彩票公益金支出 2296003 用于体育事业的彩票公益金支出 22999 其他支出 2299999 其他支出
301 工资福利支出 30101 基本工资 30102 津贴补贴 30103 奖金 30107 绩效工资 30108 机关事业单位基本养老保险缴费
30109 职业年金缴费 30110 职工基本医疗保险缴费 30111 公务员医疗补助缴费 30112 其他社会保障缴费
30113 住房公积金 30199 其他工资福利支出 302 商品和服务支出 30201 办公费 30202 印刷费 30205 水费 30206 电费
30207 邮电费 30208 取暖费 30211 差旅费 30212 因公出国（境）费用 30213 维修（护）费 30215 会议费 30216 培训费
30217 公务接待费 30226 劳务费 30227 委托业务费 30228 工会经费 30229 福利费 30231 公务用车运行维护费
30239 其他交通费用 30299 其他商品和服务支出 303 对个人和家庭的补助 30301 离休费 30302 退休费 30305 生活补助
30309 奖励金 30399 其他对个人和家庭的补助 310 资本性支出 31002 办公设备购置
"""


def _words(text: str) -> tuple[str, ...]:
    """Split a list that is written as one text."""
    return tuple(text.split())


_NAMES = MappingProxyType(dict(zip(_words(_CODES)[::2], _words(_CODES)[1::2], strict=True)))
_FUNDS = ("2120803", "2296002", "2296003")
_CAPITAL = "2230105"
_LINKS = MappingProxyType(
    {"30108": "2080505", "30109": "2080506", "30110": "2101101", "30111": "2101103"}
    | {"30113": "2210201", "30302": "2080501"}
)
_MAIN = tuple(code for code, name in _NAMES.items() if name in {"行政运行", "事业运行"})
_WORK = tuple(c for c in _NAMES if len(c) == 7 and c not in {*_FUNDS, _CAPITAL, *_LINKS.values()})
_REGIONS = _words("伊犁哈萨克自治州 塔城地区 阿勒泰地区 昌吉回族自治州 博尔塔拉蒙古自治州 喀什地区 吐鲁番市")
_OFFICES = _words("对外交流服务办公室 口岸协调办公室 地方志编纂办公室 边境事务管理局 文化体育事务局")
_BRANCHES = _words("信息中心 综合服务中心 翻译服务站 边境巡护管理站 青少年活动中心")
_PROJECTS = _words(
    "党委外办业务经费 外事活动业务经费 友好协会对外交往费用 口岸协管员补助 档案数字化建设 办公用房维修改造 "
    "边民补助资金 信息系统运行维护费 基层党组织建设经费 “访惠聚”驻村工作经费 涉外人员管理服务经费 "
    "边境地区转移支付资金项目（基础设施维护及执勤设备购置） 国际交流合作专项资金（第二批）"
)
_LEFT = (
    "一、本年收入|1. 一般公共预算拨款|其中：一般财力|上级一般公共预算安排转移支付|2. 基金预算拨款|"
    "其中：政府性基金收入|上级政府性基金安排转移支付|3. 国有资本经营预算拨款|其中：国有资本经营收入|"
    "上级国有资本经营预算安排转移支付|4. 财政专户核拨|5. 单位资金|其中：事业收入|上级补助收入|"
    "附属单位上缴收入|事业单位经营收入|其他收入|二、上年结转结余|1、财政拨款结转|其中：一般公共预算拨款|基金预算拨款|"
    "国有资本经营预算拨款|2、非财政拨款结转结余|其中：财政专户核拨|单位资金"
)
_FISCAL = ("一、财政拨款（补助）", "一般公共预算", "政府性基金预算", "国有资本经营预算")
_THREE_PUBLIC = _words(
    "合计 因公出国（境）费 公务接待费 公务用车购置及运行费（小计） 其中：公务用车购置费 公务用车运行费"
)
_TWO_SIDED = ("revenue_expenditure", "fiscal_appropriation")
_CODE_COLUMNS = "功能分类科目编码|||功能分类科目名称"
# id; title; columns of the contract; rows of the printed header, {} standing for _CODE_COLUMNS
_LAYOUTS = """
revenue_expenditure; OFFICE收支总体情况表; 预算数; 收入||支出|/项目|预算数|支出功能分类|预算数
revenue; OFFICE收入总体情况表; 总计 财政拨款小计 一般公共预算 上级一般公共预算安排的转移支付 \
政府性基金预算 上级政府性基金安排的转移支付 国有资本经营预算 上级国有资本经营预算安排的转移支付 \
财政专户 单位资金 财政拨款结转 非财政拨款结转结余; \
{}|总计|财政拨款（补助）|||||||财政专户（教育收费）|单位资金|财政拨款结转|非财政拨款结转结余/\
类|款|项|||财政拨款（补助）小计|一般公共预算|上级一般公共预算安排的转移支付|政府性基金预算|\
上级政府性基金安排的转移支付|国有资本经营预算|上级国有资本经营预算安排的转移支付||||
expenditure; OFFICE支出总体情况表; 合计 基本支出 项目支出; \
科目|||支出预算|||/{}|合计|基本支出|项目支出/类|款|项||||
fiscal_appropriation; 财政拨款收支预算总体情况表; 合计 一般公共预算 政府性基金预算 国有资本经营预算; \
财政拨款收入||财政拨款支出||||/项目|合计|支出功能分类|合计|一般公共预算|政府性基金预算|国有资本经营预算
general_expenditure; 一般公共预算支出情况表; 合计 基本支出 项目支出; \
科目|||一般公共预算支出|||/{}|合计|基本支出|项目支出/类|款|项||||
basic_expenditure; 一般公共预算基本支出情况表; 合计 人员经费 公用经费; \
科目||一般公共预算基本支出|||/经济分类科目编码||经济分类科目名称|合计|人员经费|公用经费/类|款||||
project_expenditure; 一般公共预算项目支出情况表; 合计 工资福利支出 商品和服务支出 对个人和家庭的补助 \
债务利息及费用支出 资本性支出(基本建设) 资本性支出 对企业补助(基本建设) 对企业补助 \
对社会保障基金补助 其他支出; \
科目编码|||功能分类科目名称|项目名称|项目支出 合计|工资福利 支出|商品服务 支出|对个人和 家庭的补 助|\
债务利息 及费用支 出|资本性支 出（基本 建设）|资本性支 出|对企业补 助（基本 建设）|对企业 补助|\
对社会保障 基金补助|其他支出/类|款|项|||||||||||||
government_fund; 政府性基金预算支出情况表; 合计 基本支出/人员经费 基本支出/公用经费 项目支出; \
科目|||政府性基金预算支出||||/{}|合计|基本支出||项目支出/类|款|项|||人员经费|公用经费|
state_capital; 国有资本经营预算支出情况表; 合计 基本支出/人员经费 基本支出/公用经费 项目支出; \
科目|||国有资本经营预算支出||||/{}|合计|基本支出||项目支出/类|款|项|||人员经费|公用经费|
three_public; 财政拨款“三公”经费支出情况表; 合计 一般公共预算 政府性基金 国有资本经营预算; \
“三公”经费支出内容|合计|资金来源||/||一般公共预算|政府性基金|国有资本经营预算
carryover; 上年结转结余情况明细表; 总计 财政拨款/合计 财政拨款/基本支出/人员经费 财政拨款/基本支出/公用经费 \
财政拨款/项目支出 非财政拨款/合计 非财政拨款/基本支出/人员经费 \
非财政拨款/基本支出/公用经费 非财政拨款/项目支出; \
项目名称|总计|财政拨款||||非财政拨款|||/||合计|基本支出||项目支出|合计|基本支出||项目支出/\
|||人员经费|公用经费|||人员经费|公用经费|
"""


@dataclass(frozen=True)
class Sheet:
    """One printed table; ``places`` gives row and column in ``rows`` of each of its facts.

    The facts meant are those of the budget with this ``table_id``, in their order. A fact
    that stands in the note has the place (-1, -1).
    """

    table_id: str
    number: int
    title: str
    header: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[str, ...], ...]
    note: str | None
    places: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Budget:
    """A consistent budget: the printed grids and the facts that they state."""

    name: str
    year: int
    sheets: tuple[Sheet, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class _Layout:
    """What a table looks like before it has rows."""

    table_id: str
    title: str
    columns: Path
    header: tuple[Path, ...]


@dataclass(frozen=True)
class _Side:
    """One side of a printed row: its labels, its amounts, and the columns they stand for."""

    key: str
    labels: Path
    values: Vector
    columns: Path
    name: str = ""


def _layouts(office: str) -> tuple[_Layout, ...]:
    """Read the layouts, and add the row of column numbers that looks like data."""
    layouts = []
    for line in _LAYOUTS.strip().splitlines():
        table, title, columns, header = line.split("; ")
        names = tuple(columns.split())
        rows = [tuple(row.split("|")) for row in header.replace("{}", _CODE_COLUMNS).split("/")]
        if table not in _TWO_SIDED:
            labels = len(rows[0]) - len(names)
            rows.append((*("※",) * labels, *(str(number + 1) for number in range(len(names)))))
        layouts.append(_Layout(table, title.replace("OFFICE", office), names, tuple(rows)))
    return tuple(layouts)


def _empty_money() -> defaultdict[str, defaultdict[str, Decimal]]:
    """Make the ledger of a plan: amounts by item code and source, zero unless drawn."""
    return defaultdict(lambda: defaultdict(Decimal))


@dataclass
class _Plan:
    """Everything that is drawn at random; the tables only add it up."""

    rng: Random
    year: int
    office: str
    units: Path
    unit_rows: bool
    total_last: bool
    money: defaultdict[str, defaultdict[str, Decimal]] = field(default_factory=_empty_money)
    basic: dict[str, Decimal] = field(default_factory=dict)
    projects: dict[Path, Vector] = field(default_factory=dict)
    carried: dict[Path, Vector] = field(default_factory=dict)

    def chance(self, share: float) -> bool:
        """Toss a coin that falls on true with the given probability."""
        return self.rng.random() < share

    def amount(self) -> Decimal:
        """Draw an amount above zero, of a few orders of magnitude."""
        return Decimal(self.rng.randint(1, self.rng.choice((900, 9000, 9000, 300000)))).scaleb(-2)

    def part(self, whole: Decimal) -> Decimal:
        """Draw a part of an amount, from nothing to all of it."""
        return Decimal(self.rng.randint(0, int(whole.scaleb(2)))).scaleb(-2)

    def names(self, count: int) -> list[str]:
        """Draw different project names, some of them with digits."""
        low, high = self.rng.randint(1, 4999999), self.rng.randint(50000000, 99999999)
        dated = [f"{self.year}年市委专项", f"{self.year} 年自治区补助资金", f"特定目标 {low:08d}"]
        return self.rng.sample([*_PROJECTS, *dated, f"特定目标{high}"], count)


def _plan(rng: Random) -> _Plan:
    """Draw the office and all leaf amounts."""
    region = rng.choice(_REGIONS)
    name = region + rng.choice(_OFFICES)
    units = (name, *(region + branch for branch in rng.sample(_BRANCHES, rng.randint(0, 2))))
    rows = len(units) > 1 or rng.random() < 0.5
    plan = _Plan(rng, rng.randint(2021, 2026), rng.choice(("部门", "单位")), units, rows, rng.random() < 0.5)
    _draw_basic(plan)
    if plan.chance(0.9):
        _draw_projects(plan)
    _draw_sources(plan)
    if plan.chance(0.65):
        _draw_carried(plan)
    return plan


def _draw_basic(plan: _Plan) -> None:
    """Draw the economic items, and put each under the functional item that pays for it."""
    codes = [code for code in _NAMES if len(code) == 5 and code > "3"]
    mains = plan.rng.sample(_MAIN, plan.rng.randint(1, 2))
    for code in sorted({"30101", "30201", *plan.rng.sample(codes, plan.rng.randint(6, len(codes)))}):
        plan.basic[code] = plan.amount()
        main = plan.rng.choice(mains)
        target = _LINKS.get(code, main) if plan.chance(0.7) else main
        plan.money[target]["基本"] += plan.basic[code]


def _draw_projects(plan: _Plan) -> None:
    """Draw the projects of each unit, with one to three economic categories each."""
    upper = plan.chance(0.3)
    for unit in plan.units:
        for code in sorted(plan.rng.sample(_WORK, plan.rng.randint(1, 3))):
            for name in plan.names(plan.rng.randint(1, 4)):
                values = [_ZERO] * 10
                for _ in range(plan.rng.choice((1, 1, 2, 3))):
                    values[plan.rng.choice((1, 1, plan.rng.randrange(10)))] = plan.amount()
                path = (unit, code[:3], code[:5], f"{code}/{name}")[not plan.unit_rows :]
                plan.projects[path] = (sum(values, _ZERO), *values)
                plan.money[code]["项目"] += plan.projects[path][0]
    for money in list(plan.money.values()) if upper else []:
        money["c4"] = plan.part(money["项目"])


def _draw_sources(plan: _Plan) -> None:
    """Draw the money that is not general budget: units' own, funds, state capital."""
    codes = sorted(plan.money)
    for code in plan.rng.sample(codes, plan.rng.choice((0, 1, 1, min(3, len(codes))))):
        amount = plan.amount()
        plan.money[code][plan.rng.choice(("c9", "c10", "c10", "c10"))] += amount
        plan.money[code]["其他基本"] += plan.part(amount) if plan.chance(0.2) else _ZERO
    for code in plan.rng.sample(_FUNDS, plan.rng.choice((0, 0, 1, 2))):
        money = plan.money[code]
        money["c5"] = plan.amount()
        money["c6"] = plan.amount() if plan.chance(0.3) else _ZERO
        money["人员"] = plan.part(money["c5"]) if plan.chance(0.3) else _ZERO
        money["公用"] = plan.part(money["c5"] - money["人员"]) if plan.chance(0.3) else _ZERO
    if plan.chance(0.15):
        plan.money[_CAPITAL]["c7"] = plan.amount()


def _draw_carried(plan: _Plan) -> None:
    """Draw what was carried over, for items that have other money and for some that have none."""
    mixed = plan.chance(0.4)
    for unit in plan.units[: plan.rng.randint(1, len(plan.units))]:
        for name in plan.names(plan.rng.randint(1, 3)):
            money = plan.money[plan.rng.choice([*sorted(plan.money), "2069999"])]
            source, slot = int(mixed and plan.chance(0.5)), plan.rng.choice((0, 1, 2, 2, 2, 2))
            amount = plan.amount()
            spots = {0, 1 + 4 * source, 2 + 4 * source + slot}
            plan.carried[unit, name] = tuple(amount if spot in spots else _ZERO for spot in range(9))
            money[f"c{11 + source}"] += amount
            money["其他基本"] += amount if slot < 2 else _ZERO


def _leaves(plan: _Plan) -> dict[str, dict[Path, Vector]]:
    """Turn the ledger into the lowest rows of every table with one row per item."""
    tables: defaultdict[str, dict[Path, Vector]] = defaultdict(dict)
    for code, money in sorted(plan.money.items()):
        general = money["基本"] + money["项目"]
        sources = (general - money["c4"], *(money[f"c{number}"] for number in range(4, 13)))
        fiscal, total = sum(sources[:6], _ZERO), sum(sources, _ZERO)
        basic = money["基本"] + money["其他基本"] + money["人员"] + money["公用"]
        fund, people, goods = money["c5"] + money["c6"], money["人员"], money["公用"]
        capital = money["c7"] + money["c8"]
        for table, values in {
            "revenue": (total, fiscal, *sources),
            "expenditure": (total, basic, total - basic),
            "general_expenditure": (general, money["基本"], money["项目"]),
            "government_fund": (fund, people, goods, fund - people - goods),
            "state_capital": (capital, _ZERO, _ZERO, capital),
            "fiscal_appropriation": (fiscal, general, fund, capital),
        }.items():
            if any(values):
                tables[table][code[:3], code[:5], code] = values
    for code, amount in plan.basic.items():
        people = amount if code[:3] in {"301", "303"} else _ZERO
        tables["basic_expenditure"][code[:3], code] = (amount, people, amount - people)
    return tables | {"project_expenditure": plan.projects, "carryover": plan.carried}


def _roll(leaves: Mapping[Path, Vector]) -> dict[Path, Vector]:
    """Add leaf rows up to every level above them, the total being the empty path."""
    rows: dict[Path, Vector] = {}
    for path, values in leaves.items():
        for size in range(len(path) + 1):
            above = rows.get(path[:size], (_ZERO,) * len(values))
            rows[path[:size]] = tuple(a + b for a, b in zip(above, values, strict=True))
    return rows


def _labels(element: str, width: int) -> Path:
    """Print the last element of a path into the label cells of a row."""
    code, _, project = element.partition("/")
    if width == 1:
        return (element,)
    if code not in _NAMES:
        code, name = "", code
    else:
        name = _NAMES[code]
    parts = (code[:3], code[3:5], code[5:7])[: min(width, 4) - 1]
    return (*parts, name, *((project,) if width == 5 else ()))


def _listed(plan: _Plan, layout: _Layout, leaves: Mapping[Path, Vector]) -> list[tuple[_Side, ...]]:
    """Lay out a table that has one row per path, its total first or last."""
    width = len(layout.header[0]) - len(layout.columns)
    label = "合计" if plan.total_last else "总计"
    rolled = _roll(leaves)
    rows: list[tuple[_Side, ...]] = []
    for path, values in rolled.items():
        element = path[-1] if path else label
        key = "总计"
        if path:
            key = "/".join(dict.fromkeys((path[0], element))) if path[0] in plan.units else element
        name = _NAMES.get(element.partition("/")[0], "")
        rows.append((_Side(key, _labels(element, width), values, layout.columns, name),))
    if not rows and plan.total_last:
        return [(_Side("总计", _labels(label, width), (_ZERO,) * len(layout.columns), layout.columns),)]
    return [*rows[1:], rows[0]] if plan.total_last else rows


def _left_keys(labels: Iterable[str]) -> list[str]:
    """Derive the row keys of the income side from the numbering of its labels."""
    keys: list[str] = []
    above = ["", ""]
    for label in labels:
        level = 0 if label[0] in "一二" else 1 if label[0].isdigit() else 2
        above = [*above[:level], re.sub(r"^(其中：|[一二]、|\d[.、] ?)", "", label)]
        keys.append("/".join(above))
    return keys


def _income(plan: _Plan, totals: Vector) -> Vector:
    """List the amounts of the income side of the first table, label by label."""
    own, carried, other = totals[9], totals[10], totals[11]
    first = plan.part(own) if plan.chance(0.4) else own
    places = plan.rng.sample(range(5), 2)
    parts = [first if i == places[0] else own - first if i == places[1] else _ZERO for i in range(5)]
    codes = plan.money.items()
    fund = sum((money["c11"] for code, money in codes if code in _FUNDS), _ZERO)
    capital = sum((money["c11"] for code, money in codes if code == _CAPITAL), _ZERO)
    special = plan.part(other) if plan.chance(0.3) else _ZERO
    triples = (amount for i in (2, 4, 6) for amount in (totals[i] + totals[i + 1], *totals[i : i + 2]))
    year = totals[1] + totals[8] + own
    sources = (carried - fund - capital, fund, capital)
    left = (year, *triples, totals[8], own, *parts)
    return (*left, carried + other, carried, *sources, other, special, other - special)


def _two_sided(
    left: Sequence[_Side], totals: Sequence[_Side], classes: Mapping[str, Vector], columns: Path
) -> list[tuple[_Side, ...]]:
    """Lay out a table with income on the left and every class of expenditure on the right."""
    blank = _Side("", ("",), (_ZERO,), columns[:1])
    rows: list[tuple[_Side, ...]] = []
    for code, name in _NAMES.items():
        if len(code) == 3 and code < "3":
            side = left[len(rows)] if len(rows) < len(left) else blank
            values = classes.get(code, (_ZERO,) * len(columns))
            rows.append((side, _Side(code, (f"{code} {name}",), values, columns, name)))
    return [*rows, tuple(totals)]


def _overall(plan: _Plan, layout: _Layout, revenue: Mapping[Path, Vector]) -> list[tuple[_Side, ...]]:
    """Lay out the first table from the column totals of the second."""
    columns = layout.columns
    totals = revenue[()]
    text = _LEFT
    if plan.office == "单位":  # the wording of the other sample
        for old, new in (("、财", ".财"), ("、非财政拨款结转结余", ".非财政拨款结余"), (". ", ".")):
            text = text.replace(old, new)
        text = re.sub(r"(?<!性)基金预算拨款", "政府性基金预算拨款", text)
    labels = text.split("|")
    amounts = zip(_left_keys(labels), labels, _income(plan, totals), strict=True)
    left = [_Side(key, (label,), (value,), columns) for key, label, value in amounts]
    ends = [_Side(label, (label,), totals[:1], columns) for label in ("收入总计", "支出总计")]
    classes = {path[0]: values[:1] for path, values in revenue.items() if len(path) == 1}
    return _two_sided(left, ends, classes, columns)


def _fiscal(layout: _Layout, rolled: Mapping[Path, Vector]) -> list[tuple[_Side, ...]]:
    """Lay out the fourth table: the appropriations by budget and by class."""
    columns, totals = layout.columns, rolled[()]
    keys = ("财政拨款", *(f"财政拨款/{label}" for label in _FISCAL[1:]))
    amounts = zip(keys, _FISCAL, totals, strict=True)
    left = [_Side(key, (label,), (value,), columns[:1]) for key, label, value in amounts]
    ends = (
        _Side("收入总计", ("收入总计",), totals[:1], columns[:1]),
        _Side("支出总计", ("支出总计",), totals, columns),
    )
    return _two_sided(left, ends, {path[0]: row for path, row in rolled.items() if len(path) == 1}, columns)


def _three_public(plan: _Plan, layout: _Layout, fund: Decimal) -> list[tuple[_Side, ...]]:
    """Lay out the tenth table: what basic expenditure has, and some more inside projects."""
    parts: list[Vector] = []
    for code in ("30212", "30217", "", "30231"):
        general = plan.basic.get(code, _ZERO)
        if plan.projects and plan.chance(0.4):
            general += plan.amount()
        other = plan.part(fund) if plan.chance(0.2) else _ZERO
        fund -= other
        parts.append((general + other, general, other, _ZERO))
    abroad, reception, purchase, running = parts
    cars = tuple(a + b for a, b in zip(purchase, running, strict=True))
    total = tuple(a + b + c for a, b, c in zip(abroad, reception, cars, strict=True))
    keys = [re.sub(r"^其中：|（小计）$", "", label) for label in _THREE_PUBLIC]
    keys = ["总计", *keys[1:4], *(f"{keys[3]}/{key}" for key in keys[4:])]
    rows = zip(keys, _THREE_PUBLIC, (total, abroad, reception, cars, purchase, running), strict=True)
    return [(_Side(key, (label,), values, layout.columns),) for key, label, values in rows if any(total)]


def _fact(table: str, side: _Side, column: str, value: str, *, unit: str = "") -> Fact:
    """Write one fact as the contract wants it; a unit makes it a number."""
    kind = "number" if unit else "text"
    place = {"table": table, "row": normalise(side.key), "column": column}
    return {**place, "kind": kind, "value": value, "unit": unit, "line": None}


def _sheet(
    plan: _Plan, number: int, layout: _Layout, rows: Iterable[tuple[_Side, ...]]
) -> tuple[Sheet, list[Fact]]:
    """Print the rows of a table, and note each value as a fact together with its cell."""
    table = layout.table_id
    facts: list[Fact] = []
    places: list[tuple[int, int]] = []
    grid: list[Path] = []
    for sides in rows:
        cells: list[str] = []
        for side in sides:
            start = len(cells)
            cells += [*side.labels, *(f"{value:.2f}" if value else "" for value in side.values)]
            if side.name and any(side.values):
                spot = next(i for i, label in enumerate(side.labels) if label.endswith(side.name))
                facts.append(_fact(table, side, "名称", normalise(side.name)))
                places.append((len(grid), start + spot))
            start += len(side.labels)
            for spot, (column, value) in enumerate(zip(side.columns, side.values, strict=True)):
                if value:
                    facts.append(_fact(table, side, column, f"{value:.2f}", unit="万元"))
                    places.append((len(grid), start + spot))
        grid.append(tuple(cells))
    note = None
    if not facts:
        subject = layout.title.removesuffix("支出情况表").removesuffix("情况明细表")
        subject += "拨款" if subject.endswith("预算") else ""
        note = f"{plan.units[0]} {plan.year} 年没有使用{subject}安排的支出，{layout.title}为空表。"
        facts.append(_fact(table, _Side("*", (), (), ()), "空表", "true"))
        places.append((-1, -1))
    return Sheet(table, number, layout.title, layout.header, tuple(grid), note, tuple(places)), facts


def generate(seed: int) -> Budget:
    """Make one budget; the same seed always makes the same budget."""
    plan = _plan(Random(seed))
    leaves = _leaves(plan)
    funds = sum((values[0] for values in leaves["government_fund"].values()), _ZERO)
    sheets: list[Sheet] = []
    facts: list[Fact] = []
    for number, layout in enumerate(_layouts(plan.office), start=1):
        if layout.table_id == "revenue_expenditure":
            rows = _overall(plan, layout, _roll(leaves["revenue"]))
        elif layout.table_id == "fiscal_appropriation":
            rows = _fiscal(layout, _roll(leaves["fiscal_appropriation"]))
        elif layout.table_id == "three_public":
            rows = _three_public(plan, layout, funds)
        else:
            rows = _listed(plan, layout, leaves[layout.table_id])
        sheet, found = _sheet(plan, number, layout, rows)
        sheets.append(sheet)
        facts += found
    return Budget(plan.units[0], plan.year, tuple(sheets), tuple(facts))
