"""Titles of tables that no list has: what a title is about, by the words that it is made of.

Offices put the same few words together in ever other ways: ``一般公共预算财政拨款收入支出决算表``, or
``三公经费公共预算财政拨款支出决算表``. What stands in front of them is the name of an
office, or something else and then no title we know.
"""

import re

_WORDS = re.compile(
    r"(?:部门|单位|财政拨款|财政|拨款|一般公共预算|一般公共|公共预算|一般|政府性|基金|国有资本经营|国有资本|经营|收支|收入|支出|基本|项目"
    r"|三公|经费|预算|决算|总体|情况|总|明细|汇总|公开|安排的?|当年|本年|本级|的|和|及|与|、|机关运行|会议费|培训费"
    r"|功能分类|功能科目|统计|对比|年度|年|[0-9]{4}|表)$"
)
_OTHER = re.compile(
    r"关于|绩效|整体|目标|采购|资产|购买|债务|转移支付|专项|人员|机构|经济|科目|说明|目录|清单|非税|征收|任务|补助|结转|社会保险|为空"
    r"|财政拨款|一般公共|政府性|国有资本|基本支出|项目|三公"
)
_WHOLE = re.compile(r"总|预算|决算|情况|明细|一般公共|财政拨款")  # more than 收入表 or 支出表
# How what stands in front of a title ends: with the name of an office, a year, or a sign.
_OFFICE = re.compile(
    r"(?:^|[局委办厅院校所站队会社园馆台部处心府学司场区镇乡县市省州旗盟所组室厂团]|部门|单位|综合|本级|年度?|[0-9):\-—_/]|表)$"
)
_BOTH = re.compile(r"收支|收入支出|收入和支出|收入及支出|收入与支出")


def told_by_words(key: str) -> str:
    """Return the id of the table that a title names by its words, or "" where they don't tell.

    >>> told_by_words("某某县教育局2017年一般公共预算财政拨款收入支出决算表")
    'general_expenditure'
    """
    before = key[: words_from(key)]
    words = key[len(before) :]
    if not of_office(before):
        return ""
    general = "一般公共" in words or "公共预算" in words
    if "三公" in words:
        return "three_public"
    treasury = "财政拨款" in words
    if "政府性" in words or "国有资本" in words:
        return "" if general or "支" not in words else "government_fund" if "政府性" in words else "state_capital"
    if "基本支出" in words:
        return "basic_expenditure" if general else "fiscal_basic_expenditure" if treasury else ""
    if re.search("机关运行|会议费|培训费", words):
        return ""
    if "项目" in words:
        whole = not treasury and re.search("部门|单位", words)  # of others, the header tells
        told = "project_expenditure" if general else "project_list" if whole else ""
        return told if "项目支出" in words else ""
    if _BOTH.search(words):
        return _of_both(general=general, treasury=treasury)
    if "收入" in words or not _WHOLE.search(words):
        return "" if general or treasury or "收入" not in words else "revenue"
    return _of_expenditure(general=general, treasury=treasury) if "支出" in words else ""


def of_office(text: str) -> bool:
    """Whether what stands in front of a title may be the name of an office, a year or a sign."""
    return _OFFICE.search(text) is not None and _OTHER.search(text) is None


def words_from(key: str) -> int:
    """Return where the words begin that a title ends with, all of which are words of titles."""
    end = len(key)
    while (found := _WORDS.search(key, 0, end)) is not None:
        end = found.start()
    return end


def _of_both(*, general: bool, treasury: bool) -> str:
    """Return the table of income and expenditure of all money, of the treasury's, or of the general budget's."""
    if general:
        return "general_expenditure" if treasury else ""
    return "fiscal_appropriation" if treasury else "revenue_expenditure"


def _of_expenditure(*, general: bool, treasury: bool) -> str:
    return "general_expenditure" if general else "fiscal_expenditure" if treasury else "expenditure"
