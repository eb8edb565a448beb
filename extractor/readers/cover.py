"""Header cover: which columns a header names, when every piece of it has to be explained.

Offices print fewer columns than the first layout of a table, or more. A header then counts only if all of its pieces
are names of columns, words of headers, or fragments that make up such names line below line.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from extractor.normalize import squeeze
from extractor.specs import Column, TableSpec

from .body import Body
from .heads import change_column
from .labels import HEADER_WORDS, undated
from .ordinals import two_classifications
from .tokens import split_header

_MOST = 1_000  # pieces of a header
_KEPT = 1_000  # characters of a header that is kept
_PIECES = 5  # a name is wrapped onto at most so many lines
_LEFT = 2  # characters of a header that may stay unexplained
_NAME = "科目名称"
_BY_LENGTH = sorted(HEADER_WORDS, key=len, reverse=True)
_CHANGE = re.compile(r"^(?!.*(?:原因|说明)$).*(?:增减|增长|变动|变化)")
_LEAVES = frozenset({"小计", "合计", "金额"})  # names that say something below the name of a group alone
_GROUPS = frozenset(
    {"预算数", "决算数", "金额", "本年支出", "本年收入", "基本支出"}
)  # names of a column, or of several together


@dataclass(frozen=True, slots=True)
class Cover:
    """What a header names.

    Attributes:
        names: Column ids with the printed name of each, in the spec's order.
        labels: The same, and ``left:ID`` for the name above the left side of a two-sided table.
        left: How many characters nothing explains.
        blocks: How often the columns come beside each other.
        spare: How many characters may stay unexplained; where names come in pieces, each may belong to one.
    """

    names: dict[str, str]
    labels: dict[str, str]
    left: int
    blocks: int = 1
    spare: int = _LEFT

    @property
    def complete(self) -> bool:
        """Whether the header is explained, and names a column."""
        return bool(self.names) and self.left <= self.spare


def cover(body: Body, spec: TableSpec) -> Cover:
    """Explain a header piece by piece: whole names first, then names put together from fragments.

    A piece may be a word of headers or a fragment of a name; the reading that explains more is taken.
    """
    texts = tuple([line.text for line in body.header_lines])
    explained = _explained if len(body.header) <= _KEPT else _explained.__wrapped__
    return explained(texts, body.header, spec, fragments=body.fragments)


@lru_cache(maxsize=1024)
def _explained(lines: tuple[str, ...], header: str, spec: TableSpec, *, fragments: bool) -> Cover:
    """Explain a header; kept, as documents of an office, and the layouts of a table, share their headers."""
    pieces = [p for line in lines for p in split_header(line) if undated(p) and not p.isdigit() and p != "※"]
    if len(pieces) > _MOST:
        return Cover({}, {}, sum(map(len, pieces)), 1)
    side = (spec.left_column,) if spec.left_column else ()
    columns = (*side, *spec.columns, *spec.more)
    blocks = 1 if two_classifications(header) else max(1, "".join(pieces).count(_NAME))
    whole: dict[str, str] = {}
    printed = set(pieces)
    pieces = _longer(pieces, columns, whole)
    rest = [_of_group(p, whole) for p in _whole(pieces, columns, whole, blocks)]
    words_first = _put_together([p for p in rest if p not in HEADER_WORDS], columns, whole)
    names_first = _put_together(rest, columns, whole)
    found, left = min(words_first, names_first, key=lambda f: (sum(map(len, f[1])), -len(f[0])))
    found = found | {c.id: c.names[0] for c in columns if c.canonical and c.id in found}
    for column in columns:  # 合计 below 基本支出 is what is printed, not 基本支出合计
        name = found.get(column.id, "")
        leaf = name.removeprefix(column.under) if column.group and column.under else ""
        found = found | {column.id: leaf} if leaf in _LEAVES and leaf != name and name not in printed else found
    names = {c.id: found[c.id] for c in (*spec.columns, *spec.more) if c.id in found}
    size, spare = sum(len(p) for p in left), 0 if fragments else _LEFT
    # What isn't explained may be the rest of a name of which a piece was taken for that of the left side.
    told = names if fragments and size > spare else found
    return Cover(names, told, size, blocks, spare)


def _lengthened(found: dict[str, str], left: list[str], columns: Sequence[Column]) -> tuple[dict[str, str], list[str]]:
    """Take the longer one of two names of a column where pieces that are no words make up the rest of it."""
    pieces = [p for p in left if p not in HEADER_WORDS]
    for column in columns if left else ():
        name = found.get(column.id, "")
        for longer in sorted(column.plain, key=len, reverse=True):
            more = longer.removeprefix(name) if name and longer.startswith(name) else ""
            rest = _composed(pieces, more) if len(more) > _LEFT else None
            if rest is not None:
                used = Counter(pieces) - Counter(rest)
                found = found | {column.id: longer}
                left = [p for p in left if not _taken(p, used)]
                pieces = [p for p in left if p not in HEADER_WORDS]
                break
    return found, left


def _taken(piece: str, used: Counter[str]) -> bool:
    """Whether a piece is one of those used, which is then taken from them."""
    taken = used[piece] > 0
    used[piece] -= taken
    return taken


def in_their_groups(body: Body, spec: TableSpec) -> TableSpec:
    """Return a spec without what columns are named below a group, such as 小计, where the header doesn't print it."""
    groups = {c.under for c in (*spec.columns, *spec.more) if c.under}
    header = squeeze("".join(line.text for line in body.header_lines)) if groups else ""
    lost = frozenset(g for g in groups if not re.search(f"(?<!预算){re.escape(g)}", header))
    return _without_leaves(spec, lost) if lost else spec


