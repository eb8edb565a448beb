"""Pages of results that were saved earlier: each with its text, which is found and checked first."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from extractor.batch import Job, Report, report
from extractor.document import Document
from extractor.errors import ExtractorError, InputError, ResultError
from extractor.export import PAGE, SOURCE, load
from extractor.placing import place
from extractor.recheck import digest, recheck
from extractor.records import Result
from extractor.tidy_files import results

from .document import page
from .index import INDEX, index


@dataclass(frozen=True, slots=True)
class Written:
    """What became of it: files written, and the results that have no page, with the reason."""

    files: tuple[Path, ...]
    documents: int
    errors: tuple[str, ...]


def pages(run: Path, source: Path | None = None) -> Written:
    """Write a page beside every result of a run, and the run's own; or the page of one result.

    Args:
        run: Folder of a run, the folder of a result, or its file.
        source: The text that it was read from, or a folder that holds the texts; where they were read from if None.

    Raises:
        InputError: There are no results, or a file can't be written.
    """
    found = results(run)
    texts = _Texts(source)
    files: list[Path] = []
    errors: list[str] = []
    reports: list[Report] = []
    for path in found:
        job = Job(path, path.parent)
        try:
            saved = load(path)
            job = Job(Path(saved.path or saved.document), path.parent)
            document = texts.of(saved, path.parent)
            again = recheck(saved, document)
            files.append(_write(path.parent / PAGE, page(again, document)))
            reports.append(report(job, again))
        except InputError:
            raise
        except ExtractorError as error:
            errors.append(str(error))
            reports.append(Report(job, error=str(error)))
    if run.is_dir() and found[0].parent != run:
        files.append(_write(run / INDEX, index(reports, run)))
    return Written(tuple(files), len(found) - len(errors), tuple(errors))


def _write(path: Path, text: str) -> Path:
    try:
        return place(path.parent, {path.name: text})[0]
    except OSError as error:
        raise InputError(f"{path}: can't be written ({error.strerror}).") from None


class _Texts:
    """Finds the text of a result."""

    def __init__(self, source: Path | None) -> None:
        self._source = source
        self._names: Mapping[str, list[Path]] = _names(source) if source is not None and source.is_dir() else {}

    def of(self, saved: Result, folder: Path) -> Document:
        """Return the text that a result in a folder was read from.

        Raises:
            ResultError: It isn't there, or is another text.
        """
        problem = "the text that it was read from is not there."
        for path in self._candidates(saved, folder):
            try:
                document = Document.from_path(path)
            except InputError as error:
                problem = str(error)
                continue
            if digest(document) == saved.sha256:
                return document
            problem = f"{path} is not the text that it was read from."
        raise ResultError(f"{saved.document}: {problem} Name the text, or the folder it is in, with --source.")

    def _candidates(self, saved: Result, folder: Path) -> list[Path]:
        if self._source is None:
            kept = [folder / SOURCE] if saved.regions and (folder / SOURCE).is_file() else []
            return [*kept, *([Path(saved.path)] if saved.path else [])]
        if self._names:
            return self._names.get(Path(saved.path or saved.document).name, [])
        return [self._source]


def _names(folder: Path) -> dict[str, list[Path]]:
    """Return every file below a folder by its name."""
    found: dict[str, list[Path]] = {}
    for root, _, names in os.walk(folder):
        for name in names:
            found.setdefault(name, []).append(Path(root) / name)
    return found
