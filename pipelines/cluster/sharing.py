"""A value that all workers need, sent to each of them once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ib_grid.errors import ClusterError, first_line
from pipelines.cluster import clusters

if TYPE_CHECKING:
    from distributed import Client, Future

_TRIES = 8
# Workers that one worker sends the value to at a time.
_BRANCHES = 4
# A worker that does not answer is not waited for longer: it gets the value with its first task.
_ROUND_SECONDS = 30.0


def share(client: Client, value: object) -> Future:
    """Return a future of a value that is on all workers.

    Workers may die and be replaced meanwhile: the value is sent again if the last copy is lost.
    Dask's own broadcast raises a KeyError then, or waits for the dead worker for ever.

    Raises
    ------
    ClusterError
        If worker after worker dies of the value.
    TimeoutError
        If there is no worker, or no answer, for two minutes.
    """
    problem = "the last copy was lost"
    for _ in range(_TRIES):
        _wait_for_a_worker(client)
        started = time.monotonic()
        try:
            shared = _scattered(client, value)
        except (KeyError, OSError) as error:
            silent = time.monotonic() - started >= clusters.NO_WORKERS_SECONDS
            if silent or client.status != "running":
                raise
            problem = first_line(error)
            continue
        _spread(client, shared)
        if shared.status == "finished":
            return shared
    raise ClusterError(
        f"workers died {_TRIES} times while the data was sent to them ({problem})",
        hint="run the same command again, with fewer --workers if memory ran out",
    )


def _wait_for_a_worker(client: Client) -> None:
    wait = client._wait_for_workers  # the public method waits for ever for a frozen scheduler
    client.sync(wait, 1, callback_timeout=clusters.NO_WORKERS_SECONDS)


def _scattered(client: Client, value: object) -> Future:
    """Return a future of a value that is on one worker."""
    scatter = client._scatter  # the public method waits for ever for a frozen scheduler
    seconds = clusters.NO_WORKERS_SECONDS
    # Of a tuple, Dask would return a future of each item.
    (shared,) = client.sync(scatter, [value], hash=False, callback_timeout=seconds)
    return shared


def _spread(client: Client, shared: Future) -> None:
    """Have every worker fetch the value, in rounds: each worker that has it sends it to others."""
    waiting = list(client.nthreads(callback_timeout=clusters.NO_WORKERS_SECONDS))
    copies = 1
    while waiting:
        some, waiting = waiting[: _BRANCHES * copies], waiting[_BRANCHES * copies :]
        if not _fetched(client, shared, some):
            return
        copies += len(some)


def _fetched(client: Client, shared: Future, addresses: Sequence[str]) -> bool:
    """Return True when workers have the value or have died; False if one takes too long."""
    from distributed import as_completed

    futures = [
        client.submit(_nothing, shared, workers=[address], allow_other_workers=True, pure=False)
        for address in addresses
    ]
    try:
        for _ in as_completed(
            futures, loop=client.loop, raise_errors=False, timeout=_ROUND_SECONDS
        ):
            pass
    except TimeoutError:
        return False
    return True


def _nothing(_shared: object) -> None:
    """Use a value, so that the worker has it."""
