"""Executors of report work: this process alone, or Dask workers side by side.

A pass over many rows goes file by file, and its results can be merged, so that several processes
can share it.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
import weakref
from abc import ABC, abstractmethod
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

_BATCHES_PER_PROCESS = 2
# Parameter effects, the imports of the report writer, and the watch over the workers.
_THREADS = 3

Item = TypeVar("Item")
Result = TypeVar("Result")
Output = TypeVar("Output", covariant=True)


class Pending(Protocol[Output]):
    """A result to wait for, such as a future of `concurrent.futures` or of Dask."""

    def result(self) -> Output:
        """Wait for the result and return it, or raise the error of the work."""


class Pool(Protocol):
    """A pool that runs functions, such as those of `concurrent.futures`."""

    def submit(self, work: Callable[..., Result], /, *args: object) -> Pending[Result]:
        """Start a function."""


class Executor(ABC):
    """An executor of report work."""

    n_batches = 1

    @abstractmethod
    def submit(self, work: Callable[..., Result], *args: object) -> Pending[Result]:
        """Run a function in one of the processes."""

    @abstractmethod
    def submit_thread(self, work: Callable[..., Result], *args: object) -> Pending[Result]:
        """Run a function in a thread of this process; the function may use this executor."""

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


class SerialExecutor(Executor):
    """An executor that does everything at once in the calling thread."""

    def submit(self, work: Callable[..., Result], *args: object) -> Pending[Result]:
        """Run a function and return its result as a finished future."""
        done = Future[Result]()
        done.set_result(work(*args))
        return done

    submit_thread = submit


SERIAL_EXECUTOR = SerialExecutor()


class PoolExecutor(Executor):
    """An executor over a pool of processes and a pool of threads."""

    def __init__(
        self,
        processes: Pool,
        threads: Pool,
        n_processes: int,
        share: Callable[[object], Any] | None = None,
    ) -> None:
        self._processes, self._threads, self._share = processes, threads, share
        self.n_batches = _BATCHES_PER_PROCESS * n_processes

    def share(self, value: object) -> Any:
        """Return what stands for a value in arguments of `submit`; sent to the processes once."""
        return value if self._share is None else self._share(value)

    def submit(self, work: Callable[..., Result], *args: object) -> Pending[Result]:
        """Run a function in one of the processes."""
        return self._processes.submit(work, *args)

    def submit_thread(self, work: Callable[..., Result], *args: object) -> Pending[Result]:
        """Run a function in a thread of this process."""
        return self._threads.submit(work, *args)


class _DaskPool:
    """The workers of a Dask client as a pool whose work can be cancelled."""

    def __init__(self, client: distributed.Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._futures = weakref.WeakSet[Any]()
        self._cancelled = False

    def submit(self, work: Callable[..., Any], /, *args: object) -> Any:
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
        pool = _DaskPool(workers.client)
        closing = threading.Event()
        stack.callback(closing.set)
        threads.submit(_watch, workers, pool, closing)
        try:
            yield PoolExecutor(pool, threads, n_processes, pool.share)
        except KilledWorker as error:
            raise ClusterError(
                f"{error.allowed_failures + 1} workers died while reading the same results",
                hint=f"run `{command}` on the run again, with more memory if it ran out",
            ) from error
        except (CancelledError, DaskCancelledError, CommClosedError) as error:
            raise ClusterError(
                "the connection to the scheduler or its workers was lost",
                hint=f"run `{command}` on the run",
            ) from error
        finally:
            pool.cancel()


def _watch(workers: Workers, pool: _DaskPool, closing: threading.Event) -> None:
    """Cancel the work if no worker joins in time; Dask alone would wait forever.

    Dask itself cancels the work if the scheduler is lost.
    """
    from pipelines.cluster import clusters

    alive = time.monotonic()
    while not closing.wait(clusters.COUNT_SECONDS):
        now = time.monotonic()
        if _alive(workers):
            alive = now
        elif now - alive >= clusters.NO_WORKERS_SECONDS:
            pool.cancel()
            return


def _alive(workers: Workers) -> bool:
    try:
        return workers.measure()[0] > 0
    except TimeoutError:  # the scheduler does not answer
        return False
