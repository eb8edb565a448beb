"""Invented documents in the styles of many offices: what their tables look like is data, what they say adds up.

A style (``eval/offices/*.txt``) begins with lines ``key: value`` and has its tables below. A table begins with
``== table id``; then come the lines above it, ``--``, the rows of its header (cells separated by ``|``), and what its
rows are made of:

* ``@tree F total=first levels=357 | {code} | {name} | =total | =basic``: a row for each code with amounts (F
  functional, E economic; ``{c1} {c2} {c3}`` print the code in parts, ``{k1} {k2} {k3}`` its last part alone, ``{gov}
  {govname}`` an economic item's code of the other classification); ``of=301`` only those below a class, ``below=LABEL``
  keyed by their names below that label, where no code is printed;
* ``@left``, ``@right`` (``@third``, ``@fourth``) and ``@end``: the sides of a table and its last row; a line is a
  label, with a dot in front for each level, and amounts; ``%classes`` stands for a row for each class;
* ``@row label | =x``: a row with a label (``=3`` is a count); ``@projects``: a row for each project;
* ``@blocks 301 303 / 302 > {code} | {name} | =all``: economic items in blocks beside each other, by their classes; the
  lines below are rows over all of them;
* ``@wide row@column=x | …``: one row of numbers, its items being in the header;
* ``@empty``: the sentence that stands there where the table has no amounts.

``label~key`` gives the row's key where the rules don't. ``suffix: 元`` prints the unit behind every amount.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from extractor.evaluation.forms import NAMES, PROJECTS
from extractor.evaluation.ledger import Ledger, keep
from extractor.evaluation.score import Fact, normalise
from extractor.evaluation.synthetic import Budget, Sheet
from extractor.specs import split_label

_ORDINALS = (*"一二三四五六七八九十", *("十" + digit for digit in "一二三四五六七八九"))
TOTALS = ("收入总计", "支出总计")
_SIDES = ("left", "right", "third", "fourth")
# Government economic classes (政府预算支出经济分类) of departmental ones.
_GOVERNMENT = {
    "301": ("501", "机关工资福利支出"), "302": ("502", "机关商品和服务支出"), "303": ("509", "对个人和家庭的补助"),
    "30101": ("50101", "工资奖金津补贴"), "30102": ("50101", "工资奖金津补贴"), "30103": ("50101", "工资奖金津补贴"),
    "30108": ("50102", "社会保障缴费"), "30109": ("50102", "社会保障缴费"), "30110": ("50102", "社会保障缴费"),
    "30113": ("50103", "住房公积金"), "30215": ("50202", "会议费"), "30216": ("50203", "培训费"),
    "30217": ("50206", "公务接待费"), "30231": ("50208", "公务用车运行维护费"),
}  # fmt: skip
_TERM = re.compile(r"([+-]?)([a-z_]+)(?:@(\d+))?")
_KEYED = re.compile(r"(.*)~(.+)")


Cell = str | Decimal | int


@dataclass(frozen=True)
class _Sheet:
    """A table of a style before it has amounts."""

    table: str
    lead: tuple[str, ...]
    header: tuple[tuple[str, ...], ...]
    body: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass
class _Grid:
    """Rows as they are filled, with the facts they state."""

    sheet: _Sheet
    unit: str
    zero: str
    decimals: int = 2
    suffix: str = ""
    rows: list[tuple[str, ...]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)

    def add(self, cells: Sequence[Cell], keys: Sequence[tuple[str, str]]) -> None:
        """Print a row; ``keys`` give row key and column of each amount, in order."""
        out: list[str] = []
        wanted = iter(keys)
        for cell in cells:
            if isinstance(cell, str):
                out.append(cell)
                continue
            key, column = next(wanted)
            text = str(cell) if isinstance(cell, int) else f"{cell:.{self.decimals}f}" if cell else self.zero
            if any(map(str.isdigit, text)):
                told = (key, column, text)
                if key in TOTALS and any((f["row"], f["column"], f["value"]) == told for f in self.facts):
                    out.append(text)  # told again by another way to part it: one fact
                    continue
                place = {"table": self.sheet.table, "row": normalise(key), "column": column}
                self.facts.append({**place, "kind": "number", "value": text, "unit": self.unit, "line": None})
                self.places.append((len(self.rows), len(out)))
            out.append(text + self.suffix if isinstance(cell, Decimal) and cell else text)
        width = len(self.sheet.header[0]) if self.sheet.header else len(out)
        self.rows.append((*out, *[""] * (width - len(out))))


def generate(style: Path, seed: int) -> Budget:
    """Make one document in a style; the same seed always makes the same document."""
    head, sheets = _parse(style.read_text(encoding="utf-8"))
    unit = head.get("unit", "万元")
    decimals = int(head.get("decimals", "2"))
    scale = 10000 if unit == "元" else 10 ** max(0, decimals - 2)
    rich = head.get("rich", "yes") == "yes"
    books = keep(seed, scale=scale, rich=rich, names=PROJECTS[:9], decimals=decimals)
    made: list[Sheet] = []
    facts: list[Fact] = []
    for number, sheet in enumerate(sheets, 1):
        grid = _Grid(sheet, unit, head.get("zero", ""), decimals, head.get("suffix", ""))
        _fill(grid, books, head)
        note = next((cells[0] for kind, cells in sheet.body if kind == "empty"), None)
        empty = note is not None and not any(f["value"].strip("0.") for f in grid.facts)
        if empty:
            place = {"table": sheet.table, "row": "*", "column": "空表", "kind": "text"}
            grid.facts = [{**place, "value": "true", "unit": "", "line": None}]
            grid.rows, grid.places = [], [(-1, -1)]
        lead = tuple(line.format_map(head) for line in sheet.lead)
        made.append(Sheet(
            sheet.table, number, lead[0], sheet.header, tuple(grid.rows), note if empty else None,
            tuple(grid.places), lead,
        ))  # fmt: skip
        facts += grid.facts
    return Budget(head["office"], int(head["year"]), tuple(made), tuple(facts))


def _parse(text: str) -> tuple[dict[str, str], list[_Sheet]]:
    first, *parts = re.split(r"^== ?", text, flags=re.MULTILINE)
    head = dict(line.split(": ", 1) for line in first.splitlines() if ": " in line)
    head["last"] = str(int(head["year"]) - 1)
    sheets = []
    for part in parts:
        lines = [
            line.format_map(head) if "{" in line and not line.startswith("@") else line for line in part.splitlines()
        ]
        table, rest = lines[0].strip(), [line for line in lines[1:] if line.strip()]
        cut = rest.index("--")
        body = rest[cut + 1 :]
        rows = next((i for i, line in enumerate(body) if line.startswith("@")), len(body))
        header = [tuple(cell.strip() for cell in line.split("|")) for line in body[:rows]]
        width = max(map(len, header), default=0)
        sheets.append(_Sheet(
            table, tuple(rest[:cut]), tuple((*row, *[""] * (width - len(row))) for row in header),
            tuple(_directives(body[rows:])),
        ))  # fmt: skip
    return head, sheets


def _directives(lines: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    kind, held = "", list[str]()
    for line in lines:
        if line.startswith("@"):
            if kind:
                yield kind, tuple(held)
            kind, _, rest = line[1:].partition(" ")
            held = [rest] if rest else []
        else:
            held.append(line)
    if kind:
        yield kind, tuple(held)


def _fill(grid: _Grid, books: Ledger, head: dict[str, str]) -> None:
    sides: dict[str, tuple[str, ...]] = {}
    for kind, lines in grid.sheet.body:
        if kind in (*_SIDES, "end"):
            sides[kind] = lines
        elif kind == "tree":
            _tree(grid, books, lines[0], head)
        elif kind == "projects":
            _projects(grid, books, lines[0], head)
        elif kind == "blocks":
            _blocks(grid, books, lines)
        elif kind == "wide":
            for line in lines:
                _wide(grid, books, line.format_map(head))
        elif kind == "row":
            _rows(grid, books, lines, head)
    if sides:
        _two(grid, books, sides)


def _rows(grid: _Grid, books: Ledger, lines: Sequence[str], head: dict[str, str]) -> None:
    """Print rows with a label each, which stands in the first cell or in the one that gives a key."""
    for line in lines:
        cells_ = [cell.strip() for cell in line.split("|")]
        keyed = next((i for i, cell in enumerate(cells_) if "~" in cell), 0)
        label, key = _label(cells_[keyed].format_map(head))
        found = [_stated(books, cell) if cell.startswith("=") else cell.format_map(head) for cell in cells_]
        found[keyed] = label
        at = [i for i, cell in enumerate(found) if not isinstance(cell, str)]
        grid.add(found, [(key, columns(grid.sheet.header)[i]) for i in at])


def _blocks(grid: _Grid, books: Ledger, lines: Sequence[str]) -> None:
    """Print economic items in blocks beside each other, and below them rows in which each label has its amount."""
    blocks, block = lines[0].split(">")
    cells = [cell.strip() for cell in block.split("|")]
    codes = sorted({code[:size] for code in books.economic for size in (3, 5)})
    sides = [[code for code in codes if code[:3] in classes.split()] for classes in blocks.split("/")]
    names = columns(grid.sheet.header)
    for number in range(max(map(len, sides))):
        found: list[Cell] = []
        keys = []
        for side in sides:
            code = side[number] if number < len(side) else ""
            for cell in cells:
                if cell.startswith("=") and code:
                    keys.append((code, names[len(found)]))
                    found.append(_amount(books, cell[1:], code, economic=True))
                else:
                    found.append("" if not code else cell.format_map({"code": code, "name": NAMES[code]}))
        grid.add(found, keys)
    for line in lines[1:]:
        last = [cell.strip() for cell in line.split("|")]
        words = [next(c for c in last[i::-1] if c and not c.startswith("=")) for i in range(len(last))]
        row = [_amount(books, c[1:]) if c.startswith("=") else c for c in last]
        at = [i for i, cell in enumerate(row) if isinstance(cell, Decimal)]
        grid.add(row, [(_label(words[i])[1], names[i]) for i in at])


def _wide(grid: _Grid, books: Ledger, line: str) -> None:
    """Print the numbers of a row whose items stand in the header; cells that are no amounts stand as they are."""
    cells = [(cell.strip(), re.fullmatch(r"(.+)@(.+)=(.+)", cell.strip())) for cell in line.split("|")]
    keys = [(found[1], found[2]) for _, found in cells if found]
    grid.add([_amount(books, found[3]) if found else text for text, found in cells], keys)


def _amount(books: Ledger, terms: str, code: str = "", *, economic: bool = False) -> Decimal:
    """Add up a term like ``gen+carry@201``: what its names stand for, of one class or item where a code is given."""
    whole = Decimal(0)
    for sign, name, own in _TERM.findall(terms.strip()):
        found = books.spent(name, own or code) if economic else books.value(name, own or code)
        whole += -found if sign == "-" else found
    return whole


def _stated(books: Ledger, cell: str) -> Cell:
    """Return what a cell states: an amount, a count, or words."""
    if not cell.startswith("="):
        return cell
    return int(cell[1:]) if cell[1:].isdigit() else _amount(books, cell[1:])


def _label(cell: str) -> tuple[str, str]:
    """Return what is printed, and the row key: the label without its numbering, unless it is given."""
    keyed = _KEYED.fullmatch(cell)
    return (keyed[1], keyed[2]) if keyed else (cell, split_label(normalise(cell))[1])


def _tree(grid: _Grid, books: Ledger, line: str, head: dict[str, str]) -> None:
    options, *cells = [cell.strip() for cell in line.split("|")]
    words = dict(word.split("=") for word in options.split() if "=" in word)
    economic = options.startswith("E")
    leaves = books.economic if economic else books.items
    codes = sorted({code[:size] for code in leaves for size in (3, 5, 7) if len(code) >= size})
    codes = [code for code in codes if code.startswith(words.get("of", ""))]
    levels = words.get("levels", "357")
    names = columns(grid.sheet.header)
    at = [i for i, cell in enumerate(cells) if cell.startswith("=")]
    total = words.get("total", "first")

    def one(code: str) -> None:
        parts = {"code": code, "c1": code[:3], "c2": code[3:5], "c3": code[5:7], "name": NAMES.get(code, ""), **head}
        parts |= {
            f"k{n}": code[start:] if len(code) == end else "" for n, start, end in ((1, 0, 3), (2, 3, 5), (3, 5, 7))
        }
        gov, other = _GOVERNMENT.get(code, ("599" if len(code) == len("599") else "59999", "其他支出"))
        parts |= {"gov": gov, "govname": other}
        if not code:
            parts = {**dict.fromkeys(parts, ""), "name": words.get("word", "合计")}
        found = [
            _amount(books, cell[1:], code, economic=economic)
            if cell.startswith("=")
            else cell.replace("#", str(len(grid.rows) + 1)).format_map(parts).strip("" if code else "[]-")
            for cell in cells
        ]
        if any(isinstance(cell, Decimal) and cell for cell in found) or (not code and not any(codes)):
            key = f"{words['below']}/{NAMES[code]}" if "below" in words else code or "总计"
            grid.add(found, [(key, names[i]) for i in at])

    if total == "first":
        one("")
    for code in codes:
        if str(len(code)) in levels:
            one(code)
    if total == "last":
        one("")


def _projects(grid: _Grid, books: Ledger, line: str, head: dict[str, str]) -> None:
    """Print a row for each project: ``{code} {name} {project} {unit}`` and its amount wherever ``=x`` stands."""
    cells = [cell.strip() for cell in line.removeprefix("items").split("|")]
    names = columns(grid.sheet.header)
    at = [i for i, cell in enumerate(cells) if cell.startswith("=")]
    total = sum(books.projects.values(), Decimal(0))
    blank = {"code": "", "name": "", "project": "合计", "c1": "", "c2": "", "c3": ""}
    blank = {**dict.fromkeys(head, ""), **blank}
    rows = [("总计", blank, total)]
    for (code, project), cost in sorted(books.projects.items()):
        if line.startswith("items") and not any(code == key for key, _, _ in rows):
            parts = {**blank, "code": code, "c1": code[:3], "c2": code[3:5], "c3": code[5:7], **head}
            item = sum((c for (own, _), c in books.projects.items() if own == code), Decimal(0))
            rows.append((code, {**parts, "project": NAMES[code]}, item))
        parts = {
            "code": code,
            "c1": code[:3],
            "c2": code[3:5],
            "c3": code[5:7],
            "name": NAMES[code],
            "project": project,
            **head,
        }
        coded = any("{c1}" in cell or "{code}" in cell for cell in cells)
        beside = f"{head['office']}/" if "{office}" in line.partition("{project}")[0] else ""
        rows.append((f"{code}/{project}" if coded else beside + project, parts, cost))
    for key, parts, cost in rows:
        own = ["" if key == "总计" and "{" not in cell and cell != "=x" else cell for cell in cells]
        found = [cost if cell.startswith("=") else cell.format_map(parts) for cell in own]
        grid.add(found, [(key, names[i]) for i in at])


def _two(grid: _Grid, books: Ledger, sides: dict[str, tuple[str, ...]]) -> None:
    """Print sides beside each other, the shorter ones filled up, and their last rows; ``#`` counts the rows."""
    parts = [list(_side(books, sides[name])) for name in _SIDES if name in sides]
    blanks = [[("#" if cell == "#" else "") for cell in side[0][0]] for side in parts]
    size = max(map(len, parts))
    for side, blank in zip(parts, blanks, strict=True):
        side.extend([(list(blank), "")] * (size - len(side)))
    for line in sides.get("end", ()):
        for side, half in zip(parts, line.split("//"), strict=True):
            side.extend(_side(books, [half]) if half.strip() else [([], "")])
    names = columns(grid.sheet.header)
    for number in range(len(parts[0])):
        cells: list[Cell] = []
        keys = []
        for place, (side, blank) in enumerate(zip(parts, blanks, strict=True)):
            own, key = side[number]
            count = str(number + 1 + place * len(side))
            own = [count if cell == "#" else cell for cell in own] + [""] * (len(blank) - len(own))
            keys += [(key, names[len(cells) + i]) for i, cell in enumerate(own) if not isinstance(cell, str)]
            cells += own
        grid.add(cells, keys)


