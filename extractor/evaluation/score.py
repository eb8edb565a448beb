"""Score predicted facts against gold facts.

The facts contract says when a predicted value is right. This module turns that
sentence into counts, so that every claim about accuracy is measured by the same code.
"""

import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

Fact = dict[str, Any]
Key = tuple[str, str, str, str]

BUDGET_TABLES = frozenset(
    {
        "revenue_expenditure",
        "revenue",
        "expenditure",
        "fiscal_appropriation",
        "general_expenditure",
        "basic_expenditure",
        "project_expenditure",
        "government_fund",
        "state_capital",
        "three_public",
        "carryover",
    }
)
WARNED_STATES = frozenset({"ambiguous", "contradicted", "ungrounded"})


def _ratio(part: int, whole: int) -> float | None:
    """Divide two counts; nothing out of nothing has no value."""
    return part / whole if whole else None


def show(ratio: float | None) -> str:
    """Format a ratio for a report: four decimals, or n/a where there is none."""
    return "n/a" if ratio is None else f"{ratio:.4f}"


@dataclass(frozen=True)
class Tally:
    """Counts of one kind of fact, and the ratios that follow from them."""

    gold: int
    predicted: int
    right: int

    @property
    def precision(self) -> float | None:
        """Share of the predicted facts that are right."""
        return _ratio(self.right, self.predicted)

    @property
    def recall(self) -> float | None:
        """Share of the gold facts that were found."""
        return _ratio(self.right, self.gold)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        return _ratio(2 * self.right, self.gold + self.predicted)


@dataclass(frozen=True)
class StateCount:
    """How many number facts were predicted in one state, and how many are right."""

    predicted: int
    right: int


@dataclass(frozen=True)
class Score:
    """The outcome of one comparison.

    ``text_similarity`` is the mean over all gold text facts of the best similarity
    (0 to 1) of a prediction for the same place; a fact not found counts as 0.
    ``states`` covers number facts. ``lined`` counts the right facts whose gold fact
    has a line, ``line_right`` those of them that name the same line. ``missing`` are
    the gold facts without a right prediction, ``wrong`` the predictions that are not
    right, both in the order of the input.
    """

    number: Tally
    text: Tally
    number_by_table: Mapping[str, Tally]
    text_by_table: Mapping[str, Tally]
    text_similarity: float | None
    silent_errors: int
    states: Mapping[str, StateCount]
    lined: int
    line_right: int
    missing: tuple[Fact, ...]
    wrong: tuple[Fact, ...]

    @property
    def silent_error_rate(self) -> float | None:
        """Share of the predicted number facts that are wrong without a warning."""
        return _ratio(self.silent_errors, self.number.predicted)

    @property
    def line_accuracy(self) -> float | None:
        """Share of the right facts that also point to the right line."""
        return _ratio(self.line_right, self.lined)


def normalise(text: str) -> str:
    """Bring a label or text value into its comparable form: NFKC, no white space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def load_facts(path: Path | str) -> list[Fact]:
    """Read a JSONL file of facts, one JSON object per line, blank lines skipped."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _key(fact: Fact, column: str | None = None) -> Key:
    """Name the place of a fact, in its own column or in another one."""
    label = fact.get("column") if column is None else column
    return (
        normalise(str(fact["table"])),
        normalise(str(fact["row"])),
        normalise(str(label or "")),
        str(fact["kind"]),
    )


def _same_value(gold: Fact, predicted: Fact) -> bool:
    """Compare two values: numbers as decimals, texts in their comparable form."""
    left, right = normalise(str(gold["value"])), normalise(str(predicted["value"]))
    if gold["kind"] != "number":
        return left == right
    try:
        return Decimal(left) == Decimal(right)
    except InvalidOperation:
        return False


def _places(fact: Fact) -> list[Key]:
    """List every place where a gold fact may be found: its column, then the options."""
    options = [_key(fact, str(column)) for column in fact.get("column_options") or ()]
    return list(dict.fromkeys([_key(fact), *options]))


def _index(predicted: Sequence[Fact]) -> dict[Key, list[int]]:
    """Group the predictions by place."""
    index: dict[Key, list[int]] = defaultdict(list)
    for number, fact in enumerate(predicted):
        index[_key(fact)].append(number)
    return dict(index)


