"""A bag of chunks on workers: all are done, whatever happens to one chunk or worker."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from distributed import CancelledError, KilledWorker
from distributed.comm.core import CommClosedError
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.engine.fast import engine
from ib_grid.errors import ChunkError, ClusterError, StoreError
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.named_grids import named_grid
from ib_grid.market.instruments import GER40
from ib_grid.runs import inventory
from ib_grid.runs.chunk_summary import Best, merge
from pipelines.cluster.clusters import Workers
from pipelines.cluster.local.local_cluster import OwnCluster
from pipelines.run import chunk_bag
from pipelines.run.chunk_bag import MAX_CHUNK_ROWS, Outcome, compute, rows_per_chunk
from pipelines.run.tasks import ChunkWork, run_chunk
from tests.helpers.runs.small_runs import FINGERPRINT, GRID, PLAN, rows, work

NOTHING = merge([], 10)


@given(workers=st.integers(1, 400), name=st.sampled_from(["standard", "expanded"]))
def test_chunks_are_enough_for_the_workers_and_not_too_many(workers: int, name: str) -> None:
    grid = named_grid(name, GER40)
    plan = plan_chunks(grid, rows_per_chunk(grid, workers))
    assert min(500, max(60, 4 * workers)) / 2 <= len(plan) <= 500
    assert plan.chunk(0).n_rows <= MAX_CHUNK_ROWS


def test_a_small_machine_gets_sixty() -> None:
    for name in ("standard", "expanded"):
        grid = named_grid(name, GER40)
        assert len(plan_chunks(grid, rows_per_chunk(grid, 2))) == 60


def test_no_chunk_grows_with_the_grid() -> None:
    huge = dataclasses.replace(
        named_grid("expanded", GER40), min_sl_pct=tuple(k / 1000 for k in range(1, 101))
    )
    assert len(huge) == 147_840_000
    plan = plan_chunks(huge, rows_per_chunk(huge, 2))
    assert plan.chunk(0).n_rows <= MAX_CHUNK_ROWS
    assert len(plan) > 500


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with OwnCluster(workers=2).open(2) as started:
        yield started


class Told:
    """Recorder of progress that can act at the first chunk."""

    def __init__(self, at_first: Callable[[], None] = lambda: None) -> None:
        self.at_first = at_first
        self.combinations: list[int] = []
        self.best: Best | None = None
        self.count = self.memory = self.shown = 0

    def chunk(self, combinations: int, best: Best | None) -> None:
        if not self.combinations:
            self.at_first()
        self.combinations.append(combinations)
        self.best = best

    def workers(self, count: int, memory: int) -> None:
        self.count, self.memory = count, memory

    def show(self) -> None:
        self.shown += 1


def computed(shared: ChunkWork, workers: Workers, told: Told) -> Outcome:
    chunks = range(len(shared.plan))
    return compute(shared, chunks, workers, told, NOTHING)  # type: ignore[arg-type]


@pytest.mark.cluster
@pytest.mark.parametrize("tasks_at_once", [5, chunk_bag.MAX_TASKS])
def test_every_chunk_is_computed_and_reported_once(
    tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch, tasks_at_once: int
) -> None:
    monkeypatch.setattr(chunk_bag, "MAX_TASKS", tasks_at_once)
    shared, told = work(tmp_path), Told()
    outcome = computed(shared, workers, told)
    assert outcome.failed == ()
    assert sorted(done.chunk for done in outcome.done) == list(range(len(PLAN)))
    assert [done.chunk for done in outcome.done] != list(range(len(PLAN)))  # a fair sample
    assert {done.compilations for done in outcome.done} == {0}
    assert sum(told.combinations) == len(GRID)
    assert told.best == merge([done.summary for done in outcome.done], 10).best
    assert (told.count, told.shown > 0) == (2, True)
    stored = inventory.take_stock(shared.dataset, PLAN, FINGERPRINT, read_all=True)
    assert sorted(stored.records) == list(range(len(PLAN)))
    metrics = engine.evaluate(shared.context, GRID, PLAN.chunk(9))
    mine = rows(shared.dataset).slice(PLAN.chunk(9).first_id, PLAN.chunk(9).n_rows)
    assert mine["total_r"].to_pylist() == metrics[0].tolist()


@pytest.mark.cluster
def test_a_chunk_that_fails_does_not_stop_the_others(tmp_path: Path, workers: Workers) -> None:
    whole = work(tmp_path)
    first = GRID.sessions[0]
    market = whole.context.market
    market = dataclasses.replace(market, levels={first: market.levels[first]})
    one_session = dataclasses.replace(whole.context, market=market)
    outcome = computed(work(tmp_path, context=one_session), workers, Told())
    half = len(PLAN) // 2
    assert sorted(done.chunk for done in outcome.done) == list(range(half))
    assert len(outcome.failed) == half
    assert all("the market covers 08:00-08:30" in error.message for error in outcome.failed)
    chunks = {PLAN.chunk(index).first_id for index in range(half, len(PLAN))}
    named = {int(error.location.split("combinations ")[1].split()[0]) for error in outcome.failed}
    assert named == chunks
    error = chunk_bag.failure(outcome.failed)
    assert f"; {half - 1} more failed" in str(error)


@pytest.mark.cluster
def test_killed_worker_loses_no_rows(tmp_path: Path, workers: Workers) -> None:
    shared = work(tmp_path)
    victim = next(iter(workers.client.run(os.getpid).values()))
    outcome = computed(shared, workers, Told(lambda: os.kill(victim, signal.SIGKILL)))
    assert outcome.failed == ()
    stored = inventory.take_stock(shared.dataset, PLAN, FINGERPRINT, read_all=True)
    assert sorted(stored.records) == list(range(len(PLAN)))


@pytest.mark.cluster
def test_a_file_that_cannot_be_written_stops_the_run(tmp_path: Path, workers: Workers) -> None:
    shared = work(tmp_path)
    shared.dataset.write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        computed(shared, workers, Told())


def ended(status: str, error: Exception | None = None) -> SimpleNamespace:
    return SimpleNamespace(status=status, exception=lambda: error)


def killed(allowed_failures: int) -> KilledWorker:
    return KilledWorker("task", SimpleNamespace(address="a"), allowed_failures)  # type: ignore[arg-type]


@pytest.mark.parametrize(("allowed_failures", "waves"), [(0, 3), (1, 2), (3, 1)])
def test_a_chunk_whose_workers_die_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed_failures: int, waves: int
) -> None:
    asked = []

    def results(_work: ChunkWork, chunks: list[int], *_: object) -> Iterator[tuple[int, object]]:
        asked.append(list(chunks))
        dead = ended("error", killed(allowed_failures))
        yield from ((index, chunk_bag._result(dead, None, index, _work)) for index in chunks)  # type: ignore[arg-type]

    monkeypatch.setattr(chunk_bag, "_results", results)
    workers = SimpleNamespace(client=None, count=1)
    outcome = compute(work(tmp_path), [3], workers, Told(), NOTHING)  # type: ignore[arg-type]
    assert asked == [[3]] * waves
    (error,) = outcome.failed
    assert error.message == "3 workers died while computing this chunk"
    assert error.location.startswith("chunk 3, combinations 24 to 31")


def test_deaths_count_against_one_chunk_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def results(_work: ChunkWork, chunks: list[int], *_: object) -> Iterator[tuple[int, object]]:
        asked.append(list(chunks))
        yield chunks[-1], killed(0)
        yield from ((index, None) for index in chunks[:-1])

    monkeypatch.setattr(chunk_bag, "_results", results)
    workers = SimpleNamespace(client=None, count=2)
    outcome = compute(work(tmp_path), [1, 2], workers, Told(), NOTHING)  # type: ignore[arg-type]
    last = asked[0][-1]
    assert asked[:3] == [asked[0]] * 3
    assert [len(chunks) for chunks in asked] == [2, 2, 2, 1, 1, 1]
    assert [error.location[:7] for error in outcome.failed] == [
        f"chunk {last}",
        f"chunk {3 - last}",
    ]


def test_any_other_error_names_the_chunk(tmp_path: Path) -> None:
    error = chunk_bag._result(ended("error", MemoryError("no")), None, 0, work(tmp_path))  # type: ignore[arg-type]
    assert isinstance(error, ChunkError)
    assert "MemoryError('no')" in error.message


@pytest.mark.parametrize("status", ["cancelled", "lost"])
def test_a_chunk_that_was_dropped_has_no_result(tmp_path: Path, status: str) -> None:
    assert chunk_bag._result(ended(status), None, 0, work(tmp_path)) is None  # type: ignore[arg-type]


def test_chunk_retries_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def dropped(_work: ChunkWork, chunks: list[int], *_: object) -> Iterator[tuple[int, None]]:
        asked.append(list(chunks))
        yield from ((index, None) for index in chunks)

    monkeypatch.setattr(chunk_bag, "_results", dropped)
    workers = SimpleNamespace(client=None, count=1)
    outcome = compute(work(tmp_path), [4], workers, Told(), NOTHING)  # type: ignore[arg-type]
    assert asked == [[4]] * 3
    assert [error.message for error in outcome.failed] == [
        "3 workers died while computing this chunk"
    ]


def test_chunk_that_kills_the_only_worker_spares_other_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = work(tmp_path)

    def one_worker(_: ChunkWork, chunks: list[int], *__: object) -> Iterator[tuple[int, object]]:
        dead = False  # it dies of chunk 7, and all that was to come is lost with it
        for index in chunks:
            dead = dead or index == 7
            yield index, None if dead else run_chunk(index, shared)

    monkeypatch.setattr(chunk_bag, "_results", one_worker)
    alone = Workers(client=None, count=1, dashboard_link="")  # type: ignore[arg-type]
    outcome = computed(shared, alone, Told())
    assert sorted(done.chunk for done in outcome.done) == [k for k in range(len(PLAN)) if k != 7]
    (error,) = outcome.failed
    assert error.message == "3 workers died while computing this chunk"
    assert error.location.startswith("chunk 7,")


@pytest.mark.parametrize("error", [CancelledError("already forgotten"), TimeoutError()])
def test_results_are_lost_with_their_worker(tmp_path: Path, error: BaseException) -> None:
    def gone(*_: object, **__: object) -> None:
        raise error

    client = SimpleNamespace(_gather=None, sync=gone)
    workers = Workers(client=client, count=1, dashboard_link="")  # type: ignore[arg-type]
    future = SimpleNamespace(status="finished", key="a")
    assert workers.results([future]) == {}  # type: ignore[list-item]
    result = chunk_bag._result(future, None, 0, work(tmp_path))  # type: ignore[arg-type]
    assert isinstance(result, TimeoutError)


def test_results_that_are_not_sent_blame_no_other_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = work(tmp_path)

    def frozen_thrice(_: ChunkWork, chunks: list[int], *__: object) -> Iterator[tuple[int, object]]:
        yield from ((index, run_chunk(index, shared)) for index in chunks[:-1])
        yield chunks[-1], TimeoutError()

    monkeypatch.setattr(chunk_bag, "_results", frozen_thrice)
    two = Workers(client=None, count=2, dashboard_link="")  # type: ignore[arg-type]
    outcome = computed(shared, two, Told())
    assert len(outcome.failed) == 1
    assert len(outcome.done) == len(PLAN) - 1


def test_a_lost_scheduler_ends_the_run(tmp_path: Path) -> None:
    def gone(*_: object, **__: object) -> None:
        raise CommClosedError("in <TCP (closed)>")

    client = SimpleNamespace(_wait_for_workers=None, sync=gone)
    workers = SimpleNamespace(client=client)
    with pytest.raises(
        ClusterError, match="the connection to the scheduler or its workers was lost"
    ) as caught:
        compute(work(tmp_path), [0], workers, Told(), NOTHING)  # type: ignore[arg-type]
    assert "run the same command again" in caught.value.hint


@pytest.mark.cluster
def test_the_only_worker_is_killed_and_the_work_goes_on(tmp_path: Path) -> None:
    shared = work(tmp_path)
    with OwnCluster(workers=1).open(1) as alone:
        victim = next(iter(alone.client.run(os.getpid).values()))
        outcome = computed(shared, alone, Told(lambda: os.kill(victim, signal.SIGKILL)))
    assert outcome.failed == ()
    stored = inventory.take_stock(shared.dataset, PLAN, FINGERPRINT, read_all=True)
    assert sorted(stored.records) == list(range(len(PLAN)))
