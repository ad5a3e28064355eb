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

import numpy as np
from distributed import Worker

from ib_grid import engine
from ib_grid.bars import Bars
from ib_grid.grid import named_grid
from ib_grid.instruments import GER40
from ib_grid.market import build_market
from pipelines import cluster, tasks

__all__ = ["dask_setup", "tasks"]

_SHARES = Path("/proc/self/smaps_rollup")


def dask_setup(worker: Worker) -> None:
    """Have a worker tell the memory it holds, and leave Ctrl-C to the main process."""
    if _SHARES.is_file():
        worker.metrics[cluster.HELD_MEMORY] = lambda _: _held_memory(time.monotonic() // 5)
    # Ctrl-C reaches every process of a terminal; the main one decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@functools.lru_cache(maxsize=1)
def _held_memory(_period: float) -> int:
    """Bytes of this process, its share of what forked processes hold together; once a period."""
    lines = _SHARES.read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _load_kernels() -> None:
    """Load the compiled kernels by using each of them on a day of made-up bars."""
    price = 100 + np.cos(np.arange(1440.0))
    bars = Bars(
        minute=np.arange(1440), open=price, high=price + 1, low=price - 1, close=price[::-1].copy()
    )
    grid = named_grid("standard", GER40)
    engine.warm_up(build_market(bars, grid.sessions, grid.horizon_minutes), grid)


warnings.filterwarnings("ignore", message=cluster.SLOW_START)
_load_kernels()