def _augment(start: int, edges: Mapping[int, Sequence[int]], owner: dict[int, int]) -> None:
    """Give one gold fact a prediction, moving others aside where they can move.

    This is one step of bipartite matching: where the options of two gold facts
    overlap, first come first served could leave one of them unmatched for no reason.
    """
    seen: set[int] = set()

    def settle(gold: int) -> bool:
        for candidate in edges[gold]:
            if candidate in seen:
                continue
            seen.add(candidate)
            if candidate not in owner or settle(owner[candidate]):
                owner[candidate] = gold
                return True
        return False

    settle(start)


def _match(gold: Sequence[Fact], predicted: Sequence[Fact]) -> dict[int, int]:
    """Pair gold facts with right predictions, one to one: gold index to prediction.

    Exact columns go first, so that an option never takes away the prediction that
    belongs to another fact by its own column.
    """
    index = _index(predicted)
    pairs: dict[int, int] = {}
    used: set[int] = set()
    for number, fact in enumerate(gold):
        for candidate in index.get(_key(fact), []):
            if candidate not in used and _same_value(fact, predicted[candidate]):
                pairs[number] = candidate
                used.add(candidate)
                break
    edges = {
        number: [
            candidate
            for place in _places(fact)[1:]
            for candidate in index.get(place, [])
            if candidate not in used and _same_value(fact, predicted[candidate])
        ]
        for number, fact in enumerate(gold)
        if number not in pairs
    }
    owner: dict[int, int] = {}
    for number in edges:
        _augment(number, edges, owner)
    return pairs | {number: candidate for candidate, number in owner.items()}


def _tallies(gold: Sequence[Fact], predicted: Sequence[Fact], right: Sequence[Fact], kind: str) -> dict[str, Tally]:
    """Count one kind of fact for every table that occurs on either side."""
    counts = [
        Counter(str(fact["table"]) for fact in facts if fact["kind"] == kind) for facts in (gold, predicted, right)
    ]
    tables = sorted(counts[0].keys() | counts[1].keys())
    return {table: Tally(*(count[table] for count in counts)) for table in tables}


def _total(tallies: Mapping[str, Tally]) -> Tally:
    """Add the tables up."""
    values = tallies.values()
    return Tally(
        sum(tally.gold for tally in values),
        sum(tally.predicted for tally in values),
        sum(tally.right for tally in values),
    )


def _similarity(gold: Sequence[Fact], predicted: Sequence[Fact]) -> float | None:
    """Measure how close the texts are on average, also where they are not equal."""
    index = _index(predicted)
    best = [
        max(
            (
                fuzz.ratio(normalise(str(fact["value"])), normalise(str(predicted[candidate]["value"]))) / 100
                for place in _places(fact)
                for candidate in index.get(place, [])
            ),
            default=0.0,
        )
        for fact in gold
        if fact["kind"] == "text"
    ]
    return sum(best) / len(best) if best else None


def _states(predicted: Sequence[Fact], right: set[int]) -> dict[str, StateCount]:
    """Count the predicted number facts by state; ``""`` stands for no state."""
    numbers = [i for i, fact in enumerate(predicted) if fact["kind"] == "number"]
    every = Counter(str(predicted[i].get("state") or "") for i in numbers)
    good = Counter(str(predicted[i].get("state") or "") for i in numbers if i in right)
    return {state: StateCount(every[state], good[state]) for state in sorted(every)}


def score(gold: Sequence[Fact], predicted: Sequence[Fact], *, tables: frozenset[str] | None = None) -> Score:
    """Compare predictions with gold, on the given tables or on all of them.

    A number that is wrong is a silent error unless its state is one of
    ``WARNED_STATES``: a prediction that has no state at all carries no warning either.
    """
    gold = [fact for fact in gold if tables is None or fact["table"] in tables]
    predicted = [f for f in predicted if tables is None or f["table"] in tables]
    pairs = _match(gold, predicted)
    right = set(pairs.values())
    found = [gold[number] for number in pairs]
    numbers = _tallies(gold, predicted, found, "number")
    texts = _tallies(gold, predicted, found, "text")
    states = _states(predicted, right)
    lined = {g: p for g, p in pairs.items() if gold[g].get("line") is not None}
    return Score(
        number=_total(numbers),
        text=_total(texts),
        number_by_table=numbers,
        text_by_table=texts,
        text_similarity=_similarity(gold, predicted),
        silent_errors=sum(
            count.predicted - count.right for state, count in states.items() if state not in WARNED_STATES
        ),
        states=states,
        lined=len(lined),
        line_right=sum(gold[g]["line"] == predicted[p].get("line") for g, p in lined.items()),
        missing=tuple(fact for i, fact in enumerate(gold) if i not in pairs),
        wrong=tuple(fact for i, fact in enumerate(predicted) if i not in right),
    )
