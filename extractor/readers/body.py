"""The body of a table: what is left when titles, units, notes, headers and page furniture are taken away."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from extractor.chunks import Chunk
from extractor.normalize import Line, Place, readable, squeeze
from extractor.specs import TableSpec, split_label

from .astray import SEVERAL, adrift, put_back, without_headings
from .below import priced_below
from .blocks import block_starts, split_blocks
from .columns import is_name
from .displaced import in_place
from .fragments import apart, joined, names_of
from .furniture import furniture, note_of
from .hints import Hint
from .labels import STAGE, TOTALS, Labels
from .ordinals import (
    prints_two_codes,
    two_classifications,
    without_ordinals,
    without_second_codes,
    without_serials,
    without_unit_codes,
    without_unit_names,
)
from .overleaf import OVERLEAF, aligned
from .page_numbers import YEAR_GOES_ON, in_one_row, stray_page, without_heads, without_page_numbers
from .repeats import printed_once, without_repeats
from .respelt import respelt
from .rulings import whole_rows, without_rulings
from .tokens import Token, cells, join_split_numbers, tokenize, usual_decimals
from .torn import whole_codes, with_zeros, without_stray_dashes, without_tears
from .total_in_header import without_total_in_header
from .two_in_a_cell import parted

_HOLE = re.compile(r"(?:^|\t)[^\S\t]*(?:\t|$)")  # an empty cell between tabs, or at an end of a line
_ROWS = 3  # without an amount, above the number of a page
_HEADER = 500  # lines that a header may have: some are printed a character a line
_FEW = 3  # of them with a number: a year, say
_LINE = 10_000  # characters of a line of a table; what is longer is none, and is listed as not read
_AMOUNT = re.compile(r"\d\.\d")
_NUMBERS = re.compile(r"\d\.\d|\d{3}")
_ITEMS = ("科目编码", "科目代码", "科目名称")


@dataclass(frozen=True, slots=True)
class Body:
    """A table's data lines as tokens.

    Attributes:
        lines: Tokens of each data line; header lines and page furniture are gone.
        grid: Cells were kept by tabs or pipes.
        decimals: Digits after the point of its amounts.
        unit: Money unit, ``万元`` if none is printed.
        office: Name after 编制单位, or "".
        header: All header text without white space, in printed order.
        header_lines: The header's lines as cells.
        note: The note below the table and where it stands.
        empty: The note declares the table empty.
        junk: Damaged numbers, wherever they stand.
        blocks: Code, name and amount are printed several times beside each other.
        fragments: Names of the header were put together from pieces.
        widths: For each line of a grid by its number, how many cells it has.
        pieces: The header's lines as printed.
        astray: Those of them that stood among the rows.
        doubts: Why it isn't told whose amounts some lines have, or of which columns, by the number of the line.
    """

    lines: tuple[tuple[Token, ...], ...]
    grid: bool
    decimals: int
    unit: str
    office: str
    header: str
    header_lines: tuple[Line, ...]
    note: Place | None
    empty: bool
    junk: tuple[Token, ...]
    blocks: bool
    fragments: bool = False
    widths: Mapping[int, int] = field(default_factory=dict)
    pieces: tuple[Line, ...] = ()
    astray: tuple[Line, ...] = ()
    doubts: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raw:
    """A chunk without titles, notes and page furniture, whichever table it is: its lines, each with its tokens.

    What its header and its data are depends on the table and the first row alone: ``parted`` keeps them, by both, for
    the layouts of the table that are tried one after another.
    """

    rows: tuple[tuple[Line, list[Token]], ...]
    grid: bool
    unit: str
    office: str
    note: Place | None
    empty: bool
    lost: frozenset[int] = frozenset()
    parted: dict[tuple[str, int], Body] = field(default_factory=dict, compare=False, repr=False)

    @property
    def head(self) -> "Raw | None":
        """As much of it as a header may be, where its rows begin later, if there are any: then it is no such table."""
        first = self.rows[:_HEADER]
        numbered = len(self.rows) <= _HEADER or sum(_NUMBERS.search(line.text) is not None for line, _ in first) > _FEW
        return None if numbered else replace(self, rows=first, parted={})


def tokens_of(lines: Sequence[Line], chunk: Chunk, labels: Labels, hint: Hint | None = None) -> Raw:
    """Cut a chunk into tokens, as far as that doesn't depend on its spec; a hint says which lines are none of it."""
    skip = hint.skip if hint else frozenset[int]()
    content = [lines[i] for piece in chunk.pieces for i in piece if lines[i].number not in skip]
    content = [line for line in without_heads(content, lines) if len(line.text) <= _LINE]
    unit, office, content = furniture(content, lines[chunk.first])
    content, note, empty = note_of(content)
    as_printed = content
    content, lost = aligned(without_rulings(parted(content)))
    grid = _is_grid(content)
    serial = _serial_cell(content) if grid else None
    rows = []
    for line in content:
        tokens = [t for t in tokenize(line, labels.catalogue.names, grid=grid) if serial is None or t.cell != serial]
        if tokens and not _numbering(tokens):
            rows.append((line, _without_levels(tokens)))
    rows = rows if grid else without_serials(rows)
    rows = whole_rows(rows) if content != as_printed else rows
    everything = [tokens for _, tokens in rows]
    joined = join_split_numbers(everything, usual_decimals(everything), across=False)
    printed = [line for line, _ in rows]
    amounts = next((i for i, line in enumerate(printed) if _AMOUNT.search(line.text)), len(rows))
    joined = [*map(_pieces, joined[:amounts]), *(joined[amounts:] if grid else _broken_off(joined[amounts:]))]
    pairs = tuple(zip((*respelt(printed[:amounts]), *printed[amounts:]), joined, strict=True))
    return Raw(without_total_in_header(pairs), grid, unit, office, note, empty, lost)


