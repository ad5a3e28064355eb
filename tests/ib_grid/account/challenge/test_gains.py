"""Tests of gains and lows by date."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.account.challenge.date_rules import UNIT, date_rules
from ib_grid.account.challenge.dates import simulate_trades
from ib_grid.account.challenge.firm_clock import FirmClock
from ib_grid.account.challenge.gains import gains_of, open_over_midnight
from ib_grid.account.challenge.minutes import simulate_minutes
from ib_grid.account.challenge.rule_files import examples, find_rules
from ib_grid.account.challenge.rules import MaxLoss
from ib_grid.account.money.contracts import Contract
from ib_grid.account.money.sizing import AccountSettings
from ib_grid.account.money.statement import Traded
from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.spread_by_hour import SpreadByHour
from ib_grid.errors import ConfigError
from ib_grid.market.bars import Bars
from tests.ib_grid.account.challenge.examples import one_minute

DATES = pd.bdate_range("2024-01-01", periods=5)
CONTRACT = Contract(contract_size=1, leverage=100)


def trade(
    start: str, minutes: int, exit_price: float, worst_r: float, side: str = "long"
) -> pd.DataFrame:
    """Return a trade at 1,000 with a risk of 10 points: 1 % is 100 lots."""
    entry = pd.Timestamp(start)
    return pd.DataFrame(
        {
            "date": [entry.normalize()],
            "direction": [side],
            "entry_time": [entry],
            "exit_time": [entry + pd.Timedelta(minutes=minutes)],
            "entry_price": [1000.0],
            "exit_price": [exit_price],
            "r": [(exit_price - 1000) / 10 * (1 if side == "long" else -1)],
            "worst_r": [worst_r],
            "risk_points": [10.0],
        }
    )


def bars(start: str, lows: list[float]) -> Bars:
    minute = np.datetime64(start, "m").astype(np.int64) + np.arange(len(lows))
    low = np.array(lows)
    return Bars(minute=minute, open=low + 5, high=low + 5, low=low, close=low + 5)


def test_gain_and_low_are_shares_of_the_balance() -> None:
    made = Traded(trades=trade("2024-01-02 09:00", 2, 1020, -0.5), contract=CONTRACT)
    found = gains_of(AccountSettings(), {"A": made}, DATES)
    assert found.date_index.tolist() == [1]
    assert found.gains.tolist() == [2 * UNIT // 100]
    assert found.lows.tolist() == [-UNIT // 200]
    assert found.per_date.tolist() == [0, 2 * UNIT // 100, 0, 0, 0]


def test_leverage_cuts_the_gain_with_the_size() -> None:
    small = dataclasses.replace(CONTRACT, leverage=1)  # 40,000 of 100,000 that 1 % would take
    made = Traded(trades=trade("2024-01-02 09:00", 2, 1020, -0.5), contract=small)
    assert gains_of(AccountSettings(), {"A": made}, DATES).gains.tolist() == [8 * UNIT // 1000]


def test_worst_results_of_two_trades_meet_only_in_one_minute() -> None:
    start = "2024-01-02T09:00"
    lows = {"A": bars(start, [990, 998, 1000]), "B": bars(start, [1000, 996, 992])}
    traded = {
        "A": Traded(trades=trade(start, 2, 1000, -1), contract=CONTRACT),
        "B": Traded(trades=trade(start, 2, 1000, -0.8), contract=CONTRACT),
    }
    together = gains_of(AccountSettings(), traded, DATES, lows)
    assert together.lows.tolist() == [-UNIT // 100]  # −1 and 0, −0.2 and −0.4, 0 and −0.8
    assert gains_of(AccountSettings(), traded, DATES).lows.tolist() == [-18 * UNIT // 1000]


def test_open_trades_leave_less_margin_for_the_next() -> None:
    contract = dataclasses.replace(CONTRACT, leverage=4)  # 100 lots take 25,000 of 40,000
    first, later = trade("2024-01-02T09:00", 9, 1020, 0), trade("2024-01-02T09:05", 9, 1020, 0)
    after = trade("2024-01-03T09:00", 9, 1020, 0)
    traded = {
        "B": Traded(trades=pd.concat([later, after]), contract=contract),
        "A": Traded(trades=first, contract=contract),
    }
    found = gains_of(AccountSettings(), traded, DATES)
    assert found.gains.tolist() == [32 * UNIT // 1000, 2 * UNIT // 100]  # 100 and 60 lots; 100


def test_the_floating_loss_has_the_spread_of_the_hour() -> None:
    start = "2024-01-02T09:59"
    spread = SpreadByHour(clock="UTC", points=(*[2.0] * 10, 8.0, *[2.0] * 13))
    watched = Execution(spread_points=2.0, spread_by_hour=spread)
    flat = [1000.0, 1000.0, 1000.0]
    one = Traded(trades=trade(start, 2, 1000, -1), contract=CONTRACT, watched=watched)
    together = gains_of(
        AccountSettings(), {"A": one, "B": one}, DATES, dict.fromkeys("AB", bars(start, flat))
    )
    assert together.lows.tolist() == [-2 * 4 * UNIT // 1000]  # half of 8 points, 0.4 R each


def test_a_closed_trade_counts_with_its_result() -> None:
    traded = {
        "A": Traded(trades=trade("2024-01-02T09:00", 0, 990, -1), contract=CONTRACT),
        "B": Traded(trades=trade("2024-01-02T09:02", 1, 1000, -0.5), contract=CONTRACT),
    }
    lows = {
        "A": bars("2024-01-02T09:00", [990]),
        "B": bars("2024-01-02T09:00", [1000, 1, 995, 995]),
    }
    assert gains_of(AccountSettings(), traded, DATES, lows).lows.tolist() == [-15 * UNIT // 1000]


def test_trades_over_the_firms_midnight_are_counted() -> None:
    over = trade("2024-01-09T21:58", 4, 1000, 0)
    assert open_over_midnight(FirmClock("server"), over) == 1
    assert open_over_midnight(FirmClock("Europe/Prague"), over) == 0


STEPS = st.integers(-6, 6)


@pytest.mark.parametrize("name", examples())
@given(days=st.lists(st.tuples(STEPS, st.integers(-8, 0)), min_size=1, max_size=40))
def test_minutes_equal_dates_for_one_trade_a_date(name: str, days: list[tuple[int, int]]) -> None:
    for phase in find_rules(name).phases:
        rules = dataclasses.replace(phase, initial_balance=UNIT)
        unit = UNIT // 100
        gains = np.array([gain * unit for gain, _ in days])
        lows = np.minimum(gains, [low * unit for _, low in days])
        trades = [
            one_minute(day, int(gain), int(low))
            for day, (gain, low) in enumerate(zip(gains, lows, strict=True))
        ]
        expected = simulate_minutes(rules, trades)
        outcome, _, balance = simulate_trades(gains, lows, 0, date_rules(rules))
        assert ("pass", "fail", "open")[outcome] == expected.result
        assert balance == pytest.approx(expected.equity - UNIT, abs=len(days))


def test_a_floor_that_trails_equity_needs_minutes() -> None:
    rules = find_rules("ftmo_2step").phases[0]
    trailing = dataclasses.replace(rules, max_loss=MaxLoss(pct=4, mode="trailing_equity"))
    with pytest.raises(ConfigError, match="trails the equity"):
        date_rules(trailing)
