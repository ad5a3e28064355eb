"""Errors of files of bars that a reader can act on."""

from __future__ import annotations

from ib_grid.errors import DataError


class NotBarsError(DataError):
    """A file that holds no bars in any known layout."""


class BadRowError(DataError):
    """A line that makes no bar; `line` is its number in the file."""

    def __init__(
        self, message: str, *, location: str = "", expected: str = "", hint: str = "", line: int = 0
    ) -> None:
        super().__init__(message, location=location, expected=expected, hint=hint)
        self.line = line
