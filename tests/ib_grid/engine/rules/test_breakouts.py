"""Bars, windows, and the breakouts OCAE and TCWE, worked out by hand."""

from __future__ import annotations

from tests.ib_grid.engine.rules.made_dates import (
    OCAE_LONG,
    OCAE_SHORT,
    Minute,
    both_models,
    close_to,
)


class TestBarsAndWindow:
    @both_models
    def test_no_range_no_trade(self, run, model):
        assert run(OCAE_LONG, model, balance=[1005] * 30) is None

    @both_models
    def test_no_bar_in_the_window_no_trade(self, run, model):
        assert run([], model, fill_to=-1) is None

    def test_window_without_a_whole_m2_bar(self, run):
        assert run(OCAE_LONG, "realistic", trade_window_minutes=1) is None

    @both_models
    def test_wait_moves_the_window(self, run, model):
        trade = run([*OCAE_LONG, 1005, 1005, 1006, 1013], model, ib_wait_minutes=4)
        assert (trade.variation, trade.entry, trade.price) == ("OCAE", 6, 1013)

    @both_models
    def test_first_bin_is_dropped_if_the_window_starts_inside_it(self, run, model):
        # minute 1 would be a breakout bar and the start price 1013
        window = [1005, (1013, 1013, 1005, 1013), (1007, 1007, 1005, 1007), 1012]
        trade = run(window, model, ib_wait_minutes=1, stop_mode="ib_start")
        assert trade[:5] == ("OCAE", "long", 4, 1012, 1007)

    @both_models
    def test_m2_bar_ends_at_its_second_minute_even_if_missing(self, run, model):
        trade = run([(1005, 1012, 1005, 1012), None, 1012], model)
        assert (trade.variation, trade.entry) == ("OCAE", 2)

    @both_models
    def test_entry_waits_for_the_next_existing_bar(self, run, model):
        trade = run([*OCAE_LONG, None, None, None, (1014, 1014, 1014, 1014)], model)
        assert trade.entry == 5
        assert trade.price == (1014 if model == "realistic" else 1012)


class TestBreakoutAndOcae:
    def test_long_realistic(self, run):
        trade = run([*OCAE_LONG, (1013, 1013, 1013, 1013)], "realistic", spread=1)
        expected = ("OCAE", "long", 2, 1013.5, 1005.0, 1021.0, 19, 1012.5, "time", -1 / 8.5, False)
        assert trade == close_to(*expected)

    def test_long_original(self, run):
        trade = run([*OCAE_LONG, (1013, 1013, 1013, 1013)], "original", spread=1)
        expected = ("OCAE", "long", 2, 1012.5, 1005.0, 1019.0, 20, 1012.5, "time", 0.0, False)
        assert trade == close_to(*expected)

    @both_models
    def test_short(self, run, model):
        trade = run(OCAE_SHORT, model, spread=1)
        last = 19 if model == "realistic" else 20
        expected = ("OCAE", "short", 2, 997.5, 1005.0, 991.0, last, 998.5, "time", -1 / 7.5, False)
        assert trade == close_to(*expected)

    @both_models
    def test_close_on_the_buffer_is_not_beyond_it(self, run, model):
        assert run([1006, 1011], model) is None
        assert run([1006, 1011, 1011, 1011.5], model).entry == 4

    @both_models
    def test_close_on_the_reach_is_within_it(self, run, model):
        assert run([1006, 1020], model).entry == 2
        assert run([1004, 990], model).entry == 2

    @both_models
    def test_close_past_the_reach_is_skipped(self, run, model):
        trade = run([1006, 1020.5, 1020.5, 1015], model)
        assert (trade.variation, trade.entry, trade.price) == ("OCAE", 4, 1015)

    @both_models
    def test_eq_not_touched(self, run, model):
        assert run([(1005.5, 1012, 1005.5, 1012)], model) is None

    @both_models
    def test_eq_touched_before_the_breakout_bar(self, run, model):
        assert run([1005, 1006, (1006, 1012, 1006, 1012), 1012], model).variation == "OCAE"

    def test_original_counts_a_signal_bar_that_ends_by_w1_only(self, run):
        assert run(OCAE_LONG, "original", trade_window_minutes=2).entry == 2
        assert run(OCAE_LONG, "original", trade_window_minutes=1) is None

    def test_original_enters_on_the_last_bar_if_none_follows(self, run):
        trade = run(OCAE_LONG, "original", fill_to=1, spread=1)
        # left at the second to last close less half the spread, labelled with the last bar
        expected = ("OCAE", "long", 1, 1012.5, 1005.0, 1019.0, 1, 1005.5, "time", -7 / 7.5, False)
        assert trade == close_to(*expected)

    def test_realistic_needs_a_following_bar(self, run):
        assert run(OCAE_LONG, "realistic", fill_to=1) is None
        assert run(OCAE_LONG, "realistic", trade_window_minutes=2) is None


class TestTcwe:
    FIRST: tuple[Minute, ...] = ((1006, 1012, 1006, 1012), 1012)

    @both_models
    def test_second_close_beyond_the_first(self, run, model):
        trade = run([*self.FIRST, 1013, 1013], model)
        assert trade[:6] == ("TCWE", "long", 4, 1013, 1005, 1021)

    @both_models
    def test_short(self, run, model):
        trade = run([(1004, 1004, 998, 998), 998, 997, 997], model)
        assert trade[:6] == ("TCWE", "short", 4, 997, 1005, 989)

    @both_models
    def test_equal_close_and_close_past_the_reach_are_passed_over(self, run, model):
        trade = run([*self.FIRST, 1012, 1012, 1021, 1021, 1014, 1014], model)
        assert trade[:4] == ("TCWE", "long", 8, 1014)

    @both_models
    def test_eq_touched_at_the_second_bar(self, run, model):
        assert run([*self.FIRST, (1012, 1013, 1005, 1013), 1013], model) is None

    @both_models
    def test_eq_touched_between(self, run, model):
        assert run([*self.FIRST, (1012, 1012, 1005, 1012), 1012, 1013, 1013], model) is None

    @both_models
    def test_touch_after_the_second_bar_is_harmless(self, run, model):
        window = [*self.FIRST, 1013, 1013, (1013, 1013, 1006, 1013), (1013, 1013, 1004, 1013)]
        assert run(window, model).variation == "TCWE"
