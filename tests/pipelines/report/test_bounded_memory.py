"""Memory that does not grow with the grid, in planning, inspection, ranking and top rows.

The data sets are made up and small; what is held at most is compared between one of some rows and
one of four times as many.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ib_grid.grid import top_rows
from ib_grid.grid.chunks import ChunkPlan, plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.filters.row_filter import RowFilter
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import GRID_VALUES
from ib_grid.market.instruments import GER40
from ib_grid.runs import inventory, partition_file
from ib_grid.runs.chunk_summary import summarise
from ib_grid.runs.partition_layout import partition_files, partition_path
from ib_grid.runs.row_blocks import numbered
from pipelines.report.measures.parameter_effects import parameter_effects, total_r_cube
from pipelines.report.measures.ranked_rows import Scope, rank
from pipelines.run.top_k import find_threshold
from tests.helpers.runs.small_runs import FINGERPRINT, made_up_metrics

ROWS_PER_CHUNK = 5_000
KEPT = RowFilter(columns="ranking", top=1_000)


def plan_of(n_reaches: int) -> ChunkPlan:
    axes = {
        **GRID_VALUES["standard"],
        "max_distance_pct": tuple(round(0.5 + 0.01 * k, 2) for k in range(n_reaches)),
    }
    grid = Grid(sessions=GER40.sessions[:1], **axes)  # type: ignore[arg-type]
    return plan_chunks(grid, ROWS_PER_CHUNK)


def written(folder: Path, plan: ChunkPlan) -> Path:
    dataset = folder / "GER40_full_results.parquet"
    for index in range(len(plan)):
        chunk = plan.chunk(index)
        metrics = made_up_metrics(chunk)
        table = KEPT.apply(partition_file.results_table(plan.grid, chunk, metrics))
        path = partition_path(dataset, plan.grid, chunk)
        partition_file.write(path, table, chunk, FINGERPRINT, summarise(chunk, metrics, 10))
    return dataset


@pytest.fixture(scope="module")
def data_sets(tmp_path_factory) -> list[tuple[Path, ChunkPlan]]:
    plans = [plan_of(8), plan_of(32)]
    return [(written(tmp_path_factory.mktemp(f"of-{len(p.grid)}"), p), p) for p in plans]


def most_held(work: Callable[[], object]) -> int:
    """Return the peak memory of Python, numpy and Arrow above that before."""
    pool = pa.default_memory_pool()
    work()  # what is loaded or cached once is not counted
    pool.release_unused()
    arrow_before = pool.max_memory()
    tracemalloc.start()
    try:
        work()
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return held + max(pool.max_memory() - arrow_before, 0)


def test_ranking_memory_does_not_grow_with_rows(data_sets) -> None:
    def ranked(dataset: Path) -> Callable[[], object]:
        files = numbered(partition_files(dataset))
        scopes = [Scope(n_best=100), Scope(variation="OCAE", by_rule=True, n_best=50)]
        return lambda: rank(files, scopes, KEPT.ranking, metrics=KEPT.metrics)

    (small, plan), (large, large_plan) = data_sets
    assert len(large_plan.grid) == 4 * len(plan.grid)
    assert most_held(ranked(large)) < 1.5 * most_held(ranked(small))


def test_parameter_effects_hold_a_few_float32_columns(data_sets) -> None:
    dataset, plan = data_sets[1]
    files = numbered(partition_files(dataset))
    held = most_held(lambda: parameter_effects(total_r_cube(files, plan.grid), plan.grid))
    assert held < 8 * 4 * len(plan.grid) + 4_000_000  # a block of rows and the tables


def test_selection_memory_does_not_grow_with_rows(
    data_sets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(top_rows, "AT_ONCE", 20_000)  # in proportion to these few rows

    def selected(dataset: Path) -> Callable[[], object]:
        files = partition_files(dataset)
        return lambda: find_threshold(files, KEPT)

    (small, _), (large, _) = data_sets
    assert most_held(selected(large)) < 1.5 * most_held(selected(small))


def test_inventory_holds_only_records(data_sets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "_THREADS", 1)  # each holds a piece of a file

    def looked_at(dataset: Path, plan: ChunkPlan) -> int:
        return most_held(lambda: inventory.take_stock(dataset, plan, FINGERPRINT, read_all=True))

    (small, plan), (large, large_plan) = data_sets
    looked_at(small, plan)  # what is set up once, such as imports, is not the files'
    more_bytes = looked_at(large, large_plan) - looked_at(small, plan)
    assert more_bytes / (len(large_plan) - len(plan)) < 20_000  # a record takes some 2 kB


def test_a_plan_of_a_billion_is_a_formula() -> None:
    axes = {
        **GRID_VALUES["expanded"],
        "rr_target": tuple(round(0.1 + 0.01 * k, 2) for k in range(140)),
        "max_distance_pct": tuple(round(0.1 + 0.01 * k, 2) for k in range(170)),
    }
    grid = Grid(sessions=GER40.sessions, **axes)  # type: ignore[arg-type]

    def planned() -> None:
        plan = plan_chunks(grid, 250_000)
        chunk = plan.chunk(len(plan) - 1)
        assert chunk.first_id + chunk.n_rows == len(grid) > 1_000_000_000
        assert grid.id_of(grid.params(len(grid) - 1)) == len(grid) - 1

    assert most_held(planned) < 1_000_000


def test_ten_thousand_files_are_listed_in_chunk_order(tmp_path: Path) -> None:
    plan = plan_chunks(plan_of(32).grid, 1)
    places = [partition_path(tmp_path, plan.grid, plan.chunk(k)) for k in range(len(plan))]
    while len(places) < 10_000:
        name = f"part-{len(places):05d}.parquet"
        places.append(places[len(places) % len(plan)].with_name(name))
    for folder in {place.parent for place in places}:
        folder.mkdir(parents=True)
    for place in places:
        place.touch()
    assert partition_files(tmp_path) == places


def test_metrics_differ_for_each_chunk() -> None:
    """The data sets above would prove nothing if their rows were all alike."""
    plan = plan_of(8)
    first, second = (made_up_metrics(plan.chunk(k)) for k in (0, 1))
    assert first.shape[0] == len(METRIC_COLUMNS)
    assert not np.array_equal(first[0][:100], second[0][:100])
