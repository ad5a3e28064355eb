"""The process that workers are forked from.

It imports all that workers need, which takes seconds: begun early, it does so while the main
process reads the input of a run. Nothing that takes long is imported here.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing import forkserver, resource_tracker

from ib_grid.errors import ClusterError

START_METHOD = "forkserver" if sys.platform == "linux" else "spawn"
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}
# The path of a socket may have 107 bytes; multiprocessing adds about 40 to that of the folder.
_LONGEST_SOCKET_FOLDER = 64
_SHORT_FOLDER = "/tmp"  # noqa: S108 - multiprocessing makes a folder in it that is ours alone
_WORKER_MODULES = ["pipelines.cluster.forked"]


def start_fork_server() -> None:
    """Start the process that workers are forked from, if it is not there yet.

    Ninety processes that each import everything take minutes and 17 GB on a small machine. The
    kernels have to be on disk by then, or this process would compile them, too.

    Raises
    ------
    ClusterError
        If it cannot be started.
    """
    if START_METHOD == "forkserver":
        forkserver.set_forkserver_preload(_WORKER_MODULES)
        resource_tracker.ensure_running()
        # Ctrl-C reaches every process of a terminal; the main one decides what it means.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with _folder_for_sockets(), _one_thread():
                forkserver.ensure_running()
        except OSError as error:
            raise ClusterError(
                f"the process that workers are forked from cannot be started ({error})",
                hint="let TMPDIR name a folder that can be written",
            ) from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Let a process that is started have one thread: libraries ask once, when they are imported."""
    before = dict(os.environ)
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name in ONE_THREAD:
            os.environ.pop(name)
            if name in before:
                os.environ[name] = before[name]


@contextlib.contextmanager
def _folder_for_sockets() -> Iterator[None]:
    """Let multiprocessing choose its folder where a socket's path is not too long for one."""
    before = tempfile.gettempdir()
    if len(os.fsencode(before)) > _LONGEST_SOCKET_FOLDER and os.access(_SHORT_FOLDER, os.W_OK):
        tempfile.tempdir = _SHORT_FOLDER
    try:
        yield
    finally:
        tempfile.tempdir = before
