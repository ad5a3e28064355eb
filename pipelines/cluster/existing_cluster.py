"""The workers of a Dask scheduler that is already running."""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import dask
from distributed import Client, Security
from distributed.comm import connect
from distributed.versions import VersionMismatchWarning

from ib_grid.errors import ClusterError
from ib_grid.storage.paths import AnyPath
from pipelines.cluster import clusters
from pipelines.cluster.clusters import MAX_WORKERS, Workers
from pipelines.cluster.compatibility import check_workers
from pipelines.cluster.dask_settings import dask_settings

_CONNECT_SECONDS = 15
_CLOSE_SECONDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingCluster:
    """An existing Dask scheduler and its workers, which may come and go."""

    address: str
    tls: Mapping[str, object] = field(default_factory=dict)

    @property
    def planned_workers(self) -> int:
        """Number of workers that a grid is cut into chunks for."""
        return MAX_WORKERS

    def warnings(self) -> list[str]:
        """Return no warnings: access to an existing scheduler is outside our control."""
        return []

    @contextlib.contextmanager
    def open(self, at_most: int) -> Iterator[Workers]:  # noqa: ARG002
        """Connect to the scheduler for the length of a with block; it stays up afterwards."""
        with dask_settings(), dask.config.set(self.tls), self._connected() as client:
            with self._answering():
                count = len(client.nthreads(callback_timeout=clusters.ANSWER_SECONDS))
            if not count:
                raise ClusterError(
                    "the scheduler has no workers",
                    location=self.address,
                    hint="start some, such as `dask worker ADDRESS --nthreads 1`",
                )
            yield Workers(client=client, count=count, dashboard_link=client.dashboard_link)

    def check(self, workers: Workers, run_dir: AnyPath, fingerprint: str) -> None:
        """Check that the scheduler and all workers can take part in a run."""
        with self._answering():
            check_workers(workers.client, run_dir, fingerprint)

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        """Have a scheduler that does not answer, or is lost, raise a ClusterError."""
        try:
            yield
        except (OSError, TimeoutError) as error:
            raise ClusterError(
                "the scheduler or its workers do not answer",
                location=self.address,
                hint="restart them, or omit --scheduler to use this machine",
            ) from error

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Client]:
        client = self._connect()
        try:
            yield client
        finally:
            with contextlib.suppress(OSError, TimeoutError):  # the scheduler does not answer
                client.close(timeout=_CLOSE_SECONDS)

    def _connect(self) -> Client:
        try:
            asyncio.run(_greet(self.address))
            with warnings.catch_warnings():
                # `check_workers` compares versions more strictly.
                warnings.filterwarnings("ignore", category=VersionMismatchWarning)
                return Client(self.address, set_as_default=False, timeout=_CONNECT_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            raise ClusterError(
                f"the scheduler cannot be reached ({error or type(error).__name__})",
                location=self.address,
                expected="a running Dask scheduler, such as tcp://127.0.0.1:8786; the address of"
                " one that speaks TLS begins with tls://",
                hint="start the scheduler, or omit --scheduler to use this machine",
            ) from error


async def _greet(address: str) -> None:
    """Check that a Dask process listens: for any other one a client would wait forever."""
    arguments = Security().get_connection_args("client")
    # Connecting has this timeout itself; the handshake gets as much again.
    greeting = connect(address, timeout=_CONNECT_SECONDS, **arguments)
    try:
        comm = await asyncio.wait_for(greeting, 2 * _CONNECT_SECONDS)
    except TimeoutError as error:
        raise TimeoutError(
            "the process at this address does not answer like a Dask scheduler"
        ) from error
    comm.abort()
