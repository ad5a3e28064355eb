"""Tests of the simulation minute by minute."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.account.challenge.firm_clock import FirmClock
from ib_grid.account.challenge.minutes import Outcome, simulate_minutes
from ib_grid.account.challenge.rules import DailyLoss, MaxLoss, Rules
from tests.ib_grid.account.challenge.examples import one_minute, rules_of, trade_of
from tests.ib_grid.account.golden import cases

CASES = cases("challenge")
PRAGUE = FirmClock("Europe/Prague")
STATIC = Rules(
    initial_balance=100_000, target_pct=10, max_loss=MaxLoss(pct=10), breach="below", clock=PRAGUE
)


@pytest.mark.parametrize("name", CASES)
def test_golden_challenges(name: str) -> None:
    case: dict[str, Any] = CASES[name]
    found = simulate_minutes(
        rules_of(case["input"]["rules"]), [trade_of(one) for one in case["input"]["trades"]]
    )
    expected = dict(case["expect"])
    assert found == Outcome(result=expected.pop("outcome"), **expected)


def survives(rules: Rules, profits: list[float], low: float) -> bool:
    """Return whether a challenge lives through some days and a last low."""
    trades = [one_minute(day, p, min(p, 0)) for day, p in enumerate([*profits, 0.0])]
    trades[-1] = one_minute(len(profits), 0.0, low)
    return simulate_minutes(rules, trades).result == "open"


def test_ftmo_trailing_limit_of_its_own_example() -> None:
    # 104,000 at the first midnight and 103,000 at the second: 94,000 on day 2 and on day 3.
    rules = dataclasses.replace(STATIC, max_loss=MaxLoss(pct=10, mode="trailing_eod"))
    assert survives(rules, [4000], -10_000)
    assert not survives(rules, [4000], -10_001)
    assert survives(rules, [4000, -1000], -9_000)
    assert not survives(rules, [4000, -1000], -9_001)


def test_ftmo_daily_limit_of_its_own_example() -> None:
    # 200,000: after +4,000 the same day may lose 14,000; the next day 10,000 again.
    rules = dataclasses.replace(STATIC, initial_balance=200_000, daily_loss=DailyLoss(pct=5))
    first = one_minute(0, 4000, 0)
    same_day = dataclasses.replace(one_minute(0, 0, -13_000), entry_minute=800)
    assert simulate_minutes(rules, [first, same_day]).result == "open"
    assert survives(rules, [4000], -10_000)
    assert not survives(rules, [4000], -10_001)


def test_best_day_of_ftmos_own_example() -> None:
    # 5,000 on one day is all of the profit; 5,000 more on other days make it half.
    rules = dataclasses.replace(STATIC, target_pct=5, best_day_pct=50)
    days = [5000, 2500]
    assert (
        simulate_minutes(rules, [one_minute(*day, 0) for day in enumerate(days)]).result == "open"
    )
    days.append(2500)
    assert (
        simulate_minutes(rules, [one_minute(*day, 0) for day in enumerate(days)]).result == "pass"
    )


def test_coasting_takes_no_more_risk() -> None:
    rules = dataclasses.replace(STATIC, min_days=3, after_target="coast")
    days = [10_000, -50_000, -50_000]
    trades = [one_minute(day, p, min(p, 0)) for day, p in enumerate(days)]
    found = simulate_minutes(rules, trades)
    assert (found.result, found.trading_days, found.equity) == ("pass", 3, 110_000)
    on = dataclasses.replace(rules, after_target="trade")
    assert simulate_minutes(on, trades).result == "fail"


def test_a_challenge_ends_after_its_calendar_days() -> None:
    rules = dataclasses.replace(STATIC, max_days=30)
    late = [one_minute(0, 100, 0), one_minute(30, 20_000, 0)]
    assert simulate_minutes(rules, late).reason == "max_days"
    assert simulate_minutes(rules, [late[0], one_minute(29, 20_000, 0)]).result == "pass"


FLOATS = st.integers(-4000, 4000)
DAYS = st.lists(st.tuples(FLOATS, st.integers(-4000, 0), st.integers(0, 4000)), min_size=1)


def result_with(days: list[tuple[int, int, int]], **changes: Any) -> str:
    rules = dataclasses.replace(STATIC, target_pct=None, **changes)
    trades = [one_minute(k, p, min(p, low), max(p, high)) for k, (p, low, high) in enumerate(days)]
    return simulate_minutes(rules, trades).result


@given(days=DAYS)
def test_static_outlives_locked_outlives_trailing(days: list[tuple[int, int, int]]) -> None:
    limits = [
        MaxLoss(pct=6, mode="trailing_equity"),
        MaxLoss(pct=6, mode="trailing_closed"),
        MaxLoss(pct=6, mode="trailing_closed", lock_at_pct=0),
        MaxLoss(pct=6),
        MaxLoss(pct=7),
    ]
    lived = [result_with(days, max_loss=limit) == "open" for limit in limits]
    assert lived == sorted(lived)


@given(days=DAYS)
def test_looking_at_closed_results_alone_outlives_floating(
    days: list[tuple[int, int, int]],
) -> None:
    closed = [(p, min(p, 0), high) for p, _, high in days]
    limits = {"max_loss": MaxLoss(pct=6), "daily_loss": DailyLoss(pct=3)}
    assert result_with(days, **limits) == "fail" or result_with(closed, **limits) == "open"


@given(days=DAYS)
def test_a_wider_daily_limit_never_hurts(days: list[tuple[int, int, int]]) -> None:
    limits = [DailyLoss(pct=2), DailyLoss(pct=3), None]
    lived = [result_with(days, daily_loss=limit) == "open" for limit in limits]
    assert lived == sorted(lived)
