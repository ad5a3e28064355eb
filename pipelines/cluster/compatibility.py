"""Checks that all processes can take part in a run: equal versions, access to its directory.

The workers of an existing cluster are checked before work begins; a worker that joins later checks
itself before its first chunk.
"""

from __future__ import annotations

import functools
import os
import platform
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import ib_grid
from ib_grid.engine.results_version import RESULTS_VERSION
from ib_grid.errors import ClusterError, IbGridError, UnreachableError
from ib_grid.runs.manifest import read_manifest
from ib_grid.storage.paths import AnyPath
from pipelines.cluster import clusters

if TYPE_CHECKING:
    from distributed import Client

Versions = Mapping[str, str | None]

# Packages that decide numbers or files, or by which the processes talk to each other.
MAJOR_AND_MINOR = ("python", "numpy", "numba", "pyarrow", "cloudpickle")
WHOLE = ("dask", "distributed")
_OWN = ("ib-grid", "results")
_OF_SCHEDULER = ("python", "cloudpickle", *WHOLE)
_MAX_SHOWN = 5


def own_versions() -> dict[str, str | None]:
    """Return the versions of this process; None for a missing package."""
    packages = {name: _installed(name) for name in (*MAJOR_AND_MINOR[1:], *WHOLE)}
    own = {"ib-grid": ib_grid.__version__, "results": str(RESULTS_VERSION)}
    return {**own, "python": platform.python_version(), **packages}


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def differences(theirs: Versions, ours: Versions, names: Iterable[str]) -> list[str]:
    """Return the versions that differ, such as ``numba 0.59.1, here 0.60.0``."""
    return [
        f"{name} {theirs.get(name) or 'missing'}, here {ours[name]}"
        for name in names
        if _relevant(name, theirs.get(name)) != _relevant(name, ours[name])
    ]


def _relevant(name: str, text: str | None) -> str | None:
    """Return the part of a version that has to agree."""
    if text is None or name not in MAJOR_AND_MINOR:
        return text
    return ".".join(re.findall(r"\d+", text)[:2])


def run_dir_problem(run_dir: AnyPath, fingerprint: str) -> str:
    """Return why this process cannot write to a run directory; empty if there is no problem."""
    try:
        found = read_manifest(run_dir).fingerprint
    except UnreachableError:
        raise
    except IbGridError as error:
        return error.message
    return "" if found == fingerprint else "the directory holds another run"


@functools.cache
def check_this_worker(
    versions: tuple[tuple[str, str | None], ...], run_dir: AnyPath, fingerprint: str
) -> None:
    """Check, once per process, that this worker can take part in a run.

    `versions` are the `own_versions` of the process that started the run.
    """
    name = f"a worker, process {os.getpid()} on {socket.gethostname()}"
    wrong = differences(own_versions(), dict(versions), dict(versions))
    if wrong:
        raise _other_versions([f"{name}: {'; '.join(wrong)}"])
    problem = run_dir_problem(run_dir, fingerprint)
    if problem:
        raise _unseen_run_dir(run_dir, [f"{name}: {problem}"])


def check_workers(client: Client, run_dir: AnyPath, fingerprint: str) -> None:
    """Check that the scheduler and all workers of a cluster can take part in a run.

    Raises
    ------
    ClusterError
        If some cannot.
    TimeoutError
        If there is no answer for two minutes.
    """
    for wrong in (_other_packages(client), _other_ib_grid(client)):
        if wrong:
            raise _other_versions(_first(wrong))
    problems = _ask(client, str, run_dir_problem, run_dir, fingerprint)
    if problems:
        raise _unseen_run_dir(run_dir, _first(problems))


def _other_packages(client: Client) -> list[str]:
    """Return differences of packages; Dask asks itself, so no code of ours needs to run yet."""
    versions = client._get_versions  # the public method waits for ever
    packages, seconds = ["numpy", "numba", "pyarrow"], clusters.NO_WORKERS_SECONDS
    found = client.sync(versions, packages=packages, callback_timeout=seconds)
    ours = own_versions()
    wrong = {
        f"the scheduler {client.scheduler.address}": differences(
            _packages(found["scheduler"]), ours, _OF_SCHEDULER
        )
    }
    for address, answer in sorted(found["workers"].items()):
        wrong[address] = differences(_packages(answer), ours, (*MAJOR_AND_MINOR, *WHOLE))
    return [f"{name}: {'; '.join(lines)}" for name, lines in wrong.items() if lines]


def _packages(answer: Mapping[str, Versions] | None) -> Versions:
    return answer["packages"] if answer else {}


def _other_ib_grid(client: Client) -> list[str]:
    # A nested function is sent with its code: a worker may not have ours.
    def ask() -> dict[str, str | None]:
        try:
            import ib_grid
            from ib_grid.engine.results_version import RESULTS_VERSION
        except ImportError:
            return {}
        return {"ib-grid": ib_grid.__version__, "results": str(RESULTS_VERSION)}

    ours = own_versions()
    return _ask(client, lambda answer: "; ".join(differences(answer, ours, _OWN)), ask)


def _ask(
    client: Client, judge: Callable[[Any], str], question: Callable[..., object], *args: object
) -> list[str]:
    """Return the addresses and problems of workers whose answers `judge` finds wrong.

    A worker that is lost meanwhile is left out.
    """
    from distributed.comm import CommClosedError

    seconds = clusters.NO_WORKERS_SECONDS
    answers = client.run(question, *args, on_error="return", callback_timeout=seconds)
    problems = {
        address: _text(answer) if isinstance(answer, Exception) else judge(answer)
        for address, answer in sorted(answers.items())
        if not isinstance(answer, CommClosedError)
    }
    return [f"{address}: {problem}" for address, problem in problems.items() if problem]


def _text(error: Exception) -> str:
    return error.message if isinstance(error, IbGridError) else repr(error)


def _first(lines: list[str]) -> list[str]:
    more = [f"and {len(lines) - _MAX_SHOWN} more"] if len(lines) > _MAX_SHOWN else []
    return [*lines[:_MAX_SHOWN], *more]


def _other_versions(lines: Iterable[str]) -> ClusterError:
    return ClusterError(
        "some processes run other versions than this machine:\n    " + "\n    ".join(lines),
        expected="the same ib-grid, dask and distributed, and the same"
        f" {', '.join(MAJOR_AND_MINOR)} up to the minor version",
        hint="install the same packages on the workers and on this machine",
    )


def _unseen_run_dir(run_dir: AnyPath, lines: Iterable[str]) -> ClusterError:
    return ClusterError(
        "workers do not see the run directory:\n    " + "\n    ".join(lines),
        location=str(run_dir),
        expected="a directory that all workers can write to",
        hint="share this directory with the machines of the workers, or write to a store that all"
        " can reach, such as --output s3://bucket/prefix",
    )
