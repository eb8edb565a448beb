"""The constraint model: numbers and columns as booleans, identities as linear constraints that may be broken."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from extractor.amount import decimals_of, half_unit
from extractor.identities import Frame, Instance, Ref

_LARGEST = 2**61  # what a sum may be: the solver counts in 64 bits


@dataclass(frozen=True, slots=True)
class Choice:
    """A row whose numbers have several possible columns.

    Attributes:
        frame: Index of its table.
        row: Index in the table.
        values: Its numbers in printed order; None for a dash, which takes a column without a number.
        domains: For each of them, the possible columns, as indexes in ascending order.
        columns: Column ids of the table.
        home: For each of them, where a grid prints it; None in free text. Leaving it is the last resort.
        costs: For each column, how unusual it is; decides only which of the best readings is named first.
    """

    frame: int
    row: int
    values: tuple[Decimal | None, ...]
    domains: tuple[tuple[int, ...], ...]
    columns: tuple[str, ...]
    home: tuple[int, ...] | None
    costs: tuple[int, ...]

    def loose(self) -> Iterator[tuple[int, int]]:
        """Yield every number that isn't determined with each of its possible columns."""
        for position, domain in enumerate(self.domains):
            if len(domain) > 1:
                yield from ((position, column) for column in domain)


@dataclass(slots=True)
class Model:
    """CP-SAT model with what is needed to query it again."""

    model: Any
    variables: list[dict[tuple[int, int], Any]]
    within: list[Any] = field(default_factory=list)
    across: list[Any] = field(default_factory=list)
    soft: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Problem:
    """Choices that hang together, the constants around them, and the identities between."""

    choices: tuple[Choice, ...]
    fixed: Mapping[Ref, Decimal]
    instances: tuple[Instance, ...]
    frames: Sequence[Frame]


class Term(NamedTuple):
    """A number that stands in a sum if it has a certain column: ``place`` is its choice, its position, the column."""

    place: tuple[int, int, int]
    amount: int
    room: int
    shows: bool


@dataclass(slots=True)
class Linear:
    """An identity in whole numbers: a sum of terms is 0, at most 0, or 0 within as much room as they leave.

    Attributes:
        instance: The identity.
        relation: How the sum stands to 0.
        shown: It holds only where a term is there that ``shows``; not needed where the side is printed anyway.
        amount: What is certain of the sum.
        room: What is certain of the room.
        terms: What depends on columns.
    """

    instance: Instance
    relation: Literal["exact", "at-most", "within"]
    shown: bool = False
    amount: int = 0
    room: int = 0
    terms: list[Term] = field(default_factory=list)

    @property
    def countable(self) -> bool:
        """Whether the solver, which counts in 64 bits, can tell how large the sum may be."""
        return abs(self.amount) + self.room + sum(abs(t.amount) + t.room for t in self.terms) < _LARGEST


def linear(problem: Problem) -> Sequence[Linear]:
    """Return the identities of a problem in whole numbers."""
    cells: dict[Ref, list[tuple[tuple[int, int, int], Decimal]]] = {}
    for number, choice in enumerate(problem.choices):
        for position, column in choice.loose():
            value = choice.values[position]
            if value is not None:
                ref = Ref(choice.frame, choice.row, choice.columns[column])
                cells.setdefault(ref, []).append(((number, position, column), value))
    refs = {ref for instance in problem.instances for ref in instance.refs}
    values = [problem.fixed[ref] for ref in refs if ref in problem.fixed]
    values += [v for c in problem.choices for v in c.values if v is not None]
    # Half a unit of the last printed place is one step: every amount and tolerance is then a whole number.
    places = [-frame.decimals for frame in problem.frames]
    step = Decimal(5).scaleb(min([*(-decimals_of(v) for v in values), *places, 0]) - 1)
    steps = _Steps(problem.frames, step)
    return [_linear(instance, problem, cells, steps) for instance in problem.instances]


class _Steps:
    """Numbers in whole steps, each reckoned once however many identities it is in."""

    def __init__(self, frames: Sequence[Frame], step: Decimal) -> None:
        self._frames, self._step = frames, step
        self._known: dict[tuple[int, int], tuple[int, int]] = {}

    def of(self, frame: int, value: Decimal) -> tuple[int, int]:
        """Return a number of a table and half a unit of its last place, in steps."""
        key = frame, id(value)
        known = self._known.get(key)
        if known is None:
            scale, decimals = self._frames[frame].scale, self._frames[frame].decimals
            room = int(half_unit(value, decimals) * scale / self._step)
            known = self._known[key] = int(value * scale / self._step), room
        return known


