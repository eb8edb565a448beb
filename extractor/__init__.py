"""Structured, proven tables from public-finance disclosures.

>>> from extractor import Document, Extractor
>>> result = Extractor().extract(Document.from_path("budget.txt"))  # doctest: +SKIP
"""

from .document import Document
from .errors import ExtractorError, InputError, ResultError, SpecError
from .facts import facts
from .pipeline import Extractor
from .records import Cell, Finding, Result, Row, Span, Table

__all__ = [
    "Cell",
    "Document",
    "Extractor",
    "ExtractorError",
    "Finding",
    "InputError",
    "Result",
    "ResultError",
    "Row",
    "Span",
    "SpecError",
    "Table",
    "facts",
]
