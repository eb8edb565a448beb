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

    def where(self) -> dict[tuple[int, int], int]:
        """Return the index of each choice by frame and row."""
        return {(c.frame, c.row): i for i, c in enumerate(self.choices)}


# Deterministic solver time, so that results don't depend on how busy the machine is.
_LIMIT = 0.5
_ROUNDS = 100
_ROUNDS_BROKEN = 12


def build(cp_model: Any, problem: Problem) -> Model:
    """Turn a problem into a CP-SAT model: one boolean per number and column, one per identity that may be broken."""
    model = cp_model.CpModel()
    variables = [{pair: model.new_bool_var("") for pair in choice.loose()} for choice in problem.choices]
    for choice, row in zip(problem.choices, variables, strict=True):
        _in_order(model, choice, row)
    built = Model(model, variables)
    refs = {ref for instance in problem.instances for ref in instance.refs}
    values = [problem.fixed[ref] for ref in refs if ref in problem.fixed]
    values += [v for c in problem.choices for v in c.values if v is not None]
    # Half a unit of the last printed place is one step: every amount and tolerance is then a whole number.
    places = [-frame.decimals for frame in problem.frames]
    step = Decimal(5).scaleb(min([*(_exponent(v) for v in values), *places, 0]) - 1)
    where = problem.where()
    for instance in problem.instances:
        _constrain(built, instance, problem, where, step)
    return built


def _in_order(model: Any, choice: Choice, row: Mapping[tuple[int, int], Any]) -> None:
    """Each number has one column, and the columns go up as the numbers do."""
    places: list[Any] = []
    for position, domain in enumerate(choice.domains):
        if len(domain) == 1:
            places.append(domain[0])
            continue
        model.add_exactly_one([row[position, column] for column in domain])
        places.append(sum(column * row[position, column] for column in domain))
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

    terms: list[Any] = field(default_factory=list)
    constant: int = 0

    def add(self, boolean: Any, amount: int) -> None:
        if boolean is None:
            self.constant += amount
        elif amount:
            self.terms.append(amount * boolean)

    @property
    def value(self) -> Any:
        return sum(self.terms) + self.constant


def _constrain(
    built: Model, instance: Instance, problem: Problem, where: Mapping[tuple[int, int], int], step: Decimal
) -> None:
    model = built.model
    difference, room = _Sum(), _Sum()
    shown: dict[str, list[Any]] = {"left": [], "right": []}
    for side, sign, refs in (("left", 1, instance.left), ("right", -1, instance.right)):
        for ref in refs:
            frame = problem.frames[ref.frame]
            for boolean, value in _values(ref, built, problem, where):
                difference.add(boolean, sign * int(value * frame.scale / step))
                room.add(boolean, int(half_unit(value, frame.decimals) * frame.scale / step))
                shown[side].append(boolean)
    broken = model.new_bool_var("")
    holds = [~broken]
    if instance.optional and None not in shown[instance.optional]:
        if not shown[instance.optional]:
            return
        some = model.new_bool_var("")
        model.add_max_equality(some, shown[instance.optional])
        holds.append(some)
    inside = len({ref.frame for ref in instance.refs}) == 1
    (built.soft if instance.soft else built.within if inside else built.across).append(broken)
    exact = instance.relation == "same" and len(instance.left) == len(instance.right) == 1
    if instance.relation == "at-most":
        model.add(difference.value <= 0).only_enforce_if(holds)
    elif exact:
        model.add(difference.value == 0).only_enforce_if(holds)
    else:
        model.add(difference.value - room.value <= 0).only_enforce_if(holds)
        model.add(difference.value + room.value >= 0).only_enforce_if(holds)


def _values(
    ref: Ref, built: Model, problem: Problem, where: Mapping[tuple[int, int], int]
) -> Iterator[tuple[Any, Decimal]]:
    """Yield the values a cell may have, each with the boolean that makes it so (None: always)."""
    if ref in problem.fixed:
        yield None, problem.fixed[ref]
        return
    index = where.get((ref.frame, ref.row))
    if index is None:
        return
    choice = problem.choices[index]
    for (position, column), variable in built.variables[index].items():
        value = choice.values[position]
        if choice.columns[column] == ref.column and value is not None:
            yield variable, value
