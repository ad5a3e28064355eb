"""Runs on a simulated cluster: deaths, lost data, late and doubled results in random order.

The simulation is seeded, and needs neither processes nor time: thousands of runs take seconds.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from distributed import KilledWorker

from ib_grid.errors import ChunkError
from ib_grid.runs.chunk_summary import merge, summarise
from pipelines.cluster.clusters import TRIES
from pipelines.run import chunk_bag
from pipelines.run.chunk_bag import compute
from pipelines.run.tasks import ChunkDone, ChunkWork
from tests.helpers.runs.small_runs import PLAN, made_up_metrics, work

pytestmark = pytest.mark.faults

N_SEEDS = 2000
NOTHING = merge([], 10)


class Future:
    """A future whose fate is known from the start."""

    def __init__(self, key: object, status: str, outcome: object) -> None:
        self.key, self.status, self.outcome = key, status, outcome

    def exception(self) -> object:
        return self.outcome

    def release(self) -> None:
        """Hold nothing."""


class Arrivals:
    """Futures in batches, some of them twice."""

    def __init__(self, futures: Sequence[Future], draw: random.Random) -> None:
        self._draw = draw
        self._waiting = [f for f in futures for _ in range(draw.choice([1, 1, 1, 1, 2]))]
        if draw.random() < 0.5:
            draw.shuffle(self._waiting)

    def is_empty(self) -> bool:
        return not self._waiting

    def next_batch(self, block: bool) -> list[Future]:
        size = self._draw.randint(0, 4)
        batch, self._waiting = self._waiting[:size], self._waiting[size:]
        return batch


class Simulation:
    """A cluster on which everything goes wrong that a seed asks for.

    Attributes
    ----------
    deadly, broken : set of int
        Chunks that kill every worker, and that no worker can compute.
    kills : Counter of int
        Workers that died, by the chunk that they had in work.
    losses : int
        How often results or the market were lost.
    """

    def __init__(self, seed: int, done: Sequence[ChunkDone]) -> None:
        self.draw = random.Random(seed)
        self._done = done
        self.chunks = self.draw.sample(range(len(done)), self.draw.randint(1, len(done)))
        odd = self.draw.sample(self.chunks, min(len(self.chunks), self.draw.choice([0, 0, 1, 3])))
        self.deadly, self.broken = set(odd[::2]), set(odd[1::2])
        self._trouble = self.draw.choice([0.0, 0.02, 0.2])
        self._allowed_failures = self.draw.choice([0, 0, 3])
        self.kills = Counter[int]()
        self.losses = self.rounds = 0

    def submit(self, _client: object, _shared: object, chunks: Sequence[int]) -> list[Future]:
        self.rounds += 1
        market_is_lost, futures = False, []
        for index in chunks:
            market_is_lost = market_is_lost or self.draw.random() < self._trouble / 4
            future = self._lost(index) if market_is_lost else self._computed(index)
            futures.append(future)
        self.losses += any(f.status != "error" and not _is_done(f) for f in futures)
        return futures

    def _lost(self, index: int) -> Future:
        return Future(f"key-{index}", self.draw.choice(["cancelled", "lost"]), None)

    def _computed(self, index: int) -> Future:
        key, trouble = f"key-{index}", self.draw.random() < self._trouble
        if index in self.broken:
            return Future(key, "error", ChunkError("broken", location=f"chunk {index}"))
        if index in self.deadly or (trouble and self.draw.random() < 0.5):
            self.kills[index] += self._allowed_failures + 1
            last = SimpleNamespace(address="a")
            return Future(key, "error", KilledWorker(key, last, self._allowed_failures))  # type: ignore[arg-type]
        if trouble:  # written, but its worker died or froze before it told
            return Future(key, "finished", None)
        return Future(key, "finished", self._done[index])


def _is_done(future: Future) -> bool:
    return isinstance(future.outcome, ChunkDone)


def _sent(futures: Iterable[Future]) -> dict[object, object]:
    """Return what workers send of their results."""
    return {f.key: [f.outcome] if _is_done(f) else None for f in futures}


class Told:
    """What a run tells its progress display."""

    def __init__(self) -> None:
        self.combinations, self.best = 0, None

    def chunk(self, combinations: int, best: object) -> None:
        self.combinations += combinations
        self.best = best

    def workers(self, count: int, memory: int) -> None:
        """Show nothing."""

    def show(self) -> None:
        """Show nothing."""


@pytest.fixture
def shared(tmp_path: Path) -> ChunkWork:
    return work(tmp_path)


@pytest.fixture
def done() -> list[ChunkDone]:
    chunks = [PLAN.chunk(index) for index in range(len(PLAN))]
    return [
        ChunkDone(
            chunk=chunk.index,
            summary=summarise(chunk, made_up_metrics(chunk), 10),
            rows_kept=chunk.n_rows,
            compute_seconds=0.1,
            write_seconds=0.1,
            process=1,
            compilations=0,
        )
        for chunk in chunks
    ]


def test_every_chunk_ends_once_whatever_becomes_of_the_workers(
    shared: ChunkWork, done: list[ChunkDone], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk_bag, "share", lambda client, value: None)
    monkeypatch.setattr(chunk_bag, "_POLL_SECONDS", 0)
    for seed in range(N_SEEDS):
        simulation, told = Simulation(seed, done), Told()
        monkeypatch.setattr(chunk_bag, "_submit", simulation.submit)
        monkeypatch.setattr(
            chunk_bag, "as_completed", lambda futures, s=simulation, **_: Arrivals(futures, s.draw)
        )
        _check(simulation, shared, done, told, seed)


def _check(
    simulation: Simulation, shared: ChunkWork, done: list[ChunkDone], told: Told, seed: int
) -> None:
    client = SimpleNamespace(loop=None)
    workers = SimpleNamespace(
        client=client, count=2, measure=lambda: (2, 0), advances=dict, results=_sent
    )
    outcome = compute(shared, simulation.chunks, workers, told, NOTHING)  # type: ignore[arg-type]
    completed = [chunk.chunk for chunk in outcome.done]
    failed = [int(error.location.split()[1].rstrip(",")) for error in outcome.failed]
    assert sorted(completed + failed) == sorted(simulation.chunks), seed
    assert simulation.broken | simulation.deadly <= set(failed), seed
    for index in set(failed) - simulation.broken:
        assert simulation.kills[index] + simulation.losses >= TRIES, (seed, index)
    assert told.combinations == sum(done[index].summary.combinations for index in completed), seed
    assert told.best == merge([done[index].summary for index in completed], 10).best, seed
    assert simulation.rounds <= 1 + TRIES * len(simulation.chunks), seed
