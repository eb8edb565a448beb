"""Reads what identities compare in words: names of the office, lists, statements, contents and headings."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest

from rapidfuzz import fuzz

from extractor.normalize import WHITE, Line, readable, squeeze
from extractor.phrases import IN_FORMS, SAID, Phrase, phrases
from extractor.records import Cell, Row, Span, Table
from extractor.remember import remembered

from .form_pieces import Piece, joined
from .form_pieces import spans as piece_spans
from .prose import Reading
from .prose_heads import LEADER
from .prose_list import items_from
from .prose_text import Flow, flow, printed

_END = 8  # lines of a sign-off
_LONG = 200
_TITLE = 60
_ENTRY = re.compile(
    r"第[一二三四五六七八九十]{1,3}(?:部分|章)|[(（]?[一二三四五六七八九十]{1,3}[)）、.]|\d{1,2}[.、](?:\s|(?!\d)|(?=20\d\d年))"
)
_BY_WHAT = re.compile(r"\((?:按?[^()]{0,6}(?:科目|分类|类别)|续表?)\)$")
_FRONT = re.compile(
    r"^(?:[#>*]|第[一二三四五六七八九十]{1,3}(?:部分|章)|\(?[一二三四五六七八九十]{1,3}[)、.]|\(?\d{1,2}[)、.](?!\d)|附?表\d{1,2}:?"
    r"|\d{1,2}\.(?=20\d\d年)|关于|20\d\d年度?|部门(?=.{3})|单位(?=.{3}))+"
)
_QUOTES = re.compile(r"[“”\"'‘’《》*]|20\d\d年度?|的|总体")
_SENTENCE = re.compile(r"[,;]|。.|\d\.\d|\d[万元%个人辆台]")
_ALIKE = 85.0
_OFFICE = 30  # characters of an office's name in front of a heading
_LEVELS = (re.compile(r"第"), re.compile(r"[一二三四五六七八九十]"), re.compile(r"[(（]"))
_MARKER = re.compile(r"目录|目次|目 录")

Rows = dict[str, dict[str, Cell]]


def read(
    lines: Sequence[Line], told: Reading, said: Mapping[int, Sequence[tuple[str, dict[str, list[Piece]]]]]
) -> list[Table]:
    """Return the tables of words of each disclosure.

    Args:
        lines: All lines.
        told: The prose as read.
        said: What the forms of each disclosure say: row key, and pieces by column.
    """
    out = []
    for part, (first, end) in enumerate(pairwise([*told.begins, len(lines)])):
        rows: Rows = {}
        for index, column, cell in _phrases(lines, told, part, (first, end)):
            rows.setdefault(index, {}).setdefault(column, cell)
        _contents(lines, range(first, end), told.listed, rows)
        out += _table(SAID, phrases().title, part, rows)
        forms: Rows = {}
        for key, columns in said.get(part, ()):
            forms.setdefault(key, {}).update({c: _cell(c, joined(p), piece_spans(p)) for c, p in columns.items()})
        out += _table(IN_FORMS, phrases().title_in_forms, part, forms)
    return out


def _table(table_id: str, title: str, part: int, rows: Rows) -> list[Table]:
    if not rows:
        return []
    made = tuple(
        Row(key=k, role=k, kind="label", parent=None, line=min(c.spans[0].line for c in cells.values()),
            cells=tuple(cells.values()))
        for k, cells in rows.items()
    )  # fmt: skip
    columns = tuple(dict.fromkeys(c for cells in rows.values() for c in cells))
    numbers = [row.line for row in made]
    return [
        Table(
            id=table_id, title=title, part=part, unit="", columns=columns, rows=made,
            lines=(min(numbers), max(numbers)), why="names, lists and statements matched with the declared patterns",
        )
    ]  # fmt: skip


def _cell(column: str, text: str, where: Sequence[Span]) -> Cell:
    return Cell(column=column, kind="text", text=text, spans=tuple(where))


def _phrases(
    lines: Sequence[Line], told: Reading, part: int, extent: tuple[int, int]
) -> Iterator[tuple[str, str, Cell]]:
    first, end = extent
    texts = [(s.ids, f) for s, f in told.texts if s.part == part and f.text]
    counts: dict[str, int] = {}
    headers = [_alone(lines, i) for i in range(first, end) if _is_header(lines[i].text)]
    last = [_alone(lines, i) for i in range(max(first, end - _END), end) if len(lines[i].text) <= _LONG]
    for phrase, pattern in phrases().patterns:
        if phrase.where == "prose":
            found = [f for ids, f in texts if not phrase.sections or set(phrase.sections) & set(ids)]
        else:
            found = headers if phrase.where == "lines" else last
        for text, match in ((f, m) for f in found for m in pattern.finditer(f.text)):
            yield from _matched(lines, phrase, text, match, counts)


def _matched(
    lines: Sequence[Line], phrase: Phrase, text: Flow, match: re.Match[str], counts: dict[str, int]
) -> Iterator[tuple[str, str, Cell]]:
    if phrase.items:
        for begin, stop in items_from(text, match.end()):
            words, where = printed(lines, text, begin, stop)
            kind = "本级" if phrases().own.search(squeeze(words)) else "下属"
            yield _key(phrase, counts, kind), phrase.items, _cell(phrase.items, words, where)
        return
    key = _key(phrase, counts)
    for column, value in match.groupdict().items():
        if value:
            words, where = printed(lines, text, *match.span(column))
            yield key, column, _cell(column, words, where)


def _key(phrase: Phrase, counts: dict[str, int], kind: str = "") -> str:
    template = phrase.row.replace("{kind}", kind)
    counts[template] = counts.get(template, 0) + 1
    return template.replace("{n}", str(counts[template]))


def _is_header(text: str) -> bool:
    return len(text) <= _LONG and ":" in text and ("单位" in text or "部门" in text)


def _alone(lines: Sequence[Line], index: int) -> Flow:
    return flow(lines, [(index, 0)], all_lines=True)


def _contents(lines: Sequence[Line], part: range, skipped: frozenset[int], rows: Rows) -> None:
    """Put the entries of the contents list into the rows, each with the heading that it names.

    Of a document of which less than half of the headings are here, a list of contents says nothing.
    """
    entries = _entries(lines, [i for i in part if i in skipped])
    if not entries:
        return
    heads = [(_core(text), indexes) for text, indexes in _heads(lines, [i for i in part if i not in skipped])]
    found = _paired([_core(e.text) for e in entries], [head for head in heads if head[0]])
    if len(found) * 2 < len(entries):
        return
    levels = [_level(e.text) for e in entries]
    for number, entry in enumerate(entries):
        key = f"目录/{number + 1}"
        if number in found:
            rows[key] = {"标题": entry, "正文": _title(lines, found[number], "正文")}
        elif not (number + 1 in found and levels[number + 1] > levels[number]):  # else it is there by its parts
            rows[key] = {"标题": entry}


def _level(entry: str) -> int:
    return next((n for n, pattern in enumerate(_LEVELS) if pattern.match(entry)), len(_LEVELS))


def _heads(lines: Sequence[Line], indexes: Sequence[int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the lines that may be headings, and two of them run together."""
    titles = [_is_title(lines[index].text) for index in indexes]
    following = zip_longest(titles, titles[1:], fillvalue=False)
    for (index, after), (title, title_after) in zip(zip_longest(indexes, indexes[1:]), following, strict=True):
        if not title:
            continue
        yield lines[index].text, (index,)
        if lines[index].text.rstrip().endswith("。"):
            continue
        if after is not None and title_after and not _ENTRY.match(lines[after].text.lstrip()):
            yield lines[index].text + lines[after].text, (index, after)


