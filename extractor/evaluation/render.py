"""Renders a budget into the kinds of messy text that disclosures come in.

The cells of the grid are carried as pieces that remember which facts start in them, so
that however a table is taken apart, the line of every value is still known.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from extractor.evaluation.score import Fact, normalise
from extractor.evaluation.synthetic import Budget, Sheet

Form = Literal["tsv", "pipes", "spaced", "cells"]

FORMS: tuple[Form, ...] = ("tsv", "pipes", "spaced", "cells")
_NUMBER = re.compile(r"(-?[\d,]+\.\d+)((?:万?元)?)")
_ORDINALS = "一 二 三 四 五 六 七 八 九 十 十一"
_TWO_SIDED = frozenset({"revenue_expenditure", "fiscal_appropriation"})
_SPACED = frozenset({"收入总计", "支出总计", "总计", "合计", "收入", "支出", "项目", "科目", "财政拨款（补助）"})
_BRACKETS = str.maketrans("（）()：:", "()（）:：")
_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True)
class Noise:
    """What goes wrong on the way from the grid to the text; the default is clean.

    ``split_numbers`` is a probability per row, ``page_breaks`` a number of rows (0: no
    breaks). ``repeat_headers`` repeats the header after a break. Wrapped names become
    lines in the forms ``spaced`` and ``cells``, and names with a blank inside elsewhere;
    split numbers and fragmented headers exist only in those two forms.
    ``keep_blank_cells`` prints empty cells as blank lines in the form ``cells``.
    """

    blank_lines: bool = False
    wrap_names: bool = False
    split_numbers: float = 0.0
    page_breaks: int = 0
    repeat_headers: bool = False
    fragment_headers: bool = False
    displaced_headers: bool = False
    full_width: bool = False
    letter_spaced: bool = False
    thousands: bool = False
    shuffle_rows: bool = False
    contents_list: bool = False
    titles: bool = True
    keep_blank_cells: bool = False


@dataclass(frozen=True)
class _Piece:
    """A bit of text, and the facts (by number) whose value starts in it."""

    text: str
    facts: tuple[int, ...] = ()


@dataclass
class _Writer:
    """Collects the lines of one text."""

    form: Form
    noise: Noise
    rng: Random
    page_style: str
    lines: list[_Piece] = field(default_factory=list)
    rows: int = 0
    pages: int = 0

    def say(self, *texts: str) -> None:
        """Write lines as they are."""
        self.lines += [_Piece(text) for text in texts]

    def paragraph(self, text: str, facts: tuple[int, ...] = ()) -> None:
        """Write a sentence, hard-wrapped where the form has narrow lines."""
        size = 27 if self.noise.wrap_names and self.form in {"spaced", "cells"} else len(text)
        parts = [text[start : start + size].strip() for start in range(0, len(text), size)]
        self.lines += [_Piece(part, () if number else facts) for number, part in enumerate(parts)]

    def dress(self, text: str) -> str:
        """Write the characters of a cell in another way that means the same."""
        noise, rng = self.noise, self.rng
        if noise.thousands and (number := _NUMBER.fullmatch(text)):
            whole, _, decimals = number[1].lstrip("-").partition(".")
            text = f"{'-' if text[0] == '-' else ''}{int(whole):,}.{decimals}{number[2]}"
        if noise.letter_spaced and text in _SPACED:
            text = " ".join(text)
        if noise.full_width and rng.random() < 0.5:
            text = text.translate(_BRACKETS)
        if noise.full_width and rng.random() < 0.1:
            text = text.translate(_DIGITS)
        return text

    def cut(self, text: str) -> list[str]:
        """Wrap a long name over two or three lines."""
        if len(text) < 10 or _NUMBER.fullmatch(text) or self.rng.random() < 0.2:
            return [text]
        count = self.rng.choice((2, 2, 3))
        step = len(text) // count + self.rng.randint(0, 1)
        spots = [step * number for number in range(count)]
        return [text[a:b].strip() for a, b in zip(spots, [*spots[1:], len(text)], strict=True)]

    def row(self, cells: Sequence[_Piece], *, wrap: bool) -> None:
        """Write one row of a table in the form of the text."""
        noise = self.noise
        wrapped = [self.cut(cell.text) if wrap and noise.wrap_names else [cell.text] for cell in cells]
        if self.form in {"tsv", "pipes"}:
            texts = [" ".join(parts) for parts in wrapped]
            line = "\t".join(texts) if self.form == "tsv" else f"| {' | '.join(texts)} |"
            self.lines.append(_Piece(line, tuple(fact for cell in cells for fact in cell.facts)))
            return
        numbers = [i for i, cell in enumerate(cells) if _NUMBER.fullmatch(cell.text)]
        if numbers and self.rng.random() < noise.split_numbers:
            text = cells[numbers[-1]].text
            wrapped[numbers[-1]] = [text[:-1], text[-1]]
        broken = [
            [_Piece(part, () if number else cell.facts) for number, part in enumerate(parts)]
            for cell, parts in zip(cells, wrapped, strict=True)
        ]
        if self.form == "cells":
            flat = [piece for pieces in broken for piece in pieces]
            self.lines += [piece for piece in flat if piece.text or noise.keep_blank_cells]
        else:
            self._join(broken)

    def _join(self, broken: Sequence[Sequence[_Piece]]) -> None:
        """Put whole cells side by side, and the parts of a broken cell on their own lines."""
        side: list[_Piece] = []
        for pieces in [*broken, []]:
            if len(pieces) == 1:
                side += [piece for piece in pieces if piece.text]
                continue
            if side:
                facts = tuple(fact for piece in side for fact in piece.facts)
                self.lines.append(_Piece(" ".join(piece.text for piece in side), facts))
                side = []
            self.lines += pieces

    def header(self, rows: Sequence[Sequence[str]]) -> None:
        """Write the header of a table, whole or in fragments."""
        fragile = self.noise.fragment_headers and self.form in {"spaced", "cells"}
        for number, row in enumerate(rows):
            numbered = row[0] == "※"
            if not fragile or (numbered and self.rng.random() < 0.5):
                self.row([_Piece(self.dress(cell)) for cell in row], wrap=False)
            elif not numbered:
                for cell in row:
                    self._fragments(normalise(cell))
            if self.form == "pipes" and number == 0:
                self.say("| " + " | ".join("---" for _ in row) + " |")

    def _fragments(self, text: str) -> None:
        """Write a header cell in fragments of one to four characters."""
        while text:
            size = self.rng.randint(1, 4)
            self.say(text[:size])
            text = text[size:]

    def page(self, header: Sequence[Sequence[str]]) -> None:
        """End a page in the middle of a table."""
        self.pages += 1
        gap = ("",) if self.form == "pipes" else ()
        self.say(*gap, self.page_style.format(self.pages), *gap)
        if self.noise.repeat_headers:
            self.header(header)


def _moved(sheet: Sheet, keys: Sequence[str], rng: Random) -> list[int]:
    """Move one row to another place among the rows around it that have the same parent.

    Totals, unit rows and the tables whose labels take their meaning from the row above
    stay as they are, so that the row keys remain true.
    """
    order = list(range(len(sheet.rows)))
    carried = sheet.table_id == "carryover"
    free = [row[0].isdigit() or (carried and "/" in keys[i]) for i, row in enumerate(sheet.rows)]
    runs: list[list[int]] = [[]]
    for number in order:
        if free[number]:
            runs[-1].append(number)
        elif runs[-1]:
            runs.append([])
    runs = [run for run in runs if len(run) > 1]
    if runs:
        run = rng.choice(runs)
        source, target = rng.sample(run, 2)
        order.insert(target, order.pop(source))
    return order


def _displaced(sheet: Sheet, rng: Random) -> tuple[tuple[str, ...], ...]:
    """Move the name of one column to the end of its row; the others close up."""
    names = [row for row in sheet.header if row[0] != "※"]
    labels = sum(cell == "※" for cell in sheet.header[-1])
    spots = [spot for spot in range(labels, len(names[0]) - 1) if any(row[spot] for row in names)]
    spot = rng.choice(spots)
    moved = [(*row[:spot], *row[spot + 1 :], row[spot]) for row in names]
    return (*moved, *sheet.header[len(names) :])


def _table(
    writer: _Writer, sheet: Sheet, facts: Sequence[tuple[int, Fact]], header: tuple[tuple[str, ...], ...]
) -> None:
    """Write the rows of a table and its note, below its header."""
    noise, rng = writer.noise, writer.rng
    starts: dict[tuple[int, int], list[int]] = {}
    keys = [""] * len(sheet.rows)
    for (row, column), (number, fact) in zip(sheet.places, facts, strict=True):
        starts.setdefault((row, column), []).append(number)
        if row >= 0:
            keys[row] = fact["row"]
    writer.header(header)
    order = _moved(sheet, keys, rng) if noise.shuffle_rows else range(len(sheet.rows))
    for place, row in enumerate(order):
        if place and noise.page_breaks and writer.rows and writer.rows % noise.page_breaks == 0:
            writer.page(header)
        writer.rows += 1
        cells = [
            _Piece(writer.dress(text), tuple(starts.get((row, column), ())))
            for column, text in enumerate(sheet.rows[row])
        ]
        writer.row(cells, wrap=sheet.table_id not in _TWO_SIDED)
    if sheet.note:
        writer.say("")
        mark = rng.choice(("", "备注："))
        writer.paragraph(mark + sheet.note, tuple(starts.get((-1, -1), ())))


def _front(writer: _Writer, budget: Budget, office: str) -> None:
    """Write the title page and the contents, which repeat every heading of the body."""
    writer.say(budget.name, "", f"{budget.year} 年{office}预算公开", "", "目 录", "")
    writer.say(f"第二部分 {budget.year} 年{office}预算公开表", "")
    bullet = "" if writer.form in {"spaced", "cells"} else "- "
    for ordinal, sheet in zip(_ORDINALS.split(), budget.sheets, strict=True):
        writer.say(f"{bullet}{ordinal}、 {sheet.title}")
    writer.say("", f"第三部分 {budget.year} 年{office}预算情况说明", "")


def _prose(writer: _Writer, budget: Budget, office: str) -> None:
    """Write the explanations, which state the totals again."""
    values = {(fact["table"], fact["row"], fact["column"]): fact["value"] for fact in budget.facts}
    name, year = budget.name, budget.year
    total, basic, work = (
        values.get(("expenditure", "总计", column), "0.00") for column in ("合计", "基本支出", "项目支出")
    )
    writer.say("", f"第三部分 {year} 年{office}预算情况说明", "")
    for ordinal, text in (
        ("一", f"{name} {year} 年所有收入和支出均纳入{office}预算管理。收支总预算 {total} 万元。"),
        ("二", f"{name}{office}收入预算 {total} 万元。"),
        ("三", f"{name} {year} 年支出预算 {total} 万元，其中：基本支出 {basic} 万元，项目支出 {work} 万元。"),
    ):
        title = {"一": "收支预算情况的总体", "二": "收入预算情况", "三": "支出预算情况"}[ordinal]
        for line in (f"{ordinal}、关于{name} {year} 年{title}说明", text):
            writer.paragraph(line)
            writer.say("")


def grid(rows: Sequence[Sequence[str]], form: Form) -> list[str]:
    """Write any rows of cells, the first being the header, and return the lines."""
    writer = _Writer(form, Noise(), Random(0), "{}")
    for number, row in enumerate(rows):
        writer.row([_Piece(cell) for cell in row], wrap=False)
        if form == "pipes" and number == 0:
            writer.say("| " + " | ".join("---" for _ in row) + " |")
    return [piece.text for piece in writer.lines]


def render(
    budget: Budget, form: Form, noise: Noise, seed: int, around: tuple[Sequence[str], Sequence[str]] | None = None
) -> tuple[str, tuple[Fact, ...]]:
    """Write a budget as text, and return the text with the facts, lines filled in.

    Args:
        budget: What is written.
        form: One of ``FORMS``.
        noise: What goes wrong.
        seed: Where it goes wrong.
        around: Lines before and after the tables; of our own if None.

    Raises:
        ValueError: The form is none of ``FORMS``.
    """
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, not {form!r}")
    rng = Random(seed)
    writer = _Writer(form, noise, rng, rng.choice(("- {} -", "{}")))
    office = budget.sheets[0].title[:2]
    if around:
        writer.say(*around[0])
    elif noise.contents_list:
        _front(writer, budget, office)
    writer.say(f"第二部分 {budget.year} 年{office}预算公开表")
    wrong = rng.choice([s.number for s in budget.sheets if s.table_id not in _TWO_SIDED and len(s.rows) > 1])
    told = 0
    for sheet in budget.sheets:
        writer.say("", *(sheet.lead or _lead(budget, sheet, office, writer)))
        facts = list(enumerate(budget.facts))[told : told + len(sheet.places)]
        told += len(sheet.places)
        shifted = noise.displaced_headers and sheet.number == wrong
        _table(writer, sheet, facts, _displaced(sheet, rng) if shifted else sheet.header)
    if around:
        writer.say("", *around[1])
    else:
        _prose(writer, budget, office)
    return _finished(writer, budget)


def _lead(budget: Budget, sheet: Sheet, office: str, writer: _Writer) -> tuple[str, ...]:
    """Return the lines above a table: its number, its title, office and unit."""
    titles = (*((f"表 {sheet.number}",) if writer.noise.titles else ()), sheet.title)
    by, unit = f"编制{office}：{budget.name}", "单位：万元"
    return (*titles, f"{by} {unit}", "") if writer.form == "spaced" else (*titles, by, unit, "")


def _finished(writer: _Writer, budget: Budget) -> tuple[str, tuple[Fact, ...]]:
    """Put the lines together, and tell each fact its line."""
    lines: dict[int, int] = {}
    texts: list[str] = []
    blank = writer.noise.blank_lines
    for piece in writer.lines:
        texts += [piece.text, ""] if blank and piece.text else [piece.text]
        start = len(texts) - (blank and bool(piece.text))
        lines.update(dict.fromkeys(piece.facts, start))
    found = tuple({**fact, "line": lines.get(number)} for number, fact in enumerate(budget.facts))
    return "\n".join(texts) + "\n", found
