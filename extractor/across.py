"""From a rule over several tables, or over prose, to its instances: one for each code, row or form that it names."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from .instance import Frame, Instance, Quotient, Ref, Relation
from .rules import FORM, LEVELS, Term, parse, selector
from .specs import CrossSpec
from .wording import names


@dataclass(frozen=True, slots=True)
class Place:
    """A frame with its rows by role and by the code that a row of prose stands for, and the columns that are there."""

    index: int
    frame: Frame
    roles: Mapping[str, tuple[int, ...]]
    codes: Mapping[str, tuple[int, ...]]
    columns: frozenset[str]
    chosen: dict[str, Sequence[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, index: int, frame: Frame) -> "Place":
        """Index the rows of a frame."""
        roles: dict[str, tuple[int, ...]] = {}
        codes: dict[str, tuple[int, ...]] = {}
        for number, row in enumerate(frame.rows):
            # Prose that says a thing twice says one thing; two rows of a table are two amounts.
            if row.role is not None and not (frame.gaps and row.role in roles):
                roles[row.role] = (*roles.get(row.role, ()), number)
                code = row.code if frame.gaps else row.role
                if code is not None and code.isdigit():
                    codes[code] = (*codes.get(code, ()), number)
        texts = [column for row in frame.rows for column, _ in row.texts if row.text(column)]
        return cls(index, frame, roles, codes, frozenset((*frame.columns, *texts)))

    def fitting(self, pattern: str) -> Sequence[int]:
        """Return the rows that a pattern names; found once, as many rules have it."""
        found = self.chosen.get(pattern)
        if found is None:
            selected = selector(pattern)
            rows = () if selected.plain and pattern not in self.roles else self.frame.rows
            found = self.chosen[pattern] = [n for n, row in enumerate(rows) if selected.fits(row)]
        return found

    def has(self, column: str) -> bool:
        """Whether there is such a column, of numbers or of text; a table declared empty has every column."""
        return column in self.columns or self.frame.empty or not column


class _Binding(NamedTuple):
    """What a variable stands for: a code, or a row by its frame, number and role."""

    variable: str
    role: str
    frame: int | None = None
    row: int | None = None


_Here = Mapping[str, Sequence[Place]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule taken apart.

    Attributes:
        spec: Its spec.
        terms: The terms of it and of its conditions that are cells.
        asked: Those of them that have to be there.
        variable: What stands for a code or a row in it.
        of_forms: It names the project of a form.
        limited: It is one of some kinds or layouts of tables alone.
    """

    spec: CrossSpec
    terms: Sequence[Term]
    asked: Sequence[Term]
    variable: str | None
    of_forms: bool
    limited: bool

    @classmethod
    def of(cls, spec: CrossSpec) -> "Rule":
        """Take a rule apart."""
        rules = (parse(one) for one in (spec.rule, *spec.where))
        terms = [t for left, _, right in rules for t in left + right if not t.numbers]
        asked = [t for t in terms if not (t.below and spec.unless_empty == "right")]  # a whole needn't be said
        variable = next((v for t in terms if (v := t.each) and v != FORM), None)
        of_forms = any(FORM in text for text in (spec.rule, *spec.where))
        return cls(spec, terms, asked, variable, of_forms, bool(spec.kind or spec.layout))


@lru_cache(maxsize=256)
def able(cross: tuple[CrossSpec, ...], tables: frozenset[str]) -> tuple[tuple[Rule, ...], Mapping[str, int]]:
    """Return the rules of which all tables are there that they are about, and none that they aren't meant for.

    Returns:
        These rules, and how often each identity is among the others.
    """
    rules = [Rule.of(spec) for spec in cross]
    fit = [tables.issuperset(t.table for t in r.terms) and tables.isdisjoint(r.spec.unless) for r in rules]
    others = Counter(r.spec.id for r, fits in zip(rules, fit, strict=True) if not fits)
    return tuple(r for r, fits in zip(rules, fit, strict=True) if fits), others


