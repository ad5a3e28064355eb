"""Each rule on a date made by hand (`ib_grid/STRATEGY.md`, sections 2 to 7), computed by hand.

The Initial Balance is 08:00 to 08:30 Berlin, IBH 1010, IBL 1000, EQ 1005. Unless a test says
otherwise the buffer is 1 and the reach 10 points, the window has 20 minutes from the Initial
Balance's end, there is no trailing, no REV_RB and no spread. Minutes count from the window's start
(that of the Initial Balance's end). A date is a list of M1 bars: a number is a close (its open the
close before), a tuple open, high, low and close, None a minute without a bar.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pytest

from ib_grid.bars import Bars
from ib_grid.execution import Execution
from ib_grid.instruments import GER40
from ib_grid.market import Market, build_market
from ib_grid.news import NO_NEWS, NewsFilter
from ib_grid.params import Params
from tests.engines import ENGINES, engine

OHLC = tuple[float, float, float, float]
Minute = float | OHLC | None

SESSION = GER40.sessions[0]
IB_END = 28_552_710  # 2024-04-15 08:30 Berlin, minutes since 1970-01-01 UTC
FLAT_BALANCE: tuple[Minute, ...] = ((1005, 1010, 1000, 1005), *[1005] * 29)
# ends with a bearish M2 bar with the low 1007, what Reverse needs before an upper sweep
BEARISH_BALANCE: tuple[Minute, ...] = (*FLAT_BALANCE[:28], (1008, 1008, 1007, 1007), 1007)
# ends with a bullish M2 bar with the high 1003, what it needs before a lower one
BULLISH_BALANCE: tuple[Minute, ...] = (*FLAT_BALANCE[:28], (1002, 1003, 1002, 1003), 1003)

PARAMS = Params(
    ib_start="08:00",
    ib_end="08:30",
    ib_timezone="Europe/Berlin",
    ib_wait_minutes=0,
    trade_window_minutes=20,
    rr_target=1,
    stop_mode="eq",
    tsl_target=0,
    tsl_sl=0.5,
    min_sl_pct=0,
    rev_rb_enabled=False,
    rev_rb_pct=0.5,
    ib_buffer_pct=0.1,
    max_distance_pct=1,
)


class Trade(NamedTuple):
    """A trade with its minutes counted from the end of the Initial Balance."""

    variation: str
    direction: str
    entry: int
    price: float
    stop: float
    target: float
    exit: int
    exit_price: float
    reason: str
    r: float
    ambiguous: bool


Run = Callable[..., "Trade | None"]


def market_of(balance: Sequence[Minute], window: Sequence[Minute], fill_to: int) -> Market:
    """Bars of the date; after the window's list the last close goes on to minute `fill_to`."""
    minutes = [*balance, *window]
    rows, close = [], 1005.0
    for place in range(30 + max(fill_to + 1, len(window))):
        item = minutes[place] if place < len(minutes) else close
        if item is None:
            continue
        if not isinstance(item, tuple):
            item = (close, max(close, item), min(close, item), item)
        close = item[3]
        rows.append((IB_END - 30 + place, *item))
    minute, *prices = (np.array(column) for column in zip(*rows, strict=True))
    names = ("open", "high", "low", "close")
    columns = {n: p.astype(np.float64) for n, p in zip(names, prices, strict=True)}
    return build_market(Bars(minute=minute, **columns), (SESSION,), 60)


@pytest.fixture(params=ENGINES)
def run(request) -> Run:
    """The trade of a date, by each engine."""
    trades = engine(request.param).trades

    def trade_of(
        window: Sequence[Minute],
        model: str,
        *,
        balance: Sequence[Minute] = FLAT_BALANCE,
        fill_to: int = 20,
        news: NewsFilter = NO_NEWS,
        spread: float = 0,
        slippage: float = 0,
        commission: float = 0,
        **changes: object,
    ) -> Trade | None:
        execution = Execution(
            model=model,
            spread_points=spread,
            slippage_points=slippage,
            commission_points=commission,
        )
        market = market_of(balance, window, fill_to)
        frame = trades(market, dataclasses.replace(PARAMS, **changes), execution, news)
        assert len(frame) <= 1
        return _trade(frame.iloc[0]) if len(frame) else None

    return trade_of


