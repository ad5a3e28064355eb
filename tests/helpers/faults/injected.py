"""`ib-grid` with a fault built in: ``python -m tests.helpers.faults.injected run …``.

Which fault, the environment says. The worker processes load this module as their main one, too.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import json
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np

from ib_grid.engine.fast import engine
from ib_grid.grid.chunks import Chunk
from pipelines.cli import main
from pipelines.cluster import clusters
from pipelines.cluster.local import local_cluster
from pipelines.run import watch

FAULT = "IB_GRID_TEST_FAULT"
_evaluate = engine.evaluate


def fault(kind: str, **details: object) -> dict[str, str]:
    """Return the environment of a process that has a fault."""
    return {FAULT: json.dumps({"kind": kind, **details})}


def hold(marks: str, chunk: int, times: int) -> None:
    """Pause a worker in the middle of a chunk, this many times, so that a test can kill it."""

    def evaluate(*args: object, **kwargs: object) -> object:
        if _index(args) == chunk and len(list(Path(marks).iterdir())) < times:
            (Path(marks) / str(os.getpid())).touch()
            time.sleep(300)
        return _evaluate(*args, **kwargs)  # type: ignore[arg-type]

    engine.evaluate = evaluate  # type: ignore[assignment]


def memory(marks: str, hungry: int, refused: int) -> None:
    """Exceed the worker's memory limit once in one chunk; refuse all memory to another."""
    local_cluster.MEMORY_LIMIT, local_cluster._GIBIBYTE = 1, 2**28

    def evaluate(*args: object, **kwargs: object) -> object:
        if _index(args) == hungry and not list(Path(marks).iterdir()):
            (Path(marks) / str(os.getpid())).touch()
            held = np.ones(2**27)
            time.sleep(300)
            return held
        if _index(args) == refused:
            before = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (2**20, before[1]))
            try:
                return np.ones(2**27)
            finally:
                resource.setrlimit(resource.RLIMIT_AS, before)
        return _evaluate(*args, **kwargs)  # type: ignore[arg-type]

    engine.evaluate = evaluate  # type: ignore[assignment]


# Moments at which a process can be killed: the function that is about to be called then.
POINTS = {
    "scatter": ("pipelines.run.tasks", "ChunkWork.__setstate__"),
    "footer": ("ib_grid.runs.partition_file", "parquet_with_checksum"),
    "rename": ("ib_grid.storage.atomic_files", "WholeFiles._publish"),
    "manifest": ("pipelines.run.attempt", "write_manifest"),
    "cache": ("pipelines.run.attempt", "all_compiled"),
}


def kill(
    point: str, marks: str, times: int = 1, nth: int = 1, main: bool = False, seconds: float = 0.0
) -> None:
    """Kill a worker, or the main process, at the n-th time that it reaches a point.

    This many processes are killed, at once or some seconds later.
    """
    module, names = POINTS[point]
    *path, last = names.split(".")
    owner = functools.reduce(getattr, path, importlib.import_module(module))
    original, calls = getattr(owner, last), itertools.count(1)

    @functools.wraps(original)
    def reached(*args: object, **kwargs: object) -> object:
        here = (multiprocessing.parent_process() is None) is main and next(calls) == nth
        if here and len(list(Path(marks).iterdir())) < times:
            (Path(marks) / str(os.getpid())).touch()
            threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
            if not seconds:
                time.sleep(300)
        return original(*args, **kwargs)

    setattr(owner, last, reached)


def slow(chunk: int, seconds: float, **waits: float) -> None:
    """Have a chunk take some seconds of CPU, in a run that soon takes a worker for frozen."""
    impatient(**waits)

    def evaluate(*args: object, **kwargs: object) -> object:
        if _index(args) == chunk:
            until = time.thread_time() + seconds
            while time.thread_time() < until:
                pass
        return _evaluate(*args, **kwargs)  # type: ignore[arg-type]

    engine.evaluate = evaluate  # type: ignore[assignment]


def interrupt(module: str) -> None:
    """Press Ctrl-C in the main process while it imports a module."""

    class Interrupting:
        def find_spec(self, name: str, *_: object) -> None:
            if name == module and multiprocessing.parent_process() is None:
                signal.raise_signal(signal.SIGINT)

    sys.meta_path.insert(0, Interrupting())  # type: ignore[arg-type]


# Times to wait: for a task that uses no CPU, how many times longer than the slowest chunk and for
# the last one, between looks at the workers, for an answer of the scheduler and for results.
WAITS = {
    "still": (watch, "STILL_SECONDS"),
    "slowest": (watch, "_SLOWEST_CHUNKS"),
    "alone": (watch, "_ALONE"),
    "count": (clusters, "COUNT_SECONDS"),
    "answer": (clusters, "ANSWER_SECONDS"),
    "results": (clusters, "RESULT_SECONDS"),
}


def impatient(**waits: float) -> None:
    """Wait for less time than otherwise, by the names of `WAITS`."""
    for name, value in waits.items():
        module, constant = WAITS[name]
        assert hasattr(module, constant)
        setattr(module, constant, value)


def _index(args: tuple[object, ...]) -> int:
    return next(value.index for value in args if isinstance(value, Chunk))


_KINDS = {
    "hold": hold,
    "impatient": impatient,
    "interrupt": interrupt,
    "kill": kill,
    "memory": memory,
    "slow": slow,
}


def _install() -> None:
    details = json.loads(os.environ[FAULT])
    _KINDS[details.pop("kind")](**details)


if __name__ in ("__main__", "__mp_main__"):
    _install()
if __name__ == "__main__":
    sys.argv[0] = "ib-grid"
    main.main()
