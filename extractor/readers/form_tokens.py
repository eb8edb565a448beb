"""Tokens of indicators printed without cells: pieces put together to targets, dates, levels and known phrases."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from extractor.forms import Words

from .form_fit import is_first, is_level, is_operator, is_rule, is_second, shape_of
from .form_pieces import Piece, bare, part_of

_PAGE = re.compile(r"-\d{1,4}-|—\d{1,4}—|第\d{1,4}页(?:共\d{1,4}页)?|\(\d{4}年度?\)|\(续表?\)|续表|\d{1,4}/\d{1,4}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_OPEN_DATE = re.compile(r"\d{4}年?(?:\d{1,2})?月?(?:\d{1,2})?")
_RULE_START = re.compile(r"按|依|根据|满意|直接|完成|达到|是否|定性|正向|反向|未")
_PARTS = 6  # lines that a short cell may be broken over
_GAP = 8  # pieces that may stand between the halves of a phrase
_HALF = 4  # characters of a phrase that must stand before a gap


@dataclass(frozen=True, slots=True)
class Token:
    """A value or a part of a text.

    Attributes:
        pieces: What it is printed as.
        text: Without blanks.
        shape: See :func:`~extractor.readers.form_fit.shape_of`; ``level`` for a whole level.
        tail: It stands between the halves of a cell of a row, so it is the rest of that row's name.
    """

    pieces: tuple[Piece, ...]
    text: str
    shape: str
    tail: bool = False

    @property
    def line(self) -> int:
        """Index of its first line."""
        return self.pieces[0].line


def tokens(found: Sequence[Piece], header: str, words: Words) -> list[Token]:
    """Put pieces together to tokens; repeated headers and the form's margin are left out."""
    rest = _without_header(found, header)
    rules = _known_rules(rest, words)
    out: list[Token] = []
    tails: set[int] = set()
    used: set[int] = set()
    index = 0
    while index < len(rest):
        if index in used:
            index += 1
            continue
        made = _token(rest, index, words)
        if made is None and rest[index].text not in words.margin:
            gap = _broken_rule(rest, index, rules, words)
            if gap:
                parts, between, stop = gap
                tails.update(between)
                used.add(parts[-1])
                out.append(_make(tuple(rest[p] for p in parts), "rule"))
                index = stop
                continue
        if made:
            out.extend(made)
            index += sum(len(t.pieces) for t in made) if len(made) == 1 else _length(made)
            continue
        if rest[index].text not in words.margin:
            shape = shape_of(rest[index].text)
            out.append(Token((rest[index],), rest[index].text, shape, index in tails and shape == "text"))
        index += 1
    return out


def _length(made: Sequence[Token]) -> int:
    """Return how many pieces two fused or interleaved levels take up."""
    places = {(p.line, p.place.start if len(t.pieces) > 1 else -1) for t in made for p in t.pieces}
    return len(places) if any(len(t.pieces) > 1 for t in made) else 1


def _make(parts: tuple[Piece, ...], shape: str = "") -> Token:
    text = bare(parts)
    return Token(parts, text, shape or shape_of(text))


def without_pages(found: Sequence[Piece], words: Words) -> list[Piece]:
    """Leave out lines that are numbers of pages, or the form's margin."""
    out: list[Piece] = []
    for _, group in groupby(found, key=lambda p: p.line):
        line = list(group)
        text = bare(line)
        if not _PAGE.fullmatch(text) and text not in words.margin:
            out += line
    return out


def _without_header(found: Sequence[Piece], header: str) -> list[Piece]:
    """Leave out the header where it is repeated on top of a page."""
    out: list[Piece] = []
    index = 0
    while index < len(found):
        text, stop = "", index
        while stop < len(found) and len(text) < len(header) and header.startswith(text + found[stop].text):
            text += found[stop].text
            stop += 1
        if text and text == header:
            index = stop
            continue
        out.append(found[index])
        index += 1
    return out


def _token(found: Sequence[Piece], index: int, words: Words) -> list[Token] | None:
    """Return what begins here and is more than a bit of text; None where nothing does."""
    levels = _levels(found, index, words)
    if levels:
        return levels
    date = _longest(found, index, _is_date)
    if date and _OPEN_DATE.fullmatch(found[index].text):
        return [_make(date)]
    target = _target(found, index, words)
    if target:
        return [_make(target)]
    if _YEAR.fullmatch(found[index].text) and index + 1 < len(found) and found[index + 1].text.startswith("年"):
        return [_make(tuple(found[index : index + 2]), "text")]
    known = (*words.basis, *words.evidence.words)
    phrase = _longest(found, index, lambda text: text in known)
    if phrase:
        return [_make(phrase)]
    rule = _rule(found, index, words)
    return [_make(rule, "rule")] if rule else None


