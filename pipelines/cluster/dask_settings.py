"""Dask settings of a run: configuration, TLS, log level and clock."""

from __future__ import annotations

import contextlib
import logging
import ssl
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import dask
from distributed import Security, batched, scheduler
from tornado.ioloop import IOLoop

from ib_grid.errors import ConfigError
from pipelines.cluster.local.fork_server import ONE_THREAD
from pipelines.config.run_options import TLS_SCHEMES
from pipelines.config.settings import Settings

# Name of a worker metric: Dask's own measure counts shared memory once per worker.
HELD_MEMORY = "ib_grid_held_memory"
# Start of a warning of Dask: a machine that starts many workers at once is slow for a while.
SLOW_START = "Creating scratch directories is taking"

DASK_CONFIG: Mapping[str, object] = {
    "distributed.nanny.pre-spawn-environ": ONE_THREAD,
    "distributed.worker.preload": ["pipelines.cluster.preload"],
    "distributed.worker.multiprocessing-method": "forkserver",
    "distributed.comm.timeouts.connect": "120s",
    # `chunk_bag` counts deaths itself: Dask forgets them when the scattered data is lost.
    "distributed.scheduler.allowed-failures": 0,
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
    # Housekeeping of workers: at Dask's defaults, ninety workers keep three CPUs busy.
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "2s",
}

_TLS = "distributed.comm.tls"
_EPOCH = time.time() - time.monotonic()


@contextlib.contextmanager
def dask_settings(tls: Mapping[str, object]) -> Iterator[None]:
    """Use our Dask configuration, and that of TLS, for the length of a with block."""
    use_steady_clock()
    logger = logging.getLogger("distributed.client")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # our own errors say what is wrong
    try:
        with dask.config.set({**DASK_CONFIG, **tls}):
            yield
    finally:
        logger.setLevel(level)


def tls_settings(settings: Settings) -> dict[str, object]:
    """Return the Dask configuration that allows TLS connections only; empty without TLS.

    Certificates may be given in the settings, or in Dask's own configuration.
    """
    if not settings.tls_ca_file and not (settings.scheduler or "").startswith(TLS_SCHEMES):
        return {}
    config: dict[str, object] = {"distributed.comm.require-encryption": True}
    location = "distributed.comm.tls in Dask's configuration"
    if settings.tls_ca_file:
        location = f"{settings.tls_ca_file}, {settings.tls_cert}, {settings.tls_key}"
        config[f"{_TLS}.ca-file"] = _absolute(settings.tls_ca_file)
        for role in ("client", "scheduler", "worker"):
            config[f"{_TLS}.{role}.cert"] = _absolute(settings.tls_cert)
            config[f"{_TLS}.{role}.key"] = _absolute(settings.tls_key)
    with dask.config.set(config):
        _check_certificates(location, settings.scheduler)
    return config


def _absolute(path: Path | None) -> str:
    return str(path.absolute()) if path else ""


def _check_certificates(location: str, address: str | None) -> None:
    security = Security()
    if not (security.tls_ca_file and security.tls_client_cert):
        raise ConfigError(
            "the scheduler uses TLS, but no certificates are given",
            location=f"--scheduler {address}",
            expected="--tls-ca-file, --tls-cert and --tls-key, or distributed.comm.tls in Dask's"
            " configuration",
        )
    try:
        security.get_connection_args("client")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the certificates cannot be used ({error.strerror or error})",
            location=location,
            expected="three PEM files: of the authority, a certificate signed by it, and its key",
        ) from error


def use_steady_clock() -> None:
    """Have Dask measure time by a clock that nobody can set.

    Dask uses the time of day. If the clock were set back by a day, Dask would send no message for a
    day; if set forward, it would presume all workers dead.
    """
    IOLoop.time = _loop_time  # type: ignore[assignment, method-assign]
    batched.time = scheduler.time = _steady_time


def _steady_time() -> float:
    return _EPOCH + time.monotonic()


def _loop_time(_loop: IOLoop) -> float:
    return _steady_time()
