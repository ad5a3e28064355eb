"""Single things that Dask workers are asked for; each again on another one if its worker dies.

Dask's own executor leaves a future without an end where a result is lost on its way.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any, Generic, TypeVar

from distributed import Client, Future, KilledWorker
from distributed.comm import CommClosedError

from pipelines.cluster import local_cluster

Result = TypeVar("Result")


class Submissions:
    """What a client's workers are asked for, until it is ended."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._under_way: set[Future] = set()
        self._has_ended = False

    def submit(self, work: Callable[..., Result], *words: object) -> Submission[Result]:
        """Have a worker do something; `CancelledError` if this has been ended."""
        return Submission(self, work, words)

    def begin(self, work: Callable[..., object], words: tuple[object, ...]) -> Future:
        """The future of one try."""
        with self._lock:
            if self._has_ended:
                raise CancelledError
            future = self._client.submit(work, *words, pure=False)
            self._under_way.add(future)
            return future

    def let_go(self, future: Future) -> None:
        """Have the workers forget a result."""
        with self._lock:
            self._under_way.discard(future)
        future.release()

    def end(self) -> None:
        """Cancel all that is under way, and begin nothing more."""
        with self._lock:
            self._has_ended = True
            under_way = list(self._under_way)
        with contextlib.suppress(OSError, TimeoutError):  # the scheduler is lost, and all with it
            self._client.cancel(under_way)


class Submission(Generic[Result]):
    """One thing that was asked for."""

    def __init__(
        self, of: Submissions, work: Callable[..., Result], words: tuple[object, ...]
    ) -> None:
        self._of, self._work, self._words = of, work, words
        self._future = of.begin(work, words)

    def result(self) -> Result:
        """What came of it, or the error that it ended with.

        Raises
        ------
        KilledWorker
            If `local_cluster.TRIES` workers died of it.
        CancelledError
            If it was cancelled, or the scheduler or all workers are lost.
        """
        for _ in range(local_cluster.TRIES - 1):
            with contextlib.suppress(KilledWorker):
                return self._wait()
            self._future = self._of.begin(self._work, self._words)
        return self._wait()

    def _wait(self) -> Any:
        try:
            return self._future.result()
        except (CommClosedError, TimeoutError) as error:
            raise CancelledError from error
        finally:
            self._of.let_go(self._future)
