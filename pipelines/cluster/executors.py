"""Who reads the files of a run: this process alone, or Dask workers beside each other.

A pass over many rows goes file by file, and what it finds can be put together, so that several
processes can share it.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar

from ib_grid.errors import ClusterError

if TYPE_CHECKING:
    from pipelines.cluster.local_cluster import Workers
    from pipelines.cluster.submissions import Submissions

# What the parts of a pass find is put together by one process: more of them are no quicker.
MAX_PROCESSES = 16
ROWS_PER_PROCESS = 500_000
# To start them takes about as long as to read so many rows.
ROWS_WORTH_A_START = 4_000_000

# Parts of a pass for each process, whichever of the workers takes them.
_PARTS = 2
# The landscape, what files are made with, and whether there are workers.
_THREADS = 3

Item = TypeVar("Item")
Result = TypeVar("Result")
Found = TypeVar("Found", covariant=True)


class Pending(Protocol[Found]):
    """Something that is under way."""

    def result(self) -> Found:
        """What comes of it, waited for; or the error that it ends with."""


class Executor(Protocol):
    """Whoever does one thing beside others: a pool of `concurrent.futures`, or `Submissions`."""

    def submit(self, work: Callable[..., Result], /, *words: object) -> Pending[Result]:
        """Have it done."""


class Readers:
    """One process, or several that take parts of its work."""

    def __init__(
        self,
        processes: Executor | None = None,
        threads: Executor | None = None,
        n_processes: int = 1,
    ) -> None:
        self._processes, self._threads = processes, threads
        self._n_parts = _PARTS * n_processes if processes else 1

    def map(
        self, work: Callable[[Sequence[Item]], Result], items: Sequence[Item]
    ) -> Iterator[Result]:
        """What `work` makes of the items, of neighbouring ones together, in their order.

        All of it is begun at once; each result is let go when the next one is taken.

        Parameters
        ----------
        work : callable
            A function of a module, or a `functools.partial` of one, that changes nothing. Put
            together, its results must not depend on how many items it was given at a time.
        items : sequence
        """
        return _results(deque(self.submit_parts(work, items)))

    def submit_parts(
        self, work: Callable[[Sequence[Item]], Result], items: Sequence[Item]
    ) -> list[Pending[Result]]:
        """What `map` gives, without waiting for it, and held until it is let go."""
        size = max(1, math.ceil(len(items) / self._n_parts))
        parts = [items[first : first + size] for first in range(0, len(items), size)]
        return [self.submit(work, part) for part in parts or [items]]

    def submit(self, work: Callable[..., Result], *words: object) -> Pending[Result]:
        """One thing, done by one of the processes; at once if there are no others."""
        return _submitted(self._processes, work, *words)

    def submit_thread(self, work: Callable[..., Result], *words: object) -> Pending[Result]:
        """One thing, done in a thread, which may use these readers; at once without others."""
        return _submitted(self._threads, work, *words)


def _results(parts: deque[Pending[Result]]) -> Iterator[Result]:
    while parts:
        yield parts.popleft().result()


def _submitted(
    pool: Executor | None, work: Callable[..., Result], *words: object
) -> Pending[Result]:
    if pool:
        return pool.submit(work, *words)
    done = Future[Result]()
    done.set_result(work(*words))
    return done


ALONE = Readers()


def processes_for(n_rows: int, at_most: int, *, are_there: bool) -> int:
    """How many processes are worth it for so many rows: few, if they have to be started first."""
    if not are_there and n_rows < ROWS_WORTH_A_START:
        return 1
    return max(1, min(at_most, MAX_PROCESSES, n_rows // ROWS_PER_PROCESS))


@contextlib.contextmanager
def open_readers(n_processes: int, workers: Workers | None = None) -> Iterator[Readers]:
    """Readers for the length of a with block: some workers, or this process if it is one.

    Workers are started where none are given.

    Raises
    ------
    ClusterError
        If the workers cannot be started, several die of the same rows, or there is none for long.
    """
    if n_processes < 2:
        yield ALONE
        return
    from distributed import CancelledError as Lost
    from distributed import KilledWorker

    from pipelines.cluster import local_cluster
    from pipelines.cluster.submissions import Submissions

    with contextlib.ExitStack() as stack:
        workers = workers or stack.enter_context(local_cluster.workers_of(n_processes))
        threads = stack.enter_context(ThreadPoolExecutor(_THREADS))
        submissions = Submissions(workers.client)
        ended = threading.Event()
        stack.callback(ended.set)
        threads.submit(_watch, workers, submissions, ended)
        try:
            yield Readers(submissions, threads, n_processes)
        except KilledWorker as error:
            raise ClusterError(
                f"{local_cluster.TRIES} workers died while they read the same results",
                hint="run `ib-grid report` on the run; with more memory if it ran out",
            ) from error
        except (Lost, CancelledError) as error:
            raise ClusterError(
                "the scheduler or its workers are lost",
                hint="run `ib-grid report` on the run",
            ) from error
        finally:  # no thread waits any more for what workers still do
            submissions.end()


def _watch(workers: Workers, submissions: Submissions, ended: threading.Event) -> None:
    """Cancel what is under way where there is no worker for long: Dask would wait without end.

    Where the scheduler itself is lost, Dask cancels it.
    """
    from pipelines.cluster import local_cluster

    alive = time.monotonic()
    while not ended.wait(local_cluster.COUNT_SECONDS):
        now = time.monotonic()
        if local_cluster.workers_now(workers.client)[0]:
            alive = now
        elif now - alive >= local_cluster.NO_WORKERS_SECONDS:
            submissions.end()
            return
