"""Stop, target, fill and exits of both execution models, worked out by hand."""

from __future__ import annotations

import pytest

from tests.ib_grid.engine.rules.made_dates import (
    OCAE_LONG,
    OCAE_SHORT,
    Minute,
    both_models,
    close_to,
)


class TestStopTargetFill:
    @both_models
    def test_ib_start_mode_takes_the_window_open(self, run, model):
        trade = run([(1007, 1007, 1004, 1006), 1012], model, stop_mode="ib_start")
        assert trade[3:6] == (1012, 1007, 1017)

    @both_models
    def test_stop_on_the_wrong_side_is_mirrored(self, run, model):
        trade = run([(1014, 1014, 1005, 1006), 1012], model, stop_mode="ib_start", rr_target=2)
        assert trade[3:6] == (1012, 1010, 1016)

    @both_models
    def test_short_stop_on_the_wrong_side_is_mirrored(self, run, model):
        trade = run([(996, 1005, 996, 1004), 998], model, stop_mode="ib_start", rr_target=2)
        assert trade[3:6] == (998, 1000, 994)

    @both_models
    def test_small_distance_is_widened(self, run, model):
        trade = run(OCAE_LONG, model, min_sl_pct=0.01, rr_target=0.5)
        assert trade[3:6] == pytest.approx((1012, 1012 - 10.12, 1012 + 5.06), abs=1e-9)

    @both_models
    def test_distance_of_zero_is_widened(self, run, model):
        trade = run([(1012, 1012, 1005, 1012)], model, stop_mode="ib_start", min_sl_pct=0.01)
        assert trade[3:6] == pytest.approx((1012, 1012 - 10.12, 1012 + 10.12), abs=1e-9)

    @both_models
    def test_large_distance_is_left_alone(self, run, model):
        assert run(OCAE_LONG, model, min_sl_pct=0.006)[3:6] == (1012, 1005, 1019)

    def test_risk_of_zero(self, run):
        window = [(1012, 1012, 1005, 1012)]
        assert run(window, "realistic", stop_mode="ib_start") is None
        trade = run(window, "original", stop_mode="ib_start")
        assert trade == ("OCAE", "long", 2, 1012, 1012, 1012, 2, 1012, "invalid", 0, False)

    @pytest.mark.parametrize(("fraction", "is_zero"), [(0.9e-7, True), (1.1e-7, False)])
    def test_risk_within_the_floor_is_zero(self, run, fraction, is_zero):
        window = [(1012 - 1012 * fraction, 1012, 1005, 1012)]
        assert (run(window, "realistic", stop_mode="ib_start") is None) == is_zero
        trade = run(window, "original", stop_mode="ib_start")
        assert (trade.reason == "invalid") == is_zero
        assert trade.r == 0

    def test_risk_is_measured_from_the_fill(self, run):
        window = [(1012, 1012, 1005, 1012)]
        trade = run(window, "original", stop_mode="ib_start", spread=1)
        expected = ("OCAE", "long", 2, 1012.5, 1012.0, 1012.0, 3, 1012.0, "tp", -1.0, False)
        assert trade == close_to(*expected)
        trade = run(window, "realistic", stop_mode="ib_start", spread=1)
        expected = ("OCAE", "long", 2, 1012.5, 1012.0, 1012.0, 2, 1011.5, "stop", -2.0, False)
        assert trade == close_to(*expected)


