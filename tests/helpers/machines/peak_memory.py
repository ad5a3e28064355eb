"""Peak memory of a process and its descendants."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

_SAMPLE_SECONDS = 0.25


@contextmanager
def peak_memory(process: psutil.Process) -> Iterator[list[int]]:
    """Sample the memory of a process tree; the one value of the list is its peak in bytes."""
    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(_SAMPLE_SECONDS):
            peak[0] = max(peak[0], _held_bytes(process))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def _held_bytes(process: psutil.Process) -> int:
    """Return the sum of PSS, which counts shared pages once."""
    total = 0
    try:
        for member in [process, *process.children(recursive=True)]:
            total += member.memory_full_info().pss
    except psutil.Error:
        pass  # the process has just ended
    return total