def _side(books: Ledger, lines: Sequence[str]) -> Iterator[tuple[list[Cell], str]]:
    above: list[str] = []
    for line in lines:
        words, *amounts = [cell.strip() for cell in line.split("|")]
        if words.startswith("%classes"):
            yield from _classes(books, words.split()[1], amounts)
            continue
        depth = len(words) - len(words.lstrip("."))
        label, key = _label(words[depth:])
        above = [*above[:depth], key]
        found = [_stated(books, a) for a in amounts]
        yield [label, *found], "/".join(part for part in above if part != "-")


def _classes(books: Ledger, form: str, amounts: Sequence[str]) -> Iterator[tuple[list[Cell], str]]:
    """Print a row for each class: numbered, or with its code; some of those without amounts too."""
    used = {code[:3] for code in books.items}
    for number, code in enumerate(sorted(used | {"201", "202", "204", "205", "208", "210", "221"})):
        count = f"{_ORDINALS[number]}、" if form == "cn" else f"（{_ORDINALS[number]}）" if form == "paren" else ""
        found: list[Cell] = [_amount(books, a[1:], code) if a.startswith("=") else a for a in amounts]
        if form == "split":
            yield [code, NAMES[code], *found], code
        else:
            yield (
                [f"{code} {NAMES[code]}" if form == "code" else count + NAMES[code], *found],
                code if form == "code" else NAMES[code],
            )


def columns(header: Sequence[Sequence[str]]) -> list[str]:
    """Name each column as the contract does: its lowest header cell, with those above it where that comes again."""
    if not header:
        return []
    paths: list[list[str]] = []
    rows = [row for row in header if not any(cell.isdigit() for cell in row)]
    for place in range(len(header[0])):
        path: list[str] = []
        for depth, row in enumerate(rows):
            spans = row[place] or _spanning(rows, depth, place)
            if spans and spans not in path:
                path.append(normalise(spans).removeprefix("其中:"))
        paths.append(path)
    leaves = [path[-1] if path else "" for path in paths]
    return [
        path[-1] if leaves.count(leaf) == 1 and path else "/".join(path)
        for path, leaf in zip(paths, leaves, strict=True)
    ]


def _spanning(header: Sequence[Sequence[str]], depth: int, place: int) -> str:
    """What stands above an empty cell: the next cell to the left that has words, if more words stand below both."""
    left = next((i for i in range(place - 1, -1, -1) if header[depth][i]), None)
    below = left is not None and all(any(row[i] for row in header[depth + 1 :]) for i in (left, place))
    return header[depth][left] if left is not None and below else ""
