"""Preload of a worker: imports, compiled kernels, a memory metric and signals.

The fork server imports this module once, and forked workers share its memory; a worker that is not
forked imports it itself.
"""

from __future__ import annotations

import functools
import gc
import importlib
import signal
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from ib_grid.engine.fast.kernel_cache import all_compiled, cache_directory
from pipelines.cluster.dask_settings import HELD_MEMORY, SLOW_START, TASK_CPU, use_steady_clock

if TYPE_CHECKING:
    from distributed import Worker

_MODULES = (
    "distributed.nanny",
    "distributed.worker",
    "dask.bag",
    "pipelines.report.report",
    "pipelines.cluster.local.kernels",
)
_MEMORY_FILE = Path("/proc/self/smaps_rollup")


def dask_setup(worker: Worker) -> None:
    """Prepare a worker; Dask calls this function of each preload."""
    use_steady_clock()
    _load_kernels()
    if _MEMORY_FILE.is_file():
        worker.metrics[HELD_MEMORY] = lambda _: _held_memory(time.monotonic() // 5)
    if hasattr(time, "pthread_getcpuclockid"):  # not on Windows
        worker.metrics[TASK_CPU] = _task_cpu
    # Ctrl-C reaches every process of a terminal; the main process decides what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _task_cpu(worker: Worker) -> float:
    """Return the CPU seconds of the threads that run tasks at the moment."""
    clocks = (time.pthread_getcpuclockid(thread) for thread in list(worker.active_threads))
    return sum(time.clock_gettime(clock) for clock in clocks)


@functools.lru_cache(maxsize=1)
def _held_memory(_period: float) -> int:
    """Return the bytes of this process, shared memory in proportion; read once per period."""
    lines = _MEMORY_FILE.read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _load_all() -> None:
    """Import and load all that workers need, and exempt it from garbage collection.

    Collections would write to memory that forked workers share, and so copy it.
    """
    gc.disable()
    for name in _MODULES:
        importlib.import_module(name)
    if all_compiled() or not cache_directory():
        _load_kernels()
    gc.freeze()
    gc.enable()


@functools.cache
def _load_kernels() -> None:
    """Load the kernels once: in the fork server, or in each worker of a machine's first run.

    The fork server of a first run starts while the main process still compiles.
    """
    importlib.import_module("pipelines.cluster.local.kernels").load_kernels()


warnings.filterwarnings("ignore", message=SLOW_START)
_load_all()
