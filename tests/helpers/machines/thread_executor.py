"""An executor over threads, in place of one over Dask workers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from pipelines.cluster.executors import BATCHES_PER_PROCESS, Executor

Result = TypeVar("Result")


class _ThreadExecutor(Executor):
    def __init__(self, processes: ThreadPoolExecutor, threads: ThreadPoolExecutor, n: int) -> None:
        self._processes, self._threads = processes, threads
        self.n_batches = BATCHES_PER_PROCESS * n

    def submit(self, work: Callable[..., Result], *args: object) -> Future[Result]:
        return self._processes.submit(work, *args)

    def submit_thread(self, work: Callable[..., Result], *args: object) -> Future[Result]:
        return self._threads.submit(work, *args)


@contextlib.contextmanager
def thread_executor(n_processes: int) -> Iterator[Executor]:
    """Open an executor with the batches of so many processes, but threads instead of them."""
    with ThreadPoolExecutor(n_processes) as processes, ThreadPoolExecutor(1) as threads:
        yield _ThreadExecutor(processes, threads, n_processes)
