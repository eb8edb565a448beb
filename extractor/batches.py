"""The batches of a run: which questions were sent, what came back, in a folder of the results.

What is done is written down before and after each step, so that a stop at any moment is made good by the same command:
a file of questions is uploaded again at worst, but no batch is made twice.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from . import urls
from .batch_api import BatchError, Batches, State, write_whole
from .budget import Usage
from .config import ModelConfig
from .lock import held
from .post import Bag, keys, questions, read

FOLDER = ".batch"
LARGEST = 95_000_000
"""Bytes of a file of questions."""
MOST = 50_000
"""Questions of one batch, as the endpoint that invented them has it."""
_STATE = "batches.json"
_NEW = "new"  # the folder of questions that no batch holds yet
_PATIENCE = 2.0  # seconds in which a command that was just killed ends the files that it was at


class Sent(BaseModel):
    """A file of questions, and what became of it.

    Attributes:
        name: Of its files: ``name.jsonl``, ``name.answers.jsonl`` and ``name.errors.jsonl``.
        questions: How many there are in it.
        file: Its id at the endpoint, once it is uploaded.
        asked: A batch was asked for: it may exist, also where its id isn't known.
        batch: The batch's id.
        status: In the endpoint's words; ``made`` before it knows of it.
        done: Questions answered, as the endpoint says; ``failed`` likewise.
        failed: Questions that it could not answer.
        why: Why the batch failed.
        fetched: It has ended, and its answers lie here.
        booked: A run that used them has come to its end: they are on its account.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    questions: int
    file: str | None = None
    asked: bool = False
    batch: str | None = None
    status: str = "made"
    done: int = 0
    failed: int = 0
    why: str = ""
    fetched: bool = False
    booked: bool = False


class Settings(BaseModel):
    """How the questions were made, so that the answers are judged by the same reading.

    Attributes:
        paths: Files, folders and globs, as given in ``folder``.
        folder: Where the command was given.
        engine: Who reads.
        config: The model's configuration, without its key.
        max_repairs: How often a table is asked for again.
        second_opinion: Whether both readers are compared.
        formats: What is written.
        mode: How the answer's form is asked for.
        dialect: The parameters that the model knows.
    """

    model_config = ConfigDict(extra="forbid")

    paths: list[str]
    folder: str
    engine: Literal["auto", "llm"]
    config: dict[str, Any]
    max_repairs: int
    second_opinion: bool
    formats: list[str]
    mode: str = ""
    dialect: dict[str, Any] = {}


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    settings: Settings
    sent: list[Sent] = []


@dataclass(frozen=True, slots=True)
class Summary:
    """What the batches of a run have brought.

    Attributes:
        questions: Sent so far; a question that is asked again counts again.
        answered: Answers that came.
        failed: Questions to which an error came.
        waiting: Questions of batches that have not ended.
        usage: Tokens of all answers.
    """

    questions: int
    answered: int
    failed: int
    waiting: int
    usage: Usage


