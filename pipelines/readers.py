"""Who reads the files of a run: this process alone, or a few beside each other.

A pass over many rows goes file by file, and what it finds can be put together, so that several
processes can share it. They only read: whatever becomes of this process, they end with it.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import TypeVar

from ib_grid.errors import ClusterError
from pipelines.forks import START_METHOD, start_fork_server

# What many of them find is put together by one process.
MAX_PROCESSES = 16
ROWS_PER_PROCESS = 500_000

# Parts of a pass for each process: one that is slower than the others gets fewer of them.
_PARTS = 2

Item = TypeVar("Item")
Result = TypeVar("Result")


class Readers:
    """One process, or a pool of processes that take parts of its work."""

    def __init__(self, pool: Executor | None = None, n_processes: int = 1) -> None:
        self._pool = pool
        self._n_parts = _PARTS * n_processes if pool else 1

    def over(self, items: Sequence[Item], work: Callable[[Sequence[Item]], Result]) -> list[Result]:
        """What `work` makes of the items, of neighbouring ones together, in their order.

        Parameters
        ----------
        items : sequence
        work : callable
            A function of a module, or a `functools.partial` of one, that changes nothing. Put
            together, its results must not depend on how many items it was given at a time.

        Raises
        ------
        ClusterError
            If a process has died.
        """
        if self._pool is None or not items:
            return [work(items)]
        size = math.ceil(len(items) / self._n_parts)
        parts = [items[first : first + size] for first in range(0, len(items), size)]
        try:
            futures = [self._pool.submit(work, part) for part in parts]
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            raise _died() from error

    @contextlib.contextmanager
    def beside(self, work: Callable[..., Result], *words: object) -> Iterator[Future[Result]]:
        """Something else to be done in the meantime; not without a pool, then in a thread."""
        with contextlib.ExitStack() as stack:
            pool = self._pool or stack.enter_context(ThreadPoolExecutor(max_workers=1))
            yield pool.submit(work, *words)


ALONE = Readers()


def processes_for(n_rows: int, at_most: int) -> int:
    """How many processes are worth their start for so many rows."""
    return max(1, min(at_most, MAX_PROCESSES, n_rows // ROWS_PER_PROCESS))


@contextlib.contextmanager
def readers(n_processes: int) -> Iterator[Readers]:
    """Readers for the length of a with block: so many processes, or this one if it is one.

    Raises
    ------
    ClusterError
        If the processes cannot be started.
    """
    if n_processes < 2:
        yield ALONE
        return
    start_fork_server()
    context = multiprocessing.get_context(START_METHOD)
    end, held = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(n_processes, context, initializer=_begin, initargs=(end,))
    try:
        yield Readers(pool, n_processes)
    finally:
        held.close()
        pool.shutdown(cancel_futures=True)


def _begin(end: Connection) -> None:
    """What each process does first: it leaves Ctrl-C to the main one, and ends when that does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(end,), daemon=True).start()


def _end_with(end: Connection) -> None:
    # Nothing is ever sent: the other end is closed, or its process is gone.
    with contextlib.suppress(EOFError, OSError):
        end.recv_bytes()
    os._exit(0)


def _died() -> ClusterError:
    return ClusterError(
        "a process that reads the results has died",
        remedy="run `ib-grid report` on the run; with more memory if it ran out",
    )