def _pieces(line: list[Token]) -> list[Token]:
    """Mark the zeros of a line in front of all amounts, which are none themselves."""
    return [replace(t, piece=True) if t.text == "0" else t for t in line]


def _broken_off(lines: Sequence[list[Token]]) -> Iterator[list[Token]]:
    """Yield lines, a zero alone on its line below bare digits being the rest of these: ``2`` / ``0`` / ``24年预算``."""
    digits = False
    for line in lines:
        zero = len(line) == 1 and line[0].digits and line[0].text == "0"
        if not zero:  # ``2`` or ``比2``
            digits = len(line) == 1 and (line[0].digits or (line[0].kind == "text" and line[0].text[-1].isdigit()))
        yield _pieces(line) if zero and digits else line


def prepare(raw: Raw, spec: TableSpec, labels: Labels, hint: Hint | None = None) -> Body:
    """Take a chunk apart into header and data lines; a hint says where its rows begin."""
    told = next((i for i, (line, _) in enumerate(raw.rows) if hint and 0 < hint.first_row <= line.number), None)
    first = _first_row(raw.rows, spec, labels) if told is None else told
    layouts = labels.catalogue.layouts(spec.id)
    if not layouts:
        return _without_strays(_parted(raw, first, (spec,), labels), spec, labels)
    key = spec.id, first
    if key not in raw.parted:
        raw.parted[key] = _parted(raw, first, layouts, labels)
    return _without_strays(raw.parted[key], spec, labels)


