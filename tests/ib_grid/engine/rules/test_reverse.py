"""Reverse worked out by hand."""

from __future__ import annotations

from tests.ib_grid.engine.rules.made_dates import (
    BEARISH_BALANCE,
    BULLISH_BALANCE,
    FLAT_BALANCE,
    LOWER_SWEEP,
    SWEEP,
    both_models,
    close_to,
)


class TestReverse:
    def test_realistic_short(self, run):
        window = [*SWEEP, 1008, 1006.5, (1006, 1006, 1006, 1006)]
        trade = run(window, "realistic", balance=BEARISH_BALANCE, spread=1)
        expected = (
            *("Reverse", "short", 4, 1005.5, 1010.5, 1001.5),
            *(19, 1006.5, "time", -1 / 5, False),
        )
        assert trade == close_to(*expected)

    def test_original_short_fills_at_the_cisd_close(self, run):
        window = [*SWEEP, 1008, 1006.5, (1006, 1006, 1006, 1006)]
        trade = run(window, "original", balance=BEARISH_BALANCE, spread=1)
        expected = (
            *("Reverse", "short", 4, 1006.0, 1010.5, 1001.5),
            *(20, 1006.5, "time", -0.5 / 4.5, False),
        )
        assert trade == close_to(*expected)

    @both_models
    def test_long(self, run, model):
        window = [*LOWER_SWEEP, 1002, 1003.5]
        trade = run(window, model, balance=BULLISH_BALANCE)
        assert trade[:6] == ("Reverse", "long", 4, 1003.5, 999.5, 1007.5)

    @both_models
    def test_cisd_must_close_beyond_the_context_candle(self, run, model):
        window = [*SWEEP, 1008, 1007, 1007, 1006.5]
        assert run(window, model, balance=BEARISH_BALANCE).entry == 6
        window = [*LOWER_SWEEP, 1002, 1003, 1003, 1003.5]
        assert run(window, model, balance=BULLISH_BALANCE).entry == 6

    @both_models
    def test_half_the_range_gone_voids_the_group(self, run, model):
        assert run([*SWEEP, 1008, 1005, 1006, 1006.5], model, balance=BEARISH_BALANCE) is None
        assert run([*SWEEP, 1008, 1005.5], model, balance=BEARISH_BALANCE).entry == 4
        window = [*LOWER_SWEEP, 1002, 1005, 1003, 1003.5]
        assert run(window, model, balance=BULLISH_BALANCE) is None

    @both_models
    def test_the_group_after_a_void_one(self, run, model):
        window = [
            *(*SWEEP, 1008, 1005),
            *((1009, 1009, 1008, 1008), 1008),
            *((1008, 1010.25, 1008, 1009), 1009),
            *(1008, 1007),
        ]
        trade = run(window, model, balance=BEARISH_BALANCE)
        assert trade[:5] == ("Reverse", "short", 10, 1007, 1010.25)

    @both_models
    def test_no_context_candle_voids_the_group(self, run, model):
        assert run([*SWEEP, 1008, 1006.5], model) is None

    @both_models
    def test_context_candle_within_the_wait(self, run, model):
        wait = [(1008, 1008, 1007, 1007), 1007, 1007, 1007]
        assert run([*wait, *SWEEP, 1008, 1006.5], model, ib_wait_minutes=4).entry == 8

    @both_models
    def test_last_candle_before_the_group_counts(self, run, model):
        # the bearish bar of minutes 0 and 1 has the low 1008
        window = [(1009, 1009, 1008, 1008), 1008, (1008, 1010.5, 1008, 1009), 1009, 1008, 1007.5]
        assert run(window, model, balance=BEARISH_BALANCE).entry == 6

    @both_models
    def test_group_extreme_spans_consecutive_bars_across_a_gap(self, run, model):
        window = [*SWEEP, *[None] * 6, (1009, 1010.75, 1009, 1009), 1009, 1008, 1006.5]
        assert run(window, model, balance=BEARISH_BALANCE).stop == 1010.75

    @both_models
    def test_lower_sweep_of_a_bar_parts_its_upper_from_the_next(self, run, model):
        window = [
            (1007, 1010.5, 999.5, 1009),
            1009,
            (1009, 1010.75, 1009, 1009),
            1009,
            1008,
            1006.5,
        ]
        trade = run(window, model, balance=BEARISH_BALANCE)
        assert trade[:5] == ("Reverse", "short", 6, 1006.5, 1010.5)

    @both_models
    def test_sweep_of_the_other_side_may_be_the_cisd(self, run, model):
        window = [*SWEEP, (1009, 1009, 999.5, 1006.5), 1006.5]
        trade = run(window, model, balance=BEARISH_BALANCE)
        assert trade[:5] == ("Reverse", "short", 4, 1006.5, 1010.5)

    @both_models
    def test_sweeps_and_flat_bars_are_not_context_candles(self, run, model):
        # the sweep is bearish with the low 1008.5, the bar before it neither with the low 1008
        flat = [(1009, 1009, 1008, 1009), 1009]
        window = [*flat, (1009, 1010.5, 1008.5, 1008.5), 1008.5, 1008, 1007.5, 1007, 1006.5]
        assert run(window, model, balance=BEARISH_BALANCE).entry == 8

    @both_models
    def test_price_on_the_level_is_no_sweep(self, run, model):
        window = [(1007, 1010, 1007, 1009), 1009, 1008, 1006.5]
        assert run(window, model, balance=BEARISH_BALANCE) is None
        window = [(1003, 1003, 1000, 1001), 1001, 1002, 1003.5]
        assert run(window, model, balance=BULLISH_BALANCE) is None

    @both_models
    def test_open_and_close_on_the_buffer_still_sweep(self, run, model):
        window = [(1011, 1011.5, 1011, 1011), 1011, 1008, 1006.5]
        trade = run(window, model, balance=BEARISH_BALANCE)
        assert (trade.variation, trade.stop) == ("Reverse", 1011.5)
        window = [(999, 999, 998.5, 999), 999, 1002, 1003.5]
        trade = run(window, model, balance=BULLISH_BALANCE)
        assert (trade.variation, trade.stop) == ("Reverse", 998.5)

    @both_models
    def test_no_sweep_is_collected_after_a_bar_beyond_the_buffer(self, run, model):
        beyond = [(1012, 1013, 1012, 1013), 1013]
        sweep = [(1007, 1010.5, 1007, 1009), 1009, 1008, 1006.5]
        assert run([*beyond, *sweep], model, balance=BEARISH_BALANCE) is None
        beyond = [(998, 998, 997, 997), 997]
        assert run([*beyond, *LOWER_SWEEP, 1002, 1003.5], model, balance=BULLISH_BALANCE) is None

    @both_models
    def test_a_close_beyond_the_buffer_keeps_collecting_sweeps(self, run, model):
        window = [(1009, 1012, 1009, 1012), 1012, *SWEEP, 1008, 1006.5]
        trade = run(window, model, balance=BEARISH_BALANCE)
        assert trade[:5] == ("Reverse", "short", 6, 1006.5, 1010.5)

    def test_original_takes_first_group_realistic_earliest_cisd(self, run):
        balance = (*FLAT_BALANCE[:28], (1008, 1008, 1006, 1006), 1006)
        window = [
            *SWEEP,
            *((1009, 1009, 1008.5, 1008.5), 1008.5),
            *((1008.5, 1010.75, 1008.5, 1009), 1009),
            *(1008, 1007),  # CISD of the second group
            *(1006, 1005.5),  # CISD of the first
        ]
        assert run(window, "realistic", balance=balance)[2:5] == (8, 1007, 1010.75)
        assert run(window, "original", balance=balance)[2:5] == (10, 1005.5, 1010.5)

    def test_original_enters_on_the_bar_after_the_cisd_even_at_w1(self, run):
        window = [*SWEEP, 1008, 1006.5]
        given = {"balance": BEARISH_BALANCE, "trade_window_minutes": 4, "spread": 1}
        trade = run(window, "original", **given)
        expected = (
            "Reverse",
            "short",
            4,
            1006.0,
            1010.5,
            1002.5,
            4,
            1007.0,
            "time",
            -1 / 4.5,
            False,
        )
        assert trade == close_to(*expected)
        assert run(window, "original", fill_to=3, **given) is None
        assert run(window, "realistic", **given) is None
