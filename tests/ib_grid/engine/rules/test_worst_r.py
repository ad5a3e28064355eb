"""The lowest floating result of a trade, computed by hand (STRATEGY.md, section 7)."""

from __future__ import annotations

import pytest

from tests.ib_grid.engine.rules.made_dates import ARMED, OCAE_LONG, OCAE_SHORT, REBOUND, both_models

# OCAE long at 1012 in minute 2: stop 1005, target 1019, risk 7.
TRAILING = {"tsl_target": 1, "tsl_sl": 0.5}


def sevenths(points: float) -> object:
    return pytest.approx(points / 7, abs=1e-12)


class TestBothModels:
    @both_models
    def test_bar_before_the_exit_counts_whole(self, worst_r, model):
        bars = [1012, (1012, 1015, 1008, 1013), (1013, 1020, 1013, 1020)]
        assert worst_r([*OCAE_LONG, *bars], model) == sevenths(-4)

    @both_models
    def test_bar_of_the_target_counts_whole(self, worst_r, model):
        assert worst_r([*OCAE_LONG, 1012, (1013, 1020, 1007, 1020)], model) == sevenths(-5)

    @both_models
    def test_stop_in_its_bar_is_the_stop(self, worst_r, model):
        assert worst_r([*OCAE_LONG, 1012, (1010, 1011, 1000, 1001)], model) == -1

    @both_models
    def test_short_sees_highs(self, worst_r, model):
        bars = [998, (998, 1002, 997, 998), (998, 998, 990, 990)]
        assert worst_r([*OCAE_SHORT, *bars], model) == sevenths(-4)

    @both_models
    def test_trailing_counts_the_bar_of_a_step_whole(self, worst_r, model):
        # a step to 1008.5 at 1019, then the stop
        bars = [1012, (1012, 1020, 1006, 1018), (1018, 1018, 1000, 1001)]
        assert worst_r([*OCAE_LONG, *bars], model, **TRAILING) == sevenths(-6)

    @both_models
    def test_last_bar_of_the_window_counts(self, worst_r, model):
        last = 20 if model == "original" else 19
        bars = [1012] * (last - 2) + [(1012, 1012, 1009, 1012)]
        assert worst_r([*OCAE_LONG, *bars], model) == sevenths(-3)

    @both_models
    def test_trade_that_only_rises_has_its_first_low(self, worst_r, model):
        # half the spread below the middle; the fill was half of it above (risk 8)
        offset = {"realistic": -2, "original": -1}[model]
        bars = [(1012, 1013, 1012, 1013), (1012, 1022, 1012, 1022)]
        assert worst_r([*OCAE_LONG, *bars], model, spread=2) == pytest.approx(offset / 8)


class TestRealistic:
    def test_entry_bar_counts(self, worst_r):
        assert worst_r([*OCAE_LONG, (1012, 1013, 1008, 1013), 1020], "realistic") == sevenths(-4)

    def test_exit_at_the_open_counts_the_open_alone(self, worst_r):
        stopped = [*OCAE_LONG, 1012, (1004, 1004, 990, 991)]
        assert worst_r(stopped, "realistic") == sevenths(-8)
        target = [*OCAE_LONG, 1012, (1021, 1021, 990, 991)]
        assert worst_r(target, "realistic") == 0
        # stop and target moved past each other at the open
        moved = worst_r(target, "realistic", tsl_target=1, tsl_sl=2)
        assert moved == 0

    def test_stepped_past_the_market_counts_the_bar_whole(self, worst_r):
        bars = [1012, (1012, 1020, 1007, 1020)]
        assert worst_r([*OCAE_LONG, *bars], "realistic", tsl_target=1, tsl_sl=3) == sevenths(-5)

    def test_close_beyond_the_stepped_stop_counts_the_bar_whole(self, worst_r):
        bars = [1012, (1012, 1020, 1007, 1008)]
        assert worst_r([*OCAE_LONG, *bars], "realistic", **TRAILING) == sevenths(-5)

    def test_fill_bar_of_a_limit_order_counts(self, worst_r):
        # bought at 1010 in minute 3, stop 1005; on the bid half a point lower
        bars = [*ARMED, 1013, (1013, 1020, 1007, 1013), (1016, 1016, 1016, 1016)]
        assert worst_r(bars, "realistic", **REBOUND) == pytest.approx(-3.5 / 5)

    def test_stop_on_the_fill_bar_is_the_stop(self, worst_r):
        bars = [*ARMED, 1013, (1013, 1013, 1000, 1004)]
        assert worst_r(bars, "realistic", **REBOUND) == -1

    def test_commission_is_deducted_and_slippage_is_not(self, worst_r):
        bars = [*OCAE_LONG, 1012, (1012, 1015, 1008, 1013), (1013, 1020, 1013, 1020)]
        # bought at 1012.5, so risk 7.5
        costs = {"slippage": 0.5, "commission": 1}
        assert worst_r(bars, "realistic", **costs) == pytest.approx((-4.5 - 1) / 7.5)

    def test_never_above_the_result(self, worst_r):
        # the stop slips by half a point, and the result with it
        bars = [*OCAE_LONG, 1012, (1010, 1011, 1004, 1004)]
        assert worst_r(bars, "realistic", slippage=0.5) == pytest.approx(-8 / 7.5)


class TestOriginal:
    def test_entry_bar_does_not_count(self, worst_r):
        bars = [(1012, 1013, 1008, 1013), 1020]
        assert worst_r([*OCAE_LONG, *bars], "original") == sevenths(1)

    def test_jumped_stop_counts_the_fill(self, worst_r):
        assert worst_r([*OCAE_LONG, 1012, (1003, 1004, 1000, 1001)], "original") == sevenths(-8)

    def test_invalid_trade_has_none(self, worst_r):
        window = [(1012, 1012, 1005, 1012)]
        assert worst_r(window, "original", stop_mode="ib_start") == 0
