"""Finds the forms of a document: where each begins and ends, page breaks and repeated titles included."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.forms import Forms, FormSpec
from extractor.normalize import Line, readable, squeeze, unmarked
from extractor.sections import Heading

from .form_pieces import bare_label, pieces

_TAIL = re.compile(r"\((?:[^()]{0,16})\)$")
_NO_TITLE = re.compile(r"[,。;!?、:《》]|详见|参见|根据|按照|如下")
_NUMBERING = re.compile(
    r"^(?:附?表\d{0,2}(?:-\d+)?[:.、]?|附件\d{0,2}[:.、]?|[一二三四五六七八九十]{1,3}、|\d{1,2}[.、])"
)
_SECTION = re.compile(
    r"^(?:第[一二三四五六七八九十]{1,3}部分|[一二三四五六七八九十]{1,3}、|\([一二三四五六七八九十]{1,3}\)).{2,}"
)
_OVERALL_START = ("部门名称", "单位名称", "部门(单位)名称", "年度绩效目标")
_MAX_TITLE = 45
_MAX_SECTION = 40
_MOST = 2_000  # lines of indicators; a form has some two hundred
_REACH = 400  # lines from the first row of a form to its indicators
_BACK = 4  # lines above 项目名称 that belong to a form without a title


@dataclass(frozen=True, slots=True)
class FormPlace:
    """Where a form stands.

    Attributes:
        spec: What kind of form it is.
        title: Its title as printed, or a word that says there is none.
        first: Index of its first line.
        body: Indexes of the lines below its title, without repeated titles.
        stop: Index after its last line.
        titled: Its first line is a title.
    """

    spec: FormSpec
    title: str
    first: int
    body: tuple[int, ...]
    stop: int
    titled: bool


@dataclass(frozen=True, slots=True)
class _Start:
    index: int
    spec: FormSpec
    title: str
    titled: bool


def find(lines: Sequence[Line], heads: Sequence[Heading], known: Forms) -> list[FormPlace]:
    """Return every form in printed order. A mention or a contents entry has no indicators below it and is none."""
    keys = [squeeze(unmarked(line.text)) for line in lines]
    headers = [i for i in range(len(lines)) if _is_header(keys, i)]
    if not headers:
        return []
    skip = {i for h in heads if h.contents for i in range(h.index, h.index + h.count)}
    ends = {h.index for h in heads if not h.contents}
    starts = _starts(lines, keys, (headers, sorted(ends)), skip, known)
    out: list[FormPlace] = []
    for position, start in enumerate(starts):
        limit = starts[position + 1].index if position + 1 < len(starts) else len(lines)
        at = bisect_right(headers, start.index)
        if at == len(headers) or headers[at] >= limit:
            continue
        first = headers[at]
        stop = _stop(lines, keys, first, limit, ends - {start.index})
        body = tuple(range(start.index + start.titled, stop))
        place = FormPlace(start.spec, start.title, start.index, body, stop, start.titled)
        before = out[-1] if out else None
        if before and before.stop == start.index and _continues(lines, before, place, first, known):
            out[-1] = replace(before, body=(*before.body, *body), stop=stop)
        else:
            out.append(place)
    return out


def title_of(key: str, known: Forms) -> FormSpec | None:
    """Return the form that has this title (white space removed), or None."""
    if len(key) > _MAX_TITLE or "绩效" not in key:
        return None
    bare = _TAIL.sub("", _TAIL.sub("", _NUMBERING.sub("", key)))
    if _NO_TITLE.search(bare):
        return None
    return next((s for s in known.specs if bare.endswith(s.ends) and all(word in bare for word in s.words)), None)


def _is_header(keys: Sequence[str], index: int) -> bool:
    """Whether the header of the indicators begins in this line: 一级指标, perhaps in fragments."""
    key = keys[index]
    if "一级指标" in key:
        return "二级指标" in key or "二级" in "".join(keys[index + 1 : index + 4])
    return key in ("一级", "一级指") and "".join(keys[index : index + 4]).startswith("一级指标")


def _starts(
    lines: Sequence[Line],
    keys: Sequence[str],
    marks: tuple[Sequence[int], Sequence[int]],
    skip: set[int],
    known: Forms,
) -> list[_Start]:
    """Return where forms begin; ``marks`` are the headers of indicators and the headings of the document."""
    headers, ends = marks
    found: list[_Start] = []
    seen = set(headers)
    begun, headed = False, False  # a form is open; its indicators have begun
    for index, key in enumerate(keys):
        headed = headed or index in seen
        if index in skip or not key:
            continue
        spec = title_of(key, known) if "表" in key else None
        if spec:
            found.append(_Start(index, spec, readable(unmarked(lines[index].text)), titled=True))
            begun, headed = True, False
            continue
        if begun and not headed:
            continue
        spec = _untitled(lines, index, key, known)
        at = bisect_right(headers, index)
        near = at < len(headers) and headers[at] <= index + _REACH
        if spec and near and bisect_right(ends, index) == bisect_left(ends, headers[at]):
            found.append(_Start(_first_row(lines, index, found, headers, known), spec, "(no title)", titled=False))
            begun, headed = True, False
    return found


def _untitled(lines: Sequence[Line], index: int, key: str, known: Forms) -> FormSpec | None:
    """Return the form whose first row this is: 项目名称 of a project, 年度绩效目标 of a department."""
    if not key.startswith(("项目名称", *_OVERALL_START)):
        return None
    first = pieces(lines, [index], known.words)[:1]
    label = bare_label(first[0].text) if first else ""
    named = label in known.words.fields["name"]
    if not named and label not in _OVERALL_START:
        return None
    return next((s for s in known.specs if s.named == named), None)


def _first_row(lines: Sequence[Line], index: int, found: Sequence[_Start], headers: Sequence[int], known: Forms) -> int:
    """Go back over the rows of a form without a title that stand above the one that gave it away."""
    at = bisect_left(headers, index)
    floor = max(0, index - _BACK, found[-1].index + 1 if found else 0, headers[at - 1] + 1 if at else 0)
    for back in range(index - 1, floor - 1, -1):
        first = pieces(lines, [back], known.words)[:1]
        label = bare_label(first[0].text) if first else ""
        year = re.fullmatch(r"\(?\d{4}年度?\)?", squeeze(lines[back].text))
        if label not in known.words.fields["other"] and not year:
            return back + 1
    return floor


def _stop(lines: Sequence[Line], keys: Sequence[str], header: int, limit: int, ends: set[int]) -> int:
    limit = min(limit, header + _MOST)
    for index in range(header + 1, limit):
        if index in ends:
            return index
        key = keys[index]
        text = lines[index].text
        if len(key) <= _MAX_SECTION and "\t" not in text and "|" not in text and _SECTION.match(key):
            return index
    return limit


def _continues(lines: Sequence[Line], before: FormPlace, place: FormPlace, header: int, known: Forms) -> bool:
    """Whether a repeated title only begins a new page: no field of a form stands between it and the indicators."""
    if before.spec.id != place.spec.id:
        return False
    return not any(True for _ in _fields(lines, range(place.body[0], header), known))


def _fields(lines: Sequence[Line], indexes: range, known: Forms) -> Iterator[str]:
    for piece in pieces(lines, indexes, known.words):
        if known.words.field_of.get(bare_label(piece.text)) in ("name", "goal", "money"):
            yield piece.text
