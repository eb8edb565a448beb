"""What changed between two runs, fact by fact, and whether it is worse than the thresholds allow."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from extractor.errors import InputError
from extractor.evaluation.cases import Saved
from extractor.evaluation.page import Grid, Page
from extractor.evaluation.score import WARNED_STATES, Fact, normalise, score
from extractor.evaluation.score import show as ratio
from extractor.evaluation.tally import scores
from extractor.records import Record

Share = Annotated[Decimal, Field(ge=0, le=1)]
Kind = Literal["found", "lost", "wrong", "silently wrong", "no longer wrong", "outcome"]
_WORSE: frozenset[Kind] = frozenset({"lost", "wrong", "silently wrong"})


class Thresholds(Record):
    """How much worse the second run may be; anything more is a regression.

    Attributes:
        number_f1: Drop of F1 on number facts.
        text_f1: Drop of F1 on text facts.
        silent_error_rate: Rise of the silent error rate.
        line_accuracy: Drop of the share of right lines.
        lost_facts: Number facts that were right and no longer are.
        silent_errors: Number facts that are newly wrong without a warning.
        unread: Cases that were read and no longer are (crash, refused, missing).
        seconds: By what factor reading may take longer; machines are noisy.
    """

    number_f1: Share
    text_f1: Share
    silent_error_rate: Share
    line_accuracy: Share
    lost_facts: int
    silent_errors: int
    unread: int
    seconds: Decimal


def thresholds(path: Path) -> Thresholds:
    """Read the thresholds.

    Raises:
        InputError: The file can't be read, or an entry is wrong.
    """
    try:
        return Thresholds.model_validate(tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror}). Name a file with --thresholds.") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}. Mend the line.") from None
    except ValueError as error:
        raise InputError(f"{path}: not TOML ({error}). Mend the line.") from None


class Change(Record):
    """One fact, or one case, that came out otherwise."""

    case: str
    kind: Kind
    table: str = ""
    row: str = ""
    column: str = ""
    fact: str = ""
    before: str = ""
    after: str = ""


class Comparison(Record):
    """What changed, and which thresholds are passed."""

    changes: tuple[Change, ...]
    ratios: dict[str, tuple[str, str]]
    regressions: tuple[str, ...]


_Key = tuple[str, str, str, str]


def _key(fact: Fact) -> _Key:
    names = ("table", "row", "column", "kind")
    table, row, column, kind = (normalise(str(fact[name] or "")) for name in names)
    return table, row, column, kind


def _wrong(facts: Sequence[Fact]) -> dict[tuple[_Key, str], Fact]:
    return {(_key(f), str(f["value"])): f for f in facts}


def _silent(fact: Fact) -> bool:
    return fact["kind"] == "number" and str(fact.get("state") or "") not in WARNED_STATES


def _facts(name: str, gold: Sequence[Fact], before: Sequence[Fact], after: Sequence[Fact]) -> Iterator[Change]:
    one, two = score(gold, before), score(gold, after)
    lost_before, lost_after = (Counter((_key(f), str(f["value"])) for f in s.missing) for s in (one, two))
    known = {(_key(f), str(f["value"])) for f in gold}
    sides = [{_key(f): str(f["value"]) for f in side} for side in (before, after)]
    for kind, lost in (("lost", lost_after - lost_before), ("found", lost_before - lost_after)):
        for (key, value), _ in sorted(lost.items()):
            place = {"table": key[0], "row": key[1], "column": key[2]}
            said = [side.get(key, "(nothing)") for side in sides]
            yield Change(
                case=name, kind="lost" if kind == "lost" else "found", fact=value, **place,
                before=said[0], after=said[1],
            )  # fmt: skip
    wrong = [_wrong(s.wrong) for s in (one, two)]
    for (key, value), fact in sorted(wrong[1].items(), key=lambda item: item[0]):
        old = wrong[0].get((key, value))
        if old is None or (_silent(fact) and not _silent(old)):
            yield _change(name, "silently wrong" if _silent(fact) else "wrong", fact, sides[0].get(key), value)
    for (key, value), fact in sorted(wrong[0].items(), key=lambda item: item[0]):
        if (key, value) not in wrong[1] and (key, value) not in known:
            yield _change(name, "no longer wrong", fact, value, sides[1].get(key))


def _change(name: str, kind: Kind, fact: Fact, before: str | None, after: str | None) -> Change:
    return Change(
        case=name, kind=kind, table=str(fact["table"]), row=str(fact["row"]), column=str(fact["column"]),
        fact=str(fact["value"]), before=before or "(nothing)", after=after or "(nothing)",
    )  # fmt: skip


def compare(one: Saved, two: Saved, limits: Thresholds) -> Comparison:
    """Compare two runs on the cases of both; a case that only one has is a change of outcome."""
    changes: list[Change] = []
    outcomes = [{c.name: c.outcome for c in saved.run.cases} for saved in (one, two)]
    for name in sorted(outcomes[0].keys() | outcomes[1].keys()):
        before, after = (side.get(name, "(not run)") for side in outcomes)
        if before != after:
            changes.append(Change(case=name, kind="outcome", before=before, after=after))
        elif before == "read":
            changes += _facts(name, two.gold[name], one.predicted[name], two.predicted[name])
    both = {n for n in outcomes[0] if outcomes[0][n] == outcomes[1].get(n) == "read"}
    totals = [_of(saved, both) for saved in (one, two)]
    ratios = [scores(saved).total.ratios for saved in totals]
    seconds = [sum(c.seconds for c in saved.run.cases) for saved in totals]
    return Comparison(
        changes=tuple(changes),
        ratios={name: (ratio(ratios[0][name]), ratio(ratios[1][name])) for name in ratios[0]},
        regressions=tuple(_regressions(changes, ratios, seconds, limits)),
    )


def _of(saved: Saved, names: set[str]) -> Saved:
    """Keep the cases that both runs read, so that the ratios are about the same documents."""
    kept = saved.run.model_copy(update={"cases": tuple(c for c in saved.run.cases if c.name in names)})
    return Saved(kept, saved.predicted, saved.gold)


def _regressions(
    changes: Sequence[Change], ratios: Sequence[Mapping[str, float | None]], seconds: Sequence[float],
    limits: Thresholds,
) -> Iterator[str]:  # fmt: skip
    drops = {
        "f1": (limits.number_f1, -1), "text_f1": (limits.text_f1, -1), "line_accuracy": (limits.line_accuracy, -1),
        "silent_error_rate": (limits.silent_error_rate, 1),
    }  # fmt: skip
    for name, (limit, sign) in drops.items():
        before, after = ratios[0][name], ratios[1][name]
        if before is not None and (after is None or sign * (after - before) > float(limit) + 1e-12):
            yield f"{name}: {ratio(before)} before, {ratio(after)} after; {limit} is allowed"
    counts = {
        "lost_facts": sum(c.kind == "lost" for c in changes),
        "silent_errors": sum(c.kind == "silently wrong" for c in changes),
        "unread": sum(c.kind == "outcome" and c.before == "read" for c in changes),
    }
    for name, count in counts.items():
        if count > getattr(limits, name):
            yield f"{name}: {count}; {getattr(limits, name)} are allowed"
    if seconds[1] > float(limits.seconds) * seconds[0] + 1:
        yield f"seconds: {seconds[0]:.2f} before, {seconds[1]:.2f} after; {limits.seconds} times as many are allowed"


def page(found: Comparison) -> Page:
    """Write a comparison as a report."""
    ratios = tuple((name, *sides) for name, sides in found.ratios.items())
    head = ("document", "change", "table", "row", "column", "gold", "before", "after")
    rows = tuple((c.case, c.kind, c.table, c.row, c.column, c.fact, c.before, c.after) for c in found.changes)
    return Page(
        "Comparison",
        (
            Grid("Ratios, over the documents that both runs read", ("", "before", "after"), ratios),
            Grid("Regressions", ("",), tuple((r,) for r in found.regressions) or (("none",),)),
            Grid(f"Changes ({len(rows)})", head, rows),
        ),
    )