class Folder:
    """The batches of a run; see :func:`opened`."""

    def __init__(self, out: Path, settings: Settings | None) -> None:
        """Read what is written there; ``settings`` begin a new one, and must be those of one that is there.

        Raises:
            BatchError: There is none, it can't be read, or it was begun with other settings.
        """
        self.path = out.absolute() / FOLDER
        try:
            text = (self.path / _STATE).read_bytes()
        except FileNotFoundError:
            if settings is None:
                raise _nothing(out) from None
            self._written = _Written(settings=settings)
        except OSError as error:
            raise BatchError(f"{self.path}: can't be read ({error.strerror}). Change its mode or owner.") from None
        else:
            try:
                self._written = _Written.model_validate_json(text)
            except ValidationError as error:
                raise BatchError(
                    f"{self.path / _STATE}: damaged ({error.error_count()} faults). Move the folder away: what was not "
                    "collected is then asked again."
                ) from None
        if settings is not None:
            self._settle(settings)

    def _settle(self, settings: Settings) -> None:
        """Take new settings; the model can't be another one while its answers lie here."""
        old = self._written.settings
        for name in ("model", "base_url"):
            if self._written.sent and old.config.get(name) != settings.config.get(name):
                raise BatchError(
                    f"{self.path}: holds batches for another {name.replace('_', ' ')} ({old.config.get(name)}). Choose "
                    "another --out, or move that folder away."
                )
        kept = {"mode": old.mode, "dialect": old.dialect} if old.config == settings.config else {}
        self._written.settings = settings.model_copy(update=kept)

    @property
    def settings(self) -> Settings:
        """How the questions are made."""
        return self._written.settings

    @property
    def sent(self) -> Sequence[Sent]:
        """The files of questions, in the order in which they were made."""
        return self._written.sent

    def learned(self, mode: str, dialect: Mapping[str, Any]) -> None:
        """Note how the model wants to be asked."""
        self._written.settings = self.settings.model_copy(update={"mode": mode, "dialect": dict(dialect)})
        self._save()

    def bag(self, limit: int | None = None) -> Bag:
        """Return the questions and answers so far, for a run that takes the answers and puts what is still open."""
        new = self.path / _NEW
        shutil.rmtree(new, ignore_errors=True)
        try:
            new.mkdir()
        except OSError as error:
            raise self._unwritable(error) from None
        bag = Bag(self.settings.mode, self.settings.dialect, new, limit)
        for sent in self.sent:
            asked = self.path / f"{sent.name}.jsonl"
            if not sent.fetched:
                bag.under_way(asked)
                continue
            for answers in self._answers(sent):
                bag.came(asked, answers, booked=sent.booked)
        return bag

    def pack(self, most: int = MOST) -> None:
        """Make files of the questions that a run has put, none with more than ``most``, each question once.

        They are in the order of their keys, so that it doesn't matter which process put which.
        """
        new = self.path / _NEW
        taken = {int(sent.name) for sent in self.sent}
        number, lines, size = max(taken, default=0), list[bytes](), 0
        packed: list[Sent] = []

        def close() -> None:
            nonlocal number, size
            number += 1
            write_whole(self.path / f"{number:04}.jsonl", b"".join(lines))
            packed.append(Sent(name=f"{number:04}", questions=len(lines)))
            lines.clear()
            size = 0

        for line in _in_order(new):
            if lines and (len(lines) >= most or size + len(line) > LARGEST):
                close()
            lines.append(line)
            size += len(line)
        if lines:
            close()
        self._written.sent.extend(packed)
        self._save()
        shutil.rmtree(new, ignore_errors=True)

    def submit(self, api: Batches) -> Iterator[Sent]:
        """Send what isn't sent yet, and yield each file that is.

        Raises:
            BatchError: The endpoint takes no more.
        """
        for sent in self.sent:
            if sent.batch is not None or sent.fetched:
                continue
            file = self.path / f"{sent.name}.jsonl"
            state = api.lost(file) if sent.asked else None
            if state is None:
                if sent.file is None:
                    sent.file = api.upload(file)
                sent.asked = True
                self._save()
                try:
                    state = api.create(sent.file, file)
                except BatchError as error:
                    if error.refused:  # there is no batch: the next time the file goes up anew
                        sent.asked, sent.file = False, None
                        self._save()
                    raise
            self._note(sent, state)
            yield sent

    def look(self, api: Batches) -> None:
        """Ask the endpoint how far the batches are.

        Raises:
            BatchError: It doesn't say.
        """
        for sent in self.sent:
            if sent.batch is not None and not sent.fetched:
                self._note(sent, api.look(sent.batch))

    def fetch(self, api: Batches) -> int:
        """Fetch the answers of the batches that have ended; returns how many batches these are.

        Raises:
            BatchError: The endpoint doesn't give them.
        """
        count = 0
        for sent in self.sent:
            if sent.batch is None or sent.fetched:
                continue
            state = api.look(sent.batch)
            if state.ended:
                for kind, file in (("answers", state.answers), ("errors", state.errors)):
                    if file:
                        api.fetch(file, self.path / f"{sent.name}.{kind}.jsonl")
                sent.fetched = True
                count += 1
            self._note(sent, state)
        return count

    def cancel(self, api: Batches) -> int:
        """Ask for the batches that are under way to stop; returns how many these are.

        Raises:
            BatchError: The endpoint doesn't do it.
        """
        count = 0
        for sent in self.sent:
            if sent.batch is not None and not sent.fetched:
                self._note(sent, api.cancel(sent.batch))
                count += 1
        return count

    def book(self) -> None:
        """Note that a run with the answers so far has come to its end."""
        for sent in self.sent:
            sent.booked = sent.fetched
        self._save()

    def summary(self) -> Summary:
        """Add up what has come."""
        answered = failed = 0
        usage = Usage()
        for sent in self.sent:
            wanted = keys(self.path / f"{sent.name}.jsonl") if sent.fetched else set[str]()
            for answers in self._answers(sent):
                for _, key, answer in read(answers):
                    if key in wanted:
                        good = answer.status == 200
                        answered += good
                        failed += not good
                        usage += answer.usage if good else Usage()
        waiting = sum(s.questions for s in self.sent if not s.fetched)
        return Summary(sum(s.questions for s in self.sent), answered, failed, waiting, usage)

    def _answers(self, sent: Sent) -> Iterator[Path]:
        for kind in ("answers", "errors"):
            file = self.path / f"{sent.name}.{kind}.jsonl"
            if sent.fetched and file.exists():
                yield file

    def _note(self, sent: Sent, state: State) -> None:
        sent.batch, sent.status, sent.why = state.id, state.status, state.why
        sent.done, sent.failed = state.done, state.failed
        self._save()

    def _save(self) -> None:
        try:
            write_whole(self.path / _STATE, self._written.model_dump_json(indent=1).encode() + b"\n")
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> BatchError:
        return BatchError(f"{self.path}: can't be written ({error.strerror}). Make room there.")


