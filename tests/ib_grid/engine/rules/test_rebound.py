"""REV_RB worked out by hand: its entry, and the bar that fills its limit order."""

from __future__ import annotations

import pytest

from tests.ib_grid.engine.rules.made_dates import ARMED, REBOUND, Minute, both_models, close_to


class TestRebound:
    def test_realistic_fills_at_the_level_when_the_ask_comes_back(self, run):
        window = [*ARMED, 1013, (1013, 1013, 1009.5, 1011)]
        trade = run(window, "realistic", **REBOUND)
        expected = ("REV_RB", "long", 3, 1010.0, 1005.0, 1015.0, 19, 1010.5, "time", 0.1, False)
        assert trade == close_to(*expected)
        window = [*ARMED, 1013, (1013, 1013, 1009.75, 1011)]
        assert run(window, "realistic", **REBOUND) is None

    def test_original_fills_half_the_spread_off_the_mid(self, run):
        window = [*ARMED, 1013, (1013, 1013, 1010, 1011)]
        trade = run(window, "original", **REBOUND)
        expected = ("REV_RB", "long", 4, 1010.5, 1005.0, 1015.0, 20, 1010.5, "time", 0.0, False)
        assert trade == close_to(*expected)

    @both_models
    def test_sell(self, run, model):
        window = [(1005, 1005, 995, 996), 996, 997, (997, 1000.5, 997, 999)]
        trade = run(window, model, **REBOUND)
        entry, price = (3, 1000) if model == "realistic" else (4, 999.5)
        assert trade[:6] == ("REV_RB", "short", entry, price, 1005, 995)

    def test_realistic_sell_fills_when_the_bid_comes_back(self, run):
        window = [(1005, 1005, 995, 996), 996, 997, (997, 1000.25, 997, 999)]
        assert run(window, "realistic", **REBOUND) is None

    @both_models
    def test_mid_on_the_level_fills_without_a_spread(self, run, model):
        window = [*ARMED, 1013, (1013, 1013, 1010, 1011)]
        assert run(window, model, **{**REBOUND, "spread": 0}).price == 1010
        window = [(1005, 1005, 995, 996), 996, 997, (997, 1000, 997, 999)]
        assert run(window, model, **{**REBOUND, "spread": 0}).price == 1000

    @both_models
    def test_not_armed_just_below(self, run, model):
        window = [(1005, 1014.75, 1005, 1014), 1014, 1013, (1013, 1013, 1009, 1011)]
        assert run(window, model, **REBOUND) is None

    @both_models
    def test_not_enabled(self, run, model):
        window = [*ARMED, 1013, (1013, 1013, 1009, 1011)]
        assert run(window, model, **{**REBOUND, "rev_rb_enabled": False}) is None

    @both_models
    def test_arming_bar_does_not_fill(self, run, model):
        window = [(1005, 1015, 1005, 1014), (1014, 1014, 1008, 1014), 1014, 1014]
        assert run(window, model, **REBOUND) is None

    @both_models
    def test_bar_that_arms_both_arms_the_buy(self, run, model):
        trade = run([(1005, 1015, 995, 1005)], model, **REBOUND)
        assert trade[:2] == ("REV_RB", "long")

    @both_models
    def test_only_the_first_arming_counts(self, run, model):
        window = [*ARMED, (1014, 1014, 1014, 1014), 1014, (1014, 1014, 995, 996), 996]
        trade = run(window, model, **REBOUND)
        assert trade[:2] == ("REV_RB", "long")

    def test_fill_minute_against_a_later_breakout(self, run):
        # filled in minute 2; OCAE is known at minute 6
        window = [(1005, 1015, 1005, 1009), 1009, 1009, 1009, 1010.5, 1012]
        given = {"rev_rb_enabled": True, "spread": 1}
        trade = run(window, "realistic", **given)
        expected = ("REV_RB", "long", 2, 1010.0, 1005.0, 1015.0, 19, 1011.5, "time", 0.3, False)
        assert trade == close_to(*expected)
        assert run(window, "original", **given)[:3] == ("OCAE", "long", 6)

    def test_market_order_precedes_a_fill_in_the_same_minute(self, run):
        # the order fills in minute 4, when OCAE is known
        window = [(1005, 1015, 1005, 1014), 1030, 1030, 1020, (1020, 1020, 1008, 1020)]
        trade = run(window, "realistic", rev_rb_enabled=True)
        assert trade[:4] == ("OCAE", "long", 4, 1020)
        window = [(1005, 1015, 1005, 1014), 1030, 1030, (1020, 1020, 1008, 1020)]
        assert run(window, "realistic", rev_rb_enabled=True)[:3] == ("REV_RB", "long", 3)


class TestLimitFillBar:
    """REV_RB bought at 1010 in minute 3, stop 1005, target 1015, risk 5."""

    def leave(self, run, *bars: Minute) -> tuple[object, ...]:
        trade = run([*ARMED, 1013, *bars], "realistic", **REBOUND)
        assert trade[:6] == ("REV_RB", "long", 3, 1010, 1005, 1015)
        return trade[6:]

    def test_target_does_not_count(self, run):
        left = self.leave(run, (1013, 1020, 1009, 1013), (1016, 1016, 1016, 1016))
        assert left == (4, 1015.5, "tp", pytest.approx(1.1), False)

    def test_stop_counts_and_is_never_ambiguous(self, run):
        assert self.leave(run, (1013, 1020, 1005.5, 1013)) == (3, 1005, "stop", -1, False)
        assert self.leave(run, (1013, 1013, 1003, 1004)) == (3, 1005, "stop", -1, False)

    def test_open_beyond_the_stop_fills_at_the_stop(self, run):
        assert self.leave(run, (1004, 1004, 1003, 1004)) == (3, 1005, "stop", -1, False)

    def test_slippage_spares_the_entry_and_worsens_the_stop(self, run):
        window = [*ARMED, 1013, (1013, 1013, 1005, 1006)]
        trade = run(window, "realistic", slippage=0.5, **REBOUND)
        expected = (
            *("REV_RB", "long", 3, 1010.0, 1005.0, 1015.0),
            *(3, 1004.5, "stop", -1.1, False),
        )
        assert trade == close_to(*expected)
