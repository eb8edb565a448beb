"""Errors for callers; what is wrong in the data is a Finding, never an exception.

ExtractorError            every error of this package; its text says what to do next
├── InputError            a file can't be read: missing, empty, binary, no permission
├── SpecError             a spec under schemas/ is malformed
├── ResultError           a saved result can't be loaded or doesn't fit its source
├── config.ConfigError    the model's endpoint, key or limits are missing or unsafe
└── cache.CacheError      a cache file can't be read or written as asked
"""


class ExtractorError(Exception):
    """Every error that this package raises for its callers."""


class InputError(ExtractorError):
    """A file can't be read as text; the message names the file, the cause and the remedy."""


class SpecError(ExtractorError):
    """A spec under ``schemas/`` is malformed; the message names file and field."""


class ResultError(ExtractorError):
    """A saved result can't be loaded, or doesn't fit the source it is checked against."""