class TestOriginalExits:
    """OCAE long at 1012 in minute 2: stop 1005, target 1019, risk 7; watched from minute 3."""

    def leave(self, run, *bars: Minute, **given: object) -> tuple[object, ...]:
        trade = run([*OCAE_LONG, (1012, 1030, 1000, 1012), *bars], "original", **given)
        assert trade[:6] == ("OCAE", "long", 2, 1012, 1005, 1019)
        return trade[6:]

    def test_target_before_stop(self, run):
        assert self.leave(run, (1012, 1019, 1005, 1012)) == (3, 1019, "tp", 1, True)

    def test_one_match_is_not_ambiguous(self, run):
        assert self.leave(run, (1012, 1019, 1006, 1012)) == (3, 1019, "tp", 1, False)
        assert self.leave(run, (1012, 1018, 1005, 1012)) == (3, 1005, "stop", -1, False)

    def test_open_at_the_stop_is_not_ambiguous(self, run):
        assert self.leave(run, (1005, 1019, 1005, 1012)) == (3, 1019, "tp", 1, False)

    def test_stop_jumped(self, run):
        assert self.leave(run, (1003, 1006, 1002, 1003)) == (3, 1005, "stop", -1, False)
        left = self.leave(run, (1003, 1004, 1002, 1003))
        assert left == (3, 1004, "stop", pytest.approx(-8 / 7), False)

    def test_short_stop_jumped(self, run):
        trade = run([*OCAE_SHORT, 998, (1007, 1008, 1006, 1007)], "original")
        assert trade[6:] == (3, 1006, "stop", pytest.approx(-8 / 7), False)

    def test_trailing_steps_as_often_as_the_bar_allows(self, run):
        given = {"tsl_target": 1, "tsl_sl": 0.5}
        # 1019 and 1026 reached: stop 1005 -> 1008.5 -> 1012
        left = self.leave(run, (1012, 1026, 1010, 1020), (1020, 1020, 1012, 1015), **given)
        assert left == (4, 1012, "stop", 0, False)

    def test_trailing_looks_at_the_stop_before_its_steps(self, run):
        given = {"tsl_target": 1, "tsl_sl": 0.5}
        left = self.leave(run, (1012, 1026, 1005, 1020), **given)
        assert left == (3, 1005, "stop", -1, True)
        left = self.leave(run, (1012, 1019, 1006, 1008), (1008, 1008.5, 1008, 1008), **given)
        assert left == (4, 1008.5, "stop", -0.5, False)

    def test_trailed_stop_jumped_is_left_at_the_nearest_price(self, run):
        given = {"tsl_target": 1, "tsl_sl": 2}  # steps to 1019
        left = self.leave(run, (1012, 1019, 1006, 1012), (1012, 1015, 1010, 1012), **given)
        assert left == (4, 1015, "stop", pytest.approx(3 / 7), False)

    def test_time_exit_at_the_second_to_last_close(self, run):
        bars = [1012] * 16
        assert self.leave(run, *bars, 1015, 1017)[:3] == (20, 1015, "time")


