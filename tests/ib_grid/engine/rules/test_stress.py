"""Late entries, and limit orders that need more than a touch, computed by hand."""

from __future__ import annotations

from tests.ib_grid.engine.rules.made_dates import (
    ARMED,
    BEARISH_BALANCE,
    OCAE_LONG,
    REBOUND,
    SWEEP,
    both_models,
    event,
)

RISING = [*OCAE_LONG, 1012, 1013, 1014, 1015, 1016]


class TestDelay:
    @both_models
    def test_market_order_enters_at_the_open_of_its_late_bar(self, run, model):
        trade = run(RISING, model, delay=3, spread=1)
        # minute 5 opens at 1014, 9 points above EQ
        assert trade[:6] == ("OCAE", "long", 5, 1014.5, 1005, 1023)

    @both_models
    def test_first_bar_after_a_gap(self, run, model):
        trade = run([*OCAE_LONG, 1012, None, None, None, 1016], model, delay=2)
        assert (trade.entry, trade.price) == (6, 1012)

    @both_models
    def test_news_moment_is_late_too(self, run, model):
        assert run(RISING, model, delay=3, news=event(5)) is None
        assert run(RISING, model, delay=3, news=event(2)).entry == 5

    def test_nobody_takes_the_place_of_an_entry_after_the_window(self, run):
        late = run([*RISING, (1016, 1016, 1009, 1016)], "realistic", delay=18)
        assert late is None
        original = run(RISING, "original", delay=30)
        assert (original.entry, original.exit, original.reason) == (20, 20, "time")

    @both_models
    def test_reverse_measures_from_its_late_open(self, run, model):
        window = [*SWEEP, 1009, 1006, 1005, 1004, 1003, 1003]
        trade = run(window, model, balance=BEARISH_BALANCE, delay=2, max_distance_pct=0)
        # CISD in minutes 2 and 3, so known in minute 4 and traded in minute 6
        assert trade[:5] == ("Reverse", "short", 6, 1004, 1010.5)

    @both_models
    def test_limit_order_is_placed_late(self, run, model):
        # back at 1010 in minute 3 already, and again in minute 6
        window = [*ARMED, 1013, (1013, 1013, 1009, 1013), 1013, 1013, (1013, 1013, 1009, 1013)]
        on_time, late = (run(window, model, delay=delay, **REBOUND) for delay in (0, 3))
        waits = 0 if model == "realistic" else 1  # until the end of the two-minute bar
        assert on_time.entry == 3 + waits
        assert late.entry == (6 if model == "realistic" else 8)
        assert late.price == on_time.price


class TestLimitThrough:
    @both_models
    def test_order_fills_at_its_level_beyond_a_touch(self, run, model):
        half = 0.5 if model == "realistic" else 0
        touch = (1013, 1013, 1010 - half, 1013)
        beyond = (1013, 1013, 1009 - half, 1013)
        window = [*ARMED, 1013, touch, 1013, beyond]
        given = {**REBOUND, "fill_to": 20}
        first, second = (run(window, model, through=x, **given) for x in (0, 1))
        assert (first.entry, second.entry) == ((3, 5) if model == "realistic" else (4, 6))
        assert first.price == second.price
        assert run(window, model, through=1.01, **given) is None
