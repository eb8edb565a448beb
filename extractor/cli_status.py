"""``extractor status``: where a run stands."""

from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_base import EXIT_OK, EXIT_UNREADABLE, AsJson, fail, print_json, terminal

_SHOWN = 12
_LAST = 50  # files by which the time that is left is told


def status(
    folder: Annotated[
        Path,
        typer.Argument(help="The --out of `extractor run`: a folder or an address.", metavar="DIR", readable=False),
    ],
    as_json: AsJson = False,
) -> None:
    """Say where a run stands: files done, failed (with reasons) and left, cells by state, findings, calls and cost.

    \b
    Can be asked while the run is at work, and tells then how long it still takes. Exit code 0: all is done; 3: files
    failed, are left, or lost their results. To go on, give the command of the run again; `extractor run ...
    --retry-failed` reads the failed files alone.
    """
    from . import runs, urls
    from .errors import ExtractorError
    from .lock import busy

    try:
        with runs.seen(folder) as manifest:
            found = _look(manifest)
    except ExtractorError as error:
        raise fail(str(error)) from None
    far = urls.is_url(folder)  # where no lock tells whether somebody is at work
    at_work = None if far else busy(folder)
    found = {"folder": str(urls.path_of(folder)), "at_work": at_work, **found}
    found["batches"] = None if far else _batches(folder)
    found["seconds_left"] = _left(found.pop("ended"), found["waiting"]) if at_work else None
    if as_json:
        print_json(found)
    else:
        _show(found)
    left = found["failed"] or found["waiting"] or found["gone"]
    raise typer.Exit(EXIT_UNREADABLE if left else EXIT_OK)


def _batches(folder: Path) -> dict[str, int] | None:
    """Count the questions that were sent in batches, by what is known here."""
    if not (folder / ".batch").is_dir():
        return None
    from .batches import known_at

    sent = known_at(folder)
    under_way = sum(s.questions for s in sent if not s.fetched)
    return {"questions": sum(s.questions for s in sent), "under_way": under_way} if sent else None


def _look(manifest: Any) -> dict[str, Any]:
    """Count the files of a manifest, one at a time."""
    by_status: Counter[str] = Counter()
    states: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    failed, gone, seconds = [], 0, 0.0
    ended: list[float] = []
    spent: dict[str, Any] = {}
    for entry, report in manifest.reports():
        by_status[entry.status] += 1
        if entry.status == "failed":
            failed.append({"path": str(entry.path), "attempts": entry.attempts, "error": entry.error})
        elif entry.status in ("done", "open"):
            gone += not manifest.stands(entry)
            seconds += entry.seconds or 0
            ended += [entry.ended] if entry.ended else []
            _add(spent, report.get("usage"))
            states.update(report.get("states", {}))
            kinds.update(f["kind"] for f in report.get("findings", ()))
    return {
        "files": by_status.total(), "done": by_status["done"], "open": by_status["open"], "failed": by_status["failed"],
        "waiting": by_status["waiting"], "gone": gone, "seconds": round(seconds, 1), "states": dict(states),
        "findings": dict(kinds), "failures": failed, "model": spent or None, "ended": ended,
    }  # fmt: skip


def _add(spent: dict[str, Any], usage: Any) -> None:
    """Add the account of a file; a cost that is unknown for one file is unknown for all."""
    if not usage:
        return
    total, first = usage["total"], not spent
    for name in ("calls", "failed", "hits", "input", "output"):
        spent[name] = spent.get(name, 0) + total[name]
    known = total["cost"] is not None and (first or spent["cost"] is not None)
    spent["cost"] = str(Decimal(spent.get("cost") or 0) + Decimal(total["cost"])) if known else None
    spent["currency"] = usage["currency"]


def _left(ended: list[float], waiting: int) -> float | None:
    """Return the seconds that a run at work still takes, by its last files; None before it has done three.

    The longest pause between two files doesn't count: an earlier run may have ended there.
    """
    last = sorted(ended)[-_LAST:]
    pauses = sorted(later - earlier for earlier, later in pairwise(last))[:-1]
    return round(waiting * sum(pauses) / len(pauses), 1) if pauses and waiting else None


def _show(found: dict[str, Any]) -> None:
    from .console import safe

    console = terminal(stdout=True)
    left = found["seconds_left"]
    soon = f", about {max(1, round(left / 60))} min left" if left is not None else ""
    console.print(safe(f"{found['folder']}{f'  (a run is at work{soon})' if found['at_work'] else ''}"), soft_wrap=True)
    console.print(
        f"  files     {found['files']}: {found['done']} done, {found['failed']} failed, {found['waiting']} left"
    )
    if found["open"]:
        console.print(
            f"            {found['open']} written, but a model didn't answer some of the questions: run again"
        )
    if found["gone"]:
        console.print(f"            {found['gone']} of the done ones lost files of their results: run again")
    for name in ("states", "findings"):
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(found[name].items())) or "none"
        console.print(f"  {'cells' if name == 'states' else name:<9} {said}", soft_wrap=True)
    if spent := found["model"]:
        cost = "n/a" if spent["cost"] is None else f"{Decimal(spent['cost']):.4f} {spent['currency']}"
        console.print(
            f"  model     {spent['calls']} calls ({spent['failed']} failed), {spent['hits']} answers from the cache, "
            f"{spent['input']} tokens in, {spent['output']} out, cost {cost}: of the files as they were last read",
            soft_wrap=True,
        )
    if batches := found["batches"]:
        console.print(
            f"  batches   {batches['questions']} questions sent, {batches['under_way']} not collected: "
            "see `extractor batch status`",
            soft_wrap=True,
        )
    for failure in found["failures"][:_SHOWN]:
        tries = "1 attempt" if failure["attempts"] == 1 else f"{failure['attempts']} attempts"
        console.print(safe(f"  ✗ {failure['error']} ({tries})"), soft_wrap=True, style="red")
    if len(found["failures"]) > _SHOWN:
        console.print(f"  … and {len(found['failures']) - _SHOWN} more with --json")
