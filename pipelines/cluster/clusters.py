"""Clusters of Dask workers: the protocol of a cluster, and the choice of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from dask.system import CPU_COUNT

from ib_grid.storage.paths import AnyPath
from pipelines.cluster.dask_settings import HELD_MEMORY, TASK_CPU
from pipelines.cluster.tls import tls_settings
from pipelines.config.settings import Settings

if TYPE_CHECKING:
    from distributed import Client, Future, Scheduler

MAX_WORKERS = 90
CPUS_KEPT_FREE = 6
# A task is given up when so many workers have died of it.
TRIES = 3
# A run ends when there has been no worker for so long.
NO_WORKERS_SECONDS = 120.0
# Interval between counts of the workers.
COUNT_SECONDS = 2.0
# The scheduler is asked again if it has not answered for so long.
ANSWER_SECONDS = 10.0
# Results are small; a worker that does not send one in this time is frozen.
RESULT_SECONDS = 30.0


def default_workers(cpus: int = CPU_COUNT) -> int:
    """Return the default number of workers: one per CPU, six fewer on large machines."""
    return cpus if cpus <= 8 else min(MAX_WORKERS, cpus - CPUS_KEPT_FREE)


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a task is on its worker.

    `mark` changes as long as the task advances: the CPU seconds of its thread, or, for a worker
    without our preload, the moment at which the worker was last heard of.
    """

    worker: str
    mark: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Workers that are ready for tasks.

    `count` is the number of worker processes at the start.
    """

    client: Client
    count: int
    dashboard_link: str

    def measure(self) -> tuple[int, int]:
        """Return the number of workers and the bytes of memory that they hold together."""
        held = HELD_MEMORY

        # A nested function is sent with its code: the scheduler may not have ours.
        def measure(dask_scheduler: Scheduler) -> tuple[int, int]:
            metrics = [worker.metrics for worker in dask_scheduler.workers.values()]
            return len(metrics), sum(int(m.get(held, m.get("memory", 0))) for m in metrics)

        count, memory = self._ask_scheduler(measure)
        return int(count), int(memory)

    def advances(self) -> dict[object, Advance]:
        """Return the tasks in work, by their keys, and how far each of them is."""
        cpu = TASK_CPU

        def advances(dask_scheduler: Scheduler) -> dict[object, tuple[str, float]]:
            return {
                task.key: (worker.address, worker.metrics.get(cpu, worker.last_seen))
                for worker in dask_scheduler.workers.values()
                for task in worker.processing
            }

        found = self._ask_scheduler(advances)
        return {key: Advance(worker, float(mark)) for key, (worker, mark) in found.items()}

    def results(self, futures: Iterable[Future]) -> dict[object, object]:
        """Return the results of finished futures by key; none if a worker dies or is too slow."""
        from distributed import CancelledError

        asked = {future.key: future for future in futures}
        gather = self.client._gather  # the public method waits for ever
        try:
            found: dict[object, object] = self.client.sync(
                gather, asked, errors="skip", callback_timeout=RESULT_SECONDS
            )
        except (CancelledError, TimeoutError):
            return {}
        return found

    def replace(self, address: str) -> None:
        """Give the tasks of a worker to others, and end its process; a nanny starts a new one."""

        async def replace(dask_scheduler: Scheduler) -> None:
            from distributed.core import rpc

            worker = dask_scheduler.workers.get(address)
            if worker is None:
                return
            nanny = worker.nanny
            # Expected, the removal is not blamed on the tasks.
            await dask_scheduler.remove_worker(address, stimulus_id="frozen", expected=True)
            if nanny:
                async with rpc(nanny, connection_args=dask_scheduler.connection_args) as there:
                    await there.kill(timeout=1, reason="frozen")

        self._ask_scheduler(replace)

    def _ask_scheduler(self, function: Callable[..., object]) -> Any:
        """Run a function on the scheduler; raise TimeoutError if there is no answer."""
        client = self.client
        ask = client._run_on_scheduler  # the public method waits for ever
        return client.sync(ask, function, callback_timeout=ANSWER_SECONDS)

    @property
    def join_command(self) -> str:
        """The command that adds a worker of another machine."""
        tls = self.client.security
        return (
            f"dask worker {self.client.scheduler.address} --nthreads 1"
            f" --preload pipelines.cluster.preload --tls-ca-file {tls.tls_ca_file}"
            f" --tls-cert {tls.tls_worker_cert} --tls-key {tls.tls_worker_key}"
        )

    def survive_deaths(self) -> None:
        """Have a local scheduler retry each task until `TRIES` workers have died of it."""
        if self.client.cluster:
            self.client.cluster.scheduler.allowed_failures = TRIES - 1


class Cluster(Protocol):
    """A cluster that has not been opened yet."""

    @property
    def planned_workers(self) -> int:
        """Number of workers that a grid is cut into chunks for."""

    def warnings(self) -> list[str]:
        """Return warnings about who can reach the cluster."""

    def open(self, at_most: int) -> AbstractContextManager[Workers]:
        """Open the cluster for the length of a with block.

        More workers than `at_most` are of no use.
        """

    def check(self, workers: Workers, run_dir: AnyPath, fingerprint: str) -> None:
        """Check that all workers can take part in a run."""


def choose_cluster(settings: Settings) -> Cluster:
    """Return the cluster that the settings ask for."""
    tls = tls_settings(settings)
    if settings.scheduler:
        from pipelines.cluster.existing_cluster import ExistingCluster

        return ExistingCluster(address=settings.scheduler, tls=tls)
    from pipelines.cluster.local.local_cluster import OwnCluster

    return OwnCluster(
        workers=settings.workers,
        dashboard_address=settings.dashboard_address,
        listen=settings.listen,
        tls=tls,
    )
