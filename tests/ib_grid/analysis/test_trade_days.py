"""The trade of a date step by step: stop and target as the fast engine moved them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from ib_grid import analysis
from ib_grid.analysis import RunSource, TradeDay
from ib_grid.errors import InputError
from ib_grid.grid.columns import trades_frame
from ib_grid.grid.params import Params
from tests.helpers.engines import assert_same_trades
from tests.helpers.runs.sources import source_of_golden_bars, traded

TOLERANCE = 1e-9


@given(traded())
def test_every_date_matches_the_engine(drawn: tuple[RunSource, Params]) -> None:
    assert_as_traded(*drawn)


@pytest.mark.parametrize("model", ["realistic", "original"])
def test_real_shaped_bars_too(model: str) -> None:
    source = source_of_golden_bars(model, with_news=True)
    for combo_id in np.random.default_rng(11).integers(0, len(source.grid), 8).tolist():
        assert_as_traded(source, source.grid.params(combo_id))


def assert_as_traded(source: RunSource, params: Params) -> None:
    """Each date gives the trade of the fast engine, or none, and a path that leads to it."""
    trades = analysis.trades(source, params)
    days = [analysis.trade_day(source, params, d) for d in analysis.session_dates(source, params)]
    made = [day.trade for day in days if day.trade is not None]
    names = made[0]._fields if made else ()
    if made:
        columns = {name: [getattr(trade, name) for trade in made] for name in names}
        assert_same_trades(trades_frame(**columns), trades)
    assert len(made) == len(trades)
    for day in days:
        assert_leads_to_the_exit(day, source)


def assert_leads_to_the_exit(day: TradeDay, source: RunSource) -> None:
    """Check stop and target without simulating the exit again."""
    trade, path, params = day.trade, day.path, day.params
    if trade is None:
        assert path.empty
        assert day.signal is None
        return
    minutes = (path["time"].astype("int64") // 60_000).tolist()
    assert (minutes[0], minutes[-1]) == (trade.entry_minute, trade.exit_minute)
    assert (path["stop"].iloc[0], path["target"].iloc[0]) == (trade.stop, trade.target)
    assert day.signal is not None
    assert day.signal[1] - day.signal[0] == 2
    assert day.signal[0] >= day.window_start - 1
    side = 1 if trade.direction == "long" else -1
    steps = np.abs(path["target"].to_numpy() - trade.target)
    if params.tsl_target == 0 or trade.exit_reason == "invalid":
        assert set(path["stop"]) == {trade.stop}
        assert set(path["target"]) == {trade.target}
    else:
        # The stop has moved as many times as the target has, and never back.
        risk = abs(trade.entry_price - trade.stop)
        n_target = steps / (params.tsl_target * risk)
        n_stop = side * (path["stop"].to_numpy() - trade.stop) / (params.tsl_sl * risk)
        assert n_target == pytest.approx(np.rint(n_target), abs=1e-6)
        assert n_stop == pytest.approx(n_target, abs=1e-6)
        assert (np.diff(n_stop) > -1e-6).all()
    assert_exit_price(day, source, side)


def assert_exit_price(day: TradeDay, source: RunSource, side: int) -> None:
    trade = day.trade
    assert trade is not None
    stop, target = day.path["stop"].iloc[-1], day.path["target"].iloc[-1]
    costs = source.context.execution
    slippage = costs.slippage_points if costs.model == "realistic" else 0.0
    if trade.exit_reason == "tp":
        # Never worse than the target; better only where the bar opened beyond it.
        assert side * (trade.exit_price - target) >= -TOLERANCE
    elif trade.exit_reason == "stop":
        # Never better than the stop; worse only by slippage or where the bar lay beyond it.
        assert side * (trade.exit_price - stop) <= TOLERANCE
        bar = day.bars.between(trade.exit_minute, trade.exit_minute + 1)
        half = costs.half_spread_at(trade.exit_minute)
        jumped = side * (stop - float(bar.open[0])) >= -half - TOLERANCE
        at_stop = abs(trade.exit_price + side * slippage - stop) <= TOLERANCE * abs(stop)
        assert at_stop or jumped
    elif trade.exit_reason == "tsl_market":
        # The stop has stepped past the price at which it was left.
        assert side * (stop - trade.exit_price) >= -TOLERANCE * abs(stop)


def test_signal_bar_of_a_known_trade() -> None:
    source = source_of_golden_bars()
    trades = analysis.trades(source, 4321)
    ocae = trades[trades["variation"] == "OCAE"].iloc[0]
    day = analysis.trade_day(source, 4321, ocae["date"].date())
    assert day.signal is not None
    close = day.bars.between(*day.signal).close[-1]
    beyond = close > day.ib_high if ocae["direction"] == "long" else close < day.ib_low
    assert beyond
    # In `realistic` the entry is the first bar that opens at or after the signal's end.
    after = day.bars.minute[day.bars.minute >= day.signal[1]][0]
    assert after == int(ocae["entry_time"].timestamp()) // 60


def test_the_bars_are_those_the_model_looks_at() -> None:
    for model, last in (("realistic", -1), ("original", 0)):
        source = source_of_golden_bars(model)
        date = analysis.session_dates(source, 0)[0]
        day = analysis.trade_day(source, 0, date)
        assert day.bars.minute[0] >= day.ib_start
        assert day.bars.minute[-1] == day.window_end + last
        assert day.ib_high == day.bars.between(day.ib_start, day.ib_end).high.max()


def test_events_near_are_kept() -> None:
    source = source_of_golden_bars(with_news=True)
    date = analysis.session_dates(source, 0)[0]
    (event,) = analysis.trade_day(source, 0, date).events
    assert event.title == "A <b>rate</b>"
    assert analysis.trade_day(source, 0, analysis.session_dates(source, 0)[1]).events == ()


def test_invalid_dates() -> None:
    source = source_of_golden_bars()
    for date in (dt.date(1999, 1, 1), dt.date(2099, 1, 1), "2024-02-31", "yesterday", ""):
        with pytest.raises(InputError):
            analysis.trade_day(source, 0, date)


def test_extreme_dates() -> None:
    trades = pd.DataFrame(
        {"date": pd.to_datetime(["2024-01-0" + d for d in "12345"]), "r": [1.0, -1, 2, -1, 0]}
    )
    assert [d.day for d in analysis.extreme_dates(trades)] == [3, 4]
    assert [d.day for d in analysis.extreme_dates(trades, 2)] == [3, 1, 2, 4]
    assert len(analysis.extreme_dates(trades, 9)) == 5
    assert len(analysis.extreme_dates(trades.iloc[:0], 2)) == 0
