"""Best rows of a run, against sorting all of them, and a resume after a kill."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ib_grid.errors import StoreError
from ib_grid.grid import top_rows
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.filters.row_filter import RowFilter, TopKThreshold
from ib_grid.grid.scoring import RankingSettings
from ib_grid.runs import inventory, partition_file
from ib_grid.runs.chunk_summary import summarise
from ib_grid.runs.partition_layout import partition_files, partition_path
from pipelines.run.top_k import filter_partitions, find_threshold
from tests.helpers.runs.small_runs import FINGERPRINT, GRID, PLAN, made_up_metrics, rows

RANKING = RankingSettings(weights={"total_r": 0.6, "winrate": 0.4}, min_trades=10)


def written(dataset: Path, row_filter: RowFilter) -> pd.DataFrame:
    """Write random rows with few distinct values, so that scores tie."""
    for index in range(len(PLAN)):
        chunk = PLAN.chunk(index)
        metrics = made_up_metrics(chunk)
        metrics[METRIC_COLUMNS.index("total_r")] = metrics[0].round(-1)
        metrics[METRIC_COLUMNS.index("winrate")] = 50
        table = row_filter.apply(partition_file.results_table(GRID, chunk, metrics))
        path = partition_path(dataset, GRID, chunk)
        partition_file.write(path, table, chunk, FINGERPRINT, summarise(chunk, metrics, 10))
    return rows(dataset).to_pandas()


def best(frame: pd.DataFrame, n: int) -> list[int]:
    """Ids of the best, by sorting everything."""
    eligible = frame[frame.total_trades >= 10].astype({"total_r": float})
    ordered = eligible.sort_values(["total_r", "combo_id"], ascending=[False, True])
    return sorted(ordered.combo_id.head(n))


def filter_all(dataset: Path, row_filter: RowFilter, threshold, chunks) -> list[int]:
    return filter_partitions(chunks, dataset, PLAN, FINGERPRINT, row_filter, threshold)


@pytest.mark.parametrize("n", [1, 17, 100, 10_000])
@pytest.mark.parametrize("at_once", [1, 1_000_000])
def test_the_best_rows_are_those_of_sorting_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n: int, at_once: int
) -> None:
    monkeypatch.setattr(top_rows, "AT_ONCE", at_once)
    dataset = tmp_path / "GER40_full_results.parquet"
    row_filter = RowFilter(columns="ranking", top=n, ranking=RANKING)
    everything = written(dataset, row_filter)
    threshold = find_threshold(partition_files(dataset), row_filter)
    assert threshold.rows == len(everything)
    assert threshold.extrema.n_rows == (everything.total_trades >= 10).sum()
    kept = filter_all(dataset, row_filter, threshold, range(len(PLAN)))
    left = rows(dataset).to_pandas()
    assert left.combo_id.tolist() == best(everything, n)
    assert sum(kept) == len(left)
    pd.testing.assert_frame_equal(
        left.reset_index(drop=True),
        everything[everything.combo_id.isin(left.combo_id)].reset_index(drop=True),
    )


def test_no_eligible_row_leaves_none(tmp_path: Path) -> None:
    dataset = tmp_path / "GER40_full_results.parquet"
    row_filter = RowFilter(condition="total_trades > 1000", top=5, ranking=RANKING)
    assert written(dataset, row_filter).empty
    found = find_threshold(partition_files(dataset), row_filter)
    threshold = TopKThreshold.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    assert (threshold.last, threshold.rows) == (None, 0)
    np.testing.assert_equal(threshold.extrema, found.extrema)
    assert filter_all(dataset, row_filter, threshold, range(len(PLAN))) == [0] * len(PLAN)


def test_top_k_resumes_where_it_stopped(tmp_path: Path) -> None:
    dataset = tmp_path / "GER40_full_results.parquet"
    row_filter = RowFilter(condition="total_trades >= 5", top=40, ranking=RANKING)
    everything = written(dataset, row_filter)
    threshold = find_threshold(partition_files(dataset), row_filter)
    filter_all(dataset, row_filter, threshold, range(7))
    stored = inventory.take_stock(dataset, PLAN, FINGERPRINT, read_all=True)
    assert not stored.damaged
    uncut = [index for index, record in stored.records.items() if not record.is_cut]
    assert uncut == list(range(7, len(PLAN)))
    filter_all(dataset, row_filter, threshold, uncut)
    before = {path: path.read_bytes() for path in partition_files(dataset)}
    assert rows(dataset)["combo_id"].to_pylist() == best(everything, 40)
    filter_all(dataset, row_filter, threshold, range(len(PLAN)))  # once more changes nothing
    assert {path: path.read_bytes() for path in partition_files(dataset)} == before


def test_file_records_computed_and_kept_rows(tmp_path: Path) -> None:
    dataset = tmp_path / "GER40_full_results.parquet"
    row_filter = RowFilter(columns="ranking", condition="total_trades >= 20")
    everything = written(dataset, row_filter)
    stored = inventory.take_stock(dataset, PLAN, FINGERPRINT, read_all=True)
    records = stored.records.values()
    assert sum(record.computed for record in records) == len(GRID)
    assert sum(record.n_rows for record in records) == len(everything) < len(GRID)
    assert sum(record.summary.combinations for record in records) == len(GRID)
    assert {record.metrics for record in records} == {row_filter.metrics}
    for index, record in stored.records.items():
        path = partition_path(dataset, GRID, PLAN.chunk(index))
        assert partition_file.read_verified(path, GRID, PLAN.chunk(index), FINGERPRINT)[0] == record


def test_rows_of_another_chunk_are_rejected(tmp_path: Path) -> None:
    dataset = tmp_path / "GER40_full_results.parquet"
    chunk, other = PLAN.chunk(0), PLAN.chunk(1)
    metrics = made_up_metrics(chunk)
    table = partition_file.results_table(GRID, other, metrics).slice(0, 3)
    path = partition_path(dataset, GRID, chunk)
    partition_file.write(path, table, chunk, FINGERPRINT, summarise(chunk, metrics, 10))
    with pytest.raises(StoreError, match="not those of the chunk"):
        partition_file.read_verified(path, GRID, chunk, FINGERPRINT)
    twice = partition_file.results_table(GRID, chunk, metrics).take(np.array([0, 0, 1]))
    partition_file.write(path, twice, chunk, FINGERPRINT, summarise(chunk, metrics, 10))
    with pytest.raises(StoreError, match="not those of the chunk"):
        partition_file.read_verified(path, GRID, chunk, FINGERPRINT)
