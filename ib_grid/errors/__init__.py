"""Error classes: each has a message, a location, what was expected and a hint.

IbGridError               exit status 1: the work failed
├── ChunkError            a chunk of the grid could not be computed
├── StoreError            a result file could not be written or read back
│   ├── DiskError         the disk to write to has no room, or fails
│   └── UnreachableError  the store or file server that they are in does not answer
├── ClusterError          workers or scheduler could not be started or were lost
└── InputError            exit status 2: the input is wrong
    ├── DataError         bars, levels or calendar files
    ├── InstrumentError   a symbol or its description
    ├── ParamsError       the parameters of one combination
    ├── GridError         the axes of a grid
    ├── ConfigError       options, configuration files, weights
    ├── OutputError       a path that cannot be written
    └── RunMismatchError  a run directory that belongs to another run

May import nothing of the project.
"""

from __future__ import annotations

import re
from typing import TypeVar

_USER = re.compile(r"(https?:/+)[^/\s@]+@|(\w+:/+)[^/\s:@]*:[^/\s@]*@")
_QUERY = re.compile(r"(\w+:/+[^\s?#'\"]*)[?#][^\s'\"]+")

Kind = TypeVar("Kind", bound="IbGridError")


class IbGridError(Exception):
    """Base of every error that ib-grid raises on purpose.

    Parameters
    ----------
    message : str
        Description of the problem, a sentence without a full stop.
    location : str, optional
        File, row, key or option that is wrong.
    expected : str, optional
        Valid value or form.
    hint : str, optional
        Action that the person can take.
    """

    exit_status = 1

    def __init__(
        self, message: str, *, location: str = "", expected: str = "", hint: str = ""
    ) -> None:
        self.message = without_secrets(message)
        self.location = without_secrets(location)
        self.expected = expected
        self.hint = without_secrets(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        parts = [self.message]
        parts += [f"in {self.location}"] if self.location else []
        parts += [f"expected: {self.expected}"] if self.expected else []
        parts += [f"to do: {self.hint}"] if self.hint else []
        return "\n  ".join(parts)

    def with_context(
        self, kind: type[Kind], *, location: str | None = None, expected: str | None = None
    ) -> Kind:
        """Return the error as one of another kind, with the given location or expectation."""
        return kind(
            self.message,
            location=self.location if location is None else location,
            expected=self.expected if expected is None else expected,
            hint=self.hint,
        )

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions travel between processes; pickle would drop the keyword-only fields.
        return (_rebuild, (type(self), self.message, self.location, self.expected, self.hint))


def _rebuild(
    kind: type[IbGridError], message: str, location: str, expected: str, hint: str
) -> IbGridError:
    return kind(message, location=location, expected=expected, hint=hint)


class ChunkError(IbGridError):
    """A chunk of the grid could not be computed."""


class StoreError(IbGridError):
    """A result file could not be written or read back."""


class DiskError(StoreError):
    """The disk is full or fails; the path itself is valid."""


class UnreachableError(StoreError):
    """The object store or network file system could not be reached, or refuses the request."""


class ClusterError(IbGridError):
    """Workers or scheduler could not be started, or were lost."""


class InputError(IbGridError):
    """Invalid input, which the user can correct."""

    exit_status = 2


class DataError(InputError):
    """Bars, levels or a calendar cannot be used as they are."""


class InstrumentError(InputError):
    """A symbol is unknown, or its description is wrong."""


class ParamsError(InputError):
    """The parameters of one combination are incomplete or out of their domain."""


class GridError(InputError):
    """The axes of a grid are incomplete, empty or out of their domain."""


class ConfigError(InputError):
    """An option, a configuration file or a set of weights is wrong."""


class OutputError(InputError):
    """The output path cannot be written."""


class RunMismatchError(InputError):
    """A run directory holds the results of another run."""


def first_line(error: Exception) -> str:
    """Return the first line of another library's error message."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def without_secrets(text: str) -> str:
    """Return a text without what may be a password or a token in its URLs.

    Examples
    --------
    >>> without_secrets("cannot read https://me:word@host/a?token=b")
    'cannot read https://…@host/a?…'
    """
    return _QUERY.sub(r"\1?…", _USER.sub(r"\1\2…@", text))
