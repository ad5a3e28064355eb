"""Worker processes on this machine, or a Dask scheduler that is already there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import dask
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster, Scheduler, Security
from distributed.comm import connect
from distributed.system import MEMORY_LIMIT
from distributed.versions import VersionMismatchWarning

from ib_grid.engine.fast.kernel_cache import all_compiled
from ib_grid.errors import ClusterError
from pipelines.cluster import kernels
from pipelines.cluster.dashboard import Dashboard
from pipelines.cluster.fork_server import ONE_THREAD, START_METHOD, start_fork_server
from pipelines.cluster.interrupts import INTERRUPTED, STOP_SIGNALS
from pipelines.cluster.steady_clock import use_steady_clock

MAX_WORKERS = 90
CPUS_KEPT_FREE = 6
# A chunk is tried on this many workers before it is given up.
TRIES = 3

# So long is waited for a worker where there is none.
NO_WORKERS_SECONDS = 120.0
# Workers are counted so often while others wait for them.
COUNT_SECONDS = 2.0

# Name of the workers' own measure of their memory: that of Dask counts shared memory ninefold
# with nine workers.
HELD_MEMORY = "ib_grid_held_memory"

# Of a warning: a machine that starts many workers at once is slow at everything for a while.
SLOW_START = "Creating scratch directories is taking"

_LOOPBACK = "127.0.0.1"
_GIBIBYTE = 2**30
_CLOSE_SECONDS = 6
_CONNECT_SECONDS = 120
_REACH_SECONDS = 15
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has the second only


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

    def survive_deaths(self) -> None:
        """Have a scheduler of our own try a task again where its worker dies, `TRIES` in all."""
        if self.client.cluster:
            self.client.cluster.scheduler.allowed_failures = TRIES - 1


def default_workers(cpus: int = CPU_COUNT) -> int:
    """Worker processes that suit a machine: the CPUs this process may use, less six of many."""
    return cpus if cpus <= 8 else min(MAX_WORKERS, cpus - CPUS_KEPT_FREE)


@contextlib.contextmanager
def workers_of(
    count: int,
    *,
    scheduler: str | None = None,
    dashboard_address: str = ":0",
    listen: str | None = None,
    security: Security | None = None,
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
    listen : str, optional
        ``HOST:PORT`` at which workers of other machines can join those started here.
    security : distributed.Security, optional
        Certificates, to speak TLS and nothing else.

    Raises
    ------
    ClusterError
        If the workers cannot be started, or the scheduler cannot be reached or has none.
    """
    use_steady_clock()
    with contextlib.ExitStack() as stack:
        stack.enter_context(dask.config.set(_dask_config()))
        stack.enter_context(_quiet(logging.getLogger("distributed.client")))
        if scheduler is None:
            if not all_compiled():
                kernels.load_kernels()  # compiled once here, they are on disk for the workers
            client = _start(stack, count, _listening(dashboard_address, listen, security))
        else:
            client = _connect(stack, scheduler, security)
        link = client.dashboard_link
        if scheduler is None and dashboard_address.startswith(":"):
            link = urlsplit(link)._replace(netloc=f"{_LOOPBACK}:{urlsplit(link).port}").geturl()
        yield Workers(client=client, count=_count(client), dashboard_link=link)


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Leave it to our errors to say what is wrong."""
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _dask_config() -> dict[str, object]:
    return {
        "distributed.nanny.pre-spawn-environ": ONE_THREAD,
        "distributed.worker.preload": ["pipelines.cluster.worker"],
        "distributed.worker.multiprocessing-method": START_METHOD,
        "distributed.comm.timeouts.connect": f"{_CONNECT_SECONDS}s",
        # Who counts the tries must know of each: Dask forgets them with a market that is lost.
        "distributed.scheduler.allowed-failures": 0,
        # One task at a time on a worker: another would be blamed for its death as well.
        "distributed.scheduler.worker-saturation": 1.0,
        # The market stays on every worker, needed at this moment or not.
        "distributed.scheduler.active-memory-manager.start": False,
        # The bars travel with the best sets that are traded again.
        "distributed.admin.large-graph-warning-threshold": "1GB",
        # Results do not stay in memory, so there is nothing to spill and no sense in a pause.
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
        # What a worker does beside its tasks: as it is by default, ninety of them keep three
        # CPUs busy.
        "distributed.worker.profile.enabled": False,
        "distributed.worker.memory.monitor-interval": "1s",
        "distributed.admin.tick.interval": "500ms",
        "distributed.admin.system-monitor.interval": "2s",
    }


def _listening(
    dashboard_address: str, listen: str | None, security: Security | None
) -> dict[str, object]:
    """Where a local cluster listens: on this machine alone where nothing else is asked."""
    dashboard_host, _, dashboard_port = dashboard_address.rpartition(":")
    host, _, port = (listen or ":0").rpartition(":")
    return {
        "host": host or _LOOPBACK,
        "scheduler_port": int(port),
        "dashboard_address": f"{dashboard_host or _LOOPBACK}:{dashboard_port}",
        "protocol": "tls" if security else "tcp",
        "security": security,
    }


def _start(stack: contextlib.ExitStack, count: int, listening: dict[str, object]) -> Client:
    stack.enter_context(warnings.catch_warnings())
    warnings.filterwarnings("ignore", message=SLOW_START)
    try:
        temporary = tempfile.TemporaryDirectory(prefix="ib-grid-", ignore_cleanup_errors=True)
        folder = stack.enter_context(temporary)
        stack.enter_context(dask.config.set({"temporary-directory": folder}))
        with _put_off():
            start_fork_server()
            cluster = LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                processes=True,
                memory_limit=max(2 * _GIBIBYTE, MEMORY_LIMIT // count),
                local_directory=folder,
                silence_logs=logging.CRITICAL,
                scheduler_kwargs={"dashboard": False},
                **listening,
            )
            stack.callback(_close, cluster)
            cluster.scheduler.http_application.add_application(Dashboard(cluster.scheduler))
            return stack.enter_context(Client(cluster, set_as_default=False))
    except (OSError, RuntimeError, ValueError, TimeoutError) as error:
        raise ClusterError(
            f"{count} workers could not be started ({error or type(error).__name__})",
            location="the local cluster",
            hint="try fewer --workers, or another --dashboard-address or --listen; let TMPDIR"
            " name a folder with room",
        ) from error


def _close(cluster: LocalCluster) -> None:
    """Close a cluster; workers that do not end in time are killed."""
    processes = [pid for nanny in cluster.workers.values() if (pid := nanny.pid)]
    try:
        cluster.close(timeout=_CLOSE_SECONDS)
    except TimeoutError:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, _KILL)


def _connect(stack: contextlib.ExitStack, address: str, security: Security | None) -> Client:
    stack.enter_context(warnings.catch_warnings())
    warnings.filterwarnings("ignore", category=VersionMismatchWarning)  # checked by ourselves
    try:
        asyncio.run(_greet(address, security or Security()))
        return stack.enter_context(
            Client(address, security=security, set_as_default=False, timeout=_REACH_SECONDS)
        )
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(
            f"the scheduler cannot be reached ({error or type(error).__name__})",
            location=address,
            expected="a running Dask scheduler, such as tcp://127.0.0.1:8786; one that speaks TLS"
            " has an address that begins with tls://",
            hint="start it, or leave --scheduler out to use this machine",
        ) from error


async def _greet(address: str, security: Security) -> None:
    """Find out whether a Dask process listens: a client waits for any other one without end."""
    words = security.get_connection_args("client")
    # Reaching it has this time already; its greeting gets as much again.
    greeting = connect(address, timeout=_REACH_SECONDS, **words)
    try:
        comm = await asyncio.wait_for(greeting, 2 * _REACH_SECONDS)
    except TimeoutError as error:
        raise TimeoutError("what listens there does not answer as Dask does") from error
    comm.abort()


def _count(client: Client) -> int:
    count = len(client.nthreads())
    if not count:
        raise ClusterError(
            "the scheduler has no workers",
            location=client.scheduler.address,
            hint="start some, such as `dask worker ADDRESS --nthreads 1`",
        )
    return count


def workers_now(client: Client) -> tuple[int, int]:
    """How many workers there are, and the bytes that they hold together."""
    held = HELD_MEMORY

    # A function within a function travels with its code: the scheduler may not have ours.
    def measure(dask_scheduler: Scheduler) -> tuple[int, int]:
        metrics = [worker.metrics for worker in dask_scheduler.workers.values()]
        return len(metrics), sum(int(m.get(held, m.get("memory", 0))) for m in metrics)

    count, memory = client.run_on_scheduler(measure)
    return int(count), int(memory)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM raise KeyboardInterrupt once, and not disturb the stop after it."""
    came: list[int] = []

    def stop(number: int, _frame: object) -> None:
        came.append(number)
        if len(came) == 1:
            raise KeyboardInterrupt

    with _handled_by(stop):
        yield


@contextlib.contextmanager
def ended_by_a_stop(note: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C or SIGTERM end the process at once, after it has been noted.

    In a compiler an exception would be lost, or leave half of its work to be run.
    """
    came: list[int] = []

    def stop(number: int, _frame: object) -> None:
        came.append(number)
        if len(came) == 1:
            note()
        os._exit(INTERRUPTED)

    with _handled_by(stop):
        yield


@contextlib.contextmanager
def staying() -> Iterator[contextlib.ExitStack]:
    """For workers that stay beyond their first work: they end with the block, at any stop, too."""
    stay = contextlib.ExitStack()
    try:
        yield stay
    finally:
        with _put_off():
            stay.close()


@contextlib.contextmanager
def _put_off() -> Iterator[None]:
    """Put a first Ctrl-C or SIGTERM off to the end of the block, where it can be left cleanly."""
    came: list[int] = []

    def note(number: int, _frame: object) -> None:
        came.append(number)
        if len(came) > 1:
            raise KeyboardInterrupt

    with _handled_by(note):
        yield
    for number in came[:1]:
        signal.raise_signal(number)


@contextlib.contextmanager
def _handled_by(handler: Callable[[int, object], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
