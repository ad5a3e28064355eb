"""Worker processes on this machine, or a Dask scheduler that is already there."""

from __future__ import annotations

import contextlib
import logging
import signal
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import dask
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster
from distributed.system import MEMORY_LIMIT

from ib_grid.errors import ClusterError

MAX_WORKERS = 90
CPUS_KEPT_FREE = 6
# A chunk is tried on this many workers before it is given up.
TRIES = 3

_LOOPBACK = "127.0.0.1"
_GIBIBYTE = 2**30
_CLOSE_SECONDS = 5
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Workers that are ready for tasks.

    Attributes
    ----------
    client : distributed.Client
    count : int
        Worker processes at the start.
    dashboard_link : str
        Address of the Dask dashboard.
    """

    client: Client
    count: int
    dashboard_link: str


def default_workers(cpus: int = CPU_COUNT) -> int:
    """Worker processes that suit a machine: the CPUs this process may use, less six of many."""
    return cpus if cpus <= 8 else min(MAX_WORKERS, cpus - CPUS_KEPT_FREE)


@contextlib.contextmanager
def workers_of(
    count: int, *, scheduler: str | None = None, dashboard_address: str = ":0"
) -> Iterator[Workers]:
    """Workers for the length of a with block; none of their processes outlives it.

    Parameters
    ----------
    count : int
        Processes to start, one thread each.
    scheduler : str, optional
        Address of a scheduler whose workers are used instead.
    dashboard_address : str
        ``HOST:PORT`` or ``:PORT``, which listens on this machine alone.

    Raises
    ------
    ClusterError
        If the workers cannot be started, or the scheduler cannot be reached or has none.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(dask.config.set(_dask_config()))
        if scheduler is None:
            client = _start(stack, count, dashboard_address)
        else:
            client = _connect(stack, scheduler)
        yield Workers(client=client, count=_count(client), dashboard_link=client.dashboard_link)


def _dask_config() -> dict[str, object]:
    return {
        "distributed.nanny.pre-spawn-environ": _ONE_THREAD,
        "distributed.worker.preload": ["pipelines.cluster", "pipelines.tasks"],
        "distributed.scheduler.allowed-failures": TRIES - 1,
        # One task at a time on a worker: another would be blamed for its death as well.
        "distributed.scheduler.worker-saturation": 1.0,
        # The market stays on every worker, needed at this moment or not.
        "distributed.scheduler.active-memory-manager.start": False,
        # Results do not stay in memory, so there is nothing to spill and no sense in a pause.
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
    }


def dask_setup(worker: object) -> None:
    """Prepare a worker process; Dask calls this as the module is preloaded.

    Ctrl-C reaches every process of the terminal; the main process alone decides what it means.
    """
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _start(stack: contextlib.ExitStack, count: int, dashboard_address: str) -> Client:
    host, _, port = dashboard_address.rpartition(":")
    folder = tempfile.TemporaryDirectory(prefix="ib-grid-", ignore_cleanup_errors=True)
    try:
        cluster = LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            host=_LOOPBACK,
            dashboard_address=f"{host or _LOOPBACK}:{port}",
            memory_limit=max(2 * _GIBIBYTE, MEMORY_LIMIT // count),
            local_directory=stack.enter_context(folder),
            silence_logs=logging.CRITICAL,
        )
        stack.callback(cluster.close, timeout=_CLOSE_SECONDS)
        return stack.enter_context(Client(cluster, set_as_default=False))
    except (OSError, RuntimeError, ValueError, TimeoutError) as error:
        raise ClusterError(
            f"{count} workers could not be started ({error or type(error).__name__})",
            where="the local cluster",
            remedy="try fewer --workers, or another --dashboard-address",
        ) from error


def _connect(stack: contextlib.ExitStack, address: str) -> Client:
    try:
        return stack.enter_context(Client(address, set_as_default=False, timeout=10))
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(
            f"the scheduler cannot be reached ({error or type(error).__name__})",
            where=address,
            expected="a running Dask scheduler, such as tcp://127.0.0.1:8786",
            remedy="start it, or leave --scheduler out to use this machine",
        ) from error


def _count(client: Client) -> int:
    count = len(client.nthreads())
    if not count:
        raise ClusterError("the scheduler has no workers", where=client.scheduler.address)
    return count


def workers_now(client: Client) -> tuple[int, int]:
    """How many workers there are, and the bytes that they hold together."""
    count, memory = client.run_on_scheduler(_count_and_memory)
    return int(count), int(memory)


def _count_and_memory(dask_scheduler: object) -> tuple[int, int]:
    workers = list(dask_scheduler.workers.values())  # type: ignore[attr-defined]
    return len(workers), sum(int(worker.metrics.get("memory", 0)) for worker in workers)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM raise KeyboardInterrupt once, and not disturb the stop after it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(_number: int, _frame: object) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
