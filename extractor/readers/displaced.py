"""Codes, names and amounts of one table that a tool wrote one after the other: whose is whose?

Text of a page read block by block has ``201`` / ``201`` / ``06`` above ``一般公共服务支出`` / ``财政事务``, amounts
behind them, row by row or column by column. The classification tells each name's code where the names stand in their
order, and the printed digits have to be those of the codes, none more and none less. How amounts go with several names
in front of them is taken only where every sum of the tree then holds.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise, product
from math import prod

from rapidfuzz.distance import LCSseq

from extractor.amount import half_unit
from extractor.normalize import squeeze

from .labels import TOTALS
from .tokens import Token

Lines = Sequence[list[Token]]
_Cells = list[Token | None]
_Tree = Sequence[tuple[int, Sequence[int]]]
_LEVELS = frozenset({"类", "款", "项"})
_OTHER = 3  # lines of a name that the classification doesn't have
_WORDS = 6  # lines that one name may stand on
_TRIES = 2_000
_WAYS = 64
_WIDEST = 6  # amounts of a row
_MOST = 200  # ways in which names may have codes
_CLEAR = 2  # digits by which their order has to be better than any other
_SIZES = (3, 5, 7)  # digits of a code
_PIECES = 2  # digits below a class, where each level has its own column


@dataclass(slots=True)
class _Row:
    """A name with its code, "" for the total, and the amounts that follow it."""

    words: list[Token]
    code: str = ""
    amounts: list[Token] = field(default_factory=list)
    digits: list[Token] = field(default_factory=list)


def in_place(lines: Lines, names: Mapping[str, Sequence[str]]) -> list[list[Token]] | None:
    """Return the lines of a table of codes with codes in front of their names and amounts behind; None if not told.

    ``names`` are those of the classification by code. Tables in which every code stands before its name are left.
    """
    stream = [t for line in lines for t in line]
    if any(t.kind not in ("text", "number") or (t.kind == "number" and not (t.decimals or t.whole)) for t in stream):
        return None
    if not _apart(stream):
        return None
    digits = [t for t in stream if t.whole]
    for alone in (False, True):
        rows = _rows(stream, names, alone=alone)
        if rows and _coded(rows, digits, names):
            shared = _shared(rows, _early(stream))
            return [[*r.digits, *r.words, *r.amounts] for r in shared] if shared else None
    return None


def _apart(stream: Sequence[Token]) -> bool:
    """Whether some digits stand in front of neither digits of their own code nor a name."""
    return any(
        t.whole and (after.decimals or (after.whole and len(after.text) >= _SIZES[0])) for t, after in pairwise(stream)
    )


def _early(stream: Sequence[Token]) -> list[Token]:
    """Return the amounts in front of the first name."""
    first = next((i for i, t in enumerate(stream) if t.kind == "text"), 0)
    return [t for t in stream[:first] if t.decimals]


def _rows(stream: Sequence[Token], names: Mapping[str, Sequence[str]], *, alone: bool) -> list[_Row]:
    """Cut words into names that the classification has, totals, and other names; these may each stand ``alone``."""
    known = {squeeze(name) for forms in names.values() for name in forms} | TOTALS
    rows: list[_Row] = []
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
            rows.append(_Row([t for t in stream[index : index + count] if t.kind == "text"]))
            index += count
            continue
        if token.decimals and rows:
            rows[-1].amounts.append(token)
        index += 1
    return rows


def _name(stream: Sequence[Token], index: int, known: frozenset[str] | set[str]) -> int:
    """How many tokens make up the longest name that begins here; 0 if none does."""
    text, best = "", 0
    for count, token in enumerate(stream[index : index + _WORDS], 1):
        if token.kind != "text":
            break
        text += squeeze(token.text)
        best = count if text in known else best
    return best


def _other(stream: Sequence[Token], index: int, known: frozenset[str] | set[str]) -> int:
    """How many tokens make up a name that the classification doesn't have: the words up to a number, if few."""
    for count, token in enumerate(stream[index : index + _OTHER + 1]):
        if token.kind != "text":
            return count
        if count and (token.text in _LEVELS or _name(stream, index + count, known)):
            return count
    return 0


