"""Optional packages, each asked for where a file needs it."""

from importlib import import_module
from types import ModuleType

from extractor.errors import InputError

_WHAT = {"pdf": "a PDF", "office": "an Office file", "ocr": "an image"}


def needs(module: str, extra: str, name: str) -> ModuleType:
    """Return a module of an extra.

    Raises:
        InputError: It isn't installed; the message says how to install it.
    """
    try:
        return import_module(module)
    except ImportError:
        raise InputError(
            f"{name}: this is {_WHAT[extra]}, and reading it needs an extra: pip install 'extractor[{extra}]'."
        ) from None
