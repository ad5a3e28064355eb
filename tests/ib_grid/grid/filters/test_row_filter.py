"""Stored columns and rows, and the threshold of the best rows."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import ConfigError
from ib_grid.grid.columns import METRIC_COLUMNS, METRIC_NAMES, RESULT_COLUMNS
from ib_grid.grid.filters.row_filter import (
    NO_FILTER,
    VARIATION_METRICS,
    Rank,
    RowFilter,
    TopKThreshold,
)
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.scoring import Extrema, RankingSettings
from ib_grid.grid.variations import PREFIXES
from ib_grid.runs import partition_file
from tests.helpers.runs.small_runs import GRID, PLAN, made_up_metrics


def table():
    chunk = PLAN.chunk(3)
    return partition_file.results_table(GRID, chunk, made_up_metrics(chunk))


def test_everything_is_kept_by_default() -> None:
    assert NO_FILTER.identity == {}
    assert NO_FILTER.notes() == []
    assert NO_FILTER.apply(table()).equals(table())
    assert tuple(table().column_names) == RESULT_COLUMNS


def test_the_columns_of_the_ranking() -> None:
    row_filter = RowFilter(columns="ranking")
    wanted = {*METRIC_NAMES, *(p + name for p in PREFIXES for name in VARIATION_METRICS)}
    assert set(row_filter.metrics) == wanted
    assert row_filter.apply(table()).column_names == ["combo_id", *PARAM_NAMES, *row_filter.metrics]
    assert row_filter.notes() == [
        f"Only the columns of the ranking are kept: {len(wanted)} of {len(METRIC_COLUMNS)} metrics."
    ]


def test_ranking_columns_are_kept_in_all_variations() -> None:
    ranking = RankingSettings(weights={"sortino_ratio": 0.5, "ocae_max_consec_wins": 0.5})
    kept = set(RowFilter(columns="ranking", ranking=ranking).metrics)
    assert {f"{p}sortino_ratio" for p in PREFIXES} <= kept
    assert "ocae_max_consec_wins" in kept
    assert "tcwe_max_consec_wins" not in kept


def test_a_condition_on_rows() -> None:
    row_filter = RowFilter(
        columns="ranking", condition=" total_trades >= 20 and ocae_sharpe_trades > 0"
    )
    kept = row_filter.apply(table())
    whole = table().to_pandas()
    wanted = whole[(whole.total_trades >= 20) & (whole.ocae_sharpe_trades > 0)]
    assert 0 < kept.num_rows < len(whole)
    assert kept.column("combo_id").to_pylist() == wanted.combo_id.tolist()
    assert pc.min(kept.column("total_trades")).as_py() >= 20
    assert "total_trades >= 20" in row_filter.notes()[1]


def test_filter_round_trips_through_json() -> None:
    row_filter = RowFilter(columns="ranking", condition="winrate > 50", top=1_000_000)
    assert RowFilter.from_dict(json.loads(json.dumps(row_filter.to_dict()))) == row_filter
    assert "Stored only the best 1,000,000 of these" in row_filter.notes()[2]


def test_ranking_is_identity_only_with_top_k() -> None:
    other = RankingSettings(weights={"total_r": 1.0})
    for changes, same in (
        ({"condition": "winrate > 50"}, True),
        ({"columns": "ranking"}, False),
        ({"top": 5}, False),
    ):
        assert (
            RowFilter(**changes).identity == RowFilter(**changes, ranking=other).identity
        ) is same


@pytest.mark.parametrize(
    "changes", [{"columns": "few"}, {"top": 0}, {"condition": "no_column > 1"}, {"condition": ""}]
)
def test_contradictory_description_is_refused(changes) -> None:
    with pytest.raises(ConfigError):
        RowFilter(**changes)


@given(
    values=st.lists(st.integers(-3, 3), min_size=1, max_size=40),
    trades=st.integers(0, 3),
    place=st.integers(0, 39),
)
def test_top_k_keeps_its_last_row_and_all_better_ones(values, trades, place) -> None:
    ranking = RankingSettings(weights={"total_r": 1.0}, min_trades=2)
    columns = {
        "combo_id": np.arange(len(values), dtype=np.int64),
        "total_r": np.array(values, np.float32),
        "total_trades": np.array([(i * 7 + trades) % 4 for i in range(len(values))], np.float32),
    }
    eligible = [i for i in range(len(values)) if columns["total_trades"][i] >= 2]
    extrema = Extrema(np.array([-3.0]), np.array([3.0]), len(eligible))
    ordered = sorted(eligible, key=lambda i: (-values[i], i))
    last = None
    if place < len(ordered):
        last = Rank((values[ordered[place]] + 3) / 6, ordered[place])
        ordered = ordered[: place + 1]
    threshold = TopKThreshold(last=last, extrema=extrema, rows=len(values))
    assert np.flatnonzero(threshold.passes(columns, ranking)).tolist() == sorted(ordered)
    again = TopKThreshold.from_dict(json.loads(json.dumps(threshold.to_dict())))
    assert np.flatnonzero(again.passes(columns, ranking)).tolist() == sorted(ordered)
