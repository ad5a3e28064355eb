"""What has to be the same in all processes of a run, and whether it is."""

from __future__ import annotations

import functools
import os
import platform
import re
import socket
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version

import ib_grid
from ib_grid.errors import ClusterError, IbGridError, UnreachableError
from ib_grid.runs.fingerprint import RESULTS_VERSION
from ib_grid.runs.manifest import read_manifest
from ib_grid.storage.paths import AnyPath

Versions = Mapping[str, str | None]

# What decides numbers or files, and what the processes talk to each other by.
MAJOR_AND_MINOR = ("python", "numpy", "numba", "pyarrow", "cloudpickle")
WHOLE = ("dask", "distributed")
OURS = ("ib-grid", "results")


def own_versions() -> dict[str, str | None]:
    """The versions of this process; None for what is missing."""
    packages = {name: _installed(name) for name in (*MAJOR_AND_MINOR[1:], *WHOLE)}
    ours = {"ib-grid": ib_grid.__version__, "results": str(RESULTS_VERSION)}
    return {**ours, "python": platform.python_version(), **packages}


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def differing(theirs: Versions, ours: Versions, names: Iterable[str]) -> list[str]:
    """What differs, such as ``numba 0.59.1, here 0.60.0``."""
    return [
        f"{name} {theirs.get(name) or 'missing'}, here {ours[name]}"
        for name in names
        if _compared(name, theirs.get(name)) != _compared(name, ours[name])
    ]


def _compared(name: str, said: str | None) -> str | None:
    """The part of a version that has to agree."""
    if said is None or name not in MAJOR_AND_MINOR:
        return said
    return ".".join(re.findall(r"\d+", said)[:2])


def refusal(wrong: Iterable[str]) -> ClusterError:
    """The error for processes that run other versions, a line each."""
    return ClusterError(
        "not all processes run what this machine does:\n    " + "\n    ".join(wrong),
        expected="the same ib-grid, dask and distributed, and the same"
        f" {', '.join(MAJOR_AND_MINOR)} but for the last number",
        hint="install the same packages on the workers and on this machine",
    )


def blindness(run_dir: AnyPath, blind: Iterable[str]) -> ClusterError:
    """The error for workers that do not see where they are to write, a line each."""
    return ClusterError(
        "workers do not see the run's folder:\n    " + "\n    ".join(blind),
        location=str(run_dir),
        expected="a folder that all workers write to",
        hint="let workers on other machines share this folder, or write to a store that all"
        " reach, such as --output s3://bucket/prefix",
    )


def hindrance(run_dir: AnyPath, fingerprint: str) -> str:
    """Why this process does not see a run's folder; empty if it does.

    Raises
    ------
    UnreachableError
        If the store that it is in does not answer.
    """
    try:
        found = read_manifest(run_dir).fingerprint
    except UnreachableError:
        raise
    except IbGridError as error:
        return error.message
    return "" if found == fingerprint else "it is another run there"


@functools.cache
def check_this_worker(
    versions: tuple[tuple[str, str | None], ...], run_dir: AnyPath, fingerprint: str
) -> None:
    """Check, once in a process, that it can take part in a run; it may have joined late.

    Parameters
    ----------
    versions : tuple of pairs
        Of `own_versions` where the run was begun.
    run_dir : AnyPath
    fingerprint : str
        Of the run.

    Raises
    ------
    ClusterError
        If it cannot.
    """
    who = f"a worker, process {os.getpid()} on {socket.gethostname()}"
    wrong = differing(own_versions(), dict(versions), dict(versions))
    if wrong:
        raise refusal([f"{who}: {'; '.join(wrong)}"])
    blind = hindrance(run_dir, fingerprint)
    if blind:
        raise blindness(run_dir, [f"{who}: {blind}"])
