"""Watch over the workers of a run: lost workers, frozen ones, a scheduler that does not answer."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ib_grid.errors import ClusterError
from pipelines.cluster import clusters
from pipelines.cluster.clusters import Advance, Workers
from pipelines.render.progress import Progress

# A worker is frozen if the thread of its task uses no CPU for this long, and for ten times as long
# as the slowest chunk took, while others finish theirs; the last one is given four times as long.
STILL_SECONDS = 30.0
_SLOWEST_CHUNKS = 10
_ALONE = 4


def lost(message: str, hint: str = "") -> ClusterError:
    """Return the error of a run that has lost its workers or its scheduler."""
    resume = "run the same command again to resume; finished chunks are kept"
    return ClusterError(message, hint=f"{hint}; {resume}" if hint else resume)


class Watch:
    """A watch over the workers of a run while results are waited for.

    Time is counted in short steps: a machine that slept is not a worker that froze.
    """

    def __init__(
        self, workers: Workers, progress: Progress, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._workers, self._progress, self._clock = workers, progress, clock
        self._stills = Stills()
        self._frozen = Counter[int]()
        self._asked = float("-inf")
        self._silent = self._deserted = 0.0

    def chunk_done(self, seconds: float) -> None:
        """Learn how long a chunk took."""
        self._stills.chunk_done(seconds)

    def look(self, chunk_of: Mapping[object, int]) -> None:
        """Look after the workers if it is time to; `chunk_of` has the chunks in work by task.

        Raises
        ------
        ClusterError
            If there has been no worker, or no answer of the scheduler, for two minutes.
        """
        passed = self._clock() - self._asked
        if passed < clusters.COUNT_SECONDS:
            return
        passed = min(passed, clusters.COUNT_SECONDS + clusters.ANSWER_SECONDS)
        self._asked = self._clock()
        try:
            self._count(passed)
            self._replace_frozen(chunk_of, passed)
        except TimeoutError:
            self._note_silence()
        else:
            self._silent = 0.0

    def _count(self, passed: float) -> None:
        count, memory = self._workers.measure()
        self._progress.workers(count, memory)
        self._deserted = 0.0 if count else self._deserted + passed
        if self._deserted >= clusters.NO_WORKERS_SECONDS:
            raise lost(f"there has been no worker for {clusters.NO_WORKERS_SECONDS:.0f} seconds")

    def _note_silence(self) -> None:
        address = self._workers.client.scheduler.address
        if not self._silent:
            self._progress.note(
                f"the scheduler at {address} does not answer; the run waits"
                f" {clusters.NO_WORKERS_SECONDS:.0f} seconds for it"
            )
        self._silent += clusters.ANSWER_SECONDS
        if self._silent >= clusters.NO_WORKERS_SECONDS:
            raise lost(
                f"the scheduler has not answered for {clusters.NO_WORKERS_SECONDS:.0f} seconds",
                hint=f"restart the scheduler at {address}, or omit --scheduler",
            )

    def _replace_frozen(self, chunk_of: Mapping[object, int], passed: float) -> None:
        advances = {key: a for key, a in self._workers.advances().items() if key in chunk_of}
        replaced = set[str]()
        for key, seconds in self._stills.frozen(advances, passed):
            chunk, worker = chunk_of[key], advances[key].worker
            self._frozen[chunk] += 1
            if self._frozen[chunk] >= clusters.TRIES:
                raise lost(f"chunk {chunk} does not advance on any of {clusters.TRIES} workers")
            if worker not in replaced:
                replaced.add(worker)
                self._progress.note(
                    f"chunk {chunk} has not advanced for {seconds:.0f} seconds; another worker"
                    f" takes the chunk, and the frozen worker {worker} is ended"
                )
                self._workers.replace(worker)


@dataclass(slots=True)
class _Still:
    """A task that has not advanced for some seconds, and the chunks finished before."""

    advance: Advance
    finished: int
    seconds: float = 0.0


class Stills:
    """Tasks that do not advance."""

    def __init__(self) -> None:
        self._stills: dict[object, _Still] = {}
        self._finished = 0
        self._slowest = 0.0

    def chunk_done(self, seconds: float) -> None:
        """Learn how long a chunk took."""
        self._finished += 1
        self._slowest = max(self._slowest, seconds)

    def frozen(
        self, advances: Mapping[object, Advance], passed: float
    ) -> Iterator[tuple[object, float]]:
        """Yield the tasks that have been still for too long, and for how many seconds.

        `passed` are the seconds since the last call.
        """
        before, self._stills = self._stills, {}
        limit = max(STILL_SECONDS, _SLOWEST_CHUNKS * self._slowest)
        alone = len({advance.worker for advance in advances.values()}) == 1
        for key, advance in advances.items():
            still = before.get(key)
            if still is None or still.advance != advance:
                self._stills[key] = _Still(advance, self._finished)
                continue
            self._stills[key] = still
            still.seconds += passed
            others_finish = self._finished > still.finished
            if still.seconds >= (limit if others_finish else _ALONE * limit) and (
                others_finish or alone
            ):
                yield key, still.seconds
