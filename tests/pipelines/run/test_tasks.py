"""One chunk, computed and written, and every way in which this must fail loudly."""

from __future__ import annotations

import dataclasses
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from ib_grid.engine.fast import engine
from ib_grid.errors import ChunkError, GridError, StoreError, UnreachableError
from ib_grid.grid.chunks import MAX_CHUNKS
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.runs import partition_file
from ib_grid.runs.chunk_summary import summarise
from ib_grid.runs.partition_layout import partition_files, partition_path
from pipelines.run import tasks
from tests.helpers.runs.small_runs import FINGERPRINT, GRID, rows, work


def test_a_chunk_is_computed_written_and_summed_up(tmp_path: Path) -> None:
    shared = work(tmp_path)
    chunk = shared.plan.chunk(5)
    done = tasks.run_chunk(5, shared)
    metrics = engine.evaluate(shared.context, GRID, chunk)
    assert done.summary == summarise(chunk, metrics, 10)
    assert done.summary.variations["OCAE"].trades > 0
    assert (done.chunk, done.process) == (5, os.getpid())
    assert done.compute_seconds > 0
    assert done.write_seconds > 0
    path = partition_path(shared.dataset, GRID, chunk)
    record, _ = partition_file.read_verified(path, GRID, chunk, FINGERPRINT)
    assert record.summary == done.summary
    table = rows(shared.dataset)
    assert table["combo_id"].to_pylist() == chunk.ids.tolist()
    for name, values in zip(METRIC_COLUMNS, metrics, strict=True):
        assert np.array_equal(table[name].to_numpy(), values)


def test_chunk_written_by_a_dead_worker_is_not_recomputed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = work(tmp_path)
    first = tasks.run_chunk(5, shared)
    path = partition_path(shared.dataset, GRID, shared.plan.chunk(5))
    written = (path.stat().st_ino, path.stat().st_mtime_ns)
    engine_that_gives(monkeypatch, lambda _: pytest.fail("computed again"))
    assert tasks.run_chunk(5, shared).summary == first.summary
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == written


@pytest.mark.parametrize("fault", ["another run's", "half a file"])
def test_file_of_another_chunk_does_not_count(tmp_path: Path, fault: str) -> None:
    shared = work(tmp_path)
    path = partition_path(shared.dataset, GRID, shared.plan.chunk(5))
    if fault == "another run's":
        tasks.run_chunk(5, work(tmp_path, fingerprint="e" * 64))
    else:
        tasks.run_chunk(5, shared)
        path.write_bytes(path.read_bytes()[:1000])
    summary = tasks.run_chunk(5, shared).summary
    assert (
        partition_file.read_verified(path, GRID, shared.plan.chunk(5), FINGERPRINT)[0].summary
        == summary
    )


def test_work_pickles(tmp_path: Path) -> None:
    shared = work(tmp_path)
    there = pickle.loads(pickle.dumps(shared))
    summary = tasks.run_chunk(3, there).summary
    shutil.rmtree(shared.dataset)
    assert tasks.run_chunk(3, shared).summary == summary


def test_unpickled_work_compiles_nothing(tmp_path: Path) -> None:
    shared = work(tmp_path)
    engine.warm_up(shared.context.market, GRID)
    before = tasks.run_chunk(0, shared).compilations
    there = pickle.loads(pickle.dumps(shared))
    assert tasks.run_chunk(1, there).compilations == before


def engine_that_gives(monkeypatch: pytest.MonkeyPatch, change) -> None:
    true = engine.evaluate
    monkeypatch.setattr(engine, "evaluate", lambda *given: change(true(*given)))


def fails_with(shared: tasks.ChunkWork, found: str) -> None:
    with pytest.raises(ChunkError, match=found) as caught:
        tasks.run_chunk(2, shared)
    assert caught.value.location == "chunk 2, combinations 16 to 23"
    assert partition_files(shared.dataset) == []


def test_an_engine_error_names_the_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("by zero")

    engine_that_gives(monkeypatch, broken)
    fails_with(work(tmp_path), r"ZeroDivisionError\('by zero'\)")


def test_project_error_keeps_its_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object) -> None:
        raise GridError("the market is too short")

    engine_that_gives(monkeypatch, refused)
    fails_with(work(tmp_path), "the market is too short")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    def spoilt(metrics: np.ndarray) -> np.ndarray:
        metrics[3, 7] = value
        return metrics

    engine_that_gives(monkeypatch, spoilt)
    fails_with(work(tmp_path), f"{METRIC_COLUMNS[3]} of combination 23 is {value}")


@pytest.mark.parametrize(
    "change", [lambda m: m[:, :-1], lambda m: m[:-1], lambda m: m.astype(np.float64)]
)
def test_results_of_another_shape_or_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change
) -> None:
    engine_that_gives(monkeypatch, change)
    fails_with(work(tmp_path), "the engine returned float")


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    shared = work(tmp_path)
    shared.dataset.write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        tasks.run_chunk(0, shared)


@pytest.mark.parametrize("away", [2, 99])
def test_unreachable_store_is_retried_before_the_run_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: int
) -> None:
    asked: list[float] = []
    write = tasks.partition_file.write

    def put(*given: object) -> object:
        if len(asked) < away:
            raise UnreachableError("no route to it")
        return write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(tasks.partition_file, "write", put)
    monkeypatch.setattr(tasks.time, "sleep", asked.append)
    mine = work(tmp_path)
    if away < len(tasks.AWAY_SECONDS):
        assert tasks.run_chunk(0, mine).summary.combinations == 8
        assert asked == list(tasks.AWAY_SECONDS[:away])
    else:
        with pytest.raises(UnreachableError):
            tasks.run_chunk(0, mine)
        assert asked == list(tasks.AWAY_SECONDS)


def test_a_grid_of_any_size_warms_the_engine_up(tmp_path: Path) -> None:
    steps = tuple(round(0.01 * k, 2) for k in range(1, 161))
    wide = dataclasses.replace(GRID, ib_buffer_pct=steps, max_distance_pct=steps)
    assert len(wide) // wide.exits_per_setting > MAX_CHUNKS
    engine.warm_up(work(tmp_path).context.market, wide)
