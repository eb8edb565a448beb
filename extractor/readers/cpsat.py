"""OR-Tools CP-SAT as the solver asks it: plainly first, then with what hard models need, within counted work.

Most models are small and asked many times: there presolve costs more than it saves. Where a short try doesn't end, as
with damaged numbers, presolve and a search that starts from violations that exclude each other ("cores") take a tenth
of the work or less. Work is CP-SAT's own count, about a second of one processor, so that results don't depend on how
busy the machine is.
"""

from dataclasses import dataclass
from typing import Any

_SHORT = 0.02  # for the plain try
_LIMIT = 0.5  # for one question at most
_PRESOLVE = 0.01  # what presolve takes of a model, which isn't counted else
_BUILT = _ASKED = 0.001  # nor what is spent around a model, and around each question
_WHOLE, _TRIALS = 0.3, 0.2  # for a disclosure: then what is open stays open
_LENGTH = 4_000  # characters of tables that are worth so much; fewer are worth less


@dataclass(slots=True)
class Work:
    """What may still be done."""

    left: float = _WHOLE


def effort(characters: int) -> tuple[Work, Work]:
    """Return the work that tables of this length are worth: as they stand, and in another order of their columns."""
    share = min(1.0, characters / _LENGTH)
    return Work(_WHOLE * share), Work(_TRIALS * share)


class Asked:
    """A model that is asked again and again; once it was hard, it isn't asked plainly any more.

    Attributes:
        hard: Whether it is asked with what hard models need.
    """

    def __init__(self, cp_model: Any, model: Any, work: Work, *, hard: bool) -> None:
        """Prepare; ``model`` may change between two questions."""
        self._cp_model, self._model, self._work = cp_model, model, work
        self.hard, self._kept = hard, 0.0
        work.left -= _BUILT

    def share(self) -> None:
        """Leave a quarter of the work to others from now on."""
        self._kept = self._work.left / 4

    def solve(self) -> tuple[Any, bool, bool]:
        """Look for a solution, the best one where the model has an objective.

        Returns:
            The solver, for the solution's values; whether there is a solution; whether that is the last word.
        """
        found: tuple[Any, bool, bool] | None = None
        if not self.hard:
            found = self._try(_SHORT)
            if found[2]:
                return found
            self.hard = True
        again = self._try(_LIMIT)
        return again if again[1] or again[2] or found is None else found

    def _try(self, limit: float) -> tuple[Any, bool, bool]:
        cp_model = self._cp_model
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.num_workers = 1
        parameters.random_seed = 7
        parameters.catch_sigint_signal = False  # it would leave Ctrl-C without Python's handler
        left = self._work.left - self._kept
        parameters.max_deterministic_time = max(0.0, min(limit, left))
        parameters.linearization_level = 0
        aim = self._model.has_objective()
        parameters.cp_model_presolve = self.hard and not aim
        parameters.optimize_with_core = self.hard and aim
        if left <= 0:
            return solver, False, False
        status = solver.solve(self._model)
        around = _ASKED + _PRESOLVE * parameters.cp_model_presolve
        self._work.left -= solver.response_proto.deterministic_time + around
        found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
        return solver, found, status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