def across(rule: Rule, here: _Here) -> Iterator[Instance]:
    """Yield the instances of a rule among the tables of one disclosure; all that it is about are there."""
    spec, terms = rule.spec, rule.terms
    if spec.given and not _given(spec, here):
        return
    for term in rule.asked:
        if not any(place.has(term.column) for place in here[term.table]):
            return
    sides = parse(spec.rule)
    for places in _choices(terms, here):
        if rule.limited and not _meant(spec, [place.frame for chosen in places.values() for place in chosen]):
            continue
        named = (p.frame.name for ps in places.values() for p in ps if p.frame.name and len(ps) == 1)
        form = next(named, "") if rule.of_forms else ""
        for binding in _bindings(rule.variable, terms, places, shared=spec.shared):
            made = _instance(spec, sides, places, binding, form)
            if made is not None:
                yield made


def _given(spec: CrossSpec, here: _Here) -> bool:
    """Whether the document says what the rule depends on, such as that there is no such money."""
    return all(any(_empty(place.frame) for place in here.get(t, ())) for t in spec.given)


def _meant(spec: CrossSpec, frames: Sequence[Frame]) -> bool:
    """Whether an identity is one of tables of this kind and layout; prose has neither."""
    frames = [frame for frame in frames if not frame.gaps]
    if spec.kind and any(frame.final != (spec.kind == "final") for frame in frames):
        return False
    if spec.layout == "first":
        return not any(frame.layout for frame in frames)
    return spec.layout is None or any(frame.layout == spec.layout for frame in frames)


def _empty(frame: Frame) -> bool:
    return frame.empty or any(row.text("空表") for row in frame.rows)


def _choices(terms: Sequence[Term], here: _Here) -> Iterator[dict[str, list[Place]]]:
    """Yield the tables to look at: the last of each id, but every form of a project by itself."""
    each = [t.table for t in terms if not t.every and here[t.table][-1].frame.name]
    base = {t.table: [here[t.table][-1]] for t in terms}
    base.update({t.table: list(here[t.table]) for t in terms if t.every})
    for table in dict.fromkeys(each):
        for place in here[table]:
            yield {**base, table: [place]}
    if not each:
        yield base


def _bindings(
    variable: str | None, terms: Sequence[Term], places: Mapping[str, Sequence[Place]], *, shared: bool
) -> Iterator[_Binding | None]:
    if variable is None:
        yield None
    elif variable in LEVELS:
        used = [place for t in terms if t.each == variable for place in places[t.table]]
        yield from (_Binding(variable, code) for code in _codes(variable, used, shared=shared))
    else:
        first = next(t for t in terms if t.each == variable)
        for place in places[first.table]:
            for number in place.fitting(variable[1:-1]):
                role = place.frame.rows[number].role
                if role is not None:
                    yield _Binding(variable, role, place.index, number)


def _codes(variable: str, places: Sequence[Place], *, shared: bool) -> list[str]:
    """Codes printed in any (or all) of the tables, on levels that each of the tables (unless empty) goes down to.

    Prose names some codes only: where there is prose, those that all have.
    """
    per_table = [set(place.codes) for place in places if not place.frame.empty]
    levels = set(LEVELS[variable])
    for codes in per_table:
        levels &= {len(code) for code in codes}
    shared = (shared or any(place.frame.gaps for place in places)) and bool(per_table)
    common = set.intersection(*per_table) if shared else set().union(*per_table)
    return sorted(code for code in common if len(code) in levels)


_Rule = tuple[tuple[Term, ...], Relation, tuple[Term, ...]]


def _instance(
    spec: CrossSpec, rule: _Rule, places: Mapping[str, Sequence[Place]], binding: _Binding | None, form: str
) -> Instance | None:
    sides: list[tuple[Ref, ...]] = []
    constant: Decimal | None = None
    others: tuple[Decimal, ...] = ()
    left, relation, right = rule
    for side in (left, right):
        refs: list[Ref] = []
        for term in side:
            found = _refs(term, places, binding, form)
            if found is None or (term.count and any(text.endswith("等") for text in _lists(term, found, places))):
                return None
            if term.numbers:
                constant, *rest = term.numbers
                others = tuple(rest)
            elif term.count:
                constant = (constant or Decimal(0)) + _count(term, found, places)
            else:
                refs += found
        sides.append(tuple(refs))
    if not (sides[0] or sides[1] or constant is not None) or (
        relation not in ("same", "sum", "at-most") and not sides[0]
    ):
        return None
    where = _where(spec, places, binding, form) if spec.where else ()
    if where is None:
        return None
    quotient = _quotient(right, places, binding, form) if relation == "rate" else None
    right_refs = tuple(dict.fromkeys(sides[1])) if quotient else sides[1]
    return Instance(
        spec.id, relation, sides[0], right_refs, _text(spec, binding, form), spec.soft, spec.unless_empty, constant,
        others, quotient, plugged=spec.plugged, if_equal=spec.if_equal, names=right[0].names, where=where,
        bound=spec.bound,
    )  # fmt: skip