def _trade(row) -> Trade:
    moments = {n: int(row[f"{n}_time"].timestamp()) // 60 - IB_END for n in ("entry", "exit")}
    return Trade(
        variation=row["variation"],
        direction=row["direction"],
        entry=moments["entry"],
        price=row["entry_price"],
        stop=row["stop"],
        target=row["target"],
        exit=moments["exit"],
        exit_price=row["exit_price"],
        reason=row["exit_reason"],
        r=row["r"],
        ambiguous=bool(row["ambiguous"]),
    )


def close_to(*values: object) -> Trade:
    """A trade whose numbers are compared within 1e-9."""
    return Trade(*(pytest.approx(v, abs=1e-9) if isinstance(v, float) else v for v in values))


def event(*minutes: int, before: int = 0, after: int = 0) -> NewsFilter:
    """Events at minutes of the window."""
    events = np.array([IB_END + minute for minute in minutes])
    return NewsFilter(events=events, before_minutes=before, after_minutes=after)


both_models = pytest.mark.parametrize("model", ["realistic", "original"])

# The breakout that most tests of exits start from: EQ touched, close 1012 in the first M2 bar.
OCAE_LONG = [1006, 1012]
OCAE_SHORT = [1004, 998]


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
    def test_first_bin_is_dropped_when_the_window_starts_in_its_second_minute(self, run, model):
        # minute 1 would be a breakout bar and the start price 1013
        window = [1005, (1013, 1013, 1005, 1013), (1007, 1007, 1005, 1007), 1012]
        trade = run(window, model, ib_wait_minutes=1, stop_mode="ib_start")
        assert trade[:5] == ("OCAE", "long", 4, 1012, 1007)

    @both_models
    def test_m2_bar_ends_with_its_second_minute_though_that_is_missing(self, run, model):
        trade = run([(1005, 1012, 1005, 1012), None, 1012], model)
        assert (trade.variation, trade.entry) == ("OCAE", 2)

    @both_models
    def test_entry_waits_for_the_next_bar_there_is(self, run, model):
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
    def test_close_past_the_reach_is_passed_over(self, run, model):
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

    def test_realistic_has_no_candidate_if_no_bar_follows(self, run):
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
    def test_touch_after_the_second_bar_does_no_harm(self, run, model):
        window = [*self.FIRST, 1013, 1013, (1013, 1013, 1006, 1013), (1013, 1013, 1004, 1013)]
        assert run(window, model).variation == "TCWE"


SWEEP: tuple[Minute, ...] = ((1007, 1010.5, 1007, 1009), 1009)
LOWER_SWEEP: tuple[Minute, ...] = ((1003, 1003, 999.5, 1001), 1001)


class TestReverse:
    def test_realistic_short(self, run):
        window = [*SWEEP, 1008, 1006.5, (1006, 1006, 1006, 1006)]
        trade = run(window, "realistic", balance=BEARISH_BALANCE, spread=1)
        expected = (
            *("Reverse", "short", 4, 1005.5, 1010.5, 1001.5),
            *(19, 1006.5, "time", -1 / 5, False),
        )
        assert trade == close_to(*expected)

    def test_original_short_has_ref_at_the_next_open_and_fill_at_the_cisd_close(self, run):
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
    def test_group_takes_the_extreme_of_consecutive_bars_across_a_gap(self, run, model):
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
    def test_neither_a_sweep_nor_a_flat_bar_is_its_own_context_candle(self, run, model):
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
    def test_a_bar_that_only_closes_beyond_the_buffer_does_not_stop_the_collecting(
        self, run, model
    ):
        window = [(1009, 1012, 1009, 1012), 1012, *SWEEP, 1008, 1006.5]
        trade = run(window, model, balance=BEARISH_BALANCE)
        assert trade[:5] == ("Reverse", "short", 6, 1006.5, 1010.5)

    def test_original_takes_the_first_group_realistic_the_earliest_cisd(self, run):
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

    def test_original_needs_a_bar_after_the_cisd_and_takes_the_one_at_w1(self, run):
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


# a reach of 0 leaves neither OCAE nor TCWE
REBOUND: dict[str, object] = {"rev_rb_enabled": True, "max_distance_pct": 0, "spread": 1}
ARMED: tuple[Minute, ...] = ((1005, 1015, 1005, 1014), 1014)


class TestRebound:
    def test_realistic_fills_at_the_level_when_the_ask_comes_back(self, run):
        window = [*ARMED, 1013, (1013, 1013, 1009.5, 1011)]
        trade = run(window, "realistic", **REBOUND)
        expected = ("REV_RB", "long", 3, 1010.0, 1005.0, 1015.0, 19, 1010.5, "time", 0.1, False)
        assert trade == close_to(*expected)
        window = [*ARMED, 1013, (1013, 1013, 1009.75, 1011)]
        assert run(window, "realistic", **REBOUND) is None

    def test_original_fills_half_the_spread_off_when_the_mid_comes_back(self, run):
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

    def test_realistic_fill_at_the_minute_of_a_market_order_comes_second(self, run):
        # the order fills in minute 4, when OCAE is known
        window = [(1005, 1015, 1005, 1014), 1030, 1030, 1020, (1020, 1020, 1008, 1020)]
        trade = run(window, "realistic", rev_rb_enabled=True)
        assert trade[:4] == ("OCAE", "long", 4, 1020)
        window = [(1005, 1015, 1005, 1014), 1030, 1030, (1020, 1020, 1008, 1020)]
        assert run(window, "realistic", rev_rb_enabled=True)[:3] == ("REV_RB", "long", 3)


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

    def test_a_blocked_candidate_leaves_the_others_in_the_race(self, run):
        window = [(1005, 1015, 1005, 1009), 1009, 1009, 1009, 1010.5, 1012]
        assert run(window, "realistic", rev_rb_enabled=True, news=event(2)).variation == "OCAE"
        assert run(window, "original", rev_rb_enabled=True, news=event(6)).variation == "REV_RB"

    @both_models
    def test_no_later_fill_takes_the_place_of_a_blocked_one(self, run, model):
        window = [(1005, 1015, 1005, 1009), 1009, 1009]
        assert run(window, model, rev_rb_enabled=True) is not None
        assert run(window, model, rev_rb_enabled=True, news=event(2)) is None

    @both_models
    def test_no_later_group_takes_the_place_of_a_blocked_one(self, run, model):
        again = [(1009, 1009, 1008, 1008), 1008, (1008, 1010.25, 1008, 1009), 1009, 1008, 1007]
        window = [*SWEEP, 1008, 1006.5, *again]
        assert run(window, model, balance=BEARISH_BALANCE).entry == 4
        assert run(window, model, balance=BEARISH_BALANCE, news=event(4)) is None

    def test_news_moment_of_the_original_rebound_is_the_start_of_its_fill_bar(self, run):
        window = [(1005, 1015, 1005, 1009), 1009, 1009]
        assert run(window, "original", rev_rb_enabled=True, news=event(4)).entry == 4


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

    def test_one_of_them_is_not_ambiguous(self, run):
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

    def test_commission_is_taken_from_the_result(self, run):
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
