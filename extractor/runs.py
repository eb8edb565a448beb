"""Runs: which files of a folder are still to be read, and with what they were read before.

A file is read (again) when it is new, its bytes, the options or this package have changed, its result is gone, a model
was not asked about some of it or gave no answer, or it failed for a reason that may have passed. Everything else stays
as it is.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import elsewhere, manifest, urls
from .accounts import Account
from .batch import Job, Report, hashed, plan
from .data import data_folder
from .manifest import Entry, Manifest, Status, options_id
from .pipeline import Extractor
from .records import Finding, Unread

_PACKAGE = Path(__file__).resolve().parent
_DATA = (("schemas", ".yaml"), ("prompts", ".md"), ("prompts", ".toml"))
_MODEL = ("model", "mode", "temperature", "max_output_tokens", "chunk_tokens", "context", "gguf")


@dataclass(frozen=True, slots=True)
class Agenda:
    """What a run has to do.

    Attributes:
        jobs: Files to read.
        kept: Files that stay as an earlier run left them.
        why: How many files are read for which reason.
        options: Id of the options with which it reads.
    """

    jobs: tuple[Job, ...]
    kept: tuple[Job, ...]
    why: Counter[str]
    options: str


def opened(out: Path, *, patience: float = 0.0) -> AbstractContextManager[Manifest]:
    """Open the manifest of a folder or an address for a run; see :func:`manifest.opened` and :mod:`elsewhere`."""
    return elsewhere.opened(urls.path_of(out)) if urls.is_url(out) else manifest.opened(out, patience=patience)


def seen(out: Path) -> AbstractContextManager[Manifest]:
    """Open the manifest of a folder or an address to look at it, also while a run is at work."""
    return elsewhere.read(urls.path_of(out)) if urls.is_url(out) else manifest.read(out)


def settings(extractor: Extractor, formats: Sequence[str]) -> dict[str, Any]:
    """Return everything beside a file's bytes that its result depends on: options, and what this package is made of.

    Limits on calls or cost are not among them: where one was reached the file is noted as open. Neither is the
    endpoint: the same model gives the same answers wherever it is.
    """
    said: dict[str, Any] = {"engine": extractor.engine, "formats": sorted(set(formats)), "package": package()}
    if extractor.model is not None:
        known = extractor.model.model_dump(mode="json")
        said["model"] = {name: known[name] for name in _MODEL if known[name] is not None}
        said |= {"max_repairs": extractor.max_repairs, "second_opinion": extractor.second_opinion}
    return said


@lru_cache(maxsize=1)
def package() -> str:
    """Return a fingerprint of this package: its version, its code, its specs and its prompts."""
    found = hashlib.sha256(version("extractor").encode())
    folders = [(_PACKAGE, ".py"), *((data_folder(name), ending) for name, ending in _DATA)]
    for folder, ending in folders:
        for file in sorted(folder.rglob(f"*{ending}")):
            found.update(f"\0{file.relative_to(folder)}\0".encode())
            found.update(file.read_bytes())
    return found.hexdigest()[:16]


def agenda(
    manifest: Manifest, paths: Sequence[Path] | Mapping[Path, tuple[Path, ...]], options: Mapping[str, Any], *,
    fresh: bool = False, failed_only: bool = False,
) -> Agenda:  # fmt: skip
    """Settle which files are to be read, and note them in the manifest.

    Args:
        manifest: That of the folder of results.
        paths: The files that this run is about; or documents, each with the files that it is read from.
        options: What :func:`settings` says of it.
        fresh: Read all, whatever was done before.
        failed_only: Read those that failed before, for whatever reason, and no others.
    """
    name = options_id(options)
    todo: list[Job] = []
    kept: list[Job] = []
    why: Counter[str] = Counter()
    taken: set[str] = set()
    parts = paths if isinstance(paths, Mapping) else {}
    for planned in plan(list(paths), manifest.out, manifest.folder_of):
        job = replace(_apart(planned, manifest, taken), parts=parts.get(planned.path, ()))
        entry = next(manifest.entries([job.path]), None)
        if failed_only:
            reason = "failed before" if entry and entry.status == "failed" else ""
        else:
            reason = "read again" if fresh else _reason(entry, job, manifest, (name, options))
        (todo if reason else kept).append(job)
        why[reason] += bool(reason)
    todo = manifest.claimed(todo)
    manifest.expect([(job.path, job.folder.name) for job in todo], dict(options), name)
    return Agenda(tuple(todo), tuple(kept), +why, name)


def _apart(job: Job, manifest: Manifest, taken: set[str]) -> Job:
    """Give a file another folder where its own belongs to another file, of this run or of an earlier one."""
    path = job.path.absolute()
    while job.folder.name in taken or manifest.owner(job.folder.name) not in (None, path):
        job = replace(job, folder=manifest.out / hashed(path, job.folder.name))
    taken.add(job.folder.name)
    return job


def _reason(entry: Entry | None, job: Job, manifest: Manifest, now: tuple[str, Mapping[str, Any]]) -> str:
    """Say why a file is to be read, or nothing; ``now`` are the options of this run, with their id."""
    if entry is None or entry.status == "waiting":
        return "new"
    if entry.status == "failed":
        if entry.input is None:
            return "failed before"
        return "" if entry.input == job.digest() and entry.options == now[0] else "changed"
    if not manifest.stands(entry):
        return "result gone"
    if entry.status == "open":
        return "not answered before"
    source = job.digest()
    if source is None:
        return ""  # the file is gone: what was read of it stays
    if source != entry.input:
        return "changed"
    if entry.options == now[0]:
        return ""
    before = manifest.options(entry.options)
    return "other " + ", ".join(sorted(k for k in {*before, *now[1]} if before.get(k) != now[1].get(k)))


def entry_of(report: Report, options: str) -> Entry:
    """Return what the manifest notes of a file that was read, or was not."""
    status: Status = "failed" if report.error else "open" if _open(report) else "done"
    return Entry(
        report.job.path, report.job.folder.name, status, report.source, options, 0, report.error, report.seconds, None,
        dict(report.sizes),
    )  # fmt: skip


def _open(report: Report) -> bool:
    return report.account is not None and bool(report.account.not_asked or report.account.unanswered)


def summary(report: Report) -> dict[str, Any]:
    """Return a report as JSON."""
    return {
        "path": str(report.job.path),
        "out": str(report.job.folder),
        "error": report.error,
        "tables": [{"id": i, "title": t, "rows": n, "states": dict(s)} for i, t, n, s in report.tables],
        "states": dict(report.states),
        "findings": [f.model_dump(mode="json") for f in report.findings],
        "unread": [u.model_dump(mode="json") for u in report.unread],
        "usage": report.account.model_dump(mode="json") if report.account else None,
    }


def restored(job: Job, said: Mapping[str, Any]) -> Report:
    """Return the report that a summary was made of."""
    return Report(
        job, said["error"],
        tuple((t["id"], t["title"], t["rows"], Counter(t["states"])) for t in said["tables"]),
        Counter(said["states"]),
        tuple(Finding.model_validate(f) for f in said["findings"]),
        tuple(Unread.model_validate(u) for u in said["unread"]),
        account=Account.model_validate(said["usage"]) if said["usage"] else None,
    )  # fmt: skip


def kept(manifest: Manifest, jobs: Sequence[Job]) -> Iterator[Report]:
    """Yield the reports of files that stay as they are."""
    for job in jobs:
        said = manifest.report(job.path)
        if said:
            yield restored(job, said)
            continue
        entry = next(manifest.entries([job.path]), None)
        if entry is not None and entry.error:
            yield Report(job, error=entry.error)
