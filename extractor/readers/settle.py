"""Settles the columns of all tables of a disclosure together: within the tables first, then across them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from extractor.generic import PREFIX
from extractor.identities import Frame, Instance, Ref, evaluate, instances, within
from extractor.specs import Catalogue, TableSpec

from .columns import Layout
from .constraints import Choice
from .cpsat import Work
from .draft import Draft, narrow
from .header import moved_to_the_end
from .solve import Solution, Solved, solve

_WIDE, _ROWS = 4, 2  # amounts of a row, and such rows, whose sums tell the order of columns
_NEAR_RATE = Decimal("0.5")  # rates may be rounded to whole percents


def settle(
    drafts: list[Draft], layouts: Mapping[str, Layout], catalogue: Catalogue, effort: tuple[Work, Work]
) -> list[Draft]:
    """Settle the columns; where a header prints them in another order than the spec, find out which is right.

    The order under which fewer identities are violated is. Where both do as well, the printed one is preferred
    (unless one name just slipped to the end of its line, as happens on the way to text), and every cell on which
    they differ is ambiguous. So it is where the work, ``effort``, doesn't suffice to find out.
    """
    solved = Solved(work=effort[0])
    trials = Solved(solved.known, effort[1])
    brief = replace(trials, brief=True)
    rules: _Rules = {}
    settled = settle_choices(drafts, catalogue, solved, rules)
    stands: tuple[int, int] | None = None  # what the settled reading violates
    for number, draft in enumerate(drafts):
        printed = layouts[draft.spec.id].printed if draft.spec.shape != "wide" else draft.columns
        if printed == draft.columns:
            continue
        trial = [*drafts[:number], narrow(replace(draft, columns=printed, other=printed)), *drafts[number + 1 :]]
        turned = settle_choices(trial, catalogue, brief)
        stands = spec_hard, spec_soft = stands or _violations(settled, catalogue, rules)
        hard, soft = _violations(turned, catalogue, rules)
        sure = (hard != spec_hard or abs(soft - spec_soft) > 1) and trials.work.left > 0
        slipped = moved_to_the_end(draft.columns, printed)
        take = (hard, soft) < (spec_hard, spec_soft) if sure else not slipped
        drafts = trial if take else drafts
        settled, stands = (settle_choices(trial, catalogue, trials), None) if take else (settled, stands)
        if not sure:
            other = draft.columns if take else printed
            drafts = [*drafts[:number], replace(drafts[number], other=other), *drafts[number + 1 :]]
            settled = [*settled[:number], replace(settled[number], other=other), *settled[number + 1 :]]
    return [_rates(_turned(draft)) for draft in settled]


def _turned(draft: Draft) -> Draft:
    """Leave open which column is which where every row that prints the most amounts breaks the sum along it.

    In text without cells their order is that of the header's words; the shorter rows may add up in another one too.
    """
    widest = max((len(row.items) for row in draft.rows), default=0)
    wide = {i for i, row in enumerate(draft.rows) if len(row.items) == widest}
    if draft.body.grid or draft.spec.shape != "coded" or widest < _WIDE or len(wide) < _ROWS:
        return draft
    frame, values = draft.frame(), draft.chosen(0)
    along = [i for i in within(0, frame, draft.spec) if len({ref.row for ref in i.refs}) == 1 and not i.soft]
    broken = {i.refs[0].row for i in along if evaluate(i, [frame], values).verdict == "violated"}
    first, *rest = draft.columns
    return replace(draft, other=(first, *rest[1:], rest[0])) if wide <= broken else draft


_Rules = dict[tuple[frozenset[str], ...], list[Instance]]  # they are the same in every order of the columns


def _violations(drafts: Sequence[Draft], catalogue: Catalogue, rules: _Rules) -> tuple[int, int]:
    """Count the hard and the soft identities that the preferred reading violates."""
    frames = [d.frame() for d in drafts]
    values = {ref: value for number, draft in enumerate(drafts) for ref, value in draft.chosen(number).items()}
    key = _columns(frames)
    if key not in rules:
        rules[key], _ = instances(frames, _specs(drafts, catalogue), catalogue.cross)
    broken = [i for i in rules[key] if evaluate(i, frames, values).verdict == "violated"]
    return sum(not i.soft for i in broken), sum(i.soft for i in broken)


def _columns(frames: Sequence[Frame]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(frame.columns) for frame in frames)


def _specs(drafts: Sequence[Draft], catalogue: Catalogue) -> Mapping[str, TableSpec]:
    """Return all specs by frame, those made for tables that the catalogue doesn't know among them."""
    return {**catalogue.by_id, **{d.spec.id: d.spec for d in drafts if d.spec.id.startswith(PREFIX)}}


