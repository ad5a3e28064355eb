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
_THREADS = 2

Item = TypeVar("Item")
Result = TypeVar("Result")


class Readers:
    """One process, or a pool of processes that take parts of its work."""

    def __init__(
        self,
        processes: Executor | None = None,
        threads: Executor | None = None,
        n_processes: int = 1,
    ) -> None:
        self._processes, self._threads = processes, threads
        self._n_parts = _PARTS * n_processes

    def over(self, items: Sequence[Item], work: Callable[[Sequence[Item]], Result]) -> list[Result]:
        """What `work` makes of the items, of neighbouring ones together, in their order.

        Parameters
        ----------
        items : sequence
        work : callable
            A function of a module, or a `functools.partial` of one, that changes nothing. Put
            together, its results must not depend on how many items it was given at a time.

        """
        if self._processes is None or not items:
            return [work(items)]
        size = math.ceil(len(items) / self._n_parts)
        parts = [items[first : first + size] for first in range(0, len(items), size)]
        futures = [self.beside(work, part) for part in parts]
        return [future.result() for future in futures]

    def beside(self, work: Callable[..., Result], *words: object) -> Future[Result]:
        """One thing, done by a process of the pool; at once if there is none."""
        return _submitted(self._processes, work, *words)

    def meanwhile(self, work: Callable[..., Result], *words: object) -> Future[Result]:
        """One thing, done in a thread, which may use these readers; at once if there is no pool."""
        return _submitted(self._threads, work, *words)


def _submitted(
    pool: Executor | None, work: Callable[..., Result], *words: object
) -> Future[Result]:
    if pool:
        return pool.submit(work, *words)
    done = Future[Result]()
    done.set_result(work(*words))
    return done


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
        If the processes cannot be started, or one of them dies.
    """
    if n_processes < 2:
        yield ALONE
        return
    start_fork_server()
    context = multiprocessing.get_context(START_METHOD)
    end, held = context.Pipe(duplex=False)
    with ThreadPoolExecutor(_THREADS) as threads:
        pool = ProcessPoolExecutor(n_processes, context, initializer=_begin, initargs=(end,))
        try:
            yield Readers(pool, threads, n_processes)
        except BrokenProcessPool as error:
            raise ClusterError(
                "a process that reads the results has died",
                remedy="run `ib-grid report` on the run; with more memory if it ran out",
            ) from error
        finally:  # the processes end at once, so that no thread waits for them any more
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
