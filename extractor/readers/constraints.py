"""The constraint model: numbers and columns as booleans, identities as linear constraints that may be broken."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from extractor.amount import half_unit
from extractor.identities import Frame, Instance, Ref


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
    """CP-SAT model with what is needed to query it again; ``cells`` are the values each may have, with the boolean."""

    model: Any
    variables: list[dict[tuple[int, int], Any]]
    cells: dict[Ref, list[tuple[Any, Decimal]]] = field(default_factory=dict)
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


def build(cp_model: Any, problem: Problem) -> Model:
    """Turn a problem into a CP-SAT model: one boolean per number and column, one per identity that may be broken."""
    model = cp_model.CpModel()
    variables = [{pair: model.new_bool_var("") for pair in choice.loose()} for choice in problem.choices]
    for choice, row in zip(problem.choices, variables, strict=True):
        _in_order(cp_model, model, choice, row)
    built = Model(model, variables)
    for choice, row in zip(problem.choices, variables, strict=True):
        for (position, column), variable in row.items():
            value = choice.values[position]
            if value is not None:
                ref = Ref(choice.frame, choice.row, choice.columns[column])
                built.cells.setdefault(ref, []).append((variable, value))
    refs = {ref for instance in problem.instances for ref in instance.refs}
    values = [problem.fixed[ref] for ref in refs if ref in problem.fixed]
    values += [v for c in problem.choices for v in c.values if v is not None]
    # Half a unit of the last printed place is one step: every amount and tolerance is then a whole number.
    places = [-frame.decimals for frame in problem.frames]
    step = Decimal(5).scaleb(min([*(_exponent(v) for v in values), *places, 0]) - 1)
    for instance in problem.instances:
        _constrain(cp_model, built, instance, problem, step)
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


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


@dataclass(slots=True)
class _Sum:
    """A linear sum over booleans with a constant."""

    booleans: list[Any] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    constant: int = 0

    def add(self, boolean: Any, amount: int) -> None:
        if boolean is None:
            self.constant += amount
        elif amount:
            self.booleans.append(boolean)
            self.amounts.append(amount)


def _constrain(cp_model: Any, built: Model, instance: Instance, problem: Problem, step: Decimal) -> None:
    model = built.model
    difference, room = _Sum(), _Sum()
    shown: dict[str, list[Any]] = {"left": [], "right": []}
    for side, sign, refs in (("left", 1, instance.left), ("right", -1, instance.right)):
        for ref in refs:
            frame = problem.frames[ref.frame]
            values = [(None, problem.fixed[ref])] if ref in problem.fixed else built.cells.get(ref, [])
            for boolean, value in values:
                difference.add(boolean, sign * int(value * frame.scale / step))
                room.add(boolean, int(half_unit(value, frame.decimals) * frame.scale / step))
                shown[side].append(boolean)
    broken = model.new_bool_var("")
    holds = [~broken]
    if instance.optional and all(boolean is not None for boolean in shown[instance.optional]):
        if not shown[instance.optional]:
            return
        some = model.new_bool_var("")
        model.add_max_equality(some, shown[instance.optional])
        holds.append(some)
    inside = len({ref.frame for ref in instance.refs}) == 1
    (built.soft if instance.soft else built.within if inside else built.across).append(broken)
    exact = instance.relation == "same" and len(instance.left) == len(instance.right) == 1
    weighted = cp_model.LinearExpr.weighted_sum
    if instance.relation == "at-most" or exact:
        value = weighted(difference.booleans, difference.amounts) + difference.constant
        model.add(value == 0 if exact else value <= 0).only_enforce_if(holds)
        return
    both = [*difference.booleans, *room.booleans]
    low = weighted(both, [*difference.amounts, *(-a for a in room.amounts)]) + (difference.constant - room.constant)
    high = weighted(both, [*difference.amounts, *room.amounts]) + (difference.constant + room.constant)
    model.add(low <= 0).only_enforce_if(holds)
    model.add(high >= 0).only_enforce_if(holds)
