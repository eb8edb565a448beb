"""``extractor status``: where a run stands."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_base import EXIT_OK, EXIT_UNREADABLE, AsJson, fail, print_json, terminal

_SHOWN = 12


def status(
    folder: Annotated[Path, typer.Argument(help="The --out of `extractor run`.", metavar="DIR", readable=False)],
    as_json: AsJson = False,
) -> None:
    """Say where a run stands: files done, failed (with reasons) and left, cells by state, findings.

    \b
    Can be asked while the run is at work. Exit code 0: all is done; 3: files failed, are left, or lost their results.
    To go on, give the command of the run again; `extractor run ... --retry-failed` reads the failed files alone.
    """
    from .errors import ExtractorError
    from .lock import busy
    from .manifest import read

    try:
        with read(folder) as manifest:
            found = _look(manifest)
    except ExtractorError as error:
        raise fail(str(error)) from None
    found = {"folder": str(folder), "at_work": busy(folder), **found}
    if as_json:
        print_json(found)
    else:
        _show(found)
    left = found["failed"] or found["waiting"] or found["gone"]
    raise typer.Exit(EXIT_UNREADABLE if left else EXIT_OK)


def _look(manifest: Any) -> dict[str, Any]:
    """Count the files of a manifest, one at a time."""
    by_status: Counter[str] = Counter()
    states: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    failed, gone, seconds = [], 0, 0.0
    for entry, report in manifest.reports():
        by_status[entry.status] += 1
        if entry.status == "failed":
            failed.append({"path": str(entry.path), "attempts": entry.attempts, "error": entry.error})
        elif entry.status in ("done", "open"):
            gone += not entry.stands(manifest.out)
            seconds += entry.seconds or 0
            states.update(report.get("states", {}))
            kinds.update(f["kind"] for f in report.get("findings", ()))
    return {
        "files": by_status.total(), "done": by_status["done"], "open": by_status["open"], "failed": by_status["failed"],
        "waiting": by_status["waiting"], "gone": gone, "seconds": round(seconds, 1), "states": dict(states),
        "findings": dict(kinds), "failures": failed,
    }  # fmt: skip


def _show(found: dict[str, Any]) -> None:
    from .console import safe

    console = terminal(stdout=True)
    console.print(safe(f"{found['folder']}{'  (a run is at work)' if found['at_work'] else ''}"), soft_wrap=True)
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
    for failure in found["failures"][:_SHOWN]:
        console.print(safe(f"  ✗ {failure['error']} ({failure['attempts']} attempts)"), soft_wrap=True, style="red")
    if len(found["failures"]) > _SHOWN:
        console.print(f"  … and {len(found['failures']) - _SHOWN} more with --json")