def _parted(raw: Raw, first: int, layouts: tuple[TableSpec, ...], labels: Labels) -> Body:
    """Part the header from the data lines of a table that has one of some layouts."""
    rows, grid = raw.rows, raw.grid
    header = _without_class(rows[:first], layouts[0], labels, grid=grid)
    data: Sequence[tuple[Line, list[Token]]] = without_repeats(rows[first:], header)
    astray: list[Line] = []
    doubts = dict.fromkeys(raw.lost, OVERLEAF)
    if not grid and layouts[0].shape == "two_sided":
        doubts |= dict.fromkeys(adrift(data), SEVERAL)
        headings, data = without_headings(data)
        above = squeeze("".join(line.text for line in header))
        header += [line for line in headings if squeeze(line.text) not in above]
    if not grid and layouts[0].shape in ("coded", "labels"):
        header, astray, data = put_back([*rows[:first], *data], first, layouts, labels)
        header = [*header, *astray]
    header = header if grid else apart(printed_once(header), layouts)
    whole = tuple(_unwrapped(header)) if grid else names_of(header, layouts)
    token_lines = without_unit_codes(
        [t for _, t in data], whole, lambda text: any(labels.is_code(text, spec) for spec in layouts)
    )
    token_lines = with_zeros(without_unit_names(token_lines, whole, grid=grid), labels.catalogue.names)
    token_lines = without_ordinals(without_tears(token_lines, labels.catalogue.names), whole, grid=grid)
    token_lines = token_lines if grid else without_stray_dashes(whole_codes(token_lines, labels.catalogue.names))
    token_lines = priced_below(token_lines, header, layouts) if grid else token_lines
    starts = block_starts(header, token_lines) if grid else []
    token_lines = split_blocks(token_lines, starts) if starts else token_lines
    words = squeeze("".join(line.text for line in header)).replace("|", "")
    items = layouts[0].classification == "economic"
    twice = two_classifications(words) or (items and prints_two_codes(token_lines))
    token_lines = without_second_codes(token_lines) if twice else token_lines
    if not grid and layouts[0].shape == "coded" and not twice:
        token_lines = in_place(token_lines, labels.catalogue.names) or token_lines
    decimals = usual_decimals(token_lines)
    token_lines = join_split_numbers(token_lines, decimals, across=True)
    if grid or not in_one_row(token_lines):
        leveled = labels.catalogue if "类款" in words else None
        token_lines = without_page_numbers(_years(token_lines), decimals, leveled=leveled)
    return Body(
        tuple(tuple(tokens) for tokens in token_lines), grid, decimals, raw.unit, raw.office, words, whole,
        raw.note, raw.empty, tuple(t for line in token_lines for t in line if t.kind == "junk"),
        blocks=bool(starts) or (not grid and not twice and any(words.count(w) > 1 for w in _ITEMS)),
        fragments=len(whole) < len(header),
        widths={line.number: len(cells(line.text)) for line, _ in data} if grid else {}, pieces=tuple(header),
        astray=joined(astray, layouts), doubts=doubts,
    )  # fmt: skip


def _without_class(
    rows: Sequence[tuple[Line, list[Token]]], spec: TableSpec, labels: Labels, *, grid: bool
) -> list[Line]:
    """Return the lines of a header without a class that stands alone below them, a heading of the items that follow."""
    lines = [line for line, _ in rows]
    alone = len(rows) > 1 and _one_word(rows[-1][1]) and spec.classification == "economic"
    if alone and (grid or len(rows[-2][1]) > 1) and not rows[-1][1][0].cell:
        return lines[:-1] if labels.is_class(squeeze(rows[-1][1][0].text), spec) else lines
    return lines


