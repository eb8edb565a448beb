"""The solver: which column of each number makes the identities hold, and whether another one does too.

OR-Tools CP-SAT over one boolean per number and column; the numbers of a row keep their printed order. Amounts are
scaled to whole numbers, so the arithmetic is exact. First the fewest possible violations are found, then every
column that a number has in any reading with that few: a number with one column is determined, one with several
is ambiguous. Rows that no identity links are solved apart.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise, product
from math import prod
from typing import Any

from extractor.arithmetic import ADDED
from extractor.identities import Frame, Instance, Ref, evaluate

from .constraints import Choice, Model, Problem, build, linear
from .cpsat import Asked, Work
from .sound import sound

_ROUNDS = 100
_ROUNDS_BROKEN, _MOST_BROKEN = 12, 200  # rounds, and numbers by their columns
_MOST = 2_000  # numbers by their columns of a model that is built at all: none so large was ever solved
_LARGE = 120  # numbers by their columns of a model that is hard from the start
_WORK = 100_000  # rounds times variables


@dataclass(frozen=True, slots=True)
class Solution:
    """What the solver found for one choice, for each number in printed order.

    Attributes:
        best: Its column in the preferred reading.
        possible: The columns it has in any best reading; its whole domain where the limit ended the search.
        clean: The best reading violates no identity among the rows that hang together with this one.
    """

    best: tuple[int, ...]
    possible: tuple[frozenset[int], ...]
    clean: bool


def solve(
    choices: Sequence[Choice],
    fixed: Mapping[Ref, Decimal],
    instances: Sequence[Instance],
    frames: Sequence[Frame],
    *,
    solved: "Solved | None" = None,
) -> list[Solution]:
    """Find every column that each number has in a reading with the fewest violated identities.

    Args:
        choices: Rows that are not determined yet.
        fixed: Values of the cells that are.
        instances: Identities over both.
        frames: The tables' skeletons.
        solved: What was solved before; trials of another order of columns leave most rows as they were.

    Returns:
        One solution per choice, in order.
    """
    constants = dict(fixed)
    varying: set[Ref] = set()
    for choice in choices:
        for value, domain in zip(choice.values, choice.domains, strict=True):
            if len(domain) == 1 and value is not None:
                constants[Ref(choice.frame, choice.row, choice.columns[domain[0]])] = value
        varying |= {Ref(choice.frame, choice.row, choice.columns[column]) for _, column in choice.loose()}
    solutions: dict[int, Solution] = {}
    solved = Solved() if solved is None else solved
    known = solved.known
    units = tuple((f.scale, f.decimals, f.empty, f.gaps, tuple(f.scales.items())) for f in frames)
    # The small ones first: a hard one that takes all the work leaves nothing open but itself.
    for members, found in sorted(_components(choices, instances, varying), key=lambda c: _open(choices, c[0])):
        problem = Problem(tuple(choices[i] for i in members), constants, tuple(found), frames)
        key = _key(problem), units
        wanted = key, solved.brief and (key, False) not in known
        answer = known.get(wanted)
        if answer is None:
            answer = known[wanted] = _solved_again(key, problem, solved)
        solutions.update(zip(members, answer, strict=True))
    return [solutions[i] for i in range(len(choices))]


@dataclass(frozen=True, slots=True)
class Solved:
    """Solutions of a disclosure by all that they depend on, and the work that may still be done for it.

    Where it is ``brief``, only the best reading is sought: numbers have all their columns.
    """

    known: dict[tuple[Hashable, bool], list[Solution]] = field(default_factory=dict)
    work: Work = field(default_factory=Work)
    brief: bool = False


_before: dict[Hashable, tuple[list[Solution], float]] = {}
_KEPT = 64  # hard problems that are kept
_REST = Instance._fields.index("text") + 1  # what an instance says beside its cells


def _solved_again(key: Hashable, problem: Problem, solved: Solved) -> list[Solution]:
    """Solve a problem; one that was hard is known where it comes again, as in disclosures that repeat each other.

    It is the same where the work that may still be done is, too; as much is left of that as was then.
    """
    whole = key, solved.brief, solved.work.left
    known = _before.get(whole)
    if known is not None:
        solved.work.left = known[1]
        return known[0]
    before = solved.work.left
    answer = _solve_one(problem, solved)
    if solved.work.left != before:
        if len(_before) >= _KEPT:
            _before.clear()
        _before[whole] = answer, solved.work.left
    return answer


def _key(problem: Problem) -> Hashable:
    """Return all that the solutions of a problem depend on but its frames; numbers by their digits: 1.0 is not 1.00."""
    values = tuple(str(v) for choice in problem.choices for v in choice.values)
    if len(problem.choices) == 1:
        own = problem.choices[0]
        around = _Around(own, problem)
        instances = tuple([around.told(i) for i in problem.instances])
        return own.frame, own.domains, own.columns, own.home, own.costs, values, instances
    beside = {r: str(problem.fixed[r]) for i in problem.instances for r in i.refs if r in problem.fixed}
    return problem.choices, problem.instances, tuple(beside.items()), values


class _Around:
    """What a row's identities say, wherever the row stands: its own cells by their columns, others by their numbers.

    A row that is printed again, between the same numbers, is the same problem.
    """

    def __init__(self, own: Choice, problem: Problem) -> None:
        self._own, self._fixed, self._frames = own, problem.fixed, problem.frames
        self._cells: dict[Ref, Hashable] = {}

    def told(self, instance: Instance) -> Hashable:
        """Return all of an instance that its outcome depends on."""
        if instance.relation not in ADDED or instance.where:
            return instance, *map(self._cell, instance.inputs)
        rest = instance.relation, *instance[_REST:]
        return tuple(map(self._cell, instance.left)), tuple(map(self._cell, instance.right)), rest

    def _cell(self, ref: Ref) -> Hashable:
        known = self._cells.get(ref)
        if known is None:
            frame, value = self._frames[ref.frame], self._fixed.get(ref)
            own = ref.column if ref[:2] == (self._own.frame, self._own.row) and value is None else None
            scale = frame.scales.get((ref.row, ref.column))
            known = self._cells[ref] = own, None if value is None else str(value), ref.frame, scale
        return known


def _open(choices: Sequence[Choice], members: Sequence[int]) -> int:
    """Count what is to be decided in some rows."""
    return sum(1 for i in members for _ in choices[i].loose())


def _components(
    choices: Sequence[Choice], instances: Sequence[Instance], varying: set[Ref]
) -> Iterator[tuple[list[int], list[Instance]]]:
    where = {(c.frame, c.row): i for i, c in enumerate(choices)}
    parent = list(range(len(choices)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    touched: list[tuple[Instance, int]] = []
    for instance in instances:
        rows = [where[(r.frame, r.row)] for r in instance.refs if r in varying]
        for other in rows[1:]:
            parent[root(other)] = root(rows[0])
        if rows:
            touched.append((instance, rows[0]))
    groups: dict[int, tuple[list[int], list[Instance]]] = {}
    for index in range(len(choices)):
        groups.setdefault(root(index), ([], []))[0].append(index)
    for instance, row in touched:
        groups[root(row)][1].append(instance)
    yield from groups.values()


_COMBINATIONS = 300


def _alone(problem: Problem) -> Solution | None:
    """Solve one row by itself: every way its numbers can stand is looked at, where these are few."""
    if len(problem.choices) != 1:
        return None
    choice = problem.choices[0]
    if prod(len(d) for d in choice.domains) > _COMBINATIONS:
        return None
    ways = [w for w in product(*choice.domains) if all(a < b for a, b in pairwise(w))]
    if not ways:
        return None
    costs = _Costs(choice, problem)
    ranked = [(costs.of(way), way) for way in ways]
    least = min(violated for (violated, _, _), _ in ranked)
    moved = min(m for (v, m, _), _ in ranked if v == least)
    best = min((cost, way) for cost, way in ranked)[1]
    # As in the solver: around a wrong number, one violation more doesn't rule a way out.
    able = [w for (v, m, _), w in ranked if (v == least and m == moved) or (least and v <= least + 1)]
    return Solution(best, tuple(frozenset(w[i] for w in able) for i in range(len(best))), clean=not least)


class _Costs:
    """What the ways to place a row's numbers cost: identities violated, numbers moved, soft ones and columns.

    An identity says the same of all ways that place the same numbers in its own cells: it is asked once for them.
    """

    def __init__(self, choice: Choice, problem: Problem) -> None:
        self._choice, self._problem = choice, problem
        self._around = {r: problem.fixed[r] for i in problem.instances for r in i.refs if r in problem.fixed}
        self._cells = [Ref(choice.frame, choice.row, column) for column in choice.columns]
        own = {cell: column for column, cell in enumerate(self._cells)}
        self._own = [tuple([own[r] for r in i.inputs if r in own]) for i in problem.instances]
        self._known: dict[tuple[int, ...], bool] = {}

    def of(self, way: tuple[int, ...]) -> tuple[int, int, int]:
        """Return what a way costs: the columns of the numbers, in printed order."""
        choice = self._choice
        placed = {column: n for n, column in enumerate(way) if choice.values[n] is not None}
        values: dict[Ref, Decimal] | None = None
        violated = soft = 0
        for number, instance in enumerate(self._problem.instances):
            key = (number, *[placed.get(column, -1) for column in self._own[number]])
            broken = self._known.get(key)
            if broken is None:
                values = self._with(placed) if values is None else values
                broken = evaluate(instance, self._problem.frames, values).verdict == "violated"
                self._known[key] = broken
            violated += broken and not instance.soft
            soft += broken and instance.soft
        moved = sum(h != c for h, c in zip(choice.home or way, way, strict=True))
        return violated, moved, 10_000 * soft + sum(choice.costs[c] for c in way)

    def _with(self, placed: Mapping[int, int]) -> dict[Ref, Decimal]:
        values = {self._cells[column]: self._choice.values[n] for column, n in placed.items()}
        return {**self._around, **{ref: value for ref, value in values.items() if value is not None}}


def _solve_one(problem: Problem, solved: Solved) -> list[Solution]:
    alone = _alone(problem)
    if alone is not None:
        return [alone]
    identities = linear(problem)
    found = sound(problem.choices, identities, brief=solved.brief)
    if found is not None:
        open_ = [_all(c) for c in problem.choices] if solved.brief else found.seen
        return [Solution(*one, clean=True) for one in zip(found.best, open_, strict=True)]
    many = _open(problem.choices, range(len(problem.choices))) > _MOST
    if many or solved.work.left <= 0 or not all(i.countable for i in identities):
        return _undecided(problem)
    from ortools.sat.python import cp_model  # noqa: PLC0415 - half a second that most documents don't need

    built = build(cp_model, problem, identities)
    moved = [
        variable
        for choice, row in zip(problem.choices, built.variables, strict=True)
        for (position, column), variable in row.items()
        if choice.home is not None and choice.home[position] != column
    ]
    # In this order: the fewest violations within the tables, then across them, then the least displacement.
    small = 1 + len(moved)
    large = small * (1 + len(built.across))
    objective = large * sum(built.within) + small * sum(built.across) + sum(moved)
    built.model.minimize(objective)
    size = sum(len(row) for row in built.variables)
    asked = Asked(cp_model, built.model, solved.work, hard=size > _LARGE)
    solver, read, best_of_all = asked.solve()
    if not read:
        return _undecided(problem)
    best = [_chosen(solver, c, row) for c, row in zip(problem.choices, built.variables, strict=True)]
    seen, violations = None, 1
    if best_of_all:
        violations = _bound(built, solver, objective)
        best = best if violations else _preferred(asked, built, problem.choices) or best
        # Around a wrong number the search is hard and its answer less telling: a short one, then everything open. Among
        # many numbers it never ended.
        rounds = _ROUNDS_BROKEN if violations else max(_ROUNDS_BROKEN, min(_ROUNDS, _WORK // (size + 1)))
        built.model.clear_objective()  # any reading within the bound counts: none needs to be the best of them
        hopeless = violations and size > _MOST_BROKEN
        if not (solved.brief or hopeless):
            seen = _support(asked, built, problem.choices, best, rounds, broken=violations > 0)
    return [
        Solution(b, tuple(map(frozenset, seen[i])) if seen else _all(c), clean=not violations)
        for i, (b, c) in enumerate(zip(best, problem.choices, strict=True))
    ]


def _bound(built: Model, solver: Any, objective: Any) -> int:
    """Keep only the best readings; return how many identities they violate.

    Where nothing can hold everything, a wrong number may be what makes the others fit. Then a reading counts too
    that holds an identity which the best one violates, if it costs just one other.
    """
    broken = [*built.within, *built.across]
    violated = [b for b in broken if solver.boolean_value(b)]
    if not violated:
        built.model.add(objective <= round(solver.objective_value))
        return 0
    other = built.model.new_bool_var("")
    built.model.add(sum(broken) <= len(violated) + other)
    built.model.add_bool_or([~b for b in violated]).only_enforce_if(other)
    return len(violated)


def _undecided(problem: Problem) -> list[Solution]:
    return [Solution(tuple(d[0] for d in c.domains), _all(c), clean=False) for c in problem.choices]


def _all(choice: Choice) -> tuple[frozenset[int], ...]:
    return tuple(frozenset(domain) for domain in choice.domains)


def _chosen(solver: Any, choice: Choice, row: Mapping[tuple[int, int], Any]) -> tuple[int, ...]:
    taken = {position: column for (position, column), v in row.items() if solver.boolean_value(v)}
    return tuple(taken.get(position, domain[0]) for position, domain in enumerate(choice.domains))


def _preferred(asked: Asked, built: Model, choices: Sequence[Choice]) -> list[tuple[int, ...]] | None:
    """Name one best reading: most soft identities, then the columns that offices use most."""
    costs = [
        choice.costs[column] * variable
        for choice, row in zip(choices, built.variables, strict=True)
        for (_, column), variable in row.items()
    ]
    built.model.minimize(sum(built.soft) * 10_000 + sum(costs))
    solver, found, _ = asked.solve()
    built.model.clear_objective()
    if not found:
        return None
    return [_chosen(solver, choice, row) for choice, row in zip(choices, built.variables, strict=True)]


def _support(
    asked: Asked, built: Model, choices: Sequence[Choice], best: Sequence[tuple[int, ...]], rounds: int, *, broken: bool
) -> list[list[set[int]]] | None:
    """Collect, for each number, the columns it has in any best reading.

    Asks for a reading with something not seen yet until there is none. Where identities are broken and that is hard, a
    row with two readings is taken to have all. None where the limit ended the search.
    """
    seen = [[{column} for column in columns] for columns in best]
    asked.share()
    for _ in range(rounds):
        if broken and asked.hard:
            for choice, known in zip(choices, seen, strict=True):
                if any(len(columns) > 1 for columns in known):
                    known[:] = map(set, choice.domains)
        fresh = [
            variable
            for row, known in zip(built.variables, seen, strict=True)
            for (position, column), variable in row.items()
            if column not in known[position]
        ]
        if not fresh:
            return seen
        built.model.clear_hints()  # as much of it as can be in one reading
        for variable in fresh:
            built.model.add_hint(variable, 1)
        built.model.add_bool_or(fresh)  # each such clause implies the ones before it, so they may stay
        solver, found, last_word = asked.solve()
        if not found:
            return seen if last_word else None
        for choice, row, known in zip(choices, built.variables, seen, strict=True):
            for position, column in enumerate(_chosen(solver, choice, row)):
                known[position].add(column)
    return None
