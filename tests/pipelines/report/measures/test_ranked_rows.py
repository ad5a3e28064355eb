from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_grid.errors import DataError, StoreError
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.scoring import RankingSettings
from ib_grid.grid.variations import VARIATIONS
from ib_grid.runs import row_blocks
from pipelines.report.measures.ranked_rows import Ranking, Scope, rank
from tests.helpers.runs.reported_runs import MadeUpRun, random_rows, write_rows


def plain_rule(variation: str | None, row: dict[str, object]) -> bool:
    if variation == "OCAE":
        return row["tsl_target"] > 0
    if variation == "TCWE":
        return row["tsl_target"] > 0 and row["rr_target"] >= 1
    if variation == "Reverse":
        return row["stop_mode"] == "eq"
    return variation is None or bool(row["rev_rb_enabled"])


def plain_ranking(
    rows: pd.DataFrame, scope: Scope, weights: dict[str, float], min_trades: int
) -> list[tuple[float, int]]:
    """Score everything, sort everything."""
    records = rows.to_dict("records")
    if scope.by_rule:
        records = [row for row in records if plain_rule(scope.variation, row)]
    records = [row for row in records if row[f"{scope.prefix}total_trades"] >= min_trades]
    scores = [0.0] * len(records)
    for name, weight in weights.items():
        values = [float(row[name]) for row in records]
        for i, value in enumerate(values):
            if max(values) > min(values):
                scores[i] += weight * ((value - min(values)) / (max(values) - min(values)))
    ids = [row["combo_id"] for row in records]
    return sorted(zip(scores, ids, strict=True), key=lambda pair: (-pair[0], pair[1]))


def with_ties(rows: pd.DataFrame, kinds: int) -> pd.DataFrame:
    """Return rows with only a few distinct sets of metrics."""
    metrics = rows[list(METRIC_COLUMNS)].iloc[np.arange(len(rows)) * 7 % kinds]
    return rows.assign(**{name: metrics[name].to_numpy() for name in METRIC_COLUMNS})


def check(ranking: Ranking, expected: list[tuple[float, int]]) -> None:
    best = expected[: ranking.scope.n_best]
    assert ranking.extrema.n_rows == len(expected)
    assert ranking.best["combo_id"].tolist() == [combo_id for _, combo_id in best]
    assert ranking.best["score"].tolist() == [float(f"{score:.12g}") for score, _ in best]
    assert ranking.best["rank"].tolist() == list(range(1, len(best) + 1))


SCOPES = st.lists(
    st.builds(
        Scope,
        variation=st.sampled_from([None, *VARIATIONS]),
        by_rule=st.booleans(),
        n_best=st.integers(0, 60) | st.just(1000),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    kinds=st.sampled_from([3, 40, 512]),
    from_behind=st.booleans(),
    rows_per_chunk=st.sampled_from([60, 600]),
    block_rows=st.sampled_from([7, 64]),
    scopes=SCOPES,
    min_trades=st.sampled_from([0, 10, 39, 41]),
)
def test_equals_sorting_everything(
    grid: Grid,
    seed: int,
    kinds: int,
    from_behind: bool,
    rows_per_chunk: int,
    block_rows: int,
    scopes: list[Scope],
    min_trades: int,
) -> None:
    rows = with_ties(random_rows(grid, seed), kinds)
    ranking_settings = RankingSettings(min_trades=min_trades)
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(row_blocks, "BLOCK_ROWS", block_rows),
    ):
        write_rows(Path(folder), grid, rows, rows_per_chunk)
        files = row_blocks.partition_files(Path(folder), "GER40")
        rankings = rank(files[:: -1 if from_behind else 1], scopes, ranking_settings)
    for scope, ranking in zip(scopes, rankings, strict=True):
        weights = ranking_settings.weights_of(scope.prefix)
        check(ranking, plain_ranking(rows, scope, weights, min_trades))