def _paired(entries: Sequence[str], heads: Sequence[tuple[str, tuple[int, ...]]]) -> dict[int, tuple[int, ...]]:
    """Give each entry a heading of its own: the same words first, then what ends so, then nearly the same."""
    found: dict[int, tuple[int, ...]] = {}
    used: set[int] = set()
    same: dict[str, list[tuple[int, ...]]] = {}
    for core, indexes in heads:
        same.setdefault(core, []).append(indexes)

    def pair(number: int, free: Iterable[tuple[int, ...]]) -> None:
        indexes = next((i for i in free if not used & set(i)), None)
        if indexes is not None and number not in found:
            found[number] = indexes
            used.update(indexes)

    for number, entry in enumerate(entries):
        pair(number, same.get(entry, ()))
    for test in (_ends, _near):
        for number, entry in enumerate(entries):
            if number not in found:
                pair(number, (i for core, i in heads if test(entry, core)))
    return found


def _ends(entry: str, heading: str) -> bool:
    return len(entry) > 3 and heading.endswith(entry) and len(heading) <= len(entry) + _OFFICE


def _near(entry: str, heading: str) -> bool:
    return fuzz.ratio(entry, heading) >= _ALIKE


@remembered
def _core(title: str) -> str:
    """Return a title without numbering, year, words that offices put in front, and by what a table is told."""
    return _BY_WHAT.sub("", _FRONT.sub("", _QUOTES.sub("", squeeze(title))).rstrip("。:"))


def _is_title(text: str) -> bool:
    return len(squeeze(text)) <= _TITLE and "\t" not in text and "|" not in text and not _SENTENCE.search(text.rstrip())


def _entries(lines: Sequence[Line], indexes: Sequence[int]) -> list[Cell]:
    """Return the entries of a contents list; a line without a number goes on with the one above, if that is cut off."""
    groups: list[list[int]] = []
    for index in indexes:
        text = lines[index].text.lstrip("#>*-+•" + WHITE).rstrip("*" + WHITE)
        if _ENTRY.match(text) or (groups and LEADER.search(lines[groups[-1][-1]].text)):
            groups.append([index])
        elif groups and not _MARKER.search(text):
            groups[-1].append(index)
    return [entry for entry in (_title(lines, g, "标题") for g in groups) if entry.spans]


def _title(lines: Sequence[Line], indexes: Sequence[int], column: str) -> Cell:
    texts, where = [], []
    for index in indexes:
        text = lines[index].text
        begin = len(text) - len(re.sub(r"^[#>\s*\-+•]+", "", text))
        stop = len(LEADER.sub("", text).rstrip("*" + WHITE))
        if begin < stop:
            place = lines[index].span(begin, stop)
            texts.append(text[begin:stop])
            where.append(Span(start=place.start, end=place.end, line=place.line))
    return _cell(column, readable("".join(texts)), where)