def _quotient(
    terms: Sequence[Term], places: Mapping[str, Sequence[Place]], binding: _Binding | None, form: str
) -> Quotient:
    """Return what stands above the line of a rate, and what below it, one way or another."""
    parts: dict[int, list[tuple[int, Ref]]] = {}
    for term in terms:
        parts.setdefault(term.below, []).extend(
            (-1 if term.minus else 1, ref) for ref in _refs(term, places, binding, form) or ()
        )
    whole, *others = [tuple(parts[n]) for n in sorted(parts) if n]
    return Quotient(tuple(parts.get(0, ())), whole, tuple(others))


def _text(spec: CrossSpec, binding: _Binding | None, form: str) -> str:
    """Return a rule in words: with what its variable stands for."""
    text = " where ".join((spec.rule, *spec.where)) if spec.where else spec.rule
    if binding is not None:
        text = text.replace(binding.variable, binding.role)
    return text.replace(FORM, form) if form else text


def _where(
    spec: CrossSpec, places: Mapping[str, Sequence[Place]], binding: _Binding | None, form: str
) -> tuple[tuple[tuple[Ref, ...], tuple[Ref, ...]], ...] | None:
    """Return the cells of the conditions; None where a row that they need isn't printed."""
    pairs: list[tuple[tuple[Ref, ...], tuple[Ref, ...]]] = []
    for condition in spec.where:
        left, _, right = parse(condition)
        sides = [[_refs(term, places, binding, form) for term in side] for side in (left, right)]
        one, two = (tuple(ref for refs in side for ref in refs or ()) for side in sides)
        if not one or not two:
            return None
        pairs.append((one, two))
    return tuple(pairs)


def _refs(
    term: Term, places: Mapping[str, Sequence[Place]], binding: _Binding | None, form: str
) -> tuple[Ref, ...] | None:
    """Return the cells of a term; None where a row that it needs isn't printed, which is missing input, not 0."""
    if term.numbers:
        return ()
    found: list[Ref] = []
    here = places[term.table]
    for place in here:
        if rows := _rows(term, place, binding, form):
            cells = place.frame.column(place.index, term.column)
            found += [cells[number] for number in rows]
    if found or term.each in LEVELS or all(p.frame.empty for p in here):
        return tuple(found)
    return None


def _rows(term: Term, place: Place, binding: _Binding | None, form: str) -> Sequence[int]:
    each = term.each
    if each is None:
        return place.roles.get(term.row) or place.fitting(term.row)
    if each == FORM:
        name = form
        if term.row.startswith("@"):
            return [n for n, row in enumerate(place.frame.rows) if name and row.name == name]
    elif binding is None:
        return ()
    elif binding.variable in LEVELS:
        return place.codes.get(binding.role, ())
    elif term.row.startswith("@"):
        return [n for n, row in enumerate(place.frame.rows) if row.name == binding.role]
    elif place.index == binding.frame and term.row == each and binding.row is not None:
        return (binding.row,)
    else:
        name = binding.role
    rest = term.row.removeprefix(each)
    if not rest:
        return place.roles.get(name, ())
    head, chosen = name + "/", selector(rest.removeprefix("/"))
    return [
        n
        for role, rows in place.roles.items()
        if role.startswith(head) and chosen.role_fits(role[len(head) :])
        for n in rows
    ]


def _count(term: Term, refs: Sequence[Ref], places: Mapping[str, Sequence[Place]]) -> Decimal:
    """How many rows there are, or how many names a list has."""
    return Decimal(sum(map(len, map(names, _lists(term, refs, places)))) if term.column else len(refs))


def _lists(term: Term, refs: Sequence[Ref], places: Mapping[str, Sequence[Place]]) -> list[str]:
    """Return the lists of names that a term counts; one that ends in 等 may leave some out."""
    frames = {place.index: place.frame for place in places[term.table]} if term.column else {}
    return [frames[r.frame].rows[r.row].text(r.column).rstrip() for r in refs] if term.column else []