def test_whole_rows_are_the_rows_of_the_files(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run()
    files = row_blocks.partition_files(run.run_dir, "GER40")
    (ranking,) = rank(files, [Scope(n_best=30)], RankingSettings())
    assert len(ranking.best) == 30
    expected = run.rows.set_index("combo_id").loc[ranking.best["combo_id"]]
    for name in PARAM_NAMES:
        assert ranking.best[name].tolist() == expected[name].tolist(), name
    for name in METRIC_COLUMNS:
        stored = expected[name].to_numpy()
        assert (ranking.best[name].to_numpy(np.float32) == stored).all(), name


def test_sums_are_those_of_the_rows(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run()
    files = row_blocks.partition_files(run.run_dir, "GER40")
    scopes = [Scope(variation=v, by_rule=r, n_best=0) for v in VARIATIONS for r in (True, False)]
    for scope, ranking in zip(scopes, rank(files, scopes, RankingSettings()), strict=True):
        records = run.rows.to_dict("records")
        kept = [r for r in records if not scope.by_rule or plain_rule(scope.variation, r)]
        trades = [int(row[f"{scope.prefix}total_trades"]) for row in kept]
        total_r = sum(float(row[f"{scope.prefix}total_r"]) for row in kept)
        assert ranking.sums.combinations == len(kept)
        assert ranking.sums.combinations_with_trades == sum(n > 0 for n in trades)
        assert ranking.sums.trades == sum(trades)
        assert ranking.sums.total_r == pytest.approx(total_r, rel=1e-12)


def test_nothing_qualifies(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run(most_trades=9)
    files = row_blocks.partition_files(run.run_dir, "GER40")
    (ranking,) = rank(files, [Scope(n_best=5)], RankingSettings())
    assert ranking.best.empty
    assert ranking.extrema.n_rows == 0
    assert ranking.sums.combinations == len(run.rows)


@pytest.mark.parametrize("column", ["total_r", "tcwe_winrate", "reverse_total_trades"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_value_stops_the_ranking(tmp_path: Path, grid: Grid, column: str, value: float) -> None:
    rows = random_rows(grid, 3)
    rows.loc[99, column] = value
    write_rows(tmp_path, grid, rows, 40)
    files = row_blocks.partition_files(tmp_path, "GER40")
    scopes = [Scope(n_best=5), *(Scope(variation=v, n_best=5) for v in VARIATIONS)]
    with pytest.raises(StoreError, match=f"{column} of combination 99") as caught:
        rank(files, scopes, RankingSettings())
    combo_ids = pq.read_table(caught.value.location, columns=["combo_id"])["combo_id"].to_pylist()
    assert 99 in combo_ids


def test_a_combination_in_two_files_is_refused(tmp_path: Path, grid: Grid) -> None:
    rows = random_rows(grid, 3)
    write_rows(tmp_path, grid, rows, 40, slice(1))
    (first,) = row_blocks.partition_files(tmp_path, "GER40")
    first.path.with_name("part-00009.parquet").write_bytes(first.path.read_bytes())
    files = row_blocks.partition_files(tmp_path, "GER40")
    with pytest.raises(StoreError, match="more than once"):
        rank(files, [Scope(n_best=500)], RankingSettings())


def test_foreign_files_are_skipped(tmp_path: Path, grid: Grid) -> None:
    write_rows(tmp_path, grid, random_rows(grid, 3), 40, slice(1))
    (first,) = row_blocks.partition_files(tmp_path, "GER40")
    for name in (".part-00001.parquet", "part-00001.parquet.tmp"):
        first.path.with_name(name).write_bytes(b"not whole")
    assert row_blocks.partition_files(tmp_path, "GER40") == (first,)


def test_no_results_yet(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no results yet"):
        row_blocks.partition_files(tmp_path, "GER40")


def test_unreadable_file(tmp_path: Path, grid: Grid) -> None:
    write_rows(tmp_path, grid, random_rows(grid, 3), 40)
    files = row_blocks.partition_files(tmp_path, "GER40")
    files[1].path.write_bytes(files[1].path.read_bytes()[:500])
    with pytest.raises(StoreError, match="result file cannot be read") as caught:
        rank(files, [Scope(n_best=5)], RankingSettings())
    assert caught.value.location == str(files[1].path)
    with pytest.raises(StoreError, match="result file cannot be read"):
        row_blocks.count_rows(files)


def test_missing_column(tmp_path: Path, grid: Grid) -> None:
    write_rows(tmp_path, grid, random_rows(grid, 3), 40)
    files = row_blocks.partition_files(tmp_path, "GER40")
    pq.write_table(pq.read_table(files[0].path).drop_columns(["winrate"]), files[0].path)
    with pytest.raises(StoreError, match="missing column winrate"):
        rank(files, [Scope(n_best=5)], RankingSettings())
