"""Parts of the reference engine that tests of whole dates do not show separately."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_grid.engine import reference
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.reference.day import Bar, m2_bars
from ib_grid.engine.reference.entries import blocked
from ib_grid.errors import GridError
from ib_grid.grid.columns import METRIC_COLUMNS, METRIC_NAMES, trades_frame
from ib_grid.grid.variations import PREFIXES
from ib_grid.news.filter import NO_NEWS, NewsFilter
from tests.helpers import strategies
from tests.helpers.engines import assert_same_trades, grid_of_one
from tests.ib_grid.account.golden import cases
from tests.ib_grid.engine.rules.made_dates import FLAT_BALANCE, OCAE_LONG, PARAMS, market_of

BREAK_EVENS = cases("break_even")


def m1(start: int, *prices: float) -> Bar:
    return Bar(start, start + 1, *prices)


def frame_of(*trades: tuple[str, float, bool]):
    """Return trades (variation, R, ambiguous) on consecutive dates."""
    n = len(trades)
    return trades_frame(
        date=range(n),
        variation=[variation for variation, _, _ in trades],
        direction=["long"] * n,
        entry_minute=[0] * n,
        entry_price=[100.0] * n,
        stop=[99.0] * n,
        target=[101.0] * n,
        exit_minute=[1] * n,
        exit_price=[100.0] * n,
        exit_reason=["time"] * n,
        r=[r for _, r, _ in trades],
        ambiguous=[ambiguous for _, _, ambiguous in trades],
        worst_r=[-1.0] * n,
        risk_points=[20.0] * n,
    )


class TestM2Bars:
    def test_two_minutes_make_a_bar(self):
        assert m2_bars([m1(10, 5, 7, 4, 6), m1(11, 6, 9, 5, 8)]) == [Bar(10, 12, 5, 9, 4, 8)]

    def test_one_minute_may_be_missing_and_bins_may_not_exist(self):
        bars = m2_bars([m1(10, 5, 7, 4, 6), m1(15, 6, 9, 5, 8), m1(16, 8, 8, 8, 8)])
        assert bars == [Bar(10, 12, 5, 7, 4, 6), Bar(14, 16, 6, 9, 5, 8), Bar(16, 18, 8, 8, 8, 8)]

    def test_first_bin_without_its_first_minute_is_dropped(self):
        assert m2_bars([m1(11, 5, 7, 4, 6), m1(12, 6, 9, 5, 8)]) == [Bar(12, 14, 6, 9, 5, 8)]
        assert m2_bars([m1(11, 5, 7, 4, 6)]) == []

    def test_no_bars(self):
        assert m2_bars([]) == []


class TestBlocked:
    @pytest.mark.parametrize(
        ("minute", "is_blocked"), [(97, False), (98, True), (100, True), (105, True), (106, False)]
    )
    def test_both_ends_are_blocked(self, minute, is_blocked):
        news = NewsFilter(events=np.array([100, 500]), before_minutes=2, after_minutes=5)
        assert blocked(minute, news) == is_blocked

    def test_no_news_blocks_nothing(self):
        assert not blocked(0, NO_NEWS)


class TestMetrics:
    def test_hand_computed_values(self):
        trades = frame_of(
            ("OCAE", 2.0, False),
            ("TCWE", -1.0, True),
            ("OCAE", -1.0, False),
            ("OCAE", 0.0, False),
            ("OCAE", -1.0, True),
            ("REV_RB", 1.5, False),
        )
        actual = reference.metrics(trades, 8)
        assert tuple(actual) == METRIC_COLUMNS
        # total 0.5; cumulative 2 1 0 0 -1 0.5; squares of R 4 + 3 + 2.25
        sd_dates = math.sqrt((9.25 - 8 * 0.0625**2) / 7)
        sd_trades = math.sqrt((9.25 - 6 * (0.5 / 6) ** 2) / 5)
        expected = {
            "total_r": 0.5,
            "total_trades": 6,
            "winning_trades": 2,
            "losing_trades": 3,
            "avg_trade_r": 0.5 / 6,
            "avg_r_wins": 1.75,
            "avg_r_losses": -1,
            "winrate": 40,
            "profit_factor": 3.5 / 3,
            "max_drawdown": 3,
            "recovery_factor": 0.5 / 3,
            "sharpe_ratio": 0.0625 / sd_dates * math.sqrt(252),
            "sortino_ratio": 0.0625 / math.sqrt(3 / 8) * math.sqrt(252),
            "sharpe_trades": 0.5 / 6 / sd_trades * math.sqrt(252),
            "max_consec_wins": 1,
            "max_consec_losses": 2,
            "ambiguous_trades": 2,
            "break_even_points": 0.5 / (6 / 20),
        }
        assert tuple(expected) == METRIC_NAMES
        assert {n: actual[n] for n in METRIC_NAMES} == pytest.approx(expected, rel=1e-12)

    def test_variation_ratio_uses_its_trades_and_all_dates(self):
        trades = frame_of(("OCAE", -1.0, False), ("TCWE", 1.0, False), ("OCAE", -2.0, True))
        actual = reference.metrics(trades, 4)
        assert actual["ocae_max_consec_losses"] == 2
        assert actual["ocae_max_drawdown"] == 3
        assert actual["ocae_sortino_ratio"] == pytest.approx(-0.75 / math.sqrt(1.25) * 252**0.5)
        assert actual["tcwe_total_r"] == actual["tcwe_max_consec_wins"] == 1
        assert actual["ocae_ambiguous_trades"] == actual["ambiguous_trades"] == 1
        assert all(actual[f"reverse_{name}"] == 0 for name in METRIC_NAMES)

    @pytest.mark.parametrize(
        ("r", "risks", "expected"),
        [
            *((*case["input"].values(), case["expect"]) for case in BREAK_EVENS.values()),
            ([0.5, 0], [40, 0], 20),  # the invalid trade of `original`
        ],
    )
    def test_break_even_is_total_r_over_the_inverse_risks(self, r, risks, expected):
        trades = frame_of(*(("OCAE", one, False) for one in r)).assign(risk_points=risks)
        actual = reference.metrics(trades, len(r))
        assert actual["break_even_points"] == pytest.approx(expected, rel=1e-12)
        assert actual["ocae_break_even_points"] == actual["break_even_points"]
        assert actual["tcwe_break_even_points"] == 0

    def test_start_is_a_peak(self):
        actual = reference.metrics(frame_of(("OCAE", -1.0, False), ("OCAE", 3.0, False)), 2)
        assert actual["max_drawdown"] == 1
        assert actual["recovery_factor"] == 2

    def test_zero_ends_a_streak(self):
        wins = [("OCAE", 1.0, False)] * 2
        actual = reference.metrics(frame_of(*wins, ("OCAE", 0.0, False), *wins), 5)
        assert actual["max_consec_wins"] == 2
        assert actual["profit_factor"] == actual["recovery_factor"] == actual["sortino_ratio"] == 0
        assert actual["winrate"] == 100

    def test_without_trades_all_is_zero(self):
        assert set(reference.metrics(frame_of(), 5).values()) == {0.0}

    def test_ratios_need_two_dates_and_two_trades(self):
        actual = reference.metrics(frame_of(("OCAE", -1.0, False)), 1)
        assert actual["sharpe_ratio"] == actual["sortino_ratio"] == actual["sharpe_trades"] == 0
        actual = reference.metrics(frame_of(("OCAE", -1.0, False)), 2)
        assert actual["sharpe_ratio"] == pytest.approx(-0.5 / math.sqrt(0.5) * math.sqrt(252))
        assert actual["sharpe_trades"] == 0

    def test_deviation_that_is_all_rounding_is_zero(self):
        trades = frame_of(("OCAE", 1.0, False), ("OCAE", 1.0 + 1e-13, False))
        assert reference.metrics(trades, 2)["sharpe_trades"] == 0
        trades = frame_of(("OCAE", 1.0, False), ("OCAE", 1.0 + 1e-3, False))
        assert reference.metrics(trades, 2)["sharpe_trades"] > 1e4


@given(data=st.data())
@settings(max_examples=settings.default.max_examples // 4)
def test_combinations_that_share_bars_trade_as_alone(data):
    scene = data.draw(strategies.scenes())
    one, other = (data.draw(strategies.params(scene.session)) for _ in range(2))
    window = {name: getattr(one, name) for name in ("ib_wait_minutes", "trade_window_minutes")}
    same_window = dataclasses.replace(other, **window)
    context = BacktestContext(scene.market, data.draw(strategies.executions()))
    group = [one, same_window, other]
    for params, trades in zip(group, reference.trades_of_each(context, group), strict=True):
        assert_same_trades(trades, reference.trades(context, params))


def test_market_too_short():
    market = market_of(FLAT_BALANCE, OCAE_LONG, 20)
    context = BacktestContext(market, Execution(spread_points=0))
    changed = PARAMS.to_dict() | {"trade_window_minutes": 61}
    with pytest.raises(GridError, match="the market covers"):
        reference.trades(context, type(PARAMS)(**changed))
    grid, chunk = grid_of_one(type(PARAMS)(**changed))
    with pytest.raises(GridError, match="the market covers"):
        reference.evaluate(context, grid, chunk)


def test_prefixes_repeat_the_metrics():
    assert len(METRIC_COLUMNS) == len(METRIC_NAMES) * (1 + len(PREFIXES)) == 90
