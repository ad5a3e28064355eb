"""Standard output and standard error, which may turn out not to be writable."""

from __future__ import annotations

import os
from typing import Any, TextIO


class Watched:
    """A text stream that remembers why it could not be written.

    Parameters
    ----------
    stream : TextIO or None
        None is how Python has a stream that was closed before the start: nothing is wanted of it.
    may_fail : bool
        Whether to drop what cannot be written, as of messages: they must not end a run of hours
        because there is no room for a log.

    Attributes
    ----------
    lost : OSError or None
        Why the stream could not be written; None if it could.
    """

    def __init__(self, stream: TextIO | None, *, may_fail: bool) -> None:
        # The first free number is that of the stream: no other file must get it.
        self._stream = open(os.devnull, "w") if stream is None else stream  # noqa: SIM115, PTH123
        self._may_fail = may_fail
        self.lost: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text; its length."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._fail(error)
        return len(text)

    def flush(self) -> None:
        """Write what is held back."""
        try:
            self._stream.flush()
        except OSError as error:
            self._fail(error)

    def discard(self) -> None:
        """Let go of what is held back: Python would try it again at its end, in vain and aloud."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def _fail(self, error: OSError) -> None:
        self.lost = error
        if not self._may_fail:
            raise error
