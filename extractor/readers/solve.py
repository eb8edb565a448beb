"""The solver: which placement of every row makes the identities hold, and whether another one does too.

OR-Tools CP-SAT over one boolean per row and placement. Amounts are scaled to whole numbers, so the arithmetic
is exact. First the fewest possible violations are found, then every placement that occurs in any reading with
that few: a row with one such placement is determined, a row with several is ambiguous.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..amount import half_unit
from ..identities import Instance, Ref

@dataclass(frozen=True, slots=True)
class Choice:
    """The possible placements of one row: each a mapping of column to printed value."""

    frame: int
    row: int
    options: tuple[tuple[tuple[str, Decimal], ...], ...]


@dataclass(frozen=True, slots=True)
class Solution:
    """What the solver found.

    Attributes:
        supported: For each choice, the indexes of the options that occur in a best reading.
        best: For each choice, its option in the preferred reading.
        violated: How many hard identities no reading can satisfy.
        complete: False where the time limit ended the search; ``supported`` then errs on the large side.
    """

    supported: tuple[tuple[int, ...], ...]
    best: tuple[int, ...]
    violated: int
    complete: bool = True


@dataclass(slots=True)
class _Model:
    """CP-SAT model with what is needed to query it again."""

    model: Any
    variables: list[list[Any]]
    broken: list[Any] = field(default_factory=list)
    soft: list[Any] = field(default_factory=list)


# Deterministic solver time, so that results don't depend on how busy the machine is. About a second each.
_LIMIT = 1.0
_ROUNDS = 400


def solve(
    choices: Sequence[Choice],
    fixed: Mapping[Ref, Decimal],
    instances: Sequence[Instance],
    scales: Sequence[Decimal],
    *,
    penalties: Sequence[Sequence[int]] | None = None,
    prefer: Sequence[Sequence[int]] | None = None,
) -> Solution:
    """Find every placement that occurs in a reading with the fewest violated identities.

    Args:
        choices: Rows that are not determined yet.
        fixed: Values of the cells that are.
        instances: Identities over both.
        scales: Yuan per unit of each frame.
        penalties: For each choice, the cost of each option among readings with equally few violations: how far
            it is from the place where a grid prints it.
        prefer: For each choice, the cost of each option; decides only which best reading is named first.
    """
    from ortools.sat.python import cp_model  # noqa: PLC0415 - half a second that most documents don't need

    where = {(c.frame, c.row): i for i, c in enumerate(choices)}
    relevant = [i for i in instances if any((r.frame, r.row) in where for r in i.refs)]
    built = _build(cp_model, choices, where, fixed, relevant, scales)
    solver = _solver(cp_model)
    weight = 1 + sum(max(row) for row in penalties or ())
    costs = [
        cost * variable
        for row, row_costs in zip(built.variables, penalties or (), strict=False)
        for variable, cost in zip(row, row_costs, strict=True)
        if cost
    ]
    objective = weight * sum(built.broken) + sum(costs)
    built.model.minimize(objective)
    status = solver.solve(built.model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Solution(tuple(tuple(range(len(c.options))) for c in choices), tuple(0 for _ in choices), 0, False)
    optimum = round(solver.objective_value)
    complete = status == cp_model.OPTIMAL
    built.model.add(objective <= optimum)
    best = _preferred(cp_model, built, prefer)
    supported, exhausted = _support(cp_model, built, best)
    if not exhausted:
        complete = False
        supported = [set(range(len(c.options))) for c in choices]
    return Solution(tuple(tuple(sorted(s)) for s in supported), tuple(best), optimum // weight, complete)


def _solver(cp_model: Any) -> Any:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 7
    solver.parameters.max_deterministic_time = _LIMIT
    return solver


def _build(
    cp_model: Any,
    choices: Sequence[Choice],
    where: Mapping[tuple[int, int], int],
    fixed: Mapping[Ref, Decimal],
    instances: Sequence[Instance],
    scales: Sequence[Decimal],
) -> _Model:
    model = cp_model.CpModel()
    variables = [[model.new_bool_var("") for _ in c.options] for c in choices]
    for row in variables:
        model.add_exactly_one(row)
    built = _Model(model, variables)
    # Twice the smallest printed half unit is one step: every amount and tolerance is then a whole number.
    exponents = [_exponent(v) for v in fixed.values()]
    exponents += [_exponent(v) for c in choices for option in c.options for _, v in option]
    step = Decimal(5).scaleb(min([*exponents, 0]) - 1)
    for instance in instances:
        _constrain(built, instance, choices, where, fixed, scales, step)
    return built


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _constrain(
    built: _Model, instance: Instance, choices: Sequence[Choice], where: Mapping[tuple[int, int], int],
    fixed: Mapping[Ref, Decimal], scales: Sequence[Decimal], step: Decimal,
) -> None:  # fmt: skip
    model = built.model
    exact = instance.relation == "same" and len(instance.left) == len(instance.right) == 1
    difference: list[Any] = []
    slack: list[Any] = []
    present: dict[str, list[Any]] = {"left": [], "right": []}
    constant = room = 0
    for side, sign, refs in (("left", 1, instance.left), ("right", -1, instance.right)):
        for ref in refs:
            for boolean, value in _values(ref, built, choices, where, fixed):
                scaled = int(value * scales[ref.frame] / step)
                half = int(half_unit(value) * scales[ref.frame] / step)
                if boolean is None:
                    constant += sign * scaled
                    room += half
                    present[side].append(1)
                else:
                    difference.append(sign * scaled * boolean)
                    slack.append(half * boolean)
                    present[side].append(boolean)
    broken = model.new_bool_var("")
    (built.soft if instance.soft else built.broken).append(broken)
    holds = [~broken]
    if instance.optional:
        shown = present[instance.optional]
        if not shown:
            return
        if not any(isinstance(s, int) for s in shown):
            some = model.new_bool_var("")
            model.add_max_equality(some, shown)
            holds.append(some)
    total = sum(difference) + constant
    if instance.relation == "at-most":
        model.add(total <= 0).only_enforce_if(holds)
    elif exact:
        model.add(total == 0).only_enforce_if(holds)
    else:
        tolerance = sum(slack) + room
        model.add(total - tolerance <= 0).only_enforce_if(holds)
        model.add(total + tolerance >= 0).only_enforce_if(holds)


def _values(
    ref: Ref, built: _Model, choices: Sequence[Choice], where: Mapping[tuple[int, int], int],
    fixed: Mapping[Ref, Decimal],
) -> list[tuple[Any, Decimal]]:  # fmt: skip
    index = where.get((ref.frame, ref.row))
    if index is None:
        return [(None, fixed[ref])] if ref in fixed else []
    out = []
    for number, option in enumerate(choices[index].options):
        out.extend((built.variables[index][number], value) for column, value in option if column == ref.column)
    return out


def _preferred(cp_model: Any, built: _Model, prefer: Sequence[Sequence[int]] | None) -> list[int]:
    """Name one best reading: most soft identities, then the columns that offices use most."""
    if not built.soft and not prefer:
        objective: Any = 0
    else:
        costs = [
            cost * variable
            for row, row_costs in zip(built.variables, prefer or [], strict=False)
            for variable, cost in zip(row, row_costs, strict=True)
            if cost
        ]
        objective = sum(built.soft) * 1000 + sum(costs)
        built.model.minimize(objective)
    solver = _solver(cp_model)
    solver.solve(built.model)
    chosen = [next(i for i, v in enumerate(row) if solver.boolean_value(v)) for row in built.variables]
    built.model.clear_objective()
    return chosen


def _support(cp_model: Any, built: _Model, best: Sequence[int]) -> tuple[list[set[int]], bool]:
    """Collect the options that occur in any best reading: ask for one not seen yet until there is none."""
    seen = [{choice} for choice in best]
    for _ in range(_ROUNDS):
        fresh = [v for row, known in zip(built.variables, seen, strict=True) for i, v in enumerate(row) if i not in known]
        if not fresh:
            return seen, True
        built.model.add_bool_or(fresh)  # each such clause implies the ones before it, so they may stay
        solver = _solver(cp_model)
        status = solver.solve(built.model)
        if status == cp_model.INFEASIBLE:
            return seen, True
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return seen, False
        for row, known in zip(built.variables, seen, strict=True):
            known.update(i for i, v in enumerate(row) if solver.boolean_value(v))
    return seen, False