def _unwrapped(header: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines of a grid's header; a column's name that goes on below its line is put together."""
    above: Line | None = None
    for line in header:
        end = squeeze(cells(above.text)[-1][1]) if above is not None and "\t" in above.text else ""
        rest = squeeze(line.text)
        cut = bool(end) and "\t" not in line.text and not (is_name(end) and is_name(rest))
        goes_on = cut and is_name(end + rest)
        if above is not None and goes_on:
            above = replace(above, text=above.text + line.text.strip(), offsets=None, ends=(), breaks=())
            continue
        if above is not None:
            yield above
        above = line
    if above is not None:
        yield above


def _without_strays(body: Body, spec: TableSpec, labels: Labels) -> Body:
    """Drop the lines that are the numbers of pages, where they are no codes of the table.

    Where no row has an amount, one number alone below them all is a page's too.
    """
    lines = body.lines
    if not body.grid and in_one_row(lines):
        return body
    numbers = [t for line in lines for t in line if t.kind == "number"]
    if not body.grid and len(lines) > _ROWS and len(numbers) == 1 and lines[-1] == (*numbers,) and numbers[0].whole:
        return replace(body, lines=lines[:-1])
    kept = [line for i, line in enumerate(lines) if not (body.decimals and stray_page(lines, i, spec, labels))]
    return body if len(kept) == len(lines) else replace(body, lines=tuple(kept))


def _is_grid(content: Sequence[Line]) -> bool:
    with_numbers = [line for line in content if _NUMBERS.search(line.text)]
    pool = with_numbers or list(content)
    marked = sum(1 for line in pool if line.text.count("\t") >= 1 or line.text.count("|") >= 2)
    return bool(pool) and marked * 2 > len(pool) and _keeps_empty(pool, content)


def _keeps_empty(pool: Sequence[Line], content: Sequence[Line]) -> bool:
    """Whether tabs part cells, the empty ones too, and not just what stands apart on a scanned page.

    Somewhere a cell is empty, or every row has as many as the widest line.
    """
    tabbed = [line.text for line in pool if "\t" in line.text]
    if not tabbed or any(_HOLE.search(text) for text in tabbed):
        return True
    widest = max(line.text.count("\t") for line in content)
    return all(text.count("\t") == widest for text in tabbed)


def _numbering(tokens: Sequence[Token]) -> bool:
    """A row of column numbers: ``※ ※ 1 2 3`` or ``栏次 1 2 3``."""
    if any(t.kind == "mark" for t in tokens):
        return all(t.kind in ("mark", "dash") or t.whole for t in tokens)
    words = [t for t in tokens if t.kind == "text"]
    if any(squeeze(t.text) not in ("栏次", "栏目", "行次") for t in words):
        return False
    numbers = [t for t in tokens if t.kind == "number"]
    if len(numbers) < (1 if words else 3) or not all(t.whole for t in numbers):
        return False
    values = [int(t.text) for t in numbers]
    return all(b - a in (1, 0) or b == 1 for a, b in pairwise(values)) and values[0] <= 2


def _without_levels(tokens: list[Token]) -> list[Token]:
    """Drop 类 款 项 before a total: the header's last line and the first row on one line."""
    count = next((i for i, t in enumerate(tokens) if t.text not in ("类", "款", "项")), 0)
    return tokens[count:] if count and squeeze(tokens[count].text) in TOTALS else tokens


def _first_row(rows: Sequence[tuple[Line, list[Token]]], spec: TableSpec, labels: Labels) -> int:
    words = labels.header_words(spec)
    for index in range(len(rows)):
        following = rows[index + 1][1] if index + 1 < len(rows) else []
        if labels.starts_row(rows[index][1], following, spec):
            # A name that is wrapped before its numbers begins above: at the first line that is no header word.
            first = index
            if _begins_itself(rows[index][1], following, spec, labels):
                return index
            while first and _one_word(rows[first - 1][1]) and not labels.of_header(rows[first - 1][0].text, words):
                first -= 1
            return first
    return len(rows)


def _begins_itself(tokens: Sequence[Token], following: Sequence[Token], spec: TableSpec, labels: Labels) -> bool:
    """Whether a row is a total, or has a class with its whole name behind it: no words above belong to it."""
    if spec.shape in ("two_sided", "items"):
        return spec.shape == "two_sided" and split_label(tokens[0].text)[0] is not None
    if tokens[0].kind == "text":
        label = squeeze("".join(t.text for t in tokens if t.kind == "text"))
        return label in TOTALS or (spec.shape == "wide" and bool(STAGE.match(label)))
    words = [*tokens[1:], *following] if len(tokens) == 1 else tokens[1:]
    names = labels.catalogue.names.get(tokens[0].text, ())
    return bool(words) and words[0].kind == "text" and squeeze(words[0].text) in map(squeeze, names)


def _one_word(tokens: Sequence[Token]) -> bool:
    return len(tokens) == 1 and tokens[0].kind == "text"


def _serial_cell(content: Sequence[Line]) -> int | None:
    """Cell index of a column 序号, whose numbers say nothing."""
    for line in content[:12]:
        for index, (_, text) in enumerate(cells(line.text)):
            if squeeze(text) == "序号":
                return index
    return None


def _years(lines: Sequence[list[Token]]) -> list[list[Token]]:
    """Make words of digits at a line's end that go on as a year below: ``2023`` / ``年自治区补助资金``."""
    out = [list(line) for line in lines]
    for line, below in pairwise(out):
        if line[-1].whole and below[0].kind == "text" and YEAR_GOES_ON.match(below[0].text):
            line[-1] = replace(line[-1], kind="text")
    return out


def title_of(lines: Sequence[Line], chunk: Chunk) -> str:
    """Return the title as printed, for people."""
    return readable(chunk.title) or readable(lines[chunk.first].text)
