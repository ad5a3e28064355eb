"""The fork server: the process that workers are forked from.

The fork server imports all that workers need, which takes seconds; started early, it does so while
the main process reads the input of a run. This module itself imports nothing heavy.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing import forkserver, get_all_start_methods, resource_tracker

from pipelines.cluster.local.open_files import raise_limit
from pipelines.cluster.local.start_errors import start_error

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}
# A socket's path may have 107 bytes; multiprocessing adds about 40 to the folder's path.
_LONGEST_SOCKET_FOLDER = 64
_SHORT_FOLDER = "/tmp"  # noqa: S108 - multiprocessing makes a private folder in it
_ORPHANS = "pipelines.cluster.local.orphans"
_WORKER_MODULES = ["pipelines.cluster.preload"]
# Windows has no fork server: each worker imports everything itself.
START_METHOD = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"


def start_fork_server() -> None:
    """Start the fork server, unless it is running or the system has none.

    Ninety processes that each import everything take minutes and 17 GB on a small machine.
    """
    if START_METHOD != "forkserver":
        return
    raise_limit()
    forkserver.set_forkserver_preload([_ORPHANS, *_WORKER_MODULES])
    _start_resource_tracker()
    # Ctrl-C reaches every process of a terminal; the main process decides what to do.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with _folder_for_sockets(), _one_thread():
            forkserver.ensure_running()
    except OSError as error:
        raise start_error("the fork server", error) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_resource_tracker() -> None:
    """Start the process that removes what a killed main process has left, and says nothing."""
    quiet = "ignore:resource_tracker"
    sys.warnoptions.append(quiet)  # given to the new process on its command line
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(quiet)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Limit a process that is started to one thread; libraries look when they are imported."""
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
    """Have multiprocessing choose a folder in which the path of a socket is not too long."""
    before = tempfile.gettempdir()
    if len(os.fsencode(before)) > _LONGEST_SOCKET_FOLDER and os.access(_SHORT_FOLDER, os.W_OK):
        tempfile.tempdir = _SHORT_FOLDER
    try:
        yield
    finally:
        tempfile.tempdir = before