def _coded(rows: Sequence[_Row], digits: Sequence[Token], names: Mapping[str, Sequence[str]]) -> bool:
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


def _search(rows: Sequence[_Row], by_name: Mapping[str, Sequence[str]], digits: Sequence[str], *, whole: bool) -> bool:
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


def _text(row: _Row) -> str:
    return squeeze("".join(t.text for t in row.words))


def _shared(rows: list[_Row], early: Sequence[Token]) -> list[_Row] | None:
    """Share the amounts between the rows, where not each row has its own behind it."""
    if not early and all(row.amounts for row in rows):
        return rows
    amounts = [*early, *(t for row in rows for t in row.amounts)]
    total = next((row for row in rows if not row.code), None)
    items = [row for row in rows if row.code]
    orders = [items] if total is None else [[*items, total], [total, *items]]
    for order in orders:
        width, rest = divmod(len(amounts), len(order))
        if rest or not width:
            continue
        for shares in _ways(amounts, len(order), width):
            if _adds_up(_tree(order), shares, width):
                return [replace(row, amounts=share) for row, share in zip(order, shares, strict=True)]
    found = [way for order in orders for cut in (_split, _columns) for way in cut(amounts, order)]
    return _interleaved(rows, early, total) or (found[0] if len(found) == 1 else None)