class TestRealisticExits:
    """OCAE long at 1012 in minute 2: stop 1005, target 1019, risk 7; watched from minute 2."""

    def leave(self, run, *bars: Minute, **given: object) -> tuple[object, ...]:
        trade = run([*OCAE_LONG, 1012, *bars], "realistic", **given)
        assert trade[:6] == ("OCAE", "long", 2, 1012, 1005, 1019)
        return trade[6:]

    def test_entry_bar_is_watched(self, run):
        trade = run([*OCAE_LONG, (1012, 1012, 1004, 1012)], "realistic")
        assert trade[6:] == (2, 1005, "stop", -1, False)

    def test_rule_1_open_at_or_beyond_the_stop(self, run):
        assert self.leave(run, (1005, 1006, 1005, 1006)) == (3, 1005, "stop", -1, False)
        left = self.leave(run, (1004, 1019, 1003, 1006))
        assert left == (3, 1004, "stop", pytest.approx(-8 / 7), False)

    def test_rule_2_open_beyond_the_target(self, run):
        left = self.leave(run, (1021, 1021, 1004, 1006))
        assert left == (3, 1021, "tp", pytest.approx(9 / 7), False)

    def test_rule_2_trailing_steps_and_stays(self, run):
        given = {"tsl_target": 1, "tsl_sl": 0.5}
        # the open reaches 1019 and 1026: stop 1012; rule 3 then looks at that stop
        left = self.leave(run, (1027, 1027, 1013, 1020), (1020, 1020, 1012, 1015), **given)
        assert left == (4, 1012, "stop", 0, False)
        left = self.leave(run, (1027, 1027, 1012, 1020), **given)
        assert left == (3, 1012, "stop", 0, False)

    def test_rule_2_a_step_past_the_open_leaves_at_the_open(self, run):
        given = {"tsl_target": 1, "tsl_sl": 2}  # one step puts the stop at 1019
        assert self.leave(run, (1019, 1019, 1012, 1012), **given) == (
            3,
            1019,
            "tsl_market",
            1,
            False,
        )
        left = self.leave(run, (1019.5, 1030, 1019.25, 1030), (1030, 1030, 1030, 1030), **given)
        # 1019.5 is above the stop of 1019; the bar's high then steps at 1026 to 1033 (rule 4)
        assert left == (3, 1026, "tsl_market", 2, False)

    def test_rule_3_stop_before_target(self, run):
        assert self.leave(run, (1012, 1019, 1005, 1012)) == (3, 1005, "stop", -1, True)
        assert self.leave(run, (1012, 1018, 1005, 1012)) == (3, 1005, "stop", -1, False)

    def test_rule_4_target(self, run):
        assert self.leave(run, (1012, 1019, 1006, 1012)) == (3, 1019, "tp", 1, False)

    def test_rule_4_a_step_past_the_target_leaves_at_the_target(self, run):
        given = {"tsl_target": 1, "tsl_sl": 2}
        assert self.leave(run, (1012, 1019, 1006, 1019), **given) == (
            3,
            1019,
            "tsl_market",
            1,
            False,
        )
        given = {"tsl_target": 0.25, "tsl_sl": 1.5}
        # step at 1019: stop 1015.5, target 1020.75; step there: stop 1026
        left = self.leave(run, (1012, 1021, 1006, 1021), **given)
        assert left == (3, 1020.75, "tsl_market", 1.25, False)

    def test_rule_5_close_at_or_beyond_the_stepped_stop(self, run):
        given = {"tsl_target": 1, "tsl_sl": 0.5}
        left = self.leave(run, (1012, 1026, 1010, 1012), **given)
        assert left == (3, 1012, "stop", 0, False)
        left = self.leave(run, (1012, 1026, 1010, 1012.5), (1013, 1013, 1012.5, 1013), **given)
        assert left[:3] == (19, 1013, "time")

    def test_long_leaves_on_the_bid(self, run):
        trade = run([*OCAE_LONG, 1012, (1012, 1019.25, 1012, 1012)], "realistic", spread=1)
        assert trade.reason == "time"
        trade = run([*OCAE_LONG, 1012, (1012, 1019.5, 1012, 1012)], "realistic", spread=1)
        assert trade[6:] == (3, 1019, "tp", pytest.approx(6.5 / 7.5), False)
        trade = run([*OCAE_LONG, 1012, (1012, 1012, 1005.5, 1012)], "realistic", spread=1)
        assert trade[6:] == (3, 1005, "stop", -1, False)

    def test_short_leaves_on_the_ask(self, run):
        trade = run([*OCAE_SHORT, 998, (998, 998, 990.75, 998)], "realistic", spread=1)
        assert trade.reason == "time"
        trade = run([*OCAE_SHORT, 998, (998, 998, 990.5, 998)], "realistic", spread=1)
        assert trade[6:] == (3, 991, "tp", pytest.approx(6.5 / 7.5), False)
        trade = run([*OCAE_SHORT, 998, (998, 1004.5, 998, 998)], "realistic", spread=1)
        assert trade[6:] == (3, 1005, "stop", -1, False)

    def test_slippage_worsens_entry_and_stop(self, run):
        trade = run([*OCAE_LONG, 1012, (1012, 1012, 1004, 1012)], "realistic", slippage=0.5)
        expected = (
            *("OCAE", "long", 2, 1012.5, 1005.0, 1019.0),
            *(3, 1004.5, "stop", -8 / 7.5, False),
        )
        assert trade == close_to(*expected)

    def test_slippage_spares_the_target(self, run):
        trade = run([*OCAE_LONG, 1012, (1012, 1020, 1012, 1012)], "realistic", slippage=0.5)
        assert trade[6:] == (3, 1019, "tp", pytest.approx(6.5 / 7.5), False)

    def test_slippage_worsens_time_exits_and_those_after_a_step(self, run):
        given = {"slippage": 0.5, "tsl_target": 1, "tsl_sl": 2}
        trade = run([*OCAE_SHORT, 998, 998], "realistic", slippage=0.5)
        assert trade[6:9] == (19, 998.5, "time")
        trade = run([*OCAE_LONG, 1012, (1012, 1019, 1012, 1019)], "realistic", **given)
        assert trade[6:9] == (3, 1018.5, "tsl_market")

    def test_commission_is_subtracted(self, run):
        trade = run([*OCAE_LONG, 1012, (1012, 1019, 1012, 1012)], "realistic", commission=0.7)
        assert trade.r == pytest.approx(6.3 / 7)

    def test_result_that_is_all_rounding_is_zero(self, run):
        window = [1006, 1012.1, *[1012.1] * 17, 1012.4]
        assert 1012.4 - 1012.1 - 0.3 != 0
        assert run(window, "realistic", commission=0.3).r == 0

    def test_original_knows_neither_slippage_nor_commission(self, run):
        plain = run(OCAE_LONG, "original", spread=1)
        assert run(OCAE_LONG, "original", spread=1, slippage=2, commission=3) == plain

    def test_time_exit_at_the_last_close_before_w1(self, run):
        trade = run([*OCAE_LONG, *[1012] * 16, 1014, 1015, 1016], "realistic", spread=1)
        assert trade[6:] == (19, 1014.5, "time", pytest.approx(2 / 7.5), False)
