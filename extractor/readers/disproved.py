"""Tables in text without cells whose columns were taken wrongly: most of their rows don't add up.

A wrong number breaks the sum of its row and of those above it. Where half of the rows break the sums of their columns,
the columns are others than the header was taken to name, and what adds up by chance would be proven under wrong names.
A sum that is off by one digit says that a number is misread, and nothing of the columns.
"""

from collections.abc import Sequence

from extractor.identities import evaluate, within
from extractor.misread import off_by_a_digit

from .draft import Draft

_ROWS = 3  # that break a sum at least
_FRAGMENTS = 2  # so much more a broken sum weighs where the header came in pieces
_REASON = "most of its rows don't add up under what its header was taken to name"


def _disproved(draft: Draft) -> str:
    """Say that a table's rows refute its columns, or return an empty string."""
    body = draft.body
    if body.grid or not (draft.spec.layout or draft.labels or body.fragments):
        return ""
    frame, values = draft.frame(), draft.chosen(0)
    held, violated = set[int](), set[int]()
    for instance in within(0, frame, draft.spec):
        rows = {ref.row for ref in instance.refs}
        if len(rows) != 1 or instance.relation not in ("sum", "same") or instance.soft:
            continue
        outcome = evaluate(instance, [frame], values)
        if outcome.verdict == "held":
            held.update(rows)
        elif outcome.verdict == "violated" and not off_by_a_digit(outcome):
            violated.update(rows)
    held -= violated
    weight = _FRAGMENTS if body.fragments and draft.spec.layout else 1
    return _REASON if len(violated) >= _ROWS and len(violated) * weight >= len(held) else ""


def kept(drafts: Sequence[Draft]) -> tuple[list[Draft], list[tuple[Draft, str]]]:
    """Part the tables whose rows refute their columns from the others, each with the reason."""
    odd = [(draft, reason) for draft in drafts if (reason := _disproved(draft))]
    refuted = {id(draft) for draft, _ in odd}
    return [draft for draft in drafts if id(draft) not in refuted], odd