@lru_cache(maxsize=128)
def _without_leaves(spec: TableSpec, lost: frozenset[str]) -> TableSpec:
    def bare(column: Column) -> Column:
        if column.under not in lost or column.id in _LEAVES:  # 小计 is another word for 合计
            return column
        return column.model_copy(update={"aliases": tuple(a for a in column.aliases if a not in _LEAVES)})

    columns, more = tuple(map(bare, spec.columns)), tuple(map(bare, spec.more))
    return spec.model_copy(update={"columns": columns, "more": more})


def in_blocks(named: Cover, spec: TableSpec) -> Cover:
    """Return what a block of several names: one amount, under whichever name it is printed; other names are groups."""
    first = spec.columns[0]
    printed = next((n for n in map(squeeze, first.names) if n in named.labels.values()), first.id)
    return Cover({first.id: printed}, {first.id: printed}, 0, named.blocks)


def _put_together(
    pieces: list[str], columns: Sequence[Column], whole: dict[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Put names together from fragments, longest first; return all names and the pieces that are left."""
    if not pieces:
        return dict(whole), pieces
    found, left = dict(whole), pieces
    # Few names begin as any piece does and have no other characters.
    begins, chars = {p[0] for p in pieces}, set().union(*pieces)
    for column in sorted(columns, key=lambda c: -max(map(len, c.plain))):
        for name in sorted(column.plain, key=len, reverse=True):
            able = column.id not in found and name[:1] in begins and chars.issuperset(name)
            rest = _composed(left, name) if able else None
            if rest is not None:
                found[column.id], left = name.removeprefix("其中").removeprefix(":"), rest
    found, left = _lengthened(found, left, columns)
    for word in [w for w in _BY_LENGTH if w[0] in begins and chars.issuperset(w)]:
        while left and (rest := _composed(left, word)) is not None:
            left = rest
    return found, left


def _longer(pieces: list[str], columns: Sequence[Column], found: dict[str, str]) -> list[str]:
    """Put names together that end, or begin, in another of their column: 事业单位 above 经营收入, 预算 above 数."""
    for column in columns:
        names = column.plain
        for name in names:
            tails = [n for n in names if n != name and name.endswith(n) and n in pieces]
            tails = [n for n in tails if name.removesuffix(n) not in HEADER_WORDS]  # a group above several names
            tails += [n for n in pieces if n in names and len(name) - len(n) == 1 and name.startswith(n)]
            rest = _composed(pieces, name) if tails and name not in pieces and column.id not in found else None
            if rest is not None:
                found[column.id], pieces = name, rest
    return pieces


def _whole(pieces: Iterable[str], columns: Sequence[Column], found: dict[str, str], blocks: int) -> list[str]:
    """Take the pieces that are whole names, a column's own name before another's alias; return the rest."""
    left, seen = [], dict[str, int]()
    for printed in pieces:
        piece = undated(printed)
        own = next((c for c in columns if c.id not in found and c.plain[0] == piece), None)
        named = own or next((c for c in columns if c.id not in found and piece in c.plain[1:]), None)
        if named is not None:
            found[named.id] = printed.removeprefix("其中").removeprefix(":")
            seen[piece] = 1
        elif 0 < seen.get(piece, 0) < blocks:
            seen[piece] += 1  # the header of the block beside it
        elif group := next((c for c in columns if _is_leaf(piece, c, found)), None):
            found[group.id] = printed
        elif change := next((c for c in columns if c.id not in found and c.id == _change(piece)), None):
            found[change.id] = printed
        else:
            left.append(printed)
    return left


def _change(piece: str) -> str:
    """Return the column that a name such as 比上年增减 stands for, or "": offices call it as they like."""
    return change_column(piece) if _CHANGE.search(piece) else ""


def _of_group(piece: str, found: dict[str, str]) -> str:
    """Return a piece without its year; with it where a column of another year has the same name."""
    return piece if undated(piece) in map(undated, found.values()) else undated(piece)


def _is_leaf(piece: str, column: Column, found: dict[str, str]) -> bool:
    """Whether a piece names a column once more, below the heading of a group that was taken for its name."""
    if column.id not in found or piece not in column.plain:
        return False
    above = undated(found[column.id])
    return above in _GROUPS and piece != above


def _composed(pieces: Sequence[str], name: str) -> list[str] | None:
    """Return the pieces without those that make up a name in their order, or None if they don't."""
    parts = [(index, piece) for index, piece in enumerate(pieces) if piece in name]
    able = any(name.startswith(piece) for _, piece in parts) and any(name.endswith(piece) for _, piece in parts)
    used = _search(parts, name, 0, (), {}) if able else None
    return None if used is None else [p for i, p in enumerate(pieces) if i not in used]


def _search(
    parts: Sequence[tuple[int, str]], name: str, first: int, used: tuple[int, ...], failed: dict[tuple[int, int], int]
) -> tuple[int, ...] | None:
    """Return the first pieces that make up a name; ``failed``: from where on they don't, by what is left and taken."""
    if not name:
        return used
    key = len(name), len(used)
    if len(used) == _PIECES or first >= failed.get(key, len(parts)):
        return None
    for at in range(first, len(parts)):
        index, piece = parts[at]
        if name.startswith(piece):
            found = _search(parts, name[len(piece) :], at + 1, (*used, index), failed)
            if found is not None:
                return found
    failed[key] = first
    return None
