"""Interrupts: the handling of Ctrl-C and SIGTERM.

The command line imports this module first, so it imports nothing heavy.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator

TYPE_CHECKING = False  # that of typing is not worth the import
if TYPE_CHECKING:
    from typing import NoReturn

INTERRUPTED = 130
# SIGTERM is handled like Ctrl-C: workers and their folder are cleaned up in either case.
INTERRUPT_SIGNALS = (signal.SIGINT, signal.SIGTERM)


# Signals to this process so far; counted once the process is to leave in time.
_signals: list[int] = []
_repeated: list[int] = []  # deferred signals, which come a second time
_leaves = False
LEAVE_SECONDS = 20.0
_STOPPING = ("stopping", "stopping; press Ctrl-C again to leave at once")
_LEAVE_AT_SIGNAL = 3
# Folders that `exit_at_once` removes, and what it says last.
temporary_folders: set[str] = set()
_last_words: list[str] = []


def leave_in_time() -> None:
    """Have this process exit at the third signal, or some seconds after the first.

    A store that never answers would hold the last writes for minutes. Workers end when their main
    process does, and a run resumes from whatever is written.
    """
    global _leaves
    _leaves = True


def count_signal(number: int) -> None:
    """Count a signal; the first one sets the deadline, the third one ends the process."""
    if _repeated:
        _repeated.pop()
        return
    if not _leaves:
        return
    _signals.append(number)
    if len(_signals) == 1:
        timer = threading.Timer(LEAVE_SECONDS, _leave)
        timer.daemon = True
        timer.start()
    elif len(_signals) == _LEAVE_AT_SIGNAL:
        _leave()


def _leave() -> None:
    _tell("left before the last files were written; run the same command again to resume")
    exit_at_once()


def exit_at_once() -> NoReturn:
    """Exit without Python's shutdown; remove temporary folders, that of sockets included."""
    folders = list(temporary_folders)
    with contextlib.suppress(AttributeError, KeyError):  # there is no fork server
        folders.append(sys.modules["multiprocessing"].current_process()._config["tempdir"])
    for folder in folders:
        sys.modules["shutil"].rmtree(folder, ignore_errors=True)
    for text in _last_words:
        _tell(text)
    os._exit(INTERRUPTED)


@contextlib.contextmanager
def tell_when_stopped(text: str) -> Iterator[None]:
    """Write a line to standard error if Ctrl-C or SIGTERM stops the block."""
    _last_words.append(text)
    try:
        yield
    except KeyboardInterrupt:
        _tell(text)
        raise
    finally:
        _last_words.remove(text)


def _tell(text: str) -> None:
    """Write a line to standard error; printing may not be interrupted by printing."""
    with contextlib.suppress(OSError):
        os.write(2, f"{text}\n".encode())


@contextlib.contextmanager
def interrupt_once() -> Iterator[None]:
    """Raise KeyboardInterrupt at the first signal, and only count further ones."""

    def act(signals: int) -> None:
        if signals == 1:
            raise KeyboardInterrupt

    with _handled_by(act):
        yield


@contextlib.contextmanager
def exit_on_interrupt(prepare: Callable[[], object]) -> Iterator[None]:
    """Exit the process at the first signal, after a call of `prepare`.

    A compiler could lose an exception, or leave half-initialised modules behind.
    """

    def act(signals: int) -> None:
        if signals == 1:
            prepare()
        exit_at_once()

    with _handled_by(act, quiet=True):
        yield


@contextlib.contextmanager
def keep_open() -> Iterator[contextlib.ExitStack]:
    """Yield a stack for workers that outlive a run; close it despite interrupts."""
    stack = contextlib.ExitStack()
    try:
        yield stack
    finally:
        with defer_interrupts():
            stack.close()


@contextlib.contextmanager
def defer_interrupts() -> Iterator[None]:
    """Defer interrupts to the end of the block; raise KeyboardInterrupt at the third.

    Workers that are half started cannot be closed.
    """

    def act(signals: int) -> None:
        if signals >= _LEAVE_AT_SIGNAL:
            raise KeyboardInterrupt

    with _handled_by(act) as received:
        yield
    for number in received[:1]:
        _repeated.append(number)
        signal.raise_signal(number)


@contextlib.contextmanager
def _handled_by(act: Callable[[int], None], *, quiet: bool = False) -> Iterator[list[int]]:
    """Tell and count each signal, then act on how many there were; yield these."""
    received: list[int] = []

    def handle(number: int, _frame: object) -> None:
        received.append(number)
        if not (quiet or _repeated):
            _tell(_STOPPING[min(len(received), len(_STOPPING)) - 1])
        count_signal(number)
        act(len(received))

    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    before = {number: signal.signal(number, handle) for number in INTERRUPT_SIGNALS}
    try:
        yield received
    finally:
        for number, old in before.items():
            signal.signal(number, old)
