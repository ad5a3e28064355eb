"""Whether a cluster that is there already can take part: same versions, and the run in sight.

What its workers run is not ours to choose, so it is asked before work begins; one that joins later
asks itself before its first chunk (`versions.check_this_worker`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from distributed import Client
from distributed.comm import CommClosedError

from ib_grid.errors import IbGridError
from ib_grid.storage.paths import AnyPath
from pipelines.cluster.versions import (
    MAJOR_AND_MINOR,
    OURS,
    WHOLE,
    Versions,
    blindness,
    differing,
    hindrance,
    own_versions,
    refusal,
)

_OF_SCHEDULER = ("python", "cloudpickle", *WHOLE)
_SHOWN = 5


def check_cluster(client: Client, run_dir: AnyPath, fingerprint: str) -> None:
    """Check that the scheduler and all workers of a cluster can take part in a run.

    Parameters
    ----------
    client : distributed.Client
    run_dir : AnyPath
        With the run's manifest in it.
    fingerprint : str
        Of the run.

    Raises
    ------
    ClusterError
        If not: it names the workers and what is wrong with them.
    """
    for wrong in (_other_packages(client), _other_ib_grid(client)):
        if wrong:
            raise refusal(_first(wrong))
    blind = _asked(client, lambda found: str(found), hindrance, run_dir, fingerprint)
    if blind:
        raise blindness(run_dir, _first(blind))


def _other_packages(client: Client) -> list[str]:
    """Who has other packages, by Dask's own question: no code travels that may not be read."""
    found = client.get_versions(packages=["numpy", "numba", "pyarrow"])
    ours = own_versions()
    scheduler = differing(_packages(found["scheduler"]), ours, _OF_SCHEDULER)
    workers = {
        address: differing(_packages(said), ours, (*MAJOR_AND_MINOR, *WHOLE))
        for address, said in sorted(found["workers"].items())
    }
    everyone = {f"the scheduler {client.scheduler.address}": scheduler, **workers}
    return [f"{who}: {'; '.join(wrong)}" for who, wrong in everyone.items() if wrong]


def _packages(said: Mapping[str, Mapping[str, str | None]] | None) -> Versions:
    return said["packages"] if said else {}


def _other_ib_grid(client: Client) -> list[str]:
    # A function within a function travels with its code: a worker may not have ours.
    def ask() -> dict[str, str | None]:
        try:
            import ib_grid
            from ib_grid.runs.fingerprint import RESULTS_VERSION
        except ImportError:
            return {}
        return {"ib-grid": ib_grid.__version__, "results": str(RESULTS_VERSION)}

    ours = own_versions()
    return _asked(client, lambda found: "; ".join(differing(found, ours, OURS)), ask)


def _asked(
    client: Client, wrong: Callable[[Any], str], question: Callable[..., object], *given: object
) -> list[str]:
    """Which workers answer a question wrongly, and what is wrong with the answer.

    One that is lost while it is asked does not answer wrongly.
    """
    answers = client.run(question, *given, on_error="return")
    said = {
        address: _told(found) if isinstance(found, Exception) else wrong(found)
        for address, found in sorted(answers.items())
        if not isinstance(found, CommClosedError)
    }
    return [f"{address}: {found}" for address, found in said.items() if found]


def _told(error: Exception) -> str:
    return error.message if isinstance(error, IbGridError) else repr(error)


def _first(lines: list[str]) -> Iterable[str]:
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return [*lines[:_SHOWN], *more]
