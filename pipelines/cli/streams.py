"""Standard output and standard error that survive write errors."""

from __future__ import annotations

import os
from typing import Any, TextIO


class Watched:
    """A text stream that remembers why it could not be written to.

    A stream that was closed before the start is None: everything written to it is dropped. So is
    what follows after the reader of a pipe has gone, such as `head`: the command goes on and ends
    with its own status. With `may_fail`, so is any text that cannot be written: a full log disk
    must not end a run of hours. `lost` is the first error of writing, None so far.
    """

    def __init__(self, stream: TextIO | None, *, may_fail: bool) -> None:
        # Take the stream's file number, so that no other file gets it.
        self._stream = open(os.devnull, "w") if stream is None else stream  # noqa: SIM115, PTH123
        self._may_fail = may_fail
        self.lost: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text and return its length."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._fail(error)
        return len(text)

    def flush(self) -> None:
        """Write buffered text."""
        try:
            self._stream.flush()
        except OSError as error:
            self._fail(error)

    def discard(self) -> None:
        """Drop buffered text, which Python would otherwise fail to write at shutdown."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def _fail(self, error: OSError) -> None:
        if isinstance(error, BrokenPipeError):
            self.discard()
            return
        self.lost = error
        if not self._may_fail:
            raise error
