"""Finds the data folders: inside the package in a wheel, beside it in a checkout."""

from pathlib import Path

from .errors import SpecError

_PACKAGE = Path(__file__).resolve().parent


def data_folder(name: str) -> Path:
    """Return the folder ``schemas``, ``prompts`` or ``eval``.

    Raises:
        SpecError: It is neither in the package nor beside it: the installation is broken.
    """
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise SpecError(f"the data folder {name!r} is missing. Install the package again.")