def _rule(found: Sequence[Piece], index: int, words: Words) -> tuple[Piece, ...]:
    """Return a rule (按照完成比例赋分) that begins here, with nothing of another column inside."""
    if not _RULE_START.match(found[index].text):
        return ()
    rule = _longest(found, index, lambda text: is_rule(text, words), shortest=True)
    return rule if all(shape_of(p.text) in ("text", "rule") for p in rule) else ()


def _is_date(text: str) -> bool:
    return ("年" in text or "月" in text) and shape_of(text) == "measure"


def _hard(text: str) -> bool:
    return shape_of(text) in ("target", "number", "percent", "measure")


def _longest(
    found: Sequence[Piece], index: int, test: Callable[[str], bool], *, shortest: bool = False
) -> tuple[Piece, ...]:
    """Return the longest (or shortest) run of pieces from here whose text passes the test."""
    text, best = "", 0
    for stop in range(index, min(index + _PARTS, len(found))):
        text += found[stop].text
        if test(text):
            best = stop + 1
            if shortest:
                break
    return tuple(found[index:best])


def _levels(found: Sequence[Piece], index: int, words: Words) -> list[Token] | None:
    whole = _longest(found, index, lambda text: is_level(text, words))
    if whole:
        return [_make(whole, "level")]
    four = [p.text for p in found[index : index + 4]]
    side = len(four) == 4 and found[index].line == found[index + 1].line != found[index + 2].line
    # 产出指 数量指 / 标 标: two cells side by side, broken over two lines
    if side and is_first(four[0] + four[2], words) and is_second(four[1] + four[3], words):
        pairs = (found[index], found[index + 2]), (found[index + 1], found[index + 3])
        return [_make(pair, "level") for pair in pairs]
    text = found[index].text
    for cut in range(2, len(text) - 1):
        if is_level(text[:cut], words) and is_level(text[cut:], words):
            halves = part_of(found[index], 0, cut), part_of(found[index], cut, len(text))
            return [_make((half,), "level") for half in halves]
    return None


def _target(found: Sequence[Piece], index: int, words: Words) -> tuple[Piece, ...]:
    """Return operator, number and unit, or number and unit, that stand side by side or on lines of their own."""
    stop = index
    text = found[index].text
    if is_operator(text) and index + 1 < len(found):
        stop += 1
        text += found[stop].text
        if text.endswith(("=", ">", "<")) and stop + 1 < len(found):
            stop += 1
            text += found[stop].text
        if shape_of(text) != "target":
            return ()
    elif shape_of(text) not in ("target", "number", "measure") or _YEAR.fullmatch(text):
        return ()
    if text[-1:].isdigit() and stop + 1 < len(found):
        unit = found[stop + 1].text
        same = found[stop + 1].line == found[stop].line
        if unit in words.units and shape_of(text + unit) in ("target", "measure", "percent", "points"):
            stop += 1
        elif same and stop + 2 < len(found) and unit + found[stop + 2].text in words.units:
            stop += 2
    elif stop + 1 < len(found) and text not in words.units and _cut_unit(text, found[stop + 1].text, words):
        stop += 1
    return tuple(found[index : stop + 1])


def _cut_unit(text: str, more: str, words: Words) -> bool:
    """Whether a unit is cut in two: =5万 / 元."""
    match = re.search(r"\D+$", text)
    return bool(match and match.group() + more in words.units and more in ("元", "次", "日", "米", "月"))


def _known_rules(found: Sequence[Piece], words: Words) -> frozenset[str]:
    """Return the rules of the vocabulary and those that stand whole in this form."""
    here = (_rule(found, i, words) for i in range(len(found)))
    return frozenset((*words.rule.words, *(bare(rule) for rule in here if rule)))


def _broken_rule(
    found: Sequence[Piece], index: int, rules: frozenset[str], words: Words
) -> tuple[list[int], list[int], int] | None:
    """Find a rule whose end stands some pieces further on, behind the rest of the row.

    Returns:
        Indexes of its pieces, of the pieces in the gap, and where reading goes on.
    """
    text, best = "", None
    for stop in range(index, min(index + _PARTS, len(found))):
        text += found[stop].text
        if not any(rule.startswith(text) for rule in rules):
            break
        if len(text) >= _HALF:
            best = (text, stop + 1)
    if best is None:
        return None
    text, stop = best
    for end in range(stop, min(stop + _GAP, len(found))):
        if text + found[end].text in rules:
            return [*range(index, stop), end], list(range(stop, end)), stop
        if _hard(found[end].text) or is_level(found[end].text, words):
            break
    return None
