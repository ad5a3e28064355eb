"""A cluster of worker processes on this machine."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import signal
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import dask
from distributed import Client, LocalCluster
from distributed.system import MEMORY_LIMIT

from ib_grid.engine.fast.kernel_cache import all_compiled
from ib_grid.storage.paths import AnyPath
from pipelines.cluster.clusters import Workers, default_workers
from pipelines.cluster.dask_settings import SLOW_START, dask_settings, without_user_configuration
from pipelines.cluster.interrupts import defer_interrupts
from pipelines.cluster.local import kernels
from pipelines.cluster.local.dashboard import Dashboard
from pipelines.cluster.local.fork_server import start_fork_server
from pipelines.cluster.local.open_files import check_limit
from pipelines.cluster.local.start_errors import is_system_error, start_error
from pipelines.cluster.local.temporary_folder import temporary_folder
from pipelines.cluster.tls import new_certificate

_LOOPBACK = "127.0.0.1"
_GIBIBYTE = 2**30
_CLOSE_SECONDS = 6
START_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCluster:
    """Worker processes of one thread each on this machine; none of them outlives its block.

    All connections use TLS, with a certificate made for the run unless one is given: any user of
    this machine can connect to its ports.

    Attributes
    ----------
    workers : int, optional
        By default as many as suit the machine.
    dashboard_address : str
        ``HOST:PORT`` or ``:PORT``, which listens on this machine alone.
    listen : str, optional
        ``HOST:PORT`` at which workers of other machines can join.
    tls : mapping
        Dask's configuration of the certificates that a person has given.
    """

    workers: int | None = None
    dashboard_address: str = ":0"
    listen: str | None = None
    tls: Mapping[str, object] = field(default_factory=dict)

    @property
    def planned_workers(self) -> int:
        """Number of workers that a grid is cut into chunks for."""
        return self.workers or default_workers()

    def warnings(self) -> list[str]:
        """Return warnings about who can see the dashboard; none if only this machine can."""
        if is_loopback(self.dashboard_address):
            return []
        return [
            f"warning: the dashboard listens at {self.dashboard_address}, beyond this machine:"
            " anyone who reaches that port can see the run, its workers, their addresses and"
            " logs, without a password and unencrypted, but cannot change anything. To watch"
            " from another machine without opening the port, use `ssh -L`."
        ]

    @contextlib.contextmanager
    def open(self, at_most: int) -> Iterator[Workers]:
        """Start workers for the length of a with block."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(without_user_configuration())
            stack.enter_context(dask_settings())
            if not all_compiled():
                kernels.load_kernels()  # compiled once here, they are on disk for the workers
            client = self._start(stack, min(self.planned_workers, at_most))
            link = client.dashboard_link
            if self.dashboard_address.startswith(":"):
                link = urlsplit(link)._replace(netloc=f"{_LOOPBACK}:{urlsplit(link).port}").geturl()
            yield Workers(client=client, count=len(client.nthreads()), dashboard_link=link)

    def check(self, workers: Workers, run_dir: AnyPath, fingerprint: str) -> None:
        """Check nothing: the workers are copies of this process."""

    def _start(self, stack: contextlib.ExitStack, count: int) -> Client:
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", message=SLOW_START)
        check_limit(count)
        try:
            folder = stack.enter_context(temporary_folder())
            tls = self.tls or new_certificate(Path(folder))
            stack.enter_context(dask.config.set({"temporary-directory": folder, **tls}))
            with defer_interrupts():
                start_fork_server()
                cluster = self._started(count, folder)
                stack.callback(_close, cluster)
                cluster.scheduler.http_application.add_application(Dashboard(cluster.scheduler))
                return stack.enter_context(Client(cluster, set_as_default=False))
        except (OSError, RuntimeError, ValueError, TimeoutError) as error:
            raise start_error(f"{count} workers", error) from error

    def _started(self, count: int, folder: str) -> LocalCluster:
        """Start the cluster; again if a worker dies while it starts, which ends Dask's start."""
        for tries_left in reversed(range(START_TRIES)):
            try:
                return LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    processes=True,
                    memory_limit=max(2 * _GIBIBYTE, MEMORY_LIMIT // count),
                    local_directory=folder,
                    silence_logs=logging.CRITICAL,
                    scheduler_kwargs={"dashboard": False},
                    **self._addresses(),
                )
            except RuntimeError as error:
                if not tries_left or is_system_error(error):
                    raise
        raise AssertionError

    def _addresses(self) -> dict[str, object]:
        """Return the address to listen on: this machine alone unless other hosts are named."""
        dashboard_host, _, dashboard_port = self.dashboard_address.rpartition(":")
        host, _, port = (self.listen or ":0").rpartition(":")
        return {
            "host": host or _LOOPBACK,
            "scheduler_port": int(port),
            "dashboard_address": f"{dashboard_host or _LOOPBACK}:{dashboard_port}",
        }


def is_loopback(address: str) -> bool:
    """Return True if only this machine can reach ``HOST:PORT``; no host means loopback."""
    host = address.rpartition(":")[0]
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _close(cluster: LocalCluster) -> None:
    """Close a cluster; kill workers that do not end in time."""
    processes = [pid for nanny in cluster.workers.values() if (pid := nanny.pid)]
    try:
        cluster.close(timeout=_CLOSE_SECONDS)
    except TimeoutError:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows kills by SIGTERM
