"""Are the numbers of an invented document in their places? Names of columns are compared as specs know them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from extractor.evaluation.score import Fact, normalise
from extractor.specs import catalogue


@dataclass(frozen=True)
class Places:
    """What became of the number facts of a document.

    Attributes:
        right: In its place, sure or not.
        open: Its column is left open, the right one among those named.
        wrong: Predictions in a place that isn't theirs, or with another value.
        silent: Those among them that carry no warning.
        missing: Facts that nothing was predicted for.
        tables: Right and expected facts by table.
    """

    right: int
    open: int
    wrong: tuple[Fact, ...]
    silent: tuple[Fact, ...]
    missing: tuple[Fact, ...]
    tables: Mapping[str, tuple[int, int]]


def judge(known: Sequence[Fact], predicted: Sequence[dict[str, Any]]) -> Places:
    """Compare the number facts of tables: each fact answers for one place."""
    wanted = [f for f in known if f["kind"] == "number"]
    printed = {(f["table"], normalise(f["column"]).rsplit("/", 1)[-1]) for f in wanted}
    left = list(range(len(wanted)))
    by_place: dict[tuple[str, str, str], list[int]] = {}
    for number in left:
        fact = wanted[number]
        by_place.setdefault((fact["table"], _row(fact["row"]), fact["value"]), []).append(number)
    tables = {fact["table"] for fact in wanted}
    right = unsure = 0
    found: set[int] = set()
    wrong: list[Fact] = []
    for fact in predicted:
        if fact["kind"] != "number" or fact["table"].startswith(("n_", "document", "staffing", "performance")):
            continue
        places = by_place.get((fact["table"], _row(fact["row"]), fact["value"]), [])
        free = [n for n in places if n not in found]
        hit = next((n for n in free if _same(fact["column"], wanted[n])), None)
        if hit is None and (fact["table"], normalise(fact["column"])) not in printed:  # an alias of the column's name
            hit = next((n for n in free if _means(fact["column"], wanted[n])), None)
        options = fact.get("column_options", ())
        near = next((n for n in places if n not in found and any(_same(o, wanted[n]) for o in options)), None)
        if hit is not None:
            right += 1
            found.add(hit)
        elif near is not None:
            unsure += 1
            found.add(near)
        elif fact["table"] in tables or fact["value"].strip("0."):
            wrong.append(fact)
    silent = tuple(f for f in wrong if f["state"] in ("proven", "grounded"))
    here = Counter(wanted[n]["table"] for n in found)
    every = Counter(f["table"] for f in wanted)
    missing = tuple(wanted[n] for n in left if n not in found)
    return Places(right, unsure, tuple(wrong), silent, missing, {t: (here[t], c) for t, c in every.items()})


def _row(key: str) -> str:
    return normalise(key).replace("公务用车购置及运行维护", "公务用车购置及运行").replace("运行维护费", "运行费")


def _same(column: str, fact: Fact) -> bool:
    own, other = normalise(fact["column"]), normalise(column)
    if own == other or own.rsplit("/", 1)[-1] == other or own.endswith("/" + other):
        return True
    names = _names(fact["table"])
    return other in names.get(own, ()) or other in names.get(own.rsplit("/", 1)[-1], ())


def _means(column: str, fact: Fact) -> bool:
    """Whether a name stands for a column that is known by its id: 本年支出合计, printed in pieces, for 合计."""
    return normalise(fact["column"]) in _names(fact["table"]).get(normalise(column), ())


@lru_cache(maxsize=64)
def _names(table: str) -> dict[str, frozenset[str]]:
    """Ids of the columns that a printed name may mean, in the first layout of a table."""
    names: dict[str, set[str]] = {}
    for spec in catalogue().layouts(table):
        for column in (*spec.columns, *spec.more):
            for name in (column.id, *column.names):
                names.setdefault(normalise(name), set()).update(
                    {normalise(column.id), normalise(column.id.rsplit("/", 1)[-1])}
                    if not spec.layout or column.canonical
                    else set()
                )
    return {name: frozenset(ids) for name, ids in names.items()}
