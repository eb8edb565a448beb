"""Tables that can be read in several ways, of which what stands beside them allows one only.

``8.53 1.53 7 7`` under 合计 因公出国 公务接待 公务用车(小计 购置 运行) adds up in four ways. Where the text says that
guests cost 1.53, or the items of basic expenditure do, three of them are none.
"""

from collections.abc import Sequence
from dataclasses import replace

from . import assemble
from .checks import check
from .normalize import Line
from .readers.draft import Draft
from .readers.tokens import Token
from .records import Table
from .specs import Catalogue

_BESIDE = frozenset({"basic_expenditure", "n_three_public"})
_TOLD = ", then what the text and other tables say"


def told(text: Sequence[Line], drafts: Sequence[Draft], spoken: Sequence[Table], catalogue: Catalogue) -> list[Draft]:
    """Return the drafts, each in a way that violates no identity with what stands beside it, if others do.

    Where several are left, what is the same in all of them is sure.
    """
    if not any(draft.ways for draft in drafts):
        return list(drafts)
    beside = [assemble.table(text, draft) for draft in drafts if draft.spec.id in _BESIDE]
    beside += [table for table in spoken if table.id in _BESIDE]
    return [_told(text, draft, beside, catalogue) if draft.ways and beside else draft for draft in drafts]


def _told(text: Sequence[Line], draft: Draft, beside: Sequence[Table], catalogue: Catalogue) -> Draft:
    fit = [way for way in draft.ways if not _violated(assemble.table(text, way), beside, catalogue)]
    if len(fit) in (0, len(draft.ways)) or len({len(way.rows) for way in (draft, *fit)}) > 1:
        return draft
    here = _items(draft)
    way = next((way for way in fit if _items(way) == here), fit[0])
    doubt = next((row.doubt for row in draft.rows if row.doubt), "")
    places = zip(way.rows, *map(_items, fit), strict=True)
    rows = tuple(replace(row, doubt=row.doubt or (doubt if len(set(told)) > 1 else "")) for row, *told in places)
    return replace(way, rows=rows, steps=draft.steps, why=draft.why + _TOLD)


def _items(draft: Draft) -> list[tuple[Token, ...]]:
    """Return the numbers of each row."""
    return [tuple(row.items) for row in draft.rows]


def _violated(table: Table, beside: Sequence[Table], catalogue: Catalogue) -> bool:
    """Whether an identity that a table is part of, beside its own, is violated."""
    outcomes = check([table, *beside], catalogue).outcomes
    mine = ((i, o) for i, o in outcomes if any(ref.frame == 0 for ref in i.refs))
    return any(o.verdict == "violated" and not i.soft for i, o in mine)
