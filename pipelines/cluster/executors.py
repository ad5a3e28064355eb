"""Executors of work on results: this process alone, or Dask workers side by side.

A pass over many rows goes file by file, and its results can be merged, so that several processes
can share it.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ib_grid.errors import ClusterError

if TYPE_CHECKING:
    import distributed

    from pipelines.cluster.clusters import Workers

# One process merges the results of all: more than these are no quicker.
MAX_PROCESSES = 16
ROWS_PER_PROCESS = 500_000
# Starting processes takes about as long as reading this many rows.
ROWS_WORTH_A_START = 4_000_000

BATCHES_PER_PROCESS = 2
# Parameter effects, the imports of the report writer, and the watch over the workers.
_THREADS = 3

Item = TypeVar("Item")
Result = TypeVar("Result")
Output = TypeVar("Output", covariant=True)


class Pending(Protocol[Output]):
    """A result to wait for, such as a future of `concurrent.futures` or of Dask."""

    def result(self) -> Output:
        """Wait for the result and return it, or raise the error of the work."""


class Executor:
    """An executor of work on results; this one does everything at once in the calling thread."""

    n_batches = 1

    def submit(self, work: Callable[..., Result], *args: object) -> Pending[Result]:
        """Run a function in one of the processes, of which there may be just this one."""
        done = Future[Result]()
        done.set_result(work(*args))
        return done

    def submit_thread(self, work: Callable[..., Result], *args: object) -> Pending[Result]:
        """Run a function in a thread of this process; the function may use this executor."""
        return self.submit(work, *args)

    def share(self, value: object) -> Any:
        """Return what stands for a value in arguments of `submit`; sent to the processes once."""
        return value

    def map(
        self, work: Callable[[Sequence[Item]], Result], items: Sequence[Item]
    ) -> Iterator[Result]:
        """Return the results of `work` for batches of neighbouring items, in order.

        All batches are submitted at once; each result is released when the next one is taken.

        `work` is a function of a module, or a `functools.partial` of one, without side effects. The
        merged results must not depend on the size of the batches.
        """
        size = max(1, math.ceil(len(items) / self.n_batches))
        batches = [items[first : first + size] for first in range(0, len(items), size)]
        return _results(deque(self.submit(work, batch) for batch in batches or [items]))


def _results(pending: deque[Pending[Result]]) -> Iterator[Result]:
    while pending:
        yield pending.popleft().result()


SERIAL_EXECUTOR = Executor()


class DaskExecutor(Executor):
    """An executor over Dask workers, whose work can be cancelled, and a pool of threads."""

    def __init__(
        self, client: distributed.Client, threads: ThreadPoolExecutor, n_processes: int
    ) -> None:
        self.n_batches = BATCHES_PER_PROCESS * n_processes
        self._client, self._threads = client, threads
        self._lock = threading.Lock()
        self._futures = weakref.WeakSet[Any]()
        self._cancelled = False

    def submit_thread(self, work: Callable[..., Result], *args: object) -> Pending[Result]:
        """Run a function in a thread of this process."""
        return self._threads.submit(work, *args)

    def submit(self, work: Callable[..., Result], *args: object) -> Pending[Result]:
        """Start a function on a worker; Dask tries another worker where the first one dies."""
        with self._lock:
            if self._cancelled:
                raise CancelledError
            future = self._client.submit(work, *args, pure=False)
            self._futures.add(future)
            return future

    def share(self, value: object) -> Any:
        """Send a value to all workers; return a future of it."""
        from pipelines.cluster.sharing import share

        try:
            return share(self._client, value)
        except OSError as error:  # no worker or no scheduler answers
            raise CancelledError from error

    def cancel(self) -> None:
        """Cancel all futures, so that no thread waits for them, and accept no more work."""
        with self._lock:
            self._cancelled = True
            futures = list(self._futures)
        with contextlib.suppress(OSError, TimeoutError):  # the scheduler is lost
            self._client.cancel(futures)


def processes_for(n_rows: int, at_most: int, *, are_there: bool) -> int:
    """Return the number of processes worth using: few if they have to be started first."""
    if not are_there and n_rows < ROWS_WORTH_A_START:
        return 1
    return max(1, min(at_most, MAX_PROCESSES, n_rows // ROWS_PER_PROCESS))


@contextlib.contextmanager
def open_executor(
    n_processes: int, workers: Workers | None = None, command: str = "ib-grid report"
) -> Iterator[Executor]:
    """Open an executor for the length of a with block; a serial one for a single process.

    Workers are started unless they are given. Errors name the command to try again.
    """
    if n_processes < 2:
        yield SERIAL_EXECUTOR
        return
    from distributed import CancelledError as DaskCancelledError
    from distributed import KilledWorker
    from distributed.comm import CommClosedError

    from pipelines.cluster.local.local_cluster import OwnCluster

    with contextlib.ExitStack() as stack:
        workers = workers or stack.enter_context(OwnCluster(workers=n_processes).open(n_processes))
        workers.survive_deaths()
        threads = stack.enter_context(ThreadPoolExecutor(_THREADS))
        executor = DaskExecutor(workers.client, threads, n_processes)
        closing = threading.Event()
        stack.callback(closing.set)
        threads.submit(_watch, workers, executor, closing)
        try:
            yield executor
        except KilledWorker as error:
            raise ClusterError(
                f"{error.allowed_failures + 1} workers died while working on the same task",
                hint=f"run `{command}` on the run again, with more memory if it ran out",
            ) from error
        except (CancelledError, DaskCancelledError, CommClosedError) as error:
            raise ClusterError(
                "the connection to the scheduler or its workers was lost",
                hint=f"run `{command}` on the run",
            ) from error
        finally:
            executor.cancel()


def _watch(workers: Workers, executor: DaskExecutor, closing: threading.Event) -> None:
    """Cancel the work if no worker joins in time; Dask alone would wait forever.

    Dask itself cancels the work if the scheduler is lost.
    """
    from pipelines.cluster import clusters

    alive = time.monotonic()
    while not closing.wait(clusters.COUNT_SECONDS):
        now = time.monotonic()
        with contextlib.suppress(TimeoutError):  # the scheduler does not answer
            alive = now if workers.measure()[0] else alive
        if now - alive >= clusters.NO_WORKERS_SECONDS:
            executor.cancel()
            return
