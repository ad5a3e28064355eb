"""Chunk summaries compared with plain loops."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.variations import VARIATIONS
from ib_grid.runs.chunk_summary import Summary, merge, summarise, summary_from_dict
from tests.helpers.runs.small_runs import PLAN, made_up_metrics


def column(metrics: np.ndarray, name: str) -> list[float]:
    return [float(value) for value in metrics[METRIC_COLUMNS.index(name)]]


def test_best_is_the_highest_total_of_those_with_enough_trades() -> None:
    chunk = PLAN.chunk(5)
    metrics = made_up_metrics(chunk)
    rows = zip(
        chunk.ids.tolist(),
        column(metrics, "total_r"),
        column(metrics, "total_trades"),
        strict=True,
    )
    total, combo_id = max((r, -i) for i, r, trades in rows if trades >= 20)
    best = summarise(chunk, metrics, 20).best
    assert best is not None
    assert (best.total_r, best.combo_id) == (total, -combo_id)


def test_equal_totals_go_to_the_lowest_id() -> None:
    chunk = PLAN.chunk(1)
    best = summarise(chunk, np.ones((len(METRIC_COLUMNS), chunk.n_rows), np.float32), 1).best
    assert best is not None
    assert best.combo_id == chunk.first_id


def test_no_best_where_nothing_trades_enough() -> None:
    chunk = PLAN.chunk(0)
    assert summarise(chunk, made_up_metrics(chunk), 1000).best is None


def test_sums_are_by_variation() -> None:
    chunk = PLAN.chunk(2)
    metrics = made_up_metrics(chunk)
    summary = summarise(chunk, metrics, 0)
    for name in VARIATIONS:
        trades = column(metrics, f"{name.lower()}_total_trades")
        sums = summary.variations[name]
        assert sums.trades == sum(trades)
        assert sums.combinations == sum(count > 0 for count in trades)
        assert np.isclose(sums.total_r, sum(column(metrics, f"{name.lower()}_total_r")))


def of_chunk(index: int, min_trades: int = 10) -> Summary:
    return summarise(PLAN.chunk(index), made_up_metrics(PLAN.chunk(index)), min_trades)


def test_json_round_trip() -> None:
    for summary in (of_chunk(0), of_chunk(3, min_trades=1000)):
        assert summary_from_dict(json.loads(json.dumps(dataclasses.asdict(summary)))) == summary


@given(st.permutations(range(8)), st.integers(0, 8))
def test_merging_does_not_depend_on_order_or_groups(order: list[int], cut: int) -> None:
    one_by_one = merge([of_chunk(index) for index in range(8)], 10)
    parts = [of_chunk(index) for index in order]
    grouped = merge([merge(parts[:cut], 10), merge(parts[cut:], 10)], 10)
    assert grouped.best == one_by_one.best
    assert grouped.combinations == one_by_one.combinations == 8 * PLAN.chunk(0).n_rows
    for name in VARIATIONS:
        assert grouped.variations[name].trades == one_by_one.variations[name].trades
        assert np.isclose(grouped.variations[name].total_r, one_by_one.variations[name].total_r)


def test_best_by_another_measure_is_ignored() -> None:
    assert merge([of_chunk(0, min_trades=5)], 10).best is None
    assert merge([of_chunk(0, min_trades=5), of_chunk(1)], 10).best == of_chunk(1).best


def test_nothing_merges_to_nothing() -> None:
    empty = merge([], 10)
    assert (empty.combinations, empty.best) == (0, None)
    assert empty.variations["OCAE"].trades == 0
