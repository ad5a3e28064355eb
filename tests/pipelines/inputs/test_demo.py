from __future__ import annotations

import hashlib

import numpy as np
import pytest

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.fast.engine import evaluate
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.named_grids import named_grid
from ib_grid.market import clock
from ib_grid.market.bars import Bars, bars_from_frame, bars_to_frame
from ib_grid.market.instruments import GER40
from ib_grid.market.market import build_market
from pipelines.inputs.demo import TICK_POINTS, demo_bars


@pytest.fixture(scope="module")
def bars() -> Bars:
    return demo_bars()


def test_demo_bars_lie_in_trading_hours(bars: Bars) -> None:
    again = bars_from_frame(bars_to_frame(bars))
    assert (again.minute == bars.minute).all()
    assert GER40.trading_hours.contain(bars.minute).all()
    days = np.unique(clock.local_dates(bars.minute, GER40.timezone))
    assert 255 <= len(days) <= 262
    assert not np.isin((days + 3) % 7, (5, 6)).any()


def test_a_few_minutes_are_missing(bars: Bars) -> None:
    days, counts = np.unique(clock.local_dates(bars.minute, GER40.timezone), return_counts=True)
    missing = 960 * len(days) - len(bars)
    assert 0 < missing < 0.01 * len(bars)
    assert counts.max() == 960
    assert 900 < counts.min() < 955


def test_prices_are_whole_ticks(bars: Bars) -> None:
    for prices in (bars.open, bars.high, bars.low, bars.close):
        assert (prices % TICK_POINTS == 0).all()


def test_the_same_seed_gives_the_same_bars_everywhere(bars: Bars) -> None:
    ticks = [bars.open, bars.high, bars.low, bars.close]
    whole = np.stack([bars.minute, *((p / TICK_POINTS).astype(np.int64) for p in ticks)])
    digest = hashlib.sha256(whole.astype("<i8").tobytes()).hexdigest()
    assert digest == "3b7545aaf91ee8d719c0e9471fd3d067e40dd1cfc2c555d40b4e7b6af5648a4f"


def test_another_seed_or_year_gives_other_bars(bars: Bars) -> None:
    assert not np.array_equal(demo_bars(seed=1).close[:1000], bars.close[:1000])
    dates = clock.local_dates(demo_bars(year=2019).minute, GER40.timezone)
    first, last = np.array([dates[0], dates[-1]]).astype("datetime64[D]").astype(str)
    assert (first, last) == ("2019-01-02", "2019-12-31")


def test_demo_bars_move_like_a_market(bars: Bars) -> None:
    minute = bars.minute + clock.utc_offset_minutes(bars.minute, GER40.timezone)
    hour = minute % 1440 // 60
    move = np.abs(bars.close - bars.open)
    at_the_open, at_noon, late = (move[hour == h].mean() for h in (9, 12, 22))
    assert at_the_open > 1.3 * at_noon > 1.3 * late
    day_ends = np.flatnonzero(np.diff(bars.minute) > 400)
    daily_pct = 100 * np.diff(np.log(bars.close[day_ends]))
    assert 0.5 < daily_pct.std() < 1.5
    gaps = np.abs(bars.open[day_ends + 1] - bars.close[day_ends])
    assert np.median(gaps) > 10


def test_the_standard_grid_ranks_them_without_absurd_figures(bars: Bars) -> None:
    grid = named_grid("standard", GER40)
    market = build_market(bars, grid.sessions, grid.horizon_minutes)
    plan, execution = plan_chunks(grid, len(grid)), Execution(spread_points=GER40.spread_points)
    parts = [
        evaluate(BacktestContext(market, execution), grid, plan.chunk(i)) for i in range(len(plan))
    ]
    of = dict(zip(METRIC_COLUMNS, np.concatenate(parts, axis=1), strict=True))
    assert (of["total_trades"] >= 10).all()
    assert 0.1 < (of["total_r"] > 0).mean() < 0.9
    assert 1 < of["sharpe_ratio"].max() < 3
    assert of["total_r"].max() < 100
    for prefix in ("ocae_", "tcwe_", "reverse_", "rev_rb_"):
        assert of[f"{prefix}total_trades"].max() >= 10
