"""Entry point of `ib-grid`: signals, exit status and error messages.

Slow imports are inside functions, so that Ctrl-C is handled from the first moment on.
"""

from __future__ import annotations

import gc
import os
import signal
import sys

from pipelines.cluster.interrupts import (
    INTERRUPT_SIGNALS,
    INTERRUPTED,
    count_signal,
    exit_at_once,
    leave_in_time,
)

TYPE_CHECKING = False  # that of typing is not worth the import
if TYPE_CHECKING:
    from types import FrameType

    from ib_grid.errors import IbGridError
    from pipelines.cli.streams import Watched

# Imports make half a million lasting objects. With Python's threshold of 700, a quarter of the
# import time goes into garbage collection.
_OBJECTS_BETWEEN_COLLECTIONS = 10_000
_DASK_CONFIG = f"dask{os.sep}config.py"
_IMPORT_SYSTEM = "<frozen importlib"
# In compilers, and in Dask's callback of the garbage collector, Python loses an exception.
_LOSE_EXCEPTIONS = tuple(
    name.replace("/", os.sep) for name in ("/numba/", "/llvmlite/", "/distributed/gc.py")
)


def main() -> None:
    """Run the command line; exit status 0 done, 1 failed, 2 wrong input, 130 interrupted."""
    leave_in_time()
    for number in INTERRUPT_SIGNALS:
        signal.signal(number, _stop)
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        status = command()
    except KeyboardInterrupt:
        status = INTERRUPTED
    finally:  # the work is done: Python's shutdown may be interrupted
        for number in INTERRUPT_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
    gc.freeze()  # otherwise Python's shutdown collects garbage several times
    sys.exit(status)


def command() -> str | int | None:
    """Run the command and return its exit status, even if its output cannot be written."""
    from pipelines.cli.streams import Watched

    streams = sys.stdout, sys.stderr
    said, told = Watched(sys.stdout, may_fail=False), Watched(sys.stderr, may_fail=True)
    sys.stdout, sys.stderr = said, told
    try:
        return _status(said)
    finally:
        if told.lost:
            told.discard()
        sys.stdout, sys.stderr = streams


def _status(said: Watched) -> str | int | None:
    try:
        status = _typed()
        said.flush()
    except OSError as error:
        if error is not said.lost:
            raise
        return _lost_output(said)
    return status


def _typed() -> str | int | None:
    from ib_grid.errors import ConfigError, IbGridError, first_line

    try:
        from pipelines.cli.app import app

        app()
    except SystemExit as ended:
        return ended.code
    except IbGridError as error:
        _tell(error)
        return error.exit_status
    except Exception as error:
        if not _raised_in(error, _DASK_CONFIG):
            raise
        unreadable = ConfigError(
            f"Dask's configuration cannot be read ({first_line(error)})",
            expected="YAML files in ~/.config/dask, and DASK_ variables, that Dask can read",
            hint="correct or remove what Dask complains about",
        )
        _tell(unreadable)
        return unreadable.exit_status
    return 0


def _raised_in(error: BaseException, module: str) -> bool:
    """Return True if a function of this module file raised the error or called what did."""
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename.endswith(module):
            return True
        trace = trace.tb_next
    return False


def _tell(error: IbGridError) -> None:
    print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the message to the person


def _stop(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, or exit at once inside an import or other code that loses it."""
    count_signal(number)
    print("stopped", file=sys.stderr, flush=True)  # noqa: T201 - the message to the person
    while frame:
        file = frame.f_code.co_filename
        if file.startswith(_IMPORT_SYSTEM) or any(name in file for name in _LOSE_EXCEPTIONS):
            exit_at_once()
        frame = frame.f_back
    raise KeyboardInterrupt


def _lost_output(said: Watched) -> int:
    """Return the status of a command whose output could not be written."""
    from ib_grid.errors import IbGridError

    said.discard()
    reason = said.lost and (said.lost.strerror or said.lost)
    error = IbGridError(
        f"cannot write to standard output ({reason})",
        expected="a terminal, a pipe, or a file with room on its disk",
        hint="free some space, or redirect the output; the files of a run are not affected",
    )
    _tell(error)
    return error.exit_status


if __name__ == "__main__":
    main()
