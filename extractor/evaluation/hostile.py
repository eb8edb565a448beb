"""Hostile text for fuzzing: what tables and prose are made of, in any order and number."""

import random

UNITS = (
    "1", " ", "\t", "|", "(", "1.", "1,", "1.00 ", "-", "#", "*", "中", "年", "2024年", "一、", "（一）", "科目",
    "增加1.00万元,", "201 ", "1.00\t", "| 1.00 ", "其中：", "<td>1</td>", "&nbsp;", "“", ".", "\u3000",
)  # fmt: skip
"""What a line may repeat to make a pattern slow."""
_SPOKEN = """
表1 表3 部门收支总体情况表 部门支出总体情况表 一般公共预算“三公”经费支出情况表 项目支出绩效目标表 单位：万元
科目编码 科目名称 合计 总计
基本支出 项目支出 201 20103 2010301 一般公共服务支出 行政运行 5.00 0.00 1,350.00 -3.10 12.5% 89.6 7 一、 （一） 第二部分
备注： 增加 减少 万元 主要原因是 2024年 其中： 空表 。 ※ — </tr> <td> &amp; {} $x
"""
WORDS = (*_SPOKEN.split(), "|", "\t", "\n", "\n", "\n", " ", "\u3000", "\x00")
"""What tables and prose are made of."""


def soup(dice: random.Random) -> str:
    """Return a text of such words, with any other characters between them."""
    pieces = (
        dice.choice(WORDS) if dice.random() < 0.9 else chr(dice.choice((dice.randrange(0xD800), dice.randrange(256))))
        for _ in range(dice.randint(1, 1500))
    )
    return "".join(pieces)


def shuffled(text: str, dice: random.Random) -> str:
    """Return a text with some of its lines moved, doubled, cut, joined or lost, and some characters replaced."""
    lines = text.split("\n")
    begin = dice.randrange(len(lines))
    lines = lines[begin : begin + dice.randint(20, 400)]
    for _ in range(dice.randint(1, 60)):
        at, other = dice.randrange(len(lines)), dice.randrange(len(lines))
        kind = dice.randrange(6)
        if kind == 0:
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == 1:
            lines.insert(at, lines[other])
        elif kind == 2:
            lines[at] = lines[at][: dice.randrange(len(lines[at]) + 1)]
        elif kind == 3:
            lines[at] += dice.choice(("", " ", "\t", "|")) + lines[other]
        elif kind == 4 and len(lines) > 2:
            del lines[at]
        else:
            lines[at] = lines[at].replace(dice.choice("0123456789.\t 年一"), dice.choice(WORDS))
    return "\n".join(lines)


def torn(text: str, dice: random.Random) -> str:
    """Return a text of tabs or pipes with some of its cells emptied, lost, doubled, moved or written over."""
    lines = text.split("\n")
    mark = "|" if text.count("|") > text.count("\t") else "\t"
    rows = [i for i, line in enumerate(lines) if mark in line]
    for _ in range(dice.randint(1, 200) if rows else 0):
        at = dice.choice(rows)
        cells = lines[at].split(mark)
        place, other = dice.randrange(len(cells)), dice.randrange(len(cells))
        kind = dice.randrange(6)
        if kind == 0:
            cells[place] = ""
        elif kind == 1:
            del cells[place]
        elif kind == 2:
            cells.insert(other, cells[place])
        elif kind == 3:
            cells[place], cells[other] = cells[other], cells[place]
        elif kind == 4:
            cells[place] = dice.choice(WORDS).strip()
        else:
            cells = [cell if any(c.isdigit() for c in cell) else "" for cell in cells]
        lines[at] = mark.join(cells)
    return "\n".join(lines)
