"""Opposites of trades, as a coin would take them, against the reference engine bar by bar."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution, Model
from ib_grid.engine.reference.day import read_days, setting
from ib_grid.engine.reference.entries import Entry, entry
from ib_grid.engine.reference.exits import follow, result_r
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.grid.params import Params
from ib_grid.market.bars import read_bars
from ib_grid.market.instruments import GER40
from ib_grid.market.market import build_market
from ib_grid.news.filter import NO_NEWS
from ib_grid.robustness.whole_grid.streams import streams
from tests.helpers.paths import GOLDEN

GRID = grid_from_mapping(
    {
        "ib_sessions": ["08:00-08:30"],
        "ib_wait_minutes": [0],
        "trade_window_minutes": [120],
        "rr_target": [0.5, 1.5],
        "stop_mode": ["eq"],
        "tsl_target": [0, 0.5],
        "tsl_sl": [0.5],
        "min_sl_pct": [0.001],
        "rev_rb_enabled": [True],
        "rev_rb_pct": [0.5],
        "ib_buffer_pct": [0.0],
        "max_distance_pct": [0.5],
    },
    GER40,
    location="test",
)


@pytest.mark.parametrize("model", ["realistic", "original"])
def test_an_opposite_is_the_mirrored_trade_at_the_same_moment(model: Model) -> None:
    execution = Execution(
        model=model,
        spread_points=1.5,
        slippage_points=0.25 if model == "realistic" else 0,
        commission_points=0.5 if model == "realistic" else 0,
    )
    bars = read_bars(GOLDEN / "GER40_synthetic" / "m1.parquet")
    market = build_market(bars, GRID.sessions, GRID.horizon_minutes)
    context = BacktestContext(market, execution)
    chunk = plan_chunks(GRID, len(GRID)).chunk(0)
    found = streams(context, GRID, chunk)
    opposite, limits = found.dense(opposite=True), 0
    for column, combo_id in enumerate(chunk.ids.tolist()):
        expected = dict.fromkeys(found.dates.tolist(), 0.0)
        for date, r, is_limit in opposites(context, GRID.params(combo_id)):
            expected[date] = r
            limits += is_limit
        assert opposite[:, column] == pytest.approx(list(expected.values()), abs=1e-9)
    assert bool(limits) == (model == "realistic")


def opposites(context: BacktestContext, params: Params) -> Iterator[tuple[int, float, bool]]:
    """Yield the date, R and whether a limit order was filled, for each trade of a combination."""
    execution = context.execution
    for day in read_days(context.market, params.session, params.horizon_minutes):
        on_date = setting(day, params, execution)
        entered = on_date and entry(on_date, params, execution, NO_NEWS)
        if on_date and entered:
            half = execution.half_spread_at(on_date.m1[entered.index].start)
            other = mirrored(entered, params, half, execution.slippage_points)
            *_, last = follow(other, on_date, params, execution)
            assert last.left is not None
            yield day.date, result_r(other, last.left.price, execution), entered.limit


def mirrored(entered: Entry, params: Params, half: float, slippage: float) -> Entry:
    """Return the entry the other way round: stop and target at `ref`, fill at the mid price."""
    ref = (entered.target + params.rr_target * entered.stop) / (1 + params.rr_target)
    cost = half + (0 if entered.limit else slippage)
    mid = entered.fill - entered.direction * cost
    fill, stop = mid - entered.direction * cost, 2 * ref - entered.stop
    return dataclasses.replace(
        entered,
        direction=-entered.direction,
        fill=fill,
        stop=stop,
        target=2 * ref - entered.target,
        risk=abs(fill - stop),
    )
