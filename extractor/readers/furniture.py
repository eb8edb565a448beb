"""What stands around the rows of a table: its money unit, the office, marks of pages, and the note below it."""

import re
from collections.abc import Sequence
from dataclasses import replace

from extractor.normalize import Line, Place, squeeze

_UNIT = re.compile(r"单[\u4e00-\u9fff][:：]\s*(?:人民币)?\s*(百万元|万元|千元|亿元|元)")
_UNIT_GOES_ON = re.compile(r"^\s*位[:：]\s*(百万元|万元|千元|亿元|元)\s*$")  # below 单, at a line's end
_OFFICE = re.compile(
    r"(?:编制|填报|填制|预算|决算|公开|申报|报送|编报)?(?:单位|部门)(?:[/、](?:单位|部门))?(?:名称)?(?:\([^)]*\))?[:：]"
    r"\s*(?:\[\d{3,12}\]|\d{3,12}[-—]?)?\s*(.*)"
)
_NOTE = re.compile(r"^[|\s]*(?:备\s*注|附?注|说\s*明)\s*[:：]")
_EMPTY = re.compile(
    r"空\s*表|[本此该]表为空|无\s*数\s*据|无该项|无此项|无相关|没有使用|没有.{0,30}安排的支出|未安排"
    r"|(?:没有|无)(?:使用)?(?:政府性基金|国有资本经营)[^,，。;；]{0,16}(?:收支|收入|支出|预算|拨款|安排)"
)
_PAGE = re.compile(
    r"^\W*-\s*\d{1,4}\s*-\W*$|^\W*第\s*\d{1,4}\s*页.{0,12}$|^\W*—\s*\d{1,4}\s*—\W*$|^\W*\d{1,4}\s*/\s*\d{1,4}\W*$"
)
_RULE = re.compile(r"^(?!\s*[-—]{1,2}\s*$)[\s|:\-—─━=_+\t]+$")  # one dash is an empty cell on a line of its own
# Lines that printing adds and no table has.
_STRAY = re.compile(r"^\|*\(?(?:接上页|续上表|续表|转下页|见下页|制表日期|编制日期|填报日期|打印日期|制表人|填表人)")
_YEAR = re.compile(r"(?:19|20)\d\d年度?")
_DECIMAL = re.compile(r"\d\.\d")
_SENTENCE = re.compile(r"。|[,，].*[,，]")


def furniture(content: Sequence[Line], title: Line) -> tuple[str, str, list[Line]]:
    """Return a table's money unit, the name of its office, and its lines without those and what printing adds."""
    unit, office = "", ""
    kept: list[Line] = []
    match = _UNIT.search(title.text)
    if match:
        unit = match.group(1)
    waits = False  # its name is on the line below 部门:, above the unit
    for index, line in enumerate(content):
        text = line.text
        if waits or (not kept and _YEAR.fullmatch(squeeze(text)) and _has_unit(content, index + 1)):
            office, waits = office or (squeeze(text) if waits else ""), False
            continue  # its name, or a year between it and the unit
        match = _UNIT.search(text) or _UNIT_GOES_ON.search(text)
        if match:
            unit = unit or match.group(1)
            text = text[: match.start()] + text[match.end() :]
        named = _OFFICE.match(text.strip(" |\t"))
        if named:
            office = office or squeeze(named.group(1)).strip("|")
            waits = not match and not named.group(1).strip() and _has_unit(content, index + 2)
            continue
        if _STRAY.match(squeeze(line.text)):
            continue
        if (match and not squeeze(text).strip("|()")) or _PAGE.match(line.text) or _RULE.match(line.text):
            continue
        if match and not text[: match.start()].strip() and len(text.split()) > 1:
            kept.append(replace(line, text=" " * match.end() + line.text[match.end() :]))  # a header on the same line
            continue
        if match and len(squeeze(text)) <= 40 and not _DECIMAL.search(text):
            continue
        kept.append(line)
    return unit or "万元", office, kept


def _has_unit(content: Sequence[Line], index: int) -> bool:
    """Whether a line says in which unit the amounts are."""
    return index < len(content) and _UNIT.search(content[index].text) is not None


def note_of(content: Sequence[Line]) -> tuple[list[Line], Place | None, bool]:
    """Split off the note: from 备注/注/说明, or a sentence that declares the table empty."""
    for index, line in enumerate(content):
        starts = bool(_NOTE.match(line.text))
        bare = squeeze(line.text).strip("|")
        # A note that is wrapped may have 空 on one line and 表 on the next.
        whole = "".join(squeeze(other.text) for other in content[index : index + 3])
        if not starts and not (_EMPTY.search(bare) and (_SENTENCE.search(bare) or "空表" in whole)):
            continue
        text = "".join(squeeze(other.text) for other in content[index : index + 4])
        first = next(i for i, c in enumerate(line.text) if not c.isspace() and c != "|")
        span = line.span(first, len(line.text.rstrip(" |\t")))
        rest = [other for other in content[index + 1 :] if not _prose(other)]
        # Rows may follow a note that stands above them; a note about nothing is followed by nothing.
        following = [other for other in rest if _DECIMAL.search(other.text)]
        empty = bool(_EMPTY.search(text)) and not following and not _has_amounts(content[:index])
        return [*content[:index], *(rest if following else [])], span, empty
    return list(content), None, False


def _prose(line: Line) -> bool:
    return "。" in line.text


def _has_amounts(content: Sequence[Line]) -> bool:
    return any(_DECIMAL.search(line.text) for line in content)
