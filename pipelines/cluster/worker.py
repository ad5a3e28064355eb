"""What a worker has done before its first task; nothing but worker processes loads this module.

Where workers are forked, it is loaded once in the process that they are forked from, and they
share what it holds; elsewhere each of them loads it.
"""

from __future__ import annotations

import functools
import signal
import time
import warnings
from pathlib import Path

from distributed import Worker

from pipelines.cluster import kernels, local_cluster
from pipelines.cluster.steady_clock import use_steady_clock

_SHARES = Path("/proc/self/smaps_rollup")


def dask_setup(worker: Worker) -> None:
    """Have a worker tell the memory it holds, and leave Ctrl-C to the main process."""
    use_steady_clock()
    if _SHARES.is_file():
        worker.metrics[local_cluster.HELD_MEMORY] = lambda _: _held_memory(time.monotonic() // 5)
    # Ctrl-C reaches every process of a terminal; the main one decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@functools.lru_cache(maxsize=1)
def _held_memory(_period: float) -> int:
    """Bytes of this process, its share of what forked processes hold together; once a period."""
    lines = _SHARES.read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


warnings.filterwarnings("ignore", message=local_cluster.SLOW_START)
kernels.load_kernels()
