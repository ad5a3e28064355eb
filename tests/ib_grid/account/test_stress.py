"""Stress tests: passes of the engine, and arithmetic on results."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.account.stress import (
    missed_at_random,
    scenarios,
    stress,
    with_commission,
    without_best,
)
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.fast import engine
from ib_grid.engine.spread_by_hour import SpreadByHour
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.market.instruments import GER40
from ib_grid.runs.source import RunSource
from tests.helpers.golden.golden_trades import golden_set

GRID = grid_from_mapping(
    {
        "ib_sessions": ["08:00-08:30"],
        "ib_wait_minutes": [0],
        "trade_window_minutes": [120],
        "rr_target": [1, 2],
        "tsl_target": [0],
        "tsl_sl": [0.5],
        "ib_buffer_pct": [0.05],
        "max_distance_pct": [1],
    },
    GER40,
)
TOP = (0, 3, 5)
FEW = st.lists(st.floats(-3, 9), max_size=7).map(np.array)


@pytest.fixture(scope="module")
def source() -> RunSource:
    market = golden_set("GER40", "synthetic", "realistic").market
    context = BacktestContext(market, Execution(spread_points=1.5))
    return RunSource(symbol="GER40", grid=GRID, context=context)


@pytest.fixture(scope="module")
def found(source):
    return stress(source, 3, TOP, n_threads=2)


def row_of(found, scenario: str, change: str):
    rows = found.rows[(found.rows["scenario"] == scenario) & (found.rows["change"] == change)]
    assert len(rows) == 1
    return rows.iloc[0]


def total_r(source: RunSource, combo_id: int, **changes: object) -> float:
    execution = dataclasses.replace(source.context.execution, **changes)
    context = dataclasses.replace(source.context, execution=execution)
    return float(engine.trades(context, source.grid.params(combo_id))["r"].sum())


@pytest.mark.parametrize(
    ("scenario", "change", "changes"),
    [
        ("as run", "", {}),
        ("spread", "+1.5 points", {"spread_points": 3.0}),
        ("slippage", "+0.75 points", {"slippage_points": 0.75}),
        ("late entry", "+5 min", {"delay_minutes": 5}),
        ("limit beyond", "+1.5 points", {"limit_through_points": 1.5}),
        ("commission", "+1.5 points", {"commission_points": 1.5}),
    ],
)
def test_scenario_is_the_run_with_that_change(source, found, scenario, change, changes):
    row = row_of(found, scenario, change)
    every = np.array([total_r(source, combo_id, **changes) for combo_id in range(len(GRID))])
    assert row["total_r"] == pytest.approx(every[3], rel=1e-4)
    assert row["top_total_r"] == pytest.approx(every[list(TOP)].mean(), rel=1e-4)
    assert row["top_profitable"] == (every[list(TOP)] > 0).sum()
    assert row["profitable_pct"] == pytest.approx(100 * (every > 0).mean())


def test_still_profitable_agrees_with_commission(source, found):
    left = [total_r(source, combo_id, commission_points=0.7) for combo_id in range(len(GRID))]
    assert found.profitable_at(0.7) == sum(r > 0 for r in left)


def test_more_commission_never_raises_total_r(found):
    as_run, half, whole = (
        row_of(found, *name)["total_r"]
        for name in (("as run", ""), ("commission", "+0.75 points"), ("commission", "+1.5 points"))
    )
    assert as_run >= half >= whole


def test_combination_without_trades_pays_nothing():
    charged = with_commission(np.array([0.0, 4.0]), np.array([0, 2], np.float32), 1.0)
    assert charged.tolist() == [0, 2]


@given(r=FEW, share=st.floats(0, 1))
def test_missed_trades_are_the_mean_over_all_subsets(r, share):
    totals, chances = [], []
    for kept in itertools.product((0, 1), repeat=len(r)):
        totals.append(float(np.dot(kept, r)) if kept else 0.0)
        chances.append(np.prod([1 - share if k else share for k in kept]))
    mean = np.dot(chances, totals)
    variance = np.dot(chances, (np.array(totals) - mean) ** 2)
    found_mean, deviation = missed_at_random(r, share)
    assert found_mean == pytest.approx(mean, abs=1e-9)
    assert deviation**2 == pytest.approx(variance, abs=1e-9)


@given(r=FEW, n=st.integers(0, 9))
def test_without_the_best_leaves_the_worst_subset(r, n):
    kept = max(len(r) - n, 0)
    sums = [sum(some) for some in itertools.combinations(r.tolist(), kept)]
    assert without_best(r, n) == pytest.approx(min(sums), abs=1e-9)


def test_spread_by_hour_is_widened_in_each_hour():
    by_hour = SpreadByHour.from_mapping({"clock": "UTC", "8": 4}, 1.5)
    execution = Execution(spread_points=1.5, spread_by_hour=by_hour)
    wider = next(s.execution for s in scenarios(execution) if s.change == "+0.75 points")
    assert wider.spread_by_hour.points[7:9] == (2.25, 4.75)


def test_original_has_no_slippage():
    names = {s.name for s in scenarios(Execution(model="original", spread_points=1.5))}
    assert names == {"as run", "spread", "late entry", "limit beyond"}
