"""Errors for callers; what is wrong in the data is a Finding, never an exception.

ExtractorError            every error of this package; its text says what to do next
├── InputError            a file can't be read: missing, empty, binary, no permission
├── SpecError             a spec under schemas/ is malformed
├── ResultError           a saved result can't be loaded or doesn't fit its source
├── config.ConfigError    the model's endpoint, key or limits are missing or unsafe
├── cache.CacheError      a cache can't be read or written as asked, or its server isn't there
├── manifest.RunError     the manifest of a run can't be used
├── lock.BusyError        another run is at work in the folder
├── local.LocalError      the model on this machine can't run
├── batch_api.BatchError  an endpoint doesn't take, keep or give back a batch
└── cluster.ClusterError  there is no Ray, or no cluster at the address
"""


class ExtractorError(Exception):
    """Every error that this package raises for its callers."""


class InputError(ExtractorError):
    """A file can't be read as text; the message names the file, the cause and the remedy."""


class SpecError(ExtractorError):
    """A spec under ``schemas/`` is malformed; the message names file and field."""


class ResultError(ExtractorError):
    """A saved result can't be loaded, or doesn't fit the source it is checked against."""
