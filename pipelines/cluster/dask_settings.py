"""Dask settings of a run: configuration, log level and clock."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping

import dask

from pipelines.cluster.local.fork_server import ONE_THREAD, START_METHOD

# Name of a worker metric: Dask's own measure counts shared memory once per worker.
HELD_MEMORY = "ib_grid_held_memory"
# Name of a worker metric: CPU seconds of the threads that run tasks.
TASK_CPU = "ib_grid_task_cpu"
# Start of a warning of Dask: a machine that starts many workers at once is slow for a while.
SLOW_START = "Creating scratch directories is taking"

DASK_CONFIG: Mapping[str, object] = {
    "distributed.nanny.pre-spawn-environ": ONE_THREAD,
    "distributed.worker.preload": ["pipelines.cluster.preload"],
    "distributed.worker.multiprocessing-method": START_METHOD,
    "distributed.comm.timeouts.connect": "120s",
    # `chunk_bag` counts deaths itself: Dask forgets them when the scattered data is lost.
    "distributed.scheduler.allowed-failures": 0,
    # A worker that is silent for so long is replaced in every command; in a run `watch` is quicker.
    "distributed.scheduler.worker-ttl": "2 minutes",
    # One task at a time per worker: a second one would be blamed for the worker's death as well.
    "distributed.scheduler.worker-saturation": 1.0,
    # The scattered data stays on every worker, needed at the moment or not.
    "distributed.scheduler.active-memory-manager.start": False,
    # The bars travel with the best combinations when their trades are computed.
    "distributed.admin.large-graph-warning-threshold": "1GB",
    # Results do not stay in memory: there is nothing to spill and no reason to pause.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    # The dashboard has neither encryption nor a password: it may show, never act or forward.
    "distributed.scheduler.http.routes": [
        "distributed.http.scheduler.prometheus",
        "distributed.http.scheduler.info",
        "distributed.http.scheduler.json",
        "distributed.http.health",
        "distributed.http.statics",
    ],
    # Housekeeping of workers: at Dask's defaults, ninety workers keep three CPUs busy.
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "2s",
}

_EPOCH = time.time() - time.monotonic()


@contextlib.contextmanager
def dask_settings() -> Iterator[None]:
    """Use our Dask configuration for the length of a with block."""
    use_steady_clock()
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)  # our own errors say what is wrong
    try:
        with dask.config.set(DASK_CONFIG):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def without_user_configuration() -> Iterator[None]:
    """Use Dask's defaults for the length of a with block.

    What a person has configured, in files or ``DASK_`` variables, is for clusters of their own.
    """
    before = dict(dask.config.config)
    dask.config.refresh(paths=[], env={})
    try:
        yield
    finally:
        dask.config.config.clear()
        dask.config.config.update(before)


def use_steady_clock() -> None:
    """Have Dask measure time by a clock that nobody can set.

    Dask uses the time of day. If the clock were set back by a day, Dask would send no message for a
    day; if set forward, it would presume all workers dead.
    """
    from distributed import batched, scheduler
    from tornado.ioloop import IOLoop

    def steady_time(_loop: IOLoop | None = None) -> float:
        return _EPOCH + time.monotonic()

    IOLoop.time = steady_time  # type: ignore[assignment, method-assign]
    batched.time = scheduler.time = steady_time
