"""Codes, names and amounts of one table that a tool wrote one after the other: whose is whose?

Text of a page read block by block has ``201`` / ``201`` / ``06`` above ``一般公共服务支出`` / ``财政事务``, amounts
behind them, row by row or column by column. The classification tells each name's code where the names stand in their
order, and the printed digits have to be those of the codes, none more and none less. How amounts go with several names
in front of them is taken only where every sum of the tree then holds.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from rapidfuzz.distance import LCSseq

from extractor.normalize import squeeze

from .labels import TOTALS
from .shares import Row, share
from .tokens import Token

Lines = Sequence[list[Token]]
_LEVELS = frozenset({"类", "款", "项"})
_OTHER = 3  # lines of a name that the classification doesn't have
_LONGEST = 2_000  # tokens of a table
_WORDS = 6  # lines that one name may stand on
_TRIES = 2_000
_MOST = 200  # ways in which names may have codes
_CLEAR = 2  # digits by which their order has to be better than any other
_SIZES = (3, 5, 7)  # digits of a code
_PIECES = 2  # digits below a class, where each level has its own column


def in_place(lines: Lines, names: Mapping[str, Sequence[str]]) -> list[list[Token]] | None:
    """Return the lines of a table of codes with codes in front of their names and amounts behind; None if not told.

    ``names`` are those of the classification by code. Tables in which every code stands before its name are left.
    """
    stream = [t for line in lines for t in line]
    if any(t.kind not in ("text", "number") or (t.kind == "number" and not (t.priced or t.whole)) for t in stream):
        return None
    if len(stream) > _LONGEST or not _apart(stream):
        return None
    digits = [t for t in stream if t.whole]
    for alone in (False, True):
        rows = _rows(stream, names, alone=alone)
        if rows and _coded(rows, digits, names):
            shared = share(rows, _early(stream))
            return [[*r.digits, *r.words, *r.amounts] for r in shared] if shared else None
    return None


def _apart(stream: Sequence[Token]) -> bool:
    """Whether some digits stand in front of neither digits of their own code nor a name."""
    return any(
        t.whole and (after.priced or (after.whole and len(after.text) >= _SIZES[0])) for t, after in pairwise(stream)
    )


def _early(stream: Sequence[Token]) -> list[Token]:
    """Return the amounts in front of the first name."""
    first = next((i for i, t in enumerate(stream) if t.kind == "text"), 0)
    return [t for t in stream[:first] if t.priced]


def _rows(stream: Sequence[Token], names: Mapping[str, Sequence[str]], *, alone: bool) -> list[Row]:
    """Cut words into names that the classification has, totals, and other names; these may each stand ``alone``."""
    known = TOTALS | {squeeze(name) for forms in names.values() for name in forms}
    rows: list[Row] = []
    index = 0
    while index < len(stream):
        token = stream[index]
        if token.kind == "text" and token.text in _LEVELS:
            index += 1
            continue
        if token.kind == "text":
            count = _name(stream, index, known)
            if not count and not any(t.kind == "number" for t in stream[index:]):
                return rows  # what stands below the table
            count = count or (1 if alone else _other(stream, index, known))
            if not count:
                return []
            rows.append(Row([t for t in stream[index : index + count] if t.kind == "text"]))
            index += count
            continue
        if token.priced and rows:
            rows[-1].amounts.append(token)
        index += 1
    return rows


def _name(stream: Sequence[Token], index: int, known: frozenset[str]) -> int:
    """How many tokens make up the longest name that begins here; 0 if none does."""
    text, best = "", 0
    for count, token in enumerate(stream[index : index + _WORDS], 1):
        if token.kind != "text":
            break
        text += squeeze(token.text)
        best = count if text in known else best
    return best


def _other(stream: Sequence[Token], index: int, known: frozenset[str]) -> int:
    """How many tokens make up a name that the classification doesn't have: the words up to a number, if few."""
    for count, token in enumerate(stream[index : index + _OTHER + 1]):
        if token.kind != "text":
            return count
        if count and (token.text in _LEVELS or _name(stream, index + count, known)):
            return count
    return 0


def _coded(rows: Sequence[Row], digits: Sequence[Token], names: Mapping[str, Sequence[str]]) -> bool:
    """Give each name the code that it has below those above it, so that all printed digits are used."""
    by_name: dict[str, list[str]] = {}
    for code, forms in names.items():
        for form in {squeeze(f) for f in forms}:
            by_name.setdefault(form, []).append(code)
    whole = any(len(t.text) > _SIZES[0] for t in digits)
    todo = [r for r in rows if _text(r) not in TOTALS]
    texts = [t.text for t in digits]
    counted = len(todo) == sum(whole or len(t.text) == _SIZES[0] for t in digits)
    if not counted or len(rows) - len(todo) > 1 or not _search(todo, by_name, texts, whole=whole):
        return False
    spare: dict[str, list[Token]] = {}
    for token in digits:
        spare.setdefault(token.text, []).append(token)
    for row in todo:
        row.digits = [spare[piece].pop(0) for piece in _pieces(row.code, whole=whole)]
    return True


def _search(rows: Sequence[Row], by_name: Mapping[str, Sequence[str]], digits: Sequence[str], *, whole: bool) -> bool:
    """Find the codes of names: those under which the printed digits stand in the best order, by far."""
    found: list[tuple[str, ...]] = []
    tries = _TRIES
    stack: list[tuple[tuple[str, ...], Counter[str]]] = [((), Counter(digits))]
    while stack and tries and len(found) < _MOST:
        codes, rest = stack.pop()
        tries -= 1
        if len(codes) == len(rows):
            found += [codes] if not rest.total() else []
            continue
        name = _text(rows[len(codes)])
        own = [code for code in by_name.get(name, ()) if _follows(code, codes)]
        for code in own or _printed(rest, codes, whole=whole):
            used = Counter(_pieces(code, whole=whole))
            other = not own and name.startswith("其他") and not code.endswith("99")
            if used <= rest and _follows(code, codes) and not other:
                stack.append(((*codes, code), rest - used))
    if not tries or not 0 < len(found) < _MOST:
        return False
    order = [[piece for code in codes for piece in _pieces(code, whole=whole)] for codes in found]
    moved = [len(digits) - LCSseq.similarity(digits, pieces) for pieces in order]
    best = min(moved)
    if sum(m < best + _CLEAR for m in moved) > 1:
        return False
    for row, code in zip(rows, found[moved.index(best)], strict=True):
        row.code = code
    return True


def _printed(rest: Counter[str], above: Sequence[str], *, whole: bool) -> list[str]:
    """Return the codes that the digits which are left make up below those above."""
    if whole or not above:
        return [text for text, count in rest.items() if count and len(text) in _SIZES]
    last = above[-1]
    pairs = [text for text, count in rest.items() if count and len(text) == _PIECES]
    return [head + pair for size in (3, 5) if len(head := last[:size]) == size for pair in pairs]


def _follows(code: str, above: Sequence[str]) -> bool:
    """Whether a code may stand below others: behind the last one, and under what that stands under."""
    if not above:
        return len(code) == _SIZES[0]
    last = above[-1]
    if len(code) == _SIZES[0]:
        return code not in above
    return last.startswith(code[:-2]) and code > last and code[:3] == last[:3]


def _pieces(code: str, *, whole: bool) -> list[str]:
    """Return the digits as they are printed: whole, or each level in a column of its own."""
    levels = [code[:3], *(code[i : i + 2] for i in range(3, len(code), 2))]
    return [code] if whole else levels


def _text(row: Row) -> str:
    return squeeze("".join(t.text for t in row.words))