def settle_choices(
    drafts: Sequence[Draft], catalogue: Catalogue, solved: Solved | None = None, rules: _Rules | None = None
) -> list[Draft]:
    """Settle every number that has several columns left: within the tables first, then across them.

    The identities of these tables are left in ``rules``, if it is given.
    """
    choices: list[Choice] = []
    fixed: dict[Ref, Decimal] = {}
    for number, draft in enumerate(drafts):
        costs = _costs(draft)
        for row, domain in enumerate(draft.domains):
            if any(len(d) > 1 for d in domain):
                values, home = draft.values(row), draft.home[row]
                choices.append(Choice(number, row, values, domain, draft.columns, home, costs))
            else:
                fixed.update(draft.fixed(number, row))
    if not choices:
        return list(drafts)
    frames = [d.frame() for d in drafts]
    found, _ = instances(frames, _specs(drafts, catalogue), catalogue.cross)
    if rules is not None:
        rules[_columns(frames)] = found
    solutions = solve(choices, fixed, _telling(found, frames, fixed, choices), frames, solved=solved)
    by_place = {(c.frame, c.row): s for c, s in zip(choices, solutions, strict=True)}
    return [_zeros(_settled(number, draft, by_place)) for number, draft in enumerate(drafts)]


def _telling(
    found: Sequence[Instance], frames: Sequence[Frame], fixed: Mapping[Ref, Decimal], choices: Sequence[Choice]
) -> list[Instance]:
    """Return the identities without those between tables that rest on an empty cell which breaks a sum of its table.

    There a number may have gone to another row, so that nothing stands where something is printed.
    """
    open_ = {(c.frame, c.row) for c in choices}
    bare = {
        i: where
        for i in found
        if len({r.frame for r in i.refs}) > 1
        and any((r.frame, r.row) in open_ for r in i.refs)
        and (where := {r for r in i.refs if r not in fixed and (r.frame, r.row) not in open_})
    }
    asked = set().union(*bare.values())
    broken = {
        ref
        for i in (found if asked else ())
        if not i.soft and not asked.isdisjoint(i.refs) and len({r.frame for r in i.refs}) == 1
        and not any((r.frame, r.row) in open_ for r in i.refs)
        and evaluate(i, frames, fixed).verdict == "violated"
        for ref in i.refs
    }  # fmt: skip
    return [i for i in found if i not in bare or bare[i].isdisjoint(broken)] if broken else list(found)


def _zeros(draft: Draft) -> Draft:
    """Put zeros where the table prints its numbers, if every row prints as many and the settled ones agree.

    No sum says anything about a zero; a table that prints as many cells in every row prints the same ones.
    """
    wide = [i for i, row in enumerate(draft.rows) if len(row.items) > 1]
    if not wide or len({len(draft.rows[i].items) for i in wide}) != 1:
        return draft
    sure = [tuple(d[0] for d in draft.domains[i]) for i in wide if all(len(d) == 1 for d in draft.domains[i])]
    if len(sure) < 2 or len(set(sure)) != 1:
        return draft
    domains, best = list(draft.domains), list(draft.best)
    for i in wide:
        zero = [v == 0 for v in draft.values(i)]
        fixed = [(c,) if z and c in d else d for z, c, d in zip(zero, sure[0], domains[i], strict=True)]
        chosen = [c if z and c in d else b for z, c, d, b in zip(zero, sure[0], domains[i], best[i], strict=True)]
        if all(a < b for a, b in pairwise(chosen)):
            domains[i], best[i] = tuple(fixed), tuple(chosen)
    return replace(draft, domains=tuple(domains), best=tuple(best))


def _rates(draft: Draft) -> Draft:
    """Leave open where numbers stand that could only be rates, and are none of the amounts before them.

    Or of the one number of a row: there is no amount to go with it.
    """
    if draft.body.grid or not any(c.endswith("%") for c in draft.columns):
        return draft
    every = tuple(range(len(draft.columns)))
    domains = list(draft.domains)
    for i, d in enumerate(domains):
        last = d[-1] if d else ()
        if len(last) != 1 or not draft.columns[last[0]].endswith("%"):
            continue
        if len(d) == 1:
            domains[i] = (every,)
        elif len(d) < len(every) and not _is_rate(draft.values(i)):
            domains[i] = (*d[:-1], every[min(d[-2]) + 1 : last[0] + 1])
    return replace(draft, domains=tuple(domains))


def _is_rate(values: Sequence[Decimal | None]) -> bool:
    """Whether the last number is what one of two amounts before it is of the other, or how much more, in percent."""
    *amounts, rate = values
    shares = [100 * a / b for a in amounts for b in amounts if b and a is not None]
    return rate is None or any(min(abs(rate - share), abs(rate - share + 100)) <= _NEAR_RATE for share in shares)


def _settled(number: int, draft: Draft, solutions: Mapping[tuple[int, int], Solution]) -> Draft:
    here = {row: s for (frame, row), s in solutions.items() if frame == number}
    if not here:
        return draft
    domains = list(draft.domains)
    best = list(draft.best)
    for row, solution in here.items():
        possible, home = solution.possible, draft.home[row]
        best[row] = solution.best
        if home is not None and not solution.clean:
            # Something is wrong here whatever stands where: the printed place stays, the other is a possibility.
            best[row] = home
            possible = tuple(p | {h, b} for p, h, b in zip(possible, home, solution.best, strict=True))
        domains[row] = tuple(tuple(sorted(p)) for p in possible)
    return replace(draft, domains=tuple(domains), best=tuple(best), why=draft.why + ", then of the other tables")


def _costs(draft: Draft) -> tuple[int, ...]:
    """How unusual each column is: printed order, those that offices use most first."""
    usual = {c.id for c in (*draft.spec.columns, *draft.spec.more) if c.usual}
    return tuple(i + (100 if usual and c not in usual else 0) for i, c in enumerate(draft.columns))