def _in_order(new: Path) -> Iterator[bytes]:
    """Yield the questions in the files of a folder, each once, in the order of their keys."""
    found = {key: (file, place) for file in new.glob("*.jsonl") for place, key in questions(file)}
    for key in sorted(found):
        file, place = found[key]
        with file.open("rb") as lines:
            lines.seek(place)
            yield lines.readline()


@contextmanager
def opened(out: Path, settings: Settings | None = None) -> Iterator[Folder]:
    """Open the batches of a run; nobody else works on them meanwhile.

    Args:
        out: The folder of the run's results.
        settings: How questions are made from now on; None for batches that are there already.

    Raises:
        BatchError: There are none, or they were begun with another model.
        BusyError: Another command works on them.
        InputError: The folder is an address.
    """
    folder = urls.here(out, "results of batches") / FOLDER
    if settings is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BatchError(f"{folder}: can't be made ({error.strerror}). Choose another --out.") from None
    elif not (folder / _STATE).is_file():
        raise _nothing(out)
    with held(folder, _PATIENCE):
        yield Folder(out, settings)


def known_at(out: Path) -> Sequence[Sent]:
    """Return what is known of a run's batches without asking anybody; nothing where there are none."""
    if not os.path.isfile(out / FOLDER / _STATE):  # noqa: PTH113 - Path.is_file raises where it may not be entered
        return ()
    return Folder(out, None).sent


def saved(config: ModelConfig) -> dict[str, Any]:
    """Return a configuration as it is written down: without key and limits, which are those of each command."""
    left_out = {"max_calls", "max_tokens", "max_cost", "offline"}
    known = config.model_dump(exclude=left_out, exclude_none=True)
    return {k: str(v.absolute()) if isinstance(v, Path) else v for k, v in known.items()}


def _nothing(out: Path) -> BatchError:
    return BatchError(f"{out}: no batches in this folder. Give the --out of `extractor batch submit`.")