def _split(amounts: Sequence[Token], rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Yield the ways to cut amounts into rows, each with its sum in front of its parts, under which all sums hold."""
    values, tree = [_value(t) for t in amounts], _tree(rows)
    stack: list[tuple[int, ...]] = [(0,)]
    tries = _TRIES
    while stack and tries:
        cuts = stack.pop()
        tries -= 1
        start, left = cuts[-1], len(rows) + 1 - len(cuts)
        if not left:
            if start == len(amounts):
                shares = [list(amounts[a:b]) for a, b in pairwise(cuts)]
                if _adds_up(tree, shares, 1):
                    yield [replace(row, amounts=share) for row, share in zip(rows, shares, strict=True)]
            continue
        ends = range(start + 2, min(start + _WIDEST, len(amounts) - 2 * (left - 1)) + 1)
        stack.extend((*cuts, e) for e in ends if values[start] == sum(values[start + 1 : e], Decimal(0)))


def _columns(amounts: Sequence[Token], rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Yield the ways to cut amounts into a column of sums and two of parts, with their empty cells, that all add up."""
    sums, parts = amounts[: len(rows)], amounts[len(rows) :]
    tree = _tree(rows)
    if len(sums) < len(rows) or sum(map(_value, sums), Decimal(0)) != sum(map(_value, parts), Decimal(0)):
        return
    if not _adds_up(tree, [[t] for t in sums], 1):
        return
    for cut in range(len(parts) + 1):
        for left, right in _beside(sums, parts[:cut], parts[cut:]):
            columns = [[t] if t else [] for t in left], [[t] if t else [] for t in right]
            if all(_adds_up(tree, column, 1) for column in columns):
                yield [
                    replace(row, amounts=[t for t in (total, a, b) if t is not None])
                    for row, total, a, b in zip(rows, sums, left, right, strict=True)
                ]


def _beside(sums: Sequence[Token], first: Sequence[Token], second: Sequence[Token]) -> Iterator[tuple[_Cells, _Cells]]:
    """Yield the ways in which each sum is the next of the first column, the next of the second, or both together."""
    stack: list[tuple[_Cells, _Cells]] = [([], [])]
    tries = _TRIES // 4
    while stack and tries:
        left, right = stack.pop()
        tries -= 1
        a, b = sum(t is not None for t in left), sum(t is not None for t in right)
        if len(left) == len(sums):
            if a == len(first) and b == len(second):
                yield left, right
            continue
        total = _value(sums[len(left)])
        one, other = first[a] if a < len(first) else None, second[b] if b < len(second) else None
        for mine, yours in ((one, None), (None, other), (one, other)):
            cells = [t for t in (mine, yours) if t is not None]
            if cells and total == sum(map(_value, cells), Decimal(0)):
                stack.append(([*left, mine], [*right, yours]))


def _ways(amounts: Sequence[Token], count: int, width: int) -> Iterator[list[list[Token]]]:
    """Yield the amounts row by row, then column by column."""
    yield [list(amounts[i * width : (i + 1) * width]) for i in range(count)]
    yield [list(amounts[i::count]) for i in range(count)]


def _tree(rows: Sequence[_Row]) -> list[tuple[int, list[int]]]:
    """Return the rows that have parts, with the places of these; the total has the classes."""
    codes = {row.code: index for index, row in enumerate(rows)}
    parts: dict[int, list[int]] = {}
    for index, row in enumerate(rows):
        above = next((row.code[:size] for size in (5, 3) if size < len(row.code) and row.code[:size] in codes), "")
        if row.code and above in codes:
            parts.setdefault(codes[above], []).append(index)
    return list(parts.items())


def _adds_up(tree: _Tree, shares: Sequence[Sequence[Token]], width: int) -> bool:
    """Whether every sum of the tree holds in every column, and there are some."""
    for index, parts in tree:
        for column in range(width):
            cells = [shares[i][column] if column < len(shares[i]) else None for i in (index, *parts)]
            whole, *values = [_value(t) if t is not None else Decimal(0) for t in cells]
            if abs(whole - sum(values, Decimal(0))) > half_unit(whole) * (len(parts) + 1):
                return False
    return bool(tree)


def _value(token: Token) -> Decimal:
    return token.amount.value if token.amount else Decimal(0)


def _interleaved(rows: list[_Row], early: Sequence[Token], total: _Row | None) -> list[_Row] | None:
    """Return rows of which most have their own amounts behind them.

    Several names in a row share those behind the last; the total takes those in front of all names, and what the row
    above it has too much. Taken where the first amounts of all rows add up.
    """
    runs = list(_runs(rows))
    if len(runs) > 1 and rows[-1] is total and not early:
        runs[-2 if len(runs[-1]) == 1 else -1][-1].amounts, more = _own(rows[-2].amounts)
        early = more
    choices = [list(_locally(run)) for run in runs]
    if not all(choices) or prod(map(len, choices)) > _WAYS:
        return None
    for way in product(*choices):
        shared = [row for run in way for row in run]
        if total is not None:
            at = rows.index(total)
            both = sorted([*shared[at].amounts, *early], key=lambda t: -_value(t))
            rest = [t for t in [*early, *shared[at].amounts] if t is not both[0]] if both else []
            shared[at] = replace(shared[at], amounts=[*both[:1], *rest])
        if all(r.amounts for r in shared) and _adds_up(_tree(shared), [r.amounts for r in shared], 1):
            return shared
    return None


def _runs(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Yield names that stand together in front of amounts."""
    run: list[_Row] = []
    for row in rows:
        run.append(row)
        if row.amounts:
            yield run
            run = []
    if run:
        yield run


def _own(amounts: Sequence[Token]) -> tuple[list[Token], list[Token]]:
    """Part the amounts of a row, the first as much as the others together, from what follows them."""
    for end in range(2, len(amounts)):
        if _value(amounts[0]) == sum((_value(t) for t in amounts[1:end]), Decimal(0)):
            return list(amounts[:end]), list(amounts[end:])
    return list(amounts), []


def _locally(run: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Yield the ways in which names in a row share the amounts behind the last of them."""
    amounts = run[-1].amounts
    width, rest = divmod(len(amounts), len(run))
    if len(run) == 1:
        yield list(run)
    elif width and not rest:
        for share in _ways(amounts, len(run), width):
            yield [replace(row, amounts=part) for row, part in zip(run, share, strict=True)]
