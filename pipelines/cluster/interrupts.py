"""Interrupts: the handling of Ctrl-C and SIGTERM.

The command line imports this module first, so it imports nothing heavy.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator

INTERRUPTED = 130
# SIGTERM is handled like Ctrl-C: workers and their folder are cleaned up in either case.
INTERRUPT_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def interrupt_once() -> Iterator[None]:
    """Raise KeyboardInterrupt at the first signal, and ignore further ones."""
    received: list[int] = []

    def handle(number: int, _frame: object) -> None:
        received.append(number)
        if len(received) == 1:
            raise KeyboardInterrupt

    with _handled_by(handle):
        yield


@contextlib.contextmanager
def exit_on_interrupt(prepare: Callable[[], None]) -> Iterator[None]:
    """Exit the process at the first signal, after a call of `prepare`.

    A compiler could lose an exception, or leave half-initialised modules behind.
    """
    received: list[int] = []

    def handle(number: int, _frame: object) -> None:
        received.append(number)
        if len(received) == 1:
            prepare()
        os._exit(INTERRUPTED)

    with _handled_by(handle):
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
    """Defer the first signal to the end of the block; raise KeyboardInterrupt at the second."""
    received: list[int] = []

    def handle(number: int, _frame: object) -> None:
        received.append(number)
        if len(received) > 1:
            raise KeyboardInterrupt

    with _handled_by(handle):
        yield
    for number in received[:1]:
        signal.raise_signal(number)


@contextlib.contextmanager
def _handled_by(handler: Callable[[int, object], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in INTERRUPT_SIGNALS}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
