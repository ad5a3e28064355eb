"""The candidate that is traded, and candidates blocked by news, worked out by hand."""

from __future__ import annotations

import pytest

from tests.ib_grid.engine.rules.made_dates import (
    BEARISH_BALANCE,
    OCAE_LONG,
    SWEEP,
    both_models,
    event,
)


class TestRaceAndNews:
    def test_reverse_comes_first_at_the_same_moment(self, run):
        # the wait ends with a bullish bar at 990; minutes 2 and 3 of the window close at 995: a
        # breakout to the short side and the CISD of the lower sweep before it
        wait = [(990, 991, 990, 991), 991, (1005, 1005, 1005, 1005), 1005]
        window = [*wait, (1005, 1005, 999.5, 1000), 1000, 998, 995]
        assert run(window, "realistic", ib_wait_minutes=4)[:4] == ("Reverse", "long", 8, 995)
        # original counts Reverse from the bar after the CISD
        assert run(window, "original", ib_wait_minutes=4)[:4] == ("OCAE", "short", 8, 995)

    @both_models
    @pytest.mark.parametrize(
        ("minute", "blocks"), [(2, True), (5, True), (6, False), (-2, True), (-3, False)]
    )
    def test_both_ends_of_the_blocked_span(self, run, model, minute, blocks):
        trade = run(OCAE_LONG, model, news=event(minute, before=3, after=4))
        assert (trade is None) == blocks

    def test_news_moment_of_realistic_is_the_signal_not_the_entry(self, run):
        window = [*OCAE_LONG, None, None, 1012]
        assert run(window, "realistic", news=event(2)) is None
        assert run(window, "realistic", news=event(4)).entry == 4

    def test_blocked_candidate_does_not_block_the_others(self, run):
        window = [(1005, 1015, 1005, 1009), 1009, 1009, 1009, 1010.5, 1012]
        assert run(window, "realistic", rev_rb_enabled=True, news=event(2)).variation == "OCAE"
        assert run(window, "original", rev_rb_enabled=True, news=event(6)).variation == "REV_RB"

    @both_models
    def test_later_fill_does_not_replace_a_blocked_one(self, run, model):
        window = [(1005, 1015, 1005, 1009), 1009, 1009]
        assert run(window, model, rev_rb_enabled=True) is not None
        assert run(window, model, rev_rb_enabled=True, news=event(2)) is None

    @both_models
    def test_later_group_does_not_replace_a_blocked_one(self, run, model):
        again = [(1009, 1009, 1008, 1008), 1008, (1008, 1010.25, 1008, 1009), 1009, 1008, 1007]
        window = [*SWEEP, 1008, 1006.5, *again]
        assert run(window, model, balance=BEARISH_BALANCE).entry == 4
        assert run(window, model, balance=BEARISH_BALANCE, news=event(4)) is None

    def test_original_rebound_checks_news_at_its_fill_bar_start(self, run):
        window = [(1005, 1015, 1005, 1009), 1009, 1009]
        assert run(window, "original", rev_rb_enabled=True, news=event(4)).entry == 4
