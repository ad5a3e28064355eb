"""Silence of workers whose main process is killed while they are forked.

Only the fork server imports this module; whatever it forks has the same hook.
"""

from __future__ import annotations

import sys
from multiprocessing import spawn
from multiprocessing.synchronize import SemLock
from types import TracebackType

# Functions that receive what the main process sends: a pickle, and the names of its semaphores.
_RECEIVING = {spawn._main.__code__, SemLock.__setstate__.__code__}  # type: ignore[attr-defined]


def _tell_unless_orphaned(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Tell of an error, but not that what the main process sends has vanished with it."""
    last = trace
    while last and last.tb_next:
        last = last.tb_next
    vanished = last is not None and last.tb_frame.f_code in _RECEIVING
    if not (vanished and isinstance(error, (EOFError, FileNotFoundError))):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _tell_unless_orphaned
