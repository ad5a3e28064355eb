"""The process that workers are forked from.

It imports all that workers need, which takes seconds: begun early, it does so while the main
process reads the input of a run. Nothing that takes long is imported here.
"""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing import forkserver, resource_tracker

START_METHOD = "forkserver" if sys.platform == "linux" else "spawn"
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}
_WORKER_MODULES = ["distributed.nanny", "distributed.worker", "dask.bag", "pipelines.worker"]


def start_fork_server() -> None:
    """Start the process that workers are forked from, if it is not there yet.

    Ninety processes that each import everything take minutes and 17 GB on a small machine. The
    kernels have to be on disk by then, or this process would compile them, too.
    """
    if START_METHOD == "forkserver":
        os.environ.update(ONE_THREAD)
        forkserver.set_forkserver_preload(_WORKER_MODULES)
        resource_tracker.ensure_running()
        # Ctrl-C reaches every process of a terminal; the main one decides what it means.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