def _linear(
    instance: Instance, problem: Problem, cells: Mapping[Ref, Sequence[tuple[tuple[int, int, int], Decimal]]],
    steps: _Steps,
) -> Linear:  # fmt: skip
    exact = instance.relation == "same" and len(instance.left) == len(instance.right) == 1
    made = Linear(instance, "at-most" if instance.relation == "at-most" else "exact" if exact else "within")
    printed, rounded = False, made.relation == "within"
    for side, sign, refs in (("left", 1, instance.left), ("right", -1, instance.right)):
        asked = side == instance.optional
        for ref in refs:
            value = problem.fixed.get(ref)
            if value is not None:
                amount, room = steps.of(ref.frame, value)
                made.amount += sign * amount
                made.room += room if rounded else 0
                printed = printed or asked
                continue
            for place, value in cells.get(ref, ()):
                amount, room = steps.of(ref.frame, value)
                made.terms.append(Term(place, sign * amount, room if rounded else 0, asked))
    made.shown = instance.optional is not None and not printed
    return made


def build(cp_model: Any, problem: Problem, identities: Sequence[Linear]) -> Model:
    """Turn a problem into a CP-SAT model: one boolean per number and column, one per identity that may be broken."""
    model = cp_model.CpModel()
    variables = [{pair: model.new_bool_var("") for pair in choice.loose()} for choice in problem.choices]
    for choice, row in zip(problem.choices, variables, strict=True):
        _in_order(cp_model, model, choice, row)
    built = Model(model, variables)
    for identity in identities:
        _constrain(cp_model, built, identity)
    return built


def _in_order(cp_model: Any, model: Any, choice: Choice, row: Mapping[tuple[int, int], Any]) -> None:
    """Each number has one column, and the columns go up as the numbers do."""
    places: list[Any] = []
    for position, domain in enumerate(choice.domains):
        if len(domain) == 1:
            places.append(domain[0])
            continue
        here = [row[position, column] for column in domain]
        model.add_exactly_one(here)
        places.append(cp_model.LinearExpr.weighted_sum(here, domain))
    for position in range(len(places) - 1):
        left, right = choice.domains[position], choice.domains[position + 1]
        if (len(left) > 1 or len(right) > 1) and left[-1] >= right[0]:
            model.add(places[position] + 1 <= places[position + 1])


def _constrain(cp_model: Any, built: Model, identity: Linear) -> None:
    model, instance = built.model, identity.instance
    booleans = [built.variables[choice][position, column] for (choice, position, column), *_ in identity.terms]
    broken = model.new_bool_var("")
    holds = [~broken]
    if identity.shown:
        if not any(term.shows for term in identity.terms):
            return  # that side can't be there
        some = model.new_bool_var("")
        model.add_max_equality(some, [b for b, t in zip(booleans, identity.terms, strict=True) if t.shows])
        holds.append(some)
    inside = len({ref.frame for ref in instance.refs}) == 1
    (built.soft if instance.soft else built.within if inside else built.across).append(broken)
    terms = list(zip(booleans, identity.terms, strict=True))
    amounts = [(boolean, term.amount) for boolean, term in terms if term.amount]
    weighted = cp_model.LinearExpr.weighted_sum
    if identity.relation != "within":
        value = weighted(*_apart(amounts)) + identity.amount
        model.add(value == 0 if identity.relation == "exact" else value <= 0).only_enforce_if(holds)
        return
    rooms = [(boolean, term.room) for boolean, term in terms if term.room]
    low = weighted(*_apart([*amounts, *((b, -room) for b, room in rooms)])) + (identity.amount - identity.room)
    high = weighted(*_apart([*amounts, *rooms])) + (identity.amount + identity.room)
    model.add(low <= 0).only_enforce_if(holds)
    model.add(high >= 0).only_enforce_if(holds)


def _apart(pairs: Sequence[tuple[Any, int]]) -> tuple[list[Any], list[int]]:
    return [boolean for boolean, _ in pairs], [amount for _, amount in pairs]
