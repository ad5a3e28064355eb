"""The worked examples of the rules, number by number (STRATEGY.md, sections 3 and 7).

GER40 with a spread of 1.5 points, Initial Balance 08:00 to 08:30 Berlin: IBH 18,100, IBL 18,000,
EQ 18,050. Bars are written with the clock time of Berlin at which they open.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.grid.params import Params
from ib_grid.market.bars import Bars
from ib_grid.market.instruments import GER40
from ib_grid.market.market import build_market
from tests.helpers.engines import ENGINES, engine

OHLC = tuple[float, float, float, float]
Row = dict[str, object]

DATE = dt.date(2024, 4, 15)
FLAT: OHLC = (18_050, 18_050, 18_050, 18_050)
BALANCE = {"08:00": (18_050, 18_100, 18_000, 18_050)}

PARAMS = Params(
    ib_start="08:00",
    ib_end="08:30",
    ib_timezone="Europe/Berlin",
    ib_wait_minutes=0,
    trade_window_minutes=60,
    rr_target=1,
    stop_mode="eq",
    tsl_target=0,
    tsl_sl=0.5,
    min_sl_pct=0.001,
    rev_rb_enabled=False,
    rev_rb_pct=0.5,
    ib_buffer_pct=0.05,
    max_distance_pct=0.5,
)


# Each is the first minute of an M2 bar; the second stands still at its close.
REVERSE = {
    "08:28": (18_085, 18_085, 18_076, 18_078),  # context candle: bearish, low 18,076
    "08:30": (18_078, 18_103, 18_078, 18_098),  # upper sweep
    "08:32": (18_098, 18_108, 18_095, 18_096),  # upper sweep, the group's extreme
    "08:34": (18_096, 18_097, 18_078, 18_080),  # closes above the context candle's low
    "08:36": (18_080, 18_082, 18_070, 18_072),  # CISD
    "08:38": (18_071, 18_074, 18_068, 18_070),
    "08:41": (18_070, 18_070, 18_033.25, 18_040),  # the ask comes down to 18,034
}
# OCAE, long: the bar of 08:30 touches EQ and breaks out.
OCAE = {
    "08:30": (18_050, 18_109.25, 18_050, 18_109.25),
    "08:32": (18_109.25, 18_120, 18_105, 18_115),
}
# Both go on from there, in single minutes.
TRAILED = {
    **OCAE,
    "08:33": (18_115, 18_175, 18_112, 18_172),
    "08:34": (18_200, 18_235, 18_150, 18_160),
    "08:35": (18_160, 18_161, 18_140.75, 18_155),
}
TRAILING = {"tsl_target": 0.5, "tsl_sl": 0.5}
BOTH = {**OCAE, "08:33": (18_115, 18_170, 18_049, 18_060)}


def utc_minute(clock_time: str) -> int:
    time = dt.time.fromisoformat(clock_time)
    return int(dt.datetime.combine(DATE, time, ZoneInfo("Europe/Berlin")).timestamp()) // 60


def bars_of(given: dict[str, OHLC]) -> Bars:
    """Return these bars; all other minutes from 08:00 to 09:30 stay at the last close."""
    prices = {utc_minute(time): ohlc for time, ohlc in (BALANCE | given).items()}
    minute = np.arange(utc_minute("08:00"), utc_minute("09:31"))
    rows = [FLAT]
    for one in minute.tolist():
        rows.append(prices.get(one, (rows[-1][3],) * 4))
    columns = np.array(rows[1:], dtype=np.float64).T
    return Bars(minute=minute, **dict(zip(("open", "high", "low", "close"), columns, strict=True)))


@pytest.fixture(params=ENGINES)
def trade(request):
    """Return the one trade of some bars with each engine, in Berlin time."""
    trades = engine(request.param).trades

    def trade_of(given: dict[str, OHLC], model: str, **changes: object) -> Row | None:
        market = build_market(bars_of(given), GER40.sessions[:1], 60)
        execution = Execution(model=model, spread_points=GER40.spread_points)
        frame = trades(BacktestContext(market, execution), dataclasses.replace(PARAMS, **changes))
        if frame.empty:
            return None
        (row,) = frame.to_dict("records")
        for name in ("entry_time", "exit_time"):
            row[name] = f"{row[name].tz_convert('Europe/Berlin'):%H:%M}"
        return row

    return trade_of


def assert_left(row: Row, time: str, price: float, reason: str, r: float) -> None:
    assert (row["exit_time"], row["exit_reason"]) == (time, reason)
    assert row["exit_price"] == pytest.approx(price, abs=1e-9)
    assert row["r"] == pytest.approx(r, abs=1e-9)


class TestReverse:
    """Two sweeps of IBH make a group; its CISD sells."""

    def test_realistic(self, trade):
        row = trade(REVERSE, "realistic")
        assert (row["variation"], row["direction"]) == ("Reverse", "short")
        assert (row["entry_time"], row["entry_price"]) == ("08:38", 18_070.25)
        assert (row["stop"], row["target"]) == (18_108, 18_034)
        assert_left(row, "08:41", 18_034, "tp", 36.25 / 37.75)
        assert round(row["r"], 4) == 0.9603

    def test_original(self, trade):
        row = trade(REVERSE, "original")
        assert (row["variation"], row["direction"]) == ("Reverse", "short")
        assert (row["entry_time"], row["entry_price"]) == ("08:38", 18_071.25)
        assert (row["stop"], row["target"]) == (18_108, 18_034)
        assert_left(row, "08:41", 18_034, "tp", 37.25 / 36.75)
        assert round(row["r"], 4) == 1.0136

    @pytest.mark.parametrize("model", ["realistic", "original"])
    def test_a_close_half_the_range_below_ibh_voids_the_group(self, trade, model):
        void = REVERSE | {"08:36": (18_080, 18_082, 18_049, 18_050)}
        assert trade(void, model) is None
        holds = REVERSE | {"08:36": (18_080, 18_082, 18_049, 18_050.25)}
        assert trade(holds, model)["variation"] == "Reverse"


def assert_entered(row: Row) -> None:
    assert (row["variation"], row["direction"]) == ("OCAE", "long")
    assert (row["entry_time"], row["entry_price"]) == ("08:32", 18_110)
    assert (row["stop"], row["target"]) == (18_050, 18_168.5)


class TestTrailing:
    """Trailing in `realistic`: risk 60, so a step of 0.5 R is 30 points."""

    def test_three_steps_and_the_stop(self, trade):
        row = trade(TRAILED, "realistic", **TRAILING)
        assert_entered(row)
        assert_left(row, "08:35", 18_140, "stop", 0.5)
        assert not row["ambiguous"]
        assert row["worst_r"] == pytest.approx(-5.75 / 60, abs=1e-9)

    def test_a_bid_above_the_stepped_stop_keeps_the_trade(self, trade):
        calm = TRAILED | {"08:35": (18_160, 18_161, 18_141, 18_155)}
        row = trade(calm, "realistic", **TRAILING)
        assert_left(row, "09:29", 18_154.25, "time", 44.25 / 60)

    def test_a_low_at_the_stop_that_the_open_moved(self, trade):
        falls = TRAILED | {"08:34": (18_200, 18_235, 18_110.75, 18_160)}
        row = trade(falls, "realistic", **TRAILING)
        assert_left(row, "08:34", 18_110, "stop", 0)

    def test_a_close_at_the_stepped_stop(self, trade):
        closes_low = TRAILED | {"08:34": (18_200, 18_235, 18_140.75, 18_140.75)}
        row = trade(closes_low, "realistic", **TRAILING)
        assert_left(row, "08:34", 18_140, "stop", 0.5)

    def test_a_step_past_the_market(self, trade):
        row = trade(TRAILED, "realistic", tsl_target=0.5, tsl_sl=2)
        assert_left(row, "08:33", 18_168.5, "tsl_market", 0.975)


class TestAmbiguous:
    """One bar reaches stop and target."""

    def test_realistic_takes_the_stop(self, trade):
        row = trade(BOTH, "realistic")
        assert_entered(row)
        assert_left(row, "08:33", 18_050, "stop", -1)
        assert row["ambiguous"]

    def test_original_takes_the_target(self, trade):
        row = trade(BOTH, "original")
        assert_entered(row)
        assert_left(row, "08:33", 18_168.5, "tp", 0.975)
        assert row["ambiguous"]

    def test_open_at_the_stop_is_unambiguous(self, trade):
        opens_low = BOTH | {"08:33": (18_050.75, 18_170, 18_049, 18_060)}
        row = trade(opens_low, "realistic")
        assert_left(row, "08:33", 18_050, "stop", -1)
        assert not row["ambiguous"]

    def test_stop_or_target_alone_is_not_ambiguous(self, trade):
        target = trade(BOTH | {"08:33": (18_115, 18_170, 18_052, 18_060)}, "realistic")
        assert (target["exit_reason"], target["ambiguous"]) == ("tp", False)
        stop = trade(BOTH | {"08:33": (18_115, 18_160, 18_049, 18_060)}, "realistic")
        assert (stop["exit_reason"], stop["ambiguous"]) == ("stop", False)
